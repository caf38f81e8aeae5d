//! What a hostile change tries, so that a run says less than it should: it edits what the caller names, moves what was
//! tolerated to where it is not, or breaks what holds it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use crate::history::{AFTER, Repository, changes, package_lock, reason};
use crate::support::{TODAY, Tree, index};

const LODASH: &str = "known-vulnerability pkg:npm/lodash@4.17.11";

/// The text of the baseline that holds what is found in a tree of these files.
fn baseline_of(files: &[(&str, &str)]) -> String {
    let tree = Tree::of(files);
    let db = index().to_str().unwrap();
    tree.run(&["baseline", "--offline", "--today", TODAY, "--db", db, "-o", "b.json"]).exits(0);
    fs::read_to_string(tree.path("b.json")).unwrap()
}

#[test]
fn a_baseline_that_the_caller_names_in_the_tree_is_the_bases() {
    let (clean, vulnerable) = (package_lock("lodash", "4.17.21", false), package_lock("lodash", "4.17.11", false));
    let (empty, full) =
        (baseline_of(&[("package-lock.json", &clean)]), baseline_of(&[("package-lock.json", &vulnerable)]));
    let repository = Repository::of(AFTER, &[("package-lock.json", &clean), ("ci/b.json", &empty)]);
    repository.write("package-lock.json", &vulnerable);
    repository.write("ci/b.json", &full);
    let root = repository.tree.root().join("ci/../ci/b.json");
    for path in ["ci/b.json", root.to_str().unwrap()] {
        let run = repository.scan(&["-o", "json", "--since", "main", "--baseline", path]).exits(1);
        assert_eq!(changes(&run), [format!("{LODASH} introduced"), "policy-changed ci/b.json introduced".to_owned()]);
    }
    let run = repository.scan(&["-o", "json", "--since", "main", "--no-repo-policy", "--baseline", "ci/b.json"]);
    assert_eq!(changes(&run.exits(1)).len(), 2, "it is the caller's, and not the tree's policy");
    // Without a comparison the caller's word holds.
    repository.scan(&["--baseline", "ci/b.json"]).exits(0);

    // One that the change brings along, and one behind a link that it makes.
    repository.write("new.json", &full);
    let run = repository.scan(&["-o", "json", "--since", "main", "--baseline", "new.json"]).exits(1);
    assert_eq!(changes(&run), [format!("{LODASH} introduced"), "policy-changed new.json introduced".to_owned()]);
    assert!(run.stdout.contains("the baseline is not in force: there is no such file at the merge base"));
    #[cfg(unix)]
    {
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("b.json"), &full).unwrap();
        repository.remove("ci");
        std::os::unix::fs::symlink(elsewhere.path(), repository.tree.path("ci")).unwrap();
        let run = repository.scan(&["-o", "json", "--since", "main", "--baseline", "ci/b.json"]).exits(1);
        assert_eq!(changes(&run)[0], format!("{LODASH} introduced"));
    }
}

#[test]
fn a_policy_that_the_caller_names_in_the_tree_is_the_bases() {
    let strict = "version = 1\nextends = \"base.toml\"\n";
    let base = "version = 1\n[rules]\nknown-vulnerability = \"deny\"\npolicy-changed = \"deny\"\n";
    let files = [
        ("package-lock.json", &*package_lock("lodash", "4.17.21", false)),
        ("ci/p.toml", strict),
        ("ci/base.toml", base),
    ];
    let repository = Repository::of(AFTER, &files);
    repository.write("package-lock.json", &package_lock("lodash", "4.17.11", false));
    repository.write("ci/base.toml", "version = 1\n[rules]\nknown-vulnerability = \"off\"\npolicy-changed = \"off\"\n");
    let run = repository.scan(&["-o", "json", "--since", "main", "--policy", "ci/p.toml"]).exits(1);
    let loosened = "policy-changed ci/base.toml introduced".to_owned();
    assert_eq!(changes(&run), [format!("{LODASH} introduced"), loosened.clone(), loosened]);
    repository.remove("ci/p.toml");
    let run = repository.scan(&["-o", "json", "--since", "main", "--policy", "ci/p.toml"]).exits(1);
    assert_eq!(changes(&run), [format!("{LODASH} introduced"), "policy-changed ci/p.toml introduced".to_owned()]);

    repository.write("mine.toml", "version = 1\n");
    repository
        .scan(&["--since", "main", "--policy", "mine.toml"])
        .exits(2)
        .complains("--policy mine.toml: there is no such file at the merge base")
        .complains("so that no change brings its own");
}

