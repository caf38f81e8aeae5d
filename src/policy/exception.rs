//! Exceptions: findings that somebody answers for, with a reason and a last day.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::pattern::{PathPattern, fits_name};
use super::{KNOWN_EXPLOITED, MALICIOUS_PACKAGE};
use crate::model::{
    AdvisoryKind, AppliedException, Data, DependencyGraph, Ecosystem, ExceptionOrigin, ExceptionState, ExceptionStatus,
    Finding, JudgedRecord, Location, PackageId, PackageIndex, Rule, Severity, Subject,
};
use crate::version;

/// How many days before its end an exception is warned about.
pub(super) const SOON: i32 = 14;

/// The path that an exception gives to name findings about the project as a whole.
const PROJECT: &str = ".";

/// An exception. It covers a finding that is all of what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Ids of advisories; each matching record of a finding must be one of them or have one as a direct alias.
    /// Empty: any advisory.
    pub advisories: Vec<String>,
    /// The package; `None`: any.
    pub package: Option<PackagePattern>,
    /// The rule; `None`: every rule that rests on advisories but for malware and known exploitation.
    pub rule: Option<&'static Rule>,
    /// The file or a folder above it: of a package the lockfile, of the project as a whole `.`; `None`: any.
    pub path: Option<PathPattern>,
    /// Why it was made.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Whether it ends as soon as a version is known that fixes the finding.
    pub until_fixed: bool,
    /// Up to which severity it covers vulnerabilities, where the scanned tree makes it and the caller's policy bounds it.
    pub limit: Option<Limit>,
    /// Where it stands in the policy file.
    pub location: Location,
    /// What it is besides, where a VEX document says it and no policy.
    pub(super) vex: Option<Claim>,
}

/// What a statement of a VEX document says about a product of which it is known that it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// What it names, in one line.
    pub(super) id: String,
    /// Whether it says that the product is not affected. One that says otherwise covers nothing, and takes away what
    /// earlier ones covered.
    pub(super) clears: bool,
    /// Which of several claims about one finding holds: the greatest.
    pub(super) rank: Rank,
    /// Where it holds; `None`: everywhere.
    pub(super) within: Option<Arc<Within>>,
}

/// By root, the packages of which a claim speaks; `None`: every package of the root.
pub(super) type Within = BTreeMap<usize, Option<HashSet<PackageIndex>>>;

/// When a claim was made: the later holds. By seconds since 1970, the version of the document, whether it clears
/// nothing (what contradicts itself clears nothing), and the place among all statements.
pub(super) type Rank = (i64, u64, bool, usize);

/// The gravest severity that an exception of the scanned tree covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// That severity.
    pub most: Severity,
    /// What a vulnerability counts as that nobody rated.
    pub unscored_as: Severity,
}

impl Limit {
    /// Why it does not cover a finding, if it does not.
    fn exceeded(self, finding: &Finding) -> Option<String> {
        let group = finding.advisory.as_ref()?;
        let severity = match group.rating.severity {
            Severity::Unknown if matches!(group.kind(), AdvisoryKind::Vulnerability | AdvisoryKind::Malware) => {
                self.unscored_as
            }
            severity => severity,
        };
        let most = self.most;
        (severity > most).then(|| format!("the exception of the scanned tree covers at most {most}, not {severity}"))
    }
}

/// A package with a version, a range of them, or all. Where a rule's scope or an override names packages, `*` in the name
/// stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePattern {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's normal form.
    pub name: String,
    /// What holds for the version: all of one of these. Empty: any version, also an unknown one.
    pub(super) versions: Vec<Vec<Bound>>,
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
        let within_all = |bounds: &Vec<Bound>| bounds.iter().all(|bound| within(bound) == Some(true));
        self.ecosystem == id.ecosystem
            && fits_name(&self.name, &id.name)
            && (self.versions.is_empty() || self.versions.iter().any(within_all))
    }
}

impl Exception {
    /// What it names, in one line. No two exceptions of a policy have the same.
    pub fn id(&self) -> String {
        if let Some(claim) = &self.vex {
            return claim.id.clone();
        }
        let mut parts = vec![self.advisories.join("+")];
        parts.extend(self.package.as_ref().map(|package| package.text.clone()));
        parts.extend(self.rule.map(|rule| rule.id.to_owned()));
        parts.extend(self.path.as_ref().map(|path| path.as_str().to_owned()));
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }

