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

/// How many bytes of records are read before they are handed on.
const CHUNK_BYTES: usize = 64 << 20;

/// Takes records, and how many there are in all.
pub(super) type Take<'t> = &'t mut dyn FnMut(Vec<SourceRecord>, usize) -> Result<(), DatabaseError>;

/// Whether a folder is laid out as the bucket: its ecosystems by OSV's names, with their folders, sorted.
///
/// # Errors
/// Where the folder cannot be read.
pub(super) fn ecosystems(root: &Path) -> Result<Vec<(String, PathBuf)>, DatabaseError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(DatabaseError::io(root))? {
        let folder = entry.map_err(DatabaseError::io(root))?.path();
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if folder.join("all.zip").is_file() {
            found.push((name, folder));
        }
    }
    let path = root.join("ecosystems.txt");
    if path.is_file() {
        let listed = fs::read_to_string(&path).map_err(DatabaseError::io(&path))?;
        for name in listed.lines().map(str::trim).filter(|name| !name.is_empty()) {
            let folder = root.join(name);
            // One that is listed and has nothing but single records, or nothing at all, is covered as well.
            let plain = !name.contains(['/', '\\']) && !name.starts_with('.');
            if plain && folder.is_dir() && !found.iter().any(|(known, _)| known == name) {
                found.push((name.to_owned(), folder));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Hands on every record of an ecosystem's folder, in the order of the ids, in chunks.
///
/// # Errors
/// Where the archive cannot be read at all, or `take` fails. A single bad record is handed on as such.
pub(super) fn records(folder: &Path, take: Take<'_>) -> Result<(), DatabaseError> {
    let path = folder.join("all.zip");
    if path.is_file() {
        return archive(&path, take);
    }
    let entries = fs::read_dir(folder).map_err(DatabaseError::io(folder))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort_unstable();
    let read = |name: &String| {
        let json = File::open(folder.join(name)).and_then(read_bounded).map_err(|error| error.to_string());
        record(name, json)
    };
    in_chunks(names.len(), names.iter().map(read), take)
}

/// Hands on every record of an `all.zip`, in the order of the ids, in chunks.
///
/// # Errors
/// As [`records`].
pub(super) fn archive(path: &Path, take: Take<'_>) -> Result<(), DatabaseError> {
    let mut archive = open_archive(path)?;
    let names = entry_names(&archive).into_iter().enumerate();
    let mut names: Vec<(String, usize)> =
        names.map(|(at, name)| (name, at)).filter(|(name, _)| name.ends_with(".json")).collect();
    names.sort_unstable();
    let total = names.len();
    let records = names.iter().map(|(name, at)| record(name, read_entry(&mut archive, *at)));
    in_chunks(total, records, take)
}

/// How many records an `all.zip` has.
pub(super) fn count(path: &Path) -> Result<usize, DatabaseError> {
    let archive = open_archive(path)?;
    Ok(entry_names(&archive).iter().filter(|name| name.ends_with(".json")).count())
}

/// An archive on the disk.
pub(super) type Archive = zip::ZipArchive<BufReader<File>>;

pub(super) fn open_archive(path: &Path) -> Result<Archive, DatabaseError> {
    let file = File::open(path).map_err(DatabaseError::io(path))?;
    zip::ZipArchive::new(BufReader::new(file))
        .map_err(|error| DatabaseError::BadArchive { path: path.to_owned(), reason: error.to_string() })
}

/// The names of an archive's entries. An entry whose name cannot be read goes by its number, to be rejected.
pub(super) fn entry_names(archive: &Archive) -> Vec<String> {
    let names = archive.file_names().enumerate();
    names.map(|(at, name)| name.map_or_else(|_| format!("entry-{at}.json"), std::borrow::Cow::into_owned)).collect()
}

pub(super) fn read_entry(archive: &mut Archive, at: usize) -> Result<Vec<u8>, String> {
    let entry = archive.by_index(at).map_err(|error| error.to_string())?;
    read_bounded(entry).map_err(|error| error.to_string())
}

/// Hands records on in chunks of bounded count and size.
pub(super) fn in_chunks(
    total: usize,
    records: impl Iterator<Item = SourceRecord>,
    take: Take<'_>,
) -> Result<(), DatabaseError> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    for record in records {
        bytes += record.json.as_ref().map_or(0, Vec::len);
        chunk.push(record);
        if chunk.len() >= CHUNK || bytes >= CHUNK_BYTES {
            take(std::mem::take(&mut chunk), total)?;
            bytes = 0;
        }
    }
    take(chunk, total)
}

fn record(file_name: &str, json: Result<Vec<u8>, String>) -> SourceRecord {
    let name = file_name.rsplit('/').next().unwrap_or(file_name);
    let id = name.strip_suffix(".json").unwrap_or(name).to_owned();
    SourceRecord { id, json, package: None, listed: None }
}

/// Reads to the end, but not beyond one byte more than a record may have: what is larger is rejected by its length.
pub(super) fn read_bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_RECORD + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
