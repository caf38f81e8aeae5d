//! The questions that are asked before a package is added, with their answers.

use super::PackageIndex;

/// An answer to a question about a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answered {
    /// What is known speaks for the package.
    Yes,
    /// What is known speaks against it.
    No,
    /// It is not known.
    Unknown,
    /// Only who wants to add the package can answer it.
    Yours,
}

impl Answered {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Yours => "yours",
        }
    }
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// The clause of the guidance that asks it, for example `CG.activity`.
    pub clause: &'static str,
    /// The question; "yes" speaks for the package.
    pub question: &'static str,
    /// The answer.
    pub answer: Answered,
    /// What it rests on, in words.
    pub evidence: String,
}

/// Every question about one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// The package.
    pub package: PackageIndex,
    /// The questions, in the order of the guidance.
    pub items: Vec<ChecklistItem>,
}
