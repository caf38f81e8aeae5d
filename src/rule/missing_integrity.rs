//! A package without a hash, in a format that records one for each.

use super::fingerprint::{fingerprint, ranks};
use super::place::Tree;
use super::{Check, View};
use crate::model::{Data, Finding, Fix, FixState, Level, PackageIndex, Rule, Scope, SourceKind, Use};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "missing-integrity",
        summary: "The lockfile has no hash for the package, though its format records one",
        why: "Without a hash the installer takes whatever the registry or a mirror answers with, and nobody notices when \
              that is not what was reviewed.",
        fix: "Write the lockfile anew with a current version of the package manager, and look at what changes in it.",
        clause: "CG.authentic",
        data: &[Data::Local],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| find(view).into(),
};

fn find(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, root) in view.graph.roots.iter().enumerate() {
        if !view.parameters.hashed_formats.contains(&root.parser) {
            continue;
        }
        let hits: Vec<&Use> = root.uses.iter().filter(|usage| lacks_hash(view, usage)).collect();
        if hits.is_empty() {
            continue;
        }
        let keys: Vec<(PackageIndex, &str)> = hits.iter().map(|usage| (usage.package, "")).collect();
        let tree = Tree::of(view, index);
        for (usage, rank) in hits.into_iter().zip(ranks(view.graph, &keys)) {
            let place = tree.place(usage);
            let id = place.id();
            let message = format!("{} has no hash in {}. {}", place.label(), root.path, place.who());
            let change = format!("write {} anew, so that it has a hash for {}", root.path, id.name);
            let location = usage.locations.first().cloned();
            let fix = Fix { state: FixState::Unknown, version: None, change: Some(change), command: None, location };
            let print = fingerprint(&CHECK.rule, id, &root.path, "", rank);
            findings.push(place.finding(&CHECK.rule, message, fix, print));
        }
    }
    findings
}

/// Whether a package has a version from a registry and no hash. A git commit is one itself, a folder has none.
fn lacks_hash(view: &View<'_>, usage: &Use) -> bool {
    let package = view.graph.package(usage.package);
    package.id.source.kind == SourceKind::Registry && package.id.version.is_some() && package.integrity.is_none()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{Ecosystem, Source};
    use crate::rule::Parameters;
    use crate::rule::tests_support::Tree as TestTree;

    #[test]
    fn only_registry_packages_of_formats_with_hashes_need_one() {
        let mut tree = TestTree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        tree.package("bare", "1.0.0");
        let hashed = tree.package("hashed", "1.0.0");
        tree.integrity(hashed, "sha512-AAAA");
        tree.from("from-git", "1.0.0", Source::at(SourceKind::Git, "https://host.example/a#01"));
        let (graph, facts) = tree.finish();
        let today = Date::constant(2026, 11, 22);
        let messages = |parameters: &Parameters| -> Vec<String> {
            let view = View { graph: &graph, facts: &facts, parameters, today };
            (CHECK.find)(&view).findings.into_iter().map(|finding| finding.message).collect()
        };
        assert_eq!(messages(&Parameters::default()), [""; 0]);
        let parameters = Parameters { hashed_formats: vec!["package-lock"], ..Parameters::default() };
        assert_eq!(
            messages(&parameters),
            [
                "bare 1.0.0 has no hash in package-lock.json. In package-lock.json; nothing there is known to require it."
            ]
        );
    }
}
