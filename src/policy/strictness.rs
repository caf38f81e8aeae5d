//! What every setting of a policy is, and which of two values is the stricter one. The only place that says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{KNOWN_VULNERABILITY, Override, Policy, Profile, RuleSettings, UNMAINTAINED_PACKAGE};
use crate::model::{DependencyKind, Level, Scope, Setting, Severity, Stricter};

/// Of more things than this, only those are named that another value has not.
const NAMED: usize = 6;

/// How one value stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// It denies all that the other does, and perhaps more.
    Stricter,
    /// It denies nothing that the other does not, and perhaps less.
    Milder,
    /// Neither can be said.
    Incomparable,
}

/// The value of a setting, seen by what it makes of findings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    sort: Sort,
    /// As a policy writes it.
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Sort {
    /// The higher, the stricter.
    Rank(i64),
    /// The higher or the lower, the stricter.
    Number(f64, Stricter),
    /// Some things; more of them or fewer are stricter. What it means that there are none is told apart.
    Set(BTreeSet<String>, Stricter, Empty),
    /// A least score for each of some checks.
    Scores(BTreeMap<String, f64>),
    /// Of two different ones none is stricter.
    Plain,
}

/// What an empty set means.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Empty {
    /// No more than that.
    Itself,
    /// Everything: the strictest.
    Everything,
    /// That nothing is looked for: the mildest.
    Idle,
}

impl Value {
    fn rank(rank: i64, text: impl Into<String>) -> Self {
        Self { sort: Sort::Rank(rank), text: text.into() }
    }

    fn set(members: BTreeSet<String>, stricter: Stricter, empty: Empty) -> Self {
        let text = match empty {
            Empty::Everything | Empty::Idle if members.is_empty() => "any".to_owned(),
            _ => format!("{:?}", members.iter().collect::<Vec<_>>()),
        };
        Self { sort: Sort::Set(members, stricter, empty), text }
    }

    /// As a policy writes it; of many things those that the other value has not, and how many there are.
    pub(super) fn beside(&self, other: Option<&Self>) -> String {
        match (&self.sort, other.map(|other| &other.sort)) {
            (Sort::Set(all, ..), Some(Sort::Set(others, ..))) if all.len().max(others.len()) > NAMED => {
                let own: Vec<String> = all.difference(others).take(NAMED).map(|one| format!("{one:?}")).collect();
                let more = if own.len() == all.len() {
                    ""
                } else if own.is_empty() {
                    "…"
                } else {
                    ", …"
                };
                format!("[{}{more}] ({} in all)", own.join(", "), all.len())
            }
            _ => self.text.clone(),
        }
    }

    /// How a value stands to this one; `None`: it is the same.
    pub(super) fn direction_to(&self, other: &Self) -> Option<Direction> {
        match (&self.sort, &other.sort) {
            (Sort::Rank(a), Sort::Rank(b)) => by(b > a, a > b),
            (Sort::Number(a, stricter), Sort::Number(b, _)) => match stricter {
                Stricter::Higher => by(b > a, a > b),
                Stricter::Lower => by(b < a, a < b),
            },
            (Sort::Set(a, stricter, empty), Sort::Set(b, ..)) => {
                if a == b {
                    return None;
                }
                match (empty, a.is_empty(), b.is_empty()) {
                    (Empty::Everything, true, _) | (Empty::Idle, _, true) => Some(Direction::Milder),
                    (Empty::Everything, _, true) | (Empty::Idle, true, _) => Some(Direction::Stricter),
                    _ => {
                        let (more, fewer) = (a.is_subset(b), b.is_subset(a));
                        let (up, down) = if *stricter == Stricter::Higher { (more, fewer) } else { (fewer, more) };
                        by(up, down).or(Some(Direction::Incomparable))
                    }
                }
            }
            (Sort::Scores(a), Sort::Scores(b)) => {
                let covers = |one: &BTreeMap<String, f64>, other: &BTreeMap<String, f64>| {
                    other.iter().all(|(check, least)| one.get(check).is_some_and(|score| score >= least))
                };
                if a == b { None } else { by(covers(b, a), covers(a, b)).or(Some(Direction::Incomparable)) }
            }
            _ if self == other => None,
            _ => Some(Direction::Incomparable),
        }
    }
}

/// The direction, where one of two is told.
fn by(stricter: bool, milder: bool) -> Option<Direction> {
    match (stricter, milder) {
        (true, false) => Some(Direction::Stricter),
        (false, true) => Some(Direction::Milder),
        _ => None,
    }
}

/// The severity from which on a rule judges vulnerabilities.
pub(super) fn threshold(settings: &RuleSettings, profile: Profile) -> Severity {
    settings.min_severity.unwrap_or(if is_graded(settings, profile) { Severity::High } else { Severity::Low })
}

/// Whether fix and severity choose the level.
pub(super) fn is_graded(settings: &RuleSettings, profile: Profile) -> bool {
    settings.rule.id == KNOWN_VULNERABILITY && !settings.is_level_given && profile == Profile::Brownfield
}

