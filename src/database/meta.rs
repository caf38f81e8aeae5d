//! What an index says of itself.

use serde::{Deserialize, Serialize};

use super::holdings::SourceName;

/// What is in an index and where it came from. It never holds the time of building: the same sources give the same
/// bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Meta {
    /// The version of Osprey that made it.
    pub made_by: String,
    /// One for each source and ecosystem.
    pub sources: Vec<SourceMeta>,
    /// Records that could not be taken; at most 1,000 are listed, all are counted.
    pub rejected: Vec<Rejected>,
}

/// How many rejected records are listed by name; all are counted.
pub(super) const MAX_REJECTED: usize = 1000;

/// What a source holds for one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMeta {
    /// `osv` for the bucket, `rustsec` for the `RustSec` database.
    pub name: String,
    /// OSV's name of the ecosystem.
    pub ecosystem: String,
    /// Up to when every change of the source is held, in seconds since 1970: when it was last seen as it is held, or the
    /// newest change in it where nobody looked since.
    pub as_of: Option<i64>,
    /// Records taken.
    pub records: u64,
    /// Of those, the ones that were taken back by their authors; they match nothing.
    pub withdrawn: u64,
    /// Records that could not be taken.
    pub rejected: u64,
    /// The newest change of a record, in seconds since 1970.
    pub newest: Option<i64>,
}

/// A record that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rejected {
    /// OSV's name of the ecosystem.
    pub ecosystem: String,
    /// Its id, from its text or its file name.
    pub id: String,
    /// The package, where it could be read.
    pub package: Option<String>,
    /// Why.
    pub reason: String,
}

impl Meta {
    /// The ecosystems that the index covers, sorted.
    pub fn ecosystems(&self) -> Vec<&str> {
        let mut ecosystems: Vec<&str> = self.sources.iter().map(|source| source.ecosystem.as_str()).collect();
        ecosystems.sort_unstable();
        ecosystems.dedup();
        ecosystems
    }

    /// What one source holds for one ecosystem.
    pub(super) fn source(&self, name: &str, ecosystem: &str) -> Option<&SourceMeta> {
        self.sources.iter().find(|source| source.name == name && source.ecosystem == ecosystem)
    }

    /// Everything that the index holds for one ecosystem: the sums, and the `as_of` of OSV, which takes in what the other
    /// sources have; of another source only where OSV is not there. `None` where the index holds nothing.
    pub fn of(&self, ecosystem: &str) -> Option<SourceMeta> {
        let mut sources = self.sources.iter().filter(|source| source.ecosystem == ecosystem);
        let first = sources.next()?.clone();
        let sum = sources.fold(first, |sum, source| SourceMeta {
            as_of: sum.as_of.max(source.as_of),
            records: sum.records + source.records,
            withdrawn: sum.withdrawn + source.withdrawn,
            rejected: sum.rejected + source.rejected,
            newest: sum.newest.max(source.newest),
            ..sum
        });
        let osv = self.source(SourceName::Osv.as_str(), ecosystem);
        Some(SourceMeta { as_of: osv.map_or(sum.as_of, |osv| osv.as_of), ..sum })
    }
}
