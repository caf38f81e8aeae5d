//! Ecosystems under the names that OSV gives them.

use std::borrow::Cow;
use std::fmt;

/// An ecosystem that a package can come from, named as OSV names it
/// (<https://ossf.github.io/osv-schema/#defined-ecosystems>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ecosystem {
    /// Rust crates.
    CratesIo,
    /// Go modules, and `stdlib` and `toolchain`.
    Go,
    /// JavaScript packages.
    Npm,
    /// Python distributions.
    PyPi,
}

/// What is fixed about an ecosystem.
struct Facts {
    ecosystem: Ecosystem,
    osv_name: &'static str,
    purl_type: &'static str,
}

const FACTS: &[Facts] = &[
    Facts { ecosystem: Ecosystem::CratesIo, osv_name: "crates.io", purl_type: "cargo" },
    Facts { ecosystem: Ecosystem::Go, osv_name: "Go", purl_type: "golang" },
    Facts { ecosystem: Ecosystem::Npm, osv_name: "npm", purl_type: "npm" },
    Facts { ecosystem: Ecosystem::PyPi, osv_name: "PyPI", purl_type: "pypi" },
];

impl Ecosystem {
    /// Every ecosystem, in the order of the enum.
    pub const ALL: &'static [Self] = &[Self::CratesIo, Self::Go, Self::Npm, Self::PyPi];

    fn facts(self) -> &'static Facts {
        FACTS.iter().find(|facts| facts.ecosystem == self).unwrap_or(&FACTS[0])
    }

    /// OSV's name, for example `crates.io`.
    pub fn osv_name(self) -> &'static str {
        self.facts().osv_name
    }

    /// The type of its package URLs, for example `cargo`
    /// (<https://github.com/package-url/purl-spec>).
    pub fn purl_type(self) -> &'static str {
        self.facts().purl_type
    }

    /// OSV's name of an ecosystem that somebody wrote in another case, or with spaces around it; others as written.
    pub fn canonical_name(name: &str) -> &str {
        let name = name.trim();
        FACTS.iter().map(|facts| facts.osv_name).find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
    }

    /// A package name in the form under which advisories are looked up. Names that differ only in
    /// what the registry ignores become one: PEP 503 for `PyPI`; the others are compared as written.
    pub fn normalize_name(self, name: &str) -> Cow<'_, str> {
        normalize_name(self.osv_name(), name)
    }
}

/// [`Ecosystem::normalize_name`] for an ecosystem known only by OSV's name, as advisories have it.
pub fn normalize_name<'n>(osv_name: &str, name: &'n str) -> Cow<'n, str> {
    match osv_name {
        "PyPI" => normalize_pep503(name),
        "NuGet" | "Packagist" | "Hex" if name.bytes().any(|b| b.is_ascii_uppercase()) => {
            Cow::Owned(name.to_ascii_lowercase())
        }
        _ => Cow::Borrowed(name),
    }
}

/// Lower case, runs of `-`, `_` and `.` become one `-`
/// (<https://peps.python.org/pep-0503/#normalized-names>).
fn normalize_pep503(name: &str) -> Cow<'_, str> {
    let separator = |b: u8| matches!(b, b'-' | b'_' | b'.');
    let bytes = name.as_bytes();
    let plain = bytes.iter().enumerate().all(|(at, &b)| {
        let doubled = b == b'-' && at > 0 && bytes[at - 1] == b'-';
        !b.is_ascii_uppercase() && !doubled && (b == b'-' || !separator(b))
    });
    if plain {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    Cow::Owned(out)
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.osv_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ecosystem_has_one_row_and_finds_itself() {
        assert_eq!(Ecosystem::ALL.len(), FACTS.len());
        for &ecosystem in Ecosystem::ALL {
            assert_eq!(ecosystem.facts().ecosystem, ecosystem);
            let named = FACTS.iter().filter(|facts| facts.osv_name == ecosystem.osv_name());
            assert_eq!(named.count(), 1, "{ecosystem}");
        }
    }

    #[test]
    fn python_names_follow_pep_503() {
        let normalize = |name| Ecosystem::PyPi.normalize_name(name).into_owned();
        assert_eq!(normalize("Zope.Interface"), "zope-interface");
        assert_eq!(normalize("ruamel__yaml-._x"), "ruamel-yaml-x");
        assert_eq!(normalize("a--b"), "a-b");
        assert!(matches!(Ecosystem::PyPi.normalize_name("requests"), Cow::Borrowed(_)));
        assert_eq!(Ecosystem::Npm.normalize_name("JSONStream"), "JSONStream");
    }
}
