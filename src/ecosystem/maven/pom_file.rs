//! One POM as it is written (<https://maven.apache.org/pom.html>): nothing inherited, nothing put in for `${…}`.

use std::collections::HashMap;

use crate::ecosystem::syntax::xml::{self, Document, Element};
use crate::model::{Diagnostic, Location, RepoPath};

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: Option<Location>,
}

/// The POM that another one inherits from.
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) group: Value,
    pub(super) artifact: Value,
    pub(super) version: Option<Value>,
    /// Where it is said to be, seen from the folder of the one that inherits; empty: in no folder.
    pub(super) relative: String,
}

/// A dependency, a plugin, an extension: what a POM asks for or manages.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: Option<Value>,
    pub(super) scope: Option<String>,
    /// The type: `jar` where none is given.
    pub(super) packaging: String,
    pub(super) classifier: String,
    pub(super) is_optional: bool,
    pub(super) system_path: Option<String>,
    /// Where it is asked for.
    pub(super) declared: Location,
    /// What a plugin is given besides.
    pub(super) dependencies: Vec<Self>,
}

impl Asked {
    /// Whether it brings in the management of another POM.
    pub(super) fn is_import(&self) -> bool {
        self.scope.as_deref() == Some("import") && self.packaging == "pom"
    }
}

/// What stands in a POM itself, or in one of its profiles.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) properties: HashMap<String, Value>,
    pub(super) managed: Vec<Asked>,
    pub(super) dependencies: Vec<Asked>,
    pub(super) managed_plugins: Vec<Asked>,
    /// Plugins and extensions of the build.
    pub(super) plugins: Vec<Asked>,
    /// Annotation processors that the compiler is given.
    pub(super) processors: Vec<Asked>,
    /// Plugins of reports.
    pub(super) reporting: Vec<Asked>,
}

/// A POM.
#[derive(Debug)]
pub(super) struct Pom {
    pub(super) path: RepoPath,
    pub(super) parent: Option<Parent>,
    pub(super) group: Option<Value>,
    pub(super) artifact: Value,
    pub(super) version: Option<Value>,
    /// What always holds. Profiles that are active by default are in it.
    pub(super) main: Section,
    /// The profiles that have to be asked for.
    pub(super) profiles: Vec<Section>,
}

impl Pom {
    /// Reads a POM; `None` where the file is none. What is wrong becomes a diagnostic.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut decoded = String::new();
        let document = xml::parse(path, bytes, &mut decoded, diagnostics);
        let root = document.root.as_ref()?;
        let reader = Reader { document: &document };
        let artifact = reader.value(root, "artifactId").filter(|_| root.name == "project");
        let Some(artifact) = artifact else {
            if diagnostics.is_empty() {
                let message = "this is no POM: it wants a `<project>` with an `<artifactId>`; nothing was read";
                diagnostics.push(Diagnostic::error(path, Some(document.line(root)), message));
            }
            return None;
        };
        let mut main = reader.section(root, diagnostics);
        let mut profiles = Vec::new();
        for profile in root.at_path(&["profiles", "profile"]) {
            let section = reader.section(profile, diagnostics);
            let activation = profile.child("activation");
            if activation.and_then(|activation| activation.text_of("activeByDefault")) == Some("true") {
                main.take_over(section);
            } else {
                profiles.push(section);
            }
        }
        Some(Self {
            path: RepoPath::clone(path),
            parent: root.child("parent").and_then(|parent| reader.parent(parent)),
            group: reader.value(root, "groupId"),
            artifact,
            version: reader.value(root, "version"),
            main,
            profiles,
        })
    }

    /// The group as it is written here: its own, or that of the parent that it names.
    pub(super) fn group(&self) -> Option<&Value> {
        self.group.as_ref().or(self.parent.as_ref().map(|parent| &parent.group))
    }

    /// The version as it is written here: its own, or that of the parent that it names.
    pub(super) fn version(&self) -> Option<&Value> {
        self.version.as_ref().or_else(|| self.parent.as_ref()?.version.as_ref())
    }
}

