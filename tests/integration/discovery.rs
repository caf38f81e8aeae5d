//! Which files are found, which are left out, and that every one of them stands in the ledger.

use std::fs;

use crate::support::{Tree, bad, cargo_lock, clean, package_lock, run};

/// Scans into JSON and gives the ledger.
#[track_caller]
fn ledger(tree: &Tree, arguments: &[&str]) -> Vec<String> {
    tree.scan(&[&["-o", "json"], arguments].concat()).ledger()
}

#[test]
fn an_ignored_file_stands_in_the_ledger_and_is_not_read() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("old/Cargo.lock", &bad()), (".gitignore", "old/\n")]);
    assert_eq!(ledger(&tree, &[]), ["Cargo.lock cargo-lock read", "old/Cargo.lock cargo-lock skipped"]);
    tree.scan(&["--verbose"]).exits(0).says("old/Cargo.lock").says("ignored by .gitignore");
    tree.scan(&["--no-ignore"]).exits(1).says("old/Cargo.lock");
}

#[test]
fn an_ignored_file_that_git_tracks_is_read() {
    let tree = Tree::of(&[
        (".gitignore", "*.lock\nold/\n"),
        ("Cargo.lock", &clean()),
        ("old/deep/Cargo.lock", &bad()),
        ("untracked/Cargo.lock", &bad()),
    ]);
    tree.git(&["Cargo.lock", "old/deep/Cargo.lock"]);
    let expected = [
        "Cargo.lock cargo-lock read",
        "old/deep/Cargo.lock cargo-lock read",
        "untracked/Cargo.lock cargo-lock skipped",
    ];
    assert_eq!(ledger(&tree, &[]), expected);
    // From inside, too.
    assert_eq!(ledger(&tree, &["old"]), ["old/deep/Cargo.lock cargo-lock read"]);
    // What the caller leaves out is left out, tracked or not.
    tree.scan(&["--exclude", "old"]).exits(0);
    // A tracked file that is no longer there is none.
    fs::remove_file(tree.path("old/deep/Cargo.lock")).unwrap();
    tree.scan(&[]).exits(0);
}

#[test]
fn an_inner_gitignore_takes_back_what_an_outer_one_said() {
    let tree = Tree::of(&[
        (".gitignore", "*.lock\n"),
        ("a/.gitignore", "!Cargo.lock\n"),
        ("a/Cargo.lock", &clean()),
        ("b/Cargo.lock", &clean()),
        ("a/b/Cargo.lock", &clean()),
    ]);
    let expected =
        ["a/Cargo.lock cargo-lock read", "a/b/Cargo.lock cargo-lock read", "b/Cargo.lock cargo-lock skipped"];
    assert_eq!(ledger(&tree, &[]), expected);
    // The files above a path that is scanned hold for it.
    let inner = Tree::of(&[
        (".git/x", ""),
        (".gitignore", "/sub/old/\n"),
        ("sub/old/Cargo.lock", &bad()),
        ("sub/Cargo.lock", &clean()),
    ]);
    assert_eq!(ledger(&inner, &["sub"]), ["sub/Cargo.lock cargo-lock read", "sub/old/Cargo.lock cargo-lock skipped"]);
}

