//! What is known about the packages of a graph, and what could not be learnt.

mod api;
mod index;

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Knowledge, Preference};
use crate::model::{
    AliasGroup, Data, DependencyGraph, Diagnostic, DiagnosticSeverity, Ecosystem, Facts, Level, Missing, OnUnknown,
    PackageId, PackageIndex, PackageState, Remedy, Rule, SourceCoverage, SourceKind, SourceState, Unknown, Why, source,
};
use crate::policy::Policy;
use crate::rule::Unlearnt;

/// What asking gave.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) facts: Facts,
    pub(super) sources: Vec<SourceCoverage>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) unknowns: Vec<Unknown>,
}

/// What a source of advisories said of one package.
#[derive(Debug, Clone, Default)]
struct Told {
    groups: Vec<AliasGroup>,
    /// What the version is the fix of, where the source told records that do not cover it too.
    remedies: Option<Vec<Remedy>>,
    /// How many records cannot be compared with the version.
    uncertain: usize,
    /// Records that cannot be read: the id and why.
    rejected: Vec<(String, String)>,
}

/// What a source of advisories said, by package index. What is not here it did not say.
type Said = BTreeMap<usize, Told>;

/// Packages by ecosystem, as places in the graph.
type Places = BTreeMap<Ecosystem, Vec<usize>>;

/// Asks about every package that advisories speak of by name: the index where it is fresh, else the service, unless the
/// caller prefers otherwise.
pub(super) async fn ask(graph: &DependencyGraph, policy: &Policy, knowledge: &Knowledge<'_>, today: Date) -> Answers {
    let mut states = states(graph, policy);
    let mut places = Places::new();
    for (at, package) in graph.packages.iter().enumerate().filter(|(at, _)| is_asked(states[*at])) {
        places.entry(package.id.ecosystem).or_default().push(at);
    }
    let local = index::Local::new(knowledge, policy, today);
    let (by_index, by_service) = share(&places, &local, knowledge);

    let mut answers = Answers::default();
    let (mut said, problem) = local.look_up(graph, &by_index);
    answers.sources.extend(local.rows(&by_index, problem.as_deref()));
    if !by_service.is_empty() {
        let told = api::ask(graph, &by_service, knowledge, &local).await;
        answers.sources.extend(told.rows);
        if knowledge.preference == Preference::Both {
            answers.diagnostics.extend(disagreements(graph, &said, &told.said));
            join(&mut said, told.said);
        } else {
            said.extend(told.said);
            // An old index is better than nothing, and is said to be old.
            let left = without_answer(&by_service, &said, &local);
            let (more, problem) = local.look_up(graph, &left);
            answers.sources.extend(local.rows(&left, problem.as_deref()));
            said.extend(more);
        }
    }
    answers.sources.extend(unadvised(graph, &states));
    let mut remedies = BTreeMap::new();
    let mut groups: Vec<Vec<AliasGroup>> = vec![Vec::new(); states.len()];
    for at in places.into_values().flatten() {
        let Some(told) = said.remove(&at) else {
            states[at] = PackageState::NoIndex;
            continue;
        };
        if told.uncertain > 0 || !told.rejected.is_empty() {
            states[at] = PackageState::CannotJudge;
            let mut said = cannot_judge(graph, at, &told);
            if policy.on_unknown(Data::Advisories) < OnUnknown::Incomplete {
                said.severity = DiagnosticSeverity::Warning;
            }
            answers.diagnostics.push(said);
        }
        groups[at] = told.groups;
        remedies.extend(u32::try_from(at).ok().zip(told.remedies));
    }
    answers.sources.sort();
    answers.unknowns = unknowns(&states, policy, &answers.sources);
    answers.facts = Facts { states, advisories: groups, remedies, ..Facts::default() };
    answers
}

/// A row for each ecosystem of which nobody has advisories: what is not compared is said.
fn unadvised(graph: &DependencyGraph, states: &[PackageState]) -> Vec<SourceCoverage> {
    let is_named = |id: &PackageId| matches!(id.source.kind, SourceKind::Registry | SourceKind::Unknown);
    let mut counts: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for (package, &state) in graph.packages.iter().zip(states) {
        let ecosystem = package.id.ecosystem;
        if state == PackageState::NotAsked && is_named(&package.id) && !ecosystem.is_advised() {
            *counts.entry(ecosystem).or_default() += 1;
        }
    }
    let row = |(ecosystem, packages): (Ecosystem, usize)| SourceCoverage {
        name: source::INDEX,
        ecosystem: Some(ecosystem),
        state: SourceState::NotAsked,
        as_of: None,
        records: 0,
        rejected: 0,
        message: Some(format!("no advisory database speaks of {ecosystem}; {}", uncompared(packages))),
    };
    counts.into_iter().map(row).collect()
}

