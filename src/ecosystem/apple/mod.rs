//! Swift packages: what the Swift package manager and Xcode lock.

pub(super) mod package_resolved;
#[cfg(test)]
mod tests;
