//! `Cargo.lock` line by line, as Cargo itself writes it: several times as fast as a TOML parser, and exact. A file with any
//! other line (the `[metadata]` of old versions, an escape, a mistake) is left to the TOML parser, which reads all of
//! TOML and says what is wrong and where.

use super::cargo_lock::Entry;
use crate::model::{Location, RepoPath};

/// The entries of a lock of version 3 or 4 that holds nothing but what Cargo writes; `None` for any other file.
pub(super) fn read<'t>(path: &RepoPath, text: &'t str) -> Option<Vec<Entry<'t>>> {
    let mut entries: Vec<Draft<'t>> = Vec::new();
    let mut in_dependencies = false;
    let mut has_version = false;
    for (number, line) in (1_u32..).zip(text.split_terminator('\n')) {
        if in_dependencies {
            if line == "]" {
                in_dependencies = false;
            } else {
                let text = quoted(line.strip_prefix(' ')?.strip_suffix(',')?)?;
                entries.last_mut()?.dependencies.push((text, number));
            }
        } else if line == "[[package]]" {
            entries.push(Draft::default());
        } else if line == "dependencies = [" {
            let draft = entries.last_mut()?;
            in_dependencies = !draft.has_dependencies;
            draft.has_dependencies = true;
            if !in_dependencies {
                return None;
            }
        } else if matches!(line, "version = 3" | "version = 4") && entries.is_empty() && !has_version {
            has_version = true;
        } else if !(line.is_empty() || (line.starts_with('#') && entries.is_empty())) {
            let (key, value) = line.split_at_checked(line.bytes().position(|byte| byte == b' ')?)?;
            let value = quoted(value.strip_prefix(" = ")?)?;
            let draft = entries.last_mut()?;
            let place = match key {
                "name" => &mut draft.name,
                "version" => {
                    draft.line = number;
                    &mut draft.version
                }
                "source" => &mut draft.source,
                "checksum" => &mut draft.checksum,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
    }
    // What ends without a line break may be cut off.
    let is_whole = has_version && !in_dependencies && text.ends_with('\n');
    if is_whole { entries.into_iter().map(|draft| draft.finish(path)).collect() } else { None }
}

/// The text between quotes, without escapes and controls.
fn quoted(value: &str) -> Option<&str> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\')).then_some(text)
}

/// An entry that is being read.
#[derive(Default)]
struct Draft<'t> {
    name: Option<&'t str>,
    version: Option<&'t str>,
    source: Option<&'t str>,
    checksum: Option<&'t str>,
    line: u32,
    has_dependencies: bool,
    dependencies: Vec<(&'t str, u32)>,
}

impl<'t> Draft<'t> {
    fn finish(self, path: &RepoPath) -> Option<Entry<'t>> {
        let version = self.version?;
        // After `version = "`; every byte of the line is one column.
        let place = Location {
            path: RepoPath::clone(path),
            line: self.line,
            column: 12,
            length: u32::try_from(version.len()).ok()?,
        };
        Some(Entry {
            name: self.name?,
            version,
            source: self.source,
            checksum: self.checksum,
            place: Some(place),
            dependencies: self.dependencies,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "# made by hand\nversion = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b\",\n]\n\n\
                        [[package]]\nname = \"b\"\nversion = \"2.0.0+x\"\nsource = \"registry+https://host.example/i\"\nchecksum = \"00\"\n";

    fn names(text: &str) -> Option<Vec<String>> {
        let entries = read(&"Cargo.lock".into(), text)?;
        Some(entries.iter().map(|entry| format!("{} {}", entry.name, entry.version)).collect())
    }

    #[test]
    fn what_cargo_writes_is_read() {
        assert_eq!(names(LOCK).unwrap(), ["a 1.0.0", "b 2.0.0+x"]);
        let entries = read(&"Cargo.lock".into(), LOCK).unwrap();
        assert_eq!(entries[0].dependencies, [("b", 8)]);
        assert_eq!(entries[1].place.as_ref().map(|place| (place.line, place.column, place.length)), Some((13, 12, 7)));
    }

    #[test]
    fn anything_else_is_left_to_the_toml_parser() {
        for (from, to) in [
            ("version = 4", "version = 5"),
            ("version = 4\n", ""),
            ("\"00\"\n", "\"00\"\nreplace = \"c\"\n"),
            ("name = \"b\"", "name = \"b\\u0020\""),
            ("name = \"b\"", "name = \"b\" # c"),
            ("name = \"b\"\n", ""),
            ("name = \"b\"\n", "name = \"b\"\nname = \"c\"\n"),
            (" \"b\",\n", " \"b\"\n"),
            ("]\n\n[[", "\n[["),
            ("\"00\"\n", "\"00\"\n\n[metadata]\n"),
            ("\"00\"\n", "\"00\""),
        ] {
            let changed = LOCK.replacen(from, to, 1);
            assert_ne!(changed, LOCK);
            assert_eq!(names(&changed), None, "{changed}");
        }
    }
}
