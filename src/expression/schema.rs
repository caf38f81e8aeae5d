//! What an expression can ask about: one table, of which the check, the questions to services and the documents are made.

use crate::model::{Data, Ecosystem, source};

/// A single value.
#[derive(Debug, Clone, Copy)]
pub enum Scalar {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Double,
    /// A text. Where it is one of some words, those.
    Text(&'static [&'static str]),
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// One value.
    One(Scalar),
    /// A list.
    List(Scalar),
    /// A whole number for each of some names.
    Scores,
    /// The list of advisories.
    Advisories,
    /// One of them.
    Advisory,
}

impl Type {
    /// Whether a value of one type can stand where the other is wanted. Words are texts.
    pub(super) fn is_like(self, other: Self) -> bool {
        self.as_str() == other.as_str()
    }

    /// What messages and documents call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One(Scalar::Bool) => "bool",
            Self::One(Scalar::Int) => "int",
            Self::One(Scalar::Double) => "double",
            Self::One(Scalar::Text(_)) => "string",
            Self::List(Scalar::Bool) => "list of bools",
            Self::List(Scalar::Int) => "list of ints",
            Self::List(Scalar::Double) => "list of doubles",
            Self::List(Scalar::Text(_)) => "list of strings",
            Self::Scores => "map of strings to ints",
            Self::Advisories => "list of advisories",
            Self::Advisory => "advisory",
        }
    }

    /// The words that a text, or each text of a list, is one of.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::One(Scalar::Text(words)) | Self::List(Scalar::Text(words)) => words,
            _ => &[],
        }
    }
}

/// Something that can be known about a package, about an advisory of it, or about the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the table says what each of them is")]
pub enum Fact {
    Name,
    Version,
    Requirement,
    Ecosystem,
    Purl,
    Direct,
    Kinds,
    SourceKind,
    SourceUrl,
    HasIntegrity,
    InstallScript,
    Root,
    TestData,
    Depth,
    Dependencies,
    Licenses,
    AgeDays,
    ReleaseAgeDays,
    Releases,
    MajorsBehind,
    Withdrawn,
    Status,
    Repository,
    Evidence,
    Provenance,
    EarlierProvenance,
    Similar,
    Dependents,
    SupportEnded,
    Score,
    Checks,
    Archived,
    Maintainers,
    Stars,
    Badge,
    Advisories,
    Id,
    Aliases,
    Kind,
    Severity,
    CvssScore,
    Epss,
    Exploited,
    Fixed,
    Cwes,
    PublishedDays,
    Project,
    ProjectScore,
}

/// A variable: its name, what it is, and what has to be known for it.
#[derive(Debug)]
pub struct Variable {
    /// As an expression writes it; of an advisory, the field's name alone.
    pub name: &'static str,
    /// What it stands for.
    pub fact: Fact,
    /// Its type.
    pub kind: Type,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// When it is absent; empty: never.
    pub absent: &'static str,
    /// What has to be known.
    pub data: &'static [Data],
    /// Who tells it.
    pub source: &'static str,
    /// How many elements of a list are looked at; of a longer one nothing is said.
    pub most: usize,
}

impl PartialEq for Variable {
    fn eq(&self, other: &Self) -> bool {
        self.fact == other.fact
    }
}

impl Eq for Variable {}

const BOOL: Type = Type::One(Scalar::Bool);
const INT: Type = Type::One(Scalar::Int);
const DOUBLE: Type = Type::One(Scalar::Double);
const TEXT: Type = Type::One(Scalar::Text(&[]));
const TEXTS: Type = Type::List(Scalar::Text(&[]));

const ECOSYSTEMS: &[&str] = &{
    let mut names = [""; Ecosystem::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = Ecosystem::ALL[at].osv_name();
        at += 1;
    }
    names
};
const KINDS: &[&str] = &["runtime", "build", "optional", "peer", "dev"];
const SOURCES: &[&str] = &["registry", "git", "path", "url", "workspace", "unknown"];
const EVIDENCE: &[&str] = &["claimed", "origin", "attested"];
const BADGES: &[&str] = &["in_progress", "passing", "silver", "gold"];
const ADVISORY_KINDS: &[&str] = &["malware", "vulnerability", "unsound", "unmaintained", "notice"];
const SEVERITIES: &[&str] = &["unknown", "none", "low", "medium", "high", "critical"];

/// What every variable has unless it says otherwise.
const LOCAL: Variable = Variable {
    name: "",
    fact: Fact::Name,
    kind: TEXT,
    meaning: "",
    absent: "",
    data: &[Data::Local],
    source: source::TREE,
    most: 1,
};

