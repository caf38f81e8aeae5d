//! The last lines: the verdict, and everything that limits what it says.

mod next;

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;
use jiff::Timestamp;

use crate::model::{
    AdvisoryKind, Decision, Diagnostic, DiagnosticSeverity, Ecosystem, FileCoverage, FileState, JoinedUnknown,
    OnUnknown, PackageState, PolicyOrigin, Report, SourceCoverage, SourceKind, SourceState, Verdict,
};

use super::super::phrase::{self, count};
use super::super::{Options, escape};
use super::page::{BOLD, DIM, GREEN, PLAIN, Page, Piece, RED, YELLOW};
use super::plan::{Group, Plan};

/// Names that are listed where there may be many, unless everything is asked for.
const FEW: usize = 5;

/// Writes the verdict and what it rests on.
pub(super) fn write(page: &mut Page, report: &Report, plan: &Plan, options: &Options) -> io::Result<()> {
    let few = if options.verbose { usize::MAX } else { FEW };
    page.gap()?;
    let (word, style) = verdict_word(report);
    let said = Piece::plain(&format!(" {}", verdict_sentence(report, plan)));
    page.line(0, 2, &[Piece::styled(&format!("{word}:"), style), said])?;
    first(page, report, plan)?;
    looked_at(page, report)?;
    not_looked_at(page, report, few)?;
    not_read(page, report, few)?;
    skipped(page, report, options)?;
    below(page, plan, options)?;
    before(page, report, plan, options)?;
    accepted(page, report, plan, options)?;
    exceptions(page, report)?;
    unknowns(page, report)?;
    diagnostics(page, report, few, options.verbose)?;
    advisories(page, report, options)?;
    entry(page, "policy", &policy(report))?;
    next::write(page, report, plan, options)
}

fn entry(page: &mut Page, label: &str, text: &str) -> io::Result<()> {
    page.line(0, 2, &[Piece::styled(&format!("{label}:"), BOLD), Piece::plain(&format!(" {text}"))])
}

fn item(page: &mut Page, text: &str, style: Style) -> io::Result<()> {
    page.line(2, 4, &[Piece::plain("- "), Piece::styled(text, style)])
}

fn verdict_word(report: &Report) -> (&'static str, Style) {
    match report.verdict() {
        Verdict::Fail => ("FAIL", RED),
        _ if report.is_empty() => ("NOTHING TO SCAN", YELLOW),
        Verdict::Incomplete => ("INCOMPLETE", YELLOW),
        Verdict::Pass => ("PASS", GREEN),
    }
}

fn verdict_sentence(report: &Report, plan: &Plan) -> String {
    let summary = report.summary();
    let gaps = report.gaps().len();
    let verdict = report.verdict();
    let denied = match report.is_compared() {
        true => count(summary.denied, "new finding", "new findings"),
        false => count(summary.denied, "finding", "findings"),
    };
    let mut text = match verdict {
        Verdict::Fail if summary.denied == 0 => "the policy denies that something is not known".to_owned(),
        Verdict::Fail => format!("the policy denies {denied}"),
        _ if report.is_empty() => "no manifest, lockfile or SBOM was found".to_owned(),
        Verdict::Incomplete => "not everything could be looked at; in what was, nothing is denied".to_owned(),
        Verdict::Pass
            if summary.warned == 0
                && plan.excepted.is_empty()
                && plan.allowed.is_empty()
                && plan.known.is_empty()
                && report.unknowns.is_empty() =>
        {
            match report.graph.third_party() {
                0 => "there is no package to judge in what was looked at".to_owned(),
                _ => "nothing was found in what was looked at".to_owned(),
            }
        }
        Verdict::Pass => "nothing is denied".to_owned(),
    };
    if summary.warned > 0 {
        text += &match verdict {
            Verdict::Fail => format!(" and warns about {} more", summary.warned),
            _ => format!(", {} warned about", count(summary.warned, "finding is", "findings are")),
        };
    }
    text.push('.');
    if verdict == Verdict::Fail && gaps > 0 {
        text += " The run is INCOMPLETE too: there may be more in what was not looked at.";
    }
    let customary = match verdict {
        Verdict::Fail => 1,
        _ if report.is_empty() => 4,
        Verdict::Incomplete => 3,
        Verdict::Pass => 0,
    };
    if report.exit_code == 0 && customary != 0 {
        text += &format!(" The exit code is 0 instead of {customary}, as the caller asked.");
    }
    text
}

