//! The YAML that lockfile tools write, with byte offsets: block and flow collections, plain, quoted and block
//! scalars, `? key` entries, several documents. A general YAML reader takes twenty times as long and expands aliases;
//! here anchors, aliases and tags are refused, and whatever else is not understood is an error with its line
//! (<https://yaml.org/spec/1.2.2/>).

use std::borrow::Cow;

use super::json::Value;
use crate::ecosystem::text_of;
use crate::model::{Diagnostic, LineIndex, RepoPath};

/// Collections nested deeper than this are refused (hostile input).
const MAX_DEPTH: usize = 48;
/// After that many errors the rest is not read.
const MAX_ERRORS: usize = 50;

/// The documents of a file. Scalars are texts, an empty value is null.
pub(in crate::ecosystem) struct Stream<'t> {
    pub(in crate::ecosystem) documents: Vec<Value<'t>>,
    pub(in crate::ecosystem) lines: LineIndex<'t>,
}

/// Reads every document of a file. What cannot be read becomes a diagnostic, and only that line, or that value, is
/// lost.
pub(in crate::ecosystem) fn parse<'t>(
    path: &RepoPath,
    bytes: &'t [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Stream<'t> {
    let text = text_of(path, bytes, diagnostics);
    let mut reader = Reader { path, text, at: 0, number: 0, peeked: None, errors: 0, diagnostics };
    let mut documents = Vec::new();
    while !reader.is_at_end() {
        if let Some(document) = reader.document() {
            documents.push(document);
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        let message = "the last line has no end; the file may be cut off there";
        reader.diagnostics.push(Diagnostic::warning(path, Some(reader.number), message));
    }
    Stream { documents, lines: LineIndex::new(path, text) }
}

/// A line with content, without its indentation and without white space at its end.
#[derive(Clone, Copy)]
struct Line<'t> {
    indent: usize,
    text: &'t str,
    number: u32,
}

struct Reader<'r, 't> {
    path: &'r RepoPath,
    text: &'t str,
    /// Where the next line starts.
    at: usize,
    /// The number of the line before it.
    number: u32,
    /// The next line with content, or what stands behind the mark of a list's item.
    peeked: Option<Line<'t>>,
    errors: usize,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'t> Reader<'_, 't> {
    fn is_at_end(&self) -> bool {
        self.peeked.is_none() && self.at >= self.text.len()
    }

