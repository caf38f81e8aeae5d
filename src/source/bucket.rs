//! The OSV bucket over HTTP (<https://google.github.io/osv.dev/data/>): for each ecosystem a list of what changed when,
//! every record by itself, and an archive of all.

use std::path::Path;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::ETAG;

use super::download::{Advance, Download, Wanted, download};
use super::{BUCKET, Client, RUSTSEC, Request, SourceError, segment};

/// How many bytes a list may have: six million rows.
const LIST: usize = 256 << 20;

/// How many bytes a record may have; what is larger is not taken into an index either.
const RECORD: usize = (16 << 20) + 1;

/// What a source says of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// It is the one with the tag that was given.
    Unchanged,
    /// The bucket has no such list.
    Missing,
    /// The list: id, and time of change in nanoseconds since 1970, in the order of the list; and its tag.
    New(Vec<(String, i64)>, Option<String>),
}

/// Where the list of an ecosystem is, below the bucket's address.
pub fn list_path(ecosystem: &str) -> String {
    format!("{}/modified_id.csv", segment(ecosystem))
}

/// Where the archive of an ecosystem is, below the bucket's address.
pub fn archive_path(ecosystem: &str) -> String {
    format!("{}/all.zip", segment(ecosystem))
}

/// Asks for an ecosystem's list of changes; `known` is the tag of the one that is known.
///
/// # Errors
/// Where there is no answer, or it is no whole list.
pub async fn list(client: &Client, ecosystem: &str, known: Option<&str>) -> Result<Listed, SourceError> {
    let mut request = Request::get(&BUCKET, list_path(ecosystem));
    if let Some(known) = known {
        request = request.with("if-none-match", known);
    }
    let mut body = Vec::new();
    let reply = client.send(&request, &mut |_, piece| collect(&mut body, piece, LIST)).await?;
    match reply.status {
        StatusCode::NOT_MODIFIED => Ok(Listed::Unchanged),
        StatusCode::NOT_FOUND => Ok(Listed::Missing),
        _ => {
            let rows = rows(&body).map_err(|reason| {
                SourceError::failed(BUCKET.id, format!("its list of changes for {ecosystem} {reason}"))
            })?;
            Ok(Listed::New(rows, reply.header(ETAG)))
        }
    }
}

/// Asks for one record; `None` where the bucket does not have it.
///
/// # Errors
/// Where there is no answer.
pub async fn record(client: &Client, ecosystem: &str, id: &str) -> Result<Option<Vec<u8>>, SourceError> {
    let request = Request::get(&BUCKET, format!("{}/{}.json", segment(ecosystem), segment(id)));
    let mut body = Vec::new();
    let reply = client.send(&request, &mut |_, piece| collect(&mut body, piece, RECORD)).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => Ok(Some(body)),
        status => Err(SourceError::failed(BUCKET.id, format!("it answered with status {status}"))),
    }
}

/// Fetches the archive of an ecosystem.
///
/// # Errors
/// As [`download`].
pub async fn archive(
    client: &Client,
    ecosystem: &str,
    (place, known): (&Path, Option<&str>),
    advance: Advance<'_>,
) -> Result<Download, SourceError> {
    let path = archive_path(ecosystem);
    download(client, Wanted { service: &BUCKET, path: &path, place, known }, advance).await
}

/// Fetches the archive of the `RustSec` database.
///
/// It is the archive over HTTPS and not the repository over git: `gix` 0.90 with its HTTP transport would add 81 crates to
/// the 177 that the program is built from (counted by `cargo tree -e normal`), and would bring a second client, with
/// bounds, redirects and mirrors of its own. An unchanged archive costs one request with its tag.
///
/// # Errors
/// As [`download`].
pub async fn rustsec(
    client: &Client,
    (place, known): (&Path, Option<&str>),
    advance: Advance<'_>,
) -> Result<Download, SourceError> {
    download(client, Wanted { service: &RUSTSEC, path: "", place, known }, advance).await
}

/// Collects a body, which begins with no bytes at each attempt.
fn collect(body: &mut Vec<u8>, piece: &[u8], largest: usize) -> Result<(), String> {
    if piece.is_empty() {
        body.clear();
    }
    if body.len() + piece.len() > largest {
        return Err(format!("its answer is larger than {largest} bytes"));
    }
    body.extend_from_slice(piece);
    Ok(())
}

/// The rows of a list: a time, a comma, an id. Every row ends with a line feed: one that does not was cut off, wherever
/// in its id.
fn rows(body: &[u8]) -> Result<Vec<(String, i64)>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "is no text".to_owned())?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("is cut off".to_owned());
    }
    let row = |(at, line): (usize, &str)| {
        let parsed = || {
            let (time, id) = line.split_once(',')?;
            let nanoseconds = time.trim().parse::<Timestamp>().ok()?.as_nanosecond();
            let is_id = !id.is_empty() && id.len() <= 200 && !id.contains([',', '"', '/', '\\']);
            Some((id.to_owned(), i64::try_from(nanoseconds).ok()?)).filter(|_| is_id)
        };
        parsed().ok_or_else(|| format!("has no time and id in line {}", at + 1))
    };
    text.lines().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_compared_as_times() {
        let list = "2024-08-15T00:05:05Z,A-1\n2024-08-15T00:05:05.123Z,A-2\r\n2024-08-15T02:05:05+02:00,A-3\n";
        let rows = rows(list.as_bytes()).unwrap();
        assert_eq!(rows[0], ("A-1".to_owned(), 1_723_680_305_000_000_000));
        assert_eq!(rows[1], ("A-2".to_owned(), 1_723_680_305_123_000_000));
        assert_eq!(rows[2].1, rows[0].1);
    }

    #[test]
    fn a_list_that_is_cut_or_none_is_refused() {
        let whole = "2024-08-15T00:05:05Z,A-1\n2024-08-15T00:05:05Z,A-22\n";
        for length in (1..whole.len()).filter(|&length| length != 25) {
            assert_eq!(rows(&whole.as_bytes()[..length]).unwrap_err(), "is cut off", "{length}");
        }
        assert_eq!(rows(b""), Ok(Vec::new()));
        for (list, reason) in [
            ("<html>\n", "line 1"),
            ("2024-08-15T00:05:05Z,A-1\n2024-08-15,A-2\n", "line 2"),
            ("2024-08-15T00:05:05Z,\n", "line 1"),
            ("2024-08-15T00:05:05Z,../A-1\n", "line 1"),
        ] {
            assert!(rows(list.as_bytes()).unwrap_err().contains(reason), "{list:?}");
        }
        assert!(rows(&[0xff, b'\n']).is_err());
    }
}
