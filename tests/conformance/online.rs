//! The same findings from the index and from a service that answers by name or by version, over real lockfiles.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use osprey::database::{DatabaseError, Index};
use osprey::model::{Data, Level, Report};
use osprey::policy::{Policy, Profile};
use osprey::rule::rules;
use osprey::scan::{Knowledge, Preference, Request, Selection, scan};
use osprey::source::{Client, SERVICES, address};

use crate::Tally;
use crate::services::{Mode, Service, Services, Settings, World};

/// When the advisories at hand were exported.
const TODAY: Date = Date::constant(2026, 8, 22);

/// Scans every tree of the corpus with the index, and with the service in both of its modes.
pub(crate) fn compare(folder: &Path, index: &Index, tally: &mut Tally) {
    let mut world = World::default();
    world.load_bucket(&folder.join("osv"));
    let services = Services::with(world, Settings { mode: Mode::ByName, ..Settings::default() });
    let policy = policy();
    for mode in [Mode::ByName, Mode::Pruned] {
        services.adjust(|settings| settings.mode = mode);
        services.forget_requests();
        // Nothing is kept, so that each mode is asked about everything.
        // Every record is asked for: what an index holds would not be.
        let none = DatabaseError::Missing { path: PathBuf::new() };
        let mut findings = 0;
        for tree in trees(folder) {
            let client = client(&services);
            let by_index =
                report(&tree, &policy, Knowledge { index: Ok(index), client: &client, preference: Preference::Index });
            let by_service = report(
                &tree,
                &policy,
                Knowledge { index: Err(&none), client: &client, preference: Preference::Service },
            );
            let what = || format!("{}: {mode:?}: the service and the index differ", tree.display());
            tally.check(by_index.decisions == by_service.decisions, what);
            tally.check(by_index.coverage.packages == by_service.coverage.packages, what);
            tally.check(by_index.gaps().len() == by_service.gaps().len(), || {
                format!("{}: {mode:?}: {:?} against {:?}", tree.display(), by_index.gaps(), by_service.gaps())
            });
            findings += by_service.decisions.len();
        }
        tally.check(findings > 400, || format!("{mode:?}: only {findings} findings in all"));
        let asked = |endpoint| services.count(Service::Osv, endpoint);
        println!(
            "online, {mode:?}: {findings} findings, {} batches, {} records asked for",
            asked("querybatch"),
            asked("vulns")
        );
    }
}

/// The trees of the corpus.
fn trees(folder: &Path) -> Vec<PathBuf> {
    let of = |name: &str| fs::read_dir(folder.join("corpus").join(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut trees: Vec<PathBuf> = of("cargo").chain(of("repos")).filter(|path| path.is_dir()).collect();
    trees.sort();
    trees
}

/// Every rule that rests on advisories alone, at work.
fn policy() -> Policy {
    let mut policy = Policy::built_in(Profile::Greenfield, &rules());
    for rule in rules() {
        let is_of_services = rule.data.iter().any(|data| !matches!(data, Data::Local | Data::Advisories | Data::Epss));
        if is_of_services {
            policy.set_level(rule.id, Level::Off).unwrap();
        }
    }
    policy
}

fn client(services: &Services) -> Client {
    let environment = services.environment();
    let base = |service: &'static osprey::source::Service| {
        let (_, text) = environment.iter().find(|(name, _)| *name == service.variable).unwrap();
        (service.id, address(service, service.variable, text).unwrap())
    };
    Client::new(osprey::source::Settings {
        online: true,
        bases: SERVICES.iter().map(|service| base(service)).collect(),
        cache: None,
        deadline: Duration::from_secs(120),
        now: TODAY.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
    })
}

fn report(tree: &Path, policy: &Policy, knowledge: Knowledge<'_>) -> Report {
    let request = Request {
        selection: Selection { paths: vec![tree.to_owned()], repo_root: Some(tree.to_owned()), ..Selection::default() },
        policy,
        knowledge,
        today: TODAY,
        no_dev: false,
        resolve_cargo: false,
        since: None,
        baseline: None,
        policy_changes: &[],
    };
    scan(&request, &|_| {}).unwrap()
}
