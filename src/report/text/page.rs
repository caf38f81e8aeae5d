//! Lines on a terminal: sanitised, coloured, linked and wrapped as the reader can have it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Color, Style};
use unicode_width::UnicodeWidthStr as _;

use super::super::escape;

/// Longest text that one piece may have, in characters: names and titles come from elsewhere.
const LONGEST_PIECE: usize = 2_000;

/// Narrower than this, what stands side by side goes below one another.
const NARROW: usize = 60;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const RED: Style = colored(AnsiColor::Red).bold();
pub(super) const YELLOW: Style = colored(AnsiColor::Yellow).bold();
pub(super) const GREEN: Style = colored(AnsiColor::Green).bold();
pub(super) const CYAN: Style = colored(AnsiColor::Cyan);

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// Text in one style. Whatever it is made from, it holds nothing that a terminal obeys.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    text: String,
    style: Style,
    link: Option<String>,
}

impl Piece {
    /// Text without a style.
    pub(super) fn plain(text: &str) -> Self {
        Self::styled(text, PLAIN)
    }

    /// Text in a style.
    pub(super) fn styled(text: &str, style: Style) -> Self {
        Self { text: escape::plain_clipped(text, LONGEST_PIECE), style, link: None }
    }

    /// The same, leading to an address where the reader knows hyperlinks.
    #[must_use]
    pub(super) fn linked(mut self, url: Option<String>) -> Self {
        self.link = url.filter(|url| escape::is_plain_link(url));
        self
    }
}

/// What no line break may part: parts of pieces without a space between them.
#[derive(Default)]
struct Word<'p> {
    spaces: usize,
    parts: Vec<(&'p str, &'p Piece)>,
    width: usize,
}

/// Where lines go.
pub(super) struct Page<'o> {
    out: &'o mut dyn Write,
    width: Option<usize>,
    color: bool,
    hyperlinks: bool,
    /// Whether the last line was empty, or there was none.
    at_gap: bool,
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut dyn Write, options: &super::Options) -> Self {
        let &super::Options { width, color, hyperlinks, .. } = options;
        Self { out, width, color, hyperlinks, at_gap: true }
    }

    /// Whether there is room for one thing beside another.
    pub(super) fn is_narrow(&self) -> bool {
        self.width.is_some_and(|width| width < NARROW)
    }

    /// An empty line, if the last one was not empty.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        if self.at_gap {
            return Ok(());
        }
        self.at_gap = true;
        writeln!(self.out)
    }

    /// A line, wrapped where it is too long; what follows a break starts at `hang`.
    pub(super) fn line(&mut self, indent: usize, hang: usize, pieces: &[Piece]) -> io::Result<()> {
        self.at_gap = false;
        let mut column = indent;
        write!(self.out, "{:indent$}", "")?;
        let mut starts_line = true;
        let mut open = None;
        for word in words(pieces) {
            let end = column + word.spaces + word.width;
            let breaks = !starts_line && self.width.is_some_and(|width| end > width);
            // A style goes on over the spaces of its piece, but not over the end of a line.
            if breaks || !is_same(open, word.parts.first().map(|(_, piece)| *piece)) {
                self.switch(&mut open, None)?;
            }
            if breaks {
                write!(self.out, "\n{:hang$}", "")?;
                column = hang;
                starts_line = true;
            } else if !starts_line {
                write!(self.out, "{:1$}", "", word.spaces)?;
                column += word.spaces;
            }
            if starts_line && word.starts_command() {
                write!(self.out, "\\")?;
            }
            for (text, piece) in &word.parts {
                self.switch(&mut open, Some(piece))?;
                write!(self.out, "{text}")?;
            }
            column += word.width;
            starts_line = false;
        }
        self.switch(&mut open, None)?;
        writeln!(self.out)
    }

    /// A line that is never wrapped, since it is to be copied.
    pub(super) fn unwrapped(&mut self, indent: usize, pieces: &[Piece]) -> io::Result<()> {
        let width = self.width.take();
        let written = self.line(indent, indent, pieces);
        self.width = width;
        written
    }

    /// Ends the style and the link of one piece and begins those of the next.
    fn switch<'p>(&mut self, open: &mut Option<&'p Piece>, next: Option<&'p Piece>) -> io::Result<()> {
        if is_same(*open, next) {
            return Ok(());
        }
        if let Some(piece) = std::mem::replace(open, next) {
            if self.color {
                write!(self.out, "{}", piece.style.render_reset())?;
            }
            if self.hyperlinks && piece.link.is_some() {
                write!(self.out, "\x1b]8;;\x1b\\")?;
            }
        }
        let Some(piece) = next else { return Ok(()) };
        if let Some(url) = piece.link.as_deref().filter(|_| self.hyperlinks) {
            write!(self.out, "\x1b]8;;{url}\x1b\\")?;
        }
        if self.color {
            write!(self.out, "{}", piece.style.render())?;
        }
        Ok(())
    }
}

