//! What files name by a reference that stands beside the name: actions, container images, repositories. All of it is
//! named by the file itself, and the file does not say what any of it needs.
//!
//! A reference that cannot move, a commit or a digest, is the requirement of the use, also where the version is known
//! from a tag beside it: that tells a package that is fixed from one whose tag may move. Where one file names a package
//! both ways, the one that may move speaks for it.

use std::collections::{BTreeMap, HashSet};

use crate::model::{DependencyGraph, DependencyKind, GraphBuilder, Kinds, LineIndex, PackageId, RepoPath};

/// How many references of one package are told.
const MAX_ASKED: usize = 8;

/// One reference.
#[derive(Debug)]
pub(super) struct Reference<'t> {
    /// What is named, with its version.
    pub(super) id: PackageId,
    /// Where the version stands: a slice of the file. `None` where it is put together from several places.
    pub(super) version: Option<&'t str>,
    /// The reference as it is written: a slice of the file.
    pub(super) written: &'t str,
    /// What the file asks for, where that is no exact version or fixes more than one.
    pub(super) requirement: Option<String>,
    /// The commit or digest.
    pub(super) hash: Option<String>,
    /// What it is for.
    pub(super) kind: Option<DependencyKind>,
}

/// The graph of a file that names these.
pub(super) fn graph(
    path: &RepoPath,
    parser: &'static str,
    lines: &LineIndex<'_>,
    mut references: Vec<Reference<'_>>,
) -> DependencyGraph {
    let mut graph = GraphBuilder::new(path, parser);
    references.sort_by_key(|reference| reference.hash.is_some());
    let mut movable = HashSet::new();
    let mut asked = BTreeMap::new();
    for Reference { id, version, written, requirement, hash, kind } in references {
        let index = graph.package(id, version.and_then(|version| lines.locate_slice(version)));
        graph.mark(index, Some(true), kind.map(Kinds::only).unwrap_or_default());
        let is_fixed = hash.is_some() && version.is_some();
        if hash.is_none() {
            movable.insert(index);
        }
        // What is fixed comes last, and says nothing of a package that may move elsewhere in the file.
        let is_movable = movable.contains(&index);
        if let Some(requirement) = requirement.filter(|_| hash.is_none() || !is_movable) {
            let all: &mut Vec<String> = asked.entry(index).or_default();
            if all.len() < MAX_ASKED && !all.contains(&requirement) {
                all.push(requirement);
            }
        }
        if let Some(hash) = hash.filter(|_| !is_movable) {
            graph.integrity(index, &hash);
        }
        if let Some(place) = lines.locate_slice(written).filter(|_| !is_fixed) {
            graph.declare(index, place);
        }
    }
    for (index, all) in asked {
        graph.requirement(index, &all.join(", "));
    }
    graph.finish_as_marked()
}

/// Whether a text is a full commit id: SHA-1 or SHA-256 in hexadecimal.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a tag names one release, as `v1.2.3` and `1.2.3-rc.1` do: fewer numbers are customary for tags that move along.
pub(super) fn is_release(tag: &str) -> bool {
    let text = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    core.split('.').count() >= 3 && core.split('.').all(is_number)
}

/// The release that the comment behind a value claims, as in `# v4.1.2` or `# frozen: 24.1.0`. The tools that write commits
/// keep it up to date; that it is true nobody checks. A comment that only speaks of a release (`# backup for v3.0.0`)
/// claims none.
pub(super) fn claimed<'t>(lines: &LineIndex<'t>, value: &str) -> Option<&'t str> {
    let end = offset(lines.text(), value)? + value.len();
    let rest = lines.text().get(end..)?.split(['\n', '\r']).next()?;
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let comment = rest.strip_prefix([' ', '\t'])?.trim_start().strip_prefix('#')?;
    let mut words = comment.split_whitespace();
    let first = words.next()?;
    let word = if first.ends_with(':') { words.next()? } else { first };
    let word = word.rsplit(['=', '@', ':']).next()?.trim_matches(['(', ')', '[', ']', ',', ';', '.']);
    is_release(word).then_some(word)
}

/// Where a slice starts in the text that it was cut from.
fn offset(text: &str, part: &str) -> Option<usize> {
    let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (offset + part.len() <= text.len()).then_some(offset)
}

/// The slice of a text that equals this part of it: what a YAML reader lends lives as long as its values, the text longer.
pub(super) fn slice<'t>(text: &'t str, part: &str) -> Option<&'t str> {
    let start = offset(text, part)?;
    text.get(start..start + part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_are_a_release() {
        for tag in ["v1.2.3", "1.2.3", "v1.2.3-rc.1", "2024.10.1", "1.2.3.4", "v1.2.3+b"] {
            assert!(is_release(tag), "{tag}");
        }
        for tag in ["v1", "v1.2", "main", "release/v1", "1.2.x", "1..3", "", "v", "latest"] {
            assert!(!is_release(tag), "{tag}");
        }
    }

    #[test]
    fn a_comment_claims_a_release() {
        let claim = |text: &'static str| {
            let lines = LineIndex::new(&"f".into(), text);
            claimed(&lines, &text[..3]).map(str::to_owned)
        };
        assert_eq!(claim("abc # v4.1.2\nd").as_deref(), Some("v4.1.2"));
        assert_eq!(claim("abc' # tag=v4.1.2").as_deref(), Some("v4.1.2"));
        assert_eq!(claim("abc  #frozen: 24.1.0 yes").as_deref(), Some("24.1.0"));
        assert_eq!(claim("abc # ratchet:a/b@v1.0.0").as_deref(), Some("v1.0.0"));
        assert_eq!(claim("abc # pin@v1.0.0, by hand").as_deref(), Some("v1.0.0"));
        assert_eq!(claim("abc # backup for v3.0.0"), None);
        assert_eq!(claim("abc # v4"), None);
        assert_eq!(claim("abc# v4.1.2"), None);
        assert_eq!(claim("abc\n# v4.1.2"), None);
    }
}
