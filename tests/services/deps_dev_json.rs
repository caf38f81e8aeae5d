//! What deps.dev says of packages, versions and projects (<https://docs.deps.dev/api/v3/>, <https://docs.deps.dev/api/v3alpha/>).
//!
//! Default values and empty lists are written out, unset messages are left out, and a space follows every comma.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Value, json};

use super::http::encoded;
use super::osv::base64;
use super::scorecard::{Said, VERSION, VERSION_COMMIT, number};
use super::{Package, Project, Provenance, Related, Scorecard, System, Version, World};

/// Which of the two interfaces was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    V3,
    V3Alpha,
}

/// JSON as the service spaces it: `{"a":1, "b":2}`.
pub(super) fn spaced(value: &Value) -> Vec<u8> {
    struct Spaced;
    impl Formatter for Spaced {
        fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
            if is_first { Ok(()) } else { writer.write_all(b", ") }
        }

        fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
            self.begin_array_value(writer, is_first)
        }
    }
    let mut out = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Spaced)).unwrap();
    out
}

impl Package {
    fn version_key(&self, version: &Version) -> Value {
        let (name, version) = (self.system.canonical_name(&self.name), self.system.canonical_version(&version.version));
        json!({"system": self.system.name(), "name": name, "version": version})
    }

    /// The package URL; npm's is in lower case, whatever the name is.
    fn purl(&self, version: Option<&Version>) -> String {
        let (kind, name) = match self.system {
            System::Cargo => ("cargo", self.name.clone()),
            System::Go => ("golang", self.name.clone()),
            System::Maven => ("maven", self.name.replacen(':', "/", 1)),
            System::Npm => ("npm", self.name.to_lowercase()),
            System::NuGet => ("nuget", self.name.clone()),
            System::PyPi => ("pypi", self.system.canonical_name(&self.name)),
            System::RubyGems => ("gem", self.name.clone()),
        };
        let name: Vec<String> = name.split('/').map(encoded).collect();
        let version = version.map(|version| encoded(&self.system.canonical_version(&version.version)));
        format!("pkg:{kind}/{}{}", name.join("/"), version.map_or_else(String::new, |version| format!("@{version}")))
    }

    fn is_default(&self, version: &Version) -> bool {
        self.versions.last().is_some_and(|last| last.version == version.version)
    }

    /// `Package` of the interface. Nothing is said of the order of versions: they come by their text.
    pub(super) fn json(&self, interface: Interface) -> Value {
        let mut versions: Vec<&Version> = self.versions.iter().collect();
        versions.sort_by(|left, right| left.version.cmp(&right.version));
        let version = |version: &Version| {
            let mut value = json!({
                "versionKey": self.version_key(version),
                "isDefault": self.is_default(version),
                "isDeprecated": version.deprecated.is_some(),
                "deprecatedReason": version.deprecated.clone().unwrap_or_default(),
            });
            with(&mut value, "publishedAt", version.published.clone().map(Value::from));
            let purl = (interface == Interface::V3Alpha).then(|| self.purl(Some(version)).into());
            with(&mut value, "purl", purl);
            value
        };
        let key = json!({"system": self.system.name(), "name": self.system.canonical_name(&self.name)});
        let mut value = json!({
            "packageKey": key, "versions": versions.into_iter().map(version).collect::<Vec<_>>(),
        });
        with(&mut value, "purl", (interface == Interface::V3Alpha).then(|| self.purl(None).into()));
        value
    }

