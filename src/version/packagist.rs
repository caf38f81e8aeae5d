//! The order of Composer's packages: PHP's `version_compare`
//! (<https://www.php.net/manual/en/function.version-compare.php>), to which Composer leaves it, with what Composer
//! drops before (a leading `v`, `stable`, build metadata: <https://getcomposer.org/doc/articles/versions.md>).
//!
//! PHP does not add the numbers that are missing, so that `1.0` comes before `1.0.0`, and knows its words as they are
//! written here alone.

use super::{push_number, push_text};

/// Words that mean nothing to PHP are alike, and come first.
const UNKNOWN: u8 = 0x01;
/// The words that do, each with its byte; one that begins with such a word is taken for it.
const WORDS: [(&str, u8); 7] = [
    ("dev", 0x02),
    ("a", 0x03),
    ("b", 0x04),
    ("rc", 0x05),
    ("RC", 0x05),
    // PHP's own sign for any number.
    ("#", 0x11),
    ("p", PATCH),
];
/// Ends what is no release, with its text behind: two branches are never the same.
const END_OF_BRANCH: u8 = 0x0f;
const END: u8 = 0x10;
const NUMBER: u8 = 0x20;
const PATCH: u8 = 0x30;

/// The order-preserving key of a version or of a branch (`dev-main`).
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let parts = parts(version)?;
    let mut out = Vec::with_capacity(version.len() + 8);
    for part in parts {
        if part.starts_with(|c: char| c.is_ascii_digit()) {
            out.push(NUMBER);
            push_number(&mut out, part)?;
        } else if part != "stable" {
            out.push(WORDS.iter().find(|(word, _)| part.starts_with(word)).map_or(UNKNOWN, |(_, class)| *class));
        }
    }
    if is_release(version) {
        out.push(END);
    } else {
        out.push(END_OF_BRANCH);
        push_text(&mut out, version.trim())?;
    }
    Some(out)
}

/// Whether it is a release or a pre-release. A branch has a place in the order, but what is in it has not.
pub(super) fn is_release(version: &str) -> bool {
    let version = version.trim().trim_start_matches(['v', 'V']);
    version.starts_with(|c: char| c.is_ascii_digit())
        && !version.split(['.', '-']).any(|part| matches!(part, "x" | "X"))
}

/// Whether a version is meant for use.
pub(super) fn is_stable(version: &str) -> bool {
    is_release(version)
        && parts(&version.to_ascii_lowercase()).is_some_and(|parts| {
            !parts.iter().any(|part| ["dev", "a", "b", "rc"].iter().any(|word| part.starts_with(word)))
        })
}

/// Runs of digits and runs of anything else.
fn parts(version: &str) -> Option<Vec<&str>> {
    let version = version.trim();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let version = version.split('+').next().unwrap_or_default();
    let is_text = |c: char| c.is_ascii_alphanumeric() || "._-#/".contains(c);
    if version.is_empty() || !version.chars().all(is_text) {
        return None;
    }
    let mut out = Vec::new();
    for word in version.split(['.', '-', '_', '/']) {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
            let (part, after) = rest.split_at(rest.find(|c| !same(c)).unwrap_or(rest.len()));
            out.push(part);
            rest = after;
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_php() {
        let order = [
            "dev-main",
            "0.9",
            "1.0-foo",
            "1.0-dev",
            "1.0-alpha1",
            "1.0a2",
            "1.0b1",
            "1.0-beta2",
            "1.0RC1",
            "1.0",
            "1.0.#",
            "1.0.0",
            "1.0.1",
            "1.0-pl1",
            "1.0-patch2",
            "1.2",
            "1.10",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [("1.0", "v1.0"), ("1.0-beta.2", "1.0b2"), ("1.0", "1.0-stable"), ("1.0+a", "1.0+b")] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        for none in ["", "v", "^1.0", "1.0 || 2.0", "-"] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn branches_are_no_releases() {
        assert!(is_release("1.0") && is_release("v2.0-beta1"));
        assert!(!is_release("dev-main") && !is_release("1.0.x-dev") && !is_release("2.x"));
        assert_ne!(key("dev-main"), key("dev-other"));
        assert!(is_stable("1.0-p1") && !is_stable("1.0-RC1") && !is_stable("1.0-dev"));
    }
}
