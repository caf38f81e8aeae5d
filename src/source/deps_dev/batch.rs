//! Many questions in one request (<https://docs.deps.dev/api/v3alpha/#getversionbatch>): answered in order, in pages, and
//! matched by position, since two spellings of one package both come back under the first.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::client::{NewPart, Part};
use super::super::{Answer, Client, DEPS_DEV, Request, SourceError};

/// How many questions one body holds: what one page answers, so that no body waits for pages in a row.
const BODY: usize = 100;
/// How many bodies may be refused, in all, before those that are refused are given up whole.
const REFUSALS: usize = 50;
/// How many bodies are prepared at once; the client lets fewer of them through.
const WINDOW: usize = 64;

/// Nearly no key is longer, so that the text of a key is not moved while it is made.
const LONGEST_KEY: usize = 100;

/// A question of a batch.
pub(in crate::source) trait Question {
    /// What is answered.
    type Value;
    /// Where it is asked.
    const PATH: &'static str;
    /// The member of an entry that holds the answer.
    const MEMBER: &'static str;
    /// It as one of the `requests`.
    fn request(&self) -> Value;
    /// Adds what it is kept by: all that tells it from others of its kind.
    fn add_key(&self, to: &mut String);
    /// The name that it asks about.
    fn subject(&self) -> &str;
    /// Makes a value of the member.
    ///
    /// # Errors
    /// Where it is none.
    fn read(json: &str) -> Result<Self::Value, String>;
}

/// The answer to one question of a batch.
pub(in crate::source) type Answered<T> = Result<Answer<T>, SourceError>;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow)]
    responses: Vec<&'a RawValue>,
    next_page_token: Option<String>,
}

/// Asks everything that is not kept, and answers in the order of the questions. A body that fails leaves its own
/// questions without an answer, and no other's.
pub(in crate::source) async fn batch<Q: Question>(client: &Client, questions: &[Q]) -> Vec<Answered<Q::Value>> {
    let key = |question: &Q| {
        let mut key = String::with_capacity(LONGEST_KEY);
        key.extend([Q::PATH, " "]);
        question.add_key(&mut key);
        key
    };
    let keys: Vec<String> = questions.iter().map(key).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut answers: Vec<Option<Answered<Q::Value>>> = Vec::with_capacity(keys.len());
    let mut open = Vec::new();
    let kept = client.recall_parts(&DEPS_DEV, &keys);
    for (at, ((question, key), kept)) in questions.iter().zip(&keys).zip(kept).enumerate() {
        match kept {
            Some(part) if part.is_fresh => {
                // What can no longer be read is as if it were not there.
                let answer = read_part::<Q>(client, part);
                if answer.is_none() {
                    open.push((at, Asked { question, key, kept: None }));
                }
                answers.push(answer.map(Ok));
            }
            kept => {
                open.push((at, Asked { question, key, kept }));
                answers.push(None);
            }
        }
    }
    let asker = Asker { client, refusals: Cell::new(0), new: RefCell::default() };
    let asker = &asker;
    let bodies = open.chunks(BODY).map(async |places| {
        let asked: Vec<&Asked<'_, Q>> = places.iter().map(|(_, asked)| asked).collect();
        (places, asker.body(&asked).await)
    });
    let mut bodies = stream::iter(bodies).buffer_unordered(WINDOW);
    while let Some((places, body)) = bodies.next().await {
        for ((at, _), answer) in places.iter().zip(body) {
            answers[*at] = Some(answer);
        }
    }
    client.keep_parts(&DEPS_DEV, &asker.new.take());
    let unanswered = || Err(odd("it left this out"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}

/// A question as it is sent and as it is kept, with what is kept that is too old to be used without asking.
struct Asked<'q, Q> {
    question: &'q Q,
    key: &'q str,
    kept: Option<Part>,
}

/// Asks bodies, and collects what is to be kept.
struct Asker<'c> {
    client: &'c Client,
    /// How many bodies were refused.
    refusals: Cell<usize>,
    new: RefCell<Vec<NewPart>>,
}

fn read_part<Q: Question>(client: &Client, part: Part) -> Option<Answer<Q::Value>> {
    let kept = client.take_part(&DEPS_DEV, part);
    let value = match kept.value {
        Some(json) => Some(Q::read(std::str::from_utf8(&json).ok()?).ok()?),
        None => None,
    };
    Some(Answer { value, as_of: kept.as_of })
}

