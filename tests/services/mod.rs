//! The services that Osprey asks, played by one local server from a [`World`]: OSV's API and bucket, the `RustSec` archive,
//! Scorecard, deps.dev, KEV, EPSS, Best Practices and endoflife.date, each under its own path of one address.
//!
//! It links nothing of the program that it tests, so that a mistake of the program is not made twice. What it knows of the
//! real services (paths, encodings, limits, errors) stands beside the code that plays each of them.
//!
//! ```text
//! let services = Services::start(World::generate(&[(System::Npm, "lodash", "4.17.21")], 1));
//! command.envs(services.environment());
//! services.set_fault(On::from(Service::Osv).endpoint("querybatch").first(1), Fault::Status(503));
//! assert_eq!(services.count(Service::Osv, "querybatch"), 2);
//! ```
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "two programs include this module, the tests and the one run by hand, and each uses a part of it; a fixture \
              that cannot be read ends both; `Date` and `Retry-After` are the machine's time"
)]

mod best_practices;
mod bucket;
mod conditional;
mod deps_dev;
mod deps_dev_json;
mod endoflife;
mod epss;
mod fault;
mod folder;
mod generate;
mod http;
mod kev;
mod log;
mod osv;
mod records;
mod rustsec;
mod scorecard;
mod server;
mod service;
mod silent;
mod versions;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) use fault::{Fault, On, RetryAfter, To};
pub(crate) use generate::{packages_of, repository};
pub(crate) use log::Recorded;
pub(crate) use osv::Mode;
pub(crate) use records::Record;
pub(crate) use service::{Endpoint, Service, environment};
pub(crate) use silent::Silent;
pub(crate) use world::{Check, Package, Project, Provenance, Related, Scorecard, System, Version, World};

/// How the services behave where the real ones may do this or that.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where to listen; 0 is any free port.
    pub(crate) port: u16,
    /// How OSV's API chooses records.
    pub(crate) mode: Mode,
    /// How many records OSV's API gives for one query in one answer.
    pub(crate) osv_page: usize,
    /// How many records one answer to a batch holds over all of its queries; those beyond get a token only.
    pub(crate) osv_batch_page: usize,
    /// Whether the first page of every query with records holds nothing but a token.
    pub(crate) osv_token_first: bool,
    /// How many responses a page of a deps.dev batch holds.
    pub(crate) deps_dev_page: usize,
    /// Whether `epss_scores-current.csv.gz` leads to the dated file, or is one itself.
    pub(crate) epss_redirects: bool,
    /// Whether the address of the `RustSec` archive leads to another, as GitHub's does.
    pub(crate) rustsec_redirects: bool,
    /// Whether Best Practices refuses what exceeds its published limit: 31 requests in 15 seconds.
    pub(crate) best_practices_limits: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            mode: Mode::Pruned,
            osv_page: 1000,
            osv_batch_page: 3000,
            osv_token_first: false,
            deps_dev_page: 100,
            epss_redirects: true,
            rustsec_redirects: false,
            best_practices_limits: false,
        }
    }
}

/// The running services. They end when this is dropped.
pub(crate) struct Services {
    shared: Arc<server::Shared>,
    address: SocketAddr,
    acceptor: Option<std::thread::JoinHandle<()>>,
}

impl Services {
    /// Starts the services on a free port.
    pub(crate) fn start(world: World) -> Self {
        Self::with(world, Settings::default())
    }

    /// Starts the services with these settings.
    pub(crate) fn with(world: World, settings: Settings) -> Self {
        Self::watched(world, settings, |_| {})
    }

    /// Starts the services and has each answered request told.
    pub(crate) fn watched(world: World, settings: Settings, watch: impl Fn(&Recorded) + Send + Sync + 'static) -> Self {
        let (shared, address, acceptor) = server::start(world, settings, Box::new(watch));
        Self { shared, address, acceptor: Some(acceptor) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address of a service, without a slash at its end.
    pub(crate) fn url(&self, service: Service) -> String {
        service.base(self.address)
    }

    /// The base addresses of all services.
    pub(crate) fn bases(&self) -> Vec<(&'static str, String)> {
        Service::ALL.into_iter().map(|service| (service.id(), self.url(service))).collect()
    }

    /// The variables that lead the program here.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        environment(self.address)
    }

    /// All requests in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.log.requests()
    }

    /// How many requests of each kind came to each service.
    pub(crate) fn counts(&self) -> BTreeMap<(Service, Endpoint), usize> {
        let mut counts = BTreeMap::new();
        for request in self.requests() {
            if let Some(service) = request.service {
                *counts.entry((service, request.endpoint)).or_default() += 1;
            }
        }
        counts
    }

    /// How many requests of that kind came.
    pub(crate) fn count(&self, service: Service, endpoint: Endpoint) -> usize {
        assert!(service.endpoints().contains(&endpoint), "{} has no endpoint {endpoint}", service.id());
        self.counts().get(&(service, endpoint)).copied().unwrap_or_default()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.log.connections()
    }

    /// Forgets what was asked so far.
    pub(crate) fn forget_requests(&self) {
        self.shared.log.empty();
    }

    /// Adds a fault. Of several that meet a request the one that was added first spoils it, and latencies are added up.
    pub(crate) fn set_fault(&self, on: impl Into<On>, fault: Fault) {
        self.shared.faults.lock().unwrap().push((on.into(), fault));
    }

    /// Everything goes well again.
    pub(crate) fn clear_faults(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// Changes what the services know.
    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.shared.world.write().unwrap());
        self.shared.stored.lock().unwrap().clear();
    }

    /// Changes how the services behave; the port stays.
    pub(crate) fn adjust(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.settings.write().unwrap());
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.shared.stop(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().unwrap();
        }
    }
}
