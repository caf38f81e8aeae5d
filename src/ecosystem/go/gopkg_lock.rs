//! `Gopkg.lock` of `dep`, the tool before modules (<https://golang.github.io/dep/docs/Gopkg.lock.html>).
//!
//! A project stands there with its commit, and with a version where the commit has a tag. What the project at hand
//! imports itself newer files say (`input-imports`), as packages and not as projects; who else needs whom they do not.

use super::module_id;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Document, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, Kinds, Location, Source, SourceKind};
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

/// Reads `Gopkg.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gopkg-lock",
    ecosystem: Ecosystem::Go,
    role: Role::Lockfile,
    names: &["Gopkg.lock"],
    // A project without dependencies has one, with `[solve-meta]` alone.
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::Partial,
        kinds: Support::None,
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    if !document.table.contains_key("projects") && !document.table.contains_key("solve-meta") {
        let message = "it has neither `[[projects]]` nor `[solve-meta]`; it is no Gopkg.lock, or was cut off";
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    let imports: Option<Vec<&str>> = document.table.at(&["solve-meta", "input-imports"]).map(|_| {
        let list = document.table.array(&["solve-meta", "input-imports"]).iter();
        let mut imports: Vec<&str> = list.filter_map(|import| import.get_ref().as_str()).collect();
        imports.sort_unstable();
        imports
    });
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for project in document.table.array(&["projects"]) {
        let line = document.locate(project).line;
        let Some((table, name)) = project.get_ref().as_table().and_then(|table| Some((table, table.text(&["name"])?)))
        else {
            let message = "a project without a name was left out";
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(line), message));
            continue;
        };
        let Some((version, source, place)) = what(&document, table, name) else {
            let message = format!("`{name}` has neither a version nor a revision; it was left out");
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(line), message));
            continue;
        };
        let index = graph.package(module_id(name, version, source), place.filter(|_| version.is_some()));
        if version.is_none() {
            graph.declare(index, document.locate(project));
        }
        if let Some(digest) = table.text(&["digest"]) {
            graph.integrity(index, digest);
        }
        let is_direct = imports.as_ref().map(|imports| is_imported(imports, name));
        graph.mark(index, is_direct, Kinds::default());
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The version of a project, where it comes from, and where its version stands. A fork that takes its place
/// (`source`) and a commit without a version are no modules of a proxy.
fn what<'t>(
    document: &Document<'_>,
    table: &'t DeTable<'_>,
    name: &str,
) -> Option<(Option<&'t str>, Source, Option<Location>)> {
    let place = |value: &Spanned<DeValue<'_>>| document.locate(value);
    let version = table.text(&["version"]).filter(|version| !version.is_empty());
    let revision = table.text(&["revision"]).filter(|revision| !revision.is_empty());
    let source = table.text(&["source"]).filter(|source| !source.is_empty());
    if version.is_none() && revision.is_none() {
        return None;
    }
    let source = match (version, source) {
        (Some(_), None) => Source::PUBLIC_REGISTRY,
        (_, source) => {
            let repository = source.unwrap_or(name);
            let scheme = if repository.contains("://") || repository.contains('@') { "" } else { "https://" };
            let commit = revision.map(|revision| format!("#{revision}")).unwrap_or_default();
            Source::at(SourceKind::Git, &format!("{scheme}{repository}{commit}"))
        }
    };
    Some((version, source, table.at(&["version"]).map(place)))
}

/// Whether a package of the project is among the sorted imports.
fn is_imported(imports: &[&str], project: &str) -> bool {
    let at = imports.partition_point(|import| *import < project);
    // Between a project and its packages only names can stand that go on with what sorts before a `/`.
    let after = imports[at..].iter().take_while(|import| import.starts_with(project));
    after.into_iter().any(|import| import.len() == project.len() || import[project.len()..].starts_with('/'))
}
