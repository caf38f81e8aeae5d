//! `osprey scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::caller::{self, Database};
use super::callers_files::CallersFiles;
use super::compared::{Compared, Comparison};
use super::exit::{self, Exit, Lenience};
use super::network::Network;
use super::output::{self, Output};
use super::policy_arguments::PolicyArguments;
use super::progress::Spinner;
use super::vex::VexArguments;
use super::{Failure, Global};
use crate::database::Index;
use crate::model::Report;
use crate::policy::Policy;
use crate::scan::{Bounds, Knowledge, Request, Selection, scan};

/// What to walk.
#[derive(Debug, Clone, Args)]
pub(super) struct Walk {
    /// Leave out what fits a glob, as in `.gitignore`, relative to the root
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Look at what `.gitignore` files leave out, too
    #[arg(long)]
    no_ignore: bool,
    /// Read what is installed, too: node_modules, Python environments, packages of a Linux distribution, dependencies that
    /// Go and Rust programs and Java archives name. It is read without being asked for where PATH is such a thing itself
    #[arg(long)]
    installed: bool,
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
            installed: self.installed,
            bounds: Bounds::default(),
        }
    }
}

/// What is scanned, by what it is judged, and who is asked.
#[derive(Debug, Args)]
pub(super) struct Subject {
    /// Directories, lockfiles or manifests to scan [default: .]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    network: Network,
    /// The scanned project itself, as services know it, such as github.com/owner/name: for rules about it
    #[arg(long, value_name = "PROJECT", value_parser = project)]
    project: Option<String>,
    #[command(flatten)]
    pub(super) database: Database,
    #[command(flatten)]
    policy: PolicyArguments,
    #[command(flatten)]
    vex: VexArguments,
    #[command(flatten)]
    walk: Walk,
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
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    compared: Compared,
    /// Write a report: FORMAT on stdout or FORMAT=FILE; repeat for more (text, json, sarif)
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    output: Vec<Output>,
    /// Exit with 0 where there is nothing to scan
    #[arg(long)]
    allow_empty: bool,
    /// Exit with 0 where something was not looked at
    #[arg(long)]
    allow_incomplete: bool,
    /// Exit with 0 whatever was found
    #[arg(long)]
    exit_zero: bool,
    /// Write findings that an exception covers, or that were known before, into SARIF, with a suppression
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

impl Subject {
    /// The state to compare with and the policy in force.
    pub(super) fn prepare(&self, compared: &Compared) -> Result<Comparison, Failure> {
        let selection = self.walk.selection(&self.paths);
        let mut comparison = compared.load(&self.policy, selection, self.today())?;
        if self.project.is_some() {
            comparison.policy.project.clone_from(&self.project);
        }
        let root = comparison.selection.root().map_err(Failure::usage)?;
        let files = comparison.base.as_ref().map_or(CallersFiles::NOW, |base| CallersFiles::at(&root, base));
        comparison.changes.extend(self.vex.load(&mut comparison.policy, files)?);
        comparison.selection.exclude.extend(comparison.policy.exclude.iter().cloned());
        Ok(comparison)
    }

    /// Scans.
    pub(super) fn scan(&self, comparison: &Comparison, global: &Global) -> Result<Report, Failure> {
        let client = self.network.client(&comparison.policy)?;
        let index = Index::open(&self.database.directory()?);
        let spinner = Spinner::new(caller::shows_progress(global));
        let request = Request {
            selection: comparison.selection.clone(),
            policy: &comparison.policy,
            knowledge: Knowledge { index: index.as_ref(), client: &client, preference: self.network.preference() },
            today: self.today(),
            no_dev: self.no_dev,
            resolve_cargo: self.resolve.contains(&Resolve::Cargo),
            since: comparison.base.as_ref(),
            baseline: comparison.baseline.as_ref().map(|(path, baseline)| (path.as_str(), baseline)),
            policy_changes: &comparison.changes,
        };
        let scanned = scan(&request, &|stage| spinner.show(stage));
        spinner.clear();
        scanned.map_err(Failure::usage)
    }

    fn today(&self) -> Date {
        self.today.unwrap_or_else(caller::today)
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let outputs = output::plan(&arguments.output)?;
    let subject = &arguments.subject;
    let comparison = subject.prepare(&arguments.compared)?;
    let mut report = subject.scan(&comparison, global)?;
    let lenience = Lenience {
        allow_empty: arguments.allow_empty,
        allow_incomplete: arguments.allow_incomplete,
        exit_zero: arguments.exit_zero,
    };
    let exit = exit::of(&report, lenience);
    report.exit_code = exit as u8;
    let terminal = caller::terminal(global);
    let scanned = match &subject.paths[..] {
        [path] if path.as_os_str() != "." => Some(path.display().to_string()),
        _ => None,
    };
    let terminal = crate::report::Options {
        sarif_suppressed: arguments.sarif_suppressed,
        database: subject.database.named(),
        scanned,
        ..terminal
    };
    let written = output::write(&outputs, &report, &terminal);
    // The process ends now, and the system takes its memory back at once: to give it back piece by piece costs more.
    std::mem::forget(report);
    match written {
        Ok(()) => Ok(exit),
        // Nobody reads on; the verdict stands.
        Err(failure) if failure.messages.is_empty() => Ok(exit),
        Err(failure) => Err(failure),
    }
}
