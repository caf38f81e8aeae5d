//! Files that are recognised and that no parser reads yet. They stand in the ledger as `unsupported` and make the
//! run incomplete, so that nobody takes silence for safety.

use super::matches;

/// A kind of file that is recognised by name alone.
#[derive(Debug)]
pub struct Unsupported {
    /// OSV's name of the ecosystem, or a word for it where OSV has none.
    pub ecosystem: &'static str,
    /// Names as in [`Parser::names`](super::Parser::names); with a `/` they are the end of a path.
    pub names: &'static [&'static str],
    /// Whether it fixes versions, so that a run which cannot read it is incomplete.
    pub lockfile: bool,
}

/// Every such kind.
pub const UNSUPPORTED: &[Unsupported] = &[];

/// The unsupported kind of a file at that path.
pub fn unsupported_for(path: &str) -> Option<&'static Unsupported> {
    let name = super::file_name_of(path);
    UNSUPPORTED.iter().find(|kind| kind.names.iter().any(|pattern| matches(pattern, name)))
}
