//! Asking the compiled index.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Knowledge, Places, Said, Told, uncompared};
use crate::database::{DatabaseError, Index, Query, QueryAnswer};
use crate::model::{DependencyGraph, Ecosystem, SourceCoverage, SourceState, source};
use crate::policy::Policy;

/// The index, as far as there is one, and how old it may be.
pub(super) struct Local<'l> {
    index: Result<&'l Index, &'l DatabaseError>,
    policy: &'l Policy,
    today: Date,
    /// The time by the wall clock.
    now: Timestamp,
}

impl<'l> Local<'l> {
    pub(super) fn new(knowledge: &Knowledge<'l>, policy: &'l Policy, today: Date) -> Self {
        Self { index: knowledge.index, policy, today, now: knowledge.client.now() }
    }

    /// Whether it holds an ecosystem.
    pub(super) fn covers(&self, ecosystem: Ecosystem) -> bool {
        self.index.is_ok_and(|index| index.meta().of(ecosystem.osv_name()).is_some())
    }

    /// Whether it holds an ecosystem and is not too old for the policy.
    pub(super) fn is_fresh(&self, ecosystem: Ecosystem) -> bool {
        let meta = self.index.ok().and_then(|index| index.meta().of(ecosystem.osv_name()));
        meta.is_some_and(|meta| self.staleness(meta.as_of).is_none())
    }

    /// A record as the index has it, where it is as old as that.
    pub(super) fn record(&self, id: &str, modified: &str) -> Option<Vec<u8>> {
        let wanted = modified.parse::<Timestamp>().ok()?.as_second();
        let records = self.index.ok()?.explain(id).ok()?;
        records.into_iter().find(|(record, _)| record.id == id && record.modified == Some(wanted)).map(|(_, json)| json)
    }

    /// Looks packages of covered ecosystems up. Where the index cannot be read it says nothing, and why.
    pub(super) fn look_up(&self, graph: &DependencyGraph, places: &Places) -> (Said, Option<String>) {
        let Ok(index) = self.index else { return (Said::new(), None) };
        let covered = places.iter().filter(|(ecosystem, _)| self.covers(**ecosystem));
        let mut places: Vec<usize> = covered.flat_map(|(_, places)| places.iter().copied()).collect();
        places.sort_unstable();
        let query = |at: &usize| {
            let id = &graph.packages[*at].id;
            let (name, version) = id.advised_as();
            Query { ecosystem: id.ecosystem, name, version, release: id.release() }
        };
        let queries: Vec<Query<'_>> = places.iter().map(query).collect();
        let told = |QueryAnswer { judged, rejected }: QueryAnswer| {
            let why = |reason: String| format!("when the index was made: {reason}");
            let rejected = rejected.into_iter().map(|record| (record.id, why(record.reason))).collect();
            Told { groups: judged.groups, remedies: Some(judged.remedies), uncertain: judged.cannot_judge, rejected }
        };
        match index.look_up(&queries) {
            Ok(found) => (places.into_iter().zip(found.into_iter().map(told)).collect(), None),
            Err(error) => (Said::new(), Some(error.to_string())),
        }
    }

    /// The ledger's row for each ecosystem; `problem`: why the index could not be read.
    pub(super) fn rows(&self, places: &Places, problem: Option<&str>) -> Vec<SourceCoverage> {
        let row = |(&ecosystem, places): (&Ecosystem, &Vec<usize>)| {
            let mut row = self.row(ecosystem, places.len());
            if let Some(problem) = problem.filter(|_| self.covers(ecosystem)) {
                row.state = SourceState::Failed;
                row.message = Some(problem.to_owned());
            }
            row
        };
        places.iter().map(row).collect()
    }

    fn row(&self, ecosystem: Ecosystem, packages: usize) -> SourceCoverage {
        let empty = |state, message| SourceCoverage {
            name: source::INDEX,
            ecosystem: Some(ecosystem),
            state,
            as_of: None,
            records: 0,
            rejected: 0,
            message: Some(message),
        };
        let unjudged = uncompared(packages);
        let index = match self.index {
            Ok(index) => index,
            Err(error @ DatabaseError::Missing { .. }) => {
                return empty(SourceState::Missing, format!("{error}; {unjudged}"));
            }
            Err(error) => return empty(SourceState::Failed, format!("{error}; {unjudged}")),
        };
        let Some(meta) = index.meta().of(ecosystem.osv_name()) else {
            return empty(SourceState::Missing, format!("the index holds nothing for {ecosystem}; {unjudged}"));
        };
        let stale = self.staleness(meta.as_of);
        SourceCoverage {
            name: source::INDEX,
            ecosystem: Some(ecosystem),
            state: if stale.is_some() { SourceState::Stale } else { SourceState::Ok },
            as_of: meta.as_of.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(|time| time.to_string()),
            records: meta.records,
            rejected: meta.rejected,
            message: stale,
        }
    }

    /// Why an index of that moment is too old for the policy, if it is.
    fn staleness(&self, as_of: Option<i64>) -> Option<String> {
        let Some(as_of) = as_of.and_then(|seconds| Timestamp::from_second(seconds).ok()) else {
            return Some(
                "the index does not say how old it is; bring it up to date with `osprey db update`".to_owned(),
            );
        };
        let Ok(today) = self.today.to_zoned(TimeZone::UTC).map(|today| today.timestamp()) else {
            return Some("how old its advisories are on that day cannot be told".to_owned());
        };
        // What is from the future would never grow old. A day is for the day itself, another for clocks.
        if as_of.duration_since(today.max(self.now)) > SignedDuration::from_hours(48) {
            return Some(format!(
                "it says that it is as of {as_of}, which is in the future; make it anew with `osprey db update`"
            ));
        }
        self.too_old(today.duration_since(as_of), "bring it up to date with `osprey db update`")
    }

    /// Why answers of that moment, that were kept, are too old for the policy, if they are.
    pub(super) fn outdated(&self, as_of: Timestamp) -> Option<String> {
        self.too_old(self.now.duration_since(as_of), "scan with a network")
    }

    fn too_old(&self, age: SignedDuration, remedy: &str) -> Option<String> {
        let bound = self.policy.max_age;
        (age > bound).then(|| {
            let days = |duration: SignedDuration| duration.as_hours() / 24;
            format!(
                "its advisories are {} days old and the policy's `max-age` is {} days; {remedy}",
                days(age),
                days(bound)
            )
        })
    }
}
