//! What services do wrong, on demand: each fault takes the answer that would have been given and spoils it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use serde_json::{Map, Value};

use super::http::{Body, Request, Response, http_date, now};
use super::{Endpoint, Service};

/// When a client that is told to wait may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    Seconds(u64),
    /// Written as a date, so many seconds from now.
    DateIn(u64),
}

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To the same address, for ever.
    Itself,
    /// To the same host and path under another scheme.
    Scheme(&'static str),
    /// To the same path on another port, which is another host.
    Port(u16),
    /// To this address.
    Address(String),
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 429.
    TooMany { retry_after: Option<RetryAfter> },
    /// This status with the service's own kind of error body; 304 has no body.
    Status(u16),
    /// Takes the request and never answers.
    Timeout,
    /// Announces the whole body, sends half of it and closes.
    CutBody,
    /// `Content-Encoding: gzip`, and the gzip stream ends in its middle.
    CutGzip,
    /// The body trickles.
    SlowBody { bytes_per_second: u64 },
    /// The JSON that was due, with every member of its top level of another type.
    WrongType,
    /// The JSON that was due, with every string in it a number and every number a string.
    WrongLeaves,
    /// A login page with status 200.
    NotJson,
    /// 302.
    Redirect { to: To },
    /// A body of so many bytes, without its length where `is_announced` is not set.
    Oversized { bytes: u64, is_announced: bool },
    /// The right answer under `Content-Encoding: gzip`.
    Gzip,
    /// `Content-Encoding: gzip` of a small body that unpacks to so many mebibytes.
    GzipBomb { mebibytes: u32 },
    /// Closes the connection without a word.
    Close,
    /// The right answer, later. Latencies that meet are added up, and another fault may come on top.
    Latency { milliseconds: u64 },
}

impl Fault {
    /// Reads a fault as the command line names it: `too-many[:SECONDS]`, `status:CODE`, `timeout`, `cut-body`, `cut-gzip`,
    /// `slow-body:BYTES_PER_SECOND`, `wrong-type`, `wrong-leaves`, `not-json`, `redirect:ADDRESS`, `redirect-loop`, `oversized:BYTES`, `gzip`,
    /// `gzip-bomb:MEBIBYTES`, `close`, `latency:MILLISECONDS`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        let number = || value?.parse::<u64>().ok();
        Some(match name {
            "too-many" => Self::TooMany { retry_after: number().map(RetryAfter::Seconds) },
            "status" => Self::Status(number()?.try_into().ok()?),
            "timeout" => Self::Timeout,
            "cut-body" => Self::CutBody,
            "cut-gzip" => Self::CutGzip,
            "slow-body" => Self::SlowBody { bytes_per_second: number()? },
            "wrong-type" => Self::WrongType,
            "wrong-leaves" => Self::WrongLeaves,
            "not-json" => Self::NotJson,
            "redirect-loop" => Self::Redirect { to: To::Itself },
            "redirect" => Self::Redirect { to: To::Address(value?.to_owned()) },
            "oversized" => Self::Oversized { bytes: number()?, is_announced: false },
            "gzip" => Self::Gzip,
            "gzip-bomb" => Self::GzipBomb { mebibytes: number()?.try_into().ok()? },
            "close" => Self::Close,
            "latency" => Self::Latency { milliseconds: number()? },
            _ => return None,
        })
    }
}

/// Which requests a fault meets.
#[derive(Clone, Debug, Default)]
pub(crate) struct On {
    service: Option<Service>,
    endpoint: Option<Endpoint>,
    part: Option<String>,
    skipped: usize,
    first: Option<usize>,
    seen: usize,
}

impl From<Service> for On {
    fn from(service: Service) -> Self {
        Self { service: Some(service), ..Self::default() }
    }
}

impl On {
    /// Every request to every service.
    pub(crate) fn anything() -> Self {
        Self::default()
    }

    /// Only this kind of request, one of [`Service::endpoints`].
    pub(crate) fn endpoint(mut self, endpoint: Endpoint) -> Self {
        let is_known = |service: Service| service.endpoints().contains(&endpoint);
        assert!(
            self.service.map_or_else(|| Service::ALL.into_iter().any(is_known), is_known),
            "no endpoint {endpoint}"
        );
        self.endpoint = Some(endpoint);
        self
    }

