//! Debian's order (<https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>): epoch, upstream version
//! and revision, the latter two by turns of other characters and numbers; and that of opam
//! (<https://opam.ocaml.org/doc/Manual.html#version-ordering>), which has the turns alone.

use super::push_number;

/// Before the end.
const TILDE: u8 = 0x01;
/// Ends what is no number, and the whole. Letters follow, and then, with the highest bit, all others.
const END: u8 = 0x02;
const OTHER: u8 = 0x80;

/// The order-preserving key of a Debian version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let (epoch, rest) = version.trim().split_once(':').unwrap_or(("0", version.trim()));
    if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let mut out = Vec::with_capacity(version.len() + 8);
    push_number(&mut out, epoch)?;
    turns(&mut out, upstream)?;
    turns(&mut out, revision)?;
    Some(out)
}

/// The order-preserving key of an opam version.
pub(super) fn opam_key(version: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(version.len() + 8);
    turns(&mut out, version.trim())?;
    Some(out)
}

/// What is no number, then a number (0 where there is none), and so on.
fn turns(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let other = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        for byte in rest[..other].bytes() {
            out.push(match byte {
                b'~' => TILDE,
                b'a'..=b'z' | b'A'..=b'Z' => byte,
                b'+' | b'-' | b'.' | b':' | b'_' => OTHER | byte,
                _ => return None,
            });
        }
        out.push(END);
        rest = &rest[other..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        push_number(out, &rest[..digits])?;
        rest = &rest[digits..];
    }
    out.push(END);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_debian() {
        let order = [
            "1.2.3-1~deb7u1",
            "1.2.3-1",
            "1.2.3-1.1",
            "1.2.3-2",
            "1.2.3a-1",
            "1.2.3+b-1",
            "1.2.3.1",
            "1.2.10",
            "1:0.1",
            "2:0.0.44-1",
            "2:0.0.44-nobin",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [("1.0", "0:1.0-0"), ("1.0", "1.00"), ("1.", "1.0"), ("1a", "1a0")] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        for none in ["", "a:1", ":1", "1-", "1 2", "<unfixed>", "1.\u{e9}"] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn the_order_of_opam() {
        let order =
            ["~~", "~", "~beta2", "~beta10", "0.1", "1.0~beta", "1.0", "1.0-test", "1.0.1", "1.0.10", "dev", "trunk"];
        for pair in order.windows(2) {
            assert!(opam_key(pair[0]).unwrap() < opam_key(pair[1]).unwrap(), "{pair:?}");
        }
    }
}
