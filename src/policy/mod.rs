//! What is accepted: policies, how they are read, and what they decide about findings.
//!
//! A policy starts as a [`Profile`] and is changed by a file (`osprey.toml`, [`parse`]) and by flags
//! ([`Policy::set_level`]). [`decide`] holds findings against it. Nothing here reads a file or a clock, and nothing
//! knows how findings are found: rules are known by their constants, which the caller hands in.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::expression::CustomRule;
use crate::model::{
    Data, Diagnostic, Kinds, Level, Location, OnUnknown, PackageId, PolicyOrigin, PolicySummary, RepoPath, Rule, Scope,
    Setting, Severity, SourceKind,
};

mod baseline;
mod changed;
mod decide;
mod differences;
mod draft;
mod example;
mod exception;
mod parse;
mod pattern;
mod priority;
mod scope;
mod show;
mod strictness;
mod tighten;
pub mod vex;
mod warnings;

pub use baseline::{Baseline, BaselineError, Earlier, Entry, LARGEST as LARGEST_BASELINE, Since, compare};
pub use changed::{BaselineFile, PolicyState, loosened};
pub use decide::decide;
pub use differences::{Difference, differences};
pub use draft::draft;
pub use example::{Answer, Case, Described, Example, Given, Outcome, Stated, run_example};
pub use exception::{Exception, PackagePattern};
pub use parse::{Addition, LARGEST, PolicyError, ReadFile, Reading, load, parse, schema};
pub use pattern::{NamePattern, PathPattern};
pub use priority::order;
pub use scope::Filter;
pub use strictness::Direction;
use strictness::threshold;

/// The rule whose level is graded by severity and fix.
const KNOWN_VULNERABILITY: &str = "known-vulnerability";
/// Its parameter that lifts an advisory over the threshold of severity, by its EPSS score.
const MIN_EPSS: &str = "min-epss";
/// The rule that is milder about transitive packages.
const UNMAINTAINED_PACKAGE: &str = "unmaintained-package";
/// The rule that is graver about packages that were not there before.
const LOOKALIKE_NAME: &str = "lookalike-name";
/// Rules that no exception covers without naming them.
const MALICIOUS_PACKAGE: &str = "malicious-package";
/// The rule of what a change loosens: no baseline covers it, and it is no test data wherever the file lies.
const POLICY_CHANGED: &str = "policy-changed";
const KNOWN_EXPLOITED: &str = "known-exploited";

/// How old the advisory index may be unless the policy says otherwise.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A set of default levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Every check is on: for new projects.
    Greenfield,
    /// The most important first, so that reports stay manageable: for projects that have a history.
    Brownfield,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Greenfield, Self::Brownfield];

    /// The word that policies, flags and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greenfield => "greenfield",
            Self::Brownfield => "brownfield",
        }
    }

    /// The profile of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == word)
    }
}

/// What a policy says about one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSettings {
    /// The rule.
    pub rule: &'static Rule,
    /// The level; the profile's unless [`RuleSettings::is_level_given`].
    pub level: Level,
    /// Whether a file or a flag gave the level. Then it holds for every finding that no other setting takes out, and
    /// the profile's grading by fix and severity does not.
    pub is_level_given: bool,
    /// Below it, a vulnerability is allowed; `None`: as the profile has it.
    pub min_severity: Option<Severity>,
    /// Packages that are known to be for none of these are allowed; `None`: no package is.
    pub kinds: Option<Kinds>,
    /// Which packages it judges; `None`: as the rule and the profile have it.
    pub scope: Option<Scope>,
    /// Where and of what packages it judges; elsewhere its findings are allowed.
    pub filter: Filter,
    /// What a vulnerability counts as that nobody rated.
    pub unscored_as: Severity,
    /// What happens where its data is not known.
    pub on_unknown: OnUnknown,
    /// The rule's own parameters that the policy sets, by key.
    pub values: BTreeMap<&'static str, Setting>,
}

impl RuleSettings {
    fn of(rule: &'static Rule, profile: Profile) -> Self {
        let level = match profile {
            Profile::Greenfield => rule.greenfield,
            Profile::Brownfield => rule.brownfield,
        };
        let on_unknown = match rule.id {
            MALICIOUS_PACKAGE | KNOWN_VULNERABILITY => OnUnknown::Incomplete,
            _ => OnUnknown::Warn,
        };
        Self {
            rule,
            level,
            is_level_given: false,
            min_severity: None,
            kinds: None,
            scope: None,
            filter: Filter::default(),
            unscored_as: Severity::High,
            on_unknown,
            values: BTreeMap::new(),
        }
    }

    /// Which packages it judges.
    pub fn scope(&self) -> Scope {
        self.scope.unwrap_or(self.rule.scope)
    }

