//! `renv.lock`, version 1 (`Requirements`) and 2 (the fields of `DESCRIPTION`)
//! (<https://rstudio.github.io/renv/articles/lockfile.html>).

use std::collections::{HashMap, HashSet};

use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::{self, Value};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, GraphBuilder, PackageId, PackageIndex, Source, SourceKind};

/// Reads `renv.lock`.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "renv-lock",
    ecosystem: Ecosystem::Cran,
    role: Role::Lockfile,
    names: &["renv.lock"],
    empty_is_valid: false,
    capabilities: Capabilities {
        graph: Support::Partial,
        source: Support::Partial,
        lines: Support::Full,
        integrity: Support::Partial,
        ..Capabilities::NONE
    },
    parse,
};

/// What CRAN and its mirrors that keep old versions are called.
const PUBLIC: [&str; 5] = ["CRAN", "RSPM", "P3M", "PPM", "MRAN"];
/// The fields of version 2 that name what must be there.
const NEEDS: [&str; 4] = ["Requirements", "Depends", "Imports", "LinkingTo"];

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut repaired = String::new();
    let document = json::parse(input.path, input.bytes, &mut repaired, &mut parsed.diagnostics);
    let value = &document.value;
    if value.get("Packages").is_none() && value.get("R").is_none() && parsed.diagnostics.is_empty() {
        let message = "there is no `Packages`: not a lockfile of renv, nothing was read";
        parsed.diagnostics.push(Diagnostic::error(input.path, Some(1), message));
    }
    let repositories = value.get("R").and_then(|r| r.get("Repositories")).map_or(&[][..], Value::items).iter();
    let repositories: HashMap<&str, &str> =
        repositories.filter_map(|item| Some((item.text("Name")?, item.text("URL")?))).collect();
    let mut graph = GraphBuilder::new(input.path, PARSER.id);
    let mut by_name: HashMap<&str, PackageIndex> = HashMap::new();
    let mut entries = Vec::new();
    for (key, entry) in value.object("Packages") {
        let name = entry.text("Package").unwrap_or(key);
        let Some(version) = entry.text("Version").filter(|_| !name.is_empty()) else {
            let line = document.locate(key).map(|place| place.line);
            let message = format!("`{key}` has no name or no version; it was left out. Run `renv::snapshot()`");
            parsed.diagnostics.push(Diagnostic::error(input.path, line, message));
            continue;
        };
        let id = PackageId::new(Ecosystem::Cran, name, Some(version), source(entry, &repositories));
        let index = graph.package(id, document.locate(version));
        if let Some(hash) = entry.text("Hash") {
            graph.integrity(index, hash);
        }
        by_name.insert(name, index);
        entries.push((index, entry));
    }
    for &(from, entry) in &entries {
        edges(from, entry, &by_name, &mut graph);
    }
    bound(&mut parsed.diagnostics, input.path);
    parsed.graph = graph.finish_as_marked();
    parsed
}

/// What a package needs, as far as the file has it: what comes with R itself is not in it.
fn edges(from: PackageIndex, entry: &Value<'_>, by_name: &HashMap<&str, PackageIndex>, graph: &mut GraphBuilder) {
    let mut seen = HashSet::new();
    let items = NEEDS.iter().filter_map(|field| entry.get(field)).flat_map(|field| {
        // A field of `DESCRIPTION` may be one text with commas.
        let text = field.as_text().into_iter().flat_map(|text| text.split(','));
        text.chain(field.items().iter().filter_map(Value::as_text))
    });
    for item in items {
        let (name, requirement) = item.trim().split_once([' ', '(', '\n']).unwrap_or((item.trim(), ""));
        let requirement = requirement.trim().trim_start_matches('(').trim_end_matches(')');
        if let Some(&to) = by_name.get(name).filter(|&&to| to != from && seen.insert(to)) {
            let requirement = Some(requirement).filter(|text| !text.is_empty());
            graph.dependency(from, to, DependencyKind::Runtime, requirement);
        }
    }
}

/// Where a package comes from.
fn source(entry: &Value<'_>, repositories: &HashMap<&str, &str>) -> Source {
    let kind = entry.text("Source").unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "repository" | "cran" => match entry.text("Repository") {
            Some(name) if !PUBLIC.contains(&name) => {
                // renv may write the address itself instead of a name.
                Source::at(SourceKind::Registry, repositories.get(name).copied().unwrap_or(name))
            }
            _ => Source::PUBLIC_REGISTRY,
        },
        "bioconductor" => Source::at(SourceKind::Registry, "Bioconductor"),
        "github" | "gitlab" | "bitbucket" | "git" | "git2r" | "xgit" => git(entry),
        "url" => entry.text("RemoteUrl").map_or(Source::of(SourceKind::Url), |url| Source::at(SourceKind::Url, url)),
        "local" | "cellar" => {
            entry.text("RemoteUrl").map_or(Source::of(SourceKind::Path), |path| Source::at(SourceKind::Path, path))
        }
        _ => Source::of(SourceKind::Unknown),
    }
}

/// A repository at a commit. Hosts are named by their interface (`api.github.com`).
fn git(entry: &Value<'_>) -> Source {
    let repository = match (entry.text("RemoteUrl"), entry.text("RemoteUsername"), entry.text("RemoteRepo")) {
        (Some(url), ..) => url.to_owned(),
        (None, Some(user), Some(name)) => {
            let customary = match entry.text("Source") {
                Some("GitLab") => "gitlab.com",
                Some("Bitbucket") => "bitbucket.org",
                _ => "github.com",
            };
            let host = entry.text("RemoteHost").unwrap_or(customary);
            let host = host.split('/').next().unwrap_or(host);
            format!("https://{}/{user}/{name}", host.strip_prefix("api.").unwrap_or(host))
        }
        _ => return Source::of(SourceKind::Git),
    };
    match entry.text("RemoteSha") {
        Some(commit) => Source::at(SourceKind::Git, &format!("{repository}#{commit}")),
        None => Source::at(SourceKind::Git, &repository),
    }
}
