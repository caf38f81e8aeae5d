//! Compose files (<https://github.com/compose-spec/compose-spec/blob/main/05-services.md#image>): the image of each
//! service. Where a service is also built here, the image is the name of what is built.

use super::image::{expand, reference};
use crate::ecosystem::reference::{graph, slice};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem};

/// Reads compose files.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "compose",
    ecosystem: Ecosystem::Docker,
    role: Role::Manifest,
    names: &[
        "docker-compose*.yml",
        "docker-compose*.yaml",
        "compose.yml",
        "compose.yaml",
        "compose.*.yml",
        "compose.*.yaml",
    ],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::Partial, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse_with_aliases(input.path, input.bytes, &mut parsed.diagnostics);
    let text = stream.lines.text();
    let mut references = Vec::new();
    let documents = stream.documents.iter();
    // Fragments that services are made of stand under keys of their own, by custom with `x-` before them.
    let fragments = documents.clone().flat_map(Value::entries).filter(|(key, _)| key.starts_with("x-"));
    let services = documents.flat_map(|document| document.object("services")).chain(fragments);
    for (_, service) in services.filter(|(_, service)| service.get("build").is_none()) {
        let Some(written) = service.get("image").and_then(|image| stream.text_of(image)) else { continue };
        let line = stream.lines.locate_slice(written).map(|place| place.line);
        let Some(written) = slice(text, written) else { continue };
        match expand(written, |_| None) {
            Ok((image, parts)) => match reference(&image, written, &parts, Some(DependencyKind::Runtime)) {
                Some(found) => references.push(found),
                None => {
                    let message = format!("`{written}` is no reference to an image; it was left out");
                    parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
                }
            },
            Err(name) => {
                let message = format!(
                    "which image `{written}` is, is decided where it runs: the variable `{name}` has no default here"
                );
                parsed.diagnostics.push(Diagnostic::warning(input.path, line, message));
            }
        }
    }
    parsed.graph = graph(input.path, PARSER.id, &stream.lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
