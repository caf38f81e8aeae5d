//! Every exit code, and what leads to it.

use std::fs;
use std::process::Stdio;

use crate::support::{CRITICAL, Record, Tree, bad, bucket, cargo_lock, clean, index, make_index, package_lock, run};

#[test]
fn a_clean_tree_passes() {
    Tree::of(&[("Cargo.lock", &clean())]).scan(&[]).exits(0).says("PASS").says("1 package in 1 file");
}

#[test]
fn a_denied_finding_fails() {
    Tree::of(&[("Cargo.lock", &bad())]).scan(&[]).exits(1).says("FAIL").says("RUSTSEC-2021-0003");
}

#[test]
fn malware_fails_whatever_its_score() {
    let tree = Tree::of(&[("package-lock.json", &package_lock(&[("left-pads", "1.0.0")]))]);
    tree.scan(&[]).exits(1).says("malicious-package");
}

#[test]
fn levels_of_this_run_change_the_verdict() {
    let tree = Tree::of(&[("Cargo.lock", &bad())]);
    tree.scan(&["--allow", "known-vulnerability"]).exits(0);
    tree.scan(&["--warn", "known-vulnerability"]).exits(0).says("PASS");
    let medium = Tree::of(&[("Cargo.lock", &cargo_lock(&[("time", "0.1.43")]))]);
    medium.scan(&[]).exits(0);
    medium.scan(&["--profile", "greenfield"]).exits(1);
    medium.scan(&["--profile", "greenfield", "--min-severity", "high"]).exits(0);
}

#[test]
fn what_the_caller_got_wrong_is_2() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    tree.run(&["scan", "--no-such-flag"]).exits(2).complains("--no-such-flag");
    tree.run(&[]).exits(2);
    tree.run(&["frobnicate"]).exits(2);
    tree.scan(&["no-such-folder"]).exits(2).complains("no-such-folder");
    tree.scan(&["--deny", "known-vulnerabilty"]).exits(2).complains("known-vulnerability");
    tree.scan(&["-o", "yaml"]).exits(2).complains("there is no format \"yaml\"");
    tree.scan(&["-o", "json="]).exits(2);
    tree.scan(&["-o", "json", "-o", "sarif"]).exits(2).complains("json and sarif would both go to stdout").hides("{");
    let twice =
        tree.scan(&["-o", "json=both", "-o", "sarif=./both"]).exits(2).complains("two reports would be written");
    assert!(twice.stdout.is_empty() && !tree.path("both").exists());
    tree.scan(&["--exclude", "{"]).exits(2).complains("--exclude");
    tree.run(&["scan", "--today", "tomorrow"]).exits(2).complains("tomorrow");
    tree.scan(&["--policy", "none.toml"]).exits(2).complains("none.toml");
    tree.scan(&["--policy", "x.toml", "--profile", "greenfield"]).exits(2);
}

#[test]
fn a_wrong_policy_is_2_with_line_and_column() {
    let lock = clean();
    let tree =
        Tree::of(&[("Cargo.lock", &lock), ("osprey.toml", "version = 1\n\n[rules]\nknown-vulnerabilty = \"deny\"\n")]);
    let wrong = tree.scan(&[]).exits(2).complains("osprey.toml:4:1").complains("known-vulnerability").hides("PASS");
    assert!(wrong.stdout.is_empty());
    tree.scan(&["--no-repo-policy"]).exits(0);
    let every = "version = \"1\"\nmax-age = \"7 days\"\nextends = \"greenfeld\"\n";
    Tree::of(&[("Cargo.lock", &lock), ("osprey.toml", every)])
        .scan(&[])
        .exits(2)
        .complains(":1:11")
        .complains(":2:11")
        .complains(":3:11")
        .complains("greenfield");
    Tree::of(&[("Cargo.lock", &lock), ("osprey.toml", "version = [[[\n")])
        .scan(&[])
        .exits(2)
        .complains("osprey.toml:1");
}

