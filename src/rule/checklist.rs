//! The intake question, "may we add this?": the questions of the OpenSSF's Concise Guide for Evaluating Open Source
//! Software (<https://best.openssf.org/Concise-Guide-for-Evaluating-Open-Source-Software>), answered from facts. What no
//! source tells stays unknown, and what only the asker can know is left to the asker.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::View;
use crate::model::{
    AliasGroup, Answered, Badge, Checklist, ChecklistItem, Evidence, Fact, Finding, License, Missing, PackageHealth,
    PackageId, PackageIndex, Scorecard, Severity, Subject,
};

/// How long ago the last release may be, in days.
const RELEASED_WITHIN: i32 = 365;
/// How many dependents are significant use.
const MANY: u64 = 100;

/// What questions are answered from.
struct Case<'c> {
    view: &'c View<'c>,
    findings: &'c [Finding],
    package: PackageIndex,
    id: &'c PackageId,
    health: &'c PackageHealth,
}

type Reply = (Answered, String);

/// A question of the guide.
struct Question {
    clause: &'static str,
    text: &'static str,
    answer: fn(&Case<'_>) -> Reply,
}

const QUESTIONS: &[Question] = &[
    Question {
        clause: "CG.necessity",
        text: "Can it not be avoided?",
        answer: |_| yours("is it worth a new dependency, or do a few lines of your own do?"),
    },
    Question { clause: "CG.authentic", text: "Is it the real one, from its own repository?", answer: authentic },
    Question {
        clause: "CG.name",
        text: "Is it the one that is meant, and no look-alike of a more used one?",
        answer: name,
    },
    Question { clause: "CG.activity", text: "Was there activity within 12 months?", answer: activity },
    Question { clause: "CG.release", text: "Was there a release within 12 months?", answer: release },
    Question {
        clause: "CG.maintainers",
        text: "Is there more than one maintainer, from more than one organisation?",
        answer: |case| check(case, "Contributors", 4),
    },
    Question { clause: "CG.stability", text: "Does its version promise stability?", answer: stability },
    Question { clause: "CG.badge", text: "Has it an OpenSSF Best Practices badge?", answer: badge },
    Question {
        clause: "CG.deps",
        text: "Are its own dependencies kept up to date?",
        answer: |case| check(case, "Dependency-Update-Tool", 5),
    },
    Question { clause: "CG.repo", text: "Is its repository protected (branches, reviews)?", answer: protected },
    Question {
        clause: "CG.audit",
        text: "Was it audited, and what was found mended?",
        answer: |_| yours("look for reports of audits; no service lists them"),
    },
    Question {
        clause: "CG.baseline",
        text: "Does it meet the OpenSSF Baseline?",
        answer: |_| yours("look at its documents, and at its entry on www.bestpractices.dev"),
    },
    Question { clause: "CG.response", text: "Is nothing known in this version that has a fix?", answer: response },
    Question { clause: "CG.scores", text: "Is its OpenSSF Scorecard good?", answer: scores },
    Question {
        clause: "CG.tests",
        text: "Are changes tested before they are merged?",
        answer: |case| check(case, "CI-Tests", 5),
    },
    Question {
        clause: "CG.vulns",
        text: "Is this version free of known important vulnerabilities?",
        answer: vulnerabilities,
    },
    Question {
        clause: "CG.reporting",
        text: "Does it say how to report a vulnerability?",
        answer: |case| check(case, "Security-Policy", 4),
    },
    Question { clause: "CG.license", text: "Is it under a licence that SPDX lists?", answer: license },
    Question { clause: "CG.adoption", text: "Is it used by many others?", answer: adoption },
    Question {
        clause: "CG.impact",
        text: "Are the dependencies that it brings expected and needed?",
        answer: |_| yours("add it on a branch and run `osprey scan` there: the whole tree is judged then"),
    },
];

/// The answers about a package, with the findings of all rules about it.
pub fn checklist(view: &View<'_>, findings: &[Finding], package: PackageIndex) -> Checklist {
    let id = &view.graph.package(package).id;
    let case = Case { view, findings, package, id, health: view.facts.health.package(package) };
    let item = |question: &Question| {
        let (answer, evidence) = (question.answer)(&case);
        ChecklistItem { clause: question.clause, question: question.text, answer, evidence }
    };
    Checklist { package, items: QUESTIONS.iter().map(item).collect() }
}

fn yours(hint: &str) -> Reply {
    (Answered::Yours, hint.to_owned())
}

fn yes(evidence: impl Into<String>) -> Reply {
    (Answered::Yes, evidence.into())
}

fn no(evidence: impl Into<String>) -> Reply {
    (Answered::No, evidence.into())
}

fn unknown(missing: Missing) -> Reply {
    (Answered::Unknown, format!("{} {}", missing.source, missing.why.as_str()))
}

fn unsaid(evidence: impl Into<String>) -> Reply {
    (Answered::Unknown, evidence.into())
}

/// The Scorecard of the project behind the package.
fn scorecard<'c>(case: &'c Case<'_>) -> Result<(&'c str, &'c Scorecard), Reply> {
    let (project, health) = case.view.facts.health.project_of(case.package).map_err(unknown)?;
    match &health.scorecard {
        Fact::Known(scorecard, _) => Ok((project, scorecard)),
        Fact::Absent(_) => Err(unsaid(format!("{project} has no Scorecard"))),
        Fact::Unknown(missing) => Err(unknown(*missing)),
    }
}

