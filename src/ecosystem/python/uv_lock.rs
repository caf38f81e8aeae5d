//! `uv.lock` (<https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile>). It says who needs whom, for which
//! extra and which group, and which packages are members of the workspace.

use std::collections::{HashMap, HashSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::extras::{Needs, Step};
use super::manifest::Tool;
use super::other::other;
use super::uv_recorded::Recorded;
use super::{Entry, Lock, companion, file_names, first_hash, git, manifest, normal, package_id, project, registry};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, folder_of, join};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `uv.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "uv-lock",
    ecosystem: Ecosystem::PyPi,
    role: Role::Lockfile,
    names: &["uv.lock"],
    empty_is_valid: false,
    capabilities: Capabilities::FULL,
    parse,
};

/// Name, and what else an entry of `dependencies` may say where the name alone is not enough: version and source.
type Key = (String, Option<String>, Option<String>);

struct Package<'d, 't> {
    index: PackageIndex,
    entry: Entry<'d, 't>,
    /// Its folder, for a member.
    folder: Option<&'d str>,
}

struct Graph {
    builder: GraphBuilder,
    by_key: Candidates<Key>,
    needs: Needs,
    members: Vec<PackageIndex>,
    starts: Vec<(Step, DependencyKind)>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let lock = Lock { document: &document, path: input.path };
    lock.expect(&["package"], &mut parsed.diagnostics);
    lock.known_format(&["version"], 1, &mut parsed.diagnostics);
    let names = document.table.array(&["manifest", "members"]).iter().filter_map(|name| name.get_ref().as_str());
    let members: HashSet<String> = names.map(normal).collect();
    let mut graph = Graph {
        builder: GraphBuilder::new(input.path, PARSER.id),
        by_key: Candidates::new(),
        needs: Needs::default(),
        members: Vec::new(),
        starts: Vec::new(),
    };
    let entries = lock.entries("package", &mut parsed.diagnostics);
    for entry in entries.iter().filter(|entry| entry.version.is_none()) {
        // uv writes a source with every package; one without is cut off.
        if matches!(source(entry.table).kind, SourceKind::Registry | SourceKind::Unknown) {
            let message = format!("`{}` has no version; it cannot be judged", entry.name);
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(entry.line), message));
        }
    }
    let packages: Vec<Package<'_, '_>> = entries.into_iter().map(|entry| graph.add(entry, &members)).collect();
    for package in &packages {
        graph.edges(package, &lock, &mut parsed.diagnostics);
    }
    let mut builder = graph.builder;
    for package in &packages {
        builder.mark(package.index, Some(false), Kinds::default());
    }
    let members: HashSet<PackageIndex> = graph.members.iter().copied().collect();
    for &member in &members {
        builder.mark(member, None, Kinds::only(DependencyKind::Runtime));
    }
    for (step, _) in graph.starts.iter().filter(|(step, _)| !members.contains(&step.to)) {
        builder.mark(step.to, Some(true), Kinds::default());
    }
    graph.needs.mark(&graph.starts, &graph.members, &mut builder);
    for package in packages.iter().filter(|package| package.folder.is_some()) {
        declare(package, input, &mut builder, &mut parsed, &graph.by_key);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = builder.finish_as_marked();
    parsed
}

/// The folder of a package on this machine.
fn local<'d>(table: &'d DeTable<'_>) -> Option<&'d str> {
    ["editable", "virtual", "directory", "workspace"].iter().find_map(|key| table.text(&["source", key]))
}

/// Where a package comes from, in one text: what tells two entries of one name and version apart.
fn source_key(table: &DeTable<'_>) -> Option<String> {
    let source = table.table(&["source"])?;
    let pairs =
        source.iter().filter_map(|(key, value)| Some(format!("{}={}", key.get_ref(), value.get_ref().as_str()?)));
    Some(pairs.collect::<Vec<_>>().join(" "))
}

fn source(table: &DeTable<'_>) -> Source {
    let text = |key: &str| table.text(&["source", key]);
    if let Some(address) = text("git") {
        // `https://host/repository?rev=main#commit`
        let (repository, commit) = address.split_once('#').unwrap_or((address, ""));
        git(repository.split('?').next().unwrap_or(repository), Some(commit))
    } else if let Some(url) = text("url") {
        Source::at(SourceKind::Url, url)
    } else if let Some(path) = text("path").or_else(|| local(table)) {
        Source::at(SourceKind::Path, path)
    } else if let Some(index) = text("registry") {
        registry(index)
    } else {
        Source::of(SourceKind::Unknown)
    }
}

impl Graph {
    fn add<'d, 't>(&mut self, entry: Entry<'d, 't>, members: &HashSet<String>) -> Package<'d, 't> {
        let name = normal(entry.name);
        let local = local(entry.table);
        // A workspace of one project does not list its members.
        let is_member = if members.is_empty() { local == Some(".") } else { members.contains(&name) };
        let folder = local.filter(|_| is_member);
        let source = if folder.is_some() { Source::of(SourceKind::Workspace) } else { source(entry.table) };
        let id = package_id(&name, entry.version, source);
        let index = if folder.is_some() {
            let index = self.builder.member(id, entry.location.clone());
            self.members.push(index);
            index
        } else {
            self.builder.package(id, entry.location.clone())
        };
        let files = file_names(entry.table.array(&["wheels"])).chain(entry.table.text(&["sdist", "url"]));
        if let Some(other) = entry.version.and_then(|version| other(&name, version, files)) {
            self.builder.other(index, other);
        }
        let sdist = entry.table.text(&["sdist", "hash"]);
        if let Some(hash) = sdist.or_else(|| first_hash(entry.table.array(&["wheels"]))) {
            self.builder.integrity(index, hash);
        }
        let version = entry.version.map(str::to_owned);
        let source = source_key(entry.table);
        for version in [None, version].into_iter().collect::<HashSet<_>>() {
            for source in [None, source.clone()].into_iter().collect::<HashSet<_>>() {
                self.by_key.add((name.clone(), version.clone(), source), index);
            }
        }
        Package { index, entry, folder }
    }

