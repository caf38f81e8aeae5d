//! `RubyGems`: what Bundler locks, and the programs in which projects ask for gems.

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

pub(super) mod gemfile;
pub(super) mod gemfile_lock;
pub(super) mod gemspec;
mod program;
#[cfg(test)]
mod tests;

fn gem(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::RubyGems, name, version, source)
}

/// A gem server; with and without a slash at its end it is the same one.
fn server(address: &str) -> Source {
    Source::at(SourceKind::Registry, address.trim_end_matches('/'))
}

/// The exact version of a requirement, `1.2.3` or `= 1.2.3`
/// (<https://guides.rubygems.org/patterns/#declaring-dependencies>).
fn exact(requirement: &str) -> Option<&str> {
    let version = requirement.trim().strip_prefix('=').unwrap_or(requirement).trim();
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    is_version.then_some(version)
}
