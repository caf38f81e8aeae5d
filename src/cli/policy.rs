//! `osprey policy`.

use clap::Subcommand;

use super::{Exit, Failure, Global};

mod test;

/// What is done with a policy.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the examples that a policy gives of what it does
    Test(test::Arguments),
}

pub(super) fn run(command: &Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::Test(arguments) => test::run(arguments, global),
    }
}
