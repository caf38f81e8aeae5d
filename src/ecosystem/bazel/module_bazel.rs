//! `MODULE.bazel` (<https://bazel.build/rules/lib/globals/module>), as far as it is data: calls with texts.
//!
//! The version of a `bazel_dep` is the least that is accepted; which one is used depends on all other modules.

use std::collections::HashMap;

use super::id;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::tokens::{Token, Tokens};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support, project_label, text_of};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, Location, PackageId, PackageIndex, RepoPath,
    Source, SourceKind,
};

/// Reads `MODULE.bazel`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "module-bazel",
    ecosystem: Ecosystem::Bazel,
    role: Role::Manifest,
    names: &["MODULE.bazel"],
    empty_is_valid: true,
    capabilities: Capabilities { graph: Support::None, integrity: Support::None, ..Capabilities::FULL },
    parse,
};

/// A call at the left of the file, with its texts by name.
struct Call<'t> {
    name: &'t str,
    texts: HashMap<&'t str, &'t str>,
    words: HashMap<&'t str, &'t str>,
}

/// What a module asks for.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) place: Location,
    /// The place of the version.
    version_place: Option<Location>,
    pub(super) kind: DependencyKind,
    /// Where it is taken from instead of a registry, and the version that is fixed.
    source: Source,
    exact: Option<(String, Location)>,
}

impl Asked {
    /// Whether it comes from elsewhere than a registry.
    pub(super) fn is_overridden(&self) -> bool {
        self.source.kind != SourceKind::Registry
    }

    /// Adds the module as the file asks for it.
    pub(super) fn add(&self, root: PackageIndex, graph: &mut GraphBuilder) {
        let (exact, place) = self.exact.clone().unzip();
        let index = graph.package(id(&self.name, exact.as_deref(), self.source.clone()), place);
        graph.mark(index, Some(true), Kinds::only(self.kind));
        if index != root {
            graph.dependency(root, index, self.kind, self.version.as_deref());
        }
        // What is taken from elsewhere is not compared with a version.
        if let Some(version) = self.version.as_ref().filter(|_| exact.is_none() && !self.is_overridden()) {
            graph.requirement(index, &format!(">={version}"));
        }
        graph.declare(index, self.version_place.as_ref().unwrap_or(&self.place).clone());
    }
}

/// What a `MODULE.bazel` says.
pub(super) struct Module {
    pub(super) id: PackageId,
    pub(super) version_place: Option<Location>,
    pub(super) asked: Vec<Asked>,
}

impl Module {
    /// Reads the file at that path.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let text = text_of(path, bytes, diagnostics);
        let lines = LineIndex::new(path, text);
        let (calls, is_whole) = calls(text);
        if !is_whole {
            let message = "the file breaks off in a call or a text; what comes before was read";
            diagnostics.push(Diagnostic::error(path, Some(lines.line(text.len())), message));
        }
        let own = calls.iter().find(|call| call.name == "module");
        let text = |key: &str| own.and_then(|call| call.texts.get(key).copied()).filter(|text| !text.is_empty());
        let version = text("version");
        let overrides: HashMap<&str, &Call<'_>> = calls
            .iter()
            .filter(|call| call.name.ends_with("_override"))
            .filter_map(|call| Some((call.texts.get("module_name").copied()?, call)))
            .collect();
        let asked = calls.iter().filter(|call| call.name == "bazel_dep");
        Self {
            id: id(text("name").unwrap_or(project_label(path)), version, Source::of(SourceKind::Workspace)),
            version_place: version.and_then(|version| lines.locate_slice(version)),
            asked: asked.filter_map(|call| one(call, &overrides, &lines)).collect(),
        }
    }
}

fn one(call: &Call<'_>, overrides: &HashMap<&str, &Call<'_>>, lines: &LineIndex<'_>) -> Option<Asked> {
    let name = call.texts.get("name").copied().filter(|name| !name.is_empty())?;
    let version = call.texts.get("version").copied().filter(|version| !version.is_empty());
    let is_dev = call.words.get("dev_dependency") == Some(&"True");
    let over = overrides.get(name);
    let fixed = over.filter(|over| over.name == "single_version_override");
    let fixed = fixed.and_then(|over| over.texts.get("version").copied()).filter(|version| !version.is_empty());
    Some(Asked {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        place: lines.locate_slice(name)?,
        version_place: version.and_then(|version| lines.locate_slice(version)),
        kind: if is_dev { DependencyKind::Dev } else { DependencyKind::Runtime },
        source: over.map_or(Source::PUBLIC_REGISTRY, |over| source(over)),
        exact: fixed.and_then(|version| Some((version.to_owned(), lines.locate_slice(version)?))),
    })
}

/// Where an override takes a module from.
fn source(over: &Call<'_>) -> Source {
    let text = |key: &str| over.texts.get(key).copied();
    let at = |kind, address: Option<&str>| address.map_or(Source::of(kind), |address| Source::at(kind, address));
    match over.name {
        "git_override" => match (text("remote"), text("commit")) {
            (Some(remote), Some(commit)) => Source::at(SourceKind::Git, &format!("{remote}#{commit}")),
            (remote, _) => at(SourceKind::Git, remote),
        },
        "archive_override" => at(SourceKind::Url, text("urls").or_else(|| text("url"))),
        "local_path_override" => at(SourceKind::Path, text("path")),
        _ => text("registry").map_or(Source::PUBLIC_REGISTRY, |registry| Source::at(SourceKind::Registry, registry)),
    }
}

/// The calls of a file, and whether all of it could be read. Of a list the first text counts.
fn calls(text: &str) -> (Vec<Call<'_>>, bool) {
    let mut all: Vec<Call<'_>> = Vec::new();
    let mut depth = 0_usize;
    let (mut word, mut key) = ("", "");
    let mut is_whole = true;
    for token in Tokens::new(text, &["#"]) {
        match token {
            Token::Mark('(') => {
                if depth == 0 {
                    all.push(Call { name: word, texts: HashMap::new(), words: HashMap::new() });
                    key = "";
                }
                depth += 1;
            }
            Token::Mark('[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Mark(',') if depth == 1 => key = "",
            Token::Mark('=') if depth == 1 => key = word,
            Token::Word(found) => {
                if let Some(call) = all.last_mut().filter(|_| depth == 1 && !key.is_empty()) {
                    call.words.entry(key).or_insert(found);
                }
                word = found;
            }
            Token::Text(found) => {
                if let Some(call) = all.last_mut().filter(|_| depth > 0 && !key.is_empty()) {
                    call.texts.entry(key).or_insert(found);
                }
            }
            Token::Open(_) => is_whole = false,
            Token::Mark(_) => {}
        }
    }
    (all, is_whole && depth == 0)
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let module = Module::read(input.path, input.bytes, &mut parsed.diagnostics);
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    if !module.asked.is_empty() {
        graph.member(module.id, module.version_place);
    }
    for asked in &module.asked {
        asked.add(0, &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}
