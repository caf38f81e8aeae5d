//! Ecosystems under the names that OSV gives them.

use std::borrow::Cow;
use std::fmt;

/// An ecosystem that a package can come from, named as OSV names it
/// (<https://ossf.github.io/osv-schema/#defined-ecosystems>); those that OSV has no name for, as they call themselves.
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
    /// Artifacts of the Java world, named `group:artifact`.
    Maven,
    /// .NET packages.
    NuGet,
    /// Ruby gems.
    RubyGems,
    /// PHP packages, named `vendor/package`.
    Packagist,
    /// Erlang and Elixir packages.
    Hex,
    /// Dart packages.
    Pub,
    /// Swift packages, named by their repository without scheme: `github.com/apple/swift-nio`.
    SwiftUrl,
    /// C and C++ packages of Conan.
    ConanCenter,
    /// Haskell packages.
    Hackage,
    /// R packages.
    Cran,
    /// Julia packages.
    Julia,
    /// OCaml packages.
    Opam,
    /// GitHub Actions, named `owner/repository` or `owner/repository/path`.
    GitHubActions,
    /// iOS and macOS pods.
    CocoaPods,
    /// Frameworks of Carthage, named as its files do.
    Carthage,
    /// C and C++ ports of vcpkg.
    Vcpkg,
    /// Nim packages.
    Nimble,
    /// Perl distributions.
    Cpan,
    /// Lua rocks.
    LuaRocks,
    /// Conda packages, whatever language they are written in.
    Conda,
    /// Bazel modules.
    Bazel,
    /// Terraform providers and modules, named `host/namespace/type`.
    Terraform,
    /// Container images, named `repository/image`.
    Docker,
    /// Git repositories that are taken as they are, named `host/path`: submodules, hooks, included pipelines.
    Git,
    /// JavaScript packages of JSR, named `@scope/name`.
    Jsr,
    /// Languages and tools that a project runs on, named as version managers do: `node`, `python`, `temurin`.
    Toolchain,
    /// Packages of Debian.
    Debian,
    /// Packages of Ubuntu.
    Ubuntu,
    /// Packages of Alpine Linux.
    Alpine,
    /// Packages of Alpaquita Linux.
    Alpaquita,
    /// Packages of Wolfi.
    Wolfi,
    /// Packages of Chainguard's distribution.
    Chainguard,
    /// Packages of MinimOS.
    MinimOs,
    /// Packages of Red Hat Enterprise Linux.
    RedHat,
    /// Packages of `AlmaLinux`.
    AlmaLinux,
    /// Packages of Rocky Linux.
    RockyLinux,
    /// Packages of SUSE Linux Enterprise.
    Suse,
    /// Packages of openSUSE.
    OpenSuse,
    /// Packages of openEuler.
    OpenEuler,
    /// Packages of Mageia.
    Mageia,
    /// Packages of Azure Linux.
    AzureLinux,
    /// Packages of another distribution that has dpkg.
    OtherDeb,
    /// Packages of another distribution that has apk.
    OtherApk,
    /// Packages of another distribution that has rpm.
    OtherRpm,
}

/// How the name of a package goes into a package URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// It has no namespace.
    Plain,
    /// What stands before the last `/` is the namespace.
    Slash,
    /// What stands before the `:` is the namespace.
    Colon,
    /// The namespace is the distribution: this one, or any that has no ecosystem of its own.
    Distribution(Option<&'static str>),
}

/// What is fixed about an ecosystem.
struct Facts {
    ecosystem: Ecosystem,
    osv_name: &'static str,
    /// The type of its package URLs; where none is registered, the customary word.
    purl_type: &'static str,
    naming: Naming,
    /// Whether OSV has advisories about it.
    advised: bool,
}

const fn advised(ecosystem: Ecosystem, osv_name: &'static str, (purl_type, naming): (&'static str, Naming)) -> Facts {
    Facts { ecosystem, osv_name, purl_type, naming, advised: true }
}

