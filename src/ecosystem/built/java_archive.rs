//! Java archives: the `pom.properties` that Maven puts into what it builds
//! (<https://maven.apache.org/shared/maven-archiver/#pom-properties-content>), in the archive and in those that lie in it.
//!
//! What has none is a package all the same. Its manifest may say what it is, but not under which coordinates it is
//! published, unless it names the group (`Implementation-Vendor-Id`).

use std::borrow::Cow;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, file_name_of};
use crate::model::{Diagnostic, DiagnosticSeverity, Ecosystem, GraphBuilder, PackageId, Source, SourceKind};

/// Reads Java archives.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "java-archive",
    ecosystem: Ecosystem::Maven,
    role: Role::Installed,
    names: &["*.jar", "*.war", "*.ear", "*.par", "*.sar", "*.jpi", "*.hpi", "*.nar"],
    empty_is_valid: false,
    capabilities: Capabilities::NONE,
    parse,
};

/// How deep archives may lie in each other.
const DEPTH: usize = 4;

/// How many archives are opened, the outermost counted.
const ARCHIVES: usize = 5000;

/// How many bytes all inner archives together may inflate to.
const INFLATED: u64 = 1 << 30;

/// The largest inner archive, in bytes.
const LARGEST: u64 = 256 << 20;

/// The largest text that is read, in bytes.
const LARGEST_TEXT: u64 = 1 << 20;

/// An archive that is to be read.
struct Archive<'a> {
    /// Where it lies: the names of the archives around it and its own.
    label: String,
    bytes: Cow<'a, [u8]>,
    depth: usize,
}

/// What is found in archives.
struct Reading<'i> {
    input: &'i Input<'i>,
    graph: GraphBuilder,
    diagnostics: Vec<Diagnostic>,
    /// How many bytes may still be inflated.
    left: u64,
}

fn parse(input: &Input<'_>) -> Parsed {
    let graph = GraphBuilder::new(input.path, PARSER.id);
    let mut reading = Reading { input, graph, diagnostics: Vec::new(), left: INFLATED };
    let label = file_name_of(input.path).to_owned();
    let mut todo = vec![Archive { label, bytes: Cow::Borrowed(input.bytes), depth: 0 }];
    let mut opened = 0;
    while let Some(archive) = todo.pop() {
        opened += 1;
        if opened > ARCHIVES {
            reading.lost(format!("more than {ARCHIVES} archives lie in it; the others were not read"));
            break;
        }
        reading.archive(&archive, &mut todo);
    }
    bound(&mut reading.diagnostics, input.path);
    Parsed { graph: reading.graph.finish_as_marked(), diagnostics: reading.diagnostics, ..Parsed::default() }
}

