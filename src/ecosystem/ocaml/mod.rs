//! OCaml: what opam was locked to.

pub(super) mod opam_locked;

#[cfg(test)]
mod tests;
