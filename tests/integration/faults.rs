//! What a service that tells nothing does to a run: what the policy says, for each service and each fault, by the exit code,
//! the ledger and the list of what is not known. Never a pass in silence.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::services::{Fault, Service, Services, System, World};
use crate::support::{Run, Tree, run};

/// A service, a rule that needs it, and what else the rule needs to be at work.
const NEEDED: &[(Service, &str, &str)] = &[
    (Service::DepsDev, "stale-release", ""),
    (Service::DepsDev, "withdrawn-version", ""),
    (Service::DepsDev, "unknown-license", ""),
    (Service::DepsDev, "low-adoption", ""),
    (Service::Scorecard, "low-scorecard", ""),
    (Service::Scorecard, "no-vulnerability-reporting", ""),
    (Service::Kev, "known-exploited", ""),
    (Service::Epss, "known-vulnerability", ", min-epss = 0.9, min-severity = \"critical\""),
    (Service::BestPractices, "no-best-practices-badge", ""),
    (Service::EndOfLife, "end-of-life", ""),
];

/// A package with a vulnerability of medium severity and a CVE, whose project only the Scorecard API has scored.
fn world() -> World {
    let mut world = World::generate(&[(System::Npm, "some-parser", "1.0.0")], 1);
    world.advisory(&serde_json::json!({
        "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-11-01T00:00:00Z", "published": "2026-10-01T00:00:00Z",
        "aliases": ["CVE-2026-12345"], "summary": "A flaw",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:L/I:L/A:N"}],
        "affected": [{"package": {"ecosystem": "npm", "name": "some-parser"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]}]
    }));
    // A list without a line is not believed.
    world.kev.add("CVE-1999-0001", "2021-12-10");
    world.epss.set("CVE-1999-0001", "0.01", "0.5");
    let lines = [("1.0", "2030-01-31", false)];
    world.products.insert("made".to_owned(), crate::health::product("made", "pkg:pypi/made", &lines));
    let repository = crate::services::repository(System::Npm, "some-parser");
    world.scorecard(&repository).is_at_deps_dev = false;
    world
}

fn tree(rule: &str, choice: &str, more: &str) -> Tree {
    let lock = r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{
        "":{"name":"app","version":"1.0.0","dependencies":{"some-parser":"^1.0.0"}},
        "node_modules/some-parser":{"version":"1.0.0","integrity":"sha512-AA=="}}}"#;
    // Only this rule is at work, and what it needs is asked for.
    let others: Vec<String> = osprey::rule::rules()
        .iter()
        .filter(|other| other.id != rule)
        .map(|other| format!("{} = \"off\"\n", other.id))
        .collect();
    let policy = format!(
        "version = 1\n[rules]\n{}{rule} = {{ level = \"warn\", on-unknown = \"{choice}\"{more} }}\n",
        others.concat()
    );
    Tree::of(&[("package-lock.json", lock), ("policy.toml", &policy)])
}

fn scan(tree: &Tree, services: &Services, timeout: &str) -> Run {
    let mut command = tree.asking(&["scan", "--policy", "policy.toml", "--today", "2026-11-22", "-o", "json"]);
    run(command.args(["--timeout", timeout]).envs(services.environment()))
}

fn check(run: &Run, service: Service, rule: &str, choice: &str, what: &str) {
    let code = match choice {
        "allow" | "warn" => 0,
        "incomplete" => 3,
        _ => 1,
    };
    assert_eq!(run.code, Some(code), "{what}: {}{}", run.stdout, run.stderr);
    let json = run.json();
    let unknowns = json["unknowns"].as_array().unwrap();
    let mine: Vec<&Value> = unknowns.iter().filter(|unknown| unknown["rule"] == rule).collect();
    assert!(!mine.is_empty(), "{what}: nothing is said to be unknown");
    assert!(mine.iter().all(|unknown| unknown["outcome"] == choice && unknown["packages"] == 1), "{what}: {mine:?}");
    let row = |source: &&Value| source["name"] == service.id() && source["state"] == "failed";
    let sources = json["coverage"]["sources"].as_array().unwrap();
    let failed = sources.iter().find(row).unwrap_or_else(|| panic!("{what}: {sources:#?}"));
    assert!(failed["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}");
    // What the other services told is there: the advisory was found and compared.
    assert_eq!(json["packages"].as_array().unwrap().iter().filter(|p| p["state"] == "matched").count(), 1, "{what}");
}

#[test]
fn the_policy_says_what_a_service_that_fails_does() {
    for &(service, rule, more) in NEEDED {
        for choice in ["allow", "warn", "incomplete", "deny"] {
            let services = Services::start(world());
            services.set_fault(service, Fault::Status(403));
            let tree = tree(rule, choice, more);
            let what = format!("{} {rule} {choice}", service.id());
            check(&scan(&tree, &services, "20"), service, rule, choice, &what);
        }
    }
}

#[test]
fn every_fault_of_every_service_ends_in_time_and_is_said() {
    let faults = [
        Fault::TooMany { retry_after: None },
        Fault::Status(500),
        Fault::Timeout,
        Fault::CutBody,
        Fault::SlowBody { bytes_per_second: 5 },
        Fault::WrongType,
        Fault::NotJson,
        Fault::Close,
    ];
    for &(service, rule, more) in NEEDED {
        for fault in &faults {
            let services = Services::start(world());
            services.set_fault(service, fault.clone());
            let tree = tree(rule, "incomplete", more);
            let started = Instant::now();
            let run = scan(&tree, &services, "1");
            let what = format!("{} {rule} {fault:?}", service.id());
            assert!(started.elapsed() < Duration::from_secs(8), "{what}: {:?}", started.elapsed());
            check(&run, service, rule, "incomplete", &what);
        }
    }
}

#[test]
fn where_every_service_answers_nothing_is_unknown() {
    for &(_, rule, more) in NEEDED {
        let services = Services::start(world());
        let run = scan(&tree(rule, "deny", more), &services, "20");
        let json = run.json();
        // A score that the list does not have is unknown by itself.
        if rule != "known-vulnerability" {
            assert_eq!(json["unknowns"], serde_json::json!([]), "{rule}");
            assert_eq!(json["complete"], true, "{rule}");
        }
    }
}
