//! Alpine's order, as apk-tools 3 has it
//! (<https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/doc/apk-package.5.scd>): numbers, a letter,
//! suffixes, a commit hash and a revision, in this order. What fits nowhere ends the version, below one that ends
//! there in earnest.

use super::{push_number, push_text};

const SUFFIXES: [(&str, u8); 9] = [
    ("alpha", 0x01),
    ("beta", 0x02),
    ("pre", 0x03),
    ("rc", 0x04),
    ("cvs", 0x20),
    ("svn", 0x21),
    ("git", 0x22),
    ("hg", 0x23),
    ("p", 0x24),
];
const INVALID: u8 = 0x10;
/// Nothing where a number belongs (`1..2`).
const NOTHING: u8 = 0x11;
const END: u8 = 0x12;
const REVISION: u8 = 0x13;
const HASH: u8 = 0x14;
const SUFFIX_NUMBER: u8 = 0x15;
const LETTER: u8 = 0x30;
/// A number behind a dot that begins with a 0 compares as text, below all that do not.
const ZERO_NUMBER: u8 = 0x31;
const NUMBER: u8 = 0x32;

/// The order-preserving key of a version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    read(version).map(|(key, _)| key)
}

/// Whether it is a version by the format, and not only a text with a place in the order.
pub(super) fn is_valid(version: &str) -> bool {
    read(version).is_some_and(|(_, valid)| valid)
}

/// What was read last. The order is that in which the parts follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
}

/// The key, and whether the version is valid.
fn read(version: &str) -> Option<(Vec<u8>, bool)> {
    let version = version.trim();
    if version.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let digits = leading(version, |c| c.is_ascii_digit());
    let mut out = Vec::with_capacity(version.len() + 8);
    push_number(&mut out, digits)?;
    let mut valid = !digits.is_empty();
    // One letter or a dot may stand for a version, a word may not.
    let is_word = !valid && version.chars().take_while(char::is_ascii_alphabetic).count() != 1;
    if is_word && !version.starts_with('.') {
        return None;
    }
    let mut rest = &version[digits.len()..];
    let mut last = Part::Number;
    while !rest.is_empty() {
        let Some((part, length, whole)) = next(&mut out, rest, last)? else {
            out.push(INVALID);
            return Some((out, false));
        };
        valid &= whole;
        last = part;
        rest = rest.get(length..)?;
    }
    out.push(END);
    Some((out, valid))
}

/// Reads one part: which, its length, and whether it is complete. The inner `None`: no part that may follow.
fn next(out: &mut Vec<u8>, rest: &str, last: Part) -> Option<Option<(Part, usize, bool)>> {
    let first = rest.chars().next()?;
    let digits = leading(rest.get(first.len_utf8()..)?, |c| c.is_ascii_digit());
    Some(match first {
        'a'..='z' if last == Part::Number => {
            out.push(LETTER);
            push_text(out, rest.get(..1)?)?;
            Some((Part::Letter, 1, true))
        }
        '.' if last <= Part::Letter && digits.is_empty() => {
            out.push(NOTHING);
            Some((Part::Number, 1, false))
        }
        '.' if last <= Part::Letter => {
            let is_text = digits.starts_with('0');
            out.push(if is_text { ZERO_NUMBER } else { NUMBER });
            if is_text { push_text(out, digits) } else { push_number(out, digits) }?;
            Some((Part::Number, 1 + digits.len(), last == Part::Number))
        }
        '0'..='9' if matches!(last, Part::Letter | Part::Suffix) => {
            let digits = leading(rest, |c| c.is_ascii_digit());
            out.push(if last == Part::Letter { NUMBER } else { SUFFIX_NUMBER });
            push_number(out, digits)?;
            let part = if last == Part::Letter { Part::Number } else { Part::SuffixNumber };
            Some((part, digits.len(), true))
        }
        '_' if last <= Part::SuffixNumber => {
            let name = leading(rest.get(1..)?, |c| c.is_ascii_lowercase());
            SUFFIXES.iter().find(|(suffix, _)| *suffix == name).map(|(_, class)| {
                out.push(*class);
                (Part::Suffix, 1 + name.len(), true)
            })
        }
        '~' if last < Part::Hash => {
            let hash = leading(rest.get(1..)?, |c| c.is_ascii_hexdigit());
            out.push(HASH);
            push_text(out, hash)?;
            Some((Part::Hash, 1 + hash.len(), !hash.is_empty()))
        }
        '-' if last < Part::Revision => match rest.strip_prefix("-r") {
            // A revision without its number is revision 0.
            Some(after) if after.is_empty() || after.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                let digits = leading(after, |c| c.is_ascii_digit());
                out.push(REVISION);
                push_number(out, digits)?;
                Some((Part::Revision, 2 + digits.len(), !digits.is_empty()))
            }
            _ => None,
        },
        _ => None,
    })
}

fn leading(text: &str, is_in: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !is_in(c)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_alpine() {
        let order = [
            "0.9",
            "1.0_alpha",
            "1.0_alpha1",
            "1.0_beta",
            "1.0_pre2",
            "1.0_rc1",
            "1.0_blah",
            "1.0",
            "1.0-r0",
            "1.0-r10",
            "1.0~abc",
            "1.0_git20200101",
            "1.0_p1",
            "1.0_p1-r1",
            "1.0a",
            "1.0.0",
            "1.01",
            "1.1",
            "1.10",
            "006",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(key("1.0-r"), key("1.0-r0"));
        assert_eq!(key("1-r0-1"), key("1-r0-2"));
        for none in ["", "latest", "-r1", "\u{e9}"] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn what_the_format_allows() {
        for valid in ["1", "1.2.3a_alpha1_git20200101-r3", "5.9.2p1-r0", "1.0~abcdef-r1", "20200101"] {
            assert!(is_valid(valid), "{valid}");
        }
        for not in ["1.", "1..2", "1-r", "1-1", "1.0_foo", "c", "1A", "1-r1-r2", "main"] {
            assert!(!is_valid(not), "{not}");
        }
    }
}
