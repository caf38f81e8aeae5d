//! `*.deps.json`
//! (<https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>): what a program that was
//! built takes with it.

use super::libraries::Libraries;
use super::not_such;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Ecosystem, GraphBuilder, Kinds, PackageIndex};

/// Reads `*.deps.json`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "deps-json",
    ecosystem: Ecosystem::NuGet,
    role: Role::Lockfile,
    names: &["*.deps.json"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        source: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let targets = document.value.object("targets");
    if targets.is_empty() {
        not_such(input.path, "object of `targets`: this is no list of what a program takes with it", &mut parsed);
    }
    let runtime = document.value.get("runtimeTarget");
    let runtime = runtime.and_then(|target| target.as_text().or_else(|| target.text("name")));
    let has_runtime = targets.iter().any(|(name, _)| Some(&**name) == runtime);
    let libraries = Libraries::of(&document);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut tops: Vec<PackageIndex> = Vec::new();
    let mut all: Vec<PackageIndex> = Vec::new();
    // Other targets hold what the program was compiled with.
    for (_, entries) in targets.iter().filter(|(name, _)| !has_runtime || Some(&**name) == runtime) {
        if !matches!(entries, Value::Object(_)) {
            continue;
        }
        let target = libraries.target(input, &document, (entries, &mut graph), &mut parsed.diagnostics);
        tops.extend(target.tops);
        all.extend(target.packages.into_values());
    }
    bound(&mut parsed.diagnostics, input.path);
    for index in all {
        graph.mark(index, None, Kinds::only(DependencyKind::Runtime));
    }
    parsed.graph = if tops.is_empty() {
        // Whose it is does not say who names whom.
        graph.finish_as_marked()
    } else {
        for top in tops {
            let id = graph.id(top).clone();
            let member = graph.member(id, None);
            if member != top {
                graph.dependency(member, top, DependencyKind::Runtime, None);
            }
        }
        graph.finish_by_reachability()
    };
    parsed
}