fn is_same(one: Option<&Piece>, other: Option<&Piece>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Word<'_> {
    fn starts_command(&self) -> bool {
        let text: String = self.parts.iter().map(|(text, _)| *text).collect();
        escape::starts_command(&text)
    }
}

fn words(pieces: &[Piece]) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for piece in pieces {
        for (at, text) in piece.text.split(' ').enumerate() {
            if at > 0 {
                if word.parts.is_empty() {
                    word.spaces += 1;
                } else {
                    words.push(std::mem::take(&mut word));
                    word.spaces = 1;
                }
            }
            if !text.is_empty() {
                word.width += text.width();
                word.parts.push((text, piece));
            }
        }
    }
    if !word.parts.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Options;

    fn written(options: &Options, pieces: &[Piece]) -> String {
        let mut out = Vec::new();
        Page::new(&mut out, options).line(2, 4, pieces).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_break_at_spaces_and_hang() {
        let pieces = [Piece::plain("one  two ("), Piece::plain("three) 日本")];
        let at = |width| written(&Options { width, ..Options::default() }, &pieces);
        assert_eq!(at(None), "  one  two (three) 日本\n");
        assert_eq!(at(Some(18)), "  one  two (three)\n    日本\n");
        assert_eq!(at(Some(23)), at(None), "wide characters take two columns");
        assert_eq!(at(Some(22)), at(Some(18)));
        assert_eq!(at(Some(1)), "  one\n    two\n    (three)\n    日本\n");
    }

    #[test]
    fn no_line_starts_a_workflow_command() {
        let pieces = [Piece::plain("a\r\n::error::b "), Piece::plain(":"), Piece::plain(":stop")];
        let text = written(&Options { width: Some(4), ..Options::default() }, &pieces);
        assert_eq!(text, "  a\n    \\::error::b\n    \\::stop\n");
    }

    #[test]
    fn a_style_goes_on_over_spaces_and_ends_with_the_line() {
        let pieces = [Piece::styled("a b c", CYAN), Piece::plain("  d")];
        let text = written(&Options { color: true, width: Some(5), ..Options::default() }, &pieces);
        assert_eq!(text, "  \u{1b}[36ma b\u{1b}[0m\n    \u{1b}[36mc\u{1b}[0m\n    d\n");
    }

    #[test]
    fn colours_and_links_only_where_they_are_wanted() {
        let pieces = [Piece::styled("bad", RED).linked(Some("https://host.example/x".to_owned()))];
        assert_eq!(written(&Options::default(), &pieces), "  bad\n");
        let text = written(&Options { color: true, hyperlinks: true, ..Options::default() }, &pieces);
        let expected = "  \u{1b}]8;;https://host.example/x\u{1b}\\\u{1b}[1m\u{1b}[31mbad\u{1b}[0m\u{1b}]8;;\u{1b}\\\n";
        assert_eq!(text, expected);
        let pieces = [Piece::plain("x").linked(Some("https://host.example/\u{1b}".to_owned()))];
        assert_eq!(written(&Options { hyperlinks: true, ..Options::default() }, &pieces), "  x\n");
    }
}
