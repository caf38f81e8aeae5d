//! Test support: fixture folders and small trees written in a test, read as the pipeline reads them.

use std::path::Path;

use super::{FileSet, Input, Parsed, Parser, parser_for};
use crate::model::{DependencyKind, RepoPath};

/// A tree of files.
pub(super) struct Tree {
    pub(super) files: FileSet,
    pub(super) paths: Vec<String>,
}

impl Tree {
    /// A tree written in a test.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self { files: FileSet::default(), paths: Vec::new() };
        for (path, text) in files {
            tree.files.insert((*path).into(), Ok(text.as_bytes().to_vec()));
            tree.paths.push((*path).to_owned());
        }
        tree
    }

    /// A folder of `fixtures/parsers/`.
    pub(super) fn fixture(folder: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parsers").join(folder);
        let mut tree = Self { files: FileSet::default(), paths: Vec::new() };
        let mut todo = vec![root.clone()];
        while let Some(path) = todo.pop() {
            if path.is_dir() {
                todo.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                tree.files.insert(name.as_str().into(), Ok(std::fs::read(&path).unwrap()));
                tree.paths.push(name);
            }
        }
        tree.paths.sort();
        tree
    }

    /// The bytes of a file.
    pub(super) fn bytes(&self, path: &str) -> &[u8] {
        match self.files.look_up(path) {
            super::Lookup::Found(bytes) => bytes,
            other => panic!("{path}: {other:?}"),
        }
    }

    /// Reads a file with the parser of its name; what it asks for and is not there is said to be missing.
    pub(super) fn parse(&mut self, path: &str) -> Parsed {
        let parser = parser_for(path).unwrap();
        let bytes = self.bytes(path).to_vec();
        self.parse_with(parser, path, &bytes)
    }

    /// Reads bytes as if they stood at that path.
    pub(super) fn parse_with(&mut self, parser: &Parser, path: &str, bytes: &[u8]) -> Parsed {
        let path: RepoPath = path.into();
        loop {
            let parsed = (parser.parse)(&Input { path: &path, bytes, files: &self.files });
            if parsed.wanted.is_empty() {
                return parsed;
            }
            for path in parsed.wanted {
                self.files.insert(path, Err("there is no such file".to_owned()));
            }
        }
    }

    /// That every place lies in its file. Lines that are continued make versions of several lines.
    pub(super) fn check_places_are_lines(&self, parsed: &Parsed) {
        let uses = parsed.graph.roots.iter().flat_map(|root| &root.uses);
        for place in uses.flat_map(|usage| usage.locations.iter().chain(&usage.declared)) {
            let lines = String::from_utf8_lossy(self.bytes(&place.path)).split('\n').count();
            assert!((1..=lines).contains(&(place.line as usize)));
        }
    }

    /// That every version stands where the graph says, and that indices and order are right.
    pub(super) fn check(&self, parsed: &Parsed) {
        for root in &parsed.graph.roots {
            assert!(root.uses.is_sorted_by_key(|usage| usage.package));
            assert!(root.dependencies.is_sorted());
            for edge in &root.dependencies {
                assert!(root.usage(edge.from).is_some() && root.usage(edge.to).is_some());
                assert_ne!(edge.from, edge.to);
            }
            for usage in &root.uses {
                let id = &parsed.graph.package(usage.package).id;
                for place in &usage.locations {
                    let text = String::from_utf8_lossy(self.bytes(&place.path)).into_owned();
                    let line = text.trim_start_matches('\u{FEFF}').split('\n').nth(place.line as usize - 1).unwrap();
                    let units: Vec<u16> = line.encode_utf16().collect();
                    let start = place.column as usize - 1;
                    let found = String::from_utf16(&units[start..start + place.length as usize]).unwrap();
                    assert_eq!(Some(found), id.version, "{} at {place:?}", id.name);
                }
                let member = root.members.contains(&usage.package);
                let placed = !usage.locations.is_empty() || !usage.declared.is_empty();
                assert!(member || id.version.is_none() || placed, "{} stands nowhere", id.label());
            }
        }
    }
}

