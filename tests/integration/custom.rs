//! Rules that a policy writes itself, as a user meets them: in every report, under exceptions, with and without a network;
//! and a policy's own examples.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::services::{Services, System, World};
use crate::support::{Run, TODAY, Tree, bad, package_lock, run};

const POLICY: &str = r#"version = 1

[[custom]]
id = "acme-left-is-ours"
level = "deny"
when = 'package.name.startsWith("left") && package.direct'
summary = "A package that begins with left"
why = "The left names are held by our own team."
fix = "Ask the platform team for the package to take."

[[custom]]
id = "acme-fixable"
level = "warn"
when = 'advisories.exists(a, a.severity in ["high", "critical"] && has(a.fixed))'
summary = "A grave advisory has a fix"
"#;

fn tree(policy: &str) -> Tree {
    let lock = package_lock(&[("left-pad", "1.3.0"), ("lodash", "4.17.11"), ("right-pad", "1.0.1")]);
    Tree::of(&[("package-lock.json", &lock), ("osprey.toml", policy)])
}

/// `level package: message` of each finding of the policy's own rules.
fn findings(run: &Run) -> Vec<String> {
    let report = run.json();
    let own = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"].as_str().unwrap().starts_with("acme-"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    own.map(|finding| format!("{} {}: {}", text(&finding["level"]), text(&finding["rule"]), text(&finding["message"])))
        .collect()
}

#[test]
fn a_rule_of_the_policy_stands_in_every_report() {
    let tree = tree(POLICY);
    let run = tree.scan(&["-o", "json"]).exits(1);
    assert_eq!(
        findings(&run),
        [
            "deny acme-left-is-ours: left-pad 1.3.0: A package that begins with left (package.name = \"left-pad\", \
             package.direct = true). A direct dependency of web 1.0.0 in package-lock.json.",
            "warn acme-fixable: lodash 4.17.11: A grave advisory has a fix (advisories = [GHSA-jf85-cpcp-j695]). \
             A direct dependency of web 1.0.0 in package-lock.json.",
        ]
    );
    let rules = run.json()["rules"].as_array().unwrap().clone();
    let rule = rules.iter().find(|rule| rule["id"] == "acme-left-is-ours").unwrap();
    assert_eq!(rule["why"], "The left names are held by our own team.");
    let sarif = tree.scan(&["-o", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["ruleId"] == "acme-left-is-ours"), "{results:?}");
    let of_sarif = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(of_sarif.iter().any(|rule| rule["id"] == "acme-left-is-ours"));
    tree.scan(&[]).exits(1).says("acme-left-is-ours").says("Ask the platform team for the package to take\n");
}

#[test]
fn flags_and_exceptions_name_it_as_any_rule() {
    let tree = tree(POLICY);
    let allowed = tree.scan(&["-o", "json", "--allow", "acme-left-is-ours", "--deny", "acme-fixable"]).exits(1);
    let levels: Vec<String> =
        findings(&allowed).iter().map(|line| line[..line.find(':').unwrap()].to_owned()).collect();
    assert_eq!(levels, ["deny acme-fixable", "allow acme-left-is-ours"]);
    tree.scan(&["--deny", "acme-fixabel"]).exits(2).complains("did you mean \"acme-fixable\"?");

    let exception = "[[exceptions]]\nrule = \"acme-left-is-ours\"\npackage = \"pkg:npm/left-pad\"\nreason = \"held since 2020\"\nexpires = 2027-01-31\n";
    let excepted =
        self::tree(&format!("{POLICY}\n{exception}")).scan(&["-o", "json", "--allow", "known-vulnerability"]).exits(0);
    let report = excepted.json();
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "acme-left-is-ours");
    assert_eq!(finding.unwrap()["exception"]["reason"], "held since 2020");
    assert_eq!(report["exceptions"][0]["state"], "used");
}

#[test]
fn a_mistake_in_an_expression_stops_the_run_before_anything_is_scanned() {
    let wrong = POLICY.replace("package.direct", "package.dirct");
    tree(&wrong)
        .scan(&[])
        .exits(2)
        .complains("osprey.toml:6:52: `when`: `package` has no field \"dirct\"; did you mean \"direct\"?");
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

const HEALTH: &str = r#"version = 1

[[custom]]
id = "acme-young-or-alone"
level = "warn"
when = 'package.direct && (health.age_days < 30 || health.maintainers <= 1)'
summary = "A young package, or one of a single organisation"
on-unknown = "deny"
"#;

#[test]
fn it_asks_for_what_it_reads_and_a_run_without_a_network_finds_the_same() {
    let project = fixtures().join("rules/single-maintainer/fires");
    let lock = std::fs::read_dir(&project).unwrap().map(|entry| entry.unwrap().path());
    let lock = lock.filter(|path| path.to_str().unwrap().contains("lock")).min().unwrap();
    let name = lock.file_name().unwrap().to_str().unwrap().to_owned();
    let tree = Tree::of(&[(&name, &std::fs::read_to_string(&lock).unwrap())]).file("osprey.toml", HEALTH);
    let mut world = World::load(&fixtures().join("services"), &fixtures().join("bucket"));
    let offline = tree.scan(&["-o", "json"]);
    let packages: Vec<_> = offline.json()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| {
            let text = |key: &str| package[key].as_str().map(str::to_owned);
            Some((System::of_ecosystem(&text("ecosystem")?)?, text("name")?, text("version")?))
        })
        .collect();
    world.add_healthy(&packages, 1);
    // Nobody was asked yet, and nothing passes for known.
    assert_eq!(findings(&offline), [""; 0]);
    offline.exits(1).says("deps.dev is not asked without a network");

    let services = Services::start(world);
    let mut command = tree.asking(&["scan", "--today", TODAY, "-o", "json"]);
    let online = run(command.envs(services.environment()));
    let found = findings(&online);
    assert!(!found.is_empty() && found.iter().all(|line| line.contains("health.maintainers = 0")), "{found:?}");
    assert!(!services.requests().is_empty());
    let mut command = tree.asking(&["scan", "--offline", "--today", TODAY, "-o", "json"]);
    let again = run(command.envs(services.environment()));
    assert_eq!(findings(&again), found);
}

