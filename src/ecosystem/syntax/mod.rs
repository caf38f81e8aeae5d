//! What several formats share: reading JSON, TOML, XML, YAML and stanzas of fields with byte offsets, keeping what comes
//! before an error, globs of workspaces, bounds, what a manifest asks for.

pub(super) mod asked;
pub(super) mod bounds;
pub(super) mod glob;
pub(super) mod json;
#[cfg(test)]
pub(super) mod probe;
pub(super) mod stanza;
pub(super) mod tokens;
pub(super) mod toml;
pub(super) mod xml;
pub(super) mod yaml;
