//! The commands beside `scan`.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::support::{Tree, bad, bucket, cargo_lock, clean, index, make_index, package_lock, run};

/// A `Cargo.lock` of layers, in which every package of one needs every package of the next.
fn layered(layers: usize, width: usize) -> String {
    let mut lock = "version = 4\n".to_owned();
    let names = |layer: usize| (0..width).map(move |at| format!("layer{layer}-{at}"));
    let needs = |layer: usize| names(layer).map(|name| format!(" \"{name}\",\n")).collect::<String>();
    write!(lock, "\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n{}]\n", needs(0)).unwrap();
    for layer in 0..layers {
        let next =
            if layer + 1 < layers { format!("dependencies = [\n{}]\n", needs(layer + 1)) } else { String::new() };
        for name in names(layer) {
            let source = "registry+https://github.com/rust-lang/crates.io-index";
            write!(lock, "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n{next}")
                .unwrap();
        }
    }
    lock
}

#[test]
fn why_shows_the_paths_shortest_first() {
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\na = \"1\"\n";
    let mut lock = cargo_lock(&[("a", "1.0.0")]);
    let of = |name: &str, needs: &str| {
        let source = "registry+https://github.com/rust-lang/crates.io-index";
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\ndependencies = [{needs}]\n"
        )
    };
    lock = lock.replace("[\"a\"]", "[\"a\", \"b\"]") + &of("b", "\"c\"") + &of("c", "\"d\"") + &of("d", "\"b\"");
    lock = lock
        .replace("name = \"a\"\nversion = \"1.0.0\"\n", "name = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"d\"]\n");
    let tree = Tree::of(&[("Cargo.lock", &lock), ("Cargo.toml", manifest)]);
    let out = tree.run(&["why", "d"]).exits(0).stdout;
    let paths: Vec<&str> = out.lines().filter(|line| line.contains('›')).map(str::trim).collect();
    assert_eq!(paths, ["app 0.1.0 › a 1.0.0 › d 1.0.0", "app 0.1.0 › b 1.0.0 › c 1.0.0 › d 1.0.0"], "{out}");
    tree.run(&["why", "d", "--max", "1"]).exits(0).says("and 1 more");
    tree.run(&["why", "d@1.0.0"]).exits(0).says("a 1.0.0 › d 1.0.0");
    tree.run(&["why", "pkg:cargo/d@1.0.0"]).exits(0).says("a 1.0.0 › d 1.0.0");
    tree.run(&["why", "a"]).exits(0).says("direct").says("asked for in Cargo.toml:5");
    tree.run(&["why", "b"]).exits(0).says("app 0.1.0 › b 1.0.0");
}

#[test]
fn why_names_the_nearest_where_there_is_none() {
    let tree = Tree::of(&[("Cargo.lock", &bad())]);
    tree.run(&["why", "smalvec"]).exits(2).complains("did you mean \"smallvec\"?");
    tree.run(&["why", "smallvec@9.9.9"]).exits(2).complains("smallvec");
    tree.run(&["why", "quite-another"]).exits(2).complains("no package \"quite-another\"");
    tree.run(&["why", "smallvec", "none"]).exits(2).complains("none");
    let scoped = Tree::of(&[("package-lock.json", &package_lock(&[("@types/node", "20.0.0")]))]);
    scoped.run(&["why", "@types/node"]).exits(0).says("@types/node 20.0.0");
    scoped.run(&["why", "@types/node@20.0.0"]).exits(0).says("@types/node 20.0.0");
    // Names are looked up as their ecosystem spells them.
    Tree::of(&[("requirements.txt", "Jinja2==2.10\n")]).run(&["why", "JINJA2"]).exits(0).says("jinja2 2.10");
}

#[test]
fn why_counts_paths_beyond_counting() {
    // Ten thousand packages in layers of ten: 10^1000 paths.
    let tree = Tree::of(&[("Cargo.lock", &layered(1000, 10))]);
    let run = tree.run(&["why", "layer999-9"]).exits(0).says("and at least").says("more");
    assert!(run.took < Duration::from_secs(20), "{:?}", run.took);
    // 10^12 paths, exactly.
    let tree = Tree::of(&[("Cargo.lock", &layered(13, 10))]);
    let run = tree.run(&["why", "layer12-9"]).exits(0).says("and 999999999990 more");
    assert_eq!(run.stdout.matches('›').count(), 10 * 13);
    assert!(run.took < Duration::from_secs(5), "{:?}", run.took);
    tree.run(&["why", "layer12-9", "--max", "3"]).exits(0).says("and 999999999997 more");
    tree.run(&["why", "layer12-9", "--max", "0"]).exits(0);
}

