//! Small graphs and facts for the tests of rules and policies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Check, Parameters, View};
use crate::model::{
    AdvisoryKind, Affected, AliasGroup, DependencyGraph, DependencyKind, Drift, Ecosystem, Evidence, Exploited, Fact,
    Facts, Finding, GraphBuilder, Health, JudgedRecord, Location, Missing, Origin, OtherPackage, PackageHealth,
    PackageId, PackageIndex, PackageState, ProjectHealth, Rating, Release, RepoPath, Repository, Scorecard,
    ScorecardCheck, Setting, Severity, Source, SourceKind, Subject, Why, source,
};

/// The day on which tests judge.
pub(crate) const TODAY: Date = Date::constant(2026, 11, 22);

/// A root that grows, and the advisory groups of its packages. Package 0 is the project, `app 0.1.0`.
pub(crate) struct Tree {
    builder: GraphBuilder,
    path: RepoPath,
    ecosystem: Ecosystem,
    ids: Vec<PackageId>,
    groups: Vec<(PackageId, AliasGroup)>,
    healths: Vec<(PackageId, PackageHealth)>,
    projects: BTreeMap<String, ProjectHealth>,
    own: Option<String>,
    line: u32,
}

impl Tree {
    pub(crate) fn new(path: &str, parser: &'static str, ecosystem: Ecosystem) -> Self {
        let path: RepoPath = path.into();
        let mut builder = GraphBuilder::new(&path, parser);
        let app = PackageId::new(ecosystem, "app", Some("0.1.0"), Source::of(SourceKind::Workspace));
        builder.member(app.clone(), None);
        let (healths, projects) = (Vec::new(), BTreeMap::new());
        Self { builder, path, ecosystem, ids: vec![app], groups: Vec::new(), healths, projects, own: None, line: 0 }
    }

    /// A package from the public registry; each on its own line.
    pub(crate) fn package(&mut self, name: &str, version: &str) -> PackageIndex {
        self.from(name, version, Source::PUBLIC_REGISTRY)
    }

    pub(crate) fn from(&mut self, name: &str, version: &str, source: Source) -> PackageIndex {
        let version = Some(version).filter(|version| !version.is_empty());
        let id = PackageId::new(self.ecosystem, name, version, source);
        self.line += 1;
        let location = Location { path: RepoPath::clone(&self.path), line: self.line, column: 1, length: 1 };
        let index = self.builder.package(id.clone(), Some(location));
        self.ids.push(id);
        index
    }

    /// Another project of the root.
    pub(crate) fn member(&mut self, name: &str, version: &str) -> PackageIndex {
        let id = PackageId::new(self.ecosystem, name, Some(version), Source::of(SourceKind::Workspace));
        self.ids.push(id.clone());
        self.builder.member(id, None)
    }

    pub(crate) fn id(&self, index: PackageIndex) -> PackageId {
        self.ids[index as usize].clone()
    }

    pub(crate) fn integrity(&mut self, index: PackageIndex, integrity: &str) {
        self.builder.integrity(index, integrity);
    }

    pub(crate) fn install_script(&mut self, index: PackageIndex, runs: bool) {
        self.builder.install_script(index, runs);
    }

    pub(crate) fn requirement(&mut self, index: PackageIndex, requirement: &str) {
        self.builder.requirement(index, requirement);
    }

    pub(crate) fn drift(&mut self, drift: Drift) {
        self.builder.drift(drift);
    }

    pub(crate) fn other(&mut self, index: PackageIndex, other: OtherPackage) {
        self.builder.other(index, other);
    }

    pub(crate) fn edge(
        &mut self,
        from: PackageIndex,
        to: PackageIndex,
        kind: DependencyKind,
        requirement: Option<&str>,
    ) {
        self.builder.dependency(from, to, kind, requirement);
    }

    /// A runtime edge.
    pub(crate) fn needs(&mut self, from: PackageIndex, to: PackageIndex, requirement: Option<&str>) {
        self.edge(from, to, DependencyKind::Runtime, requirement);
    }

    pub(crate) fn declare(&mut self, index: PackageIndex, path: &str, line: u32) {
        self.builder.declare(index, Location { path: path.into(), line, column: 1, length: 3 });
    }

    /// Moves what is added from now on down by some lines.
    pub(crate) fn skip_lines(&mut self, lines: u32) {
        self.line += lines;
    }

    pub(crate) fn hit(&mut self, index: PackageIndex, group: AliasGroup) {
        self.groups.push((self.id(index), group));
    }

    /// What is known about the health of a package; what is not set nobody was asked about. Said once for each.
    pub(crate) fn health(&mut self, index: PackageIndex, set: impl FnOnce(&mut PackageHealth)) {
        let mut health = PackageHealth::NOT_ASKED;
        set(&mut health);
        self.healths.push((self.id(index), health));
    }

