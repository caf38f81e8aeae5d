//! What differs between two policies, setting by setting, and which of them is the stricter one in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::strictness::{self, Direction, Value};
use super::{Delegate, Exception, Override, Policy, Provenance, RuleSettings};
use crate::model::Location;

/// A setting that differs between two policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its dotted key: `rules.known-vulnerability.min-severity`, `exceptions.CVE-2020-26235`.
    pub key: String,
    /// What one policy has, as a policy writes it; `None`: nothing.
    pub from: Option<String>,
    /// What the other one has.
    pub to: Option<String>,
    /// What that does.
    pub direction: Direction,
    /// Where it stands: in the second policy, else in the first.
    pub place: Option<Location>,
}

/// Everything that differs, by key.
pub fn differences(from: &Policy, to: &Policy) -> Vec<Difference> {
    let mut differences = conditions(from, to);
    let place = |key: &str| {
        let of = |policy: &Policy| policy.places.get(key).and_then(Provenance::location).cloned();
        of(to).or_else(|| of(from))
    };
    let (before, after) = (strictness::of_whole(from), strictness::of_whole(to));
    for key in before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))) {
        let (one, other) = (before.get(key), after.get(key));
        differences.extend(difference(key.clone(), (one, other), place(key)));
    }
    for (id, settings) in &from.rules {
        let Some(others) = to.rules.get(id) else {
            differences.push(rule_that_is_gone_or_new(id, Some(settings), None));
            continue;
        };
        let after = strictness::of_rule(others, to.profile);
        for (key, value) in strictness::of_rule(settings, from.profile) {
            let key_of_rule = format!("rules.{id}.{key}");
            let found = place(&key_of_rule);
            // Where the profile changed, a level that nobody gives changes with it, and is said with it.
            differences.extend(difference(key_of_rule, (Some(&value), after.get(key)), found));
        }
    }
    let new = to.rules.iter().filter(|(id, _)| !from.rules.contains_key(*id));
    differences.extend(new.map(|(id, settings)| rule_that_is_gone_or_new(id, None, Some(settings))));
    differences.extend(delegates(from, to));
    differences.extend(overrides(from, to));
    differences.extend(exceptions(from, to));
    differences.sort_by(|a, b| a.key.cmp(&b.key));
    differences
}

fn difference(
    key: String,
    (from, to): (Option<&Value>, Option<&Value>),
    place: Option<Location>,
) -> Option<Difference> {
    let direction = match (from, to) {
        (Some(from), Some(to)) => from.direction_to(to)?,
        (None, None) => return None,
        _ => Direction::Incomparable,
    };
    let text = |value: Option<&Value>, other: Option<&Value>| value.map(|value| value.beside(other));
    Some(Difference { key, from: text(from, to), to: text(to, from), direction, place })
}

fn rule_that_is_gone_or_new(id: &str, from: Option<&RuleSettings>, to: Option<&RuleSettings>) -> Difference {
    let text = |settings: Option<&RuleSettings>| settings.map(|settings| format!("\"{}\"", settings.level));
    let direction = if to.is_some() { Direction::Stricter } else { Direction::Milder };
    Difference { key: format!("custom.{id}"), from: text(from), to: text(to), direction, place: None }
}

/// Rules of the policies' own that look for something else now.
fn conditions(from: &Policy, to: &Policy) -> Vec<Difference> {
    let before: BTreeMap<&str, &str> =
        from.custom.iter().map(|custom| (custom.rule.id, custom.condition.text())).collect();
    let edited = to.custom.iter().filter_map(|custom| {
        let (id, condition) = (custom.rule.id, custom.condition.text());
        let earlier = before.get(id).filter(|earlier| **earlier != condition)?;
        Some(Difference {
            key: format!("custom.{id}.when"),
            from: Some(format!("{earlier:?}")),
            to: Some(format!("{condition:?}")),
            direction: Direction::Incomparable,
            place: to.custom_place(id).cloned(),
        })
    });
    edited.collect()
}

fn delegates(from: &Policy, to: &Policy) -> Option<Difference> {
    let direction = match (&from.delegate, &to.delegate) {
        (None, None) => return None,
        (Some(one), Some(other)) if one == other => return None,
        (Some(_), None) => Direction::Stricter,
        (None, Some(_)) => Direction::Milder,
        (Some(one), Some(other)) => {
            let covers = |wide: &Delegate, narrow: &Delegate| {
                narrow.rules.iter().all(|rule| wide.rules.contains(rule))
                    && wide.max_days >= narrow.max_days
                    && wide.max_severity >= narrow.max_severity
            };
            match (covers(one, other), covers(other, one)) {
                (true, _) => Direction::Stricter,
                (_, true) => Direction::Milder,
                _ => Direction::Incomparable,
            }
        }
    };
    let text = |delegate: &Option<Delegate>| {
        let delegate = delegate.as_ref()?;
        let rules: Vec<&str> = delegate.rules.iter().map(|rule| rule.id).collect();
        let severity = delegate.max_severity.map_or(String::new(), |severity| format!(", up to {severity}"));
        Some(format!("{} for {} days{severity}", rules.join(", "), delegate.max_days))
    };
    let place = |policy: &Policy| policy.places.get("delegate").and_then(Provenance::location).cloned();
    Some(Difference {
        key: "delegate".to_owned(),
        from: text(&from.delegate),
        to: text(&to.delegate),
        direction,
        place: place(to).or_else(|| place(from)),
    })
}

