//! Making an index: from the sources, into a new file, which then takes the old one's place.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::bucket::{self, BucketEcosystem};
use super::build::Builder;
use super::meta::{Meta, SourceMeta};
use super::{DatabaseError, FILE_NAME, rustsec};

/// What to make an index of.
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// Folders laid out as the OSV bucket or as the `RustSec` database. The index holds what they hold and nothing else.
    pub from: Vec<PathBuf>,
    /// Only these ecosystems, by OSV's names; empty: all.
    pub ecosystems: Vec<String>,
    /// When the sources were exported, in seconds since 1970; else the newest change in them.
    pub as_of: Option<i64>,
}

/// How far an update is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'p> {
    /// The ecosystem that is being read.
    pub ecosystem: &'p str,
    /// Records of it that are done.
    pub done: usize,
    /// Records that it has.
    pub total: usize,
}

/// Makes the index in `directory` anew. The old one stays in place until the new one is whole, and for good where
/// anything fails.
///
/// # Errors
/// Where a source or the folder cannot be read or written, a source is none, or another update is running. A single
/// record that cannot be taken is no error: it is kept as rejected.
pub fn update(
    directory: &Path,
    options: &UpdateOptions,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Meta, DatabaseError> {
    fs::create_dir_all(directory).map_err(DatabaseError::io(directory))?;
    let lock_path = directory.join("update.lock");
    let lock = File::create(&lock_path).map_err(DatabaseError::io(&lock_path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(DatabaseError::Busy { path: directory.to_owned() }),
        Err(TryLockError::Error(error)) => return Err(DatabaseError::io(&lock_path)(error)),
    }
    let new = directory.join(format!("{FILE_NAME}.new"));
    let result = build(&new, options, progress);
    match result {
        Ok(meta) => {
            let place = directory.join(FILE_NAME);
            fs::rename(&new, &place).map_err(DatabaseError::io(place))?;
            Ok(meta)
        }
        Err(error) => {
            // What is left of a failed update is of no use; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&new);
            Err(error)
        }
    }
}

fn build(new: &Path, options: &UpdateOptions, progress: &mut dyn FnMut(&Progress<'_>)) -> Result<Meta, DatabaseError> {
    let sources = sources(options)?;
    let file = File::create(new).map_err(DatabaseError::io(new))?;
    let mut builder = Builder::new(file).map_err(DatabaseError::io(new))?;
    for source in &sources {
        let mut meta = source.meta();
        let name = meta.ecosystem.clone();
        let mut done = 0;
        let mut add = |records: Vec<super::build::SourceRecord>, total: usize| {
            builder.add(&mut meta, &records).map_err(DatabaseError::io(new))?;
            done += records.len();
            progress(&Progress { ecosystem: &name, done, total });
            Ok(())
        };
        match source {
            Source::RustSec(root) => {
                let records = rustsec::records(root)?;
                let total = records.len();
                add(records, total)?;
            }
            Source::Bucket(ecosystem) => ecosystem.records(&mut add)?,
        }
        builder.source(meta);
    }
    builder.finish(options.as_of).map_err(DatabaseError::io(new))
}

/// One source and ecosystem.
enum Source {
    RustSec(PathBuf),
    Bucket(BucketEcosystem),
}

impl Source {
    fn ecosystem(&self) -> &str {
        match self {
            Self::RustSec(_) => rustsec::ECOSYSTEM,
            Self::Bucket(ecosystem) => &ecosystem.name,
        }
    }

    fn meta(&self) -> SourceMeta {
        SourceMeta {
            name: if matches!(self, Self::RustSec(_)) { "rustsec" } else { "osv" }.to_owned(),
            ecosystem: self.ecosystem().to_owned(),
            as_of: None,
            records: 0,
            withdrawn: 0,
            rejected: 0,
            newest: None,
        }
    }
}

/// What there is to read. `RustSec`'s own files come first: where the bucket has the same record, they say more.
fn sources(options: &UpdateOptions) -> Result<Vec<Source>, DatabaseError> {
    let mut sources = Vec::new();
    for root in &options.from {
        if rustsec::is_database(root) {
            sources.push(Source::RustSec(root.clone()));
            continue;
        }
        let ecosystems = bucket::ecosystems(root)?;
        if ecosystems.is_empty() {
            return Err(DatabaseError::NotASource { path: root.clone() });
        }
        sources.extend(ecosystems.into_iter().map(Source::Bucket));
    }
    sources.sort_by_key(|source| matches!(source, Source::Bucket(_)));
    let known = |sources: &[Source]| {
        let mut known: Vec<String> = sources.iter().map(|source| source.ecosystem().to_owned()).collect();
        known.sort();
        known.dedup();
        known
    };
    if let Some(name) = options.ecosystems.iter().find(|name| !known(&sources).contains(name)) {
        return Err(DatabaseError::NoSuchEcosystem { name: name.clone(), known: known(&sources) });
    }
    sources.retain(|source| {
        options.ecosystems.is_empty() || options.ecosystems.iter().any(|name| name == source.ecosystem())
    });
    Ok(sources)
}
