//! What is right in a policy and does nothing, or soon will do nothing.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Override, Policy, Provenance, threshold};
use crate::model::{Data, Level, Location};

/// How many days before its end an exception is warned about, as in a scan.
const SOON: i32 = super::exception::SOON;

impl Policy {
    /// What whoever keeps the policy should know, each with its place; in the order of the file.
    pub fn warnings(&self, today: Date) -> Vec<String> {
        let mut warnings: Vec<(Option<Location>, String)> = Vec::new();
        self.of_exceptions(today, &mut warnings);
        self.of_overrides(&mut warnings);
        self.of_rules(&mut warnings);
        warnings.sort();
        let text = |(place, message): (Option<Location>, String)| match place {
            Some(place) => format!("{}:{}:{}: {message}", place.path, place.line, place.column),
            None => message,
        };
        warnings.into_iter().map(text).collect()
    }

    fn of_exceptions(&self, today: Date, warnings: &mut Vec<(Option<Location>, String)>) {
        for exception in &self.exceptions {
            let Some(day) = exception.expires else { continue };
            let left = today.until(day).map_or(i32::MAX, |span| span.get_days());
            let message = match left {
                left if left < 0 => format!("the exception for {} ended on {day}: it covers nothing", exception.id()),
                left if left <= SOON => format!("the exception for {} ends on {day}", exception.id()),
                _ => continue,
            };
            warnings.push((Some(exception.location.clone()), message));
        }
    }

    fn of_overrides(&self, warnings: &mut Vec<(Option<Location>, String)>) {
        let ids: BTreeSet<&str> = self.rules.keys().copied().collect();
        for (at, one) in self.overrides.iter().enumerate() {
            let is_off = |id: &&str| self.rules.get(*id).is_none_or(|settings| settings.level == Level::Off);
            let message = if ids.iter().filter(|id| one.is_of(id)).all(is_off) {
                "this override never holds: every rule that it is about is off"
            } else if self.overrides[at + 1..].iter().any(|later| hides(later, one)) {
                "this override never holds: a later one holds wherever it would"
            } else {
                continue;
            };
            warnings.push((Some(one.location.clone()), message.to_owned()));
        }
    }

    fn of_rules(&self, warnings: &mut Vec<(Option<Location>, String)>) {
        for (id, settings) in &self.rules {
            let place =
                |key: &str| self.places.get(&format!("rules.{id}.{key}")).and_then(Provenance::location).cloned();
            if settings.level == Level::Off {
                let prefix = format!("rules.{id}.");
                let of_rule = self.places.iter().filter(|(key, _)| key.starts_with(&prefix));
                for (key, found) in of_rule.filter(|(key, _)| !key.ends_with(".level")) {
                    let key = key.trim_start_matches(&prefix);
                    let message = format!("`{key}` has no effect: {id} is off");
                    warnings.push((found.location().cloned(), message));
                }
            }
            if settings.level >= Level::Warn && settings.is_idle() {
                let keys: Vec<&str> = settings.rule.parameters.iter().map(|parameter| parameter.key).collect();
                let message = format!("{id} finds nothing until `{}` names something", keys.join("`, `"));
                warnings.extend(place("level").map(|place| (Some(place), message)));
            }
            let is_of_service = |data: &Data| {
                !matches!(data, Data::Local | Data::Advisories | Data::Remedies | Data::Exploited | Data::Epss)
            };
            let is_given = settings.level == Level::Deny && settings.is_level_given;
            if is_given && settings.rule.data.iter().all(is_of_service) {
                let message = format!(
                    "{id} is denied, and its data comes from services: a run with --offline knows only what was kept of \
                     earlier answers"
                );
                warnings.extend(place("level").map(|place| (Some(place), message)));
            }
            if settings.rule.id == super::KNOWN_VULNERABILITY
                && let Some(found) = place("min-severity")
                && threshold(settings, self.profile) == crate::model::Severity::None
            {
                let message = "`min-severity = \"none\"` also judges what was scored 0.0".to_owned();
                warnings.push((Some(found), message));
            }
        }
    }
}

/// Whether an override holds wherever an earlier one does.
fn hides(later: &Override, one: &Override) -> bool {
    let is_setting = |one: &Override| one.at_least.is_none();
    is_setting(later)
        && is_setting(one)
        && (later.rules.is_empty() || later.rules == one.rules)
        && (later.kinds.is_none() || later.kinds == one.kinds)
        && (later.scope.is_none() || later.scope == one.scope)
        && (later.filter.is_empty() || later.filter == one.filter)
}
