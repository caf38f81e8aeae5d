//! Which policy judges: what the caller names, what the scanned tree holds, and the levels for this run.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::Failure;
use super::callers_files::{CallersFiles, read_file};
use super::exit::Exit;
use crate::model::{Level, PolicyOrigin, Severity};
use crate::policy::{self, Policy, PolicyState, Profile, ReadFile, Reading};
use crate::rule;
use crate::scan::Selection;

/// The name of the policy file in a tree.
pub(super) const POLICY_FILE: &str = "osprey.toml";

/// What is accepted.
#[derive(Debug, Args)]
pub(super) struct PolicyArguments {
    /// The policy file [default: of a scan osprey.toml of the scanned root; else the profile `brownfield`]
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    policy: Option<PathBuf>,
    /// A built-in policy
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,
    /// Ignore a policy file in the scanned tree; only a scan reads one
    #[arg(long)]
    no_repo_policy: bool,
    #[command(flatten)]
    levels: Levels,
}

/// The levels for this run.
#[derive(Debug, Args)]
struct Levels {
    /// Fail on findings of a rule
    #[arg(long, value_name = "RULE")]
    deny: Vec<String>,
    /// Show findings of a rule
    #[arg(long, value_name = "RULE")]
    warn: Vec<String>,
    /// Only count findings of a rule
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Only count vulnerabilities below this severity
    #[arg(long, value_enum, value_name = "SEVERITY")]
    min_severity: Option<SeverityName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    /// Every check on: for new projects
    Greenfield,
    /// The most important first: for projects with a history
    Brownfield,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Greenfield => Self::Greenfield,
            ProfileName::Brownfield => Self::Brownfield,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SeverityName {
    Low,
    Medium,
    High,
    Critical,
}

impl From<SeverityName> for Severity {
    fn from(name: SeverityName) -> Self {
        match name {
            SeverityName::Low => Self::Low,
            SeverityName::Medium => Self::Medium,
            SeverityName::High => Self::High,
            SeverityName::Critical => Self::Critical,
        }
    }
}

/// The files of the scanned tree as a policy is read from them: those of the work tree, or of a commit.
pub(super) struct TreeFiles<'t> {
    /// [`PolicyOrigin::Tree`], or [`PolicyOrigin::Base`] where they are read from a commit.
    pub(super) origin: PolicyOrigin,
    /// Reads one by its path from the root. No symbolic link is followed.
    pub(super) read: &'t ReadFile<'t>,
    /// Where the policy may stand; the first that is there counts.
    pub(super) places: Vec<String>,
}

impl TreeFiles<'_> {
    /// The policy file of the tree, if it has one.
    pub(super) fn policy(&self) -> Result<Option<&str>, Failure> {
        for place in &self.places {
            match (self.read)(place) {
                Ok(Some(_)) => return Ok(Some(place)),
                Ok(None) => {}
                Err(why) => return Err(Failure::usage(format!("{place}: {why}"))),
            }
        }
        Ok(None)
    }
}

/// The root of a selection and where in it a policy may stand: in the first scanned folder, or at the root that the
/// caller names.
pub(super) fn policy_places(selection: &Selection) -> Result<(PathBuf, Vec<String>), Failure> {
    let root = selection.root().map_err(Failure::usage)?;
    let folders = selection.paths.first().into_iter().chain(selection.repo_root.as_ref());
    let mut places = Vec::new();
    for folder in folders {
        let Ok(full) = fs::canonicalize(folder) else { continue };
        let Ok(inside) = full.strip_prefix(&root) else { continue };
        let parts = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let place = parts.chain([POLICY_FILE.to_owned()]).collect::<Vec<_>>().join("/");
        if full.is_dir() && !places.contains(&place) {
            places.push(place);
        }
    }
    Ok((root, places))
}

/// Reads a file of the work tree by its path from the root. What a symbolic link leads to could lie anywhere, and counts
/// as not there.
pub(super) fn read_in_tree(root: &Path, path: &str, most: usize) -> Result<Option<Vec<u8>>, String> {
    let mut full = root.to_owned();
    for part in path.split('/') {
        full.push(part);
        match fs::symlink_metadata(&full) {
            Ok(meta) if meta.is_symlink() => return Ok(None),
            Ok(_) => {}
            Err(_) => return Ok(None),
        }
    }
    if full.is_file() { read_file(&full, most).map(Some).map_err(|error| error.to_string()) } else { Ok(None) }
}

impl PolicyArguments {
    /// The policy in force: the caller's, which that of a tree may tighten; else the tree's, else the built-in one; then
    /// the levels for this run.
    pub(super) fn load_from(
        &self,
        tree: Option<&TreeFiles<'_>>,
        files: CallersFiles<'_>,
        today: Date,
    ) -> Result<Policy, Failure> {
        let rules = rule::rules();
        let tree = tree.filter(|_| !self.no_repo_policy);
        let found = tree.map(TreeFiles::policy).transpose()?.flatten();
        let mut policy = match (self.of_caller(files, today)?, tree.zip(found)) {
            (Some(policy), found) => below(policy, found, today),
            (None, Some((tree, path))) => {
                let (read, origin) = (tree.read, tree.origin);
                let reading = Reading { read, origin, rules: &rules, today, below: None };
                policy::load(path, &reading).map_err(wrong)?
            }
            (None, None) => Policy::built_in(Profile::Brownfield, &rules),
        };
        self.levels.apply(&mut policy)?;
        Ok(policy)
    }