/// What to begin with, and why: of several findings somebody has to choose.
fn first(page: &mut Page, report: &Report, plan: &Plan) -> io::Result<()> {
    let mut groups = plan.groups.iter().chain(&plan.test_data);
    match (groups.next().and_then(Group::worst), groups.next()) {
        (Some(worst), Some(_)) => {
            let what = escape::clip(&phrase::subject(report, &worst.finding), 200).into_owned();
            entry(page, "begin with", &format!("{what} ({})", worst.reasons().join(", ")))
        }
        _ => Ok(()),
    }
}

/// How many packages were compared, and what became of the others.
fn looked_at(page: &mut Page, report: &Report) -> io::Result<()> {
    if report.is_empty() {
        return Ok(());
    }
    let mut states: BTreeMap<PackageState, usize> = BTreeMap::new();
    let mut unadvised: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ecosystems: BTreeMap<&str, usize> = BTreeMap::new();
    let packages = report.graph.packages.iter().zip(&report.coverage.packages);
    for (package, &state) in packages.filter(|(package, _)| package.id.source.kind != SourceKind::Workspace) {
        let (ecosystem, kind) = (package.id.ecosystem, package.id.source.kind);
        *ecosystems.entry(ecosystem.osv_name()).or_default() += 1;
        let is_named = matches!(kind, SourceKind::Registry | SourceKind::Unknown);
        if state == PackageState::NotAsked && is_named && !ecosystem.is_advised() {
            *unadvised.entry(ecosystem.osv_name()).or_default() += 1;
        } else {
            *states.entry(state).or_default() += 1;
        }
    }
    let without: usize = unadvised.values().sum();
    let total: usize = states.values().sum::<usize>() + without;
    let matched = states.remove(&PackageState::Matched).unwrap_or_default();
    let read = report.coverage.files.iter();
    let read = read.filter(|file| matches!(file.state, FileState::Read | FileState::PartlyRead)).count();
    let mut text = count(total, "package", "packages");
    // What is judged before it is added comes from no file.
    if read > 0 && report.checklists.is_empty() {
        text += &format!(" in {}", count(read, "file", "files"));
    }
    let names: Vec<String> = ecosystems.iter().map(|(name, number)| format!("{number} {name}")).collect();
    if !names.is_empty() {
        text += &format!(" ({})", names.join(", "));
    }
    let mut became = vec![match matched {
        _ if matched == total => "all compared with every advisory for them".to_owned(),
        0 => "none compared with advisories".to_owned(),
        _ => format!("{matched} compared with every advisory for them"),
    }];
    became.extend(states.iter().map(|(&state, number)| format!("{number} {}", other_state(state))));
    if without > 0 {
        let names: Vec<&str> = unadvised.into_keys().collect();
        became.push(format!("{without} of which no advisory database speaks ({})", names.join(", ")));
    }
    if total > 0 {
        text += &format!(": {}", became.join(", "));
    }
    entry(page, "looked at", &text)
}

fn other_state(state: PackageState) -> &'static str {
    match state {
        PackageState::Matched => "compared",
        PackageState::NoIndex => "with no advisories at hand",
        PackageState::Private => "private",
        PackageState::Unresolved => "without an exact version",
        PackageState::CannotJudge => "that cannot be judged",
        PackageState::NotAsked => "from git, a path or a URL (advisories do not speak of those)",
    }
}

fn not_looked_at(page: &mut Page, report: &Report, few: usize) -> io::Result<()> {
    let gaps = report.gaps();
    if gaps.is_empty() {
        return Ok(());
    }
    page.line(0, 2, &[Piece::styled("not looked at:", YELLOW)])?;
    // Files come first among the gaps, in the ledger's order.
    let files: Vec<&FileCoverage> = report.coverage.files.iter().filter(|file| file.is_gap()).collect();
    let (of_files, others) = gaps.split_at_checked(files.len()).unwrap_or((&gaps, &[]));
    let of_files = file_gaps(&files, of_files, few);
    of_files.iter().chain(others).try_for_each(|gap| item(page, gap, PLAIN))?;
    let packages = report.graph.packages.iter().zip(&report.coverage.packages);
    let uncertain = packages.filter(|&(_, &state)| state == PackageState::CannotJudge);
    let labels: Vec<String> = uncertain.map(|(package, _)| package.id.label()).collect();
    if labels.is_empty() {
        return Ok(());
    }
    page.line(4, 4, &[Piece::plain(&format!("namely {}", listed(&labels, few)))])
}