/// Which ecosystems the index answers about, and which the service.
fn share(places: &Places, local: &index::Local<'_>, knowledge: &Knowledge<'_>) -> (Places, Places) {
    let (mut by_index, mut by_service) = (Places::new(), Places::new());
    for (&ecosystem, of_ecosystem) in places {
        let (index, service) = match knowledge.preference {
            Preference::Index => (true, false),
            Preference::Service => (false, true),
            Preference::Both => (true, true),
            Preference::Fresh if local.is_fresh(ecosystem) => (true, false),
            Preference::Fresh if knowledge.client.is_online() => (false, true),
            // Without a network an old index still says more than what happens to be kept of earlier answers.
            Preference::Fresh => {
                let is_there = local.covers(ecosystem) || !api::has_answers(knowledge.client);
                (is_there, !is_there)
            }
        };
        if index {
            by_index.insert(ecosystem, of_ecosystem.clone());
        }
        if service {
            by_service.insert(ecosystem, of_ecosystem.clone());
        }
    }
    (by_index, by_service)
}

/// What the service did not answer and the index covers.
fn without_answer(asked: &Places, said: &Said, local: &index::Local<'_>) -> Places {
    let covered = asked.iter().filter(|(ecosystem, _)| local.covers(**ecosystem));
    let left = covered.map(|(ecosystem, places)| {
        (*ecosystem, places.iter().copied().filter(|at| !said.contains_key(at)).collect::<Vec<_>>())
    });
    left.filter(|(_, places)| !places.is_empty()).collect()
}

/// What the index and the service say differently about the same packages.
fn disagreements(graph: &DependencyGraph, local: &Said, remote: &Said) -> Vec<Diagnostic> {
    let ids = |told: &Told| -> Vec<String> {
        let of_group = |group: &AliasGroup| group.matching().map(|record| record.id.clone()).collect::<Vec<_>>();
        let mut ids: Vec<String> = told.groups.iter().flat_map(of_group).collect();
        ids.sort();
        ids
    };
    let mut found = Vec::new();
    for (&at, one) in local {
        let Some(other) = remote.get(&at) else { continue };
        let (one, other) = (ids(one), ids(other));
        let alone = |ids: &[String], others: &[String]| {
            ids.iter().filter(|id| !others.contains(id)).cloned().collect::<Vec<_>>().join(", ")
        };
        let says = [("the index alone", alone(&one, &other)), ("the OSV API alone", alone(&other, &one))];
        let says: Vec<String> =
            says.into_iter().filter(|(_, ids)| !ids.is_empty()).map(|(who, ids)| format!("{who} has {ids}")).collect();
        if !says.is_empty() {
            let message = format!("{}: {}", graph.packages[at].id.label(), says.join("; "));
            found.push(diagnostic(graph, at, message, DiagnosticSeverity::Warning));
        }
    }
    found
}

/// Adds what the service alone says: whole groups of which the index has no record.
fn join(said: &mut Said, remote: Said) {
    for (at, told) in remote {
        let known = said.entry(at).or_default();
        let has = |known: &Told, id: &str| known.groups.iter().any(|group| group.ids().any(|other| other == id));
        let new: Vec<AliasGroup> =
            told.groups.into_iter().filter(|group| !group.matching().any(|record| has(known, &record.id))).collect();
        known.groups.extend(new);
        known.groups.sort_by(|a, b| a.key().id.cmp(&b.key().id));
        known.uncertain = known.uncertain.max(told.uncertain);
        known.rejected.extend(told.rejected);
        known.rejected.sort();
        known.rejected.dedup();
    }
}

/// What versions are the fix of, of packages about which the service was asked: with a version it leaves out exactly the
/// records that would tell, so that it is asked again by name. What it does not tell is not in the answer.
pub(super) async fn remedies(
    graph: &DependencyGraph,
    packages: &[usize],
    policy: &Policy,
    knowledge: &Knowledge<'_>,
) -> BTreeMap<PackageIndex, Vec<Remedy>> {
    let states = states(graph, policy);
    let asked: Vec<usize> = packages.iter().copied().filter(|&at| states[at] == PackageState::Matched).collect();
    if asked.is_empty() { BTreeMap::new() } else { api::remedies(graph, &asked, knowledge.client).await }
}

/// What is known of each package before anybody is asked.
pub(super) fn states(graph: &DependencyGraph, policy: &Policy) -> Vec<PackageState> {
    graph.packages.iter().map(|package| state(&package.id, policy)).collect()
}

