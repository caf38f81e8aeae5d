//! Conditions that a look at a package rules out.
//!
//! Most rules are about few packages, and say so in a part that is joined to the rest by `&&`: a name, a version, that
//! it is direct, that there is an advisory. Where such a part is false the whole is, whatever else is known; so it is
//! enough to look at it before anything is evaluated. A policy of many rules over many packages is cheap by this.

use super::check::{Comparison, Node, Quantifier, TextTest};
use super::schema::Fact;

/// What is at hand of a package without work; `None` is what is not known, or absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Glance<'f> {
    /// Its name.
    pub name: Option<&'f str>,
    /// Its version.
    pub version: Option<&'f str>,
    /// Whether it is direct.
    pub direct: Option<bool>,
    /// Whether an advisory holds for it.
    pub advised: Option<bool>,
}

/// A part of a condition without which it does not hold.
#[derive(Debug)]
pub(super) enum Needed {
    Text(Word, TextIs),
    Direct(bool),
    Advised,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Name,
    Version,
}

/// What a text has to be.
#[derive(Debug)]
pub(super) enum TextIs {
    OneOf(Vec<Box<str>>),
    Passing(TextTest, Box<str>),
}

impl Needed {
    /// What a condition needs: the parts that are joined by `&&` and that a look decides.
    pub(super) fn by(node: &Node) -> Vec<Self> {
        let mut todo = vec![node];
        let mut needed = Vec::new();
        while let Some(node) = todo.pop() {
            match node {
                Node::And(one, two) => todo.extend([&**two, &**one]),
                part => needed.extend(Self::of(part)),
            }
        }
        needed
    }

    fn of(part: &Node) -> Option<Self> {
        match part {
            Node::Read(variable) if variable.fact == Fact::Direct => Some(Self::Direct(true)),
            Node::Not(inner) => match &**inner {
                Node::Read(variable) if variable.fact == Fact::Direct => Some(Self::Direct(false)),
                _ => None,
            },
            Node::Compare(Comparison::Equals, one, two) => {
                let (word, text) = word(one).zip(text(two)).or_else(|| word(two).zip(text(one)))?;
                Some(Self::Text(word, TextIs::OneOf(vec![text])))
            }
            Node::In(one, list) => {
                let (word, Node::List(elements)) = (word(one)?, &**list) else { return None };
                Some(Self::Text(word, TextIs::OneOf(elements.iter().map(text).collect::<Option<_>>()?)))
            }
            Node::Test(test, one, two) => Some(Self::Text(word(one)?, TextIs::Passing(*test, text(two)?))),
            Node::Quantified(Quantifier::Exists | Quantifier::One, list, _) => match &**list {
                Node::Read(variable) if variable.fact == Fact::Advisories => Some(Self::Advised),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a package is known not to have it.
    pub(super) fn is_lacking(&self, glance: &Glance<'_>) -> bool {
        match self {
            Self::Direct(direct) => glance.direct == Some(!direct),
            Self::Advised => glance.advised == Some(false),
            Self::Text(word, is) => {
                let text = match word {
                    Word::Name => glance.name,
                    Word::Version => glance.version,
                };
                text.is_some_and(|text| match is {
                    TextIs::OneOf(texts) => !texts.iter().any(|one| **one == *text),
                    TextIs::Passing(test, part) => !test.holds(text, part),
                })
            }
        }
    }
}

fn word(node: &Node) -> Option<Word> {
    match node {
        Node::Read(variable) if variable.fact == Fact::Name => Some(Word::Name),
        Node::Read(variable) if variable.fact == Fact::Version => Some(Word::Version),
        _ => None,
    }
}

fn text(node: &Node) -> Option<Box<str>> {
    match node {
        Node::Text(text) => Some(text.as_str().into()),
        _ => None,
    }
}
