//! What differs between two policies, and a policy that another one may only tighten.
//!
//! Where the caller gives a policy, the one in the scanned tree is read as well: what of it is stricter holds, setting by
//! setting, and what would loosen does not and is said. Some settings the tree does not get to touch at all: where
//! services are, which packages are private, what is left out.

use jiff::ToSpan;
use jiff::civil::Date;

use super::strictness::{self, Direction, Value, threshold};
use super::{Delegate, Exception, KNOWN_VULNERABILITY, Override, Policy, Profile, Provenance, RuleSettings, Setting};
use crate::model::{Diagnostic, Level, Location, RepoPath, Rule, Severity};

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
    let text = |value: Option<&Value>| value.map(|value| value.text.clone());
    Some(Difference { key, from: text(from), to: text(to), direction, place })
}

fn rule_that_is_gone_or_new(id: &str, from: Option<&RuleSettings>, to: Option<&RuleSettings>) -> Difference {
    let text = |settings: Option<&RuleSettings>| settings.map(|settings| format!("\"{}\"", settings.level));
    let direction = if to.is_some() { Direction::Stricter } else { Direction::Milder };
    Difference { key: format!("custom.{id}"), from: text(from), to: text(to), direction, place: None }
}

/// Rules of the policies' own that look for something else now.
fn conditions(from: &Policy, to: &Policy) -> Vec<Difference> {
    let before: std::collections::BTreeMap<&str, &str> =
        from.custom.iter().map(|custom| (custom.rule.id, custom.condition.text())).collect();
    let edited = to.custom.iter().filter_map(|custom| {
        let (id, condition) = (custom.rule.id, custom.condition.text());
        let earlier = before.get(id).filter(|earlier| **earlier != condition)?;
        let key = format!("rules.{id}.level");
        Some(Difference {
            key: format!("custom.{id}.when"),
            from: Some(format!("{earlier:?}")),
            to: Some(format!("{condition:?}")),
            direction: Direction::Incomparable,
            place: to.places.get(&key).and_then(Provenance::location).cloned(),
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

/// Overrides that are gone or new. Since the last that holds wins, one that changed its place is both.
fn overrides(from: &Policy, to: &Policy) -> Vec<Difference> {
    let text = super::show::override_in_line;
    let (before, after): (Vec<String>, Vec<String>) =
        (from.overrides.iter().map(text).collect(), to.overrides.iter().map(text).collect());
    let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let tail = before[same..].iter().rev().zip(after[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    let gone = &from.overrides[same..before.len() - tail];
    let new = &to.overrides[same..after.len() - tail];
    let one = |one: &Override, is_new: bool| {
        let text = Some(text(one));
        let key = format!("overrides.{}:{}", one.location.path, one.location.line);
        let direction = match (strictness::of_override(one), is_new) {
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
    let by_id = |policy: &'_ Policy| -> std::collections::BTreeMap<String, Exception> {
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

/// What no policy of a scanned tree says where the caller gave one, and why.
const CALLERS: [(&str, &str); 7] = [
    ("sources", "only the caller says where services are"),
    ("registries", "only the caller says where packages may come from"),
    ("internal", "only the caller says what no service is asked about"),
    ("exclude", "only the caller says what is not scanned"),
    ("max-age", "only the caller says how old advisories may be"),
    ("project", "only the caller says what the scanned project is"),
    ("delegate", "a tree cannot hand itself the right to make exceptions"),
];

/// A caller's policy while the tree's is laid over it.
struct Tightening<'t> {
    policy: Policy,
    tree: &'t Policy,
    /// Whether the tree's profile counts as said.
    by_profile: bool,
}

impl Policy {
    /// The policy with what of the tree's is stricter, and with the exceptions that it delegates. What of the tree's does
    /// not hold is remarked, once for each setting.
    #[must_use]
    pub fn tightened_by(self, tree: &Self, today: Date) -> Self {
        let by_profile = (self.profile, tree.profile) == (Profile::Brownfield, Profile::Greenfield);
        let mut tightening = Tightening { policy: self, tree, by_profile };
        tightening.refuse_what_is_the_callers();
        tightening.whole();
        tightening.rules();
        tightening.overrides();
        tightening.exceptions(today);
        let mut policy = tightening.policy;
        policy.tightened_by.clone_from(&tree.path);
        policy
    }

    /// Notes that the tree's policy cannot be read. It can only have tightened, and nobody knows what is lost: the run is
    /// incomplete.
    pub fn cannot_be_tightened(&mut self, path: &str, errors: &[super::PolicyError]) {
        let path: RepoPath = path.into();
        self.unread = Some((RepoPath::clone(&path), errors.len()));
        for error in errors {
            let line = Some(error.line).filter(|&line| line > 0);
            let of: RepoPath = error.path.as_str().into();
            self.remarks.push(Diagnostic::error(&of, line, error.message.clone()));
        }
    }
}

impl Tightening<'_> {
    /// Remarks that something of the tree's does not hold.
    fn refuse(&mut self, place: Option<&Location>, message: String) {
        let path =
            place.map(|place| RepoPath::clone(&place.path)).or_else(|| self.tree.path.as_deref().map(RepoPath::from));
        let path = path.unwrap_or_else(|| "".into());
        self.policy.remarks.push(Diagnostic::warning(&path, place.map(|place| place.line), message));
    }

    /// Where the tree says a value, if it does.
    fn said(&self, key: &str) -> Option<Location> {
        self.tree.places.get(key).and_then(Provenance::location).cloned()
    }

    fn take_place(&mut self, key: &str, place: Option<Location>) {
        if let Some(place) = place {
            self.policy.places.insert(key.to_owned(), Provenance::Tightened(place));
        }
    }

    fn refuse_what_is_the_callers(&mut self) {
        for (key, why) in CALLERS {
            let below = format!("{key}.");
            let places = self.tree.places.iter().filter(|(place, _)| *place == key || place.starts_with(&below));
            // Several values of one key are said once, at the first of them.
            let first = places.filter_map(|(_, place)| place.location()).min().cloned();
            if let Some(place) = first {
                self.refuse(Some(&place), format!("`{key}` of the scanned tree does not hold: {why}"));
            }
        }
    }

    /// What a policy says once.
    fn whole(&mut self) {
        let (mine, theirs) = (strictness::of_whole(&self.policy), strictness::of_whole(self.tree));
        for key in ["extends", "test-data", "max-exception-days"] {
            let (Some(from), Some(to), Some(place)) = (mine.get(key), theirs.get(key), self.said(key)) else {
                continue;
            };
            match from.direction_to(to) {
                None => {}
                Some(Direction::Stricter) => {
                    match key {
                        "extends" => self.policy.profile = self.tree.profile,
                        "test-data" => self.policy.test_data = self.tree.test_data,
                        _ => self.policy.max_exception_days = self.tree.max_exception_days,
                    }
                    self.take_place(key, Some(place));
                }
                Some(Direction::Milder | Direction::Incomparable) => {
                    self.refuse(Some(&place), would_loosen(key, from, to));
                }
            }
        }
    }

    fn rules(&mut self) {
        for (id, theirs) in &self.tree.rules {
            match self.policy.rules.get(id).cloned() {
                None => {
                    // A rule of the tree's own finds more and hides nothing.
                    self.policy.rules.insert(id, theirs.clone());
                    self.policy.custom.extend(self.tree.custom.iter().filter(|custom| custom.rule.id == *id));
                    let prefix = format!("rules.{id}.");
                    let places = self.tree.places.iter().filter(|(key, _)| key.starts_with(&prefix));
                    let places: Vec<_> = places.map(|(key, place)| (key.clone(), place.clone())).collect();
                    self.policy.places.extend(places);
                }
                Some(mine) => {
                    self.keep_condition(id);
                    let tightened = self.rule(&mine, theirs);
                    self.policy.rules.insert(id, tightened);
                }
            }
        }
    }

    /// A rule of the caller's own looks for what the caller says.
    fn keep_condition(&mut self, id: &str) {
        let of = |policy: &Policy| {
            policy.custom.iter().find(|custom| custom.rule.id == id).map(|custom| custom.condition.text())
        };
        if let (Some(mine), Some(theirs)) = (of(&self.policy), of(self.tree))
            && mine != theirs
        {
            let place = self.said(&format!("rules.{id}.level"));
            self.refuse(place.as_ref(), format!("the caller's policy has a rule {id} of its own, and that one holds"));
        }
    }

    /// A rule's settings with what of the tree's is stricter.
    fn rule(&mut self, mine: &RuleSettings, theirs: &RuleSettings) -> RuleSettings {
        let id = mine.rule.id;
        // The profile of the caller may have been tightened already, and with it what no key says.
        let (profile, other) = (self.policy.profile, self.tree.profile);
        let (before, after) = (strictness::of_rule(mine, profile), strictness::of_rule(theirs, other));
        let mut tightened = mine.clone();
        for (key, from) in &before {
            let Some(to) = after.get(key) else { continue };
            let dotted = format!("rules.{id}.{key}");
            let said = self.said(&dotted);
            let of_profile = self.by_profile && matches!(*key, "level" | "min-severity");
            if said.is_none() && !of_profile {
                continue;
            }
            let direction = from.direction_to(to);
            match direction {
                None => continue,
                Some(Direction::Stricter) => take(&mut tightened, theirs, key),
                Some(Direction::Incomparable) if join(&mut tightened, theirs, key) => {}
                Some(_) => {}
            }
            match said {
                Some(place) if direction != Some(Direction::Stricter) => {
                    self.refuse(Some(&place), would_loosen(&dotted, from, to));
                }
                place => {
                    let place = place.or_else(|| self.said("extends"));
                    self.take_place(&dotted, place);
                }
            }
        }
        if id == KNOWN_VULNERABILITY && tightened.is_level_given != mine.is_level_given {
            // The caller's grading had a threshold of its own, which goes with it.
            let least = threshold(mine, profile).min(threshold(theirs, other));
            tightened.min_severity = Some(least);
        }
        tightened
    }

    fn overrides(&mut self) {
        for one in &self.tree.overrides {
            match one.level.max(one.at_least) {
                Some(level @ (Level::Warn | Level::Deny)) => {
                    self.policy.overrides.push(Override { level: None, at_least: Some(level), ..one.clone() });
                }
                Some(Level::Allow | Level::Off) => self.refuse(
                    Some(&one.location),
                    "an override of the scanned tree that allows does not hold: the tree may only tighten".to_owned(),
                ),
                None => self.refuse(
                    Some(&one.location),
                    "an override of the scanned tree does not hold that gives no level: say `at-least`".to_owned(),
                ),
            }
        }
    }

    fn exceptions(&mut self, today: Date) {
        let ids: std::collections::BTreeMap<String, Location> =
            self.policy.exceptions.iter().map(|one| (one.id(), one.location.clone())).collect();
        let mut taken = Vec::new();
        for exception in &self.tree.exceptions {
            let refused = match ids.get(&exception.id()) {
                Some(place) => Some(format!("the caller's policy has the same in {}:{}", place.path, place.line)),
                None => refused(exception, self.policy.delegate.as_ref(), self.policy.max_exception_days, today),
            };
            match refused {
                Some(why) => {
                    let message =
                        format!("the exception for {} of the scanned tree does not hold: {why}", exception.id());
                    self.refuse(Some(&exception.location), message);
                }
                None => taken.push(Exception { limit: self.limit(), ..exception.clone() }),
            }
        }
        self.policy.exceptions.extend(taken);
    }

    fn limit(&self) -> Option<super::exception::Limit> {
        let most = self.policy.delegate.as_ref()?.max_severity?;
        let unscored_as = self.policy.rules.get(KNOWN_VULNERABILITY).map_or(Severity::High, |known| known.unscored_as);
        Some(super::exception::Limit { most, unscored_as })
    }
}

fn would_loosen(key: &str, from: &Value, to: &Value) -> String {
    format!("`{key}` of the scanned tree does not hold: {} would loosen the caller's {}", to.text, from.text)
}

/// Why the tree may not make an exception, if it may not.
fn refused(exception: &Exception, delegate: Option<&Delegate>, cap: Option<u32>, today: Date) -> Option<String> {
    let Some(delegate) = delegate else {
        return Some("the caller's policy delegates none".to_owned());
    };
    let is_delegated = |rule: &'static Rule| delegate.rules.contains(&rule);
    match exception.rule {
        None => {
            return Some(
                "it names no rule, and the caller's policy delegates exceptions for some rules alone".to_owned(),
            );
        }
        Some(rule) if !is_delegated(rule) => {
            return Some(format!("the caller's policy delegates none for {}", rule.id));
        }
        Some(_) => {}
    }
    let days = delegate.max_days.min(cap.unwrap_or(u32::MAX));
    let last = today.saturating_add(i64::from(days).days());
    match exception.expires {
        None => Some(format!("it has no last day, and the caller's policy delegates {days} days")),
        Some(day) if day > last => Some(format!("it ends after {last}, and the caller's policy delegates {days} days")),
        Some(_) => None,
    }
}

/// Takes one value of the tree's.
fn take(mine: &mut RuleSettings, theirs: &RuleSettings, key: &str) {
    match key {
        "level" => {
            mine.level = theirs.level;
            mine.is_level_given = theirs.is_level_given;
        }
        "kinds" => mine.kinds = theirs.kinds,
        "scope" => mine.scope = theirs.scope,
        "ecosystems" => mine.filter.ecosystems.clone_from(&theirs.filter.ecosystems),
        "paths" => mine.filter.paths.clone_from(&theirs.filter.paths),
        "packages" => mine.filter.packages.clone_from(&theirs.filter.packages),
        "min-severity" => mine.min_severity = theirs.min_severity,
        "unscored-as" => mine.unscored_as = theirs.unscored_as,
        "on-unknown" => mine.on_unknown = theirs.on_unknown,
        _ => {
            let parameter = mine.rule.parameters.iter().find(|parameter| parameter.key == key);
            if let Some(parameter) = parameter {
                let setting = theirs.values.get(key).cloned().unwrap_or_else(|| (parameter.default)());
                mine.values.insert(parameter.key, setting);
            }
        }
    }
}

/// Takes what is stricter in each of two values of which neither is: what one of them judges is judged. Says whether there
/// is such a thing.
fn join(mine: &mut RuleSettings, theirs: &RuleSettings, key: &str) -> bool {
    match key {
        "kinds" => mine.kinds = Some(mine.kinds.unwrap_or_default().union(theirs.kinds.unwrap_or_default())),
        "ecosystems" => mine.filter.ecosystems.extend(&theirs.filter.ecosystems),
        "paths" => mine.filter.paths.extend(theirs.filter.paths.iter().cloned()),
        "packages" => mine.filter.packages.extend(theirs.filter.packages.iter().cloned()),
        _ => {
            let (Some(Setting::Scores(one)), Some(Setting::Scores(other))) =
                (mine.values.get(key), theirs.values.get(key))
            else {
                return false;
            };
            let mut least: std::collections::BTreeMap<String, f64> = one.iter().cloned().collect();
            for (check, score) in other {
                let known = least.entry(check.clone()).or_insert(*score);
                *known = known.max(*score);
            }
            let scores = Setting::Scores(least.into_iter().collect());
            if let Some(parameter) = mine.rule.parameters.iter().find(|parameter| parameter.key == key) {
                mine.values.insert(parameter.key, scores);
            }
        }
    }
    true
}