    /// Whether it finds nothing until the policy gives it names to look for.
    fn is_idle(&self) -> bool {
        self.rule.parameters.iter().any(|parameter| {
            let is_empty = |setting: &Setting| matches!(setting, Setting::Names(names) | Setting::Licenses(names) if names.is_empty());
            self.values.get(parameter.key).map_or_else(|| is_empty(&(parameter.default)()), is_empty)
        })
    }

    fn set_level(&mut self, level: Level) {
        self.level = level;
        self.is_level_given = true;
    }
}

/// Another level for some of what rules find.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The rules; empty: all.
    pub rules: Vec<&'static Rule>,
    /// What a package must be for, and for nothing else.
    pub kinds: Option<Kinds>,
    /// Whether only direct dependencies are meant.
    pub scope: Option<Scope>,
    /// Where and of what packages.
    pub filter: Filter,
    /// The level that holds instead; only for what is there in no other way.
    pub level: Option<Level>,
    /// The level that holds at least; for what is there in any such way.
    pub at_least: Option<Level>,
    /// The severity below which a vulnerability is allowed.
    pub min_severity: Option<Severity>,
    /// Where it stands in the policy file.
    pub location: Location,
}

impl Override {
    /// Whether it is about that rule.
    pub fn is_of(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|one| one.id == rule)
    }

    /// The gravest level that it can give.
    fn gravest(&self) -> Option<Level> {
        self.level.max(self.at_least)
    }
}

/// In which bounds the scanned tree may add exceptions to a policy of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// The rules that such an exception may name; it must name one.
    pub rules: Vec<&'static Rule>,
    /// How many days ahead it may end at the most.
    pub max_days: u32,
    /// The gravest severity of a vulnerability that it covers.
    pub max_severity: Option<Severity>,
}

/// Where a value of a policy comes from, where neither the profile nor the program gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// It stands in a file.
    File(Location),
    /// It stands in the policy of the scanned tree and is stricter than the caller's.
    Tightened(Location),
    /// The caller gave it as a flag.
    Flag(&'static str),
}

impl Provenance {
    /// The place in a file.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::File(location) | Self::Tightened(location) => Some(location),
            Self::Flag(_) => None,
        }
    }
}

/// An address that a policy gives for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAddress {
    /// The address as it is written.
    pub text: String,
    /// Where it stands: `osprey.toml:3:7`.
    pub place: String,
}

/// A policy in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The profile that it starts from.
    pub profile: Profile,
    /// Where it came from.
    pub origin: PolicyOrigin,
    /// The file, as the caller named it; in the scanned tree, relative to its root.
    pub path: Option<String>,
    /// SHA-256 of the file's text, hexadecimal.
    pub sha256: Option<String>,
    /// How old the advisory index may be; an older one makes an offline run incomplete.
    pub max_age: SignedDuration,
    /// Names of packages that are private: no service is asked about them.
    pub internal: Vec<NamePattern>,
    /// Registries that packages may come from besides the public one: hosts, or addresses below which everything is
    /// meant. Empty: any.
    pub registries: Vec<String>,
    /// Registries whose packages are private, written in the same way: no service is asked about them.
    pub private_registries: Vec<String>,
    /// The gravest level that a finding in test data can have.
    pub test_data: Level,
    /// How many days ahead an exception may end.
    pub max_exception_days: Option<u32>,
    /// What it says about each rule, by id.
    pub rules: BTreeMap<&'static str, RuleSettings>,
    /// Its own rules, in the order of the file. What it says about each stands in [`Policy::rules`] as well.
    pub custom: Vec<&'static CustomRule>,
    /// What the file says that it does, for `osprey policy test`; those of files that it extends are not here.
    pub examples: Vec<Example>,
    /// The scanned project itself, as services know it: `github.com/owner/name`.
    pub project: Option<String>,
    /// Other addresses of services, by their names; only of a policy that the caller names.
    pub sources: BTreeMap<&'static str, SourceAddress>,
    /// Globs as in `.gitignore`, relative to the root of the tree: what fits is not scanned.
    pub exclude: Vec<String>,
    /// Other levels for some of what rules find. The last that holds wins.
    pub overrides: Vec<Override>,
    /// In which bounds the scanned tree may add exceptions.
    pub delegate: Option<Delegate>,
    /// The file of its baseline; in the scanned tree, relative to its root.
    pub baseline: Option<String>,
    /// Its exceptions, in the order of the file.
    pub exceptions: Vec<Exception>,
    /// What is to be said about it in the report: what of the tree's policy does not hold.
    pub remarks: Vec<Diagnostic>,
    /// The policy of the scanned tree, where it may only tighten this one.
    pub tightened_by: Option<String>,
    /// The policy of the scanned tree that could not be read, and how many mistakes it has. What it would have tightened
    /// nobody knows: the run is incomplete.
    pub unread: Option<(RepoPath, usize)>,
    /// Where each value comes from, by its dotted key (`rules.known-vulnerability.level`, `internal.@acme/*`). What is
    /// not here is as the profile or the program has it.
    pub places: BTreeMap<String, Provenance>,
    /// VEX documents that the caller hands in, in the caller's order.
    pub vex: Vec<vex::Document>,
}

