//! Taking a fact away gives exactly the `on-unknown` outcome, and never the pass of a good value.

use super::*;

/// A fact about a package or about the project behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Published,
    Withdrawn,
    ProjectStatus,
    Licenses,
    Repository,
    Provenance,
    EarlierProvenance,
    Releases,
    Similar,
    Dependents,
    Support,
    Scorecard,
    Badge,
}

impl Taken {
    const ALL: [Self; 13] = [
        Self::Published,
        Self::Withdrawn,
        Self::ProjectStatus,
        Self::Licenses,
        Self::Repository,
        Self::Provenance,
        Self::EarlierProvenance,
        Self::Releases,
        Self::Similar,
        Self::Dependents,
        Self::Support,
        Self::Scorecard,
        Self::Badge,
    ];

    fn source(self) -> &'static str {
        match self {
            Self::Support => source::END_OF_LIFE,
            Self::Scorecard => source::SCORECARD,
            Self::Badge => source::BEST_PRACTICES,
            _ => source::DEPS_DEV,
        }
    }

    fn missing(self) -> Missing {
        Missing { source: self.source(), why: Why::Failed }
    }

    /// Makes it unknown.
    fn take(self, facts: &mut Facts, package: PackageIndex) {
        let missing = self.missing();
        let project = facts.health.project_of(package).ok().map(|(project, _)| project.to_owned());
        let health = facts.health.packages.get_mut(&package).unwrap();
        match self {
            Self::Published => health.published = Fact::Unknown(missing),
            Self::Withdrawn => health.withdrawn = Fact::Unknown(missing),
            Self::ProjectStatus => health.project_status = Fact::Unknown(missing),
            Self::Licenses => health.licenses = Fact::Unknown(missing),
            Self::Repository => health.repository = Fact::Unknown(missing),
            Self::Provenance => health.provenance = Fact::Unknown(missing),
            Self::EarlierProvenance => health.earlier_provenance = Fact::Unknown(missing),
            Self::Releases => health.releases = Fact::Unknown(missing),
            Self::Similar => health.similar = Fact::Unknown(missing),
            Self::Dependents => health.dependents = Fact::Unknown(missing),
            Self::Support => health.support = Fact::Unknown(missing),
            Self::Scorecard | Self::Badge => {
                let Some(health) = project.and_then(|project| facts.health.projects.get_mut(&project)) else { return };
                match self {
                    Self::Scorecard => health.scorecard = Fact::Unknown(missing),
                    _ => health.badge = Fact::Unknown(missing),
                }
            }
        }
    }

    /// The rules that cannot say anything without it, whatever else is known.
    fn decides(self) -> &'static [&'static str] {
        match self {
            Self::Published => &["fresh-release"],
            Self::Withdrawn => &["withdrawn-version"],
            Self::Licenses => &["unknown-license", "denied-license"],
            Self::Repository => &[
                "unverified-source",
                "low-scorecard",
                "failed-scorecard-check",
                "no-vulnerability-reporting",
                "single-maintainer",
            ],
            Self::Provenance => &["no-provenance"],
            Self::Releases => &["stale-release", "outdated-dependency"],
            Self::Similar => &["lookalike-name"],
            Self::Dependents => &["low-adoption"],
            Self::Support => &["end-of-life"],
            Self::Scorecard => {
                &["low-scorecard", "failed-scorecard-check", "no-vulnerability-reporting", "single-maintainer"]
            }
            Self::ProjectStatus | Self::EarlierProvenance | Self::Badge => &[],
        }
    }
}

/// The rule of which one fact takes back what another one says: that a project is worked on, what an old release does.
/// Without it the old release counts.
const ACQUITTED: &str = "unmaintained-package";

