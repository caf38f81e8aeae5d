//! Parts of answers, kept many to a file: ten thousand small files take longer to write than ten thousand answers to
//! come. Which file a part is in follows from its question, so that a run reads no more of them than it has questions.
//!
//! Two runs that write one file at once keep the parts of the later one: the others are asked for again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::{Answer, Client, Kept, UNKNOWN_FOR};
use crate::source::Service;

/// How many files the parts of one kind have.
const SHELVES: u64 = 256;
/// How many bytes the parts in one file have; the oldest give way.
const LARGEST: usize = 512 << 10;

/// A part that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Part {
    /// JSON; `None`: the service did not know.
    value: Option<Vec<u8>>,
    as_of: Timestamp,
    /// Whether it may be used without asking again.
    pub(in crate::source) is_fresh: bool,
}

/// A part to be kept, with its question.
pub(in crate::source) type NewPart = (String, Answer<Vec<u8>>);

#[derive(Default, Serialize, Deserialize)]
struct Shelf<'s> {
    /// By question.
    #[serde(borrow)]
    parts: BTreeMap<String, Stored<'s>>,
}

#[derive(Serialize, Deserialize)]
struct Stored<'s> {
    /// Seconds since 1970.
    as_of: i64,
    /// `null`: the service did not know.
    #[serde(borrow)]
    json: Option<&'s RawValue>,
}

impl Client {
    /// What is kept of each of these questions and is still usable. What of it is used, [`Client::take_part`] takes.
    pub(in crate::source) fn recall_parts(&self, service: &Service, questions: &[&str]) -> Vec<Option<Part>> {
        let mut found = vec![None; questions.len()];
        if !self.has_kept(service) {
            return found;
        }
        for (shelf, places) in by_shelf(questions.iter().copied()) {
            let Some(bytes) = self.shelf(service, shelf) else { continue };
            let Ok(mut shelf) = serde_json::from_slice::<Shelf<'_>>(&bytes) else { continue };
            for at in places {
                found[at] = shelf.parts.remove(questions[at]).and_then(|stored| self.part(service, &stored));
            }
        }
        found
    }

    /// Uses a part.
    pub(in crate::source) fn take_part(&self, service: &Service, part: Part) -> Answer<Vec<u8>> {
        self.answered(service, part.value, part.as_of)
    }

    /// Keeps parts, each under its question. What is no JSON is not kept.
    pub(in crate::source) fn keep_parts(&self, service: &Service, parts: &[NewPart]) {
        for (number, places) in by_shelf(parts.iter().map(|(question, _)| question.as_str())) {
            let bytes = self.shelf(service, number).unwrap_or_default();
            let mut shelf: Shelf<'_> = serde_json::from_slice(&bytes).unwrap_or_default();
            shelf.parts.retain(|_, stored| self.part(service, stored).is_some());
            for at in places {
                let (question, Answer { value, as_of }) = &parts[at];
                let json = value.as_deref().map(serde_json::from_slice).transpose();
                if let Ok(json) = json {
                    shelf.parts.insert(question.clone(), Stored { as_of: as_of.as_second(), json });
                }
            }
            shelf.bound();
            let Ok(body) = serde_json::to_vec(&shelf) else { continue };
            let kept = Kept { status: 200, etag: None, last_modified: None, as_of: self.now(), body };
            self.cache.keep(service.id, &self.addressed(service, &name(number)), &kept);
        }
    }

    fn shelf(&self, service: &Service, number: u64) -> Option<Vec<u8>> {
        Some(self.cache.recall(service.id, &self.addressed(service, &name(number)))?.body)
    }

    /// A part, if it is still usable.
    fn part(&self, service: &Service, stored: &Stored<'_>) -> Option<Part> {
        let as_of = Timestamp::from_second(stored.as_of).ok()?;
        if !self.is_within(as_of, service.usable) {
            return None;
        }
        let fresh = if stored.json.is_none() { service.fresh.min(UNKNOWN_FOR) } else { service.fresh };
        let value = stored.json.map(|json| json.get().as_bytes().to_vec());
        Some(Part { value, as_of, is_fresh: self.is_within(as_of, fresh) })
    }
}

