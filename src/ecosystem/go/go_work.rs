//! `go.work` (<https://go.dev/ref/mod#go-work-file>). Its modules are read by their own `go.mod`, its replacements
//! with them; of its own it has the toolchain.

use super::directives::{directives, replacement};
use super::{go_mod::unreadable, is_toolchain, module_id, toolchain_version};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, folder_of, join};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, Source};

/// Reads `go.work`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "go-work",
    ecosystem: Ecosystem::Go,
    role: Role::Lockfile,
    names: &["go.work"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut parsed.diagnostics));
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for directive in directives(input.path, &lines, &mut parsed.diagnostics) {
        match (directive.verb, directive.words.as_slice()) {
            ("go" | "godebug", [_, ..]) => {}
            ("replace", _) if replacement(&directive).is_some() => {}
            ("use", [folder]) => {
                if !is_there(input, folder) {
                    let message = format!("the module in `{folder}` was not found in the scanned tree");
                    parsed.diagnostics.push(Diagnostic::warning(input.path, Some(directive.line), message));
                }
            }
            ("toolchain", [name]) if is_toolchain(name) => {
                if let Some(version) = toolchain_version(name) {
                    let id = module_id("stdlib", Some(version), Source::PUBLIC_REGISTRY);
                    let index = graph.package(id, lines.locate_slice(version));
                    graph.mark(index, Some(true), Kinds::only(DependencyKind::Runtime));
                }
            }
            _ => parsed.diagnostics.push(unreadable(input.path, &directive)),
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// Whether a folder of the workspace holds a module that is read.
fn is_there(input: &Input<'_>, folder: &str) -> bool {
    let path = join(folder_of(input.path), folder).and_then(|folder| join(&folder, "go.mod"));
    path.is_some_and(|path| matches!(input.files.look_up(&path), Lookup::Found(_)))
}
