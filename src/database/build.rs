//! Makes an index out of records, in one pass, from nothing or from an older index. Full records go to the file as they
//! come; only what look-ups need is kept until the end.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::base::Base;
use super::blocks::{Additions, package_key};
use super::entry::{Deflater, MAX_RECORD, Note, encode_affected, encode_record, encode_rejected};
use super::holdings::{Holding, IdHash, Item, ListKey, State};
use super::pages::{PageWriter, ReadError};
use super::table::{Slot, id_hash};
use crate::advisory::Record;

/// A record as a source has it.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// Its id by its file name.
    pub id: String,
    /// Its text, or why it cannot be had.
    pub json: Result<Vec<u8>, String>,
    /// The package, where the place of the file tells.
    pub package: Option<String>,
    /// When it was changed by the source's list of changes, in nanoseconds since 1970.
    pub listed: Option<i64>,
}

/// An index in the making.
pub(super) struct Builder<'b> {
    pub(super) out: PageWriter<BufWriter<File>>,
    pub(super) base: Option<&'b Base>,
    /// Where what is written now begins.
    pub(super) start: u64,
    pub(super) additions: Additions,
    pub(super) ids: Vec<Slot>,
    /// The lists that changed, each sorted by id.
    pub(super) lists: BTreeMap<ListKey, Vec<Holding>>,
    pub(super) as_of: BTreeMap<ListKey, AsOf>,
    /// Those of the lists that came in one piece.
    pub(super) whole: BTreeSet<ListKey>,
    pub(super) notes: BTreeMap<u64, Note>,
}

/// A source's list of its records: id, and when it was changed in nanoseconds since 1970.
pub type List = Arc<Vec<(String, i64)>>;

/// When a source was seen as it is held, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AsOf {
    /// Then.
    At(i64),
    /// At the newest change of what is held of it: later nobody looked.
    Newest,
    /// At the newest change of all that was read of the source, which is one moment for all of its ecosystems.
    NewestOfSource,
    /// As before.
    Kept,
    /// At the given time, if what is held then is what the source listed at that time. If not, then as before; and after
    /// everything came in one piece, at its newest change, unless it lacks what the list has from before that.
    Listed(i64, List),
}

/// A record on its way into the file.
enum Prepared {
    /// Exactly this text is held already.
    Known(Holding),
    Ready(Box<(Record, Vec<u8>)>),
    Rejected(Note),
}

impl<'b> Builder<'b> {
    /// Begins a file. With a `base` everything that it holds is kept, but for what is changed.
    pub(super) fn new(file: File, base: Option<&'b Base>) -> Result<Self, ReadError> {
        let out = BufWriter::with_capacity(1 << 18, file);
        let out = match base {
            Some(base) => PageWriter::continued(out, &base.index.pages, base.index.header.records)?,
            None => PageWriter::new(out)?,
        };
        Ok(Self {
            start: out.position(),
            out,
            base,
            additions: Additions::default(),
            ids: Vec::new(),
            lists: BTreeMap::new(),
            as_of: BTreeMap::new(),
            whole: BTreeSet::new(),
            notes: BTreeMap::new(),
        })
    }

    /// Begins a source and ecosystem of which everything will be added: what is not added vanishes. A second time for the
    /// same one adds to what the first time gave.
    pub(super) fn begin(&mut self, key: &ListKey, as_of: AsOf) -> Session {
        let list = self.lists.entry(key.clone()).or_default();
        self.as_of.insert(key.clone(), as_of);
        Session { key: key.clone(), seen: list.iter().map(|holding| holding.id).collect() }
    }

    /// Adds records. Of two with one id in the same source and ecosystem the first counts.
    pub(super) fn add(&mut self, session: &mut Session, records: &[SourceRecord]) -> Result<(), ReadError> {
        let base = self.base.into_iter().flat_map(|base| base.lists.values());
        // What stands in the list that is being made is no other source's, and is not sorted yet.
        let written = self.lists.iter().filter(|(key, _)| **key != session.key).map(|(_, list)| list);
        let known = Texts(base.chain(written).collect());
        let prepare = |deflater: &mut Deflater, from| known.prepare(deflater, &session.key, from);
        let prepared: Vec<(IdHash, u64, Prepared)> = records.par_iter().map_init(Deflater::new, prepare).collect();
        for (from, (id, text, prepared)) in records.iter().zip(prepared) {
            if !session.seen.insert(id) {
                continue;
            }
            let holding = self.take(id, text, prepared)?;
            let holding = Holding { modified: latest(&holding, from.listed), ..holding };
            self.lists.entry(session.key.clone()).or_default().push(holding);
        }
        Ok(())
    }

    /// Ends what [`Builder::begin`] began. `keep`: what the base holds and was not added, unless it vanished.
    pub(super) fn end(&mut self, session: &Session, keep: Option<&HashSet<IdHash>>) {
        let list = self.lists.entry(session.key.clone()).or_default();
        if keep.is_none() {
            self.whole.insert(session.key.clone());
        }
        if let Some((vanished, base)) = keep.zip(self.base) {
            let held = base.lists.get(&session.key).into_iter().flatten();
            list.extend(held.filter(|holding| !session.seen.contains(&holding.id) && !vanished.contains(&holding.id)));
        }
        list.sort_unstable_by_key(|holding| holding.id);
    }

