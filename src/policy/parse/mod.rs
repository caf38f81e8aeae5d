//! Reading `osprey.toml`. A file is right as a whole or refused: every mistake is found, with its line and column,
//! what would be right, and the nearest name.
//!
//! | key | |
//! |---|---|
//! | `version` | `1` |
//! | `extends` | `"greenfield"`, `"brownfield"`, or the path of a policy file, relative to this one; brownfield unless given. What this file says wins; `internal`, `exclude`, private registries and `exceptions` add up |
//! | `max-age` | of the advisory index: `"12h"`, `"7d"`, `"2w"` |
//! | `internal` | patterns of private package names |
//! | `[registries]` | `allow`: hosts or addresses that packages may come from besides the public registry; `private`: those whose packages are private |
//! | `project` | the scanned project itself, `"github.com/owner/name"`, for rules about it |
//! | `[sources]` | addresses of mirrors, by the service's name; only in a policy that the caller names |
//! | `test-data` | the gravest level of findings in test data, `"warn"` unless given |
//! | `max-exception-days` | how many days ahead an exception may end |
//! | `baseline` | the file of a baseline, relative to this one |
//! | `exclude` | globs as in `.gitignore` of what is not scanned |
//! | `[rules]` | for each rule a level, or a table: `level`, `kinds`, `scope`, `ecosystems`, `paths`, `packages`, and where they mean something `min-severity`, `unscored-as`, `on-unknown` |
//! | `[[custom]]` | rules of its own: `id`, `level`, `when`, `summary`, `fix`, `why`, and the keys of a rule |
//! | `[[overrides]]` | `rules` (all unless given), `kinds`, `scope`, `ecosystems`, `paths`, `packages`, then `level` or `at-least`, `min-severity` |
//! | `[delegate]` | `rules`, `max-days`, `max-severity`: the exceptions that a scanned tree may add; only in a policy that the caller names |
//! | `[[exceptions]]` | `advisory`, `package`, `rule`, `path` (one of the first two, or the last two), `reason`, `owner`, `expires`, `until-fixed` |
//! | `[[examples]]` | `rule`, then `given` and `absent` or `finding`, and `expect`: for `osprey policy test` |

use std::collections::HashSet;
use std::ops::Range;

use ignore::gitignore::GitignoreBuilder;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::pattern::NamePattern;
use super::{Exception, Policy, Provenance, RuleSettings, SourceAddress};
use crate::expression::CustomRule;
use crate::model::{Level, PolicyOrigin, Rule, source};

mod addition;
mod custom;
mod delegate;
mod examples;
mod exceptions;
mod extends;
mod reader;
mod rules;
mod schema;
mod scope;

pub use addition::Addition;
pub use reader::PolicyError;
pub(super) use reader::{did_you_mean, nearest, quoted};
pub use schema::schema;

use reader::{Reader, Value};
use rules::Known;

/// A policy file of more bytes is refused (hostile input).
pub const LARGEST: usize = 1 << 20;

const KEYS: &[&str] = &[
    "version",
    "extends",
    "max-age",
    "internal",
    "registries",
    "test-data",
    "max-exception-days",
    "project",
    "sources",
    "baseline",
    "exclude",
    "rules",
    "custom",
    "overrides",
    "delegate",
    "exceptions",
    "examples",
];

/// The keys whose place is kept as a whole. Of those that hold many values each value has its own.
const PLACED: &[&str] =
    &["extends", "max-age", "registries", "test-data", "max-exception-days", "project", "baseline", "delegate"];

/// Reads a file by its path; `None`: there is no such file.
pub type ReadFile<'r> = dyn Fn(&str) -> Result<Option<Vec<u8>>, String> + 'r;

/// By what a policy is read.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// Reads the policy's file and those that it extends. Paths in the scanned tree are relative to its root, with `/`, and
    /// never lead out of it.
    pub read: &'r ReadFile<'r>,
    /// Where the policy comes from.
    pub origin: PolicyOrigin,
    /// The rules that there are.
    pub rules: &'r [&'static Rule],
    /// What `max-exception-days` counts from.
    pub today: Date,
    /// Of a scanned tree's policy that may only tighten the caller's: the caller's own rules, of which it may speak.
    pub below: Option<&'r [&'static CustomRule]>,
}

impl Reading<'_> {
    /// Whether the scanned tree says what is accepted, and nobody else does.
    fn is_in_force_from_tree(&self) -> bool {
        matches!(self.origin, PolicyOrigin::Tree | PolicyOrigin::Base) && self.below.is_none()
    }
}

