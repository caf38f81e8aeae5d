//! What a dependency can ask for, and where a resolved address leads
//! (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies>).

use std::borrow::Cow;

use crate::model::{Source, SourceKind};

/// What stands before an address in git (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json#git-urls-as-dependencies>).
const GIT: [&str; 9] = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:", "git://"];

/// A name and what is asked of it: `name@rest`, where the name may start with `@`.
pub(super) fn split_at_sign(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|&(_, c)| c == '@')?.0;
    Some((&text[..at], &text[at + 1..]))
}

/// The real name and range of `npm:name@range`, where the range may be missing.
pub(super) fn alias(spec: &str) -> Option<(&str, &str)> {
    let target = spec.strip_prefix("npm:")?;
    // `npm:^1.0.0`, as Yarn writes it, names nothing.
    let first = target.chars().next()?;
    match split_at_sign(target) {
        Some((name, range)) => Some((name, range)),
        None if first.is_alphabetic() || first == '@' => Some((target, "")),
        None => None,
    }
}

/// Whether a version is exact: `1.2.3`, with whatever semver allows behind it.
pub(super) fn is_exact(version: &str) -> bool {
    semver::Version::parse(version).is_ok()
}

/// Where a package comes from by the address that a lockfile resolved it to. An address that belongs to a registry
/// is one that names this very package; whatever else it leads to is a plain URL.
pub(in crate::ecosystem) fn source_of_resolved(name: &str, resolved: &str) -> Source {
    if is_git(resolved) {
        return git(resolved);
    }
    if let Some(path) = path_of(resolved) {
        return Source::at(SourceKind::Path, path.split('#').next().unwrap_or(path));
    }
    if !resolved.starts_with("http://") && !resolved.starts_with("https://") {
        return Source::at(SourceKind::Unknown, resolved);
    }
    if let Some(source) = hosted_git(resolved) {
        return source;
    }
    let address = resolved.split(['#', '?']).next().unwrap_or(resolved);
    match registry_of(name, address) {
        Some(registry) => registry_at(registry),
        None => Source::at(SourceKind::Url, address),
    }
}

/// The registry with that address.
pub(super) fn registry_at(address: &str) -> Source {
    let address = address.trim_end_matches('/');
    Source::at(SourceKind::Registry, address)
}

/// What stands before the package's own part of a registry's address: `/name/-/file.tgz`; `/download/name/version/`
/// (GitHub Packages); `/name/version.tgz` (JSR).
fn registry_of<'a>(name: &str, address: &'a str) -> Option<&'a str> {
    let decoded = decode_scope(address);
    // The registry stands before anything that could be encoded, at the same offset in both.
    let before = |part: String| decoded.find(&part).and_then(|at| address.get(..at));
    before(format!("/{name}/-/")).or_else(|| before(format!("/download/{name}/"))).or_else(|| {
        let at = decoded.rfind(&format!("/{name}/"))?;
        let file = &decoded[at + name.len() + 2..];
        (file.ends_with(".tgz") && !file.contains('/') && file.starts_with(|c: char| c.is_ascii_digit()))
            .then(|| address.get(..at))?
    })
}

/// `%2f` in a scoped name.
fn decode_scope(address: &str) -> Cow<'_, str> {
    if address.contains('%') {
        Cow::Owned(address.replace("%2f", "/").replace("%2F", "/").replace("%40", "@"))
    } else {
        Cow::Borrowed(address)
    }
}

/// Whether an address is one of git.
pub(super) fn is_git(address: &str) -> bool {
    GIT.iter().any(|prefix| address.starts_with(prefix))
        || address.contains(".git#")
        || address.contains("#commit=")
        || address.starts_with("http") && address.ends_with(".git")
}

/// The folder or file of `file:`, `link:`, `portal:` and plain relative paths.
pub(super) fn path_of(address: &str) -> Option<&str> {
    let prefixed = ["file:", "link:", "portal:", "exec:"].iter().find_map(|prefix| address.strip_prefix(prefix));
    // `~1.2.0` is a range.
    let is_path = address.starts_with(['.', '/']) || address.starts_with("~/");
    prefixed.or_else(|| is_path.then_some(address))
}

