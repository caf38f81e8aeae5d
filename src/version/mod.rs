//! Version order: one file per scheme, each named after the specification that it follows.
//!
//! A version becomes an order-preserving key: comparing two keys byte by byte compares the versions. The advisory
//! index stores keys, so that a look-up compares no text.

mod line;
mod pep440;
mod requirement;
mod semver;

use std::cmp::Ordering;

use crate::model::Ecosystem;

pub use line::{Line, Version};
pub use pep440::is_standard as is_python_version;
pub use requirement::satisfies;

/// A version in the form in which bytes compare as versions do. Keys of different schemes do not compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Semantic Versioning 2.0.0 precedence (<https://semver.org/#spec-item-11>), with a leading `v` and missing
    /// parts allowed, as OSV compares `crates.io`, `npm` and `Go`.
    SemVer,
    /// PEP 440 (<https://peps.python.org/pep-0440/>), and below it what older tools wrote.
    Pep440,
}

impl Scheme {
    /// The scheme of an ecosystem by OSV's name; `None` where its order is not known here, and nothing but
    /// equality can be judged.
    pub fn of(osv_ecosystem: &str) -> Option<Self> {
        match osv_ecosystem {
            "crates.io" | "npm" | "Go" | "Hex" | "Julia" | "SwiftURL" | "ConanCenter" => Some(Self::SemVer),
            "PyPI" => Some(Self::Pep440),
            _ => None,
        }
    }

    /// The key of a version; `None` where the text is no version of the scheme.
    pub fn key(self, version: &str) -> Option<Key> {
        let bytes = match self {
            Self::SemVer => semver::key(version),
            Self::Pep440 => pep440::key(version),
        };
        bytes.map(|bytes| Key(bytes.into_boxed_slice()))
    }
}

/// Compares two versions of an ecosystem; `None` where one of them is no version of its scheme.
pub fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    let scheme = Scheme::of(ecosystem.osv_name())?;
    Some(scheme.key(a)?.cmp(&scheme.key(b)?))
}

/// Writes a run of decimal digits so that longer numbers come after shorter ones: its length without leading zeros,
/// then the digits. `None` for more digits than any version has.
fn push_number(out: &mut Vec<u8>, digits: &str) -> Option<()> {
    let digits = digits.trim_start_matches('0');
    out.push(u8::try_from(digits.len()).ok()?);
    out.extend_from_slice(digits.as_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORDERED: [Ecosystem; 4] = [Ecosystem::CratesIo, Ecosystem::Go, Ecosystem::Npm, Ecosystem::PyPi];
    const SCHEMES: [Scheme; 2] = [Scheme::SemVer, Scheme::Pep440];

    #[test]
    fn every_ecosystem_that_is_parsed_has_an_order() {
        assert!(ORDERED.iter().all(|ecosystem| Scheme::of(ecosystem.osv_name()).is_some()));
        assert_eq!(compare(Ecosystem::Go, "v1.2.3", "1.2.3"), Some(Ordering::Equal));
        assert_eq!(compare(Ecosystem::Npm, "latest", "1.2.3"), None);
    }

    proptest! {
        // A total order comes with comparing bytes; what must hold is that equal text gives equal keys, that no
        // key is a beginning of another one's with a meaning of its own, and that nothing panics.
        #[test]
        fn keys_never_panic(text in ".{0,40}") {
            for scheme in SCHEMES {
                prop_assert_eq!(scheme.key(&text), scheme.key(&text));
            }
        }

        #[test]
        fn semver_agrees_with_the_crate(a in version(), b in version()) {
            let parsed = |text: &str| ::semver::Version::parse(text).unwrap();
            let expected = parsed(&a).cmp_precedence(&parsed(&b));
            prop_assert_eq!(compare(Ecosystem::CratesIo, &a, &b), Some(expected));
        }

        #[test]
        fn numbers_of_any_length_compare(a in "[0-9]{1,60}", b in "[0-9]{1,60}") {
            let strip = |text: &str| text.trim_start_matches('0').to_owned();
            let (x, y) = (strip(&a), strip(&b));
            let expected = x.len().cmp(&y.len()).then(x.cmp(&y));
            prop_assert_eq!(compare(Ecosystem::PyPi, &a, &b), Some(expected));
        }
    }

    fn version() -> impl Strategy<Value = String> {
        "(0|[1-9][0-9]{0,3})\\.(0|[1-9]{1,2})\\.(0|[1-9]{1,2})(-(0|[1-9][0-9]?|[a-c][a-c0-9-]{0,2})(\\.(0|[1-9]|[a-b]{1,2})){0,2})?(\\+[a-z]{1,3})?"
    }
}
