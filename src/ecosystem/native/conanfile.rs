//! `conanfile.txt` (<https://docs.conan.io/2/reference/conanfile_txt.html>): sections of one reference a line.

use super::reference::Reference;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, text_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, Location, RepoPath};

/// Reads `conanfile.txt`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "conanfile",
    ecosystem: Ecosystem::ConanCenter,
    role: Role::Manifest,
    names: &["conanfile.txt"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        source: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// The sections that ask for packages, and what for.
const SECTIONS: [(&str, DependencyKind); 4] = [
    ("[requires]", DependencyKind::Runtime),
    ("[build_requires]", DependencyKind::Build),
    ("[tool_requires]", DependencyKind::Build),
    ("[test_requires]", DependencyKind::Dev),
];

/// What a line asks for.
pub(super) struct Asked<'t> {
    pub(super) reference: Reference<'t>,
    pub(super) kind: DependencyKind,
    /// The place of the version or range.
    pub(super) place: Option<Location>,
}

/// What the file at that path asks for. A line that is no reference is said and lost.
pub(super) fn read<'b>(path: &RepoPath, bytes: &'b [u8], diagnostics: &mut Vec<Diagnostic>) -> Vec<Asked<'b>> {
    let text = text_of(path, bytes, diagnostics);
    let lines = LineIndex::new(path, text);
    let mut kind = None;
    let mut asked = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') && line.ends_with(']') {
            kind = SECTIONS.iter().find(|(name, _)| *name == line).map(|&(_, kind)| kind);
            continue;
        }
        let Some(kind) = kind else { continue };
        match Reference::parse(line) {
            Some(reference) => {
                let place = lines.locate_slice(reference.exact().or(reference.range()).unwrap_or(reference.version));
                asked.push(Asked { reference, kind, place });
            }
            None => {
                let message = "this is no reference like `name/version`; it was left out";
                diagnostics.push(Diagnostic::error(path, Some(number), message));
            }
        }
    }
    asked
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for Asked { reference, kind, place } in read(input.path, input.bytes, &mut parsed.diagnostics) {
        let exact = reference.exact();
        let index = graph.package(reference.id(), place.clone().filter(|_| exact.is_some()));
        graph.mark(index, Some(true), Kinds::only(kind));
        if let Some(place) = place {
            graph.declare(index, place);
        }
        if let Some(range) = reference.range() {
            graph.requirement(index, range);
        }
        if let Some(revision) = reference.revision {
            graph.integrity(index, revision);
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
