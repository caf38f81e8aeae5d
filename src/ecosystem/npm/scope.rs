//! How Node.js finds a package: in the folder of whoever asks, then in those above
//! (<https://nodejs.org/api/modules.html#loading-from-node_modules-folders>).

use std::collections::HashMap;

/// Keys longer than this, or with more parts than [`MAX_PARTS`], are refused (hostile input).
const MAX_KEY: usize = 2048;
const MAX_PARTS: usize = 120;

/// The place of a scope in [`Scopes`].
pub(super) type ScopeId = usize;

/// Folders that hold packages, each below another one.
#[derive(Default)]
pub(super) struct Scopes<'t> {
    parents: Vec<Option<ScopeId>>,
    by_path: HashMap<&'t str, ScopeId>,
    packages: HashMap<(ScopeId, &'t str), usize>,
}

/// Whether a key is one that a real tool can have written.
pub(super) fn is_sane(key: &str) -> bool {
    key.len() <= MAX_KEY && key.bytes().filter(|&byte| byte == b'/').count() <= MAX_PARTS
}

impl<'t> Scopes<'t> {
    /// The scope of a path, which is made where there is none yet.
    pub(super) fn at(&mut self, path: &'t str) -> ScopeId {
        *self.by_path.entry(path).or_insert_with(|| {
            self.parents.push(None);
            self.parents.len() - 1
        })
    }

    /// A scope without path, below another one.
    pub(super) fn below(&mut self, parent: ScopeId) -> ScopeId {
        self.parents.push(Some(parent));
        self.parents.len() - 1
    }

    /// Puts a package into a scope; the last one of a name stays.
    pub(super) fn insert(&mut self, scope: ScopeId, name: &'t str, package: usize) {
        self.packages.insert((scope, name), package);
    }

    /// Connects every scope that has a path with the nearest one above it.
    pub(super) fn connect(&mut self) {
        let parents: Vec<(ScopeId, Option<ScopeId>)> =
            self.by_path.iter().map(|(path, &scope)| (scope, self.nearest_above(path))).collect();
        for (scope, parent) in parents {
            self.parents[scope] = parent;
        }
    }

    /// The nearest scope at a path or above it.
    pub(super) fn nearest(&self, path: &str) -> Option<ScopeId> {
        self.by_path.get(path).copied().or_else(|| self.nearest_above(path))
    }

    fn nearest_above(&self, path: &str) -> Option<ScopeId> {
        let mut path = path;
        while !path.is_empty() {
            path = path.rsplit_once('/').map_or("", |(above, _)| above);
            // A folder outside of the project sees nothing that lies in it.
            if path == ".." || path.ends_with("/..") {
                return None;
            }
            if let Some(&scope) = self.by_path.get(path) {
                return Some(scope);
            }
        }
        None
    }

    /// The package of a name that a scope sees.
    pub(super) fn resolve(&self, scope: Option<ScopeId>, name: &str) -> Option<usize> {
        let mut scope = scope;
        while let Some(at) = scope {
            if let Some(&package) = self.packages.get(&(at, name)) {
                return Some(package);
            }
            scope = self.parents[at];
        }
        None
    }
}