const EXAMPLES: &str = r#"
[[examples]]
rule = "acme-left-is-ours"
given = { package.name = "left-pad", package.direct = true }
expect = "match"

[[examples]]
rule = "acme-left-is-ours"
given = { package.name = "right-pad" }
expect = "no-match"

[[examples]]
rule = "acme-left-is-ours"
given = { "package.name" = "leftover" }
expect = "unknown"

[[examples]]
rule = "acme-fixable"
given = { advisories = [{ severity = "high", fixed = "" }, { severity = "low" }] }
expect = "no-match"

[[examples]]
rule = "acme-fixable"
given = { advisories = [{ severity = "critical" }] }
expect = "unknown"

[[examples]]
rule = "known-vulnerability"
finding = { severity = "critical", fix = true }
expect = "deny"

[[examples]]
rule = "known-vulnerability"
finding = { severity = "critical", fix = true, test-data = true, kinds = ["dev"], direct = false, path = "a/package-lock.json" }
expect = "warn"

[[examples]]
rule = "acme-left-is-ours"
finding = { package = "pkg:npm/left-pad@1.3.0" }
expect = "deny"
"#;

#[test]
fn a_policy_runs_its_own_examples() {
    let right = tree(&format!("{POLICY}{EXAMPLES}"));
    insta::assert_snapshot!(right.run(&["policy", "test", "--today", TODAY]).exits(0).stdout);
    // What a scan finds does not depend on them.
    let without = tree(POLICY).scan(&["-o", "json"]);
    assert_eq!(findings(&right.scan(&["-o", "json"])), findings(&without));

    let exception = "\n[[exceptions]]\nrule = \"acme-left-is-ours\"\npackage = \"pkg:npm/left-pad\"\nreason = \"r\"\nexpires = 2027-01-31\n";
    let other =
        EXAMPLES.replace("expect = \"no-match\"", "expect = \"match\"").replace("fix = true }", "fix = false }");
    let wrong = tree(&format!("{POLICY}{other}{exception}"));
    insta::assert_snapshot!(wrong.run(&["policy", "test", "--today", TODAY]).exits(2).stdout);
    tree(POLICY).run(&["policy", "test"]).exits(0).says("osprey.toml has no [[examples]]");
    right.run(&["policy", "test", "other.toml"]).exits(2).complains("there is no such file");
}

#[test]
fn mistakes_in_examples_have_their_places() {
    let examples = r#"
[[examples]]
rule = "acme-left-is-ours"
given = { package.direkt = true, health.age_days = "x", package.name = "y", healt = 3, package.source = 2 }
absent = ["package.direct", "health.badge", 3]
expect = "deny"

[[examples]]
rule = "acme-fixable"
given = { advisories = [{ severity = "hgh", scor = 3, epss = 2 }], health.checks = { Code-Reviews = 3, SAST = 11 } }
expect = "match"

[[examples]]
rule = "unsound-code"
given = { package.direct = true }
expect = "deny"

[[examples]]
rule = "untrusted-origin"
finding = { severity = "high", kind = ["dev"], package = "left-pad" }
absent = ["health.badge"]
expect = "match"

[[examples]]
rule = "acme-right"

[[examples]]
rule = "acme-fixable"

[[examples]]
rule = "acme-fixable"
expect = "match"

[[examples]]
expect = "match"
"#;
    insta::assert_snapshot!(tree(&format!("{POLICY}{examples}")).run(&["policy", "test"]).exits(2).stderr);
}

#[test]
fn what_is_false_whatever_the_advisories_are_is_not_unknown() {
    let policy = r#"version = 1
[rules]
malicious-package = { on-unknown = "warn" }
known-vulnerability = { on-unknown = "warn" }

[[custom]]
id = "acme-npm-advisories"
level = "warn"
when = 'package.ecosystem == "npm" && size(advisories) > 0'
summary = "A package of npm has advisories"
on-unknown = "deny"
"#;
    let scan = |files: &[(&str, &str)]| {
        let tree = Tree::of(files).file("osprey.toml", policy);
        tree.run(&["scan", "--today", TODAY])
    };
    // There is no index: of packages of Cargo it is known all the same that the rule does not hold.
    let cargo = ("Cargo.lock", &*bad());
    scan(&[cargo]).exits(0).says("known-vulnerability").hides("acme-npm-advisories");
    let npm = package_lock(&[("left-pad", "1.3.0")]);
    scan(&[cargo, ("package-lock.json", &npm)])
        .exits(1)
        .says("acme-npm-advisories for 1 package: there is no advisory");
}

#[test]
fn it_is_explained_as_any_rule() {
    let tree = tree(POLICY).file("broken.toml", "version = 2\n");
    let run = tree.run(&["explain", "acme-fixable"]).exits(0);
    insta::assert_snapshot!(run.stdout);
    tree.run(&["explain", "acme-fixable", "--policy", "osprey.toml"]).exits(0).says("acme-fixable: ");
    tree.run(&["explain", "acme-fixable", "--policy", "broken.toml"]).exits(2).complains("broken.toml:1:11");
    tree.run(&["explain", "acme-other"]).exits(2).complains("is no rule");
}
