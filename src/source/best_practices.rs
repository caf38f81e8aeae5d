//! OpenSSF Best Practices badges (<https://www.bestpractices.dev>): found by the exact address of a repository.

use serde::Deserialize;

use super::wire::nullable;
use super::{Answer, BEST_PRACTICES, Client, Request, SourceError, segment};
use crate::model::Badge;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Project {
    #[serde(deserialize_with = "nullable")]
    badge_level: String,
    #[serde(deserialize_with = "nullable")]
    homepage_url: String,
    #[serde(deserialize_with = "nullable")]
    repo_url: String,
}

impl Project {
    /// Whether it is the project at that address: a service that overlooked the question would list others.
    fn is_at(&self, address: &str) -> bool {
        [&self.homepage_url, &self.repo_url].iter().any(|url| url.trim().trim_end_matches('/') == address)
    }
}

/// The highest badge of a project, `github.com/owner/name`; nothing in it where it has none. The service compares
/// addresses letter by letter, so that one with capitals is also looked for without.
pub(super) async fn badge(client: &Client, project: &str) -> Result<Answer<Option<Badge>>, SourceError> {
    let answer = ask(client, project).await?;
    let lowered = project.to_ascii_lowercase();
    if answer.value.is_some_and(|badge| badge.is_some()) || lowered == project {
        return Ok(answer);
    }
    ask(client, &lowered).await
}

async fn ask(client: &Client, project: &str) -> Result<Answer<Option<Badge>>, SourceError> {
    let address = format!("https://{project}");
    let path = format!("/projects.json?url={}", segment(&address));
    client.fetch(&Request::get(&BEST_PRACTICES, path), |body| read(body, &address)).await
}

fn read(body: &[u8], address: &str) -> Result<Option<Badge>, String> {
    let projects: Vec<Project> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    // A level that is not known yet is at least a beginning.
    let level = |project: &Project| Badge::from_word(&project.badge_level).unwrap_or(Badge::InProgress);
    if projects.iter().any(|project| !project.is_at(address)) {
        return Err("it lists projects that were not asked for".to_owned());
    }
    Ok(projects.iter().map(level).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_several_counts() {
        let badge = |json: &str| read(json.as_bytes(), "https://github.com/o/r");
        assert_eq!(badge("[]"), Ok(None));
        let two = r#"[{"id":1,"badge_level":"silver","repo_url":"https://github.com/o/r/"},
            {"id":2,"badge_level":"passing","homepage_url":"https://github.com/o/r","OSPS-AC-01.01_status":"Met"}]"#;
        assert_eq!(badge(two), Ok(Some(Badge::Silver)));
        let one = |level: &str| badge(&format!(r#"[{{"badge_level":{level},"repo_url":"https://github.com/o/r"}}]"#));
        assert_eq!(one(r#""platinum""#), Ok(Some(Badge::InProgress)));
        assert_eq!(one("null"), Ok(Some(Badge::InProgress)));
        assert!(badge("{}").is_err() && badge("<html>").is_err());
        let other = r#"[{"badge_level":"gold","repo_url":"https://github.com/o/other"}]"#;
        assert!(badge(other).is_err(), "another project's badge");
    }
}
