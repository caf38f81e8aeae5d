//! A project with what it takes from other files: the nearest `Directory.Build.props` and `Directory.Packages.props`
//! above it (<https://learn.microsoft.com/nuget/consume-packages/central-package-management>), and what it imports by a
//! plain path. Conditions are not evaluated: what stands under one is there.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::msbuild::{File, Item, ItemKind, Property, Value};
use super::{Asked, is_name, lower};
use crate::ecosystem::{FileSet, Lookup, file_name_of, folder_of, join};
use crate::model::{DependencyKind, Diagnostic, Location, RepoPath};

/// How many files one project may take in.
const MAX_FILES: usize = 32;
/// How many versions one package may have centrally, under conditions.
const MAX_VERSIONS: usize = 8;
/// How deep a property may stand for another one.
const MAX_DEPTH: usize = 16;
/// How many properties are looked up for one value.
const MAX_LOOKUPS: u32 = 100;
/// A value that grows longer than this is none.
const MAX_LENGTH: usize = 300;

/// The files that every project below them takes in, and that are read for themselves too.
const DIRECTORY_FILES: [&str; 2] = ["Directory.Packages.props", "Directory.Build.props"];

/// A package that a project asks for.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) kind: DependencyKind,
    /// Every version that it has, under conditions more than one; none where nobody says.
    pub(super) versions: Vec<Version>,
    pub(super) declared: Location,
}

/// A version of a reference.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Version {
    Exact(String, Option<Location>),
    /// A range, or one that floats.
    Range(String),
    /// It stands in a property that nobody sets, or that has several values.
    Unknown(String),
}

/// A project as it comes out.
#[derive(Debug)]
pub(super) struct Evaluated {
    pub(super) path: RepoPath,
    pub(super) references: Vec<Reference>,
    /// The versions that it sets for others.
    pub(super) central: Vec<Reference>,
    /// Projects that it uses, by name, and where.
    pub(super) projects: Vec<(String, Location)>,
    /// Files that have to be looked for before more can be said.
    pub(super) wanted: Vec<RepoPath>,
    /// What is wrong with the file itself.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The files that make up a project, the one that counts most first.
struct Files {
    files: Vec<(RepoPath, File)>,
    wanted: Vec<RepoPath>,
    diagnostics: Vec<Diagnostic>,
}

impl Files {
    fn of(files: &FileSet, path: &RepoPath) -> Self {
        let mut all = Self { files: Vec::new(), wanted: Vec::new(), diagnostics: Vec::new() };
        let mut seen = HashSet::new();
        let above = DIRECTORY_FILES.iter().filter_map(|name| nearest(files, folder_of(path), name));
        let mut todo: Vec<RepoPath> = std::iter::once(RepoPath::clone(path)).chain(above).collect();
        todo.reverse();
        while let Some(next) = todo.pop() {
            if all.files.len() >= MAX_FILES || !seen.insert(RepoPath::clone(&next)) {
                continue;
            }
            let bytes = match files.look_up(&next) {
                Lookup::Found(bytes) => bytes,
                Lookup::NotLoaded => {
                    all.wanted.push(next);
                    continue;
                }
                Lookup::Unavailable(_) => continue,
            };
            let mut faults = Vec::new();
            let file = File::read(&next, bytes, &mut faults);
            // What is read for itself says itself what is wrong with it.
            if next == *path {
                all.diagnostics.append(&mut faults);
            }
            let Some(file) = file else { continue };
            let imports = file.imports.iter().rev().filter_map(|import| imported(files, &next, import));
            todo.extend(imports.filter(|import| !seen.contains(import)));
            all.files.push((next, file));
        }
        all
    }

    fn property(&self, name: &str) -> Option<&Value> {
        let name = lower(name);
        self.files.iter().find_map(|(_, file)| file.properties.get(&name)).and_then(Property::value)
    }

