//! From text to the tree of the `cel` crate, with the place of each part.

use std::ops::Range;

use cel::Env;
use cel::common::ast::{Expr, IdedExpr, SourceInfo};

use super::Mistake;
use super::lex::{self, Sort, Word};

/// A parsed expression.
pub(super) struct Parsed<'t> {
    pub(super) tree: IdedExpr,
    places: SourceInfo,
    words: Vec<Word<'t>>,
}

/// Parses an expression. Macros (`has`, `exists`, …) are left as the calls that they are written as.
///
/// # Errors
/// The first mistake.
pub(super) fn parse(text: &str) -> Result<Parsed<'_>, Mistake> {
    let words = lex::words(text)?;
    let seen = lex::for_parser(text, &words);
    let env = Env::default().with_optional_support(false);
    // No attempt to go on after a mistake: the first one is enough, and trees with holes in them are never walked.
    let parsed = env.parser().max_recursion_depth(64).error_recovery_limit(0).parse_with_source_info(&seen);
    match parsed {
        Ok((tree, places)) => Ok(Parsed { tree, places, words }),
        Err(errors) => Err(of_parser(text, &words, errors.errors.first())),
    }
}

/// What the parser complained about, at the word where it did.
fn of_parser(text: &str, words: &[Word<'_>], error: Option<&cel::ParseError>) -> Mistake {
    let (line, column) = error.map_or((1, 1), |error| error.pos);
    let before = text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum::<usize>();
    let offset = before + usize::try_from(column - 1).unwrap_or(0);
    let word = words.iter().find(|word| word.span().end > offset);
    let said = error.map_or("", |error| error.msg.as_str());
    match word {
        Some(word) if word.sort == Sort::Number => {
            Mistake::new(word.span(), format!("`{}` is no number of 64 bits", word.text))
        }
        Some(word) if word.sort == Sort::Text || said.contains("string literal") => {
            Mistake::new(word.span(), "this text has an escape that CEL does not know; write \\\\ for a backslash")
        }
        Some(word) if words.iter().any(|word| matches!(word.text, "?" | ":")) => {
            Mistake::new(word.span(), format!("`{}` is not expected here: a choice is `a ? b : c`", word.text))
        }
        Some(word) => Mistake::new(word.span(), format!("`{}` is not expected here", word.text)),
        None => {
            let end = words.last().map_or(0..0, Word::span);
            Mistake::new(end, "the expression ends too early: a choice is `a ? b : c`")
        }
    }
}

impl Parsed<'_> {
    /// The place that the parser notes for a part: of an operator or a call its sign, of a literal or name itself.
    pub(super) fn sign(&self, part: &IdedExpr) -> Range<usize> {
        let (start, stop) = self.places.offset_for(part.id).unwrap_or_default();
        let start = usize::try_from(start).unwrap_or_default();
        start..usize::try_from(stop).unwrap_or_default().saturating_add(1).max(start)
    }

    /// Where a part begins.
    pub(super) fn start(&self, part: &IdedExpr) -> Range<usize> {
        match &part.expr {
            Expr::Select(select) => self.start(&select.operand),
            Expr::Call(call) => match (&call.target, call.args.first()) {
                (Some(target), _) => self.start(target),
                // Operators between values and indexes; `-_` and `!_` begin with their sign.
                (None, Some(first)) if call.func_name.starts_with(['_', '@']) => self.start(first),
                (None, _) if call.func_name.starts_with(['-', '!']) => self.sign(part),
                (None, _) => self.name_of(part),
            },
            _ => self.sign(part),
        }
    }

    /// The name of a call, which stands before its bracket.
    pub(super) fn name_of(&self, call: &IdedExpr) -> Range<usize> {
        let sign = self.sign(call);
        let at = self.words.partition_point(|word| word.start < sign.start);
        at.checked_sub(1).and_then(|at| self.words.get(at)).map_or(sign, Word::span)
    }

    /// The name of a field, which stands behind its point.
    pub(super) fn field_of(&self, select: &IdedExpr) -> Range<usize> {
        let sign = self.sign(select);
        let at = self.words.partition_point(|word| word.start <= sign.start);
        self.words.get(at).map_or(sign, Word::span)
    }
}
