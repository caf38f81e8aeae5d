//! Where findings meet the policy.

use jiff::civil::Date;

use super::exception::{Coverage, Exceptions};
use super::scope::{Place, Scopes};
use super::{
    KNOWN_VULNERABILITY, LOOKALIKE_NAME, MIN_EPSS, Override, POLICY_CHANGED, Policy, Profile, RuleSettings,
    UNMAINTAINED_PACKAGE, priority, vex,
};
use crate::model::{
    Decision, DependencyGraph, Epss, ExceptionStatus, Finding, Level, Scope, Setting, Severity, Subject, Use,
};

/// Decides about findings, and says what became of each exception. Decisions come in the order of [`super::order`].
///
/// A finding has the gravest level of the rules that apply to it (its own and those in `also`), so that no rule can
/// hide what another one would deny. Findings of rules that are all off are left out: such rules are not evaluated.
pub fn decide(
    findings: Vec<Finding>,
    graph: &DependencyGraph,
    policy: &Policy,
    today: Date,
) -> (Vec<Decision>, Vec<ExceptionStatus>) {
    let scopes = Scopes::of(policy, graph);
    let claims = vex::claims(&policy.vex, graph, policy.project.as_deref());
    let mut exceptions = Exceptions::of(policy.exceptions.iter().chain(&claims), today);
    let mut decisions = Vec::with_capacity(findings.len());
    for finding in findings {
        let Some(Judgement { level, mut reason }) = judge(&finding, graph, policy, &scopes) else { continue };
        let exception = match exceptions.cover(graph, &finding) {
            Coverage::Open => None,
            Coverage::Covered(exception) => Some(exception),
            Coverage::Ended(why) => {
                reason = format!("{reason}; {why}");
                None
            }
        };
        let priority = priority::of(&finding, usage_of(&finding, graph), policy);
        decisions.push(Decision { finding, level, reason, priority, exception, change: None });
    }
    decisions.sort_by(|a, b| priority::order(graph, a, b));
    (decisions, exceptions.statuses())
}

/// A level with what led to it.
struct Judgement {
    level: Level,
    reason: String,
}

impl Judgement {
    fn new(level: Level, reason: impl Into<String>) -> Self {
        Self { level, reason: reason.into() }
    }
}

/// The gravest judgement of the rules that apply, capped for test data.
fn judge(finding: &Finding, graph: &DependencyGraph, policy: &Policy, scopes: &Scopes<'_>) -> Option<Judgement> {
    let place = Place::of(finding, graph);
    let mut gravest: Option<Judgement> = None;
    for id in std::iter::once(finding.rule.id).chain(finding.also.iter().copied()) {
        let Some(settings) = policy.rules.get(id).filter(|settings| settings.level != Level::Off) else { continue };
        let judgement = judge_in_scope(settings, policy.profile, finding, (&place, scopes));
        if gravest.as_ref().is_none_or(|gravest| judgement.level > gravest.level) {
            gravest = Some(judgement);
        }
    }
    let judgement = gravest?;
    let is_test_data = match finding.subject {
        // A baseline or a policy that the change names may lie anywhere.
        _ if finding.rule.id == POLICY_CHANGED => false,
        Subject::Package { root, .. } => graph.roots[root].test_data,
        Subject::File(ref path) => graph.roots.iter().any(|root| root.test_data && root.path == *path),
        Subject::Project => false,
    };
    if is_test_data && judgement.level > policy.test_data {
        let reason = format!("test data: at most {}", policy.test_data);
        return Some(Judgement::new(policy.test_data, reason));
    }
    Some(judgement)
}

fn usage_of<'g>(finding: &Finding, graph: &'g DependencyGraph) -> Option<&'g Use> {
    match finding.subject {
        Subject::Package { package, root } => graph.roots.get(root)?.usage(package),
        Subject::File(_) | Subject::Project => None,
    }
}

/// What one rule's settings and the overrides make of a finding.
fn judge_in_scope(
    settings: &RuleSettings,
    profile: Profile,
    finding: &Finding,
    (place, scopes): (&Place<'_>, &Scopes<'_>),
) -> Judgement {
    let id = settings.rule.id;
    let judgement = match scopes.setting(id, place) {
        Some(one) => judge_by_override(settings, profile, finding, (one, one.level, place)),
        None => match scopes.outside(settings, place) {
            Some(reason) => Judgement::new(Level::Allow, reason),
            None => judge_by(settings, profile, finding, place.usage()),
        },
    };
    let raised = scopes.raising(id, place).filter(|(_, level)| *level > judgement.level);
    let raised = raised.map(|(one, level)| judge_by_override(settings, profile, finding, (one, Some(level), place)));
    raised.filter(|raised| raised.level > judgement.level).unwrap_or(judgement)
}

