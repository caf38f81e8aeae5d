//! `pnpm-lock.yaml`, versions 5, 6 and 9 (<https://github.com/pnpm/spec/tree/master/lockfile>). pnpm 11 writes several
//! documents into one file; all are read. The file names no projects: the `package.json` of each importer does.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::drift::{self, Locked};
use super::manifest::{Manifest, Project, overridden};
use super::other::other;
use super::spec::{registry_at, source_of_resolved, split_at_sign};
use super::{id, project};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml::{self, Stream};
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, folder_of, join};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, PackageId, PackageIndex, Source, SourceKind};

/// The parser's row.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pnpm-lock",
    ecosystem: Ecosystem::Npm,
    role: Role::Lockfile,
    names: &["pnpm-lock.yaml"],
    empty_is_valid: false,
    capabilities: Capabilities::FULL,
    parse,
};

/// What an importer asks for. What configures pnpm itself is needed to install, and for nothing else.
const TABLES: [(&str, DependencyKind); 5] = [
    ("dependencies", DependencyKind::Runtime),
    ("optionalDependencies", DependencyKind::Optional),
    ("configDependencies", DependencyKind::Build),
    ("packageManagerDependencies", DependencyKind::Build),
    ("devDependencies", DependencyKind::Dev),
];

/// pnpm writes two documents at most; more than this many are not read (hostile input).
const MAX_DOCUMENTS: usize = 16;

/// Manifests beyond this many are read only where they are at hand (hostile input).
const MAX_WANTED: usize = 1000;

fn parse(input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let stream = yaml::parse(input.path, input.bytes, &mut diagnostics);
    let wanted = wanted(input, &stream);
    if !wanted.is_empty() {
        return Parsed { wanted, ..Parsed::default() };
    }
    let mut lock = Lock {
        input,
        stream: &stream,
        manifests: Project { manifests: Default::default() },
        builder: GraphBuilder::new(input.path, PARSER.id),
        locked: BTreeMap::new(),
        diagnostics: &mut diagnostics,
    };
    if stream.documents.is_empty() && lock.diagnostics.is_empty() {
        lock.complain("", "there is nothing in it: not a lockfile of pnpm");
    }
    for (at, document) in stream.documents.iter().enumerate() {
        if at == MAX_DOCUMENTS {
            lock.complain("", "too many documents; those from here on were not read");
            break;
        }
        lock.document(document);
    }
    lock.compare();
    let Lock { manifests, builder, .. } = lock;
    bound(&mut diagnostics, input.path);
    Parsed {
        graph: builder.finish_by_reachability(),
        diagnostics,
        companions: manifests.companions(),
        wanted: Vec::new(),
    }
}

/// The manifests of importers that somebody still has to load.
fn wanted(input: &Input<'_>, stream: &Stream<'_>) -> Vec<crate::model::RepoPath> {
    let folders = stream.documents.iter().flat_map(importers).map(|(folder, _)| folder);
    let paths = folders.filter_map(|folder| join(&join(folder_of(input.path), folder)?, "package.json"));
    let missing = paths.filter(|path| input.files.look_up(path) == Lookup::NotLoaded);
    missing.take(MAX_WANTED).map(Into::into).collect()
}

/// The projects of a document; without workspace the document itself is one.
fn importers<'v>(document: &'v Value<'_>) -> Vec<(&'v str, &'v Value<'v>)> {
    match document.get("importers") {
        // Of a key that stands twice the last one counts.
        Some(importers) => {
            let importers = importers.entries().iter().map(|(folder, value)| (folder.as_ref(), value));
            importers.collect::<BTreeMap<_, _>>().into_iter().collect()
        }
        None => vec![(".", document)],
    }
}

/// How keys are written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// `/name/1.2.3_peer@1`
    V5,
    /// `/name@1.2.3(peer@1)`
    V6,
    /// `name@1.2.3(peer@1)`, packages and snapshots apart.
    V9,
}

struct Lock<'l, 't> {
    input: &'l Input<'l>,
    stream: &'l Stream<'t>,
    manifests: Project,
    builder: GraphBuilder,
    /// What is locked for each project, by folder; documents add up.
    locked: BTreeMap<String, Locked<'l>>,
    diagnostics: &'l mut Vec<Diagnostic>,
}

/// What the names of one document lead to.
struct Names<'v> {
    style: Style,
    instances: HashMap<&'v str, PackageIndex>,
    /// By folder, seen from the lock's.
    projects: HashMap<String, PackageIndex>,
}

