//! What is known about the health of packages and of the projects behind them. A fact is known, known to be absent, or
//! unknown; unknown is never read as either of the others.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::PackageIndex;

/// Who said something, and when that was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The source's name in the ledger, for example `deps.dev`.
    pub source: &'static str,
    /// When the source said it, or of when its data is.
    pub as_of: Option<Timestamp>,
}

/// Why something is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Nothing that is evaluated needs it, so nobody was asked.
    NotAsked,
    /// There is no network in this run, and nothing is kept from an earlier one.
    Offline,
    /// The source did not answer, or with something that is no answer.
    Failed,
    /// The source does not know the package or project.
    NotFound,
    /// The source answers, and not to this.
    NotTold,
    /// It is not known which project is behind the package.
    NoProject,
    /// What the source publishes as a whole is not at hand.
    NotAtHand,
    /// Nobody said which project is scanned.
    Unnamed,
    /// The file gives no exact version.
    NoVersion,
    /// What the file has is none that is understood.
    Unreadable,
    /// It was not looked at.
    NotSeen,
    /// It is known that there is none, and a rule of the policy needs its value.
    Absent,
}

impl Why {
    /// The reason as the end of a sentence about the source.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked => "was not asked",
            Self::Offline => "is not asked without a network, and nothing is kept from an earlier run",
            Self::Failed => "did not answer",
            Self::NotFound => "has no entry",
            Self::NotTold => "does not tell",
            Self::NoProject => "cannot be asked, since it is not known which project is behind",
            Self::NotAtHand => "is not at hand",
            Self::NoVersion => "gives no exact version",
            Self::Unreadable => "has a version or a requirement that is not understood",
            Self::NotSeen => "was not seen: scan the whole project, from its top folder",
            Self::Absent => "says that there is none, and the rule does not ask with has(…) whether there is one",
            Self::Unnamed => {
                "cannot be asked, since nobody said which project this is; say so with --project github.com/OWNER/NAME, or with \
                 `project` in a policy"
            }
        }
    }
}

/// What is missing to know a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// The source that would tell.
    pub source: &'static str,
    /// Why it did not.
    pub why: Why,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// It is this.
    Known(T, Origin),
    /// It is known that there is none.
    Absent(Origin),
    /// It is not known.
    Unknown(Missing),
}

impl<T> Fact<T> {
    /// Nobody was asked; `source` would know.
    pub const fn not_asked(source: &'static str) -> Self {
        Self::Unknown(Missing { source, why: Why::NotAsked })
    }

    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value, _) => Some(value),
            Self::Absent(_) | Self::Unknown(_) => None,
        }
    }

    /// What is missing, where it is not known.
    pub fn missing(&self) -> Option<Missing> {
        match self {
            Self::Unknown(missing) => Some(*missing),
            Self::Known(..) | Self::Absent(_) => None,
        }
    }
}

/// Names of sources as the ledger, the configuration and messages have them.
pub mod source {
    /// Every service that can be asked, as `[sources]` of a policy names them.
    pub const ALL: [&str; 9] = [OSV, BUCKET, RUSTSEC, DEPS_DEV, SCORECARD, KEV, EPSS, BEST_PRACTICES, END_OF_LIFE];

    /// The compiled index.
    pub const INDEX: &str = "osv-index";
    /// The OSV API.
    pub const OSV: &str = "osv";
    /// The OSV bucket.
    pub const BUCKET: &str = "osv-bucket";
    /// The `RustSec` database.
    pub const RUSTSEC: &str = "rustsec";
    /// The scanned tree itself. It is in no ledger, since nobody is asked.
    pub const TREE: &str = "tree";
    /// The advisory that an expression asks. It is in no ledger: who told the advisory is.
    pub const ADVISORY: &str = "advisory";
    /// The package's own name, where its ecosystem makes it the address of its repository. It is in no ledger, since
    /// nobody is asked.
    pub const NAME: &str = "package-name";
    /// The lockfile, or the manifest without one, that a package stands in. It is in no ledger of sources, since the
    /// ledger of files has it.
    pub const FILE: &str = "file";
    /// The files of the scanned project itself.
    pub const PROJECT: &str = "project-files";
    /// deps.dev.
    pub const DEPS_DEV: &str = "deps.dev";
    /// The OpenSSF Scorecard API.
    pub const SCORECARD: &str = "scorecard";
    /// CISA's catalogue of known exploited vulnerabilities.
    pub const KEV: &str = "kev";
    /// FIRST's exploit prediction scores.
    pub const EPSS: &str = "epss";
    /// The OpenSSF Best Practices badge.
    pub const BEST_PRACTICES: &str = "best-practices";
    /// endoflife.date.
    pub const END_OF_LIFE: &str = "endoflife";

