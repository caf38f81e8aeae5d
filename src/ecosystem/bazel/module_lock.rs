//! `MODULE.bazel.lock` (<https://bazel.build/external/lockfile>).
//!
//! Up to `lockFileVersion` 9 it holds the graph of modules. Since then it holds the hashes of what was read from the
//! registries: `MODULE.bazel` of every version that was considered, `source.json` of those that were taken.

use std::collections::HashMap;

use super::id;
use super::module_bazel::Module;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, Source, SourceKind};

/// Reads `MODULE.bazel.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "module-lock",
    ecosystem: Ecosystem::Bazel,
    role: Role::Lockfile,
    names: &["MODULE.bazel.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::Partial,
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
    },
    parse,
};

/// The public registry.
const PUBLIC: &str = "https://bcr.bazel.build";
/// The key of the module itself.
const ROOT: &str = "<root>";

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let path = input.beside("MODULE.bazel");
    let module = input.companion(&path, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let module = module.map(|bytes| Module::read(&path, bytes, &mut parsed.diagnostics));
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    if let Some(modules) = document.value.get("moduleDepGraph") {
        of_graph(modules, &document, &mut graph, module.as_ref());
    } else {
        if document.value.get("lockFileVersion").is_none() && parsed.diagnostics.is_empty() {
            let message = "there is no `lockFileVersion`: not a lockfile of Bazel, nothing was read";
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
        }
        let hashes = document.value.object("registryFileHashes");
        let hashes = hashes.iter().filter_map(|(address, hash)| Some((address.as_ref(), hash.as_text()?)));
        of_hashes(hashes, &document, &mut graph, module.as_ref());
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The registry with that address.
fn registry(address: &str) -> Source {
    match address.trim_end_matches('/') {
        PUBLIC => Source::PUBLIC_REGISTRY,
        other => Source::at(SourceKind::Registry, other),
    }
}

/// Adds the modules whose source was asked for.
fn of_hashes<'d>(
    hashes: impl Iterator<Item = (&'d str, &'d str)>,
    document: &Document<'d>,
    graph: &mut GraphBuilder,
    module: Option<&Module>,
) {
    let mut by_name: HashMap<&str, PackageIndex> = HashMap::new();
    for (address, hash) in hashes {
        let Some(rest) = address.strip_suffix("/source.json") else { continue };
        let Some((before, version)) = rest.rsplit_once('/') else { continue };
        let Some((before, name)) = before.rsplit_once('/') else { continue };
        let Some(host) = before.strip_suffix("/modules").filter(|_| !name.is_empty() && !version.is_empty()) else {
            continue;
        };
        let index = graph.package(id(name, Some(version), registry(host)), document.locate(version));
        graph.integrity(index, hash);
        by_name.insert(name, index);
        graph.mark(index, module.map(|_| false), Kinds::default());
    }
    let Some(module) = module else { return };
    let root = graph.member(module.id.clone(), module.version_place.clone());
    for asked in &module.asked {
        let Some(&to) = by_name.get(asked.name.as_str()).filter(|&&to| to != root) else {
            // What an override takes from elsewhere has no entry here.
            if asked.is_overridden() {
                asked.add(root, graph);
            }
            continue;
        };
        graph.mark(to, Some(true), Kinds::only(asked.kind));
        graph.dependency(root, to, asked.kind, asked.version.as_deref());
        graph.declare(to, asked.place.clone());
    }
}

/// Adds the modules of the graph, `name@version` by key, the module itself under `<root>`.
fn of_graph<'d>(modules: &'d Value<'d>, document: &Document<'d>, graph: &mut GraphBuilder, module: Option<&Module>) {
    let mut by_key: HashMap<&str, PackageIndex> = HashMap::new();
    let mut by_name: HashMap<&str, PackageIndex> = HashMap::new();
    let mut root = None;
    for (key, value) in modules.entries() {
        let version = value.text("version").filter(|version| !version.is_empty());
        let name = value.text("name").filter(|name| !name.is_empty());
        if key == ROOT {
            let source = Source::of(SourceKind::Workspace);
            let label = module.map_or(".", |module| module.id.name.as_str());
            let own = id(name.unwrap_or(label), version, source);
            let index = graph.member(own, version.and_then(|version| document.locate(version)));
            root = Some(index);
            by_key.insert(key, index);
            continue;
        }
        let Some(name) = name.or_else(|| key.split('@').next()).filter(|name| !name.is_empty()) else { continue };
        let index =
            graph.package(id(name, version, source(value)), version.and_then(|version| document.locate(version)));
        if version.is_none()
            && let Some(place) = document.locate(key)
        {
            graph.declare(index, place);
        }
        let attributes = value.get("repoSpec").and_then(|spec| spec.get("attributes"));
        if let Some(hash) =
            attributes.and_then(|attributes| attributes.text("integrity").filter(|hash| !hash.is_empty()))
        {
            graph.integrity(index, hash);
        }
        graph.mark(index, Some(false), Kinds::default());
        by_key.insert(key, index);
        by_name.entry(name).or_insert(index);
    }
    let dev: HashMap<&str, DependencyKind> =
        module.into_iter().flat_map(|module| &module.asked).map(|asked| (asked.name.as_str(), asked.kind)).collect();
    for (key, value) in modules.entries() {
        let Some(&from) = by_key.get(key.as_ref()) else { continue };
        for needed in value.object("deps").iter().filter_map(|(_, needed)| needed.as_text()) {
            let Some(&to) = by_key.get(needed).filter(|&&to| to != from) else { continue };
            let name = graph.id(to).name.clone();
            let kind = dev.get(name.as_str()).copied().filter(|_| Some(from) == root);
            graph.dependency(from, to, kind.unwrap_or(DependencyKind::Runtime), None);
            if Some(from) == root {
                graph.mark(to, Some(true), kind.map(Kinds::only).unwrap_or_default());
            }
        }
    }
    for asked in module.into_iter().flat_map(|module| &module.asked) {
        if let Some(&index) = by_name.get(asked.name.as_str()) {
            graph.declare(index, asked.place.clone());
        }
    }
}

/// Where a module comes from: the registry that it names, or the rule that fetches it.
fn source(value: &Value<'_>) -> Source {
    let spec = value.get("repoSpec");
    let attributes = spec.and_then(|spec| spec.get("attributes"));
    let text = |key: &str| attributes.and_then(|attributes| attributes.text(key));
    let rule = spec.and_then(|spec| spec.text("ruleClassName")).unwrap_or_default();
    match (rule, text("remote"), text("path")) {
        ("git_repository", Some(remote), _) => match text("commit") {
            Some(commit) => Source::at(SourceKind::Git, &format!("{remote}#{commit}")),
            None => Source::at(SourceKind::Git, remote),
        },
        ("local_repository", _, Some(path)) => Source::at(SourceKind::Path, path),
        _ => match (value.text("registry"), attributes) {
            (Some(address), _) => registry(address),
            (None, Some(attributes)) => {
                let urls = attributes.get("urls").map_or(&[][..], Value::items);
                let url = urls.first().and_then(Value::as_text).or_else(|| attributes.text("url"));
                url.map_or(Source::of(SourceKind::Unknown), |url| Source::at(SourceKind::Url, url))
            }
            // What comes with Bazel itself has no registry and no rule.
            (None, None) if value.text("version").is_none_or(str::is_empty) => Source::of(SourceKind::Path),
            (None, None) => Source::PUBLIC_REGISTRY,
        },
    }
}
