//! The syntax of Yarn 1: entries at the margin, fields two spaces in, dependencies four
//! (<https://github.com/yarnpkg/yarn/tree/master/src/lockfile>).

use std::borrow::Cow;

use super::other::other;
use super::spec::{alias, git, is_git, path_of, source_of_resolved, split_at_sign};
use super::yarn_lock::{Entry, Read, Wanted};
use crate::model::{DependencyKind, Diagnostic, LineIndex, RepoPath, Source, SourceKind};

/// Reads such a lock.
pub(super) fn read<'t>(path: &RepoPath, text: &'t str, diagnostics: &mut Vec<Diagnostic>) -> Read<'t> {
    let lines = LineIndex::new(path, text);
    let entries = Reader { path, lines: &lines, diagnostics }.entries();
    if !text.is_empty() && !text.ends_with('\n') {
        let message = "the last line has no end; the file may be cut off there";
        diagnostics.push(Diagnostic::warning(path, Some(lines.line(text.len())), message));
    }
    Read { entries, has_members: false }
}

/// An entry while it is read.
#[derive(Default)]
struct Raw<'t> {
    line: u32,
    descriptors: Vec<Cow<'t, str>>,
    version: Option<Cow<'t, str>>,
    resolved: Option<Cow<'t, str>>,
    integrity: Option<Cow<'t, str>>,
    dependencies: Vec<Wanted<'t>>,
    section: Option<DependencyKind>,
}

struct Reader<'r, 't> {
    path: &'r RepoPath,
    lines: &'r LineIndex<'t>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'t> Reader<'_, 't> {
    fn entries(&mut self) -> Vec<Entry<'t>> {
        let mut entries = Vec::new();
        let mut current: Option<Raw<'t>> = None;
        for (number, raw) in (1..).zip(self.lines.text().lines()) {
            let line = raw.trim_start_matches(' ');
            let indent = raw.len() - line.len();
            let line = line.trim_end();
            if line.contains('\r') {
                self.complain(number, "a line end of old Macintoshes; what follows in this line was not read");
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if indent == 0 {
                entries.extend(current.take().and_then(|raw| self.finish(raw)));
                match descriptors(line) {
                    Some(descriptors) => current = Some(Raw { line: number, descriptors, ..Raw::default() }),
                    None => self.complain(number, "this line starts no entry; it was not read"),
                }
            } else if !current.as_mut().is_some_and(|entry| field(entry, indent, line, number)) {
                self.complain(number, "this line belongs to no entry, or is not understood; it was not read");
            }
        }
        entries.extend(current.and_then(|raw| self.finish(raw)));
        entries
    }

    fn finish(&mut self, raw: Raw<'t>) -> Option<Entry<'t>> {
        let Some(version) = raw.version else {
            self.complain(raw.line, "an entry without version; it was not read");
            return None;
        };
        let Some((name, range)) = real_name(&raw.descriptors) else {
            self.complain(raw.line, "an entry without name; it was not read");
            return None;
        };
        let source = source(&name, &range, raw.resolved.as_deref());
        let place = match &version {
            Cow::Borrowed(version) => self.lines.locate_slice(version),
            Cow::Owned(_) => None,
        };
        // Before there was `integrity`, the address ended in the archive's SHA-1.
        let integrity = raw.integrity.or_else(|| {
            let hash = raw.resolved.as_deref()?.split_once('#')?.1;
            let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            (is_hash && source.kind != SourceKind::Git).then(|| Cow::Owned(hash.to_owned()))
        });
        let other = raw.resolved.as_deref().and_then(|at| other(&name, &version, at));
        Some(Entry {
            other,
            descriptors: raw.descriptors,
            name,
            version: Some(version),
            place,
            source,
            integrity,
            dependencies: raw.dependencies,
            member: None,
        })
    }

    fn complain(&mut self, line: u32, message: &str) {
        self.diagnostics.push(Diagnostic::error(self.path, Some(line), message));
    }
}

/// Reads a line of an entry; says whether it was understood.
fn field<'t>(entry: &mut Raw<'t>, indent: usize, line: &'t str, number: u32) -> bool {
    if indent == 2 {
        entry.section = match line {
            "dependencies:" => Some(DependencyKind::Runtime),
            "optionalDependencies:" => Some(DependencyKind::Optional),
            _ => None,
        };
        if entry.section.is_some() {
            return true;
        }
    }
    let pair = token(line).and_then(|(first, rest)| Some((first, token(rest.trim_start())?)));
    let Some((first, (second, ""))) = pair else {
        return false;
    };
    match (indent, entry.section) {
        (2, _) => match first.as_ref() {
            "version" => entry.version = Some(second),
            "resolved" => entry.resolved = Some(second),
            "integrity" => entry.integrity = Some(second),
            _ => {}
        },
        (4, Some(kind)) => {
            entry.dependencies.push(Wanted { name: first, range: second, kind, line: Some(number) });
        }
        _ => return false,
    }
    true
}

/// The descriptors of `"a@^1", b@2:`.
fn descriptors(line: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut rest = line.strip_suffix(':')?;
    let mut descriptors = Vec::new();
    loop {
        let (descriptor, after) = token(rest)?;
        descriptors.push(descriptor);
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return after.is_empty().then_some(descriptors),
        }
    }
}

/// A word, or a text in quotes with JSON's escapes, and what stands behind it.
fn token(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (end > 0).then(|| (Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let mut end = 0;
    let mut is_plain = true;
    loop {
        match quoted.as_bytes().get(end)? {
            b'"' => break,
            b'\\' => {
                is_plain = false;
                end += 2;
            }
            _ => end += 1,
        }
    }
    let (inner, rest) = (quoted.get(..end)?, quoted.get(end + 1..)?);
    let inner =
        if is_plain { Cow::Borrowed(inner) } else { Cow::Owned(serde_json::from_str(text.get(..end + 2)?).ok()?) };
    Some((inner, rest))
}

/// The real name behind the descriptors of an entry, and one of the ranges.
fn real_name<'t>(descriptors: &[Cow<'t, str>]) -> Option<(Cow<'t, str>, Cow<'t, str>)> {
    let part = |text: &Cow<'t, str>, pick: fn(&str) -> Option<(&str, &str)>| match text {
        Cow::Borrowed(text) => pick(text).map(|(a, b)| (Cow::Borrowed(a), Cow::Borrowed(b))),
        Cow::Owned(text) => pick(text).map(|(a, b)| (Cow::Owned(a.to_owned()), Cow::Owned(b.to_owned()))),
    };
    let aliased = |text: &str| -> Option<usize> {
        let (_, range) = split_at_sign(text)?;
        alias(range).map(|_| text.len() - range.len())
    };
    for descriptor in descriptors {
        if aliased(descriptor).is_some() {
            return part(descriptor, |text| alias(split_at_sign(text)?.1));
        }
    }
    part(descriptors.first()?, split_at_sign)
}

fn source(name: &str, range: &str, resolved: Option<&str>) -> Source {
    let Some(resolved) = resolved else {
        return if let Some(path) = path_of(range) {
            Source::at(SourceKind::Path, path)
        } else if is_git(range) {
            git(range)
        } else if range.starts_with("http://") || range.starts_with("https://") {
            Source::at(SourceKind::Url, range)
        } else {
            Source::PUBLIC_REGISTRY
        };
    };
    let source = source_of_resolved(name, resolved);
    if source.kind == SourceKind::Url && is_git(range) { git(resolved) } else { source }
}
