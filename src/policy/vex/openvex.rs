//! OpenVEX 0.2 (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::product::Product;
use super::reader::{Fields, Reader, VexError};
use super::{Statement, Status};

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

#[derive(Deserialize)]
struct Entry {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Thing>,
    status: String,
    timestamp: Option<String>,
    last_updated: Option<String>,
    justification: Option<String>,
    impact_statement: Option<String>,
    status_notes: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
}

/// A product or a subcomponent.
#[derive(Deserialize)]
#[serde(expecting = "a product as an object with `@id`")]
struct Thing {
    #[serde(rename = "@id", default)]
    id: String,
    #[serde(default)]
    identifiers: Identifiers,
    #[serde(default)]
    subcomponents: Vec<Thing>,
}

#[derive(Deserialize, Default)]
struct Identifiers {
    purl: Option<String>,
}

impl Thing {
    fn product(&self) -> Product {
        Product::of(self.identifiers.purl.as_deref().unwrap_or(&self.id))
    }
}

/// The statements of a document.
pub(super) fn read<'t>(reader: &Reader<'t>, fields: &Fields<'t>) -> Result<Vec<Statement>, VexError> {
    let context: String = reader.member(fields, "@context")?;
    if context.trim_end_matches('/') != CONTEXT {
        return Err(reader.error(format!("its `@context` is {context:?}; OpenVEX is read as {CONTEXT} has it")));
    }
    let author: Option<String> = reader.member(fields, "author")?;
    let issued: Option<String> = reader.member(fields, "timestamp")?;
    let updated: Option<String> = reader.member(fields, "last_updated")?;
    let version: u64 = reader.member(fields, "version")?;
    let pieces: Vec<&RawValue> = reader.member(fields, "statements")?;
    let mut statements = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let entry: Entry = reader.read(piece)?;
        let status = match entry.status.as_str() {
            "not_affected" => Status::NotAffected,
            "fixed" => Status::Fixed,
            "affected" | "under_investigation" => Status::Open,
            other => {
                let message =
                    format!("`status` is {other:?}; OpenVEX has not_affected, affected, fixed and under_investigation");
                return Err(reader.error_at(piece, message));
            }
        };
        // A statement without a time of its own was made when the document was.
        let own = entry.last_updated.as_deref().or(entry.timestamp.as_deref());
        let time = super::time(own.or(updated.as_deref()).or(issued.as_deref()));
        let text = entry.impact_statement.as_deref().or(entry.status_notes.as_deref());
        let vulnerability = &entry.vulnerability;
        statements.push(Statement {
            ids: super::ids(std::iter::once(&vulnerability.name).chain(&vulnerability.aliases).map(String::as_str)),
            status,
            about: entry.products.iter().flat_map(about).collect(),
            reason: super::reason(&entry.status, entry.justification.as_deref(), text),
            owner: author.clone(),
            time,
            version,
            location: reader.locate(piece),
        });
    }
    Ok(statements)
}

/// The product itself, or each of the components within it that are meant.
fn about(product: &Thing) -> Vec<(Product, Option<Product>)> {
    if product.subcomponents.is_empty() {
        return vec![(product.product(), None)];
    }
    product.subcomponents.iter().map(|component| (product.product(), Some(component.product()))).collect()
}
