//! OSV records (schema 1.7, <https://ossf.github.io/osv-schema/>), read leniently: a field that is not known is passed
//! over, a field of the wrong type costs the record only where nothing can be judged without it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::affects::{Affects, Event, EventKind, event_key, intervals};
use super::group::Candidate;
use super::rating::rate;
use super::release::is_of_release;
use crate::model::{AdvisoryKind, Affected, Ecosystem, JudgedRecord, Rating, normalize_name};
use crate::version::Scheme;

/// Why a record cannot be taken.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is not JSON, or a field that judging needs is missing or of another type.
    #[error("not an OSV record: {0}")]
    Malformed(String),
}

/// A record, with everything about versions ready to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Ids of other records for the same thing.
    pub aliases: Vec<String>,
    /// One line.
    pub summary: String,
    /// Markdown.
    pub details: String,
    /// What it warns of.
    pub kind: AdvisoryKind,
    /// How bad it says it is.
    pub rating: Rating,
    /// Seconds since 1970, UTC.
    pub published: Option<i64>,
    /// Seconds since 1970, UTC.
    pub modified: Option<i64>,
    /// [`Record::modified`] in nanoseconds, as sources list their changes.
    pub modified_nanos: Option<i64>,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// Weaknesses, `CWE-79`.
    pub cwes: Vec<String>,
    /// Addresses to read on.
    pub references: Vec<String>,
    /// What it says of each package.
    pub affected: Vec<AffectedPackage>,
}

/// What a record says of one package.
#[derive(Debug, Clone, PartialEq)]
pub struct AffectedPackage {
    /// OSV's name of the ecosystem, without its suffix.
    pub ecosystem: String,
    /// What follows the `:` of the ecosystem, for example `12` of `Debian:12`.
    pub suffix: Option<String>,
    /// The name in the ecosystem's normal form.
    pub name: String,
    /// The versions that it covers.
    pub affects: Affects,
    /// Versions that fix it and that a registry can have.
    pub fixed: Vec<String>,
    /// Operating systems it is limited to; empty: all.
    pub os: Vec<String>,
    /// Processor architectures it is limited to; empty: all.
    pub arch: Vec<String>,
}

#[derive(Deserialize)]
struct Raw<'r> {
    #[serde(borrow)]
    id: Cow<'r, str>,
    #[serde(default)]
    modified: Option<Cow<'r, str>>,
    #[serde(default)]
    published: Option<Cow<'r, str>>,
    #[serde(default)]
    withdrawn: Option<Value>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    severity: Value,
    #[serde(default)]
    affected: Option<Vec<RawAffected>>,
    #[serde(default)]
    references: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct RawAffected {
    #[serde(default)]
    package: Option<RawPackage>,
    #[serde(default)]
    severity: Value,
    #[serde(default)]
    ranges: Option<Vec<RawRange>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct RawPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct RawRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<RawEvent>,
}

#[derive(Deserialize)]
struct RawEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// Where it is no JSON, or its id, its packages or its ranges are missing or of the wrong type.
    pub fn parse(json: &[u8]) -> Result<Self, RecordError> {
        let raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| RecordError::Malformed(error.to_string()))?;
        if raw.id.is_empty() || raw.id.len() > 200 {
            return Err(RecordError::Malformed("its id is empty or longer than 200 bytes".to_owned()));
        }
        let affected = raw.affected.as_deref().unwrap_or_default();
        let cwes = cwes(&raw, affected);
        let kind = kind(&raw.id, affected, &cwes);
        let vectors = entries(&raw.severity).chain(affected.iter().flat_map(|package| entries(&package.severity)));
        let vectors = vectors.filter_map(|entry| entry.get("score")?.as_str());
        let vectors =
            vectors.chain(affected.iter().filter_map(|package| package.database_specific.get("cvss")?.as_str()));
        let rating = rate(&raw.id, vectors, words(&raw, affected));
        let details = raw.details.unwrap_or_default();
        let summary = raw.summary.filter(|summary| !summary.trim().is_empty()).unwrap_or_else(|| first_line(&details));
        Ok(Self {
            kind,
            rating,
            summary,
            cwes,
            aliases: raw.aliases.unwrap_or_default(),
            published: raw.published.as_deref().and_then(seconds),
            modified: raw.modified.as_deref().and_then(seconds),
            modified_nanos: raw.modified.as_deref().and_then(nanoseconds),
            // Anything but a date takes nothing back.
            withdrawn: raw.withdrawn.as_ref().and_then(Value::as_str).is_some_and(|date| !date.trim().is_empty()),
            references: entries(&raw.references)
                .filter_map(|reference| Some(reference.get("url")?.as_str()?.to_owned()))
                .collect(),
            affected: affected.iter().filter_map(|package| package.compile(&raw.id)).collect(),
            details,
            id: raw.id.into_owned(),
        })
    }
}

