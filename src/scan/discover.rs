//! The walk: which files there are, which of them are recognised, and what became of the rest. This alone touches the
//! file system of the scanned tree.
//!
//! Only the tree's own `.gitignore` files count: what a machine's global settings ignore must not change what a scan
//! sees. A recognised file that is ignored stands in the ledger, and one that git tracks all the same is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

mod oci;
pub(super) mod project;
mod tar;

use crate::ecosystem::{
    PROGRAM, Parser, Role, folders_in_name, is_installation, is_installed_folder, is_read_beside, join, parser_for,
    program_data, unsupported_for,
};
use crate::model::{Diagnostic, DiagnosticSeverity, FileCoverage, FileState, ProjectFiles, RepoPath};

/// What bounds a walk. Hitting one makes the run incomplete.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The largest file that is read, in bytes.
    pub file_size: u64,
    /// How deep folders may nest.
    pub depth: usize,
    /// How many recognised files are read.
    pub files: usize,
    /// How many names of folders and files are looked at.
    pub names: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { file_size: 64 << 20, depth: 128, files: 50_000, names: 5_000_000 }
    }
}

/// How many names are looked at inside of ignored folders, to say what is in them.
const IGNORED_NAMES: usize = 20_000;

/// Why an ignored file is left out.
const IGNORED: &str = "ignored by .gitignore and not tracked by git";

/// Why what is installed is left out.
const UNASKED: &str = "it says what is installed, which is read with --installed";

/// The largest `.gitignore` that counts, in bytes.
const MAX_GITIGNORE: u64 = 1 << 20;

/// What to walk.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Files and folders to scan.
    pub paths: Vec<PathBuf>,
    /// What file paths are relative to; else the repository that holds the first path, else the nearest folder that holds
    /// every path.
    pub repo_root: Option<PathBuf>,
    /// Globs as in `.gitignore`, relative to the root: what fits is left out.
    pub exclude: Vec<String>,
    /// Whether `.gitignore` files count for nothing.
    pub no_ignore: bool,
    /// Whether what is installed is read too, wherever it lies; else only where a path that is asked for is an
    /// installation or a file of one.
    pub installed: bool,
    /// What bounds the walk.
    pub bounds: Bounds,
}

impl Selection {
    /// The root that file paths are relative to.
    ///
    /// # Errors
    /// Where it, or the first path, is not there.
    pub fn root(&self) -> Result<PathBuf, DiscoverError> {
        if let Some(root) = &self.repo_root {
            return canonical(root);
        }
        let mut folders = Vec::new();
        for path in &self.paths {
            folders.push(folder_of(&canonical(path)?));
        }
        let first = folders.first().map_or(Path::new("."), PathBuf::as_path);
        let top = first.ancestors().find(|ancestor| ancestor.join(".git").exists());
        // Without a repository, the nearest folder that holds every path.
        let common = || first.ancestors().find(|ancestor| folders.iter().all(|folder| folder.starts_with(ancestor)));
        Ok(top.or_else(common).unwrap_or(first).to_owned())
    }
}

/// The path, or the folder of a file. Folders by which something installed is recognised lie below it.
fn folder_of(path: &Path) -> PathBuf {
    let above = if path.is_dir() {
        let name = path.file_name().and_then(|name| name.to_str());
        usize::from(name.is_some_and(is_installed_folder))
    } else {
        1 + path.to_str().map_or(0, |path| folders_in_name(&path.replace('\\', "/")))
    };
    path.ancestors().nth(above).map_or_else(PathBuf::new, Path::to_owned)
}

fn canonical(path: &Path) -> Result<PathBuf, DiscoverError> {
    fs::canonicalize(path).map_err(|source| DiscoverError::Path { path: path.to_owned(), source })
}

/// A recognised file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is in the repository.
    pub path: RepoPath,
    /// Whether it lies among test data, seen from the path that was asked for.
    pub test_data: bool,
    /// Whether it is a program that says what it was built from, whatever its name is.
    pub is_program: bool,
}

