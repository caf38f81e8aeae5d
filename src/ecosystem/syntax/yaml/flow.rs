//! Flow collections and quoted scalars.

use std::borrow::Cow;

use super::{MAX_DEPTH, properties};
use crate::ecosystem::syntax::json::Value;

/// Reads flow collections and quoted scalars, which do not care for lines.
pub(super) struct Flow<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// Whether aliases are values.
    pub(super) aliases: bool,
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

    pub(super) fn value(&mut self, depth: usize) -> Result<Value<'t>, &'static str> {
        self.skip_properties();
        match self.byte() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err("nested too deep; it was not read"),
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'*') => self.alias(),
            // Only a tag or an anchor: an empty value.
            Some(b',' | b']' | b'}') => Ok(Value::Null),
            _ => self.scalar().map(Value::Text),
        }
    }

    /// Passes over an anchor and a tag.
    fn skip_properties(&mut self) {
        let text = self.text.get(self.at..).unwrap_or_default();
        if text.starts_with(['&', '!']) {
            let (_, rest) = properties(text);
            self.at += text.len() - rest.len();
            self.skip_space();
        }
    }

    fn alias(&mut self) -> Result<Value<'t>, &'static str> {
        if !self.aliases {
            return Err("aliases are not read; no lockfile tool writes them");
        }
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_ascii_whitespace() || ",[]{}".contains(c)).unwrap_or(rest.len());
        self.at += 1 + end;
        Ok(Value::Alias(Cow::Borrowed(&rest[..end])))
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
                    self.skip_properties();
                    let key = match self.byte() {
                        // `<<` has an alias as its value, never as its key.
                        Some(b'*' | b'{' | b'[') => return Err("a key that is no text"),
                        _ => self.scalar()?,
                    };
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
                    let value = self.value(depth + 1)?;
                    self.skip_space();
                    items.push(match value {
                        // `[a: b]` is a list of one entry of a map.
                        Value::Text(key) if self.byte() == Some(b':') => {
                            self.at += 1;
                            self.skip_space();
                            Value::Object(vec![(key, self.value(depth + 1)?)])
                        }
                        value => value,
                    });
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
            _ => self.plain(),
        }
    }

    /// A plain scalar, which may go on over several lines.
    fn plain(&mut self) -> Result<Cow<'t, str>, &'static str> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let bytes = rest.as_bytes();
        let ends = |at: usize, byte: u8| match byte {
            b',' | b'[' | b']' | b'{' | b'}' => true,
            b':' => bytes.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || b",[]{}".contains(next)),
            b'#' => at > 0 && bytes[at - 1].is_ascii_whitespace(),
            _ => false,
        };
        let end = bytes.iter().enumerate().find(|&(at, &byte)| ends(at, byte)).map_or(rest.len(), |(at, _)| at);
        let text = rest[..end].trim_end();
        if text.is_empty() {
            return Err("a value is expected");
        }
        self.at += end;
        Ok(if text.contains('\n') { Cow::Owned(folded(text)) } else { Cow::Borrowed(text) })
    }

    /// A quoted scalar; `None` where it is never closed.
    pub(super) fn quoted(&mut self) -> Option<Cow<'t, str>> {
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
            b'"' => Cow::Owned(unescape(&folded_escaped(raw))),
            _ => Cow::Owned(folded(raw).replace("''", "'")),
        })
    }
}

/// The lines of a scalar on one line.
fn folded(raw: &str) -> String {
    raw.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The same between double quotes, where a line end behind a `\` is none.
fn folded_escaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut is_joined = true;
    for line in raw.lines().map(str::trim) {
        if !is_joined {
            out.push(' ');
        }
        let marks = line.len() - line.trim_end_matches('\\').len();
        is_joined = marks % 2 == 1;
        out.push_str(line.get(..line.len() - usize::from(is_joined)).unwrap_or_default());
    }
    out
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
