//! `[[exceptions]]`: who, what, why, until when.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Known;
use super::reader::{Reader, Value, did_you_mean, nearest, quoted};
use crate::model::{Ecosystem, Rule, purl_types};
use crate::policy::exception::Bound;
use crate::policy::pattern::LONGEST;
use crate::policy::{Exception, PackagePattern, PathPattern};
use crate::version;

pub(super) const KEYS: &[&str] = &["advisory", "package", "rule", "path", "reason", "owner", "expires", "until-fixed"];

/// A package URL as it should be.
const EXAMPLE: &str = "write it like \"pkg:cargo/time@0.1.43\"";

/// How many advisories one exception may name. A group has a handful of records.
const MOST_IDS: usize = 50;

/// What exceptions are read against.
pub(super) struct Limits<'l> {
    pub(super) known: &'l Known,
    pub(super) today: Date,
    pub(super) max_days: Option<u32>,
}

/// Every exception that is right; what is wrong about the others is noted.
pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>, limits: &Limits<'_>) -> Vec<Exception> {
    let mut exceptions = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    for element in reader.array("exceptions", value, "tables: write [[exceptions]]") {
        let Some(table) = reader.table("exceptions", element) else { continue };
        let Some(exception) = read_one(reader, table, &element.span(), limits) else { continue };
        let (id, line) = (exception.id(), exception.location.line);
        match seen.get(&id) {
            Some(first) => {
                let message = format!("this exception names the same as the one in line {first}: {id}");
                reader.fail(&place(table, &element.span()), message);
            }
            None => {
                seen.insert(id, line);
                exceptions.push(exception);
            }
        }
    }
    exceptions
}

/// Where a mistake of an exception as a whole stands: at what it names, since that is what people look for.
fn place(table: &DeTable<'_>, whole: &Range<usize>) -> Range<usize> {
    ["advisory", "package", "rule"].iter().find_map(|key| table.get(*key)).map_or(whole.clone(), Value::span)
}

fn read_one(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    whole: &Range<usize>,
    limits: &Limits<'_>,
) -> Option<Exception> {
    reader.check_keys(table, "[[exceptions]]", KEYS);
    let place = place(table, whole);
    let advisories = table.get("advisory").map(|value| advisories(reader, value));
    let package = table.get("package").map(|value| package(reader, value));
    let rule = table.get("rule").map(|value| {
        let id = reader.text("rule", value)?;
        limits.known.find(reader, &Spanned::new(value.span(), id))
    });
    if let Some(Some(rule)) = rule
        && advisories.is_some()
        && !limits.known.rests_on_advisories(rule)
    {
        reader.fail(&place, format!("findings of {} rest on no advisory: name a `package` or a `path` alone", rule.id));
    }
    if advisories.is_none() && package.is_none() {
        names_something(
            reader,
            table,
            whole,
            rule.flatten().map(|rule| (rule, limits.known.rests_on_advisories(rule))),
        );
    }
    let path = table.get("path").map(|value| {
        let text = reader.text("path", value)?;
        let path = PathPattern::parse(text);
        path.map_err(|why| reader.fail(&value.span(), format!("`path` {} {why}", quoted(text)))).ok()
    });
    let reason = match table.get("reason") {
        Some(value) => reader.text("reason", value),
        None => {
            reader.fail(whole, "an exception needs a `reason`, so that others can judge whether it still holds");
            None
        }
    };
    let owner = table.get("owner").map(|value| reader.text("owner", value));
    let (expires, until_fixed) = end(reader, table, whole, limits, rule.flatten());
    Some(Exception {
        advisories: advisories.map_or(Some(Vec::new()), |read| read)?,
        package: all_right(package)?,
        rule: all_right(rule)?,
        path: all_right(path)?,
        reason: reason?.to_owned(),
        owner: all_right(owner)?.map(str::to_owned),
        expires,
        until_fixed,
        limit: None,
        location: reader.locate(whole),
        vex: None,
    })
}

/// What is not about a package is named by rule and path. A rule alone would be switched off without its level saying
/// so; and of a rule that rests on advisories, a path would take in every advisory that is still to come.
fn names_something(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    whole: &Range<usize>,
    rule: Option<(&'static Rule, bool)>,
) {
    let both = table.get("rule").is_some() && table.get("path").is_some();
    match rule {
        Some((rule, true)) if both => {
            let message = format!(
                "findings of {} rest on advisories: name the `advisory` or the `package`, so that new ones still count",
                rule.id
            );
            reader.fail(whole, message);
        }
        // A wrong rule was noted.
        _ if both => {}
        _ => reader.fail(
            whole,
            "an exception must name an `advisory`, a `package`, or a `rule` with a `path` (\".\" for the project itself)",
        ),
    }
}

/// `None` for a key that is there and wrong, which was noted; `Some(None)` for one that is not there.
fn all_right<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        Some(value) => Some(value),
        None => Some(None),
    }
}

