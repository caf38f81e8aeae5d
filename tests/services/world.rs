//! What the services know. A test makes a world ([`World::generate`], [`World::load`]), changes what it is about, and
//! starts the services with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::epss::Scores;
use super::kev::Catalogue;
use super::records::{Record, Records, normal};
use super::versions::Pep440;

/// A package system, as deps.dev names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum System {
    Cargo,
    Go,
    Maven,
    Npm,
    NuGet,
    PyPi,
    RubyGems,
}

impl System {
    const ALL: [Self; 7] = [Self::Cargo, Self::Go, Self::Maven, Self::Npm, Self::NuGet, Self::PyPi, Self::RubyGems];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cargo => "CARGO",
            Self::Go => "GO",
            Self::Maven => "MAVEN",
            Self::Npm => "NPM",
            Self::NuGet => "NUGET",
            Self::PyPi => "PYPI",
            Self::RubyGems => "RUBYGEMS",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// The system of an ecosystem as OSV names it.
    pub(crate) fn of_ecosystem(ecosystem: &str) -> Option<Self> {
        Some(match ecosystem {
            "crates.io" => Self::Cargo,
            "Go" => Self::Go,
            "Maven" => Self::Maven,
            "npm" => Self::Npm,
            "NuGet" => Self::NuGet,
            "PyPI" => Self::PyPi,
            "RubyGems" => Self::RubyGems,
            _ => return None,
        })
    }

    /// A name as deps.dev keeps it: PEP 503 in Python, lower case in `.NET`, as it stands elsewhere.
    pub(crate) fn canonical_name(self, name: &str) -> String {
        match self {
            Self::PyPi => normal("PyPI", name),
            Self::NuGet => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }

    /// A version as deps.dev keeps it: `3.0` is `3.0.0` in Python.
    pub(crate) fn canonical_version(self, version: &str) -> String {
        let canonical = (self == Self::PyPi).then(|| Pep440::parse(version)).flatten();
        canonical.map_or_else(|| version.to_owned(), |version| version.canonical())
    }
}

/// A package as deps.dev knows it. What its versions have in common stands here once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    pub(crate) system: System,
    pub(crate) name: String,
    /// The repository that its metadata names, as `github.com/Owner/Name`.
    #[serde(default)]
    pub(crate) repository: Option<String>,
    #[serde(default)]
    pub(crate) licenses: Vec<String>,
    /// Names that deps.dev takes to be similar and more used.
    #[serde(default)]
    pub(crate) similar: Vec<String>,
    /// In the order of their release; the last one is the default.
    pub(crate) versions: Vec<Version>,
}

/// A version as deps.dev knows it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Version {
    pub(crate) version: String,
    /// RFC 3339.
    pub(crate) published: Option<String>,
    /// Why it is deprecated, yanked or retracted; the reason may be empty.
    pub(crate) deprecated: Option<String>,
    /// Another repository than the package's.
    pub(crate) repository: Option<String>,
    /// Other licences than the package's: SPDX expressions or `non-standard`; an empty list is unknown.
    pub(crate) licenses: Option<Vec<String>>,
    pub(crate) advisories: Vec<String>,
    /// What its attestation says.
    pub(crate) provenance: Option<Provenance>,
    /// Other related projects than those that follow from repository and provenance.
    pub(crate) related: Option<Vec<Related>>,
    /// Status and reason of a Python project (PEP 792).
    pub(crate) status: Option<(String, String)>,
    /// Direct and indirect dependents; none where deps.dev does not know.
    pub(crate) dependents: Option<(u32, u32)>,
}

/// An attestation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provenance {
    /// As `github.com/Owner/Name`.
    pub(crate) repository: String,
    #[serde(default = "yes")]
    pub(crate) verified: bool,
}

/// A project that has to do with a version, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Related {
    /// As `github.com/Owner/Name`.
    pub(crate) project: String,
    /// `UNVERIFIED_METADATA`, `SLSA_ATTESTATION`, `GO_ORIGIN` …
    pub(crate) provenance: String,
    /// `SOURCE_REPO` or `ISSUE_TRACKER`.
    pub(crate) kind: String,
}

/// A project as deps.dev knows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Project {
    /// `github.com/Owner/Name`, in the case of its host; deps.dev itself writes it small.
    pub(crate) repository: String,
    #[serde(default)]
    pub(crate) stars: i32,
    #[serde(default)]
    pub(crate) forks: i32,
    #[serde(default)]
    pub(crate) open_issues: i32,
    #[serde(default)]
    pub(crate) license: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) homepage: String,
    /// Whether OSS-Fuzz covers it.
    #[serde(default)]
    pub(crate) is_fuzzed: bool,
}

