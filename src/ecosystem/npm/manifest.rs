//! What a `package.json` says (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json>), and where those of a
//! workspace lie.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::drift::{self, Locked};
use crate::ecosystem::syntax::glob;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Input, Lookup, file_name_of, folder_of, join};
use crate::model::{DependencyKind, Diagnostic, GraphBuilder, Location, RepoPath};

/// Patterns of members beyond this many are not looked at (hostile input).
const MAX_PATTERNS: usize = 1000;

/// The objects of dependencies. Of one name in several, npm takes the first in this order.
pub(super) const TABLES: [(&str, DependencyKind); 4] = [
    ("optionalDependencies", DependencyKind::Optional),
    ("dependencies", DependencyKind::Runtime),
    ("devDependencies", DependencyKind::Dev),
    ("peerDependencies", DependencyKind::Peer),
];

/// A manifest, as far as it matters here.
pub(super) struct Manifest {
    pub(super) path: RepoPath,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) version_place: Option<Location>,
    /// Patterns of the workspace's members.
    pub(super) workspaces: Vec<String>,
    /// Versions that the root forces on everybody, by the name at the end of the pattern.
    pub(super) resolutions: BTreeMap<String, String>,
    /// Names of which another version is forced than is asked for: `resolutions`, npm's `overrides`, pnpm's.
    pub(super) overridden: HashSet<String>,
    pub(super) asked: Vec<Asked>,
}

/// A dependency that a manifest asks for.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) spec: String,
    pub(super) kind: DependencyKind,
    /// A peer that need not be there.
    pub(super) is_weak: bool,
    /// Where the specification stands.
    pub(super) place: Option<Location>,
}

impl Manifest {
    /// Reads a manifest; what cannot be read becomes a diagnostic.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut repaired = String::new();
        let document = json::parse(path, bytes, &mut repaired, diagnostics);
        let value = &document.value;
        let mut manifest = Self {
            path: RepoPath::clone(path),
            name: value.text("name").map(str::to_owned),
            version: value.text("version").map(str::to_owned),
            version_place: value.text("version").and_then(|version| document.locate(version)),
            workspaces: patterns(value.get("workspaces")),
            resolutions: BTreeMap::new(),
            overridden: HashSet::new(),
            asked: Vec::new(),
        };
        for (pattern, range) in value.object("resolutions") {
            let name = last_name(pattern);
            if let Some(range) = range.as_text() {
                manifest.resolutions.insert(name.to_owned(), range.to_owned());
            }
        }
        let of_pnpm = value.get("pnpm").map_or(&[][..], |pnpm| pnpm.object("overrides"));
        for (pattern, _) in value.object("overrides").iter().chain(of_pnpm).chain(value.object("resolutions")) {
            manifest.overridden.insert(overridden(pattern).to_owned());
        }
        if !matches!(value, Value::Object(_)) && diagnostics.is_empty() {
            diagnostics.push(Diagnostic::error(path, None, "an object is expected here; nothing was read"));
        }
        manifest.read_tables(&document, diagnostics);
        manifest
    }

    fn read_tables(&mut self, document: &Document<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let optional_peers = optional_peers(&document.value);
        for (table, kind) in TABLES {
            // Of a key that stands twice the last one counts.
            let mut last: HashMap<&str, usize> = HashMap::new();
            let entries = document.value.object(table);
            if document.value.get(table).is_some_and(|value| !matches!(value, Value::Object(_) | Value::Null)) {
                let message = format!("`{table}` is no object; it was not read");
                diagnostics.push(Diagnostic::error(&self.path, None, message));
            }
            last.extend(entries.iter().enumerate().map(|(at, (name, _))| (name.as_ref(), at)));
            for (at, (name, spec)) in entries.iter().enumerate() {
                if last.get(name.as_ref()) != Some(&at) {
                    continue;
                }
                let Some(text) = spec.as_text() else {
                    let line = document.locate(name).map(|place| place.line);
                    let message = format!("what `{name}` in `{table}` asks for is no text; it was not read");
                    diagnostics.push(Diagnostic::error(&self.path, line, message));
                    continue;
                };
                let is_weak = kind == DependencyKind::Peer && optional_peers.contains(name.as_ref());
                self.asked.push(Asked {
                    name: name.to_string(),
                    spec: text.to_owned(),
                    kind,
                    is_weak,
                    place: document.locate(text),
                });
            }
        }
    }

    /// Where each dependency is asked for.
    pub(super) fn places(&self) -> HashMap<&str, Vec<&Location>> {
        let mut places: HashMap<&str, Vec<&Location>> = HashMap::new();
        for asked in &self.asked {
            places.entry(&asked.name).or_default().extend(&asked.place);
        }
        places
    }

    /// The name that this project goes by: its own, or its folder's.
    pub(super) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| folder_label(folder_of(&self.path)))
    }
}

