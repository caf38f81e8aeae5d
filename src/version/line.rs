//! Release lines: which versions go together, and which are releases in earnest.

use super::{Key, Scheme, pep440};
use crate::model::Ecosystem;

/// A line of releases in which a newer version is expected to do what an older one does. Lines are ordered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The epoch of a Python version (<https://peps.python.org/pep-0440/#version-epochs>), else 0.
    epoch: u64,
    /// The first number of the version; after a 0 the second as well, since such a version may break with every
    /// second number (<https://semver.org/#spec-item-4>,
    /// <https://doc.rust-lang.org/cargo/reference/semver.html>).
    numbers: (u64, u64),
}

/// The line of a version; `None` where it is no version of the ecosystem.
pub fn line(ecosystem: Ecosystem, version: &str) -> Option<Line> {
    key(ecosystem, version)?;
    let (epoch, numbers) = numbers(version)?;
    let at = |at: usize| numbers.get(at).copied().unwrap_or(0);
    Some(Line { epoch, numbers: if at(0) == 0 { (0, at(1)) } else { (at(0), 0) } })
}

/// The key of a version that is one by the rules of its ecosystem, and not only by what sorts with versions.
pub fn key(ecosystem: Ecosystem, version: &str) -> Option<Key> {
    let is_version = ecosystem != Ecosystem::PyPi || pep440::is_standard(version);
    Scheme::of(ecosystem.osv_name())?.key(version).filter(|_| is_version)
}

/// Whether a version is neither a pre-release nor a development one; `None` where it is no version of the ecosystem.
pub fn is_stable(ecosystem: Ecosystem, version: &str) -> Option<bool> {
    key(ecosystem, version)?;
    let public = version.split('+').next().unwrap_or_default();
    Some(match ecosystem {
        Ecosystem::PyPi => !pep440::is_pre_release(version),
        _ => !public.contains('-') && public.split('.').count() <= 3,
    })
}

/// The epoch and the numbers at the beginning of a version.
fn numbers(version: &str) -> Option<(u64, Vec<u64>)> {
    let version = version.trim().trim_start_matches(['v', 'V']);
    let (epoch, version) = match version.split_once('!') {
        Some((epoch, version)) => (epoch.parse().ok()?, version),
        None => (0, version),
    };
    let mut numbers = Vec::new();
    for part in version.split('.') {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        if digits == 0 {
            break;
        }
        numbers.push(number.parse().ok()?);
        if !rest.is_empty() {
            break;
        }
    }
    (!numbers.is_empty()).then_some((epoch, numbers))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_a_major_or_behind_a_zero_a_minor_version() {
        let same = |a: &str, b: &str| line(Ecosystem::CratesIo, a).unwrap() == line(Ecosystem::CratesIo, b).unwrap();
        assert!(same("1.2.3", "1.9.0") && same("0.3.1", "0.3.9") && same("0.0.1", "0.0.2"));
        assert!(!same("1.2.3", "2.0.0") && !same("0.3.1", "0.4.0") && !same("0.9.0", "1.0.0"));
        let order = ["0.0.9", "0.1.0", "0.10.0", "1.0.0-rc.1", "2.0.0"];
        assert!(order.windows(2).all(|two| line(Ecosystem::Npm, two[0]) < line(Ecosystem::Npm, two[1])));
        assert_eq!(line(Ecosystem::Go, "v1.2.3"), line(Ecosystem::Go, "v1.9.0+incompatible"));
        assert_eq!(line(Ecosystem::PyPi, "2024.1"), line(Ecosystem::PyPi, "2024.12.post1"));
        assert!(line(Ecosystem::PyPi, "1!1.0") > line(Ecosystem::PyPi, "2024.1"));
        assert_eq!(line(Ecosystem::PyPi, "main"), None);
        assert_eq!(line(Ecosystem::Npm, "latest"), None);
        assert_eq!(line(Ecosystem::Npm, "99999999999999999999.0.0"), None);
    }

    #[test]
    fn pre_releases_are_not_stable() {
        for (ecosystem, stable, not) in [
            (Ecosystem::Npm, &["1.0.0", "1.0.0+build-1"][..], &["1.0.0-rc.1", "0.0.0-canary-1"][..]),
            (Ecosystem::Go, &["v1.2.3", "v2.0.0+incompatible"], &["v0.0.0-20200101000000-abcdef123456"]),
            (
                Ecosystem::PyPi,
                &["1.0", "1!2.0", "1.0.post1", "1.0-1", "1.0.rev2", "2.0.0+cu118"],
                &["1.0a1", "1.0.dev3", "1.0rc1", "1.0.post1.dev2", "1.0-beta.2", "1.0c1", "1.0.preview1+x"],
            ),
        ] {
            assert!(stable.iter().all(|version| is_stable(ecosystem, version) == Some(true)), "{ecosystem}");
            assert!(not.iter().all(|version| is_stable(ecosystem, version) == Some(false)), "{ecosystem}");
        }
        assert_eq!(is_stable(Ecosystem::PyPi, "banana"), None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_line_or_none(text in "[v0-9a-z.!+-]{0,30}") {
            for &ecosystem in Ecosystem::ALL {
                prop_assert!(key(ecosystem, &text).is_some() || line(ecosystem, &text).is_none());
                prop_assert_eq!(is_stable(ecosystem, &text).is_some(), key(ecosystem, &text).is_some());
            }
        }
    }
}
