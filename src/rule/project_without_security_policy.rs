//! The scanned project itself does not say how to report a vulnerability.

use super::documents::security_policy;
use super::fingerprint::fingerprint_of_project;
use super::place::{about, advice};
use super::{Check, Found, View};
use crate::model::{Data, Finding, Level, Missing, ProjectFiles, Rule, Scope, Subject, Why, source};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "project-without-security-policy",
        summary: "The scanned project itself does not say how to report a vulnerability",
        why: "Who finds a flaw in your code and is told no way to report it publishes it, or keeps it. A short document \
              with an address decides whether you hear of it first.",
        fix: "Write a SECURITY.md, at the top of the repository or in .github: which versions get fixes, where to report in \
              private, and how soon you answer. A default of your organisation that lies in another repository is not seen \
              here: say so in an exception.",
        clause: "C5.10",
        data: &[Data::Local],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find,
};

fn find(view: &View<'_>) -> Found {
    let seen = match &view.facts.project {
        ProjectFiles::None => return Found::default(),
        ProjectFiles::Unseen => {
            let missing = Missing { source: source::PROJECT, why: Why::NotSeen };
            return Found { findings: Vec::new(), missing: [(missing, None)].into() };
        }
        ProjectFiles::Seen(seen) => seen,
    };
    if security_policy(seen).is_some() {
        return Found::default();
    }
    let message = "This project has no security policy: there is no SECURITY.md at its top or in .github, .gitlab or docs, \
                   and no security.txt or SECURITY-INSIGHTS.yml that names a contact.";
    let change = "write a SECURITY.md that says where to report a vulnerability in private".to_owned();
    vec![of_project(&CHECK.rule, message.to_owned(), change, "")].into()
}

/// A finding about the scanned project. The key tells findings of one rule apart.
pub(super) fn of_project(rule: &'static Rule, message: String, change: String, key: &str) -> Finding {
    about(rule, Subject::Project, message, advice(change, None), fingerprint_of_project(rule, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, SeenFiles};
    use crate::rule::Parameters;
    use crate::rule::tests_support::{Tree, looked};

    fn look(project: ProjectFiles) -> (usize, Vec<String>) {
        let (graph, mut facts) = Tree::new("lock", "lock", Ecosystem::Npm).finish();
        facts.project = project;
        let (found, missing) = looked(&CHECK, &graph, &facts, &Parameters::default());
        (found.len(), missing)
    }

    #[test]
    fn only_what_was_seen_is_judged() {
        let seen = |documents: &[&str]| {
            let documents = documents.iter().map(|&path| path.into()).collect();
            ProjectFiles::Seen(Box::new(SeenFiles { documents, ..SeenFiles::default() }))
        };
        assert_eq!(look(seen(&["README.md"])), (1, vec![]));
        assert_eq!(look(seen(&["README.md", "docs/SECURITY.md"])), (0, vec![]));
        assert_eq!(look(ProjectFiles::None), (0, vec![]));
        assert_eq!(look(ProjectFiles::Unseen), (0, vec!["project-files NotSeen".to_owned()]));
    }
}
