//! Findings in the JSON report.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{
    Affected, AliasGroup, AppliedException, Change, Decision, Exploited, Fix, JudgedRecord, PathCount, Report,
    Severity, Subject,
};

use super::super::phrase;
use super::{Id, Place};

/// Something that a rule found, and what the policy decided about it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Finding"))]
pub(super) struct FindingEntry<'r> {
    /// The rule.
    rule: &'static str,
    /// What the policy makes of it. With an exception, the level that it would have.
    #[cfg_attr(test, schemars(extend("enum" = ["deny", "warn", "allow"])))]
    level: &'static str,
    /// Why it has this level.
    reason: &'r str,
    /// Its place in the order in which findings should be dealt with, and why it has it.
    priority: PriorityEntry,
    /// Whether a change brought it in, or it became known about what was there already. Null where
    /// no earlier state was given to compare with.
    #[cfg_attr(test, schemars(extend("enum" = ["introduced", "disclosed", "known", null])))]
    change: Option<&'static str>,
    /// What it is about.
    subject: SubjectEntry<'r>,
    /// Where it is, the best place first.
    locations: Vec<Place<'r>>,
    /// Where the manifest asks for the direct dependency that brings it.
    related: Vec<Place<'r>>,
    /// The advisory, if it rests on one.
    advisory: Option<Advisory<'r>>,
    /// What was found, in sentences.
    message: &'r str,
    /// Other rules that apply to the same advisory.
    also: &'r [&'static str],
    /// Paths from a project of the root to the package, by package ids, shortest first, three at the most.
    chains: Vec<Vec<Id>>,
    /// How many paths there are.
    chains_total: u64,
    /// Whether that is their exact number; where it is not, there may be more.
    chains_total_exact: bool,
    /// What to do about it.
    fix: FixEntry<'r>,
    /// The exception that covers it.
    exception: Option<Exception<'r>>,
    /// What identifies it from run to run: it survives a bump that stays vulnerable, a moved line and a new alias.
    fingerprint: &'r str,
}

/// The place of a finding among the others.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Priority"))]
struct PriorityEntry {
    /// Its place, from 1.
    rank: usize,
    /// What gives it that place, in words, the weightiest first: each is compared only where all before it are equal.
    reasons: Vec<String>,
}

/// What a finding is about: a package as one root uses it, a file, or the project as a whole.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Subject"))]
#[serde(untagged)]
enum SubjectEntry<'r> {
    /// A package.
    Package {
        /// Its id in this report.
        package: Id,
        /// Its package URL.
        purl: String,
        /// The root that uses it.
        root: Option<&'r str>,
    },
    /// A file.
    File {
        /// Its path.
        file: &'r str,
    },
    /// The project as a whole.
    Project {
        /// The repository's root.
        project: &'static str,
    },
}

/// Records of different databases for the same thing.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Advisory<'r> {
    /// The matching record that was published first.
    id: &'r str,
    /// Every other id.
    aliases: &'r [String],
    /// What it warns of.
    #[cfg_attr(test, schemars(extend("enum" = ["malware", "vulnerability", "unsound", "unmaintained", "notice"])))]
    kind: &'static str,
    /// One line.
    summary: &'r str,
    /// What each record says. Where they disagree, one that covers the version is enough.
    records: Vec<Record<'r>>,
    /// How bad it is; `null` where nobody rates it.
    #[cfg_attr(test, schemars(extend("enum" = ["none", "low", "medium", "high", "critical", null])))]
    severity: Option<&'static str>,
    /// The CVSS base score.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 10.0)))]
    score: Option<f64>,
    /// The CVSS vector.
    vector: Option<&'r str>,
    /// The record that says so.
    severity_source: Option<&'r str>,
    /// The smallest known version, above the one in use, that no matching record covers.
    fixed_in: Option<&'r str>,
    /// Weaknesses, `CWE-79`.
    cwes: BTreeSet<&'r str>,
    /// The probability that it is attacked within 30 days (EPSS).
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    epss: Option<f64>,
    /// The share of all vulnerabilities with the same or a lower EPSS score.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    epss_percentile: Option<f64>,
    /// Whether it is in CISA's catalogue of known exploited vulnerabilities; `null` where that was not at hand.
    exploited: Option<bool>,
    /// What the catalogue says of it, where it is there.
    exploitation: Option<Exploitation<'r>>,
    /// When it was published.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    published: Option<String>,
    /// When it was last changed.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    modified: Option<String>,
    /// Addresses to read on.
    references: Vec<&'r str>,
}

/// An entry of CISA's catalogue of known exploited vulnerabilities.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Exploitation<'r> {
    /// The id under which it stands there.
    cve: &'r str,
    /// The day since which it stands there.
    since: &'r str,
    /// Whether ransomware is known to use it.
    ransomware: bool,
}

/// One record of an advisory database.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Record<'r> {
    /// Its id.
    id: &'r str,
    /// The database that it comes from.
    source: &'r str,
    /// Whether it covers the version; `null` where that cannot be judged.
    affected: Option<bool>,
    /// Versions that fix it.
    fixed: &'r [String],
    /// Operating systems that it is limited to, as the record names them; empty: all.
    os: &'r [String],
    /// Processor architectures that it is limited to, as the record names them; empty: all.
    arch: &'r [String],
}

