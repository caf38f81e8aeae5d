//! The one HTTP client: what it asks, it asks politely, and what it is answered, it bounds.
//!
//! Connections are used again, requests to a host wait for each other, an overloaded service is left alone for as long
//! as it says, and one that fails three questions in a row is not asked again in this run. Everything ends by the
//! deadline of the run. A fresh answer in the cache is used without asking; an older one is asked about by its `ETag`,
//! and stands in where the service does not answer.

mod parts;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::{StatusCode, Url};
use tokio::sync::Semaphore;

use super::address::{Hosts, redacted};
use super::cache::{Cache, Kept};
use super::{SERVICES, Service, Settings, SourceError};
use crate::model::Why;

pub(super) use parts::{NewPart, Part};

/// How often a question is asked before it is given up.
const ATTEMPTS: u32 = 5;
/// The same of a service that was never reached.
const ATTEMPTS_TO_REACH: u32 = 2;
/// How long to wait before a question is asked again; doubled each time, with jitter, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(32);
/// How long a service may take to take a connection, and to send the next bytes.
const CONNECTING: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(20);
/// Which part of the time that is left one question may take: what depends on other answers is asked after them, and a
/// service that says nothing must not use up its time.
const SHARE: u32 = 3;
/// However little is left, a question may take this long.
const LEAST_SHARE: Duration = Duration::from_secs(1);
/// After so many questions in a row without an answer, a service is not asked again.
const GIVING_UP: u32 = 3;
/// How long the answer stands that something is not known to a service.
const UNKNOWN_FOR: Duration = Duration::from_secs(24 * 3600);

/// What a service is called by the services that it asks.
const USER_AGENT: &str = concat!("osprey/", env!("CARGO_PKG_VERSION"), " (dependency scanner)");

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

/// What came back, whatever it is.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

impl Reply {
    /// A header as text.
    pub(super) fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }
}

/// Takes a reply: first its head with no bytes, then its bytes, piece by piece.
pub(super) type Take<'t> = dyn FnMut(&Reply, &[u8]) -> Result<(), String> + 't;

/// Why one attempt gave nothing.
pub(super) struct Trouble {
    pub(super) message: String,
    /// How long the service wants to be left alone.
    after: Option<Duration>,
    /// Whether asking again could help.
    pub(super) is_passing: bool,
    /// Whether not even a connection was made.
    is_unconnected: bool,
}

impl Trouble {
    fn passing(message: impl Into<String>) -> Self {
        Self { message: message.into(), after: None, is_passing: true, is_unconnected: false }
    }

    fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), after: None, is_passing: false, is_unconnected: false }
    }
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
        Self { settings, started, cache, lanes, hosts, http: OnceCell::new() }
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

    /// Asks the service; `None` where it says that what is kept still holds.
    async fn ask(&self, request: &Request, kept: Option<&Kept>) -> Result<Option<Kept>, SourceError> {
        self.is_asked(request.service)?;
        let mut request = request.clone();
        if let Some(etag) = kept.and_then(|kept| kept.etag.clone()) {
            request = request.with(IF_NONE_MATCH.as_str(), etag);
        } else if let Some(date) = kept.and_then(|kept| kept.last_modified.clone()) {
            request = request.with(IF_MODIFIED_SINCE.as_str(), date);
        }
        let mut body = Vec::new();
        let mut take = |_: &Reply, piece: &[u8]| {
            if piece.is_empty() {
                body.clear();
            }
            body.extend_from_slice(piece);
            Ok(())
        };
        let left = self.end().into_std().saturating_duration_since(Instant::now());
        let share = (left / SHARE).max(LEAST_SHARE);
        let reply = self.send_within(share, &|| request.clone(), &mut take).await?;
        if reply.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let (etag, last_modified) = (reply.header(ETAG), reply.header(LAST_MODIFIED));
        Ok(Some(Kept { status: reply.status.as_u16(), etag, last_modified, as_of: self.now(), body }))
    }

    /// Sends a request until there is a reply (success, 304, 404, 416) or no hope of one, and hands the reply on as it
    /// comes. Each attempt begins with the reply's head and no bytes.
    pub(super) async fn send(&self, request: &Request, take: &mut Take<'_>) -> Result<Reply, SourceError> {
        self.send_anew(&|| request.clone(), take).await
    }

    /// The same of a request that is made anew for each attempt: it can ask for what the one before it did not give.
    pub(super) async fn send_anew(
        &self,
        request: &dyn Fn() -> Request,
        take: &mut Take<'_>,
    ) -> Result<Reply, SourceError> {
        self.send_within(self.settings.deadline, request, take).await
    }

    /// That a service is asked at all in this run.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn is_asked(&self, service: &Service) -> Result<(), SourceError> {
        self.lane(service).map(|_| ())
    }

    /// How it stands with a service that is asked.
    fn lane(&self, service: &Service) -> Result<&Lane, SourceError> {
        let failed = |message: String| SourceError::failed(service.id, message);
        let lane = self.lanes.get(service.id).ok_or_else(|| failed("it has no address".to_owned()))?;
        if !self.settings.online {
            let message = "there is no network in this run, and nothing usable is kept".to_owned();
            return Err(SourceError { service: service.id, why: Why::Offline, message });
        }
        if lane.failures.get() >= GIVING_UP {
            let trouble = lane.traffic.borrow().trouble.clone().unwrap_or_default();
            return Err(failed(format!("it is not asked any more in this run: {trouble}")));
        }
        Ok(lane)
    }

    /// The same, in no more time than that, not counting the time that it waits for its turn.
    async fn send_within(
        &self,
        mut share: Duration,
        request: &dyn Fn() -> Request,
        take: &mut Take<'_>,
    ) -> Result<Reply, SourceError> {
        let mut asked = request();
        let service = asked.service;
        let failed = |message: String| SourceError::failed(service.id, message);
        let lane = self.lane(service)?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut taken = Duration::ZERO;
            let turn = self.turn(lane, &asked, take, (share, &mut taken));
            let trouble = match tokio::time::timeout_at(self.end(), turn).await {
                Ok(Ok(reply)) => {
                    lane.failures.set(0);
                    lane.is_reached.set(true);
                    return Ok(reply);
                }
                Ok(Err(trouble)) => trouble,
                Err(_) => Trouble::lasting(self.too_late()),
            };
            let pause = trouble.after.unwrap_or_else(|| pause(attempt));
            share = share.saturating_sub(taken.saturating_add(pause));
            let then = Instant::now().checked_add(pause);
            let is_hopeless = share.is_zero() || then.is_none_or(|then| then >= self.end().into_std());
            // Where nobody is, nobody will be a moment later: most likely there is no network at all.
            let is_nowhere = trouble.is_unconnected && !lane.is_reached.get();
            let most = if is_nowhere { ATTEMPTS_TO_REACH } else { ATTEMPTS };
            if !trouble.is_passing || attempt >= most || is_hopeless {
                lane.failures.set(if is_nowhere { GIVING_UP } else { lane.failures.get() + 1 });
                let tries = if attempt > 1 { format!(" ({attempt} attempts)") } else { String::new() };
                return Err(failed(format!("{}{tries}", trouble.message)));
            }
            if trouble.after.is_some() {
                // It asked all of us to wait, not this question alone.
                lane.next.set(lane.next.get().max(Instant::now() + pause));
            }
            tokio::time::sleep(pause).await;
            asked = request();
        }
    }

    fn end(&self) -> tokio::time::Instant {
        (self.started + self.settings.deadline).into()
    }

    fn too_late(&self) -> String {
        format!("it did not answer within the {} seconds that asking may take", self.settings.deadline.as_secs())
    }

    /// Waits for its turn, then makes an attempt that takes no longer than that; and how long it took.
    async fn turn(
        &self,
        lane: &Lane,
        request: &Request,
        take: &mut Take<'_>,
        (share, taken): (Duration, &mut Duration),
    ) -> Result<Reply, Trouble> {
        let closed = |_| Trouble::lasting("the client was closed");
        let _permit = match self.hosts.get(&host(&lane.base)) {
            Some(host) => Some(host.acquire().await.map_err(closed)?),
            None => None,
        };
        let now = Instant::now();
        let turn = lane.next.get().max(now);
        lane.next.set(turn + request.service.gap);
        if turn > now {
            tokio::time::sleep_until(turn.into()).await;
        }
        if lane.failures.get() >= GIVING_UP {
            return Err(Trouble::lasting("it is not asked any more in this run"));
        }
        let began = Instant::now();
        let attempt = tokio::time::timeout(share, self.attempt(lane, request, take)).await;
        *taken = began.elapsed();
        let late = || format!("it did not answer within the {} seconds that a question may take", share.as_secs());
        attempt.unwrap_or_else(|_| Err(Trouble::lasting(late())))
    }

    async fn attempt(&self, lane: &Lane, request: &Request, take: &mut Take<'_>) -> Result<Reply, Trouble> {
        lane.traffic.borrow_mut().requests += 1;
        let mut response = self.request(lane, request)?.send().await.map_err(|error| trouble(&error))?;
        let reply = Reply { status: response.status(), headers: response.headers().clone() };
        match reply.status {
            status if status.is_success() => {}
            // What is wrong with a list of questions is told in the body.
            StatusCode::BAD_REQUEST if request.body.is_some() => {}
            StatusCode::NOT_MODIFIED | StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE => {}
            status => return Err(self.refused(status, &reply)),
        }
        let largest = request.service.largest;
        let too_large = || Trouble::lasting(format!("its answer is larger than {} MiB", largest >> 20));
        if response.content_length().is_some_and(|length| length > largest) {
            return Err(too_large());
        }
        take(&reply, &[]).map_err(Trouble::lasting)?;
        let mut length = 0;
        while let Some(piece) = response.chunk().await.map_err(|error| trouble(&error))? {
            length += piece.len() as u64;
            if length > largest {
                return Err(too_large());
            }
            if !piece.is_empty() {
                take(&reply, &piece).map_err(Trouble::lasting)?;
            }
        }
        Ok(reply)
    }

    fn request(&self, lane: &Lane, request: &Request) -> Result<reqwest::RequestBuilder, Trouble> {
        let http = self.http.get_or_init(|| connect(self.lanes.values().map(|lane| &lane.base)));
        let http = http.as_ref().map_err(|reason| Trouble::lasting(reason.clone()))?;
        let path = request.path.as_str();
        let separator = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        let address = format!("{}{separator}{path}", lane.base.as_str().trim_end_matches('/'));
        let url = Url::parse(&address).map_err(|error| Trouble::lasting(error.to_string()))?;
        let mut builder = match &request.body {
            Some(body) => http.post(url).header(CONTENT_TYPE, "application/json").body(body.clone()),
            None => http.get(url),
        };
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        // A part of a file is a part of its bytes as they are stored.
        if request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("range")) {
            builder = builder.header(ACCEPT_ENCODING, "identity");
        }
        Ok(builder)
    }

    /// A status that is no answer. An overloaded or broken service is asked again, another is not.
    fn refused(&self, status: StatusCode, reply: &Reply) -> Trouble {
        let is_passing = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::REQUEST_TIMEOUT
            || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED);
        let after = reply.header(RETRY_AFTER).and_then(|text| retry_after(&text, self.now()));
        Trouble { message: format!("it answered with status {status}"), after, is_passing, is_unconnected: false }
    }
}

