//! A `deno.json` that no lockfile belongs to: what its imports ask for, and only where one is exact a version.

use super::manifest::Manifest;
use super::spec::{Spec, remote};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Ecosystem, GraphBuilder, Location, PackageId, Source};

/// Reads `deno.json`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "deno-json",
    ecosystem: Ecosystem::Jsr,
    role: Role::Manifest,
    names: &["deno.json", "deno.jsonc"],
    empty_is_valid: false,
    capabilities: Capabilities {
        direct: Support::Full,
        source: Support::Full,
        lines: Support::Full,
        ..Capabilities::NONE
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = Manifest::read(input.path, input.bytes, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    for asked in &manifest.asked {
        let (id, version) = match Spec::parse(&asked.spec) {
            Some(spec) => {
                let exact = semver::Version::parse(spec.range).is_ok().then_some(spec.range);
                (PackageId::new(spec.ecosystem, spec.name, exact, Source::PUBLIC_REGISTRY), exact)
            }
            None => match remote(&asked.spec) {
                Some(found) => found,
                // A file of the project.
                None => continue,
            },
        };
        if graph.is_empty() {
            graph.member(manifest.id.clone(), manifest.version_place.clone());
        }
        let place = version.and_then(|version| part(asked.place.as_ref()?, &asked.spec, version));
        let index = graph.package(id, place);
        graph.mark(index, Some(true), Default::default());
        graph.dependency(0, index, DependencyKind::Runtime, None);
        if let Some(spec) = Spec::parse(&asked.spec).filter(|spec| version.is_none() && !spec.range.is_empty()) {
            graph.requirement(index, spec.range);
        }
        if let Some(place) = asked.place.clone() {
            graph.declare(index, place);
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The place of a part of a text that stands at a place.
fn part(place: &Location, text: &str, part: &str) -> Option<Location> {
    let before = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.get(..before)?.encode_utf16().count();
    let mut place = place.clone();
    place.column = place.column.checked_add(u32::try_from(before).ok()?)?;
    place.length = u32::try_from(part.encode_utf16().count()).ok()?;
    Some(place)
}
