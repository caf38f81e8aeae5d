//! Opening the repository that holds a folder, and what can be wrong.

use std::fs;
use std::path::{Path, PathBuf};

use crate::scan::discover::read_bounded;

/// A `.git` file and what a worktree says of itself are a line each.
const MAX_LINE: u64 = 16 << 10;

/// Why an earlier state cannot be had: nothing was scanned.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no repository.
    #[error("--since needs a git repository, and {0} lies in none")]
    NoRepository(PathBuf),
    /// The repository cannot be read.
    #[error("the git repository {path} cannot be read: {message}")]
    Repository {
        /// Its folder.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// There is no commit yet.
    #[error("--since: nothing is committed in this repository, so that there is no earlier state")]
    NoHead,
    /// There is no such revision.
    #[error("--since {revision}: {message}")]
    Revision {
        /// What the caller named.
        revision: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl HistoryError {
    pub(super) fn revision(revision: &str, message: impl Into<String>) -> Self {
        Self::Revision { revision: revision.to_owned(), message: message.into() }
    }
}

/// Opens the repository that holds a folder: it, and the folder's path in it.
pub(super) fn open(root: &Path) -> Result<(gix::Repository, String), HistoryError> {
    let fail = |path: &Path, message: String| HistoryError::Repository { path: path.to_owned(), message };
    let top = root.ancestors().find(|ancestor| fs::symlink_metadata(ancestor.join(".git")).is_ok());
    let top = top.ok_or_else(|| HistoryError::NoRepository(root.to_owned()))?;
    let folder = git_folder(top).map_err(|message| fail(&top.join(".git"), message))?;
    // With little trust, nothing of its configuration counts but what the format of its files is.
    let options = gix::open::Options::isolated().with(gix::sec::Trust::Reduced).open_path_as_is(true);
    let mut repository = gix::open_opts(&folder, options).map_err(|error| fail(&folder, error.to_string()))?;
    repository.objects.ignore_replacements = true;
    repository.object_cache_size_if_unset(8 << 20);
    let inside = root.strip_prefix(top).unwrap_or(Path::new(""));
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    Ok((repository, parts.join("/")))
}

/// The folder of the repository whose top is there. A `.git` file leads to another folder: of a worktree only where that
/// one names this tree as its own, of a submodule only where it lies in the repository around it.
fn git_folder(top: &Path) -> Result<PathBuf, String> {
    let git = top.join(".git");
    let meta = fs::symlink_metadata(&git).map_err(|error| error.to_string())?;
    if meta.is_dir() {
        return Ok(git);
    }
    if !meta.is_file() {
        return Err("it is a symbolic link; not followed".to_owned());
    }
    let line = read_line(&git).ok_or("it cannot be read")?;
    let named = line.strip_prefix("gitdir:").map(str::trim).ok_or("it is a file that names no `gitdir:`")?;
    let folder = top.join(named);
    let folder = fs::canonicalize(&folder).map_err(|error| format!("it leads to {named}: {error}"))?;
    let of_worktree = || {
        let back = read_line(&folder.join("gitdir"))?;
        Some(fs::canonicalize(folder.join(back.trim())).ok()? == fs::canonicalize(&git).ok()?)
    };
    let of_submodule = || {
        let mut around = top.ancestors().skip(1).map(|ancestor| ancestor.join(".git"));
        around.any(|git| git.is_dir() && fs::canonicalize(&git).is_ok_and(|git| folder.starts_with(git)))
    };
    if of_worktree() == Some(true) || of_submodule() {
        return Ok(folder);
    }
    Err(format!("it leads to {named}, which is neither a worktree of this tree nor a part of the repository around it"))
}

fn read_line(path: &Path) -> Option<String> {
    let text = String::from_utf8(read_bounded(path, MAX_LINE).ok()?).ok()?;
    Some(text.lines().next()?.to_owned())
}
