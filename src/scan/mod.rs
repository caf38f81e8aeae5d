//! The pipeline, on one screen: discover, parse, merge, ask, look, decide, conclude.

mod ask;
mod discover;
mod evaluate;
mod git;
mod health;
mod history;
#[cfg(test)]
mod laws;
mod read;
mod resolve;
mod since;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::future::join;
use jiff::civil::Date;

use crate::database::{DatabaseError, Index};
use crate::ecosystem::{PARSERS, Parser, Role, Support};
use crate::model::{
    BaselineUse, Coverage, Data, DependencyGraph, Diagnostic, Facts, FileCoverage, FileState, PackageIndex,
    PolicyChange, ProjectFiles, RepoPath, Report, Scope,
};
use crate::policy::{self, Baseline, Earlier, Policy, Since};
use crate::rule::{self, Parameters, View};
use crate::source::{self, Client};

pub use evaluate::{Intake, evaluate};

pub use discover::{Bounds, DiscoverError, Selection};
pub use history::{Base, HistoryError};

/// What to scan and by what to judge it.
#[derive(Debug)]
pub struct Request<'r> {
    /// Which files.
    pub selection: Selection,
    /// What is accepted.
    pub policy: &'r Policy,
    /// Who is asked about packages.
    pub knowledge: Knowledge<'r>,
    /// The day on which ages and expiries are judged.
    pub today: Date,
    /// Leaves out what is known to be there for development only.
    pub no_dev: bool,
    /// Asks `cargo metadata` about each Cargo workspace. It runs what the tree configures: for trusted trees only.
    pub resolve_cargo: bool,
    /// The state that it is compared with: what was there is not new.
    pub since: Option<&'r Base>,
    /// What was found before, with the name of its file.
    pub baseline: Option<(&'r str, &'r Baseline)>,
    /// What the change loosens in the tree's policy.
    pub policy_changes: &'r [PolicyChange],
}

/// Who is asked about packages.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'k> {
    /// The advisory index, or why there is none.
    pub index: Result<&'k Index, &'k DatabaseError>,
    /// The services, or what is kept of them.
    pub client: &'k Client,
    /// Which of them is asked about advisories.
    pub preference: Preference,
}

/// Who is asked about advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Preference {
    /// The index where it is fresh, else the service.
    #[default]
    Fresh,
    /// The index alone.
    Index,
    /// The service alone.
    Service,
    /// Both, and it is said where they disagree.
    Both,
}

/// What a scan is doing, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Walking the tree.
    Discover,
    /// Reading so many files.
    Read(usize),
    /// Asking about so many packages.
    Ask(usize),
    /// Judging.
    Judge,
}

/// Why nothing was scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path cannot be scanned.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// The platform gives no runtime for the network.
    #[error("services cannot be asked: {0}; scan with --offline")]
    Runtime(std::io::Error),
}

/// Scans.
///
/// # Errors
/// Where a path that was asked for cannot be scanned at all, or the platform lets nobody be asked. Whatever goes wrong
/// after that is in the report.
pub fn scan(request: &Request<'_>, show: &dyn Fn(Stage)) -> Result<Report, ScanError> {
    show(Stage::Discover);
    let discovery = discover::discover(&request.selection)?;

    show(Stage::Read(discovery.files.len()));
    let (mut reading, files) = read::read(&discovery, request.selection.bounds.file_size);
    let mut before = match request.since {
        Some(base) => {
            let scope = discover::Scope::of(&request.selection)?;
            Some((base, since::before(base, &scope, &discovery, &files)))
        }
        None => None,
    };
    drop(files);
    if request.resolve_cargo {
        resolve::resolve(&discovery.root, &mut reading);
    }
    let mut graph = reading.graph;
    if request.no_dev {
        graph = graph.without_dev();
        before = before.map(|(base, before)| (base, before.without_dev()));
    }

    let inventory = Inventory {
        policy_changes: request.policy_changes.to_vec(),
        added: before.as_ref().map(|(_, before)| before.added(&graph)).unwrap_or_default(),
        graph,
        files: reading.files,
        bounds: discovery.bounds,
        diagnostics: reading.diagnostics,
        revision: git::revision(&discovery.root),
        project: discovery.project,
    };
    let judging = Judging {
        policy: request.policy,
        knowledge: request.knowledge,
        today: request.today,
        needs: request.policy.needs(),
    };
    let (mut report, facts) = judging.conclude(inventory, show)?;
    let since = match before {
        Some((base, before)) => {
            report.base = Some(base.commit.clone());
            Some(before.since(&judging, base, (&mut report, facts))?)
        }
        None => None,
    };
    compare(request, &discovery.root, since.as_ref(), &mut report);
    Ok(report)
}

/// Says what of the findings was there before.
fn compare(request: &Request<'_>, root: &Path, since: Option<&Since>, report: &mut Report) {
    let looked_at = report.coverage.files.iter().filter(|file| file.state != FileState::Skipped);
    let looked_at: BTreeSet<&str> = looked_at.map(|file| &*file.path).collect();
    let earlier = Earlier {
        baseline: request.baseline.map(|(_, baseline)| baseline),
        since,
        is_scanned: &|path| looked_at.contains(path),
        is_gone: &|path| std::fs::symlink_metadata(root.join(path)).is_err(),
    };
    let used = policy::compare(&mut report.decisions, &report.graph, &earlier);
    report.baseline = used.zip(request.baseline).map(|(used, (path, _))| BaselineUse { path: path.to_owned(), ..used });
}

