//! The end of making an index: everything that look-ups need, and the header.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use super::build::{AsOf, Builder};
use super::entry::Note;
use super::format::{Header, PAGE, Section};
use super::holdings::{Holding, Item, ListKey, State, encode, lacking_of};
use super::meta::{MAX_REJECTED, Meta, Rejected, SourceMeta};
use super::pages::{PageWriter, ReadError};
use super::resolve::{Resolution, Side, resolve};
use super::table;

/// What was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    /// How many bytes of the records nobody holds any more.
    pub(super) dead: u64,
    /// How many bytes all records have.
    pub(super) records: u64,
}

/// Every list as it will be.
type Lists<'l> = BTreeMap<&'l ListKey, &'l [Holding]>;

impl Builder<'_> {
    /// Writes what remains; the file is complete then, and on the disk.
    pub(super) fn finish(mut self) -> Result<Made, ReadError> {
        let changed = std::mem::take(&mut self.lists);
        let unchanged = self.base.into_iter().flat_map(|base| &base.lists);
        let mut lists: Lists<'_> = unchanged.map(|(key, list)| (key, list.as_slice())).collect();
        lists.extend(changed.iter().map(|(key, list)| (key, list.as_slice())));
        let sides = lists.iter().map(|(&key, &new)| {
            let old = self.base.and_then(|base| base.lists.get(key));
            Side { source: key.source, old: old.map_or(&[][..], Vec::as_slice), new }
        });
        let resolution = resolve(sides.collect(), self.start);
        let gone = self.carry_out(&resolution)?;
        let records = Section { offset: PAGE as u64, length: self.out.position() - PAGE as u64 };
        let mut header = Header { records, ..Header::default() };
        let meta = self.meta(&lists)?;
        let base = self.base.map(|base| &base.index);
        let (blocks, packages) = std::mem::take(&mut self.additions).write(&mut self.out, base, &gone)?;
        header.blocks = blocks;
        header.packages = self.out.section(&table::encode(packages))?;
        let mut ids = base.map(|base| base.ids.all(&base.pages)).transpose()?.unwrap_or_default();
        ids.append(&mut self.ids);
        ids.retain(|(_, place)| !gone.contains(place));
        header.ids = self.out.section(&table::encode(ids))?;
        write_end(self.out, header, &meta, lists.into_iter())?;
        Ok(Made { dead: records.length.saturating_sub(resolution.live), records: records.length })
    }

    /// Makes look-ups find what they did not find before, and says what they are to find no more.
    fn carry_out(&mut self, resolution: &Resolution) -> Result<HashSet<u64>, ReadError> {
        let mut gone: HashSet<u64> = resolution.shadowed.iter().copied().collect();
        let Some(base) = self.base else { return Ok(gone) };
        for &item in &resolution.lost {
            gone.insert(item.place);
            base.packages(item)?.into_iter().for_each(|package| self.additions.touch(package));
        }
        for &item in &resolution.found {
            match item.state {
                State::Rejected => self.show_note(item, base.note(item)?),
                State::Taken | State::Withdrawn => self.show(item, &base.record(item)?),
            }
        }
        Ok(gone)
    }

    fn meta(&self, lists: &Lists<'_>) -> Result<Meta, ReadError> {
        let newest: BTreeMap<&ListKey, Option<i64>> = lists.iter().map(|(key, list)| (*key, newest(list))).collect();
        let mut meta = Meta { made_by: env!("CARGO_PKG_VERSION").to_owned(), ..Meta::default() };
        for (&key, list) in lists {
            let count = |state| list.iter().filter(|holding| holding.item.state == state).count() as u64;
            meta.sources.push(SourceMeta {
                name: key.source.as_str().to_owned(),
                ecosystem: key.ecosystem.clone(),
                as_of: self.as_of(key, list, &newest),
                records: count(State::Taken) + count(State::Withdrawn),
                withdrawn: count(State::Withdrawn),
                rejected: count(State::Rejected),
                newest: newest[key],
            });
        }
        meta.sources.sort_by(|a, b| (&a.ecosystem, &a.name).cmp(&(&b.ecosystem, &b.name)));
        let rejected = lists.iter().flat_map(|(key, list)| list.iter().map(move |holding| (*key, holding.item)));
        for (key, item) in rejected.filter(|(_, item)| item.state == State::Rejected).take(MAX_REJECTED) {
            let note = self.note(item)?;
            let package = note.packages.into_iter().next().map(|(_, name)| name);
            meta.rejected.push(Rejected {
                ecosystem: key.ecosystem.clone(),
                id: note.id,
                package,
                reason: note.reason,
            });
        }
        meta.rejected.sort();
        Ok(meta)
    }

    /// When a list was seen as it is held.
    fn as_of(&self, key: &ListKey, list: &[Holding], newest: &BTreeMap<&ListKey, Option<i64>>) -> Option<i64> {
        let before = || self.base?.index.meta.source(key.source.as_str(), &key.ecosystem)?.as_of;
        match self.as_of.get(key).unwrap_or(&AsOf::Kept) {
            AsOf::At(time) => Some(*time),
            AsOf::Newest => newest[key],
            AsOf::NewestOfSource => {
                let together = newest.iter().filter(|(other, _)| other.source == key.source);
                let together = together.filter(|(other, _)| self.as_of.get(other) == Some(&AsOf::NewestOfSource));
                together.filter_map(|(_, newest)| *newest).max()
            }
            AsOf::Kept => before(),
            AsOf::Listed(time, listed) => {
                let lacking = lacking_of(list, listed);
                // A change that is dated far in the future would keep the index from ever growing old.
                let newest = newest[key].filter(|newest| newest.saturating_sub(*time) <= DAY);
                if lacking.is_empty() {
                    return Some(*time).max(newest);
                }
                if !self.whole.contains(key) {
                    return before();
                }
                newest.filter(|newest| lacking.iter().all(|(_, time)| time.div_euclid(SECOND) > *newest))
            }
        }
    }

    fn note(&self, item: Item) -> Result<Note, ReadError> {
        match (self.notes.get(&item.place), self.base) {
            (Some(note), _) => Ok(note.clone()),
            (None, Some(base)) => base.note(item),
            (None, None) => Err(ReadError::Altered),
        }
    }
}

/// A day in seconds: no clock is further off.
const DAY: i64 = 24 * 3600;

/// A second in nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// The newest change of a record, in seconds since 1970.
fn newest(list: &[Holding]) -> Option<i64> {
    let taken = list.iter().filter(|holding| holding.item.state != State::Rejected);
    taken.filter_map(|holding| holding.modified).max().map(|nanoseconds| nanoseconds.div_euclid(SECOND))
}

/// Writes meta data, holdings, checksums and header behind the tables.
pub(super) fn write_end<'l>(
    mut out: PageWriter<io::BufWriter<File>>,
    mut header: Header,
    meta: &Meta,
    lists: impl Iterator<Item = (&'l ListKey, &'l [Holding])>,
) -> Result<(), ReadError> {
    header.meta = out.section(&serde_json::to_vec(meta).map_err(io::Error::other)?)?;
    header.holdings = out.section(&encode(lists))?;
    let (mut out, header) = out.finish(header)?;
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header.encode())?;
    Ok(out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
}
