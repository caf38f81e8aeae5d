//! The index that an update starts from.

use std::collections::BTreeMap;

use super::blocks::{PackageKey, package_key};
use super::entry::Note;
use super::holdings::{self, Holding, Item, ListKey, State};
use super::index::Index;
use super::pages::ReadError;
use crate::advisory::Record;

/// An index and everything that it holds.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) index: Index,
    pub(super) lists: BTreeMap<ListKey, Vec<Holding>>,
}

impl Base {
    pub(super) fn open(index: Index) -> Result<Self, ReadError> {
        let mut lists = BTreeMap::new();
        for (key, section) in holdings::directory(&index.pages, index.header.holdings)? {
            lists.insert(key, holdings::list(&index.pages, section)?);
        }
        Ok(Self { index, lists })
    }

    pub(super) fn record(&self, item: Item) -> Result<Record, ReadError> {
        let json = self.index.record_at(item.place)?;
        Record::parse(&json).map_err(|_| ReadError::Altered)
    }

    pub(super) fn note(&self, item: Item) -> Result<Note, ReadError> {
        self.index.note_at(item.place)
    }

    /// The packages in whose blocks an item stands, where it is found at all.
    pub(super) fn packages(&self, item: Item) -> Result<Vec<PackageKey>, ReadError> {
        Ok(match item.state {
            State::Withdrawn => Vec::new(),
            State::Rejected => {
                let note = self.note(item)?;
                note.packages.iter().map(|(ecosystem, name)| package_key(ecosystem, name)).collect()
            }
            State::Taken => {
                let affected = self.record(item)?.affected;
                affected.iter().map(|package| package_key(&package.ecosystem, &package.name)).collect()
            }
        })
    }
}
