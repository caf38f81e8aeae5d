//! Scorecard's API (<https://api.scorecard.dev>): `/projects/HOST/OWNER/NAME`, in the exact case.
//!
//! An unknown project is a 404 without a body, and −1 a check that could not be made.

use serde_json::{Value, json};

use super::Scorecard;
use super::http::{Response, decoded};
use super::server::{Answer, Call, Shared};

/// The version of Scorecard that all results carry.
pub(super) const VERSION: &str = "v5.2.1";
pub(super) const VERSION_COMMIT: &str = "ab2f6e92482462fe66246d9e32f642855a691dc1";

/// A check: name, weight in quarters, what it looks for, why it is good, and why it is not.
struct Known(&'static str, u16, &'static str, &'static str, &'static str);

const CHECKS: &[Known] = &[
    Known(
        "Binary-Artifacts",
        30,
        "generated executables in the source",
        "no binaries found in the repo",
        "binaries present in source code",
    ),
    Known(
        "Branch-Protection",
        30,
        "protection of the default and release branches",
        "branch protection is fully enabled on development and all release branches",
        "branch protection not enabled on development/release branches",
    ),
    Known(
        "CI-Tests",
        10,
        "tests run before changes are merged",
        "30 out of 30 merged PRs checked by a CI test",
        "0 out of 30 merged PRs checked by a CI test",
    ),
    Known(
        "CII-Best-Practices",
        10,
        "an OpenSSF Best Practices badge",
        "badge detected: Gold",
        "no effort to earn an OpenSSF best practices badge detected",
    ),
    Known(
        "Code-Review",
        30,
        "human review before changes are merged",
        "all changesets reviewed",
        "found unreviewed changesets",
    ),
    Known(
        "Contributors",
        10,
        "contributors from several organisations",
        "project has 5 contributing companies or organizations",
        "project has 0 contributing companies or organizations",
    ),
    Known(
        "Dangerous-Workflow",
        40,
        "dangerous patterns in workflows",
        "no dangerous workflow patterns detected",
        "dangerous workflow patterns detected",
    ),
    Known(
        "Dependency-Update-Tool",
        30,
        "a tool that updates dependencies",
        "update tool detected",
        "no update tool detected",
    ),
    Known("Fuzzing", 20, "fuzzing", "project is fuzzed", "project is not fuzzed"),
    Known("License", 10, "a licence", "license file detected", "license file not detected"),
    Known(
        "Maintained",
        30,
        "active maintenance",
        "30 commit(s) and 12 issue activity found in the last 90 days",
        "0 commit(s) and 0 issue activity found in the last 90 days",
    ),
    Known(
        "Packaging",
        20,
        "publication from continuous integration",
        "packaging workflow detected",
        "packaging workflow not detected",
    ),
    Known(
        "Pinned-Dependencies",
        20,
        "dependencies of the build pinned by hash",
        "all dependencies are pinned",
        "dependency not pinned by hash detected",
    ),
    Known("SAST", 20, "static code analysis", "SAST tool is run on all commits", "no SAST tool detected"),
    Known(
        "Security-Policy",
        20,
        "a security policy",
        "security policy file detected",
        "security policy file not detected",
    ),
    Known(
        "Signed-Releases",
        30,
        "signatures of releases",
        "5 out of the last 5 releases have a total of 5 signed artifacts.",
        "Project has not signed or included provenance with any releases.",
    ),
    Known(
        "Token-Permissions",
        30,
        "least privilege of workflow tokens",
        "GitHub workflow tokens follow principle of least privilege",
        "detected GitHub workflow tokens with excessive permissions",
    ),
    Known(
        "Vulnerabilities",
        30,
        "open, known vulnerabilities",
        "0 existing vulnerabilities detected",
        "11 existing vulnerabilities detected",
    ),
];

/// A check with everything that both APIs say of it.
pub(super) struct Said {
    pub(super) name: String,
    pub(super) score: i32,
    pub(super) reason: String,
    pub(super) details: Vec<String>,
    pub(super) short: String,
    pub(super) url: String,
}

impl Scorecard {
    /// Its checks by name; none where it has no list of them.
    pub(super) fn said(&self) -> Option<Vec<Said>> {
        let checks = self.checks.as_ref()?;
        Some(
            checks
                .iter()
                .map(|(name, check)| {
                    let known = CHECKS.iter().find(|known| known.0 == name);
                    let usual = || match (known, check.score) {
                        (_, ..0) => "internal error: the check could not be made".to_owned(),
                        (Some(known), 10) => known.3.to_owned(),
                        (Some(known), 0) => known.4.to_owned(),
                        (Some(known), score) => format!("{} -- score normalized to {score}", known.4),
                        (None, score) => format!("score is {score}"),
                    };
                    let reason = check.reason.clone().unwrap_or_else(usual);
                    let details =
                        if (0..10).contains(&check.score) { vec![format!("Warn: {reason}")] } else { Vec::new() };
                    Said {
                        name: name.clone(),
                        score: check.score,
                        details,
                        reason,
                        short: format!(
                            "Determines if the project has to do with {}.",
                            known.map_or("this", |known| known.2)
                        ),
                        url: format!(
                            "https://github.com/ossf/scorecard/blob/{VERSION_COMMIT}/docs/checks.md#{}",
                            name.to_lowercase()
                        ),
                    }
                })
                .collect(),
        )
    }

