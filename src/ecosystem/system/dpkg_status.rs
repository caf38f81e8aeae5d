//! dpkg's database, `var/lib/dpkg/status` (<https://man7.org/linux/man-pages/man5/deb-control.5.html>), and the files of
//! `status.d` that images without dpkg have; opkg writes the same format.
//!
//! Advisories speak of source packages, which `Source` names where they have another name or version. Which packages
//! somebody asked for dpkg does not know.

use super::{Manager, System};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::stanza::{Stanza, stanzas, whole_lines};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, installation_of, text_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, LineIndex, PackageIndex, RepoPath};

/// Reads dpkg's and opkg's databases.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "dpkg-status",
    ecosystem: Ecosystem::Debian,
    role: Role::Installed,
    names: &["var/lib/dpkg/status", "var/lib/dpkg/status.d/*", "usr/lib/opkg/status"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::Partial, lines: Support::Full, ..Capabilities::NONE },
    parse,
};

const FIELDS: [&str; 8] =
    ["Package", "Status", "Version", "Source", "Depends", "Pre-Depends", "Provides", "Architecture"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let Some(system) = System::of(input, Manager::Dpkg, &mut parsed) else { return parsed };
    let folder = installation_of(input.path);
    let mut files = vec![(input.path, input.bytes)];
    let mut root = RepoPath::clone(input.path);
    if folder.ends_with("status.d") {
        files.extend(input.files.below(folder).filter(|(path, _)| *path != input.path));
        files.sort();
        root = folder.into();
    }
    let mut graph = GraphBuilder::new(&root, PARSER.id);
    let mut installed = Installed::default();
    for (path, bytes) in files {
        if path != input.path {
            parsed.companions.push(RepoPath::clone(path));
        }
        // Checksums of a package's files.
        if !path.ends_with(".md5sums") {
            let text = text_of(path, bytes, &mut parsed.diagnostics);
            let text = if *path == root { whole_lines(path, text, &mut parsed.diagnostics) } else { text };
            installed.add(&system, &LineIndex::new(path, text), path, (&mut graph, &mut parsed.diagnostics));
        }
    }
    for (from, fields) in &installed.needs {
        for list in fields {
            edges(*from, list, &installed.by_name, &mut graph);
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// What is installed under which name.
struct Installed {
    /// Packages by their own names, and by what they provide.
    by_name: Candidates<String>,
    needs: Vec<(PackageIndex, Vec<String>)>,
}

impl Default for Installed {
    fn default() -> Self {
        Self { by_name: Candidates::new(), needs: Vec::new() }
    }
}

impl Installed {
    fn add(
        &mut self,
        system: &System,
        lines: &LineIndex<'_>,
        path: &RepoPath,
        (graph, diagnostics): (&mut GraphBuilder, &mut Vec<Diagnostic>),
    ) {
        for stanza in stanzas(lines.text(), &FIELDS) {
            let Some(name) = stanza.get("Package") else { continue };
            if !is_installed(&stanza) {
                continue;
            }
            let Some(version) = stanza.get("Version") else {
                let line = lines.locate_slice(name).map(|place| place.line);
                let message = format!("`{name}` is installed and has no `Version`; it was left out");
                diagnostics.push(Diagnostic::error(path, line, message));
                continue;
            };
            let id = system.id(name, version, built_from(&stanza, name, version));
            let index = graph.package(id, lines.locate_slice(version));
            self.by_name.add(name.to_owned(), index);
            for provided in stanza.get("Provides").iter().flat_map(|list| list.split(',')) {
                self.by_name.add(name_of(provided).to_owned(), index);
            }
            let needs = ["Pre-Depends", "Depends"].iter().filter_map(|key| stanza.get(key)).map(str::to_owned);
            self.needs.push((index, needs.collect()));
        }
    }
}

/// Whether its files are there: dpkg keeps the configuration of packages that were removed. Without dpkg there is no
/// state.
fn is_installed(stanza: &Stanza<'_>) -> bool {
    let state = stanza.get("Status").map(|status| status.rsplit(' ').next().unwrap_or_default());
    !matches!(state, Some("not-installed" | "config-files"))
}

/// The source package, where it has another name or version: `Source: gcc-12 (12.2.0-14)`.
fn built_from(stanza: &Stanza<'_>, name: &str, version: &str) -> Option<(String, String)> {
    let source = stanza.get("Source")?;
    let (source, of_source) = match source.split_once('(') {
        Some((source, rest)) => (source.trim(), rest.trim_end_matches(')').trim()),
        None => (source, version),
    };
    (source != name || of_source != version).then(|| (source.to_owned(), of_source.to_owned()))
}

/// The name in `libc6:any (>= 2.36)`.
fn name_of(text: &str) -> &str {
    let text = text.trim();
    text.split([' ', ':', '(', '=']).next().unwrap_or_default()
}

/// `a (>= 1), b | c`: of alternatives the first one that is there.
fn edges(from: PackageIndex, list: &str, by_name: &Candidates<String>, graph: &mut GraphBuilder) {
    for alternatives in list.split(',') {
        let there = alternatives.split('|').find_map(|one| {
            let to = by_name.of(name_of(one));
            (!to.is_empty()).then_some((one, to))
        });
        let Some((one, to)) = there else { continue };
        let requirement = one.split_once('(').map(|(_, rest)| rest.trim().trim_end_matches(')').trim());
        for &to in to.iter().filter(|&&to| to != from) {
            graph.dependency(from, to, DependencyKind::Runtime, requirement);
        }
    }
}