    /// A value with everything put in; the name of the property that is not known where it cannot be.
    fn expand(&self, value: &Value) -> Result<Value, String> {
        let mut budget = MAX_LOOKUPS;
        self.expand_to(value, MAX_DEPTH, &mut budget)
    }

    fn expand_to(&self, value: &Value, depth: usize, budget: &mut u32) -> Result<Value, String> {
        let shown = |name: &str| name.chars().take(80).collect::<String>();
        let Some(first) = value.text.find("$(") else { return Ok(value.clone()) };
        let (before, mut rest) = value.text.split_at(first);
        let mut out = before.to_owned();
        while let Some(after) = rest.strip_prefix("$(") {
            let (name, after) = after.split_once(')').ok_or_else(|| shown(&value.text))?;
            *budget = budget.saturating_sub(1);
            let found = self.property(name).filter(|_| depth > 0 && *budget > 0).ok_or_else(|| shown(name))?;
            let found = self.expand_to(found, depth.saturating_sub(1), budget)?;
            if first == 0 && out.is_empty() && after.is_empty() {
                // The value stands where the property does.
                return Ok(found);
            }
            out.push_str(&found.text);
            let (plain, next) = after.split_at(after.find("$(").unwrap_or(after.len()));
            out.push_str(plain);
            rest = next;
            if out.len() > MAX_LENGTH {
                return Err(shown(name));
            }
        }
        Ok(Value { text: out, place: None })
    }

    fn version(&self, value: &Value) -> Version {
        let value = match self.expand(value) {
            Ok(value) => value,
            Err(property) => return Version::Unknown(property),
        };
        match Asked::of(&value.text) {
            Some(Asked::Exact(text)) => {
                // The text of a range for one version stands within its brackets.
                let before = value.text.find(text).unwrap_or_default();
                let before = u32::try_from(before).unwrap_or_default();
                let place = value.place.map(|mut place| {
                    place.column = place.column.saturating_add(before);
                    place.length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    place
                });
                Version::Exact(text.to_owned(), place)
            }
            Some(Asked::Range(text)) => Version::Range(text.to_owned()),
            None => Version::Unknown(value.text.chars().take(80).collect()),
        }
    }

