//! What deps.dev says of a version (<https://docs.deps.dev/api/v3alpha/#getversionbatch>), and the facts in it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::wire::nullable;
use super::batch::Question;
use super::repository::{Evidences, from_module_path, project};
use crate::model::{Ecosystem, Evidence, Fact, Missing, Origin, PackageHealth, Provenance, Repository, Why, source};

/// Asks about a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::source) struct VersionQuestion {
    pub(in crate::source) ecosystem: Ecosystem,
    pub(in crate::source) name: String,
    pub(in crate::source) version: String,
}

impl Question for VersionQuestion {
    type Value = Version;
    const PATH: &'static str = "/v3alpha/versionbatch";
    const MEMBER: &'static str = "version";

    fn request(&self) -> Value {
        let system = super::system(self.ecosystem);
        json!({ "versionKey": { "system": system, "name": self.name, "version": self.version } })
    }

    fn read(json: &str) -> Result<Version, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }
}

/// A version. Members that are not used are left out.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::source) struct Version {
    published_at: Option<String>,
    #[serde(deserialize_with = "nullable")]
    is_deprecated: bool,
    #[serde(deserialize_with = "nullable")]
    deprecated_reason: String,
    #[serde(deserialize_with = "nullable")]
    licenses: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    links: Vec<Link>,
    #[serde(deserialize_with = "nullable")]
    slsa_provenances: Vec<Attestation>,
    #[serde(deserialize_with = "nullable")]
    attestations: Vec<Attestation>,
    #[serde(deserialize_with = "nullable")]
    related_projects: Vec<Related>,
    project_status: Option<ProjectStatus>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Link {
    #[serde(deserialize_with = "nullable")]
    label: String,
    #[serde(deserialize_with = "nullable")]
    url: String,
}

