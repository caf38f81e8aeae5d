//! The name of a package can be taken for that of a much more used one.

use super::Check;
use super::judged::{Case, Judgement, judge_names};
use crate::model::{Data, Fact, Level, Rule, Scope, Why};

mod alike;
mod popular;

use popular::popular;

/// So many names are listed.
const NAMED: usize = 3;

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "lookalike-name",
        summary: "The name can be taken for that of a much more used package",
        why: "Attackers publish packages under names that a slip of the keys or of the eye leads to, and wait. What you \
              install may not be what you meant, and it runs with your rights.",
        fix: "Compare the name with the one in the documentation of the package that you meant. If it is the right \
              one, make an exception that says so.",
        clause: "C5.3 CG.name",
        data: &[Data::Local, Data::Similar],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Warn,
    },
    find: |view| judge_names(view, &CHECK.rule, of),
};

/// By the names that much software uses, which are at hand without a network, then by deps.dev's word. What is used
/// much itself is taken for nothing. Where a list is at hand, deps.dev adds to it and is not needed.
fn of(case: &Case<'_>) -> Judgement {
    let name = case.id.name.as_str();
    let ecosystem = case.id.ecosystem;
    let list = popular(ecosystem);
    if list.is_some_and(|list| list.knows(ecosystem, name)) {
        return Judgement::Passes;
    }
    let fires = |what: String, meant: &str| Judgement::Fires {
        what,
        change: format!("if you meant {meant}, ask for that; else make sure that {name} is what you want"),
    };
    if let Some(target) = list.and_then(|list| list.target(ecosystem, name)) {
        let (other, rank) = (target.name, target.rank);
        let what = format!("its name {} {other}, number {rank} of the most used of {ecosystem}", target.alike.as_str());
        return fires(what, other);
    }
    match &case.health.similar {
        Fact::Known(similar, _) if !similar.is_empty() => {
            let names = similar.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = match similar.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            fires(format!("deps.dev knows more popular packages with a similar name: {names}{more}"), &names)
        }
        // Who asked and was not told could have been told more than the list has.
        Fact::Unknown(missing) if list.is_none() || missing.why != Why::NotAsked => Judgement::Unknown(*missing),
        Fact::Known(..) | Fact::Absent(_) | Fact::Unknown(_) => Judgement::Passes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Facts, Missing, Origin, PackageHealth, Source, SourceKind, Why, source};
    use crate::rule::tests_support::{TODAY, Tree};
    use crate::rule::{Found, Parameters, View};

    const ORIGIN: Origin = Origin { source: source::DEPS_DEV, as_of: None };

    fn similar(names: &[&str]) -> Fact<Vec<String>> {
        Fact::Known(names.iter().map(|&name| name.to_owned()).collect(), ORIGIN)
    }

    /// What is found of a direct dependency of that name.
    fn found(ecosystem: Ecosystem, name: &str, version: &str, similar: Fact<Vec<String>>) -> Found {
        let mut tree = Tree::new("lock", "lock", ecosystem);
        let package = tree.package(name, version);
        tree.needs(0, package, None);
        let (graph, mut facts) = tree.finish();
        let at = graph.packages.iter().position(|package| package.id.name == *ecosystem.normalize_name(name)).unwrap();
        facts.health.packages.insert(u32::try_from(at).unwrap(), PackageHealth { similar, ..PackageHealth::NOT_ASKED });
        find(&graph, &facts)
    }

    fn find(graph: &crate::model::DependencyGraph, facts: &Facts) -> Found {
        let parameters = Parameters::default();
        (CHECK.find)(&View { graph, facts, parameters: &parameters, today: TODAY })
    }

    fn message(ecosystem: Ecosystem, name: &str) -> Option<String> {
        let found = found(ecosystem, name, "1.0.0", Fact::not_asked(source::DEPS_DEV));
        assert!(found.missing.is_empty(), "the list is enough");
        found.findings.first().map(|finding| finding.message.clone())
    }

    #[test]
    fn names_of_known_attacks_are_seen_without_a_network() {
        // Most of these were on a registry once, and did harm.
        for (ecosystem, name, meant) in [
            (Ecosystem::Npm, "crossenv", "differs only in the marks between its words from cross-env"),
            (Ecosystem::Npm, "loadsh", "has two neighbouring letters swapped compared with lodash"),
            (Ecosystem::Npm, "types-node", "differs only in its scope from @types/node"),
            (Ecosystem::Npm, "@typescript_eslint/parser", "@typescript-eslint/parser"),
            (Ecosystem::PyPi, "colourama", "is one letter away from colorama"),
            (Ecosystem::PyPi, "jeIlyfish", "is written with characters that look like those of jellyfish"),
            (Ecosystem::PyPi, "python3-dateutil", "is one letter away from python-dateutil"),
            (Ecosystem::PyPi, "reqeusts", "has two neighbouring letters swapped compared with requests"),
            (Ecosystem::CratesIo, "rustdecimal", "differs only in the marks between its words from rust_decimal"),
            (Ecosystem::CratesIo, "envlogger", "env_logger"),
            (Ecosystem::CratesIo, "lazystatic", "lazy_static"),
            (Ecosystem::CratesIo, "proc-macro1", "is one letter away from proc-macro2"),
            (Ecosystem::CratesIo, "tracings", "is one letter away from tracing"),
            (Ecosystem::CratesIo, "s\u{435}rde", "is written with characters that look like those of serde"),
        ] {
            let message = message(ecosystem, name).unwrap_or_else(|| panic!("{name}"));
            assert!(message.contains(meant), "{message}");
        }
        let message = message(Ecosystem::PyPi, "reqeusts").unwrap();
        assert_eq!(
            message,
            "reqeusts 1.0.0: its name has two neighbouring letters swapped compared with requests, number 6 of the most \
             used of PyPI. A direct dependency of app 0.1.0 in lock."
        );
    }

    #[test]
    fn used_names_are_never_taken_for_each_other() {
        for ecosystem in [Ecosystem::Npm, Ecosystem::PyPi, Ecosystem::CratesIo] {
            let text = match ecosystem {
                Ecosystem::Npm => include_str!("lookalike_name/npm.txt"),
                Ecosystem::PyPi => include_str!("lookalike_name/pypi.txt"),
                _ => include_str!("lookalike_name/crates.txt"),
            };
            let mut tree = Tree::new("lock", "lock", ecosystem);
            for name in text.lines() {
                let package = tree.package(name, "1.0.0");
                tree.needs(0, package, None);
            }
            let (graph, mut facts) = tree.finish();
            for at in 0..u32::try_from(graph.packages.len()).unwrap() {
                let health = PackageHealth { similar: similar(&["other"]), ..PackageHealth::NOT_ASKED };
                facts.health.packages.insert(at, health);
            }
            assert!(graph.packages.len() > 2_000);
            assert_eq!(find(&graph, &facts), Found::default());
        }
    }

    #[test]
    fn most_names_that_are_used_less_are_names_of_their_own() {
        // What share of names in earnest would be accused if the list were cut before them: the measure of false
        // alarms among names that no list holds.
        for (ecosystem, text) in [
            (Ecosystem::Npm, include_str!("lookalike_name/npm.txt")),
            (Ecosystem::PyPi, include_str!("lookalike_name/pypi.txt")),
        ] {
            let names: Vec<&'static str> = text.lines().collect();
            let accused = popular::accused(ecosystem, &names[..4_000], &names[4_000..]);
            assert!(accused.len() <= 48, "{} of {ecosystem}: {accused:?}", accused.len());
        }
    }

    #[test]
    fn deps_dev_adds_to_the_list_and_is_all_there_is_for_go() {
        let unknown = Fact::Unknown(Missing { source: source::DEPS_DEV, why: Why::Offline });
        let said = found(Ecosystem::Npm, "some-name", "1.0.0", similar(&["a", "b", "c", "d"]));
        assert!(said.findings[0].message.contains("with a similar name: a, b, c and 1 more."), "{:?}", said.findings);
        assert_eq!(found(Ecosystem::Npm, "some-name", "1.0.0", Fact::Absent(ORIGIN)), Found::default());
        assert_eq!(found(Ecosystem::Npm, "some-name", "1.0.0", unknown.clone()).missing.len(), 1, "it could tell more");
        assert_eq!(found(Ecosystem::Npm, "lodash", "1.0.0", unknown.clone()), Found::default(), "it is known itself");
        assert_eq!(found(Ecosystem::Npm, "some-name", "1.0.0", similar(&[])), Found::default());
        let go = |fact| found(Ecosystem::Go, "github.com/sirupsem/logrus", "v1.9.3", fact);
        let said = go(similar(&["github.com/sirupsen/logrus"]));
        assert!(said.findings[0].message.contains("github.com/sirupsen/logrus."), "{:?}", said.findings);
        let said = go(unknown);
        assert_eq!((said.findings.len(), said.missing.len()), (0, 1));
        assert_eq!(go(Fact::Absent(ORIGIN)), Found::default());
        // The language's own library has no name that anybody chose.
        let unknown = Fact::Unknown(Missing { source: source::DEPS_DEV, why: Why::NotFound });
        assert_eq!(found(Ecosystem::Go, "stdlib", "1.22.3", unknown), Found::default());
    }

    #[test]
    fn a_name_without_a_version_counts_and_what_comes_from_elsewhere_does_not() {
        let none = || Fact::not_asked(source::DEPS_DEV);
        assert_eq!(found(Ecosystem::Npm, "loadsh", "", none()).findings.len(), 1);
        let mut tree = Tree::new("lock", "lock", Ecosystem::Npm);
        let package = tree.from("loadsh", "1.0.0", Source::of(SourceKind::Git));
        tree.needs(0, package, None);
        let (graph, mut facts) = tree.finish();
        facts.states.fill(crate::model::PackageState::NotAsked);
        assert_eq!(find(&graph, &facts), Found::default());
        facts.states.fill(crate::model::PackageState::Private);
        assert_eq!(find(&graph, &facts), Found::default());
    }

    #[test]
    fn transitive_packages_are_judged_where_the_policy_says_so() {
        let mut tree = Tree::new("lock", "lock", Ecosystem::Npm);
        let direct = tree.package("some-name", "1.0.0");
        let transitive = tree.package("loadsh", "1.0.0");
        tree.needs(0, direct, None);
        tree.needs(direct, transitive, None);
        let (graph, facts) = tree.finish();
        let mut parameters = Parameters::default();
        let count = |parameters: &Parameters| {
            (CHECK.find)(&View { graph: &graph, facts: &facts, parameters, today: TODAY }).findings.len()
        };
        assert_eq!(count(&parameters), 0);
        parameters.scopes.insert(CHECK.rule.id, Scope::All);
        assert_eq!(count(&parameters), 1);
    }

    #[test]
    fn a_hostile_name_costs_little() {
        let long = "a".repeat(1 << 20);
        assert_eq!(message(Ecosystem::Npm, &long), None);
        assert_eq!(message(Ecosystem::Npm, &format!("@{long}/x")), None);
        for name in ["", "@", "@/", "/", "@@//", "\u{200b}"] {
            assert_eq!(message(Ecosystem::Npm, name), None, "{name:?}");
        }
    }
}
