//! A tighter policy never denies less and never has a milder verdict; an exception changes only what it names; a baseline
//! covers what it holds and nothing that is worse.

use super::*;
use crate::model::{AdvisoryKind, AliasGroup, Decision, Kinds, PolicyOrigin, Setting, Severity};
use crate::policy::{self, Baseline, Earlier, parse};

/// A finding whatever rule has it: a group goes to another rule where one is turned on.
fn about(finding: &Finding) -> (Subject, String) {
    let id = finding.advisory.as_ref().map_or(finding.rule.id, |group| &group.key().id);
    (finding.subject.clone(), id.to_owned())
}

fn denied(report: &Report) -> BTreeSet<(Subject, String)> {
    let denied = report.decisions.iter().filter(|decision| decision.effective() == Level::Deny);
    denied.map(|decision| about(&decision.finding)).collect()
}

fn read(text: &str) -> Policy {
    parse("osprey.toml", &format!("version = 1\n{text}"), PolicyOrigin::Flag, &rule::rules(), TODAY).unwrap()
}

/// Exceptions and an override, of which any may be left out.
const ENTRIES: [&str; 5] = [
    "[[exceptions]]\nadvisory = \"X-0\"\nreason = \"r\"\nexpires = 2027-06-01\n",
    "[[exceptions]]\npackage = \"pkg:npm/some-part-0@<2\"\nreason = \"r\"\nexpires = 2027-06-01\n",
    "[[exceptions]]\npackage = \"pkg:npm/some-part-1\"\nrule = \"withdrawn-version\"\nreason = \"r\"\nexpires = 2027-06-01\n",
    "[[overrides]]\npackages = [\"pkg:npm/some-part-0\", \"pkg:npm/some-part-2\"]\nlevel = \"allow\"\n",
    "[[overrides]]\nkinds = [\"dev\"]\nrules = [\"known-vulnerability\"]\nmin-severity = \"critical\"\n",
];

fn base(profile: usize, entries: [bool; 5]) -> Policy {
    let profile = Profile::ALL[profile % 2].as_str();
    let chosen: Vec<&str> = ENTRIES.iter().zip(entries).filter(|(_, is_in)| *is_in).map(|(entry, _)| *entry).collect();
    read(&format!("extends = \"{profile}\"\n{}", chosen.join("\n")))
}

/// One change of one rule's settings, by seeds; applied to a policy, it is the same change whatever the policy has.
type Step = (u8, u8, u8);

const LEVELS: [Level; 4] = [Level::Off, Level::Allow, Level::Warn, Level::Deny];
const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// Sets something at will.
fn set(policy: &mut Policy, (rule, what, value): Step) {
    let mut settings: Vec<_> = policy.rules.values_mut().collect();
    let at = usize::from(rule) % settings.len();
    let settings = &mut settings[at];
    let value = usize::from(value);
    match what % 5 {
        0 => (settings.level, settings.is_level_given) = (LEVELS[value % 4], true),
        1 => settings.min_severity = Some(SEVERITIES[value % 4]),
        2 => settings.scope = Some(Scope::ALL[value % 2]),
        3 => settings.kinds = Some(Kinds::only(DependencyKind::Runtime)),
        _ => settings.on_unknown = OnUnknown::ALL[value % 4],
    }
}

/// Makes one setting stricter, where it can be.
fn tighten(policy: &mut Policy, (rule, what, value): Step) {
    match what % 8 {
        0 if !policy.exceptions.is_empty() => {
            drop(policy.exceptions.remove(usize::from(value) % policy.exceptions.len()));
        }
        1 if !policy.overrides.is_empty() => drop(policy.overrides.remove(usize::from(value) % policy.overrides.len())),
        _ => {}
    }
    let mut settings: Vec<_> = policy.rules.values_mut().collect();
    let at = usize::from(rule) % settings.len();
    let settings = &mut settings[at];
    let value = usize::from(value);
    match what % 8 {
        // A level that was given holds for what the profile would grade down: the same level, given, is stricter.
        2 => (settings.level, settings.is_level_given) = (settings.level.max(LEVELS[value % 4]), true),
        3 => {
            let stricter = SEVERITIES[value % 4];
            settings.min_severity = settings.min_severity.map(|severity| severity.min(stricter));
        }
        4 => settings.scope = settings.scope.map(|_| Scope::All),
        5 => {
            settings.kinds = match (settings.kinds, value % 2) {
                (Some(mut kinds), 0) => {
                    kinds.insert(DependencyKind::Dev);
                    Some(kinds)
                }
                _ => None,
            };
        }
        6 => settings.on_unknown = settings.on_unknown.max(OnUnknown::ALL[value % 4]),
        7 => {
            for parameter in settings.rule.parameters {
                let held = settings.values.get(parameter.key).cloned().unwrap_or_else(|| (parameter.default)());
                let is_higher = parameter.stricter == crate::model::Stricter::Higher;
                settings.values.insert(parameter.key, stricter(held, is_higher, value));
            }
        }
        _ => {}
    }
}

