//! The part of Ruby in which manifests are written: calls with literal arguments, blocks, conditions. A manifest is a
//! program, and what is not written plainly stays unknown: nothing is ever evaluated.

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'t> {
    /// A string without escapes and interpolation.
    Text(&'t str),
    /// A symbol.
    Symbol(&'t str),
    /// The strings and symbols of an array, and whether it has nothing else.
    List(Vec<&'t str>, bool),
    /// Anything else.
    Other(&'t str),
}

impl<'t> Value<'t> {
    /// The text of a string.
    pub(super) fn text(&self) -> Option<&'t str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The words of a string, symbol or array; `None` where there is something else.
    pub(super) fn words(&self) -> Option<Vec<&'t str>> {
        match self {
            Self::Text(text) | Self::Symbol(text) => Some(vec![text]),
            Self::List(words, true) => Some(words.clone()),
            Self::List(_, false) | Self::Other(_) => None,
        }
    }
}

/// A statement: a call, or the word that a line begins with.
#[derive(Debug, Default)]
pub(super) struct Statement<'t> {
    /// The name of what is called, with its receiver, or another first word.
    pub(super) name: &'t str,
    /// Positional arguments.
    pub(super) arguments: Vec<Value<'t>>,
    /// Named arguments.
    pub(super) options: Vec<(&'t str, Value<'t>)>,
    /// Whether an `if` or `unless` follows.
    pub(super) is_conditional: bool,
    /// Whether a block begins, which an `end` closes.
    pub(super) opens: bool,
    /// By how many braces more are opened than closed.
    pub(super) braces: i32,
}

impl<'t> Statement<'t> {
    /// A named argument.
    pub(super) fn option(&self, name: &str) -> Option<&Value<'t>> {
        self.options.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Words that begin what an `end` closes.
const OPENERS: [&str; 11] =
    ["if", "unless", "case", "def", "begin", "while", "until", "for", "module", "class", "loop"];

/// The statements of a program whose calls may be of interest. One pass over the text.
pub(super) fn statements<'t>(text: &'t str, is_of_interest: impl Fn(&str) -> bool) -> Vec<Statement<'t>> {
    let mut cursor = Cursor { text, at: 0 };
    let mut statements = Vec::new();
    while cursor.at < text.len() {
        cursor.skip_space();
        let line = cursor.line();
        if line == "__END__" {
            break;
        }
        if line.starts_with("=begin") {
            cursor.skip_to(|line| line.starts_with("=end"));
            continue;
        }
        let name = word(line);
        let mut statement = if is_of_interest(name) {
            cursor.at += name.len();
            cursor.call(name)
        } else {
            Statement { name, opens: OPENERS.contains(&name), ..Statement::default() }
        };
        cursor.finish(&mut statement);
        if !name.is_empty() || statement.opens || statement.braces != 0 {
            statements.push(statement);
        }
    }
    statements
}

