//! The recognised files of a commit's tree, with the same bounds as those of the work tree.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, TreeRefIter};

use super::{Base, Trouble, object};
use crate::ecosystem::{FileSet, Role, parser_for};
use crate::model::RepoPath;
use crate::scan::discover::project::is_binary_name;
use crate::scan::discover::{Found, Scope};

/// A tree of more bytes is not read.
const MAX_TREE: u64 = 64 << 20;

/// The recognised files at the base.
#[derive(Debug, Default)]
pub(in crate::scan) struct BaseFiles {
    /// Those to be read, with their ids, by path.
    pub(in crate::scan) files: BTreeMap<RepoPath, (Found, ObjectId)>,
    /// What cannot be read, and why: a file, or with `/` at its end everything below a folder; empty: everything.
    pub(in crate::scan) unread: BTreeMap<String, String>,
    /// Files that are programs by their names, and lie in no test data.
    pub(in crate::scan) binaries: Vec<(RepoPath, ObjectId)>,
}

/// An entry of a tree.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

/// A folder that is being looked through.
struct Folder {
    path: String,
    id: ObjectId,
    depth: usize,
}

impl Base {
    /// Finds the recognised files that lie in what was asked for and are not left out, as the walk of the work tree
    /// does; what git ignores is of no matter, since all of it is tracked.
    pub(in crate::scan) fn files(&self, scope: &Scope<'_>) -> BaseFiles {
        let mut found = BaseFiles::default();
        let mut names = 0;
        for start in scope.starts() {
            match self.entry(start) {
                Ok(Some(entry)) if entry.kind == EntryKind::Tree => {
                    let folder = Folder { path: start.to_string(), id: entry.id, depth: 0 };
                    self.walk(scope, (start, folder), &mut found, &mut names);
                }
                Ok(Some(entry)) => found.take(scope, start, start.to_string(), &entry),
                Ok(None) => {}
                Err(trouble) => {
                    found.unread.insert(below(start), trouble.words("the folder"));
                }
            }
        }
        found
    }

    fn walk(&self, scope: &Scope<'_>, (start, first): (&str, Folder), found: &mut BaseFiles, names: &mut usize) {
        let mut todo = vec![first];
        while let Some(folder) = todo.pop() {
            if folder.depth > scope.bounds().depth {
                found.unread.insert(below(&folder.path), "folders nest too deep there".to_owned());
                continue;
            }
            let entries = match self.entries(folder.id) {
                Ok(entries) => entries,
                Err(trouble) => {
                    found.unread.insert(below(&folder.path), trouble.words("the folder"));
                    continue;
                }
            };
            if entries.iter().any(|entry| entry.name == "pyvenv.cfg") && folder.path != start {
                continue;
            }
            *names += entries.len();
            if *names > scope.bounds().names {
                found.unread.insert(String::new(), "more names of files and folders than are looked at".to_owned());
                return;
            }
            for entry in entries {
                let path = inside(&folder.path, &entry.name);
                match entry.kind {
                    EntryKind::Tree => {
                        if !scope.leaves_out_folder(&path, &entry.name) {
                            todo.push(Folder { path, id: entry.id, depth: folder.depth + 1 });
                        }
                    }
                    EntryKind::Commit => {
                        let why = "it is a submodule, and what its commit held is not in this repository";
                        found.unread.insert(below(&path), why.to_owned());
                    }
                    EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link => {
                        found.take(scope, start, path, &entry);
                    }
                }
                if found.files.len() > scope.bounds().files {
                    found.unread.insert(String::new(), "more recognised files than are read".to_owned());
                    return;
                }
            }
        }
    }

