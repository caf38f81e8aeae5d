//! Which package the address of an archive names: a lockfile may say one name and version and fetch another.

use super::spec::percent_decode;
use crate::model::{OtherPackage, Source, SourceKind};

/// The package that an archive's address names, where it is another one than that of its entry. Addresses of registries
/// are `…/name/-/name-1.2.3.tgz`; of others nothing is known.
pub(super) fn other(name: &str, version: &str, address: &str) -> Option<OtherPackage> {
    let is_address = address.starts_with("https://") || address.starts_with("http://");
    let plain = percent_decode(address.split(['#', '?']).next().filter(|_| is_address)?);
    let (before, file) = plain.rsplit_once("/-/")?;
    let stem = file.rsplit('/').next()?.strip_suffix(".tgz")?;
    let mut parts = before.rsplit('/');
    let last = parts.next()?;
    let scope = parts.next().filter(|scope| scope.starts_with('@'));
    let named = scope.map_or_else(|| last.to_owned(), |scope| format!("{scope}/{last}"));
    let found = stem.strip_prefix(last)?.strip_prefix('-')?;
    let without_build = |version: &str| version.split('+').next().unwrap_or_default().to_owned();
    if named == name && without_build(found) == without_build(version) {
        return None;
    }
    let address = Source::at(SourceKind::Url, address).url.unwrap_or_default();
    Some(OtherPackage { label: format!("{named} {found}"), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_package() {
        let label = |name, version, address: &str| other(name, version, address).map(|other| other.label);
        for (name, version, address) in [
            ("left-pad", "1.3.0", "https://registry.example/npm/left-pad/-/left-pad-1.3.0.tgz#0123"),
            ("@acme/labels", "1.0.0-rc.1", "https://registry.example/@acme%2flabels/-/labels-1.0.0-rc.1.tgz"),
            ("@acme/labels", "1.0.0", "https://host.example/api/@acme/labels/-/@acme/labels-1.0.0.tgz"),
            ("built", "1.0.0+7", "https://registry.example/built/-/built-1.0.0.tgz"),
            ("free", "1.0.0", "https://host.example/archives/whatever-2.0.0.tgz"),
            ("free", "1.0.0", "git+ssh://host.example/a/-/b-1.0.0.tgz"),
        ] {
            assert_eq!(label(name, version, address), None, "{address}");
        }
        let other = |name, version, address| label(name, version, address).unwrap();
        assert_eq!(
            other("left-pad", "1.3.0", "https://registry.example/left-pad/-/left-pad-1.2.0.tgz"),
            "left-pad 1.2.0"
        );
        assert_eq!(other("left-pad", "1.3.0", "https://registry.example/evil/-/evil-1.3.0.tgz"), "evil 1.3.0");
        assert_eq!(
            other("labels", "1.0.0", "https://registry.example/@evil/labels/-/labels-1.0.0.tgz"),
            "@evil/labels 1.0.0"
        );
    }
}
