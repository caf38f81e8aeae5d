//! Git repositories that are taken as they are: submodules here, hooks and included pipelines elsewhere.

pub(super) mod gitmodules;
#[cfg(test)]
mod tests;

use super::reference::{Reference, is_commit};
use crate::model::{DependencyKind, Ecosystem, PackageId, Source, SourceKind};

/// The name of a repository, `host/path` without scheme and `.git`.
pub(super) fn name_of(address: &str) -> String {
    // Swift names its packages in the same way.
    Ecosystem::SwiftUrl.normalize_name(address).into_owned()
}

/// How a file names a repository.
pub(super) struct Named<'n, 't> {
    /// The package's name.
    pub(super) name: &'n str,
    /// Where it lies.
    pub(super) address: &'n str,
    /// Where the file says that: a slice of it.
    pub(super) written: &'t str,
    /// The commit, tag or branch, a slice of the file.
    pub(super) reference: Option<&'t str>,
    /// The release that a comment claims for a commit.
    pub(super) claim: Option<&'t str>,
    /// Whether a name that is no commit is that of one release.
    pub(super) is_release: fn(&str) -> bool,
}

impl<'t> Named<'_, 't> {
    /// The reference to it.
    pub(super) fn reference(self, kind: DependencyKind) -> Reference<'t> {
        let Self { name, address, written, reference, claim, is_release } = self;
        let commit = reference.filter(|reference| is_commit(reference));
        let version = match commit {
            Some(commit) => Some(claim.unwrap_or(commit)),
            None => reference.filter(|reference| is_release(reference)),
        };
        let address = commit.map_or(address.to_owned(), |commit| format!("{address}#{commit}"));
        Reference {
            id: PackageId::new(Ecosystem::Git, name, version, Source::at(SourceKind::Git, &address)),
            version,
            written: reference.unwrap_or(written),
            requirement: commit.or(reference.filter(|_| version.is_none())).map(str::to_owned),
            hash: commit.map(str::to_owned),
            kind: Some(kind),
        }
    }
}
