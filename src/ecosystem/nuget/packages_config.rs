//! `packages.config` (<https://learn.microsoft.com/nuget/reference/packages-config>): every package that is installed,
//! those that others need too.

use super::{is_name, is_version, left_out, package_id};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::xml;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, Source};

/// Reads `packages.config`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "packages-config",
    ecosystem: Ecosystem::NuGet,
    role: Role::Lockfile,
    names: &["packages.config", "packages.*.config"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        direct: Support::None,
        integrity: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut decoded = String::new();
    let document = xml::parse(input.path, input.bytes, &mut decoded, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let root = document.root.as_ref();
    if let Some(root) = root.filter(|root| root.name != "packages") {
        let message = format!("this is no `packages.config`: it wants `<packages>` and has `<{}>`", root.name);
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(document.line(root)), message));
    }
    let packages = root.filter(|root| root.name == "packages").into_iter().flat_map(|root| root.all("package"));
    for package in packages.filter(|package| package.is_whole) {
        let (Some(name), Some(version)) = (package.attribute("id"), package.attribute("version")) else {
            let what = package.attribute("id").unwrap_or("package");
            parsed.diagnostics.push(left_out(input, Some(document.place(package)), what));
            continue;
        };
        if !is_name(name) || !is_version(version) {
            let what = format!("{name} {version}");
            parsed.diagnostics.push(left_out(input, Some(document.place(package)), &what));
            continue;
        }
        let id = package_id(name, Some(version), Source::PUBLIC_REGISTRY);
        let index = graph.package(id, document.locate(version));
        let is_dev = package.attribute("developmentDependency").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let kind = if is_dev { DependencyKind::Dev } else { DependencyKind::Runtime };
        graph.mark(index, None, Kinds::only(kind));
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
