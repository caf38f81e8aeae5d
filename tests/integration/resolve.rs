//! `--resolve cargo`, on a workspace of folders alone, so that no registry is asked.

use serde_json::Value;

use crate::support::{Tree, run};

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"core-part\",\n \"extra\",\n]\n\n\
                    [[package]]\nname = \"core-part\"\nversion = \"0.3.0\"\n\n[[package]]\nname = \"extra\"\nversion = \"0.2.0\"\n";

fn tree() -> Tree {
    let part = |name: &str, version: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n\n[workspace]\n")
    };
    let app = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n\
               core-part = { path = \"../parts/core\", version = \"0.3\" }\n\
               extra = { path = \"../parts/extra\", optional = true }\n";
    Tree::of(&[
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\"]\nexclude = [\"parts\"]\n"),
        ("Cargo.lock", LOCK),
        ("app/Cargo.toml", app),
        ("app/src/lib.rs", ""),
        ("parts/core/Cargo.toml", &part("core-part", "0.3.0")),
        ("parts/core/src/lib.rs", ""),
        ("parts/extra/Cargo.toml", &part("extra", "0.2.0")),
        ("parts/extra/src/lib.rs", ""),
    ])
}

/// The report of a scan that may run the cargo that runs these tests.
fn scan(tree: &Tree, arguments: &[&str]) -> Value {
    let mut command = tree.command(&[&["scan", "-o", "json", "--allow-incomplete"], arguments].concat());
    command.env("CARGO", env!("CARGO"));
    for name in ["HOME", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    serde_json::from_str(&run(&mut command).stdout).unwrap()
}

fn kinds<'r>(report: &'r Value, name: &str) -> &'r Value {
    let package = report["packages"].as_array().unwrap().iter().find(|package| package["name"] == name).unwrap();
    &package["uses"][0]["kinds"]
}

#[test]
fn cargo_tells_what_default_features_bring_in() {
    let tree = tree();
    let refined = scan(&tree, &["--resolve", "cargo"]);
    let remarks = refined["diagnostics"].to_string();
    assert!(!remarks.contains("cargo metadata"), "{remarks}");
    assert_eq!(kinds(&refined, "core-part").to_string(), "[\"runtime\"]");
    assert_eq!(kinds(&refined, "extra").to_string(), "[\"optional\"]", "no default feature asks for it");
    let edges = refined["dependencies"].as_array().unwrap();
    assert_eq!(edges.len(), 1, "only what is resolved: {edges:?}");
    assert_eq!(edges[0]["requirement"], "^0.3");
}

#[test]
fn where_cargo_fails_the_lockfile_speaks() {
    let tree = tree().file(
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nnot-there = \"1\"\n",
    );
    let report = scan(&tree, &["--resolve", "cargo"]);
    assert!(report["diagnostics"].to_string().contains("judged by the lockfile alone"));
    assert_eq!(report["packages"].as_array().unwrap().len(), 3);
}
