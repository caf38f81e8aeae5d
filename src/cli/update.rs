//! `osprey db update` over the network: what is new of each source, compared with what the index holds.
//!
//! The list of changes of an ecosystem is asked for by its tag. What is new in it is fetched record by record, or all of it
//! where that is less work; what it does not name any more vanishes. The index is as of when the list was asked for as
//! soon as it holds everything that the list names, and not before: what could be fetched is taken at once, and the
//! next run fetches the rest.

use std::cell::Cell;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use reqwest::Url;

use super::caller;
use super::progress::Bars;
use crate::database::{
    Archive, AsOf, Changes, Check, Content, DatabaseError, Holdings, IdHash, List, Meta, SourceName, SourceRecord,
    Writer,
};
use crate::source::bucket::{self, Listed};
use crate::source::download::{Download, discard};
use crate::source::{BUCKET, Client, RUSTSEC, Settings, SourceError, block_on};

/// What to bring up to date.
#[derive(Debug)]
pub(super) struct Plan {
    /// The ecosystems to take from the OSV bucket, by OSV's names.
    pub(super) ecosystems: Vec<String>,
    /// The address of the bucket; none: nothing is taken from it.
    pub(super) bucket: Option<Url>,
    /// The address of the archive of the `RustSec` database; none: nothing is taken from it.
    pub(super) rustsec: Option<Url>,
}

impl Plan {
    /// A client for it: it asks no one else, and keeps nothing, for what it is told stands in the index.
    pub(super) fn client(&self, deadline: Duration) -> Client {
        let bases = [(BUCKET.id, &self.bucket), (RUSTSEC.id, &self.rustsec)];
        let bases = bases.into_iter().filter_map(|(id, base)| Some((id, base.clone()?))).collect();
        Client::new(Settings { online: true, bases, cache: None, deadline, now: caller::now() })
    }
}

/// What there is to say at the end: what the index holds, and what of the plan could not be done.
pub(super) struct Outcome {
    pub(super) meta: Option<Meta>,
    pub(super) problems: Vec<String>,
}

/// How many records of an ecosystem are fetched one by one at the most, if they are more than one in [`SHARE`].
const SINGLE: usize = 100;

/// A part of what is held or listed that is much: one in ten.
const SHARE: usize = 10;

/// How many records are fetched at once.
const AT_ONCE: usize = 32;

/// How many bytes of single records one run takes; the next takes the rest.
const MOST_BYTES: usize = 1 << 30;

/// Where the `RustSec` database belongs.
const RUSTSEC_ECOSYSTEM: &str = "crates.io";

/// Carries the plan out.
pub(super) fn run(writer: &mut Writer, client: &Client, plan: &Plan, bars: &Bars) -> Result<Outcome, DatabaseError> {
    let downloads = writer.directory().join("downloads");
    std::fs::create_dir_all(&downloads).map_err(|source| DatabaseError::Io { path: downloads.clone(), source })?;
    let run = Run { client, plan, bars, downloads, bytes: Cell::new(0) };
    match run.bring_up_to_date(writer) {
        // It was the old index that could not be read: there is none now, and everything is new.
        Err(DatabaseError::Unusable { .. }) => run.bring_up_to_date(writer),
        other => other,
    }
}

/// What is new of one source and ecosystem.
struct News {
    source: SourceName,
    ecosystem: String,
    /// When the source was asked, in seconds since 1970.
    began: i64,
    /// What is to be changed; none where the index holds what the source has.
    content: Option<Content>,
    /// The source's list, where it has one.
    list: Option<List>,
    /// What was seen: the hash of its address, and its tag.
    seen: Option<(u64, Option<String>)>,
    /// What of the list the index turned out to lack after it was changed, and whether that was by an archive.
    lacking: Vec<(String, i64)>,
    is_of_archive: bool,
    /// Why not everything is here.
    problem: Option<String>,
}

/// One run of the command.
struct Run<'r> {
    client: &'r Client,
    plan: &'r Plan,
    bars: &'r Bars,
    downloads: PathBuf,
    /// How many bytes of single records were fetched.
    bytes: Cell<usize>,
}

