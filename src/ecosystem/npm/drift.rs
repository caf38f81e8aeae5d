//! Whether a lockfile of npm, Yarn, pnpm or Bun holds what a `package.json` asks for.

use std::collections::{HashMap, HashSet};

use super::manifest::{Asked, Manifest};
use super::spec::{alias, wanted};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::json::Value;
use crate::model::{DependencyKind, DriftKind, GraphBuilder, PackageIndex, SourceKind};

/// How many requirements of one name are kept (hostile input).
const MAX_RECORDED: usize = 16;

/// What a lockfile holds for one project.
#[derive(Default)]
pub(super) struct Locked<'l> {
    /// The packages that each name leads to.
    pub(super) packages: HashMap<&'l str, Vec<PackageIndex>>,
    /// The requirements that the lockfile was made for, by name; `None` where its format records none.
    pub(super) recorded: Option<HashMap<&'l str, Vec<&'l str>>>,
}

impl<'l> Locked<'l> {
    /// Notes what a name leads to.
    pub(super) fn package(&mut self, name: &'l str, package: PackageIndex) {
        let packages = self.packages.entry(name).or_default();
        if packages.len() < MAX_RECORDED && !packages.contains(&package) {
            packages.push(package);
        }
    }

    /// Notes that the lockfile was made for that requirement of a name.
    pub(super) fn record(&mut self, name: &'l str, requirement: &'l str) {
        let recorded = self.recorded.get_or_insert_default().entry(name).or_default();
        if recorded.len() < MAX_RECORDED && !recorded.contains(&requirement) {
            recorded.push(requirement);
        }
    }

    /// Notes the requirements of an object of dependencies.
    pub(super) fn record_all(&mut self, entries: &'l [(std::borrow::Cow<'_, str>, Value<'_>)]) {
        self.recorded.get_or_insert_default();
        for (name, requirement) in entries {
            if let Some(requirement) = requirement.as_text() {
                self.record(name.as_ref(), requirement);
            }
        }
    }
}

/// Notes where a lockfile does not hold what a manifest asks for. Names in `overridden` are left out: somebody forces
/// another version on purpose.
pub(super) fn compare(
    manifest: &Manifest,
    locked: &Locked<'_>,
    overridden: &HashSet<String>,
    graph: &mut GraphBuilder,
) {
    let mut specs: HashMap<&str, Vec<&Asked>> = HashMap::new();
    for asked in &manifest.asked {
        specs.entry(&asked.name).or_default().push(asked);
    }
    let mut seen = HashSet::new();
    // Of one name in several objects the first counts. Peers may well be missing.
    for asked in manifest.asked.iter().filter(|asked| asked.kind != DependencyKind::Peer) {
        if !seen.insert(asked.name.as_str()) || overridden.contains(&asked.name) || is_local(&asked.spec) {
            continue;
        }
        let wanted = Wanted {
            manifest: &manifest.path,
            name: &asked.name,
            requirement: Some(asked.spec.as_str()),
            place: asked.place.as_ref(),
        };
        let packages = locked.packages.get(asked.name.as_str()).map_or(&[][..], Vec::as_slice);
        if packages.is_empty() {
            // What is optional may be missing.
            if asked.kind != DependencyKind::Optional {
                wanted.missing(graph);
            }
            continue;
        }
        let Some(range) = range(&asked.spec) else { continue };
        if wanted.compare(range, packages, graph) {
            continue;
        }
        let Some(recorded) = &locked.recorded else { continue };
        let recorded = recorded.get(asked.name.as_str()).map_or(&[][..], Vec::as_slice);
        let all = specs.get(asked.name.as_str()).map_or(&[][..], Vec::as_slice);
        let is_own = |package: &PackageIndex| graph.id(*package).source.kind == SourceKind::Workspace;
        let is_recorded = all.iter().any(|asked| recorded.iter().any(|known| same(known, &asked.spec)));
        if !is_recorded && !packages.iter().any(is_own) {
            let recorded = recorded.iter().map(|&text| text.to_owned()).collect();
            graph.drift(wanted.drift(DriftKind::Recorded(recorded)));
        }
    }
}

/// Whether two requirements are written alike; Yarn puts its default protocol before one.
fn same(recorded: &str, asked: &str) -> bool {
    let plain = |text: &str| text.strip_prefix("npm:").unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ");
    recorded == asked || plain(recorded) == plain(asked)
}

/// Whether something is a folder or a member of the workspace: what is locked of those has no version of its own.
fn is_local(spec: &str) -> bool {
    ["link:", "workspace:", "portal:", "file:"].iter().any(|local| spec.starts_with(local))
}

/// The range of versions that is asked for; `None` for what allows no comparing: tags, addresses, references to a table
/// of versions elsewhere (`catalog:`).
fn range(spec: &str) -> Option<&str> {
    let range = match alias(spec) {
        Some((_, range)) => range,
        None => spec.strip_prefix("npm:").unwrap_or(spec),
    };
    let is_plain = wanted(range).source.kind == SourceKind::Registry && !range.contains(':');
    let range = range.trim();
    let is_tag = range.starts_with(|c: char| c.is_ascii_alphabetic())
        && !matches!(range, "x" | "X")
        && !range
            .strip_prefix(['v', 'x', 'X'])
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
    (is_plain && !is_tag).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ranges_are_compared() {
        for spec in ["^1.0.0", "*", "", "1.x || >=2.5.0", "v1.2.3", "x", "npm:^1.0.0", " ~1.2 "] {
            assert!(range(spec).is_some(), "{spec}");
        }
        assert_eq!(range("npm:other@^2.0.0"), Some("^2.0.0"));
        for spec in [
            "latest",
            "next",
            "catalog:",
            "owner/repository",
            "https://host.example/a.tgz",
            "git+ssh://host.example/a",
            "workspace:*",
            "vue",
        ] {
            assert_eq!(range(spec), None, "{spec}");
        }
    }

    #[test]
    fn requirements_are_alike_up_to_space_and_protocol() {
        assert!(same("npm:^1.0.0", "^1.0.0") && same(">=1  <2", ">=1 <2") && !same("^1.0.0", "^1.0.1"));
    }
}
