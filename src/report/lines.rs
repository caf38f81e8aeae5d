//! JSON that is small and still reads, compares and searches by lines: what lies near the top has a line of its
//! own, what lies deeper follows on the same line.

mod serialize;

use std::io::{self, Write};

use serde::Serialize;

use super::escape;
use serialize::Failed;

/// So many bytes are escaped and handed on at once, or a few more.
const BUFFER: usize = 1 << 16;

/// Writes a value, with line breaks down to that depth, and a line break at the end.
pub(super) fn write(value: &impl Serialize, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let text = Vec::with_capacity(BUFFER + BUFFER / 8);
    let mut lines = Lines { out, text, depth, level: 0, filled: false };
    value.serialize(&mut lines).map_err(|Failed(error)| error)?;
    lines.text.push(b'\n');
    lines.hand_on()
}

/// A writer of values of which the structure is known when they are compiled: what holds of the names of fields and of
/// nearly all texts, that nothing of them is escaped, is seen once and not for each character.
struct Lines<'w> {
    out: &'w mut dyn Write,
    /// What is not handed on yet.
    text: Vec<u8>,
    /// Down to here every element starts a line.
    depth: usize,
    /// How many arrays and objects are open.
    level: usize,
    /// Whether the innermost one has an element.
    filled: bool,
}

impl Lines<'_> {
    /// Hands on what was written, escaped: many values at once, which costs much less than looking at each of them. It
    /// is called between values only, so that nothing is cut that is escaped as a whole.
    fn hand_on(&mut self) -> io::Result<()> {
        self.out.write_all(&escape::json(&self.text))?;
        self.text.clear();
        Ok(())
    }

    fn open(&mut self, bracket: u8) {
        self.level += 1;
        self.filled = false;
        self.text.push(bracket);
    }

    fn close(&mut self, bracket: u8) {
        self.level -= 1;
        if self.filled && self.level < self.depth {
            self.indent();
        }
        self.filled = true;
        self.text.push(bracket);
    }

    /// What stands before an element.
    fn element(&mut self) -> io::Result<()> {
        if self.text.len() >= BUFFER {
            self.hand_on()?;
        }
        if self.filled {
            self.text.push(b',');
        }
        if self.level <= self.depth {
            self.indent();
        } else if self.filled {
            self.text.push(b' ');
        }
        self.filled = true;
        Ok(())
    }

    fn indent(&mut self) {
        self.text.push(b'\n');
        (0..self.level).for_each(|_| self.text.push(b' '));
    }

    fn word(&mut self, word: &str) {
        self.text.extend_from_slice(word.as_bytes());
    }

    fn digits(&mut self, mut number: u64) {
        // 2^64 has 20 digits.
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
            first -= 1;
            if number == 0 {
                break;
            }
        }
        self.text.extend_from_slice(&digits[first..]);
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
