//! Literal terms of Elixir and Erlang, as lockfiles and lists of dependencies have them. Nothing is evaluated: what is no
//! literal is [`Term::Other`].
//!
//! References: <https://hexdocs.pm/elixir/syntax-reference.html>,
//! <https://www.erlang.org/doc/system/expressions.html#terms>.

/// Terms nested deeper than this are not read (hostile input).
const MAX_DEPTH: usize = 24;

/// A term. Texts borrow from the file, with their escapes as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term<'t> {
    /// An atom, a number or another word.
    Atom(&'t str),
    /// A string or binary.
    Text(&'t str),
    /// A list, or what a map holds.
    List(Vec<Term<'t>>),
    /// A tuple.
    Tuple(Vec<Term<'t>>),
    /// `key: value` or `key => value`.
    Pair(&'t str, Box<Term<'t>>),
    /// Anything else.
    Other,
}

impl<'t> Term<'t> {
    /// The text of a string.
    pub(super) fn text(&self) -> Option<&'t str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of an atom.
    pub(super) fn atom(&self) -> Option<&'t str> {
        match self {
            Self::Atom(text) => Some(text),
            _ => None,
        }
    }

    /// The text of an atom or string: names are written both ways.
    pub(super) fn word(&self) -> Option<&'t str> {
        self.atom().or_else(|| self.text())
    }

    /// What a list or tuple holds; nothing for anything else.
    pub(super) fn items(&self) -> &[Term<'t>] {
        match self {
            Self::List(items) | Self::Tuple(items) => items,
            _ => &[],
        }
    }
}

/// The value of a key among pairs.
pub(super) fn option<'p, 't>(pairs: &'p [Term<'t>], key: &str) -> Option<&'p Term<'t>> {
    pairs.iter().find_map(|pair| match pair {
        Term::Pair(name, value) if *name == key => Some(&**value),
        _ => None,
    })
}

/// Reads terms one after the other.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    text: &'t str,
    /// Where it stands.
    pub(super) at: usize,
    comment: u8,
    /// Whether the text ended within a term, of which what was there is kept.
    pub(super) is_cut: bool,
}

impl<'t> Reader<'t> {
    /// A reader of Elixir.
    pub(super) fn elixir(text: &'t str) -> Self {
        Self { text, at: 0, comment: b'#', is_cut: false }
    }

    /// A reader of Erlang.
    #[cfg(test)]
    pub(super) fn erlang(text: &'t str) -> Self {
        Self { text, at: 0, comment: b'%', is_cut: false }
    }

    /// The next byte.
    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over white space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.byte() {
            if byte == self.comment {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// Goes to the start of the next line.
    pub(super) fn skip_line(&mut self) {
        self.at += self.rest().find('\n').map_or(self.rest().len(), |at| at + 1);
    }

    /// The next term, or a pair; `None` where there is none.
    pub(super) fn item(&mut self) -> Option<Term<'t>> {
        self.item_at(0)
    }

    fn item_at(&mut self, depth: usize) -> Option<Term<'t>> {
        let start = self.at;
        let term = self.term(depth)?;
        let is_bare = self.text.as_bytes().get(start).is_some_and(|byte| *byte != b':');
        let (Term::Atom(key) | Term::Text(key)) = term else { return Some(term) };
        // `key: value`, `"key": value`.
        if is_bare && self.byte() == Some(b':') && self.rest().get(1..2).is_none_or(|next| next.trim().is_empty()) {
            self.at += 1;
            return Some(self.value_of(key, depth));
        }
        let mark = self.at;
        self.skip_space();
        if self.rest().starts_with("=>") {
            self.at += 2;
            return Some(self.value_of(key, depth));
        }
        self.at = mark;
        Some(term)
    }

    fn value_of(&mut self, key: &'t str, depth: usize) -> Term<'t> {
        self.skip_space();
        Term::Pair(key, Box::new(self.term(depth + 1).unwrap_or(Term::Other)))
    }

    fn term(&mut self, depth: usize) -> Option<Term<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.byte()? {
            b'"' | b'\'' => self.quoted().map(Term::Text),
            b'<' if self.rest().starts_with("<<") => self.binary(),
            b':' => {
                self.at += 1;
                match self.byte()? {
                    b'"' | b'\'' => self.quoted().map(Term::Atom),
                    _ => self.word().map(Term::Atom),
                }
            }
            b'{' => Some(Term::Tuple(self.sequence(b'}', depth)?)),
            b'[' => Some(Term::List(self.sequence(b']', depth)?)),
            b'%' if self.rest().starts_with("%{") => {
                self.at += 1;
                Some(Term::List(self.sequence(b'}', depth)?))
            }
            _ => self.word().map(Term::Atom),
        }
    }

    fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '@' | '!' | '?' | '.' | '-'));
        let end = end.unwrap_or(rest.len());
        // A full stop ends a form of Erlang.
        let word = rest[..end].trim_end_matches('.');
        self.at += word.len();
        (!word.is_empty()).then_some(word)
    }

    /// A string on one line.
    fn quoted(&mut self) -> Option<&'t str> {
        let quote = self.byte()?;
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut end = start;
        loop {
            match bytes.get(end) {
                None => {
                    self.at = bytes.len();
                    self.is_cut = true;
                    return None;
                }
                Some(b'\n') => return None,
                Some(b'\\') => end += 2,
                Some(byte) if *byte == quote => break,
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// `<<"text">>`, `<<"text"/utf8>>`.
    fn binary(&mut self) -> Option<Term<'t>> {
        self.at += 2;
        let text = if self.byte() == Some(b'"') { self.quoted()? } else { "" };
        let rest = self.rest();
        let end = rest.find(">>").filter(|end| !rest[..*end].contains('\n'))?;
        self.at += end + 2;
        Some(Term::Text(text))
    }

    fn sequence(&mut self, close: u8, depth: usize) -> Option<Vec<Term<'t>>> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            match self.byte() {
                None => {
                    self.is_cut = true;
                    return Some(items);
                }
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Some(items);
                }
                Some(b'}' | b']' | b')') => return None,
                Some(b',') => self.at += 1,
                Some(_) => {
                    let item = self.item_at(depth + 1);
                    if self.is_cut {
                        items.extend(item);
                        return Some(items);
                    }
                    self.skip_space();
                    let is_whole = self.byte().is_none_or(|byte| byte == b',' || byte == close);
                    items.push(match item {
                        Some(item) if is_whole => item,
                        Some(Term::Pair(key, _)) => Term::Pair(key, Box::new(Term::Other)),
                        _ => Term::Other,
                    });
                    if !is_whole && !self.skip_expression() {
                        return None;
                    }
                }
            }
        }
    }

    /// Goes to the `,` or bracket behind an expression; says whether it moved or stands at one.
    fn skip_expression(&mut self) -> bool {
        let mut depth = 0_u32;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    if self.quoted().is_none() && !self.is_cut {
                        self.at += 1;
                    }
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return true,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => return true,
                _ => {}
            }
            self.at += 1;
        }
        self.is_cut = true;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elixir(text: &str) -> Option<Term<'_>> {
        Reader::elixir(text).item()
    }

    #[test]
    fn literals_of_elixir() {
        let term = elixir("{:hex, :\"a b\", \"1.0\", [hex: :x, optional: false], %{\"k\" => 1, l: nil}} # x").unwrap();
        let items = term.items();
        assert_eq!(items[0].atom(), Some("hex"));
        assert_eq!(items[1].atom(), Some("a b"));
        assert_eq!(items[2].text(), Some("1.0"));
        assert_eq!(option(items[3].items(), "hex").and_then(Term::atom), Some("x"));
        assert_eq!(option(items[4].items(), "k").and_then(Term::word), Some("1"));
        assert_eq!(option(items[4].items(), "l").and_then(Term::word), Some("nil"));
    }

    #[test]
    fn what_is_no_literal_is_passed_over() {
        let term = elixir("[{:a, only: if(x, do: [1, 2])}, foo(\"}\") ++ [b], :c]").unwrap();
        assert_eq!(term.items().len(), 3);
        assert_eq!(term.items()[1], Term::Other);
        assert_eq!(term.items()[2].atom(), Some("c"));
    }

    #[test]
    fn literals_of_erlang() {
        let mut reader = Reader::erlang("% x\n{\"1.2.0\",\n[{<<\"a\">>,{pkg,<<\"a\"/utf8>>,<<\"1.0\">>},0}]}.\n");
        reader.skip_space();
        let term = reader.item().unwrap();
        let entry = term.items()[1].items()[0].items();
        assert_eq!((entry[0].text(), entry[2].atom()), (Some("a"), Some("0")));
        assert_eq!(reader.byte(), Some(b'.'));
    }

    #[test]
    fn hostile_nesting_is_refused() {
        assert!(elixir(&"{".repeat(100_000)).is_some_and(|term| term.items().len() < 2));
        assert!(elixir(&format!("[{}", "a: ".repeat(10_000))).is_some());
    }
}