impl Section {
    /// Adds what an active profile says, which goes before what the POM says.
    fn take_over(&mut self, profile: Self) {
        self.properties.extend(profile.properties);
        self.managed.splice(0..0, profile.managed);
        self.dependencies.extend(profile.dependencies);
        self.managed_plugins.splice(0..0, profile.managed_plugins);
        self.plugins.extend(profile.plugins);
        self.processors.extend(profile.processors);
        self.reporting.extend(profile.reporting);
    }
}

struct Reader<'d, 't> {
    document: &'d Document<'t>,
}

impl Reader<'_, '_> {
    fn value(&self, element: &Element<'_>, name: &str) -> Option<Value> {
        let text = element.text_of(name)?;
        Some(Value { text: text.to_owned(), place: self.document.locate(text) })
    }

    fn parent(&self, element: &Element<'_>) -> Option<Parent> {
        let relative = element.child("relativePath").map_or("../pom.xml", |path| &path.text);
        Some(Parent {
            group: self.value(element, "groupId")?,
            artifact: self.value(element, "artifactId")?,
            version: self.value(element, "version"),
            relative: relative.to_owned(),
        })
    }

    fn section(&self, element: &Element<'_>, diagnostics: &mut Vec<Diagnostic>) -> Section {
        let mut list = |path: &[&str], group: &str| -> Vec<Asked> {
            let found = element.at_path(path);
            // What breaks off is not taken for what it is not.
            let whole = found.into_iter().filter(|asked| asked.is_whole);
            whole.filter_map(|asked| self.asked(asked, group, diagnostics)).collect()
        };
        let mut properties = HashMap::new();
        for property in element.child("properties").map_or(&[][..], |properties| &properties.children) {
            if property.is_whole {
                let value = Value { text: property.text.to_string(), place: self.document.locate(&property.text) };
                properties.insert(property.name.to_owned(), value);
            }
        }
        let plugin = "org.apache.maven.plugins";
        let mut plugins = list(&["build", "plugins", "plugin"], plugin);
        plugins.extend(list(&["build", "extensions", "extension"], ""));
        Section {
            managed: list(&["dependencyManagement", "dependencies", "dependency"], ""),
            dependencies: list(&["dependencies", "dependency"], ""),
            managed_plugins: list(&["build", "pluginManagement", "plugins", "plugin"], plugin),
            processors: PROCESSORS.iter().flat_map(|path| list(path, "")).collect(),
            reporting: list(&["reporting", "plugins", "plugin"], plugin),
            plugins,
            properties,
        }
    }

    /// What is asked for; a dependency without a group or an artifact is none.
    fn asked(&self, element: &Element<'_>, group: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Asked> {
        let is_plugin = element.name == "plugin";
        let group = element.text_of("groupId").or(Some(group).filter(|group| !group.is_empty()));
        let (Some(group), Some(artifact)) = (group, element.text_of("artifactId")) else {
            let message = format!("a `<{}>` has no group or no artifact; it was left out", element.name);
            let place = self.document.place(element);
            diagnostics.push(Diagnostic::error(&place.path, Some(place.line), message));
            return None;
        };
        let own = if is_plugin { element.at_path(&["dependencies", "dependency"]) } else { Vec::new() };
        let text = |name| element.text_of(name).map(str::to_owned);
        Some(Asked {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: self.value(element, "version"),
            scope: text("scope"),
            packaging: text("type").unwrap_or_else(|| "jar".to_owned()),
            classifier: text("classifier").unwrap_or_default(),
            is_optional: element.text_of("optional") == Some("true"),
            system_path: text("systemPath"),
            declared: self.document.locate(artifact).unwrap_or_else(|| self.document.place(element)),
            // A plugin stands in no dependency: this goes one step down.
            dependencies: own.into_iter().filter_map(|asked| self.asked(asked, "", diagnostics)).collect(),
        })
    }
}

/// Where the compiler is given annotation processors.
const PROCESSORS: [&[&str]; 4] = [
    &["build", "plugins", "plugin", "configuration", "annotationProcessorPaths", "path"],
    &["build", "plugins", "plugin", "configuration", "annotationProcessorPaths", "annotationProcessorPath"],
    &["build", "plugins", "plugin", "executions", "execution", "configuration", "annotationProcessorPaths", "path"],
    &["build", "pluginManagement", "plugins", "plugin", "configuration", "annotationProcessorPaths", "path"],
];
