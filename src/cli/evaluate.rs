//! `osprey evaluate`.

use clap::Args;
use jiff::civil::Date;

use super::caller::{self, Database};
use super::callers_files::CallersFiles;
use super::exit::{self, Exit, Lenience};
use super::network::Network;
use super::output::{self, Output};
use super::policy_arguments::PolicyArguments;
use super::progress::Spinner;
use super::{Failure, Global};
use crate::database::Index;
use crate::model::{Level, PackageId, Purl};
use crate::report::Format;
use crate::scan::{Intake, Knowledge, evaluate};

/// The rule about the scanned project itself, and here no project is scanned.
const OF_PROJECT: &str = "project-scorecard";

/// The rule that is a warning for what is there, and a refusal for what is not added yet.
const LOOKALIKE: &str = "lookalike-name";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Packages, such as pkg:npm/left-pad@1.3.0; without a version, the newest one is judged
    #[arg(required = true, value_name = "PURL", value_parser = purl)]
    packages: Vec<PackageId>,
    /// Write a report: FORMAT on stdout or FORMAT=FILE; repeat for more (text, json)
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    output: Vec<Output>,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    policy: PolicyArguments,
    /// The day on which ages and expiries are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Exit with 0 where something could not be learnt
    #[arg(long)]
    allow_incomplete: bool,
    /// Exit with 0 whatever was found
    #[arg(long)]
    exit_zero: bool,
}

fn purl(text: &str) -> Result<PackageId, String> {
    Purl::parse(text).map_err(|why| format!("{why}; write it as pkg:npm/left-pad@1.3.0"))
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let outputs = output::plan(&arguments.output)?;
    if outputs.iter().any(|output| output.format() == Format::Sarif) {
        return Err(Failure::usage(
            "SARIF speaks of places in files, and what is not added yet is in none; use text or json",
        ));
    }
    let today = arguments.today.unwrap_or_else(caller::today);
    let mut policy = arguments.policy.load_from(None, CallersFiles::NOW, today)?;
    let lookalike = policy.rules.get(LOOKALIKE);
    if lookalike.is_some_and(|settings| settings.level == Level::Warn && !settings.is_level_given) {
        policy.set_level(LOOKALIKE, Level::Deny).map_err(Failure::usage)?;
    }
    policy.set_level(OF_PROJECT, Level::Off).map_err(Failure::usage)?;
    let client = arguments.network.client(&policy)?;
    let index = Index::open(&arguments.database.directory()?);
    let spinner = Spinner::new(caller::shows_progress(global));
    let intake = Intake {
        packages: arguments.packages.clone(),
        policy: &policy,
        knowledge: Knowledge { index: index.as_ref(), client: &client, preference: arguments.network.preference() },
        today,
    };
    let evaluated = evaluate(&intake, &|stage| spinner.show(stage));
    spinner.clear();
    let mut report = evaluated.map_err(Failure::usage)?;
    let lenience =
        Lenience { allow_empty: false, allow_incomplete: arguments.allow_incomplete, exit_zero: arguments.exit_zero };
    let exit = exit::of(&report, lenience);
    report.exit_code = exit as u8;
    let options = crate::report::Options { database: arguments.database.named(), ..caller::terminal(global) };
    match output::write(&outputs, &report, &options) {
        Ok(()) => Ok(exit),
        // Nobody reads on; the verdict stands.
        Err(failure) if failure.messages.is_empty() => Ok(exit),
        Err(failure) => Err(failure),
    }
}