#[test]
fn what_was_not_looked_at_is_3() {
    let broken = format!("{}\n[[package]\n", clean());
    let cut = &clean()[..120];
    for (what, path, text) in [
        ("broken TOML", "Cargo.lock", broken.as_str()),
        ("a lockfile that was cut off", "Cargo.lock", cut),
        ("an empty lockfile", "Cargo.lock", ""),
        ("broken JSON", "package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {"),
        ("no lockfile at all", "package-lock.json", "[]"),
        ("broken YAML", "pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {resolution: [\n"),
        ("a kind that nobody reads", "Gemfile.lock", "GEM\n  specs:\n    rack (2.0.0)\n"),
    ] {
        let out = Tree::of(&[(path, text), ("ok/Cargo.lock", &clean())]).scan(&[]);
        assert_eq!(out.code, Some(3), "{what}: {}{}", out.stdout, out.stderr);
        assert!(out.stdout.contains("INCOMPLETE") && out.stdout.contains(path), "{what}: {}", out.stdout);
    }
}

#[test]
fn a_missing_or_damaged_index_is_3() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    tree.run(&["scan", "--today", "2026-11-05"]).exits(3).says("INCOMPLETE").says("osprey db update");
    fs::create_dir_all(tree.path("db")).unwrap();
    fs::write(tree.path("db/advisories.osprey"), "garbage").unwrap();
    tree.run(&["scan", "--db", "db"]).exits(3).says("INCOMPLETE");
}

#[test]
fn the_policy_says_what_the_unknown_does() {
    let lock = bad();
    let policy = |choice: &str| {
        let rule = |id: &str| format!("{id} = {{ on-unknown = \"{choice}\" }}\n");
        // Rules that need services are not what is tried here.
        let off =
            ["known-exploited", "unmaintained-package", "withdrawn-version"].map(|id| format!("{id} = \"off\"\n"));
        format!("version = 1\n[rules]\n{}{}{}", rule("known-vulnerability"), rule("malicious-package"), off.concat())
    };
    for (choice, code, said) in [
        ("allow", 0, "not known:"),
        ("warn", 0, "not known:"),
        ("incomplete", 3, "INCOMPLETE"),
        ("deny", 1, "denies that something is not known. The run is INCOMPLETE too"),
    ] {
        let tree = Tree::of(&[("Cargo.lock", &lock), ("osprey.toml", &policy(choice))]);
        let report = tree.run(&["scan", "--today", "2026-11-05"]).exits(code).says(said).hides("nothing was found");
        assert!(report.stdout.contains("1 with no advisories at hand"), "{}", report.stdout);
        let json = tree.run(&["scan", "--today", "2026-11-05", "-o", "json"]).exits(code).json();
        let unknown = &json["unknowns"][0];
        assert_eq!((&unknown["outcome"], &unknown["packages"]), (&choice.into(), &1.into()), "{unknown}");
        assert_eq!(json["complete"], code == 0);
        // Where everything is known, there is nothing to say.
        let known = tree.scan(&["-o", "json"]).exits(1).json();
        assert_eq!((&known["unknowns"], &known["complete"]), (&serde_json::json!([]), &true.into()));
        // A record that could not be read is as unknown as one that is not there.
        let garbled = Tree::of(&[
            ("package-lock.json", &package_lock(&[("garbled", "1.0.0")])),
            ("osprey.toml", &policy(choice)),
        ]);
        garbled.scan(&[]).exits(code).says("GHSA-broken");
    }
}

#[test]
fn the_index_of_the_cache_folder_is_used() {
    let tree = Tree::of(&[("Cargo.lock", &bad())]);
    fs::create_dir_all(tree.cache()).unwrap();
    fs::copy(index().join("advisories.osprey"), tree.cache().join("advisories.osprey")).unwrap();
    tree.run(&["scan", "--today", "2026-11-05"]).exits(1);
    run(tree.command(&["scan", "--today", "2026-11-05"]).env("OSPREY_DB", "elsewhere")).exits(3);
}

