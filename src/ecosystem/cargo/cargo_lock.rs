//! `Cargo.lock`, versions 1 to 4, and the `Cargo.toml` files of its workspace. The format is documented nowhere
//! but in Cargo's `core/resolver/encode.rs`
//! (<https://github.com/rust-lang/cargo/blob/master/src/cargo/core/resolver/encode.rs>).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use semver::{Version, VersionReq};

use super::manifest::{Asked, Manifest, Workspace};
use super::{lock_lines, place_of, source_of};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self, Document, Get};
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, file_name_of, folder_of};
use crate::model::{
    DependencyKind, Diagnostic, Drift, DriftKind, Ecosystem, GraphBuilder, Location, PackageId, PackageIndex, RepoPath,
    Source, SourceKind,
};

/// The parser's row.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "cargo-lock",
    ecosystem: Ecosystem::CratesIo,
    role: Role::Lockfile,
    names: &["Cargo.lock"],
    empty_is_valid: false,
    capabilities: Capabilities { kinds: Support::Partial, ..Capabilities::FULL },
    parse,
};

/// How often one manifest can ask for one package; more of it is not looked at (hostile input).
const MAX_ASKED: usize = 100;

/// How many sources of one name and version are looked at (hostile input).
const MAX_CANDIDATES: usize = 64;

/// The newest format that is known.
const NEWEST: i64 = 4;

fn parse(input: &Input<'_>) -> Parsed {
    let beside = input.beside("Cargo.toml");
    if input.files.look_up(&beside) == Lookup::NotLoaded {
        return Parsed { wanted: vec![beside], ..Parsed::default() };
    }
    let mut diagnostics = Vec::new();
    let plain = std::str::from_utf8(input.bytes).ok().and_then(|text| lock_lines::read(input.path, text));
    let document;
    let packages = match plain {
        Some(packages) => packages,
        None => {
            document = toml::parse(input.path, input.bytes, &mut diagnostics);
            let mut lock = Lock { path: input.path, document: &document, diagnostics: &mut diagnostics };
            lock.check_version();
            lock.packages()
        }
    };
    // A lock that says its version and holds nothing is whole.
    let says_version = || String::from_utf8_lossy(input.bytes).lines().any(|line| line.starts_with("version"));
    if packages.is_empty() && diagnostics.is_empty() && !says_version() {
        let message = "it holds neither a version nor a package; it may be cut off";
        diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    let tree = Tree::read(input, &packages, &mut diagnostics);
    let mut builder = GraphBuilder::new(input.path, PARSER.id);
    builder.reserve(packages.len());
    build(&packages, &tree, &mut builder, &mut diagnostics);
    if let Some(drift) = &tree.unlocked {
        builder.drift(drift.clone());
    }
    // Without a project nobody can say what is direct.
    let has_project = packages.iter().any(|entry| entry.source.is_none());
    let graph = if has_project { builder.finish_by_reachability() } else { builder.finish_as_marked() };
    Parsed { graph, diagnostics, companions: tree.companions, wanted: Vec::new() }
}

/// A `[[package]]` entry.
pub(super) struct Entry<'d> {
    pub(super) name: &'d str,
    pub(super) version: &'d str,
    /// As it is written, `None` of what lies in a folder.
    pub(super) source: Option<&'d str>,
    pub(super) checksum: Option<&'d str>,
    pub(super) place: Option<Location>,
    /// What it needs, as it is written, and in which line.
    pub(super) dependencies: Vec<(&'d str, u32)>,
}

/// Reads the lock itself.
struct Lock<'l, 'd> {
    path: &'l RepoPath,
    document: &'d Document<'d>,
    diagnostics: &'l mut Vec<Diagnostic>,
}

impl<'d> Lock<'_, 'd> {
    fn check_version(&mut self) {
        let Some(value) = self.document.table.at(&["version"]) else {
            return;
        };
        let version = value.get_ref().as_integer().and_then(|version| version.as_str().parse::<i64>().ok());
        if !version.is_some_and(|version| (1..=NEWEST).contains(&version)) {
            let line = self.document.lines.line(value.span().start);
            let message =
                "this version of Cargo.lock is not known; it was read like version 4, and packages may be missing";
            self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
        }
    }

    fn packages(&mut self) -> Vec<Entry<'d>> {
        let document = self.document;
        if let Some(value) = document.table.at(&["package"]).filter(|value| !value.get_ref().is_array()) {
            self.complain(value.span().start, "an array of packages is expected here; it was not read");
        }
        let metadata = document.table.table(&["metadata"]);
        let entries = document.table.array(&["package"]).iter().chain(document.table.at(&["root"]));
        entries.filter_map(|entry| self.entry(entry, metadata)).collect()
    }

    fn entry(&mut self, value: &'d Spanned<DeValue<'d>>, metadata: Option<&'d DeTable<'d>>) -> Option<Entry<'d>> {
        let table = value.get_ref().as_table();
        let name = table.and_then(|table| table.text(&["name"]));
        let version = table.and_then(|table| table.at(&["version"])).filter(|version| version.get_ref().is_str());
        let (Some(table), Some(name), Some(version)) = (table, name, version) else {
            self.complain(value.span().start, "a package without name or version; it was not read");
            return None;
        };
        let place = place_of(self.document, version);
        let version = version.get_ref().as_str()?;
        let source = table.text(&["source"]);
        if let Some(value) = table.at(&["source"]).filter(|value| !value.get_ref().is_str()) {
            self.complain(value.span().start, format!("the source of `{name}` is no text; the package was not read"));
            return None;
        }
        let checksum = table.text(&["checksum"]).or_else(|| {
            // Versions 1 and 2 keep them apart.
            let key = format!("checksum {name} {version} ({})", source?);
            metadata?.text(&[&key]).filter(|&checksum| checksum != "<none>")
        });
        let dependencies = self.dependencies(table, name);
        Some(Entry { name, version, source, checksum, place, dependencies })
    }

    fn dependencies(&mut self, table: &'d DeTable<'d>, name: &str) -> Vec<(&'d str, u32)> {
        let Some(value) = table.at(&["dependencies"]) else {
            return Vec::new();
        };
        if !value.get_ref().is_array() {
            let message = format!("the dependencies of `{name}` are no array; they were not read");
            self.complain(value.span().start, message);
        }
        let mut dependencies = Vec::new();
        for item in table.array(&["dependencies"]) {
            match item.get_ref().as_str() {
                Some(text) => dependencies.push((text, self.document.lines.line(item.span().start))),
                None => self.complain(item.span().start, format!("a dependency of `{name}` is no text")),
            }
        }
        dependencies
    }

    fn complain(&mut self, offset: usize, message: impl Into<String>) {
        let line = self.document.lines.line(offset);
        self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
    }
}

