//! `maven_install.json` of `rules_jvm_external`: version 2 and later hold artifacts by `group:artifact`, version 1 a list with
//! coordinates (<https://github.com/bazel-contrib/rules_jvm_external#pinning-artifacts-and-integration-with-bazels-downloader>).

use std::collections::HashMap;

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, PackageId, PackageIndex, RepoPath, Source};

/// Reads `maven_install.json`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "maven-install",
    ecosystem: Ecosystem::Maven,
    role: Role::Lockfile,
    names: &["maven_install.json", "*_maven_install.json"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

/// Sources and documentation are no packages of their own.
const ASIDE: [&str; 2] = ["sources", "javadoc"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let mut lock = Lock {
        path: input.path,
        document: &document,
        graph: GraphBuilder::new(input.path, PARSER.id),
        by_key: HashMap::new(),
        diagnostics: std::mem::take(&mut parsed.diagnostics),
    };
    let value = &document.value;
    if let Some(artifacts) = value.get("artifacts") {
        lock.artifacts(artifacts, value.object("dependencies"));
    } else if let Some(tree) = value.get("dependency_tree") {
        lock.tree(tree.get("dependencies").map_or(&[][..], Value::items));
    } else if lock.diagnostics.is_empty() {
        lock.complain("", "there is neither `artifacts` nor `dependency_tree`: no such lockfile, nothing was read");
    }
    parsed.graph = lock.graph.finish_as_marked();
    parsed.diagnostics = lock.diagnostics;
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

struct Lock<'l, 'd> {
    path: &'l RepoPath,
    document: &'d Document<'d>,
    graph: GraphBuilder,
    by_key: HashMap<&'d str, PackageIndex>,
    diagnostics: Vec<Diagnostic>,
}

impl<'d> Lock<'_, 'd> {
    fn add(&mut self, group: &str, artifact: &str, version: &'d str) -> PackageIndex {
        let id =
            PackageId::new(Ecosystem::Maven, &format!("{group}:{artifact}"), Some(version), Source::PUBLIC_REGISTRY);
        self.graph.package(id, self.document.locate(version))
    }

    /// Version 2: `group:artifact`, or `group:artifact:packaging`.
    fn artifacts(&mut self, artifacts: &'d Value<'d>, needs: &'d [(std::borrow::Cow<'d, str>, Value<'d>)]) {
        for (key, entry) in artifacts.entries() {
            let mut parts = key.split(':');
            let (group, artifact) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let version = entry.text("version").filter(|version| !version.is_empty());
            let Some(version) = version.filter(|_| !group.is_empty() && !artifact.is_empty()) else {
                self.complain(key, "this artifact has no `group:artifact` or no version; it was left out");
                continue;
            };
            let index = self.add(group, artifact, version);
            let sums = entry.object("shasums").iter();
            if let Some(hash) =
                sums.filter(|(kind, _)| !ASIDE.contains(&kind.as_ref())).find_map(|(_, sum)| sum.as_text())
            {
                self.graph.integrity(index, hash);
            }
            self.by_key.insert(key, index);
        }
        for (key, list) in needs {
            let Some(from) = self.find(key) else { continue };
            for needed in list.items().iter().filter_map(Value::as_text) {
                self.connect(from, needed);
            }
        }
    }

    /// The artifact of a key, which may name a classifier besides: `a:b:jar:linux`.
    fn find(&self, key: &str) -> Option<PackageIndex> {
        if let Some(&index) = self.by_key.get(key) {
            return Some(index);
        }
        if key.rsplit(':').next().is_some_and(|last| ASIDE.contains(&last)) {
            return None;
        }
        let end = key.match_indices(':').nth(1)?.0;
        self.by_key.get(&key[..end]).copied()
    }

    fn connect(&mut self, from: PackageIndex, needed: &str) {
        if let Some(to) = self.find(needed).filter(|&to| to != from) {
            self.graph.dependency(from, to, DependencyKind::Runtime, None);
        }
    }

    /// Version 1: `group:artifact[:packaging[:classifier]]:version`, with all that is needed and what is needed directly.
    fn tree(&mut self, list: &'d [Value<'d>]) {
        for entry in list {
            let Some(coordinates) = entry.text("coord") else { continue };
            let parts: Vec<&'d str> = coordinates.split(':').take(6).collect();
            let (Some(&group), Some(&artifact), Some(&version)) =
                (parts.first(), parts.get(1), parts.get(2..).and_then(<[_]>::last))
            else {
                self.complain(coordinates, "this is no `group:artifact:version`; it was left out");
                continue;
            };
            if parts.iter().any(|part| ASIDE.contains(part)) {
                continue;
            }
            let index = self.add(group, artifact, version);
            if let Some(hash) = entry.text("sha256") {
                self.graph.integrity(index, hash);
            }
            self.by_key.insert(coordinates, index);
        }
        for entry in list {
            let Some(&from) = entry.text("coord").and_then(|coordinates| self.by_key.get(coordinates)) else {
                continue;
            };
            // `dependencies` is all that is needed in the end.
            let needs = entry.get("directDependencies").map_or(&[][..], Value::items);
            for needed in needs.iter().filter_map(Value::as_text) {
                if let Some(&to) = self.by_key.get(needed).filter(|&&to| to != from) {
                    self.graph.dependency(from, to, DependencyKind::Runtime, None);
                }
            }
        }
    }

    fn complain(&mut self, part: &str, message: &str) {
        let line = self.document.locate(part).map_or(1, |place| place.line);
        self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
    }
}
