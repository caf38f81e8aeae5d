//! Which versions of languages and tools a project runs on: the files of version managers. Nobody writes advisories about
//! most of them, and all of them have lines that end.
//!
//! A version may be the beginning of one (`20`, `3.12`): that is the line, which is what is asked about. What is no number
//! (`lts/*`, `latest`, `stable`) is a requirement.

pub(super) mod mise_toml;
pub(super) mod rust_toolchain;
pub(super) mod sdkmanrc;
pub(super) mod tool_versions;
pub(super) mod version_file;

#[cfg(test)]
mod tests;

use super::reference::{Reference, graph};
use super::syntax::bounds::bound;
use super::{Capabilities, Input, Parsed, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex, PackageId, Source};

/// What every parser of such files can tell. What runs the project and what only builds it does not stand there.
const CAPABILITIES: Capabilities =
    Capabilities { graph: Support::None, kinds: Support::None, integrity: Support::None, ..Capabilities::FULL };

/// A file of lines, of each of which `read` makes what it asks for; `None` where it is no such line.
fn by_line(input: &Input<'_>, id: &'static str, read: for<'t> fn(&'t str) -> Option<Vec<Reference<'t>>>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines = LineIndex::new(input.path, input.text(&mut parsed.diagnostics));
    let mut references = Vec::new();
    for (number, line) in (1..).zip(lines.text().lines()) {
        let code = line.split('#').next().unwrap_or_default().trim();
        match read(code) {
            _ if code.is_empty() => {}
            Some(found) => references.extend(found),
            None => {
                let message = "no tool with a version; the line was left out";
                parsed.diagnostics.push(Diagnostic::error(input.path, Some(number), message));
            }
        }
    }
    parsed.graph = graph(input.path, id, &lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// Which Java a vendor's prefix means. Lines and their ends differ from one vendor to another.
const JAVA: &[(&str, &str)] = &[
    ("temurin", "temurin"),
    ("adoptopenjdk", "temurin"),
    ("corretto", "corretto"),
    ("amazon-corretto", "corretto"),
    ("zulu", "zulu"),
    ("openjdk", "openjdk"),
    ("openjdk64", "openjdk"),
    ("graalvm", "graalvm"),
    ("graalvm-community", "graalvm"),
    ("liberica", "liberica"),
    ("microsoft", "microsoft-openjdk"),
    ("sapmachine", "sapmachine"),
    ("oracle", "oracle-jdk"),
];

/// A tool and what is asked of it, as a version manager writes them.
fn reference<'t>(tool: &str, asked: &'t str, kind: Option<DependencyKind>) -> Reference<'t> {
    let (tool, asked_version) = distribution(tool, asked);
    let version = Some(asked_version).filter(|version| is_version(version));
    // The library of Go is a package with advisories of its own, which its full version names.
    let is_library = tool == "go" && version.is_some_and(|version| version.split('.').count() >= 3);
    let (ecosystem, name) = if is_library { (Ecosystem::Go, "stdlib") } else { (Ecosystem::Toolchain, tool) };
    Reference {
        id: PackageId::new(ecosystem, name, version, Source::PUBLIC_REGISTRY),
        version,
        written: asked,
        requirement: version.is_none().then(|| asked.to_owned()),
        hash: None,
        kind,
    }
}

/// The name under which a tool goes here, and its version without what names the tool once more.
fn distribution<'n, 't>(tool: &'n str, asked: &'t str) -> (&'n str, &'t str) {
    let plain = match tool {
        "nodejs" | "node" => "node",
        "golang" | "go" => "go",
        "python" | "python3" => "python",
        "dotnet" | "dotnet-core" | "dotnet-sdk" => "dotnet",
        other => other,
    };
    let own = |prefix: &str| asked.strip_prefix(prefix).unwrap_or(asked);
    match plain {
        "node" => (plain, asked.strip_prefix('v').filter(|rest| is_version(rest)).unwrap_or(asked)),
        "ruby" => (plain, own("ruby-").split('@').next().unwrap_or_default()),
        "python" => (plain, own("cpython-")),
        "go" => (plain, own("go")),
        "java" => {
            let digits = asked.find(|c: char| c.is_ascii_digit()).unwrap_or(asked.len());
            let dash = asked.find('-').filter(|&at| asked[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
            let split = dash.map_or((&asked[..digits], &asked[digits..]), |at| (&asked[..at], &asked[at + 1..]));
            let vendor = split.0.trim_end_matches('-').to_ascii_lowercase();
            match JAVA.iter().find(|(prefix, _)| *prefix == vendor) {
                Some((_, name)) => (name, split.1),
                None => (plain, asked),
            }
        }
        _ => (plain, asked),
    }
}

/// Whether a text is a version or the beginning of one.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}
