//! What is looked for: one file per rule, and the table of all rules.
//!
//! A rule is a pure function from what is known to findings. It asks nobody, reads no file and no clock, and
//! decides nothing: what a finding means for the run is said by the policy.
//!
//! To add a rule: one file `<id with _>.rs` with a [`Check`], one row in [`RULES`], and two projects,
//! `fixtures/rules/<id>/fires` and `fixtures/rules/<id>/quiet`. Where it rests on an advisory
//! group, `advisory_finding::applying` gets its place in the order as well, so that a group stays one finding.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::expression::CustomRule;
use crate::model::{DependencyGraph, Facts, Finding, Missing, PackageIndex, PolicyChange, Rule, Scope, Setting};

mod advisory_finding;
mod checklist;
mod clauses;
mod custom;
mod denied_license;
mod dependency_impact;
mod documents;
mod end_of_life;
mod failed_scorecard_check;
mod fingerprint;
mod fix;
mod fresh_release;
mod install_script;
mod judged;
mod known_exploited;
mod known_vulnerability;
mod lockfile_drift;
mod lookalike_name;
mod low_adoption;
mod low_scorecard;
mod malicious_package;
mod missing_integrity;
mod no_best_practices_badge;
mod no_provenance;
mod no_vulnerability_reporting;
mod outdated_dependency;
mod place;
mod policy_changed;
mod project_baseline;
mod project_scorecard;
mod project_without_security_policy;
mod releases;
mod scorecard;
mod security_notice;
mod single_maintainer;
mod stale_release;
#[cfg(test)]
pub(crate) mod tests_support;
mod unknown_license;
mod unmaintained_package;
mod unpinned_dependency;
mod unsound_code;
mod unstable_version;
mod untrusted_origin;
mod unverified_source;
mod withdrawn_version;
mod words;

pub use checklist::checklist;
pub use clauses::{CLAUSES, Clause};

/// A row of [`RULES`]: a rule and how its findings are found.
#[derive(Debug)]
pub struct Check {
    /// What is said about it everywhere, and its default levels.
    pub rule: Rule,
    /// Finds it. The order of findings is the graph's: by root, then by package, then by advisory group.
    pub find: fn(&View<'_>) -> Found,
}

/// What a rule found, and what it could not know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// What it found.
    pub findings: Vec<Finding>,
    /// For each package of which something is missing, what. A package stands here once for each thing.
    pub missing: BTreeSet<(Missing, Option<PackageIndex>)>,
}

impl From<Vec<Finding>> for Found {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, missing: BTreeSet::new() }
    }
}

/// What a rule could not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlearnt {
    /// The rule.
    pub rule: &'static Rule,
    /// What is missing.
    pub missing: Missing,
    /// Of how many packages; 0: of the project itself.
    pub packages: usize,
}

/// Every rule, in the order in which documents list them.
pub static RULES: &[&Check] = &[
    &malicious_package::CHECK,
    &known_exploited::CHECK,
    &known_vulnerability::CHECK,
    &unsound_code::CHECK,
    &security_notice::CHECK,
    &unmaintained_package::CHECK,
    &withdrawn_version::CHECK,
    &stale_release::CHECK,
    &outdated_dependency::CHECK,
    &fresh_release::CHECK,
    &end_of_life::CHECK,
    &lookalike_name::CHECK,
    &unverified_source::CHECK,
    &untrusted_origin::CHECK,
    &missing_integrity::CHECK,
    &no_provenance::CHECK,
    &low_scorecard::CHECK,
    &failed_scorecard_check::CHECK,
    &no_vulnerability_reporting::CHECK,
    &no_best_practices_badge::CHECK,
    &single_maintainer::CHECK,
    &low_adoption::CHECK,
    &unknown_license::CHECK,
    &denied_license::CHECK,
    &unstable_version::CHECK,
    &dependency_impact::CHECK,
    &install_script::CHECK,
    &unpinned_dependency::CHECK,
    &lockfile_drift::CHECK,
    &project_without_security_policy::CHECK,
    &project_scorecard::CHECK,
    &project_baseline::CHECK,
    &policy_changed::CHECK,
];

