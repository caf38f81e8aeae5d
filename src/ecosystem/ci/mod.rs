//! What pipelines run: GitHub Actions, GitLab CI, pre-commit.

pub(super) mod github_action;
pub(super) mod github_workflow;
#[cfg(test)]
mod tests;
mod uses;