impl<'l> Lock<'l, '_> {
    /// Holds what is locked against what the manifests ask for. A hook may change those in any way, and pnpm notes only
    /// that there is one (<https://pnpm.io/pnpmfile>).
    fn compare(&mut self) {
        let documents = &self.stream.documents;
        if documents.iter().any(|document| document.get("pnpmfileChecksum").is_some()) {
            return;
        }
        let overrides = documents.iter().flat_map(|document| document.object("overrides"));
        let mut overridden: HashSet<String> = overrides.map(|(pattern, _)| overridden(pattern).to_owned()).collect();
        overridden.extend(self.manifests.root().into_iter().flat_map(|root| root.overridden.iter().cloned()));
        for (folder, locked) in &self.locked {
            if let Some(manifest) = self.manifests.manifests.get(folder) {
                drift::compare(manifest, locked, &overridden, &mut self.builder);
            }
        }
    }

    fn document(&mut self, document: &'l Value<'_>) {
        if !matches!(document, Value::Object(_)) {
            self.complain("", "a mapping is expected here; it was not read");
            return;
        }
        for table in ["importers", "packages", "snapshots"] {
            if document.entries().iter().filter(|(key, _)| key == table).count() > 1 {
                self.complain(table, &format!("`{table}` stands twice; only the last one was read"));
            }
        }
        let style = self.style(document);
        // A project that needs nothing is `{}`; what is cut off behind a key is nothing at all.
        let is_cut = match document.get("importers") {
            Some(Value::Object(all)) => all.iter().any(|(_, importer)| !matches!(importer, Value::Object(_))),
            Some(_) => true,
            None => style == Style::V9,
        };
        if is_cut {
            self.complain("importers", "the projects under `importers` are not all there; the file may be cut off");
        }
        let mut names = Names { style, instances: HashMap::new(), projects: HashMap::new() };
        for (folder, _) in importers(document) {
            let index = self.project(folder);
            names.projects.insert(normal(folder), index);
        }
        let packages = document.object("packages");
        let by_key: HashMap<&str, &Value<'_>> = packages.iter().map(|(key, value)| (key.as_ref(), value)).collect();
        let snapshots = if style == Style::V9 { document.object("snapshots") } else { packages };
        let mut used = HashSet::new();
        for (key, snapshot) in snapshots {
            let base = if style == Style::V9 { without_peers(key) } else { key };
            used.insert(base);
            let (base, entry) =
                by_key.get_key_value(base).map_or((key.as_ref(), snapshot), |(key, entry)| (*key, *entry));
            self.package(key, base, entry, &mut names);
        }
        for (key, entry) in packages {
            if !used.contains(key.as_ref()) {
                self.package(key, key, entry, &mut names);
                // Only version 9 keeps them apart.
                let message = format!("`{key}` has no snapshot; what it needs is not known. Run `pnpm install`");
                let line = self.stream.lines.locate_slice(key).map(|place| place.line);
                self.diagnostics.push(Diagnostic::error(self.input.path, line, message));
            }
        }
        for (key, snapshot) in snapshots {
            let base = by_key.get(without_peers(key)).copied().unwrap_or(snapshot);
            if let Some(&from) = names.instances.get(key.as_ref()) {
                self.connect(from, snapshot, base, &names);
            }
        }
        for (folder, importer) in importers(document) {
            self.connect_project(folder, importer, &names);
        }
    }

    fn style(&mut self, document: &Value<'_>) -> Style {
        let written = document.get("lockfileVersion").and_then(Value::as_text).unwrap_or_default();
        let end = written.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(written.len());
        let version: Option<f64> = written[..end].parse().ok();
        match version {
            Some(version) if (5.0..6.0).contains(&version) => Style::V5,
            Some(version) if (6.0..7.0).contains(&version) => Style::V6,
            Some(version) if (9.0..10.0).contains(&version) => Style::V9,
            _ => {
                let line = self.stream.lines.locate_slice(written).map(|place| place.line);
                let message =
                    "this lockfileVersion is not known; it was read like version 9, and packages may be missing";
                self.diagnostics.push(Diagnostic::error(self.input.path, line, message));
                Style::V9
            }
        }
    }

    /// Adds the project of an importer.
    fn project(&mut self, folder: &str) -> PackageIndex {
        let at = normal(folder);
        if !self.manifests.manifests.contains_key(&at) {
            self.manifests.add(self.input, &at, self.diagnostics);
        }
        let manifest = self.manifests.manifests.get(&at);
        let name = manifest.and_then(|manifest| manifest.name.as_deref()).unwrap_or(folder);
        let version = manifest.and_then(|manifest| manifest.version.as_deref());
        self.builder.member(project(name, version), manifest.and_then(|manifest| manifest.version_place.clone()))
    }

    /// Adds the instance of a key, as the entry of its package describes it.
    fn package<'v>(&mut self, key: &'v str, base: &'v str, entry: &Value<'_>, names: &mut Names<'v>) {
        if !matches!(entry, Value::Object(_) | Value::Null) {
            self.complain(key, &format!("the entry `{key}` is no mapping; it was not read"));
            return;
        }
        let directory = entry.get("resolution").and_then(|resolution| resolution.text("directory")).map(normal);
        if let Some(&project) = directory.and_then(|directory| names.projects.get(&directory)) {
            names.instances.insert(key, project);
            return;
        }
        let Some((id, version)) = identity(base, entry, names.style) else {
            self.complain(key, &format!("the key `{key}` is not understood; the package was not read"));
            return;
        };
        let place = version.and_then(|version| self.stream.lines.locate_slice(version));
        let tarball = entry.get("resolution").and_then(|resolution| resolution.text("tarball"));
        let other = version.zip(tarball).and_then(|(version, at)| other(&id.name, version, at));
        let index = self.builder.instance(id, place);
        if let Some(other) = other {
            self.builder.other(index, other);
        }
        if let Some(integrity) = entry.get("resolution").and_then(|resolution| resolution.text("integrity")) {
            self.builder.integrity(index, integrity);
        }
        if names.style != Style::V9 {
            self.builder.install_script(index, entry.text("requiresBuild") == Some("true"));
        }
        names.instances.insert(key, index);
    }

    fn connect(&mut self, from: PackageIndex, snapshot: &Value<'_>, entry: &Value<'_>, names: &Names<'_>) {
        let peers: HashSet<&str> = entry.object("peerDependencies").iter().map(|(name, _)| name.as_ref()).collect();
        for (table, kind) in [TABLES[0], TABLES[1]] {
            for (name, reference) in snapshot.object(table) {
                // Peers stand among the dependencies as soon as they are resolved.
                let kind = if peers.contains(name.as_ref()) { DependencyKind::Peer } else { kind };
                if let Some(to) = self.target(name, reference, "", names) {
                    self.builder.dependency(from, to, kind, None);
                }
            }
        }
    }

    fn connect_project(&mut self, folder: &str, importer: &'l Value<'_>, names: &Names<'_>) {
        let at = normal(folder);
        let Some(&from) = names.projects.get(&at) else {
            return;
        };
        let specifiers: HashMap<&str, &'l Value<'_>> =
            importer.object("specifiers").iter().map(|(name, value)| (name.as_ref(), value)).collect();
        let mut targets: Vec<(&'l str, PackageIndex)> = Vec::new();
        for (table, kind) in TABLES {
            for (name, value) in importer.object(table) {
                let reference = value.get("version").unwrap_or(value);
                let Some(to) = self.target(name, reference, &at, names) else {
                    continue;
                };
                let requirement = value.text("specifier").or_else(|| specifiers.get(name.as_ref())?.as_text());
                self.builder.dependency(from, to, kind, requirement);
                targets.push((name.as_ref(), to));
                if let Some(requirement) = requirement {
                    self.locked.entry(at.clone()).or_default().record(name.as_ref(), requirement);
                }
            }
        }
        let locked = self.locked.entry(at.clone()).or_default();
        targets.iter().for_each(|&(name, to)| locked.package(name, to));
        let places = self.manifests.manifests.get(&at).map(Manifest::places).unwrap_or_default();
        for (name, to) in targets {
            for &place in places.get(name).into_iter().flatten() {
                self.builder.declare(to, place.clone());
            }
        }
    }

    /// What a name and a reference lead to, seen from a folder.
    fn target(&mut self, name: &str, reference: &Value<'_>, folder: &str, names: &Names<'_>) -> Option<PackageIndex> {
        let Some(text) = reference.as_text() else {
            self.complain(name, &format!("what `{name}` leads to is no text; it was not read"));
            return None;
        };
        if let Some(path) = text.strip_prefix("link:") {
            let at = join(folder, path);
            if let Some(&project) = at.as_ref().and_then(|at| names.projects.get(at)) {
                return Some(project);
            }
            let source = Source::at(SourceKind::Path, at.as_deref().unwrap_or(path));
            return Some(self.builder.package(id(name, None, source), None));
        }
        let full = match names.style {
            Style::V5 => format!("/{name}/{text}"),
            Style::V6 => format!("/{name}@{text}"),
            Style::V9 => format!("{name}@{text}"),
        };
        let found = names.instances.get(full.as_str()).or_else(|| names.instances.get(text));
        // Packages of other registries and archives have no slash before them.
        let found = found.or_else(|| names.instances.get(full.trim_start_matches('/')));
        if found.is_none() {
            let line = self.stream.lines.locate_slice(text).map(|place| place.line);
            let message = format!("`{name}` is to be `{text}`, which this file does not have; run `pnpm install`");
            self.diagnostics.push(Diagnostic::error(self.input.path, line, message));
        }
        found.copied()
    }

    fn complain(&mut self, part: &str, message: &str) {
        let line = self.stream.lines.locate_slice(part).map(|place| place.line);
        self.diagnostics.push(Diagnostic::error(self.input.path, line, message));
    }
}