    fn take(&mut self, id: IdHash, text: u64, prepared: Prepared) -> Result<Holding, ReadError> {
        let (modified, bytes, state) = match &prepared {
            Prepared::Known(known) => return Ok(*known),
            Prepared::Ready(ready) => {
                let state = if ready.0.withdrawn { State::Withdrawn } else { State::Taken };
                (ready.0.modified_nanos, &ready.1, state)
            }
            Prepared::Rejected(note) => (None, &note.encode()?, State::Rejected),
        };
        let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
        let item = Item { place: self.out.position(), length, state };
        self.out.write_all(bytes)?;
        match prepared {
            Prepared::Known(_) => {}
            Prepared::Ready(ready) => self.show(item, &ready.0),
            Prepared::Rejected(note) => self.show_note(item, note),
        }
        Ok(Holding { id, modified, text, item })
    }

    /// Look-ups will find the record.
    pub(super) fn show(&mut self, item: Item, record: &Record) {
        self.ids.extend(record.aliases.iter().chain([&record.id]).map(|id| (id_hash(id), item.place)));
        for package in record.affected.iter().filter(|_| item.state == State::Taken) {
            let key = package_key(&package.ecosystem, &package.name);
            self.additions.add(key, &encode_affected(item.place, package));
        }
    }

    /// Look-ups will find that a record was rejected.
    pub(super) fn show_note(&mut self, item: Item, note: Note) {
        let mut packages: Vec<_> = note.packages.iter().map(|(ecosystem, name)| package_key(ecosystem, name)).collect();
        packages.sort_unstable();
        packages.dedup();
        for key in packages {
            self.additions.add(key, &encode_rejected(item.place));
        }
        self.notes.insert(item.place, note);
    }
}

/// The texts that are held already: other sources often have the same.
struct Texts<'t>(Vec<&'t Vec<Holding>>);

impl Texts<'_> {
    fn known(&self, id: IdHash, text: u64) -> Option<Holding> {
        self.0.iter().find_map(|list| {
            let at = list.binary_search_by_key(&id, |holding| holding.id).ok()?;
            list.get(at).copied().filter(|holding| holding.text == text)
        })
    }

    fn prepare(&self, deflater: &mut Deflater, key: &ListKey, from: &SourceRecord) -> (IdHash, u64, Prepared) {
        let (id, text) = (IdHash::of(&from.id), text_hash(from));
        let prepared = match self.known(id, text) {
            Some(known) => Prepared::Known(known),
            None => match ready(deflater, from) {
                Ok(ready) => Prepared::Ready(Box::new(ready)),
                Err(reason) => Prepared::Rejected(note(key, from, reason)),
            },
        };
        (id, text, prepared)
    }
}

/// What is being added to one source and ecosystem.
pub(super) struct Session {
    key: ListKey,
    seen: HashSet<IdHash>,
}

/// Two times of one change that lie no further apart than this, in nanoseconds, are one, written less and more exactly.
const ROUNDING: i64 = 1_000_000_000;

/// When a record was changed: by its own word, and where it has none, by the list's. A list that is later by more than
/// rounding speaks of a text that was not given yet.
fn latest(holding: &Holding, listed: Option<i64>) -> Option<i64> {
    match (holding.modified.filter(|_| holding.item.state != State::Rejected), listed) {
        (Some(own), Some(listed)) if listed.saturating_sub(own) < ROUNDING => Some(own.max(listed)),
        (Some(own), _) => Some(own),
        (None, listed) => listed.or(holding.modified),
    }
}

/// What tells one text of a record from another.
fn text_hash(from: &SourceRecord) -> u64 {
    match &from.json {
        Ok(json) => xxh3_64(json),
        Err(reason) => xxh3_64(format!("{}\0{reason}", from.package.as_deref().unwrap_or_default()).as_bytes()),
    }
}

fn ready(deflater: &mut Deflater, from: &SourceRecord) -> Result<(Record, Vec<u8>), String> {
    let json = from.json.as_ref().map_err(Clone::clone)?;
    if json.len() as u64 > MAX_RECORD {
        return Err(format!("it is larger than {MAX_RECORD} bytes"));
    }
    let record = Record::parse(json).map_err(|error| error.to_string())?;
    if record.id != from.id {
        return Err(format!("it stands under the id {} and says that it is {}", from.id, record.id));
    }
    let bytes = encode_record(deflater, &record, json).map_err(|error| error.to_string())?;
    Ok((record, bytes))
}

/// What can be said of a record that cannot be taken: the packages that it names, as far as it is legible.
fn note(key: &ListKey, from: &SourceRecord, reason: String) -> Note {
    let legible = from.json.as_deref().ok().and_then(|json| serde_json::from_slice::<Value>(json).ok());
    let packages = legible.iter().flat_map(|record| record.get("affected").and_then(Value::as_array)).flatten();
    let packages = packages.filter_map(|affected| {
        let package = affected.get("package")?;
        Some((package.get("ecosystem")?.as_str()?.to_owned(), package.get("name")?.as_str()?.to_owned()))
    });
    let by_place = from.package.iter().map(|package| (key.ecosystem.clone(), package.clone()));
    Note { id: from.id.clone(), reason, packages: packages.chain(by_place).collect() }
}