    /// The aggregate: the weighted mean of the checks that could be made, with one decimal; −1 where there is none.
    pub(super) fn aggregate(&self) -> f64 {
        if let Some(score) = self.score {
            return score;
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for (name, check) in self.checks.iter().flatten().filter(|(_, check)| check.score >= 0) {
            let weight = CHECKS.iter().find(|known| known.0 == name).map_or(10, |known| known.1);
            sum += f64::from(weight) * f64::from(check.score);
            weights += f64::from(weight);
        }
        if weights == 0.0 { -1.0 } else { (sum / weights * 10.0).round() / 10.0 }
    }

    /// The commit that was looked at.
    pub(super) fn commit(&self) -> String {
        format!("{:0<40}", super::conditional::digest(self.repository.as_bytes()))
    }
}

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let missing = || {
        let message = format!("path {} was not found", call.path);
        ("unknown", Response::json(404, &json!({"code": 404, "message": message})))
    };
    let cached = |response: Response| {
        let response = response.with("Cache-Control", "max-age=600");
        response.with("Surrogate-Control", "max-age=31557600")
    };
    let segments = call.segments();
    let (endpoint, parts) = match segments.as_slice() {
        ["projects", parts @ ..] if parts.len() == 3 => ("project", parts),
        ["projects", parts @ .., "badge"] if parts.len() == 3 => ("badge", parts),
        _ => return missing(),
    };
    if !call.is_get() {
        let value = json!({"code": 405, "message": format!("method {} is not allowed", call.request.method)});
        return (endpoint, Response::json(405, &value));
    }
    let parts: Option<Vec<String>> = parts.iter().map(|part| decoded(part)).collect();
    // Three parts and no fourth one smuggled in.
    let Some(parts) = parts.filter(|parts| parts.iter().all(|part| !part.is_empty() && !part.contains('/'))) else {
        return (endpoint, cached(Response::empty(400)));
    };
    let repository = parts.join("/");
    if endpoint == "badge" {
        let style = call.request.query("style").unwrap_or_else(|| "flat".to_owned());
        let to = format!("https://img.shields.io/ossf-scorecard/{repository}?label=openssf+scorecard&style={style}");
        return (endpoint, cached(Response::redirect(302, &to)));
    }
    let commit = call.request.query("commit");
    if commit.as_ref().is_some_and(|commit| commit.len() != 40 || !commit.bytes().all(|c| c.is_ascii_hexdigit())) {
        let message = "commit in query should match '^[0-9a-fA-F]{40}$'";
        return (endpoint, Response::json(422, &json!({"code": 605, "message": message})));
    }
    let world = shared.world.read().unwrap();
    let found = world.scorecards.get(&repository.to_lowercase());
    let found = found.filter(|scorecard| scorecard.is_at_api && scorecard.repository == repository);
    let found = found.filter(|scorecard| commit.is_none_or(|commit| commit.eq_ignore_ascii_case(&scorecard.commit())));
    let Some(scorecard) = found else { return (endpoint, cached(Response::empty(404))) };
    let body = format!("{}\n", result(scorecard));
    (endpoint, cached(Response::of(200, "application/json", body)))
}

/// A result as this API writes it.
fn result(scorecard: &Scorecard) -> Value {
    let check = |said: Said| {
        let details = if said.details.is_empty() { Value::Null } else { said.details.into() };
        json!({
            "name": said.name, "score": said.score, "reason": said.reason, "details": details,
            "documentation": {"short": said.short, "url": said.url},
        })
    };
    let checks = scorecard.said().map(|checks| checks.into_iter().map(check).collect::<Vec<_>>());
    json!({
        "date": scorecard.date,
        "repo": {"name": scorecard.repository, "commit": scorecard.commit()},
        "scorecard": {"version": VERSION, "commit": VERSION_COMMIT},
        "score": number(scorecard.aggregate()),
        "checks": checks,
    })
}

/// Whole numbers stand without a decimal.
pub(super) fn number(score: f64) -> Value {
    let text = score.to_string();
    serde_json::from_str(&text).unwrap()
}
