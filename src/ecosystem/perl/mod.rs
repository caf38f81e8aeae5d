//! Perl: what Carton was locked to.

pub(super) mod cpanfile_snapshot;

#[cfg(test)]
mod tests;
