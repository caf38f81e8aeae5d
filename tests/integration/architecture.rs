//! The shape of the source: which room uses which, how large files are, that whatever has an id has what belongs to it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use osprey::ecosystem::PARSERS;
use osprey::rule::rules;

use crate::support::Tree;

/// The rooms, and which of the others each may use. The report of a run and the verdict on it are words of `model`,
/// which every room speaks.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("version", &["model"]),
    ("ecosystem", &["model", "version"]),
    ("advisory", &["model", "version"]),
    ("database", &["model", "version", "advisory"]),
    ("source", &["model", "advisory"]),
    ("expression", &["model"]),
    ("rule", &["model", "version", "expression"]),
    ("policy", &["model", "version", "expression"]),
    ("report", &["model"]),
    ("scan", &["model", "version", "ecosystem", "advisory", "database", "source", "rule", "policy"]),
    ("cli", &["model", "scan", "report", "policy", "database", "source", "rule", "ecosystem", "expression"]),
];

/// What `cli` may name in the rooms of which it may use the tables only.
const TABLES: &[(&str, &[&str])] = &[
    ("rule", &["rules", "CLAUSES"]),
    ("expression", &["VARIABLES", "FIELDS", "FUNCTIONS"]),
    ("ecosystem", &["PARSERS", "UNSUPPORTED", "Parser", "Role", "Support"]),
];

/// No file has more lines than this before its tests.
const MAX_LINES: usize = 800;

/// A source file without its tests, its comments and what stands in its string literals.
struct Source {
    /// Seen from the package's folder.
    path: String,
    code: String,
}

impl Source {
    /// How many modules it lies below the crate's root.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count() - 1;
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    fn room(&self) -> Option<&str> {
        let room = self.path.strip_prefix("src/")?.split('/').next()?;
        (!room.ends_with(".rs")).then_some(room)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with that ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// All source files but those of tests.
fn sources() -> Vec<Source> {
    let paths = files(&root().join("src"), ".rs");
    let codes: Vec<String> = paths.iter().map(|path| blanked(&fs::read_to_string(path).unwrap())).collect();
    let mut of_tests = BTreeSet::new();
    for (path, code) in paths.iter().zip(&codes) {
        let stem = path.file_stem().unwrap();
        let is_root = stem == "mod" || stem == "lib" || stem == "main";
        let folder = if is_root { path.parent().unwrap().to_owned() } else { path.with_extension("") };
        for (_, name) in test_modules(code) {
            of_tests.extend(name.map(|name| folder.join(format!("{name}.rs"))));
        }
    }
    let mut sources = Vec::new();
    for (path, mut code) in paths.into_iter().zip(codes) {
        if of_tests.contains(&path) {
            continue;
        }
        // Tests that stand in the file itself are its end.
        if let Some((at, _)) = test_modules(&code).into_iter().find(|(_, name)| name.is_none()) {
            code.truncate(at);
        }
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        sources.push(Source { path, code });
    }
    sources
}

/// Where `#[cfg(test)]` stands before a module, and the module's name where it has a file of its own.
fn test_modules(code: &str) -> Vec<(usize, Option<String>)> {
    let mut found = Vec::new();
    for (at, mark) in code.match_indices("#[cfg(test)]") {
        let rest = code[at + mark.len()..].trim_start();
        let rest = rest.strip_prefix("pub(super) ").or_else(|| rest.strip_prefix("pub(crate) ")).unwrap_or(rest);
        let Some(rest) = rest.strip_prefix("mod ") else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let is_elsewhere = rest[name.len()..].trim_start().starts_with(';');
        found.push((at, is_elsewhere.then_some(name)));
    }
    found
}

/// Code in which every character of a comment or a string literal is a space; lines stay lines.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => string_length(rest),
            'r' if !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => raw_string_length(rest).unwrap_or(0),
            '\'' => character_length(rest).unwrap_or(0),
            _ => 0,
        };
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    out
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string_length(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|&c| c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + body.find(&end)? + end.len())
}

