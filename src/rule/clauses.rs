//! The clauses of the guidance that rules come from: what each asks, in our own words, and why no rule meets it where
//! none does.
//!
//! `C5.n` is chapter 5, "Managing Open Source Security", of the TODO Group's OSPO book
//! (<https://github.com/todogroup/ospology/blob/main/ospo-book/content/en/05-chapter.md>); `CG.word` is the OpenSSF's
//! Concise Guide for Evaluating Open Source Software
//! (<https://best.openssf.org/Concise-Guide-for-Evaluating-Open-Source-Software>), which the chapter sends its readers to.

/// A clause of the guidance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// How rules cite it.
    pub id: &'static str,
    /// What it asks for.
    pub asks: &'static str,
    /// Why no rule looks for all of it, and what meets it instead; `None` where rules do.
    pub without_rule: Option<&'static str>,
}

const fn clause(id: &'static str, asks: &'static str) -> Clause {
    Clause { id, asks, without_rule: None }
}

const fn without(id: &'static str, asks: &'static str, reason: &'static str) -> Clause {
    Clause { id, asks, without_rule: Some(reason) }
}

/// Every clause, in the order of the guidance.
pub static CLAUSES: &[Clause] = &[
    without(
        "C5.1",
        "assess the security of the open source that products use",
        "It is what a scan as a whole does; no single finding is about it.",
    ),
    clause("C5.2", "choose components with the Concise Guide for Evaluating Open Source Software"),
    clause("C5.3", "double-check names against typosquatting"),
    clause("C5.4", "look at the OpenSSF Scorecard before using software, and run it on your own project"),
    without(
        "C5.5",
        "use several kinds of tools in CI, since each finds different problems",
        "Which other tools a pipeline runs is not seen in its dependencies; SARIF puts the findings of all of them in one \
         place.",
    ),
    without(
        "C5.6",
        "turn every check on in new projects, and start with the most important ones in old ones",
        "It is met by the two profiles, greenfield and brownfield, and by the baseline.",
    ),
    clause("C5.7", "detect known vulnerabilities in reused components"),
    clause("C5.8", "meet the OpenSSF Baseline, and earn a Best Practices badge"),
    clause("C5.9", "secure the build: pinned inputs, provenance (SLSA)"),
    clause("C5.10", "be ready for vulnerability reports, and say how to report"),
    without(
        "C5.11",
        "make scans a part of every CI run, track progress and share it, review regularly",
        "It is met by how the program is run: exit codes for CI, reports to keep, exceptions that end, `--since`.",
    ),
    clause("C5.12", "know the law that applies: inventory, vulnerability handling, support periods"),
    without(
        "CG.necessity",
        "can it be avoided?",
        "Only who adds a dependency can say what it is worth; `osprey evaluate` asks the question.",
    ),
    clause("CG.authentic", "is it the real one, and not a fork or an imitation?"),
    clause("CG.activity", "was there activity within the last 12 months?"),
    clause("CG.release", "was there a release within the last 12 months?"),
    clause("CG.maintainers", "is there more than one maintainer, from more than one organisation?"),
    clause("CG.stability", "does the version string promise stability?"),
    clause("CG.badge", "has it a Best Practices badge?"),
    clause("CG.deps", "are its dependencies up to date?"),
    clause("CG.repo", "is its repository protected: branches, reviews, tokens?"),
    without(
        "CG.audit",
        "was it audited, and was mended what the audit found?",
        "No service lists audits in a form that can be compared with a version; `osprey evaluate` asks the question.",
    ),
    clause("CG.baseline", "does it meet the OpenSSF Baseline?"),
    without(
        "CG.response",
        "are flaws fixed in time, on older lines too?",
        "No service tells how long fixes took; `known-vulnerability` says whether one exists, and `osprey evaluate` \
         answers for the version at hand.",
    ),
    clause("CG.scores", "what do deps.dev and the Scorecard say of it?"),
    without(
        "CG.tests",
        "are changes tested automatically before they are merged?",
        "It is the check CI-Tests of the Scorecard, which `failed-scorecard-check` judges where the policy names it; \
         `osprey evaluate` answers it.",
    ),
    clause("CG.vulns", "is this version free of known important vulnerabilities?"),
    clause("CG.reporting", "does it say how to report a vulnerability?"),
    clause("CG.license", "has every component a licence that is one of open source and fits?"),
    clause("CG.name", "is there a more popular package with a similar name?"),
    clause("CG.adoption", "is it used by many others?"),
    clause("CG.impact", "what does it bring in: unexpected packages, scripts, development tools in production?"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rule::rules;

    #[test]
    fn every_clause_has_a_rule_or_a_reason() {
        let cited: BTreeSet<&str> = rules().into_iter().flat_map(|rule| rule.clause.split(' ')).collect();
        for clause in CLAUSES {
            let is_met = cited.contains(clause.id) || clause.without_rule.is_some();
            assert!(is_met, "{}: neither a rule nor a reason", clause.id);
            for text in [Some(clause.asks), clause.without_rule].into_iter().flatten() {
                assert!(text.len() > 12 && text.trim() == text && !text.contains('\n'), "{}: {text:?}", clause.id);
            }
        }
        let known: BTreeSet<&str> = CLAUSES.iter().map(|clause| clause.id).collect();
        assert_eq!(known.len(), CLAUSES.len(), "a clause stands twice");
        assert_eq!(cited.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "rules cite what there is not");
    }

    #[test]
    fn the_chapter_is_there_whole() {
        for number in 1..=12 {
            assert!(CLAUSES.iter().any(|clause| clause.id == format!("C5.{number}")), "C5.{number}");
        }
        assert_eq!(CLAUSES.iter().filter(|clause| clause.id.starts_with("CG.")).count(), 20);
    }
}