/// What rules are told by the caller: the policy's say, and what a file format can tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// Ids of rules that are not to be evaluated. A group that such a rule would take falls to the next that applies.
    pub off: Vec<&'static str>,
    /// Registries that packages may come from besides the ecosystem's public one: a host (`registry.example`), or an
    /// address below which everything is meant (`https://registry.example/npm`). Empty: any.
    pub registries: Vec<String>,
    /// Packages that the policy declares private: that they come from elsewhere is then the point.
    pub private: BTreeSet<PackageIndex>,
    /// Packages of which no version was there at the merge base; empty where nothing is compared.
    pub added: BTreeSet<PackageIndex>,
    /// What the change loosens in the tree's policy; empty where nothing is compared.
    pub policy_changes: Vec<PolicyChange>,
    /// What the policy sets for each rule, by its id and the parameter's key.
    pub settings: BTreeMap<&'static str, BTreeMap<&'static str, Setting>>,
    /// The rules that judge more or fewer packages than their constant says, by id.
    pub scopes: BTreeMap<&'static str, Scope>,
    /// The policy's own rules.
    pub custom: Vec<&'static CustomRule>,
    /// Ids of the parsers whose format records a hash for every package from a registry.
    pub hashed_formats: Vec<&'static str>,
    /// Ids of the parsers whose format asks for versions and fixes none, where a lockfile does.
    pub manifest_formats: Vec<&'static str>,
    /// Ids of the parsers whose format says who needs whom.
    pub graph_formats: Vec<&'static str>,
}

impl Parameters {
    fn is_off(&self, rule: &Rule) -> bool {
        self.off.contains(&rule.id)
    }

    /// Which packages a rule judges.
    fn scope(&self, rule: &Rule) -> Scope {
        self.scopes.get(rule.id).copied().unwrap_or(rule.scope)
    }

    /// What holds for a parameter of a rule.
    fn setting(&self, rule: &Rule, key: &str) -> Setting {
        let given = self.settings.get(rule.id).and_then(|settings| settings.get(key)).cloned();
        let default = || rule.parameters.iter().find(|parameter| parameter.key == key).map(|p| (p.default)());
        given.or_else(default).unwrap_or(Setting::Names(Vec::new()))
    }

    /// A parameter that is a score or a share.
    fn decimal(&self, rule: &Rule, key: &str) -> f64 {
        match self.setting(rule, key) {
            Setting::Score(number) | Setting::Share(number) => number,
            _ => 0.0,
        }
    }

    /// A parameter that is a number or a number of days.
    fn number(&self, rule: &Rule, key: &str) -> u32 {
        match self.setting(rule, key) {
            Setting::Count(number) | Setting::Days(number) => number,
            _ => 0,
        }
    }
}

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The packages and how they are used.
    pub graph: &'v DependencyGraph,
    /// What is known about them, by package index.
    pub facts: &'v Facts,
    /// What the caller says.
    pub parameters: &'v Parameters,
    /// The day on which ages are judged.
    pub today: Date,
}

/// The rules of the table, without how they are found: what a policy is read against.
pub fn rules() -> Vec<&'static Rule> {
    RULES.iter().map(|check| &check.rule).collect()
}

/// The rules that look at what the project itself has. All others find the same, whatever that is.
pub const OF_PROJECT: [&str; 2] = ["project-baseline", "project-without-security-policy"];

