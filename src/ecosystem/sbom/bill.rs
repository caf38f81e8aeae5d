//! What all formats of bills of materials say, and what becomes of it: a graph, and what could not be judged.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::identity::{Identity, Unjudged};
use super::walk::{Links, Walked, walk};
use crate::ecosystem::Parsed;
use crate::ecosystem::syntax::bounds::bound;
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, Location, PackageId, PackageIndex, RepoPath,
    Source, SourceKind,
};

/// How many links are kept. One costs a hostile file a few bytes, and keeping it ten times as much.
const MAX_LINKS: usize = 2_000_000;

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Something that somebody publishes: a library, a framework.
    Package,
    /// Something that is made of others: an application, an image. With a package URL it may be a package as well.
    Whole,
    /// A file, a piece of data: no package.
    File,
}

/// An entry of the document.
#[derive(Debug)]
pub(super) struct Component<'d> {
    /// By what links name it; empty where nothing can.
    pub(super) reference: &'d str,
    /// Its name as people know it, with its group.
    pub(super) name: Cow<'d, str>,
    /// Its version as written.
    pub(super) version: Option<&'d str>,
    /// The requirement that stands instead of a version.
    pub(super) requirement: Option<&'d str>,
    /// Its package URLs; the first that names a package of a known ecosystem counts.
    pub(super) purls: Vec<&'d str>,
    /// Whether it is named by CPE.
    pub(super) has_cpe: bool,
    /// Its hash as `algorithm:hex`.
    pub(super) hash: Option<String>,
    /// What it is for, where the document says so of itself.
    pub(super) kinds: Kinds,
    /// What it is.
    pub(super) role: Role,
}

impl<'d> Component<'d> {
    /// A package of that name, of which nothing else is known.
    pub(super) fn named(name: Cow<'d, str>) -> Self {
        Self {
            reference: "",
            name,
            version: None,
            requirement: None,
            purls: Vec::new(),
            has_cpe: false,
            hash: None,
            kinds: Kinds::default(),
            role: Role::Package,
        }
    }
}

/// How one component is related to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It needs the other, for what the document says.
    Needs(Option<DependencyKind>),
    /// The other is part of it.
    Holds,
}

/// A document as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Bill<'d> {
    /// Its components.
    pub(super) components: Vec<Component<'d>>,
    /// What the document is about, by reference.
    pub(super) subjects: Vec<&'d str>,
    /// Whether the format says that what it is about is no part of the list but the project itself.
    pub(super) is_about_project: bool,
    links: Vec<(&'d str, &'d str, Relation)>,
    lost_links: usize,
}

/// The document that a bill was read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'o, 'd> {
    /// The file.
    pub(super) path: &'o RepoPath,
    /// The id of the row that reads it.
    pub(super) parser: &'static str,
    /// Where things stand.
    pub(super) lines: &'o LineIndex<'d>,
}

/// A version, unless the document only says that it knows none.
pub(super) fn version(text: &str) -> Option<&str> {
    const NONE: [&str; 6] = ["", "NOASSERTION", "NONE", "unknown", "UNKNOWN", "unspecified"];
    let text = text.trim();
    (!NONE.contains(&text)).then_some(text)
}

/// Whether what stands for a version is a requirement: GitHub's exports have what a manifest asks for.
fn is_range(version: &str) -> bool {
    version.starts_with(['^', '~', '<', '>', '=']) || version.contains(['*', '|', ',']) || version.contains(" - ")
}

/// The strongest of several hashes, given as names of algorithms and digits, as `sha256:hex`.
pub(super) fn strongest<'h>(hashes: impl Iterator<Item = (&'h str, &'h str)>) -> Option<String> {
    const BY_STRENGTH: [&str; 5] = ["md5", "sha1", "sha256", "sha384", "sha512"];
    let is_hex = |hash: &str| !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known = hashes.filter(|(_, hash)| is_hex(hash)).filter_map(|(algorithm, hash)| {
        let name = algorithm.to_ascii_lowercase().replace(['-', '_'], "");
        Some((BY_STRENGTH.iter().position(|known| *known == name)?, hash))
    });
    let best = known.max_by_key(|&(strength, _)| strength);
    best.map(|(strength, hash)| format!("{}:{hash}", BY_STRENGTH[strength]))
}

