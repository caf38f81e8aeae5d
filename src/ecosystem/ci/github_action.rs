//! Actions of this repository
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>): what the steps of a composite
//! action use and what a container action runs. Whoever uses the action runs it: it is needed at run time.

use super::uses::Collector;
use crate::ecosystem::reference::graph;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Ecosystem};

/// Reads actions.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "github-action",
    ecosystem: Ecosystem::GitHubActions,
    role: Role::Manifest,
    names: &["action.yml", "action.yaml"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::None, integrity: Support::Partial, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse_with_aliases(input.path, input.bytes, &mut parsed.diagnostics);
    let mut collector = Collector {
        path: input.path,
        stream: &stream,
        kind: DependencyKind::Runtime,
        references: Vec::new(),
        diagnostics: &mut parsed.diagnostics,
    };
    // Other programs have files of this name, which hold no `runs`.
    for runs in stream.documents.iter().filter_map(|document| document.get("runs")) {
        collector.steps(runs.get("steps"));
        let image = runs.get("image").and_then(|image| stream.text_of(image));
        // Anything else is the Dockerfile of the action.
        if let Some(image) = image.and_then(|image| image.strip_prefix("docker://")) {
            collector.named_image(image);
        }
    }
    parsed.graph = graph(input.path, PARSER.id, &stream.lines, collector.references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
