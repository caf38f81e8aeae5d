//! Exceptions: findings that somebody answers for, with a reason and a last day.

use std::cmp::Ordering;
use std::collections::HashMap;

use jiff::civil::Date;

use super::pattern::{PathPattern, fits_name};
use super::{KNOWN_EXPLOITED, MALICIOUS_PACKAGE};
use crate::model::{
    AppliedException, Data, DependencyGraph, Ecosystem, ExceptionState, ExceptionStatus, Finding, JudgedRecord,
    Location, PackageId, Rule, Subject,
};
use crate::version;

/// How many days before its end an exception is warned about.
const SOON: i32 = 14;

/// An exception of the policy. It covers a finding that is all of what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Ids of advisories; each matching record of a finding must be one of them or have one as a direct alias.
    /// Empty: any advisory.
    pub advisories: Vec<String>,
    /// The package; `None`: any.
    pub package: Option<PackagePattern>,
    /// The rule; `None`: every rule that rests on advisories but for malware and known exploitation.
    pub rule: Option<&'static Rule>,
    /// The lockfile or a folder above it; `None`: any.
    pub path: Option<PathPattern>,
    /// Why it was made.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Whether it ends as soon as a version is known that fixes the finding.
    pub until_fixed: bool,
    /// Where it stands in the policy file.
    pub location: Location,
}

/// A package with a version, a range of them, or all. Where a rule's scope or an override names packages, `*` in the name
/// stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePattern {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's normal form.
    pub name: String,
    /// What holds for the version; all of it. Empty: any version, also an unknown one.
    pub(super) bounds: Vec<Bound>,
    /// As the policy writes it.
    pub text: String,
}

/// One comparison with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) allowed: &'static [Ordering],
    pub(super) version: String,
}

impl PackagePattern {
    /// Whether it stands for that package. A version that cannot be compared is within no bounds.
    pub fn matches(&self, id: &PackageId) -> bool {
        let within = |bound: &Bound| {
            let compared = version::compare(self.ecosystem, id.version.as_deref()?, &bound.version)?;
            Some(bound.allowed.contains(&compared))
        };
        let is_named = self.ecosystem == id.ecosystem && fits_name(&self.name, &id.name);
        is_named && self.bounds.iter().all(|b| within(b) == Some(true))
    }
}

impl Exception {
    /// What it names, in one line. No two exceptions of a policy have the same.
    pub fn id(&self) -> String {
        let mut parts = vec![self.advisories.join("+")];
        parts.extend(self.package.as_ref().map(|package| package.text.clone()));
        parts.extend(self.rule.map(|rule| rule.id.to_owned()));
        parts.extend(self.path.as_ref().map(|path| path.as_str().to_owned()));
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }

    /// Whether it names that finding. Whether it still holds is another question.
    pub fn names(&self, graph: &DependencyGraph, finding: &Finding) -> bool {
        let Subject::Package { package, root } = finding.subject else { return false };
        let rule = match self.rule {
            Some(rule) => rule == finding.rule,
            None => finding.advisory.is_some() && covers_unnamed(finding.rule),
        };
        // The path comes last: it costs most.
        rule && self.package.as_ref().is_none_or(|pattern| pattern.matches(&graph.package(package).id))
            && (self.advisories.is_empty() || self.names_all_records(finding))
            && self.path.as_ref().is_none_or(|path| path.matches(&graph.roots[root].path))
    }

    fn names_all_records(&self, finding: &Finding) -> bool {
        let named = |id: &str| self.advisories.iter().any(|advisory| advisory.eq_ignore_ascii_case(id));
        let record_named = |record: &JudgedRecord| named(&record.id) || record.aliases.iter().any(|alias| named(alias));
        // A group without a matching record is covered by nothing.
        finding
            .advisory
            .as_ref()
            .is_some_and(|group| group.matching().next().is_some() && group.matching().all(record_named))
    }

    /// Why it no longer holds for a finding that it names, if it does not.
    fn ended(&self, finding: &Finding, today: Date) -> Option<String> {
        if let Some(expires) = self.expires.filter(|&expires| expires < today) {
            return Some(format!("expired exception of {expires}"));
        }
        let fixed_in = finding.advisory.as_ref().and_then(|group| group.fixed_in.as_ref());
        fixed_in.filter(|_| self.until_fixed).map(|version| format!("exception until fixed: {version} fixes it"))
    }

