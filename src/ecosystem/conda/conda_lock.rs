//! `conda-lock.yml`, version 1 (<https://conda.github.io/conda-lock/output/>): every package once for each platform and
//! category, those of pip too.

use std::collections::HashMap;

use super::{channel, id, python};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, Source, SourceKind, normalize_name,
};

/// Reads `conda-lock.yml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "conda-lock",
    ecosystem: Ecosystem::Conda,
    role: Role::Lockfile,
    names: &["conda-lock.yml", "*.conda-lock.yml"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::None,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// An entry: what it is, and what it is for whom.
struct Entry<'v, 'd> {
    index: PackageIndex,
    platform: &'v str,
    value: &'v Value<'d>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let null = Value::Null;
    let document = stream.documents.first().unwrap_or(&null);
    if document.get("package").is_none() && parsed.diagnostics.is_empty() {
        let message = "there is no `package`: not a lockfile of conda-lock, nothing was read";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut entries: Vec<Entry<'_, '_>> = Vec::new();
    let mut by_name: HashMap<&str, Candidates<String>> = HashMap::new();
    for value in document.get("package").map_or(&[][..], Value::items) {
        let (Some(name), Some(version)) = (value.text("name"), value.text("version")) else {
            let line = value.entries().first().and_then(|(_, first)| stream.lines.locate_slice(first.as_text()?));
            let message = "a package has no name or no version; it was left out. Run `conda-lock`";
            parsed.diagnostics.push(Diagnostic::error(input.path, line.map(|place| place.line), message));
            continue;
        };
        let url = value.text("url").unwrap_or_default();
        let package = match value.text("manager") {
            Some("pip") => python(name, Some(version), python_source(value, url)),
            _ => id(name, Some(version), channel(url)),
        };
        let platform = value.text("platform").unwrap_or_default();
        let index = graph.package(package, stream.lines.locate_slice(version));
        let hash = value.get("hash").and_then(|hash| hash.text("sha256").or_else(|| hash.text("md5")));
        if let Some(hash) = hash {
            graph.integrity(index, hash);
        }
        graph.mark(index, None, kinds(value));
        by_name.entry(platform).or_insert_with(Candidates::new).add(key(value, name), index);
        entries.push(Entry { index, platform, value });
    }
    for entry in &entries {
        let Some(names) = by_name.get(entry.platform) else { continue };
        for (needed, requirement) in entry.value.object("dependencies") {
            // What begins with `__` is the machine itself.
            for &to in names.of(&key(entry.value, needed)).iter().filter(|&&to| to != entry.index) {
                let requirement = requirement.as_text().filter(|text| !matches!(*text, "" | "*"));
                graph.dependency(entry.index, to, DependencyKind::Runtime, requirement);
            }
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The name under which packages of the same manager find each other.
fn key(value: &Value<'_>, name: &str) -> String {
    match value.text("manager") {
        Some("pip") => format!("pip:{}", normalize_name(Ecosystem::PyPi.osv_name(), name)),
        _ => name.to_owned(),
    }
}

/// What a package is for by its category: `main`, which is also meant where there is none, `dev`, or one that is taken on
/// request.
fn kinds(value: &Value<'_>) -> Kinds {
    match value.text("category") {
        Some("main") | None => Kinds::only(DependencyKind::Runtime),
        Some("dev") => Kinds::only(DependencyKind::Dev),
        Some(_) => Kinds::only(DependencyKind::Optional),
    }
}

/// Where a package of pip comes from: `source` says it where it is no index.
fn python_source(value: &Value<'_>, url: &str) -> Source {
    match value.get("source").and_then(|source| source.text("type")) {
        Some("url") => Source::at(SourceKind::Url, url),
        _ => super::python_index(url),
    }
}