/// What a rule makes of a finding under an override that holds for it. It is named for what it is about: the rule's own
/// scope does not count besides.
fn judge_by_override(
    settings: &RuleSettings,
    profile: Profile,
    finding: &Finding,
    (one, level, place): (&Override, Option<Level>, &Place<'_>),
) -> Judgement {
    let mut settings = settings.clone();
    if let Some(level) = level {
        settings.set_level(level);
    }
    settings.scope = Some(Scope::All);
    settings.min_severity = one.min_severity.or(settings.min_severity);
    let Judgement { level, reason } = judge_by(&settings, profile, finding, place.usage());
    Judgement { level, reason: format!("{reason}, by the override of {}:{}", one.location.path, one.location.line) }
}

/// What one rule's settings make of a finding that is in scope.
fn judge_by(settings: &RuleSettings, profile: Profile, finding: &Finding, usage: Option<&Use>) -> Judgement {
    if settings.rule.id == KNOWN_VULNERABILITY {
        return judge_vulnerability(settings, profile, finding);
    }
    let is_transitive = usage.is_some_and(|usage| usage.direct == Some(false));
    if settings.rule.id == UNMAINTAINED_PACKAGE && is_transitive && settings.scope != Some(Scope::All) {
        let at_most = match profile {
            Profile::Greenfield => Level::Warn,
            Profile::Brownfield => Level::Allow,
        };
        if settings.level > at_most {
            return Judgement::new(at_most, format!("transitive: {}", says(profile.as_str(), at_most)));
        }
    }
    let who = if settings.is_level_given { "the policy" } else { profile.as_str() };
    let is_of_new = settings.rule.id == LOOKALIKE_NAME;
    // What the policy says of look-alikes it says of new ones too.
    let is_escalated = finding.escalated && finding.rule == settings.rule && !(is_of_new && settings.is_level_given);
    if is_escalated && settings.level < Level::Deny {
        let level = if settings.level < Level::Warn { Level::Warn } else { Level::Deny };
        let why = if is_of_new { "the package was not there before" } else { "it was better before" };
        let reason = format!("{}, but {why}: one level higher", says(who, settings.level));
        return Judgement::new(level, reason);
    }
    Judgement::new(settings.level, says(who, settings.level))
}

/// Severity and fix grade a vulnerability: greenfield denies from low on; brownfield denies high and critical ones
/// with a fix, warns about those without, and allows the rest. A level that was given holds from low on. What reaches
/// the policy's EPSS score is over the threshold of severity, whichever that is; the fix grades it all the same.
fn judge_vulnerability(settings: &RuleSettings, profile: Profile, finding: &Finding) -> Judgement {
    let rated = finding.advisory.as_ref().map_or(Severity::Unknown, |group| group.rating.severity);
    let (severity, name) = match rated {
        Severity::Unknown => (settings.unscored_as, format!("no score, counts as {}", settings.unscored_as)),
        Severity::None => (Severity::None, "severity none".to_owned()),
        severity => (severity, severity.to_string()),
    };
    let is_graded = !settings.is_level_given && profile == Profile::Brownfield;
    let threshold = settings.min_severity.unwrap_or(if is_graded { Severity::High } else { Severity::Low });
    let likely = likely(settings, finding).filter(|_| severity < threshold);
    let name = match likely {
        Some(epss) => format!("{name}, but EPSS {}", epss.percent()),
        None => name,
    };
    if severity < threshold && likely.is_none() {
        let below = match settings.min_severity {
            Some(_) => format!("below min-severity {threshold}"),
            None if settings.is_level_given => format!("below {threshold}"),
            None => format!("{} allows what is below {threshold}", profile.as_str()),
        };
        return Judgement::new(Level::Allow, format!("{name}: {below}"));
    }
    if is_graded {
        let has_fix = finding.advisory.as_ref().is_some_and(|group| group.fixed_in.is_some());
        let (level, fix) =
            if has_fix { (settings.level, "fix available") } else { (settings.level.min(Level::Warn), "no fix known") };
        return Judgement::new(level, format!("{name}, {fix}: {}", says(profile.as_str(), level)));
    }
    let who = if settings.is_level_given { "the policy" } else { profile.as_str() };
    Judgement::new(settings.level, format!("{name}: {}", says(who, settings.level)))
}

/// The EPSS score of a finding, where it reaches the one that the policy asks for. No score reaches 1.
fn likely(settings: &RuleSettings, finding: &Finding) -> Option<Epss> {
    let Some(Setting::Share(least)) = settings.values.get(MIN_EPSS) else { return None };
    finding.advisory.as_ref()?.epss.filter(|epss| *least < 1.0 && epss.score >= *least)
}

fn says(who: &str, level: Level) -> String {
    let verb = match level {
        Level::Deny => "denies",
        Level::Warn => "warns",
        Level::Allow | Level::Off => "allows",
    };
    format!("{who} {verb}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{
        AdvisoryKind, AliasGroup, DependencyKind, Ecosystem, ExceptionState, Facts, PolicyOrigin, Source, SourceKind,
    };
    use crate::policy::parse;
    use crate::rule;
    use crate::rule::tests_support::{Tree, absent, exploited, group, known, record, vulnerability};

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn policy(text: &str) -> Policy {
        let text = format!("version = 1\n{text}");
        parse("osprey.toml", &text, PolicyOrigin::Flag, &rule::rules(), TODAY).unwrap()
    }

    fn decided(graph: &DependencyGraph, facts: &Facts, policy: &Policy) -> (Vec<Decision>, Vec<ExceptionStatus>) {
        let parameters = rule::Parameters {
            off: policy.off(),
            registries: policy.registries.clone(),
            settings: policy.rules.iter().map(|(id, settings)| (*id, settings.values.clone())).collect(),
            ..rule::Parameters::default()
        };
        let (findings, _) = rule::find(&rule::View { graph, facts, parameters: &parameters, today: TODAY });
        decide(findings, graph, policy, TODAY)
    }

    /// `name: level, reason` of each decision, in order.
    fn lines(graph: &DependencyGraph, facts: &Facts, policy: &Policy) -> Vec<String> {
        let line = |decision: &Decision| {
            let Subject::Package { package, .. } = decision.finding.subject else { panic!("{decision:?}") };
            let covered = if decision.exception.is_some() { " (excepted)" } else { "" };
            let name = &graph.package(package).id.name;
            format!("{name}: {}{covered}, {}", decision.level, decision.reason)
        };
        decided(graph, facts, policy).0.iter().map(line).collect()
    }

    fn joined(graph: &DependencyGraph, facts: &Facts, policy: &Policy) -> String {
        lines(graph, facts, policy).join("\n")
    }

    fn notice(kind: AdvisoryKind) -> AliasGroup {
        group(vec![record("X-1", &[], kind)], None, None)
    }

    /// One package for each sort of finding; direct but for those whose name says `deep`.
    fn all_sorts() -> (DependencyGraph, Facts) {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let sorts: [(&str, AliasGroup); 12] = [
            ("critical-fixed", vulnerability("X-1", Some(9.8), Some("2.0.0"))),
            ("high-fixed", vulnerability("X-1", Some(7.5), Some("2.0.0"))),
            ("high-open", vulnerability("X-1", Some(7.5), None)),
            ("medium-fixed", vulnerability("X-1", Some(5.0), Some("2.0.0"))),
            ("low-fixed", vulnerability("X-1", Some(2.0), Some("2.0.0"))),
            ("none-fixed", vulnerability("X-1", Some(0.0), Some("2.0.0"))),
            ("unrated-fixed", vulnerability("X-1", None, Some("2.0.0"))),
            ("malware", notice(AdvisoryKind::Malware)),
            ("unsound", notice(AdvisoryKind::Unsound)),
            ("notice", notice(AdvisoryKind::Notice)),
            ("unmaintained", notice(AdvisoryKind::Unmaintained)),
            ("unmaintained-deep", notice(AdvisoryKind::Unmaintained)),
        ];
        let middle = tree.package("middle", "1.0.0");
        tree.needs(0, middle, None);
        for (name, group) in sorts {
            let at = tree.package(name, "1.0.0");
            tree.needs(if name.contains("deep") { middle } else { 0 }, at, None);
            tree.hit(at, group);
        }
        let git = tree.from("from-git", "1.0.0", Source::at(SourceKind::Git, "https://host.example/a#01"));
        tree.needs(0, git, None);
        tree.finish()
    }

    #[test]
    fn greenfield() {
        let (graph, facts) = all_sorts();
        insta::assert_snapshot!(joined(&graph, &facts, &policy("extends = \"greenfield\"")), @r#"
        malware: deny, greenfield denies
        critical-fixed: deny, critical: greenfield denies
        high-fixed: deny, high: greenfield denies
        unrated-fixed: deny, no score, counts as high: greenfield denies
        high-open: deny, high: greenfield denies
        medium-fixed: deny, medium: greenfield denies
        low-fixed: deny, low: greenfield denies
        from-git: deny, greenfield denies
        unmaintained: deny, greenfield denies
        notice: warn, greenfield warns
        unsound: warn, greenfield warns
        unmaintained-deep: warn, transitive: greenfield warns
        none-fixed: allow, severity none: greenfield allows what is below low
        "#);
    }

    #[test]
    fn brownfield() {
        let (graph, facts) = all_sorts();
        insta::assert_snapshot!(joined(&graph, &facts, &policy("")), @r#"
        malware: deny, brownfield denies
        critical-fixed: deny, critical, fix available: brownfield denies
        high-fixed: deny, high, fix available: brownfield denies
        unrated-fixed: deny, no score, counts as high, fix available: brownfield denies
        high-open: warn, high, no fix known: brownfield warns
        from-git: warn, brownfield warns
        unmaintained: warn, brownfield warns
        medium-fixed: allow, medium: brownfield allows what is below high
        low-fixed: allow, low: brownfield allows what is below high
        none-fixed: allow, severity none: brownfield allows what is below high
        notice: allow, brownfield allows
        unsound: allow, brownfield allows
        unmaintained-deep: allow, transitive: brownfield allows
        "#);
    }

    #[test]
    fn settings_of_the_user() {
        let (graph, facts) = all_sorts();
        let text = "[rules]\nknown-vulnerability = { min-severity = \"medium\", unscored-as = \"low\" }\n\
                    unmaintained-package = { level = \"deny\", scope = \"all\" }\nunsound-code = \"off\"\n\
                    untrusted-origin = \"deny\"";
        insta::assert_snapshot!(joined(&graph, &facts, &policy(text)), @r#"
        malware: deny, brownfield denies
        critical-fixed: deny, critical, fix available: brownfield denies
        high-fixed: deny, high, fix available: brownfield denies
        medium-fixed: deny, medium, fix available: brownfield denies
        from-git: deny, the policy denies
        unmaintained: deny, the policy denies
        unmaintained-deep: deny, the policy denies
        high-open: warn, high, no fix known: brownfield warns
        low-fixed: allow, low: below min-severity medium
        unrated-fixed: allow, no score, counts as low: below min-severity medium
        none-fixed: allow, severity none: below min-severity medium
        notice: allow, brownfield allows
        "#);
        let given = policy("[rules]\nknown-vulnerability = \"deny\"");
        assert!(lines(&graph, &facts, &given).contains(&"low-fixed: deny, low: the policy denies".to_owned()));
        let scoped = policy("extends = \"greenfield\"\n[rules]\nunmaintained-package = { scope = \"direct\" }");
        let deep = "unmaintained-deep: allow, transitive, and the policy's scope is direct".to_owned();
        assert!(lines(&graph, &facts, &scoped).contains(&deep));
    }

    #[test]
    fn kinds_leave_out_only_what_is_known_to_be_otherwise() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let edges = [("dev", Some(DependencyKind::Dev)), ("run", Some(DependencyKind::Runtime)), ("lost", None)];
        for (name, kind) in edges {
            let at = tree.package(name, "1.0.0");
            if let Some(kind) = kind {
                tree.edge(0, at, kind, None);
            }
            tree.hit(at, vulnerability("X-1", Some(9.8), Some("2.0.0")));
        }
        let (graph, facts) = tree.finish();
        let policy = policy("extends = \"greenfield\"\n[rules]\nknown-vulnerability = { kinds = [\"runtime\"] }");
        assert_eq!(
            lines(&graph, &facts, &policy),
            [
                "run: deny, critical: greenfield denies",
                "lost: deny, critical: greenfield denies",
                "dev: allow, only for dev, which the policy leaves out"
            ]
        );
    }

    #[test]
    fn test_data_is_at_most_warned_about() {
        let (mut graph, facts) = all_sorts();
        graph.roots[0].test_data = true;
        let levels = |policy: &Policy| -> BTreeSet<Level> {
            decided(&graph, &facts, policy).0.iter().map(|decision| decision.level).collect()
        };
        assert_eq!(levels(&policy("")), BTreeSet::from([Level::Allow, Level::Warn]));
        assert_eq!(levels(&policy("test-data = \"allow\"")), BTreeSet::from([Level::Allow]));
        assert!(levels(&policy("test-data = \"deny\"")).contains(&Level::Deny));
        assert!(joined(&graph, &facts, &policy("")).contains("malware: warn, test data: at most warn"));
    }

    /// States of the exceptions, and whether the finding on `time 0.1.43` with that group is covered.
    fn covers(group: &AliasGroup, exceptions: &str) -> (bool, Vec<ExceptionState>, String) {
        let mut tree = Tree::new("services/a/Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let time = tree.package("time", "0.1.43");
        tree.needs(0, time, None);
        tree.hit(time, group.clone());
        let (graph, facts) = tree.finish();
        let (decisions, statuses) = decided(&graph, &facts, &policy(exceptions));
        let states = statuses.iter().map(|status| status.state).collect();
        (decisions[0].exception.is_some(), states, decisions[0].reason.clone())
    }

    fn exception(keys: &str) -> String {
        format!("[[exceptions]]\n{keys}\nreason = \"r\"\n")
    }

    #[test]
    fn an_exception_covers_only_what_it_names() {
        let vulnerable = |id, aliases: &[&str]| record(id, aliases, AdvisoryKind::Vulnerability);
        let both = vec![vulnerable("RUSTSEC-1", &["CVE-1"]), vulnerable("GHSA-1", &["CVE-1", "CVE-2"])];
        let plain = group(both.clone(), Some(9.0), None);
        let covered = |keys: &str| covers(&plain, &exception(&format!("{keys}\nexpires = 2027-06-01"))).0;
        assert!(covered("advisory = \"CVE-1\""), "a direct alias of both records");
        assert!(covered("advisory = \"cve-1\""));
        assert!(!covered("advisory = \"CVE-2\""), "an alias of only one");
        assert!(!covered("advisory = \"RUSTSEC-1\""), "one record is not named");
        assert!(covered("advisory = [\"RUSTSEC-1\", \"GHSA-1\"]"));
        assert!(covered("advisory = \"CVE-1\"\npackage = \"pkg:cargo/time@<0.2\"\npath = \"services/*\""));
        assert!(!covered("advisory = \"CVE-1\"\npackage = \"pkg:cargo/time@0.1.42\""));
        assert!(!covered("advisory = \"CVE-1\"\npackage = \"pkg:cargo/timer\""));
        assert!(!covered("advisory = \"CVE-1\"\npath = \"services/b\""));
        assert!(!covered("advisory = \"CVE-1\"\nrule = \"unsound-code\""));
        assert!(covered("package = \"pkg:cargo/time\""));
        let mut one_matches = both;
        one_matches[1].affected = crate::model::Affected::No;
        let group = group(one_matches, Some(9.0), None);
        let keys = "advisory = \"RUSTSEC-1\"\nexpires = 2027-06-01";
        assert!(covers(&group, &exception(keys)).0, "what does not match needs no naming");
    }

    #[test]
    fn malware_is_excepted_only_by_its_rule() {
        let malware = notice(AdvisoryKind::Malware);
        let covered = |keys: &str| covers(&malware, &exception(&format!("{keys}\nexpires = 2027-06-01"))).0;
        assert!(!covered("advisory = \"X-1\""));
        assert!(!covered("package = \"pkg:cargo/time\""));
        assert!(!covered("advisory = \"X-1\"\nrule = \"known-vulnerability\""));
        assert!(covered("advisory = \"X-1\"\nrule = \"malicious-package\""));
    }

    #[test]
    fn a_finding_without_an_advisory_is_excepted_by_rule_and_package() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let git = tree.from("forked", "1.0.0", Source::at(SourceKind::Git, "https://host.example/a#01"));
        tree.needs(0, git, None);
        let (graph, facts) = tree.finish();
        let covered = |keys: &str| {
            let text = exception(&format!("{keys}\nexpires = 2027-06-01"));
            decided(&graph, &facts, &policy(&text)).0[0].exception.clone()
        };
        assert_eq!(covered("package = \"pkg:cargo/forked\""), None);
        let applied = covered("package = \"pkg:cargo/forked\"\nrule = \"untrusted-origin\"\nowner = \"me\"").unwrap();
        assert_eq!(applied.id, "pkg:cargo/forked untrusted-origin");
        assert_eq!((applied.owner.as_deref(), applied.expires.as_deref()), (Some("me"), Some("2027-06-01")));
    }

    #[test]
    fn what_is_about_no_package_is_excepted_by_rule_and_path() {
        let mut tree = Tree::new("services/a/Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let forked = tree.from("forked", "1.0.0", Source::at(SourceKind::Git, "https://host.example/a#01"));
        tree.needs(0, forked, None);
        let (graph, facts) = tree.finish();
        let finding = decided(&graph, &facts, &policy("")).0.remove(0).finding;
        let covered = |subject: &Subject, rule: &str, path: &str| {
            let text = exception(&format!("rule = \"{rule}\"\npath = \"{path}\"\nexpires = 2027-06-01"));
            let finding = Finding { subject: subject.clone(), ..finding.clone() };
            let (decisions, statuses) = decide(vec![finding], &graph, &policy(&text), TODAY);
            assert_eq!(statuses[0].findings, usize::from(decisions[0].exception.is_some()));
            decisions[0].exception.as_ref().map(|applied| (applied.id.clone(), applied.location.line))
        };
        let origin = "untrusted-origin";
        let id = |path: &str| Some((format!("{origin} {path}"), 2));
        assert_eq!(covered(&Subject::Project, origin, "."), id("."));
        assert_eq!(covered(&Subject::Project, origin, "services"), None);
        assert_eq!(covered(&Subject::Project, "missing-integrity", "."), None);
        let file = Subject::File("tools/requirements.txt".into());
        assert_eq!(covered(&file, origin, "tools"), id("tools"));
        assert_eq!(covered(&file, origin, "."), None, "the project itself, and not every file of it");
        assert_eq!(covered(&finding.subject, origin, "services/*/Cargo.lock"), id("services/*/Cargo.lock"));
        assert_eq!(covered(&finding.subject, origin, "services/b"), None);
    }

    #[test]
    fn exceptions_end_and_say_so() {
        use ExceptionState::{Expired, Expiring, Unused, Used};
        let open = vulnerability("X-1", Some(9.0), None);
        let fixed = vulnerability("X-1", Some(9.0), Some("0.2.23"));
        let until = |day| exception(&format!("advisory = \"X-1\"\nexpires = {day}"));
        assert_eq!(covers(&open, &until("2026-12-07")).1, [Used]);
        assert_eq!(covers(&open, &until("2026-12-06")).1, [Expiring]);
        let (covered, states, _) = covers(&open, &until("2026-11-22"));
        assert_eq!((covered, states), (true, vec![Expiring]), "the last day counts");
        let (covered, states, reason) = covers(&open, &until("2026-11-21"));
        assert_eq!((covered, states), (false, vec![Expired]));
        assert_eq!(reason, "critical, no fix known: brownfield warns; expired exception of 2026-11-21");

        let until_fixed = exception("advisory = \"X-1\"\nuntil-fixed = true");
        assert_eq!(covers(&open, &until_fixed), (true, vec![Used], covers(&open, &until_fixed).2));
        let (covered, states, reason) = covers(&fixed, &until_fixed);
        assert_eq!((covered, states), (false, vec![Expired]));
        assert_eq!(reason, "critical, fix available: brownfield denies; exception until fixed: 0.2.23 fixes it");

        let other = exception("advisory = \"X-2\"\nuntil-fixed = true");
        assert_eq!(covers(&open, &other).1, [Unused]);
        let two = exception("package = \"pkg:cargo/time\"\nexpires = 2026-11-01") + &until_fixed;
        let (covered, states, reason) = covers(&open, &two);
        assert_eq!((covered, states), (true, vec![Expired, Used]), "one that holds is enough");
        assert_eq!(reason, "critical, no fix known: brownfield warns");
    }

    #[test]
    fn a_rule_that_is_off_hides_nothing_from_the_others() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let time = tree.package("time", "0.1.43");
        let records =
            vec![record("MAL-1", &[], AdvisoryKind::Malware), record("GHSA-1", &[], AdvisoryKind::Vulnerability)];
        tree.hit(time, group(records, Some(9.8), Some("0.2.23")));
        let (graph, facts) = tree.finish();
        for level in ["off", "allow", "warn", "deny"] {
            let policy = policy(&format!("[rules]\nmalicious-package = \"{level}\""));
            let decisions = decided(&graph, &facts, &policy).0;
            assert_eq!((decisions.len(), decisions[0].level), (1, Level::Deny), "{level}");
        }
        let both = policy("[rules]\nmalicious-package = \"off\"\nknown-vulnerability = \"off\"");
        assert!(decided(&graph, &facts, &both).0.is_empty());
    }

    #[test]
    fn attacks_come_before_severity() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let likely = |score, epss| AliasGroup {
            epss: Some(Epss { score: epss, percentile: 0.5 }),
            ..vulnerability("CVE-1", Some(score), Some("2.0.0"))
        };
        let attacked = AliasGroup {
            exploited: exploited("CVE-1", "2021-12-10", false),
            ..vulnerability("CVE-1", Some(4.0), Some("2.0.0"))
        };
        for (name, group) in [
            ("critical", vulnerability("CVE-1", Some(9.8), Some("2.0.0"))),
            ("high", vulnerability("CVE-1", Some(8.9), Some("2.0.0"))),
            ("high-likely", likely(7.0, 0.9)),
            ("high-unlikely", likely(8.0, 0.01)),
            ("medium-likely", likely(5.0, 0.5)),
            ("medium-unlikely", likely(5.0, 0.4999)),
            ("attacked", attacked),
            ("malware", notice(AdvisoryKind::Malware)),
        ] {
            let at = tree.package(name, "1.0.0");
            tree.needs(0, at, None);
            tree.hit(at, group);
        }
        let (graph, facts) = tree.finish();
        insta::assert_snapshot!(joined(&graph, &facts, &policy("")), @"
        malware: deny, brownfield denies
        attacked: deny, brownfield denies
        high-likely: deny, high, fix available: brownfield denies
        critical: deny, critical, fix available: brownfield denies
        high-unlikely: deny, high, fix available: brownfield denies
        high: deny, high, fix available: brownfield denies
        medium-likely: allow, medium: brownfield allows what is below high
        medium-unlikely: allow, medium: brownfield allows what is below high
        ");
        let least = "[rules]\nknown-vulnerability = { min-severity = \"critical\", min-epss = 0.5 }";
        insta::assert_snapshot!(joined(&graph, &facts, &policy(least)), @"
        malware: deny, brownfield denies
        attacked: deny, brownfield denies
        high-likely: deny, high, but EPSS 90 %, fix available: brownfield denies
        medium-likely: deny, medium, but EPSS 50 %, fix available: brownfield denies
        critical: deny, critical, fix available: brownfield denies
        high-unlikely: allow, high: below min-severity critical
        high: allow, high: below min-severity critical
        medium-unlikely: allow, medium: below min-severity critical
        ");
        let none = "[rules]\nknown-vulnerability = { min-epss = 1 }";
        assert_eq!(joined(&graph, &facts, &policy(none)), joined(&graph, &facts, &policy("")));
        let milder = "[rules]\nknown-exploited = \"off\"\nknown-vulnerability = { level = \"warn\", min-epss = 0.9 }";
        insta::assert_snapshot!(joined(&graph, &facts, &policy(milder)), @"
        malware: deny, brownfield denies
        attacked: warn, medium: the policy warns
        high-likely: warn, high: the policy warns
        critical: warn, critical: the policy warns
        high-unlikely: warn, high: the policy warns
        high: warn, high: the policy warns
        medium-likely: warn, medium: the policy warns
        medium-unlikely: warn, medium: the policy warns
        ");
    }

    #[test]
    fn what_was_better_before_is_one_level_graver() {
        let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        let [always, before] = [tree.package("always", "1.0.0"), tree.package("before", "1.0.0")];
        for package in [always, before] {
            tree.needs(0, package, None);
            tree.health(package, |health| {
                health.provenance = absent();
                health.earlier_provenance = if package == before { known("0.9.0".to_owned()) } else { absent() };
            });
        }
        let (graph, facts) = tree.finish();
        let at = |level| joined(&graph, &facts, &policy(&format!("[rules]\nno-provenance = {level}")));
        insta::assert_snapshot!(joined(&graph, &facts, &policy("")), @"
        before: warn, brownfield allows, but it was better before: one level higher
        always: allow, brownfield allows
        ");
        insta::assert_snapshot!(at("\"warn\""), @"
        before: deny, the policy warns, but it was better before: one level higher
        always: warn, the policy warns
        ");
        insta::assert_snapshot!(at("\"deny\""), @"
        always: deny, the policy denies
        before: deny, the policy denies
        ");
        insta::assert_snapshot!(at("{ kinds = [\"dev\"] }"), @"
        always: allow, only for runtime, which the policy leaves out
        before: allow, only for runtime, which the policy leaves out
        ");
    }

    #[test]
    fn what_is_exploited_is_excepted_by_the_name_of_its_rule_alone() {
        let group = AliasGroup {
            exploited: exploited("CVE-1", "2021-12-10", false),
            ..vulnerability("X-1", Some(9.0), Some("0.2.23"))
        };
        let covered =
            |rule: &str| covers(&group, &exception(&format!("advisory = \"X-1\"\n{rule}expires = 2027-06-01"))).0;
        assert!(!covered(""));
        assert!(!covered("rule = \"known-vulnerability\"\n"));
        assert!(covered("rule = \"known-exploited\"\n"));
    }

    #[test]
    fn an_exception_without_a_rule_is_for_advisories_alone() {
        let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        let left = tree.package("left", "1.0.0");
        tree.needs(0, left, None);
        tree.health(left, |health| health.project_status = known("quarantined".to_owned()));
        tree.hit(left, notice(AdvisoryKind::Unmaintained));
        let (graph, facts) = tree.finish();
        let excepted = |text: &str| {
            let decisions = decided(&graph, &facts, &policy(&exception(text))).0;
            decisions.iter().map(|decision| decision.exception.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(excepted("package = \"pkg:npm/left\"\nexpires = 2027-06-01"), [false, true]);
        let named = "package = \"pkg:npm/left\"\nrule = \"unmaintained-package\"\nexpires = 2027-06-01";
        assert_eq!(excepted(named), [true, true]);
    }

    /// A lockfile of packages `p0`, `p1`, … each hit by one group of that kind, score and fix, used so.
    fn any_tree(sorts: &[(u8, Option<u8>, bool, bool, bool)]) -> (DependencyGraph, Facts) {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let middle = tree.package("middle", "1.0.0");
        tree.needs(0, middle, None);
        for (at, &(kind, score, fixed, direct, dev)) in sorts.iter().enumerate() {
            let package = tree.package(&format!("p{at}"), "1.0.0");
            let kinds = [
                AdvisoryKind::Malware,
                AdvisoryKind::Vulnerability,
                AdvisoryKind::Vulnerability,
                AdvisoryKind::Unsound,
                AdvisoryKind::Unmaintained,
            ];
            let record = record(&format!("X-{}", at % 3), &[], kinds[usize::from(kind) % kinds.len()]);
            let score = score.map(|score| f64::from(score % 101) / 10.0);
            tree.hit(package, group(vec![record], score, fixed.then_some("2.0.0")));
            let edge = if dev { DependencyKind::Dev } else { DependencyKind::Runtime };
            tree.edge(if direct { 0 } else { middle }, package, edge, None);
        }
        tree.finish()
    }

    fn denied(graph: &DependencyGraph, facts: &Facts, policy: &Policy) -> BTreeSet<String> {
        let decisions = decided(graph, facts, policy).0;
        let denied = decisions.into_iter().filter(|decision| decision.effective() == Level::Deny);
        denied.map(|decision| decision.finding.message).collect()
    }

    const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "none"];
    const LEVELS: [&str; 4] = ["off", "allow", "warn", "deny"];

    proptest! {
        #[test]
        fn a_tighter_policy_never_denies_less(
            sorts in prop::collection::vec(any::<(u8, Option<u8>, bool, bool, bool)>(), 0..8),
            loose in (0_usize..5, 0_usize..4, 0_usize..4),
            tighter in (0_usize..5, 0_usize..4, 0_usize..4),
            graded in any::<bool>(),
            green in any::<bool>(),
        ) {
            let (graph, facts) = any_tree(&sorts);
            let of = |(severity, vulnerable, other): (usize, usize, usize)| {
                let extends = if green { "greenfield" } else { "brownfield" };
                let level = if graded { String::new() } else { format!("level = \"{}\", ", LEVELS[vulnerable]) };
                let (severity, other) = (SEVERITIES[severity], LEVELS[other]);
                policy(&format!(
                    "extends = \"{extends}\"\n[rules]\n\
                     known-vulnerability = {{ {level}min-severity = \"{severity}\" }}\n\
                     malicious-package = \"{other}\"\nunsound-code = \"{other}\"\nunmaintained-package = \"{other}\""
                ))
            };
            let tight = (loose.0.max(tighter.0), loose.1.max(tighter.1), loose.2.max(tighter.2));
            let (before, after) = (denied(&graph, &facts, &of(loose)), denied(&graph, &facts, &of(tight)));
            prop_assert!(after.is_superset(&before), "{before:?} {after:?}");
            let whole = denied(&graph, &facts, &policy("extends = \"greenfield\""));
            prop_assert!(whole.is_superset(&denied(&graph, &facts, &policy(""))), "greenfield denies all that brownfield does");
        }

        #[test]
        fn an_exception_changes_only_what_it_names(
            sorts in prop::collection::vec(any::<(u8, Option<u8>, bool, bool, bool)>(), 0..8),
            advisory in prop::option::of(0_usize..3),
            package in 0_usize..8,
            rule in prop::option::of(0_usize..4),
        ) {
            let (graph, facts) = any_tree(&sorts);
            let rules = ["malicious-package", "known-vulnerability", "unsound-code", "unmaintained-package"];
            let advisory_key = advisory.map_or(String::new(), |at| format!("advisory = \"X-{at}\"\n"));
            let rule_key = rule.map_or(String::new(), |at| format!("rule = \"{}\"\n", rules[at]));
            let text = format!("{advisory_key}{rule_key}package = \"pkg:cargo/p{package}\"\nexpires = 2027-06-01");
            let sorted = |text: &str| {
                let mut decisions = decided(&graph, &facts, &policy(text)).0;
                decisions.sort_by(|a, b| a.finding.message.cmp(&b.finding.message));
                decisions
            };
            for (without, with) in sorted("").into_iter().zip(sorted(&exception(&text))) {
                let named = with.finding.message.starts_with(&format!("p{package} "))
                    && advisory.is_none_or(|at| with.finding.message.contains(&format!("X-{at},")))
                    && rule.map_or(with.finding.rule.id != "malicious-package", |at| with.finding.rule.id == rules[at]);
                prop_assert_eq!(with.exception.is_some(), named);
                prop_assert_eq!(Decision { exception: None, ..with }, without);
            }
        }

        #[test]
        fn the_order_does_not_depend_on_the_order_of_findings(
            sorts in prop::collection::vec(any::<(u8, Option<u8>, bool, bool, bool)>(), 0..8),
        ) {
            let (graph, facts) = any_tree(&sorts);
            let policy = policy("");
            let parameters = rule::Parameters::default();
            let (mut findings, _) =
                rule::find(&rule::View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY });
            let one = decide(findings.clone(), &graph, &policy, TODAY).0;
            findings.reverse();
            prop_assert_eq!(one, decide(findings, &graph, &policy, TODAY).0);
        }
    }
}
