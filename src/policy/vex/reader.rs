//! Reading JSON piece by piece, so that each piece knows its line.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{LineIndex, Location, RepoPath};

/// A mistake in a VEX document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct VexError {
    /// The file, as the user named it.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// The members of an object that are not read yet.
pub(super) type Fields<'t> = BTreeMap<String, &'t RawValue>;

/// A document that is being read.
pub(super) struct Reader<'t> {
    path: &'t str,
    lines: LineIndex<'t>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(path: &'t str, text: &'t str) -> Self {
        Self { path, lines: LineIndex::new(&RepoPath::from(path), text) }
    }

    /// A mistake of the document as a whole.
    pub(super) fn error(&self, message: impl Into<String>) -> VexError {
        VexError { path: self.path.to_owned(), line: 1, message: message.into() }
    }

    /// A mistake of a piece.
    pub(super) fn error_at(&self, piece: &RawValue, message: impl Into<String>) -> VexError {
        VexError { path: self.path.to_owned(), line: self.locate(piece).line, message: message.into() }
    }

    /// Where a piece begins.
    pub(super) fn locate(&self, piece: &RawValue) -> Location {
        let start = piece.get().get(..1).and_then(|first| self.lines.locate_slice(first));
        start.unwrap_or_else(|| self.lines.locate(0, 0))
    }

    /// The members of the document.
    pub(super) fn fields(&self) -> Result<Fields<'t>, VexError> {
        serde_json::from_str(self.lines.text()).map_err(|error| self.broken(1, &error))
    }

    /// Reads a piece. Depth is bounded by the parser, which takes 128 levels.
    pub(super) fn read<T: Deserialize<'t>>(&self, piece: &'t RawValue) -> Result<T, VexError> {
        serde_json::from_str(piece.get()).map_err(|error| self.broken(self.locate(piece).line, &error))
    }

    /// Reads a member; what is not there or `null` is its default.
    pub(super) fn member<T: Deserialize<'t> + Default>(&self, fields: &Fields<'t>, name: &str) -> Result<T, VexError> {
        match fields.get(name) {
            Some(piece) => Ok(self.read::<Option<T>>(piece)?.unwrap_or_default()),
            None => Ok(T::default()),
        }
    }

    fn broken(&self, first_line: u32, error: &serde_json::Error) -> VexError {
        let line = u32::try_from(error.line().saturating_sub(1)).unwrap_or(0).saturating_add(first_line);
        let text = error.to_string();
        // Its own place is within the piece.
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        VexError { path: self.path.to_owned(), line, message: format!("it is no VEX document: {message}") }
    }
}
