//! pre-commit's configuration (<https://pre-commit.com/#adding-pre-commit-plugins-to-your-project>): the repositories that
//! hooks come from, and what is installed beside a hook where the file says in which language it is.

use crate::ecosystem::git::{Named, name_of};
use crate::ecosystem::reference::{Reference, claimed, graph, is_release, slice};
use crate::ecosystem::syntax::bounds::bound;
use crate::ecosystem::syntax::json::Value;
use crate::ecosystem::syntax::yaml::{self, Stream};
use crate::ecosystem::{Capabilities, Input, Parsed, Parser, Role, Support};
use crate::model::{DependencyKind, Diagnostic, Ecosystem, PackageId, Source};

/// Reads pre-commit's configuration.
pub(in crate::ecosystem) const PARSER: Parser = Parser {
    id: "pre-commit",
    ecosystem: Ecosystem::Git,
    role: Role::Manifest,
    names: &[".pre-commit-config.yaml", ".pre-commit-config.yml"],
    empty_is_valid: false,
    capabilities: Capabilities { graph: Support::None, integrity: Support::Partial, ..Capabilities::FULL },
    parse,
};

fn parse(input: &Input<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let stream = yaml::parse_with_aliases(input.path, input.bytes, &mut parsed.diagnostics);
    let mut references = Vec::new();
    let mut untold = Vec::new();
    let repositories = stream.documents.iter().filter_map(|document| document.get("repos")).flat_map(Value::items);
    for repository in repositories {
        match read(&stream, repository) {
            Ok(found) => references.extend(found),
            Err((line, message)) => parsed.diagnostics.push(Diagnostic::error(input.path, line, message)),
        }
        for hook in repository.get("hooks").map_or(&[][..], Value::items) {
            let more = hook.get("additional_dependencies").map_or(&[][..], Value::items);
            let language = hook.get("language").and_then(|language| stream.text_of(language));
            for text in more.iter().filter_map(|text| slice(stream.lines.text(), stream.text_of(text)?)) {
                match language.and_then(|language| package(language, text)) {
                    Some(reference) => references.push(reference),
                    None => untold.push(text),
                }
            }
        }
    }
    if let Some(first) = untold.first() {
        let line = stream.lines.locate_slice(first).map(|place| place.line);
        let message = format!(
            "of which language `{first}` is a package, only the repository of its hook says: {} of `additional_dependencies` \
             were left out. Where `language` stands beside them, they are read",
            untold.len()
        );
        parsed.diagnostics.push(Diagnostic::warning(input.path, line, message));
    }
    parsed.graph = graph(input.path, PARSER.id, &stream.lines, references);
    bound(&mut parsed.diagnostics, input.path);
    parsed
}

/// The repository of some hooks; none for those that the configuration holds itself.
fn read<'s>(stream: &'s Stream<'_>, repository: &Value<'_>) -> Result<Option<Reference<'s>>, (Option<u32>, String)> {
    let text = |key: &str| slice(stream.lines.text(), repository.text(key)?);
    let Some(url) = text("repo") else {
        return Err((None, "a repository without `repo`; pre-commit refuses it, and it was left out".to_owned()));
    };
    if !url.contains("://") && !url.contains('@') {
        // `local`, `meta`, or a folder.
        return Ok(None);
    }
    let Some(revision) = text("rev") else {
        let line = stream.lines.locate_slice(url).map(|place| place.line);
        return Err((line, format!("`{url}` has no `rev`; pre-commit refuses it, and it was left out")));
    };
    let name = name_of(url);
    let named = Named {
        name: &name,
        address: url,
        written: url,
        reference: Some(revision),
        claim: claimed(&stream.lines, revision),
        // pre-commit refuses to follow what moves, and its own updates write tags.
        is_release: |tag| tag.contains(|c: char| c.is_ascii_digit()),
    };
    Ok(Some(named.reference(DependencyKind::Dev)))
}

/// A package that is installed beside a hook of that language; `None` where it is not known how such a line is read.
fn package<'t>(language: &str, text: &'t str) -> Option<Reference<'t>> {
    let (ecosystem, name, asked) = match language {
        "python" => {
            let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(text.len());
            let (name, rest) = text.split_at(end);
            let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest);
            (Ecosystem::PyPi, name, rest.trim())
        }
        "node" => {
            let at = text.rfind('@').filter(|&at| at > 0).unwrap_or(text.len());
            (Ecosystem::Npm, &text[..at], text[at..].trim_start_matches('@'))
        }
        "golang" => {
            let (name, version) = text.split_once('@')?;
            (Ecosystem::Go, name, version)
        }
        "ruby" => {
            let (name, version) = text.split_once(':').unwrap_or((text, ""));
            (Ecosystem::RubyGems, name, version)
        }
        "rust" => {
            let (name, version) = text.strip_prefix("cli:").unwrap_or(text).split_once(':').unwrap_or((text, ""));
            (Ecosystem::CratesIo, name, version)
        }
        _ => return None,
    };
    let exact = asked.strip_prefix("==").map_or(asked, str::trim);
    // Cargo takes a newer version of a library; pip takes exactly what stands behind `==`.
    let is_exact = match ecosystem {
        Ecosystem::PyPi => exact.len() < asked.len() && !exact.is_empty() && !exact.contains([',', '*', ';', ' ']),
        Ecosystem::CratesIo => text.starts_with("cli:") && is_release(exact),
        _ => is_release(exact),
    };
    (!name.is_empty()).then(|| {
        let version = Some(exact).filter(|_| is_exact);
        Reference {
            id: PackageId::new(ecosystem, name, version, Source::PUBLIC_REGISTRY),
            version,
            written: text,
            requirement: Some(asked).filter(|asked| !is_exact && !asked.is_empty()).map(str::to_owned),
            hash: None,
            kind: Some(DependencyKind::Dev),
        }
    })
}
