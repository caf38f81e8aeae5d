//! Hardly anybody uses a package.

use super::Check;
use super::judged::{Case, Judgement, judge};
use crate::model::{Data, Level, Parameter, Rule, Scope, Setting, Stricter};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "low-adoption",
        summary: "Few packages depend on this version of the package",
        why: "What few people use, few people look at: flaws and hostile changes stay unnoticed longer, and it is easier \
              given up. A name that resembles a much used one is sometimes all that such a package is for.",
        fix: "See whether this is the package that you meant, and read it as you would read your own code.",
        clause: "CG.adoption",
        data: &[Data::Dependents],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "min-dependents",
            stricter: Stricter::Higher,
            summary: "the smallest number of packages that depend on the version, directly or not, that passes",
            default: || Setting::Count(10),
        }],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let least = case.number("min-dependents");
    let few = |number: u64| {
        let packages = match number {
            0 => "no public package depends".to_owned(),
            1 => "1 public package depends".to_owned(),
            _ => format!("{number} public packages depend"),
        };
        Judgement::Fires {
            what: format!("{packages} on this version; at least {least} are asked for"),
            change: format!("see whether {} is the package that you meant, and who else relies on it", case.id.name),
        }
    };
    let judge = |number: u64| if number >= u64::from(least) { Judgement::Passes } else { few(number) };
    Judgement::of(&case.health.dependents, |&number| judge(number), || judge(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Fact, source};
    use crate::rule::tests_support::{absent, failed, known, on_one};

    fn look(least: u32, dependents: Fact<u64>) -> (Vec<String>, Vec<String>) {
        on_one(&CHECK, Ecosystem::Npm, &[("min-dependents", Setting::Count(least))], |tree, left| {
            tree.health(left, |health| health.dependents = dependents);
        })
    }

    #[test]
    fn fewer_than_asked_for_fire() {
        assert_eq!(look(10, known(10)), (vec![], vec![]));
        let found = |number| look(10, known(number)).0.remove(0);
        assert_eq!(found(9), "left 1.0.0: 9 public packages depend on this version; at least 10 are asked for");
        assert_eq!(found(1), "left 1.0.0: 1 public package depends on this version; at least 10 are asked for");
        assert_eq!(look(10, absent()).0, [found(0)]);
        assert_eq!(look(0, absent()), (vec![], vec![]));
        assert_eq!(look(10, failed(source::DEPS_DEV)), (vec![], vec!["deps.dev Failed".to_owned()]));
    }
}
