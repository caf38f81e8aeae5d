//! NuGet's order (<https://learn.microsoft.com/en-us/nuget/concepts/package-versioning>): Semantic Versioning with up
//! to four numbers and labels without regard to case.

use super::semver::{self, Build};

/// The order-preserving key of a version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.trim();
    let core = version.split(['-', '+']).next()?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if core.split('.').count() > 4 || !core.split('.').all(is_number) {
        return None;
    }
    semver::key(&version.to_ascii_lowercase(), Build::Ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_nuget() {
        let order = ["1.0.0-1", "1.0.0-Alpha", "1.0.0-beta.2", "1.0.0-BETA.11", "1.0", "1.0.0.1-a", "1.0.0.1", "1.0.1"];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(key("1.0"), key("1.0.0.0+meta"));
        assert_eq!(key("1.0-RC"), key("01.0.0-rc"));
        for none in ["", "v1.0", "1.0.0.0.0", "1.x", "1.*", "[1.0,2.0)", "1.0.0-\u{e9}"] {
            assert_eq!(key(none), None, "{none}");
        }
    }
}
