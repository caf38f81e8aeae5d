//! Every rule over every fixture project, with the advisories of `fixtures/bucket`, in one snapshot: what a change makes
//! fire elsewhere shows here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use osprey::database::{Index, UpdateOptions, update};
use osprey::model::{Level, PolicyChange, PolicyOrigin, Report, Subject};
use osprey::policy::{BaselineFile, Policy, PolicyState, Profile, loosened, parse};
use osprey::rule::rules;
use osprey::scan::{Knowledge, Preference, Request, Selection, scan};
use osprey::source::{Client, SERVICES, Settings, address};

use crate::services::{Services, System, World};
use crate::support::offline;

const TODAY: Date = Date::constant(2026, 11, 22);

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The folders in a folder of `fixtures/`, sorted, relative to it.
fn folders(of: &str) -> Vec<String> {
    let entries = fs::read_dir(fixtures().join(of)).unwrap();
    let folders = entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| format!("{of}/{}", entry.file_name().to_str().unwrap())).collect();
    names.sort();
    names
}

/// Every fixture project.
fn projects() -> Vec<String> {
    let nested = ["parsers", "rules"].into_iter().flat_map(folders).flat_map(|folder| folders(&folder));
    std::iter::once("demo".to_owned()).chain(nested).collect()
}

/// The policy of a project: its own, else greenfield; with every rule at work, so that its data is asked for. The badge
/// service takes one question a second, so that its rule is at work in its own projects alone.
fn policy(project: &str) -> Policy {
    let path = fixtures().join(project).join("osprey.toml");
    let mut policy = match fs::read_to_string(&path) {
        Ok(text) => parse("osprey.toml", &text, PolicyOrigin::Tree, &rules(), TODAY).unwrap(),
        Err(_) => Policy::built_in(Profile::Greenfield, &rules()),
    };
    for rule in rules() {
        let is_slow = rule.id == "no-best-practices-badge" && !project.contains(rule.id);
        if policy.rules[rule.id].level == Level::Allow && !is_slow {
            policy.set_level(rule.id, Level::Warn).unwrap();
        }
    }
    policy
}

/// What the policy of a project loosens, where `was/` beside it holds an earlier one.
fn policy_changes(project: &Path) -> Vec<PolicyChange> {
    let state = |path: PathBuf| {
        let text = fs::read_to_string(path).ok()?;
        let policy = parse("osprey.toml", &text, PolicyOrigin::Tree, &rules(), TODAY).unwrap();
        Some(PolicyState::Read(Box::new(policy)))
    };
    let states = state(project.join("was/osprey.toml")).zip(state(project.join("osprey.toml")));
    let none = &BaselineFile::None;
    states.map_or(Vec::new(), |(was, now)| loosened((&was, none), (&now, none)))
}

/// A scan of a project as if it were a repository of its own.
fn scanned(project: &str, policy: &Policy, knowledge: Knowledge<'_>) -> Report {
    let path = fixtures().join(project);
    let changes = policy_changes(&path);
    let request = Request {
        selection: Selection { paths: vec![path.clone()], repo_root: Some(path), ..Selection::default() },
        policy,
        knowledge,
        today: TODAY,
        no_dev: false,
        resolve_cargo: false,
        since: None,
        baseline: None,
        policy_changes: &changes,
    };
    scan(&request, &|_| {}).unwrap()
}

