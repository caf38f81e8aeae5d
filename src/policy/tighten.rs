//! A policy that another one may only tighten.
//!
//! Where the caller gives a policy, the one in the scanned tree is read as well: what of it is stricter holds, setting by
//! setting, and what would loosen does not and is said. Some settings the tree does not get to touch at all: where
//! services are, which packages are private, what is left out.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::strictness::{self, Direction, Value, threshold};
use super::{Delegate, Exception, KNOWN_VULNERABILITY, Override, Policy, Profile, Provenance, RuleSettings, Setting};
use crate::model::{Diagnostic, Level, Location, RepoPath, Rule, Severity};

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
        let ids: BTreeMap<String, Location> =
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
            let mut least: BTreeMap<String, f64> = one.iter().cloned().collect();
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
mod tests;
