//! The dependency graph: packages, and how each root (a lockfile, or a manifest without one) uses them.
//!
//! Edges, `direct` and kinds belong to a root and are never joined across roots: that a package is a
//! development dependency here says nothing about its use there.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::{Drift, Location, Package, PackageId, RepoPath, SourceKind};

/// The place of a package in [`DependencyGraph::packages`].
pub type PackageIndex = u32;

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// Needed when the program runs.
    Runtime,
    /// Needed to build it.
    Build,
    /// Taken where it can be had or is asked for.
    Optional,
    /// Expected to be brought by whoever uses the package.
    Peer,
    /// Needed by those who work on it.
    Dev,
}

impl DependencyKind {
    /// Every kind, from the one that reaches users most to the one that does least.
    pub const ALL: [Self; 5] = [Self::Runtime, Self::Build, Self::Optional, Self::Peer, Self::Dev];

    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Build => "build",
            Self::Optional => "optional",
            Self::Peer => "peer",
            Self::Dev => "dev",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a package is for that is reached over an edge of kind `self` from one that is there for `user`.
    /// What only developers or builds need brings in what only they need; a runtime dependency of an optional
    /// one is optional.
    fn through(self, user: Self) -> Self {
        match (user, self) {
            (Self::Runtime, kind) => kind,
            (user, Self::Build) if user != Self::Dev => Self::Build,
            (user, Self::Dev) if user != Self::Build => Self::Dev,
            (user, _) => user,
        }
    }
}

/// A set of [`DependencyKind`]s. Empty: the file does not say what the package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Kinds(u8);

impl Kinds {
    /// The set of that kind alone.
    pub fn only(kind: DependencyKind) -> Self {
        Self(1 << kind as u8)
    }

    /// Adds a kind; says whether it was new.
    pub fn insert(&mut self, kind: DependencyKind) -> bool {
        let before = self.0;
        self.0 |= 1 << kind as u8;
        self.0 != before
    }

    /// Whether the kind is in the set.
    pub fn contains(self, kind: DependencyKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether the file does not say.
    pub fn is_unknown(self) -> bool {
        self.0 == 0
    }

    /// Whether the package is known to be there for developers only.
    pub fn only_dev(self) -> bool {
        self == Self::only(DependencyKind::Dev)
    }

    /// The kinds, from runtime to development.
    pub fn iter(self) -> impl Iterator<Item = DependencyKind> {
        DependencyKind::ALL.into_iter().filter(move |&kind| self.contains(kind))
    }

    /// Both sets.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How many disagreements of one lockfile with its manifests are kept: one command mends them all.
const MAX_DRIFT: usize = 1000;

/// How one root uses one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The package.
    pub package: PackageIndex,
    /// Whether a project of this root names it itself; `None` where that cannot be known.
    pub direct: Option<bool>,
    /// What it is for.
    pub kinds: Kinds,
    /// The requirement, where the root gives no exact version (`>=2,<3`).
    pub requirement: Option<String>,
    /// Where its version stands, first the one that fixes it.
    pub locations: Vec<Location>,
    /// Where a manifest asks for it (direct dependencies only).
    pub declared: Vec<Location>,
    /// The other package that the address of its own entry names, where it does: the installer takes that one.
    pub other: Option<OtherPackage>,
}

/// What the address or the file name of an entry says, where it says another package than the entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherPackage {
    /// The package that it names, `name version` or one of both.
    pub label: String,
    /// The address or file name, without credentials.
    pub address: String,
}

/// That one package needs another, within a root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dependency {
    /// Who needs it.
    pub from: PackageIndex,
    /// What is needed.
    pub to: PackageIndex,
    /// What for.
    pub kind: DependencyKind,
    /// The requirement as the file writes it, where it does.
    pub requirement: Option<String>,
}

