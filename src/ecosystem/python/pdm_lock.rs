//! `pdm.lock` (<https://pdm-project.org/latest/usage/lockfile/>).
//!
//! A package with extras stands there once without them and once for each set of extras that somebody uses. Newer
//! versions say which groups a package is in; which of those are for development says `pyproject.toml`.

use std::collections::{HashMap, HashSet};

use super::extras::{Needs, Step};
use super::manifest::{Manifest, Tool};
use super::other::other;
use super::{ByName, Entry, Lock, file_names, first_hash, git, normal, package_id, pep508, project};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, Source, SourceKind};

/// Reads `pdm.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pdm-lock",
    ecosystem: Ecosystem::PyPi,
    role: Role::Lockfile,
    names: &["pdm.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        direct: Support::Partial,
        kinds: Support::Partial,
        source: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let lock = Lock { document: &document, path: input.path };
    lock.expect(&["package", "metadata"], &mut parsed.diagnostics);
    lock.known_format(&["metadata", "lock_version"], 4, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_name = ByName::new();
    let mut packages = Vec::new();
    for entry in lock.entries("package", &mut parsed.diagnostics) {
        let source = source(&entry);
        if entry.version.is_none() && source.kind == SourceKind::Registry {
            let message = format!("`{}` has no version; it was left out", entry.name);
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(entry.line), message));
            continue;
        }
        let index = graph.package(package_id(entry.name, entry.version, source), entry.location.clone());
        by_name.add(normal(entry.name), index);
        let files = file_names(entry.table.array(&["files"]));
        if let Some(other) = entry.version.and_then(|version| other(entry.name, version, files)) {
            graph.other(index, other);
        }
        // Up to PDM 2.7 the files stand apart.
        let key = format!("{} {}", entry.name, entry.version.unwrap_or_default());
        let apart = || first_hash(document.table.array(&["metadata", "files", &key]));
        if let Some(hash) = first_hash(entry.table.array(&["files"])).or_else(apart) {
            graph.integrity(index, hash);
        }
        packages.push((index, entry));
    }
    let mut needs = Needs::default();
    for (index, entry) in &packages {
        edges(*index, entry, &by_name, &mut graph, &mut needs);
    }
    let (manifest, starts) = project::beside(input, &by_name, &mut graph, (&mut parsed, Tool::Pdm)).unzip();
    for (index, _) in &packages {
        graph.mark(*index, manifest.is_some().then_some(false), Kinds::default());
    }
    if packages.iter().any(|(_, entry)| entry.table.contains_key("groups")) {
        groups(&packages, manifest.as_ref(), &mut graph);
    } else {
        needs.mark(&starts.unwrap_or_default(), &[], &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

fn source(entry: &Entry<'_, '_>) -> Source {
    let text = |key: &str| entry.table.text(&[key]);
    if let Some(repository) = text("git") {
        git(repository, text("revision"))
    } else if let Some(path) = text("path") {
        Source::at(SourceKind::Path, path)
    } else if let Some(url) = text("url") {
        Source::at(SourceKind::Url, url)
    } else {
        Source::PUBLIC_REGISTRY
    }
}

fn edges(from: PackageIndex, entry: &Entry<'_, '_>, by_name: &ByName, graph: &mut GraphBuilder, needs: &mut Needs) {
    let extras = entry.table.array(&["extras"]).iter().filter_map(|extra| extra.get_ref().as_str());
    let extras: Vec<String> = extras.map(normal).collect();
    let list = entry.table.array(&["dependencies"]).iter();
    for requirement in list.filter_map(|item| pep508::parse(item.get_ref().as_str()?)) {
        let asked: std::rc::Rc<[String]> = requirement.extras.iter().map(|extra| normal(extra)).collect();
        let text = Some(requirement.specifier).filter(|text| !text.is_empty());
        let kind = if extras.is_empty() { DependencyKind::Runtime } else { DependencyKind::Optional };
        // An entry with extras needs the one without.
        for &to in by_name.of(&normal(requirement.name)).iter().filter(|&&to| to != from) {
            graph.dependency(from, to, kind, text);
            let step = Step { to, extras: asked.clone() };
            if extras.is_empty() {
                needs.add(from, None, step);
            } else {
                // A few extras at most are asked for together.
                extras.iter().take(16).for_each(|extra| needs.add(from, Some(extra), step.clone()));
            }
        }
    }
}

/// Marks kinds by the groups that the lock says: `default`, those of `optional-dependencies`, those for development.
fn groups(packages: &[(PackageIndex, Entry<'_, '_>)], manifest: Option<&Manifest>, graph: &mut GraphBuilder) {
    let optional: Option<HashSet<&str>> =
        manifest.map(|manifest| manifest.optional_groups.iter().map(String::as_str).collect());
    let mut known: HashMap<String, Option<DependencyKind>> = HashMap::new();
    for (index, entry) in packages {
        for group in entry.table.array(&["groups"]).iter().filter_map(|group| group.get_ref().as_str()) {
            let kind = *known.entry(group.to_owned()).or_insert_with(|| match (group, &optional) {
                ("default", _) => Some(DependencyKind::Runtime),
                (group, Some(optional)) if optional.contains(normal(group).as_str()) => Some(DependencyKind::Optional),
                (_, Some(_)) => Some(DependencyKind::Dev),
                (_, None) => None,
            });
            graph.mark(*index, None, kind.map(Kinds::only).unwrap_or_default());
        }
    }
}