impl Found {
    /// What reads it.
    pub(super) fn parser(&self) -> Option<&'static Parser> {
        if self.is_program { Some(PROGRAM) } else { parser_for(&self.path) }
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// The root that paths are relative to.
    pub root: PathBuf,
    /// Recognised files to read, sorted.
    pub files: Vec<Found>,
    /// Files that lie in no file system, with their content or why it cannot be had.
    pub loaded: Vec<(RepoPath, Result<Vec<u8>, String>)>,
    /// Recognised files that are not read, and trees that were left out.
    pub left_out: Vec<FileCoverage>,
    /// Bounds that were hit.
    pub bounds: Vec<String>,
    /// What else there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// What the project itself has.
    pub project: ProjectFiles,
}

/// Why nothing could be walked: a usage error.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A path that was asked for is not there or cannot be read.
    #[error("{path}: {source}")]
    Path {
        /// The path.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A path that was asked for does not lie in the root.
    #[error("{path} does not lie in {root}; give the root that holds it with --repo-root")]
    OutsideRoot {
        /// The path.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// A glob of `--exclude` is none.
    #[error("--exclude {glob:?}: {message}")]
    Glob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Trees that a package manager made: what they hold is named by the lockfile that made them.
const VENDORED: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "site-packages",
    "__pypackages__",
    ".tox",
    ".nox",
    ".eggs",
    "Pods",
];

/// Folders of data for tests.
const TEST_DATA: &[&str] =
    &["fixtures", "fixture", "__fixtures__", "testdata", "test-data", "test_data", "testfixtures", "__snapshots__"];

/// Finds every recognised file.
///
/// # Errors
/// Where a path that was asked for cannot be scanned at all. Everything else is in the ledger.
pub(super) fn discover(selection: &Selection) -> Result<Discovery, DiscoverError> {
    let mut paths = Vec::new();
    for path in &selection.paths {
        paths.push(canonical(path)?);
    }
    let mut walk = Walk::new(selection, selection.root()?)?;
    for path in paths {
        if !path.starts_with(&walk.discovery.root) {
            return Err(DiscoverError::OutsideRoot { path, root: walk.discovery.root });
        }
        walk.start(&path);
    }
    Ok(walk.finish())
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// Where it is larger or cannot be read, in words.
pub(super) fn read_bounded(path: &Path, max: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > max {
        return Err(format!("it is larger than {} MiB, the bound for one file", max >> 20));
    }
    Ok(bytes)
}

/// Which part of a tree is looked at, whatever the tree is read from.
pub(super) struct Scope<'s> {
    selection: &'s Selection,
    exclude: Gitignore,
    /// The paths that were asked for, relative to the root.
    starts: Vec<RepoPath>,
}

impl<'s> Scope<'s> {
    /// What a selection looks at.
    ///
    /// # Errors
    /// Where a path that was asked for is not there, or a glob is none.
    pub(super) fn of(selection: &'s Selection) -> Result<Self, DiscoverError> {
        let root = selection.root()?;
        let mut starts = Vec::new();
        for path in &selection.paths {
            starts.push(relative(&root, &canonical(path)?));
        }
        Ok(Self { selection, exclude: exclude(selection, &root)?, starts })
    }

    pub(super) fn starts(&self) -> impl Iterator<Item = &RepoPath> {
        self.starts.iter()
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.selection.bounds
    }

    /// Whether nothing in a folder is looked at: the caller excludes it, or a package manager made it.
    pub(super) fn leaves_out_folder(&self, path: &str, name: &str) -> bool {
        VENDORED.contains(&name) || self.exclude.matched(path, true).is_ignore()
    }

    /// Whether the caller excludes a file.
    pub(super) fn leaves_out_file(&self, path: &str) -> bool {
        self.exclude.matched(path, false).is_ignore()
    }

    /// Whether a file lies among test data, seen from a path that was asked for.
    pub(super) fn is_test_data(&self, start: &str, path: &str) -> bool {
        let inside = path.strip_prefix(start).unwrap_or(path);
        crate::ecosystem::folder_of(inside).split('/').any(|part| TEST_DATA.contains(&part))
    }
}

/// What the caller excludes.
fn exclude(selection: &Selection, root: &Path) -> Result<Gitignore, DiscoverError> {
    let mut exclude = GitignoreBuilder::new(root);
    for glob in &selection.exclude {
        let wrong = |error: ignore::Error| DiscoverError::Glob { glob: glob.clone(), message: error.to_string() };
        exclude.add_line(None, glob).map_err(wrong)?;
    }
    let glob = || selection.exclude.join(", ");
    exclude.build().map_err(|error| DiscoverError::Glob { glob: glob(), message: error.to_string() })
}

/// A path as reports have it.
fn relative(root: &Path, path: &Path) -> RepoPath {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/").into()
}

/// A walk under way.
struct Walk<'s> {
    selection: &'s Selection,
    exclude: Gitignore,
    tracked: BTreeSet<String>,
    discovery: Discovery,
    found: BTreeMap<RepoPath, Found>,
    left_out: BTreeMap<RepoPath, FileCoverage>,
    names: usize,
    ignored_names: usize,
    /// Files that are programs by their names.
    binaries: BTreeSet<RepoPath>,
    /// Whether a folder was left out that somebody may have put under version control.
    leaves_out: bool,
    /// Whether the root is the top of a project: a repository, or what the caller says or asks for whole.
    is_project: bool,
    /// Where the path that is being walked lies: folders above it do not make test data.
    start: PathBuf,
    /// Whether what is installed is read there.
    installed: bool,
}

