//! What several formats say in the same words.

use crate::model::{
    AdvisoryKind, AliasGroup, BaseCommit, BaselineUse, Change, Decision, ExceptionOrigin, ExceptionState,
    ExceptionStatus, Exploited, Finding, Location, PackageIndex, PathCount, Report, Root, Severity, Subject,
};

use super::escape;

/// The databases that OSV collects and that this program meets, by the prefix of their ids
/// (<https://ossf.github.io/osv-schema/#id-modified-fields>).
const DATABASES: &[(&str, &str)] = &[
    ("CVE", "CVE"),
    ("GHSA", "GitHub"),
    ("GO", "Go"),
    ("MAL", "OpenSSF Malicious Packages"),
    ("OSV", "OSS-Fuzz"),
    ("PYSEC", "PyPA"),
    ("RUSTSEC", "RustSec"),
];

fn prefix(id: &str) -> &str {
    id.split_once('-').map_or(id, |(prefix, _)| prefix)
}

/// The name of the database that an advisory's id belongs to; of one that is not known, the id's prefix.
pub(super) fn database(id: &str) -> &str {
    let prefix = prefix(id);
    DATABASES.iter().find(|(known, _)| *known == prefix).map_or(prefix, |(_, name)| name)
}

/// The page to read about an advisory of a known database.
pub(super) fn advisory_page(id: &str) -> Option<String> {
    let known = DATABASES.iter().any(|(known, _)| *known == prefix(id));
    known.then(|| format!("https://osv.dev/vulnerability/{}", escape::uri_segment(id)))
}

/// The CVE id of a group, the first where there are several.
pub(super) fn cve(group: &AliasGroup) -> Option<&str> {
    group.ids().find(|id| id.starts_with("CVE-"))
}

/// The CVE id where it is not the group's key already.
pub(super) fn other_cve(group: &AliasGroup) -> Option<&str> {
    cve(group).filter(|&id| id != group.key().id)
}

/// What the group's key is limited to, where it is: `only on windows, x86`.
pub(super) fn limits(group: &AliasGroup) -> Option<String> {
    let key = group.key();
    let names: Vec<&str> = key.os.iter().chain(&key.arch).map(String::as_str).collect();
    (!names.is_empty()).then(|| format!("only on {}", names.join(", ")))
}

/// The group's one line: the key's, else the first that a record has.
pub(super) fn title(group: &AliasGroup) -> Option<&str> {
    group.records.iter().map(|record| record.summary.trim()).find(|title| !title.is_empty())
}

/// How bad the group is: `high 7.5`, `malware`; a notice that nobody rates is called by its kind.
pub(super) fn severity(group: &AliasGroup) -> String {
    let kind = group.kind();
    match (kind, group.rating.severity, group.rating.score) {
        (AdvisoryKind::Malware, ..) => kind.as_str().to_owned(),
        (AdvisoryKind::Vulnerability, Severity::Unknown, _) => "severity unknown".to_owned(),
        (_, Severity::Unknown, _) => kind.as_str().to_owned(),
        (_, severity, Some(score)) => format!("{severity} {score:.1}"),
        (_, severity, None) => severity.as_str().to_owned(),
    }
}

/// That attacks are known, and since when: `exploited since 2021-12-10`.
pub(super) fn exploited(group: &AliasGroup) -> Option<String> {
    match &group.exploited {
        Exploited::Yes { since, .. } => Some(format!("exploited since {since}")),
        Exploited::No | Exploited::Unknown => None,
    }
}

/// How probable attacks are: `EPSS 1.7 %`. Where they are known, that says nothing more.
pub(super) fn epss(group: &AliasGroup) -> Option<String> {
    let is_exploited = matches!(group.exploited, Exploited::Yes { .. });
    group.epss.filter(|_| !is_exploited).map(|epss| format!("EPSS {}", epss.percent()))
}

/// What is known about attacks, in words: who says so and whether ransomware uses it; else how probable they are.
pub(super) fn attacks(group: &AliasGroup) -> Option<String> {
    match &group.exploited {
        Exploited::Yes { cve, ransomware: true, .. } => {
            Some(format!("CISA knows of attacks with {cve}, by ransomware too"))
        }
        Exploited::Yes { cve, ransomware: false, .. } => Some(format!("CISA knows of attacks with {cve}")),
        Exploited::No | Exploited::Unknown => {
            group.epss.map(|epss| format!("an attack within 30 days is {} likely (EPSS)", epss.percent()))
        }
    }
}

