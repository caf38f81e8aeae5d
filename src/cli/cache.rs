//! `osprey cache`.

use std::fmt::Write as _;

use clap::{Args, Subcommand};

use super::network::CacheFolder;
use super::output::print;
use super::{Exit, Failure};
use crate::report::plain;
use crate::source::Cache;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what is kept of earlier answers, by service
    Status(Place),
    /// Forget everything that is kept
    Clear(Place),
}

#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    folder: CacheFolder,
}

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    let (Command::Status(place) | Command::Clear(place)) = command;
    let Some(folder) = place.folder.path() else {
        return Err(Failure::usage("there is no cache folder on this machine; name a folder with --cache"));
    };
    let cache = Cache::new(Some(folder.clone()));
    let shown = plain(&folder.display().to_string()).into_owned();
    let failed = |error: std::io::Error| Failure::usage(format!("{shown}: {error}"));
    match command {
        Command::Clear(_) => {
            cache.clear().map_err(failed)?;
            print(&format!("{shown}: nothing is kept any more\n"))?;
        }
        Command::Status(_) => {
            let services = cache.status().map_err(failed)?;
            let mut out = format!("{shown}\n");
            if services.is_empty() {
                out.push_str("nothing is kept\n");
            }
            for (service, kept) in services {
                // Writing to a string cannot fail.
                let _ = writeln!(
                    out,
                    "{:14}  {:7} answers  {:8} KiB",
                    plain(&service),
                    kept.answers,
                    kept.bytes.div_ceil(1024)
                );
            }
            print(&out)?;
        }
    }
    Ok(Exit::Pass)
}
