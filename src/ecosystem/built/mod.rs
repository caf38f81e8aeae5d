//! What programs and archives say of what they were built from.

pub(super) mod java_archive;
pub(super) mod program;
mod sections;

#[cfg(test)]
mod tests;
