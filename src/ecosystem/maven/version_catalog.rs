//! Gradle's version catalogues, `gradle/libs.versions.toml`
//! (<https://docs.gradle.org/current/userguide/version_catalogs.html>): names and versions that build scripts may use.
//! Which of them do, stands in programs (`build.gradle`); neither is known here what they use them for.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{artifact_id, is_sane};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self, Document, Get};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, Location, Source};

/// Reads version catalogues.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "version-catalog",
    ecosystem: Ecosystem::Maven,
    role: Role::Manifest,
    names: &["*.versions.toml"],
    // Every table may be absent.
    empty_is_valid: true,
    capabilities: Capabilities {
        kinds: Support::Partial,
        source: Support::Full,
        lines: Support::Full,
        ..Capabilities::NONE
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let mut catalog = Catalog { document: &document, graph: GraphBuilder::new(input.path, PARSER.id) };
    for (table, coordinates) in [("libraries", Coordinates::Library), ("plugins", Coordinates::Plugin)] {
        let entries = document.table.table(&[table]).into_iter().flat_map(DeTable::iter);
        // Tables are sorted by name; what is said of them goes by line.
        for (alias, value) in entries {
            if let Err(what) = catalog.entry(value, coordinates) {
                let line = document.lines.line(value.span().start);
                let message = format!("`{}` {what}; it was left out", alias.get_ref());
                parsed.diagnostics.push(Diagnostic::error(input.path, Some(line), message));
            }
        }
    }
    parsed.diagnostics.sort();
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = catalog.graph.finish_as_marked();
    parsed
}

#[derive(Clone, Copy)]
enum Coordinates {
    /// `group:artifact:version`, or `{ module | group and name, version }`.
    Library,
    /// `id:version`, or `{ id, version }`. Its artifact is `id:id.gradle.plugin`.
    Plugin,
}

struct Catalog<'c, 't> {
    document: &'c Document<'t>,
    graph: GraphBuilder,
}

/// A version as it is asked for, and where.
enum Version {
    Exact(String, Location),
    Range(String),
    None,
}

impl Catalog<'_, '_> {
    fn entry(&mut self, value: &Spanned<DeValue<'_>>, coordinates: Coordinates) -> Result<(), &'static str> {
        let (group, artifact, version) = match value.get_ref() {
            DeValue::String(text) => self.short(value, text, coordinates)?,
            DeValue::Table(table) => {
                let (group, artifact) = names(table, coordinates).ok_or("has no name that can be one")?;
                (group, artifact, self.version(table.at(&["version"]))?)
            }
            _ => return Err("is neither a text nor a table"),
        };
        if !is_sane(&group) || !is_sane(&artifact) {
            return Err("has no name that can be one");
        }
        let (text, place) = match &version {
            Version::Exact(text, place) => (Some(text.as_str()), Some(place.clone())),
            Version::Range(_) | Version::None => (None, None),
        };
        let index = self.graph.package(artifact_id(&group, &artifact, text, Source::PUBLIC_REGISTRY), place);
        if let Version::Range(range) = &version {
            self.graph.requirement(index, range);
        }
        let declared = match value.get_ref() {
            DeValue::String(_) => self.document.locate(value),
            _ => {
                let key = ["module", "id", "name"].iter().find_map(|key| value.get_ref().as_table()?.at(&[key]));
                self.document.locate(key.unwrap_or(value))
            }
        };
        self.graph.declare(index, declared);
        let kinds = match coordinates {
            Coordinates::Library => Kinds::default(),
            Coordinates::Plugin => Kinds::only(DependencyKind::Build),
        };
        self.graph.mark(index, None, kinds);
        Ok(())
    }

    /// An entry that is one text.
    fn short(
        &self,
        value: &Spanned<DeValue<'_>>,
        text: &str,
        coordinates: Coordinates,
    ) -> Result<(String, String, Version), &'static str> {
        let parts: Vec<&str> = text.split(':').take(4).collect();
        let (group, artifact, version) = match (coordinates, parts.as_slice()) {
            (Coordinates::Library, &[group, artifact, version]) => (group, artifact.to_owned(), version),
            (Coordinates::Plugin, &[id, version]) => (id, format!("{id}.gradle.plugin"), version),
            (Coordinates::Library, _) => return Err("is not `group:artifact:version`"),
            (Coordinates::Plugin, _) => return Err("is not `id:version`"),
        };
        let mut place = self.document.locate(value);
        let before = text.len().saturating_sub(version.len());
        let before = text.get(..before).unwrap_or_default().encode_utf16().count();
        place.column = place.column.saturating_add(u32::try_from(before).unwrap_or_default());
        place.length = u32::try_from(version.len()).unwrap_or_default();
        Ok((group.to_owned(), artifact, exact(version, place)))
    }

    /// `"1.0"`, `{ ref = "name" }`, or a rich one: `{ strictly, require, prefer, reject }`.
    fn version(&self, value: Option<&Spanned<DeValue<'_>>>) -> Result<Version, &'static str> {
        let Some(value) = value else { return Ok(Version::None) };
        let table = match value.get_ref() {
            DeValue::String(text) => return Ok(exact(text, self.document.locate(value))),
            DeValue::Table(table) => table,
            _ => return Err("has a version that is neither a text nor a table"),
        };
        let Some(name) = table.text(&["ref"]) else { return Ok(self.rich(table)) };
        let named = self.document.table.at(&["versions", name]);
        let named = named.ok_or("has a version by a name that `[versions]` does not have")?;
        match named.get_ref() {
            DeValue::String(text) => Ok(exact(text, self.document.locate(named))),
            DeValue::Table(table) => Ok(self.rich(table)),
            _ => Err("has a version that is neither a text nor a table"),
        }
    }

    /// What is preferred is taken where nothing else asks for more; then what is demanded.
    fn rich(&self, table: &DeTable<'_>) -> Version {
        let mut range = Version::None;
        for key in ["prefer", "strictly", "require"] {
            let Some(value) = table.at(&[key]) else { continue };
            let Some(text) = value.get_ref().as_str() else { continue };
            match exact(text, self.document.locate(value)) {
                found @ Version::Exact(..) => return found,
                found if matches!(range, Version::None) => range = found,
                _ => {}
            }
        }
        range
    }
}

/// The group and the artifact of a table.
fn names(table: &DeTable<'_>, coordinates: Coordinates) -> Option<(String, String)> {
    match coordinates {
        Coordinates::Plugin => {
            let id = table.text(&["id"])?;
            Some((id.to_owned(), format!("{id}.gradle.plugin")))
        }
        Coordinates::Library => match table.text(&["module"]) {
            Some(module) => module.split_once(':').map(|(group, name)| (group.to_owned(), name.to_owned())),
            None => Some((table.text(&["group"])?.to_owned(), table.text(&["name"])?.to_owned())),
        },
    }
}

/// A version, or a range: `[1.0,2.0)`, `1.+`, `latest.release`.
fn exact(text: &str, place: Location) -> Version {
    // `1.0!!` is short for strictly that one.
    let (text, place) = match text.strip_suffix("!!") {
        Some(text) => (text, Location { length: place.length.saturating_sub(2), ..place }),
        None => (text, place),
    };
    let is_range = text.starts_with(['[', '(', ']']) || text.ends_with('+') || text.starts_with("latest.");
    match text {
        "" => Version::None,
        text if !is_range && is_sane(text) => Version::Exact(text.to_owned(), place),
        text => Version::Range(text.chars().take(200).collect()),
    }
}
