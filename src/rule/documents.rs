//! Which of the documents that a project is expected to have are there.

use crate::model::{RepoPath, SeenFiles};

/// Endings that a document may have. What has another one (`security.yml` of a workflow) is something else.
const ENDINGS: [&str; 9] = ["", ".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".asciidoc", ".org"];

/// A document of that name (in lower case) with any ending, in one of the folders that were looked at and in any case.
/// Where `is_part`, more may stand behind the name (`LICENSE-MIT`, `README.de.md`).
pub(super) fn find<'s>(seen: &'s SeenFiles, name: &str, is_part: bool) -> Option<&'s RepoPath> {
    seen.documents.iter().find(|path| {
        let file = file_name(path).to_ascii_lowercase();
        let Some(rest) = file.strip_prefix(name) else { return false };
        let more = is_part && rest.starts_with(['-', '_', '.']) && ENDINGS.iter().any(|ending| rest.ends_with(ending));
        ENDINGS.contains(&rest) || more
    })
}

/// A file of exactly that name, in any case.
pub(super) fn file<'s>(seen: &'s SeenFiles, name: &str) -> Option<&'s RepoPath> {
    seen.documents.iter().find(|path| file_name(path).eq_ignore_ascii_case(name))
}

/// A folder of that name, in any case.
pub(super) fn folder<'s>(seen: &'s SeenFiles, name: &str) -> Option<&'s RepoPath> {
    seen.documents
        .iter()
        .find(|path| path.strip_suffix('/').is_some_and(|path| file_name(path).eq_ignore_ascii_case(name)))
}

/// Whether a heading of the README has one of these words.
pub(super) fn has_heading(seen: &SeenFiles, words: &[&str]) -> bool {
    seen.headings.iter().any(|heading| words.iter().any(|word| heading.contains(word)))
}

/// Where the project says how to report a vulnerability: a security policy, or a machine-readable contact.
pub(super) fn security_policy(seen: &SeenFiles) -> Option<&RepoPath> {
    let contact = || {
        let names = ["security.txt", "security-insights.yml", "security-insights.yaml"];
        names.iter().find_map(|name| file(seen, name)).filter(|_| seen.names_contact)
    };
    // `security.txt` is a form of its own, which has to name a contact (<https://www.rfc-editor.org/rfc/rfc9116>).
    let document = find(seen, "security", false).filter(|path| !file_name(path).eq_ignore_ascii_case("security.txt"));
    document.or_else(contact)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(documents: &[&str]) -> SeenFiles {
        SeenFiles { documents: documents.iter().map(|&path| path.into()).collect(), ..SeenFiles::default() }
    }

    #[test]
    fn documents_are_known_in_any_case_and_with_any_ending() {
        for path in ["SECURITY.md", ".github/security.md", "docs/Security.rst", "SECURITY", "security.adoc"] {
            assert_eq!(security_policy(&seen(&[path])).map(|path| &**path), Some(path));
        }
        for path in [
            "security.txt",
            "security.yml",
            "security-notes.md",
            "docs/security/",
            "SECURITY-INSIGHTS.yml",
            "insecurity.md",
        ] {
            assert_eq!(security_policy(&seen(&[path])), None, "{path}");
        }
        assert!(find(&seen(&["LICENSE-MIT"]), "license", true).is_some());
        assert!(find(&seen(&["LICENSES.rs"]), "license", true).is_none());
        assert!(find(&seen(&["README.de.md"]), "readme", true).is_some());
        assert!(
            folder(&seen(&["LICENSES/"]), "licenses").is_some() && folder(&seen(&["licenses"]), "licenses").is_none()
        );
    }

    #[test]
    fn a_machine_readable_statement_has_to_name_a_contact() {
        let mut files = seen(&[".well-known/security.txt"]);
        assert_eq!(security_policy(&files), None);
        files.names_contact = true;
        assert!(security_policy(&files).is_some());
    }
}