const fn unadvised(ecosystem: Ecosystem, osv_name: &'static str, (purl_type, naming): (&'static str, Naming)) -> Facts {
    Facts { ecosystem, osv_name, purl_type, naming, advised: false }
}

const FACTS: &[Facts] = &[
    advised(Ecosystem::CratesIo, "crates.io", ("cargo", Naming::Plain)),
    advised(Ecosystem::Go, "Go", ("golang", Naming::Slash)),
    advised(Ecosystem::Npm, "npm", ("npm", Naming::Slash)),
    advised(Ecosystem::PyPi, "PyPI", ("pypi", Naming::Plain)),
    advised(Ecosystem::Maven, "Maven", ("maven", Naming::Colon)),
    advised(Ecosystem::NuGet, "NuGet", ("nuget", Naming::Plain)),
    advised(Ecosystem::RubyGems, "RubyGems", ("gem", Naming::Plain)),
    advised(Ecosystem::Packagist, "Packagist", ("composer", Naming::Slash)),
    advised(Ecosystem::Hex, "Hex", ("hex", Naming::Slash)),
    advised(Ecosystem::Pub, "Pub", ("pub", Naming::Plain)),
    advised(Ecosystem::SwiftUrl, "SwiftURL", ("swift", Naming::Slash)),
    advised(Ecosystem::ConanCenter, "ConanCenter", ("conan", Naming::Plain)),
    advised(Ecosystem::Hackage, "Hackage", ("hackage", Naming::Plain)),
    advised(Ecosystem::Cran, "CRAN", ("cran", Naming::Plain)),
    advised(Ecosystem::Julia, "Julia", ("julia", Naming::Plain)),
    advised(Ecosystem::Opam, "opam", ("opam", Naming::Plain)),
    advised(Ecosystem::GitHubActions, "GitHub Actions", ("github", Naming::Slash)),
    unadvised(Ecosystem::CocoaPods, "CocoaPods", ("cocoapods", Naming::Plain)),
    unadvised(Ecosystem::Carthage, "Carthage", ("carthage", Naming::Slash)),
    unadvised(Ecosystem::Vcpkg, "vcpkg", ("vcpkg", Naming::Plain)),
    unadvised(Ecosystem::Nimble, "Nim", ("nim", Naming::Plain)),
    unadvised(Ecosystem::Cpan, "CPAN", ("cpan", Naming::Plain)),
    unadvised(Ecosystem::LuaRocks, "LuaRocks", ("luarocks", Naming::Slash)),
    unadvised(Ecosystem::Conda, "Conda", ("conda", Naming::Plain)),
    unadvised(Ecosystem::Bazel, "Bazel", ("bazel", Naming::Plain)),
    unadvised(Ecosystem::Terraform, "Terraform", ("terraform", Naming::Slash)),
    unadvised(Ecosystem::Docker, "Docker", ("docker", Naming::Slash)),
    unadvised(Ecosystem::Git, "Git", ("git", Naming::Slash)),
    unadvised(Ecosystem::Jsr, "JSR", ("jsr", Naming::Slash)),
    unadvised(Ecosystem::Toolchain, "Toolchain", ("toolchain", Naming::Plain)),
    advised(Ecosystem::Debian, "Debian", ("deb", Naming::Distribution(Some("debian")))),
    advised(Ecosystem::Ubuntu, "Ubuntu", ("deb", Naming::Distribution(Some("ubuntu")))),
    advised(Ecosystem::Alpine, "Alpine", ("apk", Naming::Distribution(Some("alpine")))),
    advised(Ecosystem::Alpaquita, "Alpaquita", ("apk", Naming::Distribution(Some("alpaquita")))),
    advised(Ecosystem::Wolfi, "Wolfi", ("apk", Naming::Distribution(Some("wolfi")))),
    advised(Ecosystem::Chainguard, "Chainguard", ("apk", Naming::Distribution(Some("chainguard")))),
    advised(Ecosystem::MinimOs, "MinimOS", ("apk", Naming::Distribution(Some("minimos")))),
    advised(Ecosystem::RedHat, "Red Hat", ("rpm", Naming::Distribution(Some("redhat")))),
    advised(Ecosystem::AlmaLinux, "AlmaLinux", ("rpm", Naming::Distribution(Some("almalinux")))),
    advised(Ecosystem::RockyLinux, "Rocky Linux", ("rpm", Naming::Distribution(Some("rocky-linux")))),
    advised(Ecosystem::Suse, "SUSE", ("rpm", Naming::Distribution(Some("suse")))),
    advised(Ecosystem::OpenSuse, "openSUSE", ("rpm", Naming::Distribution(Some("opensuse")))),
    advised(Ecosystem::OpenEuler, "openEuler", ("rpm", Naming::Distribution(Some("openeuler")))),
    advised(Ecosystem::Mageia, "Mageia", ("rpm", Naming::Distribution(Some("mageia")))),
    advised(Ecosystem::AzureLinux, "Azure Linux", ("rpm", Naming::Distribution(Some("azure-linux")))),
    unadvised(Ecosystem::OtherDeb, "other dpkg", ("deb", Naming::Distribution(None))),
    unadvised(Ecosystem::OtherApk, "other apk", ("apk", Naming::Distribution(None))),
    unadvised(Ecosystem::OtherRpm, "other rpm", ("rpm", Naming::Distribution(None))),
];

