//! Which versions a record covers: the schema's evaluation
//! (<https://ossf.github.io/osv-schema/#evaluation>), compiled into intervals of version keys.

use std::cmp::Ordering;

use crate::model::Affected;
use crate::version::{Key, Scheme};

/// An interval of versions, as keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The first version in it; `None`: there is none before it.
    pub low: Option<Box<[u8]>>,
    /// Where it ends, and whether that version is still in it; `None`: nowhere.
    pub high: Option<(Box<[u8]>, bool)>,
}

impl Interval {
    /// Whether every version is in it.
    pub fn is_everything(&self) -> bool {
        self.low.is_none() && self.high.is_none()
    }

    fn contains(&self, key: &[u8]) -> bool {
        self.low.as_deref().is_none_or(|low| key >= low)
            && self.high.as_ref().is_none_or(|(high, inclusive)| match key.cmp(high) {
                Ordering::Less => true,
                Ordering::Equal => *inclusive,
                Ordering::Greater => false,
            })
    }
}

/// The versions of one package that one record covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affects {
    /// From its ranges.
    pub intervals: Vec<Interval>,
    /// Enumerated versions outside of the intervals, as keys, sorted.
    pub keys: Vec<Box<[u8]>>,
    /// Enumerated versions that have no key, as text, sorted.
    pub texts: Vec<String>,
    /// Part of the record cannot be compared: who is not covered by the rest cannot be said to be safe.
    pub uncertain: bool,
}

impl Affects {
    /// Whether a version is covered. `key` is its key by the ecosystem's scheme, if it has one.
    pub fn judge(&self, version: &str, key: Option<&Key>) -> Affected {
        let covered = match key {
            _ if self.covers_everything() => true,
            Some(key) => {
                let key = key.as_bytes();
                self.intervals.iter().any(|interval| interval.contains(key))
                    || self.keys.binary_search_by(|known| known.as_ref().cmp(key)).is_ok()
            }
            None => false,
        } || self.texts.binary_search_by(|known| known.as_str().cmp(version)).is_ok();
        if covered {
            return Affected::Yes;
        }
        // A version without a key cannot be compared with ranges, nor with the keys of other versions.
        let incomparable = key.is_none() && !(self.intervals.is_empty() && self.keys.is_empty());
        if self.uncertain || incomparable { Affected::CannotJudge } else { Affected::No }
    }

    /// Whether every version there is or will be is covered, so that no version need be known.
    pub fn covers_everything(&self) -> bool {
        self.intervals.iter().any(Interval::is_everything)
    }
}

/// What happens at a version. The order is that of equal versions: `introduced` counts first, so that a range that
/// begins and ends at one version is empty (with `fixed`) or that version alone (with `last_affected`); of two ends at
/// one version the one that leaves it out counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventKind {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
}

/// An event of a range: what, and where; `None` is before every version for `introduced`, after every one for
/// `limit`.
pub(super) type Event = (Option<Key>, EventKind);

/// The intervals of one range. Events may stand in any order.
pub(super) fn intervals(mut events: Vec<Event>) -> Vec<Interval> {
    events.sort();
    let unlimited = events.contains(&(None, EventKind::Limit));
    // A version below any limit is within the range, so the greatest limit counts.
    let limit = events.iter().filter(|(_, kind)| *kind == EventKind::Limit).filter_map(|(key, _)| key.clone()).max();
    let limit = limit.filter(|_| !unlimited);
    let mut intervals: Vec<Interval> = Vec::new();
    let mut open: Option<Option<Key>> = None;
    for (key, kind) in events {
        match (kind, &open) {
            (EventKind::Introduced, None) => open = Some(key),
            (EventKind::LastAffected | EventKind::Fixed, Some(low)) => {
                let end = key.map(|key| (key, kind == EventKind::LastAffected));
                intervals.push(interval(low.clone(), end));
                open = None;
            }
            _ => {}
        }
    }
    if let Some(low) = open {
        intervals.push(interval(low, None));
    }
    intervals.into_iter().filter_map(|interval| clip(interval, limit.as_ref())).collect()
}

fn interval(low: Option<Key>, high: Option<(Key, bool)>) -> Interval {
    Interval {
        low: low.map(|key| key.as_bytes().into()),
        high: high.map(|(key, inclusive)| (key.as_bytes().into(), inclusive)),
    }
}

