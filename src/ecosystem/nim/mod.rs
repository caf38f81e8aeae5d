//! Nim: what Nimble was locked to.

pub(super) mod nimble_lock;

#[cfg(test)]
mod tests;
