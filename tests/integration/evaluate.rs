//! `osprey evaluate`, asked of services that know the facts of `fixtures/services`.

use std::path::Path;

use serde_json::Value;

use crate::services::{Services, World};
use crate::support::{Run, TODAY, Tree, run};

fn services() -> Services {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    Services::start(World::load(&fixtures.join("services"), &fixtures.join("bucket")))
}

fn evaluate(tree: &Tree, services: &Services, arguments: &[&str]) -> Run {
    let mut command = tree.asking(&[&["evaluate", "--today", TODAY], arguments].concat());
    run(command.envs(services.environment()))
}

/// The answers of the first checklist by the clause of the question.
fn answers(report: &Value) -> Vec<(String, String)> {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = report["checklists"][0]["items"].as_array().unwrap();
    items.iter().map(|item| (text(item, "clause"), text(item, "answer"))).collect()
}

#[test]
fn every_question_is_answered_and_the_policy_has_the_last_word() {
    let (tree, services) = (Tree::new(), services());
    let run = evaluate(&tree, &services, &["pkg:cargo/time@0.1.43", "-o", "json", "--profile", "greenfield"]).exits(1);
    let report = run.json();
    let answers = answers(&report);
    let of = |clause: &str| answers.iter().find(|(known, _)| known == clause).map(|(_, answer)| answer.as_str());
    assert_eq!(of("CG.vulns"), Some("no"));
    assert_eq!(of("CG.stability"), Some("no"));
    assert_eq!(of("CG.license"), Some("yes"));
    assert_eq!(of("CG.baseline"), Some("yours"));
    // Reviews are known and good, and nothing is known of its branches.
    assert_eq!(of("CG.repo"), Some("unknown"));
    // The rule about the scanned project has nothing to judge.
    let unknowns = report["unknowns"].as_array().unwrap();
    assert!(unknowns.iter().all(|unknown| unknown["rule"] != "project-scorecard"), "{unknowns:?}");
}

#[test]
fn a_name_that_nobody_knows_is_no_pass() {
    let (tree, services) = (Tree::new(), services());
    evaluate(&tree, &services, &["pkg:npm/no-such-thing-at-all"]).exits(3).says("is the name right?");
    evaluate(&tree, &services, &["pkg:pypi/reqeusts"]).exits(1).says("lookalike-name").says("requests");
    evaluate(&tree, &services, &["pkg:pypi/reqeusts", "--warn", "lookalike-name"]).exits(3);
    evaluate(&tree, &services, &["reqeusts"]).exits(2).complains("pkg:");
    evaluate(&tree, &services, &["pkg:pypi/flask", "-o", "sarif"]).exits(2).complains("SARIF");
}

#[test]
fn several_are_answered_in_the_order_in_which_they_are_named() {
    let (tree, services) = (Tree::new(), services());
    let purls = ["pkg:pypi/flask@1.0.2", "pkg:cargo/url@2.2.2", "pkg:npm/lodash@4.17.15", "pkg:pypi/flask@1.0.2"];
    let text = evaluate(&tree, &services, &purls).stdout;
    let asked: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("May we add ")).collect();
    assert_eq!(asked, ["pkg:pypi/flask@1.0.2?", "pkg:cargo/url@2.2.2?", "pkg:npm/lodash@4.17.15?"]);
}

#[test]
fn without_a_version_the_newest_is_judged_and_it_comes_from_no_file() {
    let (tree, services) = (Tree::new(), services());
    let run = evaluate(&tree, &services, &["pkg:npm/express"]);
    let run = run.says("May we add pkg:npm/express@5.2.1?").says("looked at: 1 package (1 npm)");
    run.hides(" in 1 file");
}
