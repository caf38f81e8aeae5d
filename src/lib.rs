//! temp
pub mod ecosystem;
pub mod model;
pub mod report;
