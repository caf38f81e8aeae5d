//! What a scan is compared with: a baseline, and the merge base with a revision, from which the tree's policy is read then.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;

use super::Failure;
use super::policy_arguments::{PolicyArguments, TreeFiles, policy_places, read_in_tree};
use crate::model::{PolicyChange, PolicyOrigin};
use crate::policy::{self, Baseline, BaselineFile, LARGEST_BASELINE, Policy, PolicyState};
use crate::scan::{Base, Selection};

/// What is compared with.
#[derive(Debug, Default, Args)]
pub(super) struct Compared {
    /// Only count what a baseline does not hold; `osprey baseline` writes one [default: the policy's `baseline`]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Only count what is new since a branch, a tag or a commit: since the newest commit that it and HEAD descend from.
    /// The tree's policy is read from that commit, and that it was loosened since is a finding
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Whether no baseline is used, for who writes one.
    #[arg(skip)]
    without_baseline: bool,
}

/// What a scan is judged by and compared with.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) selection: Selection,
    pub(super) policy: Policy,
    pub(super) base: Option<Base>,
    /// The baseline with its name.
    pub(super) baseline: Option<(String, Baseline)>,
    /// What is loosened in the policy since the base.
    pub(super) changes: Vec<PolicyChange>,
}

impl Compared {
    /// Nothing, whatever the policy says.
    pub(super) const NOTHING: Self = Self { baseline: None, since: None, without_baseline: true };

    /// The policy in force, and what is compared with.
    pub(super) fn load(
        &self,
        arguments: &PolicyArguments,
        selection: Selection,
        today: Date,
    ) -> Result<Comparison, Failure> {
        let (root, places) = policy_places(&selection)?;
        let read_now = |path: &str| read_in_tree(&root, path, LARGEST_BASELINE);
        let now = TreeFiles { origin: PolicyOrigin::Tree, read: &read_now, places: places.clone() };
        let base = self.since.as_ref().map(|named| Base::open(&root, named)).transpose().map_err(Failure::usage)?;
        let Some(base) = base else {
            let policy = arguments.load_from(Some(&now), today)?;
            let baseline = self.baseline(&policy, &now)?;
            return Ok(Comparison { selection, policy, base: None, baseline, changes: Vec::new() });
        };
        let read_then = |path: &str| base.bytes(path, LARGEST_BASELINE);
        let then = TreeFiles { origin: PolicyOrigin::Base, read: &read_then, places };
        let states = (arguments.of_tree(&then, today)?, arguments.of_tree(&now, today)?);
        // What cannot be read at the base holds nobody to anything; it is a finding that it cannot.
        let in_force = if matches!(states.0, PolicyState::Broken { .. }) { &now } else { &then };
        let policy = arguments.load_from(Some(in_force), today)?;
        let baseline = self.baseline(&policy, in_force)?;
        let changes = if arguments.ignores_tree() {
            Vec::new()
        } else {
            let baselines = (held(&states.0, &then), held(&states.1, &now));
            policy::loosened((&states.0, &baselines.0), (&states.1, &baselines.1))
        };
        Ok(Comparison { selection, policy, base: Some(base), baseline, changes })
    }

    /// The baseline that the caller names, else the policy's.
    fn baseline(&self, policy: &Policy, tree: &TreeFiles<'_>) -> Result<Option<(String, Baseline)>, Failure> {
        if self.without_baseline {
            return Ok(None);
        }
        if let Some(path) = &self.baseline {
            let shown = path.display().to_string();
            let bytes = read_file(path).map_err(|error| unread(&format!("--baseline {shown}"), &shown, &error))?;
            let baseline = Baseline::parse(&shown, &bytes).map_err(Failure::usage)?;
            return Ok(Some((shown, baseline)));
        }
        let Some(path) = &policy.baseline else { return Ok(None) };
        let place = policy.place("baseline").unwrap_or_else(|| "the policy".to_owned());
        let found = match policy.origin {
            PolicyOrigin::Flag | PolicyOrigin::BuiltIn => Some(
                read_file(Path::new(path)).map_err(|error| unread(&format!("{place}: `baseline`"), path, &error))?,
            ),
            PolicyOrigin::Tree | PolicyOrigin::Base => {
                (tree.read)(path).map_err(|why| Failure::usage(format!("{place}: `baseline` {path}: {why}")))?
            }
        };
        match found {
            Some(bytes) => {
                let baseline = Baseline::parse(path, &bytes).map_err(Failure::usage)?;
                Ok(Some((path.clone(), baseline)))
            }
            // Nobody can add it to a commit that is made. Without it, nothing is known from before.
            None if policy.origin == PolicyOrigin::Base => Ok(None),
            None => {
                let message = format!(
                    "{place}: `baseline` names {path}, and there is no such file (symbolic links are not followed); \
                     `osprey baseline` writes it"
                );
                Err(Failure::usage(message))
            }
        }
    }
}

/// What the baseline of a tree's policy holds.
fn held(state: &PolicyState, tree: &TreeFiles<'_>) -> BaselineFile {
    let PolicyState::Read(policy) = state else { return BaselineFile::None };
    let Some(path) = &policy.baseline else { return BaselineFile::None };
    match (tree.read)(path) {
        Ok(None) => BaselineFile::None,
        Ok(Some(bytes)) => match Baseline::parse(path, &bytes) {
            Ok(baseline) => BaselineFile::Read(path.clone(), baseline),
            Err(error) => BaselineFile::Broken(path.clone(), error.to_string()),
        },
        Err(why) => BaselineFile::Broken(path.clone(), why),
    }
}

fn unread(what: &str, path: &str, error: &io::Error) -> Failure {
    Failure::usage(match error.kind() {
        io::ErrorKind::NotFound => format!("{what}: there is no such file; `osprey baseline -o {path}` writes one"),
        _ => format!("{what}: {path}: {error}"),
    })
}

/// Of a file that is too large no more is read than shows that it is.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_BASELINE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
