//! The people behind a package come from one organisation at the most.

use super::judged::{Case, Judgement, judge};
use super::{Check, scorecard};
use crate::model::{Data, Level, Missing, Rule, Scope, Why, source};

/// What follows the number in the Scorecard's reason.
const ORGANISATIONS: &str = " contributing companies or organizations";

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "single-maintainer",
        summary: "The people behind the package come from no more than one organisation",
        why: "When the one who maintains it loses interest, changes jobs or is deceived, nobody else notices, and nobody \
              else can release a fix.",
        fix: "See who would go on with it, take part in the project, or prefer one that several organisations carry.",
        clause: "CG.maintainers",
        data: &[Data::Versions, Data::Scorecard],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let counted = scorecard::of(case).and_then(|(project, scorecard)| {
        let (_, reason) = scorecard::check(scorecard, "Contributors")?;
        let missing = Missing { source: source::SCORECARD, why: Why::NotTold };
        Ok((project, organisations(reason).ok_or(missing)?))
    });
    match counted {
        Err(missing) => Judgement::Unknown(missing),
        Ok((project, number @ 0..=1)) => Judgement::Fires {
            what: match number {
                0 => format!("none of those who contribute to {project} names an organisation"),
                _ => format!("those who contribute to {project} come from one organisation"),
            },
            change: format!("see who would go on with {project}, or replace {}", case.id.name),
        },
        Ok(_) => Judgement::Passes,
    }
}

/// The number in `project has 3 contributing companies or organizations`, the only place in which it is told.
pub(super) fn organisations(reason: &str) -> Option<u64> {
    let (before, _) = reason.split_once(ORGANISATIONS)?;
    before.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;
    use crate::rule::tests_support::{on_one, scorecard};

    fn look(score: Option<u8>, reason: &str) -> (Vec<String>, Vec<String>) {
        on_one(&CHECK, Ecosystem::CratesIo, &[], |tree, left| {
            tree.scored(left, scorecard(None, &[("Contributors", score, reason)]));
        })
    }

    #[test]
    fn one_organisation_is_too_few() {
        let one = look(Some(3), "project has 1 contributing companies or organizations -- score normalized to 3");
        assert_eq!(one.0, ["left 1.0.0: those who contribute to github.com/acme/left come from one organisation"]);
        let none = look(Some(0), "project has 0 contributing companies or organizations");
        assert!(none.0[0].contains("none of those who contribute to github.com/acme/left"), "{none:?}");
        assert_eq!(look(Some(10), "project has 28 contributing companies or organizations"), (vec![], vec![]));
    }

    #[test]
    fn what_does_not_say_a_number_is_unknown() {
        let unknown = (Vec::new(), vec!["scorecard NotTold".to_owned()]);
        assert_eq!(look(Some(0), "contributing companies or organizations"), unknown);
        assert_eq!(look(Some(0), "project has many contributing companies or organizations"), unknown);
        assert_eq!(look(Some(0), ""), unknown);
        assert_eq!(look(None, "project has 0 contributing companies or organizations"), unknown);
        let (_, missing) =
            on_one(&CHECK, Ecosystem::CratesIo, &[], |tree, left| tree.scored(left, scorecard(None, &[])));
        assert_eq!(missing, unknown.1);
    }
}
