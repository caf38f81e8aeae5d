//! Who is trusted: a policy in the scanned tree that tries to loosen all that it can, under each policy that a caller may
//! name. The verdict is never milder than without the tree's file, and every format says what does not hold and where.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Run, Tree, cargo_lock, package_lock};

/// All that a tree could want to loosen. The first finding that it does not deny would be the attacker's.
const HOSTILE: &str = r#"version = 1
extends = "brownfield"
max-age = "500w"
internal = ["lodash", "left-pads", "smallvec", "time"]
test-data = "allow"
exclude = ["web/", "Cargo.lock"]
baseline = "osprey-baseline.json"
project = "github.com/somebody/else"

[registries]
allow = ["host.example"]

[rules]
known-vulnerability = "off"
known-exploited = "off"
malicious-package = { level = "allow", on-unknown = "allow", packages = ["pkg:npm/nothing"] }
untrusted-origin = "off"
policy-changed = "off"
unsound-code = "deny"

[[custom]]
id = "tree-own"
level = "warn"
when = 'package.name == "smallvec"'
summary = "A rule of the tree's own"

[[overrides]]
scope = "direct"
level = "allow"

[[overrides]]
packages = ["pkg:npm/*"]
min-severity = "critical"

[[exceptions]]
advisory = "CVE-2021-25900"
rule = "known-vulnerability"
reason = "inside the delegation, but for its severity"
expires = 2026-11-20

[[exceptions]]
advisory = "CVE-2020-26235"
rule = "known-vulnerability"
reason = "inside the delegation"
expires = 2026-11-20

[[exceptions]]
package = "pkg:npm/lodash"
rule = "known-vulnerability"
reason = "ends too late"
expires = 2030-01-01

[[exceptions]]
package = "pkg:npm/left-pads"
rule = "malicious-package"
reason = "is no malware"
expires = 2026-11-20
"#;

/// Only a caller's policy may say these; where the tree's stands alone each is a mistake.
const CALLERS: &str = r#"
[sources]
osv = "https://host.example/osv"

[delegate]
rules = ["known-vulnerability", "malicious-package"]
max-days = 3000
max-severity = "critical"
"#;

const ORGANISATION: &str = "version = 1\n[rules]\nknown-vulnerability = { level = \"deny\", min-severity = \"low\" }\n";
const DELEGATING: &str = "version = 1\n[rules]\nknown-vulnerability = { level = \"deny\", min-severity = \"low\" }\n\
    [delegate]\nrules = [\"known-vulnerability\"]\nmax-days = 30\nmax-severity = \"high\"\n";

/// A tree with four findings, a policy and a baseline that holds them all.
fn tree(policy: &str) -> Tree {
    let cargo = cargo_lock(&[("smallvec", "0.6.13"), ("time", "0.1.43")]);
    let npm = package_lock(&[("left-pads", "1.0.0"), ("lodash", "4.17.11")]);
    let tree = Tree::of(&[("Cargo.lock", &cargo), ("web/package-lock.json", &npm)]);
    let db = crate::support::index().to_str().unwrap();
    tree.run(&["baseline", "--offline", "--today", crate::support::TODAY, "--db", db, "--profile", "greenfield"])
        .exits(0);
    tree.file("osprey.toml", policy)
}

/// The callers who say something. The policy files lie outside the tree.
fn callers() -> Vec<(&'static str, Vec<String>, tempfile::TempDir)> {
    let of = |name, text: Option<&str>, flags: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        if let Some(text) = text {
            let path = folder.path().join("org.toml");
            std::fs::write(&path, text).unwrap();
            flags.extend(["--policy".to_owned(), path.to_str().unwrap().to_owned()]);
        }
        (name, flags, folder)
    };
    vec![
        of("brownfield", None, &["--profile", "brownfield"]),
        of("greenfield", None, &["--profile", "greenfield"]),
        of("policy", Some(ORGANISATION), &[]),
        of("delegating", Some(DELEGATING), &[]),
        of("nothing of the tree", None, &["--no-repo-policy"]),
    ]
}

fn scan(tree: &Tree, flags: &[String], more: &[&str]) -> Run {
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    tree.scan(&flags)
}

