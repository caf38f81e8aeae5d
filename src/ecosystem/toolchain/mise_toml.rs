//! `mise.toml` (<https://mise.jdx.dev/configuration.html#tools-dev-tools>): versions of tools, in several forms.

use toml::de::DeValue;

use super::{CAPABILITIES, reference};
use crate::ecosystem::reference::{graph, slice};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Input, Parsed, Parser, Role};
use crate::model::Ecosystem;

/// Reads `mise.toml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "mise-toml",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &["mise.toml", ".mise.toml", ".config/mise.toml", "mise/config.toml", ".mise/config.toml"],
    empty_is_valid: true,
    capabilities: CAPABILITIES,
    parse: mise,
};

/// `[tools]` of `mise.toml`: a version, a list of them, or a table with `version`.
fn mise(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let mut references = Vec::new();
    for (tool, value) in document.table.table(&["tools"]).into_iter().flatten() {
        // A tool may be named by what it is installed with: `core:node`.
        let tool = tool.get_ref().strip_prefix("core:").unwrap_or(tool.get_ref());
        let all = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(toml::Spanned::get_ref).collect(),
            one => vec![one],
        };
        for one in all {
            let asked = match one {
                DeValue::Table(table) => table.text(&["version"]),
                one => one.as_str(),
            };
            let asked = asked.and_then(|asked| slice(document.lines.text(), asked));
            references.extend(asked.map(|asked| reference(tool, asked, None)));
        }
    }
    parsed.graph = graph(input.path, PARSER.id, &document.lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
