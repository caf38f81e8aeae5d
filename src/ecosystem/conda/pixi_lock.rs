//! `pixi.lock`, versions 4 to 6 (<https://pixi.sh/latest/workspace/lockfile/>): packages, and which of them each
//! environment has on each platform.
//!
//! Up to version 5 a package names its `kind`, since version 6 its key does, and a Conda package has its name and version
//! in its address alone.

use std::collections::{HashMap, HashSet};

use toml::de::DeTable;

use super::spec::archive;
use super::{channel, id, python};
use crate::ecosystem::python::pep508;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::toml::{self as toml_syntax, Get};
use crate::ecosystem::syntax::yaml::{self, Stream};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, Location, PackageIndex, RepoPath, normalize_name,
};

/// Reads `pixi.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pixi-lock",
    ecosystem: Ecosystem::Conda,
    role: Role::Lockfile,
    names: &["pixi.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::None,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// The newest format that is known.
const NEWEST: u32 = 6;
/// How many needs are followed over all environments (hostile input: each may list a package that needs much).
const MAX_NEEDS: usize = 2_000_000;
/// The tables of a manifest that ask for packages; a feature and a platform may hold them too.
const TABLES: [&str; 4] = ["dependencies", "host-dependencies", "build-dependencies", "pypi-dependencies"];

/// A package of the file.
struct Entry<'v, 'd> {
    index: PackageIndex,
    is_python: bool,
    value: &'v Value<'d>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let asked = asked(input, &mut parsed);
    if !parsed.wanted.is_empty() {
        return Parsed { wanted: parsed.wanted, ..Parsed::default() };
    }
    let stream = yaml::parse(input.path, input.bytes, &mut parsed.diagnostics);
    let null = Value::Null;
    let document = stream.documents.first().unwrap_or(&null);
    known_format(document, &stream, input.path, &mut parsed);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut entries: HashMap<&str, Entry<'_, '_>> = HashMap::new();
    for value in document.get("packages").map_or(&[][..], Value::items) {
        match package(value, &stream, &mut graph) {
            Ok((address, entry)) => drop(entries.insert(address, entry)),
            Err(why) => {
                let line = value.entries().first().and_then(|(_, first)| stream.lines.locate_slice(first.as_text()?));
                let message = format!("a package {why}; it was left out. Run `pixi lock`");
                parsed.diagnostics.push(Diagnostic::error(input.path, line.map(|place| place.line), message));
            }
        }
    }
    if edges(document, &entries, &mut graph).is_none() {
        let message = "the environments name so much that not all edges were read";
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    if let Some(asked) = asked {
        for entry in entries.values() {
            let name = graph.id(entry.index).name.clone();
            let places = asked.get(&(entry.is_python, name));
            graph.mark(entry.index, Some(places.is_some()), Kinds::default());
            places.into_iter().flatten().for_each(|place| graph.declare(entry.index, place.clone()));
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

fn known_format(document: &Value<'_>, stream: &Stream<'_>, path: &RepoPath, parsed: &mut Parsed) {
    let version = document.text("version");
    if parsed.diagnostics.is_empty() && version.and_then(|v| v.parse::<u32>().ok()).is_none_or(|v| v > NEWEST) {
        let line = version.and_then(|version| stream.lines.locate_slice(version)).map_or(1, |place| place.line);
        let message = "the `version` of this lockfile is not known; it was read like version 6";
        parsed.diagnostics.push(Diagnostic::error(path, Some(line), message));
    }
}

/// Adds a package; gives the address under which environments name it.
fn package<'v, 'd>(
    value: &'v Value<'d>,
    stream: &Stream<'_>,
    graph: &mut GraphBuilder,
) -> Result<(&'v str, Entry<'v, 'd>), &'static str> {
    let is_python = value.text("pypi").is_some() || value.text("kind") == Some("pypi");
    let address = ["conda", "pypi", "url", "path"].iter().find_map(|key| value.text(key)).ok_or("has no address")?;
    let named = (value.text("name"), value.text("version"));
    let index = if is_python {
        let name = named.0.ok_or("has no name")?;
        let source = super::python_index(address);
        // A folder of the project may have no version.
        let version = named.1;
        let place = version.and_then(|version| stream.lines.locate_slice(version));
        let index = graph.package(python(name, version, source), place);
        if let Some(place) = stream.lines.locate_slice(name).filter(|_| version.is_none()) {
            graph.declare(index, place);
        }
        index
    } else {
        let (name, version) = match named {
            (Some(name), Some(version)) => (name, Some(version)),
            _ => archive(address)
                .map(|(name, version)| (name, Some(version)))
                .or(named.0.map(|name| (name, None)))
                .ok_or("has no name")?,
        };
        let index =
            graph.package(id(name, version, channel(address)), version.and_then(|v| stream.lines.locate_slice(v)));
        if let Some(place) = stream.lines.locate_slice(address).filter(|_| version.is_none()) {
            graph.declare(index, place);
        }
        index
    };
    if let Some(hash) = value.text("sha256").or_else(|| value.text("md5")) {
        graph.integrity(index, hash);
    }
    Ok((address, Entry { index, is_python, value }))
}

/// Connects the packages of each environment on each platform; `None` where there were too many.
fn edges(document: &Value<'_>, entries: &HashMap<&str, Entry<'_, '_>>, graph: &mut GraphBuilder) -> Option<()> {
    let mut left = MAX_NEEDS;
    let mut seen: HashSet<(PackageIndex, PackageIndex)> = HashSet::new();
    let platforms = document.object("environments").iter().flat_map(|(_, environment)| environment.object("packages"));
    for (_, list) in platforms {
        let members =
            list.items().iter().flat_map(Value::entries).filter_map(|(_, address)| entries.get(address.as_text()?));
        let members: Vec<&Entry<'_, '_>> = members.collect();
        let name = |entry: &Entry<'_, '_>| (entry.is_python, graph.id(entry.index).name.clone());
        let by_name: HashMap<(bool, String), PackageIndex> = members.iter().map(|&e| (name(e), e.index)).collect();
        for entry in members {
            let field = if entry.is_python { "requires_dist" } else { "depends" };
            for needed in entry.value.get(field).map_or(&[][..], Value::items).iter().filter_map(Value::as_text) {
                left = left.checked_sub(1)?;
                let (name, requirement) = need(needed, entry.is_python);
                let to = by_name.get(&(entry.is_python, name.clone()));
                // A package of pip may need one that Conda brought.
                let to = to.or_else(|| by_name.get(&(false, name)).filter(|_| entry.is_python));
                if let Some(&to) = to.filter(|&&to| to != entry.index && seen.insert((entry.index, to))) {
                    graph.dependency(entry.index, to, DependencyKind::Runtime, requirement);
                }
            }
        }
    }
    Some(())
}

/// The name and the requirement of `name >=1,<2 build` and of `name>=1; marker`.
fn need(text: &str, is_python: bool) -> (String, Option<&str>) {
    let (name, requirement) = if is_python {
        match pep508::parse(text) {
            Some(asked) => (normalize_name(Ecosystem::PyPi.osv_name(), asked.name).into_owned(), asked.specifier),
            None => (String::new(), ""),
        }
    } else {
        let (name, requirement) = text.split_once(' ').unwrap_or((text, ""));
        (name.to_owned(), requirement)
    };
    (name, Some(requirement.trim()).filter(|text| !matches!(*text, "" | "*")))
}

/// What the manifest asks for, by whether pip brings it and by name, with the places.
type Asked = HashMap<(bool, String), Vec<Location>>;

/// Reads `pixi.toml`, or the table of pixi in `pyproject.toml`.
fn asked(input: &Input<'_>, parsed: &mut Parsed) -> Option<Asked> {
    for (name, keys) in [("pixi.toml", &[][..]), ("pyproject.toml", &["tool", "pixi"][..])] {
        let path = input.beside(name);
        // A `pyproject.toml` has more in it than pixi reads, and stays a file of its own.
        let found = if keys.is_empty() {
            input.companion(&path, parsed)
        } else {
            let companions = parsed.companions.len();
            let found = input.companion(&path, parsed);
            parsed.companions.truncate(companions);
            found
        };
        let Some(bytes) = found else { continue };
        let document = toml_syntax::parse(&path, bytes, &mut parsed.diagnostics);
        let table = if keys.is_empty() { Some(&document.table) } else { document.table.table(keys) };
        let Some(table) = table else { continue };
        let mut asked = Asked::new();
        let features = table.table(&["feature"]).into_iter().flatten().filter_map(|(_, f)| f.get_ref().as_table());
        let holders: Vec<&DeTable<'_>> = std::iter::once(table).chain(features).collect();
        for holder in holders {
            let targets = holder.table(&["target"]).into_iter().flatten().filter_map(|(_, t)| t.get_ref().as_table());
            for table in std::iter::once(holder).chain(targets) {
                add(table, &document, &mut asked);
            }
        }
        return Some(asked);
    }
    None
}

fn add(table: &DeTable<'_>, document: &toml_syntax::Document<'_>, asked: &mut Asked) {
    for key in TABLES {
        let is_python = key == "pypi-dependencies";
        for (name, _) in table.table(&[key]).into_iter().flatten() {
            let place = document.lines.locate(name.span().start, name.span().len());
            let ecosystem = if is_python { Ecosystem::PyPi } else { Ecosystem::Conda };
            let name = ecosystem.normalize_name(name.get_ref()).into_owned();
            asked.entry((is_python, name)).or_default().push(place);
        }
    }
}
