//! What deps.dev says of a project (<https://docs.deps.dev/api/v3alpha/#getprojectbatch>): above all its copy of the
//! Scorecard, whose members have other names than those of the Scorecard API.

use serde::Deserialize;
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

    fn read(json: &str) -> Result<Scored, String> {
        let project: Project = serde_json::from_str(json).map_err(|error| error.to_string())?;
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
