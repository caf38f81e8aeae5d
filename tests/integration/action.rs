//! The composite action of this repository: its file is right, and its script does what the file says.
//!
//! The script runs here as a runner would run it, with the program of this build where the action would build one.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use saphyr_parser::{Event, Parser};

use crate::history::Repository;
use crate::support::{Run, Tree, run};

/// The scalars of a YAML file by the keys and positions that lead to them, such as `runs.steps.0.run`.
fn scalars(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // Of every collection that is open: the key that waits for its value, or the position in a sequence.
    let mut open: Vec<(Option<usize>, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap();
        let key = match (&event, open.last_mut()) {
            (Event::Scalar(value, ..), Some((None, key @ None))) => {
                *key = Some(value.to_string());
                continue;
            }
            (Event::Scalar(..) | Event::MappingStart(..) | Event::SequenceStart(..), _) => path(&open),
            (Event::MappingEnd | Event::SequenceEnd, _) => {
                open.pop();
                after(&mut open);
                continue;
            }
            _ => continue,
        };
        match event {
            Event::Scalar(value, ..) => {
                assert!(found.insert(key.clone(), value.to_string()).is_none(), "{key} stands there twice");
                after(&mut open);
            }
            Event::MappingStart(..) => open.push((None, None)),
            _ => open.push((Some(0), None)),
        }
    }
    found
}

/// Where the next value stands.
fn path(open: &[(Option<usize>, Option<String>)]) -> String {
    let parts = open.iter().map(|(at, key)| at.map(|at| at.to_string()).or(key.clone()).unwrap_or_default());
    parts.collect::<Vec<_>>().join(".")
}

/// A value has ended.
fn after(open: &mut [(Option<usize>, Option<String>)]) {
    match open.last_mut() {
        Some((Some(at), _)) => *at += 1,
        Some((None, key)) => *key = None,
        None => {}
    }
}

fn action() -> BTreeMap<String, String> {
    scalars(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap())
}

/// What is given to the script: the variables of its step, by the inputs that fill them.
fn variables(action: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let of_env = action.iter().filter_map(|(key, value)| Some((key.strip_prefix("runs.steps.1.env.")?, value)));
    of_env
        .map(|(name, value)| {
            let input = value.strip_prefix("${{ inputs.").and_then(|value| value.strip_suffix(" }}")).unwrap();
            (input, name)
        })
        .collect()
}

