//! What was there at the merge base: its graph, read as the tree of today is, and its findings by what is known today.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::discover::{Discovery, Scope};
use super::history::{Base, BaseFiles};
use super::{Judging, ScanError, ask, parameters, read};
use crate::ecosystem::{FileSet, file_name_of};
use crate::model::{
    DependencyGraph, Diagnostic, DiagnosticSeverity, Ecosystem, Facts, FileCoverage, PackageId, PackageIndex,
    PackageState, ProjectFiles, RepoPath, Report, Root,
};
use crate::policy::{self, Baseline, Since};
use crate::rule::{self, Parameters, View};

/// Two files are the same one moved, where they have so much of their packages in common: as git judges renames.
const ALIKE: f64 = 0.5;

/// Of files of one name that are only there and only here, so many are held against each other; the rest is paired where
/// the packages are the same.
const MOST_COMPARED: usize = 200;

/// The state at the merge base, as far as it was read.
pub(super) struct Before {
    /// What was used; `None`: what is used now.
    graph: Option<DependencyGraph>,
    /// What could not be read, by path of then, and why.
    unread: BTreeMap<String, String>,
    /// What the project itself had.
    project: ProjectFiles,
}

/// Reads the state at the merge base, as far as it is not what was read already.
pub(super) fn before(base: &Base, scope: &Scope<'_>, discovery: &Discovery, now: &FileSet) -> Before {
    let mut found = base.files(scope);
    found.binaries.sort();
    let project = base.project(&discovery.project, &found.binaries);
    if base.is_same(&found, now, &discovery.files) {
        return Before { graph: None, unread: BTreeMap::new(), project };
    }
    let BaseFiles { files, mut unread, .. } = found;
    let most = scope.bounds().file_size;
    let mut loaded = FileSet::default();
    let mut there = Discovery::default();
    for (path, (found, id)) in files {
        loaded.insert(path, base.blob(id, most));
        there.files.push(found);
    }
    let load = |path: &RepoPath| match base.file(path, most) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err("it is not there at the base".to_owned()),
        Err(why) => Err(why),
    };
    let reading = read::read_loaded(&there, &mut loaded, &load);
    for file in reading.files.iter().filter(|file| file.is_gap()) {
        unread.insert(file.path.to_string(), why(file));
    }
    Before { graph: Some(reading.graph), unread, project }
}

fn why(file: &FileCoverage) -> String {
    let message = file.message.as_deref().unwrap_or("no reason is known");
    format!("{}: {message}", file.state.as_str())
}

impl Before {
    /// The same without what is there for development only.
    pub(super) fn without_dev(self) -> Self {
        Self { graph: self.graph.map(DependencyGraph::without_dev), ..self }
    }

    /// The packages of a graph of which no version was there before.
    pub(super) fn added(&self, now: &DependencyGraph) -> BTreeSet<PackageIndex> {
        let Some(graph) = &self.graph else { return BTreeSet::new() };
        let key = |id: &PackageId| (id.ecosystem, id.name.clone(), id.source.kind);
        let was: BTreeSet<_> = graph.packages.iter().map(|package| key(&package.id)).collect();
        (0..).zip(&now.packages).filter(|(_, package)| !was.contains(&key(&package.id))).map(|(at, _)| at).collect()
    }

    /// What is found there, under the paths of today.
    ///
    /// # Errors
    /// Where the platform lets nobody be asked.
    pub(super) fn since(
        self,
        judging: &Judging<'_>,
        base: &Base,
        (report, known): (&mut Report, Facts),
    ) -> Result<Since, ScanError> {
        let Self { graph, unread, project } = self;
        let Some(graph) = &graph else {
            let baseline = of_same(judging, report, known, project);
            return Ok(Since { baseline, time: base.time, unread: BTreeMap::new() });
        };
        let (mut facts, unasked) = facts_of(judging, graph, (&report.graph, &known))?;
        drop(known);
        facts.project = project;
        let parameters = parameters(judging.policy, graph);
        let view = View { graph, facts: &facts, parameters: &parameters, today: judging.today };
        let (findings, _) = rule::find(&view);
        let (decisions, _) = policy::decide(findings, graph, judging.policy, judging.today);
        let mut baseline = Baseline::of_all(&decisions, graph);
        let moved = moved(graph, &report.graph);
        for entry in &mut baseline.entries {
            if let Some(now) = moved.get(entry.path.as_str()) {
                entry.path = (*now).to_owned();
            }
        }
        let today = |path: String| moved.get(path.as_str()).map_or(path, |now| (*now).to_owned());
        let said =
            |(path, why): (String, String)| (today(path), format!("what was there at the base is not known ({why})"));
        report.diagnostics.extend(notes(base, &unread, unasked));
        report.diagnostics.sort();
        Ok(Since { baseline, time: base.time, unread: unread.into_iter().map(said).collect() })
    }
}