/// Everything that the rules which are not off find, those of the table and the policy's own, and what they could not
/// know.
pub fn find(view: &View<'_>) -> (Vec<Finding>, Vec<Unlearnt>) {
    let mut findings = Vec::new();
    let mut unlearnt = Vec::new();
    let mut note = |rule: &'static Rule, found: Found| {
        findings.extend(found.findings);
        let mut packages: BTreeMap<Missing, usize> = BTreeMap::new();
        for (missing, package) in found.missing {
            *packages.entry(missing).or_default() += usize::from(package.is_some());
        }
        unlearnt.extend(packages.into_iter().map(|(missing, packages)| Unlearnt { rule, missing, packages }));
    };
    for check in RULES.iter().filter(|check| !view.parameters.is_off(&check.rule)) {
        note(&check.rule, (check.find)(view));
    }
    let on = |custom: &&&'static CustomRule| !view.parameters.is_off(&custom.rule);
    let rules: Vec<&'static CustomRule> = view.parameters.custom.iter().filter(on).copied().collect();
    for (custom, found) in rules.iter().zip(custom::find(view, &rules)) {
        note(&custom.rule, found);
    }
    (findings, unlearnt)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::tests_support::TODAY;
    use super::*;
    use crate::model::{Ecosystem, Level};

    #[test]
    fn every_row_is_whole_and_has_its_file() {
        let mut ids = BTreeSet::new();
        for rule in rules() {
            let id = rule.id;
            assert!(ids.insert(id), "{id} stands twice");
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !id.contains("--"), "{id}");
            let file = format!("{}/src/rule/{}.rs", env!("CARGO_MANIFEST_DIR"), id.replace('-', "_"));
            assert!(Path::new(&file).is_file(), "{file} is missing");
            for text in [rule.summary, rule.why, rule.fix] {
                assert!(text.len() > 20 && !text.contains('\n') && text.trim() == text, "{id}: {text:?}");
            }
            assert!(!rule.summary.ends_with('.'), "{id}: a summary is a title");
            assert!(rule.why.ends_with('.') && rule.fix.ends_with('.'), "{id}: sentences");
            assert!(!rule.data.is_empty(), "{id} needs to know something");
            for clause in rule.clause.split(' ') {
                assert!(CLAUSES.iter().any(|known| known.id == clause), "{id}: {clause}");
            }
            assert!(rule.greenfield >= rule.brownfield, "{id}: greenfield is the stricter profile");
            assert_ne!(rule.greenfield, Level::Off, "{id}: green field turns every check on");
        }
    }

    #[test]
    fn what_the_project_has_is_looked_at_by_no_other_rule() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rule");
        let mut looking = BTreeSet::new();
        for entry in ignore::Walk::new(folder).map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            let name = entry.path().file_stem().unwrap().to_str().unwrap().replace('_', "-");
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let of_rule = text.split("#[cfg(test)]").next().unwrap();
            if of_rule.contains("facts.project") || of_rule.contains("ProjectFiles") {
                looking.insert(name);
            }
        }
        assert_eq!(looking, OF_PROJECT.map(str::to_owned).into());
    }

    /// The levels are a promise to everybody who takes a profile: one is changed here and in its rule, on purpose.
    #[test]
    fn the_profiles_have_the_levels_that_are_promised() {
        let levels: Vec<String> =
            rules().into_iter().map(|rule| format!("{}: {}, {}", rule.id, rule.greenfield, rule.brownfield)).collect();
        let promised = [
            "malicious-package: deny, deny",
            "known-exploited: deny, deny",
            "known-vulnerability: deny, deny",
            "unsound-code: warn, allow",
            "security-notice: warn, allow",
            "unmaintained-package: deny, warn",
            "withdrawn-version: deny, warn",
            "stale-release: warn, allow",
            "outdated-dependency: warn, allow",
            "fresh-release: warn, allow",
            "end-of-life: warn, allow",
            "lookalike-name: warn, warn",
            "unverified-source: warn, allow",
            "untrusted-origin: deny, warn",
            "missing-integrity: warn, allow",
            "no-provenance: allow, allow",
            "low-scorecard: warn, allow",
            "failed-scorecard-check: warn, allow",
            "no-vulnerability-reporting: warn, allow",
            "no-best-practices-badge: allow, allow",
            "single-maintainer: allow, allow",
            "low-adoption: allow, allow",
            "unknown-license: warn, allow",
            "denied-license: deny, deny",
            "unstable-version: allow, allow",
            "dependency-impact: allow, allow",
            "install-script: allow, allow",
            "unpinned-dependency: warn, allow",
            "lockfile-drift: deny, warn",
            "project-without-security-policy: warn, allow",
            "project-scorecard: warn, allow",
            "project-baseline: warn, allow",
            "policy-changed: deny, warn",
        ];
        assert_eq!(levels, promised);
    }

    #[test]
    fn every_rule_has_its_fixtures_and_they_have_their_rule() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
        let known: BTreeSet<String> = rules().iter().map(|rule| rule.id.to_owned()).collect();
        let entries = std::fs::read_dir(&folder).unwrap();
        let folders: BTreeSet<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(folders, known);
        for id in known {
            for project in ["fires", "quiet"] {
                let files = std::fs::read_dir(folder.join(&id).join(project));
                assert!(files.is_ok_and(|mut files| files.next().is_some()), "fixtures/rules/{id}/{project} is empty");
            }
        }
    }

    /// Every package needs twenty others at random, half of them have an advisory: to list the paths to each would take
    /// hours, and so would a look at all edges for each.
    #[test]
    fn a_dense_tree_full_of_cycles_and_findings_is_judged_in_time() {
        const PACKAGES: usize = 20_000;
        const NEEDS: usize = 20;
        let mut tree = tests_support::Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let packages: Vec<_> = (0..PACKAGES).map(|at| tree.package(&format!("p{at}"), "1.0.0")).collect();
        tree.needs(0, packages[0], Some("1"));
        let mut random = 1_usize;
        for (at, &package) in packages.iter().enumerate() {
            tree.needs(package, packages[(at + 1) % PACKAGES], Some("1"));
            for _ in 1..NEEDS {
                // <https://en.wikipedia.org/wiki/Linear_congruential_generator>, as Knuth's MMIX has it.
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                tree.needs(package, packages[(random >> 33) % PACKAGES], Some("1"));
            }
            if at % 2 == 0 {
                tree.hit(package, tests_support::vulnerability(&format!("X-{at}"), None, Some("1.0.1")));
            }
        }
        let (graph, facts) = tree.finish();
        let parameters = Parameters { graph_formats: vec!["cargo-lock"], ..Parameters::default() };
        let before = std::time::Instant::now();
        let (findings, _) = find(&View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY });
        let of_advisories = || findings.iter().filter(|finding| finding.advisory.is_some());
        assert_eq!(of_advisories().count(), PACKAGES / 2);
        assert!(of_advisories().all(|finding| finding.fix.command.is_some()));
        assert!(of_advisories().all(|finding| !finding.chains.is_empty()));
        let listed = of_advisories().filter(|finding| finding.chains.len() == 3).count();
        assert!((1..PACKAGES / 4).contains(&listed), "{listed} have all their paths, the others one");
        assert!(before.elapsed().as_secs() < 120, "{:?}", before.elapsed());
    }

    #[test]
    fn every_file_of_a_rule_has_a_row() {
        let folder = format!("{}/src/rule", env!("CARGO_MANIFEST_DIR"));
        let mut rows = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Parts of a rule lie in a folder of its name.
            if path.is_dir() {
                continue;
            }
            if std::fs::read_to_string(&path).unwrap().contains("static CHECK: Check") {
                let id = path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
                // This very file has the words in this test.
                if id != "mod" {
                    rows += 1;
                    assert!(rules().iter().any(|rule| rule.id == id), "{id} has no row in RULES");
                }
            }
        }
        assert_eq!(rows, RULES.len());
    }
}
