//! The scanned project itself does not meet the first level of the OpenSSF's baseline for open source projects.
//!
//! Of the controls of level 1 (<https://baseline.openssf.org/versions/2026-02-19>) those stand here that can be judged
//! from outside: by the files of the tree, or by the project's own Scorecard. Of the others (second factors, rights of
//! new collaborators, how releases are distributed) nothing is claimed.

use super::documents::{file, find as find_document, folder, has_heading, security_policy};
use super::project_without_security_policy::of_project;
use super::scorecard::{check, of_project as scorecard_of};
use super::words::{counted, joined};
use super::{Check, Found, View};
use crate::model::{Data, Level, Missing, ProjectFiles, RepoPath, Rule, Scope, Scorecard, SeenFiles, Why, source};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "project-baseline",
        summary: "The scanned project itself does not meet level 1 of the OpenSSF Baseline, as far as it shows from outside",
        why: "The baseline is the least that users of open source are told to expect of a project, whatever its size. Each \
              of its controls takes away one way in which a project hurts those who rely on it.",
        fix: "Each control that is not met is named with what to do; the whole list stands at https://baseline.openssf.org.",
        clause: "C5.8 CG.baseline",
        data: &[Data::Local, Data::OwnScorecard],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find,
};

/// Whether a control is met.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Met,
    /// It is not: what was seen, as a part of a sentence.
    Not(String),
    /// What is known does not tell, and nothing else that is looked at would.
    Open,
    /// It is not known, for want of this.
    Unknown(Missing),
}

/// A control, and how it is judged.
struct Control {
    id: &'static str,
    /// What it asks for, in a few words of our own.
    asks: &'static str,
    /// What to do where it is not met.
    remedy: &'static str,
    by: By,
}

