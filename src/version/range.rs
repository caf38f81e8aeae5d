//! Requirements of the ecosystems whose requirements are operators or intervals of versions.

use super::{Key, Scheme};

/// Signs that an operator is made of.
const SIGNS: &str = "<>=!~^";

/// An operator and the version behind it.
fn clause(text: &str) -> (&str, &str) {
    let rest = text.trim_start_matches(|c| SIGNS.contains(c));
    (&text[..text.len() - rest.len()], rest.trim())
}

/// The operators that all have; the outer `None` of the callers' is any other one.
fn ordered(operator: &str, key: &Key, bound: &Key) -> Option<bool> {
    Some(match operator {
        "" | "=" | "==" => key == bound,
        "!=" => key != bound,
        ">" => key > bound,
        ">=" => key >= bound,
        "<" => key < bound,
        "<=" => key <= bound,
        _ => return None,
    })
}

/// The numbers at the beginning of a version.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.trim_start_matches(['v', 'V']);
    let core = &version[..version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len())];
    core.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect()
}

/// The first version behind all that share the numbers up to the one at `at`.
fn behind(numbers: &[u64], at: usize) -> Option<String> {
    let mut shared: Vec<u64> = numbers.iter().copied().chain(std::iter::repeat(0)).take(at + 1).collect();
    let last = shared.last_mut()?;
    *last = last.checked_add(1)?;
    Some(shared.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// Which number `^` lets grow no more: the first that is not 0.
fn caret(numbers: &[u64]) -> usize {
    numbers.iter().position(|&number| number != 0).unwrap_or(numbers.len().saturating_sub(1))
}

/// Whether every clause between separators holds; `None` where one is not understood.
fn all<'t>(clauses: impl Iterator<Item = &'t str>, holds: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    let mut result = true;
    for clause in clauses.map(str::trim).filter(|clause| !clause.is_empty()) {
        result &= holds(clause)?;
    }
    Some(result)
}

/// Whether one of the alternatives holds; `None` where none does and one is not understood.
fn any<'t>(alternatives: impl Iterator<Item = &'t str>, holds: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    let mut result = Some(false);
    for alternative in alternatives {
        match holds(alternative.trim()) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}

/// Words of a range, an operator that stands alone joined to what follows it.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        match out.last_mut().filter(|last| last.chars().all(|c| SIGNS.contains(c))) {
            Some(last) => last.push_str(word),
            None => out.push(word.to_owned()),
        }
    }
    out
}

/// Requirements of gems, pods and Terraform: operators between commas, where `~>` lets the last number grow
/// (<https://guides.rubygems.org/patterns/#pessimistic-version-constraint>,
/// <https://developer.hashicorp.com/terraform/language/expressions/version-constraints>).
pub(super) fn pessimistic(scheme: Scheme, requirement: &str, version: &str) -> Option<bool> {
    let key = scheme.key(version)?;
    // Of a pre-release the release must lie below the bound: `2.0.rc1` does not satisfy `~> 1.2`.
    let release = version.split(|c: char| c.is_ascii_alphabetic() || c == '-').next()?.trim_end_matches('.');
    let release = scheme.key(release)?;
    let requirement = requirement.trim().trim_start_matches('(').trim_end_matches(')');
    all(requirement.split(','), |text| {
        let (operator, bound) = clause(text);
        let low = scheme.key(bound)?;
        if operator != "~>" {
            return ordered(operator, &key, &low);
        }
        let numbers = numbers(bound)?;
        let high = scheme.key(&behind(&numbers, numbers.len().saturating_sub(2))?)?;
        Some(key >= low && release < high)
    })
}

/// Constraints of Composer (<https://getcomposer.org/doc/articles/versions.md#writing-version-constraints>).
pub(super) fn composer(requirement: &str, version: &str) -> Option<bool> {
    // `self.version` and inline aliases are not for this function.
    let requirement = requirement.split('@').next()?.trim();
    if version.starts_with("dev-") || requirement.starts_with("dev-") {
        return (requirement == version).then_some(true);
    }
    let key = Scheme::Packagist.key(&four_numbers(version)?)?;
    any(requirement.split('|').filter(|text| !text.trim().is_empty()), |alternative| {
        if let Some((low, high)) = alternative.split_once(" - ") {
            let is_below = match numbers(high)?.len() {
                count @ 0..3 => key < composer_key(&behind(&numbers(high)?, count.checked_sub(1)?)?, true)?,
                _ => key <= composer_key(high, false)?,
            };
            return Some(is_below && key >= composer_key(low, true)?);
        }
        all(words(alternative).iter().map(String::as_str), |text| composer_clause(text, &key))
    })
}

