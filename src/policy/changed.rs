//! What is loosened from one state of a tree's policy to the next. Tightening is nothing to report.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::parse::quoted;
use super::{Baseline, Entry, Exception, KNOWN_VULNERABILITY, Policy, PolicyError, Profile, Provenance, RuleSettings};
use crate::model::{DependencyKind, Kinds, Level, Location, PolicyChange, Setting, Severity, Stricter};

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
            let rules: Vec<_> = now.rules.values().map(|settings| settings.rule).collect();
            Comparison::of(&Policy::built_in(Profile::Brownfield, &rules), now).run()
        }
        (PolicyState::Read(was), PolicyState::Read(now)) => Comparison::of(was, now).run(),
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

/// Two policies under comparison.
struct Comparison<'c> {
    was: &'c Policy,
    now: &'c Policy,
    changes: Vec<PolicyChange>,
}

impl<'c> Comparison<'c> {
    fn of(was: &'c Policy, now: &'c Policy) -> Self {
        Self { was, now, changes: Vec::new() }
    }

    fn run(mut self) -> Vec<PolicyChange> {
        self.profile();
        for (id, now) in &self.now.rules {
            if let Some(was) = self.was.rules.get(id) {
                self.rule(was, now);
            }
        }
        self.custom();
        self.whole();
        self.lists();
        self.overrides();
        self.exceptions();
        self.changes
    }

    /// Where a key stands now, else where another one of the same rule does, else the first line.
    fn place(&self, key: &str) -> Location {
        let places = &self.now.places;
        let of_rule = || {
            let (table, _) = key.rsplit_once('.').filter(|(table, _)| table.contains('.'))?;
            let table = format!("{table}.");
            places.range(table.clone()..).take_while(|(other, _)| other.starts_with(&table)).next()
        };
        let found = places.get(key).or_else(|| of_rule().map(|(_, place)| place));
        if let Some(location) = found.and_then(Provenance::location) {
            return location.clone();
        }
        top(self.now.path.as_deref().unwrap_or("osprey.toml"))
    }

    fn note(&mut self, key: &str, message: String) {
        let location = self.place(key);
        self.changes.push(PolicyChange { location, key: key.to_owned(), message });
    }

    fn loosen(&mut self, key: &str, was: &str, now: &str) {
        self.note(key, format!("The policy's `{key}` is loosened from {was} to {now}"));
    }

    fn profile(&mut self) {
        if (self.was.profile, self.now.profile) == (Profile::Greenfield, Profile::Brownfield) {
            self.loosen("extends", "greenfield", "brownfield");
        }
    }

    fn rule(&mut self, was: &RuleSettings, now: &RuleSettings) {
        let id = was.rule.id;
        let key = |name: &str| format!("rules.{id}.{name}");
        // What follows from the profile is said once.
        let is_of_profile = !was.is_level_given && !now.is_level_given;
        let is_raised = threshold(now, self.now.profile) > threshold(was, self.was.profile);
        if now.level < was.level && !is_of_profile {
            self.loosen(&key("level"), was.level.as_str(), now.level.as_str());
        } else if now.level != Level::Off && is_raised && !(is_of_profile && was.min_severity == now.min_severity) {
            let name = if now.min_severity == was.min_severity { "level" } else { "min-severity" };
            let words = |settings, profile| format!("{} and graver", threshold(settings, profile));
            self.loosen(&key(name), &words(was, self.was.profile), &words(now, self.now.profile));
        } else if is_graded(now, self.now.profile)
            && !is_graded(was, self.was.profile)
            && !is_of_profile
            && now.level <= was.level
        {
            self.loosen(&key("level"), was.level.as_str(), "what brownfield says, which warns where no fix is known");
        }
        if is_narrower(was.kinds, now.kinds) {
            self.loosen(&key("kinds"), &kinds(was.kinds), &kinds(now.kinds));
        }
        if now.scope() < was.scope() {
            self.loosen(&key("scope"), was.scope().as_str(), now.scope().as_str());
        }
        if now.unscored_as < was.unscored_as {
            self.loosen(&key("unscored-as"), was.unscored_as.as_str(), now.unscored_as.as_str());
        }
        if now.on_unknown < was.on_unknown {
            self.loosen(&key("on-unknown"), was.on_unknown.as_str(), now.on_unknown.as_str());
        }
        for (name, narrower) in [
            ("ecosystems", is_shorter(&was.filter.ecosystems, &now.filter.ecosystems)),
            ("paths", is_shorter(&was.filter.paths, &now.filter.paths)),
            ("packages", is_shorter(&was.filter.packages, &now.filter.packages)),
        ] {
            if narrower {
                self.note(
                    &key(name),
                    format!("The policy's `{}` leaves out what it did not leave out before", key(name)),
                );
            }
        }
        for parameter in was.rule.parameters {
            let of =
                |settings: &RuleSettings| settings.values.get(parameter.key).cloned().unwrap_or_else(parameter.default);
            let (was, now) = (of(was), of(now));
            if is_milder(parameter.stricter, &was, &now) {
                self.loosen(&key(parameter.key), &was.to_string(), &now.to_string());
            }
        }
    }

