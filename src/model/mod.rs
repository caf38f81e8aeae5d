//! The words: every other room speaks in these types, and they know no other room.

mod advisory;
mod chain;
mod checklist;
mod drift;
mod ecosystem;
mod finding;
mod graph;
mod health;
mod license;
mod location;
mod package;
mod priority;
mod project;
mod purl;
mod report;

pub use advisory::{
    AdvisoryKind, Affected, AliasGroup, Epss, Exploited, Fix, FixState, JudgedRecord, Rating, Remedy, Severity,
};
pub(crate) use chain::ByPackage;
pub use chain::{Chains, Routes, chains};
pub use checklist::{Answered, Checklist, ChecklistItem};
pub use drift::{Drift, DriftKind};
pub use ecosystem::{Ecosystem, normalize_name};
pub use finding::{
    AppliedException, Change, Data, Decision, ExceptionOrigin, ExceptionState, ExceptionStatus, Finding, Level,
    Parameter, PathCount, PolicyChange, Rule, Scope, Setting, Stricter, Subject,
};
pub use graph::{
    Dependency, DependencyGraph, DependencyKind, GraphBuilder, Kinds, OtherPackage, PackageIndex, Root, Use,
};
pub use health::{
    Badge, Evidence, Fact, Health, Missing, Origin, PackageHealth, ProjectHealth, Provenance, Release, Repository,
    Scorecard, ScorecardCheck, Support, Why, source,
};
pub use license::{AcceptedLicense, License, UnknownLicense, license_ids};
pub use location::{Diagnostic, DiagnosticSeverity, LineIndex, Location, RepoPath, join};
pub use package::{Distribution, Package, PackageId, Source, SourceKind};
pub use priority::{Priority, Threat};
pub use project::{ProjectFiles, SeenFiles};
pub use purl::{Purl, PurlParts, purl_types};
pub use report::{
    BaseCommit, BaselineUse, Coverage, Facts, FileCoverage, FileState, JoinedUnknown, OnUnknown, PackageState,
    PolicyOrigin, PolicySummary, Report, SourceCoverage, SourceState, Summary, Unknown, Verdict,
};
