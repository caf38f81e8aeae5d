//! Packages, roots and edges in the JSON report.

use serde::Serialize;

use crate::model::{Dependency, DependencyGraph, DependencyKind, Package, PackageState, Purl, Report, Root, Use};

use super::{Id, Place};

/// A file that fixes the versions of packages: a lockfile, or a manifest that has none.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Root"))]
pub(super) struct RootEntry<'r> {
    /// The file.
    path: &'r str,
    /// The parser that read it.
    parser: &'static str,
    /// Whether it lies among test data.
    test_data: bool,
    /// The packages that are the projects themselves.
    members: Vec<Id>,
}

/// A package.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Package"))]
pub(super) struct PackageEntry<'r> {
    /// Its id in this report.
    id: Id,
    /// Its package URL.
    purl: String,
    /// Its ecosystem, under OSV's name.
    ecosystem: &'static str,
    /// Its name in the ecosystem's normal form.
    name: &'r str,
    /// Its version as the file writes it; `null` where only a requirement is known.
    version: Option<&'r str>,
    /// Where it comes from.
    source: SourceEntry<'r>,
    /// What became of it: compared with every advisory for its name; no index for its ecosystem; declared private;
    /// no exact version known; a version or advisory that cannot be compared; not a package of which advisories
    /// speak by name.
    #[cfg_attr(test, schemars(extend("enum" = ["matched", "no-index", "private", "unresolved", "cannot-judge", "not-asked"])))]
    state: &'static str,
    /// How each root uses it.
    uses: Vec<UseEntry<'r>>,
}

/// Where a package comes from.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Source"))]
struct SourceEntry<'r> {
    /// The kind of place.
    #[cfg_attr(test, schemars(extend("enum" = ["registry", "git", "path", "url", "workspace", "unknown"])))]
    kind: &'static str,
    /// Its address without credentials; of a registry, `null` is the ecosystem's public one.
    url: Option<&'r str>,
    /// The package's hash as the file writes it.
    integrity: Option<&'r str>,
}

/// How one root uses a package.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Use"))]
struct UseEntry<'r> {
    /// The root's file.
    root: &'r str,
    /// Whether a project of the root names it itself.
    direct: Option<bool>,
    /// What it is for; empty where the file does not say.
    #[cfg_attr(test, schemars(extend("items" = {"type": "string", "enum": ["runtime", "build", "optional", "peer", "dev"]})))]
    kinds: Vec<&'static str>,
    /// The requirement, where the root gives no exact version.
    requirement: Option<&'r str>,
    /// Where its version stands.
    locations: Vec<Place<'r>>,
    /// Where a manifest asks for it.
    declared: Vec<Place<'r>>,
}

/// That one package needs another.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Dependency"))]
pub(super) struct DependencyEntry<'r> {
    /// The root's file.
    root: &'r str,
    /// The package that needs the other.
    from: Id,
    /// The package that is needed.
    to: Id,
    /// What for.
    #[cfg_attr(test, schemars(extend("enum" = ["runtime", "build", "optional", "peer", "dev"])))]
    kind: &'static str,
    /// The requirement as the file writes it.
    requirement: Option<&'r str>,
}

/// Where each package is used: places in [`DependencyGraph::roots`] and in [`Root::uses`], ordered by package.
pub(super) struct Usages(Vec<(u32, usize, usize)>);

impl Usages {
    pub(super) fn of(graph: &DependencyGraph) -> Self {
        let uses =
            graph.roots.iter().enumerate().flat_map(|(root, of)| {
                of.uses.iter().enumerate().map(move |(usage, used)| (used.package, root, usage))
            });
        let mut all: Vec<_> = uses.collect();
        all.sort_unstable();
        Self(all)
    }
}

/// The packages in the order of their ids.
pub(super) fn entries<'r>(report: &'r Report, usages: &Usages) -> impl Iterator<Item = PackageEntry<'r>> {
    let graph = &report.graph;
    let mut of_package = usages.0.chunk_by(|a, b| a.0 == b.0).peekable();
    (0..).zip(&graph.packages).map(move |(index, package)| {
        let state = report.coverage.packages.get(index as usize);
        let used = of_package.next_if(|uses| uses.first().is_some_and(|first| first.0 == index)).unwrap_or_default();
        let found = used.iter().filter_map(|&(_, root, usage)| {
            let root = graph.roots.get(root)?;
            Some(UseEntry::of(root, root.uses.get(usage)?))
        });
        PackageEntry::of(Id(index), package, state.copied(), found.collect())
    })
}

/// The edges, root by root.
pub(super) fn dependencies(graph: &DependencyGraph) -> impl Iterator<Item = DependencyEntry<'_>> {
    graph.roots.iter().flat_map(|root| root.dependencies.iter().map(|edge| DependencyEntry::of(root, edge)))
}

impl<'r> RootEntry<'r> {
    pub(super) fn of(root: &'r Root) -> Self {
        Self {
            path: &root.path,
            parser: root.parser,
            test_data: root.test_data,
            members: root.members.iter().map(|&member| Id(member)).collect(),
        }
    }
}

impl<'r> PackageEntry<'r> {
    fn of(id: Id, package: &'r Package, state: Option<PackageState>, uses: Vec<UseEntry<'r>>) -> Self {
        let known = &package.id;
        Self {
            id,
            purl: Purl::of(known).into(),
            ecosystem: known.ecosystem.osv_name(),
            name: &known.name,
            version: known.version.as_deref(),
            source: SourceEntry {
                kind: known.source.kind.as_str(),
                url: known.source.url.as_deref(),
                integrity: package.integrity.as_deref(),
            },
            // A package of which the ledger says nothing was not asked about.
            state: state.unwrap_or(PackageState::NotAsked).as_str(),
            uses,
        }
    }
}

impl<'r> UseEntry<'r> {
    fn of(root: &'r Root, usage: &'r Use) -> Self {
        Self {
            root: &root.path,
            direct: usage.direct,
            kinds: usage.kinds.iter().map(DependencyKind::as_str).collect(),
            requirement: usage.requirement.as_deref(),
            locations: Place::all(&usage.locations),
            declared: Place::all(&usage.declared),
        }
    }
}

impl<'r> DependencyEntry<'r> {
    fn of(root: &'r Root, edge: &'r Dependency) -> Self {
        Self {
            root: &root.path,
            from: Id(edge.from),
            to: Id(edge.to),
            kind: edge.kind.as_str(),
            requirement: edge.requirement.as_deref(),
        }
    }
}
