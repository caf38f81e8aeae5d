//! What a scan of many files costs, against reading the same files and checking no more than their syntax: JSON, TOML and
//! XML with the libraries that the parsers rest on; of everything else, which the parsers read themselves, that it is
//! UTF-8, line by line. Both are whole processes on one processor's account, so that what starting costs is in both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{OSPREY, command, made, pair};

/// Prints what it costs. `bucket` is a folder of advisories.
pub(crate) fn against_checking(bucket: &str, tree: &str) {
    let work = tempfile::tempdir().expect("a temporary folder");
    let index = work.path().join("index");
    made(bucket, &index);
    let index = index.to_str().expect("a plain path").to_owned();
    let scan = |format: &str| {
        let mut scan = command(OSPREY, &["scan", tree, "--offline", "--exit-zero", "--db", &index, "-o", format]);
        scan.args(["--progress", "never", "--today", "2026-08-22"])
            .env("HOME", work.path())
            .env_remove("XDG_CACHE_HOME");
        scan
    };
    let done = scan("json").stdout(Stdio::piped()).output().expect("the program runs");
    let report: Value = serde_json::from_slice(&done.stdout).expect("a report");
    let files = report["coverage"]["files"].as_array().expect("files").iter();
    let read = files.filter(|file| file["state"] == "read" || file["state"] == "partly-read");
    let paths: Vec<&str> = read.map(|file| file["path"].as_str().expect("a path")).collect();
    let list = work.path().join("list");
    fs::write(&list, paths.join("\n")).expect("a list");
    let own = std::env::current_exe().expect("this program");
    let own = own.to_str().expect("a plain path");
    let list = list.to_str().expect("a plain path");
    let (ours, theirs) = pair(|| scan("text"), || command(own, &["check", tree, list]));
    println!("{} files, {} packages", paths.len(), report["packages"].as_array().expect("packages").len());
    println!("osprey scan     {:6.1} ms CPU  {:7.0} KiB", ours.cpu_ms, ours.peak_kib);
    println!("reading, syntax {:6.1} ms CPU  {:7.0} KiB", theirs.cpu_ms, theirs.peak_kib);
    println!("ratio of CPU    {:6.3} (at most 2 is wanted)", ours.cpu_ms / theirs.cpu_ms);
}

/// Reads the files of a list and checks their syntax.
pub(crate) fn check(tree: &str, list: &str) {
    let list = fs::read_to_string(list).expect("a list");
    let mut wrong = 0_usize;
    for path in list.lines() {
        let path: PathBuf = Path::new(tree).join(path);
        let bytes = fs::read(&path).expect("a file that the scan read");
        wrong += usize::from(!is_right(&path, &bytes));
    }
    println!("{wrong} files are not as their names say");
}

fn is_right(path: &Path, bytes: &[u8]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match name.rsplit('.').next().unwrap_or_default() {
        "json" => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        "toml" => toml::de::DeTable::parse(text).is_ok(),
        "lock" if text.contains("[[package]]") => toml::de::DeTable::parse(text).is_ok(),
        "xml" => {
            let mut reader = quick_xml::Reader::from_str(text);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => return true,
                    Ok(_) => {}
                    Err(_) => return false,
                }
            }
        }
        _ => text.lines().all(|line| !line.contains('\0')),
    }
}
