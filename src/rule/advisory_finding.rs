//! Findings that rest on an advisory group. One group on one package in one root is one finding, whichever of the
//! rules takes it.

use std::cell::OnceCell;
use std::fmt::Write as _;

use super::fingerprint::{fingerprint, ranks};
use super::place::{Place, Tree};
use super::words::one_line;
use super::{
    Parameters, View, fix, known_exploited, known_vulnerability, malicious_package, security_notice,
    unmaintained_package, unsound_code,
};
use crate::model::{AdvisoryKind, AliasGroup, Exploited, Finding, PackageIndex, Root, Routes, Rule, Severity, Use};

/// The findings of one of the advisory rules.
pub(super) fn findings(view: &View<'_>, rule: &'static Rule) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, root) in view.graph.roots.iter().enumerate() {
        let hits = hits(view, root);
        if hits.is_empty() {
            continue;
        }
        let (routes, tree) = (Routes::of(root), OnceCell::new());
        let keys: Vec<(PackageIndex, &str)> =
            hits.iter().map(|(at, group)| (root.uses[*at].package, group.key().id.as_str())).collect();
        let ranks = ranks(view.graph, &keys);
        let mut place: Option<Place<'_>> = None;
        for ((at, group), rank) in hits.into_iter().zip(ranks) {
            let applying = applying(group, view.parameters);
            let Some((&first, also)) = applying.split_first() else { continue };
            if first != rule {
                continue;
            }
            let usage = &root.uses[at];
            let place = match &mut place {
                Some(place) if place.usage.package == usage.package => &*place,
                other => other.insert(place_of(view, index, (&routes, &tree), usage)),
            };
            let print = fingerprint(rule, place.id(), &root.path, &group.key().id, rank);
            let finding = place.finding(rule, message(place, group), fix::of(place, &routes, group), print);
            let also = also.iter().map(|rule| rule.id).collect();
            findings.push(Finding { advisory: Some(group.clone()), also, ..finding });
        }
    }
    findings
}

/// The place of a package with the paths to it. What goes over the bound has the one path that is found in one pass for
/// all.
fn place_of<'v>(
    view: &View<'v>,
    root: usize,
    (routes, tree): (&Routes<'_>, &OnceCell<Tree<'v>>),
    usage: &'v Use,
) -> Place<'v> {
    let place = (!routes.is_spent()).then(|| Place::of(view, root, routes, usage));
    let whole = place.filter(|_| !routes.is_spent());
    whole.unwrap_or_else(|| tree.get_or_init(|| Tree::of(view, root)).place(usage))
}

/// Every group of every package of a root, by the place of the package in `uses`.
fn hits<'v>(view: &View<'v>, root: &Root) -> Vec<(usize, &'v AliasGroup)> {
    let mut hits = Vec::new();
    for (at, usage) in root.uses.iter().enumerate() {
        let package = usize::try_from(usage.package).unwrap_or(usize::MAX);
        let groups = view.facts.advisories.get(package).map_or(&[][..], Vec::as_slice);
        hits.extend(groups.iter().filter(|group| !group.records.is_empty()).map(|group| (at, group)));
    }
    hits
}

/// The rules that apply to a group, of those that are not off. The first one has the finding, the others stand in
/// its `also`.
pub(super) fn applying(group: &AliasGroup, parameters: &Parameters) -> Vec<&'static Rule> {
    // Without a matching record a group is what `AliasGroup::kind` makes of it.
    let has = |kind| group.kind() == kind || group.matching().any(|record| record.kind == kind);
    let is_exploited = matches!(group.exploited, Exploited::Yes { .. });
    let order: [(bool, &'static Rule); 6] = [
        (has(AdvisoryKind::Malware), &malicious_package::CHECK.rule),
        (is_exploited, &known_exploited::CHECK.rule),
        (has(AdvisoryKind::Vulnerability), &known_vulnerability::CHECK.rule),
        (has(AdvisoryKind::Unsound), &unsound_code::CHECK.rule),
        (has(AdvisoryKind::Unmaintained), &unmaintained_package::CHECK.rule),
        (has(AdvisoryKind::Notice), &security_notice::CHECK.rule),
    ];
    order.into_iter().filter(|(applies, rule)| *applies && !parameters.is_off(rule)).map(|(_, rule)| rule).collect()
}

