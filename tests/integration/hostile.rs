//! Trees made to do harm: whatever they hold, the program ends in time with a code of the table, and what it prints is
//! text.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::support::{Run, Tree, bad, cargo_lock, clean, package_lock};

/// Longer than any of these runs may take in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// That a run over hostile input ended as a run over any other.
#[track_caller]
fn tame(run: Run) -> Run {
    let code = run.code.unwrap_or_else(|| panic!("ended by a signal: {}", run.stderr));
    assert!([0, 1, 2, 3, 4].contains(&code), "exit {code}: {}", run.stderr);
    assert!(run.took < PATIENCE, "took {:?}", run.took);
    for (name, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(control), "{name} holds a control character: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("::")), "{name} holds a workflow command: {text}");
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        assert!(!text.contains(turns), "{name} holds text that changes direction: {text:?}");
    }
    run
}

/// Scans a tree in every format; the last is the text.
#[track_caller]
fn survive(tree: &Tree) -> Run {
    tame(tree.scan(&["-o", "sarif"])).json();
    tame(tree.scan(&["-o", "json"])).json();
    tame(tree.scan(&["--verbose"]))
}

#[test]
fn json_that_nests_deep_is_refused() {
    let open = "{\"packages\":".repeat(200_000);
    survive(&Tree::of(&[("package-lock.json", &open)])).exits(3);
    survive(&Tree::of(&[("package-lock.json", &"[".repeat(1_000_000))])).exits(3);
    let whole = format!("{}{}", "{\"dependencies\":{\"a\":".repeat(50_000), "}}".repeat(50_000));
    survive(&Tree::of(&[(
        "package-lock.json",
        &format!("{{\"lockfileVersion\":1,\"dependencies\":{{\"a\":{whole}}}}}"),
    )]))
    .exits(3);
    survive(&Tree::of(&[("bun.lock", &open), ("Pipfile.lock", &open), ("package.json", &open)])).exits(3);
}

#[test]
fn toml_that_nests_deep_is_refused() {
    for name in
        ["Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Cargo.toml", "pyproject.toml", "Pipfile"]
    {
        let arrays = format!("version = 4\nx = {}", "[".repeat(200_000));
        let tables = format!("version = 4\nx = {}", "{a=".repeat(200_000));
        let dotted = format!("version = 4\n{}z = 1\n", "a.".repeat(100_000));
        let headed = format!("version = 4\n[{}z]\nx = 1\n", "a.".repeat(100_000));
        for text in [arrays, tables, dotted, headed] {
            tame(Tree::of(&[(name, &text)]).scan(&[])).hides("PASS: nothing is denied.\nlooked at: 1");
        }
    }
}

#[test]
fn a_policy_that_nests_deep_is_refused() {
    for text in [format!("x = {}", "[".repeat(200_000)), format!("[{}z]", "a.".repeat(100_000))] {
        tame(Tree::of(&[("Cargo.lock", &clean()), ("osprey.toml", &text)]).scan(&[])).exits(2);
    }
}

#[test]
fn yaml_that_nests_deep_is_refused() {
    for name in ["pnpm-lock.yaml", "yarn.lock"] {
        let head = if name == "yarn.lock" { "__metadata:\n  version: 8\n" } else { "lockfileVersion: '9.0'\n" };
        let flow = format!("{head}packages: {}", "[".repeat(200_000));
        let mut block = head.to_owned();
        for depth in 0..3_000 {
            writeln!(block, "{}a:", " ".repeat(depth)).unwrap();
        }
        let keys = format!("{head}{}", "? ".repeat(100_000));
        for text in [flow, block] {
            survive(&Tree::of(&[(name, &text)])).exits(3);
        }
        survive(&Tree::of(&[(name, &keys)]));
    }
}

#[test]
fn yaml_aliases_do_not_expand() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let pnpm = format!("lockfileVersion: '9.0'\n{bomb}packages: *a29\nsnapshots: *a29\nimporters: {{'.': *a29}}\n");
    survive(&Tree::of(&[("pnpm-lock.yaml", &pnpm)])).exits(3);
    let berry = format!("__metadata:\n  version: 8\n{bomb}\"a@npm:1\":\n  version: *a29\n  dependencies: *a29\n");
    survive(&Tree::of(&[("yarn.lock", &berry)])).exits(3);
    let own = "lockfileVersion: '9.0'\npackages: &p\n  a@1.0.0: *p\n";
    survive(&Tree::of(&[("pnpm-lock.yaml", own)])).exits(3);
}

