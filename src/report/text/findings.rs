//! Findings under the change that clears them.

use std::io;

use anstyle::Style;

use crate::model::{
    AdvisoryKind, AliasGroup, AppliedException, Decision, Finding, FixState, Level, Location, PackageIndex, Report,
    Root, Severity, SourceKind, Subject,
};

use super::super::{Options, escape, phrase};
use super::page::{BOLD, CYAN, DIM, PLAIN, Page, Piece, RED, YELLOW};
use super::plan::{Change, Group, Plan, Target, other_ways};

/// Links of a chain that are shown; of a longer one the ends.
const LONGEST_CHAIN: usize = 8;

/// Characters of a title that are shown.
const LONGEST_TITLE: usize = 300;

/// Groups of which a finding is denied that are shown, unless everything is asked for.
const DENIED_GROUPS: usize = 30;

/// Groups that are only warned about that are shown.
const WARNED_GROUPS: usize = 15;

/// Findings that are shown under one change.
const FINDINGS: usize = 6;

/// Places that are named where one thing is to be changed in many.
const PLACES: usize = 4;

/// Where what belongs to a finding starts.
const DETAIL: usize = 10;

/// Writes what is denied and warned about, and with `verbose` what is allowed and excepted.
pub(super) fn write<'r>(page: &mut Page, report: &'r Report, plan: &Plan<'r>, options: &Options) -> io::Result<()> {
    let writer = &mut Writer { page, report, verbose: options.verbose, target: None, last: None };
    writer.groups(&plan.groups)?;
    if !plan.test_data.is_empty() {
        writer.heading("In test data (fixtures and the like; not what your users run)")?;
        writer.groups(&plan.test_data)?;
    }
    if options.verbose && !plan.excepted.is_empty() {
        writer.heading("Covered by an exception")?;
        plan.excepted.iter().try_for_each(|decision| writer.excepted(decision))?;
    }
    if options.verbose && !plan.known.is_empty() {
        writer.heading("There before")?;
        plan.known.iter().try_for_each(|decision| writer.finding(decision))?;
    }
    if options.verbose && !plan.allowed.is_empty() {
        writer.heading("Below the threshold")?;
        plan.allowed.iter().try_for_each(|decision| writer.finding(decision))?;
    }
    Ok(())
}

struct Writer<'w, 'o, 'r> {
    page: &'w mut Page<'o>,
    report: &'r Report,
    verbose: bool,
    /// What the findings stand under, if they stand under something. What is said there is not said again.
    target: Option<Target<'r>>,
    /// The finding before in the same place.
    last: Option<&'r Decision>,
}

impl<'r> Writer<'_, '_, 'r> {
    fn heading(&mut self, text: &str) -> io::Result<()> {
        (self.target, self.last) = (None, None);
        self.page.gap()?;
        self.page.line(0, 2, &[Piece::styled(text, BOLD.underline())])?;
        self.page.gap()
    }

