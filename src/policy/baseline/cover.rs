//! Which findings were there before. One entry covers at most one finding, and only while nothing became worse, so that
//! one more version of a package beside those that are held is new.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::{KNOWN_EXPLOITED, KNOWN_VULNERABILITY, MALICIOUS_PACKAGE, priority};
use super::{About, Baseline, Entry, POLICY_CHANGED, is_exploited};
use crate::model::{AdvisoryKind, BaselineUse, Change, Decision, DependencyGraph, Exploited, Finding, Level, Severity};

/// Of entries that name the same package, advisory and file, so many are looked at for one finding: more than there
/// are versions of one package in one file, and few enough that a hostile file stays cheap.
const MOST_ALIKE: usize = 64;

/// Rules of advisories that are no mere notices.
const OF_VULNERABILITIES: [&str; 3] = [KNOWN_VULNERABILITY, KNOWN_EXPLOITED, MALICIOUS_PACKAGE];

/// The state at the merge base.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Since {
    /// Everything that is found there by what is known today; of a file that was moved, under its path of today.
    pub baseline: Baseline,
    /// When its commit was made: seconds since 1970, UTC.
    pub time: i64,
    /// Files of which it is not known what they held there, by their path of today, and why. A path that ends with `/`
    /// stands for everything below it.
    pub unread: BTreeMap<String, String>,
}

impl Since {
    /// Why it is not known what a file held, if it is not.
    fn why_unread(&self, path: &str) -> Option<String> {
        let above = path.match_indices('/').filter_map(|(at, _)| self.unread.get(path.get(..=at)?)).next();
        self.unread.get(path).or(above).cloned()
    }
}

/// What a scan is compared with.
#[derive(Clone, Copy)]
pub struct Earlier<'e> {
    /// The baseline of a file.
    pub baseline: Option<&'e Baseline>,
    /// The state at the merge base.
    pub since: Option<&'e Since>,
    /// Whether the file at a path of the baseline was looked at in this scan.
    pub is_scanned: &'e dyn Fn(&str) -> bool,
    /// Whether there is no file any more at a path of the baseline.
    pub is_gone: &'e dyn Fn(&str) -> bool,
}

impl fmt::Debug for Earlier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Earlier").field("baseline", &self.baseline).field("since", &self.since).finish_non_exhaustive()
    }
}

/// Says of every decision whether what it is about was there before, and puts them into the order of
/// [`order`](super::super::order) again, since that changes what counts. Says what became of the baseline's entries.
pub fn compare(decisions: &mut [Decision], graph: &DependencyGraph, earlier: &Earlier<'_>) -> Option<BaselineUse> {
    let abouts: Vec<About> = decisions.iter().map(|decision| About::of(&decision.finding, graph)).collect();
    let held =
        earlier.baseline.map(|baseline| Cover::of(&baseline.entries, earlier.is_gone).run(decisions, &abouts, &counts));
    let was = earlier.since.map(|since| {
        let cover = Cover { by_level: true, ..Cover::of(&since.baseline.entries, &|_| false) };
        cover.run(decisions, &abouts, &is_open)
    });
    for (at, decision) in decisions.iter_mut().enumerate() {
        let in_baseline = held.as_ref().and_then(|held| held.of.get(at));
        let at_base = was.as_ref().and_then(|was| was.of.get(at)).zip(earlier.since);
        let (change, said) = match (in_baseline, at_base) {
            (Some(Was::There), _) => (Change::Known, Some("it is in the baseline".to_owned())),
            (_, Some((Was::There, since))) => since_when(&decision.finding, since.time),
            (_, Some((Was::Better(what), _))) => (Change::Introduced, Some(format!("{what} at the base"))),
            (Some(Was::Better(what)), _) => (Change::Introduced, Some(format!("{what} in the baseline"))),
            (_, Some((Was::NotThere, since))) => (Change::Introduced, since.why_unread(&abouts[at].path)),
            (Some(Was::NotThere), None) if counts(decision) => (Change::Introduced, None),
            (Some(Was::NotThere) | None, None) => continue,
        };
        decision.change = Some(change);
        if let Some(said) = said {
            decision.reason = format!("{}; {said}", decision.reason);
        }
    }
    let used = held.map(|held| held.used(earlier));
    decisions.sort_by(|a, b| priority::order(graph, a, b));
    used
}

