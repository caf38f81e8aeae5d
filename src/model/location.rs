//! Places in files, and what is said about them.

use std::cell::OnceCell;
use std::sync::Arc;

/// A path of a file inside the scanned repository: relative to its root, with `/` between its parts on
/// every system, without `.` and `..` parts.
pub type RepoPath = Arc<str>;

/// A span within one line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in UTF-16 code units (SARIF's `columnKind`).
    pub column: u32,
    /// The length in UTF-16 code units.
    pub length: u32,
}

/// Where each line of a text starts, to turn byte offsets into lines and columns.
#[derive(Debug)]
pub struct LineIndex<'t> {
    path: RepoPath,
    text: &'t str,
    starts: Vec<usize>,
    /// How many UTF-16 code units come before each block of [`BLOCK`] bytes: a lockfile may be one line of many
    /// megabytes, and counting from its start for each place would grow with the square of its length.
    units: OnceCell<Vec<u32>>,
}

/// The bytes between two known counts of code units.
const BLOCK: usize = 1024;

impl<'t> LineIndex<'t> {
    /// The index of a text; costs one pass over it.
    pub fn new(path: &RepoPath, text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path: Arc::clone(path), text, starts, units: OnceCell::new() }
    }

    /// The text it was made of.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The line, from 1, of a byte offset.
    pub fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }

    /// The place of `length` bytes from `offset` on. An offset outside the text or inside a character is
    /// taken to the nearest place before it.
    pub fn locate(&self, offset: usize, length: usize) -> Location {
        let offset = floor_char(self.text, offset);
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts[line - 1];
        let end = floor_char(self.text, offset.saturating_add(length));
        Location {
            path: Arc::clone(&self.path),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: self.units_between(start, offset).saturating_add(1),
            length: utf16_length(&self.text.as_bytes()[offset..end]),
        }
    }

    /// How many UTF-16 code units lie between two offsets. On a line of ordinary length they are counted; on a longer one
    /// most of them were counted before, block by block.
    fn units_between(&self, start: usize, end: usize) -> u32 {
        let bytes = self.text.as_bytes();
        if end - start <= BLOCK {
            return utf16_length(&bytes[start..end]);
        }
        let units = self.units.get_or_init(|| {
            let mut units = vec![0_u32];
            for block in bytes.chunks(BLOCK) {
                units.push(units[units.len() - 1].saturating_add(utf16_length(block)));
            }
            units
        });
        let before = |offset: usize| {
            let block = offset / BLOCK;
            units[block].saturating_add(utf16_length(&bytes[block * BLOCK..offset]))
        };
        before(end).saturating_sub(before(start))
    }

    /// The place of a part of this very text (a slice that borrows from it).
    pub fn locate_slice(&self, part: &str) -> Option<Location> {
        let offset = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        (offset + part.len() <= self.text.len()).then(|| self.locate(offset, part.len()))
    }
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The UTF-16 code units of characters that start in a piece of UTF-8, which may begin and end inside one.
fn utf16_length(piece: &[u8]) -> u32 {
    let units = |byte: &u8| match byte {
        0x80..=0xBF => 0,
        0xF0.. => 2,
        _ => 1_usize,
    };
    u32::try_from(piece.iter().map(units).sum::<usize>()).unwrap_or(u32::MAX)
}

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticSeverity {
    /// Something was lost: the run is incomplete.
    Error,
    /// Nothing was lost, but somebody should know.
    Warning,
    /// For the curious.
    Note,
}

/// What happened, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file, if it is about one.
    pub path: Option<RepoPath>,
    /// The line in it, from 1.
    pub line: Option<u32>,
    /// How grave it is.
    pub severity: DiagnosticSeverity,
    /// What happened, whose fault it is and what to do, in a sentence without a final full stop.
    pub message: String,
}

impl Diagnostic {
    /// Something in that file could not be read: the run is incomplete.
    pub fn error(path: &RepoPath, line: Option<u32>, message: impl Into<String>) -> Self {
        Self { path: Some(Arc::clone(path)), line, severity: DiagnosticSeverity::Error, message: message.into() }
    }

    /// Something odd in that file by which nothing was lost.
    pub fn warning(path: &RepoPath, line: Option<u32>, message: impl Into<String>) -> Self {
        Self { path: Some(Arc::clone(path)), line, severity: DiagnosticSeverity::Warning, message: message.into() }
    }
}

/// A relative path seen from a folder, with `.` and `..` resolved; `None` where it leads out of the root.
pub fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') || relative.contains(['\\', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units_from_one() {
        let path: RepoPath = "a.lock".into();
        let text = "x\n\u{1F600}é = 1.2\r\n";
        let index = LineIndex::new(&path, text);
        let place = index.locate_slice(&text[text.find("1.2").unwrap()..][..3]).unwrap();
        assert_eq!((place.line, place.column, place.length), (2, 7, 3));
        assert_eq!(index.locate(usize::MAX, 9).line, 3);
        assert_eq!(index.locate(3, 1).column, 1, "inside a character");
        assert!(index.locate_slice("elsewhere").is_none());
    }

    #[test]
    fn long_lines_are_counted_in_blocks() {
        let text = "é\u{1F600}x".repeat(3 * BLOCK);
        let index = LineIndex::new(&"f".into(), &text);
        for (at, _) in text.char_indices().step_by(97) {
            let expected = text[..at].encode_utf16().count() + 1;
            assert_eq!(index.locate(at, 1).column as usize, expected, "at {at}");
        }
        assert_eq!(index.locate(text.len(), 5).column as usize, text.encode_utf16().count() + 1);
    }
}
