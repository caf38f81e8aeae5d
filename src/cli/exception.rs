//! `osprey exception`: writing exceptions and listing them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::output::{print, to_file};
use super::{Exit, Failure, caller};
use crate::model::PolicyOrigin;
use crate::policy::{self, Addition, Exception, Policy, PolicyError, Reading};
use crate::rule;

/// The policy that is changed or read unless another one is named.
const USUAL: &str = "osprey.toml";

/// What a policy holds that an exception is the first to be written into.
const SMALLEST: &str = "# What this project accepts, and why. `osprey policy init` writes one at length.\n\
                        version = 1\n\
                        extends = \"brownfield\"\n";

/// How many days before its end an exception ends soon.
const SOON: i32 = 14;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write an exception into a policy, in order and after all checks
    Add(Add),
    /// List the exceptions of a policy by the day on which they end
    List(List),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("end").args(["expires", "days", "until_fixed"]).required(true).multiple(true))]
pub(super) struct Add {
    /// The advisory, by an id of it that every record has, such as its CVE; repeat for more
    #[arg(long, value_name = "ID")]
    advisory: Vec<String>,
    /// The package, such as pkg:cargo/time, with a version or a range where wanted: pkg:cargo/time@<0.2
    #[arg(long, value_name = "PURL")]
    package: Option<String>,
    /// The rule whose findings are meant; malware and known exploitation are covered under their own rule alone
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// The file or folder that is meant; "." for findings about the project itself
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Why it can be accepted
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// The last day on which it holds
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    expires: Option<Date>,
    /// The same in days from today
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: Option<u16>,
    /// It ends as soon as a version is known that fixes the finding
    #[arg(long)]
    until_fixed: bool,
    /// The policy file; it is made where there is none
    #[arg(long, value_name = "FILE", default_value = USUAL)]
    policy: PathBuf,
    /// The day from which days are counted [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// The policy file
    #[arg(value_name = "FILE", default_value = USUAL)]
    policy: PathBuf,
    /// The day on which they are judged [default: today, UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
    }
}

fn add(arguments: &Add) -> Result<Exit, Failure> {
    let today = arguments.today.unwrap_or_else(caller::today);
    let shown = arguments.policy.display().to_string();
    let expires = match arguments.days {
        Some(days) => Some(today.checked_add(i64::from(days).days()).map_err(Failure::usage)?),
        None => arguments.expires,
    };
    if let Some(day) = expires.filter(|&day| day < today) {
        return Err(Failure::usage(format!("--expires {day} is past: today is {today}")));
    }
    let addition = Addition {
        advisories: arguments.advisory.clone(),
        package: arguments.package.clone(),
        rule: arguments.rule.clone(),
        path: arguments.path.clone(),
        reason: arguments.reason.clone(),
        owner: arguments.owner.clone(),
        expires,
        until_fixed: arguments.until_fixed,
    };
    let text = existing(&arguments.policy, &shown)?;
    let is_new = text.is_none();
    let text = text.unwrap_or_else(|| SMALLEST.to_owned());
    // The reader's own checks: first of what is there, then with the block at the end, where no line above it moves.
    let before = read(&shown, &text, today).map_err(broken)?;
    let after = read(&shown, &addition.append(&text), today).map_err(|errors| refused(&shown, &errors))?;
    let (ordered, line) = addition.insert(&text);
    // Nobody writes a policy in so odd a way that this differs; if somebody does, the end is as good a place.
    let is_right = read(&shown, &ordered, today).is_ok_and(|policy| holds_the_same(&policy, &after));
    let (written, line) =
        if is_right { (ordered, line) } else { (addition.append(&text), text.matches('\n').count() + 2) };
    // Through a link to what it leads to: the link stays one.
    let target = fs::canonicalize(&arguments.policy).unwrap_or_else(|_| arguments.policy.clone());
    to_file(&target, |out| out.write_all(written.as_bytes())).map_err(|error| Failure::written(&shown, &error))?;
    let what = if is_new { "made, with this exception" } else { "written" };
    let count = before.exceptions.len() + 1;
    print(&format!("{shown}:{line}: {what} ({count} in all)\n\n{}", plain_lines(&addition.block())))?;
    Ok(Exit::Pass)
}

