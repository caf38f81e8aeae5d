//! A package is used in a version far behind its newest one.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Check;
use super::judged::{Case, Judgement, judge};
use super::releases::{Standing, day, days, standing};
use crate::model::{Data, Fact, Level, Missing, Parameter, Release, Rule, Scope, Setting, Stricter, Why};
use crate::version::{Key, Version};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "outdated-dependency",
        summary: "The package is far behind its newest version",
        why: "Fixes are made for new versions first and often for them alone. The further behind you are, the more \
              has to change on the day on which a fix is urgent.",
        fix: "Update to the newest version, one major version after the other where the way is long.",
        clause: "CG.deps",
        data: &[Data::Versions, Data::Releases],
        scope: Scope::Direct,
        parameters: &[
            Parameter {
                key: "max-majors",
                stricter: Stricter::Lower,
                summary: "how many major versions behind the newest one still passes (of 0.x, minor versions)",
                default: || Setting::Count(1),
            },
            Parameter {
                key: "max-age",
                stricter: Stricter::Lower,
                summary: "how old a version may become when there is a newer one",
                default: || Setting::Days(365),
            },
        ],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

/// Against releases in earnest: no pre-releases, none that were withdrawn, none above the one that the registry gives
/// to who asks for no version. Of major versions those are counted that there are, so that years as versions and
/// numbers that were left out count as one step.
fn of(case: &Case<'_>) -> Judgement {
    let unknown = |source| Judgement::Unknown(Missing { source, why: Why::NotTold });
    let (releases, source) = match &case.health.releases {
        Fact::Known(releases, origin) => (releases, origin.source),
        Fact::Absent(origin) => return unknown(origin.source),
        Fact::Unknown(missing) => return Judgement::Unknown(*missing),
    };
    let ecosystem = case.id.ecosystem;
    let Some(own) = case.id.version.as_deref().and_then(|version| Version::parse(ecosystem, version)) else {
        return unknown(source);
    };
    let standing = standing(ecosystem, releases);
    let newest = match standing.last() {
        Some(newest) if newest.version.key > own.key => newest,
        // What has no release in earnest, or none above the version in use, leaves nothing to update to.
        Some(_) => return Judgement::Passes,
        None if releases.is_empty() => return unknown(source),
        None => return Judgement::Passes,
    };
    let behind = standing.iter().map(|standing| &standing.version.line).filter(|line| **line > own.line);
    let behind = behind.collect::<BTreeSet<_>>().len();
    let is_far = behind > usize::try_from(case.number("max-majors")).unwrap_or(usize::MAX);
    let age = published(case, releases, &own.key).map(|published| (published, days(published, case.view.today)));
    let old = age.filter(|(_, age)| *age > i64::from(case.number("max-age")));
    if !is_far && age.is_none() {
        return unknown(source);
    }
    let what = match (is_far, old) {
        (false, None) => return Judgement::Passes,
        (true, None) => format!("it is {behind} major versions behind {}", label(newest)),
        (false, Some((published, age))) => {
            format!("it is of {}, {age} days old, and the newest is {}", day(published), label(newest))
        }
        (true, Some((published, age))) => {
            format!("it is {behind} major versions behind {}, and of {}, {age} days old", label(newest), day(published))
        }
    };
    Judgement::Fires { what, change: format!("update {} to {}", case.id.name, newest.release.version) }
}

/// A release with its day.
fn label(standing: &Standing<'_>) -> String {
    match standing.release.published {
        Some(published) => format!("{} of {}", standing.release.version, day(published)),
        None => standing.release.version.clone(),
    }
}