/// A file that fixes a set of packages: a lockfile, or a manifest that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The file.
    pub path: RepoPath,
    /// The id of the parser that read it.
    pub parser: &'static str,
    /// Whether it lies among test data (`fixtures`, `testdata`, …).
    pub test_data: bool,
    /// The projects themselves: the root project, the members of its workspace.
    pub members: Vec<PackageIndex>,
    /// Its packages, members too, by package index.
    pub uses: Vec<Use>,
    /// Its edges, sorted, each once.
    pub dependencies: Vec<Dependency>,
    /// Where its manifests ask for something else than it holds, sorted, each once.
    pub drift: Vec<Drift>,
}

impl Root {
    /// How this root uses that package, if it does.
    pub fn usage(&self, package: PackageIndex) -> Option<&Use> {
        self.uses.binary_search_by_key(&package, |usage| usage.package).ok().map(|at| &self.uses[at])
    }
}

/// Packages and how roots use them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DependencyGraph {
    /// Every package once, sorted by identity.
    pub packages: Vec<Package>,
    /// Every root, sorted by path and parser.
    pub roots: Vec<Root>,
}

impl DependencyGraph {
    /// The package at an index.
    pub fn package(&self, index: PackageIndex) -> &Package {
        &self.packages[index as usize]
    }

    /// Joins graphs into one: equal packages become one, roots stay apart. The order of the parts does not
    /// matter.
    pub fn merge(parts: Vec<Self>) -> Self {
        let mut maps: Vec<Vec<PackageIndex>> = parts.iter().map(|part| vec![0; part.packages.len()]).collect();
        let mut all = Vec::with_capacity(maps.iter().map(Vec::len).sum());
        let mut roots = Vec::new();
        for (part, graph) in parts.into_iter().enumerate() {
            all.extend(graph.packages.into_iter().enumerate().map(|(at, package)| (package, part, at)));
            roots.extend(graph.roots.into_iter().map(|root| (part, root)));
        }
        all.sort_by(|(a, ..), (b, ..)| a.id.cmp(&b.id));
        let mut packages: Vec<Package> = Vec::with_capacity(all.len());
        for (package, part, at) in all {
            match packages.last_mut() {
                Some(last) if last.id == package.id => last.absorb(&package),
                _ => packages.push(package),
            }
            maps[part][at] = PackageIndex::try_from(packages.len() - 1).unwrap_or(PackageIndex::MAX);
        }
        let mut roots: Vec<Root> = roots.into_iter().map(|(part, root)| root.renumbered(&maps[part])).collect();
        roots.sort_by(|a, b| (&a.path, a.parser).cmp(&(&b.path, b.parser)));
        Self { packages, roots }
    }
}

impl Package {
    /// Takes over what the other account of the same package knows more. Where both know, the smaller wins, so
    /// that the order does not matter.
    fn absorb(&mut self, other: &Self) {
        fn smaller<T: Ord + Clone>(mine: &mut Option<T>, theirs: Option<&T>) {
            if let Some(theirs) = theirs
                && mine.as_ref().is_none_or(|mine| theirs < mine)
            {
                *mine = Some(theirs.clone());
            }
        }
        smaller(&mut self.integrity, other.integrity.as_ref());
        self.install_script = self.install_script.max(other.install_script);
    }
}

impl Use {
    /// How many places are kept of one package in one root, so that a hostile file that names one package a million
    /// times stays cheap. Where there are so many, there may be more.
    pub const MOST_LOCATIONS: usize = 100;

    /// Joins the use of another instance of the same package.
    fn absorb(&mut self, other: Self) {
        self.direct = self.direct.max(other.direct);
        self.kinds = self.kinds.union(other.kinds);
        self.requirement = self.requirement.take().or(other.requirement);
        self.locations.extend(other.locations);
        self.declared.extend(other.declared);
        self.other = self.other.take().max(other.other);
    }
}

