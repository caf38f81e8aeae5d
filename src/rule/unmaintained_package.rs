//! Nobody maintains the package: an advisory says so, its registry does, or what is known about it does.
//!
//! Advisories give one finding for each group. Everything else gives one finding for the package with all its reasons,
//! and none where an advisory of this rule stands for the package already: it would say the same again, and an exception
//! would have to be written twice. That a registry holds a package back (`quarantined`) is graver, and always said.

use jiff::tz::TimeZone;

use super::judged::{Case, Fired, Outcome, judge_in_full};
use super::withdrawn_version::word;
use super::words::{one_line, said};
use super::{Check, Found, View, advisory_finding, scorecard};
use crate::model::{
    Data, Fact, Finding, Level, Missing, PackageIndex, Parameter, Release, Rule, Scope, Scorecard, Setting, Stricter,
    Subject, Why,
};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unmaintained-package",
        summary: "Nobody maintains the package any more",
        why: "Vulnerabilities that are found in it will not be fixed, and whoever takes the name over can publish what \
              they like under it.",
        fix: "Replace the package; advisories often name successors. Where another package brings it in, ask there.",
        clause: "CG.activity",
        data: &[Data::Advisories, Data::Versions, Data::Releases, Data::Scorecard],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "max-age",
            stricter: Stricter::Lower,
            summary: "how old the newest release may be, where nothing shows that work on it goes on",
            default: || Setting::Days(730),
        }],
        greenfield: Level::Deny,
        brownfield: Level::Warn,
    },
    find,
};

/// The status of a project by which its registry holds it back, since it may be harmful
/// (<https://peps.python.org/pep-0792/>).
const QUARANTINED: &str = "quarantined";

/// Advisories are looked at for every package. Health is judged in the rule's scope; of packages outside of it, only
/// what happens to be known is, and nothing is missed.
fn find(view: &View<'_>) -> Found {
    let mut found = judge_in_full(view, &CHECK.rule, Scope::All, of);
    found.findings.extend(advisory_finding::findings(view, &CHECK.rule));
    found.findings.sort_by_key(place);
    found
}

fn place(finding: &Finding) -> (usize, PackageIndex) {
    match finding.subject {
        Subject::Package { package, root } => (root, package),
        Subject::File(_) | Subject::Project => (usize::MAX, PackageIndex::MAX),
    }
}

fn of(case: &Case<'_>) -> Outcome {
    let in_scope = case.usage.direct != Some(false) || case.view.parameters.scope(case.rule) == Scope::All;
    let is_in_advisory = is_in_advisory(case);
    let mut reasons = Reasons::default();
    registry(case, &mut reasons);
    if in_scope {
        activity(case, &mut reasons);
    }
    if is_in_advisory {
        reasons.found.retain(|reason| reason.is_graver);
    }
    if reasons.found.is_empty() {
        let missing = match (in_scope, is_in_advisory) {
            (true, false) => reasons.missing,
            // The one reason that would be said beside the advisory.
            (true, true) => case.health.project_status.missing().into_iter().collect(),
            (false, _) => Vec::new(),
        };
        return Outcome { fires: None, missing };
    }
    let what: Vec<String> = reasons.found.into_iter().map(|reason| reason.text).collect();
    let change = format!("replace {} by a package that is maintained", case.id.name);
    // One reason is enough: what is not known besides changes nothing.
    Outcome { fires: Some(Fired { what: what.join("; "), change, escalated: false }), missing: Vec::new() }
}

/// Whether an advisory of this rule covers the package, under whichever rule its finding stands.
fn is_in_advisory(case: &Case<'_>) -> bool {
    let package = usize::try_from(case.package()).unwrap_or(usize::MAX);
    let groups = case.view.facts.advisories.get(package).map_or(&[][..], Vec::as_slice);
    groups.iter().any(|group| advisory_finding::applying(group, case.view.parameters).contains(&case.rule))
}

/// Why a package counts as unmaintained, and what is not known about it.
#[derive(Default)]
struct Reasons {
    found: Vec<Reason>,
    missing: Vec<Missing>,
}

struct Reason {
    text: String,
    /// Whether it says more than that nobody maintains the package.
    is_graver: bool,
}

impl Reasons {
    fn add(&mut self, text: String) {
        self.found.push(Reason { text, is_graver: false });
    }

    fn miss(&mut self, missing: Missing) {
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
    }
}

