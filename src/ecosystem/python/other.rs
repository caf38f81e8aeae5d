//! Which package a distribution's file names: a lockfile may say one name and version and fetch another.

use super::normal;
use crate::model::{OtherPackage, Source, SourceKind};
use crate::version::{Scheme, is_python_version};

/// More files of one package are not looked at (hostile input).
const MAX_FILES: usize = 500;

/// Endings of source distributions.
const SOURCES: [&str; 5] = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"];

/// The package that one of the files or addresses names, where it is another one than that of their entry
/// (<https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention>,
/// <https://packaging.python.org/en/latest/specifications/source-distribution-format/#source-distribution-file-name>).
/// A file whose name is not understood says nothing.
pub(super) fn other<'f>(name: &str, version: &str, files: impl Iterator<Item = &'f str>) -> Option<OtherPackage> {
    let name = normal(name);
    files.take(MAX_FILES).find_map(|address| {
        let file = address.split(['#', '?']).next()?.rsplit('/').next()?.replace("%2B", "+").replace("%2b", "+");
        let label = match file.strip_suffix(".whl") {
            Some(stem) => of_wheel(stem, &name, version)?,
            None => of_source(SOURCES.iter().find_map(|ending| file.strip_suffix(ending))?, &name, version)?,
        };
        Some(OtherPackage { label, address: Source::at(SourceKind::Url, address).url.unwrap_or_default() })
    })
}

fn of_wheel(stem: &str, name: &str, version: &str) -> Option<String> {
    let parts: Vec<&str> = stem.split('-').collect();
    let (&[named, found, ..], 5..=6) = (parts.as_slice(), parts.len()) else { return None };
    let is_it = normal(named) == name && same(found, version)?;
    (!is_it).then(|| format!("{} {found}", normal(named)))
}

/// A name may hold dashes, and so may an old version: any place where both fit will do.
fn of_source(stem: &str, name: &str, version: &str) -> Option<String> {
    let mut named = None;
    for (at, _) in stem.match_indices('-') {
        let (before, found) = (normal(&stem[..at]), &stem[at + 1..]);
        let Some(is_same) = same(found, version) else { continue };
        if before == name && is_same {
            return None;
        }
        named = named.or_else(|| Some(format!("{before} {found}")));
    }
    named
}

/// Whether two versions are one, what is local to a build aside; `None` where one is none.
fn same(a: &str, b: &str) -> Option<bool> {
    let key = |text: &str| {
        let public = text.split('+').next().unwrap_or_default().replace('_', "-");
        Scheme::Pep440.key(&public).filter(|_| is_python_version(&public))
    };
    Some(key(a)? == key(b)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_package() {
        for (name, version, file) in [
            ("attrs", "24.2.0", "attrs-24.2.0-py3-none-any.whl"),
            ("ruamel-yaml", "0.17.21", "https://host.example/ruamel.yaml-0.17.21.tar.gz#sha256=0"),
            ("pywin32", "306", "pywin32-306-cp311-cp311-win_amd64.whl"),
            ("torch", "2.0.1+cu118", "https://host.example/torch-2.0.1%2Bcu118-cp311-cp311-linux_x86_64.whl"),
            ("black", "24.1a1", "black-24.1a1-1-py3-none-any.whl"),
            ("python-dateutil", "2.9.0.post0", "python-dateutil-2.9.0.post0.tar.gz"),
            ("old", "1.0.post1", "old-1.0-1.tar.gz"),
            ("certifi", "2023.7.22", "certifi-2023.07.22-py3-none-any.whl"),
            ("odd", "1.0", "something-else.tar.gz"),
            ("odd", "1.0", "odd.exe"),
        ] {
            assert_eq!(other(name, version, [file].into_iter()), None, "{file}");
        }
        let label = |name, version, file: &str| other(name, version, [file].into_iter()).unwrap().label;
        assert_eq!(label("attrs", "24.2.0", "https://host.example/attrs-23.2.0-py3-none-any.whl"), "attrs 23.2.0");
        assert_eq!(label("attrs", "24.2.0", "atters-24.2.0-py3-none-any.whl"), "atters 24.2.0");
        assert_eq!(label("requests", "2.31.0", "request-2.31.0.tar.gz"), "request 2.31.0");
    }
}