/// The gaps that are files. Where one kind of file is not read yet, a tree can hold hundreds: they are one line.
fn file_gaps(files: &[&FileCoverage], gaps: &[String], few: usize) -> Vec<String> {
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.state == FileState::Unsupported) {
        kinds.entry(file.message.as_deref().unwrap_or_default()).or_default().push(file.path.to_string());
    }
    let mut lines = Vec::new();
    let mut broken = 0;
    for (file, gap) in files.iter().zip(gaps) {
        let kind = file.message.as_deref().filter(|_| file.state == FileState::Unsupported);
        match kind.and_then(|kind| Some((kind, kinds.get(kind)?))) {
            Some((kind, paths)) if paths.len() > few => {
                // In the place of the first of them.
                if paths.first().is_some_and(|first| **first == *file.path) {
                    let number = paths.len();
                    lines.push(format!("{number} files are unsupported: {kind}: {}", listed(paths, few)));
                }
            }
            Some(_) => lines.push(gap.clone()),
            None => {
                broken += 1;
                if broken <= few.saturating_mul(4) {
                    lines.push(gap.clone());
                }
            }
        }
    }
    if let Some(left) = broken.checked_sub(few.saturating_mul(4)).filter(|&left| left > 0) {
        lines.push(format!(
            "{} more that could not be read in full (--verbose lists them)",
            count(left, "file", "files")
        ));
    }
    lines
}

/// The first few, and how many more.
fn listed(names: &[String], few: usize) -> String {
    let shown: Vec<_> = names.iter().take(few).map(|name| escape::clip(name, 100)).collect();
    let mut text = shown.join(", ");
    if names.len() > few {
        text += &format!(" and {} more (--verbose lists them)", names.len() - few);
    }
    text
}

/// Manifests that no parser reads: they fix no version, so that the run is not incomplete without them.
fn not_read(page: &mut Page, report: &Report, few: usize) -> io::Result<()> {
    let is_one = |file: &&FileCoverage| file.state == FileState::Unsupported && !file.is_gap();
    let names: Vec<String> = report.coverage.files.iter().filter(is_one).map(|file| file.path.to_string()).collect();
    if names.is_empty() {
        return Ok(());
    }
    entry(page, "recognised and not read", &listed(&names, few))
}

fn skipped(page: &mut Page, report: &Report, options: &Options) -> io::Result<()> {
    let skipped: Vec<_> = report.coverage.files.iter().filter(|file| file.state == FileState::Skipped).collect();
    if skipped.is_empty() {
        return Ok(());
    }
    if !options.verbose {
        let names: Vec<String> = skipped.iter().map(|file| file.path.to_string()).collect();
        return entry(page, "skipped on purpose", &listed(&names, FEW));
    }
    page.line(0, 2, &[Piece::styled("skipped on purpose:", BOLD)])?;
    skipped.iter().try_for_each(|file| {
        let why = file.message.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        item(page, &format!("{}{why}", file.path), PLAIN)
    })
}

/// What is not shown, and where it can be seen.
fn below(page: &mut Page, plan: &Plan, options: &Options) -> io::Result<()> {
    let shown = if options.verbose { "listed above" } else { "see --verbose or -o json" };
    if !plan.allowed.is_empty() {
        let findings = count(plan.allowed.len(), "finding lies", "findings lie");
        entry(page, "allowed", &format!("{findings} below the threshold ({shown})"))?;
    }
    Ok(())
}

/// What is accepted, by whom and until when: an exception nobody reads is one that nobody ends.
fn accepted(page: &mut Page, report: &Report, plan: &Plan, options: &Options) -> io::Result<()> {
    if plan.excepted.is_empty() {
        return Ok(());
    }
    let findings = count(plan.excepted.len(), "finding is", "findings are");
    let shown = if options.verbose { "listed above" } else { "see --verbose or -o json" };
    entry(page, "excepted", &format!("{findings} covered by an exception ({shown})"))?;
    let few = if options.verbose { usize::MAX } else { FEW };
    let used: Vec<_> = report.exceptions.iter().filter(|exception| exception.findings > 0).collect();
    for exception in used.iter().take(few) {
        let said = phrase::accepted(&exception.reason, exception.owner.as_deref(), exception.expires.as_deref());
        let times = if exception.findings > 1 { format!(", {} findings", exception.findings) } else { String::new() };
        let at = exception.location.as_ref().map(|at| format!(" ({}{times})", phrase::place(at))).unwrap_or_default();
        item(page, &format!("{}{at}: {}", exception.id, escape::clip(&said, 300)), PLAIN)?;
    }
    if used.len() > few {
        item(page, &format!("{} more (--verbose lists them)", used.len() - few), DIM)?;
    }
    Ok(())
}

