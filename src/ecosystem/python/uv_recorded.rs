//! What `uv.lock` recorded of the requirements of its projects, held against their manifests.

use std::collections::{BTreeSet, HashMap};

use toml::de::DeTable;

use super::manifest::{Declared, Manifest, Tool};
use super::{normal, project};
use crate::ecosystem::drift::Wanted;
use crate::ecosystem::syntax::toml::Get;
use crate::model::{DriftKind, GraphBuilder, PackageIndex, SourceKind};
use crate::version::{Key, Scheme, is_python_version, satisfies};

/// The specifiers that a lock recorded of its project, by name: what uv holds the project against to see whether the lock
/// is current (<https://docs.astral.sh/uv/concepts/projects/sync/#checking-the-lockfile>).
pub(super) struct Recorded<'d>(Option<HashMap<String, Vec<&'d str>>>);

/// A specifier as a set of operators and versions: their order and space mean nothing.
type Clauses = BTreeSet<(String, Option<Key>, String)>;

impl<'d> Recorded<'d> {
    /// Older versions recorded nothing.
    pub(super) fn of(table: &'d DeTable<'_>) -> Self {
        let Some(metadata) = table.table(&["metadata"]) else { return Self(None) };
        let groups = metadata.table(&["requires-dev"]).into_iter().flatten();
        let groups = groups.filter_map(|(_, list)| list.get_ref().as_array()).flat_map(|list| list.iter());
        let mut by_name: HashMap<String, Vec<&str>> = HashMap::new();
        for item in metadata.array(&["requires-dist"]).iter().chain(groups) {
            let Some(item) = item.get_ref().as_table() else { continue };
            if let Some(name) = item.text(&["name"]) {
                by_name.entry(normal(name)).or_default().push(item.text(&["specifier"]).unwrap_or_default());
            }
        }
        Self(Some(by_name))
    }

    /// Notes where the manifest asks for another specifier of what is locked. What is not locked, or not as it is asked
    /// for, is said already.
    pub(super) fn compare(
        &self,
        manifest: &Manifest,
        declared: &Declared,
        locked: &[PackageIndex],
        graph: &mut GraphBuilder,
    ) {
        let is_plain = declared.source.kind == SourceKind::Registry
            && declared.table.is_read_by(Tool::Uv)
            && !project::is_itself(manifest, declared);
        let Some(by_name) = self.0.as_ref().filter(|_| is_plain && !locked.is_empty()) else { return };
        let asked = declared.requirement.as_deref().unwrap_or_default();
        let is_allowed = |&package: &PackageIndex| {
            let id = graph.id(package);
            id.version.as_deref().and_then(|version| satisfies(id.ecosystem, asked, version)) == Some(true)
        };
        let (Some(clauses), true) = (clauses(asked), locked.iter().any(is_allowed)) else { return };
        let recorded = by_name.get(&declared.name).map_or(&[][..], Vec::as_slice);
        let is_recorded = recorded.iter().any(|text| self::clauses(text).is_none_or(|known| known == clauses));
        if !is_recorded {
            let place = &declared.location;
            let requirement = declared.requirement.as_deref();
            let wanted = Wanted { manifest: &place.path, name: &declared.name, requirement, place: Some(place) };
            let any = |text: &&str| if text.is_empty() { "*".to_owned() } else { (*text).to_owned() };
            let recorded = recorded.iter().map(any).collect();
            graph.drift(wanted.drift(DriftKind::Recorded(recorded)));
        }
    }
}

/// The clauses of a specifier; `None` where one is not understood.
fn clauses(specifier: &str) -> Option<Clauses> {
    let parts = specifier.split(',').map(str::trim).filter(|part| !part.is_empty());
    let clause = |part: &str| {
        let version = part.trim_start_matches(['=', '<', '>', '~', '!']).trim();
        let operator = part[..part.len() - part.trim_start_matches(['=', '<', '>', '~', '!']).len()].to_owned();
        let key = Scheme::Pep440.key(version).filter(|_| is_python_version(version));
        let wildcard = version.strip_suffix(".*").is_some_and(is_python_version);
        // How many parts a version has matters to `~=` and to a wildcard.
        let text = if wildcard || operator == "~=" { version.to_owned() } else { String::new() };
        (!operator.is_empty() && (key.is_some() || wildcard)).then_some((operator, key.filter(|_| !wildcard), text))
    };
    parts.map(clause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_sets_of_clauses() {
        assert_eq!(clauses(">=1.0, <2"), clauses("<2.0,>=1"));
        assert_ne!(clauses(">=1.0"), clauses(">=1.1"));
        assert_ne!(clauses("~=1.4"), clauses("~=1.4.0"));
        assert_eq!(clauses("==1.2.*"), clauses("== 1.2.*"));
        assert!(clauses("").is_some_and(|clauses| clauses.is_empty()));
        assert_eq!(clauses("^1.0"), None);
        assert_eq!(clauses(">=1.0 <2"), None);
    }
}
