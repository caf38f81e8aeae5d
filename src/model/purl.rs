//! Package URLs (<https://github.com/package-url/purl-spec>, ECMA-427): how a package is named in reports.
//! Advisories are matched by ecosystem, native name and version, never by purl.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use super::ecosystem::Naming;
use super::{Ecosystem, PackageId, Source, SourceKind};

/// A package URL in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl(String);

impl Purl {
    /// The purl of a package: its type, namespace, name and version; for git, `vcs_url`.
    pub fn of(id: &PackageId) -> Self {
        let mut out = format!("pkg:{}", id.ecosystem.purl_type());
        let split = match id.ecosystem.naming() {
            Naming::Slash => id.name.rsplit_once('/'),
            Naming::Colon => id.name.split_once(':'),
            Naming::Plain => None,
            Naming::Distribution(namespace) => {
                let own = || id.distribution.as_deref().map_or("linux", |distribution| distribution.id.as_str());
                Some((namespace.unwrap_or_else(own), id.name.as_str()))
            }
        };
        let (namespace, name) = split.unwrap_or(("", &id.name));
        for segment in namespace.split('/').filter(|segment| !segment.is_empty()) {
            out.push('/');
            encode(&mut out, segment);
        }
        out.push('/');
        encode(&mut out, name);
        let (epoch, version) = epoch_and_version(id);
        if let Some(version) = version {
            out.push('@');
            encode(&mut out, version);
        }
        let distribution = id.distribution.as_deref();
        let distro = distribution.map(|known| match &known.version {
            Some(version) => format!("{}-{version}", known.id),
            None => known.id.clone(),
        });
        let qualifiers = [("distro", distro.as_deref()), ("epoch", epoch)];
        let qualifiers = qualifiers.into_iter().filter_map(|(key, value)| Some((key, value?)));
        for (at, (key, value)) in qualifiers.enumerate() {
            out.push(if at == 0 { '?' } else { '&' });
            out.push_str(key);
            out.push('=');
            encode(&mut out, value);
        }
        if let (SourceKind::Git, Some(url)) = (id.source.kind, &id.source.url) {
            out.push_str("?vcs_url=");
            encode(&mut out, &url.replacen('#', "@", 1));
        }
        Self(out)
    }

    /// Reads the purl of a package of a registry, with or without a version: its ecosystem, name and version.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<PackageId, String> {
        let rest = text.trim().strip_prefix("pkg:").ok_or("it does not begin with `pkg:`")?.trim_start_matches('/');
        if let Some(at) = rest.find(['?', '#']) {
            return Err(format!("`{}` says more than which package of the public registry it is", &rest[at..]));
        }
        let (kind, rest) = rest.split_once('/').ok_or("it has no name")?;
        let kind = kind.to_ascii_lowercase();
        let known = || purl_types().collect::<Vec<_>>().join(", ");
        let of_type = Ecosystem::of_purl_type(&kind)
            .ok_or_else(|| format!("packages of the type {kind:?} are not known; known types: {}", known()))?;
        // An `@` before the last `/` belongs to the namespace.
        let (path, version) = match rest.rfind('@').filter(|&at| at > rest.rfind('/').unwrap_or(0)) {
            Some(at) => (&rest[..at], Some(decode(&rest[at + 1..])?)),
            None => (rest, None),
        };
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let path = segments.map(decode).collect::<Result<Vec<_>, _>>()?.join("/");
        if path.is_empty() || version.as_deref() == Some("") {
            return Err("its name or version is empty".to_owned());
        }
        let ecosystem = of_type.of_path(&path);
        let name = ecosystem.name_of_path(&path).ok_or_else(|| match ecosystem.naming() {
            Naming::Colon | Naming::Distribution(_) => {
                format!("packages of the type {kind:?} have a namespace and a name")
            }
            _ => format!("packages of the type {kind:?} have no namespace"),
        })?;
        let version = version.map(|version| match ecosystem {
            Ecosystem::Go if version.starts_with(|c: char| c.is_ascii_digit()) => format!("v{version}"),
            _ => version,
        });
        Ok(PackageId::new(ecosystem, &name, version.as_deref(), Source::PUBLIC_REGISTRY))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Purl> for String {
    fn from(purl: Purl) -> Self {
        purl.0
    }
}

/// Every type of package URLs that is known, each once.
pub fn purl_types() -> impl Iterator<Item = &'static str> {
    let types = Ecosystem::ALL.iter().map(|ecosystem| ecosystem.purl_type());
    let mut seen = BTreeSet::new();
    types.filter(move |purl_type| seen.insert(*purl_type))
}

/// The version, from which the epoch is taken out where the type of package URLs has a qualifier for it
/// (<https://github.com/package-url/purl-spec/blob/main/types-doc/rpm-definition.md>).
fn epoch_and_version(id: &PackageId) -> (Option<&str>, Option<&str>) {
    let version = id.version.as_deref();
    match version.and_then(|version| version.split_once(':')) {
        Some((epoch, rest)) if id.ecosystem.purl_type() == "rpm" => (Some(epoch), Some(rest)),
        _ => (None, version),
    }
}

/// Percent-encodes all but letters, digits, `.-_~` and `:` (purl-spec, "Character encoding").
fn encode(out: &mut String, text: &str) {
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':');
    // As nearly always.
    if text.bytes().all(is_kept) {
        return out.push_str(text);
    }
    for byte in text.bytes() {
        if is_kept(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is not percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = after;
    }
    let decoded = String::from_utf8(bytes).map_err(|_| wrong())?;
    if decoded.chars().any(|c| c.is_control() || c.is_whitespace()) { Err(wrong()) } else { Ok(decoded) }
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
            "pkg:npm/é%ff",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(name in "@?[a-zA-Z][a-zA-Z0-9._+-]{0,8}", version in "[0-9a-z.+-]{1,9}") {
            for ecosystem in [Ecosystem::Npm, Ecosystem::Go, Ecosystem::CratesIo, Ecosystem::PyPi] {
                let version = if ecosystem == Ecosystem::Go { format!("v{version}") } else { version.clone() };
                let id = PackageId::new(ecosystem, &name, Some(&version), Source::PUBLIC_REGISTRY);
                proptest::prop_assert_eq!(Purl::parse(id.purl().as_str()), Ok(id));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "pkg:(npm|cargo|golang)?[/@%?#a0é.]{0,12}") {
            let _ = Purl::parse(&text);
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
