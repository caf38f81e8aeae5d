//! The words of an expression, read before the parser sees it: what it would take long over, or explain badly, ends here.
//!
//! The parser is recursive and would end the program on ten thousand brackets, so that length, number of words and depth
//! are bounded first. That values and operators take turns is checked here as well, since the place and the reason can
//! be said exactly.

use std::ops::Range;

use super::Mistake;

/// How long an expression may be, in bytes.
pub(super) const LONGEST: usize = 4_000;

/// How many words it may have.
const MOST_WORDS: usize = 400;

/// How deep brackets may stand in each other.
const DEEPEST: usize = 24;

/// What `package` is called where the parser sees it, since CEL reserves that word (and gives it no meaning). As long
/// as the word, so that places stay the same.
pub(super) const PACKAGE: &str = "pack_ge";

/// Words that CEL reserves
/// (<https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax>), but for `package`.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "null",
    "return",
    "var",
    "void",
    "while",
];

/// Operators and brackets, the longer ones first.
const SIGNS: [&str; 27] = [
    "==", "!=", "<=", ">=", "&&", "||", "=", "!", "<", ">", "&", "|", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{",
    "}", ",", ".", "?", ":",
];

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Number,
    Text,
    Sign,
}

/// A word with its place in the expression.
#[derive(Debug, Clone)]
pub(super) struct Word<'t> {
    pub(super) sort: Sort,
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl Word<'_> {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    fn is(&self, sign: &str) -> bool {
        self.sort == Sort::Sign && self.text == sign
    }

    /// Whether it stands between two values.
    fn is_operator(&self) -> bool {
        (self.sort == Sort::Sign && !matches!(self.text, "(" | ")" | "[" | "]" | "{" | "}" | "!"))
            || (self.sort == Sort::Name && self.text == "in")
    }
}

/// The words of an expression.
///
/// # Errors
/// The first mistake.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, Mistake> {
    if text.len() > LONGEST {
        return Err(Mistake::new(0..0, format!("an expression is at most {LONGEST} bytes long, not {}", text.len())));
    }
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        if c.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (sort, length) = word(rest).map_err(|(length, message)| Mistake::new(at..at + length, message))?;
        words.push(Word { sort, text: rest.get(..length).unwrap_or_default(), start: at });
        if words.len() > MOST_WORDS {
            return Err(Mistake::new(at..at + length, format!("an expression has at most {MOST_WORDS} words")));
        }
        at += length;
    }
    check(text, &words)?;
    Ok(words)
}

/// The sort and length of the word at the beginning of a text; else how much of it is wrong, and why.
fn word(rest: &str) -> Result<(Sort, usize), (usize, String)> {
    let bytes = rest.as_bytes();
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
    let first = bytes.first().copied().unwrap_or_default();
    let prefix = usize::from(matches!(first, b'r' | b'R' | b'b' | b'B') && is_quote(bytes.get(1)));
    if is_quote(bytes.get(prefix)) {
        if prefix == 1 && matches!(first, b'b' | b'B') {
            return Err((1, "bytes are no part of this language; leave out the `b`".to_owned()));
        }
        return quoted(bytes, prefix);
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        return Ok((Sort::Name, length));
    }
    if first.is_ascii_digit() {
        return Ok((Sort::Number, number(bytes)));
    }
    match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        Some("=") => Err((1, "to compare, write `==`".to_owned())),
        Some(sign @ ("&" | "|")) => Err((1, format!("write `{sign}{sign}`"))),
        Some("{") => Err((1, "maps and messages are no part of this language".to_owned())),
        Some(sign) => Ok((Sort::Sign, sign.len())),
        None => {
            let c = rest.chars().next().unwrap_or_default();
            Err((c.len_utf8(), format!("{c:?} is no sign of the language")))
        }
    }
}

/// A text in quotes, which must end on its line.
fn quoted(bytes: &[u8], prefix: usize) -> Result<(Sort, usize), (usize, String)> {
    let quote = bytes.get(prefix).copied().unwrap_or_default();
    if bytes.get(prefix..prefix + 3).is_some_and(|three| three.iter().all(|byte| *byte == quote)) {
        return Err((prefix + 3, "write texts in single or double quotes, on one line".to_owned()));
    }
    let mut is_escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(prefix + 1) {
        match *byte {
            b'\n' | b'\r' => break,
            _ if is_escaped => is_escaped = false,
            b'\\' if prefix == 0 => is_escaped = true,
            byte if byte == quote => return Ok((Sort::Text, at + 1)),
            _ => {}
        }
    }
    Err((prefix + 1, "this text is not closed on its line".to_owned()))
}

/// The length of a number: digits, a fraction, an exponent, and letters that do not belong there.
fn number(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let before = length.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or_default();
        let is_hexadecimal = matches!(bytes.get(1), Some(b'x' | b'X'));
        let is_sign = matches!(byte, b'+' | b'-') && matches!(before, b'e' | b'E') && !is_hexadecimal;
        let is_point = *byte == b'.' && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        if !(byte.is_ascii_alphanumeric() || is_sign || is_point) {
            break;
        }
        length += 1;
    }
    length
}

