//! The OSV bucket as a directory: `ecosystems.txt`, `ECOSYSTEM/all.zip`, `ECOSYSTEM/modified_id.csv`,
//! `ECOSYSTEM/ID.json` (<https://google.github.io/osv.dev/data/>).

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::DatabaseError;
use super::build::SourceRecord;
use super::entry::MAX_RECORD;

/// How many records are read before they are handed on: bounds the memory, and is enough for all processors.
const CHUNK: usize = 2000;

/// An ecosystem in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BucketEcosystem {
    /// OSV's name.
    pub(super) name: String,
    folder: PathBuf,
}

/// Whether a folder is laid out as the bucket, and its ecosystems, sorted.
///
/// # Errors
/// Where the folder cannot be read.
pub(super) fn ecosystems(root: &Path) -> Result<Vec<BucketEcosystem>, DatabaseError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(DatabaseError::io(root))? {
        let folder = entry.map_err(DatabaseError::io(root))?.path();
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if folder.join("all.zip").is_file() {
            found.push(BucketEcosystem { name, folder });
        }
    }
    let path = root.join("ecosystems.txt");
    if path.is_file() {
        let listed = fs::read_to_string(&path).map_err(DatabaseError::io(&path))?;
        for name in listed.lines().map(str::trim).filter(|name| !name.is_empty()) {
            let folder = root.join(name);
            // One that is listed and has nothing but single records, or nothing at all, is covered as well.
            let plain = !name.contains(['/', '\\']) && !name.starts_with('.');
            if plain && folder.is_dir() && !found.iter().any(|known| known.name == name) {
                found.push(BucketEcosystem { name: name.to_owned(), folder });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl BucketEcosystem {
    /// Hands on every record, in the order of the ids, in chunks, with how many there are in all.
    ///
    /// # Errors
    /// Where the archive cannot be read at all, or `take` fails. A single bad record is handed on as such.
    pub(super) fn records(
        &self,
        mut take: impl FnMut(Vec<SourceRecord>, usize) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let path = self.folder.join("all.zip");
        if !path.is_file() {
            return self.single_records(take);
        }
        let unusable =
            |error: zip::result::ZipError| DatabaseError::Unusable { path: path.clone(), reason: error.to_string() };
        let file = File::open(&path).map_err(DatabaseError::io(&path))?;
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(unusable)?;
        let of_place = |(at, name): (usize, Result<_, _>)| match name {
            Ok(name) => (name, at),
            // An entry whose name cannot be read is handed on by its number, to be rejected.
            Err(_) => (format!("entry-{at}.json"), at),
        };
        let names = archive.file_names().map(|name| name.map(std::borrow::Cow::into_owned));
        let mut names: Vec<(String, usize)> =
            names.enumerate().map(of_place).filter(|(name, _)| name.ends_with(".json")).collect();
        names.sort_unstable();
        for chunk in names.chunks(CHUNK) {
            let mut records = Vec::with_capacity(chunk.len());
            for (name, at) in chunk {
                let entry = archive.by_index(*at).map_err(|error| error.to_string());
                let json = entry.and_then(|entry| read_bounded(entry).map_err(|error| error.to_string()));
                records.push(record(name, json));
            }
            take(records, names.len())?;
        }
        Ok(())
    }

    /// The same of a folder of `ID.json` files.
    fn single_records(
        &self,
        mut take: impl FnMut(Vec<SourceRecord>, usize) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let mut names: Vec<String> = fs::read_dir(&self.folder)
            .map_err(DatabaseError::io(&self.folder))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".json"))
            .collect();
        names.sort_unstable();
        for chunk in names.chunks(CHUNK) {
            let read = |name: &String| {
                let json = File::open(self.folder.join(name)).and_then(read_bounded).map_err(|error| error.to_string());
                record(name, json)
            };
            take(chunk.iter().map(read).collect(), names.len())?;
        }
        Ok(())
    }
}

fn record(file_name: &str, json: Result<Vec<u8>, String>) -> SourceRecord {
    let name = file_name.rsplit('/').next().unwrap_or(file_name);
    SourceRecord { name: name.strip_suffix(".json").unwrap_or(name).to_owned(), json, package: None }
}

/// Reads to the end, but not beyond one byte more than a record may have: what is larger is rejected by its length.
pub(super) fn read_bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_RECORD + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