    /// Only requests whose raw target holds this text.
    pub(crate) fn path(mut self, part: &str) -> Self {
        self.part = Some(part.to_owned());
        self
    }

    /// Only the first so many of them …
    pub(crate) fn first(mut self, count: usize) -> Self {
        self.first = Some(count);
        self
    }

    /// … after so many that go well.
    pub(crate) fn after(mut self, count: usize) -> Self {
        self.skipped = count;
        self
    }

    /// Whether it meets this request; each that it could meet counts.
    pub(super) fn meets(&mut self, service: Service, endpoint: Endpoint, request: &Request) -> bool {
        let matches = self.service.is_none_or(|wanted| wanted == service)
            && self.endpoint.is_none_or(|wanted| wanted == endpoint)
            && self.part.as_ref().is_none_or(|part| request.target.contains(part));
        if !matches {
            return false;
        }
        self.seen += 1;
        self.seen > self.skipped && self.first.is_none_or(|first| self.seen <= self.skipped + first)
    }
}

/// Sends an answer, spoiled where a fault says so. The result is whether the connection can go on.
pub(super) fn deliver(
    mut response: Response,
    fault: Option<&Fault>,
    request: &Request,
    stream: &mut TcpStream,
    error: fn(u16) -> Response,
) -> io::Result<bool> {
    let is_head = request.method == "HEAD";
    let response = match fault {
        None | Some(Fault::Latency { .. }) => response,
        Some(Fault::TooMany { retry_after }) => match retry_after {
            None => error(429),
            Some(RetryAfter::Seconds(seconds)) => error(429).with("Retry-After", seconds.to_string()),
            Some(RetryAfter::DateIn(seconds)) => {
                let at = now() + Duration::from_secs(*seconds);
                error(429).with("Retry-After", http_date(at))
            }
        },
        Some(Fault::Status(304)) => Response::empty(304),
        Some(Fault::Status(status)) => error(*status),
        Some(Fault::Timeout) => return silence(stream).map(|()| false),
        Some(Fault::Close) => return stream.shutdown(Shutdown::Both).map(|()| false),
        Some(Fault::CutBody) => return cut(&mut response, stream).map(|()| false),
        Some(Fault::SlowBody { bytes_per_second }) => {
            return trickle(&mut response, stream, *bytes_per_second).map(|()| request.keeps_alive);
        }
        Some(Fault::WrongType) => remade(response, |value| mistyped(value, 1)),
        Some(Fault::WrongLeaves) => remade(response, |value| mistyped(value, usize::MAX)),
        Some(Fault::NotJson) => Response::html(200, "Please sign in to the network"),
        Some(Fault::Redirect { to }) => Response::redirect(302, &address(to, request, stream)?),
        Some(Fault::Oversized { bytes, is_announced }) => oversized(response, *bytes, *is_announced),
        Some(Fault::Gzip) => gzipped(response, |whole| whole),
        Some(Fault::CutGzip) => gzipped(response, |whole| whole[..whole.len() / 2].to_vec()),
        Some(Fault::GzipBomb { mebibytes }) => bomb(response, *mebibytes),
    };
    response.send(stream, request.keeps_alive, is_head).map(|()| request.keeps_alive)
}

/// Waits until the client goes away, or the server closes its connections.
fn silence(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_read_timeout(None)?;
    let mut byte = [0; 64];
    while stream.read(&mut byte)? > 0 {}
    Ok(())
}

fn cut(response: &mut Response, stream: &mut TcpStream) -> io::Result<()> {
    let bytes = response.bytes();
    stream.write_all(response.head(true).as_bytes())?;
    stream.write_all(&bytes[..bytes.len() / 2])?;
    stream.shutdown(Shutdown::Both)
}

