//! `[rules]`: a level for each, or a table.

use toml::Spanned;
use toml::de::DeTable;

use super::reader::{Reader, Value, did_you_mean, nearest, quoted};
use super::scope::{FILTER_KEYS, kinds, read_filter};
use crate::expression::CustomRule;
use crate::model::{AcceptedLicense, License, UnknownLicense, license_ids};
use crate::model::{Data, Level, OnUnknown, Rule, Scope, Scorecard, Setting, Severity};
use crate::policy::{KNOWN_VULNERABILITY, Policy, Provenance, RuleSettings, level_key};

const LEVELS: [Level; 4] = [Level::Off, Level::Allow, Level::Warn, Level::Deny];

/// Severities that a policy can name.
pub(super) const SEVERITIES: [Severity; 5] =
    [Severity::None, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// The rules that there are: those of the program, and the policy's own.
pub(super) struct Known {
    rules: Vec<&'static Rule>,
    custom: Vec<&'static str>,
}

impl Known {
    pub(super) fn of(rules: &[&'static Rule], custom: &[&'static CustomRule]) -> Self {
        let of_policy = custom.iter().map(|custom| &custom.rule);
        let all = rules.iter().copied().chain(of_policy.clone()).collect();
        Self { rules: all, custom: of_policy.map(|rule| rule.id).collect() }
    }

    /// Whether findings of a rule name the advisory that they rest on.
    pub(super) fn rests_on_advisories(&self, rule: &Rule) -> bool {
        rule.data.contains(&Data::Advisories) && !self.custom.contains(&rule.id)
    }

    /// The keys that a rule's table may have. An expression can read what a lockfile of the tree does not say, such as
    /// what a package is for, so that every rule of a policy's own can meet what is not known.
    fn keys(&self, rule: &Rule) -> Vec<&'static str> {
        let mut keys = keys(rule);
        if self.custom.contains(&rule.id) && !keys.contains(&"on-unknown") {
            keys.push("on-unknown");
        }
        keys
    }

    /// The rule of that id; that there is none is noted.
    pub(super) fn find(&self, reader: &mut Reader<'_>, id: &Spanned<impl AsRef<str>>) -> Option<&'static Rule> {
        let rule = self.rules.iter().copied().find(|rule| rule.id == id.get_ref().as_ref());
        if rule.is_none() {
            let ids: Vec<&str> = self.rules.iter().map(|rule| rule.id).collect();
            reader.unknown("rule", "", id, &ids);
        }
        rule
    }
}

/// Reads `[rules]` into a policy.
pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>, known: &Known, policy: &mut Policy) {
    let Some(table) = reader.table("rules", value) else { return };
    for (key, value) in table {
        let Some(rule) = known.find(reader, key) else { continue };
        let Some(settings) = policy.rules.get_mut(rule.id) else { continue };
        match value.get_ref().as_table() {
            Some(table) => {
                read_table(reader, table, settings, &known.keys(rule));
                for (key, value) in table {
                    let place = Provenance::File(reader.locate(&value.span()));
                    policy.places.insert(format!("rules.{}.{}", rule.id, key.get_ref()), place);
                }
            }
            None if value.get_ref().is_str() => {
                if let Some(level) = reader.word(rule.id, value, &LEVELS, Level::as_str) {
                    settings.set_level(level);
                    policy.places.insert(level_key(rule.id), Provenance::File(reader.locate(&value.span())));
                }
            }
            None => {
                let message = format!(
                    "`{}` must be a level such as \"deny\", or a table such as {{ level = \"deny\" }}",
                    rule.id
                );
                reader.fail(&value.span(), message);
            }
        }
    }
}

/// The keys that a rule's table may have: only those that do something for it.
pub(super) fn keys(rule: &Rule) -> Vec<&'static str> {
    let mut keys = vec!["level", "kinds", "scope"];
    keys.extend(FILTER_KEYS);
    if rule.id == KNOWN_VULNERABILITY {
        keys.extend(["min-severity", "unscored-as"]);
    }
    if rule.data.iter().any(|data| *data != Data::Local) {
        keys.push("on-unknown");
    }
    keys.extend(rule.parameters.iter().map(|parameter| parameter.key));
    keys
}

