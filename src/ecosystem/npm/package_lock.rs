//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3
//! (<https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>). Versions 2 and 3 are read from `packages`
//! here; the `dependencies` that version 2 keeps for old clients say nothing more. Version 1 has its own file.

use std::collections::{HashMap, HashSet};

use super::drift::Locked;
use super::manifest::{Project, TABLES, folder_label, optional_peers, patterns};
use super::other::other;
use super::scope::{Scopes, is_sane};
use super::spec::source_of_resolved;
use super::{id, package_lock_v1, project};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::glob;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of, folder_of};
use crate::model::{
    DependencyGraph, DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, RepoPath, Source,
    SourceKind,
};

/// The parser's row.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "package-lock",
    ecosystem: Ecosystem::Npm,
    role: Role::Lockfile,
    names: &["package-lock.json", "npm-shrinkwrap.json"],
    empty_is_valid: false,
    capabilities: Capabilities { source: Support::Partial, ..Capabilities::FULL },
    parse,
};

/// The newest format that is known.
const NEWEST: f64 = 3.0;

fn parse(input: &Input<'_>) -> Parsed {
    if let Some(wanted) = Project::wanted(input) {
        return Parsed { wanted: vec![wanted], ..Parsed::default() };
    }
    let mut diagnostics = Vec::new();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut diagnostics);
    let manifests = Project::read(input, &mut diagnostics);
    let mut lock = Lock {
        path: input.path,
        document: &document,
        project: &manifests,
        is_installed: false,
        diagnostics: &mut diagnostics,
    };
    lock.check_version();
    let graph = match document.value.get("packages") {
        Some(packages) => lock.read(packages),
        None => package_lock_v1::read(&mut lock),
    };
    bound(&mut diagnostics, input.path);
    Parsed { graph, diagnostics, companions: manifests.companions(), wanted: Vec::new() }
}

/// Reads the lock that npm keeps of what it installed in `node_modules` (`.package-lock.json`): it has no project, and
/// says by marks what each package is for.
pub(super) fn read_installed(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> DependencyGraph {
    let mut repaired = String::new();
    let document = json::parse(path, bytes, &mut repaired, diagnostics);
    let project = Project { manifests: Default::default() };
    let mut lock = Lock { path, document: &document, project: &project, is_installed: true, diagnostics };
    lock.check_version();
    document.value.get("packages").map(|packages| lock.read(packages)).unwrap_or_default()
}

/// A lock and what is read with it.
pub(super) struct Lock<'l, 'd> {
    pub(super) path: &'l RepoPath,
    pub(super) document: &'d Document<'d>,
    pub(super) project: &'l Project,
    /// Whether it is of what is installed.
    is_installed: bool,
    pub(super) diagnostics: &'l mut Vec<Diagnostic>,
}

/// An entry of `packages`.
struct Entry<'d> {
    key: &'d str,
    value: &'d Value<'d>,
    /// The name behind the last `node_modules/`; `None` of the root, of members and of folders.
    installed: Option<&'d str>,
    /// The folder that a link leads to.
    link: Option<&'d str>,
    index: Option<PackageIndex>,
}

