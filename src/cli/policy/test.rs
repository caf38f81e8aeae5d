//! `osprey policy test`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::cli::callers_files::CallersFiles;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, caller, policy_arguments};
use crate::policy::run_example;
use crate::report::plain;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The policy file
    #[arg(default_value = "osprey.toml")]
    file: PathBuf,
    /// The day on which expiries are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

/// A line for each example, and how many were not as expected. Writing to a string cannot fail.
pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let today = arguments.today.unwrap_or_else(caller::today);
    let policy = policy_arguments::read(&arguments.file, CallersFiles::NOW, today)?;
    let mut out = String::new();
    let mut wrong = 0_usize;
    for example in &policy.examples {
        let outcome = run_example(example, &policy, today);
        let place = &example.location;
        let place = format!("{}:{}:{}", plain(&place.path), place.line, place.column);
        let id = plain(example.rule.id);
        if outcome.is_right() {
            if !global.quiet {
                let _ = writeln!(out, "ok    {place}: {id}: {}", outcome.got);
            }
            continue;
        }
        wrong += 1;
        let (expected, got, why) = (outcome.expected, outcome.got, plain(&outcome.why));
        let _ = writeln!(out, "wrong {place}: {id}: expected {expected}, got {got} ({why})");
    }
    let shown = arguments.file.display().to_string();
    let _ = match policy.examples.len() {
        0 => writeln!(out, "{} has no [[examples]]", plain(&shown)),
        1 => writeln!(out, "1 example, {wrong} wrong"),
        all => writeln!(out, "{all} examples, {wrong} wrong"),
    };
    print(&out)?;
    Ok(if wrong == 0 { Exit::Pass } else { Exit::Usage })
}
