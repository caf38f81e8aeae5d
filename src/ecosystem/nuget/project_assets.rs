//! `project.assets.json` and its forerunner `project.lock.json`: what a restore chose for a project, for each target
//! framework and each runtime.

use std::collections::{BTreeMap, HashMap};

use super::libraries::{Libraries, Target};
use super::{lower, not_such, project_id, stem};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of, folder_of};
use crate::model::{DependencyKind, Ecosystem, GraphBuilder, Kinds};

/// Reads `project.assets.json`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "project-assets",
    ecosystem: Ecosystem::NuGet,
    role: Role::Lockfile,
    names: &["project.assets.json", "project.lock.json"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    if document.value.object("targets").is_empty() {
        not_such(input.path, "object of `targets`: this is no list of restored packages", &mut parsed);
    }
    let libraries = Libraries::of(&document);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let targets: Vec<Target> = document
        .value
        .object("targets")
        .iter()
        .map(|(_, entries)| libraries.target(input, &document, (entries, &mut graph), &mut parsed.diagnostics))
        .collect();
    bound(&mut parsed.diagnostics, input.path);
    let named = named(&document);
    if named.is_empty() {
        parsed.graph = graph.finish_as_marked();
        return parsed;
    }
    let restore = document.value.get("project").and_then(|project| project.get("restore"));
    let name = restore.and_then(|restore| restore.text("projectName").map(stem_of_name));
    // The file lies in `obj`, in the folder of the project.
    let folder = file_name_of(folder_of(folder_of(input.path)));
    let member = graph.member(project_id(name.unwrap_or(if folder.is_empty() { "?" } else { folder }), None), None);
    graph.mark(member, None, Kinds::only(DependencyKind::Runtime));
    let mut is_known = false;
    for target in &targets {
        for (name, asked) in &named {
            if let Some(&to) = target.packages.get(name).filter(|&&to| to != member) {
                is_known |= asked.kind.is_some();
                graph.dependency(
                    member,
                    to,
                    asked.kind.unwrap_or(DependencyKind::Runtime),
                    asked.requirement.as_deref(),
                );
            }
        }
    }
    if !is_known {
        graph.unknown_use_below(member);
    }
    parsed.graph = graph.finish_by_reachability();
    parsed
}

/// `projectName` is a name, and in old files may be a path.
fn stem_of_name(name: &str) -> &str {
    if name.ends_with("proj") { stem(name) } else { name }
}

/// What the project asks for.
#[derive(Default)]
struct Named {
    /// What for; `None` where the file does not say.
    kind: Option<DependencyKind>,
    requirement: Option<String>,
}

/// What the project asks for, in any of its frameworks, by name in lower case.
fn named(document: &Document<'_>) -> BTreeMap<String, Named> {
    let mut named: BTreeMap<String, Named> = BTreeMap::new();
    for (_, group) in document.value.object("projectFileDependencyGroups") {
        for text in group.items().iter().filter_map(json::Value::as_text) {
            let (name, requirement) = text.split_once(' ').unwrap_or((text, ""));
            let requirement = Some(requirement.to_owned()).filter(|text| !text.is_empty());
            named.entry(lower(name)).or_insert(Named { kind: None, requirement });
        }
    }
    let frameworks = document.value.get("project").map_or(&[][..], |project| project.object("frameworks"));
    let mut kinds: HashMap<String, DependencyKind> = HashMap::new();
    for (name, asked) in frameworks.iter().flat_map(|(_, framework)| framework.object("dependencies")) {
        // What is not given to those who use the project (`PrivateAssets="all"`) is for those who work on it.
        let is_private = asked.text("suppressParent").is_some_and(|text| text.eq_ignore_ascii_case("all"));
        let kind = if is_private { DependencyKind::Dev } else { DependencyKind::Runtime };
        let known = kinds.entry(lower(name)).or_insert(kind);
        *known = (*known).min(kind);
        let entry = named.entry(lower(name)).or_default();
        entry.requirement = entry.requirement.take().or_else(|| asked.text("version").map(str::to_owned));
    }
    // Other projects stand in the groups alone.
    let says_kinds = !kinds.is_empty();
    for (name, asked) in &mut named {
        asked.kind = kinds.get(name).copied().or(says_kinds.then_some(DependencyKind::Runtime));
    }
    named
}