/// Overrides that are gone or new. Of those that set a level the last that holds wins, so that one that changed its place
/// is both; those with a level at least hold wherever they stand.
fn overrides(from: &Policy, to: &Policy) -> Vec<Difference> {
    let sets = |policy: &Policy, sets: bool| -> Vec<(String, Override)> {
        let all = policy.overrides.iter().filter(|one| one.at_least.is_none() == sets);
        let mut all: Vec<_> = all.map(|one| (super::show::override_in_line(one), one.clone())).collect();
        if !sets {
            all.sort_by(|a, b| a.0.cmp(&b.0));
        }
        all
    };
    let mut differences = gone_and_new(&sets(from, true), &sets(to, true));
    let (before, after) = (sets(from, false), sets(to, false));
    let lacking = |these: &[(String, Override)], those: &[(String, Override)]| -> Vec<(String, Override)> {
        let texts: BTreeSet<&str> = those.iter().map(|(text, _)| text.as_str()).collect();
        these.iter().filter(|(text, _)| !texts.contains(text.as_str())).cloned().collect()
    };
    differences.extend(gone_and_new(&lacking(&before, &after), &lacking(&after, &before)));
    differences
}

/// What is between the first and the last that both have.
fn gone_and_new(before: &[(String, Override)], after: &[(String, Override)]) -> Vec<Difference> {
    let is_same = |(a, b): &(&(String, Override), &(String, Override))| a.0 == b.0;
    let same = before.iter().zip(after).take_while(is_same).count();
    let tail = before[same..].iter().rev().zip(after[same..].iter().rev()).take_while(is_same).count();
    let gone = &before[same..before.len() - tail];
    let new = &after[same..after.len() - tail];
    // One that denies also hides an earlier one that asks for a lower severity than the rule does.
    let is_hiding = after.iter().any(|(_, one)| one.min_severity.is_some());
    let one = |(text, one): &(String, Override), is_new: bool| {
        let text = Some(text.clone());
        let key = format!("overrides.{}:{}", one.location.path, one.location.line);
        let direction = match (strictness::of_override(one), is_new) {
            (Direction::Stricter, true) if is_hiding => Direction::Incomparable,
            (Direction::Stricter, false) => Direction::Milder,
            (Direction::Milder, false) => Direction::Stricter,
            (direction, _) => direction,
        };
        let (from, to) = if is_new { (None, text) } else { (text, None) };
        Difference { key, from, to, direction, place: Some(one.location.clone()) }
    };
    gone.iter().map(|gone| one(gone, false)).chain(new.iter().map(|new| one(new, true))).collect()
}

/// Exceptions that are gone or new, or end on another day.
fn exceptions(from: &Policy, to: &Policy) -> Vec<Difference> {
    let by_id = |policy: &'_ Policy| -> BTreeMap<String, Exception> {
        policy.exceptions.iter().map(|exception| (exception.id(), exception.clone())).collect()
    };
    let end = |exception: &Exception| match (exception.expires, exception.until_fixed) {
        (Some(day), true) => format!("until {day} or fixed"),
        (Some(day), false) => format!("until {day}"),
        (None, _) => "until fixed".to_owned(),
    };
    let (before, after) = (by_id(from), by_id(to));
    let mut differences = Vec::new();
    for id in before.keys().chain(after.keys().filter(|id| !before.contains_key(*id))) {
        let (one, other) = (before.get(id), after.get(id));
        let direction = match (one, other) {
            (Some(one), Some(other)) => {
                let day = |exception: &Exception| exception.expires.unwrap_or(Date::MAX);
                let longer = day(other) > day(one) || (one.until_fixed && !other.until_fixed);
                let shorter = day(other) < day(one) || (!one.until_fixed && other.until_fixed);
                match (longer, shorter) {
                    (false, false) => continue,
                    (true, false) => Direction::Milder,
                    (false, true) => Direction::Stricter,
                    (true, true) => Direction::Incomparable,
                }
            }
            (Some(_), None) => Direction::Stricter,
            (None, _) => Direction::Milder,
        };
        differences.push(Difference {
            key: format!("exceptions.{id}"),
            from: one.map(end),
            to: other.map(end),
            direction,
            place: other.or(one).map(|exception| exception.location.clone()),
        });
    }
    differences
}
