//! A `Cargo.toml` that no `Cargo.lock` belongs to: requirements, and only where one is exact a version.

use super::cargo_lock::ancestors;
use super::manifest::{Asked, Manifest};
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support, folder_of, join};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, Location, PackageId, RepoPath, Source, SourceKind};

/// The parser's row.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "cargo-toml",
    ecosystem: Ecosystem::CratesIo,
    role: Role::Manifest,
    names: &["Cargo.toml"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let mut manifest = Manifest::read(input.path, input.bytes, &mut diagnostics);
    if manifest.inherits() {
        let wanted = wanted_above(input);
        if !wanted.is_empty() {
            return Parsed { wanted, ..Parsed::default() };
        }
        inherit(input, &mut manifest, &mut diagnostics);
    }
    let mut builder = GraphBuilder::new(input.path, PARSER.id);
    if !manifest.asked.is_empty() {
        build(input, &manifest, &mut builder);
    }
    Parsed { graph: builder.finish_by_reachability(), diagnostics, ..Parsed::default() }
}

/// The manifests of the folders above, one of which may be the workspace's root.
fn above<'p>(path: &'p str) -> impl Iterator<Item = RepoPath> + use<'p> {
    ancestors(folder_of(path)).skip(1).filter_map(|folder| join(folder, "Cargo.toml")).map(RepoPath::from)
}

fn wanted_above(input: &Input<'_>) -> Vec<RepoPath> {
    above(input.path).filter(|path| input.files.look_up(path) == Lookup::NotLoaded).collect()
}

fn inherit(input: &Input<'_>, manifest: &mut Manifest, diagnostics: &mut Vec<Diagnostic>) {
    // A root inherits from itself.
    if let Some(own) = manifest.workspace.take() {
        manifest.inherit(Some(&own), diagnostics);
        return;
    }
    let root = above(input.path).find_map(|path| match input.files.look_up(&path) {
        // What is wrong with that file is said where it is read for itself.
        Lookup::Found(bytes) => Manifest::read(&path, bytes, &mut Vec::new()).workspace,
        Lookup::Unavailable(_) | Lookup::NotLoaded => None,
    });
    manifest.inherit(root.as_ref(), diagnostics);
}

fn build(input: &Input<'_>, manifest: &Manifest, builder: &mut GraphBuilder) {
    let (version, place) = manifest.version.clone().unzip();
    let name = manifest.name.as_deref().unwrap_or(".");
    let own = PackageId::new(Ecosystem::CratesIo, name, version.as_deref(), Source::of(SourceKind::Workspace));
    let root = builder.member(own, place.flatten());
    for asked in &manifest.asked {
        let exact = exact(asked);
        let version = exact.as_ref().map(|(version, _)| version.as_str());
        let id = PackageId::new(Ecosystem::CratesIo, &asked.name, version, source(input, asked));
        let index = builder.package(id, exact.as_ref().and_then(|(_, place)| place.clone()));
        if let (None, Some(requirement)) = (&exact, &asked.requirement) {
            builder.requirement(index, requirement);
        }
        if index != root {
            builder.dependency(root, index, asked.kind, asked.requirement.as_deref());
        }
        for place in &asked.places {
            builder.declare(index, place.clone());
        }
    }
}

/// The version of a requirement such as `=1.2.3`, and where it stands.
fn exact(asked: &Asked) -> Option<(String, Option<Location>)> {
    let requirement = asked.requirement.as_deref()?;
    let version = requirement.trim_start().strip_prefix('=')?.trim();
    semver::Version::parse(version).ok()?;
    let place = asked.requirement_place.clone().and_then(|mut place| {
        // Versions are ASCII, and so is all that may stand around one.
        place.column += u32::try_from(requirement.find(version)?).ok()?;
        place.length = u32::try_from(version.len()).ok()?;
        Some(place)
    });
    Some((version.to_owned(), place))
}

/// A folder with a manifest in this tree is a project of its own, which is read for itself.
fn source(input: &Input<'_>, asked: &Asked) -> Source {
    let folder = asked.source.url.as_deref().filter(|_| asked.source.kind == SourceKind::Path);
    let known = folder.and_then(|folder| join(folder, "Cargo.toml"));
    match known.map(|path| matches!(input.files.look_up(&path), Lookup::Found(_))) {
        Some(true) => Source::of(SourceKind::Workspace),
        Some(false) | None => asked.source.clone(),
    }
}
