//! What is loosened from one state of a tree's policy to the next. Tightening is nothing to report.

use std::collections::BTreeSet;

use super::differences::{Difference, differences};
use super::{Baseline, Direction, Entry, Policy, PolicyError, Profile, Provenance};
use crate::model::{Level, Location, PolicyChange, Rule};

/// How many entries of a baseline are named.
const NAMED: usize = 3;

/// The line of the first finding in a baseline as `osprey baseline` writes it.
const FIRST_ENTRY: usize = 4;

/// A tree's policy in one of its states.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyState {
    /// There is none; where it would stand.
    Absent(Option<String>),
    /// It was read.
    Read(Box<Policy>),
    /// It cannot be.
    Broken {
        /// Its file.
        path: String,
        /// Why.
        errors: Vec<PolicyError>,
    },
}

/// The baseline of a tree's policy in one of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineFile {
    /// There is none.
    None,
    /// It was read: its path and what it holds.
    Read(String, Baseline),
    /// It cannot be: its path and why.
    Broken(String, String),
}

/// What is loosened from the first state of a tree's policy and baseline to the second, by place.
pub fn loosened(
    (was, held): (&PolicyState, &BaselineFile),
    (now, holds): (&PolicyState, &BaselineFile),
) -> Vec<PolicyChange> {
    let mut changes = match (was, now) {
        (PolicyState::Absent(_), PolicyState::Absent(_)) => Vec::new(),
        (PolicyState::Broken { path, .. }, PolicyState::Absent(_)) => vec![removed(path)],
        (PolicyState::Read(was), PolicyState::Absent(_)) => vec![removed(was.path.as_deref().unwrap_or_default())],
        (_, PolicyState::Broken { path, errors }) => vec![broken(path, errors)],
        (PolicyState::Broken { path, errors }, PolicyState::Read(now)) => vec![unheld(path, errors, now)],
        (PolicyState::Absent(_), PolicyState::Read(now)) => {
            // A rule of the policy's own was not there before, whatever it leaves out.
            let is_own = |rule: &&Rule| now.custom.iter().any(|custom| custom.rule.id == rule.id);
            let rules: Vec<_> = now.rules.values().map(|settings| settings.rule).filter(|rule| !is_own(rule)).collect();
            Comparison { was: &Policy::built_in(Profile::Brownfield, &rules), now }.run()
        }
        (PolicyState::Read(was), PolicyState::Read(now)) => Comparison { was, now }.run(),
    };
    changes.extend(widened(held, holds));
    changes.sort();
    changes
}

/// The first line of a file.
fn top(path: &str) -> Location {
    Location { path: path.into(), line: 1, column: 1, length: 0 }
}

fn removed(path: &str) -> PolicyChange {
    PolicyChange {
        location: top(path),
        key: "removed".to_owned(),
        message: format!("The change removes the policy {path}; without one, the built-in profile brownfield judges"),
    }
}

fn broken(path: &str, errors: &[PolicyError]) -> PolicyChange {
    let more = match errors.len() {
        0 | 1 => String::new(),
        number => format!(" (and {} more mistakes)", number - 1),
    };
    let location = errors.first().map_or_else(
        || top(path),
        |error| Location { path: error.path.as_str().into(), line: error.line, column: error.column, length: 0 },
    );
    let why = errors.first().map_or("no reason is known", |error| error.message.as_str());
    PolicyChange {
        location,
        key: "broken".to_owned(),
        message: format!("The policy {path} cannot be read any more: {why}{more}"),
    }
}

/// The state before holds the change to nothing.
fn unheld(path: &str, errors: &[PolicyError], now: &Policy) -> PolicyChange {
    let why = errors.first().map(ToString::to_string).unwrap_or_default();
    let message = format!(
        "The policy {path} cannot be read at the merge base ({why}): what it held this change to is not known, and that of \
         the change only tightens what holds without one"
    );
    PolicyChange { location: top(now.path.as_deref().unwrap_or(path)), key: "unheld".to_owned(), message }
}

/// Two policies under comparison: what [`differences`] finds between them, without what is stricter.
struct Comparison<'c> {
    was: &'c Policy,
    now: &'c Policy,
}