impl<'d> Lock<'_, 'd> {
    fn check_version(&mut self) {
        let value = &self.document.value;
        if !matches!(value, Value::Object(_)) {
            if self.diagnostics.is_empty() {
                self.complain("", "an object is expected here; nothing was read");
            }
            return;
        }
        match value.number("lockfileVersion") {
            Some(version) if (1.0..=NEWEST).contains(&version) => {}
            // npm 5 wrote no version at first.
            None if value.get("packages").is_some() || value.get("dependencies").is_some() => {}
            _ => {
                let line = value.entries().iter().find(|(key, _)| key == "lockfileVersion");
                let line = line.and_then(|(key, _)| self.document.locate(key)).map(|place| place.line);
                let message =
                    "this lockfileVersion is not known; it was read like version 3, and packages may be missing";
                self.diagnostics.push(Diagnostic::error(self.path, line, message));
            }
        }
        for table in ["packages", "dependencies"] {
            if value.entries().iter().filter(|(key, _)| key == table).count() > 1 {
                self.complain(table, format!("`{table}` stands twice; only the last one was read"));
            }
        }
        self.check_tables();
    }

    /// npm leaves `dependencies` out where it is empty, but writes `packages` from version 2 on.
    fn check_tables(&mut self) {
        let value = &self.document.value;
        if value.get("packages").is_some() {
            return;
        }
        let is_first = value.number("lockfileVersion").is_none_or(|version| version < 2.0);
        match value.get("dependencies") {
            Some(Value::Object(_)) => {}
            None if is_first => {}
            Some(_) => self.complain("dependencies", "`dependencies` is no object; it was not read"),
            None => self.complain("lockfileVersion", "there is no `packages`; nothing was read"),
        }
    }

    fn read(&mut self, packages: &'d Value<'d>) -> DependencyGraph {
        let parser = if self.is_installed { super::node_modules::PARSER.id } else { PARSER.id };
        let mut builder = GraphBuilder::new(self.path, parser);
        if !matches!(packages, Value::Object(_)) {
            self.complain("", "`packages` is no object; it was not read");
        }
        let mut entries = self.entries(packages);
        let names = Names::of(&entries);
        let root = packages.get("");
        let members = patterns(root.and_then(|root| root.get("workspaces")));
        for entry in &mut entries {
            self.add(entry, &names, &members, &mut builder);
        }
        self.connect(&entries, &names, &mut builder);
        self.compare_others(&entries, &names, &mut builder);
        let is_empty = entries.iter().all(|entry| entry.installed.is_none());
        if is_empty && !self.document.value.object("dependencies").is_empty() {
            self.complain("dependencies", "`packages` holds nothing and `dependencies` does; that was not read");
        }
        if self.is_installed {
            for (entry, index) in entries.iter().filter_map(|entry| Some((entry, entry.index?))) {
                builder.mark(index, None, marked_kinds(entry.value));
            }
            return builder.finish_as_marked();
        }
        builder.finish_by_reachability()
    }

    fn entries(&mut self, packages: &'d Value<'d>) -> Vec<Entry<'d>> {
        let mut entries = Vec::with_capacity(packages.entries().len());
        for (key, value) in packages.entries() {
            if !matches!(value, Value::Object(_)) {
                self.complain(key, format!("the entry `{key}` is no object; it was not read"));
            } else if key.ends_with('/') {
                self.complain(key, format!("the entry `{key}` has no name; it was not read"));
            } else if !is_sane(key) {
                self.complain(key, "a path of that length or depth is refused; it was not read");
            } else {
                let link = value.is_true("link").then(|| value.text("resolved")).flatten();
                let link = link.map(|link| link.strip_prefix("file:").unwrap_or(link).trim_end_matches('/'));
                entries.push(Entry { key, value, installed: split_key(key).map(|(_, name)| name), link, index: None });
            }
        }
        entries
    }

    fn add(&mut self, entry: &mut Entry<'d>, names: &Names<'d>, members: &[String], builder: &mut GraphBuilder) {
        if entry.link.is_some() {
            return;
        }
        let value = entry.value;
        let version = match value.get("version") {
            None | Some(Value::Null) => None,
            Some(Value::Text(version)) => Some(version.as_ref()),
            Some(_) => {
                self.complain(entry.key, format!("the version of `{}` is no text; it was not read", entry.key));
                return;
            }
        };
        let place = version.and_then(|version| self.document.locate(version));
        if entry.key.is_empty() {
            let document = &self.document.value;
            let version = version.or_else(|| document.text("version"));
            let place = place.or_else(|| self.document.locate(version?));
            entry.index = Some(builder.member(project(self.root_name(value), version), place));
            return;
        }
        let name = value.text("name").or(entry.installed).or_else(|| names.linked(entry.key));
        let name = name.unwrap_or_else(|| file_name_of(entry.key));
        let index = if entry.installed.is_some() {
            let source = match value.text("resolved") {
                Some(resolved) => source_of_resolved(name, resolved),
                // A bundled one comes in its parent's archive, from wherever that is.
                None if value.is_true("inBundle") => Source::of(SourceKind::Unknown),
                // npm leaves addresses out on demand.
                None => Source::PUBLIC_REGISTRY,
            };
            // Of what is optional and was never installed npm keeps entries that say nothing.
            let may_lack = value.is_true("optional") || value.is_true("peer");
            if version.is_none() && source.kind == SourceKind::Registry && !may_lack {
                self.complain(entry.key, format!("`{}` has no version; it cannot be judged", entry.key));
            }
            builder.instance(id(name, version, source), place)
        } else if glob::any_matches(members.iter().map(String::as_str), entry.key) {
            builder.member(project(name, version), place)
        } else {
            builder.package(id(name, version, Source::at(SourceKind::Path, entry.key)), place)
        };
        if let Some(integrity) = value.text("integrity") {
            builder.integrity(index, integrity);
        }
        builder.install_script(index, value.is_true("hasInstallScript"));
        let other = version.zip(value.text("resolved")).and_then(|(version, at)| other(name, version, at));
        if let Some(other) = other.filter(|_| entry.installed.is_some()) {
            builder.other(index, other);
        }
        entry.index = Some(index);
    }

    fn root_name<'s>(&'s self, root: &'s Value<'_>) -> &'s str {
        let manifest = self.project.root().and_then(|manifest| manifest.name.as_deref());
        let named = root.text("name").or_else(|| self.document.value.text("name")).or(manifest);
        named.unwrap_or_else(|| folder_label(folder_of(self.path)))
    }

    /// Holds the manifests of which the lock has no entry against what it has for all.
    fn compare_others(&self, entries: &[Entry<'d>], names: &Names<'d>, builder: &mut GraphBuilder) {
        let top = names.scopes.nearest("");
        let known: HashSet<&str> = entries.iter().map(|entry| entry.key).collect();
        for (folder, manifest) in &self.project.manifests {
            if known.contains(folder.as_str()) {
                continue;
            }
            let mut locked = Locked::default();
            for asked in &manifest.asked {
                let found = names.scopes.resolve(top, &asked.name).map(|at| &entries[at]);
                let linked = |folder| entries[*names.folders.get(folder)?].index;
                if let Some(to) = found.and_then(|entry| entry.index.or_else(|| linked(entry.link?))) {
                    locked.package(&asked.name, to);
                }
            }
            self.project.compare(folder, &locked, builder);
        }
    }

    fn connect(&mut self, entries: &[Entry<'d>], names: &Names<'d>, builder: &mut GraphBuilder) {
        let mut declared = HashSet::new();
        for entry in entries {
            let Some(from) = entry.index else {
                continue;
            };
            let scope = names.scopes.nearest(entry.key);
            let resolve = |name: &str| {
                let target = &entries[names.scopes.resolve(scope, name)?];
                match target.link {
                    Some(folder) => entries[*names.folders.get(folder)?].index,
                    None => target.index,
                }
            };
            let optional_peers = optional_peers(entry.value);
            for (table, kind) in TABLES {
                if kind == DependencyKind::Dev && entry.installed.is_some() {
                    continue;
                }
                for (name, requirement) in entry.value.object(table) {
                    let requirement = requirement.as_text();
                    let is_weak = kind == DependencyKind::Peer && optional_peers.contains(name.as_ref());
                    match resolve(name) {
                        Some(to) if to == from => {}
                        Some(to) if is_weak => builder.weak_dependency(from, to, requirement),
                        Some(to) => builder.dependency(from, to, kind, requirement),
                        // Optional ones, and peers, may well be missing.
                        None if kind == DependencyKind::Runtime && !entry.value.is_true("inBundle") => {
                            self.missing(entry.key, name);
                        }
                        None => {}
                    }
                }
            }
            if let Some(manifest) = self.project.manifests.get(entry.key).filter(|_| declared.insert(entry.key)) {
                let mut locked = Locked::default();
                TABLES.iter().for_each(|(table, _)| locked.record_all(entry.value.object(table)));
                for asked in &manifest.asked {
                    let Some(to) = resolve(&asked.name) else { continue };
                    locked.package(&asked.name, to);
                    if let Some(place) = &asked.place {
                        builder.declare(to, place.clone());
                    }
                }
                self.project.compare(entry.key, &locked, builder);
            }
        }
    }

    /// Says that something which must be there is not.
    pub(super) fn missing(&mut self, from: &str, name: &str) {
        let line = self.document.locate(name).map(|place| place.line);
        let from = if from.is_empty() { "the project" } else { from };
        let message = format!("`{from}` needs `{name}`, which this file does not have; run `npm install` to renew it");
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }

    /// Says that something could not be read, at the line of that part of the document.
    pub(super) fn complain(&mut self, part: &str, message: impl Into<String>) {
        let line = self.document.locate(part).map(|place| place.line);
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }
}

/// What npm's marks say that an installed package is for
/// (<https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#packages>).
fn marked_kinds(value: &Value<'_>) -> Kinds {
    let mut kinds = Kinds::default();
    let marks = [
        ("dev", &[DependencyKind::Dev][..]),
        ("optional", &[DependencyKind::Optional]),
        ("devOptional", &[DependencyKind::Dev, DependencyKind::Optional]),
        ("peer", &[DependencyKind::Peer]),
    ];
    for (mark, of_mark) in marks {
        if value.is_true(mark) {
            kinds = of_mark.iter().fold(kinds, |kinds, &kind| kinds.union(Kinds::only(kind)));
        }
    }
    // What is for developers, and optional for them, reaches nobody else.
    if value.is_true("dev") {
        kinds = Kinds::only(DependencyKind::Dev);
    }
    if kinds.is_unknown() { Kinds::only(DependencyKind::Runtime) } else { kinds }
}

/// The folder and the name of a key that ends in `node_modules/name` or `node_modules/@scope/name`.
pub(super) fn split_key(key: &str) -> Option<(&str, &str)> {
    const FOLDER: &str = "node_modules/";
    let at = key.rfind(FOLDER)?;
    let (folder, name) = (&key[..at], &key[at + FOLDER.len()..]);
    let slashes = name.bytes().filter(|&byte| byte == b'/').count();
    let is_name = !name.is_empty() && slashes == usize::from(name.starts_with('@'));
    let folder = if folder.is_empty() { Some(folder) } else { folder.strip_suffix('/') };
    folder.filter(|_| is_name).map(|folder| (folder, name))
}

/// What is found under which name.
struct Names<'d> {
    scopes: Scopes<'d>,
    /// Entries of folders: the root, members, what links lead to.
    folders: HashMap<&'d str, usize>,
    links: HashMap<&'d str, &'d str>,
}

impl<'d> Names<'d> {
    fn of(entries: &[Entry<'d>]) -> Self {
        let mut names = Self { scopes: Scopes::default(), folders: Default::default(), links: Default::default() };
        for (at, entry) in entries.iter().enumerate() {
            match split_key(entry.key) {
                Some((folder, name)) => {
                    let scope = names.scopes.at(folder);
                    names.scopes.insert(scope, name, at);
                }
                None => {
                    names.folders.insert(entry.key, at);
                }
            }
            if let (Some(folder), Some(name)) = (entry.link, entry.installed) {
                names.links.insert(folder, name);
            }
        }
        names.scopes.connect();
        names
    }

    /// The name under which a folder is linked.
    fn linked(&self, folder: &str) -> Option<&'d str> {
        self.links.get(folder).copied()
    }
}
