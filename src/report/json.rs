//! The JSON report: everything, for programs. Its schema is `report.schema.json` beside this file, made from the
//! types below.
//!
//! `null` means unknown or not applicable, never "no". Packages are named by ids that mean something within one
//! report only. What may be large is written while it is looked up, and stands in memory once.

mod checklist;
mod finding;
mod ledger;
mod package;

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::model::{BaseCommit, BaselineUse, Location, PackageIndex, Report};

use super::lines;
use checklist::ChecklistEntry;
use finding::FindingEntry;
use ledger::{Coverage, DiagnosticEntry, ExceptionEntry, UnknownEntry};
#[cfg(test)]
use package::{DependencyEntry, PackageEntry};
use package::{RootEntry, Usages};

/// The version of the format. `0.x` may change; what stands in it keeps its meaning from `1` on.
const SCHEMA_VERSION: &str = "0.1";

/// Lines are broken down to the elements of the lists of the report.
const DEPTH: usize = 2;

/// Writes the whole report as JSON.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    lines::write(&Document::of(report), DEPTH, out)
}

/// The report of one run of Osprey.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "Osprey report", rename = "Report"))]
struct Document<'r> {
    /// The version of this format.
    schema_version: &'static str,
    /// The program that wrote it.
    tool: Tool,
    /// Whether the run passes; `fail` also where coverage was incomplete.
    #[cfg_attr(test, schemars(extend("enum" = ["pass", "incomplete", "fail"])))]
    verdict: &'static str,
    /// Whether everything that was recognised was looked at. Where it is not, `coverage.gaps` says why.
    complete: bool,
    /// The exit code of the run, after `--exit-zero` and its like.
    exit_code: u8,
    /// The day on which ages and expiries were judged, `2026-11-22`.
    evaluated_on: &'r str,
    /// The policy that judged.
    policy: Policy<'r>,
    /// The state of the repository.
    vcs: Vcs<'r>,
    /// The rules that were evaluated.
    rules: Vec<RuleEntry>,
    /// The files that fix the versions of packages; `uses` and `dependencies` speak of them by path.
    #[cfg_attr(test, schemars(with = "Vec<RootEntry<'static>>"))]
    roots: Roots<'r>,
    /// Every package once. One name and version from two sources is two packages.
    #[cfg_attr(test, schemars(with = "Vec<PackageEntry<'static>>"))]
    packages: Packages<'r>,
    /// Which package needs which, by root.
    #[cfg_attr(test, schemars(with = "Vec<DependencyEntry<'static>>"))]
    dependencies: Dependencies<'r>,
    /// Every finding, in the order in which they should be dealt with.
    #[cfg_attr(test, schemars(with = "Vec<FindingEntry<'static>>"))]
    findings: Findings<'r>,
    /// Every exception, of the policy and of VEX documents about what is here.
    exceptions: Vec<ExceptionEntry<'r>>,
    /// The baseline; null where there is none.
    baseline: Option<BaselineEntry<'r>>,
    /// What rules could not learn.
    unknowns: Vec<UnknownEntry<'r>>,
    /// What was looked at, and what was not.
    coverage: Coverage<'r>,
    /// The intake questions about packages that are not added yet; empty for a scan.
    checklists: Vec<ChecklistEntry<'r>>,
    /// What else there is to say.
    diagnostics: Vec<DiagnosticEntry<'r>>,
    /// The findings, counted.
    summary: Summary,
}

/// The program that wrote a report.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Tool {
    /// Its name.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// The policy that judged.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Policy<'r> {
    /// The profile that it extends.
    profile: &'static str,
    /// Where it came from: built into the program; named by the caller; found in the scanned tree, and so not
    /// enforced by the caller; read from the merge base.
    #[cfg_attr(test, schemars(extend("enum" = ["built-in", "flag", "tree", "base"])))]
    origin: &'static str,
    /// The file, as the caller named it; in the scanned tree, relative to the repository root.
    path: Option<&'r str>,
    /// SHA-256 of its text, hexadecimal.
    sha256: Option<&'r str>,
    /// The policy file of the scanned tree, where the caller's policy holds and that one may only tighten it. What of it
    /// does not hold stands in `diagnostics`.
    tightened_by: Option<&'r str>,
}

