//! `osprey scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::caller::{self, Database};
use super::exit::{self, Exit, Lenience};
use super::network::Network;
use super::output::{self, Output};
use super::policy_arguments::PolicyArguments;
use super::progress::Spinner;
use super::{Failure, Global, baseline};
use crate::database::Index;
use crate::policy::Policy;
use crate::scan::{Base, Bounds, Knowledge, Request, Selection, scan};

/// What to walk.
#[derive(Debug, Clone, Args)]
pub(super) struct Walk {
    /// Leave out what fits a glob, as in `.gitignore`, relative to the root
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Look at what `.gitignore` files leave out, too
    #[arg(long)]
    no_ignore: bool,
    /// What file paths are relative to [default: the repository that holds PATH, else PATH]
    #[arg(long, value_name = "DIR")]
    repo_root: Option<PathBuf>,
}

impl Walk {
    pub(super) fn selection(&self, paths: &[PathBuf]) -> Selection {
        let paths = if paths.is_empty() { vec![PathBuf::from(".")] } else { paths.to_vec() };
        Selection {
            paths,
            repo_root: self.repo_root.clone(),
            exclude: self.exclude.clone(),
            no_ignore: self.no_ignore,
            bounds: Bounds::default(),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Directories, lockfiles or manifests to scan [default: .]
    paths: Vec<PathBuf>,
    /// Write a report: FORMAT on stdout or FORMAT=FILE; repeat for more (text, json, sarif)
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    output: Vec<Output>,
    #[command(flatten)]
    network: Network,
    /// The scanned project itself, as services know it, such as github.com/owner/name: for rules about it
    #[arg(long, value_name = "PROJECT", value_parser = project)]
    project: Option<String>,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    policy: PolicyArguments,
    #[command(flatten)]
    walk: Walk,
    /// Only count what a baseline does not hold (`osprey baseline` writes one)
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Only count what is new since this branch, tag or commit: since the newest commit that it and HEAD descend from
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Leave out what is there for development only
    #[arg(long)]
    no_dev: bool,
    /// Ask `cargo metadata` for requirements, features and targets. It runs what the tree configures: for trusted trees
    /// only
    #[arg(long, value_enum, value_name = "TOOL")]
    resolve: Vec<Resolve>,
    /// The day on which ages and expiries are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Exit with 0 where there is nothing to scan
    #[arg(long)]
    allow_empty: bool,
    /// Exit with 0 where something was not looked at
    #[arg(long)]
    allow_incomplete: bool,
    /// Exit with 0 whatever was found
    #[arg(long)]
    exit_zero: bool,
    /// Write excepted findings into SARIF, with a suppression
    #[arg(long)]
    sarif_suppressed: bool,
}

/// A project as services know it.
fn project(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("https://").unwrap_or(text).trim_end_matches('/');
    if Policy::is_project(name) { Ok(name.to_owned()) } else { Err("give it as github.com/owner/name".to_owned()) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Resolve {
    Cargo,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let outputs = output::plan(&arguments.output)?;
    let today = arguments.today.unwrap_or_else(caller::today);
    let mut selection = arguments.walk.selection(&arguments.paths);
    let base = match &arguments.since {
        Some(revision) => {
            let root = selection.root().map_err(Failure::usage)?;
            Some(Base::open(&root, revision).map_err(Failure::usage)?)
        }
        None => None,
    };
    let mut policy = arguments.policy.load(&selection, today)?;
    let baseline = match &arguments.baseline {
        Some(path) => Some((path.display().to_string(), baseline::read(path)?)),
        None => None,
    };
    if arguments.project.is_some() {
        policy.project.clone_from(&arguments.project);
    }
    selection.exclude.extend(policy.exclude.iter().cloned());
    let client = arguments.network.client(&policy)?;
    let index = Index::open(&arguments.database.directory()?);
    let spinner = Spinner::new(caller::shows_progress(global));
    let request = Request {
        selection,
        policy: &policy,
        knowledge: Knowledge { index: index.as_ref(), client: &client, preference: arguments.network.preference() },
        today,
        no_dev: arguments.no_dev,
        resolve_cargo: arguments.resolve.contains(&Resolve::Cargo),
        since: base.as_ref(),
        baseline: baseline.as_ref().map(|(path, baseline)| (path.as_str(), baseline)),
    };
    let scanned = scan(&request, &|stage| spinner.show(stage));
    spinner.clear();
    let mut report = scanned.map_err(Failure::usage)?;
    let lenience = Lenience {
        allow_empty: arguments.allow_empty,
        allow_incomplete: arguments.allow_incomplete,
        exit_zero: arguments.exit_zero,
    };
    let exit = exit::of(&report, lenience);
    report.exit_code = exit as u8;
    let terminal = caller::terminal(global);
    let scanned = match &arguments.paths[..] {
        [path] if path.as_os_str() != "." => Some(path.display().to_string()),
        _ => None,
    };
    let terminal = crate::report::Options {
        sarif_suppressed: arguments.sarif_suppressed,
        database: arguments.database.named(),
        scanned,
        ..terminal
    };
    match output::write(&outputs, &report, &terminal) {
        Ok(()) => Ok(exit),
        // Nobody reads on; the verdict stands.
        Err(failure) if failure.messages.is_empty() => Ok(exit),
        Err(failure) => Err(failure),
    }
}