fn state(id: &PackageId, policy: &Policy) -> PackageState {
    match id.source.kind {
        SourceKind::Git | SourceKind::Path | SourceKind::Url | SourceKind::Workspace => PackageState::NotAsked,
        _ if policy.is_internal(id) => PackageState::Private,
        _ if !id.ecosystem.is_advised() => PackageState::NotAsked,
        // Other registries are mirrors of the public one, but not in Cargo, where each is a name space of its own.
        SourceKind::Registry if id.ecosystem == Ecosystem::CratesIo && id.source.url.is_some() => PackageState::Private,
        SourceKind::Registry | SourceKind::Unknown if id.version.is_none() => PackageState::Unresolved,
        SourceKind::Registry | SourceKind::Unknown => PackageState::Matched,
    }
}

fn is_asked(state: PackageState) -> bool {
    matches!(state, PackageState::Matched | PackageState::Unresolved)
}

/// What each rule of the table that rests on advisories could not learn. A rule of the policy's own says itself of which
/// packages it would have had to know them.
fn unknowns(states: &[PackageState], policy: &Policy, sources: &[SourceCoverage]) -> Vec<Unknown> {
    let is_unknown = |state: &&PackageState| matches!(state, PackageState::NoIndex | PackageState::CannotJudge);
    let packages = states.iter().filter(is_unknown).count();
    let (name, message) = untold(sources);
    let unknown = |(rule, outcome): (&'static Rule, OnUnknown)| Unknown {
        rule: rule.id,
        source: name,
        packages,
        message: message.to_owned(),
        outcome,
    };
    // What is only counted is evaluated where its data is at hand.
    let is_shown = |rule: &Rule| policy.rules.get(rule.id).is_some_and(|settings| settings.level >= Level::Warn);
    let is_of_table = |rule: &Rule| policy.custom.iter().all(|custom| custom.rule.id != rule.id);
    let needing = policy.needing(Data::Advisories).filter(|(rule, _)| is_shown(rule) && is_of_table(rule));
    if packages == 0 { Vec::new() } else { needing.map(unknown).collect() }
}

/// The source that told too little of advisories, and what is said of it; where each told something, the records are at
/// fault.
fn untold(sources: &[SourceCoverage]) -> (&'static str, &'static str) {
    let failed = sources.iter().find(|source| matches!(source.state, SourceState::Failed | SourceState::Missing));
    let name = failed.or(sources.first()).map_or(source::INDEX, |source| source.name);
    let message = match name {
        source::OSV => "the OSV API did not tell, or a version or an advisory cannot be compared",
        _ => "there is no advisory index for them, or a version or an advisory that cannot be compared",
    };
    (name, message)
}

/// What rules could not know of the health of packages, one row for each rule, source and reason. What is only counted
/// is evaluated where its data is at hand, so that it misses nothing.
pub(super) fn unlearnt(unlearnt: &[Unlearnt], policy: &Policy, sources: &[SourceCoverage]) -> Vec<Unknown> {
    let settings = |rule: &Rule| policy.rules.get(rule.id).filter(|settings| settings.level >= Level::Warn);
    let unknown = |Unlearnt { rule, missing, packages }: &Unlearnt| {
        let (source, message) = match missing {
            Missing { source: source::INDEX, why: Why::NotAtHand } => {
                let (source, message) = untold(sources);
                (source, message.to_owned())
            }
            Missing { source, why } => (*source, format!("{} {}", source::title(source), why.as_str())),
        };
        Some(Unknown { rule: rule.id, source, packages: *packages, message, outcome: settings(rule)?.on_unknown })
    };
    unlearnt.iter().filter_map(unknown).collect()
}

fn cannot_judge(graph: &DependencyGraph, at: usize, told: &Told) -> Diagnostic {
    let mut message = format!("{}: ", graph.packages[at].id.label());
    if told.uncertain > 0 {
        let advisories = if told.uncertain == 1 { "advisory" } else { "advisories" };
        message += &format!("{} {advisories} for this name cannot be compared with this version", told.uncertain);
    }
    for (id, reason) in &told.rejected {
        let separator = if message.ends_with(": ") { "" } else { "; " };
        message += &format!("{separator}{id} could not be read ({reason})");
    }
    diagnostic(graph, at, message, DiagnosticSeverity::Error)
}

/// Something about a package, where it stands.
fn diagnostic(graph: &DependencyGraph, at: usize, message: String, severity: DiagnosticSeverity) -> Diagnostic {
    let index = u32::try_from(at).unwrap_or(u32::MAX);
    let place = graph.roots.iter().find_map(|root| root.usage(index)?.locations.first());
    Diagnostic { path: place.map(|place| place.path.clone()), line: place.map(|place| place.line), severity, message }
}

/// How many packages were not compared, in words.
fn uncompared(packages: usize) -> String {
    match packages {
        1 => "1 package was not compared with its advisories".to_owned(),
        _ => format!("{packages} packages were not compared with its advisories"),
    }
}