/// The names that `peerDependenciesMeta` says need not be there.
pub(super) fn optional_peers<'v>(value: &'v Value<'_>) -> HashSet<&'v str> {
    let meta = value.object("peerDependenciesMeta").iter();
    meta.filter(|(_, meta)| meta.is_true("optional")).map(|(name, _)| name.as_ref()).collect()
}

/// How a project without a name is called: as its folder, or `.` at the root.
pub(super) fn folder_label(folder: &str) -> &str {
    if folder.is_empty() { "." } else { file_name_of(folder) }
}

/// The patterns of `workspaces`: an array, or an object with `packages`.
pub(super) fn patterns(value: Option<&Value<'_>>) -> Vec<String> {
    let value = value.map(|value| value.get("packages").unwrap_or(value));
    let texts = value.map_or(&[][..], Value::items).iter().filter_map(Value::as_text);
    texts.take(MAX_PATTERNS).map(str::to_owned).collect()
}

/// The package at the end of a pattern such as `a/**/@b/c`; what follows an `@` is a range.
fn last_name(pattern: &str) -> &str {
    let at = pattern.rfind('/').map_or(0, |at| at + 1);
    let scoped = pattern[..at.saturating_sub(1)].rfind('/').map_or(0, |at| at + 1);
    let name = if pattern[scoped..].starts_with('@') { &pattern[scoped..] } else { &pattern[at..] };
    super::spec::split_at_sign(name).map_or(name, |(name, _)| name)
}

/// The name that a pattern of overrides forces: the last one of `a>b@1` and `a/b`.
pub(super) fn overridden(pattern: &str) -> &str {
    let last = pattern.rsplit('>').next().unwrap_or(pattern).trim();
    last_name(last)
}

/// The manifests of a lockfile: of its own folder, and of the members of its workspace.
pub(super) struct Project {
    /// By folder, seen from the lockfile's; `""` is the root.
    pub(super) manifests: BTreeMap<String, Manifest>,
}

impl Project {
    /// The manifest beside a lockfile, if somebody still has to load it.
    pub(super) fn wanted(input: &Input<'_>) -> Option<RepoPath> {
        let beside = input.beside("package.json");
        (input.files.look_up(&beside) == Lookup::NotLoaded).then_some(beside)
    }

    /// Reads the manifest beside a lockfile, and those of the members that it names.
    pub(super) fn read(input: &Input<'_>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut project = Self { manifests: BTreeMap::new() };
        project.add(input, "", diagnostics);
        let Some(root) = project.manifests.get("").filter(|root| !root.workspaces.is_empty()) else {
            return project;
        };
        let workspaces = root.workspaces.clone();
        let base = folder_of(input.path);
        for (path, _) in input.files.below(base) {
            let Some(folder) = below(base, folder_of(path)).filter(|_| file_name_of(path) == "package.json") else {
                continue;
            };
            let installed = folder.split('/').any(|part| part == "node_modules");
            if !folder.is_empty() && !installed && glob::any_matches(workspaces.iter().map(String::as_str), folder) {
                project.add(input, folder, diagnostics);
            }
        }
        project
    }

    /// Reads the manifest of a folder, if it is at hand.
    pub(super) fn add(&mut self, input: &Input<'_>, folder: &str, diagnostics: &mut Vec<Diagnostic>) {
        if self.manifests.contains_key(folder) {
            return;
        }
        let path = join(folder_of(input.path), folder).and_then(|folder| join(&folder, "package.json"));
        let Some(path) = path.map(RepoPath::from) else {
            return;
        };
        if let Lookup::Found(bytes) = input.files.look_up(&path) {
            self.manifests.insert(folder.to_owned(), Manifest::read(&path, bytes, diagnostics));
        }
    }

    /// Notes where a lockfile does not hold what the manifest of a folder asks for.
    pub(super) fn compare(&self, folder: &str, locked: &Locked<'_>, graph: &mut GraphBuilder) {
        let nothing = HashSet::new();
        if let Some(manifest) = self.manifests.get(folder) {
            let overridden = self.root().map_or(&nothing, |root| &root.overridden);
            drift::compare(manifest, locked, overridden, graph);
        }
    }

    /// The paths of what was read.
    pub(super) fn companions(&self) -> Vec<RepoPath> {
        self.manifests.values().map(|manifest| RepoPath::clone(&manifest.path)).collect()
    }

    /// The manifest beside the lockfile.
    pub(super) fn root(&self) -> Option<&Manifest> {
        self.manifests.get("")
    }
}

/// A folder seen from one that it lies in.
fn below<'f>(base: &str, folder: &'f str) -> Option<&'f str> {
    if base.is_empty() {
        return Some(folder);
    }
    let rest = folder.strip_prefix(base)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}
