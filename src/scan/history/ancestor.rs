//! The newest commit that two others descend from. What a shallow clone cuts off is known to be cut off, so that too
//! little history is never taken for none.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind};

use super::open::HistoryError;
use super::{MAX_COMMIT, Trouble, object};
use crate::scan::discover::read_bounded;

/// So many commits are looked at.
const MOST_COMMITS: usize = 5_000_000;

/// The file of a shallow clone is not read beyond this, in bytes.
const MAX_SHALLOW: u64 = 16 << 20;

const OURS: u8 = 1;
const THEIRS: u8 = 2;
/// It is an ancestor of a common one.
const STALE: u8 = 4;
const BOTH: u8 = OURS | THEIRS;

/// The merge base.
pub(super) struct MergeBase {
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) time: i64,
    /// How many there are.
    pub(super) several: usize,
}

struct Commit {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    time: i64,
}

/// The commits of a shallow clone whose parents were left out.
pub(super) fn shallow(repository: &gix::Repository) -> BTreeSet<ObjectId> {
    let Ok(bytes) = read_bounded(&repository.common_dir().join("shallow"), MAX_SHALLOW) else {
        return BTreeSet::new();
    };
    bytes.split(|byte| *byte == b'\n').filter_map(|line| ObjectId::from_hex(line.trim_ascii()).ok()).collect()
}

/// A walk from two commits towards what they have in common, newest first, as `git merge-base` does it.
struct Walk<'r> {
    repository: &'r gix::Repository,
    shallow: BTreeSet<ObjectId>,
    commits: BTreeMap<ObjectId, Rc<Commit>>,
    flags: BTreeMap<ObjectId, u8>,
    queue: BinaryHeap<(i64, ObjectId)>,
    queued: BTreeSet<ObjectId>,
    /// How many in the queue are not stale.
    fresh: usize,
    /// Where a shallow clone ends.
    cut: Option<ObjectId>,
    /// A commit that should be there and is not.
    missing: Option<ObjectId>,
}

/// The newest commit that both descend from.
pub(super) fn merge_base(
    repository: &gix::Repository,
    named: &str,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<MergeBase, HistoryError> {
    let mut walk = Walk {
        repository,
        shallow: shallow(repository),
        commits: BTreeMap::new(),
        flags: BTreeMap::new(),
        queue: BinaryHeap::new(),
        queued: BTreeSet::new(),
        fresh: 0,
        cut: None,
        missing: None,
    };
    let fail = |message: String| HistoryError::revision(named, message);
    for (id, side) in [(ours, OURS), (theirs, THEIRS)] {
        walk.add(id, side).map_err(fail)?;
    }
    if walk.missing.is_some() {
        return Err(fail(walk.none(named)));
    }
    let common = walk.common().map_err(fail)?;
    let newest = common.iter().filter_map(|id| Some((walk.commits.get(id)?, *id))).max_by_key(|(c, id)| (c.time, *id));
    match newest {
        Some((commit, id)) => Ok(MergeBase { commit: id, tree: commit.tree, time: commit.time, several: common.len() }),
        None => Err(fail(walk.none(named))),
    }
}

impl Walk<'_> {
    /// Marks a commit as reached from a side, and looks at it (again) if that is new.
    fn add(&mut self, id: ObjectId, marks: u8) -> Result<(), String> {
        let before = self.flags.get(&id).copied().unwrap_or_default();
        if before | marks == before {
            return Ok(());
        }
        let commit = match self.commits.get(&id) {
            Some(commit) => Rc::clone(commit),
            None => match read(self.repository, id) {
                Ok(commit) => Rc::new(commit),
                Err(Trouble::Missing) => {
                    self.missing = self.missing.or(Some(id));
                    return Ok(());
                }
                Err(Trouble::TooLarge(size)) => return Err(format!("the commit {id} is {size} bytes long")),
                Err(Trouble::Broken(message)) => return Err(format!("the commit {id} cannot be read: {message}")),
            },
        };
        if self.commits.len() >= MOST_COMMITS {
            return Err(format!("no common ancestor is among the newest {MOST_COMMITS} commits"));
        }
        let now = before | marks;
        self.flags.insert(id, now);
        if self.queued.insert(id) {
            self.queue.push((commit.time, id));
            self.fresh += usize::from(now & STALE == 0);
        } else if before & STALE == 0 && now & STALE != 0 {
            self.fresh -= 1;
        }
        self.commits.insert(id, commit);
        Ok(())
    }

    /// The commits that both sides reach and that no other such commit descends from.
    fn common(&mut self) -> Result<BTreeSet<ObjectId>, String> {
        let mut common = BTreeSet::new();
        while self.fresh > 0 {
            let Some((_, id)) = self.queue.pop() else { break };
            self.queued.remove(&id);
            let marks = self.flags.get(&id).copied().unwrap_or_default();
            self.fresh -= usize::from(marks & STALE == 0);
            let mut passed = marks;
            if marks & (BOTH | STALE) == BOTH {
                common.insert(id);
                passed |= STALE;
            }
            if self.shallow.contains(&id) {
                self.cut = self.cut.or(Some(id));
                continue;
            }
            let Some(commit) = self.commits.get(&id).cloned() else { continue };
            for parent in &commit.parents {
                self.add(*parent, passed)?;
            }
        }
        common.retain(|id| self.flags.get(id).is_some_and(|marks| marks & STALE == 0));
        Ok(common)
    }

    /// Why there is no common ancestor, and what to do.
    fn none(&self, named: &str) -> String {
        if let Some(cut) = self.cut {
            let held = self.commits.len();
            return format!(
                "this clone is shallow and holds too little history: of the {held} commits of HEAD and {named} that are \
                 in it, none is common to both, and the history ends at {cut}. How much more is needed cannot be seen \
                 from here: give the checkout step `fetch-depth: 0`, or run `git fetch --unshallow`"
            );
        }
        match self.missing {
            Some(missing) => format!(
                "the commit {missing} is missing from this clone, which is not marked as shallow: it is damaged or was \
                 copied in part; clone again"
            ),
            None => format!(
                "HEAD and {named} have no common ancestor: their histories are unrelated; name a revision that this \
                 branch comes from"
            ),
        }
    }
}

fn read(repository: &gix::Repository, id: ObjectId) -> Result<Commit, Trouble> {
    let bytes = object(repository, id, Kind::Commit, MAX_COMMIT)?;
    let broken = |error: &dyn std::fmt::Display| Trouble::Broken(error.to_string());
    let parts = || CommitRefIter::from_bytes(&bytes, repository.object_hash());
    let tree = parts().tree_id().map_err(|error| broken(&error))?;
    let time = parts().committer().map_err(|error| broken(&error))?.time().map_err(|error| broken(&error))?.seconds;
    Ok(Commit { tree, parents: parts().parent_ids().collect(), time })
}