/// Packages and edges. A dependency that the file does not have is an error with its line.
fn build(entries: &[Entry<'_>], tree: &Tree, builder: &mut GraphBuilder, diagnostics: &mut Vec<Diagnostic>) {
    let path = &tree.path;
    let mut indices = Vec::with_capacity(entries.len());
    for entry in entries {
        let source = entry.source.map_or_else(|| tree.source(entry.name), source_of);
        let is_member = source.kind == SourceKind::Workspace;
        let id = PackageId::new(Ecosystem::CratesIo, entry.name, Some(entry.version), source);
        let add = if is_member { GraphBuilder::member } else { GraphBuilder::package };
        let index = add(builder, id, entry.place.clone());
        if let Some(checksum) = entry.checksum {
            builder.integrity(index, checksum);
        }
        if is_member && !tree.manifests.contains_key(entry.name) {
            builder.unknown_use_below(index);
        }
        indices.push(index);
    }
    let names = Names::of(entries);
    for (entry, &from) in entries.iter().zip(&indices) {
        let mut targets = Vec::with_capacity(entry.dependencies.len());
        for &(text, line) in &entry.dependencies {
            match names.resolve(text) {
                Some(target) => targets.push(target),
                None => {
                    let message = format!(
                        "`{}` needs `{text}`, which this file does not have once; run `cargo update -w`",
                        entry.name
                    );
                    diagnostics.push(Diagnostic::error(path, Some(line), message));
                }
            }
        }
        let manifest = tree.manifests.get(entry.name).filter(|_| entry.source.is_none());
        let edges = Edges { entries, indices: &indices, from };
        match manifest {
            Some(manifest) => {
                if tree.members.contains(entry.name) {
                    let mut has: HashMap<&str, Vec<PackageIndex>> = HashMap::new();
                    for &target in &targets {
                        has.entry(entries[target].name).or_default().push(indices[target]);
                    }
                    compare(entry.name, manifest, &has, builder);
                }
                edges.of_member(manifest, &targets, builder);
            }
            None => edges.of_package(&targets, builder),
        }
    }
    bound(diagnostics, path);
}

/// Notes where the lock does not hold what a member of the workspace asks for. The lock holds the optional dependencies
/// of members too, those for other targets, and those for development. A patch keeps within the requirement; where it
/// puts git or a folder in the place of a registry, that is not looked at.
fn compare(own: &str, manifest: &Manifest, has: &HashMap<&str, Vec<PackageIndex>>, builder: &mut GraphBuilder) {
    for asked in manifest.asked.iter().filter(|asked| asked.name != own) {
        let wanted = Wanted {
            manifest: &manifest.path,
            name: &asked.name,
            requirement: asked.requirement.as_deref(),
            place: asked.places.first(),
        };
        match (has.get(asked.name.as_str()), asked.requirement.as_deref()) {
            (None, _) => wanted.missing(builder),
            (Some(packages), Some(range)) if asked.source.kind == SourceKind::Registry => {
                wanted.compare(range, packages, builder);
            }
            (Some(_), _) => {}
        }
    }
}

/// Who can be meant by `name`, `name version` and `name version (source)`: the entries in that order. Cargo writes them so
/// already.
struct Names<'e, 'd> {
    entries: &'e [Entry<'d>],
    order: Vec<usize>,
    /// The run of each name in the order.
    by_name: HashMap<&'d str, Range<usize>>,
}

