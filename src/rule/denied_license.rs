//! A package is under a licence that the policy does not allow.

use super::judged::{Case, Judgement, judge};
use super::{Check, Found, View};
use crate::model::{
    AcceptedLicense, Data, Level, License, Missing, Parameter, Rule, Scope, Setting, Stricter, Why, source,
};

/// The key of the parameter.
const ALLOW: &str = "allow";

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "denied-license",
        summary: "The package is under a licence that the policy does not allow",
        why: "A licence binds whoever ships the code. What it asks for may not fit your product, and that is cheaper \
              to find out before it is built in.",
        fix: "Replace the package, ask its author for another licence, or have the use reviewed: add the licence to \
              the allowed ones, or make an exception for this package.",
        clause: "CG.license",
        data: &[Data::Versions],
        scope: Scope::All,
        parameters: &[Parameter {
            key: ALLOW,
            stricter: Stricter::Lower,
            summary: "the SPDX identifiers of the licences that are allowed; the rule finds nothing until there are some",
            default: || Setting::Licenses(Vec::new()),
        }],
        greenfield: Level::Deny,
        brownfield: Level::Deny,
    },
    find,
};

/// A package without a licence that SPDX lists is what `unknown-license` finds; whether the policy allows what it is
/// under cannot be known.
fn find(view: &View<'_>) -> Found {
    let allow = match view.parameters.setting(&CHECK.rule, ALLOW) {
        Setting::Licenses(allow) => allow,
        _ => Vec::new(),
    };
    let accepted: Vec<AcceptedLicense> = allow.iter().filter_map(|text| AcceptedLicense::parse(text).ok()).collect();
    if accepted.is_empty() {
        return Found::default();
    }
    judge(view, &CHECK.rule, |case| of(case, &accepted))
}

/// Where the package states several expressions, each of them has to be allowed.
fn of(case: &Case<'_>, accepted: &[AcceptedLicense]) -> Judgement {
    let unknown = || Judgement::Unknown(Missing { source: source::DEPS_DEV, why: Why::NotTold });
    let known = |licenses: &Vec<String>| {
        let is_read = licenses.iter().all(|text| License::parse(text).is_ok());
        let licenses = licenses.iter().filter_map(|text| License::parse(text).ok());
        let refused = { licenses }.find_map(|license| {
            let refused = license.refused(accepted);
            (!refused.is_empty()).then(|| (license.to_string(), refused.join(", ")))
        });
        let Some((license, refused)) = refused else {
            return if is_read { Judgement::Passes } else { unknown() };
        };
        let what = match license == refused {
            true => format!("its licence {license} is none that the policy allows"),
            false => format!("its licence {license} needs {refused}, which the policy does not allow"),
        };
        Judgement::Fires { what, change: format!("replace {}, or have its licence reviewed", case.id.name) }
    };
    Judgement::of(&case.health.licenses, known, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, Fact, PackageHealth};
    use crate::rule::tests_support::{absent, known, one, said_with, unknown};

    /// What is said of a package under these licences where those are allowed.
    fn said(licenses: Fact<Vec<String>>, allow: &[&str]) -> Result<Vec<String>, usize> {
        let health = PackageHealth { licenses, ..PackageHealth::NOT_ASKED };
        let allow = Setting::Licenses(allow.iter().map(|&text| text.to_owned()).collect());
        said_with(&CHECK, &one(Ecosystem::Npm, health), &[(ALLOW, allow)])
    }

    fn of(texts: &[&str]) -> Fact<Vec<String>> {
        known(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn what_is_allowed_passes_and_nothing_else() {
        let allow = ["MIT", "Apache-2.0"];
        for texts in [&["MIT"][..], &["GPL-3.0-only OR mit"], &["MIT AND Apache-2.0 WITH LLVM-exception"]] {
            assert_eq!(said(of(texts), &allow), Ok(vec![]), "{texts:?}");
        }
        for (texts, what) in [
            (&["GPL-3.0"][..], "its licence GPL-3.0-only is none that the policy allows"),
            (&["MIT AND ISC"], "its licence MIT AND ISC needs ISC, which the policy does not allow"),
            (&["MIT", "ISC"], "its licence ISC is none that the policy allows"),
            (&["LicenseRef-Acme"], "its licence LicenseRef-Acme is none that the policy allows"),
        ] {
            assert_eq!(said(of(texts), &allow), Ok(vec![what.to_owned()]), "{texts:?}");
        }
    }

    #[test]
    fn without_a_list_nothing_is_asked_for() {
        assert_eq!(said(of(&["GPL-3.0-only"]), &[]), Ok(vec![]));
        assert_eq!(said(unknown(), &[]), Ok(vec![]));
    }

    #[test]
    fn what_is_under_no_listed_licence_is_unknown() {
        assert_eq!(said(of(&["non-standard"]), &["MIT"]), Err(1));
        assert_eq!(said(of(&["MIT", "non-standard"]), &["MIT"]), Err(1));
        assert_eq!(said(absent(), &["MIT"]), Err(1));
        assert_eq!(said(of(&["non-standard", "ISC"]), &["MIT"]).map(|said| said.len()), Ok(1));
        assert_eq!(said(unknown(), &["MIT"]), Err(1));
    }
}