/// The rank of what counts of each finding, by its fingerprint.
fn levels(run: &Run) -> BTreeMap<String, (String, usize)> {
    let rank = |finding: &Value| {
        let covered = !finding["exception"].is_null() || finding["change"] == "known";
        let level = finding["level"].as_str().unwrap();
        if covered { 0 } else { ["allow", "warn", "deny"].iter().position(|word| *word == level).unwrap() }
    };
    let json = run.json();
    let line = |finding: &Value| {
        let what = format!("{} {}", finding["rule"].as_str().unwrap(), finding["subject"]);
        (finding["fingerprint"].as_str().unwrap().to_owned(), (what, rank(finding)))
    };
    json["findings"].as_array().unwrap().iter().map(line).collect()
}

/// `path:line message` of what JSON and SARIF remark about the policy's file.
fn remarks(tree: &Tree, flags: &[String]) -> (Vec<String>, Vec<String>) {
    let json = scan(tree, flags, &["-o", "json"]).json();
    let of_json = json["diagnostics"].as_array().unwrap().iter().filter(|one| one["path"] == "osprey.toml");
    let of_json = of_json.map(|one| format!("{}:{} {}", "osprey.toml", one["line"], one["message"].as_str().unwrap()));
    let sarif = scan(tree, flags, &["-o", "sarif"]).json();
    let said = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().clone();
    let of_exceptions =
        |one: &&Value| one["message"]["text"].as_str().is_some_and(|text| text.starts_with("Exception "));
    let of_sarif = said.iter().filter(|one| !of_exceptions(one)).filter_map(|one| {
        let place = &one["locations"][0]["physicalLocation"];
        let path = place["artifactLocation"]["uri"].as_str().filter(|path| *path == "osprey.toml")?;
        // Brackets would begin a link there.
        let text = one["message"]["text"].as_str()?.trim_end_matches('.').replace("\\[", "[").replace("\\]", "]");
        Some(format!("{path}:{} {text}", place["region"]["startLine"]))
    });
    (of_json.collect(), of_sarif.collect())
}