/// Reads a policy and what it extends.
///
/// `path` is the file as the user named it; errors name the file in which they stand.
///
/// # Errors
///
/// Every mistake of the files, by line and column. At least one.
pub fn load(path: &str, reading: &Reading<'_>) -> Result<Policy, Vec<PolicyError>> {
    let policy = load_file(path, reading, &mut Vec::new())?;
    policy.ok_or_else(|| vec![PolicyError::of_file(path, "there is no such file")])
}

/// [`load`] of a text that is at hand, and that extends no file.
///
/// # Errors
///
/// Every mistake of the text, by line and column. At least one.
pub fn parse(
    path: &str,
    text: &str,
    origin: PolicyOrigin,
    rules: &[&'static Rule],
    today: Date,
) -> Result<Policy, Vec<PolicyError>> {
    let read = |asked: &str| Ok((asked == path).then(|| text.as_bytes().to_vec()));
    load(path, &Reading { read: &read, origin, rules, today, below: None })
}

/// Reads one file and, before it is done, those that it extends; `chain` are the files that lead to it.
fn load_file(path: &str, reading: &Reading<'_>, chain: &mut Vec<String>) -> Result<Option<Policy>, Vec<PolicyError>> {
    let unread = |why: &str| vec![PolicyError::of_file(path, why)];
    let Some(bytes) = (reading.read)(path).map_err(|why| unread(&format!("cannot be read: {why}")))? else {
        return Ok(None);
    };
    if bytes.len() > LARGEST {
        return Err(unread(&format!("it is too long: a policy has at most {} MiB", LARGEST >> 20)));
    }
    let text = text_of(&bytes).map_err(|why| unread(&why))?;
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(path, plain);
    let (document, broken) = DeTable::parse_recoverable(plain);
    for error in &broken {
        let span = error.span().unwrap_or(plain.len()..plain.len());
        let message = not_toml(plain, &span, error.message());
        reader.fail(&span, message);
    }
    let is_known = broken.is_empty() && check_version(&mut reader, document.get_ref().get("version"));
    // What could be made out of a broken file, or of one of another version, would give mistakes that are none.
    if !is_known {
        return Err(reader.finish());
    }
    chain.push(path.to_owned());
    let mut policy = read(&mut reader, document.get_ref(), reading, chain);
    chain.pop();
    let errors = reader.finish();
    if !errors.is_empty() {
        return Err(errors);
    }
    policy.origin = reading.origin;
    policy.path = Some(path.to_owned());
    policy.sha256 = Some(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect());
    Ok(Some(policy))
}

/// What is wrong with a text that is no TOML.
fn not_toml(text: &str, span: &Range<usize>, message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.get(span.clone()) {
        Some(key) if message == "duplicate key" && !key.is_empty() => {
            format!("not valid TOML: the key {} stands above already", quoted(key))
        }
        _ if text.trim_start().starts_with('{') => {
            "this is JSON, and a policy is TOML: its first line is `version = 1`".to_owned()
        }
        _ => format!("not valid TOML: {message}"),
    }
}

/// The text of a file, or what else its bytes are.
fn text_of(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "is UTF-16 text; save it as UTF-8".to_owned(),
        _ => {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
            format!("is no UTF-8 text: line {line} holds bytes that are none; save it as UTF-8")
        }
    })
}

fn read(reader: &mut Reader<'_>, table: &DeTable<'_>, reading: &Reading<'_>, chain: &mut Vec<String>) -> Policy {
    reader.check_keys(table, "a policy", KEYS);
    let mut policy = extends::read(reader, table.get("extends"), reading, chain);
    for (key, value) in table {
        if PLACED.contains(&key.get_ref().as_ref()) {
            let place = Provenance::File(reader.locate(&value.span()));
            policy.places.insert(key.get_ref().to_string(), place);
        }
    }
    read_values(reader, table, &mut policy);
    if let Some(value) = table.get("sources") {
        sources(reader, value, reading, &mut policy);
    }
    if let Some(value) = table.get("baseline") {
        policy.baseline = extends::baseline(reader, value, reading.origin, chain);
    }
    if let Some(value) = table.get("custom") {
        custom::read(reader, value, &mut policy);
    }
    let known = Known::of(reading.rules, &with_the_callers(&mut policy, reading));
    if let Some(value) = table.get("rules") {
        rules::read(reader, value, &known, &mut policy);
    }
    if let Some(value) = table.get("overrides") {
        policy.overrides.extend(scope::read_overrides(reader, value, &known));
    }
    if let Some(value) = table.get("delegate") {
        policy.delegate = delegate::read(reader, value, &known, reading);
    }
    if let Some(value) = table.get("exceptions") {
        let limits = exceptions::Limits { known: &known, today: reading.today, max_days: policy.max_exception_days };
        let own = exceptions::read(reader, value, &limits);
        let ids: HashSet<String> = own.iter().map(Exception::id).collect();
        // One that names the same as an inherited one takes its place: no two exceptions of a policy have one id.
        policy.exceptions.retain(|inherited| !ids.contains(&inherited.id()));
        policy.exceptions.extend(own);
    }
    let examples = table.get("examples").map(|value| examples::read(reader, value, &known, &policy));
    policy.examples = examples.unwrap_or_default();
    policy
}

