//! apk's database, `lib/apk/db/installed` (<https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2>), with
//! `etc/apk/world`, which names what somebody asked for.
//!
//! Advisories speak of source packages (`o:`), whose version is that of all that was built from them.

use std::collections::HashSet;

use super::{Manager, System, root_of};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::syntax::stanza::{stanzas, whole_lines};
use crate::ecosystem::{Capabilities, Input, Lookup, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageIndex, RepoPath};

/// Reads apk's database.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "apk-installed",
    ecosystem: Ecosystem::Alpine,
    role: Role::Installed,
    names: &["lib/apk/db/installed"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

/// What a package may need, with what it may be called by whom.
const FIELDS: [&str; 6] = ["P", "V", "C", "o", "D", "p"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let root = root_of(input.path);
    let world =
        RepoPath::from(if root.is_empty() { "etc/apk/world".to_owned() } else { format!("{root}/etc/apk/world") });
    if input.files.look_up(&world) == Lookup::NotLoaded {
        parsed.wanted.push(RepoPath::clone(&world));
    }
    let Some(system) = System::of(input, Manager::Apk, &mut parsed) else { return parsed };
    let asked: Option<HashSet<String>> = match input.files.look_up(&world) {
        Lookup::Found(bytes) => {
            Some(String::from_utf8_lossy(bytes).split_whitespace().map(|word| name_of(word).to_owned()).collect())
        }
        _ => None,
    };
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, whole_lines(input.path, text, &mut parsed.diagnostics));
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_name = Candidates::new();
    let mut needs: Vec<(PackageIndex, &str)> = Vec::new();
    for stanza in stanzas(lines.text(), &FIELDS) {
        let Some(name) = stanza.get("P") else { continue };
        let Some(version) = stanza.get("V") else {
            let line = lines.locate_slice(name).map(|place| place.line);
            let message = format!("`{name}` has no version (`V:`); it was left out");
            parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
            continue;
        };
        let origin = stanza.get("o").filter(|origin| *origin != name);
        let id = system.id(name, version, origin.map(|origin| (origin.to_owned(), version.to_owned())));
        let index = graph.package(id, lines.locate_slice(version));
        graph.mark(index, asked.as_ref().map(|asked| asked.contains(name)), Kinds::default());
        if let Some(hash) = stanza.get("C") {
            graph.integrity(index, hash);
        }
        by_name.add(name.to_owned(), index);
        for provided in stanza.get("p").iter().flat_map(|list| list.split(' ')) {
            by_name.add(name_of(provided).to_owned(), index);
        }
        needs.extend(stanza.get("D").map(|list| (index, list)));
    }
    for (from, list) in needs {
        edges(from, list, &by_name, &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The name in `so:libc.musl-x86_64.so.1=1` or `busybox>=1.36@edge`.
fn name_of(word: &str) -> &str {
    word.split(['=', '<', '>', '~', '@']).next().unwrap_or_default()
}

/// `musl>=1.2 so:libz.so.1 !conflict`.
fn edges(from: PackageIndex, list: &str, by_name: &Candidates<String>, graph: &mut GraphBuilder) {
    for word in list.split(' ').filter(|word| !word.starts_with('!')) {
        let name = name_of(word);
        let requirement = Some(&word[name.len()..]).filter(|rest| !rest.is_empty());
        for &to in by_name.of(name).iter().filter(|&&to| to != from) {
            graph.dependency(from, to, DependencyKind::Runtime, requirement);
        }
    }
}
