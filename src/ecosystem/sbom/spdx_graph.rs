//! SPDX 3.0 in JSON-LD (<https://spdx.github.io/spdx-spec/v3.0.1/>): a list of elements, with everything that relates
//! two of them an element too.

use std::borrow::Cow;
use std::collections::HashSet;

use super::bill::{Bill, Component, Relation, Role, strongest, version};
use super::spdx::describe;
use crate::ecosystem::syntax::json::Value;
use crate::model::{DependencyKind, Diagnostic, RepoPath};

/// Whether an object is such a document: its context is that of SPDX.
pub(super) fn is_json(value: &Value<'_>) -> bool {
    let is_spdx = |value: &Value<'_>| value.as_text().is_some_and(|text| text.contains("spdx.org/rdf/3"));
    value.get("@context").is_some_and(|context| is_spdx(context) || context.items().iter().any(is_spdx))
}

/// Reads a document.
pub(super) fn json<'d>(value: &'d Value<'d>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) -> Bill<'d> {
    let mut bill = Bill::default();
    // A document of one element need not have a list.
    let elements = value.get("@graph").map_or(std::slice::from_ref(value), Value::items);
    let mut format = None;
    // Lists of elements, such as the document and its bill, that say what they are about.
    let mut collections: Vec<(&str, &Value<'_>)> = Vec::new();
    for element in elements {
        let id = element.text("spdxId").or_else(|| element.text("@id")).unwrap_or_default();
        let kind = element.text("type").or_else(|| element.text("@type")).unwrap_or_default();
        match kind.rsplit(['_', ':', '/']).next().unwrap_or(kind) {
            "CreationInfo" => format = format.or_else(|| element.text("specVersion")),
            "SpdxDocument" | "Sbom" | "Bom" | "Bundle" => collections.push((id, element)),
            "Package" => bill.components.push(package(id, element)),
            "File" | "Snippet" => {
                let name = Cow::Borrowed(element.text("name").unwrap_or_default());
                bill.components.push(Component { reference: id, role: Role::File, ..Component::named(name) });
            }
            "Relationship" | "LifecycleScopedRelationship" => relationship(element, &mut bill),
            _ => {}
        }
    }
    if !format.is_some_and(|format| format.starts_with("3.0")) {
        let format: String = format.unwrap_or("none").chars().take(20).collect();
        let message = format!(
            "version {format} of SPDX is not known in this form; the file was read like 3.0.1, and packages may be missing"
        );
        diagnostics.push(Diagnostic::error(path, None, message));
    }
    let ids: HashSet<&str> = collections.iter().map(|(id, _)| *id).collect();
    for (_, collection) in &collections {
        let roots = collection.get("rootElement").map_or(&[][..], all).iter().filter_map(Value::as_text);
        roots.filter(|root| !ids.contains(root)).for_each(|root| describe(root, &mut bill));
    }
    bill
}

/// The items of a list, or the one thing that stands instead of it.
fn all<'v, 'd>(value: &'v Value<'d>) -> &'v [Value<'d>] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

fn package<'d>(id: &'d str, element: &'d Value<'d>) -> Component<'d> {
    let field = |name: &str| element.text(name).filter(|text| !text.is_empty());
    let mut component = Component::named(Cow::Borrowed(field("name").unwrap_or_default()));
    component.reference = id;
    component.version = field("software_packageVersion").and_then(version);
    component.purls.extend(field("software_packageUrl"));
    for identifier in element.get("externalIdentifier").map_or(&[][..], all) {
        match (identifier.text("externalIdentifierType"), identifier.text("identifier")) {
            (Some("packageUrl" | "packageURL" | "purl"), Some(purl)) if !component.purls.contains(&purl) => {
                component.purls.push(purl);
            }
            (Some("cpe22" | "cpe23"), _) => component.has_cpe = true,
            _ => {}
        }
    }
    let hashes = element.get("verifiedUsing").map_or(&[][..], all).iter();
    component.hash = strongest(hashes.filter_map(|hash| Some((hash.text("algorithm")?, hash.text("hashValue")?))));
    component.role = match field("software_primaryPurpose") {
        Some("application" | "container" | "operatingSystem" | "firmware" | "diskImage" | "filesystemImage") => {
            Role::Whole
        }
        Some("file" | "data" | "documentation" | "evidence") => Role::File,
        _ => Role::Package,
    };
    component
}

/// Adds a relationship (<https://spdx.github.io/spdx-spec/v3.0.1/model/Core/Vocabularies/RelationshipType/>).
fn relationship<'d>(element: &'d Value<'d>, bill: &mut Bill<'d>) {
    use DependencyKind as Kind;
    let (Some(from), Some(kind)) = (element.text("from"), element.text("relationshipType")) else { return };
    let scope = match element.text("scope") {
        Some("runtime") => Some(Kind::Runtime),
        Some("build") => Some(Kind::Build),
        Some("development" | "test" | "design") => Some(Kind::Dev),
        _ => None,
    };
    let relation = match kind {
        "dependsOn" | "hasPrerequisite" => Relation::Needs(scope),
        "hasStaticLink" | "hasDynamicLink" => Relation::Needs(scope.or(Some(Kind::Runtime))),
        "hasOptionalDependency" => Relation::Needs(Some(Kind::Optional)),
        "hasProvidedDependency" => Relation::Needs(Some(Kind::Peer)),
        "usesTool" => Relation::Needs(Some(scope.unwrap_or(Kind::Build))),
        "contains" => Relation::Holds,
        _ => return,
    };
    let targets = element.get("to").map_or(&[][..], all).iter().filter_map(Value::as_text);
    targets.filter(|to| !to.ends_with("/NoneElement") && !to.ends_with("/NoAssertionElement")).for_each(|to| {
        bill.link(from, to, relation);
    });
}