/// How many packages lack what, by rule.
type Ledger = BTreeMap<(&'static str, Missing), usize>;

/// A policy under which every rule is evaluated at that level, with that choice where something is not known.
fn policy(level: Level, choice: OnUnknown) -> Policy {
    let mut policy = Policy::built_in(Profile::Greenfield, &rule::rules());
    for settings in policy.rules.values_mut() {
        settings.level = level;
        settings.is_level_given = true;
        settings.on_unknown = choice;
        if settings.rule.id == "denied-license" {
            settings.values.insert("allow", crate::model::Setting::Licenses(vec!["MIT".to_owned()]));
        }
    }
    policy
}

fn look(graph: &DependencyGraph, facts: &Facts, policy: &Policy) -> (Vec<Finding>, Ledger) {
    let parameters = super::super::parameters(policy, graph);
    let view = rule::View { graph, facts, parameters: &parameters, today: TODAY };
    let (findings, unlearnt) = rule::find(&view);
    let ledger = unlearnt.into_iter().map(|unlearnt| ((unlearnt.rule.id, unlearnt.missing), unlearnt.packages));
    (findings, ledger.collect())
}

fn prints(findings: &[Finding], rule: &str) -> BTreeSet<String> {
    findings.iter().filter(|f| f.rule.id == rule).map(|f| f.fingerprint.clone()).collect()
}

/// What the verdict has to be: by what is denied, and by the choice for what is not known.
fn verdict_of(report: &Report, choice: OnUnknown) -> Verdict {
    let is_denied = report.decisions.iter().any(|decision| decision.level == Level::Deny);
    match (is_denied, report.unknowns.is_empty(), choice) {
        (true, ..) | (_, false, OnUnknown::Deny) => Verdict::Fail,
        (_, false, OnUnknown::Incomplete) => Verdict::Incomplete,
        (_, true, _) | (_, _, OnUnknown::Allow | OnUnknown::Warn) => Verdict::Pass,
    }
}

proptest! {
    #[test]
    fn taking_a_fact_away_gives_exactly_the_outcome_for_the_unknown(
        packages in prop::collection::vec(any::<Seeds>(), 1..4),
        at in any::<prop::sample::Index>(),
        taken in prop::sample::select(&Taken::ALL[..]),
        level in prop::sample::select(&[Level::Allow, Level::Warn, Level::Deny][..]),
        choice in prop::sample::select(&OnUnknown::ALL[..]),
    ) {
        let (graph, facts) = world(&packages);
        let name = format!("some-part-{}", at.index(packages.len()));
        let package = graph.packages.iter().position(|package| package.id.name == name).unwrap();
        let package = PackageIndex::try_from(package).unwrap();
        let is_direct = graph.roots[0].usage(package).unwrap().direct == Some(true);
        let had_project = facts.health.project_of(package).is_ok();
        let mut poorer = facts.clone();
        taken.take(&mut poorer, package);

        let policy = policy(level, choice);
        let (before, ledger_before) = look(&graph, &facts, &policy);
        let (after, ledger) = look(&graph, &poorer, &policy);
        for rule in rule::rules() {
            let missed = ledger.get(&(rule.id, taken.missing())).copied();
            let (had, has) = (prints(&before, rule.id), prints(&after, rule.id));
            if rule.id == ACQUITTED && matches!(taken, Taken::Scorecard | Taken::Repository) {
                continue;
            }
            prop_assert!(has.is_subset(&had), "{}: not to know makes no finding", rule.id);
            prop_assert!(missed.is_none_or(|packages| packages == 1), "{}: {missed:?}", rule.id);
            // Of what is out of a rule's scope, only what happens to be known counts: nobody was asked about it.
            let is_in_scope = is_direct || policy.rules[rule.id].scope() == Scope::All;
            prop_assert!(has == had || missed.is_some() || !is_in_scope, "{}: nothing is said", rule.id);
            prop_assert!(missed.is_none() || is_in_scope, "{}: out of scope", rule.id);
            prop_assert!(had.len() - has.len() <= 1, "{}", rule.id);
            // Nothing else is missed more, but where a finding is gone that made it not matter.
            for (&(_, missing), &packages) in ledger.iter().filter(|((id, _), _)| *id == rule.id) {
                let was = ledger_before.get(&(rule.id, missing)).copied().unwrap_or(0);
                let most = was + had.len() - has.len();
                prop_assert!(missing == taken.missing() || packages <= most, "{}: {missing:?}", rule.id);
            }
            let of_rule = |ledger: &Ledger| -> usize {
                ledger.iter().filter(|((id, _), _)| *id == rule.id).map(|(_, packages)| packages).sum()
            };
            prop_assert!(missed.is_some() || of_rule(&ledger) == of_rule(&ledger_before), "{}", rule.id);
            let decides = taken.decides().contains(&rule.id) && (had_project || taken != Taken::Scorecard);
            prop_assert!(!(is_direct && decides) || missed == Some(1), "{} needs it and does not miss it", rule.id);
        }
        let others = |findings: Vec<Finding>| -> Vec<Finding> {
            findings.into_iter().filter(|finding| !is_about(finding, package)).collect()
        };
        prop_assert_eq!(others(before), others(after), "other packages are none of its business");

        let report = report(&graph, &poorer, &policy);
        let told: Ledger = if level >= Level::Warn { ledger } else { Ledger::new() };
        let told: BTreeSet<_> = told.into_iter().map(|((rule, missing), packages)| (rule, missing.source, packages)).collect();
        let said: BTreeSet<_> = report.unknowns.iter().map(|u| (u.rule, u.source, u.packages)).collect();
        prop_assert_eq!(said, told);
        prop_assert!(report.unknowns.iter().all(|unknown| unknown.outcome == choice));
        prop_assert_eq!(report.verdict(), verdict_of(&report, choice));
    }
}
