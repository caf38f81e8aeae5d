//! Conformance over a folder of facts: version orders made with the ecosystems' own tools, and pairs of advisory and
//! version that the `rustsec` crate judged. It lies outside of the repository, so this is run by name:
//! `cargo bench --bench conformance -- FOLDER`. Ends with a line `N passed, M failed` and a code to match.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a check that cannot go on has failed, and what it prints is its result"
)]

mod online;
mod purl;
mod sbom;
#[path = "../services/mod.rs"]
mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flate2::read::GzDecoder;
use osprey::advisory::Record;
use osprey::database::{Index, Query, UpdateOptions, update};
use osprey::model::{Affected, Ecosystem};
use osprey::version::Scheme;

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`.
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with("--")) else {
        eprintln!("usage: cargo bench --bench conformance -- FOLDER");
        return ExitCode::from(2);
    };
    let folder = PathBuf::from(folder);
    let work = tempfile::tempdir().expect("a temporary folder");
    let mut tally = Tally::default();
    versions(&folder.join("conformance/versions"), &mut tally);
    ratings(&folder.join("schemas/cvss"), &mut tally);
    purl::suite(&folder.join("schemas/purl/tests"), &mut tally);
    sbom::samples(&folder.join("schemas/examples"), &mut tally);
    let bucket = index(&[folder.join("osv")], &work.path().join("osv"));
    matrix(&folder.join("conformance/rustsec-matrix.jsonl.gz"), &bucket, "bucket", &mut tally);
    online::compare(&folder, &bucket, &mut tally);
    let database = unpack(&folder.join("rustsec/advisory-db.tar.xz"), work.path());
    let database = index(&[database], &work.path().join("rustsec"));
    matrix(&folder.join("conformance/rustsec-matrix.jsonl.gz"), &database, "rustsec", &mut tally);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    ExitCode::from(u8::from(tally.failed > 0 || tally.passed == 0))
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if holds {
            self.passed += 1;
        } else {
            self.failed += 1;
            if self.failed <= 40 {
                println!("FAILED: {}", what());
            }
        }
    }
}

fn index(from: &[PathBuf], to: &Path) -> Index {
    let options = UpdateOptions { from: from.to_vec(), ..UpdateOptions::default() };
    let meta = update(to, &options, &mut |_| {}).expect("the index is made");
    let records: u64 = meta.sources.iter().map(|source| source.records).sum();
    println!("index of {}: {records} records, {} rejected", from[0].display(), meta.rejected.len());
    Index::open(to).expect("the index opens")
}

/// The database comes as an archive; the tools of the machine unpack it.
fn unpack(archive: &Path, to: &Path) -> PathBuf {
    let status = std::process::Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(to).status();
    assert!(status.is_ok_and(|status| status.success()), "tar cannot unpack {}", archive.display());
    let folders = fs::read_dir(to).expect("the folder").filter_map(|entry| Some(entry.ok()?.path()));
    let found = folders.into_iter().find(|path| path.join("crates").is_dir());
    found.or_else(|| to.join("crates").is_dir().then(|| to.to_owned())).expect("a folder with crates/")
}

/// The files of version orders: how each begins, and an ecosystem whose order it holds.
const ORDERS: &[(&str, &str)] = &[
    ("alpine-", "Alpine"),
    ("cran-", "CRAN"),
    ("debian-", "Debian"),
    ("hackage-", "Hackage"),
    ("maven-", "Maven"),
    ("nuget-", "NuGet"),
    ("packagist-", "Packagist"),
    ("pub-", "Pub"),
    ("pypi-", "PyPI"),
    ("redhat-", "Red Hat"),
    ("rubygems-", "RubyGems"),
    ("semver-", "npm"),
];

/// Lines `A < B`, `A = B`, `A > B`, checked both ways round.
fn versions(folder: &Path, tally: &mut Tally) {
    let entries = fs::read_dir(folder).expect("the folder of version orders");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for file in files {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let found = ORDERS.iter().find(|(prefix, _)| name.starts_with(prefix));
        let scheme = found.and_then(|(_, ecosystem)| Scheme::of(ecosystem));
        tally.check(scheme.is_some(), || format!("{name}: no order is known for this file"));
        let Some(scheme) = scheme else { continue };
        let before = (tally.passed, tally.failed);
        for line in BufReader::new(File::open(&file).expect("the file")).lines() {
            let line = line.expect("text");
            if line.trim().is_empty() || line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            tally.check(holds(scheme, &line), || {
                let words = line.split_whitespace().map(|word| (word, scheme.key(word)));
                format!("{name}: {line}: {:?}", words.collect::<Vec<_>>())
            });
        }
        println!("{name}: {} passed, {} failed", tally.passed - before.0, tally.failed - before.1);
    }
}

fn holds(scheme: Scheme, line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [a, operator @ ("<" | "=" | ">"), b] = words[..] else { return false };
    let (Some(a), Some(b)) = (scheme.key(a), scheme.key(b)) else { return false };
    let expected = match operator {
        "<" => std::cmp::Ordering::Less,
        ">" => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    };
    a.cmp(&b) == expected && b.cmp(&a) == expected.reverse()
}

/// Every base vector of each CVSS version, and random v4 ones, with their scores.
fn ratings(folder: &Path, tally: &mut Tally) {
    for name in
        ["v2-base-all-729", "v3.0-base-all-2592", "v3.1-base-all-2592", "v4.0-base-all-104976", "v4.0-random-20000"]
    {
        let before = (tally.passed, tally.failed);
        let file = File::open(folder.join(format!("vectors-{name}.tsv.gz"))).expect("the vectors");
        for line in BufReader::new(GzDecoder::new(file)).lines().map_while(Result::ok) {
            let Some((vector, score)) = line.split_once('\t') else { continue };
            let rating = osprey::advisory::rate("X", std::iter::once(vector), std::iter::empty());
            let expected: f64 = score.parse().expect("a score");
            let agrees = rating.score.is_some_and(|score| (score - expected).abs() < 0.001);
            tally.check(agrees, || format!("{vector}: {:?}, expected {expected}", rating.score));
        }
        println!("CVSS {name}: {} passed, {} failed", tally.passed - before.0, tally.failed - before.1);
    }
}

#[derive(serde::Deserialize)]
struct Pair {
    id: String,
    package: String,
    version: String,
    vulnerable: bool,
}

/// What a record says that no scan asks any more, by the same evaluation.
fn covers(record: &Record, pair: &Pair) -> bool {
    let key = Scheme::SemVer.key(&pair.version);
    let of_package = record.affected.iter().filter(|affected| affected.name == pair.package);
    of_package.into_iter().any(|affected| affected.affects.judge(&pair.version, key.as_ref()) == Affected::Yes)
}

/// Whether each record covers each version, as the `rustsec` crate says. The matrix also asks about records that were
/// taken back; those must be covered by the evaluation, and reported by no look-up.
fn matrix(path: &Path, index: &Index, name: &str, tally: &mut Tally) {
    let before = (tally.passed, tally.failed);
    let lines = BufReader::new(GzDecoder::new(File::open(path).expect("the matrix"))).lines();
    let mut by_package: BTreeMap<(String, String), Vec<Pair>> = BTreeMap::new();
    for line in lines.map_while(Result::ok) {
        let pair: Pair = serde_json::from_str(&line).expect("a pair");
        by_package.entry((pair.package.clone(), pair.version.clone())).or_default().push(pair);
    }
    let queries: Vec<Query<'_>> = by_package
        .keys()
        .map(|(package, version)| Query {
            ecosystem: Ecosystem::CratesIo,
            name: package,
            version: Some(version),
            release: None,
        })
        .collect();
    let answers = index.look_up(&queries).expect("the answers");
    let ids: BTreeSet<&str> = by_package.values().flatten().map(|pair| pair.id.as_str()).collect();
    let withdrawn: BTreeMap<String, Record> = ids
        .into_iter()
        .filter_map(|id| {
            let records = index.explain(id).expect("the record");
            let (record, _) = records.into_iter().find(|(known, _)| known.id == id)?;
            record.withdrawn.then(|| (id.to_owned(), record))
        })
        .collect();
    for (pairs, answer) in by_package.values().zip(answers) {
        for pair in pairs {
            let records = answer.judged.groups.iter().flat_map(|group| &group.records);
            let reported = records.into_iter().any(|record| record.id == pair.id && record.affected == Affected::Yes);
            let covered = match withdrawn.get(&pair.id) {
                Some(record) => !reported && covers(record, pair),
                None => reported,
            };
            tally.check(covered == pair.vulnerable && answer.judged.cannot_judge == 0, || {
                format!("{name}: {} {} {}: expected {}", pair.id, pair.package, pair.version, pair.vulnerable)
            });
        }
    }
    println!("{name} matrix: {} passed, {} failed", tally.passed - before.0, tally.failed - before.1);
}