    /// The policy's own rules: one that is gone, and one whose expression is another. Which of two expressions finds more
    /// cannot be told.
    fn custom(&mut self) {
        for was in &self.was.custom {
            let id = was.rule.id;
            let key = format!("rules.{id}.when");
            match self.now.custom.iter().find(|now| now.rule.id == id) {
                None => self.note(&key, format!("The policy's own rule {id} is gone")),
                Some(now) if now.condition != was.condition => {
                    let (was, now) = (quoted(was.condition.text()), quoted(now.condition.text()));
                    let message = format!("The policy's own rule {id} has another `when`: {now}, not {was}");
                    self.note(&key, message);
                }
                Some(_) => {}
            }
        }
    }

    /// The keys with one value for the whole policy.
    fn whole(&mut self) {
        let (was, now) = (self.was, self.now);
        if now.test_data < was.test_data {
            self.loosen("test-data", was.test_data.as_str(), now.test_data.as_str());
        }
        if now.max_age > was.max_age {
            let hours = |policy: &Policy| format!("{} hours", policy.max_age.as_hours());
            self.loosen("max-age", &hours(was), &hours(now));
        }
        let days =
            |policy: &Policy| policy.max_exception_days.map_or("no bound".to_owned(), |days| format!("{days} days"));
        if was.max_exception_days.is_some_and(|most| now.max_exception_days.is_none_or(|days| days > most)) {
            self.loosen("max-exception-days", &days(was), &days(now));
        }
        let name = |policy: &Policy| policy.project.clone().unwrap_or_else(|| "none".to_owned());
        if was.project.is_some() && was.project != now.project {
            self.note("project", format!("The policy's `project` is another one: {}, not {}", name(now), name(was)));
        }
    }

    /// The keys that hold many values, each of which loosens.
    fn lists(&mut self) {
        let (was, now) = (self.was, self.now);
        for pattern in now.internal.iter().filter(|pattern| !was.internal.contains(pattern)) {
            let name = pattern.as_str();
            self.note(
                &format!("internal.{name}"),
                format!(
                    "The policy's `internal` holds {name} now: such packages are not compared with advisories any more"
                ),
            );
        }
        for glob in now.exclude.iter().filter(|glob| !was.exclude.contains(glob)) {
            self.note(&format!("exclude.{glob}"), format!("The policy's `exclude` leaves {glob} out of the scan now"));
        }
        if was.registries.is_empty() {
            return;
        }
        if now.registries.is_empty() {
            self.note("registries", "The policy's `registries` allow any registry now".to_owned());
        }
        for registry in now.registries.iter().filter(|registry| !was.registries.contains(registry)) {
            let message = format!("The policy's `registries` allow {registry} now");
            let location = self.place("registries");
            self.changes.push(PolicyChange { location, key: format!("registries.{registry}"), message });
        }
    }

    /// An override that loosens and is new, one that tightens and is gone, and another order, since the last one wins.
    fn overrides(&mut self) {
        let same = |a: &super::Override, b: &super::Override| {
            super::Override { location: b.location.clone(), ..a.clone() } == *b
        };
        let (was, now) = (self.was, self.now);
        for one in &now.overrides {
            let is_milder = one.level.is_some_and(|level| level < Level::Deny) || one.min_severity.is_some();
            if is_milder && !was.overrides.iter().any(|other| same(other, one)) {
                self.changes.push(PolicyChange {
                    location: one.location.clone(),
                    key: format!("overrides.{}", words(one)),
                    message: format!("The policy has a new override that can make it milder: {}", words(one)),
                });
            }
        }
        for one in &was.overrides {
            let is_stricter = one.level > Some(Level::Allow) || one.at_least > Some(Level::Allow);
            if is_stricter && !now.overrides.iter().any(|other| same(other, one)) {
                let message = format!("The policy has lost an override that made it stricter: {}", words(one));
                self.note(&format!("overrides.{}", words(one)), message);
            }
        }
        let common = |of: &'c [super::Override], other: &[super::Override]| -> Vec<&'c super::Override> {
            of.iter().filter(|one| other.iter().any(|another| same(one, another))).collect()
        };
        let (before, after) = (common(&was.overrides, &now.overrides), common(&now.overrides, &was.overrides));
        if before.len() == after.len() && !before.iter().zip(&after).all(|(a, b)| same(a, b)) {
            let message = "The policy's overrides stand in another order, and the last that holds wins".to_owned();
            self.note("overrides", message);
        }
    }