/// `path:line`.
pub(super) fn place(location: &Location) -> String {
    format!("{}:{}", location.path, location.line)
}

/// A number with the word in its form.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The root through which a finding's package is used.
pub(super) fn root<'r>(report: &'r Report, finding: &Finding) -> Option<&'r Root> {
    match finding.subject {
        Subject::Package { root, .. } => report.graph.roots.get(root),
        Subject::File(_) | Subject::Project => None,
    }
}

/// Whether a finding is about test data.
pub(super) fn in_test_data(report: &Report, finding: &Finding) -> bool {
    match &finding.subject {
        Subject::Package { .. } => root(report, finding).is_some_and(|root| root.test_data),
        Subject::File(path) => report.graph.roots.iter().any(|root| root.test_data && root.path == *path),
        Subject::Project => false,
    }
}

/// Whether a package is one of the root's own projects.
pub(super) fn is_member(root: &Root, package: PackageIndex) -> bool {
    root.members.binary_search(&package).is_ok()
}

/// The direct dependency at the start of a chain: what follows the project, or the first where no project is named.
pub(super) fn direct(root: &Root, chain: &[PackageIndex]) -> Option<PackageIndex> {
    chain.iter().copied().find(|&package| !is_member(root, package)).or(chain.last().copied())
}

/// `name version`; of the root's own projects the name alone.
pub(super) fn label(report: &Report, root: Option<&Root>, package: PackageIndex) -> String {
    let id = &report.graph.package(package).id;
    match id.name.as_str() {
        // A project without a name is called after its folder.
        "." => "the project".to_owned(),
        name if root.is_some_and(|root| is_member(root, package)) => name.to_owned(),
        _ => id.label(),
    }
}

/// `app › chrono 0.4.19 › time 0.1.43`, each name clipped; of a long chain the ends.
pub(super) fn chain(report: &Report, root: Option<&Root>, chain: &[PackageIndex], longest: usize) -> String {
    let label = |&package: &PackageIndex| escape::clip(&label(report, root, package), 80).into_owned();
    let mut labels: Vec<String>;
    // One link takes no more room than to say that one is left out.
    if chain.len() <= longest.saturating_add(1) {
        labels = chain.iter().map(label).collect();
    } else {
        let half = longest / 2;
        labels = chain.iter().take(half).map(label).collect();
        labels.push(format!("… {} more …", chain.len() - 2 * half));
        labels.extend(chain.iter().skip(chain.len() - half).map(label));
    }
    labels.join(" › ")
}

/// How many paths there are beside those that are shown, in words; nothing where there are none.
pub(super) fn more_paths(finding: &Finding, shown: usize) -> Option<String> {
    let shown = u64::try_from(shown).unwrap_or(u64::MAX);
    let more = finding.chains_total.number().saturating_sub(shown);
    let paths = if more == 1 { "path" } else { "paths" };
    match finding.chains_total {
        PathCount::Exactly(_) if more > 0 => Some(format!("{more} more {paths}")),
        PathCount::AtLeast(_) if more > 0 => Some(format!("at least {more} more {paths}")),
        _ => None,
    }
}

/// What a finding is about, in a few words: `time 0.1.43`, a path, `this project`.
pub(super) fn subject(report: &Report, finding: &Finding) -> String {
    match &finding.subject {
        Subject::Package { package, .. } => report.graph.package(*package).id.label(),
        Subject::File(path) => path.to_string(),
        Subject::Project => "this project".to_owned(),
    }
}

/// The ids by which a finding is known: `RUSTSEC-2020-0071 (CVE-2020-26235)`, else the rule's.
pub(super) fn ids(decision: &Decision) -> String {
    match &decision.finding.advisory {
        None => decision.finding.rule.id.to_owned(),
        Some(group) => match other_cve(group) {
            Some(cve) => format!("{} ({cve})", group.key().id),
            None => group.key().id.clone(),
        },
    }
}

/// What the change that is judged has to do with a finding that counts, in a word.
pub(super) fn change(decision: &Decision) -> Option<&'static str> {
    match decision.change? {
        Change::Introduced => Some("new"),
        Change::Disclosed => Some("disclosed since"),
        // Its level says it.
        Change::Known => None,
    }
}

