//! Which components of a bill are the projects that it is about, and which packages those name themselves.

use std::collections::BTreeMap;

use super::bill::{Component, Relation, Role};
use super::identity::Identity;
use crate::model::{Ecosystem, Kinds};

/// The links of a bill, by the numbers of its components.
#[derive(Debug)]
pub(super) struct Links {
    /// From, to, how.
    pub(super) links: Vec<(usize, usize, Relation)>,
    /// What the document is about.
    pub(super) subjects: Vec<usize>,
}

/// What was found of each component.
#[derive(Debug)]
pub(super) struct Walked {
    /// Whether it is a project.
    pub(super) is_project: Vec<bool>,
    /// Whether a project names it itself.
    pub(super) direct: Vec<Option<bool>>,
    /// What it is for.
    pub(super) kinds: Vec<Kinds>,
    /// Of a project: the ecosystem that most of what it needs or holds is of.
    pub(super) ecosystem: Vec<Option<Ecosystem>>,
}

/// Follows the links from what the document is about.
pub(super) fn walk(
    components: &[Component<'_>],
    identities: &[Identity],
    links: &Links,
    is_about_project: bool,
) -> Walked {
    let mut out: Vec<Vec<(usize, Relation)>> = vec![Vec::new(); components.len()];
    let mut is_needed = vec![false; components.len()];
    for &(from, to, relation) in &links.links {
        out[from].push((to, relation));
        is_needed[to] |= matches!(relation, Relation::Needs(_));
    }
    let is_known = |at: usize| matches!(identities[at], Identity::Known(_));
    // A document may describe each of its packages: then they are what it lists, and no projects.
    let is_subject = |&at: &usize| {
        let is_top = !out[at].is_empty() && !is_needed[at];
        is_about_project || !is_known(at) || is_top || (links.subjects.len() == 1 && components.len() > 1)
    };
    let mut is_project = vec![false; components.len()];
    let mut todo: Vec<usize> = links.subjects.iter().copied().filter(is_subject).collect();
    todo.iter().for_each(|&at| is_project[at] = true);
    // An application within the application, such as each lockfile of a repository.
    while let Some(from) = todo.pop() {
        for &(to, _) in &out[from] {
            if !is_project[to] && !is_known(to) && components[to].role == Role::Whole {
                is_project[to] = true;
                todo.push(to);
            }
        }
    }
    let direct = direct(&out, &is_project);
    let ecosystem = (0..components.len()).map(|at| if is_project[at] { most(&out[at], identities) } else { None });
    let ecosystem = ecosystem.collect();
    let kinds = kinds(components, &out, &is_project, &is_needed);
    Walked { is_project, direct, kinds, ecosystem }
}

/// What each component is for: what it says of itself; else what all the links to it say, where those that say nothing
/// hand on what their user is for. Where one of the users is there for nobody knows what, nobody knows.
fn kinds(
    components: &[Component<'_>],
    out: &[Vec<(usize, Relation)>],
    is_project: &[bool],
    is_needed: &[bool],
) -> Vec<Kinds> {
    let mut kinds: Vec<Kinds> = components.iter().map(|component| component.kinds).collect();
    let mut is_closed: Vec<bool> = kinds.iter().map(|kinds| !kinds.is_unknown()).collect();
    let silent = |from: usize| out[from].iter().filter(|(_, how)| *how == Relation::Needs(None)).map(|&(to, _)| to);
    let is_unknown = |&at: &usize| is_project[at] || (!is_needed[at] && components[at].kinds.is_unknown());
    let mut todo: Vec<usize> = (0..components.len()).filter(is_unknown).collect();
    todo.iter().for_each(|&at| is_closed[at] = true);
    while let Some(from) = todo.pop() {
        for to in silent(from) {
            if !std::mem::replace(&mut is_closed[to], true) {
                todo.push(to);
            }
        }
    }
    let explicit = out.iter().flatten().filter_map(|&(to, how)| match how {
        Relation::Needs(Some(kind)) => Some((to, kind)),
        _ => None,
    });
    let own = (0..components.len()).flat_map(|at| components[at].kinds.iter().map(move |kind| (at, kind)));
    let mut todo: Vec<_> = own.collect();
    for (to, kind) in explicit {
        if !is_closed[to] && kinds[to].insert(kind) {
            todo.push((to, kind));
        }
    }
    while let Some((from, kind)) = todo.pop() {
        for to in silent(from) {
            if !is_closed[to] && kinds[to].insert(kind) {
                todo.push((to, kind));
            }
        }
    }
    kinds
}

/// What projects need themselves is direct; what only those lead to is not. Where no project says what it needs, nothing
/// is known.
fn direct(out: &[Vec<(usize, Relation)>], is_project: &[bool]) -> Vec<Option<bool>> {
    let mut direct = vec![None; out.len()];
    let needs = |from: usize| out[from].iter().filter(|(_, how)| matches!(how, Relation::Needs(_))).map(|&(to, _)| to);
    let mut todo = Vec::new();
    for from in (0..out.len()).filter(|&from| is_project[from]) {
        for to in needs(from).filter(|&to| !is_project[to]) {
            if direct[to].is_none() {
                direct[to] = Some(true);
                todo.push(to);
            }
        }
    }
    // Through what cannot be judged a path may lead on.
    while let Some(from) = todo.pop() {
        for to in needs(from).filter(|&to| !is_project[to]) {
            if direct[to].is_none() {
                direct[to] = Some(false);
                todo.push(to);
            }
        }
    }
    direct
}

fn most(targets: &[(usize, Relation)], identities: &[Identity]) -> Option<Ecosystem> {
    let mut counts: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for &(to, _) in targets {
        if let Identity::Known(id) = &identities[to] {
            *counts.entry(id.ecosystem).or_default() += 1;
        }
    }
    // Of several the first.
    counts.into_iter().rev().max_by_key(|&(_, count)| count).map(|(ecosystem, _)| ecosystem)
}
