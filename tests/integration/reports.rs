//! What a run writes: the same facts in every format, the same bytes every time, whole files only, and the text as a
//! person reads it.

use std::fs;

use insta::assert_snapshot;

use crate::support::{CRITICAL, Record, TODAY, Tree, bad, cargo_lock, clean, index, make_index, package_lock, run};

/// A tree with something of everything.
fn mixed() -> Tree {
    Tree::of(&[
        ("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nsmallvec = \"0.6\"\n"),
        ("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.13"), ("itoa", "1.0.11")])),
        ("web/package-lock.json", &package_lock(&[("left-pads", "1.0.0"), ("lodash", "4.17.11")])),
        ("api/requirements.txt", "Jinja2==2.10\nflask>=2\n"),
        ("old/Gemfile.lock", "GEM\n  specs:\n    rack (2.0.0)\n"),
        ("fixtures/Cargo.lock", &bad()),
    ])
}

#[test]
fn one_run_writes_many_reports() {
    let tree = mixed();
    let run = tree.scan(&["-o", "json", "-o", "sarif=report.sarif", "-o", "text=report.txt"]).exits(1);
    assert_eq!(run.json()["verdict"], "fail");
    let sarif: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(tree.path("report.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(fs::read_to_string(tree.path("report.txt")).unwrap().contains("FAIL"));
    // Where all others have files, the text is for whoever looks on.
    tree.scan(&["-o", "json=a.json", "-o", "sarif=b.sarif"]).exits(1).says("FAIL");
    tree.scan(&["-o", "json=-"]).exits(1).json();
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let tree = mixed();
    for format in ["text", "json", "sarif"] {
        let first = tree.scan(&["-o", format]).stdout;
        for _ in 0..3 {
            assert_eq!(tree.scan(&["-o", format]).stdout, first, "{format}");
        }
        // Where the tree lies does not matter.
        let elsewhere = mixed();
        assert_eq!(elsewhere.scan(&["-o", format]).stdout, first, "{format}");
        // Nor do the paths by which it is named.
        assert_eq!(tree.scan(&["-o", format, tree.root().to_str().unwrap()]).stdout, first, "{format}");
    }
}

#[test]
fn json_and_text_agree() {
    for (word, tree) in [
        ("PASS", Tree::of(&[("Cargo.lock", &clean())])),
        ("FAIL", mixed()),
        ("INCOMPLETE", Tree::of(&[("Cargo.lock", &clean()), ("Gemfile.lock", "GEM\n")])),
    ] {
        let text = tree.scan(&[]);
        let json = tree.scan(&["-o", "json"]).json();
        assert!(text.stdout.lines().any(|line| line.starts_with(word)), "{word}: {}", text.stdout);
        assert_eq!(json["verdict"].as_str().unwrap().to_uppercase(), word);
        assert_eq!(json["exit_code"], text.code.unwrap());
        let levels = |level: &str| {
            let findings = json["findings"].as_array().unwrap().iter();
            findings.filter(|finding| finding["level"] == level && finding["exception"].is_null()).count()
        };
        assert_eq!(json["summary"]["denied"], levels("deny"));
        assert_eq!(json["summary"]["warned"], levels("warn"));
        assert_eq!(json["summary"]["allowed"], levels("allow"));
        for finding in json["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] != "allow") {
            let id = finding["advisory"]["id"].as_str().or(finding["rule"].as_str()).unwrap();
            assert!(text.stdout.contains(id), "{id} is not in the text");
        }
    }
}

#[test]
fn json_says_where_a_version_stands() {
    let tree = mixed();
    let json = tree.scan(&["-o", "json"]).json();
    for package in json["packages"].as_array().unwrap() {
        let Some(version) = package["version"].as_str() else { continue };
        for place in package["uses"].as_array().unwrap().iter().flat_map(|usage| usage["locations"].as_array().unwrap())
        {
            let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
            let text = fs::read_to_string(tree.path(place["path"].as_str().unwrap())).unwrap();
            let line = text.lines().nth(number("line") - 1).unwrap();
            assert_eq!(&line[number("column") - 1..number("end_column") - 1], version);
        }
    }
}

#[test]
fn sarif_tells_whoever_uploads_it_that_something_is_missing() {
    let successful = |tree: &Tree| {
        let sarif = tree.scan(&["-o", "sarif"]).json();
        let invocation = sarif["runs"][0]["invocations"][0].clone();
        let said = invocation["toolExecutionNotifications"].as_array().map_or(0, Vec::len);
        (invocation["executionSuccessful"].as_bool().unwrap(), said)
    };
    assert!(successful(&Tree::of(&[("Cargo.lock", &clean())])).0);
    assert!(successful(&Tree::of(&[("Cargo.lock", &bad())])).0);
    let (incomplete, said) = successful(&Tree::of(&[("Cargo.lock", &clean()), ("Gemfile.lock", "GEM\n")]));
    assert!(!incomplete && said > 0, "exit 3");
    let (empty, _) = successful(&Tree::new());
    assert!(!empty, "exit 4");
}

#[test]
fn sarif_has_a_result_for_each_finding_that_counts() {
    let tree = mixed();
    let json = tree.scan(&["-o", "json"]).json();
    let sarif = tree.scan(&["-o", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<_> = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().iter().collect();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(tree.path(place["artifactLocation"]["uri"].as_str().unwrap()).is_file());
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
    let shown = json["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] != "allow").count();
    assert!(results.len() >= shown && shown > 0, "{} of {shown}", results.len());
}

#[test]
fn a_report_takes_the_place_of_the_old_one_at_once() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("report.json", "an old report")]);
    fs::hard_link(tree.path("report.json"), tree.path("same.json")).unwrap();
    tree.scan(&["-o", "json=report.json"]).exits(0);
    assert!(fs::read_to_string(tree.path("report.json")).unwrap().starts_with('{'));
    // The old file was not written into: whoever had it open still reads the old report.
    assert_eq!(fs::read_to_string(tree.path("same.json")).unwrap(), "an old report");
    let left: Vec<_> = fs::read_dir(tree.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing is left beside it: {left:?}");
    // What fails leaves the old one as it was.
    tree.scan(&["-o", "json=report.json", "--deny", "no-such-rule"]).exits(2);
    assert!(fs::read_to_string(tree.path("report.json")).unwrap().starts_with('{'));
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    let tree = mixed();
    assert!(!tree.scan(&[]).stdout.contains('\u{1b}'));
    assert!(tree.scan(&["--color", "always"]).stdout.contains('\u{1b}'));
    let plain = tree.scan(&["--color", "always"]).stdout;
    let plain = anstream::adapter::strip_str(&plain).to_string();
    assert_eq!(plain, tree.scan(&["--color", "never"]).stdout, "colour adds nothing but colour");
    tree.scan(&["--color", "always", "-o", "json"]).json();
}

#[test]
fn the_text_of_a_failing_tree() {
    assert_snapshot!(mixed().scan(&[]).exits(1).stdout);
}

#[test]
fn the_text_of_a_failing_tree_at_length() {
    assert_snapshot!(mixed().scan(&["--verbose"]).exits(1).stdout);
}

#[test]
fn the_text_of_a_clean_tree() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("web/package-lock.json", &package_lock(&[("a", "1.0.0")]))]);
    assert_snapshot!(tree.scan(&[]).exits(0).stdout);
}