    /// One document, if there is anything in it.
    fn document(&mut self) -> Option<Value<'t>> {
        let mut value = None;
        while let Some(line) = self.peek() {
            if line.indent == 0 && line.text.starts_with('%') {
                self.take();
            } else if value.is_none() {
                value = Some(self.block(line, 0));
            } else {
                self.take();
                self.complain(line.number, "less indented than what it belongs to");
            }
        }
        // The line that ended the document, `---` or `...`.
        if let Some((line, _)) = self.raw_line() {
            self.step();
            let rest = line.trim_start_matches(['-', '.']).trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                self.complain(self.number, "a value on the line of `---` is not understood");
            }
        }
        value
    }

    /// The next line as it stands, and where the one after it starts.
    fn raw_line(&self) -> Option<(&'t str, usize)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        Some((rest[..end].trim_end(), self.at + end))
    }

    /// Goes to the next line.
    fn step(&mut self) {
        if let Some((_, next)) = self.raw_line() {
            self.at = next;
            self.number += 1;
        }
    }

    /// The next line with content in this document; it stays the next one.
    fn peek(&mut self) -> Option<Line<'t>> {
        while self.peeked.is_none() {
            let (raw, _) = self.raw_line()?;
            if raw == "---" || raw == "..." || raw.starts_with("--- ") {
                return None;
            }
            self.step();
            let text = raw.trim_start_matches(' ');
            if text.starts_with('\t') {
                self.complain(self.number, "a tab in the indentation");
            } else if !text.is_empty() && !text.starts_with('#') {
                self.peeked = Some(Line { indent: raw.len() - text.len(), text, number: self.number });
            }
        }
        self.peeked
    }

    fn take(&mut self) {
        self.peeked = None;
    }

    /// The collection that starts with that line.
    fn block(&mut self, line: Line<'t>, depth: usize) -> Value<'t> {
        if depth >= MAX_DEPTH {
            self.take();
            self.complain(line.number, "nested too deep; it was not read");
            self.skip_below(line.indent.saturating_sub(1));
            Value::Null
        } else if is_item(line.text) {
            self.list(line.indent, depth)
        } else {
            self.map(line.indent, depth)
        }
    }

    fn map(&mut self, indent: usize, depth: usize) -> Value<'t> {
        let mut entries = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent >= indent) {
            self.take();
            if line.indent > indent {
                self.complain(line.number, "more indented than its neighbours");
                continue;
            }
            if let Some(key) = line.text.strip_prefix("? ") {
                let key = self.scalar_alone(key.trim_start(), line.number);
                let value = self.value_of_long_key(indent, depth);
                entries.extend(key.map(|key| (key, value)));
                continue;
            }
            match split_entry(line.text) {
                Some((key, rest)) => {
                    let value = self.value(rest, indent, line.number, depth);
                    entries.push((key, value));
                }
                None => self.complain(line.number, "neither `key: value` nor an item of a list"),
            }
        }
        Value::Object(entries)
    }

    /// What stands behind the `:` of a `? key` entry.
    fn value_of_long_key(&mut self, indent: usize, depth: usize) -> Value<'t> {
        match self.peek() {
            Some(line) if line.indent == indent && (line.text == ":" || line.text.starts_with(": ")) => {
                self.take();
                self.nested(line, depth)
            }
            _ => Value::Null,
        }
    }

    fn list(&mut self, indent: usize, depth: usize) -> Value<'t> {
        let mut items = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent == indent && is_item(line.text)) {
            self.take();
            items.push(self.nested(line, depth));
        }
        Value::Array(items)
    }

    /// What stands behind a mark of one character (`-` or `:`): a value, or a collection that starts on that line.
    fn nested(&mut self, line: Line<'t>, depth: usize) -> Value<'t> {
        let rest = line.text.get(1..).unwrap_or_default().trim_start();
        let is_flow = rest.starts_with(['{', '[', '|', '>']);
        if !is_flow && (is_item(rest) || split_entry(rest).is_some()) {
            let indent = line.indent + (line.text.len() - rest.len());
            let line = Line { indent, text: rest, number: line.number };
            self.peeked = Some(line);
            return self.block(line, depth + 1);
        }
        if rest.is_empty() {
            // A list at the same indentation goes on with its next item.
            return match self.peek().filter(|next| next.indent > line.indent) {
                Some(next) => self.block(next, depth + 1),
                None => Value::Null,
            };
        }
        self.value(rest, line.indent, line.number, depth)
    }

    /// The value behind a key; what is more indented than the key belongs to it.
    fn value(&mut self, rest: &'t str, indent: usize, number: u32, depth: usize) -> Value<'t> {
        match rest.as_bytes().first() {
            None | Some(b'#') => match self.peek() {
                Some(line) if line.indent > indent => self.block(line, depth + 1),
                Some(line) if line.indent == indent && is_item(line.text) => self.list(indent, depth + 1),
                _ => Value::Null,
            },
            Some(b'|' | b'>') => self.block_scalar(indent),
            Some(b'&' | b'*' | b'!') => {
                self.complain(number, "anchors, aliases and tags are not read; no lockfile tool writes them");
                self.skip_below(indent);
                Value::Null
            }
            Some(b'{' | b'[') => self.flow(rest, number),
            Some(b'"' | b'\'') => self.scalar_alone(rest, number).map_or(Value::Null, Value::Text),
            Some(_) => self.plain(rest, indent, number),
        }
    }

    /// Leaves out every line that is more indented.
    fn skip_below(&mut self, indent: usize) {
        while self.peek().is_some_and(|line| line.indent > indent) {
            self.take();
        }
    }

    /// The lines below a `|` or `>`.
    fn block_scalar(&mut self, indent: usize) -> Value<'t> {
        let start = self.at;
        while let Some((raw, _)) = self.raw_line() {
            let text = raw.trim_start_matches(' ');
            if !text.is_empty() && raw.len() - text.len() <= indent {
                break;
            }
            self.step();
        }
        Value::Text(Cow::Borrowed(self.text.get(start..self.at).unwrap_or_default().trim()))
    }

    /// A plain scalar, which may go on over more indented lines.
    fn plain(&mut self, rest: &'t str, indent: usize, number: u32) -> Value<'t> {
        let first = without_comment(rest);
        if split_entry(first).is_some() {
            self.complain(number, "a `: ` within a value that is not quoted");
        }
        let mut text = Cow::Borrowed(first);
        while let Some(line) = self.peek().filter(|line| line.indent > indent) {
            self.take();
            if split_entry(line.text).is_some() {
                self.complain(line.number, "entries below a value");
                continue;
            }
            let text = text.to_mut();
            text.push(' ');
            text.push_str(without_comment(line.text));
        }
        Value::Text(text)
    }

    /// A quoted or plain scalar behind which nothing but a comment may stand.
    fn scalar_alone(&mut self, rest: &'t str, number: u32) -> Option<Cow<'t, str>> {
        if !rest.starts_with(['"', '\'']) {
            return Some(Cow::Borrowed(without_comment(rest)));
        }
        let mut flow = Flow { text: self.text, at: self.offset(rest) };
        let value = flow.quoted();
        if value.is_none() {
            self.complain(number, "a quote that is never closed");
        }
        value.filter(|_| self.resume(&flow, number))
    }

    fn flow(&mut self, rest: &'t str, number: u32) -> Value<'t> {
        let mut flow = Flow { text: self.text, at: self.offset(rest) };
        match flow.value(0) {
            Ok(value) if self.resume(&flow, number) => value,
            Ok(_) => Value::Null,
            Err(message) => {
                self.complain(number, message);
                Value::Null
            }
        }
    }

    /// Goes on behind a value that may have gone over several lines; says whether its last line ends there.
    fn resume(&mut self, flow: &Flow<'t>, number: u32) -> bool {
        while self.at < flow.at {
            self.step();
        }
        let rest = self.text.get(flow.at..self.at).unwrap_or_default();
        let is_alone = rest.trim().is_empty() || rest.trim_start().starts_with('#');
        if !is_alone {
            self.complain(number, "something stands behind the end of a value");
        }
        is_alone
    }

    /// Where a part of the text starts.
    fn offset(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    fn complain(&mut self, number: u32, message: &str) {
        self.errors += 1;
        let message = if self.errors < MAX_ERRORS {
            format!("this YAML is not understood: {message}")
        } else if self.errors == MAX_ERRORS {
            self.at = self.text.len();
            self.peeked = None;
            "too many errors; it was not read from here on".to_owned()
        } else {
            return;
        };
        self.diagnostics.push(Diagnostic::error(self.path, Some(number), message));
    }
}

/// Whether a line is an item of a list.
fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// A plain scalar ends before ` #`.
fn without_comment(text: &str) -> &str {
    text.find(" #").map_or(text, |at| &text[..at]).trim_end()
}

/// The key of `key: value`, and what stands behind the colon. A key that is quoted must close on its line.
fn split_entry(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (key, rest) = match text.as_bytes().first()? {
        b'"' | b'\'' => {
            let mut flow = Flow { text, at: 0 };
            let key = flow.quoted()?;
            (key, text.get(flow.at..)?.trim_start().strip_prefix(':')?)
        }
        b'{' | b'[' | b'&' | b'*' | b'!' | b'|' | b'>' | b'#' => return None,
        _ => {
            let colon = text.bytes().enumerate().position(|(at, byte)| {
                byte == b':' && text.as_bytes().get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\t'))
            })?;
            let key = text[..colon].trim_end();
            if key.contains(" #") {
                return None;
            }
            (Cow::Borrowed(key), &text[colon + 1..])
        }
    };
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| (key, rest.trim_start()))
}

/// Reads flow collections and quoted scalars, which do not care for lines.
struct Flow<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Flow<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.byte() {
            if byte == b'#' {
                self.at += self.text.get(self.at..).and_then(|rest| rest.find('\n')).unwrap_or(1);
            } else if !byte.is_ascii_whitespace() {
                break;
            } else {
                self.at += 1;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'t>, &'static str> {
        match self.byte() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err("nested too deep; it was not read"),
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            _ => self.scalar().map(Value::Text),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value<'t>, &'static str> {
        let mut entries = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.byte().ok_or("a `{` that is never closed")? {
                b'}' => break,
                b',' => self.at += 1,
                _ => {
                    let key = self.scalar()?;
                    self.skip_space();
                    let mut value = Value::Null;
                    if self.byte() == Some(b':') {
                        self.at += 1;
                        self.skip_space();
                        if !matches!(self.byte(), Some(b',' | b'}')) {
                            value = self.value(depth + 1)?;
                        }
                    }
                    entries.push((key, value));
                    self.skip_space();
                    if !matches!(self.byte(), Some(b',' | b'}')) {
                        return Err("`,` or `}` is expected");
                    }
                }
            }
        }
        self.at += 1;
        Ok(Value::Object(entries))
    }

    fn list(&mut self, depth: usize) -> Result<Value<'t>, &'static str> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.byte().ok_or("a `[` that is never closed")? {
                b']' => break,
                b',' => self.at += 1,
                _ => {
                    items.push(self.value(depth + 1)?);
                    self.skip_space();
                    if !matches!(self.byte(), Some(b',' | b']')) {
                        return Err("`,` or `]` is expected");
                    }
                }
            }
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    fn scalar(&mut self) -> Result<Cow<'t, str>, &'static str> {
        match self.byte() {
            Some(b'"' | b'\'') => self.quoted().ok_or("a quote that is never closed"),
            Some(b'&' | b'*' | b'!') => Err("anchors, aliases and tags are not read; no lockfile tool writes them"),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let bytes = rest.as_bytes();
                let ends = |at: usize, byte: u8| match byte {
                    b',' | b'[' | b']' | b'{' | b'}' | b'\n' => true,
                    b':' => bytes.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || b",[]{}".contains(next)),
                    b'#' => at > 0 && bytes[at - 1] == b' ',
                    _ => false,
                };
                let end = bytes.iter().enumerate().find(|&(at, &byte)| ends(at, byte)).map_or(rest.len(), |(at, _)| at);
                if end == 0 {
                    return Err("a value is expected");
                }
                self.at += end;
                Ok(Cow::Borrowed(rest[..end].trim_end()))
            }
        }
    }

    /// A quoted scalar; `None` where it is never closed.
    fn quoted(&mut self) -> Option<Cow<'t, str>> {
        let bytes = self.text.as_bytes();
        let quote = self.byte()?;
        let start = self.at + 1;
        let mut end = start;
        let mut is_plain = true;
        loop {
            match *bytes.get(end)? {
                b'\\' if quote == b'"' => {
                    is_plain = false;
                    end += 2;
                }
                b'\'' if quote == b'\'' && bytes.get(end + 1) == Some(&b'\'') => {
                    is_plain = false;
                    end += 2;
                }
                b'\n' => {
                    is_plain = false;
                    end += 1;
                }
                byte if byte == quote => break,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        let raw = self.text.get(start..end)?;
        Some(match quote {
            _ if is_plain => Cow::Borrowed(raw),
            b'"' => Cow::Owned(unescape(&folded(raw))),
            _ => Cow::Owned(folded(raw).replace("''", "'")),
        })
    }
}

/// The lines of a scalar on one line.
fn folded(raw: &str) -> String {
    raw.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Undoes the escapes of double quotes; those that nobody uses stay as they are.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('0') => out.push('\0'),
            Some(kind @ ('x' | 'u' | 'U')) => {
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code: String = chars.by_ref().take(digits).collect();
                let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<Value<'_>>, Vec<Option<u32>>) {
        let mut diagnostics = Vec::new();
        let stream = parse(&"f".into(), text.as_bytes(), &mut diagnostics);
        (stream.documents, diagnostics.iter().map(|diagnostic| diagnostic.line).collect())
    }

    fn json(text: &str) -> Value<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_lockfile_tools_write_is_read() {
        let text = concat!(
            "# head\nlockfileVersion: '9.0'\n\na:\n  'b:c': {d: 'e, f', 'g': [h, \"i\\u0041\"]} # end\n  ? long\n",
            "  : x: y\n    z: ''\n  ? long2\n  : {}\n  j:\n  - k\n  - l: m\n    n: o\n  - - p\n  q: >-\n    r\n    : s\n",
            "\n  t: u\n    v\n  w:\n---\nx: 'it''s'\n...\n"
        );
        let expected = concat!(
            r#"{"lockfileVersion": "9.0", "a": {"b:c": {"d": "e, f", "g": ["h", "iA"]}, "long": {"x": "y", "z": ""}, "#,
            r#""long2": {}, "j": ["k", {"l": "m", "n": "o"}, ["p"]], "q": "r\n    : s", "t": "u v", "w": null}}"#
        );
        assert_eq!(read(text), (vec![json(expected), json(r#"{"x": "it's"}"#)], vec![]));
    }

    #[test]
    fn values_over_several_lines_are_read() {
        let text = "a: {b: c,\n  d: e}\nf: \"g\n  h\"\ni: j\n";
        assert_eq!(read(text), (vec![json(r#"{"a": {"b": "c", "d": "e"}, "f": "g h", "i": "j"}"#)], vec![]));
    }

    #[test]
    fn what_is_not_understood_is_said_with_its_line() {
        let lines = |text| read(text).1;
        assert_eq!(lines("a: &x\n  b: c\nd: *x\n"), [Some(1), Some(3)]);
        assert_eq!(lines("a: !!str b\n"), [Some(1)]);
        assert_eq!(lines("a: b\n   c: d\n"), [Some(2)]);
        assert_eq!(lines("a\nb: c\n"), [Some(1)]);
        assert_eq!(lines("a: b: c\n"), [Some(1)]);
        assert_eq!(lines("a: {b: [c}\n"), [Some(1)]);
        assert_eq!(lines("a: 'b\nc: d\n"), [Some(1)]);
        assert_eq!(lines("a: 'b' c\n"), [Some(1)]);
        assert_eq!(lines("a:\n\tb: c\n"), [Some(2)]);
        assert_eq!(lines("a: b\nc"), [Some(2), Some(2)], "cut off");
    }

    #[test]
    fn a_bomb_of_aliases_is_not_expanded() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..40 {
            text += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
        }
        let (documents, lines) = read(&text);
        assert_eq!(lines.len(), 40);
        assert!(documents[0].entries().iter().all(|(_, value)| *value == Value::Null));
    }

    #[test]
    fn hostile_nesting_is_refused() {
        assert_eq!(read(&format!("a: {}\n", "[".repeat(1_000_000))).1.len(), 1);
        assert_eq!(read(&"- ".repeat(100_000)).1.len(), 2);
        let stairs: String = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert_eq!(read(&stairs).1.len(), 1);
        assert_eq!(read(&"x\n".repeat(100_000)).1.len(), MAX_ERRORS);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[ \n:\\-?{}\\[\\],'\"a&*|>#\\\\\té]{0,80}") {
            read(&text);
        }
    }
}
