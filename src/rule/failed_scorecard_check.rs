//! Single checks of the OpenSSF Scorecard that the project behind a package fails, whatever its aggregate is.

use super::judged::{Case, Fired, Outcome, judge_in_full};
use super::words::{joined, said};
use super::{Check, scorecard};
use crate::model::{Data, Level, Parameter, Rule, Scope, Setting, Stricter};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "failed-scorecard-check",
        summary: "The project behind the package fails a check of the OpenSSF Scorecard that matters",
        why: "An aggregate hides the one gap through which an intruder comes: a workflow that runs strangers' code, a \
              token that may write everything, a branch that anybody may overwrite, a release that nobody signed.",
        fix: "Read what the check says, see whether it matters for your use, and help the project or look for another \
              package.",
        clause: "C5.4 CG.repo",
        data: &[Data::Versions, Data::Scorecard],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "checks",
            stricter: Stricter::Higher,
            summary: "the checks that are looked at, each with the lowest score that passes; a list replaces this one",
            default: checks,
        }],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge_in_full(view, &CHECK.rule, view.parameters.scope(&CHECK.rule), of),
};

/// What each check means, and how its score comes about: <https://github.com/ossf/scorecard/blob/main/docs/checks.md>.
fn checks() -> Setting {
    let checks = [
        // Each binary costs one point, and test data often is binary.
        ("Binary-Artifacts", 8.0),
        // The first tier: nobody can overwrite or delete the branch.
        ("Branch-Protection", 3.0),
        // Three of ten changes were seen by a second person.
        ("Code-Review", 3.0),
        // There is nothing between 0 and 10.
        ("Dangerous-Workflow", 10.0),
        ("Pinned-Dependencies", 3.0),
        // At least one of the last releases is signed.
        ("Signed-Releases", 1.0),
        // Nothing is declared, or everything may be written: 0.
        ("Token-Permissions", 5.0),
    ];
    Setting::Scores(checks.map(|(name, least)| (name.to_owned(), least)).into())
}

fn of(case: &Case<'_>) -> Outcome {
    let (project, scorecard) = match scorecard::of(case) {
        Ok(scored) => scored,
        Err(missing) => return Outcome { fires: None, missing: vec![missing] },
    };
    let Setting::Scores(mut checks) = case.view.parameters.setting(case.rule, "checks") else {
        return Outcome::default();
    };
    checks.sort_by(|a, b| a.0.cmp(&b.0));
    let mut outcome = Outcome::default();
    let mut failed = Vec::new();
    for (name, least) in &checks {
        match scorecard::check(scorecard, name) {
            Ok((score, _)) if f64::from(score) >= *least => {}
            Ok((score, reason)) => failed.push(format!("{name} ({score}, below {least}{})", said(reason))),
            Err(missing) if !outcome.missing.contains(&missing) => outcome.missing.push(missing),
            Err(_) => {}
        }
    }
    if !failed.is_empty() {
        outcome.fires = Some(Fired {
            what: format!("{project} fails {} in its Scorecard", joined(&failed)),
            change: format!(
                "see whether that matters for your use, help {project} with it, or replace {}",
                case.id.name
            ),
            escalated: false,
        });
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, source};
    use crate::rule::tests_support::{failed, on_one, scorecard};

    const GOOD: [(&str, Option<u8>, &str); 7] = [
        ("Binary-Artifacts", Some(10), "no binaries found in the repo"),
        ("Branch-Protection", Some(8), "branch protection is not maximal"),
        ("Code-Review", Some(10), "all changesets reviewed"),
        ("Dangerous-Workflow", Some(10), "no dangerous workflow patterns detected"),
        ("Pinned-Dependencies", Some(3), "dependency not pinned by hash detected"),
        ("Signed-Releases", Some(10), "5 out of the last 5 releases have a total of 5 signed artifacts."),
        ("Token-Permissions", Some(10), "GitHub workflow tokens follow principle of least privilege"),
    ];

    fn look(
        settings: &[(&'static str, Setting)],
        change: &[(&str, Option<u8>, &'static str)],
    ) -> (Vec<String>, Vec<String>) {
        let mut checks = GOOD.to_vec();
        for (name, score, reason) in change {
            let check = checks.iter_mut().find(|check| check.0 == *name).unwrap();
            (check.1, check.2) = (*score, reason);
        }
        on_one(&CHECK, Ecosystem::Npm, settings, |tree, left| tree.scored(left, scorecard(Some(9.0), &checks)))
    }

    #[test]
    fn failed_checks_are_one_finding_with_their_reasons() {
        assert_eq!(look(&[], &[]), (vec![], vec![]));
        let (found, missing) = look(
            &[],
            &[("Code-Review", Some(2), "Found 6/30 approved changesets."), ("Dangerous-Workflow", Some(0), "")],
        );
        assert_eq!(
            found,
            ["left 1.0.0: github.com/acme/left fails Code-Review (2, below 3: Found 6/30 approved changesets) and \
                 Dangerous-Workflow (0, below 10) in its Scorecard"]
        );
        assert_eq!(missing, [""; 0]);
        let (found, _) = look(&[], &[("Signed-Releases", Some(0), "Project has not signed or included provenance.")]);
        assert!(found[0].contains("Project has not signed or included provenance) in its Scorecard"), "{found:?}");
    }

    #[test]
    fn a_check_without_a_score_is_unknown_and_no_zero() {
        let (found, missing) = look(&[], &[("Branch-Protection", None, "internal error")]);
        assert_eq!((found.len(), missing), (0, vec!["scorecard NotTold".to_owned()]));
        // What is missing does not take back what is found.
        let (found, missing) = look(&[], &[("Branch-Protection", None, ""), ("Code-Review", Some(0), "none")]);
        assert_eq!((found.len(), missing.len()), (1, 1));
        let sast = Setting::Scores(vec![("SAST".to_owned(), 1.0), ("Fuzzing".to_owned(), 1.0)]);
        assert_eq!(look(&[("checks", sast)], &[]).1, ["scorecard NotTold"], "nobody made these checks");
        let (found, missing) = on_one(&CHECK, Ecosystem::Npm, &[], |tree, left| {
            tree.scored(left, failed(source::DEPS_DEV));
        });
        assert_eq!((found.len(), missing), (0, vec!["deps.dev Failed".to_owned()]));
    }

    #[test]
    fn a_policy_has_its_own_list() {
        let checks = Setting::Scores(vec![("Pinned-Dependencies".to_owned(), 3.5)]);
        let (found, _) = look(&[("checks", checks)], &[("Code-Review", Some(0), "none")]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("Pinned-Dependencies (3, below 3.5: dependency not pinned"), "{found:?}");
        assert_eq!(look(&[("checks", Setting::Scores(Vec::new()))], &[("Code-Review", Some(0), "")]).0, [""; 0]);
    }
}
