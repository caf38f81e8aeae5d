//! `rust-toolchain.toml`, and `rust-toolchain`, which is the same or the channel alone
//! (<https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file>). The toolchain builds the project.

use super::{CAPABILITIES, reference};
use crate::ecosystem::reference::{graph, slice};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex};

/// Reads both.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "rust-toolchain",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &["rust-toolchain", "rust-toolchain.toml"],
    empty_is_valid: false,
    capabilities: Capabilities { kinds: Support::Full, ..CAPABILITIES },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut Vec::new()));
    let channel = match lines.text().trim() {
        text if !text.contains(['=', '[', '\n']) && !file_name_of(input.path).ends_with(".toml") => Some(text),
        _ => {
            let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
            let channel = document.table.text(&["toolchain", "channel"]);
            channel.and_then(|channel| slice(lines.text(), channel))
        }
    };
    // A folder (`path`) or components alone name no version.
    let asked = channel.filter(|channel| !channel.is_empty());
    let references = asked.map(|asked| reference("rust", asked, Some(DependencyKind::Build)));
    if references.is_none() && lines.text().trim().is_empty() && parsed.diagnostics.is_empty() {
        parsed.diagnostics.push(Diagnostic::warning(input.path, None, "there is no version in it"));
    }
    parsed.graph = graph(input.path, PARSER.id, &lines, references.into_iter().collect());
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