    /// What a source is called in sentences.
    pub fn title(name: &str) -> &str {
        match name {
            INDEX => "the advisory index",
            FILE => "the file that it stands in",
            PROJECT => "the project's top folder",
            TREE => "the scanned tree",
            ADVISORY => "an advisory",
            OSV => "the OSV API",
            BUCKET => "the OSV bucket",
            RUSTSEC => "the RustSec database",
            SCORECARD => "the OpenSSF Scorecard",
            KEV => "CISA's catalogue of known exploited vulnerabilities",
            EPSS => "the list of EPSS scores",
            BEST_PRACTICES => "the OpenSSF Best Practices badge",
            END_OF_LIFE => "endoflife.date",
            other => other,
        }
    }
}

/// A release of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version as the registry writes it.
    pub version: String,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// Whether the registry gives it to who asks for no version.
    pub is_default: bool,
    /// Whether it is yanked, retracted or deprecated.
    pub is_withdrawn: bool,
}

/// How far it is believed that a project is where a package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The package's own metadata says so; anybody can write that.
    Claimed,
    /// The ecosystem loads the package from there (Go modules).
    Origin,
    /// A verified attestation says that it was built from there.
    Attested,
}

impl Evidence {
    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Origin => "origin",
            Self::Attested => "attested",
        }
    }
}

/// The source repository of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `github.com/owner/name`, in the case in which it was told.
    pub project: String,
    /// How far that is believed.
    pub evidence: Evidence,
    /// Another repository that the package's metadata names, where an attestation contradicts it.
    pub contradicted: Option<String>,
}

/// A statement about how a release was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Its type, an address.
    pub kind: String,
    /// Whether it was verified.
    pub verified: bool,
    /// The repository that it was built from.
    pub repository: String,
}

/// How long a release line is supported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support {
    /// The product, for example `Django`.
    pub product: String,
    /// The line, for example `4.2`.
    pub cycle: String,
    /// The day on which its support ends or ended; `None`: no day is known.
    pub ends: Option<Date>,
    /// Whether the source says that it has ended.
    pub has_ended: bool,
}

/// What is known about a package version and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageHealth {
    /// When the version was published.
    pub published: Fact<Timestamp>,
    /// Why the version is yanked, retracted or deprecated, which may be empty. Absent: it stands.
    pub withdrawn: Fact<String>,
    /// That the registry marks the whole project: `archived`, `quarantined`, `deprecated`. Absent: it does not.
    pub project_status: Fact<String>,
    /// SPDX expressions, or `non-standard`. Absent: it is known to have none.
    pub licenses: Fact<Vec<String>>,
    /// Where it is developed. Absent: it names no repository.
    pub repository: Fact<Repository>,
    /// How the version was built. Absent: nothing was stated.
    pub provenance: Fact<Provenance>,
    /// The last earlier version of which was stated how it was built. Absent: none was.
    pub earlier_provenance: Fact<String>,
    /// Every release of the name, oldest first.
    pub releases: Fact<Vec<Release>>,
    /// More popular packages with a similar name. Absent: there are none.
    pub similar: Fact<Vec<String>>,
    /// How many packages depend on the version.
    pub dependents: Fact<u64>,
    /// The release line. Absent: it is no product with lines.
    pub support: Fact<Support>,
}

impl PackageHealth {
    /// Nobody was asked.
    pub const NOT_ASKED: Self = Self::untold(Why::NotAsked);

    /// There was nobody to ask.
    pub const OFFLINE: Self = Self::untold(Why::Offline);

    /// Nothing is known, all of it for that reason.
    const fn untold(why: Why) -> Self {
        Self {
            published: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            withdrawn: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            project_status: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            licenses: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            repository: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            provenance: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            earlier_provenance: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            releases: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            similar: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            dependents: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
            support: Fact::Unknown(Missing { source: source::END_OF_LIFE, why }),
        }
    }
}

/// A check of a Scorecard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScorecardCheck {
    /// Its name, for example `Code-Review`.
    pub name: String,
    /// 0 to 10; `None`: it could not be evaluated, which says nothing.
    pub score: Option<u8>,
    /// Why, in one sentence.
    pub reason: String,
}

/// The weight of a check in the aggregate: Critical 10, High 7.5, Medium 5, Low 2.5
/// (<https://github.com/ossf/scorecard/blob/main/docs/checks.md>).
const WEIGHTS: &[(&str, f64)] = &[
    ("Binary-Artifacts", 7.5),
    ("Branch-Protection", 7.5),
    ("CI-Tests", 2.5),
    ("CII-Best-Practices", 2.5),
    ("Code-Review", 7.5),
    ("Contributors", 2.5),
    ("Dangerous-Workflow", 10.0),
    ("Dependency-Update-Tool", 7.5),
    ("Fuzzing", 5.0),
    ("License", 2.5),
    ("Maintained", 7.5),
    ("Packaging", 5.0),
    ("Pinned-Dependencies", 5.0),
    ("SAST", 5.0),
    ("SBOM", 5.0),
    ("Security-Policy", 5.0),
    ("Signed-Releases", 7.5),
    ("Token-Permissions", 7.5),
    ("Vulnerabilities", 7.5),
    ("Webhooks", 10.0),
];

