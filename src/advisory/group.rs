//! Records of different databases for the same thing, and what to upgrade to.

use std::collections::{BTreeMap, BTreeSet};

use super::affects::Affects;
use crate::model::{Affected, AliasGroup, Ecosystem, Exploited, JudgedRecord, Rating, Remedy, Severity};
use crate::version::{Key, Scheme};

/// A record for the package in question, before it is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The record; its `affected` is filled in here.
    pub record: JudgedRecord,
    /// The versions that it covers.
    pub affects: Affects,
}

/// What the records say of one package.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// The groups of which a record covers the version, by key.
    pub groups: Vec<AliasGroup>,
    /// How many records could not be compared with the version.
    pub cannot_judge: usize,
    /// What the version is the fix of, by id.
    pub remedies: Vec<Remedy>,
}

/// Judges every record for one package version. Without a version only records that cover all versions match.
pub fn judge(ecosystem: Ecosystem, version: Option<&str>, mut candidates: Vec<Candidate>) -> Judged {
    let scheme = Scheme::of(ecosystem.osv_name());
    let key = scheme.zip(version).and_then(|(scheme, version)| scheme.key(version));
    for candidate in &mut candidates {
        candidate.record.affected = match version {
            Some(version) => judge_version(&candidate.affects, scheme, version, key.as_ref()),
            None if candidate.affects.covers_everything() => Affected::Yes,
            None => Affected::No,
        };
    }
    // Matching records first, so that one that does not match cannot keep two that do apart.
    candidates.sort_by(|a, b| order(&a.record).cmp(&order(&b.record)));
    let cannot_judge = candidates.iter().filter(|candidate| candidate.record.affected == Affected::CannotJudge).count();
    // Advisories write Go's versions without the `v` that every tool of Go wants.
    let prefix =
        if ecosystem == Ecosystem::Go && version.is_some_and(|version| version.starts_with('v')) { "v" } else { "" };
    let remedies = remedies(&candidates, scheme, key.as_ref());
    let upgrade = Upgrade { scheme, key, prefix, candidates: &candidates };
    let mut members = group(&candidates);
    members.retain(|members| candidates[members[0]].record.affected == Affected::Yes);
    let fixed_in = upgrade.of_all(&members);
    let groups = members.iter().zip(fixed_in).map(|(members, fixed_in)| alias_group(members, &candidates, fixed_in));
    Judged { groups: groups.collect(), cannot_judge, remedies }
}

/// The records that do not cover the version and name it as fixed.
fn remedies(candidates: &[Candidate], scheme: Option<Scheme>, key: Option<&Key>) -> Vec<Remedy> {
    let (Some(scheme), Some(key)) = (scheme, key) else { return Vec::new() };
    let is_fix = |record: &&JudgedRecord| {
        record.affected == Affected::No
            && record.fixed.iter().any(|fixed| scheme.key(fixed).is_some_and(|fixed| fixed == *key))
    };
    let records = candidates.iter().map(|candidate| &candidate.record).filter(is_fix);
    let mut remedies: Vec<Remedy> =
        records.map(|record| Remedy { id: record.id.clone(), severity: record.rating.severity }).collect();
    remedies.sort();
    remedies
}

/// Judges one version. Of Python a local version (`2.0.0+cu118`) is a build of the public one
/// (<https://peps.python.org/pep-0440/#local-version-identifiers>), which advisories name alone, so that either being
/// covered counts; and a text that is no version has a place in the order, but what it stands for has not. The branches
/// of Composer (`dev-main`) come before all releases and hold the newest of them.
fn judge_version(affects: &Affects, scheme: Option<Scheme>, version: &str, key: Option<&Key>) -> Affected {
    let own = affects.judge(version, key);
    let is_unplaced = || scheme.is_some_and(|scheme| !scheme.is_placed(version));
    let is_ranged = !affects.intervals.is_empty() && !affects.covers_everything();
    if scheme == Some(Scheme::Packagist) && key.is_some() && is_ranged && is_unplaced() {
        return Affected::CannotJudge;
    }
    if own == Affected::Yes || scheme != Some(Scheme::Pep440) {
        return own;
    }
    if let Some((public, _)) = version.split_once('+') {
        let of_public = affects.judge(public, Scheme::Pep440.key(public).as_ref());
        if of_public == Affected::Yes {
            return of_public;
        }
    }
    if is_ranged && is_unplaced() { Affected::CannotJudge } else { own }
}

/// Matching before the rest, the first published first; one without a date last.
fn order(record: &JudgedRecord) -> (bool, i64, &str) {
    (record.affected != Affected::Yes, record.published.unwrap_or(i64::MAX), &record.id)
}

