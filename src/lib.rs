//! temp
pub mod advisory;
pub mod database;
pub mod ecosystem;
pub mod model;
pub mod policy;
pub mod report;
pub mod rule;
pub mod scan;
pub mod version;