fn read_table(reader: &mut Reader<'_>, table: &DeTable<'_>, settings: &mut RuleSettings, keys: &[&'static str]) {
    for (key, _) in table.iter().filter(|(key, _)| !keys.contains(&key.get_ref().as_ref())) {
        let id = settings.rule.id;
        match key.get_ref().as_ref() {
            name @ ("min-severity" | "unscored-as") => {
                let message =
                    format!("`{name}` means something for {KNOWN_VULNERABILITY} alone: {id} has no severities");
                reader.fail(&key.span(), message);
            }
            "on-unknown" => {
                let message = format!("{id} reads nothing but the scanned tree, so that `on-unknown` has no meaning");
                reader.fail(&key.span(), message);
            }
            _ => reader.unknown("key", &format!(" in the table of {id}"), key, keys),
        }
    }
    read_keys(reader, table, settings, keys);
}

/// Reads those keys of a table into a rule's settings; others are left alone.
pub(super) fn read_keys(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    settings: &mut RuleSettings,
    keys: &[&'static str],
) {
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        match key {
            _ if !keys.contains(&key) => {}
            "level" => {
                if let Some(level) = reader.word(key, value, &LEVELS, Level::as_str) {
                    settings.set_level(level);
                }
            }
            "kinds" => settings.kinds = kinds(reader, value),
            "scope" => settings.scope = reader.word(key, value, &Scope::ALL, Scope::as_str),
            "ecosystems" | "paths" | "packages" => read_filter(reader, key, value, &mut settings.filter),
            "min-severity" => settings.min_severity = reader.word(key, value, &SEVERITIES, Severity::as_str),
            "unscored-as" => {
                if let Some(severity) = reader.word(key, value, &SEVERITIES, Severity::as_str) {
                    settings.unscored_as = severity;
                }
            }
            "on-unknown" => {
                if let Some(choice) = reader.word(key, value, &OnUnknown::ALL, OnUnknown::as_str) {
                    settings.on_unknown = choice;
                }
            }
            _ => {
                let parameter = settings.rule.parameters.iter().find(|parameter| parameter.key == key);
                if let Some(parameter) = parameter
                    && let Some(setting) = setting(reader, parameter.key, value, &(parameter.default)())
                {
                    settings.values.insert(parameter.key, setting);
                }
            }
        }
    }
}

/// The value of a rule's own parameter, of the sort that its default is of.
fn setting(reader: &mut Reader<'_>, key: &'static str, value: &Value<'_>, default: &Setting) -> Option<Setting> {
    Some(match default {
        Setting::Score(_) => Setting::Score(reader.decimal(key, value, 10.0)?),
        Setting::Share(_) => Setting::Share(reader.decimal(key, value, 1.0)?),
        Setting::Days(_) => Setting::Days(reader.days(key, value)?),
        Setting::Count(_) => Setting::Count(reader.number(key, value, &(0..u32::MAX))?),
        Setting::Word(_, of) => Setting::Word(reader.word(key, value, of, |word| word)?, of),
        Setting::Names(_) => {
            let array = reader.array(key, value, "strings");
            Setting::Names(array.iter().filter_map(|name| reader.text(key, name).map(str::to_owned)).collect())
        }
        Setting::Licenses(_) => Setting::Licenses(licenses(reader, key, value)),
        Setting::Scores(_) => {
            let known: Vec<&str> = Scorecard::names().collect();
            let mut scores = Vec::new();
            for (name, value) in reader.table(key, value)? {
                if !known.contains(&name.get_ref().as_ref()) {
                    reader.unknown("check", "", name, &known);
                } else if let Some(score) = reader.decimal(name.get_ref(), value, 10.0) {
                    scores.push((name.get_ref().to_string(), score));
                }
            }
            Setting::Scores(scores)
        }
    })
}

/// Licences, one in each entry, each of them known to SPDX.
fn licenses(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Vec<String> {
    let mut licenses = Vec::new();
    for value in reader.array(key, value, "strings") {
        let Some(text) = reader.text(key, value) else { continue };
        match AcceptedLicense::parse(text) {
            Ok(_) => licenses.push(text.to_owned()),
            Err(_) if License::parse(text).is_ok() => {
                let message = format!("`{key}` takes one licence in each entry, not {}", quoted(text));
                reader.fail(&value.span(), message);
            }
            Err(UnknownLicense { word }) => {
                let near = did_you_mean(nearest(&word, license_ids()));
                let message = format!("`{key}` takes licences that SPDX lists, not {}{near}", quoted(&word));
                reader.fail(&value.span(), message);
            }
        }
    }
    licenses
}
