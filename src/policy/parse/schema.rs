//! The JSON Schema of policy files, made of the lists of keys that the reader goes by.

use serde_json::{Map, Value as Json, json};

use super::rules::{SEVERITIES, keys};
use super::{KEYS, custom, delegate, examples, exceptions, scope};
use crate::model::{
    DependencyKind, Ecosystem, Level, OnUnknown, Rule, Scope, Scorecard, Setting, Severity, Stricter, source,
};
use crate::policy::Profile;

/// The JSON Schema (2020-12) of policy files over those rules. TOML's days are strings of the format `date` to the
/// checkers of editors.
pub fn schema(rules: &[&'static Rule]) -> Json {
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    let properties = KEYS.iter().filter_map(|key| Some(((*key).to_owned(), of_whole(key, rules, &ids)?)));
    let mut schema = object(properties.collect(), &["version"]);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("Osprey policy"));
        members.insert("description".to_owned(), json!("What a scan of dependencies accepts, and why."));
    }
    schema
}

/// A table with these keys and no others.
#[allow(clippy::needless_pass_by_value, reason = "it is made where it is handed over")]
fn object(properties: Map<String, Json>, required: &[&str]) -> Json {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn described(mut schema: Json, description: &str) -> Json {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), json!(description));
    }
    schema
}

fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Json {
    json!({"type": "string", "enum": words.into_iter().collect::<Vec<_>>()})
}

fn text() -> Json {
    json!({"type": "string", "pattern": "\\S"})
}

fn list(items: &Json, least: usize) -> Json {
    json!({"type": "array", "items": items, "minItems": least, "maxItems": super::reader::LONGEST_ARRAY})
}

fn duration() -> Json {
    json!({"type": "string", "pattern": "^[0-9]{1,5}[hdw]$", "examples": ["12h", "7d", "2w"]})
}

fn levels(least: Level) -> Json {
    let all = [Level::Off, Level::Allow, Level::Warn, Level::Deny];
    words(all.into_iter().filter(|level| *level >= least).map(Level::as_str))
}

fn severities() -> Json {
    words(SEVERITIES.into_iter().map(Severity::as_str))
}

fn tables(keys: &[&str], required: &[&str], of: impl Fn(&str) -> Option<Json>) -> Json {
    list(&object(properties(keys, of), required), 0)
}

fn properties(keys: &[&str], of: impl Fn(&str) -> Option<Json>) -> Map<String, Json> {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), of(key)?))).collect()
}

fn of_registries(key: &str) -> Json {
    match key {
        "allow" => described(list(&text(), 1), "Those that packages may come from besides the public one."),
        _ => described(list(&text(), 0), "Those whose packages are private: no service is asked about them."),
    }
}

