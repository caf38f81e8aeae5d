//! `conan.lock` of Conan 1 (`version` up to 0.4): nodes by number, each with what it requires
//! (<https://docs.conan.io/1/versioning/lockfiles/introduction.html>).

use std::collections::HashMap;

use super::conan_lock::Lock;
use super::reference::Reference;
use crate::ecosystem::project_label;
use crate::ecosystem::syntax::json::Value;
use crate::model::{DependencyKind, Ecosystem, Kinds, PackageId, PackageIndex, Source, SourceKind};

/// The keys under which a node names others, and what it needs them for.
const NEEDS: [(&str, DependencyKind); 2] =
    [("requires", DependencyKind::Runtime), ("build_requires", DependencyKind::Build)];

/// Reads the nodes; says whether one of them is a project, from which kinds follow.
pub(super) fn read<'d>(lock: &mut Lock<'d>, nodes: &'d Value<'d>) -> bool {
    let mut by_number: HashMap<&str, PackageIndex> = HashMap::new();
    let mut has_project = false;
    for (number, node) in nodes.entries() {
        let reference = node.text("ref").or_else(|| node.text("pref"));
        let is_project = node.text("path").is_some() || reference.is_none();
        let index = if is_project { Some(project(lock, reference)) } else { reference.and_then(|text| lock.add(text)) };
        let Some(index) = index else { continue };
        has_project |= is_project;
        by_number.insert(number, index);
    }
    for (number, node) in nodes.entries() {
        let Some(&from) = by_number.get(number.as_ref()) else { continue };
        for (key, kind) in NEEDS {
            for needed in needed(node, key) {
                match by_number.get(needed) {
                    Some(&to) if to != from => lock.graph.dependency(from, to, kind, None),
                    Some(_) => {}
                    None => lock.complain(
                        needed,
                        "a node needs another one that this file does not have; run `conan lock create`",
                    ),
                }
            }
        }
    }
    if !has_project {
        for (number, node) in nodes.entries() {
            if let Some(&index) = by_number.get(number.as_ref())
                && node.text("context") == Some("build")
            {
                lock.graph.mark(index, None, Kinds::only(DependencyKind::Build));
            }
        }
    }
    has_project
}

/// The numbers of the nodes that a node needs: a list, and up to version 0.3 an object by reference.
fn needed<'v>(node: &'v Value<'_>, key: &str) -> impl Iterator<Item = &'v str> {
    let list = node.get(key).map_or(&[][..], Value::items).iter();
    let object = node.object(key).iter().map(|(_, value)| value);
    list.chain(object).filter_map(Value::as_text)
}

/// Adds the project that was locked: a `conanfile.txt` has no name, a `conanfile.py` may have one.
fn project<'d>(lock: &mut Lock<'d>, reference: Option<&'d str>) -> PackageIndex {
    let source = Source::of(SourceKind::Workspace);
    match reference.and_then(Reference::parse) {
        Some(reference) => {
            let id = PackageId::new(Ecosystem::ConanCenter, reference.name, reference.exact(), source);
            let place = reference.exact().and_then(|version| lock.document.locate(version));
            lock.graph.member(id, place)
        }
        None => {
            let label = project_label(lock.path);
            lock.graph.member(PackageId::new(Ecosystem::ConanCenter, label, None, source), None)
        }
    }
}
