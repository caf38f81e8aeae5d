//! Services that know about packages and projects: one HTTP client, one cache, one file for each service.
//!
//! A run with a network drives the clients with [`block_on`] on a single-threaded runtime; a run without one drives the
//! same code, which then answers from the cache alone, starts no runtime and opens no socket. What a service cannot
//! tell is an error with the service's name and a reason, never an empty answer.

mod address;
mod best_practices;
pub mod bucket;
mod cache;
mod client;
mod deps_dev;
pub mod download;
mod end_of_life;
mod epss;
mod health;
mod kev;
pub mod osv;
mod scorecard;
mod wire;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use thiserror::Error;

use crate::model::{Missing, Why, source};

pub use cache::{Cache, CacheUse};
pub use client::{Answer, Client, Request, Traffic};
pub use epss::epss;
pub use health::{Asked, Wanted, default_version, learn};
pub use kev::{Listed, exploited};

/// A service, and how it wants to be asked.
#[derive(Debug)]
pub struct Service {
    /// Its name in the ledger and under `[sources]` of a policy.
    pub id: &'static str,
    /// The variable of the environment that names another address.
    pub variable: &'static str,
    /// Where it is, unless the caller says otherwise.
    pub base: &'static str,
    /// How many requests may be under way to its host at once.
    pub parallel: usize,
    /// How long a request waits after the one before it.
    pub gap: Duration,
    /// How old an answer may be that is used without asking.
    pub fresh: Duration,
    /// How old an answer may be that is used where the service does not answer.
    pub usable: Duration,
    /// How many bytes an answer may have, once inflated.
    pub largest: u64,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MIB: u64 = 1 << 20;

/// The OSV API (<https://google.github.io/osv.dev/api/>).
pub static OSV: Service = Service {
    id: source::OSV,
    variable: "OSPREY_OSV_URL",
    base: "https://api.osv.dev",
    parallel: 16,
    gap: Duration::ZERO,
    fresh: Duration::from_secs(HOUR),
    usable: Duration::from_secs(7 * DAY),
    largest: 64 * MIB,
};

/// The OSV bucket (<https://google.github.io/osv.dev/data/>).
pub static BUCKET: Service = Service {
    id: source::BUCKET,
    variable: "OSPREY_OSV_BUCKET_URL",
    base: "https://storage.googleapis.com/osv-vulnerabilities",
    parallel: 32,
    gap: Duration::ZERO,
    fresh: Duration::ZERO,
    usable: Duration::ZERO,
    largest: 4096 * MIB,
};

/// The `RustSec` database as an archive (<https://github.com/RustSec/advisory-db>).
pub static RUSTSEC: Service = Service {
    id: source::RUSTSEC,
    variable: "OSPREY_RUSTSEC_URL",
    base: "https://github.com/RustSec/advisory-db/archive/refs/heads/main.zip",
    parallel: 2,
    gap: Duration::ZERO,
    fresh: Duration::ZERO,
    usable: Duration::ZERO,
    largest: 256 * MIB,
};

/// deps.dev (<https://docs.deps.dev/api/>).
pub static DEPS_DEV: Service = Service {
    id: source::DEPS_DEV,
    variable: "OSPREY_DEPSDEV_URL",
    base: "https://api.deps.dev",
    parallel: 16,
    gap: Duration::ZERO,
    fresh: Duration::from_secs(DAY),
    usable: Duration::from_secs(30 * DAY),
    largest: 32 * MIB,
};

/// The OpenSSF Scorecard API (<https://api.scorecard.dev>).
pub static SCORECARD: Service = Service {
    id: source::SCORECARD,
    variable: "OSPREY_SCORECARD_URL",
    base: "https://api.scorecard.dev",
    parallel: 8,
    gap: Duration::ZERO,
    fresh: Duration::from_secs(3 * DAY),
    usable: Duration::from_secs(60 * DAY),
    largest: MIB,
};

/// CISA's catalogue of known exploited vulnerabilities
/// (<https://www.cisa.gov/known-exploited-vulnerabilities-catalog>).
pub static KEV: Service = Service {
    id: source::KEV,
    variable: "OSPREY_KEV_URL",
    base: "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    parallel: 1,
    gap: Duration::ZERO,
    fresh: Duration::from_secs(DAY),
    usable: Duration::from_secs(14 * DAY),
    largest: 64 * MIB,
};

/// FIRST's exploit prediction scores (<https://www.first.org/epss/data_stats>).
pub static EPSS: Service = Service {
    id: source::EPSS,
    variable: "OSPREY_EPSS_URL",
    base: "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    parallel: 1,
    gap: Duration::ZERO,
    fresh: Duration::from_secs(DAY),
    usable: Duration::from_secs(14 * DAY),
    largest: 64 * MIB,
};

/// OpenSSF Best Practices badges (<https://www.bestpractices.dev>), which ask for one request a second at the most.
pub static BEST_PRACTICES: Service = Service {
    id: source::BEST_PRACTICES,
    variable: "OSPREY_BESTPRACTICES_URL",
    base: "https://www.bestpractices.dev",
    parallel: 1,
    gap: Duration::from_secs(1),
    fresh: Duration::from_secs(7 * DAY),
    usable: Duration::from_secs(60 * DAY),
    largest: 4 * MIB,
};

/// endoflife.date (<https://endoflife.date/docs/api/v1/>).
pub static END_OF_LIFE: Service = Service {
    id: source::END_OF_LIFE,
    variable: "OSPREY_ENDOFLIFE_URL",
    base: "https://endoflife.date/api/v1",
    parallel: 4,
    gap: Duration::ZERO,
    fresh: Duration::from_secs(3 * DAY),
    usable: Duration::from_secs(60 * DAY),
    largest: 8 * MIB,
};

/// Every service, in the order in which documents list them.
pub static SERVICES: &[&Service] =
    &[&OSV, &BUCKET, &RUSTSEC, &DEPS_DEV, &SCORECARD, &KEV, &EPSS, &BEST_PRACTICES, &END_OF_LIFE];

/// How the caller wants services to be asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether there is a network. Without one everything comes from the cache.
    pub online: bool,
    /// Other addresses of services, by id.
    pub bases: BTreeMap<&'static str, Url>,
    /// The folder of the cache; `None`: nothing is kept.
    pub cache: Option<PathBuf>,
    /// How long all asking together may take.
    pub deadline: Duration,
    /// The time by the wall clock: what the ages of answers are counted from.
    pub now: Timestamp,
}

