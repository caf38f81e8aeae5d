//! Package URLs (<https://github.com/package-url/purl-spec>, ECMA-427): how a package is named in reports.
//! Advisories are matched by ecosystem, native name and version, never by purl.

use std::fmt::{self, Write as _};

use super::{Ecosystem, PackageId, SourceKind};

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

/// Percent-encodes all but letters, digits, `.-_~` and `:` (purl-spec, "Character encoding").
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn purl(ecosystem: Ecosystem, name: &str, version: &str, source: Source) -> String {
        PackageId::new(ecosystem, name, Some(version), source).purl().to_string()
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
