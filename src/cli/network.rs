//! How services are asked: where they are, for how long, and whether at all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use reqwest::Url;

use super::{Failure, caller};
use crate::policy::Policy;
use crate::scan::Preference;
use crate::source::{Client, SERVICES, Service, Settings, address};

/// What a command that can ask services takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Network {
    /// Use no network at all: the local index and what is kept of earlier answers
    #[arg(long)]
    offline: bool,
    /// Who is asked about advisories [default: the index where it is fresh, else the OSV API]
    #[arg(long, value_enum, value_name = "SOURCE")]
    source: Option<SourceName>,
    /// How many seconds asking services may take in all
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    #[command(flatten)]
    cache: CacheFolder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceName {
    /// The local index alone
    Index,
    /// The OSV API alone
    Api,
    /// Both, and it is said where they disagree
    Both,
}

impl From<SourceName> for Preference {
    fn from(name: SourceName) -> Self {
        match name {
            SourceName::Index => Self::Index,
            SourceName::Api => Self::Service,
            SourceName::Both => Self::Both,
        }
    }
}

/// Where answers are kept.
#[derive(Debug, Clone, Args)]
pub(super) struct CacheFolder {
    /// The folder in which answers of services are kept [default: `OSPREY_CACHE`, else `osprey/http` in the platform's
    /// cache folder]
    #[arg(long = "cache", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl CacheFolder {
    /// The folder; none on a machine without a cache folder, where nothing is kept.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let named = self.folder.clone().or_else(|| caller::folder_named_by("OSPREY_CACHE"));
        named.or_else(|| Some(caller::cache_folder()?.join("osprey").join("http")))
    }
}

/// The address of a service that the caller's environment names, and the variable.
fn named(service: &Service) -> Option<(String, String)> {
    caller::text_named_by(service.variable).map(|text| (service.variable.to_owned(), text))
}

/// The address of a service that the caller's environment names, else the caller's policy, and the place where it stands.
pub(super) fn given(service: &Service, policy: &Policy) -> Option<(String, String)> {
    let of_policy = || {
        let address = policy.sources.get(service.id)?;
        Some((format!("{}: `{}`", address.place, service.id), address.text.clone()))
    };
    named(service).or_else(of_policy)
}

/// The address of a service: as given, with the place where it was; else what the caller's environment names; else its
/// own.
pub(super) fn base(service: &Service, given: Option<(String, String)>) -> Result<Url, Failure> {
    let own = || ("the table of services".to_owned(), service.base.to_owned());
    let (place, text) = given.or_else(|| named(service)).unwrap_or_else(own);
    address(service, &place, &text).map_err(Failure::usage)
}

impl Network {
    /// Who is asked about advisories.
    pub(super) fn preference(&self) -> Preference {
        self.source.map_or(Preference::Fresh, Preference::from)
    }

    /// A client for a run under that policy: the caller's variables come before the caller's policy.
    pub(super) fn client(&self, policy: &Policy) -> Result<Client, Failure> {
        let mut bases = BTreeMap::new();
        for service in SERVICES {
            if let Some((place, text)) = given(service, policy) {
                bases.insert(service.id, address(service, &place, &text).map_err(Failure::usage)?);
            }
        }
        Ok(Client::new(Settings {
            online: !self.offline,
            bases,
            cache: self.cache.path(),
            deadline: Duration::from_secs(self.timeout),
            now: caller::now(),
        }))
    }
}