fn composer_clause(text: &str, key: &Key) -> Option<bool> {
    let (operator, bound) = clause(text);
    if operator.is_empty() && matches!(bound, "*" | "x" | "X") {
        return Some(true);
    }
    let wild = bound.strip_suffix(".*").or_else(|| bound.strip_suffix(".x"));
    let numbers = numbers(wild.unwrap_or(bound))?;
    let last = numbers.len().checked_sub(1)?;
    let fixed = match (operator, wild) {
        ("" | "=" | "==", Some(_)) => last,
        ("^", _) => caret(&numbers),
        ("~", _) => last.saturating_sub(1),
        (_, None) => return ordered(operator, key, &composer_key(bound, matches!(operator, "<" | ">="))?),
        _ => return None,
    };
    let low = composer_key(wild.unwrap_or(bound), true)?;
    Some(*key >= low && *key < composer_key(&behind(&numbers, fixed)?, true)?)
}

/// The key of a bound. One that pre-releases count above or below (`>=1.0`, `<2.0`) is their first.
fn composer_key(bound: &str, before_pre_releases: bool) -> Option<Key> {
    let full = four_numbers(bound)?;
    let is_release = full.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    Scheme::Packagist.key(&if before_pre_releases && is_release { format!("{full}-dev") } else { full })
}

/// A version with the four numbers that Composer compares.
fn four_numbers(version: &str) -> Option<String> {
    let version = version.trim().trim_start_matches(['v', 'V']);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (core, suffix) = version.split_at(end);
    let core = core.trim_end_matches('.');
    let missing = 4_usize.checked_sub(core.split('.').count())?;
    (!core.is_empty()).then(|| format!("{core}{}{suffix}", ".0".repeat(missing)))
}

/// Intervals of Maven (<https://maven.apache.org/pom.html#dependency-version-requirement-specification>) and what
/// Gradle adds (<https://docs.gradle.org/current/userguide/dependency_versions.html>). A version alone is a wish: that
/// another one was chosen is nothing wrong.
pub(super) fn maven(requirement: &str, version: &str) -> Option<bool> {
    let requirement = requirement.trim();
    let key = Scheme::Maven.key(version)?;
    if requirement == "+" || requirement.starts_with("latest.") {
        return Some(true);
    }
    if let Some(prefix) = requirement.strip_suffix('+') {
        return Some(version.starts_with(prefix));
    }
    if requirement.starts_with(['[', '(']) {
        return intervals(Scheme::Maven, requirement, &key);
    }
    (Scheme::Maven.key(requirement)? == key).then_some(true)
}

/// Ranges of NuGet (<https://learn.microsoft.com/en-us/nuget/concepts/package-versioning#version-ranges>): a version
/// alone is the lowest that is allowed, and so is the beginning of a floating one.
pub(super) fn nuget(requirement: &str, version: &str) -> Option<bool> {
    let requirement = requirement.trim();
    let key = Scheme::NuGet.key(version)?;
    if requirement.starts_with(['[', '(']) {
        return intervals(Scheme::NuGet, requirement, &key);
    }
    if requirement == "*" || requirement == "*-*" {
        return Some(true);
    }
    let low = requirement.split('*').next()?.trim_end_matches(['.', '-']);
    Some(key >= Scheme::NuGet.key(low)?)
}

