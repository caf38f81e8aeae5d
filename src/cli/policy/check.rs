//! `osprey policy check` and `osprey policy schema`.

use std::fmt::Write as _;

use super::PolicyFile;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global};
use crate::policy::schema as schema_of;
use crate::report::plain;
use crate::rule::rules;

/// Whether a file is right, and what in it has no effect or soon will have none.
pub(super) fn run(arguments: &PolicyFile, global: &Global) -> Result<Exit, Failure> {
    let (policy, today) = arguments.read()?;
    let mut out = String::new();
    for warning in policy.warnings(today) {
        let _ = writeln!(out, "warning: {}", plain(&warning));
    }
    if !global.quiet {
        let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let _ = writeln!(
            out,
            "{} is right: extends {}, {}, {}, {}",
            plain(&arguments.file.display().to_string()),
            policy.profile.as_str(),
            count(policy.custom.len(), "rule of its own").replace("rule of its owns", "rules of its own"),
            count(policy.overrides.len(), "override"),
            count(policy.exceptions.len(), "exception")
        );
    }
    print(&out)?;
    Ok(Exit::Pass)
}

/// The schema of policy files.
pub(super) fn schema() -> Result<Exit, Failure> {
    let schema = serde_json::to_string_pretty(&schema_of(&rules())).unwrap_or_default();
    print(&format!("{schema}\n"))?;
    Ok(Exit::Pass)
}
