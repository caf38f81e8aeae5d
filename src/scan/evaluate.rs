//! Judging packages before they are added: each as if it were a direct dependency, with everything that any source
//! tells about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Inventory, Judging, Knowledge, ScanError, Stage, parameters};
use crate::model::{
    Data, DependencyGraph, DependencyKind, FileCoverage, FileState, GraphBuilder, Kinds, PackageId, ProjectFiles,
    RepoPath, Report, Scope,
};
use crate::policy::Policy;
use crate::rule::{self, View, checklist};
use crate::source;

/// What stands in the ledger as the reader of purls.
const READER: &str = "purl";

/// Packages to judge, and by what.
#[derive(Debug)]
pub struct Intake<'i> {
    /// The packages. Without a version, the one that the registry gives by default is judged.
    pub packages: Vec<PackageId>,
    /// What is accepted.
    pub policy: &'i Policy,
    /// Who is asked.
    pub knowledge: Knowledge<'i>,
    /// The day on which ages are judged.
    pub today: Date,
}

/// Judges packages that are not added yet.
///
/// # Errors
/// Where the platform lets nobody be asked. Whatever else goes wrong is in the report.
pub fn evaluate(intake: &Intake<'_>, show: &dyn Fn(Stage)) -> Result<Report, ScanError> {
    let (packages, files) = resolve(intake)?;
    let graph = DependencyGraph::merge(packages.iter().map(|(path, id)| graph(path, id)).collect());
    // Everything is asked about: the checklist wants more than the rules do.
    let needs: BTreeMap<Data, Scope> =
        Data::ALL.into_iter().filter(|data| *data != Data::OwnScorecard).map(|data| (data, Scope::All)).collect();
    let judging = Judging { policy: intake.policy, knowledge: intake.knowledge, today: intake.today, needs };
    let inventory = Inventory {
        graph,
        added: BTreeSet::new(),
        policy_changes: Vec::new(),
        files,
        bounds: Vec::new(),
        diagnostics: Vec::new(),
        revision: None,
        project: ProjectFiles::None,
    };
    let (mut report, facts) = judging.conclude(inventory, show)?;
    let parameters = parameters(intake.policy, &report.graph);
    let view = View { graph: &report.graph, facts: &facts, parameters: &parameters, today: intake.today };
    let (findings, _) = rule::find(&view);
    // In the order in which they were named, each once.
    let order: BTreeMap<&PackageId, usize> =
        packages.iter().enumerate().rev().map(|(at, (_, package))| (package, at)).collect();
    let place = |package: &PackageId| order.get(package).copied().unwrap_or(usize::MAX);
    // Of what has no version nothing is known; that stands in the ledger.
    let judged = (0..).zip(&report.graph.packages).filter(|(_, package)| package.id.version.is_some());
    let mut judged: Vec<_> = judged.map(|(at, package)| (place(&package.id), at)).collect();
    judged.sort_unstable();
    report.checklists = judged.into_iter().map(|(_, at)| checklist(&view, &findings, at)).collect();
    Ok(report)
}

/// A root for each package, so that each stands for itself.
fn graph(path: &RepoPath, id: &PackageId) -> DependencyGraph {
    let mut builder = GraphBuilder::new(path, READER);
    let at = builder.package(id.clone(), None);
    builder.mark(at, Some(true), Kinds::only(DependencyKind::Runtime));
    builder.finish_as_marked()
}

/// The packages with their versions, and what became of each in the ledger.
#[allow(clippy::type_complexity, reason = "the two belong together and go apart at once")]
fn resolve(intake: &Intake<'_>) -> Result<(Vec<(RepoPath, PackageId)>, Vec<FileCoverage>), ScanError> {
    let client = intake.knowledge.client;
    let policy = intake.policy;
    let asking = async {
        let mut resolved = Vec::new();
        for id in &intake.packages {
            let found = match &id.version {
                Some(version) => Ok(Some(version.clone())),
                None if policy.is_internal(id) => Err("it is private, and nobody is asked about it".to_owned()),
                None => {
                    source::default_version(client, id.ecosystem, &id.name).await.map_err(|error| error.to_string())
                }
            };
            resolved.push((id, found));
        }
        resolved
    };
    let resolved = source::block_on(client.is_online(), asking).map_err(ScanError::Runtime)?;
    let mut packages = Vec::new();
    let mut files = Vec::new();
    for (id, found) in resolved {
        let path: RepoPath = id.purl().as_str().into();
        let (version, message) = match found {
            Ok(Some(version)) => (Some(version), None),
            Ok(None) => {
                (None, Some("no registry that deps.dev knows has such a package: is the name right?".to_owned()))
            }
            Err(message) => (None, Some(format!("which version is the newest is not known: {message}"))),
        };
        files.push(FileCoverage {
            path: RepoPath::clone(&path),
            parser: Some(READER),
            state: if version.is_some() { FileState::Read } else { FileState::Failed },
            fixes_versions: true,
            packages: usize::from(version.is_some()),
            message,
        });
        packages.push((path, PackageId { version, ..id.clone() }));
    }
    files.sort();
    files.dedup();
    Ok((packages, files))
}
