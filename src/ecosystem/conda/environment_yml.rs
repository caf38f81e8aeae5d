//! `environment.yml` (<https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html>): what an
//! environment asks for, or what `conda env export` wrote of one, every package with its build.

use super::spec::Spec;
use super::{id, python};
use crate::ecosystem::python::pep508;
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml::{self, Stream};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, GraphBuilder, Kinds, RepoPath, Source, SourceKind};

/// Reads `environment.yml`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "environment-yml",
    ecosystem: Ecosystem::Conda,
    role: Role::Manifest,
    names: &["environment.yml", "environment.yaml"],
    empty_is_valid: true,
    capabilities: Capabilities {
        direct: Support::Partial,
        source: Support::Partial,
        lines: Support::Full,
        ..Capabilities::NONE
    },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse_with_aliases(input.path, input.bytes, &mut parsed.diagnostics);
    let null = Value::Null;
    let document = stream.documents.first().unwrap_or(&null);
    let items = document.get("dependencies").map_or(&[][..], Value::items);
    let specs = || items.iter().filter_map(|item| stream.text_of(item)).filter_map(Spec::parse);
    let mut reader = Reader {
        path: input.path,
        stream: &stream,
        channel: channel(document),
        // An export names the whole environment, and nobody asked for most of it.
        direct: (!specs().any(|spec| spec.has_build)).then_some(true),
        graph: GraphBuilder::new(input.path, PARSER.id),
        diagnostics: &mut parsed.diagnostics,
    };
    for item in items {
        match item {
            Value::Object(_) => {
                let list = item.get("pip").map_or(&[][..], Value::items);
                list.iter().filter_map(|asked| stream.text_of(asked)).for_each(|text| reader.pip(text));
            }
            _ => {
                if let Some(text) = stream.text_of(item) {
                    reader.package(text);
                }
            }
        }
    }
    parsed.graph = reader.graph.finish_as_marked();
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// Where packages come from that name no channel: with several of them nobody can tell, with none at all it is the
/// default.
fn channel(document: &Value<'_>) -> Source {
    let channels = document.get("channels").map_or(&[][..], Value::items).iter().filter_map(Value::as_text);
    let channels: Vec<&str> = channels.filter(|&channel| channel != "nodefaults").collect();
    match channels.as_slice() {
        [] | ["defaults"] => Source::PUBLIC_REGISTRY,
        [only] => Source::at(SourceKind::Registry, only),
        _ => Source::of(SourceKind::Unknown),
    }
}

struct Reader<'r, 'd> {
    path: &'r RepoPath,
    stream: &'r Stream<'d>,
    channel: Source,
    direct: Option<bool>,
    graph: GraphBuilder,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn package(&mut self, text: &str) {
        let Some(spec) = Spec::parse(text) else {
            return self.complain(text, "this is no specification like `name=1.2`; it was left out");
        };
        let source = spec.channel.map_or_else(|| self.channel.clone(), |name| Source::at(SourceKind::Registry, name));
        let place = spec.exact.and_then(|exact| self.stream.lines.locate_slice(exact));
        let index = self.graph.package(id(spec.name, spec.exact, source), place);
        self.graph.mark(index, self.direct, Kinds::default());
        if let Some(requirement) = spec.requirement {
            self.graph.requirement(index, requirement);
        }
        if let Some(place) = self.stream.lines.locate_slice(spec.requirement.or(spec.exact).unwrap_or(spec.name)) {
            self.graph.declare(index, place);
        }
    }

    /// Adds what a line of the list `pip` asks for, which is one of a requirements file.
    fn pip(&mut self, text: &str) {
        let text = text.split(" #").next().unwrap_or_default().trim();
        let editable = ["-e ", "--editable ", "--editable="].iter().find_map(|option| text.strip_prefix(option));
        let text = editable.unwrap_or(text).trim();
        if text.starts_with('-') {
            // Options; a requirements file that is named here is read for itself.
            return;
        }
        let address = text.split(['#', ';']).next().unwrap_or_default();
        let (name, exact, requirement, source);
        if let Some(asked) = pep508::parse(text) {
            name = asked.name;
            exact = pep508::pinned(asked.specifier);
            requirement = Some(asked.specifier).filter(|text| exact.is_none() && !text.is_empty());
            source = asked.url.map_or(Source::PUBLIC_REGISTRY, located);
        } else if address.contains("://") || address.starts_with('.') || address.contains('/') {
            let egg = text.split_once("#egg=").map(|(_, egg)| egg.split(['&', '[']).next().unwrap_or(egg));
            let last = address.trim_end_matches('/').rsplit('/').next().unwrap_or(address);
            name = egg.unwrap_or_else(|| name_of_archive(last));
            (exact, requirement, source) = (None, None, located(address));
        } else {
            return self.complain(text, "this is no requirement like `name==1.2`; it was left out");
        }
        if name.is_empty() {
            return;
        }
        let index =
            self.graph.package(python(name, exact, source), exact.and_then(|v| self.stream.lines.locate_slice(v)));
        self.graph.mark(index, self.direct, Kinds::default());
        if let Some(requirement) = requirement {
            self.graph.requirement(index, requirement);
        }
        if let Some(place) = self.stream.lines.locate_slice(requirement.or(exact).unwrap_or(text)) {
            self.graph.declare(index, place);
        }
    }

    fn complain(&mut self, text: &str, message: &str) {
        let line = self.stream.lines.locate_slice(text).map(|place| place.line);
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }
}

/// The name in that of an archive, `name-1.2-py3-none-any.whl` or `name-1.2.tar.gz`; all of it where it is none.
fn name_of_archive(file: &str) -> &str {
    if let Some(wheel) = file.strip_suffix(".whl") {
        return wheel.split('-').next().unwrap_or(wheel);
    }
    let Some(stem) = [".tar.gz", ".tar.bz2", ".zip"].iter().find_map(|end| file.strip_suffix(end)) else { return file };
    match stem.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => stem,
    }
}

/// Where an address leads.
fn located(address: &str) -> Source {
    match address.strip_prefix("git+") {
        Some(repository) => {
            // Behind the last `@` of the path stands a revision.
            let path = repository.find("://").map_or(0, |at| at + 3);
            let slash = repository[path..].find('/').map_or(repository.len(), |at| path + at);
            match repository[slash..].rsplit_once('@') {
                Some((before, revision)) if revision.len() == 40 => {
                    Source::at(SourceKind::Git, &format!("{}{before}#{revision}", &repository[..slash]))
                }
                Some((before, _)) => Source::at(SourceKind::Git, &format!("{}{before}", &repository[..slash])),
                None => Source::at(SourceKind::Git, repository),
            }
        }
        None if address.contains("://") => Source::at(SourceKind::Url, address),
        None => Source::at(SourceKind::Path, address),
    }
}
