//! One result per finding.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::model::{
    Change, Decision, DependencyKind, FileState, Finding, Level, Location, PackageIndex, Priority, Report, Root,
    Severity, Subject, Threat,
};

use super::super::{Options, escape, phrase};
use super::rules::{self, Descriptor};
use super::{Chosen, PhysicalLocation, Text, level};

/// GitHub keeps 100 locations; more than a few related ones help nobody.
const MOST_RELATED: usize = 10;
/// GitHub keeps 1,000 steps of all flows; a chain longer than this keeps its ends.
const MOST_STEPS: usize = 100;
/// Links to manifests within a message.
const MOST_LINKS: usize = 3;
/// GitLab drops a result whose message is longer than 2,048 characters, GitHub shows little of a long one.
const LONGEST_MESSAGE: usize = 1_000;
/// What the finding says itself may have so much of that.
const LONGEST_FIRST: usize = 600;
const LONGEST_NAME: usize = 150;
/// Links of a chain that are written in a message.
const LONGEST_CHAIN: usize = 6;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult<'r> {
    rule_id: &'r str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Place; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    rank: f64,
    properties: Properties,
    /// `new` is what the change brought in; what became known about what was there is as unchanged as that (3.27.24).
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    /// In a run where one result has it, all have it (3.27.23).
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<Suppression>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Related {
    id: usize,
    message: Text,
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    message: Text,
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    location: StepPlace,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepPlace {
    message: Text,
    physical_location: PhysicalLocation,
}

/// What no other member of a result holds.
#[derive(Serialize)]
struct Properties {
    /// What gives the finding its place among the others, the weightiest first.
    priority: Vec<String>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

/// The results, with their places among the rules.
pub(super) fn of<'r>(
    report: &Report,
    options: &Options,
    chosen: &Chosen<'r>,
    rules: &[Descriptor<'r>],
) -> Vec<SarifResult<'r>> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut result = |decision: &&'r Decision| {
        let id = rules::id(decision);
        let fingerprint = decision.finding.fingerprint.as_str();
        let short = fingerprint.get(..20).unwrap_or(fingerprint);
        let occurrence = seen.entry(short).or_default();
        *occurrence += 1;
        let writer = Writer { report, finding: &decision.finding };
        SarifResult {
            rule_id: id,
            // Every finding's rule is there; the order is that of the ids.
            rule_index: rules.partition_point(|rule| rule.id < id),
            level: level(shown_level(decision)),
            message: Text::new(writer.message()),
            locations: [writer.place()],
            related_locations: writer.related(),
            code_flows: writer.code_flows(),
            partial_fingerprints: BTreeMap::from([
                ("osprey/v1", fingerprint.to_owned()),
                ("primaryLocationLineHash", format!("{short}:{occurrence}")),
            ]),
            rank: rank(decision),
            properties: Properties { priority: decision.reasons() },
            baseline_state: baseline_state(report, decision),
            suppressions: options.sarif_suppressed.then(|| suppressions(decision)),
        }
    };
    chosen.decisions.iter().map(&mut result).collect()
}

/// Priority from 0 to 100 (3.27.25). GitLab takes it for the severity, by the bands of CVSS times ten, and viewers sort
/// by it. So it never leaves the band of the finding's severity, which is the world's and not ours to raise; within the
/// band it follows the order of the findings. It depends on the finding alone, so that it does not move when others come
/// and go. A finding without a severity has the band that its level would have there.
fn rank(decision: &Decision) -> f64 {
    let Priority { threat, severity, kind, direct, has_fix, .. } = decision.priority;
    let (least, most) = match (threat, severity, decision.level) {
        (Threat::Malware, ..) | (_, Severity::Critical, _) => (90, 100),
        (_, Severity::High, _) | (_, Severity::Unknown, Level::Deny) => (70, 89),
        (_, Severity::Medium, _) | (_, Severity::Unknown, Level::Warn) => (40, 69),
        (_, Severity::Low, _) | (_, Severity::Unknown, _) => (1, 39),
        (_, Severity::None, _) => (0, 0),
    };
    // One digit for each step within a band, the weightiest first: the number of choices, and the choice from the least
    // weighty on.
    let level = match decision.effective() {
        Level::Deny => 2,
        Level::Warn => 1,
        Level::Allow | Level::Off => 0,
    };
    let near = match threat {
        Threat::Malware => 4,
        Threat::Ransomware => 3,
        Threat::Exploited => 2,
        Threat::Likely => 1,
        Threat::Unseen => 0,
    };
    let kind = match kind {
        None | Some(DependencyKind::Runtime) => 4,
        Some(DependencyKind::Build) => 3,
        Some(DependencyKind::Optional) => 2,
        Some(DependencyKind::Peer) => 1,
        Some(DependencyKind::Dev) => 0,
    };
    let steps = [(3, level), (5, near), (5, kind), (2, u32::from(direct != Some(false))), (2, u32::from(has_fix))];
    let (choices, place) =
        steps.iter().fold((1, 0), |(all, place), (choices, step)| (all * choices, place * choices + step));
    let share = f64::from(place) / f64::from(choices - 1);
    let rank = f64::from(least) + f64::from(most - least) * share;
    (rank * 10.0).round() / 10.0
}

/// What is disclosed is warned about at the most; what is suppressed has the level that it would have.
fn shown_level(decision: &Decision) -> Level {
    match decision.change {
        Some(Change::Disclosed) if decision.exception.is_none() => decision.effective(),
        _ => decision.level,
    }
}

fn baseline_state(report: &Report, decision: &Decision) -> Option<&'static str> {
    report.is_compared().then(|| match decision.change {
        Some(Change::Introduced) | None => "new",
        Some(Change::Disclosed | Change::Known) => "unchanged",
    })
}

