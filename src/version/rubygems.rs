//! Ruby's `Gem::Version` (<https://docs.ruby-lang.org/en/master/Gem/Version.html>), and that of CocoaPods, which is
//! the same: letters come before numbers and before the end, missing numbers are 0.

use super::{push_number, push_text};

const LETTERS: u8 = 0x01;
/// A 0 in a row of them that letters end: below the end, since those letters are.
const ZERO_BEFORE_LETTERS: u8 = 0x05;
const END: u8 = 0x10;
/// A 0 in a row of them that another number ends.
const ZERO_BEFORE_NUMBER: u8 = 0x20;
const NUMBER: u8 = 0x30;

/// The order-preserving key of a version; `None` where Ruby refuses it.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let segments = segments(version.trim())?;
    let mut out = Vec::with_capacity(version.len() + 8);
    let mut zeros = 0;
    let mut had_letters = false;
    for segment in segments {
        if is_zero(segment) {
            zeros += 1;
            continue;
        }
        let is_number = segment.starts_with(|c: char| c.is_ascii_digit());
        let zero = if is_number { ZERO_BEFORE_NUMBER } else { ZERO_BEFORE_LETTERS };
        // `1.0.0.a` is `1.a`: zeros before the first letters do not count.
        let counted = if is_number || had_letters { zeros } else { 0 };
        out.extend(std::iter::repeat_n(zero, counted));
        zeros = 0;
        had_letters |= !is_number;
        if is_number {
            out.push(NUMBER);
            push_number(&mut out, segment)?;
        } else {
            out.push(LETTERS);
            push_text(&mut out, segment)?;
        }
    }
    out.push(END);
    Some(out)
}

/// Whether it is a pre-release: one with letters.
pub(super) fn is_pre_release(version: &str) -> bool {
    version.contains(|c: char| c.is_ascii_alphabetic())
}

fn is_zero(segment: &str) -> bool {
    segment.bytes().all(|byte| byte == b'0')
}

/// Runs of digits and runs of letters; a `-` is as `.pre.`.
fn segments(version: &str) -> Option<Vec<&str>> {
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut out = Vec::new();
    for (at, dashed) in version.split('-').enumerate() {
        if at > 0 {
            out.push("pre");
        }
        for part in dashed.split('.') {
            // Only behind the first `-` may another one follow at once.
            if part.is_empty() && (at == 0 || dashed.contains('.')) || !part.bytes().all(|b| b.is_ascii_alphanumeric())
            {
                return None;
            }
            let mut rest = part;
            while let Some(first) = rest.chars().next() {
                let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
                let (segment, after) = rest.split_at(rest.find(|c| !same(c)).unwrap_or(rest.len()));
                out.push(segment);
                rest = after;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_ruby() {
        let order = [
            "0.9",
            "1.a.0.b",
            "1.a.0.0.b",
            "1.a",
            "1.a.0.0.1",
            "1.a.0.1",
            "1.a.2",
            "1.0.a10",
            "1.0.b1",
            "1-1",
            "1.rc1",
            "1",
            "1.0.0.1",
            "1.0.1",
            "1.1.a",
            "1.1",
            "1.9",
            "1.10",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [("1", "1.0.0"), ("1.0.a2", "1.a.2"), ("1.a", "1.a.0"), ("1.0-1", "1.pre.1"), ("01", "1")] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        // What follows it decides whether a 0 is more than nothing.
        assert!(key("1.a.0.b") < key("1.a") && key("1.a") < key("1.a.0.1"));
        for none in ["", "a", "1..2", "1.", "v1", "1_2", "1.0 x", ">= 1", "1.\u{e9}"] {
            assert_eq!(key(none), None, "{none}");
        }
    }
}