/// When the version in use was published.
fn published(case: &Case<'_>, releases: &[Release], own: &Key) -> Option<Timestamp> {
    let version = |release: &Release| Version::parse(case.id.ecosystem, &release.version);
    let is_own = |release: &&Release| version(release).is_some_and(|version| version.key == *own);
    let listed = || releases.iter().find(is_own).and_then(|release| release.published);
    case.health.published.known().copied().or_else(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageHealth};
    use crate::rule::tests_support::{absent, known, one, release, said, said_with, unknown};

    /// What is said of `package 1.2.0` where these are its releases.
    fn of(ecosystem: Ecosystem, releases: Fact<Vec<Release>>) -> Result<Vec<String>, usize> {
        said(&CHECK, &one(ecosystem, PackageHealth { releases, ..PackageHealth::NOT_ASKED }))
    }

    fn releases(of: &[(&str, &str)]) -> Fact<Vec<Release>> {
        known(of.iter().map(|(version, day)| release(version, day)).collect())
    }

    #[test]
    fn one_major_version_behind_passes_and_two_do_not() {
        let own = ("1.2.0", "2026-05-01");
        for ecosystem in [Ecosystem::Npm, Ecosystem::CratesIo, Ecosystem::PyPi] {
            assert_eq!(of(ecosystem, releases(&[own, ("1.9.0", "2026-06-01"), ("2.0.0", "2026-07-01")])), Ok(vec![]));
            let two = [own, ("2.0.0", "2026-06-01"), ("3.0.0", "2026-07-01"), ("3.1.0", "2026-07-02")];
            let what = "it is 2 major versions behind 3.1.0 of 2026-07-02".to_owned();
            assert_eq!(of(ecosystem, releases(&two)), Ok(vec![what]));
        }
        // Years as versions are one step each, and numbers that nobody released are none.
        assert_eq!(of(Ecosystem::PyPi, releases(&[own, ("2026.1", "2026-06-01")])), Ok(vec![]));
        let tree = one(
            Ecosystem::Npm,
            PackageHealth { releases: releases(&[own, ("2.0.0", "2026-07-01")]), ..PackageHealth::NOT_ASKED },
        );
        assert_eq!(said_with(&CHECK, &tree, &[("max-majors", Setting::Count(0))]).map(|said| said.len()), Ok(1));
    }

    #[test]
    fn an_old_version_fires_where_there_is_a_newer_one() {
        let own = ("1.2.0", "2025-11-21");
        let newer = releases(&[own, ("1.2.1", "2025-11-23")]);
        let what = "it is of 2025-11-21, 366 days old, and the newest is 1.2.1 of 2025-11-23".to_owned();
        assert_eq!(of(Ecosystem::Npm, newer), Ok(vec![what]));
        assert_eq!(of(Ecosystem::Npm, releases(&[("1.2.0", "2025-11-22"), ("1.2.1", "2025-11-23")])), Ok(vec![]));
        assert_eq!(of(Ecosystem::Npm, releases(&[("1.1.9", "2025-01-01"), own])), Ok(vec![]), "it is the newest");
        let go = releases(&[("v1.2.0", "2024-11-22"), ("v1.3.0", "2026-01-01")]);
        assert_eq!(of(Ecosystem::Go, go).map(|said| said.len()), Ok(1));
        let both = releases(&[("1.2.0", "2020-01-01"), ("2.0.0", "2021-01-01"), ("3.0.0", "2022-01-01")]);
        let what = "it is 2 major versions behind 3.0.0 of 2022-01-01, and of 2020-01-01, 2517 days old".to_owned();
        assert_eq!(of(Ecosystem::Npm, both), Ok(vec![what]));
    }

    #[test]
    fn only_releases_in_earnest_count() {
        let own = release("1.2.0", "2020-01-01");
        let beta = release("1.3.0-beta.1", "2026-01-01");
        let withdrawn = Release { is_withdrawn: true, ..release("1.3.0", "2026-01-01") };
        assert_eq!(of(Ecosystem::Npm, known(vec![own.clone(), beta, withdrawn])), Ok(vec![]));
        // What lies above the release that the registry gives by default is there for who asks for it.
        let default = Release { is_default: true, ..own };
        let next = release("2.0.0", "2026-01-01");
        assert_eq!(of(Ecosystem::Npm, known(vec![default, next])), Ok(vec![]));
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        let undated = |version: &str| Release { published: None, ..release(version, "2020-01-01") };
        for releases in [known(vec![undated("1.2.0"), undated("1.3.0")]), known(vec![]), absent(), unknown()] {
            assert_eq!(of(Ecosystem::Npm, releases), Err(1));
        }
        // What is known is enough.
        let far = known(vec![undated("1.2.0"), undated("2.0.0"), undated("3.0.0")]);
        assert_eq!(of(Ecosystem::Npm, far), Ok(vec!["it is 2 major versions behind 3.0.0".to_owned()]));
        assert_eq!(of(Ecosystem::Npm, known(vec![undated("1.2.0")])), Ok(vec![]));
    }
}