/// A key of the whole policy.
fn of_whole(key: &str, rules: &[&'static Rule], ids: &[&str]) -> Option<Json> {
    Some(match key {
        "version" => described(json!({"const": 1}), "The version of the file's form."),
        "extends" => described(
            json!({"anyOf": [words(Profile::ALL.map(Profile::as_str)), {"type": "string", "pattern": "\\.toml$"}]}),
            "A profile, or the path of a policy file, relative to this one. What this file says wins; lists add up.",
        ),
        "max-age" => described(duration(), "How old the advisory index may be."),
        "internal" => described(list(&text(), 0), "Patterns of private package names: no service is asked about them."),
        "exclude" => {
            described(list(&text(), 0), "Globs as in .gitignore, relative to the root: what fits is not scanned.")
        }
        "registries" => described(
            object(properties(&["allow", "private"], |key| Some(of_registries(key))), &[]),
            "Registries, as hosts or as addresses below which everything is meant.",
        ),
        "test-data" => described(levels(Level::Allow), "The gravest level of findings in test data."),
        "max-exception-days" => described(days(), "How many days ahead an exception may end."),
        "project" => described(text(), "The scanned project as services know it: github.com/owner/name."),
        "sources" => described(
            object(properties(&source::ALL, |_| Some(text())), &[]),
            "Addresses of services; only in a policy that the caller names.",
        ),
        "baseline" => described(text(), "The file of a baseline, relative to this one."),
        "rules" => described(of_rules(rules), "A level, or a table, for each rule."),
        "custom" => {
            let keys: Vec<&str> = custom::OWN.into_iter().chain(["level"]).chain(custom::OF_RULES).collect();
            let tables = tables(&keys, &["id", "level", "when", "summary"], of_custom);
            described(tables, "The policy's own rules: typed expressions.")
        }
        "overrides" => described(
            tables(scope::OVERRIDE_KEYS, &[], |key| of_override(key, ids)),
            "Other levels for some of what rules find. The last that holds wins.",
        ),
        "delegate" => described(
            object(properties(delegate::KEYS, |key| of_delegate(key, ids)), &["rules", "max-days"]),
            "The exceptions that a scanned tree may add; only in a policy that the caller names.",
        ),
        "exceptions" => described(
            tables(exceptions::KEYS, &["reason"], |key| of_exception(key, ids)),
            "Findings that somebody answers for, with a reason and an end.",
        ),
        "examples" => described(
            tables(examples::KEYS, &["rule", "expect"], of_example),
            "What the policy should make of facts or of a finding; `osprey policy test` runs them.",
        ),
        _ => return None,
    })
}

fn days() -> Json {
    json!({"type": "integer", "minimum": 1, "maximum": 3650})
}

/// A rule of the program or of the policy's own.
fn rule_id(ids: &[&str]) -> Json {
    json!({"anyOf": [words(ids.iter().copied()), {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"}]})
}

fn of_rules(rules: &[&'static Rule]) -> Json {
    let of_rule = |rule: &&'static Rule| {
        let keys = keys(rule);
        let table = object(properties(&keys, |key| of_setting(key).or_else(|| of_parameter(rule, key))), &[]);
        let description = format!("{} Greenfield: {}; brownfield: {}.", rule.summary, rule.greenfield, rule.brownfield);
        (rule.id.to_owned(), described(json!({"anyOf": [levels(Level::Off), table]}), &description))
    };
    let table: Map<String, Json> = properties(&custom::OF_RULES, of_setting)
        .into_iter()
        .chain([("level".to_owned(), levels(Level::Off))])
        .collect();
    let of_own = json!({"anyOf": [levels(Level::Off), object(table, &[])]});
    let mut schema = object(rules.iter().map(of_rule).collect(), &[]);
    // The policy's own rules stand here as well, by ids that only the policy knows.
    if let Some(members) = schema.as_object_mut() {
        members.insert("additionalProperties".to_owned(), of_own);
    }
    schema
}

/// A key that the tables of several rules have.
fn of_setting(key: &str) -> Option<Json> {
    let kinds = words(DependencyKind::ALL.map(DependencyKind::as_str));
    Some(match key {
        "level" => described(levels(Level::Off), "What becomes of its findings."),
        "kinds" => described(list(&kinds, 1), "Packages that are known to be for none of these are allowed."),
        "scope" => described(words(Scope::ALL.map(Scope::as_str)), "Which packages it judges."),
        "ecosystems" => {
            let types = words(Ecosystem::ALL.iter().map(|ecosystem| ecosystem.word()));
            described(
                list(&types, 1),
                "The ecosystems it judges, by the type of package URLs, or by the name of the distribution.",
            )
        }
        "paths" => described(
            list(&text(), 1),
            "The lockfiles it judges, or the manifests of the workspace members that bring a package in; `**` crosses folders.",
        ),
        "packages" => {
            described(list(&purl(), 1), "The packages it judges: package URLs in which `*` stands for any text.")
        }
        "min-severity" => described(severities(), "Vulnerabilities below it are allowed."),
        "unscored-as" => described(severities(), "What a vulnerability counts as that nobody rated."),
        "on-unknown" => {
            described(words(OnUnknown::ALL.map(OnUnknown::as_str)), "What happens where its data is not known.")
        }
        _ => return None,
    })
}

fn purl() -> Json {
    json!({"type": "string", "pattern": "^pkg:[a-z]+/.+", "examples": ["pkg:npm/@acme/*", "pkg:cargo/time@<0.2"]})
}

/// A rule's own parameter.
fn of_parameter(rule: &Rule, key: &str) -> Option<Json> {
    let parameter = rule.parameters.iter().find(|parameter| parameter.key == key)?;
    let default = (parameter.default)();
    let score = |most: f64| json!({"type": "number", "minimum": 0, "maximum": most});
    let schema = match &default {
        Setting::Score(_) => score(10.0),
        Setting::Share(_) => score(1.0),
        Setting::Days(_) => duration(),
        Setting::Count(_) => json!({"type": "integer", "minimum": 0}),
        Setting::Word(_, of) => words(of.iter().copied()),
        Setting::Names(_) | Setting::Licenses(_) => list(&text(), 0),
        Setting::Scores(_) => {
            let checks = Scorecard::names().map(|check| (check.to_owned(), score(10.0)));
            object(checks.collect(), &[])
        }
    };
    let stricter = match parameter.stricter {
        Stricter::Higher => "More is stricter.",
        Stricter::Lower => "Less is stricter.",
    };
    Some(described(schema, &format!("{} Unless given: {default}. {stricter}", parameter.summary)))
}

fn of_custom(key: &str) -> Option<Json> {
    Some(match key {
        "id" => json!({"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 64}),
        "when" => described(text(), "A condition in CEL over the variables that the documentation lists."),
        "summary" => described(text(), "What it finds, in one line."),
        "why" => described(text(), "Why that is a risk."),
        "fix" => described(text(), "What to do about a finding."),
        _ => return of_setting(key),
    })
}

fn of_override(key: &str, ids: &[&str]) -> Option<Json> {
    Some(match key {
        "rules" => described(list(&rule_id(ids), 1), "The rules; all unless given."),
        "level" => described(
            levels(Level::Allow),
            "The level that holds instead, for what is there in no other way than the keys say.",
        ),
        "at-least" => described(
            levels(Level::Allow),
            "The level that holds at least, for what is there in any way that the keys say.",
        ),
        "kinds" => {
            described(of_setting(key)?, "What a package must be for; all of it for `level`, any for `at-least`.")
        }
        "scope" => described(of_setting(key)?, "`direct`: direct dependencies alone."),
        "ecosystems" => described(
            of_setting(key)?,
            "The ecosystems it is about, by the type of package URLs, or by the name of the distribution.",
        ),
        "paths" => described(
            of_setting(key)?,
            "Lockfiles, manifests of workspace members, or folders above them; `**` crosses folders. What is also brought in \
             from elsewhere counts for `at-least` alone.",
        ),
        "packages" => described(of_setting(key)?, "The packages: package URLs in which `*` stands for any text."),
        _ => return of_setting(key),
    })
}

fn of_delegate(key: &str, ids: &[&str]) -> Option<Json> {
    Some(match key {
        "rules" => described(list(&rule_id(ids), 1), "The rules that an exception of the tree may name."),
        "max-days" => described(days(), "How many days ahead it may end."),
        "max-severity" => {
            described(severities(), "The gravest severity that it covers; required where a rule rests on advisories.")
        }
        _ => return None,
    })
}

fn of_exception(key: &str, ids: &[&str]) -> Option<Json> {
    Some(match key {
        "advisory" => described(
            json!({"anyOf": [text(), list(&text(), 1)]}),
            "The id or an alias of the advisory; several where a finding rests on several.",
        ),
        "package" => described(purl(), "The package, with a version or a range of them."),
        "rule" => described(rule_id(ids), "The rule."),
        "path" => described(text(), "The file, or a folder above it."),
        "reason" => described(text(), "Why the finding is accepted."),
        "owner" => described(text(), "Who answers for it."),
        "expires" => described(json!({"type": "string", "format": "date"}), "The last day on which it holds."),
        "until-fixed" => described(json!({"type": "boolean"}), "Whether it ends as soon as a fix is known."),
        _ => return None,
    })
}

fn of_example(key: &str) -> Option<Json> {
    Some(match key {
        "rule" => described(text(), "The rule."),
        "given" => described(json!({"type": "object"}), "Facts for the expression of a rule of the policy's own."),
        "absent" => described(list(&text(), 0), "Variables that are known to be absent."),
        "finding" => described(
            object(properties(examples::FINDING_KEYS, of_finding), &[]),
            "A finding, as the rule would have it.",
        ),
        "expect" => described(text(), "A level; of facts: match, no-match or unknown."),
        _ => return None,
    })
}

fn of_finding(key: &str) -> Option<Json> {
    Some(match key {
        "package" => purl(),
        "path" | "advisory" => text(),
        "severity" => words([Severity::Unknown].into_iter().chain(SEVERITIES).map(Severity::as_str)),
        "kinds" => list(&words(DependencyKind::ALL.map(DependencyKind::as_str)), 0),
        "direct" | "test-data" | "exploited" | "fix" => json!({"type": "boolean"}),
        "epss" => json!({"type": "number", "minimum": 0, "maximum": 1}),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rule;

    fn whole() -> Json {
        schema(&rule::rules())
    }

    fn keys_at(schema: &Json, pointer: &str) -> BTreeSet<String> {
        let table = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the schema"));
        assert_eq!(table["additionalProperties"], false, "{pointer}");
        table["properties"].as_object().unwrap().keys().cloned().collect()
    }

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn it_has_every_key_that_the_reader_takes_and_no_other() {
        let schema = whole();
        assert_eq!(keys_at(&schema, ""), set(KEYS));
        assert_eq!(keys_at(&schema, "/properties/overrides/items"), set(scope::OVERRIDE_KEYS));
        assert_eq!(keys_at(&schema, "/properties/delegate"), set(delegate::KEYS));
        assert_eq!(keys_at(&schema, "/properties/exceptions/items"), set(exceptions::KEYS));
        assert_eq!(keys_at(&schema, "/properties/examples/items"), set(examples::KEYS));
        assert_eq!(keys_at(&schema, "/properties/examples/items/properties/finding"), set(examples::FINDING_KEYS));
        let custom: Vec<&str> = custom::OWN.into_iter().chain(["level"]).chain(custom::OF_RULES).collect();
        assert_eq!(keys_at(&schema, "/properties/custom/items"), set(&custom));
        for rule in rule::rules() {
            let pointer = format!("/properties/rules/properties/{}/anyOf/1", rule.id);
            assert_eq!(keys_at(&schema, &pointer), set(&keys(rule)), "{}", rule.id);
        }
    }

    #[test]
    fn it_is_a_schema() {
        fn walk(schema: &Json, at: &str) {
            let Some(members) = schema.as_object() else { panic!("{at} is no schema: {schema}") };
            let known = [
                "$schema",
                "title",
                "description",
                "type",
                "properties",
                "required",
                "additionalProperties",
                "items",
                "minItems",
                "maxItems",
                "minimum",
                "maximum",
                "maxLength",
                "enum",
                "const",
                "pattern",
                "format",
                "anyOf",
                "examples",
            ];
            for (key, value) in members {
                assert!(known.contains(&key.as_str()), "{at}/{key} is no keyword");
                match (key.as_str(), value) {
                    ("properties", Json::Object(of)) => {
                        of.iter().for_each(|(name, of)| walk(of, &format!("{at}/{name}")));
                    }
                    ("items", of) => walk(of, &format!("{at}/items")),
                    ("additionalProperties", Json::Bool(_)) => {}
                    ("additionalProperties", of) => walk(of, &format!("{at}/*")),
                    ("anyOf", Json::Array(of)) => of.iter().for_each(|of| walk(of, &format!("{at}/anyOf"))),
                    ("enum", Json::Array(words)) => assert!(!words.is_empty(), "{at} takes nothing"),
                    ("required", Json::Array(names)) => {
                        let has =
                            |name: &Json| name.as_str().is_some_and(|name| !members["properties"][name].is_null());
                        assert!(names.iter().all(has), "{at} requires what it does not have");
                    }
                    _ => {}
                }
            }
        }
        walk(&whole(), "");
    }
}
