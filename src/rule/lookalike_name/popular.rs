//! Names that much software uses, and which of them a name can be taken for.
//!
//! The lists hold what was most used in 2026, the most used first: of npm by downloads, of `PyPI` by downloads, of
//! crates.io by the number of lockfiles that have it. Of Go modules there is none.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

use xxhash_rust::xxh3::xxh3_64;

use super::alike::{Alike, alike, folded, scope};
use crate::model::Ecosystem;

/// A list of names with what finds in it.
pub(super) struct Popular {
    /// The names, the most used first.
    names: Vec<&'static str>,
    /// In the form in which names are the same.
    known: HashSet<Cow<'static, str>>,
    /// Scopes that one of the names has: somebody known owns them.
    scopes: HashSet<&'static str>,
    /// First words of many names without a scope, such as `babel`: whoever has such a name is older than the scope.
    /// Made when a name differs from one of the list in its scope.
    families: OnceLock<HashSet<&'static str>>,
    /// The places of the names that are guarded against a change of one letter, by the hash of the name and of what
    /// is left of it without each of its letters.
    shortened: Places,
    /// The places of the guarded names by the hash of their folded form.
    folded: Places,
    /// The places of the guarded names by the hash of their letters in any order.
    swapped: Places,
    /// The places of names in a scope by the hash of what stands behind it.
    unscoped: Places,
    /// So many names, the most used ones, are guarded against a change of one letter.
    letters: usize,
}

/// How many of the most used names are guarded: against a change of one letter, and against everything else. One letter
/// is soon said of names that have nothing to do with each other, so that only those are guarded that are worth an
/// attack. Measured over names of the lists that are less used: see the test.
struct Guard {
    letters: usize,
    others: usize,
}

/// A name that a name can be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// Its place in the list, from 1.
    pub(super) rank: usize,
    pub(super) name: &'static str,
    pub(super) alike: Alike,
}

/// No name of a list is longer by far; what is longer is not looked up, since each letter of it costs.
const LONGEST: usize = 100;

/// The shortest name behind a scope that stands for one package.
const DISTINCT: usize = 8;

/// So many names make a family.
const FAMILY: usize = 5;

const NPM: Guard = Guard { letters: 1_000, others: 4_000 };
const PYPI: Guard = Guard { letters: 1_000, others: 4_000 };
const CRATES: Guard = Guard { letters: 300, others: 1_200 };

/// The names that are used much in an ecosystem, where a list of them is at hand. Made when it is first asked for.
pub(super) fn popular(ecosystem: Ecosystem) -> Option<&'static Popular> {
    static OF_NPM: LazyLock<Popular> = LazyLock::new(|| Popular::new(Ecosystem::Npm, include_str!("npm.txt"), &NPM));
    static OF_PYPI: LazyLock<Popular> =
        LazyLock::new(|| Popular::new(Ecosystem::PyPi, include_str!("pypi.txt"), &PYPI));
    static OF_CRATES: LazyLock<Popular> =
        LazyLock::new(|| Popular::new(Ecosystem::CratesIo, include_str!("crates.txt"), &CRATES));
    match ecosystem {
        Ecosystem::Npm => Some(&OF_NPM),
        Ecosystem::PyPi => Some(&OF_PYPI),
        Ecosystem::CratesIo => Some(&OF_CRATES),
        _ => None,
    }
}

impl Popular {
    fn new(ecosystem: Ecosystem, text: &'static str, guard: &Guard) -> Self {
        let names: Vec<&'static str> = text.lines().filter(|line| !line.is_empty()).collect();
        let mut shortened = Vec::new();
        let mut folds = Vec::new();
        let mut swapped = Vec::new();
        let mut unscoped = Vec::new();
        for (at, name) in (0_u32..).zip(names.iter().take(guard.others)) {
            folds.push((hash(&folded(name)), at));
            if let Some((_, name)) = name.strip_prefix('@').and_then(|name| name.split_once('/'))
                && name.len() >= DISTINCT
            {
                unscoped.push((hash(name), at));
            }
            swapped.push((unordered(name), at));
            // In one letter only the most used ones are guarded, in a scope whole.
            if usize::try_from(at).is_ok_and(|at| at < guard.letters) {
                shortened.extend(shorter(name).into_iter().map(|hash| (hash, at)));
            }
        }
        // What several scopes have is no name that stands for one of them.
        if !unscoped.is_empty() {
            let behind_scope = |name: &&str| hash(name.split_once('/').map_or(name, |(_, name)| name));
            let mut behind: Vec<u64> = names.iter().map(behind_scope).collect();
            behind.sort_unstable();
            unscoped.retain(|(of, _)| {
                let first = behind.partition_point(|name| name < of);
                behind[first..].iter().take_while(|name| *name == of).count() == 1
            });
        }
        Self {
            families: OnceLock::new(),
            known: names.iter().map(|name| same(ecosystem, name)).collect(),
            scopes: names.iter().filter_map(|name| scope(name)).collect(),
            shortened: Places::new(shortened),
            folded: Places::new(folds),
            swapped: Places::new(swapped),
            unscoped: Places::new(unscoped),
            letters: guard.letters,
            names,
        }
    }

    /// Whether a name is in the list.
    pub(super) fn knows(&self, ecosystem: Ecosystem, name: &str) -> bool {
        self.known.contains(&*same(ecosystem, name))
    }