/// The text of a policy; nothing where there is no file.
fn existing(path: &Path, shown: &str) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::usage(format!("the policy {shown}: {error}"))),
    }
}

/// The policy of a text that stands, or is to stand, in that file, with what it extends.
fn read(shown: &str, text: &str, today: Date) -> Result<Policy, Vec<PolicyError>> {
    let read = |asked: &str| {
        if asked == shown {
            return Ok(Some(text.as_bytes().to_vec()));
        }
        match fs::read(asked) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    };
    let rules = rule::rules();
    policy::load(shown, &Reading { read: &read, origin: PolicyOrigin::Flag, rules: &rules, today, below: None })
}

/// Whether two policies have the same exceptions, wherever they stand.
fn holds_the_same(one: &Policy, other: &Policy) -> bool {
    let sorted = |policy: &Policy| {
        let mut all: Vec<_> = policy.exceptions.iter().map(|of| (of.id(), of.reason.clone(), of.expires)).collect();
        all.sort();
        all
    };
    sorted(one) == sorted(other)
}

#[allow(clippy::needless_pass_by_value, reason = "so that `map_err` can name it")]
fn broken(errors: Vec<PolicyError>) -> Failure {
    Failure { exit: Exit::Usage, messages: errors.iter().map(ToString::to_string).collect() }
}

/// Why the exception was not written. The mistakes are those of a block that stands nowhere yet, so that their lines
/// would lead nowhere.
fn refused(shown: &str, errors: &[PolicyError]) -> Failure {
    let mut messages = vec![format!("{shown} is as it was, since the exception would be wrong:")];
    for error in errors {
        messages.push(if error.message.starts_with("not valid TOML") {
            "its exceptions are written as one array: write each as a table under [[exceptions]] first".to_owned()
        } else {
            error.message.clone()
        });
    }
    messages.dedup();
    Failure { exit: Exit::Usage, messages }
}

fn list(arguments: &List) -> Result<Exit, Failure> {
    let today = arguments.today.unwrap_or_else(caller::today);
    let shown = arguments.policy.display().to_string();
    let Some(text) = existing(&arguments.policy, &shown)? else {
        return Err(Failure::usage(format!("there is no policy {shown}; name one")));
    };
    let policy = read(&shown, &text, today).map_err(broken)?;
    if policy.exceptions.is_empty() {
        print(&format!("{shown} makes no exception\n"))?;
        return Ok(Exit::Pass);
    }
    let mut exceptions: Vec<&Exception> = policy.exceptions.iter().collect();
    // What has no last day comes last.
    exceptions.sort_by_key(|exception| (exception.expires.is_none(), exception.expires));
    let lines = exceptions.into_iter().map(|exception| line(exception, today));
    print(&plain_lines(&lines.collect::<String>()))?;
    Ok(Exit::Pass)
}

/// Its end, what it names, why, who answers for it, and where it stands.
fn line(exception: &Exception, today: Date) -> String {
    let end = match exception.expires {
        Some(day) if day < today => format!("expired on {day}"),
        Some(day) => {
            let left = today.until(day).map_or(i32::MAX, |span| span.get_days());
            let soon = if left <= SOON { ", soon" } else { "" };
            format!("until {day}{soon}")
        }
        None => "until fixed".to_owned(),
    };
    let owner = exception.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
    let at = &exception.location;
    format!("{end:<24}  {}: {}{owner}  {}:{}\n", exception.id(), one_line(&exception.reason), at.path, at.line)
}

/// Text of several lines without what a terminal obeys.
fn plain_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", crate::report::plain(line))).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