/// A check of the Scorecard that is enough from that score on.
fn check(case: &Case<'_>, name: &str, enough: u8) -> Reply {
    let (project, scorecard) = match scorecard(case) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    match scorecard.check(name).and_then(|check| Some((check.score?, &check.reason))) {
        Some((score, reason)) if score >= enough => yes(format!("Scorecard {name} {score} of 10: {reason}")),
        Some((score, reason)) => no(format!("Scorecard {name} {score} of 10: {reason}")),
        None => unsaid(format!("the Scorecard of {project} has no result for {name}")),
    }
}

fn authentic(case: &Case<'_>) -> Reply {
    match &case.health.repository {
        Fact::Known(repository, _) => {
            let project = &repository.project;
            if let Some(other) = &repository.contradicted {
                return no(format!("it was built from {project}, and its metadata names {other}"));
            }
            match repository.evidence {
                Evidence::Attested => yes(format!("a verified attestation says that it was built from {project}")),
                Evidence::Origin => yes(format!("it is loaded from {project} itself")),
                Evidence::Claimed => unsaid(format!(
                    "its metadata names {project}; nothing but its own word says so: look whether {project} names it back"
                )),
            }
        }
        Fact::Absent(_) => no("it names no repository"),
        Fact::Unknown(missing) => unknown(*missing),
    }
}

fn name(case: &Case<'_>) -> Reply {
    let of_rule = case.findings.iter().find(|finding| {
        let is_it = matches!(finding.subject, Subject::Package { package, .. } if package == case.package);
        is_it && finding.rule.id == "lookalike-name"
    });
    match (of_rule, &case.health.similar) {
        (Some(finding), _) => no(finding.message.clone()),
        (None, Fact::Absent(_)) => yes("no more used package has a similar name"),
        (None, Fact::Known(similar, _)) => unsaid(format!(
            "more used packages with a similar name: {}; compare them with what you mean",
            similar.join(", ")
        )),
        (None, Fact::Unknown(missing)) => unknown(*missing),
    }
}

fn days_since(case: &Case<'_>, moment: Timestamp) -> i32 {
    let day: Date = moment.to_zoned(TimeZone::UTC).date();
    case.view.today.since(day).map_or(0, |span| span.get_days())
}

/// The newest release: its version and how many days ago it was.
fn newest(case: &Case<'_>) -> Result<(String, i32), Missing> {
    match &case.health.releases {
        Fact::Known(releases, origin) => {
            let dated = releases.iter().filter_map(|release| Some((release.published?, &release.version)));
            let newest = dated.max();
            newest
                .map(|(published, version)| (version.clone(), days_since(case, published)))
                .ok_or(Missing { source: origin.source, why: crate::model::Why::NotTold })
        }
        Fact::Absent(origin) => Err(Missing { source: origin.source, why: crate::model::Why::NotTold }),
        Fact::Unknown(missing) => Err(*missing),
    }
}

fn release(case: &Case<'_>) -> Reply {
    match newest(case) {
        Ok((version, days)) if days <= RELEASED_WITHIN => yes(format!("{version} came out {days} days ago")),
        Ok((version, days)) => no(format!("the newest release, {version}, is {days} days old")),
        Err(missing) => unknown(missing),
    }
}

fn activity(case: &Case<'_>) -> Reply {
    match check(case, "Maintained", 1) {
        // A release is activity too.
        (Answered::Unknown, why) => match release(case) {
            (Answered::Yes, evidence) => yes(evidence),
            _ => unsaid(why),
        },
        reply => reply,
    }
}

