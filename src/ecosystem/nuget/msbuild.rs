//! One MSBuild file as it is written (<https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files>):
//! properties and what it asks for, nothing put in for `$(…)`. Names of properties and metadata are compared without
//! regard to case.

use std::collections::HashMap;

use super::lower;
use crate::ecosystem::syntax::xml::{self, Document, Element};
use crate::model::{Diagnostic, Location, RepoPath};

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: Option<Location>,
}

/// What kind of item it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    /// A package that the project uses.
    Package,
    /// A package that every project below uses.
    Global,
    /// A package that is fetched and not used by the program.
    Download,
    /// A command for developers.
    Tool,
    /// What the build itself is made of.
    Sdk,
    /// Another project.
    Project,
    /// The version of a package for all projects that use it.
    Central,
}

/// An item: one name of its `Include` or `Update`.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) kind: ItemKind,
    pub(super) name: String,
    pub(super) version: Option<Value>,
    /// The version in spite of the central one.
    pub(super) override_version: Option<Value>,
    /// Whether nobody who uses the project gets it.
    pub(super) is_private: bool,
    /// Whether it changes an item that stands elsewhere.
    pub(super) is_update: bool,
    pub(super) declared: Location,
}

/// A property: what it is set to for certain, and what it is set to under a condition.
#[derive(Debug, Default)]
pub(super) struct Property {
    always: Option<Value>,
    sometimes: Vec<Value>,
}

impl Property {
    /// Its value, where there is only one that it can have.
    pub(super) fn value(&self) -> Option<&Value> {
        let first = self.always.as_ref().or(self.sometimes.first())?;
        self.sometimes.iter().all(|other| other.text == first.text).then_some(first)
    }
}

/// A file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) properties: HashMap<String, Property>,
    pub(super) items: Vec<Item>,
    /// What it imports, as written.
    pub(super) imports: Vec<String>,
}

/// Names in one `Include` beyond this many are not read (hostile input).
const MAX_NAMES: usize = 1000;

impl File {
    /// Reads a file; `None` where it is no project of MSBuild.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut decoded = String::new();
        let document = xml::parse(path, bytes, &mut decoded, diagnostics);
        let root = document.root.as_ref()?;
        if root.name != "Project" {
            let message = format!("this is no project of MSBuild: it wants `<Project>` and has `<{}>`", root.name);
            diagnostics.push(Diagnostic::error(path, Some(document.line(root)), message));
            return None;
        }
        let mut file = Self { properties: HashMap::new(), items: Vec::new(), imports: Vec::new() };
        if let Some(sdk) = root.attribute("Sdk") {
            file.sdks(&document, root, sdk);
        }
        // Groups stand in the project, in `Choose` and in targets; conditions are not evaluated.
        let mut todo = vec![(root, false)];
        while let Some((element, is_conditional)) = todo.pop() {
            for child in element.children.iter().rev() {
                let is_conditional = is_conditional || child.attribute("Condition").is_some();
                match child.name {
                    "PropertyGroup" => file.properties(&document, child, is_conditional),
                    "ItemGroup" => file.item_group(&document, child),
                    "ImportGroup" => todo.push((child, is_conditional)),
                    "Choose" | "When" | "Otherwise" => todo.push((child, true)),
                    "Import" => file.imports.extend(child.attribute("Project").map(str::to_owned)),
                    "Sdk" => file.sdk(&document, child),
                    _ => {}
                }
            }
        }
        file.items.sort_by_key(|item| (item.declared.line, item.declared.column));
        Some(file)
    }

    fn properties(&mut self, document: &Document<'_>, group: &Element<'_>, is_conditional: bool) {
        // Groups come last first, and of two the last one counts.
        for property in group.children.iter().rev().filter(|property| property.is_whole) {
            let value = Value { text: property.text.to_string(), place: document.locate(&property.text) };
            let known = self.properties.entry(lower(property.name)).or_default();
            if is_conditional || property.attribute("Condition").is_some() {
                known.sometimes.push(value);
            } else if known.always.is_none() {
                known.always = Some(value);
            }
        }
    }

    fn item_group(&mut self, document: &Document<'_>, group: &Element<'_>) {
        for item in group.children.iter().filter(|item| item.is_whole) {
            let kind = match item.name {
                "PackageReference" => ItemKind::Package,
                "GlobalPackageReference" => ItemKind::Global,
                "PackageDownload" => ItemKind::Download,
                "DotNetCliToolReference" => ItemKind::Tool,
                "ProjectReference" => ItemKind::Project,
                "PackageVersion" => ItemKind::Central,
                _ => continue,
            };
            let (names, is_update) = match (item.attribute("Include"), item.attribute("Update")) {
                (Some(names), _) => (names, false),
                (None, Some(names)) => (names, true),
                (None, None) => continue,
            };
            let metadata = |name: &str| -> Option<Value> {
                let attribute = item.attributes().find(|(key, _)| key.eq_ignore_ascii_case(name));
                let text = attribute.map(|(_, value)| value).or_else(|| {
                    let child = item.children.iter().find(|child| child.name.eq_ignore_ascii_case(name));
                    child.map(|child| &*child.text)
                });
                let text = text.map(str::trim).filter(|text| !text.is_empty())?;
                Some(Value { text: text.to_owned(), place: document.locate(text) })
            };
            let private = metadata("PrivateAssets");
            let is_private = private.is_some_and(|text| text.text.eq_ignore_ascii_case("all"));
            for name in names.split(';').map(str::trim).filter(|name| !name.is_empty()).take(MAX_NAMES) {
                self.items.push(Item {
                    kind,
                    name: name.to_owned(),
                    version: metadata("Version"),
                    override_version: metadata("VersionOverride"),
                    is_private,
                    is_update,
                    declared: document.locate(name).unwrap_or_else(|| document.place(item)),
                });
            }
        }
    }

    /// `<Project Sdk="Name/1.2.3;Other">`: those without a version come with the .NET SDK itself.
    fn sdks(&mut self, document: &Document<'_>, root: &Element<'_>, sdks: &str) {
        for sdk in sdks.split(';').take(MAX_NAMES) {
            if let Some((name, version)) = sdk.split_once('/') {
                let (name, version) = (name.trim(), version.trim());
                self.push_sdk(document, root, name, version);
            }
        }
    }

    fn sdk(&mut self, document: &Document<'_>, element: &Element<'_>) {
        if let (Some(name), Some(version)) = (element.attribute("Name"), element.attribute("Version")) {
            self.push_sdk(document, element, name, version);
        }
    }

    fn push_sdk(&mut self, document: &Document<'_>, element: &Element<'_>, name: &str, version: &str) {
        self.items.push(Item {
            kind: ItemKind::Sdk,
            name: name.to_owned(),
            version: Some(Value { text: version.to_owned(), place: document.locate(version) }),
            override_version: None,
            is_private: false,
            is_update: false,
            declared: document.locate(name).unwrap_or_else(|| document.place(element)),
        });
    }
}
