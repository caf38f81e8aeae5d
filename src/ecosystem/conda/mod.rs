//! Conda: what an environment asks for (`environment.yml`), and what conda-lock, conda itself and pixi chose.

pub(super) mod conda_explicit;
pub(super) mod conda_lock;
pub(super) mod environment_yml;
pub(super) mod pixi_lock;
mod spec;

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
    match url.rsplit_once('/').and_then(|(folder, _)| folder.rsplit_once('/')) {
        Some((channel, _)) if url.contains("://") => Source::at(SourceKind::Registry, channel),
        _ => Source::at(SourceKind::Path, url),
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