#[test]
fn explain_knows_rules_and_advisories() {
    let tree = Tree::new();
    let db = index().to_str().unwrap();
    let out = tree.run(&["list", "rules"]).exits(0).stdout;
    let ids: Vec<&str> = out.lines().skip(1).map(|line| line.split(' ').next().unwrap()).collect();
    assert!(ids.len() > 3);
    for id in ids {
        // No index is needed for what is built in.
        tree.run(&["explain", id]).exits(0).says(id).says("What to do:").says("Guidance:");
    }
    let by_alias = tree.run(&["explain", "cve-2020-26235", "--db", db]).exits(0);
    let by_alias = by_alias.says("RUSTSEC-2020-0071: Potential segfault").says("fixed 0.2.23").says("medium");
    assert_eq!(by_alias.stdout, tree.run(&["explain", "RUSTSEC-2020-0071", "--db", db]).stdout);
    tree.run(&["explain", "CVE-1999-0001", "--db", db]).exits(2).complains("crates.io");
    tree.run(&["explain", "known-vulnerabilty"]).exits(2).complains("osprey list rules");
}

#[test]
fn lists_are_tables_of_what_is_built_in() {
    let tree = Tree::new();
    tree.run(&["list", "rules"]).exits(0).says("known-vulnerability").says("malicious-package");
    tree.run(&["list", "parsers"]).exits(0).says("cargo-lock").says("Cargo.lock").says("requirements");
    tree.run(&["list", "formats"]).exits(0).says("text").says("json").says("sarif");
    for table in ["rules", "clauses", "parsers", "formats"] {
        let markdown = tree.run(&["list", table, "--markdown"]).exits(0).stdout;
        let columns: Vec<usize> = markdown.lines().map(|line| line.replace("\\|", "").matches('|').count()).collect();
        assert!(columns.len() > 2 && columns.iter().all(|&count| count == columns[0]), "{markdown}");
        assert_eq!(markdown.lines().count() - 1, tree.run(&["list", table]).stdout.lines().count());
    }
    tree.run(&["list", "nonsense"]).exits(2);
}

#[test]
fn an_index_is_made_shown_and_verified() {
    let tree = Tree::new();
    tree.run(&["db", "status"]).exits(2).complains("osprey db update");
    tree.run(&["db", "verify"]).exits(2);
    bucket(&tree.path("osv"), &[]);
    tree.run(&["db", "update", "--from", "osv"]).exits(2);
    tree.run(&["db", "update", "--from", "none"]).exits(2).complains("none");
    tree.run(&["db", "update", "--as-of", "2026-11-01"]).exits(2).complains("--as-of is for folders");
    fs::copy(index().join("advisories.osprey"), tree.path("advisories.osprey")).unwrap();
    let status = tree.run(&["db", "status", "--db", "."]).exits(0).says("crates.io").says("2026-11-01");
    let status = status.says("GHSA-broken").says("npm");
    assert!(status.stderr.is_empty());
    tree.run(&["db", "verify", "--db", "."]).exits(0).says("every page is as it was written");
}

#[test]
fn an_update_that_fails_leaves_the_index() {
    let tree = Tree::new();
    fs::create_dir(tree.path("db")).unwrap();
    fs::copy(index().join("advisories.osprey"), tree.path("db/advisories.osprey")).unwrap();
    let before = fs::read(tree.path("db/advisories.osprey")).unwrap();
    fs::create_dir(tree.path("empty")).unwrap();
    tree.run(&["db", "update", "--from", "empty", "--db", "db"]).exits(2);
    assert_eq!(fs::read(tree.path("db/advisories.osprey")).unwrap(), before);
    tree.run(&["db", "verify", "--db", "db"]).exits(0);
}

#[test]
fn an_update_may_be_narrowed_and_dated() {
    let tree = Tree::new();
    let record = |id, ecosystem| crate::support::Record {
        id,
        ecosystem,
        name: "a",
        introduced: "0",
        fixed: None,
        aliases: &[],
        cvss: None,
        summary: "s",
    };
    bucket(&tree.path("osv"), &[record("GHSA-1", "npm"), record("PYSEC-1", "PyPI")]);
    let narrow = ["db", "update", "--from", "osv", "--db", "db", "--ecosystem", "npm", "--as-of", "2026-11-20"];
    tree.run(&narrow).exits(0).says("2026-11-20").hides("PyPI");
    tree.run(&["db", "update", "--from", "osv", "--db", "db", "--ecosystem", "Npm"]).exits(2).complains("npm");
    tree.run(&["db", "update", "--from", "osv", "--db", "db", "--as-of", "soon"]).exits(2).complains("2026-11-22");
    make_index(&tree.path("osv"), &tree.path("db"));
    tree.run(&["db", "status", "--db", "db"]).exits(0).says("npm").says("PyPI");
}