    /// The worst groups; of the others how many there are.
    fn groups(&mut self, groups: &[Group<'r>]) -> io::Result<()> {
        let is_denied = |group: &&Group| group.worst().is_some_and(|worst| worst.effective() == Level::Deny);
        let (denied, warned): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(is_denied);
        let kinds = [(denied, DENIED_GROUPS, "to change"), (warned, WARNED_GROUPS, "that the policy warns about")];
        for (groups, most, what) in kinds {
            // To leave out a single one saves nothing.
            let all = self.verbose || groups.len() <= most + 1;
            let shown = if all { groups.len() } else { most };
            groups.iter().take(shown).try_for_each(|group| self.group(group))?;
            if let Some(left) = groups.len().checked_sub(shown).filter(|&left| left > 0) {
                let left_out = groups.iter().skip(shown).flat_map(|group| &group.changes);
                let findings: usize = left_out.map(|change| change.decisions.len()).sum();
                let findings = phrase::count(findings, "finding", "findings");
                let left = phrase::count(left, "dependency", "dependencies");
                let text = format!("and {left} more {what}, with {findings} (see --verbose or -o json)");
                self.page.line(0, 2, &[Piece::styled(&text, BOLD)])?;
                self.page.gap()?;
            }
        }
        Ok(())
    }

    fn group(&mut self, group: &Group<'r>) -> io::Result<()> {
        self.page.gap()?;
        self.target(group)?;
        self.elsewhere(group)?;
        self.target = Some(group.target);
        for change in &group.changes {
            self.last = None;
            self.change(group, change)?;
            let all = self.verbose || change.decisions.len() <= FINDINGS + 1;
            let shown = if all { change.decisions.len() } else { FINDINGS };
            change.decisions.iter().take(shown).try_for_each(|decision| self.finding(decision))?;
            if shown < change.decisions.len() {
                let left = change.decisions.len() - shown;
                self.page.line(2, 4, &[Piece::plain(&format!("and {left} more (--verbose shows them)"))])?;
            }
        }
        self.page.gap()
    }

    /// Other files that use the same package, where the same is to be done.
    fn elsewhere(&mut self, group: &Group<'r>) -> io::Result<()> {
        if group.elsewhere.is_empty() {
            return Ok(());
        }
        let most = if self.verbose { usize::MAX } else { PLACES };
        let places: Vec<String> = group
            .elsewhere
            .iter()
            .filter_map(|&(target, decision)| match target {
                Target::Dependency { root, package } => {
                    place(self.report.graph.roots.get(root), package, Some(&decision.finding))
                }
                Target::File(_) | Target::Project => None,
            })
            .collect();
        let mut text = format!("the same in {}", places.iter().take(most).cloned().collect::<Vec<_>>().join(", "));
        if places.len() > most {
            text += &format!(" and {} more", places.len() - most);
        }
        self.page.line(2, 5, &[Piece::styled(&text, CYAN)])
    }

    /// What is to be changed, and where it stands.
    fn target(&mut self, group: &Group) -> io::Result<()> {
        let (name, place, role) = match group.target {
            Target::Project => ("This project".to_owned(), None, None),
            Target::File(path) => (path.to_string(), None, None),
            Target::Dependency { root, package } => {
                let root = self.report.graph.roots.get(root);
                let first = group.changes.first().and_then(|change| change.decisions.first());
                let place = place(root, package, first.map(|decision| &decision.finding));
                (phrase::label(self.report, root, package), place, self.role(root, package))
            }
        };
        let mut pieces = vec![Piece::styled(&escape::clip(&name, 200), BOLD)];
        if let Some(place) = place {
            pieces.extend([Piece::plain("  "), Piece::styled(&place, CYAN)]);
        }
        if let Some(role) = role {
            pieces.push(Piece::styled(&format!("  ({role})"), DIM));
        }
        self.page.line(0, 2, &pieces)
    }

    /// Why this is the thing to change.
    fn role(&self, root: Option<&Root>, package: PackageIndex) -> Option<&'static str> {
        let root = root?;
        if self.report.graph.package(package).id.source.kind == SourceKind::Workspace {
            return Some("the project itself");
        }
        Some(match root.usage(package)?.direct {
            Some(true) => "direct dependency",
            Some(false) => "indirect; the file does not say what brings it in",
            None => "the file does not say whether it is a direct dependency",
        })
    }

    /// What to change. Who worked it out says what is not known about it; here that is said only where nobody did.
    fn change(&mut self, group: &Group, change: &Change) -> io::Result<()> {
        let fix = change.fix;
        let words = match (&fix.change, fix.state, &fix.version) {
            (Some(words), ..) => words.clone(),
            (None, FixState::Exact, _) => "the command below clears this".to_owned(),
            (None, FixState::Candidate, Some(version)) => {
                let subject = change.decisions.first().map(|decision| phrase::subject(self.report, &decision.finding));
                let subject = subject.unwrap_or_default();
                format!(
                    "bring {subject} to {version} or newer; whether everything that requires it allows that is not known"
                )
            }
            (None, FixState::None, _) => "no version is known that clears this".to_owned(),
            (None, FixState::Candidate | FixState::Unknown, _) => "what clears this is not known".to_owned(),
        };
        let mut words = format!("-> {words}");
        if fix.command.is_some()
            && fix.state == FixState::Exact
            && let Some(folder) = self.folder(group)
        {
            words += &format!(", in {folder}:");
        }
        self.page.line(2, 5, &[Piece::styled(&words, BOLD)])?;
        match fix.command.as_deref().filter(|_| fix.state == FixState::Exact) {
            Some(command) if escape::is_safe_command(command) => {
                self.page.unwrapped(5, &[Piece::styled(command, CYAN)])
            }
            Some(_) => {
                let why = "(its command is not shown: it holds characters that a shell could obey)";
                self.page.line(5, 5, &[Piece::plain(why)])
            }
            None => Ok(()),
        }
    }

