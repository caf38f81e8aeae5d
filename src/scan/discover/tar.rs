//! Just enough of the tar format to read the files of a layer, entry by entry: ustar, with the long names of GNU and pax
//! (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13>).

use std::io::{Error, ErrorKind, Read};

const BLOCK: u64 = 512;

/// The longest name or list of extended fields, in bytes.
const LONGEST: u64 = 1 << 20;

/// An entry of an archive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) mode: u64,
    pub(super) is_file: bool,
    pub(super) is_folder: bool,
}

/// An archive that is read from its beginning to its end.
pub(super) struct Tar<R> {
    reader: R,
    /// How much of the entry is left, with what fills its last block.
    left: u64,
    size: u64,
    taken: u64,
}

impl<R: Read> Tar<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, left: 0, size: 0, taken: 0 }
    }

    /// How many bytes were read.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// The next entry; `None` at the end of the archive.
    ///
    /// # Errors
    /// Where the archive breaks off, or is none.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Error> {
        let (mut path, mut size) = (None, None);
        loop {
            self.skip()?;
            let mut header = Vec::new();
            self.taken += (&mut self.reader).take(BLOCK).read_to_end(&mut header)? as u64;
            if header.is_empty() || (header.len() == 512 && header.iter().all(|&byte| byte == 0)) {
                return Ok(None);
            }
            if header.len() < 512 || !is_sound(&header) {
                return Err(Error::new(ErrorKind::InvalidData, "it is no tar archive from here on, or it breaks off"));
            }
            self.size = number(&header[124..136]);
            self.left = self.size.div_ceil(BLOCK).saturating_mul(BLOCK);
            match header[156] {
                b'L' => path = Some(until_zero(&self.content(LONGEST)?)),
                b'x' => {
                    let fields = self.content(LONGEST)?;
                    path = extended(&fields, "path").or(path);
                    size = extended(&fields, "size").and_then(|size| size.parse().ok());
                }
                b'g' | b'K' => {}
                kind => {
                    if let Some(size) = size {
                        self.size = size;
                        self.left = self.size.div_ceil(BLOCK).saturating_mul(BLOCK);
                    }
                    let prefix = until_zero(&header[345..500]);
                    let is_ustar = header[257..262] == *b"ustar" && header[262] == 0;
                    let name = until_zero(&header[..100]);
                    let whole = if is_ustar && !prefix.is_empty() { format!("{prefix}/{name}") } else { name };
                    let path = path.unwrap_or(whole);
                    let is_file = matches!(kind, b'0' | 0) && !path.ends_with('/');
                    let is_folder = kind == b'5' || path.ends_with('/');
                    return Ok(Some(Entry { path, mode: number(&header[100..108]), is_file, is_folder }));
                }
            }
        }
    }

    /// The content of the entry.
    ///
    /// # Errors
    /// Where it is longer than `most` bytes, or the archive breaks off.
    pub(super) fn content(&mut self, most: u64) -> Result<Vec<u8>, Error> {
        if self.size > most {
            return Err(Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", most >> 20)));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(self.size).read_to_end(&mut bytes)? as u64;
        self.taken += read;
        self.left = self.left.saturating_sub(read);
        if read < self.size {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the archive breaks off"));
        }
        Ok(bytes)
    }

    /// Passes over what is left of the entry.
    fn skip(&mut self) -> Result<(), Error> {
        let skipped = std::io::copy(&mut (&mut self.reader).take(self.left), &mut std::io::sink())?;
        self.taken += skipped;
        if skipped < self.left {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the archive breaks off"));
        }
        self.left = 0;
        Ok(())
    }
}

/// Whether the checksum of a header is right, in which the checksum itself counts as spaces.
fn is_sound(header: &[u8]) -> bool {
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    let own: u64 = header[148..156].iter().map(|&byte| u64::from(byte)).sum();
    sum - own + 8 * 32 == number(&header[148..156])
}

/// Octal digits, or, where the first bit is set, bytes.
fn number(field: &[u8]) -> u64 {
    if field.first().is_some_and(|byte| byte & 0x80 != 0) {
        return field.iter().skip(1).fold(0, |number, &byte| (number << 8) | u64::from(byte));
    }
    let digits = field.iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, &byte| (number << 3) | u64::from(byte - b'0'))
}

fn until_zero(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A field of an extended header: lines of `length key=value`.
fn extended(fields: &[u8], key: &str) -> Option<String> {
    let text = String::from_utf8_lossy(fields);
    let mut lines = text.split('\n').filter_map(|line| line.split_once(' ')?.1.split_once('='));
    lines.find(|(name, _)| *name == key).map(|(_, value)| value.to_owned())
}
