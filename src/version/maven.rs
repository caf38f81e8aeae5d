//! Maven's version order (<https://maven.apache.org/pom.html#version-order-specification>): what stands for nothing
//! (`0`, `final`, `ga`, `release`) is dropped before every `-` and at the end, a change from digits to letters or back
//! is as a `-`, and a missing token is compared as one that stands for nothing.
//!
//! Of equal qualifiers that behind a `.` comes before that behind a `-`, as in Maven before 3.8.5 and as in OSV, which
//! wrote the ranges of advisories; later releases of Maven take them for the same.

use super::{push_number, push_text};

/// The qualifiers that come before the release, in their order, each with its other spelling.
const BEFORE_RELEASE: [&[&str]; 5] = [&["alpha"], &["beta"], &["milestone"], &["rc", "cr"], &["snapshot"]];
/// What a letter means directly before a number.
const SHORT: [(&str, &str); 3] = [("a", "alpha"), ("b", "beta"), ("m", "milestone")];
const RELEASE: [&str; 4] = ["", "final", "ga", "release"];

/// The qualifiers before the release behind a `.`, then those behind a `-`.
const DOT_BEFORE_RELEASE: u8 = 0x01;
const DASH_BEFORE_RELEASE: u8 = 0x06;
/// What stands for nothing, where a qualifier before the release follows: that is below the end.
const RELEASED_BEFORE: u8 = 0x0b;
const DASH_ZERO_BEFORE: u8 = 0x0c;
const DOT_ZERO_BEFORE: u8 = 0x0d;
const END: u8 = 0x10;
/// A qualifier that stands for nothing, where more than nothing follows.
const RELEASED: u8 = 0x11;
/// The service pack and other qualifiers behind a `.`, then those behind a `-`.
const DOT_QUALIFIER: u8 = 0x12;
const DASH_QUALIFIER: u8 = 0x14;
const DASH_NUMBER: u8 = 0x20;
const DOT_NUMBER: u8 = 0x30;

#[derive(Debug, PartialEq, Eq)]
struct Token {
    /// The digits or the word.
    text: String,
    is_number: bool,
    /// Behind a `-`, or behind digits where it is a word, or the other way round.
    dashed: bool,
}

impl Token {
    fn stands_for_nothing(&self) -> bool {
        match self.is_number {
            true => self.text.bytes().all(|digit| digit == b'0'),
            false => RELEASE.contains(&self.text.as_str()),
        }
    }

    /// The place of a qualifier before the release.
    fn before_release(&self) -> Option<u8> {
        let at = BEFORE_RELEASE.iter().position(|names| !self.is_number && names.contains(&self.text.as_str()))?;
        u8::try_from(at).ok()
    }

    fn push(&self, out: &mut Vec<u8>) -> Option<()> {
        let of = |dot, dash| if self.dashed { dash } else { dot };
        if self.is_number {
            out.push(of(DOT_NUMBER, DASH_NUMBER));
            return push_number(out, &self.text);
        }
        match self.before_release() {
            Some(at) => out.push(of(DOT_BEFORE_RELEASE, DASH_BEFORE_RELEASE) + at),
            None if self.stands_for_nothing() => out.push(RELEASED),
            None if self.text == "sp" => out.push(of(DOT_QUALIFIER, DASH_QUALIFIER)),
            None => {
                out.push(of(DOT_QUALIFIER, DASH_QUALIFIER) + 1);
                push_text(out, &self.text)?;
            }
        }
        Some(())
    }
}

