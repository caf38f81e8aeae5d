//! Findings grouped by what to do about them: what to change, then how, then which findings that clears.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::model::{Decision, Finding, Fix, Level, PackageIndex, RepoPath, Report, Root, Subject};

use super::super::phrase;

/// What is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Target<'r> {
    /// A dependency that a project names itself, by the place of its root.
    Dependency { root: usize, package: PackageIndex },
    /// A file.
    File(&'r RepoPath),
    /// The project as a whole.
    Project,
}

impl<'r> Target<'r> {
    fn of(report: &'r Report, finding: &'r Finding) -> Self {
        match &finding.subject {
            Subject::File(path) => Self::File(path),
            Subject::Project => Self::Project,
            Subject::Package { package, root } => {
                let chain = finding.chains.first();
                let direct = chain.zip(report.graph.roots.get(*root)).and_then(|(chain, of)| phrase::direct(of, chain));
                Self::Dependency { root: *root, package: direct.unwrap_or(*package) }
            }
        }
    }
}

/// One change and the findings that it clears, worst first.
#[derive(Debug)]
pub(super) struct Change<'r> {
    pub(super) fix: &'r Fix,
    pub(super) decisions: Vec<&'r Decision>,
}

/// All there is to do at one place.
#[derive(Debug)]
pub(super) struct Group<'r> {
    pub(super) target: Target<'r>,
    pub(super) changes: Vec<Change<'r>>,
    /// The same package with the same changes and findings under other roots, one decision of each.
    pub(super) elsewhere: Vec<(Target<'r>, &'r Decision)>,
}

/// What is to be done at one place, whatever the root: the package, and for each change how it is made and the level,
/// the package and the ids of what it clears.
type Content<'r> = (PackageIndex, Vec<(&'static str, Option<&'r str>, Option<&'r str>, Vec<Cleared<'r>>)>);

/// A finding, wherever it is.
type Cleared<'r> = (Level, PackageIndex, &'r str);

impl<'r> Group<'r> {
    /// The worst finding.
    pub(super) fn worst(&self) -> Option<&'r Decision> {
        self.changes.first().and_then(|change| change.decisions.first()).copied()
    }

    /// What makes it the same as another one of another root; nothing where it is not about a package.
    fn content(&self) -> Option<Content<'r>> {
        let Target::Dependency { package, .. } = self.target else { return None };
        let changes = self.changes.iter().map(|change| {
            let fix = change.fix;
            let cleared = change.decisions.iter().map(|decision| cleared(decision)).collect();
            (fix.state.as_str(), fix.change.as_deref(), fix.command.as_deref(), cleared)
        });
        Some((package, changes.collect()))
    }
}

/// The findings, each in exactly one place.
#[derive(Debug, Default)]
pub(super) struct Plan<'r> {
    /// Denied and warned about, the group with the worst finding first.
    pub(super) groups: Vec<Group<'r>>,
    /// The same among test data.
    pub(super) test_data: Vec<Group<'r>>,
    /// Below the threshold.
    pub(super) allowed: Vec<&'r Decision>,
    /// Covered by an exception.
    pub(super) excepted: Vec<&'r Decision>,
    /// There before, and else denied or warned about.
    pub(super) known: Vec<&'r Decision>,
}

impl<'r> Plan<'r> {
    /// The plan of a report. Decisions come worst first, and so do groups.
    pub(super) fn of(report: &'r Report) -> Self {
        let mut plan = Self::default();
        let mut shown = Grouping::default();
        let mut test_data = Grouping::default();
        for decision in &report.decisions {
            match decision.effective() {
                _ if decision.exception.is_some() => plan.excepted.push(decision),
                _ if decision.is_known() => plan.known.push(decision),
                Level::Allow | Level::Off => plan.allowed.push(decision),
                Level::Warn | Level::Deny => {
                    let finding = &decision.finding;
                    let grouping = if phrase::in_test_data(report, finding) { &mut test_data } else { &mut shown };
                    grouping.add(Target::of(report, finding), decision);
                }
            }
        }
        plan.groups = joined(shown.groups);
        plan.test_data = joined(test_data.groups);
        plan
    }
}

fn cleared(decision: &Decision) -> (Level, PackageIndex, &str) {
    let finding = &decision.finding;
    let package = match finding.subject {
        Subject::Package { package, .. } => package,
        Subject::File(_) | Subject::Project => PackageIndex::MAX,
    };
    let id = finding.advisory.as_ref().map_or(finding.rule.id, |group| group.key().id.as_str());
    (decision.level, package, id)
}

/// Groups that say the same of several roots become one, in the place of the first.
fn joined(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut kept: Vec<Group<'_>> = Vec::with_capacity(groups.len());
    let mut places = HashMap::new();
    for group in groups {
        let (content, worst) = (group.content(), group.worst());
        let place = content.and_then(|content| match places.entry(content) {
            Entry::Occupied(place) => Some(*place.get()),
            Entry::Vacant(vacant) => {
                vacant.insert(kept.len());
                None
            }
        });
        match (place.and_then(|place| kept.get_mut(place)), worst) {
            (Some(first), Some(worst)) => first.elsewhere.push((group.target, worst)),
            _ => kept.push(group),
        }
    }
    kept
}

/// What two findings share that one change clears.
type ChangeKey<'r> = (Target<'r>, &'static str, Option<&'r str>, Option<&'r str>);

#[derive(Default)]
struct Grouping<'r> {
    groups: Vec<Group<'r>>,
    by_target: HashMap<Target<'r>, usize>,
    by_change: HashMap<ChangeKey<'r>, usize>,
}

impl<'r> Grouping<'r> {
    fn add(&mut self, target: Target<'r>, decision: &'r Decision) {
        let at = *self.by_target.entry(target).or_insert_with(|| {
            self.groups.push(Group { target, changes: Vec::new(), elsewhere: Vec::new() });
            self.groups.len() - 1
        });
        let changes = &mut self.groups[at].changes;
        let fix = &decision.finding.fix;
        // What is said in words is the change. Without words the version stands beside each finding.
        let key = (target, fix.state.as_str(), fix.change.as_deref(), fix.command.as_deref());
        let change = *self.by_change.entry(key).or_insert_with(|| {
            changes.push(Change { fix, decisions: Vec::new() });
            changes.len() - 1
        });
        changes[change].decisions.push(decision);
    }
}

/// The other direct dependencies that bring the package in, as far as the known chains tell.
pub(super) fn other_ways(root: &Root, finding: &Finding) -> Vec<PackageIndex> {
    let mut directs: Vec<PackageIndex> = Vec::new();
    for direct in finding.chains.iter().filter_map(|chain| phrase::direct(root, chain)) {
        if !directs.contains(&direct) {
            directs.push(direct);
        }
    }
    directs.split_off(directs.len().min(1))
}
