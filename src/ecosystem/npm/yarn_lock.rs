//! `yarn.lock` of Yarn 1 (<https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>) and of Yarn 2 and later
//! (<https://yarnpkg.com/advanced/lexicon#lockfile>). Two syntaxes give the same entries; here they are connected.

use std::borrow::Cow;
use std::collections::HashMap;

use super::drift::Locked;
use super::manifest::{Manifest, Project};
use super::{id, project, yarn_berry, yarn_v1};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, folder_of, join, text_of};
use crate::model::{
    DependencyGraph, DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Location, OtherPackage, PackageIndex,
    RepoPath, Source,
};

/// The parser's row. An empty file is valid: it marks where a project starts
/// (<https://yarnpkg.com/getting-started/qa>).
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "yarn-lock",
    ecosystem: Ecosystem::Npm,
    role: Role::Lockfile,
    names: &["yarn.lock"],
    empty_is_valid: true,
    capabilities: Capabilities { direct: Support::Partial, kinds: Support::Partial, ..Capabilities::FULL },
    parse,
};

/// Manifests beyond this many are read only where they are at hand (hostile input).
const MAX_WANTED: usize = 1000;

/// An entry of either syntax.
pub(super) struct Entry<'t> {
    /// `name@range` for each range that it satisfies.
    pub(super) descriptors: Vec<Cow<'t, str>>,
    /// The real name.
    pub(super) name: Cow<'t, str>,
    pub(super) version: Option<Cow<'t, str>>,
    pub(super) place: Option<Location>,
    pub(super) source: Source,
    pub(super) integrity: Option<Cow<'t, str>>,
    pub(super) dependencies: Vec<Wanted<'t>>,
    /// The folder, seen from the lock's, if it is a project of the workspace.
    pub(super) member: Option<String>,
    /// The other package that its address or resolution names.
    pub(super) other: Option<OtherPackage>,
}

/// What an entry depends on.
pub(super) struct Wanted<'t> {
    pub(super) name: Cow<'t, str>,
    pub(super) range: Cow<'t, str>,
    pub(super) kind: DependencyKind,
    /// The line that says so.
    pub(super) line: Option<u32>,
}

/// What either syntax gives.
pub(super) struct Read<'t> {
    pub(super) entries: Vec<Entry<'t>>,
    /// Whether the projects are entries too.
    pub(super) has_members: bool,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let is_berry =
        text_of(input.path, input.bytes, &mut Vec::new()).lines().any(|line| line.starts_with("__metadata:"));
    let read = if is_berry {
        yarn_berry::read(input.path, input.bytes, &mut diagnostics)
    } else {
        yarn_v1::read(input.path, input.text(&mut diagnostics), &mut diagnostics)
    };
    let wanted = wanted(input, &read);
    if !wanted.is_empty() {
        return Parsed { wanted, ..Parsed::default() };
    }
    let mut manifests = if read.has_members {
        Project { manifests: Default::default() }
    } else {
        Project::read(input, &mut diagnostics)
    };
    if read.has_members {
        for folder in read.entries.iter().filter_map(|entry| entry.member.as_deref()) {
            manifests.add(input, folder, &mut diagnostics);
        }
    }
    let mut builder = GraphBuilder::new(input.path, PARSER.id);
    let mut graph = Graph::new(input.path, &read, &manifests, &mut builder);
    graph.connect(&mut builder);
    let Graph { said, .. } = graph;
    diagnostics.extend(said);
    bound(&mut diagnostics, input.path);
    let graph = finish(&read, &manifests, builder);
    Parsed { graph, diagnostics, companions: manifests.companions(), wanted: Vec::new() }
}

/// Without the projects nobody can say what is direct, and what for.
fn finish(read: &Read<'_>, manifests: &Project, builder: GraphBuilder) -> DependencyGraph {
    if read.has_members || manifests.root().is_some() {
        builder.finish_by_reachability()
    } else {
        builder.finish_as_marked()
    }
}

/// The manifests of the root and of members that somebody still has to load.
fn wanted(input: &Input<'_>, read: &Read<'_>) -> Vec<RepoPath> {
    let members = read.entries.iter().filter_map(|entry| entry.member.as_deref());
    let folders = std::iter::once("").chain(members.filter(|folder| !folder.is_empty()));
    let paths = folders.filter_map(|folder| join(&join(folder_of(input.path), folder)?, "package.json"));
    let missing = paths.filter(|path| input.files.look_up(path) == Lookup::NotLoaded);
    missing.take(MAX_WANTED).map(Into::into).collect()
}

