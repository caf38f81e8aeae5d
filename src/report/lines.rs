//! JSON that is small and still reads, compares and searches by lines: what lies near the top has a line of its
//! own, what lies deeper follows on the same line.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::escape;

/// Writes a value, with line breaks down to that depth, and a line break at the end.
pub(super) fn write(value: &impl Serialize, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let lines = Lines { depth, level: 0, filled: false };
    // A buffer of a type that is known here: the serializer writes every quote for itself.
    let mut out = BufWriter::with_capacity(1 << 16, Escaping(out));
    value.serialize(&mut Serializer::with_formatter(&mut out, lines))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Escapes what is written. It is given many values at once, which costs much less than looking at each of them; the
/// buffer before it cuts between what was written in one piece, and never within a character.
struct Escaping<'w>(&'w mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(&escape::json(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct Lines {
    /// Down to here every element starts a line.
    depth: usize,
    /// How many arrays and objects are open.
    level: usize,
    /// Whether the innermost one has an element.
    filled: bool,
}

impl Lines {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.filled = false;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level -= 1;
        if self.filled && self.level < self.depth {
            self.indent(out)?;
        }
        self.filled = true;
        out.write_all(bracket)
    }

    fn element<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        if self.level <= self.depth {
            self.indent(out)
        } else if first {
            Ok(())
        } else {
            out.write_all(b" ")
        }
    }

    fn indent<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.level).try_for_each(|_| out.write_all(b" "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.element(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.element(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_upper_levels_have_lines() {
        let value = serde_json::json!({"a": [{"b": [1, 2]}, {}], "c": [], "d": "x\ny\u{202e}##[e]\u{e0041}"});
        let mut out = Vec::new();
        write(&value, 2, &mut out).unwrap();
        let expected = "{\n \"a\": [\n  {\"b\": [1, 2]},\n  {}\n ],\n \"c\": [],\n \"d\": \"x\\ny\\u202e#\\u0023[e]\\udb40\\udc41\"\n}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_is_longer_than_the_buffer_is_escaped_like_the_rest() {
        for length in (65_500..65_560).chain([200_000]) {
            let before = "a".repeat(length);
            let value = serde_json::json!([before, "x##y\u{202e}", format!("{before}##\u{202e}é\n")]);
            let mut out = Vec::new();
            write(&value, 2, &mut out).unwrap();
            let expected = format!("[\n \"{before}\",\n \"x#\\u0023y\\u202e\",\n \"{before}#\\u0023\\u202eé\\n\"\n]\n");
            assert!(String::from_utf8(out).unwrap() == expected, "{length}");
        }
    }
}
