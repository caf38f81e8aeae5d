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
            if is_given && !settings.is_idle() && settings.rule.data.iter().all(is_of_service) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PolicyOrigin;
    use crate::policy::parse;
    use crate::rule;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn warnings(text: &str) -> Vec<String> {
        let text = format!("version = 1\n{text}");
        let policy = parse("osprey.toml", &text, PolicyOrigin::Flag, &rule::rules(), TODAY);
        policy.unwrap_or_else(|errors| panic!("{}\n{text}", errors[0])).warnings(TODAY)
    }

    fn exception(day: &str) -> String {
        format!("[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\nexpires = {day}\n")
    }

    fn over(more: &str) -> String {
        format!("[[overrides]]\n{more}\n")
    }

    #[test]
    fn what_does_nothing_is_said_with_its_place() {
        let files = [
            exception("2026-11-21"),
            exception("2026-11-22"),
            exception("2026-12-06"),
            "[rules]\nlow-scorecard = { level = \"off\", min-score = 3.0, kinds = [\"runtime\"] }\n".to_owned(),
            "[rules]\ndenied-license = \"deny\"\n".to_owned(),
            "[rules]\nlow-scorecard = \"deny\"\n".to_owned(),
            "[rules]\nstale-release = \"off\"\n".to_owned() + &over("rules = [\"stale-release\"]\nlevel = \"deny\""),
            over("packages = [\"pkg:npm/a\"]\nlevel = \"deny\"")
                + &over("packages = [\"pkg:npm/a\"]\nlevel = \"warn\""),
            over("packages = [\"pkg:npm/a\"]\nkinds = [\"dev\"]\nlevel = \"deny\"")
                + &over("packages = [\"pkg:npm/a\"]\nlevel = \"allow\""),
        ];
        let said = files.map(|text| {
            let found = warnings(&text);
            assert!(!found.is_empty(), "{text}");
            found.join("\n")
        });
        insta::assert_snapshot!(said.join("\n"), @r#"
        osprey.toml:2:1: the exception for CVE-1 ended on 2026-11-21: it covers nothing
        osprey.toml:2:1: the exception for CVE-1 ends on 2026-11-22
        osprey.toml:2:1: the exception for CVE-1 ends on 2026-12-06
        osprey.toml:3:46: `min-score` has no effect: low-scorecard is off
        osprey.toml:3:59: `kinds` has no effect: low-scorecard is off
        osprey.toml:3:18: denied-license finds nothing until `allow` names something
        osprey.toml:3:17: low-scorecard is denied, and its data comes from services: a run with --offline knows only what was kept of earlier answers
        osprey.toml:4:1: this override never holds: every rule that it is about is off
        osprey.toml:2:1: this override never holds: a later one holds wherever it would
        osprey.toml:2:1: this override never holds: a later one holds wherever it would
        "#);
    }

    #[test]
    fn what_does_something_is_not_warned_about() {
        let quiet = [
            String::new(),
            exception("2026-12-07"),
            "[rules]\nlow-scorecard = { level = \"warn\", min-score = 3.0 }\n".to_owned(),
            "[rules]\ndenied-license = { level = \"warn\", allow = [\"MIT\"] }\n".to_owned(),
            "[rules]\nknown-vulnerability = \"deny\"\n".to_owned(),
            // The later one holds for less, or asks for a level at least, or is about another package.
            over("packages = [\"pkg:npm/a\"]\nlevel = \"deny\"")
                + &over("packages = [\"pkg:npm/a\"]\nkinds = [\"dev\"]\nlevel = \"allow\""),
            over("packages = [\"pkg:npm/a\"]\nlevel = \"allow\"")
                + &over("packages = [\"pkg:npm/a\"]\nat-least = \"warn\""),
            over("packages = [\"pkg:npm/a\"]\nlevel = \"allow\"")
                + &over("packages = [\"pkg:npm/b\"]\nlevel = \"warn\""),
        ];
        for text in quiet {
            assert_eq!(warnings(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn warnings_stand_in_the_order_of_the_file() {
        let text = exception("2026-11-21") + &over("packages = [\"pkg:npm/a\"]\nlevel = \"deny\"");
        let text =
            text + &over("packages = [\"pkg:npm/a\"]\nlevel = \"warn\"") + "[rules]\ndenied-license = \"deny\"\n";
        let places: Vec<String> = warnings(&text).iter().map(|line| line[..14].to_owned()).collect();
        assert_eq!(places, ["osprey.toml:2:", "osprey.toml:6:", "osprey.toml:13"]);
    }
}