impl Comparison<'_> {
    fn run(&self) -> Vec<PolicyChange> {
        let found = differences(self.was, self.now);
        let is_milder = |one: &&Difference| one.direction != Direction::Stricter;
        let of_profile = found.iter().any(|one| one.key == "extends" && one.direction == Direction::Milder);
        let keys: BTreeSet<&str> = found.iter().filter(is_milder).map(|one| one.key.as_str()).collect();
        let is_said = |one: &&Difference| {
            // What follows from the profile, or from the level of the same rule, is said with it.
            let Some((rule, key)) = one.key.strip_prefix("rules.").and_then(|key| key.rsplit_once('.')) else {
                return false;
            };
            let is_given = |policy: &Policy| policy.places.contains_key(&one.key);
            let of_level = key == "min-severity" && keys.contains(super::level_key(rule).as_str());
            (of_profile || of_level) && !is_given(self.was) && !is_given(self.now)
        };
        found.iter().filter(is_milder).filter(|one| !is_said(one)).map(|one| self.change(one)).collect()
    }

    fn change(&self, one: &Difference) -> PolicyChange {
        let (kind, rest) = one.key.split_once('.').unwrap_or((&one.key, ""));
        let (from, to) = (one.from.as_deref().unwrap_or("nothing"), one.to.as_deref().unwrap_or("nothing"));
        let is_new = one.from.is_none();
        let message = match kind {
            "overrides" => match (is_new, one.direction) {
                (true, Direction::Milder) => format!("The policy has a new override that makes it milder: {to}"),
                (true, _) => format!("The policy has a new override that can make it milder: {to}"),
                (false, Direction::Milder) => {
                    format!("The policy has lost an override that made it stricter: {from}")
                }
                (false, _) => format!("The policy has lost an override that can have made it stricter: {from}"),
            },
            "exceptions" if is_new => format!("The policy has a new exception: {rest}, {to}"),
            "exceptions" if one.direction == Direction::Milder => {
                format!("The exception {rest} holds longer now: {to}, not {from}")
            }
            "exceptions" => format!("The exception {rest} has another end now: {to}, not {from}"),
            "custom" if one.to.is_none() => format!("The policy's own rule {rest} is gone; its level was {from}"),
            "custom" => {
                let id = rest.trim_end_matches(".when");
                format!("The policy's own rule {id} is edited: its `when` was {from} and is {to}")
            }
            _ => of_setting(one, from, to),
        };
        // An override has no name of its own, and lines move.
        let key =
            if kind == "overrides" { format!("overrides.{}", if is_new { to } else { from }) } else { one.key.clone() };
        PolicyChange { location: self.place(one), key, message }
    }

    /// Where it stands now, else where its neighbours do, else the first line.
    fn place(&self, one: &Difference) -> Location {
        if matches!(one.key.split_once('.'), Some(("overrides" | "exceptions", _)))
            && let (Some(_), Some(place)) = (&one.to, &one.place)
        {
            return place.clone();
        }
        let places = &self.now.places;
        let below = |prefix: &str| {
            let prefix = format!("{prefix}.");
            let all = places.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
            let (new, old): (Vec<_>, Vec<_>) = all.partition(|(key, _)| !self.was.places.contains_key(*key));
            // Of a list, the first value that is new.
            let first = |places: Vec<(&String, &Provenance)>| {
                places.iter().filter_map(|(_, place)| place.location()).min().cloned()
            };
            first(new).or_else(|| first(old))
        };
        let key = one.key.strip_prefix("custom.").map(|id| format!("rules.{}", id.trim_end_matches(".when")));
        let key = key.as_deref().unwrap_or(&one.key);
        let of_rule =
            || key.strip_prefix("rules.").and_then(|_| key.rsplit_once('.')).and_then(|(rule, _)| below(rule));
        let exact = places.get(key).and_then(Provenance::location).cloned();
        let found = exact.or_else(|| below(key)).or_else(of_rule);
        found.unwrap_or_else(|| top(self.now.path.as_deref().unwrap_or("osprey.toml")))
    }
}

/// A setting that is milder, or of which nobody can tell.
fn of_setting(one: &Difference, from: &str, to: &str) -> String {
    let key = &one.key;
    let meaning = match key.as_str() {
        "internal" => "; packages of these names are not compared with advisories",
        "registries.private" => "; packages that come from these are not compared with advisories",
        "exclude" => "; what these globs fit is not scanned",
        _ => "",
    };
    match one.direction {
        Direction::Incomparable => {
            format!(
                "The policy's `{key}` is changed from {from} to {to}, which can leave out what was found before{meaning}"
            )
        }
        Direction::Milder | Direction::Stricter => {
            format!("The policy's `{key}` is loosened from {from} to {to}{meaning}")
        }
    }
}

