//! Rules, what they find, and what a policy decides about it.

use std::fmt;

use super::{AliasGroup, Fix, Location, PackageIndex, Priority, RepoPath};

/// What the user makes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The rule is not evaluated.
    Off,
    /// It is counted.
    Allow,
    /// It is shown.
    Warn,
    /// It fails the run.
    Deny,
}

impl Level {
    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    /// The level of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Off, Self::Allow, Self::Warn, Self::Deny].into_iter().find(|level| level.as_str() == word)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a rule needs to know beyond the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Data {
    /// The scanned tree itself.
    Local,
    /// OSV and `RustSec` records.
    Advisories,
    /// Which advisories a version is the fix of.
    Remedies,
    /// CISA's catalogue of known exploited vulnerabilities.
    Exploited,
    /// FIRST's exploit prediction scores.
    Epss,
    /// What deps.dev says of each version: date, licence, deprecation, repository, attestations.
    Versions,
    /// What deps.dev says of the attestations of the releases before one that has none.
    EarlierProvenance,
    /// Every release of a name, from deps.dev.
    Releases,
    /// Similarly named packages, from deps.dev.
    Similar,
    /// The number of dependents, from deps.dev.
    Dependents,
    /// Scorecards of the projects behind packages, from deps.dev or the Scorecard API.
    Scorecard,
    /// The Scorecard of the scanned project itself.
    OwnScorecard,
    /// Best Practices badges of the projects behind packages.
    Badge,
    /// Release lines and their ends, from endoflife.date.
    Lifecycle,
}

impl Data {
    /// Every kind, in the order in which documents list them.
    pub const ALL: [Self; 14] = [
        Self::Local,
        Self::Advisories,
        Self::Remedies,
        Self::Exploited,
        Self::Epss,
        Self::Versions,
        Self::EarlierProvenance,
        Self::Releases,
        Self::Similar,
        Self::Dependents,
        Self::Scorecard,
        Self::OwnScorecard,
        Self::Badge,
        Self::Lifecycle,
    ];

    /// What documents call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Advisories => "advisories",
            Self::Remedies => "what a version fixes",
            Self::Exploited => "KEV",
            Self::Epss => "EPSS",
            Self::Versions => "deps.dev versions",
            Self::EarlierProvenance => "deps.dev earlier attestations",
            Self::Releases => "deps.dev releases",
            Self::Similar => "deps.dev similar names",
            Self::Dependents => "deps.dev dependents",
            Self::Scorecard => "Scorecard",
            Self::OwnScorecard => "own Scorecard",
            Self::Badge => "Best Practices",
            Self::Lifecycle => "endoflife.date",
        }
    }
}

/// Which packages a rule judges in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Those that a project names itself; a package of which that is not known counts as one.
    Direct,
    /// All.
    All,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Direct, Self::All];

    /// The word that policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::All => "all",
        }
    }
}

/// The value of a rule's parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// A score, 0.0 to 10.0.
    Score(f64),
    /// A probability, 0.0 to 1.0.
    Share(f64),
    /// A number of days.
    Days(u32),
    /// A number.
    Count(u32),
    /// One of some words.
    Word(&'static str, &'static [&'static str]),
    /// Names; where the default is none, the rule finds nothing until there are some.
    Names(Vec<String>),
    /// Licences as SPDX identifies them; where the default is none, the rule finds nothing until there are some.
    Licenses(Vec<String>),
    /// A score, 0.0 to 10.0, for each of some checks of the Scorecard.
    Scores(Vec<(String, f64)>),
}

impl fmt::Display for Setting {
    /// As a policy writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Score(number) | Self::Share(number) => write!(f, "{number:?}"),
            Self::Days(days) => write!(f, "\"{days}d\""),
            Self::Count(number) => write!(f, "{number}"),
            Self::Word(word, _) => write!(f, "{word:?}"),
            Self::Names(names) | Self::Licenses(names) => write!(f, "{names:?}"),
            Self::Scores(scores) => {
                let scores: Vec<String> = scores.iter().map(|(name, score)| format!("{name} = {score:?}")).collect();
                write!(f, "{{ {} }}", scores.join(", "))
            }
        }
    }
}

/// Which way a parameter makes its rule find more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stricter {
    /// A higher number, a later word, more names.
    Higher,
    /// A lower number, an earlier word, fewer names.
    Lower,
}

/// Something about a rule that a policy can set.
#[derive(Debug)]
pub struct Parameter {
    /// Its key in the policy, for example `min-score`.
    pub key: &'static str,
    /// Which way it makes the rule find more.
    pub stricter: Stricter,
    /// What it means, in one line.
    pub summary: &'static str,
    /// What holds unless the policy says otherwise.
    pub default: fn() -> Setting,
}

