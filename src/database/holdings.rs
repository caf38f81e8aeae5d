//! What an index holds of each source: for every record its id, when it was changed and where it stands, so that an
//! update learns what is new from a list of changes without reading a record.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::coding::{Decoder, Encoder};
use super::format::Section;
use super::pages::{Pages, ReadError};

/// A source of records. What comes first is believed first: where `RustSec`'s own files have the record that OSV has as
/// well, they say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceName {
    /// The `RustSec` database (<https://github.com/RustSec/advisory-db>).
    RustSec,
    /// The OSV bucket (<https://google.github.io/osv.dev/data/>).
    Osv,
}

impl SourceName {
    /// The name that users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RustSec => "rustsec",
            Self::Osv => "osv",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::RustSec, Self::Osv].into_iter().find(|known| known.as_str() == name)
    }
}

/// What names a list of holdings: a source and OSV's name of an ecosystem. The order is the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListKey {
    pub(super) source: SourceName,
    pub(super) ecosystem: String,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Taken,
    /// Taken back by its authors: it can be explained and matches nothing.
    Withdrawn,
    /// It could not be read; a note stands in its place.
    Rejected,
}

/// A record, or the note on a rejected one, in the section of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) place: u64,
    pub(super) length: u32,
    pub(super) state: State,
}

/// One record of one source. Sources that say the same of an id share the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) id: IdHash,
    /// When it was changed, in nanoseconds since 1970: by its own word, else by the source's list.
    pub(super) modified: Option<i64>,
    /// The hash of its text as the source has it.
    pub(super) text: u64,
    pub(super) item: Item,
}

/// The hash of an id as the source writes it, in two halves: there are many, and a `u128` would leave gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdHash(u64, u64);

impl IdHash {
    /// The hash of an id.
    pub fn of(id: &str) -> Self {
        let [upper, lower] = [64, 0].map(|shift| xxh3_128(id.as_bytes()) >> shift & u128::from(u64::MAX));
        Self(u64::try_from(upper).unwrap_or_default(), u64::try_from(lower).unwrap_or_default())
    }
}

/// Id, time, hash of the text, place with the state in its upper two bits, length.
const ENCODED: usize = 16 + 8 + 8 + 8 + 4;

const STATE_SHIFT: u32 = 62;

impl Holding {
    fn encode(&self, out: &mut Vec<u8>) {
        let state = match self.item.state {
            State::Taken => 0,
            State::Withdrawn => 1,
            State::Rejected => 2,
        };
        out.extend_from_slice(&self.id.0.to_le_bytes());
        out.extend_from_slice(&self.id.1.to_le_bytes());
        out.extend_from_slice(&self.modified.unwrap_or(i64::MIN).to_le_bytes());
        out.extend_from_slice(&self.text.to_le_bytes());
        out.extend_from_slice(&(self.item.place | state << STATE_SHIFT).to_le_bytes());
        out.extend_from_slice(&self.item.length.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (upper, rest) = bytes.split_first_chunk()?;
        let (lower, rest) = rest.split_first_chunk()?;
        let (modified, rest) = rest.split_first_chunk()?;
        let (text, rest) = rest.split_first_chunk()?;
        let (place, rest) = rest.split_first_chunk()?;
        let place = u64::from_le_bytes(*place);
        let state = match place >> STATE_SHIFT {
            0 => State::Taken,
            1 => State::Withdrawn,
            2 => State::Rejected,
            _ => return None,
        };
        let length = u32::from_le_bytes(rest.try_into().ok()?);
        Some(Self {
            id: IdHash(u64::from_le_bytes(*upper), u64::from_le_bytes(*lower)),
            modified: Some(i64::from_le_bytes(*modified)).filter(|&modified| modified != i64::MIN),
            text: u64::from_le_bytes(*text),
            item: Item { place: place & ((1 << STATE_SHIFT) - 1), length, state },
        })
    }
}

/// The section of the holdings: the length of the directory; the directory, which has the key and the length of each
/// list; the entries of the lists in that order, each list sorted by id.
pub(super) fn encode<'l>(lists: impl Iterator<Item = (&'l ListKey, &'l [Holding])>) -> Vec<u8> {
    let (mut directory, mut entries) = (Encoder::default(), Vec::new());
    for (key, list) in lists {
        directory.text(key.source.as_str());
        directory.text(&key.ecosystem);
        directory.number(list.len() as u64);
        entries.reserve(list.len() * ENCODED);
        list.iter().for_each(|holding| holding.encode(&mut entries));
    }
    let mut out = (directory.0.len() as u64).to_le_bytes().to_vec();
    out.append(&mut directory.0);
    out.append(&mut entries);
    out
}

/// Where the entries of each list are.
pub(super) fn directory(pages: &Pages, section: Section) -> Result<Vec<(ListKey, Section)>, ReadError> {
    let length = pages.read(section.offset, 8)?;
    let length = u64::from_le_bytes(length.try_into().map_err(|_| ReadError::Altered)?);
    let entries = section.offset.checked_add(8).and_then(|offset| offset.checked_add(length));
    let mut offset = entries.filter(|&offset| offset <= section.end()).ok_or(ReadError::Altered)?;
    let directory = pages.read(section.offset + 8, usize::try_from(length).map_err(|_| ReadError::Altered)?)?;
    let mut directory = Decoder(&directory);
    let mut lists = Vec::new();
    while !directory.0.is_empty() {
        let mut list = || {
            let key = ListKey { source: SourceName::of(directory.text()?)?, ecosystem: directory.text()?.to_owned() };
            Some((key, directory.number()?.checked_mul(ENCODED as u64)?))
        };
        let (key, length) = list().ok_or(ReadError::Altered)?;
        lists.push((key, Section { offset, length }));
        offset = offset.checked_add(length).filter(|&end| end <= section.end()).ok_or(ReadError::Altered)?;
    }
    Ok(lists)
}

