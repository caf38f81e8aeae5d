//! `*.csproj`, `*.fsproj`, `*.vbproj`: what a project asks for itself
//! (<https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files>).

use super::evaluated::{Evaluated, Reference, Version};
use super::{package_id, project_id, stem};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Ecosystem, GraphBuilder, Kinds, PackageIndex, Source};

/// Reads projects of .NET.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "dotnet-project",
    ecosystem: Ecosystem::NuGet,
    role: Role::Manifest,
    names: &["*.csproj", "*.fsproj", "*.vbproj"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        lines: Support::Partial,
        integrity: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let project = Evaluated::of(input.files, input.path);
    if !project.wanted.is_empty() {
        return Parsed { wanted: project.wanted, ..Parsed::default() };
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let member = graph.member(project_id(stem(input.path), None), None);
    graph.mark(member, None, Kinds::only(DependencyKind::Runtime));
    for reference in &project.references {
        for index in add(&mut graph, reference, Some(reference.kind)) {
            let asks = asked(&graph, index, reference);
            graph.dependency(member, index, reference.kind, asks.as_deref());
        }
    }
    for (name, place) in &project.projects {
        let index = graph.package(project_id(name, None), None);
        if index != member {
            graph.declare(index, place.clone());
            graph.mark(index, Some(true), Kinds::only(DependencyKind::Runtime));
            graph.dependency(member, index, DependencyKind::Runtime, None);
        }
    }
    let mut parsed = Parsed { diagnostics: project.diagnostics.clone(), ..Parsed::default() };
    parsed.diagnostics.extend(project.remark());
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The version of a package that was added, or what is asked of it.
fn asked(graph: &GraphBuilder, index: PackageIndex, reference: &Reference) -> Option<String> {
    let range = reference.versions.iter().find_map(|version| match version {
        Version::Range(text) => Some(text.clone()),
        _ => None,
    });
    graph.id(index).version.clone().or(range)
}

/// Adds a reference, once for each of its versions. Without a kind it is not known who uses it.
pub(super) fn add(graph: &mut GraphBuilder, reference: &Reference, kind: Option<DependencyKind>) -> Vec<PackageIndex> {
    let mut versions: Vec<Option<&Version>> = reference.versions.iter().map(Some).collect();
    if versions.is_empty() {
        versions.push(None);
    }
    let mut added = Vec::with_capacity(versions.len());
    for version in versions {
        let (text, place) = match version {
            Some(Version::Exact(text, place)) => (Some(text.as_str()), place.clone()),
            _ => (None, None),
        };
        let index = graph.package(package_id(&reference.name, text, Source::PUBLIC_REGISTRY), place);
        if let Some(Version::Range(range)) = version {
            graph.requirement(index, range);
        }
        graph.declare(index, reference.declared.clone());
        graph.mark(index, kind.map(|_| true), kind.map(Kinds::only).unwrap_or_default());
        added.push(index);
    }
    added
}