/// What the registry says: a mark on the whole project, or a newest release that nobody should use either. That only
/// the version in use is withdrawn is another rule's matter.
fn registry(case: &Case<'_>, reasons: &mut Reasons) {
    match &case.health.project_status {
        Fact::Known(status, _) => {
            let word = status.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            if [QUARANTINED, "archived", "deprecated"].contains(&word) {
                let text = format!("its registry marks it as {}", one_line(status));
                reasons.found.push(Reason { text, is_graver: word == QUARANTINED });
            }
        }
        Fact::Absent(_) => {}
        Fact::Unknown(missing) => reasons.miss(*missing),
    }
    match &case.health.releases {
        Fact::Known(releases, _) => {
            if let Some(version) = withdrawn_as_a_whole(releases) {
                // The registry gives its reason with the version in use.
                let reason = case.health.withdrawn.known().map_or_else(String::new, |reason| one_line(reason));
                let reason = if reason.is_empty() { reason } else { format!(" (\"{reason}\")") };
                reasons.add(format!("its newest release, {version}, is {}{reason}", word(case.id.ecosystem)));
            }
        }
        Fact::Absent(_) => {}
        Fact::Unknown(missing) => reasons.miss(*missing),
    }
}

/// The newest release, where the package is withdrawn as a whole: the one that the registry gives to who asks for none
/// is; where it gives none, all are.
fn withdrawn_as_a_whole(releases: &[Release]) -> Option<&str> {
    let default = releases.iter().rfind(|release| release.is_default);
    let all = || releases.last().filter(|_| releases.iter().all(|release| release.is_withdrawn));
    let newest = default.or_else(all)?;
    newest.is_withdrawn.then_some(newest.version.as_str())
}

/// What the project behind it does: the Scorecard looks at 90 days of its repository, releases tell the rest.
fn activity(case: &Case<'_>, reasons: &mut Reasons) {
    let maintained = scorecard::of(case).and_then(|(project, scorecard)| {
        let (score, reason) = scorecard::check(scorecard, "Maintained")?;
        Ok((project, scorecard, score, reason))
    });
    let mut is_active = false;
    match maintained {
        Ok((project, scorecard, 0, reason)) => {
            let lower = reason.to_ascii_lowercase();
            // The check gives both a zero without looking further: what is archived, and what is too young to tell.
            if lower.contains("archived") {
                reasons.add(format!("{project} is archived"));
            } else if !(lower.contains("created") && lower.contains("90 days")) {
                reasons.add(format!("{project} shows no activity{}{}", as_of(scorecard), said(reason)));
            }
        }
        Ok(_) => is_active = true,
        Err(missing) => reasons.miss(missing),
    }
    match newest(case) {
        Ok((release, published)) if !is_active => {
            let date = published.to_zoned(TimeZone::UTC).date();
            let age = date.until(case.view.today).map_or(0, |span| span.get_days());
            if i64::from(age) > i64::from(case.number("max-age")) {
                reasons.add(format!("its newest release, {}, is of {date}, {age} days ago", release.version));
            }
        }
        Ok(_) => {}
        // Whether there was a release is not needed where there is work.
        Err(_) if is_active => {}
        Err(missing) => reasons.miss(missing),
    }
}

fn as_of(scorecard: &Scorecard) -> String {
    scorecard.date.map(|date| format!(" in the 90 days before {date}")).unwrap_or_default()
}

