//! What statements speak of: packages by package URL, with a version, a `vers` range or all versions.

use std::cmp::Ordering;

use crate::model::{Ecosystem, Purl};
use crate::policy::PackagePattern;
use crate::policy::exception::Bound;
use crate::version;

/// How many comparisons a `vers` range may hold.
const MOST_COMPARISONS: usize = 100;

/// How many characters of what names a product are kept.
const LONGEST: usize = 300;

/// A product, or a component within one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Product {
    /// A package of an ecosystem that is known here.
    Package(PackagePattern),
    /// A repository at a forge, as services know it, such as `github.com/owner/name`.
    Repository { name: String, text: String },
    /// A program without a package URL, by its name and version.
    Named { name: String, version: Option<String> },
    /// Anything else: it cannot be here.
    Other(String),
}

const SAME: &[Ordering] = &[Ordering::Equal];
const LESS: &[Ordering] = &[Ordering::Less];
const AT_MOST: &[Ordering] = &[Ordering::Less, Ordering::Equal];
const MORE: &[Ordering] = &[Ordering::Greater];
const AT_LEAST: &[Ordering] = &[Ordering::Greater, Ordering::Equal];
const NOT: &[Ordering] = &[Ordering::Less, Ordering::Greater];

impl Product {
    /// The product of a package URL, or of any other id.
    pub(super) fn of(id: &str) -> Self {
        let text: String = id.chars().take(LONGEST).collect();
        if let Some(name) = repository(id) {
            return Self::Repository { name, text };
        }
        // What qualifiers say (another registry, an architecture) is not compared, and so it may be another package.
        match Purl::parse(id) {
            Ok(package) => {
                let versions = match &package.version {
                    Some(version) => match same(package.ecosystem, version) {
                        Some(bound) => vec![vec![bound]],
                        None => return Self::Other(text),
                    },
                    None => Vec::new(),
                };
                Self::Package(PackagePattern { ecosystem: package.ecosystem, name: package.name, versions, text })
            }
            Err(_) => Self::Other(text),
        }
    }

    /// The same package in those versions instead of the ones that it names. A range that cannot be read leaves a
    /// product that is nowhere.
    pub(super) fn in_versions(self, ranges: &[String]) -> Self {
        let Self::Package(package) = self else { return self };
        let text = format!("{} ({})", package.text, ranges.join(", "));
        let mut versions = Vec::new();
        for range in ranges {
            match vers(package.ecosystem, range) {
                // Every version.
                Some(alternatives) if alternatives.is_empty() => return Self::Package(package),
                Some(alternatives) => versions.extend(alternatives),
                None => return Self::Other(text.chars().take(LONGEST).collect()),
            }
        }
        Self::Package(PackagePattern { versions, text: text.chars().take(LONGEST).collect(), ..package })
    }

    /// How reports call it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Package(package) => package.text.clone(),
            Self::Repository { text, .. } | Self::Other(text) => text.clone(),
            Self::Named { name, version: Some(version) } => format!("{name} {version}"),
            Self::Named { name, version: None } => name.clone(),
        }
    }
}

fn same(ecosystem: Ecosystem, version: &str) -> Option<Bound> {
    bound(ecosystem, SAME, version)
}

fn bound(ecosystem: Ecosystem, allowed: &'static [Ordering], text: &str) -> Option<Bound> {
    version::compare(ecosystem, text, text)?;
    Some(Bound { allowed, version: text.to_owned() })
}

/// `github.com/owner/name` of a package URL of that type
/// (<https://github.com/package-url/purl-spec/blob/main/types-doc/github-definition.md>).
fn repository(purl: &str) -> Option<String> {
    let rest = purl.strip_prefix("pkg:")?;
    let (host, rest) = match rest.split_once('/')? {
        ("github", rest) => ("github.com", rest),
        ("bitbucket", rest) => ("bitbucket.org", rest),
        ("gitlab", rest) => ("gitlab.com", rest),
        _ => return None,
    };
    let path = rest.split(['@', '?', '#']).next().filter(|path| !path.is_empty())?;
    Some(format!("{host}/{path}").to_ascii_lowercase())
}