    fn applied(&self) -> AppliedException {
        AppliedException {
            id: self.id(),
            reason: self.reason.clone(),
            owner: self.owner.clone(),
            expires: self.expires.map(|day| day.to_string()),
        }
    }
}

/// Whether an exception that names no rule can cover findings of that one that rest on an advisory.
fn covers_unnamed(rule: &Rule) -> bool {
    rule.data.contains(&Data::Advisories) && rule.id != MALICIOUS_PACKAGE && rule.id != KNOWN_EXPLOITED
}

/// What exceptions make of a finding.
pub(super) enum Coverage {
    /// None names it.
    Open,
    /// One that names it holds.
    Covered(AppliedException),
    /// Those that name it have ended: why the first did.
    Ended(String),
}

/// The exceptions of a policy while findings are held against them.
pub(super) struct Exceptions<'p> {
    all: &'p [Exception],
    today: Date,
    /// Places in `all` by advisory id, in lower case, and by package for those that name no advisory.
    by_advisory: HashMap<String, Vec<usize>>,
    by_package: HashMap<(Ecosystem, &'p str), Vec<usize>>,
    held: Vec<bool>,
    ended: Vec<bool>,
}

impl<'p> Exceptions<'p> {
    pub(super) fn of(all: &'p [Exception], today: Date) -> Self {
        let mut by_advisory: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_package: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, exception) in all.iter().enumerate() {
            for id in &exception.advisories {
                by_advisory.entry(id.to_ascii_lowercase()).or_default().push(at);
            }
            if let (Some(package), true) = (&exception.package, exception.advisories.is_empty()) {
                by_package.entry((package.ecosystem, package.name.as_str())).or_default().push(at);
            }
        }
        Self { all, today, by_advisory, by_package, held: vec![false; all.len()], ended: vec![false; all.len()] }
    }

    /// Looks for an exception that covers a finding, the first of the file, and remembers which ones name it.
    pub(super) fn cover(&mut self, graph: &DependencyGraph, finding: &Finding) -> Coverage {
        let mut coverage = Coverage::Open;
        for at in self.candidates(graph, finding) {
            let exception = &self.all[at];
            if !exception.names(graph, finding) {
                continue;
            }
            match (exception.ended(finding, self.today), &coverage) {
                (None, Coverage::Covered(_)) => self.held[at] = true,
                (None, _) => {
                    self.held[at] = true;
                    coverage = Coverage::Covered(exception.applied());
                }
                (Some(why), Coverage::Open) => {
                    self.ended[at] = true;
                    coverage = Coverage::Ended(why);
                }
                (Some(_), _) => self.ended[at] = true,
            }
        }
        coverage
    }

    /// Exceptions that may name a finding, in the order of the file: every one that does must name its first matching
    /// record, or no advisory and its package.
    fn candidates(&self, graph: &DependencyGraph, finding: &Finding) -> Vec<usize> {
        let mut places = Vec::new();
        if let Some(record) = finding.advisory.as_ref().and_then(|group| group.matching().next()) {
            for id in std::iter::once(&record.id).chain(&record.aliases) {
                places.extend(self.by_advisory.get(&id.to_ascii_lowercase()).into_iter().flatten());
            }
        }
        if let Subject::Package { package, .. } = finding.subject {
            let id = &graph.package(package).id;
            places.extend(self.by_package.get(&(id.ecosystem, id.name.as_str())).into_iter().flatten());
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// What became of each, in the order of the file.
    pub(super) fn statuses(self) -> Vec<ExceptionStatus> {
        let state = |at: usize, exception: &Exception| {
            let left = exception.expires.map(|day| self.today.until(day).map_or(i32::MAX, |span| span.get_days()));
            match (self.held[at], self.ended[at], left) {
                (_, _, Some(days)) if days < 0 => ExceptionState::Expired,
                (true, _, Some(days)) if days <= SOON => ExceptionState::Expiring,
                (true, ..) => ExceptionState::Used,
                (false, true, _) => ExceptionState::Expired,
                (false, false, _) => ExceptionState::Unused,
            }
        };
        let statuses = self.all.iter().enumerate().map(|(at, exception)| ExceptionStatus {
            id: exception.id(),
            state: state(at, exception),
            reason: exception.reason.clone(),
            expires: exception.expires.map(|day| day.to_string()),
            location: Some(exception.location.clone()),
        });
        statuses.collect()
    }
}
