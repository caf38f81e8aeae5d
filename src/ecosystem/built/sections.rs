//! Sections and segments of executables, as far as they are needed to find what a compiler left there: ELF
//! (<https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>), Mach-O
//! (<https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h>) and PE
//! (<https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>). Every number in them may be a lie: what lies
//! outside of the file is not there, and tables are bounded.

use std::io::{Read, Seek, SeekFrom};

/// How many sections, segments or load commands are looked at.
const MOST_ENTRIES: u64 = 4096;

/// The longest part that is read at once, in bytes.
const LONGEST: u64 = 16 << 20;

/// A part of the file, with the address at which it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// The name of a section; empty for a segment.
    pub(super) name: String,
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
    /// Whether a program may write there.
    pub(super) is_data: bool,
}

/// An executable that can be read at any place.
pub(super) struct Executable<R> {
    reader: R,
    is_big_endian: bool,
    is_64: bool,
    pub(super) sections: Vec<Part>,
    pub(super) segments: Vec<Part>,
}

impl<R: Read + Seek> Executable<R> {
    /// Reads the tables of an executable; `None` where it is none.
    pub(super) fn open(reader: R) -> Option<Self> {
        let mut file = Self { reader, is_big_endian: false, is_64: true, sections: Vec::new(), segments: Vec::new() };
        let magic = file.bytes(0, 4)?;
        match *magic.as_slice() {
            [0x7F, b'E', b'L', b'F'] => file.elf()?,
            [b'M', b'Z', ..] => file.pe()?,
            [0xCF, 0xFA, 0xED, 0xFE] => file.mach_o(0)?,
            [0xCE, 0xFA, 0xED, 0xFE] => {
                file.is_64 = false;
                file.mach_o(0)?;
            }
            // Of a file for several processors the first part: all are built from the same.
            [0xCA, 0xFE, 0xBA, 0xBE] => {
                file.is_big_endian = true;
                let count = file.u32(4)?;
                // A Java class has the same first bytes and a version of 45 or more.
                let offset = u64::from(file.u32(16)?);
                file.is_big_endian = false;
                if count > 40 || file.bytes(offset, 4)? != [0xCF, 0xFA, 0xED, 0xFE] {
                    return None;
                }
                file.mach_o(offset)?;
            }
            _ => return None,
        }
        Some(file)
    }

