//! The blocks of the packages: what every record says of one package, in one place. An update writes those anew that
//! it touches, and copies the rows of untouched ones between them.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use super::coding::{Decoder, Encoder};
use super::entry::place_of;
use super::format::Section;
use super::index::Index;
use super::pages::{PageWriter, ReadError};
use super::table::{Slot, package_hash};
use crate::model::{Ecosystem, normalize_name};

/// A package: the hash by which it is found, OSV's name of its ecosystem, its name in normal form.
pub(super) type PackageKey = (u64, Box<str>, Box<str>);

/// The key of a package whose names may be written in any way.
pub(super) fn package_key(ecosystem: &str, name: &str) -> PackageKey {
    let ecosystem = Ecosystem::canonical_name(ecosystem.split(':').next().unwrap_or(ecosystem));
    let name = normalize_name(ecosystem, name);
    (package_hash(ecosystem, &name), Box::from(ecosystem), Box::from(name.as_ref()))
}

/// A block as it is read: the names, and the entries with their lengths.
pub(super) struct Block<'b> {
    pub(super) ecosystem: &'b str,
    pub(super) name: &'b str,
    entries: &'b [u8],
}

impl<'b> Block<'b> {
    pub(super) fn decode(bytes: &'b [u8]) -> Option<Self> {
        let mut block = Decoder(bytes);
        Some(Self { ecosystem: block.text()?, name: block.text()?, entries: block.0 })
    }

    pub(super) fn entries(&self) -> Option<Vec<&'b [u8]>> {
        entries(self.entries)
    }
}

fn entries(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = Decoder(bytes);
    let mut entries = Vec::new();
    while !rest.0.is_empty() {
        entries.push(rest.bytes()?);
    }
    Some(entries)
}

/// Appends a block to the file and says where it is.
pub(super) fn write_block<W: Write>(
    out: &mut PageWriter<W>,
    (ecosystem, name): (&str, &str),
    entries: &[u8],
) -> io::Result<u64> {
    let place = out.position();
    let mut head = Encoder::default();
    head.text(ecosystem);
    head.text(name);
    let length = u32::try_from(head.0.len() + entries.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&head.0)?;
    out.write_all(entries)?;
    Ok(place)
}

/// What an update adds to packages, and which others it touches.
#[derive(Debug, Default)]
pub(super) struct Additions(BTreeMap<PackageKey, Vec<u8>>);

impl Additions {
    /// The package's block is to be written anew.
    pub(super) fn touch(&mut self, key: PackageKey) {
        self.0.entry(key).or_default();
    }

    pub(super) fn add(&mut self, key: PackageKey, entry: &[u8]) {
        let mut sized = Encoder(std::mem::take(self.0.entry(key.clone()).or_default()));
        sized.bytes(entry);
        self.0.insert(key, sized.0);
    }

    /// Writes all blocks: those of `base`, without the entries for what is `gone`, with what was added.
    pub(super) fn write<W: Write>(
        self,
        out: &mut PageWriter<W>,
        base: Option<&Index>,
        gone: &HashSet<u64>,
    ) -> Result<(Section, Vec<Slot>), ReadError> {
        let offset = out.position();
        let mut slots = Vec::new();
        let mut old = base.map(OldBlocks::open).transpose()?;
        let mut added = self.0.into_iter().peekable();
        while let Some(((hash, ecosystem, name), entries)) = added.next() {
            let mut same = BTreeMap::from([((ecosystem, name), entries)]);
            while let Some(((_, ecosystem, name), entries)) = added.next_if(|((other, ..), _)| *other == hash) {
                same.insert((ecosystem, name), entries);
            }
            if let Some(old) = &mut old {
                old.copy_before(hash, out, &mut slots)?;
                old.take(hash, &mut same)?;
            }
            for ((ecosystem, name), entries) in same {
                let entries = without(entries, gone).ok_or(ReadError::Altered)?;
                if !entries.is_empty() {
                    slots.push((hash, write_block(out, (&ecosystem, &name), &entries)?));
                }
            }
        }
        if let Some(old) = &mut old {
            old.copy_to(old.slots.len(), out, &mut slots)?;
        }
        Ok((Section { offset, length: out.position() - offset }, slots))
    }
}

fn without(sized: Vec<u8>, gone: &HashSet<u64>) -> Option<Vec<u8>> {
    if gone.is_empty() {
        return Some(sized);
    }
    let mut kept = Encoder::default();
    for entry in entries(&sized)? {
        if !gone.contains(&place_of(entry)?) {
            kept.bytes(entry);
        }
    }
    Some(kept.0)
}

/// How much is copied at once.
const RUN: u64 = 1 << 20;

/// The blocks of the index that is brought up to date, in the order of their hashes.
struct OldBlocks<'i> {
    index: &'i Index,
    slots: Vec<Slot>,
    at: usize,
}

impl<'i> OldBlocks<'i> {
    fn open(index: &'i Index) -> Result<Self, ReadError> {
        Ok(Self { index, slots: index.packages.all(&index.pages)?, at: 0 })
    }

    /// Where a block begins, or the last one ends.
    fn start(&self, at: usize) -> u64 {
        self.slots.get(at).map_or(self.index.header.blocks.end(), |(_, place)| *place)
    }

    fn copy_before<W: Write>(
        &mut self,
        hash: u64,
        out: &mut PageWriter<W>,
        slots: &mut Vec<Slot>,
    ) -> Result<(), ReadError> {
        let to = self.at + self.slots[self.at..].partition_point(|slot| slot.0 < hash);
        self.copy_to(to, out, slots)
    }

    /// Copies the blocks up to a slot: they stand in the order of the slots.
    fn copy_to<W: Write>(
        &mut self,
        to: usize,
        out: &mut PageWriter<W>,
        slots: &mut Vec<Slot>,
    ) -> Result<(), ReadError> {
        let (mut from, end) = (self.start(self.at), self.start(to));
        for (hash, place) in &self.slots[self.at..to] {
            let within = place.checked_sub(from).ok_or(ReadError::Altered)?;
            slots.push((*hash, out.position() + within));
        }
        while from < end {
            let length = RUN.min(end - from);
            let bytes = self.index.pages.read(from, usize::try_from(length).map_err(|_| ReadError::Altered)?)?;
            out.write_all(&bytes)?;
            from += length;
        }
        self.at = to;
        Ok(())
    }

    /// Puts what the old blocks with that hash hold before what is new.
    fn take(&mut self, hash: u64, same: &mut BTreeMap<(Box<str>, Box<str>), Vec<u8>>) -> Result<(), ReadError> {
        while let Some(&(_, place)) = self.slots.get(self.at).filter(|slot| slot.0 == hash) {
            let bytes = self.index.sized(place)?;
            let block = Block::decode(&bytes).ok_or(ReadError::Altered)?;
            let new = same.entry((Box::from(block.ecosystem), Box::from(block.name))).or_default();
            let mut joined = block.entries.to_vec();
            joined.append(new);
            *new = joined;
            self.at += 1;
        }
        Ok(())
    }
}