/// The entries of a list.
pub(super) fn list(pages: &Pages, section: Section) -> Result<Vec<Holding>, ReadError> {
    let entries = pages.read(section.offset, usize::try_from(section.length).map_err(|_| ReadError::Altered)?)?;
    let entries = entries.chunks_exact(ENCODED).map(Holding::decode);
    entries.collect::<Option<_>>().ok_or(ReadError::Altered)
}

/// What the index holds of one source and ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings(pub(super) Vec<Holding>);

/// How a list of changes differs from what is held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference<'l> {
    /// What is new or was changed since, sorted: id and time of change.
    pub changed: Vec<&'l (String, i64)>,
    /// What is held and not listed any more.
    pub vanished: Vec<IdHash>,
}

impl Holdings {
    /// How many records there are, rejected ones counted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares what is held with a source's list of ids and times (nanoseconds since 1970). A record that is held as of
    /// a later time than the list says is not changed: the list is older than it.
    pub fn compare<'l>(&self, listed: &'l [(String, i64)]) -> Difference<'l> {
        let ids = sorted(listed);
        let is_listed = |id: &IdHash| ids.binary_search_by_key(id, |(id, _)| *id).is_ok();
        let vanished = self.0.iter().map(|holding| holding.id).filter(|id| !is_listed(id)).collect();
        Difference { changed: lacking(&self.0, &ids), vanished }
    }

    /// What of a list is not held, or only as of an earlier time: [`Difference::changed`] alone.
    pub fn lacking<'l>(&self, listed: &'l [(String, i64)]) -> Vec<&'l (String, i64)> {
        lacking_of(&self.0, listed)
    }
}

/// [`Holdings::lacking`] of entries that are sorted by id.
pub(super) fn lacking_of<'l>(held: &[Holding], listed: &'l [(String, i64)]) -> Vec<&'l (String, i64)> {
    lacking(held, &sorted(listed))
}

/// A list in the order of the hashes of its ids. Of rows with one id the last change counts.
fn sorted(listed: &[(String, i64)]) -> Vec<(IdHash, &(String, i64))> {
    let mut ids: Vec<_> = listed.iter().map(|entry| (IdHash::of(&entry.0), entry)).collect();
    ids.sort_unstable_by_key(|(id, (_, time))| (*id, Reverse(*time)));
    ids.dedup_by_key(|(id, _)| *id);
    ids
}

fn lacking<'l>(held: &[Holding], listed: &[(IdHash, &'l (String, i64))]) -> Vec<&'l (String, i64)> {
    let mut held = held.iter().peekable();
    let mut lacking = Vec::new();
    for (id, entry) in listed {
        while held.next_if(|holding| holding.id < *id).is_some() {}
        let modified = held.next_if(|holding| holding.id == *id).and_then(|holding| holding.modified);
        if modified.is_none_or(|held| held < entry.1) {
            lacking.push(*entry);
        }
    }
    lacking.sort_unstable();
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::pages::PageWriter;

    fn holding(id: &str, modified: Option<i64>, state: State) -> Holding {
        Holding { id: IdHash::of(id), modified, text: 7, item: Item { place: 8192, length: 3, state } }
    }

    #[test]
    fn what_is_written_is_read() {
        let key = |source, ecosystem: &str| ListKey { source, ecosystem: ecosystem.to_owned() };
        let lists = [
            (key(SourceName::RustSec, "crates.io"), vec![holding("A-1", None, State::Rejected)]),
            (key(SourceName::Osv, "Rocky Linux"), vec![holding("B-1", Some(-5), State::Withdrawn)]),
            (key(SourceName::Osv, "npm"), Vec::new()),
        ];
        let bytes = encode(lists.iter().map(|(key, list)| (key, list.as_slice())));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages");
        let mut out = PageWriter::new(std::fs::File::create(&path).unwrap()).unwrap();
        let section = out.section(&bytes).unwrap();
        let (_, header) = out.finish(crate::database::format::Header::default()).unwrap();
        let pages = Pages::open(std::fs::File::open(&path).unwrap(), &header).unwrap();
        let directory = directory(&pages, section).unwrap();
        let read = directory.into_iter().map(|(key, section)| (key, list(&pages, section).unwrap()));
        assert_eq!(read.collect::<Vec<_>>(), lists);
        for length in 0..section.length {
            assert!(super::directory(&pages, Section { length, ..section }).is_err(), "length {length}");
        }
    }

    #[test]
    fn only_what_is_later_than_what_is_held_is_changed() {
        let mut holdings = Holdings(vec![
            holding("A-1", Some(5_000_000_000), State::Taken),
            holding("A-2", Some(5_000_000_000), State::Taken),
            holding("A-3", Some(5_000_000_000), State::Taken),
            holding("A-4", None, State::Rejected),
        ]);
        holdings.0.sort_by_key(|holding| holding.id);
        let listed = [("A-1", 5_000_000_000), ("A-2", 5_123_000_000), ("A-3", 4_999_000_000), ("A-4", 0), ("A-5", 1)];
        let listed = listed.map(|(id, time)| (id.to_owned(), time));
        let changed = |listed| holdings.compare(listed).changed.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
        assert_eq!(changed(&listed), ["A-2", "A-4", "A-5"]);
        let twice = [("A-1".to_owned(), 1), ("A-1".to_owned(), 5_000_000_001)];
        assert_eq!(holdings.lacking(&twice), [&twice[1]]);
        assert_eq!(holdings.compare(&listed[1..]).vanished, [IdHash::of("A-1")]);
    }
}
