//! What the scanned project itself has, beside its dependencies.

use super::RepoPath;

/// What is known of the files of the scanned project. Whether a file is there says nothing of how good it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProjectFiles {
    /// There is no project: packages are judged for themselves.
    #[default]
    None,
    /// What is scanned is no whole project, or its top could not be read.
    Unseen,
    /// The top of the project was looked at.
    Seen(Box<SeenFiles>),
}

/// What was seen of the scanned project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenFiles {
    /// Files that hold something, and folders, at its top and in the folders where hosts look for a project's documents
    /// (`.github`, `.gitlab`, `.well-known`, `docs`), sorted; a folder ends with `/`.
    pub documents: Vec<RepoPath>,
    /// The headings of its README, in lower case.
    pub headings: Vec<String>,
    /// Whether a machine-readable statement of security contacts (`security.txt`, `SECURITY-INSIGHTS.yml`) names one.
    pub names_contact: bool,
    /// Files that are programs or libraries in machine or byte code, by their names and their first bytes, sorted; the
    /// first few.
    pub binaries: Vec<RepoPath>,
    /// How many such files there are.
    pub binaries_total: usize,
    /// Whether the whole tree was walked: what lies in folders that were left out was not seen.
    pub is_whole: bool,
}