impl Record {
    /// Whether it speaks of a package at all, by OSV's name of the ecosystem and the name in its normal form.
    pub fn speaks_of(&self, ecosystem: &str, name: &str) -> bool {
        self.affected.iter().any(|package| package.ecosystem == ecosystem && package.name == name)
    }

    /// What it says of one package in one release of a distribution, named as for [`Record::speaks_of`]: what is to be
    /// judged. A record that was taken back says nothing.
    pub fn candidates(&self, ecosystem: &str, name: &str, release: Option<&str>) -> impl Iterator<Item = Candidate> {
        let affected = self.affected.iter().filter(|_| !self.withdrawn);
        let of_package = affected.filter(move |package| {
            let is_named = package.ecosystem == ecosystem && package.name == name;
            is_named && is_of_release(ecosystem, package.suffix.as_deref(), release)
        });
        of_package.map(|package| Candidate {
            record: JudgedRecord {
                id: self.id.clone(),
                aliases: self.aliases.clone(),
                kind: self.kind,
                affected: Affected::CannotJudge,
                rating: self.rating.clone(),
                fixed: package.fixed.clone(),
                summary: self.summary.clone(),
                published: self.published,
                modified: self.modified,
                cwes: self.cwes.clone(),
                references: self.references.clone(),
                os: package.os.clone(),
                arch: package.arch.clone(),
            },
            affects: package.affects.clone(),
        })
    }
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// RFC 3339 to seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// RFC 3339 to nanoseconds since 1970; `None` also beyond the year 2262.
fn nanoseconds(text: &str) -> Option<i64> {
    let time = text.parse::<jiff::Timestamp>().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

/// The first line of a text that is no heading, for records without a summary.
fn first_line(details: &str) -> String {
    let line =
        details.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let mut end = line.len().min(160);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    if end < line.len() { format!("{}…", line[..end].trim_end()) } else { line.to_owned() }
}

fn cwes(raw: &Raw<'_>, affected: &[RawAffected]) -> Vec<String> {
    let own = raw.database_specific.get("cwe_ids").into_iter().flat_map(entries).filter_map(Value::as_str);
    let per_package = affected.iter().filter_map(|package| package.database_specific.get("cwes"));
    let per_package = per_package.flat_map(entries).filter_map(|cwe| cwe.get("cweId")?.as_str());
    let mut cwes: Vec<String> = own.chain(per_package).map(str::to_owned).collect();
    cwes.sort();
    cwes.dedup();
    cwes
}

/// Words for a severity: GHSA's, Ubuntu's, Bitnami's, whoever has one.
fn words<'r>(raw: &'r Raw<'_>, affected: &'r [RawAffected]) -> impl Iterator<Item = &'r str> {
    let own = raw.database_specific.get("severity").and_then(Value::as_str);
    let ubuntu = entries(&raw.severity).filter(|entry| entry.get("type").and_then(Value::as_str) == Some("Ubuntu"));
    let ubuntu = ubuntu.filter_map(|entry| entry.get("score")?.as_str());
    let per_package = affected.iter().flat_map(|package| {
        [&package.ecosystem_specific, &package.database_specific]
            .into_iter()
            .filter_map(|map| map.get("severity")?.as_str())
    });
    own.into_iter().chain(ubuntu).chain(per_package)
}

fn kind(id: &str, affected: &[RawAffected], cwes: &[String]) -> AdvisoryKind {
    let categories =
        || affected.iter().filter_map(|package| package.database_specific.get("categories")).flat_map(entries);
    // Embedded malicious code: <https://cwe.mitre.org/data/definitions/506.html>
    let malicious = id.starts_with("MAL-")
        || cwes.iter().any(|cwe| cwe == "CWE-506")
        || categories().any(|category| category.as_str() == Some("malicious"));
    if malicious {
        return AdvisoryKind::Malware;
    }
    let informational = affected.iter().find_map(|package| package.database_specific.get("informational")?.as_str());
    match informational {
        None => AdvisoryKind::Vulnerability,
        Some("unmaintained") => AdvisoryKind::Unmaintained,
        Some("unsound") => AdvisoryKind::Unsound,
        // Kinds that are not known yet are shown, not dropped.
        Some(_) => AdvisoryKind::Notice,
    }
}

