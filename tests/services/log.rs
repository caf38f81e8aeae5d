//! What was asked, in order.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::http::Request;
use super::{Endpoint, Service};

/// The headers that are kept; the value of `authorization` is not.
const KEPT: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "content-type",
    "host",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "range",
    "user-agent",
];

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// None where the path belongs to no service.
    pub(crate) service: Option<Service>,
    /// What kind of request it is; `unknown` where the service has no such path.
    pub(crate) endpoint: Endpoint,
    pub(crate) method: String,
    /// Path and query, undecoded, with the service's prefix.
    pub(crate) target: String,
    pub(crate) body_length: usize,
    /// Those of [`KEPT`] that it had, names in lower case.
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// Which connection it came over; they are counted from 1.
    pub(crate) connection: usize,
    /// The status that was due, which a fault may have changed; 0 while it is not known yet.
    pub(crate) status: u16,
    /// Whether a fault met it.
    pub(crate) is_spoiled: bool,
}

#[derive(Default)]
pub(super) struct Log {
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    requests: Vec<Recorded>,
    connections: usize,
    /// Those before the log was last emptied.
    older_connections: usize,
    /// How often the log was emptied, so that a late word about an older request is not taken for a newer one.
    emptied: usize,
}

/// Where a request stands in the log.
#[derive(Clone, Copy)]
pub(super) struct Place(usize, usize);

impl Log {
    /// Counts a connection and gives its number.
    pub(super) fn connected(&self) -> usize {
        let mut rows = self.rows.lock().unwrap();
        rows.connections += 1;
        rows.older_connections + rows.connections
    }

    /// Keeps a request before it is answered, so that the order is that of arrival.
    pub(super) fn arrived(&self, service: Option<Service>, request: &Request, connection: usize) -> Place {
        let headers = KEPT.iter().filter_map(|name| {
            let value = request.header(name)?;
            Some((*name, if *name == "authorization" { "(not kept)".to_owned() } else { value.to_owned() }))
        });
        let mut rows = self.rows.lock().unwrap();
        rows.requests.push(Recorded {
            service,
            endpoint: "unknown",
            method: request.method.clone(),
            target: request.target.clone(),
            body_length: request.body.len(),
            headers: headers.collect(),
            connection,
            status: 0,
            is_spoiled: false,
        });
        Place(rows.emptied, rows.requests.len() - 1)
    }

    /// What became of a request.
    pub(super) fn answered(&self, at: Place, endpoint: Endpoint, status: u16, is_spoiled: bool) -> Option<Recorded> {
        let mut rows = self.rows.lock().unwrap();
        if rows.emptied != at.0 {
            return None;
        }
        let row = rows.requests.get_mut(at.1)?;
        (row.endpoint, row.status, row.is_spoiled) = (endpoint, status, is_spoiled);
        Some(row.clone())
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.rows.lock().unwrap().requests.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.rows.lock().unwrap().connections
    }

    pub(super) fn empty(&self) {
        let mut rows = self.rows.lock().unwrap();
        rows.requests.clear();
        rows.older_connections += rows.connections;
        rows.connections = 0;
        rows.emptied += 1;
    }
}