    /// Whether every file that was read now has the same content at the base, and no other is recognised there.
    pub(in crate::scan) fn is_same(&self, files: &BaseFiles, now: &FileSet, found: &[Found]) -> bool {
        let now_found: BTreeSet<&RepoPath> = found.iter().map(|found| &found.path).collect();
        let was_found: BTreeSet<&RepoPath> = files.files.keys().collect();
        if !files.unread.is_empty() || now_found != was_found {
            return false;
        }
        let id_of = |bytes: &[u8]| gix::objs::compute_hash(self.repository.object_hash(), Kind::Blob, bytes).ok();
        now.iter().all(|(path, content)| {
            let was = match files.files.get(path) {
                Some((_, id)) => Some(*id),
                None => match self.entry(path) {
                    Ok(entry) => entry.filter(|entry| entry.kind != EntryKind::Link).map(|entry| entry.id),
                    Err(_) => return false,
                },
            };
            match (content, was) {
                (Ok(bytes), Some(id)) => id_of(bytes) == Some(id),
                (Err(_), None) => true,
                (Ok(_), None) | (Err(_), Some(_)) => false,
            }
        })
    }

    /// The content of a file of the base.
    pub(in crate::scan) fn blob(&self, id: ObjectId, most: u64) -> Result<Vec<u8>, String> {
        object(&self.repository, id, Kind::Blob, most).map_err(|trouble| trouble.words("it"))
    }

    /// The content of a file at the base, by its path in the scan's root; `None` where it is not there.
    ///
    /// # Errors
    /// Where it is larger than that or cannot be read, in words.
    pub(in crate::scan) fn file(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, String> {
        match self.entry(path) {
            Ok(None) => Ok(None),
            Ok(Some(entry)) if matches!(entry.kind, EntryKind::Blob | EntryKind::BlobExecutable) => {
                self.blob(entry.id, most).map(Some)
            }
            Ok(Some(_)) => Err("it is no file".to_owned()),
            Err(trouble) => Err(trouble.words("it")),
        }
    }

    /// What stands at a path of the scan's root.
    pub(super) fn entry(&self, path: &str) -> Result<Option<Entry>, Trouble> {
        let whole = inside(&self.prefix, path);
        let mut at = Entry { name: String::new(), kind: EntryKind::Tree, id: self.tree };
        for part in whole.split('/').filter(|part| !part.is_empty()) {
            if at.kind != EntryKind::Tree {
                return Ok(None);
            }
            match self.entries(at.id)?.into_iter().find(|entry| entry.name == part) {
                Some(entry) => at = entry,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    pub(super) fn entries(&self, id: ObjectId) -> Result<Vec<Entry>, Trouble> {
        let bytes = object(&self.repository, id, Kind::Tree, MAX_TREE)?;
        let mut entries = Vec::new();
        for entry in TreeRefIter::from_bytes(&bytes, self.repository.object_hash()) {
            let entry = entry.map_err(|error| Trouble::Broken(error.to_string()))?;
            let name = String::from_utf8_lossy(entry.filename).into_owned();
            // Git writes no such name; a hostile object may hold any.
            if !name.is_empty() && !name.contains('/') && name != "." && name != ".." {
                entries.push(Entry { name, kind: entry.mode.kind(), id: entry.oid.to_owned() });
            }
        }
        Ok(entries)
    }
}

impl BaseFiles {
    fn take(&mut self, scope: &Scope<'_>, start: &str, path: String, entry: &Entry) {
        if is_binary_name(&entry.name) && entry.kind != EntryKind::Link && !scope.is_test_data(start, &path) {
            self.binaries.push((path.as_str().into(), entry.id));
        }
        if parser_for(&path).is_none_or(|parser| parser.role == Role::Installed) || scope.leaves_out_file(&path) {
            return;
        }
        if entry.kind == EntryKind::Link {
            self.unread.insert(path, "it was a symbolic link".to_owned());
            return;
        }
        let test_data = scope.is_test_data(start, &path);
        let path = RepoPath::from(path);
        let found = Found { path: RepoPath::clone(&path), test_data, is_program: false };
        self.files.insert(path, (found, entry.id));
    }
}

impl Trouble {
    /// What is wrong, about what.
    fn words(&self, what: &str) -> String {
        match self {
            Self::Missing => format!("{what} is missing from this clone (a partial or damaged one); fetch all of it"),
            Self::TooLarge(size) => format!("{what} is {size} bytes long, more than is read"),
            Self::Broken(message) => format!("{what} cannot be read: {message}"),
        }
    }
}

fn inside(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", _) => name.to_owned(),
        (_, "") => folder.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}

/// What stands for everything below a folder.
fn below(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("{folder}/") }
}
