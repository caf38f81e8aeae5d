//! What differs between two policies, and a policy that another one may only tighten.
//!
//! Where the caller gives a policy, the one in the scanned tree is read as well: what of it is stricter holds, setting by
//! setting, and what would loosen does not and is said. Some settings the tree does not get to touch at all: where
//! services are, which packages are private, what is left out.

use std::collections::BTreeSet;

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
    let before: std::collections::BTreeMap<&str, &str> =
        from.custom.iter().map(|custom| (custom.rule.id, custom.condition.text())).collect();
    let edited = to.custom.iter().filter_map(|custom| {
        let (id, condition) = (custom.rule.id, custom.condition.text());
        let earlier = before.get(id).filter(|earlier| **earlier != condition)?;
        Some(Difference {
            key: format!("custom.{id}.when"),
            from: Some(format!("{earlier:?}")),
            to: Some(format!("{condition:?}")),
            direction: Direction::Incomparable,
            place: to.places.get(&super::custom_key(id)).and_then(Provenance::location).cloned(),
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
const CALLERS: [(&str, &str); 8] = [
    ("sources", "only the caller says where services are"),
    ("registries", "only the caller says where packages may come from"),
    ("internal", "only the caller says what no service is asked about"),
    ("baseline", "only the caller says what was known before"),
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
            let message = match direction {
                None => continue,
                Some(Direction::Stricter) => {
                    take(&mut tightened, theirs, key);
                    None
                }
                Some(Direction::Incomparable) if join(&mut tightened, theirs, key) => Some(format!(
                    "`{dotted}` of the scanned tree adds {} to the caller's {}, and takes nothing away",
                    to.text, from.text
                )),
                Some(Direction::Incomparable | Direction::Milder) => Some(would_loosen(&dotted, from, to)),
            };
            match (message, said) {
                (None, place) => {
                    let place = place.or_else(|| self.said("extends"));
                    self.take_place(&dotted, place);
                }
                (Some(message), Some(place)) => self.refuse(Some(&place), message),
                (Some(_), None) => {}
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
                    "an override of the scanned tree that gives no level does not hold: say `at-least`".to_owned(),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::PolicyOrigin;
    use crate::policy::{PolicyError, ReadFile, Reading, load};
    use crate::rule;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn read(text: &str, origin: PolicyOrigin, below: &Policy) -> Result<Policy, Vec<PolicyError>> {
        let text = format!("version = 1\n{text}");
        let read: &ReadFile<'_> = &|_| Ok(Some(text.as_bytes().to_vec()));
        let below = (origin == PolicyOrigin::Tree).then_some(below.custom.as_slice());
        let path = if origin == PolicyOrigin::Tree { "osprey.toml" } else { "org.toml" };
        load(path, &Reading { read, origin, rules: &rule::rules(), today: TODAY, below })
    }

    fn caller(text: &str) -> Policy {
        read(text, PolicyOrigin::Flag, &Policy::built_in(Profile::Brownfield, &[])).unwrap()
    }

    fn tightened(of_caller: &str, of_tree: &str) -> Policy {
        let caller = caller(of_caller);
        let tree = read(of_tree, PolicyOrigin::Tree, &caller).unwrap_or_else(|errors| panic!("{errors:?}"));
        caller.tightened_by(&tree, TODAY)
    }

    /// What is remarked, a line each.
    fn said(policy: &Policy) -> String {
        let line = |remark: &Diagnostic| {
            format!("{}:{} {}", remark.path.as_deref().unwrap(), remark.line.unwrap_or(0), remark.message)
        };
        policy.remarks.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// How a setting of one file stands to that of another.
    fn between(from: &str, to: &str) -> Vec<String> {
        let differences = differences(&caller(from), &caller(to));
        let text = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
        differences
            .into_iter()
            .map(|one| format!("{}: {} to {}: {:?}", one.key, text(one.from), text(one.to), one.direction))
            .collect()
    }

    #[test]
    fn nothing_differs_from_itself_and_directions_turn_round() {
        let rules = [
            "",
            "unsound-code = \"deny\"",
            "unsound-code = \"off\"",
            "low-scorecard = { min-score = 7.0 }",
            "low-scorecard = { min-score = 3.0, on-unknown = \"allow\" }",
            "known-vulnerability = { min-severity = \"low\" }",
            "known-vulnerability = { min-severity = \"critical\" }",
            "known-vulnerability = \"warn\"",
            "known-vulnerability = \"deny\"",
            "known-vulnerability = { kinds = [\"runtime\"] }",
            "known-vulnerability = { unscored-as = \"low\" }",
            "known-vulnerability = { ecosystems = [\"npm\"] }",
            "known-vulnerability = { paths = [\"a/**\"] }",
            "denied-license = { allow = [\"MIT\"] }",
            "denied-license = { allow = [\"MIT\", \"ISC\"] }",
            "failed-scorecard-check = { checks = { Maintained = 5 } }",
        ];
        for one in rules {
            assert_eq!(between(&format!("[rules]\n{one}"), &format!("[rules]\n{one}")), Vec::<String>::new());
            for other in rules {
                let (there, back) = (
                    differences(&caller(&format!("[rules]\n{one}")), &caller(&format!("[rules]\n{other}"))),
                    differences(&caller(&format!("[rules]\n{other}")), &caller(&format!("[rules]\n{one}"))),
                );
                let turned = |direction| match direction {
                    Direction::Stricter => Direction::Milder,
                    Direction::Milder => Direction::Stricter,
                    Direction::Incomparable => Direction::Incomparable,
                };
                let seen: Vec<_> = there.iter().map(|one| (&one.key, one.direction)).collect();
                let turned: Vec<_> = back.iter().map(|one| (&one.key, turned(one.direction))).collect();
                assert_eq!(seen, turned, "{one} / {other}");
            }
        }
    }

    #[test]
    fn each_setting_knows_which_way_is_stricter() {
        let exception = |day: &str| format!("[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\nexpires = {day}");
        let said = [
            between(
                "",
                "max-age = \"30d\"\ninternal = [\"@a/*\"]\nexclude = [\"x\"]\ntest-data = \"deny\"\nmax-exception-days = 9",
            ),
            between("", "[registries]\nallow = [\"registry.example\"]"),
            between(
                "[rules]\nknown-vulnerability = \"deny\"",
                "[rules]\nknown-vulnerability = { level = \"warn\", kinds = [\"runtime\"] }",
            ),
            between(
                "[rules]\nlow-scorecard = { min-score = 5.5, scope = \"all\" }",
                "[rules]\nlow-scorecard = { min-score = 4, scope = \"direct\", packages = [\"pkg:npm/a\"] }",
            ),
            between("[rules]\ndenied-license = { allow = [\"MIT\"] }", "[rules]\ndenied-license = { allow = [] }"),
            between(
                "[rules]\ndenied-license = { allow = [\"MIT\"] }",
                "[rules]\ndenied-license = { allow = [\"ISC\"] }",
            ),
            between(&exception("2027-01-01"), &exception("2027-02-01")),
            between("", &exception("2027-01-01")),
            between("", "[[overrides]]\npaths = [\"a\"]\nlevel = \"allow\""),
            between("[[overrides]]\npaths = [\"a\"]\nat-least = \"deny\"", ""),
            between("", "[delegate]\nrules = [\"known-vulnerability\"]\nmax-days = 9\nmax-severity = \"low\""),
            between(
                "[[custom]]\nid = \"a-b\"\nlevel = \"deny\"\nwhen = \"package.direct\"\nsummary = \"s\"",
                "[[custom]]\nid = \"a-b\"\nlevel = \"deny\"\nwhen = \"!package.direct\"\nsummary = \"s\"",
            ),
            between("[[custom]]\nid = \"a-b\"\nlevel = \"deny\"\nwhen = \"package.direct\"\nsummary = \"s\"", ""),
        ];
        insta::assert_snapshot!(said.map(|lines| lines.join("\n")).join("\n\n"), @r#"
        exclude: [] to ["x"]: Milder
        internal: [] to ["@a/*"]: Milder
        max-age: "7d" to "30d": Milder
        max-exception-days: no bound to 9: Stricter
        test-data: "warn" to "deny": Stricter

        registries: any to ["registry.example"]: Stricter

        rules.known-vulnerability.kinds: every kind to ["runtime"]: Milder
        rules.known-vulnerability.level: "deny" to "warn": Milder

        rules.low-scorecard.min-score: 5.5 to 4.0: Milder
        rules.low-scorecard.packages: any to ["pkg:npm/a"]: Milder
        rules.low-scorecard.scope: "all" to "direct": Milder

        rules.denied-license.allow: ["MIT"] to []: Milder

        rules.denied-license.allow: ["MIT"] to ["ISC"]: Incomparable

        exceptions.CVE-1: until 2027-01-01 to until 2027-02-01: Milder

        exceptions.CVE-1: nothing to until 2027-01-01: Milder

        overrides.org.toml:2: nothing to { paths = ["a"], level = "allow" }: Milder

        overrides.org.toml:2: { paths = ["a"], at-least = "deny" } to nothing: Milder

        delegate: nothing to known-vulnerability for 9 days, up to low: Milder

        custom.a-b.when: "package.direct" to "!package.direct": Incomparable

        custom.a-b: "deny" to nothing: Milder
        "#);
    }

    #[test]
    fn a_tree_tightens_and_what_would_loosen_is_said_once() {
        let policy = tightened(
            "extends = \"brownfield\"\ntest-data = \"warn\"\n[rules]\nunsound-code = \"warn\"\nlow-scorecard = { level = \"warn\", min-score = 5.0 }\n\
             known-vulnerability = { level = \"deny\", min-severity = \"medium\", kinds = [\"runtime\"] }",
            "test-data = \"deny\"\nmax-exception-days = 30\ninternal = [\"@a/*\", \"@b/*\"]\nexclude = [\"x\"]\nmax-age = \"1d\"\nproject = \"github.com/a/b\"\nbaseline = \"b.json\"\n\
             [sources]\nosv = \"https://host.example\"\n[registries]\nallow = [\"host.example\"]\n[delegate]\nrules = [\"unsound-code\"]\nmax-days = 9\nmax-severity = \"low\"\n\
             [rules]\nunsound-code = \"deny\"\nlow-scorecard = { level = \"off\", min-score = 7.5 }\nmalicious-package = \"allow\"\n\
             known-vulnerability = { min-severity = \"high\", kinds = [\"dev\"], on-unknown = \"deny\" }",
        );
        let of = |id: &str| &policy.rules[id];
        assert_eq!((policy.test_data, policy.max_exception_days), (Level::Deny, Some(30)));
        assert!(policy.internal.is_empty() && policy.exclude.is_empty() && policy.registries.is_empty());
        assert!(policy.sources.is_empty() && policy.delegate.is_none() && policy.project.is_none());
        assert!(policy.baseline.is_none());
        assert_eq!((of("unsound-code").level, of("low-scorecard").level), (Level::Deny, Level::Warn));
        assert_eq!(of("low-scorecard").values["min-score"], Setting::Score(7.5));
        let known = of("known-vulnerability");
        let kinds: Vec<&str> = known.kinds.unwrap().iter().map(crate::model::DependencyKind::as_str).collect();
        assert_eq!((known.min_severity, kinds), (Some(Severity::Medium), vec!["runtime", "dev"]));
        assert_eq!(of("malicious-package").level, Level::Deny);
        assert!(matches!(&policy.places["rules.unsound-code.level"], Provenance::Tightened(place) if place.line == 18));
        insta::assert_snapshot!(said(&policy), @r#"
        osprey.toml:10 `sources` of the scanned tree does not hold: only the caller says where services are
        osprey.toml:11 `registries` of the scanned tree does not hold: only the caller says where packages may come from
        osprey.toml:4 `internal` of the scanned tree does not hold: only the caller says what no service is asked about
        osprey.toml:8 `baseline` of the scanned tree does not hold: only the caller says what was known before
        osprey.toml:5 `exclude` of the scanned tree does not hold: only the caller says what is not scanned
        osprey.toml:6 `max-age` of the scanned tree does not hold: only the caller says how old advisories may be
        osprey.toml:7 `project` of the scanned tree does not hold: only the caller says what the scanned project is
        osprey.toml:13 `delegate` of the scanned tree does not hold: a tree cannot hand itself the right to make exceptions
        osprey.toml:21 `rules.known-vulnerability.kinds` of the scanned tree adds ["dev"] to the caller's ["runtime"], and takes nothing away
        osprey.toml:21 `rules.known-vulnerability.min-severity` of the scanned tree does not hold: "high" would loosen the caller's "medium"
        osprey.toml:19 `rules.low-scorecard.level` of the scanned tree does not hold: "off" would loosen the caller's "warn"
        osprey.toml:20 `rules.malicious-package.level` of the scanned tree does not hold: "allow" would loosen the caller's "deny"
        "#);
    }

    #[test]
    fn a_stricter_profile_of_the_tree_holds_and_a_milder_one_does_not() {
        let policy =
            tightened("[rules]\nstale-release = \"off\"\nlow-scorecard = \"deny\"", "extends = \"greenfield\"");
        assert_eq!(policy.profile, Profile::Greenfield);
        assert_eq!(policy.rules["stale-release"].level, Level::Warn);
        assert_eq!(policy.rules["low-scorecard"].level, Level::Deny, "the caller's is stricter");
        assert_eq!(policy.rules["unmaintained-package"].level, Level::Deny);
        assert_eq!(said(&policy), "");
        let policy = tightened("extends = \"greenfield\"", "extends = \"brownfield\"");
        assert_eq!(policy.profile, Profile::Greenfield);
        assert!(said(&policy).contains("\"brownfield\" would loosen the caller's \"greenfield\""), "{}", said(&policy));
        assert_eq!(said(&tightened("extends = \"greenfield\"", "")), "", "what a tree does not say loosens nothing");
    }

    #[test]
    fn a_level_brings_its_own_threshold_and_no_other() {
        let least = |tree: &str| {
            let policy = tightened("", &format!("[rules]\nknown-vulnerability = {tree}"));
            let known = &policy.rules["known-vulnerability"];
            (known.is_level_given, known.min_severity, said(&policy).lines().count())
        };
        assert_eq!(least("\"deny\""), (true, Some(Severity::Low), 0));
        assert_eq!(least("{ level = \"deny\", min-severity = \"critical\" }"), (true, Some(Severity::High), 1));
        assert_eq!(least("{ level = \"deny\", min-severity = \"medium\" }"), (true, Some(Severity::Medium), 0));
        assert_eq!(least("{ min-severity = \"medium\" }"), (false, Some(Severity::Medium), 0));
        assert_eq!(least("\"warn\""), (false, None, 1), "brownfield denies some of it");
    }

    #[test]
    fn exceptions_of_a_tree_keep_to_what_is_delegated() {
        let delegate = "[delegate]\nrules = [\"known-vulnerability\"]\nmax-days = 30\nmax-severity = \"medium\"\n";
        let exception = |id: &str, more: &str| format!("[[exceptions]]\nadvisory = \"{id}\"\nreason = \"r\"\n{more}\n");
        let tree = [
            exception("CVE-1", "rule = \"known-vulnerability\"\nexpires = 2026-12-22"),
            exception("CVE-2", "rule = \"known-vulnerability\"\nexpires = 2026-12-23"),
            exception("CVE-3", "expires = 2026-12-01"),
            exception("CVE-4", "rule = \"unsound-code\"\nexpires = 2026-12-01"),
            exception("CVE-5", "rule = \"known-vulnerability\"\nuntil-fixed = true"),
            exception("CVE-6", "rule = \"known-vulnerability\"\nexpires = 2026-12-01"),
        ]
        .concat();
        let own = exception("CVE-6", "rule = \"known-vulnerability\"\nexpires = 2026-11-30");
        let policy = tightened(&format!("{delegate}{own}"), &tree);
        let taken: Vec<String> = policy.exceptions.iter().map(Exception::id).collect();
        assert_eq!(taken, ["CVE-6 known-vulnerability", "CVE-1 known-vulnerability"]);
        assert!(policy.exceptions[0].limit.is_none());
        assert_eq!(policy.exceptions[1].limit.unwrap().most, Severity::Medium);
        insta::assert_snapshot!(said(&policy), @r#"
        osprey.toml:7 the exception for CVE-2 known-vulnerability of the scanned tree does not hold: it ends after 2026-12-22, and the caller's policy delegates 30 days
        osprey.toml:12 the exception for CVE-3 of the scanned tree does not hold: it names no rule, and the caller's policy delegates exceptions for some rules alone
        osprey.toml:16 the exception for CVE-4 unsound-code of the scanned tree does not hold: the caller's policy delegates none for unsound-code
        osprey.toml:21 the exception for CVE-5 known-vulnerability of the scanned tree does not hold: it has no last day, and the caller's policy delegates 30 days
        osprey.toml:26 the exception for CVE-6 known-vulnerability of the scanned tree does not hold: the caller's policy has the same in org.toml:6
        "#);
        let none = tightened("", &exception("CVE-1", "rule = \"known-vulnerability\"\nexpires = 2026-12-22"));
        assert!(none.exceptions.is_empty() && said(&none).ends_with("the caller's policy delegates none"));
    }

    #[test]
    fn rules_of_the_trees_own_are_added_and_replace_none() {
        let custom = |id: &str, when: &str, level: &str| {
            format!("[[custom]]\nid = \"{id}\"\nlevel = \"{level}\"\nwhen = '{when}'\nsummary = \"s\"\n")
        };
        let policy = tightened(
            &custom("acme-a", "package.direct", "deny"),
            &(custom("acme-a", "!package.direct", "warn") + &custom("own-b", "package.direct", "warn")),
        );
        assert_eq!(policy.rules["acme-a"].level, Level::Deny);
        let texts: Vec<&str> = policy.custom.iter().map(|custom| custom.condition.text()).collect();
        assert_eq!(texts, ["package.direct", "package.direct"]);
        assert_eq!(policy.rules["own-b"].level, Level::Warn);
        insta::assert_snapshot!(said(&policy), @r#"
        osprey.toml:4 the caller's policy has a rule acme-a of its own, and that one holds
        osprey.toml:4 `rules.acme-a.level` of the scanned tree does not hold: "warn" would loosen the caller's "deny"
        "#);
        let spoken = tightened(&custom("acme-a", "package.direct", "warn"), "[rules]\nacme-a = \"deny\"");
        assert_eq!((spoken.rules["acme-a"].level, said(&spoken)), (Level::Deny, String::new()));
    }

    #[test]
    fn overrides_of_a_tree_raise_and_never_lower() {
        let one = |more: &str| format!("[[overrides]]\npackages = [\"pkg:npm/a\"]\n{more}\n");
        let policy = tightened(
            "",
            &[
                one("level = \"deny\""),
                one("level = \"allow\""),
                one("at-least = \"warn\""),
                one("min-severity = \"low\""),
            ]
            .concat(),
        );
        let levels: Vec<_> = policy.overrides.iter().map(|one| (one.level, one.at_least)).collect();
        assert_eq!(levels, [(None, Some(Level::Deny)), (None, Some(Level::Warn))]);
        assert_eq!(said(&policy).lines().count(), 2);
    }

    const SETTINGS: &[&str] = &[
        "unsound-code = \"LEVEL\"",
        "low-scorecard = { level = \"LEVEL\", min-score = N }",
        "known-vulnerability = \"LEVEL\"",
        "known-vulnerability = { min-severity = \"SEVERITY\" }",
        "known-vulnerability = { level = \"LEVEL\", min-severity = \"SEVERITY\", kinds = [\"KIND\"] }",
        "known-vulnerability = { unscored-as = \"SEVERITY\", paths = [\"N/**\"] }",
        "unmaintained-package = { scope = \"all\", max-age = \"Nd\" }",
        "denied-license = { allow = [\"MIT\"] }",
        "stale-release = { kinds = [\"KIND\"], ecosystems = [\"npm\"] }",
    ];

    prop_compose! {
        fn any_rules()(which in prop::collection::btree_set(0..SETTINGS.len(), 0..4), level in 0_usize..4, severity in 0_usize..4, number in 1_u32..9, kind in 0_usize..2, green in any::<bool>()) -> String {
            let mut ids = std::collections::BTreeSet::new();
            let mut text = format!("extends = \"{}\"\n[rules]\n", if green { "greenfield" } else { "brownfield" });
            for at in which {
                let line = SETTINGS[at]
                    .replace("LEVEL", ["off", "allow", "warn", "deny"][level])
                    .replace("SEVERITY", ["low", "medium", "high", "critical"][severity])
                    .replace("KIND", ["runtime", "dev"][kind])
                    .replace('N', &number.to_string());
                if ids.insert(line.split(' ').next().unwrap_or_default().to_owned()) {
                    text += &line;
                    text.push('\n');
                }
            }
            text
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_tree_says_makes_anything_milder(of_caller in any_rules(), of_tree in any_rules()) {
            let before = caller(&of_caller);
            let after = tightened(&of_caller, &of_tree);
            for one in differences(&before, &after) {
                prop_assert!(one.direction == Direction::Stricter, "{one:?}\n{of_caller}\n{of_tree}");
            }
            let again = after.clone().tightened_by(&read(&of_tree, PolicyOrigin::Tree, &before).unwrap(), TODAY);
            prop_assert_eq!(differences(&after, &again), Vec::new(), "once is enough");
        }
    }
}