    /// The items of a kind with their names put in.
    fn items(&self, is_meant: impl Fn(&RepoPath, &Item) -> bool) -> Vec<(String, &Item)> {
        let all = self.files.iter().flat_map(|(path, file)| file.items.iter().map(move |item| (path, item)));
        let meant = all.filter(|(path, item)| is_meant(path, item));
        let named = meant.filter_map(|(_, item)| {
            let name = self.expand(&Value { text: item.name.clone(), place: None }).ok()?.text;
            Some((name, item))
        });
        named.collect()
    }
}

/// The nearest file of a name in a folder or above it.
fn nearest(files: &FileSet, folder: &str, name: &str) -> Option<RepoPath> {
    let mut folder = Some(folder);
    while let Some(here) = folder {
        let path = if here.is_empty() { name.to_owned() } else { format!("{here}/{name}") };
        if matches!(files.look_up(&path), Lookup::Found(_)) {
            return Some(path.into());
        }
        folder = (!here.is_empty()).then(|| folder_of(here));
    }
    None
}

/// What an import of a file names, as far as it is a plain path or a file of the folders above.
fn imported(files: &FileSet, from: &RepoPath, import: &str) -> Option<RepoPath> {
    let folder = folder_of(from);
    if import.contains("OfFileAbove") {
        let name = DIRECTORY_FILES.into_iter().find(|name| import.contains(name))?;
        return if folder.is_empty() { None } else { nearest(files, folder_of(folder), name) };
    }
    let plain = import.strip_prefix("$(MSBuildThisFileDirectory)").unwrap_or(import).replace('\\', "/");
    let is_path = !plain.is_empty() && !plain.contains(['$', '@', '%', '*']);
    is_path.then(|| join(folder, &plain)).flatten().map(RepoPath::from)
}

impl Evaluated {
    /// Reads a file with all that it takes in.
    pub(super) fn of(files: &FileSet, path: &RepoPath) -> Self {
        let all = Files::of(files, path);
        let is_own = |of: &RepoPath, _: &Item| of == path || !DIRECTORY_FILES.contains(&file_name_of(of));
        let mut central: HashMap<String, Vec<&Value>> = HashMap::new();
        for (name, item) in all.items(|_, item| item.kind == ItemKind::Central) {
            central.entry(lower(&name)).or_default().extend(&item.version);
        }
        let own = all.items(is_own);
        let mut updates: HashMap<String, Vec<&Value>> = HashMap::new();
        for (name, item) in own.iter().filter(|(_, item)| item.is_update) {
            updates.entry(lower(name)).or_default().extend(&item.version);
        }
        let included: HashSet<String> =
            own.iter().filter(|(_, item)| !item.is_update).map(|(name, _)| lower(name)).collect();
        let mut evaluated = Self {
            path: RepoPath::clone(path),
            references: Vec::new(),
            central: Vec::new(),
            projects: Vec::new(),
            wanted: all.wanted.clone(),
            diagnostics: Vec::new(),
        };
        for (name, item) in &own {
            let key = lower(name);
            let kind = match item.kind {
                ItemKind::Project => {
                    let path = name.replace('\\', "/");
                    evaluated.projects.push((super::stem(&path).to_owned(), item.declared.clone()));
                    continue;
                }
                ItemKind::Global | ItemKind::Tool => DependencyKind::Dev,
                ItemKind::Package if item.is_private => DependencyKind::Dev,
                ItemKind::Download | ItemKind::Sdk => DependencyKind::Build,
                ItemKind::Package | ItemKind::Central => DependencyKind::Runtime,
            };
            // An update of what stands in this file is a part of it; of another one only a version is news.
            let is_part = item.is_update && (included.contains(&key) || item.version.is_none());
            if !is_name(name) || is_part {
                continue;
            }
            let none: &[&Value] = &[];
            let own = item.override_version.iter().chain(&item.version).take(1);
            let mut values: Vec<&Value> = own.collect();
            for more in [updates.get(&key), central.get(&key)] {
                if values.is_empty() {
                    values.extend(more.map_or(none, Vec::as_slice));
                }
            }
            let mut versions: Vec<Version> = Vec::new();
            for version in values.into_iter().take(MAX_VERSIONS).map(|value| all.version(value)) {
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
            let reference = Reference { name: name.clone(), kind, versions, declared: item.declared.clone() };
            let list = if item.kind == ItemKind::Central { &mut evaluated.central } else { &mut evaluated.references };
            list.push(reference);
        }
        evaluated.diagnostics = all.diagnostics;
        evaluated
    }

    /// What is said once of all that has no version here.
    pub(super) fn remark(&self) -> Option<Diagnostic> {
        let is_open = |reference: &&Reference| {
            reference.versions.is_empty()
                || reference.versions.iter().any(|version| matches!(version, Version::Unknown(_)))
        };
        let open: Vec<&Reference> = self.references.iter().filter(is_open).collect();
        let first = open.first()?;
        let mut message = match open.len() {
            1 => format!("`{}` has no version here", first.name),
            count => format!("{count} packages have no version here, of which `{}` is the first", first.name),
        };
        let properties: BTreeSet<&str> = open
            .iter()
            .flat_map(|reference| &reference.versions)
            .filter_map(|version| if let Version::Unknown(property) = version { Some(property.as_str()) } else { None })
            .collect();
        if let Some(property) = properties.first() {
            let more = if properties.len() > 1 { format!(" and {} more", properties.len() - 1) } else { String::new() };
            message += &format!("; no file of the tree sets `{property}`{more} to one value");
        }
        message += ". No advisory can be matched with what has no version; restore with a lockfile \
                    (`RestorePackagesWithLockFile`), which has all of them";
        Some(Diagnostic::warning(&self.path, Some(first.declared.line), message))
    }
}
