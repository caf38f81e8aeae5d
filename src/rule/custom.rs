//! The rules that a policy writes itself, over every package as each root uses it.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, VecDeque};

use super::judged::{Case, Fired, Outcome, is_served, judge_every};
use super::no_provenance::has_provenance;
use super::releases::{days, standing};
use super::{Found, View, scorecard, single_maintainer};
use crate::expression::{CustomRule, Fact as Asked, Facts, Glance, Read, Reading, Value};
use crate::model::{
    AliasGroup, Exploited, Fact, Missing, PackageIndex, PackageState, Provenance, Release, Root, Rule, Scorecard, Why,
    source,
};
use crate::version::Version;

mod shown;

/// For each rule, the packages of which it holds. What it could not decide is missed, but for packages that services are
/// not asked about (private ones, those from git or a folder): the ledger says so of each, as for the rules of the table.
pub(super) fn find(view: &View<'_>, rules: &[&'static CustomRule]) -> Vec<Found> {
    let depths: Vec<OnceCell<Depths>> = view.graph.roots.iter().map(|_| OnceCell::new()).collect();
    let judged: Vec<&'static Rule> = rules.iter().map(|custom| &custom.rule).collect();
    judge_every(view, &judged, |at, case| {
        let (custom, known) = (rules[at], Known { case, depths: &depths });
        if custom.condition.is_ruled_out(&known.glance()) {
            return Outcome::default();
        }
        match custom.condition.evaluate(&known) {
            Ok(false) => Outcome::default(),
            Ok(true) => {
                let what = shown::what(custom, &known);
                let fired = Fired { what, change: custom.rule.fix.trim_end_matches('.').to_owned(), escalated: false };
                Outcome { fires: Some(fired), missing: Vec::new() }
            }
            Err(missing) => Outcome { fires: None, missing: known.missed(missing) },
        }
    })
}

/// For each package of a root that a project of it reaches, over how many steps.
type Depths = HashMap<PackageIndex, u32>;

/// Breadth first from the projects; where none is named, from the direct dependencies.
fn depths(root: &Root) -> Depths {
    let mut depths: Depths = root.members.iter().map(|&member| (member, 0)).collect();
    let direct = root.uses.iter().filter(|usage| usage.direct == Some(true)).map(|usage| usage.package);
    for package in direct {
        depths.entry(package).or_insert(1);
    }
    let mut order: Vec<(u32, PackageIndex)> = depths.iter().map(|(package, depth)| (*depth, *package)).collect();
    order.sort_unstable();
    let mut todo: VecDeque<PackageIndex> = order.into_iter().map(|(_, package)| package).collect();
    while let Some(package) = todo.pop_front() {
        let next = depths.get(&package).copied().unwrap_or_default().saturating_add(1);
        for to in needed(root, package) {
            depths.entry(to).or_insert_with(|| {
                todo.push_back(to);
                next
            });
        }
    }
    depths
}

/// What a package names itself, in the order of the graph, one for each kind.
fn needed(root: &Root, package: PackageIndex) -> impl Iterator<Item = PackageIndex> {
    // Edges are sorted by who needs them.
    let first = root.dependencies.partition_point(|edge| edge.from < package);
    root.dependencies.iter().skip(first).take_while(move |edge| edge.from == package).map(|edge| edge.to)
}

/// What is known about a package, as one root uses it.
struct Known<'k, 'v> {
    case: &'k Case<'v>,
    depths: &'k [OnceCell<Depths>],
}

const fn untold(source: &'static str) -> Missing {
    Missing { source, why: Why::NotTold }
}

/// A fact as a reading.
fn read<'f, T>(fact: &'f Fact<T>, value: impl FnOnce(&'f T) -> Value<'f>) -> Reading<'f> {
    match fact {
        Fact::Known(known, _) => Ok(Some(value(known))),
        Fact::Absent(_) => Ok(None),
        Fact::Unknown(missing) => Err(*missing),
    }
}

/// The same of what everything has: that there is none is not told either.
fn always<'f, T>(fact: &'f Fact<T>, value: impl FnOnce(&'f T) -> Value<'f>) -> Reading<'f> {
    match fact {
        Fact::Absent(origin) => Err(untold(origin.source)),
        other => read(other, value),
    }
}

/// What the file tells, or that it does not.
fn told<T>(told: Option<T>) -> Result<T, Missing> {
    told.ok_or(untold(source::TREE))
}

