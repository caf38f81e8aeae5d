//! Hash tables on pages: a directory of buckets, a byte of each hash, and the entries, sorted by their 64-bit hash. Most
//! look-ups are for what is not there, and end at the bytes: a thousand of them read a few hundred kilobytes of a table of
//! any size, in its order. None compares text.

use xxhash_rust::xxh3::xxh3_64;

use super::format::Section;
use super::pages::{Pages, ReadError};

/// A hash and a place in the file.
pub(super) type Slot = (u64, u64);

const SLOT: u64 = 16;

/// The hash of a package's ecosystem and normal name.
pub(super) fn package_hash(ecosystem: &str, name: &str) -> u64 {
    let mut key = Vec::with_capacity(ecosystem.len() + 1 + name.len());
    key.extend_from_slice(ecosystem.as_bytes());
    key.push(0);
    key.extend_from_slice(name.as_bytes());
    xxh3_64(&key)
}

/// The hash of an advisory id; ids differ in no more than case.
pub(super) fn id_hash(id: &str) -> u64 {
    xxh3_64(id.to_ascii_lowercase().as_bytes())
}

/// How many bits of a hash choose its bucket: about four entries in each.
fn bucket_bits(entries: usize) -> u32 {
    (entries / 4).max(1).next_power_of_two().trailing_zeros()
}

fn bucket(hash: u64, bits: u32) -> u64 {
    hash.checked_shr(64 - bits).unwrap_or(0)
}

/// The byte of a hash that stands before the slots. The upper bits choose the bucket, so it is taken from the lower ones.
fn tag(hash: u64) -> u8 {
    hash.to_le_bytes()[0]
}

/// The table of slots: the number of bits and of slots, the directory, a byte of each hash, the slots.
pub(super) fn encode(mut slots: Vec<Slot>) -> Vec<u8> {
    slots.sort_unstable();
    slots.dedup();
    let bits = bucket_bits(slots.len());
    let mut out = u64::from(bits).to_le_bytes().to_vec();
    out.extend_from_slice(&(slots.len() as u64).to_le_bytes());
    let mut at = 0;
    for number in 0..1_u64 << bits {
        while slots.get(at).is_some_and(|(hash, _)| bucket(*hash, bits) < number) {
            at += 1;
        }
        out.extend_from_slice(&u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes());
    }
    out.extend_from_slice(&u32::try_from(slots.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(slots.iter().map(|(hash, _)| tag(*hash)));
    for (hash, place) in slots {
        out.extend_from_slice(&hash.to_le_bytes());
        out.extend_from_slice(&place.to_le_bytes());
    }
    out
}

/// A table in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    bits: u32,
    directory: u64,
    tags: u64,
    slots: u64,
}

impl Table {
    pub(super) fn open(pages: &Pages, section: Section) -> Result<Self, ReadError> {
        let head = pages.read(section.offset, 16)?;
        let bits = u32::try_from(number(&head, 0)?).ok().filter(|&bits| bits < 32).ok_or(ReadError::Altered)?;
        let directory = section.offset + 16;
        let tags = directory + 4 * ((1 << bits) + 1);
        let slots = tags.checked_add(number(&head, 8)?).ok_or(ReadError::Altered)?;
        Ok(Self { bits, directory, tags, slots })
    }

    /// Every slot, in order.
    pub(super) fn all(&self, pages: &Pages) -> Result<Vec<Slot>, ReadError> {
        let count = self.slots - self.tags;
        let mut slots = Vec::with_capacity(usize::try_from(count.min(pages.bytes() / SLOT)).unwrap_or_default());
        let mut at = 0;
        while at < count {
            let some = (count - at).min(1 << 16);
            let length = usize::try_from(some * SLOT).map_err(|_| ReadError::Altered)?;
            let bytes = pages.read(self.slots + at * SLOT, length)?;
            for slot in bytes.chunks_exact(16) {
                slots.push((number(slot, 0)?, number(slot, 8)?));
            }
            at += some;
        }
        Ok(slots)
    }

    /// The places of every entry with that hash.
    pub(super) fn places(&self, pages: &Pages, hash: u64) -> Result<Vec<u64>, ReadError> {
        let bounds = number(&pages.read(self.directory + 4 * bucket(hash, self.bits), 8)?, 0)?;
        let (first, last) = (bounds & 0xffff_ffff, bounds >> 32);
        let count = usize::try_from(last.saturating_sub(first)).map_err(|_| ReadError::Altered)?;
        let tags = pages.read(self.tags + first, count)?;
        let mut places = Vec::new();
        for at in (first..last).zip(tags).filter(|(_, known)| *known == tag(hash)).map(|(at, _)| at) {
            let slot = pages.read(self.slots + at * SLOT, 16)?;
            if number(&slot, 0)? == hash {
                places.push(number(&slot, 8)?);
            }
        }
        Ok(places)
    }
}

fn number(bytes: &[u8], at: usize) -> Result<u64, ReadError> {
    let bytes = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).ok_or(ReadError::Altered)?;
    Ok(u64::from_le_bytes(bytes))
}
