//! `osprey policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::callers_files::CallersFiles;
use super::{Exit, Failure, Global, caller, policy_arguments};
use crate::policy::Policy;

mod check;
mod init;
mod show;
mod test;

/// What is done with a policy.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented policy for a project as it is today, and a baseline of what is found in it
    Init(Box<init::Arguments>),
    /// Show the policy in force as a file, and where each value comes from
    Show(show::Arguments),
    /// Check a policy file, with what it extends
    Check(PolicyFile),
    /// Print the JSON Schema of policy files, for editors
    ///
    /// Keep it in a file, and name that in the first line of the policy: `#:schema ./osprey.schema.json`. Editors that use
    /// taplo or tombi complete and check the policy by it.
    Schema,
    /// Run the examples that a policy gives of what it does
    Test(PolicyFile),
}

pub(super) fn run(command: &Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, global),
        Command::Show(arguments) => show::run(arguments),
        Command::Check(arguments) => check::run(arguments, global),
        Command::Schema => check::schema(),
        Command::Test(arguments) => test::run(arguments, global),
    }
}

/// A policy file and the day on which it is read.
#[derive(Debug, Args)]
pub(super) struct PolicyFile {
    /// The policy file
    #[arg(default_value = "osprey.toml")]
    file: PathBuf,
    /// The day on which expiries are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

impl PolicyFile {
    fn read(&self) -> Result<(Policy, Date), Failure> {
        let today = self.today.unwrap_or_else(caller::today);
        Ok((policy_arguments::read(&self.file, CallersFiles::NOW, today)?, today))
    }
}
