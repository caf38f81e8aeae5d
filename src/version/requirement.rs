//! Whether a requirement allows a version, for requirements as manifests and lockfiles write them.

use std::cmp::Ordering;

use super::{Key, Scheme, pep440, range};
use crate::model::Ecosystem;

/// Whether a requirement allows a version; `None` where either is not understood, or the ecosystem has no
/// requirements that allow or refuse a version (Go: a requirement is a minimum, and the build takes the highest).
pub fn satisfies(ecosystem: Ecosystem, requirement: &str, version: &str) -> Option<bool> {
    match ecosystem {
        // <https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>
        Ecosystem::CratesIo => {
            let requirement = semver::VersionReq::parse(requirement).ok()?;
            Some(requirement.matches(&semver::Version::parse(version).ok()?))
        }
        // <https://jsr.io/docs/packages#version-ranges>
        Ecosystem::Npm | Ecosystem::Jsr => npm(requirement, &semver::Version::parse(version).ok()?),
        Ecosystem::PyPi => python(requirement, version),
        Ecosystem::RubyGems | Ecosystem::CocoaPods => range::pessimistic(Scheme::RubyGems, requirement, version),
        Ecosystem::Terraform => range::pessimistic(Scheme::SemVer, requirement, version),
        Ecosystem::Packagist => range::composer(requirement, version),
        Ecosystem::Maven => range::maven(requirement, version),
        Ecosystem::NuGet => range::nuget(requirement, version),
        Ecosystem::Pub => range::dart(requirement, version),
        Ecosystem::Hex => range::elixir(requirement, version),
        Ecosystem::Hackage => range::cabal(requirement, version),
        Ecosystem::Julia => range::julia(requirement, version),
        Ecosystem::ConanCenter => range::conan(requirement, version),
        Ecosystem::Cran => range::r(requirement, version),
        _ => None,
    }
}

/// node-semver ranges (<https://github.com/npm/node-semver#ranges>).
fn npm(range: &str, version: &semver::Version) -> Option<bool> {
    let mut all = Some(false);
    for alternative in range.split("||") {
        let alternative = alternative.trim();
        // Whoever asks for anything takes a pre-release too, where a registry gives it for the newest.
        if matches!(alternative, "" | "*" | "x" | "X") {
            return Some(true);
        }
        match npm_all(alternative, version) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all = None,
        }
    }
    all
}

/// A bound: an operator of order and a full version.
type Bound = (Ordering, bool, semver::Version);

fn npm_all(range: &str, version: &semver::Version) -> Option<bool> {
    let mut bounds: Vec<Bound> = Vec::new();
    if let Some((low, high)) = range.split_once(" - ") {
        npm_comparator(&format!(">={}", low.trim()), &mut bounds)?;
        npm_comparator(&format!("<={}", high.trim()), &mut bounds)?;
    } else {
        // `>= 1.2` is one comparator.
        let mut operator = String::new();
        for word in range.split_whitespace() {
            operator.push_str(word);
            if !word.chars().all(|c| "<>=^~".contains(c)) {
                npm_comparator(&operator, &mut bounds)?;
                operator.clear();
            }
        }
        if !operator.is_empty() {
            return None;
        }
    }
    let within = bounds.iter().all(|(order, equal, bound)| {
        let compared = version.cmp_precedence(bound);
        compared == *order || (*equal && compared == Ordering::Equal)
    });
    // A pre-release is only allowed by a comparator that names a pre-release of the same version.
    let asked_for = version.pre.is_empty()
        || bounds.iter().any(|(_, _, bound)| {
            !bound.pre.is_empty()
                && (bound.major, bound.minor, bound.patch) == (version.major, version.minor, version.patch)
        });
    Some(within && asked_for)
}

/// A version of which the last parts may be missing: `1`, `1.2.x`, `*`.
struct Partial {
    parts: Vec<u64>,
    pre: semver::Prerelease,
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['v', '=']).split('+').next()?;
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, semver::Prerelease::new(pre).ok()?),
            None => (text, semver::Prerelease::EMPTY),
        };
        let any = |part: &str| matches!(part, "" | "x" | "X" | "*");
        let given = core.split('.').take_while(|part| !any(part));
        let parts = given.map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        (parts.len() <= 3).then_some(Self { parts, pre })
    }

    fn part(&self, at: usize) -> u64 {
        self.parts.get(at).copied().unwrap_or(0)
    }

    /// The version with its missing parts zero.
    fn low(&self) -> semver::Version {
        semver::Version { pre: self.pre.clone(), ..semver::Version::new(self.part(0), self.part(1), self.part(2)) }
    }

    /// The first version after all those that share the parts up to `at`.
    fn after(&self, at: usize) -> Option<semver::Version> {
        let next = self.part(at).checked_add(1)?;
        Some(match at {
            0 => semver::Version::new(next, 0, 0),
            1 => semver::Version::new(self.part(0), next, 0),
            _ => semver::Version::new(self.part(0), self.part(1), next),
        })
    }
}