/// What is found at the base where the same is used: what is found now, but for the rules that look at the project, where
/// that had something else. It nearly always had: much of what lies in a folder is in no commit.
fn of_same(judging: &Judging<'_>, report: &Report, known: Facts, project: ProjectFiles) -> Baseline {
    let graph = &report.graph;
    if project == known.project {
        return Baseline::of_all(&report.decisions, graph);
    }
    let is_of_project = |id: &str| rule::OF_PROJECT.contains(&id);
    let mut parameters = Parameters { custom: Vec::new(), ..parameters(judging.policy, graph) };
    parameters.off.extend(rule::rules().into_iter().map(|rule| rule.id).filter(|id| !is_of_project(id)));
    let facts = Facts { project, ..known };
    let view = View { graph, facts: &facts, parameters: &parameters, today: judging.today };
    let (findings, _) = rule::find(&view);
    let (then, _) = policy::decide(findings, graph, judging.policy, judging.today);
    let same = report.decisions.iter().filter(|decision| !is_of_project(decision.finding.rule.id));
    Baseline::of_all(same.chain(&then), graph)
}

/// What limits the comparison.
fn notes(base: &Base, unread: &BTreeMap<String, String>, unasked: usize) -> Vec<Diagnostic> {
    let note = |path: Option<&str>, message: String| Diagnostic {
        path: path.filter(|path| !path.is_empty()).map(|path| path.trim_end_matches('/').into()),
        line: None,
        severity: DiagnosticSeverity::Warning,
        message,
    };
    let label = base.label();
    let mut notes: Vec<Diagnostic> = unread
        .iter()
        .map(|(path, why)| note(Some(path), format!("at {label}: {why}; findings here count as new")))
        .collect();
    if unasked > 0 {
        let packages = if unasked == 1 { "1 package is".to_owned() } else { format!("{unasked} packages are") };
        notes.push(note(
            None,
            format!("at {label}, {packages} of which no advisories are at hand; what was found there may count as new"),
        ));
    }
    notes
}

/// What is known of the packages of an earlier graph: of those that are still there, what was learnt already; only about
/// the others somebody is asked. And of how many of these nothing could be learnt.
fn facts_of(
    judging: &Judging<'_>,
    was: &DependencyGraph,
    (now, known): (&DependencyGraph, &Facts),
) -> Result<(Facts, usize), ScanError> {
    let place = |graph: &DependencyGraph, at: usize| {
        let id = &was.packages[at].id;
        graph.packages.binary_search_by(|package| package.id.cmp(id)).ok()
    };
    let is_gone: Vec<bool> = (0..was.packages.len()).map(|at| place(now, at).is_none()).collect();
    let is_asked = |at: PackageIndex| usize::try_from(at).is_ok_and(|at| is_gone.get(at) == Some(&true));
    let others = was.clone().keep(|_, usage| is_asked(usage.package));
    let answers = if others.packages.is_empty() { ask::Answers::default() } else { judging.learn(&others)? };
    let learnt = answers.facts;
    let unasked = learnt.states.iter().filter(|state| **state == PackageState::NoIndex).count();

    let mut facts = Facts::default();
    facts.health.is_offline = known.health.is_offline;
    facts.health.own.clone_from(&known.health.own);
    facts.health.projects.clone_from(&learnt.health.projects);
    facts.health.projects.extend(known.health.projects.clone());
    for at in 0..was.packages.len() {
        let of = match place(now, at) {
            Some(at) => Some((known, at)),
            None => place(&others, at).map(|at| (&learnt, at)),
        };
        let state = of.and_then(|(facts, at)| facts.states.get(at).copied());
        facts.states.push(state.unwrap_or(PackageState::NoIndex));
        facts.advisories.push(of.and_then(|(facts, at)| facts.advisories.get(at).cloned()).unwrap_or_default());
        let (Some((from, there)), Ok(here)) = (of, PackageIndex::try_from(at)) else { continue };
        let Ok(there) = PackageIndex::try_from(there) else { continue };
        if let Some(health) = from.health.packages.get(&there) {
            facts.health.packages.insert(here, health.clone());
        }
        if from.health.unanswered.binary_search(&there).is_ok() {
            facts.health.unanswered.push(here);
        }
        if let Some(remedies) = from.remedies.get(&there) {
            facts.remedies.insert(here, remedies.clone());
        }
    }
    Ok((facts, unasked))
}