/// The values of a rule's settings, by key.
pub(super) fn of_rule(settings: &RuleSettings, profile: Profile) -> BTreeMap<&'static str, Value> {
    let mut values = BTreeMap::new();
    let graded = is_graded(settings, profile) && settings.level == Level::Deny;
    let level = match settings.level {
        Level::Off => 0,
        Level::Allow => 1,
        Level::Warn => 2,
        Level::Deny => 4 - i64::from(graded),
    };
    let graded = if graded { ", graded by severity and fix" } else { "" };
    values.insert("level", Value::rank(level, format!("\"{}\"{graded}", settings.level)));
    let kinds = DependencyKind::ALL.into_iter().filter(|&kind| settings.kinds.is_none_or(|kinds| kinds.contains(kind)));
    let mut kinds = Value::set(kinds.map(|kind| kind.as_str().to_owned()).collect(), Stricter::Higher, Empty::Itself);
    if settings.kinds.is_none() {
        "every kind".clone_into(&mut kinds.text);
    }
    values.insert("kinds", kinds);
    let scope = match (settings.scope, settings.rule.scope) {
        (Some(Scope::All), _) => 2,
        (None, Scope::All) => 2 - i64::from(settings.rule.id == UNMAINTAINED_PACKAGE),
        (Some(Scope::Direct), _) | (None, Scope::Direct) => 0,
    };
    values.insert("scope", Value::rank(scope, format!("\"{}\"", settings.scope().as_str())));
    let filter = &settings.filter;
    let all = |texts: BTreeSet<String>| Value::set(texts, Stricter::Higher, Empty::Everything);
    values.insert("ecosystems", all(filter.ecosystems.iter().map(|one| one.word().to_owned()).collect()));
    values.insert("paths", all(filter.paths.iter().map(|one| one.as_str().to_owned()).collect()));
    values.insert("packages", all(filter.packages.iter().map(|one| one.text.clone()).collect()));
    if settings.rule.id == KNOWN_VULNERABILITY {
        let least = threshold(settings, profile);
        values.insert("min-severity", Value::rank(-rank_of(least), format!("\"{least}\"")));
        let unscored = settings.unscored_as;
        values.insert("unscored-as", Value::rank(rank_of(unscored), format!("\"{unscored}\"")));
    }
    let unknown = settings.on_unknown;
    values.insert("on-unknown", Value::rank(unknown as i64, format!("\"{}\"", unknown.as_str())));
    for parameter in settings.rule.parameters {
        let default = (parameter.default)();
        let setting = settings.values.get(parameter.key).unwrap_or(&default);
        values.insert(parameter.key, of_parameter(setting, parameter.stricter, &default));
    }
    values
}

fn rank_of(severity: Severity) -> i64 {
    severity as i64
}

fn of_parameter(setting: &Setting, stricter: Stricter, default: &Setting) -> Value {
    let text = setting.to_string();
    let sort = match setting {
        Setting::Score(number) | Setting::Share(number) => Sort::Number(*number, stricter),
        Setting::Days(number) | Setting::Count(number) => Sort::Number(f64::from(*number), stricter),
        Setting::Word(word, of) => {
            let place = of.iter().position(|one| one == word).and_then(|place| i64::try_from(place).ok());
            let place = place.unwrap_or_default();
            Sort::Rank(if stricter == Stricter::Higher { place } else { -place })
        }
        Setting::Names(names) | Setting::Licenses(names) => {
            let is_idle = matches!(default, Setting::Names(names) | Setting::Licenses(names) if names.is_empty());
            // Where fewer are stricter and none means that nothing is looked for, none is the mildest of all.
            let empty = if is_idle && stricter == Stricter::Lower { Empty::Idle } else { Empty::Itself };
            return Value { sort: Sort::Set(names.iter().cloned().collect(), stricter, empty), text };
        }
        Setting::Scores(scores) => Sort::Scores(scores.iter().cloned().collect()),
    };
    Value { sort, text }
}

/// The values of what a policy says once, by key.
pub(super) fn of_whole(policy: &Policy) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    let profile = policy.profile;
    let rank = i64::from(profile == Profile::Greenfield);
    values.insert("extends".to_owned(), Value::rank(rank, format!("\"{}\"", profile.as_str())));
    values.insert("max-age".to_owned(), Value::rank(-policy.max_age.as_hours(), super::show::age(policy.max_age)));
    let test_data = policy.test_data;
    values.insert("test-data".to_owned(), Value::rank(test_data as i64, format!("\"{test_data}\"")));
    let days = policy.max_exception_days;
    let text = days.map_or("no bound".to_owned(), |days| days.to_string());
    values.insert("max-exception-days".to_owned(), Value::rank(-days.map_or(i64::MAX, i64::from), text));
    let registries = policy.registries.iter().cloned().collect();
    values.insert("registries".to_owned(), Value::set(registries, Stricter::Lower, Empty::Idle));
    let private = policy.private_registries.iter().cloned().collect();
    values.insert("registries.private".to_owned(), Value::set(private, Stricter::Lower, Empty::Itself));
    let internal = policy.internal.iter().map(|one| one.as_str().to_owned()).collect();
    values.insert("internal".to_owned(), Value::set(internal, Stricter::Lower, Empty::Itself));
    let exclude = policy.exclude.iter().cloned().collect();
    values.insert("exclude".to_owned(), Value::set(exclude, Stricter::Lower, Empty::Itself));
    let plain = |text: String| Value { sort: Sort::Plain, text };
    // Rules about the project look at nothing where nobody says what it is.
    let project = policy.project.as_ref();
    let text = project.map_or("none".to_owned(), |project| format!("{project:?}"));
    let sort = Sort::Set(project.into_iter().cloned().collect(), Stricter::Higher, Empty::Itself);
    values.insert("project".to_owned(), Value { sort, text });
    for (service, address) in &policy.sources {
        values.insert(format!("sources.{service}"), plain(format!("{:?}", address.text)));
    }
    values
}

/// Which way an override that was not there leads.
pub(super) fn of_override(one: &Override) -> Direction {
    match (one.level, one.at_least, one.min_severity) {
        (None, Some(_), _) | (Some(Level::Deny), None, None) => Direction::Stricter,
        (Some(Level::Allow | Level::Off), None, _) => Direction::Milder,
        _ => Direction::Incomparable,
    }
}