/// The version below all pre-releases of one: as an upper bound it shuts them out.
fn before_pre_releases(version: semver::Version) -> Option<semver::Version> {
    Some(semver::Version { pre: semver::Prerelease::new("0").ok()?, ..version })
}

/// Adds the bounds of one comparator; `None` where it is not understood.
fn npm_comparator(text: &str, bounds: &mut Vec<Bound>) -> Option<()> {
    let rest = text.trim_start_matches(|c| "<>=^~".contains(c));
    let operator = &text[..text.len() - rest.len()];
    let partial = Partial::parse(rest)?;
    let given = partial.parts.len();
    let Some(last) = given.checked_sub(1) else {
        // `*` allows everything, `<*` and `>*` nothing: no version is both below and above one.
        if matches!(operator, "<" | ">") {
            bounds.push((Ordering::Less, false, partial.low()));
            bounds.push((Ordering::Greater, false, partial.low()));
        }
        return Some(());
    };
    let first_not_zero = (0..given).find(|&at| partial.part(at) != 0).unwrap_or(last);
    // From the version itself to the end of those that share its parts up to here.
    let share = match operator {
        "^" => Some(first_not_zero),
        "~" | "~>" => Some(last.min(1)),
        "" | "=" if given < 3 => Some(last),
        _ => None,
    };
    if let Some(at) = share {
        bounds.push((Ordering::Greater, true, partial.low()));
        bounds.push((Ordering::Less, false, before_pre_releases(partial.after(at)?)?));
        return Some(());
    }
    bounds.push(match operator {
        "" | "=" => (Ordering::Equal, true, partial.low()),
        ">=" => (Ordering::Greater, true, partial.low()),
        ">" if given < 3 => (Ordering::Greater, true, partial.after(last)?),
        ">" => (Ordering::Greater, false, partial.low()),
        "<" if given < 3 => (Ordering::Less, false, before_pre_releases(partial.low())?),
        "<" => (Ordering::Less, false, partial.low()),
        "<=" if given < 3 => (Ordering::Less, false, before_pre_releases(partial.after(last)?)?),
        "<=" => (Ordering::Less, true, partial.low()),
        _ => return None,
    });
    Some(())
}

/// Version specifiers (<https://packaging.python.org/en/latest/specifications/version-specifiers/>), and the `^` and
/// `~` of Poetry.
fn python(requirement: &str, version: &str) -> Option<bool> {
    if !pep440::is_standard(version) {
        return None;
    }
    // A local version (`2.0+cu118`) is compared as such only with a specifier that names one.
    let public = version.split('+').next().unwrap_or(version);
    let version = if requirement.contains('+') { version } else { public };
    let key = Scheme::Pep440.key(version)?;
    let mut any = false;
    for alternative in requirement.split("||") {
        let mut all = true;
        let alternative = alternative.trim().trim_start_matches('(').trim_end_matches(')');
        for clause in alternative.split(',').map(str::trim).filter(|clause| !matches!(*clause, "" | "*")) {
            all &= python_clause(clause, &key)?;
        }
        any |= all;
    }
    Some(any)
}

fn python_clause(clause: &str, key: &Key) -> Option<bool> {
    let rest = clause.trim_start_matches(|c| "<>=!~^".contains(c));
    let operator = &clause[..clause.len() - rest.len()];
    let rest = rest.trim();
    if let Some(prefix) = rest.strip_suffix(".*") {
        let inside = python_between(prefix, prefix.split('.').count() - 1, key)?;
        return match operator {
            "==" | "" => Some(inside),
            "!=" => Some(!inside),
            _ => None,
        };
    }
    if !pep440::is_standard(rest) {
        return None;
    }
    let bound = Scheme::Pep440.key(rest)?;
    let parts = rest.split('.').count();
    Some(match operator {
        "" | "==" | "===" => *key == bound,
        "!=" => *key != bound,
        ">=" => *key >= bound,
        "<=" => *key <= bound,
        ">" => *key > bound,
        "<" => *key < bound,
        "~=" if parts >= 2 => *key >= bound && python_between(rest, parts - 2, key)?,
        "~" => *key >= bound && python_between(rest, (parts - 1).min(1), key)?,
        "^" => {
            let fixed = rest.split('.').position(|part| !part.trim_matches('0').is_empty()).unwrap_or(parts - 1);
            *key >= bound && python_between(rest, fixed, key)?
        }
        _ => return None,
    })
}

