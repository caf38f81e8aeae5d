//! What was found before and does not fail a run again: a baseline, from a file ([`Baseline::parse`]) or from the
//! decisions about an earlier state of the same tree ([`Baseline::of`]).
//!
//! # The file
//!
//! JSON, one finding a line, sorted, so that it diffs and merges well. Nothing in it changes while the findings do not.
//!
//! ```json
//! {
//! "version": 1,
//! "findings": [
//! {"path":"Cargo.lock","package":"pkg:cargo/time","rule":"known-vulnerability","ids":["CVE-2020-26235","RUSTSEC-2020-0071"],"level":"deny","severity":"medium","kinds":["runtime"],"exploited":false,"fingerprint":"…"}
//! ]
//! }
//! ```
//!
//! | key | |
//! |---|---|
//! | `version` | `1` |
//! | `findings` | what is denied or warned about, in the order of `path`, `package`, `rule`, `ids`, `fingerprint` |
//! | `path` | the lockfile or manifest that fixes the package, or the file; relative to the root; `.` for the project |
//! | `package` | its purl without a version; `null` for what is about a file or the project. Of `untrusted-origin` with `#` and the address that it comes from: the finding is about that one |
//! | `rule` | the rule's id |
//! | `ids` | every id of the advisory's alias group, sorted; none where it rests on no advisory |
//! | `level` | `deny` or `warn`, as it was decided |
//! | `severity` | of the advisory: `unknown`, `none`, `low`, `medium`, `high`, `critical`; `null` without one |
//! | `kinds` | what the package is for: `runtime`, `build`, `optional`, `peer`, `dev`; none where that is unknown |
//! | `exploited` | whether attacks were known |
//! | `fingerprint` | the finding's, 64 hexadecimal digits |

mod cover;
mod file;

use crate::model::{
    AliasGroup, Decision, DependencyGraph, Exploited, Finding, Kinds, Level, PackageId, RepoPath, Severity, Source,
    Subject,
};

pub use cover::{Earlier, Since, compare};
pub use file::{BaselineError, LARGEST};

use super::{MALICIOUS_PACKAGE, POLICY_CHANGED};

/// The rule whose findings are about the address that a package comes from: another one is another finding.
const UNTRUSTED_ORIGIN: &str = "untrusted-origin";

/// The path of what is about the project as a whole.
const PROJECT: &str = ".";

/// One finding that was there before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The lockfile or manifest that fixes the package, or the file; `.` for the project.
    pub path: String,
    /// The package's purl without a version, with the address after `#` where the finding is about that; `None` for what
    /// is about a file or the project.
    pub package: Option<String>,
    /// The rule's id.
    pub rule: String,
    /// Every id of the alias group, sorted; empty for what rests on no advisory.
    pub ids: Vec<String>,
    /// What was decided; of [`Baseline::of_all`], what counted of it: what was excepted was allowed.
    pub level: Level,
    /// The advisory's severity.
    pub severity: Option<Severity>,
    /// What the package is for.
    pub kinds: Kinds,
    /// Whether attacks were known.
    pub exploited: bool,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The package's version; a file does not hold it, since it changes with each bump.
    pub version: Option<String>,
}

/// Findings that were there before, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    /// The findings.
    pub entries: Vec<Entry>,
}

impl Baseline {
    /// What those decisions leave to be done: what is denied or warned about, and not excepted.
    pub fn of(decisions: &[Decision], graph: &DependencyGraph) -> Self {
        let is_open = |decision: &&Decision| decision.exception.is_none() && decision.level >= Level::Warn;
        Self::made(decisions.iter().filter(is_open), graph)
    }

    /// Everything that was found, whatever was decided about it.
    pub fn of_all<'d>(decisions: impl IntoIterator<Item = &'d Decision>, graph: &DependencyGraph) -> Self {
        Self::made(decisions.into_iter(), graph)
    }

    fn made<'d>(decisions: impl Iterator<Item = &'d Decision>, graph: &DependencyGraph) -> Self {
        let can_be_held = |decision: &&Decision| decision.finding.rule.id != POLICY_CHANGED;
        let mut entries: Vec<Entry> =
            decisions.filter(can_be_held).map(|decision| Entry::of(decision, graph)).collect();
        entries.sort();
        entries.dedup();
        Self { entries }
    }
}

impl Entry {
    fn of(decision: &Decision, graph: &DependencyGraph) -> Self {
        let finding = &decision.finding;
        let about = About::of(finding, graph);
        Self {
            path: about.path.to_string(),
            package: about.package,
            rule: finding.rule.id.to_owned(),
            ids: about.ids,
            level: decision.effective(),
            severity: finding.advisory.as_ref().map(|group| group.rating.severity),
            kinds: about.kinds,
            exploited: is_exploited(finding),
            fingerprint: finding.fingerprint.clone(),
            version: about.version,
        }
    }

