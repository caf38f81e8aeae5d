//! Package URLs (<https://github.com/package-url/purl-spec>, ECMA-427): how a package is named in reports.
//! Advisories are matched by ecosystem, native name and version, never by purl.

use std::collections::BTreeSet;
use std::fmt;

use super::{Ecosystem, PackageId, SourceKind};

mod native;
mod parts;
mod types;

pub use parts::PurlParts;

/// A package URL in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl(String);

impl Purl {
    /// The purl of a package: its type, namespace, name and version; for git, `vcs_url`.
    pub fn of(id: &PackageId) -> Self {
        if let Some(plain) = Self::of_plain(id) {
            return plain;
        }
        let mut parts = native::parts_of(id.ecosystem, &id.name);
        parts.version.clone_from(&id.version);
        native::add_distribution(id, &mut parts);
        if let (SourceKind::Git, Some(url)) = (id.source.kind, &id.source.url) {
            parts.qualifiers.insert("vcs_url".to_owned(), url.replacen('#', "@", 1));
        }
        Self(parts.to_string())
    }

    /// The same where the name and the version have nothing that is written in another way and there is nothing else to
    /// say, as is nearly always so where a tree has many packages.
    fn of_plain(id: &PackageId) -> Option<Self> {
        let is_plain = |text: &str| text.bytes().all(parts::is_kept);
        let is_simple = match id.ecosystem {
            Ecosystem::CratesIo | Ecosystem::PyPi => is_plain(&id.name),
            Ecosystem::Npm => is_plain(&id.name) && !id.name.bytes().any(|byte| byte.is_ascii_uppercase()),
            _ => false,
        };
        let version = id.version.as_deref().unwrap_or_default();
        if !is_simple || id.name.is_empty() || !is_plain(version) || id.source.kind == SourceKind::Git {
            return None;
        }
        let mark = if id.version.is_some() { "@" } else { "" };
        Some(Self(["pkg:", id.ecosystem.purl_type(), "/", &id.name, mark, version].concat()))
    }