#[test]
fn trees_that_a_package_manager_made_are_left_out_and_said() {
    let tree = Tree::of(&[
        ("package-lock.json", &package_lock(&[("a", "1.0.0")])),
        ("node_modules/a/package.json", r#"{"name": "a", "version": "1.0.0"}"#),
        ("vendor/b/Cargo.lock", &bad()),
        ("env/pyvenv.cfg", "home = /usr\n"),
        ("env/lib/requirements.txt", "jinja2==2.10\n"),
    ]);
    let expected =
        ["env - skipped", "node_modules - skipped", "package-lock.json package-lock read", "vendor - skipped"];
    assert_eq!(ledger(&tree, &[]), expected);
    tree.scan(&["--verbose"]).exits(0).says("node_modules").says("a tree that a package manager made");
    // One that is asked for by name is walked.
    tree.scan(&["vendor"]).exits(1);
}

#[test]
fn only_gitignore_files_of_the_tree_count() {
    let tree = Tree::of(&[("Cargo.lock", &bad()), (".ignore", "Cargo.lock\n"), (".rgignore", "Cargo.lock\n")]);
    let tree = tree.file(".git/info/exclude", "Cargo.lock\n").file("home/git/ignore", "Cargo.lock\n");
    let tree = tree.file("home/.gitconfig", "[core]\n\texcludesFile = ignore\n").file("home/ignore", "Cargo.lock\n");
    let tree = tree.file(".git/config", "[core]\n\texcludesFile = ../home/ignore\n");
    let db = crate::support::index().to_str().unwrap();
    let mut command = tree.command(&["scan", "--db", db, "--today", crate::support::TODAY]);
    run(command.env("XDG_CONFIG_HOME", tree.path("home")).env("HOME", tree.path("home"))).exits(1);
}

#[test]
fn hidden_folders_are_walked_and_git_is_not() {
    let tree = Tree::of(&[
        (".hidden/Cargo.lock", &clean()),
        (".github/tool/package-lock.json", &package_lock(&[])),
        (".git/Cargo.lock", &bad()),
        (".git/modules/x/Cargo.lock", &bad()),
    ]);
    assert_eq!(
        ledger(&tree, &[]),
        [".github/tool/package-lock.json package-lock read", ".hidden/Cargo.lock cargo-lock read"]
    );
}

#[test]
fn what_the_caller_excludes_is_said() {
    let tree = Tree::of(&[("a/Cargo.lock", &bad()), ("b/c/Cargo.lock", &bad()), ("Cargo.lock", &clean())]);
    let out = ledger(&tree, &["--exclude", "/a", "--exclude", "**/c/Cargo.lock"]);
    assert_eq!(out, ["Cargo.lock cargo-lock read", "a - skipped", "b/c/Cargo.lock cargo-lock skipped"]);
    tree.scan(&["--exclude", "/a", "--exclude", "b", "--verbose"]).exits(0).says("excluded by the caller");
    // A glob that starts with `!` takes another back, as in a `.gitignore`.
    tree.scan(&["--exclude", "Cargo.lock", "--exclude", "!/a/Cargo.lock"]).exits(1).says("a/Cargo.lock");
}

#[test]
fn paths_are_relative_to_the_top_of_the_repository() {
    let tree = Tree::of(&[("repo/.git/HEAD", "x"), ("repo/sub/deep/Cargo.lock", &bad())]);
    assert_eq!(ledger(&tree, &["repo/sub"]), ["repo/sub/deep/Cargo.lock cargo-lock read".replace("repo/", "")]);
    assert_eq!(ledger(&tree, &["repo/sub/deep/Cargo.lock"]), ["sub/deep/Cargo.lock cargo-lock read"]);
    assert_eq!(ledger(&tree, &["repo/sub", "--repo-root", "repo/sub"]), ["deep/Cargo.lock cargo-lock read"]);
    assert_eq!(ledger(&tree, &["repo/sub", "--repo-root", "."]), ["repo/sub/deep/Cargo.lock cargo-lock read"]);
    tree.scan(&["repo", "--repo-root", "repo/sub"]).exits(2).complains("--repo-root");
    tree.scan(&["repo", "--repo-root", "none"]).exits(2).complains("none");
    // Without a repository, to what was asked for.
    let plain = Tree::of(&[("x/a/Cargo.lock", &clean())]);
    assert_eq!(ledger(&plain, &["x"]), ["a/Cargo.lock cargo-lock read"]);
    // A worktree or submodule has a file of that name.
    let worktree = Tree::of(&[("w/.git", "gitdir: /nowhere\n"), ("w/a/Cargo.lock", &clean())]);
    assert_eq!(ledger(&worktree, &["w/a"]), ["a/Cargo.lock cargo-lock read"]);
}

#[test]
fn test_data_is_grouped_apart_and_at_most_warned_about() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("fixtures/old/Cargo.lock", &bad())]);
    let out = tree.scan(&[]).exits(0).says("RUSTSEC-2021-0003").says("test data");
    assert!(out.stdout.contains("warned"), "{}", out.stdout);
    // Asked for by name it is judged like anything else.
    tree.scan(&["fixtures"]).exits(1);
    // And by policy.
    let strict = tree.file("osprey.toml", "version = 1\ntest-data = \"deny\"\n");
    strict.scan(&[]).exits(1);
    let tracked = Tree::of(&[(".gitignore", "testdata/\n"), ("testdata/Cargo.lock", &bad()), ("Cargo.lock", &clean())]);
    tracked.git(&["testdata/Cargo.lock"]);
    tracked.scan(&[]).exits(0).says("RUSTSEC-2021-0003");
}

