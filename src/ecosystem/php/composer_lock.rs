//! `composer.lock` (<https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control>,
//! <https://github.com/composer/composer/blob/main/src/Composer/Package/Locker.php>).
//!
//! The lock keeps apart what users and what developers need, and says who needs whom. What is direct only the
//! `composer.json` says.

use std::collections::{HashMap, HashSet};

use super::composer_json::Manifest;
use super::{is_platform, package_id};
use std::borrow::Cow;

use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::asked::{companion, git, shown};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `composer.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "composer-lock",
    ecosystem: Ecosystem::Packagist,
    role: Role::Lockfile,
    names: &["composer.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        source: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// The lists of packages.
const LISTS: [(&str, DependencyKind); 2] =
    [("packages", DependencyKind::Runtime), ("packages-dev", DependencyKind::Dev)];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let path = input.beside("composer.json");
    let manifest = companion(input, &path, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let manifest = manifest.map(|bytes| Manifest::read(&path, bytes, &mut parsed.diagnostics));
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    if parsed.diagnostics.is_empty() && !matches!(document.value.get("packages"), Some(Value::Array(_))) {
        let message = "it has no list `packages`, which every composer.lock has; run `composer update --lock`";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    let mut reader = Reader {
        path: input.path,
        document: &document,
        graph: GraphBuilder::new(input.path, PARSER.id),
        by_name: Candidates::new(),
        providers: Candidates::new(),
        diagnostics: &mut parsed.diagnostics,
    };
    let mut packages = Vec::new();
    for (list, kind) in LISTS {
        for entry in document.value.get(list).map_or(&[][..], Value::items) {
            if let Some(index) = reader.package(entry, kind) {
                packages.push((index, entry));
            }
        }
    }
    for &(index, entry) in &packages {
        reader.edges(index, entry);
    }
    if let Some(manifest) = &manifest {
        reader.project(manifest, &path, &packages);
    }
    let graph = reader.graph;
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

struct Reader<'r, 'd> {
    path: &'r RepoPath,
    document: &'d Document<'d>,
    graph: GraphBuilder,
    by_name: Candidates<String>,
    /// Packages by the names that they stand for.
    providers: Candidates<String>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

/// The version of a package. Some repositories of packages write a date as a number.
fn version_of<'e>(entry: &'e Value<'_>) -> Option<Cow<'e, str>> {
    let number = || entry.number("version").filter(|number| number.fract() == 0.0 && (0.0..1e15).contains(number));
    entry.text("version").map(Cow::Borrowed).or_else(|| number().map(|number| Cow::Owned(number.to_string())))
}

impl<'d> Reader<'_, 'd> {
    fn package(&mut self, entry: &'d Value<'d>, kind: DependencyKind) -> Option<PackageIndex> {
        let (name, version) = (entry.text("name"), version_of(entry));
        let (Some(name), Some(version)) = (name, version.as_deref()) else {
            let known = name.or(entry.text("version"));
            let line = known.and_then(|text| self.document.locate(text)).map(|place| place.line);
            let message = match name {
                Some(name) => format!("`{}` has no version; it was not read", shown(name)),
                None => "a package without a name; it was not read".to_owned(),
            };
            self.diagnostics.push(Diagnostic::error(self.path, line, message));
            return None;
        };
        let id = package_id(name, Some(version), source(entry));
        let place = entry.text("version").and_then(|text| self.document.locate(text));
        let is_placed = place.is_some();
        let index = self.graph.package(id, place);
        if let Some(place) = self.document.locate(name).filter(|_| !is_placed) {
            self.graph.declare(index, place);
        }
        self.graph.mark(index, None, Kinds::only(kind));
        let hash = entry.get("dist").and_then(|dist| dist.text("shasum")).filter(|hash| !hash.is_empty());
        let commit = || entry.get("dist").or_else(|| entry.get("source")).and_then(|part| part.text("reference"));
        if let Some(hash) = hash.or_else(commit) {
            self.graph.integrity(index, hash);
        }
        // Plugins run within Composer itself; the scripts of other packages it never runs
        // (<https://getcomposer.org/doc/articles/plugins.md>).
        if let Some(kind) = entry.text("type") {
            self.graph.install_script(index, matches!(kind, "composer-plugin" | "composer-installer"));
        }
        self.by_name.add(name.to_ascii_lowercase(), index);
        for table in ["provide", "replace"] {
            for (name, _) in entry.object(table) {
                self.providers.add(name.to_ascii_lowercase(), index);
            }
        }
        Some(index)
    }

    /// The packages that fulfil a requirement: the one of that name, or those that stand for it.
    fn fulfilling(&self, name: &str) -> &[PackageIndex] {
        let name = name.to_ascii_lowercase();
        match self.by_name.of(&name) {
            [] => self.providers.of(&name),
            found => found,
        }
    }

    fn edges(&mut self, from: PackageIndex, entry: &Value<'_>) {
        for (name, requirement) in entry.object("require").iter().filter(|(name, _)| !is_platform(name)) {
            for to in self.fulfilling(name).to_vec() {
                if to != from {
                    self.graph.dependency(from, to, DependencyKind::Runtime, requirement.as_text());
                }
            }
        }
    }

    /// Adds the project of the manifest, what it asks for, and where the lock does not hold that.
    fn project(&mut self, manifest: &Manifest, path: &RepoPath, packages: &[(PackageIndex, &Value<'_>)]) {
        let own = manifest.project.add(path, Ecosystem::Packagist, &mut self.graph);
        let provided: HashSet<&str> = manifest.provided.iter().map(String::as_str).collect();
        let mut seen: HashMap<String, ()> = HashMap::new();
        for asked in &manifest.asked {
            let found = self.fulfilling(&asked.name).to_vec();
            if found.is_empty() && !provided.contains(asked.name.to_ascii_lowercase().as_str()) {
                let wanted = Wanted {
                    manifest: path,
                    name: &asked.name,
                    requirement: asked.requirement.as_deref(),
                    place: asked.place.as_ref(),
                };
                if seen.insert(asked.name.to_ascii_lowercase(), ()).is_none() {
                    wanted.missing(&mut self.graph);
                }
            }
            for to in found {
                let kind = asked.kind.unwrap_or(DependencyKind::Runtime);
                self.graph.dependency(own, to, kind, asked.requirement.as_deref());
                self.graph.mark(to, Some(true), Kinds::default());
                if let Some(place) = asked.place.clone() {
                    self.graph.declare(to, place);
                }
            }
        }
        for &(index, _) in packages {
            self.graph.mark(index, Some(false), Kinds::default());
        }
    }
}

/// Where a package comes from. What a registry gives names where installations are counted; what lies in a repository
/// of its own does not (<https://getcomposer.org/doc/05-repositories.md>).
fn source(entry: &Value<'_>) -> Source {
    let part = |part: &str, key: &str| entry.get(part).and_then(|part| part.text(key));
    if part("dist", "type") == Some("path") {
        return Source::at(SourceKind::Path, part("dist", "url").unwrap_or_default());
    }
    if let Some(address) = entry.text("notification-url") {
        return Source::at(SourceKind::Registry, origin(address));
    }
    match (part("source", "type"), part("source", "url"), part("dist", "url")) {
        (Some("git"), Some(url), _) => git(url, part("source", "reference")),
        (Some(_), Some(url), _) | (None, None, Some(url)) => Source::at(SourceKind::Url, url),
        (_, _, Some(url)) => Source::at(SourceKind::Unknown, url),
        // Packages such as a framework's own are made of nothing.
        (_, _, None) => Source::of(SourceKind::Unknown),
    }
}

/// The scheme and host of an address, and the folder of a registry that is not at its root.
fn origin(address: &str) -> &str {
    address.trim_end_matches('/').strip_suffix("/downloads").unwrap_or(address)
}