/// A statement that a product is not affected.
fn vex(id: &str) -> String {
    serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://host.example/vex/1", "author": "Acme Security",
        "timestamp": "2026-10-01T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": {"name": id}, "products": [{"@id": "pkg:npm/lodash"}],
            "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"
        }]
    })
    .to_string()
}

#[test]
fn a_vex_document_in_the_tree_is_the_bases() {
    let files =
        [("package-lock.json", &*package_lock("lodash", "4.17.21", false)), ("vex.json", &vex("CVE-2019-0001"))];
    let repository = Repository::of(AFTER, &files);
    repository.write("package-lock.json", &package_lock("lodash", "4.17.11", false));
    repository.write("vex.json", &vex("CVE-2019-10744"));
    repository.scan(&["--vex", "vex.json"]).exits(0);
    let run = repository.scan(&["-o", "json", "--since", "main", "--vex", "vex.json"]).exits(1);
    assert_eq!(changes(&run), [format!("{LODASH} introduced"), "policy-changed vex.json introduced".to_owned()]);
    repository.write("other.json", &vex("CVE-2019-10744"));
    let run = repository.scan(&["-o", "json", "--since", "main", "--vex", "other.json"]).exits(1);
    assert_eq!(changes(&run), [format!("{LODASH} introduced"), "policy-changed other.json introduced".to_owned()]);
}

#[test]
fn what_was_tolerated_at_the_base_is_new_where_it_is_not() {
    let lodash = package_lock("lodash", "4.17.11", false);
    let introduced = [format!("{LODASH} introduced")];
    // Test data becomes the product.
    let repository = Repository::of(AFTER, &[("web/test/fixtures/package-lock.json", &lodash)]);
    repository.remove("web");
    repository.write("web/package-lock.json", &lodash);
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    assert_eq!(changes(&run), introduced);
    let why = reason(&run, "4.17.11");
    assert!(why.ends_with("it is denied now, which it was not at the base"), "{why}");

    // An exception for a folder that it leaves; an override for one.
    for entry in [
        "[[exceptions]]\npackage = \"pkg:npm/lodash\"\npath = \"legacy\"\nreason = \"not deployed\"\nexpires = 2026-12-31\n",
        "[[overrides]]\npaths = [\"legacy\"]\nlevel = \"allow\"\n",
    ] {
        let policy = format!("version = 1\n{entry}");
        let repository = Repository::of(AFTER, &[("osprey.toml", &policy), ("legacy/package-lock.json", &lodash)]);
        repository.scan(&["--since", "main"]).exits(0);
        repository.remove("legacy");
        repository.write("web/package-lock.json", &lodash);
        let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
        assert_eq!(changes(&run), introduced, "{entry}");
    }
}

#[test]
fn test_data_in_a_baseline_is_new_where_it_becomes_the_product() {
    let lodash = package_lock("lodash", "4.17.11", false);
    let held = baseline_of(&[("web/test/fixtures/package-lock.json", &lodash)]);
    assert!(held.contains("\"level\":\"warn\""), "{held}");
    let tree = Tree::of(&[("web/package-lock.json", &lodash), ("b.json", &held)]);
    tree.scan(&["--baseline", "b.json"]).exits(1).says("it is denied now, which it was not in the baseline");
    let tree = Tree::of(&[("site/test/fixtures/package-lock.json", &lodash), ("b.json", &held)]);
    tree.scan(&["--baseline", "b.json"]).exits(0);
}