/// A git address with its commit, where it names one in full.
pub(super) fn git(address: &str) -> Source {
    let address = address.strip_prefix("git+").unwrap_or(address);
    let (repository, fragment) = address.split_once('#').unwrap_or((address, ""));
    // Yarn writes `#commit=…`, and `#workspace=…&commit=…`.
    let commit = fragment.split('&').map(|part| part.strip_prefix("commit=").unwrap_or(part));
    let commit = commit.into_iter().find(|part| is_commit(part));
    let repository = match repository.split_once(':') {
        Some(("github", rest)) => Cow::Owned(format!("https://github.com/{rest}")),
        Some(("gitlab", rest)) => Cow::Owned(format!("https://gitlab.com/{rest}")),
        Some(("bitbucket", rest)) => Cow::Owned(format!("https://bitbucket.org/{rest}")),
        Some(("gist", rest)) => Cow::Owned(format!("https://gist.github.com/{rest}")),
        _ => Cow::Borrowed(repository),
    };
    git_at(&repository, commit.unwrap_or_default())
}

fn git_at(repository: &str, commit: &str) -> Source {
    if commit.is_empty() {
        Source::at(SourceKind::Git, repository)
    } else {
        Source::at(SourceKind::Git, &format!("{repository}#{commit}"))
    }
}

/// Bun shortens commits to seven digits and more.
fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An archive that a git host makes of a commit.
fn hosted_git(address: &str) -> Option<Source> {
    let (host, path) = address.split_once("://")?.1.split_once('/')?;
    let mut parts = path.splitn(4, '/');
    let (owner, repository, kind) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = parts.next().unwrap_or_default();
    let (forge, commit) = match (host, kind) {
        ("codeload.github.com", "tar.gz" | "zip") => ("github.com", rest),
        ("bitbucket.org", "get") => (host, rest.strip_suffix(".tar.gz")?),
        ("gitlab.com", "repository" | "-") => (host, rest.rsplit_once("ref=").map_or("", |(_, commit)| commit)),
        _ => return None,
    };
    let commit = commit.split(['#', '?']).next().filter(|commit| is_commit(commit));
    Some(git_at(&format!("https://{forge}/{owner}/{repository}"), commit.unwrap_or_default()))
}

/// What a manifest asks for.
pub(super) struct Wanted<'s> {
    /// The real name, where the dependency is an alias.
    pub(super) name: Option<&'s str>,
    /// The exact version, if it is one, as part of the text.
    pub(super) version: Option<&'s str>,
    pub(super) source: Source,
}

/// Reads what stands behind a name in a `package.json`.
pub(super) fn wanted(spec: &str) -> Wanted<'_> {
    let of = |source| Wanted { name: None, version: None, source };
    if let Some((name, range)) = alias(spec) {
        return Wanted { name: Some(name), version: exact(range), source: Source::PUBLIC_REGISTRY };
    }
    if spec.starts_with("workspace:") {
        return of(Source::of(SourceKind::Workspace));
    }
    if is_git(spec) {
        return of(git(spec));
    }
    if let Some(path) = path_of(spec) {
        return of(Source::at(SourceKind::Path, path));
    }
    if spec.starts_with("http://") || spec.starts_with("https://") {
        return of(hosted_git(spec).unwrap_or_else(|| Source::at(SourceKind::Url, spec)));
    }
    // `owner/repository#branch` is GitHub's; a range has no slash, a tag can have none.
    if spec.contains('/') && !spec.starts_with('@') && !spec.contains(':') {
        return of(git(&format!("github:{spec}")));
    }
    Wanted { name: None, version: exact(spec), source: Source::PUBLIC_REGISTRY }
}

/// The version of `1.2.3`, `=1.2.3` and `v1.2.3`.
fn exact(range: &str) -> Option<&str> {
    let version = range.trim().trim_start_matches(['=', 'v', ' ']);
    is_exact(version).then_some(version)
}

/// Undoes percent-encoding as far as it is UTF-8.
pub(super) fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((&first, rest)) = bytes.split_first() {
        let encoded = rest.get(..2).filter(|_| first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                bytes = &rest[2..];
            }
            None => {
                out.push(first);
                bytes = rest;
            }
        }
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_begins_a_range_unless_it_is_a_home() {
        for range in ["~25.4.0", "~1", "~>2.0"] {
            assert_eq!(wanted(range).source, Source::PUBLIC_REGISTRY, "{range}");
        }
        for path in ["~/desk", "./desk", "../desk", "/desk", "file:desk"] {
            assert_eq!(wanted(path).source.kind, SourceKind::Path, "{path}");
        }
    }
}
