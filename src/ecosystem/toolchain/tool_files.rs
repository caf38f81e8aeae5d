//! Files that hold versions of many tools: `.tool-versions` of asdf (<https://asdf-vm.com/manage/configuration.html>),
//! `mise.toml` (<https://mise.jdx.dev/configuration.html#tools-dev-tools>), `.sdkmanrc`
//! (<https://sdkman.io/usage#env-command>).

use toml::de::DeValue;

use super::{CAPABILITIES, is_version, reference};
use crate::ecosystem::reference::{Reference, graph, slice};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::{Input, Parsed, Parser, Role};
use crate::model::{Diagnostic, Ecosystem, LineIndex};

/// Reads `.tool-versions`.
pub(in crate::ecosystem) const TOOL_VERSIONS: Parser = Parser {
    id: "tool-versions",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &[".tool-versions"],
    empty_is_valid: true,
    capabilities: CAPABILITIES,
    parse: |input| by_line(input, TOOL_VERSIONS.id, tool_versions),
};

/// Reads `.sdkmanrc`.
pub(in crate::ecosystem) const SDKMANRC: Parser = Parser {
    id: "sdkmanrc",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &[".sdkmanrc"],
    empty_is_valid: true,
    capabilities: CAPABILITIES,
    parse: |input| by_line(input, SDKMANRC.id, sdkmanrc),
};

/// Reads `mise.toml`.
pub(in crate::ecosystem) const MISE_TOML: Parser = Parser {
    id: "mise-toml",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &["mise.toml", ".mise.toml", ".config/mise.toml", "mise/config.toml", ".mise/config.toml"],
    empty_is_valid: true,
    capabilities: CAPABILITIES,
    parse: mise,
};

/// Which Java stands behind the dash of a version of SDKMAN.
const SDKMAN_JAVA: &[(&str, &str)] = &[
    ("tem", "temurin"),
    ("amzn", "corretto"),
    ("zulu", "zulu"),
    ("open", "openjdk"),
    ("graal", "graalvm"),
    ("graalce", "graalvm"),
    ("librca", "liberica"),
    ("ms", "microsoft-openjdk"),
    ("sapmchn", "sapmachine"),
    ("oracle", "oracle-jdk"),
];

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

/// `tool version version`: the later ones stand in where the first is not installed.
fn tool_versions(line: &str) -> Option<Vec<Reference<'_>>> {
    let mut words = line.split_whitespace();
    let tool = words.next()?;
    let asked: Vec<_> = words.map(|asked| reference(tool, asked, None)).collect();
    (!asked.is_empty()).then_some(asked)
}

/// `tool=version`; of Java the vendor stands behind the version (`21.0.4-tem`).
fn sdkmanrc(line: &str) -> Option<Vec<Reference<'_>>> {
    let (tool, asked) = line.split_once('=')?;
    let (tool, asked) = (tool.trim(), asked.trim());
    if tool.is_empty() || asked.is_empty() || tool.starts_with("sdkman_") {
        return tool.starts_with("sdkman_").then(Vec::new);
    }
    let vendor = asked.rsplit_once('-').filter(|_| tool == "java");
    let vendor = vendor.and_then(|(version, end)| {
        let (_, name) = SDKMAN_JAVA.iter().find(|(short, _)| *short == end)?;
        is_version(version).then_some((*name, version))
    });
    let (tool, asked) = vendor.unwrap_or((tool, asked));
    Some(vec![reference(tool, asked, None)])
}

/// `[tools]` of `mise.toml`: a version, a list of them, or a table with `version`.
fn mise(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let document = toml_syntax::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let mut references = Vec::new();
    for (tool, value) in document.table.table(&["tools"]).into_iter().flatten() {
        // A tool may be named by what it is installed with: `core:node`.
        let tool = tool.get_ref().strip_prefix("core:").unwrap_or(tool.get_ref());
        let all = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(toml::Spanned::get_ref).collect(),
            one => vec![one],
        };
        for one in all {
            let asked = match one {
                DeValue::Table(table) => table.text(&["version"]),
                one => one.as_str(),
            };
            let asked = asked.and_then(|asked| slice(document.lines.text(), asked));
            references.extend(asked.map(|asked| reference(tool, asked, None)));
        }
    }
    parsed.graph = graph(input.path, MISE_TOML.id, &document.lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}