fn stability(case: &Case<'_>) -> Reply {
    let Some(version) = &case.id.version else { return unsaid("no version is known") };
    let plain = version.trim_start_matches('v');
    let is_early = plain.starts_with("0.");
    let number = plain.split('+').next().unwrap_or(plain);
    let is_pre = number.contains('-') || number.chars().any(|c| c.is_ascii_alphabetic());
    match (is_early, is_pre) {
        (_, true) => no(format!("{version} is a version before a release")),
        (true, false) => no(format!("{version}: 0.x promises nothing")),
        (false, false) => yes(version.clone()),
    }
}

fn badge(case: &Case<'_>) -> Reply {
    let (project, health) = match case.view.facts.health.project_of(case.package) {
        Ok(found) => found,
        Err(missing) => return unknown(missing),
    };
    match &health.badge {
        Fact::Known(level, _) if *level >= Badge::Passing => yes(format!("{project}: {}", level.as_str())),
        Fact::Known(_, _) => no(format!("{project} began and does not pass yet")),
        Fact::Absent(_) => no(format!("{project} has none")),
        Fact::Unknown(missing) => unknown(*missing),
    }
}

fn protected(case: &Case<'_>) -> Reply {
    let replies = ["Branch-Protection", "Code-Review"].map(|name| check(case, name, 3));
    let evidence: Vec<&str> = replies.iter().map(|(_, evidence)| evidence.as_str()).collect();
    let has = |answer| replies.iter().any(|(found, _)| *found == answer);
    // One good check says nothing about the other.
    let answer = match (has(Answered::No), has(Answered::Unknown)) {
        (true, _) => Answered::No,
        (false, true) => Answered::Unknown,
        (false, false) => Answered::Yes,
    };
    let mut said = evidence;
    said.dedup();
    (answer, said.join("; "))
}

fn groups<'c>(case: &'c Case<'_>) -> &'c [AliasGroup] {
    let place = usize::try_from(case.package).unwrap_or(usize::MAX);
    case.view.facts.advisories.get(place).map_or(&[], Vec::as_slice)
}

/// Whether advisories were compared with the version.
fn is_compared(case: &Case<'_>) -> bool {
    let place = usize::try_from(case.package).unwrap_or(usize::MAX);
    case.view.facts.states.get(place) == Some(&crate::model::PackageState::Matched)
}

fn vulnerabilities(case: &Case<'_>) -> Reply {
    let important = groups(case)
        .iter()
        .filter(|group| group.rating.severity >= Severity::Medium || group.rating.severity == Severity::Unknown);
    let ids: Vec<&str> = important.map(|group| group.key().id.as_str()).collect();
    match (ids.is_empty(), is_compared(case)) {
        (false, _) => no(ids.join(", ")),
        (true, true) => yes("no advisory of medium severity or more covers it"),
        (true, false) => unsaid("it could not be compared with advisories"),
    }
}

fn response(case: &Case<'_>) -> Reply {
    let fixed = groups(case).iter().filter_map(|group| Some((group.key().id.as_str(), group.fixed_in.as_deref()?)));
    let fixed: Vec<String> = fixed.map(|(id, version)| format!("{id} (fixed in {version})")).collect();
    match (fixed.is_empty(), is_compared(case)) {
        (false, _) => no(fixed.join(", ")),
        (true, true) => yes("no advisory with a fix covers it"),
        (true, false) => unsaid("it could not be compared with advisories"),
    }
}

fn scores(case: &Case<'_>) -> Reply {
    match scorecard(case) {
        Ok((project, Scorecard { score: Some(score), .. })) if *score >= 5.0 => {
            yes(format!("{project}: {score:.1} of 10"))
        }
        Ok((project, Scorecard { score: Some(score), .. })) => no(format!("{project}: {score:.1} of 10")),
        Ok((project, _)) => unsaid(format!("the Scorecard of {project} is inconclusive")),
        Err(reply) => reply,
    }
}

fn license(case: &Case<'_>) -> Reply {
    match &case.health.licenses {
        Fact::Known(licenses, _) => {
            let is_listed = |text: &String| License::parse(text).is_ok_and(|license| license.is_listed());
            let names = licenses.join(", ");
            if licenses.is_empty() {
                no("it has none")
            } else if licenses.iter().all(is_listed) {
                yes(names)
            } else {
                no(format!("{names}: not a licence that SPDX lists"))
            }
        }
        Fact::Absent(_) => no("it has none"),
        Fact::Unknown(missing) => unknown(*missing),
    }
}

fn adoption(case: &Case<'_>) -> Reply {
    match &case.health.dependents {
        Fact::Known(number, _) if *number >= MANY => yes(format!("{number} packages depend on this version")),
        Fact::Known(number, _) => no(format!("{number} packages depend on this version")),
        Fact::Absent(_) => no("nothing depends on it"),
        Fact::Unknown(missing) => unknown(*missing),
    }
}
