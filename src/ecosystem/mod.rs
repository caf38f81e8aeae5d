//! Manifests and lockfiles: one file per format, and the table of all that is recognised.
//!
//! A parser is a function `(path, bytes) -> Parsed`. It reads no file system, never fails and never panics: what
//! it cannot read becomes a diagnostic with its line, and what it could read is kept. Its input is hostile.
//!
//! To add a parser: one file with a [`Parser`] constant, one row in [`PARSERS`], one fixture folder
//! `fixtures/parsers/<id>/`. The tests over the table fail until all three are there.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

pub use crate::model::join;
use crate::model::{DependencyGraph, Diagnostic, Ecosystem, RepoPath};

mod apple;
mod bazel;
mod beam;
mod built;
mod cargo;
mod ci;
mod conda;
mod container;
mod dart;
mod deno;
mod drift;
#[cfg(test)]
mod fixture;
mod git;
mod go;
mod haskell;
mod installed;
mod julia;
mod lua;
mod maven;
mod native;
mod nim;
mod npm;
mod nuget;
mod ocaml;
mod perl;
mod php;
mod python;
mod r;
mod reference;
mod ruby;
mod sbom;
mod syntax;
mod system;
mod terraform;
mod toolchain;
mod unsupported;

pub use built::program::program_data;
pub use installed::{folders_in_name, installation_of, is_installation, is_installed_folder, is_read_beside};
pub use unsupported::{UNSUPPORTED, Unsupported, unsupported_for};

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It fixes exact versions. Read first; it says which manifests it read with it.
    Lockfile,
    /// It asks for versions. Read for itself only where no lockfile read it.
    Manifest,
    /// It says what is installed. Read where that is asked for, with the other files of the same installation
    /// ([`installation_of`]), of which the first one that is read names the others as companions.
    Installed,
}

impl Role {
    /// Whether the file says which versions are used, so that one which cannot be read makes a run incomplete.
    pub fn fixes_versions(self) -> bool {
        self != Self::Manifest
    }

    /// The word that tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lockfile => "lockfile",
            Self::Manifest => "manifest",
            Self::Installed => "installed",
        }
    }
}

/// How well a parser tells something. Tests hold it against what the parser does on its fixtures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Support {
    /// Always.
    Full,
    /// Where the file, or the manifest beside it, says so.
    Partial,
    /// The format does not say.
    None,
}

/// What a parser can tell of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Who needs whom.
    pub graph: Support,
    /// Which packages a project names itself.
    pub direct: Support,
    /// What a package is for.
    pub kinds: Support,
    /// Registry, git, path or URL.
    pub source: Support,
    /// Line and column of the version.
    pub lines: Support,
    /// The package's hash.
    pub integrity: Support,
}

impl Capabilities {
    /// Everything, always.
    pub const FULL: Self = Self::all(Support::Full);

    /// Nothing.
    pub const NONE: Self = Self::all(Support::None);

    const fn all(support: Support) -> Self {
        Self { graph: support, direct: support, kinds: support, source: support, lines: support, integrity: support }
    }
}

/// A row of [`PARSERS`].
#[derive(Debug)]
pub struct Parser {
    /// Its kebab-case id: file name (with `_`), fixture folder, docs anchor.
    pub id: &'static str,
    /// Where its packages come from.
    pub ecosystem: Ecosystem,
    /// Lockfile or manifest.
    pub role: Role,
    /// Names of the files that it reads: a file name, in which each `*` stands for any text. A name with a `/` is
    /// the end of a path, part by part (`requirements/*.txt`). Programs are known by what is in them, and have none.
    pub names: &'static [&'static str],
    /// Whether a file of zero bytes is valid and holds no package, or is broken.
    pub empty_is_valid: bool,
    /// What it can tell.
    pub capabilities: Capabilities,
    /// The parser.
    pub parse: fn(&Input<'_>) -> Parsed,
}

impl Parser {
    /// Where its packages come from, in a word: OSV's name of the ecosystem, or what stands for many of them.
    pub fn origin(&self) -> &'static str {
        if sbom::IDS.contains(&self.id) { "any (SBOM)" } else { self.ecosystem.osv_name() }
    }
}