/// The dotted key of a rule's level.
fn level_key(rule: &str) -> String {
    format!("rules.{rule}.level")
}

/// The key of the place of a rule of the policy's own: the line of its `[[custom]]`.
fn custom_key(rule: &str) -> String {
    format!("custom.{rule}")
}

/// A rule that a flag names and that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule {}{}", parse::quoted(.name), parse::did_you_mean(.nearest.as_deref()))]
pub struct UnknownRule {
    /// What was named.
    pub name: String,
    /// The rule whose id comes nearest.
    pub nearest: Option<String>,
}

impl Policy {
    /// The policy that is nothing but a profile, over those rules.
    pub fn built_in(profile: Profile, rules: &[&'static Rule]) -> Self {
        Self {
            profile,
            origin: PolicyOrigin::BuiltIn,
            path: None,
            sha256: None,
            max_age: MAX_AGE,
            internal: Vec::new(),
            registries: Vec::new(),
            private_registries: Vec::new(),
            test_data: Level::Warn,
            max_exception_days: None,
            rules: rules.iter().map(|rule| (rule.id, RuleSettings::of(rule, profile))).collect(),
            custom: Vec::new(),
            examples: Vec::new(),
            project: None,
            sources: BTreeMap::new(),
            exclude: Vec::new(),
            overrides: Vec::new(),
            delegate: None,
            baseline: None,
            exceptions: Vec::new(),
            remarks: Vec::new(),
            tightened_by: None,
            unread: None,
            places: BTreeMap::new(),
            vex: Vec::new(),
        }
    }

    /// Whether a text names a project as services do: a host, an owner and a name.
    pub fn is_project(text: &str) -> bool {
        let parts: Vec<&str> = text.split('/').collect();
        let is_plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && *part != ".."
        };
        parts.len() >= 3 && parts.len() <= 8 && parts[0].contains('.') && parts.iter().all(is_plain)
    }

    /// Gives a rule a level, as `--deny`, `--warn` and `--allow` do. No override changes it.
    pub fn set_level(&mut self, rule: &str, level: Level) -> Result<(), UnknownRule> {
        match self.rules.get_mut(rule) {
            Some(settings) => {
                settings.set_level(level);
                let flag = match level {
                    Level::Deny => "--deny",
                    Level::Warn => "--warn",
                    Level::Allow => "--allow",
                    Level::Off => "the command",
                };
                self.places.insert(level_key(rule), Provenance::Flag(flag));
                Ok(())
            }
            None => {
                let nearest = parse::nearest(rule, self.rules.keys().copied()).map(str::to_owned);
                Err(UnknownRule { name: rule.to_owned(), nearest })
            }
        }
    }

    /// Denies that the policy of the base holds nothing, so that no change is judged by its own policy alone.
    pub fn deny_unheld(&mut self) {
        if let Some(settings) = self.rules.get_mut(POLICY_CHANGED) {
            settings.set_level(Level::Deny);
        }
    }

    /// Allows vulnerabilities below a severity, as `--min-severity` does, and judges those from it on.
    pub fn set_min_severity(&mut self, severity: Severity) {
        if let Some(settings) = self.rules.get_mut(KNOWN_VULNERABILITY) {
            settings.min_severity = Some(severity);
            self.places.insert(format!("rules.{KNOWN_VULNERABILITY}.min-severity"), Provenance::Flag("--min-severity"));
        }
        for one in &mut self.overrides {
            one.min_severity = None;
        }
    }

    /// Where a key stands, `osprey.toml:3:7`, where it stands in a file.
    pub fn place(&self, key: &str) -> Option<String> {
        let Location { path, line, column, .. } = self.places.get(key)?.location()?;
        Some(format!("{path}:{line}:{column}"))
    }

    /// Whether a flag gave the level of a rule.
    fn is_level_of_flag(&self, rule: &str) -> bool {
        matches!(self.places.get(&level_key(rule)), Some(Provenance::Flag(_)))
    }

    /// Whether a package was declared private, by its name or by its registry, so that no service may hear its name.
    pub fn is_internal(&self, id: &PackageId) -> bool {
        let is_of_registry = matches!(id.source.kind, SourceKind::Registry | SourceKind::Unknown);
        self.internal.iter().any(|pattern| pattern.matches(id))
            || (is_of_registry && self.private_registries.iter().any(|registry| id.source.is_below(registry)))
    }

    /// Where a rule of its own stands.
    pub fn custom_place(&self, rule: &str) -> Option<&Location> {
        self.places.get(&custom_key(rule)).and_then(Provenance::location)
    }

