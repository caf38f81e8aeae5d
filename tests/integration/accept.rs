//! What is accepted: exceptions written and listed, VEX documents, and the path from the first scan to a gate.

use crate::support::{TODAY, Tree, bad, cargo_lock, clean, index, package_lock, run};

/// The program with the shared index.
fn osprey(tree: &Tree, arguments: &[&str]) -> crate::support::Run {
    run(tree.command(arguments).env("OSPREY_DB", index()))
}

fn policy(tree: &Tree) -> String {
    std::fs::read_to_string(tree.path("osprey.toml")).unwrap()
}

#[test]
fn an_exception_is_written_listed_and_holds() {
    let tree = Tree::of(&[("Cargo.lock", &bad())]);
    tree.scan(&["."]).exits(1);
    let add =
        ["exception", "add", "--advisory", "CVE-2021-25900", "--package", "pkg:cargo/smallvec@<0.6.14", "--reason"];
    let rest = ["insert_many is never called", "--owner", "platform-security", "--days", "30", "--today", TODAY];
    let written = tree.run(&[&add[..], &rest[..]].concat()).exits(0);
    insta::assert_snapshot!(written.stdout);
    insta::assert_snapshot!(policy(&tree));
    tree.scan(&["."])
        .exits(0)
        .says("CVE-2021-25900 pkg:cargo/smallvec@<0.6.14 (osprey.toml:5): insert_many is never called (platform-security, until 2026-12-05)");
    let listed = tree.run(&["exception", "list", "--today", TODAY]).exits(0);
    listed.says("until 2026-12-05  ").says("insert_many is never called (platform-security)").says("osprey.toml:5");
    tree.run(&["exception", "list", "--today", "2026-11-25"]).exits(0).says("until 2026-12-05, soon");
    tree.run(&["exception", "list", "--today", "2026-12-06"]).exits(0).says("expired on 2026-12-05");

    // A second one stands in order; what is there is not touched.
    let before = policy(&tree);
    let second = ["--reason", "r", "--until-fixed", "--package", "pkg:cargo/a", "--rule", "known-vulnerability"];
    tree.run(&[&["exception", "add"], &second[..]].concat()).exits(0).says("osprey.toml:5: written (2 in all)");
    let after = policy(&tree);
    let block = "[[exceptions]]\npackage = \"pkg:cargo/a\"\nrule = \"known-vulnerability\"\nreason = \"r\"\nuntil-fixed = true\n\n";
    assert_eq!(after.replacen(block, "", 1), before);
}

#[test]
fn what_would_be_wrong_is_not_written() {
    let text = "version = 1\nmax-exception-days = 30\n\n[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\nexpires = 2026-11-20\n";
    let tree = Tree::of(&[
        ("osprey.toml", text),
        ("broken.toml", "version = 1\nextend = \"x\"\n"),
        ("inline.toml", "version = 1\nexceptions = []\n"),
    ]);
    let add = |arguments: &[&str]| {
        let today = ["--today", TODAY];
        let run = tree.run(&[&["exception", "add", "--reason", "r"], arguments, &today].concat()).exits(2);
        assert_eq!(policy(&tree), text);
        run.stderr
    };
    let said = [
        add(&["--advisory", "CVE-1", "--days", "30"]),
        add(&["--advisory", "CVE-2", "--days", "31"]),
        add(&["--advisory", "CVE-2", "--until-fixed"]),
        add(&["--advisory", "CVE-*", "--days", "30", "--rule", "known-vulnerabilty", "--package", "pkg:gem/x"]),
        add(&["--rule", "untrusted-origin", "--days", "30"]),
        add(&["--advisory", "CVE-2", "--expires", "2026-11-04"]),
        add(&["--advisory", "CVE-2", "--days", "30", "--policy", "broken.toml"]),
        add(&["--advisory", "CVE-2", "--days", "30", "--policy", "inline.toml"]),
        add(&["--advisory", "CVE-2", "--days", "30", "--policy", "."]),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

/// A document that says that `web` does not call what is vulnerable in lodash.
fn vex(product: &str) -> String {
    serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://host.example/vex/1", "author": "Acme Security",
        "timestamp": "2026-11-01T08:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": {"name": "CVE-2019-10744"}, "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path", "impact_statement": "defaultsDeep is never called.",
            "products": [{"@id": product, "subcomponents": [{"@id": "pkg:npm/lodash"}]}],
        }],
    })
    .to_string()
}

#[test]
fn a_vex_document_is_an_exception_in_every_format() {
    let lock = package_lock(&[("lodash", "4.17.4")]);
    let tree = Tree::of(&[
        ("package-lock.json", &lock),
        ("vex.json", &vex("pkg:npm/web@1.0.0")),
        ("other.json", &vex("pkg:npm/other")),
    ]);
    tree.scan(&["."]).exits(1);
    let text = tree.scan(&[".", "--vex", "vex.json"]).exits(0);
    text.says("(vex.json:1): vulnerable code not in execute path: defaultsDeep is never called. (Acme Security)");
    let json = tree.scan(&[".", "--vex", "vex.json", "-o", "json"]).json();
    let exception = &json["findings"][0]["exception"];
    assert_eq!((exception["origin"].as_str(), exception["owner"].as_str()), (Some("vex"), Some("Acme Security")));
    assert_eq!(
        (json["exceptions"][0]["state"].as_str(), json["exceptions"][0]["findings"].as_u64()),
        (Some("used"), Some(1))
    );
    let sarif = tree.scan(&[".", "--vex", "vex.json", "-o", "sarif", "--sarif-suppressed"]).json();
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert!(suppression["justification"].as_str().unwrap().ends_with("(Acme Security)"), "{suppression}");

    tree.scan(&[".", "--vex", "other.json"])
        .exits(1)
        .says("other.json: no statement of this VEX document is about a product that is here");
    tree.scan(&[".", "--vex", "vex.json", "--vex", "package-lock.json"])
        .exits(2)
        .complains("package-lock.json:1: it is no VEX document");
    tree.scan(&[".", "--vex", "none.json"]).exits(2).complains("the VEX document none.json: ");
    // The tree itself cannot hand one in.
    Tree::of(&[("package-lock.json", &lock), ("osprey.toml", "version = 1\nvex = [\"vex.json\"]\n")])
        .scan(&["."])
        .exits(2);
}