/// The database of an id: what comes before its first `-`.
fn database(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

/// Sets of records that share an id. Two records of one database for the same package stay apart: the database itself
/// says that they are two things.
fn group(candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(BTreeSet<&str>, BTreeSet<&str>, Vec<usize>)> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let record = &candidate.record;
        let mut ids: BTreeSet<&str> = record.aliases.iter().map(String::as_str).collect();
        ids.insert(&record.id);
        let mut databases = BTreeSet::from([database(&record.id)]);
        let mut members = vec![at];
        // A record can join groups that were apart so far.
        let mut kept = Vec::with_capacity(groups.len() + 1);
        let mut place = None;
        for (other_ids, other_databases, other_members) in groups {
            if !ids.is_disjoint(&other_ids) && databases.is_disjoint(&other_databases) {
                place.get_or_insert(kept.len());
                ids.extend(other_ids);
                databases.extend(other_databases);
                members.extend(other_members);
            } else {
                kept.push((other_ids, other_databases, other_members));
            }
        }
        members.sort_unstable();
        let place = place.unwrap_or(kept.len());
        kept.insert(place, (ids, databases, members));
        groups = kept;
    }
    groups.into_iter().map(|(_, _, members)| members).collect()
}

fn alias_group(members: &[usize], candidates: &[Candidate], fixed_in: Option<String>) -> AliasGroup {
    let records: Vec<JudgedRecord> = members.iter().map(|&at| candidates[at].record.clone()).collect();
    let key = records[0].id.clone();
    let aliases: BTreeSet<String> = records
        .iter()
        .flat_map(|record| record.aliases.iter().chain(std::iter::once(&record.id)))
        .filter(|id| **id != key)
        .cloned()
        .collect();
    // The key record's own rating, else the worst of its aliases': never a guess.
    let known = |rating: &&Rating| rating.severity != Severity::Unknown;
    let worse = |a: &&Rating, b: &&Rating| {
        let score = |rating: &Rating| rating.score.unwrap_or(-1.0);
        a.severity.cmp(&b.severity).then(score(a).total_cmp(&score(b)))
    };
    let own = Some(&records[0].rating).filter(known);
    let rating = own.or_else(|| records.iter().map(|record| &record.rating).filter(known).max_by(worse));
    let rating = rating.cloned().unwrap_or(Rating::UNKNOWN);
    AliasGroup {
        aliases: aliases.into_iter().collect(),
        rating,
        fixed_in,
        records,
        exploited: Exploited::Unknown,
        epss: None,
    }
}

/// What could clear a package.
struct Upgrade<'c> {
    scheme: Option<Scheme>,
    key: Option<Key>,
    /// What stands before the number of a version.
    prefix: &'static str,
    candidates: &'c [Candidate],
}

