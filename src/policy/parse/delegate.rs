//! `[delegate]`: which exceptions a scanned tree may add.

use super::Reading;
use super::reader::{Reader, Value};
use super::rules::{Known, SEVERITIES};
use super::scope::rules;
use crate::model::{Data, Severity};
use crate::policy::Delegate;

pub(super) const KEYS: &[&str] = &["rules", "max-days", "max-severity"];

/// Reads `[delegate]`. Every bound must be said: what is handed on should not rest on a default.
pub(super) fn read(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    known: &Known,
    reading: &Reading<'_>,
) -> Option<Delegate> {
    if reading.is_in_force_from_tree() {
        let message = "`delegate` is only taken from a policy that the caller names with --policy: \
                       a tree cannot hand itself the right to make exceptions";
        reader.fail(&value.span(), message);
        return None;
    }
    let table = reader.table("delegate", value)?;
    reader.check_keys(table, "[delegate]", KEYS);
    let mut needed = |key: &str, what: &str| {
        let found = table.get(key);
        if found.is_none() {
            reader.fail(&value.span(), format!("[delegate] needs `{key}`: {what}"));
        }
        found
    };
    let listed = needed("rules", "the rules that exceptions of the tree may name");
    let days = needed("max-days", "how many days ahead such an exception may end");
    let rules = listed.map(|value| rules(reader, value, known));
    let max_days = days.and_then(|value| reader.number("max-days", value, &(1..3651)));
    let max_severity = match table.get("max-severity") {
        Some(value) => Some(reader.word("max-severity", value, &SEVERITIES, Severity::as_str)?),
        None => None,
    };
    let rules = rules?;
    if max_severity.is_none() && rules.iter().any(|rule| rule.data.contains(&Data::Advisories)) {
        let message = "[delegate] needs `max-severity` for rules that rest on advisories: \
                       the gravest severity that such an exception covers";
        reader.fail(&value.span(), message);
    }
    Some(Delegate { rules, max_days: max_days?, max_severity })
}