fn suppressions(decision: &Decision) -> Vec<Suppression> {
    let accepted = |justification: String| Suppression { kind: "external", status: "accepted", justification };
    match &decision.exception {
        Some(exception) => {
            let said = phrase::accepted(&exception.reason, exception.owner.as_deref(), exception.expires.as_deref());
            vec![accepted(escape::plain_clipped(&said, LONGEST_FIRST))]
        }
        None if decision.is_known() => vec![accepted("It was there before.".to_owned())],
        None => Vec::new(),
    }
}

struct Writer<'r> {
    report: &'r Report,
    finding: &'r Finding,
}

impl Writer<'_> {
    /// The finding's own message, whose first sentence is what lists of alerts show; then, as far as there is room,
    /// the manifest's line, the path and what to do.
    fn message(&self) -> String {
        let mut message = fitting(&self.finding.message, LONGEST_FIRST);
        if message.trim().is_empty() {
            message = format!("{}.", self.finding.rule.summary);
        }
        let places = self.finding.related.iter().take(MOST_LINKS).enumerate();
        let links: Vec<String> = places.map(|(at, place)| Self::link(at + 1, place)).collect();
        let asked_for = (!links.is_empty()).then(|| format!("The manifest: {}.", links.join(", ")));
        for sentence in [asked_for, self.path(), self.fix()].into_iter().flatten() {
            if message.chars().count() + sentence.chars().count() < LONGEST_MESSAGE {
                message = format!("{message} {sentence}");
            }
        }
        message
    }

    fn path(&self) -> Option<String> {
        let chain = self.finding.chains.first().filter(|chain| chain.len() > 2)?;
        let path = phrase::chain(self.report, phrase::root(self.report, self.finding), chain, LONGEST_CHAIN);
        Some(format!("The path: {}.", fitting(&path, LONGEST_FIRST)))
    }

    fn link(id: usize, place: &Location) -> String {
        format!("[{}]({id})", fitting(&phrase::place(place), LONGEST_NAME))
    }

    fn fix(&self) -> Option<String> {
        let fix = &self.finding.fix;
        let change = fix.change.as_deref()?;
        let command = fix.command.as_deref().filter(|command| escape::is_safe_command(command));
        let command = command.map(|command| format!(": {command}")).unwrap_or_default();
        Some(format!("What to do: {}.", fitting(&format!("{change}{command}"), LONGEST_FIRST)))
    }

    /// The line of the version; a finding without a line stands on the first line of what it is about.
    fn place(&self) -> Place {
        let physical_location = match self.finding.locations.first() {
            Some(location) => PhysicalLocation::of(location),
            None => PhysicalLocation::line(self.file(), Some(1)),
        };
        let logical_locations = match self.finding.subject {
            Subject::Package { package, .. } => {
                let purl = self.report.graph.package(package).id.purl();
                vec![LogicalLocation { fully_qualified_name: purl.to_string(), kind: "package" }]
            }
            Subject::File(_) | Subject::Project => Vec::new(),
        };
        Place { physical_location, logical_locations }
    }

    fn file(&self) -> &str {
        match &self.finding.subject {
            Subject::File(path) => return path,
            Subject::Package { root, .. } => {
                if let Some(root) = self.report.graph.roots.get(*root) {
                    return &root.path;
                }
            }
            Subject::Project => {}
        }
        let first_root = self.report.graph.roots.first().map(|root| &*root.path);
        let read = |state| state != FileState::Skipped;
        let first_file = self.report.coverage.files.iter().find(|file| read(file.state)).map(|file| &*file.path);
        // Without a single file nothing can be found; the policy's usual place is where one would look.
        first_root.or(first_file).unwrap_or("osprey.toml")
    }

    fn related_places(&self) -> impl Iterator<Item = &Location> {
        self.finding.related.iter().take(MOST_RELATED)
    }

    fn related(&self) -> Vec<Related> {
        let related = |(at, place)| Related {
            id: at + 1,
            message: Text::new("The manifest asks for it, or for what brings it in, here."),
            physical_location: PhysicalLocation::of(place),
        };
        self.related_places().enumerate().map(related).collect()
    }

    fn code_flows(&self) -> Vec<CodeFlow> {
        let Some(root) = phrase::root(self.report, self.finding) else { return Vec::new() };
        let flows = self.finding.chains.iter().filter_map(|chain| self.code_flow(root, chain));
        flows.collect()
    }

    /// From the manifest's line to the version's. One step shows nothing that the location does not.
    fn code_flow(&self, root: &Root, chain: &[PackageIndex]) -> Option<CodeFlow> {
        let label = |package| escape::clip(&phrase::label(self.report, Some(root), package), LONGEST_NAME).into_owned();
        let mut steps = Vec::new();
        let direct = phrase::direct(root, chain)?;
        let declared = root.usage(direct).and_then(|usage| usage.declared.first());
        if let Some(place) = declared.or(self.finding.related.first()) {
            steps.push(Step::at(place, &format!("{} is asked for here.", label(direct))));
        }
        let on_the_way = chain.iter().copied().filter(|&package| !phrase::is_member(root, package));
        for package in on_the_way {
            let place = root.usage(package).and_then(|usage| usage.locations.first());
            steps.extend(place.map(|place| Step::at(place, &format!("{} is locked here.", label(package)))));
        }
        if steps.len() > MOST_STEPS {
            steps.drain(MOST_STEPS / 2..steps.len() - MOST_STEPS / 2);
        }
        let path = phrase::chain(self.report, Some(root), chain, LONGEST_CHAIN);
        let message = Text::new(format!("{}.", fitting(&path, LONGEST_FIRST)));
        (steps.len() > 1).then_some(CodeFlow { message, thread_flows: [ThreadFlow { locations: steps }] })
    }
}

/// Text for a SARIF message, clipped so that it fits with its escapes.
fn fitting(text: &str, max: usize) -> String {
    let escaped = escape::sarif_text(&escape::clip(text, max));
    // At the worst, every character is escaped.
    if escaped.chars().count() <= max { escaped } else { escape::sarif_text(&escape::clip(text, max / 2)) }
}

impl Step {
    fn at(place: &Location, text: &str) -> Self {
        let message = Text::new(fitting(text, LONGEST_FIRST));
        Self { location: StepPlace { message, physical_location: PhysicalLocation::of(place) } }
    }
}
