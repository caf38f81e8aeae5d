//! `mix.lock` (<https://github.com/hexpm/hex/blob/main/lib/hex/scm.ex>, <https://hexdocs.pm/mix/Mix.Tasks.Deps.html>).
//!
//! The lock is a map of Elixir, one entry a line. It says who needs whom; what is direct and what it is for only the
//! `mix.exs` says, and of an umbrella those of its applications.

use std::collections::{HashMap, HashSet};

use super::mix_exs::Manifest;
use super::term::{Reader as Terms, Term, option};
use super::{package_id, repository};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::asked::{Project, Reach, companion, git};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of, folder_of, join};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `mix.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "mix-lock",
    ecosystem: Ecosystem::Hex,
    role: Role::Lockfile,
    names: &["mix.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// Entries that are not understood; after so many the rest is not read.
const MAX_ERRORS: usize = 50;

/// Applications of an umbrella; more are not read (hostile input).
const MAX_APPLICATIONS: usize = 2000;

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifests = manifests(input, &mut parsed);
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let text = input.text(&mut parsed.diagnostics);
    let mut reader = Reader {
        path: input.path,
        lines: LineIndex::new(input.path, text),
        graph: GraphBuilder::new(input.path, PARSER.id),
        apps: HashMap::new(),
        needs: Vec::new(),
        diagnostics: &mut parsed.diagnostics,
    };
    reader.entries(text);
    reader.connect(&manifests);
    let graph = reader.graph;
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The manifest beside the lock, and those below that say they share it (`lockfile: "../../mix.lock"`).
fn manifests(input: &Input<'_>, parsed: &mut Parsed) -> Vec<(RepoPath, Manifest)> {
    let mut manifests = Vec::new();
    let beside = input.beside("mix.exs");
    if let Some(bytes) = companion(input, &beside, parsed) {
        manifests.push((RepoPath::clone(&beside), Manifest::read(&beside, bytes, &mut parsed.diagnostics)));
    }
    let below = input.files.below(folder_of(input.path)).filter(|(path, _)| file_name_of(path) == "mix.exs");
    for (path, bytes) in below.filter(|(path, _)| **path != beside).take(MAX_APPLICATIONS) {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let lock = text.split_once("lockfile: \"").and_then(|(_, rest)| rest.split_once('"')).map(|(lock, _)| lock);
        if lock.and_then(|lock| join(folder_of(path), lock)).is_some_and(|lock| *lock == **input.path) {
            parsed.companions.push(RepoPath::clone(path));
            manifests.push((RepoPath::clone(path), Manifest::read(path, bytes, &mut parsed.diagnostics)));
        }
    }
    manifests
}

/// What one package asks of an application: its name, the requirement, whether it can do without.
type Need<'t> = (&'t str, Option<&'t str>, bool);

struct Reader<'r, 't> {
    path: &'r RepoPath,
    lines: LineIndex<'t>,
    graph: GraphBuilder,
    /// Packages by the name of their application, which is not always theirs.
    apps: HashMap<&'t str, PackageIndex>,
    needs: Vec<(PackageIndex, Vec<Need<'t>>)>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'t> Reader<'_, 't> {
    /// Reads every entry; one that is not understood is lost alone.
    fn entries(&mut self, text: &'t str) {
        let mut terms = Terms::elixir(text);
        terms.skip_space();
        if !terms.rest().starts_with("%{") {
            let line = self.lines.line(terms.at);
            let message = "a mix.lock is a map, `%{…}`; this file is none, and was not read";
            self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
            return;
        }
        terms.at += 2;
        let mut errors = 0;
        loop {
            terms.skip_space();
            let start = terms.at;
            match terms.byte() {
                Some(b'}') => return,
                Some(b',') => {
                    terms.at += 1;
                    continue;
                }
                Some(_) => {}
                None => {
                    let message = "the map is not closed; the file is cut off here";
                    self.diagnostics.push(Diagnostic::error(self.path, Some(self.lines.line(start)), message));
                    return;
                }
            }
            let is_read = match terms.item() {
                Some(Term::Pair(app, value)) => self.entry(app, &value, start),
                _ => false,
            };
            if !is_read {
                errors += 1;
                if errors > MAX_ERRORS {
                    return;
                }
                let line = self.lines.line(start);
                let message = if terms.is_cut {
                    "this entry is cut off; it was not read"
                } else {
                    "this entry is not understood; it was not read. Run `mix deps.get` to renew it"
                };
                self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
                if terms.is_cut {
                    return;
                }
                terms.at = start;
                terms.skip_line();
            }
        }
    }

    /// `{:hex, :name, "version", "hash", [managers], [needs], "repository", "outer hash"}`, which grew over time, and
    /// `{:git, "url", "commit", [options]}`.
    fn entry(&mut self, app: &'t str, value: &Term<'t>, start: usize) -> bool {
        let parts = value.items();
        let at = |at: usize| parts.get(at);
        let index = match at(0).and_then(Term::atom) {
            Some("hex") => {
                let name = at(1).and_then(Term::word);
                let (Some(name), Some(version)) = (name, at(2).and_then(Term::text)) else { return false };
                let source = at(6).and_then(Term::text).map_or(Source::PUBLIC_REGISTRY, repository);
                let place = self.lines.locate_slice(version);
                let index = self.graph.package(package_id(name, Some(version), source), place);
                let hash = at(7).and_then(Term::text).or_else(|| at(3).and_then(Term::text));
                if let Some(hash) = hash {
                    self.graph.integrity(index, hash);
                }
                let needs = at(5).map_or(&[][..], Term::items).iter().filter_map(need).collect();
                self.needs.push((index, needs));
                index
            }
            Some("git") => {
                let (Some(url), Some(commit)) = (at(1).and_then(Term::text), at(2).and_then(Term::text)) else {
                    return false;
                };
                let index = self.graph.package(package_id(app, None, git(url, Some(commit))), None);
                if let Some(place) = self.lines.locate_slice(commit) {
                    self.graph.declare(index, place);
                }
                index
            }
            Some("path") => {
                let path = at(1).and_then(Term::text).unwrap_or_default();
                let id = package_id(app, None, Source::at(SourceKind::Path, path));
                let index = self.graph.package(id, None);
                self.graph.declare(index, self.lines.locate(start, 1));
                index
            }
            _ => return false,
        };
        self.apps.insert(app, index);
        true
    }

    /// Adds edges, what is direct and what it is for.
    fn connect(&mut self, manifests: &[(RepoPath, Manifest)]) {
        let mut reach = Reach::default();
        for (from, needs) in std::mem::take(&mut self.needs) {
            for (app, requirement, is_optional) in needs {
                let Some(&to) = self.apps.get(app).filter(|&&to| to != from) else { continue };
                let kind = if is_optional { DependencyKind::Optional } else { DependencyKind::Runtime };
                self.graph.dependency(from, to, kind, requirement);
                // What it can do without something else brings in.
                if !is_optional {
                    reach.add(from, to);
                }
            }
        }
        if manifests.is_empty() {
            return;
        }
        let is_whole = manifests.iter().all(|(_, manifest)| manifest.is_whole);
        let mut starts = Vec::new();
        let mut direct: HashSet<PackageIndex> = HashSet::new();
        for (path, manifest) in manifests {
            self.manifest(path, manifest, &mut starts);
        }
        direct.extend(starts.iter().map(|(index, _)| *index));
        let apps: Vec<PackageIndex> = self.apps.values().copied().collect();
        for index in apps {
            let is_direct = direct.contains(&index);
            self.graph.mark(index, (is_direct || is_whole).then_some(is_direct), Kinds::default());
            // What is asked for in a way that is not understood may bring in anything.
            if !is_whole && !is_direct {
                starts.push((index, None));
            }
        }
        reach.mark(&starts, &mut self.graph);
    }

    fn manifest(
        &mut self,
        path: &RepoPath,
        manifest: &Manifest,
        starts: &mut Vec<(PackageIndex, Option<DependencyKind>)>,
    ) {
        let project: &Project = &manifest.project;
        let own = project.add(path, Ecosystem::Hex, &mut self.graph);
        let by_name: HashMap<String, PackageIndex> =
            self.apps.values().map(|&index| (self.graph.id(index).name.clone(), index)).collect();
        for asked in &manifest.asked {
            let name = Ecosystem::Hex.normalize_name(&asked.name);
            let found = by_name.get(name.as_ref()).or_else(|| self.apps.get(asked.name.as_str())).copied();
            let Some(to) = found else {
                // What is for some targets or environments only may be locked elsewhere.
                if manifest.is_whole && asked.source.kind == SourceKind::Registry && asked.kind.is_some() {
                    let wanted = Wanted {
                        manifest: path,
                        name: &asked.name,
                        requirement: asked.requirement.as_deref(),
                        place: asked.place.as_ref(),
                    };
                    wanted.missing(&mut self.graph);
                }
                continue;
            };
            let kind = asked.kind.unwrap_or(DependencyKind::Runtime);
            self.graph.dependency(own, to, kind, asked.requirement.as_deref());
            if let Some(place) = asked.place.clone() {
                self.graph.declare(to, place);
            }
            starts.push((to, asked.kind));
        }
    }
}

/// `{:app, "requirement", [hex: :name, optional: false]}`.
fn need<'t>(term: &Term<'t>) -> Option<Need<'t>> {
    let parts = term.items();
    let app = parts.first()?.word()?;
    let options = parts.get(2).map_or(&[][..], Term::items);
    let is_optional = option(options, "optional").and_then(Term::atom) == Some("true");
    Some((app, parts.get(1).and_then(Term::text), is_optional))
}
