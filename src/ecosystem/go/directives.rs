//! The lines of `go.mod` and `go.work` (<https://go.dev/ref/mod#go-mod-file-lexical>).

use crate::model::{Diagnostic, LineIndex, RepoPath};

/// One directive with its words; a block gives one for each of its lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive<'t> {
    /// `require`, `replace`, …
    pub(super) verb: &'t str,
    /// The words after it, without quotes, each a part of the text.
    pub(super) words: Vec<&'t str>,
    /// What stands after `//`.
    pub(super) comment: &'t str,
    /// The line, from 1.
    pub(super) line: u32,
}

impl Directive<'_> {
    /// Whether the comment says that no package of the module itself imports this
    /// (<https://go.dev/ref/mod#go-mod-file-require>).
    pub(super) fn is_indirect(&self) -> bool {
        let comment = self.comment.trim();
        comment.strip_prefix("indirect").is_some_and(|rest| rest.is_empty() || rest.trim_start().starts_with(';'))
    }
}

/// Splits a file into its directives. A line that cannot be read is an error and lost.
pub(super) fn directives<'t>(
    path: &RepoPath,
    lines: &LineIndex<'t>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Directive<'t>> {
    let mut directives = Vec::new();
    let mut block: Option<(&'t str, u32)> = None;
    for (number, line) in (1_u32..).zip(lines.text().lines()) {
        let mut error = |message: &str| diagnostics.push(Diagnostic::error(path, Some(number), message));
        let Some((mut words, comment)) = words(line) else {
            error("a quotation mark is not closed; the line was left out");
            continue;
        };
        match (block, &*words) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (None, &[verb, "("]) => block = Some((verb, number)),
            // `require ()` holds nothing.
            (None, [_, "(", ")"]) => {}
            (None, [")", ..]) => error("`)` closes nothing"),
            (None, &[verb, ..]) => {
                words.remove(0);
                directives.push(Directive { verb, words, comment, line: number });
            }
            (Some((verb, _)), _) => directives.push(Directive { verb, words, comment, line: number }),
        }
    }
    if let Some((verb, line)) = block {
        let message = format!("the block of `{verb}` is not closed; what comes before its end was read");
        diagnostics.push(Diagnostic::error(path, Some(line), message));
    }
    directives
}

/// The words of a line and its comment; `None` where a quotation mark is not closed.
fn words(line: &str) -> Option<(Vec<&str>, &str)> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Some((words, "")) };
        if let Some(comment) = rest.strip_prefix("//") {
            return Some((words, comment));
        }
        let end = match first {
            '"' | '`' => {
                let end = rest[1..].find(first)? + 1;
                words.push(&rest[1..end]);
                rest = &rest[end + 1..];
                continue;
            }
            '(' | ')' | '[' | ']' | '{' | '}' | ',' => 1,
            _ => {
                let stop = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',');
                let end = rest.find(stop).unwrap_or(rest.len());
                rest[..end].find("//").unwrap_or(end)
            }
        };
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
}

/// What a `replace` puts in the place of a module
/// (<https://go.dev/ref/mod#go-mod-file-replace>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement<'t> {
    /// The module that is replaced.
    pub(super) module: &'t str,
    /// Its version, where only one is replaced.
    pub(super) version: Option<&'t str>,
    /// The module, or the folder, that is taken instead.
    pub(super) target: &'t str,
    /// The version that is taken instead; a folder has none.
    pub(super) target_version: Option<&'t str>,
}

/// The words of a `replace`.
pub(super) fn replacement<'t>(directive: &Directive<'t>) -> Option<Replacement<'t>> {
    let (module, version, target, target_version) = match *directive.words.as_slice() {
        [module, "=>", target] => (module, None, target, None),
        [module, "=>", target, to] => (module, None, target, Some(to)),
        [module, version, "=>", target] => (module, Some(version), target, None),
        [module, version, "=>", target, to] => (module, Some(version), target, Some(to)),
        _ => return None,
    };
    Some(Replacement { module, version, target, target_version })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Verb and words, line, of each directive; the lines of errors.
    fn read(text: &str) -> (Vec<(String, u32)>, Vec<Option<u32>>) {
        let (path, mut diagnostics) = ("go.mod".into(), Vec::new());
        let lines = LineIndex::new(&path, text);
        let all = directives(&path, &lines, &mut diagnostics);
        let all = all.iter().map(|d| (format!("{}: {}", d.verb, d.words.join(" ")), d.line)).collect();
        (all, diagnostics.iter().map(|d| d.line).collect())
    }

    #[test]
    fn blocks_quotes_and_comments() {
        let text = "module \"a b\" // x\r\nrequire(\r\n  `c` v1 // indirect\r\n)\nrequire ( )\nretract [v1, v2]//why\nuse ./x//y\n";
        let (all, errors) = read(text);
        assert_eq!(errors, []);
        let expected = [("module: a b", 1), ("require: c v1", 3), ("retract: [ v1 , v2 ]", 6), ("use: ./x", 7)];
        assert_eq!(all, expected.map(|(text, line)| (text.to_owned(), line)));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let (all, errors) = read(")\nmodule \"a\nrequire (\n a v1\n");
        assert_eq!((all.len(), errors), (1, vec![Some(1), Some(2), Some(3)]));
    }

    #[test]
    fn indirect_is_a_word_of_its_own() {
        let is = |comment| Directive { verb: "require", words: vec![], comment, line: 1 }.is_indirect();
        assert!(is(" indirect") && is("indirect ; why") && is("indirect;"));
        assert!(!is(" indirectly") && !is(" not indirect") && !is(" indirect why"));
    }
}
