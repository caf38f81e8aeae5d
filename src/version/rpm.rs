//! RPM's order (<https://rpm-software-management.github.io/rpm/manual/dependencies.html#versioning>): epoch, version
//! and release, each in segments of digits and of letters (`rpmvercmp`). Everything else only separates.

use super::{push_number, push_text};

const TILDE: u8 = 0x01;
const END: u8 = 0x02;
const CARET: u8 = 0x03;
const LETTERS: u8 = 0x04;
const NUMBER: u8 = 0x05;

/// The order-preserving key of `[epoch:]version[-release]`. No release comes before any.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.trim();
    let is_foreign = |c: char| c.is_whitespace() || c.is_control() || "${}()[]<>,*|&;'\"".contains(c);
    if version.is_empty() || version.contains(is_foreign) {
        return None;
    }
    // What stands before a `:` and is no number is part of the version.
    let is_epoch = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (epoch, rest) = version.split_once(':').filter(|(epoch, _)| is_epoch(epoch)).unwrap_or(("0", version));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let mut out = Vec::with_capacity(rest.len() + 8);
    push_number(&mut out, epoch)?;
    segments(&mut out, version)?;
    segments(&mut out, release)?;
    Some(out)
}

fn segments(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut end = first.len_utf8();
        if first.is_ascii_alphanumeric() {
            let is_same = |c: char| c.is_ascii_alphanumeric() && c.is_ascii_digit() == first.is_ascii_digit();
            end = rest.find(|c| !is_same(c)).unwrap_or(rest.len());
        }
        let (segment, after) = rest.split_at(end);
        match first {
            '~' => out.push(TILDE),
            '^' => out.push(CARET),
            '0'..='9' => {
                out.push(NUMBER);
                push_number(out, segment)?;
            }
            'a'..='z' | 'A'..='Z' => {
                out.push(LETTERS);
                push_text(out, segment)?;
            }
            _ => {}
        }
        rest = after;
    }
    out.push(END);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_rpm() {
        let order = [
            "1.0~rc1~git",
            "1.0~rc1",
            "1.0~rc1^git1",
            "1.0",
            "1.0-1.el9",
            "1.0-2",
            "1.0^git1~pre",
            "1.0^git1",
            "1.0^git2",
            "1.0a",
            "1.0aa",
            "1.0.1",
            "1.10",
            "1:0.1",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [("1.0", "0:1_00"), ("1.", "1"), ("1.1.\u{3b1}", "1.1.\u{3b2}"), ("1-", "1"), ("1a1", "1.a.1")] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_eq!([key(""), key("1 2"), key("1\0")], [None, None, None]);
    }
}
