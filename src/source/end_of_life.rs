//! endoflife.date (<https://endoflife.date/docs/api/v1/>): release lines of products and their ends.

use std::collections::BTreeMap;

use jiff::civil::Date;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::wire::nullable;
use super::{Answer, Client, END_OF_LIFE, Request, SourceError, segment};
use crate::model::{Ecosystem, PackageId, Purl, Source, Support};

/// Products by the purl of the package, without version and percent-encoding.
pub(super) type Products = BTreeMap<String, String>;

/// The product that Go's standard library is.
const GO: &str = "go";

/// The products that languages and tools are, by the names of version managers. For what is not here the list of products
/// is asked, which has many of them as `pkg:generic/…`.
const TOOLS: &[(&str, &str)] = &[
    ("bun", "bun"),
    ("corretto", "amazon-corretto"),
    ("deno", "deno"),
    ("dotnet", "dotnet"),
    ("elixir", "elixir"),
    ("erlang", "erlang"),
    ("go", GO),
    ("gradle", "gradle"),
    ("maven", "apache-maven"),
    ("node", "nodejs"),
    ("perl", "perl"),
    ("php", "php"),
    ("python", "python"),
    ("ruby", "ruby"),
    ("rust", "rust"),
    ("temurin", "eclipse-temurin"),
    ("terraform", "terraform"),
    ("zulu", "azul-zulu"),
];

#[derive(Deserialize)]
struct Identifiers {
    result: Vec<Identified>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identified {
    #[serde(deserialize_with = "nullable")]
    identifier: String,
    #[serde(deserialize_with = "nullable")]
    product: Named,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "nullable")]
    name: String,
}

#[derive(Deserialize)]
struct Told {
    result: Product,
}

/// A product and its release lines.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Product {
    #[serde(deserialize_with = "nullable")]
    label: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    releases: Vec<Cycle>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Cycle {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    is_eol: bool,
    eol_from: Option<String>,
}

/// Which packages are products: one request for all.
pub(super) async fn products(client: &Client) -> Result<Answer<Products>, SourceError> {
    client.fetch(&Request::get(&END_OF_LIFE, "/identifiers/purl").always_there(), read_products).await
}

/// The release lines of a product.
pub(super) async fn product(client: &Client, name: &str) -> Result<Answer<Product>, SourceError> {
    client.fetch(&Request::get(&END_OF_LIFE, format!("/products/{}", segment(name))), read_product).await
}

/// The product that needs no list to be known: Go's standard library, and what version managers install.
pub(super) fn built_in(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    match ecosystem {
        Ecosystem::Go => matches!(name, "stdlib" | "toolchain").then_some(GO),
        Ecosystem::Toolchain => TOOLS.iter().find(|(tool, _)| *tool == name).map(|(_, product)| *product),
        _ => None,
    }
}

/// The name under which [`Products`] has a package.
pub(super) fn key(ecosystem: Ecosystem, name: &str) -> String {
    plain(Purl::of(&PackageId::new(ecosystem, name, None, Source::PUBLIC_REGISTRY)).as_str())
}

/// A purl without version, qualifiers and percent-encoding.
fn plain(purl: &str) -> String {
    let purl = purl.split(['?', '#']).next().unwrap_or_default();
    // A scope begins with `@`, a version follows one.
    let end = purl.rfind('@').filter(|&at| at > 0 && !purl[..at].ends_with('/')).unwrap_or(purl.len());
    percent_decode_str(&purl[..end]).decode_utf8_lossy().to_ascii_lowercase()
}

fn read_products(body: &[u8]) -> Result<Products, String> {
    let identifiers: Identifiers = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut products = Products::new();
    for Identified { identifier, product } in identifiers.result {
        if identifier.starts_with("pkg:") && !product.name.is_empty() {
            // The first stays: what the list says twice must not depend on more than its order.
            products.entry(plain(&identifier)).or_insert(product.name);
        }
    }
    if products.is_empty() {
        return Err("it lists no products".to_owned());
    }
    Ok(products)
}

