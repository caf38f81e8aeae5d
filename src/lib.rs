//! temp
pub mod advisory;
pub mod ecosystem;
pub mod model;
pub mod rule;
pub mod version;
