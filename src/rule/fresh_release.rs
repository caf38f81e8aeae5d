//! A version was published only days ago.

use super::Check;
use super::judged::{Case, Judgement, judge};
use super::releases::{day, days};
use crate::model::{Data, Fact, Level, Missing, Parameter, Rule, Scope, Setting, Severity, Stricter, Why};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "fresh-release",
        summary: "The version was published only days ago",
        why: "Most releases of attackers who took over a package are found out within days. Who waits lets others be \
              the first to install them.",
        fix: "Stay with the version before until the days are over. A version that fixes a grave vulnerability is \
              taken at once, and this rule says nothing about it.",
        clause: "CG.authentic",
        // Where it is not known what a version fixes, the rule fires.
        data: &[Data::Versions, Data::Remedies],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: "cooldown",
            stricter: Stricter::Higher,
            summary: "how long after its publication a version is too fresh; \"0d\": no version is",
            default: || Setting::Days(7),
        }],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

/// From this severity on a fix cannot wait.
const URGENT: Severity = Severity::High;

fn of(case: &Case<'_>) -> Judgement {
    let published = match &case.health.published {
        Fact::Known(published, _) => *published,
        Fact::Absent(origin) => return Judgement::Unknown(Missing { source: origin.source, why: Why::NotTold }),
        Fact::Unknown(missing) => return Judgement::Unknown(*missing),
    };
    let (age, cooldown) = (days(published, case.view.today), case.number("cooldown"));
    // None at all takes the rule out, also where clocks disagree about today.
    if cooldown == 0 || age >= i64::from(cooldown) {
        return Judgement::Passes;
    }
    let remedies = case.view.facts.remedies.get(&case.package());
    if remedies.is_some_and(|remedies| remedies.iter().any(|remedy| remedy.severity >= URGENT)) {
        return Judgement::Passes;
    }
    let when = match age {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        _ => format!("{age} days ago"),
    };
    Judgement::Fires {
        what: format!("it was published {when}, on {}, less than {cooldown} days ago", day(published)),
        change: format!("stay with an earlier version of {} until it is {cooldown} days old", case.id.name),
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECK, Setting, Severity};
    use crate::model::{Ecosystem, PackageHealth, Remedy};
    use crate::rule::tests_support::{absent, day, known, one, said, said_with, unknown};

    /// What is said of a version of that day that fixes these.
    fn of(published: &str, fixes: Option<&[Severity]>) -> Result<Vec<String>, usize> {
        let health = PackageHealth { published: known(day(published)), ..PackageHealth::NOT_ASKED };
        let mut tree = one(Ecosystem::Npm, health);
        if let Some(fixes) = fixes {
            let package = *tree.1.health.packages.keys().next().unwrap();
            let remedy = |severity: &Severity| Remedy { id: "X-1".to_owned(), severity: *severity };
            tree.1.remedies.insert(package, fixes.iter().map(remedy).collect());
        }
        said(&CHECK, &tree)
    }

    #[test]
    fn a_version_is_fresh_for_a_week() {
        let what = |when: &str, day: &str| Ok(vec![format!("it was published {when}, on {day}, less than 7 days ago")]);
        assert_eq!(of("2026-11-16", Some(&[])), what("6 days ago", "2026-11-16"));
        assert_eq!(of("2026-11-21", Some(&[])), what("yesterday", "2026-11-21"));
        assert_eq!(of("2026-11-22", Some(&[])), what("today", "2026-11-22"));
        assert_eq!(of("2026-11-15", Some(&[])), Ok(vec![]));
        let health = PackageHealth { published: known(day("2026-11-10")), ..PackageHealth::NOT_ASKED };
        let tree = one(Ecosystem::Npm, health);
        assert_eq!(said(&CHECK, &tree), Ok(vec![]));
        assert_eq!(said_with(&CHECK, &tree, &[("cooldown", Setting::Days(14))]).map(|said| said.len()), Ok(1));
        // None at all: not even what was published tomorrow, as another clock has it.
        let health = PackageHealth { published: known(day("2026-11-23")), ..PackageHealth::NOT_ASKED };
        assert_eq!(said_with(&CHECK, &one(Ecosystem::Npm, health), &[("cooldown", Setting::Days(0))]), Ok(vec![]));
    }

    #[test]
    fn what_fixes_a_grave_vulnerability_is_not_held_back() {
        assert_eq!(of("2026-11-21", Some(&[Severity::Low, Severity::High])), Ok(vec![]));
        assert_eq!(of("2026-11-21", Some(&[Severity::Critical])), Ok(vec![]));
        assert_eq!(of("2026-11-21", Some(&[Severity::Medium, Severity::Unknown])).map(|said| said.len()), Ok(1));
        // What is not known to fix anything is held back.
        assert_eq!(of("2026-11-21", None), of("2026-11-21", Some(&[])));
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        for published in [absent(), unknown()] {
            let health = PackageHealth { published, ..PackageHealth::NOT_ASKED };
            assert_eq!(said(&CHECK, &one(Ecosystem::Npm, health)), Err(1));
        }
    }
}