/// Connects the entries.
struct Graph<'g, 't> {
    path: &'g RepoPath,
    read: &'g Read<'t>,
    manifests: &'g Project,
    indices: Vec<PackageIndex>,
    by_descriptor: HashMap<&'g str, PackageIndex>,
    by_name: HashMap<&'g str, Candidates<'g>>,
    /// The projects that are no entries, by name.
    projects: HashMap<&'g str, PackageIndex>,
    said: Vec<Diagnostic>,
}

/// The packages that go by one name, each once, and the ranges for which the lock has them.
#[derive(Default)]
struct Candidates<'g> {
    packages: Vec<PackageIndex>,
    ranges: Vec<&'g str>,
}

/// How many packages of one name are told apart where no descriptor fits (hostile input).
const MAX_CANDIDATES: usize = 64;

impl<'g, 't> Graph<'g, 't> {
    fn new(path: &'g RepoPath, read: &'g Read<'t>, manifests: &'g Project, builder: &mut GraphBuilder) -> Self {
        let mut graph = Self {
            path,
            read,
            manifests,
            indices: Vec::with_capacity(read.entries.len()),
            by_descriptor: HashMap::new(),
            by_name: HashMap::new(),
            projects: HashMap::new(),
            said: Vec::new(),
        };
        for entry in &read.entries {
            graph.add(entry, builder);
        }
        if !read.has_members {
            for manifest in manifests.manifests.values() {
                let own = project(manifest.label(), manifest.version.as_deref());
                let index = builder.member(own, manifest.version_place.clone());
                graph.projects.insert(manifest.label(), index);
            }
        }
        graph
    }

    fn add(&mut self, entry: &'g Entry<'t>, builder: &mut GraphBuilder) {
        let manifest = entry.member.as_ref().and_then(|folder| self.manifests.manifests.get(folder));
        let index = if entry.member.is_some() {
            // The lock says `0.0.0-use.local`.
            let version = manifest.and_then(|manifest| manifest.version.as_deref());
            let place = manifest.and_then(|manifest| manifest.version_place.clone());
            builder.member(project(&entry.name, version), place)
        } else {
            let id = id(&entry.name, entry.version.as_deref(), entry.source.clone());
            builder.package(id, entry.place.clone())
        };
        if entry.member.is_some() && manifest.is_none() {
            builder.unknown_use_below(index);
        }
        if let Some(integrity) = &entry.integrity {
            builder.integrity(index, integrity);
        }
        if let Some(other) = &entry.other {
            builder.other(index, other.clone());
        }
        self.indices.push(index);
        for descriptor in &entry.descriptors {
            self.by_descriptor.insert(descriptor, index);
            let (name, range) = super::spec::split_at_sign(descriptor).unwrap_or((descriptor.as_ref(), ""));
            let candidates = self.by_name.entry(name).or_default();
            if candidates.packages.last() != Some(&index) && candidates.packages.len() < MAX_CANDIDATES {
                candidates.packages.push(index);
            }
            if candidates.ranges.len() < MAX_CANDIDATES {
                candidates.ranges.push(range);
            }
        }
    }

    fn connect(&mut self, builder: &mut GraphBuilder) {
        let read = self.read;
        let manifests = self.manifests;
        let asked: HashMap<&str, Asked<'_>> = manifests
            .manifests
            .iter()
            .filter(|_| read.has_members)
            .map(|(folder, manifest)| (folder.as_str(), kinds_and_places(manifest)))
            .collect();
        for (entry, from) in read.entries.iter().zip(self.indices.clone()) {
            let asked = entry.member.as_ref().and_then(|folder| asked.get(folder.as_str()));
            for wanted in &entry.dependencies {
                let Some(to) = self.resolve(wanted) else {
                    continue;
                };
                let asked = asked.and_then(|asked| asked.get(wanted.name.as_ref()));
                let kinds = asked.map_or(&[][..], |asked| &asked.0);
                for &kind in if kinds.is_empty() { std::slice::from_ref(&wanted.kind) } else { kinds } {
                    builder.dependency(from, to, kind, Some(&wanted.range));
                }
                for place in asked.iter().flat_map(|asked| &asked.1) {
                    builder.declare(to, (*place).clone());
                }
            }
        }
        if !read.has_members {
            self.connect_projects(builder);
        }
        self.compare(builder);
    }

