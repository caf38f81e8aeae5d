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
pub(super) async fn ask(client: &Client, project: &str, request: &Request) -> Result<Answer<Scorecard>, SourceError> {
    client.fetch(request, |body| read(body, project)).await
}

/// The aggregate is always there.
#[derive(Deserialize)]
struct Stored {
    #[serde(default, deserialize_with = "nullable")]
    repo: Repo,
    #[serde(default, deserialize_with = "nullable")]
    date: String,
    score: f64,
    #[serde(default, deserialize_with = "nullable")]
    checks: Vec<Check>,
}

#[derive(Default, Deserialize)]
struct Repo {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
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

fn read(body: &[u8], project: &str) -> Result<Scorecard, String> {
    let stored: Stored = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    // The name may be left out, but it may not be another.
    if !stored.repo.name.is_empty() && !stored.repo.name.eq_ignore_ascii_case(project) {
        return Err("it is about another repository".to_owned());
    }
    Ok(scorecard(&stored.date, Some(stored.score), stored.checks))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_evaluated_is_no_score() {
        let json = r#"{"date":"2026-08-10","repo":{"name":"github.com/example/widget"},"score":6.3,"checks":[
            {"name":"Code-Review","score":7,"reason":"Found 14/20 approved changesets","details":null},
            {"name":"Branch-Protection","score":-1,"reason":"internal error"}],"metadata":null}"#;
        let scorecard = read(json.as_bytes(), "github.com/Example/widget").unwrap();
        assert_eq!((scorecard.score, scorecard.date), (Some(6.3), "2026-08-10".parse().ok()));
        let score = |name: &str| scorecard.check(name).unwrap().score;
        assert_eq!((score("Code-Review"), score("Branch-Protection")), (Some(7), None));

        let empty = read(br#"{"date":"2025-08-11T07:14:03Z","score":-1,"checks":null}"#, "github.com/o/r").unwrap();
        assert_eq!((empty.score, empty.date, empty.checks.len()), (None, "2025-08-11".parse().ok(), 0));
        for odd in [&b"<html>"[..], b"[1]", b"{}", br#"{"score":"number 5"}"#, br#"{"score":5,"checks":{}}"#] {
            assert!(read(odd, "github.com/o/r").is_err(), "{odd:?}");
        }
    }

    #[test]
    fn only_what_the_service_can_know_is_asked() {
        let is_asked = |project: &str| question(project).is_some();
        assert!(is_asked("github.com/Owner/Name") && is_asked("gitlab.com/group/name"));
        for project in ["gitlab.com/group/sub/name", "bitbucket.org/owner/name", "codeberg.org/o/r", "github.com/owner"]
        {
            assert!(!is_asked(project), "{project}");
        }
    }
}
