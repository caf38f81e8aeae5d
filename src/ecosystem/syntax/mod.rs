//! What several formats share: reading JSON, TOML and YAML with byte offsets, keeping what comes before an error,
//! globs of workspaces, bounds.

pub(super) mod bounds;
pub(super) mod glob;
pub(super) mod json;
#[cfg(test)]
pub(super) mod probe;
pub(super) mod tokens;
pub(super) mod toml;
pub(super) mod yaml;
