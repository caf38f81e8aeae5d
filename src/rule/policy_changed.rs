//! The change that is scanned loosens the policy that judges it.

use super::fingerprint::fingerprint_of_names;
use super::place::{about, advice};
use super::{Check, Found, View};
use crate::model::{Data, Finding, Level, PolicyChange, RepoPath, Rule, Scope, Subject};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "policy-changed",
        summary: "The change loosens the policy, an exception or the baseline",
        why: "Who can loosen the rules in the change that breaks them is held to none. The policy of the state before \
              judges this change; what it loosens holds from the next one on, and somebody should have agreed to it.",
        fix: "Let those who answer for the policy approve this change, best in a change of its own, or undo the \
              loosening.",
        clause: "C5.11",
        data: &[Data::Local],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Deny,
        brownfield: Level::Warn,
    },
    find,
};

/// The caller compares the policies; each loosening is a finding where it stands.
fn find(view: &View<'_>) -> Found {
    view.parameters.policy_changes.iter().map(finding).collect::<Vec<_>>().into()
}

fn finding(change: &PolicyChange) -> Finding {
    let advised = "have it approved by those who answer for the policy, or undo it".to_owned();
    let fix = advice(advised, Some(change.location.clone()));
    let path = RepoPath::clone(&change.location.path);
    let fingerprint = fingerprint_of_names(&CHECK.rule, &path, std::slice::from_ref(&change.key));
    let message = format!("{}.", change.message);
    let finding = about(&CHECK.rule, Subject::File(path), message, fix, fingerprint);
    Finding { locations: vec![change.location.clone()], ..finding }
}