impl Run<'_> {
    fn bring_up_to_date(&self, writer: &mut Writer) -> Result<Outcome, DatabaseError> {
        let mut news = self.asked(self.first_look(writer))?;
        self.apply(writer, &mut news)?;
        // An archive can be older than the list, or have records that could not be read.
        self.asked(self.second_look(&mut news))?;
        self.apply(writer, &mut news)?;
        let mut checks = Vec::new();
        for news in &mut news {
            let behind = news.lacking.first().map(|(id, _)| {
                format!("{} records are older than its list of changes says ({id}, …)", news.lacking.len())
            });
            news.problem = news.problem.take().or(behind);
            if let Some((address, etag)) = news.seen.take().filter(|_| news.problem.is_none()) {
                let (source, ecosystem) = (news.source, news.ecosystem.clone());
                checks.push(Check { source, ecosystem, as_of: news.began, address, etag });
            }
        }
        writer.check(checks)?;
        let meta = writer.index().map(|index| index.meta().clone());
        let problems = news.iter().filter_map(|news| told(meta.as_ref(), news)).collect();
        Ok(Outcome { meta, problems })
    }

    fn asked<T>(&self, work: impl Future<Output = T>) -> Result<T, DatabaseError> {
        block_on(self.client.is_online(), work)
            .map_err(|source| DatabaseError::Io { path: self.downloads.clone(), source })
    }

    /// Asks every source at once.
    async fn first_look(&self, writer: &Writer) -> Vec<News> {
        let ecosystems = self.plan.ecosystems.iter();
        let of_bucket = self.plan.bucket.iter().flat_map(|base| {
            ecosystems
                .clone()
                .map(move |ecosystem| self.bucket_news(writer, base.as_str().trim_end_matches('/'), ecosystem))
        });
        let of_rustsec = self.plan.rustsec.iter().map(|address| self.rustsec_news(writer, address.as_str()));
        let (mut news, rustsec) = futures_util::future::join(join_all(of_bucket), join_all(of_rustsec)).await;
        news.extend(rustsec);
        news
    }

    async fn bucket_news(&self, writer: &Writer, base: &str, ecosystem: &str) -> News {
        let mut news = self.news(SourceName::Osv, ecosystem);
        if let Err(problem) = self.look_at_bucket(writer, base, &mut news).await {
            news.problem = Some(problem);
        }
        news
    }

    fn news(&self, source: SourceName, ecosystem: &str) -> News {
        let (ecosystem, began) = (ecosystem.to_owned(), self.client.now().as_second());
        News {
            source,
            ecosystem,
            began,
            content: None,
            list: None,
            seen: None,
            lacking: Vec::new(),
            is_of_archive: false,
            problem: None,
        }
    }

    async fn look_at_bucket(&self, writer: &Writer, base: &str, news: &mut News) -> Result<(), String> {
        let ecosystem = news.ecosystem.clone();
        let address = Check::address(&format!("{base}/{}", bucket::list_path(&ecosystem)));
        let known = writer.etag(SourceName::Osv, &ecosystem, address);
        let listed = bucket::list(self.client, &ecosystem, known).await.map_err(|error| error.message)?;
        let held = || holdings(writer, news).map_err(|error| error.to_string());
        match listed {
            Listed::Unchanged => news.seen = Some((address, known.map(str::to_owned))),
            Listed::Missing => {
                let held = held()?;
                let address = Check::address(&format!("{base}/{}", bucket::archive_path(&ecosystem)));
                let known = writer.etag(SourceName::Osv, &ecosystem, address);
                let etag = self.archive(news, &held, known).await?;
                news.seen = Some((address, etag));
            }
            Listed::New(rows, etag) => {
                let held = held()?;
                news.seen = Some((address, etag));
                let list = Arc::new(rows);
                news.list = Some(Arc::clone(&list));
                let difference = held.compare(&list);
                believable(difference.vanished.len(), held.len(), "its list of changes")?;
                if held.is_empty() || is_much(difference.changed.len(), list.len()) {
                    self.archive(news, &held, None).await?;
                } else if !difference.changed.is_empty() || !difference.vanished.is_empty() {
                    self.records(news, &difference.changed, difference.vanished).await;
                }
            }
        }
        Ok(())
    }

    /// Fetches the archive of an ecosystem; the result is its tag.
    async fn archive(&self, news: &mut News, held: &Holdings, known: Option<&str>) -> Result<Option<String>, String> {
        let place = self.place(news);
        let advance = |done, total| self.bars.bytes(&news.ecosystem, done, total);
        let fetched = bucket::archive(self.client, &news.ecosystem, (&place, known), &advance).await;
        taken(news, fetched, Archive::Osv(place), held, known)
    }

    async fn rustsec_news(&self, writer: &Writer, address: &str) -> News {
        let mut news = self.news(SourceName::RustSec, RUSTSEC_ECOSYSTEM);
        let address = Check::address(address);
        let known = writer.etag(SourceName::RustSec, RUSTSEC_ECOSYSTEM, address);
        let place = self.place(&news);
        let advance = |done, total| self.bars.bytes("RustSec", done, total);
        let fetched = bucket::rustsec(self.client, (&place, known), &advance).await;
        let held = holdings(writer, &news).map_err(|error| error.to_string());
        match held.and_then(|held| taken(&mut news, fetched, Archive::RustSec(place), &held, known)) {
            Ok(etag) => news.seen = Some((address, etag)),
            Err(problem) => news.problem = Some(problem),
        }
        news
    }

    /// Where the archive of a source goes.
    fn place(&self, news: &News) -> PathBuf {
        let name = bucket::archive_path(&news.ecosystem).replace('/', "-");
        self.downloads.join(format!("{}-{name}.part", news.source.as_str()))
    }

    /// Fetches single records. One that the bucket does not have, although its list names it, has vanished.
    async fn records(&self, news: &mut News, changed: &[&(String, i64)], mut vanished: Vec<IdHash>) {
        let done = Cell::new(0);
        let fetched = changed.iter().map(|(id, listed)| {
            let (ecosystem, done) = (&news.ecosystem, &done);
            async move {
                let got = self.record(ecosystem, id).await;
                done.set(done.get() + 1);
                self.bars.records(ecosystem, done.get(), changed.len());
                (id, *listed, got)
            }
        });
        let mut fetched: Vec<_> = stream::iter(fetched).buffer_unordered(AT_ONCE).collect().await;
        fetched.sort_by_key(|(id, ..)| *id);
        let gone = fetched.iter().filter(|(.., got)| got == &Ok(None)).count();
        let believed = believable(gone, changed.len(), "what it has of what its list of changes names");
        let (mut records, mut missing, mut unlisted) = (Vec::new(), Vec::new(), HashSet::new());
        for (id, listed, got) in fetched {
            match (got, &believed) {
                (Ok(Some(json)), _) => {
                    records.push(SourceRecord { id: id.clone(), json: Ok(json), package: None, listed: Some(listed) });
                }
                (Ok(None), Ok(())) => {
                    vanished.push(IdHash::of(id));
                    unlisted.insert(id.as_str());
                }
                (Ok(None), Err(reason)) => missing.push((id, reason.clone())),
                (Err(reason), _) => missing.push((id, reason)),
            }
        }
        news.problem = missing.first().map(|(_, reason)| {
            let ids: Vec<&str> = missing.iter().take(5).map(|(id, _)| id.as_str()).collect();
            let ids = format!("{}{}", ids.join(", "), if missing.len() > ids.len() { ", …" } else { "" });
            format!("{} of {} changed records could not be fetched ({ids}): {reason}", missing.len(), changed.len())
        });
        let list = news.list.iter().flat_map(|list| list.iter()).filter(|(id, _)| !unlisted.contains(id.as_str()));
        news.list = Some(Arc::new(list.cloned().collect()));
        news.content = Some(Content::Some { records, vanished });
    }

    async fn record(&self, ecosystem: &str, id: &str) -> Result<Option<Vec<u8>>, String> {
        if self.bytes.get() > MOST_BYTES {
            return Err(format!("one run takes no more than {} MiB of them", MOST_BYTES >> 20));
        }
        let record = bucket::record(self.client, ecosystem, id).await.map_err(|error| error.message)?;
        self.bytes.set(self.bytes.get() + record.as_ref().map_or(0, Vec::len));
        // What is another record, or none, must not take the place of what is held.
        if record.as_ref().is_some_and(|json| !is_record(json, id)) {
            return Err(format!("what it gives for {id} is not that record"));
        }
        Ok(record)
    }

    /// Changes the index by what there is to change.
    fn apply(&self, writer: &mut Writer, news: &mut [News]) -> Result<(), DatabaseError> {
        let change = |news: &mut News| {
            let as_of = match &news.list {
                Some(list) => AsOf::Listed(news.began, Arc::clone(list)),
                None => AsOf::At(news.began),
            };
            let content = news.content.take()?;
            news.is_of_archive = matches!(content, Content::All(_));
            Some(Changes { source: news.source, ecosystem: news.ecosystem.clone(), content, as_of })
        };
        let changes: Vec<Changes> = news.iter_mut().filter_map(change).collect();
        if changes.is_empty() {
            return Ok(());
        }
        writer.apply(&changes, &mut |progress| self.bars.show(progress))?;
        let is_changed = |news: &News| {
            changes.iter().any(|change| change.source == news.source && change.ecosystem == news.ecosystem)
        };
        for news in news.iter_mut().filter(|news| is_changed(news)) {
            if let Some(list) = news.list.clone() {
                news.lacking = holdings(writer, news)?.lacking(&list).into_iter().cloned().collect();
            }
        }
        for change in changes {
            if let Content::All(archive) = change.content {
                discarded(&archive);
            }
        }
        Ok(())
    }

    /// Fetches what an archive, now that it is in the index, turned out to lack of what the list names.
    async fn second_look(&self, news: &mut [News]) {
        join_all(news.iter_mut().filter(|news| news.is_of_archive && news.problem.is_none()).map(async |news| {
            let lacking = std::mem::take(&mut news.lacking);
            let (some, all) = (lacking.len(), news.list.as_ref().map_or(0, |list| list.len()));
            if is_much(some, all) {
                news.problem = Some(format!("its archive lacks {some} of the {all} records that its list names"));
            } else if some > 0 {
                self.records(news, &lacking.iter().collect::<Vec<_>>(), Vec::new()).await;
            }
        }))
        .await;
    }
}