#[test]
fn an_index_without_the_ecosystem_is_3() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    let record = Record {
        id: "GHSA-1",
        ecosystem: "npm",
        name: "a",
        introduced: "0",
        fixed: None,
        aliases: &[],
        cvss: Some(CRITICAL),
        summary: "s",
    };
    bucket(&tree.path("osv"), &[record]);
    make_index(&tree.path("osv"), &tree.path("db"));
    tree.run(&["scan", "--db", "db", "--today", "2026-11-05", "Cargo.lock"])
        .exits(3)
        .says("1 package was not compared");
}

#[test]
fn a_stale_index_is_3_and_the_policy_says_what_is_stale() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    let db = index().to_str().unwrap();
    let late = ["scan", "--db", db, "--today", "2026-11-30"];
    tree.run(&late).exits(3).says("29 days old");
    let patient = tree.file("osprey.toml", "version = 1\nmax-age = \"60d\"\n");
    patient.run(&late).exits(0);
    // The whole of the allowed time is allowed.
    let week = patient.file("osprey.toml", "version = 1\nmax-age = \"7d\"\n");
    week.run(&["scan", "--db", db, "--today", "2026-11-08"]).exits(0);
    week.run(&["scan", "--db", db, "--today", "2026-11-09"]).exits(3);
}

#[test]
fn a_version_that_cannot_be_judged_is_3() {
    let lock = cargo_lock(&[("time", "not.a.version")]);
    Tree::of(&[("Cargo.lock", &lock)]).scan(&[]).exits(3).says("INCOMPLETE").says("time");
}

#[test]
fn a_rejected_record_of_a_scanned_package_is_3() {
    let tree = Tree::of(&[("package-lock.json", &package_lock(&[("garbled", "1.0.0")]))]);
    tree.scan(&[]).exits(3).says("GHSA-broken");
    Tree::of(&[("package-lock.json", &package_lock(&[("other", "1.0.0")]))]).scan(&[]).exits(0);
}

#[test]
fn a_file_over_the_bound_is_3() {
    let tree = Tree::of(&[("ok/Cargo.lock", &clean())]);
    // A hole costs no disk.
    fs::File::create(tree.path("Cargo.lock")).unwrap().set_len(65 << 20).unwrap();
    tree.scan(&[]).exits(3).says("64 MiB");
}

#[test]
fn fail_wins_over_incomplete_and_both_are_said() {
    let tree = Tree::of(&[("Cargo.lock", &bad()), ("Gemfile.lock", "GEM\n")]);
    tree.scan(&[]).exits(1).says("FAIL").says("INCOMPLETE").says("Gemfile.lock");
    let json = tree.scan(&["-o", "json"]).exits(1).json();
    assert_eq!((json["verdict"].as_str(), json["complete"].as_bool()), (Some("fail"), Some(false)));
    assert_eq!(json["exit_code"], 1);
    tree.scan(&["--allow-incomplete"]).exits(1);
}

#[test]
fn nothing_to_scan_is_4_and_claims_nothing() {
    let empty = Tree::of(&[("main.c", "int main(void) { return 0; }\n")]);
    empty.scan(&[]).exits(4).says("NOTHING TO SCAN").hides("PASS").hides("no issues");
    empty.scan(&["--allow-empty"]).exits(0).says("NOTHING TO SCAN").hides("PASS");
    empty.scan(&["--exit-zero"]).exits(0).hides("PASS");
    empty.scan(&["--allow-incomplete"]).exits(4);
    // A tree in which all is left out is no better.
    let left_out = Tree::of(&[("Cargo.lock", &bad())]);
    let out = left_out.scan(&["--exclude", "Cargo.lock"]);
    assert_eq!(out.code, Some(4), "{}", out.stdout);
    out.hides("PASS").says("Cargo.lock");
}

