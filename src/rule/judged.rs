//! Rules that judge packages one by one by what is known about their health: each says for a package whether it passes,
//! fires, or cannot know; everything else is the same for all and is here.

use std::cell::OnceCell;

use super::fingerprint::{fingerprint, ranks};
use super::place::{Tree, advice};
use super::{Found, View};
use crate::model::{
    Data, Ecosystem, Fact, Finding, Missing, PackageHealth, PackageId, PackageIndex, PackageState, Rule, Scope,
    Setting, SourceKind, Use, Why, source,
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
    let is_judged = |case: &Case<'v>| (is_served(case.state()) || has_lines(case)) && !is_strange(case);
    judge_those(view, rule, (scope, is_judged), judge)
}

/// The same for a rule that looks at names: it judges packages of which no exact version is known as well, and is one
/// level graver about those that were not there before.
pub(super) fn judge_names(view: &View<'_>, rule: &'static Rule, judge: impl Fn(&Case<'_>) -> Judgement) -> Found {
    let has_name =
        |case: &Case<'_>| (is_served(case.state()) || case.state() == PackageState::Unresolved) && !is_strange(case);
    judge_those(view, rule, (view.parameters.scope(rule), has_name), |case| {
        let mut outcome = Outcome::from(judge(case));
        if let Some(fired) = &mut outcome.fires {
            fired.escalated = view.parameters.added.contains(&case.package());
        }
        outcome
    })
}

/// The same for a rule that looks at what the file itself says: it judges private packages too, and those that no
/// registry serves.
pub(super) fn judge_all(view: &View<'_>, rule: &'static Rule, judge: impl Fn(&Case<'_>) -> Judgement) -> Found {
    judge_those(view, rule, (view.parameters.scope(rule), |case| !is_strange(case)), |case| judge(case).into())
}

/// The same for rules that look at whatever is used, wherever it comes from. Several are judged in one pass, in which each
/// package is touched once, however many rules there are: what each found, in their order.
pub(super) fn judge_every<'v>(
    view: &'v View<'v>,
    rules: &[&'static Rule],
    judge: impl Fn(usize, &Case<'v>) -> Outcome,
) -> Vec<Found> {
    let scoped: Vec<_> = rules.iter().map(|&rule| (rule, view.parameters.scope(rule))).collect();
    judge_each(view, &scoped, |_| true, judge)
}

fn judge_those<'v>(
    view: &'v View<'v>,
    rule: &'static Rule,
    (scope, is_judged): (Scope, fn(&Case<'v>) -> bool),
    judge: impl Fn(&Case<'v>) -> Outcome,
) -> Found {
    judge_each(view, &[(rule, scope)], is_judged, |_, case| judge(case)).pop().unwrap_or_default()
}

/// What one rule has so far.
#[derive(Default)]
struct Tally<'v> {
    found: Found,
    hits: Vec<(&'v Use, Fired)>,
    missed: Vec<(Missing, Option<PackageIndex>)>,
}

fn judge_each<'v>(
    view: &'v View<'v>,
    rules: &[(&'static Rule, Scope)],
    is_judged: fn(&Case<'v>) -> bool,
    judge: impl Fn(usize, &Case<'v>) -> Outcome,
) -> Vec<Found> {
    let mut tallies: Vec<Tally<'v>> = rules.iter().map(|_| Tally::default()).collect();
    for (index, root) in view.graph.roots.iter().enumerate() {
        for usage in &root.uses {
            let package = usage.package;
            if root.members.binary_search(&package).is_ok() {
                continue;
            }
            let (id, health) = (&view.graph.package(package).id, view.facts.health.package(package));
            for (at, ((rule, scope), tally)) in rules.iter().zip(&mut tallies).enumerate() {
                if *scope != Scope::All && usage.direct == Some(false) {
                    continue;
                }
                let case = Case { view, rule, id, root: index, usage, health };
                if is_judged(&case) {
                    let outcome = judge(at, &case);
                    tally.hits.extend(outcome.fires.map(|fired| (usage, fired)));
                    tally.missed.extend(outcome.missing.into_iter().map(|missing| (missing, Some(package))));
                } else if case.state() == PackageState::Unresolved && !is_strange(&case) {
                    // Of what has no exact version nobody can be asked: that is not known, and not passed over.
                    tally.missed.push((Missing { source: source::FILE, why: Why::NoVersion }, Some(package)));
                }
            }
        }
        let tree = OnceCell::new();
        for ((rule, _), tally) in rules.iter().zip(&mut tallies).filter(|(_, tally)| !tally.hits.is_empty()) {
            tally.found.findings.extend(findings(
                rule,
                std::mem::take(&mut tally.hits),
                tree.get_or_init(|| Tree::of(view, index)),
            ));
        }
    }
    // Without a network that is most packages for most rules: a set is made of all at once, not of one after the other.
    let whole = |tally: Tally<'v>| Found { missing: tally.missed.into_iter().collect(), ..tally.found };
    tallies.into_iter().map(whole).collect()
}

/// The findings of one rule in the root of a tree.
fn findings<'v>(rule: &'static Rule, hits: Vec<(&'v Use, Fired)>, tree: &Tree<'v>) -> Vec<Finding> {
    let keys: Vec<(PackageIndex, &str)> = hits.iter().map(|(usage, _)| (usage.package, "")).collect();
    let ranks = ranks(tree.view.graph, &keys);
    let finding = |((usage, Fired { what, change, escalated }), rank): ((&'v Use, Fired), usize)| {
        let place = tree.place(usage);
        let message = format!("{}: {what}. {}", place.label(), place.who());
        let fix = advice(change, usage.locations.first().cloned());
        let print = fingerprint(rule, place.id(), &place.root.path, "", rank);
        Finding { escalated, ..place.finding(rule, message, fix, print) }
    };
    hits.into_iter().zip(ranks).map(finding).collect()
}

/// Whether it is Go's own library or tools, which `go.mod` fixes like a package. Who makes the language makes its
/// library; no registry serves it, and nobody scores it as a package.
fn is_strange(case: &Case<'_>) -> bool {
    let is_toolchain =
        |id: &PackageId| id.ecosystem == Ecosystem::Go && matches!(id.name.as_str(), "stdlib" | "toolchain");
    is_toolchain(case.id) && !case.rule.data.contains(&Data::Lifecycle)
}

/// Whether it is an image or a language, whose release lines are all that services tell of it.
fn has_lines(case: &Case<'_>) -> bool {
    case.rule.data.contains(&Data::Lifecycle)
        && case.state() == PackageState::NotAsked
        && case.id.ecosystem.has_release_lines()
        && case.id.source.kind == SourceKind::Registry
        && case.id.version.is_some()
}

/// Whether services may be asked about a package: it has a version from a registry that is not private.
pub(super) fn is_served(state: PackageState) -> bool {
    matches!(state, PackageState::Matched | PackageState::NoIndex | PackageState::CannotJudge)
}