impl Root {
    fn renumbered(mut self, map: &[PackageIndex]) -> Self {
        for member in &mut self.members {
            *member = map[*member as usize];
        }
        for usage in &mut self.uses {
            usage.package = map[usage.package as usize];
        }
        for dependency in &mut self.dependencies {
            dependency.from = map[dependency.from as usize];
            dependency.to = map[dependency.to as usize];
        }
        self.members.sort_unstable();
        self.members.dedup();
        self.uses.sort_by_key(|usage| usage.package);
        let mut uses: Vec<Use> = Vec::with_capacity(self.uses.len());
        for usage in self.uses {
            match uses.last_mut() {
                Some(last) if last.package == usage.package => last.absorb(usage),
                _ => uses.push(usage),
            }
        }
        for usage in &mut uses {
            keep_first(&mut usage.locations);
            keep_first(&mut usage.declared);
        }
        self.uses = uses;
        // Two instances of one package may need each other; a package does not need itself.
        self.dependencies.retain(|dependency| dependency.from != dependency.to);
        self.dependencies.sort();
        self.dependencies.dedup();
        for package in self.drift.iter_mut().flat_map(|drift| drift.kind.packages_mut()) {
            *package = map[*package as usize];
        }
        self.drift.sort();
        self.drift.dedup();
        self
    }
}

/// Builds the graph of one root.
#[derive(Debug)]
pub struct GraphBuilder {
    path: RepoPath,
    parser: &'static str,
    packages: Vec<Package>,
    by_id: HashMap<PackageId, PackageIndex>,
    uses: Vec<Use>,
    members: Vec<PackageIndex>,
    dependencies: Vec<Dependency>,
    weak: Vec<Dependency>,
    of_unknown_use: Vec<PackageIndex>,
    drift: Vec<Drift>,
}

impl GraphBuilder {
    /// An empty graph of the root at that path, read by that parser.
    pub fn new(path: &RepoPath, parser: &'static str) -> Self {
        Self {
            path: RepoPath::clone(path),
            parser,
            packages: Vec::new(),
            by_id: HashMap::new(),
            uses: Vec::new(),
            members: Vec::new(),
            dependencies: Vec::new(),
            weak: Vec::new(),
            of_unknown_use: Vec::new(),
            drift: Vec::new(),
        }
    }

    /// Adds a package, or finds the equal one that is there already, and adds a place where its version stands.
    pub fn package(&mut self, id: PackageId, location: Option<Location>) -> PackageIndex {
        let next = self.next();
        match self.by_id.entry(id) {
            Entry::Occupied(there) => {
                let index = *there.get();
                self.uses[index as usize].locations.extend(location);
                index
            }
            Entry::Vacant(place) => {
                let id = place.key().clone();
                place.insert(next);
                self.add(id, location)
            }
        }
    }

    /// Makes room for so many packages more.
    pub fn reserve(&mut self, packages: usize) {
        self.packages.reserve(packages);
        self.by_id.reserve(packages);
        self.uses.reserve(packages);
    }

    fn next(&self) -> PackageIndex {
        PackageIndex::try_from(self.packages.len()).unwrap_or(PackageIndex::MAX)
    }

    /// Adds a package that may be there several times and see other packages each time, as in nested
    /// `node_modules` or with other peers. The graph holds it once; kinds are found for each instance, so that
    /// what only a development instance needs stays a development dependency.
    pub fn instance(&mut self, id: PackageId, location: Option<Location>) -> PackageIndex {
        let next = self.next();
        self.by_id.entry(id.clone()).or_insert(next);
        self.add(id, location)
    }

    fn add(&mut self, id: PackageId, location: Option<Location>) -> PackageIndex {
        let index = self.next();
        self.packages.push(Package { id, integrity: None, install_script: None });
        self.uses.push(Use {
            package: index,
            direct: None,
            kinds: Kinds::default(),
            requirement: None,
            locations: location.into_iter().collect(),
            declared: Vec::new(),
            other: None,
        });
        index
    }

