use super::find;
use crate::expression::{Condition, CustomRule, Draft, FIELDS, VARIABLES, intern};
use crate::model::{
    AdvisoryKind, AliasGroup, Badge, DependencyGraph, DependencyKind, Ecosystem, Epss, Facts, Level, PackageHealth,
    PackageIndex, PackageState, Provenance, Scope, Source, SourceKind, Support, source,
};
use crate::rule::tests_support::{
    TODAY, Tree, absent, day, exploited, failed, group, known, record, releases, repository, scorecard,
};
use crate::rule::{Parameters, View};

fn rule(when: &str) -> &'static CustomRule {
    let condition = Condition::parse(when).unwrap_or_else(|mistakes| panic!("{when}: {mistakes:?}"));
    intern(Draft { id: "acme-rule", level: Level::Warn, summary: "It is so", why: "W.", fix: "F.", condition })
}

/// Messages without who brings the package in, and what is missing, for every package.
fn looked(when: &str, (graph, facts): &(DependencyGraph, Facts)) -> (Vec<String>, Vec<String>) {
    let rule = rule(when);
    let parameters = Parameters { scopes: [("acme-rule", Scope::All)].into(), ..Parameters::default() };
    let view = View { graph, facts, parameters: &parameters, today: TODAY };
    let found = find(&view, &[rule]).pop().unwrap();
    let cut = |text: &str| text.find("). ").map_or(text, |at| &text[..=at]).to_owned();
    let missing = found.missing.iter().map(|(missing, _)| format!("{} {:?}", missing.source, missing.why));
    (found.findings.iter().map(|finding| cut(&finding.message)).collect(), missing.collect())
}

const PROJECT: &str = "github.com/acme/left";

/// It is known that there is none of all this.
fn nothing(health: &mut PackageHealth) {
    health.published = absent();
    health.withdrawn = absent();
    health.project_status = absent();
    health.licenses = absent();
    health.repository = repository("github.com/acme/bare");
    health.provenance = absent();
    health.earlier_provenance = absent();
    health.releases = absent();
    health.similar = absent();
    health.dependents = absent();
    health.support = absent();
}

/// A package of which everything is known, and one, `bare`, of which it is known that there is nothing.
fn whole() -> (DependencyGraph, Facts) {
    let mut tree = Tree::new("web/package-lock.json", "npm-lock", Ecosystem::Npm);
    let left = tree.package("left", "1.2.0");
    let bare = tree.package("bare", "0.1.0");
    tree.needs(0, left, None);
    tree.edge(left, bare, DependencyKind::Runtime, None);
    tree.integrity(left, "sha512-00");
    tree.own("github.com/acme/app");
    tree.project("github.com/acme/app", |project| project.scorecard = scorecard(Some(8.5), &[]));
    tree.project(PROJECT, |project| {
        let checks = [
            ("Code-Review", Some(3), ""),
            ("Maintained", Some(0), "project is archived"),
            ("Contributors", Some(3), "project has 1 contributing companies or organizations"),
            ("SAST", None, "could not be run"),
        ];
        project.scorecard = scorecard(Some(4.5), &checks);
        project.badge = known(Badge::Silver);
        project.stars = known(120);
    });
    tree.health(left, |health| {
        health.published = known(day("2026-11-10"));
        health.withdrawn = known("use right".to_owned());
        health.project_status = known("archived".to_owned());
        health.licenses = known(vec!["MIT".to_owned(), "Apache-2.0".to_owned()]);
        health.repository = repository(PROJECT);
        health.provenance = known(Provenance { kind: String::new(), verified: true, repository: String::new() });
        health.earlier_provenance = known("1.1.0".to_owned());
        let all = [
            ("1.2.0", "2026-11-10", false, false),
            ("2.0.0", "2026-11-12", false, false),
            ("3.0.0", "2026-11-20", true, false),
        ];
        health.releases = releases(&all);
        health.similar = known(vec!["leff".to_owned()]);
        health.dependents = known(u64::MAX);
        let ends = Some("2026-01-01".parse().unwrap());
        health.support = known(Support { product: "Left".to_owned(), cycle: "1".to_owned(), ends, has_ended: false });
    });
    tree.health(bare, nothing);
    tree.project("github.com/acme/bare", |project| {
        (project.scorecard, project.badge, project.stars) = (absent(), absent(), absent());
    });
    let advisory = AliasGroup {
        exploited: exploited("CVE-2026-1", "2026-11-01", false),
        epss: Some(Epss { score: 0.25, percentile: 0.9 }),
        ..group(vec![record("GHSA-1", &["CVE-2026-1"], AdvisoryKind::Vulnerability)], Some(7.5), Some("1.2.1"))
    };
    tree.hit(left, advisory);
    tree.hit(bare, group(vec![record("GHSA-2", &[], AdvisoryKind::Vulnerability)], None, None));
    tree.finish()
}

