//! What holds for a POM: what it and its parents say, as far as they lie in the scanned tree
//! (<https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html>).
//!
//! Values are inherited first and put in for `${…}` then, so that a property of the POM itself counts in what a parent
//! says too. An imported POM stands for itself.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::pom_file::{Asked, Pom, Section, Value};
use super::poms::{Poms, parent_path};
use crate::ecosystem::{FileSet, Lookup};
use crate::model::RepoPath;

/// Parents beyond this many are not followed.
const MAX_PARENTS: usize = 32;
/// How deep a property may stand for another one.
const MAX_PROPERTY_DEPTH: usize = 16;
/// How many properties are looked up for one value.
const MAX_LOOKUPS: u32 = 100;
/// A value that grows longer than this is none.
const MAX_LENGTH: usize = 300;
/// How many POMs one POM may import, by way of others too.
const MAX_IMPORTS: usize = 200;

/// Where POMs are looked for.
#[derive(Clone, Copy)]
pub(super) struct Tree<'p> {
    pub(super) files: &'p FileSet,
    pub(super) poms: &'p Poms,
}

/// A POM and its parents, the nearest first.
pub(super) struct Lineage<'p> {
    pub(super) poms: Vec<&'p Pom>,
    /// A profile of the POM that goes before all of them.
    profile: Option<&'p Section>,
    /// The parent that does not lie in the tree, `group:artifact version`.
    pub(super) missing: Option<String>,
    /// The file that has to be looked for before more can be said.
    pub(super) wanted: Option<RepoPath>,
}

/// What is managed under one key.
#[derive(Debug, Clone)]
pub(super) struct Managed {
    /// The version, or the name of the property that nobody sets.
    pub(super) version: Option<Result<Value, String>>,
    pub(super) scope: Option<String>,
}

/// Group, artifact, type and classifier: what is managed together.
pub(super) type Key = (String, String, String, String);

impl<'p> Tree<'p> {
    /// A POM with its parents.
    pub(super) fn lineage(self, pom: &'p Pom) -> Lineage<'p> {
        let mut lineage = Lineage { poms: vec![pom], profile: None, missing: None, wanted: None };
        let mut seen = HashSet::from([&pom.path]);
        let mut last = pom;
        while let Some(named) = &last.parent {
            let path = parent_path(last);
            if let Some(path) = &path
                && self.files.look_up(path) == Lookup::NotLoaded
            {
                lineage.wanted = Some(path.as_str().into());
            }
            let beside = path.and_then(|path| self.poms.at(&path));
            let fits = |parent: &&Pom| {
                let version = named.version.as_ref().map(|version| version.text.as_str());
                is(parent, &named.group.text, &named.artifact.text) && has_version(parent, version)
            };
            let parent = beside.filter(fits).or_else(|| self.poms.named(&named.artifact.text).find(fits));
            let Some(parent) = parent.filter(|parent| lineage.poms.len() < MAX_PARENTS && seen.insert(&parent.path))
            else {
                let version = named.version.as_ref().map(|version| version.text.as_str()).unwrap_or_default();
                let label = format!("{}:{} {version}", named.group.text, named.artifact.text);
                lineage.missing = Some(label.trim_end().to_owned());
                break;
            };
            lineage.poms.push(parent);
            last = parent;
        }
        lineage
    }

    /// The POM of the tree with that name and version.
    pub(super) fn find(self, group: &str, artifact: &str, version: &str) -> Option<&'p Pom> {
        self.poms.named(artifact).find(|pom| {
            if is(pom, group, artifact) && pom.version().is_some_and(|own| own.text == version) {
                return true;
            }
            let has_variables = [pom.group(), pom.version()].iter().flatten().any(|own| own.text.contains("${"));
            has_variables && {
                let lineage = self.lineage(pom);
                let is_it = |value: Option<Value>, text: &str| value.is_some_and(|value| value.text == text);
                is_it(lineage.group(), group) && is_it(lineage.version(), version)
            }
        })
    }
}

fn is(pom: &Pom, group: &str, artifact: &str) -> bool {
    pom.artifact.text == artifact && pom.group().is_some_and(|own| own.text == group || own.text.contains("${"))
}

/// Whether a POM has the version that somebody names, as far as both are plain.
fn has_version(pom: &Pom, version: Option<&str>) -> bool {
    match (pom.version(), version) {
        (Some(own), Some(version)) => {
            own.text == version || own.text.contains("${") || version.contains("${") || version.contains(['[', '('])
        }
        _ => true,
    }
}

impl<'p> Lineage<'p> {
    /// The lineage of the nearest parent.
    pub(super) fn of_parent(&self) -> Self {
        let poms = self.poms.get(1..).unwrap_or_default().to_vec();
        Self { poms, profile: None, missing: self.missing.clone(), wanted: None }
    }

    /// The same with a profile of the POM.
    pub(super) fn with(&self, profile: &'p Section) -> Self {
        Self { poms: self.poms.clone(), profile: Some(profile), missing: self.missing.clone(), wanted: None }
    }

