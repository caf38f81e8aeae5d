//! `[[examples]]`: what a policy should make of facts, or of a finding.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Value, did_you_mean, nearest, quoted};
use super::rules::{Known, SEVERITIES};
use crate::expression::{CustomRule, FIELDS, Fact, Scalar, Type, VARIABLES, Variable};
use crate::model::{Level, PackageId, Purl, Rule, Scorecard, Severity};
use crate::policy::example::{self, Answer, Case, Described, Example, Given, Stated};
use crate::policy::{Policy, UNMAINTAINED_PACKAGE};

/// How many examples a policy may have.
const MOST: usize = 1_000;

/// How deep tables of facts stand in each other: `package.source.kind`.
const DEEPEST: usize = 3;

pub(super) const KEYS: &[&str] = &["rule", "given", "absent", "finding", "expect"];

pub(super) const FINDING_KEYS: &[&str] =
    &["package", "path", "direct", "kinds", "test-data", "advisory", "severity", "fix", "epss", "exploited"];

/// Those of them that speak of an advisory.
const OF_ADVISORY: [&str; 5] = ["advisory", "severity", "fix", "epss", "exploited"];

const LEVELS: [Level; 4] = [Level::Off, Level::Allow, Level::Warn, Level::Deny];

/// The package of a finding that names none.
const PACKAGE: &str = "pkg:npm/example@1.0.0";

/// Reads the examples of a policy whose rules were read.
pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>, known: &Known, policy: &Policy) -> Vec<Example> {
    let Some(array) = value.get_ref().as_array() else {
        reader.fail(&value.span(), "`examples` must be an array of tables: write [[examples]]");
        return Vec::new();
    };
    if array.len() > MOST {
        reader.fail(&value.span(), format!("a policy may have {MOST} examples"));
        return Vec::new();
    }
    let mut examples = Vec::new();
    for value in array {
        let Some(table) = reader.table("examples", value) else { continue };
        examples.extend(one(reader, table, &value.span(), (known, policy)));
    }
    examples
}

fn one(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    whole: &Range<usize>,
    (known, policy): (&Known, &Policy),
) -> Option<Example> {
    reader.check_keys(table, "[[examples]]", KEYS);
    let Some(named) = table.get("rule") else {
        reader.fail(whole, "an example needs a `rule`");
        return None;
    };
    let id = reader.text("rule", named)?;
    let rule = known.find(reader, &Spanned::new(named.span(), id))?;
    let custom = policy.custom.iter().copied().find(|custom| custom.rule.id == rule.id);
    let Some(expect) = table.get("expect") else {
        reader.fail(whole, "an example needs `expect`: what the rule gives");
        return None;
    };
    let case = match (table.get("given"), table.get("finding")) {
        (Some(given), None) => facts(reader, (table, given), custom, rule, expect)?,
        (None, Some(finding)) => {
            if let Some(absent) = table.get("absent") {
                reader.fail(&absent.span(), "`absent` belongs to `given`, and has no meaning for a finding");
            }
            let described = described(reader, finding, rule, custom.is_none());
            let level = reader.word("expect", expect, &LEVELS, Level::as_str)?;
            Case::Finding(Box::new(described?), level)
        }
        _ => {
            let message = match custom {
                Some(_) => "an example needs either `given`, facts for the expression, or `finding`",
                None => "an example of a rule of Osprey needs `finding`: what it found",
            };
            reader.fail(whole, message);
            return None;
        }
    };
    Some(Example { rule, case, location: reader.locate(whole) })
}

