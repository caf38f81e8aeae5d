//! The coverage ledger, exceptions, unknowns and diagnostics in the JSON report.

use serde::Serialize;

use crate::model::{
    Diagnostic, DiagnosticSeverity, Ecosystem, ExceptionStatus, FileCoverage, Report, SourceCoverage, Unknown,
};

use super::Place;

/// What was looked at, and what was not.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Coverage<'r> {
    /// Every recognised file and every skipped tree.
    files: Vec<File<'r>>,
    /// Every source of knowledge.
    sources: Vec<SourceOfFacts<'r>>,
    /// Everything that makes the run incomplete, in words.
    gaps: Vec<String>,
}

/// What became of a recognised file, or a tree that was skipped.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct File<'r> {
    /// Its path.
    path: &'r str,
    /// The parser that reads such files.
    parser: Option<&'static str>,
    /// All of it was read; some of it was lost; nothing could be read; no parser reads such files; left out on
    /// purpose.
    #[cfg_attr(test, schemars(extend("enum" = ["read", "partly-read", "failed", "unsupported", "skipped"])))]
    state: &'static str,
    /// How many packages it gave.
    packages: usize,
    /// Why.
    message: Option<&'r str>,
}

/// What became of a source of knowledge.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SourceOfFacts<'r> {
    /// Its name.
    name: &'static str,
    /// The ecosystem that it was asked about, under OSV's name.
    ecosystem: Option<&'static str>,
    /// It answered; it is older than the policy allows; there is none; it could not be read; nothing needed it.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "stale", "missing", "failed", "not-asked"])))]
    state: &'static str,
    /// When its data was exported.
    as_of: Option<&'r str>,
    /// How many records it holds for the ecosystem.
    records: u64,
    /// How many records it could not take.
    rejected: u64,
    /// Why.
    message: Option<&'r str>,
}

/// An exception and what became of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ExceptionStatus"))]
pub(super) struct ExceptionEntry<'r> {
    /// What it names.
    id: &'r str,
    /// Where it comes from: a policy; a VEX document.
    #[cfg_attr(test, schemars(extend("enum" = ["policy", "vex"])))]
    origin: &'static str,
    /// It covers a finding; it covers none; its day is past; it covers a finding and ends within 14 days.
    #[cfg_attr(test, schemars(extend("enum" = ["used", "unused", "expired", "expiring"])))]
    state: &'static str,
    /// How many findings it covers.
    findings: usize,
    /// Why it was made.
    reason: &'r str,
    /// Who answers for it.
    owner: Option<&'r str>,
    /// The last day on which it holds.
    expires: Option<&'r str>,
    /// Where it stands in the policy file or the VEX document.
    location: Option<Place<'r>>,
}

/// A fact that a rule needed and that is not known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Unknown"))]
pub(super) struct UnknownEntry<'r> {
    /// The rule.
    rule: &'static str,
    /// The source that did not tell.
    source: &'static str,
    /// For how many packages.
    packages: usize,
    /// What is missing.
    message: &'r str,
    /// What it does to the run, as the policy has it: nothing; a warning; it is incomplete; it fails.
    #[cfg_attr(test, schemars(extend("enum" = ["allow", "warn", "incomplete", "deny"])))]
    outcome: &'static str,
}

/// What happened, where, and what to do about it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Diagnostic"))]
pub(super) struct DiagnosticEntry<'r> {
    /// With an error, something was lost and the run is incomplete.
    #[cfg_attr(test, schemars(extend("enum" = ["error", "warning", "note"])))]
    severity: &'static str,
    /// The file.
    path: Option<&'r str>,
    /// The line in it, from 1.
    line: Option<u32>,
    /// What happened.
    message: &'r str,
}

impl<'r> Coverage<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        Self {
            files: report.coverage.files.iter().map(File::of).collect(),
            sources: report.coverage.sources.iter().map(SourceOfFacts::of).collect(),
            gaps: report.gaps(),
        }
    }
}

impl<'r> File<'r> {
    fn of(file: &'r FileCoverage) -> Self {
        Self {
            path: &file.path,
            parser: file.parser,
            state: file.state.as_str(),
            packages: file.packages,
            message: file.message.as_deref(),
        }
    }
}

impl<'r> SourceOfFacts<'r> {
    fn of(source: &'r SourceCoverage) -> Self {
        Self {
            name: source.name,
            ecosystem: source.ecosystem.map(Ecosystem::osv_name),
            state: source.state.as_str(),
            as_of: source.as_of.as_deref(),
            records: source.records,
            rejected: source.rejected,
            message: source.message.as_deref(),
        }
    }
}

impl<'r> ExceptionEntry<'r> {
    pub(super) fn of(exception: &'r ExceptionStatus) -> Self {
        Self {
            id: &exception.id,
            origin: exception.origin.as_str(),
            state: exception.state.as_str(),
            findings: exception.findings,
            reason: &exception.reason,
            owner: exception.owner.as_deref(),
            expires: exception.expires.as_deref(),
            location: exception.location.as_ref().map(Place::of),
        }
    }
}

impl<'r> UnknownEntry<'r> {
    pub(super) fn of(unknown: &'r Unknown) -> Self {
        Self {
            rule: unknown.rule,
            source: unknown.source,
            packages: unknown.packages,
            message: &unknown.message,
            outcome: unknown.outcome.as_str(),
        }
    }
}

/// The diagnostics, then the bounds that were hit while walking.
pub(super) fn diagnostics(report: &Report) -> Vec<DiagnosticEntry<'_>> {
    let said = report.diagnostics.iter().map(|diagnostic: &Diagnostic| DiagnosticEntry {
        severity: severity(diagnostic.severity),
        path: diagnostic.path.as_deref(),
        line: diagnostic.line,
        message: &diagnostic.message,
    });
    let bounds = report.coverage.bounds.iter();
    said.chain(bounds.map(|message| DiagnosticEntry { severity: "error", path: None, line: None, message })).collect()
}

fn severity(severity: DiagnosticSeverity) -> &'static str {
    match severity {
        DiagnosticSeverity::Error => "error",
        DiagnosticSeverity::Warning => "warning",
        DiagnosticSeverity::Note => "note",
    }
}
