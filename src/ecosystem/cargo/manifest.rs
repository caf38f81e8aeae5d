//! What a `Cargo.toml` says of its dependencies
//! (<https://doc.rust-lang.org/cargo/reference/manifest.html>).

use std::collections::BTreeMap;

use ::toml::Spanned;
use ::toml::de::{DeString, DeTable, DeValue};

use super::{git, place_of, registry};
use crate::ecosystem::syntax::glob;
use crate::ecosystem::syntax::toml::{self, Document, Get};
use crate::ecosystem::{folder_of, join};
use crate::model::{DependencyKind, Diagnostic, Location, RepoPath, Source, SourceKind};

/// The tables of dependencies, under both spellings that Cargo takes.
const TABLES: [(&str, DependencyKind); 5] = [
    ("dependencies", DependencyKind::Runtime),
    ("build-dependencies", DependencyKind::Build),
    ("build_dependencies", DependencyKind::Build),
    ("dev-dependencies", DependencyKind::Dev),
    ("dev_dependencies", DependencyKind::Dev),
];

/// Patterns of members beyond this many are not looked at (hostile input).
const MAX_PATTERNS: usize = 1000;

/// A manifest, as far as it matters here.
pub(super) struct Manifest {
    pub(super) path: RepoPath,
    /// The package's name; `None` of a virtual manifest.
    pub(super) name: Option<String>,
    /// The package's version; `None` too where it is inherited.
    pub(super) version: Option<(String, Option<Location>)>,
    /// Every dependency of every table, target tables too.
    pub(super) asked: Vec<Asked>,
    /// What it offers as the root of a workspace, if it is one.
    pub(super) workspace: Option<Workspace>,
}

/// The `[workspace]` table.
#[derive(Default)]
pub(super) struct Workspace {
    /// Patterns of the folders that are in it, seen from its own.
    members: Vec<String>,
    /// Folders that are not in it, seen from the repository's root.
    exclude: Vec<String>,
    /// `[workspace.dependencies]` by key.
    dependencies: BTreeMap<String, Asked>,
}

/// A dependency that a manifest asks for.
#[derive(Clone)]
pub(super) struct Asked {
    /// The key, by which it is inherited.
    key: String,
    /// The package's own name.
    pub(super) name: String,
    pub(super) kind: DependencyKind,
    /// The version requirement, if there is one.
    pub(super) requirement: Option<String>,
    /// Where it comes from; of a path, the address is the folder seen from the repository's root, or as it is
    /// written where it leads out of it.
    pub(super) source: Source,
    /// Where it is asked for: the requirement, or the key where there is none; then the workspace's.
    pub(super) places: Vec<Location>,
    /// Where the requirement stands.
    pub(super) requirement_place: Option<Location>,
    inherits: bool,
}

impl Manifest {
    /// Reads a manifest; what cannot be read becomes a diagnostic.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let document = toml::parse(path, bytes, diagnostics);
        let table = &document.table;
        let version = table.at(&["package", "version"]).and_then(|value| {
            let text = value.get_ref().as_str()?;
            Some((text.to_owned(), place_of(&document, value)))
        });
        let mut reader = Reader { document: &document, path, folder: folder_of(path), diagnostics };
        let mut asked = reader.tables(table);
        for target in table.table(&["target"]).into_iter().flat_map(|targets| targets.values()) {
            asked.extend(target.get_ref().as_table().map(|target| reader.tables(target)).unwrap_or_default());
        }
        let workspace = table.table(&["workspace"]).map(|workspace| reader.workspace(workspace));
        let name = table.text(&["package", "name"]).map(str::to_owned);
        Self { path: RepoPath::clone(path), name, version, asked, workspace }
    }

    /// Fills in what dependencies inherit from the workspace of that root manifest.
    pub(super) fn inherit(&mut self, root: Option<&Workspace>, diagnostics: &mut Vec<Diagnostic>) {
        for asked in self.asked.iter_mut().filter(|asked| asked.inherits) {
            let Some(offered) = root.and_then(|root| root.dependencies.get(&asked.key)) else {
                let line = asked.places.first().map(|place| place.line);
                let message = format!(
                    "`{}` is inherited, and no `[workspace.dependencies]` above has it; its version is not known",
                    asked.key
                );
                diagnostics.push(Diagnostic::error(&self.path, line, message));
                continue;
            };
            asked.inherits = false;
            asked.name.clone_from(&offered.name);
            asked.requirement.clone_from(&offered.requirement);
            asked.requirement_place.clone_from(&offered.requirement_place);
            asked.source.clone_from(&offered.source);
            asked.places.extend_from_slice(&offered.places);
        }
    }

    /// Whether something is inherited from a workspace that was not given yet.
    pub(super) fn inherits(&self) -> bool {
        self.asked.iter().any(|asked| asked.inherits)
    }
}

