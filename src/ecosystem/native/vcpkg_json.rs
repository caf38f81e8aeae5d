//! `vcpkg.json` (<https://learn.microsoft.com/vcpkg/reference/vcpkg-json>), which has no lockfile.
//!
//! A version is exact only where `overrides` says so; all others are the least that is accepted, and the baseline of the
//! registry says which one is used. Which registry a port comes from says `vcpkg-configuration.json`.

use std::collections::HashMap;

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, project_label};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageId, RepoPath, Source, SourceKind,
};

/// Reads `vcpkg.json`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "vcpkg-json",
    ecosystem: Ecosystem::Vcpkg,
    role: Role::Manifest,
    names: &["vcpkg.json"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

/// The keys of a version, of which a manifest or an override has one.
const VERSIONS: [&str; 4] = ["version", "version-string", "version-semver", "version-date"];

/// Patterns of registries beyond this many are not looked at (hostile input: each port is held against each of them).
const MAX_PATTERNS: usize = 500;

/// The registry that is built in.
const BUILT_IN: &str = "https://github.com/microsoft/vcpkg";

fn version_of<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    VERSIONS.iter().find_map(|key| value.text(key))
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let configuration_path = input.beside("vcpkg-configuration.json");
    let configuration_bytes = input.companion(&configuration_path, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let mut repaired = String::new();
    let configuration = configuration_bytes
        .map(|bytes| json::parse(&configuration_path, bytes, &mut repaired, &mut parsed.diagnostics).value);
    // A manifest may hold its configuration itself.
    let own = document.value.get("vcpkg-configuration").or_else(|| document.value.get("configuration"));
    let mut reader = Reader {
        path: input.path,
        document: &document,
        registries: Registries::of(own.or(configuration.as_ref())),
        overrides: HashMap::new(),
        graph: GraphBuilder::new(input.path, PARSER.id),
        diagnostics: &mut parsed.diagnostics,
    };
    reader.read();
    parsed.graph = reader.graph.finish_as_marked();
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// Where ports come from.
#[derive(Default)]
struct Registries {
    /// By name, or by what a pattern that ends with `*` begins with.
    by_pattern: Vec<(String, Source)>,
    default: Option<Source>,
}

impl Registries {
    fn of(configuration: Option<&Value<'_>>) -> Self {
        let Some(configuration) = configuration else { return Self::default() };
        let mut registries = Self { default: configuration.get("default-registry").map(source), ..Self::default() };
        for registry in configuration.get("registries").map_or(&[][..], Value::items).iter().take(MAX_PATTERNS) {
            let left = MAX_PATTERNS - registries.by_pattern.len();
            let patterns = registry.get("packages").map_or(&[][..], Value::items).iter().take(left);
            let from = source(registry);
            registries.by_pattern.extend(patterns.filter_map(|p| Some((p.as_text()?.to_owned(), from.clone()))));
        }
        registries
    }

    /// The source of a port: the most exact pattern wins.
    fn of_port(&self, name: &str) -> Source {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        };
        let fitting = self.by_pattern.iter().filter(|(pattern, _)| fits(pattern));
        let best = fitting.max_by_key(|(pattern, _)| (pattern.len(), !pattern.ends_with('*')));
        best.map(|(_, source)| source.clone()).or_else(|| self.default.clone()).unwrap_or(Source::PUBLIC_REGISTRY)
    }
}

/// The source that a registry is.
fn source(registry: &Value<'_>) -> Source {
    match (registry.text("kind"), registry.text("repository"), registry.text("path")) {
        (Some("builtin"), ..) => Source::PUBLIC_REGISTRY,
        (Some("git"), Some(BUILT_IN), _) => Source::PUBLIC_REGISTRY,
        (Some("git"), Some(repository), _) => Source::at(SourceKind::Registry, repository),
        (Some("filesystem"), _, Some(path)) => Source::at(SourceKind::Path, path),
        _ => Source::of(SourceKind::Unknown),
    }
}

struct Reader<'r, 'd> {
    path: &'r RepoPath,
    document: &'d Document<'d>,
    registries: Registries,
    overrides: HashMap<&'d str, &'d str>,
    graph: GraphBuilder,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'d> Reader<'_, 'd> {
    fn read(&mut self) {
        let value = &self.document.value;
        if !matches!(value, Value::Object(_)) {
            if self.diagnostics.is_empty() {
                let message = "an object is expected here; nothing was read";
                self.diagnostics.push(Diagnostic::error(self.path, Some(1), message));
            }
            return;
        }
        let overrides = value.get("overrides").map_or(&[][..], Value::items).iter();
        self.overrides = overrides.filter_map(|item| Some((item.text("name")?, version_of(item)?))).collect();
        if let Some(items) = value.get("dependencies") {
            self.project(value);
            items.items().iter().for_each(|item| self.dependency(item, DependencyKind::Runtime));
        }
        // Up to 2021 features were a list.
        let features = value.object("features").iter().map(|(_, feature)| feature);
        for feature in features.chain(value.get("features").map_or(&[][..], Value::items)) {
            let items = feature.get("dependencies").map_or(&[][..], Value::items);
            items.iter().for_each(|item| self.dependency(item, DependencyKind::Optional));
        }
    }

    fn project(&mut self, value: &'d Value<'d>) {
        let version = version_of(value);
        let source = Source::of(SourceKind::Workspace);
        let id =
            PackageId::new(Ecosystem::Vcpkg, value.text("name").unwrap_or(project_label(self.path)), version, source);
        self.graph.member(id, version.and_then(|version| self.document.locate(version)));
    }

    fn dependency(&mut self, item: &'d Value<'d>, kind: DependencyKind) {
        let Some(name) = item.as_text().or_else(|| item.text("name")).filter(|name| !name.is_empty()) else {
            let message = "a dependency has no name; it was left out";
            self.diagnostics.push(Diagnostic::error(self.path, None, message));
            return;
        };
        // A feature of the project itself.
        if self.document.value.text("name") == Some(name) {
            return;
        }
        let kind = if item.is_true("host") { DependencyKind::Build } else { kind };
        let version = self.overrides.get(name).copied();
        let id = PackageId::new(Ecosystem::Vcpkg, name, version, self.registries.of_port(name));
        let index = self.graph.package(id, version.and_then(|version| self.document.locate(version)));
        self.graph.mark(index, Some(true), Kinds::only(kind));
        let least = item.text("version>=");
        if let Some(least) = least.filter(|_| version.is_none()) {
            self.graph.requirement(index, &format!(">={least}"));
        }
        if let Some(place) = self.document.locate(name) {
            self.graph.declare(index, place);
        }
    }
}