/// What was there before, and what it is compared with.
fn before(page: &mut Page, report: &Report, plan: &Plan, options: &Options) -> io::Result<()> {
    if !plan.known.is_empty() {
        let shown = if options.verbose { "listed above" } else { "see --verbose or -o json" };
        let findings = count(plan.known.len(), "finding was", "findings were");
        entry(page, "known", &format!("{findings} there before and {} not count ({shown})", do_not(plan.known.len())))?;
        urgent(page, report, plan)?;
    }
    if let Some(base) = &report.base {
        entry(page, "compared with", &phrase::base(base))?;
    }
    let Some(baseline) = &report.baseline else { return Ok(()) };
    entry(page, "baseline", &phrase::baseline(baseline, report.is_complete()))?;
    let gone = if options.verbose { baseline.gone.as_slice() } else { &[] };
    let word = if report.is_complete() { "gone" } else { "not found" };
    gone.iter().try_for_each(|gone| item(page, &format!("{word}: {gone}"), PLAIN))
}

/// Of what was there before what should not wait, by name: that it fails nothing is no reason to forget it.
fn urgent(page: &mut Page, report: &Report, plan: &Plan) -> io::Result<()> {
    let is_urgent = |decision: &&&Decision| {
        let group = decision.finding.advisory.as_ref();
        group.is_some_and(|group| group.kind() == AdvisoryKind::Malware || phrase::exploited(group).is_some())
    };
    let all: Vec<&&Decision> = plan.known.iter().filter(is_urgent).collect();
    for decision in all.iter().take(FEW) {
        let what = match &decision.finding.advisory {
            Some(group) if group.kind() == AdvisoryKind::Malware => "malware",
            _ => "exploited",
        };
        let subject = phrase::subject(report, &decision.finding);
        item(page, &format!("do not wait with {subject}: {what}, {}", phrase::ids(decision)), RED)?;
    }
    if all.len() > FEW {
        item(page, &format!("nor with {} more", all.len() - FEW), RED)?;
    }
    Ok(())
}

fn do_not(number: usize) -> &'static str {
    if number == 1 { "does" } else { "do" }
}

fn exceptions(page: &mut Page, report: &Report) -> io::Result<()> {
    let of_note: Vec<String> =
        report.exceptions.iter().filter_map(|exception| phrase::exception(report, exception)).collect();
    if of_note.is_empty() {
        return Ok(());
    }
    page.line(0, 2, &[Piece::styled("exceptions to look after:", BOLD)])?;
    of_note.iter().try_for_each(|said| item(page, said, PLAIN))
}

/// What rules could not learn without the run being incomplete for it alone; the rest stands among the gaps.
fn unknowns(page: &mut Page, report: &Report) -> io::Result<()> {
    let unknowns = JoinedUnknown::of(report.unknowns_beside_gaps());
    if unknowns.is_empty() {
        return Ok(());
    }
    page.line(0, 2, &[Piece::styled("not known:", BOLD)])?;
    unknowns.iter().try_for_each(|unknown| {
        let denied = if unknown.outcome == OnUnknown::Deny { "; the policy denies that" } else { "" };
        item(page, &format!("{}{denied}", unknown.words()), PLAIN)
    })
}

fn diagnostics(page: &mut Page, report: &Report, few: usize, verbose: bool) -> io::Result<()> {
    // What stands under `not looked at` is not said again.
    let gaps = report.coverage.files.iter().filter(|file| file.is_gap());
    let gaps: BTreeMap<_, _> = gaps.filter_map(|file| Some((&file.path, file.message.as_deref()?))).collect();
    let is_said = |diagnostic: &Diagnostic| {
        let gap = diagnostic.path.as_ref().and_then(|path| gaps.get(path));
        gap.is_some_and(|message| message.ends_with(&diagnostic.message))
    };
    let wanted =
        |diagnostic: &&Diagnostic| (verbose || diagnostic.severity != DiagnosticSeverity::Note) && !is_said(diagnostic);
    let all: Vec<&Diagnostic> = report.diagnostics.iter().filter(wanted).collect();
    if all.is_empty() {
        return Ok(());
    }
    page.line(0, 2, &[Piece::styled("remarks:", BOLD)])?;
    for diagnostic in all.iter().take(few) {
        let place = match (&diagnostic.path, diagnostic.line) {
            (Some(path), Some(line)) => format!("{path}:{line}: "),
            (Some(path), None) => format!("{path}: "),
            (None, _) => String::new(),
        };
        item(page, &format!("{place}{}", diagnostic.message), PLAIN)?;
    }
    if all.len() > few {
        item(page, &format!("{} more (--verbose lists them)", all.len() - few), DIM)?;
    }
    Ok(())
}