fn trickle(response: &mut Response, stream: &mut TcpStream, bytes_per_second: u64) -> io::Result<()> {
    const STEPS_PER_SECOND: u64 = 20;
    let bytes = response.bytes();
    stream.write_all(response.head(true).as_bytes())?;
    let step = usize::try_from((bytes_per_second / STEPS_PER_SECOND).max(1)).unwrap();
    let pause = Duration::from_millis(if bytes_per_second < STEPS_PER_SECOND {
        1000 / bytes_per_second.max(1)
    } else {
        1000 / STEPS_PER_SECOND
    });
    for part in bytes.chunks(step) {
        stream.write_all(part)?;
        std::thread::sleep(pause);
    }
    Ok(())
}

fn address(to: &To, request: &Request, stream: &TcpStream) -> io::Result<String> {
    let here = stream.local_addr()?;
    let target = &request.target;
    Ok(match to {
        To::Itself => target.clone(),
        To::Scheme(scheme) => format!("{scheme}://{here}{target}"),
        To::Port(port) => format!("http://{}:{port}{target}", here.ip()),
        To::Address(address) => address.clone(),
    })
}

/// The answer with another JSON body; what is no JSON becomes some that has nothing to do with it.
fn remade(mut response: Response, make: impl Fn(Value) -> Value) -> Response {
    let value = serde_json::from_slice(&response.bytes()).unwrap_or_else(|_| Value::from("neither archive nor table"));
    response.body = Body::Bytes(Arc::new(make(value).to_string().into_bytes()));
    response
}

/// A value of another type; objects and arrays keep theirs for so many levels and change inside.
fn mistyped(value: Value, levels: usize) -> Value {
    match value {
        Value::Null => Value::from(0),
        Value::Bool(value) => Value::from(value.to_string()),
        Value::Number(number) => Value::from(format!("number {number}")),
        Value::String(text) => Value::from(text.len()),
        Value::Object(members) if levels > 0 => {
            members.into_iter().map(|(key, value)| (key, mistyped(value, levels - 1))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) if levels > 0 => {
            items.into_iter().map(|item| mistyped(item, levels - 1)).collect::<Vec<_>>().into()
        }
        Value::Object(_) => Value::from(vec![1, 2]),
        Value::Array(_) => serde_json::json!({"0": "first"}),
    }
}

fn oversized(response: Response, bytes: u64, is_announced: bool) -> Response {
    const OPEN: &[u8] = b"{\"padding\":\"";
    const CLOSE: &[u8] = b"\"}";
    let filler = bytes.saturating_sub(14);
    let stream = OPEN.chain(io::repeat(b'a').take(filler)).chain(CLOSE);
    Response { status: 200, body: Body::Stream(Box::new(stream), is_announced.then_some(filler + 14)), ..response }
}

fn gzipped(mut response: Response, shape: impl Fn(Vec<u8>) -> Vec<u8>) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&response.bytes()).unwrap();
    response.body = Body::Bytes(Arc::new(shape(encoder.finish().unwrap())));
    response.with("Content-Encoding", "gzip")
}

/// One member of gzip (RFC 1952) whose data is the same block of a mebibyte of spaces again and again: after a full flush a
/// block stands for itself, so that it is compressed once only.
fn bomb(mut response: Response, mebibytes: u32) -> Response {
    const MEBIBYTE: usize = 1 << 20;
    let spaces = vec![b' '; MEBIBYTE];
    let mut block = Vec::with_capacity(MEBIBYTE / 8);
    let status = Compress::new(Compression::best(), false).compress_vec(&spaces, &mut block, FlushCompress::Full);
    assert_eq!(status.unwrap(), Status::Ok, "the block fits");
    let mut one = Crc::new();
    one.update(&spaces);
    let mut sum = Crc::new();
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for _ in 0..mebibytes {
        bytes.extend_from_slice(&block);
        sum.combine(&one);
    }
    // An empty last block, then the sum and the length.
    bytes.extend_from_slice(&[3, 0]);
    bytes.extend_from_slice(&sum.sum().to_le_bytes());
    bytes.extend_from_slice(&mebibytes.wrapping_mul(1 << 20).to_le_bytes());
    response.status = 200;
    response.body = Body::Bytes(Arc::new(bytes));
    response.with("Content-Encoding", "gzip")
}
