//! Which package a component is, and what is said of those that cannot be judged: none is passed over in silence.

use std::collections::BTreeMap;

use super::bill::{Component, Role};
use crate::ecosystem::system;
use crate::model::{Diagnostic, LineIndex, PackageId, PurlParts, RepoPath};

/// How many components are named of a kind that cannot be judged.
const MAX_EXAMPLES: usize = 3;

/// How many characters of a text are shown.
const LONGEST: usize = 120;

/// Which package a component is.
#[derive(Debug)]
pub(super) enum Identity {
    /// That one, of an ecosystem that is known here.
    Known(PackageId),
    /// One of that type of package URL, which is not known here.
    OfType(String),
    /// Its package URL cannot be read: why.
    Unreadable(String),
    /// It has no package URL.
    Unnamed,
}

impl Identity {
    /// The identity by the first package URL that is known, else what the first one says.
    pub(super) fn of(component: &Component<'_>) -> Self {
        let mut first = None;
        for purl in &component.purls {
            match Self::of_purl(purl, component) {
                Self::Known(id) => return Self::Known(id),
                other => first = first.or(Some(other)),
            }
        }
        first.unwrap_or(Self::Unnamed)
    }

    fn of_purl(purl: &str, component: &Component<'_>) -> Self {
        let unreadable = |why: String| Self::Unreadable(format!("`{}`: {why}", shortened(purl)));
        let parts = match PurlParts::read(purl) {
            Ok(parts) => parts,
            Err(why) => return unreadable(why),
        };
        match parts.ecosystem() {
            // Advisories of distributions speak of releases.
            Some(ecosystem) if ecosystem.is_distribution() => {
                return system::of_purl(&parts).map_or(Self::OfType(parts.kind), Self::Known);
            }
            Some(_) => {}
            None => return Self::OfType(parts.kind),
        }
        match parts.package() {
            Ok(id) if id.version.is_some() => Self::Known(id),
            Ok(id) => Self::Known(PackageId { version: component.version.map(str::to_owned), ..id }),
            Err(why) => unreadable(why),
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// Components that cannot be judged, and why.
#[derive(Debug, Default)]
pub(super) struct Unjudged {
    unnamed: Group,
    with_cpe: usize,
    of_types: Group,
    types: BTreeMap<String, usize>,
    unreadable: Group,
}

#[derive(Debug, Default)]
struct Group {
    count: usize,
    examples: Vec<String>,
    line: Option<u32>,
}

impl Group {
    fn add(&mut self, example: impl FnOnce() -> String, line: impl FnOnce() -> Option<u32>) {
        self.count += 1;
        if self.count == 1 {
            self.line = line();
        }
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(example());
        }
    }

    /// `1 component has …` or `3 components have …`, with examples after what is said.
    fn say(&self, (one, many): (&str, &str)) -> String {
        let what =
            if self.count == 1 { format!("1 component {one}") } else { format!("{} components {many}", self.count) };
        let more = match self.count - self.examples.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{what}: {}{more}", self.examples.join(", "))
    }
}

impl Unjudged {
    /// Counts a component that is no package of a known ecosystem. Files and data are no packages.
    pub(super) fn count(&mut self, component: &Component<'_>, identity: &Identity, lines: &LineIndex<'_>) {
        let label = || {
            let name = shortened(&component.name);
            component.version.map_or_else(|| name.clone(), |version| format!("{name} {}", shortened(version)))
        };
        let line = || {
            let texts = component.purls.iter().copied().chain([&*component.name, component.reference]);
            texts.filter(|text| !text.is_empty()).find_map(|text| lines.locate_slice(text)).map(|place| place.line)
        };
        match identity {
            Identity::Known(_) => {}
            Identity::OfType(kind) => {
                *self.types.entry(shortened(kind)).or_default() += 1;
                self.of_types.add(label, line);
            }
            Identity::Unreadable(why) => self.unreadable.add(|| why.clone(), line),
            Identity::Unnamed if component.role == Role::File => {}
            Identity::Unnamed => {
                self.with_cpe += usize::from(component.has_cpe);
                self.unnamed.add(label, line);
            }
        }
    }

    /// Says what was counted.
    pub(super) fn tell(&self, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) {
        if self.unreadable.count > 0 {
            let said =
                self.unreadable.say(("has a package URL that cannot be read", "have package URLs that cannot be read"));
            let message = format!("left out: {said}. The tool that made the file is at fault");
            diagnostics.push(Diagnostic::error(path, self.unreadable.line, message));
        }
        if self.of_types.count > 0 {
            let types: Vec<_> = self.types.iter().take(10).map(|(kind, count)| format!("{kind} {count}")).collect();
            let said = self.of_types.say(("is a package of a type", "are packages of a type"));
            let said =
                said.replacen(':', &format!(" that is not matched in bills of materials ({}):", types.join(", ")), 1);
            diagnostics.push(Diagnostic::warning(path, self.of_types.line, format!("not judged: {said}")));
        }
        if self.unnamed.count > 0 {
            let said = self.unnamed.say(("has no package URL", "have no package URL"));
            let cpe = match self.with_cpe {
                0 => String::new(),
                count => format!(" ({count} with a CPE, by which nothing is matched)"),
            };
            let message = format!("not judged: {said}{cpe}. Make the file with a tool that gives package URLs");
            diagnostics.push(Diagnostic::warning(path, self.unnamed.line, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;

    #[test]
    fn packages_of_distributions_have_a_release_and_a_source() {
        let of = |purl: &str| {
            let id = system::of_purl(&PurlParts::read(purl).unwrap())?;
            let (name, version) = id.advised_as();
            let advised = format!("{name} {}", version.unwrap_or_default());
            Some((id.ecosystem, id.release().map(str::to_owned), id.label(), advised))
        };
        let some = |ecosystem, release: Option<&str>, label: &str, advised: &str| {
            Some((ecosystem, release.map(str::to_owned), label.to_owned(), advised.to_owned()))
        };
        assert_eq!(
            of("pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl"),
            some(Ecosystem::Debian, Some("12"), "libssl3 3.0.11-1", "openssl 3.0.11-1")
        );
        assert_eq!(
            of("pkg:apk/alpine/libcrypto3@3.1.4-r0?distro=alpine-3.18.4"),
            some(Ecosystem::Alpine, Some("v3.18"), "libcrypto3 3.1.4-r0", "libcrypto3 3.1.4-r0")
        );
        assert_eq!(
            of("pkg:rpm/rocky/openssl-libs@3.0.7-1.el9?distro=rocky-9.3&epoch=1&upstream=openssl-3.0.7-1.el9.src.rpm"),
            some(Ecosystem::RockyLinux, Some("9"), "openssl-libs 1:3.0.7-1.el9", "openssl 1:3.0.7-1.el9")
        );
        assert_eq!(of("pkg:deb/debian/zlib1g@1.3"), None, "of which release?");
        assert_eq!(of("pkg:deb/debian/zlib1g@1.3?distro=rocky-9"), None);
    }
}