#[test]
fn a_line_of_60_megabytes_is_read_or_refused() {
    let long = "x".repeat(60 << 20);
    let toml = format!("version = 4\n# {long}\n[[package]]\nname = \"itoa\"\nversion = \"1.0.11\"\n");
    tame(Tree::of(&[("Cargo.lock", &toml)]).scan(&[]));
    tame(Tree::of(&[("requirements.txt", &long)]).scan(&[]));
}

#[test]
fn a_line_of_100_megabytes_is_over_the_bound() {
    let tree = Tree::of(&[("package-lock.json", &format!("{{\"a\": \"{}\"}}", "x".repeat(100 << 20)))]);
    tame(tree.scan(&[])).exits(3).says("64 MiB");
}

#[test]
fn bytes_that_are_no_text_are_said() {
    for name in
        ["Cargo.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "requirements.txt", "go.mod"]
    {
        let tree = Tree::new().file(name, b"version = 4\n\xff\xfe\x00\x80");
        survive(&tree).exits(3).says(name);
    }
    let tree = Tree::of(&[("Cargo.lock", &clean())]).file("osprey.toml", b"version = 1 # \xff\n");
    tame(tree.scan(&[])).exits(2).complains("osprey.toml");
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_loop_of_links_ends() {
        let tree = Tree::of(&[("a/Cargo.lock", &clean())]);
        symlink(tree.path("a"), tree.path("a/again")).unwrap();
        symlink("..", tree.path("a/up")).unwrap();
        symlink("Cargo.lock", tree.path("a/x")).unwrap();
        symlink("package-lock.json", tree.path("package-lock.json")).unwrap();
        let run = survive(&tree);
        assert_eq!(run.stdout.matches("1 package in 1 file").count(), 1, "{}", run.stdout);
    }

    #[test]
    fn nothing_outside_of_the_root_is_read() {
        let outside = Tree::of(&[
            ("Cargo.lock", &cargo_lock(&[("secretcrate", "1.0.0")])),
            ("requirements.txt", "secretpip==1.0\n"),
            ("Cargo.toml", "[package]\nname = \"secretproject\"\n"),
        ]);
        let tree = Tree::of(&[
            ("ok/Cargo.lock", &clean()),
            (
                "py/requirements.txt",
                "-r linked/requirements.txt\n-r linked.txt\n-r ../../../../../../etc/passwd\n-c /etc/passwd\n",
            ),
            ("lone/Cargo.lock", &clean()),
        ]);
        fs::create_dir(tree.path("file")).unwrap();
        symlink(outside.path("Cargo.lock"), tree.path("file/Cargo.lock")).unwrap();
        symlink(outside.root(), tree.path("folder")).unwrap();
        symlink(outside.root(), tree.path("py/linked")).unwrap();
        symlink(outside.path("requirements.txt"), tree.path("py/linked.txt")).unwrap();
        symlink(outside.path("Cargo.toml"), tree.path("lone/Cargo.toml")).unwrap();
        for format in ["text", "json", "sarif"] {
            tame(tree.scan(&["--verbose", "-o", format])).exits(3).hides("secret").hides("root:");
        }
        let ledger = tree.scan(&["-o", "json"]).ledger();
        assert!(ledger.contains(&"file/Cargo.lock cargo-lock failed".to_owned()), "{ledger:?}");
        assert!(!ledger.iter().any(|row| row.starts_with("folder/")), "{ledger:?}");
    }

    #[test]
    fn a_link_inside_of_the_root_is_read() {
        let tree = Tree::of(&[("real.lock", &bad())]);
        fs::create_dir(tree.path("a")).unwrap();
        symlink("../real.lock", tree.path("a/Cargo.lock")).unwrap();
        tree.scan(&[]).exits(1).says("a/Cargo.lock");
    }

    #[test]
    fn a_policy_or_a_gitignore_behind_a_link_does_not_count() {
        let outside = Tree::of(&[
            ("osprey.toml", "version = 1\n[rules]\nknown-vulnerability = \"allow\"\n"),
            ("ignore", "Cargo.lock\n"),
        ]);
        let tree = Tree::of(&[("Cargo.lock", &bad())]);
        symlink(outside.path("osprey.toml"), tree.path("osprey.toml")).unwrap();
        symlink(outside.path("ignore"), tree.path(".gitignore")).unwrap();
        tame(tree.scan(&[])).exits(1).says("policy: brownfield, built into the program");
    }

    #[test]
    fn a_report_is_never_written_through_a_link_that_lies_beside_it() {
        let outside = Tree::of(&[("precious", "precious")]);
        let tree = Tree::of(&[("Cargo.lock", &clean())]);
        symlink(outside.path("precious"), tree.path("report.json.new")).unwrap();
        tree.scan(&["-o", "json=report.json"]).exits(0);
        assert_eq!(fs::read_to_string(outside.path("precious")).unwrap(), "precious");
        assert!(fs::symlink_metadata(tree.path("report.json")).unwrap().is_file());
    }

    /// A pipe that nobody writes to; opening it would wait for ever.
    fn pipe(tree: &Tree, path: &str) {
        let path = tree.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn pipes_and_folders_with_names_of_files_hang_nothing() {
        for name in ["Cargo.lock", "package-lock.json", "requirements.txt", "go.mod"] {
            let tree = Tree::of(&[("ok/Cargo.lock", &clean())]);
            pipe(&tree, name);
            survive(&tree).exits(3).says(name);
            tame(tree.scan(&[name])).exits(3);
            let folder = Tree::of(&[("ok/Cargo.lock", &clean()), (&format!("{name}/x"), "")]);
            survive(&folder).exits(0);
        }
        let tree = Tree::of(&[("Cargo.lock", &bad()), ("requirements.txt", "-r pipe.txt\n")]);
        for name in
            [".git/index", ".git/HEAD", ".git/packed-refs", ".gitignore", "osprey.toml", "pipe.txt", "Cargo.toml"]
        {
            pipe(&tree, name);
        }
        survive(&tree).exits(1);
    }

    #[test]
    fn a_head_that_is_a_pipe_or_a_link_tells_nothing() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let outside = Tree::of(&[("HEAD", commit)]);
        let tree = Tree::of(&[("Cargo.lock", &clean()), (".git/x", "")]);
        symlink(outside.path("HEAD"), tree.path(".git/HEAD")).unwrap();
        tame(tree.scan(&["-o", "json"])).exits(0).hides(commit);
        let tree = Tree::of(&[("Cargo.lock", &clean()), (".git/HEAD", "ref: refs/heads/main")]);
        pipe(&tree, ".git/refs/heads/main");
        tame(tree.scan(&["-o", "json"])).exits(0);
    }

    #[test]
    fn names_of_files_are_escaped() {
        let names =
            ["new\nline", "re\r\n::error file=x::y", "esc\u{1b}[31mred\u{1b}]0;title\u{7}", "bi\u{202e}di", "=1+1"];
        for name in names {
            let tree = Tree::of(&[(&format!("{name}/Cargo.lock"), &bad()), (&format!("{name}/Gemfile.lock"), "GEM\n")]);
            survive(&tree).exits(1);
            tame(tree.scan(&[name])).exits(1);
            tame(tree.run(&["why", "smallvec", name])).exits(0);
            tame(tree.run(&["scan", &format!("{name}/none")])).exits(2);
        }
        let raw = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"bad\xffname");
        let tree = Tree::new();
        fs::create_dir(tree.root().join(raw)).unwrap();
        fs::write(tree.root().join(raw).join("Cargo.lock"), bad()).unwrap();
        let run = survive(&tree);
        assert!(run.code == Some(1) || run.code == Some(3), "it is read, or said not to be: {}", run.stdout);
    }
}

