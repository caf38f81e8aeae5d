//! `pubspec.lock` (<https://dart.dev/tools/pub/package-layout#pubspec>,
//! <https://github.com/dart-lang/pub/blob/master/lib/src/lock_file.dart>).
//!
//! The lock says of each package whether the project names it itself, and for what; it does not say who needs whom, so
//! what the others are for stays unknown.

use std::collections::{HashMap, HashSet};

use super::pubspec::Manifest;
use super::{of_sdk, package_id, server};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::asked::{Project, companion, git, shown};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, folder_of, join};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `pubspec.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pubspec-lock",
    ecosystem: Ecosystem::Pub,
    role: Role::Lockfile,
    names: &["pubspec.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::Partial,
        kinds: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// Members of a workspace; more are not read (hostile input).
const MAX_MEMBERS: usize = 2000;

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifests = manifests(input, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let stream = yaml::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let nothing = Value::Null;
    let value = stream.documents.first().unwrap_or(&nothing);
    if parsed.diagnostics.is_empty() && value.get("packages").is_none() {
        let message = "it has no `packages`, which every pubspec.lock has; run `dart pub get`";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    let mut reader = Reader {
        path: input.path,
        lines: &stream.lines,
        graph: GraphBuilder::new(input.path, PARSER.id),
        by_name: HashMap::new(),
        members: HashSet::new(),
        diagnostics: &mut parsed.diagnostics,
    };
    let project = manifests.first().map_or_else(Project::default, |(_, manifest)| manifest.project.clone());
    let own = project.add(input.path, Ecosystem::Pub, &mut reader.graph);
    for (name, entry) in value.object("packages") {
        reader.package(name, entry, own);
    }
    reader.members = manifests.iter().filter_map(|(_, manifest)| manifest.project.name.clone()).collect();
    for (at, (path, manifest)) in manifests.iter().enumerate() {
        let member = if at == 0 { own } else { manifest.project.add(path, Ecosystem::Pub, &mut reader.graph) };
        reader.manifest(path, manifest, member);
    }
    let graph = reader.graph;
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The manifest beside the lock and those of the members of its workspace
/// (<https://dart.dev/tools/pub/workspaces>).
fn manifests(input: &Input<'_>, parsed: &mut Parsed) -> Vec<(RepoPath, Manifest)> {
    let mut manifests = Vec::new();
    let mut todo = vec![input.beside("pubspec.yaml")];
    while let Some(path) = todo.pop() {
        if manifests.len() > MAX_MEMBERS || parsed.companions.contains(&path) {
            continue;
        }
        let Some(bytes) = companion(input, &path, parsed) else { continue };
        let manifest = Manifest::read(&path, bytes, &mut parsed.diagnostics);
        // A member may have members of its own.
        for folder in manifest.workspace.iter().take(MAX_MEMBERS) {
            let below = join(folder_of(&path), folder).and_then(|folder| join(&folder, "pubspec.yaml"));
            todo.extend(below.map(RepoPath::from));
        }
        manifests.push((path, manifest));
    }
    manifests
}

struct Reader<'r, 't> {
    path: &'r RepoPath,
    lines: &'r LineIndex<'t>,
    graph: GraphBuilder,
    by_name: HashMap<String, PackageIndex>,
    /// The names of the projects, which the lock does not hold.
    members: HashSet<String>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn package(&mut self, name: &str, entry: &Value<'_>, own: PackageIndex) {
        let Some(version) = entry.text("version").filter(|version| !version.is_empty()) else {
            let line = self.lines.locate_slice(name).map(|place| place.line);
            let message = format!("`{}` has no version; it was not read", shown(name));
            self.diagnostics.push(Diagnostic::error(self.path, line, message));
            return;
        };
        let real = entry.get("description").and_then(|description| description.text("name")).unwrap_or(name);
        let id = package_id(real, Some(version), source(entry));
        let index = self.graph.package(id, self.lines.locate_slice(version));
        let hash = entry.get("description").and_then(|description| description.text("sha256"));
        if let Some(hash) = hash.filter(|hash| !hash.is_empty()) {
            self.graph.integrity(index, &format!("sha256:{hash}"));
        }
        let (direct, kind) = match entry.text("dependency") {
            Some("direct main") => (Some(true), Some(DependencyKind::Runtime)),
            Some("direct dev") => (Some(true), Some(DependencyKind::Dev)),
            // Whether anybody asks for what is forced is not said.
            Some(word) if word.starts_with("direct") => (Some(true), None),
            Some("transitive") => (Some(false), None),
            _ => (None, None),
        };
        self.graph.mark(index, direct, kind.map(Kinds::only).unwrap_or_default());
        if direct == Some(true) {
            self.graph.dependency(own, index, kind.unwrap_or(DependencyKind::Runtime), None);
        }
        self.by_name.insert(name.to_owned(), index);
    }

    /// What a manifest says of packages: where they are asked for, and what members of a workspace name.
    fn manifest(&mut self, path: &RepoPath, manifest: &Manifest, member: PackageIndex) {
        for asked in manifest.asked.iter().chain(&manifest.overrides) {
            let Some(&to) = self.by_name.get(&asked.name) else {
                if asked.source.kind == SourceKind::Registry && !self.members.contains(&asked.name) {
                    let wanted = Wanted {
                        manifest: path,
                        name: &asked.name,
                        requirement: asked.requirement.as_deref(),
                        place: asked.place.as_ref(),
                    };
                    wanted.missing(&mut self.graph);
                }
                continue;
            };
            self.graph.mark(to, Some(true), asked.kind.map(Kinds::only).unwrap_or_default());
            let kind = asked.kind.unwrap_or(DependencyKind::Runtime);
            self.graph.dependency(member, to, kind, asked.requirement.as_deref());
            if let Some(place) = asked.place.clone() {
                self.graph.declare(to, place);
            }
        }
    }
}

fn source(entry: &Value<'_>) -> Source {
    let description = entry.get("description");
    let of = |key: &str| description.and_then(|description| description.text(key));
    // Dart 1 wrote the name, folder or SDK alone.
    let alone = description.and_then(Value::as_text);
    match entry.text("source") {
        Some("hosted") => of("url").map_or(Source::PUBLIC_REGISTRY, server),
        Some("git") => git(of("url").or(alone).unwrap_or_default(), of("resolved-ref")),
        Some("path") => Source::at(SourceKind::Path, of("path").or(alone).unwrap_or_default()),
        Some("sdk") => of_sdk(alone.unwrap_or_default()),
        _ => Source::of(SourceKind::Unknown),
    }
}