/// Intervals with brackets, between commas.
fn intervals(scheme: Scheme, text: &str, key: &Key) -> Option<bool> {
    let mut rest = text;
    let mut inside = false;
    while !rest.is_empty() {
        let (body, after) = rest.split_at(rest.find([']', ')'])?);
        let closed = after.starts_with(']');
        rest = after[1..].trim_start_matches([',', ' ']);
        let open = body.strip_prefix('(');
        let body = open.or_else(|| body.strip_prefix('['))?;
        let bound = |text: &str| match text.trim() {
            "" => Some(None),
            text => scheme.key(text).map(Some),
        };
        inside |= match body.split_once(',') {
            Some((low, high)) => {
                let is_above = bound(low)?.is_none_or(|low| if open.is_some() { *key > low } else { *key >= low });
                is_above && bound(high)?.is_none_or(|high| if closed { *key <= high } else { *key < high })
            }
            None => bound(body)? == Some(key.clone()),
        };
    }
    Some(inside)
}

/// Constraints of Dart (<https://dart.dev/tools/pub/dependencies#version-constraints>).
pub(super) fn dart(requirement: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::SemVerWithBuild;
    let key = scheme.key(version)?;
    if requirement.trim() == "any" {
        return Some(true);
    }
    all(words(requirement).iter().map(String::as_str), |text| {
        let (operator, bound) = clause(text);
        let low = scheme.key(bound)?;
        match operator {
            "^" => {
                let numbers = numbers(bound)?;
                let at = if numbers.first() == Some(&0) { 1 } else { 0 };
                Some(key >= low && key < scheme.key(&format!("{}-0", behind(&numbers, at)?))?)
            }
            // No pre-release of the version that is shut out.
            "<" if !bound.contains('-') => Some(key < scheme.key(&format!("{bound}-0"))?),
            _ => ordered(operator, &key, &low),
        }
    })
}

/// Requirements of Elixir (<https://hexdocs.pm/elixir/Version.html#module-requirements>).
pub(super) fn elixir(requirement: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::SemVer;
    let key = scheme.key(version)?;
    any(requirement.split(" or "), |alternative| {
        all(alternative.split(" and ").flat_map(|text| text.split(',')), |text| {
            let (operator, bound) = clause(text);
            let low = scheme.key(bound)?;
            if operator != "~>" {
                return ordered(operator, &key, &low);
            }
            let numbers = numbers(bound)?;
            let high = format!("{}-0", behind(&numbers, numbers.len().checked_sub(2)?)?);
            Some(key >= low && key < scheme.key(&high)?)
        })
    })
}

/// Constraints of Cabal (<https://cabal.readthedocs.io/en/stable/cabal-package-description-file.html>), where `^>=`
/// keeps the first two numbers.
pub(super) fn cabal(requirement: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::Hackage;
    let key = scheme.key(version)?;
    any(requirement.split("||"), |alternative| {
        all(alternative.split("&&"), |text| {
            let (operator, bound) = clause(text);
            if matches!(text, "-any" | "*") {
                return Some(true);
            }
            let (bound, wild) = bound.strip_suffix(".*").map_or((bound, false), |bound| (bound, true));
            let low = scheme.key(bound)?;
            let numbers = numbers(bound)?;
            let fixed = match operator {
                "==" if wild => numbers.len().checked_sub(1)?,
                "^>=" if !wild => 1,
                _ if wild => return None,
                _ => return ordered(operator, &key, &low),
            };
            Some(key >= low && key < scheme.key(&behind(&numbers, fixed)?)?)
        })
    })
}

/// Compatibility of Julia (<https://pkgdocs.julialang.org/v1/compatibility/#Version-specifier-format>): a version
/// alone is one with `^`, and commas separate alternatives.
pub(super) fn julia(requirement: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::SemVer;
    let key = scheme.key(version)?;
    any(requirement.split(','), |text| {
        if let Some((low, high)) = text.split_once(" - ") {
            let high = numbers(high)?;
            let high = behind(&high, high.len().checked_sub(1)?)?;
            return Some(key >= scheme.key(low.trim())? && key < scheme.key(&high)?);
        }
        let (operator, bound) = clause(text);
        let low = scheme.key(bound)?;
        let numbers = numbers(bound)?;
        let fixed = match operator {
            "" | "^" => caret(&numbers),
            "~" => numbers.len().saturating_sub(1).min(1),
            _ => return ordered(operator, &key, &low),
        };
        Some(key >= low && key < scheme.key(&behind(&numbers, fixed)?)?)
    })
}

