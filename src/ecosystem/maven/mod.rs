//! Maven's world: `pom.xml`, and Gradle's lockfiles, checksums and version catalogues.

use crate::model::{Ecosystem, PackageId, Source};

mod effective;
pub(super) mod gradle_lockfile;
pub(super) mod pom;
mod pom_file;
mod poms;
pub(super) mod verification_metadata;
pub(super) mod version_catalog;

pub(super) use poms::Poms;

#[cfg(test)]
mod tests;

/// The identity of an artifact.
fn artifact_id(group: &str, artifact: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Maven, &format!("{group}:{artifact}"), version, source)
}

/// Whether it can be a group, an artifact or a version: Maven allows letters, digits, `.`, `_` and `-`, and the rest is
/// let through but for what would make another coordinate of it.
fn is_sane(part: &str) -> bool {
    !part.is_empty() && part.len() <= 300 && !part.contains([':', '/', '$', '{', '}', ' ', '\n', '\t', '\r'])
}
