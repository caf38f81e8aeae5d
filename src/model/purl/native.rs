//! Between package URLs and the names that ecosystems use themselves, both ways.

use super::parts::GIT;
use super::{PurlParts, purl_types, types};
use crate::model::ecosystem::Naming;
use crate::model::{Ecosystem, PackageId, Source, SourceKind};

/// The parts of the package URL of a package, without version.
pub(super) fn parts_of(ecosystem: Ecosystem, name: &str) -> PurlParts {
    let mut parts = PurlParts { kind: ecosystem.purl_type().to_owned(), ..PurlParts::default() };
    let (name, subpath) = match part_at(ecosystem, name) {
        Some(at) => (&name[..at], Some(name[at + 1..].to_owned())),
        None => (name, None),
    };
    let split = match ecosystem.naming() {
        Naming::Slash if parts.kind == GIT => name.split_once('/'),
        // A name with empty segments is an address; it stays in one piece.
        Naming::Slash if !name.split('/').any(str::is_empty) => name.rsplit_once('/'),
        Naming::Colon => name.split_once(':'),
        Naming::Distribution(namespace) => Some((namespace.unwrap_or("linux"), name)),
        Naming::Slash | Naming::Plain => None,
    };
    let (namespace, name) = split.map_or((None, name), |(namespace, name)| (Some(namespace.to_owned()), name));
    parts.namespace = namespace;
    name.clone_into(&mut parts.name);
    parts.subpath = subpath;
    types::normalize(&mut parts);
    parts
}

/// Says which distribution a package belongs to, and takes the epoch out of its version where the type has a qualifier
/// for it (<https://github.com/package-url/purl-spec/blob/main/types-doc/rpm-definition.md>).
pub(super) fn add_distribution(id: &PackageId, parts: &mut PurlParts) {
    let Some(distribution) = id.distribution.as_deref() else { return };
    if id.ecosystem.naming() == Naming::Distribution(None) {
        parts.namespace = Some(distribution.id.clone());
    }
    let distro = match &distribution.version {
        Some(version) => format!("{}-{version}", distribution.id),
        None => distribution.id.clone(),
    };
    parts.qualifiers.insert("distro".to_owned(), distro);
    let with_epoch = parts.version.as_deref().and_then(|version| version.split_once(':'));
    if let Some((epoch, version)) = with_epoch.filter(|_| parts.kind == "rpm") {
        parts.qualifiers.insert("epoch".to_owned(), epoch.to_owned());
        parts.version = Some(version.to_owned());
    }
}

/// Where the slash stands behind which a name goes on with a part of the package: an action within its repository, a
/// subspec within its pod.
fn part_at(ecosystem: Ecosystem, name: &str) -> Option<usize> {
    let nth = match ecosystem {
        Ecosystem::GitHubActions => 1,
        Ecosystem::CocoaPods => 0,
        _ => return None,
    };
    // What a subpath cannot hold stays in the name.
    let is_path = |path: &str| !path.split('/').any(|segment| matches!(segment, "" | "." | ".."));
    let (at, _) = name.match_indices('/').nth(nth)?;
    (at > 0 && is_path(&name[at + 1..])).then_some(at)
}

impl PurlParts {
    /// The ecosystem of its type, where that is one that is known here.
    pub fn ecosystem(&self) -> Option<Ecosystem> {
        // GitHub's own exports name actions by a type that is not registered.
        let kind = if self.kind == "githubactions" { "github" } else { &self.kind };
        let path = format!("{}/{}", self.namespace.as_deref().unwrap_or_default(), self.name);
        Ecosystem::of_purl_type(kind).map(|ecosystem| ecosystem.of_path(&path))
    }

