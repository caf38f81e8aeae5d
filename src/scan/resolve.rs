//! `--resolve cargo`: the truth about a Cargo workspace from `cargo metadata`, for trees that the caller trusts, since
//! cargo runs programs that a tree configures (`rust-toolchain.toml`, `build.rustc-wrapper`, credential providers).
//! It is asked offline and locked, and adds what `Cargo.lock` does not say: the requirement of every edge, and which
//! packages the default features bring in on any target.

use std::collections::HashMap;
use std::path::Path;

use cargo_metadata::{
    DependencyKind as CargoKind, Metadata, MetadataCommand, Package, PackageId as CargoId, Target, TargetKind,
};

use super::read::Reading;
use crate::model::{
    DependencyGraph, DependencyKind, Diagnostic, DiagnosticSeverity, GraphBuilder, Kinds, PackageIndex, Root,
    SourceKind,
};

/// Refines every root that a `Cargo.lock` made. Where cargo fails, the root stays as the lockfile has it.
pub(super) fn resolve(root: &Path, reading: &mut Reading) {
    for at in 0..reading.graph.roots.len() {
        let cargo_root = &reading.graph.roots[at];
        if cargo_root.parser != "cargo-lock" || cargo_root.test_data {
            continue;
        }
        let path = cargo_root.path.clone();
        let folder = root.join(crate::ecosystem::folder_of(&path));
        let mut command = MetadataCommand::new();
        command.current_dir(&folder).other_options(["--offline".to_owned(), "--locked".to_owned()]);
        match command.exec() {
            Ok(metadata) => {
                let refined = refine(&reading.graph, cargo_root, &metadata);
                let mut rest = std::mem::take(&mut reading.graph);
                rest.roots.remove(at);
                reading.graph = DependencyGraph::merge(vec![rest, refined]);
            }
            Err(error) => {
                let error = error.to_string();
                let reason = error.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
                reading.diagnostics.push(Diagnostic {
                    path: Some(path),
                    line: None,
                    severity: DiagnosticSeverity::Warning,
                    message: format!("`cargo metadata` failed, so this is judged by the lockfile alone (it is asked offline: run `cargo fetch --locked` first): {reason}"),
                });
            }
        }
    }
}

/// The packages of a root by name and version, with where they come from.
type ByName<'g> = HashMap<(&'g str, &'g str), Vec<(PackageIndex, SourceKind)>>;

/// The same packages with cargo's edges.
fn refine(graph: &DependencyGraph, root: &Root, metadata: &Metadata) -> DependencyGraph {
    let mut builder = GraphBuilder::new(&root.path, root.parser);
    let by_name = copy(graph, root, &mut builder);
    let packages: HashMap<&CargoId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    // Cargo tells it of what the lockfile holds for this machine; of the rest it stays unknown.
    for package in &metadata.packages {
        if let Some(index) = find(&by_name, package) {
            let is_script = |target: &Target| target.kind.contains(&TargetKind::CustomBuild);
            builder.install_script(index, package.targets.iter().any(is_script));
        }
    }
    let indexes: HashMap<&CargoId, PackageIndex> =
        packages.iter().filter_map(|(&id, package)| Some((id, find(&by_name, package)?))).collect();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let (Some(&from), Some(user)) = (indexes.get(&node.id), packages.get(&node.id)) else { continue };
        for dependency in &node.deps {
            let (Some(&to), Some(used)) = (indexes.get(&dependency.pkg), packages.get(&dependency.pkg)) else {
                continue;
            };
            for kind in &dependency.dep_kinds {
                let asked =
                    user.dependencies.iter().find(|asked| asked.kind == kind.kind && asked.name == used.name.as_str());
                let requirement = asked.map(|asked| asked.req.to_string());
                builder.dependency(from, to, kind_of(kind.kind), requirement.as_deref());
            }
        }
    }
    let mut refined = builder.finish_by_reachability();
    // What the lockfile holds and no default feature asks for is there on demand.
    for usage in refined.roots.iter_mut().flat_map(|root| &mut root.uses) {
        if usage.kinds.is_unknown() {
            usage.kinds = Kinds::only(DependencyKind::Optional);
        }
    }
    refined
}

/// Copies the packages of a root, with all that is known of them but their edges.
fn copy<'g>(graph: &'g DependencyGraph, root: &Root, builder: &mut GraphBuilder) -> ByName<'g> {
    let mut by_name = ByName::new();
    let mut copied = HashMap::new();
    for usage in &root.uses {
        let package = graph.package(usage.package);
        let id = &package.id;
        let is_member = root.members.contains(&usage.package);
        let index = if is_member { builder.member(id.clone(), None) } else { builder.package(id.clone(), None) };
        for location in &usage.locations {
            builder.package(id.clone(), Some(location.clone()));
        }
        for location in &usage.declared {
            builder.declare(index, location.clone());
        }
        if let Some(integrity) = &package.integrity {
            builder.integrity(index, integrity);
        }
        if let Some(runs) = package.install_script {
            builder.install_script(index, runs);
        }
        copied.insert(usage.package, index);
        let key = (id.name.as_str(), id.version.as_deref().unwrap_or_default());
        by_name.entry(key).or_default().push((index, id.source.kind));
    }
    for drift in &root.drift {
        builder.drift(drift.renumbered(&copied));
    }
    by_name
}

/// The package of the root that cargo means.
fn find(by_name: &ByName<'_>, package: &Package) -> Option<PackageIndex> {
    let version = package.version.to_string();
    let candidates = by_name.get(&(package.name.as_str(), version.as_str()))?;
    let fits = |kind: SourceKind| match &package.source {
        None => matches!(kind, SourceKind::Workspace | SourceKind::Path),
        Some(source) if source.repr.starts_with("git+") => kind == SourceKind::Git,
        Some(_) => kind == SourceKind::Registry,
    };
    candidates.iter().find(|(_, kind)| fits(*kind)).map(|(index, _)| *index)
}

fn kind_of(kind: CargoKind) -> DependencyKind {
    match kind {
        CargoKind::Development => DependencyKind::Dev,
        CargoKind::Build => DependencyKind::Build,
        _ => DependencyKind::Runtime,
    }
}
