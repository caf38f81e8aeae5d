//! Installed distributions: `*.dist-info` (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>)
//! and `*.egg-info`, which came before. All of one `site-packages` make one root.
//!
//! Nothing there says what a distribution is for. Which ones somebody asked for says `REQUESTED`, where pip installed
//! them; where one came from that no index has, `direct_url.json`.

use super::{ByName, git, normal, package_id, pep508};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json;
use crate::ecosystem::syntax::stanza::{Stanza, stanzas};
use crate::ecosystem::{
    Capabilities, Input, Lookup, Parsed, Parser, Role, Support, folder_of, installation_of, text_of,
};
use crate::model::{
    DependencyKind, Diagnostic, Ecosystem, GraphBuilder, Kinds, LineIndex, PackageIndex, RepoPath, Source, SourceKind,
};

/// Reads `*.dist-info/METADATA` and `*.egg-info`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "dist-info",
    ecosystem: Ecosystem::PyPi,
    role: Role::Installed,
    names: NAMES,
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        direct: Support::Partial,
        kinds: Support::None,
        source: Support::Partial,
        lines: Support::Full,
        integrity: Support::None,
    },
    parse,
};

const NAMES: &[&str] = &["*.dist-info/METADATA", "*.egg-info/PKG-INFO", "*.egg-info"];

/// Files beside `METADATA` that say more.
const BESIDE: [&str; 3] = ["INSTALLER", "REQUESTED", "direct_url.json"];

/// Tools that write `direct_url.json` for all that comes from no index (PEP 610).
const INSTALLERS: [&str; 3] = ["pip", "uv", "poetry"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let base = installation_of(input.path);
    let is_one =
        |path: &str| installation_of(path) == base && NAMES.iter().any(|name| crate::ecosystem::fits(name, path));
    let others = input.files.below(base).filter(|(path, _)| *path != input.path && is_one(path));
    let mut files = vec![(input.path, input.bytes)];
    files.extend(others.filter(|(_, bytes)| !bytes.is_empty()));
    files.sort();
    for (path, _) in files.iter().filter(|(path, _)| path.ends_with(".dist-info/METADATA")) {
        let beside = BESIDE.map(|name| RepoPath::from(format!("{}/{name}", folder_of(path))));
        parsed.wanted.extend(beside.into_iter().filter(|path| input.files.look_up(path) == Lookup::NotLoaded));
    }
    if !parsed.wanted.is_empty() {
        return parsed;
    }
    let root: RepoPath = if base.is_empty() { RepoPath::clone(input.path) } else { base.into() };
    let mut graph = GraphBuilder::new(&root, PARSER.id);
    let mut by_name = ByName::new();
    let mut needs = Vec::new();
    for (path, bytes) in files {
        let text = text_of(path, bytes, &mut parsed.diagnostics);
        let lines = LineIndex::new(path, text);
        let wanted = ["Name", "Version", "Requires-Dist"];
        let stanza = stanzas(text, &wanted).into_iter().next().unwrap_or_default();
        let site = Site { input, path, lines: &lines };
        match site.add(&stanza, &mut graph) {
            Ok((name, index)) => {
                by_name.add(normal(name), index);
                let requirements = stanza.all("Requires-Dist").map(str::to_owned);
                needs.push((index, requirements.collect::<Vec<String>>()));
            }
            Err(message) => parsed.diagnostics.push(Diagnostic::error(path, Some(1), message)),
        }
        if path != input.path {
            parsed.companions.push(RepoPath::clone(path));
        }
    }
    for (from, requirements) in needs {
        edges(from, &requirements, &by_name, &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// The metadata of one distribution.
struct Site<'s, 't> {
    input: &'s Input<'t>,
    path: &'s RepoPath,
    lines: &'s LineIndex<'t>,
}

impl<'t> Site<'_, 't> {
    fn add<'d>(&self, stanza: &Stanza<'d>, graph: &mut GraphBuilder) -> Result<(&'d str, PackageIndex), &'static str> {
        let name = stanza.get("Name").ok_or("there is no `Name`: not the metadata of a distribution")?;
        let version = stanza.get("Version").ok_or("there is no `Version`; the distribution was left out")?;
        let place = self.lines.locate_slice(version);
        // Beside the sources it is the project itself, installed for its developers.
        let folder = installation_of(self.path).rsplit('/').next().unwrap_or_default();
        let is_egg = !self.path.ends_with(".dist-info/METADATA");
        if is_egg && !matches!(folder, "site-packages" | "dist-packages") {
            let id = package_id(name, Some(version), Source::of(SourceKind::Workspace));
            return Ok((name, graph.member(id, place)));
        }
        let installer = self.beside("INSTALLER").map(|text| String::from_utf8_lossy(text).trim().to_owned());
        let installer = installer.as_deref().unwrap_or_default();
        let source = match self.beside("direct_url.json") {
            Some(bytes) => direct_url(bytes).unwrap_or(Source::of(SourceKind::Unknown)),
            None if INSTALLERS.contains(&installer.split(' ').next().unwrap_or_default()) => Source::PUBLIC_REGISTRY,
            None => Source::of(SourceKind::Unknown),
        };
        let index = graph.package(package_id(name, Some(version), source), place);
        // <https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-requested-file>
        let is_direct = (installer == "pip").then(|| self.beside("REQUESTED").is_some());
        graph.mark(index, is_direct, Kinds::default());
        Ok((name, index))
    }

    /// A file in the same folder.
    fn beside(&self, name: &str) -> Option<&'t [u8]> {
        match self.input.files.look_up(&format!("{}/{name}", folder_of(self.path))) {
            Lookup::Found(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// Where `direct_url.json` says that it came from
/// (<https://packaging.python.org/en/latest/specifications/direct-url-data-structure/>).
fn direct_url(bytes: &[u8]) -> Option<Source> {
    let mut repaired = String::new();
    let document = json::parse(&"direct_url.json".into(), bytes, &mut repaired, &mut Vec::new());
    let url = document.value.text("url")?;
    Some(if let Some(info) = document.value.get("vcs_info") {
        match info.text("vcs") {
            Some("git") => git(url, info.text("commit_id")),
            _ => Source::at(SourceKind::Url, url),
        }
    } else if document.value.get("dir_info").is_some() {
        Source::at(SourceKind::Path, url)
    } else {
        Source::at(SourceKind::Url, url)
    })
}

/// What a distribution needs of what is there. Which extras were asked for nobody wrote down.
fn edges(from: PackageIndex, requirements: &[String], by_name: &ByName, graph: &mut GraphBuilder) {
    for requirement in requirements.iter().filter_map(|text| pep508::parse(text)) {
        if requirement.marker.contains("extra") {
            continue;
        }
        let text = Some(requirement.specifier).filter(|text| !text.is_empty());
        for &to in by_name.of(&normal(requirement.name)).iter().filter(|&&to| to != from) {
            graph.dependency(from, to, DependencyKind::Runtime, text);
        }
    }
}

#[cfg(test)]
mod tests;
