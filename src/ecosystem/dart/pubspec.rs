//! `pubspec.yaml` (<https://dart.dev/tools/pub/pubspec>, <https://dart.dev/tools/pub/dependencies>).

use std::collections::HashSet;

use super::{of_sdk, server};
use crate::ecosystem::syntax::asked::{Asked, Project, alone, git};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex, RepoPath, Source, SourceKind};

/// Reads `pubspec.yaml` that no lockfile read.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pubspec",
    ecosystem: Ecosystem::Pub,
    role: Role::Manifest,
    names: &["pubspec.yaml"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        kinds: Support::Partial,
        integrity: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

/// The tables of what is asked for. What is forced comes last.
const TABLES: [(&str, DependencyKind); 2] =
    [("dependencies", DependencyKind::Runtime), ("dev_dependencies", DependencyKind::Dev)];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = Manifest::read(input.path, input.bytes, &mut parsed.diagnostics);
    parsed.graph = alone(input, (PARSER.id, Ecosystem::Pub), &manifest.project, &manifest.effective());
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// A manifest.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The project.
    pub(super) project: Project,
    /// What it asks for.
    pub(super) asked: Vec<Asked>,
    /// What it forces, whoever asks for it.
    pub(super) overrides: Vec<Asked>,
    /// The folders of the members of its workspace.
    pub(super) workspace: Vec<String>,
}

impl Manifest {
    /// Reads a manifest.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let stream = yaml::parse(path, bytes, diagnostics);
        let Some(value) = stream.documents.first() else { return Self::default() };
        let lines = &stream.lines;
        let table = |name: &str, kind: Option<DependencyKind>| {
            let entries = value.object(name).iter();
            entries.map(|(name, wanted)| of_table(lines, name, wanted, kind)).collect::<Vec<_>>()
        };
        let members = value.get("workspace").map_or(&[][..], Value::items);
        Self {
            project: Project {
                name: value.text("name").map(str::to_owned),
                version: value.text("version").map(|version| (version.to_owned(), lines.locate_slice(version))),
            },
            asked: TABLES.iter().flat_map(|&(name, kind)| table(name, Some(kind))).collect(),
            overrides: table("dependency_overrides", None),
            workspace: members.iter().filter_map(Value::as_text).map(str::to_owned).collect(),
        }
    }

    /// What it asks for, with what it forces in its place.
    fn effective(&self) -> Vec<Asked> {
        let forced: HashSet<&str> = self.overrides.iter().map(|asked| asked.name.as_str()).collect();
        let kind = |name: &str| self.asked.iter().find(|asked| asked.name == name).and_then(|asked| asked.kind);
        let kept = self.asked.iter().filter(|asked| !forced.contains(asked.name.as_str())).cloned();
        // A few are forced at most; of more the kind is not looked for.
        let is_few = self.overrides.len() <= 100;
        let overrides = self.overrides.iter().map(|asked| {
            let kind = if is_few { kind(&asked.name) } else { None };
            Asked { kind, ..asked.clone() }
        });
        kept.chain(overrides).collect()
    }
}

fn of_table(lines: &LineIndex<'_>, name: &str, wanted: &Value<'_>, kind: Option<DependencyKind>) -> Asked {
    let requirement = wanted.as_text().or_else(|| wanted.text("version")).filter(|text| !text.is_empty());
    let source = source(wanted);
    let pinned = requirement.filter(|text| source.kind == SourceKind::Registry && is_exact(text));
    Asked {
        name: name.to_owned(),
        requirement: requirement.map(str::to_owned),
        exact: pinned.map(|version| (version.to_owned(), lines.locate_slice(version))),
        kind,
        source,
        place: lines.locate_slice(name),
    }
}

/// A version and nothing else (<https://dart.dev/tools/pub/dependencies#traditional-syntax>).
fn is_exact(requirement: &str) -> bool {
    semver::Version::parse(requirement).is_ok()
}

fn source(wanted: &Value<'_>) -> Source {
    if let Some(sdk) = wanted.text("sdk") {
        return of_sdk(sdk);
    }
    if let Some(path) = wanted.text("path") {
        return Source::at(SourceKind::Path, path);
    }
    if let Some(repository) = wanted.get("git") {
        let url = repository.as_text().or_else(|| repository.text("url")).unwrap_or_default();
        return git(url, repository.text("ref"));
    }
    let hosted = wanted.get("hosted");
    match hosted.and_then(|hosted| hosted.as_text().or_else(|| hosted.text("url"))) {
        // Before Dart 2.15 the name stood there.
        Some(url) if url.contains("://") => server(url),
        Some(_) | None => Source::PUBLIC_REGISTRY,
    }
}
