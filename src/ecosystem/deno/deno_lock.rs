//! `deno.lock`, versions 2 to 5 (<https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files>).
//!
//! It holds packages of npm and of JSR, and the hash of every module that was fetched by its address. What the imports of
//! a project are for, Deno does not say.

use std::collections::{BTreeMap, HashMap};

use super::manifest::Manifest;
use super::spec::{Spec, remote, split};
use crate::ecosystem::npm::spec::source_of_resolved;
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, join, project_label};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, Location, PackageId, PackageIndex, RepoPath, Source,
    SourceKind,
};

/// Reads `deno.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "deno-lock",
    ecosystem: Ecosystem::Jsr,
    role: Role::Lockfile,
    names: &["deno.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::None,
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Full,
    },
    parse,
};

/// The newest format that is known.
const NEWEST: u32 = 5;
/// Members of a workspace beyond this many are not looked at (hostile input).
const MAX_MEMBERS: usize = 200;
/// The manifests of a project, the first two of which exclude each other.
const MANIFESTS: [&str; 3] = ["deno.json", "deno.jsonc", "package.json"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let mut manifests: BTreeMap<String, Vec<Manifest>> = BTreeMap::new();
    let members = document.value.get("workspace").map_or(&[][..], |workspace| workspace.object("members"));
    let folders = members.iter().map(|(folder, _)| folder.as_ref()).take(MAX_MEMBERS);
    for folder in std::iter::once("").chain(folders) {
        for name in MANIFESTS {
            let Some(path) = join(folder, name) else { continue };
            let path = input.beside(&path);
            if let Some(bytes) = input.companion(&path, &mut parsed) {
                let manifest = Manifest::read(&path, bytes, &mut parsed.diagnostics);
                manifests.entry(folder.to_owned()).or_default().push(manifest);
            }
        }
    }
    if !parsed.wanted.is_empty() {
        return Parsed { wanted: parsed.wanted, ..Parsed::default() };
    }
    let mut lock = Lock {
        path: input.path,
        document: &document,
        graph: GraphBuilder::new(input.path, PARSER.id),
        by_key: HashMap::new(),
        by_name: Candidates::new(),
        resolved: HashMap::new(),
        specs: Candidates::new(),
        diagnostics: std::mem::take(&mut parsed.diagnostics),
    };
    lock.read(&manifests);
    parsed.graph = lock.graph.finish_as_marked();
    parsed.diagnostics = lock.diagnostics;
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// A package as the key of its entry names it.
type Key<'d> = (Ecosystem, &'d str);

