//! Changing an index: into a new file, which then takes the old one's place.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::base::Base;
use super::build::{AsOf, Builder, SourceRecord};
use super::checked::{self, Check};
use super::compact::compact;
use super::finish::Made;
use super::holdings::{IdHash, ListKey, SourceName};
use super::index::{Index, refused};
use super::meta::Meta;
use super::{DatabaseError, FILE_NAME, bucket, rustsec};

/// How far the making of an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'p> {
    /// The ecosystem that is being read.
    pub ecosystem: &'p str,
    /// Records of it that are done.
    pub done: usize,
    /// Records that it has.
    pub total: usize,
}

/// Where everything is that a source has for an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Archive {
    /// `all.zip` of an ecosystem of the OSV bucket.
    Osv(PathBuf),
    /// The folder of an ecosystem of the OSV bucket.
    OsvFolder(PathBuf),
    /// The `RustSec` database in an archive, as GitHub makes it.
    RustSec(PathBuf),
    /// The `RustSec` database in a folder.
    RustSecFolder(PathBuf),
}

impl Archive {
    /// How many records it has.
    ///
    /// # Errors
    /// Where it cannot be read at all, or is no archive of its source.
    pub fn count(&self) -> Result<usize, DatabaseError> {
        let mut count = 0;
        match self {
            Self::Osv(path) => bucket::count(path),
            Self::RustSec(path) => rustsec::count(path),
            Self::OsvFolder(_) | Self::RustSecFolder(_) => {
                self.records(&mut |records, _| {
                    count += records.len();
                    Ok(())
                })?;
                Ok(count)
            }
        }
    }

    fn records(&self, take: bucket::Take<'_>) -> Result<(), DatabaseError> {
        match self {
            Self::Osv(path) => bucket::archive(path, take),
            Self::OsvFolder(folder) => bucket::records(folder, take),
            Self::RustSec(path) => rustsec::archived_records(path, take),
            Self::RustSecFolder(folder) => rustsec::records(folder, take),
        }
    }
}

/// What is new of a source.
#[derive(Debug, Clone)]
pub enum Content {
    /// All of it. What it does not have vanishes.
    All(Archive),
    /// Only what was changed.
    Some {
        /// New records, and new texts of known ones.
        records: Vec<SourceRecord>,
        /// What the source does not have any more.
        vanished: Vec<IdHash>,
    },
}

/// What changes of a source and ecosystem.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The source.
    pub source: SourceName,
    /// OSV's name of the ecosystem.
    pub ecosystem: String,
    /// What is new.
    pub content: Content,
    /// When the source was seen like that.
    pub as_of: AsOf,
}

/// The right to change the index of a folder, which one process has at a time, until it ends or drops this.
#[derive(Debug)]
pub struct Writer {
    directory: PathBuf,
    index: Option<Index>,
    /// What was seen of sources that were not changed since.
    checks: Vec<Check>,
    _lock: File,
}

impl Writer {
    /// Takes the right, and opens the index that is there. One that is not there, or cannot be used, will be made anew.
    ///
    /// # Errors
    /// Where somebody else has the right, or the file system says no.
    pub fn open(directory: &Path) -> Result<Self, DatabaseError> {
        fs::create_dir_all(directory).map_err(DatabaseError::io(directory))?;
        let lock_path = directory.join("update.lock");
        let lock = File::create(&lock_path).map_err(DatabaseError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DatabaseError::Busy { path: directory.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(DatabaseError::io(&lock_path)(error)),
        }
        let index = match Index::open(directory) {
            Ok(index) => Some(index),
            Err(DatabaseError::Missing { .. } | DatabaseError::Unusable { .. }) => None,
            Err(error) => return Err(error),
        };
        let checks = index.as_ref().map(|index| index.checks.clone()).unwrap_or_default();
        Ok(Self { directory: directory.to_owned(), index, checks, _lock: lock })
    }

    /// The index as it is now.
    pub fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    /// The folder of the index.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The tag of what was seen at an address, where the index holds just that.
    pub fn etag(&self, source: SourceName, ecosystem: &str, address: u64) -> Option<&str> {
        let check = self.checks.iter().find(|check| check.is_of(source.as_str(), ecosystem))?;
        check.etag.as_deref().filter(|_| check.address == address && self.index.is_some())
    }

    /// Notes that sources were seen to be as the index holds them.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn check(&mut self, checks: Vec<Check>) -> Result<(), DatabaseError> {
        let Some(index) = &mut self.index else { return Ok(()) };
        for check in checks {
            self.checks.retain(|known| !known.is_of(check.source.as_str(), &check.ecosystem));
            self.checks.push(check);
        }
        self.checks.sort_by(|a, b| (&a.ecosystem, a.source).cmp(&(&b.ecosystem, b.source)));
        checked::raise(&mut index.meta, &self.checks);
        checked::write(&self.directory, &index.header, self.checks.clone())
    }

