//! Advisories as findings speak of them: judged records, grouped by alias.

use std::fmt;

use super::Location;

/// How bad the world says an advisory is. It never depends on a policy; what the user makes of it is a
/// [`Level`](super::Level).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// No record of the group rates it.
    Unknown,
    /// CVSS 0.0.
    None,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

impl Severity {
    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word, as advisories of several databases write it, whatever its case.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "low" | "negligible" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" | "important" => Self::High,
            "critical" => Self::Critical,
            _ => return None,
        })
    }

    /// The band of a CVSS v3 or v4 score (<https://www.first.org/cvss/v4.0/specification-document>, section 6).
    pub fn of_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A severity with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The band.
    pub severity: Severity,
    /// The CVSS base score, 0.0 to 10.0, where there is a vector.
    pub score: Option<f64>,
    /// The CVSS vector as the record writes it.
    pub vector: Option<String>,
    /// The id of the record that says so.
    pub source: Option<String>,
}

impl Rating {
    /// Nobody rates it.
    pub const UNKNOWN: Self = Self { severity: Severity::Unknown, score: None, vector: None, source: None };
}

/// What an advisory warns of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdvisoryKind {
    /// The package is malware, or was taken over.
    Malware,
    /// A vulnerability.
    Vulnerability,
    /// Sound-looking code can misbehave (RustSec `unsound`).
    Unsound,
    /// Nobody maintains the package (RustSec `unmaintained`).
    Unmaintained,
    /// Any other notice.
    Notice,
}

impl AdvisoryKind {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Vulnerability => "vulnerability",
            Self::Unsound => "unsound",
            Self::Unmaintained => "unmaintained",
            Self::Notice => "notice",
        }
    }
}

/// Whether an advisory covers a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Affected {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The version or the record cannot be compared. Never to be read as "no".
    CannotJudge,
}

/// One advisory record, judged for one package.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedRecord {
    /// Its id, for example `RUSTSEC-2020-0071`.
    pub id: String,
    /// Ids of other records for the same thing.
    pub aliases: Vec<String>,
    /// What it warns of.
    pub kind: AdvisoryKind,
    /// Whether it covers the version.
    pub affected: Affected,
    /// Its own rating.
    pub rating: Rating,
    /// Versions that fix it and that a registry can have; bounds that only close an interval are not here.
    pub fixed: Vec<String>,
    /// One line.
    pub summary: String,
    /// Seconds since 1970, UTC.
    pub published: Option<i64>,
    /// Seconds since 1970, UTC.
    pub modified: Option<i64>,
    /// Weaknesses, `CWE-79`.
    pub cwes: Vec<String>,
    /// Addresses to read on.
    pub references: Vec<String>,
    /// Operating systems it is limited to, as the record names them; empty: all.
    pub os: Vec<String>,
    /// Processor architectures it is limited to, as the record names them; empty: all.
    pub arch: Vec<String>,
}

/// Records of different databases for the same thing about one package.
#[derive(Debug, Clone, PartialEq)]
pub struct AliasGroup {
    /// The records, the key's first.
    pub records: Vec<JudgedRecord>,
    /// Every other id of the group, sorted.
    pub aliases: Vec<String>,
    /// The group's rating, from one of its records.
    pub rating: Rating,
    /// The smallest known version, above the one in use, that no matching record covers.
    pub fixed_in: Option<String>,
    /// Whether attacks with it are known.
    pub exploited: Exploited,
    /// How probable attacks with it are.
    pub epss: Option<Epss>,
}

/// An advisory that a version is the fix of: it covers earlier versions, and names this one as fixed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remedy {
    /// The record's id.
    pub id: String,
    /// How bad it rates what it covers.
    pub severity: Severity,
}

/// Whether a vulnerability is in CISA's catalogue of known exploited ones
/// (<https://www.cisa.gov/known-exploited-vulnerabilities-catalog>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exploited {
    /// It is not known: the catalogue is not at hand.
    Unknown,
    /// None of its ids is in the catalogue.
    No,
    /// It is.
    Yes {
        /// The id under which it stands there.
        cve: String,
        /// The day since which it stands there, `2021-12-10`.
        since: String,
        /// Whether ransomware is known to use it.
        ransomware: bool,
    },
}

/// The Exploit Prediction Scoring System's estimate (<https://www.first.org/epss/>).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epss {
    /// The probability that it is attacked within 30 days, 0.0 to 1.0.
    pub score: f64,
    /// The share of all vulnerabilities with the same or a lower score, 0.0 to 1.0.
    pub percentile: f64,
}

impl Epss {
    /// The score for people: `94 %`, `1.7 %`, `0.04 %`.
    pub fn percent(&self) -> String {
        let percent = self.score * 100.0;
        match percent {
            _ if percent >= 10.0 => format!("{percent:.0} %"),
            _ if percent >= 1.0 => format!("{percent:.1} %"),
            _ => format!("{percent:.2} %"),
        }
    }
}

impl AliasGroup {
    /// The record whose id names the group: the matching one that was published first, then by id.
    pub fn key(&self) -> &JudgedRecord {
        &self.records[0]
    }

    /// The records that cover the version.
    pub fn matching(&self) -> impl Iterator<Item = &JudgedRecord> {
        self.records.iter().filter(|record| record.affected == Affected::Yes)
    }

    /// Every id: the records' and their aliases.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.key().id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// Its CVE ids.
    pub fn cves(&self) -> impl Iterator<Item = &str> {
        self.ids().filter(|id| id.starts_with("CVE-"))
    }

    /// What the group is about: the gravest kind of its matching records.
    pub fn kind(&self) -> AdvisoryKind {
        self.matching().map(|record| record.kind).min().unwrap_or(AdvisoryKind::Notice)
    }
}

/// How a finding can be cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FixState {
    /// The change is known to be enough.
    Exact,
    /// A version is known; whether the requirements on the way allow it is not.
    Candidate,
    /// No version clears it.
    None,
    /// It is not known.
    Unknown,
}

impl FixState {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Candidate => "candidate",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// What to change to clear a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// How sure it is.
    pub state: FixState,
    /// The version to reach.
    pub version: Option<String>,
    /// What to change, in words.
    pub change: Option<String>,
    /// The command that does it; only for [`FixState::Exact`].
    pub command: Option<String>,
    /// Where to change it.
    pub location: Option<Location>,
}

impl Fix {
    /// It is not known how.
    pub const UNKNOWN: Self =
        Self { state: FixState::Unknown, version: None, change: None, command: None, location: None };
}