/// Files that are only there and files that are only here, where they are the same one moved: from the path of then to
/// that of now. They have the same name and the same parser, and most of their packages.
fn moved<'g>(was: &'g DependencyGraph, now: &'g DependencyGraph) -> BTreeMap<&'g str, &'g str> {
    let mut groups: BTreeMap<(&str, &str), Candidates<'g>> = BTreeMap::new();
    let key = |root: &'g Root| (file_name_of(&root.path), root.parser);
    let paths = |graph: &'g DependencyGraph| graph.roots.iter().map(|root| &*root.path).collect::<BTreeSet<&str>>();
    let (was_paths, now_paths) = (paths(was), paths(now));
    for root in was.roots.iter().filter(|root| !now_paths.contains(&*root.path)) {
        groups.entry(key(root)).or_default().0.push(Names::of(was, root));
    }
    for root in now.roots.iter().filter(|root| !was_paths.contains(&*root.path)) {
        groups.entry(key(root)).or_default().1.push(Names::of(now, root));
    }
    let mut moved = BTreeMap::new();
    for (old, new) in groups.into_values() {
        pair(old, new, &mut moved);
    }
    moved
}

/// Files that are only there, and those that are only here.
type Candidates<'g> = (Vec<Names<'g>>, Vec<Names<'g>>);

/// The packages of a root by name, sorted.
struct Names<'g> {
    path: &'g str,
    names: Vec<(Ecosystem, &'g str)>,
}

impl<'g> Names<'g> {
    fn of(graph: &'g DependencyGraph, root: &'g Root) -> Self {
        let ids = root.uses.iter().map(|usage| &graph.package(usage.package).id);
        let mut names: Vec<_> = ids.map(|id| (id.ecosystem, id.name.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        Self { path: &root.path, names }
    }

    /// The share of the larger one's packages that both have.
    fn alike(&self, other: &Self) -> f64 {
        let (mut common, mut at) = (0_u32, 0);
        for name in &self.names {
            while other.names.get(at).is_some_and(|other| other < name) {
                at += 1;
            }
            common += u32::from(other.names.get(at) == Some(name));
        }
        let most = u32::try_from(self.names.len().max(other.names.len())).unwrap_or(u32::MAX);
        if most == 0 { 0.0 } else { f64::from(common) / f64::from(most) }
    }
}

fn pair<'g>(mut old: Vec<Names<'g>>, mut new: Vec<Names<'g>>, moved: &mut BTreeMap<&'g str, &'g str>) {
    // Those that are the same first: that is cheap, however many there are.
    let mut same: HashMap<&[(Ecosystem, &str)], Vec<&str>> = HashMap::new();
    for names in new.iter().rev().filter(|names| !names.names.is_empty()) {
        same.entry(&names.names).or_default().push(names.path);
    }
    for names in &old {
        if let Some(path) = same.get_mut(names.names.as_slice()).and_then(Vec::pop) {
            moved.insert(names.path, path);
        }
    }
    let taken: BTreeSet<&str> = moved.values().copied().collect();
    old.retain(|names| !moved.contains_key(names.path));
    new.retain(|names| !taken.contains(names.path));
    old.truncate(MOST_COMPARED);
    new.truncate(MOST_COMPARED);
    let mut scored: Vec<(f64, &str, &str)> = Vec::new();
    for one in &old {
        scored.extend(new.iter().map(|other| (one.alike(other), one.path, other.path)));
    }
    scored.retain(|(score, ..)| *score >= ALIKE);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    for (_, was, now) in scored {
        if !moved.contains_key(was) && gone.insert(now) {
            moved.insert(was, now);
        }
    }
}
