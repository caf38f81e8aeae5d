//! `osprey why`: the paths by which a package comes in.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::output::print;
use super::scan::Walk;
use super::{Exit, Failure, Global};
use crate::model::{DependencyGraph, PackageIndex, PathCount, Root, chains};
use crate::report::plain;
use crate::scan::read_graph;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A package: NAME, NAME@VERSION or a package URL
    package: String,
    /// What to look at [default: .]
    path: Option<PathBuf>,
    /// How many paths are shown for each lockfile
    #[arg(long, value_name = "N", default_value_t = 10)]
    max: usize,
    #[command(flatten)]
    walk: Walk,
}

pub(super) fn run(arguments: &Arguments, _global: &Global) -> Result<Exit, Failure> {
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let graph = read_graph(&arguments.walk.selection(&paths)).map_err(Failure::usage)?;
    let meant: Vec<PackageIndex> = (0..graph.packages.len())
        .filter_map(|at| PackageIndex::try_from(at).ok())
        .filter(|&at| is_meant(&graph, at, &arguments.package))
        .collect();
    if meant.is_empty() {
        return Err(Failure::usage(not_found(&graph, &arguments.package)));
    }
    let mut out = String::new();
    for root in &graph.roots {
        for &package in meant.iter().filter(|&&package| root.usage(package).is_some()) {
            explain(&mut out, &graph, root, package, arguments.max);
        }
    }
    print(&out)?;
    Ok(Exit::Pass)
}

fn is_meant(graph: &DependencyGraph, at: PackageIndex, asked: &str) -> bool {
    let id = &graph.package(at).id;
    let is_name = |name: &str| id.ecosystem.normalize_name(name) == id.name;
    let version = id.version.as_deref().unwrap_or_default();
    // The last `@` parts name and version; the first one may begin a scope.
    let parted = asked.rsplit_once('@').filter(|(name, _)| !name.is_empty());
    is_name(asked)
        || parted.is_some_and(|(name, wanted)| {
            is_name(name) && (wanted == version || Some(wanted) == version.strip_prefix('v'))
        })
        || id.purl().as_str() == asked
}

fn not_found(graph: &DependencyGraph, asked: &str) -> String {
    let name = asked.rsplit_once('@').map_or(asked, |(name, _)| if name.is_empty() { asked } else { name });
    let names = graph.packages.iter().map(|package| package.id.name.as_str());
    let nearest = names.map(|known| (strsim::jaro_winkler(known, name), known)).filter(|(alike, _)| *alike > 0.85);
    let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    let hint = nearest.map(|(_, known)| format!("; did you mean {known:?}?")).unwrap_or_default();
    format!("no package {asked:?} among {} packages{hint}", graph.packages.len())
}

fn explain(out: &mut String, graph: &DependencyGraph, root: &Root, package: PackageIndex, max: usize) {
    let label = |at: PackageIndex| plain(&graph.package(at).id.label()).into_owned();
    let Some(usage) = root.usage(package) else { return };
    let place = usage.locations.first().map_or_else(String::new, |place| format!(":{}:{}", place.line, place.column));
    let kinds: Vec<&str> = usage.kinds.iter().map(crate::model::DependencyKind::as_str).collect();
    let kinds = if kinds.is_empty() { "use unknown".to_owned() } else { kinds.join(", ") };
    let direct = match usage.direct {
        _ if root.members.contains(&package) => "a project itself",
        Some(true) => "direct",
        Some(false) => "transitive",
        None => "direct or transitive is unknown",
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{} in {}{place}: {direct}; {kinds}", label(package), plain(&root.path));
    for declared in &usage.declared {
        let _ = writeln!(out, "  asked for in {}:{}", plain(&declared.path), declared.line);
    }
    let found = chains(root, package, max);
    for path in &found.paths {
        let names: Vec<String> = path.iter().map(|&at| label(at)).collect();
        let _ = writeln!(out, "  {}", names.join(" › "));
    }
    let shown = found.paths.len() as u64;
    match found.total {
        PathCount::Exactly(0) if !root.members.contains(&package) => {
            let _ = writeln!(out, "  no path: the file does not say what needs it");
        }
        PathCount::Exactly(all) if all > shown => {
            let _ = writeln!(out, "  and {} more", all - shown);
        }
        PathCount::AtLeast(all) if all > shown => {
            let _ = writeln!(out, "  and at least {} more", all - shown);
        }
        PathCount::Exactly(_) | PathCount::AtLeast(_) => {}
    }
}
