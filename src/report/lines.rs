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
    let mut out = BufWriter::with_capacity(1 << 16, out);
    value.serialize(&mut Serializer::with_formatter(&mut out, lines))?;
    out.write_all(b"\n")?;
    out.flush()
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

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        out.write_all(escape::json_fragment(fragment).as_bytes())
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
}
