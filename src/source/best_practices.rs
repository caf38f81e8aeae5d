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
    let path = format!("/projects.json?url={}", segment(&format!("https://{project}")));
    client.fetch(&Request::get(&BEST_PRACTICES, path), read).await
}

fn read(body: &[u8]) -> Result<Option<Badge>, String> {
    let projects: Vec<Project> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    // A level that is not known yet is at least a beginning.
    let level = |project: &Project| Badge::from_word(&project.badge_level).unwrap_or(Badge::InProgress);
    Ok(projects.iter().map(level).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_several_counts() {
        let badge = |json: &str| read(json.as_bytes());
        assert_eq!(badge("[]"), Ok(None));
        let two = r#"[{"id":1,"badge_level":"silver"},{"id":2,"badge_level":"passing","OSPS-AC-01.01_status":"Met"}]"#;
        assert_eq!(badge(two), Ok(Some(Badge::Silver)));
        assert_eq!(badge(r#"[{"badge_level":"platinum"}]"#), Ok(Some(Badge::InProgress)));
        assert_eq!(badge(r#"[{"badge_level":null}]"#), Ok(Some(Badge::InProgress)));
        assert!(badge("{}").is_err() && badge("<html>").is_err());
    }
}