/// A package as `name version source direct kinds`, with what is unknown left out.
pub(super) fn uses(parsed: &Parsed) -> Vec<String> {
    let Some(root) = parsed.graph.roots.first() else { return Vec::new() };
    let line = |usage: &crate::model::Use| {
        let id = &parsed.graph.package(usage.package).id;
        let direct = match usage.direct {
            Some(true) => " direct",
            Some(false) => " transitive",
            None => "",
        };
        let kinds: Vec<_> = usage.kinds.iter().map(DependencyKind::as_str).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" {}", kinds.join("+")) };
        let member = if root.members.contains(&usage.package) { "*" } else { "" };
        let requirement = usage.requirement.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        format!("{member}{}{requirement} {}{direct}{kinds}", id.label(), id.source.kind.as_str())
    };
    root.uses.iter().map(line).collect()
}

/// An edge as `from -> to kind`, by name.
pub(super) fn edges(parsed: &Parsed) -> Vec<String> {
    let Some(root) = parsed.graph.roots.first() else { return Vec::new() };
    let label = |index| parsed.graph.package(index).id.label();
    let all = root.dependencies.iter();
    all.map(|edge| format!("{} -> {} {}", label(edge.from), label(edge.to), edge.kind.as_str())).collect()
}

/// Packages, edges, direct ones, and those for development only; members and their edges do not count.
pub(super) fn counts(parsed: &Parsed) -> [usize; 4] {
    let root = &parsed.graph.roots[0];
    let own = |index: &u32| root.members.contains(index);
    let others: Vec<_> = root.uses.iter().filter(|usage| !own(&usage.package)).collect();
    let pairs = root.dependencies.iter().filter(|edge| !own(&edge.from)).map(|edge| (edge.from, edge.to));
    [
        others.len(),
        pairs.collect::<std::collections::BTreeSet<_>>().len(),
        others.iter().filter(|usage| usage.direct == Some(true)).count(),
        others.iter().filter(|usage| usage.kinds.only_dev()).count(),
    ]
}

/// The line and severity of each diagnostic.
pub(super) fn said(parsed: &Parsed) -> Vec<String> {
    let line = |line: Option<u32>| line.map_or("-".to_owned(), |line| line.to_string());
    parsed.diagnostics.iter().map(|d| format!("{:?} {}: {}", d.severity, line(d.line), d.message)).collect()
}

/// All that a parser makes of a file of a folder of `fixtures/parsers/`, which is checked: packages, edges, what it says,
/// what it read besides.
pub(super) fn report(folder: &str, file: &str) -> String {
    let mut tree = Tree::fixture(folder);
    let parsed = tree.parse(file);
    tree.check(&parsed);
    let hash = |package: &crate::model::Package| {
        package.integrity.as_deref().map(|hash| format!("{}: {hash}", package.id.label()))
    };
    let parts = [
        ("packages", super::syntax::probe::packages(&parsed)),
        ("edges", super::syntax::probe::edges(&parsed)),
        ("hashes", parsed.graph.packages.iter().filter_map(hash).collect()),
        ("said", said(&parsed)),
        ("read besides", parsed.companions.iter().map(ToString::to_string).collect()),
    ];
    let lines = |(title, lines): &(&str, Vec<String>)| format!("{title}:\n{}", lines.join("\n"));
    parts.iter().filter(|(_, lines)| !lines.is_empty()).map(lines).collect::<Vec<_>>().join("\n\n")
}

/// What a parser must keep for any bytes: it gives at most one root, names itself, and bounds what it says.
pub(super) fn survives(parser: &'static Parser, path: &str, bytes: &[u8]) {
    let mut tree = Tree::of(&[]);
    let parsed = tree.parse_with(parser, path, bytes);
    assert!(parsed.graph.roots.len() <= 1);
    assert!(parsed.graph.roots.iter().all(|root| root.parser == parser.id && &*root.path == path));
    assert!(parsed.diagnostics.len() < 70);
}