/// Version ranges of Conan (<https://docs.conan.io/2/tutorial/versioning/version_ranges.html>), in brackets; else one
/// version.
pub(super) fn conan(requirement: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::Conan;
    let key = scheme.key(version)?;
    let requirement = requirement.trim();
    let Some(range) = requirement.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
        return Some(scheme.key(requirement)? == key);
    };
    // Options (`include_prerelease`) follow a comma.
    let range = range.split(',').next()?;
    any(range.split("||"), |alternative| {
        all(words(alternative).iter().map(String::as_str), |text| {
            let (operator, bound) = clause(text);
            if bound == "*" {
                return Some(true);
            }
            let low = scheme.key(bound)?;
            let numbers = numbers(bound)?;
            let fixed = match operator {
                "^" => caret(&numbers),
                "~" => numbers.len().saturating_sub(1).min(1),
                _ => return ordered(operator, &key, &low),
            };
            Some(key >= low && key < scheme.key(&format!("{}-0", behind(&numbers, fixed)?))?)
        })
    })
}

/// Requirements of R (<https://cran.r-project.org/doc/manuals/r-release/R-exts.html#Package-Dependencies>).
pub(super) fn r(requirement: &str, version: &str) -> Option<bool> {
    let key = Scheme::Cran.key(version)?;
    let requirement = requirement.trim().trim_start_matches('(').trim_end_matches(')');
    all(requirement.split(',').filter(|text| text.trim() != "*"), |text| {
        let (operator, bound) = clause(text);
        ordered(operator, &key, &Scheme::Cran.key(bound)?)
    })
}

#[cfg(test)]
mod tests {
    use crate::model::Ecosystem;
    use crate::version::satisfies;

    fn check(ecosystem: Ecosystem, cases: &[(&str, &[&str], &[&str])]) {
        for (requirement, allowed, refused) in cases {
            for (versions, expected) in [(allowed, true), (refused, false)] {
                for version in *versions {
                    assert_eq!(satisfies(ecosystem, requirement, version), Some(expected), "{requirement} {version}");
                }
            }
        }
    }

    #[test]
    fn gems_pods_and_terraform() {
        check(
            Ecosystem::RubyGems,
            &[
                ("~> 2.2", &["2.2", "2.9.1"], &["2.1", "3.0", "3.0.0.rc1"]),
                ("~> 2.2.0", &["2.2.9"], &["2.3", "2.3.0.pre"]),
                ("~> 5", &["5.1", "5.9"], &["6.0"]),
                (">= 1.0, < 2", &["1.0", "1.9"], &["2", "0.9"]),
                ("(= 1.0)", &["1.0.0"], &["1.0.1"]),
                ("!= 1.5", &["1.4"], &["1.5.0"]),
                ("1.5", &["1.5"], &["1.6"]),
            ],
        );
        check(Ecosystem::CocoaPods, &[("~> 0.1.2", &["0.1.3"], &["0.2"])]);
        check(Ecosystem::Terraform, &[("~> 4.16, != 4.17.0", &["4.67.0"], &["5.0.0", "4.17.0", "5.0.0-beta1"])]);
        assert_eq!(satisfies(Ecosystem::RubyGems, "~> x", "1.0"), None);
    }

    #[test]
    fn composer_constraints() {
        check(
            Ecosystem::Packagist,
            &[
                ("^1.2.3", &["1.2.3", "v1.9"], &["2.0", "1.2.2", "2.0-beta1"]),
                ("^0.3", &["0.3.9"], &["0.4.0"]),
                ("^0.0.3", &["0.0.3"], &["0.0.4"]),
                ("~1.2", &["1.9.9"], &["2.0"]),
                ("~1.2.3", &["1.2.9"], &["1.3.0"]),
                ("1.0.*", &["1.0.9", "1.0"], &["1.1"]),
                (">=1.0 <1.1 || >=1.2", &["1.0.5", "3.0"], &["1.1.5"]),
                (">= 1.0,<2.0", &["1.0", "1.0.0"], &["2.0.0"]),
                ("1.0 - 2.0", &["1.0", "2.0.9"], &["2.1.0", "0.9"]),
                ("1.0.0 - 2.1.0", &["2.1"], &["2.1.1"]),
                ("1.0", &["1.0.0"], &["1.0.1"]),
                ("*", &["1.0"], &[]),
                ("^7.2|^8.0", &["8.1.0"], &["9.0"]),
                ("dev-main", &["dev-main"], &[]),
                (">=1.0@dev", &["1.0-beta"], &[]),
            ],
        );
        assert_eq!(satisfies(Ecosystem::Packagist, "^1.0", "dev-main"), None);
        assert_eq!(satisfies(Ecosystem::Packagist, "self.version", "1.0"), None);
    }