/// The part of an interval below a limit; `None` where nothing is left of it.
fn clip(mut interval: Interval, limit: Option<&Key>) -> Option<Interval> {
    if let Some(limit) = limit {
        let limit = limit.as_bytes();
        if interval.high.as_ref().is_none_or(|(high, _)| high.as_ref() >= limit) {
            interval.high = Some((limit.into(), false));
        }
    }
    let empty = match (&interval.low, &interval.high) {
        (Some(low), Some((high, inclusive))) => low > high || (low == high && !inclusive),
        _ => false,
    };
    (!empty).then_some(interval)
}

/// The key of an event's version; the outer `None`: it cannot be compared.
pub(super) fn event_key(scheme: Scheme, kind: EventKind, version: &str) -> Option<Option<Key>> {
    match (kind, version) {
        (EventKind::Introduced, "0") | (EventKind::Limit, "*") => Some(None),
        _ => scheme.key(version).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::EventKind::{Fixed, Introduced, LastAffected, Limit};
    use super::*;

    fn affects(events: &[(EventKind, &str)]) -> Affects {
        let scheme = Scheme::SemVer;
        let events =
            events.iter().map(|&(kind, version)| (event_key(scheme, kind, version).unwrap(), kind)).collect::<Vec<_>>();
        Affects { intervals: intervals(events), ..Affects::default() }
    }

    fn judge(affects: &Affects, version: &str) -> Affected {
        affects.judge(version, Scheme::SemVer.key(version).as_ref())
    }

    /// The schema's own pseudocode.
    fn by_the_schema(events: &[(EventKind, u8)], version: u8) -> bool {
        let limits: Vec<u8> = events.iter().filter(|event| event.0 == Limit).map(|event| event.1).collect();
        if !limits.is_empty() && !limits.iter().any(|&limit| version < limit) {
            return false;
        }
        let mut sorted: Vec<(u8, EventKind)> = events.iter().map(|&(kind, at)| (at, kind)).collect();
        sorted.sort();
        let mut vulnerable = false;
        for (at, kind) in sorted {
            match kind {
                Introduced if version >= at => vulnerable = true,
                Fixed if version >= at => vulnerable = false,
                LastAffected if version > at => vulnerable = false,
                _ => {}
            }
        }
        vulnerable
    }

    #[test]
    fn what_cannot_be_compared_is_never_safe() {
        let range = affects(&[(Introduced, "1.0.0"), (Fixed, "2.0.0")]);
        assert_eq!(judge(&range, "1.5.0"), Affected::Yes);
        assert_eq!(judge(&range, "2.0.0"), Affected::No);
        assert_eq!(judge(&range, "1.0.0-rc.1"), Affected::No);
        assert_eq!(judge(&range, "main"), Affected::CannotJudge);
        assert_eq!(judge(&affects(&[(Introduced, "0")]), "main"), Affected::Yes);
        let git_only = Affects { uncertain: true, ..Affects::default() };
        assert_eq!(judge(&git_only, "1.0.0"), Affected::CannotJudge);
        let listed = Affects { texts: vec!["main".to_owned()], ..Affects::default() };
        assert_eq!(judge(&listed, "main"), Affected::Yes);
        assert_eq!(judge(&listed, "other"), Affected::No);
    }

    #[test]
    fn a_zero_pre_release_is_an_ordinary_version() {
        let range = affects(&[(Introduced, "0.0.0-0"), (Fixed, "0.2.23")]);
        assert_eq!(judge(&range, "0.0.0-alpha"), Affected::Yes);
        assert!(!range.covers_everything());
        assert!(affects(&[(Introduced, "0"), (Limit, "*")]).covers_everything());
    }

    proptest! {
        #[test]
        fn intervals_agree_with_the_schema(
            events in proptest::collection::vec((0_u8..4, 0_u8..8), 0..8),
            version in 0_u8..9,
        ) {
            let events: Vec<(EventKind, u8)> =
                events.into_iter().map(|(kind, at)| ([Introduced, LastAffected, Fixed, Limit][usize::from(kind)], at)).collect();
            let texts: Vec<(EventKind, String)> = events.iter().map(|&(kind, at)| (kind, format!("{at}.0.0"))).collect();
            let range = affects(&texts.iter().map(|(kind, text)| (*kind, text.as_str())).collect::<Vec<_>>());
            let expected = if by_the_schema(&events, version) { Affected::Yes } else { Affected::No };
            prop_assert_eq!(judge(&range, &format!("{version}.0.0")), expected);
        }
    }
}