#[test]
fn a_policy_that_is_broken_at_the_base_lets_no_change_judge_itself() {
    let broken = "version = 1\nextend = \"greenfield\"\n";
    let files = [("package-lock.json", &*package_lock("lodash", "4.17.21", false)), ("osprey.toml", broken)];
    let repository = Repository::of(AFTER, &files);
    repository.write("package-lock.json", &package_lock("lodash", "4.17.11", false));
    let off = "version = 1\nexclude = [\"package-lock.json\"]\n[rules]\nknown-vulnerability = \"off\"\npolicy-changed = \"off\"\n";
    repository.write("osprey.toml", off);
    let of_policy = "policy-changed osprey.toml introduced".to_owned();
    let run = repository.scan(&["-o", "json", "--since", "main"]).exits(1);
    assert_eq!(changes(&run), [format!("{LODASH} introduced"), of_policy.clone()]);
    // What it heals to is denied once, unless the caller says otherwise.
    repository.write("package-lock.json", &package_lock("lodash", "4.17.21", false));
    repository.write("osprey.toml", "version = 1\nextends = \"greenfield\"\n");
    let quiet = ["--allow", "project-baseline", "--allow", "project-without-security-policy"];
    let run = repository.scan(&[&["-o", "json", "--since", "main"], &quiet[..]].concat()).exits(1);
    assert_eq!(changes(&run), [of_policy]);
    repository.scan(&[&["--since", "main", "--allow", "policy-changed"], &quiet[..]].concat()).exits(0);
}

#[test]
fn what_the_change_loosens_is_no_test_data() {
    let strict = "version = 1\n[rules]\npolicy-changed = \"deny\"\n";
    let repository = Repository::of(AFTER, &[("osprey.toml", strict)]);
    let held = baseline_of(&[("package-lock.json", &package_lock("lodash", "4.17.11", false))]);
    // A baseline under a name that makes it a recognised file of test data as well.
    repository.write("tests/fixtures/requirements.txt", &held);
    repository.write(
        "osprey.toml",
        &format!("{}\n", strict.replacen('\n', "\nbaseline = \"tests/fixtures/requirements.txt\"\n", 1)),
    );
    let run = repository.scan(&["-o", "json", "--since", "main"]);
    assert_eq!(changes(&run), ["policy-changed tests/fixtures/requirements.txt introduced"]);
    assert_eq!(run.json()["summary"]["denied"], 1, "{}", reason(&run, "policy-changed"));
}

/// A `package-lock.json` of a package from git.
fn from_git(address: &str) -> String {
    let resolved = format!("git+https://{address}#{}", "a".repeat(40));
    serde_json::json!({
        "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": {"name": "web", "version": "1.0.0", "dependencies": {"left": format!("git+https://{address}")}},
            "node_modules/left": {"version": "1.0.0", "resolved": resolved},
        }
    })
    .to_string()
}

#[test]
fn another_origin_is_another_finding() {
    let deny = ["-o", "json", "--deny", "untrusted-origin"];
    let of = |run: &crate::support::Run| {
        let json = run.json();
        let found = json["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "untrusted-origin");
        found.unwrap()["change"].as_str().unwrap_or("-").to_owned()
    };
    let good = from_git("host.example/good/left.git");
    let repository = Repository::of(AFTER, &[("package-lock.json", &good)]);
    let since = || repository.scan(&[&deny[..], &["--since", "main"]].concat());
    assert_eq!(of(&since().exits(0)), "known");
    let held = baseline_of(&[("package-lock.json", &good)]);
    assert!(held.contains("host.example/good/left.git\""), "{held}");
    repository.write("package-lock.json", &good.replace(&"a".repeat(40), &"b".repeat(40)));
    assert_eq!(of(&since().exits(0)), "known", "another commit is as another version");
    let evil = from_git("host.example/evil/left.git");
    repository.write("package-lock.json", &evil);
    assert_eq!(of(&since().exits(1)), "introduced");
    let tree = Tree::of(&[("package-lock.json", &evil), ("b.json", &held)]);
    let run = tree.scan(&[&deny[..], &["--baseline", "b.json"]].concat());
    assert_eq!(of(&run.exits(1)), "introduced");
}