/// Whether what it is about can have been there before.
fn is_open(decision: &Decision) -> bool {
    decision.finding.rule.id != POLICY_CHANGED
}

/// Whether a baseline of a file has anything to say of it: such a file holds what is denied and warned about.
fn counts(decision: &Decision) -> bool {
    is_open(decision) && decision.exception.is_none() && decision.level >= Level::Warn
}

/// What was there at the base is known, unless it became known since then. What is not dated counts as new knowledge:
/// it is shown.
fn since_when(finding: &Finding, time: i64) -> (Change, Option<String>) {
    let there = || Some("it was there at the base".to_owned());
    let Some(group) = &finding.advisory else { return (Change::Known, there()) };
    let day = |seconds: i64| Timestamp::from_second(seconds).map(|moment| moment.to_zoned(TimeZone::UTC).date());
    let published = group.matching().filter_map(|record| record.published).min();
    let Some(published) = published else {
        let said = "what it is about was there at the base; when it became known is not said";
        return (Change::Disclosed, Some(said.to_owned()));
    };
    if published > time {
        let when = day(published).map(|day| format!(" on {day}")).unwrap_or_default();
        return (Change::Disclosed, Some(format!("what it is about was there at the base; it became known{when}")));
    }
    if let Exploited::Yes { since, .. } = &group.exploited
        && day(time).is_ok_and(|day| *since >= day.to_string())
    {
        let said = format!("what it is about was there at the base; attacks are known since {since}");
        return (Change::Disclosed, Some(said));
    }
    (Change::Known, there())
}

/// What was there before of a finding.
enum Was {
    /// The same, and no better.
    There,
    /// The same, and better: what became worse.
    Better(String),
    /// Nothing.
    NotThere,
}

/// A finding's or an entry's file (or the name of the file, where it is looked for elsewhere), package and one id; of
/// what has no id its rule.
type Key<'k> = (&'k str, &'k str, &'k str);

/// Entries while findings are held against them.
struct Cover<'e> {
    entries: &'e [Entry],
    is_taken: Vec<bool>,
    by_print: HashMap<&'e str, Vec<usize>>,
    by_place: HashMap<Key<'e>, Vec<usize>>,
    /// Entries of files that are gone, by the name of the file.
    by_name: HashMap<Key<'e>, Vec<usize>>,
    paths: HashSet<&'e str>,
    /// Whether what is judged more gravely than the entry was is worse. The state at the base is judged by the same
    /// policy on the same day: there a graver level comes from the change alone.
    by_level: bool,
}

/// What came of it.
struct Covered<'e> {
    entries: &'e [Entry],
    is_taken: Vec<bool>,
    is_worse: Vec<bool>,
    /// What it is about is there and does not count.
    is_not_needed: Vec<bool>,
    /// By the place of the decision.
    of: Vec<Was>,
}

/// How a finding is looked for among the entries.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// The same package, version, file and advisory.
    Version,
    Fingerprint,
    /// The same package, file and advisory.
    Place,
    /// The same in a file of the same name elsewhere, where the entry's own is gone.
    Name,
}

impl<'e> Cover<'e> {
    fn of(entries: &'e [Entry], is_gone: &dyn Fn(&str) -> bool) -> Self {
        let mut cover = Self {
            entries,
            is_taken: vec![false; entries.len()],
            by_print: HashMap::new(),
            by_place: HashMap::new(),
            by_name: HashMap::new(),
            paths: entries.iter().map(|entry| entry.path.as_str()).collect(),
            by_level: false,
        };
        let gone: HashSet<&str> = cover.paths.iter().copied().filter(|path| is_gone(path)).collect();
        for (at, entry) in entries.iter().enumerate() {
            cover.by_print.entry(&entry.fingerprint).or_default().push(at);
            let Some(package) = entry.package.as_deref() else { continue };
            for id in keys(&entry.ids, &entry.rule) {
                cover.by_place.entry((&entry.path, package, id)).or_default().push(at);
                if gone.contains(entry.path.as_str()) {
                    cover.by_name.entry((file_name(&entry.path), package, id)).or_default().push(at);
                }
            }
        }
        cover
    }