/// By what a control is judged.
enum By {
    /// The files of the tree.
    Files(fn(&SeenFiles, &View<'_>) -> Answer),
    /// A check of the project's Scorecard: its name, from which score on the control is met, and up to which it is not.
    Score(&'static str, u8, u8),
}

const CONTROLS: &[Control] = &[
    Control {
        id: "OSPS-AC-03.01",
        asks: "nobody commits to the primary branch directly",
        remedy: "protect the primary branch so that changes come by pull requests",
        // Requiring a review earns the second tier, 6 points; without any protection there are none
        // (<https://github.com/ossf/scorecard/blob/main/docs/checks.md#branch-protection>).
        by: By::Score("Branch-Protection", 6, 0),
    },
    Control {
        id: "OSPS-AC-03.02",
        asks: "the primary branch cannot be deleted by accident",
        remedy: "protect the primary branch from deletion",
        by: By::Score("Branch-Protection", 3, 0),
    },
    Control {
        id: "OSPS-BR-01.01",
        asks: "workflows do not run what strangers put into names and titles",
        remedy: "mend the workflows that Dangerous-Workflow names",
        by: By::Score("Dangerous-Workflow", 10, 0),
    },
    Control { id: "OSPS-DO-01.01", asks: "there is a guide for users", remedy: "write a README", by: By::Files(guide) },
    Control {
        id: "OSPS-DO-02.01",
        asks: "it says how to report a defect",
        remedy: "write templates for issues, or a section in the README",
        by: By::Files(defects),
    },
    Control {
        id: "OSPS-GV-03.01",
        asks: "it explains how to contribute",
        remedy: "write a CONTRIBUTING.md",
        by: By::Files(contributing),
    },
    Control {
        id: "OSPS-LE-02.01",
        asks: "its licence is one of open source",
        remedy: "put it under a licence of the Open Source Initiative's list",
        // Only a licence that is recognised as one of open source earns all points, and only none at all earns none.
        by: By::Score("License", 10, 0),
    },
    Control {
        id: "OSPS-LE-03.01",
        asks: "the licence lies in the repository",
        remedy: "add a LICENSE file",
        by: By::Files(license),
    },
    Control {
        id: "OSPS-QA-02.01",
        asks: "it lists its direct dependencies",
        remedy: "list them in the package manager's manifest",
        by: By::Files(|_, view| if view.graph.roots.is_empty() { Answer::Open } else { Answer::Met }),
    },
    Control {
        id: "OSPS-QA-05.01",
        asks: "no generated programs are under version control",
        remedy: "take them out, and build or fetch them where they are needed",
        by: By::Files(binaries),
    },
    Control {
        id: "OSPS-VM-02.01",
        asks: "it names security contacts",
        remedy: "write a SECURITY.md",
        by: By::Files(contacts),
    },
];

fn find(view: &View<'_>) -> Found {
    if view.facts.project == ProjectFiles::None {
        return Found::default();
    }
    let scorecard = own_scorecard(view);
    let mut found = Found::default();
    let (mut not, mut met) = (Vec::new(), 0);
    for control in CONTROLS {
        match answer(control, view, scorecard.as_ref()) {
            Answer::Met => met += 1,
            Answer::Not(seen) => not.push((control, seen)),
            Answer::Open => {}
            Answer::Unknown(missing) => {
                found.missing.insert((missing, None));
            }
        }
    }
    if not.is_empty() {
        return found;
    }
    let part = |(control, seen): &(&Control, String)| format!("{} ({}): {seen}", control.id, control.asks);
    let open = CONTROLS.len() - met - not.len();
    let message = format!(
        "This project does not meet {} of level 1 of the OpenSSF Baseline: {}. Of the {} that can be judged from outside it \
         meets {met}{}.",
        counted(not.len(), "control"),
        not.iter().map(part).collect::<Vec<_>>().join("; "),
        CONTROLS.len(),
        if open > 0 { format!(", and {open} could not be judged") } else { String::new() },
    );
    let remedies: Vec<String> = not.iter().map(|(control, _)| format!("{} ({})", control.remedy, control.id)).collect();
    let key: Vec<&str> = not.iter().map(|(control, _)| control.id).collect();
    found.findings.push(of_project(&CHECK.rule, message, joined(&remedies), &key.join(" ")));
    found
}

fn own_scorecard<'v>(view: &View<'v>) -> Result<&'v Scorecard, Missing> {
    let health = &view.facts.health;
    let project = health.own.as_ref().ok_or(Missing { source: source::SCORECARD, why: Why::Unnamed })?;
    scorecard_of(health.project(project))
}

fn answer(control: &Control, view: &View<'_>, scorecard: Result<&&Scorecard, &Missing>) -> Answer {
    match &control.by {
        By::Files(judge) => match &view.facts.project {
            ProjectFiles::Seen(seen) => judge(seen, view),
            ProjectFiles::Unseen | ProjectFiles::None => {
                Answer::Unknown(Missing { source: source::PROJECT, why: Why::NotSeen })
            }
        },
        By::Score(name, met, not) => match scorecard.map(|scorecard| check(scorecard, name)) {
            Err(missing) => Answer::Unknown(*missing),
            Ok(Err(missing)) => Answer::Unknown(missing),
            Ok(Ok((score, _))) if score >= *met => Answer::Met,
            Ok(Ok((score, _))) if score <= *not => Answer::Not(format!("the Scorecard gives {name} {score} of 10")),
            Ok(Ok(_)) => Answer::Open,
        },
    }
}

fn guide(seen: &SeenFiles, _: &View<'_>) -> Answer {
    let documents = ["docs", "doc", "documentation"];
    let is_there =
        find_document(seen, "readme", true).is_some() || documents.iter().any(|name| folder(seen, name).is_some());
    if is_there { Answer::Met } else { Answer::Not("there is neither a README nor a folder of documents".to_owned()) }
}

/// A README may say it under any heading, so that only a project without one is known not to.
fn defects(seen: &SeenFiles, _: &View<'_>) -> Answer {
    let files = ["support", "issue_template", "contributing", "bugs", "reporting"];
    let is_there = files.iter().any(|name| find_document(seen, name, true).is_some())
        || ["ISSUE_TEMPLATE", "issue_templates"].iter().any(|name| folder(seen, name).is_some())
        || has_heading(seen, &["issue", "bug", "support", "defect", "problem", "feedback"]);
    match () {
        () if is_there => Answer::Met,
        () if find_document(seen, "readme", true).is_some() => Answer::Open,
        () => Answer::Not(
            "there are no templates for issues, no SUPPORT or CONTRIBUTING document and no README".to_owned(),
        ),
    }
}

fn contributing(seen: &SeenFiles, _: &View<'_>) -> Answer {
    let files = ["contributing", "contribute", "hacking", "development"];
    let is_there = files.iter().any(|name| find_document(seen, name, true).is_some())
        || folder(seen, "contributing").is_some()
        || has_heading(seen, &["contribut", "develop", "hacking"]);
    match is_there {
        true => Answer::Met,
        false => Answer::Not("there is no CONTRIBUTING document, and no heading of the README speaks of it".to_owned()),
    }
}

fn license(seen: &SeenFiles, _: &View<'_>) -> Answer {
    let files = ["license", "licence", "copying", "unlicense", "mit-license", "licenses", "licences"];
    let is_there = files.iter().any(|name| find_document(seen, name, true).is_some())
        || ["license", "licenses", "licence", "licences"].iter().any(|name| folder(seen, name).is_some());
    match is_there {
        true => Answer::Met,
        false => Answer::Not("there is no LICENSE or COPYING file and no folder of licences at the top".to_owned()),
    }
}

fn binaries(seen: &SeenFiles, _: &View<'_>) -> Answer {
    let named: Vec<String> = seen.binaries.iter().take(3).map(RepoPath::to_string).collect();
    match seen.binaries_total {
        // What was left out may hold some.
        0 if !seen.is_whole => Answer::Open,
        0 => Answer::Met,
        total if total > named.len() => Answer::Not(format!("there are {total}, among them {}", joined(&named))),
        1 => Answer::Not(format!("there is {}", joined(&named))),
        _ => Answer::Not(format!("there are {}", joined(&named))),
    }
}

/// The baseline asks for contacts in the documentation, whichever document it is.
fn contacts(seen: &SeenFiles, _: &View<'_>) -> Answer {
    let is_file = security_policy(seen).is_some() || file(seen, "SECURITY_CONTACTS").is_some();
    match () {
        () if is_file || has_heading(seen, &["security contact", "reporting security", "report a vulnerab"]) => {
            Answer::Met
        }
        () if has_heading(seen, &["security", "vulnerab"]) => Answer::Open,
        () => Answer::Not("there is no SECURITY.md, and no heading of the README speaks of security".to_owned()),
    }
}
