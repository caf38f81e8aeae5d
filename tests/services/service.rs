//! The table of services: their paths, the variables that name them, and the kinds of request that they answer.

use std::net::SocketAddr;

/// A kind of request, one of [`Service::endpoints`], or `unknown`.
pub(crate) type Endpoint = &'static str;

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Osv,
    OsvBucket,
    RustSec,
    Scorecard,
    DepsDev,
    Kev,
    Epss,
    BestPractices,
    EndOfLife,
}

/// What belongs to a service.
struct Row {
    id: &'static str,
    variable: &'static str,
    /// What the variable holds after the base address.
    entry: &'static str,
    endpoints: &'static [Endpoint],
}

impl Service {
    pub(crate) const ALL: [Self; 9] = [
        Self::Osv,
        Self::OsvBucket,
        Self::RustSec,
        Self::Scorecard,
        Self::DepsDev,
        Self::Kev,
        Self::Epss,
        Self::BestPractices,
        Self::EndOfLife,
    ];

    fn row(self) -> Row {
        match self {
            Self::Osv => {
                Row { id: "osv", variable: "OSPREY_OSV_URL", entry: "", endpoints: &["query", "querybatch", "vulns"] }
            }
            Self::OsvBucket => Row {
                id: "osv-bucket",
                variable: "OSPREY_OSV_BUCKET_URL",
                entry: "",
                endpoints: &["ecosystems", "all", "modified", "record"],
            },
            Self::RustSec => Row {
                id: "rustsec",
                variable: "OSPREY_RUSTSEC_URL",
                entry: super::rustsec::ARCHIVE,
                endpoints: &["archive"],
            },
            Self::Scorecard => {
                Row { id: "scorecard", variable: "OSPREY_SCORECARD_URL", entry: "", endpoints: &["project", "badge"] }
            }
            Self::DepsDev => Row {
                id: "deps.dev",
                variable: "OSPREY_DEPSDEV_URL",
                entry: "",
                endpoints: &[
                    "package",
                    "version",
                    "project",
                    "versionbatch",
                    "projectbatch",
                    "similarlyNamedPackages",
                    "dependents",
                    "packageversions",
                ],
            },
            Self::Kev => {
                Row { id: "kev", variable: "OSPREY_KEV_URL", entry: super::kev::CATALOGUE, endpoints: &["catalogue"] }
            }
            Self::Epss => Row {
                id: "epss",
                variable: "OSPREY_EPSS_URL",
                entry: super::epss::CURRENT,
                endpoints: &["current", "dated"],
            },
            Self::BestPractices => Row {
                id: "best-practices",
                variable: "OSPREY_BESTPRACTICES_URL",
                entry: "",
                endpoints: &["projects", "project", "badge"],
            },
            Self::EndOfLife => Row {
                id: "endoflife",
                variable: "OSPREY_ENDOFLIFE_URL",
                entry: "/api/v1",
                endpoints: &["products", "product", "release", "identifiers"],
            },
        }
    }

    /// Its name, which is its path too.
    pub(crate) fn id(self) -> &'static str {
        self.row().id
    }

    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.id() == id)
    }

    /// The variable that tells the program where it is.
    pub(crate) fn variable(self) -> &'static str {
        self.row().variable
    }

    /// The kinds of request that it tells apart.
    pub(crate) fn endpoints(self) -> &'static [Endpoint] {
        self.row().endpoints
    }

    pub(super) fn base(self, address: SocketAddr) -> String {
        format!("http://{address}/{}", self.id())
    }
}

/// The variables that lead the program to services at an address.
pub(crate) fn environment(address: SocketAddr) -> Vec<(&'static str, String)> {
    let value = |service: Service| format!("{}{}", service.base(address), service.row().entry);
    Service::ALL.into_iter().map(|service| (service.variable(), value(service))).collect()
}
