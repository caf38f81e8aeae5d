//! `go.sum` without a `go.mod` beside it (<https://go.dev/ref/mod#go-sum-files>): modules whose content was once
//! needed. What is direct, and who needs whom, it does not say.

use super::{Checksums, module_id};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, LineIndex, RepoPath, Source};

/// Reads `go.sum`. A manifest by its role: where there is a `go.mod`, that one has read it.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "go-sum",
    ecosystem: Ecosystem::Go,
    role: Role::Manifest,
    names: &["go.sum"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::None,
        kinds: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut parsed.diagnostics));
    let checksums = Checksums::read(&lines);
    report_broken(input.path, &checksums, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for (module, checksum) in checksums.chosen() {
        let id = module_id(module, Some(checksum.version), Source::PUBLIC_REGISTRY);
        let index = graph.package(id, lines.locate_slice(checksum.version));
        graph.integrity(index, checksum.hash);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// Says which lines are no checksums.
pub(super) fn report_broken(path: &RepoPath, checksums: &Checksums<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let message = "this is no line of a go.sum (module, version, hash); it was left out";
    diagnostics.extend(checksums.broken.iter().map(|&line| Diagnostic::error(path, Some(line), message)));
}
