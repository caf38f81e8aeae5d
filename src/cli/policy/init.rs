//! `osprey policy init`: a policy and a baseline for a project as it is today.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::compared::Compared;
use crate::cli::output::{print, to_file};
use crate::cli::policy_arguments::policy_places;
use crate::cli::scan::Subject;
use crate::cli::{Exit, Failure, Global, baseline};
use crate::model::{Level, PolicyOrigin, Report};
use crate::policy::{self, Baseline, Policy, Profile};
use crate::report::plain;
use crate::rule;

/// The baseline's name, beside the policy.
const BASELINE: &str = "osprey-baseline.json";

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Write over a policy and a baseline that are there
    #[arg(long)]
    force: bool,
    /// Write them although something was not looked at: what is found there later counts as new
    #[arg(long)]
    allow_incomplete: bool,
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<Exit, Failure> {
    let mut comparison = arguments.subject.prepare(&Compared::NOTHING)?;
    let (root, places) = policy_places(&comparison.selection)?;
    let Some(place) = places.first() else {
        return Err(Failure::usage("name the folder of the project: the policy is written into it"));
    };
    let files = Files::beside(&root.join(place));
    if !arguments.force {
        files.refuse_existing()?;
    }
    comparison.policy = start(&comparison.policy)?;
    let report = arguments.subject.scan(&comparison, global)?;
    let wants_baseline = comparison.policy.profile == Profile::Brownfield;
    if wants_baseline && !report.is_empty() && !report.is_complete() && !arguments.allow_incomplete {
        return Err(baseline::refusal(&report));
    }
    let held = Baseline::of(&report.decisions, &report.graph);
    let held = Some(held).filter(|held| wants_baseline && !held.entries.is_empty());
    let named = held.as_ref().map(|held| (BASELINE, held.entries.len()));
    let text = policy::draft(&report, &comparison.policy, named);
    if let Some(held) = &held {
        baseline::write(&files.baseline, held)?;
    }
    to_file(&files.policy, |out| out.write_all(text.as_bytes()))
        .map_err(|error| Failure::written(&files.shown(&files.policy), &error))?;
    print(&files.summary(&report, &comparison.policy, held.as_ref()))?;
    Ok(Exit::Pass)
}

/// What the new policy starts from: the profile that the caller names, with the levels of this run. A policy that is
/// there says nothing about the one that takes its place.
fn start(loaded: &Policy) -> Result<Policy, Failure> {
    match loaded.origin {
        PolicyOrigin::Flag => Err(Failure::usage(
            "policy init starts from a profile (--profile), not from a policy; let the file that it writes say \
             extends = \"FILE\"",
        )),
        PolicyOrigin::BuiltIn => Ok(loaded.clone()),
        PolicyOrigin::Tree | PolicyOrigin::Base => {
            let built_in = Policy::built_in(Profile::Brownfield, &rule::rules());
            Ok(Policy { project: loaded.project.clone(), vex: loaded.vex.clone(), ..built_in })
        }
    }
}

/// Where the two are written.
struct Files {
    policy: PathBuf,
    baseline: PathBuf,
    /// The folder that runs the command.
    here: Option<PathBuf>,
}

impl Files {
    fn beside(policy: &Path) -> Self {
        let here = fs::canonicalize(".").ok();
        Self { policy: policy.to_owned(), baseline: policy.with_file_name(BASELINE), here }
    }

    fn refuse_existing(&self) -> Result<(), Failure> {
        // A link counts as there, wherever it leads.
        match [&self.policy, &self.baseline].into_iter().find(|file| fs::symlink_metadata(file).is_ok()) {
            Some(file) => Err(Failure::usage(format!("{} is there already; --force writes over it", self.shown(file)))),
            None => Ok(()),
        }
    }

    /// A path as the caller would type it.
    fn shown(&self, file: &Path) -> String {
        let short = self.here.as_ref().and_then(|here| file.strip_prefix(here).ok()).unwrap_or(file);
        plain(&short.display().to_string()).into_owned()
    }

    /// What was written, and what to type next.
    fn summary(&self, report: &Report, policy: &Policy, held: Option<&Baseline>) -> String {
        let summary = report.summary();
        let profile = policy.profile.as_str();
        let mut out = format!("{}: written, with the profile {profile}\n", self.shown(&self.policy));
        match held {
            Some(held) => {
                let denied = held.entries.iter().filter(|entry| entry.level == Level::Deny).count();
                out += &format!(
                    "{}: written, with {} ({denied} denied, {} warned about) that are known now and fail nothing\n",
                    self.shown(&self.baseline),
                    findings(held.entries.len()),
                    held.entries.len() - denied
                );
                // A baseline lets them pass as well; that is no reason to wait.
                let urgent = held.entries.iter().filter(|of| of.exploited || of.rule == "malicious-package").count();
                if urgent > 0 {
                    out += &format!(
                        "of these, {} of malware or of what is exploited now: do not wait with what `osprey scan` names of it\n",
                        findings(urgent)
                    );
                }
            }
            None if report.is_empty() => out += "no manifest, lockfile or SBOM was found yet\n",
            None if summary.denied > 0 => {
                out += &format!("it denies {} today; osprey baseline makes them known\n", findings(summary.denied));
            }
            None => out += "nothing is denied or warned about today, so that no baseline is needed\n",
        }
        let folder = self.policy.parent().map(|folder| self.shown(folder)).filter(|folder| !folder.is_empty());
        let folder = folder.filter(|folder| self.here.as_deref().is_none_or(|here| here != Path::new(folder)));
        let folder = folder.map(|folder| format!(" {folder}")).unwrap_or_default();
        let files = if held.is_some() {
            format!("{} {}", self.shown(&self.policy), self.shown(&self.baseline))
        } else {
            self.shown(&self.policy)
        };
        let next = [
            (format!("osprey scan{folder}"), "judges by it"),
            (format!("git add {files}"), "so that everybody is judged by the same"),
            ("osprey scan --since origin/main".to_owned(), "in CI: what a change brings in"),
        ];
        let widest = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
        out += "next:\n";
        for (command, purpose) in next {
            out += &format!("  {command:widest$}  {purpose}\n");
        }
        out
    }
}

fn findings(number: usize) -> String {
    if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") }
}
