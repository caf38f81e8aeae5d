//! The whole pipeline over fixtures that were changed at random: it never panics, and what it says can be written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use osprey::database::Index;
use osprey::ecosystem::parser_for;
use osprey::policy::{Policy, Profile};
use osprey::report::{Format, Options, write};
use osprey::rule::rules;
use osprey::scan::{Knowledge, Preference, Request, Selection, scan};
use proptest::prelude::*;
use proptest::sample::Index as Place;

use crate::support::{TODAY, index, offline};

/// Larger fixtures take longer and show nothing more.
const LARGEST: usize = 40_000;

/// Every small fixture that a parser reads, by name and content.
fn fixtures() -> &'static [(String, Vec<u8>)] {
    static FIXTURES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let mut found = Vec::new();
        let mut todo = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parsers")];
        while let Some(path) = todo.pop() {
            if path.is_dir() {
                let mut entries: Vec<PathBuf> =
                    fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
                entries.sort();
                todo.extend(entries);
            } else if parser_for(path.to_str().unwrap()).is_some() {
                let bytes = fs::read(&path).unwrap();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                found.extend((bytes.len() <= LARGEST).then_some((name, bytes)));
            }
        }
        found
    })
}

/// Pieces of which the formats are made.
const PIECES: &[&str] = &[
    "\n",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "=",
    "#",
    "\\",
    "\\\n",
    "@",
    "==",
    "[[package]]\n",
    "null",
    "0",
    "-1",
    "1e999",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "&a ",
    "*a",
    "!!map",
    "|\n",
    ">-\n",
    "? ",
    "- ",
    "---\n",
    "...\n",
    "../",
    "-r x.txt\n",
    "replace a => ../b\n",
    "npm:",
    "workspace:",
    "link:",
    "git+ssh://",
    "\t",
    "\r",
    "\u{2028}",
    "99999999999999999999",
];

#[derive(Debug, Clone)]
enum Change {
    Cut(Place),
    Drop(Place, Place),
    Double(Place, Place),
    Put(Place, &'static str),
    Byte(Place, u8),
    /// Lines change places.
    Swap(Place, Place),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => any::<Place>().prop_map(Change::Cut),
        3 => any::<(Place, Place)>().prop_map(|(a, b)| Change::Drop(a, b)),
        2 => any::<(Place, Place)>().prop_map(|(a, b)| Change::Double(a, b)),
        5 => (any::<Place>(), prop::sample::select(PIECES)).prop_map(|(at, piece)| Change::Put(at, piece)),
        3 => any::<(Place, u8)>().prop_map(|(at, byte)| Change::Byte(at, byte)),
        3 => any::<(Place, Place)>().prop_map(|(a, b)| Change::Swap(a, b)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let at = |place: &Place, bytes: &Vec<u8>| place.index(bytes.len() + 1);
    // Near each other, so that the rest keeps its sense.
    let near = |a: &Place, b: &Place, bytes: &Vec<u8>| {
        let start = at(a, bytes);
        start..(start + b.index(64)).min(bytes.len())
    };
    match change {
        Change::Cut(place) => bytes.truncate(at(place, bytes)),
        Change::Drop(a, b) => {
            bytes.drain(near(a, b, bytes));
        }
        Change::Double(a, b) => {
            let range = near(a, b, bytes);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, copy);
        }
        Change::Put(place, piece) => {
            let start = at(place, bytes);
            bytes.splice(start..start, piece.bytes());
        }
        Change::Byte(place, byte) => {
            if !bytes.is_empty() {
                let at = place.index(bytes.len());
                bytes[at] = *byte;
            }
        }
        Change::Swap(a, b) => {
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
            if !lines.is_empty() {
                let (a, b) = (a.index(lines.len()), b.index(lines.len()));
                lines.swap(a, b);
            }
            *bytes = lines.concat();
        }
    }
}

/// Scans a folder with one file, and writes every report.
fn survive(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let policy = Policy::built_in(Profile::Greenfield, &rules());
    let client = offline();
    let index = Index::open(index());
    let request = Request {
        selection: Selection { paths: vec![folder.path().to_owned()], ..Selection::default() },
        policy: &policy,
        knowledge: Knowledge { index: index.as_ref(), client: &client, preference: Preference::Fresh },
        today: TODAY.parse().unwrap(),
        no_dev: bytes.len().is_multiple_of(2),
        resolve_cargo: false,
        since: None,
        baseline: None,
        policy_changes: &[],
    };
    let report = scan(&request, &|_| {}).unwrap();
    for &format in Format::ALL {
        let mut out = Vec::new();
        write(format, &report, &Options::default(), &mut out).unwrap();
        if format != Format::Text {
            serde_json::from_slice::<serde_json::Value>(&out).unwrap();
        }
    }
}

#[test]
fn every_fixture_survives_unchanged_and_cut() {
    for (name, bytes) in fixtures() {
        survive(name, bytes);
        survive(name, &bytes[..bytes.len() / 2]);
        survive(name, &bytes[..bytes.len() - 1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_changed_fixture_never_panics(which in any::<Place>(), changes in prop::collection::vec(change(), 1..6)) {
        let (name, bytes) = which.get(fixtures());
        let mut bytes = bytes.clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        survive(name, &bytes);
    }
}
