//! When a source was last seen to be as the index holds it. A source that has not changed since costs no new index: what
//! was learned stands in a small file beside it, which speaks of one index alone and is passed over beside any other.
//!
//! A line with the checksum of the rest, then JSON. What is not as it was written is as if it were not there: the index
//! itself says when it was made, which is earlier and so never too late.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::DatabaseError;
use super::format::Header;
use super::holdings::SourceName;
use super::meta::Meta;

/// The name of the file beside the index.
const NAME: &str = "checked.json";

/// A look at a source that showed what the index holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The source.
    pub source: SourceName,
    /// OSV's name of the ecosystem.
    pub ecosystem: String,
    /// When it began, in seconds since 1970.
    pub as_of: i64,
    /// The hash of the address that was looked at: a tag means nothing at another one.
    pub address: u64,
    /// The `ETag` of what was seen.
    pub etag: Option<String>,
}

impl Check {
    /// The hash of an address. The address itself is not kept: it can hold a password.
    pub fn address(text: &str) -> u64 {
        xxh3_64(text.as_bytes())
    }

    pub(super) fn is_of(&self, source: &str, ecosystem: &str) -> bool {
        self.source.as_str() == source && self.ecosystem == ecosystem
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Checked {
    /// The index of which it speaks: its length and the checksum of its checksums.
    index: (u64, u64),
    checks: Vec<Check>,
}

fn identity(header: &Header) -> (u64, u64) {
    (header.file_length, header.sums_checksum)
}

/// What was seen of the sources of this very index; nothing where the file says nothing of it.
pub(super) fn read(directory: &Path, header: &Header) -> Vec<Check> {
    let checked = || {
        let text = fs::read_to_string(directory.join(NAME)).ok()?;
        let (checksum, json) = text.split_once('\n')?;
        let is_whole = checksum == format!("{:016x}", xxh3_64(json.as_bytes()));
        serde_json::from_str::<Checked>(json).ok().filter(|_| is_whole)
    };
    let checked = checked().filter(|checked| checked.index == identity(header));
    checked.map(|checked| checked.checks).unwrap_or_default()
}

/// Writes what was seen, whole or not at all.
pub(super) fn write(directory: &Path, header: &Header, checks: Vec<Check>) -> Result<(), DatabaseError> {
    let json = serde_json::to_string(&Checked { index: identity(header), checks }).map_err(std::io::Error::other);
    let (new, place) = (directory.join(format!("{NAME}.new")), directory.join(NAME));
    let written = json.and_then(|json| {
        let mut file = File::create(&new)?;
        writeln!(file, "{:016x}", xxh3_64(json.as_bytes()))?;
        file.write_all(json.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &place)
    });
    written.map_err(DatabaseError::io(place))
}

/// The index is as of when its sources were last seen.
pub(super) fn raise(meta: &mut Meta, checks: &[Check]) {
    for source in &mut meta.sources {
        let seen = checks.iter().filter(|check| check.is_of(&source.name, &source.ecosystem));
        source.as_of = seen.map(|check| Some(check.as_of)).max().unwrap_or_default().max(source.as_of);
    }
}
