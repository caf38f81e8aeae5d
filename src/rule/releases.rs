//! What rules about the releases of a package have in common: ages in days, and which release is the newest.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{Ecosystem, Release};
use crate::version::Version;

/// The day of a moment, in UTC as registries count.
pub(super) fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

/// How many days before a day a moment is; negative where it comes after it.
pub(super) fn days(moment: Timestamp, today: Date) -> i64 {
    i64::from((today - day(moment)).get_days())
}

/// A release in earnest: it stands, is no pre-release, and its version can be compared.
pub(super) struct Standing<'r> {
    pub(super) release: &'r Release,
    pub(super) version: Version,
}

/// The releases in earnest up to the newest one, by version. The newest is what the registry gives to who asks for no
/// version, where it says so: what lies above it is there for who asks for it.
pub(super) fn standing(ecosystem: Ecosystem, releases: &[Release]) -> Vec<Standing<'_>> {
    let standing = releases.iter().filter(|release| !release.is_withdrawn).filter_map(|release| {
        let version = Version::parse(ecosystem, &release.version).filter(|version| version.is_stable)?;
        Some(Standing { release, version })
    });
    let mut standing: Vec<Standing<'_>> = standing.collect();
    standing.sort_by(|a, b| a.version.key.cmp(&b.version.key));
    if let Some(at) = standing.iter().rposition(|standing| standing.release.is_default) {
        standing.truncate(at + 1);
    }
    standing
}
