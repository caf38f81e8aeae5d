//! Files that are recognised and that no parser reads yet, so that nobody takes silence for safety. All stand in the
//! ledger as `unsupported`; those that say which versions are used make the run incomplete.
//!
//! The names are those that other scanners read (OSV-Scanner and OSV-SCALIBR, `docs/supported_inventory_types.md`),
//! and lockfiles that they do not. Left out is what has no name of its own: archives, binaries, disk images,
//! Kubernetes manifests.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fits;

/// A kind of file that is recognised by name alone.
#[derive(Debug)]
pub struct Unsupported {
    /// OSV's name of the ecosystem, or a word for it where OSV has none.
    pub ecosystem: &'static str,
    /// Names as in [`Parser::names`](super::Parser::names).
    pub names: &'static [&'static str],
    /// Whether a run that meets such a file is incomplete: it is a lockfile, an SBOM, a database of what is installed,
    /// or a manifest that is data and all that its ecosystem has (`pom.xml`). Not so manifests that have a lockfile
    /// beside them (`Gemfile`), programs (`build.gradle`), and what is not about packages alone (`bitbucket-pipelines.yml`).
    pub lockfile: bool,
}

/// A row of files that say which versions are used.
const fn fixes(ecosystem: &'static str, names: &'static [&'static str]) -> Unsupported {
    Unsupported { ecosystem, names, lockfile: true }
}

/// A row of files that ask for something, or that another file makes exact.
const fn asks(ecosystem: &'static str, names: &'static [&'static str]) -> Unsupported {
    Unsupported { ecosystem, names, lockfile: false }
}

/// Every such kind.
pub const UNSUPPORTED: &[Unsupported] = &[
    fixes("Maven", &["ivy.xml", "deps.edn", "build.sbt.lock"]),
    asks(
        "Maven",
        &[
            "build.gradle",
            "build.gradle.kts",
            "*.gradle",
            "*.gradle.kts",
            "build.sbt",
            "project/plugins.sbt",
            "project.clj",
            "build.sc",
            "build.mill",
        ],
    ),
    fixes("NuGet", &["paket.lock", ".config/dotnet-tools.json", "dotnet-tools.json", "libman.json"]),
    asks("NuGet", &["paket.dependencies", "*.nuspec", "global.json"]),
    fixes("Packagist", &["vendor/composer/installed.json"]),
    fixes("Hex", &["rebar.lock", "gleam.toml"]),
    asks("Hex", &["rebar.config"]),
    asks("SwiftURL", &["Package.swift"]),
    fixes("CocoaPods", &["Podfile.lock", "Pods/Manifest.lock"]),
    asks("CocoaPods", &["Podfile", "*.podspec", "*.podspec.json"]),
    fixes("Carthage", &["Cartfile.resolved"]),
    asks("Carthage", &["Cartfile", "Cartfile.private"]),
    asks("ConanCenter", &["conanfile.py"]),
    fixes("vcpkg", &["vcpkg-lock.json", "installed/vcpkg/status"]),
    asks("vcpkg", &["vcpkg-configuration.json"]),
    fixes("C/C++", &["subprojects/*.wrap", "package-lock.cmake", "dependencies.lock"]),
    asks("C/C++", &["west.yml", "idf_component.yml", "platformio.ini"]),
    asks("Hackage", &["stack.yaml", "*.cabal", "cabal.project"]),
    fixes("CRAN", &["packrat/packrat.lock"]),
    asks("CRAN", &["DESCRIPTION"]),
    fixes("opam", &["dune.lock/lock.dune", "esy.lock/index.json"]),
    asks("opam", &["*.opam", "dune-project"]),
    asks("Nim", &["*.nimble"]),
    fixes("CPAN", &["carton.lock"]),
    asks("CPAN", &["cpanfile", "META.json", "META.yml"]),
    asks("LuaRocks", &["*.rockspec"]),
    fixes("Conda", &["conda-meta/*.json"]),
    asks("Conda", &["pixi.toml"]),
    fixes("PyPI", &["requirements-dev.lock"]),
    asks("PyPI", &["setup.py", "setup.cfg", "*requirements*.in", "requirements/*.in", "hatch.toml", "buildout.cfg"]),
    fixes("npm", &["bun.lockb", "shrinkwrap.yaml", "bower.json"]),
    asks("npm", &["jsr.json"]),
    fixes("Go", &["glide.lock", "Godeps/Godeps.json", "vendor/vendor.json"]),
    asks("Go", &["vendor/modules.txt", "go.work.sum", "Gopkg.toml", "glide.yaml"]),
    asks("Bazel", &["WORKSPACE", "WORKSPACE.bazel", "BUILD.bazel"]),
    fixes("Helm", &["Chart.lock", "helmfile.lock", "requirements.lock"]),
    asks("Helm", &["Chart.yaml"]),
    fixes("Nix", &["flake.lock", "npins/sources.json", "nix/sources.json", "devbox.lock", "devenv.lock"]),
    asks("Nix", &["flake.nix"]),
    fixes("Elm", &["elm.json"]),
    fixes("Crystal", &["shard.lock"]),
    asks("Crystal", &["shard.yml"]),
    fixes("D", &["dub.selections.json"]),
    asks("D", &["dub.json", "dub.sdl"]),
    fixes("Zig", &["build.zig.zon"]),
    fixes("PureScript", &["spago.lock"]),
    fixes("Unity", &["Packages/packages-lock.json"]),
    fixes("Chef", &["Berksfile.lock", "Policyfile.lock.json"]),
    asks("Chef", &["Berksfile"]),
    asks("Ansible", &["requirements.yml"]),
    asks("Puppet", &["Puppetfile"]),
    fixes("Buf", &["buf.lock"]),
    fixes("Jsonnet", &["jsonnetfile.lock.json"]),
    fixes("Carvel", &["vendir.lock.yml"]),
    fixes("Smart contracts", &["foundry.lock", "soldeer.lock", "Scarb.lock", "Move.lock"]),
    fixes("Homebrew", &["Brewfile.lock.json", "Cellar/*/*/INSTALL_RECEIPT.json"]),
    asks("Homebrew", &["Brewfile"]),
    asks("CI", &[".circleci/config.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml"]),
    asks("Toolchains", &["mise.lock"]),
    fixes(
        "SBOM",
        &["*.spdx.yml", "*.spdx.yaml", "*.spdx.rdf", "*.spdx.rdf.xml", "*.spdx.xml", "osv-scanner-custom.json"],
    ),
    fixes("Debian", &["var/lib/chisel/manifest.wall"]),
    fixes("Alpine", &["apko.lock.json"]),
    fixes(
        "Red Hat",
        &[
            "usr/lib/sysimage/rpm/Packages",
            "usr/lib/sysimage/rpm/Packages.db",
            "var/lib/rpm/Packages",
            "var/lib/rpm/Packages.db",
            "usr/share/rpm/Packages",
            "usr/share/rpm/Packages.db",
            "rpms.lock.yaml",
        ],
    ),
    fixes("Arch Linux", &["var/lib/pacman/local/*/desc"]),
    fixes("Gentoo", &["var/db/pkg/*/*/PF"]),
    fixes("Container-Optimized OS", &["etc/cos-package-info.json"]),
    fixes("Snap", &["snap/*/*/meta/snap.yaml"]),
];

/// The kinds whose name is plain text, so that most files of a tree cost one look-up.
static PLAIN: LazyLock<HashMap<&'static str, &'static Unsupported>> = LazyLock::new(|| {
    let names = UNSUPPORTED.iter().flat_map(|kind| kind.names.iter().map(move |&name| (name, kind)));
    names.filter(|(name, _)| is_plain(name)).collect()
});

/// The names that are patterns.
static PATTERNS: LazyLock<Vec<(&'static str, &'static Unsupported)>> = LazyLock::new(|| {
    let names = UNSUPPORTED.iter().flat_map(|kind| kind.names.iter().map(move |&name| (name, kind)));
    names.filter(|(name, _)| !is_plain(name)).collect()
});

fn is_plain(name: &str) -> bool {
    !name.contains(['*', '/'])
}

/// The unsupported kind of a file at that path. A file that a parser reads is none, whatever this says.
pub fn unsupported_for(path: &str) -> Option<&'static Unsupported> {
    let plain = PLAIN.get(super::file_name_of(path)).copied();
    plain.or_else(|| PATTERNS.iter().find(|(pattern, _)| fits(pattern, path)).map(|&(_, kind)| kind))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ecosystem::{PARSERS, parser_for};

    #[test]
    fn no_name_is_claimed_twice() {
        let mut seen = BTreeSet::new();
        for name in UNSUPPORTED.iter().flat_map(|kind| kind.names) {
            assert!(seen.insert(*name), "{name} stands twice");
            // A path that the pattern fits.
            let path = name.replace('*', "x");
            assert!(parser_for(&path).is_none(), "{name} has a parser");
        }
        for name in PARSERS.iter().flat_map(|parser| parser.names) {
            let path = name.replace('*', "x");
            assert!(unsupported_for(&path).is_none(), "{name} has a parser");
        }
    }

    const REAL: &[(&str, &str, bool)] = &[
        ("build.gradle", "Maven", false),
        ("app/build.gradle.kts", "Maven", false),
        ("paket.lock", "NuGet", true),
        ("paket.dependencies", "NuGet", false),
        ("rebar.lock", "Hex", true),
        ("gleam.toml", "Hex", true),
        ("Package.swift", "SwiftURL", false),
        ("ios/Podfile.lock", "CocoaPods", true),
        ("ios/Podfile", "CocoaPods", false),
        ("Cartfile.resolved", "Carthage", true),
        ("conanfile.py", "ConanCenter", false),
        ("subprojects/zlib.wrap", "C/C++", true),
        ("app.opam", "opam", false),
        ("x-1.0-1.rockspec", "LuaRocks", false),
        ("env/conda-meta/zlib-1.2.json", "Conda", true),
        ("setup.py", "PyPI", false),
        ("setup.cfg", "PyPI", false),
        ("requirements/main.in", "PyPI", false),
        ("bun.lockb", "npm", true),
        ("vendor/modules.txt", "Go", false),
        ("go.work.sum", "Go", false),
        ("glide.lock", "Go", true),
        ("chart/Chart.lock", "Helm", true),
        ("flake.lock", "Nix", true),
        ("build.zig.zon", "Zig", true),
        (".circleci/config.yml", "CI", false),
        ("mise.lock", "Toolchains", false),
        ("rootfs/var/lib/chisel/manifest.wall", "Debian", true),
        ("apko.lock.json", "Alpine", true),
        ("app.spdx.yml", "SBOM", true),
        ("rootfs/var/lib/chisel/manifest.wall", "Debian", true),
        ("apko.lock.json", "Alpine", true),
        ("app.spdx.yml", "SBOM", true),
        ("var/lib/rpm/Packages", "Red Hat", true),
        ("usr/lib/sysimage/rpm/Packages.db", "Red Hat", true),
        ("var/lib/pacman/local/zlib-1-1/desc", "Arch Linux", true),
    ];

    #[test]
    fn real_paths_are_recognised() {
        let is_wrong = |&&(path, ecosystem, lockfile): &&(&str, &str, bool)| {
            unsupported_for(path).is_none_or(|kind| (kind.ecosystem, kind.lockfile) != (ecosystem, lockfile))
        };
        let wrong: Vec<&str> = REAL.iter().filter(is_wrong).map(|(path, ..)| *path).collect();
        assert!(wrong.is_empty(), "not recognised as they should be: {wrong:?}");
    }

    #[test]
    fn what_only_looks_alike_is_not() {
        let paths = [
            "README.md",
            "src/main.rs",
            "docs/workflows/ci.yml",
            ".github/workflows/old/ci.yml",
            ".github/dependabot.yml",
            "lib/dpkg/status",
            "pom.xml.bak",
            "Gemfile.local",
            "my-bom.json5",
            "manifest.toml",
            "status",
            "METADATA",
        ];
        for path in paths {
            assert!(unsupported_for(path).is_none(), "{path} is taken for {:?}", unsupported_for(path));
        }
    }
}
