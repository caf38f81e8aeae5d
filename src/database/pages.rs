//! Pages with checksums: the writer that makes them and the reader that checks them.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};

use xxhash_rust::xxh3::xxh3_64;

use super::format::{Header, PAGE, Section};

/// Writes a file page by page and keeps the checksum of each. The header page comes last, by [`PageWriter::finish`].
pub(super) struct PageWriter<W> {
    out: W,
    page: Vec<u8>,
    sums: Vec<u8>,
    position: u64,
}

impl<W: Write> PageWriter<W> {
    /// Begins with an empty header page.
    pub(super) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&[0; PAGE])?;
        Ok(Self { out, page: Vec::with_capacity(PAGE), sums: Vec::new(), position: PAGE as u64 })
    }

    /// Begins with the records of another file. Its whole pages are copied with their checksums, each of which is
    /// compared: what was altered must not live on.
    pub(super) fn continued(mut out: W, from: &Pages, records: Section) -> Result<Self, ReadError> {
        if records.offset != PAGE as u64 {
            return Err(ReadError::Altered);
        }
        out.write_all(&[0; PAGE])?;
        let (whole, rest) = (records.end() / PAGE as u64, records.end() % PAGE as u64);
        let sums = usize::try_from((whole - 1) * 8).ok().and_then(|length| from.sums.get(..length));
        let sums = sums.ok_or(ReadError::Altered)?.to_vec();
        from.copy(whole, &mut out)?;
        let mut page = Vec::with_capacity(PAGE);
        page.extend(from.read(whole * PAGE as u64, usize::try_from(rest).unwrap_or_default())?);
        Ok(Self { out, page, sums, position: records.end() })
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Writes a whole section.
    pub(super) fn section(&mut self, bytes: &[u8]) -> io::Result<Section> {
        let offset = self.position;
        self.write_all(bytes)?;
        Ok(Section { offset, length: self.position - offset })
    }

    fn flush_page(&mut self) -> io::Result<()> {
        self.page.resize(PAGE, 0);
        self.sums.extend_from_slice(&xxh3_64(&self.page).to_le_bytes());
        self.out.write_all(&self.page)?;
        self.page.clear();
        Ok(())
    }

    /// Writes the last page and the checksums; what remains is to write `header` over the first page.
    pub(super) fn finish(mut self, mut header: Header) -> io::Result<(W, Header)> {
        if !self.page.is_empty() {
            self.flush_page()?;
        }
        let offset = PAGE as u64 + (self.sums.len() as u64 / 8) * PAGE as u64;
        self.out.write_all(&self.sums)?;
        header.sums = Section { offset, length: self.sums.len() as u64 };
        header.sums_checksum = xxh3_64(&self.sums);
        header.file_length = header.sums.end();
        Ok((self.out, header))
    }
}