impl<'v> Known<'_, 'v> {
    fn root(&self) -> &'v Root {
        &self.case.view.graph.roots[self.case.root]
    }

    fn glance(&self) -> Glance<'v> {
        let id = self.case.id;
        Glance {
            name: Some(&id.name),
            version: id.version.as_deref(),
            direct: self.case.usage.direct,
            advised: (self.case.state() == PackageState::Matched).then(|| !self.groups().is_empty()),
        }
    }

    /// What is to be said of what is missing.
    fn missed(&self, missing: Vec<Missing>) -> Vec<Missing> {
        let is_served = is_served(self.case.state());
        let is_local = |missing: &Missing| missing.source == source::TREE;
        missing.into_iter().filter(|missing| is_local(missing) || is_served).collect()
    }

    fn groups(&self) -> &'v [AliasGroup] {
        let at = usize::try_from(self.case.package()).unwrap_or(usize::MAX);
        self.case.view.facts.advisories.get(at).map_or(&[], Vec::as_slice)
    }

    fn of_package(&self, asked: Asked) -> Reading<'_> {
        let (id, usage) = (self.case.id, self.case.usage);
        let package = self.case.view.graph.package(usage.package);
        Ok(Some(match asked {
            Asked::Version => return Ok(id.version.as_deref().map(Value::text)),
            Asked::Requirement => return Ok(usage.requirement.as_deref().map(Value::text)),
            Asked::Ecosystem => Value::text(id.ecosystem.osv_name()),
            Asked::Purl => Value::Text(id.purl().to_string().into()),
            Asked::Direct => Value::Bool(told(usage.direct)?),
            Asked::Kinds if usage.kinds.is_unknown() => return Err(untold(source::TREE)),
            Asked::Kinds => Value::texts(usage.kinds.iter().map(crate::model::DependencyKind::as_str)),
            Asked::SourceKind => Value::text(id.source.kind.as_str()),
            Asked::SourceUrl => return Ok(id.source.url.as_deref().map(Value::text)),
            Asked::HasIntegrity => Value::Bool(package.integrity.is_some()),
            Asked::InstallScript => Value::Bool(told(package.install_script)?),
            Asked::Root => Value::text(&self.root().path),
            Asked::TestData => Value::Bool(self.root().test_data),
            Asked::Depth => {
                let depths = self.depths.get(self.case.root).map(|cell| cell.get_or_init(|| depths(self.root())));
                Value::count(*told(depths.and_then(|depths| depths.get(&usage.package)))?)
            }
            Asked::Dependencies if self.root().dependencies.is_empty() => return Err(untold(source::TREE)),
            Asked::Dependencies => Value::count(needed(self.root(), usage.package).collect::<BTreeSet<_>>().len()),
            _ => Value::text(&id.name),
        }))
    }

    fn of_version(&self, asked: Asked) -> Reading<'_> {
        let (health, today) = (self.case.health, self.case.view.today);
        match asked {
            Asked::Licenses => read(&health.licenses, |names| Value::texts(names.iter().map(String::as_str))),
            Asked::AgeDays => always(&health.published, |published| Value::Int(days(*published, today))),
            Asked::Withdrawn => match &health.withdrawn {
                Fact::Unknown(missing) => Err(*missing),
                other => Ok(Some(Value::Bool(other.known().is_some()))),
            },
            Asked::Status => read(&health.project_status, |status| Value::text(status)),
            Asked::Repository => read(&health.repository, |repository| Value::text(&repository.project)),
            Asked::Evidence => read(&health.repository, |repository| Value::text(repository.evidence.as_str())),
            Asked::Provenance => self.provenance(&health.provenance),
            Asked::EarlierProvenance => read(&health.earlier_provenance, |version| Value::text(version)),
            Asked::Similar => match &health.similar {
                Fact::Absent(_) => Ok(Some(Value::List(Vec::new()))),
                known => read(known, |names| Value::texts(names.iter().map(String::as_str))),
            },
            Asked::Dependents => always(&health.dependents, |number| Value::count(*number)),
            Asked::SupportEnded => read(&health.support, |support| {
                Value::Bool(support.has_ended || support.ends.is_some_and(|day| day < today))
            }),
            _ => match &health.releases {
                Fact::Known(releases, origin) => self.releases(asked, releases, origin.source),
                Fact::Absent(origin) => Err(untold(origin.source)),
                Fact::Unknown(missing) => Err(*missing),
            },
        }
    }

    /// Registries that take no statements about builds tell nothing by having none.
    fn provenance(&self, provenance: &Fact<Provenance>) -> Reading<'_> {
        if !has_provenance(self.case.id.ecosystem) {
            return Ok(None);
        }
        match provenance {
            Fact::Unknown(missing) => Err(*missing),
            other => Ok(Some(Value::Bool(other.known().is_some_and(|stated| stated.verified)))),
        }
    }

    fn releases(&self, asked: Asked, releases: &[Release], source: &'static str) -> Reading<'_> {
        let ecosystem = self.case.id.ecosystem;
        Ok(Some(match asked {
            Asked::Releases => Value::count(releases.len()),
            Asked::ReleaseAgeDays => {
                let newest = releases.iter().filter_map(|release| release.published).max();
                Value::Int(days(newest.ok_or(untold(source))?, self.case.view.today))
            }
            _ => {
                let own = self.case.id.version.as_deref().and_then(|version| Version::parse(ecosystem, version));
                let own = own.ok_or(untold(source))?;
                let standing = standing(ecosystem, releases);
                let lines = standing.iter().map(|standing| &standing.version.line).filter(|line| **line > own.line);
                Value::count(lines.collect::<BTreeSet<_>>().len())
            }
        }))
    }

    /// The Scorecard of the project behind it; `None` where none was made.
    fn scorecard(&self) -> Result<Option<&'v Scorecard>, Missing> {
        let (_, project) = self.case.view.facts.health.project_of(self.case.package())?;
        match &project.scorecard {
            Fact::Known(scorecard, _) => Ok(Some(scorecard)),
            Fact::Absent(_) => Ok(None),
            Fact::Unknown(missing) => Err(*missing),
        }
    }

    fn of_project(&self, asked: Asked) -> Reading<'_> {
        let project = || self.case.view.facts.health.project_of(self.case.package());
        match asked {
            Asked::Stars => return read(&project()?.1.stars, |stars| Value::count(*stars)),
            Asked::Badge => return read(&project()?.1.badge, |badge| Value::text(badge.as_str())),
            _ => {}
        }
        let Some(scorecard) = self.scorecard()? else { return Ok(None) };
        let reason = |check| scorecard::check(scorecard, check).map(|(_, reason)| reason);
        Ok(Some(match asked {
            Asked::Score => Value::Double(scorecard.score.ok_or(untold(source::SCORECARD))?),
            Asked::Archived => Value::Bool(reason("Maintained")?.to_ascii_lowercase().contains("archived")),
            Asked::Maintainers => {
                let number = single_maintainer::organisations(reason("Contributors")?);
                Value::count(number.ok_or(untold(source::SCORECARD))?)
            }
            _ => Value::Bool(true),
        }))
    }

    fn of_own(&self, asked: Asked) -> Reading<'_> {
        let health = &self.case.view.facts.health;
        let Some(own) = health.own.as_deref() else {
            return match asked {
                Asked::Project => Ok(None),
                _ => Err(Missing { source: source::SCORECARD, why: Why::Unnamed }),
            };
        };
        match (asked, &health.project(own).scorecard) {
            (Asked::Project, _) => Ok(Some(Value::text(own))),
            (_, Fact::Known(scorecard, _)) => {
                Ok(Some(Value::Double(scorecard.score.ok_or(untold(source::SCORECARD))?)))
            }
            (_, Fact::Absent(_)) => Ok(None),
            (_, Fact::Unknown(missing)) => Err(*missing),
        }
    }
}