/// What is looked for, and why. Everything that is said about a rule anywhere is made from this constant.
#[derive(Debug)]
pub struct Rule {
    /// Its kebab-case id: file name, policy key, SARIF `ruleId`.
    pub id: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why that is a risk.
    pub why: &'static str,
    /// What to do about a finding.
    pub fix: &'static str,
    /// The clause of the guidance that it comes from, for example `C5.7 CG.vulns`.
    pub clause: &'static str,
    /// What it needs to know.
    pub data: &'static [Data],
    /// Which packages it judges unless the policy says otherwise.
    pub scope: Scope,
    /// What a policy can set.
    pub parameters: &'static [Parameter],
    /// Its level in the greenfield profile.
    pub greenfield: Level,
    /// Its level in the brownfield profile.
    pub brownfield: Level,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A package, as one root uses it.
    Package {
        /// The package.
        package: PackageIndex,
        /// The place of the root in [`DependencyGraph::roots`](super::DependencyGraph::roots).
        root: usize,
    },
    /// A file.
    File(RepoPath),
    /// The scanned project as a whole.
    Project,
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What it is about.
    pub subject: Subject,
    /// Where it is, the best place first.
    pub locations: Vec<Location>,
    /// Where the manifest asks for the direct dependency that brings it.
    pub related: Vec<Location>,
    /// What was found, self-contained, in sentences.
    pub message: String,
    /// Whether it is one level graver than its rule, since it was better before.
    pub escalated: bool,
    /// The advisory, if it rests on one.
    pub advisory: Option<AliasGroup>,
    /// Other rules that apply to the same advisory group.
    pub also: Vec<&'static str>,
    /// Paths from a project of the root to the package, shortest first, three at the most.
    pub chains: Vec<Vec<PackageIndex>>,
    /// How many paths there are.
    pub chains_total: PathCount,
    /// What to do about it.
    pub fix: Fix,
    /// What identifies it from run to run, 64 hexadecimal digits: it survives a bump that stays vulnerable, a moved
    /// line and a new alias.
    pub fingerprint: String,
}

/// A number of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathCount {
    /// So many.
    Exactly(u64),
    /// So many, and perhaps more: the graph has cycles, or there are more than can be counted.
    AtLeast(u64),
}

impl PathCount {
    /// The number.
    pub fn number(self) -> u64 {
        match self {
            Self::Exactly(number) | Self::AtLeast(number) => number,
        }
    }
}

/// What the change that is judged has to do with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The change brings it in.
    Introduced,
    /// What it is about was there before; it became known since.
    Disclosed,
    /// It was there and known before: the baseline holds it, or the merge base has it.
    Known,
}

impl Change {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Introduced => "introduced",
            Self::Disclosed => "disclosed",
            Self::Known => "known",
        }
    }
}

/// What the policy decided about a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The finding.
    pub finding: Finding,
    /// What becomes of it. With an exception, the level that it would have.
    pub level: Level,
    /// Why it has this level, in a few words.
    pub reason: String,
    /// What makes it come before others.
    pub priority: Priority,
    /// The exception that covers it.
    pub exception: Option<AppliedException>,
    /// What the change that is judged has to do with it; `None` where no earlier state was given to compare with.
    pub change: Option<Change>,
}

impl Decision {
    /// Whether it would be denied or warned about if it had not been there before.
    pub fn is_known(&self) -> bool {
        self.exception.is_none() && self.change == Some(Change::Known) && self.level >= Level::Warn
    }

    /// What counts for the verdict: what is excepted or known from before is allowed, and of what a change did not
    /// bring in is warned at the most.
    pub fn effective(&self) -> Level {
        match (&self.exception, self.change) {
            (Some(_), _) | (_, Some(Change::Known)) => Level::Allow,
            (None, Some(Change::Disclosed)) => self.level.min(Level::Warn),
            (None, Some(Change::Introduced) | None) => self.level,
        }
    }
}

/// What a change loosens in the policy, the exceptions or the baseline of the scanned tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyChange {
    /// Where it stands now; where it was removed, the first line of the file that it was in.
    pub location: Location,
    /// What identifies it: a dotted key of the policy, or what an exception names.
    pub key: String,
    /// What it was and what it is, in a sentence without a final full stop.
    pub message: String,
}

/// An exception as it covers a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedException {
    /// Its id: what it names.
    pub id: String,
    /// Where it comes from.
    pub origin: ExceptionOrigin,
    /// Why it was made.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds, `2027-01-31`.
    pub expires: Option<String>,
    /// Where it stands.
    pub location: Location,
}

/// Where an exception comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExceptionOrigin {
    /// A policy.
    Policy,
    /// A VEX document: a statement that a product is not affected by a vulnerability.
    Vex,
}

impl ExceptionOrigin {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Vex => "vex",
        }
    }
}

/// What became of an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExceptionState {
    /// It covered a finding.
    Used,
    /// It covered none.
    Unused,
    /// Its day is past: what it covered counts again.
    Expired,
    /// It covers a finding and ends within 14 days.
    Expiring,
}

impl ExceptionState {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::Expired => "expired",
            Self::Expiring => "expiring",
        }
    }
}

/// An exception and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionStatus {
    /// What it names.
    pub id: String,
    /// Where it comes from.
    pub origin: ExceptionOrigin,
    /// What became of it.
    pub state: ExceptionState,
    /// How many findings it covers.
    pub findings: usize,
    /// Why it was made.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub expires: Option<String>,
    /// Where it stands in the policy file or the VEX document.
    pub location: Option<Location>,
}
