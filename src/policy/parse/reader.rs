//! Reading TOML values by type, with every mistake noted where it stands.

use std::fmt;
use std::ops::Range;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::{LineIndex, Location, RepoPath};

/// After so many mistakes the rest is only counted: a hostile file can hold millions.
const MOST_ERRORS: usize = 100;

/// How much of a text from the file a message repeats, in characters.
const QUOTED: usize = 80;

/// How many entries an array may have.
pub(super) const LONGEST_ARRAY: usize = 5_000;

/// How alike two names must be for one to be offered instead of the other (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// Fewer names than this are listed where none is alike.
const FEW: usize = 12;

/// A value that knows where it stands.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A mistake in a policy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct PolicyError {
    /// The file, as the user named it.
    pub path: String,
    /// The line, from 1; 0: the file as a whole.
    pub line: u32,
    /// The column, from 1, in UTF-16 code units; 0: the file as a whole.
    pub column: u32,
    /// What is wrong and what would be right.
    pub message: String,
}

impl PolicyError {
    /// What is wrong with a file as a whole.
    pub(super) fn of_file(path: &str, message: &str) -> Self {
        Self { path: path.to_owned(), line: 0, column: 0, message: message.to_owned() }
    }

    /// Where it is: `osprey.toml:3:7`, or `the policy osprey.toml`.
    fn place(&self) -> String {
        match self.line {
            0 => format!("the policy {}", self.path),
            line => format!("{}:{line}:{}", self.path, self.column),
        }
    }
}

