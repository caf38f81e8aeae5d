//! Which record stands for an id, where several sources hold one: what of the old index is to be found no more, and
//! what from now on.

use super::holdings::{Holding, IdHash, Item, SourceName, State};

/// One source's holdings before and after an update, sorted by id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'l> {
    pub(super) source: SourceName,
    pub(super) old: &'l [Holding],
    pub(super) new: &'l [Holding],
}

/// What an update changes for look-ups.
#[derive(Debug, Default)]
pub(super) struct Resolution {
    /// Items of the old index that were found and are not any more.
    pub(super) lost: Vec<Item>,
    /// Items of the old index that were held, but another one stood before them, and that are found now.
    pub(super) found: Vec<Item>,
    /// New items that another one stands before.
    pub(super) shadowed: Vec<u64>,
    /// How many bytes the items have that are still held.
    pub(super) live: u64,
}

/// Goes through every id of any source once. Items from `start` on are new.
pub(super) fn resolve(mut sides: Vec<Side<'_>>, start: u64) -> Resolution {
    // The order of precedence is the caller's within a source.
    sides.sort_by_key(|side| side.source);
    let mut resolution = Resolution::default();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    loop {
        let first = |list: &[Holding]| list.first().map(|holding| holding.id);
        let Some(id) = sides.iter().flat_map(|side| first(side.old).into_iter().chain(first(side.new))).min() else {
            return resolution;
        };
        old.clear();
        new.clear();
        for side in &mut sides {
            old.extend(take(&mut side.old, id).map(|holding| (side.source, holding)));
            new.extend(take(&mut side.new, id).map(|holding| (side.source, holding)));
        }
        let places = places(&new);
        resolution.live += places.iter().map(|item| u64::from(item.length)).sum::<u64>();
        if old == new {
            continue;
        }
        let (before, after) = (shown(&old), shown(&new));
        resolution.lost.extend(before.iter().filter(|item| !after.contains(item)));
        resolution.found.extend(after.iter().filter(|item| item.place < start && !before.contains(item)));
        let shadowed = places.iter().filter(|item| item.place >= start && !after.contains(item));
        resolution.shadowed.extend(shadowed.map(|item| item.place));
    }
}

fn take(list: &mut &[Holding], id: IdHash) -> Option<Holding> {
    let (first, rest) = list.split_first()?;
    (first.id == id).then(|| {
        *list = rest;
        *first
    })
}

fn places(holders: &[(SourceName, Holding)]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::with_capacity(1);
    for (_, holding) in holders {
        if !items.contains(&holding.item) {
            items.push(holding.item);
        }
    }
    items
}

/// The items of an id that look-ups find: of those that could be taken the first source's, and of that source the one
/// that was changed last; and every note on one that could not.
fn shown(holders: &[(SourceName, Holding)]) -> Vec<Item> {
    let mut best: Option<(SourceName, Holding)> = None;
    for &(source, holding) in holders.iter().filter(|(_, holding)| holding.item.state != State::Rejected) {
        let is_better =
            best.is_none_or(|(known, other)| source < known || source == known && other.modified < holding.modified);
        if is_better {
            best = Some((source, holding));
        }
    }
    let mut items = places(holders);
    let best = best.map(|(_, holding)| holding.item);
    items.retain(|item| item.state == State::Rejected || Some(*item) == best);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(modified: i64, place: u64, state: State) -> Holding {
        Holding { id: IdHash::of("A-1"), modified: Some(modified), text: place, item: Item { place, length: 1, state } }
    }

    #[test]
    fn rustsec_first_then_what_was_changed_last_and_every_note() {
        let (old, new) = (holding(1, 1, State::Taken), holding(2, 2, State::Withdrawn));
        let (other, note) = (holding(2, 3, State::Taken), holding(9, 4, State::Rejected));
        let shown = |holders: &[(SourceName, Holding)]| -> Vec<u64> {
            super::shown(holders).into_iter().map(|item| item.place).collect()
        };
        let osv = SourceName::Osv;
        assert_eq!(shown(&[(osv, old), (osv, new), (osv, other)]), [2], "of the same moment the first");
        assert_eq!(shown(&[(osv, note), (osv, old), (osv, note)]), [4, 1]);
        assert_eq!(shown(&[(SourceName::RustSec, old), (osv, new)]), [1]);
        assert_eq!(shown(&[(SourceName::RustSec, note), (osv, new)]), [4, 2]);
    }
}
