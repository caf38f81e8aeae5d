//! Asking the OSV API. It proposes records by name and version; what they say is decided from the records, as it is for
//! the index.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Unit;

use super::index::Local;
use super::{Places, Said, Told, uncompared};
use crate::advisory::{Record, asked_ecosystem, judge};
use crate::model::{DependencyGraph, Ecosystem, PackageId, PackageIndex, Remedy, SourceCoverage, SourceState, source};
use crate::scan::Knowledge;
use crate::source::osv::{Proposal, Proposed, Question, propose};
use crate::source::{Client, OSV};

/// What the service said, with its rows in the ledger.
pub(super) struct Remote {
    pub(super) said: Said,
    pub(super) rows: Vec<SourceCoverage>,
}

/// Whether anything is kept that the service said in earlier runs.
pub(super) fn has_answers(client: &Client) -> bool {
    client.has_kept(&OSV)
}

/// Asks about packages.
pub(super) async fn ask(
    graph: &DependencyGraph,
    places: &Places,
    knowledge: &Knowledge<'_>,
    local: &Local<'_>,
) -> Remote {
    let question = |id: &PackageId| question(id, id.advised_as().1);
    let questions: BTreeSet<Question> = places.values().flatten().map(|&at| question(&graph.packages[at].id)).collect();
    // What the index holds need not be fetched, even where it is too old to be asked.
    let held = |proposal: &Proposal| local.record(&proposal.id, &proposal.modified);
    let proposed = propose(knowledge.client, &questions, &held).await;
    let records = read(&proposed);
    let mut remote = Remote { said: Said::new(), rows: Vec::new() };
    for (&ecosystem, of_ecosystem) in places {
        let mut row = Row::new(ecosystem);
        for &at in of_ecosystem {
            let id = &graph.packages[at].id;
            match told(id, proposed.proposals.get(&question(id)), &records, &mut row) {
                // Asked with a version, the service leaves out what does not cover it, and so what it is the fix of.
                Ok(told) => drop(remote.said.insert(at, Told { remedies: None, ..told })),
                Err(message) => row.fail(message),
            }
        }
        remote.rows.push(row.finish(local));
    }
    remote
}

/// What the versions of packages are the fix of, as far as every record of their names can be had.
pub(super) async fn remedies(
    graph: &DependencyGraph,
    packages: &[usize],
    client: &Client,
) -> BTreeMap<PackageIndex, Vec<Remedy>> {
    let question = |id: &PackageId| question(id, None);
    let questions: BTreeSet<Question> = packages.iter().map(|&at| question(&graph.packages[at].id)).collect();
    let proposed = propose(client, &questions, &|_| None).await;
    let records = read(&proposed);
    let mut remedies = BTreeMap::new();
    for &at in packages {
        let id = &graph.packages[at].id;
        let mut row = Row::new(id.ecosystem);
        let told = told(id, proposed.proposals.get(&question(id)), &records, &mut row);
        let told = told.ok().filter(|told| told.rejected.is_empty()).and_then(|told| told.remedies);
        remedies.extend(u32::try_from(at).ok().zip(told));
    }
    remedies
}

/// What the service is asked about a package, with a version or about all of them.
fn question(id: &PackageId, version: Option<&str>) -> Question {
    Question::new(&asked_ecosystem(id.ecosystem.osv_name(), id.release()), id.advised_as().0, version)
}

/// A record that was read, or why it could not be.
enum Known {
    Read(Box<Record>),
    Malformed(String),
    Missing(String),
}

fn read(proposed: &Proposed) -> BTreeMap<&str, Known> {
    let of_record = |json: &Vec<u8>| match Record::parse(json) {
        Ok(record) => Known::Read(Box::new(record)),
        Err(error) => Known::Malformed(error.to_string()),
    };
    let known = |record: &Result<Vec<u8>, crate::source::SourceError>| match record {
        Ok(json) => of_record(json),
        Err(error) => Known::Missing(error.message.clone()),
    };
    proposed.records.iter().map(|(id, record)| (id.as_str(), known(record))).collect()
}

type Answer = Result<crate::source::Answer<Vec<Proposal>>, crate::source::SourceError>;

/// What the service said of a package. Where one of its records cannot be had, it said nothing that could be relied on.
fn told(
    id: &PackageId,
    answer: Option<&Answer>,
    records: &BTreeMap<&str, Known>,
    row: &mut Row,
) -> Result<Told, String> {
    let answer = match answer {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => return Err(error.message.clone()),
        None => return Err("it was not asked".to_owned()),
    };
    let (name, version) = id.advised_as();
    let mut candidates = Vec::new();
    let mut rejected = Vec::new();
    let proposals = answer.value.as_deref().unwrap_or_default();
    for id_of_record in proposals.iter().map(|proposal| proposal.id.as_str()).collect::<BTreeSet<_>>() {
        match records.get(id_of_record) {
            Some(Known::Read(record)) => {
                candidates.extend(record.candidates(id.ecosystem.osv_name(), name, id.release()));
                if !record.speaks_of(id.ecosystem.osv_name(), name) && !record.withdrawn {
                    let reason = "it was proposed for this package and does not speak of it";
                    rejected.push((id_of_record.to_owned(), reason.to_owned()));
                }
            }
            Some(Known::Malformed(reason)) => rejected.push((id_of_record.to_owned(), reason.clone())),
            Some(Known::Missing(message)) => return Err(message.clone()),
            None => return Err(format!("it names {id_of_record} and does not have it")),
        }
        row.records.insert(id_of_record.to_owned());
    }
    row.as_of = Some(row.as_of.map_or(answer.as_of, |oldest| oldest.min(answer.as_of)));
    row.rejected += rejected.len();
    let judged = judge(id.ecosystem, version, candidates);
    Ok(Told { groups: judged.groups, remedies: Some(judged.remedies), uncertain: judged.cannot_judge, rejected })
}

/// A row of the ledger in the making.
struct Row {
    ecosystem: Ecosystem,
    as_of: Option<jiff::Timestamp>,
    records: BTreeSet<String>,
    rejected: usize,
    failed: usize,
    trouble: Option<String>,
}

impl Row {
    fn new(ecosystem: Ecosystem) -> Self {
        Self { ecosystem, as_of: None, records: BTreeSet::new(), rejected: 0, failed: 0, trouble: None }
    }

    fn fail(&mut self, message: String) {
        self.failed += 1;
        self.trouble.get_or_insert(message);
    }

    fn finish(self, local: &Local<'_>) -> SourceCoverage {
        let trouble = self.trouble.map(|trouble| format!("{trouble}; {}", uncompared(self.failed)));
        // What is kept of earlier answers may be no older than an index.
        let old = self.as_of.and_then(|as_of| local.outdated(as_of));
        let state = match (&trouble, &old) {
            (Some(_), _) => SourceState::Failed,
            (None, Some(_)) => SourceState::Stale,
            (None, None) => SourceState::Ok,
        };
        SourceCoverage {
            name: source::OSV,
            ecosystem: Some(self.ecosystem),
            state,
            as_of: self.as_of.and_then(|time| Some(time.round(Unit::Second).ok()?.to_string())),
            records: self.records.len() as u64,
            rejected: self.rejected as u64,
            message: trouble.or(old),
        }
    }
}
