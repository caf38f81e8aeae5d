//! Packages: what they are, and where they come from.

use super::{Ecosystem, Purl};

/// Where a package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A package registry.
    Registry,
    /// A git repository.
    Git,
    /// A folder on the machine that is no member of the project.
    Path,
    /// An archive behind a plain URL.
    Url,
    /// The project itself, or a member of its workspace.
    Workspace,
    /// The file does not say.
    Unknown,
}

impl SourceKind {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Git => "git",
            Self::Path => "path",
            Self::Url => "url",
            Self::Workspace => "workspace",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a package comes from, and from which address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The kind of place.
    pub kind: SourceKind,
    /// The address without credentials, where the file names one. Of a registry: its index or origin,
    /// not the package's own download address; `None` is the ecosystem's public registry.
    /// Of git: the repository with `#` and the full commit, where it is known.
    pub url: Option<String>,
}

impl Source {
    /// A source of that kind whose address is not given.
    pub const fn of(kind: SourceKind) -> Self {
        Self { kind, url: None }
    }

    /// The ecosystem's public registry.
    pub const PUBLIC_REGISTRY: Self = Self::of(SourceKind::Registry);

    /// A source with its address, from which user name and password are taken out.
    pub fn at(kind: SourceKind, url: &str) -> Self {
        Self { kind, url: Some(without_credentials(url)) }
    }

    /// The host of its address, with its port, in lower case; of what is no address, the text.
    pub fn host(&self) -> Option<String> {
        self.url.as_deref().map(host)
    }

    /// Whether its address is the named one or lies below it. What is named without a scheme is a host.
    pub fn is_below(&self, named: &str) -> bool {
        let Some(url) = self.url.as_deref() else { return false };
        if !named.contains("://") {
            return host(url) == named.to_ascii_lowercase();
        }
        let (named, url) = (plain_address(named), plain_address(url));
        // `…/npm/../other` is not below `…/npm`.
        let climbs = url.contains("..") || url.to_ascii_lowercase().contains("%2e");
        !climbs && url.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// An address without what Cargo puts before it, and without a last slash.
fn plain_address(url: &str) -> &str {
    let url = ["registry+", "sparse+"].iter().find_map(|prefix| url.strip_prefix(prefix)).unwrap_or(url);
    url.trim_end_matches('/')
}

/// The address without `user:password@`.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        // `git@host` is the customary ssh user and no secret.
        Some(at) if &rest[..at] != "git" => format!("{scheme}://{}", &rest[at + 1..]),
        _ => url.to_owned(),
    }
}

/// What makes two packages the same: ecosystem, name, version and source. A crate from a registry and the
/// same crate from git are two packages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's normal form ([`Ecosystem::normalize_name`]).
    pub name: String,
    /// The version as the file writes it (Go: with its `v`); `None` where only a requirement is known.
    pub version: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// Of a package of a Linux distribution, which one.
    pub distribution: Option<Box<Distribution>>,
}

/// The distribution that a package belongs to, and what its advisories call the package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Distribution {
    /// What it calls itself: `ID` of `os-release`
    /// (<https://www.freedesktop.org/software/systemd/man/latest/os-release.html>).
    pub id: String,
    /// The release as it calls it: `VERSION_ID`.
    pub version: Option<String>,
    /// The release as OSV writes it behind the `:` of the ecosystem (`12` of `Debian:12`), without what only tells support
    /// contracts and repositories apart. `None` where the ecosystem has no releases.
    pub release: Option<String>,
    /// The source package that it was built from, and its version: where advisories speak of that and not of what it is
    /// installed as.
    pub built_from: Option<(String, String)>,
}

impl PackageId {
    /// An identity with its name normalised.
    pub fn new(ecosystem: Ecosystem, name: &str, version: Option<&str>, source: Source) -> Self {
        Self {
            ecosystem,
            name: ecosystem.normalize_name(name).into_owned(),
            version: version.map(str::to_owned),
            source,
            distribution: None,
        }
    }

    /// The same package in a distribution.
    #[must_use]
    pub fn in_distribution(self, distribution: Distribution) -> Self {
        Self { distribution: Some(Box::new(distribution)), ..self }
    }

    /// The name and version under which advisories speak of it.
    pub fn advised_as(&self) -> (&str, Option<&str>) {
        match self.distribution.as_deref().and_then(|distribution| distribution.built_from.as_ref()) {
            Some((name, version)) => (name, self.version.as_ref().map(|_| version.as_str())),
            None => (&self.name, self.version.as_deref()),
        }
    }

    /// The release of its distribution, as [`Distribution::release`] has it.
    pub fn release(&self) -> Option<&str> {
        self.distribution.as_deref()?.release.as_deref()
    }

    /// Its package URL.
    pub fn purl(&self) -> Purl {
        Purl::of(self)
    }

    /// `name version`, or the name alone.
    pub fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A package in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it is.
    pub id: PackageId,
    /// Its hash as the file writes it, for example `sha512-…`.
    pub integrity: Option<String>,
    /// Whether the file records that it runs code when it is installed; `None` where the format does not say.
    pub install_script: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_no_credentials() {
        let url = |text| Source::at(SourceKind::Git, text).url.unwrap();
        assert_eq!(url("https://user:secret@host.example/a@b"), "https://host.example/a@b");
        assert_eq!(url("https://token@host.example"), "https://host.example");
        assert_eq!(url("ssh://git@host.example/a"), "ssh://git@host.example/a");
        assert_eq!(url("../local"), "../local");
    }
}