/// The alternatives of a version, or of a range such as `vers:npm/>=1.0|<2.0|3.1`
/// (<https://github.com/package-url/vers-spec>); none for every version.
fn vers(ecosystem: Ecosystem, text: &str) -> Option<Vec<Vec<Bound>>> {
    let Some(rest) = text.strip_prefix("vers:") else {
        return Some(vec![vec![same(ecosystem, text.trim())?]]);
    };
    let (scheme, constraints) = rest.split_once('/')?;
    if scheme != ecosystem.purl_type() && scheme != "semver" {
        return None;
    }
    if constraints.trim() == "*" {
        return Some(Vec::new());
    }
    let mut alternatives = Vec::new();
    let mut unlike = Vec::new();
    // The lower end of an interval that is not closed yet.
    let mut open: Option<Bound> = None;
    for (number, constraint) in constraints.split('|').enumerate() {
        let constraint = constraint.trim();
        let of = |allowed, sign: &str| bound(ecosystem, allowed, constraint.strip_prefix(sign)?.trim());
        if number >= MOST_COMPARISONS {
            return None;
        }
        if constraint.starts_with("!=") {
            unlike.push(of(NOT, "!=")?);
        } else if constraint.starts_with('>') {
            let lower = if constraint.starts_with(">=") { of(AT_LEAST, ">=")? } else { of(MORE, ">")? };
            if open.replace(lower).is_some() {
                return None;
            }
        } else if constraint.starts_with('<') {
            let upper = if constraint.starts_with("<=") { of(AT_MOST, "<=")? } else { of(LESS, "<")? };
            alternatives.push(open.take().into_iter().chain([upper]).collect());
        } else {
            alternatives.push(vec![bound(ecosystem, SAME, constraint.trim_start_matches('=').trim())?]);
        }
    }
    alternatives.extend(open.map(|lower| vec![lower]));
    if alternatives.is_empty() {
        alternatives.push(Vec::new());
    }
    alternatives.iter_mut().for_each(|bounds: &mut Vec<Bound>| bounds.extend(unlike.iter().cloned()));
    Some(alternatives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackageId, Source};

    fn fits(product: &Product, ecosystem: Ecosystem, name: &str, version: &str) -> bool {
        let Product::Package(pattern) = product else { return false };
        let version = Some(version).filter(|version| !version.is_empty());
        pattern.matches(&PackageId::new(ecosystem, name, version, Source::PUBLIC_REGISTRY))
    }

    #[test]
    fn a_product_is_known_by_its_package_url() {
        let npm = |purl: &str, name: &str, version: &str| fits(&Product::of(purl), Ecosystem::Npm, name, version);
        assert!(npm("pkg:npm/lodash@4.17.20", "lodash", "4.17.20"));
        assert!(!npm("pkg:npm/lodash@4.17.20", "lodash", "4.17.21") && !npm("pkg:npm/lodash@4.17.20", "lodash", ""));
        assert!(npm("pkg:npm/lodash", "lodash", "4.17.21") && npm("pkg:npm/lodash", "lodash", ""));
        assert!(npm("pkg:npm/%40angular/core@1.0.0", "@angular/core", "1.0.0"));
        for other in
            ["pkg:npm/lodash@4.17.20?repository_url=registry.example", "pkg:snap/curl", "urn:x", "", "pkg:npm/"]
        {
            assert!(matches!(Product::of(other), Product::Other(_)), "{other}");
        }
        let of = |text: &str| match Product::of(text) {
            Product::Repository { name, .. } => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(of("pkg:github/Acme/Web@v1.2?x=y"), "github.com/acme/web");
    }

    #[test]
    fn ranges() {
        let within = |range: &str, version: &str| {
            let product = Product::of("pkg:npm/lodash").in_versions(&[range.to_owned()]);
            fits(&product, Ecosystem::Npm, "lodash", version)
        };
        for (range, inside, outside) in [
            ("4.17.20", &["4.17.20"][..], &["4.17.21"][..]),
            ("vers:npm/*", &["0.1.0", "9.9.9"], &[]),
            ("vers:npm/>=4|<4.17.21", &["4.0.0", "4.17.20"], &["3.9.9", "4.17.21"]),
            ("vers:npm/<2|>=3|<4|5.0.0", &["1.0.0", "3.1.0", "5.0.0"], &["2.5.0", "4.0.0", "5.0.1"]),
            ("vers:npm/>1|<=2|!=1.5.0", &["1.4.0", "2.0.0"], &["1.0.0", "1.5.0", "2.0.1"]),
            ("vers:npm/!=1.5.0", &["1.4.0", "9.0.0"], &["1.5.0"]),
            ("vers:npm/>=3", &["3.0.0", "9.0.0"], &["2.0.0"]),
            // Not a range: nothing is in it.
            ("vers:npm/>=1|>=2|<3", &[], &["1.5.0", "2.5.0"]),
            ("vers:npm/what", &[], &["1.5.0"]),
            ("vers:deb/>=1", &[], &["1.5.0"]),
            ("vers:npm", &[], &["1.5.0"]),
        ] {
            inside.iter().for_each(|version| assert!(within(range, version), "{range} {version}"));
            outside.iter().for_each(|version| assert!(!within(range, version), "{range} {version}"));
        }
        let many = format!("vers:npm/{}", "1.0.0|".repeat(200));
        assert!(!within(&many, "1.0.0"));
    }
}
