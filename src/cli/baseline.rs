//! `osprey baseline`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::callers_files::read_file;
use super::compared::{Compared, Comparison};
use super::output::{print, to_file};
use super::scan::Subject;
use super::{Exit, Failure, Global};
use crate::model::{Level, PolicyOrigin, Report};
use crate::policy::{Baseline, LARGEST_BASELINE};
use crate::report::plain;

/// Where it is written unless the caller or the policy says.
const FILE: &str = "osprey-baseline.json";

/// Gaps that are listed.
const GAPS: usize = 10;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Where to write it [default: the policy's `baseline`, else osprey-baseline.json in the root of the scan]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write it although something was not looked at: what is found there later counts as new
    #[arg(long)]
    allow_incomplete: bool,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let comparison = arguments.subject.prepare(&Compared::NOTHING)?;
    let report = arguments.subject.scan(&comparison, global)?;
    if !report.is_complete() && !arguments.allow_incomplete {
        return Err(refusal(&report));
    }
    let path = place(arguments, &comparison)?;
    let shown = path.display().to_string();
    let before = read_file(&path, LARGEST_BASELINE).ok().and_then(|bytes| Baseline::parse(&shown, &bytes).ok());
    let baseline = Baseline::of(&report.decisions, &report.graph);
    write(&path, &baseline)?;
    print(&summary(&shown, &baseline, before.as_ref(), comparison.policy.baseline.is_some()))?;
    Ok(Exit::Pass)
}

/// Writes a baseline beside its place and moves it there.
pub(super) fn write(path: &Path, baseline: &Baseline) -> Result<(), Failure> {
    to_file(path, |out| out.write_all(baseline.text().as_bytes()))
        .map_err(|error| Failure::written(&path.display().to_string(), &error))
}

fn place(arguments: &Arguments, comparison: &Comparison) -> Result<PathBuf, Failure> {
    if let Some(path) = &arguments.output {
        return Ok(path.clone());
    }
    let root = comparison.selection.root().map_err(Failure::usage)?;
    // The root itself is what the working folder mostly is; then a name alone is clearer.
    let here = std::fs::canonicalize(".").is_ok_and(|here| here == root);
    let inside = |path: &str| if here { PathBuf::from(path) } else { root.join(path) };
    Ok(match (&comparison.policy.baseline, comparison.policy.origin) {
        (Some(path), PolicyOrigin::Flag | PolicyOrigin::BuiltIn) => PathBuf::from(path),
        (Some(path), PolicyOrigin::Tree | PolicyOrigin::Base) => inside(path),
        (None, _) => inside(FILE),
    })
}

/// A baseline of what was seen in part would let what was not seen fail a later run, or hide it.
pub(super) fn refusal(report: &Report) -> Failure {
    if report.is_empty() {
        return Failure::usage(
            "no manifest, lockfile or SBOM was found, so that there is nothing to write a baseline of",
        );
    }
    let gaps = report.gaps();
    let mut messages = vec![
        "no baseline was written, since something was not looked at (--allow-incomplete writes it all the same):"
            .to_owned(),
    ];
    messages.extend(gaps.iter().take(GAPS).map(|gap| format!("  {gap}")));
    if gaps.len() > GAPS {
        messages.push(format!("  and {} more; `osprey scan` shows them", gaps.len() - GAPS));
    }
    Failure { exit: Exit::Usage, messages }
}

/// What it holds, by level and rule, and what changed in it.
fn summary(path: &str, baseline: &Baseline, before: Option<&Baseline>, is_named: bool) -> String {
    let shown = plain(path);
    let findings = |number: usize| if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") };
    let mut out = format!("{shown}: {}\n", findings(baseline.entries.len()));
    for (level, verb) in [(Level::Deny, "denied"), (Level::Warn, "warned about")] {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in baseline.entries.iter().filter(|entry| entry.level == level) {
            *rules.entry(&entry.rule).or_default() += 1;
        }
        if !rules.is_empty() {
            let number: usize = rules.values().sum();
            let rules: Vec<String> = rules.iter().map(|(rule, number)| format!("{number} {rule}")).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {number} {verb}: {}", rules.join(", "));
        }
    }
    if let Some(before) = before {
        let was: BTreeSet<&str> = before.entries.iter().map(|entry| entry.fingerprint.as_str()).collect();
        let now: BTreeSet<&str> = baseline.entries.iter().map(|entry| entry.fingerprint.as_str()).collect();
        let _ = writeln!(
            out,
            "  the one before had {}: {} gone, {} new",
            before.entries.len(),
            was.difference(&now).count(),
            now.difference(&was).count()
        );
    }
    if is_named {
        out.push_str("The policy names it: `osprey scan` counts only what it does not hold.\n");
    } else {
        let _ = writeln!(
            out,
            "`osprey scan --baseline {shown}` counts only what it does not hold; `baseline = \"{FILE}\"` in osprey.toml \
             makes that the rule."
        );
    }
    out
}
