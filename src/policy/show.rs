//! A policy as it is written: the whole of what is in force, as a file that reads to the same policy.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::{Delegate, Exception, Filter, Override, Policy, Provenance, RuleSettings};
use crate::model::{Data, Kinds, Location, Rule, Scope, Setting};

/// A duration as a policy writes it.
pub(super) fn age(age: SignedDuration) -> String {
    let hours = age.as_hours();
    match hours % 24 {
        0 => days(hours / 24),
        _ => format!("\"{hours}h\""),
    }
}

/// A number of days; so many that a policy cannot write them as days were written as weeks.
fn days(days: i64) -> String {
    if days > i64::from(u16::MAX) { format!("\"{}w\"", days / 7) } else { format!("\"{days}d\"") }
}

/// The value of a rule's parameter.
fn setting(setting: &Setting) -> String {
    match setting {
        Setting::Days(number) => days(i64::from(*number)),
        Setting::Names(names) | Setting::Licenses(names) => array(names),
        other => other.to_string(),
    }
}

/// A text as TOML writes it (<https://toml.io/en/v1.0.0#string>).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if letter.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn array<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    format!("[{}]", texts.into_iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", "))
}

fn kinds(kinds: Kinds) -> String {
    array(kinds.iter().map(crate::model::DependencyKind::as_str))
}

fn filter(filter: &Filter, pairs: &mut Pairs) {
    if !filter.ecosystems.is_empty() {
        pairs.push(("ecosystems", array(filter.ecosystems.iter().map(|one| one.purl_type()))));
    }
    if !filter.paths.is_empty() {
        pairs.push(("paths", array(filter.paths.iter().map(super::PathPattern::as_str))));
    }
    if !filter.packages.is_empty() {
        pairs.push(("packages", array(filter.packages.iter().map(|one| one.text.as_str()))));
    }
}

