//! Packagist: what Composer locks, and what projects ask for.

use crate::model::{Ecosystem, PackageId, Source};

pub(super) mod composer_json;
pub(super) mod composer_lock;
#[cfg(test)]
mod tests;

fn package_id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Packagist, name, version, source)
}

/// Whether a name is that of the platform and of no package: `php`, `ext-json`, `lib-curl`, `composer-plugin-api`
/// (<https://getcomposer.org/doc/articles/composer-platform-dependencies.md>).
fn is_platform(name: &str) -> bool {
    !name.contains('/')
}
