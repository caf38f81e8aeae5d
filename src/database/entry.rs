//! What is stored of a record: a head (what a finding needs), the full record, and an entry for each package.

use std::io::Read;

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::coding::{Decoder, Encoder};
use crate::advisory::{AffectedPackage, Affects, Interval, Record};
use crate::model::{AdvisoryKind, Rating, Severity};

const KINDS: [AdvisoryKind; 5] = [
    AdvisoryKind::Malware,
    AdvisoryKind::Vulnerability,
    AdvisoryKind::Unsound,
    AdvisoryKind::Unmaintained,
    AdvisoryKind::Notice,
];

const SEVERITIES: [Severity; 6] =
    [Severity::Unknown, Severity::None, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// A full record inflates to no more than this; larger ones are rejected when the index is made.
pub(super) const MAX_RECORD: u64 = 16 << 20;

/// The head of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) aliases: Vec<String>,
    pub(super) summary: String,
    pub(super) kind: AdvisoryKind,
    pub(super) rating: Rating,
    pub(super) published: Option<i64>,
    pub(super) modified: Option<i64>,
    pub(super) cwes: Vec<String>,
    /// How long the deflated record is that follows the head.
    pub(super) deflated: u64,
}

fn code<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter().position(|known| known == value).and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
}

/// A compressor that is used again: its tables are large, and made anew for each record they leave the heap in pieces.
pub(super) struct Deflater(Compress);

impl Deflater {
    pub(super) fn new() -> Self {
        Self(Compress::new(Compression::default(), false))
    }

    fn deflate(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        self.0.reset();
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        loop {
            let taken = usize::try_from(self.0.total_in()).unwrap_or(bytes.len()).min(bytes.len());
            if self.0.compress_vec(&bytes[taken..], &mut out, FlushCompress::Finish)? == Status::StreamEnd {
                return Ok(out);
            }
            out.reserve(out.capacity());
        }
    }
}

/// The head of a record and the record itself, as they stand in the file: length, head, deflated JSON.
///
/// # Errors
/// Where the compressor fails, which memory does not.
pub(super) fn encode_record(deflater: &mut Deflater, record: &Record, json: &[u8]) -> std::io::Result<Vec<u8>> {
    let deflated = deflater.deflate(json)?;
    let mut head = Encoder::default();
    head.text(&record.id);
    head.texts(&record.aliases);
    head.text(&record.summary);
    head.byte(code(&KINDS, &record.kind));
    head.byte(code(&SEVERITIES, &record.rating.severity));
    let score = record.rating.score.map(f64::to_le_bytes);
    head.optional(score.as_ref().map(<[u8; 8]>::as_slice));
    head.optional(record.rating.vector.as_deref().map(str::as_bytes));
    head.seconds(record.published);
    head.seconds(record.modified);
    head.texts(&record.cwes);
    head.number(deflated.len() as u64);
    let length = u32::try_from(head.0.len()).map_err(std::io::Error::other)?;
    let mut out = length.to_le_bytes().to_vec();
    out.extend_from_slice(&head.0);
    out.extend_from_slice(&deflated);
    Ok(out)
}

impl Head {
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut head = Decoder(bytes);
        let id = head.text()?.to_owned();
        let aliases = head.texts()?;
        let summary = head.text()?.to_owned();
        let kind = *KINDS.get(usize::from(head.byte()?))?;
        let severity = *SEVERITIES.get(usize::from(head.byte()?))?;
        let score = match head.optional()? {
            Some(bytes) => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
            None => None,
        };
        let vector = match head.optional()? {
            Some(bytes) => Some(std::str::from_utf8(bytes).ok()?.to_owned()),
            None => None,
        };
        let source = (severity != Severity::Unknown).then(|| id.clone());
        Some(Self {
            rating: Rating { severity, score, vector, source },
            id,
            aliases,
            summary,
            kind,
            published: head.seconds()?,
            modified: head.seconds()?,
            cwes: head.texts()?,
            deflated: head.number()?,
        })
    }
}

/// Inflates a record.
pub(super) fn inflate(deflated: &[u8]) -> Option<Vec<u8>> {
    let mut json = Vec::new();
    DeflateDecoder::new(deflated).take(MAX_RECORD + 1).read_to_end(&mut json).ok()?;
    (json.len() as u64 <= MAX_RECORD).then_some(json)
}