/// Every parser. Where two claim a name, the first one has it.
pub const PARSERS: &[&Parser] = &[
    &cargo::CARGO_LOCK,
    &cargo::CARGO_TOML,
    &npm::node_modules::PARSER,
    &npm::PACKAGE_LOCK,
    &npm::YARN_LOCK,
    &npm::PNPM_LOCK,
    &npm::BUN_LOCK,
    &npm::PACKAGE_JSON,
    &deno::deno_lock::PARSER,
    &deno::deno_json::PARSER,
    &python::poetry_lock::PARSER,
    &python::uv_lock::PARSER,
    &python::pipfile_lock::PARSER,
    &python::pdm_lock::PARSER,
    &python::pylock::PARSER,
    &python::requirements::PARSER,
    &python::pyproject::PARSER,
    &python::pipfile::PARSER,
    &python::dist_info::PARSER,
    &go::go_mod::PARSER,
    &go::go_sum::PARSER,
    &go::go_work::PARSER,
    &go::gopkg_lock::PARSER,
    &maven::pom::PARSER,
    &maven::gradle_lockfile::PARSER,
    &maven::version_catalog::PARSER,
    &maven::verification_metadata::PARSER,
    &nuget::packages_lock::PARSER,
    &nuget::project_assets::PARSER,
    &nuget::deps_json::PARSER,
    &nuget::packages_config::PARSER,
    &nuget::dotnet_project::PARSER,
    &nuget::directory_props::PARSER,
    &ruby::gemfile_lock::PARSER,
    &ruby::gemfile::PARSER,
    &ruby::gemspec::PARSER,
    &php::composer_lock::PARSER,
    &php::composer_json::PARSER,
    &beam::mix_lock::PARSER,
    &beam::mix_exs::PARSER,
    &dart::pubspec_lock::PARSER,
    &dart::pubspec::PARSER,
    &apple::package_resolved::PARSER,
    &native::conan_lock::PARSER,
    &native::conanfile::PARSER,
    &native::vcpkg_json::PARSER,
    &haskell::stack_lock::PARSER,
    &haskell::cabal_freeze::PARSER,
    &r::renv_lock::PARSER,
    &julia::julia_manifest::PARSER,
    &julia::julia_project::PARSER,
    &nim::nimble_lock::PARSER,
    &ocaml::opam_locked::PARSER,
    &perl::cpanfile_snapshot::PARSER,
    &lua::luarocks_lock::PARSER,
    &conda::environment_yml::PARSER,
    &conda::conda_lock::PARSER,
    &conda::conda_explicit::PARSER,
    &conda::pixi_lock::PARSER,
    &bazel::module_lock::PARSER,
    &bazel::module_bazel::PARSER,
    &bazel::maven_install::PARSER,
    &terraform::terraform_lock::PARSER,
    &ci::github_workflow::PARSER,
    &ci::github_action::PARSER,
    &ci::gitlab_ci::PARSER,
    &ci::pre_commit::PARSER,
    &container::dockerfile::PARSER,
    &container::compose::PARSER,
    &git::gitmodules::PARSER,
    &toolchain::tool_versions::PARSER,
    &toolchain::mise_toml::PARSER,
    &toolchain::sdkmanrc::PARSER,
    &toolchain::version_file::PARSER,
    &toolchain::rust_toolchain::PARSER,
    &system::dpkg_status::PARSER,
    &system::apk_installed::PARSER,
    &system::rpm_database::PARSER,
    &built::program::PARSER,
    &built::java_archive::PARSER,
    &sbom::CYCLONEDX,
    &sbom::SPDX,
    &sbom::SBOM,
];

/// What reads programs, which are known by what is in them ([`program_data`]).
pub const PROGRAM: &Parser = &built::program::PARSER;

/// The names of every parser in lower case, but for those with any ending at all: `Dockerfile.*` is not `dockerfile.rs`.
static LOWER: LazyLock<Vec<(String, &'static Parser)>> = LazyLock::new(|| {
    let names = PARSERS.iter().flat_map(|parser| parser.names.iter().map(|name| (name.to_ascii_lowercase(), *parser)));
    names.filter(|(name, _)| !name.ends_with('*')).collect()
});

