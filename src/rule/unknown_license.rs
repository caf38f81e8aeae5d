//! A package states no licence, or one that SPDX does not list.

use super::Check;
use super::judged::{Case, Judgement, judge};
use crate::model::{Data, Level, License, Rule, Scope};

/// What deps.dev says of a licence that it cannot name
/// (<https://docs.deps.dev/api/v3/#getversion>, `licenses`).
const NON_STANDARD: &str = "non-standard";

/// How much of a licence is repeated, in characters: some state its whole text.
const LONGEST: usize = 80;

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unknown-license",
        summary: "The package states no licence, or none that SPDX lists",
        why: "Without a licence nobody but the author may use the code, and a text of its own has to be read by \
              somebody who knows the law before you ship it.",
        fix: "Look for the licence in the package's repository. Ask the author to state it as an SPDX expression, or \
              have the text reviewed and make an exception that says so.",
        clause: "CG.license",
        data: &[Data::Versions],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| judge(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let name = &case.id.name;
    let none = || Judgement::Fires {
        what: "it states no licence".to_owned(),
        change: format!("find out under which licence {name} is, or replace it"),
    };
    let known = |licenses: &Vec<String>| {
        let is_unknown = |text: &&String| !License::parse(text).is_ok_and(|license| license.is_listed());
        match licenses.iter().find(is_unknown) {
            _ if licenses.is_empty() => none(),
            None => Judgement::Passes,
            Some(text) if text == NON_STANDARD => Judgement::Fires {
                what: "its licence is not a standard one".to_owned(),
                change: format!("have the licence of {name} reviewed, or replace it"),
            },
            Some(text) => Judgement::Fires {
                what: format!(
                    "its licence {:?} is none that SPDX lists",
                    text.chars().take(LONGEST).collect::<String>()
                ),
                change: format!("have the licence of {name} reviewed, or replace it"),
            },
        }
    };
    Judgement::of(&case.health.licenses, known, none)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Fact, PackageHealth};
    use crate::rule::tests_support::{absent, known, one, said, unknown};

    fn licenses(licenses: Fact<Vec<String>>) -> PackageHealth {
        PackageHealth { licenses, ..PackageHealth::NOT_ASKED }
    }

    fn of(texts: &[&str]) -> PackageHealth {
        licenses(known(texts.iter().map(|&text| text.to_owned()).collect()))
    }

    #[test]
    fn what_spdx_lists_is_known() {
        for texts in [&["MIT"][..], &["MIT OR Apache-2.0"], &["MIT", "BSD-3-Clause"], &["gpl-2.0+"], &["MIT/ISC"]] {
            assert_eq!(said(&CHECK, &one(Ecosystem::Npm, of(texts))), Ok(vec![]), "{texts:?}");
        }
    }

    #[test]
    fn what_it_does_not_list_is_not() {
        for (texts, what) in [
            (&[][..], "it states no licence"),
            (&["non-standard"], "its licence is not a standard one"),
            (&["MIT", "non-standard"], "its licence is not a standard one"),
            (&["NOASSERTION"], "its licence \"NOASSERTION\" is none that SPDX lists"),
            (&["MIT OR Custom"], "its licence \"MIT OR Custom\" is none that SPDX lists"),
            (&["LicenseRef-Acme"], "its licence \"LicenseRef-Acme\" is none that SPDX lists"),
        ] {
            assert_eq!(said(&CHECK, &one(Ecosystem::Npm, of(texts))), Ok(vec![what.to_owned()]), "{texts:?}");
        }
        let none = one(Ecosystem::Npm, licenses(absent()));
        assert_eq!(said(&CHECK, &none), Ok(vec!["it states no licence".to_owned()]));
    }

    #[test]
    fn what_nobody_told_is_unknown() {
        assert_eq!(said(&CHECK, &one(Ecosystem::Npm, licenses(unknown()))), Err(1));
        assert_eq!(said(&CHECK, &one(Ecosystem::Npm, PackageHealth::NOT_ASKED)), Err(1));
    }
}