    /// What is known about a project, `github.com/owner/name`.
    pub(crate) fn project(&mut self, project: &str, set: impl FnOnce(&mut ProjectHealth)) {
        set(self.projects.entry(project.to_owned()).or_insert(ProjectHealth::NOT_ASKED));
    }

    /// A package that a project with that Scorecard is behind.
    pub(crate) fn scored(&mut self, index: PackageIndex, scorecard: Fact<Scorecard>) {
        self.health(index, |health| health.repository = repository("github.com/acme/left"));
        self.project("github.com/acme/left", |project| project.scorecard = scorecard);
    }

    /// The project that is scanned.
    pub(crate) fn own(&mut self, project: &str) {
        self.own = Some(project.to_owned());
    }

    pub(crate) fn finish(self) -> (DependencyGraph, Facts) {
        let graph = self.builder.finish_by_reachability();
        let mut facts = Facts {
            states: vec![PackageState::Matched; graph.packages.len()],
            advisories: vec![Vec::new(); graph.packages.len()],
            health: Health { projects: self.projects, own: self.own, ..Health::default() },
            ..Facts::default()
        };
        let place = |id: &PackageId| graph.packages.iter().position(|package| package.id == *id).unwrap();
        for (id, group) in self.groups {
            facts.advisories[place(&id)].push(group);
        }
        for (id, health) in self.healths {
            facts.health.packages.insert(u32::try_from(place(&id)).unwrap(), health);
        }
        for groups in &mut facts.advisories {
            groups.sort_by(|a, b| a.key().id.cmp(&b.key().id));
        }
        (graph, facts)
    }
}

