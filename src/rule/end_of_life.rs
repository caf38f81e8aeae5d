//! The release line of a runtime or framework is no longer supported.

use super::Check;
use super::judged::{Case, Judgement, judge};
use crate::model::{Data, Level, Rule, Scope, Support};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "end-of-life",
        summary: "The release line of the runtime or framework is past its end of life",
        why: "Nobody publishes fixes for such a line any more, and what is found in newer ones is often in it too. \
              Laws such as the Cyber Resilience Act ask for components that are supported.",
        fix: "Move to a line that is supported. Until then see whether somebody sells longer support for this one.",
        clause: "C5.12",
        data: &[Data::Lifecycle],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let known = |support: &Support| {
        let has_ended = support.has_ended || support.ends.is_some_and(|ends| ends <= case.view.today);
        if !has_ended {
            return Judgement::Passes;
        }
        let Support { product, cycle, ends, .. } = support;
        let since = match ends {
            Some(ends) if *ends <= case.view.today => format!(" since {ends}"),
            _ => String::new(),
        };
        Judgement::Fires {
            what: format!("{product} {cycle} is no longer supported{since}"),
            change: format!("move to a line of {product} that is supported"),
        }
    };
    // Most packages are no product of which anybody keeps lines.
    Judgement::of(&case.health.support, known, || Judgement::Passes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Fact, PackageHealth};
    use crate::rule::Parameters;
    use crate::rule::tests_support::{Tree, absent, known, looked, one, said, unknown};

    fn of(support: Fact<Support>) -> Result<Vec<String>, usize> {
        said(&CHECK, &one(Ecosystem::PyPi, PackageHealth { support, ..PackageHealth::NOT_ASKED }))
    }

    fn ends(day: Option<&str>, has_ended: bool) -> Fact<Support> {
        let ends = day.map(|day| day.parse().unwrap());
        known(Support { product: "Django".to_owned(), cycle: "3.2".to_owned(), ends, has_ended })
    }

    #[test]
    fn a_line_ends_on_its_day_or_when_the_source_says_so() {
        let since = |since: &str| Ok(vec![format!("Django 3.2 is no longer supported{since}")]);
        assert_eq!(of(ends(Some("2024-04-01"), true)), since(" since 2024-04-01"));
        assert_eq!(of(ends(Some("2026-11-22"), false)), since(" since 2026-11-22"));
        assert_eq!(of(ends(Some("2026-11-23"), false)), Ok(vec![]));
        assert_eq!(of(ends(Some("2026-11-23"), true)), since(""));
        assert_eq!(of(ends(None, true)), since(""));
        assert_eq!(of(ends(None, false)), Ok(vec![]));
    }

    #[test]
    fn the_library_of_go_is_a_product() {
        let mut tree = Tree::new("go.mod", "go-mod", Ecosystem::Go);
        let library = tree.package("stdlib", "1.22.3");
        tree.needs(0, library, None);
        let day = "2025-02-11".parse().ok();
        let support = Support { product: "Go".to_owned(), cycle: "1.22".to_owned(), ends: day, has_ended: true };
        tree.health(library, |health| health.support = known(support));
        let (graph, facts) = tree.finish();
        let (messages, _) = looked(&CHECK, &graph, &facts, &Parameters::default());
        assert_eq!(messages, ["stdlib 1.22.3: Go 1.22 is no longer supported since 2025-02-11"]);
    }

    #[test]
    fn images_and_languages_are_products() {
        let fires = |ecosystem, version: &str| {
            let mut tree = Tree::new(".nvmrc", "version-file", ecosystem);
            let node = tree.package("node", version);
            tree.needs(0, node, None);
            let day = "2025-04-30".parse().ok();
            let support = Support { product: "Node.js".to_owned(), cycle: "18".to_owned(), ends: day, has_ended: true };
            tree.health(node, |health| health.support = known(support));
            let (graph, mut facts) = tree.finish();
            facts.states.fill(crate::model::PackageState::NotAsked);
            let (messages, unknown) = looked(&CHECK, &graph, &facts, &Parameters::default());
            (messages.len(), unknown)
        };
        assert_eq!(fires(Ecosystem::Toolchain, "18.20.4").0, 1);
        assert_eq!(fires(Ecosystem::Docker, "18-alpine").0, 1);
        assert_eq!(fires(Ecosystem::Docker, "").0, 0, "which line `latest` is nobody says");
        assert_eq!(fires(Ecosystem::CocoaPods, "18.20.4").0, 0);
    }

    #[test]
    fn what_is_no_product_passes_and_what_nobody_told_is_unknown() {
        assert_eq!(of(absent()), Ok(vec![]));
        assert_eq!(of(unknown()), Err(1));
    }
}
