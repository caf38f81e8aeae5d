//! The syntax of Yarn 2 and later: YAML, in which the projects of the workspace are entries too
//! (<https://yarnpkg.com/protocols>).

use std::borrow::Cow;
use std::collections::HashSet;

use super::spec::{is_git, path_of, percent_decode, source_of_resolved, split_at_sign};
use super::yarn_lock::{Entry, Read, Wanted};
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml;
use crate::ecosystem::{folder_of, join};
use crate::model::{DependencyKind, Diagnostic, LineIndex, OtherPackage, RepoPath, Source, SourceKind};

/// Patches of patches beyond this depth are not followed (hostile input).
const MAX_PATCHES: usize = 8;

/// The newest `__metadata` version that is known; Yarn 4.18 writes it.
const NEWEST: u32 = 10;

/// Reads such a lock.
pub(super) fn read<'t>(path: &RepoPath, bytes: &'t [u8], diagnostics: &mut Vec<Diagnostic>) -> Read<'t> {
    let stream = yaml::parse(path, bytes, diagnostics);
    let mut reader = Reader { path, lines: stream.lines, diagnostics };
    let mut entries = Vec::new();
    for document in stream.documents {
        let Value::Object(fields) = document else {
            continue;
        };
        for (key, value) in &fields {
            if key == "__metadata" {
                reader.check_version(value);
            } else {
                entries.extend(reader.entry(key, value));
            }
        }
    }
    Read { entries, has_members: true }
}

struct Reader<'r, 't> {
    path: &'r RepoPath,
    lines: LineIndex<'t>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'t> Reader<'_, 't> {
    fn check_version(&mut self, metadata: &Value<'_>) {
        let written = metadata.text("version").unwrap_or_default();
        if !written.parse::<u32>().is_ok_and(|version| version <= NEWEST) {
            let line = self.lines.locate_slice(written).map(|place| place.line);
            let message = format!(
                "this `__metadata` version is not known; it was read like {NEWEST}, and packages may be missing"
            );
            self.diagnostics.push(Diagnostic::error(self.path, line, message));
        }
    }

    fn entry(&mut self, key: &Cow<'t, str>, value: &Value<'t>) -> Option<Entry<'t>> {
        let Some(resolved) = value.text("resolution").and_then(|text| resolve(text, folder_of(self.path))) else {
            let line = self.line(key);
            let message = format!("the entry `{key}` has no resolution that is understood; it was not read");
            self.diagnostics.push(Diagnostic::error(self.path, line, message));
            return None;
        };
        if value.text("version").is_none() {
            let message = format!("the entry `{key}` has no version");
            self.diagnostics.push(Diagnostic::error(self.path, self.line(key), message));
        }
        let place = value.text("version").and_then(|version| self.lines.locate_slice(version));
        let optional: HashSet<&str> = value
            .object("dependenciesMeta")
            .iter()
            .filter(|(_, meta)| meta.text("optional") == Some("true"))
            .map(|(name, _)| name.as_ref())
            .collect();
        let mut dependencies = Vec::new();
        for (name, range) in value.object("dependencies") {
            let kind =
                if optional.contains(name.as_ref()) { DependencyKind::Optional } else { DependencyKind::Runtime };
            let range = Cow::Owned(range.as_text().unwrap_or_default().to_owned());
            dependencies.push(Wanted { name: name.clone(), range, kind, line: self.line(name) });
        }
        let other = value.text("version").zip(resolved.version).filter(|(version, found)| version != found);
        let other = other.map(|(_, found)| OtherPackage {
            label: format!("{} {found}", resolved.name),
            address: value.text("resolution").unwrap_or_default().to_owned(),
        });
        Some(Entry {
            other,
            descriptors: key.split(", ").flat_map(descriptors).collect(),
            name: Cow::Owned(resolved.name),
            version: value.text("version").map(|version| Cow::Owned(version.to_owned())),
            place,
            source: resolved.source,
            integrity: value.text("checksum").map(|checksum| Cow::Owned(checksum.to_owned())),
            dependencies,
            member: resolved.member,
        })
    }

    fn line(&self, part: &str) -> Option<u32> {
        self.lines.locate_slice(part).map(|place| place.line)
    }
}

/// A descriptor; of a patch also the one that is patched, which is what others ask for.
fn descriptors<'t>(descriptor: &str) -> impl Iterator<Item = Cow<'t, str>> + use<'t> {
    let patched = split_at_sign(descriptor).and_then(|(_, range)| {
        let inner = range.strip_prefix("patch:")?.split('#').next()?;
        Some(Cow::Owned(percent_decode(inner).into_owned()))
    });
    patched.into_iter().chain([Cow::Owned(descriptor.to_owned())])
}

struct Resolved {
    name: String,
    source: Source,
    member: Option<String>,
    /// The version that is fetched from a registry.
    version: Option<String>,
}

/// Reads `name@protocol:reference`.
fn resolve(resolution: &str, folder: &str) -> Option<Resolved> {
    let mut text = Cow::Borrowed(resolution);
    for _ in 0..MAX_PATCHES {
        let (_, reference) = split_at_sign(&text)?;
        let Some(patch) = reference.strip_prefix("patch:") else {
            break;
        };
        text = Cow::Owned(percent_decode(patch.split('#').next()?).into_owned());
    }
    let (name, reference) = split_at_sign(&text)?;
    // An instance for certain peers: `virtual:<hash>#<reference>`.
    let reference =
        reference.strip_prefix("virtual:").and_then(|rest| Some(rest.split_once('#')?.1)).unwrap_or(reference);
    let mut member = None;
    let (reference, parameters) = reference.split_once("::").unwrap_or((reference, ""));
    let source = if let Some(at) = reference.strip_prefix("workspace:") {
        member = join("", at).or_else(|| Some(at.to_owned()));
        Source::of(SourceKind::Workspace)
    } else if reference.starts_with("npm:") {
        let archive = parameters.split('&').find_map(|parameter| parameter.strip_prefix("__archiveUrl="));
        archive.map_or(Source::PUBLIC_REGISTRY, |archive| source_of_resolved(name, &percent_decode(archive)))
    } else if let Some(path) = path_of(reference).filter(|_| !is_git(reference)) {
        let path = path.split('#').next().unwrap_or(path);
        Source::at(SourceKind::Path, join(folder, path).as_deref().unwrap_or(path))
    } else if reference.contains(':') {
        source_of_resolved(name, reference)
    } else {
        Source::PUBLIC_REGISTRY
    };
    let version = reference.strip_prefix("npm:").map(str::to_owned);
    Some(Resolved { name: name.to_owned(), source, member, version })
}
