//! A `Project.toml` that no manifest belongs to: requirements, and only where one is exact a version.

use super::id;
use super::project::Project;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Ecosystem, GraphBuilder, Source};

/// Reads `Project.toml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "julia-project",
    ecosystem: Ecosystem::Julia,
    role: Role::Manifest,
    names: &["Project.toml", "JuliaProject.toml"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let project = Project::read(input.path, input.bytes, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    if !project.asked.is_empty() {
        let root = graph.member(project.id, project.version_place);
        for asked in project.asked {
            let (requirement, place) = asked.compat.unzip();
            let exact = requirement.as_deref().and_then(exact);
            let place = place.filter(|_| exact.is_some()).map(|mut place| {
                place.column = place.column.saturating_add(1);
                place.length = place.length.saturating_sub(1);
                place
            });
            let source = asked.source.unwrap_or(Source::PUBLIC_REGISTRY);
            let index = graph.package(id(&asked.name, exact, source), place);
            if let Some(requirement) = requirement.as_deref().filter(|_| exact.is_none()) {
                graph.requirement(index, requirement);
            }
            graph.declare(index, asked.place);
            if index != root {
                if asked.is_weak {
                    graph.weak_dependency(root, index, requirement.as_deref());
                } else {
                    graph.dependency(root, index, asked.kind, requirement.as_deref());
                }
            }
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_by_reachability();
    parsed
}

/// The version of `=1.2.3`; anything else is a range
/// (<https://pkgdocs.julialang.org/v1/compatibility/#Version-specifier-format>).
fn exact(compat: &str) -> Option<&str> {
    let version = compat.strip_prefix('=')?;
    let is_whole = version.split('.').count() == 3 && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_whole.then_some(version)
}
