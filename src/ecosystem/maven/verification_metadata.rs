//! `gradle/verification-metadata.xml` (<https://docs.gradle.org/current/userguide/dependency_verification.html>): the
//! checksums of every artifact that a build of the project fetched. All of it was used somewhere; by what, for what, and
//! whether it still is, the file does not say.

use super::{artifact_id, is_sane};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::xml::{self, Element};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, Kinds, Source};

/// Reads `gradle/verification-metadata.xml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "verification-metadata",
    ecosystem: Ecosystem::Maven,
    role: Role::Lockfile,
    names: &["gradle/verification-metadata.xml"],
    empty_is_valid: false,
    capabilities: Capabilities {
        source: Support::Full,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

/// The algorithms, the strongest first.
const ALGORITHMS: [&str; 4] = ["sha512", "sha256", "sha1", "md5"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut decoded = String::new();
    let document = xml::parse(input.path, input.bytes, &mut decoded, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let root = document.root.as_ref();
    if let Some(root) = root.filter(|root| root.name != "verification-metadata") {
        let message = format!("it wants `<verification-metadata>` and has `<{}>`; nothing was read", root.name);
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(document.line(root)), message));
    }
    let root = root.filter(|root| root.name == "verification-metadata");
    let components = root.map(|root| root.at_path(&["components", "component"])).unwrap_or_default();
    for component in components.into_iter().filter(|component| component.is_whole) {
        let attribute = |name| component.attribute(name).filter(|text| is_sane(text));
        let (Some(group), Some(name), Some(version)) = (attribute("group"), attribute("name"), attribute("version"))
        else {
            let message = "a `<component>` has no group, name or version that can be one; it was left out";
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(document.line(component)), message));
            continue;
        };
        let id = artifact_id(group, name, Some(version), Source::PUBLIC_REGISTRY);
        let index = graph.package(id, document.locate(version));
        graph.mark(index, None, Kinds::default());
        if let Some(hash) = checksum(component, &format!("{name}-{version}")) {
            graph.integrity(index, &hash);
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The strongest checksum of the artifact itself, and not of its POM or of its sources.
fn checksum(component: &Element<'_>, stem: &str) -> Option<String> {
    let is_own = |name: &str| name.strip_prefix(stem).is_some_and(|end| matches!(end, ".jar" | ".aar" | ".zip"));
    let artifact = component.all("artifact").find(|artifact| artifact.attribute("name").is_some_and(is_own))?;
    ALGORITHMS.iter().find_map(|algorithm| {
        let value = artifact.child(algorithm)?.attribute("value")?;
        Some(format!("{algorithm}:{value}"))
    })
}
