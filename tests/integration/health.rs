//! Asking about health: each service for what is wanted, each question once, and nothing taken for known that did not
//! come back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use osprey::model::{
    Badge, Data, Ecosystem, Evidence, Fact, Health, Missing, PackageHealth, PackageIndex, Scope, Why, source,
};
use osprey::source::{
    Asked, Client, DEPS_DEV, EPSS, KEV, SCORECARD, SERVICES, Settings, Wanted, address, block_on, epss, exploited,
    learn,
};
use serde_json::{Value, json};

use crate::services::{
    Fault, On, Provenance, RetryAfter, Service, Services, Settings as Behaviour, Silent, System, To, World, environment,
};

const NOW: &str = "2026-11-22T09:00:00Z";

/// Everything but badges, which are asked for one a second.
const QUICK: &[Data] = &[
    Data::Versions,
    Data::Releases,
    Data::Similar,
    Data::Dependents,
    Data::Scorecard,
    Data::OwnScorecard,
    Data::Lifecycle,
];

/// A run's client, which asks those services and keeps what they say in that folder.
struct Run {
    client: Client,
    deadline: Duration,
}

impl Run {
    fn of(services: &Services, cache: Option<&Path>) -> Self {
        Self::at(services.environment(), cache, NOW, Duration::from_secs(30))
    }

