//! `Directory.Packages.props` and `Directory.Build.props`: what holds for every project below
//! (<https://learn.microsoft.com/nuget/consume-packages/central-package-management>).
//!
//! What they ask for is asked for in the name of all those projects. A version that is only set is used by the projects
//! that ask for the package, and stands there; where no project lies in the tree, it is told here.

use super::dotnet_project::add;
use super::evaluated::Evaluated;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, folder_of};
use crate::model::{Ecosystem, GraphBuilder};

/// Reads the properties of a folder.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "directory-props",
    ecosystem: Ecosystem::NuGet,
    role: Role::Manifest,
    names: &["Directory.Packages.props", "Directory.Build.props"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::Partial,
        kinds: Support::Partial,
        source: Support::Full,
        lines: Support::Partial,
        integrity: Support::None,
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let evaluated = Evaluated::of(input.files, input.path);
    if !evaluated.wanted.is_empty() {
        return Parsed { wanted: evaluated.wanted, ..Parsed::default() };
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for reference in &evaluated.references {
        add(&mut graph, reference, Some(reference.kind));
    }
    let is_project = |path: &str| [".csproj", ".fsproj", ".vbproj"].iter().any(|end| path.ends_with(end));
    if !input.files.below(folder_of(input.path)).any(|(path, _)| is_project(path)) {
        for reference in &evaluated.central {
            add(&mut graph, reference, None);
        }
    }
    let mut parsed = Parsed { diagnostics: evaluated.diagnostics.clone(), ..Parsed::default() };
    parsed.diagnostics.extend(evaluated.remark());
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
