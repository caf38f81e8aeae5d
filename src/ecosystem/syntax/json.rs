//! JSON with byte offsets. Where a document breaks off, what comes before the break is kept.
//!
//! A [`Text`] borrows from the document wherever it has no escapes, and so knows where it stands.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::ecosystem::text_of;
use crate::model::{Diagnostic, LineIndex, Location, RepoPath};

/// Objects and arrays nested deeper than this are refused (`serde_json` has the same bound of 128).
const MAX_DEPTH: usize = 120;

/// A JSON value that borrows from the document. Objects keep their order and every duplicate key.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ecosystem) enum Value<'t> {
    Null,
    Bool(bool),
    /// Numbers are kept as text nowhere: no lockfile has one that matters beyond its format version.
    Number(f64),
    Text(Cow<'t, str>),
    Array(Vec<Value<'t>>),
    Object(Vec<(Cow<'t, str>, Value<'t>)>),
    /// The name of an anchor that YAML repeats here; JSON has none.
    Alias(Cow<'t, str>),
}

impl<'t> Value<'t> {
    /// The value of a key; of duplicates the last one, as every JSON reader of package managers does.
    pub(in crate::ecosystem) fn get(&self, key: &str) -> Option<&Value<'t>> {
        self.entries().iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text, if it is one.
    pub(in crate::ecosystem) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a key.
    pub(in crate::ecosystem) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// Whether a key holds `true`.
    pub(in crate::ecosystem) fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Self::Bool(true)))
    }

    /// The number of a key.
    pub(in crate::ecosystem) fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The entries of an object; none for anything else.
    pub(in crate::ecosystem) fn entries(&self) -> &[(Cow<'t, str>, Value<'t>)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The entries of the object at a key; none where there is no object.
    pub(in crate::ecosystem) fn object(&self, key: &str) -> &[(Cow<'t, str>, Value<'t>)] {
        self.get(key).map_or(&[], Self::entries)
    }

    /// The items of an array; none for anything else.
    pub(in crate::ecosystem) fn items(&self) -> &[Value<'t>] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(value))
    }

    // Format versions are small; a number too large for a double loses nothing that is used.
    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key_seed(Key)? {
            entries.push((key, access.next_value()?));
        }
        Ok(Value::Object(entries))
    }
}

/// A key that borrows: serde's own `Cow` never does.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A parsed document.
pub(in crate::ecosystem) struct Document<'t> {
    pub(in crate::ecosystem) value: Value<'t>,
    pub(in crate::ecosystem) lines: LineIndex<'t>,
}

impl Document<'_> {
    /// Where a text of this document stands. A text with escapes was copied out of it and stands nowhere.
    pub(in crate::ecosystem) fn locate(&self, text: &str) -> Option<Location> {
        self.lines.locate_slice(text)
    }
}

/// Parses a document. A broken one is read up to the last complete value before the error (from `repaired`, which
/// belongs to the caller so that values can borrow from it); a document of which nothing can be read is `null`.
/// Formats with comments pass their bytes through [`blank_comments`] first.
pub(in crate::ecosystem) fn parse<'t>(
    path: &RepoPath,
    bytes: &'t [u8],
    repaired: &'t mut String,
    diagnostics: &mut Vec<Diagnostic>,
) -> Document<'t> {
    let text = text_of(path, bytes, diagnostics);
    let error = match serde_json::from_str(text) {
        Ok(value) => return Document { value, lines: LineIndex::new(path, text) },
        Err(error) => error,
    };
    let line = u32::try_from(error.line()).ok().filter(|&line| line > 0);
    let message = format!("not valid JSON: {}; what comes before was read", without_position(&error.to_string()));
    diagnostics.push(Diagnostic::error(path, line, message));
    let end = if error.is_eof() { text.len() } else { offset_of(text, error.line(), error.column()) };
    *repaired = repair(text, end);
    let repaired: &'t str = repaired;
    let value = serde_json::from_str(repaired).unwrap_or(Value::Null);
    Document { value, lines: LineIndex::new(path, repaired) }
}

/// serde_json ends its messages with ` at line 1 column 2`.
fn without_position(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |at| &message[..at])
}

