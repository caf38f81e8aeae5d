//! The catalogue of known exploited vulnerabilities
//! (<https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json>): one file, newest entry first,
//! slashes escaped.

use serde_json::{Value, json};

use super::World;
use super::conditional::Stored;
use super::http::Response;
use super::server::{Answer, Call, Shared};

/// The path of the catalogue.
pub(super) const CATALOGUE: &str = "/sites/default/files/feeds/known_exploited_vulnerabilities.json";

/// The catalogue.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    /// RFC 3339; its day is the version too.
    pub(crate) released: String,
    /// How many entries it says to have, where that is not how many it has.
    pub(crate) count: Option<usize>,
    /// The entries as the catalogue writes them.
    pub(crate) entries: Vec<Value>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { released: "2026-11-20T17:04:19.9796Z".to_owned(), count: None, entries: Vec::new() }
    }
}

impl Catalogue {
    /// Adds a vulnerability as the newest entry.
    pub(crate) fn add(&mut self, cve: &str, added: &str) {
        let entry = json!({
            "cveID": cve, "vendorProject": "Example", "product": "Parcel", "vulnerabilityName": format!("Example Parcel {cve}"),
            "dateAdded": added, "shortDescription": "Made for tests.", "dueDate": added,
            "requiredAction": "Apply mitigations per vendor instructions.", "knownRansomwareCampaignUse": "Unknown",
            "notes": format!("https://nvd.nist.gov/vuln/detail/{cve}"), "cwes": [],
        });
        self.entries.insert(0, entry);
    }
}

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    if call.path != CATALOGUE || !call.is_get() {
        return ("unknown", Response::html(404, "Page not found"));
    }
    ("catalogue", shared.stored("kev", catalogue).answer(call.request))
}

fn catalogue(world: &World) -> Stored {
    let Catalogue { released, count, entries } = &world.kev;
    let value = json!({
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": released.get(..10).unwrap_or_default().replace('-', "."),
        "dateReleased": released,
        "count": count.unwrap_or(entries.len()),
        "vulnerabilities": entries,
    });
    // No slash stands outside of a string in JSON.
    let text = value.to_string().replace('/', "\\/");
    Stored::new(text.into_bytes(), "application/json", released.parse().unwrap_or_default())
}