/// A character literal; a lifetime is none.
fn character_length(text: &str) -> Option<usize> {
    let body = &text[1..];
    let content = if body.starts_with('\\') { body[2..].find('\'')? + 2 } else { body.chars().next()?.len_utf8() };
    body[content..].starts_with('\'').then_some(content + 2)
}

/// The line of a place in a text.
fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn name_at(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
}

/// The names at the head of a path or of each part of a group, with where they stand and what follows them.
fn heads(code: &str, at: usize) -> Vec<(usize, &str)> {
    let start = at + (code[at..].len() - code[at..].trim_start().len());
    if !code[start..].starts_with('{') {
        return vec![(start, name_at(&code[start..]))];
    }
    let mut found = Vec::new();
    let mut depth = 0;
    let mut is_head = false;
    for (offset, c) in code[start..].char_indices() {
        match c {
            '{' => {
                depth += 1;
                is_head = depth == 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ',' => is_head = depth == 1,
            c if is_head && !c.is_whitespace() => {
                found.push((start + offset, name_at(&code[start + offset..])));
                is_head = false;
            }
            _ => {}
        }
    }
    found
}

/// Every use that a file makes of a room: where, which room, and the place after the room's name.
fn uses(source: &Source) -> Vec<(usize, &str)> {
    let code = &source.code;
    let mut found = Vec::new();
    let starts_word = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    for (at, mark) in code.match_indices("crate::") {
        if starts_word(at) {
            found.extend(heads(code, at + mark.len()));
        }
    }
    // So many `super::` lead to the crate's root.
    let up = "super::".repeat(source.depth());
    if !up.is_empty() {
        for (at, mark) in code.match_indices(&up) {
            if starts_word(at) && !code[at + mark.len()..].starts_with("super") {
                found.extend(heads(code, at + mark.len()));
            }
        }
    }
    found.retain(|(_, name)| ROOMS.iter().any(|(room, _)| room == name));
    found
}

fn misuses(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let Some(room) = source.room() else { continue };
        let Some((_, may_use)) = ROOMS.iter().find(|(known, _)| *known == room) else {
            wrong.push(format!("{}: {room} is no room of the table", source.path));
            continue;
        };
        for (at, used) in uses(source) {
            let place = format!("{}:{}", source.path, line(&source.code, at));
            if used != room && !may_use.contains(&used) {
                wrong.push(format!("{place}: {room} may not use {used}"));
            }
            let table = TABLES.iter().find(|(known, _)| room == "cli" && *known == used);
            if let Some((_, names)) = table
                && let Some(rest) = source.code[at + used.len()..].strip_prefix("::")
            {
                let named = heads(rest, 0).into_iter().filter(|(_, name)| !names.contains(name));
                wrong.extend(named.map(|(_, name)| format!("{place}: cli may not use {used}::{name}")));
            }
        }
        if source.code.contains("use crate as") {
            wrong.push(format!("{}: the crate has one name", source.path));
        }
    }
    wrong
}

