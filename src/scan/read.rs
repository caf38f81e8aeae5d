//! From files to one graph: every recognised file is parsed, lockfiles first, then the manifests that no lockfile
//! read, and each ends in one state of the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use rayon::prelude::*;

use super::discover::{Discovery, Found, read_bounded};
use crate::ecosystem::{FileSet, Input, Lookup, Parsed, Parser, Role, installation_of, parser_for, program_data};
use crate::model::{
    DependencyGraph, Diagnostic, DiagnosticSeverity, FileCoverage, FileState, Location, RepoPath, SourceKind, Use,
};

/// How often a parser may ask for further files: bounds how deep requirements files include each other.
const ROUNDS: usize = 32;

/// From how many files on they are read in parallel.
const PARALLEL: usize = 4;

/// What reading the files gave.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) graph: DependencyGraph,
    pub(super) files: Vec<FileCoverage>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A file and the parser that reads it.
type Claimed = (RepoPath, &'static Parser);

/// A file with its parser and what came of it.
struct Outcome {
    path: RepoPath,
    parser: &'static Parser,
    parsed: Parsed,
}

/// Reads everything that was discovered: what came of it, and the files themselves.
pub(super) fn read(discovery: &Discovery, max_file_size: u64) -> (Reading, FileSet) {
    let load = |path: &RepoPath| load(&discovery.root, path, max_file_size);
    let mut files = FileSet::default();
    let load_found = |found: &Found| {
        if found.is_program { load_program(&discovery.root, &found.path) } else { load(&found.path) }
    };
    for (path, content) in &discovery.loaded {
        files.insert(RepoPath::clone(path), content.clone());
    }
    let is_in_file_system = |found: &&Found| files.look_up(&found.path) == Lookup::NotLoaded;
    let to_load: Vec<&Found> = discovery.files.iter().filter(is_in_file_system).collect();
    for (path, content) in map_all(to_load, |found| (found.path.clone(), load_found(found))) {
        files.insert(path, content);
    }
    let reading = read_loaded(discovery, &mut files, &load);
    (reading, files)
}

/// The same of files that are at hand; `load` reads those that they ask for.
pub(super) fn read_loaded(
    discovery: &Discovery,
    files: &mut FileSet,
    load: &dyn Fn(&RepoPath) -> Result<Vec<u8>, String>,
) -> Reading {
    let claimed: Vec<Claimed> =
        discovery.files.iter().filter_map(|found| Some((RepoPath::clone(&found.path), found.parser()?))).collect();
    let of_role = |role: Role| -> Vec<_> {
        claimed
            .iter()
            .filter(|(_, parser)| parser.role == role)
            .map(|(path, parser)| (RepoPath::clone(path), *parser))
            .collect()
    };
    let mut outcomes = parse_all(of_role(Role::Lockfile), files, load);
    outcomes.extend(parse_installed(of_role(Role::Installed), files, load));
    let manifests = of_role(Role::Manifest);
    let read_with = companions(&outcomes);
    let alone = manifests.into_iter().filter(|(path, _)| !read_with.contains_key(path)).collect();
    outcomes.extend(parse_all(alone, files, load));
    give_back(&mut outcomes);
    conclude(discovery, outcomes, &read_with)
}

/// Parses what is installed: of each installation the first file, and then those that were not read with it.
fn parse_installed(
    installed: Vec<Claimed>,
    files: &mut FileSet,
    load: &dyn Fn(&RepoPath) -> Result<Vec<u8>, String>,
) -> Vec<Outcome> {
    let mut seen = BTreeSet::new();
    let is_first = |(path, parser): &Claimed| seen.insert((parser.id, installation_of(path).to_owned()));
    let (first, rest): (Vec<_>, Vec<_>) = installed.into_iter().partition(is_first);
    let mut outcomes = parse_all(first, files, load);
    let read_with = companions(&outcomes);
    let alone = rest.into_iter().filter(|(path, _)| !read_with.contains_key(path)).collect();
    outcomes.extend(parse_all(alone, files, load));
    outcomes
}

/// Which lockfile each manifest was read with.
fn companions(locks: &[Outcome]) -> BTreeMap<RepoPath, RepoPath> {
    let mut read_with = BTreeMap::new();
    for lock in locks {
        for companion in &lock.parsed.companions {
            read_with.entry(RepoPath::clone(companion)).or_insert_with(|| RepoPath::clone(&lock.path));
        }
    }
    read_with
}

/// A file may include another one that is read for itself too (`-r requirements.txt`). What that one brings belongs to
/// it alone, and is used as it says: a runtime dependency stays one where a file for developers includes it.
fn give_back(outcomes: &mut [Outcome]) {
    let places: BTreeMap<RepoPath, Included> =
        outcomes.iter().map(|outcome| (RepoPath::clone(&outcome.path), Included::of(outcome))).collect();
    for outcome in outcomes.iter_mut() {
        let own = &places[&outcome.path];
        // Most files include none: nothing is copied for them.
        if own.places.is_empty() {
            continue;
        }
        let other = |path: &RepoPath| places.get(path).filter(|other| other.parser == own.parser);
        let nearer: Vec<&Included> = own
            .companions
            .iter()
            .filter(|path| **path != outcome.path)
            .filter_map(other)
            .filter(|other| !other.companions.contains(&outcome.path))
            .collect();
        let is_brought = |place: &Location| {
            let is_anothers = place.path != outcome.path && other(&place.path).is_some();
            is_anothers || nearer.iter().any(|other| other.places.contains(place))
        };
        let belongs_elsewhere = |usage: &Use| {
            // What it asks for itself is its own, wherever the version stands.
            let mut places = usage.locations.iter().chain(&usage.declared);
            let is_own = places.any(|place| place.path == outcome.path);
            !is_own && !usage.locations.is_empty() && usage.locations.iter().all(is_brought)
        };
        let graph = std::mem::take(&mut outcome.parsed.graph);
        outcome.parsed.graph = graph.keep(|_, usage| !belongs_elsewhere(usage));
    }
}

/// What a file brings, its own and what it includes.
struct Included {
    parser: &'static str,
    companions: BTreeSet<RepoPath>,
    places: BTreeSet<Location>,
}

impl Included {
    fn of(outcome: &Outcome) -> Self {
        let uses = outcome.parsed.graph.roots.iter().flat_map(|root| &root.uses);
        let companions: BTreeSet<RepoPath> = outcome.parsed.companions.iter().cloned().collect();
        // Only who includes something can have places in common with another file.
        let elsewhere = uses.flat_map(|usage| &usage.locations).filter(|place| place.path != outcome.path);
        Self { parser: outcome.parser.id, companions, places: elsewhere.cloned().collect() }
    }
}

/// Does the same to each, on all processors where there are enough to be worth waking them: idle workers of a pool cost
/// more than a few files do.
fn map_all<T: Send, R: Send>(items: Vec<T>, act: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < PARALLEL { items.into_iter().map(act).collect() } else { items.into_par_iter().map(act).collect() }
}

fn load(root: &Path, path: &RepoPath, max: u64) -> Result<Vec<u8>, String> {
    let full = root.join(&**path);
    let target = full.canonicalize().map_err(|error| format!("it cannot be read: {error}"))?;
    if !target.starts_with(root) {
        return Err("it is a symbolic link out of the root; not followed".to_owned());
    }
    if !target.is_file() {
        return Err("it is no file".to_owned());
    }
    read_bounded(&target, max)
}

/// What a program says of what it was built from.
fn load_program(root: &Path, path: &RepoPath) -> Result<Vec<u8>, String> {
    let file = File::open(root.join(&**path)).map_err(|error| format!("it cannot be read: {error}"))?;
    program_data(file).ok_or_else(|| "it changed while it was looked at".to_owned())
}

/// Parses files in parallel, and again those that asked for files which were not at hand.
fn parse_all(
    mut pending: Vec<(RepoPath, &'static Parser)>,
    files: &mut FileSet,
    load: &dyn Fn(&RepoPath) -> Result<Vec<u8>, String>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(pending.len());
    for round in 1..=ROUNDS {
        let parsed = map_all(std::mem::take(&mut pending), |(path, parser)| {
            let parsed = parse_one(&path, parser, files);
            Outcome { path, parser, parsed }
        });
        let mut wanted = BTreeSet::new();
        for mut outcome in parsed {
            if outcome.parsed.wanted.is_empty() {
                outcomes.push(outcome);
            } else if round == ROUNDS {
                let message = format!("it includes files more than {ROUNDS} deep; what lies deeper was not read");
                outcome.parsed.diagnostics.push(Diagnostic::error(&outcome.path, None, message));
                outcomes.push(outcome);
            } else {
                wanted.extend(outcome.parsed.wanted.iter().cloned());
                pending.push((outcome.path, outcome.parser));
            }
        }
        if pending.is_empty() {
            break;
        }
        for path in wanted {
            let content = load(&path);
            files.insert(path, content);
        }
    }
    outcomes
}

fn parse_one(path: &RepoPath, parser: &Parser, files: &FileSet) -> Parsed {
    match files.look_up(path) {
        crate::ecosystem::Lookup::Found(bytes) if bytes.is_empty() && !parser.empty_is_valid => {
            Parsed::failed(Diagnostic::error(path, None, "the file is empty, which no tool writes; it was cut off"))
        }
        crate::ecosystem::Lookup::Found(bytes) => (parser.parse)(&Input { path, bytes, files }),
        crate::ecosystem::Lookup::Unavailable(reason) => Parsed::failed(Diagnostic::error(path, None, reason)),
        crate::ecosystem::Lookup::NotLoaded => Parsed::failed(Diagnostic::error(path, None, "it was not read")),
    }
}

/// The ledger, the diagnostics and the graph.
fn conclude(discovery: &Discovery, outcomes: Vec<Outcome>, read_with: &BTreeMap<RepoPath, RepoPath>) -> Reading {
    let test_data: BTreeSet<&RepoPath> =
        discovery.files.iter().filter(|found| found.test_data).map(|found| &found.path).collect();
    let mut reading = Reading { files: discovery.left_out.clone(), ..Reading::default() };
    let mut graphs = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let Outcome { path, parser, parsed } = outcome;
        reading.files.push(row(&path, parser, &parsed));
        reading.diagnostics.extend(parsed.diagnostics);
        let mut graph = parsed.graph;
        for root in &mut graph.roots {
            root.test_data = test_data.contains(&path);
        }
        graphs.push(graph);
    }
    let known: BTreeSet<RepoPath> = reading.files.iter().map(|row| RepoPath::clone(&row.path)).collect();
    let mut errors: BTreeMap<&RepoPath, &str> = BTreeMap::new();
    for diagnostic in reading.diagnostics.iter().filter(|d| d.severity == DiagnosticSeverity::Error) {
        if let Some(path) = &diagnostic.path {
            errors.entry(path).or_insert(&diagnostic.message);
        }
    }
    for found in &discovery.files {
        let Some(by) = read_with.get(&found.path).filter(|_| !known.contains(&found.path)) else { continue };
        let parser = parser_for(&found.path);
        let (state, message) = match errors.get(&found.path) {
            Some(&error) => (FileState::PartlyRead, error.to_owned()),
            None => (FileState::Read, format!("read with {by}")),
        };
        reading.files.push(FileCoverage {
            path: RepoPath::clone(&found.path),
            parser: parser.map(|parser| parser.id),
            state,
            fixes_versions: false,
            packages: 0,
            message: Some(message),
        });
    }
    reading.files.sort();
    reading.diagnostics.extend(discovery.diagnostics.iter().cloned());
    reading.diagnostics.sort();
    reading.diagnostics.dedup();
    reading.graph = DependencyGraph::merge(graphs);
    reading
}

fn row(path: &RepoPath, parser: &'static Parser, parsed: &Parsed) -> FileCoverage {
    let third_party = parsed.graph.packages.iter().filter(|package| package.id.source.kind != SourceKind::Workspace);
    let packages = third_party.count();
    let mut errors = parsed.diagnostics.iter().filter(|d| d.severity == DiagnosticSeverity::Error);
    let first = errors.next().map(|error| match error.line {
        Some(line) if error.path.as_ref() == Some(path) => format!("line {line}: {}", error.message),
        _ => error.message.clone(),
    });
    let state = match &first {
        None => FileState::Read,
        Some(_) if packages > 0 => FileState::PartlyRead,
        Some(_) => FileState::Failed,
    };
    FileCoverage {
        path: RepoPath::clone(path),
        parser: Some(parser.id),
        state,
        fixes_versions: parser.role.fixes_versions(),
        packages,
        message: first,
    }
}
