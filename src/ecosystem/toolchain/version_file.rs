//! Files that hold the version of one language and nothing else: `.nvmrc`, `.python-version` and their like.

use super::{CAPABILITIES, reference};
use crate::ecosystem::reference::graph;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Input, Parsed, Parser, Role, file_name_of};
use crate::model::{Diagnostic, Ecosystem, LineIndex};

/// Reads them.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "version-file",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &[
        ".nvmrc",
        ".node-version",
        ".python-version",
        ".ruby-version",
        ".java-version",
        ".go-version",
        ".php-version",
    ],
    empty_is_valid: false,
    capabilities: CAPABILITIES,
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut parsed.diagnostics));
    let tool = match file_name_of(input.path).trim_start_matches('.') {
        "nvmrc" => "node",
        name => name.strip_suffix("-version").unwrap_or(name),
    };
    let code = lines.text().lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    // pyenv takes several versions, one on a line or beside each other.
    let asked = code.flat_map(str::split_whitespace);
    let references: Vec<_> = asked.map(|asked| reference(tool, asked, None)).collect();
    if references.is_empty() && parsed.diagnostics.is_empty() {
        parsed.diagnostics.push(Diagnostic::warning(input.path, None, "there is no version in it"));
    }
    parsed.graph = graph(input.path, PARSER.id, &lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
