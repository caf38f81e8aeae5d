//! Conan's order (<https://docs.conan.io/2/tutorial/versioning/version_ranges.html>): parts between dots, zeros at
//! their end left out, then a pre-release behind `-` and a build behind `+`, of which no build comes first.
//!
//! A part is a number with what follows it (`1.1.1g`). Conan compares two parts as numbers where both are, and else as
//! text, by which `2` comes before `10`, `10` before `1a` and `1a` before `2`. Here the number comes first.

use super::{push_number, push_text};

const PRE_RELEASE: u8 = 0x01;
const END: u8 = 0x02;
/// A part without a number, below all numbers (`system` is no release).
const WORD: u8 = 0x04;
const NUMBER: u8 = 0x05;

/// The order-preserving key of a version; `None` for ranges and for what has no number at all.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.trim();
    let is_text = |b: u8| b.is_ascii_alphanumeric() || b"._-+".contains(&b);
    if !version.bytes().any(|b| b.is_ascii_digit()) || !version.bytes().all(is_text) {
        return None;
    }
    let (version, build) = version.split_once('+').map_or((version, ""), |(version, build)| (version, build));
    let (version, pre) = version.split_once('-').map_or((version, None), |(version, pre)| (version, Some(pre)));
    let version =
        version.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(version);
    let mut out = Vec::with_capacity(version.len() + 8);
    parts(&mut out, version)?;
    match pre {
        Some(pre) => {
            out.push(PRE_RELEASE);
            parts(&mut out, pre)?;
            out.push(END);
        }
        None => out.push(END),
    }
    parts(&mut out, build)?;
    out.push(END);
    Some(out)
}

fn parts(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let text = text.to_ascii_lowercase();
    let mut parts: Vec<&str> = text.split('.').collect();
    while parts.last().is_some_and(|part| part.bytes().all(|b| b == b'0')) {
        parts.pop();
    }
    for part in parts {
        let (digits, word) = part.split_at(part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len()));
        out.push(if digits.is_empty() { WORD } else { NUMBER });
        if !digits.is_empty() {
            push_number(out, digits)?;
        }
        push_text(out, word)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_conan() {
        let order = [
            "cci.20200101",
            "0.9",
            "1.0-alpha",
            "1.0-beta.2",
            "1.0-beta.10",
            "1.0",
            "1.0+1",
            "1.0+2",
            "1.0.1",
            "1.0.1a",
            "1.0.1g",
            "1.0.2",
            "1.0.2.1",
            "1.1",
            "1.10",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(key("1.0"), key("v1.0.0"));
        for none in ["", "system", "[>=1.0 <2]", "1.0@user/channel", "1.\u{e9}"] {
            assert_eq!(key(none), None, "{none}");
        }
    }
}