#[test]
fn an_index_that_is_not_whole_is_refused() {
    let whole = fs::read(index().join("advisories.osprey")).unwrap();
    let tree = Tree::of(&[("t/Cargo.lock", &bad())]);
    let with = |bytes: &[u8]| {
        fs::create_dir_all(tree.path("db")).unwrap();
        fs::write(tree.path("db/advisories.osprey"), bytes).unwrap();
    };
    let mut foreign = whole.clone();
    foreign[..8].copy_from_slice(b"SQLite f");
    let mut older = whole.clone();
    older[8] = older[8].wrapping_sub(1);
    let cases: [(&str, &[u8]); 6] = [
        ("cut", &whole[..whole.len() - 1]),
        ("cut to a page", &whole[..8192]),
        ("foreign", &foreign),
        ("of an older format", &older),
        ("empty", b""),
        ("garbage", b"garbage"),
    ];
    for (what, bytes) in cases {
        with(bytes);
        for command in [&["db", "status", "--db", "db"][..], &["db", "verify", "--db", "db"]] {
            let out = tree.run(command);
            assert_eq!(out.code, Some(2), "{what}: {}", out.stderr);
            assert!(out.stderr.contains("osprey db update"), "{what}: it says what to do: {}", out.stderr);
        }
        let scanned = tree.run(&["scan", "t", "--db", "db", "--today", "2026-11-05"]);
        assert_eq!(scanned.code, Some(3), "{what}: {}", scanned.stdout);
    }
    // An altered byte anywhere is found by `verify`, and a scan either does not need it or says so.
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut altered = whole.clone();
        altered[at] ^= 0x20;
        with(&altered);
        let verified = tree.run(&["db", "verify", "--db", "db"]);
        assert_eq!(verified.code, Some(2), "byte {at}: {}", verified.stdout);
        let code = tree.run(&["scan", "t", "--db", "db", "--today", "2026-11-05"]).code;
        assert!(code == Some(1) || code == Some(3), "byte {at}: {code:?}");
    }
}

#[test]
fn shells_and_manuals_get_what_they_want() {
    let tree = Tree::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        tree.run(&["completions", shell]).exits(0).says("osprey").says("exit-zero");
    }
    tree.run(&["completions", "tcsh"]).exits(2);
    let manual = tree.run(&["man"]).exits(0).says(".TH osprey 1").says("Exit codes").stdout.replace("\\-", "-");
    for page in ["osprey-scan", "osprey-db", "osprey-db-update", "osprey-why", "osprey-explain", "osprey-list"] {
        assert!(manual.contains(&format!(".TH {page} 1")), "a page that is named is there: {page}");
    }
    assert!(manual.contains("--allow-incomplete"), "{manual}");
    tree.run(&["--version"]).exits(0).says(concat!("osprey ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_of_the_help_works() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    let help = tree.run(&["--help"]).exits(0).says("Exit codes of `scan`").stdout;
    let commands = help.split_once("Commands:").unwrap().1.split_once("Options:").unwrap().0;
    let names: Vec<&str> = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty() && *name != "help").collect();
    let all = "scan baseline evaluate db cache exception policy why explain list completions man";
    assert_eq!(names.join(" "), all);
    for name in names {
        tree.run(&[name, "--help"]).exits(0).says("Usage:");
        tree.run(&["help", name]).exits(0);
    }
    for name in ["update", "status", "verify"] {
        tree.run(&["db", name, "--help"]).exits(0).says("--db");
    }
}

#[test]
fn the_environment_says_where_the_index_is() {
    let tree = Tree::of(&[("Cargo.lock", &bad())]);
    run(tree.command(&["scan", "--today", "2026-11-05"]).env("OSPREY_DB", index())).exits(1);
    run(tree.command(&["explain", "CVE-2020-26235"]).env("OSPREY_DB", index())).exits(0);
    // A flag says it louder.
    run(tree.command(&["scan", "--db", "none", "--today", "2026-11-05"]).env("OSPREY_DB", index())).exits(3);
}

#[test]
fn what_a_rejected_record_says_is_escaped() {
    let tree = Tree::new();
    // A bucket without a record that can be read still says what it could not take.
    let broken = "{\"id\": \"GHSA-broken\", \"modified\": \"2026-11-01T00:00:00Z\",
        \"affected\": [{\"package\": {\"ecosystem\": \"npm\", \"name\": \"a\\u202eb\\r\\n::error::c\"}, \"ranges\": 1}]}";
    let tree = tree.file("osv/ecosystems.txt", "npm\n").file("osv/npm/GHSA-broken.json", broken);
    let out =
        tree.run(&["db", "update", "--from", "osv", "--db", "db"]).exits(0).says("records that could not be taken: 1");
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!out.stdout.contains(bad) && !out.stdout.contains("\n::error"), "{:?}", out.stdout);
    assert!(out.stdout.contains("(a\u{fffd}b"), "{:?}", out.stdout);
}