    /// Adds a project: the root itself, or a member of its workspace.
    pub fn member(&mut self, id: PackageId, location: Option<Location>) -> PackageIndex {
        let index = self.package(id, location);
        self.members.push(index);
        index
    }

    /// The package that was added with that identity.
    pub fn find(&self, id: &PackageId) -> Option<PackageIndex> {
        self.by_id.get(id).copied()
    }

    /// Notes the package's hash as the file writes it; the first one stays.
    pub fn integrity(&mut self, index: PackageIndex, integrity: &str) {
        self.packages[index as usize].integrity.get_or_insert_with(|| integrity.to_owned());
    }

    /// Notes whether the package runs code when it is installed.
    pub fn install_script(&mut self, index: PackageIndex, runs: bool) {
        self.packages[index as usize].install_script.get_or_insert(runs);
    }

    /// Notes the requirement of a package without an exact version; the first one stays.
    pub fn requirement(&mut self, index: PackageIndex, requirement: &str) {
        self.uses[index as usize].requirement.get_or_insert_with(|| requirement.to_owned());
    }

    /// Notes where a manifest asks for the package.
    pub fn declare(&mut self, index: PackageIndex, location: Location) {
        self.uses[index as usize].declared.push(location);
    }

    /// Notes that the address of the package's entry names another package; the first one stays.
    pub fn other(&mut self, index: PackageIndex, other: OtherPackage) {
        self.uses[index as usize].other.get_or_insert(other);
    }

    /// Notes where a manifest asks for something else than the lockfile holds.
    pub fn drift(&mut self, drift: Drift) {
        if self.drift.len() < MAX_DRIFT {
            self.drift.push(drift);
        }
    }

    /// The identity of a package that was added.
    pub fn id(&self, index: PackageIndex) -> &PackageId {
        &self.packages[index as usize].id
    }

    /// Adds that one package needs another.
    pub fn dependency(
        &mut self,
        from: PackageIndex,
        to: PackageIndex,
        kind: DependencyKind,
        requirement: Option<&str>,
    ) {
        self.dependencies.push(Dependency { from, to, kind, requirement: requirement.map(str::to_owned) });
    }

    /// Adds that one package uses another where something else has brought it in (an optional peer). It makes the
    /// other one direct, but says what it is for only where nothing else does.
    pub fn weak_dependency(&mut self, from: PackageIndex, to: PackageIndex, requirement: Option<&str>) {
        let requirement = requirement.map(str::to_owned);
        self.weak.push(Dependency { from, to, kind: DependencyKind::Peer, requirement });
    }

    /// Notes that nobody can tell what the dependencies of a package are for, as when a member's manifest is not
    /// at hand: [`GraphBuilder::finish_by_reachability`] leaves the kinds of all that it reaches unknown.
    pub fn unknown_use_below(&mut self, index: PackageIndex) {
        self.of_unknown_use.push(index);
    }

    /// Notes what the file itself says of a package's use. For formats whose edges do not tell;
    /// see [`GraphBuilder::finish_as_marked`]. A package that is once direct is direct; kinds add up.
    pub fn mark(&mut self, index: PackageIndex, direct: Option<bool>, kinds: Kinds) {
        let usage = &mut self.uses[index as usize];
        usage.direct = usage.direct.max(direct);
        usage.kinds = usage.kinds.union(kinds);
    }