impl<'d> Bill<'d> {
    /// Adds that one component is related to another.
    pub(super) fn link(&mut self, from: &'d str, to: &'d str, relation: Relation) {
        if self.links.len() < MAX_LINKS {
            self.links.push((from, to, relation));
        } else {
            self.lost_links += 1;
        }
    }

    /// What it means.
    pub(super) fn finish(mut self, origin: Origin<'_, 'd>, mut diagnostics: Vec<Diagnostic>) -> Parsed {
        let identities: Vec<Identity> = self.components.iter().map(Identity::of).collect();
        let links = self.resolve(origin, &mut diagnostics);
        let walked = walk(&self.components, &identities, &links, self.is_about_project);
        let mut graph = GraphBuilder::new(origin.path, origin.parser);
        graph.reserve(identities.len());
        let mut unjudged = Unjudged::default();
        let mut indexes: Vec<Option<PackageIndex>> = Vec::with_capacity(identities.len());
        for (at, (component, identity)) in self.components.iter().zip(identities).enumerate() {
            let index = match (walked.is_project[at], identity) {
                (true, identity) => project(component, (identity, walked.ecosystem[at]), origin, &mut graph),
                (false, Identity::Known(id)) => Some(package(component, id, origin, &mut graph)),
                (false, identity) => {
                    unjudged.count(component, &identity, origin.lines);
                    None
                }
            };
            indexes.push(index);
        }
        connect(&self.components, &links, &walked, &indexes, &mut graph);
        unjudged.tell(origin.path, &mut diagnostics);
        bound(&mut diagnostics, origin.path);
        Parsed { graph: graph.finish_as_marked(), diagnostics, ..Parsed::default() }
    }

    /// The links between components by their numbers. What links to nothing, or to what several things are called, is
    /// said.
    fn resolve(&mut self, origin: Origin<'_, 'd>, diagnostics: &mut Vec<Diagnostic>) -> Links {
        let mut by_reference: HashMap<&str, usize> = HashMap::with_capacity(self.components.len());
        let (mut doubled, mut dangling) = (Faults::default(), Faults::default());
        for (at, component) in self.components.iter().enumerate().filter(|(_, c)| !c.reference.is_empty()) {
            if by_reference.insert(component.reference, at).is_some() {
                doubled.add(component.reference);
            }
        }
        // Documents without references of their own use package URLs.
        for (at, component) in self.components.iter().enumerate() {
            component.purls.iter().for_each(|purl| {
                by_reference.entry(purl).or_insert(at);
            });
        }
        let mut links = Links { links: Vec::with_capacity(self.links.len()), subjects: Vec::new() };
        for (from, to, relation) in std::mem::take(&mut self.links) {
            match (by_reference.get(from), by_reference.get(to)) {
                (Some(&from), Some(&to)) if from != to => links.links.push((from, to, relation)),
                (Some(_), Some(_)) => {}
                (None, _) => dangling.add(from),
                (_, None) => dangling.add(to),
            }
        }
        links.subjects = self.subjects.iter().filter_map(|subject| by_reference.get(subject).copied()).collect();
        links.subjects.sort_unstable();
        links.subjects.dedup();
        let mut say = |faults: &Faults<'_>, message: &str| {
            if let Some(first) = faults.first {
                let line = origin.lines.locate_slice(first).map(|place| place.line);
                let message = message.replace("{first}", first).replace("{count}", &faults.count.to_string());
                diagnostics.push(Diagnostic::warning(origin.path, line, message));
            }
        };
        say(&doubled, "`{first}` is the reference of several components ({count} such); links to it mean the last one");
        say(&dangling, "a relationship names `{first}`, which is not in this file ({count} such); it was left out");
        if self.lost_links > 0 {
            let message = format!("there are more than {MAX_LINKS} relationships; {} were left out", self.lost_links);
            diagnostics.push(Diagnostic::error(origin.path, None, message));
        }
        links
    }
}

