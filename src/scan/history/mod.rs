//! The tree of an earlier commit, read from git's objects: no checkout, and no `git`, which would run what the
//! repository's configuration names.
//!
//! Nothing of the repository's configuration is used and nothing of the machine's, no object is replaced by another
//! (`refs/replace`), nothing is fetched and nothing written. So it does not matter who owns the folder: what
//! `safe.directory` protects from in `git` cannot happen here. Other stores of objects that the repository names
//! (`objects/info/alternates`) are read, since what is read from them is named by its hash.

mod ancestor;
mod open;
mod project;
mod revision;
mod tree;

use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;
use jiff::Timestamp;

use crate::model::BaseCommit;

pub use open::HistoryError;

pub(super) use tree::BaseFiles;

/// A commit or a tag of more bytes is not read.
const MAX_COMMIT: u64 = 4 << 20;

/// The state that a scan is compared with: the tree of the merge base of a revision and the commit that is checked out.
pub struct Base {
    repository: gix::Repository,
    /// What the caller named, and what it stands for.
    pub commit: BaseCommit,
    /// When the merge base was made: seconds since 1970, UTC.
    pub time: i64,
    tree: ObjectId,
    /// The scan's root, relative to the top of the repository; empty where it is that.
    prefix: String,
}

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Base").field("commit", &self.commit).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Base {
    /// Finds the merge base of a revision and of what is checked out in the repository that holds a folder.
    ///
    /// # Errors
    /// Where there is no repository, no such revision, no common ancestor, or too little history in the clone.
    pub fn open(root: &Path, named: &str) -> Result<Self, HistoryError> {
        let (repository, prefix) = open::open(root)?;
        let head = revision::head(&repository)?;
        let id = revision::resolve(&repository, named)?;
        let found = ancestor::merge_base(&repository, named, head, id)?;
        let time = Timestamp::from_second(found.time).unwrap_or_default();
        let commit = BaseCommit {
            named: named.to_owned(),
            revision: id.to_string(),
            merge_base: found.commit.to_string(),
            merge_bases: found.several,
            time: time.to_string(),
        };
        Ok(Self { repository, commit, time: found.time, tree: found.tree, prefix })
    }

    /// A file at the merge base, by its path in the scan's root; `None` where it is not there. Symbolic links are not
    /// followed.
    ///
    /// # Errors
    /// Where it is larger than that or cannot be read, in words.
    pub fn bytes(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, String> {
        self.file(path, most as u64)
    }

    /// What the commit is called in messages.
    pub fn label(&self) -> String {
        let short = self.commit.merge_base.get(..12).unwrap_or(&self.commit.merge_base);
        format!("the merge base {short} with {}", self.commit.named)
    }
}

/// Why an object could not be had.
#[derive(Debug)]
enum Trouble {
    /// It is not in this clone.
    Missing,
    /// It is larger than what is read.
    TooLarge(u64),
    /// It is not what it should be.
    Broken(String),
}

/// Reads an object of that kind and of at most so many bytes.
fn object(repository: &gix::Repository, id: ObjectId, kind: Kind, most: u64) -> Result<Vec<u8>, Trouble> {
    let broken = |error: &dyn std::fmt::Display| Trouble::Broken(error.to_string());
    let header = repository.try_find_header(id).map_err(|error| broken(&error))?.ok_or(Trouble::Missing)?;
    if header.kind() != kind {
        return Err(Trouble::Broken(format!("{id} is a {}, not a {kind}", header.kind())));
    }
    if header.size() > most {
        return Err(Trouble::TooLarge(header.size()));
    }
    let object = repository.try_find_object(id).map_err(|error| broken(&error))?.ok_or(Trouble::Missing)?;
    Ok(object.detach().data)
}