/// A folder without `.`; what leads out of the lock's folder stays as it is.
fn normal(folder: &str) -> String {
    join("", folder).unwrap_or_else(|| folder.to_owned())
}

/// A key without the peers behind it.
fn without_peers(key: &str) -> &str {
    key.find('(').map_or(key, |at| &key[..at])
}

/// What a key and its entry say of a package, and where its version stands.
fn identity<'v>(key: &'v str, entry: &'v Value<'_>, style: Style) -> Option<(PackageId, Option<&'v str>)> {
    let key = without_peers(key);
    let plain = key.strip_prefix('/').unwrap_or(key);
    let named = match style {
        Style::V5 => split_v5(plain),
        Style::V6 | Style::V9 => split_at_sign(plain),
    };
    let tarball = entry.get("resolution").and_then(|resolution| resolution.text("tarball"));
    if let Some((name, version)) = named.filter(|(_, version)| is_version(version)) {
        if style == Style::V9 || key.starts_with('/') {
            let source = tarball.map_or(Source::PUBLIC_REGISTRY, |tarball| source_of_registry(name, tarball));
            return Some((id(name, Some(version), source), Some(version)));
        }
        // `registry.example/name/1.2.3` is a package of another registry.
        let (host, name) = name.split_once('/')?;
        if host.contains('.') && entry.text("name").is_none() {
            let source = registry_at(&format!("https://{host}"));
            return Some((id(name, Some(version), source), Some(version)));
        }
    }
    let reference = named.filter(|_| style == Style::V9).map_or(plain, |(_, reference)| reference);
    let name = entry.text("name").or(named.map(|(name, _)| name)).unwrap_or(plain);
    let version = entry.text("version");
    Some((id(name, version, source_of_reference(name, reference, entry)), version))
}

