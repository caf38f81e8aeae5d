//! Files that are served with an `ETag` and a date: `If-None-Match`, `If-Modified-Since`, `Range` and `If-Range`
//! (RFC 9110, sections 13 and 14).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use super::http::{Body, Request, Response, http_date};

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Bytes(Arc<Vec<u8>>),
    Disk(PathBuf, u64),
}

/// A file as a service holds it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) content: Content,
    pub(crate) content_type: &'static str,
    /// With its quotes.
    pub(crate) etag: String,
    pub(crate) modified: jiff::Timestamp,
}

impl Stored {
    /// A file whose tag is made of its bytes, so that the same bytes keep their tag.
    pub(crate) fn new(bytes: Vec<u8>, content_type: &'static str, modified: jiff::Timestamp) -> Self {
        let etag = format!("\"{}\"", digest(&bytes));
        Self { content: Content::Bytes(Arc::new(bytes)), content_type, etag, modified }
    }

    fn length(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => u64::try_from(bytes.len()).unwrap(),
            Content::Disk(_, length) => *length,
        }
    }

    fn part(&self, from: u64, length: u64) -> Body {
        match &self.content {
            Content::Bytes(bytes) if length == self.length() => Body::Bytes(Arc::clone(bytes)),
            Content::Bytes(bytes) => {
                let from = usize::try_from(from).unwrap();
                let length = usize::try_from(length).unwrap();
                Body::Bytes(Arc::new(bytes[from..from + length].to_vec()))
            }
            Content::Disk(path, _) => {
                let mut file = File::open(path).unwrap();
                file.seek(SeekFrom::Start(from)).unwrap();
                Body::Stream(Box::new(file.take(length)), Some(length))
            }
        }
    }

    /// The answer to a request for it.
    pub(crate) fn answer(&self, request: &Request) -> Response {
        let headers = vec![("ETag", self.etag.clone()), ("Last-Modified", http_date(self.modified))];
        if self.is_known_to(request) {
            return Response { status: 304, headers, body: Body::Bytes(Arc::default()) };
        }
        let length = self.length();
        let mut response = Response { status: 200, headers, body: self.part(0, length) };
        response = response.with("Content-Type", self.content_type).with("Accept-Ranges", "bytes");
        let Some(range) = request.header("range").filter(|_| self.is_the_same_for(request)) else { return response };
        match parse_range(range, length) {
            Some(Some((from, to))) => {
                response.status = 206;
                response.body = self.part(from, to - from + 1);
                response.with("Content-Range", format!("bytes {from}-{to}/{length}"))
            }
            Some(None) => Response::empty(416).with("Content-Range", format!("bytes */{length}")),
            // What is not understood is ignored.
            None => response,
        }
    }

    /// Whether the client holds this very file.
    fn is_known_to(&self, request: &Request) -> bool {
        if let Some(tags) = request.header("if-none-match") {
            let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(&self.etag));
        }
        let since = request.header("if-modified-since").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        since.is_some_and(|since| self.modified.as_second() <= since.timestamp().as_second())
    }

    /// Whether the part that the client holds is of this very file; a weak tag never proves that.
    fn is_the_same_for(&self, request: &Request) -> bool {
        match request.header("if-range") {
            None => true,
            Some(tag) if tag.starts_with('"') => tag == self.etag,
            Some(date) => date == http_date(self.modified),
        }
    }
}

/// A range of bytes, both ends included: none inside where nothing of the file lies in it, none at all where it is not one
/// simple range.
fn parse_range(range: &str, length: u64) -> Option<Option<(u64, u64)>> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    if from.is_empty() {
        let last: u64 = to.parse().ok()?;
        return Some((last > 0 && length > 0).then(|| (length.saturating_sub(last), length.saturating_sub(1))));
    }
    let from: u64 = from.parse().ok()?;
    let to: u64 = if to.is_empty() { u64::MAX } else { to.parse().ok()? };
    (from <= to).then_some((from < length).then(|| (from, to.min(length.saturating_sub(1)))))
}

/// A short digest of some bytes, in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
