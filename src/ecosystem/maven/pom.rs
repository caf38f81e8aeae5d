//! `pom.xml` (<https://maven.apache.org/pom.html>): what a project asks for itself. Maven has no lockfile; what those
//! packages need in turn stands in no file of the project.
//!
//! A version may come from a property, from the management of the POM, of its parents or of a POM that is imported;
//! all that lies in the scanned tree is looked at. What would have to be fetched stays without a version, and that is
//! said. What a parent asks for in the name of all its modules stands with the parent, and with a module only where
//! the module makes another version of it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::effective::{Key, Lineage, Managed, Tree};
use super::pom_file::{Asked, Pom, Section, Value};
use super::{artifact_id, is_sane};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `pom.xml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pom",
    ecosystem: Ecosystem::Maven,
    // It is all that Maven has: there is no file that would fix more.
    role: Role::Lockfile,
    names: &["pom.xml", "*.pom"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Full,
        kinds: Support::Full,
        source: Support::Full,
        lines: Support::Partial,
        integrity: Support::None,
    },
    parse,
};

/// What parents ask for is compared for so many dependencies at most.
const MAX_INHERITED: usize = 1000;

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let Some(own) = Pom::read(input.path, input.bytes, &mut parsed.diagnostics) else {
        bound(&mut parsed.diagnostics, input.path);
        return parsed;
    };
    let tree = Tree { files: input.files, poms: input.files.poms() };
    let lineage = tree.lineage(&own);
    if let Some(wanted) = lineage.wanted {
        return Parsed { wanted: vec![wanted], ..Parsed::default() };
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let group = lineage.group().map_or_else(|| "?".to_owned(), |group| group.text);
    let artifact = lineage.text(&own.artifact.text).unwrap_or_else(|_| own.artifact.text.clone());
    let version = lineage.version();
    let id = artifact_id(
        &group,
        &artifact,
        version.as_ref().map(|version| &*version.text),
        Source::of(SourceKind::Workspace),
    );
    // A version that a parent sets stands there for the parent.
    let place = version.and_then(|version| version.place).filter(|place| place.path == *input.path);
    let member = graph.member(id, place);
    graph.mark(member, None, Kinds::only(DependencyKind::Runtime));
    let mut reading =
        Reading { tree, graph, member, unresolved: Vec::new(), missing: BTreeSet::new(), properties: BTreeSet::new() };
    reading.section(&lineage, &own.main, false);
    for profile in &own.profiles {
        reading.section(&lineage.with(profile), profile, true);
    }
    reading.inherited(&lineage);
    parsed.diagnostics.extend(reading.remark(input.path));
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = reading.graph.finish_as_marked();
    parsed
}

struct Reading<'r> {
    tree: Tree<'r>,
    graph: GraphBuilder,
    member: PackageIndex,
    /// What has no version here: its name and its line, where it stands in this file.
    unresolved: Vec<(String, u32)>,
    /// POMs that are not in the tree.
    missing: BTreeSet<String>,
    /// Properties that nobody sets.
    properties: BTreeSet<String>,
}

/// What the version of a dependency comes to.
#[derive(PartialEq, Eq)]
enum Fixed {
    Version(Value),
    /// A range, or whatever is newest.
    Requirement(String),
    /// It is not to be had here; the property that nobody sets, if it is one.
    Unknown(Option<String>),
}

impl Fixed {
    fn of(version: Option<Result<Value, String>>) -> Self {
        let value = match version {
            None => return Self::Unknown(None),
            Some(Err(property)) => return Self::Unknown(Some(property)),
            Some(Ok(value)) => value,
        };
        let text = value.text.trim();
        if let Some(exact) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
            && is_sane(exact)
            && !exact.contains(',')
        {
            let place = value.place.map(|mut place| {
                place.column = place.column.saturating_add(1);
                place.length = place.length.saturating_sub(2);
                place
            });
            return Self::Version(Value { text: exact.to_owned(), place });
        }
        if text.starts_with(['[', '(']) || matches!(text, "LATEST" | "RELEASE") {
            return Self::Requirement(text.to_owned());
        }
        if is_sane(text) { Self::Version(value) } else { Self::Unknown(Some(text.chars().take(80).collect())) }
    }
}

/// What is managed for the dependencies of a section.
struct Management<'r> {
    lineage: &'r Lineage<'r>,
    managed: HashMap<Key, Managed>,
}

impl<'r> Management<'r> {
    fn of<'a>(
        lineage: &'r Lineage<'r>,
        tree: Tree<'_>,
        asked: impl Iterator<Item = &'a Asked>,
        missing: &mut BTreeSet<String>,
    ) -> Self {
        let artifacts: HashSet<String> = asked.filter_map(|asked| lineage.text(&asked.artifact).ok()).collect();
        let managed = if artifacts.is_empty() { HashMap::new() } else { lineage.managed(tree, &artifacts, missing) };
        Self { lineage, managed }
    }

    fn of_asked(&self, asked: &Asked) -> Option<&Managed> {
        self.managed.get(&self.lineage.key(asked)?)
    }

    fn version(&self, asked: &Asked) -> Fixed {
        let own = asked.version.as_ref().map(|version| self.lineage.resolve(version));
        Fixed::of(own.or_else(|| self.of_asked(asked)?.version.clone()))
    }

    fn scope(&self, asked: &Asked) -> Option<String> {
        let scope = asked.scope.clone().or_else(|| self.of_asked(asked)?.scope.clone())?;
        self.lineage.text(&scope).ok()
    }
}

/// What a dependency of a scope is for. What is `provided` is brought by the container or the JDK that runs the program,
/// and `system` is the same from a path; what a profile adds is there where somebody asks for the profile.
fn kind_of(scope: Option<&str>, is_optional: bool) -> DependencyKind {
    match scope {
        Some("test") => DependencyKind::Dev,
        Some("provided" | "system") => DependencyKind::Peer,
        _ if is_optional => DependencyKind::Optional,
        _ => DependencyKind::Runtime,
    }
}

impl Reading<'_> {
    fn section(&mut self, lineage: &Lineage<'_>, section: &Section, is_profile: bool) {
        let asked = section.dependencies.iter().chain(&section.processors);
        let mut missing = BTreeSet::new();
        let management = Management::of(lineage, self.tree, asked, &mut missing);
        let before = self.unresolved.len();
        for asked in section.dependencies.iter().filter(|asked| !asked.is_import()) {
            let kind = kind_of(management.scope(asked).as_deref(), asked.is_optional || is_profile);
            self.add(&management, asked, kind, management.version(asked));
        }
        for asked in &section.processors {
            self.add(&management, asked, DependencyKind::Build, management.version(asked));
        }
        self.plugins(lineage, &section.plugins, DependencyKind::Build);
        self.plugins(lineage, &section.reporting, DependencyKind::Dev);
        if self.unresolved.len() > before {
            self.missing.extend(missing);
            self.missing.extend(lineage.missing.clone());
        }
    }

    fn plugins(&mut self, lineage: &Lineage<'_>, plugins: &[Asked], kind: DependencyKind) {
        let management = Management { lineage, managed: HashMap::new() };
        for plugin in plugins {
            let own = plugin.version.as_ref().map(|version| lineage.resolve(version));
            let version = own.or_else(|| {
                let (group, artifact) = (lineage.text(&plugin.group).ok()?, lineage.text(&plugin.artifact).ok()?);
                lineage.managed_plugin(&group, &artifact)
            });
            let index = self.add(&management, plugin, kind, Fixed::of(version));
            for asked in &plugin.dependencies {
                let version = asked.version.as_ref().map(|version| lineage.resolve(version));
                let needed = self.add(&management, asked, kind, Fixed::of(version));
                if let (Some(index), Some(needed)) = (index, needed)
                    && index != needed
                {
                    self.graph.dependency(index, needed, DependencyKind::Runtime, None);
                }
            }
        }
    }

    /// What parents ask for and this POM makes another version of.
    fn inherited(&mut self, lineage: &Lineage<'_>) {
        let of_parent = lineage.of_parent();
        let all = of_parent.poms.iter().flat_map(|pom| &pom.main.dependencies).take(MAX_INHERITED);
        let all: Vec<&Asked> = all.filter(|asked| !asked.is_import()).collect();
        if all.is_empty() {
            return;
        }
        let mut missing = BTreeSet::new();
        let here = Management::of(lineage, self.tree, all.iter().copied(), &mut missing);
        let there = Management::of(&of_parent, self.tree, all.iter().copied(), &mut missing);
        for asked in all {
            let version = here.version(asked);
            if matches!(version, Fixed::Version(_)) && version != there.version(asked) {
                let kind = kind_of(here.scope(asked).as_deref(), asked.is_optional);
                self.add(&here, asked, kind, version);
            }
        }
    }

    /// Adds something that is asked for.
    fn add(
        &mut self,
        management: &Management<'_>,
        asked: &Asked,
        kind: DependencyKind,
        version: Fixed,
    ) -> Option<PackageIndex> {
        let lineage = management.lineage;
        let names = (lineage.text(&asked.group), lineage.text(&asked.artifact));
        let (group, artifact) = match names {
            (Ok(group), Ok(artifact)) if is_sane(&group) && is_sane(&artifact) => (group, artifact),
            (Err(property), _) | (_, Err(property)) => {
                self.properties.insert(property);
                self.unresolved.push((format!("{}:{}", asked.group, asked.artifact), asked.declared.line));
                return None;
            }
            _ => return None,
        };
        let (version, requirement) = match version {
            Fixed::Version(version) => (Some(version), None),
            Fixed::Requirement(requirement) => (None, Some(requirement)),
            Fixed::Unknown(property) => {
                if !self.is_of_tree(&group, &artifact, None) {
                    self.properties.extend(property);
                    self.unresolved.push((format!("{group}:{artifact}"), asked.declared.line));
                }
                (None, asked.version.as_ref().map(|version| version.text.clone()))
            }
        };
        let text = version.as_ref().map(|version| version.text.as_str());
        let source = if asked.scope.as_deref() == Some("system") {
            asked.system_path.as_deref().map_or(Source::of(SourceKind::Path), |path| Source::at(SourceKind::Path, path))
        } else if self.is_of_tree(&group, &artifact, text) {
            Source::of(SourceKind::Workspace)
        } else {
            Source::PUBLIC_REGISTRY
        };
        let place = version.as_ref().and_then(|version| version.place.clone());
        let index = self.graph.package(artifact_id(&group, &artifact, text, source), place);
        if index == self.member {
            return Some(index);
        }
        self.graph.declare(index, asked.declared.clone());
        self.graph.mark(index, Some(true), Kinds::only(kind));
        let asks = text.or(requirement.as_deref()).map(str::to_owned);
        self.graph.dependency(self.member, index, kind, asks.as_deref());
        if let Some(requirement) = requirement {
            self.graph.requirement(index, &requirement);
        }
        Some(index)
    }

    /// Whether a POM of the tree makes that artifact, of that version where it is known.
    fn is_of_tree(&self, group: &str, artifact: &str, version: Option<&str>) -> bool {
        match version {
            Some(version) => self.tree.find(group, artifact, version).is_some(),
            None => self.tree.poms.named(artifact).any(|pom| pom.group().is_some_and(|own| own.text == group)),
        }
    }

    /// What is said once of all that has no version here.
    fn remark(&self, path: &RepoPath) -> Option<Diagnostic> {
        let (first, line) = self.unresolved.first()?;
        let count = self.unresolved.len();
        let mut message = match count {
            1 => format!("`{first}` has no version here"),
            _ => format!("{count} dependencies and plugins have no version here, of which `{first}` is the first"),
        };
        let listed = |names: &BTreeSet<String>| {
            let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
            let more = names.len().saturating_sub(shown.len());
            if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
        };
        if !self.missing.is_empty() {
            message += &format!("; what the scanned tree does not hold may say it: {}", listed(&self.missing));
        }
        if !self.properties.is_empty() {
            message += &format!("; no file of the tree sets {}", listed(&self.properties));
        }
        message += ". No advisory can be matched with what has no version; scan an SBOM that the build writes, which has all of them";
        Some(Diagnostic::warning(path, Some(*line), message))
    }
}
