//! A package as one root uses it: who brings it in, and how a finding about it is put together.

use std::collections::VecDeque;

use super::View;
use crate::model::{
    ByPackage, Chains, DependencyGraph, Finding, Fix, FixState, Location, PackageId, PackageIndex, PathCount, Root,
    Routes, Rule, Subject, Use,
};

/// How many paths a finding lists.
const CHAINS: usize = 3;

/// The longest path that is listed where any package may have a finding: a hostile lockfile can be one long line.
pub(super) const LONGEST: usize = 100;

/// A package in a root, with the paths that lead to it.
pub(super) struct Place<'v> {
    pub(super) graph: &'v DependencyGraph,
    pub(super) root: &'v Root,
    pub(super) usage: &'v Use,
    root_index: usize,
    chains: Chains,
}

impl<'v> Place<'v> {
    /// With the shortest paths and their number. Costs a pass over everything that leads to the package: for
    /// findings that are few.
    pub(super) fn of(view: &View<'v>, root_index: usize, routes: &Routes<'_>, usage: &'v Use) -> Self {
        let root = &view.graph.roots[root_index];
        Self { graph: view.graph, root, usage, root_index, chains: routes.chains(usage.package, CHAINS) }
    }

    /// What it is.
    pub(super) fn id(&self) -> &'v PackageId {
        &self.graph.package(self.usage.package).id
    }

    /// The name and version, where there is an exact one, else the requirement.
    pub(super) fn label(&self) -> String {
        let id = self.id();
        match (&id.version, &self.usage.requirement) {
            (None, Some(requirement)) => format!("{} ({requirement}, no exact version)", id.name),
            (None, None) => format!("{} (no exact version)", id.name),
            (Some(_), _) => id.label(),
        }
    }

    /// Whether that package is a project of the root.
    pub(super) fn is_member(&self, package: PackageIndex) -> bool {
        self.root.members.binary_search(&package).is_ok()
    }

    /// The direct dependency by which the package comes in: itself, or the first on the shortest path.
    pub(super) fn direct(&self) -> Option<PackageIndex> {
        if self.usage.direct == Some(true) {
            return Some(self.usage.package);
        }
        self.chains.paths.first()?.iter().copied().find(|&package| !self.is_member(package))
    }

    /// Where a manifest asks for [`Place::direct`].
    pub(super) fn declared(&self) -> &'v [Location] {
        let usage = self.direct().and_then(|direct| self.root.usage(direct));
        usage.map_or(&[], |usage| usage.declared.as_slice())
    }

    /// Who brings it in, as a sentence.
    pub(super) fn who(&self) -> String {
        let path = &self.root.path;
        let label = |package: PackageIndex| self.graph.package(package).id.label();
        // A project whose manifest gives it no name is called after its folder.
        let project = |package: PackageIndex| match self.graph.package(package).id.name.as_str() {
            "." => "the project".to_owned(),
            _ => label(package),
        };
        let chain = self.chains.paths.first().map_or(&[][..], Vec::as_slice);
        if self.usage.direct == Some(true) {
            return match chain.first() {
                Some(&first) if self.is_member(first) => {
                    format!("A direct dependency of {} in {path}.", project(first))
                }
                _ => format!("A direct dependency in {path}."),
            };
        }
        let between: Vec<PackageIndex> =
            chain.iter().copied().filter(|&p| p != self.usage.package && !self.is_member(p)).collect();
        let more = match self.chains.total {
            PathCount::Exactly(0 | 1) | PathCount::AtLeast(0 | 1) => String::new(),
            PathCount::Exactly(2) => ", and by one more path".to_owned(),
            PathCount::Exactly(number) => format!(", and by {} more paths", number - 1),
            PathCount::AtLeast(number) => format!(", and by at least {} more paths", number.saturating_sub(1)),
        };
        match between.as_slice() {
            [] if self.chains.total.number() > 0 => format!("Required over a long path in {path}."),
            [] if self.usage.direct.is_none() => format!("In {path}, which does not say what requires it."),
            [] => format!("In {path}; nothing there is known to require it."),
            [direct] => format!("Required by {} (direct) in {path}{more}.", label(*direct)),
            [direct, .., parent] => {
                format!("Required by {}, through {} (direct), in {path}{more}.", label(*parent), label(*direct))
            }
        }
    }

    /// A finding about it that rests on no advisory.
    pub(super) fn finding(&self, rule: &'static Rule, message: String, fix: Fix, fingerprint: String) -> Finding {
        let subject = Subject::Package { package: self.usage.package, root: self.root_index };
        Finding {
            locations: self.usage.locations.clone(),
            related: self.declared().to_vec(),
            chains: self.chains.paths.clone(),
            chains_total: self.chains.total,
            ..about(rule, subject, message, fix, fingerprint)
        }
    }
}

/// A finding that is about no package, and has no place yet.
pub(super) fn about(rule: &'static Rule, subject: Subject, message: String, fix: Fix, fingerprint: String) -> Finding {
    Finding {
        rule,
        subject,
        locations: Vec::new(),
        related: Vec::new(),
        message,
        escalated: false,
        advisory: None,
        also: Vec::new(),
        chains: Vec::new(),
        chains_total: PathCount::Exactly(0),
        fix,
        fingerprint,
    }
}

/// What to do, where no version and no command clear a finding.
pub(super) fn advice(change: String, location: Option<Location>) -> Fix {
    Fix { state: FixState::Unknown, version: None, change: Some(change), command: None, location }
}

/// One shortest path from a root's projects to each of its packages, found in one pass: for rules that may fire for
/// every package of a lockfile, where [`Routes::chains`] for each would be quadratic.
pub(super) struct Tree<'v> {
    pub(super) view: View<'v>,
    root_index: usize,
    before: ByPackage<Option<PackageIndex>>,
}

impl<'v> Tree<'v> {
    pub(super) fn of(view: &View<'v>, root_index: usize) -> Self {
        let root = &view.graph.roots[root_index];
        let mut before: ByPackage<_> = root.members.iter().map(|&member| (member, None)).collect();
        let mut todo: VecDeque<PackageIndex> = root.members.iter().copied().collect();
        let direct = root.uses.iter().filter(|usage| usage.direct == Some(true)).map(|usage| usage.package);
        // Where no project is named, paths begin at the direct dependencies.
        for package in direct.filter(|_| root.members.is_empty()) {
            before.insert(package, None);
            todo.push_back(package);
        }
        while let Some(package) = todo.pop_front() {
            // Edges are sorted by who needs them.
            let first = root.dependencies.partition_point(|edge| edge.from < package);
            for edge in root.dependencies[first..].iter().take_while(|edge| edge.from == package) {
                before.entry(edge.to).or_insert_with(|| {
                    todo.push_back(edge.to);
                    Some(package)
                });
            }
        }
        Self { view: *view, root_index, before }
    }

    /// The place of a package, with one path at the most.
    pub(super) fn place(&self, usage: &'v Use) -> Place<'v> {
        let mut path = Vec::new();
        let mut at = self.before.contains_key(&usage.package).then_some(usage.package);
        while let Some(package) = at.filter(|_| path.len() <= LONGEST) {
            path.push(package);
            at = self.before.get(&package).copied().flatten();
        }
        path.reverse();
        let total = if path.is_empty() { PathCount::Exactly(0) } else { PathCount::AtLeast(1) };
        let paths = if path.is_empty() || path.len() > LONGEST { Vec::new() } else { vec![path] };
        let (graph, root) = (self.view.graph, &self.view.graph.roots[self.root_index]);
        Place { graph, root, usage, root_index: self.root_index, chains: Chains { paths, total } }
    }
}