impl Shelf<'_> {
    /// Lets the oldest parts go where there are too many.
    fn bound(&mut self) {
        let size =
            |question: &str, stored: &Stored<'_>| question.len() + stored.json.map_or(0, |json| json.get().len());
        let mut total: usize = self.parts.iter().map(|(question, stored)| size(question, stored)).sum();
        if total <= LARGEST {
            return;
        }
        let mut by_age: Vec<(i64, String)> =
            self.parts.iter().map(|(question, stored)| (stored.as_of, question.clone())).collect();
        by_age.sort();
        for (_, question) in by_age {
            if total <= LARGEST {
                break;
            }
            if let Some(stored) = self.parts.remove(&question) {
                total -= size(&question, &stored);
            }
        }
    }
}

/// What the cache knows a file of parts by.
fn name(number: u64) -> String {
    format!("parts {number:02x}")
}

/// The places of questions by the file that they are in.
fn by_shelf<'q>(questions: impl Iterator<Item = &'q str>) -> BTreeMap<u64, Vec<usize>> {
    let mut shelves: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, question) in questions.enumerate() {
        shelves.entry(xxh3_64(question.as_bytes()) % SHELVES).or_default().push(at);
    }
    shelves
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::source::{DEPS_DEV, Settings};

    fn client(cache: &Path, now: &str) -> Client {
        let (bases, deadline) = (BTreeMap::new(), Duration::from_secs(1));
        let cache = Some(cache.to_owned());
        Client::new(Settings { online: false, bases, cache, deadline, now: now.parse().unwrap() })
    }

    fn answer(client: &Client, json: Option<&str>) -> Answer<Vec<u8>> {
        Answer { value: json.map(|json| json.as_bytes().to_vec()), as_of: client.now() }
    }

    #[test]
    fn parts_come_back_by_their_question_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let first = client(folder.path(), "2026-11-01T00:00:00Z");
        let parts = [("a", Some("{\"b\": 1}")), ("é", None), ("c", Some("no JSON"))];
        first.keep_parts(&DEPS_DEV, &parts.map(|(question, json)| (question.to_owned(), answer(&first, json))));
        let questions = ["x", "a", "é", "c"];
        let found = first.recall_parts(&DEPS_DEV, &questions);
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, true, false]);
        let part = found[1].clone().unwrap();
        assert!(part.is_fresh);
        assert_eq!(first.take_part(&DEPS_DEV, part).value.as_deref(), Some(&b"{\"b\": 1}"[..]));
        assert_eq!(first.traffic(&DEPS_DEV).answers, 1);
        assert_eq!(found[2].as_ref().unwrap().value, None);

        let later = client(folder.path(), "2026-11-03T00:00:00Z");
        assert!(later.recall_parts(&DEPS_DEV, &questions)[1].as_ref().is_some_and(|part| !part.is_fresh));
        let much_later = client(folder.path(), "2027-11-03T00:00:00Z");
        assert_eq!(much_later.recall_parts(&DEPS_DEV, &questions)[1], None);
    }

    #[test]
    fn ten_thousand_parts_are_few_files() {
        let folder = tempfile::tempdir().unwrap();
        let client = client(folder.path(), "2026-11-01T00:00:00Z");
        let questions: Vec<String> = (0..10_000).map(|number| format!("question {number}")).collect();
        let parts: Vec<_> = questions.iter().map(|question| (question.clone(), answer(&client, Some("[1]")))).collect();
        client.keep_parts(&DEPS_DEV, &parts);
        let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
        assert!(client.recall_parts(&DEPS_DEV, &questions).iter().all(Option::is_some));
        let files = crate::source::Cache::new(Some(folder.path().to_owned())).status().unwrap()[DEPS_DEV.id].answers;
        assert_eq!(files, SHELVES);
        // More of them stay beside those that are there.
        client.keep_parts(&DEPS_DEV, &[("one more".to_owned(), answer(&client, None))]);
        assert!(client.recall_parts(&DEPS_DEV, &questions).iter().all(Option::is_some));
    }

    #[test]
    fn the_oldest_parts_give_way() {
        let large = format!("\"{}\"", "a".repeat(LARGEST / 4));
        let raw: &RawValue = serde_json::from_str(&large).unwrap();
        let mut shelf = Shelf::default();
        for as_of in 0..10 {
            shelf.parts.insert(format!("{}", 9 - as_of), Stored { as_of, json: Some(raw) });
        }
        shelf.bound();
        assert_eq!(shelf.parts.into_keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    }
}
