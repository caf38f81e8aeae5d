//! What is asked about the health of the packages of a graph: what the active rules need, of the packages that services
//! may hear of.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use jiff::Unit;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{
    AliasGroup, Data, DependencyGraph, Epss, Exploited, Facts, Health, Package, PackageIndex, PackageState, Scope,
    SourceCoverage, SourceKind, SourceState,
};
use crate::policy::Policy;
use crate::source::{self, Asked, BEST_PRACTICES, Client, DEPS_DEV, END_OF_LIFE, EPSS, KEV, Listed, SCORECARD, Wanted};

/// What is asked about health: of the packages that advisories are asked about, by their states.
pub(super) fn wanted(
    policy: &Policy,
    graph: &DependencyGraph,
    states: &[PackageState],
    needs: &BTreeMap<Data, Scope>,
) -> Wanted {
    Wanted { packages: packages(graph, states), needs: needs.clone(), own: policy.project.clone() }
}

/// How many days after its publication it is still asked what a version fixes.
const YOUNG: i64 = 30;

/// The packages that were published so lately that it matters what they fix, and of which that was not told.
pub(super) fn young(packages: &[Package], health: &Health, facts: &Facts, today: Date) -> Vec<usize> {
    let is_young = |at: PackageIndex| {
        let published = health.package(at).published.known();
        let day = published.map(|moment| moment.to_zoned(TimeZone::UTC).date());
        day.is_some_and(|day| day.until(today).is_ok_and(|span| i64::from(span.get_days()) <= YOUNG))
    };
    let indexed = (0..).zip(packages).map(|(at, _)| at);
    let young = indexed.filter(|at| is_young(*at) && !facts.remedies.contains_key(at));
    young.filter_map(|at| usize::try_from(at).ok()).collect()
}

/// Learns whether attacks with advisories are known and how probable they are.
pub(super) async fn threats(client: &Client, needs: &BTreeMap<Data, Scope>, advisories: &mut [Vec<AliasGroup>]) {
    let cves: BTreeSet<String> = advisories.iter().flatten().flat_map(cves).map(str::to_owned).collect();
    let needs_cves = |data| needs.contains_key(&data) && !cves.is_empty();
    let exploited = async {
        if !needs_cves(Data::Exploited) {
            return None;
        }
        source::exploited(client, &cves).await.ok()?.value
    };
    let epss = async {
        if !needs_cves(Data::Epss) {
            return None;
        }
        source::epss(client, &cves).await.ok()?.value
    };
    let (exploited, epss) = join(exploited, epss).await;
    for group in advisories.iter_mut().flatten() {
        group.exploited = is_exploited(group, exploited.as_ref());
        group.epss = epss.as_ref().and_then(|scores| highest(group, scores));
    }
}

/// The ledger's rows of the services that were asked about anything but advisories.
pub(super) fn rows(client: &Client) -> Vec<SourceCoverage> {
    let services = [&DEPS_DEV, &SCORECARD, &KEV, &EPSS, &BEST_PRACTICES, &END_OF_LIFE];
    let row = |service: &&'static source::Service| {
        let traffic = client.traffic(service);
        if traffic == source::Traffic::default() {
            return None;
        }
        let state = match &traffic {
            traffic if traffic.failed > 0 => SourceState::Failed,
            traffic if traffic.stale > 0 => SourceState::Stale,
            _ => SourceState::Ok,
        };
        Some(SourceCoverage {
            name: service.id,
            ecosystem: None,
            state,
            as_of: traffic.as_of.and_then(|time| Some(time.round(Unit::Second).ok()?.to_string())),
            records: traffic.answers,
            rejected: traffic.failed,
            message: traffic.trouble,
        })
    };
    services.iter().filter_map(row).collect()
}

/// The packages that services may be asked about: those of a registry that is not private, with a version. Images and
/// languages, of which no advisory speaks, have release lines that end.
fn packages(graph: &DependencyGraph, states: &[PackageState]) -> Vec<Asked> {
    let mut direct: BTreeSet<PackageIndex> = BTreeSet::new();
    let mut members: BTreeSet<PackageIndex> = BTreeSet::new();
    for root in &graph.roots {
        members.extend(&root.members);
        // A package of which that is not known counts as direct.
        direct.extend(root.uses.iter().filter(|usage| usage.direct != Some(false)).map(|usage| usage.package));
    }
    let asked = |(package, (id, state)): (PackageIndex, (&crate::model::PackageId, &PackageState))| {
        let is_known = match state {
            PackageState::Matched | PackageState::NoIndex | PackageState::CannotJudge => true,
            PackageState::NotAsked => id.ecosystem.has_release_lines(),
            _ => false,
        };
        let is_of_registry = matches!(id.source.kind, SourceKind::Registry | SourceKind::Unknown);
        let version = id.version.clone().filter(|_| is_known && is_of_registry)?;
        let is_direct = direct.contains(&package);
        Some(Asked { package, ecosystem: id.ecosystem, name: id.name.clone(), version, is_direct })
    };
    let ids = graph.packages.iter().map(|package| &package.id).zip(states);
    (0..).zip(ids).filter(|(package, _)| !members.contains(package)).filter_map(asked).collect()
}

