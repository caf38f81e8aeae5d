//! The YAML that lockfile tools and people write, with byte offsets: block and flow collections, plain, quoted and block
//! scalars, `? key` entries, several documents. A general YAML reader takes twenty times as long and expands aliases;
//! here anchors and tags are passed over, an alias is never expanded, and whatever else is not understood is an error
//! with its line (<https://yaml.org/spec/1.2.2/>).

use std::borrow::Cow;
use std::collections::HashMap;

use super::json::Value;
use crate::ecosystem::text_of;
use crate::model::{Diagnostic, LineIndex, RepoPath};
use flow::Flow;

mod flow;
#[cfg(test)]
mod tests;

/// Collections nested deeper than this are refused (hostile input).
const MAX_DEPTH: usize = 48;
/// After that many errors the rest is not read.
const MAX_ERRORS: usize = 50;

/// The documents of a file. Scalars are texts, an empty value is null.
pub(in crate::ecosystem) struct Stream<'t> {
    pub(in crate::ecosystem) documents: Vec<Value<'t>>,
    pub(in crate::ecosystem) lines: LineIndex<'t>,
    /// The anchors of plain scalars on one line, by name; of two of one name the last one.
    anchors: HashMap<&'t str, &'t str>,
}

impl<'t> Stream<'t> {
    /// The text of a value, also where it is an alias of a plain scalar. What an alias of anything else stands for is
    /// read where it is written.
    pub(in crate::ecosystem) fn text_of<'v>(&'v self, value: &'v Value<'t>) -> Option<&'v str> {
        match value {
            Value::Alias(name) => self.anchors.get(&**name).copied(),
            value => value.as_text(),
        }
    }
}

/// Reads every document of a file that a tool wrote. What cannot be read becomes a diagnostic, and only that line, or that
/// value, is lost. An alias is such a thing: no lockfile tool writes one.
pub(in crate::ecosystem) fn parse<'t>(
    path: &RepoPath,
    bytes: &'t [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Stream<'t> {
    read(path, text_of(path, bytes, diagnostics), false, diagnostics)
}

/// The same of a file that people write: an alias is a [`Value::Alias`].
pub(in crate::ecosystem) fn parse_with_aliases<'t>(
    path: &RepoPath,
    bytes: &'t [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Stream<'t> {
    read(path, text_of(path, bytes, diagnostics), true, diagnostics)
}