/// A record that covers the version.
pub(crate) fn record(id: &str, aliases: &[&str], kind: AdvisoryKind) -> JudgedRecord {
    JudgedRecord {
        id: id.to_owned(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        kind,
        affected: Affected::Yes,
        rating: Rating::UNKNOWN,
        fixed: Vec::new(),
        summary: format!("Summary of {id}"),
        published: Some(1_600_000_000),
        modified: None,
        cwes: Vec::new(),
        references: Vec::new(),
        os: Vec::new(),
        arch: Vec::new(),
    }
}

/// A group of records, rated by a score, with the version that fixes it.
pub(crate) fn group(records: Vec<JudgedRecord>, score: Option<f64>, fixed_in: Option<&str>) -> AliasGroup {
    let key = records[0].id.clone();
    let mut aliases: Vec<String> = records.iter().flat_map(|r| r.aliases.iter().chain([&r.id])).cloned().collect();
    aliases.retain(|id| *id != key);
    aliases.sort();
    aliases.dedup();
    let rating = match score {
        None => Rating::UNKNOWN,
        Some(score) => {
            Rating { severity: Severity::of_score(score), score: Some(score), vector: None, source: Some(key) }
        }
    };
    AliasGroup {
        records,
        aliases,
        rating,
        fixed_in: fixed_in.map(str::to_owned),
        exploited: Exploited::Unknown,
        epss: None,
    }
}

/// A vulnerability that one database records.
pub(crate) fn vulnerability(id: &str, score: Option<f64>, fixed_in: Option<&str>) -> AliasGroup {
    group(vec![record(id, &[], AdvisoryKind::Vulnerability)], score, fixed_in)
}

/// Of when the facts of these tests are.
fn origin() -> Origin {
    Origin { source: source::DEPS_DEV, as_of: None }
}

/// A fact that is known.
pub(crate) fn known<T>(value: T) -> Fact<T> {
    Fact::Known(value, origin())
}

/// A fact that is known to be absent.
pub(crate) fn absent<T>() -> Fact<T> {
    Fact::Absent(origin())
}

/// A fact that a source did not tell, since it did not answer.
pub(crate) fn failed<T>(source: &'static str) -> Fact<T> {
    Fact::Unknown(Missing { source, why: Why::Failed })
}

/// The moment at which a day begins, `2026-01-31`.
pub(crate) fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

/// A repository that the package's own metadata names.
pub(crate) fn repository(project: &str) -> Fact<Repository> {
    known(Repository { project: project.to_owned(), evidence: Evidence::Claimed, contradicted: None })
}

/// A Scorecard with those checks: name, score, reason.
pub(crate) fn scorecard(score: Option<f64>, checks: &[(&str, Option<u8>, &str)]) -> Fact<Scorecard> {
    let check = |&(name, score, reason): &(&str, Option<u8>, &str)| ScorecardCheck {
        name: name.to_owned(),
        score,
        reason: reason.to_owned(),
    };
    known(Scorecard { score, date: Some(Date::constant(2026, 11, 16)), checks: checks.iter().map(check).collect() })
}

/// Releases: version, day, whether it is the default one, whether it is withdrawn.
pub(crate) fn releases(releases: &[(&str, &str, bool, bool)]) -> Fact<Vec<Release>> {
    let release = |&(version, published, is_default, is_withdrawn): &(&str, &str, bool, bool)| Release {
        version: version.to_owned(),
        published: (!published.is_empty()).then(|| day(published)),
        is_default,
        is_withdrawn,
    };
    known(releases.iter().map(release).collect())
}

/// What a rule makes of one direct dependency of that ecosystem, `left 1.0.0`, with the health that `set` gives it:
/// messages without who brings it in, and what is missing.
pub(crate) fn on_one(
    check: &Check,
    ecosystem: Ecosystem,
    settings: &[(&'static str, Setting)],
    set: impl FnOnce(&mut Tree, PackageIndex),
) -> (Vec<String>, Vec<String>) {
    let mut tree = Tree::new("lock", "any-lock", ecosystem);
    let left = tree.package("left", "1.0.0");
    tree.needs(0, left, None);
    set(&mut tree, left);
    let (graph, facts) = tree.finish();
    let parameters =
        Parameters { settings: [(check.rule.id, settings.iter().cloned().collect())].into(), ..Parameters::default() };
    looked(check, &graph, &facts, &parameters)
}

/// What a rule finds: messages without who brings the package in, and what is missing, as `source why`.
pub(crate) fn looked(
    check: &Check,
    graph: &DependencyGraph,
    facts: &Facts,
    parameters: &Parameters,
) -> (Vec<String>, Vec<String>) {
    let found = (check.find)(&View { graph, facts, parameters, today: Date::constant(2026, 11, 22) });
    let message = |finding: Finding| {
        let cut = finding.message.rfind(". ").filter(|_| matches!(finding.subject, Subject::Package { .. }));
        let text = cut.map_or(finding.message.as_str(), |at| &finding.message[..at]);
        if finding.escalated { format!("{text} (escalated)") } else { text.to_owned() }
    };
    let missing = |(missing, _): (Missing, Option<PackageIndex>)| format!("{} {:?}", missing.source, missing.why);
    (found.findings.into_iter().map(message).collect(), found.missing.into_iter().map(missing).collect())
}

/// That a vulnerability stands in the catalogue of known exploited ones.
pub(crate) fn exploited(cve: &str, since: &str, ransomware: bool) -> Exploited {
    Exploited::Yes { cve: cve.to_owned(), since: since.to_owned(), ransomware }
}

/// What a source did not tell.
pub(crate) fn unknown<T>() -> Fact<T> {
    Fact::Unknown(Missing { source: source::DEPS_DEV, why: Why::Failed })
}

/// A project with one direct dependency, `package 1.2.0` (of Go `v1.2.0`), of which that is known.
pub(crate) fn one(ecosystem: Ecosystem, health: PackageHealth) -> (DependencyGraph, Facts) {
    let mut tree = Tree::new("lock", "lock", ecosystem);
    let package = tree.package("package", if ecosystem == Ecosystem::Go { "v1.2.0" } else { "1.2.0" });
    tree.needs(0, package, None);
    let (graph, mut facts) = tree.finish();
    let at = (0..).zip(&graph.packages).find(|(_, package)| package.id.name == "package").unwrap().0;
    facts.health.packages.insert(at, health);
    (graph, facts)
}

/// What a rule finds in [`one`], without who and where; `Err`: how many things it could not know.
pub(crate) fn said(check: &Check, tree: &(DependencyGraph, Facts)) -> Result<Vec<String>, usize> {
    said_with(check, tree, &[])
}

/// The same with the rule's parameters set.
pub(crate) fn said_with(
    check: &Check,
    (graph, facts): &(DependencyGraph, Facts),
    settings: &[(&'static str, Setting)],
) -> Result<Vec<String>, usize> {
    let settings = [(check.rule.id, settings.iter().cloned().collect())].into_iter().collect();
    let parameters = Parameters { settings, ..Parameters::default() };
    let found = (check.find)(&View { graph, facts, parameters: &parameters, today: TODAY });
    if !found.missing.is_empty() {
        assert_eq!(found.findings, []);
        return Err(found.missing.len());
    }
    let what = |message: &str| {
        let message = message.strip_prefix("package 1.2.0: ").or(message.strip_prefix("package v1.2.0: ")).unwrap();
        message.strip_suffix(". A direct dependency of app 0.1.0 in lock.").unwrap().to_owned()
    };
    Ok(found.findings.iter().map(|finding| what(&finding.message)).collect())
}

/// A release that stands, of that day.
pub(crate) fn release(version: &str, on: &str) -> Release {
    Release { version: version.to_owned(), published: Some(day(on)), is_default: false, is_withdrawn: false }
}
