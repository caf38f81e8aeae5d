//! CycloneDX 1.4 to 1.7 (<https://cyclonedx.org/docs/1.6/json/#vulnerabilities>): the analysis of vulnerabilities, in a
//! bill of materials or in a document of their own that refers to one.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::product::Product;
use super::reader::{Fields, Reader, VexError};
use super::{Statement, Status};

const VERSIONS: [&str; 4] = ["1.4", "1.5", "1.6", "1.7"];

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    timestamp: Option<String>,
    component: Option<Component>,
    authors: Vec<Party>,
    manufacturer: Option<Party>,
    manufacture: Option<Party>,
    supplier: Option<Party>,
}

#[derive(Deserialize)]
struct Party {
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    group: Option<String>,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    references: Vec<Reference>,
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affects>,
    updated: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Analysis {
    #[serde(default)]
    state: String,
    justification: Option<String>,
    detail: Option<String>,
    #[serde(rename = "firstIssued")]
    first_issued: Option<String>,
    #[serde(rename = "lastUpdated")]
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: Option<String>,
    range: Option<String>,
}

impl Component {
    fn product(&self) -> Product {
        if let Some(purl) = &self.purl {
            return Product::of(purl);
        }
        let group = self.group.as_deref().filter(|group| !group.is_empty());
        let name = group.map_or_else(|| self.name.clone(), |group| format!("{group}/{}", self.name));
        Product::Named { name, version: self.version.clone() }
    }
}

/// The product that the document is about, and what its references lead to.
struct Things {
    product: Option<(Option<String>, Product)>,
    by_reference: HashMap<String, Product>,
}

impl Things {
    fn of(metadata: &Metadata, components: &[Component]) -> Self {
        let mut by_reference = HashMap::new();
        let mut waiting: Vec<&Component> = components.iter().rev().collect();
        while let Some(component) = waiting.pop() {
            if let Some(reference) = &component.reference {
                by_reference.entry(reference.clone()).or_insert_with(|| component.product());
            }
            waiting.extend(component.components.iter().rev());
        }
        let product = metadata.component.as_ref().map(|component| (component.reference.clone(), component.product()));
        Self { product, by_reference }
    }

    /// What an analysis speaks of: the product of the document, or a component within it. Where the document names no
    /// product, the component itself.
    fn about(&self, affects: &Affects) -> (Product, Option<Product>) {
        // `urn:cdx:SERIAL/VERSION#REF` refers to a component of another document.
        let reference = match affects.reference.strip_prefix("urn:cdx:") {
            Some(link) => link.split_once('#').map_or("", |(_, reference)| reference),
            None => &affects.reference,
        };
        if let Some((own, product)) = &self.product
            && own.as_deref() == Some(reference)
        {
            return (product.clone(), None);
        }
        let named = self.by_reference.get(reference).cloned();
        let thing = named.unwrap_or_else(|| {
            // In a link the reference is percent-encoded, which package URLs survive but for their separators.
            Product::of(&reference.replace("%3A", ":").replace("%2F", "/").replace("%40", "@").replace("%3F", "?"))
        });
        let ranges = affects.versions.iter().filter_map(|of| of.version.clone().or_else(|| of.range.clone()));
        let ranges: Vec<String> = ranges.collect();
        let thing = if ranges.is_empty() { thing } else { thing.in_versions(&ranges) };
        match &self.product {
            Some((_, product)) => (product.clone(), Some(thing)),
            None => (thing, None),
        }
    }
}

/// The statements of a document. A vulnerability without an analysis is none.
pub(super) fn read<'t>(reader: &Reader<'t>, fields: &Fields<'t>) -> Result<Vec<Statement>, VexError> {
    let version: String = reader.member(fields, "specVersion")?;
    if !VERSIONS.contains(&version.as_str()) {
        return Err(reader.error(format!("its `specVersion` is {version:?}; CycloneDX is read from 1.4 to 1.7")));
    }
    let metadata: Metadata = reader.member(fields, "metadata")?;
    let components: Vec<Component> = reader.member(fields, "components")?;
    let things = Things::of(&metadata, &components);
    let parties = [&metadata.manufacturer, &metadata.manufacture, &metadata.supplier];
    let owner = metadata.authors.iter().chain(parties.into_iter().flatten()).find_map(|party| party.name.clone());
    let number: u64 = reader.member(fields, "version")?;
    let pieces: Vec<&RawValue> = reader.member(fields, "vulnerabilities")?;
    let mut statements = Vec::new();
    for piece in pieces {
        let entry: Entry = reader.read(piece)?;
        let Some(analysis) = &entry.analysis else { continue };
        let status = match analysis.state.as_str() {
            "not_affected" | "false_positive" => Status::NotAffected,
            "resolved" | "resolved_with_pedigree" => Status::Fixed,
            "exploitable" | "in_triage" | "" => Status::Open,
            other => {
                let message = format!(
                    "`state` is {other:?}; CycloneDX has resolved, resolved_with_pedigree, exploitable, in_triage, \
                     false_positive and not_affected"
                );
                return Err(reader.error_at(piece, message));
            }
        };
        let own = analysis.last_updated.as_deref().or(analysis.first_issued.as_deref()).or(entry.updated.as_deref());
        let names = std::iter::once(&entry.id).chain(entry.references.iter().map(|reference| &reference.id));
        statements.push(Statement {
            ids: super::ids(names.map(String::as_str)),
            status,
            about: entry.affects.iter().map(|affects| things.about(affects)).collect(),
            reason: super::reason(&analysis.state, analysis.justification.as_deref(), analysis.detail.as_deref()),
            owner: owner.clone(),
            time: super::time(own.or(metadata.timestamp.as_deref())),
            version: number,
            location: reader.locate(piece),
        });
    }
    Ok(statements)
}
