//! `composer.json` (<https://getcomposer.org/doc/04-schema.md>).

use super::is_platform;
use crate::ecosystem::syntax::asked::{Asked, Project, alone};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, RepoPath, Source};

/// Reads `composer.json` that no lockfile read.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "composer-json",
    ecosystem: Ecosystem::Packagist,
    role: Role::Manifest,
    names: &["composer.json"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

/// The tables of what is asked for.
const TABLES: [(&str, DependencyKind); 2] =
    [("require", DependencyKind::Runtime), ("require-dev", DependencyKind::Dev)];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = Manifest::read(input.path, input.bytes, &mut parsed.diagnostics);
    parsed.graph = alone(input, (PARSER.id, Ecosystem::Packagist), &manifest.project, &manifest.asked);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// A manifest.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The project.
    pub(super) project: Project,
    /// The packages that it asks for; the platform is none.
    pub(super) asked: Vec<Asked>,
    /// The names that it stands for itself.
    pub(super) provided: Vec<String>,
}

impl Manifest {
    /// Reads a manifest.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut repaired = String::new();
        let document = json::parse(path, bytes, &mut repaired, diagnostics);
        let value = &document.value;
        if !matches!(value, Value::Object(_)) && diagnostics.is_empty() {
            diagnostics.push(Diagnostic::error(path, Some(1), "a composer.json is an object; this one is none"));
        }
        let mut asked = Vec::new();
        for (table, kind) in TABLES {
            for (name, requirement) in value.object(table).iter().filter(|(name, _)| !is_platform(name)) {
                let Some(text) = requirement.as_text() else {
                    let line = document.locate(name).map(|place| place.line);
                    let message = format!("what `{name}` in `{table}` asks for is no text; it was not read");
                    diagnostics.push(Diagnostic::error(path, line, message));
                    continue;
                };
                asked.push(of_table(&document, name, text, kind));
            }
        }
        let provided = ["provide", "replace"].iter().flat_map(|table| value.object(table));
        Self {
            project: Project {
                name: value.text("name").map(str::to_owned),
                version: value.text("version").map(|version| (version.to_owned(), document.locate(version))),
            },
            asked,
            provided: provided.map(|(name, _)| name.to_ascii_lowercase()).collect(),
        }
    }
}

fn of_table(document: &Document<'_>, name: &str, text: &str, kind: DependencyKind) -> Asked {
    let pinned = exact(text);
    Asked {
        name: name.to_owned(),
        requirement: Some(text.to_owned()),
        exact: pinned.map(|version| (version.to_owned(), document.locate(version))),
        kind: Some(kind),
        source: Source::PUBLIC_REGISTRY,
        place: document.locate(text).or_else(|| document.locate(name)),
    }
}

/// The version of a requirement without operator, wildcard and range
/// (<https://getcomposer.org/doc/articles/versions.md#exact-version-constraint>).
fn exact(requirement: &str) -> Option<&str> {
    let text = requirement.trim();
    let version = text.strip_prefix("==").or_else(|| text.strip_prefix('=')).unwrap_or(text).trim();
    let digits = version.strip_prefix('v').unwrap_or(version);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let is_version = digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(is_plain);
    let has_wildcard = digits.split(['.', '-']).any(|part| part == "x" || part == "X");
    (is_version && !has_wildcard).then_some(version)
}
