//! Version 1 of `package-lock.json`: nested `dependencies`, each with what it `requires`. It says nothing of the root;
//! the `package.json` beside it does.

use std::collections::HashSet;

use super::drift::Locked;
use super::manifest::{Manifest, folder_label};
use super::package_lock::{Lock, PARSER};
use super::scope::{ScopeId, Scopes};
use super::spec::{alias, git, is_git, path_of, source_of_resolved};
use super::{id, project};
use crate::ecosystem::syntax::glob;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::{folder_of, join};
use crate::model::{DependencyGraph, DependencyKind, GraphBuilder, Kinds, PackageIndex, Source, SourceKind};

/// An entry at any depth.
struct Entry<'d> {
    name: &'d str,
    value: &'d Value<'d>,
    /// What it sees.
    scope: ScopeId,
    index: PackageIndex,
    /// The folder, if it is a member of the workspace.
    member: Option<String>,
}

/// Reads such a lock.
pub(super) fn read(lock: &mut Lock<'_, '_>) -> DependencyGraph {
    let mut builder = GraphBuilder::new(lock.path, PARSER.id);
    let mut scopes = Scopes::default();
    let top = scopes.at("");
    let root = add_root(lock, &mut builder);
    let entries = add_entries(lock, &mut scopes, top, &mut builder);
    let mut declared = HashSet::new();
    for entry in &entries {
        // A member that stands twice is one project.
        if entry.member.as_ref().is_some_and(|folder| !declared.insert(folder)) {
            continue;
        }
        connect(lock, entry, &entries, &scopes, &mut builder);
    }
    if let (Some(root), Some(manifest)) = (root, lock.project.root()) {
        let resolve = |name: &str| scopes.resolve(Some(top), name).map(|at| entries[at].index);
        declare(manifest, root, resolve, &mut builder);
        let mut locked = Locked::default();
        for asked in &manifest.asked {
            if let Some(to) = resolve(&asked.name) {
                locked.package(&asked.name, to);
            }
        }
        lock.project.compare("", &locked, &mut builder);
    }
    builder.finish_as_marked()
}

fn add_root(lock: &Lock<'_, '_>, builder: &mut GraphBuilder) -> Option<PackageIndex> {
    let value = &lock.document.value;
    let manifest = lock.project.root();
    let is_empty = value.object("dependencies").is_empty() && value.text("name").is_none();
    if is_empty && manifest.is_none() {
        return None;
    }
    let version = value.text("version");
    let place = version.and_then(|version| lock.document.locate(version));
    let name = value.text("name").or_else(|| manifest?.name.as_deref());
    let name = name.unwrap_or_else(|| folder_label(folder_of(lock.path)));
    Some(builder.member(project(name, version.or_else(|| manifest?.version.as_deref())), place))
}

/// Adds every entry; the nesting is bounded by the JSON reader, and walked with a stack all the same.
fn add_entries<'d>(
    lock: &mut Lock<'_, 'd>,
    scopes: &mut Scopes<'d>,
    top: ScopeId,
    builder: &mut GraphBuilder,
) -> Vec<Entry<'d>> {
    let mut entries = Vec::new();
    let mut todo = vec![(top, lock.document.value.object("dependencies"))];
    while let Some((scope, dependencies)) = todo.pop() {
        for (name, value) in dependencies {
            let Some((index, member)) = add_entry(lock, name, value, builder) else {
                continue;
            };
            scopes.insert(scope, name, entries.len());
            let nested = value.object("dependencies");
            let own = if nested.is_empty() { scope } else { scopes.below(scope) };
            if !nested.is_empty() {
                todo.push((own, nested));
            }
            entries.push(Entry { name, value, scope: own, index, member });
        }
    }
    entries
}

