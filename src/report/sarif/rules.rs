//! One rule per advisory, and one per rule of ours that rests on none. GitHub shows the rule's texts beside every
//! alert, takes severity from it alone, and rejects empty strings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::model::{AdvisoryKind, Affected, AliasGroup, Decision, Exploited, Level, Report, Rule, Severity, Subject};

use super::super::{escape, phrase};
use super::{Text, level};

/// GitHub takes 1,024 characters in descriptions, GitLab 1,024 and 2,048; escapes need room.
const LONGEST_SHORT: usize = 240;
const LONGEST_FULL: usize = 950;
/// GitHub keeps ten tags.
const MOST_TAGS: usize = 10;
/// Of what an advisory lists, so many.
const FEW: usize = 10;

/// A `reportingDescriptor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor<'r> {
    pub(super) id: &'r str,
    name: String,
    short_description: Text,
    full_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    help: Help,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: Vec<String>,
    precision: &'static str,
    /// A string by GitHub's rule. It makes the alert a security alert.
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<String>,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
    /// The probability that it is attacked within 30 days. Ours, as the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<f64>,
    /// The day since which it is in CISA's catalogue of known exploited vulnerabilities.
    #[serde(rename = "exploited-since", skip_serializing_if = "Option::is_none")]
    exploited_since: Option<String>,
}

/// The `ruleId` of a finding: the advisory group's key, else the rule's id.
pub(super) fn id(decision: &Decision) -> &str {
    let finding = &decision.finding;
    finding.advisory.as_ref().map_or(finding.rule.id, |group| group.key().id.as_str())
}

/// The rules of these findings, sorted by id. Where findings share one, the worst speaks for it.
pub(super) fn of<'r>(report: &Report, decisions: &[&'r Decision]) -> Vec<Descriptor<'r>> {
    let mut rules: BTreeMap<&str, &Decision> = BTreeMap::new();
    for &decision in decisions {
        rules.entry(id(decision)).or_insert(decision);
    }
    let describe = |(id, decision): (&'r str, &'r Decision)| match &decision.finding.advisory {
        Some(group) => of_advisory(report, id, decision, group),
        None => of_rule(id, decision.finding.rule),
    };
    rules.into_iter().map(describe).collect()
}

fn of_rule<'r>(id: &'r str, rule: &Rule) -> Descriptor<'r> {
    let grave = level(rule.brownfield);
    let text = format!("{} {}", sentence(rule.why), sentence(rule.fix));
    Descriptor {
        id,
        name: pascal(rule.id),
        short_description: Text::new(sentence(rule.summary)),
        full_description: Text::new(format!("{} {}", sentence(rule.summary), sentence(rule.why))),
        help_uri: None,
        help: Help { markdown: escape::markdown(&text), text },
        default_configuration: Configuration { level: grave },
        properties: Properties {
            tags: vec!["supply-chain".to_owned()],
            precision: "high",
            security_severity: None,
            problem_severity: problem(grave),
            epss: None,
            exploited_since: None,
        },
    }
}

fn of_advisory<'r>(report: &Report, id: &'r str, decision: &Decision, group: &AliasGroup) -> Descriptor<'r> {
    let rule = decision.finding.rule;
    let title = phrase::title(group).unwrap_or(rule.summary).trim_end_matches('.');
    let grave = default_level(group);
    // The title comes last, so that what it says cannot pass for what we say.
    let short = format!("{}: {}", phrase::ids(decision), escape::clip(title, LONGEST_SHORT));
    let short = escape::plain_clipped(&short, LONGEST_SHORT);
    let full = format!("{} {} {title}", sentence(rule.summary), sentence(rule.why));
    Descriptor {
        id,
        name: phrase::other_cve(group).map_or_else(|| pascal(rule.id), |cve| escape::plain_clipped(cve, LONGEST_SHORT)),
        short_description: Text::new(sentence(&short)),
        full_description: Text::new(sentence(&escape::plain_clipped(&full, LONGEST_FULL))),
        help_uri: phrase::advisory_page(id),
        help: help(decision, group),
        default_configuration: Configuration { level: grave },
        properties: Properties {
            tags: tags(report, decision, group),
            precision: precision(report, decision),
            security_severity: security_severity(group),
            problem_severity: problem(grave),
            epss: group.epss.map(|epss| epss.score),
            exploited_since: match &group.exploited {
                Exploited::Yes { since, .. } => Some(escape::plain_clipped(since, 20)),
                Exploited::No | Exploited::Unknown => None,
            },
        },
    }
}

