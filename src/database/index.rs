//! Reading an index.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::blocks::Block;
use super::checked::{self, Check};
use super::entry::{Head, Note, PackageEntry, inflate};
use super::format::{Header, PAGE, Section};
use super::holdings::{self, Holdings, SourceName};
use super::meta::Meta;
use super::pages::{Pages, ReadError, read_at};
use super::table::{Table, id_hash, package_hash};
use super::{DatabaseError, FILE_NAME};
use crate::advisory::{Candidate, Judged, Record, is_of_release, judge};
use crate::model::{Affected, Ecosystem, JudgedRecord};

/// An open index.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    pub(super) pages: Pages,
    pub(super) header: Header,
    pub(super) packages: Table,
    pub(super) ids: Table,
    pub(super) meta: Meta,
    pub(super) checks: Vec<Check>,
}

/// A package to look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'q> {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's normal form.
    pub name: &'q str,
    /// The version; `None`: only what covers every version is asked for.
    pub version: Option<&'q str>,
    /// The release of a distribution; what is said of others does not count. `None`: everything does.
    pub release: Option<&'q str>,
}

/// What the index says of a package.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryAnswer {
    /// What its records say.
    pub judged: Judged,
    /// Records for the package that could not be taken.
    pub rejected: Vec<RejectedRecord>,
}

/// A record for a scanned package that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectedRecord {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

impl Index {
    /// Opens the index in a folder: reads and checks its header, its checksums and its meta data.
    ///
    /// # Errors
    /// Where there is none, or it is foreign, torn, altered or of another format.
    pub fn open(directory: &Path) -> Result<Self, DatabaseError> {
        let mut index = Self::open_file(&directory.join(FILE_NAME))?;
        index.checks = checked::read(directory, &index.header);
        checked::raise(&mut index.meta, &index.checks);
        Ok(index)
    }