    /// The most used name that a name can be taken for. A name that is known itself can be taken for none, and so can
    /// one whose scope belongs to somebody known.
    pub(super) fn target(&self, ecosystem: Ecosystem, name: &str) -> Option<Target> {
        let is_of_known_owner = scope(name).is_some_and(|scope| self.scopes.contains(scope));
        if name.len() > LONGEST || self.knows(ecosystem, name) || is_of_known_owner {
            return None;
        }
        let mut places: Vec<u32> = self.folded.of(hash(&folded(name))).collect();
        places.extend(self.swapped.of(unordered(name)));
        places.extend(shorter(name).into_iter().flat_map(|hash| self.shortened.of(hash)));
        places.sort_unstable();
        places.dedup();
        let by_name = places.into_iter().find_map(|at| {
            let (rank, other) = self.at(at)?;
            let alike = alike(name, other)?;
            let is_meant = match alike {
                Alike::Letter => rank <= self.letters,
                Alike::Scope => !name.split_once('-').is_some_and(|(family, _)| self.has_family(family)),
                Alike::Characters | Alike::Separators | Alike::Swap => true,
            };
            is_meant.then_some(Target { rank, name: other, alike })
        });
        by_name.or_else(|| self.under_another_scope(name))
    }

    fn has_family(&self, word: &str) -> bool {
        let families = self.families.get_or_init(|| {
            let mut families: HashMap<&'static str, usize> = HashMap::new();
            for (family, _) in self.names.iter().filter_map(|name| name.split_once('-')) {
                *families.entry(family).or_default() += 1;
            }
            families.into_iter().filter(|(_, names)| *names >= FAMILY).map(|(family, _)| family).collect()
        });
        families.contains(word)
    }

    /// The name of which this one has all but the scope, where no other has it.
    fn under_another_scope(&self, name: &str) -> Option<Target> {
        let (_, behind) = name.strip_prefix('@')?.split_once('/')?;
        let (rank, name) = self.unscoped.of(hash(behind)).find_map(|at| {
            let (rank, other) = self.at(at)?;
            (rank <= self.letters && other.ends_with(&format!("/{behind}"))).then_some((rank, other))
        })?;
        Some(Target { rank, name, alike: Alike::Scope })
    }

    fn at(&self, place: u32) -> Option<(usize, &'static str)> {
        let at = usize::try_from(place).ok()?;
        Some((at + 1, self.names.get(at)?))
    }
}

/// The form in which two names are the same package. crates.io lets nobody take a name that differs only in `-`, `_`
/// and case from one that there is (<https://doc.rust-lang.org/cargo/reference/registry-index.html#name-restrictions>).
fn same(ecosystem: Ecosystem, name: &str) -> Cow<'_, str> {
    match ecosystem {
        Ecosystem::CratesIo if name.bytes().any(|byte| byte == b'_' || byte.is_ascii_uppercase()) => {
            Cow::Owned(name.replace('_', "-").to_ascii_lowercase())
        }
        Ecosystem::CratesIo => Cow::Borrowed(name),
        _ => ecosystem.normalize_name(name),
    }
}

fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// Spreads a number over all bits.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 31)).wrapping_mul(FACTOR);
    number ^ (number >> 29)
}

/// An odd number without a pattern in its bits.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of the characters of a name in whatever order: two names of which one has two letters of the other swapped
/// have the same.
fn unordered(name: &str) -> u64 {
    name.chars().fold(0, |sum: u64, c| sum.wrapping_add(mixed(u64::from(c))))
}

/// Hashes of a name and of what is left of it without each of its characters: two names with one edit between them
/// have one of these in common, so that no name is compared with all others. A name is read as a number whose digits are
/// its characters, so that none of what is left of it is written down.
fn shorter(name: &str) -> Vec<u64> {
    let digits = name.chars().map(|c| u64::from(c) + 1);
    let before = digits.clone().scan(0, |before: &mut u64, digit| {
        let left = *before;
        *before = left.wrapping_mul(FACTOR).wrapping_add(digit);
        Some(left)
    });
    let before: Vec<u64> = before.collect();
    let mut hashes = Vec::with_capacity(before.len() + 1);
    let (mut after, mut scale) = (0_u64, 1_u64);
    for (digit, before) in digits.rev().zip(before.iter().rev()) {
        hashes.push(mixed(before.wrapping_mul(scale).wrapping_add(after)));
        after = after.wrapping_add(digit.wrapping_mul(scale));
        scale = scale.wrapping_mul(FACTOR);
    }
    hashes.push(mixed(after));
    hashes
}

/// Places by hash.
struct Places(Vec<(u64, u32)>);

impl Places {
    fn new(mut places: Vec<(u64, u32)>) -> Self {
        places.sort_unstable();
        places.dedup();
        Self(places)
    }

    fn of(&self, hash: u64) -> impl Iterator<Item = u32> {
        let first = self.0.partition_point(|(known, _)| *known < hash);
        self.0[first..].iter().take_while(move |(known, _)| *known == hash).map(|(_, place)| *place)
    }
}

/// The names that would be accused if only those others were known.
#[cfg(test)]
pub(super) fn accused(
    ecosystem: Ecosystem,
    known: &[&'static str],
    names: &[&'static str],
) -> Vec<(&'static str, &'static str)> {
    let text: &'static str = known.join("\n").leak();
    let popular = Popular::new(ecosystem, text, &NPM);
    names.iter().filter_map(|name| Some((*name, popular.target(ecosystem, name)?.name))).collect()
}
