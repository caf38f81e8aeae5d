//! `osprey db`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::caller::{self, Database};
use super::output::print;
use super::progress::Bars;
use super::{Exit, Failure, Global};
use crate::database::{DatabaseError, Index, Meta, UpdateOptions, update};
use crate::report::plain;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the index anew from folders laid out as the OSV bucket or the RustSec database
    Update(Update),
    /// Say what is in the index, where it is from and how old it is
    Status(Status),
    /// Read the whole index and check every page
    Verify(Status),
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// A folder laid out as the OSV bucket (ECOSYSTEM/all.zip) or as the RustSec database (crates/); repeat for more. The
    /// index holds what they hold and nothing else
    #[arg(long, value_name = "DIR", required = true)]
    from: Vec<PathBuf>,
    /// Only this ecosystem, by OSV's name; repeat for more
    #[arg(long, value_name = "ECOSYSTEM")]
    ecosystem: Vec<String>,
    /// When the sources were exported [default: the newest change in them]
    #[arg(long, value_name = "DATE", value_parser = moment)]
    as_of: Option<Timestamp>,
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
        Command::Update(arguments) => {
            let directory = arguments.database.directory()?;
            let options = UpdateOptions {
                from: arguments.from.clone(),
                ecosystems: arguments.ecosystem.clone(),
                as_of: arguments.as_of.map(Timestamp::as_second),
            };
            let bars = Bars::new(caller::shows_progress(global));
            let updated = update(&directory, &options, &mut |progress| bars.show(progress));
            bars.clear();
            let meta = updated.map_err(Failure::usage)?;
            print(&status(&meta, &directory.join(crate::database::FILE_NAME).display().to_string(), global.verbose))?;
        }
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

fn open(arguments: &Status) -> Result<Index, Failure> {
    Index::open(&arguments.database.directory()?).map_err(|error: DatabaseError| Failure::usage(error))
}

/// A line for each ecosystem.
fn status(meta: &Meta, place: &str, verbose: bool) -> String {
    let mut out = format!("{place}, made by Osprey {}\n\n", meta.made_by);
    let date = |seconds: Option<i64>| {
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map_or_else(|| "unknown".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
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