struct Lock<'l, 'd> {
    path: &'l RepoPath,
    document: &'d Document<'d>,
    graph: GraphBuilder,
    by_key: HashMap<Key<'d>, PackageIndex>,
    by_name: Candidates<Key<'d>>,
    /// What each specifier was resolved to.
    resolved: HashMap<&'d str, PackageIndex>,
    /// The same by name alone, for texts that name no version since there is but one.
    specs: Candidates<Key<'d>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'d> Lock<'_, 'd> {
    fn read(&mut self, manifests: &BTreeMap<String, Vec<Manifest>>) {
        let value = &self.document.value;
        let version = value.text("version").and_then(|version| version.parse::<u32>().ok());
        match version {
            Some(..=NEWEST) => {}
            // Version 1 is a list of addresses with their hashes.
            None if value.get("version").is_none() && value.entries().iter().all(|(key, _)| key.contains("://")) => {
                self.remotes(value.entries());
            }
            _ if matches!(value, Value::Null) => {}
            _ => self.complain(
                value.text("version").unwrap_or_default(),
                "this `version` is not known; it was read like version 5",
            ),
        }
        // Where packages stand: below `npm` (2), below `packages` (3), by registry (4 and later).
        let inner = value.get("packages").unwrap_or(value);
        let npm = inner.get("npm").filter(|npm| npm.get("packages").is_none());
        let old = value.get("npm").filter(|npm| npm.get("packages").is_some());
        let npm = npm.or_else(|| old?.get("packages")).map_or(&[][..], Value::entries);
        let jsr = inner.object("jsr");
        npm.iter().for_each(|(key, entry)| self.package(Ecosystem::Npm, key, entry));
        jsr.iter().for_each(|(key, entry)| self.package(Ecosystem::Jsr, key, entry));
        let specifiers = inner.get("specifiers").or_else(|| old?.get("specifiers"));
        for (spec, target) in specifiers.map_or(&[][..], Value::entries) {
            self.specifier(spec, target.as_text().unwrap_or_default());
        }
        npm.iter().for_each(|(key, entry)| self.edges(Ecosystem::Npm, key, entry));
        jsr.iter().for_each(|(key, entry)| self.edges(Ecosystem::Jsr, key, entry));
        self.remotes(value.object("remote"));
        self.projects(manifests);
    }

    /// Adds the package of an entry. Behind a version of npm may stand the peers that it sees, `1.0.0_peer@2.0.0`.
    fn package(&mut self, ecosystem: Ecosystem, key: &'d str, entry: &'d Value<'d>) {
        let named = split(key).map(|(name, version)| (name, version.split('_').next().unwrap_or_default()));
        let Some((name, version)) = named.filter(|(_, version)| !version.is_empty()) else {
            self.complain(key, "the key of this package is no `name@version`; it was left out");
            return;
        };
        let source = match entry.text("tarball") {
            Some(address) => source_of_resolved(name, address),
            None => Source::PUBLIC_REGISTRY,
        };
        let id = PackageId::new(ecosystem, name, Some(version), source);
        let index = self.graph.instance(id, self.document.locate(version));
        if let Some(hash) = entry.text("integrity") {
            self.graph.integrity(index, hash);
        }
        if entry.is_true("scripts") {
            self.graph.install_script(index, true);
        }
        self.by_key.insert((ecosystem, key), index);
        self.by_name.add((ecosystem, name), index);
    }

    /// Notes what a specifier was resolved to: `npm:a@1` to `npm:a@1.0.0`, and since version 4 to `1.0.0` alone.
    fn specifier(&mut self, spec: &'d str, target: &'d str) {
        let parsed = Spec::parse(spec);
        let (ecosystem, name) = match (&parsed, split(spec)) {
            (Some(parsed), _) => (parsed.ecosystem, parsed.name),
            // Version 2 knows npm alone.
            (None, Some((name, _))) => (Ecosystem::Npm, name),
            (None, None) => return,
        };
        let whole = target.strip_prefix("npm:").or_else(|| target.strip_prefix("jsr:")).unwrap_or(target);
        let index = self.by_key.get(&(ecosystem, whole)).copied();
        let index = index.or_else(|| self.by_key.get(&(ecosystem, format!("{name}@{target}").as_str())).copied());
        match index {
            Some(index) => {
                self.resolved.insert(spec, index);
                self.specs.add((ecosystem, name), index);
            }
            None => self.complain(spec, "a specifier is resolved to a package that this file does not have"),
        }
    }

    /// The package that a text names: a specifier, or a name where there is but one.
    fn find(&self, text: &str) -> Option<PackageIndex> {
        if let Some(&index) = self.resolved.get(text) {
            return Some(index);
        }
        let spec = Spec::parse(text)?;
        match self.specs.of(&(spec.ecosystem, spec.name)) {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// What a package of npm needs, as `name`, `name@version`, `alias@npm:name@version`, or up to version 3 a table.
    fn find_npm(&self, text: &str) -> Option<PackageIndex> {
        if let Some(&index) = self.by_key.get(&(Ecosystem::Npm, text)) {
            return Some(index);
        }
        let text = text.split_once("@npm:").map_or(text, |(_, real)| real);
        if let Some(&index) = self.by_key.get(&(Ecosystem::Npm, text)) {
            return Some(index);
        }
        match self.by_name.of(&(Ecosystem::Npm, split(text)?.0)) {
            [only] => Some(*only),
            _ => None,
        }
    }

    fn edges(&mut self, ecosystem: Ecosystem, key: &'d str, entry: &'d Value<'d>) {
        let Some(&from) = self.by_key.get(&(ecosystem, key)) else { return };
        for (field, kind) in
            [("dependencies", DependencyKind::Runtime), ("optionalDependencies", DependencyKind::Optional)]
        {
            let Some(value) = entry.get(field) else { continue };
            let texts = value.items().iter().chain(value.entries().iter().map(|(_, target)| target));
            for text in texts.filter_map(Value::as_text) {
                let to = if ecosystem == Ecosystem::Npm { self.find_npm(text) } else { self.find(text) };
                match to {
                    Some(to) if to != from => self.graph.dependency(from, to, kind, None),
                    Some(_) => {}
                    // What another system needs may be missing.
                    None if kind == DependencyKind::Runtime => {
                        self.complain(text, "a package needs another one that this file does not have");
                    }
                    None => {}
                }
            }
        }
    }

    /// Adds the modules that were fetched by their address, a package once.
    fn remotes(&mut self, entries: &'d [(std::borrow::Cow<'d, str>, Value<'d>)]) {
        for (address, hash) in entries {
            let Some((id, version)) = remote(address) else { continue };
            if self.graph.find(&id).is_some() {
                continue;
            }
            let place = self.document.locate(version.unwrap_or(address));
            let index = self.graph.package(id, place.clone().filter(|_| version.is_some()));
            if let (None, Some(place)) = (version, place) {
                self.graph.declare(index, place);
            }
            // A package of several modules has no hash of its own.
            if let Some(hash) = hash.as_text().filter(|_| version.is_none()) {
                self.graph.integrity(index, hash);
            }
        }
    }

    /// Adds the projects. What they ask for stands in `workspace`; where there is none, in their manifests.
    fn projects(&mut self, manifests: &BTreeMap<String, Vec<Manifest>>) {
        let workspace = self.document.value.get("workspace");
        if workspace.is_none() && manifests.is_empty() {
            return;
        }
        let packages: Vec<PackageIndex> = self.by_key.values().copied().collect();
        packages.iter().for_each(|&index| self.graph.mark(index, Some(false), Kinds::default()));
        let members = workspace.map_or(&[][..], |workspace| workspace.object("members"));
        let members = members.iter().map(|(folder, member)| (folder.as_ref(), Some(member))).take(MAX_MEMBERS);
        for (folder, member) in std::iter::once(("", workspace)).chain(members) {
            let read = manifests.get(folder).map_or(&[][..], Vec::as_slice);
            let mut specs: Vec<&str> = Vec::new();
            for part in [member, member.and_then(|member| member.get("packageJson"))].into_iter().flatten() {
                let items = part.get("dependencies").map_or(&[][..], Value::items);
                specs.extend(items.iter().filter_map(Value::as_text));
            }
            if workspace.is_none() {
                specs.extend(read.iter().flat_map(|manifest| &manifest.asked).map(|asked| asked.spec.as_str()));
            }
            self.project(folder, read, &specs);
        }
    }

    fn project(&mut self, folder: &str, manifests: &[Manifest], specs: &[&str]) {
        let own = manifests.first();
        let label = if folder.is_empty() { project_label(self.path) } else { folder };
        let unnamed = || PackageId::new(Ecosystem::Jsr, label, None, Source::of(SourceKind::Workspace));
        let id = own.map_or_else(unnamed, |manifest| manifest.id.clone());
        let root = self.graph.member(id, own.and_then(|manifest| manifest.version_place.clone()));
        let mut places: HashMap<(Ecosystem, &str), Vec<&Location>> = HashMap::new();
        for asked in manifests.iter().flat_map(|manifest| &manifest.asked) {
            if let (Some(spec), Some(place)) = (Spec::parse(&asked.spec), &asked.place) {
                places.entry((spec.ecosystem, spec.name)).or_default().push(place);
            }
        }
        for text in specs {
            let (Some(to), Some(spec)) = (self.find(text), Spec::parse(text)) else { continue };
            if to == root {
                continue;
            }
            self.graph.mark(to, Some(true), Kinds::default());
            let range = Some(spec.range).filter(|range| !range.is_empty());
            self.graph.dependency(root, to, DependencyKind::Runtime, range);
            for place in places.get(&(spec.ecosystem, spec.name)).into_iter().flatten() {
                self.graph.declare(to, Location::clone(place));
            }
        }
    }

    fn complain(&mut self, part: &str, message: &str) {
        let line = self.document.locate(part).map(|place| place.line);
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }
}