/// `given`, `absent` and what is expected of them.
fn facts(
    reader: &mut Reader<'_>,
    (table, given): (&DeTable<'_>, &Value<'_>),
    custom: Option<&'static CustomRule>,
    rule: &Rule,
    expect: &Value<'_>,
) -> Option<Case> {
    let Some(custom) = custom else {
        let message = format!("{} is a rule of Osprey: describe a `finding` of it instead of facts", rule.id);
        reader.fail(&given.span(), message);
        return None;
    };
    let mut stated = BTreeMap::new();
    if let Some(table) = reader.table("given", given) {
        flatten(reader, table, "", &mut stated);
    }
    if let Some(absent) = table.get("absent") {
        for name in reader.array("absent", absent, "strings") {
            let Some(text) = reader.text("absent", name) else { continue };
            match variable(reader, &name.span(), text) {
                Some(variable) if variable.absent.is_empty() => {
                    reader.fail(&name.span(), format!("`{text}` is never absent"));
                }
                Some(variable) => {
                    stated.insert(variable.fact, Stated::Absent);
                }
                None => {}
            }
        }
    }
    let reads = custom.condition.reads();
    let unread = VARIABLES
        .iter()
        .find(|variable| stated.contains_key(&variable.fact) && !reads.iter().any(|read| read.variable == *variable));
    if let Some(unread) = unread {
        let message = format!("the expression of {} does not read {}", rule.id, unread.name);
        reader.fail(&given.span(), message);
    }
    let answer = reader.word("expect", expect, &Answer::ALL, Answer::as_str)?;
    Some(Case::Facts(custom, Given(stated), answer))
}