    fn at(environment: Vec<(&'static str, String)>, cache: Option<&Path>, now: &str, deadline: Duration) -> Self {
        let cache = cache.map(Path::to_owned);
        Self { client: Client::new(settings(environment, cache, now, deadline)), deadline }
    }

    fn offline(environment: Vec<(&'static str, String)>, cache: Option<&Path>) -> Self {
        let settings = settings(environment, cache.map(Path::to_owned), NOW, Duration::from_secs(5));
        Self { client: Client::new(Settings { online: false, ..settings }), deadline: Duration::from_secs(5) }
    }

    fn block<T>(&self, work: impl Future<Output = T>) -> T {
        let started = std::time::Instant::now();
        let value = block_on(self.client.is_online(), work).unwrap();
        let took = started.elapsed();
        assert!(took < self.deadline + Duration::from_secs(10), "{took:?}");
        value
    }

    /// Whether the catalogue and the scores are known.
    fn learn_threats(&self, cves: &BTreeSet<String>) -> [bool; 2] {
        let (listed, scores) =
            self.block(async { (exploited(&self.client, cves).await, epss(&self.client, cves).await) });
        [listed.is_ok(), scores.is_ok()]
    }

    fn learn(&self, wanted: &Wanted) -> Health {
        self.block(learn(&self.client, wanted))
    }
}

fn settings(
    environment: Vec<(&'static str, String)>,
    cache: Option<PathBuf>,
    now: &str,
    deadline: Duration,
) -> Settings {
    let base = |(variable, text): (&'static str, String)| {
        let service = SERVICES.iter().find(|service| service.variable == variable).unwrap();
        (service.id, address(service, variable, &text).unwrap())
    };
    let bases = environment.into_iter().map(base).collect();
    Settings { online: true, bases, cache, deadline, now: now.parse().unwrap() }
}

fn system(ecosystem: Ecosystem) -> System {
    System::of_ecosystem(ecosystem.osv_name()).unwrap()
}

/// Packages as a graph has them: of every ecosystem, the first `direct` of each direct.
fn packages(each: usize, direct: usize) -> Vec<Asked> {
    let mut packages = Vec::new();
    for number in 0..each {
        for (ecosystem, name, version) in [
            (Ecosystem::Npm, format!("made-up-{number}"), format!("1.0.{number}")),
            (Ecosystem::PyPi, format!("made-up-{number}"), format!("1.0.{number}")),
            (Ecosystem::CratesIo, format!("made_up_{number}"), format!("1.0.{number}")),
            (Ecosystem::Go, format!("github.com/MadeUp/module-{number}/v2"), format!("v2.0.{number}+incompatible")),
        ] {
            packages.push((ecosystem, name, version, number < direct));
        }
    }
    let asked =
        |(package, (ecosystem, name, version, is_direct))| Asked { package, ecosystem, name, version, is_direct };
    (0..).zip(packages).map(asked).collect()
}

fn one(ecosystem: Ecosystem, name: &str, version: &str) -> Asked {
    Asked { package: 0, ecosystem, name: name.to_owned(), version: version.to_owned(), is_direct: true }
}

fn world(packages: &[Asked]) -> World {
    let known: Vec<(System, &str, &str)> =
        packages.iter().map(|asked| (system(asked.ecosystem), asked.name.as_str(), asked.version.as_str())).collect();
    World::generate(&known, 7)
}

fn wanted(packages: Vec<Asked>, kinds: &[Data]) -> Wanted {
    Wanted { packages, needs: kinds.iter().map(|kind| (*kind, Scope::Direct)).collect(), own: None }
}

/// What is known, without when it was said: an answer that was kept has lost the fractions of its second.
fn timeless(health: &Health) -> String {
    let text = format!("{health:#?}");
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let is_time = lines.last().is_some_and(|last| last.trim_start().starts_with("as_of:"));
        if !is_time {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn counts(services: &Services) -> BTreeMap<(&'static str, &'static str), usize> {
    services.counts().into_iter().map(|((service, endpoint), count)| ((service.id(), endpoint), count)).collect()
}

fn why<T>(fact: &Fact<T>) -> Option<Why> {
    fact.missing().map(|missing| missing.why)
}

/// 263 packages, 19 of them direct: the first have two versions of one name and two packages of one project.
fn many() -> (World, Vec<Asked>) {
    let packages = packages(65, 4);
    let mut world = world(&packages);
    // A second version of a direct package, and two packages of one project.
    let more = [
        one(Ecosystem::Npm, "made-up-0", "2.0.0"),
        one(Ecosystem::Npm, "@group/a", "1.0.0"),
        one(Ecosystem::Npm, "@group/b", "1.0.0"),
    ];
    let mut packages = packages;
    for (package, asked) in (1000..).zip(more) {
        packages.push(Asked { package, ..asked });
    }
    let newer = world.version(System::Npm, "made-up-0", "1.0.0").clone();
    let newer = crate::services::Version { version: "2.0.0".to_owned(), ..newer };
    world.package(System::Npm, "made-up-0").versions.push(newer);
    world.add_healthy(&[(System::Npm, "@group/a", "1.0.0"), (System::Npm, "@group/b", "1.0.0")], 7);
    // Of two direct projects and one other deps.dev has no copy of the Scorecard; one project it does not know.
    for repository in
        ["github.com/Made-up-1/made-up-1", "github.com/Made_up_2/made_up_2", "github.com/MadeUp/module-30"]
    {
        world.scorecard(repository).is_at_deps_dev = false;
    }
    world.forget_project("github.com/MadeUp/module-3");
    world.products.insert("made".to_owned(), product("made", "pkg:pypi/made-up-1", &[("1", "2030-01-31", false)]));
    let own = world.good_scorecard("github.com/Example/own", 7);
    world.insert_scorecard(own);
    (world, packages)
}

#[test]
fn a_cold_run_asks_each_thing_once_and_a_warm_one_nothing() {
    let (world, packages) = many();
    let services = Services::start(world);
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = wanted(packages, QUICK);
    wanted.needs.insert(Data::Versions, Scope::All);
    wanted.own = Some("github.com/Example/own".to_owned());
    let first = Run::of(&services, Some(folder.path())).learn(&wanted);

    let direct: Vec<&Asked> = wanted.packages.iter().filter(|asked| asked.is_direct).collect();
    let names: BTreeSet<_> = direct.iter().map(|asked| (asked.ecosystem, &asked.name)).collect();
    let counted = direct.iter().filter(|asked| asked.ecosystem != Ecosystem::Go).count();
    assert_eq!((wanted.packages.len(), direct.len(), names.len(), counted), (263, 19, 18, 15));
    // The four of npm and PyPI share their projects; @group's are one; the own project is one more.
    let expected = BTreeMap::from([
        (("deps.dev", "versionbatch"), 3),
        (("deps.dev", "projectbatch"), 1),
        (("deps.dev", "package"), names.len()),
        (("deps.dev", "similarlyNamedPackages"), names.len()),
        (("deps.dev", "dependents"), counted),
        // Two without a copy, one that deps.dev does not know; and the own one, which it does not know either.
        (("scorecard", "project"), 4),
        (("endoflife", "identifiers"), 1),
        (("endoflife", "product"), 1),
    ]);
    assert_eq!(counts(&services), expected);
    for asked in services.requests() {
        assert!(asked.headers["user-agent"].starts_with("osprey/"), "{}", asked.target);
        assert_ne!(asked.status, 400, "{}", asked.target);
    }
    for asked in &wanted.packages {
        let health = first.package(asked.package);
        assert!(health.published.known().is_some(), "{asked:?}");
        assert_eq!(health.releases.known().is_some(), asked.is_direct, "{asked:?}");
    }

    services.forget_requests();
    let second = Run::of(&services, Some(folder.path())).learn(&wanted);
    assert_eq!(services.requests().len(), 0);
    assert_eq!(timeless(&second), timeless(&first));

    let silent = Silent::start();
    let run = Run::offline(services.environment(), Some(folder.path()));
    assert_eq!(run.learn(&wanted), second);
    assert_eq!(services.requests().len(), 0);
    assert_eq!(silent.finish(), [""; 0]);

    // A lockfile that changed asks about what is new in it.
    services.change(|world| world.add_healthy(&[(System::Npm, "brand-new", "1.2.3")], 7));
    wanted.packages.push(Asked { package: 5000, ..one(Ecosystem::Npm, "brand-new", "1.2.3") });
    let third = Run::of(&services, Some(folder.path())).learn(&wanted);
    assert!(third.package(5000).published.known().is_some());
    assert_eq!(counts(&services).into_values().collect::<Vec<_>>(), [1; 5]);
    assert!(services.requests().iter().all(|asked| asked.body_length < 200), "one question each");
}

pub(crate) fn product(name: &str, purl: &str, cycles: &[(&str, &str, bool)]) -> Value {
    let release = |(cycle, ends, has_ended): &(&str, &str, bool)| {
        json!({"name": cycle, "label": cycle, "releaseDate": "2020-01-01", "isLts": false, "ltsFrom": null,
            "isEol": has_ended, "eolFrom": ends, "isMaintained": !has_ended, "latest": null, "custom": null})
    };
    let releases: Vec<Value> = cycles.iter().map(release).collect();
    json!({"name": name, "label": name.to_uppercase(), "aliases": [], "category": "framework", "tags": [],
        "identifiers": [{"id": purl, "type": "purl"}], "releases": releases})
}

#[test]
fn what_the_services_know_comes_back_as_facts() {
    let packages = packages(2, 2);
    let mut world = world(&packages);
    let [npm, pypi, cargo, go] = [0, 1, 2, 3].map(|at: usize| packages[at].clone());
    world.version(System::Npm, &npm.name, &npm.version).deprecated = Some("use another".to_owned());
    world.package(System::Npm, &npm.name).similar = vec!["made-down-0".to_owned()];
    world.version(System::PyPi, &pypi.name, &pypi.version).status = Some(("archived".to_owned(), "done".to_owned()));
    world.package(System::Cargo, &cargo.name).licenses.clear();
    world.without_project(System::Cargo, &cargo.name);
    world.products.insert("made".to_owned(), product("made", "pkg:pypi/made-up-0", &[("1.0", "2026-01-31", true)]));
    let claimed = "github.com/Popular/Thing";
    world.package(System::PyPi, &pypi.name).repository = Some(claimed.to_owned());

    let services = Services::start(world);
    let health = Run::of(&services, None).learn(&wanted(packages, QUICK));
    let of = |asked: &Asked| health.package(asked.package);
    assert_eq!(of(&npm).withdrawn.known().map(String::as_str), Some("use another"));
    assert_eq!(of(&npm).similar.known().unwrap(), &["made-down-0"]);
    assert!(of(&npm).dependents.known().is_some_and(|count| *count > 500));
    assert!(of(&npm).provenance.known().unwrap().verified);
    let releases: Vec<_> =
        of(&npm).releases.known().unwrap().iter().map(|r| (r.version.as_str(), r.is_withdrawn)).collect();
    assert_eq!(releases, [("0.0.1", false), ("1.0.0", true)]);
    let repository = of(&npm).repository.known().unwrap();
    assert_eq!(
        (repository.project.as_str(), repository.evidence),
        ("github.com/Made-up-0/made-up-0", Evidence::Attested)
    );
    let project = health.project(&repository.project);
    assert!(project.scorecard.known().unwrap().score.is_some_and(|score| score > 7.0));
    assert!(project.stars.known().is_some());

    assert_eq!(of(&pypi).project_status.known().map(String::as_str), Some("archived"));
    let repository = of(&pypi).repository.known().unwrap();
    assert_eq!((repository.evidence, repository.contradicted.as_deref()), (Evidence::Attested, Some(claimed)));
    let support = of(&pypi).support.known().unwrap();
    assert_eq!((support.product.as_str(), support.cycle.as_str(), support.has_ended), ("MADE", "1.0", true));

    assert!(matches!(of(&cargo).repository, Fact::Absent(_)) && matches!(of(&cargo).withdrawn, Fact::Absent(_)));
    assert_eq!((why(&of(&cargo).licenses), why(&of(&cargo).provenance)), (Some(Why::NotTold), Some(Why::NotTold)));
    assert!(matches!(of(&cargo).support, Fact::Absent(_)) && matches!(of(&cargo).similar, Fact::Absent(_)));

    let repository = of(&go).repository.known().unwrap();
    assert_eq!((repository.project.as_str(), repository.evidence), ("github.com/MadeUp/module-0", Evidence::Origin));
    assert_eq!(why(&of(&go).dependents), Some(Why::NotTold));
}

#[test]
fn what_a_service_does_not_know_is_unknown_and_stays_so_for_a_day() {
    let packages = packages(1, 1);
    let mut world = world(&packages);
    let [npm, pypi, cargo, go] = [0, 1, 2, 3].map(|at: usize| packages[at].clone());
    world.forget_package(System::Npm, &npm.name);
    world.forget_version(System::PyPi, &pypi.name, &pypi.version);
    let repository = "github.com/Made_up_0/made_up_0";
    world.forget_scorecard(repository);
    world.scorecard("github.com/MadeUp/module-0").is_at_deps_dev = false;
    // The service tells upper from lower case.
    world.scorecard("github.com/MadeUp/module-0").repository = "github.com/madeup/module-0".to_owned();
    world.products.insert("made".to_owned(), product("made", "pkg:pypi/made", &[("1.0", "2030-01-31", false)]));
    let services = Services::start(world);
    let folder = tempfile::tempdir().unwrap();
    let wanted = wanted(packages, QUICK);
    let health = Run::of(&services, Some(folder.path())).learn(&wanted);
    let of = |asked: &Asked| health.package(asked.package);
    for unknown in
        [why(&of(&npm).published), why(&of(&npm).releases), why(&of(&npm).similar), why(&of(&npm).dependents)]
    {
        assert_eq!(unknown, Some(Why::NotFound));
    }
    assert_eq!(why(&of(&pypi).published), Some(Why::NotFound));
    assert!(of(&pypi).releases.known().is_some());
    let missing = Some(Missing { source: source::SCORECARD, why: Why::NotFound });
    assert_eq!(health.project(repository).scorecard.missing(), missing);
    assert_eq!(health.project_of(cargo.package).unwrap().0, repository);
    assert_eq!(health.project_of(go.package).unwrap().1.scorecard.missing(), missing);
    assert_eq!(health.project_of(npm.package).unwrap_err().why, Why::NotFound);
    services.forget_requests();
    Run::of(&services, Some(folder.path())).learn(&wanted);
    assert_eq!(services.requests().len(), 0);
    Run::at(services.environment(), Some(folder.path()), "2026-11-23T09:00:01Z", Duration::from_secs(30))
        .learn(&wanted);
    assert!(
        services.count(Service::Scorecard, "project") == 2 && services.count(Service::DepsDev, "versionbatch") == 1
    );
}

#[test]
fn pages_may_be_short() {
    let packages = packages(60, 0);
    let whole = Services::start(world(&packages));
    let wanted = Wanted { needs: BTreeMap::from([(Data::Scorecard, Scope::All)]), ..wanted(packages.clone(), &[]) };
    let expected = Run::of(&whole, None).learn(&wanted);
    let short = Services::with(world(&packages), Behaviour { deps_dev_page: 30, ..Behaviour::default() });
    let health = Run::of(&short, None).learn(&wanted);
    assert_eq!(timeless(&health), timeless(&expected));
    // Two bodies of a hundred and one of forty.
    assert_eq!(short.count(Service::DepsDev, "versionbatch"), 4 + 4 + 2);
    assert_eq!(whole.count(Service::DepsDev, "versionbatch"), 3);
}

#[test]
fn two_spellings_of_a_version_are_both_answered() {
    let services =
        Services::start(world(&[one(Ecosystem::PyPi, "django", "3.0.0"), one(Ecosystem::PyPi, "flask", "2.0")]));
    let spellings = ["3.0", "3.0.0", "3"].map(|version| one(Ecosystem::PyPi, "django", version));
    let packages: Vec<Asked> = spellings.into_iter().chain([one(Ecosystem::PyPi, "flask", "2.0")]).collect();
    let packages = (0..).zip(packages).map(|(package, asked)| Asked { package, ..asked }).collect();
    let health = Run::of(&services, None).learn(&wanted(packages, &[Data::Versions]));
    let published = |package: PackageIndex| health.package(package).published.known().copied();
    assert!(published(0).is_some() && published(0) == published(1) && published(1) == published(2));
    assert!(published(3).is_some() && published(3) != published(0));
}

#[test]
fn a_page_that_fails_costs_its_own_packages() {
    let packages = packages(60, 0);
    let services = Services::start(world(&packages));
    // One of three bodies, whichever comes second.
    services.set_fault(On::from(Service::DepsDev).endpoint("versionbatch").after(1).first(1), Fault::Status(403));
    let run = Run::of(&services, None);
    let needs = BTreeMap::from([(Data::Versions, Scope::All)]);
    let health = run.learn(&Wanted { packages: packages.clone(), needs, own: None });
    let unknown =
        packages.iter().filter(|asked| why(&health.package(asked.package).published) == Some(Why::Failed)).count();
    let known = packages.iter().filter(|asked| health.package(asked.package).published.known().is_some()).count();
    assert!(matches!(unknown, 40 | 100) && known + unknown == 240, "{unknown}");
    let traffic = run.client.traffic(&DEPS_DEV);
    assert_eq!((traffic.failed, traffic.trouble.is_some()), (1, true));
    // Where a module is, its path says.
    assert!(packages.iter().all(|asked| asked.ecosystem != Ecosystem::Go || health.project_of(asked.package).is_ok()));
}

#[test]
fn a_refused_body_is_halved_and_a_service_that_refuses_everything_is_left_alone() {
    let packages = packages(100, 0);
    let needs = BTreeMap::from([(Data::Versions, Scope::All)]);
    let wanted = Wanted { packages: packages.clone(), needs, own: None };
    let services = Services::start(world(&packages));
    services.set_fault(On::from(Service::DepsDev).first(2), Fault::Status(400));
    let run = Run::of(&services, None);
    let health = run.learn(&wanted);
    assert!(packages.iter().all(|asked| health.package(asked.package).published.known().is_some()));
    assert_eq!((run.client.traffic(&DEPS_DEV).failed, services.count(Service::DepsDev, "versionbatch")), (0, 2 + 6));

    services.clear_faults();
    services.forget_requests();
    services.set_fault(Service::DepsDev, Fault::Status(400));
    let health = Run::of(&services, None).learn(&wanted);
    assert!(packages.iter().all(|asked| why(&health.package(asked.package).published) == Some(Why::Failed)));
    assert!(services.count(Service::DepsDev, "versionbatch") <= 4 + 2 * 50);
}

/// Every fault that leaves a question without an answer.
fn faults() -> Vec<Fault> {
    vec![
        Fault::TooMany { retry_after: None },
        Fault::TooMany { retry_after: Some(RetryAfter::Seconds(3600)) },
        Fault::TooMany { retry_after: Some(RetryAfter::DateIn(3600)) },
        Fault::Status(400),
        Fault::Status(403),
        Fault::Status(500),
        Fault::Status(304),
        Fault::Timeout,
        Fault::CutBody,
        Fault::CutGzip,
        Fault::SlowBody { bytes_per_second: 10 },
        Fault::WrongType,
        Fault::WrongLeaves,
        Fault::NotJson,
        Fault::Redirect { to: To::Itself },
        Fault::Redirect { to: To::Scheme("ftp") },
        Fault::Redirect { to: To::Port(9) },
        Fault::Oversized { bytes: 70 << 20, is_announced: true },
        Fault::GzipBomb { mebibytes: 70 },
        Fault::Close,
    ]
}

/// What a fault at one kind of request takes away: the facts that it alone tells.
struct Victim {
    service: Service,
    endpoint: &'static str,
    source: &'static str,
    lost: fn(&Health) -> Vec<Option<Missing>>,
    kept: fn(&Health) -> bool,
}

const VICTIMS: &[Victim] = &[
    Victim {
        service: Service::DepsDev,
        endpoint: "versionbatch",
        source: source::DEPS_DEV,
        lost: |health| {
            let PackageHealth { published, withdrawn, licenses, repository, provenance, .. } = health.package(0);
            let facts = [published.missing(), withdrawn.missing(), licenses.missing()];
            facts.into_iter().chain([repository.missing(), provenance.missing()]).collect()
        },
        kept: |health| health.package(0).releases.known().is_some() && health.package(1).support.known().is_some(),
    },
    Victim {
        service: Service::DepsDev,
        endpoint: "projectbatch",
        source: source::DEPS_DEV,
        lost: |health| vec![health.project_of(0).unwrap().1.stars.missing()],
        kept: |health| health.package(0).published.known().is_some(),
    },
    Victim {
        service: Service::DepsDev,
        endpoint: "package",
        source: source::DEPS_DEV,
        lost: |health| vec![health.package(0).releases.missing()],
        kept: |health| health.package(0).published.known().is_some(),
    },
    Victim {
        service: Service::DepsDev,
        endpoint: "similarlyNamedPackages",
        source: source::DEPS_DEV,
        lost: |health| vec![health.package(0).similar.missing()],
        kept: |health| health.package(0).published.known().is_some(),
    },
    Victim {
        service: Service::DepsDev,
        endpoint: "dependents",
        source: source::DEPS_DEV,
        lost: |health| vec![health.package(0).dependents.missing()],
        kept: |health| health.package(0).published.known().is_some(),
    },
    Victim {
        service: Service::Scorecard,
        endpoint: "project",
        source: source::SCORECARD,
        lost: |health| vec![health.project_of(3).unwrap().1.scorecard.missing()],
        kept: |health| health.project_of(0).unwrap().1.scorecard.known().is_some(),
    },
    Victim {
        service: Service::EndOfLife,
        endpoint: "identifiers",
        source: source::END_OF_LIFE,
        lost: |health| vec![health.package(1).support.missing()],
        kept: |health| health.package(1).published.known().is_some(),
    },
    Victim {
        service: Service::EndOfLife,
        endpoint: "product",
        source: source::END_OF_LIFE,
        lost: |health| vec![health.package(1).support.missing()],
        kept: |health| health.package(0).support.missing().is_none(),
    },
];

/// One package of each ecosystem, of which the module's project has no copy of its Scorecard at deps.dev.
fn small() -> (World, Wanted) {
    let packages = packages(1, 1);
    let mut world = world(&packages);
    world.scorecard("github.com/MadeUp/module-0").is_at_deps_dev = false;
    world.products.insert("made".to_owned(), product("made", "pkg:pypi/made-up-0", &[("1.0", "2026-01-31", true)]));
    (world, wanted(packages, QUICK))
}

#[test]
fn no_fault_of_a_service_takes_more_than_its_own_or_longer_than_it_may() {
    std::thread::scope(|scope| {
        for victim in VICTIMS {
            scope.spawn(move || {
                for fault in faults() {
                    let (world, wanted) = small();
                    let services = Services::start(world);
                    services.set_fault(On::from(victim.service).endpoint(victim.endpoint), fault.clone());
                    let what = format!("{} {} {fault:?}", victim.source, victim.endpoint);
                    let run = Run::at(services.environment(), None, NOW, Duration::from_millis(1500));
                    let health = run.learn(&wanted);
                    for lost in (victim.lost)(&health) {
                        let missing = Some(Missing { source: victim.source, why: Why::Failed });
                        assert_eq!(lost, missing, "{what}");
                    }
                    assert!((victim.kept)(&health), "{what}: {health:#?}");
                    let service = SERVICES.iter().find(|service| service.id == victim.source).unwrap();
                    let traffic = run.client.traffic(service);
                    assert!(traffic.failed > 0 && traffic.trouble.is_some_and(|trouble| trouble.len() > 10), "{what}");
                }
            });
        }
    });
}

#[test]
fn scorecard_stands_in_for_the_copies_that_deps_dev_does_not_give() {
    let (world, wanted) = small();
    let services = Services::start(world);
    services.set_fault(On::from(Service::DepsDev).endpoint("projectbatch"), Fault::NotJson);
    let health = Run::of(&services, None).learn(&wanted);
    for package in 0..4 {
        let (_, project) = health.project_of(package).unwrap();
        assert!(project.scorecard.known().is_some() && why(&project.stars) == Some(Why::Failed));
    }
}

#[test]
fn what_is_kept_stands_in_for_services_that_fail() {
    let (world, wanted) = small();
    let services = Services::start(world);
    let folder = tempfile::tempdir().unwrap();
    let first = Run::of(&services, Some(folder.path())).learn(&wanted);
    services.set_fault(On::anything(), Fault::Status(403));
    services.forget_requests();
    let run = Run::at(services.environment(), Some(folder.path()), "2026-11-28T09:00:00Z", Duration::from_secs(5));
    assert_eq!(timeless(&run.learn(&wanted)), timeless(&first));
    assert!(!services.requests().is_empty());
    let traffic = run.client.traffic(&DEPS_DEV);
    assert_eq!(traffic.failed, 0);
    assert!(traffic.stale > 0 && traffic.trouble.is_some(), "{traffic:?}");

    // What is too old to be used is not.
    let late = Run::at(services.environment(), Some(folder.path()), "2027-11-22T09:00:00Z", Duration::from_secs(5));
    assert_eq!(why(&late.learn(&wanted).package(0).published), Some(Why::Failed));
}

#[test]
fn without_a_network_and_a_cache_everything_is_unknown_and_nobody_is_called() {
    let (_, mut wanted) = small();
    wanted.own = Some("github.com/Example/own".to_owned());
    wanted.needs.insert(Data::Badge, Scope::All);
    wanted.needs.insert(Data::EarlierProvenance, Scope::All);
    let silent = Silent::start();
    let run = Run::offline(environment(silent.address()), None);
    let health = run.learn(&wanted);
    let package = health.package(0);
    let facts = [why(&package.published), why(&package.repository), why(&package.releases), why(&package.similar)];
    assert_eq!(facts, [Some(Why::Offline); 4]);
    assert_eq!([why(&package.dependents), why(&package.support)], [Some(Why::Offline); 2]);
    assert_eq!(why(&health.project_of(3).unwrap().1.scorecard), Some(Why::Offline));
    assert_eq!(why(&health.project_of(3).unwrap().1.badge), Some(Why::Offline));
    assert_eq!(why(&health.project("github.com/Example/own").scorecard), Some(Why::Offline));
    let cves = BTreeSet::from(["CVE-2021-44228".to_owned()]);
    assert_eq!(run.block(exploited(&run.client, &cves)).unwrap_err().why, Why::Offline);
    assert_eq!(run.block(epss(&run.client, &cves)).unwrap_err().why, Why::Offline);
    assert_eq!(silent.finish(), [""; 0]);
}

#[test]
fn only_what_is_needed_is_asked_for() {
    for (kind, expected) in [
        (Data::Versions, &[("deps.dev", "versionbatch")][..]),
        (Data::Releases, &[("deps.dev", "package")]),
        (Data::Similar, &[("deps.dev", "similarlyNamedPackages")]),
        (Data::Dependents, &[("deps.dev", "dependents")]),
        (Data::Scorecard, &[("scorecard", "project"), ("deps.dev", "versionbatch"), ("deps.dev", "projectbatch")]),
        (Data::Lifecycle, &[("endoflife", "product"), ("endoflife", "identifiers")]),
        (Data::Local, &[]),
        (Data::OwnScorecard, &[]),
    ] {
        let (world, wanted) = small();
        let services = Services::start(world);
        Run::of(&services, None).learn(&Wanted { needs: BTreeMap::from([(kind, Scope::All)]), ..wanted });
        let asked: Vec<_> = counts(&services).into_keys().collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), expected.into_iter().collect(), "{kind:?}");
    }
}

#[test]
fn the_own_project_is_asked_for_by_its_name() {
    let mut world = World::default();
    let own = world.good_scorecard("github.com/Example/own", 7);
    world.insert_scorecard(own);
    let services = Services::start(world);
    let needs = BTreeMap::from([(Data::OwnScorecard, Scope::Direct)]);
    let wanted = Wanted { packages: Vec::new(), needs, own: Some("github.com/Example/own".to_owned()) };
    let health = Run::of(&services, None).learn(&wanted);
    assert_eq!(health.own.as_deref(), Some("github.com/Example/own"));
    assert!(health.project("github.com/Example/own").scorecard.known().is_some());
    let expected = BTreeMap::from([(("deps.dev", "projectbatch"), 1), (("scorecard", "project"), 1)]);
    assert_eq!(counts(&services), expected);
}

#[test]
fn attestations_that_are_gone_are_noticed() {
    let packages: Vec<Asked> = [
        (Ecosystem::Npm, "regressed", "3.0.0"),
        (Ecosystem::Npm, "never-attested", "3.0.0"),
        (Ecosystem::Npm, "attested", "3.0.0"),
        (Ecosystem::CratesIo, "no-attestations-here", "3.0.0"),
    ]
    .into_iter()
    .zip(0..)
    .map(|((ecosystem, name, version), package)| Asked { package, ..one(ecosystem, name, version) })
    .collect();
    let mut world = world(&packages);
    world.regress(System::Npm, "regressed");
    for version in &mut world.package(System::Npm, "never-attested").versions {
        version.provenance = None;
    }
    let services = Services::start(world);
    let needs = BTreeMap::from([(Data::EarlierProvenance, Scope::All)]);
    let health = Run::of(&services, None).learn(&Wanted { packages, needs, own: None });
    let earlier = |package| &health.package(package).earlier_provenance;
    assert_eq!(earlier(0).known().map(String::as_str), Some("0.0.1"));
    assert!(matches!(earlier(1), Fact::Absent(_)));
    assert_eq!([why(earlier(2)), why(earlier(3))], [Some(Why::NotAsked); 2]);
    let expected = BTreeMap::from([(("deps.dev", "package"), 2), (("deps.dev", "versionbatch"), 2)]);
    assert_eq!(counts(&services), expected);
}

#[test]
fn an_attestation_that_was_not_verified_is_no_earlier_one() {
    let asked = one(Ecosystem::Npm, "regressed", "3.0.0");
    let mut world = world(std::slice::from_ref(&asked));
    world.regress(System::Npm, "regressed");
    let repository = "github.com/Regressed/regressed".to_owned();
    world.version(System::Npm, "regressed", "0.0.1").provenance = Some(Provenance { repository, verified: false });
    let services = Services::start(world);
    let health = Run::of(&services, None).learn(&wanted(vec![asked], &[Data::EarlierProvenance]));
    assert!(matches!(health.package(0).earlier_provenance, Fact::Absent(_)));
}

#[test]
fn badges_are_found_by_the_exact_address_or_in_lower_case_one_a_second() {
    let packages: Vec<Asked> = ["exact", "lower", "none"]
        .into_iter()
        .zip(0..)
        .map(|(name, package)| Asked { package, ..one(Ecosystem::CratesIo, name, "1.0.0") })
        .collect();
    let mut world = world(&packages);
    let badge = |id: u32, url: &str, level: &str| json!({"id": id, "name": url, "homepage_url": "", "repo_url": url, "badge_level": level});
    world.badges = vec![
        badge(1, "https://github.com/Exact/exact", "passing"),
        badge(2, "https://github.com/Exact/exact", "silver"),
        badge(3, "https://github.com/lower/lower", "gold"),
    ];
    let services = Services::with(world, Behaviour { best_practices_limits: true, ..Behaviour::default() });
    let wanted = wanted(packages, &[Data::Badge]);
    let started = std::time::Instant::now();
    let health = Run::of(&services, None).learn(&wanted);
    assert!(started.elapsed() >= Duration::from_secs(4), "five requests in {:?}", started.elapsed());
    let badge = |package| &health.project_of(package).unwrap().1.badge;
    assert_eq!((badge(0).known(), badge(1).known()), (Some(&Badge::Silver), Some(&Badge::Gold)));
    assert!(matches!(badge(2), Fact::Absent(_)));
    assert_eq!(services.count(Service::BestPractices, "projects"), 5);
}

#[test]
fn the_scorecard_knows_a_badge_where_the_service_fails() {
    let asked = one(Ecosystem::CratesIo, "passing", "1.0.0");
    let mut world = world(std::slice::from_ref(&asked));
    world.scorecard("github.com/Passing/passing").set("CII-Best-Practices", 5, "badge detected: Passing");
    let services = Services::start(world);
    services.set_fault(Service::BestPractices, Fault::Status(403));
    let health = Run::of(&services, None).learn(&wanted(vec![asked], &[Data::Badge, Data::Scorecard]));
    assert_eq!(health.project_of(0).unwrap().1.badge.known(), Some(&Badge::Passing));
}

#[test]
fn a_product_that_was_renamed_is_followed() {
    let asked = [one(Ecosystem::PyPi, "django", "4.2.7"), one(Ecosystem::Go, "stdlib", "1.21.3")];
    let packages: Vec<Asked> = (0..).zip(asked).map(|(package, asked)| Asked { package, ..asked }).collect();
    let mut world = World::default();
    world.products.insert("django".to_owned(), product("django", "pkg:pypi/django", &[("4.2", "2026-04-30", true)]));
    world.products.insert("golang".to_owned(), product("golang", "pkg:golang/x", &[("1.21", "2024-08-13", true)]));
    world.renamed_products.insert("go".to_owned(), "golang".to_owned());
    let services = Services::start(world);
    let health = Run::of(&services, None).learn(&wanted(packages, &[Data::Lifecycle]));
    let cycle = |package| health.package(package).support.known().unwrap().cycle.clone();
    assert_eq!((cycle(0), cycle(1)), ("4.2".to_owned(), "1.21".to_owned()));
}

/// CVEs and the services with a catalogue and a table of so many.
fn threats(entries: u32) -> (BTreeSet<String>, Services) {
    let mut world = World::default();
    for number in 1..=entries {
        world.kev.add(&format!("CVE-2021-{number:05}"), "2021-12-10");
        world.epss.set(&format!("CVE-2021-{number:05}"), "0.97224", "0.99999");
    }
    let cves = ["CVE-2021-00001", "CVE-2021-99999"].map(str::to_owned).into();
    (cves, Services::start(world))
}

#[test]
fn threats_are_looked_up_in_files_of_the_day() {
    let (cves, services) = threats(20);
    for (date, ends_with_newline) in [("2026-11-22T12:55:00Z", true), ("2026-11-22T00:00:00+0000", false)] {
        services.change(|world| {
            date.clone_into(&mut world.epss.date);
            world.epss.ends_with_newline = ends_with_newline;
        });
        services.forget_requests();
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let run = Run::of(&services, Some(folder.path()));
            let listed = run.block(exploited(&run.client, &cves)).unwrap().value.unwrap();
            assert_eq!(listed.keys().collect::<Vec<_>>(), ["CVE-2021-00001"]);
            let scores = run.block(epss(&run.client, &cves)).unwrap().value.unwrap();
            assert_eq!(scores["CVE-2021-00001"].score, 0.97224);
            assert_eq!(scores.len(), 1);
        }
        let expected = [(("epss", "current"), 1), (("epss", "dated"), 1), (("kev", "catalogue"), 1)];
        assert_eq!(counts(&services), BTreeMap::from(expected));
    }
}

#[test]
fn a_catalogue_that_lost_entries_is_not_believed() {
    let (cves, services) = threats(20);
    let folder = tempfile::tempdir().unwrap();
    let at = |now: &str| {
        let run = Run::at(services.environment(), Some(folder.path()), now, Duration::from_secs(5));
        let listed = run.block(exploited(&run.client, &cves));
        (listed.map(|answer| answer.value.unwrap().len()), run.client.traffic(&KEV))
    };
    assert_eq!(at(NOW).0, Ok(1));
    for (spoil, said) in [
        ((|world: &mut World| world.kev.entries.truncate(2)) as fn(&mut World), "shrank from 20 entries to 2"),
        (|world| world.kev.count = Some(7), "it has 7 entries"),
        (|world| world.kev.entries.clear(), "says that it has"),
    ] {
        services.change(spoil);
        let (listed, traffic) = at("2026-11-24T09:00:00Z");
        assert_eq!(listed, Ok(1), "the one before stands in");
        assert!(
            traffic.stale == 1 && traffic.trouble.as_ref().is_some_and(|trouble| trouble.contains(said)),
            "{traffic:?}"
        );
    }
    // A tenth may go.
    services.change(|world| {
        world.kev = Default::default();
        (1..=18).for_each(|number| world.kev.add(&format!("CVE-2021-{number:05}"), "2021-12-10"));
    });
    assert_eq!(at("2026-11-24T09:00:00Z").1.stale, 0);
    let alone = Run::of(&services, None);
    services.change(|world| world.kev.count = Some(7));
    let error = alone.block(exploited(&alone.client, &cves)).unwrap_err();
    assert_eq!((error.service, error.why), (source::KEV, Why::Failed));
}

#[test]
fn no_fault_makes_threats_known() {
    for fault in faults() {
        let (cves, services) = threats(3);
        services.set_fault(On::from(Service::Kev), fault.clone());
        services.set_fault(On::from(Service::Epss), fault.clone());
        let run = Run::at(services.environment(), None, NOW, Duration::from_millis(1200));
        let (listed, scores) = run
            .block(async { futures_util::future::join(exploited(&run.client, &cves), epss(&run.client, &cves)).await });
        assert_eq!(listed.unwrap_err().why, Why::Failed, "{fault:?}");
        assert_eq!(scores.unwrap_err().why, Why::Failed, "{fault:?}");
        for service in [&KEV, &EPSS] {
            assert_eq!(run.client.traffic(service).failed, 1, "{fault:?}");
        }
    }
}

#[test]
fn what_a_hostile_lockfile_makes_up_is_not_sent() {
    let names = ["", "a b", "..", "a\r\nHost: b", "\u{0}", "../../etc/passwd", "a?b#c", &"x".repeat(2000)];
    let mut packages: Vec<Asked> =
        (0..).zip(names).map(|(package, name)| Asked { package, ..one(Ecosystem::Npm, name, "1.0.0") }).collect();
    packages.push(Asked { package: 100, ..one(Ecosystem::Npm, "left-pad", "1.3.0") });
    packages.push(Asked { package: 101, ..one(Ecosystem::Npm, "left-pad", "1.3.0\n") });
    let services = Services::start(world(&[one(Ecosystem::Npm, "left-pad", "1.3.0")]));
    let run = Run::of(&services, None);
    let health = run.learn(&wanted(packages, QUICK));
    assert_eq!(why(&health.package(101).published), Some(Why::NotFound));
    for package in 0..8 {
        assert_eq!(why(&health.package(package).published), Some(Why::NotFound), "{package}");
        assert_eq!(why(&health.package(package).similar), Some(Why::NotFound), "{package}");
    }
    assert!(health.package(100).published.known().is_some());
    let traffic = run.client.traffic(&DEPS_DEV);
    assert_eq!(traffic.failed, 0, "{traffic:?}");
    assert_eq!(run.client.traffic(&SCORECARD).failed, 0);
    for asked in services.requests() {
        assert!(asked.service.is_some() && asked.endpoint != "unknown", "{}", asked.target);
    }
}

#[test]
fn an_empty_catalogue_clears_nobody_and_one_that_is_gone_does_not_take_the_place_of_the_last() {
    let (cves, services) = threats(3);
    let folder = tempfile::tempdir().unwrap();
    assert!(Run::of(&services, Some(folder.path())).learn_threats(&cves).iter().all(|known| *known));
    services.set_fault(On::from(Service::Kev), Fault::Status(404));
    services.set_fault(On::from(Service::Epss), Fault::Status(404));
    let later = Run::at(services.environment(), Some(folder.path()), "2026-11-24T09:00:00Z", Duration::from_secs(5));
    assert!(later.learn_threats(&cves).iter().all(|known| *known), "what is kept stands in");
    let alone = Run::of(&services, None);
    assert!(alone.learn_threats(&cves).iter().all(|known| !known));
    for service in [&KEV, &EPSS] {
        assert!(later.client.traffic(service).stale == 1 && alone.client.traffic(service).failed == 1);
    }
    services.clear_faults();
    services.change(|world| {
        world.kev = Default::default();
        world.epss = Default::default();
    });
    assert!(Run::of(&services, None).learn_threats(&cves).iter().all(|known| !known));
}