/// How often something is wrong, and where first.
#[derive(Default)]
struct Faults<'d> {
    count: usize,
    first: Option<&'d str>,
}

impl<'d> Faults<'d> {
    fn add(&mut self, what: &'d str) {
        self.count += 1;
        self.first.get_or_insert(what);
    }
}

/// Adds what the document is about. Without a package URL it is taken to be of the ecosystem that most of what it needs
/// is of: that is only a name, since projects are never matched.
fn project(
    component: &Component<'_>,
    (identity, ecosystem): (Identity, Option<Ecosystem>),
    origin: Origin<'_, '_>,
    graph: &mut GraphBuilder,
) -> Option<PackageIndex> {
    let source = Source::of(SourceKind::Workspace);
    let id = match (identity, ecosystem) {
        (Identity::Known(id), _) => PackageId { source, ..id },
        (_, Some(ecosystem)) => PackageId::new(ecosystem, &component.name, component.version, source),
        (_, None) => return None,
    };
    let place = place(component, &id, origin.lines);
    Some(graph.member(id, place))
}

fn package(
    component: &Component<'_>,
    mut id: PackageId,
    origin: Origin<'_, '_>,
    graph: &mut GraphBuilder,
) -> PackageIndex {
    let range = id.version.take_if(|version| is_range(version));
    let range = range.as_deref();
    let place = place(component, &id, origin.lines);
    let is_placed = place.is_some();
    let index = graph.package(id, place);
    if !is_placed {
        let names = component.purls.iter().copied().chain([&*component.name, component.reference]);
        let named = names.filter(|name| !name.is_empty()).find_map(|name| origin.lines.locate_slice(name));
        named.into_iter().for_each(|place| graph.declare(index, place));
    }
    if let Some(hash) = &component.hash {
        graph.integrity(index, hash);
    }
    if let Some(requirement) = component.requirement.or(range) {
        graph.requirement(index, requirement);
    }
    index
}

/// Where the version stands: in its own place, else in the package URL.
fn place(component: &Component<'_>, id: &PackageId, lines: &LineIndex<'_>) -> Option<Location> {
    let version = id.version.as_deref()?;
    let own = component.version.filter(|own| *own == version).and_then(|own| lines.locate_slice(own));
    own.or_else(|| {
        let written = component.purls.iter().filter_map(|purl| purl.rsplit_once('@')?.1.get(..version.len()));
        written.filter(|written| *written == version).find_map(|written| lines.locate_slice(written))
    })
}

/// Adds the edges, and marks what is direct and what is for what.
fn connect(
    components: &[Component<'_>],
    links: &Links,
    walked: &Walked,
    indexes: &[Option<PackageIndex>],
    graph: &mut GraphBuilder,
) {
    // A package that stands there twice is for what both say, and where one says nothing, nobody knows.
    let mut kinds: BTreeMap<PackageIndex, Option<Kinds>> = BTreeMap::new();
    for (at, &index) in indexes.iter().enumerate().filter(|&(at, _)| !walked.is_project[at]) {
        let Some(index) = index else { continue };
        let own = Some(walked.kinds[at]).filter(|kinds| !kinds.is_unknown());
        let all = kinds.entry(index).or_insert(Some(Kinds::default()));
        *all = all.zip(own).map(|(all, own)| all.union(own));
        graph.mark(index, walked.direct[at], Kinds::default());
    }
    kinds.into_iter().for_each(|(index, kinds)| graph.mark(index, None, kinds.unwrap_or_default()));
    for &(from, to, relation) in &links.links {
        let Relation::Needs(kind) = relation else { continue };
        let (Some(user), Some(used)) = (indexes[from], indexes[to]) else { continue };
        let of_component = || components[to].kinds.iter().next();
        graph.dependency(user, used, kind.or_else(of_component).unwrap_or(DependencyKind::Runtime), None);
    }
}