/// Reports by project: advisories from an index of `fixtures/bucket`, everything else from services that know the facts of
/// `fixtures/services` and take every other package for healthy.
fn reports(projects: Vec<String>) -> BTreeMap<String, Report> {
    let folder = tempfile::tempdir().unwrap();
    let options = UpdateOptions { from: vec![fixtures().join("bucket")], ecosystems: Vec::new(), as_of: None };
    update(folder.path(), &options, &mut |_| {}).unwrap();
    let index = Index::open(folder.path()).unwrap();
    let mut world = World::load(&fixtures().join("services"), &fixtures().join("bucket"));
    let built_in = Policy::built_in(Profile::Brownfield, &rules());
    let mut packages = Vec::new();
    for project in &projects {
        let knowledge = Knowledge { index: Ok(&index), client: &offline(), preference: Preference::Index };
        for package in scanned(project, &built_in, knowledge).graph.packages {
            let system = System::of_ecosystem(package.id.ecosystem.osv_name());
            packages.extend(system.and_then(|system| Some((system, package.id.name, package.id.version?))));
        }
    }
    world.add_healthy(&packages, 1);
    let services = Services::start(world);
    let client = Client::new(Settings {
        online: true,
        bases: SERVICES.iter().map(|service| (service.id, base(&services, service))).collect(),
        cache: Some(folder.path().join("cache")),
        deadline: Duration::from_secs(60),
        now: "2026-11-22T09:00:00Z".parse().unwrap(),
    });
    let one = |project: String| {
        let of = |preference| {
            let knowledge = Knowledge { index: Ok(&index), client: &client, preference };
            scanned(&project, &policy(&project), knowledge)
        };
        let report = of(Preference::Index);
        let asked = of(Preference::Service);
        assert_eq!(lines(&project, &asked), lines(&project, &report), "{project}: the OSV API and the index differ");
        assert_eq!(asked.decisions, report.decisions, "{project}");
        (project, report)
    };
    projects.into_iter().map(one).collect()
}

/// Where the program finds a service among the local ones.
fn base(services: &Services, service: &osprey::source::Service) -> reqwest::Url {
    let environment = services.environment();
    let (_, text) = environment.iter().find(|(name, _)| *name == service.variable).unwrap();
    address(service, service.variable, text).unwrap()
}

/// A line for each finding.
fn lines(project: &str, report: &Report) -> Vec<String> {
    let line = |decision: &osprey::model::Decision| {
        let finding = &decision.finding;
        let subject = match &finding.subject {
            Subject::Package { package, .. } => report.graph.package(*package).id.label(),
            Subject::File(path) => path.to_string(),
            Subject::Project => "the project".to_owned(),
        };
        let level = match decision.level {
            Level::Deny => "deny",
            Level::Warn => "warn",
            Level::Allow | Level::Off => "allow",
        };
        let advisory = finding.advisory.as_ref().map_or(String::new(), |group| format!(" {}", group.key().id));
        format!("{project}: {level} {} {subject}{advisory}", finding.rule.id)
    };
    report.decisions.iter().map(line).collect()
}

#[test]
fn every_rule_over_every_project() {
    let reports = reports(projects());
    assert!(reports.len() > 20, "the fixtures were not found");
    let all: Vec<String> = reports.iter().flat_map(|(project, report)| lines(project, report)).collect();
    insta::assert_snapshot!("every_rule_over_every_project", all.join("\n"));
}

#[test]
fn each_rule_fires_where_it_must_and_nowhere_else() {
    let reports = reports(folders("rules").iter().flat_map(|folder| folders(folder)).collect());
    for rule in rules() {
        let found = |folder: &str| {
            let report = &reports[&format!("rules/{}/{folder}", rule.id)];
            assert_eq!(report.gaps(), [""; 0], "{} {folder}", rule.id);
            assert!(report.graph.third_party() > 0, "{} {folder} holds no package", rule.id);
            report.decisions.iter().filter(|decision| decision.finding.rule.id == rule.id).count()
        };
        assert!(found("fires") > 0, "{} does not fire", rule.id);
        assert_eq!(found("quiet"), 0, "{} fires where it must not", rule.id);
    }
}

#[test]
fn the_demo_fails_and_is_covered_whole() {
    let reports = reports(vec!["demo".to_owned()]);
    let report = &reports["demo"];
    assert_eq!(report.gaps(), [""; 0]);
    assert_eq!(report.verdict(), osprey::model::Verdict::Fail);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
}