    /// `Version` of the interface.
    pub(super) fn version_json(&self, version: &Version, interface: Interface) -> Value {
        let licenses = version.licenses.clone().unwrap_or_else(|| self.licenses.clone());
        let ids: Vec<Value> = version.advisories.iter().map(|id| json!({"id": id})).collect();
        let related: Vec<Value> = self.related(version).iter().map(related).collect();
        let (slsa, attestations) = self.attested(version);
        let mut value = json!({
            "versionKey": self.version_key(version),
            "isDefault": self.is_default(version),
            "isDeprecated": version.deprecated.is_some(),
            "deprecatedReason": version.deprecated.clone().unwrap_or_default(),
            "licenses": licenses,
            "advisoryKeys": ids,
            "links": self.links(version),
            "slsaProvenances": slsa,
            "attestations": attestations,
            "registries": self.registries(),
            "relatedProjects": related,
        });
        with(&mut value, "publishedAt", version.published.clone().map(Value::from));
        let status = version.status.as_ref().filter(|_| self.system == System::PyPi);
        with(&mut value, "projectStatus", status.map(|(status, reason)| json!({"status": status, "reason": reason})));
        if interface == Interface::V3Alpha {
            let detail = |license: &String| json!({"license": license, "spdx": license});
            let details: Vec<Value> = licenses.iter().map(detail).collect();
            with(&mut value, "purl", Some(self.purl(Some(version)).into()));
            with(&mut value, "licenseDetails", Some(details.into()));
            with(&mut value, "upstreamIdentifiers", Some(self.upstream(version)));
            with(&mut value, "cooldown", self.cooldown(version));
        }
        value
    }

    /// The repository that a version's metadata names.
    fn repository<'p>(&'p self, version: &'p Version) -> Option<&'p str> {
        version.repository.as_deref().or(self.repository.as_deref())
    }

    fn registries(&self) -> Vec<String> {
        match self.system {
            System::Go => Vec::new(),
            System::PyPi => vec!["https://registry.example/simple".to_owned()],
            _ => vec!["https://registry.example/".to_owned()],
        }
    }

    fn attestation_url(&self, version: &Version) -> String {
        format!("https://registry.example/attestations/{}@{}", encoded(&self.name), version.version)
    }

    fn links(&self, version: &Version) -> Vec<Value> {
        let link = |label: &str, url: String| json!({"label": label, "url": url});
        let mut links = Vec::new();
        let repository = self.repository(version);
        if self.system == System::Npm {
            links.extend(repository.map(|repository| link("HOMEPAGE", format!("https://{repository}#readme"))));
            links.extend(repository.map(|repository| link("ISSUE_TRACKER", format!("https://{repository}/issues"))));
            links.push(link("ORIGIN", format!("https://registry.example/{}/{}", encoded(&self.name), version.version)));
        }
        if version.provenance.is_some() && self.system == System::Npm {
            links.push(link("ATTESTATION", self.attestation_url(version)));
        }
        links.extend(repository.map(|repository| match self.system {
            System::Npm => link("SOURCE_REPO", format!("git+https://{repository}.git")),
            _ => link("SOURCE_REPO", format!("https://{repository}")),
        }));
        links
    }

    /// `slsaProvenances` and `attestations`; other systems than these have none.
    fn attested(&self, version: &Version) -> (Vec<Value>, Vec<Value>) {
        let kind = match self.system {
            System::Npm => "https://slsa.dev/provenance/v1",
            System::PyPi | System::RubyGems => "https://docs.pypi.org/attestations/publish/v1",
            _ => return Default::default(),
        };
        let Some(Provenance { repository, verified }) = &version.provenance else { return Default::default() };
        let commit = format!("{:0<40}", super::conditional::digest(version.version.as_bytes()));
        let url = if self.system == System::Npm { self.attestation_url(version) } else { String::new() };
        let source = format!("https://{repository}");
        let slsa = json!({"sourceRepository": source, "commit": commit, "url": url, "verified": verified});
        let attestation = json!({
            "type": kind, "url": url, "verified": verified, "sourceRepository": source, "commit": commit,
        });
        (if self.system == System::Npm { vec![slsa] } else { Vec::new() }, vec![attestation])
    }

    /// The projects that have to do with a version.
    pub(super) fn related(&self, version: &Version) -> Vec<Related> {
        if let Some(related) = &version.related {
            return related.clone();
        }
        let related = |project: &str, provenance: &str, kind: &str| Related {
            project: project.to_owned(),
            provenance: provenance.to_owned(),
            kind: kind.to_owned(),
        };
        let mut all = Vec::new();
        if let Some(repository) = self.repository(version) {
            match self.system {
                System::Go => all.push(related(repository, "GO_ORIGIN", "SOURCE_REPO")),
                System::Npm => {
                    all.push(related(repository, "UNVERIFIED_METADATA", "ISSUE_TRACKER"));
                    all.push(related(repository, "UNVERIFIED_METADATA", "SOURCE_REPO"));
                }
                _ => all.push(related(repository, "UNVERIFIED_METADATA", "SOURCE_REPO")),
            }
        }
        let attested = match self.system {
            System::Npm => "SLSA_ATTESTATION",
            System::PyPi => "PYPI_PUBLISH_ATTESTATION",
            System::RubyGems => "RUBYGEMS_PUBLISH_ATTESTATION",
            _ => return all,
        };
        let provenance = version.provenance.iter().filter(|provenance| provenance.verified);
        all.extend(provenance.map(|provenance| related(&provenance.repository, attested, "SOURCE_REPO")));
        all
    }