#[test]
fn a_manifest_is_read_with_its_lockfile() {
    let tree = Tree::of(&[
        ("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nitoa = \"1\"\n"),
        ("Cargo.lock", &clean()),
    ]);
    let json = tree.scan(&["-o", "json"]).exits(0).json();
    let rows = json["coverage"]["files"].as_array().unwrap();
    let manifest = rows.iter().find(|row| row["path"] == "Cargo.toml").unwrap();
    assert_eq!(
        (manifest["state"].as_str(), manifest["message"].as_str()),
        (Some("read"), Some("read with Cargo.lock"))
    );
    assert_eq!(manifest["packages"], 0, "no package counts twice");
    let usage =
        &json["packages"].as_array().unwrap().iter().find(|package| package["name"] == "itoa").unwrap()["uses"][0];
    assert_eq!((usage["direct"].as_bool(), usage["kinds"][0].as_str()), (Some(true), Some("runtime")));
}

#[test]
fn a_manifest_without_a_lockfile_is_read_for_itself() {
    let cargo = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nsmallvec = \"0.6\"\n";
    let tree = Tree::of(&[("Cargo.toml", cargo)]);
    let json = tree.scan(&["-o", "json"]).json();
    assert_eq!(json["coverage"]["files"][0]["state"], "read");
    let package = json["packages"].as_array().unwrap().iter().find(|package| package["name"] == "smallvec").unwrap();
    assert_eq!((package["state"].as_str(), package["version"].as_str()), (Some("unresolved"), None));
}

#[test]
fn several_paths_are_one_scan() {
    let tree = Tree::of(&[("a/Cargo.lock", &clean()), ("b/Cargo.lock", &bad()), ("c/Cargo.lock", &bad())]);
    let tree = tree.file(".git/HEAD", "x");
    assert_eq!(ledger(&tree, &["a", "b/Cargo.lock"]), ["a/Cargo.lock cargo-lock read", "b/Cargo.lock cargo-lock read"]);
    // What lies in two of them is read once.
    assert_eq!(ledger(&tree, &["a", "a", "a/Cargo.lock", "."]).len(), 3);
    // What lies outside of the first one's repository needs a root.
    let apart = Tree::of(&[("a/Cargo.lock", &clean()), ("b/Cargo.lock", &bad())]).file("a/.git/HEAD", "x");
    apart.scan(&["a", "b"]).exits(2).complains("--repo-root");
    apart.scan(&["a", "b", "--repo-root", "."]).exits(1);
}

#[test]
fn a_file_may_be_asked_for_by_name() {
    let tree = Tree::of(&[
        ("Cargo.lock", &bad()),
        (".gitignore", "Cargo.lock\n"),
        ("notes.md", "x"),
        ("Gemfile.lock", "GEM\n"),
    ]);
    tree.scan(&["Cargo.lock"]).exits(1);
    tree.scan(&["Gemfile.lock"]).exits(3).says("Gemfile.lock");
    // One of no kind that is known is not passed over.
    let out = tree.scan(&["notes.md"]);
    assert!(out.code != Some(0), "{}", out.stdout);
    out.says("notes.md");
}

