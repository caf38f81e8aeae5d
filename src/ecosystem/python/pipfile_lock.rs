//! `Pipfile.lock` (<https://pipenv.pypa.io/en/latest/pipfile.html>). It is flat: who needs whom it does not say.

use std::collections::HashMap;

use super::manifest::source_of_url;
use super::{ByName, companion, git, manifest, normal, package_id, project, registry};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Document, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, Source, SourceKind};

/// Reads `Pipfile.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pipfile-lock",
    ecosystem: Ecosystem::PyPi,
    role: Role::Lockfile,
    names: &["Pipfile.lock"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, direct: Support::Partial, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let path = input.beside("Pipfile");
    let manifest = companion(input, &path, &mut parsed);
    let manifest = manifest.map(|bytes| manifest::pipfile(&path, bytes, &mut parsed.diagnostics));
    let mut reader = Reader {
        graph: GraphBuilder::new(input.path, PARSER.id),
        indexes: Indexes::of(&document.value),
        document: &document,
        by_name: ByName::new(),
        direct: manifest.is_some().then_some(false),
        input,
        diagnostics: &mut parsed.diagnostics,
    };
    reader.categories();
    let Reader { mut graph, by_name, .. } = reader;
    if let Some(manifest) = &manifest {
        project::link(manifest, &by_name, &mut graph, manifest::Tool::Pipenv);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The indexes that `_meta` names, by name; packages without one come from the first.
struct Indexes {
    by_name: HashMap<String, Source>,
    first: Source,
}

impl Indexes {
    fn of(document: &Value<'_>) -> Self {
        let sources = document.get("_meta").and_then(|meta| meta.get("sources")).map_or(&[][..], Value::items);
        let sources = sources.iter().filter_map(|source| Some((source.text("name")?, registry(source.text("url")?))));
        let all: Vec<(String, Source)> = sources.map(|(name, source)| (name.to_owned(), source)).collect();
        let first = all.first().map_or(Source::PUBLIC_REGISTRY, |(_, source)| source.clone());
        Self { by_name: all.into_iter().collect(), first }
    }
}

struct Reader<'r, 'i, 't> {
    graph: GraphBuilder,
    indexes: Indexes,
    document: &'r Document<'t>,
    by_name: ByName,
    direct: Option<bool>,
    input: &'r Input<'i>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_, '_> {
    /// Reads every category; what stands besides is `_meta`.
    fn categories(&mut self) {
        let document = self.document;
        if !matches!(document.value, Value::Object(_)) || document.value.entries().is_empty() {
            return self.error(None, "there is no object with packages: not a Pipfile.lock");
        }
        let specification = document.value.get("_meta").and_then(|meta| meta.number("pipfile-spec"));
        if specification.is_some_and(|number| number > 6.0) {
            self.error(Some("_meta"), "the format of this lockfile is newer than 6; it was read as that one");
        }
        for (category, packages) in document.value.entries().iter().filter(|(name, _)| name != "_meta") {
            let kind = match category.as_ref() {
                "default" => DependencyKind::Runtime,
                "develop" => DependencyKind::Dev,
                // Other categories are installed where somebody asks for them.
                _ => DependencyKind::Optional,
            };
            let Value::Object(packages) = packages else {
                self.error(Some(category), &format!("`{category}` must be an object; nothing was read from it"));
                continue;
            };
            for (name, entry) in packages {
                self.package(name, entry, kind);
            }
        }
    }

    fn package(&mut self, name: &str, entry: &Value<'_>, kind: DependencyKind) {
        let text = match entry {
            Value::Object(_) => entry.get("version"),
            text => Some(text),
        };
        let version = match text.map(Value::as_text) {
            Some(None) => {
                return self.error(Some(name), &format!("`{name}` has a version that is no text; it was left out"));
            }
            Some(Some(text)) => Some(text),
            None => None,
        };
        let source = self.source(entry);
        // Of git, Pipenv may repeat a version that nothing fixes.
        let pin = version.and_then(|text| text.strip_prefix("==")).map(|text| text.trim_start_matches('=').trim());
        let pin = pin.filter(|pin| !pin.is_empty() && source.kind != SourceKind::Git);
        let place = pin.and_then(|pin| self.document.locate(pin));
        let registry = source.kind == SourceKind::Registry;
        if name.trim().is_empty() || (pin.is_none() && registry && version != Some("*")) {
            self.error(Some(name), &format!("`{name}` has no name or no version; it cannot be judged"));
        }
        let index = self.graph.package(package_id(name, pin, source), place);
        if pin.is_none() && registry {
            // Pipenv writes `*` for what it did not resolve on the system on which it locked.
            self.graph.requirement(index, version.unwrap_or("*"));
        }
        self.by_name.add(normal(name), index);
        self.graph.mark(index, self.direct, Kinds::only(kind));
        if let Some(hash) = entry.get("hashes").and_then(|hashes| hashes.items().first()?.as_text()) {
            self.graph.integrity(index, hash);
        }
    }

    fn source(&self, entry: &Value<'_>) -> Source {
        if let Some(repository) = ["git", "hg", "svn", "bzr"].iter().find_map(|key| entry.text(key)) {
            git(repository, entry.text("ref"))
        } else if let Some(path) = entry.text("path") {
            Source::at(SourceKind::Path, path)
        } else if let Some(url) = entry.text("file") {
            source_of_url(url)
        } else {
            let named = entry.text("index").and_then(|index| self.indexes.by_name.get(index));
            named.unwrap_or(&self.indexes.first).clone()
        }
    }

    fn line(&self, text: Option<&str>) -> Option<u32> {
        text.and_then(|text| self.document.locate(text)).map(|place| place.line)
    }

    fn error(&mut self, at: Option<&str>, message: &str) {
        let line = self.line(at);
        self.diagnostics.push(Diagnostic::error(self.input.path, line, message));
    }
}
