//! Patterns with `*`, for names and paths.

use crate::model::{Ecosystem, PackageId, normalize_name};

/// A pattern longer than this is refused, so that matching stays cheap whatever a policy file holds.
pub(super) const LONGEST: usize = 300;

/// A pattern of package names, in which `*` stands for any text: `@acme/*`, `com.acme:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// The pattern of a text, or what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("is empty"),
            _ if text.len() > LONGEST => Err("is longer than any name"),
            // Everything would be private, and nothing looked at.
            _ if text.bytes().all(|b| b"*@/:.".contains(&b)) => Err("matches every name; name what is yours"),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Whether it stands for that package. Names are compared as the ecosystem compares them.
    pub fn matches(&self, id: &PackageId) -> bool {
        matches(&self.0, &id.name, Star::Any) || matches(&self.normalized(id.ecosystem), &id.name, Star::Any)
    }

    fn normalized(&self, ecosystem: Ecosystem) -> String {
        normalize_name(ecosystem.osv_name(), &self.0).into_owned()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A pattern of paths: `*` stands for any text within one part, `**` also across parts, and `**/` for any number of
/// folders, none too (<https://git-scm.com/docs/gitignore>, "Pattern format"). Where it names a folder, everything below
/// is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    /// The pattern of what lies below it.
    below: String,
}

impl PathPattern {
    /// The pattern of a text, or what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
        match text {
            "" => Err("is empty; leave it out to mean every path"),
            _ if text.len() > LONGEST => Err("is too long"),
            _ if text.starts_with('/') || text.contains('\\') => Err("must be relative to the root, with `/`"),
            _ if text.split('/').any(|part| part == "..") => Err("leads out of the root"),
            _ => Ok(Self { text: text.to_owned(), below: format!("{text}/**") }),
        }
    }

    /// Whether it stands for that path.
    pub fn matches(&self, path: &str) -> bool {
        matches(&self.text, path, Star::WithinPart) || matches(&self.below, path, Star::WithinPart)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether a name fits a pattern of names, both in the ecosystem's normal form.
pub(super) fn fits_name(pattern: &str, name: &str) -> bool {
    matches(pattern, name, Star::Any)
}

/// What a single `*` stands for.
#[derive(Clone, Copy, PartialEq)]
enum Star {
    Any,
    WithinPart,
}

/// Whether a text fits a pattern. Takes as many steps as both lengths multiplied, never more.
fn matches(pattern: &str, text: &str, star: Star) -> bool {
    // Most pairs differ before the first star: no more is looked at of those.
    let plain = pattern.find('*').unwrap_or(pattern.len());
    let (plain, pattern) = pattern.split_at(plain);
    let mut begins_part = plain.is_empty() || plain.ends_with('/');
    let Some(text) = text.strip_prefix(plain) else { return false };
    if pattern.is_empty() {
        return text.is_empty();
    }
    let text = text.as_bytes();
    // `reached[n]`: the pattern so far can stand for the first `n` bytes.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut pattern = pattern.bytes().peekable();
    while let Some(byte) = pattern.next() {
        if byte == b'*' {
            let mut any = star == Star::Any;
            while pattern.next_if_eq(&b'*').is_some() {
                any = true;
            }
            if any && begins_part && star == Star::WithinPart && pattern.next_if_eq(&b'/').is_some() {
                folders(&mut reached, text);
                continue;
            }
            for at in 0..text.len() {
                reached[at + 1] |= reached[at] && (any || text[at] != b'/');
            }
        } else {
            for at in (0..text.len()).rev() {
                reached[at + 1] = reached[at] && text[at] == byte;
            }
            reached[0] = false;
        }
        begins_part = byte == b'/';
    }
    reached[text.len()]
}

/// What `**/` at the beginning of a part can stand for: nothing, and any text that ends with a `/`.
fn folders(reached: &mut [bool], text: &[u8]) {
    let mut is_after = false;
    for (at, byte) in text.iter().enumerate() {
        is_after |= reached[at];
        reached[at + 1] |= is_after && *byte == b'/';
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    #[test]
    fn names() {
        let fits = |pattern: &str, ecosystem, name: &str| {
            let id = PackageId::new(ecosystem, name, None, Source::PUBLIC_REGISTRY);
            NamePattern::parse(pattern).unwrap().matches(&id)
        };
        assert!(fits("@acme/*", Ecosystem::Npm, "@acme/web"));
        assert!(!fits("@acme/*", Ecosystem::Npm, "@acme-evil/web"));
        assert!(!fits("@acme/*", Ecosystem::Npm, "x@acme/web"));
        assert!(fits("go.acme.example/*", Ecosystem::Go, "go.acme.example/a/b"));
        assert!(fits("Acme_*", Ecosystem::PyPi, "acme-tools"));
        assert!(fits("acme", Ecosystem::CratesIo, "acme") && !fits("acme", Ecosystem::CratesIo, "acme2"));
        for everything in ["", "*", "**", "@*/*"] {
            assert!(NamePattern::parse(everything).is_err(), "{everything}");
        }
    }

    #[test]
    fn paths() {
        let fits = |pattern: &str, path: &str| PathPattern::parse(pattern).unwrap().matches(path);
        assert!(fits("services/*/Cargo.lock", "services/a/Cargo.lock"));
        assert!(!fits("services/*/Cargo.lock", "services/a/b/Cargo.lock"));
        assert!(fits("services/**/Cargo.lock", "services/a/b/Cargo.lock"));
        assert!(fits("services/**/Cargo.lock", "services/Cargo.lock"), "as .gitignore has it");
        assert!(fits("**/Cargo.lock", "Cargo.lock") && fits("**/Cargo.lock", "a/b/Cargo.lock"));
        assert!(!fits("**/Cargo.lock", "a/x-Cargo.lock") && !fits("a/**/Cargo.lock", "ab/Cargo.lock"));
        assert!(fits("**/fixtures", "fixtures/Cargo.lock") && fits("**/fixtures", "a/fixtures/b/Cargo.lock"));
        assert!(fits("a/**/**/b", "a/b") && fits("a/**/**/b", "a/x/y/b") && !fits("a/**/b", "a/xb"));
        assert!(fits("a**/b", "ax/y/b") && !fits("a**/b", "ab"), "within a part it is a text like any other");
        assert!(!fits("*/Cargo.lock", "Cargo.lock"));
        assert!(fits("services/", "services/a/Cargo.lock"), "a folder means what is below it");
        assert!(!fits("services", "services-old/Cargo.lock"));
        assert!(fits("./Cargo.lock", "Cargo.lock") && !fits("Cargo.lock", "a/Cargo.lock"));
        assert!(PathPattern::parse("../x").is_err() && PathPattern::parse("/x").is_err());
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let before = std::time::Instant::now();
        assert!(!matches(&"*a".repeat(140), &"a".repeat(130), Star::Any));
        assert!(!matches(&format!("{}b", "*a".repeat(100)), &"a".repeat(4_000), Star::Any));
        assert!(before.elapsed().as_secs() < 2);
    }
}
