//! The project of a manifest in the graph: with the lock that chose for it, or alone.

use super::extras::Step;
use super::manifest::{self, Declared, Manifest};
use super::{ByName, companion, normal, package_id};
use crate::ecosystem::{Input, Parsed};
use crate::model::{
    DependencyGraph, DependencyKind, Diagnostic, GraphBuilder, Kinds, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads the `pyproject.toml` beside a lock and adds its project; gives both, or nothing where there is none.
pub(super) fn beside(
    input: &Input<'_>,
    by_name: &ByName,
    graph: &mut GraphBuilder,
    parsed: &mut Parsed,
) -> Option<(Manifest, Vec<(Step, DependencyKind)>)> {
    let path = input.beside("pyproject.toml");
    let bytes = companion(input, &path, parsed)?;
    let manifest = manifest::pyproject(&path, bytes, &mut parsed.diagnostics);
    let starts = link(&manifest, by_name, graph, &mut parsed.diagnostics);
    Some((manifest, starts))
}

/// Adds the project and what it asks for; gives the starts of a walk.
pub(super) fn link(
    manifest: &Manifest,
    by_name: &ByName,
    graph: &mut GraphBuilder,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(Step, DependencyKind)> {
    let project = member(manifest, graph);
    let mut starts = Vec::new();
    for declared in manifest.declared.iter().filter(|declared| declared.locked) {
        let locked = by_name.of(&declared.name);
        if locked.is_empty() {
            unmet(manifest, declared, diagnostics);
        }
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

/// Says that a lock does not hold what a manifest asks for under every condition: nobody knows its version then.
pub(super) fn unmet(manifest: &Manifest, declared: &Declared, diagnostics: &mut Vec<Diagnostic>) {
    if !declared.conditional && !is_itself(manifest, declared) {
        let place = &declared.location;
        let message = format!("`{}` is asked for, but the lock does not hold it", declared.name);
        diagnostics.push(Diagnostic::warning(&RepoPath::clone(&place.path), Some(place.line), message));
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
fn is_itself(manifest: &Manifest, declared: &Declared) -> bool {
    manifest.name.as_ref().is_some_and(|name| normal(name) == declared.name)
}