/// An address that the caller names for a service, and that is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place} is not the address of a service: {reason}; give one such as https://mirror.example/{id}")]
pub struct AddressError {
    /// Where it was given.
    pub place: String,
    /// The service.
    pub id: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads the address of a service. `place` is where the caller gave it, for messages, which never repeat the address:
/// it can hold a password.
///
/// # Errors
/// Where it is no `https` or `http` address with a host.
pub fn address(service: &Service, place: &str, text: &str) -> Result<Url, AddressError> {
    let refuse = |reason: String| AddressError { place: place.to_owned(), id: service.id, reason };
    let url = Url::parse(text.trim()).map_err(|error| refuse(error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none_or(str::is_empty) {
        return Err(refuse("it begins with neither https:// nor http://".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a query or a fragment".to_owned()));
    }
    Ok(url)
}

/// Why a service told nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{service}: {message}")]
pub struct SourceError {
    /// The service's id.
    pub service: &'static str,
    /// The sort of reason.
    pub why: Why,
    /// What happened, and what can be done.
    pub message: String,
}

impl SourceError {
    /// What is missing because of it.
    pub fn missing(&self) -> Missing {
        Missing { source: self.service, why: self.why }
    }

    fn failed(service: &'static str, message: impl Into<String>) -> Self {
        Self { service, why: Why::Failed, message: message.into() }
    }
}

/// Runs the clients to their end: with a network on a runtime of this thread; without one by polling alone, for what
/// the cache answers is never waited for.
///
/// # Errors
/// Where the platform gives no runtime.
pub fn block_on<T>(online: bool, work: impl Future<Output = T>) -> std::io::Result<T> {
    if online {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return Ok(runtime.block_on(work));
    }
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = work.as_mut().poll(&mut context) {
            return Ok(value);
        }
        std::thread::yield_now();
    }
}

/// Everything but what RFC 3986 (section 2.3) leaves unreserved: a name in one segment of a path.
const RESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as one segment of a path or one value of a query.
pub(crate) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_segment() {
        assert_eq!(segment("@colors/colors"), "%40colors%2Fcolors");
        assert_eq!(segment("github.com/BurntSushi/toml"), "github.com%2FBurntSushi%2Ftoml");
        assert_eq!(segment("v2.0.0+incompatible"), "v2.0.0%2Bincompatible");
        assert_eq!(segment("org.slf4j:slf4j-api"), "org.slf4j%3Aslf4j-api");
        assert_eq!(segment("100% é"), "100%25%20%C3%A9");
    }

    #[test]
    fn services_have_addresses_of_their_own() {
        for service in SERVICES {
            assert!(address(service, "the table", service.base).is_ok(), "{}", service.id);
            assert!(service.base.starts_with("https://"), "{}", service.id);
            assert!(service.fresh <= service.usable, "{}", service.id);
        }
        let mut ids: Vec<&str> = SERVICES.iter().map(|service| service.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), SERVICES.len());
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_repeated() {
        for text in ["", "ftp://user:secret@host.example/", "mirror", "https://", "https://host.example/?a=secret"] {
            let error = address(&OSV, "OSPREY_OSV_URL", text).unwrap_err().to_string();
            assert!(error.starts_with("OSPREY_OSV_URL is not") && !error.contains("secret"), "{error}");
        }
        assert!(address(&OSV, "x", "http://127.0.0.1:8080/osv").is_ok());
    }

    #[test]
    fn what_is_ready_needs_no_runtime() {
        assert_eq!(block_on(false, async { 7 }).unwrap(), 7);
        assert_eq!(block_on(true, async { 8 }).unwrap(), 8);
    }
}