    /// Holds the lock against the manifests. Yarn 1 keeps the requirements of projects among all others, later ones keep
    /// them with the project.
    fn compare(&self, builder: &mut GraphBuilder) {
        let members: HashMap<&str, &'g Entry<'t>> =
            self.read.entries.iter().filter_map(|entry| Some((entry.member.as_deref()?, entry))).collect();
        for (folder, manifest) in &self.manifests.manifests {
            let mut locked = Locked::default();
            let member = members.get(folder.as_str());
            locked.recorded = member.map(|_| HashMap::new());
            for wanted in member.iter().flat_map(|member| &member.dependencies) {
                locked.record(&wanted.name, &wanted.range);
            }
            for asked in &manifest.asked {
                let recorded =
                    member.and_then(|_| locked.recorded.as_ref()?.get(asked.name.as_str())?.first().copied());
                let found = self.find(&asked.name, recorded.unwrap_or(&asked.spec));
                let candidates = self.by_name.get(asked.name.as_str());
                match (found, candidates) {
                    (Some(found), _) => locked.package(&asked.name, found),
                    // Which of several the project would get is not known: any of them may do.
                    (None, Some(candidates)) => {
                        candidates.packages.iter().for_each(|&package| locked.package(&asked.name, package));
                    }
                    (None, None) => {}
                }
                for range in candidates.iter().filter(|_| member.is_none()).flat_map(|known| &known.ranges) {
                    locked.record(&asked.name, range);
                }
            }
            self.manifests.compare(folder, &locked, builder);
        }
    }

    /// The edges of projects that only their manifests tell.
    fn connect_projects(&mut self, builder: &mut GraphBuilder) {
        let manifests = self.manifests;
        for manifest in manifests.manifests.values() {
            let Some(&from) = self.projects.get(manifest.label()) else {
                continue;
            };
            // Yarn 1 installs no peers.
            for asked in manifest.asked.iter().filter(|asked| asked.kind != DependencyKind::Peer) {
                let Some(to) = self.find(&asked.name, &asked.spec) else { continue };
                if to != from {
                    builder.dependency(from, to, asked.kind, Some(&asked.spec));
                }
                if let Some(place) = asked.place.clone() {
                    builder.declare(to, place);
                }
            }
        }
    }

    fn resolve(&mut self, wanted: &Wanted<'_>) -> Option<PackageIndex> {
        let found = self.find(&wanted.name, &wanted.range);
        if found.is_none() {
            let message = format!(
                "`{}@{}` is needed, and this file does not have it; run `yarn install` to renew it",
                wanted.name, wanted.range
            );
            self.said.push(Diagnostic::error(self.path, wanted.line, message));
        }
        found
    }

    /// The entry of a name and range. `resolutions` of the root replace what others ask for; the lock then has the
    /// replacement only.
    fn find(&self, name: &str, range: &str) -> Option<PackageIndex> {
        let exact = |range: &str| {
            let found = self.by_descriptor.get(format!("{name}@{range}").as_str());
            found.or_else(|| self.by_descriptor.get(format!("{name}@npm:{range}").as_str())).copied()
        };
        if let Some(index) = exact(range).or_else(|| self.projects.get(name).copied()) {
            return Some(index);
        }
        let forced = self.manifests.root().and_then(|root| root.resolutions.get(name));
        if let Some(index) = forced.and_then(|range| exact(range)) {
            return Some(index);
        }
        match self.by_name.get(name)?.packages.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

/// What a manifest says of each name: what for, and where.
type Asked<'m> = HashMap<&'m str, (Vec<DependencyKind>, Vec<&'m Location>)>;

fn kinds_and_places(manifest: &Manifest) -> Asked<'_> {
    let mut all: Asked<'_> = HashMap::new();
    for asked in manifest.asked.iter().filter(|asked| asked.kind != DependencyKind::Peer) {
        let (kinds, places) = all.entry(&asked.name).or_default();
        kinds.push(asked.kind);
        places.extend(&asked.place);
    }
    all
}
