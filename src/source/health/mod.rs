//! Learns the health of packages and of the projects behind them: asks each service for what is wanted and no more,
//! everything at once that does not wait for another answer, and joins what comes back. What does not come back is
//! unknown, for exactly the packages that it was asked for.

mod earlier;
mod lifecycle;
mod packages;
mod projects;

pub use packages::default_version;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join5;
use futures_util::{StreamExt as _, stream};

use super::deps_dev::{self, Key, Version, VersionQuestion};
use super::{Answer, BEST_PRACTICES, Client, DEPS_DEV, END_OF_LIFE, SCORECARD, SourceError};
use crate::model::{
    Data, Ecosystem, Fact, Health, Missing, Origin, PackageHealth, PackageIndex, ProjectHealth, Release, Scope, Why,
    source,
};

/// How many questions are prepared at once; the client lets fewer of them through.
const WINDOW: usize = 64;

/// A package that services may be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its place in the graph.
    pub package: PackageIndex,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its name in the ecosystem's normal form.
    pub name: String,
    /// Its version as the ecosystem writes it.
    pub version: String,
    /// Whether a project names it itself, or may.
    pub is_direct: bool,
}

/// What is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Packages, none of which is private.
    pub packages: Vec<Asked>,
    /// Each kind of data that is needed, and of which of the packages.
    pub needs: BTreeMap<Data, Scope>,
    /// The scanned project, `github.com/owner/name`.
    pub own: Option<String>,
}

impl Asked {
    fn name(&self) -> (Ecosystem, &str) {
        (self.ecosystem, &self.name)
    }

    fn key(&self) -> Key<'_> {
        (self.ecosystem, &self.name, &self.version)
    }

    fn question(&self) -> VersionQuestion {
        VersionQuestion { ecosystem: self.ecosystem, name: self.name.clone(), version: self.version.clone() }
    }

    fn is_askable(&self) -> bool {
        deps_dev::is_askable(self.ecosystem, &self.name, Some(&self.version))
    }
}

impl Wanted {
    /// The packages of which one of these kinds of data is needed.
    fn of<'w>(&'w self, kinds: &[Data]) -> impl Iterator<Item = &'w Asked> + use<'w> {
        let scope = kinds.iter().filter_map(|kind| self.needs.get(kind)).max().copied();
        self.packages.iter().filter(move |asked| match scope {
            None => false,
            Some(Scope::Direct) => asked.is_direct,
            Some(Scope::All) => true,
        })
    }

    fn needs(&self, data: Data) -> bool {
        self.needs.contains_key(&data)
    }
}

type Packages = BTreeMap<PackageIndex, PackageHealth>;

/// Learns what is wanted. Each distinct question is asked once.
pub async fn learn(client: &Client, wanted: &Wanted) -> Health {
    let services = [&DEPS_DEV, &SCORECARD, &BEST_PRACTICES, &END_OF_LIFE];
    // Of Go the path of a module tells its repository, whoever is asked.
    let tells_nothing = |asked: &Asked| asked.ecosystem != Ecosystem::Go;
    let is_cut_off = !client.is_online() && !services.into_iter().any(|service| client.has_kept(service));
    if is_cut_off && wanted.packages.iter().all(tells_nothing) {
        return Health { is_offline: true, own: wanted.own.clone(), ..Health::default() };
    }
    let ((versions, projects), releases, similar, dependents, support) = join5(
        versions_and_projects(client, wanted),
        packages::releases(client, wanted.of(&[Data::Releases])),
        packages::similar(client, wanted),
        packages::dependents(client, wanted),
        lifecycle::support(client, wanted),
    )
    .await;
    let released: Facts<'_, Vec<Release>> =
        wanted.of(&[Data::Releases]).map(|asked| (asked, packages::released(&releases, asked))).collect();
    let mut learnt = Learnt::of(versions);
    learnt.announce(&released);
    learnt.announce(&similar);
    learnt.announce(&dependents);
    learnt.announce(&support);
    learnt.put(released, |health| &mut health.releases);
    learnt.put(similar, |health| &mut health.similar);
    learnt.put(dependents, |health| &mut health.dependents);
    learnt.put(support, |health| &mut health.support);
    let earlier = earlier::provenance(client, wanted, releases, &learnt.packages).await;
    learnt.put(earlier, |health| &mut health.earlier_provenance);
    let (packages, unanswered) = learnt.finish();
    Health { is_offline: false, packages, unanswered, projects, own: wanted.own.clone() }
}

/// One fact of each of some packages.
type Facts<'w, T> = Vec<(&'w Asked, Fact<T>)>;

/// What is learnt about versions, and why nothing is of the others.
type Versions<'w> = (Packages, Vec<(&'w Asked, Missing)>);

/// What was learnt so far. Nothing is stored of a package as long as all that is known of it is that there is no network:
/// in a run without one that is so of most.
struct Learnt<'w> {
    packages: Packages,
    /// Of which something is not known for that reason; some more than once.
    cut_off: Vec<PackageIndex>,
    /// Of whose versions nothing was learnt, in the order of the packages, and why.
    unversioned: Vec<(&'w Asked, Missing)>,
}

impl<'w> Learnt<'w> {
    fn of((packages, mut unversioned): Versions<'w>) -> Self {
        unversioned.sort_by_key(|(asked, _)| asked.package);
        let cut_off = unversioned.iter().map(|(asked, _)| asked.package).collect();
        Self { packages, cut_off, unversioned }
    }

