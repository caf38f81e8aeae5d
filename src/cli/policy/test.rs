//! `osprey policy test`.

use std::fmt::Write as _;

use super::PolicyFile;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global};
use crate::policy::run_example;
use crate::report::plain;

/// A line for each example, and how many were not as expected. Writing to a string cannot fail.
pub(super) fn run(arguments: &PolicyFile, global: &Global) -> Result<Exit, Failure> {
    let (policy, today) = arguments.read()?;
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