impl RawAffected {
    /// `None` where it names no package (ranges of a git repository alone).
    fn compile(&self, id: &str) -> Option<AffectedPackage> {
        let package = self.package.as_ref()?;
        let (ecosystem, suffix) = match package.ecosystem.split_once(':') {
            Some((base, suffix)) => (base, Some(suffix.to_owned())),
            None => (package.ecosystem.as_str(), None),
        };
        let ecosystem = Ecosystem::canonical_name(ecosystem);
        let limits = self.ecosystem_specific.get("affects");
        let texts = |map: Option<&Value>, key: &str| -> Vec<String> {
            let list = map.and_then(|map| map.get(key)).into_iter().flat_map(entries);
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        // The Go database limits by the packages of a module that are imported.
        let imports = || self.ecosystem_specific.get("imports").into_iter().flat_map(entries);
        let of_imports = |key: &str| -> Vec<String> {
            if imports().any(|import| texts(Some(import), key).is_empty()) {
                return Vec::new();
            }
            let mut all: Vec<String> = imports().flat_map(|import| texts(Some(import), key)).collect();
            all.sort();
            all.dedup();
            all
        };
        let or = |first: Vec<String>, second: Vec<String>| if first.is_empty() { second } else { first };
        Some(AffectedPackage {
            ecosystem: ecosystem.to_owned(),
            suffix,
            name: normalize_name(ecosystem, &package.name).into_owned(),
            affects: self.affects(Scheme::of(ecosystem)),
            fixed: self.fixed(id, Scheme::of(ecosystem)),
            os: or(texts(limits, "os"), of_imports("goos")),
            arch: or(texts(limits, "arch"), of_imports("goarch")),
        })
    }

    /// Ranges of versions: a range of git commits neither ends nor answers an evaluation.
    fn ranges(&self) -> impl Iterator<Item = &RawRange> {
        self.ranges.iter().flatten().filter(|range| range.kind != "GIT")
    }

    fn affects(&self, scheme: Option<Scheme>) -> Affects {
        let mut affects = Affects::default();
        for range in self.ranges() {
            match range.events(scheme) {
                Some(events) => affects.intervals.extend(intervals(events)),
                None => affects.uncertain = true,
            }
        }
        for version in self.versions.iter().flatten() {
            match scheme.and_then(|scheme| scheme.key(version)) {
                // Most lists repeat what the ranges say.
                Some(key) if affects.judge(version, Some(&key)) != crate::model::Affected::Yes => {
                    affects.keys.push(key.as_bytes().into());
                }
                Some(_) => {}
                None => affects.texts.push(version.clone()),
            }
        }
        let says_nothing = affects.intervals.is_empty() && self.versions.as_ref().is_none_or(Vec::is_empty);
        affects.uncertain |= says_nothing && self.ranges().next().is_none();
        affects.keys.sort();
        affects.keys.dedup();
        affects.texts.sort();
        affects.texts.dedup();
        affects
    }

    /// Bounds that close an interval without being a release (`0.3.3-0`) are not versions to upgrade to.
    fn fixed(&self, id: &str, scheme: Option<Scheme>) -> Vec<String> {
        // A database that says which versions are patched is taken at its word.
        if let Some(patched) = self.database_specific.get("patched").filter(|_| id.starts_with("RUSTSEC-")) {
            return entries(patched).filter_map(Value::as_str).map(str::to_owned).collect();
        }
        let synthetic = |version: &str| scheme == Some(Scheme::SemVer) && version.ends_with("-0");
        let mut fixed: Vec<String> = self
            .ranges()
            .flat_map(|range| &range.events)
            .filter_map(|event| event.fixed.clone())
            .filter(|version| !synthetic(version) && version != "0")
            .collect();
        fixed.sort();
        fixed.dedup();
        fixed
    }
}

impl RawRange {
    /// Its events; `None` where one of them cannot be compared or the range has no beginning.
    fn events(&self, scheme: Option<Scheme>) -> Option<Vec<Event>> {
        let mut events = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let of = [
                (EventKind::Introduced, &event.introduced),
                (EventKind::Fixed, &event.fixed),
                (EventKind::LastAffected, &event.last_affected),
                (EventKind::Limit, &event.limit),
            ];
            for (kind, version) in of {
                let Some(version) = version else { continue };
                let key = match (scheme, version.as_str()) {
                    (Some(scheme), version) => event_key(scheme, kind, version)?,
                    // From the first version on, whatever the order is.
                    (None, "0") if kind == EventKind::Introduced => None,
                    (None, _) => return None,
                };
                events.push((key, kind));
            }
        }
        events.iter().any(|(_, kind)| *kind == EventKind::Introduced).then_some(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Affected, Severity};

    fn record(affected: &str) -> Record {
        let json = format!(
            r#"{{"id": "GHSA-x", "modified": "2024-01-01T00:00:00Z", "unheard": 1, "affected": [{affected}]}}"#
        );
        Record::parse(json.as_bytes()).unwrap()
    }

    fn judge(affected: &str, version: &str) -> Affected {
        let record = record(affected);
        let package = &record.affected[0];
        let key = Scheme::of(&package.ecosystem).and_then(|scheme| scheme.key(version));
        package.affects.judge(version, key.as_ref())
    }

