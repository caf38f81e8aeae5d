//! `nimble.lock`, versions 1 and 2 (<https://nim-lang.github.io/nimble/nimble-lock.html>): every package is a repository
//! at a revision.

use std::collections::HashMap;

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageId, PackageIndex, Source, SourceKind,
};

/// Reads `nimble.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "nimble-lock",
    ecosystem: Ecosystem::Nimble,
    role: Role::Lockfile,
    names: &["nimble.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::None,
        kinds: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// The newest format that is known.
const NEWEST: f64 = 2.0;

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let value = &document.value;
    if parsed.diagnostics.is_empty() && !value.number("version").is_some_and(|version| version <= NEWEST) {
        let message = "the `version` of this lockfile is not known; it was read like version 2";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    let mut lock =
        Lock { document: &document, graph: GraphBuilder::new(input.path, PARSER.id), complaints: Vec::new() };
    lock.set(value.object("packages"), None);
    // A task needs its packages besides.
    for (_, packages) in value.object("tasks") {
        lock.set(packages.entries(), Some(DependencyKind::Dev));
    }
    for (part, message) in lock.complaints {
        let line = document.locate(part).map(|place| place.line);
        parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = lock.graph.finish_as_marked();
    parsed
}

struct Lock<'d> {
    document: &'d Document<'d>,
    graph: GraphBuilder,
    complaints: Vec<(&'d str, String)>,
}

impl<'d> Lock<'d> {
    /// Reads packages that belong together.
    fn set(&mut self, packages: &'d [(std::borrow::Cow<'d, str>, Value<'d>)], kind: Option<DependencyKind>) {
        let mut by_name: HashMap<&str, PackageIndex> = HashMap::new();
        for (name, entry) in packages {
            let Some(version) = entry.text("version").filter(|_| !name.is_empty()) else {
                self.complaints
                    .push((name, format!("`{name}` has no name or no version; it was left out. Run `nimble lock`")));
                continue;
            };
            let id = PackageId::new(Ecosystem::Nimble, name, Some(version), source(entry));
            let index = self.graph.package(id, self.document.locate(version));
            self.graph.mark(index, None, kind.map(Kinds::only).unwrap_or_default());
            if let Some(hash) = entry.get("checksums").and_then(|sums| sums.text("sha1")) {
                self.graph.integrity(index, hash);
            }
            by_name.insert(name, index);
        }
        for (name, entry) in packages {
            let Some(&from) = by_name.get(name.as_ref()) else { continue };
            for needed in entry.get("dependencies").map_or(&[][..], Value::items).iter().filter_map(Value::as_text) {
                match by_name.get(needed) {
                    Some(&to) if to != from => self.graph.dependency(from, to, DependencyKind::Runtime, None),
                    // The compiler is locked only on request, and a task's packages stand beside the others.
                    _ => {}
                }
            }
        }
    }
}

/// A repository at a revision; Mercurial has no kind of its own.
fn source(entry: &Value<'_>) -> Source {
    let Some(url) = entry.text("url").filter(|url| !url.is_empty()) else {
        return Source::of(SourceKind::Unknown);
    };
    match (entry.text("downloadMethod"), entry.text("vcsRevision")) {
        (Some("hg"), _) => Source::at(SourceKind::Url, url),
        (_, Some(commit)) if !commit.is_empty() => Source::at(SourceKind::Git, &format!("{url}#{commit}")),
        _ => Source::at(SourceKind::Git, url),
    }
}