/// A result of Scorecard.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scorecard {
    /// `github.com/Owner/Name`, in the exact case under which Scorecard keeps it.
    pub(crate) repository: String,
    /// `2026-11-16`, or RFC 3339 as the GitHub Action writes it.
    pub(crate) date: String,
    /// The aggregate, where it shall not be what the checks make.
    #[serde(default)]
    pub(crate) score: Option<f64>,
    /// None where the result has no list of checks (`null`).
    pub(crate) checks: Option<BTreeMap<String, Check>>,
    /// Whether Scorecard's own API has it …
    #[serde(default = "yes")]
    pub(crate) is_at_api: bool,
    /// … and whether deps.dev has a copy.
    #[serde(default = "yes")]
    pub(crate) is_at_deps_dev: bool,
}

/// One check: −1 where it could not be made, otherwise 0 to 10.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "CheckForm")]
pub(crate) struct Check {
    pub(crate) score: i32,
    /// None where it is the usual one for such a score.
    pub(crate) reason: Option<String>,
}

/// `7`, or `[7, "Found 14/20 approved changesets -- score normalized to 7"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum CheckForm {
    Score(i32),
    Both(i32, String),
}

impl From<CheckForm> for Check {
    fn from(form: CheckForm) -> Self {
        match form {
            CheckForm::Score(score) => Self { score, reason: None },
            CheckForm::Both(score, reason) => Self { score, reason: Some(reason) },
        }
    }
}

fn yes() -> bool {
    true
}

/// Everything that the services know.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The day from which [`World::generate`] counts back.
    pub(crate) today: Date,
    pub(crate) advisories: Records,
    /// Records that the bucket's lists name and that are not there when they are asked for.
    pub(crate) lost_records: BTreeSet<String>,
    /// A bucket on disk that is served instead of [`World::advisories`]; OSV's API does not read it.
    pub(crate) bucket_folder: Option<PathBuf>,
    /// Files of the `RustSec` database beside those that are made of the records, by path (`crates/NAME/ID.md`).
    pub(crate) rustsec_files: BTreeMap<String, String>,
    pub(super) packages: BTreeMap<(System, String), Package>,
    /// By their repository in lower case.
    pub(super) projects: BTreeMap<String, Project>,
    /// By their repository in lower case; Scorecard's own API knows them by the exact case.
    pub(super) scorecards: BTreeMap<String, Scorecard>,
    pub(crate) kev: Catalogue,
    pub(crate) epss: Scores,
    /// Entries of Best Practices as that service writes them.
    pub(crate) badges: Vec<Value>,
    /// Products of endoflife.date by name, each the `result` that the service gives.
    pub(crate) products: BTreeMap<String, Value>,
    /// Older names of products, which lead to newer ones.
    pub(crate) renamed_products: BTreeMap<String, String>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            today: jiff::civil::date(2026, 11, 22),
            advisories: Records::default(),
            lost_records: BTreeSet::new(),
            bucket_folder: None,
            rustsec_files: BTreeMap::new(),
            packages: BTreeMap::new(),
            projects: BTreeMap::new(),
            scorecards: BTreeMap::new(),
            kev: Catalogue::default(),
            epss: Scores::default(),
            badges: Vec::new(),
            products: BTreeMap::new(),
            renamed_products: BTreeMap::new(),
        }
    }
}

impl World {
    /// An empty world on a day of one's own, with the catalogue and the scores of that day.
    pub(crate) fn of_day(today: Date) -> Self {
        let mut world = Self { today, ..Self::default() };
        world.kev.released = format!("{}T17:04:19.9796Z", today - 2.days());
        world.epss.date = format!("{today}T12:55:00Z");
        world
    }

    /// Adds an advisory, or puts it in the place of the one with its id.
    pub(crate) fn advisory(&mut self, record: &Value) {
        self.advisories.insert(Record::new(record.to_string().into_bytes(), "", None));
    }

    /// Adds bytes that need be no record under the id of one.
    pub(crate) fn garbled_advisory(&mut self, folder: &str, id: &str, bytes: &[u8]) {
        self.advisories.insert(Record::new(bytes.to_vec(), id, Some(folder)));
    }

    /// Changes an advisory and dates the change.
    pub(crate) fn change_advisory(&mut self, id: &str, modified: &str, change: impl FnOnce(&mut Value)) {
        let mut json = self.advisories.find(id).unwrap_or_else(|| panic!("no advisory {id}")).json();
        change(&mut json);
        json["modified"] = modified.into();
        self.advisory(&json);
    }

    /// Withdraws an advisory: queries do not find it any more, and the bucket keeps it.
    pub(crate) fn withdraw(&mut self, id: &str, at: &str) {
        self.change_advisory(id, at, |record| record["withdrawn"] = at.into());
    }

    /// Takes an advisory away altogether, which the real service does not say anywhere.
    pub(crate) fn vanish(&mut self, id: &str) {
        assert!(self.advisories.remove(id).is_some(), "no advisory {id}");
    }

    /// Adds a package, or puts it in the place of the one with its name.
    pub(crate) fn insert_package(&mut self, package: Package) {
        self.packages.insert((package.system, package.system.canonical_name(&package.name)), package);
    }