/// `expires` and `until-fixed`.
fn end(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    whole: &Range<usize>,
    limits: &Limits<'_>,
    rule: Option<&'static Rule>,
) -> (Option<Date>, bool) {
    let until_fixed = table.get("until-fixed").map(|value| (value, reader.boolean("until-fixed", value)));
    if let (Some((value, Some(true))), Some(rule)) = (&until_fixed, rule)
        && !limits.known.rests_on_advisories(rule)
    {
        let message = format!("no advisory says when a finding of {} is fixed: write `expires`", rule.id);
        reader.fail(&value.span(), message);
    }
    // A wrong value was noted; that there is no end besides would be noise.
    let has_end = until_fixed.as_ref().is_some_and(|(_, truth)| *truth != Some(false));
    let until_fixed = until_fixed.is_some_and(|(_, truth)| truth == Some(true));
    let Some(value) = table.get("expires") else {
        match limits.max_days {
            None if !has_end => reader.fail(
                whole,
                "an exception needs a last day, `expires = 2027-01-31`, unless it says `until-fixed = true`",
            ),
            Some(days) => {
                reader.fail(whole, format!("an exception needs `expires`: `max-exception-days` is {days}"));
            }
            None => {}
        }
        return (None, until_fixed);
    };
    let expires = reader.day("expires", value);
    if let (Some(expires), Some(days)) = (expires, limits.max_days) {
        let last = limits.today.saturating_add(i64::from(days).days());
        if expires > last {
            let message = format!("`expires` is past {last}: `max-exception-days` is {days}");
            reader.fail(&value.span(), message);
        }
    }
    (expires, until_fixed)
}

