//! The header page.

use xxhash_rust::xxh3::xxh3_64;

/// The size of a page, and the unit of checksums.
pub(super) const PAGE: usize = 8192;

/// What the file begins with.
const MAGIC: &[u8; 8] = b"OSPREY\x1aX";

/// Raised with every change of the layout, of the version keys or of what an entry holds.
pub(super) const FORMAT: u32 = 3;

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Section {
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl Section {
    pub(super) fn end(self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

/// Where everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Header {
    pub(super) file_length: u64,
    /// The checksum of the page checksums.
    pub(super) sums_checksum: u64,
    pub(super) records: Section,
    pub(super) blocks: Section,
    pub(super) packages: Section,
    pub(super) ids: Section,
    pub(super) meta: Section,
    pub(super) holdings: Section,
    pub(super) sums: Section,
}

/// Magic, format, page size; then the numbers; then the checksum of all that.
const NUMBERS: usize = 2 + 7 * 2;
const LENGTH: usize = 16 + NUMBERS * 8 + 8;

impl Header {
    fn numbers(&self) -> [u64; NUMBERS] {
        let s = [self.records, self.blocks, self.packages, self.ids, self.meta, self.holdings, self.sums];
        let mut out = [0; NUMBERS];
        out[0] = self.file_length;
        out[1] = self.sums_checksum;
        for (at, section) in s.iter().enumerate() {
            out[2 + 2 * at] = section.offset;
            out[3 + 2 * at] = section.length;
        }
        out
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE);
        page.extend_from_slice(MAGIC);
        page.extend_from_slice(&FORMAT.to_le_bytes());
        page.extend_from_slice(&u32::try_from(PAGE).unwrap_or_default().to_le_bytes());
        for number in self.numbers() {
            page.extend_from_slice(&number.to_le_bytes());
        }
        page.extend_from_slice(&xxh3_64(&page).to_le_bytes());
        page.resize(PAGE, 0);
        page
    }

    /// Reads a header page of a file of that length.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn decode(page: &[u8], file_length: u64) -> Result<Self, String> {
        if !page.starts_with(MAGIC) {
            return Err("it is not an advisory index of Osprey".to_owned());
        }
        let number = |at: usize| -> u64 {
            let bytes = page.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u64::from_le_bytes)
        };
        let format = u32::try_from(number(8) & 0xffff_ffff).unwrap_or_default();
        if format != FORMAT {
            return Err(format!("it has format {format}, and this version of Osprey reads format {FORMAT}"));
        }
        let checked = page.get(..LENGTH - 8).ok_or("it is cut off within its header")?;
        if xxh3_64(checked) != number(LENGTH - 8) || page.len() != PAGE || page[LENGTH..].iter().any(|&byte| byte != 0)
        {
            return Err("its header was altered or is torn".to_owned());
        }
        let section = |at: usize| Section { offset: number(16 + 8 * at), length: number(16 + 8 * (at + 1)) };
        let header = Self {
            file_length: number(16),
            sums_checksum: number(24),
            records: section(2),
            blocks: section(4),
            packages: section(6),
            ids: section(8),
            meta: section(10),
            holdings: section(12),
            sums: section(14),
        };
        if header.file_length != file_length {
            return Err(format!("it is torn: it should have {} bytes and has {file_length}", header.file_length));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_of_the_header_page_is_noticed() {
        let header = Header { file_length: 5, ids: Section { offset: 7, length: 9 }, ..Header::default() };
        let page = header.encode();
        assert_eq!(Header::decode(&page, 5), Ok(header));
        assert!(Header::decode(&page, 6).unwrap_err().contains("torn"));
        for at in 0..page.len() {
            let mut altered = page.clone();
            altered[at] ^= 1;
            assert!(Header::decode(&altered, 5).is_err(), "byte {at}");
        }
        assert!(Header::decode(&page[..100], 5).is_err());
        assert!(Header::decode(b"", 0).is_err());
    }
}