/// A package of which nothing is known that anybody would have to be asked for.
fn dark() -> (DependencyGraph, Facts) {
    let mut tree = Tree::new("package-lock.json", "npm-lock", Ecosystem::Npm);
    let left = tree.package("left", "1.2.0");
    tree.needs(0, left, None);
    tree.health(left, |health| health.repository = failed(source::DEPS_DEV));
    tree.hit(left, group(vec![record("GHSA-1", &["CVE-2026-1"], AdvisoryKind::Vulnerability)], None, None));
    tree.finish()
}

/// An expression that reads a variable, is true where its value is known or absent, and says which.
fn reading(name: &str) -> String {
    match name {
        "advisories" => "advisories.size() >= 0".to_owned(),
        "health.checks" => "!has(health.checks) || health.checks['Code-Review'] >= 0".to_owned(),
        name => format!("has({name}) || !has({name})"),
    }
}

#[test]
fn every_variable_says_what_is_known() {
    let (whole, dark) = (whole(), dark());
    let mut out = String::new();
    for variable in VARIABLES {
        let name = variable.name;
        let when = reading(name);
        let (found, missing) = looked(&when, &whole);
        let said = |who: &str| {
            let of = found.iter().find(|message| message.starts_with(who)).map_or("undecided", String::as_str);
            of.split_once('(').map_or(of, |(_, rest)| rest.trim_end_matches(')')).to_owned()
        };
        let (known, nothing) = (said("left"), said("bare"));
        let missing = if missing.is_empty() { String::new() } else { format!(" [{}]", missing.join(", ")) };
        let (found, unknown) = looked(&when, &dark);
        let unknown = if found.is_empty() { unknown.join(", ") } else { "known".to_owned() };
        out.push_str(&format!("{name}: {known} | {nothing}{missing} | {unknown}\n"));
    }
    for field in FIELDS {
        let name = field.name;
        let when = format!("advisories.all(a, has(a.{name}))");
        let (found, missing) = looked(&when, &whole);
        let whose: Vec<&str> = found.iter().filter_map(|message| message.split(' ').next()).collect();
        let (found, unknown) = looked(&when, &dark);
        let dark = if found.is_empty() { unknown.join(", ") } else { "known".to_owned() };
        out.push_str(&format!("a.{name}: there for {} {}| {dark}\n", whose.join(", "), missing.join(", ")));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn values_of_advisories_are_compared() {
    let tree = whole();
    for when in [
        "advisories.exists(a, a.id == 'GHSA-1' && 'CVE-2026-1' in a.aliases && a.kind == 'vulnerability')",
        "advisories.exists(a, a.severity == 'high' && a.score == 7.5 && a.epss == 0.25 && a.exploited)",
        "advisories.exists(a, a.fixed == '1.2.1' && a.published_days > 1000 && size(a.cwes) == 0)",
    ] {
        let (found, _) = looked(when, &tree);
        assert_eq!(found, ["left 1.2.0: It is so (advisories = [GHSA-1])"], "{when}");
    }
}

#[test]
fn what_is_not_known_is_missed_once_for_each_source() {
    let tree = dark();
    let both = looked("health.age_days < 90 || health.checks['SAST'] < 3 || package.install_script", &tree);
    assert_eq!(both, (vec![], vec!["deps.dev NotAsked".into(), "deps.dev Failed".into(), "tree NotTold".into()]));
    // What decides without it misses nothing.
    assert_eq!(looked("health.age_days < 90 && package.ecosystem == 'Go'", &tree), (vec![], vec![]));
    let (found, missing) = looked("health.age_days < 90 || package.ecosystem == 'npm'", &tree);
    assert_eq!(missing, [""; 0]);
    assert_eq!(found, ["left 1.2.0: It is so (health.age_days unknown, package.ecosystem = \"npm\")"]);
    // Of what is absent nothing is said either.
    let (found, missing) = looked("health.badge == 'gold'", &whole());
    assert_eq!((found, missing), (vec![], vec!["best-practices Absent".to_owned()]));
    assert_eq!(looked("advisories.exists(a, a.score > 9.0)", &whole()), (vec![], vec!["advisory Absent".to_owned()]));
}

#[test]
fn packages_that_services_do_not_hear_of_are_judged_by_what_the_tree_tells() {
    let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
    let git = tree.from("from-git", "1.0.0", Source::at(SourceKind::Git, "https://host.example/a#0a1b"));
    tree.needs(0, git, None);
    let (graph, mut facts) = tree.finish();
    facts.states.fill(PackageState::NotAsked);
    let tree = (graph, facts);
    let (found, missing) = looked("package.source.kind == 'git'", &tree);
    assert_eq!((found, missing), (vec!["from-git 1.0.0: It is so (package.source.kind = \"git\")".to_owned()], vec![]));
    for when in ["health.age_days < 90", "advisories.exists(a, a.exploited)"] {
        assert_eq!(looked(when, &tree), (vec![], vec![]), "{when}: the ledger says it");
    }
    assert_eq!(looked("package.install_script", &tree).1, ["tree NotTold"]);
}

#[test]
fn depth_is_counted_over_the_shortest_path() {
    let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
    let names: Vec<PackageIndex> = ["a", "b", "c", "d"].map(|name| tree.package(name, "1.0.0")).into();
    let lost = tree.package("lost", "1.0.0");
    tree.needs(0, names[0], None);
    for pair in names.windows(2) {
        tree.needs(pair[0], pair[1], None);
    }
    tree.needs(names[0], names[2], None);
    tree.needs(names[3], names[0], None);
    tree.needs(lost, lost, None);
    let tree = tree.finish();
    let (found, missing) = looked("package.depth >= 2 && package.dependencies <= 1", &tree);
    assert_eq!(
        found,
        [
            "b 1.0.0: It is so (package.depth = 2, package.dependencies = 1)",
            "c 1.0.0: It is so (package.depth = 2, package.dependencies = 1)",
            "d 1.0.0: It is so (package.depth = 3, package.dependencies = 1)",
        ]
    );
    assert_eq!(missing, ["tree NotTold"], "nothing leads to one of them");
}

#[test]
fn what_is_shown_is_bounded_and_escaped() {
    let mut tree = Tree::new("package-lock.json", "npm-lock", Ecosystem::Npm);
    let long = format!("a\u{202e}\n{}", "b".repeat(200));
    let package = tree.package(&long, "1.0.0");
    tree.needs(0, package, None);
    let many: Vec<String> = (0..9).map(|at| format!("L-{at}")).collect();
    tree.health(package, |health| health.licenses = known(many));
    let (found, _) = looked("package.name != 'x' && 'L-1' in package.licenses", &tree.finish());
    let (_, what) = found[0].split_once("1.0.0: ").unwrap();
    assert!(what.starts_with("It is so (package.name = \"a\\u{202e}\\nbbb"), "{what}");
    assert!(
        what.ends_with("b\"…, package.licenses = [\"L-0\", \"L-1\", \"L-2\", \"L-3\", \"L-4\", 4 more])"),
        "{what}"
    );
}

#[test]
fn many_rules_over_many_packages_end_soon() {
    let mut tree = Tree::new("package-lock.json", "npm-lock", Ecosystem::Npm);
    for at in 0..10_000 {
        let package = tree.package(&format!("p{at}"), "1.0.0");
        tree.needs(package / 2, package, None);
    }
    let tree = tree.finish();
    let before = std::time::Instant::now();
    for at in 0..50 {
        let when = format!(
            "package.ecosystem == 'npm' && package.depth > {at} && !('dev' in package.kinds) && \
             package.name.matches('^q') || advisories.exists(a, a.severity == 'high' && has(a.fixed)) || health.age_days < {at}"
        );
        assert_eq!(looked(&when, &tree), (vec![], vec!["deps.dev NotAsked".to_owned(); 10_000]));
    }
    assert!(before.elapsed().as_secs() < 60);
}