    /// What it says, in a line for people.
    pub fn label(&self) -> String {
        let what = self.ids.first().map_or(self.rule.as_str(), String::as_str);
        match &self.package {
            Some(package) => format!("{what} on {package} in {}", self.path),
            None => format!("{what} in {}", self.path),
        }
    }

    fn is_malware(&self) -> bool {
        self.rule == MALICIOUS_PACKAGE
    }
}

/// What identifies a finding from state to state.
struct About {
    path: RepoPath,
    package: Option<String>,
    ids: Vec<String>,
    kinds: Kinds,
    version: Option<String>,
}

impl About {
    fn of(finding: &Finding, graph: &DependencyGraph) -> Self {
        let ids = finding.advisory.as_ref().map(ids).unwrap_or_default();
        match &finding.subject {
            Subject::Package { package, root } => {
                let id = &graph.package(*package).id;
                let root = &graph.roots[*root];
                Self {
                    path: RepoPath::clone(&root.path),
                    package: Some(if finding.rule.id == UNTRUSTED_ORIGIN { origin(id) } else { name(id) }),
                    ids,
                    kinds: root.usage(*package).map_or(Kinds::default(), |usage| usage.kinds),
                    version: id.version.clone(),
                }
            }
            Subject::File(path) => {
                Self { path: RepoPath::clone(path), package: None, ids, kinds: Kinds::default(), version: None }
            }
            Subject::Project => {
                Self { path: PROJECT.into(), package: None, ids, kinds: Kinds::default(), version: None }
            }
        }
    }
}

/// The purl without version and address: what stays when a package is bumped.
fn name(id: &PackageId) -> String {
    let id = PackageId { version: None, source: Source::of(id.source.kind), ..id.clone() };
    id.purl().as_str().to_owned()
}

/// The same with the address that it comes from; of git without the commit, since that changes as a version does.
fn origin(id: &PackageId) -> String {
    let address = id.source.url.as_deref().unwrap_or_default();
    let address = address.split_once('#').map_or(address, |(address, _)| address);
    if address.is_empty() { name(id) } else { format!("{}#{address}", name(id)) }
}

