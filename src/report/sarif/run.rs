//! The run: the tool, how it went, and what has to be said beside the results.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{DiagnosticSeverity, JoinedUnknown, OnUnknown, PolicyOrigin, Report, Verdict};

use super::super::phrase::{self, count};
use super::super::{Options, escape};
use super::results::{self, SarifResult};
use super::rules::{self, Descriptor};
use super::{Chosen, PhysicalLocation, Text};

/// What relative addresses are relative to.
pub(super) const SOURCE_ROOT: &str = "%SRCROOT%";

/// More notifications than this help nobody.
const MOST_NOTIFICATIONS: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run<'r> {
    tool: Tool<'r>,
    automation_details: Automation,
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    invocations: [Invocation; 1],
    properties: Properties<'r>,
    results: Vec<SarifResult<'r>>,
}

#[derive(Serialize)]
struct Tool<'r> {
    driver: Driver<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'r> {
    name: &'static str,
    full_name: String,
    version: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'static str,
    rules: Vec<Descriptor<'r>>,
}

/// Everything before the last `/` is the category by which GitHub tells analyses of one commit apart.
#[derive(Serialize)]
struct Automation {
    id: &'static str,
}

#[derive(Serialize)]
struct Base {
    description: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[NotificationPlace; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationPlace {
    physical_location: PhysicalLocation,
}

/// What the verdict was and what it rests on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'r> {
    verdict: &'static str,
    complete: bool,
    evaluated_on: &'r str,
    policy_profile: &'static str,
    policy_origin: &'static str,
}

impl<'r> Run<'r> {
    pub(super) fn of(report: &'r Report, options: &Options, chosen: &Chosen<'r>) -> Self {
        let rules = rules::of(report, &chosen.decisions);
        Self {
            results: results::of(report, options, chosen, &rules),
            tool: Tool {
                driver: Driver {
                    name: "osprey",
                    full_name: format!("Osprey dependency scanner {}", report.version),
                    version: report.version,
                    semantic_version: report.version,
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules,
                },
            },
            automation_details: Automation { id: "osprey/" },
            column_kind: "utf16CodeUnits",
            original_uri_base_ids: BTreeMap::from([(
                SOURCE_ROOT,
                Base { description: Text::new("The top of the repository.") },
            )]),
            invocations: [Invocation {
                execution_successful: is_whole(report),
                exit_code: report.exit_code,
                tool_execution_notifications: notifications(report, chosen),
            }],
            properties: Properties {
                verdict: report.verdict().as_str(),
                complete: report.is_complete(),
                evaluated_on: &report.evaluated_on,
                policy_profile: report.policy.profile,
                policy_origin: report.policy.origin.as_str(),
            },
        }
    }
}

/// Whether the results stand for what they claim to be about: not where something was missed and nothing denied, and
/// not where there was nothing to scan, whatever exit code the caller made of that.
fn is_whole(report: &Report) -> bool {
    match report.verdict() {
        Verdict::Fail => true,
        Verdict::Incomplete => false,
        Verdict::Pass => !report.is_empty(),
    }
}

fn notifications(report: &Report, chosen: &Chosen) -> Vec<Notification> {
    let mut all = Vec::new();
    let mut say = |level: &'static str, text: String| all.push(Notification::new(level, &text));
    report.gaps().iter().for_each(|gap| say("error", format!("Not looked at: {gap}.")));
    if report.is_empty() {
        say("error", "No manifest, lockfile or SBOM was found: there was nothing to scan.".to_owned());
    }
    if chosen.cut > 0 {
        let results = count(chosen.cut, "result was", "results were");
        say(
            "warning",
            format!(
                "{results} cut, the least grave ones: code scanning services take no more. The JSON report has all."
            ),
        );
    }
    if chosen.excepted > 0 {
        let findings = count(chosen.excepted, "finding is", "findings are");
        say("note", format!("{findings} covered by an exception and left out here."));
    }
    all.extend(of_comparison(report, chosen));
    all.extend(of_exceptions(report));
    let mut say = |level: &'static str, text: String| all.push(Notification::new(level, &text));
    if report.policy.origin == PolicyOrigin::Tree {
        say("note", "policy: from the scanned tree, not enforced by the caller.".to_owned());
    }
    for unknown in JoinedUnknown::of(report.unknowns_beside_gaps()) {
        let level = match unknown.outcome {
            OnUnknown::Allow => "note",
            OnUnknown::Warn => "warning",
            OnUnknown::Incomplete | OnUnknown::Deny => "error",
        };
        say(level, format!("Not judged: {}.", unknown.words()));
    }
    for diagnostic in &report.diagnostics {
        let level = match diagnostic.severity {
            DiagnosticSeverity::Error => "error",
            DiagnosticSeverity::Warning => "warning",
            DiagnosticSeverity::Note => "note",
        };
        let mut notification = Notification::new(level, &format!("{}.", diagnostic.message));
        notification.locations = diagnostic
            .path
            .as_deref()
            .map(|path| [NotificationPlace { physical_location: PhysicalLocation::line(path, diagnostic.line) }]);
        all.push(notification);
    }
    let too_many = all.len().saturating_sub(MOST_NOTIFICATIONS);
    if too_many > 0 {
        all.truncate(MOST_NOTIFICATIONS);
        all.push(Notification::new(
            "warning",
            &format!("{too_many} more notifications were cut; the JSON report has all."),
        ));
    }
    all
}

/// The exceptions that somebody should look after, each at its place.
fn of_exceptions(report: &Report) -> impl Iterator<Item = Notification> {
    report.exceptions.iter().filter_map(|exception| {
        let said = phrase::exception(report, exception)?;
        let mut notification = Notification::new("warning", &format!("Exception {said}."));
        let place = exception.location.as_ref().map(PhysicalLocation::of);
        notification.locations = place.map(|physical_location| [NotificationPlace { physical_location }]);
        Some(notification)
    })
}

/// What was there before, and what that is known from.
fn of_comparison(report: &Report, chosen: &Chosen) -> Vec<Notification> {
    let mut all = Vec::new();
    let mut say = |level: &'static str, text: String| all.push(Notification::new(level, &text));
    if chosen.known > 0 {
        let findings = count(chosen.known, "finding was", "findings were");
        say("note", format!("{findings} there before and left out here."));
    }
    if let Some(base) = &report.base {
        say("note", format!("Compared with {}.", phrase::base(base)));
    }
    if let Some(baseline) = &report.baseline {
        say("note", format!("The baseline {}.", phrase::baseline(baseline, report.is_complete())));
    }
    all
}

impl Notification {
    fn new(level: &'static str, text: &str) -> Self {
        Self { level, message: Text::new(escape::sarif_text(&escape::clip(text, 900))), locations: None }
    }
}
