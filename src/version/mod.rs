//! Version order: one file per scheme, each named after the specification that it follows.
//!
//! A version becomes an order-preserving key: comparing two keys byte by byte compares the versions. The advisory
//! index stores keys, so that a look-up compares no text. A key is a sequence of tokens, each begun by a byte for its
//! class and none the beginning of another, and it ends with a class of its own: what a version that ends here is
//! compared with what goes on is the place of that class among the others.

mod apk;
mod conan;
mod cran;
mod dpkg;
mod hackage;
mod line;
mod maven;
mod nuget;
mod packagist;
mod pep440;
mod range;
mod requirement;
mod rpm;
mod rubygems;
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
    /// Semantic Versioning 2.0.0 precedence (<https://semver.org/#spec-item-11>), with a leading `v`, missing and
    /// further numbers allowed.
    SemVer,
    /// The same, where build metadata counts: in Dart and in Julia.
    SemVerWithBuild,
    /// PEP 440 (<https://peps.python.org/pep-0440/>), and below it what older tools wrote.
    Pep440,
    /// Maven's `ComparableVersion` (<https://maven.apache.org/pom.html#version-order-specification>).
    Maven,
    /// Ruby's `Gem::Version` (<https://docs.ruby-lang.org/en/master/Gem/Version.html>).
    RubyGems,
    /// NuGet's four numbers (<https://learn.microsoft.com/en-us/nuget/concepts/package-versioning>).
    NuGet,
    /// Composer's use of PHP's `version_compare`
    /// (<https://www.php.net/manual/en/function.version-compare.php>).
    Packagist,
    /// R's `package_version`
    /// (<https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file>).
    Cran,
    /// Haskell's numbers (<https://pvp.haskell.org/>).
    Hackage,
    /// Conan's versions (<https://docs.conan.io/2/tutorial/versioning/version_ranges.html>).
    Conan,
    /// Debian's epoch, version and revision
    /// (<https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>).
    Dpkg,
    /// opam's versions (<https://opam.ocaml.org/doc/Manual.html#version-ordering>).
    Opam,
    /// RPM's epoch, version and release
    /// (<https://rpm-software-management.github.io/rpm/manual/dependencies.html#versioning>).
    Rpm,
    /// Alpine's versions
    /// (<https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/doc/apk-package.5.scd>).
    Apk,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 14] = [
        Self::SemVer,
        Self::SemVerWithBuild,
        Self::Pep440,
        Self::Maven,
        Self::RubyGems,
        Self::NuGet,
        Self::Packagist,
        Self::Cran,
        Self::Hackage,
        Self::Conan,
        Self::Dpkg,
        Self::Opam,
        Self::Rpm,
        Self::Apk,
    ];

    /// The scheme of an ecosystem by OSV's name, without what may follow its `:`; `None` where its order is not known
    /// here, and nothing but equality can be judged. Those that OSV gives no order (Android, FreeBSD, Linux, …) and
    /// those that are made of others (Echo, Root, `TuxCare`) have none.
    pub fn of(osv_ecosystem: &str) -> Option<Self> {
        Some(match osv_ecosystem {
            "crates.io"
            | "npm"
            | "Go"
            | "Hex"
            | "SwiftURL"
            | "GitHub Actions"
            | "Bitnami"
            | "GHC"
            | "VSCode"
            | "Kubernetes"
            | "Docker Hardened Images"
            | "Carthage"
            | "Terraform"
            | "JSR" => Self::SemVer,
            "Pub" | "Julia" => Self::SemVerWithBuild,
            "PyPI" => Self::Pep440,
            "Maven" => Self::Maven,
            "RubyGems" | "CocoaPods" => Self::RubyGems,
            "NuGet" => Self::NuGet,
            "Packagist" => Self::Packagist,
            "CRAN" | "Bioconductor" => Self::Cran,
            "Hackage" => Self::Hackage,
            "ConanCenter" => Self::Conan,
            "Debian" | "Ubuntu" => Self::Dpkg,
            "opam" => Self::Opam,
            "Red Hat" | "AlmaLinux" | "Rocky Linux" | "SUSE" | "openSUSE" | "openEuler" | "Mageia" | "Azure Linux"
            | "Photon OS" => Self::Rpm,
            "Alpine"
            | "Wolfi"
            | "Chainguard"
            | "MinimOS"
            | "Alpaquita"
            | "BellSoft Hardened Containers"
            | "CleanStart" => Self::Apk,
            _ => return None,
        })
    }

    /// The key of a version; `None` where the text is no version of the scheme.
    pub fn key(self, version: &str) -> Option<Key> {
        let bytes = match self {
            Self::SemVer => semver::key(version, semver::Build::Ignored),
            Self::SemVerWithBuild => semver::key(version, semver::Build::Counts),
            Self::Pep440 => pep440::key(version),
            Self::Maven => maven::key(version),
            Self::RubyGems => rubygems::key(version),
            Self::NuGet => nuget::key(version),
            Self::Packagist => packagist::key(version),
            Self::Cran => cran::key(version),
            Self::Hackage => hackage::key(version),
            Self::Conan => conan::key(version),
            Self::Dpkg => dpkg::key(version),
            Self::Opam => dpkg::opam_key(version),
            Self::Rpm => rpm::key(version),
            Self::Apk => apk::key(version),
        };
        bytes.map(|bytes| Key(bytes.into_boxed_slice()))
    }

    /// Whether a text with a key stands for what its place in the order says. A text from before PEP 440, a branch of
    /// Composer or what Alpine's format does not allow has a place, and may be anything.
    pub fn is_placed(self, version: &str) -> bool {
        match self {
            Self::Pep440 => pep440::is_standard(version),
            Self::Packagist => packagist::is_release(version),
            Self::Apk => apk::is_valid(version),
            _ => true,
        }
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

/// Writes a word so that it comes after its own beginnings: its bytes, then a 0, which `None` says it may not have.
fn push_text(out: &mut Vec<u8>, text: &str) -> Option<()> {
    if text.contains('\0') {
        return None;
    }
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Some(())
}

/// Writes numbers so that a longer list comes after its own beginnings; `None` where a part is no number.
fn push_numbers<'p>(parts: impl Iterator<Item = &'p str>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for part in parts {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        out.push(1);
        push_number(&mut out, part)?;
    }
    out.push(0);
    Some(out)
}

#[cfg(test)]
mod tests;
