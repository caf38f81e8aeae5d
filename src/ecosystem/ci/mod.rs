//! What pipelines run: GitHub Actions, GitLab CI, pre-commit.

pub(super) mod github_action;
pub(super) mod github_workflow;
pub(super) mod gitlab_ci;
pub(super) mod pre_commit;
#[cfg(test)]
mod tests;
mod uses;
