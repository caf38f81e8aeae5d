//! `.gitmodules` (<https://git-scm.com/docs/gitmodules>): the repositories of submodules. Which commit of one is checked
//! out stands in git's tree and not in the file, so that it is unknown here; what a submodule is for is, too.

use crate::ecosystem::reference::{Reference, graph};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{Diagnostic, Ecosystem, LineIndex, PackageId, Source, SourceKind};

/// Reads `.gitmodules`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "gitmodules",
    ecosystem: Ecosystem::Git,
    role: Role::Manifest,
    names: &[".gitmodules"],
    empty_is_valid: true,
    capabilities: Capabilities {
        graph: Support::None,
        kinds: Support::None,
        integrity: Support::None,
        ..Capabilities::FULL
    },
    parse,
};

/// A `[submodule "name"]` section.
struct Section<'t> {
    line: u32,
    name: &'t str,
    url: Option<&'t str>,
    branch: Option<&'t str>,
}

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = input.text(&mut parsed.diagnostics);
    let lines = LineIndex::new(input.path, text);
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let name = header.split_once(']').and_then(|(header, _)| header.trim().strip_prefix("submodule"));
            // A section of another kind takes the lines below it.
            let name = name.map_or("", |name| name.trim().trim_matches('"'));
            sections.push(Section { line: number, name, url: None, branch: None });
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))
            && let Some(section) = sections.last_mut()
        {
            let value = Some(value_of(value));
            match key.trim().to_ascii_lowercase().as_str() {
                "url" => section.url = value,
                "branch" => section.branch = value,
                _ => {}
            }
        }
    }
    let mut references = Vec::new();
    for Section { line, name, url, branch } in sections.into_iter().filter(|section| !section.name.is_empty()) {
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            let message = format!("the submodule `{name}` has no `url`; it was left out");
            parsed.diagnostics.push(Diagnostic::error(input.path, Some(line), message));
            continue;
        };
        references.push(Reference {
            id: PackageId::new(Ecosystem::Git, &super::name_of(url), None, Source::at(SourceKind::Git, url)),
            version: None,
            written: url,
            requirement: branch.map(str::to_owned),
            hash: None,
            kind: None,
        });
    }
    parsed.graph = graph(input.path, PARSER.id, &lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// A value without its quotes, or without the comment behind it.
fn value_of(value: &str) -> &str {
    let value = value.trim();
    match value.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((inside, _)) => inside,
        None => value.split([';', '#']).next().unwrap_or_default().trim(),
    }
}
