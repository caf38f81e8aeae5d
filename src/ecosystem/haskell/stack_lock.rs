//! `stack.yaml.lock` (<https://docs.haskellstack.org/en/stable/topics/lock_files/>): the packages beyond the snapshot,
//! completed. Those of the snapshot itself are in a file of its own, elsewhere.

use super::id;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml::{self, Stream};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, DiagnosticSeverity, Ecosystem, GraphBuilder, RepoPath, Source, SourceKind};

/// Reads `stack.yaml.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "stack-lock",
    ecosystem: Ecosystem::Hackage,
    role: Role::Lockfile,
    names: &["stack.yaml.lock"],
    empty_is_valid: true,
    capabilities: Capabilities {
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let null = Value::Null;
    let document = stream.documents.first().unwrap_or(&null);
    for item in document.get("packages").map_or(&[][..], Value::items) {
        let completed = item.get("completed").unwrap_or(item);
        if let Err(why) = package(completed, &stream, &mut graph) {
            let line = completed.entries().first().and_then(|(key, _)| stream.lines.locate_slice(key));
            let message = format!("a package {why}; it was left out. Run `stack build` to write the file anew");
            parsed.diagnostics.push(Diagnostic::error(input.path, line.map(|place| place.line), message));
        }
    }
    snapshots(document, &stream, input.path, &mut parsed);
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

fn package(completed: &Value<'_>, stream: &Stream<'_>, graph: &mut GraphBuilder) -> Result<(), &'static str> {
    let (name, version, source, hash);
    if let Some(reference) = completed.text("hackage") {
        // `name-1.2@sha256:hash,size`, or `@rev:1`.
        let (package, pin) = reference.split_once('@').unwrap_or((reference, ""));
        let (before, after) = package.rsplit_once('-').ok_or("has no version")?;
        if !after.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("has no version");
        }
        (name, version, source) = (before, after, Source::PUBLIC_REGISTRY);
        hash = pin.strip_prefix("sha256:").and_then(|pin| pin.split(',').next());
    } else {
        name = completed.text("name").ok_or("has no name")?;
        version = completed.text("version").ok_or("has no version")?;
        source = source_of(completed).ok_or("does not say where it comes from")?;
        hash = completed.text("sha256");
    }
    let index = graph.package(id(name, Some(version), source), stream.lines.locate_slice(version));
    if let Some(hash) = hash.filter(|hash| !hash.is_empty()) {
        graph.integrity(index, &format!("sha256:{hash}"));
    }
    Ok(())
}

/// A repository at a commit, or an archive.
fn source_of(completed: &Value<'_>) -> Option<Source> {
    if let Some(repository) = completed.text("git") {
        let address = completed.text("commit").map(|commit| format!("{repository}#{commit}"));
        return Some(Source::at(SourceKind::Git, address.as_deref().unwrap_or(repository)));
    }
    // Mercurial has no kind of its own.
    let address = completed.text("url").or_else(|| completed.text("archive")).or_else(|| completed.text("hg"))?;
    let is_path = !address.contains("://");
    Some(Source::at(if is_path { SourceKind::Path } else { SourceKind::Url }, address))
}

/// Says which snapshot the file builds on, since its packages are not named here.
fn snapshots(document: &Value<'_>, stream: &Stream<'_>, path: &RepoPath, parsed: &mut Parsed) {
    for item in document.get("snapshots").map_or(&[][..], Value::items) {
        let original = item.get("original").unwrap_or(item);
        let named = ["url", "snapshot", "resolver", "name"].iter().find_map(|key| original.text(key));
        let Some(named) = original.as_text().or(named) else { continue };
        let line = stream.lines.locate_slice(named).map(|place| place.line);
        let message = format!("the packages of the snapshot `{named}` are not in this file; they were not checked");
        let path = Some(RepoPath::clone(path));
        parsed.diagnostics.push(Diagnostic { path, line, severity: DiagnosticSeverity::Note, message });
    }
}