    /// Where it comes from.
    pub fn origin(&self) -> ExceptionOrigin {
        if self.vex.is_some() { ExceptionOrigin::Vex } else { ExceptionOrigin::Policy }
    }

    /// Whether it names that finding. Whether it still holds is another question.
    pub fn names(&self, graph: &DependencyGraph, finding: &Finding) -> bool {
        let rule = match self.rule {
            Some(rule) => rule == finding.rule,
            None => finding.advisory.is_some() && covers_unnamed(finding.rule),
        };
        if !rule {
            return false;
        }
        let package = match (&self.package, &finding.subject) {
            (None, _) => true,
            (Some(pattern), Subject::Package { package, .. }) => pattern.matches(&graph.package(*package).id),
            (Some(_), Subject::File(_) | Subject::Project) => false,
        };
        // The path comes last: it costs most.
        package
            && (self.advisories.is_empty() || self.names_advisory(finding))
            && self.vex.as_ref().is_none_or(|claim| claim.speaks_of(&finding.subject))
            && self.path.as_ref().is_none_or(|path| path.matches(path_of(graph, &finding.subject)))
    }

    fn names_advisory(&self, finding: &Finding) -> bool {
        let named = |id: &str| self.advisories.iter().any(|advisory| advisory.eq_ignore_ascii_case(id));
        let Some(group) = &finding.advisory else { return false };
        // A group without a matching record is covered by nothing.
        if group.matching().next().is_none() {
            return false;
        }
        if self.vex.is_some() {
            // Who writes a VEX document names the vulnerability, by whichever of its ids, and not the records of one
            // database.
            return group.ids().any(named);
        }
        let record_named = |record: &JudgedRecord| named(&record.id) || record.aliases.iter().any(|alias| named(alias));
        group.matching().all(record_named)
    }

    /// Why it no longer holds for a finding that it names, if it does not.
    fn ended(&self, finding: &Finding, today: Date) -> Option<String> {
        if let Some(why) = self.exceeded(finding) {
            return Some(why);
        }
        if let Some(expires) = self.expires.filter(|&expires| expires < today) {
            return Some(format!("expired exception of {expires}"));
        }
        let fixed_in = finding.advisory.as_ref().and_then(|group| group.fixed_in.as_ref());
        fixed_in.filter(|_| self.until_fixed).map(|version| format!("exception until fixed: {version} fixes it"))
    }

    /// Why the finding is too grave for it, if it is.
    fn exceeded(&self, finding: &Finding) -> Option<String> {
        self.limit.and_then(|limit| limit.exceeded(finding))
    }

    fn applied(&self) -> AppliedException {
        AppliedException {
            id: self.id(),
            origin: self.origin(),
            reason: self.reason.clone(),
            owner: self.owner.clone(),
            expires: self.expires.map(|day| day.to_string()),
            location: self.location.clone(),
        }
    }
}

impl Claim {
    fn speaks_of(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Package { package, root } => {
                let Some(within) = &self.within else { return true };
                within.get(root).is_some_and(|only| only.as_ref().is_none_or(|only| only.contains(package)))
            }
            Subject::File(_) | Subject::Project => false,
        }
    }
}