/// What deps.dev says of a version.
const OF_VERSION: Variable = Variable { data: &[Data::Versions], source: source::DEPS_DEV, ..LOCAL };

/// What deps.dev says of a name.
const OF_RELEASES: Variable = Variable { data: &[Data::Versions, Data::Releases], source: source::DEPS_DEV, ..LOCAL };

/// What the Scorecard says of the project behind a package.
const OF_PROJECT: Variable = Variable { data: &[Data::Versions, Data::Scorecard], source: source::SCORECARD, ..LOCAL };

/// What an advisory says.
const OF_ADVISORY: Variable = Variable { data: &[Data::Advisories], source: source::ADVISORY, ..LOCAL };

/// Every variable, in the order in which documents list them.
pub static VARIABLES: &[Variable] = &[
    Variable { name: "package.name", fact: Fact::Name, meaning: "the name, as its ecosystem normalises it", ..LOCAL },
    Variable {
        name: "package.version",
        fact: Fact::Version,
        meaning: "the version, as the file writes it",
        absent: "only a requirement is known",
        ..LOCAL
    },
    Variable {
        name: "package.requirement",
        fact: Fact::Requirement,
        meaning: "the requirement, such as >=2,<3, of a package without an exact version",
        absent: "the version is exact",
        ..LOCAL
    },
    Variable {
        name: "package.ecosystem",
        fact: Fact::Ecosystem,
        kind: Type::One(Scalar::Text(ECOSYSTEMS)),
        meaning: "the ecosystem, by OSV's name",
        ..LOCAL
    },
    Variable { name: "package.purl", fact: Fact::Purl, meaning: "the package URL, with its version", ..LOCAL },
    Variable {
        name: "package.direct",
        fact: Fact::Direct,
        kind: BOOL,
        meaning: "whether a project of the root names it itself; unknown where the file does not tell",
        ..LOCAL
    },
    Variable {
        name: "package.kinds",
        fact: Fact::Kinds,
        kind: Type::List(Scalar::Text(KINDS)),
        meaning: "what the root uses it for; unknown where the file does not tell",
        most: 5,
        ..LOCAL
    },
    Variable {
        name: "package.source.kind",
        fact: Fact::SourceKind,
        kind: Type::One(Scalar::Text(SOURCES)),
        meaning: "the kind of place that it comes from",
        ..LOCAL
    },
    Variable {
        name: "package.source.url",
        fact: Fact::SourceUrl,
        meaning: "the address of the registry or repository that it comes from",
        absent: "it is the public registry, or the file names none",
        ..LOCAL
    },
    Variable {
        name: "package.has_integrity",
        fact: Fact::HasIntegrity,
        kind: BOOL,
        meaning: "whether the file records a hash for it",
        ..LOCAL
    },
    Variable {
        name: "package.install_script",
        fact: Fact::InstallScript,
        kind: BOOL,
        meaning: "whether it runs code when it is installed; unknown where the format does not tell",
        ..LOCAL
    },
    Variable {
        name: "package.root",
        fact: Fact::Root,
        meaning: "the lockfile or manifest in which it stands, from the repository's top, such as web/package-lock.json",
        ..LOCAL
    },
    Variable {
        name: "package.test_data",
        fact: Fact::TestData,
        kind: BOOL,
        meaning: "whether that file lies among test data",
        ..LOCAL
    },
    Variable {
        name: "package.depth",
        fact: Fact::Depth,
        kind: INT,
        meaning: "how many steps the shortest path from a project of the root to it has; 1: direct. Unknown where no \
                  path is known",
        ..LOCAL
    },
    Variable {
        name: "package.dependencies",
        fact: Fact::Dependencies,
        kind: INT,
        meaning: "how many packages it names itself in this root; unknown where the file tells of no package",
        ..LOCAL
    },
    Variable {
        name: "package.licenses",
        fact: Fact::Licenses,
        kind: TEXTS,
        meaning: "its licences: SPDX expressions, or non-standard",
        absent: "it is known to have none",
        most: 50,
        ..OF_VERSION
    },
    Variable {
        name: "health.age_days",
        fact: Fact::AgeDays,
        kind: INT,
        meaning: "days since the version in use was published",
        ..OF_VERSION
    },
    Variable {
        name: "health.withdrawn",
        fact: Fact::Withdrawn,
        kind: BOOL,
        meaning: "whether the version is yanked, retracted or deprecated",
        ..OF_VERSION
    },
    Variable {
        name: "health.status",
        fact: Fact::Status,
        meaning: "how the registry marks the whole project, such as archived, quarantined or deprecated",
        absent: "it does not mark it",
        ..OF_VERSION
    },
    Variable {
        name: "health.repository",
        fact: Fact::Repository,
        meaning: "where it is developed, such as github.com/owner/name",
        absent: "it names no repository",
        ..OF_VERSION
    },
    Variable {
        name: "health.evidence",
        fact: Fact::Evidence,
        kind: Type::One(Scalar::Text(EVIDENCE)),
        meaning: "how far that repository is believed: its own word, the ecosystem's, or an attestation's",
        absent: "it names no repository",
        ..OF_VERSION
    },
    Variable {
        name: "health.provenance",
        fact: Fact::Provenance,
        kind: BOOL,
        meaning: "whether a verified statement says how the version was built",
        absent: "the registry takes no such statements (crates.io, Go)",
        ..OF_VERSION
    },
    Variable {
        name: "health.earlier_provenance",
        fact: Fact::EarlierProvenance,
        meaning: "the last earlier version of which was stated how it was built",
        absent: "none was",
        data: &[Data::Versions, Data::EarlierProvenance],
        ..OF_VERSION
    },
    Variable {
        name: "health.release_age_days",
        fact: Fact::ReleaseAgeDays,
        kind: INT,
        meaning: "days since its newest release",
        ..OF_RELEASES
    },
    Variable {
        name: "health.releases",
        fact: Fact::Releases,
        kind: INT,
        meaning: "how many releases there are",
        ..OF_RELEASES
    },
    Variable {
        name: "health.majors_behind",
        fact: Fact::MajorsBehind,
        kind: INT,
        meaning: "how many major versions (of 0.x, minor versions) lie above the one in use",
        ..OF_RELEASES
    },
    Variable {
        name: "health.similar",
        fact: Fact::Similar,
        kind: TEXTS,
        meaning: "more popular packages with a similar name; empty where there are none",
        data: &[Data::Similar],
        most: 50,
        ..OF_VERSION
    },
    Variable {
        name: "health.dependents",
        fact: Fact::Dependents,
        kind: INT,
        meaning: "how many packages depend on the version",
        data: &[Data::Dependents],
        ..OF_VERSION
    },
    Variable {
        name: "health.support_ended",
        fact: Fact::SupportEnded,
        kind: BOOL,
        meaning: "whether the support of its release line has ended",
        absent: "it is no product with release lines",
        data: &[Data::Lifecycle],
        source: source::END_OF_LIFE,
        ..LOCAL
    },
    Variable {
        name: "health.scorecard",
        fact: Fact::Score,
        kind: DOUBLE,
        meaning: "the aggregate of the OpenSSF Scorecard of the project behind it, 0.0 to 10.0",
        absent: "no Scorecard was made",
        ..OF_PROJECT
    },
    Variable {
        name: "health.checks",
        fact: Fact::Checks,
        kind: Type::Scores,
        meaning: "the checks of that Scorecard by name, 0 to 10: health.checks[\"Code-Review\"]",
        absent: "no Scorecard was made; a check: it was not made",
        ..OF_PROJECT
    },
    Variable {
        name: "health.archived",
        fact: Fact::Archived,
        kind: BOOL,
        meaning: "whether the repository is archived, as that Scorecard says",
        absent: "no Scorecard was made",
        ..OF_PROJECT
    },
    Variable {
        name: "health.maintainers",
        fact: Fact::Maintainers,
        kind: INT,
        meaning: "how many organisations those who contribute come from, as that Scorecard counts them",
        absent: "no Scorecard was made",
        ..OF_PROJECT
    },
    Variable {
        name: "health.stars",
        fact: Fact::Stars,
        kind: INT,
        meaning: "stars of the repository, where its host counts them",
        absent: "its host counts none",
        source: source::DEPS_DEV,
        ..OF_PROJECT
    },
    Variable {
        name: "health.badge",
        fact: Fact::Badge,
        kind: Type::One(Scalar::Text(BADGES)),
        meaning: "the OpenSSF Best Practices badge of the project behind it",
        absent: "it has none",
        data: &[Data::Versions, Data::Badge],
        source: source::BEST_PRACTICES,
        ..LOCAL
    },
    Variable {
        name: "advisories",
        fact: Fact::Advisories,
        kind: Type::Advisories,
        meaning: "the advisories that cover the version, one for each group of aliases",
        most: 500,
        ..OF_ADVISORY
    },
    Variable {
        name: "project.name",
        fact: Fact::Project,
        meaning: "the scanned project itself, such as github.com/owner/name",
        absent: "nobody said (--project, or `project` in the policy)",
        ..LOCAL
    },
    Variable {
        name: "project.scorecard",
        fact: Fact::ProjectScore,
        kind: DOUBLE,
        meaning: "the aggregate of its own OpenSSF Scorecard, 0.0 to 10.0",
        absent: "no Scorecard was made",
        data: &[Data::OwnScorecard],
        source: source::SCORECARD,
        ..LOCAL
    },
];