/// A value that is stricter, or the same where there is none.
fn stricter(setting: Setting, is_higher: bool, by: usize) -> Setting {
    let number = |number: u32| {
        let by = u32::try_from(by * 10).unwrap();
        if is_higher { number + by } else { number.saturating_sub(by) }
    };
    let decimal = |number: f64, most: f64| {
        let by = f64::from(u32::try_from(by).unwrap()) / 255.0 * most;
        if is_higher { (number + by).min(most) } else { (number - by).max(0.0) }
    };
    match setting {
        Setting::Days(days) => Setting::Days(number(days)),
        Setting::Count(count) => Setting::Count(number(count)),
        Setting::Score(score) => Setting::Score(decimal(score, 10.0)),
        Setting::Share(share) => Setting::Share(decimal(share, 1.0)),
        Setting::Word(word, words) => {
            let at = words.iter().position(|one| *one == word).unwrap();
            let at = if is_higher { (at + by % 2).min(words.len() - 1) } else { at.saturating_sub(by % 2) };
            Setting::Word(words[at], words)
        }
        Setting::Scores(scores) => {
            let stricter = scores.into_iter().map(|(name, score)| (name, decimal(score, 10.0)));
            Setting::Scores(stricter.collect())
        }
        Setting::Names(names) => Setting::Names(names),
        // Fewer licences are accepted; none at all would turn the rule off.
        Setting::Licenses(licenses) => Setting::Licenses(licenses),
    }
}

/// An exception as its parts.
#[derive(Debug, Clone)]
struct Named {
    advisory: Option<String>,
    package: Option<(usize, Option<bool>)>,
    rule: Option<&'static str>,
    path: Option<&'static str>,
    is_over: bool,
    until_fixed: bool,
}

const RULES: [&str; 5] =
    ["known-vulnerability", "malicious-package", "unmaintained-package", "withdrawn-version", "no-provenance"];

fn named() -> impl Strategy<Value = Named> {
    let advisory = prop::option::of(prop::sample::select(vec!["X-0", "x-1", "CVE-2026-0", "CVE-2026-1", "X-9"]));
    let package = prop::option::of((0_usize..4, prop::option::of(any::<bool>())));
    let rule = prop::option::of(prop::sample::select(&RULES[..]));
    let path = prop::option::of(prop::sample::select(vec!["package-lock.json", "*-lock.json", "services"]));
    (advisory, package, rule, path, any::<bool>(), any::<bool>()).prop_map(
        |(advisory, package, rule, path, is_over, until_fixed)| {
            let advisory = advisory.map(str::to_owned);
            let package = if advisory.is_none() { package.or(Some((0, None))) } else { package };
            Named { advisory, package, rule, path, is_over: is_over && !until_fixed, until_fixed }
        },
    )
}

impl Named {
    /// It in the policy file; `None` for what a policy does not take.
    fn text(&self) -> Option<String> {
        let is_of_advisories = self.rule.is_none_or(|rule| RULES[..3].contains(&rule));
        if !is_of_advisories && (self.advisory.is_some() || self.until_fixed) {
            return None;
        }
        let mut text = "[[exceptions]]\nreason = \"r\"\n".to_owned();
        if let Some(advisory) = &self.advisory {
            text += &format!("advisory = \"{advisory}\"\n");
        }
        if let Some((number, bound)) = self.package {
            let bound = bound.map_or("", |fits| if fits { "@>=1,<2" } else { "@>1" });
            text += &format!("package = \"pkg:npm/some-part-{number}{bound}\"\n");
        }
        text += &self.rule.map_or(String::new(), |rule| format!("rule = \"{rule}\"\n"));
        text += &self.path.map_or(String::new(), |path| format!("path = \"{path}\"\n"));
        text += match (self.until_fixed, self.is_over) {
            (true, _) => "until-fixed = true\n",
            (false, true) => "expires = 2026-11-21\n",
            (false, false) => "expires = 2026-11-22\n",
        };
        Some(text)
    }

    /// Whether it names a finding and still holds, by the words of the policy's description.
    fn covers(&self, finding: &Finding, graph: &DependencyGraph) -> bool {
        let Subject::Package { package, .. } = finding.subject else { return false };
        let name = &graph.package(package).id.name;
        let group = finding.advisory.as_ref();
        let has_id = |id: &String, group: &AliasGroup| {
            group.records.iter().all(|record| {
                std::iter::once(&record.id).chain(&record.aliases).any(|known| known.eq_ignore_ascii_case(id))
            })
        };
        let by_advisory = self.advisory.as_ref().is_none_or(|id| group.is_some_and(|group| has_id(id, group)));
        let by_package =
            self.package.is_none_or(|(number, fits)| *name == format!("some-part-{number}") && fits != Some(false));
        let by_rule = match self.rule {
            Some(rule) => finding.rule.id == rule,
            None => group.is_some_and(|group| group.kind() != AdvisoryKind::Malware),
        };
        let has_ended = self.is_over || self.until_fixed && group.is_some_and(|group| group.fixed_in.is_some());
        by_advisory && by_package && by_rule && self.path != Some("services") && !has_ended
    }
}