    /// The package that it names, with the source that its qualifiers say; without them, the public registry. Of a
    /// subpath only what is part of the name counts.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn package(&self) -> Result<PackageId, String> {
        let kind = &self.kind;
        let known = || purl_types().collect::<Vec<_>>().join(", ");
        let ecosystem = self
            .ecosystem()
            .ok_or_else(|| format!("packages of the type {kind:?} are not known; known types: {}", known()))?;
        let mut name = match (ecosystem.naming(), &self.namespace) {
            (Naming::Plain | Naming::Slash, None) => self.name.clone(),
            (Naming::Slash, Some(namespace)) => format!("{namespace}/{}", self.name),
            (Naming::Colon, Some(namespace)) => format!("{namespace}:{}", self.name),
            (Naming::Distribution(_), Some(_)) => self.name.clone(),
            (Naming::Colon | Naming::Distribution(_), None) => {
                return Err(format!("packages of the type {kind:?} have a namespace and a name"));
            }
            // The vendor and the author are no part of the name.
            (Naming::Plain, Some(_)) if matches!(ecosystem, Ecosystem::ConanCenter | Ecosystem::Cpan) => {
                self.name.clone()
            }
            (Naming::Plain, Some(_)) => return Err(format!("packages of the type {kind:?} have no namespace")),
        };
        if let (Some(subpath), true) = (&self.subpath, self.may_have_part()) {
            name = format!("{name}/{subpath}");
        }
        let version = self.version.as_ref().map(|version| match ecosystem {
            Ecosystem::Go if version.starts_with(|c: char| c.is_ascii_digit()) && !is_go_itself(&name) => {
                format!("v{version}")
            }
            _ => version.clone(),
        });
        Ok(PackageId::new(ecosystem, &name, version.as_deref(), self.source(ecosystem)))
    }

    /// Whether all that it says is which package of the public registry it is.
    pub(super) fn is_plain(&self) -> bool {
        let is_plain = |(key, value): (&String, &String)| {
            // Defaults, and the number by which Julia tells packages of one name apart.
            matches!(
                (self.kind.as_str(), key.as_str(), value.as_str()),
                ("julia", "uuid", _)
                    | ("maven", "type", "jar")
                    | ("gem", "platform", "ruby")
                    | ("cpan", "ext", "tar.gz")
            )
        };
        self.qualifiers.iter().all(is_plain) && (self.subpath.is_none() || self.may_have_part())
    }

    /// Whether a subpath is part of the package's name.
    fn may_have_part(&self) -> bool {
        matches!(self.ecosystem(), Some(Ecosystem::GitHubActions | Ecosystem::CocoaPods))
    }

    fn source(&self, ecosystem: Ecosystem) -> Source {
        // Tools give the address of the repository of a package from a registry as well, but then without a revision.
        if let Some(source) = self.qualifier("vcs_url").and_then(git) {
            return source;
        }
        if let Some(url) = self.qualifier("download_url") {
            if let Some(path) = url.strip_prefix("file:") {
                return Source::at(SourceKind::Path, path.strip_prefix("//").unwrap_or(path));
            }
            // The archive of a registry has the package's name and version in its address; another one says where a
            // package comes from that no registry need have.
            let of_registry =
                url.contains(&self.name) && self.version.as_ref().is_none_or(|version| url.contains(version));
            if !of_registry {
                return Source::at(SourceKind::Url, url);
            }
        }
        match self.qualifier("repository_url") {
            Some(url) if ecosystem == Ecosystem::CratesIo && url.contains("crates.io") => Source::PUBLIC_REGISTRY,
            Some(url) => Source::at(SourceKind::Registry, url),
            None => Source::PUBLIC_REGISTRY,
        }
    }
}

/// A repository at a revision: `git+https://host/path@revision`.
fn git(url: &str) -> Option<Source> {
    let at = url.rfind('@').filter(|&at| at > url.rfind('/').unwrap_or(usize::MAX))?;
    Some(Source::at(SourceKind::Git, &format!("{}#{}", &url[..at], &url[at + 1..])))
}

