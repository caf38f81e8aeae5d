//! Container images: what Dockerfiles build on, and what compose files run.

pub(super) mod compose;
pub(super) mod dockerfile;
pub(super) mod image;
#[cfg(test)]
mod tests;