/// What became of the baseline, in a line. Of an incomplete run what was not found may be there still.
pub(super) fn baseline(baseline: &BaselineUse, is_complete: bool) -> String {
    let BaselineUse { path, entries, matched, worse, not_needed, not_scanned, gone } = baseline;
    let mut parts = vec![format!("{matched} there still")];
    if *worse > 0 {
        parts.push(format!("{worse} worse than then, so that they count"));
    }
    if *not_needed > 0 {
        parts.push(format!("{not_needed} there and excepted or allowed now"));
    }
    if *not_scanned > 0 {
        parts.push(format!("{not_scanned} in files that this scan did not look at"));
    }
    if !gone.is_empty() && !is_complete {
        parts.push(format!("{} not found in what was looked at", gone.len()));
    } else if !gone.is_empty() {
        parts.push(format!("{} gone: write it anew with `osprey baseline`", gone.len()));
    }
    format!("{path} holds {}: {}", count(*entries, "finding", "findings"), parts.join(", "))
}

/// What the run is compared with, in a line.
pub(super) fn base(base: &BaseCommit) -> String {
    let short = base.merge_base.get(..12).unwrap_or(&base.merge_base);
    let day = base.time.get(..10).unwrap_or(&base.time);
    let which = match base.merge_bases {
        0 | 1 => "the merge base".to_owned(),
        several => format!("the newest of {several} merge bases"),
    };
    format!("{short} of {day}, {which} of HEAD and {}", base.named)
}

/// Why somebody should look at an exception, if somebody should: it has ended, ends soon, or covers nothing. A VEX
/// document says more than one project needs, so that what covers nothing there is no concern.
pub(super) fn exception(report: &Report, exception: &ExceptionStatus) -> Option<String> {
    let day = exception.expires.as_deref();
    // Both are written as ISO 8601 has it, so that they compare as text.
    let past = day.filter(|&day| day < &*report.evaluated_on);
    let what = match exception.state {
        ExceptionState::Used => return None,
        ExceptionState::Unused if exception.origin == ExceptionOrigin::Vex => return None,
        ExceptionState::Expired => match past {
            Some(day) => format!("expired on {day}; what it covered counts again"),
            None => "has ended, since a fix is known; what it covered counts again".to_owned(),
        },
        ExceptionState::Expiring => {
            format!("ends soon, on {}; then what it covers counts again", day.unwrap_or("an unknown day"))
        }
        ExceptionState::Unused => "covers no finding; it can be removed".to_owned(),
    };
    let at = exception.location.as_ref().map(|at| format!(" ({})", place(at))).unwrap_or_default();
    Some(format!("{}{at}: {what}", exception.id))
}

/// Why something is accepted, by whom and until when: `never called here (platform-security, until 2027-01-31)`.
pub(super) fn accepted(reason: &str, owner: Option<&str>, expires: Option<&str>) -> String {
    let until = expires.map(|day| format!("until {day}"));
    let terms: Vec<&str> = owner.into_iter().chain(until.as_deref()).collect();
    if terms.is_empty() { reason.to_owned() } else { format!("{reason} ({})", terms.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_database_is_known_by_the_prefix_of_its_ids() {
        assert_eq!(database("RUSTSEC-2020-0071"), "RustSec");
        assert_eq!(database("GHSA-35jh-r3h4-6jhm"), "GitHub");
        assert_eq!(database("ACME-1"), "ACME");
        assert_eq!(database("odd"), "odd");
        assert_eq!(advisory_page("MAL-2025-1").as_deref(), Some("https://osv.dev/vulnerability/MAL-2025-1"));
        assert_eq!(advisory_page("GO-1/../../x").as_deref(), Some("https://osv.dev/vulnerability/GO-1%2F..%2F..%2Fx"));
        assert_eq!(advisory_page("ACME-1"), None);
    }

    #[test]
    fn of_a_long_chain_the_ends_are_shown() {
        let report = sample::clean();
        let of = |length| chain(&report, None, &vec![0; length], 4).replace("ansi_term 0.12.1", "a");
        assert_eq!(of(5), "a › a › a › a › a");
        assert_eq!(of(7), "a › a › … 3 more … › a › a");
        assert_eq!(of(0), "");
    }
}
