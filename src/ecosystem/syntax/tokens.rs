//! Words, quoted texts and marks: enough of HCL, opam, Lua and Starlark to read files in which only data stands.

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ecosystem) enum Token<'t> {
    /// A name, a number, a word.
    Word(&'t str),
    /// What stands between quotes, as written.
    Text(&'t str),
    /// Any other character.
    Mark(char),
    /// A text that is not closed; nothing comes after it.
    Open(&'t str),
}

/// The pieces of a text, one after the other.
#[derive(Debug, Clone)]
pub(in crate::ecosystem) struct Tokens<'t> {
    text: &'t str,
    at: usize,
    /// What begins a comment that ends with its line.
    comment: &'static [&'static str],
    /// What begins and ends a comment of several lines.
    block: Option<(&'static str, &'static str)>,
}

impl<'t> Tokens<'t> {
    /// The pieces of a text whose comments begin with one of these.
    pub(in crate::ecosystem) fn new(text: &'t str, comment: &'static [&'static str]) -> Self {
        Self { text, at: 0, comment, block: None }
    }

    /// With comments of several lines.
    pub(in crate::ecosystem) fn with_block(mut self, start: &'static str, end: &'static str) -> Self {
        self.block = Some((start, end));
        self
    }

    /// Where the next piece is looked for.
    pub(in crate::ecosystem) fn offset(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over white space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let rest = self.rest();
            let length = match self.block {
                Some((start, end)) if rest.starts_with(start) => {
                    rest[start.len()..].find(end).map_or(rest.len(), |at| start.len() + at + end.len())
                }
                _ if self.comment.iter().any(|start| rest.starts_with(start)) => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            };
            self.at += length;
        }
    }

    /// The text after a quote, which ends with the same quote, or with three where three began it.
    fn quoted(&mut self, quote: char) -> Token<'t> {
        let rest = self.rest();
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        if let Some(inside) = rest.strip_prefix(triple) {
            let end = inside.find(triple);
            self.at += end.map_or(rest.len(), |end| end + 6);
            return end.map_or(Token::Open(inside), |end| Token::Text(&inside[..end]));
        }
        let inside = &rest[1..];
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\\' {
                chars.next();
            } else if c == quote {
                self.at += at + 2;
                return Token::Text(&inside[..at]);
            }
        }
        self.at = self.text.len();
        Token::Open(inside)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.skip();
        let rest = self.rest();
        let first = rest.chars().next()?;
        if first == '"' || first == '\'' {
            return Some(self.quoted(first));
        }
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            self.at += first.len_utf8();
            return Some(Token::Mark(first));
        }
        self.at += end;
        Some(Token::Word(&rest[..end]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Token::{Mark, Open, Text, Word};
    use super::*;

    #[test]
    fn pieces_are_told_apart() {
        let text = "a-1 = \"x\\\"y\" # no\n/* \"no\" */ [ 'z', \"\"\"q\"r\"\"\" ] é \"open";
        let found: Vec<_> = Tokens::new(text, &["#"]).with_block("/*", "*/").collect();
        let expected = [
            Word("a-1"),
            Mark('='),
            Text("x\\\"y"),
            Mark('['),
            Text("z"),
            Mark(','),
            Text("q\"r"),
            Mark(']'),
            Word("é"),
            Open("open"),
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[a\"'\\\\#é/*\n {}=]{0,60}") {
            let count = Tokens::new(&text, &["#"]).with_block("/*", "*/").count();
            prop_assert!(count <= text.len());
        }
    }
}
