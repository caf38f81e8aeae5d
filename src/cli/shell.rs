//! What shells and manuals want: completion scripts, the manual page.

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

pub(super) fn man(command: Command) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command).render(&mut out)?;
    print(&String::from_utf8_lossy(&out))?;
    Ok(Exit::Pass)
}
