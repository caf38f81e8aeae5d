//! Workflows of GitHub Actions
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>): actions of steps, workflows that
//! jobs call, images of containers and services. Those who work on the project need them: they are for development.

use super::uses::Collector;
use crate::ecosystem::reference::graph;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem};

/// Reads workflows.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "github-workflow",
    ecosystem: Ecosystem::GitHubActions,
    role: Role::Manifest,
    names: &[".github/workflows/*.yml", ".github/workflows/*.yaml"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::Partial, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse_with_aliases(input.path, input.bytes, &mut parsed.diagnostics);
    let mut collector = Collector {
        path: input.path,
        stream: &stream,
        kind: DependencyKind::Dev,
        references: Vec::new(),
        diagnostics: &mut parsed.diagnostics,
    };
    let mut jobs = stream.documents.iter().flat_map(|document| document.object("jobs")).peekable();
    if jobs.peek().is_none() && collector.diagnostics.is_empty() {
        let has_other =
            stream.documents.iter().any(|document| !matches!(document.get("jobs"), None | Some(Value::Null)));
        let diagnostic = match has_other {
            true => {
                let message = "`jobs` is no map of jobs: GitHub refuses such a workflow, and nothing of it was read";
                Diagnostic::error(input.path, None, message)
            }
            false => Diagnostic::warning(input.path, None, "there are no `jobs`: not a workflow of GitHub Actions"),
        };
        collector.diagnostics.push(diagnostic);
    }
    for (_, job) in jobs {
        if let Some(uses) = job.get("uses") {
            collector.uses(uses);
        }
        collector.steps(job.get("steps"));
        if let Some(container) = job.get("container") {
            collector.image(container);
        }
        for service in job.get("services").map_or(&[][..], Value::entries) {
            collector.image(&service.1);
        }
    }
    parsed.graph = graph(input.path, PARSER.id, &stream.lines, collector.references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
