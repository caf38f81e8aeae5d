//! A rule that a policy writes itself, as a rule like any other.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Condition;
use crate::model::{Data, Level, Rule, Scope};

/// A rule of a policy.
#[derive(Debug)]
pub struct CustomRule {
    /// What is said about it everywhere.
    pub rule: Rule,
    /// When it fires.
    pub condition: Condition,
}

impl PartialEq for CustomRule {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule && self.condition == other.condition
    }
}

/// What a policy says about a rule of its own.
#[derive(Debug)]
pub struct Draft<'d> {
    /// Its id.
    pub id: &'d str,
    /// Its level.
    pub level: Level,
    /// What it finds, in one line.
    pub summary: &'d str,
    /// Why that is a risk.
    pub why: &'d str,
    /// What to do about a finding.
    pub fix: &'d str,
    /// When it fires.
    pub condition: Condition,
}

/// What tells two rules apart.
type Key = (String, Level, [String; 4]);

/// Every rule that was made.
static MADE: Mutex<BTreeMap<Key, &'static CustomRule>> = Mutex::new(BTreeMap::new());

/// The clause of the guidance under which a policy's own rules stand.
const CLAUSE: &str = "C5.1";

/// Makes a rule of a draft, or gives the equal one that was made before.
///
/// Findings name their rule by a reference that lives as long as the program, as those of the table do; so what is made
/// here is never freed. A program reads a few policies of a bounded number of rules, each once, and equal rules are one.
pub fn intern(draft: Draft<'_>) -> &'static CustomRule {
    let texts = [draft.summary, draft.why, draft.fix, draft.condition.text()].map(str::to_owned);
    let key = (draft.id.to_owned(), draft.level, texts);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(key).or_insert_with(|| Box::leak(Box::new(rule_of(draft))))
}

fn rule_of(draft: Draft<'_>) -> CustomRule {
    fn kept(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }
    let data = draft.condition.data();
    let is_cheap = |data: &Data| matches!(data, Data::Local | Data::Advisories | Data::Exploited | Data::Epss);
    let rule = Rule {
        id: kept(draft.id),
        summary: kept(draft.summary),
        why: kept(draft.why),
        fix: kept(draft.fix),
        clause: CLAUSE,
        // What services are asked about one by one, they are asked about direct dependencies, as for the rules of the
        // table.
        scope: if data.iter().all(is_cheap) { Scope::All } else { Scope::Direct },
        data: Vec::leak(data),
        parameters: &[],
        greenfield: draft.level,
        brownfield: draft.level,
    };
    CustomRule { rule, condition: draft.condition }
}
