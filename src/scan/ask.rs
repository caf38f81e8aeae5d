//! What is known about the packages of a graph, and what could not be learnt.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::database::{DatabaseError, Index, Query};
use crate::model::{
    AliasGroup, Data, DependencyGraph, Diagnostic, DiagnosticSeverity, Ecosystem, Facts, Health, Level, OnUnknown,
    PackageId, PackageState, Rule, SourceCoverage, SourceKind, SourceState, Unknown, source,
};
use crate::policy::Policy;
use crate::rule::Unlearnt;

/// The name of the index in the ledger.
const SOURCE: &str = "osv-index";

/// What asking gave.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) facts: Facts,
    pub(super) sources: Vec<SourceCoverage>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) unknowns: Vec<Unknown>,
}

/// Asks the index about every package that advisories speak of by name.
pub(super) fn ask(
    graph: &DependencyGraph,
    policy: &Policy,
    index: Result<&Index, &DatabaseError>,
    today: Date,
) -> Answers {
    let mut states: Vec<PackageState> = graph.packages.iter().map(|package| state(&package.id, policy)).collect();
    let mut groups: Vec<Vec<AliasGroup>> = vec![Vec::new(); states.len()];
    let sources = sources(graph, &states, index, |as_of| is_stale(as_of, policy, today));
    let mut answers = Answers { sources, ..Answers::default() };
    let covered: Vec<Ecosystem> = answers
        .sources
        .iter()
        .filter(|source| matches!(source.state, SourceState::Ok | SourceState::Stale))
        .filter_map(|source| source.ecosystem)
        .collect();
    let mut places = Vec::new();
    let mut queries = Vec::new();
    for (at, package) in graph.packages.iter().enumerate() {
        let id = &package.id;
        if !is_asked(states[at]) {
            continue;
        }
        if covered.contains(&id.ecosystem) {
            places.push(at);
            queries.push(Query { ecosystem: id.ecosystem, name: &id.name, version: id.version.as_deref() });
        } else {
            states[at] = PackageState::NoIndex;
        }
    }
    match index.ok().map(|index| index.look_up(&queries)) {
        Some(Ok(found)) => {
            for (at, answer) in places.into_iter().zip(found) {
                if answer.judged.cannot_judge > 0 || !answer.rejected.is_empty() {
                    states[at] = PackageState::CannotJudge;
                    let mut said = cannot_judge(graph, at, answer.judged.cannot_judge, &answer.rejected);
                    if policy.on_unknown(Data::Advisories) < OnUnknown::Incomplete {
                        said.severity = DiagnosticSeverity::Warning;
                    }
                    answers.diagnostics.push(said);
                }
                groups[at] = answer.judged.groups;
            }
        }
        Some(Err(error)) => {
            let message = error.to_string();
            for at in places {
                states[at] = PackageState::NoIndex;
            }
            for source in &mut answers.sources {
                source.state = SourceState::Failed;
                source.message = Some(message.clone());
            }
        }
        None => {}
    }
    answers.unknowns = unknowns(&states, policy);
    answers.facts = Facts { states, advisories: groups, health: Health::default() };
    answers
}

/// What is known before anybody is asked.
fn state(id: &PackageId, policy: &Policy) -> PackageState {
    match id.source.kind {
        SourceKind::Git | SourceKind::Path | SourceKind::Url | SourceKind::Workspace => PackageState::NotAsked,
        _ if policy.is_internal(id) => PackageState::Private,
        // Other registries are mirrors of the public one, but not in Cargo, where each is a name space of its own.
        SourceKind::Registry if id.ecosystem == Ecosystem::CratesIo && id.source.url.is_some() => PackageState::Private,
        SourceKind::Registry | SourceKind::Unknown if id.version.is_none() => PackageState::Unresolved,
        SourceKind::Registry | SourceKind::Unknown => PackageState::Matched,
    }
}

fn is_asked(state: PackageState) -> bool {
    matches!(state, PackageState::Matched | PackageState::Unresolved)
}

/// What each rule that rests on advisories could not learn.
fn unknowns(states: &[PackageState], policy: &Policy) -> Vec<Unknown> {
    let is_unknown = |state: &&PackageState| matches!(state, PackageState::NoIndex | PackageState::CannotJudge);
    let packages = states.iter().filter(is_unknown).count();
    let unknown = |(rule, outcome): (&'static Rule, OnUnknown)| Unknown {
        rule: rule.id,
        source: SOURCE,
        packages,
        message: "there is no advisory index for them, or a version or an advisory that cannot be compared".to_owned(),
        outcome,
    };
    if packages == 0 { Vec::new() } else { policy.needing(Data::Advisories).map(unknown).collect() }
}