    /// The policy in force where the tree's cannot be read at the base, so that nothing holds the change: the caller's,
    /// else the built-in one, which that of the change may tighten. That it was to be held is denied, whatever the change
    /// says.
    pub(super) fn load_unheld(
        &self,
        now: &TreeFiles<'_>,
        files: CallersFiles<'_>,
        today: Date,
    ) -> Result<Policy, Failure> {
        let policy = match self.of_caller(files, today)? {
            Some(policy) => policy,
            None => {
                let mut policy = Policy::built_in(Profile::Brownfield, &rule::rules());
                policy.deny_unheld();
                policy
            }
        };
        let found = now.policy()?;
        let mut policy = below(policy, found.map(|path| (now, path)), today);
        self.levels.apply(&mut policy)?;
        Ok(policy)
    }

    /// The policy file that the caller names, where it lies in the scanned tree, in its states then and now.
    pub(super) fn states(
        &self,
        root: &Path,
        files: CallersFiles<'_>,
        today: Date,
    ) -> Option<(PolicyState, PolicyState)> {
        let path = files.in_tree(self.policy.as_deref()?)?;
        let state = |files: CallersFiles<'_>| {
            let read = |asked: &str| files.read(&root.join(asked), policy::LARGEST);
            let rules = rule::rules();
            match read(&path) {
                Ok(None) => PolicyState::Absent(Some(path.clone())),
                _ => state(
                    &path,
                    &Reading { read: &read, origin: PolicyOrigin::Flag, rules: &rules, today, below: None },
                ),
            }
        };
        Some((state(files), state(CallersFiles::NOW)))
    }

    /// Whether the scanned tree has no say.
    pub(super) fn ignores_tree(&self) -> bool {
        self.no_repo_policy
    }

    /// What the caller chooses, if the caller does.
    fn of_caller(&self, files: CallersFiles<'_>, today: Date) -> Result<Option<Policy>, Failure> {
        match (&self.policy, self.profile) {
            (Some(path), _) => read(path, files, today).map(Some),
            (None, Some(profile)) => Ok(Some(Policy::built_in(profile.into(), &rule::rules()))),
            (None, None) => Ok(None),
        }
    }

    /// The policy of a tree by itself, whatever the caller says.
    pub(super) fn of_tree(
        &self,
        tree: &TreeFiles<'_>,
        files: CallersFiles<'_>,
        today: Date,
    ) -> Result<PolicyState, Failure> {
        let Some(path) = tree.policy()? else { return Ok(PolicyState::Absent(tree.places.first().cloned())) };
        let caller = self.of_caller(files, today)?;
        let below = caller.as_ref().map(|policy| policy.custom.as_slice());
        let reading = Reading { read: tree.read, origin: tree.origin, rules: &rule::rules(), today, below };
        Ok(state(path, &reading))
    }
}

fn state(path: &str, reading: &Reading<'_>) -> PolicyState {
    match policy::load(path, reading) {
        Ok(policy) => PolicyState::Read(Box::new(policy)),
        Err(errors) => PolicyState::Broken { path: path.to_owned(), errors },
    }
}

/// The caller's policy with what the tree's tightens.
fn below(mut policy: Policy, found: Option<(&TreeFiles<'_>, &str)>, today: Date) -> Policy {
    let Some((tree, path)) = found else { return policy };
    let custom = policy.custom.clone();
    let reading = Reading { read: tree.read, origin: tree.origin, rules: &rule::rules(), today, below: Some(&custom) };
    match policy::load(path, &reading) {
        Ok(tree) => policy.tightened_by(&tree, today),
        Err(errors) => {
            policy.cannot_be_tightened(path, &errors);
            policy
        }
    }
}

impl Levels {
    fn apply(&self, policy: &mut Policy) -> Result<(), Failure> {
        for (names, level) in [(&self.allow, Level::Allow), (&self.warn, Level::Warn), (&self.deny, Level::Deny)] {
            for name in names {
                policy.set_level(name, level).map_err(Failure::usage)?;
            }
        }
        if let Some(severity) = self.min_severity {
            policy.set_min_severity(severity.into());
        }
        Ok(())
    }
}

/// A policy that the caller names, with what it extends.
pub(super) fn read(path: &Path, files: CallersFiles<'_>, today: Date) -> Result<Policy, Failure> {
    let shown = path.display().to_string();
    // A path that is no text can still be opened as it was given.
    let read = |asked: &str| {
        let file = if asked == shown { path } else { Path::new(asked) };
        files.read(file, policy::LARGEST)
    };
    if files.in_tree(path).is_some() && matches!(read(&shown), Ok(None)) {
        return Err(Failure::usage(format!("--policy {shown}: {}", files.absent(path))));
    }
    let reading = Reading { read: &read, origin: PolicyOrigin::Flag, rules: &rule::rules(), today, below: None };
    policy::load(&shown, &reading).map_err(wrong)
}

/// Every mistake, a line each.
#[allow(clippy::needless_pass_by_value, reason = "so that `map_err` can name it")]
fn wrong(errors: Vec<policy::PolicyError>) -> Failure {
    Failure { exit: Exit::Usage, messages: errors.iter().map(ToString::to_string).collect() }
}
