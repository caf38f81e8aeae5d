//! PEP 440 (<https://peps.python.org/pep-0440/#summary-of-permitted-suffixes-and-relative-ordering>). What is no
//! version by it sorts below all that are, in the order that setuptools had before it
//! (`pkg_resources.parse_version`, releases before 8.0), since old packages have such versions.

use super::push_number;

const LEGACY: u8 = 0;
const STANDARD: u8 = 1;
const END: u8 = 0;

/// The order-preserving key of a version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.trim().to_ascii_lowercase();
    if version.is_empty() {
        return None;
    }
    Some(standard(&version).unwrap_or_else(|| legacy(&version)))
}

/// Whether the text is a version by PEP 440.
pub fn is_standard(version: &str) -> bool {
    standard(&version.trim().to_ascii_lowercase()).is_some()
}

/// Whether a version by PEP 440 is a pre-release or a development release.
pub(super) fn is_pre_release(version: &str) -> bool {
    let version = version.trim().to_ascii_lowercase();
    let public = version.split('+').next().unwrap_or_default();
    let release = public.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, 'v' | '!' | '.' | '-' | '_'));
    release.contains("dev") || PRE.iter().any(|(word, _)| release.starts_with(word))
}

/// A cursor over the rest of a lower-case version.
struct Rest<'v>(&'v str);

impl<'v> Rest<'v> {
    fn digits(&mut self) -> &'v str {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    /// Takes one of the words, with a separator before it and one between it and its number.
    fn tagged(&mut self, words: &[(&str, u8)]) -> Option<(u8, &'v str)> {
        let text = self.0.strip_prefix(['-', '_', '.']).unwrap_or(self.0);
        let (rest, tag) = words.iter().find_map(|(word, tag)| Some((text.strip_prefix(word)?, *tag)))?;
        let number = rest.strip_prefix(['-', '_', '.']).filter(|after| after.starts_with(|c: char| c.is_ascii_digit()));
        self.0 = number.unwrap_or(rest);
        Some((tag, self.digits()))
    }
}

/// Longer words come before their beginnings.
const PRE: &[(&str, u8)] =
    &[("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("preview", 3), ("pre", 3), ("rc", 3), ("c", 3)];
const NO_RELEASE_YET: u8 = 0;
const FINAL: u8 = 4;

fn standard(version: &str) -> Option<Vec<u8>> {
    let mut rest = Rest(version.strip_prefix('v').unwrap_or(version));
    let mut out = vec![STANDARD];
    let mut first = rest.digits();
    if let Some(after) = rest.0.strip_prefix('!').filter(|_| !first.is_empty()) {
        push_number(&mut out, first)?;
        rest.0 = after;
        first = rest.digits();
    } else {
        push_number(&mut out, "0")?;
    }
    let mut release = vec![first];
    while let Some(after) = rest.0.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        rest.0 = after;
        release.push(rest.digits());
    }
    if first.is_empty() {
        return None;
    }
    while release.last().is_some_and(|part| part.trim_start_matches('0').is_empty()) {
        release.pop();
    }
    for part in release {
        out.push(1);
        push_number(&mut out, part)?;
    }
    out.push(END);
    let pre = rest.tagged(PRE);
    let post = match rest.0.strip_prefix('-').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        Some(after) => {
            rest.0 = after;
            Some((1, rest.digits()))
        }
        None => rest.tagged(&[("post", 1), ("rev", 1), ("r", 1)]),
    };
    let dev = rest.tagged(&[("dev", 0)]);
    match (pre, post, dev) {
        (Some((tag, number)), ..) => {
            out.push(tag);
            push_number(&mut out, number)?;
        }
        (None, None, Some(_)) => out.push(NO_RELEASE_YET),
        (None, ..) => out.push(FINAL),
    }
    for (part, absent) in [(post, 0), (dev, 1)] {
        match part {
            Some((tag, number)) => {
                out.push(tag);
                push_number(&mut out, number)?;
            }
            None => out.push(absent),
        }
    }
    local(&mut out, rest.0)?;
    Some(out)
}

fn local(out: &mut Vec<u8>, rest: &str) -> Option<()> {
    if rest.is_empty() {
        out.push(END);
        return Some(());
    }
    for segment in rest.strip_prefix('+')?.split(['-', '_', '.']) {
        if segment.is_empty() || !segment.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        if segment.bytes().all(|b| b.is_ascii_digit()) {
            out.push(2);
            push_number(out, segment)?;
        } else {
            out.push(1);
            out.extend_from_slice(segment.as_bytes());
            out.push(END);
        }
    }
    out.push(END);
    Some(())
}

fn legacy(version: &str) -> Vec<u8> {
    let mut parts: Vec<String> = Vec::new();
    let push = |parts: &mut Vec<String>, part: String| {
        if part.starts_with('*') {
            if part.as_str() < "*final" {
                while parts.last().is_some_and(|last| last == "*final-") {
                    parts.pop();
                }
            }
            while parts.last().is_some_and(|last| last == "00000000") {
                parts.pop();
            }
        }
        parts.push(part);
    };
    for piece in pieces(version) {
        match piece {
            "." => {}
            "-" => push(&mut parts, "*final-".to_owned()),
            "pre" | "preview" | "rc" => push(&mut parts, "*c".to_owned()),
            "dev" => push(&mut parts, "*@".to_owned()),
            digits if digits.starts_with(|c: char| c.is_ascii_digit()) => push(&mut parts, format!("{digits:0>8}")),
            word => push(&mut parts, format!("*{word}")),
        }
    }
    push(&mut parts, "*final".to_owned());
    let mut out = vec![LEGACY];
    for part in parts {
        out.extend_from_slice(part.as_bytes());
        out.push(END);
    }
    out
}

/// Runs of digits, runs of letters, each `.` and `-` alone, and runs of anything else.
fn pieces(version: &str) -> Vec<&str> {
    let class = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' | '-' => 2,
        _ => 3,
    };
    let mut out = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let kind = class(first);
        let end = if kind == 2 { 1 } else { rest.find(|c| class(c) != kind).unwrap_or(rest.len()) };
        let (piece, after) = rest.split_at(end);
        out.push(piece);
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_specification() {
        let order = [
            "0.9-doduo",
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [("1.0", "v1.0.0"), ("1.0-1", "1.0.post1"), ("1.0c1", "1.0.RC-1"), ("1.0a", "1.0.alpha_0")] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_eq!(key(" "), None);
        assert!(!is_standard("1.0-doduo") && is_standard("1.0"));
    }
}
