//! The grammar of package URLs (ECMA-427, <https://github.com/package-url/purl-spec>): taking one apart and writing it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::types;

/// The type whose names may have several segments.
pub(super) const GIT: &str = "git";

/// The parts of a package URL, decoded. [`PurlParts::read`] and [`PurlParts::normalized`] bring them into the normal form
/// of their type; as text they are written in the canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurlParts {
    /// The type in lower case, such as `npm`.
    pub kind: String,
    /// What stands before the name, its segments with `/` between them.
    pub namespace: Option<String>,
    /// The name, never empty.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// The qualifiers, none of them empty, by their keys in lower case.
    pub qualifiers: BTreeMap<String, String>,
    /// The path within the package, its segments with `/` between them.
    pub subpath: Option<String>,
}

impl PurlParts {
    /// Takes a package URL apart. What its type demands besides is left to [`PurlParts::check`].
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let (rest, subpath) = split_off(text.trim(), '#');
        let (rest, qualifiers) = split_off(rest, '?');
        let rest = match rest.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("pkg") => rest.trim_matches('/'),
            _ => return Err("it does not begin with `pkg:`".to_owned()),
        };
        let (kind, rest) = rest.split_once('/').ok_or("it has no name")?;
        // An `@` right before a segment is that of an npm scope which somebody did not encode.
        let is_scope = |at: usize| (at == 0 || rest[..at].ends_with('/')) && rest[at..].contains('/');
        let (path, version) = match rest.rfind('@').filter(|&at| !is_scope(at)) {
            Some(at) if at == 0 || rest[..at].ends_with('/') => return Err("it has no name".to_owned()),
            Some(at) => (&rest[..at], Some(decode(&rest[at + 1..])?)),
            None => (rest, None),
        };
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let mut segments = segments.map(decode).collect::<Result<Vec<_>, _>>()?;
        // A repository has the host for its namespace and the whole path for its name.
        let is_git = kind.eq_ignore_ascii_case(GIT) && segments.len() > 1;
        let name = if is_git { segments.split_off(1).join("/") } else { segments.pop().unwrap_or_default() };
        let parts = Self {
            kind: kind.to_owned(),
            namespace: Some(segments.join("/")),
            name,
            version,
            qualifiers: read_qualifiers(qualifiers.unwrap_or_default())?,
            subpath: Some(read_subpath(subpath.unwrap_or_default())?),
        };
        parts.normalized()
    }

    /// The same parts in the normal form of their type: what is empty is left out, and what the type ignores the case of
    /// stands in lower case.
    ///
    /// # Errors
    /// What no package URL can have: a type or key with other letters than ASCII ones, no name.
    pub fn normalized(mut self) -> Result<Self, String> {
        self.kind.make_ascii_lowercase();
        let is_word = |text: &str, more: &[u8]| {
            text.starts_with(|first: char| first.is_ascii_lowercase())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte))
        };
        if !is_word(&self.kind, b".-") {
            return Err(format!("{:?} is no type of a package URL", self.kind));
        }
        for part in [&mut self.namespace, &mut self.version, &mut self.subpath] {
            *part = part.take().filter(|part| !part.is_empty());
        }
        let mut qualifiers = BTreeMap::new();
        for (key, value) in self.qualifiers.into_iter().filter(|(_, value)| !value.is_empty()) {
            let key = key.to_ascii_lowercase();
            if !is_word(&key, b".-_") || qualifiers.insert(key.clone(), value).is_some() {
                return Err(format!("{key:?} is no key of a qualifier, or stands twice"));
            }
        }
        self.qualifiers = qualifiers;
        if self.name.is_empty() {
            return Err("it has no name".to_owned());
        }
        types::normalize(&mut self);
        Ok(self)
    }

    /// Whether it has what its type demands, as its definition says it; types that are not registered demand nothing.
    ///
    /// # Errors
    /// What it lacks or has too much, in words.
    pub fn check(&self) -> Result<(), String> {
        types::check(self)
    }

    /// The value of a qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.get(key).map(String::as_str)
    }
}

impl fmt::Display for PurlParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = format!("pkg:{}", self.kind);
        let namespace = self.namespace.iter().flat_map(|namespace| namespace.split('/'));
        for segment in namespace.filter(|segment| !segment.is_empty()) {
            out.push('/');
            encode(&mut out, segment);
        }
        let segments = self.name.split(|letter| letter == '/' && self.kind == GIT);
        for segment in segments.filter(|segment| !segment.is_empty()) {
            out.push('/');
            encode(&mut out, segment);
        }
        if let Some(version) = &self.version {
            out.push('@');
            encode(&mut out, version);
        }
        for (number, (key, value)) in self.qualifiers.iter().enumerate() {
            out.push(if number == 0 { '?' } else { '&' });
            out.push_str(key);
            out.push('=');
            encode(&mut out, value);
        }
        for (number, segment) in self.subpath.iter().flat_map(|subpath| subpath.split('/')).enumerate() {
            out.push(if number == 0 { '#' } else { '/' });
            encode(&mut out, segment);
        }
        f.write_str(&out)
    }
}

