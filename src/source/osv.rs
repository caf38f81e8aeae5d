//! The OSV API (<https://google.github.io/osv.dev/api/>): which records a package version may be affected by, and the
//! records. It proposes; whether a version is affected is decided from the records.
//!
//! Packages are asked about a thousand at a time; what a package was answered, and each record by its id and time of
//! change, are kept by themselves, so that a later run asks only for what is new.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::client::{Answer, Client, Part, Request};
use super::{OSV, SourceError, segment};

/// How many questions a request may have.
const BATCH: usize = 1000;
/// How many pages of one batch are read before something must be wrong.
const PAGES: usize = 1000;
/// How many questions of one batch may be wrong before all of it is given up.
const REFUSALS: usize = 50;
/// How many batches and how many records are asked for at once; the client bounds what is under way.
const BATCHES_AT_ONCE: usize = 4;
const RECORDS_AT_ONCE: usize = 64;

/// A package to ask about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Question {
    package: PackageName,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct PackageName {
    ecosystem: String,
    name: String,
}

impl Question {
    /// Asks about a version of a package, by OSV's name of the ecosystem; without a version, about all of them.
    pub fn new(ecosystem: &str, name: &str, version: Option<&str>) -> Self {
        // Advisories write Go's versions without the `v` that every tool of Go wants.
        let version = version.map(|version| match ecosystem {
            "Go" => version.strip_prefix('v').unwrap_or(version),
            _ => version,
        });
        let package = PackageName { ecosystem: ecosystem.to_owned(), name: name.to_owned() };
        Self { package, version: version.map(str::to_owned) }
    }

    /// What the cache knows it by: no name and version, however odd, are known by the same as others.
    fn key(&self) -> String {
        let PackageName { ecosystem, name } = &self.package;
        format!("query {:?}", (ecosystem, name, &self.version))
    }
}

/// A record that a package may be affected by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// When it last changed, as the service writes it.
    #[serde(default)]
    pub modified: String,
}

/// What the service said.
#[derive(Debug, Default)]
pub struct Proposed {
    /// For each question what may affect it, or why that is not known.
    pub proposals: BTreeMap<Question, Result<Answer<Vec<Proposal>>, SourceError>>,
    /// Each proposed record (JSON), or why it cannot be had.
    pub records: BTreeMap<String, Result<Vec<u8>, SourceError>>,
}

/// Asks about packages, and for the records that are proposed. `held` gives records that are at hand elsewhere, by id and
/// time of change.
pub async fn propose(
    client: &Client,
    questions: &BTreeSet<Question>,
    held: &dyn Fn(&Proposal) -> Option<Vec<u8>>,
) -> Proposed {
    let proposals = query(client, questions).await;
    let mut wanted: BTreeMap<&str, &Proposal> = BTreeMap::new();
    for proposal in proposals.values().flatten().filter_map(|answer| answer.value.as_ref()).flatten() {
        // Answers of different ages may tell different times: the newest is asked for.
        let newest = wanted.entry(&proposal.id).or_insert(proposal);
        if proposal.modified > newest.modified {
            *newest = proposal;
        }
    }
    let records = stream::iter(wanted.into_values().cloned())
        .map(|proposal| async move {
            let record = match held(&proposal) {
                Some(record) => Ok(record),
                None => record(client, &proposal).await.inspect_err(|error| client.note_failure(&OSV, &error.message)),
            };
            (proposal.id, record)
        })
        .buffer_unordered(RECORDS_AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    Proposed { proposals, records: records.into_iter().collect() }
}

/// What may affect each package: from the cache where that is fresh, else from the service, else from the cache where
/// that is usable.
async fn query(
    client: &Client,
    questions: &BTreeSet<Question>,
) -> BTreeMap<Question, Result<Answer<Vec<Proposal>>, SourceError>> {
    let keys: Vec<String> = questions.iter().map(Question::key).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let (mut known, mut old, mut open) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (question, kept) in questions.iter().zip(client.recall_parts(&OSV, &keys)) {
        match kept {
            Some(part) if part.is_fresh => match read_part(client, part) {
                Some(answer) => drop(known.insert(question.clone(), Ok(answer))),
                None => open.push(question.clone()),
            },
            kept => {
                open.push(question.clone());
                old.extend(kept.map(|part| (question.clone(), part)));
            }
        }
    }
    let batches: Vec<Vec<Question>> = open.chunks(BATCH).map(<[Question]>::to_vec).collect();
    let asked = stream::iter(batches).map(|batch| ask_batch(client, batch)).buffer_unordered(BATCHES_AT_ONCE);
    let mut new = Vec::new();
    for (question, answer) in asked.collect::<Vec<_>>().await.into_iter().flatten() {
        let answer = match answer {
            Ok(proposals) => {
                let as_of = client.now();
                let body = serde_json::to_vec(&proposals).ok();
                new.push((question.key(), Answer { value: body, as_of }));
                Ok(Answer { value: Some(proposals), as_of })
            }
            Err(error) => match old.remove(&question).and_then(|part| read_part(client, part)) {
                Some(answer) => {
                    client.note_stale(&OSV, error.message);
                    Ok(answer)
                }
                None => {
                    client.note_failure(&OSV, error.message.clone());
                    Err(error)
                }
            },
        };
        known.insert(question, answer);
    }
    client.keep_parts(&OSV, &new);
    known
}

fn read_part(client: &Client, part: Part) -> Option<Answer<Vec<Proposal>>> {
    let kept = client.take_part(&OSV, part);
    let proposals = serde_json::from_slice(&kept.value?).ok()?;
    Some(Answer { value: Some(proposals), as_of: kept.as_of })
}

#[derive(Serialize)]
struct Batch<'b> {
    queries: Vec<Item<'b>>,
}

