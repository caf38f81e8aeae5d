//! What a run says in the end: decisions, what was covered, where the knowledge and the policy came from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{
    AliasGroup, Checklist, Decision, DependencyGraph, Diagnostic, Ecosystem, ExceptionStatus, Health, Level,
    PackageIndex, ProjectFiles, Remedy, RepoPath, Rule,
};

/// Whether the run passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything recognised was covered, nothing denied.
    Pass,
    /// Nothing denied, but something was not looked at, or there was nothing to look at.
    Incomplete,
    /// The policy denied a finding.
    Fail,
}

impl Verdict {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Incomplete => "incomplete",
            Self::Fail => "fail",
        }
    }
}

/// What became of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageState {
    /// It was compared with every advisory for its name.
    Matched,
    /// No source of advisories told anything: there is no index of its ecosystem, or the service did not answer.
    NoIndex,
    /// It was declared private, and is asked for nowhere.
    Private,
    /// No exact version is known.
    Unresolved,
    /// A version or a record cannot be compared.
    CannotJudge,
    /// It comes from git, a path, a URL, or is a project itself: advisories by name do not speak of it.
    NotAsked,
}

impl PackageState {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::NoIndex => "no-index",
            Self::Private => "private",
            Self::Unresolved => "unresolved",
            Self::CannotJudge => "cannot-judge",
            Self::NotAsked => "not-asked",
        }
    }
}

/// What became of a recognised file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileState {
    /// All of it was read.
    Read,
    /// Some of it was lost.
    PartlyRead,
    /// None of it could be read.
    Failed,
    /// It is recognised, and no parser reads this kind of file yet.
    Unsupported,
    /// It was left out on purpose: ignored, vendored, excluded.
    Skipped,
}

impl FileState {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::PartlyRead => "partly-read",
            Self::Failed => "failed",
            Self::Unsupported => "unsupported",
            Self::Skipped => "skipped",
        }
    }
}

/// A recognised file or a skipped tree in the coverage ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileCoverage {
    /// The file, or the folder of a skipped tree.
    pub path: RepoPath,
    /// The parser that reads such files, if there is one.
    pub parser: Option<&'static str>,
    /// What became of it.
    pub state: FileState,
    /// Whether it fixes versions. Of what no parser reads, only such files make the run incomplete.
    pub fixes_versions: bool,
    /// How many packages it gave.
    pub packages: usize,
    /// Why, in words.
    pub message: Option<String>,
}

impl FileCoverage {
    /// Whether it makes the run incomplete.
    pub fn is_gap(&self) -> bool {
        match self.state {
            FileState::PartlyRead | FileState::Failed => true,
            FileState::Unsupported => self.fixes_versions,
            FileState::Read | FileState::Skipped => false,
        }
    }
}

/// What became of a source of knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceState {
    /// It answered.
    Ok,
    /// It is older than the policy's `max-age`.
    Stale,
    /// There is none for this ecosystem.
    Missing,
    /// It could not be read.
    Failed,
    /// Nothing needed it.
    NotAsked,
}

impl SourceState {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Failed => "failed",
            Self::NotAsked => "not-asked",
        }
    }
}

/// What is known about the packages of a graph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// What became of each package, by package index.
    pub states: Vec<PackageState>,
    /// The alias groups of which a record covers the package, by package index; sorted by key.
    pub advisories: Vec<Vec<AliasGroup>>,
    /// What is known about the health of packages and projects.
    pub health: Health,
    /// What each package's version is the fix of. A package that is not here: it is not known.
    pub remedies: BTreeMap<PackageIndex, Vec<Remedy>>,
    /// What the scanned project itself has.
    pub project: ProjectFiles,
}

