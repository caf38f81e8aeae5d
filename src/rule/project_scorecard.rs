//! The scanned project itself has a low OpenSSF Scorecard.

use super::fingerprint::fingerprint_of_project;
use super::place::{about, advice};
use super::scorecard::{check, of_project};
use super::words::{joined, said};
use super::{Check, Found, View};
use crate::model::{Data, Level, Missing, Parameter, Rule, Scope, Scorecard, Setting, Stricter, Subject, Why, source};

/// How many of the checks that cost most are named.
const WORST: usize = 3;

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "project-scorecard",
        summary: "The scanned project itself has a low OpenSSF Scorecard",
        why: "What you ask of those whose code you use, others ask of you. The Scorecard shows what keeps flaws and \
              intruders out of your own project, and most of what costs points is set up within an hour.",
        fix: "Start with the checks that cost the most; each says what to do.",
        clause: "C5.4 C5.8",
        data: &[Data::OwnScorecard],
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
    find,
};

fn find(view: &View<'_>) -> Found {
    let unknown = |missing| Found { findings: Vec::new(), missing: [(missing, None)].into() };
    let health = &view.facts.health;
    let Some(project) = &health.own else {
        return unknown(Missing { source: source::SCORECARD, why: Why::Unnamed });
    };
    let scorecard = match of_project(health.project(project)) {
        Ok(scorecard) => scorecard,
        Err(missing) => return unknown(missing),
    };
    let Some(score) = scorecard.score else {
        return unknown(Missing { source: source::SCORECARD, why: Why::NotTold });
    };
    let least = view.parameters.decimal(&CHECK.rule, "min-score");
    if score >= least {
        return Found::default();
    }
    let worst = worst(scorecard);
    let costs = if worst.is_empty() { String::new() } else { format!("; most is lost by {}", joined(&worst)) };
    let fix = advice(format!("raise the Scorecard of {project}, the costliest check first"), None);
    let message = format!("The Scorecard of {project}, this project, is {score:.1}, below {least:.1}{costs}.");
    vec![about(&CHECK.rule, Subject::Project, message, fix, fingerprint_of_project(&CHECK.rule, project))].into()
}

/// The checks that cost the aggregate most, by their weight and what they lack, each with its reason.
fn worst(scorecard: &Scorecard) -> Vec<String> {
    let cost = |name: &str, score: u8| Scorecard::weight(name) * (10.0 - f64::from(score));
    let mut costs: Vec<(f64, &str, u8, &str)> = Vec::new();
    for name in scorecard.checks.iter().map(|check| check.name.as_str()) {
        if let Ok((score, reason)) = check(scorecard, name) {
            costs.push((cost(name, score), name, score, reason));
        }
    }
    costs.retain(|(cost, ..)| *cost > 0.0);
    costs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let words = |(_, name, score, reason): &(f64, &str, u8, &str)| format!("{name} ({score}{})", said(reason));
    costs.iter().take(WORST).map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Fact};
    use crate::rule::Parameters;
    use crate::rule::tests_support::{Tree, absent, failed, looked, scorecard};

    fn look(own: Option<&str>, of: Fact<Scorecard>) -> (Vec<String>, Vec<String>) {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        tree.project("github.com/acme/app", |project| project.scorecard = of);
        if let Some(own) = own {
            tree.own(own);
        }
        let (graph, facts) = tree.finish();
        looked(&CHECK, &graph, &facts, &Parameters::default())
    }

    const OWN: Option<&str> = Some("github.com/acme/app");

    #[test]
    fn the_costliest_checks_are_named() {
        let checks = [
            ("Binary-Artifacts", Some(10), "no binaries"),
            ("Code-Review", Some(4), "Found 4/10 approved changesets -- score normalized to 4"),
            ("License", Some(0), "license file not detected"),
            ("Dangerous-Workflow", Some(0), "dangerous workflow patterns detected"),
            ("Signed-Releases", None, "no releases found"),
            ("Token-Permissions", Some(0), ""),
        ];
        assert_eq!(
            look(OWN, scorecard(Some(4.9), &checks)).0,
            [
                "The Scorecard of github.com/acme/app, this project, is 4.9, below 5.0; most is lost by Dangerous-Workflow \
              (0: dangerous workflow patterns detected), Token-Permissions (0) and Code-Review (4: Found 4/10 approved \
              changesets -- score normalized to 4)."
            ]
        );
        assert_eq!(look(OWN, scorecard(Some(5.0), &checks)), (vec![], vec![]));
        let bare = look(OWN, scorecard(Some(0.0), &[])).0;
        assert_eq!(bare, ["The Scorecard of github.com/acme/app, this project, is 0.0, below 5.0."]);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let missing = |own, of| {
            let (found, missing) = look(own, of);
            assert!(found.is_empty());
            missing
        };
        assert_eq!(missing(None, scorecard(Some(0.0), &[])), ["scorecard Unnamed"]);
        assert_eq!(missing(OWN, scorecard(None, &[])), ["scorecard NotTold"]);
        assert_eq!(missing(OWN, absent()), ["scorecard NotFound"]);
        assert_eq!(missing(OWN, failed(source::SCORECARD)), ["scorecard Failed"]);
    }
}
