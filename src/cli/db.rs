//! `osprey db`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::caller::{self, Database};
use super::network;
use super::output::print;
use super::progress::Bars;
use super::update::{self, Plan};
use super::{Exit, Failure, Global};
use crate::database::{self, DatabaseError, Index, Meta, UpdateOptions, Writer};
use crate::model::Ecosystem;
use crate::report::plain;
use crate::source::{BUCKET, RUSTSEC};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring the index up to date from the OSV bucket and the RustSec database, or make it anew from folders
    ///
    /// Only what changed is fetched. The index is as of the moment at which a source was last seen to be as it is held;
    /// what cannot be fetched leaves it as of before, and is fetched by the next run.
    Update(Update),
    /// Say what is in the index, where it is from and how old it is
    Status(Status),
    /// Read the whole index and check every page
    Verify(Status),
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// Where to take it from, instead of the public sources; repeat for more
    ///
    /// An address (https://) of a mirror of the OSV bucket, or, where it ends with .zip, of an archive of the RustSec
    /// database. Or a folder laid out as the OSV bucket (ECOSYSTEM/all.zip) or as the RustSec database (crates/): the index
    /// is made anew then, and holds what they hold and nothing else.
    #[arg(long, value_name = "DIR or URL")]
    from: Vec<String>,
    /// Only this ecosystem, by OSV's name; repeat for more [default: those that Osprey reads, but for
    /// Linux distributions; of folders all]
    #[arg(long, value_name = "ECOSYSTEM")]
    ecosystem: Vec<String>,
    /// When the folders were exported [default: the newest change in them]
    #[arg(long, value_name = "DATE", value_parser = moment)]
    as_of: Option<Timestamp>,
    /// A policy file whose `[sources]` say where the mirrors of `osv-bucket` and `rustsec` are
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    policy: Option<PathBuf>,
    /// How many seconds asking may take in all
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    database: Database,
}

/// A day (its beginning, UTC) or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>()
        .or_else(|_| text.parse::<Date>().and_then(day))
        .map_err(|_| "give a day (2026-11-22) or a moment (2026-11-22T09:00:00Z)".to_owned())
}

pub(super) fn run(command: &Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::Update(arguments) => return run_update(arguments, global),
        Command::Status(arguments) => {
            let index = open(arguments)?;
            let place = format!("{} ({} KiB)", index.path().display(), index.size() / 1024);
            print(&status(index.meta(), &place, global.verbose))?;
        }
        Command::Verify(arguments) => {
            let index = open(arguments)?;
            index.verify().map_err(Failure::usage)?;
            print(&format!("{}: every page is as it was written\n", index.path().display()))?;
        }
    }
    Ok(Exit::Pass)
}

fn run_update(arguments: &Update, global: &Global) -> Result<Exit, Failure> {
    let directory = arguments.database.directory()?;
    let place = directory.join(crate::database::FILE_NAME).display().to_string();
    let bars = Bars::new(caller::shows_progress(global));
    let (addresses, folders): (Vec<&String>, Vec<&String>) = arguments.from.iter().partition(|from| is_address(from));
    let (meta, problems) = if folders.is_empty() {
        if arguments.as_of.is_some() {
            return Err(Failure::usage("--as-of is for folders: of what is fetched the time is known"));
        }
        let plan = plan(arguments, &addresses)?;
        let client = plan.client(Duration::from_secs(arguments.timeout));
        let mut writer = Writer::open(&directory).map_err(Failure::usage)?;
        let outcome = update::run(&mut writer, &client, &plan, &bars);
        bars.clear();
        let outcome = outcome.map_err(Failure::usage)?;
        (outcome.meta, outcome.problems)
    } else {
        if !addresses.is_empty() {
            return Err(Failure::usage("--from takes folders or addresses, and not both in one run"));
        }
        let options = UpdateOptions {
            from: folders.into_iter().map(PathBuf::from).collect(),
            ecosystems: arguments.ecosystem.clone(),
            as_of: arguments.as_of.map(Timestamp::as_second),
        };
        let updated = database::update(&directory, &options, &mut |progress| bars.show(progress));
        bars.clear();
        (Some(updated.map_err(Failure::usage)?), Vec::new())
    };
    if let Some(meta) = meta {
        print(&status(&meta, &place, global.verbose))?;
    }
    if problems.is_empty() { Ok(Exit::Pass) } else { Err(Failure { exit: Exit::Usage, messages: problems }) }
}