/// An attestation; an entry of `slsaProvenances` is one without a type.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "type", deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    verified: bool,
    #[serde(deserialize_with = "nullable")]
    source_repository: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Related {
    #[serde(deserialize_with = "nullable")]
    project_key: ProjectKey,
    #[serde(deserialize_with = "nullable")]
    relation_provenance: String,
    #[serde(deserialize_with = "nullable")]
    relation_type: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProjectKey {
    #[serde(deserialize_with = "nullable")]
    id: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProjectStatus {
    #[serde(deserialize_with = "nullable")]
    status: String,
}

/// The type of what `slsaProvenances` holds, which does not say its own.
const SLSA: &str = "https://slsa.dev/provenance";

/// Whether deps.dev knows attestations of an ecosystem's packages at all.
pub(in crate::source) fn has_attestations(ecosystem: Ecosystem) -> bool {
    matches!(ecosystem, Ecosystem::Npm | Ecosystem::PyPi)
}

impl Version {
    /// Puts the facts about a package of that ecosystem and name into its health.
    pub(in crate::source) fn tell(
        &self,
        (ecosystem, name): (Ecosystem, &str),
        as_of: Timestamp,
        to: &mut PackageHealth,
    ) {
        let origin = Origin { source: source::DEPS_DEV, as_of: Some(as_of) };
        let published = self.published_at.as_deref().and_then(|text| text.parse().ok());
        to.published = published.map_or(NOT_TOLD, |published| Fact::Known(published, origin));
        to.withdrawn = if self.is_deprecated {
            Fact::Known(self.deprecated_reason.trim().to_owned(), origin)
        } else {
            Fact::Absent(origin)
        };
        to.project_status = self.status(ecosystem, origin);
        let licenses = || self.licenses.iter().filter(|license| !license.trim().is_empty()).cloned().collect();
        to.licenses = if self.licenses.is_empty() { not_told() } else { Fact::Known(licenses(), origin) };
        to.repository = match self.repository(ecosystem, name) {
            Some(repository) => Fact::Known(repository, origin),
            None => Fact::Absent(origin),
        };
        to.provenance = match self.provenance() {
            Some(provenance) => Fact::Known(provenance, origin),
            None if has_attestations(ecosystem) => Fact::Absent(origin),
            None => not_told(),
        };
    }

    /// What the registry marks the project as (<https://peps.python.org/pep-0792/>): only `PyPI` can, so far.
    fn status(&self, ecosystem: Ecosystem, origin: Origin) -> Fact<String> {
        match &self.project_status {
            _ if ecosystem != Ecosystem::PyPi => Fact::Absent(origin),
            Some(told) if told.status == "active" => Fact::Absent(origin),
            Some(told) if !told.status.is_empty() => Fact::Known(told.status.clone(), origin),
            _ => not_told(),
        }
    }

    /// The statement about the build that says most: verified before not, with a type before without.
    pub(in crate::source) fn provenance(&self) -> Option<Provenance> {
        let all = self.attestations.iter().chain(&self.slsa_provenances);
        // The first of the best, so that the order of the service does not matter where it has one.
        let best =
            all.min_by_key(|stated| (!stated.verified, stated.kind.is_empty(), !stated.kind.starts_with(SLSA)))?;
        let kind = if best.kind.is_empty() { SLSA } else { &best.kind };
        let repository = project(&best.source_repository).unwrap_or_else(|| best.source_repository.clone());
        Some(Provenance { kind: kind.to_owned(), verified: best.verified, repository })
    }

    fn repository(&self, ecosystem: Ecosystem, name: &str) -> Option<Repository> {
        let stated = self.attestations.iter().chain(&self.slsa_provenances).filter(|stated| stated.verified);
        let mut evidences = Evidences {
            attested: stated.filter_map(|stated| project(&stated.source_repository)).collect(),
            ..Evidences::default()
        };
        let linked = |label: &str| -> Vec<String> {
            self.links.iter().filter(|link| link.label == label).filter_map(|link| project(&link.url)).collect()
        };
        evidences.claimed = linked("SOURCE_REPO");
        let on_known_hosts = |project: &String| super::split(project).is_some();
        evidences.hinted =
            linked("HOMEPAGE").into_iter().chain(linked("ISSUE_TRACKER")).filter(on_known_hosts).collect();
        if ecosystem == Ecosystem::Go {
            evidences.origin = from_module_path(name);
        }
        for related in self.related_projects.iter().filter(|related| related.relation_type == "SOURCE_REPO") {
            let id = &related.project_key.id;
            let Some(lowered) = project(id).filter(on_known_hosts) else { continue };
            // deps.dev writes projects in lower case; an address of the package says how it is spelled.
            let mut spellings = evidences.attested.iter().chain(&evidences.origin).chain(&evidences.claimed);
            let mut others = evidences.hinted.iter();
            let is_it = |spelled: &&String| spelled.eq_ignore_ascii_case(&lowered);
            let spelled = spellings.find(is_it).or_else(|| others.find(is_it)).cloned().unwrap_or(lowered);
            match related.relation_provenance.as_str() {
                "SLSA_ATTESTATION" | "PYPI_PUBLISH_ATTESTATION" | "RUBYGEMS_PUBLISH_ATTESTATION" => {
                    evidences.attested.push(spelled);
                }
                "GO_ORIGIN" => evidences.origin = evidences.origin.or(Some(spelled)),
                _ => evidences.claimed.push(spelled),
            }
        }
        evidences.decide()
    }
}

const NOT_TOLD: Fact<Timestamp> = not_told();

/// deps.dev knows the version, and does not tell this.
const fn not_told<T>() -> Fact<T> {
    Fact::Unknown(Missing { source: source::DEPS_DEV, why: Why::NotTold })
}

/// Says of everything that deps.dev tells of a version that it is not known. Where a module's path is its repository,
/// that stays known.
pub(in crate::source) fn tell_nothing((ecosystem, name): (Ecosystem, &str), missing: Missing, to: &mut PackageHealth) {
    to.published = Fact::Unknown(missing);
    to.withdrawn = Fact::Unknown(missing);
    to.project_status = Fact::Unknown(missing);
    to.licenses = Fact::Unknown(missing);
    to.provenance = Fact::Unknown(missing);
    let by_name = (ecosystem == Ecosystem::Go).then(|| from_module_path(name)).flatten();
    to.repository = match by_name {
        Some(project) => {
            let repository = Repository { project, evidence: Evidence::Origin, contradicted: None };
            Fact::Known(repository, Origin { source: source::NAME, as_of: None })
        }
        None => Fact::Unknown(missing),
    };
}