/// What was found. The first sentence is a title that stands for itself; then who brings the package in.
fn message(place: &Place<'_>, group: &AliasGroup) -> String {
    let key = group.key();
    let mut out = format!("{}: {}", place.label(), key.id);
    let cves: Vec<&str> = group.cves().filter(|&id| id != key.id).take(3).collect();
    if !cves.is_empty() && !key.id.starts_with("CVE-") {
        // Writing to a string cannot fail.
        let _ = write!(out, " ({})", cves.join(", "));
    }
    let summary = one_line(&key.summary);
    if !summary.is_empty() {
        let _ = write!(out, ", {summary}");
    }
    let epss = group.epss.map(|epss| format!(", EPSS {}", epss.percent())).unwrap_or_default();
    let _ = write!(out, " ({}{epss})", rated(group));
    if let Exploited::Yes { cve, since, ransomware } = &group.exploited {
        let ransomware = if *ransomware { ", also by ransomware" } else { "" };
        let _ = write!(out, ", known to be exploited since {since} ({cve}{ransomware})");
    }
    match (&group.fixed_in, group.kind()) {
        (Some(version), _) => {
            let _ = write!(out, ", cleared by {version}");
        }
        (None, AdvisoryKind::Malware | AdvisoryKind::Unmaintained) => {}
        (None, _) => out.push_str(", no fixed version is known"),
    }
    format!("{out}. {}", place.who())
}

