//! Leaves out what nobody holds any more: an index in which updates have left too many dead bytes is copied without
//! them. Nothing is read anew from its JSON; only places change.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use super::base::Base;
use super::blocks::{Block, write_block};
use super::coding::Encoder;
use super::entry::{moved, place_of};
use super::finish::write_end;
use super::format::{Header, PAGE, Section};
use super::holdings::{Holding, Item};
use super::pages::{PageWriter, ReadError};
use super::table::{Slot, encode};

/// Where each item that is held stood, and where it stands now, in the order of the places.
struct Moves(Vec<(u64, u64)>);

impl Moves {
    fn of(&self, place: u64) -> Result<u64, ReadError> {
        let at = self.0.binary_search_by_key(&place, |(old, _)| *old).map_err(|_| ReadError::Altered)?;
        Ok(self.0[at].1)
    }
}

/// Writes what `base` holds into a new file.
pub(super) fn compact(base: &Base, file: File) -> Result<(), ReadError> {
    let mut out = PageWriter::new(BufWriter::with_capacity(1 << 18, file))?;
    let moves = records(base, &mut out)?;
    let records = Section { offset: PAGE as u64, length: out.position() - PAGE as u64 };
    let mut header = Header { records, ..Header::default() };
    header.blocks.offset = out.position();
    let packages = blocks(base, &moves, &mut out)?;
    header.blocks.length = out.position() - header.blocks.offset;
    header.packages = out.section(&encode(packages))?;
    let ids = base.index.ids.all(&base.index.pages)?;
    let ids = ids.into_iter().map(|(hash, place)| Ok((hash, moves.of(place)?)));
    header.ids = out.section(&encode(ids.collect::<Result<_, ReadError>>()?))?;
    let mut lists = BTreeMap::new();
    for (key, list) in &base.lists {
        let place = |holding: &Holding| {
            let item = Item { place: moves.of(holding.item.place)?, ..holding.item };
            Ok(Holding { item, ..*holding })
        };
        lists.insert(key, list.iter().map(place).collect::<Result<Vec<Holding>, ReadError>>()?);
    }
    write_end(out, header, &base.index.meta, lists.iter().map(|(key, list)| (*key, list.as_slice())))
}

/// Copies every item that is held.
fn records(base: &Base, out: &mut PageWriter<BufWriter<File>>) -> Result<Moves, ReadError> {
    let items = base.lists.values().flatten().map(|holding| (holding.item.place, holding.item.length));
    let mut items: Vec<(u64, u32)> = items.collect();
    items.sort_unstable();
    items.dedup();
    let mut moves = Vec::with_capacity(items.len());
    for (place, length) in items {
        moves.push((place, out.position()));
        let length = usize::try_from(length).map_err(|_| ReadError::Altered)?;
        out.write_all(&base.index.pages.read(place, length)?)?;
    }
    Ok(Moves(moves))
}

fn blocks(base: &Base, moves: &Moves, out: &mut PageWriter<BufWriter<File>>) -> Result<Vec<Slot>, ReadError> {
    let mut slots = base.index.packages.all(&base.index.pages)?;
    for (_, place) in &mut slots {
        let bytes = base.index.sized(*place)?;
        let block = Block::decode(&bytes).ok_or(ReadError::Altered)?;
        let mut entries = Encoder::default();
        for entry in block.entries().ok_or(ReadError::Altered)? {
            let place = moves.of(place_of(entry).ok_or(ReadError::Altered)?)?;
            entries.bytes(&moved(entry, place).ok_or(ReadError::Altered)?);
        }
        *place = write_block(out, (block.ecosystem, block.name), &entries.0)?;
    }
    Ok(slots)
}