impl Upgrade<'_> {
    /// What clears each group: for all that can be cleared the same version, where one clears them together. Two
    /// changes for one package are one too many.
    fn of_all(&self, groups: &[Vec<usize>]) -> Vec<Option<String>> {
        let single: Vec<Option<String>> = groups.iter().map(|members| self.smallest(members)).collect();
        let clearable = groups.iter().zip(&single).filter(|(_, version)| version.is_some());
        let clearable: Vec<usize> = clearable.flat_map(|(members, _)| members).copied().collect();
        let common = self.smallest(&clearable);
        single.into_iter().map(|version| version.map(|version| common.clone().unwrap_or(version))).collect()
    }

    /// The smallest version above the one in use that some record calls fixed, and that no record covers for which
    /// a fix is known at all. (A record without any fix would otherwise hide the way out of all the others.)
    fn smallest(&self, members: &[usize]) -> Option<String> {
        let (scheme, current) = (self.scheme?, self.key.as_ref()?);
        let mut versions: BTreeMap<Key, &str> = BTreeMap::new();
        for at in 0..self.candidates.len() {
            versions.extend(self.fixes(at, scheme, current));
        }
        let must_not_cover: Vec<&Affects> = (0..self.candidates.len())
            .filter(|&at| self.candidates[at].record.affected == Affected::Yes)
            .filter(|at| members.contains(at) || !self.fixes(*at, scheme, current).is_empty())
            .map(|at| &self.candidates[at].affects)
            .collect();
        versions
            .into_iter()
            .find(|(key, version)| {
                must_not_cover.iter().all(|affects| affects.judge(version, Some(key)) == Affected::No)
            })
            .map(|(_, version)| format!("{}{version}", self.prefix))
    }

    /// The fixes of a matching record that lie above the version in use.
    fn fixes(&self, at: usize, scheme: Scheme, current: &Key) -> Vec<(Key, &str)> {
        let record = &self.candidates[at].record;
        if record.affected != Affected::Yes {
            return Vec::new();
        }
        let fixed = record.fixed.iter().filter_map(|version| Some((scheme.key(version)?, version.as_str())));
        fixed.filter(|(key, _)| key > current).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::Record;
    use crate::model::AdvisoryKind;

    fn candidate(id: &str, aliases: &[&str], published: i64, events: &str) -> Candidate {
        let json = format!(
            r#"{{"id": "{id}", "affected": [{{"package": {{"ecosystem": "npm", "name": "a"}},
                "ranges": [{{"type": "SEMVER", "events": [{events}]}}]}}]}}"#
        );
        let record = Record::parse(json.as_bytes()).unwrap();
        let package = record.affected[0].clone();
        Candidate {
            record: JudgedRecord {
                id: record.id,
                aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
                kind: AdvisoryKind::Vulnerability,
                affected: Affected::No,
                rating: Rating::UNKNOWN,
                fixed: package.fixed,
                summary: String::new(),
                published: Some(published),
                modified: None,
                cwes: vec![],
                references: vec![],
                os: vec![],
                arch: vec![],
            },
            affects: package.affects,
        }
    }

    fn ids(judged: &Judged) -> Vec<Vec<&str>> {
        judged.groups.iter().map(|group| group.records.iter().map(|record| record.id.as_str()).collect()).collect()
    }

    const ALL: &str = r#"{"introduced": "0"}"#;

    #[test]
    fn records_of_one_database_stay_apart() {
        let candidates = vec![
            candidate("RUSTSEC-2", &["CVE-1"], 20, ALL),
            candidate("RUSTSEC-1", &["CVE-1"], 10, ALL),
            candidate("GHSA-1", &["CVE-1"], 15, ALL),
            candidate("GHSA-9", &["CVE-9"], 1, ALL),
        ];
        let judged = judge(Ecosystem::Npm, Some("1.0.0"), candidates);
        assert_eq!(ids(&judged), [vec!["GHSA-9"], vec!["RUSTSEC-1", "GHSA-1"], vec!["RUSTSEC-2"]]);
        assert_eq!(judged.groups[1].aliases, ["CVE-1", "GHSA-1"]);
    }

    #[test]
    fn a_local_version_of_python_is_a_build_of_the_public_one() {
        let judged = |version: &str, affected: &str| {
            let json = format!(
                r#"{{"id": "PYSEC-1", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "a"}}, {affected}}}]}}"#
            );
            let record = Record::parse(json.as_bytes()).unwrap();
            let mut of = candidate("PYSEC-1", &[], 1, ALL);
            of.affects = record.affected[0].affects.clone();
            let judged = judge(Ecosystem::PyPi, Some(version), vec![of]);
            (judged.groups.len(), judged.cannot_judge)
        };
        let range = |events: &str| format!(r#""ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}]"#);
        let last = range(r#"{"introduced": "0"}, {"last_affected": "2.0.0"}"#);
        assert_eq!(judged("2.0.0+cu118", &last), (1, 0));
        assert_eq!(judged("2.0.1+cu118", &last), (0, 0));
        assert_eq!(judged("2.0.0+cu118", r#""versions": ["2.0"]"#), (1, 0));
        let fixed = range(r#"{"introduced": "1.0"}, {"fixed": "2.0.0"}"#);
        assert_eq!(judged("2.0.0+cu118", &fixed), (0, 0));
        // What is no version has no place between two that are.
        assert_eq!(judged("main", &fixed), (0, 1));
        assert_eq!(judged("1.5-custom", &fixed), (0, 1));
        assert_eq!(judged("main", r#""versions": ["2.0"]"#), (0, 0));
    }

    #[test]
    fn a_branch_of_composer_is_no_version() {
        let judged = |version: &str, affected: &str| {
            let json = format!(
                r#"{{"id": "GHSA-1", "affected": [{{"package": {{"ecosystem": "Packagist", "name": "a/b"}}, {affected}}}]}}"#
            );
            let record = Record::parse(json.as_bytes()).unwrap();
            let mut of = candidate("GHSA-1", &[], 1, ALL);
            of.affects = record.affected[0].affects.clone();
            let judged = judge(Ecosystem::Packagist, Some(version), vec![of]);
            (judged.groups.len(), judged.cannot_judge)
        };
        let fixed = r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]"#;
        assert_eq!(judged("v1.9", fixed), (1, 0));
        assert_eq!(judged("dev-main", fixed), (0, 1));
        assert_eq!(judged("1.x-dev", fixed), (0, 1));
        let every = r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]"#;
        assert_eq!(judged("dev-main", every), (1, 0));
        assert_eq!(judged("dev-main", r#""versions": ["dev-main"]"#), (1, 0));
        assert_eq!(judged("dev-main", r#""versions": ["dev-other", "1.0"]"#), (0, 0));
    }

    #[test]
    fn a_group_is_affected_if_any_record_matches() {
        let candidates = vec![
            candidate("GHSA-1", &["CVE-1"], 1, r#"{"introduced": "2.0.0"}"#),
            candidate("NSWG-1", &["CVE-1"], 5, r#"{"introduced": "0"}, {"fixed": "1.5.0"}"#),
            candidate("GHSA-2", &[], 1, r#"{"introduced": "3.0.0"}"#),
        ];
        let judged = judge(Ecosystem::Npm, Some("1.0.0"), candidates);
        assert_eq!(ids(&judged), [vec!["NSWG-1", "GHSA-1"]]);
        assert_eq!(judged.groups[0].records[1].affected, Affected::No);
    }

    #[test]
    fn the_upgrade_lies_outside_of_every_record_that_has_a_fix() {
        let candidates = vec![
            candidate("A-1", &[], 1, r#"{"introduced": "0"}, {"fixed": "1.2.0"}"#),
            candidate("A-2", &[], 2, r#"{"introduced": "1.0.0"}, {"fixed": "1.4.0"}"#),
            candidate("A-3", &[], 3, ALL),
            candidate("A-4", &[], 4, r#"{"introduced": "1.3.0"}, {"fixed": "1.3.5"}"#),
        ];
        let judged = judge(Ecosystem::Npm, Some("1.1.0"), candidates);
        let fixes: Vec<_> = judged.groups.iter().map(|group| group.fixed_in.as_deref()).collect();
        assert_eq!(fixes, [Some("1.4.0"), Some("1.4.0"), None]);
    }

    #[test]
    fn one_change_clears_all_that_can_be_cleared() {
        // `A-2` names no fix; it ends in the middle of what `A-1` fixes later.
        let candidates = vec![
            candidate(
                "A-1",
                &[],
                1,
                r#"{"introduced": "0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"fixed": "2.1.0"}"#,
            ),
            candidate("A-2", &[], 2, r#"{"introduced": "1.0.0"}, {"last_affected": "1.9.0"}"#),
            candidate("A-3", &[], 3, ALL),
        ];
        let judged = judge(Ecosystem::Npm, Some("1.1.0"), candidates);
        let fixes: Vec<_> = judged.groups.iter().map(|group| group.fixed_in.as_deref()).collect();
        assert_eq!(fixes, [Some("2.1.0"), Some("2.1.0"), None]);
    }

    #[test]
    fn a_version_is_the_fix_of_what_names_it_and_does_not_cover_it() {
        let remedies = |ecosystem, version, events| {
            let judged = judge(ecosystem, Some(version), vec![candidate("A-1", &[], 1, events)]);
            judged.remedies.into_iter().map(|remedy| remedy.id).collect::<Vec<_>>()
        };
        let fixed = r#"{"introduced": "0"}, {"fixed": "1.2.0"}"#;
        assert_eq!(remedies(Ecosystem::Npm, "1.2.0", fixed), ["A-1"]);
        assert_eq!(remedies(Ecosystem::Go, "v1.2.0", fixed), ["A-1"]);
        assert_eq!(remedies(Ecosystem::Npm, "1.2.1", fixed), [""; 0]);
        assert_eq!(remedies(Ecosystem::Npm, "1.1.9", fixed), [""; 0]);
        let again = r#"{"introduced": "0"}, {"fixed": "1.1.0"}, {"introduced": "1.2.0"}"#;
        assert_eq!(remedies(Ecosystem::Npm, "1.2.0", again), [""; 0]);
    }

    #[test]
    fn versions_of_go_keep_their_v() {
        let fix = |version| {
            let candidates = vec![candidate("A-1", &[], 1, r#"{"introduced": "0"}, {"fixed": "1.2.0"}"#)];
            judge(Ecosystem::Go, Some(version), candidates).groups[0].fixed_in.clone()
        };
        assert_eq!(fix("v1.1.0").as_deref(), Some("v1.2.0"));
        assert_eq!(fix("1.1.0").as_deref(), Some("1.2.0"), "the standard library has none");
    }

    #[test]
    fn without_a_version_only_what_covers_all_matches() {
        let candidates = vec![candidate("MAL-1", &[], 1, ALL), candidate("A-1", &[], 1, r#"{"introduced": "1.0.0"}"#)];
        assert_eq!(ids(&judge(Ecosystem::Npm, None, candidates)), [vec!["MAL-1"]]);
        let odd = vec![candidate("A-1", &[], 1, r#"{"introduced": "1.0.0"}"#)];
        assert_eq!(judge(Ecosystem::Npm, Some("latest"), odd).cannot_judge, 1);
    }
}