/// How bad it is, or for what is not rated by nature, what it is.
fn rated(group: &AliasGroup) -> String {
    let rating = &group.rating;
    match (group.kind(), rating.severity, rating.score) {
        (AdvisoryKind::Malware, ..) => "malware".to_owned(),
        (AdvisoryKind::Vulnerability, Severity::Unknown, _) => "severity unknown: no record of it gives one".to_owned(),
        (kind, Severity::Unknown, _) => kind.as_str().to_owned(),
        (_, severity, Some(score)) => format!("{severity}, CVSS {score:.1}"),
        (_, severity, None) => severity.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{DependencyGraph, Ecosystem, Facts, PathCount};
    use crate::rule;
    use crate::rule::tests_support::{Tree, group, record, vulnerability};

    fn look(graph: &DependencyGraph, facts: &Facts, off: &[&'static str]) -> Vec<Finding> {
        let parameters = Parameters { off: off.to_vec(), ..Parameters::default() };
        rule::find(&View { graph, facts, parameters: &parameters, today: Date::constant(2026, 11, 22) }).0
    }

    /// What is found where `left 1.0.0` is hit by one group of records of those kinds, as `rule + also`.
    fn rules_of(kinds: &[AdvisoryKind], off: &[&'static str]) -> Vec<String> {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let left = tree.package("left", "1.0.0");
        tree.needs(0, left, None);
        let records = kinds.iter().map(|kind| record(&format!("X-{}", kind.as_str()), &[], *kind)).collect();
        tree.hit(left, group(records, None, None));
        let (graph, facts) = tree.finish();
        let line = |finding: &Finding| format!("{} + {:?}", finding.rule.id, finding.also);
        look(&graph, &facts, off).iter().map(line).collect()
    }

    #[test]
    fn a_group_is_one_finding_under_the_gravest_rule_that_is_on() {
        use AdvisoryKind::{Malware, Notice, Unmaintained, Unsound, Vulnerability};
        assert_eq!(rules_of(&[Unsound, Vulnerability], &[]), [r#"known-vulnerability + ["unsound-code"]"#]);
        assert_eq!(rules_of(&[Vulnerability, Malware], &[]), [r#"malicious-package + ["known-vulnerability"]"#]);
        assert_eq!(rules_of(&[Vulnerability, Malware], &["malicious-package"]), ["known-vulnerability + []"]);
        assert_eq!(rules_of(&[Unsound], &[]), ["unsound-code + []"]);
        assert_eq!(rules_of(&[Unmaintained], &[]), ["unmaintained-package + []"]);
        assert_eq!(rules_of(&[Notice], &[]), ["security-notice + []"]);
        assert_eq!(rules_of(&[Notice], &["security-notice"]), [""; 0]);
    }

    #[test]
    fn messages_name_the_advisory_and_who_brings_it() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let [chrono, time, hyper, h2] =
            [("chrono", "0.4.19"), ("time", "0.1.43"), ("hyper", "0.14.0"), ("h2", "0.3.0")]
                .map(|(name, version)| tree.package(name, version));
        let [evil, loose] = [tree.package("evil", "1.0.0"), tree.package("loose", "")];
        for (from, to) in
            [(0, chrono), (chrono, time), (chrono, hyper), (hyper, h2), (chrono, h2), (0, evil), (0, loose)]
        {
            tree.needs(from, to, None);
        }
        tree.declare(chrono, "Cargo.toml", 12);
        let mut segfault = record("RUSTSEC-2020-0071", &["CVE-2020-26235"], AdvisoryKind::Vulnerability);
        segfault.summary = "Potential segfault\n in `localtime_r`.".to_owned();
        tree.hit(time, group(vec![segfault], Some(6.2), Some("0.2.23")));
        tree.hit(h2, vulnerability("CVE-2023-26964", None, None));
        let mut malware = record("MAL-2026-1", &[], AdvisoryKind::Malware);
        malware.summary = "x".repeat(1_000);
        tree.hit(evil, group(vec![malware.clone()], None, None));
        malware.summary = String::new();
        tree.hit(loose, group(vec![malware], None, None));
        let (graph, facts) = tree.finish();
        let mut found = look(&graph, &facts, &[]);
        found.retain(|finding| finding.advisory.is_some());
        let mut messages: Vec<String> = found.iter().map(|f| f.message.replace(&"x".repeat(200), "x…200")).collect();
        messages.sort();
        insta::assert_snapshot!(messages.join("\n"), @"
        evil 1.0.0: MAL-2026-1, x…200… (malware). A direct dependency of app 0.1.0 in Cargo.lock.
        h2 0.3.0: CVE-2023-26964, Summary of CVE-2023-26964 (severity unknown: no record of it gives one), no fixed version is known. Required by chrono 0.4.19 (direct) in Cargo.lock, and by one more path.
        loose (no exact version): MAL-2026-1 (malware). A direct dependency of app 0.1.0 in Cargo.lock.
        time 0.1.43: RUSTSEC-2020-0071 (CVE-2020-26235), Potential segfault in `localtime_r` (medium, CVSS 6.2), cleared by 0.2.23. Required by chrono 0.4.19 (direct) in Cargo.lock.
        ");
        let time = found.iter().find(|finding| finding.message.starts_with("time")).unwrap();
        assert_eq!((time.locations[0].line, &*time.related[0].path, time.related[0].line), (2, "Cargo.toml", 12));
        assert_eq!((time.chains.len(), time.chains[0].len(), time.chains_total), (1, 3, PathCount::Exactly(1)));
    }

    /// Fingerprints of the findings in a lockfile where packages named `twice` have those versions, are hit by that
    /// group and stand so many lines down.
    fn prints(versions: &[&str], hit: &AliasGroup, lines: u32) -> Vec<(String, String)> {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        tree.skip_lines(lines);
        for version in versions {
            let at = tree.package("twice", version);
            tree.hit(at, hit.clone());
        }
        let (graph, facts) = tree.finish();
        let version = |finding: &Finding| finding.message.split([' ', ':']).nth(1).unwrap().to_owned();
        look(&graph, &facts, &[]).into_iter().map(|f| (version(&f), f.fingerprint)).collect()
    }

    #[test]
    fn a_fingerprint_survives_bumps_moves_and_aliases() {
        let group = |records| group(records, None, None);
        let plain = group(vec![record("GHSA-aaaa", &[], AdvisoryKind::Vulnerability)]);
        let before = prints(&["0.9.0", "0.10.0"], &plain, 0);
        assert_eq!(before.len(), 2);
        let print = |of: &[(String, String)], version: &str| {
            of.iter().find(|(v, _)| v == version).map(|(_, print)| print.clone()).unwrap()
        };
        assert_ne!(print(&before, "0.9.0"), print(&before, "0.10.0"), "two versions are two findings");
        assert_eq!(print(&before, "0.9.0").len(), 64);

        let bumped = prints(&["0.9.1", "0.11.0"], &plain, 0);
        assert_eq!(print(&bumped, "0.9.1"), print(&before, "0.9.0"));
        assert_eq!(print(&bumped, "0.11.0"), print(&before, "0.10.0"), "0.10 is above 0.9, as versions go");

        assert_eq!(prints(&["0.9.0", "0.10.0"], &plain, 70), before, "a moved line");

        let later = record("RUSTSEC-2026-0001", &["GHSA-aaaa"], AdvisoryKind::Vulnerability);
        let aliased = group(vec![record("GHSA-aaaa", &["CVE-2026-1"], AdvisoryKind::Vulnerability), later]);
        assert_eq!(prints(&["0.9.0", "0.10.0"], &aliased, 0), before, "a new alias");

        let other = group(vec![record("GHSA-bbbb", &[], AdvisoryKind::Vulnerability)]);
        assert_ne!(prints(&["0.9.0", "0.10.0"], &other, 0), before, "another advisory");
    }

    #[test]
    fn odd_versions_have_an_order_too() {
        let plain = vulnerability("GHSA-aaaa", None, None);
        let versions = ["not a version", "1.0.0", "b", "0.1.0", "a", "10.0.0", "2.0.0", "1..", "c"];
        let mut found = prints(&versions, &plain, 0);
        found.sort_by(|a, b| a.1.cmp(&b.1));
        found.dedup_by(|a, b| a.1 == b.1);
        assert_eq!(found.len(), versions.len());
    }

    #[test]
    fn thousands_of_versions_of_one_name_take_no_quadratic_time() {
        let before = std::time::Instant::now();
        let versions: Vec<String> = (0..1_500).map(|n| format!("1.0.{n}")).collect();
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        assert_eq!(prints(&versions, &vulnerability("GHSA-aaaa", None, None), 0).len(), 1_500);
        assert!(before.elapsed().as_secs() < 10);
    }
}
