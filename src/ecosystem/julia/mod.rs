//! Julia: what an environment asks for (`Project.toml`) and what was chosen (`Manifest.toml`).

pub(super) mod julia_manifest;
pub(super) mod julia_project;
mod project;

#[cfg(test)]
mod tests;

use crate::model::{Ecosystem, PackageId, Source};

/// The identity of a Julia package.
fn id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Julia, name, version, source)
}