/// A file and the mistakes found in it so far.
pub(super) struct Reader<'t> {
    path: &'t str,
    lines: LineIndex<'t>,
    errors: Vec<PolicyError>,
    uncounted: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(path: &'t str, text: &'t str) -> Self {
        Self { path, lines: LineIndex::new(&RepoPath::from(path), text), errors: Vec::new(), uncounted: 0 }
    }

    pub(super) fn locate(&self, span: &Range<usize>) -> Location {
        self.lines.locate(span.start, span.len())
    }

    /// Notes a mistake.
    pub(super) fn fail(&mut self, span: &Range<usize>, message: impl Into<String>) {
        if self.errors.len() >= MOST_ERRORS {
            self.uncounted += 1;
            return;
        }
        let Location { line, column, .. } = self.lines.locate(span.start, 0);
        self.errors.push(PolicyError { path: self.path.to_owned(), line, column, message: message.into() });
    }

    /// What stands there in the file, as it is written.
    pub(super) fn written(&self, span: &Range<usize>) -> &'t str {
        self.lines.text().get(span.clone()).unwrap_or_default()
    }

    /// Notes mistakes of a file that this one leads to.
    pub(super) fn take_over(&mut self, errors: Vec<PolicyError>) {
        self.errors.extend(errors);
    }

    /// Where something stands: file, line and column.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        let Location { line, column, .. } = self.lines.locate(span.start, 0);
        format!("{}:{line}:{column}", self.path)
    }

    /// The mistakes, by place.
    pub(super) fn finish(mut self) -> Vec<PolicyError> {
        self.errors.sort();
        if let Some(last) = self.errors.last().filter(|_| self.uncounted > 0) {
            let message = format!("and {} more mistakes in this file", self.uncounted);
            self.errors.push(PolicyError { message, ..last.clone() });
        }
        self.errors
    }

    /// Notes a name that does not exist; `place` says where it was looked for, `" in …"`.
    pub(super) fn unknown(&mut self, what: &str, place: &str, word: &Spanned<impl AsRef<str>>, known: &[&str]) {
        let (span, word) = (word.span(), word.get_ref().as_ref());
        // The search for the nearest name is not worth its while for what is only counted.
        let nearest = if self.errors.len() < MOST_ERRORS { nearest(word, known.iter().copied()) } else { None };
        let offer = match nearest {
            None if known.len() < FEW => format!("; known: {}", known.join(", ")),
            nearest => did_you_mean(nearest),
        };
        self.fail(&span, format!("unknown {what} {}{place}{offer}", quoted(word)));
    }

    /// Notes the keys of a table that are none of those known.
    pub(super) fn check_keys(&mut self, table: &DeTable<'_>, place: &str, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            self.unknown("key", &format!(" in {place}"), key, known);
        }
    }

    fn wrong_type(&mut self, name: &str, value: &Value<'_>, wanted: &str) {
        self.fail(&value.span(), format!("`{name}` must be {wanted}, not {}", type_of(value.get_ref())));
    }

    /// A text that is not blank.
    pub(super) fn text<'v>(&mut self, name: &str, value: &'v Value<'_>) -> Option<&'v str> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(name, value, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.fail(&value.span(), format!("`{name}` is empty"));
            return None;
        }
        Some(text)
    }

    pub(super) fn boolean(&mut self, name: &str, value: &Value<'_>) -> Option<bool> {
        if let DeValue::Boolean(truth) = value.get_ref() {
            return Some(*truth);
        }
        self.wrong_type(name, value, "true or false");
        None
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, name: &str, value: &Value<'_>, bounds: &Range<u32>) -> Option<u32> {
        let DeValue::Integer(integer) = value.get_ref() else {
            self.wrong_type(name, value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| bounds.contains(n));
        if number.is_none() {
            let message = format!("`{name}` must be from {} to {}", bounds.start, bounds.end.saturating_sub(1));
            self.fail(&value.span(), message);
        }
        number
    }

    /// A number from 0 to a greatest one, whole or not.
    pub(super) fn decimal(&mut self, name: &str, value: &Value<'_>, greatest: f64) -> Option<f64> {
        let number = match value.get_ref() {
            DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok().map(f64::from),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => {
                self.wrong_type(name, value, "a number");
                return None;
            }
        };
        let number = number.filter(|number: &f64| (0.0..=greatest).contains(number));
        if number.is_none() {
            self.fail(&value.span(), format!("`{name}` must be from 0 to {greatest}"));
        }
        number
    }

    /// A number of hours, days or weeks, and more than none.
    pub(super) fn duration(&mut self, name: &str, value: &Value<'_>) -> Option<SignedDuration> {
        self.duration_from(1, name, value)
    }

    /// A number of days, which may be none; what is less than a day counts as one.
    pub(super) fn days(&mut self, name: &str, value: &Value<'_>) -> Option<u32> {
        let hours = self.duration_from(0, name, value)?.as_hours();
        u32::try_from((hours + 23) / 24).ok()
    }

    fn duration_from(&mut self, least: i64, name: &str, value: &Value<'_>) -> Option<SignedDuration> {
        const EXAMPLE: &str = "a number of hours, days or weeks such as \"7d\"";
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(name, value, EXAMPLE);
            return None;
        };
        let hours = [("h", 1), ("d", 24), ("w", 7 * 24)].into_iter().find_map(|(unit, hours)| {
            let number: u16 = text.strip_suffix(unit)?.parse().ok()?;
            Some(i64::from(number) * hours)
        });
        let age = hours.filter(|&hours| hours >= least).map(SignedDuration::from_hours);
        if age.is_none() {
            let message = format!("`{name}` must be {EXAMPLE}, not {}", quoted(text));
            self.fail(&value.span(), message);
        }
        age
    }

    /// A day without a time, as TOML writes it.
    pub(super) fn day(&mut self, name: &str, value: &Value<'_>) -> Option<jiff::civil::Date> {
        if let DeValue::Datetime(moment) = value.get_ref()
            && let (Some(date), None) = (moment.date, moment.time)
        {
            let parts = (i16::try_from(date.year), i8::try_from(date.month), i8::try_from(date.day));
            let day = match parts {
                (Ok(year), Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).ok(),
                _ => None,
            };
            if day.is_none() {
                self.fail(&value.span(), format!("`{name}`: there is no such day"));
            }
            return day;
        }
        self.wrong_type(name, value, "a day such as 2027-01-31, without quotes and without a time");
        None
    }

    /// A table.
    pub(super) fn table<'v, 's>(&mut self, name: &str, value: &'v Value<'s>) -> Option<&'v DeTable<'s>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(name, value, "a table");
        }
        table
    }

    /// The elements of an array; of what is none, nothing. Findings are held against every element of some arrays,
    /// so that their length is bounded.
    pub(super) fn array<'v, 's>(&mut self, name: &str, value: &'v Value<'s>, of: &str) -> &'v [Value<'s>] {
        match value.get_ref().as_array() {
            Some(array) if array.len() > LONGEST_ARRAY => {
                self.fail(&value.span(), format!("`{name}` has {} entries; {LONGEST_ARRAY} are the most", array.len()));
                &[]
            }
            Some(array) => array,
            None => {
                self.wrong_type(name, value, &format!("an array of {of}"));
                &[]
            }
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &str,
        value: &Value<'_>,
        choices: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(name, value)?;
        let found = choices.iter().copied().find(|&choice| as_str(choice) == text);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|&choice| as_str(choice)).collect();
            let near = did_you_mean(nearest(text, words.iter().copied()));
            self.fail(&value.span(), format!("`{name}` takes {}, not {}{near}", one_of(&words), quoted(text)));
        }
        found
    }
}

/// `"a", "b" or "c"`.
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What a user would call the type of a value.
fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// A text from the file as a message repeats it: in quotes, on one line, cut where it is long.
pub(in crate::policy) fn quoted(text: &str) -> impl fmt::Display + use<> {
    let cut = text.char_indices().nth(QUOTED).map(|(at, _)| at);
    match cut {
        Some(at) => format!("{:?}…", &text[..at]),
        None => format!("{text:?}"),
    }
}

/// The known name that is most like a word, if one is like it at all.
pub(in crate::policy) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > QUOTED {
        return None;
    }
    let scored = known.map(|name| (strsim::jaro_winkler(word, name), name));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// The end of a message that offers a name.
pub(in crate::policy) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; did you mean \"{name}\"?"))
}
