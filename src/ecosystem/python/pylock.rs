//! `pylock.toml` (PEP 751, <https://packaging.python.org/en/latest/specifications/pylock-toml/>). What is direct and
//! what for it does not say; who needs whom only where the tool that made it chose to.

use toml::de::DeTable;

use super::other::other;
use super::{ByName, Entry, Lock, file_names, git, normal, package_id, registry};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, Source, SourceKind};

/// Reads `pylock.toml` and `pylock.NAME.toml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pylock",
    ecosystem: Ecosystem::PyPi,
    role: Role::Lockfile,
    names: &["pylock.toml", "pylock.*.toml"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::None,
        kinds: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let lock = Lock { document: &document, path: input.path };
    lock.expect(&["packages"], &mut parsed.diagnostics);
    lock.known_format(&["lock-version"], 1, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_name = ByName::new();
    let mut by_version: Candidates<(String, String)> = Candidates::new();
    let mut packages = Vec::new();
    for entry in lock.entries("packages", &mut parsed.diagnostics) {
        let source = source(entry.table);
        if entry.version.is_none() && source.kind == SourceKind::Registry {
            // The version may be left out only where the source can change it.
            let message = format!("`{}` has no version; it was left out", entry.name);
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(entry.line), message));
            continue;
        }
        let is_member = source.kind == SourceKind::Workspace;
        let id = package_id(entry.name, entry.version, source);
        let index = match is_member {
            true => graph.member(id, entry.location.clone()),
            false => graph.package(id, entry.location.clone()),
        };
        if is_member {
            graph.mark(index, None, Kinds::only(DependencyKind::Runtime));
        }
        if let Some(hash) = hash(entry.table) {
            graph.integrity(index, &hash);
        }
        by_name.add(normal(entry.name), index);
        let sdist = ["url", "name", "path"].iter().find_map(|key| entry.table.text(&["sdist", key]));
        let files = file_names(entry.table.array(&["wheels"])).chain(sdist);
        if let Some(other) = entry.version.and_then(|version| other(entry.name, version, files)) {
            graph.other(index, other);
        }
        if let Some(version) = entry.version {
            by_version.add((normal(entry.name), version.to_owned()), index);
        }
        packages.push((index, entry));
    }
    for (from, entry) in &packages {
        for to in needed(entry, &by_name, &by_version) {
            graph.dependency(*from, to, DependencyKind::Runtime, None);
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

fn needed(entry: &Entry<'_, '_>, by_name: &ByName, by_version: &Candidates<(String, String)>) -> Vec<PackageIndex> {
    let list = entry.table.array(&["dependencies"]).iter().filter_map(|item| item.get_ref().as_table());
    let found = list.flat_map(|item| match (item.text(&["name"]), item.text(&["version"])) {
        (Some(name), Some(version)) => by_version.of(&(normal(name), version.to_owned())),
        (Some(name), None) => by_name.of(&normal(name)),
        (None, _) => &[],
    });
    found.copied().collect()
}

fn source(table: &DeTable<'_>) -> Source {
    let address = |of: &str| table.text(&[of, "url"]).or_else(|| table.text(&[of, "path"]));
    if table.contains_key("vcs") {
        git(address("vcs").unwrap_or_default(), table.text(&["vcs", "commit-id"]))
    } else if let Some(path) = table.text(&["directory", "path"]) {
        // The folder of the lock is the project itself.
        let own = matches!(path, "." | "./");
        if own { Source::of(SourceKind::Workspace) } else { Source::at(SourceKind::Path, path) }
    } else if let Some(url) = table.text(&["archive", "url"]) {
        Source::at(SourceKind::Url, url)
    } else if let Some(path) = table.text(&["archive", "path"]) {
        Source::at(SourceKind::Path, path)
    } else {
        table.text(&["index"]).map_or(Source::PUBLIC_REGISTRY, registry)
    }
}

/// The first hash: of the source archive, of a wheel, of what stands for both. A table of hashes holds one for each
/// algorithm; of several the first by name is taken.
fn hash(table: &DeTable<'_>) -> Option<String> {
    let wheel = table.array(&["wheels"]).first().and_then(|wheel| wheel.get_ref().as_table());
    let hashes = table
        .table(&["sdist", "hashes"])
        .or_else(|| wheel?.table(&["hashes"]))
        .or_else(|| table.table(&["archive", "hashes"]))?;
    let (algorithm, value) = hashes.iter().min_by(|a, b| a.0.get_ref().cmp(b.0.get_ref()))?;
    Some(format!("{}:{}", algorithm.get_ref(), value.get_ref().as_str()?))
}
