//! Tests of parsers: run one as the pipeline does, and say what it found in lines that a person can read.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::ecosystem::{FileSet, Input, Lookup, Parsed, Parser, file_name_of, parser_for};
use crate::model::{Package, RepoPath, SourceKind, Use};

/// Files that a test has at hand.
pub(in crate::ecosystem) struct Tree {
    files: FileSet,
}

impl Tree {
    pub(in crate::ecosystem) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self { files: FileSet::default() };
        for (path, text) in files {
            tree.files.insert((*path).into(), Ok(text.as_bytes().to_vec()));
        }
        tree
    }

    /// Runs a parser over a file; what it wants and is not there is said to be missing.
    pub(in crate::ecosystem) fn parse(&mut self, parser: &Parser, path: &str) -> Parsed {
        let path = RepoPath::from(path);
        let bytes = match self.files.look_up(&path) {
            Lookup::Found(bytes) => bytes.to_vec(),
            other => panic!("{path}: {other:?}"),
        };
        let first = (parser.parse)(&Input { path: &path, bytes: &bytes, files: &self.files });
        if first.wanted.is_empty() {
            return first;
        }
        for wanted in first.wanted {
            self.files.insert(wanted, Err("there is none".to_owned()));
        }
        let second = (parser.parse)(&Input { path: &path, bytes: &bytes, files: &self.files });
        assert_eq!(second.wanted, Vec::<RepoPath>::new(), "{path} wants more the second time");
        second
    }

    /// Whether the text at every place of a package is its version; fails with the first one that is not.
    pub(in crate::ecosystem) fn check_places(&self, parsed: &Parsed) {
        for usage in parsed.graph.roots.iter().flat_map(|root| &root.uses) {
            let package = parsed.graph.package(usage.package);
            for place in &usage.locations {
                let Lookup::Found(bytes) = self.files.look_up(&place.path) else {
                    panic!("{place:?} lies in no file");
                };
                let text = std::str::from_utf8(bytes).unwrap();
                let line = text.split('\n').nth(place.line as usize - 1).unwrap();
                let units: Vec<u16> = line.encode_utf16().collect();
                let found = &units[place.column as usize - 1..][..place.length as usize];
                let found = String::from_utf16(found).unwrap();
                assert_eq!(Some(found.as_str()), package.id.version.as_deref(), "{} at {place:?}", package.id.label());
            }
        }
    }
}

fn label(package: &Package) -> String {
    format!("{}@{}", package.id.name, package.id.version.as_deref().unwrap_or("?"))
}

fn describe(package: &Package, usage: &Use, is_member: bool) -> String {
    let source = &package.id.source;
    let mut out = format!("{} {}", label(package), source.kind.as_str());
    if let Some(url) = &source.url {
        out += &format!("({url})");
    }
    out += match (is_member, usage.direct) {
        (true, _) => " member",
        (false, Some(true)) => " direct",
        (false, Some(false)) => " transitive",
        (false, None) => " unknown",
    };
    let kinds: Vec<_> = usage.kinds.iter().map(crate::model::DependencyKind::as_str).collect();
    out += &format!(" [{}]", kinds.join(" "));
    if let Some(requirement) = &usage.requirement {
        out += &format!(" asks {requirement}");
    }
    for place in &usage.locations {
        out += &format!(" {}:{}", place.line, place.column);
    }
    for place in &usage.declared {
        out += &format!(" by {}:{}", place.path, place.line);
    }
    out
}

/// Every package and how it is used.
pub(in crate::ecosystem) fn packages(parsed: &Parsed) -> Vec<String> {
    let graph = &parsed.graph;
    let uses = graph.roots.iter().flat_map(|root| root.uses.iter().map(move |usage| (root, usage)));
    uses.map(|(root, usage)| describe(graph.package(usage.package), usage, root.members.contains(&usage.package)))
        .collect()
}

/// Every edge.
pub(in crate::ecosystem) fn edges(parsed: &Parsed) -> Vec<String> {
    let graph = &parsed.graph;
    let edges = graph.roots.iter().flat_map(|root| &root.dependencies);
    edges
        .map(|edge| {
            let (from, to) = (graph.package(edge.from), graph.package(edge.to));
            let requirement = edge.requirement.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
            format!("{} > {} {}{requirement}", label(from), label(to), edge.kind.as_str())
        })
        .collect()
}

