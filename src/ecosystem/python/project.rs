//! The project of a manifest in the graph: with the lock that chose for it, or alone.

use super::extras::Step;
use super::manifest::{self, Declared, Manifest, Tool};
use super::{ByName, companion, normal, package_id};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::{Input, Parsed};
use crate::model::{DependencyGraph, DependencyKind, GraphBuilder, Kinds, PackageIndex, RepoPath, Source, SourceKind};

/// Reads the `pyproject.toml` beside a lock and adds its project; gives both, or nothing where there is none.
pub(super) fn beside(
    input: &Input<'_>,
    by_name: &ByName,
    graph: &mut GraphBuilder,
    (parsed, tool): (&mut Parsed, Tool),
) -> Option<(Manifest, Vec<(Step, DependencyKind)>)> {
    let path = input.beside("pyproject.toml");
    let bytes = companion(input, &path, parsed)?;
    let manifest = manifest::pyproject(&path, bytes, &mut parsed.diagnostics);
    let starts = link(&manifest, by_name, graph, tool);
    Some((manifest, starts))
}

/// Adds the project and what it asks for; gives the starts of a walk.
pub(super) fn link(
    manifest: &Manifest,
    by_name: &ByName,
    graph: &mut GraphBuilder,
    tool: Tool,
) -> Vec<(Step, DependencyKind)> {
    let project = member(manifest, graph);
    let mut starts = Vec::new();
    for declared in manifest.declared.iter().filter(|declared| declared.locked) {
        let locked = by_name.of(&declared.name);
        compare(manifest, declared, locked, tool, graph);
        for &to in locked {
            graph.mark(to, Some(true), Kinds::default());
            graph.declare(to, declared.location.clone());
            if let Some(project) = project {
                graph.dependency(project, to, declared.kind, declared.requirement.as_deref());
            }
            starts.push((Step { to, extras: declared.extras.clone() }, declared.kind));
        }
    }
    starts
}

/// Notes where a lock does not hold what a manifest asks for. What is asked for on some systems only may well be missing,
/// or there for others; what another tool's table asks for is not this lock's.
pub(super) fn compare(
    manifest: &Manifest,
    declared: &Declared,
    locked: &[PackageIndex],
    tool: Tool,
    graph: &mut GraphBuilder,
) {
    if declared.conditional || !declared.table.is_read_by(tool) || is_itself(manifest, declared) {
        return;
    }
    let place = &declared.location;
    let wanted = Wanted {
        manifest: &place.path,
        name: &declared.name,
        requirement: declared.requirement.as_deref(),
        place: Some(place),
    };
    let is_plain = declared.source.kind == SourceKind::Registry && !manifest.overridden.contains(&declared.name);
    match &declared.requirement {
        _ if locked.is_empty() => wanted.missing(graph),
        Some(range) if is_plain => {
            wanted.compare(range, locked, graph);
        }
        _ => {}
    }
}

/// The graph of a manifest that has no lock: what it asks for, with a version only where one is fixed. A manifest
/// that asks for nothing gives no root.
pub(super) fn alone(manifest: &Manifest, path: &RepoPath, parser: &'static str) -> DependencyGraph {
    if manifest.declared.is_empty() {
        return DependencyGraph::default();
    }
    let mut graph = GraphBuilder::new(path, parser);
    let project = member(manifest, &mut graph);
    for declared in manifest.declared.iter().filter(|declared| !is_itself(manifest, declared)) {
        let registry = declared.source.kind == SourceKind::Registry;
        let pin = declared.pin.as_ref().filter(|_| registry);
        let version = pin.map(|(version, _)| version.as_str());
        let id = package_id(&declared.name, version, declared.source.clone());
        let index = graph.package(id, pin.and_then(|(_, place)| place.clone()));
        graph.declare(index, declared.location.clone());
        if let (None, Some(requirement)) = (pin, &declared.requirement) {
            graph.requirement(index, requirement);
        }
        graph.mark(index, Some(true), Kinds::only(declared.kind));
        if let Some(project) = project {
            graph.dependency(project, index, declared.kind, declared.requirement.as_deref());
        }
    }
    graph.finish_as_marked()
}

/// Adds the project, where it has a name.
fn member(manifest: &Manifest, graph: &mut GraphBuilder) -> Option<PackageIndex> {
    let name = manifest.name.as_ref()?;
    let (version, location) = manifest.version.clone().unzip();
    let id = package_id(name, version.as_deref(), Source::of(SourceKind::Workspace));
    let index = graph.member(id, location);
    graph.mark(index, Some(false), Kinds::only(DependencyKind::Runtime));
    Some(index)
}

/// Whether a project asks for extras of its own.
pub(super) fn is_itself(manifest: &Manifest, declared: &Declared) -> bool {
    manifest.name.as_ref().is_some_and(|name| normal(name) == declared.name)
}