    /// Makes room for every package of which one of these facts is more than that there is no network.
    fn announce<T>(&mut self, facts: &Facts<'w, T>) {
        for (asked, fact) in facts {
            if is_offline(fact) {
                self.cut_off.push(asked.package);
            } else if let Entry::Vacant(place) = self.packages.entry(asked.package) {
                let health = place.insert(PackageHealth::NOT_ASKED);
                if let Ok(at) = self.unversioned.binary_search_by_key(&asked.package, |(asked, _)| asked.package) {
                    let (asked, missing) = self.unversioned[at];
                    deps_dev::tell_nothing(asked.name(), missing, health);
                }
            }
        }
    }

    fn put<T>(&mut self, facts: Facts<'w, T>, of: fn(&mut PackageHealth) -> &mut Fact<T>) {
        for (asked, fact) in facts {
            if let Some(health) = self.packages.get_mut(&asked.package) {
                *of(health) = fact;
            }
        }
    }

    /// What is stored, and the packages of which nothing is.
    fn finish(self) -> (Packages, Vec<PackageIndex>) {
        let Self { packages, mut cut_off, .. } = self;
        cut_off.sort_unstable();
        cut_off.dedup();
        cut_off.retain(|package| !packages.contains_key(package));
        (packages, cut_off)
    }
}

fn is_offline<T>(fact: &Fact<T>) -> bool {
    fact.missing().is_some_and(|missing| missing.why == Why::Offline)
}

/// deps.dev is not asked about what cannot be in a registry: it would not know it.
fn unasked() -> SourceError {
    SourceError { service: source::DEPS_DEV, why: Why::NotFound, message: "it was not asked".to_owned() }
}

/// An answer as a fact: what the service does not know is unknown.
fn fact<T>(source: &'static str, answer: Result<Answer<T>, SourceError>) -> Fact<T> {
    match answer {
        Ok(Answer { value: Some(value), as_of }) => Fact::Known(value, Origin { source, as_of: Some(as_of) }),
        Ok(Answer { value: None, .. }) => Fact::Unknown(Missing { source, why: Why::NotFound }),
        Err(error) => Fact::Unknown(error.missing()),
    }
}

/// Asks about each of some things once, as many at once as the client lets through.
async fn each<K: Ord, T>(keys: BTreeSet<K>, ask: impl AsyncFn(&K) -> T) -> BTreeMap<K, T> {
    let ask = &ask;
    let asked = keys.into_iter().map(async |key| {
        let answer = ask(&key).await;
        (key, answer)
    });
    stream::iter(asked).buffer_unordered(WINDOW).collect().await
}

/// What deps.dev says of versions, and with it what is known about the projects that they name.
async fn versions_and_projects<'w>(
    client: &Client,
    wanted: &'w Wanted,
) -> (Versions<'w>, BTreeMap<String, ProjectHealth>) {
    // Projects are known by versions.
    let kinds = [Data::Versions, Data::EarlierProvenance, Data::Scorecard, Data::Badge];
    let asked: Vec<&Asked> = wanted.of(&kinds).collect();
    let askable = asked.iter().filter(|asked| asked.is_askable());
    let versions = versions(client, askable.map(|asked| asked.question())).await;
    let (mut packages, mut untold) = (Packages::new(), Vec::new());
    for asked in asked {
        let answer = versions.binary_search_by(|(question, _)| question.key().cmp(&asked.key()));
        let missing = match answer.ok().and_then(|at| versions.get(at)).map(|(_, answer)| answer) {
            Some(Ok(Answer { value: Some(version), as_of })) => {
                let health = packages.entry(asked.package).or_insert(PackageHealth::NOT_ASKED);
                version.tell(asked.name(), *as_of, health);
                continue;
            }
            Some(Ok(_)) | None => unasked().missing(),
            Some(Err(error)) => error.missing(),
        };
        // Of Go the name tells something all the same.
        if missing.why == Why::Offline && asked.ecosystem != Ecosystem::Go {
            untold.push((asked, missing));
        } else {
            let health = packages.entry(asked.package).or_insert(PackageHealth::NOT_ASKED);
            deps_dev::tell_nothing(asked.name(), missing, health);
        }
    }
    let projects = projects::projects(client, wanted, &packages).await;
    ((packages, untold), projects)
}

/// What deps.dev says of versions, ordered by the question, each of which is asked once.
async fn versions(
    client: &Client,
    questions: impl Iterator<Item = VersionQuestion>,
) -> Vec<(VersionQuestion, Result<Answer<Version>, SourceError>)> {
    let mut questions: Vec<VersionQuestion> = questions.collect();
    questions.sort_unstable();
    questions.dedup();
    let answers = deps_dev::batch(client, &questions).await;
    questions.into_iter().zip(answers).collect()
}

/// An answer that can be that there is none.
fn optional<T>(source: &'static str, answer: Result<Answer<Option<T>>, SourceError>) -> Fact<T> {
    match fact(source, answer) {
        Fact::Known(Some(value), origin) => Fact::Known(value, origin),
        Fact::Known(None, origin) | Fact::Absent(origin) => Fact::Absent(origin),
        Fact::Unknown(missing) => Fact::Unknown(missing),
    }
}
