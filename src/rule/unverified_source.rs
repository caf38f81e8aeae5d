//! It cannot be told from which repository a package comes.

use super::Check;
use super::judged::{Case, Judgement, judge};
use crate::model::{Data, Evidence, Level, Parameter, Repository, Rule, Scope, Setting, Stricter};

/// The package's own word is enough, unless an attestation contradicts it.
const CLAIMED: &str = "claimed";
/// Somebody other than the package has to say so.
const ATTESTED: &str = "attested";

/// What it looks at: whether a repository is named, whether a verified attestation names another one, and with
/// `evidence = "attested"` whether anybody but the package itself says so. Whether the repository names the package in
/// turn and whether it is a fork, no source tells.
pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unverified-source",
        summary: "It is not known, or contradicted, from which repository the package comes",
        why: "What is reviewed in public is the repository; what runs is the package. Where nothing ties the two together, \
              a package can name a well-kept project and hold something else.",
        fix: "Find out where the package is developed and compare, or prefer one whose releases are attested.",
        clause: "CG.authentic",
        data: &[Data::Versions],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "evidence",
            stricter: Stricter::Higher,
            summary: "what passes: \"claimed\", the package's own word; \"attested\", the ecosystem's or an attestation's",
            default: || Setting::Word(CLAIMED, &[CLAIMED, ATTESTED]),
        }],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let name = &case.id.name;
    let fires = |what: String| Judgement::Fires {
        what,
        change: format!("find out where {name} is developed and whether this release was made there, or replace it"),
    };
    let known = |repository: &Repository| {
        let Repository { project, evidence, contradicted } = repository;
        match (contradicted, evidence) {
            (Some(other), _) => {
                fires(format!("its metadata names the repository {other}, but it is attested to come from {project}"))
            }
            (None, Evidence::Claimed) if case.word("evidence") == ATTESTED => {
                fires(format!("that it comes from {project} is only its own word"))
            }
            (None, _) => Judgement::Passes,
        }
    };
    Judgement::of(&case.health.repository, known, || fires("it names no source repository".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Fact, source};
    use crate::rule::tests_support::{absent, failed, known, on_one};

    fn look(evidence: &'static str, repository: Fact<Repository>) -> (Vec<String>, Vec<String>) {
        let settings = [("evidence", Setting::Word(evidence, &[CLAIMED, ATTESTED]))];
        on_one(&CHECK, Ecosystem::Npm, &settings, |tree, left| {
            tree.health(left, |health| health.repository = repository);
        })
    }

    fn at(evidence: Evidence, contradicted: Option<&str>) -> Fact<Repository> {
        let project = "github.com/acme/left".to_owned();
        known(Repository { project, evidence, contradicted: contradicted.map(str::to_owned) })
    }

    #[test]
    fn no_repository_and_a_contradicted_one_fire() {
        for evidence in [CLAIMED, ATTESTED] {
            assert_eq!(look(evidence, absent()).0, ["left 1.0.0: it names no source repository"]);
            assert_eq!(
                look(evidence, at(Evidence::Attested, Some("github.com/famous/left"))).0,
                [
                    "left 1.0.0: its metadata names the repository github.com/famous/left, but it is attested to come from \
                  github.com/acme/left"
                ]
            );
            let unknown = look(evidence, failed(source::DEPS_DEV));
            assert_eq!(unknown, (vec![], vec!["deps.dev Failed".to_owned()]));
            assert_eq!(look(evidence, at(Evidence::Attested, None)), (vec![], vec![]));
            assert_eq!(look(evidence, at(Evidence::Origin, None)), (vec![], vec![]));
        }
    }

    #[test]
    fn a_claim_is_enough_unless_the_policy_asks_for_more() {
        assert_eq!(look(CLAIMED, at(Evidence::Claimed, None)), (vec![], vec![]));
        assert_eq!(
            look(ATTESTED, at(Evidence::Claimed, None)).0,
            ["left 1.0.0: that it comes from github.com/acme/left is only its own word"]
        );
    }
}
