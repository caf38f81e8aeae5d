//! `go.mod` (<https://go.dev/ref/mod#go-mod-file>), with the `go.sum` beside it and the `go.work` above it.
//!
//! From Go 1.17 on it lists every module that the build needs, at the version that the build takes. It does not say
//! who needs the indirect ones, nor what is for tests only: everything is taken as needed at run time.

use std::collections::{HashMap, HashSet};

use super::directives::{Directive, Replacement, directives, replacement};
use super::{Checksums, is_toolchain, is_version, module_id, toolchain_version};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, folder_of, join, text_of};
use crate::model::{
    DependencyKind, Diagnostic, DriftKind, Ecosystem, GraphBuilder, Kinds, LineIndex, Location, PackageId,
    PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `go.mod`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "go-mod",
    ecosystem: Ecosystem::Go,
    role: Role::Lockfile,
    names: &["go.mod"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        kinds: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// What a `go.mod` says.
#[derive(Default)]
struct Module<'t> {
    name: Option<&'t str>,
    /// The language version.
    go: Option<&'t str>,
    toolchain: Option<&'t str>,
    required: Vec<(&'t str, &'t str, bool)>,
    excluded: HashSet<(&'t str, &'t str)>,
}

/// A replacement, and where the version stands that it brings.
type Placed<'t> = (Replacement<'t>, Option<Location>);

/// Replacements by module and version (`None`: every version).
#[derive(Default)]
struct Replacements<'t> {
    by_module: HashMap<(&'t str, Option<&'t str>), Placed<'t>>,
}

impl<'t> Replacements<'t> {
    fn add(&mut self, replacement: Replacement<'t>, lines: &LineIndex<'t>) {
        let place = replacement.target_version.and_then(|version| lines.locate_slice(version));
        self.by_module.insert((replacement.module, replacement.version), (replacement, place));
    }

    /// The replacement of a module's version; one for that version goes before one for all.
    fn of(&self, module: &'t str, version: &'t str) -> Option<&Placed<'t>> {
        self.by_module.get(&(module, Some(version))).or_else(|| self.by_module.get(&(module, None)))
    }
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut parsed.diagnostics));
    let mut replacements = Replacements::default();
    let module = read(input.path, &lines, &mut replacements, &mut parsed.diagnostics);
    let workspace = workspace(input);
    let mut above = Replacements::default();
    if let Some((path, lines)) = &workspace {
        // What is wrong there is said when that file is read.
        for directive in directives(path, lines, &mut Vec::new()).iter().filter(|line| line.verb == "replace") {
            if let Some(replacement) = replacement(directive) {
                above.add(replacement, lines);
            }
        }
    }
    let sum_path = input.beside("go.sum");
    let sums = checksums(input, &sum_path, &mut parsed);
    let mut builder = Builder {
        graph: GraphBuilder::new(input.path, PARSER.id),
        lines: &lines,
        project: None,
        replacements: [&above, &replacements],
        sum: sums.as_ref(),
        path: input.path,
        in_workspace: workspace.is_some(),
        diagnostics: &mut parsed.diagnostics,
    };
    builder.add(&module);
    parsed.graph = builder.graph.finish_as_marked();
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

fn read<'t>(
    path: &RepoPath,
    lines: &LineIndex<'t>,
    replacements: &mut Replacements<'t>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Module<'t> {
    let mut module = Module::default();
    for directive in directives(path, lines, diagnostics) {
        let known = match (directive.verb, directive.words.as_slice()) {
            ("module", [name]) => module.name.replace(name).is_none(),
            ("go", [version]) => module.go.replace(version).is_none(),
            ("toolchain", [name]) => is_toolchain(name) && module.toolchain.replace(name).is_none(),
            ("require", [name, version]) => {
                module.required.push((name, version, !directive.is_indirect()));
                true
            }
            ("replace", _) => replacement(&directive).map(|found| replacements.add(found, lines)).is_some(),
            ("exclude", [name, version]) => {
                module.excluded.insert((name, version));
                true
            }
            // They say nothing of dependencies: a tool's module stands among the required ones.
            ("retract" | "tool" | "godebug" | "ignore", [_, ..]) => true,
            _ => false,
        };
        if !known {
            diagnostics.push(unreadable(path, &directive));
        }
    }
    if module.name.is_none() && diagnostics.is_empty() {
        diagnostics.push(Diagnostic::error(path, None, "there is no `module` line: not a go.mod"));
    }
    module
}

