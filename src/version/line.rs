//! Versions that are more than an order: which go together, and which are releases in earnest.

use super::{Key, Scheme, maven, packagist, pep440, rubygems};
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

/// A version by the rules of its ecosystem, and not only a text that sorts with versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// By which it compares.
    pub key: Key,
    /// Its line.
    pub line: Line,
    /// Whether it is neither a pre-release nor a development version.
    pub is_stable: bool,
}

impl Version {
    /// Reads a version; `None` where it is none.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let scheme = Scheme::of(ecosystem.osv_name()).filter(|scheme| scheme.is_placed(text))?;
        let key = scheme.key(text)?;
        let (epoch, numbers) = numbers(text)?;
        let at = |at: usize| numbers.get(at).copied().unwrap_or(0);
        let is_stable = is_stable(scheme, text);
        let line = Line { epoch, numbers: if at(0) == 0 { (0, at(1)) } else { (at(0), 0) } };
        Some(Self { key, line, is_stable })
    }
}

/// Whether a version is meant for use, by the signs that its ecosystem has for what is not.
fn is_stable(scheme: Scheme, text: &str) -> bool {
    let public = text.split('+').next().unwrap_or_default();
    match scheme {
        Scheme::Pep440 => !pep440::is_pre_release(text),
        Scheme::Maven => maven::is_stable(text),
        Scheme::RubyGems => !rubygems::is_pre_release(text),
        Scheme::Packagist => packagist::is_stable(text),
        Scheme::SemVer => !public.contains('-') && public.split('.').count() <= 3,
        Scheme::SemVerWithBuild | Scheme::NuGet | Scheme::Conan => !public.contains('-'),
        Scheme::Opam | Scheme::Dpkg | Scheme::Rpm => !text.contains('~'),
        Scheme::Apk => !["_alpha", "_beta", "_pre", "_rc"].iter().any(|suffix| text.contains(suffix)),
        // Nothing in a version says that it is no release.
        Scheme::Cran | Scheme::Hackage => true,
    }
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

    fn line(ecosystem: Ecosystem, text: &str) -> Option<Line> {
        Version::parse(ecosystem, text).map(|version| version.line)
    }

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
    }

    #[test]
    fn what_is_no_version_is_none() {
        for (ecosystem, text) in [
            (Ecosystem::PyPi, "main"),
            (Ecosystem::PyPi, "1.0-doduo"),
            (Ecosystem::Npm, "latest"),
            (Ecosystem::Npm, "99999999999999999999.0.0"),
            (Ecosystem::Go, ""),
        ] {
            assert_eq!(Version::parse(ecosystem, text), None, "{text}");
        }
    }

    #[test]
    fn pre_releases_are_not_stable() {
        let is_stable = |ecosystem, text: &str| Version::parse(ecosystem, text).unwrap().is_stable;
        for (ecosystem, stable, not) in [
            (Ecosystem::Npm, &["1.0.0", "1.0.0+build-1"][..], &["1.0.0-rc.1", "0.0.0-canary-1"][..]),
            (Ecosystem::Go, &["v1.2.3", "v2.0.0+incompatible"], &["v0.0.0-20200101000000-abcdef123456"]),
            (
                Ecosystem::PyPi,
                &["1.0", "1!2.0", "1.0.post1", "1.0-1", "1.0.rev2", "2.0.0+cu118"],
                &["1.0a1", "1.0.dev3", "1.0rc1", "1.0.post1.dev2", "1.0-beta.2", "1.0c1", "1.0.preview1+x"],
            ),
        ] {
            assert!(stable.iter().all(|version| is_stable(ecosystem, version)), "{ecosystem}");
            assert!(not.iter().all(|version| !is_stable(ecosystem, version)), "{ecosystem}");
        }
    }

    proptest! {
        // A newer version of the same kind is never on an older line.
        #[test]
        fn lines_follow_versions(a in "[0-9]{1,3}(\\.[0-9]{1,3}){2}", b in "[0-9]{1,3}(\\.[0-9]{1,3}){2}") {
            for &ecosystem in Ecosystem::ALL.iter().filter(|ecosystem| Scheme::of(ecosystem.osv_name()).is_some()) {
                let (a, b) = (Version::parse(ecosystem, &a).unwrap(), Version::parse(ecosystem, &b).unwrap());
                prop_assert!(a.key > b.key || a.line <= b.line);
            }
        }

        #[test]
        fn any_text_is_read_or_none(text in "[v0-9a-z.!+-]{0,30}|\\PC{0,10}") {
            for &ecosystem in Ecosystem::ALL {
                prop_assert_eq!(Version::parse(ecosystem, &text), Version::parse(ecosystem, &text));
            }
        }
    }
}
