//! C and C++: Conan and vcpkg.

pub(super) mod conan_lock;
mod conan_lock_v1;
pub(super) mod conanfile;
mod reference;
#[cfg(test)]
mod tests;
pub(super) mod vcpkg_json;
