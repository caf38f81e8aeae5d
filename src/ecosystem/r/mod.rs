//! R: what renv was locked to.

pub(super) mod renv_lock;

#[cfg(test)]
mod tests;
