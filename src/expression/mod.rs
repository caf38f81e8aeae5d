//! Conditions that a policy writes itself: a small, typed part of the Common Expression Language
//! (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>).
//!
//! The kept `cel` crate parses. What it parsed is checked here against the table of [`VARIABLES`] when the policy is
//! read, and lowered to a tree that [`Condition::evaluate`] walks: CEL knows values and errors, and a scanner has to
//! know *why* a value is not known, for which the crate's evaluator has no place.
//!
//! Where this differs from CEL:
//!
//! - `package` is a variable. CEL reserves the word and gives it no meaning.
//! - Texts have no order (`<`), since `"1.10.0" < "1.9.0"` would surprise, and are not joined. There are no maps,
//!   messages, bytes, unsigned numbers and no `null`.
//! - A text that is one of some words is only compared with those words.
//! - The second operand of `/` and `%` is a number other than 0, and whole numbers stop at 64 bits, so that no
//!   arithmetic fails.
//! - What is read without `has(…)` and is absent makes the expression undecided, as an error does in CEL. `&&`, `||`,
//!   `exists` and `all` are decided by any operand that is enough, as in CEL.
//!
//! Cost is bounded when the policy is read: length, words and depth of the text (`lex`), steps in the worst case
//! ([`MOST_STEPS`]), length and size of regular expressions, which take linear time.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{Data, Missing};

mod check;
mod custom;
mod evaluate;
mod glance;
mod lex;
mod parse;
mod schema;

pub use custom::{CustomRule, Draft, intern};
pub use evaluate::{Facts, Reading, Value};
pub use glance::Glance;
pub use schema::{FIELDS, FUNCTIONS, Fact, Function, Scalar, Type, VARIABLES, Variable};

use check::Node;
use glance::Needed;

/// How many steps an expression may take for one package in the worst case. A step is an operator, a variable or a
/// literal; a regular expression counts as fifty; the operand of `exists` and the like counts once for each element
/// that its list can have.
pub const MOST_STEPS: u64 = 200_000;

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in bytes of the expression.
    pub span: Range<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Mistake {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// Something that an expression reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The variable, or the field of an advisory.
    pub variable: &'static Variable,
    /// The name under which it is asked for: a check of the Scorecard.
    pub entry: Option<String>,
}

/// An expression that was checked: it gives true or false wherever what it reads is known.
#[derive(Debug)]
pub struct Condition {
    text: String,
    node: Node,
    reads: Vec<Read>,
    steps: u64,
    needed: Vec<Needed>,
}

impl Condition {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first mistake of the text, else every mistake of types and names. At least one.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let parsed = parse::parse(text).map_err(|mistake| vec![mistake])?;
        let (node, reads, steps) = check::check(&parsed)?;
        Ok(Self { text: text.to_owned(), needed: Needed::by(&node), node, reads, steps })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The variables that it reads, in the order in which it names them, each once; fields of advisories after
    /// `advisories`.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// What has to be known to evaluate it.
    pub fn data(&self) -> Vec<Data> {
        let data: BTreeSet<Data> = self.reads.iter().flat_map(|read| read.variable.data).copied().collect();
        data.into_iter().collect()
    }

    /// How many steps it takes for one package in the worst case.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether a look at a package is enough to know that it does not hold.
    pub fn is_ruled_out(&self, glance: &Glance<'_>) -> bool {
        self.needed.iter().any(|needed| needed.is_lacking(glance))
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// What would have to be known to decide, each thing once. At least one.
    pub fn evaluate(&self, facts: &dyn Facts) -> Result<bool, Vec<Missing>> {
        evaluate::evaluate(&self.node, facts)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests;
