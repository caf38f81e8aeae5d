//! Requirement strings: `name[extra] >=1,<2 ; marker` and `name @ URL`
//! (<https://packaging.python.org/en/latest/specifications/dependency-specifiers/>).

/// The parts of a requirement, each a part of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ecosystem) struct Requirement<'t> {
    /// The name as written.
    pub(in crate::ecosystem) name: &'t str,
    /// The extras as written.
    pub(in crate::ecosystem) extras: Vec<&'t str>,
    /// The version specifiers without parentheses; empty where there are none.
    pub(in crate::ecosystem) specifier: &'t str,
    /// The address after `@`.
    pub(in crate::ecosystem) url: Option<&'t str>,
    /// What stands after `;`.
    pub(in crate::ecosystem) marker: &'t str,
}

/// The parts of a requirement; `None` where the text is none.
pub(in crate::ecosystem) fn parse(text: &str) -> Option<Requirement<'_>> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    let name = &text[..end];
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut rest = text[end..].trim_start();
    let mut extras = Vec::new();
    if let Some(inside) = rest.strip_prefix('[') {
        let (list, after) = inside.split_once(']')?;
        extras = list.split(',').map(str::trim).filter(|extra| !extra.is_empty()).collect();
        rest = after.trim_start();
    }
    if let Some(address) = rest.strip_prefix('@') {
        // A marker after an address must have a space before its semicolon, since addresses may hold one.
        let (url, marker) = address.split_once(" ;").unwrap_or((address, ""));
        let url = url.trim();
        return (!url.is_empty()).then_some(Requirement { name, extras, specifier: "", url: Some(url), marker });
    }
    let (specifier, marker) = rest.split_once(';').unwrap_or((rest, ""));
    let specifier = specifier.trim();
    let specifier = specifier.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(specifier).trim();
    is_specifier(specifier).then_some(Requirement { name, extras, specifier, url: None, marker: marker.trim() })
}

/// Whether every part of a list is an operator and a version.
fn is_specifier(text: &str) -> bool {
    let text = text.trim_end_matches(',');
    text.is_empty()
        || text.split(',').all(|part| {
            let part = part.trim();
            let version = part.trim_start_matches(['=', '<', '>', '~', '!']);
            version.len() < part.len() && !version.trim().is_empty() && !version.trim().contains(char::is_whitespace)
        })
}

/// The version that a specifier fixes: that of `==` or `===` without a wildcard.
pub(in crate::ecosystem) fn pinned(specifier: &str) -> Option<&str> {
    specifier.split(',').find_map(|part| {
        let version = part.trim().strip_prefix("==")?;
        let version = version.strip_prefix('=').unwrap_or(version).trim();
        is_version(version).then_some(version)
    })
}

/// Whether a text has only the characters of a version: no wildcard, no environment variable (`${VERSION}`).
pub(super) fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '!' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_requirement() {
        let all = parse("Zope.Interface [ a , b ] (>=1.0, <2) ; python_version < '3.9'").unwrap();
        assert_eq!((all.name, all.specifier), ("Zope.Interface", ">=1.0, <2"));
        assert_eq!((all.extras, all.marker), (vec!["a", "b"], "python_version < '3.9'"));
        let url = parse("pip @ https://host.example/a;b.whl ; os_name == 'x'").unwrap();
        assert_eq!(url.url, Some("https://host.example/a;b.whl"));
        assert_eq!(parse("x").unwrap().specifier, "");
        assert_eq!(parse("x>=1,").unwrap().specifier, ">=1,");
    }

    #[test]
    fn what_is_no_requirement() {
        for text in ["", "-x", "x y", "x[a", "x =", "x 1.0", "x @ ", "<html>", "x == 1 2", "/etc/passwd"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_an_exact_version_is_a_pin() {
        assert_eq!(pinned("==1.2"), Some("1.2"));
        assert_eq!(pinned(">=1, === 1.2+local"), Some("1.2+local"));
        for specifier in ["", ">=1.2", "<=2", "~=1.0", "==1.*", "!=1", ">1,<2", "==", "==${VERSION}", "==1||==2"] {
            assert_eq!(pinned(specifier), None, "{specifier}");
        }
    }
}