    fn edges(&mut self, package: &Package<'_, '_>, lock: &Lock<'_, '_>, diagnostics: &mut Vec<Diagnostic>) {
        let table = package.entry.table;
        let is_member = package.folder.is_some();
        let asked = Requirements::of(table);
        let mut steps = Steps { graph: self, package, asked: &asked, lock, diagnostics };
        steps.add(table.at(&["dependencies"]), None, DependencyKind::Runtime);
        for (extra, list) in table.table(&["optional-dependencies"]).into_iter().flatten() {
            steps.add(Some(list), Some(&normal(extra.get_ref())), DependencyKind::Optional);
        }
        // What others need to work on themselves is not installed here.
        for (_, list) in table.table(&["dev-dependencies"]).into_iter().flatten().filter(|_| is_member) {
            steps.add(Some(list), None, DependencyKind::Dev);
        }
    }
}

/// What a package asks for, by name: `[package.metadata]`.
struct Requirements {
    /// `None` where it is asked for in several ways, each under its own marker.
    by_name: HashMap<(String, bool), Option<String>>,
}

impl Requirements {
    fn of(table: &DeTable<'_>) -> Self {
        let mut by_name = HashMap::new();
        let groups = table.table(&["metadata", "requires-dev"]).into_iter().flatten();
        let groups = groups.filter_map(|(_, list)| list.get_ref().as_array()).flat_map(|list| list.iter());
        let dist = table.array(&["metadata", "requires-dist"]).iter();
        for (dev, item) in dist.map(|item| (false, item)).chain(groups.map(|item| (true, item))) {
            let Some(item) = item.get_ref().as_table() else { continue };
            let Some(name) = item.text(&["name"]) else { continue };
            let specifier = item.text(&["specifier"]).map(str::to_owned);
            let known = by_name.entry((normal(name), dev)).or_insert_with(|| specifier.clone());
            if *known != specifier {
                *known = None;
            }
        }
        Self { by_name }
    }
}

struct Steps<'g, 'd, 't> {
    graph: &'g mut Graph,
    package: &'g Package<'d, 't>,
    asked: &'g Requirements,
    lock: &'g Lock<'d, 't>,
    diagnostics: &'g mut Vec<Diagnostic>,
}

impl Steps<'_, '_, '_> {
    /// Adds a list of dependencies, those of an extra or of the package itself.
    fn add(&mut self, list: Option<&Spanned<DeValue<'_>>>, extra: Option<&str>, kind: DependencyKind) {
        let Some(list) = list else { return };
        let Some(items) = list.get_ref().as_array() else {
            return self.error(list, "what it needs is no list");
        };
        for item in items.iter() {
            match item.get_ref().as_table().and_then(|table| Some((table, table.text(&["name"])?))) {
                Some((table, name)) => self.step(item, table, &normal(name), (extra, kind)),
                None => self.error(item, "one of its dependencies has no name"),
            }
        }
    }

    fn step(
        &mut self,
        item: &Spanned<DeValue<'_>>,
        table: &DeTable<'_>,
        name: &str,
        (extra, kind): (Option<&str>, DependencyKind),
    ) {
        let from = self.package.index;
        let key = (name.to_owned(), table.text(&["version"]).map(str::to_owned), source_key(table));
        let found = self.graph.by_key.of(&key).to_vec();
        if found.is_empty() {
            return self.error(item, &format!("it needs `{name}`, which the lock does not hold"));
        }
        let extras = table.array(&["extra"]).iter().filter_map(|extra| extra.get_ref().as_str()).map(normal).collect();
        let step = Step { to: from, extras };
        let requirement = self.asked.by_name.get(&(name.to_owned(), kind == DependencyKind::Dev));
        for to in found {
            let requirement = requirement.and_then(Option::as_deref);
            self.graph.builder.dependency(from, to, kind, requirement);
            let step = Step { to, ..step.clone() };
            if self.package.folder.is_some() {
                self.graph.starts.push((step.clone(), kind));
            }
            if kind != DependencyKind::Dev {
                self.graph.needs.add(from, extra, step);
            }
        }
    }

    fn error(&mut self, value: &Spanned<DeValue<'_>>, why: &str) {
        let message = format!("`{}`: {why}; it was left out", self.package.entry.name);
        self.diagnostics.push(Diagnostic::error(self.lock.path, Some(self.lock.line(value)), message));
    }
}

/// Notes where a member's own `pyproject.toml` asks for its dependencies.
fn declare(
    package: &Package<'_, '_>,
    input: &Input<'_>,
    graph: &mut GraphBuilder,
    parsed: &mut Parsed,
    by_key: &Candidates<Key>,
) {
    let Some(folder) = package.folder.and_then(|folder| join(folder_of(input.path), folder)) else { return };
    let path: RepoPath = join(&folder, "pyproject.toml").unwrap_or_default().into();
    let Some(bytes) = companion(input, &path, parsed) else { return };
    let manifest = manifest::pyproject(&path, bytes, &mut parsed.diagnostics);
    let recorded = Recorded::of(package.entry.table);
    for declared in manifest.declared.iter().filter(|declared| declared.locked) {
        let locked = by_key.of(&(declared.name.clone(), None, None));
        project::compare(&manifest, declared, locked, Tool::Uv, graph);
        recorded.compare(&manifest, declared, locked, graph);
        for &to in locked {
            graph.declare(to, declared.location.clone());
        }
    }
}
