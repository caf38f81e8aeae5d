//! `Pipfile` without a lock (<https://pipenv.pypa.io/en/latest/pipfile.html>).

use super::{manifest, project};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::Ecosystem;

/// Reads `Pipfile`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pipfile",
    ecosystem: Ecosystem::PyPi,
    role: Role::Manifest,
    names: &["Pipfile"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = manifest::pipfile(input.path, input.bytes, &mut parsed.diagnostics);
    parsed.graph = project::alone(&manifest, input.path, PARSER.id);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
