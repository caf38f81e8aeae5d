//! The OpenSSF Scorecard API (<https://api.scorecard.dev>): the last evaluation of a repository.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::wire::nullable;
use super::{Answer, Client, Request, SCORECARD, SourceError, segment};
use crate::model::{Scorecard, ScorecardCheck};

/// Asks for the Scorecard of a project on GitHub or GitLab. The service tells upper from lower case, follows no renamed
/// repository, and knows none in a subgroup: those it is not asked about.
pub(super) fn question(project: &str) -> Option<Request> {
    let mut parts = project.split('/');
    let (host, owner, name) = (parts.next()?, parts.next()?, parts.next()?);
    let is_known = matches!(host, "github.com" | "gitlab.com") && parts.next().is_none();
    is_known.then(|| Request::get(&SCORECARD, format!("/projects/{host}/{}/{}", segment(owner), segment(name))))
}

/// Asks; nothing in the answer where no Scorecard was made.
pub(super) async fn ask(client: &Client, request: &Request) -> Result<Answer<Scorecard>, SourceError> {
    client.fetch(request, read).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stored {
    #[serde(deserialize_with = "nullable")]
    date: String,
    score: Option<f64>,
    #[serde(deserialize_with = "nullable")]
    checks: Vec<Check>,
}

/// A check, as both this service and deps.dev write it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Check {
    #[serde(deserialize_with = "nullable")]
    name: String,
    score: Option<f64>,
    #[serde(deserialize_with = "nullable")]
    reason: String,
}

fn read(body: &[u8]) -> Result<Scorecard, String> {
    let stored: Stored = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(scorecard(&stored.date, stored.score, stored.checks))
}

/// A Scorecard of its parts; -1 means that something could not be evaluated.
pub(super) fn scorecard(date: &str, score: Option<f64>, checks: Vec<Check>) -> Scorecard {
    let score = score.filter(|score| (0.0..=10.0).contains(score));
    let mut checks: Vec<ScorecardCheck> = checks
        .into_iter()
        .filter(|check| !check.name.is_empty())
        .map(|check| ScorecardCheck { name: check.name, score: whole(check.score), reason: check.reason })
        .collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    Scorecard { score, date: day(date), checks }
}

/// A score from 0 to 10.
fn whole(score: Option<f64>) -> Option<u8> {
    let score = score?;
    (0..=10_u8).find(|whole| (f64::from(*whole) - score).abs() < 0.5)
}

/// The day of a date or of a moment.
fn day(text: &str) -> Option<Date> {
    let moment = || text.parse::<Timestamp>().ok().map(|moment| moment.to_zoned(TimeZone::UTC).date());
    if text.contains('T') { moment() } else { text.parse().ok() }
}