    /// That many bytes at an offset of the file; `None` where they are not there.
    pub(super) fn bytes(&mut self, offset: u64, length: u64) -> Option<Vec<u8>> {
        if length > LONGEST {
            return None;
        }
        self.reader.seek(SeekFrom::Start(offset)).ok()?;
        let mut bytes = Vec::new();
        (&mut self.reader).take(length).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 == length).then_some(bytes)
    }

    /// At most that many bytes at an offset of the file.
    pub(super) fn up_to(&mut self, offset: u64, length: u64) -> Option<Vec<u8>> {
        self.reader.seek(SeekFrom::Start(offset)).ok()?;
        let mut bytes = Vec::new();
        (&mut self.reader).take(length.min(LONGEST)).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The offset in the file of what is loaded at an address.
    pub(super) fn offset_of(&self, address: u64) -> Option<u64> {
        let part = self.segments.iter().find(|part| address >= part.address && address - part.address < part.length)?;
        part.offset.checked_add(address - part.address)
    }

    fn u16(&mut self, offset: u64) -> Option<u64> {
        let bytes = self.bytes(offset, 2)?.try_into().ok()?;
        Some(u64::from(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }))
    }

    fn u32(&mut self, offset: u64) -> Option<u32> {
        let bytes = self.bytes(offset, 4)?.try_into().ok()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&mut self, offset: u64) -> Option<u64> {
        let bytes = self.bytes(offset, 8)?.try_into().ok()?;
        Some(if self.is_big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// A number as wide as an address.
    fn word(&mut self, offset: u64) -> Option<u64> {
        if self.is_64 { self.u64(offset) } else { self.u32(offset).map(u64::from) }
    }

    fn elf(&mut self) -> Option<()> {
        let ident = self.bytes(0, 16)?;
        self.is_64 = ident.get(4) == Some(&2);
        self.is_big_endian = ident.get(5) == Some(&2);
        let wide = self.is_64;
        let [segments, sections, sizes] = if wide { [32, 40, 54] } else { [28, 32, 42] };
        let (segments, sections) = (self.word(segments)?, self.word(sections)?);
        let [segment_size, segment_count] = [self.u16(sizes)?, self.u16(sizes + 2)?];
        let [section_size, section_count, names] = [self.u16(sizes + 4)?, self.u16(sizes + 6)?, self.u16(sizes + 8)?];
        for at in 0..segment_count.min(MOST_ENTRIES) {
            let at = segments.checked_add(at * segment_size)?;
            const LOAD: u32 = 1;
            if self.u32(at)? != LOAD {
                continue;
            }
            let [flags, offset, address, length] = if wide { [4, 8, 16, 32] } else { [24, 4, 8, 16] };
            let is_data = self.u32(at + flags)? & 2 != 0;
            let (offset, address) = (self.word(at + offset)?, self.word(at + address)?);
            let length = self.word(at + length)?;
            self.segments.push(Part { name: String::new(), address, offset, length, is_data });
        }
        let name_table = sections.checked_add(names * section_size)?;
        let [address, offset, length] = if wide { [16, 24, 32] } else { [12, 16, 20] };
        // A program may well have no sections.
        let Some(texts) = self.word(name_table.checked_add(offset)?) else { return Some(()) };
        for at in 0..section_count.min(MOST_ENTRIES) {
            let at = sections.checked_add(at * section_size)?;
            let Some(name) = self.u32(at) else { break };
            let name = self.name(texts.checked_add(u64::from(name))?, 32);
            let (Some(address), Some(offset)) = (self.word(at + address), self.word(at + offset)) else { break };
            let Some(length) = self.word(at + length) else { break };
            self.sections.push(Part { name, address, offset, length, is_data: false });
        }
        Some(())
    }

    /// A text that ends with a zero, of at most that many bytes.
    fn name(&mut self, offset: u64, longest: u64) -> String {
        let bytes = self.up_to(offset, longest).unwrap_or_default();
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }

    fn mach_o(&mut self, start: u64) -> Option<()> {
        let count = u64::from(self.u32(start.checked_add(16)?)?);
        let wide = self.is_64;
        let segment_command = if wide { 0x19 } else { 1 };
        let mut at = start.checked_add(if wide { 32 } else { 28 })?;
        for _ in 0..count.min(MOST_ENTRIES) {
            let (command, size) = (self.u32(at)?, u64::from(self.u32(at.checked_add(4)?)?));
            if command == segment_command {
                self.mach_o_segment(start, at)?;
            }
            at = at.checked_add(size.max(8))?;
        }
        Some(())
    }

    fn mach_o_segment(&mut self, start: u64, at: u64) -> Option<()> {
        let [address, offset, length, protection, count, first] =
            if self.is_64 { [24, 40, 48, 60, 64, 72] } else { [24, 32, 36, 44, 48, 56] };
        let is_data = self.u32(at + protection)? & 2 != 0;
        let (address, offset) = (self.word(at + address)?, self.word(at + offset)?);
        let (offset, length) = (start.checked_add(offset)?, self.word(at + length)?);
        self.segments.push(Part { name: String::new(), address, offset, length, is_data });
        let [size, address, length, offset] = if self.is_64 { [80, 32, 40, 48] } else { [68, 32, 36, 40] };
        for section in 0..u64::from(self.u32(at + count)?).min(MOST_ENTRIES) {
            let at = at.checked_add(first + section * size)?;
            let name = self.name(at, 16);
            let (address, length) = (self.word(at + address)?, self.word(at + length)?);
            let offset = start.checked_add(u64::from(self.u32(at + offset)?))?;
            self.sections.push(Part { name, address, offset, length, is_data });
        }
        Some(())
    }

    fn pe(&mut self) -> Option<()> {
        let header = u64::from(self.u32(0x3C)?);
        if self.bytes(header, 4)? != *b"PE\0\0" {
            return None;
        }
        let (count, optional) = (self.u16(header + 6)?, self.u16(header + 20)?);
        self.is_64 = self.u16(header + 24)? == 0x20B;
        let base = if self.is_64 { self.u64(header + 48)? } else { u64::from(self.u32(header + 52)?) };
        let first = header + 24 + optional;
        for section in 0..count.min(MOST_ENTRIES) {
            let at = first + section * 40;
            let name = self.name(at, 8);
            let address = base.checked_add(u64::from(self.u32(at + 12)?))?;
            let (length, offset) = (u64::from(self.u32(at + 16)?), u64::from(self.u32(at + 20)?));
            let is_data = self.u32(at + 36)? & 0x8000_0000 != 0;
            let part = Part { name, address, offset, length, is_data };
            self.segments.push(Part { name: String::new(), ..part.clone() });
            self.sections.push(part);
        }
        Some(())
    }
}
