//! The project behind a package has a low OpenSSF Scorecard.

use super::Check;
use super::judged::{Case, Judgement, judge};
use crate::model::{Data, Level, Missing, Parameter, Rule, Scope, Setting, Stricter, Why, source};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "low-scorecard",
        summary: "The project behind the package has a low OpenSSF Scorecard",
        why: "The Scorecard measures habits that keep flaws and intruders out: review, pinned builds, a way to report. \
              A project that has few of them is more likely to bring you the next surprise.",
        fix: "Read the checks that cost the most, see whether they matter for your use, and help the project or look \
              for another package.",
        clause: "C5.4 CG.scores",
        data: &[Data::Versions, Data::Scorecard],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "min-score",
            stricter: Stricter::Higher,
            summary: "the lowest aggregate that passes",
            default: || Setting::Score(5.0),
        }],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let (project, health) = match case.view.facts.health.project_of(case.package()) {
        Ok(project) => project,
        Err(missing) => return Judgement::Unknown(missing),
    };
    // That nobody made a Scorecard says nothing about the project.
    let unscored = || Judgement::Unknown(Missing { source: source::SCORECARD, why: Why::NotFound });
    Judgement::of(
        &health.scorecard,
        |scorecard| {
            let least = case.decimal("min-score");
            match scorecard.score {
                None => unscored(),
                Some(score) if score >= least => Judgement::Passes,
                Some(score) => Judgement::Fires {
                    what: format!("the Scorecard of {project} is {score:.1}, below {least:.1}"),
                    change: format!("see which checks of {project} matter for your use, or replace {}", case.id.name),
                },
            }
        },
        unscored,
    )
}