    /// The rules that are to be evaluated, by id.
    pub fn active(&self) -> Vec<&'static Rule> {
        self.rules.values().filter(|settings| settings.level != Level::Off).map(|settings| settings.rule).collect()
    }

    /// Ids of the rules that are not to be evaluated.
    pub fn off(&self) -> Vec<&'static str> {
        self.rules.values().filter(|settings| settings.level == Level::Off).map(|settings| settings.rule.id).collect()
    }

    /// The rules that are to be evaluated and need that kind of data, with what happens where it is not known.
    pub fn needing(&self, data: Data) -> impl Iterator<Item = (&'static Rule, OnUnknown)> {
        let active = self.rules.values().filter(|settings| settings.level != Level::Off);
        active
            .filter(move |settings| settings.rule.data.contains(&data))
            .map(|settings| (settings.rule, settings.on_unknown))
    }

    /// For each kind of data that is to be fetched, of which packages: what is only counted is evaluated where its data
    /// is at hand and never fetched for.
    pub fn needs(&self) -> BTreeMap<Data, Scope> {
        let mut needs: BTreeMap<Data, Scope> = BTreeMap::new();
        // An override may raise some of what a rule finds above what is only counted.
        let is_fetched_for = |settings: &&RuleSettings| {
            let raised = self.overrides.iter().filter(|one| one.is_of(settings.rule.id)).filter_map(Override::gravest);
            let gravest = raised.fold(settings.level, Level::max);
            settings.level != Level::Off && gravest >= Level::Warn && !settings.is_idle()
        };
        for settings in self.rules.values().filter(is_fetched_for) {
            for data in settings.rule.data {
                let scope = needs.entry(*data).or_insert(Scope::Direct);
                *scope = (*scope).max(settings.scope());
            }
        }
        needs
    }

    /// What happens where data of that kind is not known: the strictest choice of the rules that need it, nothing where
    /// none does.
    pub fn on_unknown(&self, data: Data) -> OnUnknown {
        let is_of_table = |rule: &Rule| self.custom.iter().all(|custom| custom.rule.id != rule.id);
        let of_table = self.needing(data).filter(|(rule, _)| is_of_table(rule));
        of_table.map(|(_, choice)| choice).max().unwrap_or(OnUnknown::Allow)
    }

    /// What reports say about it.
    pub fn summary(&self) -> PolicySummary {
        PolicySummary {
            profile: self.profile.as_str(),
            origin: self.origin,
            path: self.path.clone(),
            sha256: self.sha256.clone(),
            tightened_by: self.tightened_by.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;

    #[test]
    fn rules_named_here_exist() {
        let ids: Vec<&str> = rule::rules().iter().map(|rule| rule.id).collect();
        for id in [LOOKALIKE_NAME, KNOWN_VULNERABILITY, UNMAINTAINED_PACKAGE, MALICIOUS_PACKAGE, KNOWN_EXPLOITED] {
            assert!(ids.contains(&id), "{id}");
        }
        let rules = rule::rules();
        let vulnerability = rules.iter().find(|rule| rule.id == KNOWN_VULNERABILITY).unwrap();
        assert!(vulnerability.parameters.iter().any(|parameter| parameter.key == MIN_EPSS));
    }

    #[test]
    fn flags_name_rules() {
        let mut policy = Policy::built_in(Profile::Brownfield, &rule::rules());
        policy.set_level("unsound-code", Level::Off).unwrap();
        assert_eq!(policy.off(), ["unsound-code"]);
        assert!(policy.active().iter().all(|rule| rule.id != "unsound-code"));
        let error = policy.set_level("unsoundcode", Level::Deny).unwrap_err();
        assert_eq!(error.to_string(), "unknown rule \"unsoundcode\"; did you mean \"unsound-code\"?");
        assert_eq!(policy.set_level("x", Level::Deny).unwrap_err().to_string(), "unknown rule \"x\"");
    }

    #[test]
    fn the_strictest_rule_says_what_the_unknown_does_and_what_is_off_says_nothing() {
        let mut policy = Policy::built_in(Profile::Greenfield, &rule::rules());
        assert_eq!(policy.on_unknown(Data::Advisories), OnUnknown::Incomplete);
        for id in [KNOWN_VULNERABILITY, MALICIOUS_PACKAGE] {
            policy.set_level(id, Level::Off).unwrap();
        }
        assert_eq!(policy.on_unknown(Data::Advisories), OnUnknown::Warn);
        for rule in rule::rules().into_iter().filter(|rule| rule.data.contains(&Data::Advisories)) {
            policy.set_level(rule.id, Level::Off).unwrap();
        }
        assert_eq!(policy.on_unknown(Data::Advisories), OnUnknown::Allow);
        assert_eq!(policy.needing(Data::Advisories).count(), 0);
    }
}
