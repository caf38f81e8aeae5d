//! What deps.dev says of a version (<https://docs.deps.dev/api/v3alpha/#getversionbatch>), and the facts in it.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
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

/// What tells versions apart.
pub(in crate::source) type Key<'a> = (Ecosystem, &'a str, &'a str);

impl VersionQuestion {
    pub(in crate::source) fn key(&self) -> Key<'_> {
        (self.ecosystem, &self.name, &self.version)
    }
}

impl Question for VersionQuestion {
    type Value = Version;
    const PATH: &'static str = "/v3alpha/versionbatch";
    const MEMBER: &'static str = "version";

    fn request(&self) -> Value {
        let system = super::system(self.ecosystem);
        json!({ "versionKey": { "system": system, "name": self.name, "version": self.version } })
    }

    fn add_key(&self, to: &mut String) {
        // With a length, so that no two names and versions run together to the same text.
        let length = self.name.len().to_string();
        to.extend([super::system(self.ecosystem), " ", &length, " ", &self.name, " ", &self.version]);
    }

    fn subject(&self) -> &str {
        &self.name
    }

    fn read(json: &str) -> Result<Version, String> {
        let version: Version = serde_json::from_str(json).map_err(|error| error.to_string())?;
        // Everything else may be left out where it is empty or false.
        if version.version_key.is_some() { Ok(version) } else { Err("it names no version".to_owned()) }
    }
}

