//! Rules that judge packages one by one by what is known about their health: each says for a package whether it passes,
//! fires, or cannot know; everything else is the same for all and is here.

use super::fingerprint::{fingerprint, ranks};
use super::place::Tree;
use super::{Found, View};
use crate::model::{
    Data, Ecosystem, Fact, Finding, Fix, FixState, Missing, PackageHealth, PackageId, PackageIndex, PackageState, Rule,
    Scope, Setting, Use, Why, source,
};

/// A package that a rule judges, as one root uses it.
pub(super) struct Case<'v> {
    pub(super) view: &'v View<'v>,
    pub(super) rule: &'static Rule,
    pub(super) id: &'v PackageId,
    /// The place of the root among those of the graph.
    pub(super) root: usize,
    pub(super) usage: &'v Use,
    pub(super) health: &'v PackageHealth,
}

/// What a rule makes of a package by one fact.
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

/// What a rule makes of a package by several facts: what is missing does not take back what is found by the others.
#[derive(Default)]
pub(super) struct Outcome {
    /// What it has.
    pub(super) fires: Option<Fired>,
    /// What could not be known, each thing once.
    pub(super) missing: Vec<Missing>,
}

/// What a rule found on a package.
pub(super) struct Fired {
    /// As in [`Judgement::Fires`].
    pub(super) what: String,
    /// As in [`Judgement::Fires`].
    pub(super) change: String,
    /// Whether it is one level graver than its rule, since it was better before.
    pub(super) escalated: bool,
}

impl From<Judgement> for Outcome {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Passes => Self::default(),
            Judgement::Fires { what, change } => {
                Self { fires: Some(Fired { what, change, escalated: false }), missing: Vec::new() }
            }
            Judgement::Unknown(missing) => Self { fires: None, missing: vec![missing] },
        }
    }
}

impl<'v> Case<'v> {
    pub(super) fn package(&self) -> PackageIndex {
        self.usage.package
    }

    /// What became of the package. One of which that is not noted was asked about nowhere.
    pub(super) fn state(&self) -> PackageState {
        let at = usize::try_from(self.package()).unwrap_or(usize::MAX);
        self.view.facts.states.get(at).copied().unwrap_or(PackageState::NotAsked)
    }

    /// The value of a parameter of the rule that is a score or a share.
    pub(super) fn decimal(&self, key: &str) -> f64 {
        self.view.parameters.decimal(self.rule, key)
    }

    /// The value of a parameter of the rule that is a number or a number of days.
    pub(super) fn number(&self, key: &str) -> u32 {
        self.view.parameters.number(self.rule, key)
    }

    /// The value of a parameter of the rule that is one of some words.
    pub(super) fn word(&self, key: &str) -> &'static str {
        match self.view.parameters.setting(self.rule, key) {
            Setting::Word(word, _) => word,
            _ => "",
        }
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
    judge_in_full(view, rule, view.parameters.scope(rule), |case| judge(case).into())
}

/// The same, in a scope of the caller's and by several facts.
pub(super) fn judge_in_full<'v>(
    view: &'v View<'v>,
    rule: &'static Rule,
    scope: Scope,
    judge: impl Fn(&Case<'v>) -> Outcome,
) -> Found {
    judge_those(view, rule, (scope, |case| is_served(case.state()) && !is_strange(case)), judge)
}

/// The same for a rule that looks at names: it judges packages of which no exact version is known as well.
pub(super) fn judge_names(view: &View<'_>, rule: &'static Rule, judge: impl Fn(&Case<'_>) -> Judgement) -> Found {
    let has_name =
        |case: &Case<'_>| (is_served(case.state()) || case.state() == PackageState::Unresolved) && !is_strange(case);
    judge_those(view, rule, (view.parameters.scope(rule), has_name), |case| judge(case).into())
}

/// The same for a rule that looks at what the file itself says: it judges private packages too, and those that no
/// registry serves.
pub(super) fn judge_all(view: &View<'_>, rule: &'static Rule, judge: impl Fn(&Case<'_>) -> Judgement) -> Found {
    judge_those(view, rule, (view.parameters.scope(rule), |case| !is_strange(case)), |case| judge(case).into())
}

/// The same for a rule that looks at whatever is used, wherever it comes from.
pub(super) fn judge_every<'v>(view: &'v View<'v>, rule: &'static Rule, judge: impl Fn(&Case<'v>) -> Outcome) -> Found {
    judge_those(view, rule, (view.parameters.scope(rule), |_| true), judge)
}

fn judge_those<'v>(
    view: &'v View<'v>,
    rule: &'static Rule,
    (scope, is_judged): (Scope, fn(&Case<'v>) -> bool),
    judge: impl Fn(&Case<'v>) -> Outcome,
) -> Found {
    let mut found = Found::default();
    let mut missed = Vec::new();
    for (index, root) in view.graph.roots.iter().enumerate() {
        let mut hits = Vec::new();
        for usage in &root.uses {
            let package = usage.package;
            let in_scope = scope == Scope::All || usage.direct != Some(false);
            if !in_scope || root.members.binary_search(&package).is_ok() {
                continue;
            }
            let id = &view.graph.package(package).id;
            let case = Case { view, rule, id, root: index, usage, health: view.facts.health.package(package) };
            if !is_judged(&case) {
                // Of what has no exact version nobody can be asked: that is not known, and not passed over.
                if case.state() == PackageState::Unresolved && !is_strange(&case) {
                    missed.push((Missing { source: source::FILE, why: Why::NoVersion }, Some(package)));
                }
                continue;
            }
            let outcome = judge(&case);
            hits.extend(outcome.fires.map(|fired| (usage, fired)));
            missed.extend(outcome.missing.into_iter().map(|missing| (missing, Some(package))));
        }
        if hits.is_empty() {
            continue;
        }
        let keys: Vec<(PackageIndex, &str)> = hits.iter().map(|(usage, _)| (usage.package, "")).collect();
        let ranks = ranks(view.graph, &keys);
        let tree = Tree::of(view, index);
        for ((usage, Fired { what, change, escalated }), rank) in hits.into_iter().zip(ranks) {
            let place = tree.place(usage);
            let message = format!("{}: {what}. {}", place.label(), place.who());
            let location = usage.locations.first().cloned();
            let fix = Fix { state: FixState::Unknown, version: None, change: Some(change), command: None, location };
            let print = fingerprint(rule, place.id(), &root.path, "", rank);
            found.findings.push(Finding { escalated, ..place.finding(rule, message, fix, print) });
        }
    }
    // Without a network that is most packages for most rules: a set is made of all at once, not of one after the other.
    found.missing = missed.into_iter().collect();
    found
}

/// Whether it is Go's own library or tools, which `go.mod` fixes like a package. Who makes the language makes its
/// library; no registry serves it, and nobody scores it as a package.
fn is_strange(case: &Case<'_>) -> bool {
    let is_toolchain =
        |id: &PackageId| id.ecosystem == Ecosystem::Go && matches!(id.name.as_str(), "stdlib" | "toolchain");
    is_toolchain(case.id) && !case.rule.data.contains(&Data::Lifecycle)
}

/// Whether services may be asked about a package: it has a version from a registry that is not private.
pub(super) fn is_served(state: PackageState) -> bool {
    matches!(state, PackageState::Matched | PackageState::NoIndex | PackageState::CannotJudge)
}
