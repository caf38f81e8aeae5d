//! Small graphs and facts for the tests of rules and policies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Check, Parameters, View};
use crate::model::{
    AdvisoryKind, Affected, AliasGroup, DependencyGraph, DependencyKind, Ecosystem, Exploited, Fact, Facts,
    GraphBuilder, Health, JudgedRecord, Location, Missing, Origin, PackageHealth, PackageId, PackageIndex,
    PackageState, Rating, Release, RepoPath, Setting, Severity, Source, SourceKind, Why, source,
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
    line: u32,
}

impl Tree {
    pub(crate) fn new(path: &str, parser: &'static str, ecosystem: Ecosystem) -> Self {
        let path: RepoPath = path.into();
        let mut builder = GraphBuilder::new(&path, parser);
        let app = PackageId::new(ecosystem, "app", Some("0.1.0"), Source::of(SourceKind::Workspace));
        builder.member(app.clone(), None);
        Self { builder, path, ecosystem, ids: vec![app], groups: Vec::new(), line: 0 }
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

    pub(crate) fn id(&self, index: PackageIndex) -> PackageId {
        self.ids[index as usize].clone()
    }

    pub(crate) fn integrity(&mut self, index: PackageIndex, integrity: &str) {
        self.builder.integrity(index, integrity);
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

    pub(crate) fn finish(self) -> (DependencyGraph, Facts) {
        let graph = self.builder.finish_by_reachability();
        let mut facts = Facts {
            states: vec![PackageState::Matched; graph.packages.len()],
            advisories: vec![Vec::new(); graph.packages.len()],
            health: Health::default(),
            remedies: BTreeMap::new(),
        };
        for (id, group) in self.groups {
            let at = graph.packages.iter().position(|package| package.id == id).unwrap();
            facts.advisories[at].push(group);
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

/// Who tells facts in tests.
const ORIGIN: Origin = Origin { source: source::DEPS_DEV, as_of: None };

/// A fact that is known.
pub(crate) fn known<T>(value: T) -> Fact<T> {
    Fact::Known(value, ORIGIN)
}

/// That there is none.
pub(crate) fn absent<T>() -> Fact<T> {
    Fact::Absent(ORIGIN)
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

/// The first moment of a day.
pub(crate) fn moment(day: &str) -> Timestamp {
    day.parse::<Date>().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// A release that stands, of that day.
pub(crate) fn release(version: &str, day: &str) -> Release {
    Release { version: version.to_owned(), published: Some(moment(day)), is_default: false, is_withdrawn: false }
}