/// A note in the place of a record that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Note {
    pub(super) id: String,
    pub(super) reason: String,
    /// The packages that it seems to be about: ecosystem and name, as written.
    pub(super) packages: Vec<(String, String)>,
}

impl Note {
    /// The note as it stands in the file: length, then the rest.
    ///
    /// # Errors
    /// Where it is too long for a length.
    pub(super) fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut note = Encoder::default();
        note.text(&self.id);
        note.text(&self.reason);
        note.number(self.packages.len() as u64);
        for (ecosystem, name) in &self.packages {
            note.text(ecosystem);
            note.text(name);
        }
        let length = u32::try_from(note.0.len()).map_err(std::io::Error::other)?;
        Ok([&length.to_le_bytes(), note.0.as_slice()].concat())
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut note = Decoder(bytes);
        let (id, reason) = (note.text()?.to_owned(), note.text()?.to_owned());
        let packages = note.list(|note| Some((note.text()?.to_owned(), note.text()?.to_owned())))?;
        Some(Self { id, reason, packages })
    }
}

/// What the index knows about a package from one record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PackageEntry {
    /// A record that can be judged.
    Judged {
        /// Where its head is.
        record: u64,
        affects: Affects,
        fixed: Vec<String>,
        os: Vec<String>,
        arch: Vec<String>,
        suffix: Option<String>,
    },
    /// A record that could not be taken.
    Rejected {
        /// Where the note on it is.
        note: u64,
    },
}

/// The first byte of an entry for a rejected record; of the others it says whether something cannot be compared.
const REJECTED: u8 = 2;

pub(super) fn encode_affected(record: u64, package: &AffectedPackage) -> Vec<u8> {
    let mut out = Encoder::default();
    out.byte(u8::from(package.affects.uncertain));
    out.number(record);
    out.number(package.affects.intervals.len() as u64);
    for interval in &package.affects.intervals {
        out.optional(interval.low.as_deref());
        out.optional(interval.high.as_ref().map(|(high, _)| high.as_ref()));
        out.byte(interval.high.as_ref().map_or(0, |(_, inclusive)| u8::from(*inclusive)));
    }
    out.number(package.affects.keys.len() as u64);
    for key in &package.affects.keys {
        out.bytes(key);
    }
    out.texts(&package.affects.texts);
    out.texts(&package.fixed);
    out.texts(&package.os);
    out.texts(&package.arch);
    out.optional(package.suffix.as_deref().map(str::as_bytes));
    out.0
}

pub(super) fn encode_rejected(note: u64) -> Vec<u8> {
    let mut out = Encoder::default();
    out.byte(REJECTED);
    out.number(note);
    out.0
}

/// Where an entry's record or note is.
pub(super) fn place_of(entry: &[u8]) -> Option<u64> {
    let mut entry = Decoder(entry);
    entry.byte()?;
    entry.number()
}

/// The same entry for a record or note that stands elsewhere.
pub(super) fn moved(entry: &[u8], place: u64) -> Option<Vec<u8>> {
    let mut rest = Decoder(entry);
    let mut out = Encoder::default();
    out.byte(rest.byte()?);
    rest.number()?;
    out.number(place);
    out.0.extend_from_slice(rest.0);
    Some(out.0)
}

impl PackageEntry {
    pub(super) fn decode(entry: &[u8]) -> Option<Self> {
        let mut entry = Decoder(entry);
        let flags = entry.byte()?;
        let record = entry.number()?;
        if flags == REJECTED {
            return Some(Self::Rejected { note: record });
        }
        let intervals = entry.list(|entry| {
            let low = entry.optional()?.map(Box::from);
            let high = entry.optional()?;
            let inclusive = entry.byte()? == 1;
            Some(Interval { low, high: high.map(|high| (Box::from(high), inclusive)) })
        })?;
        let keys = entry.list(|entry| entry.bytes().map(Box::from))?;
        let affects = Affects { intervals, keys, texts: entry.texts()?, uncertain: flags == 1 };
        let (fixed, os, arch) = (entry.texts()?, entry.texts()?, entry.texts()?);
        let suffix = match entry.optional()? {
            Some(bytes) => Some(std::str::from_utf8(bytes).ok()?.to_owned()),
            None => None,
        };
        Some(Self::Judged { record, affects, fixed, os, arch, suffix })
    }
}
