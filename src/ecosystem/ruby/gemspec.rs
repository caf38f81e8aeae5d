//! `*.gemspec` (<https://guides.rubygems.org/specification-reference/>): what a gem needs, and what its developers do.

use super::exact;
use super::program::{Statement, Value, statements};
use crate::ecosystem::syntax::asked::{Asked, Project, alone};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, text_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex, RepoPath, Source};

/// Reads `*.gemspec` that no lockfile read.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gemspec",
    ecosystem: Ecosystem::RubyGems,
    role: Role::Manifest,
    names: &["*.gemspec"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let (project, asked) = read(input.path, input.bytes, &mut parsed.diagnostics);
    parsed.graph = alone(input, (PARSER.id, Ecosystem::RubyGems), &project, &asked);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// What a specification says plainly.
pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> (Project, Vec<Asked>) {
    let text = text_of(path, bytes, diagnostics);
    let lines = LineIndex::new(path, text);
    let mut project = Project::default();
    let mut asked = Vec::new();
    let is_of_interest = |name: &str| name.contains('.');
    for statement in statements(text, is_of_interest) {
        match statement.name.rsplit('.').next() {
            Some("add_dependency" | "add_runtime_dependency") => {
                asked.extend(dependency(&statement, DependencyKind::Runtime, &lines));
            }
            Some("add_development_dependency") => asked.extend(dependency(&statement, DependencyKind::Dev, &lines)),
            _ => {}
        }
    }
    for line in text.lines() {
        let Some((field, value)) = line.split_once('=') else { continue };
        let value = literal(value);
        match (field.trim().rsplit_once('.').map(|(_, field)| field), value) {
            (Some("name"), Some(name)) if project.name.is_none() => project.name = Some(name.to_owned()),
            (Some("version"), Some(version)) if project.version.is_none() => {
                project.version = Some((version.to_owned(), lines.locate_slice(version)));
            }
            _ => {}
        }
    }
    (project, asked)
}

/// The string that stands there alone.
fn literal(value: &str) -> Option<&str> {
    let value = value.trim();
    let value = value.strip_suffix(".freeze").unwrap_or(value);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.is_empty() && !inner.contains(['"', '\'', '\\', '#'])).then_some(inner)
}

fn dependency(call: &Statement<'_>, kind: DependencyKind, lines: &LineIndex<'_>) -> Option<Asked> {
    let name = call.arguments.first().and_then(Value::text).filter(|name| !name.is_empty())?;
    let requirements: Vec<&str> = call.arguments[1..].iter().filter_map(Value::words).flatten().collect();
    let is_plain = call.arguments[1..].iter().all(|argument| argument.words().is_some());
    let pinned = match requirements.as_slice() {
        [one] if is_plain => exact(one),
        _ => None,
    };
    Some(Asked {
        name: name.to_owned(),
        requirement: Some(requirements.join(", ")).filter(|text| !text.is_empty()),
        exact: pinned.map(|version| (version.to_owned(), lines.locate_slice(version))),
        kind: Some(kind),
        source: Source::PUBLIC_REGISTRY,
        place: lines.locate_slice(name),
    })
}