    #[test]
    fn intervals_of_maven_and_nuget() {
        check(
            Ecosystem::Maven,
            &[
                ("[1.0,2.0)", &["1.0", "1.9"], &["2.0", "0.9"]),
                ("(,1.0],[1.2,)", &["1.0", "1.2", "5"], &["1.1"]),
                ("[1.5]", &["1.5.0"], &["1.6"]),
                ("1.2.+", &["1.2.9"], &["1.3"]),
                ("+", &["1.2"], &[]),
                ("1.5", &["1.5"], &[]),
            ],
        );
        assert_eq!(satisfies(Ecosystem::Maven, "1.5", "1.6"), None);
        assert_eq!(satisfies(Ecosystem::Maven, "[1.5", "1.6"), None);
        assert_eq!(satisfies(Ecosystem::Maven, "${x}", "1.6"), None);
        check(
            Ecosystem::NuGet,
            &[
                ("1.2", &["1.2.0", "3.0"], &["1.1"]),
                ("[1.2]", &["1.2.0.0"], &["1.3"]),
                ("(1.0, 2.0]", &["2.0"], &["1.0", "2.0.1"]),
                ("[2.0.0, )", &["2.0.0", "7.0"], &["1.0"]),
                ("6.*", &["6.1", "7.0"], &["5.9"]),
            ],
        );
    }

    #[test]
    fn dart_elixir_haskell_julia_conan_and_r() {
        check(
            Ecosystem::Pub,
            &[
                ("^1.2.3", &["1.9.0"], &["2.0.0", "2.0.0-dev.1", "1.2.2"]),
                ("^0.1.2", &["0.1.9"], &["0.2.0"]),
                (">=1.0.0 <2.0.0", &["1.5.0"], &["2.0.0-a", "2.0.0"]),
                ("any", &["3.0.0"], &[]),
                ("1.2.3", &["1.2.3"], &["1.2.4"]),
            ],
        );
        check(
            Ecosystem::Hex,
            &[
                ("~> 1.2", &["1.9.0"], &["2.0.0", "2.0.0-rc.0"]),
                ("~> 1.2.3", &["1.2.9"], &["1.3.0"]),
                (">= 1.0.0 and < 2.0.0 or ~> 3.0", &["1.5.0", "3.1.0"], &["2.5.0"]),
                ("== 1.0.0", &["1.0.0"], &["1.0.1"]),
            ],
        );
        check(
            Ecosystem::Hackage,
            &[
                (">=1.2 && <1.3", &["1.2.9"], &["1.3"]),
                ("^>=1.2.3", &["1.2.4"], &["1.3", "1.2.2"]),
                ("==1.2.* || ==2.0", &["1.2.7", "2.0"], &["1.3", "2.0.0"]),
            ],
        );
        check(
            Ecosystem::Julia,
            &[
                ("1.2", &["1.9.0"], &["2.0.0", "1.1.0"]),
                ("0.2.3, 1", &["0.2.9", "1.4.0"], &["0.3.0", "2.0.0"]),
                ("~1.2", &["1.2.9"], &["1.3.0"]),
                ("1.2 - 1.4", &["1.4.9"], &["1.5.0"]),
            ],
        );
        check(
            Ecosystem::ConanCenter,
            &[
                ("[>=1.0 <2]", &["1.9"], &["2.0"]),
                ("[~1.2]", &["1.2.5"], &["1.3"]),
                ("[^1.2, include_prerelease]", &["1.9"], &["2.0-rc"]),
                ("1.1.1g", &["1.1.1g"], &["1.1.1h"]),
            ],
        );
        check(Ecosystem::Cran, &[(">= 1.2-3", &["1.2.4"], &["1.2"]), ("*", &["1.0"], &[])]);
    }
}