    /// The graph, with `direct` and kinds found by walking the edges from the members. What no member reaches is
    /// not direct, and its kinds are unknown.
    pub fn finish_by_reachability(mut self) -> DependencyGraph {
        // A file may name one project a thousand times.
        self.members.sort_unstable();
        self.members.dedup();
        let mut is_member = vec![false; self.packages.len()];
        for &member in &self.members {
            is_member[member as usize] = true;
        }
        let mut edges: Vec<Vec<(PackageIndex, DependencyKind)>> = vec![Vec::new(); self.packages.len()];
        for usage in &mut self.uses {
            usage.direct = Some(false);
        }
        for edge in &self.dependencies {
            edges[edge.from as usize].push((edge.to, edge.kind));
        }
        for edge in self.dependencies.iter().chain(&self.weak) {
            if is_member[edge.from as usize] && !is_member[edge.to as usize] {
                self.uses[edge.to as usize].direct = Some(true);
            }
        }
        let start: Vec<(PackageIndex, DependencyKind)> =
            self.members.iter().map(|&member| (member, DependencyKind::Runtime)).collect();
        for &(member, kind) in &start {
            self.uses[member as usize].kinds.insert(kind);
        }
        // A member stands for itself: that another one needs it only for development does not make its own
        // dependencies development ones.
        self.walk(&edges, &is_member, start);
        self.walk_weak(&mut edges);
        let mut todo = std::mem::take(&mut self.of_unknown_use);
        let mut seen = is_member;
        while let Some(from) = todo.pop() {
            for &(to, _) in &edges[from as usize] {
                if !std::mem::replace(&mut seen[to as usize], true) {
                    self.uses[to as usize].kinds = Kinds::default();
                    todo.push(to);
                }
            }
        }
        self.finish_as_marked()
    }

    /// Spreads kinds along edges, but not into what is closed.
    fn walk(
        &mut self,
        edges: &[Vec<(PackageIndex, DependencyKind)>],
        closed: &[bool],
        mut todo: Vec<(PackageIndex, DependencyKind)>,
    ) {
        while let Some((from, user)) = todo.pop() {
            for &(to, kind) in &edges[from as usize] {
                let kind = kind.through(user);
                if !closed[to as usize] && self.uses[to as usize].kinds.insert(kind) {
                    todo.push((to, kind));
                }
            }
        }
    }

    /// What only weak edges lead to is for whoever would use it.
    fn walk_weak(&mut self, edges: &mut [Vec<(PackageIndex, DependencyKind)>]) {
        if self.weak.is_empty() {
            return;
        }
        for edge in &self.weak {
            edges[edge.from as usize].push((edge.to, edge.kind));
        }
        let reached: Vec<bool> = self.uses.iter().map(|usage| !usage.kinds.is_unknown()).collect();
        let known = self.uses.iter().filter(|usage| !usage.kinds.is_unknown());
        let start = known.flat_map(|usage| usage.kinds.iter().map(|kind| (usage.package, kind))).collect();
        self.walk(edges, &reached, start);
    }