/// Every id of a group, sorted, each once.
fn ids(group: &AliasGroup) -> Vec<String> {
    let records = group.records.iter().map(|record| record.id.as_str());
    let mut ids: Vec<String> = group.ids().chain(records).map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn is_exploited(finding: &Finding) -> bool {
    finding.advisory.as_ref().is_some_and(|group| matches!(group.exploited, Exploited::Yes { .. }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{AdvisoryKind, Change, DependencyKind, Ecosystem, Facts};
    use crate::policy::{Policy, Profile, decide};
    use crate::rule::tests_support::{Tree, exploited, group, record, vulnerability};
    use crate::rule::{self, Parameters, View};

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn decisions((graph, facts): &(DependencyGraph, Facts)) -> Vec<Decision> {
        let parameters = Parameters::default();
        let (findings, _) = rule::find(&View { graph, facts, parameters: &parameters, today: TODAY });
        decide(findings, graph, &Policy::built_in(Profile::Greenfield, &rule::rules()), TODAY).0
    }

    /// One package under that path, hit by that group.
    fn hit(path: &str, version: &str, kind: DependencyKind, group: AliasGroup) -> (DependencyGraph, Facts) {
        let mut tree = Tree::new(path, "package-lock", Ecosystem::Npm);
        let package = tree.package("left", version);
        tree.edge(0, package, kind, None);
        tree.hit(package, group);
        tree.finish()
    }

    /// What a baseline, written and read again, makes of the advisory's finding of another state: the change and why.
    fn then_now(then: &(DependencyGraph, Facts), now: &(DependencyGraph, Facts)) -> (Option<Change>, String) {
        let written = Baseline::of(&decisions(then), &then.0).text();
        let baseline = Baseline::parse("b.json", written.as_bytes()).unwrap();
        assert_eq!(baseline.text(), written);
        let mut found = decisions(now);
        let is_there = |path: &str| now.0.roots.iter().any(|root| *root.path == *path);
        let earlier =
            Earlier { baseline: Some(&baseline), since: None, is_scanned: &is_there, is_gone: &|path| !is_there(path) };
        let used = compare(&mut found, &now.0, &earlier).unwrap();
        assert_eq!(used.entries, used.matched + used.worse + used.not_needed + used.not_scanned + used.gone.len());
        let decision = found.into_iter().find(|decision| decision.finding.advisory.is_some()).unwrap();
        (decision.change, decision.reason)
    }

    const RUNTIME: DependencyKind = DependencyKind::Runtime;

    #[test]
    fn a_bump_a_new_alias_another_key_and_a_move_are_still_covered() {
        let then = hit("a/lock", "1.0.0", RUNTIME, vulnerability("CVE-1", Some(7.5), None));
        let other_key = group(
            vec![
                record("GHSA-1", &["CVE-1"], AdvisoryKind::Vulnerability),
                record("CVE-1", &["GHSA-1"], AdvisoryKind::Vulnerability),
            ],
            Some(8.0),
            None,
        );
        for now in [
            hit("a/lock", "1.0.1", RUNTIME, vulnerability("CVE-1", Some(7.5), None)),
            hit("a/lock", "1.0.0", RUNTIME, other_key.clone()),
            hit("b/lock", "1.0.0", RUNTIME, other_key),
        ] {
            assert_eq!(then_now(&then, &now).0, Some(Change::Known));
        }
        let elsewhere = hit("b/other", "1.0.0", RUNTIME, vulnerability("CVE-1", Some(7.5), None));
        assert_eq!(then_now(&then, &elsewhere).0, Some(Change::Introduced), "a file of another name");
        let another = hit("a/lock", "1.0.0", RUNTIME, vulnerability("CVE-2", Some(7.5), None));
        assert_eq!(then_now(&then, &another).0, Some(Change::Introduced), "another advisory");
    }

    #[test]
    fn what_became_worse_counts_and_says_what() {
        let then = hit("lock", "1.0.0", DependencyKind::Dev, vulnerability("CVE-1", Some(5.0), None));
        let malware = group(
            vec![record("CVE-1", &[], AdvisoryKind::Vulnerability), record("MAL-1", &["CVE-1"], AdvisoryKind::Malware)],
            Some(5.0),
            None,
        );
        let attacked = AliasGroup {
            exploited: exploited("CVE-1", "2026-01-01", false),
            ..vulnerability("CVE-1", Some(5.0), None)
        };
        let same = vulnerability("CVE-1", Some(5.0), None);
        let cases = [
            (
                DependencyKind::Dev,
                vulnerability("CVE-1", Some(9.8), None),
                "its severity is critical now, and was medium",
            ),
            (DependencyKind::Dev, vulnerability("CVE-1", None, None), "its severity is unknown now, and was medium"),
            (DependencyKind::Dev, malware, "now it is known as malware, which it was not"),
            (DependencyKind::Dev, attacked, "now attacks are known, which were not"),
            (RUNTIME, same.clone(), "it is not only for development now, as it was"),
        ];
        for (kind, group, said) in cases {
            let (change, reason) = then_now(&then, &hit("lock", "1.0.0", kind, group));
            assert_eq!(change, Some(Change::Introduced));
            assert!(reason.ends_with(&format!("{said} in the baseline")), "{reason}");
        }
        let milder = hit("lock", "1.0.0", DependencyKind::Dev, vulnerability("CVE-1", Some(2.0), None));
        assert_eq!(then_now(&then, &milder).0, Some(Change::Known));
    }

    #[test]
    fn what_nobody_had_rated_is_new_where_it_turns_out_to_be_high() {
        let rated = |score| hit("lock", "1.0.0", RUNTIME, vulnerability("CVE-1", score, None));
        let then = rated(None);
        for (score, change) in [
            (None, Change::Known),
            (Some(2.0), Change::Known),
            (Some(5.0), Change::Known),
            (Some(7.5), Change::Introduced),
            (Some(9.8), Change::Introduced),
        ] {
            assert_eq!(then_now(&then, &rated(score)).0, Some(change), "{score:?}");
        }
        let said = "its severity is high now, and was unknown in the baseline";
        assert!(then_now(&then, &rated(Some(7.5))).1.ends_with(said));
        assert_eq!(then_now(&rated(Some(7.5)), &then).0, Some(Change::Known), "unknown counts as high");
    }
    #[test]
    fn a_notice_that_became_a_vulnerability_counts() {
        let notice = group(vec![record("X-1", &["CVE-1"], AdvisoryKind::Unsound)], None, None);
        let then = hit("lock", "1.0.0", RUNTIME, notice.clone());
        assert_eq!(then_now(&then, &hit("lock", "1.0.0", RUNTIME, notice)).0, Some(Change::Known));
        let rated = hit("lock", "1.0.0", RUNTIME, vulnerability("CVE-1", Some(7.5), None));
        let (change, reason) = then_now(&then, &rated);
        assert_eq!(change, Some(Change::Introduced));
        assert!(reason.ends_with("now it is known as a vulnerability, which it was not in the baseline"), "{reason}");
    }
}
