//! Conan's references, `name/version@user/channel#revision%time`
//! (<https://docs.conan.io/2/reference/conanfile/attributes.html#requires>).

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

/// The parts of a reference, each a part of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference<'t> {
    pub(super) name: &'t str,
    /// The version, or a range in brackets.
    pub(super) version: &'t str,
    /// Who made another recipe than the public one.
    pub(super) user: Option<&'t str>,
    /// The revision of the recipe, which is a hash of it.
    pub(super) revision: Option<&'t str>,
}

impl<'t> Reference<'t> {
    /// The parts of a text; `None` where it has no name or no version.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim();
        // A range may hold what separates parts elsewhere.
        let (name, rest) = text.split_once('/')?;
        let end = if rest.starts_with('[') {
            rest.find(']')? + 1
        } else {
            rest.find(['@', '#', '%', ':']).unwrap_or(rest.len())
        };
        let (version, rest) = rest.split_at(end);
        let rest = rest.split('%').next().unwrap_or_default();
        // Version 1 of the lock names the binary package too: `:package_id#revision`.
        let rest = rest.split(':').next().unwrap_or_default();
        let (user, revision) = rest.split_once('#').unwrap_or((rest, ""));
        let user = user.strip_prefix('@').filter(|user| !user.is_empty() && *user != "_/_");
        // `0` stands where Conan 1 did without revisions.
        let revision = Some(revision).filter(|revision| !matches!(*revision, "" | "0"));
        let is_sane = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
        if !is_sane(name) || version.is_empty() || (!version.starts_with('[') && !is_sane(version)) {
            return None;
        }
        Some(Self { name, version, user, revision })
    }

    /// The version, where it is one and no range.
    pub(super) fn exact(&self) -> Option<&'t str> {
        Some(self.version).filter(|version| !version.starts_with('['))
    }

    /// What is asked for, where it is a range.
    pub(super) fn range(&self) -> Option<&'t str> {
        self.version.strip_prefix('[')?.strip_suffix(']')
    }

    /// Its identity. Recipes of the public registry have no user; whose the others are, and where they lie, the files
    /// do not say.
    pub(super) fn id(&self) -> PackageId {
        let source = if self.user.is_some() { Source::of(SourceKind::Unknown) } else { Source::PUBLIC_REGISTRY };
        PackageId::new(Ecosystem::ConanCenter, self.name, self.exact(), source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_their_parts() {
        let parts = |text| {
            let reference = Reference::parse(text)?;
            Some((reference.name, reference.version, reference.user, reference.revision))
        };
        assert_eq!(parts("zlib/1.2.13"), Some(("zlib", "1.2.13", None, None)));
        assert_eq!(parts("zlib/1.2.13#97d5730%1675278126.05"), Some(("zlib", "1.2.13", None, Some("97d5730"))));
        assert_eq!(parts("a/1@acme/stable#0:5ab#1"), Some(("a", "1", Some("acme/stable"), None)));
        assert_eq!(parts("a/1@_/_:5ab#1"), Some(("a", "1", None, None)));
        assert_eq!(parts("a/1@"), Some(("a", "1", None, None)));
        assert_eq!(parts("a/[>=1 <2:x]@u/c"), Some(("a", "[>=1 <2:x]", Some("u/c"), None)));
        for text in ["", "a", "/1", "a/", "a/@u/c", "a b/1", "a/[1"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