impl Facts for Known<'_, '_> {
    fn read(&self, asked: Asked) -> Reading<'_> {
        match asked {
            Asked::Advisories => match self.case.state() {
                PackageState::Matched => Ok(Some(Value::List((0..self.groups().len()).map(Value::Advisory).collect()))),
                _ => Err(Missing { source: source::INDEX, why: Why::NotAtHand }),
            },
            Asked::Name
            | Asked::Version
            | Asked::Requirement
            | Asked::Ecosystem
            | Asked::Purl
            | Asked::Direct
            | Asked::Kinds
            | Asked::SourceKind
            | Asked::SourceUrl
            | Asked::HasIntegrity
            | Asked::InstallScript
            | Asked::Root
            | Asked::TestData
            | Asked::Depth
            | Asked::Dependencies => self.of_package(asked),
            Asked::Score | Asked::Checks | Asked::Archived | Asked::Maintainers | Asked::Stars | Asked::Badge => {
                self.of_project(asked)
            }
            Asked::Project | Asked::ProjectScore => self.of_own(asked),
            _ => self.of_version(asked),
        }
    }

    fn of_advisory(&self, at: usize, asked: Asked) -> Reading<'_> {
        let Some(group) = self.groups().get(at) else { return Ok(None) };
        Ok(Some(match asked {
            Asked::Aliases => Value::texts(group.aliases.iter().map(String::as_str)),
            Asked::Kind => Value::text(group.kind().as_str()),
            Asked::Severity => Value::text(group.rating.severity.as_str()),
            Asked::CvssScore => return Ok(group.rating.score.map(Value::Double)),
            Asked::Epss => match (group.epss, group.cves().next()) {
                (Some(epss), _) => Value::Double(epss.score),
                (None, None) => return Ok(None),
                (None, Some(_)) => return Err(Missing { source: source::EPSS, why: Why::NotAtHand }),
            },
            Asked::Exploited => match &group.exploited {
                Exploited::Unknown => return Err(Missing { source: source::KEV, why: Why::NotAtHand }),
                exploited => Value::Bool(*exploited != Exploited::No),
            },
            Asked::Fixed => return Ok(group.fixed_in.as_deref().map(Value::text)),
            Asked::Cwes => {
                let cwes: BTreeSet<&str> =
                    group.matching().flat_map(|record| &record.cwes).map(String::as_str).collect();
                Value::texts(cwes)
            }
            Asked::PublishedDays => {
                let published = group.key().published.and_then(|second| jiff::Timestamp::from_second(second).ok());
                return Ok(published.map(|published| Value::Int(days(published, self.case.view.today))));
            }
            _ => Value::text(&group.key().id),
        }))
    }

    fn entry(&self, _: Asked, name: &str) -> Reading<'_> {
        let Some(scorecard) = self.scorecard()? else { return Ok(None) };
        match scorecard.check(name) {
            None => Ok(None),
            Some(check) => Ok(Some(Value::count(check.score.ok_or(untold(source::SCORECARD))?))),
        }
    }
}

#[cfg(test)]
mod tests;