/// The policy's own rules and those of the caller's, which get settings here that the file can change.
fn with_the_callers(policy: &mut Policy, reading: &Reading<'_>) -> Vec<&'static CustomRule> {
    let mut custom = policy.custom.clone();
    for of_caller in reading.below.into_iter().flatten() {
        let rule = &of_caller.rule;
        if policy.custom.iter().all(|own| own.rule.id != rule.id) {
            policy.rules.entry(rule.id).or_insert_with(|| RuleSettings::of(rule, policy.profile));
            custom.push(of_caller);
        }
    }
    custom
}

/// The keys with one value for the whole policy.
fn read_values(reader: &mut Reader<'_>, table: &DeTable<'_>, policy: &mut Policy) {
    if let Some(age) = table.get("max-age").and_then(|value| reader.duration("max-age", value)) {
        policy.max_age = age;
    }
    if let Some(value) = table.get("internal") {
        internal(reader, value, policy);
    }
    if let Some(value) = table.get("exclude") {
        exclude(reader, value, policy);
    }
    if let Some(value) = table.get("registries") {
        registries(reader, value, policy);
    }
    if let Some(value) = table.get("test-data") {
        let levels = [Level::Allow, Level::Warn, Level::Deny];
        policy.test_data = reader.word("test-data", value, &levels, Level::as_str).unwrap_or(policy.test_data);
    }
    if let Some(value) = table.get("max-exception-days") {
        policy.max_exception_days = reader.number("max-exception-days", value, &(1..3651));
    }
    if let Some(value) = table.get("project") {
        policy.project = project(reader, value);
    }
}

/// Whether the rest of the file is to be read: a file that says another version may have other keys.
fn check_version(reader: &mut Reader<'_>, value: Option<&Value<'_>>) -> bool {
    let Some(value) = value else {
        reader.fail(&(0..0), "`version = 1` is missing: it says how the file is to be read");
        return true;
    };
    match reader.number("version", value, &(1..u32::MAX)) {
        Some(number) if number != 1 => {
            let message =
                format!("this osprey reads policies of version 1, not {number}; a newer osprey may read this one");
            reader.fail(&value.span(), message);
            false
        }
        _ => true,
    }
}

/// Patterns of private names; they add up with those of the extended file.
fn internal(reader: &mut Reader<'_>, value: &Value<'_>, policy: &mut Policy) {
    for value in reader.array("internal", value, "strings") {
        let Some(text) = reader.text("internal", value) else { continue };
        match NamePattern::parse(text) {
            Ok(pattern) if policy.internal.contains(&pattern) => {}
            Ok(pattern) => {
                let place = Provenance::File(reader.locate(&value.span()));
                policy.places.insert(format!("internal.{text}"), place);
                policy.internal.push(pattern);
            }
            Err(why) => reader.fail(&value.span(), format!("`internal` {} {why}", quoted(text))),
        }
    }
}

/// Globs of what is not scanned; they add up with those of the extended file.
fn exclude(reader: &mut Reader<'_>, value: &Value<'_>, policy: &mut Policy) {
    for value in reader.array("exclude", value, "strings") {
        let Some(text) = reader.text("exclude", value) else { continue };
        let wrong = |error: ignore::Error| error.to_string();
        match GitignoreBuilder::new("").add_line(None, text).map_err(wrong).and_then(|glob| glob.build().map_err(wrong))
        {
            Ok(_) if policy.exclude.iter().any(|glob| glob == text) => {}
            Ok(_) => {
                let place = Provenance::File(reader.locate(&value.span()));
                policy.places.insert(format!("exclude.{text}"), place);
                policy.exclude.push(text.to_owned());
            }
            Err(why) => reader.fail(&value.span(), format!("`exclude` {}: {why}", quoted(text))),
        }
    }
}

/// The scanned project as services know it: a host and a path.
fn project(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<String> {
    let text = reader.text("project", value)?;
    let name = text.strip_prefix("https://").unwrap_or(text).trim_end_matches('/');
    if Policy::is_project(name) {
        return Some(name.to_owned());
    }
    let message = format!("`project` must be such as \"github.com/owner/name\", not {}", quoted(text));
    reader.fail(&value.span(), message);
    None
}

/// Where services are. The scanned tree may not say: it could send every package's name to a server of its own. What it
/// says is read only to be refused where the caller gave a policy.
fn sources(reader: &mut Reader<'_>, value: &Value<'_>, reading: &Reading<'_>, policy: &mut Policy) {
    if reading.is_in_force_from_tree() {
        let message = "`sources` is only taken from a policy that the caller names with --policy, \
                       never from the scanned tree";
        reader.fail(&value.span(), message);
        return;
    }
    let Some(table) = reader.table("sources", value) else { return };
    reader.check_keys(table, "[sources]", &source::ALL);
    for (key, value) in table {
        let Some(service) = source::ALL.into_iter().find(|service| *service == key.get_ref().as_ref()) else {
            continue;
        };
        let Some(text) = reader.text(service, value) else { continue };
        let address = SourceAddress { text: text.to_owned(), place: reader.place(&value.span()) };
        policy.places.insert(format!("sources.{service}"), Provenance::File(reader.locate(&value.span())));
        policy.sources.insert(service, address);
    }
}

/// `allow` takes the place of the extended file's, since more of them loosen; `private` adds up, as private names do.
fn registries(reader: &mut Reader<'_>, value: &Value<'_>, policy: &mut Policy) {
    let Some(table) = reader.table("registries", value) else { return };
    reader.check_keys(table, "[registries]", &["allow", "private"]);
    if let Some(value) = table.get("allow") {
        policy.registries = addresses(reader, "allow", value);
        if value.get_ref().as_array().is_some_and(|array| array.is_empty()) {
            reader.fail(&value.span(), "`allow` names no registry; leave it out to allow any");
        }
    }
    if let Some(value) = table.get("private") {
        for registry in addresses(reader, "private", value) {
            let place = Provenance::File(reader.locate(&value.span()));
            policy.places.entry("registries.private".to_owned()).or_insert(place);
            if !policy.private_registries.contains(&registry) {
                policy.private_registries.push(registry);
            }
        }
    }
}

/// Hosts, or addresses below which everything is meant.
fn addresses(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Vec<String> {
    let mut registries = Vec::new();
    for value in reader.array(key, value, "strings") {
        let Some(text) = reader.text(key, value) else { continue };
        let host = text.split_once("://").map_or(text, |(_, rest)| rest);
        let is_address = text.contains("://") || !text.contains('/');
        let is_plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"*@?#".contains(&b));
        if is_address && is_plain && !host.starts_with('/') && !host.is_empty() {
            registries.push(text.to_owned());
        } else {
            let example = "\"registry.example\" or \"https://registry.example/npm\"";
            reader.fail(&value.span(), format!("`{key}` takes {example}, not {}", quoted(text)));
        }
    }
    registries
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::OnUnknown;
    use crate::model::{DependencyKind, Ecosystem, PackageId, Scope, Setting, Severity, Source, SourceKind};
    use crate::policy::Profile;
    use crate::rule;

    fn read(text: &str) -> Result<Policy, Vec<PolicyError>> {
        parse("osprey.toml", text, PolicyOrigin::Tree, &rule::rules(), Date::constant(2026, 11, 22))
    }

    fn errors(text: &str) -> String {
        read(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    const WHOLE: &str = r#"
version = 1
extends = "greenfield"
max-age = "2w"
internal = ["@acme/*"]
test-data = "deny"
max-exception-days = 100

[registries]
allow = ["registry.example", "https://host.example/npm"]
private = ["https://registry.example/ours/"]

[rules]
unsound-code = "deny"
known-vulnerability = { level = "warn", min-severity = "medium", kinds = ["runtime", "build"], unscored-as = "critical" }

[rules.unmaintained-package]
scope = "all"
on-unknown = "deny"

[[exceptions]]
advisory = ["RUSTSEC-2020-0071", "CVE-2020-26235"]
package = "pkg:cargo/time@<0.2"
rule = "known-vulnerability"
path = "services/**"
reason = "chrono never calls localtime_r here"
owner = "platform-security"
expires = 2027-01-31

[[exceptions]]
advisory = "GHSA-aaaa"
reason = "waiting for a release"
until-fixed = true
expires = 2026-12-01
"#;

    #[test]
    fn a_policy_with_everything_in_it() {
        let policy = read(WHOLE).unwrap();
        assert_eq!((policy.profile, policy.origin), (Profile::Greenfield, PolicyOrigin::Tree));
        assert_eq!(policy.max_age, SignedDuration::from_hours(14 * 24));
        assert_eq!((policy.test_data, policy.max_exception_days), (Level::Deny, Some(100)));
        let id = |name| PackageId::new(Ecosystem::Npm, name, None, Source::PUBLIC_REGISTRY);
        assert!(policy.is_internal(&id("@acme/web")) && !policy.is_internal(&id("web")));
        assert_eq!(policy.registries.len(), 2);
        let from = |url: &str| PackageId::new(Ecosystem::Npm, "web", None, Source::at(SourceKind::Registry, url));
        assert!(policy.is_internal(&from("https://registry.example/ours")));
        assert!(policy.is_internal(&from("https://registry.example/ours/npm")));
        assert!(!policy.is_internal(&from("https://registry.example/oursx")));
        assert!(!policy.is_internal(&from("https://registry.example/ours/../all")));
        let of = |rule| &policy.rules[rule];
        assert_eq!((of("unsound-code").level, of("unsound-code").is_level_given), (Level::Deny, true));
        assert_eq!((of("security-notice").level, of("security-notice").is_level_given), (Level::Warn, false));
        let known = of("known-vulnerability");
        assert_eq!((known.level, known.min_severity), (Level::Warn, Some(Severity::Medium)));
        assert_eq!(known.unscored_as, Severity::Critical);
        let kinds: Vec<_> = known.kinds.unwrap().iter().collect();
        assert_eq!(kinds, [DependencyKind::Runtime, DependencyKind::Build]);
        let old = of("unmaintained-package");
        assert_eq!((old.scope, old.on_unknown, old.level), (Some(Scope::All), OnUnknown::Deny, Level::Deny));
        let first = &policy.exceptions[0];
        assert_eq!(first.id(), "CVE-2020-26235+RUSTSEC-2020-0071 pkg:cargo/time@<0.2 known-vulnerability services/**");
        assert_eq!((first.location.line, first.location.column), (21, 1));
        assert!(policy.exceptions[1].until_fixed);
        let sha256 = policy.sha256.unwrap();
        assert_eq!(sha256.len(), 64);
        assert_ne!(read(&WHOLE.replace("100", "101")).unwrap().sha256.unwrap(), sha256);
    }

    #[test]
    fn the_smallest_policy_is_brownfield() {
        let policy = read("\u{feff}version = 1\n").unwrap();
        let built_in = Policy::built_in(Profile::Brownfield, &rule::rules());
        let named = |policy: Policy| Policy { origin: PolicyOrigin::BuiltIn, path: None, sha256: None, ..policy };
        assert_eq!(named(policy), built_in);
    }

    /// A file of wrong lines under a right start, and what is said about it.
    fn wrong(lines: &str) -> String {
        format!("{lines}\n{}\n", errors(&format!("version = 1\n{lines}\n")))
    }

    #[test]
    fn every_mistake_has_its_place_and_a_way_out() {
        let files = [
            "extend = \"greenfield\"",
            "extends = \"green-field\"",
            "extends = \"../shared/osprey.toml\"",
            "max-age = 7",
            "max-age = \"a week\"",
            "max-age = \"0d\"",
            "internal = \"@acme/*\"",
            "internal = [\"*\", 3]",
            "registries = [\"registry.example\"]",
            "[registries]\nallow = []\nprivat = []",
            "[registries]\nprivate = [\"*\", \"https:///\", \"host/npm\"]",
            "[registries]\nallow = [\"https://\", \"a b\"]",
            "test-data = \"off\"",
            "max-exception-days = 0",
            "[rules]\nknown-vulnerabilty = \"deny\"",
            "[rules]\nunsound-code = \"denied\"\nsecurity-notice = 3",
            "[rules]\nknown-vulnerability = { level = \"deny\", min-severity = \"moderate\", kind = [\"runtime\"] }",
            "[rules]\nuntrusted-origin = { min-severity = \"low\", on-unknown = \"deny\" }",
            "[rules]\nunsound-code = { kinds = [\"production\"], scope = \"transitive\" }\nsecurity-notice = { kinds = [] }",
            "rules = [\"deny\"]",
            "[custom]\nid = \"a\"",
        ];
        insta::assert_snapshot!(files.map(wrong).join("\n"), @r#"
        extend = "greenfield"
        osprey.toml:2:1: unknown key "extend" in a policy; did you mean "extends"?

        extends = "green-field"
        osprey.toml:2:11: `extends` takes "greenfield", "brownfield" or the path of a policy file that ends in ".toml", not "green-field"; did you mean "greenfield"?

        extends = "../shared/osprey.toml"
        osprey.toml:2:11: `extends` "../shared/osprey.toml" leads out of the scanned tree; copy the file into the tree, or name the whole policy with --policy

        max-age = 7
        osprey.toml:2:11: `max-age` must be a number of hours, days or weeks such as "7d", not a whole number

        max-age = "a week"
        osprey.toml:2:11: `max-age` must be a number of hours, days or weeks such as "7d", not "a week"

        max-age = "0d"
        osprey.toml:2:11: `max-age` must be a number of hours, days or weeks such as "7d", not "0d"

        internal = "@acme/*"
        osprey.toml:2:12: `internal` must be an array of strings, not a string

        internal = ["*", 3]
        osprey.toml:2:13: `internal` "*" matches every name; name what is yours
        osprey.toml:2:18: `internal` must be a string, not a whole number

        registries = ["registry.example"]
        osprey.toml:2:14: `registries` must be a table, not an array

        [registries]
        allow = []
        privat = []
        osprey.toml:3:9: `allow` names no registry; leave it out to allow any
        osprey.toml:4:1: unknown key "privat" in [registries]; did you mean "private"?

        [registries]
        private = ["*", "https:///", "host/npm"]
        osprey.toml:3:12: `private` takes "registry.example" or "https://registry.example/npm", not "*"
        osprey.toml:3:17: `private` takes "registry.example" or "https://registry.example/npm", not "https:///"
        osprey.toml:3:30: `private` takes "registry.example" or "https://registry.example/npm", not "host/npm"

        [registries]
        allow = ["https://", "a b"]
        osprey.toml:3:10: `allow` takes "registry.example" or "https://registry.example/npm", not "https://"
        osprey.toml:3:22: `allow` takes "registry.example" or "https://registry.example/npm", not "a b"

        test-data = "off"
        osprey.toml:2:13: `test-data` takes "allow", "warn" or "deny", not "off"

        max-exception-days = 0
        osprey.toml:2:22: `max-exception-days` must be from 1 to 3650

        [rules]
        known-vulnerabilty = "deny"
        osprey.toml:3:1: unknown rule "known-vulnerabilty"; did you mean "known-vulnerability"?

        [rules]
        unsound-code = "denied"
        security-notice = 3
        osprey.toml:3:16: `unsound-code` takes "off", "allow", "warn" or "deny", not "denied"; did you mean "deny"?
        osprey.toml:4:19: `security-notice` must be a level such as "deny", or a table such as { level = "deny" }

        [rules]
        known-vulnerability = { level = "deny", min-severity = "moderate", kind = ["runtime"] }
        osprey.toml:3:56: `min-severity` takes "none", "low", "medium", "high" or "critical", not "moderate"
        osprey.toml:3:68: unknown key "kind" in the table of known-vulnerability; did you mean "kinds"?

        [rules]
        untrusted-origin = { min-severity = "low", on-unknown = "deny" }
        osprey.toml:3:22: `min-severity` means something for known-vulnerability alone: untrusted-origin has no severities
        osprey.toml:3:44: untrusted-origin reads nothing but the scanned tree, so that `on-unknown` has no meaning

        [rules]
        unsound-code = { kinds = ["production"], scope = "transitive" }
        security-notice = { kinds = [] }
        osprey.toml:3:27: `kinds` takes "runtime", "build", "optional", "peer" or "dev", not "production"
        osprey.toml:3:50: `scope` takes "direct" or "all", not "transitive"
        osprey.toml:4:29: `kinds` names none, so that nothing would be judged; leave it out to mean every kind

        rules = ["deny"]
        osprey.toml:2:9: `rules` must be a table, not an array

        [custom]
        id = "a"
        osprey.toml:2:1: `custom` must be an array of tables: write [[custom]]
        "#);
    }

    #[test]
    fn mistakes_in_exceptions() {
        let files = [
            "reason = \"r\"\nexpires = 2027-01-31",
            "advisory = \"CVE-1\"\nexpires = 2027-01-31",
            "advisory = \"CVE-1\"\nreason = \" \"\nexpires = 2027-01-31",
            "advisory = \"CVE-1\"\nreason = \"r\"",
            "advisory = \"CVE-1\"\nreason = \"r\"\nuntil-fixed = false",
            "advisory = \"CVE-1\"\nreason = \"r\"\nexpires = \"2027-01-31\"",
            "advisory = \"CVE-1\"\nreason = \"r\"\nexpires = 2027-01-31T10:00:00Z",
            "advisory = \"CVE-1\"\nreason = \"r\"\nexpires = 2027-02-30",
            "advisory = \"CVE-1\"\nreason = \"r\"\nexpire = 2027-01-31",
            "advisory = \"CVE-*\"\nreason = \"r\"\nexpires = 2027-01-31",
            "advisory = []\nreason = \"r\"\nexpires = 2027-01-31",
            "package = \"pkg:crate/time\"\nreason = \"r\"\nexpires = 2027-01-31",
            "package = \"time\"\nrule = \"known-vuln\"\npath = \"../other\"\nreason = 3\nexpires = 2027-01-31",
            "advisory = \"CVE-1\"\nrule = \"untrusted-origin\"\nreason = \"r\"\nuntil-fixed = true",
            "advisory = \"CVE-1\"\nreason = \"r\"\nexpires = 2027-01-31\n[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"s\"\nexpires = 2027-03-31",
            "rule = \"untrusted-origin\"\nreason = \"r\"\nexpires = 2027-01-31",
            "path = \"services\"\nreason = \"r\"\nexpires = 2027-01-31",
            "rule = \"malicious-package\"\npath = \"services\"\nreason = \"r\"\nexpires = 2027-01-31",
        ];
        let wrong = |lines: &str| errors(&format!("version = 1\n[[exceptions]]\n{lines}\n"));
        insta::assert_snapshot!(files.map(wrong).join("\n"), @r#"
        osprey.toml:2:1: an exception must name an `advisory`, a `package`, or a `rule` with a `path` ("." for the project itself)
        osprey.toml:2:1: an exception needs a `reason`, so that others can judge whether it still holds
        osprey.toml:4:10: `reason` is empty
        osprey.toml:2:1: an exception needs a last day, `expires = 2027-01-31`, unless it says `until-fixed = true`
        osprey.toml:2:1: an exception needs a last day, `expires = 2027-01-31`, unless it says `until-fixed = true`
        osprey.toml:5:11: `expires` must be a day such as 2027-01-31, without quotes and without a time, not a string
        osprey.toml:5:11: `expires` must be a day such as 2027-01-31, without quotes and without a time, not a date or time
        osprey.toml:5:11: not valid TOML: invalid date, expected day between 01 and 28
        osprey.toml:2:1: an exception needs a last day, `expires = 2027-01-31`, unless it says `until-fixed = true`
        osprey.toml:5:1: unknown key "expire" in [[exceptions]]; did you mean "expires"?
        osprey.toml:3:12: `advisory` must be an id such as "CVE-2020-26235", not "CVE-*"
        osprey.toml:3:12: `advisory` names none
        osprey.toml:3:11: `package` "pkg:crate/time": unknown type "crate"; did you mean "cran"?; the types are cargo, golang, npm, pypi, maven, nuget, gem, composer, hex, pub, swift, conan, hackage, cran, julia, opam, github, cocoapods, carthage, vcpkg, nim, cpan, luarocks, conda, bazel, terraform, docker, git, jsr, toolchain, deb, apk, rpm
        osprey.toml:3:11: `package` "time": a package URL begins with "pkg:"; write it like "pkg:cargo/time@0.1.43"
        osprey.toml:4:8: unknown rule "known-vuln"; did you mean "known-vulnerability"?
        osprey.toml:5:8: `path` "../other" leads out of the root
        osprey.toml:6:10: `reason` must be a string, not a whole number
        osprey.toml:3:12: findings of untrusted-origin rest on no advisory: name a `package` or a `path` alone
        osprey.toml:6:15: no advisory says when a finding of untrusted-origin is fixed: write `expires`
        osprey.toml:7:12: this exception names the same as the one in line 2: CVE-1
        osprey.toml:2:1: an exception must name an `advisory`, a `package`, or a `rule` with a `path` ("." for the project itself)
        osprey.toml:2:1: an exception must name an `advisory`, a `package`, or a `rule` with a `path` ("." for the project itself)
        osprey.toml:2:1: findings of malicious-package rest on advisories: name the `advisory` or the `package`, so that new ones still count
        "#);
    }

    #[test]
    fn mistakes_in_the_whole() {
        let far = "max-exception-days = 30\n[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\n";
        let files = [
            String::new(),
            "version = 2".to_owned(),
            "version = \"1\"".to_owned(),
            "version = 1\nversion = 1".to_owned(),
            "this is no TOML\n{".to_owned(),
            format!("version = 1\n{far}expires = 2026-12-23"),
            format!("version = 1\n{far}until-fixed = true"),
            "version = 1\nexceptions = { advisory = \"CVE-1\" }".to_owned(),
            "version = 1\n\"é😀\" = 1".to_owned(),
        ];
        let wrong = |text: String| format!("{text}\n{}\n", errors(&text));
        insta::assert_snapshot!(files.map(wrong).join("\n"), @r#"

        osprey.toml:1:1: `version = 1` is missing: it says how the file is to be read

        version = 2
        osprey.toml:1:11: this osprey reads policies of version 1, not 2; a newer osprey may read this one

        version = "1"
        osprey.toml:1:11: `version` must be a whole number, not a string

        version = 1
        version = 1
        osprey.toml:2:1: not valid TOML: the key "version" stands above already

        this is no TOML
        {
        osprey.toml:1:6: not valid TOML: key with no value, expected `=`
        osprey.toml:2:1: not valid TOML: invalid key-value pair, expected key

        version = 1
        max-exception-days = 30
        [[exceptions]]
        advisory = "CVE-1"
        reason = "r"
        expires = 2026-12-23
        osprey.toml:6:11: `expires` is past 2026-12-22: `max-exception-days` is 30

        version = 1
        max-exception-days = 30
        [[exceptions]]
        advisory = "CVE-1"
        reason = "r"
        until-fixed = true
        osprey.toml:3:1: an exception needs `expires`: `max-exception-days` is 30

        version = 1
        exceptions = { advisory = "CVE-1" }
        osprey.toml:2:14: `exceptions` must be an array of tables: write [[exceptions]], not a table

        version = 1
        "é😀" = 1
        osprey.toml:2:1: unknown key "é😀" in a policy
        "#);
    }

    #[test]
    fn the_last_allowed_day_is_allowed() {
        let text = "version = 1\nmax-exception-days = 30\n[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\n";
        assert!(read(&format!("{text}expires = 2026-12-22")).is_ok());
    }

    #[test]
    fn hostile_files_end_soon() {
        let before = std::time::Instant::now();
        let many: String = (0..50_000).map(|n| format!("known{n} = 1\n")).collect();
        assert_eq!(read(&many).unwrap_err().len(), 101);
        for key in ["internal", "registries.allow", "registries.private"] {
            let long = format!("version = 1\n{key} = [{}]", "\"@a/*\",".repeat(6_000));
            assert!(errors(&long).contains("6000 entries"), "{key}");
        }
        let ids = format!("advisory = [{}]\nreason = \"r\"\nuntil-fixed = true", "\"CVE-1\",".repeat(51));
        assert!(errors(&format!("version = 1\n[[exceptions]]\n{ids}")).contains("`advisory` names 51"));
        for text in
            ["[".repeat(500_000), format!("a = {}", "[".repeat(500_000)), "a.".repeat(300_000), " ".repeat(2 << 20)]
        {
            assert!(read(&text).is_err());
        }
        assert!(before.elapsed().as_secs() < 20);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z=\"\\[\\]{}.,:@<>0-9\n -]{0,200}") {
            let _ = read(&text);
            let _ = read(&format!("{WHOLE}{text}"));
        }
    }

    #[test]
    fn licences_are_those_that_spdx_lists() {
        let policy = |allow: &str| format!("version = 1\n[rules]\ndenied-license = {{ allow = [{allow}] }}");
        let read = read(&policy("\"MIT\", \"gpl-2.0\", \"Apache-2.0 WITH LLVM-exception\"")).unwrap();
        let Some(Setting::Licenses(allow)) = read.rules["denied-license"].values.get("allow") else { panic!() };
        assert_eq!(allow, &["MIT", "gpl-2.0", "Apache-2.0 WITH LLVM-exception"]);
        assert_eq!(
            errors(&policy("\"MIT\", \"Apache2\", \"Apache-2.0 WITH LLVM-exeption\", \"MIT OR ISC\", 1")),
            "osprey.toml:3:36: `allow` takes licences that SPDX lists, not \"Apache2\"; did you mean \"Apache-2.0\"?\n\
             osprey.toml:3:47: `allow` takes licences that SPDX lists, not \"LLVM-exeption\"; did you mean \"LLVM-exception\"?\n\
             osprey.toml:3:80: `allow` takes one licence in each entry, not \"MIT OR ISC\"\n\
             osprey.toml:3:94: `allow` must be a string, not a whole number"
        );
        assert!(!read.rules["denied-license"].is_idle());
        assert!(
            super::tests::read("version = 1").unwrap().rules["denied-license"].is_idle(),
            "nothing is fetched for it"
        );
    }
}