impl<'e, 'd> Names<'e, 'd> {
    fn of(entries: &'e [Entry<'d>]) -> Self {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|&at| (entries[at].name, entries[at].version, entries[at].source.map(without_commit)));
        let mut by_name = HashMap::with_capacity(entries.len());
        let mut first = 0;
        for run in order.chunk_by(|&a, &b| entries[a].name == entries[b].name) {
            by_name.insert(entries[run[0]].name, first..first + run.len());
            first += run.len();
        }
        Self { entries, order, by_name }
    }

    fn resolve(&self, text: &str) -> Option<usize> {
        let mut parts = text.splitn(3, ' ');
        let named = &self.order[self.by_name.get(parts.next()?)?.clone()];
        let Some(version) = parts.next() else {
            // Several versions are told apart in the file; only their count matters here.
            return if let [only] = named { Some(*only) } else { None };
        };
        let versioned = self.matching(named, version, |entry| entry.version);
        match parts.next() {
            None => self.choose(versioned),
            Some(source) => {
                let source = source.strip_prefix('(')?.strip_suffix(')')?;
                let of_source = |entry: &Entry<'d>| entry.source.map_or("", without_commit);
                self.matching(versioned, without_commit(source), of_source).last().copied()
            }
        }
    }

    /// Those of a run of the order whose next part is that text.
    fn matching<'o>(&self, run: &'o [usize], text: &str, part: impl Fn(&Entry<'d>) -> &'d str) -> &'o [usize] {
        let first = run.partition_point(|&at| part(&self.entries[at]) < text);
        let count = run[first..].partition_point(|&at| part(&self.entries[at]) == text);
        &run[first..first + count]
    }

    /// The only one. Cargo writes the source wherever it is needed to tell two apart; where a file does not,
    /// what lies in a folder is meant, and then the public registry.
    fn choose(&self, candidates: &[usize]) -> Option<usize> {
        if let [only] = candidates {
            return Some(*only);
        }
        let is_public =
            |source: Option<&str>| source.is_some_and(|source| source_of(source) == Source::PUBLIC_REGISTRY);
        // What has no source comes first in the order.
        let local = candidates.first().copied().filter(|&at| self.entries[at].source.is_none());
        let mut few = candidates.iter().copied().take(MAX_CANDIDATES);
        local.or_else(|| few.find(|&at| is_public(self.entries[at].source)))
    }
}

/// A dependency names a git source with its commit in version 1 and without it later.
fn without_commit(source: &str) -> &str {
    source.split('#').next().unwrap_or(source)
}

/// The edges of one package.
struct Edges<'e, 'd> {
    entries: &'e [Entry<'d>],
    indices: &'e [PackageIndex],
    from: PackageIndex,
}

