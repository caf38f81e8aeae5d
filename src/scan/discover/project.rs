//! What the scanned project itself has: the documents at its top, and programs that lie in its tree.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use super::read_bounded;
use crate::model::{ProjectFiles, RepoPath, SeenFiles};

/// Where hosts look for the documents of a project, from the top of its repository; `""` is the top itself.
pub(in crate::scan) const FOLDERS: [&str; 8] =
    ["", ".github", ".gitlab", ".gitea", ".forgejo", ".well-known", "docs", "doc"];

/// More names of one folder are not looked at.
pub(in crate::scan) const MAX_NAMES: usize = 20_000;

/// The largest README or statement of contacts that is read, in bytes.
pub(in crate::scan) const MAX_DOCUMENT: u64 = 1 << 20;

/// More headings are not kept.
const MAX_HEADINGS: usize = 500;

/// More programs are counted and not named.
pub(in crate::scan) const MAX_NAMED: usize = 20;

/// More files are not opened to see whether they are programs.
const MAX_OPENED: usize = 2_000;

/// Endings of programs and libraries, and the bytes with which they begin. A file without an ending is not opened: any
/// could be a program.
const BINARIES: &[(&str, &[&[u8]])] = &[
    ("a", &[b"!<arch>"]),
    ("class", &[b"\xCA\xFE\xBA\xBE"]),
    ("dll", &[b"MZ"]),
    ("dylib", MACH_O),
    ("ear", ZIP),
    ("exe", &[b"MZ"]),
    ("jar", ZIP),
    ("lib", &[b"!<arch>"]),
    ("msi", &[b"\xD0\xCF\x11\xE0"]),
    ("node", &[b"\x7FELF", b"MZ", b"\xCF\xFA\xED\xFE", b"\xCA\xFE\xBA\xBE"]),
    ("o", &[b"\x7FELF", b"\xCF\xFA\xED\xFE", b"\xCE\xFA\xED\xFE"]),
    ("pyc", PYTHON),
    ("pyd", &[b"MZ"]),
    ("pyo", PYTHON),
    ("so", &[b"\x7FELF"]),
    ("war", ZIP),
    ("wasm", &[b"\0asm"]),
];

const ZIP: &[&[u8]] = &[b"PK\x03\x04"];
const MACH_O: &[&[u8]] =
    &[b"\xCF\xFA\xED\xFE", b"\xCE\xFA\xED\xFE", b"\xFE\xED\xFA\xCF", b"\xFE\xED\xFA\xCE", b"\xCA\xFE\xBA\xBE"];
/// Python's number changes with each version and is followed by a line end.
const PYTHON: &[&[u8]] = &[];

/// What can start a build without being installed, by custom and with a checksum of its own
/// (<https://docs.gradle.org/current/userguide/gradle_wrapper.html>).
const CUSTOMARY: [&str; 2] = ["gradle-wrapper.jar", "maven-wrapper.jar"];

/// Whether a file is a program or a library, going by its name alone.
pub(in crate::scan) fn is_binary_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    BINARIES.iter().any(|(known, _)| ending.eq_ignore_ascii_case(known)) && !CUSTOMARY.contains(&name)
}

/// Whether a file is there to start a build, by custom.
pub(super) fn is_customary(name: &str) -> bool {
    CUSTOMARY.contains(&name)
}

/// What the walk found on its way.
pub(super) struct Walked<'w> {
    /// Files that are programs by their names, and lie in no test data.
    pub(super) binaries: &'w BTreeSet<RepoPath>,
    /// What git tracks, where it says.
    pub(super) tracked: &'w BTreeSet<String>,
    /// Whether no folder was left out.
    pub(super) is_whole: bool,
}

/// Looks at the top of a project.
pub(super) fn see(root: &Path, walked: &Walked<'_>) -> ProjectFiles {
    let mut seen = SeenFiles { is_whole: walked.is_whole, ..SeenFiles::default() };
    for folder in FOLDERS {
        if !names(root, folder, &mut seen.documents) && folder.is_empty() {
            return ProjectFiles::Unseen;
        }
    }
    seen.documents.sort();
    read_documents(&mut seen, &|path| read_bounded(&root.join(path), MAX_DOCUMENT).unwrap_or_default());
    let is_kept = |path: &&RepoPath| walked.tracked.is_empty() || walked.tracked.contains(&***path);
    let kept = walked.binaries.iter().filter(is_kept).take(MAX_OPENED);
    let found: Vec<&RepoPath> = kept.filter(|path| is_binary(root, path)).collect();
    seen.binaries_total = found.len();
    seen.binaries = found.into_iter().take(MAX_NAMED).cloned().collect();
    ProjectFiles::Seen(Box::new(seen))
}

/// Reads the documents that say something beyond that they are there.
pub(in crate::scan) fn read_documents(seen: &mut SeenFiles, read: &dyn Fn(&str) -> Vec<u8>) {
    for path in &seen.documents {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let is_contact = matches!(name.as_str(), "security.txt" | "security-insights.yml" | "security-insights.yaml");
        if is_contact || (name.starts_with("readme") && seen.headings.is_empty()) {
            let text = read(path);
            let text = String::from_utf8_lossy(&text);
            if is_contact {
                seen.names_contact |= names_contact(&text);
            } else {
                seen.headings = headings(&text);
            }
        }
    }
}

