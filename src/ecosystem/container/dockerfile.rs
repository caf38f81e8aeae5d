//! Dockerfiles (<https://docs.docker.com/reference/dockerfile/>): the images that stages are built on, those that files are
//! copied or mounted from, and the one that reads the file (`# syntax=`).
//!
//! What the last stage is built on, and what is copied into it, is there at run time; what other stages are built on only
//! builds. A variable has the value that its `ARG` before the first `FROM` gives it.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{expand, reference};
use crate::ecosystem::reference::{Reference, graph};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, LineIndex, RepoPath};

/// Reads Dockerfiles.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "dockerfile",
    ecosystem: Ecosystem::Docker,
    role: Role::Manifest,
    names: &["Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::None,
        lines: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// An instruction: its words, each of which lies on one line.
struct Instruction<'t> {
    name: String,
    words: Vec<&'t str>,
}

/// A stage.
#[derive(Default)]
struct Stage<'t> {
    /// What is copied or mounted from elsewhere, and what it is built on, which comes first.
    from: Vec<&'t str>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut reader = Reader { arguments: BTreeMap::new(), names: BTreeMap::new(), stages: Vec::new() };
    for instruction in instructions(text) {
        reader.take(&instruction);
    }
    if reader.stages.is_empty() && parsed.diagnostics.is_empty() {
        parsed.diagnostics.push(Diagnostic::error(input.path, None, "there is no `FROM`: not a Dockerfile"));
    }
    let mut references = reader.references((input.path, &lines), &mut parsed.diagnostics);
    if let Some(syntax) = syntax(text) {
        references.extend(reference(syntax, syntax, &[], Some(DependencyKind::Build)));
    }
    parsed.graph = graph(input.path, PARSER.id, &lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// The value of a directive, a comment before everything else (`# syntax=…`, `# escape=…`).
fn directive<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let lines = text.lines().map_while(|line| line.trim_start().strip_prefix('#'));
    let mut pairs = lines.map_while(|line| line.split_once('='));
    pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn syntax(text: &str) -> Option<&str> {
    directive(text, "syntax")
}

/// The instructions of a file, continued lines put together, here-documents left out.
fn instructions(text: &str) -> Vec<Instruction<'_>> {
    let escape = if directive(text, "escape") == Some("`") { '`' } else { '\\' };
    let mut all: Vec<Instruction<'_>> = Vec::new();
    let mut is_open = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_continued = line.ends_with(escape);
        let mut words = line.trim_end_matches(escape).split_whitespace();
        if !is_open {
            let name = words.next().unwrap_or_default().to_ascii_uppercase();
            all.push(Instruction { name, words: Vec::new() });
        }
        is_open = is_continued;
        let Some(current) = all.last_mut() else { continue };
        let before = current.words.len();
        current.words.extend(words);
        if matches!(current.name.as_str(), "RUN" | "COPY" | "ADD") {
            let ends: Vec<&str> = current.words[before..].iter().filter_map(|word| heredoc(word)).collect();
            for end in ends {
                // Without its end it takes the rest of the file, as Docker has it.
                lines.by_ref().find(|line| line.trim_start_matches('\t') == end);
            }
        }
    }
    all
}

/// The word that ends a here-document, where this word starts one: `<<EOF`, `<<-"EOF"`.
fn heredoc(word: &str) -> Option<&str> {
    // A file descriptor may stand before it.
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let end = rest.trim_matches(['"', '\'']);
    let is_word = !end.is_empty() && end.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    is_word.then_some(end)
}

/// What the instructions say.
struct Reader<'t> {
    /// The arguments before the first stage, with their defaults.
    arguments: BTreeMap<&'t str, &'t str>,
    /// The number of the stage of a name.
    names: BTreeMap<String, usize>,
    stages: Vec<Stage<'t>>,
}

impl<'t> Reader<'t> {
    fn take(&mut self, instruction: &Instruction<'t>) {
        let words = instruction.words.as_slice();
        match (instruction.name.as_str(), words) {
            ("ARG", _) if self.stages.is_empty() => {
                let pairs = words.iter().filter_map(|word| word.split_once('='));
                self.arguments.extend(pairs.map(|(name, value)| (name, value.trim_matches(['"', '\'']))));
            }
            ("FROM", _) => self.stage(words),
            ("ONBUILD", [name, rest @ ..]) if !name.eq_ignore_ascii_case("onbuild") => {
                let name = name.to_ascii_uppercase();
                if name != "FROM" {
                    self.take(&Instruction { name, words: rest.to_vec() });
                }
            }
            ("COPY" | "ADD" | "RUN", _) => {
                let flags = words.iter().take_while(|word| word.starts_with("--"));
                let copied = flags.flat_map(|flag| {
                    let mount = flag.strip_prefix("--mount=").into_iter().flat_map(|mount| mount.split(','));
                    flag.strip_prefix("--from=").into_iter().chain(mount.filter_map(|part| part.strip_prefix("from=")))
                });
                if let Some(stage) = self.stages.last_mut() {
                    stage.from.extend(copied);
                }
            }
            _ => {}
        }
    }

    /// `FROM [--platform=…] image [AS name]`.
    fn stage(&mut self, words: &[&'t str]) {
        let mut words = words.iter().skip_while(|word| word.starts_with("--"));
        let image = words.next();
        self.stages.push(Stage { from: image.into_iter().copied().collect() });
        if let (Some(word), Some(name)) = (words.next(), words.next())
            && word.eq_ignore_ascii_case("as")
        {
            self.names.insert(name.to_ascii_lowercase(), self.stages.len() - 1);
        }
    }

    /// The stage, before that one, that a name or a number means.
    fn earlier(&self, name: &str, before: usize) -> Option<usize> {
        let number = || name.parse().ok().filter(|_| name.bytes().all(|byte| byte.is_ascii_digit()));
        self.names.get(&name.to_ascii_lowercase()).copied().or_else(number).filter(|&at: &usize| at < before)
    }

    /// The stages whose files the last one has because it is built on them: it, what it is built on, and so on.
    fn lasting(&self) -> BTreeSet<usize> {
        let below = |&at: &usize| self.stages.get(at)?.from.first().and_then(|name| self.earlier(name, at));
        std::iter::successors(self.stages.len().checked_sub(1), below).collect()
    }

    fn references(
        &self,
        (path, lines): (&RepoPath, &LineIndex<'_>),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Reference<'t>> {
        let lasting = self.lasting();
        let mut references = Vec::new();
        for (at, stage) in self.stages.iter().enumerate() {
            let kind = if lasting.contains(&at) { DependencyKind::Runtime } else { DependencyKind::Build };
            for &written in &stage.from {
                if self.earlier(written, at).is_some() || written == "scratch" {
                    continue;
                }
                let line = lines.locate_slice(written).map(|place| place.line);
                match expand(written, |name| self.arguments.get(name).copied()) {
                    Ok((image, _)) if image == "scratch" || self.earlier(&image, at).is_some() => {}
                    Ok((image, parts)) => match reference(&image, written, &parts, Some(kind)) {
                        Some(found) => references.push(found),
                        None => {
                            let message = format!("`{image}` is no reference to an image; it was left out");
                            diagnostics.push(Diagnostic::error(path, line, message));
                        }
                    },
                    Err(name) => {
                        let message = format!(
                            "which image `{written}` is, is decided when it is built: no `ARG` before the first `FROM` gives \
                             `{name}` a value"
                        );
                        diagnostics.push(Diagnostic::warning(path, line, message));
                    }
                }
            }
        }
        references
    }
}
