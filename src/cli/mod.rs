//! Arguments, exit codes, progress. This room alone reads the wall clock, the environment and the terminal.

mod baseline;
mod cache;
mod caller;
mod callers_files;
mod compared;
mod db;
mod evaluate;
mod exception;
mod exit;
mod explain;
mod list;
mod network;
mod output;
mod policy;
mod policy_arguments;
mod progress;
mod scan;
mod shell;
mod update;
mod vex;
mod why;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use exit::Exit;

/// Dependency security and health scanner: lockfiles in, one graph, a policy's verdict out.
///
/// It never says "no issues" of what it did not look at.
#[derive(Debug, Parser)]
#[command(name = "osprey", version, max_term_width = 100, after_help = exit::TABLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten, next_help_heading = "For every command")]
    global: Global,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Global {
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    color: When,
    /// Say less on stderr
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: what is allowed, what was left out and why
    #[arg(long, short, global = true, action = ArgAction::SetTrue)]
    verbose: bool,
    /// When to show progress (on stderr; `auto`: on a terminal and not in CI)
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    progress: When,
}

/// A choice that is made by looking at the terminal, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Scan directories, lockfiles or manifests; decide; report
    Scan(Box<scan::Arguments>),
    /// Write what is found today as a baseline, so that only what is new fails a scan
    Baseline(Box<baseline::Arguments>),
    /// Judge packages before they are added
    Evaluate(Box<evaluate::Arguments>),
    /// Make, bring up to date, show or check the local advisory index
    #[command(subcommand)]
    Db(db::Command),
    /// Show or forget what is kept of answers of services
    #[command(subcommand)]
    Cache(cache::Command),
    /// Write an exception into a policy, or list those that it has
    #[command(subcommand)]
    Exception(exception::Command),
    /// Write, show, check or test a policy
    #[command(subcommand)]
    Policy(policy::Command),
    /// Show by which paths a package comes in
    Why(why::Arguments),
    /// Explain a rule or an advisory
    Explain(explain::Arguments),
    /// Show a table of what is built in
    List(list::Arguments),
    /// Print a completion script
    Completions(shell::Completions),
    /// Print the manual page
    Man,
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    // A panic is a bug of ours and has a code of its own; what it says is printed by the hook.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let mut stderr = anstream::stderr();
        let _ = writeln!(stderr, "osprey: internal error at {place}: {}", panic_text(panic.payload()));
        let _ =
            writeln!(stderr, "osprey: this is a bug in Osprey; please report it with the command and the line above");
    }));
    let exit = std::panic::catch_unwind(|| match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Pass }
        }
    });
    ExitCode::from(exit.unwrap_or(Exit::Internal))
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn run(cli: Cli) -> Exit {
    let global = cli.global;
    let result = match cli.command {
        Command::Scan(arguments) => scan::run(&arguments, &global),
        Command::Baseline(arguments) => baseline::run(&arguments, &global),
        Command::Evaluate(arguments) => evaluate::run(&arguments, &global),
        Command::Db(command) => db::run(&command, &global),
        Command::Cache(command) => cache::run(&command),
        Command::Exception(command) => exception::run(&command),
        Command::Policy(command) => policy::run(&command, &global),
        Command::Why(arguments) => why::run(&arguments, &global),
        Command::Explain(arguments) => explain::run(&arguments, &global),
        Command::List(arguments) => list::run(&arguments, &global),
        Command::Completions(arguments) => shell::completions(&arguments, &mut Cli::command()),
        Command::Man => shell::man(Cli::command()),
    };
    match result {
        Ok(exit) => exit,
        Err(failure) => {
            // Messages name files and what stands in them, which may be anything.
            for message in &failure.messages {
                let _ = writeln!(anstream::stderr(), "osprey: {}", crate::report::plain(message));
            }
            failure.exit
        }
    }
}

/// Why a command ended without doing what it should.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    messages: Vec<String>,
}

impl Failure {
    /// The caller's mistake, or something that the caller must put right: nothing was scanned.
    #[allow(clippy::needless_pass_by_value, reason = "so that `map_err` can name it")]
    fn usage(message: impl ToString) -> Self {
        Self { exit: Exit::Usage, messages: vec![message.to_string()] }
    }

    /// Something could not be written. A reader that has gone away wants nothing more, and is told nothing.
    fn written(what: &str, error: &std::io::Error) -> Self {
        let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        let messages = if gone { Vec::new() } else { vec![format!("{what} could not be written: {error}")] };
        Self { exit: Exit::Unwritten, messages }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::written("the output", &error)
    }
}

/// The command-line interface, for documents that are made from it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