fn read<'t>(path: &RepoPath, text: &'t str, aliases: bool, diagnostics: &mut Vec<Diagnostic>) -> Stream<'t> {
    let anchors = HashMap::new();
    let mut reader = Reader { path, text, at: 0, number: 0, peeked: None, errors: 0, aliases, anchors, diagnostics };
    let mut documents = Vec::new();
    while !reader.is_at_end() {
        if let Some(document) = reader.document() {
            documents.push(document);
        }
    }
    // People leave the last line end out, tools do not.
    if !aliases && !text.is_empty() && !text.ends_with('\n') {
        let message = "the last line has no end; the file may be cut off there";
        reader.diagnostics.push(Diagnostic::warning(path, Some(reader.number), message));
    }
    Stream { documents, lines: LineIndex::new(path, text), anchors: reader.anchors }
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
    /// Whether aliases are values.
    aliases: bool,
    anchors: HashMap<&'t str, &'t str>,
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
            let (_, rest) = properties(line.trim_start_matches(['-', '.']).trim());
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
            if text.trim_start().starts_with('#') {
                continue;
            }
            if text.starts_with('\t') {
                self.complain(self.number, "a tab in the indentation");
            } else if !text.is_empty() {
                self.peeked = Some(Line { indent: raw.len() - text.len(), text, number: self.number });
            }
        }
        self.peeked
    }

    fn take(&mut self) {
        self.peeked = None;
    }

    /// The collection, or the scalar, that starts with that line.
    fn block(&mut self, line: Line<'t>, depth: usize) -> Value<'t> {
        if depth >= MAX_DEPTH {
            self.take();
            self.complain(line.number, "nested too deep; it was not read");
            self.skip_below(line.indent.saturating_sub(1));
            return Value::Null;
        }
        if is_item(line.text) {
            return self.list(line.indent, depth);
        }
        let (anchor, rest) = properties(line.text);
        // A line that is no entry is a scalar on lines of its own, or broken: a tool does not write the one, and what comes
        // behind the other is to be read.
        let is_broken = !rest.is_empty() && !rest.starts_with(['"', '\'', '{', '[', '*', '|', '>', '#']);
        let is_entry = line.text.starts_with("? ") || split_entry(rest).is_some();
        if is_entry || (is_broken && (depth == 0 || !self.aliases)) {
            return self.map(line.indent, depth);
        }
        self.take();
        if anchor.is_none() && rest.len() == line.text.len() {
            // A scalar that stands on lines of its own.
            return self.value(rest, line.indent.saturating_sub(1), line.number, depth);
        }
        // The anchor or tag of what follows.
        let value = match self.peek().filter(|next| rest.is_empty() && next.indent >= line.indent) {
            Some(next) => self.block(next, depth + 1),
            None => self.value(rest, line.indent.saturating_sub(1), line.number, depth),
        };
        self.keep(anchor, &value);
        value
    }

    /// Remembers what an anchor stands for, where that is a plain scalar.
    fn keep(&mut self, anchor: Option<&'t str>, value: &Value<'t>) {
        if let (Some(name), Value::Text(Cow::Borrowed(text))) = (anchor, value) {
            self.anchors.insert(name, text);
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
            match split_entry(properties(line.text).1) {
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
        let is_entry = |text: &str| !text.starts_with(['{', '[', '|', '>']) && split_entry(text).is_some();
        if is_item(rest) || rest.starts_with("? ") || is_entry(properties(rest).1) {
            let indent = line.indent + (line.text.len() - rest.len());
            let line = Line { indent, text: rest, number: line.number };
            self.peeked = Some(line);
            return self.block(line, depth + 1);
        }
        let (anchor, bare) = properties(rest);
        if bare.is_empty() || bare.starts_with('#') {
            // A list at the same indentation goes on with its next item.
            let value = match self.peek().filter(|next| next.indent > line.indent) {
                Some(next) => self.block(next, depth + 1),
                None => Value::Null,
            };
            self.keep(anchor, &value);
            return value;
        }
        self.value(rest, line.indent, line.number, depth)
    }

    /// The value behind a key; what is more indented than the key belongs to it.
    fn value(&mut self, rest: &'t str, indent: usize, number: u32, depth: usize) -> Value<'t> {
        let (anchor, rest) = properties(rest);
        let value = match rest.as_bytes().first() {
            None | Some(b'#') => match self.peek() {
                Some(line) if line.indent > indent => self.block(line, depth + 1),
                Some(line) if line.indent == indent && is_item(line.text) => self.list(indent, depth + 1),
                _ => Value::Null,
            },
            Some(b'|' | b'>') => self.block_scalar(indent),
            Some(b'*') => self.alias(rest, indent, number),
            Some(b'{' | b'[') => self.flow(rest, number),
            Some(b'"' | b'\'') => self.scalar_alone(rest, number).map_or(Value::Null, Value::Text),
            Some(_) => self.plain(rest, indent, number),
        };
        self.keep(anchor, &value);
        value
    }

    /// `*name`, behind which nothing but a comment stands.
    fn alias(&mut self, rest: &'t str, indent: usize, number: u32) -> Value<'t> {
        let name = without_comment(rest).get(1..).unwrap_or_default();
        if !self.aliases {
            self.complain(number, "aliases are not read; no lockfile tool writes them");
            self.skip_below(indent);
            return Value::Null;
        }
        if name.is_empty() || name.contains([' ', '\t']) {
            self.complain(number, "something stands behind the name of an alias");
            return Value::Null;
        }
        Value::Alias(Cow::Borrowed(name))
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
        let mut first = None;
        while let Some((raw, _)) = self.raw_line() {
            let text = raw.trim_start_matches(' ');
            let own = raw.len() - text.len();
            // A comment that is less indented than the text ends it.
            let is_comment = text.starts_with('#') && first.is_some_and(|first| own < first);
            if !text.is_empty() && (own <= indent || is_comment) {
                break;
            }
            if !text.is_empty() {
                first.get_or_insert(own);
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
        let mut flow = Flow { text: self.text, at: self.offset(rest), aliases: self.aliases };
        let value = flow.quoted();
        if value.is_none() {
            self.complain(number, "a quote that is never closed");
        }
        value.filter(|_| self.resume(&flow, number))
    }

    fn flow(&mut self, rest: &'t str, number: u32) -> Value<'t> {
        let mut flow = Flow { text: self.text, at: self.offset(rest), aliases: self.aliases };
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
    let end = text.match_indices('#').map(|(at, _)| at).find(|&at| text[..at].ends_with([' ', '\t']));
    end.map_or(text, |at| &text[..at]).trim_end()
}

/// The anchor of a value, and what stands behind its anchor and its tag.
fn properties(text: &str) -> (Option<&str>, &str) {
    let (mut anchor, mut rest) = (None, text);
    // A value has one of each.
    for _ in 0..2 {
        let Some(mark @ (b'&' | b'!')) = rest.as_bytes().first() else { break };
        // Neither has an indicator of a flow collection in its name, but for a tag in full, `!<tag:…>`.
        let end = match rest.strip_prefix("!<") {
            Some(inside) => inside.find(['>', '\n']).map_or(rest.len(), |at| at + 3),
            None => rest.find([' ', '\t', '\n', '\r', ',', '[', ']', '{', '}']).unwrap_or(rest.len()),
        };
        if *mark == b'&' {
            anchor = Some(&rest[1..end]);
        }
        rest = rest[end..].trim_start();
    }
    (anchor, rest)
}

/// The key of `key: value`, and what stands behind the colon. A key that is quoted must close on its line.
fn split_entry(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (key, rest) = match text.as_bytes().first()? {
        b'"' | b'\'' => {
            let mut flow = Flow { text, at: 0, aliases: false };
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
