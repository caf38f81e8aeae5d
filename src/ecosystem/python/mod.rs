//! Python: what is asked for (`pyproject.toml`, `Pipfile`, requirements files) and what was chosen (the locks of
//! Poetry, uv, Pipenv, PDM and PEP 751).

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::syntax::bounds::Candidates;
use super::syntax::toml::{Document, Get};
use super::{Input, Lookup, Parsed};
use crate::model::{Diagnostic, Ecosystem, Location, PackageId, RepoPath, Source, SourceKind, normalize_name};

pub(super) mod dist_info;
mod extras;
mod manifest;
mod other;
pub(super) mod pdm_lock;
pub(super) mod pep508;
pub(super) mod pipfile;
pub(super) mod pipfile_lock;
pub(super) mod poetry_lock;
mod project;
pub(super) mod pylock;
pub(super) mod pyproject;
mod requirement_lines;
pub(super) mod requirements;
pub(super) mod uv_lock;
mod uv_recorded;

#[cfg(test)]
mod tests;

/// A name in the form of PEP 503, which is that of extras and groups too.
fn normal(name: &str) -> String {
    normalize_name(Ecosystem::PyPi.osv_name(), name).into_owned()
}

/// The identity of a Python package.
fn package_id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::PyPi, name, version, source)
}

/// The registry behind the address of an index, as the file names it: which one is public, or a mirror of it, is not
/// known here.
fn registry(index: &str) -> Source {
    if index.is_empty() { Source::PUBLIC_REGISTRY } else { Source::at(SourceKind::Registry, index) }
}

/// A git repository at a commit, where the text is a whole one.
fn git(repository: &str, revision: Option<&str>) -> Source {
    let repository = repository.strip_prefix("git+").unwrap_or(repository);
    match revision.filter(|revision| is_commit(revision)) {
        Some(commit) => Source::at(SourceKind::Git, &format!("{repository}#{commit}")),
        None => Source::at(SourceKind::Git, repository),
    }
}

/// A piece of a file as a message shows it: cut, and without the credentials of an address.
fn shown(text: &str) -> String {
    let text = Source::at(SourceKind::Unknown, text).url.unwrap_or_default();
    text.chars().take(120).collect()
}

/// Whether it is a whole SHA-1 or SHA-256.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A manifest that belongs to a lockfile. It is asked for where nobody looked yet; that there is none is no loss.
fn companion<'i>(input: &Input<'i>, path: &RepoPath, parsed: &mut Parsed) -> Option<&'i [u8]> {
    match input.files.look_up(path) {
        Lookup::Found(bytes) => {
            parsed.companions.push(RepoPath::clone(path));
            Some(bytes)
        }
        Lookup::NotLoaded => {
            parsed.wanted.push(RepoPath::clone(path));
            None
        }
        Lookup::Unavailable(_) => None,
    }
}

/// A TOML lockfile that is being read.
struct Lock<'d, 't> {
    document: &'d Document<'t>,
    path: &'d RepoPath,
}

/// An entry of a lockfile with a name.
struct Entry<'d, 't> {
    table: &'d DeTable<'t>,
    line: u32,
    name: &'d str,
    version: Option<&'d str>,
    /// Where the version stands.
    location: Option<Location>,
}

impl<'d, 't> Lock<'d, 't> {
    /// The entries of an array of tables. What is no table, or has no name, is an error and lost; so is an entry
    /// whose version is no text. A missing version is the caller's to judge.
    fn entries(&self, key: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry<'d, 't>> {
        let Some(value) = self.document.table.at(&[key]) else {
            return Vec::new();
        };
        if !value.get_ref().is_array() {
            let message = format!("`{key}` must be an array of tables; nothing was read from it");
            diagnostics.push(Diagnostic::error(self.path, Some(self.line(value)), message));
        }
        let mut entries = Vec::new();
        for item in self.document.table.array(&[key]) {
            match self.entry(item) {
                Ok(entry) => entries.push(entry),
                Err(why) => {
                    let message = format!("a `{key}` entry {why}; it was left out");
                    diagnostics.push(Diagnostic::error(self.path, Some(self.line(item)), message));
                }
            }
        }
        entries
    }

    fn entry(&self, item: &'d Spanned<DeValue<'t>>) -> Result<Entry<'d, 't>, &'static str> {
        let table = item.get_ref().as_table().ok_or("is no table")?;
        let name = table.text(&["name"]).filter(|name| !name.is_empty()).ok_or("has no name")?;
        let version = table.at(&["version"]);
        let text = version.map(|version| version.get_ref().as_str().ok_or("has a version that is no text"));
        let line = table.at(&["name"]).map_or(0, |name| self.line(name));
        let location = version.map(|version| self.document.locate(version));
        Ok(Entry { table, line, name, version: text.transpose()?, location })
    }

    /// The line of a value.
    fn line(&self, value: &Spanned<DeValue<'_>>) -> u32 {
        self.document.lines.line(value.span().start)
    }

    /// Says that the file is of a newer format than is known, `version` being its number or that before a dot.
    fn known_format(&self, version: &[&str], newest: u32, diagnostics: &mut Vec<Diagnostic>) {
        let Some(value) = self.document.table.at(version) else { return };
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str(),
            other => other.as_str().unwrap_or_default(),
        };
        let major = number.split('.').next().and_then(|number| number.parse::<u32>().ok());
        if major.is_none_or(|major| major > newest) {
            let message = format!("the format of this lockfile is newer than {newest}; it was read as that one");
            diagnostics.push(Diagnostic::error(self.path, Some(self.line(value)), message));
        }
    }

    /// Says that the file lacks what every file of its kind has, unless something else is already said of it.
    fn expect(&self, keys: &[&str], diagnostics: &mut Vec<Diagnostic>) {
        if diagnostics.is_empty() && !keys.iter().any(|key| self.document.table.contains_key(*key)) {
            let keys = keys.join("` or `");
            diagnostics.push(Diagnostic::error(self.path, None, format!("there is no `{keys}`: not such a lockfile")));
        }
    }
}

/// The hash of the first of these files (`{file = …, hash = "sha256:…"}`).
fn first_hash<'a>(files: &'a [Spanned<DeValue<'_>>]) -> Option<&'a str> {
    files.iter().find_map(|file| file.get_ref().as_table()?.text(&["hash"]))
}

/// The names or addresses of files, each `{file = …}`, `{url = …}` or `{name = …}`.
fn file_names<'a>(files: &'a [Spanned<DeValue<'_>>]) -> impl Iterator<Item = &'a str> {
    files.iter().filter_map(|file| {
        let file = file.get_ref().as_table()?;
        ["url", "file", "name"].iter().find_map(|key| file.text(&[key]))
    })
}

/// Packages of a lockfile by normalised name.
type ByName = Candidates<String>;
