//! `cabal.project.freeze` (<https://cabal.readthedocs.io/en/stable/cabal-commands.html#cabal-freeze>): one field
//! `constraints` with the versions of all packages, those that come with the compiler too, and the flags.

use super::id;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, LineIndex, Source, SourceKind};

/// Reads `cabal.project.freeze`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "cabal-freeze",
    ecosystem: Ecosystem::Hackage,
    role: Role::Lockfile,
    names: &["cabal.project.freeze"],
    empty_is_valid: true,
    capabilities: Capabilities { source: Support::Partial, lines: Support::Full, ..Capabilities::NONE },
    parse,
};

/// The public repository, as `active-repositories` names it.
const PUBLIC: &str = "hackage.haskell.org";

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let source = source(text);
    let mut is_constraint = false;
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with("--") {
            continue;
        }
        // A field starts at the left; what belongs to it stands farther right.
        let mut rest = content;
        if !line.starts_with([' ', '\t']) {
            let (field, after) = content.split_once(':').unwrap_or((content, ""));
            is_constraint = field.trim().eq_ignore_ascii_case("constraints");
            rest = after;
        }
        if !is_constraint {
            continue;
        }
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if !constraint(part, &source, &lines, &mut graph) {
                let place = lines.locate_slice(part).map(|place| place.line);
                let message = "this is no constraint like `any.name ==1.2`; it was left out";
                parsed.diagnostics.push(Diagnostic::error(input.path, place, message));
            }
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// Where packages come from, if all of them come from one place.
fn source(text: &str) -> Source {
    let line = text.lines().find_map(|line| line.strip_prefix("active-repositories:"));
    let mut names = line.unwrap_or(PUBLIC).split(',').map(|part| part.split(':').next().unwrap_or_default().trim());
    if names.all(|name| name == PUBLIC) { Source::PUBLIC_REGISTRY } else { Source::of(SourceKind::Unknown) }
}

/// Adds the package of a constraint; says whether it is one. Flags (`text -developer`) and whether a package may be the
/// one that is installed are constraints too, and name no version.
fn constraint(part: &str, source: &Source, lines: &LineIndex<'_>, graph: &mut GraphBuilder) -> bool {
    let end = part.find([' ', '\t', '=', '<', '>', '^']).unwrap_or(part.len());
    let (name, rest) = part.split_at(end);
    let rest = rest.trim();
    // `any.` means wherever it is needed; `setup.` and others a place.
    let name = ["any.", "setup."].iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(name);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !is_name || rest.is_empty() {
        return false;
    }
    if !rest.starts_with(['=', '<', '>', '^']) {
        return rest.starts_with(['+', '-']) || matches!(rest, "installed" | "source" | "test" | "bench");
    }
    let exact = rest.strip_prefix("==").map(str::trim_start);
    let is_version = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let exact = exact.filter(is_version);
    let index = graph.package(id(name, exact, source.clone()), exact.and_then(|exact| lines.locate_slice(exact)));
    if exact.is_none() {
        graph.requirement(index, rest);
        if let Some(place) = lines.locate_slice(rest) {
            graph.declare(index, place);
        }
    }
    true
}
