//! Text of others within messages, and lists in words.

/// How much of a text that comes from elsewhere goes into a message, in characters.
const LONGEST: usize = 200;

/// A text on one line, without a final full stop, cut where it is long.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line.to_owned(),
    }
}

/// What somebody else says, with a colon before it; nothing where they say nothing.
pub(super) fn said(text: &str) -> String {
    match one_line(text) {
        line if line.is_empty() => line,
        line => format!(": {line}"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `1 package`, `2 packages`: of a word whose plural ends in `s`.
pub(super) fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_short_line() {
        assert_eq!(one_line(" use\n  other. Really.. "), "use other. Really");
        assert_eq!(one_line(&"é".repeat(300)).chars().count(), LONGEST + 1);
        assert_eq!(said("gone."), ": gone");
        assert_eq!(said(" . "), "");
    }

    #[test]
    fn lists_read_as_sentences() {
        let parts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([0, 1, 2, 3].map(|number| joined(&parts[..number])), ["", "a", "a and b", "a, b and c"]);
    }
}