fn host(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// Makes the HTTP client proper: certificates and proxy as the platform and the environment have them.
fn connect<'u>(bases: impl Iterator<Item = &'u Url>) -> Result<reqwest::Client, String> {
    // Where another provider is in place already, that one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let hosts = Hosts::of(bases);
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECTING)
        .read_timeout(SILENCE)
        .redirect(hosts.redirects())
        .dns_resolver(hosts)
        .build()
        .map_err(|error| format!("the HTTP client cannot be made: {}", causes(&error)))
}

/// What a failed attempt means. The address is left out of the message: it is the caller's and can hold a password.
fn trouble(error: &reqwest::Error) -> Trouble {
    let message = causes(error);
    if error.is_redirect() || error.is_builder() {
        return Trouble::lasting(message);
    }
    Trouble { is_unconnected: error.is_connect(), ..Trouble::passing(message) }
}

/// An error and what led to it, without addresses.
fn causes(error: &reqwest::Error) -> String {
    let what = match error {
        error if error.is_timeout() => "it did not answer in time",
        error if error.is_connect() => "it cannot be reached",
        error if error.is_redirect() => "its redirect is not followed",
        error if error.is_decode() => "its answer cannot be read",
        error if error.is_body() || error.is_request() => "the connection broke",
        _ => "the request failed",
    };
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let detail = last.to_string();
    let is_address = detail.contains("://");
    if is_address { what.to_owned() } else { format!("{what} ({detail})") }
}

/// How long before the next attempt: doubled each time, and not the same for all who wait.
fn pause(attempt: u32) -> Duration {
    let most = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_PAUSE);
    let random = RandomState::new().build_hasher().finish();
    let share = u32::try_from(random % 500).unwrap_or(0);
    most * (500 + share) / 1000
}

/// How long a service wants to be left alone: seconds, or until a moment
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        for attempt in 1..12 {
            let most = FIRST_PAUSE.saturating_mul(1 << (attempt - 1)).min(LONGEST_PAUSE);
            let pauses: Vec<Duration> = (0..20).map(|_| pause(attempt)).collect();
            assert!(pauses.iter().all(|pause| *pause >= most / 2 && *pause <= most), "{pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }

    #[test]
    fn retry_after_is_a_number_or_a_moment() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 09:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