/// A source of knowledge in the coverage ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceCoverage {
    /// Its name, for example `osv-index`.
    pub name: &'static str,
    /// The ecosystem it was asked about; none for what is no source of advisories.
    pub ecosystem: Option<Ecosystem>,
    /// What became of it.
    pub state: SourceState,
    /// When its data was exported, RFC 3339.
    pub as_of: Option<String>,
    /// How many records it holds for the ecosystem.
    pub records: u64,
    /// How many records it could not take.
    pub rejected: u64,
    /// Why, in words.
    pub message: Option<String>,
}

impl SourceCoverage {
    /// Whether it makes the run incomplete. How old advisories may be is a matter of its own; what it means that they
    /// cannot be had is for the policy to say. What another source does not tell is unknown to the rules that need it,
    /// and is said there.
    fn is_gap(&self, unanswered: OnUnknown) -> bool {
        self.is_of_advisories()
            && match self.state {
                SourceState::Stale => true,
                SourceState::Missing | SourceState::Failed => unanswered >= OnUnknown::Incomplete,
                SourceState::Ok | SourceState::NotAsked => false,
            }
    }

    /// Whether it is a source of advisories: those have a row for each ecosystem.
    pub fn is_of_advisories(&self) -> bool {
        self.ecosystem.is_some()
    }
}

/// What happens where a fact is not known that a rule needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum OnUnknown {
    /// It is said and counts for nothing.
    Allow,
    /// It is warned about.
    Warn,
    /// The run is incomplete.
    #[default]
    Incomplete,
    /// The run fails.
    Deny,
}

impl OnUnknown {
    /// Every choice, from the mildest on.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Warn, Self::Incomplete, Self::Deny];

    /// The word that policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Incomplete => "incomplete",
            Self::Deny => "deny",
        }
    }
}

/// A fact that a rule needed and that is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The rule.
    pub rule: &'static str,
    /// The source that did not tell.
    pub source: &'static str,
    /// For how many packages.
    pub packages: usize,
    /// What is missing, in words.
    pub message: String,
    /// What it does to the run.
    pub outcome: OnUnknown,
}

/// A thing that is not known, whatever number of rules misses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedUnknown<'u> {
    /// What it does to the run.
    pub outcome: OnUnknown,
    /// What is missing, in words.
    pub message: &'u str,
    /// The rules that miss it, with the number of packages of which they do; 0: of the project itself. The most first.
    pub rules: Vec<(usize, Vec<&'static str>)>,
}

impl<'u> JoinedUnknown<'u> {
    /// Joins what is not known for the same reason and weighs the same, the gravest first, then by source. What only is
    /// said and what is warned about weigh the same.
    pub fn of(unknowns: impl Iterator<Item = &'u Unknown>) -> Vec<Self> {
        let mut joined: BTreeMap<_, (OnUnknown, BTreeMap<_, Vec<&'static str>>)> = BTreeMap::new();
        for unknown in unknowns {
            let weight = unknown.outcome.max(OnUnknown::Warn);
            let of = joined.entry((Reverse(weight), unknown.source, unknown.message.as_str()));
            let (outcome, rules) = of.or_insert((unknown.outcome, BTreeMap::new()));
            *outcome = unknown.outcome.max(*outcome);
            rules.entry(Reverse(unknown.packages)).or_default().push(unknown.rule);
        }
        let one = |((.., message), (outcome, rules)): ((_, _, &'u str), (_, BTreeMap<Reverse<usize>, _>))| Self {
            outcome,
            message,
            rules: rules.into_iter().map(|(Reverse(packages), rules)| (packages, rules)).collect(),
        };
        joined.into_iter().map(one).collect()
    }

    /// In one line: which rules could not be judged, of how many packages, and why.
    pub fn words(&self) -> String {
        let part = |(packages, rules): &(usize, Vec<&'static str>)| match packages {
            0 => format!("{} for this project", rules.join(", ")),
            1 => format!("{} for 1 package", rules.join(", ")),
            _ => format!("{} for {packages} packages", rules.join(", ")),
        };
        format!("{}: {}", self.rules.iter().map(part).collect::<Vec<_>>().join("; "), self.message)
    }
}

/// What was looked at, and what was not. Nothing is lost in silence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Every recognised file and every skipped tree, by path.
    pub files: Vec<FileCoverage>,
    /// Every source of knowledge.
    pub sources: Vec<SourceCoverage>,
    /// What became of each package, by package index.
    pub packages: Vec<PackageState>,
    /// Bounds that were hit while walking.
    pub bounds: Vec<String>,
    /// What the policy makes of packages that could not be compared with advisories.
    pub uncompared: OnUnknown,
}

/// Where the policy came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyOrigin {
    /// Built into the program.
    BuiltIn,
    /// Named by the caller (`--policy`).
    Flag,
    /// Found in the scanned tree: not enforced by the caller.
    Tree,
    /// Read from the merge base.
    Base,
}

