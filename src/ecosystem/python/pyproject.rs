//! `pyproject.toml` that no lockfile read
//! (<https://packaging.python.org/en/latest/specifications/pyproject-toml/>).

use super::{manifest, project};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::Ecosystem;

/// Reads `pyproject.toml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pyproject",
    ecosystem: Ecosystem::PyPi,
    role: Role::Manifest,
    names: &["pyproject.toml"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = manifest::pyproject(input.path, input.bytes, &mut parsed.diagnostics);
    parsed.graph = project::alone(&manifest, input.path, PARSER.id);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
