//! Pub: what Dart and Flutter projects lock and ask for.

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

pub(super) mod pubspec;
pub(super) mod pubspec_lock;
#[cfg(test)]
mod tests;

fn package_id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Pub, name, version, source)
}

/// A server of packages.
fn server(address: &str) -> Source {
    Source::at(SourceKind::Registry, address.trim_end_matches('/'))
}

/// What comes with an SDK lies in its folder and is on no server under that name.
fn of_sdk(sdk: &str) -> Source {
    Source::at(SourceKind::Path, &format!("sdk:{sdk}"))
}
