//! A version that its registry has yanked, retracted or deprecated.

use super::Check;
use super::judged::{Case, Judgement, judge};
use super::words::said;
use crate::model::{Data, Ecosystem, Level, Rule, Scope};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "withdrawn-version",
        summary: "The version in use was yanked, retracted or deprecated",
        why: "Who published it asks everybody to stop using it: because it is broken, because it is vulnerable, or because \
              nobody goes on with it. No fix will come for it.",
        fix: "Read the reason, and move to a version that stands or to the successor that it names.",
        clause: "CG.vulns",
        data: &[Data::Versions],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Deny,
        brownfield: Level::Warn,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let fires = |reason: &String| Judgement::Fires {
        what: format!("the version is {}{}", word(case.id.ecosystem), said(reason)),
        change: change(case),
    };
    Judgement::of(&case.health.withdrawn, fires, || Judgement::Passes)
}

/// What each registry calls it. One flag stands for all of it at deps.dev (<https://docs.deps.dev/api/v3/>).
pub(super) fn word(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::CratesIo | Ecosystem::PyPi | Ecosystem::RubyGems => "yanked",
        Ecosystem::Go | Ecosystem::Hex | Ecosystem::Pub => "retracted",
        Ecosystem::Npm | Ecosystem::NuGet => "deprecated",
        Ecosystem::Packagist => "abandoned",
        _ => "withdrawn",
    }
}

/// The release that its registry gives to who asks for none stands, unless it is withdrawn itself.
fn change(case: &Case<'_>) -> String {
    let name = &case.id.name;
    let releases = case.health.releases.known().map_or(&[][..], Vec::as_slice);
    match releases.iter().rfind(|release| release.is_default) {
        Some(release) if release.is_withdrawn => format!("replace {name}: its newest release is withdrawn too"),
        Some(release) => format!("move {name} to a version that stands; its registry recommends {}", release.version),
        None => format!("move {name} to a version that stands"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fact, Release, source};
    use crate::rule::tests_support::{Tree, absent, failed, known, looked, on_one, releases};
    use crate::rule::{Parameters, View};

    fn look(ecosystem: Ecosystem, withdrawn: Fact<String>) -> (Vec<String>, Vec<String>) {
        on_one(&CHECK, ecosystem, &[], |tree, left| tree.health(left, |health| health.withdrawn = withdrawn))
    }

    #[test]
    fn each_registry_has_its_word() {
        let reason = || known(" use\nright instead. ".to_owned());
        let found = |ecosystem| look(ecosystem, reason()).0.remove(0);
        assert_eq!(found(Ecosystem::Npm), "left 1.0.0: the version is deprecated: use right instead");
        assert_eq!(found(Ecosystem::CratesIo), "left 1.0.0: the version is yanked: use right instead");
        assert_eq!(found(Ecosystem::Go), "left 1.0.0: the version is retracted: use right instead");
        assert_eq!(look(Ecosystem::PyPi, known(String::new())).0, ["left 1.0.0: the version is yanked"]);
        assert_eq!(look(Ecosystem::PyPi, absent()), (vec![], vec![]));
        assert_eq!(look(Ecosystem::PyPi, failed(source::DEPS_DEV)), (vec![], vec!["deps.dev Failed".to_owned()]));
    }

    #[test]
    fn transitive_ones_count_too() {
        let mut tree = Tree::new("lock", "any-lock", Ecosystem::Npm);
        let [left, right] = [tree.package("left", "1.0.0"), tree.package("right", "1.0.0")];
        tree.needs(0, left, None);
        tree.needs(left, right, None);
        tree.health(left, |health| health.withdrawn = absent());
        tree.health(right, |health| health.withdrawn = known(String::new()));
        let (graph, facts) = tree.finish();
        let (found, missing) = looked(&CHECK, &graph, &facts, &Parameters::default());
        assert_eq!((found.len(), missing), (1, Vec::<String>::new()));
    }

    #[test]
    fn the_release_to_move_to_is_named_where_it_is_known() {
        let change = |of: Fact<Vec<Release>>| {
            let mut tree = Tree::new("lock", "any-lock", Ecosystem::Npm);
            let left = tree.package("left", "1.0.0");
            tree.needs(0, left, None);
            tree.health(left, |health| (health.withdrawn, health.releases) = (known(String::new()), of));
            let (graph, facts) = tree.finish();
            let (parameters, today) = (Parameters::default(), jiff::civil::Date::constant(2026, 11, 22));
            let view = View { graph: &graph, facts: &facts, parameters: &parameters, today };
            (CHECK.find)(&view).findings.remove(0).fix.change.unwrap()
        };
        let of = |withdrawn| releases(&[("1.0.0", "", false, true), ("1.2.0", "", true, withdrawn)]);
        assert_eq!(change(of(false)), "move left to a version that stands; its registry recommends 1.2.0");
        assert_eq!(change(of(true)), "replace left: its newest release is withdrawn too");
        assert_eq!(change(absent()), "move left to a version that stands");
    }
}
