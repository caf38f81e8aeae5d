//! `Manifest.toml`, formats 1.0 (every package a table of the document), 2.0 (below `deps`) and 2.1 (with registries)
//! (<https://pkgdocs.julialang.org/v1/toml-files/#Manifest.toml>).

use std::collections::HashMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::id;
use super::project::Project;
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::toml::{self as toml_syntax, Document, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of, join};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, PackageIndex, RepoPath, Source, SourceKind};

/// Reads `Manifest.toml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "julia-manifest",
    ecosystem: Ecosystem::Julia,
    role: Role::Lockfile,
    names: &["Manifest.toml", "JuliaManifest.toml", "Manifest-v*.toml", "JuliaManifest-v*.toml"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// The registry that everybody has.
const GENERAL: [&str; 2] = ["General", "23338594-aafe-5451-b93e-139f81909106"];
/// The keys of format 2 beside `deps`.
const HEAD: [&str; 5] = ["julia_version", "manifest_format", "project_hash", "deps", "registries"];

/// An entry of the manifest.
struct Entry<'d, 't> {
    index: PackageIndex,
    table: &'d DeTable<'t>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let projects = projects(input, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    known_format(&document, input.path, &mut parsed.diagnostics);
    let mut lock = Lock {
        path: input.path,
        document: &document,
        graph: GraphBuilder::new(input.path, PARSER.id),
        entries: Vec::new(),
        by_uuid: HashMap::new(),
        by_name: Candidates::new(),
        diagnostics: &mut parsed.diagnostics,
    };
    lock.read();
    lock.edges();
    let has_project = !projects.is_empty();
    for (folder, project) in projects {
        lock.connect(&folder, project);
    }
    parsed.graph = if has_project { lock.graph.finish_by_reachability() } else { lock.graph.finish_as_marked() };
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// The project beside the manifest, and those of its workspace, by folder.
fn projects(input: &Input<'_>, parsed: &mut Parsed) -> Vec<(String, Project)> {
    let is_own = file_name_of(input.path).starts_with("Julia");
    let mut projects = Vec::new();
    let mut folders = vec![String::new()];
    let mut is_root = true;
    while let Some(folder) = folders.pop() {
        // Where both names stand, Julia takes the longer one.
        let names = if is_own { ["JuliaProject.toml", "Project.toml"] } else { ["Project.toml", "JuliaProject.toml"] };
        let found = names.iter().find_map(|name| {
            let path: RepoPath = input.beside(&join(&folder, name)?);
            Some((input.companion(&path, parsed)?, path))
        });
        let Some((bytes, path)) = found else { continue };
        let project = Project::read(&path, bytes, &mut parsed.diagnostics);
        if std::mem::take(&mut is_root) {
            folders.extend(project.members.iter().cloned());
        }
        projects.push((folder, project));
    }
    projects
}

fn known_format(document: &Document<'_>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) {
    let Some(value) = document.table.at(&["manifest_format"]) else { return };
    let is_known = value.get_ref().as_str().is_some_and(|format| format.starts_with("1.") || format.starts_with("2."));
    if !is_known {
        let line = document.locate(value).line;
        let message = "the format of this manifest is newer than 2; it was read as that one";
        diagnostics.push(Diagnostic::error(path, Some(line), message));
    }
}

/// A repository at a revision, where that is a whole commit.
pub(super) fn git(url: &str, revision: Option<&str>) -> Source {
    let is_commit = |text: &&str| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match revision.filter(is_commit) {
        Some(commit) => Source::at(SourceKind::Git, &format!("{url}#{commit}")),
        None => Source::at(SourceKind::Git, url),
    }
}

/// Where a package comes from. The standard library comes with Julia; what has no version of its own there lies in
/// Julia's folder only.
fn source(table: &DeTable<'_>) -> Source {
    if let Some(path) = table.text(&["path"]) {
        return Source::at(SourceKind::Path, path);
    }
    if let Some(url) = table.text(&["repo-url"]) {
        return git(url, table.text(&["repo-rev"]));
    }
    if table.text(&["version"]).is_none() {
        return Source::of(SourceKind::Path);
    }
    let listed = table.array(&["registries"]).first().and_then(|item| item.get_ref().as_str());
    match table.text(&["registries"]).or(listed) {
        Some(registry) if !GENERAL.contains(&registry) => Source::at(SourceKind::Registry, registry),
        _ => Source::PUBLIC_REGISTRY,
    }
}

struct Lock<'l, 'd, 't> {
    path: &'l RepoPath,
    document: &'d Document<'t>,
    graph: GraphBuilder,
    entries: Vec<Entry<'d, 't>>,
    by_uuid: HashMap<&'d str, PackageIndex>,
    by_name: Candidates<&'d str>,
    diagnostics: &'l mut Vec<Diagnostic>,
}

impl<'d, 't> Lock<'_, 'd, 't> {
    fn read(&mut self) {
        let table = &self.document.table;
        let is_first_format = !table.contains_key("manifest_format") && !table.contains_key("deps");
        let (packages, skip): (&'d DeTable<'t>, &[&str]) = match table.table(&["deps"]) {
            Some(deps) => (deps, &[]),
            None if is_first_format || table.text(&["manifest_format"]).is_some_and(|text| text.starts_with("1.")) => {
                (table, &HEAD)
            }
            None => return,
        };
        for (name, value) in packages {
            let label: &'d str = name.get_ref();
            if skip.contains(&label) {
                continue;
            }
            let tables = value.get_ref().as_array().map_or(&[][..], |items| items);
            if tables.is_empty() {
                self.complain(name.span().start, label, "is no list of tables");
            }
            for item in tables {
                self.package(label, item);
            }
        }
    }

    fn package(&mut self, name: &'d str, item: &'d Spanned<DeValue<'t>>) {
        let Some(table) = item.get_ref().as_table() else {
            return self.complain(item.span().start, name, "is no table");
        };
        let Some(uuid) = table.text(&["uuid"]) else {
            return self.complain(item.span().start, name, "has no `uuid`");
        };
        let version = table.at(&["version"]).filter(|version| version.get_ref().as_str().is_some());
        let place = version.map(|version| self.document.locate(version));
        let has_place = place.is_some();
        let index = self.graph.package(id(name, table.text(&["version"]), source(table)), place);
        if !has_place && let Some(uuid) = table.at(&["uuid"]) {
            self.graph.declare(index, self.document.locate(uuid));
        }
        if let Some(hash) = table.text(&["git-tree-sha1"]) {
            self.graph.integrity(index, hash);
        }
        self.by_uuid.insert(uuid, index);
        self.by_name.add(name, index);
        self.entries.push(Entry { index, table });
    }

    fn complain(&mut self, offset: usize, name: &str, why: &str) {
        let line = self.document.lines.line(offset);
        let message = format!("`{name}` {why}; it was left out. Run `Pkg.resolve()` to write the file anew");
        self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
    }

    /// What packages need: a list of names, or a table of names and ids where one name stands for several packages.
    fn edges(&mut self) {
        for entry in &self.entries {
            let Some(deps) = entry.table.at(&["deps"]) else { continue };
            let names = deps.get_ref().as_array().map_or(&[][..], |items| items).iter();
            let by_name = names.filter_map(|name| self.by_name.of(name.get_ref().as_str()?).first());
            let pairs = deps.get_ref().as_table().into_iter().flatten();
            let by_uuid = pairs.filter_map(|(_, uuid)| self.by_uuid.get(uuid.get_ref().as_str()?));
            for &to in by_name.chain(by_uuid).filter(|&&to| to != entry.index) {
                self.graph.dependency(entry.index, to, DependencyKind::Runtime, None);
            }
        }
    }

    /// Adds a project and what it asks for. Projects of a workspace that are there for tests, documentation and
    /// measurements are for those who work on it.
    fn connect(&mut self, folder: &str, project: Project) {
        let is_dev =
            matches!(file_name_of(folder), "test" | "tests" | "docs" | "doc" | "benchmark" | "benchmarks" | "bench");
        let root = self.graph.member(project.id, project.version_place);
        for asked in project.asked {
            let Some(&to) = self.by_uuid.get(asked.uuid.as_str()) else {
                // Packages that only tests need stand in no manifest.
                if asked.kind == DependencyKind::Runtime {
                    let message = format!(
                        "`{}` is asked for, but the manifest does not have it; run `Pkg.resolve()`",
                        asked.name
                    );
                    self.diagnostics.push(Diagnostic::warning(&asked.place.path, Some(asked.place.line), message));
                }
                continue;
            };
            let kind = if is_dev { DependencyKind::Dev } else { asked.kind };
            let requirement = asked.compat.as_ref().map(|(text, _)| text.as_str());
            if asked.is_weak {
                self.graph.weak_dependency(root, to, requirement);
            } else {
                self.graph.dependency(root, to, kind, requirement);
            }
            self.graph.declare(to, asked.place);
        }
    }
}