#[test]
fn names_of_packages_are_escaped() {
    let names = [
        "a\\u001b[2J",
        "b\\r\\n::error::owned",
        "c\\u202Ed",
        "=cmd|' /C calc'!A0",
        "@x/y\\u0000",
        "<img src=x onerror=alert(1)>",
    ];
    let mut text = "{\"lockfileVersion\": 3, \"packages\": {\"\": {\"name\": \"w\"}".to_owned();
    for name in names {
        let git = "git+ssh://git@host.example/x.git#0123456789abcdef0123456789abcdef01234567";
        write!(text, ", \"node_modules/{name}\": {{\"version\": \"1.0.0{name}\", \"resolved\": \"{git}\"}}").unwrap();
    }
    text += "}}";
    let tree = Tree::of(&[("package-lock.json", &text)]);
    survive(&tree);
    tame(tree.run(&["why", "=cmd|' /C calc'!A0"]));
    tame(tree.run(&["why", "\u{1b}[31m"])).exits(2);
    let pip = "a==1 --hash=sha256:\u{1b}[2J\nb @ https://host.example/\u{1b}[31m.whl\n\u{1b}]0;x\u{7}\n::error::x\n";
    survive(&Tree::of(&[("requirements.txt", pip)])).exits(3);
}

#[test]
fn mistakes_of_a_policy_are_escaped() {
    for text in [
        "\"a\\u001b[31m\" = 1\n",
        "\"\\r\\n::error::x\" = 1\n",
        "extends = \"\\u202egreen\"\n",
        "\u{1b}[31m\n",
        "x = \u{202e}\n",
    ] {
        tame(Tree::of(&[("Cargo.lock", &clean()), ("osprey.toml", text)]).scan(&[])).exits(2);
    }
}

