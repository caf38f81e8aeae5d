//! `packages.lock.json`
//! (<https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies>):
//! what was chosen for each target framework, and besides for each runtime where that makes a difference.

use std::collections::{HashMap, HashSet};

use super::evaluated::{Evaluated, Reference};
use super::{by_name, is_name, is_version, left_out, lower, not_such, package_id, place, project_id, stem};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of, folder_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, PackageIndex, RepoPath, Source};

/// Reads `packages.lock.json`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "packages-lock",
    ecosystem: Ecosystem::NuGet,
    role: Role::Lockfile,
    names: &["packages.lock.json", "packages.*.lock.json"],
    empty_is_valid: false,
    capabilities: Capabilities { kinds: Support::Partial, ..Capabilities::FULL },
    parse,
};

/// The newest format that is known.
const NEWEST: f64 = 2.0;

/// Projects beside a lockfile beyond this many are not read (hostile input).
const MAX_PROJECTS: usize = 20;

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let projects: Vec<Evaluated> = beside(input).into_iter().map(|path| Evaluated::of(input.files, &path)).collect();
    parsed.wanted = projects.iter().flat_map(|project| project.wanted.iter().cloned()).collect();
    if !parsed.wanted.is_empty() {
        return Parsed { wanted: parsed.wanted, ..Parsed::default() };
    }
    if !matches!(document.value.get("dependencies"), Some(Value::Object(_))) {
        not_such(input.path, "object of `dependencies`: this is no lockfile of NuGet", &mut parsed);
    }
    if document.value.number("version").is_some_and(|version| version > NEWEST) {
        let message =
            "the format of this lockfile is newer than 2; it was read as that one, and packages may be missing";
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let folder = file_name_of(folder_of(input.path));
    let name = projects.first().map_or(folder, |project| stem(&project.path));
    let member = graph.member(project_id(if name.is_empty() { "?" } else { name }, None), None);
    let mut asked: HashMap<String, Vec<&Reference>> = HashMap::new();
    for reference in projects.iter().flat_map(|project| &project.references) {
        asked.entry(lower(&reference.name)).or_default().push(reference);
    }
    if projects.is_empty() {
        graph.unknown_use_below(member);
    }
    let mut lock = Lock { input, document: &document, graph, member, asked, diagnostics: Vec::new() };
    let targets = document.value.object("dependencies");
    let mut read: HashMap<&str, HashMap<String, PackageIndex>> = HashMap::new();
    for (target, entries) in targets {
        let framework = target.split('/').next().unwrap_or_default();
        let packages = lock.packages(entries);
        // A runtime has what differs from its framework.
        let base = if framework == target { None } else { read.get(framework) };
        lock.connect(entries, &packages, base);
        if framework == target {
            read.insert(framework, packages);
        }
    }
    parsed.diagnostics.append(&mut lock.diagnostics);
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = lock.graph.finish_by_reachability();
    parsed.companions = projects.into_iter().map(|project| project.path).collect();
    parsed
}

/// The projects in the folder of a lockfile. `packages.Name.lock.json` is that of the project `Name` alone.
fn beside(input: &Input<'_>) -> Vec<RepoPath> {
    let folder = folder_of(input.path);
    let own = file_name_of(input.path).strip_prefix("packages.").and_then(|rest| rest.strip_suffix(".lock.json"));
    let is_project = |path: &str| {
        folder_of(path) == folder
            && [".csproj", ".fsproj", ".vbproj"].iter().any(|end| path.ends_with(end))
            && own.is_none_or(|own| stem(path).replace(' ', "_") == own)
    };
    let found = input.files.below(folder).map(|(path, _)| path).filter(|path| is_project(path));
    found.take(MAX_PROJECTS).cloned().collect()
}

struct Lock<'l, 'd> {
    input: &'l Input<'l>,
    document: &'d Document<'d>,
    graph: GraphBuilder,
    member: PackageIndex,
    /// What the projects ask for, by name in lower case.
    asked: HashMap<String, Vec<&'l Reference>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'d> Lock<'_, 'd> {
    /// Adds the packages of a target, by name.
    fn packages(&mut self, entries: &'d Value<'d>) -> HashMap<String, PackageIndex> {
        let mut packages = HashMap::new();
        for (name, entry) in entries.entries() {
            let is_project = entry.text("type") == Some("Project");
            let version = entry.text("resolved").filter(|version| is_version(version));
            if !is_name(name) || (version.is_none() && !is_project) {
                self.diagnostics.push(left_out(self.input, place(self.document, name), name));
                continue;
            }
            let index = match version {
                Some(version) if !is_project => {
                    let at = place(self.document, version);
                    self.graph.instance(package_id(name, Some(version), Source::PUBLIC_REGISTRY), at)
                }
                _ => self.graph.instance(project_id(name, None), None),
            };
            if let Some(hash) = entry.text("contentHash").filter(|hash| !hash.is_empty()) {
                self.graph.integrity(index, hash);
            }
            packages.insert(lower(name), index);
        }
        packages
    }

    /// Adds who needs whom in a target.
    fn connect(
        &mut self,
        entries: &'d Value<'d>,
        packages: &HashMap<String, PackageIndex>,
        base: Option<&HashMap<String, PackageIndex>>,
    ) {
        let find = |name: &str| packages.get(name).or_else(|| base?.get(name)).copied();
        let mut of_projects: HashSet<String> = HashSet::new();
        for (name, entry) in by_name(entries.entries()) {
            let Some(&from) = packages.get(&name) else { continue };
            let is_project = entry.text("type") == Some("Project");
            for (needed, range) in entry.object("dependencies") {
                if let Some(to) = find(&lower(needed)) {
                    self.graph.dependency(from, to, DependencyKind::Runtime, range.as_text());
                }
                if is_project {
                    of_projects.insert(lower(needed));
                }
            }
        }
        for (name, entry) in entries.entries() {
            let lowered = lower(name);
            let Some(&to) = packages.get(&lowered) else { continue };
            let is_named = match entry.text("type") {
                Some("Direct") => true,
                Some("Project") => !of_projects.contains(&lowered),
                _ => false,
            };
            if is_named {
                let references = self.asked.get(&lowered).map_or(&[][..], Vec::as_slice);
                let kind = references.iter().map(|reference| reference.kind).min();
                let kind = kind.unwrap_or(DependencyKind::Runtime);
                self.graph.dependency(self.member, to, kind, entry.text("requested"));
                for reference in references {
                    self.graph.declare(to, reference.declared.clone());
                }
            }
        }
    }
}
