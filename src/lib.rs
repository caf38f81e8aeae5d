//! temp
pub mod ecosystem;
pub mod model;
