//! Lua: what LuaRocks was locked to.

pub(super) mod luarocks_lock;

#[cfg(test)]
mod tests;
