//! An advisory says that the package or this version of it is malware.

use super::{Check, advisory_finding};
use crate::model::{Data, Level, Rule, Scope};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "malicious-package",
        summary: "The package, or this version of it, is known malware",
        why: "Its code is written to harm whoever installs or runs it: it steals credentials, opens a back door, or \
              destroys data. It may have run already, on developers' machines and in CI.",
        fix: "Remove the package. Treat every machine that installed it as compromised: change the credentials that it \
              could read, and look for what it did.",
        clause: "C5.2",
        data: &[Data::Advisories],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Deny,
        brownfield: Level::Deny,
    },
    find: |view| advisory_finding::findings(view, &CHECK.rule).into(),
};
