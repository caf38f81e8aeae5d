//! The project behind a package has no OpenSSF Best Practices badge, or not of the level that is asked for.

use super::judged::{Case, Judgement, judge};
use super::{Check, scorecard};
use crate::model::{Badge, Data, Fact, Level, Missing, Parameter, Rule, Scope, Setting, Stricter};

/// The check of the Scorecard that asks the badge service itself.
const CHECK_OF_BADGE: &str = "CII-Best-Practices";

/// The words of [`Badge`].
const WORDS: &[&str] = &["in_progress", "passing", "silver", "gold"];

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "no-best-practices-badge",
        summary: "The project behind the package has not earned the OpenSSF Best Practices badge that is asked for",
        why: "The badge says in public which practices a project follows: how it tests, how it handles reports, how it \
              releases. A project without one may follow them too, but then that is for you to find out.",
        fix: "Go through the criteria for what matters to you, or ask the project to earn the badge.",
        clause: "C5.8 CG.badge",
        data: &[Data::Versions, Data::Badge, Data::Scorecard],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "min-badge",
            stricter: Stricter::Higher,
            summary: "the lowest level that passes",
            default: || Setting::Word("passing", WORDS),
        }],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let (project, health) = match case.view.facts.health.project_of(case.package()) {
        Ok(project) => project,
        Err(missing) => return Judgement::Unknown(missing),
    };
    let badge = match &health.badge {
        Fact::Known(badge, _) => Some(*badge),
        Fact::Absent(_) => None,
        Fact::Unknown(missing) => match by_scorecard(case, *missing) {
            Ok(badge) => badge,
            Err(missing) => return Judgement::Unknown(missing),
        },
    };
    let least = case.word("min-badge");
    if badge >= Badge::from_word(least) {
        return Judgement::Passes;
    }
    let has = match badge {
        None => format!("{project} has no Best Practices badge"),
        Some(badge) => format!("the Best Practices badge of {project} is {}", words(badge.as_str())),
    };
    let name = &case.id.name;
    Judgement::Fires {
        what: format!("{has}; at least {} is asked for", words(least)),
        change: format!("go through the criteria for {project} yourself, ask it to earn the badge, or replace {name}"),
    }
}

/// The level by the Scorecard, where the badge service is not known to say one: gold 10, silver 7, passing 5, begun 2
/// (<https://github.com/ossf/scorecard/blob/main/docs/checks.md#cii-best-practices>).
fn by_scorecard(case: &Case<'_>, missing: Missing) -> Result<Option<Badge>, Missing> {
    let (_, scorecard) = scorecard::of(case).map_err(|_| missing)?;
    match scorecard::check(scorecard, CHECK_OF_BADGE) {
        Ok((0, _)) => Ok(None),
        Ok((2, _)) => Ok(Some(Badge::InProgress)),
        Ok((5, _)) => Ok(Some(Badge::Passing)),
        Ok((7, _)) => Ok(Some(Badge::Silver)),
        Ok((10, _)) => Ok(Some(Badge::Gold)),
        Ok(_) | Err(_) => Err(missing),
    }
}

/// `in_progress` as people write it.
fn words(badge: &str) -> String {
    badge.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, source};
    use crate::rule::tests_support::{absent, failed, known, on_one, repository, scorecard};

    fn look(least: &'static str, badge: Fact<Badge>, by_scorecard: Option<u8>) -> (Vec<String>, Vec<String>) {
        let settings = [("min-badge", Setting::Word(least, WORDS))];
        on_one(&CHECK, Ecosystem::Go, &settings, |tree, left| {
            tree.health(left, |health| health.repository = repository("github.com/acme/left"));
            tree.project("github.com/acme/left", |project| {
                project.badge = badge;
                project.scorecard = scorecard(None, &[(CHECK_OF_BADGE, by_scorecard, "badge detected: whatever")]);
            });
        })
    }

    #[test]
    fn the_words_are_those_of_the_badge() {
        assert_eq!(WORDS, Badge::ALL.map(Badge::as_str));
    }

    #[test]
    fn the_badge_is_at_least_what_is_asked_for() {
        assert_eq!(look("passing", known(Badge::Passing), None), (vec![], vec![]));
        assert_eq!(look("silver", known(Badge::Gold), None), (vec![], vec![]));
        assert_eq!(
            look("gold", known(Badge::InProgress), Some(10)).0,
            ["left 1.0.0: the Best Practices badge of github.com/acme/left is in progress; at least gold is asked for"]
        );
        assert_eq!(
            look("in_progress", absent(), Some(10)).0,
            ["left 1.0.0: github.com/acme/left has no Best Practices badge; at least in progress is asked for"]
        );
    }

    #[test]
    fn where_the_service_does_not_tell_the_scorecard_does() {
        let found = |score| {
            let (found, missing) = look("silver", failed(source::BEST_PRACTICES), score);
            if missing.is_empty() { Some(found.len()) } else { None }
        };
        let scores = [Some(0), Some(2), Some(5), Some(7), Some(10), Some(3), None];
        assert_eq!(scores.map(found), [Some(1), Some(1), Some(1), Some(0), Some(0), None, None]);
        assert_eq!(look("silver", failed(source::BEST_PRACTICES), None).1, ["best-practices Failed"]);
    }
}