    /// The graph, with `direct` and kinds as they were [`GraphBuilder::mark`]ed.
    pub fn finish_as_marked(mut self) -> DependencyGraph {
        self.dependencies.append(&mut self.weak);
        let root = Root {
            path: self.path,
            parser: self.parser,
            test_data: false,
            members: self.members,
            uses: self.uses,
            dependencies: self.dependencies,
            drift: self.drift,
        };
        // One part merged is that part with everything in order.
        DependencyGraph::merge(vec![DependencyGraph { packages: self.packages, roots: vec![root] }])
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

/// Drops every place that was there before, and all beyond [`Use::MOST_LOCATIONS`].
fn keep_first(places: &mut Vec<Location>) {
    if places.len() > 1 {
        let mut seen = HashSet::new();
        places.retain(|place| seen.insert(place.clone()));
        places.truncate(Use::MOST_LOCATIONS);
    }
}

impl DependencyGraph {
    /// The graph without what is known to be there for development only.
    #[must_use]
    pub fn without_dev(self) -> Self {
        self.keep(|root, usage| !usage.kinds.only_dev() || root.members.contains(&usage.package))
    }

    /// The graph with only those uses, the edges between them, and the packages that are still used.
    #[must_use]
    pub fn keep(self, is_kept: impl Fn(&Root, &Use) -> bool) -> Self {
        let Self { packages, roots } = self;
        let part = |mut root: Root| {
            let mut kept = Vec::with_capacity(root.uses.len());
            // Merging needs indexes into the part's own packages; what is dropped has none.
            let mut map = vec![PackageIndex::MAX; packages.len()];
            let keeps: Vec<bool> = root.uses.iter().map(|usage| is_kept(&root, usage)).collect();
            let uses = std::mem::take(&mut root.uses).into_iter().zip(keeps);
            for (usage, _) in uses.filter(|(_, keep)| *keep) {
                map[usage.package as usize] = PackageIndex::try_from(kept.len()).unwrap_or(PackageIndex::MAX);
                kept.push(packages[usage.package as usize].clone());
                root.uses.push(usage);
            }
            let is_there = |at: PackageIndex| map[at as usize] != PackageIndex::MAX;
            root.members.retain(|&member| is_there(member));
            root.dependencies.retain(|edge| is_there(edge.from) && is_there(edge.to));
            root.drift.retain_mut(|drift| drift.kind.packages_mut().iter().all(|package| is_there(*package)));
            Self { packages: kept, roots: vec![root.renumbered(&map)] }
        };
        Self::merge(roots.into_iter().map(part).collect())
    }

    /// How many packages there are that are not projects of their root.
    pub fn third_party(&self) -> usize {
        self.packages.iter().filter(|package| package.id.source.kind != SourceKind::Workspace).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Source};

    fn id(name: &str, kind: SourceKind) -> PackageId {
        PackageId::new(Ecosystem::CratesIo, name, Some("1.0.0"), Source::of(kind))
    }

    fn kinds_of<'g>(graph: &'g DependencyGraph, name: &str) -> (&'g Use, Vec<&'static str>) {
        let at = graph.packages.iter().position(|package| package.id.name == name).unwrap();
        let usage = graph.roots[0].usage(u32::try_from(at).unwrap()).unwrap();
        (usage, usage.kinds.iter().map(DependencyKind::as_str).collect())
    }

    #[test]
    fn kinds_follow_the_edges() {
        let mut builder = GraphBuilder::new(&"Cargo.lock".into(), "cargo-lock");
        let app = builder.member(id("app", SourceKind::Workspace), None);
        let names = ["run", "tool", "test", "shared", "deep", "lost", "extra"];
        let [run, tool, test, shared, deep, lost, extra] =
            names.map(|name| builder.package(id(name, SourceKind::Registry), None));
        builder.dependency(app, run, DependencyKind::Runtime, None);
        builder.dependency(app, tool, DependencyKind::Build, None);
        builder.dependency(app, test, DependencyKind::Dev, None);
        builder.dependency(run, shared, DependencyKind::Runtime, None);
        builder.dependency(test, shared, DependencyKind::Runtime, None);
        builder.dependency(test, deep, DependencyKind::Build, None);
        builder.dependency(deep, test, DependencyKind::Runtime, None);
        builder.dependency(lost, lost, DependencyKind::Runtime, None);
        builder.dependency(run, extra, DependencyKind::Optional, None);
        let graph = builder.finish_by_reachability();
        assert_eq!(kinds_of(&graph, "shared").1, ["runtime", "dev"]);
        assert_eq!(kinds_of(&graph, "deep").1, ["dev"], "a build dependency of a development one");
        assert_eq!(kinds_of(&graph, "tool").1, ["build"]);
        assert_eq!(kinds_of(&graph, "extra").1, ["optional"]);
        assert_eq!(kinds_of(&graph, "lost"), (kinds_of(&graph, "lost").0, vec![]));
        assert_eq!(kinds_of(&graph, "run").0.direct, Some(true));
        assert_eq!(kinds_of(&graph, "shared").0.direct, Some(false));
    }

    #[test]
    fn instances_are_walked_apart_and_kept_once() {
        let mut builder = GraphBuilder::new(&"package-lock.json".into(), "package-lock");
        let app = builder.member(id("app", SourceKind::Workspace), None);
        let [run, test] = [0, 1].map(|_| builder.instance(id("twice", SourceKind::Registry), None));
        let tool = builder.package(id("tool", SourceKind::Registry), None);
        builder.dependency(app, run, DependencyKind::Runtime, None);
        builder.dependency(app, test, DependencyKind::Dev, None);
        builder.dependency(test, tool, DependencyKind::Runtime, None);
        builder.dependency(test, run, DependencyKind::Runtime, None);
        let graph = builder.finish_by_reachability();
        assert_eq!(kinds_of(&graph, "tool").1, ["dev"]);
        assert_eq!(kinds_of(&graph, "twice").1, ["runtime", "dev"]);
        assert_eq!((graph.packages.len(), graph.roots[0].uses.len()), (3, 3));
        assert_eq!(graph.roots[0].dependencies.len(), 3, "none from a package to itself");
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let mut builder = GraphBuilder::new(&"yarn.lock".into(), "yarn-lock");
        let [app, other] = ["app", "other"].map(|name| builder.member(id(name, SourceKind::Workspace), None));
        let [run, tool, below, both] =
            ["run", "tool", "below", "both"].map(|name| builder.package(id(name, SourceKind::Registry), None));
        builder.dependency(app, tool, DependencyKind::Dev, None);
        builder.dependency(app, run, DependencyKind::Runtime, None);
        builder.weak_dependency(run, tool, None);
        let only = builder.package(id("only", SourceKind::Registry), None);
        builder.weak_dependency(tool, only, None);
        builder.dependency(app, both, DependencyKind::Dev, None);
        builder.dependency(other, both, DependencyKind::Runtime, None);
        builder.dependency(both, below, DependencyKind::Runtime, None);
        builder.unknown_use_below(other);
        let graph = builder.finish_by_reachability();
        assert_eq!(kinds_of(&graph, "tool").1, ["dev"], "an optional peer brings nothing in");
        assert_eq!(kinds_of(&graph, "only").1, ["dev"], "nothing else says what it is for");
        assert_eq!(kinds_of(&graph, "run").1, ["runtime"]);
        assert!(kinds_of(&graph, "both").1.is_empty() && kinds_of(&graph, "below").1.is_empty());
        assert_eq!(kinds_of(&graph, "both").0.direct, Some(true));
        assert_eq!(graph.roots[0].dependencies.len(), 7);
    }

    #[test]
    fn without_dev_drops_what_only_developers_need() {
        let mut builder = GraphBuilder::new(&"Cargo.lock".into(), "cargo-lock");
        let app = builder.member(id("app", SourceKind::Workspace), None);
        let [run, test] = ["run", "test"].map(|name| builder.package(id(name, SourceKind::Registry), None));
        builder.dependency(app, run, DependencyKind::Runtime, None);
        builder.dependency(app, test, DependencyKind::Dev, None);
        builder.dependency(test, run, DependencyKind::Runtime, None);
        let graph = builder.finish_by_reachability().without_dev();
        assert_eq!(graph.packages.iter().map(|package| package.id.name.as_str()).collect::<Vec<_>>(), ["app", "run"]);
        assert_eq!((graph.roots[0].dependencies.len(), graph.roots[0].members.as_slice()), (1, &[0][..]));
    }

    #[test]
    fn merging_does_not_depend_on_the_order() {
        let part = |path: &str, names: &[&str], hash: &str| {
            let mut builder = GraphBuilder::new(&path.into(), "cargo-lock");
            for name in names {
                let index = builder.package(id(name, SourceKind::Registry), None);
                builder.integrity(index, hash);
                builder.dependency(0, index, DependencyKind::Runtime, None);
            }
            builder.finish_as_marked()
        };
        let (a, b) = (part("a", &["z", "m"], "2"), part("b", &["m", "c"], "1"));
        let one = DependencyGraph::merge(vec![a.clone(), b.clone()]);
        assert_eq!(one, DependencyGraph::merge(vec![b, a]));
        assert_eq!(one.packages.len(), 3);
        assert_eq!(one.packages[1].integrity.as_deref(), Some("1"));
    }
}