#[test]
fn each_finding_has_a_rank_and_its_reasons() {
    let lock = cargo_lock(&[("smallvec", "0.6.13"), ("time", "0.1.43")]);
    let tree = Tree::of(&[("Cargo.lock", &lock)]);
    let json = tree.scan(&[".", "-o", "json"]).json();
    let ranks: Vec<u64> =
        json["findings"].as_array().unwrap().iter().map(|of| of["priority"]["rank"].as_u64().unwrap()).collect();
    assert!(ranks.len() > 1 && ranks.iter().copied().eq(1..=ranks.len() as u64), "{ranks:?}");
    let reasons = serde_json::json!(["denied", "critical", "direct", "a fix is available"]);
    assert_eq!(json["findings"][0]["priority"]["reasons"], reasons);
    let sarif = tree.scan(&[".", "-o", "sarif"]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["properties"]["priority"], reasons);
    let rank = result["rank"].as_f64().unwrap();
    assert!((90.0..=100.0).contains(&rank), "a critical finding stays among the critical: {rank}");
}

#[test]
fn from_the_first_scan_to_a_gate() {
    let tree = Tree::of(&[
        ("Cargo.lock", &bad()),
        ("web/package-lock.json", &package_lock(&[("left", "1.0.0")])),
        ("SECURITY.md", "Tell us: https://host.example/security\n"),
    ]);
    tree.git(&["Cargo.lock", "web/package-lock.json"]);
    tree.scan(&["."]).exits(1);
    let init = osprey(&tree, &["policy", "init", "--offline", "--today", TODAY]).exits(0);
    insta::assert_snapshot!(init.stdout);
    insta::assert_snapshot!(policy(&tree));
    tree.scan(&[]).exits(0);

    // Neither of the two is written over by accident.
    osprey(&tree, &["policy", "init", "--offline"])
        .exits(2)
        .complains("osprey.toml is there already; --force writes over it");
    std::fs::remove_file(tree.path("osprey.toml")).unwrap();
    osprey(&tree, &["policy", "init", "--offline"]).exits(2).complains("osprey-baseline.json is there already");
    osprey(&tree, &["policy", "init", "--offline", "--force", "--today", TODAY]).exits(0);
    tree.scan(&[]).exits(0);

    // What is new fails, in the first scan after it came.
    let worse = cargo_lock(&[("smallvec", "0.6.13"), ("smallvec", "0.6.12")]);
    std::fs::write(tree.path("Cargo.lock"), worse).unwrap();
    tree.scan(&[]).exits(1);
    std::fs::write(tree.path("Cargo.lock"), clean()).unwrap();
    tree.scan(&[]).exits(0);
    std::fs::write(tree.path("web/package-lock.json"), package_lock(&[("left", "1.0.0"), ("lodash", "4.17.4")]))
        .unwrap();
    tree.scan(&[]).exits(1).says("GHSA-jf85-cpcp-j695");
}

#[test]
fn a_policy_is_written_for_projects_of_every_sort() {
    let init = |tree: &Tree, arguments: &[&str]| {
        osprey(tree, &[&["policy", "init", "--offline", "--today", TODAY], arguments].concat())
    };
    let new = Tree::new();
    init(&new, &["--profile", "greenfield"]).exits(0).says("no manifest, lockfile or SBOM was found yet");
    assert!(policy(&new).contains("\nextends = \"greenfield\"\n"));
    new.scan(&[]).exits(4);

    let green = Tree::of(&[("Cargo.lock", &bad())]);
    init(&green, &["--profile", "greenfield"]).exits(0).says("it denies 1 finding today");
    assert!(!green.path("osprey-baseline.json").exists());
    green.scan(&[]).exits(1);

    let stricter = Tree::of(&[("Cargo.lock", &clean())]);
    init(&stricter, &["--deny", "untrusted-origin"]).exits(0);
    assert!(policy(&stricter).contains("[rules]\nuntrusted-origin = \"deny\"\n"));
    stricter.scan(&[]).exits(0);

    let inside = Tree::of(&[("app/Cargo.lock", &bad())]);
    init(&inside, &["app"]).exits(0).says("app/osprey.toml: written");
    inside.scan(&["app"]).exits(0);

    let broken = Tree::of(&[("Cargo.lock", "not a lockfile")]);
    init(&broken, &[]).exits(2).complains("no baseline was written, since something was not looked at");
    assert!(!broken.path("osprey.toml").exists());
    init(&broken, &["--allow-incomplete"]).exits(0);

    let org = Tree::of(&[("Cargo.lock", &clean()), ("org.toml", "version = 1\n")]);
    init(&org, &["--policy", "org.toml"]).exits(2).complains("starts from a profile");
    // What a lockfile says does not end a comment.
    let address = "https://registry.example/left/-/left-1.0.0.tgz";
    let hostile =
        package_lock(&[("left", "1.0.0")]).replace(address, "https://x\\n[rules]\\nmalicious-package=1\\n/left.tgz");
    let hostile = Tree::of(&[("package-lock.json", &hostile)]);
    init(&hostile, &[]).exits(0);
    hostile.scan(&[]);
    assert!(!policy(&hostile).contains("malicious-package=1"));
}
