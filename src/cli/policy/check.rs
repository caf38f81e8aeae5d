//! `osprey policy check` and `osprey policy schema`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::cli::callers_files::CallersFiles;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, caller, policy_arguments};
use crate::policy::schema as schema_of;
use crate::report::plain;
use crate::rule::rules;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The policy file
    #[arg(default_value = "osprey.toml")]
    file: PathBuf,
    /// The day on which expiries are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

/// Whether a file is right, and what in it has no effect or soon will have none.
pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let today = arguments.today.unwrap_or_else(caller::today);
    let policy = policy_arguments::read(&arguments.file, CallersFiles::NOW, today)?;
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