fn add_entry<'d>(
    lock: &mut Lock<'_, 'd>,
    key: &'d str,
    value: &'d Value<'d>,
    builder: &mut GraphBuilder,
) -> Option<(PackageIndex, Option<String>)> {
    let Value::Object(_) = value else {
        lock.complain(key, format!("the entry `{key}` is no object; it was not read"));
        return None;
    };
    if key.is_empty() {
        lock.complain(key, "an entry has no name; it was not read");
        return None;
    }
    let Some(written) = value.text("version") else {
        lock.complain(key, format!("`{key}` has no version that is a text; it was not read"));
        return None;
    };
    let locate = |version: &str| lock.document.locate(version);
    if let Some(folder) = written.strip_prefix("file:").and_then(|folder| member_folder(lock, folder)) {
        let manifest = lock.project.manifests.get(&folder);
        let name = manifest.and_then(|manifest| manifest.name.as_deref()).unwrap_or(key);
        let version = manifest.and_then(|manifest| manifest.version.as_deref());
        let place = manifest.and_then(|manifest| manifest.version_place.clone());
        return Some((builder.member(project(name, version), place), Some(folder)));
    }
    let source_of = |name: &str| match value.text("resolved") {
        Some(resolved) => source_of_resolved(name, resolved),
        // A bundled one comes in its parent's archive, from wherever that is.
        None if value.is_true("bundled") => Source::of(SourceKind::Unknown),
        None => Source::PUBLIC_REGISTRY,
    };
    let index = if let Some((name, version)) = alias(written) {
        let source = source_of(name);
        builder.package(id(name, Some(version), source), locate(version))
    } else if let Some(source) = source_of_version(key, written) {
        builder.package(id(key, None, source), None)
    } else {
        builder.package(id(key, Some(written), source_of(key)), locate(written))
    };
    if let Some(integrity) = value.text("integrity") {
        builder.integrity(index, integrity);
    }
    let kind = match (value.is_true("dev"), value.is_true("optional")) {
        (true, _) => DependencyKind::Dev,
        (false, true) => DependencyKind::Optional,
        (false, false) => DependencyKind::Runtime,
    };
    let direct = lock.project.root().map(|_| false);
    builder.mark(index, direct, Kinds::only(kind));
    Some((index, None))
}

/// The folder of a workspace's member, seen from the lock's.
fn member_folder(lock: &Lock<'_, '_>, folder: &str) -> Option<String> {
    let folder = join("", folder)?;
    let root = lock.project.root()?;
    glob::any_matches(root.workspaces.iter().map(String::as_str), &folder).then_some(folder)
}

/// Where a version that is no version leads to: git, a folder or an archive.
fn source_of_version(name: &str, written: &str) -> Option<Source> {
    if is_git(written) {
        Some(git(written))
    } else if let Some(path) = path_of(written) {
        Some(Source::at(SourceKind::Path, path))
    } else if written.starts_with("http") && written.contains("://") {
        Some(source_of_resolved(name, written))
    } else {
        // `owner/repository#commit`; versions have no slash.
        written.contains('/').then(|| git(&format!("github:{written}")))
    }
}

fn connect(
    lock: &mut Lock<'_, '_>,
    entry: &Entry<'_>,
    entries: &[Entry<'_>],
    scopes: &Scopes<'_>,
    builder: &mut GraphBuilder,
) {
    let resolve = |name: &str| scopes.resolve(Some(entry.scope), name).map(|at| entries[at].index);
    let manifest = entry.member.as_ref().and_then(|folder| lock.project.manifests.get(folder));
    if let Some(manifest) = manifest {
        declare(manifest, entry.index, resolve, builder);
        return;
    }
    let is_member = entry.member.is_some();
    for (name, requirement) in entry.value.object("requires") {
        match resolve(name) {
            Some(to) if to != entry.index => {
                builder.dependency(entry.index, to, DependencyKind::Runtime, requirement.as_text());
                if is_member {
                    builder.mark(to, Some(true), Kinds::default());
                }
            }
            Some(_) => {}
            // What is bundled or optional may be left out.
            None if entry.value.is_true("bundled") || entry.value.is_true("optional") => {}
            None => lock.missing(entry.name, name),
        }
    }
}

/// Adds what a manifest asks for.
fn declare(
    manifest: &Manifest,
    from: PackageIndex,
    resolve: impl Fn(&str) -> Option<PackageIndex>,
    builder: &mut GraphBuilder,
) {
    for asked in &manifest.asked {
        let Some(to) = resolve(&asked.name).filter(|&to| to != from) else {
            continue;
        };
        if asked.is_weak {
            builder.weak_dependency(from, to, Some(&asked.spec));
        } else {
            builder.dependency(from, to, asked.kind, Some(&asked.spec));
        }
        builder.mark(to, Some(true), Kinds::default());
        if let Some(place) = asked.place.clone() {
            builder.declare(to, place);
        }
    }
}
