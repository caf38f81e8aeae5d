//! Go: modules (`go.mod`), their checksums (`go.sum`) and workspaces (`go.work`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use crate::model::{Ecosystem, LineIndex, PackageId, Source};

mod directives;
pub(super) mod go_mod;
pub(super) mod go_sum;
pub(super) mod go_work;
pub(super) mod gopkg_lock;

#[cfg(test)]
mod tests;

/// The identity of a module.
fn module_id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Go, name, version, source)
}

/// Whether it is a version as `go.mod` must have it (`v1.2.3`, `v0.0.0-2024…`), and not a branch.
fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The toolchain that a `toolchain` directive fixes: the version in `go1.22.3` or `go1.22.3-custom`
/// (<https://go.dev/doc/toolchain#name>). Its standard library is the module `stdlib` of advisories.
pub(super) fn toolchain_version(name: &str) -> Option<&str> {
    let version = name.strip_prefix("go")?;
    let version = version.split(['-', '+']).next()?;
    version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
}

/// Whether it names a toolchain; `default` is whatever is installed
/// (<https://go.dev/ref/mod#go-mod-file-toolchain>).
fn is_toolchain(name: &str) -> bool {
    name == "default" || toolchain_version(name).is_some()
}

/// A line of `go.sum` for a module's own content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checksum<'t> {
    version: &'t str,
    hash: &'t str,
}

/// The checksums of module contents, by module and version. Lines for a `go.mod` alone are passed over: they only say
/// that the version was looked at when versions were chosen.
#[derive(Debug, Default)]
struct Checksums<'t> {
    by_module: BTreeMap<&'t str, Vec<Checksum<'t>>>,
    /// The modules and versions of which at least the `go.mod` has a checksum.
    manifests: HashSet<(&'t str, &'t str)>,
    /// The lines that are none.
    broken: Vec<u32>,
}

impl<'t> Checksums<'t> {
    /// Reads a `go.sum` (<https://go.dev/ref/mod#go-sum-files>).
    fn read(lines: &LineIndex<'t>) -> Self {
        let mut checksums = Self::default();
        for (number, line) in (1_u32..).zip(lines.text().lines()) {
            let words: Vec<&'t str> = line.split_whitespace().take(4).collect();
            match *words.as_slice() {
                [] => {}
                [module, version, _] if version.ends_with("/go.mod") => {
                    checksums.manifests.insert((module, version.trim_end_matches("/go.mod")));
                }
                [module, version, hash] if is_version(version) && hash.len() > 3 && hash.as_bytes()[2] == b':' => {
                    checksums.by_module.entry(module).or_default().push(Checksum { version, hash });
                }
                _ => checksums.broken.push(number),
            }
        }
        for versions in checksums.by_module.values_mut() {
            versions.sort_by(|a, b| compare(a.version, b.version).then_with(|| a.hash.cmp(b.hash)));
        }
        checksums
    }

    /// The hash of a module's content.
    fn hash(&self, module: &str, version: &str) -> Option<&'t str> {
        let versions = self.by_module.get(module)?;
        let start = versions.partition_point(|known| compare(known.version, version) == Ordering::Less);
        let same = versions[start..].iter().take_while(|known| compare(known.version, version) == Ordering::Equal);
        same.filter(|known| known.version == version).map(|known| known.hash).next()
    }

    /// Whether anything of a module's version has a checksum.
    fn knows(&self, module: &str, version: &str) -> bool {
        self.manifests.contains(&(module, version)) || self.hash(module, version).is_some()
    }

    /// Each module with its highest version. A module has one version in a build, and that is the highest one that
    /// is asked for; `go.sum` also keeps older ones that were once chosen.
    fn chosen(&self) -> impl Iterator<Item = (&'t str, Checksum<'t>)> {
        self.by_module.iter().filter_map(|(&module, versions)| Some((module, *versions.last()?)))
    }
}

/// The order of Go's versions: semantic versions with a `v`, in which what follows `+` does not count. What is no such
/// version comes first.
fn compare(a: &str, b: &str) -> Ordering {
    fn parse(text: &str) -> Option<semver::Version> {
        let text = text.strip_prefix('v')?;
        let core = text.find(['-', '+']).unwrap_or(text.len());
        // `v1` and `v1.2` stand for `v1.0.0` and `v1.2.0`.
        let text = match text[..core].matches('.').count() {
            0 => Cow::Owned(format!("{}.0.0{}", &text[..core], &text[core..])),
            1 => Cow::Owned(format!("{}.0{}", &text[..core], &text[core..])),
            _ => Cow::Borrowed(text),
        };
        semver::Version::parse(&text).ok()
    }
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => a.cmp_precedence(&b),
        (None, None) => a.cmp(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