/// What can be asked about an advisory of `advisories`.
pub static FIELDS: &[Variable] = &[
    Variable { name: "id", fact: Fact::Id, meaning: "its id", ..OF_ADVISORY },
    Variable {
        name: "aliases",
        fact: Fact::Aliases,
        kind: TEXTS,
        meaning: "its other ids, CVE ids among them",
        most: 50,
        ..OF_ADVISORY
    },
    Variable {
        name: "kind",
        fact: Fact::Kind,
        kind: Type::One(Scalar::Text(ADVISORY_KINDS)),
        meaning: "what it warns of",
        ..OF_ADVISORY
    },
    Variable {
        name: "severity",
        fact: Fact::Severity,
        kind: Type::One(Scalar::Text(SEVERITIES)),
        meaning: "how bad it is rated; the word unknown where nobody rated it",
        ..OF_ADVISORY
    },
    Variable {
        name: "score",
        fact: Fact::CvssScore,
        kind: DOUBLE,
        meaning: "its CVSS base score, 0.0 to 10.0",
        absent: "it has no vector",
        ..OF_ADVISORY
    },
    Variable {
        name: "epss",
        fact: Fact::Epss,
        kind: DOUBLE,
        meaning: "the probability that it is attacked within 30 days, 0.0 to 1.0",
        absent: "it has no CVE id, which alone have scores",
        data: &[Data::Advisories, Data::Epss],
        source: source::EPSS,
        ..OF_ADVISORY
    },
    Variable {
        name: "exploited",
        fact: Fact::Exploited,
        kind: BOOL,
        meaning: "whether it is in CISA's catalogue of known exploited vulnerabilities",
        data: &[Data::Advisories, Data::Exploited],
        source: source::KEV,
        ..OF_ADVISORY
    },
    Variable {
        name: "fixed",
        fact: Fact::Fixed,
        meaning: "the smallest version above the one in use that it does not cover",
        absent: "none is known",
        ..OF_ADVISORY
    },
    Variable {
        name: "cwes",
        fact: Fact::Cwes,
        kind: TEXTS,
        meaning: "weaknesses, such as CWE-79",
        most: 50,
        ..OF_ADVISORY
    },
    Variable {
        name: "published_days",
        fact: Fact::PublishedDays,
        kind: INT,
        meaning: "days since it was published",
        absent: "it does not say when",
        ..OF_ADVISORY
    },
];

