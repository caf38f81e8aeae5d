//! deps.dev (<https://docs.deps.dev/api/>): what it knows about versions, packages and projects.
//!
//! Versions and projects are asked for in bodies of a hundred, each answered by a page of its own, and every part is
//! kept by itself: a lockfile that changed asks only about what is new in it.

mod batch;
mod package;
mod project;
mod repository;
mod version;

use crate::model::Ecosystem;

pub(super) use batch::batch;
pub(super) use package::{dependents, has_dependents, releases, similar};
pub(super) use project::{ProjectQuestion, Scored};
pub(super) use repository::split;
pub(super) use version::{Key, Version, VersionQuestion, tell_nothing};

/// The longest name or version that anybody is asked about: none is longer that a registry takes.
const LONGEST: usize = 512;

/// The ecosystems that deps.dev knows, by its names (<https://docs.deps.dev/api/v3/>).
const SYSTEMS: &[(Ecosystem, &str)] = &[
    (Ecosystem::CratesIo, "CARGO"),
    (Ecosystem::Go, "GO"),
    (Ecosystem::Maven, "MAVEN"),
    (Ecosystem::Npm, "NPM"),
    (Ecosystem::NuGet, "NUGET"),
    (Ecosystem::PyPi, "PYPI"),
    (Ecosystem::RubyGems, "RUBYGEMS"),
];

/// deps.dev's name of an ecosystem; empty where it does not know it, which nobody asks about.
fn system(ecosystem: Ecosystem) -> &'static str {
    SYSTEMS.iter().find(|(known, _)| *known == ecosystem).map_or("", |(_, name)| name)
}

/// Whether a package of that name and version can be in a registry at all. What a hostile lockfile makes up is not
/// sent, so that it cannot spoil the answers about the rest.
pub(super) fn is_askable(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> bool {
    let is_plain = |text: &str| {
        let is_odd = |c: char| c.is_control() || c.is_whitespace();
        let is_step = text.bytes().all(|byte| byte == b'.');
        !is_step && text.len() <= LONGEST && !text.contains(is_odd)
    };
    // The standard library and the toolchain are no modules of a proxy.
    let is_module = ecosystem != Ecosystem::Go || !matches!(name, "stdlib" | "toolchain");
    !system(ecosystem).is_empty() && is_module && is_plain(name) && version.is_none_or(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_in_a_registry_is_not_asked_about() {
        assert!(is_askable(Ecosystem::Npm, "@types/node", Some("22.1.0")));
        assert!(is_askable(Ecosystem::Go, "golang.org/x/net", None));
        assert!(!is_askable(Ecosystem::Go, "stdlib", Some("1.21.3")));
        assert!(is_askable(Ecosystem::Npm, "stdlib", Some("1.21.3")));
        for name in ["", ".", "..", "a b", "a\nb", "a\u{0}", &"a".repeat(600)] {
            assert!(!is_askable(Ecosystem::Npm, name, Some("1")), "{name:?}");
            assert!(!is_askable(Ecosystem::Npm, "a", Some(name)), "{name:?}");
        }
    }
}
