//! `osprey policy`.

use clap::Subcommand;

use super::{Exit, Failure, Global};

mod init;
mod test;

/// What is done with a policy.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented policy for a project as it is today, and a baseline of what is found in it
    Init(Box<init::Arguments>),
    /// Run the examples that a policy gives of what it does
    Test(test::Arguments),
}

pub(super) fn run(command: &Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, global),
        Command::Test(arguments) => test::run(arguments, global),
    }
}