/// Go's standard library and its tools, whose versions have no `v`.
fn is_go_itself(name: &str) -> bool {
    matches!(name, "stdlib" | "toolchain")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Purl;

    fn label(text: &str) -> String {
        match PurlParts::read(text).and_then(|parts| parts.package()) {
            Ok(id) => {
                let url = id.source.url.as_ref().map(|url| format!("({url})")).unwrap_or_default();
                format!("{}: {} {}{url}", id.ecosystem, id.label(), id.source.kind.as_str())
            }
            Err(why) => why,
        }
    }

    #[test]
    fn a_purl_names_a_package_of_its_ecosystem() {
        for (purl, expected) in [
            (
                "pkg:maven/org.apache.commons/commons-lang3@3.12.0?type=jar",
                "Maven: org.apache.commons:commons-lang3 3.12.0 registry",
            ),
            ("pkg:golang/github.com%2Fgorilla%2Fmux@v1.8.0", "Go: github.com/gorilla/mux v1.8.0 registry"),
            ("pkg:golang/golang.org/x/net@0.7.0#html", "Go: golang.org/x/net v0.7.0 registry"),
            ("pkg:golang/stdlib@1.22.1", "Go: stdlib 1.22.1 registry"),
            ("pkg:npm/%40babel%2Fcore@7.0.0", "npm: @babel/core 7.0.0 registry"),
            ("pkg:composer/Symfony/Console@v5.4.0", "Packagist: symfony/console v5.4.0 registry"),
            ("pkg:hex/acme/foo@1.0.0", "Hex: acme/foo 1.0.0 registry"),
            (
                "pkg:swift/github.com/Alamofire/Alamofire@5.4.3",
                "SwiftURL: github.com/alamofire/alamofire 5.4.3 registry",
            ),
            (
                "pkg:conan/openssl.org/openssl@3.0.3?user=bincrafters&channel=stable",
                "ConanCenter: openssl 3.0.3 registry",
            ),
            ("pkg:cpan/DROLSKY/DateTime@1.55", "CPAN: DateTime 1.55 registry"),
            ("pkg:github/actions/cache@v4#restore", "GitHub Actions: actions/cache/restore v4 registry"),
            ("pkg:cocoapods/ShareKit@2.0#Twitter", "CocoaPods: ShareKit/Twitter 2.0 registry"),
            ("pkg:nuget/Newtonsoft.Json@13.0.1", "NuGet: newtonsoft.json 13.0.1 registry"),
            ("pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a", "Julia: Dates 1.9.0 registry"),
            ("pkg:cargo/app@0.1.0?download_url=file://.", "crates.io: app 0.1.0 path(.)"),
            (
                "pkg:npm/left-pad@1.3.0?download_url=https://registry.example/left-pad/-/left-pad-1.3.0.tgz",
                "npm: left-pad 1.3.0 registry",
            ),
            (
                "pkg:npm/left-pad@1.3.0?download_url=https://host.example/fork.tgz",
                "npm: left-pad 1.3.0 url(https://host.example/fork.tgz)",
            ),
            (
                "pkg:npm/left-pad@1.3.0?vcs_url=git%2Bssh://git@host.example/left-pad.git%400a1b2c",
                "npm: left-pad 1.3.0 git(git+ssh://git@host.example/left-pad.git#0a1b2c)",
            ),
            (
                "pkg:npm/left-pad@1.3.0?vcs_url=git%2Bssh://git@host.example/left-pad.git",
                "npm: left-pad 1.3.0 registry",
            ),
            (
                "pkg:cargo/app@1.0.0?repository_url=https://registry.example/index",
                "crates.io: app 1.0.0 registry(https://registry.example/index)",
            ),
            ("pkg:maven/junit@4.13", "packages of the type \"maven\" have a namespace and a name"),
            ("pkg:gem/a/b@1", "packages of the type \"gem\" have no namespace"),
        ] {
            assert_eq!(label(purl), expected, "{purl}");
        }
        assert_eq!(label("pkg:deb/debian/curl@7.88.1"), "Debian: curl 7.88.1 registry");
        assert!(label("pkg:snap/curl@7.88.1").starts_with("packages of the type \"snap\" are not known"));
    }

    /// Names as each ecosystem writes them.
    fn names(ecosystem: Ecosystem) -> &'static str {
        match ecosystem {
            Ecosystem::Npm | Ecosystem::Jsr => "(@[a-z0-9._-]{1,5}/)?[a-zA-Z][a-zA-Z0-9._~-]{0,8}",
            Ecosystem::Maven => "[a-zA-Z][a-zA-Z0-9._-]{0,8}:[a-zA-Z][a-zA-Z0-9._-]{0,8}",
            Ecosystem::Go | Ecosystem::SwiftUrl | Ecosystem::Git | Ecosystem::Terraform => {
                "[a-z]{1,5}\\.[a-z]{2,3}/[a-z0-9._~!-]{1,5}(/[a-z][a-z0-9]{0,4}){0,3}"
            }
            Ecosystem::Packagist | Ecosystem::Carthage => "[a-z]{1,5}/[a-z0-9._-]{1,8}",
            Ecosystem::GitHubActions => "[a-z]{1,5}/[a-z0-9_-]{1,8}(/[a-z]{1,5}){0,2}",
            Ecosystem::CocoaPods => "[a-zA-Z][a-zA-Z0-9+]{0,8}(/[a-zA-Z+]{1,5}){0,2}",
            Ecosystem::Docker => "([a-z]{1,5}/){0,2}[a-z][a-z0-9_-]{0,8}",
            Ecosystem::Hex | Ecosystem::LuaRocks => "([a-z]{1,5}/)?[a-z][a-z0-9_]{0,8}",
            Ecosystem::Pub => "[a-z_][a-z0-9_]{0,8}",
            Ecosystem::Nimble => "(https://host\\.example/[a-z]{1,5}/)?[a-zA-Z][a-zA-Z0-9_]{0,8}",
            _ => "[a-zA-Z][a-zA-Z0-9._+-]{0,8}",
        }
    }

    #[test]
    fn every_ecosystem_comes_back() {
        use proptest::prelude::*;
        for &ecosystem in Ecosystem::ALL {
            let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
            let mut runner = proptest::test_runner::TestRunner::new(config);
            let run =
                runner.run(&(names(ecosystem), "[0-9a-z.+~:-]{1,9}", any::<bool>()), |(name, version, is_git)| {
                    let version = if ecosystem == Ecosystem::Go { format!("v{version}") } else { version };
                    let git = || Source::at(SourceKind::Git, "git+https://host.example/a@b/c.git#0a1b");
                    let source = if is_git { git() } else { Source::PUBLIC_REGISTRY };
                    let id = PackageId::new(ecosystem, &name, Some(&version), source);
                    let purl = id.purl().to_string();
                    let parts = PurlParts::read(&purl).map_err(TestCaseError::fail)?;
                    prop_assert_eq!(parts.to_string(), purl.as_str());
                    prop_assert_eq!(parts.package(), Ok(id.clone()), "{}", purl);
                    if !is_git {
                        prop_assert_eq!(Purl::parse(&purl), Ok(id), "{}", purl);
                    }
                    Ok(())
                });
            run.unwrap_or_else(|why| panic!("{ecosystem}: {why}"));
        }
    }
}