    #[test]
    fn a_git_range_neither_ends_nor_answers() {
        let git =
            r#"{"type": "GIT", "repo": "https://host.example/r", "events": [{"introduced": "0"}, {"fixed": "abc"}]}"#;
        let both = format!(
            r#"{{"package": {{"ecosystem": "PyPI", "name": "A.b"}}, "ranges": [{git},
                {{"type": "ECOSYSTEM", "events": [{{"fixed": "1.2"}}, {{"introduced": "0"}}]}}], "versions": ["2.0"]}}"#
        );
        assert_eq!(record(&both).affected[0].name, "a-b");
        assert_eq!(judge(&both, "1.1"), Affected::Yes);
        assert_eq!(judge(&both, "2.0"), Affected::Yes);
        assert_eq!(judge(&both, "1.2"), Affected::No);
        let only = format!(r#"{{"package": {{"ecosystem": "PyPI", "name": "a"}}, "ranges": [{git}]}}"#);
        assert_eq!(judge(&only, "1.1"), Affected::CannotJudge);
        let listed =
            format!(r#"{{"package": {{"ecosystem": "PyPI", "name": "a"}}, "ranges": [{git}], "versions": ["1.1"]}}"#);
        assert_eq!(judge(&listed, "1.1"), Affected::Yes);
        assert_eq!(judge(&listed, "1.3"), Affected::No, "the list of versions answers");
    }

    #[test]
    fn an_order_that_is_not_known_is_never_an_answer() {
        let unknown = r#"{"package": {"ecosystem": "Android", "name": "a"}, "versions": ["1.0"],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}]}"#;
        assert_eq!(judge(unknown, "1.0"), Affected::Yes);
        assert_eq!(judge(unknown, "1.1"), Affected::CannotJudge);
        let every = r#"{"package": {"ecosystem": "Android", "name": "a"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}"#;
        assert_eq!(judge(every, "1.1"), Affected::Yes);
    }

    #[test]
    fn a_bound_that_is_no_release_is_no_fix() {
        let semver = r#"{"package": {"ecosystem": "crates.io", "name": "a"}, "ranges": [{"type": "SEMVER", "events":
            [{"introduced": "0.0.0-0"}, {"fixed": "0.3.3-0"}, {"introduced": "1.0.0"}, {"fixed": "1.2.0"}]}]}"#;
        assert_eq!(record(semver).affected[0].fixed, ["1.2.0"]);
    }

    #[test]
    fn kinds_and_ratings_come_from_wherever_a_database_puts_them() {
        let of = |extra: &str| record(&format!(r#"{{"package": {{"ecosystem": "crates.io", "name": "a"}}, {extra}}}"#));
        assert_eq!(of(r#""database_specific": {"informational": "unsound"}"#).kind, AdvisoryKind::Unsound);
        assert_eq!(of(r#""database_specific": {"informational": "new"}"#).kind, AdvisoryKind::Notice);
        assert_eq!(of(r#""database_specific": {"categories": ["malicious"]}"#).kind, AdvisoryKind::Malware);
        assert_eq!(of(r#""database_specific": {"cwes": [{"cweId": "CWE-506"}]}"#).kind, AdvisoryKind::Malware);
        assert_eq!(
            of(r#""database_specific": {"cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#).rating.severity,
            Severity::Critical
        );
        assert_eq!(of(r#""ecosystem_specific": {"severity": "High"}"#).rating.severity, Severity::High);
        assert_eq!(of(r#""ecosystem_specific": {}"#).rating, Rating::UNKNOWN);
    }

    #[test]
    fn what_judging_needs_must_be_there() {
        assert!(Record::parse(b"{}").is_err());
        assert!(Record::parse(br#"{"id": "X", "affected": [{"package": 3}]}"#).is_err());
        assert!(Record::parse(br#"{"id": "X", "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": 1}]}]}]}"#).is_err());
    }

    #[test]
    fn an_ecosystem_is_known_in_any_case() {
        let record =
            r#"{"id": "A-1", "affected": [{"package": {"ecosystem": "pypi ", "name": "A_b"}, "versions": ["1"]}]}"#;
        let affected = &Record::parse(record.as_bytes()).unwrap().affected[0];
        assert_eq!((affected.ecosystem.as_str(), affected.name.as_str()), ("PyPI", "a-b"));
    }

    #[test]
    fn only_a_date_takes_a_record_back() {
        let withdrawn = |value: &str| {
            Record::parse(format!(r#"{{"id": "A-1", "withdrawn": {value}}}"#).as_bytes()).unwrap().withdrawn
        };
        assert!(withdrawn(r#""2025-01-01T00:00:00Z""#));
        assert!(!withdrawn("null") && !withdrawn("false") && !withdrawn(r#""""#));
    }
}