fn is_address(from: &str) -> bool {
    let scheme = from.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("https" | "http"))
}

/// What to ask, and where. Addresses that are given take the place of the public sources.
fn plan(arguments: &Update, addresses: &[&String]) -> Result<Plan, Failure> {
    let mut ecosystems = arguments.ecosystem.clone();
    if ecosystems.is_empty() {
        ecosystems = Ecosystem::advised()
            .filter(|ecosystem| !ecosystem.is_distribution())
            .map(|ecosystem| ecosystem.osv_name().to_owned())
            .collect();
    }
    ecosystems.sort();
    ecosystems.dedup();
    if let Some(name) = ecosystems.iter().find(|name| matches!(name.as_str(), "" | "." | "..")) {
        return Err(Failure::usage(format!("{name:?} is no ecosystem")));
    }
    let is_archive = |address: &&&String| address.to_ascii_lowercase().ends_with(".zip");
    let (archives, buckets): (Vec<&&String>, Vec<&&String>) = addresses.iter().partition(is_archive);
    if archives.len() > 1 || buckets.len() > 1 {
        return Err(Failure::usage(
            "--from takes one address of each kind: of an OSV bucket, and of a RustSec archive",
        ));
    }
    let policy = arguments
        .policy
        .as_ref()
        .map(|path| super::policy_arguments::read(path, super::callers_files::CallersFiles::NOW, caller::today()))
        .transpose()?;
    let given = |address: Option<&&&String>, service| match address {
        Some(address) => Some(("--from".to_owned(), (**address).clone())),
        None => policy.as_ref().and_then(|policy| network::given(service, policy)),
    };
    let is_asked = |of_kind: &[&&String]| addresses.is_empty() || !of_kind.is_empty();
    let wants_crates = ecosystems.iter().any(|ecosystem| ecosystem == Ecosystem::CratesIo.osv_name());
    let bucket = is_asked(&buckets).then(|| network::base(&BUCKET, given(buckets.first(), &BUCKET))).transpose()?;
    let rustsec = (is_asked(&archives) && wants_crates)
        .then(|| network::base(&RUSTSEC, given(archives.first(), &RUSTSEC)))
        .transpose()?;
    Ok(Plan { ecosystems, bucket, rustsec })
}

fn open(arguments: &Status) -> Result<Index, Failure> {
    Index::open(&arguments.database.directory()?).map_err(|error: DatabaseError| Failure::usage(error))
}

/// A line for each ecosystem.
fn status(meta: &Meta, place: &str, verbose: bool) -> String {
    let mut out = format!("{place}, made by Osprey {}\n\n", meta.made_by);
    let date = |seconds: Option<i64>| {
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map_or_else(|| "unknown".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
    };
    let width = meta.sources.iter().map(|source| source.ecosystem.chars().count()).max().unwrap_or(0).max(9);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{:width$}  source   records  withdrawn  rejected  as of", "ecosystem");
    for source in &meta.sources {
        let _ = writeln!(
            out,
            "{:width$}  {:7}  {:7}  {:9}  {:8}  {}",
            source.ecosystem,
            source.name,
            source.records,
            source.withdrawn,
            source.rejected,
            date(source.as_of)
        );
    }
    let rejected: u64 = meta.sources.iter().map(|source| source.rejected).sum();
    if rejected > 0 {
        let _ = writeln!(
            out,
            "\nrecords that could not be taken: {rejected}; a scan that holds their packages is incomplete:"
        );
        let shown = if verbose { meta.rejected.len() } else { 10 };
        for record in meta.rejected.iter().take(shown) {
            let package = record.package.as_deref().unwrap_or("package unknown");
            let line = format!("{} {} ({package}): {}", record.ecosystem, record.id, record.reason);
            let _ = writeln!(out, "  {}", plain(&line));
        }
        if meta.rejected.len() > shown {
            let _ = writeln!(out, "  and more; --verbose lists them");
        }
    }
    out
}
