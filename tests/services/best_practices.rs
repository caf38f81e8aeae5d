//! Best Practices (<https://www.bestpractices.dev>): `/projects.json?url=`, `/projects/ID.json`, `/projects/ID/badge.json`.
//!
//! An address must be the one that the project gave, in case and in every character but spaces and slashes at its end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::World;
use super::http::Response;
use super::server::{Answer, Call, Shared};

const PAGE: usize = 30;

/// The published limit on what is no badge image.
const MAX_REQUESTS: usize = 31;
const WINDOW: Duration = Duration::from_secs(15);

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let segments = call.segments();
    let endpoint = match segments.as_slice() {
        ["projects.json"] => "projects",
        ["projects", _, "badge.json"] => "badge",
        ["projects", _] | [_, "projects", _] => "project",
        _ => "unknown",
    };
    if !call.is_get() {
        return (endpoint, Response::html(405, "Method not allowed"));
    }
    if shared.settings.read().unwrap().best_practices_limits && is_too_much(shared) {
        return (endpoint, Response::text(429, "Retry later\n"));
    }
    let world = shared.world.read().unwrap();
    let id = |segment: &str| segment.strip_suffix(".json").unwrap_or(segment).parse::<u64>().ok();
    let response = match segments.as_slice() {
        ["projects.json"] => Response::json(200, &index(&world, call)),
        // A language before the path is taken away again.
        [_, "projects", project] if project.ends_with(".json") => {
            Response::redirect(301, &format!("/best-practices/projects/{project}"))
        }
        ["projects", project] if project.ends_with(".json") => one(&world, id(project), Clone::clone),
        ["projects", project, "badge.json"] => one(&world, id(project), |badge| {
            json!({
                "id": badge["id"], "name": badge["name"], "updated_at": badge["updated_at"],
                "badge_level": badge["badge_level"], "tiered_percentage": badge["tiered_percentage"],
            })
        }),
        _ => Response::html(404, "The page you were looking for doesn't exist"),
    };
    let response = response.with("Cache-Control", "no-store");
    (endpoint, response.with("Surrogate-Control", "max-age=864000"))
}

/// Counts a request against the limit.
fn is_too_much(shared: &Shared) -> bool {
    let mut asked = shared.asked.lock().unwrap();
    let now = Instant::now();
    while asked.front().is_some_and(|at| now.duration_since(*at) > WINDOW) {
        asked.pop_front();
    }
    asked.push_back(now);
    asked.len() > MAX_REQUESTS
}

fn one(world: &World, id: Option<u64>, show: impl Fn(&Value) -> Value) -> Response {
    let found = world.badges.iter().find(|badge| id.is_some() && badge["id"].as_u64() == id);
    let missing = || Response::html(404, "The page you were looking for doesn't exist");
    found.map_or_else(missing, |badge| Response::json(200, &show(badge)))
}

fn index(world: &World, call: &Call<'_>) -> Value {
    let addresses = |badge: &Value| {
        ["homepage_url", "repo_url"].map(|key| trimmed(badge[key].as_str().unwrap_or_default()).to_owned())
    };
    let url = call.request.query("url");
    let prefix = call.request.query("pq");
    let found = world.badges.iter().filter(|badge| {
        let [home, repository] = addresses(badge);
        let is = |address: &String| !address.is_empty() && url.as_ref().is_none_or(|url| trimmed(url) == address);
        let begins = |text: &str| prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix.as_str()));
        let name = badge["name"].as_str().unwrap_or_default();
        (url.is_none() || is(&home) || is(&repository)) && (begins(&home) || begins(&repository) || begins(name))
    });
    let page: usize = call.request.query("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    found.skip(page.saturating_sub(1) * PAGE).take(PAGE).cloned().collect::<Vec<_>>().into()
}

fn trimmed(url: &str) -> &str {
    url.trim_end().trim_end_matches('/')
}
