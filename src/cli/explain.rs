//! `osprey explain`: a rule, or an advisory.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::caller::{self, Database};
use super::callers_files::CallersFiles;
use super::output::print;
use super::policy_arguments::{POLICY_FILE, read};
use super::{Exit, Failure, Global};
use crate::database::{Index, Record};
use crate::model::{Data, Rule, Scope, Setting, Severity};
use crate::policy::Policy;
use crate::report::plain;
use crate::rule::rules;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of a rule, or of an advisory or one of its aliases
    id: String,
    /// The policy whose own rules are looked for too [default: osprey.toml here, where there is one]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

pub(super) fn run(arguments: &Arguments, _global: &Global) -> Result<Exit, Failure> {
    let id = &arguments.id;
    if let Some(rule) = rules().into_iter().find(|rule| rule.id == id.as_str()) {
        print(&of_rule(rule))?;
        return Ok(Exit::Pass);
    }
    if let Some(text) = policy(arguments)?.and_then(|policy| of_own_rule(&policy, id)) {
        print(&text)?;
        return Ok(Exit::Pass);
    }
    let index = Index::open(&arguments.database.directory()?)
        .map_err(|error| Failure::usage(format!("{id:?} is no rule (`osprey list rules`), and {error}")))?;
    let records = index.explain(id).map_err(Failure::usage)?;
    if records.is_empty() {
        let known = index.meta().ecosystems().join(", ");
        let message =
            format!("{id:?} is no rule (`osprey list rules`) and no advisory of the index, which covers {known}");
        return Err(Failure::usage(message));
    }
    let mut out = String::new();
    for (record, json) in &records {
        if !out.is_empty() {
            out.push('\n');
        }
        of_advisory(&mut out, record, json);
    }
    print(&out)?;
    Ok(Exit::Pass)
}

/// What a rule is and what a policy can set. Writing to a string cannot fail.
fn of_rule(rule: &Rule) -> String {
    let mut out = format!("{}: {}\n\nWhy: {}\nWhat to do: {}\n", rule.id, rule.summary, rule.why, rule.fix);
    let _ = writeln!(
        out,
        "Level: {} in the greenfield profile, {} in the brownfield profile\nGuidance: {}",
        rule.greenfield, rule.brownfield, rule.clause
    );
    let data: Vec<&str> = rule.data.iter().map(|data| data.as_str()).collect();
    let _ = writeln!(out, "Needs: {}", data.join(", "));
    if rule.data.iter().any(|data| !matches!(data, Data::Local | Data::Advisories | Data::OwnScorecard)) {
        let of = match rule.scope {
            Scope::All => "all packages; with scope = \"direct\" direct dependencies alone",
            Scope::Direct if rule.data.contains(&Data::Advisories) => {
                "direct dependencies, and others by advisories; with scope = \"all\" all alike"
            }
            Scope::Direct => "direct dependencies; with scope = \"all\" all packages",
        };
        let _ = writeln!(out, "Judges: {of}");
    }
    if rule.parameters.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\nWhat a policy can set, with what holds otherwise:\n\n  [rules.{}]", rule.id);
    for parameter in rule.parameters {
        let default = (parameter.default)();
        let _ = writeln!(out, "  # {}", parameter.summary);
        if let Setting::Word(_, words) = &default {
            let _ = writeln!(out, "  # one of: {}", words.join(", "));
        }
        let _ = writeln!(out, "  {} = {default}", parameter.key);
    }
    out
}

/// The policy whose own rules are meant. One that is merely here and has a mistake is no reason to explain no advisory.
fn policy(arguments: &Arguments) -> Result<Option<Policy>, Failure> {
    let today = caller::today();
    match &arguments.policy {
        Some(path) => read(path, CallersFiles::NOW, today).map(Some),
        None if Path::new(POLICY_FILE).is_file() => Ok(read(Path::new(POLICY_FILE), CallersFiles::NOW, today).ok()),
        None => Ok(None),
    }
}

/// What a rule of the policy's own is. Writing to a string cannot fail.
fn of_own_rule(policy: &Policy, id: &str) -> Option<String> {
    let custom = policy.custom.iter().find(|custom| custom.rule.id == id)?;
    let (rule, settings) = (&custom.rule, policy.rules.get(id)?);
    let mut out = format!(
        "{id}: {}\n\nWhy: {}\nWhat to do: {}\n",
        plain(rule.summary),
        plain(rule.why),
        plain(rule.fix.trim_end())
    );
    let _ = writeln!(out, "Level: {}; where its data is not known: {}", settings.level, settings.on_unknown.as_str());
    let place = policy.custom_place(id).map(|place| format!(" ({}:{})", plain(&place.path), place.line));
    let _ = writeln!(out, "A rule of the policy's own{}, which holds when", place.unwrap_or_default());
    for line in custom.condition.text().trim().lines() {
        let _ = writeln!(out, "  {}", plain(line.trim_end()));
    }
    let data: Vec<&str> = rule.data.iter().map(|data| data.as_str()).collect();
    let _ = writeln!(out, "Needs: {}", data.join(", "));
    Some(out)
}

