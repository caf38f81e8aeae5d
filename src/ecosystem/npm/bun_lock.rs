//! `bun.lock`, versions 0 to 2 (<https://bun.sh/docs/install/lockfile>): JSON with comments and trailing commas.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::drift::Locked;
use super::manifest::{Manifest, Project, TABLES, folder_label};
use super::other::other;
use super::scope::{ScopeId, Scopes, is_sane};
use super::spec::{is_exact, path_of, registry_at, source_of_resolved, split_at_sign};
use super::{id, project};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, folder_of, join};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, PackageIndex, RepoPath, Source, SourceKind};

/// The parser's row.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "bun-lock",
    ecosystem: Ecosystem::Npm,
    role: Role::Lockfile,
    names: &["bun.lock"],
    empty_is_valid: false,
    capabilities: Capabilities::FULL,
    parse,
};

/// The newest format that is known.
const NEWEST: f64 = 2.0;
/// Manifests beyond this many are read only where they are at hand (hostile input).
const MAX_WANTED: usize = 1000;

fn parse(input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let mut repaired = String::new();
    let bytes = json::blank_comments(input.bytes);
    let document = json::parse(input.path, &bytes, &mut repaired, &mut diagnostics);
    let folders = || workspaces(&document.value).into_keys();
    let paths = folders().filter_map(|folder| join(&join(folder_of(input.path), folder)?, "package.json"));
    let wanted = paths.filter(|path| input.files.look_up(path) == Lookup::NotLoaded);
    let wanted: Vec<RepoPath> = wanted.take(MAX_WANTED).map(Into::into).collect();
    if !wanted.is_empty() {
        return Parsed { wanted, ..Parsed::default() };
    }
    let mut manifests = Project { manifests: Default::default() };
    for folder in folders() {
        manifests.add(input, folder, &mut diagnostics);
    }
    let mut lock = Lock {
        path: input.path,
        document: &document,
        manifests: &manifests,
        builder: GraphBuilder::new(input.path, PARSER.id),
        diagnostics: &mut diagnostics,
    };
    lock.read();
    let Lock { builder, .. } = lock;
    bound(&mut diagnostics, input.path);
    Parsed {
        graph: builder.finish_by_reachability(),
        diagnostics,
        companions: manifests.companions(),
        wanted: Vec::new(),
    }
}

/// The projects by folder; of a key that stands twice the last one counts.
fn workspaces<'v, 't>(document: &'v Value<'t>) -> BTreeMap<&'v str, &'v Value<'t>> {
    document.object("workspaces").iter().map(|(folder, workspace)| (folder.as_ref(), workspace)).collect()
}

struct Lock<'l, 'd> {
    path: &'l RepoPath,
    document: &'d Document<'d>,
    manifests: &'l Project,
    builder: GraphBuilder,
    diagnostics: &'l mut Vec<Diagnostic>,
}

/// An entry of `packages`.
struct Entry<'d> {
    key: &'d str,
    index: PackageIndex,
    details: Option<&'d Value<'d>>,
}

/// What is found under which name.
struct Names<'d> {
    entries: Vec<Entry<'d>>,
    scopes: Scopes<'d>,
}

impl Names<'_> {
    fn resolve(&self, scope: Option<ScopeId>, name: &str) -> Option<PackageIndex> {
        Some(self.entries[self.scopes.resolve(scope, name)?].index)
    }
}

