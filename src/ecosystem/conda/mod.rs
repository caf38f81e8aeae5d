//! Conda: what an environment asks for (`environment.yml`), and what conda-lock, conda itself and pixi chose.

pub(super) mod conda_explicit;
pub(super) mod conda_lock;
pub(super) mod environment_yml;
pub(super) mod pixi_lock;
mod spec;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::model::{Ecosystem, PackageId, Source, SourceKind};

/// The identity of a Conda package.
fn id(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::Conda, name, version, source)
}

/// The identity of a Python package that stands among Conda's.
fn python(name: &str, version: Option<&str>, source: Source) -> PackageId {
    PackageId::new(Ecosystem::PyPi, name, version, source)
}

/// A channel as registry: the address of an archive up to its platform.
fn channel(url: &str) -> Source {
    if url.is_empty() {
        return Source::of(SourceKind::Unknown);
    }
    match url.rsplit_once('/').and_then(|(folder, _)| folder.rsplit_once('/')) {
        Some((channel, _)) if url.contains("://") && !url.starts_with("file:") => {
            Source::at(SourceKind::Registry, &without_token(channel))
        }
        _ => Source::at(SourceKind::Path, url),
    }
}

/// The address of a channel without the token of `https://host/t/TOKEN/channel`, which is a secret.
fn without_token(channel: &str) -> Cow<'_, str> {
    match channel.split_once("/t/") {
        Some((host, rest)) => match rest.split_once('/') {
            Some((_, name)) => Cow::Owned(format!("{host}/{name}")),
            None => Cow::Borrowed(host),
        },
        None => Cow::Borrowed(channel),
    }
}

/// Where an archive of a Python package lies: in git, in a folder, or on the host of an index. Which index that is, its
/// address does not say.
fn python_index(url: &str) -> Source {
    if let Some(repository) = url.strip_prefix("git+") {
        Source::at(SourceKind::Git, repository)
    } else if url.contains("://") {
        let is_archive = [".whl", ".tar.gz", ".zip", ".tar.bz2"]
            .iter()
            .any(|end| url.split(['#', '?']).next().is_some_and(|address| address.ends_with(end)));
        if is_archive { Source::PUBLIC_REGISTRY } else { Source::at(SourceKind::Url, url) }
    } else {
        Source::at(SourceKind::Path, url)
    }
}