/// The state of the repository.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Vcs<'r> {
    /// What file paths are relative to.
    root: &'static str,
    /// The commit that is checked out.
    revision: Option<&'r str>,
    /// What the run is compared with; null where it is compared with no revision.
    base: Option<BaseEntry<'r>>,
}

/// The state of the repository that a run is compared with.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Base"))]
struct BaseEntry<'r> {
    /// The revision that the caller named.
    named: &'r str,
    /// The commit that it stands for.
    revision: &'r str,
    /// The newest commit that it and the one checked out both descend from: what was there then is not new.
    merge_base: &'r str,
    /// How many such commits there are of which none descends from another; of several, the newest is taken.
    merge_bases: usize,
    /// When it was made, RFC 3339, UTC.
    time: &'r str,
}

/// What became of the baseline. Every finding that it holds is counted once.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Baseline"))]
struct BaselineEntry<'r> {
    /// The file, as the caller named it; in the scanned tree, relative to the repository root.
    path: &'r str,
    /// How many findings it holds.
    entries: usize,
    /// How many are there still, and do not count again.
    matched: usize,
    /// How many are there and became worse, so that they count.
    worse: usize,
    /// How many are there and need no entry: an exception covers them, or the policy allows them now.
    not_needed: usize,
    /// How many are about files that this scan did not look at.
    not_scanned: usize,
    /// Those that were not found any more. Where the run is incomplete they may be there still.
    gone: &'r [String],
}

/// A rule that was evaluated.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Rule"))]
struct RuleEntry {
    /// Its id.
    id: &'static str,
    /// What it finds, in one line.
    summary: &'static str,
    /// Why that is a risk.
    why: &'static str,
    /// What to do about a finding.
    fix: &'static str,
    /// The clause of the guidance that it comes from.
    clause: &'static str,
}

/// The findings, counted. Each is counted once.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Summary {
    /// Denied, and neither excepted nor there before.
    denied: usize,
    /// Warned about, and neither excepted nor there before; of what was disclosed since, what is denied as well.
    warned: usize,
    /// Allowed, and not excepted.
    allowed: usize,
    /// Covered by an exception.
    excepted: usize,
    /// There before, and else denied or warned about.
    known: usize,
}

/// A span within one line of a file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Location"))]
struct Place<'r> {
    /// The file, relative to the repository root, with `/` between its parts.
    path: &'r str,
    /// The line, from 1.
    line: u32,
    /// The column, from 1, in UTF-16 code units.
    column: u32,
    /// The column after the last one.
    end_column: u32,
}

impl<'r> Place<'r> {
    fn of(location: &'r Location) -> Self {
        let &Location { ref path, line, column, length } = location;
        Self { path, line, column, end_column: column.saturating_add(length) }
    }

    fn all(locations: &'r [Location]) -> Vec<Self> {
        locations.iter().map(Self::of).collect()
    }
}

/// A package's id in this report, from `1` in the order of `packages`.
struct Id(PackageIndex);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&(u64::from(self.0) + 1))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

// The long lists: each element is made when it is written.
struct Roots<'r>(&'r Report);
struct Packages<'r>(&'r Report);
struct Dependencies<'r>(&'r Report);
struct Findings<'r>(&'r Report);

impl Serialize for Roots<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.graph.roots.iter().map(RootEntry::of))
    }
}

impl Serialize for Packages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(package::entries(self.0, &Usages::of(&self.0.graph)))
    }
}

impl Serialize for Dependencies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(package::dependencies(&self.0.graph))
    }
}

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq((1..).zip(&self.0.decisions).map(|(rank, decision)| FindingEntry::of(self.0, decision, rank)))
    }
}