/// The path by which an exception names what a finding is about.
fn path_of<'a>(graph: &'a DependencyGraph, subject: &'a Subject) -> &'a str {
    match subject {
        Subject::Package { root, .. } => graph.roots.get(*root).map_or("", |root| &root.path),
        Subject::File(path) => path,
        Subject::Project => PROJECT,
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

/// Exceptions while findings are held against them.
pub(super) struct Exceptions<'p> {
    all: Vec<&'p Exception>,
    today: Date,
    /// Places in `all` by advisory id, in lower case; of those that name no advisory by package; of those that name no
    /// package either by rule.
    by_advisory: HashMap<String, Vec<usize>>,
    by_package: HashMap<(Ecosystem, &'p str), Vec<usize>>,
    by_rule: HashMap<&'static str, Vec<usize>>,
    /// How many findings each covers.
    held: Vec<usize>,
    ended: Vec<bool>,
}

impl<'p> Exceptions<'p> {
    pub(super) fn of(all: impl Iterator<Item = &'p Exception>, today: Date) -> Self {
        let all: Vec<&Exception> = all.collect();
        let mut by_advisory: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_package: HashMap<_, Vec<usize>> = HashMap::new();
        let mut by_rule: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, exception) in all.iter().enumerate() {
            for id in &exception.advisories {
                by_advisory.entry(id.to_ascii_lowercase()).or_default().push(at);
            }
            if exception.advisories.is_empty() {
                match (&exception.package, exception.rule) {
                    (Some(package), _) => {
                        by_package.entry((package.ecosystem, package.name.as_str())).or_default().push(at);
                    }
                    (None, Some(rule)) => by_rule.entry(rule.id).or_default().push(at),
                    (None, None) => {}
                }
            }
        }
        let (held, ended) = (vec![0; all.len()], vec![false; all.len()]);
        Self { all, today, by_advisory, by_package, by_rule, held, ended }
    }

    /// Looks for an exception that covers a finding, the first of the policy, else the VEX claim that holds, and
    /// remembers which ones name it.
    pub(super) fn cover(&mut self, graph: &DependencyGraph, finding: &Finding) -> Coverage {
        let mut coverage = Coverage::Open;
        let mut latest: Option<(&Rank, usize, bool)> = None;
        for at in self.candidates(graph, finding) {
            let exception = self.all[at];
            if !exception.names(graph, finding) {
                continue;
            }
            if let Some(claim) = &exception.vex {
                if latest.is_none_or(|(rank, ..)| claim.rank > *rank) {
                    latest = Some((&claim.rank, at, claim.clears));
                }
                continue;
            }
            let ended = exception.ended(finding, self.today);
            // One that never covered the finding has not ended.
            self.ended[at] |= ended.is_some() && exception.exceeded(finding).is_none();
            match (ended, &coverage) {
                (None, Coverage::Covered(_)) => self.held[at] += 1,
                (None, _) => {
                    self.held[at] += 1;
                    coverage = Coverage::Covered(exception.applied());
                }
                (Some(why), Coverage::Open) => coverage = Coverage::Ended(why),
                (Some(_), _) => {}
            }
        }
        if let Some((_, at, true)) = latest {
            self.held[at] += 1;
            if !matches!(coverage, Coverage::Covered(_)) {
                coverage = Coverage::Covered(self.all[at].applied());
            }
        }
        coverage
    }

    /// Exceptions that may name a finding, in their order: every one that does names one of its advisory's ids, or no
    /// advisory and its package, or neither and its rule.
    fn candidates(&self, graph: &DependencyGraph, finding: &Finding) -> Vec<usize> {
        let mut places = Vec::new();
        if let Some(group) = finding.advisory.as_ref().filter(|_| !self.by_advisory.is_empty()) {
            for id in group.ids() {
                places.extend(self.by_advisory.get(&id.to_ascii_lowercase()).into_iter().flatten());
            }
        }
        if let Subject::Package { package, .. } = finding.subject {
            let id = &graph.package(package).id;
            places.extend(self.by_package.get(&(id.ecosystem, id.name.as_str())).into_iter().flatten());
        }
        places.extend(self.by_rule.get(finding.rule.id).into_iter().flatten());
        places.sort_unstable();
        places.dedup();
        places
    }

    /// What became of each, in their order. Claims that clear nothing are none.
    pub(super) fn statuses(self) -> Vec<ExceptionStatus> {
        let state = |at: usize, exception: &Exception| {
            let left = exception.expires.map(|day| self.today.until(day).map_or(i32::MAX, |span| span.get_days()));
            match (self.held[at] > 0, self.ended[at], left) {
                (_, _, Some(days)) if days < 0 => ExceptionState::Expired,
                (true, _, Some(days)) if days <= SOON => ExceptionState::Expiring,
                (true, ..) => ExceptionState::Used,
                (false, true, _) => ExceptionState::Expired,
                (false, false, _) => ExceptionState::Unused,
            }
        };
        let shown =
            self.all.iter().enumerate().filter(|(_, exception)| exception.vex.as_ref().is_none_or(|of| of.clears));
        let statuses = shown.map(|(at, exception)| ExceptionStatus {
            id: exception.id(),
            origin: exception.origin(),
            state: state(at, exception),
            findings: self.held[at],
            reason: exception.reason.clone(),
            owner: exception.owner.clone(),
            expires: exception.expires.map(|day| day.to_string()),
            location: Some(exception.location.clone()),
        });
        statuses.collect()
    }
}