/// A version. Members that are not used are left out.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::source) struct Version {
    version_key: Option<IgnoredAny>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ecosystem: Ecosystem, name: &str, json: &str) -> PackageHealth {
        let mut health = PackageHealth::NOT_ASKED;
        let as_of = "2026-11-22T09:00:00Z".parse().unwrap();
        VersionQuestion::read(&json.replacen('{', r#"{"versionKey":{"name":"a"},"#, 1).replace(",}", "}"))
            .unwrap()
            .tell((ecosystem, name), as_of, &mut health);
        health
    }

    #[test]
    fn an_attested_package_is_built_where_it_says() {
        let health = told(
            Ecosystem::Npm,
            "@sigstore/bundle",
            r#"{"purl":"pkg:npm/%40sigstore/bundle@3.1.0", "publishedAt":"2025-02-04T20:35:48Z",
            "isDefault":false, "isDeprecated":false, "deprecatedReason":"", "licenses":["Apache-2.0"], "advisoryKeys":[],
            "links":[{"label":"HOMEPAGE", "url":"https://github.com/sigstore/sigstore-js/tree/main/packages/bundle#readme"},
            {"label":"SOURCE_REPO", "url":"git+https://github.com/sigstore/sigstore-js.git"}],
            "slsaProvenances":[{"sourceRepository":"https://github.com/sigstore/sigstore-js", "commit":"06cd", "verified":true}],
            "attestations":[{"type":"https://slsa.dev/provenance/v1", "verified":true, "sourceRepository":"https://github.com/sigstore/sigstore-js"}],
            "relatedProjects":[{"projectKey":{"id":"github.com/sigstore/sigstore-js"}, "relationProvenance":"SLSA_ATTESTATION", "relationType":"SOURCE_REPO"},
            {"projectKey":{"id":"github.com/x/y"}, "relationProvenance":"A_NEW_ONE", "relationType":"ANOTHER"}],
            "cooldown":{"end":"2025-02-19T20:35:48Z", "description":""}}"#,
        );
        assert_eq!(health.published.known(), "2025-02-04T20:35:48Z".parse().ok().as_ref());
        assert!(matches!(health.withdrawn, Fact::Absent(_)) && matches!(health.project_status, Fact::Absent(_)));
        assert_eq!(health.licenses.known().unwrap(), &["Apache-2.0"]);
        let project = "github.com/sigstore/sigstore-js".to_owned();
        let repository = Repository { project: project.clone(), evidence: Evidence::Attested, contradicted: None };
        assert_eq!(health.repository.known(), Some(&repository));
        let kind = "https://slsa.dev/provenance/v1".to_owned();
        assert_eq!(health.provenance.known(), Some(&Provenance { kind, verified: true, repository: project }));
    }

    #[test]
    fn an_answer_about_no_version_is_none() {
        assert!(VersionQuestion::read(r#"{"isDeprecated":false}"#).is_err());
        assert!(VersionQuestion::read(r#"{"versionKey":{},"licenses":["MIT",7]}"#).is_err());
    }

    #[test]
    fn what_is_not_told_is_not_known() {
        let health =
            told(Ecosystem::PyPi, "django", r#"{"licenses":[],"isDeprecated":true,"deprecatedReason":" yanked "}"#);
        let not_told = Some(Missing { source: source::DEPS_DEV, why: Why::NotTold });
        assert_eq!(health.published.missing(), not_told);
        assert_eq!(health.licenses.missing(), not_told);
        assert_eq!(health.project_status.missing(), not_told);
        assert_eq!(health.withdrawn.known().map(String::as_str), Some("yanked"));
        assert!(matches!(health.provenance, Fact::Absent(_)) && matches!(health.repository, Fact::Absent(_)));
        let crates = told(Ecosystem::CratesIo, "serde", r#"{"licenses":["non-standard"],"attestations":null}"#);
        assert_eq!(crates.provenance.missing(), not_told);
        assert_eq!(crates.licenses.known().unwrap(), &["non-standard"]);
        let status = |word: &str| {
            told(Ecosystem::PyPi, "a", &format!(r#"{{"projectStatus":{{"status":"{word}","reason":""}}}}"#))
        };
        assert_eq!(status("archived").project_status.known().map(String::as_str), Some("archived"));
        assert!(matches!(status("active").project_status, Fact::Absent(_)));
    }

    #[test]
    fn a_project_is_spelled_as_the_package_spells_it() {
        let lowered = r#""relatedProjects":[{"projectKey":{"id":"github.com/dabh/colors.js"},"relationProvenance":"UNVERIFIED_METADATA","relationType":"SOURCE_REPO"}]"#;
        let of = |json: &str| told(Ecosystem::Npm, "colors", json).repository.known().cloned().unwrap();
        let linked =
            format!(r#"{{"links":[{{"label":"HOMEPAGE","url":"https://github.com/DABH/colors.js"}}],{lowered}}}"#);
        assert_eq!(of(&linked).project, "github.com/DABH/colors.js");
        assert_eq!(of(&format!("{{{lowered}}}")).project, "github.com/dabh/colors.js");
        let homepage = r#"{"links":[{"label":"HOMEPAGE","url":"https://host.example/a/b"},{"label":"ISSUE_TRACKER","url":"https://github.com/A/b/issues"}]}"#;
        assert_eq!(of(homepage).project, "github.com/A/b");
    }

    #[test]
    fn an_attestation_that_was_not_verified_proves_nothing() {
        let json = r#"{"links":[{"label":"SOURCE_REPO","url":"https://github.com/a/b"}],
            "attestations":[{"type":"https://slsa.dev/provenance/v1","verified":false,"sourceRepository":"https://github.com/evil/b"}]}"#;
        let health = told(Ecosystem::Npm, "b", json);
        assert!(!health.provenance.known().unwrap().verified);
        let repository = health.repository.known().unwrap();
        assert_eq!((repository.project.as_str(), repository.evidence), ("github.com/a/b", Evidence::Claimed));
    }

    #[test]
    fn a_module_is_where_its_path_says_even_where_nobody_answers() {
        let origin = |name: &str, json: &str| told(Ecosystem::Go, name, json).repository.known().cloned().unwrap();
        let related = r#"{"relatedProjects":[{"projectKey":{"id":"github.com/golang/net"},"relationProvenance":"GO_ORIGIN","relationType":"SOURCE_REPO"}]}"#;
        assert_eq!(origin("golang.org/x/net", related).project, "github.com/golang/net");
        assert_eq!(origin("golang.org/x/net", related).evidence, Evidence::Origin);
        assert_eq!(origin("github.com/BurntSushi/toml", "{}").project, "github.com/BurntSushi/toml");
        let mut health = PackageHealth::NOT_ASKED;
        let missing = Missing { source: source::DEPS_DEV, why: Why::Failed };
        tell_nothing((Ecosystem::Go, "github.com/BurntSushi/toml"), missing, &mut health);
        assert_eq!(health.repository.known().unwrap().evidence, Evidence::Origin);
        assert_eq!(health.published.missing(), Some(missing));
        tell_nothing((Ecosystem::Npm, "github.com/a/b"), missing, &mut health);
        assert_eq!(health.repository.missing(), Some(missing));
    }
}