/// The release that was published last, with when.
fn newest<'v>(case: &Case<'v>) -> Result<(&'v Release, jiff::Timestamp), Missing> {
    match &case.health.releases {
        Fact::Known(releases, origin) => {
            let dated = releases.iter().filter_map(|release| Some((release, release.published?)));
            dated.max_by_key(|(_, published)| *published).ok_or(Missing { source: origin.source, why: Why::NotTold })
        }
        Fact::Absent(origin) => Err(Missing { source: origin.source, why: Why::NotTold }),
        Fact::Unknown(missing) => Err(*missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AdvisoryKind, Ecosystem, PackageHealth, source};
    use crate::rule::Parameters;
    use crate::rule::tests_support::{
        Tree, absent, failed, group, known, looked, on_one, record, releases, repository, scorecard,
    };

    const PROJECT: &str = "github.com/acme/left";

    /// A package of which all is well.
    fn healthy(health: &mut PackageHealth) {
        health.withdrawn = absent();
        health.project_status = absent();
        health.repository = repository(PROJECT);
        health.releases = releases(&[("0.9.0", "2020-01-01", false, false), ("1.0.0", "2026-11-01", true, false)]);
    }

    fn maintained(score: Option<u8>, reason: &str) -> Fact<Scorecard> {
        scorecard(Some(6.0), &[("Maintained", score, reason)])
    }

    fn active() -> Fact<Scorecard> {
        maintained(Some(10), "30 commit(s) and 12 issue activity found in the last 90 days")
    }

    fn look(of: Fact<Scorecard>, set: impl FnOnce(&mut PackageHealth)) -> (Vec<String>, Vec<String>) {
        on_one(&CHECK, Ecosystem::PyPi, &[], |tree, left| {
            tree.health(left, |health| {
                healthy(health);
                set(health);
            });
            tree.project(PROJECT, |project| project.scorecard = of);
        })
    }

    #[test]
    fn what_is_worked_on_passes() {
        assert_eq!(look(active(), |_| {}), (vec![], vec![]));
        let young = "project was created within the last 90 days. Please review its contents carefully";
        assert_eq!(look(maintained(Some(0), young), |_| {}), (vec![], vec![]));
        // No release for years, but commits.
        let old = |health: &mut PackageHealth| health.releases = releases(&[("1.0.0", "2016-01-01", true, false)]);
        assert_eq!(look(active(), old), (vec![], vec![]));
    }

    #[test]
    fn a_registry_gives_a_package_up() {
        for status in ["archived", "deprecated", "quarantined: under review", "deprecated (use right)"] {
            let (found, _) = look(active(), |health| health.project_status = known(status.to_owned()));
            assert_eq!(found, [format!("left 1.0.0: its registry marks it as {status}")]);
        }
        assert_eq!(look(active(), |health| health.project_status = known("active".to_owned())), (vec![], vec![]));
        let whole = look(active(), |health| {
            health.withdrawn = known("use right. Thanks.".to_owned());
            health.releases = releases(&[("1.0.0", "2026-01-01", false, true), ("2.0.0", "2026-11-01", true, true)]);
        });
        assert_eq!(whole.0, ["left 1.0.0: its newest release, 2.0.0, is yanked (\"use right. Thanks\")"]);
    }

    #[test]
    fn one_bad_release_is_no_end() {
        let look = |of: &[(&str, &str, bool, bool)]| look(active(), |health| health.releases = releases(of)).0.len();
        assert_eq!(look(&[("1.0.0", "2026-01-01", false, true), ("0.9.0", "2026-01-02", true, false)]), 0);
        assert_eq!(look(&[("1.0.0", "2026-01-01", false, false), ("2.0.0", "2026-01-02", false, true)]), 0);
        assert_eq!(look(&[("1.0.0", "2026-01-01", false, true), ("2.0.0", "2026-01-02", false, true)]), 1);
    }

    #[test]
    fn a_repository_is_archived_or_asleep() {
        let found = |reason| look(maintained(Some(0), reason), |_| {}).0;
        assert_eq!(found("project is archived"), ["left 1.0.0: github.com/acme/left is archived"]);
        assert_eq!(
            found("0 commit(s) and 0 issue activity found in the last 90 days -- score normalized to 0"),
            ["left 1.0.0: github.com/acme/left shows no activity in the 90 days before 2026-11-16: 0 commit(s) and 0 \
              issue activity found in the last 90 days -- score normalized to 0"]
        );
    }

    #[test]
    fn nothing_was_released_for_too_long() {
        let newest = |published: &str| {
            look(maintained(None, "internal error"), |health| {
                health.releases = releases(&[("0.9.0", published, false, false), ("1.0.0", "2010-01-01", true, false)]);
            })
        };
        assert_eq!(newest("2024-11-22").0, [""; 0], "730 days");
        assert_eq!(newest("2024-11-21").0, ["left 1.0.0: its newest release, 0.9.0, is of 2024-11-21, 731 days ago"]);
        let days = [("max-age", Setting::Days(30))];
        let (found, _) = on_one(&CHECK, Ecosystem::Npm, &days, |tree, left| {
            tree.health(left, |health| {
                healthy(health);
                health.releases = releases(&[("1.0.0", "2026-10-01", true, false)]);
            });
        });
        assert_eq!(found, ["left 1.0.0: its newest release, 1.0.0, is of 2026-10-01, 52 days ago"]);
    }

    #[test]
    fn a_package_has_one_finding_with_all_its_reasons() {
        let (found, missing) = look(maintained(Some(0), "project is archived"), |health| {
            health.project_status = known("archived".to_owned());
            health.releases = releases(&[("1.0.0", "2019-01-01", true, false)]);
        });
        assert_eq!(
            found,
            ["left 1.0.0: its registry marks it as archived; github.com/acme/left is archived; its newest release, \
                 1.0.0, is of 2019-01-01, 2882 days ago"]
        );
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn a_fact_taken_away_is_missed_unless_another_is_enough() {
        let missing = |of, set: fn(&mut PackageHealth)| {
            let (found, missing) = look(of, set);
            assert!(found.is_empty(), "{found:?}");
            missing
        };
        assert_eq!(missing(failed(source::SCORECARD), |_| {}), ["scorecard Failed"]);
        assert_eq!(missing(absent(), |_| {}), ["scorecard NotFound"]);
        assert_eq!(missing(maintained(None, "internal error"), |_| {}), ["scorecard NotTold"]);
        assert_eq!(missing(active(), |health| health.repository = absent()), ["scorecard NoProject"]);
        assert_eq!(missing(active(), |health| health.project_status = failed(source::DEPS_DEV)), ["deps.dev Failed"]);
        assert_eq!(missing(active(), |health| health.releases = failed(source::DEPS_DEV)), ["deps.dev Failed"]);
        let undated = |health: &mut PackageHealth| health.releases = releases(&[("1.0.0", "", true, false)]);
        assert_eq!(missing(maintained(None, ""), undated), ["deps.dev NotTold", "scorecard NotTold"]);
        let (found, missing) = look(maintained(Some(0), "project is archived"), |health| {
            health.releases = failed(source::DEPS_DEV);
        });
        assert_eq!((found.len(), missing), (1, vec![]));
    }

    /// `left` is direct and brings `right`, of which only what comes with its version is known.
    fn transitive(scope: Option<Scope>, status: Fact<String>) -> (Vec<String>, Vec<String>) {
        let mut tree = Tree::new("lock", "any-lock", Ecosystem::PyPi);
        let [left, right] = [tree.package("left", "1.0.0"), tree.package("right", "1.0.0")];
        tree.needs(0, left, None);
        tree.needs(left, right, None);
        tree.health(left, healthy);
        tree.project(PROJECT, |project| project.scorecard = active());
        tree.health(right, |health| health.project_status = status);
        let (graph, facts) = tree.finish();
        let scopes = scope.into_iter().map(|scope| (CHECK.rule.id, scope)).collect();
        looked(&CHECK, &graph, &facts, &Parameters { scopes, ..Parameters::default() })
    }

    #[test]
    fn of_transitive_packages_only_what_is_at_hand_counts() {
        assert_eq!(transitive(None, absent()), (vec![], vec![]));
        assert_eq!(transitive(None, failed(source::DEPS_DEV)), (vec![], vec![]));
        let archived = || known("archived".to_owned());
        assert_eq!(transitive(None, archived()).0, ["right 1.0.0: its registry marks it as archived"]);
        assert_eq!(transitive(Some(Scope::All), archived()).0.len(), 1);
        assert_eq!(transitive(Some(Scope::All), absent()).1, ["deps.dev NotAsked"]);
    }

    #[test]
    fn an_advisory_is_not_said_twice() {
        let look = |status: Fact<String>, kinds: &[AdvisoryKind]| {
            let records = kinds.iter().map(|kind| record(&format!("X-{}", kind.as_str()), &[], *kind)).collect();
            let (found, missing) = on_one(&CHECK, Ecosystem::PyPi, &[], |tree, left| {
                tree.health(left, |health| {
                    healthy(health);
                    health.project_status = status;
                });
                tree.project(PROJECT, |project| project.scorecard = maintained(Some(0), "project is archived"));
                tree.hit(left, group(records, None, None));
            });
            assert_eq!(missing, [""; 0]);
            found
        };
        use AdvisoryKind::{Unmaintained, Vulnerability};
        let advisory = "left 1.0.0: X-unmaintained, Summary of X-unmaintained (unmaintained)";
        assert_eq!(look(known("archived".to_owned()), &[Unmaintained]), [advisory]);
        // It stands in the `also` of the vulnerability.
        assert_eq!(look(absent(), &[Vulnerability, Unmaintained]), [""; 0]);
        assert_eq!(look(absent(), &[Vulnerability]), ["left 1.0.0: github.com/acme/left is archived"]);
        let held_back = look(known("quarantined".to_owned()), &[Unmaintained]);
        assert_eq!(held_back, ["left 1.0.0: its registry marks it as quarantined", advisory]);
    }
}