/// The order-preserving key of a version; `None` for what Maven puts a version in place of (properties, ranges,
/// `LATEST`, `RELEASE`, Gradle's `1.+`).
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.trim();
    let is_text = |c: char| !c.is_whitespace() && !c.is_control() && !"${}[](),*<>".contains(c);
    if version.is_empty() || !version.chars().all(is_text) || version.ends_with('+') {
        return None;
    }
    let version = version.to_ascii_lowercase();
    if matches!(version.as_str(), "latest" | "release") || version.starts_with("latest.") {
        return None;
    }
    let tokens = tokens(&version);
    let mut out = Vec::with_capacity(version.len() + 8);
    let mut rest = tokens.as_slice();
    while let Some(at) = rest.iter().position(|token| !token.stands_for_nothing()) {
        let (nothing, after) = rest.split_at(at);
        let (token, after) = after.split_first()?;
        for nothing in nothing {
            match token.before_release() {
                None => nothing.push(&mut out)?,
                Some(_) if !nothing.is_number => out.push(RELEASED_BEFORE),
                Some(_) => out.push(if nothing.dashed { DASH_ZERO_BEFORE } else { DOT_ZERO_BEFORE }),
            }
        }
        token.push(&mut out)?;
        rest = after;
    }
    out.push(END);
    Some(out)
}

/// The tokens that count, of a version in lower case.
fn tokens(version: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut rest = version;
    let mut dashed = false;
    loop {
        let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest.find(|c: char| matches!(c, '.' | '-') || c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        let before_number = after.starts_with(|c: char| c.is_ascii_digit());
        let short = SHORT.iter().find(|(letter, _)| before_number && *letter == text);
        if dashed {
            trim(&mut out);
        }
        let text = short.map_or(text, |(_, word)| word).to_owned();
        // Nothing between two separators is a 0.
        out.push(Token { is_number: is_number || text.is_empty(), text, dashed });
        match after.chars().next() {
            None => break,
            Some(separator @ ('.' | '-')) => {
                dashed = separator == '-';
                rest = &after[1..];
            }
            Some(_) => {
                dashed = true;
                rest = after;
            }
        }
    }
    trim(&mut out);
    out
}

fn trim(tokens: &mut Vec<Token>) {
    while tokens.last().is_some_and(Token::stands_for_nothing) {
        tokens.pop();
    }
}

/// Words that people put behind versions that are not for use yet, beside Maven's own.
const UNSTABLE: [&str; 11] =
    ["pre", "preview", "prerelease", "dev", "ea", "eap", "incubating", "nightly", "canary", "alphas", "betas"];

/// Whether a version is meant for use.
pub(super) fn is_stable(version: &str) -> bool {
    let tokens = tokens(&version.to_ascii_lowercase());
    !tokens.iter().any(|token| token.before_release().is_some() || UNSTABLE.contains(&token.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_specification() {
        let order = [
            "1.alpha",
            "1-alpha",
            "1-alpha.1",
            "1-beta-2",
            "1-m1",
            "1-rc1",
            "1-cr2",
            "1-SNAPSHOT",
            "1.0.beta",
            "1.0.0.beta",
            "1",
            "1.sp",
            "1.sec",
            "1-sp",
            "1-abc",
            "1-jre",
            "1-0.1",
            "1-1",
            "1-2",
            "1.0.sp",
            "1.0.1",
            "1.1-alpha",
            "1.1",
            "1.10",
            "20190126.230843",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [
            ("1", "1.0.0-ga"),
            ("1", "1.Final"),
            ("1-a1", "1.0alpha-1"),
            ("1.0.0-foo.0.0", "1-foo"),
            ("1.0.0-0.0.0", "1"),
            ("1-1.foo-bar1baz-.1", "1-1.foo-bar-1-baz-0.1"),
            ("1-rc.2", "1-CR.2"),
        ] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_ne!(key("1-a"), key("1-alpha"));
        for none in ["", " ", "${project.version}", "[1,2)", "1.+", "LATEST", "RELEASE", "latest.release", "1 2"] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_meant_for_use() {
        for stable in ["1.0", "4.1.100.Final", "33.0.0-jre", "5.3.1.RELEASE", "1.0-sp1"] {
            assert!(is_stable(stable), "{stable}");
        }
        for not in ["1.0-SNAPSHOT", "2.0.0-M1", "1.0-rc.1", "1.0.alpha", "6.0.0.CR2", "3.0b1"] {
            assert!(!is_stable(not), "{not}");
        }
    }
}
