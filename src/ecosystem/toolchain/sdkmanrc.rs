//! `.sdkmanrc` (<https://sdkman.io/usage#env-command>): a tool and its version on each line.

use super::{CAPABILITIES, by_line, is_version, reference};
use crate::ecosystem::reference::Reference;
use crate::ecosystem::{Parser, Role};
use crate::model::Ecosystem;

/// Reads `.sdkmanrc`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "sdkmanrc",
    ecosystem: Ecosystem::Toolchain,
    role: Role::Manifest,
    names: &[".sdkmanrc"],
    empty_is_valid: true,
    capabilities: CAPABILITIES,
    parse: |input| by_line(input, PARSER.id, sdkmanrc),
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
