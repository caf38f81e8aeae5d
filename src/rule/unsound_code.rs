//! An advisory says that safe-looking code of the package can misbehave.

use super::{Check, advisory_finding};
use crate::model::{Data, Level, Rule, Scope};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unsound-code",
        summary: "The version in use lets safe code cause undefined behaviour",
        why: "No attack is known, but a caller who keeps to the documented interface can corrupt memory. Such flaws \
              become vulnerabilities as soon as input from outside reaches them.",
        fix: "Move to a version in which the interface is sound, or avoid the functions that the advisory names.",
        clause: "CG.vulns",
        data: &[Data::Advisories],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| advisory_finding::findings(view, &CHECK.rule).into(),
};