    fn exceptions(&mut self) {
        let known: std::collections::BTreeMap<String, &Exception> =
            self.was.exceptions.iter().map(|exception| (exception.id(), exception)).collect();
        for exception in &self.now.exceptions {
            let id = exception.id();
            let message = match known.get(&id) {
                None => Some(format!("The policy has a new exception: {id}, {}", until(exception))),
                Some(was) if is_longer(was, exception) => {
                    Some(format!("The exception {id} holds longer now: {}, not {}", until(exception), until(was)))
                }
                Some(_) => None,
            };
            if let Some(message) = message {
                let location = exception.location.clone();
                self.changes.push(PolicyChange { location, key: format!("exceptions.{id}"), message });
            }
        }
    }
}

/// Whether the profile grades by fix and severity what the policy gives no level.
fn is_graded(settings: &RuleSettings, profile: Profile) -> bool {
    settings.rule.id == KNOWN_VULNERABILITY && !settings.is_level_given && profile == Profile::Brownfield
}

/// The severity from which on a vulnerability is judged.
fn threshold(settings: &RuleSettings, profile: Profile) -> Severity {
    let unless_given = if is_graded(settings, profile) { Severity::High } else { Severity::Low };
    settings.min_severity.unwrap_or(unless_given)
}

fn is_narrower(was: Option<Kinds>, now: Option<Kinds>) -> bool {
    now.is_some_and(|now| {
        DependencyKind::ALL.into_iter().any(|kind| was.is_none_or(|was| was.contains(kind)) && !now.contains(kind))
    })
}

fn kinds(kinds: Option<Kinds>) -> String {
    let words = |kinds: Kinds| kinds.iter().map(DependencyKind::as_str).collect::<Vec<_>>().join(", ");
    kinds.map_or_else(|| "every kind".to_owned(), words)
}

/// Whether a list of what is meant, where none means everything, leaves out something that it did not.
fn is_shorter<T: PartialEq>(was: &[T], now: &[T]) -> bool {
    !now.is_empty() && (was.is_empty() || was.iter().any(|one| !now.contains(one)))
}

/// Whether a parameter makes its rule find less.
fn is_milder(stricter: Stricter, was: &Setting, now: &Setting) -> bool {
    let lower = |is_lower: bool, is_higher: bool| match stricter {
        Stricter::Higher => is_lower,
        Stricter::Lower => is_higher,
    };
    match (was, now) {
        (Setting::Score(was), Setting::Score(now)) | (Setting::Share(was), Setting::Share(now)) => {
            lower(now < was, now > was)
        }
        (Setting::Days(was), Setting::Days(now)) | (Setting::Count(was), Setting::Count(now)) => {
            lower(now < was, now > was)
        }
        (Setting::Word(was, of), Setting::Word(now, _)) => {
            let place = |word: &str| of.iter().position(|one| *one == word);
            lower(place(now) < place(was), place(now) > place(was))
        }
        (Setting::Names(was), Setting::Names(now)) | (Setting::Licenses(was), Setting::Licenses(now)) => {
            let lacks = |one: &[String], other: &[String]| other.iter().any(|name| !one.contains(name));
            // Fewer accepted names are stricter, but where none stands, such a rule finds nothing at all.
            match stricter {
                Stricter::Higher => lacks(now, was),
                Stricter::Lower => !was.is_empty() && (now.is_empty() || lacks(was, now)),
            }
        }
        (Setting::Scores(was), Setting::Scores(now)) => was.iter().any(|(name, least)| {
            let score = now.iter().find(|(other, _)| other == name).map(|(_, score)| score);
            score.is_none_or(|score| lower(score < least, score > least))
        }),
        _ => false,
    }
}

fn is_longer(was: &Exception, now: &Exception) -> bool {
    let last = |exception: &Exception| exception.expires.unwrap_or(Date::MAX);
    last(now) > last(was) || (was.until_fixed && !now.until_fixed)
}

fn until(exception: &Exception) -> String {
    match (exception.expires, exception.until_fixed) {
        (Some(day), true) => format!("until {day} or a fix"),
        (Some(day), false) => format!("until {day}"),
        (None, true) => "until a fix".to_owned(),
        (None, false) => "without an end".to_owned(),
    }
}

fn words(one: &super::Override) -> String {
    let rules: Vec<&str> = one.rules.iter().map(|rule| rule.id).collect();
    let mut words = vec![if rules.is_empty() { "every rule".to_owned() } else { rules.join(", ") }];
    words.extend(one.level.map(|level| format!("level {level}")));
    words.extend(one.at_least.map(|level| format!("at least {level}")));
    words.extend(one.min_severity.map(|severity| format!("min-severity {severity}")));
    words.extend(one.kinds.map(|set| format!("kinds {}", kinds(Some(set)))));
    words.extend(one.scope.map(|scope| format!("scope {}", scope.as_str())));
    words.extend((!one.filter.paths.is_empty()).then(|| {
        format!("paths {}", one.filter.paths.iter().map(super::PathPattern::as_str).collect::<Vec<_>>().join(", "))
    }));
    words.extend((!one.filter.packages.is_empty()).then(|| {
        format!("packages {}", one.filter.packages.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(", "))
    }));
    words.join("; ")
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
