//! `poetry.lock` of Poetry 0.12 to 2 (<https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock>).
//!
//! The lock says who needs whom. Which group a package is in is said by `category` (up to Poetry 1.4) and `groups`
//! (from 2.0 on); between the two, and for what is direct, `pyproject.toml` is needed.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::extras::{Needs, Step};
use super::manifest::Tool;
use super::other::other;
use super::{ByName, Entry, Lock, file_names, first_hash, git, normal, package_id, pep508, project, registry};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, Source, SourceKind};

/// Reads `poetry.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "poetry-lock",
    ecosystem: Ecosystem::PyPi,
    role: Role::Lockfile,
    names: &["poetry.lock"],
    empty_is_valid: false,
    capabilities: Capabilities { direct: Support::Partial, kinds: Support::Partial, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let lock = Lock { document: &document, path: input.path };
    lock.expect(&["package"], &mut parsed.diagnostics);
    lock.known_format(&["metadata", "lock-version"], 2, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_name = ByName::new();
    let mut packages = Vec::new();
    for entry in lock.entries("package", &mut parsed.diagnostics) {
        let Some(version) = entry.version else {
            let message = format!("`{}` has no version; it was left out", entry.name);
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(entry.line), message));
            continue;
        };
        let index = graph.package(package_id(entry.name, Some(version), source(entry.table)), entry.location.clone());
        by_name.add(normal(entry.name), index);
        if let Some(other) = other(entry.name, version, file_names(entry.table.array(&["files"]))) {
            graph.other(index, other);
        }
        if let Some(hash) = first_hash(entry.table.array(&["files"])).or_else(|| old_hash(&document.table, &entry)) {
            graph.integrity(index, hash);
        }
        packages.push((index, entry));
    }
    let mut needs = Needs::default();
    for (index, entry) in &packages {
        edges(*index, entry, &by_name, &mut graph, &mut needs);
    }
    let (manifest, starts) = project::beside(input, &by_name, &mut graph, (&mut parsed, Tool::Poetry)).unzip();
    let grouped = packages.iter().any(|(_, entry)| entry.table.contains_key("groups"));
    let categorised = packages.iter().any(|(_, entry)| entry.table.contains_key("category"));
    for (index, entry) in &packages {
        let direct = manifest.is_some().then_some(false);
        let kinds = if grouped || categorised { stated_kinds(entry.table, grouped) } else { Kinds::default() };
        graph.mark(*index, direct, kinds);
    }
    if !grouped && !categorised {
        needs.mark(&starts.unwrap_or_default(), &[], &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// `[package.source]` (<https://github.com/python-poetry/poetry-core/blob/main/src/poetry/core/packages/specification.py>).
fn source(table: &DeTable<'_>) -> Source {
    let url = table.text(&["source", "url"]).unwrap_or_default();
    match table.text(&["source", "type"]) {
        Some("git") => git(url, table.text(&["source", "resolved_reference"])),
        Some("directory" | "file") => Source::at(SourceKind::Path, url),
        Some("url") => Source::at(SourceKind::Url, url),
        Some(_) => registry(url),
        None => Source::PUBLIC_REGISTRY,
    }
}

/// The hash of a package in `[metadata.files]` (Poetry 1.0 to 1.2) or `[metadata.hashes]` (before). Two versions of
/// one name share a list there, so the file's name must hold the version.
fn old_hash<'d>(document: &'d DeTable<'_>, entry: &Entry<'_, '_>) -> Option<&'d str> {
    if let Some(first) = document.array(&["metadata", "hashes", entry.name]).first() {
        return first.get_ref().as_str();
    }
    let version = entry.version?;
    let files = document.array(&["metadata", "files", entry.name]);
    let files = files.iter().filter_map(|file| file.get_ref().as_table());
    let mut files = files.filter(|file| {
        file.text(&["file"]).and_then(|name| name.split_once(version)).is_some_and(|(before, after)| {
            before.ends_with('-') && (after.starts_with('-') || after.starts_with(".tar") || after.starts_with(".zip"))
        })
    });
    files.find_map(|file| file.text(&["hash"]))
}

/// Adds what a package needs. Where several versions of a name are locked (for different systems), the edge goes to
/// each: which marker leads to which is not told apart.
fn edges(from: PackageIndex, entry: &Entry<'_, '_>, by_name: &ByName, graph: &mut GraphBuilder, needs: &mut Needs) {
    for (name, value) in entry.table.table(&["dependencies"]).into_iter().flatten() {
        let specifications = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        let tables = || specifications.iter().filter_map(|specification| specification.get_ref().as_table());
        let is_optional = |table: &DeTable<'_>| table.at(&["optional"]).is_some_and(is_true);
        let optional = tables().count() == specifications.len() && tables().all(is_optional);
        let asked = tables().flat_map(|table| table.array(&["extras"]));
        let step_extras = asked.filter_map(|extra| extra.get_ref().as_str()).map(normal).collect();
        let version = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::Table(table) => table.text(&["version"]).map(str::to_owned),
            other => other.as_str().map(str::to_owned),
        };
        let requirements: Vec<String> = specifications.iter().filter_map(|value| version(value)).collect();
        let requirement = Some(requirements.join(" || ")).filter(|text| !text.is_empty());
        let kind = if optional { DependencyKind::Optional } else { DependencyKind::Runtime };
        let step = Step { to: from, extras: step_extras };
        for &to in by_name.of(&normal(name.get_ref())) {
            graph.dependency(from, to, kind, requirement.as_deref());
            if !optional {
                needs.add(from, None, Step { to, ..step.clone() });
            }
        }
    }
    for (extra, list) in entry.table.table(&["extras"]).into_iter().flatten() {
        let list = list.get_ref().as_array().into_iter().flat_map(|list| list.iter());
        for requirement in list.filter_map(|item| pep508::parse(item.get_ref().as_str()?)) {
            let extras: std::rc::Rc<[String]> = requirement.extras.iter().map(|extra| normal(extra)).collect();
            for &to in by_name.of(&normal(requirement.name)) {
                needs.add(from, Some(&normal(extra.get_ref())), Step { to, extras: extras.clone() });
            }
        }
    }
}

fn is_true(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().as_bool() == Some(true)
}

/// What `groups` or `category` say.
fn stated_kinds(table: &DeTable<'_>, grouped: bool) -> Kinds {
    let optional = table.at(&["optional"]).is_some_and(is_true);
    let main = if optional { DependencyKind::Optional } else { DependencyKind::Runtime };
    let mut kinds = Kinds::default();
    if grouped {
        for group in table.array(&["groups"]).iter().filter_map(|group| group.get_ref().as_str()) {
            kinds.insert(if group == "main" { main } else { DependencyKind::Dev });
        }
    } else if let Some(category) = table.text(&["category"]) {
        kinds.insert(if category == "dev" { DependencyKind::Dev } else { main });
    }
    kinds
}
