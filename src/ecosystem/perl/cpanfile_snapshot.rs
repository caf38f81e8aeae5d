//! `cpanfile.snapshot` (<https://metacpan.org/dist/Carton>): distributions, the modules that each provides, and the modules
//! that it needs. Depth is told by indentation.

use std::collections::HashMap;

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, LineIndex, PackageId, PackageIndex, Source, SourceKind,
};

/// Reads `cpanfile.snapshot`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "cpanfile-snapshot",
    ecosystem: Ecosystem::Cpan,
    role: Role::Lockfile,
    names: &["cpanfile.snapshot"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::Partial,
        source: Support::Full,
        lines: Support::Full,
        ..Capabilities::NONE
    },
    parse,
};

/// A distribution as the file writes it.
struct Distribution<'t> {
    /// `Name-1.2`.
    title: &'t str,
    number: u32,
    pathname: Option<&'t str>,
    provides: Vec<&'t str>,
    needs: Vec<(&'t str, &'t str)>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_module: HashMap<&str, PackageIndex> = HashMap::new();
    let mut read = Vec::new();
    for distribution in distributions(text) {
        let Some((name, version)) = split(distribution.title) else {
            let message =
                format!("`{}` has no version; it was left out. Run `carton install`", shown(distribution.title));
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(distribution.number), message));
            continue;
        };
        let index = graph.package(id(name, version, distribution.pathname), lines.locate_slice(version));
        for &module in &distribution.provides {
            by_module.entry(module).or_insert(index);
        }
        read.push((index, distribution));
    }
    if read.is_empty() && parsed.diagnostics.is_empty() && !text.contains("DISTRIBUTIONS") && !text.trim().is_empty() {
        let message = "there is no line `DISTRIBUTIONS`: not a snapshot of Carton, nothing was read";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    for (from, distribution) in &read {
        for (module, requirement) in &distribution.needs {
            // What comes with Perl itself is not in the file.
            if let Some(&to) = by_module.get(module).filter(|to| *to != from) {
                let requirement = Some(*requirement).filter(|text| !matches!(*text, "" | "0"));
                graph.dependency(*from, to, DependencyKind::Runtime, requirement);
            }
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

fn distributions(text: &str) -> Vec<Distribution<'_>> {
    let mut all: Vec<Distribution<'_>> = Vec::new();
    let mut field = "";
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim();
        let indent = line.len() - line.trim_start_matches(' ').len();
        if content.is_empty() || content.starts_with('#') || indent == 0 {
            continue;
        }
        if indent < 4 {
            let (provides, needs) = (Vec::new(), Vec::new());
            all.push(Distribution { title: content, number, pathname: None, provides, needs });
            field = "";
            continue;
        }
        let Some(distribution) = all.last_mut() else { continue };
        if indent < 6 {
            field = content.split(':').next().unwrap_or_default();
            if let Some(path) = content.strip_prefix("pathname:") {
                distribution.pathname = Some(path.trim());
            }
            continue;
        }
        let (module, version) = content.split_once(' ').unwrap_or((content, ""));
        match field {
            "provides" => distribution.provides.push(module),
            "requirements" => distribution.needs.push((module, version.trim())),
            _ => {}
        }
    }
    all
}

/// The name and version of `Name-1.2`: the version begins behind the last `-` that a digit or `v` and a digit follow.
fn split(title: &str) -> Option<(&str, &str)> {
    let is_version = |text: &str| text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    // `Name-1.2-TRIAL` has a second one.
    let at = title.rmatch_indices('-').map(|(at, _)| at).find(|&at| at > 0 && is_version(&title[at + 1..]))?;
    Some((&title[..at], &title[at + 1..]))
}

/// A distribution is named as advisories name it, without the author that begins the path of its archive
/// (`A/AB/ABC/Name-1.2.tar.gz`). What lies elsewhere has an address there.
fn id(name: &str, version: &str, pathname: Option<&str>) -> PackageId {
    let address = pathname.filter(|path| path.contains("://"));
    let source = address.map_or(Source::PUBLIC_REGISTRY, |address| Source::at(SourceKind::Url, address));
    PackageId::new(Ecosystem::Cpan, name, Some(version), source)
}

/// A piece of the file as a message shows it.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
