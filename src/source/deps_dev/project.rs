//! What deps.dev says of a project (<https://docs.deps.dev/api/v3alpha/#getprojectbatch>): above all its copy of the
//! Scorecard, whose members have other names than those of the Scorecard API.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::scorecard;
use super::super::wire::{nullable, number};
use super::batch::Question;
use crate::model::Scorecard;

/// Asks about a project, `github.com/owner/name`, in any case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::source) struct ProjectQuestion(pub(in crate::source) String);

impl Question for ProjectQuestion {
    type Value = Scored;
    const PATH: &'static str = "/v3alpha/projectbatch";
    const MEMBER: &'static str = "project";

    fn request(&self) -> Value {
        json!({ "projectKey": { "id": self.0.to_ascii_lowercase() } })
    }

    fn add_key(&self, to: &mut String) {
        to.push_str(&self.0.to_ascii_lowercase());
    }

    fn subject(&self) -> &str {
        &self.0
    }

    fn read(json: &str) -> Result<Scored, String> {
        let project: Project = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if project.project_key.is_none() {
            return Err("it names no project".to_owned());
        }
        Ok(Scored { stars: project.stars_count, scorecard: project.scorecard.map(Copied::scorecard) })
    }
}

/// What is used of a project.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::source) struct Scored {
    pub(in crate::source) stars: Option<u64>,
    pub(in crate::source) scorecard: Option<Scorecard>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Project {
    project_key: Option<IgnoredAny>,
    #[serde(deserialize_with = "number")]
    stars_count: Option<u64>,
    scorecard: Option<Copied>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Copied {
    #[serde(deserialize_with = "nullable")]
    date: String,
    #[serde(deserialize_with = "nullable")]
    checks: Vec<scorecard::Check>,
    overall_score: Option<f64>,
}

impl Copied {
    fn scorecard(self) -> Scorecard {
        scorecard::scorecard(&self.date, self.overall_score, self.checks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_of_a_scorecard_has_other_names_and_means_the_same() {
        let json = r#"{"projectKey":{"id":"github.com/facebook/react"},"starsCount":233001,"license":"MIT",
            "scorecard":{"date":"2026-08-10T00:00:00Z","repository":{"name":"github.com/facebook/react"},
            "checks":[{"name":"Maintained","documentation":{"shortDescription":"…"},"score":10,"reason":"30 commit(s)","details":[]},
            {"name":"Signed-Releases","score":-1,"reason":"no releases found"}],"overallScore":6.4,"metadata":[]}}"#;
        let scored = ProjectQuestion::read(json).unwrap();
        assert_eq!(scored.stars, Some(233_001));
        let scorecard = scored.scorecard.unwrap();
        assert_eq!((scorecard.score, scorecard.date), (Some(6.4), "2026-08-10".parse().ok()));
        assert_eq!(scorecard.check("Maintained").unwrap().score, Some(10));
        assert_eq!(scorecard.check("Signed-Releases").unwrap().score, None);
        assert_eq!(
            ProjectQuestion::read(r#"{"projectKey":{"id":"a"}}"#).unwrap(),
            Scored { stars: None, scorecard: None }
        );
        assert!(ProjectQuestion::read(r#"{"projectKey":{},"scorecard":[1]}"#).is_err());
        assert!(ProjectQuestion::read("{}").is_err());
        let question = ProjectQuestion("github.com/Facebook/React".to_owned());
        assert_eq!(question.request(), json!({"projectKey":{"id":"github.com/facebook/react"}}));
    }
}
