//! Which package a component is, and what is said of those that cannot be judged: none is passed over in silence.

use std::collections::BTreeMap;

use super::bill::{Component, Role};
use crate::model::{Diagnostic, Ecosystem, LineIndex, PackageId, PurlParts, RepoPath};

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
        // Advisories of distributions speak of releases and of source packages, which tools tell each in its own way.
        if parts.ecosystem().is_none_or(Ecosystem::is_distribution) {
            return Self::OfType(parts.kind);
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