/// Checks that values and operators take turns and that brackets fit.
fn check<'t>(text: &'t str, words: &[Word<'t>]) -> Result<(), Mistake> {
    let mut open: Vec<&Word<'t>> = Vec::new();
    let mut before: Option<&Word<'t>> = None;
    for word in words {
        let wants_value =
            before.is_none_or(|before| before.is_operator() || before.is("!") || before.is("(") || before.is("["));
        let after_point = before.is_some_and(|before| before.is("."));
        let complaint = if after_point {
            (word.sort != Sort::Name).then(|| format!("after `.` comes the name of a field, not `{}`", word.text))
        } else if wants_value {
            no_value(word, before)
        } else {
            no_operator(word, before, &open)
        };
        if let Some(message) = complaint {
            return Err(Mistake::new(word.span(), message));
        }
        if word.is("(") || word.is("[") {
            open.push(word);
            if open.len() > DEEPEST {
                return Err(Mistake::new(word.span(), format!("brackets stand in each other {DEEPEST} deep at most")));
            }
        } else if word.is(")") || word.is("]") {
            open.pop();
        }
        before = Some(word);
    }
    let Some(last) = before else {
        return Err(Mistake::new(0..0, "the expression is empty"));
    };
    if last.is_operator() || last.is("!") {
        return Err(Mistake::new(
            last.span(),
            format!("the expression ends after `{}`; a value is missing", last.text),
        ));
    }
    match open.last() {
        Some(bracket) => Err(Mistake::new(bracket.span(), format!("`{}` is never closed", bracket.text))),
        None => {
            debug_assert!(words.iter().all(|word| text.get(word.span()) == Some(word.text)));
            Ok(())
        }
    }
}

/// Why a word cannot stand where a value begins.
fn no_value(word: &Word<'_>, before: Option<&Word<'_>>) -> Option<String> {
    let empty = |bracket| before.is_some_and(|before| before.is(bracket));
    match (word.sort, word.text) {
        (Sort::Name, PACKAGE) => Some(format!("unknown variable \"{PACKAGE}\"; did you mean \"package\"?")),
        (Sort::Name, "null") => Some("there is no `null`: ask with has(…) whether there is a value".to_owned()),
        (Sort::Name, "not") => Some("write `!` for not".to_owned()),
        (Sort::Name, name) if RESERVED.contains(&name) => Some(format!("`{name}` is a word that CEL reserves")),
        (Sort::Name, "in") => Some("a value is missing before `in`".to_owned()),
        (Sort::Sign, "(" | "[" | "!" | "-") | (Sort::Name | Sort::Number | Sort::Text, _) => None,
        (Sort::Sign, ")") if empty("(") => None,
        (Sort::Sign, "]") if empty("[") => None,
        (Sort::Sign, ".") => Some("a value is missing before `.`; write 0.5, not .5".to_owned()),
        (Sort::Sign, sign) => Some(match before {
            Some(before) => format!("a value is missing between `{}` and `{sign}`", before.text),
            None => format!("a value is missing before `{sign}`"),
        }),
    }
}

/// Why a word cannot stand behind a value.
fn no_operator(word: &Word<'_>, before: Option<&Word<'_>>, open: &[&Word<'_>]) -> Option<String> {
    let inner = open.last().map(|word| word.text);
    match (word.sort, word.text) {
        (Sort::Name, "in") => None,
        (Sort::Name, "and") => Some("write `&&` for and".to_owned()),
        (Sort::Name, "or") => Some("write `||` for or".to_owned()),
        (Sort::Sign, "(") if before.is_some_and(|before| before.sort == Sort::Name) => None,
        (Sort::Sign, ")") if inner == Some("(") => None,
        (Sort::Sign, "]") if inner == Some("[") => None,
        (Sort::Sign, sign @ (")" | "]")) => Some(match inner {
            Some(inner) => format!("`{sign}` does not close `{inner}`"),
            None => format!("`{sign}` closes nothing"),
        }),
        (Sort::Sign, ",") if inner.is_none() => Some("`,` stands in brackets only".to_owned()),
        (Sort::Sign, sign) if !matches!(sign, "(" | "!") => None,
        (_, text) => {
            let before = before.map_or("", |before| before.text);
            Some(format!("an operator is missing between `{before}` and `{text}`"))
        }
    }
}

/// The expression as the parser is to see it.
pub(super) fn for_parser(text: &str, words: &[Word<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut is_field = false;
    for word in words {
        if word.sort == Sort::Name && word.text == "package" && !is_field {
            out.push_str(text.get(at..word.start).unwrap_or_default());
            out.push_str(PACKAGE);
            at = word.span().end;
        }
        is_field = word.is(".");
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
