//! What a finding of a policy's own rule says: its summary, and what the expression read.

use crate::expression::Type;

use super::{Asked, CustomRule, Facts, Known, Read, Reading, Value};

/// How many of the things that the expression read are shown.
const MOST: usize = 8;

/// How many elements of a list are shown.
const ELEMENTS: usize = 5;

/// How much of a text is shown, in characters.
const LONGEST: usize = 60;

/// The summary with what was read, in brackets.
pub(super) fn what(custom: &CustomRule, known: &Known<'_, '_>) -> String {
    let reads = custom.condition.reads();
    let mut parts: Vec<String> = reads.iter().filter_map(|read| part(read, known)).collect();
    if parts.len() > MOST {
        parts.truncate(MOST);
        parts.push("…".to_owned());
    }
    format!("{} ({})", custom.rule.summary.trim_end_matches('.'), parts.join(", "))
}

/// One thing that was read. What was read of advisories is told by which they are.
fn part(read: &Read, known: &Known<'_, '_>) -> Option<String> {
    let variable = read.variable;
    if crate::expression::FIELDS.contains(variable) {
        return None;
    }
    let (name, reading) = match &read.entry {
        Some(entry) => (format!("{}[{entry:?}]", variable.name), known.entry(variable.fact, entry)),
        None => (variable.name.to_owned(), known.read(variable.fact)),
    };
    // Whether there are any checks is told by those that are asked for, or by there being none.
    if matches!(variable.kind, Type::Scores) && read.entry.is_none() && matches!(reading, Ok(Some(_))) {
        return None;
    }
    Some(match reading {
        Ok(Some(value)) => format!("{name} = {}", shown(&value, known)),
        Ok(None) => format!("no {name}"),
        Err(_) => format!("{name} unknown"),
    })
}

fn shown(value: &Value<'_>, known: &Known<'_, '_>) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => format!("{number:?}"),
        Value::Text(text) => match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{:?}…", text.get(..at).unwrap_or_default()),
            None => format!("{text:?}"),
        },
        Value::List(elements) => {
            let mut parts: Vec<String> = elements.iter().take(ELEMENTS).map(|element| shown(element, known)).collect();
            if elements.len() > ELEMENTS {
                parts.push(format!("{} more", elements.len() - ELEMENTS));
            }
            format!("[{}]", parts.join(", "))
        }
        Value::Advisory(at) => {
            let id: Reading<'_> = known.of_advisory(*at, Asked::Id);
            match id {
                Ok(Some(Value::Text(id))) => id.into_owned(),
                _ => "an advisory".to_owned(),
            }
        }
    }
}
