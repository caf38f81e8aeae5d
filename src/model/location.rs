//! Places in files, and what is said about them.

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
    /// How many UTF-16 units stand before each chunk of [`CHUNK`] bytes; none where the text is ASCII. Without it a
    /// file of one line would be counted from its start for every place.
    units: Vec<usize>,
}

/// See [`LineIndex::units`].
const CHUNK: usize = 1024;

impl<'t> LineIndex<'t> {
    /// The index of a text; costs one pass over it.
    pub fn new(path: &RepoPath, text: &'t str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(at, _)| at + 1));
        let mut units = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            let mut from = 0;
            while from < text.len() {
                units.push(before);
                let to = floor_char(text, units.len() * CHUNK);
                before += text[from..to].encode_utf16().count();
                from = to;
            }
            units.push(before);
        }
        Self { path: Arc::clone(path), text, starts, units }
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
            column: self.utf16_length(start, offset).saturating_add(1),
            length: self.utf16_length(offset, end),
        }
    }

    /// The UTF-16 units between two byte offsets.
    fn utf16_length(&self, from: usize, to: usize) -> u32 {
        u32::try_from(self.units_before(to).saturating_sub(self.units_before(from))).unwrap_or(u32::MAX)
    }

    fn units_before(&self, offset: usize) -> usize {
        let chunk = offset / CHUNK;
        match self.units.get(chunk) {
            None => offset,
            Some(before) => before + self.text[floor_char(self.text, chunk * CHUNK)..offset].encode_utf16().count(),
        }
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
    fn a_long_line_is_counted_like_a_short_one() {
        let text = "\u{1F600}é, ".repeat(2000);
        let index = LineIndex::new(&"a".into(), &text);
        for (offset, _) in text.char_indices().step_by(7) {
            let column = u32::try_from(text[..offset].encode_utf16().count() + 1).unwrap();
            assert_eq!(index.locate(offset, 1).column, column);
        }
        assert_eq!(index.locate(text.len(), 1).length, 0);
        let long = "x".repeat(3_000_000);
        let index = LineIndex::new(&"a".into(), &long);
        assert_eq!((0..long.len()).step_by(3).filter(|&at| index.locate(at, 3).length == 3).count(), 1_000_000);
    }
}