    /// Where a command has to be run, unless that is the root of the scan.
    fn folder(&self, group: &Group) -> Option<&'r str> {
        let Target::Dependency { root, .. } = group.target else { return None };
        let path = &self.report.graph.roots.get(root)?.path;
        path.rsplit_once('/').map(|(folder, _)| folder)
    }

    /// What is the same as for the finding before it is not said again.
    fn finding(&mut self, decision: &'r Decision) -> io::Result<()> {
        let finding = &decision.finding;
        let last = self.last.replace(decision);
        self.head(decision)?;
        match &finding.advisory {
            Some(group) => {
                let title = escape::clip(phrase::title(group).unwrap_or("(no title is given)"), LONGEST_TITLE);
                let text = match self.fixed_in(group, finding) {
                    Some(fixed) => format!("{title}; {fixed}"),
                    None => title.into_owned(),
                };
                self.detail(&text, PLAIN)?;
                // The head says how probable attacks are, to those who know the abbreviation.
                let attacks = phrase::attacks(group).filter(|_| self.verbose || phrase::epss(group).is_none());
                for more in [phrase::limits(group), attacks].into_iter().flatten() {
                    self.detail(&more, PLAIN)?;
                }
                if group.kind() == AdvisoryKind::Malware {
                    self.detail("what ran it may be compromised: change every secret that it could read", PLAIN)?;
                }
            }
            // The last sentence about a package says who brings it in, and so does what stands around it here.
            None => {
                let title = match finding.subject {
                    Subject::Package { .. } => finding.message.rsplit_once(". ").map(|(title, _)| title),
                    Subject::File(_) | Subject::Project => None,
                };
                let title = title.unwrap_or(&finding.message);
                self.detail(title.strip_suffix('.').unwrap_or(title), PLAIN)?;
            }
        }
        if last.is_none_or(|last| last.finding.subject != finding.subject) {
            self.chains(finding)?;
        }
        if last.is_none_or(|last| (last.finding.rule, &last.reason) != (finding.rule, &decision.reason)) {
            self.detail(&format!("rule {}: {}", finding.rule.id, decision.reason), DIM)?;
        }
        if self.verbose {
            self.detail(&format!("priority: {}", decision.reasons().join(", ")), DIM)?;
        }
        Ok(())
    }

    fn fixed_in(&self, group: &AliasGroup, finding: &Finding) -> Option<String> {
        match &group.fixed_in {
            // The change above names it.
            Some(version) if self.target.is_some() && finding.fix.version.as_ref() == Some(version) => None,
            Some(version) => Some(format!("cleared by {version}")),
            // The change above says that there is none.
            None if self.target.is_some() && finding.fix.state == FixState::None => None,
            None => (group.kind() == AdvisoryKind::Vulnerability).then(|| "no fixed version is known".to_owned()),
        }
    }

    /// Whether the heading names what the finding is about.
    fn is_named(&self, finding: &Finding) -> bool {
        match (&finding.subject, self.target) {
            (Subject::Package { package, .. }, Some(Target::Dependency { package: named, .. })) => *package == named,
            (Subject::File(path), Some(Target::File(named))) => path == named,
            (Subject::Project, Some(Target::Project)) => true,
            _ => false,
        }
    }

    /// Level, severity, package and ids. The words say it; colour only repeats them.
    fn head(&mut self, decision: &Decision) -> io::Result<()> {
        let finding = &decision.finding;
        let (level, style) = match decision.effective() {
            _ if decision.exception.is_some() => ("excepted", DIM),
            _ if decision.is_known() => ("known", DIM),
            Level::Deny => ("denied", RED),
            Level::Warn => ("warned", YELLOW),
            Level::Allow | Level::Off => ("allowed", DIM),
        };
        let level = Piece::styled(level, style);
        let mut fields = vec![level];
        fields.extend(phrase::change(decision).map(Piece::plain));
        if let Some(group) = &finding.advisory {
            fields.push(Piece::styled(&phrase::severity(group), severity_style(group)));
            fields.extend(phrase::exploited(group).map(|since| Piece::styled(&since, RED)));
            fields.extend(phrase::epss(group).map(|epss| Piece::plain(&epss)));
        }
        if !self.is_named(finding) {
            fields.push(Piece::styled(&escape::clip(&phrase::subject(self.report, finding), 200), BOLD));
        }
        fields.push(Piece::plain(&phrase::ids(decision)).linked(link(finding)));
        // A package's place stands with what is to be changed.
        let is_under_its_file = matches!(finding.subject, Subject::File(_)) && self.is_named(finding);
        let place = finding.locations.first().filter(|_| is_under_its_file);
        fields.extend(place.map(|place| Piece::styled(&phrase::place(place), CYAN)));
        if self.page.is_narrow() {
            let (first, rest) = fields.split_at(fields.len().min(2));
            self.page.line(2, 4, &spaced(first))?;
            return rest.iter().try_for_each(|field| self.page.line(4, 6, std::slice::from_ref(field)));
        }
        self.page.line(2, DETAIL, &spaced(&fields))
    }

    fn detail(&mut self, text: &str, style: Style) -> io::Result<()> {
        let indent = if self.page.is_narrow() { 4 } else { DETAIL };
        self.page.line(indent, indent, &[Piece::styled(text, style)])
    }

    fn chains(&mut self, finding: &Finding) -> io::Result<()> {
        let root = phrase::root(self.report, finding);
        let (shown, longest) = if self.verbose { (finding.chains.len(), usize::MAX) } else { (1, LONGEST_CHAIN) };
        let more = phrase::more_paths(finding, shown.min(finding.chains.len()));
        // Several projects of one workspace, one needing the other: the heading says it all.
        let only_projects = |chain: &Vec<PackageIndex>| {
            let before = chain.split_last().map_or(&[][..], |(_, before)| before);
            root.is_some_and(|root| before.iter().all(|&package| phrase::is_member(root, package)))
        };
        if !self.verbose && more.is_some() && finding.chains.iter().all(only_projects) && self.is_named(finding) {
            return Ok(());
        }
        for (at, chain) in finding.chains.iter().take(shown).enumerate() {
            let last = at + 1 == shown.min(finding.chains.len());
            // A direct dependency without another way in says it all in its heading.
            if chain.len() < 2 || (chain.len() == 2 && finding.chains.len() == 1 && more.is_none()) {
                continue;
            }
            let mut text = phrase::chain(self.report, root, chain, longest);
            if let Some(more) = more.as_deref().filter(|_| last) {
                text += &format!("  (and {more})");
            }
            self.detail(&text, PLAIN)?;
        }
        let others = root.map(|root| other_ways(root, finding)).unwrap_or_default();
        if others.is_empty() || self.verbose {
            return Ok(());
        }
        let labels: Vec<String> = others.iter().map(|&other| phrase::label(self.report, root, other)).collect();
        self.detail(&format!("also brought in by {}", labels.join(" and ")), PLAIN)
    }

    fn excepted(&mut self, decision: &'r Decision) -> io::Result<()> {
        self.finding(decision)?;
        let Some(exception) = &decision.exception else { return Ok(()) };
        self.detail(&accepted(exception), PLAIN)
    }
}