impl<W: Write> Write for PageWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PAGE - self.page.len());
        self.page.extend_from_slice(&bytes[..taken]);
        self.position += taken as u64;
        if self.page.len() == PAGE {
            self.flush_page()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many pages a reader keeps. Look-ups come in the order of the table, so few are enough.
const KEPT: usize = 64;

/// How many pages are copied at once.
const COPIED: usize = 64;

/// A kept page: its number and its bytes.
type KeptPage = Option<(u64, Box<[u8]>)>;

/// Reads parts of a file and checks every page that it touches.
#[derive(Debug)]
pub(super) struct Pages {
    file: File,
    sums: Vec<u8>,
    kept: RefCell<Vec<KeptPage>>,
}

/// Why a part cannot be read.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    /// A page is not what was written.
    Altered,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Pages {
    /// Takes the file whose header was read; reads and checks the checksums.
    pub(super) fn open(file: File, header: &Header) -> Result<Self, ReadError> {
        let length = usize::try_from(header.sums.length).map_err(|_| ReadError::Altered)?;
        if header.sums.end() != header.file_length || length % 8 != 0 {
            return Err(ReadError::Altered);
        }
        let mut sums = vec![0; length];
        read_at(&file, &mut sums, header.sums.offset)?;
        if xxh3_64(&sums) != header.sums_checksum {
            return Err(ReadError::Altered);
        }
        Ok(Self { file, sums, kept: RefCell::new(vec![None; KEPT]) })
    }

    /// Reads `length` bytes from `offset` on.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        let end = offset.checked_add(length as u64).ok_or(ReadError::Altered)?;
        // Before anything is allocated for a length that was never written.
        if offset < PAGE as u64 || end > PAGE as u64 * (1 + self.sums.len() as u64 / 8) {
            return Err(ReadError::Altered);
        }
        let mut out = Vec::with_capacity(length);
        let mut at = offset;
        while at < end {
            let (page, start) = (at / PAGE as u64, usize::try_from(at % PAGE as u64).unwrap_or_default());
            let taken = (PAGE - start).min(usize::try_from(end - at).unwrap_or(PAGE));
            self.with_page(page, |bytes| out.extend_from_slice(&bytes[start..start + taken]))?;
            at += taken as u64;
        }
        Ok(out)
    }

    /// Checks every page of the file.
    pub(super) fn verify(&self) -> Result<(), ReadError> {
        let bytes = vec![0; PAGE].into_boxed_slice();
        (1..=self.sums.len() as u64 / 8).try_fold(bytes, |bytes, page| self.load(page, bytes)).map(drop)
    }

    /// How many bytes all pages have together.
    pub(super) fn bytes(&self) -> u64 {
        self.sums.len() as u64 / 8 * PAGE as u64
    }

    /// Copies the pages before `end`, all but the header page.
    fn copy(&self, end: u64, out: &mut impl Write) -> Result<(), ReadError> {
        let mut some = vec![0; COPIED * PAGE];
        let mut page = 1;
        while page < end {
            let count = usize::try_from(end - page).unwrap_or(COPIED).min(COPIED);
            let bytes = &mut some[..count * PAGE];
            read_at(&self.file, bytes, page * PAGE as u64)?;
            for (number, bytes) in (page..end).zip(bytes.chunks_exact(PAGE)) {
                self.check(number, bytes)?;
            }
            out.write_all(bytes)?;
            page += count as u64;
        }
        Ok(())
    }

    fn with_page(&self, page: u64, take: impl FnOnce(&[u8])) -> Result<(), ReadError> {
        let place = usize::try_from(page % KEPT as u64).unwrap_or_default();
        let mut kept = self.kept.borrow_mut();
        if kept[place].as_ref().is_none_or(|(number, _)| *number != page) {
            // A page that gives way leaves its bytes to the next one.
            let bytes = kept[place].take().map_or_else(|| vec![0; PAGE].into_boxed_slice(), |(_, bytes)| bytes);
            kept[place] = Some((page, self.load(page, bytes)?));
        }
        if let Some((_, bytes)) = &kept[place] {
            take(bytes);
        }
        Ok(())
    }

    /// Reads a page over the bytes of another.
    fn load(&self, page: u64, mut bytes: Box<[u8]>) -> Result<Box<[u8]>, ReadError> {
        read_at(&self.file, &mut bytes, page * PAGE as u64)?;
        self.check(page, &bytes)?;
        Ok(bytes)
    }

    fn check(&self, page: u64, bytes: &[u8]) -> Result<(), ReadError> {
        let at = usize::try_from((page - 1) * 8).map_err(|_| ReadError::Altered)?;
        let sum = self.sums.get(at..at + 8).and_then(|sum| sum.try_into().ok()).map(u64::from_le_bytes);
        if sum == Some(xxh3_64(bytes)) { Ok(()) } else { Err(ReadError::Altered) }
    }
}

/// Reads at a place without moving a cursor, so that readers need not take turns.
#[cfg(unix)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Reads at a place; what `seek_read` leaves is read by further calls.
#[cfg(windows)]
pub(super) fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let read = file.seek_read(bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}