/// A function: how it is written, and what it gives.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it gives.
    pub meaning: &'static str,
}

/// Every function, in the order in which documents list them.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "has",
        usage: "has(health.badge)",
        meaning: "whether there is one; unknown where that is not known",
    },
    Function { name: "size", usage: "size(package.kinds)", meaning: "the number of elements, or of characters" },
    Function { name: "startsWith", usage: "package.name.startsWith(\"acme-\")", meaning: "whether the text begins so" },
    Function { name: "endsWith", usage: "package.name.endsWith(\"-beta\")", meaning: "whether the text ends so" },
    Function {
        name: "contains",
        usage: "package.name.contains(\"crypto\")",
        meaning: "whether that stands in the text",
    },
    Function {
        name: "matches",
        usage: "package.version.matches(\"^0[.]\")",
        meaning: "whether a regular expression (RE2's language), written as it is, finds something in the text",
    },
    Function {
        name: "exists",
        usage: "advisories.exists(a, a.epss > 0.5)",
        meaning: "whether it holds for one element at least",
    },
    Function {
        name: "all",
        usage: "advisories.all(a, has(a.fixed))",
        meaning: "whether it holds for every element; true of an empty list",
    },
    Function {
        name: "exists_one",
        usage: "advisories.exists_one(a, a.exploited)",
        meaning: "whether it holds for exactly one element",
    },
    Function {
        name: "filter",
        usage: "advisories.filter(a, a.score >= 7.0).size() > 2",
        meaning: "the elements for which it holds",
    },
    Function { name: "map", usage: "advisories.map(a, a.id)", meaning: "what each element gives" },
];
