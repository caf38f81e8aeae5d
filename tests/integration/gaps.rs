//! What a scan did not look at is never passed over: lockfiles that hold less than they should.

use crate::support::{Tree, cargo_lock};

const PACKAGE_JSON: &str = r#"{"name": "web", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}"#;
const PYPROJECT: &str = "[project]\nname = \"app\"\nversion = \"0.1\"\ndependencies = [\"attrs>=20\"]\n";

/// That a tree is not taken as covered, and why.
#[track_caller]
fn is_gap(files: &[(&str, &str)], why: &str) {
    Tree::of(files).scan(&[]).exits(3).says(why);
}

/// That a tree is covered as far as its lockfile goes, and what its manifest asks for besides is said. That the two
/// disagree is no gap of the scan.
#[track_caller]
fn is_said(files: &[(&str, &str)], what: &str) {
    Tree::of(files).scan(&[]).exits(0).says(what);
}

#[test]
fn a_manifest_asks_for_what_the_lock_of_npm_lacks() {
    let manifest = ("package.json", PACKAGE_JSON);
    for (name, lock) in [
        ("package-lock.json", r#"{"name": "web", "lockfileVersion": 3, "packages": {}}"#),
        ("package-lock.json", r#"{"name": "web", "lockfileVersion": 3, "packages": {"": {"name": "web"}}}"#),
        ("npm-shrinkwrap.json", r#"{"name": "web", "lockfileVersion": 1}"#),
        ("yarn.lock", "# yarn lockfile v1\n\n\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n"),
        ("bun.lock", r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "web"}}, "packages": {}}"#),
        (
            "yarn.lock",
            "__metadata:\n  version: 8\n\n\"web@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"web@workspace:.\"\n",
        ),
    ] {
        is_said(&[(name, lock), manifest], "left-pad");
        // What asks for nothing lacks nothing.
        let alone = ("package.json", r#"{"name": "web", "optionalDependencies": {"left-pad": "1"}}"#);
        Tree::of(&[(name, lock), alone]).scan(&[]).exits(0);
    }
}

#[test]
fn a_manifest_asks_for_what_the_lock_of_python_lacks() {
    let manifest = ("pyproject.toml", PYPROJECT);
    for (name, lock) in [
        ("poetry.lock", "package = []\n\n[metadata]\nlock-version = \"2.1\"\n"),
        ("pdm.lock", "[metadata]\ngroups = [\"default\"]\nlock_version = \"4.5.0\"\n"),
        ("uv.lock", "version = 1\n[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { virtual = \".\" }\n"),
    ] {
        is_said(&[(name, lock), manifest], "asks for `attrs >=20`, which it does not hold");
    }
    let pipfile = ("Pipfile", "[packages]\nattrs = \"*\"\n");
    is_said(&[("Pipfile.lock", r#"{"_meta": {"pipfile-spec": 6}, "default": {}}"#), pipfile], "asks for `attrs *`");
}

#[test]
fn a_manifest_asks_for_what_the_lock_of_cargo_lacks() {
    let manifest = ("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nitoa = \"1\"\n");
    is_said(&[("Cargo.lock", &cargo_lock(&[])), manifest], "asks for `itoa 1`, which it does not hold");
    is_said(
        &[("Cargo.lock", &cargo_lock(&[("itoa", "1.0.11")]).replace("\"app\"", "\"other\"")), manifest],
        "it does not hold `app`",
    );
    Tree::of(&[("Cargo.lock", &cargo_lock(&[("itoa", "1.0.11")])), manifest]).scan(&[]).exits(0);
}

#[test]
fn a_version_that_go_has_not_chosen_is_no_version() {
    is_gap(&[("go.mod", "module a\n\ngo 1.22\n\nrequire golang.org/x/text master\n")], "is not fixed (`master`)");
}

#[test]
fn a_lockfile_that_holds_nothing_is_not_covered() {
    for (name, text) in [
        ("Cargo.lock", "\n\n"),
        ("pnpm-lock.yaml", "# nothing\n"),
        ("poetry.lock", "[[packages]]\nname = \"attrs\"\n[metadata]\nlock-version = \"2.1\"\n"),
        ("package-lock.json", r#"{"lockfileVersion": 3, "package": {}}"#),
        ("package-lock.json", r#"{"lockfileVersion": 1, "dependencies": [1]}"#),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 2, "packages": {"": {}}, "dependencies": {"a": {"version": "1.0.0"}}}"#,
        ),
        ("bun.lock", r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "web"}}, "packages": []}"#),
        ("yarn.lock", "__metadata:\n  version: 99\n"),
        ("yarn.lock", "# yarn lockfile v1\r\ra@1:\r  version \"1.0.0\"\r"),
    ] {
        is_gap(&[(name, text)], name);
    }
}

#[test]
fn an_entry_without_name_or_version_is_not_covered() {
    for (name, text) in [
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"integrity": "x"}}}"#),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/": {"version": "1.0.0"}}}"#),
        ("package-lock.json", r#"{"lockfileVersion": 1, "dependencies": {"": {"version": "1.0.0"}}}"#),
        ("bun.lock", r#"{"lockfileVersion": 1, "workspaces": {}, "packages": {"a": ["a@latest", "", {}, "x"]}}"#),
        ("uv.lock", "version = 1\n[[package]]\nname = \"a\"\nsource = { registry = \"https://host.example\" }\n"),
        ("Pipfile.lock", r#"{"_meta": {}, "default": {"a": {"version": "1.0"}}}"#),
        ("Pipfile.lock", r#"{"_meta": {}, "default": {"": {"version": "==1.0"}}}"#),
    ] {
        is_gap(&[(name, text)], name);
    }
    // npm keeps such entries of what is optional and was never installed.
    let stub = r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"optional": true}}}"#;
    Tree::of(&[("package-lock.json", stub)]).scan(&[]).exits(0);
}

#[test]
fn what_stands_twice_or_in_another_shape_is_not_covered() {
    let pnpm =
        "lockfileVersion: '9.0'\nimporters: {}\npackages:\n  a@1.0.0:\n    resolution: {}\nsnapshots:\n  a@1.0.0: {}\n";
    for (name, text) in [
        ("package.json", "[]"),
        ("package.json", r#"{"dependencies": ["lodash"]}"#),
        ("package.json", r#"{"devDependencies": "lodash"}"#),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}, "packages": {}}"#,
        ),
        ("pnpm-lock.yaml", &format!("{pnpm}packages: {{}}\nsnapshots: {{}}\n")),
        ("go.mod", "module a\n\ngo 1.22\ntoolchain v1.22.1\n"),
        ("go.work", "go 1.22\ntoolchain banana\n"),
    ] {
        is_gap(&[(name, text)], name);
    }
    Tree::of(&[("go.mod", "module a\n\ngo 1.22\ntoolchain default\n")]).scan(&[]).exits(0);
}

#[test]
fn what_is_cut_off_behind_a_key_is_not_covered() {
    for (name, text) in [
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n"),
        ("uv.lock", "version = 1\n\n[[package]]\nname = \"attrs\"\n"),
    ] {
        is_gap(&[(name, text)], name);
    }
}

#[test]
fn pip_ends_a_comment_at_more_than_line_feeds() {
    is_gap(&[("requirements.txt", "# pins\rjinja2==2.10\n")], "a line end within a comment");
    is_gap(&[("requirements.txt", "attrs==1.0 # a\u{2028}jinja2==2.10\n")], "a line end within a comment");
    Tree::of(&[("requirements.txt", "# pins\r\nattrs==1.0 # a\r\n")]).scan(&[]).exits(0);
}
