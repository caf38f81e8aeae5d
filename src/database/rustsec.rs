//! The `RustSec` database as a folder or an archive (<https://github.com/rustsec/advisory-db>): each advisory is read by the
//! `rustsec` crate, alone, so that one which that crate does not understand costs itself only, and becomes an OSV record as
//! `RustSec`'s own export writes it, with what is patched beside it.

use std::fs;
use std::path::{Path, PathBuf};

use rustsec::advisory::Advisory;
use rustsec::semver::{Op, VersionReq};
use serde_json::{Value, json};

use super::DatabaseError;
use super::bucket::{self, Take, in_chunks, read_bounded};
use super::build::SourceRecord;

/// The name under which its ecosystem is looked up.
pub(super) const ECOSYSTEM: &str = "crates.io";

/// Whether a folder is laid out as the database.
pub(super) fn is_database(root: &Path) -> bool {
    root.join("crates").is_dir()
}

/// An advisory's file: the package in whose folder it lies, its name, and whether it is about a crate. Those under
/// `rust/` (the compiler and its tools) name no crate and match none; they are there to be explained.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    of_crates: bool,
    package: String,
    name: String,
}

impl Place {
    /// The place of a path below the database's root; `None` where no advisory lies there.
    fn of(path: &[&str]) -> Option<Self> {
        let &[collection @ ("crates" | "rust"), package, file] = path else { return None };
        let name = file.strip_suffix(".md").filter(|name| !name.starts_with('.') && *name != "RUSTSEC-0000-0000")?;
        Some(Self { of_crates: collection == "crates", package: package.to_owned(), name: name.to_owned() })
    }
}

/// Hands on every advisory of a folder, sorted by path.
///
/// # Errors
/// Where a folder cannot be read, or `take` fails.
pub(super) fn records(root: &Path, take: Take<'_>) -> Result<(), DatabaseError> {
    let mut files: Vec<(Place, PathBuf)> = Vec::new();
    for collection in ["crates", "rust"] {
        let folder = root.join(collection);
        if !folder.is_dir() {
            continue;
        }
        for (package, folder) in self::folder(&folder)?.into_iter().filter(|(_, path)| path.is_dir()) {
            for (file, path) in self::folder(&folder)? {
                files.extend(Place::of(&[collection, &package, &file]).map(|place| (place, path)));
            }
        }
    }
    files.sort();
    let total = files.len();
    let read = |path: &Path| fs::File::open(path).and_then(read_bounded).map_err(|error| error.to_string());
    in_chunks(total, files.iter().map(|(place, path)| record(place, read(path))), take)
}

/// Hands on every advisory of an archive of the database, as GitHub makes it: with one folder around everything.
///
/// # Errors
/// Where the archive cannot be read at all, or `take` fails.
pub(super) fn archived_records(path: &Path, take: Take<'_>) -> Result<(), DatabaseError> {
    let mut archive = bucket::open_archive(path)?;
    let files = places(&archive);
    let total = files.len();
    in_chunks(total, files.iter().map(|(place, at)| record(place, bucket::read_entry(&mut archive, *at))), take)
}

/// How many advisories an archive has.
///
/// # Errors
/// Where the archive cannot be read at all, or holds none.
pub(super) fn count(path: &Path) -> Result<usize, DatabaseError> {
    let count = places(&bucket::open_archive(path)?).len();
    if count == 0 {
        let reason = "it holds no advisory of the RustSec database".to_owned();
        return Err(DatabaseError::BadArchive { path: path.to_owned(), reason });
    }
    Ok(count)
}

/// Where the advisories of an archive are, sorted by path.
fn places(archive: &bucket::Archive) -> Vec<(Place, usize)> {
    let mut files: Vec<(Place, usize)> = Vec::new();
    for (at, name) in bucket::entry_names(archive).into_iter().enumerate() {
        let parts: Vec<&str> = name.split('/').skip(1).collect();
        files.extend(Place::of(&parts).map(|place| (place, at)));
    }
    files.sort();
    files
}

fn folder(path: &Path) -> Result<Vec<(String, PathBuf)>, DatabaseError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(DatabaseError::io(path))? {
        let entry = entry.map_err(DatabaseError::io(path))?;
        found.push((entry.file_name().to_str().unwrap_or_default().to_owned(), entry.path()));
    }
    Ok(found)
}