/// The CVEs of a group, sorted.
fn cves(group: &AliasGroup) -> BTreeSet<&str> {
    group.ids().filter(|id| id.starts_with("CVE-")).collect()
}

/// Whether one of the group's CVEs is in the catalogue. What has no CVE cannot be.
fn is_exploited(group: &AliasGroup, catalogue: Option<&BTreeMap<String, Listed>>) -> Exploited {
    let cves = cves(group);
    match catalogue {
        Some(catalogue) => {
            let listed = cves.into_iter().find_map(|cve| Some((cve, catalogue.get(cve)?)));
            listed.map_or(Exploited::No, |(cve, listed)| Exploited::Yes {
                cve: cve.to_owned(),
                since: listed.since.clone(),
                ransomware: listed.ransomware,
            })
        }
        None if cves.is_empty() => Exploited::No,
        None => Exploited::Unknown,
    }
}

/// The highest score of the group's CVEs.
fn highest(group: &AliasGroup, scores: &BTreeMap<String, Epss>) -> Option<Epss> {
    cves(group).into_iter().filter_map(|cve| scores.get(cve)).copied().max_by(|a, b| a.score.total_cmp(&b.score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AdvisoryKind, Ecosystem, Source};
    use crate::rule::tests_support::{Tree, group, record};

    #[test]
    fn services_hear_of_packages_of_a_registry_that_are_not_private() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let direct = tree.package("serde", "1.0.210");
        let transitive = tree.package("itoa", "1.0.11");
        let private = tree.package("acme-secret", "1.0.0");
        let git = tree.from("from-git", "1.0.0", Source::at(SourceKind::Git, "https://host.example/a#0a1b"));
        let unresolved = tree.package("no-version", "");
        tree.needs(0, direct, None);
        tree.needs(0, private, None);
        tree.needs(0, git, None);
        tree.needs(0, unresolved, None);
        tree.needs(direct, transitive, None);
        let (graph, facts) = tree.finish();
        let place = |name: &str| graph.packages.iter().position(|package| package.id.name == name).unwrap();
        let mut states = facts.states;
        states[place("acme-secret")] = PackageState::Private;
        states[place("itoa")] = PackageState::NoIndex;
        let asked: Vec<(String, bool)> =
            packages(&graph, &states).into_iter().map(|asked| (asked.name, asked.is_direct)).collect();
        assert_eq!(asked, [("itoa".to_owned(), false), ("serde".to_owned(), true)]);
    }

    fn of(ids: &[&str]) -> AliasGroup {
        group(vec![record(ids[0], &ids[1..], AdvisoryKind::Vulnerability)], None, None)
    }

    #[test]
    fn what_has_no_cve_is_in_no_catalogue() {
        let listed = |since: &str| Listed { since: since.to_owned(), ransomware: true };
        let catalogue = BTreeMap::from([("CVE-2021-44228".to_owned(), listed("2021-12-10"))]);
        let yes = Exploited::Yes { cve: "CVE-2021-44228".to_owned(), since: "2021-12-10".to_owned(), ransomware: true };
        let group = of(&["GHSA-jfh8-c2jp-5v3q", "CVE-2020-1", "CVE-2021-44228"]);
        assert_eq!(is_exploited(&group, Some(&catalogue)), yes);
        assert_eq!(is_exploited(&group, None), Exploited::Unknown);
        let other = of(&["GHSA-aaaa-bbbb-cccc"]);
        assert_eq!(is_exploited(&other, Some(&catalogue)), Exploited::No);
        assert_eq!(is_exploited(&other, None), Exploited::No);
    }

    #[test]
    fn the_most_probable_of_several_counts() {
        let epss = |score| Epss { score, percentile: 0.5 };
        let scores = BTreeMap::from([("CVE-2020-1".to_owned(), epss(0.25)), ("CVE-2020-2".to_owned(), epss(0.75))]);
        let highest = |ids: &[&str]| highest(&of(ids), &scores).map(|epss| epss.score);
        assert_eq!(highest(&["GHSA-aaaa-bbbb-cccc", "CVE-2020-2", "CVE-2020-1", "CVE-2020-3"]), Some(0.75));
        assert_eq!(highest(&["GHSA-aaaa-bbbb-cccc", "CVE-2020-3"]), None);
    }
}