/// The word that a line begins with, with the dots of a receiver.
fn word(line: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '!' | '?');
    let end = line.find(|c| !is_part(c)).unwrap_or(line.len());
    line[..end].trim_end_matches('.')
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The rest of the line.
    fn line(&self) -> &'t str {
        self.rest().lines().next().unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Goes over white space, line ends and comments.
    fn skip_space(&mut self) {
        while let Some(byte) = self.byte() {
            if byte == b'#' {
                self.at += self.line().len();
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// Goes behind the first line that fits, or to the end.
    fn skip_to(&mut self, fits: impl Fn(&str) -> bool) {
        while self.at < self.text.len() {
            let line = self.line();
            self.at = (self.at + line.len() + 1).min(self.text.len());
            self.at_boundary();
            if fits(line.trim()) {
                break;
            }
        }
    }

    /// `\r\n` is one byte more than `lines` tells.
    fn at_boundary(&mut self) {
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// The arguments of a call whose name was read.
    fn call(&mut self, name: &'t str) -> Statement<'t> {
        let mut call = Statement { name, ..Statement::default() };
        let is_closed = self.byte() == Some(b'(');
        if is_closed {
            self.at += 1;
            self.skip_space();
        } else {
            self.skip_blanks();
        }
        while self.byte().is_some_and(|byte| !matches!(byte, b'\n' | b'#' | b')' | b';' | b'=')) {
            if !is_closed && matches!(word(self.rest_of_word()), "do" | "if" | "unless" | "rescue" | "and" | "or") {
                break;
            }
            let start = self.at;
            self.argument(&mut call);
            if is_closed {
                self.skip_space();
            } else {
                self.skip_blanks();
            }
            if self.byte() == Some(b',') {
                self.at += 1;
                self.skip_space();
            } else if self.at == start || !is_closed {
                break;
            }
        }
        if is_closed && self.byte() == Some(b')') {
            self.at += 1;
        }
        call
    }

    /// Enough of what follows to know a word.
    fn rest_of_word(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.char_indices().nth(12).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    }

    fn argument(&mut self, call: &mut Statement<'t>) {
        let name = word(self.rest_of_word_long());
        let behind = self.rest().get(name.len()..).unwrap_or_default();
        if !name.is_empty() && behind.starts_with(':') && !behind.starts_with("::") {
            self.at += name.len() + 1;
            self.skip_space();
            let value = self.value();
            call.options.push((name, value));
            return;
        }
        let value = self.value();
        let is_quoted = matches!(value, Value::Text(_)) && self.byte() == Some(b':');
        if is_quoted {
            self.at += 1;
        }
        let mark = self.at;
        self.skip_blanks();
        let is_key = is_quoted || self.rest().starts_with("=>");
        match value {
            Value::Text(key) | Value::Symbol(key) if is_key => {
                self.at += if is_quoted { 0 } else { 2 };
                self.skip_space();
                let value = self.value();
                call.options.push((key, value));
            }
            value => {
                self.at = mark;
                call.arguments.push(value);
            }
        }
    }

    /// A name of ordinary length.
    fn rest_of_word_long(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.char_indices().nth(64).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    }

    fn value(&mut self) -> Value<'t> {
        let start = self.at;
        let value = match self.byte() {
            Some(b'"' | b'\'') => self.string().map(Value::Text),
            Some(b':') if !self.rest().starts_with("::") => {
                self.at += 1;
                match self.byte() {
                    Some(b'"' | b'\'') => self.string().map(Value::Symbol),
                    _ => Some(Value::Symbol(self.symbol())),
                }
            }
            Some(b'[') => self.list(),
            Some(b'%') => self.percent(),
            _ => None,
        };
        if self.rest().starts_with(".freeze") {
            self.at += ".freeze".len();
        }
        // Whatever goes on behind a literal makes it something else.
        let mark = self.at;
        self.skip_blanks();
        let ends = match self.byte() {
            None | Some(b',' | b')' | b']' | b'\n' | b'#' | b'=' | b':' | b';' | b'}') => true,
            _ => matches!(word(self.rest_of_word()), "do" | "if" | "unless" | "rescue"),
        };
        self.at = mark;
        match value {
            Some(value) if ends => value,
            _ => {
                self.at = self.at.max(start);
                self.skip_expression();
                Value::Other(self.text.get(start..self.at).unwrap_or_default().trim())
            }
        }
    }

    fn symbol(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A quoted string on one line; `None` where it is never closed or is more than its text.
    fn string(&mut self) -> Option<&'t str> {
        let quote = self.byte()?;
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut end = start;
        let mut is_plain = true;
        while bytes.get(end).is_some_and(|&byte| byte != quote && byte != b'\n') {
            is_plain &= bytes[end] != b'\\' && !(quote == b'"' && bytes[end..].starts_with(b"#{"));
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(bytes.len());
        let is_closed = bytes.get(end) == Some(&quote);
        self.at = if is_closed { end + 1 } else { end };
        self.at_boundary();
        self.text.get(start..end).filter(|_| is_plain && is_closed)
    }

    /// An array of literals.
    fn list(&mut self) -> Option<Value<'t>> {
        self.at += 1;
        let (mut words, mut is_plain) = (Vec::new(), true);
        loop {
            self.skip_space();
            match self.byte()? {
                b']' => break,
                b',' => self.at += 1,
                // A list within a list is of no use here, and is read no deeper.
                b'[' => {
                    is_plain = false;
                    self.skip_expression();
                }
                _ => {
                    let start = self.at;
                    match self.value() {
                        Value::Text(word) | Value::Symbol(word) => words.push(word),
                        Value::List(..) | Value::Other(_) => is_plain = false,
                    }
                    if self.at == start {
                        return None;
                    }
                }
            }
        }
        self.at += 1;
        Some(Value::List(words, is_plain))
    }

    /// `%w[a b]`, `%i[a b]` and `%q<a>`.
    fn percent(&mut self) -> Option<Value<'t>> {
        let bytes = self.text.as_bytes();
        let kind = *bytes.get(self.at + 1)?;
        let close = match bytes.get(self.at + 2)? {
            b'[' => ']',
            b'(' => ')',
            b'{' => '}',
            b'<' => '>',
            b'|' => '|',
            b'!' => '!',
            _ => return None,
        };
        let start = self.at + 3;
        let end = start + self.text.get(start..)?.find(close)?;
        let inner = self.text.get(start..end)?;
        self.at = end + 1;
        match kind {
            b'w' | b'i' | b'W' | b'I' if !inner.contains("#{") => {
                Some(Value::List(inner.split_whitespace().collect(), true))
            }
            b'q' | b'Q' if !inner.contains(['\\', '\n', '#']) => Some(Value::Text(inner)),
            _ => None,
        }
    }

    /// Goes to the `,` or line end behind an expression, over brackets and strings.
    fn skip_expression(&mut self) {
        let mut depth = 0_u32;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' | b'\'' => {
                    self.string();
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => break,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => break,
                b'\n' | b'#' if depth == 0 => break,
                b' ' if depth == 0 && matches!(word(self.word_behind()), "do" | "if" | "unless" | "rescue") => break,
                _ => {}
            }
            self.at += 1;
            if depth == 0 && matches!(byte, b')' | b']' | b'}') && self.byte() == Some(b',') {
                break;
            }
        }
        self.at_boundary();
    }

    /// What stands behind a blank.
    fn word_behind(&self) -> &'t str {
        let rest = self.rest().get(1..).unwrap_or_default();
        let end = rest.char_indices().nth(12).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    }

    /// Reads the rest of the line: conditions, blocks, braces, here documents.
    fn finish(&mut self, statement: &mut Statement<'t>) {
        let line = self.line();
        let code = without_strings(line);
        let mut words = code.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '?' | ':'));
        let mut opens = i32::from(statement.opens);
        for (at, word) in words.by_ref().enumerate() {
            match word {
                // The first word of what is no call was looked at.
                "if" | "unless" if at > 0 || !statement.opens => statement.is_conditional = true,
                "do" => opens += 1,
                "end" if statement.name != "end" || at > 0 => opens -= 1,
                _ => {}
            }
        }
        if ["= if ", "= case ", "= begin", "= unless "].iter().any(|opener| code.contains(opener)) {
            opens += 1;
        }
        // `while x do` opens one block, not two.
        statement.opens = opens > 0;
        let count = |brace: char| i32::try_from(code.matches(brace).count()).unwrap_or(i32::MAX);
        statement.braces = count('{').saturating_sub(count('}'));
        let document = here_document(line);
        self.at = (self.at + line.len()).min(self.text.len());
        if let Some(end) = document {
            self.skip_to(|line| line == end || line.is_empty() && end.is_empty());
        }
    }
}

/// A line of code without the content of its strings and without its comment.
fn without_strings(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut quote = None;
    let mut is_escaped = false;
    for c in line.chars() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == '#' => break,
            None => code.push(c),
        }
    }
    code
}

/// The word that ends a here document which begins on that line.
fn here_document(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("<<~").or_else(|| line.split_once("<<-"))?;
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end]).filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
}
