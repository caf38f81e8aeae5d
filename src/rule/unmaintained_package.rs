//! An advisory says that nobody maintains the package.

use super::{Check, advisory_finding};
use crate::model::{Data, Level, Rule, Scope};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unmaintained-package",
        summary: "Nobody maintains the package any more",
        why: "Vulnerabilities that are found in it will not be fixed, and whoever takes the name over can publish what \
              they like under it.",
        fix: "Replace the package; advisories often name successors. Where another package brings it in, ask there.",
        clause: "CG.activity",
        data: &[Data::Advisories],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Deny,
        brownfield: Level::Warn,
    },
    find: |view| advisory_finding::findings(view, &CHECK.rule).into(),
};
