//! The one HTTP client: what it asks, it asks politely, and what it is answered, it bounds.
//!
//! Connections are used again, requests to a host wait for each other, an overloaded service is left alone for as long
//! as it says, and one that fails three questions in a row is not asked again in this run. Everything ends by the
//! deadline of the run. A fresh answer in the cache is used without asking; an older one is asked about by its `ETag`,
//! and stands in where the service does not answer.

mod parts;
mod send;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use tokio::sync::Semaphore;

use super::address::redacted;
use super::cache::{Cache, Kept};
use super::{SERVICES, Service, Settings, SourceError};

pub(super) use parts::{NewPart, Part};
pub(super) use send::Reply;
use send::{Room, host};

/// How many bytes all answers that come at once may have together, once inflated. Each has its own bound, and there are
/// dozens.
const AT_ONCE: u64 = 512 << 20;

/// How long the answer stands that something is not known to a service.
const UNKNOWN_FOR: Duration = Duration::from_secs(24 * 3600);

/// A question.
#[derive(Debug, Clone)]
pub struct Request {
    service: &'static Service,
    path: String,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
    is_there: bool,
}

impl Request {
    /// Asks for what is at that path (with its query) below the service's address; its parts are encoded already.
    pub fn get(service: &'static Service, path: impl Into<String>) -> Self {
        Self { service, path: path.into(), body: None, headers: Vec::new(), is_there: false }
    }

    /// Sends JSON.
    pub fn post(service: &'static Service, path: impl Into<String>, body: Vec<u8>) -> Self {
        Self { service, path: path.into(), body: Some(body), headers: Vec::new(), is_there: false }
    }

    /// Asks for what the service always has: that it knows nothing of it is no answer.
    #[must_use]
    pub fn always_there(self) -> Self {
        Self { is_there: true, ..self }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What it says; `None`: the service does not know what was asked for.
    pub value: Option<T>,
    /// When the service said so.
    pub as_of: Timestamp,
}

/// What a service gave in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, those that were repeated too.
    pub requests: u64,
    /// Answers, sent or kept.
    pub answers: u64,
    /// Answers that are older than they should be, since the service did not give newer ones.
    pub stale: u64,
    /// Questions without an answer.
    pub failed: u64,
    /// When the oldest answer was given.
    pub as_of: Option<Timestamp>,
    /// Why the last question without a new answer had none.
    pub trouble: Option<String>,
}

/// How it stands with a service in this run.
#[derive(Debug)]
struct Lane {
    base: Url,
    /// The same as the cache knows it: without what is nobody's business.
    name: String,
    /// When the next request may begin.
    next: Cell<Instant>,
    /// Questions without an answer in a row.
    failures: Cell<u32>,
    /// Whether it was ever reached.
    is_reached: Cell<bool>,
    traffic: RefCell<Traffic>,
}

/// Asks services. It belongs to one thread, and drops nothing that it was told.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    started: Instant,
    cache: Cache,
    lanes: BTreeMap<&'static str, Lane>,
    hosts: BTreeMap<String, Semaphore>,
    http: OnceCell<Result<reqwest::Client, String>>,
    /// Where answers are held as they come.
    room: Room,
}

impl Client {
    /// A client with the caller's settings. Nothing is connected to yet.
    pub fn new(settings: Settings) -> Self {
        let started = Instant::now();
        let mut lanes = BTreeMap::new();
        let mut parallel: BTreeMap<String, usize> = BTreeMap::new();
        for service in SERVICES {
            let base = settings.bases.get(service.id).cloned().or_else(|| Url::parse(service.base).ok());
            // The table's own addresses are addresses, which a test sees to.
            let Some(base) = base else { continue };
            let most = parallel.entry(host(&base)).or_default();
            *most = (*most).max(service.parallel);
            let lane = Lane {
                name: redacted(&base),
                base,
                next: Cell::new(started),
                failures: Cell::new(0),
                is_reached: Cell::new(false),
                traffic: RefCell::new(Traffic::default()),
            };
            lanes.insert(service.id, lane);
        }
        let hosts = parallel.into_iter().map(|(host, most)| (host, Semaphore::new(most))).collect();
        let cache = Cache::new(settings.cache.clone());
        Self { settings, started, cache, lanes, hosts, http: OnceCell::new(), room: Room::of(AT_ONCE) }
    }

