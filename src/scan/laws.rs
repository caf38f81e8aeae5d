//! What holds of every run, whatever the graph, the facts and the policy: laws over the whole way from facts to verdict.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Inventory, ask, judge};
use crate::model::{
    Badge, DependencyGraph, DependencyKind, Ecosystem, Evidence, Fact, Facts, FileCoverage, FileState, Finding, Level,
    Missing, OnUnknown, PackageHealth, PackageIndex, ProjectFiles, ProjectHealth, Provenance, Report, Repository,
    Scope, Subject, Support, Verdict, Why, source,
};
use crate::policy::{Policy, Profile};
use crate::rule::tests_support::{TODAY, Tree, absent, day, group, known, record, releases, scorecard};
use crate::rule::{self};

mod tighter;
mod unknown;

/// What makes one package: a byte for each choice.
type Seeds = [u8; 18];

/// One of some values, by a seed.
fn one_of<T>(seed: u8, mut values: Vec<T>) -> T {
    let at = usize::from(seed) % values.len();
    values.swap_remove(at)
}

/// Everything that can be known about a package, of which all is known: good, bad or absent.
fn health_of(number: usize, seeds: &Seeds) -> PackageHealth {
    let project = format!("github.com/acme/p{number}");
    let origin = |evidence| known(Repository { project: project.clone(), evidence, contradicted: None });
    let contradicted = Some("github.com/famous/left".to_owned());
    let stated = |verified| {
        let (kind, repository) = ("https://slsa.dev/provenance/v1".to_owned(), project.clone());
        known(Provenance { kind, verified, repository })
    };
    let support = |has_ended| {
        let (product, cycle) = ("left".to_owned(), "1".to_owned());
        known(Support { product, cycle, ends: None, has_ended })
    };
    // Releases tell the same day.
    let own = one_of(seeds[0], vec!["2026-11-20", "2021-01-01"]);
    PackageHealth {
        published: known(day(own)),
        withdrawn: one_of(seeds[1], vec![known("broken".to_owned()), absent()]),
        project_status: one_of(seeds[2], vec![known("archived".to_owned()), known("quarantined".to_owned()), absent()]),
        licenses: one_of(
            seeds[3],
            vec![known(vec!["MIT".to_owned()]), known(vec!["non-standard".to_owned()]), absent()],
        ),
        repository: one_of(
            seeds[4],
            vec![
                origin(Evidence::Claimed),
                origin(Evidence::Attested),
                known(Repository { project: project.clone(), evidence: Evidence::Attested, contradicted }),
                absent(),
            ],
        ),
        provenance: one_of(seeds[5], vec![stated(true), stated(false), absent()]),
        earlier_provenance: one_of(seeds[6], vec![known("0.9.0".to_owned()), absent()]),
        releases: one_of(
            seeds[7],
            vec![
                releases(&[("1.0.0", own, true, false)]),
                releases(&[("1.0.0", own, false, false), ("5.0.0", "2026-11-21", true, false)]),
                releases(&[("1.0.0", own, false, true), ("1.1.0", "2026-11-21", true, true)]),
            ],
        ),
        similar: one_of(seeds[8], vec![known(vec!["left-pad".to_owned()]), absent()]),
        dependents: one_of(seeds[9], vec![known(0), known(1_000_000)]),
        support: one_of(seeds[10], vec![support(true), support(false), absent()]),
    }
}

fn project_of(seeds: &Seeds) -> ProjectHealth {
    let checks = |score, people| {
        let contributors = format!("project has {people} contributing companies or organizations");
        let names = ["Maintained", "Code-Review", "Dangerous-Workflow", "Security-Policy", "Token-Permissions"];
        let mut checks: Vec<(&str, Option<u8>, &str)> = names.map(|name| (name, Some(score), "because")).to_vec();
        checks.push(("Contributors", Some(score), contributors.as_str()));
        scorecard(Some(f64::from(score)), &checks)
    };
    ProjectHealth {
        scorecard: one_of(seeds[11], vec![checks(0, 1), checks(4, 3), checks(10, 3)]),
        stars: one_of(seeds[12], vec![known(1), known(100_000)]),
        badge: one_of(seeds[13], vec![known(Badge::Passing), known(Badge::InProgress), absent()]),
    }
}

/// A lockfile of packages `part-0`, `part-1`, … and `middle`, with everything that can be known about them.
fn world(packages: &[Seeds]) -> (DependencyGraph, Facts) {
    let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
    let middle = tree.package("middle-of-it", "1.0.0");
    tree.needs(0, middle, None);
    tree.health(middle, |health| *health = health_of(99, &[1; 18]));
    tree.project("github.com/acme/p99", |project| *project = project_of(&[1; 18]));
    for (number, seeds) in packages.iter().enumerate() {
        let package = tree.package(&format!("some-part-{number}"), "1.0.0");
        let kind = one_of(seeds[14], vec![DependencyKind::Runtime, DependencyKind::Dev]);
        tree.edge(if seeds[15] % 3 == 0 { middle } else { 0 }, package, kind, None);
        tree.health(package, |health| *health = health_of(number, seeds));
        tree.project(&format!("github.com/acme/p{number}"), |project| *project = project_of(seeds));
        if let Some(kind) = kind_of_advisory(seeds[16]) {
            let score = one_of(seeds[17], vec![None, Some(0.0), Some(3.0), Some(5.0), Some(7.5), Some(9.8)]);
            let fixed = (seeds[17] % 2 == 0).then_some("2.0.0");
            let id = format!("X-{}", number % 3);
            tree.hit(package, group(vec![record(&id, &[&format!("CVE-2026-{number}")], kind)], score, fixed));
        }
    }
    tree.finish()
}

fn kind_of_advisory(seed: u8) -> Option<crate::model::AdvisoryKind> {
    use crate::model::AdvisoryKind::{Malware, Notice, Unmaintained, Unsound, Vulnerability};
    let kinds =
        [Some(Malware), Some(Unsound), Some(Unmaintained), Some(Notice), Some(Vulnerability), Some(Vulnerability)];
    kinds.get(usize::from(seed) % 12).copied().flatten()
}

/// The report on a graph by a policy, where everything was read.
fn report(graph: &DependencyGraph, facts: &Facts, policy: &Policy) -> Report {
    let files = graph.roots.iter().map(|root| FileCoverage {
        path: root.path.clone(),
        parser: Some(root.parser),
        state: FileState::Read,
        fixes_versions: true,
        packages: root.uses.len(),
        message: None,
    });
    let inventory = Inventory {
        graph: graph.clone(),
        added: BTreeSet::new(),
        files: files.collect(),
        bounds: Vec::new(),
        diagnostics: Vec::new(),
        revision: None,
        policy_changes: Vec::new(),
        project: ProjectFiles::None,
    };
    let answers = ask::Answers { facts: facts.clone(), ..ask::Answers::default() };
    judge(policy, TODAY, inventory, answers).0
}

fn is_about(finding: &Finding, package: PackageIndex) -> bool {
    matches!(finding.subject, Subject::Package { package: of, .. } if of == package)
}