impl Reading<'_> {
    fn lost(&mut self, message: String) {
        self.diagnostics.push(Diagnostic::error(self.input.path, None, message));
    }

    fn archive(&mut self, archive: &Archive<'_>, todo: &mut Vec<Archive<'_>>) {
        let mut zip = match ZipArchive::new(Cursor::new(&*archive.bytes)) {
            Ok(zip) => zip,
            Err(error) => return self.lost(format!("`{}` cannot be read as an archive: {error}", archive.label)),
        };
        // A name that is no UTF-8 is that of nothing that is read.
        let mut names: Vec<String> = zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
        names.sort();
        let mut found = false;
        for name in &names {
            if is_properties(name) {
                let Some(text) = self.text(&mut zip, name, archive) else { continue };
                match coordinates(&text) {
                    Some((group, artifact, version)) => {
                        found = true;
                        self.package(&format!("{group}:{artifact}"), version);
                    }
                    None => self.lost(format!("`{name}` in `{}` has no groupId, artifactId or version", archive.label)),
                }
            } else if is_archive(name) {
                let label = format!("{}/{name}", archive.label);
                if archive.depth >= DEPTH {
                    self.lost(format!("`{label}`: archives lie in each other deeper than {DEPTH}; it was not read"));
                } else if let Some(bytes) = self.entry(&mut zip, name, archive, LARGEST) {
                    todo.push(Archive { label, bytes: Cow::Owned(bytes), depth: archive.depth + 1 });
                }
            }
        }
        let holds_classes = names.iter().any(|name| name.ends_with(".class"));
        if !found && holds_classes && names.iter().any(|name| name == MANIFEST) {
            let manifest = self.text(&mut zip, MANIFEST, archive).unwrap_or_default();
            self.by_manifest(&manifest, &archive.label);
        }
    }

    fn package(&mut self, name: &str, version: &str) {
        let source = Source::of(SourceKind::Unknown);
        self.graph.package(PackageId::new(Ecosystem::Maven, name, Some(version), source), None);
    }

    /// A package whose manifest names its group and version, and whose file is called after both. What another archive is
    /// called like is no coordinates.
    fn by_manifest(&mut self, manifest: &str, label: &str) {
        let manifest = unfolded(manifest);
        let value = |key: &str| {
            let mut lines = manifest.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
        };
        let group = value("Implementation-Vendor-Id").filter(|group| is_name(group));
        let version = value("Implementation-Version").filter(|version| !version.is_empty());
        let stem = file_name_of(label).rsplit_once('.').map_or("", |(stem, _)| stem);
        let artifact = version.and_then(|version| stem.strip_suffix(version)?.strip_suffix('-'));
        match (group, artifact, version) {
            (Some(group), Some(artifact), Some(version)) if is_name(artifact) => {
                self.package(&format!("{group}:{artifact}"), version);
            }
            _ => {
                let message = format!(
                    "`{label}` does not say under which coordinates it is published (it has no pom.properties); it was not \
                     compared with advisories"
                );
                let (path, severity) = (Some(self.input.path.clone()), DiagnosticSeverity::Warning);
                self.diagnostics.push(Diagnostic { path, line: None, severity, message });
            }
        }
    }

    fn text(&mut self, zip: &mut ZipArchive<Cursor<&[u8]>>, name: &str, archive: &Archive<'_>) -> Option<String> {
        let bytes = self.entry(zip, name, archive, LARGEST_TEXT)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The content of an entry of at most so many bytes.
    fn entry(
        &mut self,
        zip: &mut ZipArchive<Cursor<&[u8]>>,
        name: &str,
        archive: &Archive<'_>,
        most: u64,
    ) -> Option<Vec<u8>> {
        let most = most.min(self.left);
        let mut bytes = Vec::new();
        let read = zip
            .by_name(name)
            .map_err(|error| error.to_string())
            .and_then(|entry| entry.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string()));
        self.left = self.left.saturating_sub(bytes.len() as u64);
        let trouble = match read {
            Ok(_) if bytes.len() as u64 <= most => return Some(bytes),
            Ok(_) => format!("it is larger than {most} bytes, the bound for what is inflated"),
            Err(error) => error,
        };
        self.lost(format!("`{name}` in `{}` cannot be read: {trouble}", archive.label));
        None
    }
}

const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// `META-INF/maven/group/artifact/pom.properties`
fn is_properties(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    matches!(*parts.as_slice(), ["META-INF", "maven", _, _, "pom.properties"])
}

fn is_archive(name: &str) -> bool {
    PARSER.names.iter().any(|pattern| name.ends_with(&pattern[1..]))
}

/// Group, artifact and version.
fn coordinates(text: &str) -> Option<(&str, &str, &str)> {
    let value = |key: &str| {
        let mut lines = text.lines().map(str::trim);
        lines.find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(['=', ':'])).map(str::trim)
    };
    let (group, artifact, version) = (value("groupId")?, value("artifactId")?, value("version")?);
    (is_name(group) && is_name(artifact) && !version.is_empty()).then_some((group, artifact, version))
}

/// Whether it can be a group or an artifact (<https://maven.apache.org/pom.html#maven-coordinates>).
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A manifest with its folded lines joined
/// (<https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#notes-on-manifest-and-signature-files>).
fn unfolded(text: &str) -> String {
    text.replace("\r\n", "\n").replace("\n ", "")
}
