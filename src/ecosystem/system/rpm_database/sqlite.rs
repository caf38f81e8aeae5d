//! Just enough of SQLite's file format (<https://www.sqlite.org/fileformat2.html>) to read the rows of one table of a
//! database that nobody writes to. No page is visited twice, so that a hostile file costs no more than its size.

use std::collections::{BTreeSet, HashSet};

/// A database.
pub(super) struct Sqlite<'b> {
    bytes: &'b [u8],
    page_size: usize,
    /// The bytes of a page that hold content.
    usable: usize,
}

const INTERIOR: u8 = 5;
const LEAF: u8 = 13;

impl<'b> Sqlite<'b> {
    /// Opens a database; `None` where it is none.
    pub(super) fn open(bytes: &'b [u8]) -> Option<Self> {
        if !bytes.starts_with(b"SQLite format 3\0") {
            return None;
        }
        let page_size = match usize::from(u16::from_be_bytes(bytes.get(16..18)?.try_into().ok()?)) {
            1 => 65536,
            size if size >= 512 && size.is_power_of_two() => size,
            _ => return None,
        };
        let usable = page_size - usize::from(*bytes.get(20)?);
        (usable >= 480).then_some(Self { bytes, page_size, usable })
    }

    /// The first page of a table, by the table of tables.
    pub(super) fn table(&self, name: &str) -> Option<u32> {
        let (rows, _) = self.rows(1);
        rows.iter().find_map(|row| {
            let columns = columns(row, 4)?;
            let is_it = columns.first()? == b"table" && *columns.get(1)? == name.as_bytes();
            let number = columns.get(3).filter(|_| is_it)?;
            (number.len() <= 4).then(|| number.iter().fold(0, |page, &byte| (page << 8) | u32::from(byte)))
        })
    }

    /// The rows of the table that begins at a page, each as a record, and whether all of them could be read.
    pub(super) fn rows(&self, root: u32) -> (Vec<Vec<u8>>, bool) {
        let (mut rows, mut whole) = (Vec::new(), true);
        let mut seen = BTreeSet::new();
        let mut overflow = HashSet::new();
        let mut todo = vec![root];
        while let Some(page) = todo.pop() {
            let read = seen.insert(page).then(|| self.page(page)).flatten();
            let read = read.and_then(|bytes| self.b_tree(page, bytes, (&mut rows, &mut todo), &mut overflow));
            whole &= read == Some(true);
        }
        (rows, whole)
    }

    fn page(&self, number: u32) -> Option<&'b [u8]> {
        let start = usize::try_from(number).ok()?.checked_sub(1)?.checked_mul(self.page_size)?;
        self.bytes.get(start..start.checked_add(self.page_size)?)
    }

    /// Reads one page of a tree: rows of a leaf, the pages below another one. Whether every cell could be read.
    fn b_tree(
        &self,
        number: u32,
        page: &[u8],
        (rows, todo): (&mut Vec<Vec<u8>>, &mut Vec<u32>),
        overflow: &mut HashSet<u32>,
    ) -> Option<bool> {
        let header = if number == 1 { 100 } else { 0 };
        let kind = *page.get(header)?;
        let count = usize::from(u16_at(page, header + 3)?);
        let cells = header + if kind == INTERIOR { 12 } else { 8 };
        let mut whole = true;
        // Pages are taken from the end of the list.
        if kind == INTERIOR {
            todo.push(u32_at(page, header + 8)?);
        }
        for cell in (0..count).rev() {
            let at = usize::from(u16_at(page, cells + cell * 2)?);
            match kind {
                INTERIOR => todo.push(u32_at(page, at)?),
                LEAF => {}
                _ => return None,
            }
        }
        for cell in (0..count).filter(|_| kind == LEAF) {
            let at = usize::from(u16_at(page, cells + cell * 2)?);
            match self.payload(page, at, overflow) {
                Some(row) => rows.push(row),
                None => whole = false,
            }
        }
        Some(whole)
    }

    /// The record of a cell, with what of it lies on pages of its own.
    fn payload(&self, page: &[u8], at: usize, overflow: &mut HashSet<u32>) -> Option<Vec<u8>> {
        let (length, at) = varint(page, at)?;
        let (_, at) = varint(page, at)?;
        let length = usize::try_from(length).ok().filter(|&length| length <= self.bytes.len())?;
        let most = self.usable - 35;
        let local = if length <= most {
            length
        } else {
            let least = (self.usable - 12) * 32 / 255 - 23;
            let kept = least + (length - least) % (self.usable - 4);
            if kept <= most { kept } else { least }
        };
        let mut row = page.get(at..at.checked_add(local)?)?.to_vec();
        let mut next = if local < length { u32_at(page, at + local)? } else { 0 };
        while row.len() < length {
            if !overflow.insert(next) {
                return None;
            }
            let page = self.page(next)?;
            let part = (length - row.len()).min(self.usable - 4);
            row.extend_from_slice(page.get(4..4 + part)?);
            next = u32_at(page, 0)?;
        }
        Some(row)
    }
}

/// The first columns of a record, as bytes.
pub(super) fn columns(record: &[u8], most: usize) -> Option<Vec<&[u8]>> {
    let (header, mut at) = varint(record, 0)?;
    let header = usize::try_from(header).ok()?;
    let mut columns = Vec::new();
    let mut start = header;
    while at < header && columns.len() < most {
        let (kind, next) = varint(record, at)?;
        at = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        columns.push(record.get(start..end)?);
        start = end;
    }
    Some(columns)
}

/// A number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for position in 0..9 {
        let byte = *bytes.get(at.checked_add(position)?)?;
        if position == 8 {
            return Some(((number << 8) | u64::from(byte), at + 9));
        }
        number = (number << 7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((number, at + position + 1));
        }
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
