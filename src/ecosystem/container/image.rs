//! References to container images (<https://github.com/distribution/reference>): `host/path:tag@digest`.
//!
//! The name is that of the image, with `library/` before those that Docker itself keeps and with its host where that is
//! another than Docker's. The version is the tag, and without one the digest; `latest` and no tag at all are no version.

use std::borrow::Cow;

use crate::ecosystem::reference::Reference;
use crate::model::{DependencyKind, Ecosystem, PackageId, Source};

/// Under which names Docker's own registry goes.
const DOCKER: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The longest reference that is looked at, in bytes; the grammar allows less.
const MAX_LENGTH: usize = 1024;

/// The parts of a reference.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ecosystem) struct Image<'t> {
    pub(in crate::ecosystem) name: String,
    pub(in crate::ecosystem) tag: Option<&'t str>,
    pub(in crate::ecosystem) digest: Option<&'t str>,
}

/// Reads a reference; `None` where it is none.
pub(in crate::ecosystem) fn parse(text: &str) -> Option<Image<'_>> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest).filter(|digest| is_digest(digest))),
        None => (text, None),
    };
    if text.contains('@') && digest.is_none() {
        return None;
    }
    let colon = rest.rfind(':').filter(|&at| !rest[at..].contains('/'));
    let (path, tag) = colon.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 1..])));
    let is_word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c) || more.contains(c))
    };
    let (host, own) = match path.split_once('/') {
        Some((host, own)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), own),
        _ => (None, path),
    };
    let is_right = host.is_none_or(|host| is_word(host, ":"))
        && own.split('/').all(|part| is_word(part, ""))
        && tag.is_none_or(|tag| is_word(tag, ""));
    if !is_right {
        return None;
    }
    let name = match host.filter(|host| !DOCKER.contains(host)) {
        Some(host) => format!("{host}/{own}"),
        None if own.contains('/') => own.to_owned(),
        None => format!("library/{own}"),
    };
    Some(Image { name, tag, digest })
}

/// `sha256:…`, or another algorithm with at least 32 hexadecimal digits.
pub(in crate::ecosystem) fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        let is_name = !algorithm.is_empty() && algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name && hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The reference to an image. `text` is what it is after variables were replaced by `parts`, slices of the file; `written`
/// is what stands there.
pub(in crate::ecosystem) fn reference<'t>(
    text: &str,
    written: &'t str,
    parts: &[&'t str],
    kind: Option<DependencyKind>,
) -> Option<Reference<'t>> {
    let Image { name, tag, digest } = parse(text)?;
    let tag = tag.filter(|tag| *tag != "latest");
    let version = tag.or(digest);
    let requirement = digest.or(tag.is_none().then_some("latest"));
    Some(Reference {
        id: PackageId::new(Ecosystem::Docker, &name, version, Source::PUBLIC_REGISTRY),
        version: version.and_then(|version| place(version, written, parts)),
        written,
        requirement: requirement.map(str::to_owned),
        hash: digest.map(str::to_owned),
        kind,
    })
}

/// Where a tag or a digest stands: in the reference, or as the value of a variable in it.
fn place<'t>(version: &str, written: &'t str, parts: &[&'t str]) -> Option<&'t str> {
    let own = parse(written).and_then(|image| {
        let found = image.tag.filter(|tag| *tag == version).or(image.digest.filter(|digest| *digest == version));
        found.and_then(|found| crate::ecosystem::reference::slice(written, found))
    });
    own.or_else(|| {
        parts.iter().rev().find_map(|part| {
            let before = part.strip_suffix(version)?;
            // The whole value, or what stands behind the `:` or `@` in it.
            (before.is_empty() || before.ends_with([':', '@'])).then(|| &part[before.len()..])
        })
    })
}

/// A text with its variables replaced: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`. `values` gives the value
/// of a variable, as a slice of the file. With the values that were put in.
///
/// # Errors
/// The name of the variable whose value is not known.
pub(in crate::ecosystem) fn expand<'t>(
    text: &'t str,
    values: impl Fn(&str) -> Option<&'t str>,
) -> Result<(Cow<'t, str>, Vec<&'t str>), &'t str> {
    if !text.contains('$') {
        return Ok((Cow::Borrowed(text), Vec::new()));
    }
    let mut out = String::new();
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, default, behind) = variable(after);
        let value = values(name).filter(|value| !value.is_empty() || default.is_none());
        let value = value.or(default).ok_or(name)?;
        // A value that has variables itself is not followed, and a name is not made longer without end.
        if value.contains('$') || out.len() > MAX_LENGTH {
            return Err(name);
        }
        out.push_str(value);
        parts.push(value);
        rest = behind;
    }
    out.push_str(rest);
    Ok((Cow::Owned(out), parts))
}

/// The name of a variable, its default, and what stands behind it.
fn variable(after: &str) -> (&str, Option<&str>, &str) {
    let name_end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some((inside, behind)) = after.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        let end = name_end(after);
        return (&after[..end], None, &after[end..]);
    };
    let (name, rest) = inside.split_at(name_end(inside));
    (name, rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')), behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let digest = "sha256:9a0c7b5c1d6c3d2e8f4b1a7e6d5c4b3a29181706f5e4d3c2b1a0f9e8d7c6b5a4";
        let read =
            |text: &str| parse(text).map(|image| (image.name, image.tag.map(str::to_owned), image.digest.is_some()));
        let of = |name: &str, tag: &str, digest| {
            Some((name.to_owned(), Some(tag.to_owned()).filter(|tag| !tag.is_empty()), digest))
        };
        assert_eq!(read("node"), of("library/node", "", false));
        assert_eq!(read("node:20-alpine"), of("library/node", "20-alpine", false));
        assert_eq!(read(&format!("node:20@{digest}")), of("library/node", "20", true));
        assert_eq!(read(&format!("docker.io/library/node@{digest}")), of("library/node", "", true));
        assert_eq!(read("bitnami/redis:7.2"), of("bitnami/redis", "7.2", false));
        assert_eq!(read("registry.example/a/b/c:v1"), of("registry.example/a/b/c", "v1", false));
        assert_eq!(read("localhost:5000/a"), of("localhost:5000/a", "", false));
        for text in ["", ":", "a:", "a b", "a@sha256:1", "a@", "$X", "a//b", "-\u{e9}", "${{ matrix.image }}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn variables_have_values_or_defaults() {
        let values = |name: &str| match name {
            "A" => Some("1"),
            "EMPTY" => Some(""),
            "LOOP" => Some("$LOOP"),
            _ => None,
        };
        let read = |text: &'static str| expand(text, values).map(|(text, _)| text.into_owned());
        assert_eq!(read("x:$A-y").as_deref(), Ok("x:1-y"));
        assert_eq!(read("x:${A}y${B:-2}${B-3}${EMPTY:-4}").as_deref(), Ok("x:1y234"));
        assert_eq!(read("x:${B}"), Err("B"));
        assert_eq!(read("x:$LOOP"), Err("LOOP"));
        assert_eq!(read("${{ a }}"), Err(""));
        assert_eq!(read("$"), Err(""));
    }
}
