//! `conan.lock` of Conan 2 (`version` 0.5: lists of references without edges), and of Conan 1
//! (`super::conan_lock_v1`: a graph) (<https://docs.conan.io/2/tutorial/versioning/lockfiles.html>).

use std::collections::HashMap;

use super::conan_lock_v1;
use super::conanfile::{self, Asked};
use super::reference::Reference;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, RepoPath};

/// Reads `conan.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "conan-lock",
    ecosystem: Ecosystem::ConanCenter,
    role: Role::Lockfile,
    names: &["conan.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::Partial,
        source: Support::Partial,
        lines: Support::Full,
        integrity: Support::Partial,
    },
    parse,
};

/// The lists of version 0.5. What recipes need to be read (`python_requires`, `config_requires`) is needed to build.
const LISTS: [(&str, DependencyKind); 4] = [
    ("requires", DependencyKind::Runtime),
    ("build_requires", DependencyKind::Build),
    ("python_requires", DependencyKind::Build),
    ("config_requires", DependencyKind::Build),
];

/// A lock that is being read.
pub(super) struct Lock<'d> {
    pub(super) path: &'d RepoPath,
    pub(super) document: &'d Document<'d>,
    pub(super) graph: GraphBuilder,
    /// The packages, an index for each mention.
    pub(super) packages: Vec<PackageIndex>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'d> Lock<'d> {
    /// Adds the package of a reference.
    pub(super) fn add(&mut self, text: &'d str) -> Option<PackageIndex> {
        let Some(reference) = Reference::parse(text) else {
            self.complain(text, "this is no reference like `name/version`; it was left out");
            return None;
        };
        let place = reference.exact().and_then(|version| self.document.locate(version));
        let index = self.graph.package(reference.id(), place);
        if let Some(revision) = reference.revision {
            self.graph.integrity(index, revision);
        }
        self.packages.push(index);
        Some(index)
    }

    pub(super) fn complain(&mut self, part: &str, message: &str) {
        let line = self.document.locate(part).map(|place| place.line);
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = input.beside("conanfile.txt");
    let beside = input.companion(&manifest, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let asked = beside.map(|bytes| conanfile::read(&manifest, bytes, &mut parsed.diagnostics));
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let graph = GraphBuilder::new(input.path, PARSER.id);
    let diagnostics = std::mem::take(&mut parsed.diagnostics);
    let mut lock = Lock { path: input.path, document: &document, graph, packages: Vec::new(), diagnostics };
    let nodes = document.value.get("graph_lock").and_then(|graph| graph.get("nodes"));
    if let Some(nodes) = nodes {
        let has_project = conan_lock_v1::read(&mut lock, nodes);
        declare(&mut lock, asked.as_deref().unwrap_or_default());
        parsed.graph = if has_project { lock.graph.finish_by_reachability() } else { lock.graph.finish_as_marked() };
    } else {
        lists(&mut lock, asked.as_deref());
        declare(&mut lock, asked.as_deref().unwrap_or_default());
        parsed.graph = lock.graph.finish_as_marked();
    }
    parsed.diagnostics = lock.diagnostics;
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// Reads the lists of version 0.5. Whom a project asks for itself says its `conanfile.txt`.
fn lists(lock: &mut Lock<'_>, asked: Option<&[Asked<'_>]>) {
    let value = &lock.document.value;
    let is_one = value.get("version").is_some() || LISTS.iter().any(|(list, _)| value.get(list).is_some());
    if !is_one && lock.diagnostics.is_empty() {
        lock.complain("", "there is neither `graph_lock` nor `requires`: not a lockfile of Conan, nothing was read");
    }
    let by_name: HashMap<String, DependencyKind> =
        asked.unwrap_or_default().iter().map(|asked| (asked.reference.id().name, asked.kind)).collect();
    for (list, kind) in LISTS {
        let items = value.get(list).map_or(&[][..], Value::items).iter();
        // With `--lockfile-packages` a reference stands in a pair with its binary packages.
        for text in items.filter_map(|item| item.as_text().or_else(|| item.items().first()?.as_text())) {
            let Some(index) = lock.add(text) else { continue };
            let own = by_name.get(&lock.graph.id(index).name);
            // What only tests need stands among what programs need.
            let kind = own.copied().filter(|_| kind == DependencyKind::Runtime).unwrap_or(kind);
            lock.graph.mark(index, asked.map(|_| own.is_some()), Kinds::only(kind));
        }
    }
}

/// Notes where the manifest asks for packages that the lock holds.
fn declare(lock: &mut Lock<'_>, asked: &[Asked<'_>]) {
    let places: HashMap<String, &Asked<'_>> = asked.iter().map(|asked| (asked.reference.id().name, asked)).collect();
    for &index in &lock.packages {
        if let Some(place) = places.get(&lock.graph.id(index).name).and_then(|asked| asked.place.clone()) {
            lock.graph.declare(index, place);
        }
    }
}
