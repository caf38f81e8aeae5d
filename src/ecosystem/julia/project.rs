//! `Project.toml` (<https://pkgdocs.julialang.org/v1/toml-files/>).

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::id;
use crate::ecosystem::project_label;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Document, Get};
use crate::model::{DependencyKind, Diagnostic, Location, PackageId, RepoPath, Source, SourceKind};

/// Members of a workspace beyond this many are not looked at (hostile input).
const MAX_MEMBERS: usize = 200;

/// A package that is asked for.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) kind: DependencyKind,
    /// It is used where something else has brought it in.
    pub(super) is_weak: bool,
    /// Where it is named.
    pub(super) place: Location,
    /// The entry of `[compat]`, and its place.
    pub(super) compat: Option<(String, Location)>,
    /// The entry of `[sources]`.
    pub(super) source: Option<Source>,
}

/// What a project says of itself.
pub(super) struct Project {
    pub(super) id: PackageId,
    pub(super) version_place: Option<Location>,
    pub(super) asked: Vec<Asked>,
    /// The folders of its workspace.
    pub(super) members: Vec<String>,
}

impl Project {
    /// Reads the file at that path.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let document = toml_syntax::parse(path, bytes, diagnostics);
        let table = &document.table;
        let version = table.at(&["version"]).filter(|version| version.get_ref().as_str().is_some());
        let name = table.text(&["name"]).unwrap_or(project_label(path));
        let members = table.array(&["workspace", "projects"]).iter().filter_map(|item| item.get_ref().as_str());
        Self {
            id: id(name, table.text(&["version"]), Source::of(SourceKind::Workspace)),
            version_place: version.map(|version| document.locate(version)),
            asked: asked(&document),
            members: members.take(MAX_MEMBERS).map(str::to_owned).collect(),
        }
    }
}

fn asked(document: &Document<'_>) -> Vec<Asked> {
    let table = &document.table;
    let targets = targets(table);
    let none = DeTable::new();
    let entries = |key: &str| table.table(&[key]).unwrap_or(&none);
    let mut all = Vec::new();
    for (name, uuid) in entries("deps") {
        all.extend(one(document, name, uuid.get_ref().as_str(), (DependencyKind::Runtime, false)));
    }
    for (name, uuid) in entries("weakdeps") {
        all.extend(one(document, name, uuid.get_ref().as_str(), (DependencyKind::Optional, true)));
    }
    for (name, uuid) in entries("extras") {
        // Extras that no target takes are there to bound versions only.
        if let Some(&kind) = targets.get(name.get_ref().as_ref()) {
            all.extend(one(document, name, uuid.get_ref().as_str(), (kind, false)));
        }
    }
    all
}

/// What the extras of each target are for.
fn targets<'a>(table: &'a DeTable<'_>) -> BTreeMap<&'a str, DependencyKind> {
    let mut kinds = BTreeMap::new();
    for target in table.table(&["targets"]).into_iter().flat_map(|targets| targets.keys()) {
        let target: &str = target.get_ref();
        let kind = if target == "build" { DependencyKind::Build } else { DependencyKind::Dev };
        for name in table.array(&["targets", target]).iter().filter_map(|item| item.get_ref().as_str()) {
            let known = kinds.entry(name).or_insert(kind);
            *known = kind.min(*known);
        }
    }
    kinds
}

fn one(
    document: &Document<'_>,
    name: &Spanned<DeString<'_>>,
    uuid: Option<&str>,
    (kind, is_weak): (DependencyKind, bool),
) -> Option<Asked> {
    let table = &document.table;
    let label: &str = name.get_ref();
    let compat = table.at(&["compat", label]);
    let source = |key: &str| table.text(&["sources", label, key]);
    let source = match (source("path"), source("url")) {
        (Some(path), _) => Some(Source::at(SourceKind::Path, path)),
        (None, Some(url)) => Some(super::julia_manifest::git(url, source("rev"))),
        (None, None) => None,
    };
    Some(Asked {
        name: label.to_owned(),
        uuid: uuid?.to_owned(),
        kind,
        is_weak,
        place: document.lines.locate(name.span().start, name.span().len()),
        compat: compat.and_then(|text| Some((text.get_ref().as_str()?.to_owned(), document.locate(text)))),
        source,
    })
}
