//! Bazel: modules, and the artifacts of Maven that `rules_jvm_external` locks.

pub(super) mod maven_install;
pub(super) mod module_bazel;
pub(super) mod module_lock;

#[cfg(test)]
mod tests;

use crate::model::{Ecosystem, PackageId, Source};

/// The identity of a Bazel module.
fn id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Bazel, name, version, source)
}
