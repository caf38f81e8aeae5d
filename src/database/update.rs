//! Making an index anew from folders.

use std::path::{Path, PathBuf};

use super::build::AsOf;
use super::holdings::SourceName;
use super::meta::Meta;
use super::writer::{Archive, Changes, Content, Progress, Writer};
use super::{DatabaseError, bucket, rustsec};

/// What to make an index of.
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// Folders laid out as the OSV bucket or as the `RustSec` database. The index holds what they hold and nothing else.
    pub from: Vec<PathBuf>,
    /// Only these ecosystems, by OSV's names; empty: all.
    pub ecosystems: Vec<String>,
    /// When the sources were exported, in seconds since 1970; else the newest change in them.
    pub as_of: Option<i64>,
}

/// Makes the index in `directory` anew. The old one stays in place until the new one is whole, and for good where
/// anything fails.
///
/// # Errors
/// Where a source or the folder cannot be read or written, a source is none, or another update is running. A single
/// record that cannot be taken is no error: it is kept as rejected.
pub fn update(
    directory: &Path,
    options: &UpdateOptions,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Meta, DatabaseError> {
    let writer = Writer::open(directory)?;
    writer.replace(&sources(options)?, progress)
}

/// What there is to read.
fn sources(options: &UpdateOptions) -> Result<Vec<Changes>, DatabaseError> {
    let as_of = options.as_of.map_or(AsOf::NewestOfSource, AsOf::At);
    let all = |source, ecosystem, archive| Changes {
        source,
        ecosystem,
        content: Content::All(archive),
        as_of: as_of.clone(),
    };
    let mut sources = Vec::new();
    for root in &options.from {
        if rustsec::is_database(root) {
            let ecosystem = rustsec::ECOSYSTEM.to_owned();
            sources.push(all(SourceName::RustSec, ecosystem, Archive::RustSecFolder(root.clone())));
            continue;
        }
        let ecosystems = bucket::ecosystems(root)?;
        if ecosystems.is_empty() {
            return Err(DatabaseError::NotASource { path: root.clone() });
        }
        let of_ecosystem = |(name, folder)| all(SourceName::Osv, name, Archive::OsvFolder(folder));
        sources.extend(ecosystems.into_iter().map(of_ecosystem));
    }
    let mut known: Vec<&String> = sources.iter().map(|source| &source.ecosystem).collect();
    known.sort();
    known.dedup();
    if let Some(name) = options.ecosystems.iter().find(|name| !known.contains(name)) {
        let known = known.into_iter().cloned().collect();
        return Err(DatabaseError::NoSuchEcosystem { name: name.clone(), known });
    }
    sources.retain(|source| options.ecosystems.is_empty() || options.ecosystems.contains(&source.ecosystem));
    Ok(sources)
}
