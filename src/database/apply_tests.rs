//! An index that was brought up to date says the same as one that was made anew from the same records.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::model::Ecosystem;

/// The sources of the tests. The names of records are the same in all.
const SOURCES: [(SourceName, &str); 4] = [
    (SourceName::RustSec, "crates.io"),
    (SourceName::Osv, "crates.io"),
    (SourceName::Osv, "PyPI"),
    (SourceName::Osv, "npm"),
];

const IDS: u8 = 6;

/// What a source says of a record.
#[derive(Debug, Clone)]
enum Text {
    Record {
        changed: u8,
        packages: Vec<(u8, u8)>,
        from: u8,
        is_withdrawn: bool,
    },
    /// No record, but the package can be read.
    Legible(u8),
    Garbage,
}

/// What happens to a source.
#[derive(Debug, Clone)]
enum Step {
    Some { source: usize, texts: Vec<(u8, Text)>, vanished: Vec<u8> },
    All { source: usize, texts: Vec<(u8, Text)> },
}

fn id(number: u8) -> String {
    format!("TEST-{number}")
}

fn name(number: u8) -> String {
    format!("package-{number}")
}

fn json(number: u8, text: &Text) -> Vec<u8> {
    let package = |(ecosystem, package): (u8, u8)| {
        let ecosystem = Ecosystem::ALL[usize::from(ecosystem) % Ecosystem::ALL.len()].osv_name();
        format!(r#""package": {{"ecosystem": "{ecosystem}", "name": "{}"}}"#, name(package))
    };
    let json = match text {
        Text::Record { changed, packages, from, is_withdrawn } => {
            let events = format!(r#"{{"introduced": "{from}.0.0"}}, {{"fixed": "7.0.0"}}"#);
            let affected = packages.iter().map(|&named| {
                format!(r#"{{{}, "ranges": [{{"type": "SEMVER", "events": [{events}]}}]}}"#, package(named))
            });
            let withdrawn = if *is_withdrawn { r#""withdrawn": "2025-01-01T00:00:00Z","# } else { "" };
            format!(
                r#"{{"id": "{}", "modified": "2024-05-0{changed}T00:00:00.25Z", {withdrawn} "aliases": ["CVE-{}"],
                    "affected": [{}]}}"#,
                id(number),
                number / 2,
                affected.collect::<Vec<_>>().join(",")
            )
        }
        Text::Legible(named) => format!(r#"{{"id": 7, "affected": [{{{}}}]}}"#, package((0, *named))),
        Text::Garbage => "no record".to_owned(),
    };
    json.into_bytes()
}

fn record(number: u8, text: &Text) -> SourceRecord {
    SourceRecord { id: id(number), json: Ok(json(number, text)), package: None, listed: None }
}

/// Bytes that cannot be made smaller, so that what is dead is a small part.
fn bulk() -> SourceRecord {
    let mut state = 1_u64;
    let mut digits = (0..40_000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from(state >> 60).unwrap())
    });
    let details: String = digits.by_ref().collect();
    let json = format!(r#"{{"id": "BULK-1", "modified": "2024-01-01T00:00:00Z", "details": "{details}"}}"#);
    SourceRecord { id: "BULK-1".to_owned(), json: Ok(json.into_bytes()), package: None, listed: None }
}

fn changes(source: usize, content: Content) -> Changes {
    let (source, ecosystem) = SOURCES[source];
    Changes { source, ecosystem: ecosystem.to_owned(), content, as_of: AsOf::Newest }
}

fn some(records: Vec<SourceRecord>, vanished: Vec<IdHash>) -> Content {
    Content::Some { records, vanished }
}

/// Everything that an index can be asked.
fn answers(folder: &Path) -> (Meta, Vec<QueryAnswer>, Vec<Vec<String>>) {
    let index = Index::open(folder).unwrap();
    index.verify().unwrap();
    let names: Vec<String> = (0..5).map(name).collect();
    let mut queries = Vec::new();
    for &ecosystem in Ecosystem::ALL {
        for name in &names {
            queries.extend(["1.5.0", "3.5.0", "8.0.0"].map(|version| Query {
                ecosystem,
                name,
                version: Some(version),
                release: None,
            }));
        }
    }
    let explained = |name: String| {
        let records = index.explain(&name).unwrap();
        records
            .into_iter()
            .map(|(record, json)| format!("{} {}", record.id, String::from_utf8(json).unwrap()))
            .collect()
    };
    let explained = (0..IDS).flat_map(|number| [id(number), format!("CVE-{number}")]).map(explained).collect();
    (index.meta().clone(), index.look_up(&queries).unwrap(), explained)
}

fn text() -> impl Strategy<Value = Text> {
    let packages = proptest::collection::vec((0_u8..4, 0_u8..5), 0..4);
    prop_oneof![
        6 => (1_u8..5, packages, 0_u8..4, proptest::bool::weighted(0.2)).prop_map(
            |(changed, packages, from, is_withdrawn)| Text::Record { changed, packages, from, is_withdrawn }
        ),
        1 => (0_u8..5).prop_map(Text::Legible),
        1 => Just(Text::Garbage),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let texts = || proptest::collection::vec((0..IDS, text()), 0..5);
    prop_oneof![
        4 => (0..SOURCES.len(), texts(), proptest::collection::vec(0..IDS, 0..3))
            .prop_map(|(source, texts, vanished)| Step::Some { source, texts, vanished }),
        1 => (1..SOURCES.len(), texts()).prop_map(|(source, texts)| Step::All { source, texts }),
    ]
}

/// What the sources hold by now.
type Held = BTreeMap<usize, BTreeMap<u8, Text>>;

/// Takes a step in the model and says what it changes.
fn taken(step: &Step, held: &mut Held, folder: &Path) -> Changes {
    match step {
        Step::Some { source, texts, vanished } => {
            let list = held.entry(*source).or_default();
            list.retain(|number, _| !vanished.contains(number));
            let mut seen = BTreeSet::new();
            let texts: Vec<_> = texts.iter().filter(|(number, _)| seen.insert(*number)).cloned().collect();
            list.extend(texts.iter().cloned());
            let records = texts.iter().map(|(number, text)| record(*number, text)).collect();
            changes(*source, some(records, vanished.iter().map(|&number| IdHash::of(&id(number))).collect()))
        }
        Step::All { source, texts } => {
            let list: BTreeMap<u8, Text> = texts.iter().cloned().collect();
            let folder = folder.join("all");
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            for (number, text) in &list {
                fs::write(folder.join(format!("{}.json", id(*number))), json(*number, text)).unwrap();
            }
            held.insert(*source, list);
            changes(*source, Content::All(Archive::OsvFolder(folder)))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_brought_up_to_date_says_what_is_made_anew(
        steps in proptest::collection::vec(step(), 1..6), is_bulky: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut held = Held::new();
        let mut updated = Writer::open(&folder.path().join("updated")).unwrap();
        let bulk = Changes { ecosystem: "Go".to_owned(), ..changes(1, some(vec![bulk()], Vec::new())) };
        if is_bulky {
            updated.apply(std::slice::from_ref(&bulk), &mut |_| {}).unwrap();
        }
        for (number, step) in steps.iter().enumerate() {
            let change = taken(step, &mut held, folder.path());
            updated.apply(&[change], &mut |_| {}).unwrap();
            let whole = held.iter().map(|(source, texts)| {
                changes(*source, some(texts.iter().map(|(number, text)| record(*number, text)).collect(), Vec::new()))
            });
            let whole: Vec<Changes> = whole.chain(is_bulky.then(|| bulk.clone())).collect();
            let anew = folder.path().join(format!("anew-{number}"));
            Writer::open(&anew).unwrap().apply(&whole, &mut |_| {}).unwrap();
            prop_assert_eq!(answers(updated.directory()), answers(&anew));
        }
    }
}

/// An index of forty records of one source.
fn forty(folder: &Path) -> Writer {
    let mut writer = Writer::open(folder).unwrap();
    let text = Text::Record { changed: 1, packages: vec![(0, 0), (0, 1)], from: 1, is_withdrawn: false };
    let records = (0..40).map(|number| record(number, &text)).collect();
    writer.apply(&[changes(1, some(records, Vec::new()))], &mut |_| {}).unwrap();
    writer
}

#[test]
fn what_nobody_holds_is_left_out_when_it_is_a_quarter() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = forty(folder.path());
    let records = |writer: &Writer| writer.index().unwrap().header.records.length;
    let before = records(&writer);
    let mut vanish = |from: u8, to: u8| {
        let vanished = (from..to).map(|number| IdHash::of(&id(number))).collect();
        writer.apply(&[changes(1, some(Vec::new(), vanished))], &mut |_| {}).unwrap();
        records(&writer)
    };
    assert_eq!(vanish(0, 9), before, "less than a quarter stays");
    let after = vanish(9, 12);
    assert!(after * 40 <= before * 29, "{before} bytes became {after}");
    assert_eq!(writer.index().unwrap().meta().sources[0].records, 28);
}

#[test]
fn only_the_blocks_that_are_touched_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = forty(folder.path());
    let text = Text::Record { changed: 2, packages: vec![(0, 2)], from: 1, is_withdrawn: false };
    let before = writer.index().unwrap().holdings(SourceName::Osv, "crates.io").unwrap();
    writer.apply(&[changes(1, some(vec![record(7, &text)], Vec::new()))], &mut |_| {}).unwrap();
    let after = writer.index().unwrap().holdings(SourceName::Osv, "crates.io").unwrap();
    let moved = before.0.iter().zip(&after.0).filter(|(before, after)| before.item != after.item);
    assert_eq!(moved.map(|(before, _)| before.id).collect::<Vec<_>>(), [IdHash::of(&id(7))]);
}

#[test]
fn what_is_damaged_is_not_carried_over_and_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(forty(folder.path()));
    let path = folder.path().join(FILE_NAME);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8192 + 100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut writer = Writer::open(folder.path()).unwrap();
    let none = [changes(1, some(Vec::new(), Vec::new()))];
    assert!(matches!(writer.apply(&none, &mut |_| {}), Err(DatabaseError::Unusable { .. })));
    assert!(writer.index().is_none());
    writer.apply(&none, &mut |_| {}).unwrap();
    assert_eq!(writer.index().unwrap().meta().sources[0].records, 0);
}

#[test]
fn a_date_is_the_newest_change_or_when_somebody_looked_and_stays_where_nobody_did() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = forty(folder.path());
    let as_of =
        |writer: &Writer| writer.index().unwrap().meta().sources.iter().map(|source| source.as_of).collect::<Vec<_>>();
    assert_eq!(as_of(&writer), [Some(1_714_521_600)]);
    let mut change = changes(1, some(Vec::new(), Vec::new()));
    change.as_of = AsOf::At(1_800_000_000);
    writer.apply(std::slice::from_ref(&change), &mut |_| {}).unwrap();
    assert_eq!(as_of(&writer), [Some(1_800_000_000)]);
    change.as_of = AsOf::Kept;
    writer.apply(&[change], &mut |_| {}).unwrap();
    assert_eq!(as_of(&writer), [Some(1_800_000_000)]);
}
