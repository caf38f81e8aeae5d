//! What shells and manuals want: completion scripts, the manual page.

use std::io;

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::print;
use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(arguments: &Completions, command: &mut Command) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    clap_complete::generate(arguments.shell, command, "osprey", &mut out);
    print(&String::from_utf8_lossy(&out))?;
    Ok(Exit::Pass)
}

pub(super) fn man(mut command: Command) -> Result<Exit, Failure> {
    command.build();
    let mut out = Vec::new();
    pages(&command, &mut out)?;
    print(&String::from_utf8_lossy(&out))?;
    Ok(Exit::Pass)
}

/// The page of a command and, after it, those of the commands that it names.
fn pages(command: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(out)?;
    let named = command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help");
    named.into_iter().try_for_each(|subcommand| pages(subcommand, out))
}
