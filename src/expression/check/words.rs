//! Words of messages, and operators by the names that the parser gives them.

use cel::common::ast::operators;

use super::{Arithmetic, Comparison};
use crate::expression::Type;

/// How alike two names must be for one to be offered instead of the other (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// How much of a text a message repeats, in characters.
const REPEATED: usize = 60;

/// A type with its article.
pub(super) fn a(kind: Type) -> String {
    let word = kind.as_str();
    let article = if word.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// The end of a message that offers the known name that is most like a word.
pub(super) fn offer<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    if word.len() > REPEATED {
        return None;
    }
    let scored = known.map(|name| (strsim::jaro_winkler(word, name), name)).filter(|(score, _)| *score >= ALIKE);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| format!("; did you mean \"{name}\"?"))
}

/// `a, b and c`.
pub(super) fn alternatives(names: &[&str], joint: &str) -> String {
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, most)) => format!("{} {joint} {last}", most.join(", ")),
        None => String::new(),
    }
}

/// `"a", "b" and "c"`.
pub(super) fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    alternatives(&quoted, "and")
}

/// A text in quotes, cut where it is long.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((at, _)) => format!("{:?}…", text.get(..at).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

pub(super) fn comparison(sign: &str) -> Option<Comparison> {
    Some(match sign {
        operators::EQUALS => Comparison::Equals,
        operators::NOT_EQUALS => Comparison::Differs,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

pub(super) fn arithmetic(sign: &str) -> Option<Arithmetic> {
    Some(match sign {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}
