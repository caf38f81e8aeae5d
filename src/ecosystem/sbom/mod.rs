//! Bills of materials (SBOMs). Names do not tell the formats apart (`bom.json`, `sbom.json`): the content decides.
//!
//! Packages are named there by package URL. Each becomes a package of its ecosystem under its native name, by which
//! advisories are matched; what has no such name is counted and said (`identity.rs`).

use crate::ecosystem::syntax::{json, xml};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, text_of};
use crate::model::{Diagnostic, Ecosystem};

mod bill;
mod cyclonedx;
mod identity;
mod spdx;
mod spdx_graph;
mod spdx_tags;
#[cfg(test)]
mod tests;
mod walk;

use bill::Origin;

/// The ids of these parsers. Their packages are of any ecosystem; that of their rows means nothing.
pub(in crate::ecosystem) const IDS: [&str; 3] = [CYCLONEDX.id, SPDX.id, SBOM.id];

/// Every field may be absent from all of these formats.
const CAPABILITIES: Capabilities = Capabilities {
    graph: Support::Partial,
    direct: Support::Partial,
    kinds: Support::Partial,
    source: Support::Full,
    lines: Support::Partial,
    integrity: Support::Partial,
};

const fn row(id: &'static str, names: &'static [&'static str], parse: fn(&Input<'_>) -> Parsed) -> Parser {
    Parser {
        id,
        ecosystem: Ecosystem::Git,
        role: Role::Lockfile,
        names,
        empty_is_valid: false,
        capabilities: CAPABILITIES,
        parse,
    }
}

/// Names that CycloneDX asks for, and that its tools use.
pub(in crate::ecosystem) const CYCLONEDX: Parser = row(
    "cyclonedx",
    &[
        "*.cdx.json",
        "*.cdx.xml",
        "bom.json",
        "bom.xml",
        "*.bom.json",
        "*.bom.xml",
        "*.cyclonedx.json",
        "*.cyclonedx.xml",
        "cyclonedx.json",
        "cyclonedx.xml",
    ],
    |input| parse(CYCLONEDX.id, input),
);

/// Names that SPDX asks for.
pub(in crate::ecosystem) const SPDX: Parser =
    row("spdx", &["*.spdx", "*.spdx.json", "*.spdx3.json"], |input| parse(SPDX.id, input));

/// Names that say no format.
pub(in crate::ecosystem) const SBOM: Parser =
    row("sbom", &["sbom.json", "*.sbom.json", "sbom.xml", "*.sbom.xml"], |input| parse(SBOM.id, input));

fn parse(parser: &'static str, input: &Input<'_>) -> Parsed {
    let start = input.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input.bytes).trim_ascii_start();
    match start.first() {
        Some(b'{' | b'[') => of_json(parser, input),
        // A document in UTF-16 begins with its mark.
        Some(b'<' | 0xFE | 0xFF) => of_xml(parser, input),
        _ => of_tags(parser, input),
    }
}

fn of_json(parser: &'static str, input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut diagnostics);
    // GitHub puts what it exports into an object of its own.
    let value = document.value.get("sbom").unwrap_or(&document.value);
    let read = if cyclonedx::is_json(value) {
        cyclonedx::json
    } else if spdx_graph::is_json(value) {
        spdx_graph::json
    } else if spdx::is_json(value) {
        spdx::json
    } else {
        return neither(input, diagnostics);
    };
    let bill = read(value, input.path, &mut diagnostics);
    bill.finish(Origin { path: input.path, parser, lines: &document.lines }, diagnostics)
}

fn of_xml(parser: &'static str, input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let mut decoded = String::new();
    let document = xml::parse(input.path, input.bytes, &mut decoded, &mut diagnostics);
    let Some(root) = document.root.as_ref().filter(|root| cyclonedx::is_xml(root)) else {
        return neither(input, diagnostics);
    };
    let bill = cyclonedx::xml(root, input.path, &mut diagnostics);
    bill.finish(Origin { path: input.path, parser, lines: &document.lines }, diagnostics)
}

fn of_tags(parser: &'static str, input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let text = text_of(input.path, input.bytes, &mut diagnostics);
    if !spdx_tags::is_tags(text) {
        return neither(input, diagnostics);
    }
    let bill = spdx_tags::read(text, input.path, &mut diagnostics);
    let lines = crate::model::LineIndex::new(input.path, text);
    bill.finish(Origin { path: input.path, parser, lines: &lines }, diagnostics)
}

/// Of a broken document that may be the break's fault, which is said already.
fn neither(input: &Input<'_>, mut diagnostics: Vec<Diagnostic>) -> Parsed {
    if diagnostics.is_empty() {
        let message = "by its name this is a bill of materials, but it is neither CycloneDX (JSON, XML) nor SPDX (JSON, \
                       JSON-LD, tag-value); nothing was read. Rename it, or leave it out of the scan";
        diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    Parsed { diagnostics, ..Parsed::default() }
}
