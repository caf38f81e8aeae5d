//! temp
pub mod advisory;
pub mod ecosystem;
pub mod model;
pub mod version;