#[test]
fn nested_projects_are_roots_of_their_own() {
    let member = "[package]\nname = \"member\"\nversion = \"0.1.0\"\n[dependencies]\nitoa = \"1\"\n";
    let tree = Tree::of(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/member/Cargo.toml", member),
        ("Cargo.lock", &clean().replace("name = \"app\"", "name = \"member\"")),
        (
            "tools/inner/Cargo.toml",
            "[workspace]\n[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nsmallvec = \"0.6\"\n",
        ),
        ("tools/inner/Cargo.lock", &bad()),
    ]);
    let json = tree.scan(&["-o", "json"]).exits(1).json();
    let rows = json["coverage"]["files"].as_array().unwrap();
    let with: Vec<_> = rows.iter().filter_map(|row| Some((row["path"].as_str()?, row["message"].as_str()?))).collect();
    assert!(with.contains(&("crates/member/Cargo.toml", "read with Cargo.lock")), "{with:?}");
    assert!(with.contains(&("tools/inner/Cargo.toml", "read with tools/inner/Cargo.lock")), "{with:?}");
    assert_eq!(json["findings"][0]["locations"][0]["path"], "tools/inner/Cargo.lock");
}

#[test]
fn requirements_that_are_included_are_read_once() {
    let tree = Tree::of(&[
        ("requirements.txt", "-r requirements/base.txt\nflask==3.0.0\n"),
        ("requirements-dev.txt", "-r requirements.txt\npytest==8.0.0\n"),
        ("requirements/base.txt", "jinja2==2.10\n"),
        ("loop/requirements.txt", "-r requirements.txt\nitsdangerous==2.2.0\n"),
    ]);
    let json = tree.scan(&["-o", "json"]).exits(1).json();
    assert_eq!(json["summary"]["denied"], 1, "one package in one file is one finding: {}", json["findings"]);
    assert_eq!(json["findings"][0]["locations"][0]["path"], "requirements/base.txt");
    let missing = Tree::of(&[("requirements.txt", "-r gone.txt\nflask==3.0.0\n")]);
    missing.scan(&[]).exits(3).says("gone.txt");
}

#[test]
fn development_packages_may_be_left_out() {
    let manifest = r#"{"name": "web", "version": "1.0.0", "devDependencies": {"lodash": "4.17.11"}}"#;
    let lock = package_lock(&[("lodash", "4.17.11")])
        .replace("\"dependencies\"", "\"devDependencies\"")
        .replace("\"integrity\"", "\"dev\": true, \"integrity\"");
    let tree = Tree::of(&[("package.json", manifest), ("package-lock.json", &lock)]);
    tree.scan(&[]).says("lodash");
    tree.scan(&["--no-dev"]).exits(0).hides("lodash");
}

#[test]
fn the_same_package_in_two_files_is_one_package() {
    let lock = cargo_lock(&[("itoa", "1.0.11")]);
    let tree = Tree::of(&[("a/Cargo.lock", &lock), ("b/Cargo.lock", &lock)]);
    let json = tree.scan(&["-o", "json"]).exits(0).json();
    let itoa: Vec<_> =
        json["packages"].as_array().unwrap().iter().filter(|package| package["name"] == "itoa").collect();
    assert_eq!(itoa.len(), 1);
    assert_eq!(itoa[0]["uses"].as_array().unwrap().len(), 2);
}

#[test]
fn a_file_that_is_asked_for_and_not_known_is_not_passed_over() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("odd.lock", &bad())]);
    assert_eq!(ledger(&tree, &["Cargo.lock", "odd.lock"]), ["Cargo.lock cargo-lock read", "odd.lock - failed"]);
    tree.scan(&["Cargo.lock", "odd.lock"]).exits(3).says("no kind of file that is recognised by its name");
    tree.scan(&["Cargo.lock"]).exits(0);
}

#[test]
fn a_name_in_another_case_is_read() {
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("api/REQUIREMENTS.TXT", "jinja2==2.10\n")]);
    let expected = ["Cargo.lock cargo-lock read", "api/REQUIREMENTS.TXT requirements read"];
    assert_eq!(ledger(&tree, &[]), expected);
    tree.scan(&[]).exits(1).says("PYSEC-2019-217");
}

