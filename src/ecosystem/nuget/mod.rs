//! .NET: what projects ask for (`*.csproj` and the properties of their folders), what was chosen (`packages.lock.json`,
//! `packages.config`), and what a restore or a build writes (`project.assets.json`, `*.deps.json`).

use std::collections::HashMap;

use super::syntax::json::{Document, Value};
use super::{Input, Parsed};
use crate::model::{Diagnostic, Ecosystem, Location, PackageId, RepoPath, Source, SourceKind};

pub(super) mod deps_json;
pub(super) mod directory_props;
pub(super) mod dotnet_project;
mod evaluated;
mod libraries;
mod msbuild;
pub(super) mod packages_config;
pub(super) mod packages_lock;
pub(super) mod project_assets;

#[cfg(test)]
mod tests;

/// The identity of a NuGet package.
fn package_id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::NuGet, name, version, source)
}

/// A project of the solution.
fn project_id(name: &str, version: Option<&str>) -> PackageId {
    package_id(name, version, Source::of(SourceKind::Workspace))
}

/// A name as NuGet compares it.
fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Whether it can be the name of a package: letters, digits, `.`, `_`, `-`
/// (<https://learn.microsoft.com/nuget/reference/nuspec#id>).
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// Whether it is one version, as restored packages have it.
fn is_version(text: &str) -> bool {
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
}

/// What a version in a project comes to (<https://learn.microsoft.com/nuget/concepts/package-versioning>). `1.2.3` asks
/// for that version or a newer one, of which NuGet takes the lowest that there is: that very one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked<'t> {
    Exact(&'t str),
    /// A range, or a version that floats.
    Range(&'t str),
}

impl<'t> Asked<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let exact = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map_or(text, str::trim);
        if is_version(exact) {
            return Some(Self::Exact(exact));
        }
        let is_range = text.starts_with(['[', '(']) || text.contains('*');
        (is_range && text.len() <= 200).then_some(Self::Range(text))
    }
}

/// The name of a file without its ending.
fn stem(path: &str) -> &str {
    let name = super::file_name_of(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The entries of an object by name as NuGet compares it; of a name that stands twice the last one counts.
fn by_name<'v, 't>(entries: &'v [(std::borrow::Cow<'t, str>, Value<'t>)]) -> HashMap<String, &'v Value<'t>> {
    entries.iter().map(|(name, value)| (lower(name), value)).collect()
}

/// Says that a file is not what its name says.
fn not_such(path: &RepoPath, what: &str, parsed: &mut Parsed) {
    if parsed.diagnostics.is_empty() {
        parsed.diagnostics.push(Diagnostic::error(path, None, format!("there is no {what}; nothing was read")));
    }
}

/// An entry that is not understood.
fn left_out(input: &Input<'_>, place: Option<Location>, what: &str) -> Diagnostic {
    let shown: String = what.chars().take(120).collect();
    let message = format!("the entry `{shown}` is not understood; it was left out");
    Diagnostic::error(input.path, place.map(|place| place.line), message)
}

/// Where a text of a JSON document stands.
fn place(document: &Document<'_>, text: &str) -> Option<Location> {
    document.locate(text)
}