/// What there is to judge, and what of it could not be read.
struct Inventory {
    graph: DependencyGraph,
    /// The packages of which no version was there at the merge base.
    added: BTreeSet<PackageIndex>,
    /// What the change loosens in the policy.
    policy_changes: Vec<PolicyChange>,
    files: Vec<FileCoverage>,
    bounds: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    revision: Option<String>,
    project: ProjectFiles,
}

/// By what it is judged.
struct Judging<'j> {
    policy: &'j Policy,
    knowledge: Knowledge<'j>,
    today: Date,
    /// What is asked about, and of which packages.
    needs: BTreeMap<Data, Scope>,
}

impl Judging<'_> {
    /// Asks, looks and decides: the report, and the facts that it rests on.
    fn conclude(&self, inventory: Inventory, show: &dyn Fn(Stage)) -> Result<(Report, Facts), ScanError> {
        show(Stage::Ask(inventory.graph.packages.len()));
        let answers = self.learn(&inventory.graph)?;
        show(Stage::Judge);
        Ok(judge(self.policy, self.today, inventory, answers))
    }

    /// Asks everybody who is to be asked.
    fn learn(&self, graph: &DependencyGraph) -> Result<ask::Answers, ScanError> {
        let (client, policy) = (self.knowledge.client, self.policy);
        let asking = async {
            let wanted = health::wanted(policy, graph, &ask::states(graph, policy), &self.needs);
            let advisories = ask::ask(graph, policy, &self.knowledge, self.today);
            let (mut answers, health) = join(advisories, source::learn(client, &wanted)).await;
            if self.needs.contains_key(&Data::Remedies) {
                let young = health::young(&graph.packages, &health, &answers.facts, self.today);
                let remedies = ask::remedies(graph, &young, policy, &self.knowledge).await;
                answers.facts.remedies.extend(remedies);
            }
            health::threats(client, &self.needs, &mut answers.facts.advisories).await;
            answers.facts.health = health;
            answers.sources.extend(health::rows(client));
            answers
        };
        let answers = source::block_on(client.is_online(), asking).map_err(ScanError::Runtime);
        client.finish();
        answers
    }
}

/// Looks and decides, by what is known.
fn judge(policy: &Policy, today: Date, inventory: Inventory, mut answers: ask::Answers) -> (Report, Facts) {
    let Inventory { graph, added, policy_changes, mut files, bounds, mut diagnostics, revision, project } = inventory;
    files.extend(unread_policy(policy));
    files.sort();
    diagnostics.extend(policy.remarks.iter().cloned());
    answers.facts.project = project;
    let parameters = Parameters { added, policy_changes, ..parameters(policy, &graph) };
    let view = View { graph: &graph, facts: &answers.facts, parameters: &parameters, today };
    let (findings, unlearnt) = rule::find(&view);
    answers.unknowns.extend(ask::unlearnt(&unlearnt, policy, &answers.sources));
    let (decisions, exceptions) = policy::decide(findings, &graph, policy, today);

    diagnostics.extend(answers.diagnostics);
    diagnostics.extend(policy::vex::remarks(&policy.vex, &graph, policy.project.as_deref()));
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        evaluated_on: today.to_string(),
        policy: policy.summary(),
        revision,
        base: None,
        baseline: None,
        rules: policy.active(),
        graph,
        decisions,
        exceptions,
        unknowns: answers.unknowns,
        coverage: Coverage {
            files,
            sources: answers.sources,
            packages: answers.facts.states.clone(),
            bounds,
            uncompared: policy.on_unknown(Data::Advisories),
        },
        checklists: Vec::new(),
        diagnostics,
        exit_code: 0,
    };
    (report, answers.facts)
}

/// Reads the graph alone.
///
/// # Errors
/// Where a path that was asked for cannot be scanned at all.
pub fn read_graph(selection: &Selection) -> Result<DependencyGraph, DiscoverError> {
    let discovery = discover::discover(selection)?;
    Ok(read::read(&discovery, selection.bounds.file_size).0.graph)
}

/// The row of the ledger for the tree's policy, where it could not be read and the caller's holds without what it would
/// have tightened.
fn unread_policy(policy: &Policy) -> Option<FileCoverage> {
    let (path, mistakes) = policy.unread.as_ref()?;
    let mistakes = if *mistakes == 1 { "a mistake".to_owned() } else { format!("{mistakes} mistakes") };
    Some(FileCoverage {
        path: RepoPath::clone(path),
        parser: None,
        state: FileState::Failed,
        fixes_versions: false,
        packages: 0,
        message: Some(format!("the policy of the scanned tree has {mistakes}, and what it tightens is not known")),
    })
}

/// What the policy and the formats tell the rules.
fn parameters(policy: &Policy, graph: &DependencyGraph) -> Parameters {
    let ids = |is_meant: fn(&Parser) -> bool| {
        PARSERS.iter().filter(|parser| is_meant(parser)).map(|parser| parser.id).collect()
    };
    Parameters {
        off: policy.off(),
        registries: policy.registries.clone(),
        settings: policy.rules.iter().map(|(id, settings)| (*id, settings.values.clone())).collect(),
        scopes: policy.rules.iter().map(|(id, settings)| (*id, settings.scope())).collect(),
        private: (0..)
            .zip(&graph.packages)
            .filter(|(_, package)| policy.is_internal(&package.id))
            .map(|(at, _)| at)
            .collect(),
        custom: policy.custom.clone(),
        added: BTreeSet::new(),
        policy_changes: Vec::new(),
        hashed_formats: ids(|parser| parser.capabilities.integrity == Support::Full),
        // `go.sum` is read for itself where there is no `go.mod`, and fixes versions all the same.
        manifest_formats: ids(|parser| parser.role == Role::Manifest && parser.capabilities.integrity == Support::None),
        graph_formats: ids(|parser| parser.capabilities.graph != Support::None),
    }
}