/// The variable of that name; that there is none is noted.
fn variable(reader: &mut Reader<'_>, span: &Range<usize>, name: &str) -> Option<&'static Variable> {
    let found = VARIABLES.iter().find(|variable| variable.name == name);
    if found.is_none() {
        let near = did_you_mean(nearest(name, VARIABLES.iter().map(|variable| variable.name)));
        reader.fail(span, format!("unknown variable {}{near}", quoted(name)));
    }
    found
}

/// Facts by name; `package.direct` may be written as such, in quotes or as tables in each other.
fn flatten(reader: &mut Reader<'_>, table: &DeTable<'_>, before: &str, stated: &mut BTreeMap<Fact, Stated>) {
    for (key, value) in table {
        let name = match before {
            "" => key.get_ref().to_string(),
            before => format!("{before}.{}", key.get_ref()),
        };
        let is_group = VARIABLES
            .iter()
            .any(|variable| variable.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.')));
        if is_group && name.split('.').count() < DEEPEST {
            if let Some(table) = reader.table(&name, value) {
                flatten(reader, table, &name, stated);
            }
            continue;
        }
        let Some(variable) = variable(reader, &key.span(), &name) else { continue };
        if let Some(value) = fact(reader, variable, variable.name, value) {
            stated.insert(variable.fact, value);
        }
    }
}

/// A value of the variable's type.
fn fact(reader: &mut Reader<'_>, variable: &'static Variable, name: &str, value: &Value<'_>) -> Option<Stated> {
    Some(match variable.kind {
        Type::One(Scalar::Bool) => Stated::Bool(reader.boolean(name, value)?),
        Type::One(Scalar::Int) => Stated::Int(whole(reader, name, value)?),
        Type::One(Scalar::Double) => Stated::Double(reader.decimal(name, value, f64::from(u32::MAX))?),
        Type::One(Scalar::Text(words)) => Stated::Text(word(reader, name, value, words)?.to_owned()),
        Type::List(_) => {
            let words = variable.kind.words();
            let mut texts = Vec::new();
            for value in reader.array(name, value, "strings") {
                texts.extend(word(reader, name, value, words).map(str::to_owned));
            }
            Stated::Texts(texts)
        }
        Type::Scores => {
            let known: Vec<&str> = Scorecard::names().collect();
            let mut scores = BTreeMap::new();
            for (check, value) in reader.table(name, value)? {
                if !known.contains(&check.get_ref().as_ref()) {
                    reader.unknown("check", "", check, &known);
                } else if let Some(score) = reader.number(check.get_ref(), value, &(0..11)) {
                    scores.insert(check.get_ref().to_string(), i64::from(score));
                }
            }
            Stated::Scores(scores)
        }
        Type::Advisories | Type::Advisory => {
            let array = reader.array(name, value, "tables");
            let mut advisories = Vec::new();
            for value in array {
                let Some(table) = reader.table(name, value) else { continue };
                advisories.push(advisory(reader, table));
            }
            Stated::Advisories(advisories)
        }
    })
}

/// What is stated of an advisory. A field that can be absent is so where it is an empty text.
fn advisory(reader: &mut Reader<'_>, table: &DeTable<'_>) -> BTreeMap<Fact, Stated> {
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    reader.check_keys(table, "an advisory", &names);
    let mut stated = BTreeMap::new();
    for (key, value) in table {
        let Some(field) = FIELDS.iter().find(|field| field.name == key.get_ref().as_ref()) else { continue };
        let is_absent = !field.absent.is_empty() && value.get_ref().as_str() == Some("");
        let value = if is_absent { Some(Stated::Absent) } else { fact(reader, field, field.name, value) };
        stated.extend(value.map(|value| (field.fact, value)));
    }
    stated
}

/// A whole number, which may be less than 0.
fn whole(reader: &mut Reader<'_>, name: &str, value: &Value<'_>) -> Option<i64> {
    let DeValue::Integer(integer) = value.get_ref() else {
        reader.fail(&value.span(), format!("`{name}` must be a whole number"));
        return None;
    };
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
    if number.is_none() {
        reader.fail(&value.span(), format!("`{name}` is too large"));
    }
    number
}

/// A text; where there are words, one of them.
fn word<'v>(reader: &mut Reader<'_>, name: &str, value: &'v Value<'_>, words: &[&'static str]) -> Option<&'v str> {
    if words.is_empty() {
        return reader.text(name, value);
    }
    reader.word(name, value, words, |word| word)?;
    value.get_ref().as_str()
}

/// A finding as an example describes it.
fn described(reader: &mut Reader<'_>, value: &Value<'_>, rule: &'static Rule, is_of_osprey: bool) -> Option<Described> {
    let table = reader.table("finding", value)?;
    reader.check_keys(table, "`finding`", FINDING_KEYS);
    let package = match table.get("package") {
        Some(value) => package(reader, value)?,
        None => Purl::parse(PACKAGE).ok()?,
    };
    let mut described = Described::of(rule, package);
    let says_advisory = OF_ADVISORY.iter().any(|key| table.contains_key(*key));
    if !is_of_osprey || (rule.id == UNMAINTAINED_PACKAGE && !says_advisory) {
        described.advisory = None;
    }
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        match key {
            "path" => described.path = reader.text(key, value)?.into(),
            "direct" => described.direct = reader.boolean(key, value)?,
            "test-data" => described.test_data = reader.boolean(key, value)?,
            "kinds" => described.kinds = super::scope::kinds(reader, value)?,
            key if OF_ADVISORY.contains(&key) => of_advisory(reader, (key, value), &mut described, rule)?,
            _ => {}
        }
    }
    Some(described)
}

fn package(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<PackageId> {
    let text = reader.text("package", value)?;
    let message = match Purl::parse(text) {
        Ok(package) if package.version.is_some() => return Some(package),
        Ok(_) => format!("`package` {} has no version; write it like {PACKAGE}", quoted(text)),
        Err(why) => format!("`package` {}: {why}; write it like {PACKAGE}", quoted(text)),
    };
    reader.fail(&value.span(), message);
    None
}

/// What a finding says of its advisory.
fn of_advisory(
    reader: &mut Reader<'_>,
    (key, value): (&str, &Value<'_>),
    described: &mut Described,
    rule: &Rule,
) -> Option<()> {
    let Some(group) = &mut described.advisory else {
        reader.fail(
            &value.span(),
            format!("findings of {} rest on no advisory, so that `{key}` has no meaning", rule.id),
        );
        return None;
    };
    match key {
        "advisory" => {
            let id = reader.text(key, value)?;
            for record in &mut group.records {
                id.clone_into(&mut record.id);
            }
        }
        "severity" => {
            let severities: Vec<Severity> = SEVERITIES.into_iter().chain([Severity::Unknown]).collect();
            group.rating.severity = reader.word(key, value, &severities, Severity::as_str)?;
        }
        "fix" => group.fixed_in = reader.boolean(key, value)?.then(|| "99999".to_owned()),
        "epss" => group.epss = Some(example::epss(reader.decimal(key, value, 1.0)?)),
        _ => {
            let is_exploited = reader.boolean(key, value)?;
            group.exploited = if is_exploited { example::exploited() } else { crate::model::Exploited::No };
        }
    }
    Some(())
}
