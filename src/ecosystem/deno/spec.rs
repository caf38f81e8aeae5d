//! What an import can ask for: `npm:name@range/path`, `jsr:@scope/name@range/path`, an address
//! (<https://docs.deno.com/runtime/fundamentals/modules/>).

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

/// A package by its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Spec<'t> {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: &'t str,
    /// What stands behind the `@`; empty where nothing does.
    pub(super) range: &'t str,
}

impl<'t> Spec<'t> {
    /// The parts of `npm:…` and `jsr:…`.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (ecosystem, rest) = match text.split_once(':')? {
            ("npm", rest) => (Ecosystem::Npm, rest),
            ("jsr", rest) => (Ecosystem::Jsr, rest),
            _ => return None,
        };
        let (name, range) = split(rest.trim_start_matches('/'))?;
        // Behind the range may stand a path within the package.
        let range = range.split('/').next().unwrap_or_default();
        Some(Self { ecosystem, name, range })
    }
}

/// The name and what stands behind its `@`, if anything does. A name may have a scope; a path that follows the name
/// alone is dropped.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let scope = if text.starts_with('@') { text.find('/')? + 1 } else { 0 };
    let end = text[scope..].find(['@', '/']).map_or(text.len(), |at| scope + at);
    let name = &text[..end];
    (end > scope).then(|| (name, text[end..].strip_prefix('@').unwrap_or_default()))
}

/// A module by its address: the package is what stands before the part with `@version`, where there is one, and the
/// module itself where there is none.
pub(super) fn remote(address: &str) -> Option<(PackageId, Option<&str>)> {
    let plain = address.split(['?', '#']).next()?;
    let rest = plain.strip_prefix("https://").or_else(|| plain.strip_prefix("http://"))?;
    let scheme = plain.len() - rest.len();
    let mut start = rest.find('/')? + 1;
    for part in rest[start..].split('/') {
        let at = part.char_indices().skip(1).find(|&(_, c)| c == '@').map(|(at, _)| at);
        let version = at.map(|at| &part[at + 1..]);
        let is_version = |text: &&str| text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
        if let (Some(at), Some(version)) = (at, version.filter(is_version)) {
            let source = Source::at(SourceKind::Url, &address[..scheme + start + at + 1 + version.len()]);
            return Some((PackageId::new(Ecosystem::Npm, &rest[..start + at], Some(version), source), Some(version)));
        }
        start += part.len() + 1;
    }
    Some((PackageId::new(Ecosystem::Npm, rest, None, Source::at(SourceKind::Url, plain)), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_have_their_parts() {
        let parts = |text| Spec::parse(text).map(|spec| (spec.name, spec.range));
        assert_eq!(parts("npm:chalk@^5.0.0/source"), Some(("chalk", "^5.0.0")));
        assert_eq!(parts("npm:/chalk"), Some(("chalk", "")));
        assert_eq!(parts("jsr:@std/path@1/posix"), Some(("@std/path", "1")));
        assert_eq!(parts("jsr:@std/path/posix"), Some(("@std/path", "")));
        for text in ["npm:", "jsr:@std", "jsr:@std/", "./a.ts", "https://host.example/a"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn modules_belong_to_packages() {
        let parts = |text: &str| {
            remote(text).map(|(id, version)| (id.name, version.map(str::to_owned), id.source.url.unwrap()))
        };
        let found = |name: &str, version: Option<&str>, url: &str| {
            Some((name.to_owned(), version.map(str::to_owned), url.to_owned()))
        };
        assert_eq!(
            parts("https://host.example/std@0.140.0/fs/mod.ts"),
            found("host.example/std", Some("0.140.0"), "https://host.example/std@0.140.0")
        );
        assert_eq!(
            parts("https://host.example/v9/@a/b@v1.0.0?dev"),
            found("host.example/v9/@a/b", Some("v1.0.0"), "https://host.example/v9/@a/b@v1.0.0")
        );
        assert_eq!(
            parts("https://host.example/x/@a/mod.ts"),
            found("host.example/x/@a/mod.ts", None, "https://host.example/x/@a/mod.ts")
        );
        assert_eq!(parts("file:///a"), None);
        assert_eq!(parts("https://host.example"), None);
    }
}