impl Ecosystem {
    /// Every ecosystem, in the order of the enum.
    pub const ALL: &'static [Self] = &{
        let mut all = [Self::CratesIo; FACTS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = FACTS[at].ecosystem;
            at += 1;
        }
        all
    };

    /// Every ecosystem that OSV has advisories about, in the order of the enum.
    pub fn advised() -> impl Iterator<Item = Self> + Clone {
        FACTS.iter().filter(|facts| facts.advised).map(|facts| facts.ecosystem)
    }

    /// The ecosystem of package URLs of a type, which stands in lower case. Where several have the type, which one it is
    /// says the namespace: [`Ecosystem::of_path`].
    pub fn of_purl_type(purl_type: &str) -> Option<Self> {
        FACTS.iter().find(|facts| facts.purl_type == purl_type).map(|facts| facts.ecosystem)
    }

    /// The ecosystem of the same type of package URLs that the decoded `namespace/name` names.
    #[must_use]
    pub fn of_path(self, path: &str) -> Self {
        let Naming::Distribution(_) = self.naming() else { return self };
        let namespace = path.split_once('/').map_or("", |(namespace, _)| namespace);
        let of_type = || FACTS.iter().filter(|facts| facts.purl_type == self.purl_type());
        let is_it = |facts: &&Facts| matches!(facts.naming, Naming::Distribution(Some(known)) if known.eq_ignore_ascii_case(namespace));
        let other = || of_type().find(|facts| facts.naming == Naming::Distribution(None));
        of_type().find(is_it).or_else(other).map_or(self, |facts| facts.ecosystem)
    }

    /// Whether it is a Linux distribution, whose advisories speak of its releases.
    pub fn is_distribution(self) -> bool {
        matches!(self.naming(), Naming::Distribution(_))
    }

    /// What policies call it: the type of its package URLs; of a distribution their namespace.
    pub fn word(self) -> &'static str {
        match self.naming() {
            Naming::Distribution(Some(namespace)) => namespace,
            _ => self.purl_type(),
        }
    }

    const fn facts(self) -> &'static Facts {
        // The rows stand in the order of the enum, which a test holds.
        &FACTS[self as usize]
    }

    pub(super) fn naming(self) -> Naming {
        self.facts().naming
    }

    /// The name of a package whose package URL has these decoded parts between its type and its version, as
    /// `namespace/name`; `None` where the type wants others.
    pub fn name_of_path(self, path: &str) -> Option<String> {
        match self.naming() {
            Naming::Plain => (!path.contains('/')).then(|| path.to_owned()),
            Naming::Slash => Some(path.to_owned()),
            Naming::Distribution(_) => {
                let (_, name) = path.split_once('/').filter(|(_, name)| !name.contains('/'))?;
                Some(name.to_owned())
            }
            Naming::Colon => {
                let (group, artifact) = path.split_once('/').filter(|(_, artifact)| !artifact.contains('/'))?;
                Some(format!("{group}:{artifact}"))
            }
        }
    }

    /// Whether OSV has advisories about it. Of the others nobody says anything that could be matched.
    pub fn is_advised(self) -> bool {
        self.facts().advised
    }

    /// Whether its packages are products with release lines that end, though no advisory speaks of them.
    pub fn has_release_lines(self) -> bool {
        matches!(self, Self::Docker | Self::Toolchain)
    }

    /// OSV's name, for example `crates.io`.
    pub const fn osv_name(self) -> &'static str {
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

    /// A package name in the form under which advisories are looked up. Names that differ only in what the registry
    /// ignores become one: PEP 503 for `PyPI`, lower case where the registry ignores case, repositories without scheme
    /// for `SwiftURL`; the others are compared as written.
    pub fn normalize_name(self, name: &str) -> Cow<'_, str> {
        normalize_name(self.osv_name(), name)
    }
}

