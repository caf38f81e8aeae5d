//! The newest release of a package is old.

use super::Check;
use super::judged::{Case, Judgement, judge};
use super::releases::{day, days};
use crate::model::{Data, Fact, Level, Missing, Parameter, Release, Rule, Scope, Setting, Stricter, Why};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "stale-release",
        summary: "The newest release of the package is old",
        why: "Where nothing has been released for long, nobody may be left who would fix a flaw that is found \
              tomorrow. Some packages are simply finished: look before you act.",
        fix: "See whether the project is still cared for: answered issues, recent changes. If it is not, look for \
              another package; if it is finished, make an exception that says so.",
        clause: "CG.release",
        data: &[Data::Releases],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "max-age",
            stricter: Stricter::Lower,
            summary: "the greatest age of the newest release that passes",
            default: || Setting::Days(365),
        }],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

/// Any release counts, of any line and a pre-release too: each shows that somebody is there. A withdrawn one does not.
fn of(case: &Case<'_>) -> Judgement {
    let unknown = |source| Judgement::Unknown(Missing { source, why: Why::NotTold });
    let (releases, origin) = match &case.health.releases {
        Fact::Known(releases, origin) => (releases, origin),
        Fact::Absent(origin) => return unknown(origin.source),
        Fact::Unknown(missing) => return Judgement::Unknown(*missing),
    };
    let name = &case.id.name;
    let mut standing = releases.iter().filter(|release| !release.is_withdrawn).peekable();
    if standing.peek().is_none() && !releases.is_empty() {
        return Judgement::Fires {
            what: "every release of it has been withdrawn".to_owned(),
            change: format!("replace {name}"),
        };
    }
    let dated = standing.filter_map(|release| Some((release.published?, release)));
    let Some((published, newest)) = dated.max_by_key(|(published, _): &(_, &Release)| *published) else {
        return unknown(origin.source);
    };
    let age = days(published, case.view.today);
    if age <= i64::from(case.number("max-age")) {
        return Judgement::Passes;
    }
    Judgement::Fires {
        what: format!("its newest release is {} of {}, {age} days ago", newest.version, day(published)),
        change: format!("see whether {name} is still cared for, or replace it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageHealth};
    use crate::rule::tests_support::{absent, known, one, release, said, said_with, unknown};

    fn of(releases: Fact<Vec<Release>>) -> Result<Vec<String>, usize> {
        said(&CHECK, &one(Ecosystem::Npm, PackageHealth { releases, ..PackageHealth::NOT_ASKED }))
    }

    #[test]
    fn the_newest_release_by_date_counts() {
        let old = release("1.0.0", "2024-01-01");
        let back_port = release("0.9.9", "2025-12-01");
        let beta = release("2.0.0-beta.1", "2026-11-01");
        let what = "its newest release is 1.0.0 of 2024-01-01, 1056 days ago".to_owned();
        assert_eq!(of(known(vec![old.clone()])), Ok(vec![what.clone()]));
        assert_eq!(of(known(vec![old.clone(), back_port])), Ok(vec![]));
        assert_eq!(of(known(vec![beta.clone(), old.clone()])), Ok(vec![]));
        let withdrawn = Release { is_withdrawn: true, ..beta };
        assert_eq!(of(known(vec![old, withdrawn.clone()])), Ok(vec![what]));
        assert_eq!(of(known(vec![withdrawn])), Ok(vec!["every release of it has been withdrawn".to_owned()]));
    }

    #[test]
    fn the_last_day_passes_and_a_policy_moves_it() {
        let days_old = |day| known(vec![release("1.0.0", day)]);
        assert_eq!(of(days_old("2025-11-22")), Ok(vec![]));
        assert_eq!(of(days_old("2025-11-21")).map(|said| said.len()), Ok(1));
        assert_eq!(of(days_old("2027-01-01")), Ok(vec![]));
        let health = PackageHealth { releases: days_old("2025-11-21"), ..PackageHealth::NOT_ASKED };
        let tree = one(Ecosystem::Npm, health);
        assert_eq!(said_with(&CHECK, &tree, &[("max-age", Setting::Days(366))]), Ok(vec![]));
    }

    #[test]
    fn without_dates_nothing_is_known() {
        let undated = Release { published: None, ..release("1.0.0", "2020-01-01") };
        for releases in [known(vec![undated]), known(vec![]), absent(), unknown()] {
            assert_eq!(of(releases), Err(1));
        }
    }
}