    /// The surest way first, for all findings, so that none takes an entry that another one fits better.
    fn run(mut self, decisions: &[Decision], abouts: &[About], takes_part: &dyn Fn(&Decision) -> bool) -> Covered<'e> {
        let mut of: Vec<Was> = decisions.iter().map(|_| Was::NotThere).collect();
        let ways = [By::Version, By::Fingerprint, By::Place, By::Name];
        let cases = || decisions.iter().zip(abouts).enumerate().filter(|(_, (decision, _))| takes_part(decision));
        for by in ways {
            for (at, (decision, about)) in cases() {
                if matches!(of[at], Was::NotThere)
                    && let Some(entry) = self.find(decision, about, by, true)
                {
                    self.is_taken[entry] = true;
                    of[at] = Was::There;
                }
            }
        }
        let mut is_worse = vec![false; self.entries.len()];
        for (at, (decision, about)) in cases().filter(|_| !self.entries.is_empty()) {
            if !matches!(of[at], Was::NotThere) {
                continue;
            }
            let worse = |by| {
                let entry = self.find(decision, about, by, false)?;
                Some((entry, self.worse(&self.entries[entry], decision, about, by)?))
            };
            if let Some((entry, what)) = ways.into_iter().find_map(worse) {
                (self.is_taken[entry], is_worse[entry]) = (true, true);
                of[at] = Was::Better(what);
            }
        }
        let is_not_needed = self.not_needed(decisions, abouts, takes_part);
        Covered { entries: self.entries, is_taken: self.is_taken, is_worse, is_not_needed, of }
    }

    /// The entries that are left for findings which do not count: an exception covers them, or the policy allows them.
    fn not_needed(
        &mut self,
        decisions: &[Decision],
        abouts: &[About],
        takes_part: &dyn Fn(&Decision) -> bool,
    ) -> Vec<bool> {
        let mut is_not_needed = vec![false; self.entries.len()];
        for (decision, about) in decisions.iter().zip(abouts).filter(|_| !self.entries.is_empty()) {
            if takes_part(decision) || !is_open(decision) {
                continue;
            }
            let ways = [By::Version, By::Fingerprint, By::Place, By::Name];
            let found = ways.into_iter().flat_map(|by| [(by, true), (by, false)]);
            if let Some(entry) = found.into_iter().find_map(|(by, no_worse)| self.find(decision, about, by, no_worse)) {
                (self.is_taken[entry], is_not_needed[entry]) = (true, true);
            }
        }
        is_not_needed
    }

    /// The first entry that is not taken and is the finding's, and than which it is no worse, or is.
    fn find(&self, decision: &Decision, about: &About, by: By, covers: bool) -> Option<usize> {
        let finding = &decision.finding;
        let fits = |at: &&usize| {
            let entry = &self.entries[**at];
            !self.is_taken[**at]
                && (by != By::Version || (entry.version.is_some() && entry.version == about.version))
                && entry.package == about.package
                && self.worse(entry, decision, about, by).is_none() == covers
        };
        let among = |list: Option<&Vec<usize>>| list?.iter().take(MOST_ALIKE).find(fits).copied();
        if by == By::Fingerprint {
            return among(self.by_print.get(finding.fingerprint.as_str()));
        }
        // What is about a file as a whole has nothing but its fingerprint to tell it from others about the same file.
        let package = about.package.as_deref()?;
        let (map, place) = match by {
            // A file that the baseline names is no other one that was moved here.
            By::Name if self.paths.contains(&*about.path) => return None,
            By::Name => (&self.by_name, file_name(&about.path)),
            By::Version | By::Fingerprint | By::Place => (&self.by_place, &*about.path),
        };
        keys(&about.ids, finding.rule.id).find_map(|id| among(map.get(&(place, package, id))))
    }

    /// What became worse, if anything did: of the finding itself, or of how it is judged where that counts. What stands
    /// in another file now may be judged otherwise there, as what leaves test data is.
    fn worse(&self, entry: &Entry, decision: &Decision, about: &About, by: By) -> Option<String> {
        let counted = || {
            let is_graver = (self.by_level || by == By::Name) && decision.effective() > entry.level;
            is_graver.then(|| format!("{} now, which it was not", verdict(decision.effective())))
        };
        worse(entry, &decision.finding, about).or_else(counted)
    }
}

