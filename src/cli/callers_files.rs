//! Files that the caller names. Where a change is judged and such a file lies in the scanned tree, the change could have
//! written it: it is read as it was at the merge base, as the tree's own policy is.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path};

use crate::scan::Base;

/// Where what the caller names is read from.
#[derive(Clone, Copy, Default)]
pub(super) struct CallersFiles<'f> {
    /// The root of the scanned tree and the state that it is compared with, where it is.
    base: Option<(&'f Path, &'f Base)>,
}

impl<'f> CallersFiles<'f> {
    /// As they are now, wherever they lie.
    pub(super) const NOW: Self = Self { base: None };

    /// As they were at the base, where they lie in that tree.
    pub(super) fn at(root: &'f Path, base: &'f Base) -> Self {
        Self { base: Some((root, base)) }
    }

    /// The path of a file in the scanned tree, where it is read from the base.
    pub(super) fn in_tree(self, path: &Path) -> Option<String> {
        let (root, _) = self.base?;
        within(root, path)
    }

    /// The bytes of a file; `None` where there is none. Of one that is too large, no more is read than shows that it is.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) fn read(self, path: &Path, most: usize) -> Result<Option<Vec<u8>>, String> {
        if let (Some((_, base)), Some(inside)) = (self.base, self.in_tree(path)) {
            return base.bytes(&inside, most).map_err(|why| format!("at {}: {why}", base.label()));
        }
        match read_file(path, most) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // What opening a folder gives is another error on every platform.
            Err(_) if path.is_dir() => Err("it is a folder; name the file in it, such as osprey.toml".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Why a file that is not there is not there: what to say to who named it.
    pub(super) fn absent(self, path: &Path) -> String {
        match (self.base, self.in_tree(path)) {
            (Some((_, base)), Some(_)) => format!(
                "there is no such file at {}; with --since, what lies in the scanned tree is read from there, so that no \
                 change brings its own",
                base.label()
            ),
            _ => "there is no such file".to_owned(),
        }
    }
}

/// The bytes of a file. Of one that is too large, no more is read than shows that it is.
pub(super) fn read_file(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The path of a file below a folder. No symbolic link below the folder is followed: what a link in the tree leads to,
/// the tree says.
fn within(root: &Path, path: &Path) -> Option<String> {
    let full = std::path::absolute(path).ok()?;
    let mut above: Vec<&Path> = full.ancestors().skip(1).collect();
    above.reverse();
    let top = above.into_iter().find(|folder| fs::canonicalize(folder).is_ok_and(|folder| folder == root));
    let inside = top.and_then(|top| full.strip_prefix(top).ok()).and_then(plain);
    inside.or_else(|| {
        // A link from elsewhere into the middle of the tree.
        let folder = fs::canonicalize(full.parent()?).ok()?;
        plain(&folder.strip_prefix(root).ok()?.join(full.file_name()?))
    })
}

/// A relative path in one form; `None` where it leads out.
fn plain(path: &Path) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_file_is_in_the_tree_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(folder.path()).unwrap();
        let (root, other) = (top.join("root"), top.join("other"));
        fs::create_dir_all(root.join("ci")).unwrap();
        fs::create_dir_all(&other).unwrap();
        let inside = |path: PathBuf| within(&root, &path);
        assert_eq!(inside(root.join("b.json")).as_deref(), Some("b.json"));
        assert_eq!(inside(root.join("ci/../ci/./b.json")).as_deref(), Some("ci/b.json"));
        assert_eq!(inside(other.join("../root/gone/b.json")).as_deref(), Some("gone/b.json"));
        assert_eq!(inside(other.join("b.json")), None);
        assert_eq!(inside(root.join("../other/b.json")), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&other, root.join("out")).unwrap();
            std::os::unix::fs::symlink(root.join("ci"), other.join("into")).unwrap();
            assert_eq!(
                inside(root.join("out/b.json")).as_deref(),
                Some("out/b.json"),
                "the tree says where that leads"
            );
            assert_eq!(inside(other.join("into/b.json")).as_deref(), Some("ci/b.json"));
        }
    }
}
