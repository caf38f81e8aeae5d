//! Semantic Versioning 2.0.0 precedence (<https://semver.org/#spec-item-11>), with a leading `v` and missing parts
//! allowed. More than three numbers are numbers like the first three, as in every tool that allows them (`1.2.3` comes
//! before `1.2.3.4`); what follows the numbers is a pre-release, whether a `-` says so or not.

use super::{push_number, push_text};

/// Ends the numbers and a list of identifiers: below any of them, so that the longer list is greater.
const END: u8 = 0;
const NUMERIC: u8 = 1;
const ALPHANUMERIC: u8 = 2;
/// After the last identifier of any pre-release.
const RELEASE: u8 = 3;

/// What build metadata (`+…`) means for the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    /// Nothing, as the specification has it.
    Ignored,
    /// It follows after the same version without it, and compares like a pre-release: in Dart
    /// (<https://pub.dev/documentation/pub_semver/latest/pub_semver/Version/compareTo.html>) and in Julia
    /// (<https://docs.julialang.org/en/v1/manual/strings/#man-version-number-literals>).
    Counts,
}

/// The order-preserving key of a version.
pub(super) fn key(version: &str, build: Build) -> Option<Vec<u8>> {
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let (version, metadata) =
        version.split_once('+').map_or((version, None), |(version, build)| (version, Some(build)));
    let mut out = Vec::with_capacity(version.len() + 8);
    let rest = numbers(&mut out, version)?;
    if rest.is_empty() {
        out.push(RELEASE);
    } else {
        identifiers(&mut out, rest.strip_prefix(['-', '.']).unwrap_or(rest))?;
    }
    if build == Build::Counts {
        match metadata {
            Some(metadata) => identifiers(&mut out, metadata)?,
            None => out.push(END),
        }
    }
    Some(out)
}

/// Writes the numbers at the beginning, without zeros at their end; what follows them.
fn numbers<'v>(out: &mut Vec<u8>, version: &'v str) -> Option<&'v str> {
    let mut rest = version;
    let mut zeros = 0;
    loop {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        if digits.is_empty() {
            return None;
        }
        if digits.bytes().all(|digit| digit == b'0') {
            zeros += 1;
        } else {
            for _ in 0..zeros {
                out.push(NUMERIC);
                push_number(out, "")?;
            }
            zeros = 0;
            out.push(NUMERIC);
            push_number(out, digits)?;
        }
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => {
                out.push(END);
                return Some(after);
            }
        }
    }
}

fn identifiers(out: &mut Vec<u8>, text: &str) -> Option<()> {
    for identifier in text.split('.') {
        if !identifier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return None;
        }
        if !identifier.is_empty() && identifier.bytes().all(|b| b.is_ascii_digit()) {
            out.push(NUMERIC);
            push_number(out, identifier)?;
        } else {
            out.push(ALPHANUMERIC);
            push_text(out, identifier)?;
        }
    }
    out.push(END);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(version: &str) -> Option<Vec<u8>> {
        super::key(version, Build::Ignored)
    }

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
            "1.0.0.1-a",
            "1.0.0.1",
            "1.0.1",
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

    #[test]
    fn build_metadata_counts_where_it_does() {
        let key = |version| super::key(version, Build::Counts);
        let order = [
            "1.2.3-a",
            "1.2.3-a+1",
            "1.2.3",
            "1.2.3+",
            "1.2.3+1",
            "1.2.3+1.1",
            "1.2.3+10",
            "1.2.3+1z",
            "1.2.3+9a",
            "1.2.4",
        ];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap() || pair[0] == "1.2.3+", "{pair:?}");
        }
        assert_eq!(key("1.2"), key("1.2.0"));
    }
}