/// A folder that is being walked.
struct Folder<'f> {
    path: &'f Path,
    /// The `.gitignore` files that hold here, outermost first.
    ignores: &'f [Rc<Gitignore>],
    ignored: bool,
    /// Whether a package manager filled it: only what says what is installed is read there.
    filled: bool,
    depth: usize,
}

impl<'s> Walk<'s> {
    fn new(selection: &'s Selection, root: PathBuf) -> Result<Self, DiscoverError> {
        let exclude = exclude(selection, &root)?;
        let mut discovery = Discovery { root, ..Discovery::default() };
        let tracked = match super::git::tracked(&discovery.root) {
            Ok(tracked) => tracked.unwrap_or_default(),
            Err(reason) => {
                discovery.diagnostics.push(index_unread("", &reason));
                BTreeSet::new()
            }
        };
        Ok(Self {
            selection,
            exclude,
            tracked,
            discovery,
            found: BTreeMap::new(),
            left_out: BTreeMap::new(),
            names: 0,
            ignored_names: 0,
            binaries: BTreeSet::new(),
            leaves_out: false,
            is_project: false,
            start: PathBuf::new(),
            installed: false,
        })
    }

    /// Walks one of the paths that were asked for. It is looked at whatever is said of it.
    fn start(&mut self, path: &Path) {
        path.clone_into(&mut self.start);
        let root = &self.discovery.root;
        let is_top = path == root.as_path() && path.is_dir();
        self.is_project |= is_top || self.selection.repo_root.is_some() || root.join(".git").exists();
        self.leaves_out |= !is_top;
        let holds = |name: &str| path.join(name).exists();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        self.installed = self.selection.installed || is_installation(name, holds);
        if !path.is_dir() {
            let repo_path = self.repo_path(path);
            if parser_for(&repo_path).is_none() && unsupported_for(&repo_path).is_none() {
                if is_program(path) {
                    return self.find(Found { path: repo_path, test_data: false, is_program: true });
                }
                // It was asked for: that it cannot be looked at must not be passed over.
                let message = "no kind of file that is recognised by its name (`osprey list parsers`), and no program that \
                               says what it was built from";
                self.discovery.diagnostics.push(Diagnostic::error(&repo_path, None, message));
                let (path, message) = (RepoPath::clone(&repo_path), Some(message.to_owned()));
                let (state, fixes_versions) = (FileState::Failed, true);
                let row = FileCoverage { path, parser: None, state, fixes_versions, packages: 0, message };
                self.left_out.insert(repo_path, row);
                return;
            }
            return self.take(repo_path, false);
        }
        if oci::is_layout(path) {
            return self.image(path);
        }
        // The `.gitignore` files above the path hold for what is in it.
        let root = self.discovery.root.clone();
        let above: Vec<&Path> = path.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(&root)).collect();
        let above = above.into_iter().rev();
        let ignores: Vec<Rc<Gitignore>> = above.filter_map(|folder| self.ignores_of(folder)).collect();
        let filled = is_installed_folder(name);
        self.folder(&Folder { path, ignores: &ignores, ignored: false, filled, depth: 0 });
        self.tracked_but_ignored(path);
    }

    /// The images of an OCI layout.
    fn image(&mut self, path: &Path) {
        let folder = self.repo_path(path);
        let is_wanted = |path: &str| {
            let is_filled = crate::ecosystem::folder_of(path).split('/').any(is_installed_folder);
            let is_read = parser_for(path).is_some_and(|parser| parser.role == Role::Installed || !is_filled);
            is_read || is_read_beside(path)
        };
        let layout = oci::read(path, &self.selection.bounds, &is_wanted);
        for file in layout.files {
            let path: RepoPath = join(&folder, &file.path).unwrap_or_default().into();
            self.discovery.loaded.push((RepoPath::clone(&path), file.content));
            if self.exclude.matched_path_or_any_parents(&*path, false).is_ignore() {
                continue;
            }
            if file.is_program || parser_for(&path).is_some() {
                self.find(Found { path, test_data: false, is_program: file.is_program });
            }
        }
        for lost in layout.lost {
            self.hit(format!("{}: {lost}", if folder.is_empty() { "the image" } else { &folder }));
        }
    }

    /// Files that git tracks below ignored folders that were not walked to the end.
    fn tracked_but_ignored(&mut self, below: &Path) {
        let prefix = self.repo_path(below);
        let inside =
            |path: &str| prefix.is_empty() || path.strip_prefix(&*prefix).is_some_and(|rest| rest.starts_with('/'));
        let paths: Vec<RepoPath> = self
            .tracked
            .iter()
            .filter(|path| inside(path) && (parser_for(path).is_some() || unsupported_for(path).is_some()))
            // An index that git did not write may hold any path.
            .filter(|path| join("", path).as_ref() == Some(path))
            .map(|path| RepoPath::from(path.as_str()))
            .filter(|path| !self.found.contains_key(path) && !self.is_vendored(path))
            .filter(|path| parser_for(path).is_none_or(|parser| parser.role != Role::Installed))
            .collect();
        for path in paths {
            let full = self.discovery.root.join(&*path);
            let excluded = self.exclude.matched_path_or_any_parents(&*path, false).is_ignore();
            if !excluded && fs::symlink_metadata(&full).is_ok_and(|meta| meta.is_file()) {
                self.left_out.remove(&path);
                let test_data = self.is_test_data(&full);
                self.take(path, test_data);
            }
        }
    }

    fn is_vendored(&self, path: &str) -> bool {
        let start = self.repo_path(&self.start);
        let inside = path.strip_prefix(&*start).unwrap_or(path);
        crate::ecosystem::folder_of(inside).split('/').any(|part| VENDORED.contains(&part))
    }

    fn folder(&mut self, folder: &Folder<'_>) {
        if folder.depth > self.selection.bounds.depth {
            return self.hit(format!(
                "{}: folders nest deeper than {}",
                self.repo_path(folder.path),
                self.selection.bounds.depth
            ));
        }
        if !folder.ignored && folder.path != self.discovery.root && folder.path.join(".git").is_dir() {
            self.inner_repository(folder.path);
        }
        let own = self.ignores_of(folder.path);
        let ignores: Vec<Rc<Gitignore>> = folder.ignores.iter().cloned().chain(own).collect();
        let entries = match fs::read_dir(folder.path) {
            Ok(entries) => entries,
            Err(error) => {
                return self.hit(format!("{}: the folder cannot be read: {error}", self.repo_path(folder.path)));
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push(entry),
                Err(error) => {
                    let folder = self.repo_path(folder.path);
                    self.hit(format!("{folder}: the folder cannot be read to its end: {error}"));
                }
            }
        }
        names.sort_by_key(fs::DirEntry::file_name);
        for entry in names {
            self.names += 1;
            self.ignored_names += usize::from(folder.ignored);
            if self.names > self.selection.bounds.names {
                return self.hit(format!("more than {} names of files and folders", self.selection.bounds.names));
            }
            if folder.ignored && !self.installed && self.ignored_names > IGNORED_NAMES {
                return;
            }
            self.entry(&entry, folder, &ignores);
        }
    }

    /// A repository inside of the one that is scanned has an index of its own.
    fn inner_repository(&mut self, path: &Path) {
        let folder = self.repo_path(path);
        match super::git::tracked(path) {
            Ok(tracked) => self.tracked.extend(tracked.into_iter().flatten().map(|name| format!("{folder}/{name}"))),
            Err(reason) => self.discovery.diagnostics.push(index_unread(&folder, &reason)),
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, folder: &Folder<'_>, ignores: &[Rc<Gitignore>]) {
        let path = entry.path();
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.hit(format!("{}: it cannot be looked at: {error}", self.repo_path(&path))),
        };
        let repo_path = self.repo_path(&path);
        if kind.is_dir() {
            return self.subfolder(&path, folder, ignores);
        }
        if kind.is_symlink() && path.is_dir() {
            return self.linked_folder(&path, repo_path, folder.ignored);
        }
        if parser_for(&repo_path).is_none() && unsupported_for(&repo_path).is_none() {
            return self.unrecognised(&path, repo_path, folder.ignored || is_ignored(ignores, &path, false));
        }
        if self.exclude.matched(&*repo_path, false).is_ignore() {
            return self.leave_out_file(repo_path, "excluded by the caller or the policy");
        }
        let is_installed = parser_for(&repo_path).is_some_and(|parser| parser.role == Role::Installed);
        let ignored = folder.ignored || (!self.selection.no_ignore && is_ignored(ignores, &path, false));
        if is_installed && !self.installed {
            return self.unasked(repo_path, &path, ignored);
        }
        if folder.filled && !is_installed {
            return;
        }
        // What is installed is hardly ever kept in git.
        let ignored = ignored && !is_installed;
        if ignored && !self.tracked.contains(&*repo_path) {
            return self.leave_out_file(repo_path, IGNORED);
        }
        if let Some(parser) = parser_for(&repo_path)
            && kind.is_symlink()
            && !self.leads_inside(&path)
        {
            let message = Some("a symbolic link out of the root, or to nothing; not followed".to_owned());
            let (state, fixes_versions) = (FileState::Failed, parser.role.fixes_versions());
            let path = RepoPath::clone(&repo_path);
            let row = FileCoverage { path, parser: Some(parser.id), state, fixes_versions, packages: 0, message };
            self.left_out.insert(repo_path, row);
            return;
        }
        let test_data = self.is_test_data(&path);
        self.take(repo_path, test_data);
    }

    fn subfolder(&mut self, path: &Path, folder: &Folder<'_>, ignores: &[Rc<Gitignore>]) {
        let name = path.file_name().unwrap_or_default();
        let repo_path = self.repo_path(path);
        if name == ".git" {
            return;
        }
        if self.exclude.matched(&*repo_path, true).is_ignore() {
            self.leaves_out = true;
            return self.leave_out(repo_path, None, "excluded by the caller or the policy");
        }
        let name = name.to_str().unwrap_or_default();
        let is_environment = path.join("pyvenv.cfg").is_file();
        let filled = folder.filled || is_environment || is_installed_folder(name);
        if (VENDORED.contains(&name) || is_environment) && !(self.installed && filled) {
            if !folder.ignored {
                self.leaves_out |= !is_ignored(ignores, path, true);
                self.leave_out(repo_path, None, "a tree that a package manager made");
            }
            return;
        }
        // What a running system shows of itself is no file of it.
        let of_kernel = self.installed && folder.depth == 0 && matches!(name, "proc" | "sys" | "dev");
        if of_kernel && folder.path.join("etc").is_dir() {
            return;
        }
        let ignored = folder.ignored || (!self.selection.no_ignore && is_ignored(ignores, path, true));
        self.folder(&Folder { path, ignores, ignored, filled, depth: folder.depth + 1 });
    }

    /// A file of what is installed, where that is not asked for.
    fn unasked(&mut self, repo_path: RepoPath, path: &Path, is_ignored: bool) {
        let name = crate::ecosystem::file_name_of(&repo_path);
        if project::is_binary_name(name) {
            self.binary(RepoPath::clone(&repo_path), path, is_ignored);
        }
        let is_kept = !is_ignored || self.tracked.contains(&*repo_path);
        if is_kept && !project::is_customary(name) && !self.exclude.matched(&*repo_path, false).is_ignore() {
            self.leave_out_file(repo_path, UNASKED);
        }
    }

    /// A file whose name says nothing.
    fn unrecognised(&mut self, path: &Path, repo_path: RepoPath, is_ignored: bool) {
        let is_excluded = self.exclude.matched(&*repo_path, false).is_ignore();
        if self.installed && !is_excluded && is_program(path) {
            let test_data = self.is_test_data(path);
            return self.find(Found { path: repo_path, test_data, is_program: true });
        }
        if project::is_binary_name(crate::ecosystem::file_name_of(&repo_path)) {
            self.binary(repo_path, path, is_ignored);
        }
    }

    /// A file that is a program by its name. Data for tests may well be one.
    fn binary(&mut self, repo_path: RepoPath, path: &Path, is_ignored: bool) {
        let is_kept = !is_ignored || self.tracked.contains(&*repo_path);
        let is_excluded = self.exclude.matched(&*repo_path, false).is_ignore();
        if is_kept && !is_excluded && !self.is_test_data(path) {
            self.binaries.insert(repo_path);
        }
    }

    /// A link to a folder is not followed. What lies in the tree is met where it lies; what does not is left out.
    fn linked_folder(&mut self, link: &Path, repo_path: RepoPath, ignored: bool) {
        let outside = fs::canonicalize(link).is_ok_and(|target| !target.starts_with(&self.discovery.root));
        if outside && !ignored {
            self.leave_out(repo_path, None, "a symbolic link to a folder out of the root; not followed");
        }
    }

    /// Takes a recognised file: to be read, or, where no parser reads its kind, as such into the ledger.
    fn take(&mut self, path: RepoPath, test_data: bool) {
        if parser_for(&path).is_some() {
            self.find(Found { path, test_data, is_program: false });
        } else if let Some(kind) = unsupported_for(&path) {
            let message = Some(format!("no parser reads this kind of file ({}) yet", kind.ecosystem));
            let (key, state, fixes_versions) = (RepoPath::clone(&path), FileState::Unsupported, kind.lockfile);
            let coverage = FileCoverage { path, parser: None, state, fixes_versions, packages: 0, message };
            self.left_out.insert(key, coverage);
        }
    }

    fn find(&mut self, found: Found) {
        if self.found.len() >= self.selection.bounds.files {
            return self.hit(format!("more than {} recognised files", self.selection.bounds.files));
        }
        self.found.insert(RepoPath::clone(&found.path), found);
    }

    fn leave_out_file(&mut self, path: RepoPath, why: &str) {
        let parser = parser_for(&path).map(|parser| parser.id);
        self.leave_out(path, parser, why);
    }

    fn leave_out(&mut self, path: RepoPath, parser: Option<&'static str>, why: &str) {
        let message = Some(why.to_owned());
        let key = RepoPath::clone(&path);
        let state = FileState::Skipped;
        self.left_out.insert(key, FileCoverage { path, parser, state, fixes_versions: false, packages: 0, message });
    }

    fn hit(&mut self, bound: String) {
        if !self.discovery.bounds.contains(&bound) {
            self.discovery.bounds.push(bound);
        }
    }

    fn ignores_of(&mut self, folder: &Path) -> Option<Rc<Gitignore>> {
        let file = folder.join(".gitignore");
        let meta = fs::symlink_metadata(&file).ok().filter(|meta| meta.is_file() && !self.selection.no_ignore)?;
        if meta.len() > MAX_GITIGNORE {
            let message = format!("it is larger than {} MiB; nothing is ignored because of it", MAX_GITIGNORE >> 20);
            let (path, severity) = (Some(self.repo_path(&file)), DiagnosticSeverity::Warning);
            self.discovery.diagnostics.push(Diagnostic { path, line: None, severity, message });
            return None;
        }
        // A line that is no glob is passed over, as git does.
        Some(Rc::new(Gitignore::new(file).0))
    }

    fn leads_inside(&self, link: &Path) -> bool {
        fs::canonicalize(link).is_ok_and(|target| target.starts_with(&self.discovery.root) && target.is_file())
    }

    fn is_test_data(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.start).ok().and_then(Path::parent);
        inside.into_iter().flatten().filter_map(|part| part.to_str()).any(|part| TEST_DATA.contains(&part))
    }

    fn repo_path(&self, path: &Path) -> RepoPath {
        relative(&self.discovery.root, path)
    }

    fn finish(self) -> Discovery {
        let Self { mut discovery, found, mut left_out, .. } = self;
        if self.is_project {
            let is_whole = !self.leaves_out && discovery.bounds.is_empty();
            let walked = project::Walked { binaries: &self.binaries, tracked: &self.tracked, is_whole };
            discovery.project = project::see(&discovery.root, &walked);
        } else {
            discovery.project = ProjectFiles::Unseen;
        }
        left_out.retain(|path, _| !found.contains_key(path));
        let is_ignored = |row: &FileCoverage| row.parser.is_some() && row.message.as_deref() == Some(IGNORED);
        // Of a worktree, and of a submodule that is scanned for itself, the index lies elsewhere.
        if discovery.root.join(".git").is_file() && left_out.values().any(is_ignored) {
            discovery.diagnostics.push(index_unread("", "it lies outside of the tree: `.git` is a file"));
        }
        discovery.files = found.into_values().collect();
        discovery.left_out = left_out.into_values().collect();
        discovery
    }
}

/// Whether a file is a program that says what it was built from.
fn is_program(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && may_run(&meta, path));
    is_file && File::open(path).is_ok_and(|file| program_data(file).is_some())
}

/// Whether a file can be a program: of all others there are too many to open them.
#[cfg(unix)]
fn may_run(meta: &fs::Metadata, _path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_meta: &fs::Metadata, path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending.eq_ignore_ascii_case("exe"))
}

/// Says that nobody knows what git tracks in a folder.
fn index_unread(folder: &str, reason: &str) -> Diagnostic {
    let message =
        format!("git's index cannot be read ({reason}); a file that is ignored and yet tracked is taken as ignored");
    let path = join(folder, ".git/index").map(Into::into);
    Diagnostic { path, line: None, severity: DiagnosticSeverity::Warning, message }
}

/// Whether the innermost `.gitignore` that speaks of a path ignores it.
fn is_ignored(ignores: &[Rc<Gitignore>], path: &Path, is_folder: bool) -> bool {
    let said = ignores.iter().rev().map(|ignores| ignores.matched(path, is_folder)).find(|said| !said.is_none());
    said.is_some_and(|said| said.is_ignore())
}