/// How old the knowledge is. What is missing stands among the gaps, and among what is not known.
fn advisories(page: &mut Page, report: &Report, options: &Options) -> io::Result<()> {
    let mut texts = dated(report, true);
    if texts.is_empty() && report.graph.packages.is_empty() {
        // Nothing was there to ask about.
        return Ok(());
    }
    if texts.is_empty() {
        texts.push("none were at hand".to_owned());
    }
    let of_advisories = report.coverage.sources.iter().filter(|source| source.is_of_advisories());
    let rejected: u64 = of_advisories.map(|source| source.rejected).sum();
    if options.verbose && rejected > 0 {
        let records = if rejected == 1 { "1 record" } else { &format!("{rejected} records") };
        texts.push(format!("{records} could not be taken"));
    }
    entry(page, "advisories", &texts.join("; "))?;
    match dated(report, false).as_slice() {
        [] => Ok(()),
        others => entry(page, "other facts", &others.join("; ")),
    }
}

/// The sources that answered, of advisories or of other facts, with the day of their data.
fn dated(report: &Report, of_advisories: bool) -> Vec<String> {
    let mut by_date: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    let is_told = |source: &&SourceCoverage| {
        matches!(source.state, SourceState::Ok | SourceState::Stale) && source.is_of_advisories() == of_advisories
    };
    for source in report.coverage.sources.iter().filter(is_told) {
        let as_of = source.as_of.as_deref().map_or_else(|| "an unknown day".to_owned(), to_the_minute);
        let ecosystems = by_date.entry((source.name, as_of)).or_default();
        ecosystems.extend(source.ecosystem.map(Ecosystem::osv_name));
    }
    // What is as old, and about the same, is said once.
    let mut alike: BTreeMap<(String, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((name, as_of), ecosystems) in by_date {
        alike.entry((as_of, ecosystems)).or_default().push(name);
    }
    let text = |((as_of, ecosystems), names): ((String, Vec<&str>), Vec<&str>)| {
        let of = if ecosystems.is_empty() { String::new() } else { format!(" ({})", ecosystems.join(", ")) };
        format!("{} as of {as_of}{of}", names.join(", "))
    };
    alike.into_iter().map(text).collect()
}

/// A moment as people read it; nobody decides by the seconds.
fn to_the_minute(moment: &str) -> String {
    let time: Result<Timestamp, _> = moment.parse();
    time.map_or_else(|_| moment.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn policy(report: &Report) -> String {
    let policy = &report.policy;
    let path = policy.path.as_deref().unwrap_or("a file without a name");
    let profile = policy.profile;
    let said = match policy.origin {
        PolicyOrigin::BuiltIn => format!("{profile}, built into the program"),
        PolicyOrigin::Flag => format!("{path} (extends {profile}), named by the caller"),
        PolicyOrigin::Tree => format!("from the scanned tree, not enforced by the caller: {path} (extends {profile})"),
        PolicyOrigin::Base => format!("{path} (extends {profile}), read from the merge base"),
    };
    match &policy.tightened_by {
        Some(tree) => format!("{said}; {tree} of the scanned tree may only tighten it"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn many_files_of_one_kind_are_one_line() {
        let file = |path: &str, state, message: &str| FileCoverage {
            path: path.into(),
            parser: None,
            state,
            fixes_versions: true,
            packages: 0,
            message: Some(message.to_owned()),
        };
        let mut report = sample::clean();
        let maven = |at: usize| file(&format!("m{at:02}/pom.xml"), FileState::Unsupported, "no parser (Maven)");
        report.coverage.files = (0..9).map(maven).collect();
        report.coverage.files.push(file("mix.lock", FileState::Unsupported, "no parser (Hex)"));
        report.coverage.files.extend((0..25).map(|at| file(&format!("z{at:02}.lock"), FileState::Failed, "cut off")));
        let written = |verbose| {
            let mut out = Vec::new();
            let options = Options { verbose, ..Options::default() };
            let few = if verbose { usize::MAX } else { FEW };
            not_looked_at(&mut Page::new(&mut out, &options), &report, few).unwrap();
            String::from_utf8(out).unwrap()
        };
        let text = written(false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "  - 9 files are unsupported: no parser (Maven): m00/pom.xml, m01/pom.xml, m02/pom.xml, m03/pom.xml, m04/pom.xml \
             and 4 more (--verbose lists them)"
        );
        assert_eq!(lines[2], "  - mix.lock: unsupported: no parser (Hex)");
        assert_eq!(lines.len(), 1 + 1 + 1 + 20 + 1);
        assert_eq!(lines.last(), Some(&"  - 5 files more that could not be read in full (--verbose lists them)"));
        assert_eq!(written(true).lines().count(), 1 + 35, "everything is listed where it is asked for");
    }
}
