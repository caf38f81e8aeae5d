//! The compiled advisory index: one file, written anew by every update and replaced atomically, read by any number of
//! scans at once.
//!
//! The file is a row of pages with a checksum each. A reader fetches single pages by positioned reads and checks each
//! before it trusts a byte of it, so that opening an index of any size costs its header and its checksums, and a
//! torn or altered file is refused and never half believed. There is no memory mapping and so no `unsafe`: look-ups
//! are asked for in the order of their hashes, which turns them into one pass over the table, as fast as a mapping
//! and without its page faults, its hidden memory and its `SIGBUS` when somebody truncates the file.
//!
//! Layout (all numbers little-endian): a header page; records (a head, then the full record, deflated; or a note on one
//! that could not be taken); package blocks in the order of their hashes; two hash tables (packages, ids); the meta data
//! as JSON; the holdings, which say for each source what is held as of when; the page checksums.
//!
//! An update that knows what changed ([`Writer::apply`]) copies the pages of the records, adds the new ones behind them
//! and writes anew only the blocks of the packages that they touch. Places of records never move, so that everything
//! else is copied as it is. Bytes that nobody holds any more are left out when there are too many of them.

mod base;
mod blocks;
mod bucket;
mod build;
mod checked;
mod coding;
mod compact;
mod entry;
mod finish;
mod format;
mod holdings;
mod index;
mod meta;
mod pages;
mod resolve;
mod rustsec;
mod table;
mod update;
mod writer;

use std::path::PathBuf;

use thiserror::Error;

/// What [`Index::explain`] gives.
pub use crate::advisory::Record;
pub use build::{AsOf, List, SourceRecord};
pub use checked::Check;
pub use holdings::{Difference, Holdings, IdHash, SourceName};
pub use index::{Index, Query, QueryAnswer, RejectedRecord};
pub use meta::{Meta, Rejected, SourceMeta};
pub use update::{UpdateOptions, update};
pub use writer::{Archive, Changes, Content, Progress, Writer};

/// The name of the index within its folder.
pub const FILE_NAME: &str = "advisories.osprey";

/// Why an index cannot be used or made.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// There is none.
    #[error("there is no advisory index at {path}; make one with `osprey db update`")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is no index, one of another format, torn or altered.
    #[error("{path} cannot be used: {reason}; make it anew with `osprey db update`")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An archive of a source is none, or is torn.
    #[error("{path} is no archive that can be read: {reason}; get it anew")]
    BadArchive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The folder given to `--from` holds no advisories.
    #[error(
        "{path} is neither laid out as the OSV bucket (ecosystems.txt or ECOSYSTEM/all.zip) nor as the RustSec database \
         (crates/)"
    )]
    NotASource {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody else is writing.
    #[error("another `osprey db update` is writing to {path}; wait for it to end")]
    Busy {
        /// The folder of the index.
        path: PathBuf,
    },
    /// `--ecosystem` names one that the source does not have.
    #[error("the source has no ecosystem {name:?}; it has {}", .known.join(", "))]
    NoSuchEcosystem {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

impl DatabaseError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

#[cfg(test)]
mod apply_tests;
#[cfg(test)]
mod tests;
