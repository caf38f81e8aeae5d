//! SPDX 2.2 and 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>): what their JSON and tag-value forms share, and the JSON.

use std::borrow::Cow;

use super::bill::{Bill, Component, Relation, Role, strongest, version};
use crate::ecosystem::syntax::json::Value;
use crate::model::{DependencyKind, Diagnostic, RepoPath};

/// What a document calls itself in relationships.
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// Whether an object is such a document.
pub(super) fn is_json(value: &Value<'_>) -> bool {
    value.get("spdxVersion").is_some() || value.text("SPDXID") == Some(DOCUMENT)
}

/// Says it where the version is none that is known.
pub(super) fn check_version(version: Option<&str>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) {
    let minor = version.and_then(|version| version.trim().strip_prefix("SPDX-2.")?.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor > 3) {
        let version: String = version.unwrap_or("none").chars().take(20).collect();
        let message = format!(
            "version {version} of SPDX is not known in this form; the file was read like SPDX-2.3, and packages may be missing"
        );
        diagnostics.push(Diagnostic::error(path, None, message));
    }
}

/// Reads a document in JSON.
pub(super) fn json<'d>(value: &'d Value<'d>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) -> Bill<'d> {
    check_version(value.text("spdxVersion"), path, diagnostics);
    let mut bill = Bill::default();
    let items = |key: &str| value.get(key).map_or(&[][..], Value::items);
    for item in items("packages") {
        bill.components.push(package(item));
    }
    for described in items("documentDescribes").iter().filter_map(Value::as_text) {
        describe(described, &mut bill);
    }
    for relationship in items("relationships") {
        let text = |key: &str| relationship.text(key);
        if let (Some(from), Some(kind), Some(to)) =
            (text("spdxElementId"), text("relationshipType"), text("relatedSpdxElement"))
        {
            relate(from, kind, to, &mut bill);
        }
    }
    without_files(value, &mut bill);
    bill
}

/// Files are related to packages as well; those links say nothing here.
fn without_files<'d>(value: &'d Value<'d>, bill: &mut Bill<'d>) {
    for key in ["files", "snippets"] {
        for file in value.get(key).map_or(&[][..], Value::items) {
            let mut component = Component::named(Cow::Borrowed(file.text("fileName").unwrap_or_default()));
            component.reference = file.text("SPDXID").unwrap_or_default();
            component.role = Role::File;
            bill.components.push(component);
        }
    }
}

fn package<'d>(item: &'d Value<'d>) -> Component<'d> {
    let mut component = Component::named(Cow::Borrowed(item.text("name").unwrap_or_default()));
    component.reference = item.text("SPDXID").unwrap_or_default();
    component.version = item.text("versionInfo").and_then(version);
    for reference in item.get("externalRefs").map_or(&[][..], Value::items) {
        external(&mut component, reference.text("referenceType"), reference.text("referenceLocator"));
    }
    let checksums = item.get("checksums").map_or(&[][..], Value::items).iter();
    component.hash = strongest(checksums.filter_map(|sum| Some((sum.text("algorithm")?, sum.text("checksumValue")?))));
    component.role = role(item.text("primaryPackagePurpose"));
    component
}

/// What the purpose of a package says it is.
pub(super) fn role(purpose: Option<&str>) -> Role {
    match purpose {
        Some("APPLICATION" | "CONTAINER" | "OPERATING-SYSTEM" | "OPERATING_SYSTEM" | "FIRMWARE" | "INSTALL") => {
            Role::Whole
        }
        Some("FILE" | "SOURCE" | "ARCHIVE") => Role::File,
        _ => Role::Package,
    }
}

/// Takes the package URL or the CPE of an external reference. A type may be written as its address
/// (`http://spdx.org/rdf/references/purl`).
pub(super) fn external<'d>(component: &mut Component<'d>, kind: Option<&'d str>, locator: Option<&'d str>) {
    let (Some(kind), Some(locator)) = (kind, locator.map(str::trim).filter(|text| !text.is_empty())) else { return };
    match kind.rsplit('/').next().unwrap_or(kind) {
        "purl" => component.purls.push(locator),
        "cpe22Type" | "cpe23Type" => component.has_cpe = true,
        _ => {}
    }
}

/// Notes what the document is about.
pub(super) fn describe<'d>(what: &'d str, bill: &mut Bill<'d>) {
    bill.subjects.push(what);
}

/// Adds a relationship (<https://spdx.github.io/spdx-spec/v2.3/relationships-between-SPDX-elements/>).
pub(super) fn relate<'d>(from: &'d str, kind: &str, to: &'d str, bill: &mut Bill<'d>) {
    use DependencyKind as Kind;
    let is_elsewhere = |id: &str| matches!(id, "NONE" | "NOASSERTION") || id.starts_with("DocumentRef-");
    if is_elsewhere(from) || is_elsewhere(to) {
        return;
    }
    let (from, relation, to) = match kind {
        "DESCRIBES" if from == DOCUMENT => return describe(to, bill),
        "DESCRIBED_BY" if to == DOCUMENT => return describe(from, bill),
        "DEPENDS_ON" | "HAS_PREREQUISITE" => (from, Relation::Needs(None), to),
        "STATIC_LINK" | "DYNAMIC_LINK" => (from, Relation::Needs(Some(Kind::Runtime)), to),
        "DEPENDENCY_OF" | "PREREQUISITE_FOR" => (to, Relation::Needs(None), from),
        "RUNTIME_DEPENDENCY_OF" => (to, Relation::Needs(Some(Kind::Runtime)), from),
        "BUILD_DEPENDENCY_OF" | "BUILD_TOOL_OF" => (to, Relation::Needs(Some(Kind::Build)), from),
        "DEV_DEPENDENCY_OF" | "DEV_TOOL_OF" | "TEST_DEPENDENCY_OF" | "TEST_TOOL_OF" => {
            (to, Relation::Needs(Some(Kind::Dev)), from)
        }
        "OPTIONAL_DEPENDENCY_OF" => (to, Relation::Needs(Some(Kind::Optional)), from),
        "PROVIDED_DEPENDENCY_OF" => (to, Relation::Needs(Some(Kind::Peer)), from),
        "CONTAINS" => (from, Relation::Holds, to),
        "CONTAINED_BY" => (to, Relation::Holds, from),
        // Files, patches, copies, documentation, and what a tool means by `OTHER`.
        _ => return,
    };
    if from != DOCUMENT && to != DOCUMENT {
        bill.link(from, to, relation);
    }
}
