//! TOML with spans. Where a document breaks off, what comes before the break is kept.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use crate::ecosystem::text_of;
use crate::model::{Diagnostic, LineIndex, Location, RepoPath};

/// A parsed document whose values know where they stand.
pub(in crate::ecosystem) struct Document<'t> {
    pub(in crate::ecosystem) table: DeTable<'t>,
    pub(in crate::ecosystem) lines: LineIndex<'t>,
}

/// Parses a document. A broken one is read up to the last `[[…]]` or `[…]` header before the error, and the error
/// is reported with its line; a document of which nothing can be read is an empty table. The parser itself refuses what
/// nests deeper than 80.
pub(in crate::ecosystem) fn parse<'t>(
    path: &RepoPath,
    bytes: &'t [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Document<'t> {
    let mut text = text_of(path, bytes, diagnostics);
    let lines = LineIndex::new(path, text);
    let mut first_error = true;
    loop {
        let error = match DeTable::parse(text) {
            Ok(table) => return Document { table: table.into_inner(), lines },
            Err(error) => error,
        };
        let offset = error.span().map_or(text.len(), |span| span.start).min(text.len());
        if first_error {
            let message = format!("not valid TOML: {}; what comes before was read", one_line(error.message()));
            diagnostics.push(Diagnostic::error(path, Some(lines.line(offset)), message));
            first_error = false;
        }
        let offset = (0..=offset).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        // An error at a header itself (a duplicate table) must not find that same header again.
        let cut = last_header(&text[..offset]);
        if cut == 0 {
            return Document { table: DeTable::new(), lines };
        }
        text = &text[..cut];
    }
}

/// Where the last line that starts with `[` begins.
fn last_header(text: &str) -> usize {
    text.rfind("\n[").map_or(0, |at| at + 1)
}

/// The parser's message on one line.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Document<'_> {
    /// Where the text of a string value stands, without its quotes.
    pub(in crate::ecosystem) fn locate(&self, value: &Spanned<DeValue<'_>>) -> Location {
        let span = value.span();
        let quotes = match value.get_ref() {
            DeValue::String(_) => {
                let raw = self.lines.text().get(span.clone()).unwrap_or_default();
                if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 }
            }
            _ => 0,
        };
        self.lines.locate(span.start + quotes, span.len().saturating_sub(2 * quotes))
    }
}

/// Looking into tables without caring for the type of what is not there.
pub(in crate::ecosystem) trait Get<'t> {
    /// The value at a path of keys.
    fn at(&self, keys: &[&str]) -> Option<&Spanned<DeValue<'t>>>;

    /// The text at a path of keys.
    fn text<'s>(&'s self, keys: &[&str]) -> Option<&'s str>
    where
        't: 's,
    {
        self.at(keys)?.get_ref().as_str()
    }

    /// The table at a path of keys.
    fn table(&self, keys: &[&str]) -> Option<&DeTable<'t>> {
        self.at(keys)?.get_ref().as_table()
    }

    /// The array at a path of keys; empty where there is none.
    fn array(&self, keys: &[&str]) -> &[Spanned<DeValue<'t>>] {
        self.at(keys).and_then(|value| value.get_ref().as_array()).map_or(&[], |array| array)
    }
}

impl<'t> Get<'t> for DeTable<'t> {
    fn at(&self, keys: &[&str]) -> Option<&Spanned<DeValue<'t>>> {
        let (first, rest) = keys.split_first()?;
        let value = self.get(*first)?;
        if rest.is_empty() { Some(value) } else { value.get_ref().as_table()?.at(rest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (Vec<String>, Vec<Option<u32>>) {
        let mut diagnostics = Vec::new();
        let document = parse(&"f".into(), text.as_bytes(), &mut diagnostics);
        let names = document.table.array(&["package"]).iter();
        let names = names.filter_map(|p| Some(p.get_ref().as_table()?.text(&["name"])?.to_owned())).collect();
        (names, diagnostics.iter().map(|d| d.line).collect())
    }

    #[test]
    fn what_comes_before_a_break_is_kept() {
        let text = "[[package]]\nname = \"a\"\n\n[[package]]\nname = \"b\"\n\n[[package]]\nname = \"c";
        assert_eq!(names(text), (vec!["a".to_owned(), "b".to_owned()], vec![Some(8)]));
        assert_eq!(names("name = ").0, Vec::<String>::new());
    }

    #[test]
    fn hostile_nesting_is_refused() {
        let text = format!("[[package]]\nname = \"a\"\n[[package]]\nx = {}", "[".repeat(1_000_000));
        assert_eq!(names(&text), (vec!["a".to_owned()], vec![Some(4)]));
        let text = format!("x = {}1", "{a = ".repeat(100_000));
        assert_eq!(names(&text).1.len(), 1);
    }

    #[test]
    fn a_value_stands_inside_its_quotes() {
        let text = "[a]\nb = \"1.2\"\n";
        let document = parse(&"f".into(), text.as_bytes(), &mut Vec::new());
        let place = document.locate(document.table.at(&["a", "b"]).unwrap());
        assert_eq!((place.line, place.column, place.length), (2, 6, 3));
    }
}