#[test]
fn what_is_forgiven_is_still_printed() {
    let incomplete = Tree::of(&[("Cargo.lock", &clean()), ("Gemfile.lock", "GEM\n")]);
    incomplete.scan(&["--allow-incomplete"]).exits(0).says("INCOMPLETE").hides("PASS");
    incomplete.scan(&["--exit-zero"]).exits(0).says("INCOMPLETE");
    incomplete.scan(&["--allow-empty"]).exits(3);
    let failing = Tree::of(&[("Cargo.lock", &bad())]);
    failing.scan(&["--exit-zero"]).exits(0).says("FAIL").says("RUSTSEC-2021-0003");
    failing.scan(&["--allow-empty", "--allow-incomplete"]).exits(1);
    // A usage error stays one.
    failing.scan(&["--exit-zero", "no-such-folder"]).exits(2);
}

#[test]
fn a_report_that_cannot_be_written_is_74() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    tree.scan(&["-o", "json=no/such/folder/report.json"]).exits(74).complains("report.json could not be written");
    tree.scan(&["--exit-zero", "-o", "json=no/such/folder/report.json"]).exits(74);
    fs::create_dir(tree.path("taken")).unwrap();
    tree.scan(&["-o", "json=taken"]).exits(74);
    // One that can be written is.
    tree.scan(&["-o", "json=no/such/folder/a.json", "-o", "sarif=b.sarif"]).exits(74).says("PASS");
    assert!(tree.path("b.sarif").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_74() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    tree.scan(&["-o", "json=/dev/full"]).exits(74).complains("/dev/full could not be written");
    for arguments in [&["scan", "--db", index().to_str().unwrap()][..], &["list", "rules"], &["man"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let out = tree.command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(out.status.code(), Some(74), "{arguments:?}");
        assert!(!out.stderr.is_empty(), "{arguments:?} says why");
    }
}

#[test]
fn a_reader_that_goes_away_is_told_nothing() {
    let many: Vec<String> = (0..5000).map(|at| format!("left-pads-{at}")).collect();
    let packages: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let tree = Tree::of(&[("package-lock.json", &package_lock(&packages)), ("Cargo.lock", &bad())]);
    let mut command = tree.command(&["scan", "--db", index().to_str().unwrap(), "--today", "2026-11-05", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    assert_eq!(out.status.code(), Some(1), "the verdict stands");
    // What another output failed at is not lost with the reader.
    let mut command = tree.command(&["scan", "--db", index().to_str().unwrap(), "-o", "json", "-o", "sarif=no/such/x"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(74));
}

#[test]
fn the_code_does_not_depend_on_the_format() {
    for (code, tree) in [
        (0, Tree::of(&[("Cargo.lock", &clean())])),
        (1, Tree::of(&[("Cargo.lock", &bad())])),
        (3, Tree::of(&[("Gemfile.lock", "GEM\n")])),
        (4, Tree::new()),
    ] {
        for format in ["text", "json", "sarif"] {
            tree.scan(&["-o", format]).exits(code);
        }
        assert_eq!(tree.scan(&["-o", "json"]).json()["exit_code"], code);
    }
}

#[test]
fn a_cargo_registry_that_the_policy_does_not_know_is_an_untrusted_origin() {
    let lock = cargo_lock(&[("itoa", "1.0.11"), ("ryu", "1.0.18"), ("acme-auth", "1.0.0")]);
    let (public, own) = lock.rsplit_once("https://github.com/rust-lang/crates.io-index").unwrap();
    let tree = Tree::of(&[("Cargo.lock", &format!("{public}https://registry.example/index{own}"))]);
    let deny = ["--deny", "untrusted-origin"];
    let said = "acme-auth 1.0.0 comes from registry.example";
    tree.scan(&deny).exits(1).says(said).says("1 private");
    for (text, code) in [
        ("internal = [\"acme-*\"]", 0),
        ("[registries]\nallow = [\"registry.example\"]", 0),
        ("[registries]\nallow = [\"host.example\"]", 1),
    ] {
        fs::write(tree.path("osprey.toml"), format!("version = 1\n{text}\n")).unwrap();
        tree.scan(&deny).exits(code);
    }
}
