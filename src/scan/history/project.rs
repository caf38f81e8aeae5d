//! What the project itself had at the base: the same as `discover` sees of the work tree.

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::Base;
use crate::model::{ProjectFiles, RepoPath, SeenFiles};
use crate::scan::discover::project::{FOLDERS, MAX_DOCUMENT, MAX_NAMED, MAX_NAMES, begins_as_binary, read_documents};

/// So many programs are opened. What is not opened counts as none, so that it is new if it is found now.
const MAX_OPENED: usize = 200;

/// A program of more bytes is not opened: git keeps it as a whole.
const MAX_BINARY: u64 = 16 << 20;

impl Base {
    /// What was seen at the base, where it is seen now; `binaries` are programs by their names.
    pub(in crate::scan) fn project(&self, now: &ProjectFiles, binaries: &[(RepoPath, ObjectId)]) -> ProjectFiles {
        let ProjectFiles::Seen(now) = now else { return now.clone() };
        let mut seen = SeenFiles { is_whole: now.is_whole, ..SeenFiles::default() };
        for folder in FOLDERS {
            let Ok(Some(entry)) = self.entry(folder) else { continue };
            let Ok(entries) = self.entries(entry.id) else { continue };
            let separator = if folder.is_empty() { "" } else { "/" };
            for entry in entries.into_iter().take(MAX_NAMES) {
                let name = format!("{folder}{separator}{}", entry.name);
                match entry.kind {
                    EntryKind::Tree => seen.documents.push(format!("{name}/").into()),
                    EntryKind::Commit | EntryKind::Link => {}
                    EntryKind::Blob | EntryKind::BlobExecutable if self.is_empty(entry.id) => {}
                    EntryKind::Blob | EntryKind::BlobExecutable => seen.documents.push(name.into()),
                }
            }
        }
        seen.documents.sort();
        read_documents(&mut seen, &|path| self.file(path, MAX_DOCUMENT).ok().flatten().unwrap_or_default());
        let is_program = |(path, id): &&(RepoPath, ObjectId)| {
            self.blob(*id, MAX_BINARY).is_ok_and(|bytes| begins_as_binary(path, bytes.get(..16).unwrap_or(&bytes)))
        };
        let found: Vec<&RepoPath> = binaries.iter().take(MAX_OPENED).filter(is_program).map(|(path, _)| path).collect();
        seen.binaries_total = found.len();
        seen.binaries = found.into_iter().take(MAX_NAMED).cloned().collect();
        ProjectFiles::Seen(Box::new(seen))
    }

    fn is_empty(&self, id: ObjectId) -> bool {
        id == ObjectId::empty_blob(self.repository.object_hash())
    }
}
