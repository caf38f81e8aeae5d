//! Files with `@EXPLICIT` (<https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html>):
//! the address of one archive a line, as conda-lock calls them by platform.

use super::spec::archive;
use super::{channel, id};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, LineIndex};

/// Reads files with `@EXPLICIT`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "conda-explicit",
    ecosystem: Ecosystem::Conda,
    role: Role::Lockfile,
    names: &["conda-linux-*.lock", "conda-osx-*.lock", "conda-win-*.lock", "conda-noarch.lock", "*explicit*.lock"],
    empty_is_valid: true,
    capabilities: Capabilities {
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with('@') {
            continue;
        }
        let Some((name, version)) = archive(line) else {
            let message = "this is no address of an archive `name-version-build.conda`; it was left out";
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(number), message));
            continue;
        };
        let (address, hash) = line.split_once('#').unwrap_or((line, ""));
        let index = graph.package(id(name, Some(version), channel(address)), lines.locate_slice(version));
        if !hash.is_empty() {
            graph.integrity(index, hash);
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
