//! What several formats share: reading JSON and TOML with byte offsets, keeping what comes before an error, bounds.

pub(super) mod bounds;
pub(super) mod glob;
pub(super) mod json;
pub(super) mod toml;
