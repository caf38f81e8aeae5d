//! `[[custom]]`: the rules that a policy writes itself.

use std::ops::Range;

use toml::de::DeTable;

use super::reader::{Reader, Value, quoted};
use super::rules::read_keys;
use super::scope::FILTER_KEYS;
use crate::expression::{Condition, CustomRule, Draft, intern};
use crate::model::Level;
use crate::policy::{Policy, Provenance, RuleSettings, custom_key};

/// How many rules of its own a policy may have.
const MOST: usize = 500;

/// How long a text about a rule may be, in characters.
const LONGEST: usize = 1_000;

/// How long an id may be.
const LONGEST_ID: usize = 64;

/// What a rule has besides the keys of every rule.
pub(super) const OWN: [&str; 5] = ["id", "when", "summary", "why", "fix"];

/// The keys of every rule, but for the level, which is read with the rule.
pub(super) const OF_RULES: [&str; 6] = ["kinds", "scope", FILTER_KEYS[0], FILTER_KEYS[1], FILTER_KEYS[2], "on-unknown"];

const LEVELS: [Level; 4] = [Level::Off, Level::Allow, Level::Warn, Level::Deny];

/// What stands for `why` where a policy does not say it.
const WHY: &str = "It is a rule of the policy in force.";

/// What stands for `fix` where a policy does not say it.
const FIX: &str = "Ask who keeps the policy what to do.";

/// What stands for an expression with a mistake, so that the rest of the file can be checked.
const ANYTHING: &str = "package.direct";

/// Reads the policy's own rules into it.
pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>, policy: &mut Policy) {
    let Some(array) = value.get_ref().as_array() else {
        let message = "`custom` must be an array of tables: write [[custom]]";
        return reader.fail(&value.span(), message);
    };
    if array.len() + policy.custom.len() > MOST {
        let message = format!("a policy may have {MOST} rules of its own, those that it inherits counted");
        return reader.fail(&value.span(), message);
    }
    for value in array {
        let Some(table) = reader.table("custom", value) else { continue };
        let keys: Vec<&str> = OWN.into_iter().chain(["level"]).chain(OF_RULES).collect();
        reader.check_keys(table, "[[custom]]", &keys);
        if let Some(custom) = rule(reader, table, &value.span(), policy) {
            let mut settings = RuleSettings::of(&custom.rule, policy.profile);
            settings.set_level(custom.rule.greenfield);
            read_keys(reader, table, &mut settings, &OF_RULES);
            policy.rules.insert(custom.rule.id, settings);
            policy.places.insert(custom_key(custom.rule.id), Provenance::File(reader.locate(&value.span())));
            for (key, value) in table.iter().filter(|(key, _)| !OWN.contains(&key.get_ref().as_ref())) {
                let place = Provenance::File(reader.locate(&value.span()));
                policy.places.insert(format!("rules.{}.{}", custom.rule.id, key.get_ref()), place);
            }
            policy.custom.push(custom);
        }
    }
}

fn rule(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    whole: &Range<usize>,
    policy: &Policy,
) -> Option<&'static CustomRule> {
    let id = required(reader, table, whole, "id").and_then(|value| id(reader, value, policy));
    let level = required(reader, table, whole, "level");
    let level = level.and_then(|value| reader.word("level", value, &LEVELS, Level::as_str));
    let condition = required(reader, table, whole, "when").and_then(|value| condition(reader, value));
    let summary = required(reader, table, whole, "summary").and_then(|value| line(reader, "summary", value));
    let why = table.get("why").and_then(|value| line(reader, "why", value));
    let fix = table.get("fix").and_then(|value| line(reader, "fix", value));
    let condition = condition.or_else(|| Condition::parse(ANYTHING).ok())?;
    Some(intern(Draft {
        id: id?,
        level: level.unwrap_or(Level::Off),
        summary: summary.unwrap_or_default(),
        why: why.unwrap_or(WHY),
        fix: fix.unwrap_or(FIX),
        condition,
    }))
}

fn required<'v, 's>(
    reader: &mut Reader<'_>,
    table: &'v DeTable<'s>,
    whole: &Range<usize>,
    key: &str,
) -> Option<&'v Value<'s>> {
    let value = table.get(key);
    if value.is_none() {
        let example = match key {
            "id" => "id = \"acme-no-git-sources\"",
            "level" => "level = \"warn\"",
            "when" => "when = 'package.direct && health.age_days < 90'",
            _ => "summary = \"what it finds, in one line\"",
        };
        reader.fail(whole, format!("a rule of the policy's own needs `{key}`, such as {example}"));
    }
    value
}

/// A kebab-case id that no other rule has.
fn id<'v>(reader: &mut Reader<'_>, value: &'v Value<'_>, policy: &Policy) -> Option<&'v str> {
    let id = reader.text("id", value)?;
    let is_plain =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let begins = id.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || !id.split('-').all(is_plain) || id.len() > LONGEST_ID {
        let message = format!(
            "`id` must be of lower-case words with hyphens between them, such as \"acme-no-git-sources\", \
             {LONGEST_ID} characters at most, not {}",
            quoted(id)
        );
        reader.fail(&value.span(), message);
        return None;
    }
    if policy.custom.iter().any(|custom| custom.rule.id == id) {
        reader.fail(&value.span(), format!("there are two rules {}", quoted(id)));
        return None;
    }
    if policy.rules.contains_key(id) {
        let message = format!("{} is a rule of Osprey; begin yours with a name of your own", quoted(id));
        reader.fail(&value.span(), message);
        return None;
    }
    Some(id)
}

/// A text of one line.
fn line<'v>(reader: &mut Reader<'_>, name: &str, value: &'v Value<'_>) -> Option<&'v str> {
    let text = reader.text(name, value)?;
    if text.chars().any(char::is_control) {
        reader.fail(&value.span(), format!("`{name}` must be one line, without control characters"));
        return None;
    }
    if text.chars().nth(LONGEST).is_some() {
        reader.fail(&value.span(), format!("`{name}` is longer than {LONGEST} characters"));
        return None;
    }
    Some(text.trim())
}

/// An expression, with each of its mistakes at its place in the file.
fn condition(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Condition> {
    let text = reader.text("when", value)?;
    let mistakes = match Condition::parse(text) {
        Ok(condition) => return Some(condition),
        Err(mistakes) => mistakes,
    };
    let span = value.span();
    let written = reader.written(&span);
    for mistake in mistakes {
        let place = place(written, text, &mistake.span).map(|place| span.start + place.start..span.start + place.end);
        reader.fail(&place.unwrap_or_else(|| span.clone()), format!("`when`: {}", mistake.message));
    }
    None
}

/// Where a part of a text stands in the string that it was written as. TOML reads `\r\n` as `\n`. `None` where there are
/// escapes: then what is written and what it means are of different lengths.
fn place(written: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    if let Some(begin) = written.find(text) {
        return Some(begin + part.start..begin + part.end);
    }
    let begin = written.find(&text.replace('\n', "\r\n"))?;
    let lines = |end: usize| text.get(..end).map_or(0, |text| text.matches('\n').count());
    Some(begin + part.start + lines(part.start)..begin + part.end + lines(part.end))
}

#[cfg(test)]
mod tests;
