//! rpm's database in SQLite, `rpmdb.sqlite`, as rpm has kept it since 4.16
//! (<https://rpm.org/wiki/Releases/4.16.0>). A binary file has no lines.
//!
//! Whether advisories speak of what is installed or of what it was built from depends on who writes them.

mod header;
mod sqlite;

use self::header::Header;
use self::sqlite::{Sqlite, columns};
use super::{Manager, System};
use crate::ecosystem::syntax::bounds::{Candidates, bound};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder};

/// Reads rpm's database.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "rpm-database",
    ecosystem: Ecosystem::RedHat,
    role: Role::Installed,
    names: &["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::Partial, ..Capabilities::NONE },
    parse,
};

/// Keys that rpm trusts stand among the packages.
const KEY: &str = "gpg-pubkey";

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let Some(system) = System::of(input, Manager::Rpm, &mut parsed) else { return parsed };
    let database = Sqlite::open(input.bytes);
    let table = database.as_ref().and_then(|database| Some((database, database.table("Packages")?)));
    let Some((database, table)) = table else {
        let message = "it is no SQLite database with a table `Packages`; nothing was read";
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
        return parsed;
    };
    let (rows, whole) = database.rows(table);
    if !whole {
        let message = "the database is damaged: some of its pages cannot be read, and packages may be missing";
        parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
    }
    let by_source = !matches!(system.ecosystem, Ecosystem::RedHat | Ecosystem::AlmaLinux);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_name = Candidates::new();
    let mut needs = Vec::with_capacity(rows.len());
    for (row, number) in rows.iter().zip(1..) {
        let blob = columns(row, 2).and_then(|columns| columns.get(1).copied());
        let Some(header) = blob.and_then(Header::read) else {
            let message = format!("the header of package {number} of {} cannot be read; it was left out", rows.len());
            parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
            continue;
        };
        if header.name == KEY {
            continue;
        }
        let source = header.source.filter(|(name, version)| *name != header.name || *version != header.version);
        let built_from = source.filter(|_| by_source).map(|(name, version)| (name.to_owned(), version));
        let index = graph.package(system.id(header.name, &header.version, built_from), None);
        by_name.add(header.name, index);
        header.provides.iter().for_each(|provided| by_name.add(provided, index));
        needs.push((index, header.requires));
    }
    for (from, names) in needs {
        for name in names {
            for &to in by_name.of(name).iter().filter(|&&to| to != from) {
                graph.dependency(from, to, DependencyKind::Runtime, None);
            }
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