    fn upstream(&self, version: &Version) -> Value {
        let source = match self.system {
            System::Npm => "NPM_NPMJS_ORG",
            System::Cargo => "CARGO_CRATES_IO",
            System::PyPi => "PYPI_METADATA_FILE",
            _ => return json!([]),
        };
        json!([{"packageName": self.name, "versionString": version.version, "source": source}])
    }

    /// The window in which a release is new; it stays after it has ended.
    fn cooldown(&self, version: &Version) -> Option<Value> {
        let days = match self.system {
            System::Npm => 15,
            System::PyPi => 5,
            System::Cargo => 10,
            _ => return None,
        };
        let published: jiff::Timestamp = version.published.as_ref()?.parse().ok()?;
        let end = published + jiff::SignedDuration::from_hours(24 * days);
        Some(json!({"end": end.to_string(), "description": ""}))
    }

    /// `ProjectPackageVersions.versions[]`, for each way in which a version has to do with the project.
    pub(super) fn of_project(&self, project: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for version in &self.versions {
            let (slsa, attestations) = self.attested(version);
            for related in self.related(version).iter().filter(|related| related.project.to_lowercase() == project) {
                rows.push(json!({
                    "versionKey": self.version_key(version), "relationType": related.kind,
                    "relationProvenance": related.provenance, "slsaProvenances": slsa, "attestations": attestations,
                }));
            }
        }
        rows
    }
}

fn related(related: &Related) -> Value {
    json!({
        "projectKey": {"id": related.project.to_lowercase()},
        "relationProvenance": related.provenance, "relationType": related.kind,
    })
}

/// Sets a member that is there.
fn with(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[key] = value;
    }
}

impl World {
    /// `Project` of the interface, with deps.dev's own form of the Scorecard.
    pub(super) fn project_json(&self, project: &Project) -> Value {
        let id = project.repository.to_lowercase();
        let mut value = json!({
            "projectKey": {"id": id}, "openIssuesCount": project.open_issues, "starsCount": project.stars,
            "forksCount": project.forks, "license": project.license, "description": project.description,
            "homepage": project.homepage,
        });
        // Whatever the case: this is joined over there.
        let scorecard = self.scorecards.get(&id);
        with(&mut value, "scorecard", scorecard.filter(|scorecard| scorecard.is_at_deps_dev).map(scorecard_json));
        let name = id.rsplit('/').next().unwrap_or_default();
        let fuzzed = json!({
            "lineCount": 15000, "lineCoverCount": 9000, "date": format!("{}T00:00:00Z", self.today),
            "configUrl": format!("https://github.com/google/oss-fuzz/tree/master/projects/{name}"),
        });
        with(&mut value, "ossFuzz", project.is_fuzzed.then_some(fuzzed));
        value
    }
}

fn scorecard_json(scorecard: &Scorecard) -> Value {
    let check = |said: Said| {
        json!({
            "name": said.name, "documentation": {"shortDescription": said.short, "url": said.url},
            "score": said.score, "reason": said.reason, "details": said.details,
        })
    };
    let checks: Vec<Value> = scorecard.said().unwrap_or_default().into_iter().map(check).collect();
    json!({
        "date": format!("{}T00:00:00Z", scorecard.date.get(..10).unwrap_or_default()),
        "repository": {"name": scorecard.repository.to_lowercase(), "commit": scorecard.commit()},
        "scorecard": {"version": VERSION, "commit": VERSION_COMMIT},
        "checks": checks, "overallScore": number(scorecard.aggregate()), "metadata": [],
    })
}

/// A token for the page after so many responses.
pub(super) fn token(digest: u64, given: usize) -> String {
    base64(format!("{digest:016x}.{given}").as_bytes())
}
