//! `*.opam.locked` (<https://opam.ocaml.org/doc/man/opam-lock.html>): an opam file whose `depends` name one version each,
//! those of what other dependencies need too (<https://opam.ocaml.org/doc/Manual.html#opam>).

use std::collections::HashMap;

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::tokens::{Token, Tokens};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, file_name_of, project_label};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageId, Source, SourceKind,
};

/// Reads `*.opam.locked`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "opam-locked",
    ecosystem: Ecosystem::Opam,
    role: Role::Lockfile,
    names: &["*.opam.locked", "opam.locked"],
    empty_is_valid: false,
    capabilities: Capabilities {
        kinds: Support::Full,
        source: Support::Full,
        lines: Support::Full,
        ..Capabilities::NONE
    },
    parse,
};

/// A package of `depends` with what stands in its braces.
#[derive(Default)]
struct Entry<'t> {
    name: &'t str,
    version: Option<&'t str>,
    /// The formula, where it names no one version.
    formula: Option<&'t str>,
    flags: Vec<&'t str>,
}

impl Entry<'_> {
    fn kind(&self) -> DependencyKind {
        let has = |flag: &str| self.flags.contains(&flag);
        if has("with-test") || has("with-doc") || has("with-dev-setup") || has("dev") {
            DependencyKind::Dev
        } else if has("build") {
            DependencyKind::Build
        } else {
            DependencyKind::Runtime
        }
    }
}

/// What is read of a file.
#[derive(Default)]
struct File<'t> {
    name: Option<&'t str>,
    version: Option<&'t str>,
    depends: Vec<Entry<'t>>,
    /// The address of each pinned `name.version`.
    pins: HashMap<&'t str, &'t str>,
    is_broken: bool,
    has_depends: bool,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let file = read(text);
    if file.is_broken {
        let message = "the file breaks off in a list or a text; what comes before was read. Run `opam lock`";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(lines.line(text.len())), message));
    } else if !file.has_depends {
        let message = "there is no `depends`: no file of `opam lock`, nothing was read";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    if file.has_depends {
        let own = file_name_of(input.path).strip_suffix(".opam.locked").filter(|name| !name.is_empty());
        let name = file.name.or(own).unwrap_or(project_label(input.path));
        let id = PackageId::new(Ecosystem::Opam, name, file.version, Source::of(SourceKind::Workspace));
        graph.member(id, file.version.and_then(|version| lines.locate_slice(version)));
    }
    for entry in &file.depends {
        let pinned = entry.version.map(|version| format!("{}.{version}", entry.name));
        let source = pinned.and_then(|key| file.pins.get(key.as_str())).map_or(Source::PUBLIC_REGISTRY, |url| pin(url));
        let id = PackageId::new(Ecosystem::Opam, entry.name, entry.version, source);
        let index = graph.package(id, entry.version.and_then(|version| lines.locate_slice(version)));
        graph.mark(index, None, Kinds::only(entry.kind()));
        if entry.version.is_none() {
            if let Some(formula) = entry.formula {
                graph.requirement(index, formula);
            }
            if let Some(place) = lines.locate_slice(entry.name) {
                graph.declare(index, place);
            }
        }
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// Reads the fields of a file: `name: "…"`, `depends: [ … ]`.
fn read(text: &str) -> File<'_> {
    let mut file = File::default();
    let mut tokens = Tokens::new(text, &["#"]).with_block("(*", "*)");
    let mut field = "";
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) => field = word,
            Token::Text(text) if field == "name" => file.name = Some(text),
            Token::Text(text) if field == "version" => file.version = Some(text),
            Token::Mark('[') if field == "depends" => {
                file.has_depends = true;
                file.is_broken |= !depends(&mut tokens, text, &mut file.depends);
            }
            Token::Mark('[') if field == "pin-depends" => file.is_broken |= !pins(&mut tokens, &mut file.pins),
            Token::Mark('[') => file.is_broken |= !skip(&mut tokens),
            Token::Open(_) => file.is_broken = true,
            Token::Text(_) | Token::Mark(_) => {}
        }
    }
    file
}

/// Goes behind the end of a list; says whether it has one.
fn skip(tokens: &mut Tokens<'_>) -> bool {
    let mut depth = 1_usize;
    for token in tokens {
        match token {
            Token::Mark('[') => depth += 1,
            Token::Mark(']') if depth == 1 => return true,
            Token::Mark(']') => depth -= 1,
            _ => {}
        }
    }
    false
}

/// Reads `"name" {= "version" & with-test}` up to the end of the list; says whether it has one.
fn depends<'t>(tokens: &mut Tokens<'t>, text: &'t str, out: &mut Vec<Entry<'t>>) -> bool {
    let mut formula = None;
    let mut is_equal = false;
    let mut versions = 0;
    while let Some(token) = tokens.next() {
        match (token, formula) {
            (Token::Mark(']'), None) => return true,
            (Token::Text(name), None) => out.push(Entry { name, ..Entry::default() }),
            (Token::Mark('{'), None) => {
                (formula, is_equal, versions) = (Some(tokens.offset()), false, 0);
            }
            (Token::Mark('}'), Some(start)) => {
                if let Some(entry) = out.last_mut() {
                    entry.version = entry.version.filter(|_| versions == 1);
                    let whole = text.get(start..tokens.offset().saturating_sub(1)).map(str::trim);
                    entry.formula = whole.filter(|whole| !whole.is_empty() && entry.version.is_none());
                }
                formula = None;
            }
            (Token::Mark('='), Some(_)) => is_equal = true,
            (Token::Mark('<' | '>' | '!'), Some(_)) => versions = 2,
            (Token::Text(version), Some(_)) => {
                versions += 1;
                if let Some(entry) = out.last_mut().filter(|_| is_equal) {
                    entry.version = Some(version);
                }
                is_equal = false;
            }
            (Token::Word(flag), Some(_)) => {
                if let Some(entry) = out.last_mut() {
                    entry.flags.push(flag);
                }
            }
            _ => {}
        }
    }
    false
}

/// Reads `["name.version" "address"]` up to the end of the list; says whether it has one.
fn pins<'t>(tokens: &mut Tokens<'t>, out: &mut HashMap<&'t str, &'t str>) -> bool {
    let mut name = None;
    let mut depth = 1_usize;
    for token in tokens {
        match token {
            Token::Mark('[') => {
                depth += 1;
                name = None;
            }
            Token::Mark(']') if depth == 1 => return true,
            Token::Mark(']') => depth -= 1,
            Token::Text(text) => match name.take() {
                Some(name) => drop(out.insert(name, text)),
                None => name = Some(text),
            },
            _ => {}
        }
    }
    false
}

/// Where a pinned package lies: `git+https://host/a.git#commit`, an archive, a folder.
fn pin(url: &str) -> Source {
    if let Some(repository) = url.strip_prefix("git+") {
        Source::at(SourceKind::Git, repository)
    } else if url.starts_with("git://") || url.contains(".git#") {
        Source::at(SourceKind::Git, url)
    } else if url.contains("://") && !url.starts_with("file:") {
        Source::at(SourceKind::Url, url)
    } else {
        Source::at(SourceKind::Path, url)
    }
}