#[test]
fn the_text_of_an_incomplete_tree() {
    let tree = Tree::of(&[
        ("Cargo.lock", &format!("{}\n[[package]\n", clean())),
        ("package-lock.json", &package_lock(&[("garbled", "1.0.0")])),
        ("osprey.toml", "version = 1\nmax-age = \"2d\"\n"),
    ]);
    assert_snapshot!(tree.scan(&[]).exits(3).stdout);
}

#[test]
fn the_text_of_nothing() {
    assert_snapshot!(Tree::of(&[("node_modules/a/package.json", "{}")]).scan(&[]).exits(4).stdout);
}

#[test]
fn the_text_of_exceptions() {
    let policy = r#"version = 1

[[exceptions]]
advisory = "CVE-2021-25900"
package = "pkg:cargo/smallvec"
reason = "insert_many is not called"
owner = "platform"
expires = 2026-11-30

[[exceptions]]
advisory = "CVE-2020-26235"
reason = "not used any more"
expires = 2026-10-01
"#;
    let tree = Tree::of(&[
        ("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.13"), ("time", "0.1.43")])),
        ("osprey.toml", policy),
    ]);
    assert_snapshot!(tree.scan(&[]).stdout);
}

#[test]
fn a_policy_of_the_tree_is_named_as_every_file_of_it() {
    let policy = "version = 1\n[[exceptions]]\nadvisory = \"CVE-1999-1\"\nreason = \"r\"\nexpires = 2026-12-01\n";
    let tree = Tree::of(&[(".git/HEAD", ""), ("sub/Cargo.lock", &clean()), ("sub/osprey.toml", policy)]);
    for (path, folder) in [("sub", "."), (".", "sub"), ("../sub/.", "sub")] {
        let db = index().to_str().unwrap();
        let arguments = ["scan", path, "--db", db, "--today", TODAY, "-o", "json"];
        let json = run(tree.command(&arguments).current_dir(tree.path(folder))).exits(0).json();
        assert_eq!(json["policy"]["path"], "sub/osprey.toml", "{path}");
        assert_eq!(json["exceptions"][0]["location"]["path"], "sub/osprey.toml", "{path}");
    }
    tree.scan(&["sub"]).exits(0).says("policy: from the scanned tree, not enforced by the caller: sub/osprey.toml");
}

