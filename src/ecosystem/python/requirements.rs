//! Requirements files of pip (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>), hand-written or
//! made by pip-compile or uv.
//!
//! Only `==` and `===` give a version; a lower bound is none. What an included file holds belongs to this root, and
//! its kind is that of the file in which it stands.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::requirement_lines::{self, Line, Logical, Pin, Via, ViaComments, Wanted, decode, logical_lines};
use super::{ByName, package_id, pep508, registry, shown};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, file_name_of, folder_of, join};
use crate::model::{
    DependencyGraph, DependencyKind, Diagnostic, DiagnosticSeverity, Ecosystem, GraphBuilder, Kinds, LineIndex,
    Location, PackageIndex, RepoPath, Source,
};

/// Reads requirements files.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "requirements",
    ecosystem: Ecosystem::PyPi,
    role: Role::Lockfile,
    names: &["*requirements*.txt", "requirements/*.txt"],
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

/// How many files one root may include.
const MAX_FILES: usize = 200;

/// How deep files may include each other.
const MAX_DEPTH: u32 = 32;

/// Where pip ends a line besides `\n`
/// (<https://docs.python.org/3/library/stdtypes.html#str.splitlines>).
const OTHER_LINE_ENDS: [char; 9] =
    ['\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// How many bytes are read again because one file includes others, which are read for themselves too.
const MAX_INCLUDED: usize = 8 << 20;

fn parse(input: &Input<'_>) -> Parsed {
    let mut reader = Reader {
        input,
        parsed: Parsed::default(),
        files: Vec::new(),
        constraints: HashMap::new(),
        index: None,
        includes: Vec::new(),
        todo: Vec::new(),
        seen: HashSet::from([(RepoPath::clone(input.path), false)]),
        included: 0,
    };
    reader.file(&Task { path: RepoPath::clone(input.path), constraints: false, depth: 0 }, input.bytes);
    while let Some(task) = reader.todo.pop() {
        reader.included(&task);
    }
    let mut parsed = std::mem::take(&mut reader.parsed);
    parsed.companions = companions(input.path, &reader.includes);
    parsed.graph = build(input.path, &reader);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// A file that is to be read.
struct Task {
    path: RepoPath,
    /// Whether it only restricts versions.
    constraints: bool,
    depth: u32,
}

/// A package that a line asks for, on its own.
struct Entry {
    name: String,
    pin: Option<Pin>,
    requirement: Option<String>,
    source: Option<Source>,
    hash: Option<String>,
    place: Location,
    via: ViaComments,
}

struct File {
    kind: DependencyKind,
    entries: Vec<Entry>,
}

struct Reader<'r, 'i> {
    input: &'r Input<'i>,
    parsed: Parsed,
    files: Vec<File>,
    constraints: HashMap<String, Pin>,
    index: Option<Source>,
    /// Which file names which.
    includes: Vec<(RepoPath, RepoPath)>,
    todo: Vec<Task>,
    seen: HashSet<(RepoPath, bool)>,
    /// How many bytes the included files have.
    included: usize,
}

impl Reader<'_, '_> {
    fn say(&mut self, severity: DiagnosticSeverity, path: &RepoPath, line: u32, message: String) {
        let path = Some(RepoPath::clone(path));
        self.parsed.diagnostics.push(Diagnostic { path, line: Some(line), severity, message });
    }

    fn file(&mut self, task: &Task, bytes: &[u8]) {
        let text = decode(&task.path, bytes, &mut self.parsed.diagnostics);
        let lines = LineIndex::new(&task.path, &text);
        let mut file = File { kind: kind_of(&task.path), entries: Vec::new() };
        let mut commented = false;
        for logical in logical_lines(&text) {
            let line = lines.line(logical.offset(logical.code()));
            if logical.comment().is_some_and(|comment| comment.contains(OTHER_LINE_ENDS)) {
                let message = "a line end within a comment, for pip; what follows in this line was not read".to_owned();
                self.say(DiagnosticSeverity::Error, &task.path, line, message);
            }
            let before = file.entries.len();
            match requirement_lines::read(logical.code()) {
                Line::Package(wanted) => self.package(&wanted, &logical, &lines, (task, &mut file)),
                other => self.other(&other, task, line),
            }
            // Comments belong to the requirement that they follow without a gap.
            commented = file.entries.len() > before || (commented && logical.code().is_empty());
            match (logical.comment(), file.entries.last_mut()) {
                (Some(comment), Some(entry)) if commented => entry.via.take(comment),
                (None, _) if logical.code().is_empty() => commented = false,
                _ => {}
            }
        }
        if !task.constraints {
            self.files.push(file);
        }
    }

    fn package(
        &mut self,
        wanted: &Wanted<'_>,
        logical: &Logical<'_>,
        lines: &LineIndex<'_>,
        (task, file): (&Task, &mut File),
    ) {
        let locate = |part: &str| lines.locate(logical.offset(part), part.len());
        let pin = pep508::pinned(wanted.specifier).map(|version| (version.to_owned(), locate(version)));
        if task.constraints {
            if let Some(pin) = pin {
                self.constraints.entry(wanted.name.clone()).or_insert(pin);
            }
            return;
        }
        file.entries.push(Entry {
            name: wanted.name.clone(),
            pin,
            requirement: Some(wanted.specifier.to_owned()).filter(|specifier| !specifier.is_empty()),
            source: wanted.source.clone(),
            hash: wanted.hash.map(str::to_owned),
            place: locate(wanted.place),
            via: ViaComments::default(),
        });
    }

    fn other(&mut self, what: &Line<'_>, task: &Task, line: u32) {
        let path = &task.path;
        match what {
            Line::Include(name) => self.include(name, task, line, task.constraints),
            Line::Constraints(name) => self.include(name, task, line, true),
            Line::Index(url) => self.index = Some(registry(url)),
            Line::OtherPlace(url) => {
                let message = format!("packages may also come from {}", shown(url));
                self.say(DiagnosticSeverity::Note, path, line, message);
            }
            Line::Nameless(text) => {
                let message = format!("`{}` does not say which package it is; it was left out", shown(text));
                self.say(DiagnosticSeverity::Note, path, line, message);
            }
            Line::UnknownOption(name) => {
                self.say(DiagnosticSeverity::Warning, path, line, format!("pip has no option `{}`", shown(name)));
            }
            Line::Broken => {
                let message = "this is no requirement; it was left out".to_owned();
                self.say(DiagnosticSeverity::Error, path, line, message);
            }
            Line::Empty | Line::Option | Line::Package(_) => {}
        }
    }

    fn include(&mut self, name: &str, task: &Task, line: u32, constraints: bool) {
        let Some(path) = join(folder_of(&task.path), name).filter(|_| !name.contains("://") && !name.contains("${"))
        else {
            let message = format!("`{}` lies outside of the scanned tree and was not read", shown(name));
            return self.say(DiagnosticSeverity::Error, &task.path, line, message);
        };
        let path: RepoPath = path.into();
        if matches!(self.input.files.look_up(&path), Lookup::Found(_)) {
            self.includes.push((RepoPath::clone(&task.path), RepoPath::clone(&path)));
        }
        if !self.seen.insert((RepoPath::clone(&path), constraints)) {
            return;
        }
        if task.depth >= MAX_DEPTH || self.seen.len() > MAX_FILES {
            let message = format!("too many files include each other; `{path}` was not read");
            return self.say(DiagnosticSeverity::Error, &task.path, line, message);
        }
        match self.input.files.look_up(&path) {
            Lookup::Found(bytes) => {
                self.included = self.included.saturating_add(bytes.len());
                if self.included > MAX_INCLUDED {
                    let message = format!("the included files are too large together; `{path}` was not read with them");
                    return self.say(DiagnosticSeverity::Error, &task.path, line, message);
                }
                self.todo.push(Task { path, constraints, depth: task.depth + 1 });
            }
            Lookup::Unavailable(why) => {
                let message = format!("`{path}` is included and cannot be read: {why}");
                self.say(DiagnosticSeverity::Error, &task.path, line, message);
            }
            Lookup::NotLoaded => {
                let message = format!("`{path}` is included and was not read");
                self.say(DiagnosticSeverity::Error, &task.path, line, message);
                self.parsed.wanted.push(path);
            }
        }
    }

    fn included(&mut self, task: &Task) {
        if let Lookup::Found(bytes) = self.input.files.look_up(&task.path) {
            self.file(task, bytes);
        }
    }
}

/// The included files that need no reading for themselves. Of files that include each other, only the first one in
/// order has the others, so that they do not all make way for each other.
fn companions(own: &RepoPath, includes: &[(RepoPath, RepoPath)]) -> Vec<RepoPath> {
    let mut users: BTreeMap<&RepoPath, Vec<&RepoPath>> = BTreeMap::new();
    for (from, to) in includes {
        users.entry(to).or_default().push(from);
    }
    let mut leads_here: BTreeSet<&RepoPath> = BTreeSet::new();
    let mut todo = vec![own];
    while let Some(path) = todo.pop() {
        for &user in users.get(path).into_iter().flatten() {
            if leads_here.insert(user) {
                todo.push(user);
            }
        }
    }
    let included = users.keys().copied().filter(|&path| path != own);
    included.filter(|path| !leads_here.contains(path) || own < *path).cloned().collect()
}

fn build(path: &RepoPath, reader: &Reader<'_, '_>) -> DependencyGraph {
    let mut graph = GraphBuilder::new(path, PARSER.id);
    let registry = reader.index.clone().unwrap_or(Source::PUBLIC_REGISTRY);
    for file in &reader.files {
        let mut by_name = ByName::new();
        let mut indexes = Vec::new();
        for entry in &file.entries {
            let index = add(entry, &registry, &reader.constraints, &mut graph);
            by_name.add(entry.name.clone(), index);
            indexes.push(index);
        }
        // Where one entry says nothing of who needs it, the file was not made by a tool.
        let compiled = file.entries.iter().all(|entry| !entry.via.found.is_empty());
        for (entry, &to) in file.entries.iter().zip(&indexes) {
            let mut direct = !compiled;
            for via in entry.via.found.iter().filter(|_| compiled) {
                direct |= needed(via, to, &by_name, &mut graph);
            }
            graph.mark(to, Some(direct), Kinds::only(file.kind));
        }
    }
    graph.finish_as_marked()
}

/// Adds an edge from who needs it; says whether that is the project. Every package that needs others stands in such a
/// file, so that a name that does not is the project's own.
fn needed(via: &Via, to: PackageIndex, by_name: &ByName, graph: &mut GraphBuilder) -> bool {
    let Via::Package(name) = via else { return true };
    let users = by_name.of(name.as_str());
    for &from in users {
        graph.dependency(from, to, DependencyKind::Runtime, None);
    }
    users.is_empty()
}

fn add(entry: &Entry, registry: &Source, constraints: &HashMap<String, Pin>, graph: &mut GraphBuilder) -> PackageIndex {
    let source = entry.source.clone().unwrap_or_else(|| registry.clone());
    let constrained = constraints.get(&entry.name).filter(|_| entry.source.is_none());
    let pin = entry.pin.as_ref().or(constrained);
    let version = pin.map(|(version, _)| version.as_str());
    let index = graph.package(package_id(&entry.name, version, source), pin.map(|(_, place)| place.clone()));
    if entry.pin.is_none() {
        graph.declare(index, entry.place.clone());
        if let Some(requirement) = &entry.requirement {
            graph.requirement(index, requirement);
        }
    }
    if let Some(hash) = &entry.hash {
        graph.integrity(index, hash);
    }
    index
}

/// What the name of a requirements file says that it is for: `requirements-dev.txt`, `requirements/tests.txt`.
fn kind_of(path: &str) -> DependencyKind {
    let stem = file_name_of(path).to_ascii_lowercase();
    let is_dev = |word: &str| {
        matches!(
            word,
            "dev"
                | "develop"
                | "development"
                | "test"
                | "tests"
                | "testing"
                | "lint"
                | "linting"
                | "linters"
                | "doc"
                | "docs"
                | "ci"
                | "mypy"
                | "typing"
                | "qa"
                | "style"
        )
    };
    match stem.split(['-', '_', '.', ' ']).any(is_dev) {
        true => DependencyKind::Dev,
        false => DependencyKind::Runtime,
    }
}