/// What the OpenSSF Scorecard says of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// The aggregate, 0.0 to 10.0; `None`: it is inconclusive.
    pub score: Option<f64>,
    /// The day of the evaluation.
    pub date: Option<Date>,
    /// Every check, by name.
    pub checks: Vec<ScorecardCheck>,
}

impl Scorecard {
    /// A check, where it is there.
    pub fn check(&self, name: &str) -> Option<&ScorecardCheck> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// The names of the checks that there are.
    pub fn names() -> impl Iterator<Item = &'static str> {
        WEIGHTS.iter().map(|(name, _)| *name)
    }

    /// The weight of a check in the aggregate; 0 for one that is not known.
    pub fn weight(name: &str) -> f64 {
        WEIGHTS.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, weight)| *weight)
    }
}

/// A level of the OpenSSF Best Practices badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Badge {
    /// It was begun.
    InProgress,
    /// Passing.
    Passing,
    /// Silver.
    Silver,
    /// Gold.
    Gold,
}

impl Badge {
    /// Every level, the lowest first.
    pub const ALL: [Self; 4] = [Self::InProgress, Self::Passing, Self::Silver, Self::Gold];

    /// The word of the service.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Passing => "passing",
            Self::Silver => "silver",
            Self::Gold => "gold",
        }
    }

    /// The level of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|badge| badge.as_str() == word)
    }
}

/// What is known about a project.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectHealth {
    /// Its Scorecard. Absent: none was made.
    pub scorecard: Fact<Scorecard>,
    /// Its badge. Absent: it has none.
    pub badge: Fact<Badge>,
    /// Stars, where its host counts them.
    pub stars: Fact<u64>,
}

impl ProjectHealth {
    /// Nobody was asked.
    pub const NOT_ASKED: Self = Self::untold(Why::NotAsked);

    /// There was nobody to ask.
    const OFFLINE: Self = Self::untold(Why::Offline);

    /// Nothing is known, all of it for that reason.
    const fn untold(why: Why) -> Self {
        Self {
            scorecard: Fact::Unknown(Missing { source: source::SCORECARD, why }),
            badge: Fact::Unknown(Missing { source: source::BEST_PRACTICES, why }),
            stars: Fact::Unknown(Missing { source: source::DEPS_DEV, why }),
        }
    }
}

/// What is known about the health of everything in a graph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Health {
    /// Whether there was no network, and nothing kept from an earlier run.
    pub is_offline: bool,
    /// By package index; what is neither here nor in `unanswered` was not asked about.
    pub packages: BTreeMap<PackageIndex, PackageHealth>,
    /// The packages of which nothing is known but that there is no network, sorted.
    pub unanswered: Vec<PackageIndex>,
    /// By [`Repository::project`].
    pub projects: BTreeMap<String, ProjectHealth>,
    /// The scanned project itself, `github.com/owner/name`, where the caller named it.
    pub own: Option<String>,
}

impl Health {
    /// What is known about a package.
    pub fn package(&self, package: PackageIndex) -> &PackageHealth {
        const NOT_ASKED: &PackageHealth = &PackageHealth::NOT_ASKED;
        const OFFLINE: &PackageHealth = &PackageHealth::OFFLINE;
        let nothing =
            || if self.is_offline || self.unanswered.binary_search(&package).is_ok() { OFFLINE } else { NOT_ASKED };
        self.packages.get(&package).unwrap_or_else(nothing)
    }

    /// What is known about a project.
    pub fn project(&self, project: &str) -> &ProjectHealth {
        const NOT_ASKED: &ProjectHealth = &ProjectHealth::NOT_ASKED;
        const OFFLINE: &ProjectHealth = &ProjectHealth::OFFLINE;
        let nothing = if self.is_offline { OFFLINE } else { NOT_ASKED };
        self.projects.get(project).unwrap_or(nothing)
    }

    /// The project behind a package, or why it is not known.
    pub fn project_of(&self, package: PackageIndex) -> Result<(&str, &ProjectHealth), Missing> {
        match &self.package(package).repository {
            Fact::Known(repository, _) => Ok((&repository.project, self.project(&repository.project))),
            // Where it has none, those who speak of projects cannot be asked, the Scorecard before all.
            Fact::Absent(_) => Err(Missing { source: source::SCORECARD, why: Why::NoProject }),
            Fact::Unknown(missing) => Err(*missing),
        }
    }
}
