//! Makes an index out of records, in one pass. Full records go to the file as they come; only what look-ups need is
//! kept until the end.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use rayon::prelude::*;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::coding::Encoder;
use super::entry::{Deflater, MAX_RECORD, encode_affected, encode_record, encode_rejected};
use super::format::{Header, Section};
use super::meta::{MAX_REJECTED, Meta, Rejected, SourceMeta};
use super::pages::PageWriter;
use super::table::{Slot, encode, id_hash, package_hash};
use crate::advisory::Record;
use crate::model::{Ecosystem, normalize_name};

/// A record as a source has it.
#[derive(Debug)]
pub(super) struct SourceRecord {
    /// Its id by its file name, for what cannot be read otherwise.
    pub(super) name: String,
    /// Its text, or why it cannot be had.
    pub(super) json: Result<Vec<u8>, String>,
    /// The package, where the place of the file tells.
    pub(super) package: Option<String>,
}

/// The entries of one package, one after the other.
#[derive(Debug, Default)]
struct Block {
    count: u64,
    entries: Vec<u8>,
}

/// An index in the making.
pub(super) struct Builder {
    out: PageWriter<BufWriter<File>>,
    blocks: BTreeMap<(u64, Box<str>, Box<str>), Block>,
    ids: Vec<Slot>,
    seen: HashSet<u128>,
    meta: Meta,
}

/// A record that was read and, where it can be taken, made ready for the file.
struct Ready {
    record: Record,
    bytes: Vec<u8>,
}

impl Builder {
    pub(super) fn new(file: File) -> std::io::Result<Self> {
        let meta = Meta { made_by: env!("CARGO_PKG_VERSION").to_owned(), ..Meta::default() };
        let out = PageWriter::new(BufWriter::with_capacity(1 << 18, file))?;
        Ok(Self { out, blocks: BTreeMap::new(), ids: Vec::new(), seen: HashSet::new(), meta })
    }

    /// Adds records of one source and ecosystem. What has an id that was added before is the same record in another
    /// ecosystem's archive and counts there too, but is stored once.
    pub(super) fn add(&mut self, source: &mut SourceMeta, records: &[SourceRecord]) -> std::io::Result<()> {
        let ready: Vec<Result<Ready, String>> = records.par_iter().map_init(Deflater::new, prepare).collect();
        for (from, ready) in records.iter().zip(ready) {
            match ready {
                Ok(ready) => self.take(source, ready)?,
                Err(reason) => self.reject(source, from, reason),
            }
        }
        Ok(())
    }

    fn take(&mut self, source: &mut SourceMeta, ready: Ready) -> std::io::Result<()> {
        let Ready { record, bytes } = ready;
        source.records += 1;
        source.withdrawn += u64::from(record.withdrawn);
        source.newest = source.newest.max(record.modified);
        if !self.seen.insert(xxh3_128(record.id.as_bytes())) {
            return Ok(());
        }
        let place = self.out.position();
        self.out.write_all(&bytes)?;
        self.ids.extend(record.aliases.iter().chain([&record.id]).map(|id| (id_hash(id), place)));
        if record.withdrawn {
            return Ok(());
        }
        for package in &record.affected {
            let entry = encode_affected(place, package);
            self.block(&package.ecosystem, &package.name, &entry);
        }
        Ok(())
    }

    fn block(&mut self, ecosystem: &str, name: &str, entry: &[u8]) {
        let key = (package_hash(ecosystem, name), Box::from(ecosystem), Box::from(name));
        let block = self.blocks.entry(key).or_default();
        block.count += 1;
        block.entries.extend_from_slice(entry);
    }

    fn reject(&mut self, source: &mut SourceMeta, from: &SourceRecord, reason: String) {
        source.rejected += 1;
        let legible = from.json.as_deref().ok().and_then(|json| serde_json::from_slice::<Value>(json).ok());
        let packages = legible.iter().flat_map(|record| record.get("affected").and_then(Value::as_array)).flatten();
        let packages = packages.filter_map(|affected| {
            let package = affected.get("package")?;
            Some((package.get("ecosystem")?.as_str()?.to_owned(), package.get("name")?.as_str()?.to_owned()))
        });
        let by_place = from.package.iter().map(|package| (source.ecosystem.clone(), package.clone()));
        let packages: Vec<(String, String)> = packages.chain(by_place).collect();
        for (ecosystem, name) in &packages {
            let base = Ecosystem::canonical_name(ecosystem.split(':').next().unwrap_or(ecosystem));
            self.block(base, &normalize_name(base, name), &encode_rejected(&from.name, &reason));
        }
        if self.meta.rejected.len() < MAX_REJECTED {
            let package = packages.into_iter().next().map(|(_, name)| name);
            let (ecosystem, id) = (source.ecosystem.clone(), from.name.clone());
            self.meta.rejected.push(Rejected { ecosystem, id, package, reason });
        }
    }

    /// Notes what a source holds; once for each, after its last record.
    pub(super) fn source(&mut self, source: SourceMeta) {
        self.meta.sources.push(source);
    }

    /// Writes everything that look-ups need, and the header; the file is complete then.
    pub(super) fn finish(mut self, as_of: Option<i64>) -> std::io::Result<Meta> {
        // When the bucket was exported is one moment for all of its ecosystems: the newest change in any of them.
        for name in ["osv", "rustsec"] {
            let of_source = |source: &&mut SourceMeta| source.name == name;
            let newest =
                self.meta.sources.iter().filter(|source| source.name == name).map(|source| source.newest).max();
            for source in self.meta.sources.iter_mut().filter(of_source) {
                source.as_of = as_of.or(newest.flatten());
            }
        }
        self.meta.sources.sort_by(|a, b| (&a.ecosystem, &a.name).cmp(&(&b.ecosystem, &b.name)));
        self.meta.rejected.sort();
        let first = super::format::PAGE as u64;
        let mut header =
            Header { records: Section { offset: first, length: self.out.position() - first }, ..Header::default() };
        let mut packages: Vec<Slot> = Vec::with_capacity(self.blocks.len());
        header.blocks.offset = self.out.position();
        for ((hash, ecosystem, name), block) in std::mem::take(&mut self.blocks) {
            packages.push((hash, self.out.position()));
            let mut body = Encoder::default();
            body.text(&ecosystem);
            body.text(&name);
            body.number(block.count);
            body.0.extend_from_slice(&block.entries);
            let length = u32::try_from(body.0.len()).map_err(std::io::Error::other)?;
            self.out.write_all(&length.to_le_bytes())?;
            self.out.write_all(&body.0)?;
        }
        header.blocks.length = self.out.position() - header.blocks.offset;
        header.packages = self.out.section(&encode(packages))?;
        header.ids = self.out.section(&encode(std::mem::take(&mut self.ids)))?;
        header.meta = self.out.section(&serde_json::to_vec(&self.meta)?)?;
        let (mut out, header) = self.out.finish(header)?;
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&header.encode())?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        Ok(self.meta)
    }
}

fn prepare(deflater: &mut Deflater, from: &SourceRecord) -> Result<Ready, String> {
    let json = from.json.as_ref().map_err(Clone::clone)?;
    if json.len() as u64 > MAX_RECORD {
        return Err(format!("it is larger than {MAX_RECORD} bytes"));
    }
    let record = Record::parse(json).map_err(|error| error.to_string())?;
    let bytes = encode_record(deflater, &record, json).map_err(|error| error.to_string())?;
    Ok(Ready { record, bytes })
}
