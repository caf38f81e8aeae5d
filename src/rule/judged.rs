//! Rules that judge packages one by one by what is known about their health: each says for a package whether it passes,
//! fires, or cannot know; everything else is the same for all and is here.

use super::fingerprint::{fingerprint, ranks};
use super::place::Tree;
use super::{Found, View};
use crate::model::{
    Fact, Fix, FixState, Missing, PackageHealth, PackageId, PackageIndex, PackageState, Rule, Scope, Use,
};

/// A package that a rule judges, as one root uses it.
pub(super) struct Case<'v> {
    pub(super) view: &'v View<'v>,
    pub(super) rule: &'static Rule,
    pub(super) id: &'v PackageId,
    pub(super) usage: &'v Use,
    pub(super) health: &'v PackageHealth,
}

/// What a rule makes of a package.
pub(super) enum Judgement {
    /// There is nothing to say.
    Passes,
    /// It has this, which changes as said.
    Fires {
        /// What was found: the end of a sentence that begins with the package and a colon.
        what: String,
        /// What to change, as a request.
        change: String,
    },
    /// It cannot be known.
    Unknown(Missing),
}

impl Case<'_> {
    pub(super) fn package(&self) -> PackageIndex {
        self.usage.package
    }

    /// The value of a parameter of the rule that is a score or a share.
    pub(super) fn decimal(&self, key: &str) -> f64 {
        self.view.parameters.decimal(self.rule, key)
    }

    /// The value of a parameter of the rule that is a number or a number of days.
    pub(super) fn number(&self, key: &str) -> u32 {
        self.view.parameters.number(self.rule, key)
    }
}

impl Judgement {
    /// By a fact: what its value means, what its absence means, and unknown where it is not known.
    pub(super) fn of<T>(fact: &Fact<T>, known: impl FnOnce(&T) -> Self, absent: impl FnOnce() -> Self) -> Self {
        match fact {
            Fact::Known(value, _) => known(value),
            Fact::Absent(_) => absent(),
            Fact::Unknown(missing) => Self::Unknown(*missing),
        }
    }
}

/// Judges every package in the rule's scope that a registry serves: what comes from elsewhere or is private, nobody
/// was asked about, and is no matter of health rules. A package of which it is not known whether it is direct counts
/// as direct.
pub(super) fn judge(view: &View<'_>, rule: &'static Rule, judge: impl Fn(&Case<'_>) -> Judgement) -> Found {
    judge_where(view, rule, is_served, judge)
}

/// The same for a rule that looks at names: it judges packages of which no exact version is known as well.
pub(super) fn judge_names(view: &View<'_>, rule: &'static Rule, judge: impl Fn(&Case<'_>) -> Judgement) -> Found {
    judge_where(view, rule, |state| is_served(state) || state == PackageState::Unresolved, judge)
}

fn judge_where(
    view: &View<'_>,
    rule: &'static Rule,
    is_served: fn(PackageState) -> bool,
    judge: impl Fn(&Case<'_>) -> Judgement,
) -> Found {
    let mut found = Found::default();
    let scope = view.parameters.scope(rule);
    for (index, root) in view.graph.roots.iter().enumerate() {
        let mut hits = Vec::new();
        for usage in &root.uses {
            let package = usage.package;
            let state = view.facts.states.get(usize::try_from(package).unwrap_or(usize::MAX));
            let is_judged =
                (scope == Scope::All || usage.direct != Some(false)) && state.is_some_and(|state| is_served(*state));
            if !is_judged || root.members.binary_search(&package).is_ok() {
                continue;
            }
            let id = &view.graph.package(package).id;
            let case = Case { view, rule, id, usage, health: view.facts.health.package(package) };
            match judge(&case) {
                Judgement::Passes => {}
                Judgement::Fires { what, change } => hits.push((usage, what, change)),
                Judgement::Unknown(missing) => {
                    found.missing.insert((missing, Some(package)));
                }
            }
        }
        if hits.is_empty() {
            continue;
        }
        let keys: Vec<(PackageIndex, &str)> = hits.iter().map(|(usage, ..)| (usage.package, "")).collect();
        let ranks = ranks(view.graph, &keys);
        let tree = Tree::of(view, index);
        for ((usage, what, change), rank) in hits.into_iter().zip(ranks) {
            let place = tree.place(usage);
            let message = format!("{}: {what}. {}", place.label(), place.who());
            let location = usage.locations.first().cloned();
            let fix = Fix { state: FixState::Unknown, version: None, change: Some(change), command: None, location };
            let print = fingerprint(rule, place.id(), &root.path, "", rank);
            found.findings.push(place.finding(rule, message, fix, print));
        }
    }
    found
}

/// Whether services may be asked about a package: it has a version from a registry that is not private.
fn is_served(state: PackageState) -> bool {
    matches!(state, PackageState::Matched | PackageState::NoIndex | PackageState::CannotJudge)
}