/// What a baseline holds that it did not.
fn widened(held: &BaselineFile, holds: &BaselineFile) -> Option<PolicyChange> {
    let (path, now) = match holds {
        BaselineFile::None => return None,
        BaselineFile::Broken(path, why) => {
            let message = format!("The baseline {path} cannot be read any more: {why}");
            return Some(PolicyChange { location: top(path), key: "baseline".to_owned(), message });
        }
        BaselineFile::Read(path, now) => (path, now),
    };
    // The level is what was decided then; no finding is covered because of it.
    let key = |entry: &Entry| Entry { level: Level::Off, ..entry.clone() };
    let was: BTreeSet<Entry> = match held {
        BaselineFile::Read(_, was) => was.entries.iter().map(key).collect(),
        BaselineFile::None | BaselineFile::Broken(..) => BTreeSet::new(),
    };
    let added = || now.entries.iter().enumerate().filter(|(_, entry)| !was.contains(&key(entry)));
    let (first, _) = added().next()?;
    let number = added().count();
    let names: Vec<String> = added().take(NAMED).map(|(_, entry)| entry.label()).collect();
    let more = if number > NAMED { format!(" and {} more", number - NAMED) } else { String::new() };
    let findings = if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") };
    let line = u32::try_from(first + FIRST_ENTRY).unwrap_or(u32::MAX);
    let location = Location { line, ..top(path) };
    let message = format!("The baseline {path} holds {findings} that it did not: {}{more}", names.join(", "));
    Some(PolicyChange { location, key: "baseline".to_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PolicyOrigin;
    use crate::policy::parse;
    use crate::rule;

    fn state(text: &str) -> PolicyState {
        let today = jiff::civil::Date::constant(2026, 11, 22);
        let text = format!("version = 1\n{text}");
        let policy = parse("osprey.toml", &text, PolicyOrigin::Tree, &rule::rules(), today);
        PolicyState::Read(Box::new(policy.unwrap_or_else(|errors| panic!("{}\n{text}", errors[0]))))
    }

    fn between(before: &PolicyState, after: &PolicyState) -> Vec<String> {
        let changes = loosened((before, &BaselineFile::None), (after, &BaselineFile::None));
        changes.iter().map(|one| format!("{}:{} {}", one.location.path, one.location.line, one.message)).collect()
    }

    fn custom(when: &str, level: &str) -> String {
        format!("[[custom]]\nid = \"acme-own\"\nlevel = \"{level}\"\nwhen = '{when}'\nsummary = \"s\"\n")
    }

    /// Each is loosened from the first text to the second, and nothing is from the second to the first.
    #[test]
    fn whatever_loosens_is_found_and_its_contrary_is_not() {
        let exception = |more: &str| format!("[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\n{more}\n");
        let over = |more: &str| format!("[[overrides]]\npackages = [\"pkg:npm/a\"]\n{more}\n");
        let many: Vec<String> = (0..40).map(|number| format!("\"@a{number}/*\"")).collect();
        let many = |rest: &str| format!("internal = [{}{rest}]\n", many.join(", "));
        let pairs = [
            ("extends = \"greenfield\"".to_owned(), String::new()),
            ("[rules]\nunsound-code = \"deny\"".to_owned(), "[rules]\nunsound-code = \"off\"".to_owned()),
            ("[rules]\nunsound-code = \"deny\"".to_owned(), String::new()),
            ("[rules]\nknown-vulnerability = \"deny\"".to_owned(), String::new()),
            (String::new(), "[rules]\nknown-vulnerability = { min-severity = \"critical\" }".to_owned()),
            (String::new(), "[rules]\nknown-vulnerability = { kinds = [\"runtime\"] }".to_owned()),
            (String::new(), "[rules]\nknown-vulnerability = { unscored-as = \"low\" }".to_owned()),
            (String::new(), "[rules]\nmalicious-package = { on-unknown = \"allow\" }".to_owned()),
            (String::new(), "[rules]\nmalicious-package = { paths = [\"src/**\"] }".to_owned()),
            (
                "[rules]\nlow-scorecard = { min-score = 7.0, scope = \"all\" }".to_owned(),
                "[rules]\nlow-scorecard = { min-score = 3.0 }".to_owned(),
            ),
            (String::new(), "max-age = \"30d\"".to_owned()),
            (String::new(), "test-data = \"allow\"".to_owned()),
            ("max-exception-days = 30".to_owned(), String::new()),
            (String::new(), "exclude = [\"legacy/\"]".to_owned()),
            (String::new(), "internal = [\"@acme/*\"]".to_owned()),
            (many(""), many(", \"@new/*\"")),
            ("[registries]\nallow = [\"registry.example\"]".to_owned(), String::new()),
            (String::new(), "[registries]\nprivate = [\"host.example\"]".to_owned()),
            ("project = \"github.com/acme/web\"".to_owned(), String::new()),
            (String::new(), exception("expires = 2027-01-31")),
            (exception("expires = 2027-01-31"), exception("expires = 2027-02-28")),
            (exception("expires = 2027-01-31\nuntil-fixed = true"), exception("expires = 2027-01-31")),
            (String::new(), over("level = \"allow\"")),
            (over("at-least = \"deny\""), String::new()),
            (custom("package.direct", "deny"), String::new()),
            (custom("package.direct", "deny"), custom("package.direct", "warn")),
        ];
        let mut lines = Vec::new();
        for (before, after) in &pairs {
            let found = between(&state(before), &state(after));
            assert!(!found.is_empty(), "{before} => {after}");
            lines.push(found.join("\n"));
            assert_eq!(between(&state(after), &state(before)), [""; 0], "{after} => {before}");
        }
        insta::assert_snapshot!(lines.join("\n"), @r#"
        osprey.toml:1 The policy's `extends` is loosened from "greenfield" to "brownfield"
        osprey.toml:3 The policy's `rules.unsound-code.level` is loosened from "deny" to "off"
        osprey.toml:1 The policy's `rules.unsound-code.level` is loosened from "deny" to "allow"
        osprey.toml:1 The policy's `rules.known-vulnerability.level` is loosened from "deny" to "deny", graded by severity and fix
        osprey.toml:3 The policy's `rules.known-vulnerability.min-severity` is loosened from "high" to "critical"
        osprey.toml:3 The policy's `rules.known-vulnerability.kinds` is loosened from every kind to ["runtime"]
        osprey.toml:3 The policy's `rules.known-vulnerability.unscored-as` is loosened from "high" to "low"
        osprey.toml:3 The policy's `rules.malicious-package.on-unknown` is loosened from "incomplete" to "allow"
        osprey.toml:3 The policy's `rules.malicious-package.paths` is loosened from any to ["src/**"]
        osprey.toml:3 The policy's `rules.low-scorecard.min-score` is loosened from 7.0 to 3.0
        osprey.toml:3 The policy's `rules.low-scorecard.scope` is loosened from "all" to "direct"
        osprey.toml:2 The policy's `max-age` is loosened from "7d" to "30d"
        osprey.toml:2 The policy's `test-data` is loosened from "warn" to "allow"
        osprey.toml:1 The policy's `max-exception-days` is loosened from 30 to no bound
        osprey.toml:2 The policy's `exclude` is loosened from [] to ["legacy/"]; what these globs fit is not scanned
        osprey.toml:2 The policy's `internal` is loosened from [] to ["@acme/*"]; packages of these names are not compared with advisories
        osprey.toml:2 The policy's `internal` is loosened from […] (40 in all) to ["@new/*", …] (41 in all); packages of these names are not compared with advisories
        osprey.toml:1 The policy's `registries` is loosened from ["registry.example"] to any
        osprey.toml:3 The policy's `registries.private` is loosened from [] to ["host.example"]; packages that come from these are not compared with advisories
        osprey.toml:1 The policy's `project` is loosened from "github.com/acme/web" to none
        osprey.toml:2 The policy has a new exception: CVE-1, until 2027-01-31
        osprey.toml:2 The exception CVE-1 holds longer now: until 2027-02-28, not until 2027-01-31
        osprey.toml:2 The exception CVE-1 holds longer now: until 2027-01-31, not until 2027-01-31 or fixed
        osprey.toml:2 The policy has a new override that makes it milder: { packages = ["pkg:npm/a"], level = "allow" }
        osprey.toml:1 The policy has lost an override that made it stricter: { packages = ["pkg:npm/a"], at-least = "deny" }
        osprey.toml:1 The policy's own rule acme-own is gone; its level was "deny"
        osprey.toml:4 The policy's `rules.acme-own.level` is loosened from "deny" to "warn"
        "#);
    }

    #[test]
    fn what_cannot_be_compared_is_found_both_ways() {
        let over = |more: &str| format!("[[overrides]]\npackages = [\"pkg:npm/a\"]\n{more}\n");
        let scoped = |severity: &str, first: bool| {
            let (one, other) = (over("level = \"deny\""), over(&format!("min-severity = \"{severity}\"")));
            if first { one + &other } else { other + &one }
        };
        let pairs = [
            (custom("package.direct", "deny"), custom("!package.direct", "deny")),
            (
                "[registries]\nallow = [\"registry.example\"]".to_owned(),
                "[registries]\nallow = [\"host.example\"]".to_owned(),
            ),
            ("project = \"github.com/acme/web\"".to_owned(), "project = \"github.com/acme/app\"".to_owned()),
            (over("level = \"warn\""), over("min-severity = \"low\"")),
            (scoped("low", true), scoped("low", false)),
        ];
        let mut lines = Vec::new();
        for (before, after) in &pairs {
            for (before, after) in [(before, after), (after, before)] {
                let found = between(&state(before), &state(after));
                assert!(!found.is_empty(), "{before} => {after}");
                lines.push(found.join("\n"));
            }
        }
        insta::assert_snapshot!(lines.join("\n"), @r#"
        osprey.toml:4 The policy's own rule acme-own is edited: its `when` was "package.direct" and is "!package.direct"
        osprey.toml:4 The policy's own rule acme-own is edited: its `when` was "!package.direct" and is "package.direct"
        osprey.toml:2 The policy's `registries` is changed from ["registry.example"] to ["host.example"], which can leave out what was found before
        osprey.toml:2 The policy's `registries` is changed from ["host.example"] to ["registry.example"], which can leave out what was found before
        osprey.toml:2 The policy's `project` is changed from "github.com/acme/web" to "github.com/acme/app", which can leave out what was found before
        osprey.toml:2 The policy's `project` is changed from "github.com/acme/app" to "github.com/acme/web", which can leave out what was found before
        osprey.toml:1 The policy has lost an override that can have made it stricter: { packages = ["pkg:npm/a"], level = "warn" }
        osprey.toml:2 The policy has a new override that can make it milder: { packages = ["pkg:npm/a"], min-severity = "low" }
        osprey.toml:1 The policy has lost an override that can have made it stricter: { packages = ["pkg:npm/a"], min-severity = "low" }
        osprey.toml:2 The policy has a new override that can make it milder: { packages = ["pkg:npm/a"], level = "warn" }
        osprey.toml:1 The policy has lost an override that made it stricter: { packages = ["pkg:npm/a"], level = "deny" }
        osprey.toml:1 The policy has lost an override that can have made it stricter: { packages = ["pkg:npm/a"], min-severity = "low" }
        osprey.toml:2 The policy has a new override that can make it milder: { packages = ["pkg:npm/a"], min-severity = "low" }
        osprey.toml:5 The policy has a new override that can make it milder: { packages = ["pkg:npm/a"], level = "deny" }
        osprey.toml:1 The policy has lost an override that made it stricter: { packages = ["pkg:npm/a"], level = "deny" }
        osprey.toml:1 The policy has lost an override that can have made it stricter: { packages = ["pkg:npm/a"], min-severity = "low" }
        osprey.toml:2 The policy has a new override that can make it milder: { packages = ["pkg:npm/a"], level = "deny" }
        osprey.toml:5 The policy has a new override that can make it milder: { packages = ["pkg:npm/a"], min-severity = "low" }
        "#);
    }

    #[test]
    fn what_commutes_may_stand_in_any_order() {
        let raise = |level: &str| format!("[[overrides]]\npackages = [\"pkg:npm/a\"]\nat-least = \"{level}\"\n");
        let (one, other) = (raise("warn") + &raise("deny"), raise("deny") + &raise("warn"));
        assert_eq!(between(&state(&one), &state(&other)), [""; 0]);
    }

    #[test]
    fn a_policy_where_none_was_is_held_against_brownfield() {
        let none = PolicyState::Absent(Some("osprey.toml".to_owned()));
        let rule = custom("package.direct", "deny") + "paths = [\"src/**\"]\n";
        assert_eq!(between(&none, &state(&rule)), [""; 0], "a rule of its own finds more");
        let found = between(&none, &state("[rules]\nmalicious-package = \"warn\""));
        assert_eq!(
            found,
            ["osprey.toml:3 The policy's `rules.malicious-package.level` is loosened from \"deny\" to \"warn\""]
        );
    }
}
