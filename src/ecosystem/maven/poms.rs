//! The POMs of the scanned tree: each is read once for all that inherit from it or import it.

use std::collections::{BTreeMap, HashMap};

use super::pom_file::Pom;
use crate::ecosystem::{FileSet, Lookup, file_name_of, folder_of, join};
use crate::model::RepoPath;

/// POMs of one artifact name beyond this many are not looked at (hostile input).
const MAX_NAMESAKES: usize = 64;

/// The POMs of the scanned tree, by path and by name.
#[derive(Debug, Default)]
pub(in crate::ecosystem) struct Poms {
    by_path: BTreeMap<RepoPath, Pom>,
    by_artifact: HashMap<String, Vec<RepoPath>>,
}

impl Poms {
    /// Reads every POM that is at hand. What is wrong with them is told when each is read for itself.
    pub(in crate::ecosystem) fn of(files: &FileSet) -> Self {
        let mut poms = Self::default();
        let is_pom = |path: &str| file_name_of(path) == "pom.xml" || path.ends_with(".pom");
        let mut todo: Vec<RepoPath> =
            files.iter().map(|(path, _)| path).filter(|path| is_pom(path)).map(RepoPath::clone).collect();
        while let Some(path) = todo.pop() {
            let Lookup::Found(bytes) = files.look_up(&path) else { continue };
            if poms.by_path.contains_key(&path) {
                continue;
            }
            if let Some(pom) = Pom::read(&path, bytes, &mut Vec::new()) {
                // A parent may have any file name.
                todo.extend(parent_path(&pom).map(RepoPath::from));
                poms.by_artifact.entry(pom.artifact.text.clone()).or_default().push(RepoPath::clone(&path));
                poms.by_path.insert(path, pom);
            }
        }
        for paths in poms.by_artifact.values_mut() {
            paths.sort();
            paths.truncate(MAX_NAMESAKES);
        }
        poms
    }

    /// The POM at a path.
    pub(super) fn at(&self, path: &str) -> Option<&Pom> {
        self.by_path.get(path)
    }

    /// The POMs of an artifact name, by path.
    pub(super) fn named(&self, artifact: &str) -> impl Iterator<Item = &Pom> {
        let paths = self.by_artifact.get(artifact).map_or(&[][..], Vec::as_slice);
        paths.iter().filter_map(|path| self.at(path))
    }
}

/// Where the parent of a POM is said to be; `None` where it is said to be in no folder of the tree.
pub(super) fn parent_path(pom: &Pom) -> Option<String> {
    let relative = pom.parent.as_ref().map(|parent| parent.relative.as_str()).filter(|path| !path.is_empty())?;
    let path = join(folder_of(&pom.path), relative)?;
    // A folder stands for its `pom.xml`.
    let is_file = [".xml", ".pom"].iter().any(|end| path.ends_with(end));
    if is_file { Some(path) } else { join(&path, "pom.xml") }
}