/// An id or an array of them.
fn advisories(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Vec<String>> {
    let values = match value.get_ref() {
        DeValue::Array(array) if array.is_empty() => {
            reader.fail(&value.span(), "`advisory` names none");
            return None;
        }
        DeValue::Array(array) if array.len() > MOST_IDS => {
            reader.fail(&value.span(), format!("`advisory` names {}; {MOST_IDS} are the most", array.len()));
            return None;
        }
        DeValue::Array(array) => array,
        _ => std::slice::from_ref(value),
    };
    let mut ids = Vec::new();
    let mut all_right = true;
    for value in values {
        let id = reader.text("advisory", value);
        let plain = |id: &&str| id.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
        match id.filter(plain) {
            Some(id) => ids.push(id.to_owned()),
            None => {
                all_right = false;
                if let Some(id) = id {
                    let message = format!("`advisory` must be an id such as \"CVE-2020-26235\", not {}", quoted(id));
                    reader.fail(&value.span(), message);
                }
            }
        }
    }
    ids.sort();
    ids.dedup();
    all_right.then_some(ids)
}

/// A package URL, with `@version`, `@<2.0` or `@>=1,<2` where not every version is meant.
fn package(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<PackagePattern> {
    let text = reader.text("package", value)?;
    let pattern = parse_purl(text);
    pattern.map_err(|why| reader.fail(&value.span(), format!("`package` {}: {why}", quoted(text)))).ok()
}

fn parse_purl(text: &str) -> Result<PackagePattern, String> {
    let pattern = parse_purl_pattern(text)?;
    if pattern.name.contains('*') {
        return Err(format!("it must name one package; {EXAMPLE}"));
    }
    Ok(pattern)
}

/// The same where `*` in the name stands for any text.
pub(super) fn parse_purl_pattern(text: &str) -> Result<PackagePattern, String> {
    let example = EXAMPLE;
    let rest = text.strip_prefix("pkg:").ok_or_else(|| format!("a package URL begins with \"pkg:\"; {example}"))?;
    let (kind, rest) = rest.split_once('/').ok_or_else(|| format!("it has no name; {example}"))?;
    let of_type = Ecosystem::of_purl_type(kind).ok_or_else(|| {
        let near = did_you_mean(nearest(kind, purl_types()));
        format!("unknown type {}{near}; the types are {}", quoted(kind), purl_types().collect::<Vec<_>>().join(", "))
    })?;
    if rest.contains(['?', '#']) {
        return Err("qualifiers and subpaths are not compared: leave out what follows \"?\" or \"#\"".to_owned());
    }
    // `@` before a name's first letter is an npm scope.
    let version_at = rest.rfind('@').filter(|&at| at > 0 && !rest[..at].ends_with('/'));
    let (name, version) = match version_at {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let name = decoded(name).ok_or("it has a % that begins no %XX")?;
    if name.is_empty() || name.ends_with('/') || name.len() > LONGEST {
        return Err(format!("it must name one package; {example}"));
    }
    let ecosystem = of_type.of_path(&name);
    let name = ecosystem.name_of_path(&name).ok_or_else(|| format!("it must name one package; {example}"))?;
    let name = ecosystem.normalize_name(&name).into_owned();
    let versions = match version {
        Some(version) => vec![bounds(ecosystem, &decoded(version).ok_or("it has a % that begins no %XX")?)?],
        None => Vec::new(),
    };
    Ok(PackagePattern { ecosystem, name, versions, text: text.to_owned() })
}

/// The comparisons of `1.2.3`, `<2.0` or `>=1,<2`.
fn bounds(ecosystem: Ecosystem, text: &str) -> Result<Vec<Bound>, String> {
    const OPERATORS: [(&str, &[Ordering]); 5] = [
        ("<=", &[Ordering::Less, Ordering::Equal]),
        (">=", &[Ordering::Greater, Ordering::Equal]),
        ("<", &[Ordering::Less]),
        (">", &[Ordering::Greater]),
        ("=", &[Ordering::Equal]),
    ];
    let parse = |part: &str| {
        let part = part.trim();
        let operator = OPERATORS.iter().find_map(|(sign, allowed)| Some((part.strip_prefix(sign)?, *allowed)));
        let (version, allowed) = operator.unwrap_or((part, &[Ordering::Equal]));
        let version = version.trim();
        match version::compare(ecosystem, version, version) {
            Some(_) => Ok(Bound { allowed, version: version.to_owned() }),
            None => Err(format!("{} is no version of {ecosystem}; a range is written \"@>=1.2,<2\"", quoted(version))),
        }
    };
    text.split(',').map(parse).collect()
}

/// Percent-decoding (<https://github.com/package-url/purl-spec>, "Character encoding").
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackageId, Source};

    fn fits(purl: &str, ecosystem: Ecosystem, name: &str, version: &str) -> bool {
        let version = Some(version).filter(|version| !version.is_empty());
        parse_purl(purl).unwrap().matches(&PackageId::new(ecosystem, name, version, Source::PUBLIC_REGISTRY))
    }

    #[test]
    fn a_package_with_a_version_a_range_or_all() {
        use Ecosystem::{CratesIo, Go, Npm, PyPi};
        assert!(fits("pkg:cargo/time", CratesIo, "time", "0.1.43") && fits("pkg:cargo/time", CratesIo, "time", ""));
        assert!(!fits("pkg:cargo/time", CratesIo, "timer", "0.1.43"));
        assert!(!fits("pkg:cargo/time", Npm, "time", "0.1.43"));
        assert!(fits("pkg:cargo/time@0.1.43", CratesIo, "time", "0.1.43"));
        assert!(!fits("pkg:cargo/time@0.1.43", CratesIo, "time", "0.1.44"));
        assert!(!fits("pkg:cargo/time@0.1.43", CratesIo, "time", ""), "no version is no version of a range");
        assert!(fits("pkg:cargo/time@<0.2.23", CratesIo, "time", "0.2.9"));
        assert!(!fits("pkg:cargo/time@<0.2.23", CratesIo, "time", "0.2.23"));
        assert!(fits("pkg:npm/lodash@>=4, <4.17.21", Npm, "lodash", "4.17.20"));
        assert!(!fits("pkg:npm/lodash@>=4,<4.17.21", Npm, "lodash", "3.10.1"));
        for scope in ["pkg:npm/%40angular/core", "pkg:npm/@angular/core"] {
            assert!(fits(scope, Npm, "@angular/core", "1.0.0"));
            assert!(fits(&format!("{scope}@1.0.0"), Npm, "@angular/core", "1.0.0"));
        }
        assert!(fits("pkg:golang/golang.org/x/net@v0.7.0", Go, "golang.org/x/net", "v0.7.0"));
        assert!(fits("pkg:pypi/Zope.Interface@1.0", PyPi, "zope-interface", "1.0.0"));
        assert!(!fits("pkg:pypi/zope@1.0", PyPi, "zope", "what"), "a version that cannot be compared");
    }

    #[test]
    fn what_is_no_package_url_is_refused() {
        for wrong in [
            "time",
            "pkg:",
            "pkg:cargo",
            "pkg:cargo/",
            "pkg:maven/rails",
            "pkg:cargo/time@",
            "pkg:cargo/time@>=1,",
            "pkg:cargo/time?a=b",
            "pkg:cargo/ti%zzme",
            "pkg:cargo/%ff",
            "pkg:npm/@acme/*",
            "pkg:cargo/time@latest",
        ] {
            assert!(parse_purl(wrong).is_err(), "{wrong}");
        }
    }
}