/// What stands before the last such character, and what stands behind it.
fn split_off(text: &str, at: char) -> (&str, Option<&str>) {
    text.rsplit_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn read_qualifiers(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut qualifiers = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("the qualifier {pair:?} has no value"))?;
        if qualifiers.insert(key.to_owned(), decode(value)?).is_some() {
            return Err(format!("the qualifier {key:?} stands twice"));
        }
    }
    Ok(qualifiers)
}

fn read_subpath(text: &str) -> Result<String, String> {
    let segments = text.split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
    let kept = segments.into_iter().filter(|segment| !matches!(segment.as_str(), "" | "." | ".."));
    Ok(kept.collect::<Vec<_>>().join("/"))
}

/// Whether a byte is written as it is (purl-spec, "Character encoding").
pub(super) const fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':')
}

/// Percent-encodes all but letters, digits, `.-_~` and `:` (purl-spec, "Character encoding").
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if is_kept(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is not percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        let digits = digits.iter().map(|&digit| char::from(digit).to_digit(16)).collect::<Option<Vec<u32>>>();
        let [high, low] = digits.ok_or_else(wrong)?[..] else { return Err(wrong()) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
        rest = after;
    }
    let decoded = String::from_utf8(bytes).map_err(|_| wrong())?;
    if decoded.chars().any(char::is_control) { Err(wrong()) } else { Ok(decoded) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Result<String, String> {
        PurlParts::read(text).map(|parts| parts.to_string())
    }

    #[test]
    fn parts_are_taken_apart_and_put_together() {
        let parts =
            PurlParts::read("pkg:Maven//org.apache/commons%2Dio@2.0+x?Type=jar&empty=&b=a%20b#./a//../b%2Bc/").unwrap();
        assert_eq!((parts.kind.as_str(), parts.namespace.as_deref()), ("maven", Some("org.apache")));
        assert_eq!((parts.name.as_str(), parts.version.as_deref()), ("commons-io", Some("2.0+x")));
        assert_eq!((parts.qualifier("type"), parts.qualifier("empty")), (Some("jar"), None));
        assert_eq!(parts.subpath.as_deref(), Some("a/b+c"));
        assert_eq!(parts.to_string(), "pkg:maven/org.apache/commons-io@2.0%2Bx?b=a%20b&type=jar#a/b%2Bc");
        assert_eq!(canonical("pkg:npm/@angular/core@1.0.0").unwrap(), "pkg:npm/%40angular/core@1.0.0");
        assert_eq!(canonical("pkg:generic/a@feature/x").unwrap(), "pkg:generic/a@feature%2Fx");
        assert_eq!(canonical("pkg:npm/a@").unwrap(), "pkg:npm/a");
        assert_eq!(canonical("pkg://npm/a@1#").unwrap(), "pkg:npm/a@1");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "pkg",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "pkg:maven/@1.0",
            "pkg:1a/b",
            "pkg:a b/c",
            "pkg:npm/a?b",
            "pkg:npm/a?b%20=1",
            "pkg:npm/a?b=1&b=2",
            "pkg:npm/a?B=1&b=2",
            "pkg:npm/%4",
            "pkg:npm/%+1",
            "pkg:npm/%zz",
            "pkg:npm/é%ff",
            "pkg:npm/a%0Ab",
            "http://host.example/a",
        ] {
            assert!(canonical(text).is_err(), "{text}: {:?}", canonical(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(
            namespace in "[a-zA-Z0-9@+é %:./-]{0,9}",
            name in "[a-zA-Z0-9@+é %:?#&=-]{1,9}",
            version in "[a-zA-Z0-9@+é %:/?#~^-]{0,9}",
            value in "[a-z&=%/? +é]{0,9}",
            subpath in "[a-z/%#?+. ]{0,9}",
        ) {
            let parts = PurlParts {
                kind: "generic".to_owned(),
                namespace: Some(namespace.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")),
                name,
                version: Some(version),
                qualifiers: BTreeMap::from([("key".to_owned(), value)]),
                subpath: Some(read_subpath(&subpath.replace('%', "%25")).unwrap()),
            };
            let parts = parts.normalized().unwrap();
            let text = parts.to_string();
            proptest::prop_assert_eq!(PurlParts::read(&text).map_err(|why| format!("{text}: {why}")), Ok(parts));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(pkg:)?(npm|maven)?[/@%?#a0é&=.:]{0,16}") {
            if let Ok(parts) = PurlParts::read(&text) {
                let canonical = parts.to_string();
                proptest::prop_assert_eq!(PurlParts::read(&canonical), Ok(parts), "{}", canonical);
            }
        }
    }
}
