//! The intake questions, as JSON.

use serde::Serialize;

use super::Id;
use crate::model::{Checklist, ChecklistItem};

/// Every intake question about one package.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Checklist"))]
pub(super) struct ChecklistEntry<'r> {
    /// The package, by its id in this report.
    package: Id,
    /// The questions, in the order of the guidance.
    items: Vec<ItemEntry<'r>>,
}

/// A question with its answer.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ChecklistItem"))]
struct ItemEntry<'r> {
    /// The clause of the guidance that asks it.
    clause: &'static str,
    /// The question; `yes` speaks for the package.
    question: &'static str,
    /// The answer; `yours`: only who wants to add the package can give it.
    #[cfg_attr(test, schemars(extend("enum" = ["yes", "no", "unknown", "yours"])))]
    answer: &'static str,
    /// What it rests on.
    evidence: &'r str,
}

impl<'r> ChecklistEntry<'r> {
    pub(super) fn of(checklist: &'r Checklist) -> Self {
        let item = |item: &'r ChecklistItem| ItemEntry {
            clause: item.clause,
            question: item.question,
            answer: item.answer.as_str(),
            evidence: &item.evidence,
        };
        Self { package: Id(checklist.package), items: checklist.items.iter().map(item).collect() }
    }
}
