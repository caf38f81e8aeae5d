//! OCaml: what opam was locked to.

pub(super) mod opam_locked;