#[test]
fn no_format_hides_what_does_not_hold_and_nothing_becomes_milder() {
    let mut said = String::new();
    let hostile = tree(&format!("{HOSTILE}{CALLERS}"));
    for (name, flags, _folder) in callers() {
        let with = scan(&hostile, &flags, &["-o", "json"]);
        let mut without = flags.clone();
        without.retain(|flag| flag != "--no-repo-policy");
        without.push("--no-repo-policy".to_owned());
        let before = scan(&hostile, &without, &["-o", "json"]);
        assert_eq!(with.code, Some(1), "{name}: {}", with.stderr);
        let now = levels(&with);
        for (fingerprint, (what, level)) in levels(&before) {
            let (_, after) = now.get(&fingerprint).unwrap_or_else(|| panic!("{name}: {what} is gone"));
            let is_delegated = name == "delegating" && what.contains("pkg:cargo/time");
            assert!(*after >= level || is_delegated, "{name}: {what} was {level} and is {after}");
        }
        let (of_json, mut of_sarif) = remarks(&hostile, &flags);
        if name == "nothing of the tree" {
            assert_eq!((of_json.len(), of_sarif.len()), (0, 0));
            continue;
        }
        let text = scan(&hostile, &flags, &["-v"]);
        for line in &of_json {
            let (place, message) = line.split_once(' ').unwrap();
            assert!(text.stdout.contains(&format!("{place}: {message}")), "{name}: {line}\n{}", text.stdout);
        }
        let mut sorted = of_json.clone();
        sorted.sort();
        of_sarif.sort();
        assert_eq!(sorted, of_sarif, "{name}");
        said += &format!("## under {name}\n{}\n\n", of_json.join("\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn delegation_covers_what_is_in_its_bounds_and_nothing_else() {
    let hostile = tree(HOSTILE);
    let (_, flags, _folder) = callers().swap_remove(3);
    let run = scan(&hostile, &flags, &["-o", "json"]).exits(1);
    let json = run.json();
    let of = |package: &str| {
        let all = json["findings"].as_array().unwrap();
        let is_it = |finding: &&Value| {
            let purl = finding["subject"]["purl"].as_str().unwrap_or_default();
            purl.contains(package)
                && ["known-vulnerability", "malicious-package"].iter().any(|rule| finding["rule"] == **rule)
        };
        let found = all.iter().find(is_it).unwrap_or_else(|| panic!("{package} is not found"));
        (found["exception"]["reason"].as_str().map(str::to_owned), found["level"].as_str().unwrap().to_owned())
    };
    // Medium, in time, of a rule that is delegated.
    assert_eq!(of("/time@").0.as_deref(), Some("inside the delegation"));
    // Critical, where high is the most.
    assert_eq!(of("/smallvec@"), (None, "deny".to_owned()));
    assert_eq!(of("/lodash@"), (None, "deny".to_owned()), "it ends too late");
    assert_eq!(of("/left-pads@"), (None, "deny".to_owned()), "malware is not delegated");
    scan(&hostile, &flags, &["-v"])
        .exits(1)
        .hides("has ended")
        .says("the caller's policy delegates none for malicious-package")
        .says("the exception of the scanned tree covers at most high, not critical");
}

#[test]
fn a_tree_that_cannot_be_read_makes_the_run_incomplete() {
    let lock = crate::support::clean();
    let tree =
        Tree::of(&[("Cargo.lock", &lock), ("osprey.toml", "version = 1\n[rules]\nknown-vulnerabilty = \"deny\"\n")]);
    let mistake = "unknown rule \"known-vulnerabilty\"; did you mean \"known-vulnerability\"?";
    for (name, flags, _folder) in callers() {
        if name == "nothing of the tree" {
            scan(&tree, &flags, &[]).exits(0).hides("osprey.toml");
            continue;
        }
        scan(&tree, &flags, &[])
            .exits(3)
            .says("INCOMPLETE")
            .says(
                "osprey.toml: failed: the policy of the scanned tree has a mistake, and what it tightens is not known",
            )
            .says(&format!("osprey.toml:3: {mistake}"));
        let json = scan(&tree, &flags, &["-o", "json"]).exits(3).json();
        assert_eq!((&json["complete"], &json["diagnostics"][0]["message"]), (&false.into(), &mistake.into()));
        let sarif = scan(&tree, &flags, &["-o", "sarif"]).exits(3).json();
        let run = &sarif["runs"][0];
        assert_eq!(run["properties"]["complete"], false);
        assert!(run["invocations"].to_string().contains("did you mean"), "{run}");
    }
    tree.scan(&[]).exits(2).complains(mistake);
}

#[test]
fn a_policy_that_nobody_but_the_tree_gives_is_called_so() {
    let own = tree("version = 1\n[rules]\nknown-vulnerability = \"off\"\nmalicious-package = \"off\"\n");
    let said = "policy: from the scanned tree, not enforced by the caller";
    own.scan(&[]).exits(0).says(said);
    let json = own.scan(&["-o", "json"]).exits(0).json();
    assert_eq!((&json["policy"]["origin"], &json["policy"]["path"]), (&"tree".into(), &"osprey.toml".into()));
    let sarif = own.scan(&["-o", "sarif"]).exits(0).json();
    let run = &sarif["runs"][0];
    assert_eq!(run["properties"]["policyOrigin"], "tree");
    assert!(run["invocations"][0]["toolExecutionNotifications"].to_string().contains(said), "{run}");
    own.scan(&["--no-repo-policy"]).exits(1).says("policy: brownfield, built into the program");
    let (_, flags, _folder) = callers().swap_remove(2);
    scan(&own, &flags, &[]).exits(1).says("org.toml").says("osprey.toml").hides("not enforced by the caller");
    let json = scan(&own, &flags, &["-o", "json"]).exits(1).json();
    assert_eq!(json["policy"]["tightened_by"], "osprey.toml");
}

#[test]
fn packages_of_a_registry_that_is_declared_private_are_private() {
    let lock = package_lock(&[("lodash", "4.17.4")]);
    let tree = |policy: &str| Tree::of(&[("package-lock.json", &lock), ("osprey.toml", policy)]);
    let mirrored = tree("version = 1\n").scan(&["-o", "json"]).exits(1).json();
    assert_eq!(mirrored["packages"][0]["state"], "matched", "what is not declared is taken for a mirror");
    for address in ["registry.example", "https://registry.example/"] {
        let private = tree(&format!("version = 1\n[registries]\nprivate = [\"{address}\"]\n"));
        let json = private.scan(&["-o", "json"]).exits(0).json();
        assert_eq!(json["packages"][0]["state"], "private");
        let findings = json["findings"].as_array().unwrap();
        assert!(findings.iter().all(|of| of["subject"]["project"] == "."), "{findings:?}");
        private.scan(&["--profile", "brownfield"]).exits(1).says("`registries` of the scanned tree does not hold");
    }
}
