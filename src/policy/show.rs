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
        pairs.push(("ecosystems", array(filter.ecosystems.iter().map(|one| one.word()))));
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
    format!("{{ {} }}", in_line(&of_override(one)))
}

/// Keys with their values in one line.
fn in_line(pairs: &Pairs) -> String {
    pairs.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
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
    let unknown = ("on-unknown", quoted(settings.on_unknown.as_str()));
    if settings.on_unknown != RuleSettings::of(settings.rule, super::Profile::Brownfield).on_unknown {
        given.push(unknown);
    } else if settings.rule.data.iter().any(|data| *data != Data::Local) {
        rest.push(unknown);
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
    /// The policy in force as a file that reads to the same policy, but for its examples and what VEX documents say. What
    /// nobody gave stands in comments. With `explain`, a comment behind each value says where it comes from.
    pub fn to_toml(&self, explain: bool) -> String {
        let mut page = Page { policy: self, explain, out: String::new() };
        page.whole();
        for custom in &self.custom {
            let rule = &custom.rule;
            let pairs = [
                ("id", quoted(rule.id)),
                ("level", quoted(rule.greenfield.as_str())),
                ("when", quoted(custom.condition.text())),
                ("summary", quoted(rule.summary)),
                ("why", quoted(rule.why)),
                ("fix", quoted(rule.fix)),
            ];
            let place = self.custom_place(rule.id);
            page.table("[[custom]]", &pairs, place);
        }
        page.given();
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
        page.defaults();
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
        if let Some(path) = &policy.baseline {
            self.value("baseline", &quoted(path));
        }
        self.list("internal", policy.internal.iter().map(super::NamePattern::as_str).collect());
        self.list("exclude", policy.exclude.iter().map(String::as_str).collect());
        let registries = [("allow", &policy.registries), ("private", &policy.private_registries)];
        let named = registries.into_iter().filter(|(_, registries)| !registries.is_empty());
        let pairs: Pairs = named.map(|(key, registries)| (key, array(registries))).collect();
        if !pairs.is_empty() {
            let place = policy.places.get("registries").and_then(Provenance::location);
            self.table("[registries]", &pairs, place);
        }
        if !policy.sources.is_empty() {
            self.out.push_str("\n[sources]\n");
            for (service, address) in &policy.sources {
                let place = self.provenance(&format!("sources.{service}"));
                self.line(service, &quoted(&address.text), Some(place));
            }
        }
    }

    /// The rules of which something is given, and in a comment what else holds of them.
    fn given(&mut self) {
        for (id, settings) in &self.policy.rules {
            let (given, rest) = of_rule(settings);
            if given.is_empty() {
                continue;
            }
            self.out.push_str(&format!("\n[rules.{id}]\n"));
            for (key, value) in given {
                let place = self.provenance(&format!("rules.{id}.{key}"));
                self.line(key, &value, Some(place));
            }
            if !rest.is_empty() {
                self.out.push_str(&format!("# {}\n", in_line(&rest)));
            }
        }
    }

    /// The rules of which nothing is given, a line each as `[rules]` would have it. They come last: a reader looks for
    /// what somebody set.
    fn defaults(&mut self) {
        let profile = self.policy.profile.as_str();
        self.out.push_str(&format!(
            "\n# Nobody set what stands in comments: levels are those of the profile {profile}, all else is the default.\n\
             # The profile grades known-vulnerability by severity and fix and unmaintained-package by whether it is direct;\n\
             # a level that a policy gives them holds for all.\n\
             # [rules]\n"
        ));
        for (id, settings) in &self.policy.rules {
            if let (given, rest) = of_rule(settings)
                && given.is_empty()
            {
                self.out.push_str(&format!("# {id} = {{ {} }}\n", in_line(&rest)));
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

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{Level, PolicyOrigin, Severity};
    use crate::policy::{Exception, Profile, parse};
    use crate::rule;

    fn read(text: &str) -> Policy {
        parse("osprey.toml", text, PolicyOrigin::Flag, &rule::rules(), Date::constant(2026, 11, 22))
            .unwrap_or_else(|errors| panic!("{}\n{text}", errors[0]))
    }

    /// The policy without where things stand.
    fn placeless(mut policy: Policy) -> Policy {
        let nowhere = Location { path: "".into(), line: 1, column: 1, length: 0 };
        policy.places.clear();
        policy.sha256 = None;
        policy.examples.clear();
        policy.overrides.iter_mut().for_each(|one| one.location = nowhere.clone());
        policy.exceptions.iter_mut().for_each(|one| one.location = nowhere.clone());
        policy.sources.values_mut().for_each(|address| address.place.clear());
        policy
    }

    const WHOLE: &str = r#"version = 1
extends = "greenfield"
max-age = "36h"
internal = ["@acme/*", "go.acme.example/*"]
exclude = ["/vendored", "*.old"]
test-data = "deny"
max-exception-days = 100
project = "github.com/acme/web"
baseline = "osprey-baseline.json"

[registries]
allow = ["registry.example"]
private = ["https://registry.example/ours", "host.example"]

[sources]
osv = "https://host.example/osv"

[rules]
unsound-code = "deny"
stale-release = { max-age = "9000w" }
low-scorecard = { level = "warn", min-score = 6.5, scope = "all", on-unknown = "deny" }
failed-scorecard-check = { checks = { Maintained = 5, Code-Review = 3.5 } }
denied-license = { level = "deny", allow = ["MIT", "Apache-2.0 WITH LLVM-exception"], packages = ["pkg:npm/@acme/*@<2"] }
known-vulnerability = { min-severity = "medium", kinds = ["runtime", "build"], unscored-as = "critical", ecosystems = ["npm", "cargo"], paths = ["services/**"] }

[[custom]]
id = "acme-no-git"
level = "deny"
when = 'package.source.kind == "git"'
summary = "From git \\ \"quoted\""

[[overrides]]
rules = ["known-vulnerability", "acme-no-git"]
kinds = ["dev"]
scope = "direct"
paths = ["tools/**"]
level = "warn"
min-severity = "critical"

[[overrides]]
packages = ["pkg:pypi/django"]
at-least = "deny"

[delegate]
rules = ["known-vulnerability"]
max-days = 30
max-severity = "medium"

[[exceptions]]
advisory = ["CVE-2020-26235", "RUSTSEC-2020-0071"]
package = "pkg:cargo/time@<0.2"
rule = "known-vulnerability"
path = "services/**"
reason = "a tab\tand a \"quote\""
owner = "platform-security"
expires = 2027-01-31

[[exceptions]]
advisory = "CVE-1"
reason = "r"
until-fixed = true
expires = 2026-12-31
"#;

    #[test]
    fn what_is_shown_reads_to_the_same_policy() {
        for text in [WHOLE, "version = 1", "version = 1\nextends = \"greenfield\"\n[rules]\nunsound-code = \"off\""] {
            let policy = read(text);
            for explain in [false, true] {
                let shown = policy.to_toml(explain);
                assert_eq!(placeless(read(&shown)), placeless(policy.clone()), "{shown}");
            }
        }
    }

    #[test]
    fn each_value_says_where_it_comes_from() {
        let mut policy =
            read("version = 1\nmax-age = \"2d\"\ninternal = [\"@acme/*\"]\n[rules]\nunsound-code = \"warn\"");
        policy.set_level("stale-release", Level::Deny).unwrap();
        policy.set_min_severity(Severity::Critical);
        let shown = policy.to_toml(true);
        let of = |start: &str| shown.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>().join("\n");
        assert_eq!(of("extends"), "extends = \"brownfield\"  # default");
        assert_eq!(of("max-age"), "max-age = \"2d\"  # osprey.toml:2");
        assert_eq!(of("  \"@acme"), "  \"@acme/*\",  # osprey.toml:3");
        let rule = |id: &str| {
            let lines = shown.lines().skip_while(|line| !line.ends_with(&format!("[rules.{id}]")));
            lines.take(3).collect::<Vec<_>>().join("\n")
        };
        let rules = [rule("unsound-code"), rule("stale-release"), of("# malicious-package"), of("min-severity")];
        insta::assert_snapshot!(rules.join("\n"), @r#"
        [rules.unsound-code]
        level = "warn"  # osprey.toml:5
        # on-unknown = "warn"
        [rules.stale-release]
        level = "deny"  # --deny
        # scope = "direct", on-unknown = "warn", max-age = "365d"
        # malicious-package = { level = "deny", on-unknown = "incomplete" }
        min-severity = "critical"  # --min-severity
        "#);
    }

    #[test]
    fn what_nobody_set_can_be_taken_over_as_it_stands() {
        let policy = read("version = 1\nextends = \"greenfield\"\n[rules]\nunsound-code = \"off\"");
        let shown = policy.to_toml(true);
        let (given, defaults) = shown.split_once("# [rules]\n").unwrap();
        assert!(given.contains("\n[rules.unsound-code]\nlevel = \"off\"  # osprey.toml:4\n"), "{given}");
        let rules = defaults.replace("# ", "");
        let written = read(&format!("version = 1\nextends = \"greenfield\"\n[rules]\n{rules}"));
        let others = |policy: &Policy| policy.rules.keys().filter(|id| **id != "unsound-code").count();
        assert_eq!(rules.lines().count(), others(&policy));
        for (id, settings) in policy.rules.iter().filter(|(id, _)| **id != "unsound-code") {
            assert_eq!((settings.level, settings.on_unknown), (written.rules[id].level, written.rules[id].on_unknown));
            assert_eq!(settings.scope(), written.rules[id].scope(), "{id}");
        }
    }

    #[test]
    fn what_a_tree_tightened_reads_to_the_same_policy() {
        let tree = parse(
            "osprey.toml",
            "version = 1\nextends = \"greenfield\"\n[rules]\nlow-scorecard = { level = \"deny\", min-score = 9 }\n\
             [[overrides]]\npackages = [\"pkg:npm/*\"]\nlevel = \"deny\"",
            PolicyOrigin::Tree,
            &rule::rules(),
            Date::constant(2026, 11, 22),
        );
        let policy = read("version = 1").tightened_by(&tree.unwrap(), Date::constant(2026, 11, 22));
        assert_eq!(policy.profile, Profile::Greenfield);
        let (shown, policy) = (read(&policy.to_toml(true)), Policy { tightened_by: None, ..policy });
        assert_eq!(placeless(shown), placeless(policy));
    }

    #[test]
    fn any_text_is_written_so_that_it_is_read_back() {
        let policy = Policy {
            exceptions: vec![Exception {
                reason: "\u{1}\u{7f}\"\\\r\né\u{2028}'''".to_owned(),
                ..read(WHOLE).exceptions[0].clone()
            }],
            ..read(WHOLE)
        };
        assert_eq!(read(&policy.to_toml(false)).exceptions[0].reason, policy.exceptions[0].reason);
    }
}
