//! `Package.resolved`, versions 1 to 3
//! (<https://github.com/swiftlang/swift-package-manager/blob/main/Sources/PackageGraph/ResolvedPackagesStore.swift>).
//!
//! The file pins packages by their repository and commit. It does not say who needs whom, nor what a package is for.

use crate::ecosystem::syntax::asked::git;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, PackageId, RepoPath, Source, SourceKind};

/// Reads `Package.resolved`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "package-resolved",
    ecosystem: Ecosystem::SwiftUrl,
    role: Role::Lockfile,
    names: &["Package.resolved"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::None,
        kinds: Support::None,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let value = &document.value;
    let pins = value.get("pins").or_else(|| value.get("object")?.get("pins"));
    if parsed.diagnostics.is_empty() && !matches!(pins, Some(Value::Array(_))) {
        let message = "it has no list `pins`, which every Package.resolved has; run `swift package resolve`";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    if let Some(version) = value.number("version").filter(|version| ![1.0, 2.0, 3.0].contains(version)) {
        let message = format!("version {version} of this format is not known; it was read like version 3");
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for entry in pins.map_or(&[][..], Value::items) {
        pin(&document, entry, (input.path, &mut parsed.diagnostics), &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

fn pin(
    document: &Document<'_>,
    entry: &Value<'_>,
    (path, diagnostics): (&RepoPath, &mut Vec<Diagnostic>),
    graph: &mut GraphBuilder,
) {
    let identity = entry.text("identity").or_else(|| entry.text("package"));
    let location = entry.text("location").or_else(|| entry.text("repositoryURL")).filter(|text| !text.is_empty());
    let state = |key: &str| entry.get("state").and_then(|state| state.text(key));
    let (version, revision) = (state("version"), state("revision"));
    // What a registry gives has no repository, and is named `scope.name`.
    let Some(name) = location.or(identity).filter(|_| version.is_some() || revision.is_some()) else {
        let line = identity.or(location).and_then(|text| document.locate(text)).map(|place| place.line);
        let message = "a pin without a name, or without version and revision; it was not read";
        diagnostics.push(Diagnostic::error(path, line, message));
        return;
    };
    let is_local = matches!(entry.text("kind"), Some("localSourceControl" | "fileSystem"))
        || name.starts_with(['/', '.'])
        || name.starts_with("file:");
    let source = match version {
        _ if is_local => Source::at(SourceKind::Path, name),
        // A version is a tag of the repository, which is where Swift packages are published.
        Some(_) => Source::PUBLIC_REGISTRY,
        None => git(name, revision),
    };
    let name = if is_local { identity.unwrap_or(name) } else { name };
    let place = version.and_then(|version| document.locate(version));
    let index = graph.package(PackageId::new(Ecosystem::SwiftUrl, name, version, source), place);
    if let Some(revision) = revision {
        graph.integrity(index, revision);
        if let Some(place) = document.locate(revision).filter(|_| version.is_none()) {
            graph.declare(index, place);
        }
    }
}