#[test]
fn many_packages_take_linear_time() {
    let name = |at: usize| format!("package-{at}");
    let mut cargo = "version = 4\n".to_owned();
    for at in 0..50_000 {
        let source = "registry+https://github.com/rust-lang/crates.io-index";
        let next = if at + 1 < 50_000 { format!("dependencies = [\"{}\"]\n", name(at + 1)) } else { String::new() };
        write!(cargo, "\n[[package]]\nname = \"{}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n{next}", name(at))
            .unwrap();
    }
    let tree = Tree::of(&[("Cargo.lock", &cargo)]);
    tame(tree.scan(&[])).exits(0).says("50000 packages");
    tame(tree.run(&["why", "package-49999"])).exits(0);
    let names: Vec<String> = (0..50_000).map(name).collect();
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    tame(Tree::of(&[("package-lock.json", &package_lock(&packages))]).scan(&[])).exits(0).says("50000 packages");
    let pip: String = names.iter().map(|name| format!("{name}==1.0.0\n")).collect();
    tame(Tree::of(&[("requirements.txt", &pip)]).scan(&[])).exits(0).says("50000 packages");
}

#[test]
fn many_findings_take_linear_time() {
    let lock: Vec<String> = (0..3_000).map(|at| format!("4.{at}.0")).collect();
    let packages: Vec<(&str, &str)> = lock.iter().map(|version| ("smallvec", version.as_str())).collect();
    let low: Vec<String> = (0..3_000).map(|at| format!("0.0.{at}")).collect();
    let hit: Vec<(&str, &str)> = low.iter().map(|version| ("smallvec", version.as_str())).collect();
    tame(Tree::of(&[("Cargo.lock", &cargo_lock(&packages))]).scan(&[]));
    tame(Tree::of(&[("Cargo.lock", &cargo_lock(&hit))]).scan(&["-o", "json"])).exits(1);
}

#[test]
fn gitignores_made_to_cost_time_cost_little() {
    let mut globs = String::new();
    for at in 0..20_000 {
        writeln!(globs, "**/*a*b*{at}*/**/x{{{at},y}}").unwrap();
    }
    let stars = format!("{}\n", "*a".repeat(2_000));
    let braces = format!("{}x{}\n", "{".repeat(2_000), "}".repeat(2_000));
    let mut tree = Tree::of(&[("Cargo.lock", &bad()), ("s/.gitignore", &stars), ("b/.gitignore", &braces)]);
    tree = tree.file(".gitignore", &globs);
    for at in 0..200 {
        tree = tree.file(&format!("d{at}/{}/Cargo.lock", "a".repeat(200)), clean());
    }
    tame(tree.scan(&[])).exits(1);
    let huge = Tree::of(&[("Cargo.lock", &bad()), (".gitignore", &"x".repeat(50 << 20))]);
    tame(huge.scan(&[])).exits(1);
}

