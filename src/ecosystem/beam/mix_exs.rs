//! `mix.exs` (<https://hexdocs.pm/mix/Mix.Tasks.Deps.html>): a program, of which a plain list of dependencies is read.

use super::term::{Reader, Term, option};
use super::{exact, repository};
use crate::ecosystem::syntax::asked::{Asked, Project, alone, git};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, text_of};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex, RepoPath, Source, SourceKind};

/// Reads `mix.exs` that no lockfile read.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "mix-exs",
    ecosystem: Ecosystem::Hex,
    role: Role::Manifest,
    names: &["mix.exs"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        kinds: Support::Partial,
        integrity: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

/// What a list of dependencies can stand behind.
const HEADERS: [&str; 5] = ["defp deps do", "def deps do", "defp deps() do", "def deps() do", "deps: ["];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let manifest = Manifest::read(input.path, input.bytes, &mut parsed.diagnostics);
    parsed.graph = alone(input, (PARSER.id, Ecosystem::Hex), &manifest.project, &manifest.asked);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// A manifest.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The project.
    pub(super) project: Project,
    /// What it asks for plainly.
    pub(super) asked: Vec<Asked>,
    /// Whether the whole list was understood, so that nothing else is asked for.
    pub(super) is_whole: bool,
}

impl Manifest {
    /// Reads a manifest.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let text = text_of(path, bytes, diagnostics);
        let lines = LineIndex::new(path, text);
        let name = text.split_once("app: :").map(|(_, rest)| word(rest)).filter(|name| !name.is_empty());
        let version = literal(text, "version: \"").or_else(|| literal(text, "@version \""));
        let mut manifest = Self {
            project: Project {
                name: name.map(str::to_owned),
                version: version.map(|version| (version.to_owned(), lines.locate_slice(version))),
            },
            asked: Vec::new(),
            is_whole: false,
        };
        for header in HEADERS {
            let Some(at) = text.find(header) else { continue };
            let mut reader = Reader::elixir(text);
            // The bracket belongs to the list.
            reader.at = at + header.len() - usize::from(header.ends_with('['));
            reader.skip_space();
            if reader.byte() != Some(b'[') {
                continue;
            }
            let Some(list) = reader.item() else { continue };
            reader.skip_space();
            let ends = header.ends_with('[') || reader.rest().starts_with("end");
            let items = list.items();
            let asked: Vec<Asked> = items.iter().filter_map(|item| dependency(item, &lines)).collect();
            manifest.is_whole = ends && !reader.is_cut && asked.len() == items.len();
            manifest.asked = asked;
            break;
        }
        manifest
    }
}

fn word(rest: &str) -> &str {
    &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
}

/// The string that stands behind a text, where it is plain.
fn literal<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    let (value, _) = rest.split_once('"')?;
    (!value.is_empty() && !value.contains(['\n', '\\', '#'])).then_some(value)
}

/// `{:app, "requirement", options}`, without the second or third.
fn dependency(item: &Term<'_>, lines: &LineIndex<'_>) -> Option<Asked> {
    let Term::Tuple(parts) = item else { return None };
    let app = parts.first()?.atom()?;
    let requirement = parts.get(1).and_then(Term::text);
    // Options stand in a list, or bare at the end.
    let inner = parts.last().filter(|part| matches!(part, Term::List(_))).map_or(&parts[1..], Term::items);
    let source = source(inner);
    let name = option(inner, "hex").and_then(Term::word).unwrap_or(app);
    let pinned = requirement.and_then(exact).filter(|_| source.kind == SourceKind::Registry);
    Some(Asked {
        name: name.to_owned(),
        requirement: requirement.map(str::to_owned),
        exact: pinned.map(|version| (version.to_owned(), lines.locate_slice(version))),
        kind: kind(inner),
        source,
        place: lines.locate_slice(app),
    })
}

/// What a dependency is for. One that is only there in `dev` and `test` is for developers; one that is not started is
/// needed when the project is built (<https://hexdocs.pm/mix/Mix.Tasks.Deps.html#module-dependency-definition-options>).
fn kind(options: &[Term<'_>]) -> Option<DependencyKind> {
    if let Some(only) = option(options, "only") {
        let list = std::slice::from_ref(only);
        let environments = if matches!(only, Term::List(_)) { only.items() } else { list };
        let words: Option<Vec<&str>> = environments.iter().map(Term::atom).collect();
        let words = words?;
        if !words.contains(&"prod") {
            let is_dev = !words.is_empty() && words.iter().all(|word| matches!(*word, "dev" | "test"));
            return is_dev.then_some(DependencyKind::Dev);
        }
    }
    match (option(options, "optional"), option(options, "runtime")) {
        (Some(Term::Atom("true")), _) => Some(DependencyKind::Optional),
        (Some(term), _) if term.atom() != Some("false") => None,
        (_, Some(Term::Atom("false"))) => Some(DependencyKind::Build),
        (_, Some(term)) if term.atom() != Some("true") => None,
        _ => Some(DependencyKind::Runtime),
    }
}

fn source(options: &[Term<'_>]) -> Source {
    let text = |key: &str| option(options, key).and_then(Term::text);
    let commit = text("ref");
    if let Some(path) = text("path") {
        Source::at(SourceKind::Path, path)
    } else if let Some(Term::Atom("true")) = option(options, "in_umbrella") {
        Source::of(SourceKind::Workspace)
    } else if let Some(url) = text("git") {
        git(url, commit)
    } else if let Some(name) = text("github") {
        git(&format!("https://github.com/{name}.git"), commit)
    } else if let Some(organisation) = text("organization") {
        repository(&format!("hexpm:{organisation}"))
    } else if let Some(name) = text("repo") {
        repository(name)
    } else {
        Source::PUBLIC_REGISTRY
    }
}