    /// Changes the index. What no change names stays as it is. The old index stays in place until the new one is whole,
    /// and for good where anything fails.
    ///
    /// # Errors
    /// Where a source or the folder cannot be read or written. Where it is the old index that turns out to be altered
    /// ([`DatabaseError::Unusable`]), there is none from then on, and the next change makes it anew.
    pub fn apply(&mut self, changes: &[Changes], progress: &mut dyn FnMut(&Progress<'_>)) -> Result<(), DatabaseError> {
        let place = self.directory.join(FILE_NAME);
        let base = self.index.take().map(Base::open).transpose().map_err(|error| refused(&place, error))?;
        let new = self.directory.join(format!("{FILE_NAME}.new"));
        let made = build(&new, base.as_ref(), changes, progress).and_then(|made| self.compacted(&new, &made));
        if let Err(error) = made {
            // What is left of a failed update is of no use; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&new);
            let is_altered = matches!(error, DatabaseError::Unusable { .. });
            self.index = base.map(|base| base.index).filter(|_| !is_altered);
            return Err(error);
        }
        // Some systems do not replace a file that is open.
        drop(base);
        fs::rename(&new, &place).map_err(DatabaseError::io(place))?;
        sync_folder(&self.directory)?;
        self.checks
            .retain(|check| !changes.iter().any(|change| check.is_of(change.source.as_str(), &change.ecosystem)));
        self.index = Some(Index::open(&self.directory)?);
        Ok(())
    }

    /// Makes the index anew: it will hold nothing else.
    ///
    /// # Errors
    /// Where a source or the folder cannot be read or written; the old index stays in place then.
    pub fn replace(
        mut self,
        changes: &[Changes],
        progress: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Meta, DatabaseError> {
        self.index = None;
        self.apply(changes, progress)?;
        Ok(self.index.map(|index| index.meta).unwrap_or_default())
    }

    /// Leaves out what nobody holds any more, where that is a lot.
    fn compacted(&self, new: &Path, made: &Made) -> Result<(), DatabaseError> {
        if made.dead <= made.records / MOST_DEAD {
            return Ok(());
        }
        let base = Base::open(Index::open_file(new)?).map_err(|error| refused(new, error))?;
        let compacted = self.directory.join(format!("{FILE_NAME}.compact"));
        let file = File::create(&compacted).map_err(DatabaseError::io(&compacted))?;
        compact(&base, file).map_err(|error| refused(new, error))?;
        drop(base);
        fs::rename(&compacted, new).map_err(DatabaseError::io(new))
    }
}

/// One part of this many of the records may be dead.
const MOST_DEAD: u64 = 4;

fn build(
    new: &Path,
    base: Option<&Base>,
    changes: &[Changes],
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Made, DatabaseError> {
    let failed = |error| refused(base.map_or(new, |base| base.index.path()), error);
    let file = File::create(new).map_err(DatabaseError::io(new))?;
    let mut builder = Builder::new(file, base).map_err(failed)?;
    // What comes first counts where a source has an id twice.
    for change in changes {
        let key = ListKey { source: change.source, ecosystem: change.ecosystem.clone() };
        let mut session = builder.begin(&key, change.as_of.clone());
        match &change.content {
            Content::All(archive) => {
                let mut done = 0;
                archive.records(&mut |records, total| {
                    builder.add(&mut session, &records).map_err(failed)?;
                    done += records.len();
                    progress(&Progress { ecosystem: &change.ecosystem, done, total });
                    Ok(())
                })?;
                builder.end(&session, None);
            }
            Content::Some { records, vanished } => {
                builder.add(&mut session, records).map_err(failed)?;
                builder.end(&session, Some(&vanished.iter().copied().collect::<HashSet<IdHash>>()));
            }
        }
    }
    builder.finish().map_err(failed)
}

/// Makes sure that a file that took another one's place is there after a loss of power.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), DatabaseError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(DatabaseError::io(folder))
}

/// Folders cannot be opened as files.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), DatabaseError> {
    Ok(())
}