/// Adds the names in a folder: folders, and files that hold something. Whether the folder could be read. A link is
/// followed where it stays in the tree.
fn names(root: &Path, folder: &str, names: &mut Vec<RepoPath>) -> bool {
    let path = root.join(folder);
    let is_inside = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(root));
    let Ok(entries) = fs::read_dir(&path) else { return false };
    if !is_inside(&path) {
        return false;
    }
    for entry in entries.take(MAX_NAMES).filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let meta = fs::metadata(entry.path()).ok().filter(|_| !is_link || is_inside(&entry.path()));
        let Some(meta) = meta else { continue };
        let separator = if folder.is_empty() { "" } else { "/" };
        if meta.is_dir() {
            names.push(format!("{folder}{separator}{name}/").into());
        } else if meta.is_file() && meta.len() > 0 {
            names.push(format!("{folder}{separator}{name}").into());
        }
    }
    true
}

/// The headings of a document in Markdown, reStructuredText or AsciiDoc, in lower case.
fn headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut before = "";
    for line in text.lines() {
        let line = line.trim();
        let marked = line.strip_prefix(['#', '=']).map(|rest| rest.trim_matches(['#', '=', ' ']));
        let is_rule = line.len() >= 3 && line.chars().all(|c| "=-~^*+\"".contains(c));
        let heading = match marked.filter(|heading| !heading.is_empty()) {
            Some(heading) => Some(heading),
            // A title with a rule below it.
            None if is_rule && !before.is_empty() => Some(before),
            None => line.strip_prefix("<h").and_then(|rest| rest.get(2..)),
        };
        headings.extend(heading.map(str::to_lowercase));
        before = line;
        if headings.len() == MAX_HEADINGS {
            break;
        }
    }
    headings
}

/// Whether a `security.txt` (<https://www.rfc-editor.org/rfc/rfc9116#section-2.5.3>) or a statement of security insights
/// (<https://github.com/ossf/security-insights>) names a contact.
fn names_contact(text: &str) -> bool {
    let keys = ["contact", "security-contacts", "email", "vulnerability-reporting"];
    text.lines().any(|line| {
        let key = line.trim_start_matches([' ', '-']).split_once(':').map_or("", |(key, _)| key.trim());
        keys.iter().any(|known| key.eq_ignore_ascii_case(known))
    })
}

/// Whether a file begins as its ending says.
fn is_binary(root: &Path, path: &RepoPath) -> bool {
    let full = root.join(&**path);
    if !fs::symlink_metadata(&full).is_ok_and(|meta| meta.is_file()) {
        return false;
    }
    let mut first = Vec::with_capacity(16);
    if fs::File::open(&full).and_then(|file| file.take(16).read_to_end(&mut first)).is_err() {
        return false;
    }
    begins_as_binary(path, &first)
}

/// Whether those first bytes of a file are what its ending says.
pub(in crate::scan) fn begins_as_binary(path: &str, first: &[u8]) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let Some((_, starts)) = BINARIES.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)) else { return false };
    let is_python = starts.is_empty() && first.get(2..4) == Some(b"\r\n");
    is_python || starts.iter().any(|start| first.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(root: &Path, walked: &Walked<'_>) -> SeenFiles {
        let ProjectFiles::Seen(seen) = see(&root.canonicalize().unwrap(), walked) else { panic!("not seen") };
        *seen
    }

    #[test]
    fn documents_are_found_where_hosts_look() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("README.md", "# The app\n\n## Reporting Security Issues\n\nContributing\n------------\n");
        write(".github/SECURITY.md", "Write to us.");
        write(".github/ISSUE_TEMPLATE/bug.md", "x");
        write("docs/empty.md", "");
        write("deep/SECURITY.md", "elsewhere");
        write(".well-known/security.txt", "Contact: mailto:security@host.example\n");
        let nothing = (BTreeSet::new(), BTreeSet::new());
        let found = seen(folder.path(), &Walked { binaries: &nothing.0, tracked: &nothing.1, is_whole: true });
        let documents: Vec<&str> = found.documents.iter().map(|path| &**path).collect();
        assert_eq!(
            documents,
            [
                ".github/",
                ".github/ISSUE_TEMPLATE/",
                ".github/SECURITY.md",
                ".well-known/",
                ".well-known/security.txt",
                "README.md",
                "deep/",
                "docs/"
            ]
        );
        assert_eq!(found.headings, ["the app", "reporting security issues", "contributing"]);
        assert!(found.names_contact && found.is_whole);
    }

    #[test]
    fn a_program_is_one_by_its_name_and_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in [
            ("tool.exe", &b"MZ\x90\0"[..]),
            ("notes.exe", b"plain text"),
            ("lib.so", b"\x7FELF\x02"),
            ("mod.pyc", b"\xCB\x0D\r\n\0"),
            ("app.jar", b"PK\x03\x04"),
            ("other.so", b"\x7FELF\x02"),
        ] {
            fs::write(folder.path().join(path), bytes).unwrap();
        }
        let names = ["tool.exe", "notes.exe", "lib.so", "mod.pyc", "app.jar", "other.so", "gone.dll"];
        assert!(names.iter().all(|name| is_binary_name(name)));
        assert!(!["gradle-wrapper.jar", "exe", "README.md", "so"].iter().any(|name| is_binary_name(name)));
        let binaries = names.iter().map(|&name| name.into()).collect();
        let tracked: BTreeSet<String> =
            names.iter().filter(|name| **name != "other.so").map(|&name| name.to_owned()).collect();
        let found = seen(folder.path(), &Walked { binaries: &binaries, tracked: &tracked, is_whole: true });
        let found: Vec<&str> = found.binaries.iter().map(|path| &**path).collect();
        assert_eq!(found, ["app.jar", "lib.so", "mod.pyc", "tool.exe"]);
    }

    #[test]
    fn a_statement_without_a_contact_names_none() {
        assert!(names_contact("header:\n  x: 1\nsecurity-contacts:\n  - type: email\n"));
        assert!(names_contact("CONTACT: https://host.example/report\n"));
        assert!(!names_contact("Expires: 2027-01-01T00:00:00Z\n# Contact us\n"));
    }
}