/// The byte offset of serde_json's line and column (both from 1, the column in bytes).
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(skip) => {
            text.bytes().enumerate().filter(|&(_, b)| b == b'\n').nth(skip).map_or(text.len(), |(at, _)| at + 1)
        }
    };
    (start + column.saturating_sub(1)).min(text.len())
}

/// The longest prefix of `text[..end]` that ends after a complete value, with its open brackets closed. Bytes before
/// the cut keep their offsets.
fn repair(text: &str, end: usize) -> String {
    let bytes = &text.as_bytes()[..end.min(text.len())];
    let mut open: Vec<u8> = Vec::new();
    let mut best: (usize, Vec<u8>) = (0, Vec::new());
    let mut at = 0;
    let mut in_string = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' if open.len() >= MAX_DEPTH => break,
            b'{' => {
                open.push(b'}');
                best = (at + 1, open.clone());
            }
            b'[' => {
                open.push(b']');
                best = (at + 1, open.clone());
            }
            b'}' | b']' => {
                if open.pop() != Some(bytes[at]) {
                    break;
                }
                best = (at + 1, open.clone());
            }
            // Before a comma stands a complete value.
            b',' => best = (at, open.clone()),
            _ => {}
        }
        at += 1;
    }
    let (cut, closers) = best;
    let mut out = String::with_capacity(cut + closers.len());
    out.push_str(&text[..cut]);
    out.extend(closers.iter().rev().map(|&closer| char::from(closer)));
    out
}

/// Replaces comments and trailing commas by spaces, so that every other byte keeps its offset.
pub(in crate::ecosystem) fn blank_comments(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 0;
    let mut comma = None;
    while at < out.len() {
        match out[at] {
            b'"' => {
                comma = None;
                at += 1;
                while at < out.len() && out[at] != b'"' {
                    at += if out[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if matches!(out.get(at + 1), Some(b'/' | b'*')) => {
                let block = out[at + 1] == b'*';
                let mut end = at + 2;
                while end < out.len() && !(if block { out[end..].starts_with(b"*/") } else { out[end] == b'\n' }) {
                    end += 1;
                }
                let end = if block { (end + 2).min(out.len()) } else { end };
                for byte in &mut out[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(at) = comma.take() {
                    out[at] = b' ';
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_comes_before_a_break_is_kept() {
        let text = br#"{"a": {"version": "1"}, "b": {"version": "2"}, "c": {"ver"#;
        let (mut repaired, mut diagnostics) = (String::new(), Vec::new());
        let document = parse(&"f".into(), text, &mut repaired, &mut diagnostics);
        assert_eq!(document.value.get("b").unwrap().text("version"), Some("2"));
        let place = document.locate(document.value.get("b").unwrap().text("version").unwrap()).unwrap();
        assert_eq!((place.line, place.column), (1, 43));
        assert_eq!(diagnostics[0].line, Some(1));
    }

    #[test]
    fn hostile_nesting_is_refused() {
        let text = "[".repeat(1_000_000);
        let mut diagnostics = Vec::new();
        parse(&"f".into(), text.as_bytes(), &mut String::new(), &mut diagnostics);
        assert_eq!(diagnostics.len(), 1);
    }

    #[test]
    fn comments_and_trailing_commas_become_spaces() {
        let text = b"{ // c, }\n \"a//\": [1, 2, /* x */ ], }";
        let blank = blank_comments(text);
        assert_eq!(blank.len(), text.len());
        let value: Value<'_> = serde_json::from_slice(&blank).unwrap();
        assert_eq!(value.get("a//").unwrap().items().len(), 2);
    }

    proptest! {
        #[test]
        fn any_cut_of_a_document_can_be_read(cut in 0_usize..70) {
            let text = r#"{"a": [1, {"b": "x\"y"}], "c": {"d": null, "e": "é"}, "f": true}"#;
            let cut = (0..=cut.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            let (mut repaired, mut diagnostics) = (String::new(), Vec::new());
            let document = parse(&"f".into(), &text.as_bytes()[..cut], &mut repaired, &mut diagnostics);
            prop_assert_eq!(document.value == Value::Null, cut == 0);
        }

        #[test]
        fn blanking_never_fails_and_keeps_the_length(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(blank_comments(&bytes).len(), bytes.len());
        }
    }
}
