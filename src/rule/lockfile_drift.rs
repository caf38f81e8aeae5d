//! A lockfile that does not hold what its manifests ask for.

use super::fingerprint::fingerprint_of_names;
use super::place::{about, advice};
use super::words::{counted, joined};
use super::{Check, Found, View};
use crate::model::{
    Data, Drift, DriftKind, Finding, Fix, Level, Location, Missing, PackageIndex, Root, Rule, Scope, Subject, Why,
    source,
};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "lockfile-drift",
        summary: "The lockfile does not hold what its manifest asks for",
        why: "What is reviewed, scanned and tested is the lockfile, and what is asked for is the manifest. Where they \
              disagree, an installation fails, or takes versions that nobody reviewed. A lockfile that was edited by hand \
              to hold another package looks the same.",
        fix: "Let the package manager renew the lockfile and commit it with the manifest. In CI install with the option that \
              refuses a stale lockfile (`npm ci`, `cargo build --locked`, `uv sync --locked`).",
        clause: "C5.9",
        data: &[Data::Local],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Deny,
        brownfield: Level::Warn,
    },
    find,
};

/// How many disagreements a message names, and how many places a finding has.
const NAMED: usize = 5;
const PLACES: usize = 50;

fn find(view: &View<'_>) -> Found {
    let mut found = Found::default();
    for root in &view.graph.roots {
        let (unread, drift): (Vec<&Drift>, Vec<&Drift>) =
            root.drift.iter().partition(|drift| matches!(drift.kind, DriftKind::Unread(_)));
        let missing = Missing { source: source::FILE, why: Why::Unreadable };
        for drift in unread {
            if let DriftKind::Unread(packages) = &drift.kind {
                found.missing.extend(packages.iter().map(|&package| (missing, Some(package))));
            }
        }
        if !drift.is_empty() {
            found.findings.push(finding(view, root, &drift));
        }
    }
    found
}

/// One finding for a lockfile: one command mends all of it. Which names disagree tells it from another one, so that
/// what was accepted once does not cover what comes later.
fn finding(view: &View<'_>, root: &Root, drift: &[&Drift]) -> Finding {
    let mut parts: Vec<String> = drift.iter().take(NAMED).map(|drift| words(view, root, drift)).collect();
    if drift.len() > NAMED {
        parts.push(counted(drift.len() - NAMED, "more disagreement"));
    }
    let message = format!("{} is not what its manifest asks for: {}.", root.path, parts.join("; "));
    let mut places: Vec<Location> = drift.iter().filter_map(|drift| drift.place.clone()).collect();
    places.sort();
    places.dedup();
    places.truncate(PLACES);
    let names: Vec<String> = drift.iter().map(|drift| drift.name.clone()).collect();
    let change = format!("renew {}, look at what changes in it, and commit it", root.path);
    let fix = Fix { command: command(root.parser).map(str::to_owned), ..advice(change, places.first().cloned()) };
    let fingerprint = fingerprint_of_names(&CHECK.rule, &root.path, &names);
    Finding { locations: places, ..about(&CHECK.rule, Subject::File(root.path.clone()), message, fix, fingerprint) }
}

/// A disagreement as a part of a sentence.
fn words(view: &View<'_>, root: &Root, drift: &Drift) -> String {
    let asked = match &drift.requirement {
        Some(requirement) => format!("`{} {requirement}`", drift.name),
        None => format!("`{}`", drift.name),
    };
    let manifest = &drift.manifest;
    match &drift.kind {
        DriftKind::Project => format!("it does not hold `{}`, the project of {manifest}", drift.name),
        DriftKind::Missing => format!("{manifest} asks for {asked}, which it does not hold"),
        DriftKind::Outside(packages) | DriftKind::Unread(packages) => {
            format!("{manifest} asks for {asked}, and it holds {}", versions(view, packages))
        }
        DriftKind::Recorded(recorded) if recorded.is_empty() => {
            format!("{manifest} asks for {asked}, which it does not know of")
        }
        DriftKind::Recorded(recorded) => {
            let recorded: Vec<String> = recorded.iter().map(|text| format!("`{text}`")).collect();
            format!("{manifest} asks for {asked}, and it was made for {}", joined(&recorded))
        }
        DriftKind::Unsummed(sums) => format!("{} asks for {asked}, of which {sums} has no checksum", root.path),
    }
}

