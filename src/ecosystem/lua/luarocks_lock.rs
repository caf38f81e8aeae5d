//! `luarocks.lock` (<https://github.com/luarocks/luarocks/wiki/Pinning-versions-with-a-lock-file>): a Lua table with the
//! versions of what a rock needs, of what that needs, and so on.

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::tokens::{Token, Tokens};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageId, Source};

/// Reads `luarocks.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "luarocks-lock",
    ecosystem: Ecosystem::LuaRocks,
    role: Role::Lockfile,
    names: &["luarocks.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        kinds: Support::Full,
        source: Support::Full,
        lines: Support::Full,
        ..Capabilities::NONE
    },
    parse,
};

/// The tables of the file, and what their rocks are for.
const TABLES: [(&str, DependencyKind); 3] = [
    ("dependencies", DependencyKind::Runtime),
    ("build_dependencies", DependencyKind::Build),
    ("test_dependencies", DependencyKind::Dev),
];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut tokens = Tokens::new(text, &["--"]).with_block("--[[", "]]");
    let mut depth = 0_usize;
    let mut table = None;
    let mut key = "";
    let mut is_value = false;
    for token in &mut tokens {
        match token {
            Token::Mark('{') => {
                depth += 1;
                if depth == 2 {
                    table = TABLES.iter().find(|(name, _)| *name == key).map(|&(_, kind)| kind);
                }
                is_value = false;
            }
            Token::Mark('}') => {
                depth = depth.saturating_sub(1);
                is_value = false;
            }
            Token::Mark('=') => is_value = true,
            Token::Mark(',' | ';') => is_value = false,
            Token::Text(version) if is_value && depth == 2 => {
                if let Some(kind) = table.filter(|_| !key.is_empty()) {
                    let id = PackageId::new(Ecosystem::LuaRocks, key, Some(version), Source::PUBLIC_REGISTRY);
                    let index = graph.package(id, lines.locate_slice(version));
                    graph.mark(index, None, Kinds::only(kind));
                }
            }
            Token::Word(word) | Token::Text(word) if !is_value => key = word,
            _ => {}
        }
    }
    if depth > 0 {
        let message = "the file breaks off in a table; what comes before was read. Run `luarocks install --pin`";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(lines.line(text.len())), message));
    } else if graph.is_empty() && !text.contains("return") {
        let message = "there is no `return`: not a lockfile of LuaRocks, nothing was read";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