impl Asker<'_> {
    /// Asks one body to its last page. Where it is refused for one of its questions, its halves are asked by themselves,
    /// down to that one. What stays without an answer is answered by what is kept from earlier, as long as it is usable.
    async fn body<Q: Question>(&self, asked: &[&Asked<'_, Q>]) -> Vec<Answered<Q::Value>> {
        let mut answers = Vec::with_capacity(asked.len());
        let mut parts = vec![asked];
        while let Some(part) = parts.pop() {
            let mut of_part = Vec::with_capacity(part.len());
            match self.pages(part, &mut of_part).await {
                Ok(()) => {}
                Err(Trouble::Refused) if part.len() > 1 && self.refusals.get() < REFUSALS => {
                    self.refusals.set(self.refusals.get() + 1);
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.extend([right, left]);
                    continue;
                }
                Err(Trouble::Refused) => self.stand_in(part, &mut of_part, odd("it refuses a question")),
                Err(Trouble::Other(error)) => self.stand_in(part, &mut of_part, error),
            }
            answers.append(&mut of_part);
        }
        answers
    }

    /// Answers the rest of the questions by what is kept from earlier, or by the error.
    fn stand_in<Q: Question>(
        &self,
        asked: &[&Asked<'_, Q>],
        answers: &mut Vec<Answered<Q::Value>>,
        error: SourceError,
    ) {
        let mut is_lost = false;
        for asked in asked.iter().skip(answers.len()) {
            let kept = asked.kept.clone().and_then(|part| read_part::<Q>(self.client, part));
            is_lost |= kept.is_none();
            answers.push(kept.ok_or_else(|| error.clone()));
        }
        if is_lost {
            self.client.note_failure(&DEPS_DEV, error.message);
        } else {
            self.client.note_stale(&DEPS_DEV, error.message);
        }
    }

    async fn pages<Q: Question>(
        &self,
        asked: &[&Asked<'_, Q>],
        answers: &mut Vec<Answered<Q::Value>>,
    ) -> Result<(), Trouble> {
        // A body is long, and not made for nobody.
        self.client.is_asked(&DEPS_DEV)?;
        let requests: Vec<Value> = asked.iter().map(|asked| asked.question.request()).collect();
        let mut token = String::new();
        // A page may be short, and one may hold a token alone; they cannot all be empty.
        for _ in 0..=2 * asked.len() {
            let mut body = json!({ "requests": requests });
            if !token.is_empty() {
                body["pageToken"] = json!(token);
            }
            let request = Request::post(&DEPS_DEV, Q::PATH, body.to_string().into_bytes());
            let (status, page) = self.client.exchange(&request).await?;
            let (entries, next) = match status {
                400 if answers.is_empty() => return Err(Trouble::Refused),
                400 | 404 => {
                    return Err(odd(format!("it answered with status {status} to many questions at once")).into());
                }
                _ => read_page::<Q>(&page.value.unwrap_or_default())
                    .map_err(|reason| odd(format!("its answer cannot be used: {reason}")))?,
            };
            for entry in entries {
                let Some(question) = asked.get(answers.len()) else {
                    return Err(odd("it answers more than was asked").into());
                };
                answers.push(self.take(question, entry, page.as_of));
            }
            match next {
                Some(next) => token = next,
                None if answers.len() == asked.len() => return Ok(()),
                None => return Err(odd("it answers less than was asked").into()),
            }
        }
        Err(odd("its pages have no end").into())
    }

    /// Reads and keeps one entry. One that is none is told, and costs only itself.
    fn take<Q: Question>(&self, asked: &Asked<'_, Q>, entry: Entry, as_of: Timestamp) -> Answered<Q::Value> {
        let read = entry.and_then(|member| {
            let value = member.as_ref().map(|member| Q::read(member.get())).transpose()?;
            if member.as_ref().is_some_and(|member| !is_about(asked.question.subject(), member.get())) {
                return Err("it is about something else".to_owned());
            }
            Ok((value, member))
        });
        match read {
            Ok((value, member)) => {
                let body = member.map(|member| member.get().as_bytes().to_vec());
                self.new.borrow_mut().push((asked.key.to_owned(), Answer { value: body, as_of }));
                Ok(Answer { value, as_of })
            }
            Err(reason) => {
                let mut answer = Vec::with_capacity(1);
                let message = format!("one of its answers cannot be used: {reason}");
                self.stand_in(&[asked], &mut answer, odd(message.clone()));
                answer.pop().unwrap_or_else(|| Err(odd(message)))
            }
        }
    }
}

/// What an entry says that it is about.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct About {
    version_key: Key,
    project_key: Key,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Key {
    name: String,
    id: String,
}

/// Whether an entry is about the name that was asked about, however each of them spells it: one that was left out of a
/// page would give every package behind it the facts of another.
fn is_about(asked: &str, member: &str) -> bool {
    let about: About = serde_json::from_str(member).unwrap_or_default();
    [about.version_key.name, about.project_key.id].iter().any(|name| is_same_name(name, asked))
}

/// Whether two names are one, however deps.dev spells it.
pub(super) fn is_same_name(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_', '.'], "");
    plain(a) == plain(b)
}

/// Why a body is not answered to its end.
enum Trouble {
    /// The service finds something wrong with a question.
    Refused,
    Other(SourceError),
}

impl From<SourceError> for Trouble {
    fn from(error: SourceError) -> Self {
        Self::Other(error)
    }
}

fn odd(message: impl Into<String>) -> SourceError {
    SourceError::failed(DEPS_DEV.id, message)
}

/// The member of an entry as it is written, or why the entry is none.
type Entry = Result<Option<Box<RawValue>>, String>;

/// A page's entries, and the token of the next.
fn read_page<Q: Question>(body: &[u8]) -> Result<(Vec<Entry>, Option<String>), String> {
    let page: Page<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let entry = |raw: &&RawValue| -> Entry {
        let entry: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        Ok(entry.get(Q::MEMBER).filter(|member| member.get() != "null").map(|&member| member.to_owned()))
    };
    let next = page.next_page_token.filter(|token| !token.is_empty());
    Ok((page.responses.iter().map(entry).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_about_something_else_is_none() {
        let about = |name: &str| is_about("ruamel.yaml", &json!({ "versionKey": { "name": name } }).to_string());
        assert!(about("ruamel.yaml") && about("Ruamel-YAML") && !about("pyyaml") && !about(""));
        assert!(!is_about("ruamel.yaml", "{}") && !is_about("ruamel.yaml", r#"{"versionKey":{}}"#));
        assert!(is_about("github.com/owner/name", r#"{"projectKey":{"id":"github.com/Owner/name"}}"#));
        assert!(!is_about("github.com/owner/name", r#"{"projectKey":{"id":"github.com/owner/other"}}"#));
    }
}