impl Edges<'_, '_> {
    /// What a registry or git package needs is there to run it, as far as the lock tells: it lists no
    /// development dependencies, and does not mark those for building.
    fn of_package(&self, targets: &[usize], builder: &mut GraphBuilder) {
        for &target in targets {
            self.add(target, DependencyKind::Runtime, None, builder);
        }
    }

    fn of_member(&self, manifest: &Manifest, targets: &[usize], builder: &mut GraphBuilder) {
        let mut asked_by_name: HashMap<&str, Vec<&Asked>> = HashMap::new();
        for asked in &manifest.asked {
            let all = asked_by_name.entry(&asked.name).or_default();
            if all.len() < MAX_ASKED {
                all.push(asked);
            }
        }
        let mut versions: HashMap<&str, usize> = HashMap::new();
        for &target in targets {
            *versions.entry(self.entries[target].name).or_default() += 1;
        }
        for &target in targets {
            let entry = &self.entries[target];
            let all = asked_by_name.get(entry.name).map(Vec::as_slice).unwrap_or_default();
            let fitting: Vec<&Asked> = if versions.get(entry.name).is_some_and(|&count| count > 1) {
                all.iter().copied().filter(|asked| fits(asked, entry)).collect()
            } else {
                all.to_vec()
            };
            if fitting.is_empty() {
                self.add(target, DependencyKind::Runtime, None, builder);
            }
            for asked in fitting {
                self.add(target, asked.kind, asked.requirement.as_deref(), builder);
                for place in &asked.places {
                    builder.declare(self.indices[target], place.clone());
                }
            }
        }
    }

    fn add(&self, target: usize, kind: DependencyKind, requirement: Option<&str>, builder: &mut GraphBuilder) {
        let to = self.indices[target];
        if to != self.from {
            builder.dependency(self.from, to, kind, requirement);
        }
    }
}

/// Whether a manifest's dependency can be that package.
fn fits(asked: &Asked, entry: &Entry<'_>) -> bool {
    let kind = entry.source.map_or(SourceKind::Path, |source| source_of(source).kind);
    // A patch may put git or a folder in the place of a registry.
    if asked.source.kind == kind || kind != SourceKind::Registry {
        let requirement = asked.requirement.as_deref().map(VersionReq::parse);
        let (Some(Ok(requirement)), Ok(version)) = (requirement, Version::parse(entry.version)) else {
            return asked.source.kind == kind;
        };
        return requirement.matches(&version);
    }
    false
}

/// The manifests of the workspace.
struct Tree {
    /// The lock.
    path: RepoPath,
    /// By the name of the package.
    manifests: BTreeMap<String, Manifest>,
    /// Folders of packages that the manifests name and that are no members.
    outside: BTreeMap<String, String>,
    companions: Vec<RepoPath>,
    /// The names of the packages that are surely members of the workspace.
    members: BTreeSet<String>,
    /// The project beside the lock, where the lock does not hold it.
    unlocked: Option<Drift>,
}

/// The manifests in the order in which they may claim a name: test data may hold another crate of a member's name, so
/// that the root's own comes first, then what the workspace names, then what others refer to by path.
fn in_order(
    found: BTreeMap<String, (Manifest, Vec<Diagnostic>)>,
    folder: &str,
    workspace: Option<&Workspace>,
) -> Vec<(String, (Manifest, Vec<Diagnostic>))> {
    let asked = found.values().flat_map(|(manifest, _)| &manifest.asked);
    let referred: BTreeSet<String> = asked
        .filter(|asked| asked.source.kind == SourceKind::Path)
        .filter_map(|asked| asked.source.url.clone())
        .collect();
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_cached_key(|(at, _)| {
        let named = workspace.is_some_and(|root| root.names(at.strip_prefix(folder).unwrap_or(at)));
        (at != folder, !named, !referred.contains(at))
    });
    found
}

