//! Pipelines of GitLab (<https://docs.gitlab.com/ci/yaml/>): what they include from other projects, from components and
//! from other hosts, and the images that jobs and services run in. Templates come with GitLab itself.
//!
//! Whatever only runs in the pipeline is for development. The name of a project does not say on which host it lies: it is
//! the one that the pipeline runs on.

use std::collections::HashMap;

use crate::ecosystem::container::image::{expand, reference};
use crate::ecosystem::git::{Named, name_of};
use crate::ecosystem::reference::{Reference, claimed, graph, is_release, slice};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml::{self, Stream};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, PackageId, RepoPath, Source, SourceKind};

/// Reads pipelines of GitLab.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gitlab-ci",
    ecosystem: Ecosystem::Git,
    role: Role::Manifest,
    names: &["*.gitlab-ci.yml", "*.gitlab-ci.yaml"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        lines: Support::Partial,
        integrity: Support::Partial,
        ..Capabilities::FULL
    },
    parse,
};

/// Keys of the top level that are no jobs.
const NO_JOBS: [&str; 6] = ["include", "image", "services", "variables", "workflow", "spec"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse_with_aliases(input.path, input.bytes, &mut parsed.diagnostics);
    let mut reader =
        Reader { path: input.path, stream: &stream, references: Vec::new(), diagnostics: &mut parsed.diagnostics };
    for document in &stream.documents {
        match document.get("include") {
            Some(include @ (Value::Text(_) | Value::Object(_))) => reader.include(include),
            Some(list) => list.items().iter().for_each(|include| reader.include(include)),
            None => {}
        }
        let all = variables(document);
        reader.images(document, &[&all]);
        let jobs = document.entries().iter().filter(|(key, _)| !NO_JOBS.contains(&&**key));
        for (_, job) in jobs {
            reader.images(job, &[&variables(job), &all]);
        }
    }
    parsed.graph = graph(input.path, PARSER.id, &stream.lines, reader.references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// The variables of a job, or of all jobs: a text, or a map with one.
type Variables<'v, 't> = HashMap<&'v str, &'v Value<'t>>;

fn variables<'v, 't>(of: &'v Value<'t>) -> Variables<'v, 't> {
    of.object("variables").iter().map(|(name, value)| (&**name, value.get("value").unwrap_or(value))).collect()
}

struct Reader<'r, 't> {
    path: &'r RepoPath,
    stream: &'r Stream<'t>,
    references: Vec<Reference<'r>>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'t: 'r, 'r> Reader<'r, 't> {
    /// A text of the file, or that of the anchor that it repeats.
    fn text(&self, value: Option<&'r Value<'t>>) -> Option<&'r str> {
        let stream = self.stream;
        slice(stream.lines.text(), stream.text_of(value?)?)
    }

    /// The images of a job, or of all jobs. `scopes` have variables, the nearest first.
    fn images(&mut self, of: &'r Value<'t>, scopes: &[&Variables<'r, 't>]) {
        let services = of.get("services").map_or(&[][..], Value::items);
        for image in of.get("image").into_iter().chain(services) {
            let image = image.get("name").unwrap_or(image);
            let Some(written) = self.text(Some(image)).filter(|text| !text.is_empty()) else { continue };
            let variable = |name: &str| self.text(scopes.iter().find_map(|scope| scope.get(name).copied()));
            let line = self.stream.lines.locate_slice(written).map(|place| place.line);
            match expand(written, variable) {
                Ok((text, parts)) => match reference(&text, written, &parts, Some(DependencyKind::Dev)) {
                    Some(found) => self.references.push(found),
                    None => self.say(line, format!("`{text}` is no reference to an image; it was left out")),
                },
                Err(name) => {
                    let message = format!(
                        "which image `{written}` is, is decided when it runs: the variable `{name}` has no value here"
                    );
                    self.diagnostics.push(Diagnostic::warning(self.path, line, message));
                }
            }
        }
    }

    fn include(&mut self, include: &'r Value<'t>) {
        let of = |key: &str| self.text(include.get(key));
        if let Some(project) = of("project") {
            let reference = of("ref");
            self.repository(project, project, reference, |tag| tag.contains(|c: char| c.is_ascii_digit()));
        } else if let Some(component) = of("component") {
            let Some((path, version)) = component.rsplit_once('@') else {
                let line = self.stream.lines.locate_slice(component).map(|place| place.line);
                self.say(line, format!("the component `{component}` names no version after `@`; GitLab refuses it"));
                return;
            };
            // The host that the pipeline runs on.
            let name = match path.split_once('/') {
                Some((host, rest)) if host.starts_with('$') => rest,
                _ => path,
            };
            self.repository(name, component, Some(version), is_release);
        } else if let Some(url) = of("remote").or_else(|| self.text(Some(include)).filter(|url| url.contains("://"))) {
            let hash = of("integrity");
            self.references.push(Reference {
                id: PackageId::new(Ecosystem::Git, &name_of(url), None, Source::at(SourceKind::Url, url)),
                version: None,
                written: url,
                requirement: hash.map(str::to_owned),
                hash: hash.map(str::to_owned),
                kind: Some(DependencyKind::Dev),
            });
        }
    }

    fn repository(&mut self, name: &str, written: &'r str, reference: Option<&'r str>, is_release: fn(&str) -> bool) {
        let claim = reference.and_then(|reference| claimed(&self.stream.lines, reference));
        let named = Named { name, address: name, written, reference, claim, is_release };
        self.references.push(named.reference(DependencyKind::Dev));
    }

    fn say(&mut self, line: Option<u32>, message: String) {
        self.diagnostics.push(Diagnostic::error(self.path, line, message));
    }
}
