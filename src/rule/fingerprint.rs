//! What identifies a finding from run to run.
//!
//! It is made of what stays when a version is bumped and remains affected, when a line moves, and when a database
//! adds an alias: neither the version nor the place nor the list of ids goes in. Where several versions of one name
//! are hit in one file, their rank among each other tells them apart.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use crate::model::{DependencyGraph, PackageId, PackageIndex, RepoPath, Rule};
use crate::version::Scheme;

/// The fingerprint, 64 hexadecimal digits: SHA-256 over the parts, each with its length before it, so that no two
/// lists of parts run together to the same bytes.
pub(super) fn fingerprint(rule: &Rule, id: &PackageId, path: &RepoPath, key: &str, rank: usize) -> String {
    let rank = rank.to_string();
    digest(&[rule.id, id.ecosystem.osv_name(), &id.name, id.source.kind.as_str(), path, key, &rank])
}

/// The fingerprint of a finding about the scanned project, which has that name.
pub(super) fn fingerprint_of_project(rule: &Rule, project: &str) -> String {
    digest(&[rule.id, project])
}

/// The fingerprint of a finding about a file and those names in it: another name makes it another finding, and neither
/// an order nor a place does.
pub(super) fn fingerprint_of_names(rule: &Rule, path: &RepoPath, names: &[String]) -> String {
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let parts: Vec<&str> = [rule.id, path].into_iter().chain(names).collect();
    digest(&parts)
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part.as_bytes());
    }
    // Every finding has one: a formatter for each byte costs more than the hash.
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    hash.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// For each hit (a package and the key under which it was hit) of one file: its rank, from 0, among the hits with the
/// same key, ecosystem, name and source kind, by version.
///
/// Versions that are none of their scheme come first, by their text; sorting by key and text is a total order.
pub(super) fn ranks(graph: &DependencyGraph, hits: &[(PackageIndex, &str)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_by_cached_key(|&at| {
        let id = &graph.package(hits[at].0).id;
        let version = id.version.as_deref();
        let scheme = Scheme::of(id.ecosystem.osv_name());
        (scheme.and_then(|scheme| scheme.key(version?)), version, &id.source)
    });
    let mut next = HashMap::new();
    let mut ranks = vec![0; hits.len()];
    for at in order {
        let id = &graph.package(hits[at].0).id;
        let rank = next.entry((hits[at].1, id.ecosystem, id.name.as_str(), id.source.kind)).or_insert(0_usize);
        ranks[at] = *rank;
        *rank += 1;
    }
    ranks
}