/// Ends with a full stop, as SARIF's validator asks of messages.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '…', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// Begins with a capital letter.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `known-vulnerability` as `KnownVulnerability`: a name must not be the id.
fn pascal(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for word in id.split('-') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// What the world's severity suggests; what the policy says stands in each result.
fn default_level(group: &AliasGroup) -> &'static str {
    match (group.kind(), group.rating.severity) {
        _ if matches!(group.exploited, Exploited::Yes { .. }) => level(Level::Deny),
        (AdvisoryKind::Malware, _) | (_, Severity::Critical | Severity::High) => level(Level::Deny),
        (_, Severity::Medium) => level(Level::Warn),
        // Nobody rates it: that is no reason to show it as harmless.
        (AdvisoryKind::Vulnerability, Severity::Unknown) => level(Level::Warn),
        (_, Severity::Low | Severity::None | Severity::Unknown) => level(Level::Allow),
    }
}

/// GitHub's own words for the same.
fn problem(level: &str) -> &'static str {
    match level {
        "error" => "error",
        "warning" => "warning",
        _ => "recommendation",
    }
}

/// `0.1` to `10.0`. A word without a score gets one inside of its band. What nobody rates gets none: a number would
/// be made up.
fn security_severity(group: &AliasGroup) -> Option<String> {
    let of_word = match (group.kind(), group.rating.severity) {
        (AdvisoryKind::Malware, _) => return Some("10.0".to_owned()),
        (AdvisoryKind::Unmaintained | AdvisoryKind::Notice, _) | (_, Severity::Unknown | Severity::None) => {
            return None;
        }
        (_, Severity::Critical) => 9.5,
        (_, Severity::High) => 8.0,
        (_, Severity::Medium) => 5.5,
        (_, Severity::Low) => 2.0,
    };
    let score = group.rating.score.filter(|score| (0.1..=10.0).contains(score)).unwrap_or(of_word);
    Some(format!("{score:.1}"))
}

/// How sure it is that the package is affected: a version that a file fixes was compared, a range was not.
fn precision(report: &Report, decision: &Decision) -> &'static str {
    match decision.finding.subject {
        Subject::Package { package, .. } if report.graph.package(package).id.version.is_some() => "very-high",
        _ => "medium",
    }
}

/// `CWE-79` as CodeQL writes it, `external/cwe/cwe-079`, and as it is: consumers differ.
fn tags(report: &Report, decision: &Decision, group: &AliasGroup) -> Vec<String> {
    let mut tags = vec!["security".to_owned(), "supply-chain".to_owned()];
    if let Subject::Package { package, .. } = decision.finding.subject {
        tags.push(report.graph.package(package).id.ecosystem.osv_name().to_owned());
    }
    tags.extend(phrase::cve(group).map(|cve| escape::plain_clipped(cve, 100)));
    tags.extend(phrase::exploited(group).map(|_| "known-exploited".to_owned()));
    let cwes: Vec<u32> = group.records.iter().flat_map(|record| &record.cwes).filter_map(|cwe| number(cwe)).collect();
    for cwe in cwes {
        for tag in [format!("external/cwe/cwe-{cwe:03}"), format!("CWE-{cwe}")] {
            if !tags.contains(&tag) && tags.len() < MOST_TAGS {
                tags.push(tag);
            }
        }
    }
    tags
}

