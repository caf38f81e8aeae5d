//! OSV's bucket (<https://google.github.io/osv.dev/data/>): `ecosystems.txt`, `E/all.zip`, `E/modified_id.csv`, `E/ID.json`, and
//! the first two kinds over all ecosystems.
//!
//! It is made of the world's records, or it is a folder as it lies on disk, which costs no memory however large it is.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::conditional::{Content, Stored};
use super::http::{Response, decoded};
use super::server::{Answer, Call, Shared};
use super::{Endpoint, World};

const ZIP: &str = "application/zip";
const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const TEXT: &str = "text/plain";

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let segments: Option<Vec<String>> = call.segments().into_iter().map(decoded).collect();
    let segments = segments.unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let endpoint = match segments[..] {
        ["ecosystems.txt"] => "ecosystems",
        ["all.zip"] | [_, "all.zip"] => "all",
        ["modified_id.csv"] | [_, "modified_id.csv"] => "modified",
        [_, name] if name.ends_with(".json") => "record",
        _ => "unknown",
    };
    if !call.is_get() {
        return (
            endpoint,
            error(405, "MethodNotAllowed", "The specified method is not allowed against this resource."),
        );
    }
    let is_plain = |segment: &&str| !segment.is_empty() && !segment.starts_with('.') && !segment.contains(['/', '\\']);
    let stored = if segments.iter().all(is_plain) { stored(shared, endpoint, &segments) } else { None };
    let missing = || error(404, "NoSuchKey", "The specified key does not exist.");
    let response = stored.map_or_else(missing, |stored| {
        let generation = stored.modified.as_microsecond();
        let response = stored.answer(call.request).with("x-goog-generation", generation.to_string());
        response.with("Cache-Control", "public, max-age=3600")
    });
    (endpoint, response)
}

/// An error as the storage service words it.
pub(super) fn error(status: u16, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message>\
         <Details>No such object: osv-vulnerabilities</Details></Error>"
    );
    Response::of(status, "application/xml; charset=UTF-8", body)
}

fn stored(shared: &Shared, endpoint: Endpoint, segments: &[&str]) -> Option<Arc<Stored>> {
    let world = shared.world.read().unwrap();
    if let Some(folder) = &world.bucket_folder {
        return on_disk(shared, folder, segments).map(Arc::new);
    }
    let folder = if segments.len() == 2 { segments.first().copied() } else { None };
    if endpoint == "record" {
        let id = segments.last()?.strip_suffix(".json")?;
        let record = world.advisories.find(id).filter(|_| !world.lost_records.contains(id))?;
        record.folders.contains(folder?).then_some(())?;
        return Some(Arc::new(Stored::new(record.text.to_vec(), JSON, time(&record.modified))));
    }
    if folder.is_some_and(|folder| !folders(&world).contains(folder)) {
        return None;
    }
    drop(world);
    let make = match endpoint {
        "ecosystems" => ecosystems,
        "all" => archive,
        "modified" => modified,
        _ => return None,
    };
    Some(shared.stored(&segments.join("/"), |world| make(world, folder)))
}

fn folders(world: &World) -> BTreeSet<&str> {
    world.advisories.iter().flat_map(|record| record.folders.iter().map(String::as_str)).collect()
}

/// When a record was changed; the start of time where that cannot be read.
fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap_or_default()
}

/// When the newest record of a folder was changed.
fn newest(world: &World, folder: Option<&str>) -> jiff::Timestamp {
    let records = world.advisories.iter().filter(|record| folder.is_none_or(|folder| record.folders.contains(folder)));
    records.map(|record| time(&record.modified)).max().unwrap_or_default()
}

fn ecosystems(world: &World, _: Option<&str>) -> Stored {
    let names: String = folders(world).iter().map(|name| format!("{name}\n")).collect();
    Stored::new(names.into_bytes(), TEXT, newest(world, None))
}

fn archive(world: &World, folder: Option<&str>) -> Stored {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let options = options.compression_level(Some(1));
    for record in world.advisories.iter() {
        if folder.is_none_or(|folder| record.folders.contains(folder)) {
            zip.start_file(format!("{}.json", record.id), options).unwrap();
            zip.write_all(&record.text).unwrap();
        }
    }
    Stored::new(zip.finish().unwrap().into_inner(), ZIP, newest(world, folder))
}

/// The rows stand in falling order of the time's text, so that `…05Z` comes before `…05.123Z`, which is later.
fn modified(world: &World, folder: Option<&str>) -> Stored {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for record in world.advisories.iter() {
        match folder {
            Some(folder) if record.folders.contains(folder) => rows.push((&record.modified, record.id.clone())),
            Some(_) => {}
            None => {
                let named = |folder: &String| (record.modified.as_str(), format!("{folder}/{}", record.id));
                rows.extend(record.folders.iter().map(named));
            }
        }
    }
    rows.sort_by(|left, right| right.0.cmp(left.0).then(left.1.cmp(&right.1)));
    let text: String = rows.iter().map(|(at, id)| format!("{at},{id}\n")).collect();
    Stored::new(text.into_bytes(), CSV, newest(world, folder))
}

/// A file of a folder on disk. Its tag is made of its length and its time. A record that has no file of its own comes out
/// of its ecosystem's archive.
fn on_disk(shared: &Shared, folder: &Path, segments: &[&str]) -> Option<Stored> {
    let path: PathBuf = segments.iter().fold(folder.to_owned(), |path, segment| path.join(segment));
    let content_type = match path.extension()?.to_str()? {
        "zip" => ZIP,
        "csv" => CSV,
        "json" => JSON,
        _ => TEXT,
    };
    if let Ok(meta) = fs::metadata(&path) {
        let modified = jiff::Timestamp::try_from(meta.modified().unwrap()).unwrap();
        let etag = format!("\"{:x}-{:x}\"", modified.as_nanosecond(), meta.len());
        return Some(Stored { content: Content::Disk(path, meta.len()), content_type, etag, modified });
    }
    if content_type != JSON {
        return None;
    }
    // The table of a large archive is read once, and again when the archive has changed.
    let archive = path.with_file_name("all.zip");
    let changed = fs::metadata(&archive).ok()?.modified().unwrap();
    let mut archives = shared.archives.lock().unwrap();
    if archives.get(&archive).is_none_or(|(known, _)| *known != changed) {
        let opened = ZipArchive::new(fs::File::open(&archive).ok()?).unwrap();
        archives.insert(archive.clone(), (changed, opened));
    }
    let (_, opened) = archives.get_mut(&archive)?;
    let mut bytes = Vec::new();
    opened.by_name(segments.last()?).ok()?.read_to_end(&mut bytes).unwrap();
    Some(Stored::new(bytes, content_type, jiff::Timestamp::default()))
}
