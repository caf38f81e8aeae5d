//! What deps.dev says of a name, and of one version's use: one request for each.

use serde::Deserialize;

use super::super::wire::{nullable, number};
use super::super::{Answer, Client, DEPS_DEV, Request, SourceError, segment};
use super::batch::is_same_name;
use super::system;
use super::version::VersionQuestion;
use crate::model::{Ecosystem, Release};

/// How many releases of one name are looked at: more than any package has by honest work.
const MOST_RELEASES: usize = 100_000;

/// Its key says that it is one: everything else may be left out where it is empty.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "packageKey")]
    key: Key,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<Listed>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Listed {
    #[serde(deserialize_with = "nullable")]
    version_key: Key,
    published_at: Option<String>,
    #[serde(deserialize_with = "nullable")]
    is_default: bool,
    #[serde(deserialize_with = "nullable")]
    is_deprecated: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Key {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Similar {
    #[serde(rename = "packageKey")]
    key: Key,
    #[serde(default, deserialize_with = "nullable")]
    packages: Vec<Named>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Named {
    #[serde(deserialize_with = "nullable")]
    package_key: Key,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Dependents {
    #[serde(deserialize_with = "number")]
    dependent_count: Option<u64>,
}

/// Every release of a name, oldest first; those without a date, whose place is not known, come before all others.
pub(in crate::source) async fn releases(
    client: &Client,
    ecosystem: Ecosystem,
    name: &str,
) -> Result<Answer<Vec<Release>>, SourceError> {
    let path = format!("/v3/systems/{}/packages/{}", system(ecosystem), segment(name));
    client.fetch(&Request::get(&DEPS_DEV, path), |body| read_releases(body, name)).await
}

/// More popular packages with a similar name, by name.
pub(in crate::source) async fn similar(
    client: &Client,
    ecosystem: Ecosystem,
    name: &str,
) -> Result<Answer<Vec<String>>, SourceError> {
    let path = format!("/v3alpha/systems/{}/packages/{}:similarlyNamedPackages", system(ecosystem), segment(name));
    client.fetch(&Request::get(&DEPS_DEV, path), |body| read_similar(body, name)).await
}

/// Whether deps.dev counts dependents in an ecosystem (<https://docs.deps.dev/api/v3alpha/#getdependents>).
pub(in crate::source) fn has_dependents(ecosystem: Ecosystem) -> bool {
    ecosystem != Ecosystem::Go
}

/// How many packages depend on a version; `None` where it answers without a number.
pub(in crate::source) async fn dependents(
    client: &Client,
    version: &VersionQuestion,
) -> Result<Answer<Option<u64>>, SourceError> {
    let VersionQuestion { ecosystem, name, version } = version;
    let (name, version) = (segment(name), segment(version));
    let path = format!("/v3alpha/systems/{}/packages/{name}/versions/{version}:dependents", system(*ecosystem));
    client.fetch(&Request::get(&DEPS_DEV, path), read_dependents).await
}

/// That an answer is about the name that was asked about.
fn check(key: &Key, name: &str) -> Result<(), String> {
    if is_same_name(&key.name, name) { Ok(()) } else { Err("it is about another package".to_owned()) }
}

fn read_releases(body: &[u8], name: &str) -> Result<Vec<Release>, String> {
    let package: Package = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    check(&package.key, name)?;
    if package.versions.len() > MOST_RELEASES {
        return Err(format!("more than {MOST_RELEASES} releases"));
    }
    let release = |listed: Listed| Release {
        version: listed.version_key.version,
        published: listed.published_at.and_then(|text| text.parse().ok()),
        is_default: listed.is_default,
        is_withdrawn: listed.is_deprecated,
    };
    let mut releases: Vec<Release> =
        package.versions.into_iter().filter(|listed| !listed.version_key.version.is_empty()).map(release).collect();
    releases.sort_by(|a, b| (a.published, &a.version).cmp(&(b.published, &b.version)));
    Ok(releases)
}

fn read_similar(body: &[u8], name: &str) -> Result<Vec<String>, String> {
    let similar: Similar = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    check(&similar.key, name)?;
    let names = similar.packages.into_iter().map(|named| named.package_key.name);
    let mut names: Vec<String> = names.filter(|other| !other.is_empty() && other != name).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn read_dependents(body: &[u8]) -> Result<Option<u64>, String> {
    let dependents: Dependents = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(dependents.dependent_count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_in_the_order_of_their_time() {
        let json = r#"{"packageKey":{"system":"NPM", "name":"@colors/colors"}, "versions":[
            {"versionKey":{"system":"NPM", "name":"@colors/colors", "version":"1.6.0"}, "publishedAt":"2023-07-10T04:41:07Z",
             "isDefault":true, "isDeprecated":false, "deprecatedReason":""},
            {"versionKey":{"version":"1.4.0"}, "publishedAt":"2022-02-12T07:39:04.5Z"},
            {"versionKey":{"version":"0.9.0"}, "publishedAt":null, "isDeprecated":true, "purl":"pkg:npm/x"}]}"#;
        let releases = read_releases(json.as_bytes(), "@colors/colors").unwrap();
        let told: Vec<_> = releases.iter().map(|r| (r.version.as_str(), r.is_default, r.is_withdrawn)).collect();
        assert_eq!(told, [("0.9.0", false, true), ("1.4.0", false, false), ("1.6.0", true, false)]);
        assert_eq!(releases[1].published, "2022-02-12T07:39:04.5Z".parse().ok());
        for odd in ["{}", "[]", "package not found", r#"{"packageKey":{},"versions":{"0":"first"}}"#] {
            assert!(read_releases(odd.as_bytes(), "a").is_err(), "{odd}");
        }
    }

    #[test]
    fn a_name_is_not_similar_to_itself() {
        let json = r#"{"packageKey":{"system":"NPM", "name":"jost"}, "packages":[{"packageKey":{"name":"jose"}},
            {"packageKey":{"name":"@types/jest"}}, {"packageKey":{"name":"jost"}}, {"packageKey":{"name":"jose"}}]}"#;
        assert_eq!(read_similar(json.as_bytes(), "jost").unwrap(), ["@types/jest", "jose"]);
        assert_eq!(read_similar(br#"{"packageKey":{"name":"a"},"packages":[]}"#, "a").unwrap(), [""; 0]);
        assert!(read_similar(b"{}", "a").is_err());
    }

    #[test]
    fn dependents_are_all_of_them() {
        let json = r#"{"dependentCount":167580,"directDependentCount":83995,"indirectDependentCount":87732}"#;
        assert_eq!(read_dependents(json.as_bytes()), Ok(Some(167_580)));
        assert_eq!(read_dependents(br#"{"dependentCount":"12"}"#), Ok(Some(12)));
        assert_eq!(read_dependents(b"{}"), Ok(None));
        assert!(read_dependents(br#"{"dependentCount":"number 12"}"#).is_err());
    }
}
