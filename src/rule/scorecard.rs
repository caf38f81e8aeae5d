//! What the Scorecard of the project behind a package says, for the rules that ask it.

use super::judged::Case;
use crate::model::{Fact, Missing, ProjectHealth, Scorecard, Why, source};

/// The project behind a package and its Scorecard. That nobody made one says nothing about the project.
pub(super) fn of<'v>(case: &Case<'v>) -> Result<(&'v str, &'v Scorecard), Missing> {
    let (project, health) = case.view.facts.health.project_of(case.package())?;
    Ok((project, of_project(health)?))
}

/// The Scorecard of a project.
pub(super) fn of_project(health: &ProjectHealth) -> Result<&Scorecard, Missing> {
    match &health.scorecard {
        Fact::Known(scorecard, _) => Ok(scorecard),
        Fact::Absent(_) => Err(Missing { source: source::SCORECARD, why: Why::NotFound }),
        Fact::Unknown(missing) => Err(*missing),
    }
}

/// The score of a check, 0 to 10, and why. A check that was not made or could not be evaluated is unknown, whatever its
/// reason: it is no zero.
pub(super) fn check<'s>(scorecard: &'s Scorecard, name: &str) -> Result<(u8, &'s str), Missing> {
    let check = scorecard.check(name).and_then(|check| Some((check.score?, check.reason.as_str())));
    check.ok_or(Missing { source: source::SCORECARD, why: Why::NotTold })
}