/// [`Ecosystem::normalize_name`] for an ecosystem known only by OSV's name, as advisories have it.
pub fn normalize_name<'n>(osv_name: &str, name: &'n str) -> Cow<'n, str> {
    match osv_name {
        "PyPI" => normalize_pep503(name),
        "NuGet" | "Packagist" | "Hex" | "ConanCenter" | "GitHub Actions" | "LuaRocks" => lower(name),
        // Of dpkg and apk, whose names have no capital letters (<https://www.debian.org/doc/debian-policy/>, 5.6.1).
        "Debian" | "Ubuntu" | "other dpkg" => lower(name),
        "Alpine" | "Alpaquita" | "Wolfi" | "Chainguard" | "MinimOS" | "other apk" => lower(name),
        "SwiftURL" => normalize_repository(name),
        _ => Cow::Borrowed(name),
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// A repository as `host/path` in lower case, without `.git`: its address may be written in several ways, and the
/// hosts on which packages lie ignore case.
fn normalize_repository(name: &str) -> Cow<'_, str> {
    let rest = name.split_once("://").map_or(name, |(_, rest)| rest);
    let rest = rest.strip_prefix("git@").unwrap_or(rest).trim_end_matches('/');
    let rest = rest.strip_suffix(".git").unwrap_or(rest);
    match rest.split_once(':') {
        // `git@host:path`
        Some((host, path)) if !host.contains('/') && !path.starts_with(|c: char| c.is_ascii_digit()) => {
            Cow::Owned(format!("{host}/{path}").to_ascii_lowercase())
        }
        _ => lower(rest),
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
        for (at, facts) in FACTS.iter().enumerate() {
            assert_eq!(facts.ecosystem as usize, at, "{}: rows stand in the order of the enum", facts.osv_name);
            let alike = |other: &&Facts| other.osv_name.eq_ignore_ascii_case(facts.osv_name);
            assert_eq!(FACTS.iter().filter(alike).count(), 1, "{}", facts.osv_name);
            let path = match facts.naming {
                Naming::Distribution(Some(namespace)) => format!("{namespace}/name"),
                Naming::Distribution(None) => "somebody/name".to_owned(),
                _ => "name".to_owned(),
            };
            let of_type = Ecosystem::of_purl_type(facts.purl_type).unwrap();
            assert_eq!(of_type.of_path(&path), facts.ecosystem);
            assert_eq!(FACTS.iter().filter(|other| other.ecosystem.word() == facts.ecosystem.word()).count(), 1);
        }
    }

    #[test]
    fn a_repository_has_one_name() {
        for name in [
            "https://github.com/Apple/swift-nio.git",
            "git@github.com:apple/swift-nio.git",
            "ssh://git@github.com/apple/swift-nio",
            "github.com/apple/swift-nio/",
        ] {
            assert_eq!(Ecosystem::SwiftUrl.normalize_name(name), "github.com/apple/swift-nio", "{name}");
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