fn rule_ids(rules: &[&'static Rule]) -> String {
    array(rules.iter().map(|rule| rule.id))
}

/// Keys with their values as TOML.
type Pairs = Vec<(&'static str, String)>;

/// The keys of an override.
fn of_override(one: &Override) -> Pairs {
    let mut pairs = Vec::new();
    if !one.rules.is_empty() {
        pairs.push(("rules", rule_ids(&one.rules)));
    }
    pairs.extend(one.kinds.map(|set| ("kinds", kinds(set))));
    pairs.extend(one.scope.map(|scope| ("scope", quoted(scope.as_str()))));
    filter(&one.filter, &mut pairs);
    pairs.extend(one.level.map(|level| ("level", quoted(level.as_str()))));
    pairs.extend(one.at_least.map(|level| ("at-least", quoted(level.as_str()))));
    pairs.extend(one.min_severity.map(|severity| ("min-severity", quoted(severity.as_str()))));
    pairs
}

/// An override as an inline table.
pub(super) fn override_in_line(one: &Override) -> String {
    let pairs: Vec<String> = of_override(one).into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn of_delegate(delegate: &Delegate) -> Pairs {
    let mut pairs = vec![("rules", rule_ids(&delegate.rules)), ("max-days", delegate.max_days.to_string())];
    pairs.extend(delegate.max_severity.map(|severity| ("max-severity", quoted(severity.as_str()))));
    pairs
}

fn of_exception(exception: &Exception) -> Pairs {
    let mut pairs = Vec::new();
    match &exception.advisories[..] {
        [] => {}
        [one] => pairs.push(("advisory", quoted(one))),
        several => pairs.push(("advisory", array(several))),
    }
    pairs.extend(exception.package.as_ref().map(|package| ("package", quoted(&package.text))));
    pairs.extend(exception.rule.map(|rule| ("rule", quoted(rule.id))));
    pairs.extend(exception.path.as_ref().map(|path| ("path", quoted(path.as_str()))));
    pairs.push(("reason", quoted(&exception.reason)));
    pairs.extend(exception.owner.as_ref().map(|owner| ("owner", quoted(owner))));
    pairs.extend(exception.expires.map(|day| ("expires", day.to_string())));
    if exception.until_fixed {
        pairs.push(("until-fixed", "true".to_owned()));
    }
    pairs
}

/// What is given for a rule, and what is not and holds all the same.
fn of_rule(settings: &RuleSettings) -> (Pairs, Pairs) {
    let (mut given, mut rest) = (Vec::new(), Vec::new());
    let level = ("level", quoted(settings.level.as_str()));
    if settings.is_level_given {
        given.push(level);
    } else {
        rest.push(level);
    }
    given.extend(settings.min_severity.map(|severity| ("min-severity", quoted(severity.as_str()))));
    given.extend(settings.kinds.map(|set| ("kinds", kinds(set))));
    match settings.scope {
        Some(scope) => given.push(("scope", quoted(scope.as_str()))),
        None if settings.rule.scope == Scope::Direct => rest.push(("scope", quoted("direct"))),
        None => {}
    }
    filter(&settings.filter, &mut given);
    if settings.rule.id == super::KNOWN_VULNERABILITY {
        let unscored = ("unscored-as", quoted(settings.unscored_as.as_str()));
        if settings.unscored_as == crate::model::Severity::High { rest.push(unscored) } else { given.push(unscored) }
    }
    if settings.rule.data.iter().any(|data| *data != Data::Local) {
        let unknown = ("on-unknown", quoted(settings.on_unknown.as_str()));
        let usual = RuleSettings::of(settings.rule, super::Profile::Brownfield).on_unknown;
        if settings.on_unknown == usual { rest.push(unknown) } else { given.push(unknown) }
    }
    for parameter in settings.rule.parameters {
        match settings.values.get(parameter.key) {
            Some(value) => given.push((parameter.key, setting(value))),
            None => rest.push((parameter.key, setting(&(parameter.default)()))),
        }
    }
    (given, rest)
}

/// A page of TOML, and whether it says where each value comes from.
struct Page<'p> {
    policy: &'p Policy,
    explain: bool,
    out: String,
}

impl Policy {
    /// The policy in force as a file that reads to the same policy, on one condition: its exceptions still may end when
    /// they do. What nobody gave stands in comments. With `explain`, a comment behind each value says where it comes from.
    pub fn to_toml(&self, explain: bool) -> String {
        let mut page = Page { policy: self, explain, out: String::new() };
        page.whole();
        page.rules();
        for one in &self.overrides {
            page.table("[[overrides]]", &of_override(one), Some(&one.location));
        }
        if let Some(delegate) = &self.delegate {
            let place = self.places.get("delegate").and_then(Provenance::location);
            page.table("[delegate]", &of_delegate(delegate), place);
        }
        for exception in &self.exceptions {
            page.table("[[exceptions]]", &of_exception(exception), Some(&exception.location));
        }
        page.out
    }
}

impl Page<'_> {
    fn whole(&mut self) {
        let policy = self.policy;
        self.line("version", "1", None);
        self.value("extends", &quoted(policy.profile.as_str()));
        self.value("max-age", &age(policy.max_age));
        self.value("test-data", &quoted(policy.test_data.as_str()));
        match policy.max_exception_days {
            Some(days) => self.value("max-exception-days", &days.to_string()),
            None => self.out.push_str("# max-exception-days: no bound\n"),
        }
        if let Some(project) = &policy.project {
            self.value("project", &quoted(project));
        }
        self.list("internal", policy.internal.iter().map(super::NamePattern::as_str).collect());
        self.list("exclude", policy.exclude.iter().map(String::as_str).collect());
        if !policy.registries.is_empty() {
            let place = policy.places.get("registries").and_then(Provenance::location);
            self.table("[registries]", &[("allow", array(&policy.registries))], place);
        }
        if !policy.sources.is_empty() {
            self.out.push_str("\n[sources]\n");
            for (service, address) in &policy.sources {
                let place = self.provenance(&format!("sources.{service}"));
                self.line(service, &quoted(&address.text), Some(place));
            }
        }
    }

    fn rules(&mut self) {
        for (id, settings) in &self.policy.rules {
            let (given, rest) = of_rule(settings);
            let is_given = !given.is_empty();
            // A table without a key would be read as well, and say nothing.
            self.out.push_str(&format!("\n{}[rules.{id}]\n", if is_given { "" } else { "# " }));
            for (key, value) in given {
                let place = self.provenance(&format!("rules.{id}.{key}"));
                self.line(key, &value, Some(place));
            }
            for (key, value) in rest {
                let who = if key == "level" { self.policy.profile.as_str() } else { "default" };
                self.line(&format!("# {key}"), &value, Some(who.to_owned()));
            }
        }
    }

    /// A value of the whole policy.
    fn value(&mut self, key: &str, value: &str) {
        let place = self.provenance(key);
        self.line(key, value, Some(place));
    }

    /// Where a value comes from, in words.
    fn provenance(&self, key: &str) -> String {
        match self.policy.places.get(key) {
            Some(Provenance::File(place)) => format!("{}:{}", place.path, place.line),
            Some(Provenance::Tightened(place)) => {
                format!("tightened by the scanned tree, {}:{}", place.path, place.line)
            }
            Some(Provenance::Flag(flag)) => (*flag).to_owned(),
            None => "default".to_owned(),
        }
    }

    fn line(&mut self, key: &str, value: &str, place: Option<String>) {
        let comment = place.filter(|_| self.explain).map_or(String::new(), |place| format!("  # {}", one_line(&place)));
        self.out.push_str(&format!("{key} = {value}{comment}\n"));
    }

    /// Texts, one a line where it is said where each comes from.
    fn list(&mut self, key: &str, texts: Vec<&str>) {
        if texts.is_empty() {
            return;
        }
        if !self.explain {
            return self.line(key, &array(texts), None);
        }
        self.out.push_str(&format!("{key} = [\n"));
        for text in texts {
            let place = one_line(&self.provenance(&format!("{key}.{text}")));
            self.out.push_str(&format!("  {},  # {place}\n", quoted(text)));
        }
        self.out.push_str("]\n");
    }

    fn table(&mut self, head: &str, pairs: &[(&'static str, String)], place: Option<&Location>) {
        let place = place.filter(|_| self.explain).map(|place| format!("{}:{}", place.path, place.line));
        let comment = place.map_or(String::new(), |place| format!("  # {}", one_line(&place)));
        self.out.push_str(&format!("\n{head}{comment}\n"));
        for (key, value) in pairs {
            self.line(key, value, None);
        }
    }
}

/// A file's name may hold anything, and a comment ends with its line.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}
