//! The index against a naive reading of the same records, and against damage.

use std::fs;
use std::io::Write;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::advisory::Record;
use crate::model::{Affected, Ecosystem};
use crate::version::Scheme;

fn record(id: &str, name: &str, events: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "2024-05-01T00:00:00Z", "published": "2023-01-01T00:00:00Z", "aliases": ["CVE-{id}"],
            "summary": "s", "details": "d", "references": [{{"type": "WEB", "url": "https://host.example/{id}"}}],
            "affected": [{{"package": {{"ecosystem": "npm", "name": "{name}"}}, "ranges": [{{"type": "SEMVER", "events": [{events}]}}]}}]}}"#
    )
}

/// A bucket with one ecosystem, as an archive.
fn bucket(at: &Path, records: &[(String, String)]) {
    fs::create_dir_all(at.join("npm")).unwrap();
    fs::write(at.join("ecosystems.txt"), "npm\n").unwrap();
    let mut archive = zip::ZipWriter::new(fs::File::create(at.join("npm/all.zip")).unwrap());
    for (id, json) in records {
        archive.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(json.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

fn made(records: &[(String, String)]) -> (tempfile::TempDir, Meta) {
    let folder = tempfile::tempdir().unwrap();
    bucket(&folder.path().join("bucket"), records);
    let options = UpdateOptions { from: vec![folder.path().join("bucket")], ..UpdateOptions::default() };
    let meta = update(&folder.path().join("db"), &options, &mut |_| {}).unwrap();
    (folder, meta)
}

fn query<'q>(name: &'q str, version: &'q str) -> Query<'q> {
    Query { ecosystem: Ecosystem::Npm, name, version: Some(version), release: None }
}

fn one() -> Vec<(String, String)> {
    vec![("A-1".to_owned(), record("A-1", "left", r#"{"introduced": "1.0.0"}, {"fixed": "2.0.0"}"#))]
}

#[test]
fn a_hit_brings_everything_a_finding_needs() {
    let (folder, meta) = made(&one());
    assert_eq!((meta.sources[0].records, meta.sources[0].as_of), (1, Some(1_714_521_600)));
    let index = Index::open(&folder.path().join("db")).unwrap();
    let answers = index.look_up(&[query("left", "1.5.0"), query("right", "1.0.0"), query("left", "2.0.0")]).unwrap();
    let group = &answers[0].judged.groups[0];
    assert_eq!(group.key().references, ["https://host.example/A-1"]);
    assert_eq!((group.fixed_in.as_deref(), group.aliases.as_slice()), (Some("2.0.0"), &["CVE-A-1".to_owned()][..]));
    assert!(answers[1].judged.groups.is_empty() && answers[2].judged.groups.is_empty());
    assert_eq!(index.explain("cve-a-1").unwrap()[0].0.id, "A-1");
    assert!(index.explain("A-2").unwrap().is_empty());
    index.verify().unwrap();
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    let read = |folder: &tempfile::TempDir| fs::read(folder.path().join("db").join(FILE_NAME)).unwrap();
    assert_eq!(read(&made(&one()).0), read(&made(&one()).0));
}

#[test]
fn a_bad_record_costs_itself_and_stands_in_the_answer() {
    let mut records = one();
    let bad = r#"{"id": 7, "affected": [{"package": {"ecosystem": "npm", "name": "left"}}]}"#;
    records.push(("BAD-1".to_owned(), bad.to_owned()));
    records.push(("BAD-2".to_owned(), "not json".to_owned()));
    let (folder, meta) = made(&records);
    assert_eq!((meta.sources[0].records, meta.sources[0].rejected), (1, 2));
    assert_eq!(
        meta.rejected.iter().map(|rejected| rejected.package.as_deref()).collect::<Vec<_>>(),
        [Some("left"), None]
    );
    let index = Index::open(&folder.path().join("db")).unwrap();
    let answer = &index.look_up(&[query("left", "1.5.0")]).unwrap()[0];
    assert_eq!((answer.judged.groups.len(), answer.rejected[0].id.as_str()), (1, "BAD-1"));
}

#[test]
fn a_withdrawn_record_is_explained_and_matches_nothing() {
    let json = one()[0].1.replacen('{', r#"{"withdrawn": "2024-05-02T00:00:00Z", "#, 1);
    let (folder, meta) = made(&[("A-1".to_owned(), json)]);
    assert_eq!((meta.sources[0].records, meta.sources[0].withdrawn), (1, 1));
    let index = Index::open(&folder.path().join("db")).unwrap();
    assert!(index.look_up(&[query("left", "1.5.0")]).unwrap()[0].judged.groups.is_empty());
    assert_eq!(index.explain("A-1").unwrap().len(), 1);
}

#[test]
fn any_altered_byte_is_refused_and_never_an_answer() {
    let (folder, _) = made(&one());
    let path = folder.path().join("db").join(FILE_NAME);
    let whole = fs::read(&path).unwrap();
    // Every byte of the pages that hold something, and a sample of the padding.
    for at in (0..whole.len()).filter(|at| whole[*at] != 0 || at % 97 == 0) {
        let mut altered = whole.clone();
        altered[at] ^= 0x20;
        fs::write(&path, &altered).unwrap();
        let answer = Index::open(path.parent().unwrap()).and_then(|index| {
            index.verify()?;
            index.look_up(&[query("left", "1.5.0")])
        });
        assert!(matches!(answer, Err(DatabaseError::Unusable { .. })), "byte {at}");
    }
    for length in [0, 1, 100, 8192, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Index::open(path.parent().unwrap()), Err(DatabaseError::Unusable { .. })), "length {length}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(Index::open(path.parent().unwrap()), Err(DatabaseError::Missing { .. })));
}

#[test]
fn a_failed_update_leaves_the_old_index() {
    let (folder, _) = made(&one());
    let db = folder.path().join("db");
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let update_from = |from: &Path, ecosystems: &[&str]| {
        let ecosystems = ecosystems.iter().map(|&name| name.to_owned()).collect();
        update(&db, &UpdateOptions { from: vec![from.to_owned()], ecosystems, as_of: None }, &mut |_| {})
    };
    assert!(matches!(update_from(&empty, &[]), Err(DatabaseError::NotASource { .. })));
    let bucket = folder.path().join("bucket");
    assert!(matches!(update_from(&bucket, &["PyPI"]), Err(DatabaseError::NoSuchEcosystem { .. })));
    fs::write(bucket.join("npm/all.zip"), "no archive").unwrap();
    assert!(matches!(update_from(&bucket, &[]), Err(DatabaseError::BadArchive { .. })));
    let lock = fs::File::create(db.join("update.lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(update_from(&bucket, &[]), Err(DatabaseError::Busy { .. })));
    assert_eq!(Index::open(&db).unwrap().look_up(&[query("left", "1.5.0")]).unwrap()[0].judged.groups.len(), 1);
}

#[test]
fn the_rustsec_database_is_read_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let crates = folder.path().join("advisory-db/crates");
    let write = |package: &str, id: &str, front: &str| {
        fs::create_dir_all(crates.join(package)).unwrap();
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2024-01-02\"\n{front}```\n\n# A title\n\nText.\n"
        );
        fs::write(crates.join(package).join(format!("{id}.md")), text).unwrap();
    };
    write(
        "soft",
        "RUSTSEC-2024-9001",
        "[versions]\npatched = [\"^0.1.5\", \">= 0.2.3\"]\nunaffected = [\"< 0.1.2\"]\n",
    );
    write("none", "RUSTSEC-2024-9002", "informational = \"unmaintained\"\n[versions]\npatched = []\n");
    write("odd", "RUSTSEC-2024-9003", "cvss = \"CVSS:9.9/A:B\"\n[versions]\npatched = []\n");
    let db = folder.path().join("db");
    let options = UpdateOptions { from: vec![folder.path().join("advisory-db")], ..UpdateOptions::default() };
    let meta = update(&db, &options, &mut |_| {}).unwrap();
    assert_eq!((meta.sources[0].records, meta.sources[0].rejected), (2, 1));
    let index = Index::open(&db).unwrap();
    let ask = |name, version| {
        let query = Query { ecosystem: Ecosystem::CratesIo, name, version: Some(version), release: None };
        index.look_up(&[query]).unwrap().remove(0)
    };
    // The upper end of a caret requirement is plain precedence: a pre-release of 0.2.0 is not patched.
    let fixed = |version| ask("soft", version).judged.groups.first().map(|group| group.fixed_in.clone());
    assert_eq!(fixed("0.1.3"), Some(Some("0.1.5".to_owned())));
    assert_eq!(fixed("0.2.0-alpha"), Some(Some("0.2.3".to_owned())));
    assert_eq!(fixed("0.1.5"), None);
    assert_eq!(fixed("0.1.1"), None);
    assert_eq!(ask("none", "1.0.0").judged.groups[0].kind(), crate::model::AdvisoryKind::Unmaintained);
    assert_eq!(ask("odd", "1.0.0").rejected[0].id, "RUSTSEC-2024-9003");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The index agrees with a naive reading of every record.
    #[test]
    fn the_index_agrees_with_reading_every_record(
        records in proptest::collection::vec((0_u8..6, 0_u8..9, 0_u8..9), 1..60),
    ) {
        let records: Vec<(String, String)> = records
            .into_iter()
            .enumerate()
            .map(|(at, (name, low, high))| {
                let events = format!(r#"{{"introduced": "{low}.0.0"}}, {{"fixed": "{high}.0.0"}}"#);
                (format!("T{at}-1"), record(&format!("T{at}-1"), &format!("p{name}"), &events))
            })
            .collect();
        let (folder, _) = made(&records);
        let index = Index::open(&folder.path().join("db")).unwrap();
        let packages: Vec<(String, String)> =
            (0..7).flat_map(|name| (0..10).map(move |major| (format!("p{name}"), format!("{major}.0.0")))).collect();
        let queries: Vec<Query<'_>> = packages.iter().map(|(name, version)| query(name, version)).collect();
        for ((name, version), answer) in packages.iter().zip(index.look_up(&queries).unwrap()) {
            let mut expected: Vec<String> = Vec::new();
            for (id, json) in &records {
                let record = Record::parse(json.as_bytes()).unwrap();
                let key = Scheme::SemVer.key(version);
                let affected = &record.affected[0];
                if affected.name == *name && affected.affects.judge(version, key.as_ref()) == Affected::Yes {
                    expected.push(id.clone());
                }
            }
            let mut found: Vec<String> = answer.judged.groups.iter().map(|group| group.key().id.clone()).collect();
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