fn record(place: &Place, text: Result<Vec<u8>, String>) -> SourceRecord {
    let text = text.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
    let advisory = text.and_then(|text| text.parse::<Advisory>().map_err(|error| error.to_string()));
    let json = advisory.and_then(|advisory| {
        if advisory.metadata.package.as_str() != place.package {
            let named = &advisory.metadata.package;
            return Err(format!("it names {named} but lies in the folder of {}", place.package));
        }
        serde_json::to_vec(&to_osv(&advisory, place.of_crates)).map_err(|error| error.to_string())
    });
    let package = place.of_crates.then(|| place.package.clone());
    SourceRecord { id: place.name.clone(), json, package, listed: None }
}

/// The advisory as an OSV record.
fn to_osv(advisory: &Advisory, of_crates: bool) -> Value {
    let metadata = &advisory.metadata;
    let date = format!("{}T12:00:00Z", metadata.date.as_str());
    let mut references: Vec<Value> = vec![json!({"type": "ADVISORY", "url": advisory_url(metadata.id.as_str())})];
    let urls = metadata.url.iter().chain(&metadata.references);
    references.extend(urls.map(|url| json!({"type": "WEB", "url": url.as_str()})));
    let vector = metadata.cvss.as_ref().map(ToString::to_string);
    let generation = vector.as_deref().map(|vector| if vector.starts_with("CVSS:4") { "CVSS_V4" } else { "CVSS_V3" });
    let severity: Vec<Value> = generation
        .zip(vector.as_deref())
        .map(|(kind, score)| json!({"type": kind, "score": score}))
        .into_iter()
        .collect();
    let affected: Vec<Value> = of_crates.then(|| affected(advisory)).into_iter().collect();
    json!({
        "id": metadata.id.as_str(),
        "published": date,
        "modified": metadata.withdrawn.as_ref().map_or(date.clone(), |day| format!("{}T12:00:00Z", day.as_str())),
        "withdrawn": metadata.withdrawn.as_ref().map(|day| format!("{}T12:00:00Z", day.as_str())),
        "aliases": metadata.aliases.iter().map(rustsec::advisory::Id::as_str).collect::<Vec<_>>(),
        "related": metadata.related.iter().map(rustsec::advisory::Id::as_str).collect::<Vec<_>>(),
        "summary": metadata.title,
        "details": metadata.description,
        "severity": severity,
        "affected": affected,
        "references": references,
    })
}

fn advisory_url(id: &str) -> String {
    format!("https://rustsec.org/advisories/{id}.html")
}

fn affected(advisory: &Advisory) -> Value {
    let metadata = &advisory.metadata;
    let mut events = Vec::new();
    for range in rustsec::osv::ranges_for_advisory(&advisory.versions) {
        // The lowest version there is: pre-releases of 0.0.0 are covered as well.
        let introduced = range.introduced.map_or_else(|| "0.0.0-0".to_owned(), |version| version.to_string());
        events.push(json!({ "introduced": introduced }));
        events.extend(range.fixed.map(|version| json!({ "fixed": version.to_string() })));
    }
    // Nothing is covered where everything is unaffected: no range, and no word that cannot be compared.
    let ranges: Vec<Value> = vec![json!({"type": "SEMVER", "events": events})];
    let ranges = if events.is_empty() { vec![never()] } else { ranges };
    let limits = advisory.affected.as_ref();
    let functions = limits.map(|limits| limits.functions.keys().map(ToString::to_string).collect::<Vec<_>>());
    json!({
        "package": {"ecosystem": ECOSYSTEM, "name": metadata.package.as_str()},
        "ranges": ranges,
        "ecosystem_specific": {"affects": {
            "arch": limits.map(|limits| limits.arch.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "os": limits.map(|limits| limits.os.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "functions": functions,
        }},
        "database_specific": {
            "categories": metadata.categories.iter().map(rustsec::advisory::Category::name).collect::<Vec<_>>(),
            "informational": metadata.informational.as_ref().map(rustsec::advisory::Informational::as_str),
            "patched": advisory.versions.patched().iter().filter_map(lowest).collect::<Vec<_>>(),
        },
    })
}

/// An empty range.
fn never() -> Value {
    json!({"type": "SEMVER", "events": [{"introduced": "0.0.0-0"}, {"fixed": "0.0.0-0"}]})
}

/// The lowest version that a `patched` requirement names; none where it has no lower end or leaves it out.
fn lowest(requirement: &VersionReq) -> Option<String> {
    let lower = requirement
        .comparators
        .iter()
        .find(|comparator| !matches!(comparator.op, Op::Less | Op::LessEq | Op::Greater))?;
    let pre = if lower.pre.is_empty() { String::new() } else { format!("-{}", lower.pre) };
    Some(format!("{}.{}.{}{pre}", lower.major, lower.minor.unwrap_or(0), lower.patch.unwrap_or(0)))
}
