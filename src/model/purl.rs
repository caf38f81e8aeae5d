//! Package URLs (<https://github.com/package-url/purl-spec>, ECMA-427): how a package is named in reports.
//! Advisories are matched by ecosystem, native name and version, never by purl.

use std::fmt::{self, Write as _};

use super::{Ecosystem, PackageId, Source, SourceKind};

/// A package URL in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl(String);

impl Purl {
    /// The purl of a package: its type, namespace, name and version; for git, `vcs_url`.
    pub fn of(id: &PackageId) -> Self {
        let mut out = format!("pkg:{}", id.ecosystem.purl_type());
        let (namespace, name) = match id.ecosystem {
            Ecosystem::Npm | Ecosystem::Go => id.name.rsplit_once('/').unwrap_or(("", &id.name)),
            Ecosystem::CratesIo | Ecosystem::PyPi => ("", id.name.as_str()),
        };
        for segment in namespace.split('/').filter(|segment| !segment.is_empty()) {
            out.push('/');
            encode(&mut out, segment);
        }
        out.push('/');
        encode(&mut out, name);
        if let Some(version) = &id.version {
            out.push('@');
            encode(&mut out, version);
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
        let of_kind = |ecosystem: &&Ecosystem| ecosystem.purl_type() == kind;
        let known = || Ecosystem::ALL.iter().map(|ecosystem| ecosystem.purl_type()).collect::<Vec<_>>().join(", ");
        let ecosystem = *Ecosystem::ALL
            .iter()
            .find(of_kind)
            .ok_or_else(|| format!("packages of the type {kind:?} are not known; known types: {}", known()))?;
        // An `@` before the last `/` belongs to the namespace.
        let (path, version) = match rest.rfind('@').filter(|&at| at > rest.rfind('/').unwrap_or(0)) {
            Some(at) => (&rest[..at], Some(decode(&rest[at + 1..])?)),
            None => (rest, None),
        };
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let name = segments.map(decode).collect::<Result<Vec<_>, _>>()?.join("/");
        if name.is_empty() || version.as_deref() == Some("") {
            return Err("its name or version is empty".to_owned());
        }
        if matches!(ecosystem, Ecosystem::CratesIo | Ecosystem::PyPi) && name.contains('/') {
            return Err(format!("packages of the type {kind:?} have no namespace"));
        }
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
    use crate::model::Source;

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
        assert_eq!(read("pkg:PyPI/Zope.Interface"), of(Ecosystem::PyPi, "zope-interface", ""));
        for text in [
            "",
            "left-pad",
            "npm/left-pad",
            "pkg:npm",
            "pkg:npm/",
            "pkg:npm/a@",
            "pkg:deb/debian/curl",
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
