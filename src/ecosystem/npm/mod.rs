//! npm's world: lockfiles of npm, Yarn, pnpm and Bun, and `package.json`.

mod bun_lock;
mod drift;
mod manifest;
pub(super) mod node_modules;
mod other;
mod package_json;
mod package_lock;
mod package_lock_v1;
mod pnpm_lock;
mod scope;
pub(super) mod spec;
#[cfg(test)]
mod tests;
mod yarn_berry;
mod yarn_lock;
mod yarn_v1;

pub(super) use bun_lock::PARSER as BUN_LOCK;
pub(super) use package_json::PARSER as PACKAGE_JSON;
pub(super) use package_lock::PARSER as PACKAGE_LOCK;
pub(super) use pnpm_lock::PARSER as PNPM_LOCK;
pub(super) use yarn_lock::PARSER as YARN_LOCK;

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

/// The identity of a package.
fn id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Npm, name, version, source)
}

/// The identity of a project: the root, or a member of its workspace.
fn project(name: &str, version: Option<&str>) -> PackageId {
    id(name, version, Source::of(SourceKind::Workspace))
}
