//! An informational advisory of any other kind.

use super::{Check, advisory_finding};
use crate::model::{Data, Level, Rule, Scope};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "security-notice",
        summary: "An informational advisory was published about the version in use",
        why: "An advisory database found it worth saying, without calling it a vulnerability: a change that weakens a \
              guarantee, a dangerous default, or a kind of notice that is not known here yet.",
        fix: "Read the notice and do what it advises.",
        clause: "CG.vulns",
        data: &[Data::Advisories],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| advisory_finding::findings(view, &CHECK.rule).into(),
};
