//! What the caller's machine says: the day, the cache folder, the terminal.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::{Failure, Global, When};
use crate::report;

/// Where the advisory index is.
#[derive(Debug, Clone, Args)]
pub(super) struct Database {
    /// The folder of the advisory index [default: `OSPREY_DB`, else `osprey` in the platform's cache folder]
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
}

impl Database {
    /// The folder as the caller named it, where one was named.
    pub(super) fn named(&self) -> Option<String> {
        self.db.as_ref().map(|directory| directory.display().to_string())
    }

    /// The folder.
    pub(super) fn directory(&self) -> Result<PathBuf, Failure> {
        if let Some(directory) = &self.db {
            return Ok(directory.clone());
        }
        if let Some(directory) = folder_named_by("OSPREY_DB") {
            return Ok(directory);
        }
        cache_folder()
            .map(|cache| cache.join("osprey"))
            .ok_or_else(|| Failure::usage("there is no cache folder on this machine; name a folder with --db"))
    }
}

/// The folder that a variable of the environment names.
#[allow(clippy::disallowed_methods, reason = "the environment is read in this room")]
pub(super) fn folder_named_by(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The folder in which the platform keeps caches
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>; `Library/Caches`; `LOCALAPPDATA`).
pub(super) fn cache_folder() -> Option<PathBuf> {
    let folder = |name| folder_named_by(name).filter(|path| path.is_absolute());
    if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    }
}

/// The text that a variable of the environment holds. One that is not Unicode is as if it were not there.
#[allow(clippy::disallowed_methods, reason = "the environment is read in this room")]
pub(super) fn text_named_by(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.trim().is_empty())
}

/// The time.
#[allow(clippy::disallowed_methods, reason = "the wall clock is read in this room")]
pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Today, in UTC.
pub(super) fn today() -> Date {
    now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[allow(clippy::disallowed_methods, reason = "the environment is read in this room")]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether progress is shown.
pub(super) fn shows_progress(global: &Global) -> bool {
    match global.progress {
        When::Always => true,
        When::Never => false,
        When::Auto => std::io::stderr().is_terminal() && !is_set("CI") && !global.quiet,
    }
}

/// The width of a terminal that does not tell it.
const USUAL_WIDTH: usize = 80;

/// The width that the environment names.
#[allow(clippy::disallowed_methods, reason = "the environment is read in this room")]
fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|&columns| columns > 0)
}

/// How text is written to stdout: width, colour, links.
pub(super) fn terminal(global: &Global) -> report::Options {
    let is_terminal = std::io::stdout().is_terminal();
    let color = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
    };
    let size = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    report::Options {
        width: is_terminal.then(|| size.or_else(columns).unwrap_or(USUAL_WIDTH)),
        color,
        hyperlinks: false,
        verbose: global.verbose,
        sarif_suppressed: false,
        database: None,
        scanned: None,
    }
}