impl<'d> Lock<'_, 'd> {
    fn read(&mut self) {
        let value = &self.document.value;
        if !matches!(value, Value::Object(_)) {
            if self.diagnostics.is_empty() {
                self.complain("", "an object is expected here; nothing was read");
            }
            return;
        }
        if !value.number("lockfileVersion").is_some_and(|version| (0.0..=NEWEST).contains(&version)) {
            let message = "this lockfileVersion is not known; it was read like version 2, and packages may be missing";
            self.diagnostics.push(Diagnostic::error(self.path, None, message));
        }
        if !matches!(value.get("packages"), Some(Value::Object(_))) {
            self.complain("packages", "there is no object of `packages`; nothing was read");
        }
        let projects = self.projects();
        let mut entries = Vec::new();
        let mut scopes = Scopes::default();
        scopes.at("");
        for (key, value) in value.object("packages") {
            let Some((index, details)) = self.package(key, value, &projects) else {
                continue;
            };
            let (parent, name) = split_key(key);
            let scope = scopes.at(parent);
            scopes.insert(scope, name, entries.len());
            entries.push(Entry { key, index, details });
        }
        scopes.connect();
        let names = Names { entries, scopes };
        for entry in &names.entries {
            self.connect(entry, &names);
        }
        for (folder, workspace) in workspaces(value) {
            if let Some(&project) = projects.get(folder) {
                self.connect_project(project, folder, workspace, &names);
            }
        }
    }

    /// Adds the projects, by folder.
    fn projects(&mut self) -> HashMap<&'d str, PackageIndex> {
        let document = self.document;
        let mut projects = HashMap::new();
        for (folder, workspace) in workspaces(&document.value) {
            let manifest = self.manifests.manifests.get(folder);
            let path = join(folder_of(self.path), folder).unwrap_or_else(|| folder.to_owned());
            let name = workspace.text("name").unwrap_or_else(|| folder_label(&path));
            let place = workspace.text("version").and_then(|version| document.locate(version));
            let version = workspace.text("version").or_else(|| manifest?.version.as_deref());
            let place = place.or_else(|| manifest?.version_place.clone());
            projects.insert(folder, self.builder.member(project(name, version), place));
        }
        projects
    }

    /// Adds the package of an entry: `[name@version, registry, {details}, integrity]` from a registry, and without
    /// registry from elsewhere.
    fn package(
        &mut self,
        key: &'d str,
        value: &'d Value<'d>,
        projects: &HashMap<&'d str, PackageIndex>,
    ) -> Option<(PackageIndex, Option<&'d Value<'d>>)> {
        let items = value.items();
        let named = items.first().and_then(Value::as_text).and_then(split_at_sign).filter(|_| is_sane(key));
        let Some((name, reference)) = named else {
            self.complain(key, format!("the entry `{key}` is not understood; it was not read"));
            return None;
        };
        let details = items.iter().find(|item| matches!(item, Value::Object(_)));
        if let Some(folder) = reference.strip_prefix("workspace:").or_else(|| reference.strip_prefix("root:")) {
            // What a project needs stands with the projects.
            let index = projects.get(folder).copied();
            return Some((index.unwrap_or_else(|| self.builder.member(project(name, None), None)), None));
        }
        let index = if is_exact(reference) {
            let registry = items.get(1).and_then(Value::as_text).filter(|registry| !registry.is_empty());
            let source = registry.map_or(Source::PUBLIC_REGISTRY, |registry| source_of_registry(name, registry));
            let other = registry.and_then(|at| other(name, reference, at));
            let index = self.builder.instance(id(name, Some(reference), source), self.document.locate(reference));
            if let Some(other) = other {
                self.builder.other(index, other);
            }
            index
        } else {
            let is_path =
                reference.contains(['/', ':']) || reference.ends_with(".tgz") || reference.ends_with(".tar.gz");
            if !is_path {
                self.complain(key, format!("`{key}` is to be `{reference}`, which is no version; it was not read"));
                return None;
            }
            let source = match path_of(reference) {
                Some(path) => Source::at(SourceKind::Path, path),
                // Folders and archives stand there without `file:`.
                None if !reference.contains(':') => Source::at(SourceKind::Path, reference),
                None => source_of_resolved(name, reference),
            };
            self.builder.instance(id(name, None, source), None)
        };
        let hash = items.iter().skip(1).filter_map(Value::as_text).find(|text| text.starts_with("sha"));
        if let Some(hash) = hash {
            self.builder.integrity(index, hash);
        }
        Some((index, details))
    }

    fn connect(&mut self, entry: &Entry<'d>, names: &Names<'d>) {
        let Some(details) = entry.details else {
            return;
        };
        let scope = names.scopes.nearest(entry.key);
        let optional = optional_peers(details);
        for (table, kind) in TABLES.into_iter().filter(|&(_, kind)| kind != DependencyKind::Dev) {
            for (name, requirement) in details.object(table) {
                let is_weak = kind == DependencyKind::Peer && optional.contains(name.as_ref());
                match names.resolve(scope, name) {
                    Some(to) if is_weak => self.builder.weak_dependency(entry.index, to, requirement.as_text()),
                    Some(to) => self.builder.dependency(entry.index, to, kind, requirement.as_text()),
                    None if kind == DependencyKind::Runtime => self.missing(entry.key, name),
                    None => {}
                }
            }
        }
    }

    fn connect_project(&mut self, from: PackageIndex, folder: &str, workspace: &Value<'d>, names: &Names<'d>) {
        let own = if folder.is_empty() { "" } else { workspace.text("name").unwrap_or_default() };
        let scope = names.scopes.nearest(own);
        let optional = optional_peers(workspace);
        let places = self.manifests.manifests.get(folder).map(Manifest::places).unwrap_or_default();
        let mut locked = Locked::default();
        TABLES.iter().for_each(|(table, _)| locked.record_all(workspace.object(table)));
        for asked in self.manifests.manifests.get(folder).into_iter().flat_map(|manifest| &manifest.asked) {
            if let Some(to) = names.resolve(scope, &asked.name) {
                locked.package(&asked.name, to);
            }
        }
        self.manifests.compare(folder, &locked, &mut self.builder);
        for (table, kind) in TABLES {
            for (name, requirement) in workspace.object(table) {
                let Some(to) = names.resolve(scope, name) else {
                    if kind == DependencyKind::Runtime || kind == DependencyKind::Dev {
                        self.missing(folder, name);
                    }
                    continue;
                };
                if kind == DependencyKind::Peer && optional.contains(name.as_ref()) {
                    self.builder.weak_dependency(from, to, requirement.as_text());
                } else {
                    self.builder.dependency(from, to, kind, requirement.as_text());
                }
                for &place in places.get(name.as_ref()).into_iter().flatten() {
                    self.builder.declare(to, place.clone());
                }
            }
        }
    }

    fn missing(&mut self, from: &str, name: &str) {
        let line = self.document.locate(name).map(|place| place.line);
        let from = if from.is_empty() { "the project" } else { from };
        let message = format!("`{from}` needs `{name}`, which this file does not have; run `bun install` to renew it");
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }

    fn complain(&mut self, part: &str, message: impl Into<String>) {
        let line = self.document.locate(part).map(|place| place.line);
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }
}

/// Peers that need not be there.
fn optional_peers<'v>(details: &'v Value<'_>) -> HashSet<&'v str> {
    details.get("optionalPeers").map_or(&[][..], Value::items).iter().filter_map(Value::as_text).collect()
}

/// The key of the package that another one lies in, and the name within: `a/@b/c` is `@b/c` in `a`.
fn split_key(key: &str) -> (&str, &str) {
    let Some(at) = key.rfind('/') else {
        return ("", key);
    };
    let start = key[..at].rfind('/').map_or(0, |at| at + 1);
    if !key[start..].starts_with('@') {
        return (&key[..at], &key[at + 1..]);
    }
    (key[..start].trim_end_matches('/'), &key[start..])
}

/// A registry is given by its address, or by that of the archive.
fn source_of_registry(name: &str, address: &str) -> Source {
    let source = source_of_resolved(name, address);
    if source.kind == SourceKind::Url && !address.ends_with(".tgz") { registry_at(address) } else { source }
}