/// Every diagnostic: how grave, its line, its words.
pub(in crate::ecosystem) fn said(parsed: &Parsed) -> Vec<String> {
    let lines = parsed.diagnostics.iter();
    lines
        .map(|said| {
            let line = said.line.map_or("?".to_owned(), |line| line.to_string());
            format!("{:?} {line}: {}", said.severity, said.message)
        })
        .collect()
}

/// Cuts a text everywhere: no cut may panic, and a package stays whose last line is before the cut.
pub(in crate::ecosystem) fn check_cuts(parser: &Parser, name: &str, text: &str, ends: &[(&str, &str)]) {
    for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
        let mut tree = Tree::of(&[(name, &text[..cut])]);
        let parsed = tree.parse(parser, name);
        tree.check_places(&parsed);
        for (package, end) in ends {
            let end = text.find(end).unwrap() + end.len();
            let is_there = parsed.graph.packages.iter().any(|found| label(found) == *package);
            assert!(is_there || cut < end, "{package} is lost by a cut at {cut} of {name}:\n{}", &text[..cut]);
        }
    }
}

/// Runs a parser over bytes that nobody wrote, and over a text with one byte changed.
pub(in crate::ecosystem) fn check_garbage(parser: &Parser, name: &str, text: &str) {
    let run = |bytes: Vec<u8>| {
        let mut tree = Tree { files: FileSet::default() };
        tree.files.insert(name.into(), Ok(bytes));
        let parsed = tree.parse(parser, name);
        for place in parsed.graph.roots.iter().flat_map(|root| &root.uses).flat_map(|usage| &usage.locations) {
            assert!(place.line > 0 && place.column > 0);
        }
    };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&proptest::collection::vec(any::<u8>(), 0..300), |bytes| {
            run(bytes);
            Ok(())
        })
        .unwrap();
    let changes = proptest::collection::vec((0..text.len(), any::<u8>()), 1..6);
    runner
        .run(&changes, |changes| {
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            run(bytes);
            Ok(())
        })
        .unwrap();
}

/// What a fixture holds, in numbers that a second, independent reader counted as well.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ecosystem) struct Counts {
    pub(in crate::ecosystem) case: &'static str,
    pub(in crate::ecosystem) packages: usize,
    pub(in crate::ecosystem) edges: usize,
    pub(in crate::ecosystem) direct: usize,
    pub(in crate::ecosystem) dev: usize,
    pub(in crate::ecosystem) companions: usize,
}

/// Runs a parser over `fixtures/parsers/<id>/<case>/`, one file of its names in each.
pub(in crate::ecosystem) fn check_fixtures(parser: &Parser, expected: &[Counts]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parsers").join(parser.id);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let names: Vec<_> = cases.iter().map(|case| case.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, expected.iter().map(|counts| counts.case).collect::<Vec<_>>());
    for (case, counts) in cases.iter().zip(expected) {
        let mut tree = Tree { files: FileSet::default() };
        let mut found = Vec::new();
        load(case, case, &mut tree.files, &mut found);
        let own = found.into_iter().find(|path| {
            parser_for(file_name_of(path)).is_some_and(|found| found.id == parser.id) && !path.contains('/')
        });
        let parsed = tree.parse(parser, &own.unwrap());
        assert_eq!(said(&parsed), Vec::<String>::new(), "{}", counts.case);
        tree.check_places(&parsed);
        let graph = &parsed.graph;
        let uses = graph.roots.iter().flat_map(|root| &root.uses);
        let uses: Vec<_> =
            uses.filter(|usage| graph.package(usage.package).id.source.kind != SourceKind::Workspace).collect();
        let seen = Counts {
            case: counts.case,
            packages: graph.packages.len(),
            edges: graph.roots.iter().map(|root| pairs(&root.dependencies)).sum(),
            direct: uses.iter().filter(|usage| usage.direct == Some(true)).count(),
            dev: uses.iter().filter(|usage| usage.kinds.only_dev()).count(),
            companions: parsed.companions.len(),
        };
        assert_eq!(&seen, counts);
    }
}

fn pairs(dependencies: &[crate::model::Dependency]) -> usize {
    let pairs: std::collections::BTreeSet<_> = dependencies.iter().map(|edge| (edge.from, edge.to)).collect();
    pairs.len()
}

fn load(folder: &Path, root: &Path, files: &mut FileSet, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            load(&path, root, files, found);
        } else {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(relative.as_str().into(), Ok(std::fs::read(&path).unwrap()));
            found.push(relative);
        }
    }
}