/// The name and version of `@scope/name/1.2.3_peers` and `name/1.2.3/peers`: the version is the first part behind the
/// name that starts with a digit.
fn split_v5(key: &str) -> Option<(&str, &str)> {
    let mut at = key.find('/')?;
    let mut in_scope = key.starts_with('@');
    loop {
        let rest = &key[at + 1..];
        if !in_scope && rest.starts_with(|c: char| c.is_ascii_digit()) {
            let end = rest.find(['_', '/', '(']).unwrap_or(rest.len());
            return Some((&key[..at], &rest[..end]));
        }
        in_scope = rest.starts_with('@');
        at += 1 + rest.find('/')?;
    }
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['/', ':'])
}

/// A package with a version is one of a registry, however its archive's address looks.
fn source_of_registry(name: &str, tarball: &str) -> Source {
    let source = source_of_resolved(name, tarball);
    if source.kind != SourceKind::Url {
        return source;
    }
    let authority = tarball.find("://").map_or(0, |at| at + 3);
    let end = tarball[authority..].find('/').map_or(tarball.len(), |at| authority + at);
    registry_at(&tarball[..end])
}

fn source_of_reference(name: &str, reference: &str, entry: &Value<'_>) -> Source {
    let resolution = |key| entry.get("resolution").and_then(|resolution| resolution.text(key));
    if let (Some(repository), Some(commit)) = (resolution("repo"), resolution("commit")) {
        return super::spec::git(&format!("{repository}#{commit}"));
    }
    if let Some(directory) = resolution("directory") {
        return Source::at(SourceKind::Path, directory);
    }
    let source = source_of_resolved(name, resolution("tarball").unwrap_or(reference));
    match source.kind {
        // A dependency on an address stays one, even where that is a registry's.
        SourceKind::Registry | SourceKind::Unknown => Source::at(SourceKind::Url, reference),
        _ => source,
    }
}