impl Tree {
    /// Every `Cargo.toml` at or below the lock's folder that belongs to one of its packages, and the root's.
    fn read(input: &Input<'_>, entries: &[Entry<'_>], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let folder = folder_of(input.path);
        let local: BTreeSet<&str> =
            entries.iter().filter(|entry| entry.source.is_none()).map(|entry| entry.name).collect();
        let mut found = read_below(input, folder);
        let workspaces: BTreeMap<String, Workspace> = found
            .iter_mut()
            .filter_map(|(folder, (manifest, _))| Some((folder.clone(), manifest.workspace.take()?)))
            .collect();
        let found = in_order(found, folder, workspaces.get(folder));
        let mut tree = Self {
            path: RepoPath::clone(input.path),
            manifests: BTreeMap::new(),
            outside: BTreeMap::new(),
            companions: Vec::new(),
            members: BTreeSet::new(),
            unlocked: None,
        };
        for (at, (mut manifest, mut said)) in found {
            let name = manifest.name.clone().filter(|name| local.contains(name.as_str()));
            let taken = name.as_ref().is_some_and(|name| tree.manifests.contains_key(name));
            if at != folder && (name.is_none() || taken) {
                continue;
            }
            if let (true, Some(name)) = (workspaces.get(folder).is_some_and(|root| root.excludes(&at)), &name) {
                tree.outside.insert(name.clone(), at);
                continue;
            }
            let root = ancestors(&at).find_map(|folder| workspaces.get(folder));
            manifest.inherit(root, &mut said);
            diagnostics.append(&mut said);
            tree.companions.push(RepoPath::clone(&manifest.path));
            let inside = at.strip_prefix(folder).unwrap_or(&at).trim_start_matches('/');
            let is_member = at == folder || workspaces.get(folder).is_some_and(|root| root.names(inside));
            match (name, &manifest.name) {
                (Some(name), _) => {
                    tree.members.extend(is_member.then(|| name.clone()));
                    tree.manifests.insert(name, manifest);
                }
                (None, Some(own)) => {
                    tree.unlocked = Some(unlocked(&manifest, own));
                }
                (None, None) => {}
            }
        }
        tree.find_outside(folder);
        tree
    }

    /// What members take from folders outside of the lock's own.
    fn find_outside(&mut self, folder: &str) {
        let asked = self.manifests.values().flat_map(|manifest| &manifest.asked);
        for asked in asked.filter(|asked| asked.source.kind == SourceKind::Path) {
            let at = asked.source.url.as_deref().unwrap_or_default();
            let inside = folder.is_empty() && !at.starts_with("..") && !at.starts_with('/')
                || at == folder
                || at.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
            if !inside {
                self.outside.entry(asked.name.clone()).or_insert_with(|| at.to_owned());
            }
        }
    }

    /// Where a package without `source` comes from.
    fn source(&self, name: &str) -> Source {
        match self.outside.get(name).filter(|_| !self.manifests.contains_key(name)) {
            Some(folder) => Source::at(SourceKind::Path, folder),
            None => Source::of(SourceKind::Workspace),
        }
    }
}

/// That the lock beside a manifest does not hold the project of that name.
fn unlocked(manifest: &Manifest, own: &str) -> Drift {
    Drift {
        manifest: RepoPath::clone(&manifest.path),
        name: own.to_owned(),
        requirement: None,
        place: manifest.version.as_ref().and_then(|(_, place)| place.clone()),
        kind: DriftKind::Project,
    }
}

/// Reads the manifests of [`manifests_below`], by folder, each with what there is to say of it.
fn read_below(input: &Input<'_>, folder: &str) -> BTreeMap<String, (Manifest, Vec<Diagnostic>)> {
    let read = |(path, bytes): (&RepoPath, &[u8])| {
        let mut said = Vec::new();
        let manifest = Manifest::read(path, bytes, &mut said);
        (folder_of(path).to_owned(), (manifest, said))
    };
    manifests_below(input, folder).into_iter().map(read).collect()
}

/// The `Cargo.toml` files below a folder that no other `Cargo.lock` is nearer to.
fn manifests_below<'i>(input: &Input<'i>, folder: &str) -> Vec<(&'i RepoPath, &'i [u8])> {
    let mut locks: BTreeSet<&str> = BTreeSet::new();
    let mut manifests = Vec::new();
    for (path, bytes) in input.files.below(folder) {
        match file_name_of(path) {
            "Cargo.lock" => {
                locks.insert(folder_of(path));
            }
            "Cargo.toml" => manifests.push((path, bytes)),
            _ => {}
        }
    }
    manifests.retain(|(path, _)| {
        let nearest = ancestors(folder_of(path)).find(|&at| at == folder || locks.contains(at));
        nearest == Some(folder)
    });
    manifests
}

/// A folder and those above it, the nearest first.
pub(super) fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |&folder| (!folder.is_empty()).then(|| folder_of(folder)))
}
