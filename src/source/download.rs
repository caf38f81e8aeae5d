//! Fetching a file that can be large: what is there when it breaks off stays, and the next attempt, of this run or of a
//! later one, asks for the rest.
//!
//! The rest is only joined to what is there if the service says by its `ETag` that both are of one file (`If-Range`,
//! <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5>).

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG};

use super::client::Reply;
use super::{Client, Request, Service, SourceError};

/// What became of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Download {
    /// The file is the one with the tag that was given.
    Unchanged,
    /// The service has no such file.
    Missing,
    /// It is there, with this tag.
    Whole {
        /// The `ETag` that the service gave.
        etag: Option<String>,
    },
}

/// How much of a file is there: bytes, and of how many, where the service says.
pub type Advance<'a> = &'a dyn Fn(u64, Option<u64>);

/// What to fetch.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// From where.
    pub service: &'static Service,
    /// The path below the service's address, encoded.
    pub path: &'w str,
    /// Where to put it. The tag lies beside it until it is taken away by [`discard`].
    pub place: &'w Path,
    /// The tag of what is known already.
    pub known: Option<&'w str>,
}

/// Fetches a file.
///
/// # Errors
/// Where the service does not give it, or it cannot be written. What came stays for the next time.
pub async fn download(client: &Client, wanted: Wanted<'_>, advance: Advance<'_>) -> Result<Download, SourceError> {
    let failed = |error: io::Error| {
        SourceError::failed(wanted.service.id, format!("{} cannot be written: {error}", wanted.place.display()))
    };
    let part = RefCell::new(Part::open(wanted.place).map_err(failed)?);
    // A second time only where what is there turns out to be no part of the file.
    for _ in 0..2 {
        let request = || part.borrow().request(&wanted);
        let reply =
            client.send_anew(&request, &mut |reply, piece| part.borrow_mut().take(reply, piece, advance)).await?;
        let mut part = part.borrow_mut();
        match reply.status {
            StatusCode::NOT_MODIFIED => return Ok(Download::Unchanged),
            StatusCode::NOT_FOUND => return Ok(Download::Missing),
            StatusCode::RANGE_NOT_SATISFIABLE if !part.is_all(&reply) => part.empty().map_err(failed)?,
            _ => {
                part.file.flush().map_err(failed)?;
                return Ok(Download::Whole { etag: part.etag.clone() });
            }
        }
    }
    Err(SourceError::failed(wanted.service.id, "it gives no part of a file that it gave a part of"))
}

/// Removes a file that was fetched and what was kept beside it.
///
/// # Errors
/// Where the file system says no.
pub fn discard(place: &Path) -> io::Result<()> {
    for path in [place.to_owned(), tag_of(place)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Where the tag of a file lies.
fn tag_of(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".etag");
    PathBuf::from(name)
}

/// What is there of a file.
struct Part {
    file: File,
    tag: PathBuf,
    length: u64,
    /// How long the whole is.
    whole: Option<u64>,
    etag: Option<String>,
}

impl Part {
    fn open(place: &Path) -> io::Result<Self> {
        let mut file = File::options().write(true).create(true).truncate(false).open(place)?;
        let length = file.seek(SeekFrom::End(0))?;
        let etag = fs::read_to_string(tag_of(place)).ok();
        let mut part = Self { file, tag: tag_of(place), length, whole: None, etag };
        // Nothing can be joined to what has no tag.
        if part.etag.is_none() {
            part.empty()?;
        }
        Ok(part)
    }

    fn empty(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.length, self.etag) = (0, None);
        match fs::remove_file(&self.tag) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn request(&self, wanted: &Wanted<'_>) -> Request {
        // What cannot be joined is not asked for.
        let first = if self.etag.as_deref().is_some_and(is_strong) { self.length } else { 0 };
        let request = Request::get(wanted.service, wanted.path).with("range", format!("bytes={first}-"));
        match (&self.etag, wanted.known) {
            (Some(etag), _) if first > 0 => request.with("if-range", etag.clone()),
            (_, Some(known)) => request.with("if-none-match", known),
            _ => request,
        }
    }

    fn take(&mut self, reply: &Reply, piece: &[u8], advance: Advance<'_>) -> Result<(), String> {
        let taken = if piece.is_empty() { self.begin(reply) } else { self.write(reply, piece) };
        taken.map_err(|error| format!("what it sends cannot be kept: {error}"))?;
        advance(self.length, self.whole);
        Ok(())
    }

    fn begin(&mut self, reply: &Reply) -> io::Result<()> {
        let etag = reply.header(ETAG);
        if reply.status == StatusCode::PARTIAL_CONTENT {
            let (first, whole) = range(reply).ok_or_else(|| io::Error::other("it does not say which part it is"))?;
            if first == 0 {
                self.empty()?;
            } else if first != self.length || (etag.is_some() && etag != self.etag) {
                return Err(io::Error::other("it is not the part that was asked for"));
            }
            self.whole = Some(whole);
        } else if reply.status.is_success() {
            self.empty()?;
            self.whole = reply.header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
        } else {
            return Ok(());
        }
        if self.length == 0 {
            self.etag = etag;
            if let Some(etag) = self.etag.as_ref().filter(|etag| is_strong(etag)) {
                fs::write(&self.tag, etag)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, reply: &Reply, piece: &[u8]) -> io::Result<()> {
        if reply.status.is_success() {
            self.file.write_all(piece)?;
            self.length += piece.len() as u64;
        }
        Ok(())
    }

    /// Whether a service that has no more bytes means that all are there.
    fn is_all(&self, reply: &Reply) -> bool {
        let header = reply.header(CONTENT_RANGE);
        let whole = header.as_deref().and_then(|range| range.strip_prefix("bytes */")?.parse::<u64>().ok());
        self.length > 0 && whole == Some(self.length)
    }
}

/// Whether a tag says that the bytes are the same; a weak one speaks of the meaning alone.
fn is_strong(etag: &str) -> bool {
    etag.starts_with('"')
}

/// The first byte of a part, and how many the whole has (`bytes 5-9/10`).
fn range(reply: &Reply) -> Option<(u64, u64)> {
    let header = reply.header(CONTENT_RANGE)?;
    let (part, whole) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = part.split_once('-')?;
    Some((first.parse().ok()?, whole.parse().ok()?))
}
