//! What a scan is compared with: a baseline, and the merge base with a revision, from which the tree's policy is read then.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;

use super::Failure;
use super::callers_files::CallersFiles;
use super::policy_arguments::{PolicyArguments, TreeFiles, policy_places, read_in_tree};
use crate::model::{Diagnostic, PolicyChange, PolicyOrigin};
use crate::policy::{self, Baseline, BaselineFile, LARGEST_BASELINE, Policy, PolicyState, ReadFile};
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
            let mut policy = arguments.load_from(Some(&now), CallersFiles::NOW, today)?;
            let baseline = self.baseline(&mut policy, &now, CallersFiles::NOW)?;
            return Ok(Comparison { selection, policy, base: None, baseline, changes: Vec::new() });
        };
        let read_then = |path: &str| base.bytes(path, LARGEST_BASELINE);
        let then = TreeFiles { origin: PolicyOrigin::Base, read: &read_then, places };
        let files = CallersFiles::at(&root, &base);
        let states = (arguments.of_tree(&then, files, today)?, arguments.of_tree(&now, files, today)?);
        // What cannot be read at the base holds nobody to anything; it is a finding that it cannot.
        let is_unheld = matches!(states.0, PolicyState::Broken { .. }) && !arguments.ignores_tree();
        let (mut policy, in_force) = if is_unheld {
            (arguments.load_unheld(&now, files, today)?, &now)
        } else {
            (arguments.load_from(Some(&then), files, today)?, &then)
        };
        let baseline = self.baseline(&mut policy, in_force, files)?;
        let mut changes = Vec::new();
        if !arguments.ignores_tree() {
            let baselines = (held(named(&states.0), then.read), held(named(&states.1), now.read));
            changes = policy::loosened((&states.0, &baselines.0), (&states.1, &baselines.1));
        }
        changes.extend(self.loosened_by_name(arguments.states(&root, files, today).as_ref(), &policy, files));
        changes.sort();
        changes.dedup();
        Ok(Comparison { selection, policy, base: Some(base), baseline, changes })
    }

    /// What is loosened since the base in files of the tree that the caller names, or that a policy of the caller's names.
    fn loosened_by_name(
        &self,
        states: Option<&(PolicyState, PolicyState)>,
        policy: &Policy,
        files: CallersFiles<'_>,
    ) -> Vec<PolicyChange> {
        let baselines = match (&self.baseline, states) {
            (Some(path), _) => (path.to_str(), path.to_str()),
            (None, Some((was, now))) => (named(was), named(now)),
            (None, None) if policy.origin == PolicyOrigin::Flag => {
                (policy.baseline.as_deref(), policy.baseline.as_deref())
            }
            (None, None) => (None, None),
        };
        // What lies elsewhere is the caller's alone.
        let in_tree = |path: Option<&str>| files.in_tree(Path::new(path?));
        let read = |files: CallersFiles<'_>, named: Option<&str>| {
            held(in_tree(named).as_deref(), &|_| files.read(Path::new(named.unwrap_or_default()), LARGEST_BASELINE))
        };
        let held = (read(files, baselines.0), read(CallersFiles::NOW, baselines.1));
        let none = PolicyState::Absent(None);
        let (was, now) = states.map_or((&none, &none), |(was, now)| (was, now));
        policy::loosened((was, &held.0), (now, &held.1))
    }

    /// The baseline that the caller names, else the policy's.
    fn baseline(
        &self,
        policy: &mut Policy,
        tree: &TreeFiles<'_>,
        files: CallersFiles<'_>,
    ) -> Result<Option<(String, Baseline)>, Failure> {
        if self.without_baseline {
            return Ok(None);
        }
        if let Some(path) = &self.baseline {
            let shown = path.display().to_string();
            return callers(policy, (path, &format!("--baseline {shown}")), files);
        }
        let Some(path) = policy.baseline.clone() else { return Ok(None) };
        let place = policy.place("baseline").unwrap_or_else(|| "the policy".to_owned());
        let found = match policy.origin {
            PolicyOrigin::Flag | PolicyOrigin::BuiltIn => {
                return callers(policy, (Path::new(&path), &format!("{place}: `baseline`")), files);
            }
            PolicyOrigin::Tree | PolicyOrigin::Base => {
                (tree.read)(&path).map_err(|why| Failure::usage(format!("{place}: `baseline` {path}: {why}")))?
            }
        };
        match found {
            Some(bytes) => {
                let baseline = Baseline::parse(&path, &bytes).map_err(Failure::usage)?;
                Ok(Some((path, baseline)))
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

/// A baseline that the caller names, or a policy of the caller's. One that lies in the scanned tree and is not there at the
/// base holds nothing: nobody can add it to a commit that is made.
fn callers(
    policy: &mut Policy,
    (path, what): (&Path, &str),
    files: CallersFiles<'_>,
) -> Result<Option<(String, Baseline)>, Failure> {
    let shown = path.display().to_string();
    let found = files.read(path, LARGEST_BASELINE).map_err(|why| Failure::usage(format!("{what}: {shown}: {why}")))?;
    match (found, files.in_tree(path)) {
        (Some(bytes), _) => {
            let baseline = Baseline::parse(&shown, &bytes).map_err(Failure::usage)?;
            Ok(Some((shown, baseline)))
        }
        (None, Some(inside)) => {
            let message = format!("the baseline is not in force: {}", files.absent(path));
            policy.remarks.push(Diagnostic::warning(&inside.into(), None, message));
            Ok(None)
        }
        (None, None) => {
            let message = format!("{what}: there is no such file; `osprey baseline -o {shown}` writes one");
            Err(Failure::usage(message))
        }
    }
}

/// The baseline that a policy names.
fn named(state: &PolicyState) -> Option<&str> {
    match state {
        PolicyState::Read(policy) => policy.baseline.as_deref(),
        PolicyState::Absent(_) | PolicyState::Broken { .. } => None,
    }
}

/// What a baseline of a tree holds.
fn held(path: Option<&str>, read: &ReadFile<'_>) -> BaselineFile {
    let Some(path) = path else { return BaselineFile::None };
    match read(path) {
        Ok(None) => BaselineFile::None,
        Ok(Some(bytes)) => match Baseline::parse(path, &bytes) {
            Ok(baseline) => BaselineFile::Read(path.to_owned(), baseline),
            Err(error) => BaselineFile::Broken(path.to_owned(), error.to_string()),
        },
        Err(why) => BaselineFile::Broken(path.to_owned(), why),
    }
}