#[test]
fn exceptions_to_look_after_stand_in_text_and_sarif() {
    let policy = r#"version = 1

[[exceptions]]
advisory = "CVE-2021-25900"
reason = "until there is a fix, and there is one"
until-fixed = true
expires = 2027-01-31

[[exceptions]]
advisory = "CVE-1999-1"
reason = "covers nothing"
expires = 2027-01-31

[[exceptions]]
advisory = "CVE-2020-26235"
reason = "past"
expires = 2026-10-01
"#;
    let lock = cargo_lock(&[("smallvec", "0.6.13"), ("time", "0.1.43")]);
    let tree = Tree::of(&[("Cargo.lock", &lock), ("osprey.toml", policy)]);
    let text = tree.scan(&[]).exits(1).stdout;
    let sarif = tree.scan(&["-o", "sarif"]).exits(1).json();
    let notifications = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let notes: Vec<&str> = notifications.iter().map(|note| note["message"]["text"].as_str().unwrap()).collect();
    for said in [
        "CVE-2021-25900 (osprey.toml:3): has ended, since a fix is known; what it covered counts again",
        "CVE-1999-1 (osprey.toml:9): covers no finding; it can be removed",
        "CVE-2020-26235 (osprey.toml:14): expired on 2026-10-01; what it covered counts again",
    ] {
        assert!(text.contains(&format!("- {said}\n")), "{said}: {text}");
        assert!(notes.contains(&format!("Exception {said}.").as_str()), "{said}: {notes:?}");
    }
}

#[test]
fn a_fingerprint_lasts() {
    let tree = Tree::new();
    let record = |id, aliases, published: &str| {
        let record = Record {
            id,
            ecosystem: "crates.io",
            name: "smallvec",
            introduced: "0.0.0-0",
            fixed: Some("0.6.14"),
            aliases,
            cvss: Some(CRITICAL),
            summary: "Buffer overflow",
        };
        let folder = tree.path("osv/crates.io");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{id}.json")), record.json().replace("2025-02-03", published)).unwrap();
        make_index(&tree.path("osv"), &tree.path("db"));
    };
    fs::create_dir(tree.path("osv")).unwrap();
    fs::write(tree.path("osv/ecosystems.txt"), "crates.io\n").unwrap();
    record("RUSTSEC-2021-0003", &[], "2025-02-03");
    // Places and fingerprints of all findings, as JSON and SARIF have them.
    let prints = |locks: &[(&str, &str)]| -> Vec<(String, String)> {
        let scanned = Tree::of(locks);
        let db = tree.path("db");
        let arguments = ["scan", "--db", db.to_str().unwrap(), "--today", TODAY, "-o", "json", "-o", "sarif=r.sarif"];
        let json = scanned.run(&arguments).exits(1).json();
        let sarif: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(scanned.path("r.sarif")).unwrap()).unwrap();
        let of = |finding: &serde_json::Value| {
            let path = finding["locations"][0]["path"].as_str().unwrap().to_owned();
            (path, finding["fingerprint"].as_str().unwrap().to_owned())
        };
        // What is only counted stands in no SARIF.
        let shown = json["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] != "allow");
        let found: Vec<_> = shown.map(of).collect();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let written: Vec<&str> =
            results.iter().map(|result| result["partialFingerprints"]["osprey/v1"].as_str().unwrap()).collect();
        assert!(found.iter().all(|(_, print)| written.contains(&print.as_str())), "{written:?}");
        found
    };
    let before = prints(&[("Cargo.lock", &cargo_lock(&[("smallvec", "0.6.12")]))]);
    assert_eq!(before.len(), 1);
    assert_eq!(prints(&[("Cargo.lock", &bad())]), before, "a bump that stays vulnerable");
    let moved = cargo_lock(&[("itoa", "1.0.11"), ("smallvec", "0.6.12")]);
    assert_eq!(prints(&[("Cargo.lock", &moved)]), before, "a moved line");
    let two = prints(&[("Cargo.lock", &bad()), ("tools/Cargo.lock", &bad())]);
    assert_eq!((two.len(), &two[0]), (2, &before[0]), "another lockfile changes nothing");
    assert_ne!(two[0].1, two[1].1, "what stands in two lockfiles is two findings");
    record("GHSA-43w2-9j62-hq99", &["RUSTSEC-2021-0003", "CVE-2021-25900"], "2025-06-07");
    assert_eq!(prints(&[("Cargo.lock", &bad())]), before, "a new alias");
}

#[test]
fn a_manifest_that_nobody_reads_is_named() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("site/build.gradle", "plugins {}\n")]);
    tree.scan(&[]).exits(0).says("recognised and not read: site/build.gradle\n");
}