    /// Whether there is a network.
    pub fn is_online(&self) -> bool {
        self.settings.online
    }

    /// The time by the wall clock.
    pub fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or_default();
        self.settings.now.checked_add(passed).unwrap_or(self.settings.now)
    }

    /// Whether anything that a service said is kept, of whatever age.
    pub fn has_kept(&self, service: &Service) -> bool {
        self.cache.holds(service.id)
    }

    /// What a service gave so far.
    pub fn traffic(&self, service: &Service) -> Traffic {
        self.lanes.get(service.id).map_or_else(Traffic::default, |lane| lane.traffic.borrow().clone())
    }

    /// Notes that something that the service said is no answer, although it came.
    pub fn note_failure(&self, service: &Service, message: impl Into<String>) {
        if let Some(lane) = self.lanes.get(service.id) {
            let mut traffic = lane.traffic.borrow_mut();
            traffic.failed += 1;
            traffic.trouble = Some(message.into());
        }
    }

    /// Ends the run: holds the cache within its bounds.
    pub fn finish(&self) {
        self.cache.prune(self.now());
    }

    /// Asks, or answers from the cache. `read` makes a value of a body, or says why it is no answer; what is no answer
    /// is not kept.
    ///
    /// # Errors
    /// Where there is neither an answer nor one that is kept and still usable.
    pub async fn fetch<T>(
        &self,
        request: &Request,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<Answer<T>, SourceError> {
        let service = request.service;
        let question = self.question(request);
        let read = |status: u16, body: &[u8]| match status {
            404 if request.is_there => Err("there is nothing at its address".to_owned()),
            404 => Ok(None),
            400 => Err("it refuses the question".to_owned()),
            _ => read(body).map(Some),
        };
        let kept = self.cache.recall(service.id, &question);
        // What can no longer be read is as if it were not there.
        let kept = kept.and_then(|kept| Some((read(kept.status, &kept.body).ok()?, kept)));
        let (value, kept) = match kept {
            Some((value, kept)) if self.is_fresh(service, &kept) => {
                return Ok(self.answered(service, value, kept.as_of));
            }
            Some((value, kept)) => (Some(value), Some(kept)),
            None => (None, None),
        };
        let renewed = match self.ask(request, kept.as_ref()).await {
            Ok(None) => Ok(None),
            Ok(Some(new)) => match read(new.status, &new.body) {
                Ok(value) => Ok(Some((value, new))),
                Err(reason) => Err(SourceError::failed(service.id, format!("its answer cannot be used: {reason}"))),
            },
            Err(error) => Err(error),
        };
        match (renewed, value, kept) {
            (Ok(Some((value, new))), ..) => {
                self.cache.keep(service.id, &question, &new);
                Ok(self.answered(service, value, new.as_of))
            }
            (Ok(None), Some(value), Some(kept)) => {
                let as_of = self.now();
                self.cache.keep(service.id, &question, &Kept { as_of, ..kept });
                Ok(self.answered(service, value, as_of))
            }
            (Err(error), Some(value), Some(kept)) if self.is_within(kept.as_of, service.usable) => {
                self.note(service, |traffic| {
                    traffic.stale += 1;
                    traffic.trouble = Some(error.message);
                });
                Ok(self.answered(service, value, kept.as_of))
            }
            (renewed, ..) => {
                let odd = || SourceError::failed(service.id, "it says that nothing changed, and nothing is kept");
                let error = renewed.err().unwrap_or_else(odd);
                self.note(service, |traffic| {
                    traffic.failed += 1;
                    traffic.trouble = Some(error.message.clone());
                });
                Err(error)
            }
        }
    }

    /// Asks without the cache, for answers whose parts are kept by themselves ([`Client::keep`]): the status (success,
    /// 400 or 404), the body, and when it came. That it failed is noted by the caller, who knows whether the parts are
    /// kept from earlier ([`Client::note_failure`], [`Client::note_stale`]).
    ///
    /// # Errors
    /// Where there is no answer.
    pub(super) async fn exchange(&self, request: &Request) -> Result<(u16, Answer<Vec<u8>>), SourceError> {
        match self.ask(request, None).await? {
            Some(new) => Ok((new.status, self.answered(request.service, Some(new.body), new.as_of))),
            None => Err(SourceError::failed(request.service.id, "it says that nothing changed, unasked")),
        }
    }

    /// Notes that older answers stand in for one that did not come.
    pub(super) fn note_stale(&self, service: &Service, message: impl Into<String>) {
        self.note(service, |traffic| {
            traffic.stale += 1;
            traffic.trouble = Some(message.into());
        });
    }

    /// Something that was kept by [`Client::keep`], however old it is: for what does not change.
    pub(super) fn recall_lasting(&self, service: &Service, question: &str) -> Option<Answer<Vec<u8>>> {
        let kept = self.cache.recall(service.id, &self.addressed(service, question))?;
        Some(self.answered(service, Some(kept.body), kept.as_of))
    }

    /// Something that was kept by [`Client::keep`] and is fresh enough, or, with `usable`, not too old to stand in:
    /// `None` in it where the service did not know.
    pub fn recall(&self, service: &Service, question: &str, usable: bool) -> Option<Answer<Vec<u8>>> {
        let kept = self.cache.recall(service.id, &self.addressed(service, question))?;
        if !(self.is_fresh(service, &kept) || usable && self.is_within(kept.as_of, service.usable)) {
            return None;
        }
        let value = (kept.status != 404).then_some(kept.body);
        Some(self.answered(service, value, kept.as_of))
    }

    /// Keeps a part of an answer under a question of its own.
    pub fn keep(&self, service: &Service, question: &str, answer: &Answer<Vec<u8>>) {
        let (status, body) = answer.value.as_ref().map_or((404, &[][..]), |body| (200, body.as_slice()));
        let kept = Kept { status, etag: None, last_modified: None, as_of: answer.as_of, body: body.to_vec() };
        self.cache.keep(service.id, &self.addressed(service, question), &kept);
    }

    fn answered<T>(&self, service: &Service, value: Option<T>, as_of: Timestamp) -> Answer<T> {
        self.note(service, |traffic| {
            traffic.answers += 1;
            traffic.as_of = Some(traffic.as_of.map_or(as_of, |oldest| oldest.min(as_of)));
        });
        Answer { value, as_of }
    }

    fn note(&self, service: &Service, change: impl FnOnce(&mut Traffic)) {
        if let Some(lane) = self.lanes.get(service.id) {
            change(&mut lane.traffic.borrow_mut());
        }
    }

    /// What the cache knows a question by: with the address, so that a mirror's answers are its own.
    fn question(&self, request: &Request) -> String {
        let body = request.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        self.addressed(request.service, &[&request.path, " ", &body].concat())
    }

    fn addressed(&self, service: &Service, question: &str) -> String {
        let base = self.lanes.get(service.id).map_or("", |lane| &lane.name);
        [base, " ", question].concat()
    }

    fn is_fresh(&self, service: &Service, kept: &Kept) -> bool {
        let fresh = if kept.status == 404 { service.fresh.min(UNKNOWN_FOR) } else { service.fresh };
        self.is_within(kept.as_of, fresh)
    }

    /// Whether something is no older than that. What is from the future is not trusted.
    fn is_within(&self, as_of: Timestamp, age: Duration) -> bool {
        let passed = self.now().duration_since(as_of);
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        passed >= SignedDuration::from_mins(-1) && passed < age
    }
}