/// Looks at an archive before anything is made of it.
fn taken(
    news: &mut News,
    fetched: Result<Download, SourceError>,
    archive: Archive,
    held: &Holdings,
    known: Option<&str>,
) -> Result<Option<String>, String> {
    match fetched.map_err(|error| error.message)? {
        Download::Unchanged => Ok(known.map(str::to_owned)),
        Download::Missing => Err(format!("it has nothing for {}", news.ecosystem)),
        Download::Whole { etag } => {
            let counted = archive.count().map_err(|error| error.to_string());
            let believed = counted.and_then(|count| match count {
                // An ecosystem without records would pass every package.
                0 => Err("its archive has no records: it is not believed".to_owned()),
                _ => believable(held.len().saturating_sub(count), held.len(), "its archive"),
            });
            if let Err(problem) = believed {
                discarded(&archive);
                return Err(problem);
            }
            news.content = Some(Content::All(archive));
            Ok(etag)
        }
    }
}

/// Removes an archive that is not needed any more.
fn discarded(archive: &Archive) {
    if let Archive::Osv(place) | Archive::RustSec(place) = archive {
        // What stays is asked about by its tag next time.
        let _ = discard(place);
    }
}

/// What the index holds of a source and ecosystem.
fn holdings(writer: &Writer, news: &News) -> Result<Holdings, DatabaseError> {
    let held = writer.index().map(|index| index.holdings(news.source, &news.ecosystem));
    Ok(held.transpose()?.unwrap_or_default())
}

