//! What it costs to bring an index up to date, against making it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::services::{Service, Services, World};
use super::{Cost, OSPREY, command, run};

/// How many records change, of all.
const CHANGED: usize = 1000;

/// How often the update is made; the first index is made once.
const UPDATES: usize = 5;

/// Makes an index of every ecosystem of a bucket over the local services; then records of the largest one change, and
/// the index is brought up to date.
pub(super) fn against_making(bucket: &str) {
    let work = tempfile::tempdir().expect("a temporary folder");
    let served = work.path().join("bucket");
    let ecosystems = copied(Path::new(bucket), &served);
    let mut world = World::default();
    world.bucket_folder = Some(served.clone());
    let services = Services::start(world);
    let update = |index: &Path| {
        let mut arguments = vec!["db", "update", "--progress", "never", "--db", index.to_str().expect("a plain path")];
        let address = services.url(Service::OsvBucket);
        arguments.extend(["--from", &address]);
        arguments.extend(ecosystems.iter().flat_map(|ecosystem| ["--ecosystem", ecosystem]));
        run(command(OSPREY, &arguments))
    };
    let first = work.path().join("first");
    let making = update(&first);
    let (largest, records) = change(&served, &ecosystems);
    let mut costs: Vec<Cost> = Vec::new();
    for round in 0..UPDATES {
        let index = work.path().join(format!("index-{round}"));
        fs::create_dir(&index).expect("a folder");
        for name in ["advisories.osprey", "checked.json"] {
            fs::copy(first.join(name), index.join(name)).expect("a copy");
        }
        services.forget_requests();
        costs.push(update(&index));
        assert_eq!(services.count(Service::OsvBucket, "record"), CHANGED, "only what changed is fetched");
        assert_eq!(services.count(Service::OsvBucket, "all"), 0);
        fs::remove_dir_all(index).expect("a folder to remove");
    }
    let updating = super::summary(&costs);
    println!("made            {:8.0} ms CPU  {:7.0} KiB", making.cpu_ms, making.peak_kib);
    println!("{CHANGED} changed    {:8.0} ms CPU  {:7.0} KiB", updating.cpu_ms, updating.peak_kib);
    println!("of {records} records of {largest}");
    println!("ratio of CPU    {:6.3} (at most 0.1 is wanted)", updating.cpu_ms / making.cpu_ms);
    println!("ratio of memory {:6.3} (at most 1 is wanted)", updating.peak_kib / making.peak_kib);
}

/// Copies the archives and the lists of a bucket, and names its ecosystems.
fn copied(from: &Path, to: &Path) -> Vec<String> {
    let names = fs::read_to_string(from.join("ecosystems.txt")).expect("a bucket");
    let names: Vec<String> = names.lines().map(str::to_owned).collect();
    for name in &names {
        fs::create_dir_all(to.join(name)).expect("a folder");
        for file in ["all.zip", "modified_id.csv"] {
            fs::copy(from.join(name).join(file), to.join(name).join(file)).expect("a bucket with archives and lists");
        }
    }
    names
}

/// Changes records of the ecosystem that has the most, evenly spread, and lists the changes.
fn change(bucket: &Path, ecosystems: &[String]) -> (String, usize) {
    let list = |name: &str| fs::read_to_string(bucket.join(name).join("modified_id.csv")).expect("a list");
    let largest = ecosystems.iter().max_by_key(|name| list(name).lines().count()).expect("an ecosystem");
    let rows: Vec<String> = list(largest).lines().map(str::to_owned).collect();
    let file = fs::File::open(bucket.join(largest).join("all.zip")).expect("an archive");
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).expect("an archive");
    let mut new = fs::File::create(bucket.join(largest).join("modified_id.csv")).expect("a list");
    for (number, row) in rows.iter().enumerate() {
        let (_, id) = row.split_once(',').expect("a row");
        if number % (rows.len() / CHANGED).max(1) != 0 || number / (rows.len() / CHANGED).max(1) >= CHANGED {
            writeln!(new, "{row}").expect("a list");
            continue;
        }
        let mut json = String::new();
        archive.by_name(&format!("{id}.json")).expect("the record").read_to_string(&mut json).expect("text");
        let mut record: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        record["modified"] = "2099-01-01T00:00:00Z".into();
        record["details"] = "Changed.".into();
        fs::write(bucket.join(largest).join(format!("{id}.json")), record.to_string()).expect("a record");
        writeln!(new, "2099-01-01T00:00:00Z,{id}").expect("a list");
    }
    (largest.clone(), rows.len())
}
