//! Bounds that several parsers share.

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::{Diagnostic, DiagnosticSeverity, PackageIndex, RepoPath};

/// How many diagnostics of one severity a parser gives for one file.
const MAX_DIAGNOSTICS: usize = 20;

/// How many packages may share one key before the rest is passed over: edges to all of them would otherwise grow
/// with the square of a hostile file.
const MAX_CANDIDATES: usize = 64;

/// Keeps the first diagnostics of each severity and counts the others in one more.
pub(in crate::ecosystem) fn bound(diagnostics: &mut Vec<Diagnostic>, path: &RepoPath) {
    for severity in [DiagnosticSeverity::Error, DiagnosticSeverity::Warning, DiagnosticSeverity::Note] {
        let mut seen = 0_usize;
        diagnostics.retain(|diagnostic| {
            seen += usize::from(diagnostic.severity == severity);
            diagnostic.severity != severity || seen <= MAX_DIAGNOSTICS
        });
        if let Some(more @ 1..) = seen.checked_sub(MAX_DIAGNOSTICS) {
            let message = format!("and {more} more of this kind");
            diagnostics.push(Diagnostic { path: Some(RepoPath::clone(path)), line: None, severity, message });
        }
    }
}

/// Packages by a key that several may share.
#[derive(Debug)]
pub(in crate::ecosystem) struct Candidates<K> {
    by_key: HashMap<K, Vec<PackageIndex>>,
}

impl<K: Hash + Eq> Candidates<K> {
    /// None yet.
    pub(in crate::ecosystem) fn new() -> Self {
        Self { by_key: HashMap::new() }
    }

    /// Adds a package under a key, once.
    pub(in crate::ecosystem) fn add(&mut self, key: K, package: PackageIndex) {
        let packages = self.by_key.entry(key).or_default();
        if packages.len() < MAX_CANDIDATES && !packages.contains(&package) {
            packages.push(package);
        }
    }

    /// The packages under a key, in the order in which they were added.
    pub(in crate::ecosystem) fn of<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> &[PackageIndex]
    where
        K: std::borrow::Borrow<Q>,
    {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_diagnostics_becomes_a_number() {
        let path: RepoPath = "f".into();
        let mut diagnostics: Vec<_> = (0..100).map(|line| Diagnostic::error(&path, Some(line), "x")).collect();
        diagnostics.push(Diagnostic::warning(&path, None, "kept"));
        bound(&mut diagnostics, &path);
        assert_eq!(diagnostics.len(), MAX_DIAGNOSTICS + 2);
        assert_eq!(diagnostics[MAX_DIAGNOSTICS].message, "kept");
        assert_eq!(diagnostics[MAX_DIAGNOSTICS + 1].message, "and 80 more of this kind");
    }

    #[test]
    fn candidates_are_bounded() {
        let mut candidates = Candidates::new();
        for index in (0..1000).chain(0..1000) {
            candidates.add("a".to_owned(), index);
        }
        assert_eq!(candidates.of("a").len(), MAX_CANDIDATES);
        assert!(candidates.of("b").is_empty());
    }
}