#[derive(Serialize)]
struct Item<'b> {
    #[serde(flatten)]
    question: &'b Question,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<String>,
}

#[derive(Deserialize)]
struct BatchAnswer {
    #[serde(default)]
    results: Vec<ItemAnswer>,
}

#[derive(Deserialize, Default)]
struct ItemAnswer {
    #[serde(default)]
    vulns: Vec<Proposal>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

type Outcome = (Question, Result<Vec<Proposal>, SourceError>);

/// Asks about a batch, page after page. A question that the service refuses costs itself alone.
async fn ask_batch(client: &Client, batch: Vec<Question>) -> Vec<Outcome> {
    let mut done: Vec<Outcome> = Vec::with_capacity(batch.len());
    let mut found: Vec<Vec<Proposal>> = vec![Vec::new(); batch.len()];
    let mut open: Vec<(usize, Option<String>)> = (0..batch.len()).map(|at| (at, None)).collect();
    let mut refusals = 0;
    for _ in 0..PAGES {
        if open.is_empty() {
            break;
        }
        match ask_page(client, &batch, &open).await {
            Ok(Page::Answers(answers)) => {
                let asked = std::mem::take(&mut open);
                for ((at, _), answer) in asked.into_iter().zip(answers) {
                    found[at].extend(answer.vulns);
                    match answer.next_page_token.filter(|token| !token.is_empty()) {
                        // A page can hold nothing but the way to the next.
                        Some(token) => open.push((at, Some(token))),
                        None => done.push((batch[at].clone(), Ok(std::mem::take(&mut found[at])))),
                    }
                }
            }
            Ok(Page::Refused { item: Some(item), message }) if refusals < REFUSALS => {
                refusals += 1;
                let (at, _) = open.remove(item);
                done.push((batch[at].clone(), Err(SourceError::failed(OSV.id, message))));
            }
            Ok(Page::Refused { message, .. }) => {
                return give_up(done, &batch, &open, &SourceError::failed(OSV.id, message));
            }
            Err(error) => return give_up(done, &batch, &open, &error),
        }
    }
    let endless = SourceError::failed(OSV.id, format!("it has more than {PAGES} pages for one question"));
    give_up(done, &batch, &open, &endless)
}

fn give_up(
    mut done: Vec<Outcome>,
    batch: &[Question],
    open: &[(usize, Option<String>)],
    error: &SourceError,
) -> Vec<Outcome> {
    done.extend(open.iter().map(|(at, _)| (batch[*at].clone(), Err(error.clone()))));
    done
}

enum Page {
    Answers(Vec<ItemAnswer>),
    /// The whole page is refused, for that one of its questions where the service says which.
    Refused {
        item: Option<usize>,
        message: String,
    },
}

async fn ask_page(client: &Client, batch: &[Question], open: &[(usize, Option<String>)]) -> Result<Page, SourceError> {
    let item = |(at, token): &(usize, Option<String>)| Item { question: &batch[*at], page_token: token.clone() };
    let body = serde_json::to_vec(&Batch { queries: open.iter().map(item).collect() });
    let body = body.map_err(|error| SourceError::failed(OSV.id, error.to_string()))?;
    let unusable = |reason: String| SourceError::failed(OSV.id, format!("its answer cannot be used: {reason}"));
    let (status, answer) = client.exchange(&Request::post(&OSV, "/v1/querybatch", body)).await?;
    let body = answer.value.unwrap_or_default();
    if status == 400 {
        let message = serde_json::from_slice::<Refusal>(&body).map(|refusal| refusal.message).unwrap_or_default();
        let item = refused_item(&message).filter(|&item| item < open.len());
        return Ok(Page::Refused { item, message: format!("it refuses a question: {message}") });
    }
    if status == 404 {
        return Err(unusable("there is no such API at its address".to_owned()));
    }
    let answer: BatchAnswer = serde_json::from_slice(&body).map_err(|error| unusable(error.to_string()))?;
    if answer.results.len() != open.len() {
        return Err(unusable(format!("{} answers to {} questions", answer.results.len(), open.len())));
    }
    Ok(Page::Answers(answer.results))
}

/// The question that a batch was refused for: `error in query at index 7: …`.
fn refused_item(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("at index ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A record: as it was at that time from the cache, else from the service.
async fn record(client: &Client, proposal: &Proposal) -> Result<Vec<u8>, SourceError> {
    let Proposal { id, modified } = proposal;
    let key = format!("record {id} {modified}");
    if let Some(body) = client.recall_lasting(&OSV, &key).and_then(|kept| kept.value) {
        return Ok(body);
    }
    let failed = |message: String| SourceError::failed(OSV.id, message);
    let (status, answer) = client.exchange(&Request::get(&OSV, format!("/v1/vulns/{}", segment(id)))).await?;
    let body = answer.value.unwrap_or_default();
    if status == 404 {
        return Err(failed(format!("it names {id} and does not have it")));
    }
    // What is no record must not be kept; that it is one that can be judged is seen elsewhere.
    let record = serde_json::from_slice::<Proposal>(&body).ok().filter(|record| record.id == *id);
    let Some(record) = record else {
        return Err(failed(format!("what it gives for {id} is not that record")));
    };
    // What is kept for good must not be older than what was proposed; one of the two can be written less exactly.
    let moment = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
    if moment(&record.modified).zip(moment(modified)).is_some_and(|(own, proposed)| own >= proposed - 1) {
        client.keep(&OSV, &key, &Answer { value: Some(body.clone()), as_of: client.now() });
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_as_the_service_wants_them() {
        let question = Question::new("Go", "golang.org/x/net", Some("v0.17.0"));
        let json = serde_json::to_string(&Item { question: &question, page_token: None }).unwrap();
        assert_eq!(json, r#"{"package":{"ecosystem":"Go","name":"golang.org/x/net"},"version":"0.17.0"}"#);
        let question = Question::new("npm", "left-pad", None);
        let json = serde_json::to_string(&Item { question: &question, page_token: Some("t".to_owned()) }).unwrap();
        assert_eq!(json, r#"{"package":{"ecosystem":"npm","name":"left-pad"},"page_token":"t"}"#);
    }

    #[test]
    fn the_question_that_is_refused_is_told_by_its_place() {
        assert_eq!(refused_item("error in query at index 7: Invalid ecosystem"), Some(7));
        assert_eq!(refused_item("error in query at index 12"), Some(12));
        assert_eq!(refused_item("too many queries"), None);
    }
}
