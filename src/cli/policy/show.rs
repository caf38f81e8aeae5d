//! `osprey policy show`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::cli::callers_files::CallersFiles;
use crate::cli::output::print;
use crate::cli::policy_arguments::{PolicyArguments, TreeFiles, policy_places, read_in_tree};
use crate::cli::scan::Walk;
use crate::cli::{Exit, Failure, caller};
use crate::model::PolicyOrigin;
use crate::policy::{LARGEST, Policy};
use crate::report::plain;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The tree that would be scanned [default: .]
    path: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyArguments,
    #[command(flatten)]
    walk: Walk,
    /// Say behind each value where it comes from
    #[arg(long)]
    explain: bool,
    /// The day on which expiries are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

/// The policy that a scan of the tree with the same flags is judged by.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let today = arguments.today.unwrap_or_else(caller::today);
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let (root, places) = policy_places(&arguments.walk.selection(&paths))?;
    let read = |path: &str| read_in_tree(&root, path, LARGEST);
    let tree = TreeFiles { origin: PolicyOrigin::Tree, read: &read, places };
    let policy = arguments.policy.load_from(Some(&tree), CallersFiles::NOW, today)?;
    print(&format!("{}{}", head(&policy), policy.to_toml(arguments.explain)))?;
    Ok(Exit::Pass)
}

/// Whose policy it is and what of the tree's does not hold, as comments. Writing to a string cannot fail.
fn head(policy: &Policy) -> String {
    let mut out = String::new();
    let path = policy.path.as_deref().map(plain).unwrap_or_default();
    let _ = match policy.origin {
        PolicyOrigin::BuiltIn => writeln!(out, "# The profile {}, built into the program.", policy.profile.as_str()),
        PolicyOrigin::Flag => writeln!(out, "# {path}, named by the caller."),
        PolicyOrigin::Tree => writeln!(out, "# {path}, from the scanned tree, not enforced by the caller."),
        PolicyOrigin::Base => writeln!(out, "# {path}, read from the merge base."),
    };
    if let Some(tree) = &policy.tightened_by {
        let _ = writeln!(out, "# {} of the scanned tree may only tighten it.", plain(tree));
    }
    for remark in &policy.remarks {
        let place = remark.path.as_deref().map(plain).unwrap_or_default();
        let line = remark.line.map_or(String::new(), |line| format!(":{line}"));
        let _ = writeln!(out, "# {place}{line}: {}", plain(&remark.message));
    }
    out.push('\n');
    out
}
