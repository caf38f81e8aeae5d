//! `.tool-versions` of asdf (<https://asdf-vm.com/manage/configuration.html>): a tool and its versions on each line.

use super::{CAPABILITIES, by_line, reference};
use crate::ecosystem::reference::Reference;
use crate::ecosystem::{Parser, Role};
use crate::model::Ecosystem;

/// Reads `.tool-versions`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "tool-versions",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &[".tool-versions"],
    empty_is_valid: true,
    capabilities: CAPABILITIES,
    parse: |input| by_line(input, PARSER.id, tool_versions),
};

/// `tool version version`: the later ones stand in where the first is not installed.
fn tool_versions(line: &str) -> Option<Vec<Reference<'_>>> {
    let mut words = line.split_whitespace();
    let tool = words.next()?;
    let asked: Vec<_> = words.map(|asked| reference(tool, asked, None)).collect();
    (!asked.is_empty()).then_some(asked)
}