/// What to change to clear a finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Fix"))]
struct FixEntry<'r> {
    /// How sure it is: known to be enough; a version is known but not whether all requirements allow it; no version
    /// clears it; not known.
    #[cfg_attr(test, schemars(extend("enum" = ["exact", "candidate", "none", "unknown"])))]
    state: &'static str,
    /// The version to reach.
    version: Option<&'r str>,
    /// What to change, in words.
    change: Option<&'r str>,
    /// The command that does it.
    command: Option<&'r str>,
    /// Where to change it.
    location: Option<Place<'r>>,
}

/// The exception that covers a finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Exception<'r> {
    /// What it names.
    id: &'r str,
    /// Where it comes from: a policy; a VEX document.
    #[cfg_attr(test, schemars(extend("enum" = ["policy", "vex"])))]
    origin: &'static str,
    /// Why it was made.
    reason: &'r str,
    /// Who answers for it.
    owner: Option<&'r str>,
    /// The last day on which it holds.
    expires: Option<&'r str>,
    /// Where it stands in the policy file or the VEX document.
    location: Place<'r>,
}

impl<'r> FindingEntry<'r> {
    /// `rank` is its place among the findings, from 1.
    pub(super) fn of(report: &'r Report, decision: &'r Decision, rank: usize) -> Self {
        let finding = &decision.finding;
        Self {
            rule: finding.rule.id,
            level: decision.level.as_str(),
            reason: &decision.reason,
            priority: PriorityEntry { rank, reasons: decision.reasons() },
            change: decision.change.map(Change::as_str),
            subject: SubjectEntry::of(report, &finding.subject),
            locations: Place::all(&finding.locations),
            related: Place::all(&finding.related),
            advisory: finding.advisory.as_ref().map(Advisory::of),
            message: &finding.message,
            also: &finding.also,
            chains: finding.chains.iter().map(|chain| chain.iter().map(|&package| Id(package)).collect()).collect(),
            chains_total: finding.chains_total.number(),
            chains_total_exact: matches!(finding.chains_total, PathCount::Exactly(_)),
            fix: FixEntry::of(&finding.fix),
            exception: decision.exception.as_ref().map(Exception::of),
            fingerprint: &finding.fingerprint,
        }
    }
}

impl<'r> SubjectEntry<'r> {
    fn of(report: &'r Report, subject: &'r Subject) -> Self {
        match subject {
            Subject::Package { package, root } => Self::Package {
                package: Id(*package),
                purl: report.graph.package(*package).id.purl().into(),
                root: report.graph.roots.get(*root).map(|root| &*root.path),
            },
            Subject::File(path) => Self::File { file: path },
            Subject::Project => Self::Project { project: "." },
        }
    }
}

impl<'r> Advisory<'r> {
    fn of(group: &'r AliasGroup) -> Self {
        let key = group.key();
        let rating = &group.rating;
        let mut seen = BTreeSet::new();
        let references = group.records.iter().flat_map(|record| &record.references).map(String::as_str);
        Self {
            id: &key.id,
            aliases: &group.aliases,
            kind: group.kind().as_str(),
            summary: phrase::title(group).unwrap_or_default(),
            records: group.records.iter().map(Record::of).collect(),
            severity: (rating.severity != Severity::Unknown).then(|| rating.severity.as_str()),
            score: rating.score,
            vector: rating.vector.as_deref(),
            severity_source: rating.source.as_deref(),
            fixed_in: group.fixed_in.as_deref(),
            cwes: group.records.iter().flat_map(|record| &record.cwes).map(String::as_str).collect(),
            epss: group.epss.map(|epss| epss.score),
            epss_percentile: group.epss.map(|epss| epss.percentile),
            exploited: match group.exploited {
                Exploited::Unknown => None,
                Exploited::No => Some(false),
                Exploited::Yes { .. } => Some(true),
            },
            exploitation: Exploitation::of(&group.exploited),
            published: key.published.and_then(timestamp),
            modified: key.modified.and_then(timestamp),
            references: references.filter(|&reference| seen.insert(reference)).collect(),
        }
    }
}

impl<'r> Exploitation<'r> {
    fn of(exploited: &'r Exploited) -> Option<Self> {
        match exploited {
            Exploited::Yes { cve, since, ransomware } => Some(Self { cve, since, ransomware: *ransomware }),
            Exploited::No | Exploited::Unknown => None,
        }
    }
}

/// RFC 3339, UTC.
fn timestamp(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

impl<'r> Record<'r> {
    fn of(record: &'r JudgedRecord) -> Self {
        let affected = match record.affected {
            Affected::Yes => Some(true),
            Affected::No => Some(false),
            Affected::CannotJudge => None,
        };
        Self {
            id: &record.id,
            source: phrase::database(&record.id),
            affected,
            fixed: &record.fixed,
            os: &record.os,
            arch: &record.arch,
        }
    }
}

impl<'r> FixEntry<'r> {
    fn of(fix: &'r Fix) -> Self {
        Self {
            state: fix.state.as_str(),
            version: fix.version.as_deref(),
            change: fix.change.as_deref(),
            command: fix.command.as_deref(),
            location: fix.location.as_ref().map(Place::of),
        }
    }
}

impl<'r> Exception<'r> {
    fn of(exception: &'r AppliedException) -> Self {
        Self {
            id: &exception.id,
            origin: exception.origin.as_str(),
            reason: &exception.reason,
            owner: exception.owner.as_deref(),
            expires: exception.expires.as_deref(),
            location: Place::of(&exception.location),
        }
    }
}
