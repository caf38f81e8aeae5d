//! Hex: what projects in Elixir lock and ask for.

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

pub(super) mod mix_exs;
pub(super) mod mix_lock;
mod term;
#[cfg(test)]
mod tests;

fn package_id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Hex, name, version, source)
}

/// A repository by the name under which tools know it: `hexpm` is the public one, `hexpm:NAME` that of an organisation
/// (<https://hex.pm/docs/private>).
fn repository(name: &str) -> Source {
    if name == "hexpm" { Source::PUBLIC_REGISTRY } else { Source::at(SourceKind::Registry, name) }
}

/// The version that an exact requirement fixes: `1.2.3`, `== 1.2.3`
/// (<https://hexdocs.pm/elixir/Version.html#module-requirements>).
fn exact(requirement: &str) -> Option<&str> {
    let text = requirement.trim();
    let version = text.strip_prefix("==").unwrap_or(text).trim();
    semver::Version::parse(version).is_ok().then_some(version)
}