/// Whether that is the record of that id, as far as its own word goes.
fn is_record(json: &[u8], id: &str) -> bool {
    let json: Option<serde_json::Value> = serde_json::from_slice(json).ok();
    json.is_some_and(|record| record.get("id").and_then(serde_json::Value::as_str) == Some(id))
}

/// Whether so many records of all are better fetched all at once.
fn is_much(some: usize, all: usize) -> bool {
    some > SINGLE && some > all / SHARE
}

/// A source that has lost much is not believed: no source takes so much back.
fn believable(lost: usize, all: usize, what: &str) -> Result<(), String> {
    if lost <= 1 || lost <= all / SHARE {
        return Ok(());
    }
    Err(format!("{what} lacks {lost} of {all} records, which is more than a source takes back: it is not believed"))
}

/// A problem with the source that has it, and what the index is as of because of it.
fn told(meta: Option<&Meta>, news: &News) -> Option<String> {
    let problem = news.problem.as_deref()?;
    let (source, ecosystem) = (news.source.as_str(), &news.ecosystem);
    let known = meta.and_then(|meta| meta.sources.iter().find(|s| s.name == source && s.ecosystem == *ecosystem));
    let as_of = match known.map(|known| known.as_of.and_then(|seconds| Timestamp::from_second(seconds).ok())) {
        None => "the index holds nothing of it".to_owned(),
        Some(None) => "the index does not say how old that is".to_owned(),
        Some(Some(time)) => format!("the index stays as of {time}"),
    };
    Some(format!("{ecosystem} from {source}: {problem}; {as_of}; run `osprey db update` again"))
}