#[test]
fn a_room_uses_only_the_rooms_that_it_may() {
    let sources = sources();
    assert!(sources.len() > 80, "the walk finds the source");
    assert!(sources.iter().map(|source| uses(source).len()).sum::<usize>() > 80, "the walk finds what is used");
    let wrong = misuses(&sources);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_misuse_is_found_wherever_it_is_written() {
    let of = |path: &str, code: &str| misuses(&[Source { path: path.to_owned(), code: blanked(code) }]);
    assert_eq!(of("src/model/x.rs", "\nuse crate::cli::Exit;"), ["src/model/x.rs:2: model may not use cli"]);
    let group = "use crate::{\n    model::{Package, Purl},\n    report::Format,\n};";
    assert_eq!(of("src/policy/x.rs", group), ["src/policy/x.rs:3: policy may not use report"]);
    assert_eq!(of("src/rule/x.rs", "fn f() { let x = crate::policy::f(); }").len(), 1);
    assert_eq!(of("src/rule/x.rs", "use super::super::policy;").len(), 1);
    assert_eq!(of("src/rule/mod.rs", "use super::policy::Policy;").len(), 1);
    assert_eq!(of("src/rule/x.rs", "use super::policy::Policy;"), Vec::<String>::new());
    assert_eq!(
        of("src/rule/x.rs", "/// [`crate::policy`]\nconst X: &str = \"crate::policy\"; // crate::policy").len(),
        0
    );
    assert_eq!(of("src/cli/x.rs", "use crate::rule::find;"), ["src/cli/x.rs:1: cli may not use rule::find"]);
    assert_eq!(of("src/cli/x.rs", "use crate::rule::rules;\nuse crate::ecosystem::{PARSERS, Role};").len(), 0);
    assert_eq!(of("src/attic/x.rs", "").len(), 1);
    assert_eq!(test_modules("a #[cfg(test)]\nmod tests {").len(), 1);
}

#[test]
fn no_file_is_too_long() {
    for source in sources() {
        let lines = source.code.lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines before its tests; split it by {MAX_LINES}", source.path);
    }
    assert!(fs::read_to_string(root().join("src/main.rs")).unwrap().lines().count() < 20);
}

#[test]
fn nothing_outside_of_cli_prints_or_asks_the_machine() {
    let words = [
        "println!",
        "eprintln!",
        "print!(",
        "dbg!",
        "std::env::",
        "env::var",
        "SystemTime",
        "Timestamp::now",
        "process::exit",
    ];
    for source in sources().iter().filter(|source| source.room().is_some_and(|room| room != "cli")) {
        for word in words {
            let at = source.code.find(word).map(|at| line(&source.code, at));
            assert!(at.is_none(), "{}:{}: {word} belongs to cli", source.path, at.unwrap_or_default());
        }
    }
    // What is written belongs to the formats.
    for source in sources().iter().filter(|source| source.path.starts_with("src/model/")) {
        assert!(!source.code.contains("Serialize"), "{}: formats own their types", source.path);
    }
}

/// The names of the entries of a folder.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_parser_has_its_file_and_its_fixtures() {
    let code = files(&root().join("src/ecosystem"), ".rs");
    let fixtures = names("fixtures/parsers");
    let mut ids = BTreeSet::new();
    for parser in PARSERS {
        assert!(ids.insert(parser.id.to_owned()), "{} stands twice in the table", parser.id);
        let name = parser.id.replace('-', "_");
        let (file, folder) = (format!("{name}.rs"), format!("{name}/mod.rs"));
        let is_there = code.iter().any(|path| path.ends_with(&file) || path.ends_with(&folder));
        assert!(is_there, "{}: there is no {file} and no {folder}", parser.id);
        assert!(fixtures.contains(parser.id), "there is no folder fixtures/parsers/{}", parser.id);
    }
    let others: Vec<&String> = fixtures.difference(&ids).filter(|name| !name.contains('.')).collect();
    assert!(others.is_empty(), "fixtures of no parser: {others:?}");
}

#[test]
fn every_rule_has_its_file() {
    let code = names("src/rule");
    for rule in rules() {
        let file = format!("{}.rs", rule.id.replace('-', "_"));
        assert!(code.contains(&file), "{}: there is no src/rule/{file}", rule.id);
    }
}

#[test]
fn the_readme_holds_the_tables_of_the_program() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for table in ["rules", "clauses", "parsers", "variables", "functions"] {
        let (open, close) = (format!("<!-- {table} -->"), format!("<!-- /{table} -->"));
        let held = readme.split_once(&open).and_then(|(_, rest)| Some(rest.split_once(&close)?.0.trim()));
        let made = Tree::new().run(&["list", table, "--markdown"]).exits(0).stdout;
        let held = held.unwrap_or_else(|| panic!("README.md lacks {open} … {close}"));
        assert_eq!(held, made.trim(), "put what `osprey list {table} --markdown` prints between {open} and {close}");
    }
}
