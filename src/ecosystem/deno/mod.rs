//! Deno: `deno.lock` and `deno.json`. Packages come from npm, from JSR, and as modules by their address.

pub(super) mod deno_json;
pub(super) mod deno_lock;
mod manifest;
mod spec;
#[cfg(test)]
mod tests;