impl PolicyOrigin {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Flag => "flag",
            Self::Tree => "tree",
            Self::Base => "base",
        }
    }
}

/// What became of a baseline. Every entry is counted once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaselineUse {
    /// The file, as the caller named it; in the scanned tree, relative to its root.
    pub path: String,
    /// How many findings it holds.
    pub entries: usize,
    /// How many of them are there still, and are not counted again.
    pub matched: usize,
    /// How many are there and became worse, so that they count.
    pub worse: usize,
    /// How many are there and need no entry: an exception covers them, or the policy allows them now.
    pub not_needed: usize,
    /// How many are about files that this scan did not look at.
    pub not_scanned: usize,
    /// Those that are there no more, each in a line, sorted.
    pub gone: Vec<String>,
}

/// The state of the repository that a run is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseCommit {
    /// The revision that the caller named.
    pub named: String,
    /// The commit that it stands for, hexadecimal.
    pub revision: String,
    /// The newest commit that it and the one checked out both descend from: what was there then is not new.
    pub merge_base: String,
    /// How many such commits there are of which none descends from another; of several, the newest is taken.
    pub merge_bases: usize,
    /// When it was made, RFC 3339, UTC.
    pub time: String,
}

/// The policy that judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySummary {
    /// The profile that it extends.
    pub profile: &'static str,
    /// Where it came from.
    pub origin: PolicyOrigin,
    /// The file, as the caller named it; in the scanned tree, relative to its root.
    pub path: Option<String>,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: Option<String>,
    /// The policy of the scanned tree, where the caller's holds and that one may only tighten it.
    pub tightened_by: Option<String>,
}

/// Everything that a run says. Formats are written from this and nothing else.
#[derive(Debug, Clone)]
pub struct Report {
    /// The program's version.
    pub version: &'static str,
    /// The day on which ages and expiries were judged, `2026-11-22`.
    pub evaluated_on: String,
    /// The policy.
    pub policy: PolicySummary,
    /// The commit that is checked out, where it can be read.
    pub revision: Option<String>,
    /// The state that the run is compared with.
    pub base: Option<BaseCommit>,
    /// The baseline, where there is one.
    pub baseline: Option<BaselineUse>,
    /// The rules that were evaluated.
    pub rules: Vec<&'static Rule>,
    /// The packages and how they are used.
    pub graph: DependencyGraph,
    /// Every finding with its level, in the order in which they should be dealt with.
    pub decisions: Vec<Decision>,
    /// Every exception, of the policy and of VEX documents.
    pub exceptions: Vec<ExceptionStatus>,
    /// What rules could not learn.
    pub unknowns: Vec<Unknown>,
    /// What was looked at.
    pub coverage: Coverage,
    /// The intake questions about packages that are not added yet; empty for a scan.
    pub checklists: Vec<Checklist>,
    /// What else there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// The exit code of the run, after `--exit-zero` and its like.
    pub exit_code: u8,
}

/// How many decisions there are of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Denied.
    pub denied: usize,
    /// Warned about.
    pub warned: usize,
    /// Allowed.
    pub allowed: usize,
    /// Covered by an exception.
    pub excepted: usize,
    /// What would be denied or warned about, and was there before.
    pub known: usize,
}

