//! What git says of the tree, read from its files: `git` is never run in a scanned tree, since it runs what the tree's
//! configuration names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::discover::read_bounded;

/// An index of more bytes is not read.
const MAX_INDEX: u64 = 256 << 20;

/// The commit that is checked out, where it can be read: hexadecimal.
pub(super) fn revision(root: &Path) -> Option<String> {
    let read = |name: &str| {
        let path = own_file(root, name)?;
        Some(String::from_utf8(read_bounded(&path, 1 << 20).ok()?).ok()?.trim().to_owned())
    };
    let is_commit = |text: &String| matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let head = read("HEAD")?;
    let Some(reference) = head.strip_prefix("ref: ").map(str::trim) else {
        return Some(head).filter(is_commit);
    };
    // A reference is a path below `.git`; nothing else is opened.
    if !reference.starts_with("refs/") || reference.contains("..") || reference.contains('\\') {
        return None;
    }
    if let Some(loose) = read(reference) {
        return Some(loose).filter(is_commit);
    }
    let packed = read("packed-refs")?;
    let line = packed.lines().find(|line| line.ends_with(reference) && line.split(' ').nth(1) == Some(reference))?;
    line.split(' ').next().map(str::to_owned).filter(is_commit)
}

/// A plain file of the repository that lies in the tree: no pipe, which could be waited on for ever, and nothing that
/// a link leads to elsewhere.
fn own_file(root: &Path, name: &str) -> Option<PathBuf> {
    let path = fs::canonicalize(root.join(".git").join(name)).ok()?;
    (path.starts_with(fs::canonicalize(root).ok()?) && path.is_file()).then_some(path)
}

/// The paths that git tracks in the repository at `root`, with `/`. `Ok(None)` where there is no index.
///
/// # Errors
/// Where there is one and it cannot be read, in words.
pub(super) fn tracked(root: &Path) -> Result<Option<BTreeSet<String>>, String> {
    let Some(path) = own_file(root, "index") else { return Ok(None) };
    let bytes = read_bounded(&path, MAX_INDEX)?;
    parse_index(&bytes).map(Some).ok_or_else(|| "its format is not understood".to_owned())
}

/// Reads the index format, versions 2 to 4 with SHA-1 (<https://git-scm.com/docs/index-format>).
fn parse_index(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if !bytes.starts_with(b"DIRC") {
        return None;
    }
    let version = number(4).filter(|version| (2..=4).contains(version))?;
    let mut paths = BTreeSet::new();
    let mut at = 12_usize;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..number(8)? {
        // Times, device, inode, mode, owner and size are 40 bytes, the hash 20, the flags 2.
        let start = at;
        let flags = u16::from_be_bytes(bytes.get(at + 60..at + 62)?.try_into().ok()?);
        at += if version >= 3 && flags & 0x4000 != 0 { 64 } else { 62 };
        if version == 4 {
            let dropped = offset_number(bytes, &mut at)?;
            name.truncate(name.len().checked_sub(dropped)?);
        } else {
            name.clear();
        }
        let length = bytes.get(at..)?.iter().position(|&byte| byte == 0)?;
        name.extend_from_slice(&bytes[at..at + length]);
        at += length + 1;
        if version < 4 {
            // Entries are padded with NULs to a multiple of eight bytes.
            at = start + (at - 1 - start + 8) / 8 * 8;
        }
        paths.insert(String::from_utf8_lossy(&name).into_owned());
    }
    Some(paths)
}

/// The variable-width number of pack offsets (<https://git-scm.com/docs/pack-format>, "offset encoding").
fn offset_number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut next = || {
        let byte = *bytes.get(*at)?;
        *at += 1;
        Some(byte)
    };
    let mut byte = next()?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = next()?;
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Vec<u8> {
        let mut entry = vec![0; 60];
        entry.extend_from_slice(&u16::try_from(name.len()).unwrap().to_be_bytes());
        entry.extend_from_slice(name.as_bytes());
        entry.resize((entry.len() + 8) / 8 * 8, 0);
        entry
    }

    fn index(version: u32, entries: &[Vec<u8>]) -> Vec<u8> {
        let count = u32::try_from(entries.len()).unwrap();
        [b"DIRC".as_slice(), &version.to_be_bytes(), &count.to_be_bytes(), &entries.concat()].concat()
    }

    #[test]
    fn an_index_is_read_in_every_version() {
        let plain = index(2, &[entry("a/Cargo.lock"), entry("b")]);
        assert_eq!(parse_index(&plain).unwrap().into_iter().collect::<Vec<_>>(), ["a/Cargo.lock", "b"]);
        let packed = |dropped: u8, rest: &str| [vec![0; 62], vec![dropped], rest.as_bytes().to_vec(), vec![0]].concat();
        let packed = index(4, &[packed(0, "dir/one"), packed(3, "two")]);
        assert_eq!(parse_index(&packed).unwrap().into_iter().collect::<Vec<_>>(), ["dir/one", "dir/two"]);
        for cut in 0..plain.len() {
            // Whatever is missing at the end is either padding or noticed.
            let _ = parse_index(&plain[..cut]);
        }
        assert_eq!(parse_index(b"DIRC\0\0\0\x02\xff\xff\xff\xff"), None);
    }

    #[test]
    fn a_revision_comes_from_a_branch_or_from_a_commit() {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().join(".git");
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let read = |head: &str| {
            fs::write(git.join("HEAD"), head).unwrap();
            revision(folder.path())
        };
        assert_eq!(read(commit).as_deref(), Some(commit));
        assert_eq!(read("ref: refs/heads/main\n"), None);
        fs::write(git.join("packed-refs"), format!("# pack-refs\n{commit} refs/heads/main\n")).unwrap();
        assert_eq!(read("ref: refs/heads/main\n").as_deref(), Some(commit));
        fs::write(git.join("refs/heads/main"), format!("{commit}\n")).unwrap();
        assert_eq!(read("ref: refs/heads/main\n").as_deref(), Some(commit));
        assert_eq!(read("ref: refs/../../../secret\n"), None);
    }
}