    pub(super) fn find_package(&self, system: System, name: &str) -> Option<&Package> {
        self.packages.get(&(system, system.canonical_name(name)))
    }

    pub(super) fn find_version(&self, system: System, name: &str, version: &str) -> Option<(&Package, &Version)> {
        let package = self.find_package(system, name)?;
        let wanted = system.canonical_version(version);
        let found = package.versions.iter().find(|version| system.canonical_version(&version.version) == wanted)?;
        Some((package, found))
    }

    /// A package, to be changed.
    pub(crate) fn package(&mut self, system: System, name: &str) -> &mut Package {
        let key = (system, system.canonical_name(name));
        self.packages.get_mut(&key).unwrap_or_else(|| panic!("no package {name}"))
    }

    /// A version, to be changed.
    pub(crate) fn version(&mut self, system: System, name: &str, version: &str) -> &mut Version {
        let wanted = system.canonical_version(version);
        let mut versions = self.package(system, name).versions.iter_mut();
        let found = versions.find(|version| system.canonical_version(&version.version) == wanted);
        found.unwrap_or_else(|| panic!("no version {version} of {name}"))
    }

    /// Noon of the day that lies so many days before today, as deps.dev writes times.
    pub(crate) fn days_ago(&self, days: i64) -> String {
        format!("{}T12:00:00Z", self.today - days.days())
    }

    /// deps.dev does not know the package.
    pub(crate) fn forget_package(&mut self, system: System, name: &str) {
        assert!(self.packages.remove(&(system, system.canonical_name(name))).is_some(), "no package {name}");
    }

    /// deps.dev knows the package, and not this version.
    pub(crate) fn forget_version(&mut self, system: System, name: &str, version: &str) {
        let wanted = self.version(system, name, version).version.clone();
        self.package(system, name).versions.retain(|version| version.version != wanted);
    }

    /// The package names no repository, and nothing attests one.
    pub(crate) fn without_project(&mut self, system: System, name: &str) {
        let package = self.package(system, name);
        package.repository = None;
        for version in &mut package.versions {
            (version.repository, version.provenance, version.related) = (None, None, Some(Vec::new()));
        }
    }

    /// The last version loses the attestation that those before it have.
    pub(crate) fn regress(&mut self, system: System, name: &str) {
        let package = self.package(system, name);
        let repository = package.repository.clone().unwrap_or_else(|| panic!("{name} has no repository"));
        let (last, before) = package.versions.split_last_mut().unwrap();
        assert!(!before.is_empty(), "{name} has one version only");
        last.provenance = None;
        for version in before {
            version.provenance = Some(Provenance { repository: repository.clone(), verified: true });
        }
    }

    /// Adds a project, or puts it in the place of the one with its repository.
    pub(crate) fn insert_project(&mut self, project: Project) {
        self.projects.insert(project.repository.to_lowercase(), project);
    }

    /// A project, to be changed.
    pub(crate) fn project(&mut self, repository: &str) -> &mut Project {
        self.projects.get_mut(&repository.to_lowercase()).unwrap_or_else(|| panic!("no project {repository}"))
    }

    /// deps.dev does not know the project.
    pub(crate) fn forget_project(&mut self, repository: &str) {
        assert!(self.projects.remove(&repository.to_lowercase()).is_some(), "no project {repository}");
    }

    /// Adds a result of Scorecard, or puts it in the place of the one with its repository.
    pub(crate) fn insert_scorecard(&mut self, scorecard: Scorecard) {
        self.scorecards.insert(scorecard.repository.to_lowercase(), scorecard);
    }

    /// A result of Scorecard, to be changed.
    pub(crate) fn scorecard(&mut self, repository: &str) -> &mut Scorecard {
        self.scorecards.get_mut(&repository.to_lowercase()).unwrap_or_else(|| panic!("no scorecard of {repository}"))
    }

    /// Neither Scorecard's API nor deps.dev has a result.
    pub(crate) fn forget_scorecard(&mut self, repository: &str) {
        assert!(self.scorecards.remove(&repository.to_lowercase()).is_some(), "no scorecard of {repository}");
    }

    /// The repository is archived.
    pub(crate) fn archive(&mut self, repository: &str) {
        self.scorecard(repository).set("Maintained", 0, "project is archived");
    }
}

impl Scorecard {
    /// Sets a check with its reason.
    pub(crate) fn set(&mut self, check: &str, score: i32, reason: &str) {
        let reason = Some(reason.to_owned());
        self.checks.get_or_insert_default().insert(check.to_owned(), Check { score, reason });
    }

    /// Sets every check to one score.
    pub(crate) fn set_all(&mut self, score: i32) {
        for check in self.checks.iter_mut().flat_map(BTreeMap::values_mut) {
            *check = Check { score, reason: None };
        }
    }
}