    /// Opens an index by its own name.
    pub(super) fn open_file(path: &Path) -> Result<Self, DatabaseError> {
        let path = path.to_owned();
        let file = File::open(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => DatabaseError::Missing { path: path.clone() },
            _ => DatabaseError::Io { path: path.clone(), source },
        })?;
        let unusable = |reason: String| DatabaseError::Unusable { path: path.clone(), reason };
        let length = file.metadata().map_err(DatabaseError::io(&path))?.len();
        let mut page = vec![0; usize::try_from(length).unwrap_or(PAGE).min(PAGE)];
        read_at(&file, &mut page, 0).map_err(DatabaseError::io(&path))?;
        let header = Header::decode(&page, length).map_err(unusable)?;
        let opened = Pages::open(file, &header).and_then(|pages| {
            let meta = read_section(&pages, header.meta)?;
            let meta: Meta = serde_json::from_slice(&meta).map_err(|_| ReadError::Altered)?;
            let (packages, ids) = (Table::open(&pages, header.packages)?, Table::open(&pages, header.ids)?);
            Ok((pages, meta, packages, ids))
        });
        match opened {
            Ok((pages, meta, packages, ids)) => {
                Ok(Self { path, pages, header, packages, ids, meta, checks: Vec::new() })
            }
            Err(error) => Err(refused(&path, error)),
        }
    }

    /// What the index says of itself.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Where the index lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.header.file_length
    }

    /// Reads the whole file and checks every page.
    ///
    /// # Errors
    /// Where a page is not what was written.
    pub fn verify(&self) -> Result<(), DatabaseError> {
        self.pages.verify().map_err(|error| refused(&self.path, error))
    }

    /// Looks packages up, in whatever order is best for the file; the answers come in the order of the queries.
    ///
    /// # Errors
    /// Where a page that is read is not what was written.
    pub fn look_up(&self, queries: &[Query<'_>]) -> Result<Vec<QueryAnswer>, DatabaseError> {
        let mut order: Vec<(u64, usize)> = queries
            .iter()
            .enumerate()
            .map(|(at, query)| (package_hash(query.ecosystem.osv_name(), query.name), at))
            .collect();
        order.sort_unstable();
        let mut answers = vec![QueryAnswer::default(); queries.len()];
        for (hash, at) in order {
            answers[at] = self.answer(hash, &queries[at]).map_err(|error| refused(&self.path, error))?;
        }
        Ok(answers)
    }

    fn answer(&self, hash: u64, query: &Query<'_>) -> Result<QueryAnswer, ReadError> {
        let mut candidates = Vec::new();
        let mut rejected = Vec::new();
        for place in self.packages.places(&self.pages, hash)? {
            let bytes = self.sized(place)?;
            let block = Block::decode(&bytes).ok_or(ReadError::Altered)?;
            // It can be another package with the same hash.
            if block.ecosystem != query.ecosystem.osv_name() || block.name != query.name {
                continue;
            }
            for entry in block.entries().ok_or(ReadError::Altered)? {
                match PackageEntry::decode(entry).ok_or(ReadError::Altered)? {
                    PackageEntry::Rejected { note } => {
                        let note = self.note_at(note)?;
                        rejected.push(RejectedRecord { id: note.id, reason: note.reason });
                    }
                    PackageEntry::Judged { record, affects, fixed, os, arch, suffix } => {
                        if !is_of_release(block.ecosystem, suffix.as_deref(), query.release) {
                            continue;
                        }
                        let head = Head::decode(&self.sized(record)?).ok_or(ReadError::Altered)?;
                        let record = JudgedRecord {
                            id: head.id,
                            aliases: head.aliases,
                            kind: head.kind,
                            affected: Affected::CannotJudge,
                            rating: head.rating,
                            fixed,
                            summary: head.summary,
                            published: head.published,
                            modified: head.modified,
                            cwes: head.cwes,
                            references: Vec::new(),
                            os,
                            arch,
                        };
                        candidates.push(Candidate { record, affects });
                    }
                }
            }
        }
        rejected.sort();
        let mut judged = judge(query.ecosystem, query.version, candidates);
        for record in judged.groups.iter_mut().flat_map(|group| &mut group.records) {
            record.references = self.references(&record.id)?;
        }
        Ok(QueryAnswer { judged, rejected })
    }

    /// The addresses that a record names. Only what is reported is inflated.
    fn references(&self, id: &str) -> Result<Vec<String>, ReadError> {
        #[derive(serde::Deserialize)]
        struct Full {
            #[serde(default)]
            references: Option<Vec<Reference>>,
        }
        #[derive(serde::Deserialize)]
        struct Reference {
            url: String,
        }
        let json = self.records(id)?.into_iter().find(|(head, _)| head.id == id).map(|(_, json)| json);
        let full: Option<Full> = json.and_then(|json| serde_json::from_slice(&json).ok());
        let references = full.and_then(|full| full.references).unwrap_or_default();
        Ok(references.into_iter().map(|reference| reference.url).collect())
    }

    /// The records with that id or alias, each read and in full as the source has it (JSON), by id; the one that bears
    /// the id first.
    ///
    /// # Errors
    /// Where a page that is read is not what was written.
    pub fn explain(&self, id: &str) -> Result<Vec<(Record, Vec<u8>)>, DatabaseError> {
        let read = |(_, json): (Head, Vec<u8>)| match Record::parse(&json) {
            Ok(record) => Ok((record, json)),
            // Only what could be read was written.
            Err(_) => Err(refused(&self.path, ReadError::Altered)),
        };
        let records = self.records(id).map_err(|error| refused(&self.path, error))?;
        let mut records = records.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        records.sort_by_key(|(record, _)| (!record.id.eq_ignore_ascii_case(id), record.id.clone()));
        records.dedup_by(|a, b| a.0.id == b.0.id);
        Ok(records)
    }

    fn records(&self, id: &str) -> Result<Vec<(Head, Vec<u8>)>, ReadError> {
        let mut found = Vec::new();
        for place in self.ids.places(&self.pages, id_hash(id))? {
            let (head, after) = self.head_at(place)?;
            if head.aliases.iter().chain([&head.id]).any(|known| known.eq_ignore_ascii_case(id)) {
                let json = self.json_at(&head, after)?;
                found.push((head, json));
            }
        }
        Ok(found)
    }

    /// The head of a record, and where what follows it begins.
    fn head_at(&self, place: u64) -> Result<(Head, u64), ReadError> {
        let bytes = self.sized(place)?;
        let head = Head::decode(&bytes).ok_or(ReadError::Altered)?;
        Ok((head, place + 4 + bytes.len() as u64))
    }

    fn json_at(&self, head: &Head, place: u64) -> Result<Vec<u8>, ReadError> {
        let length = usize::try_from(head.deflated).map_err(|_| ReadError::Altered)?;
        inflate(&self.pages.read(place, length)?).ok_or(ReadError::Altered)
    }

    /// A record in full as its source has it.
    pub(super) fn record_at(&self, place: u64) -> Result<Vec<u8>, ReadError> {
        let (head, after) = self.head_at(place)?;
        self.json_at(&head, after)
    }

    pub(super) fn note_at(&self, place: u64) -> Result<Note, ReadError> {
        Note::decode(&self.sized(place)?).ok_or(ReadError::Altered)
    }

    /// What the index holds of a source and ecosystem; nothing where it does not have it.
    ///
    /// # Errors
    /// Where a page that is read is not what was written.
    pub fn holdings(&self, source: SourceName, ecosystem: &str) -> Result<Holdings, DatabaseError> {
        let list = holdings::directory(&self.pages, self.header.holdings).and_then(|lists| {
            let list = lists.into_iter().find(|(key, _)| key.source == source && key.ecosystem == ecosystem);
            list.map(|(_, section)| holdings::list(&self.pages, section)).transpose()
        });
        list.map(|list| Holdings(list.unwrap_or_default())).map_err(|error| refused(&self.path, error))
    }

    /// A part with its length before it.
    pub(super) fn sized(&self, place: u64) -> Result<Vec<u8>, ReadError> {
        let length = self.pages.read(place, 4)?;
        let length = u32::from_le_bytes(length.try_into().map_err(|_| ReadError::Altered)?);
        self.pages.read(place.saturating_add(4), usize::try_from(length).map_err(|_| ReadError::Altered)?)
    }
}

fn read_section(pages: &Pages, section: Section) -> Result<Vec<u8>, ReadError> {
    pages.read(section.offset, usize::try_from(section.length).map_err(|_| ReadError::Altered)?)
}

pub(super) fn refused(path: &Path, error: ReadError) -> DatabaseError {
    match error {
        ReadError::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            DatabaseError::Io { path: path.to_owned(), source }
        }
        _ => DatabaseError::Unusable { path: path.to_owned(), reason: "it was altered or is torn".to_owned() },
    }
}