#[test]
fn folders_that_nest_deep_are_said() {
    let deep = vec!["d"; 200].join("/");
    let tree = Tree::of(&[(&format!("{deep}/Cargo.lock"), &clean()), ("Cargo.lock", &clean())]);
    tame(tree.scan(&[])).exits(3).says("deeper than 128");
}

#[test]
fn a_git_index_of_garbage_is_said_and_harmless() {
    for garbage in [&b"DIRC\0\0\0\x02\xff\xff\xff\xff"[..], b"", b"garbage", b"DIRC\0\0\0\x09\0\0\0\x01"] {
        let tree = Tree::of(&[("Cargo.lock", &bad())]).file(".git/index", garbage);
        let run = tame(tree.scan(&["-o", "json"])).exits(1);
        assert!(run.stdout.contains("git's index"), "{}", run.stdout);
    }
    // An index may name any path.
    for name in [
        "/etc/Cargo.lock",
        "../Cargo.lock",
        "a/../../Cargo.lock",
        "//Cargo.lock",
        "./Cargo.lock",
        "Cargo.lock/",
        "\u{1b}/Cargo.lock",
    ] {
        let mut entry = vec![0; 60];
        entry.extend_from_slice(&u16::try_from(name.len()).unwrap().to_be_bytes());
        entry.extend_from_slice(name.as_bytes());
        entry.resize((entry.len() + 8) / 8 * 8, 0);
        let index = [&b"DIRC\0\0\0\x02\0\0\0\x01"[..], &entry].concat();
        let tree = Tree::of(&[("in/Cargo.lock", &bad())]).file("in/.git/index", index).file("Cargo.lock", clean());
        survive_in(&tree, "in").exits(1);
        tame(tree.scan(&["in", "--exclude", "nothing"])).exits(1);
    }
}

#[track_caller]
fn survive_in(tree: &Tree, path: &str) -> Run {
    let run = tame(tree.scan(&[path, "-o", "json"]));
    assert!(!run.stdout.contains("itoa"), "a file outside of the root was read: {}", run.stdout);
    run
}

#[test]
fn a_policy_that_is_too_large_is_refused_unread() {
    let tree = Tree::of(&[("Cargo.lock", &clean())]);
    fs::File::create(tree.path("osprey.toml")).unwrap().set_len(8 << 30).unwrap();
    tame(tree.scan(&[])).exits(2).complains("at most");
}

#[test]
fn requirements_that_include_each_other_cost_little() {
    let mut tree = Tree::new();
    for at in 0..60 {
        let lines: String = (0..100).map(|line| format!("p{at}-{line}==1.0\n")).collect();
        let next = (at + 1) % 60;
        tree = tree.file(&format!("d{at}/requirements.txt"), format!("{lines}-r ../d{next}/requirements.txt\n"));
    }
    tame(tree.scan(&[]));
    let mut fan = Tree::new();
    let every: String = (0..60).map(|at| format!("-r requirements-{at}.txt\n")).collect();
    for at in 0..60 {
        fan = fan.file(&format!("requirements-{at}.txt"), format!("p{at}==1.0\n{every}"));
    }
    tame(fan.scan(&[]));
    // What many include is not read with every one of them.
    let mut heavy = Tree::of(&[("big/requirements.txt", &"# x\n".repeat(3 << 20))]);
    for at in 0..50 {
        heavy = heavy.file(&format!("u{at}/requirements.txt"), "-r ../big/requirements.txt\n");
    }
    tame(heavy.scan(&[])).exits(3).says("too large together");
}

#[test]
fn many_files_take_linear_time() {
    let mut tree = Tree::of(&[("Cargo.toml", "[workspace]\nmembers = [\"m/*\"]\n"), ("Cargo.lock", &clean())]);
    for at in 0..5_000 {
        let manifest = format!("[package]\nname = \"m{at}\"\nversion = \"0.1.0\"\n[dependencies]\nitoa = \"1\"\n");
        tree = tree.file(&format!("m/m{at}/Cargo.toml"), manifest);
    }
    tame(tree.scan(&[]));
}
