//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), as GitHub code scanning, GitLab
//! and others read it.
//!
//! One result per finding that is denied or warned about, on the line of the version; one rule per advisory, since
//! GitHub takes severity from the rule. Findings that an exception covers or that were there before are left out unless
//! they are asked for, because GitHub, which reads neither `suppressions` nor `baselineState`, would open alerts for
//! them. A run that was incomplete or had nothing to scan says `executionSuccessful: false`, for
//! an upload of it would close alerts.

mod results;
mod rules;
mod run;

use std::io::{self, Write};

use serde::Serialize;

use crate::model::{Decision, Level, Location, Report};

use super::{Options, escape, lines};

/// GitHub keeps the first 5,000 results and rejects more than 25,000; GitLab takes 5,000.
const MOST_RESULTS: usize = 5_000;

/// Lines are broken down to the elements of the lists of the run.
const DEPTH: usize = 4;

/// Writes the denied and warned findings as a SARIF log.
pub(super) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let chosen = Chosen::of(report, options);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [run::Run::of(report, options, &chosen)],
    };
    lines::write(&log, DEPTH, out)
}

/// The findings that become results, worst first.
struct Chosen<'r> {
    decisions: Vec<&'r Decision>,
    /// How many there were too many.
    cut: usize,
    /// How many were left out since an exception covers them.
    excepted: usize,
    /// How many were left out since they were there before.
    known: usize,
}

impl<'r> Chosen<'r> {
    fn of(report: &'r Report, options: &Options) -> Self {
        let shown = report.decisions.iter().filter(|decision| decision.level > Level::Allow);
        let is_covered = |decision: &&Decision| decision.exception.is_some() || decision.is_known();
        let (covered, mut decisions): (Vec<_>, Vec<_>) = shown.partition(is_covered);
        let mut known = covered.iter().filter(|decision| decision.is_known()).count();
        let mut excepted = covered.len() - known;
        if options.sarif_suppressed {
            (known, excepted) = (0, 0);
            decisions.extend(covered);
        }
        let cut = decisions.len().saturating_sub(MOST_RESULTS);
        decisions.truncate(MOST_RESULTS);
        Self { decisions, cut, excepted, known }
    }
}

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [run::Run<'r>; 1],
}

/// A message in plain text.
#[derive(Serialize)]
struct Text {
    text: String,
}

impl Text {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

/// A part of one line. Columns count UTF-16 code units; the last is exclusive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl PhysicalLocation {
    fn of(location: &Location) -> Self {
        let line = location.line.max(1);
        let start_column = location.column.max(1);
        let end_column = start_column.saturating_add(location.length.max(1));
        let region = Region { start_line: line, start_column, end_line: line, end_column };
        Self { artifact_location: ArtifactLocation::of(&location.path), region: Some(region) }
    }

    /// The start of a line of a file, or the file as a whole.
    fn line(path: &str, line: Option<u32>) -> Self {
        let region =
            line.map(|line| Region { start_line: line.max(1), start_column: 1, end_line: line.max(1), end_column: 2 });
        Self { artifact_location: ArtifactLocation::of(path), region }
    }
}

impl ArtifactLocation {
    fn of(path: &str) -> Self {
        // What the caller named may lie elsewhere, such as a policy or a VEX document.
        let (before, uri_base_id) =
            if path.starts_with('/') { ("file:///", None) } else { ("", Some(run::SOURCE_ROOT)) };
        Self { uri: format!("{before}{}", escape::uri_path(path)), uri_base_id }
    }
}

/// How grave a result or a rule is: SARIF's word for a policy's level.
fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Allow | Level::Off => "note",
    }
}