fn number(cwe: &str) -> Option<u32> {
    cwe.strip_prefix("CWE-")?.parse().ok()
}

/// What the advisory says, as text and as Markdown.
fn help(decision: &Decision, group: &AliasGroup) -> Help {
    let rule = decision.finding.rule;
    let title = sentence(&escape::clip(phrase::title(group).unwrap_or(rule.summary), 300));
    let rated = rated(group);
    let aliases: Vec<&str> = group.aliases.iter().take(FEW).map(String::as_str).collect();
    let mut text = format!("{} {rated}", escape::plain(&title));
    let mut markdown = format!("**{}**\n\n- {}\n", escape::markdown(&title), escape::markdown(&rated));
    if !aliases.is_empty() {
        let codes: Vec<String> = aliases.iter().map(|alias| code(alias)).collect();
        // Writing to a string cannot fail, here and below.
        let _ = write!(text, " Also known as {}.", escape::plain(&aliases.join(", ")));
        let _ = writeln!(markdown, "- Also known as {}", codes.join(", "));
    }
    let attacks = [phrase::exploited(group), phrase::attacks(group)];
    let attacks: Vec<String> = attacks.into_iter().flatten().collect();
    if !attacks.is_empty() {
        let attacks = sentence(&capital(&escape::clip(&attacks.join("; "), 300)));
        let _ = write!(text, " {}", escape::plain(&attacks));
        let _ = writeln!(markdown, "- {}", escape::markdown(&attacks));
    }
    for record in group.records.iter().take(FEW) {
        let covers = match record.affected {
            Affected::Yes => "covers this version",
            Affected::No => "does not cover this version",
            Affected::CannotJudge => "cannot be compared with this version",
        };
        let fixed: Vec<&str> = record.fixed.iter().take(FEW).map(String::as_str).collect();
        let database = phrase::database(&record.id);
        let _ = write!(
            text,
            " {} ({}) {covers}",
            escape::plain_clipped(&record.id, 100),
            escape::plain_clipped(database, 100)
        );
        let _ =
            write!(markdown, "- {} ({}) {covers}", code(&record.id), escape::markdown(&escape::clip(database, 100)));
        if !fixed.is_empty() {
            let codes: Vec<String> = fixed.iter().map(|version| code(version)).collect();
            let _ = write!(text, ", fixed in {}", escape::plain_clipped(&fixed.join(", "), 300));
            let _ = write!(markdown, ", fixed in {}", codes.join(", "));
        }
        text.push('.');
        markdown.push('\n');
    }
    let advice = format!("{} {}", sentence(rule.why), sentence(rule.fix));
    let _ = write!(text, " {advice}");
    let _ = write!(markdown, "\n{}\n", escape::markdown(&advice));
    let pages = phrase::advisory_page(&group.key().id).into_iter();
    let references = group.records.iter().flat_map(|record| record.references.iter().cloned());
    for url in pages.chain(references).filter(|url| escape::is_plain_link(url)).take(FEW) {
        let _ = write!(markdown, "\n- <{url}>");
    }
    Help { text, markdown }
}

fn code(text: &str) -> String {
    escape::markdown_code(&escape::clip(text, 100))
}

/// Its severity and who says so.
fn rated(group: &AliasGroup) -> String {
    let rating = &group.rating;
    let source = rating.source.as_deref().map(|source| format!(", as {} rates it", escape::clip(source, 100)));
    let score = rating.score.map(|score| format!(", CVSS {score:.1}")).unwrap_or_default();
    match rating.severity {
        Severity::Unknown if group.kind() == AdvisoryKind::Vulnerability => {
            "Kind: vulnerability. No database rates its severity.".to_owned()
        }
        Severity::Unknown => format!("Kind: {}.", group.kind().as_str()),
        severity => {
            format!("Kind: {}. Severity: {severity}{score}{}.", group.kind().as_str(), source.unwrap_or_default())
        }
    }
}