/// Runs the script over a tree. Inputs that are not given have their defaults. Gives what it wrote as outputs, too.
fn act(tree: &Tree, inputs: &[(&str, &str)], environment: &[(&str, &str)]) -> (Run, String) {
    let action = action();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("osprey/release");
    fs::create_dir_all(&folder).unwrap();
    symlink(env!("CARGO_BIN_EXE_osprey"), folder.join("osprey")).unwrap();
    let outputs = place.path().join("outputs");
    fs::write(place.path().join("script"), &action["runs.steps.1.run"]).unwrap();

    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(place.path().join("script"));
    command.current_dir(tree.root()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("RUNNER_TEMP", place.path()).env("GITHUB_OUTPUT", &outputs).env("HOME", place.path());
    for (input, variable) in variables(&action) {
        let given = inputs.iter().find(|(name, _)| *name == input).map(|(_, value)| *value);
        command.env(variable, given.unwrap_or(&action[&format!("inputs.{input}.default")]));
    }
    let run = run(command.envs(environment.iter().copied()));
    (run, fs::read_to_string(outputs).unwrap_or_default())
}

#[test]
fn every_input_reaches_the_script_as_a_variable_and_no_other_way() {
    let action = action();
    let inputs: Vec<&str> =
        action.keys().filter_map(|key| key.strip_prefix("inputs.")?.strip_suffix(".description")).collect();
    let variables = variables(&action);
    assert_eq!(inputs, variables.keys().copied().collect::<Vec<_>>());
    for (key, script) in action.iter().filter(|(key, _)| key.ends_with(".run")) {
        assert!(!script.contains("${{"), "{key} has text of somebody else in it");
    }
    for variable in variables.values() {
        assert!(action["runs.steps.1.run"].contains(&format!("${variable}")), "{variable} is not used");
    }
    assert!(action["description"].contains("fetch-depth: 0"));
}

#[test]
fn the_script_uses_only_flags_that_there_are() {
    let action = action();
    let help = Tree::new().run(&["scan", "--help"]).exits(0).stdout;
    let known: Vec<&str> = help.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
    let script = &action["runs.steps.1.run"];
    let flags = script
        .split(|c: char| c != '-' && !c.is_ascii_alphanumeric())
        .filter(|word| word.strip_prefix("--").is_some_and(|name| !name.is_empty()));
    let mut seen = 0;
    for flag in flags {
        assert!(known.contains(&flag), "osprey scan has no {flag}");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} flags were found");
}

const VULNERABLE: &str = "[[package]]\nname = \"smallvec\"\nversion = \"0.6.13\"\n\
                          source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

#[test]
fn the_exit_code_is_kept_and_said() {
    let db = crate::support::index().to_str().unwrap();
    let today = format!("--today={}\n--offline\n\n--db={db}", crate::support::TODAY);
    let tree = Tree::of(&[("Cargo.lock", VULNERABLE)]);
    let (fails, outputs) = act(&tree, &[("args", &today), ("sarif", "a report.sarif")], &[]);
    fails.exits(1).says("smallvec 0.6.13");
    assert_eq!(outputs, "exit-code=1\nsarif=a report.sarif\n");
    assert!(tree.path("a report.sarif").is_file());

    let (passes, outputs) = act(&Tree::of(&[("go.mod", "module host.example/x\n")]), &[("args", &today)], &[]);
    passes.exits(0);
    assert_eq!(outputs, "exit-code=0\n");
}

#[test]
fn a_report_that_would_close_alerts_is_not_offered() {
    let none = Tree::new();
    let missing = format!("--offline\n--today={}\n--db={}", crate::support::TODAY, none.path("none").display());
    let tree = Tree::of(&[("Cargo.lock", VULNERABLE)]);
    let (incomplete, outputs) = act(&tree, &[("args", &missing), ("sarif", "osprey.sarif")], &[]);
    incomplete.exits(3);
    assert_eq!(outputs, "exit-code=3\n");
}

#[test]
fn a_pull_request_is_compared_with_the_branch_that_it_goes_to() {
    let Repository { tree, .. } = Repository::of(0, &[("Cargo.lock", VULNERABLE)]);
    let pull_request = [("GITHUB_BASE_REF", "release")];
    let (compared, _) = act(&tree, &[("args", "--offline")], &pull_request);
    compared.exits(2).complains("origin/release");
    let (named, _) = act(&tree, &[("args", "--offline"), ("since", "v1")], &pull_request);
    named.exits(2).complains("v1");
    let missing = format!("--offline\n--db={}", tree.path("none").display());
    let (alone, _) = act(&tree, &[("args", &missing), ("since", "none")], &pull_request);
    alone.exits(3);
}

#[test]
fn inputs_are_never_obeyed() {
    let tree = Tree::of(&[("Cargo.lock", VULNERABLE)]);
    let hostile = "$(touch obeyed)`touch obeyed`; touch obeyed #";
    for input in ["path", "policy", "profile", "since", "baseline", "args"] {
        let (run, outputs) = act(&tree, &[(input, hostile), ("args", "--offline")], &[]);
        run.exits(2);
        assert_eq!(outputs, "exit-code=2\n", "{input}");
    }
    act(&tree, &[("path", "--help")], &[]).0.exits(2);
    act(&tree, &[("sarif", "a\nexit-code=0")], &[]).0.exits(2);
    assert!(!tree.path("obeyed").exists());
}
