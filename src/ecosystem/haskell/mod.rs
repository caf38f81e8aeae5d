//! Haskell: what Stack and Cabal were locked to.

pub(super) mod cabal_freeze;
pub(super) mod stack_lock;

#[cfg(test)]
mod tests;

use crate::model::{Ecosystem, PackageId, Source};

/// The identity of a Haskell package.
fn id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Hackage, name, version, source)
}
