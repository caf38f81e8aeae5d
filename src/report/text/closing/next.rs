//! What to type next: only commands that exist, and only with arguments that a shell takes as they are.

use std::collections::BTreeSet;
use std::io;

use unicode_width::UnicodeWidthStr as _;

use crate::model::{Ecosystem, FileState, Report, SourceState, Subject, Verdict};

use super::super::super::{Options, escape};
use super::super::page::{BOLD, CYAN, DIM, Page, Piece};
use super::super::plan::Plan;

/// Writes the commands that help most, if there is something to do.
pub(super) fn write(page: &mut Page, report: &Report, plan: &Plan, options: &Options) -> io::Result<()> {
    let commands = commands(report, plan, options);
    if commands.is_empty() {
        return Ok(());
    }
    page.line(0, 2, &[Piece::styled("next:", BOLD)])?;
    let widest = commands.iter().map(|(command, _)| command.width()).max().unwrap_or_default();
    for (command, purpose) in commands {
        if page.is_narrow() {
            page.unwrapped(2, &[Piece::styled(&command, CYAN)])?;
            page.line(4, 4, &[Piece::styled(purpose, DIM)])?;
        } else {
            let space = " ".repeat(widest - command.width() + 2);
            let pieces = [Piece::styled(&command, CYAN), Piece::plain(&space), Piece::styled(purpose, DIM)];
            page.line(2, widest + 4, &pieces)?;
        }
    }
    if report.verdict() == Verdict::Fail {
        // Who meets a failing gate for the first time looks for the way around it: this is the one that leaves a trace.
        let accept = "to accept a finding for a time: osprey exception add, with a reason and a last day";
        page.line(2, 4, &[Piece::styled(accept, DIM)])?;
    }
    Ok(())
}

fn commands(report: &Report, plan: &Plan, options: &Options) -> Vec<(String, &'static str)> {
    let mut commands = Vec::new();
    let safe = |argument: &Option<String>| argument.clone().filter(|argument| escape::is_safe_argument(argument));
    let db = safe(&options.database).map(|folder| format!(" --db {folder}")).unwrap_or_default();
    let path = safe(&options.scanned).map(|path| format!(" {path}")).unwrap_or_default();
    let lacking = |state| matches!(state, SourceState::Stale | SourceState::Missing | SourceState::Failed);
    let of_advisories = report.coverage.sources.iter().filter(|source| source.is_of_advisories());
    let lacking: Vec<_> = of_advisories.filter(|source| lacking(source.state)).map(|source| source.ecosystem).collect();
    let (distributions, others): (Vec<_>, Vec<_>) =
        lacking.into_iter().partition(|ecosystem| ecosystem.is_some_and(Ecosystem::is_distribution));
    if !others.is_empty() {
        commands.push((format!("osprey db update{db}"), "brings the local index of advisories up to date"));
    }
    // Their advisories are many, and are fetched only where somebody names them.
    let named: BTreeSet<&str> = distributions.into_iter().flatten().map(Ecosystem::osv_name).collect();
    if !named.is_empty() {
        let named: String = named.iter().map(|name| format!(" --ecosystem \"{name}\"")).collect();
        commands.push((format!("osprey db update{named}{db}"), "fetches the advisories of the distribution"));
    }
    if report.is_empty()
        || report.coverage.files.iter().any(|file| file.state == FileState::Unsupported && file.is_gap())
    {
        commands.push(("osprey list parsers".to_owned(), "says which files can be read"));
    }
    let groups = plan.groups.iter().chain(&plan.test_data);
    let worst = groups.flat_map(|group| &group.changes).flat_map(|change| &change.decisions).next();
    let Some(finding) = worst.map(|decision| &decision.finding) else { return commands };
    let id = finding.advisory.as_ref().map_or(finding.rule.id, |group| group.key().id.as_str());
    if escape::is_safe_argument(id) {
        commands.push((format!("osprey explain {id}{db}"), "says what the first finding means"));
    }
    if let Subject::Package { package, .. } = finding.subject {
        let name = &report.graph.package(package).id.name;
        if finding.chains.iter().any(|chain| chain.len() > 2) && escape::is_safe_argument(name) {
            commands.push((format!("osprey why {name}{path}"), "shows every path that brings it in"));
        }
    }
    commands
}