/// A line that the grammar does not have.
pub(super) fn unreadable(path: &RepoPath, directive: &Directive<'_>) -> Diagnostic {
    let message = format!("this `{}` line cannot be read; it was left out", directive.verb);
    Diagnostic::error(path, Some(directive.line), message)
}

/// The nearest `go.work` above that uses this module: its replacements go before the module's own
/// (<https://go.dev/ref/mod#go-work-file-replace>).
fn workspace<'i>(input: &Input<'i>) -> Option<(RepoPath, LineIndex<'i>)> {
    let own = folder_of(input.path);
    let mut folder = own;
    // A path has at most as many folders as bytes; deeper trees than this are not Go's.
    for _ in 0..100 {
        let path: RepoPath = join(folder, "go.work").unwrap_or_default().into();
        if let Lookup::Found(bytes) = input.files.look_up(&path) {
            let lines = LineIndex::new(&path, text_of(&path, bytes, &mut Vec::new()));
            let all = directives(&path, &lines, &mut Vec::new());
            let mut used = all.iter().filter(|line| line.verb == "use").filter_map(|line| line.words.first());
            let uses = used.any(|used| join(folder, used).as_deref() == Some(own));
            return uses.then_some((path, lines));
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder_of(folder);
    }
    None
}

/// The checksums beside a `go.mod`; that there are none is no loss.
fn checksums<'i>(input: &Input<'i>, path: &RepoPath, parsed: &mut Parsed) -> Option<Sum<'i>> {
    match input.files.look_up(path) {
        Lookup::Found(bytes) => {
            parsed.companions.push(RepoPath::clone(path));
            let lines = LineIndex::new(path, text_of(path, bytes, &mut parsed.diagnostics));
            let checksums = Checksums::read(&lines);
            super::go_sum::report_broken(path, &checksums, &mut parsed.diagnostics);
            Some(Sum { path: RepoPath::clone(path), lines, checksums })
        }
        Lookup::NotLoaded => {
            parsed.wanted.push(RepoPath::clone(path));
            None
        }
        Lookup::Unavailable(_) => None,
    }
}

struct Sum<'t> {
    path: RepoPath,
    lines: LineIndex<'t>,
    checksums: Checksums<'t>,
}

struct Builder<'b, 't> {
    graph: GraphBuilder,
    lines: &'b LineIndex<'t>,
    project: Option<PackageIndex>,
    /// In the order in which they are asked.
    replacements: [&'b Replacements<'t>; 2],
    sum: Option<&'b Sum<'t>>,
    path: &'b RepoPath,
    in_workspace: bool,
    diagnostics: &'b mut Vec<Diagnostic>,
}