/// The versions that are locked.
fn versions(view: &View<'_>, packages: &[PackageIndex]) -> String {
    let version = |&package: &PackageIndex| match &view.graph.package(package).id.version {
        Some(version) => version.clone(),
        None => "no version".to_owned(),
    };
    let mut versions: Vec<String> = packages.iter().take(NAMED).map(version).collect();
    versions.dedup();
    joined(&versions)
}

/// What renews a lockfile, and changes as little in it as can be.
fn command(parser: &str) -> Option<&'static str> {
    Some(match parser {
        "cargo-lock" => "cargo update --workspace",
        "package-lock" => "npm install --package-lock-only",
        "yarn-lock" => "yarn install",
        "pnpm-lock" => "pnpm install --lockfile-only",
        "bun-lock" => "bun install --lockfile-only",
        "poetry-lock" => "poetry lock",
        "uv-lock" => "uv lock",
        "pdm-lock" => "pdm lock --update-reuse",
        "pipfile-lock" => "pipenv lock",
        "go-mod" => "go mod tidy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;
    use crate::rule::Parameters;
    use crate::rule::tests_support::{TODAY, Tree};

    fn drift(name: &str, requirement: Option<&str>, kind: DriftKind) -> Drift {
        let place = Location { path: "package.json".into(), line: 3, column: 5, length: 4 };
        let requirement = requirement.map(str::to_owned);
        Drift { manifest: "package.json".into(), name: name.to_owned(), requirement, place: Some(place), kind }
    }

    fn look(all: impl FnOnce(&mut Tree) -> Vec<Drift>) -> Found {
        let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        all(&mut tree).into_iter().for_each(|drift| tree.drift(drift));
        let (graph, facts) = tree.finish();
        find(&View { graph: &graph, facts: &facts, parameters: &Parameters::default(), today: TODAY })
    }

    #[test]
    fn one_finding_says_every_disagreement() {
        let found = look(|tree| {
            let left = tree.package("left", "1.2.0");
            vec![
                drift("left", Some("^2.0.0"), DriftKind::Outside(vec![left])),
                drift("right", Some("^1.0.0"), DriftKind::Missing),
                drift("up", Some("^1.1.0"), DriftKind::Recorded(vec!["^1.0.0".to_owned()])),
                drift("down", None, DriftKind::Recorded(vec![])),
            ]
        });
        let [finding] = found.findings.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            finding.message,
            "package-lock.json is not what its manifest asks for: package.json asks for `down`, which it does not know of; \
             package.json asks for `left ^2.0.0`, and it holds 1.2.0; package.json asks for `right ^1.0.0`, which it does not \
             hold; package.json asks for `up ^1.1.0`, and it was made for `^1.0.0`."
        );
        assert_eq!(
            (finding.locations.len(), finding.fix.command.as_deref()),
            (1, Some("npm install --package-lock-only"))
        );
    }

    #[test]
    fn another_name_is_another_finding_and_another_version_is_not() {
        let print = |name: &str, requirement: &str| {
            look(|_| vec![drift(name, Some(requirement), DriftKind::Missing)]).findings.remove(0).fingerprint
        };
        assert_eq!(print("left", "^1.0.0"), print("left", "^2.0.0"));
        assert_ne!(print("left", "^1.0.0"), print("right", "^1.0.0"));
    }

    #[test]
    fn what_cannot_be_compared_is_unknown() {
        let found = look(|tree| {
            let left = tree.package("left", "1.2.0");
            vec![drift("left", Some("^^2"), DriftKind::Unread(vec![left]))]
        });
        assert_eq!((found.findings.len(), found.missing.len()), (0, 1));
    }
}