impl Workspace {
    /// Whether a folder, seen from the workspace's own, is named as a member.
    pub(super) fn names(&self, folder: &str) -> bool {
        self.members.iter().any(|pattern| glob::matches(pattern, folder))
    }

    /// Whether a folder is excluded from the workspace.
    pub(super) fn excludes(&self, folder: &str) -> bool {
        self.exclude.iter().any(|excluded| {
            folder.strip_prefix(excluded.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Reads the tables of one manifest.
struct Reader<'r, 't> {
    document: &'r Document<'t>,
    path: &'r RepoPath,
    folder: &'r str,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn tables(&mut self, table: &DeTable<'_>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (name, kind) in TABLES {
            asked.extend(self.table(table.at(&[name]), kind));
        }
        asked
    }

    fn table(&mut self, value: Option<&Spanned<DeValue<'_>>>, kind: DependencyKind) -> Vec<Asked> {
        let Some(value) = value else {
            return Vec::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.complain(value.span().start, "a table of dependencies is expected here; it was not read");
            return Vec::new();
        };
        table.iter().filter_map(|(key, value)| self.dependency(key, value, kind)).collect()
    }

    fn dependency(
        &mut self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        kind: DependencyKind,
    ) -> Option<Asked> {
        let mut asked = Asked {
            key: key.get_ref().to_string(),
            name: key.get_ref().to_string(),
            kind,
            requirement: None,
            source: Source::PUBLIC_REGISTRY,
            places: Vec::new(),
            requirement_place: None,
            inherits: false,
        };
        let requirement = match value.get_ref() {
            DeValue::String(_) => Some(value),
            DeValue::Table(table) => {
                self.details(table, &mut asked);
                table.at(&["version"]).filter(|version| version.get_ref().is_str())
            }
            _ => {
                let message = format!("`{}` is neither a version nor a table; it was not read", key.get_ref());
                self.complain(value.span().start, message);
                return None;
            }
        };
        if let Some(requirement) = requirement {
            asked.requirement = requirement.get_ref().as_str().map(str::to_owned);
            asked.requirement_place = place_of(self.document, requirement);
        }
        let key_place = || self.document.lines.locate(key.span().start, key.span().len());
        asked.places.push(asked.requirement_place.clone().unwrap_or_else(key_place));
        Some(asked)
    }

    fn details(&mut self, table: &DeTable<'_>, asked: &mut Asked) {
        let is_true = |name: &str| table.at(&[name]).and_then(|value| value.get_ref().as_bool()) == Some(true);
        if let Some(name) = table.text(&["package"]) {
            name.clone_into(&mut asked.name);
        }
        asked.inherits = is_true("workspace");
        if is_true("optional") && asked.kind == DependencyKind::Runtime {
            asked.kind = DependencyKind::Optional;
        }
        if let Some(url) = table.text(&["git"]) {
            // A short revision or a branch is not what is taken in the end.
            let commit = table.text(&["rev"]).filter(|rev| rev.len() == 40).unwrap_or_default();
            asked.source = git(url, commit);
        } else if let Some(path) = table.text(&["path"]) {
            let folder = join(self.folder, path);
            asked.source = Source::at(SourceKind::Path, folder.as_deref().unwrap_or(path));
        } else if let Some(index) = table.text(&["registry-index"]) {
            asked.source = registry(index.strip_prefix("sparse+").unwrap_or(index));
        } else if let Some(name) = table.text(&["registry"]).filter(|&name| name != "crates-io") {
            // The name's address stands in the user's configuration, not in the tree.
            asked.source = Source::at(SourceKind::Registry, name);
        }
    }

    fn workspace(&mut self, table: &DeTable<'_>) -> Workspace {
        let texts = |name| table.array(&[name]).iter().filter_map(|item| item.get_ref().as_str());
        let members = texts("members").take(MAX_PATTERNS).map(str::to_owned).collect();
        let exclude = texts("exclude").take(MAX_PATTERNS).filter_map(|folder| join(self.folder, folder)).collect();
        let offered = self.table(table.at(&["dependencies"]), DependencyKind::Runtime);
        let dependencies = offered.into_iter().map(|asked| (asked.key.clone(), asked)).collect();
        Workspace { members, exclude, dependencies }
    }

    fn complain(&mut self, offset: usize, message: impl Into<String>) {
        let line = self.document.lines.line(offset);
        self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
    }
}
