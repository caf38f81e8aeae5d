//! What the table of parsers promises, against what each parser does on its own fixtures.

use std::fs;
use std::path::Path;

use osprey::ecosystem::{Capabilities, FileSet, Input, Lookup, PARSERS, Parsed, Parser, Support, parser_for};
use osprey::model::{DependencyGraph, Ecosystem, Root, SourceKind, Use};

/// One column of the table: what it is called, what the row says, and whether a package has it.
struct Column {
    name: &'static str,
    promised: fn(&Capabilities) -> Support,
    has: fn(&DependencyGraph, &Root, &Use) -> bool,
}

const COLUMNS: &[Column] = &[
    Column {
        name: "graph",
        promised: |row| row.graph,
        has: |_, root, usage| {
            // That a project needs it is said by `direct`; here it is who else does, or whom it needs.
            let of_packages = root.dependencies.iter().filter(|edge| !root.members.contains(&edge.from));
            let is_direct = root.dependencies.iter().any(|edge| edge.to == usage.package);
            of_packages.count() > 0 && is_direct
        },
    },
    Column { name: "direct", promised: |row| row.direct, has: |_, _, usage| usage.direct.is_some() },
    Column { name: "kinds", promised: |row| row.kinds, has: |_, _, usage| !usage.kinds.is_unknown() },
    Column {
        name: "source",
        promised: |row| row.source,
        has: |graph, _, usage| graph.package(usage.package).id.source.kind != SourceKind::Unknown,
    },
    Column {
        name: "lines",
        promised: |row| row.lines,
        has: |graph, _, usage| match graph.package(usage.package).id.version {
            Some(_) => !usage.locations.is_empty(),
            None => !usage.locations.is_empty() || !usage.declared.is_empty(),
        },
    },
    Column {
        name: "integrity",
        promised: |row| row.integrity,
        has: |graph, _, usage| graph.package(usage.package).integrity.is_some(),
    },
];

/// Packages of the fixtures that lack something for a reason of their own: parser, column, name, why.
const EXCUSED: &[(&str, &str, &str, &str)] = &[
    ("package-lock", "integrity", "fast-json-patch", "bundled in another package's archive"),
    ("package-lock", "integrity", "follow-redirects", "bundled in another package's archive"),
    ("package-lock", "integrity", "yaml", "bundled in another package's archive"),
    ("pipfile-lock", "integrity", "pywin32", "not resolved: the lock has `*` for it, since it is for Windows only"),
];

/// The files below a folder, by path.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// What a parser makes of each of its files in its fixture folder, by the file's path there.
fn parsed(parser: &'static Parser) -> Vec<(String, Parsed)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parsers").join(parser.id);
    let mut all = Vec::new();
    for case in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let case = case.unwrap();
        let name = case.file_name().into_string().unwrap();
        let mut set = FileSet::default();
        let read = files(&case.path());
        for (path, bytes) in &read {
            set.insert(path.as_str().into(), Ok(bytes.clone()));
        }
        // What has no names is known by what is in it.
        let is_its =
            |path: &str| parser.names.is_empty() || parser_for(path).is_some_and(|known| known.id == parser.id);
        for (path, bytes) in read.iter().filter(|(path, _)| is_its(path)) {
            let path = path.as_str().into();
            let parsed = loop {
                let parsed = (parser.parse)(&Input { path: &path, bytes, files: &set });
                if parsed.wanted.is_empty() {
                    break parsed;
                }
                for wanted in parsed.wanted {
                    assert_eq!(set.look_up(&wanted), Lookup::NotLoaded, "{wanted} is asked for twice");
                    set.insert(wanted, Err("there is no such file".to_owned()));
                }
            };
            all.push((format!("{name}/{path}"), parsed));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Third-party packages of a registry, or of a place that the file does not name; of formats that name repositories, those.
fn packages(parsed: &Parsed) -> impl Iterator<Item = (&Root, &Use)> {
    let is_registry = |usage: &Use| {
        let id = &parsed.graph.package(usage.package).id;
        matches!(id.source.kind, SourceKind::Registry | SourceKind::Unknown)
            || matches!(id.ecosystem, Ecosystem::Git | Ecosystem::Nimble)
    };
    let uses = parsed.graph.roots.iter().flat_map(|root| root.uses.iter().map(move |usage| (root, usage)));
    uses.filter(move |(root, usage)| is_registry(usage) && !root.members.contains(&usage.package))
}

#[test]
fn every_parser_does_what_its_row_says() {
    let mut wrong = Vec::new();
    for parser in PARSERS {
        let all = parsed(parser);
        assert!(!all.is_empty(), "{}: no fixture is a file of its kind", parser.id);
        let total: usize = all.iter().map(|(_, parsed)| packages(parsed).count()).sum();
        assert!(total > 0, "{}: no fixture holds a package", parser.id);
        for column in COLUMNS {
            let (mut with, mut without) = (Vec::new(), Vec::new());
            for (path, parsed) in &all {
                for (root, usage) in packages(parsed) {
                    let id = &parsed.graph.package(usage.package).id;
                    if EXCUSED
                        .iter()
                        .any(|excused| (excused.0, excused.1, excused.2) == (parser.id, column.name, &*id.name))
                    {
                        continue;
                    }
                    let label = id.label();
                    let list = if (column.has)(&parsed.graph, root, usage) { &mut with } else { &mut without };
                    list.push(format!("{label} in {path}"));
                }
            }
            let promised = (column.promised)(&parser.capabilities);
            let broken = match promised {
                Support::Full => without.first(),
                Support::None => with.first(),
                Support::Partial if with.is_empty() => without.first(),
                Support::Partial => None,
            };
            if let Some(example) = broken {
                let (id, name, yes) = (parser.id, column.name, with.len());
                wrong.push(format!("{id}: {name} is {promised:?}, {yes} of {total} packages have it; see {example}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_fixture_loses_anything() {
    for parser in PARSERS {
        for (path, parsed) in parsed(parser) {
            assert!(parsed.graph.roots.len() <= 1, "{path}");
            for root in &parsed.graph.roots {
                assert_eq!(root.parser, parser.id);
            }
        }
    }
}