fn by_print(decisions: Vec<Decision>) -> BTreeMap<String, Decision> {
    decisions.into_iter().map(|decision| (decision.finding.fingerprint.clone(), decision)).collect()
}

/// Holds a report against a baseline.
fn compared(mut report: Report, baseline: &Baseline) -> Report {
    let earlier = Earlier { baseline: Some(baseline), since: None, is_scanned: &|_| true, is_gone: &|_| false };
    policy::compare(&mut report.decisions, &report.graph, &earlier);
    report
}

fn is_open(decision: &Decision) -> bool {
    decision.exception.is_none() && decision.effective() >= Level::Warn
}

proptest! {
    #[test]
    fn a_tighter_policy_never_denies_less(
        packages in prop::collection::vec(any::<Seeds>(), 1..4),
        (profile, entries) in (0_usize..2, any::<[bool; 5]>()),
        sets in prop::collection::vec(any::<Step>(), 0..6),
        steps in prop::collection::vec(any::<Step>(), 1..4),
    ) {
        let (graph, facts) = world(&packages);
        let mut loose = base(profile, entries);
        sets.into_iter().for_each(|step| set(&mut loose, step));
        let mut tight = loose.clone();
        steps.into_iter().for_each(|step| tighten(&mut tight, step));
        let (before, after) = (report(&graph, &facts, &loose), report(&graph, &facts, &tight));
        let lost: Vec<_> = denied(&before).difference(&denied(&after)).cloned().collect();
        prop_assert!(lost.is_empty(), "{lost:?}");
        prop_assert!(after.verdict() >= before.verdict(), "{:?} {:?}", before.verdict(), after.verdict());
    }

    #[test]
    fn an_exception_changes_only_what_it_names(
        packages in prop::collection::vec(any::<Seeds>(), 1..4),
        profile in 0_usize..2,
        named in named(),
    ) {
        let Some(text) = named.text() else { return Ok(()) };
        let (graph, facts) = world(&packages);
        let without = base(profile, [false; 5]);
        let with = read(&format!("extends = \"{}\"\n{text}", Profile::ALL[profile].as_str()));
        let [without, with] = [without, with].map(|policy| by_print(report(&graph, &facts, &policy).decisions));
        prop_assert_eq!(without.len(), with.len());
        for (print, with) in with {
            let plain = &without[&print];
            prop_assert_eq!(with.exception.is_some(), named.covers(&with.finding, &graph), "{:?}", with.finding.message);
            // That it has ended is told with the finding, which is as it was.
            prop_assert!(with.reason.starts_with(&plain.reason));
            prop_assert_eq!(&Decision { exception: None, reason: plain.reason.clone(), ..with }, plain);
        }
    }

    #[test]
    fn a_baseline_covers_what_it_holds_and_nothing_that_is_worse(
        packages in prop::collection::vec(any::<Seeds>(), 1..4),
        profile in 0_usize..2,
        at in any::<prop::sample::Index>(),
        worse in 0_usize..2,
    ) {
        let (graph, mut facts) = world(&packages);
        let policy = base(profile, [false; 5]);
        let report = |facts: &Facts| report(&graph, facts, &policy);
        let first = report(&facts);
        let baseline = Baseline::of(&first.decisions, &first.graph);
        let again = compared(first.clone(), &baseline);
        prop_assert!(!again.decisions.iter().any(is_open), "what was there is open no more");
        if baseline.entries.is_empty() {
            return Ok(());
        }

        let mut fewer = baseline.clone();
        let gone = fewer.entries.remove(at.index(baseline.entries.len()));
        let open: Vec<String> = compared(first.clone(), &fewer).decisions.into_iter().filter(is_open)
            .map(|decision| decision.finding.fingerprint).collect();
        prop_assert_eq!(open, [gone.fingerprint]);

        // Something becomes worse: the rating of an advisory that was rated, or that it is attacked now.
        let hits: Vec<(usize, usize)> = facts.advisories.iter().enumerate()
            .flat_map(|(package, groups)| (0..groups.len()).map(move |group| (package, group))).collect();
        if hits.is_empty() {
            return Ok(());
        }
        let (package, of) = hits[at.index(hits.len())];
        let group = &mut facts.advisories[package][of];
        match worse {
            0 => {
                let severity = Severity::Critical;
                if group.rating.severity == severity || group.kind() != AdvisoryKind::Vulnerability {
                    return Ok(());
                }
                (group.rating.severity, group.rating.score) = (severity, Some(9.9));
            }
            _ => group.exploited = crate::rule::tests_support::exploited("CVE-2026-0", "2026-11-20", false),
        }
        let key = group.key().id.clone();
        let package = PackageIndex::try_from(package).unwrap();
        for decision in compared(report(&facts), &baseline).decisions {
            let finding = &decision.finding;
            let is_worse = is_about(finding, package) && finding.advisory.as_ref().is_some_and(|g| g.key().id == key);
            if decision.level >= Level::Warn {
                prop_assert_eq!(is_open(&decision), is_worse, "{}", finding.message);
            }
        }
    }
}