fn read_product(body: &[u8]) -> Result<Product, String> {
    let told: Told = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    // A product has release lines; without any nothing could ever be at its end.
    if told.result.releases.is_empty() {
        return Err("it lists no release lines".to_owned());
    }
    Ok(told.result)
}

impl Product {
    /// The line of a version: the longest name that the version begins with, whole number by whole number.
    pub(super) fn support(&self, version: &str) -> Option<Support> {
        let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
        let version = version.strip_prefix("go").unwrap_or(version);
        let is_line = |cycle: &&Cycle| {
            let rest = version.strip_prefix(cycle.name.as_str());
            !cycle.name.is_empty() && rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let cycle = self.releases.iter().filter(is_line).max_by_key(|cycle| cycle.name.len())?;
        let product = if self.label.is_empty() { &self.name } else { &self.label };
        let ends: Option<Date> = cycle.eol_from.as_deref().and_then(|day| day.parse().ok());
        Some(Support { product: product.clone(), cycle: cycle.name.clone(), ends, has_ended: cycle.is_eol })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_however_their_purl_is_written() {
        let list = r#"{"schema_version":"1.2.1","result":[
            {"identifier":"pkg:npm/%40angular/core","product":{"name":"angular","uri":"https://host.example"}},
            {"identifier":"pkg:pypi/Django","product":{"name":"django"}},
            {"identifier":"pkg:npm/@babel/core@7","product":{"name":"babel"}},
            {"identifier":"cpe:/o:a:b","product":{"name":"b"}},
            {"identifier":"pkg:docker/library/node","product":{"name":"nodejs"}},
            {"identifier":"pkg:github/a/b?x=y","product":{"name":"b"}}]}"#;
        let products = read_products(list.as_bytes()).unwrap();
        let of = |ecosystem, name| products.get(&key(ecosystem, name)).map(String::as_str);
        assert_eq!(of(Ecosystem::Npm, "@angular/core"), Some("angular"));
        assert_eq!(of(Ecosystem::Npm, "@babel/core"), Some("babel"));
        assert_eq!(of(Ecosystem::PyPi, "django"), Some("django"));
        assert_eq!(of(Ecosystem::Npm, "django"), None);
        assert_eq!(of(Ecosystem::Docker, "library/node"), Some("nodejs"));
        assert_eq!(products.len(), 5);
        assert_eq!(built_in(Ecosystem::Go, "stdlib"), Some("go"));
        assert_eq!(built_in(Ecosystem::Npm, "stdlib"), None);
        assert_eq!(built_in(Ecosystem::Toolchain, "node"), Some("nodejs"));
        assert_eq!(built_in(Ecosystem::Npm, "node"), None);
        assert!(read_products(b"<html>").is_err());
    }

    #[test]
    fn a_version_is_in_the_longest_line_that_it_begins_with() {
        let told = r#"{"result":{"name":"django","label":"Django","releases":[
            {"name":"4.2","isEol":false,"eolFrom":"2026-04-30","isLts":true,"latest":null},
            {"name":"4","isEol":true,"eolFrom":null},
            {"name":"1.1","isEol":true,"eolFrom":"2011-03-23"}]}}"#;
        let product = read_product(told.as_bytes()).unwrap();
        let line = |version: &str| product.support(version).map(|support| support.cycle);
        assert_eq!(line("4.2.7").as_deref(), Some("4.2"));
        assert_eq!(line("4.2").as_deref(), Some("4.2"));
        assert_eq!(line("v4.2rc1").as_deref(), Some("4.2"));
        assert_eq!(line("4.20").as_deref(), Some("4"));
        assert_eq!(line("1.11.3"), None);
        assert_eq!(line(""), None);
        let support = product.support("4.2.7").unwrap();
        assert_eq!(
            (support.product.as_str(), support.ends, support.has_ended),
            ("Django", "2026-04-30".parse().ok(), false)
        );
        assert!(product.support("1.1.4").unwrap().has_ended);
    }
}