impl<'t> Builder<'_, 't> {
    fn add(&mut self, module: &Module<'t>) {
        self.project =
            module.name.map(|name| self.graph.member(module_id(name, None, Source::of(SourceKind::Workspace)), None));
        if let Some(project) = self.project {
            self.graph.mark(project, Some(false), Kinds::only(DependencyKind::Runtime));
        }
        let mut named = HashSet::new();
        for &(name, version, direct) in &module.required {
            named.insert(name);
            let index = self.required(name, version, module.excluded.contains(&(name, version)));
            self.used(index, direct);
        }
        if let Some(version) = module.toolchain.and_then(toolchain_version) {
            let id = module_id("stdlib", Some(version), Source::PUBLIC_REGISTRY);
            let index = self.graph.package(id, self.lines.locate_slice(version));
            self.used(index, true);
        }
        if let Some(sum) = self.sum.filter(|_| lacks_indirect(module.go)) {
            self.add_unnamed(sum, &named, module.name);
        }
    }

    fn used(&mut self, index: PackageIndex, direct: bool) {
        self.graph.mark(index, Some(direct), Kinds::only(DependencyKind::Runtime));
        if let Some(project) = self.project.filter(|_| direct) {
            self.graph.dependency(project, index, DependencyKind::Runtime, None);
        }
    }

    /// Adds what a `require` line leads to.
    fn required(&mut self, name: &'t str, version: &'t str, excluded: bool) -> PackageIndex {
        let place = self.lines.locate_slice(version);
        let replaced = self.replacements.iter().find_map(|all| all.of(name, version));
        let (name, version, source, fixed) = match replaced {
            // A folder takes the place of that very version, which stays its name.
            Some((Replacement { target, target_version: None, .. }, _)) => {
                (name, version, Source::at(SourceKind::Path, target), place.clone())
            }
            Some((Replacement { target, target_version: Some(version), .. }, fixed)) => {
                (*target, *version, Source::PUBLIC_REGISTRY, fixed.clone())
            }
            None => (name, version, Source::PUBLIC_REGISTRY, place.clone()),
        };
        let known = is_version(version) && (!excluded || replaced.is_some());
        let id = module_id(name, Some(version).filter(|_| known), source);
        let index = self.package(id, fixed.filter(|_| known));
        if !known {
            // Instead of an excluded version Go takes the next higher one, which only a registry knows.
            let requirement = if is_version(version) { format!(">{version}") } else { version.to_owned() };
            let message = format!("the version of `{name}` is not fixed (`{requirement}`): run `go mod tidy`");
            let line = place.as_ref().map(|place| place.line);
            let path = place.as_ref().map(|place| RepoPath::clone(&place.path));
            self.graph.requirement(index, &requirement);
            if let Some(path) = path {
                self.diagnostics.push(Diagnostic::error(&path, line, message));
            }
        }
        self.check_sum(index, place.as_ref());
        if (replaced.is_some() || !known)
            && let Some(place) = place
        {
            self.graph.declare(index, place);
        }
        index
    }

    /// Notes that `go.sum` has nothing of a module: a build stops there, or takes what nobody checked
    /// (<https://go.dev/ref/mod#go-sum-files>). In a workspace the checksum may stand in `go.work.sum`.
    fn check_sum(&mut self, index: PackageIndex, place: Option<&Location>) {
        let Some(sum) = self.sum.filter(|_| !self.in_workspace) else { return };
        let id = self.graph.id(index).clone();
        let Some(version) = id.version.as_deref().filter(|_| id.source.kind == SourceKind::Registry) else { return };
        if !sum.checksums.knows(&id.name, version) {
            let path = self.path;
            let wanted = Wanted { manifest: path, name: &id.name, requirement: Some(version), place };
            self.graph.drift(wanted.drift(DriftKind::Unsummed(RepoPath::clone(&sum.path))));
        }
    }

    /// Adds a package with its hash.
    fn package(&mut self, id: PackageId, place: Option<Location>) -> PackageIndex {
        let version = id.version.as_deref().filter(|_| id.source.kind == SourceKind::Registry);
        let hash = version.zip(self.sum).and_then(|(version, sum)| sum.checksums.hash(&id.name, version));
        let index = self.graph.package(id, place);
        if let Some(hash) = hash {
            self.graph.integrity(index, hash);
        }
        index
    }

    /// Adds the modules that only `go.sum` knows. Versions that lost stand there too, so of each module the highest
    /// one is taken.
    fn add_unnamed(&mut self, sum: &Sum<'t>, named: &HashSet<&str>, own: Option<&str>) {
        for (name, checksum) in sum.checksums.chosen() {
            let is_target =
                self.graph.find(&module_id(name, Some(checksum.version), Source::PUBLIC_REGISTRY)).is_some();
            if named.contains(name) || own == Some(name) || is_target {
                continue;
            }
            let replaced = self.replacements.iter().find_map(|all| all.of(name, checksum.version));
            let index = match replaced {
                Some((Replacement { target, target_version: Some(version), .. }, fixed)) => {
                    self.package(module_id(target, Some(version), Source::PUBLIC_REGISTRY), fixed.clone())
                }
                _ => {
                    let id = module_id(name, Some(checksum.version), Source::PUBLIC_REGISTRY);
                    self.package(id, sum.lines.locate_slice(checksum.version))
                }
            };
            self.used(index, false);
        }
    }
}

/// Whether a `go.mod` of that language version leaves indirect modules out
/// (<https://go.dev/ref/mod#go-mod-file-go>: before 1.17; without the line it is 1.16).
fn lacks_indirect(go: Option<&str>) -> bool {
    let Some(go) = go else { return true };
    let mut numbers = go.split(['.', 'r', 'b']).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < (1, 17)
}
