//! CycloneDX 1.2 to 1.7 in JSON and 1.0 to 1.7 in XML (<https://cyclonedx.org/docs/1.7/json/>). What differs between the
//! two is how a field is found; what it means is written once.

use std::borrow::Cow;

use super::bill::{Bill, Component, Relation, Role, strongest, version};
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::xml::Element;
use crate::model::{DependencyKind, Diagnostic, Kinds, RepoPath};

/// The newest minor version of the format that is known; the major one is 1.
const NEWEST: u32 = 7;

/// The properties by which tools say that a component is there for development only: of `cyclonedx-npm`, of GitLab.
const DEVELOPMENT: [(&str, &str); 3] = [
    ("cdx:npm:package:development", "true"),
    ("cdx:composer:package:isDevRequirement", "true"),
    ("gitlab:dependency_scanning:category", "development"),
];

/// A component, however it is written.
trait Node<'d>: Sized {
    /// The text of a field.
    fn field(&'d self, name: &'static str) -> Option<&'d str>;
    /// The reference by which others name it.
    fn reference(&'d self) -> Option<&'d str>;
    /// What it is: `library`, `application`, …
    fn kind(&'d self) -> Option<&'d str>;
    /// Algorithms and digits of its hashes.
    fn hashes(&'d self) -> Vec<(&'d str, &'d str)>;
    /// Names and values of its properties.
    fn properties(&'d self) -> Vec<(&'d str, &'d str)>;
    /// The components within.
    fn children(&'d self) -> Vec<&'d Self>;
}

impl<'d> Node<'d> for Value<'d> {
    fn field(&'d self, name: &'static str) -> Option<&'d str> {
        self.text(name)
    }

    fn reference(&'d self) -> Option<&'d str> {
        self.text("bom-ref")
    }

    fn kind(&'d self) -> Option<&'d str> {
        self.text("type")
    }

    fn hashes(&'d self) -> Vec<(&'d str, &'d str)> {
        pairs(self.get("hashes"), ("alg", "content"))
    }

    fn properties(&'d self) -> Vec<(&'d str, &'d str)> {
        pairs(self.get("properties"), ("name", "value"))
    }

    fn children(&'d self) -> Vec<&'d Self> {
        self.get("components").map_or(&[][..], Value::items).iter().collect()
    }
}

fn pairs<'d>(list: Option<&'d Value<'d>>, (first, second): (&str, &str)) -> Vec<(&'d str, &'d str)> {
    list.map_or(&[][..], Value::items).iter().filter_map(|item| Some((item.text(first)?, item.text(second)?))).collect()
}

impl<'d> Node<'d> for Element<'d> {
    fn field(&'d self, name: &'static str) -> Option<&'d str> {
        self.text_of(name)
    }

    fn reference(&'d self) -> Option<&'d str> {
        self.attribute("bom-ref")
    }

    fn kind(&'d self) -> Option<&'d str> {
        self.attribute("type")
    }

    fn hashes(&'d self) -> Vec<(&'d str, &'d str)> {
        let hashes = self.at_path(&["hashes", "hash"]).into_iter();
        hashes.filter_map(|hash| Some((hash.attribute("alg")?, hash.text.trim()))).collect()
    }

    fn properties(&'d self) -> Vec<(&'d str, &'d str)> {
        let properties = self.at_path(&["properties", "property"]).into_iter();
        properties.filter_map(|property| Some((property.attribute("name")?, &*property.text))).collect()
    }

    fn children(&'d self) -> Vec<&'d Self> {
        self.at_path(&["components", "component"])
    }
}

/// Whether an object is such a document.
pub(super) fn is_json(value: &Value<'_>) -> bool {
    match value.text("bomFormat") {
        Some(format) => format.eq_ignore_ascii_case("CycloneDX"),
        None => value.get("specVersion").is_some() && value.get("components").is_some(),
    }
}

/// Reads a document in JSON.
pub(super) fn json<'d>(value: &'d Value<'d>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) -> Bill<'d> {
    check_version(value.text("specVersion"), path, diagnostics);
    let mut bill = Bill::default();
    bill.is_about_project = true;
    if let Some(subject) = value.get("metadata").and_then(|metadata| metadata.get("component")) {
        add_subject(subject, &mut bill);
    }
    add_all(value.children(), &mut bill);
    for entry in value.get("dependencies").map_or(&[][..], Value::items) {
        let Some(from) = entry.text("ref") else { continue };
        for to in entry.get("dependsOn").map_or(&[][..], Value::items).iter().filter_map(Value::as_text) {
            bill.link(from, to, Relation::Needs(None));
        }
    }
    bill
}

/// Whether an element is such a document.
pub(super) fn is_xml(root: &Element<'_>) -> bool {
    root.name == "bom"
}

/// Reads a document in XML.
pub(super) fn xml<'d>(root: &'d Element<'d>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) -> Bill<'d> {
    // The version stands in the name space: http://cyclonedx.org/schema/bom/1.4
    let space = root.attributes().map(|(_, value)| value).find(|value| value.contains("cyclonedx.org/schema/bom/"));
    check_version(space.and_then(|space| space.rsplit('/').next()), path, diagnostics);
    let mut bill = Bill::default();
    bill.is_about_project = true;
    if let Some(subject) = root.at_path(&["metadata", "component"]).into_iter().next() {
        add_subject(subject, &mut bill);
    }
    add_all(Node::children(root), &mut bill);
    // Up to version 1.1 the graph was an extension of the same form.
    for entry in root.at_path(&["dependencies", "dependency"]) {
        let Some(from) = entry.attribute("ref") else { continue };
        for to in entry.all("dependency").filter_map(|to| to.attribute("ref")) {
            bill.link(from, to, Relation::Needs(None));
        }
    }
    bill
}

fn check_version(version: Option<&str>, path: &RepoPath, diagnostics: &mut Vec<Diagnostic>) {
    let minor = version.and_then(|version| version.strip_prefix("1.")?.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor > NEWEST) {
        let version = version.unwrap_or("none");
        let version: String = version.chars().take(20).collect();
        let message = format!(
            "version {version} of CycloneDX is not known; the file was read like 1.{NEWEST}, and packages may be missing"
        );
        diagnostics.push(Diagnostic::error(path, None, message));
    }
}

fn add_subject<'d, N: Node<'d>>(subject: &'d N, bill: &mut Bill<'d>) {
    const SUBJECT: &str = "\u{0}subject";
    let mut component = read(subject);
    if component.reference.is_empty() {
        component.reference = SUBJECT;
    }
    component.role = Role::Whole;
    bill.subjects.push(component.reference);
    bill.components.push(component);
    // What it is put together from may be listed here.
    add_all(subject.children(), bill);
}

/// Adds components and those within them, in the order of the document.
fn add_all<'d, N: Node<'d>>(components: Vec<&'d N>, bill: &mut Bill<'d>) {
    let mut todo = components;
    todo.reverse();
    while let Some(component) = todo.pop() {
        bill.components.push(read(component));
        todo.extend(component.children().into_iter().rev());
    }
}

fn read<'d, N: Node<'d>>(node: &'d N) -> Component<'d> {
    let name = node.field("name").unwrap_or_default();
    let name = match node.field("group").filter(|group| !group.is_empty()) {
        Some(group) => Cow::Owned(format!("{group}/{name}")),
        None => Cow::Borrowed(name),
    };
    let scope = match node.field("scope") {
        Some("required") => Some(DependencyKind::Runtime),
        Some("optional") => Some(DependencyKind::Optional),
        // "Components that are excluded from the scope provide the ability to document component usage for test and
        // other non-runtime purposes."
        Some("excluded") => Some(DependencyKind::Dev),
        _ => None,
    };
    let mut kinds = scope.map(Kinds::only).unwrap_or_default();
    if node.properties().iter().any(|property| DEVELOPMENT.contains(property)) {
        kinds = Kinds::only(DependencyKind::Dev);
    }
    Component {
        reference: node.reference().unwrap_or_default(),
        version: node.field("version").and_then(version),
        requirement: node.field("versionRange"),
        purls: node.field("purl").filter(|purl| !purl.is_empty()).into_iter().collect(),
        has_cpe: node.field("cpe").is_some(),
        hash: strongest(node.hashes().into_iter()),
        kinds,
        role: match node.kind() {
            Some("application" | "container" | "platform" | "operating-system" | "firmware") => Role::Whole,
            Some("file" | "data" | "cryptographic-asset") => Role::File,
            _ => Role::Package,
        },
        ..Component::named(name)
    }
}
