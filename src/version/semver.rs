//! Semantic Versioning 2.0.0 precedence (<https://semver.org/#spec-item-11>), read as OSV reads it: a leading `v` and
//! missing parts are allowed, a fourth part is taken as the first of the pre-release identifiers, build metadata
//! does not count.

use super::push_number;

/// Ends a list of identifiers: below any identifier, so that the longer list is greater.
const END: u8 = 0;
const NUMERIC: u8 = 1;
const ALPHANUMERIC: u8 = 2;
/// After the last identifier of any pre-release.
const RELEASE: u8 = 3;

/// The order-preserving key of a version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let version = version.split('+').next().unwrap_or_default();
    let mut out = Vec::with_capacity(version.len() + 8);
    let mut rest = version;
    let mut parts = 0;
    while parts < 3 {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            break;
        }
        push_number(&mut out, &rest[..digits])?;
        rest = &rest[digits..];
        parts += 1;
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
            _ => break,
        }
    }
    if parts == 0 {
        return None;
    }
    out.extend(std::iter::repeat_n(0, 3 - parts));
    if rest.is_empty() {
        out.push(RELEASE);
        return Some(out);
    }
    // What follows the three parts is a pre-release, whether a `-` says so or not.
    for identifier in rest.strip_prefix(['-', '.']).unwrap_or(rest).split('.') {
        if !identifier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return None;
        }
        if !identifier.is_empty() && identifier.bytes().all(|b| b.is_ascii_digit()) {
            out.push(NUMERIC);
            push_number(&mut out, identifier)?;
        } else {
            out.push(ALPHANUMERIC);
            out.extend_from_slice(identifier.as_bytes());
            out.push(END);
        }
    }
    out.push(END);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_specification() {
        let order = [
            "0.0.0-0",
            "0.0.0-alpha",
            "0.0.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2.0",
            "1.10.0",
            "2.0.0",
            "10.0.0",
            "v100.0.0-0.20200101000000-abcdef",
            "v100.0.0",
            "340282366920938463463374607431768211456.0.0",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(key("1.0.0+a"), key("v1"));
        assert_eq!(key("2.0.0+incompatible"), key("2.0.0"));
        assert_eq!([key(""), key("latest"), key("1.0.0-\u{e9}"), key("v")], [None, None, None, None]);
    }
}
