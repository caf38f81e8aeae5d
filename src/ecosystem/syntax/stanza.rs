//! Files of `Key: value` lines in stanzas that blank lines part: the databases of dpkg and apk, the metadata of Python
//! distributions (<https://www.debian.org/doc/debian-policy/ch-controlfields.html#syntax-of-control-files>).

use crate::model::{Diagnostic, LineIndex, RepoPath};

/// The fields of one stanza, in order. Lines that continue a field are left out: no field that is read has any.
#[derive(Debug, Default)]
pub(in crate::ecosystem) struct Stanza<'t> {
    fields: Vec<(&'t str, &'t str)>,
}

impl<'t> Stanza<'t> {
    /// The value of a field, without the space around it; `None` where there is none or it is empty.
    pub(in crate::ecosystem) fn get(&self, key: &str) -> Option<&'t str> {
        self.all(key).next()
    }

    /// The values of a field that may stand there several times.
    pub(in crate::ecosystem) fn all(&self, key: &str) -> impl Iterator<Item = &'t str> {
        self.fields.iter().filter(move |(name, value)| *name == key && !value.is_empty()).map(|(_, value)| *value)
    }
}

/// The stanzas of a text that have any of the wanted fields; the others are passed over.
pub(in crate::ecosystem) fn stanzas<'t>(text: &'t str, wanted: &[&str]) -> Vec<Stanza<'t>> {
    let mut all = Vec::new();
    let mut stanza = Stanza::default();
    for line in text.lines() {
        if line.trim().is_empty() {
            if !stanza.fields.is_empty() {
                all.push(std::mem::take(&mut stanza));
            }
        } else if let Some((key, value)) = line.split_once(':').filter(|(key, _)| wanted.contains(key)) {
            stanza.fields.push((key, value.trim()));
        }
    }
    if !stanza.fields.is_empty() {
        all.push(stanza);
    }
    all
}

/// The text of a database without a last line that breaks off, and an error where there is one: what wrote it ends
/// every line.
pub(in crate::ecosystem) fn whole_lines<'t>(
    path: &RepoPath,
    text: &'t str,
    diagnostics: &mut Vec<Diagnostic>,
) -> &'t str {
    let end = text.rfind('\n').map_or(0, |at| at + 1);
    if end < text.len() {
        let line = LineIndex::new(path, text).line(end);
        let message = "the file breaks off in the middle of this line, which was left out; what comes before was read";
        diagnostics.push(Diagnostic::error(path, Some(line), message));
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_have_the_wanted_fields() {
        let all = stanzas("A: 1\nB:2\n more: x\nC: 3\n\n\nA:  4 \nA:\n", &["A", "B", "more"]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].get("A"), all[0].get("B"), all[0].get("C")), (Some("1"), Some("2"), None));
        assert_eq!(all[0].get("more"), None, "a continued line");
        assert_eq!(all[1].all("A").collect::<Vec<_>>(), ["4"]);
    }

    #[test]
    fn a_line_without_an_end_is_left_out() {
        let mut said = Vec::new();
        assert_eq!(whole_lines(&"f".into(), "A: 1\nB: 2", &mut said), "A: 1\n");
        assert_eq!(said[0].line, Some(2));
        assert_eq!(whole_lines(&"f".into(), "A: 1\n", &mut said), "A: 1\n");
        assert_eq!(said.len(), 1);
    }
}