    /// What is said, the nearest first.
    fn sections(&self) -> impl Iterator<Item = &'p Section> {
        self.profile.into_iter().chain(self.poms.iter().map(|pom| &pom.main))
    }

    fn own(&self) -> Option<&Pom> {
        self.poms.first().copied()
    }

    /// The group.
    pub(super) fn group(&self) -> Option<Value> {
        self.resolve(self.own()?.group()?).ok()
    }

    /// The version.
    pub(super) fn version(&self) -> Option<Value> {
        self.resolve(self.own()?.version()?).ok()
    }

    /// A value with everything put in; the name of a property that nobody sets where it cannot be.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, String> {
        let mut budget = MAX_LOOKUPS;
        self.expand(value, MAX_PROPERTY_DEPTH, &mut budget).map(Cow::into_owned)
    }

    /// [`Lineage::resolve`] of a text that stands nowhere in particular.
    pub(super) fn text(&self, text: &str) -> Result<String, String> {
        if !text.contains("${") {
            return Ok(text.to_owned());
        }
        self.resolve(&Value { text: text.to_owned(), place: None }).map(|value| value.text)
    }

    fn expand<'v>(&'v self, value: &'v Value, depth: usize, budget: &mut u32) -> Result<Cow<'v, Value>, String> {
        let Some(first) = value.text.find("${") else { return Ok(Cow::Borrowed(value)) };
        let mut out = value.text.get(..first).unwrap_or_default().to_owned();
        let mut rest = value.text.get(first..).unwrap_or_default();
        while let Some(after) = rest.strip_prefix("${") {
            let Some((name, after)) = after.split_once('}') else { return Err(shown(&value.text)) };
            *budget = budget.saturating_sub(1);
            let found = self.property(name).filter(|_| depth > 0 && *budget > 0).ok_or_else(|| shown(name))?;
            let found = self.expand(found, depth - 1, budget)?;
            if first == 0 && out.is_empty() && after.is_empty() {
                // The value stands where the property does.
                return Ok(found);
            }
            out.push_str(&found.text);
            let next = after.find("${").unwrap_or(after.len());
            let (plain, next) = after.split_at(next);
            out.push_str(plain);
            rest = next;
            if out.len() > MAX_LENGTH {
                return Err(shown(name));
            }
        }
        Ok(Cow::Owned(Value { text: out, place: None }))
    }

    /// What a name stands for: something of the project, or the nearest property of that name.
    fn property(&self, name: &str) -> Option<&Value> {
        let of_project = name.strip_prefix("project.").or_else(|| name.strip_prefix("pom."));
        if let Some(value) = of_project.and_then(|name| self.of_project(name)) {
            return Some(value);
        }
        let property = self.sections().find_map(|section| section.properties.get(name));
        property.or_else(|| self.of_project(name))
    }

    fn of_project(&self, name: &str) -> Option<&Value> {
        let own = self.own()?;
        let parent = own.parent.as_ref();
        match name {
            "version" => own.version(),
            "groupId" => own.group(),
            "artifactId" => Some(&own.artifact),
            "parent.version" => parent?.version.as_ref(),
            "parent.groupId" => Some(&parent?.group),
            "parent.artifactId" => Some(&parent?.artifact),
            _ => None,
        }
    }

    /// The key of something asked for.
    pub(super) fn key(&self, asked: &Asked) -> Option<Key> {
        let part = |text: &str| self.text(text).ok();
        let packaging = part(&asked.packaging)?;
        Some((part(&asked.group)?, part(&asked.artifact)?, packaging, part(&asked.classifier)?))
    }

    /// What is managed of the artifacts with these names. Imported POMs that are not in the tree are added to `missing`.
    pub(super) fn managed(
        &self,
        tree: Tree<'_>,
        artifacts: &HashSet<String>,
        missing: &mut BTreeSet<String>,
    ) -> HashMap<Key, Managed> {
        let mut managed = HashMap::new();
        let mut imports = self.manage(artifacts, &mut managed, missing);
        let mut seen = HashSet::new();
        let mut at = 0;
        // What is imported first counts first, with all that it imports itself.
        while at < imports.len() && seen.len() < MAX_IMPORTS {
            let (group, artifact, version) = &imports[at];
            at += 1;
            match tree.find(group, artifact, version) {
                Some(pom) if seen.insert(RepoPath::clone(&pom.path)) => {
                    let lineage = tree.lineage(pom);
                    let more = lineage.manage(artifacts, &mut managed, missing);
                    missing.extend(lineage.missing);
                    imports.splice(at..at, more);
                }
                Some(_) => {}
                None => {
                    missing.insert(format!("{group}:{artifact} {version}"));
                }
            }
        }
        missing.extend(self.missing.clone());
        managed
    }

    /// Adds what these POMs manage themselves where nothing is managed yet, and gives what they import.
    fn manage(
        &self,
        artifacts: &HashSet<String>,
        managed: &mut HashMap<Key, Managed>,
        missing: &mut BTreeSet<String>,
    ) -> Vec<(String, String, String)> {
        let mut imports = Vec::new();
        for asked in self.sections().flat_map(|section| &section.managed) {
            let version = asked.version.as_ref().map(|version| self.resolve(version));
            if asked.is_import() {
                match (self.key(asked), version) {
                    (Some((group, artifact, ..)), Some(Ok(version))) => imports.push((group, artifact, version.text)),
                    _ => {
                        missing.insert(format!("{}:{}", asked.group, asked.artifact));
                    }
                }
                continue;
            }
            if artifacts.contains(&asked.artifact) || asked.artifact.contains("${") {
                let Some(key) = self.key(asked) else { continue };
                managed.entry(key).or_insert_with(|| Managed { version, scope: asked.scope.clone() });
            }
        }
        imports
    }

    /// The version that a plugin has which names none: that of the same plugin in the POM, where a profile speaks of it
    /// again, or in a parent; then the managed one.
    pub(super) fn managed_plugin(&self, group: &str, artifact: &str) -> Option<Result<Value, String>> {
        let plugins = self.sections().flat_map(|section| &section.plugins);
        let mut all = plugins.chain(self.sections().flat_map(|section| &section.managed_plugins));
        let is_it = |plugin: &Asked| plugin.artifact == artifact && self.text(&plugin.group).as_deref() == Ok(group);
        let version = all.find_map(|plugin| plugin.version.as_ref().filter(|_| is_it(plugin)))?;
        Some(self.resolve(version))
    }
}

/// A name as a message shows it.
fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}