/// Where a manifest asks for a package, else the best place there is.
fn place(root: Option<&Root>, package: PackageIndex, finding: Option<&Finding>) -> Option<String> {
    let usage = root.and_then(|root| root.usage(package));
    let declared: Option<&Location> = usage.and_then(|usage| usage.declared.first());
    let related = finding.and_then(|finding| finding.fix.location.as_ref().or(finding.related.first()));
    let locked = usage.and_then(|usage| usage.locations.first());
    let location = declared.or(related).or(locked).map(phrase::place);
    location.or_else(|| root.map(|root| root.path.to_string()))
}

fn spaced(fields: &[Piece]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(fields.len() * 2);
    for field in fields {
        if !pieces.is_empty() {
            pieces.push(Piece::plain("  "));
        }
        pieces.push(field.clone());
    }
    pieces
}

fn severity_style(group: &AliasGroup) -> Style {
    match (group.kind(), group.rating.severity) {
        (AdvisoryKind::Malware, _) | (_, Severity::Critical | Severity::High) => RED,
        (_, Severity::Medium) => YELLOW,
        _ => PLAIN,
    }
}

fn link(finding: &Finding) -> Option<String> {
    finding.advisory.as_ref().and_then(|group| phrase::advisory_page(&group.key().id))
}

fn accepted(exception: &AppliedException) -> String {
    let said = phrase::accepted(&exception.reason, exception.owner.as_deref(), exception.expires.as_deref());
    format!("accepted in {}: {}", phrase::place(&exception.location), escape::clip(&said, LONGEST_TITLE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DependencyGraph, DependencyKind, Ecosystem, GraphBuilder, PackageId, Source};
    use crate::report::{Format, sample, write};

    /// A report about packages in lockfiles of those paths, each hit by so many advisories.
    fn report(paths: &[&str], packages: u32, advisories: usize, level: Level) -> Report {
        let graph = |path: &&str| {
            let mut builder = GraphBuilder::new(&(*path).into(), "cargo-lock");
            let app = PackageId::new(Ecosystem::CratesIo, path, Some("0.1.0"), Source::of(SourceKind::Workspace));
            let app = builder.member(app, None);
            for number in 0..packages {
                let id = PackageId::new(
                    Ecosystem::CratesIo,
                    &format!("p{number:02}"),
                    Some("1.0.0"),
                    Source::PUBLIC_REGISTRY,
                );
                let at = builder.package(id, Some(sample::at(path, number + 1, 1, 5)));
                builder.dependency(app, at, DependencyKind::Runtime, None);
            }
            builder.finish_by_reachability()
        };
        let mut report = sample::failing();
        let lodash = report.decisions.iter().find(|decision| decision.finding.fix.command.is_some()).cloned().unwrap();
        report.graph = DependencyGraph::merge(paths.iter().map(graph).collect());
        report.decisions.clear();
        for (root, of) in report.graph.roots.iter().enumerate() {
            for usage in of.uses.iter().filter(|usage| usage.direct == Some(true)) {
                for number in 0..advisories {
                    let mut decision = lodash.clone();
                    decision.level = level;
                    decision.finding.subject = Subject::Package { package: usage.package, root };
                    decision.finding.chains = vec![vec![usage.package]];
                    decision.finding.fix.location = None;
                    decision.finding.related.clear();
                    decision.finding.advisory.as_mut().unwrap().records[0].id = format!("GHSA-{number}");
                    report.decisions.push(decision);
                }
            }
        }
        report
    }

    fn text(report: &Report, verbose: bool) -> String {
        let mut out = Vec::new();
        write(Format::Text, report, &Options { verbose, ..Options::default() }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let many = report(&["Cargo.lock"], 45, 10, Level::Deny);
        let short = text(&many, false);
        assert_eq!(short.matches("(direct dependency)").count(), DENIED_GROUPS);
        assert_eq!(short.matches("\n  denied  ").count(), DENIED_GROUPS * FINDINGS);
        assert!(short.contains("\n  and 4 more (--verbose shows them)\n"));
        assert!(short.contains("\nand 15 dependencies more to change, with 150 findings (see --verbose or -o json)\n"));
        let long = text(&many, true);
        assert_eq!(long.matches("\n  denied  ").count(), 450);
        assert!(!long.contains("(--verbose"));

        let warned = text(&report(&["Cargo.lock"], 40, 1, Level::Warn), false);
        assert!(warned.contains("\nand 25 dependencies more that the policy warns about, with 25 findings"));
    }

    #[test]
    fn what_is_the_same_in_several_files_is_said_once() {
        let paths = ["a/Cargo.lock", "b/Cargo.lock", "c/Cargo.lock", "d/Cargo.lock", "e/Cargo.lock", "f/Cargo.lock"];
        let short = text(&report(&paths, 1, 2, Level::Deny), false);
        assert_eq!(short.matches("\n  denied  ").count(), 2);
        let same = "  the same in b/Cargo.lock:1, c/Cargo.lock:1, d/Cargo.lock:1, e/Cargo.lock:1 and 1 more";
        assert!(short.contains(same), "{short}");

        // Another finding in one of them is something else to do there.
        let mut other = report(&paths, 1, 2, Level::Deny);
        other.decisions.pop();
        let short = text(&other, false);
        assert_eq!(short.matches("\n  denied  ").count(), 3);
    }
}
