//! Cargo: `Cargo.lock` and `Cargo.toml`
//! (<https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>).

mod cargo_lock;
mod cargo_toml;
mod lock_lines;
mod manifest;
#[cfg(test)]
mod tests;

pub(super) use cargo_lock::PARSER as CARGO_LOCK;
pub(super) use cargo_toml::PARSER as CARGO_TOML;

use ::toml::Spanned;
use ::toml::de::DeValue;

use crate::ecosystem::syntax::toml::Document;
use crate::model::{Location, Source, SourceKind};

/// The git index of crates.io (<https://doc.rust-lang.org/cargo/reference/registries.html>).
const CRATES_IO: &str = "https://github.com/rust-lang/crates.io-index";

/// The registry with that index URL (without `registry+` and `sparse+`). Its sparse index lies on a host of its domain.
fn registry(index: &str) -> Source {
    let index = index.trim_end_matches('/');
    let host = index.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    let is_public = index == CRATES_IO || host.is_some_and(|host| host.ends_with(".crates.io"));
    if is_public { Source::PUBLIC_REGISTRY } else { Source::at(SourceKind::Registry, index) }
}

/// A `source` as `Cargo.lock` writes it
/// (<https://doc.rust-lang.org/cargo/reference/pkgid-spec.html>, "Source kinds"). Of git, what was asked for
/// (`?branch=…`) is left out: the commit says what was taken.
fn source_of(text: &str) -> Source {
    let Some((kind, url)) = text.split_once('+') else {
        return Source::at(SourceKind::Unknown, text);
    };
    match kind {
        "registry" | "sparse" => registry(url),
        "git" => {
            let (repository, commit) = url.split_once('#').unwrap_or((url, ""));
            let repository = repository.split('?').next().unwrap_or(repository);
            git(repository, commit)
        }
        "path" => Source::at(SourceKind::Path, url),
        _ => Source::at(SourceKind::Unknown, text),
    }
}

/// A git repository, with the commit where it is known.
fn git(repository: &str, commit: &str) -> Source {
    if commit.is_empty() {
        Source::at(SourceKind::Git, repository)
    } else {
        Source::at(SourceKind::Git, &format!("{repository}#{commit}"))
    }
}

/// Where a text stands, if it stands there without escapes.
fn place_of(document: &Document<'_>, value: &Spanned<DeValue<'_>>) -> Option<Location> {
    let raw = document.lines.text().get(value.span())?;
    let text = value.get_ref().as_str()?;
    (raw.trim_matches(['"', '\'']) == text).then(|| document.locate(value))
}
