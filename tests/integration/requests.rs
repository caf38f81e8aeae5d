//! How many requests a whole run makes, line by line, and how long they take.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::health::product;
use crate::services::{Service, Services, Settings, System, World, repository};
use crate::support::{Run, Tree, run};

const TODAY: &str = "2026-11-22";
const PACKAGES: usize = 1150;
const DIRECT: usize = 120;
const VULNERABLE: usize = 60;
const OWN: &str = "github.com/Example/own";

fn name(number: usize) -> String {
    format!("made-up-{number}")
}

fn version(number: usize) -> String {
    format!("1.0.{number}")
}

/// A lockfile of that many packages.
fn tree() -> Tree {
    let direct: Value =
        (0..DIRECT).map(|number| (name(number), Value::from("1"))).collect::<serde_json::Map<_, _>>().into();
    let mut packages = serde_json::Map::new();
    packages.insert(String::new(), json!({"name": "app", "version": "1.0.0", "dependencies": direct}));
    for number in 0..PACKAGES {
        let mut package = json!({"version": version(number), "integrity": format!("sha512-{}==", "A".repeat(86))});
        package["resolved"] =
            format!("https://registry.example/{0}/-/{0}-{1}.tgz", name(number), version(number)).into();
        // A transitive package hangs on a direct one.
        if number < DIRECT {
            let others = (DIRECT..PACKAGES).filter(|other| other % DIRECT == number);
            package["dependencies"] =
                others.map(|other| (name(other), Value::from("1"))).collect::<serde_json::Map<_, _>>().into();
        }
        packages.insert(format!("node_modules/{}", name(number)), package);
    }
    let lock = json!({"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": packages});
    let manifest = json!({"name": "app", "version": "1.0.0", "dependencies": direct});
    Tree::of(&[("package-lock.json", &lock.to_string()), ("package.json", &manifest.to_string())])
}

/// What the services know of them. Every twentieth package has advisories, half of them with a CVE.
fn world() -> World {
    let known: Vec<(System, String, String)> =
        (0..PACKAGES).map(|number| (System::Npm, name(number), version(number))).collect();
    let mut world = World::generate(&known, 7);
    for number in 0..VULNERABLE {
        let at = number * (PACKAGES / VULNERABLE);
        let id = format!("GHSA-made-up00-{number:04}");
        let aliases = if number % 2 == 0 { json!([format!("CVE-2026-{number:05}")]) } else { json!([]) };
        world.advisory(&json!({
            "id": id, "modified": "2026-11-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "aliases": aliases,
            "summary": format!("Made up {number}"), "schema_version": "1.7.0",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [{"package": {"ecosystem": "npm", "name": name(at)},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]}],
        }));
        world.epss.set(&format!("CVE-2026-{number:05}"), "0.00042", "0.1");
    }
    world.kev.add("CVE-2026-00004", "2026-10-02");
    for number in [3, 5, 7, DIRECT + 1] {
        world.scorecard(&repository(System::Npm, &name(number))).is_at_deps_dev = false;
    }
    // A list without products is not believed.
    world.products.insert("made".to_owned(), product("made", "pkg:pypi/made", &[("1.0", "2030-01-31", false)]));
    let own = world.good_scorecard(OWN, 7);
    world.insert_scorecard(own);
    world
}

fn counts(services: &Services) -> BTreeMap<(&'static str, &'static str), usize> {
    services.counts().into_iter().map(|((service, endpoint), count)| ((service.id(), endpoint), count)).collect()
}

fn scan(tree: &Tree, services: &Services, arguments: &[&str]) -> Run {
    let mut command =
        tree.asking(&["scan", "--profile", "greenfield", "--source", "api", "--today", TODAY, "-o", "json"]);
    run(command.args(["--project", OWN]).args(arguments).envs(services.environment()))
}

/// The advisories' requests, and those that are the same under every policy.
fn expected() -> BTreeMap<(&'static str, &'static str), usize> {
    BTreeMap::from([
        (("osv", "querybatch"), PACKAGES.div_ceil(1000)),
        (("osv", "vulns"), VULNERABLE),
        (("deps.dev", "versionbatch"), PACKAGES.div_ceil(100)),
        // The projects of direct dependencies and the own one.
        (("deps.dev", "projectbatch"), (DIRECT + 1).div_ceil(100)),
        (("deps.dev", "package"), DIRECT),
        (("deps.dev", "similarlyNamedPackages"), DIRECT),
        // Three projects of which deps.dev has no copy, and the own one.
        (("scorecard", "project"), 4),
        (("kev", "catalogue"), 1),
        (("epss", "current"), 1),
        (("epss", "dated"), 1),
        (("endoflife", "identifiers"), 1),
    ])
}

#[test]
fn every_greenfield_rule_costs_few_requests_and_a_second_run_none() {
    let (tree, services) = (tree(), Services::start(world()));
    let first = scan(&tree, &services, &[]).exits(1);
    let findings = first.json()["findings"].as_array().unwrap().len();
    assert!(findings >= 50, "{findings}");
    assert_eq!(first.json()["complete"], true);
    assert_eq!(counts(&services), expected());

    services.forget_requests();
    let second = scan(&tree, &services, &[]).exits(1);
    assert_eq!(second.json()["findings"], first.json()["findings"]);
    let offline = scan(&tree, &services, &["--offline"]).exits(1);
    assert_eq!(offline.json()["findings"], first.json()["findings"]);
    assert_eq!(services.requests().len(), 0);
}

#[test]
fn what_is_only_counted_is_asked_for_once_somebody_wants_to_see_it() {
    let (tree, services) = (tree(), Services::start(world()));
    scan(&tree, &services, &["--warn", "low-adoption", "--warn", "no-provenance"]).exits(1);
    let mut expected = expected();
    expected.insert(("deps.dev", "dependents"), DIRECT);
    assert_eq!(counts(&services), expected);
}

#[test]
fn the_connections_are_few() {
    let (tree, services) = (tree(), Services::with(world(), Settings::default()));
    scan(&tree, &services, &[]).exits(1);
    let requests = services.requests();
    let connections: BTreeSet<usize> = requests.iter().map(|asked| asked.connection).collect();
    // All services have one address here, of which the client opens no more connections than it may have requests.
    assert!(connections.len() <= 40 && requests.len() > 300, "{} for {}", connections.len(), requests.len());
    assert_eq!(services.count(Service::DepsDev, "version"), 0);
}