fn verdict(level: Level) -> &'static str {
    match level {
        Level::Deny => "it is denied",
        Level::Warn => "it is warned about",
        Level::Allow | Level::Off => "it is allowed",
    }
}

impl Covered<'_> {
    /// What became of each entry, counted.
    fn used(&self, earlier: &Earlier<'_>) -> BaselineUse {
        let mut used = BaselineUse { entries: self.entries.len(), ..BaselineUse::default() };
        for (at, entry) in self.entries.iter().enumerate() {
            let is_elsewhere = || {
                entry.path != super::PROJECT && !(earlier.is_scanned)(&entry.path) && !(earlier.is_gone)(&entry.path)
            };
            match (self.is_worse[at], self.is_not_needed[at], self.is_taken[at]) {
                (true, ..) => used.worse += 1,
                (_, true, _) => used.not_needed += 1,
                (.., true) => used.matched += 1,
                _ if is_elsewhere() => used.not_scanned += 1,
                _ => used.gone.push(entry.label()),
            }
        }
        used
    }
}

/// What finding and entry must have one of in common.
fn keys<'k>(ids: &'k [String], rule: &'k str) -> impl Iterator<Item = &'k str> {
    ids.iter().map(String::as_str).chain(ids.is_empty().then_some(rule))
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What became worse, if anything did.
fn worse(entry: &Entry, finding: &Finding, about: &About) -> Option<String> {
    let is_malware = finding.rule.id == MALICIOUS_PACKAGE || finding.also.contains(&MALICIOUS_PACKAGE);
    if is_malware && !entry.is_malware() {
        return Some("now it is known as malware, which it was not".to_owned());
    }
    if is_exploited(finding) && !entry.exploited {
        return Some("now attacks are known, which were not".to_owned());
    }
    if finding.rule.id == KNOWN_VULNERABILITY && !entry.ids.is_empty() && !OF_VULNERABILITIES.contains(&&*entry.rule) {
        return Some("now it is known as a vulnerability, which it was not".to_owned());
    }
    let severity = finding.advisory.as_ref().map(|group| (group.rating.severity, group.kind()));
    if let (Some((now, kind)), Some(then)) = (severity, entry.severity)
        && now != then
        && weight(now, kind) > weight_then(then, kind)
    {
        return Some(format!("its severity is {now} now, and was {then}"));
    }
    (entry.kinds.only_dev() && !about.kinds.only_dev())
        .then(|| "it is not only for development now, as it was".to_owned())
}

/// What nobody had rated was held without anybody knowing how grave it is: that it is high is news, and that it is no
/// more than medium is none.
fn weight_then(severity: Severity, kind: AdvisoryKind) -> Severity {
    match (severity, kind) {
        (Severity::Unknown, AdvisoryKind::Vulnerability) => Severity::Medium,
        _ => severity,
    }
}

/// A vulnerability that nobody rated stands among the high ones, as in the order of findings.
fn weight(severity: Severity, kind: AdvisoryKind) -> Severity {
    match (severity, kind) {
        (Severity::Unknown, AdvisoryKind::Vulnerability) => Severity::High,
        _ => severity,
    }
}