/// What an advisory says, from its full record. Writing to a string cannot fail.
fn of_advisory(out: &mut String, record: &Record, json: &[u8]) {
    let Ok(raw) = serde_json::from_slice::<Value>(json) else { return };
    let _ = writeln!(out, "{}: {}", plain(&record.id), plain(&record.summary));
    if record.withdrawn {
        let _ = writeln!(out, "Withdrawn: it matches nothing any more");
    }
    if !record.aliases.is_empty() {
        let _ = writeln!(out, "Also known as: {}", plain(&record.aliases.join(", ")));
    }
    let score = record
        .rating
        .score
        .map(|score| format!(" ({score:.1}, {})", record.rating.vector.as_deref().unwrap_or_default()));
    let severity = match record.rating.severity {
        Severity::Unknown => "unknown, the record gives none".to_owned(),
        severity => format!("{severity}{}", plain(&score.unwrap_or_default())),
    };
    let _ = writeln!(out, "Warns of: {}\nSeverity: {severity}", record.kind.as_str());
    for key in ["published", "modified"] {
        if let Some(time) = raw.get(key).and_then(Value::as_str) {
            let _ = writeln!(out, "{}{}: {}", key[..1].to_uppercase(), &key[1..], plain(time));
        }
    }
    for affected in raw.get("affected").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| affected.get("package").and_then(|package| package.get(key)).and_then(Value::as_str);
        let name = format!("{} {}", text("ecosystem").unwrap_or_default(), text("name").unwrap_or_default());
        let _ = writeln!(out, "Affects: {}{}", plain(&name), plain(&ranges(affected)));
    }
    if !record.details.trim().is_empty() {
        let _ = writeln!(out);
        for line in record.details.trim().lines() {
            let _ = writeln!(out, "{}", plain(line));
        }
    }
    if !record.references.is_empty() {
        let _ = writeln!(out, "\nReferences:");
        for reference in &record.references {
            let _ = writeln!(out, "  {}", plain(reference));
        }
    }
}

/// The ranges of a package as the record writes them.
fn ranges(affected: &Value) -> String {
    let list = |key: &str| affected.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut parts: Vec<String> = Vec::new();
    for range in list("ranges").filter(|range| range.get("type").and_then(Value::as_str) != Some("GIT")) {
        let events = range.get("events").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        let words = events.flatten().filter_map(|(kind, version)| Some(format!("{kind} {}", version.as_str()?)));
        parts.push(words.collect::<Vec<_>>().join(", "));
    }
    let versions = list("versions").count();
    if parts.is_empty() && versions > 0 {
        parts.push(format!("{versions} versions by name"));
    }
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::PolicyOrigin;
    use crate::policy::parse;

    #[test]
    fn a_rule_says_what_a_policy_can_set() {
        let of = |id| of_rule(rules().into_iter().find(|rule| rule.id == id).unwrap());
        insta::assert_snapshot!(of("unverified-source"), @r#"
        unverified-source: It is not known, or contradicted, from which repository the package comes

        Why: What is reviewed in public is the repository; what runs is the package. Where nothing ties the two together, a package can name a well-kept project and hold something else.
        What to do: Find out where the package is developed and compare, or prefer one whose releases are attested.
        Level: warn in the greenfield profile, allow in the brownfield profile
        Guidance: CG.authentic
        Needs: deps.dev versions
        Judges: direct dependencies; with scope = "all" all packages

        What a policy can set, with what holds otherwise:

          [rules.unverified-source]
          # what passes: "claimed", the package's own word; "attested", the ecosystem's or an attestation's
          # one of: claimed, attested
          evidence = "claimed"
        "#);
        insta::assert_snapshot!(of("failed-scorecard-check"), @r#"
        failed-scorecard-check: The project behind the package fails a check of the OpenSSF Scorecard that matters

        Why: An aggregate hides the one gap through which an intruder comes: a workflow that runs strangers' code, a token that may write everything, a branch that anybody may overwrite, a release that nobody signed.
        What to do: Read what the check says, see whether it matters for your use, and help the project or look for another package.
        Level: warn in the greenfield profile, allow in the brownfield profile
        Guidance: C5.4 CG.repo
        Needs: deps.dev versions, Scorecard
        Judges: direct dependencies; with scope = "all" all packages

        What a policy can set, with what holds otherwise:

          [rules.failed-scorecard-check]
          # the checks that are looked at, each with the lowest score that passes; a list replaces this one
          checks = { Binary-Artifacts = 8.0, Branch-Protection = 3.0, Code-Review = 3.0, Dangerous-Workflow = 10.0, Pinned-Dependencies = 3.0, Signed-Releases = 1.0, Token-Permissions = 5.0 }
        "#);
        assert!(!of("missing-integrity").contains("policy"));
    }

    #[test]
    fn what_is_printed_as_a_default_can_be_set() {
        for rule in rules().into_iter().filter(|rule| !rule.parameters.is_empty()) {
            let text = of_rule(rule);
            let (_, table) = text.split_once("\n  [").unwrap();
            let policy = format!("version = 1\n[{table}");
            let parsed = parse("osprey.toml", &policy, PolicyOrigin::Flag, &rules(), Date::constant(2026, 11, 22));
            let policy = parsed.unwrap_or_else(|error| panic!("{error:?}\n{policy}"));
            for parameter in rule.parameters {
                assert_eq!(policy.rules[rule.id].values[parameter.key], (parameter.default)(), "{}", parameter.key);
            }
        }
    }
}
