//! A world that is read from files: `fixtures/services` shows their forms, and says what each holds.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;
use zip::ZipArchive;

use super::World;
use super::epss::Scores;
use super::kev::Catalogue;
use super::records::Record;

/// Ends the test or the run: a fixture that cannot be read is a mistake of whoever wrote it.
fn broken(path: &Path, why: impl std::fmt::Display) -> ! {
    panic!("{}: {why}", path.display())
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| broken(path, error))
}

fn parsed<T: DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&bytes(path)).unwrap_or_else(|error| broken(path, error))
}

/// The files of a folder with that ending, by name; none where there is no folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    found
}

impl World {
    /// Reads a folder of facts beside a bucket of advisories.
    pub(crate) fn load(fixtures: &Path, bucket: &Path) -> Self {
        let mut world = Self::default();
        world.load_bucket(bucket);
        world.load_facts(fixtures);
        world
    }

    /// Adds the records of a folder in the layout of OSV's bucket: `E/ID.json`, and `E/all.zip` for those without a file.
    pub(crate) fn load_bucket(&mut self, folder: &Path) {
        let names = bytes(&folder.join("ecosystems.txt"));
        for name in String::from_utf8_lossy(&names).lines() {
            let folder = folder.join(name);
            let archive = folder.join("all.zip");
            if archive.is_file() {
                self.load_archive(&archive, name);
            }
            for path in files(&folder, ".json") {
                let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                self.advisories.insert(Record::new(bytes(&path), &id, Some(name)));
            }
        }
    }

    fn load_archive(&mut self, path: &Path, folder: &str) {
        let file = fs::File::open(path).unwrap_or_else(|error| broken(path, error));
        let mut archive = ZipArchive::new(file).unwrap_or_else(|error| broken(path, error));
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).unwrap_or_else(|error| broken(path, error));
            let name = entry.name().unwrap_or_else(|error| broken(path, error)).into_owned();
            let id = name.strip_suffix(".json").unwrap_or(&name);
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap_or_else(|error| broken(path, error));
            self.advisories.insert(Record::new(text, id, Some(folder)));
        }
    }

    /// Adds the facts of a folder; each file may be missing.
    pub(crate) fn load_facts(&mut self, folder: &Path) {
        for path in files(&folder.join("deps.dev"), ".json") {
            if path.ends_with("projects.json") {
                parsed::<Vec<_>>(&path).into_iter().for_each(|project| self.insert_project(project));
            } else {
                parsed::<Vec<_>>(&path).into_iter().for_each(|package| self.insert_package(package));
            }
        }
        for path in files(&folder.join("scorecard"), ".json") {
            parsed::<Vec<_>>(&path).into_iter().for_each(|scorecard| self.insert_scorecard(scorecard));
        }
        let path = folder.join("kev.json");
        if path.is_file() {
            let mut value: Value = parsed(&path);
            let released = value["dateReleased"].as_str().unwrap_or_else(|| broken(&path, "no dateReleased"));
            let count = value["count"].as_u64().and_then(|count| usize::try_from(count).ok());
            let released = released.to_owned();
            let Value::Array(entries) = value["vulnerabilities"].take() else { broken(&path, "no vulnerabilities") };
            self.kev = Catalogue { released, count, entries };
        }
        let path = folder.join("epss.csv");
        if path.is_file() {
            let text = String::from_utf8(bytes(&path)).unwrap_or_else(|error| broken(&path, error));
            self.epss = Scores::parse(&text).unwrap_or_else(|| broken(&path, "no table of scores"));
        }
        let path = folder.join("badges.json");
        if path.is_file() {
            self.badges = parsed(&path);
        }
        self.load_products(&folder.join("endoflife"));
        self.load_rustsec(&folder.join("rustsec"));
    }

    fn load_products(&mut self, folder: &Path) {
        for path in files(folder, ".json") {
            let mut value: Value = parsed(&path);
            let name = value["result"]["name"].as_str().unwrap_or_else(|| broken(&path, "no product")).to_owned();
            self.products.insert(name, value["result"].take());
        }
        for path in files(folder, "renamed.csv") {
            for line in String::from_utf8_lossy(&bytes(&path)).lines() {
                let (old, new) = line.split_once(',').unwrap_or_else(|| broken(&path, "a line is no pair"));
                self.renamed_products.insert(old.to_owned(), new.to_owned());
            }
        }
    }

    /// Adds files of the `RustSec` database, laid out as it is.
    pub(crate) fn load_rustsec(&mut self, folder: &Path) {
        for collection in ["crates", "rust"] {
            for package in files(&folder.join(collection), "") {
                for path in files(&package, ".md") {
                    let relative = path.strip_prefix(folder).unwrap_or(&path);
                    let name = relative.to_string_lossy().replace('\\', "/");
                    let text = String::from_utf8(bytes(&path)).unwrap_or_else(|error| broken(&path, error));
                    self.rustsec_files.insert(name, text);
                }
            }
        }
    }
}
