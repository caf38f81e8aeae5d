//! Sends questions: each in its turn, again where that can help, and no longer than the run may take.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::{StatusCode, Url};

use super::{Client, Kept, Lane, Request};
use crate::model::Why;
use crate::source::address::Hosts;
use crate::source::{Service, SourceError};

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
/// What a service is called by the services that it asks.
const USER_AGENT: &str = concat!("osprey/", env!("CARGO_PKG_VERSION"), " (dependency scanner)");

/// What came back, whatever it is.
#[derive(Debug)]
pub(in crate::source) struct Reply {
    pub(in crate::source) status: StatusCode,
    pub(in crate::source) headers: HeaderMap,
}

impl Reply {
    /// A header as text.
    pub(in crate::source) fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }
}

/// Takes a reply: first its head with no bytes, then its bytes, piece by piece.
pub(in crate::source) type Take<'t> = dyn FnMut(&Reply, &[u8]) -> Result<(), String> + 't;

/// Why one attempt gave nothing.
pub(in crate::source) struct Trouble {
    pub(in crate::source) message: String,
    /// How long the service wants to be left alone.
    after: Option<Duration>,
    /// Whether asking again could help.
    pub(in crate::source) is_passing: bool,
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

/// How many bytes of answers are held at once.
#[derive(Debug)]
pub(super) struct Room {
    most: u64,
    held: Cell<u64>,
}

impl Room {
    /// Room for that many bytes.
    pub(super) fn of(most: u64) -> Self {
        Self { most, held: Cell::new(0) }
    }

    /// An answer that holds nothing yet.
    fn answer(&self) -> Held<'_> {
        Held { room: self, bytes: Vec::new() }
    }
}

/// An answer that takes its part of the room as it comes, and gives it back when nobody waits for it any more.
struct Held<'r> {
    room: &'r Room,
    bytes: Vec<u8>,
}

impl Held<'_> {
    fn add(&mut self, piece: &[u8]) -> Result<(), String> {
        let held = self.room.held.get() + piece.len() as u64;
        if held > self.room.most {
            return Err(format!("the answers that come at once are larger than {} MiB", self.room.most >> 20));
        }
        self.room.held.set(held);
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// What came; the room is free for others.
    fn take(&mut self) -> Vec<u8> {
        self.room.held.set(self.room.held.get() - self.bytes.len() as u64);
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.take();
    }
}

impl Client {
    /// Asks the service; `None` where it says that what is kept still holds.
    pub(super) async fn ask(&self, request: &Request, kept: Option<&Kept>) -> Result<Option<Kept>, SourceError> {
        self.is_asked(request.service)?;
        let mut request = request.clone();
        if let Some(etag) = kept.and_then(|kept| kept.etag.clone()) {
            request = request.with(IF_NONE_MATCH.as_str(), etag);
        } else if let Some(date) = kept.and_then(|kept| kept.last_modified.clone()) {
            request = request.with(IF_MODIFIED_SINCE.as_str(), date);
        }
        let mut body = self.room.answer();
        let mut take = |_: &Reply, piece: &[u8]| {
            if piece.is_empty() {
                body.take();
            }
            body.add(piece)
        };
        let left = self.end().into_std().saturating_duration_since(Instant::now());
        let share = (left / SHARE).max(LEAST_SHARE);
        let reply = self.send_within(share, &|| request.clone(), &mut take).await?;
        if reply.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let (etag, last_modified) = (reply.header(ETAG), reply.header(LAST_MODIFIED));
        let (status, body) = (reply.status.as_u16(), body.take());
        Ok(Some(Kept { status, etag, last_modified, as_of: self.now(), body }))
    }

    /// Sends a request until there is a reply (success, 304, 404, 416) or no hope of one, and hands the reply on as it
    /// comes. Each attempt begins with the reply's head and no bytes.
    pub(in crate::source) async fn send(&self, request: &Request, take: &mut Take<'_>) -> Result<Reply, SourceError> {
        self.send_anew(&|| request.clone(), take).await
    }

    /// The same of a request that is made anew for each attempt: it can ask for what the one before it did not give.
    pub(in crate::source) async fn send_anew(
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
    pub(in crate::source) fn is_asked(&self, service: &Service) -> Result<(), SourceError> {
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

pub(super) fn host(url: &Url) -> String {
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
    fn answers_that_come_at_once_share_one_room() {
        let room = Room::of(10);
        let (mut one, mut other) = (room.answer(), room.answer());
        one.add(b"123456").unwrap();
        assert!(other.add(b"12345").is_err(), "eleven bytes in all");
        other.add(b"1234").unwrap();
        assert_eq!(one.take(), b"123456");
        other.add(b"123456").unwrap();
        drop(other);
        one.add(b"1234567890").unwrap();
        assert_eq!(room.held.get(), 10);
    }

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
