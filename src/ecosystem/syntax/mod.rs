//! What several formats share: reading JSON and TOML with byte offsets, and keeping what comes before an error.

pub(super) mod glob;
pub(super) mod json;
pub(super) mod toml;
