//! Whether a lockfile holds what a manifest asks for: one judgement for every format.
//!
//! A false alarm costs more than a miss: whatever is replaced on purpose (a patch, a folder, an override), is there only
//! on some systems, or comes from elsewhere than a registry, is not judged.

use crate::model::{Drift, DriftKind, GraphBuilder, Location, PackageIndex, RepoPath, SourceKind};
use crate::version::satisfies;

/// What a manifest asks for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) manifest: &'w RepoPath,
    pub(super) name: &'w str,
    /// As it is written.
    pub(super) requirement: Option<&'w str>,
    pub(super) place: Option<&'w Location>,
}

impl Wanted<'_> {
    /// The disagreement of that kind.
    pub(super) fn drift(&self, kind: DriftKind) -> Drift {
        Drift {
            manifest: RepoPath::clone(self.manifest),
            name: self.name.to_owned(),
            requirement: self.requirement.map(str::to_owned),
            place: self.place.cloned(),
            kind,
        }
    }

    /// Notes that a lockfile has nothing of the name.
    pub(super) fn missing(&self, graph: &mut GraphBuilder) {
        graph.drift(self.drift(DriftKind::Missing));
    }

    /// Notes where none of the packages that are locked under the name is allowed by a range; says whether it did.
    pub(super) fn compare(&self, range: &str, locked: &[PackageIndex], graph: &mut GraphBuilder) -> bool {
        let mut judged = Vec::with_capacity(locked.len());
        for &package in locked {
            let id = graph.id(package);
            let Some(version) = id.version.as_deref().filter(|_| id.source.kind == SourceKind::Registry) else {
                return false;
            };
            judged.push(satisfies(id.ecosystem, range, version));
        }
        if judged.is_empty() || judged.contains(&Some(true)) {
            return false;
        }
        let is_unread = judged.contains(&None);
        let packages = locked.to_vec();
        let kind = if is_unread { DriftKind::Unread(packages) } else { DriftKind::Outside(packages) };
        graph.drift(self.drift(kind));
        !is_unread
    }
}