    /// Reads the purl of a package of a registry, with or without a version: its ecosystem, name and version.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<PackageId, String> {
        let text = text.trim();
        let (path, rest) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let parts = PurlParts::read(text)?;
        if !parts.is_plain() {
            return Err(format!("`{rest}` says more than which package of the public registry it is"));
        }
        let has_space = |text: &str| text.contains(char::is_whitespace);
        if has_space(&parts.name) || parts.version.as_deref().is_some_and(has_space) {
            return Err("there is a space in its name or version".to_owned());
        }
        if path.ends_with('@') {
            return Err("its version is empty".to_owned());
        }
        parts.package()
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Purl> for String {
    fn from(purl: Purl) -> Self {
        purl.0
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every type of package URLs that is known, each once.
pub fn purl_types() -> impl Iterator<Item = &'static str> {
    let types = Ecosystem::ALL.iter().map(|ecosystem| ecosystem.purl_type());
    let mut seen = BTreeSet::new();
    types.filter(move |purl_type| seen.insert(*purl_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Distribution, Source};

    fn purl(ecosystem: Ecosystem, name: &str, version: &str, source: Source) -> String {
        PackageId::new(ecosystem, name, Some(version), source).purl().to_string()
    }

    #[test]
    fn purls_are_read() {
        let read = |text: &str| Purl::parse(text).map(|id| (id.ecosystem, id.name.clone(), id.version.clone()));
        let of = |ecosystem, name: &str, version: &str| {
            Ok((ecosystem, name.to_owned(), Some(version.to_owned()).filter(|version| !version.is_empty())))
        };
        assert_eq!(read("pkg:cargo/time@0.1.43"), of(Ecosystem::CratesIo, "time", "0.1.43"));
        assert_eq!(read("pkg:npm/%40angular/core@1.0.0%2Bb"), of(Ecosystem::Npm, "@angular/core", "1.0.0+b"));
        assert_eq!(read("pkg:npm/@angular/core"), of(Ecosystem::Npm, "@angular/core", ""));
        assert_eq!(read("pkg:golang/golang.org/x/net@0.7.0"), of(Ecosystem::Go, "golang.org/x/net", "v0.7.0"));
        assert_eq!(read("pkg:deb/debian/curl@1:7-2"), of(Ecosystem::Debian, "curl", "1:7-2"));
        assert_eq!(read("pkg:deb/kali/curl"), of(Ecosystem::OtherDeb, "curl", ""));
        assert_eq!(read("pkg:PyPI/Zope.Interface"), of(Ecosystem::PyPi, "zope-interface", ""));
        for text in [
            "",
            "left-pad",
            "npm/left-pad",
            "pkg:npm",
            "pkg:npm/",
            "pkg:npm/a@",
            "pkg:deb/curl",
            "pkg:snap/curl",
            "pkg:npm/%4",
            "pkg:npm/%zz",
            "pkg:npm/a%0Ab",
            "pkg:cargo/a/b",
            "pkg:npm/a?vcs_url=x",
            "pkg:npm/a#b",
            "pkg:npm/a%20b",
            "pkg:npm/é%ff",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_gives_the_same(name in "[a-zA-Z@/._%+-]{0,8}", version in proptest::option::of("[0-9a-z.+-]{0,6}")) {
            for ecosystem in [Ecosystem::CratesIo, Ecosystem::PyPi, Ecosystem::Npm] {
                let id = PackageId::new(ecosystem, &name, version.as_deref(), Source::PUBLIC_REGISTRY);
                if let Some(plain) = Purl::of_plain(&id) {
                    let mut parts = native::parts_of(ecosystem, &id.name);
                    parts.version.clone_from(&id.version);
                    proptest::prop_assert_eq!(plain.as_str(), parts.to_string());
                }
            }
        }
    }

    #[test]
    fn packages_of_a_distribution_say_which() {
        let purl = |ecosystem, version: &str, id: &str| {
            let distribution =
                Distribution { id: id.to_owned(), version: Some("9.3".to_owned()), ..Distribution::default() };
            let id = PackageId::new(ecosystem, "libssl3", Some(version), Source::of(SourceKind::Unknown));
            id.in_distribution(distribution).purl().to_string()
        };
        assert_eq!(purl(Ecosystem::Debian, "1:3-1", "debian"), "pkg:deb/debian/libssl3@1:3-1?distro=debian-9.3");
        assert_eq!(
            purl(Ecosystem::RockyLinux, "1:3-1.el9", "rocky"),
            "pkg:rpm/rocky-linux/libssl3@3-1.el9?distro=rocky-9.3&epoch=1"
        );
        assert_eq!(purl(Ecosystem::OtherRpm, "3-1", "fedora"), "pkg:rpm/fedora/libssl3@3-1?distro=fedora-9.3");
    }

    #[test]
    fn each_type_has_its_form() {
        let registry = || Source::PUBLIC_REGISTRY;
        assert_eq!(purl(Ecosystem::CratesIo, "time", "0.1.43", registry()), "pkg:cargo/time@0.1.43");
        assert_eq!(purl(Ecosystem::Npm, "@angular/core", "1.0.0+b", registry()), "pkg:npm/%40angular/core@1.0.0%2Bb");
        assert_eq!(purl(Ecosystem::Go, "golang.org/x/net", "v0.7.0", registry()), "pkg:golang/golang.org/x/net@v0.7.0");
        assert_eq!(purl(Ecosystem::PyPi, "Zope.Interface", "5", registry()), "pkg:pypi/zope-interface@5");
        let git = Source::at(SourceKind::Git, "https://host.example/a#0a1b");
        assert_eq!(
            purl(Ecosystem::CratesIo, "a", "1", git),
            "pkg:cargo/a@1?vcs_url=https:%2F%2Fhost.example%2Fa%400a1b"
        );
    }
}
