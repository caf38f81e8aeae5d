//! What `*.deps.json` and `project.assets.json` have in common: `targets`, each with entries `Name/Version` and whom they
//! need, and `libraries`, which say what each entry is.

use std::collections::{HashMap, HashSet};

use super::{is_name, is_version, left_out, lower, package_id, project_id};
use crate::ecosystem::Input;
use crate::ecosystem::syntax::json::{Document, Value};
use crate::model::{DependencyKind, Diagnostic, GraphBuilder, PackageIndex, Source, SourceKind};

/// A target that is read.
pub(super) struct Target {
    /// Its packages and projects, by name in lower case.
    pub(super) packages: HashMap<String, PackageIndex>,
    /// Projects that nothing in it needs.
    pub(super) tops: Vec<PackageIndex>,
}

/// What the libraries say of each entry, by `Name/Version`.
pub(super) struct Libraries<'v, 't> {
    by_key: HashMap<&'v str, &'v Value<'t>>,
}

impl<'v, 't> Libraries<'v, 't> {
    pub(super) fn of(document: &'v Document<'t>) -> Self {
        Self { by_key: document.value.object("libraries").iter().map(|(key, value)| (&**key, value)).collect() }
    }

    /// Reads a target into the graph.
    pub(super) fn target(
        &self,
        input: &Input<'_>,
        document: &'v Document<'t>,
        (entries, graph): (&'v Value<'t>, &mut GraphBuilder),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Target {
        let mut packages = HashMap::new();
        let mut projects = Vec::new();
        for (key, entry) in entries.entries() {
            let parts = key.split_once('/').filter(|(name, version)| is_name(name) && is_version(version));
            let Some((name, version)) = parts else {
                diagnostics.push(left_out(input, document.locate(key), key));
                continue;
            };
            let library = self.by_key.get(&**key);
            let kind = entry.text("type").or_else(|| library?.text("type"));
            let place = document.locate(version);
            let index = match kind {
                Some("project" | "msbuildproject") => {
                    let index = graph.instance(project_id(name, Some(version)), place);
                    projects.push((lower(name), index));
                    index
                }
                Some("package" | "runtimepack") => {
                    // `runtimepack.Microsoft.NETCore.App.Runtime.linux-x64` is the package without the first word.
                    let own = name.strip_prefix("runtimepack.").unwrap_or(name);
                    graph.instance(package_id(own, Some(version), Source::PUBLIC_REGISTRY), place)
                }
                Some("reference") => {
                    graph.instance(package_id(name, Some(version), Source::of(SourceKind::Path)), place)
                }
                _ => graph.instance(package_id(name, Some(version), Source::of(SourceKind::Unknown)), place),
            };
            if let Some(hash) = library.and_then(|library| library.text("sha512")).filter(|hash| !hash.is_empty()) {
                graph.integrity(index, hash);
            }
            packages.insert(lower(name), index);
        }
        let mut needed: HashSet<String> = HashSet::new();
        for (key, entry) in entries.entries() {
            let Some((from, _)) = key.split_once('/') else { continue };
            let Some(&from) = packages.get(&lower(from)) else { continue };
            for (name, range) in entry.object("dependencies") {
                let name = lower(name);
                if let Some(&to) = packages.get(&name).filter(|&&to| to != from) {
                    graph.dependency(from, to, DependencyKind::Runtime, range.as_text());
                }
                needed.insert(name);
            }
        }
        let tops = projects.into_iter().filter(|(name, _)| !needed.contains(name)).map(|(_, index)| index).collect();
        Target { packages, tops }
    }
}