/// The parser for the file at that path. Where the name fits none, it is looked for in any case: file systems that
/// ignore case take `Package-Lock.json` for the lockfile, and pip any name at all (`REQUIREMENTS.TXT`).
pub fn parser_for(path: &str) -> Option<&'static Parser> {
    let exact = PARSERS.iter().copied().find(|parser| parser.names.iter().any(|pattern| fits(pattern, path)));
    exact.or_else(|| {
        let lower = path.to_ascii_lowercase();
        LOWER.iter().find(|(pattern, _)| fits(pattern, &lower)).map(|&(_, parser)| parser)
    })
}

/// Whether the end of a path fits a pattern that has as many parts.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.rsplit('/');
    pattern.rsplit('/').all(|pattern| parts.next().is_some_and(|part| matches(pattern, part)))
}

/// Whether a name fits a pattern in which each `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, pattern)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(before) else { return false };
    // Between two stars the first place that fits is as good as any other; the last piece must be the end.
    let mut pieces = pattern.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

/// Files of the scanned tree that are at hand, by path.
#[derive(Debug, Default)]
pub struct FileSet {
    files: BTreeMap<RepoPath, Result<Vec<u8>, String>>,
    /// The POMs among them, which inherit from each other all over the tree: read once, when the first one asks.
    poms: OnceLock<maven::Poms>,
}

/// What is known of a file that a parser asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'f> {
    /// Its bytes.
    Found(&'f [u8]),
    /// It is not there, or cannot be read: why.
    Unavailable(&'f str),
    /// Nobody looked yet. A parser that needs it names it in [`Parsed::wanted`] and is called again.
    NotLoaded,
}

impl FileSet {
    /// Adds a file, or why it cannot be had.
    pub fn insert(&mut self, path: RepoPath, content: Result<Vec<u8>, String>) {
        self.poms.take();
        self.files.insert(path, content);
    }

    /// The POMs among the files.
    fn poms(&self) -> &maven::Poms {
        self.poms.get_or_init(|| maven::Poms::of(self))
    }

    /// Looks a file up.
    pub fn look_up(&self, path: &str) -> Lookup<'_> {
        match self.files.get(path) {
            Some(Ok(bytes)) => Lookup::Found(bytes),
            Some(Err(reason)) => Lookup::Unavailable(reason),
            None => Lookup::NotLoaded,
        }
    }

    /// Every file, with its bytes or why it cannot be had, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, Result<&[u8], &str>)> {
        self.files.iter().map(|(path, content)| (path, content.as_deref().map_err(String::as_str)))
    }

    /// The paths of all files that could be read and lie in a folder (`""` is the root) or below it, in order.
    pub fn below<'f>(&'f self, folder: &str) -> impl Iterator<Item = (&'f RepoPath, &'f [u8])> + use<'f> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.files
            .range(RepoPath::from(prefix.as_str())..)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, content)| Some((path, content.as_deref().ok()?)))
    }
}

/// What a parser is given.
#[derive(Debug, Clone, Copy)]
pub struct Input<'i> {
    /// The file.
    pub path: &'i RepoPath,
    /// Its bytes, never empty where the parser's row says that an empty file is broken.
    pub bytes: &'i [u8],
    /// Files around it: every recognised file of the tree, and what a parser wanted.
    pub files: &'i FileSet,
}

impl<'i> Input<'i> {
    /// The text of the file. Where it is not UTF-8, the lines before the first bad byte, and a diagnostic.
    pub fn text(&self, diagnostics: &mut Vec<Diagnostic>) -> &'i str {
        text_of(self.path, self.bytes, diagnostics)
    }

    /// A file that belongs to this one, such as the manifest of a lockfile. It is asked for where nobody looked yet;
    /// that there is none is no loss.
    pub(in crate::ecosystem) fn companion(&self, path: &RepoPath, parsed: &mut Parsed) -> Option<&'i [u8]> {
        match self.files.look_up(path) {
            Lookup::Found(bytes) => {
                parsed.companions.push(RepoPath::clone(path));
                Some(bytes)
            }
            Lookup::NotLoaded => {
                parsed.wanted.push(RepoPath::clone(path));
                None
            }
            Lookup::Unavailable(_) => None,
        }
    }

    /// The path of a file beside this one, or below its folder.
    pub fn beside(&self, name: &str) -> RepoPath {
        join(folder_of(self.path), name).unwrap_or_default().into()
    }
}

