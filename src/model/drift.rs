//! Where a lockfile and the manifests that it was made from have gone apart.

use std::collections::HashMap;

use super::{Location, PackageIndex, RepoPath};

/// Something that a manifest asks for and its lockfile does not hold as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// The manifest.
    pub manifest: RepoPath,
    /// The name as the manifest writes it; of Python, normalised.
    pub name: String,
    /// What is asked of it, as it is written; `None` where anything will do.
    pub requirement: Option<String>,
    /// Where the manifest asks for it.
    pub place: Option<Location>,
    /// How they disagree.
    pub kind: DriftKind,
}

/// How a lockfile and a manifest disagree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// The lockfile is not of this project: it holds everything but the project itself.
    Project,
    /// The lockfile has no such package.
    Missing,
    /// The lockfile has these packages of the name, and the requirement allows none of them.
    Outside(Vec<PackageIndex>),
    /// What is locked may do, but the lockfile recorded another requirement of the manifest: these, or none at all.
    Recorded(Vec<String>),
    /// The lockfile has no checksum of what is asked for, in this file.
    Unsummed(RepoPath),
    /// Whether what is locked is allowed cannot be judged: the requirement or a version is none that is understood.
    Unread(Vec<PackageIndex>),
}

impl Drift {
    /// The same of packages that stand under other indexes elsewhere; what is not there is left out.
    #[must_use]
    pub fn renumbered(&self, map: &HashMap<PackageIndex, PackageIndex>) -> Self {
        let mut drift = self.clone();
        match &mut drift.kind {
            DriftKind::Outside(packages) | DriftKind::Unread(packages) => {
                *packages = packages.iter().filter_map(|package| map.get(package).copied()).collect();
            }
            DriftKind::Project | DriftKind::Missing | DriftKind::Recorded(_) | DriftKind::Unsummed(_) => {}
        }
        drift
    }
}

impl DriftKind {
    /// The packages that it is about.
    pub(super) fn packages_mut(&mut self) -> &mut [PackageIndex] {
        match self {
            Self::Outside(packages) | Self::Unread(packages) => packages,
            Self::Project | Self::Missing | Self::Recorded(_) | Self::Unsummed(_) => &mut [],
        }
    }
}