/// What rules could not know of the health of packages, one row for each rule, source and reason. What is only counted
/// is evaluated where its data is at hand, so that it misses nothing.
pub(super) fn unlearnt(unlearnt: &[Unlearnt], policy: &Policy) -> Vec<Unknown> {
    let settings = |rule: &Rule| policy.rules.get(rule.id).filter(|settings| settings.level >= Level::Warn);
    let unknown = |Unlearnt { rule, missing, packages }: &Unlearnt| {
        Some(Unknown {
            rule: rule.id,
            source: missing.source,
            packages: *packages,
            message: format!("{} {}", source::title(missing.source), missing.why.as_str()),
            outcome: settings(rule)?.on_unknown,
        })
    };
    unlearnt.iter().filter_map(unknown).collect()
}

/// The ledger's row for each ecosystem that has packages to ask about.
fn sources(
    graph: &DependencyGraph,
    states: &[PackageState],
    index: Result<&Index, &DatabaseError>,
    is_stale: impl Fn(Option<i64>) -> Option<String>,
) -> Vec<SourceCoverage> {
    let mut asked: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for (package, state) in graph.packages.iter().zip(states) {
        if is_asked(*state) {
            *asked.entry(package.id.ecosystem).or_default() += 1;
        }
    }
    let row = |(ecosystem, packages): (Ecosystem, usize)| {
        let empty = |state, message| SourceCoverage {
            name: SOURCE,
            ecosystem: Some(ecosystem),
            state,
            as_of: None,
            records: 0,
            rejected: 0,
            message: Some(message),
        };
        let unjudged = match packages {
            1 => "1 package was not compared with any advisory".to_owned(),
            _ => format!("{packages} packages were not compared with any advisory"),
        };
        let index = match index {
            Ok(index) => index,
            Err(error @ DatabaseError::Missing { .. }) => {
                return empty(SourceState::Missing, format!("{error}; {unjudged}"));
            }
            Err(error) => return empty(SourceState::Failed, format!("{error}; {unjudged}")),
        };
        let Some(meta) = index.meta().of(ecosystem.osv_name()) else {
            let message = format!("the index holds nothing for {ecosystem}; {unjudged}");
            return empty(SourceState::Missing, message);
        };
        let stale = is_stale(meta.as_of);
        SourceCoverage {
            name: SOURCE,
            ecosystem: Some(ecosystem),
            state: if stale.is_some() { SourceState::Stale } else { SourceState::Ok },
            as_of: meta.as_of.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(|time| time.to_string()),
            records: meta.records,
            rejected: meta.rejected,
            message: stale,
        }
    };
    asked.into_iter().map(row).collect()
}

/// Why an index of that moment is too old for the policy, if it is.
fn is_stale(as_of: Option<i64>, policy: &Policy, today: Date) -> Option<String> {
    let bound = policy.max_age;
    let Some(as_of) = as_of.and_then(|seconds| Timestamp::from_second(seconds).ok()) else {
        return Some(
            "the index does not say how old it is; make it with `osprey db update --from DIR --as-of DATE`".to_owned(),
        );
    };
    let now = today.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let age = now.duration_since(as_of);
    (age > bound).then(|| {
        let days = |duration: jiff::SignedDuration| duration.as_hours() / 24;
        format!(
            "its advisories are {} days old and the policy's `max-age` is {} days; make it anew from a newer copy with `osprey db update --from DIR`",
            days(age),
            days(bound)
        )
    })
}

fn cannot_judge(
    graph: &DependencyGraph,
    at: usize,
    records: usize,
    rejected: &[crate::database::RejectedRecord],
) -> Diagnostic {
    let id = &graph.packages[at].id;
    let mut message = format!("{}: ", id.label());
    if records > 0 {
        let advisories = if records == 1 { "advisory" } else { "advisories" };
        message += &format!("{records} {advisories} for this name cannot be compared with this version");
    }
    for rejected in rejected {
        let separator = if message.ends_with(": ") { "" } else { "; " };
        message +=
            &format!("{separator}{} could not be read when the index was made ({})", rejected.id, rejected.reason);
    }
    let index = u32::try_from(at).unwrap_or(u32::MAX);
    let place = graph.roots.iter().find_map(|root| root.usage(index)?.locations.first());
    Diagnostic {
        path: place.map(|place| place.path.clone()),
        line: place.map(|place| place.line),
        severity: DiagnosticSeverity::Error,
        message,
    }
}