/// [`Input::text`] of any file. A byte order mark is kept out of the text.
pub fn text_of<'b>(path: &RepoPath, bytes: &'b [u8], diagnostics: &mut Vec<Diagnostic>) -> &'b str {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error,
    };
    let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
    let line = u32::try_from(valid.matches('\n').count() + 1).unwrap_or(u32::MAX);
    diagnostics.push(Diagnostic::error(
        path,
        Some(line),
        "the file is not UTF-8 from here on; what comes before was read. Save it as UTF-8",
    ));
    &valid[..valid.rfind('\n').map_or(0, |at| at + 1)]
}

/// The folder part of a path, without the slash; `""` is the root.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The file name of a path.
pub fn file_name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What a project without a name is called: its folder, and `.` where that is the root.
fn project_label(path: &str) -> &str {
    match folder_of(path) {
        "" => ".",
        folder => file_name_of(folder),
    }
}

/// What a parser could read.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The packages and how they are used: no root or one.
    pub graph: DependencyGraph,
    /// What went wrong, what is odd. An error means that something was lost.
    pub diagnostics: Vec<Diagnostic>,
    /// Other recognised files that were read with this one and need no reading for themselves: a lockfile's
    /// manifests, what a requirements file includes.
    pub companions: Vec<RepoPath>,
    /// Files that this one names and that were [`Lookup::NotLoaded`]. When there are any, they are loaded and the
    /// parser is called once more; what it returned besides is dropped.
    pub wanted: Vec<RepoPath>,
}

impl Parsed {
    /// Nothing but a diagnostic.
    pub fn failed(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic], ..Self::default() }
    }

    /// Whether something was lost.
    #[cfg(test)]
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == crate::model::DiagnosticSeverity::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        assert!(matches("*requirements*.txt", "requirements.txt"));
        assert!(matches("*requirements*.txt", "dev-requirements-3.txt"));
        assert!(!matches("*requirements*.txt", "requirements.txt.bak"));
        assert!(!matches("*requirements*.txt", "require.txt"));
        assert!(matches("pylock.*.toml", "pylock.dev.toml"));
        assert!(!matches("pylock.*.toml", "pylock.toml"), "no overlap of what stands around the star");
        assert!(matches("a*a*a", "aaa") && !matches("a*a*a", "aa"));
        assert!(fits("requirements/*.txt", "x/requirements/dev.txt"));
        assert!(fits("requirements/*.txt", "requirements/dev.txt"));
        assert!(!fits("requirements/*.txt", "my-requirements/dev.txt"));
        assert!(!fits("requirements/*.txt", "requirements/old/dev.txt"));
    }

    #[test]
    fn a_name_is_known_in_any_case() {
        let id = |path| parser_for(path).map(|parser| parser.id);
        assert_eq!(id("a/REQUIREMENTS.TXT"), Some("requirements"));
        assert_eq!(id("Package-Lock.json"), Some("package-lock"));
        assert_eq!(id("cargo.lock"), Some("cargo-lock"));
        assert_eq!(id("Cargo.lock.orig"), None);
        assert_eq!(id("docker/Dockerfile.dev"), Some("dockerfile"));
        assert_eq!(id("src/dockerfile.rs"), None);
    }

    #[test]
    fn paths_stay_inside_the_root() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "../../etc/passwd"), None);
        assert_eq!(join("a", "/etc/passwd"), None);
        assert_eq!(join("", "x").as_deref(), Some("x"));
    }

    #[test]
    fn bad_bytes_lose_only_what_comes_after() {
        let mut diagnostics = Vec::new();
        let text = text_of(&"f".into(), b"\xEF\xBB\xBFa\nb\nc\xFFd\ne", &mut diagnostics);
        assert_eq!(text, "a\nb\n");
        assert_eq!(diagnostics[0].line, Some(3));
    }

    #[test]
    fn files_below_a_folder_do_not_include_its_neighbours() {
        let mut files = FileSet::default();
        for path in ["a/x", "a-b/y", "a/c/z", "b"] {
            files.insert(path.into(), Ok(vec![]));
        }
        files.insert("a/gone".into(), Err("no".to_owned()));
        let names = |folder| files.below(folder).map(|(path, _)| path.to_string()).collect::<Vec<_>>();
        assert_eq!(names("a"), ["a/c/z", "a/x"]);
        assert_eq!(names("").len(), 4);
    }
}
