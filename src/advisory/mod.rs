//! Advisories: OSV records, whether they cover a version, how bad they are, and which of them speak of the same thing.
//!
//! *Affected* is always decided here, from the record's ranges, wherever the record came from.

mod affects;
mod group;
mod osv;
mod rating;
mod release;

pub use affects::{Affects, Interval};
pub use group::{Candidate, Judged, judge};
pub use osv::{AffectedPackage, Record, RecordError};
pub use rating::rate;
pub use release::{asked_ecosystem, is_of_release};
