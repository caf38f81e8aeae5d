//! Nothing verifiable says how a package was built.

use super::Check;
use super::judged::{Case, Fired, Outcome, judge_in_full};
use crate::model::{Data, Ecosystem, Fact, Level, Rule, Scope};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "no-provenance",
        summary: "No verified provenance says from which source and by which build the version was made",
        why: "Provenance ties a release to the commit and the build that made it, so that a stolen password is not enough \
              to publish under the project's name. A version that lacks it where an earlier one had it was perhaps \
              not published by the project.",
        fix: "Prefer versions with provenance. Where an earlier version had it, ask the project before you take this one.",
        clause: "C5.9",
        data: &[Data::Versions, Data::EarlierProvenance],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find: |view| judge_in_full(view, &CHECK.rule, view.parameters.scope(&CHECK.rule), of),
};

/// Whether deps.dev tells statements about builds of an ecosystem (<https://docs.deps.dev/api/v3/>, "Attestation").
pub(super) fn has_provenance(ecosystem: Ecosystem) -> bool {
    matches!(ecosystem, Ecosystem::Npm | Ecosystem::PyPi)
}

fn of(case: &Case<'_>) -> Outcome {
    // Registries that take no statements about builds: that there is none says nothing about the package.
    if !has_provenance(case.id.ecosystem) {
        return Outcome::default();
    }
    let what = match &case.health.provenance {
        Fact::Known(provenance, _) if provenance.verified => return Outcome::default(),
        Fact::Known(..) => "what is stated about how it was built could not be verified",
        Fact::Absent(_) => "nothing is stated about how it was built",
        Fact::Unknown(missing) => return Outcome { fires: None, missing: vec![*missing] },
    };
    // That it was better before makes it graver; not to know whether it was is no reason to say nothing.
    let earlier = &case.health.earlier_provenance;
    let (what, escalated) = match earlier.known() {
        Some(version) => (format!("{what}, while version {version} has provenance"), true),
        None => (what.to_owned(), false),
    };
    let name = &case.id.name;
    let change = match earlier.known() {
        Some(version) => format!("ask who publishes {name} why, before you take a version after {version}"),
        None => format!("prefer a release of {name} with provenance, where there is one"),
    };
    Outcome { fires: Some(Fired { what, change, escalated }), missing: earlier.missing().into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Provenance, source};
    use crate::rule::tests_support::{absent, failed, known, on_one};

    fn look(ecosystem: Ecosystem, provenance: Fact<Provenance>, earlier: Fact<String>) -> (Vec<String>, Vec<String>) {
        on_one(&CHECK, ecosystem, &[], |tree, left| {
            tree.health(left, |health| (health.provenance, health.earlier_provenance) = (provenance, earlier));
        })
    }

    fn stated(verified: bool) -> Fact<Provenance> {
        let kind = "https://slsa.dev/provenance/v1".to_owned();
        known(Provenance { kind, verified, repository: "https://host.example/left".to_owned() })
    }

    #[test]
    fn npm_and_pypi_have_provenance_and_others_do_not() {
        for ecosystem in [Ecosystem::Npm, Ecosystem::PyPi] {
            let (found, missing) = look(ecosystem, absent(), absent());
            assert_eq!(found, ["left 1.0.0: nothing is stated about how it was built"]);
            assert_eq!(missing, [""; 0]);
            assert_eq!(look(ecosystem, stated(true), absent()), (vec![], vec![]));
        }
        for ecosystem in [Ecosystem::CratesIo, Ecosystem::Go] {
            assert_eq!(look(ecosystem, absent(), known("0.9.0".to_owned())), (vec![], vec![]));
            assert_eq!(look(ecosystem, failed(source::DEPS_DEV), absent()), (vec![], vec![]));
        }
    }

    #[test]
    fn what_an_earlier_version_had_makes_it_graver() {
        let earlier = || known("0.9.0".to_owned());
        assert_eq!(
            look(Ecosystem::Npm, absent(), earlier()).0,
            ["left 1.0.0: nothing is stated about how it was built, while version 0.9.0 has provenance (escalated)"]
        );
        assert_eq!(
            look(Ecosystem::Npm, stated(false), earlier()).0,
            ["left 1.0.0: what is stated about how it was built could not be verified, while version 0.9.0 has \
              provenance (escalated)"]
        );
        assert_eq!(look(Ecosystem::Npm, stated(true), earlier()), (vec![], vec![]));
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(look(Ecosystem::Npm, failed(source::DEPS_DEV), absent()).1, ["deps.dev Failed"]);
        let (found, missing) = look(Ecosystem::Npm, absent(), failed(source::DEPS_DEV));
        assert_eq!((found.len(), missing), (1, vec!["deps.dev Failed".to_owned()]));
    }
}