#[test]
fn an_inner_repository_tracks_what_it_ignores() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    let inner = Tree::of(&[("Cargo.lock", &bad()), (".gitignore", "Cargo.lock\n")]);
    inner.git(&["Cargo.lock"]);
    fs::create_dir_all(tree.path(".git")).unwrap();
    fs::rename(inner.root(), tree.path("inner")).unwrap();
    assert_eq!(ledger(&tree, &[]), ["Cargo.lock cargo-lock read", "inner/Cargo.lock cargo-lock read"]);
    // Nothing makes up for an index that lies elsewhere; that is said.
    let worktree = Tree::of(&[
        (".git", "gitdir: ../main/.git/worktrees/a\n"),
        (".gitignore", "old\n"),
        ("Cargo.lock", &clean()),
        ("old/Cargo.lock", &clean()),
    ]);
    let json = worktree.scan(&["-o", "json"]).json();
    let said = json["diagnostics"].as_array().unwrap();
    assert!(
        said.iter().any(|said| said["message"].as_str().unwrap().contains("git's index cannot be read")),
        "{said:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_elsewhere_stands_in_the_ledger() {
    let elsewhere = Tree::of(&[("Cargo.lock", &bad())]);
    let tree = Tree::of(&[("Cargo.lock", &clean()), ("a/b/.keep", "")]);
    std::os::unix::fs::symlink(elsewhere.root(), tree.path("linked")).unwrap();
    std::os::unix::fs::symlink("a/b", tree.path("inside")).unwrap();
    assert_eq!(ledger(&tree, &[]), ["Cargo.lock cargo-lock read", "linked - skipped"]);
}

#[test]
fn a_tracked_file_of_a_kind_that_no_parser_reads_counts_though_it_is_ignored() {
    let tree = Tree::of(&[(".gitignore", "old/\n"), ("Cargo.lock", &clean()), ("old/flake.lock", "{}")]);
    tree.git(&["Cargo.lock", "old/flake.lock"]);
    assert_eq!(ledger(&tree, &[]), ["Cargo.lock cargo-lock read", "old/flake.lock - unsupported"]);
}

#[test]
fn paths_outside_of_a_repository_are_seen_from_the_folder_that_holds_them() {
    let tree = Tree::of(&[("a/Cargo.lock", &clean()), ("b/c/Cargo.lock", &clean())]);
    let rows = tree.scan(&["a", "b/c", "-o", "json"]).ledger();
    assert_eq!(rows, ["a/Cargo.lock cargo-lock read", "b/c/Cargo.lock cargo-lock read"]);
}

#[test]
fn what_is_installed_is_read_where_it_is_asked_for() {
    let lock = "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/ms\": {\"version\": \"2.1.2\"}}}";
    let tree = Tree::of(&[
        (".gitignore", "node_modules/\nvenv/\n"),
        ("Cargo.lock", &clean()),
        ("node_modules/.package-lock.json", lock),
        ("node_modules/ms/package.json", "{\"name\": \"ms\", \"version\": \"2.1.2\"}"),
        ("node_modules/ms/package-lock.json", "{}"),
        ("venv/pyvenv.cfg", "version = 3.11.7\n"),
        ("venv/lib/site-packages/six-1.16.0.dist-info/METADATA", "Name: six\nVersion: 1.16.0\n"),
        ("root/var/lib/dpkg/status", "Package: tzdata\nVersion: 2024a-0+deb12u1\n\n"),
        ("root/etc/os-release", "ID=debian\nVERSION_ID=12\n"),
    ]);
    let status = "root/var/lib/dpkg/status dpkg-status skipped";
    let plain = ["Cargo.lock cargo-lock read", "node_modules - skipped", status, "venv - skipped"];
    assert_eq!(ledger(&tree, &[]), plain);
    let installed = [
        "node_modules/.package-lock.json node-modules read",
        "node_modules/ms/package.json node-modules read",
        "root/var/lib/dpkg/status dpkg-status read",
        "venv/lib/site-packages/six-1.16.0.dist-info/METADATA dist-info read",
    ];
    assert_eq!(ledger(&tree, &["--installed"])[1..], installed);
    // A path that is an installation need not be asked for otherwise.
    assert_eq!(ledger(&tree, &["node_modules"]), installed[..2]);
    assert_eq!(ledger(&tree, &["root"]), ["var/lib/dpkg/status dpkg-status read"]);
    assert_eq!(ledger(&tree, &["root/var/lib/dpkg/status"]).len(), 1);
    assert_eq!(ledger(&tree, &["venv"]).len(), 1);
}
