//! VEX documents: statements of somebody who knows that a vulnerability does not affect a product. Each becomes an
//! exception whose reason is its justification and whose owner is its author.
//!
//! Three formats are read, and told apart by what stands in them: OpenVEX 0.2
//! (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>), CycloneDX 1.4 to 1.7
//! (<https://cyclonedx.org/capabilities/vex/>) and CSAF 2.0 and 2.1 with the profile VEX
//! (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>, section 4.5).
//!
//! # What a statement covers
//!
//! A statement speaks of a product, or of a component within a product. It is applied where the product is here, and
//! nowhere else: a statement about somebody else's program says nothing about ours.
//!
//! - The product is a dependency: its findings are covered, in the versions that the statement names; a package URL
//!   without a version means all of them.
//! - The product is the scanned project (a project of a root by its package URL, or `--project`): what the statement
//!   names as a component within it is covered; without a component, whatever the product brings in. In a workspace of
//!   several projects that holds for packages that no other project brings in.
//! - `fixed` about a dependency without a version does not say which versions are meant, and covers none.
//!
//! Any id of the vulnerability is as good as any other. Of several statements the latest holds: one that says
//! `affected` or `under_investigation` takes away what an earlier one gave. Malware and what is known to be exploited is
//! covered by no VEX document: attacks that are seen outweigh what somebody wrote before them.

mod claims;
mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod reader;

pub use reader::VexError;

use jiff::Timestamp;

use self::product::Product;
use crate::model::Location;

pub(super) use claims::claims;
pub use claims::remarks;

/// A document of more bytes is refused (hostile input).
pub const LARGEST: usize = 16 << 20;

/// How many pairs of product and component the statements of a document may name.
const MOST_PAIRS: usize = 200_000;

/// How many ids of one vulnerability are read; it has a handful.
const MOST_IDS: usize = 50;

/// How many characters of a justification are kept.
const LONGEST_REASON: usize = 1_000;

/// A VEX document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file, as the caller named it.
    pub path: String,
    statements: Vec<Statement>,
}

/// What a document says about one vulnerability and some products.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    /// Ids of the vulnerability.
    ids: Vec<String>,
    status: Status,
    /// Products, each with the component within it that is meant, if one is.
    about: Vec<(Product, Option<Product>)>,
    reason: String,
    owner: Option<String>,
    time: Option<Timestamp>,
    version: u64,
    location: Location,
}

/// What it says about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    NotAffected,
    Fixed,
    /// Affected, or not known yet.
    Open,
}

/// Reads a document. `path` is the file as the user named it and stands in errors.
///
/// # Errors
///
/// What is wrong with it, and where.
pub fn parse(path: &str, text: &str) -> Result<Document, VexError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = reader::Reader::new(path, text);
    if text.len() > LARGEST {
        return Err(reader.error(format!("a VEX document is at most {LARGEST} bytes long")));
    }
    let fields = reader.fields()?;
    let statements = if fields.contains_key("@context") {
        openvex::read(&reader, &fields)?
    } else if fields.contains_key("bomFormat") {
        cyclonedx::read(&reader, &fields)?
    } else if fields.contains_key("document") {
        csaf::read(&reader, &fields)?
    } else {
        let message =
            "it is no VEX document: neither OpenVEX (`@context`), CycloneDX (`bomFormat`) nor CSAF (`document`)";
        return Err(reader.error(message));
    };
    let pairs: usize = statements.iter().map(|statement| statement.about.len()).sum();
    if pairs > MOST_PAIRS {
        return Err(reader.error(format!("its statements name {pairs} products; {MOST_PAIRS} are the most")));
    }
    Ok(Document { path: path.to_owned(), statements })
}

/// The words of a justification: a label of the format, then what its author wrote.
fn reason(status: &str, label: Option<&str>, text: Option<&str>) -> String {
    let words = |label: &str| label.replace('_', " ");
    let label = label.filter(|label| !label.trim().is_empty()).map(words);
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let whole = match (label, text) {
        (Some(label), Some(text)) => format!("{label}: {text}"),
        (Some(label), None) => label,
        (None, Some(text)) => format!("{}: {text}", words(status)),
        (None, None) => format!("{}, without a justification", words(status)),
    };
    whole.chars().take(LONGEST_REASON).collect()
}

/// A moment as documents write it. One that cannot be read is as if it were not there.
fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// The ids of a vulnerability that can be ids, each once.
fn ids<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_plain = |id: &&str| !id.is_empty() && id.len() <= 200 && id.bytes().all(|byte| byte.is_ascii_graphic());
    let mut kept: Vec<String> = Vec::new();
    for id in ids.filter(is_plain).take(MOST_IDS) {
        if !kept.iter().any(|known| known == id) {
            kept.push(id.to_owned());
        }
    }
    kept
}

#[cfg(test)]
mod tests;