/// Whether a version shares the release parts of `release` up to the one at `last`.
fn python_between(release: &str, last: usize, key: &Key) -> Option<bool> {
    let mut parts: Vec<u64> = Vec::new();
    for part in release.split('.').take(last + 1) {
        parts.push(part.parse().ok()?);
    }
    let dotted = |parts: &[u64]| parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
    let low = Scheme::Pep440.key(&format!("{}.dev0", dotted(&parts)))?;
    let end = parts.last_mut()?;
    *end = end.checked_add(1)?;
    let high = Scheme::Pep440.key(&format!("{}.dev0", dotted(&parts)))?;
    Some(*key >= low && *key < high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ecosystem: Ecosystem, cases: &[(&str, &str, Option<bool>)]) {
        for &(requirement, version, expected) in cases {
            assert_eq!(satisfies(ecosystem, requirement, version), expected, "{requirement} {version}");
        }
    }

    #[test]
    fn npm_ranges() {
        check(
            Ecosystem::Npm,
            &[
                ("^1.2.3", "1.9.0", Some(true)),
                ("^1.2.3", "2.0.0", Some(false)),
                ("^0.2.3", "0.3.0", Some(false)),
                ("^0.0.3", "0.0.4", Some(false)),
                ("^0.0", "0.0.9", Some(true)),
                ("^0.x", "0.9.0", Some(true)),
                ("~1.2.3", "1.2.9", Some(true)),
                ("~1", "1.9.0", Some(true)),
                ("~1.2", "1.3.0", Some(false)),
                ("1.2.x", "1.2.7", Some(true)),
                ("1.2", "1.3.0", Some(false)),
                ("*", "4.0.0", Some(true)),
                ("", "4.0.0", Some(true)),
                (">= 1.2 <2", "1.5.0", Some(true)),
                (">1.2", "1.2.9", Some(false)),
                (">1.2", "1.3.0", Some(true)),
                ("<=1.2", "1.2.9", Some(true)),
                ("1.2.3 - 2.3", "2.3.9", Some(true)),
                ("1.2.3 - 2.3", "2.4.0", Some(false)),
                ("^1.0.0 || ^3.0.0", "3.1.0", Some(true)),
                ("^1.2.3", "1.3.0-beta", Some(false)),
                ("^1.2.3-alpha", "1.2.3-beta", Some(true)),
                ("<2", "2.0.0-rc.1", Some(false)),
                ("*", "1.0.0-rc.1", Some(true)),
                ("latest || ^1.0.0", "1.2.0", Some(true)),
                ("latest || ^1.0.0", "2.0.0", None),
                ("latest", "1.0.0", None),
                ("file:../x", "1.0.0", None),
                ("^18446744073709551615.0.0", "1.0.0", None),
            ],
        );
    }

    #[test]
    fn python_specifiers() {
        check(
            Ecosystem::PyPi,
            &[
                (">=1.2,<2.0", "1.9", Some(true)),
                ("(>=1.2)", "1.1", Some(false)),
                ("==1.2.*", "1.2.9", Some(true)),
                ("!=1.2.*", "1.2.9", Some(false)),
                ("~=1.4.2", "1.4.9", Some(true)),
                ("~=1.4", "1.9", Some(true)),
                ("~=1.4", "2.0", Some(false)),
                ("^1.2", "1.9", Some(true)),
                ("^0.2.3", "0.3.0", Some(false)),
                ("~1.2.3", "1.2.9", Some(true)),
                ("==2.0.1", "2.0.1+cu118", Some(true)),
                ("==2.0.1+cpu", "2.0.1+cu118", Some(false)),
                ("<=2.0.1", "2.0.1+cu118", Some(true)),
                ("*", "3", Some(true)),
                ("", "3", Some(true)),
                ("<2 || >=3", "3.1", Some(true)),
                ("@ file:///x", "1", None),
            ],
        );
    }

    #[test]
    fn cargo_requirements_and_go() {
        check(
            Ecosystem::CratesIo,
            &[("1.2", "1.9.0", Some(true)), ("=1.2.3", "1.2.4", Some(false)), ("?", "1.0.0", None)],
        );
        check(Ecosystem::Go, &[("v1.0.0", "v1.0.0", None)]);
    }
}
