//! A `package.json` that no lockfile belongs to: requirements, and only where one is exact a version.

use super::manifest::Manifest;
use super::spec::wanted;
use super::{id, project};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Ecosystem, GraphBuilder};

/// The parser's row.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "package-json",
    ecosystem: Ecosystem::Npm,
    role: Role::Manifest,
    names: &["package.json"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let manifest = Manifest::read(input.path, input.bytes, &mut diagnostics);
    let mut builder = GraphBuilder::new(input.path, PARSER.id);
    if !manifest.asked.is_empty() {
        build(&manifest, &mut builder);
    }
    Parsed { graph: builder.finish_by_reachability(), diagnostics, ..Parsed::default() }
}

fn build(manifest: &Manifest, builder: &mut GraphBuilder) {
    let own = project(manifest.label(), manifest.version.as_deref());
    let root = builder.member(own, manifest.version_place.clone());
    for asked in &manifest.asked {
        let wanted = wanted(&asked.spec);
        let name = wanted.name.unwrap_or(&asked.name);
        // The version is a part of what is asked for, and that stands in the file without escapes.
        let place = wanted.version.and_then(|version| {
            let mut place = asked.place.clone()?;
            let before = asked.spec[..asked.spec.rfind(version)?].encode_utf16().count();
            let before = u32::try_from(before).ok()?;
            place.column += before;
            place.length = u32::try_from(version.len()).ok()?;
            Some(place)
        });
        let index = builder.package(id(name, wanted.version, wanted.source), place);
        if wanted.version.is_none() {
            builder.requirement(index, &asked.spec);
        }
        if index != root {
            if asked.is_weak {
                builder.weak_dependency(root, index, Some(&asked.spec));
            } else {
                builder.dependency(root, index, asked.kind, Some(&asked.spec));
            }
        }
        if let Some(place) = asked.place.clone() {
            builder.declare(index, place);
        }
    }
}
