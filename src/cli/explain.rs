//! `osprey explain`: a rule, or an advisory.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::caller::Database;
use super::output::print;
use super::{Exit, Failure, Global};
use crate::database::{Index, Record};
use crate::model::{Rule, Severity};
use crate::report::plain;
use crate::rule::rules;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of a rule, or of an advisory or one of its aliases
    id: String,
    #[command(flatten)]
    database: Database,
}

pub(super) fn run(arguments: &Arguments, _global: &Global) -> Result<Exit, Failure> {
    let id = &arguments.id;
    if let Some(rule) = rules().into_iter().find(|rule| rule.id == id.as_str()) {
        print(&of_rule(rule))?;
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

fn of_rule(rule: &Rule) -> String {
    format!(
        "{}: {}\n\nWhy: {}\nWhat to do: {}\nLevel: {} in the greenfield profile, {} in the brownfield profile\nGuidance: {}\n",
        rule.id, rule.summary, rule.why, rule.fix, rule.greenfield, rule.brownfield, rule.clause
    )
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
