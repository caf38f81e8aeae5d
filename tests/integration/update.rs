//! `osprey db update` against the services: only what changed is asked for, and whatever goes wrong the index opens and
//! does not say that it is newer than it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use osprey::database::Index;
use serde_json::{Value, json};

use crate::services::{Fault, On, Recorded, Service, Services, World};
use crate::support::{Run, Tree, run};

const LONG_AGO: &str = "2026-10-01T00:00:05Z";

fn record(id: &str, ecosystem: &str, modified: &str) -> Value {
    json!({
        "id": id, "modified": modified, "published": "2025-02-03T04:05:06Z", "summary": format!("{id} of {modified}"),
        "affected": [{"package": {"ecosystem": ecosystem, "name": format!("package-{id}").to_lowercase()},
                      "ranges": [{"type": if ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" },
                                  "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]}],
    })
}

/// Forty records of npm and one of each other ecosystem.
fn world() -> World {
    let mut world = World::default();
    for number in 0..40 {
        world.advisory(&record(&format!("GHSA-{number}"), "npm", LONG_AGO));
    }
    world.advisory(&record("PYSEC-1", "PyPI", LONG_AGO));
    world.advisory(&record("GO-1", "Go", LONG_AGO));
    world.advisory(&record("RUSTSEC-2025-0001", "crates.io", LONG_AGO));
    world
}

/// The ecosystems of which that world has anything.
const HELD: [&str; 4] = ["crates.io", "Go", "npm", "PyPI"];

/// A tree in which updates are made, and the services that it asks.
struct Fixture {
    tree: Tree,
    services: Services,
}

impl Fixture {
    fn new(world: World) -> Self {
        Self { tree: Tree::new(), services: Services::start(world) }
    }

    /// The same after a first update.
    fn updated(world: World) -> Self {
        let fixture = Self::new(world);
        fixture.update(&[]).exits(0);
        fixture.services.forget_requests();
        fixture
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.tree.asking(&[&["db", "update"], arguments].concat());
        if !arguments.contains(&"--ecosystem") {
            command.args(HELD.map(|ecosystem| format!("--ecosystem={ecosystem}")));
        }
        command.envs(self.services.environment());
        command
    }

    fn update(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments))
    }

    fn index(&self) -> Index {
        let index = Index::open(&self.tree.cache()).unwrap();
        index.verify().unwrap();
        index
    }

    fn file(&self) -> PathBuf {
        self.tree.cache().join("advisories.osprey")
    }

    /// When the index says that a source was seen as it is held.
    fn as_of(&self, source: &str, ecosystem: &str) -> Option<i64> {
        let index = self.index();
        let mut sources = index.meta().sources.iter();
        sources.find(|known| known.name == source && known.ecosystem == ecosystem).unwrap().as_of
    }

    /// What the index has of a record.
    fn summary(&self, id: &str) -> Option<String> {
        let records = self.index().explain(id).unwrap();
        records.into_iter().find(|(record, _)| record.id == id).map(|(record, _)| record.summary)
    }

    /// What was asked since the requests were last forgotten, sorted: the kind, the path, the status.
    fn asked(&self) -> Vec<String> {
        let line = |request: Recorded| format!("{} {} {}", request.status, request.endpoint, request.target);
        let mut lines: Vec<String> = self.services.requests().into_iter().map(line).collect();
        lines.sort();
        self.services.forget_requests();
        lines
    }
}

const RUSTSEC: &str = "archive /rustsec/RustSec/advisory-db/archive/refs/heads/main.zip";

fn now() -> i64 {
    Timestamp::now().as_second()
}

#[test]
fn the_first_update_takes_all_and_the_next_what_changed() {
    let fixture = Fixture::new(world());
    let began = now();
    fixture.update(&[]).exits(0).says("npm").says("rustsec");
    assert_eq!(
        fixture.asked(),
        [
            &format!("200 {RUSTSEC}"),
            "200 modified /osv-bucket/Go/modified_id.csv",
            "200 modified /osv-bucket/PyPI/modified_id.csv",
            "200 modified /osv-bucket/crates.io/modified_id.csv",
            "200 modified /osv-bucket/npm/modified_id.csv",
            "206 all /osv-bucket/Go/all.zip",
            "206 all /osv-bucket/PyPI/all.zip",
            "206 all /osv-bucket/crates.io/all.zip",
            "206 all /osv-bucket/npm/all.zip",
        ]
    );
    assert!(fixture.as_of("osv", "npm").unwrap() >= began && fixture.as_of("rustsec", "crates.io").unwrap() >= began);

    // Nothing changed: the index is not touched, and is as of now.
    let before = fs::read(fixture.file()).unwrap();
    let began = now();
    fixture.update(&[]).exits(0);
    let lists = |statuses: [u16; 4]| {
        let names = ["Go", "PyPI", "crates.io", "npm"].into_iter().zip(statuses);
        names.map(|(name, status)| format!("{status} modified /osv-bucket/{name}/modified_id.csv")).collect::<Vec<_>>()
    };
    assert_eq!(fixture.asked(), [&[format!("304 {RUSTSEC}")], &lists([304; 4])[..]].concat());
    assert!(fs::read(fixture.file()).unwrap() == before);
    assert!(fixture.as_of("osv", "npm").unwrap() >= began && fixture.as_of("rustsec", "crates.io").unwrap() >= began);

    // A later moment of the same second, a new record, and one that was taken back.
    fixture.services.change(|world| {
        world.change_advisory("GHSA-7", "2026-10-01T00:00:05.123Z", |record| record["summary"] = "changed".into());
        world.advisory(&record("GHSA-40", "npm", "2026-10-02T00:00:00Z"));
        world.withdraw("GHSA-8", "2026-10-02T00:00:00Z");
    });
    fixture.update(&[]).exits(0);
    let mut expected = vec![
        "200 modified /osv-bucket/npm/modified_id.csv".to_owned(),
        "200 record /osv-bucket/npm/GHSA-40.json".to_owned(),
        "200 record /osv-bucket/npm/GHSA-7.json".to_owned(),
        "200 record /osv-bucket/npm/GHSA-8.json".to_owned(),
        format!("304 {RUSTSEC}"),
    ];
    expected.extend(lists([304; 4]).into_iter().take(3));
    assert_eq!(fixture.asked(), expected);
    assert_eq!(fixture.summary("GHSA-7").as_deref(), Some("changed"));
    assert_eq!(fixture.summary("GHSA-40").as_deref(), Some("GHSA-40 of 2026-10-02T00:00:00Z"));
    let npm = fixture.index().meta().of("npm").unwrap();
    assert_eq!((npm.records, npm.withdrawn), (41, 1));
    fixture.tree.run(&["db", "status"]).exits(0).says("npm        osv           41          1");
    fixture.update(&[]).exits(0);
    assert_eq!(fixture.asked(), [&[format!("304 {RUSTSEC}")], &lists([304; 4])[..]].concat());
}

#[test]
fn what_vanishes_is_forgotten_and_a_list_that_shrank_is_not_believed() {
    let fixture = Fixture::updated(world());
    fixture.services.change(|world| {
        world.vanish("GHSA-3");
        // This one is listed with a change, and is not there.
        world.change_advisory("GHSA-4", "2026-10-03T00:00:00Z", |_| {});
        world.lost_records.insert("GHSA-4".to_owned());
    });
    let began = now();
    fixture.update(&[]).exits(0);
    assert_eq!((fixture.summary("GHSA-3"), fixture.summary("GHSA-4")), (None, None));
    let npm = fixture.index().meta().of("npm").unwrap();
    assert!(npm.records == 38 && npm.as_of.unwrap() >= began, "{npm:?}");

    fixture.services.change(|world| (5..15).for_each(|number| world.vanish(&format!("GHSA-{number}"))));
    let as_of = fixture.as_of("osv", "npm");
    let out = fixture.update(&[]).exits(2).complains("lacks 10 of 38 records").complains("the index stays as of");
    assert!(out.stderr.contains("npm from osv") && !out.stderr.contains("PyPI"), "{}", out.stderr);
    assert_eq!(fixture.as_of("osv", "npm"), as_of);
    assert_eq!(fixture.index().meta().of("npm").unwrap().records, 38);
}

#[test]
fn what_cannot_be_fetched_leaves_the_date_and_is_fetched_next_time() {
    let fixture = Fixture::updated(world());
    let as_of = fixture.as_of("osv", "npm");
    fixture.services.change(|world| {
        for id in ["GHSA-1", "GHSA-2"] {
            world.change_advisory(id, "2026-10-03T00:00:00Z", |record| record["summary"] = "changed".into());
        }
    });
    fixture.services.set_fault(On::from(Service::OsvBucket).path("GHSA-2.json"), Fault::Status(403));
    let out = fixture.update(&[]).exits(2).says("npm");
    for text in ["1 of 2 changed records could not be fetched (GHSA-2)", "403", "the index stays as of"] {
        assert!(out.stderr.contains(text), "{text:?} is not in {}", out.stderr);
    }
    assert_eq!(fixture.as_of("osv", "npm"), as_of);
    assert_eq!(fixture.summary("GHSA-1").as_deref(), Some("changed"), "what came is kept");
    assert_eq!(fixture.summary("GHSA-2").unwrap(), format!("GHSA-2 of {LONG_AGO}"));

    fixture.services.clear_faults();
    fixture.services.forget_requests();
    let began = now();
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    let expected = ["200 modified /osv-bucket/npm/modified_id.csv", "200 record /osv-bucket/npm/GHSA-2.json"];
    assert_eq!(fixture.asked(), expected);
    assert!(fixture.as_of("osv", "npm").unwrap() >= began);
    assert_eq!(fixture.summary("GHSA-2").as_deref(), Some("changed"));
}

#[test]
fn much_that_changed_is_fetched_in_one_piece() {
    let mut world = World::default();
    for number in 0..400 {
        world.advisory(&record(&format!("GHSA-{number}"), "npm", LONG_AGO));
    }
    let fixture = Fixture::new(world);
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    let change = |numbers: std::ops::Range<u32>, time: &str| {
        fixture.services.forget_requests();
        fixture.services.change(|world| {
            numbers.for_each(|number| {
                world.change_advisory(&format!("GHSA-{number}"), time, |record| record["summary"] = time.into());
            });
        });
        fixture.update(&["--ecosystem", "npm"]).exits(0);
        (fixture.services.count(Service::OsvBucket, "all"), fixture.services.count(Service::OsvBucket, "record"))
    };
    assert_eq!(change(0..100, "2026-10-02T00:00:00Z"), (0, 100), "a quarter, but few");
    assert_eq!(change(0..101, "2026-10-03T00:00:00Z"), (1, 0));
    assert_eq!(fixture.summary("GHSA-100").as_deref(), Some("2026-10-03T00:00:00Z"));
    assert_eq!(fixture.index().meta().of("npm").unwrap().records, 400);
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_was() {
    let fixture = Fixture::new(world());
    let archive = || On::from(Service::OsvBucket).path("npm/all.zip");
    fixture.services.set_fault(archive().first(2), Fault::CutBody);
    fixture.services.set_fault(archive().after(2).first(1), Fault::Status(403));
    fixture
        .update(&["--ecosystem", "npm"])
        .exits(2)
        .complains("npm from osv")
        .complains("the index holds nothing of it");
    fixture.services.clear_faults();
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    let requests: Vec<Recorded> =
        fixture.services.requests().into_iter().filter(|request| request.target.ends_with("all.zip")).collect();
    let first = |request: &Recorded| {
        let range = request.headers["range"].strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
        range.parse::<u64>().unwrap()
    };
    let starts: Vec<u64> = requests.iter().map(first).collect();
    assert!(starts[0] == 0 && starts[1] > 0 && starts[2] > starts[1] && starts[3] == starts[2], "{starts:?}");
    assert!(requests[1..].iter().all(|request| request.headers.contains_key("if-range")));
    assert_eq!(fixture.index().meta().of("npm").unwrap().records, 40);
    assert_eq!(fs::read_dir(fixture.tree.cache().join("downloads")).unwrap().count(), 0, "nothing is left");
}

#[test]
fn what_was_begun_of_another_file_is_not_joined() {
    let fixture = Fixture::new(world());
    let archive = || On::from(Service::OsvBucket).path("npm/all.zip");
    fixture.services.set_fault(archive().first(1), Fault::CutBody);
    fixture.services.set_fault(archive().after(1), Fault::Status(403));
    fixture.update(&["--ecosystem", "npm"]).exits(2);
    fixture.services.clear_faults();
    fixture.services.change(|world| world.advisory(&record("GHSA-41", "npm", "2026-10-02T00:00:00Z")));
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    assert_eq!(fixture.index().meta().of("npm").unwrap().records, 41);
}

#[test]
fn an_ecosystem_with_a_space_is_one_and_one_that_is_not_there_is_named() {
    let mut world = world();
    world.advisory(&record("RLSA-1", "Rocky Linux:9", LONG_AGO));
    let fixture = Fixture::new(world);
    fixture.update(&["--ecosystem", "Rocky Linux"]).exits(0).says("Rocky Linux").hides("npm");
    let expected =
        ["200 modified /osv-bucket/Rocky%20Linux/modified_id.csv", "206 all /osv-bucket/Rocky%20Linux/all.zip"];
    assert_eq!(fixture.asked(), expected);
    fixture
        .update(&["--ecosystem", "Rocky Linux", "--ecosystem", "None"])
        .exits(2)
        .complains("it has nothing for None");
    fixture.update(&["--ecosystem", ".."]).exits(2).complains("is no ecosystem");
    // What is not named stays.
    fixture.update(&["--ecosystem", "npm"]).exits(0).says("Rocky Linux").says("npm");
}

#[test]
fn the_rustsec_archive_is_read_anew_when_it_changed() {
    let fixture = Fixture::new(world());
    fixture.services.adjust(|settings| settings.rustsec_redirects = true);
    fixture.update(&["--ecosystem", "crates.io"]).exits(0);
    assert_eq!(fixture.index().meta().of("crates.io").unwrap().records, 2, "one of each source");
    fixture.services.change(|world| {
        let text = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0002\"\npackage = \"soft\"\ndate = \"2026-10-02\"\n[versions]\npatched = []\n```\n\n# New\n\nText.\n";
        world.rustsec_files.insert("crates/soft/RUSTSEC-2026-0002.md".to_owned(), text.to_owned());
    });
    fixture.services.forget_requests();
    let began = now();
    fixture.update(&["--ecosystem", "crates.io"]).exits(0);
    assert_eq!(
        fixture.asked(),
        [
            "200 archive /rustsec/codeload/RustSec/advisory-db/zip/refs/heads/main",
            &format!("302 {RUSTSEC}"),
            "304 modified /osv-bucket/crates.io/modified_id.csv",
        ]
    );
    assert_eq!(fixture.summary("RUSTSEC-2026-0002").as_deref(), Some("New"));
    assert!(fixture.as_of("rustsec", "crates.io").unwrap() >= began);
    // No archive, and one with nothing in it, change nothing.
    for fault in [Fault::NotJson, Fault::Status(403)] {
        fixture.services.clear_faults();
        fixture.services.change(|world| drop(world.rustsec_files.insert("crates/soft/x.md".to_owned(), String::new())));
        fixture.services.set_fault(Service::RustSec, fault);
        fixture.update(&["--ecosystem", "crates.io"]).exits(2).complains("crates.io from rustsec");
        assert_eq!(fixture.summary("RUSTSEC-2026-0002").as_deref(), Some("New"));
    }
}

/// A bucket on disk, of which a test writes every byte.
fn bucket_folder(at: &Path, list: &str, records: &[Value]) {
    fs::create_dir_all(at.join("npm")).unwrap();
    let mut archive = zip::ZipWriter::new(fs::File::create(at.join("npm/all.zip")).unwrap());
    for record in records {
        let name = format!("{}.json", record["id"].as_str().unwrap());
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, record.to_string().as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    fs::write(at.join("npm/modified_id.csv"), list).unwrap();
}

#[test]
fn an_index_that_lacks_what_is_listed_does_not_say_that_it_is_as_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let records = [record("A-1", "npm", "2026-10-01T00:00:00Z"), record("A-2", "npm", "2026-10-05T00:00:00Z")];
    // The record is served as it was before the change that the list names: the change came after the archive.
    bucket_folder(folder.path(), "2026-10-06T00:00:00Z,A-1\n2026-10-05T00:00:00Z,A-2\n", &records);
    let mut world = World::default();
    world.bucket_folder = Some(folder.path().to_owned());
    let fixture = Fixture::new(world);
    let out = fixture.update(&["--ecosystem", "npm"]).exits(2).complains("older than its list of changes says (A-1");
    assert!(out.stderr.contains("the index stays as of 2026-10-05T00:00:00Z"), "{}", out.stderr);
    assert_eq!(fixture.as_of("osv", "npm"), Some(1_791_158_400));
    // A change from before the newest that is held: nothing is known of the time between.
    bucket_folder(folder.path(), "2026-10-04T00:00:00Z,A-1\n2026-10-05T00:00:00Z,A-2\n", &records);
    fs::remove_dir_all(fixture.tree.cache()).unwrap();
    fixture.update(&["--ecosystem", "npm"]).exits(2).complains("does not say how old that is");
    assert_eq!(fixture.as_of("osv", "npm"), None);
    // The list says the time less exactly.
    bucket_folder(folder.path(), "2026-10-01T00:00:00.9Z,A-1\n2026-10-05T00:00:00Z,A-2\n", &records);
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    // Nothing to compare the archive with.
    fs::remove_file(folder.path().join("npm/modified_id.csv")).unwrap();
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    fixture.services.forget_requests();
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    let expected = ["304 all /osv-bucket/npm/all.zip", "404 modified /osv-bucket/npm/modified_id.csv"];
    assert_eq!(fixture.asked(), expected);
    // What is no archive is no reason to forget anything.
    fs::write(folder.path().join("npm/all.zip"), "no archive").unwrap();
    fixture.update(&["--ecosystem", "npm"]).exits(2).complains("no archive that can be read");
    assert_eq!(fixture.index().meta().of("npm").unwrap().records, 2);
}

#[test]
fn other_addresses_are_given_as_such() {
    let fixture = Fixture::new(world());
    let bucket = fixture.services.url(Service::OsvBucket);
    let held = HELD.map(|ecosystem| format!("--ecosystem={ecosystem}"));
    let update = |arguments: &[&str]| {
        let mut command = fixture.tree.asking(&[&["db", "update"], arguments].concat());
        command.args(held.iter().filter(|_| !arguments.contains(&"--ecosystem")));
        run(&mut command)
    };
    update(&["--from", &bucket, "--ecosystem", "npm"]).exits(0).says("npm").hides("rustsec");
    assert!(fixture.services.requests().iter().all(|request| request.service == Some(Service::OsvBucket)));
    let archive = format!("{}/RustSec/advisory-db/archive/refs/heads/main.zip", fixture.services.url(Service::RustSec));
    update(&["--from", &archive]).exits(0).says("rustsec").says("npm");
    update(&["--from", &bucket, "--from", "."]).exits(2).complains("not both");
    update(&["--from", &bucket, "--from", &bucket]).exits(2).complains("one address of each kind");
    update(&["--from", &bucket, "--as-of", "2026-10-10"]).exits(2).complains("--as-of is for folders");
    update(&["--from", "https://user:secret@/"]).exits(2).complains("--from is not the address of a service");
}

#[test]
fn a_policy_of_the_caller_says_where_the_mirrors_are() {
    let fixture = Fixture::new(world());
    let bucket = fixture.services.url(Service::OsvBucket);
    let archive = format!("{}/RustSec/advisory-db/archive/refs/heads/main.zip", fixture.services.url(Service::RustSec));
    let policy = format!("version = 1\n[sources]\nosv-bucket = \"{bucket}\"\nrustsec = \"{archive}\"\n");
    fs::write(fixture.tree.path("p.toml"), policy).unwrap();
    let held = HELD.map(|ecosystem| format!("--ecosystem={ecosystem}"));
    let update = |arguments: &[&str]| {
        let mut command = fixture.tree.asking(&[&["db", "update"], arguments].concat());
        command.args(held.iter().filter(|_| !arguments.contains(&"--ecosystem")));
        run(&mut command)
    };
    update(&["--policy", "p.toml"]).exits(0).says("npm").says("rustsec");
    assert_eq!(fixture.asked().len(), 9);
    // What the environment names comes first.
    let elsewhere = "http://127.0.0.1:1/";
    let mut command = fixture.tree.asking(&["db", "update", "--policy", "p.toml", "--ecosystem", "npm"]);
    run(command.env("OSPREY_OSV_BUCKET_URL", elsewhere).args(["--timeout", "5"])).exits(2).complains("npm from osv");
    assert!(fixture.asked().is_empty());
    update(&["--policy", "p.toml", "--from", &bucket]).exits(2).complains("cannot be used with");
    update(&["--policy", "missing.toml"]).exits(2).complains("the policy missing.toml");
}

#[test]
fn an_index_that_cannot_be_used_is_made_anew() {
    let fixture = Fixture::updated(world());
    let whole = fs::read(fixture.file()).unwrap();
    // Torn, of another format, and altered where only an update looks.
    let altered = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    for bytes in [whole[..5000].to_vec(), altered(8), altered(8192 + 50)] {
        fs::write(fixture.file(), bytes).unwrap();
        fixture.services.change(|world| world.change_advisory("GHSA-1", &Timestamp::now().to_string(), |_| {}));
        fixture.update(&[]).exits(0);
        assert_eq!(fixture.index().meta().of("npm").unwrap().records, 40);
    }
}

/// Whether everything that the services have from up to a date that the index gives is in the index as they have it.
fn does_not_lie(fixture: &Fixture, records: &[(String, Value)]) {
    let Ok(index) = Index::open(&fixture.tree.cache()) else {
        assert!(!fixture.file().exists(), "there is an index, and it does not open");
        return;
    };
    index.verify().unwrap();
    let Some(as_of) = index.meta().of("npm").and_then(|npm| npm.as_of) else { return };
    for (id, record) in records {
        let modified: Timestamp = record["modified"].as_str().unwrap().parse().unwrap();
        if modified.as_second() <= as_of {
            let held = index.explain(id).unwrap();
            let held: Value = serde_json::from_slice(&held[0].1).unwrap();
            assert_eq!(held, *record, "as of {as_of}");
        }
    }
}

#[test]
fn killed_at_any_moment_it_leaves_an_index_that_opens_and_does_not_lie() {
    let mut records: Vec<(String, Value)> = Vec::new();
    for number in 0..300 {
        let id = format!("GHSA-{number}");
        records.push((id.clone(), record(&id, "npm", LONG_AGO)));
    }
    let mut world = World::default();
    records.iter().for_each(|(_, record)| world.advisory(record));
    let fixture = Fixture::new(world);
    let started = Instant::now();
    fixture.update(&["--ecosystem", "npm"]).exits(0);
    let usual = started.elapsed() + Duration::from_millis(40);
    fs::remove_dir_all(fixture.tree.cache()).unwrap();
    fixture.services.set_fault(Service::OsvBucket, Fault::Latency { milliseconds: 10 });
    let begin = Timestamp::now().as_second();
    for round in 0..20_u32 {
        // Moments that grow, and that nothing else in the run is in step with.
        let mut child = fixture.command(&["--ecosystem", "npm"]).spawn().unwrap();
        std::thread::sleep(usual * ((round * 7) % 20) / 20);
        child.kill().unwrap();
        child.wait().unwrap();
        does_not_lie(&fixture, &records);
        // From here on later than anything that an update can have seen.
        let time = Timestamp::from_second(begin + 1000 * i64::from(round + 1)).unwrap().to_string();
        for (id, known) in records.iter_mut().skip(usize::try_from(round).unwrap() % 7).step_by(11) {
            *known = record(id, "npm", &time);
            fixture.services.change(|world| world.advisory(known));
        }
        does_not_lie(&fixture, &records);
        if round % 5 == 4 {
            fixture.update(&["--ecosystem", "npm"]).exits(0);
            does_not_lie(&fixture, &records);
            assert_eq!(fixture.index().meta().of("npm").unwrap().as_of, Some(begin + 1000 * i64::from(round + 1)));
        }
    }
}

/// What stands in a record's place without being it changes nothing, and the index does not say that it is newer.
#[test]
fn what_is_not_the_record_does_not_take_its_place() {
    for fault in [Fault::NotJson, Fault::WrongType] {
        let fixture = Fixture::updated(world());
        let as_of = fixture.as_of("osv", "npm");
        fixture.services.change(|world| {
            world.change_advisory("GHSA-1", "2026-10-03T00:00:00Z", |record| record["summary"] = "changed".into());
        });
        fixture.services.set_fault(On::from(Service::OsvBucket).path("GHSA-1.json"), fault.clone());
        fixture.update(&[]).exits(2).complains("is not that record");
        assert_eq!(fixture.as_of("osv", "npm"), as_of, "{fault:?}");
        assert_eq!(fixture.summary("GHSA-1").unwrap(), format!("GHSA-1 of {LONG_AGO}"), "{fault:?}");
    }
}

/// An archive without records is no ecosystem without advisories.
#[test]
fn an_archive_without_records_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    bucket_folder(folder.path(), "", &[]);
    let mut world = World::default();
    world.bucket_folder = Some(folder.path().to_owned());
    Fixture::new(world).update(&["--ecosystem", "npm"]).exits(2).complains("has no records");
}

/// A change that is dated in the future does not keep an index from growing old.
#[test]
fn a_change_in_the_future_does_not_make_the_index_newer() {
    let mut world = world();
    world.advisory(&record("GHSA-future", "npm", "2099-01-01T00:00:00Z"));
    let fixture = Fixture::updated(world);
    let newest = now() + 60;
    assert!(fixture.as_of("osv", "npm").unwrap() <= newest);
}