impl Report {
    /// Whether the run passes.
    pub fn verdict(&self) -> Verdict {
        if self.denies_the_unknown() || self.decisions.iter().any(|decision| decision.effective() == Level::Deny) {
            Verdict::Fail
        } else if self.is_complete() {
            Verdict::Pass
        } else {
            Verdict::Incomplete
        }
    }

    /// Whether the policy denies that something is not known.
    pub fn denies_the_unknown(&self) -> bool {
        self.unknowns.iter().any(|unknown| unknown.outcome == OnUnknown::Deny)
    }

    /// What is not known and is no gap, or is more than one: the gaps of a source are said once.
    pub fn unknowns_beside_gaps(&self) -> impl Iterator<Item = &Unknown> {
        self.unknowns.iter().filter(|unknown| match unknown.outcome {
            OnUnknown::Deny => true,
            OnUnknown::Incomplete => false,
            OnUnknown::Allow | OnUnknown::Warn => !self.is_source_gap(unknown.source),
        })
    }

    /// Whether what that source did not tell makes the run incomplete by the ledger's row for it.
    fn is_source_gap(&self, name: &str) -> bool {
        let of_advisories = self.coverage.sources.iter().any(|source| source.name == name && source.is_of_advisories());
        of_advisories && self.coverage.uncompared >= OnUnknown::Incomplete
    }

    /// Whether everything recognised was looked at, and there was something.
    pub fn is_complete(&self) -> bool {
        !self.is_empty() && self.gaps().is_empty()
    }

    /// Whether no manifest, lockfile or SBOM was found at all.
    pub fn is_empty(&self) -> bool {
        self.coverage.files.iter().all(|file| file.state == FileState::Skipped)
    }

    /// Everything that makes the run incomplete, in words, one line each.
    pub fn gaps(&self) -> Vec<String> {
        let unanswered = self.coverage.uncompared;
        let mut gaps = Vec::new();
        for file in self.coverage.files.iter().filter(|file| file.is_gap()) {
            let why = file.message.as_deref().unwrap_or("no reason is known");
            gaps.push(format!("{}: {}: {why}", file.path, file.state.as_str()));
        }
        for source in self.coverage.sources.iter().filter(|source| source.is_gap(unanswered)) {
            let ecosystem = source.ecosystem.map_or("", Ecosystem::osv_name);
            let why = source.message.as_deref().unwrap_or("no reason is known");
            gaps.push(format!("{} {ecosystem}: {}: {why}", source.name, source.state.as_str()));
        }
        gaps.extend(self.coverage.bounds.iter().cloned());
        let uncertain = self.coverage.packages.iter().filter(|&&state| state == PackageState::CannotJudge).count();
        if uncertain > 0 && unanswered >= OnUnknown::Incomplete {
            let packages = if uncertain == 1 { "package has" } else { "packages have" };
            gaps.push(format!("{uncertain} {packages} a version or an advisory that cannot be compared"));
        }
        let others = self.unknowns.iter().filter(|unknown| unknown.outcome >= OnUnknown::Incomplete);
        let others = others.filter(|unknown| !self.is_source_gap(unknown.source));
        gaps.extend(JoinedUnknown::of(others).iter().map(JoinedUnknown::words));
        gaps
    }

    /// Whether findings are told apart by what was there before.
    pub fn is_compared(&self) -> bool {
        self.base.is_some() || self.baseline.is_some()
    }

    /// The decisions, counted.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for decision in &self.decisions {
            match decision.effective() {
                _ if decision.exception.is_some() => summary.excepted += 1,
                _ if decision.is_known() => summary.known += 1,
                Level::Deny => summary.denied += 1,
                Level::Warn => summary.warned += 1,
                Level::Allow | Level::Off => summary.allowed += 1,
            }
        }
        summary
    }
}
