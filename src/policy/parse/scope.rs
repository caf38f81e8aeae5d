//! What is in scope: the keys that a rule's table and an override share, and `[[overrides]]`.

use toml::Spanned;
use toml::de::DeTable;

use super::exceptions::parse_purl_pattern;
use super::reader::{Reader, Value, quoted};
use super::rules::{Known, SEVERITIES};
use crate::model::{DependencyKind, Ecosystem, Kinds, Level, Rule, Scope};
use crate::policy::{Filter, KNOWN_VULNERABILITY, Override, PackagePattern, PathPattern};

/// The keys of a [`Filter`].
pub(super) const FILTER_KEYS: [&str; 3] = ["ecosystems", "paths", "packages"];

pub(super) const OVERRIDE_KEYS: &[&str] =
    &["rules", "kinds", "scope", "ecosystems", "paths", "packages", "level", "at-least", "min-severity"];

/// The levels that an override gives. What is off is not looked for at all, and that cannot hold for a part.
const LEVELS: [Level; 3] = [Level::Allow, Level::Warn, Level::Deny];

/// Reads one key of a filter.
pub(super) fn read_filter(reader: &mut Reader<'_>, key: &str, value: &Value<'_>, filter: &mut Filter) {
    match key {
        "ecosystems" => filter.ecosystems = ecosystems(reader, value),
        "paths" => filter.paths = paths(reader, value),
        "packages" => filter.packages = packages(reader, value),
        _ => {}
    }
}

/// What an ecosystem is called in a policy: the type that package URLs have; a distribution by its name there.
fn ecosystems(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<Ecosystem> {
    let mut ecosystems: Vec<Ecosystem> = not_empty(reader, "ecosystems", value)
        .iter()
        .filter_map(|value| reader.word("ecosystems", value, Ecosystem::ALL, Ecosystem::word))
        .collect();
    ecosystems.sort_unstable();
    ecosystems.dedup();
    ecosystems
}

fn paths(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<PathPattern> {
    let mut paths = Vec::new();
    for value in not_empty(reader, "paths", value) {
        let Some(text) = reader.text("paths", value) else { continue };
        match PathPattern::parse(text) {
            Ok(pattern) => paths.push(pattern),
            Err(why) => reader.fail(&value.span(), format!("`paths` {} {why}", quoted(text))),
        }
    }
    paths
}

fn packages(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<PackagePattern> {
    let mut packages = Vec::new();
    for value in not_empty(reader, "packages", value) {
        let Some(text) = reader.text("packages", value) else { continue };
        match parse_purl_pattern(text) {
            Ok(pattern) => packages.push(pattern),
            Err(why) => reader.fail(&value.span(), format!("`packages` {}: {why}", quoted(text))),
        }
    }
    packages
}

/// The elements of an array that must have some: nothing at all would be in scope else.
fn not_empty<'v, 's>(reader: &mut Reader<'_>, name: &str, value: &'v Value<'s>) -> &'v [Value<'s>] {
    let array = reader.array(name, value, "strings");
    if array.is_empty() && value.get_ref().as_array().is_some_and(|array| array.is_empty()) {
        reader.fail(&value.span(), format!("`{name}` names none, so that nothing would be in scope; leave it out"));
    }
    array
}

/// The kinds of dependencies.
pub(super) fn kinds(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Kinds> {
    let array = reader.array("kinds", value, "strings");
    let mut kinds = Kinds::default();
    for value in array {
        if let Some(kind) = reader.word("kinds", value, &DependencyKind::ALL, DependencyKind::as_str) {
            kinds.insert(kind);
        }
    }
    if array.is_empty() && value.get_ref().is_array() {
        reader.fail(
            &value.span(),
            "`kinds` names none, so that nothing would be judged; leave it out to mean every kind",
        );
    }
    Some(kinds).filter(|kinds| !kinds.is_unknown())
}

/// The rules that an array names.
pub(super) fn rules(reader: &mut Reader<'_>, value: &Value<'_>, known: &Known) -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = Vec::new();
    for value in not_empty(reader, "rules", value) {
        let Some(id) = reader.text("rules", value) else { continue };
        rules.extend(known.find(reader, &Spanned::new(value.span(), id)));
    }
    rules.sort_by_key(|rule| rule.id);
    rules.dedup();
    rules
}

/// Every override that is right; what is wrong about the others is noted.
pub(super) fn read_overrides(reader: &mut Reader<'_>, value: &Value<'_>, known: &Known) -> Vec<Override> {
    let mut overrides = Vec::new();
    for element in reader.array("overrides", value, "tables: write [[overrides]]") {
        let Some(table) = reader.table("overrides", element) else { continue };
        overrides.push(read_override(reader, table, element, known));
    }
    overrides
}

fn read_override(reader: &mut Reader<'_>, table: &DeTable<'_>, whole: &Value<'_>, known: &Known) -> Override {
    reader.check_keys(table, "[[overrides]]", OVERRIDE_KEYS);
    let mut filter = Filter::default();
    for (key, value) in table {
        read_filter(reader, key.get_ref(), value, &mut filter);
    }
    let rules = table.get("rules").map(|value| rules(reader, value, known)).unwrap_or_default();
    let kinds = table.get("kinds").and_then(|value| kinds(reader, value));
    let scope = table.get("scope").and_then(|value| reader.word("scope", value, &Scope::ALL, Scope::as_str));
    let mut level = |key| table.get(key).and_then(|value| reader.word(key, value, &LEVELS, Level::as_str));
    let (level, at_least) = (level("level"), level("at-least"));
    let severity = table.get("min-severity");
    let min_severity =
        severity.and_then(|value| reader.word("min-severity", value, &SEVERITIES, crate::model::Severity::as_str));
    if ["rules", "kinds", "scope", "ecosystems", "paths", "packages"].iter().all(|key| !table.contains_key(*key)) {
        let message =
            "an override must say what it is about: `rules`, `kinds`, `scope`, `ecosystems`, `paths` or `packages`";
        reader.fail(&whole.span(), message);
    }
    match (table.contains_key("level"), table.contains_key("at-least"), severity) {
        (false, false, None) => {
            reader.fail(&whole.span(), "an override must say what holds: `level`, `at-least` or `min-severity`");
        }
        (true, true, _) => reader.fail(&whole.span(), "an override has a `level` or an `at-least`, not both"),
        _ => {}
    }
    if let Some(value) = severity
        && !rules.is_empty()
        && rules.iter().all(|rule| rule.id != KNOWN_VULNERABILITY)
    {
        reader.fail(&value.span(), format!("`min-severity` means something for {KNOWN_VULNERABILITY} alone"));
    }
    Override { rules, kinds, scope, filter, level, at_least, min_severity, location: reader.locate(&whole.span()) }
}
