//! Exit codes: the one place where a verdict becomes a number.

use std::process::ExitCode;

use crate::model::{Report, Verdict};

/// How the program ends. Commands that judge use the whole table, the others `Pass`, `Usage`, `Internal` and
/// `Unwritten`. The code does not depend on the output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything recognised was covered, nothing denied.
    Pass = 0,
    /// The policy denied at least one finding.
    Fail = 1,
    /// A usage or configuration error: nothing was scanned.
    Usage = 2,
    /// Something was not looked at, and nothing was denied.
    Incomplete = 3,
    /// No manifest, lockfile or SBOM was found.
    Nothing = 4,
    /// A bug in Osprey.
    Internal = 70,
    /// A report could not be written.
    Unwritten = 74,
}

/// The table for `--help`.
pub(super) const TABLE: &str = "\
Exit codes of `scan` and `evaluate`:
  0   pass: everything recognised was covered, nothing denied
  1   fail: the policy denied at least one finding
  2   usage or configuration error: nothing was scanned
  3   incomplete: something was not looked at, and nothing was denied
  4   nothing to scan
  70  a bug in Osprey
  74  a report could not be written";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Codes that the caller wants as 0. What they stand for is printed all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lenience {
    pub(super) allow_empty: bool,
    pub(super) allow_incomplete: bool,
    pub(super) exit_zero: bool,
}

/// How a scan with that report ends.
pub(super) fn of(report: &Report, lenience: Lenience) -> Exit {
    let exit = match report.verdict() {
        Verdict::Fail => Exit::Fail,
        _ if report.is_empty() => Exit::Nothing,
        Verdict::Incomplete => Exit::Incomplete,
        Verdict::Pass => Exit::Pass,
    };
    let forgiven = match exit {
        Exit::Nothing => lenience.allow_empty || lenience.exit_zero,
        Exit::Incomplete => lenience.allow_incomplete || lenience.exit_zero,
        Exit::Fail => lenience.exit_zero,
        Exit::Pass | Exit::Usage | Exit::Internal | Exit::Unwritten => false,
    };
    if forgiven { Exit::Pass } else { exit }
}
