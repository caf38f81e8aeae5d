//! A package that runs code of its own when it is installed or built.

use super::Check;
use super::judged::{Case, Judgement, judge_all};
use crate::model::{Data, Ecosystem, Level, Missing, Rule, Scope, Why, source};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "install-script",
        summary: "The package runs code of its own when it is installed or built",
        why: "A script at installation runs with the rights of whoever installs, on developers' machines and in CI, before \
              anybody has looked at the package. Most malicious packages do their harm there.",
        fix: "Read what the script does before you take a new version. Install without scripts (`npm ci --ignore-scripts`) \
              and allow them one by one, or replace the package.",
        clause: "CG.impact",
        data: &[Data::Local],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find: |view| judge_all(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    match case.view.graph.package(case.package()).install_script {
        Some(true) => Judgement::Fires {
            what: format!("it runs {} when it is {}", script(case.id.ecosystem).0, script(case.id.ecosystem).1),
            change: format!("read what {} runs, or replace it", case.id.name),
        },
        Some(false) => Judgement::Passes,
        // Nothing of a module runs when it is downloaded or built
        // (<https://go.dev/blog/supply-chain#building-the-code-doesnt-execute-it>).
        None if case.id.ecosystem == Ecosystem::Go => Judgement::Passes,
        None => Judgement::Unknown(Missing { source: source::FILE, why: Why::NotTold }),
    }
}

/// What runs, and when.
fn script(ecosystem: Ecosystem) -> (&'static str, &'static str) {
    match ecosystem {
        Ecosystem::CratesIo => ("a build script", "built"),
        _ => ("a script", "installed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Parameters;
    use crate::rule::tests_support::{Tree, looked};

    fn look(ecosystem: Ecosystem, runs: &[Option<bool>]) -> (Vec<String>, usize) {
        let mut tree = Tree::new("lock", "any-lock", ecosystem);
        for (at, runs) in runs.iter().enumerate() {
            let package = tree.package(&format!("p{at}"), "1.0.0");
            tree.needs(0, package, None);
            if let Some(runs) = runs {
                tree.install_script(package, *runs);
            }
        }
        let (graph, facts) = tree.finish();
        let found = (CHECK.find)(&crate::rule::View {
            graph: &graph,
            facts: &facts,
            parameters: &Parameters::default(),
            today: crate::rule::tests_support::TODAY,
        });
        (looked(&CHECK, &graph, &facts, &Parameters::default()).0, found.missing.len())
    }

    #[test]
    fn what_is_recorded_counts_and_what_is_not_is_unknown() {
        let all = [Some(true), Some(false), None, None];
        assert_eq!(look(Ecosystem::Npm, &all), (vec!["p0 1.0.0: it runs a script when it is installed".to_owned()], 2));
        let cargo = look(Ecosystem::CratesIo, &all[..2]);
        assert_eq!(cargo, (vec!["p0 1.0.0: it runs a build script when it is built".to_owned()], 0));
        assert_eq!(look(Ecosystem::Go, &all[1..]), (vec![], 0));
    }
}