impl<'r> Document<'r> {
    fn of(report: &'r Report) -> Self {
        let summary = report.summary();
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "osprey", version: report.version },
            verdict: report.verdict().as_str(),
            complete: report.is_complete(),
            exit_code: report.exit_code,
            evaluated_on: &report.evaluated_on,
            policy: Policy {
                profile: report.policy.profile,
                origin: report.policy.origin.as_str(),
                path: report.policy.path.as_deref(),
                sha256: report.policy.sha256.as_deref(),
                tightened_by: report.policy.tightened_by.as_deref(),
            },
            vcs: Vcs { root: ".", revision: report.revision.as_deref(), base: report.base.as_ref().map(BaseEntry::of) },
            rules: report.rules.iter().map(|rule| RuleEntry::of(rule)).collect(),
            roots: Roots(report),
            packages: Packages(report),
            dependencies: Dependencies(report),
            findings: Findings(report),
            exceptions: report.exceptions.iter().map(ExceptionEntry::of).collect(),
            baseline: report.baseline.as_ref().map(BaselineEntry::of),
            unknowns: report.unknowns.iter().map(UnknownEntry::of).collect(),
            coverage: Coverage::of(report),
            checklists: report.checklists.iter().map(ChecklistEntry::of).collect(),
            diagnostics: ledger::diagnostics(report),
            summary: Summary {
                denied: summary.denied,
                warned: summary.warned,
                allowed: summary.allowed,
                excepted: summary.excepted,
                known: summary.known,
            },
        }
    }
}

impl<'r> BaseEntry<'r> {
    fn of(base: &'r BaseCommit) -> Self {
        let BaseCommit { named, revision, merge_base, merge_bases, time } = base;
        Self { named, revision, merge_base, merge_bases: *merge_bases, time }
    }
}

impl<'r> BaselineEntry<'r> {
    fn of(baseline: &'r BaselineUse) -> Self {
        let &BaselineUse { ref path, entries, matched, worse, not_needed, not_scanned, ref gone } = baseline;
        Self { path, entries, matched, worse, not_needed, not_scanned, gone }
    }
}

impl RuleEntry {
    fn of(rule: &'static crate::model::Rule) -> Self {
        Self { id: rule.id, summary: rule.summary, why: rule.why, fix: rule.fix, clause: rule.clause }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use schemars::generate::SchemaSettings;

    use super::*;
    use crate::report::sample;

    /// The schema of the format. To make it anew after a change of the types: delete `src/report/report.schema.json`
    /// and run this test; it writes the file and fails once.
    #[test]
    fn the_schema_is_checked_in() {
        let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Document>();
        let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/report.schema.json");
        let Ok(checked_in) = std::fs::read_to_string(&path) else {
            std::fs::write(&path, current).unwrap();
            panic!("{} was missing and is written anew: read it and check it in", path.display());
        };
        assert!(checked_in == current, "the types changed: delete {} and run this test again", path.display());
    }

    #[test]
    fn every_reference_leads_to_a_package() {
        let mut out = Vec::new();
        write(&sample::failing(), &mut out).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let packages = report["packages"].as_array().unwrap();
        let named = |id: &serde_json::Value| packages.iter().find(|package| package["id"] == *id).unwrap();
        for edge in report["dependencies"].as_array().unwrap() {
            let uses = named(&edge["from"])["uses"].as_array().unwrap();
            assert!(uses.iter().any(|usage| usage["root"] == edge["root"]));
            named(&edge["to"]);
        }
        let findings = report["findings"].as_array().unwrap();
        for finding in findings.iter().filter(|finding| !finding["subject"]["package"].is_null()) {
            let subject = &finding["subject"];
            assert_eq!(named(&subject["package"])["purl"], subject["purl"]);
            for chain in finding["chains"].as_array().unwrap() {
                assert_eq!(chain.as_array().unwrap().last(), Some(&subject["package"]));
            }
        }
        assert_eq!(report["summary"]["denied"], 2);
        assert_eq!(findings.len(), 9);
    }
}
