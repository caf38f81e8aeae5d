//! The baseline's file.

use std::fmt::Write as _;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Baseline, Entry};
use crate::model::{DependencyKind, Kinds, Level, Severity};

/// A baseline of more bytes is refused (hostile input).
pub const LARGEST: usize = 64 << 20;

/// The version of the format.
const VERSION: u32 = 1;

/// A path, a purl or an id is no longer than this, in bytes.
const LONGEST: usize = 4_096;

/// How many ids one finding may have. A group has a handful.
const MOST_IDS: usize = 1_000;

/// A mistake in a baseline file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{place}: {message}")]
pub struct BaselineError {
    /// The file, as the user named it.
    pub path: String,
    /// The line in it, from 1.
    pub line: Option<u32>,
    place: String,
    /// What is wrong and what to do.
    pub message: String,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    findings: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(deserialize_with = "path")]
    path: String,
    package: Option<String>,
    rule: String,
    #[serde(deserialize_with = "ids")]
    ids: Vec<String>,
    #[serde(deserialize_with = "level")]
    level: String,
    #[serde(deserialize_with = "severity")]
    severity: Option<String>,
    #[serde(deserialize_with = "kinds")]
    kinds: Vec<String>,
    exploited: bool,
    #[serde(deserialize_with = "fingerprint")]
    fingerprint: String,
}

impl Baseline {
    /// Reads a baseline file; `path` is its name in errors.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its line.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, BaselineError> {
        let fail = |line: Option<(usize, usize)>, message: String| BaselineError {
            path: path.to_owned(),
            line: line.and_then(|(line, _)| u32::try_from(line).ok()),
            place: line.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default(),
            message,
        };
        if bytes.len() > LARGEST {
            return Err(fail(None, format!("a baseline is at most {} MiB long", LARGEST >> 20)));
        }
        let plain = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        // One of another version may hold other things.
        if let Ok(Version { version }) = serde_json::from_slice(plain)
            && version != VERSION
        {
            let message = format!(
                "this osprey reads baselines of version {VERSION}, not {version}; a newer osprey may read this one"
            );
            return Err(fail(None, message));
        }
        let document: Document = serde_json::from_slice(plain).map_err(|error| {
            let place = (error.line(), error.column().max(1));
            fail(Some(place), format!("not a baseline: {}", not_a_baseline(plain, &error)))
        })?;
        let mut entries: Vec<Entry> = document.findings.into_iter().map(Entry::from).collect();
        entries.sort();
        // Who merges two branches by hand may have kept a line of each.
        entries.dedup();
        Ok(Self { entries })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut out = format!("{{\n\"version\": {VERSION},\n\"findings\": [");
        for (at, entry) in self.entries.iter().enumerate() {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            // Neither writing to a string nor a structure of texts can fail.
            let _ = write!(out, "{}", serde_json::to_string(&Line::of(entry)).unwrap_or_default());
        }
        out.push_str("\n]\n}\n");
        out
    }
}

/// What is wrong with a file that is no baseline, and what to do.
fn not_a_baseline(bytes: &[u8], error: &serde_json::Error) -> String {
    let line = bytes.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    if line.starts_with(b"<<<<<<<") || line.starts_with(b"=======") || line.starts_with(b">>>>>>>") {
        return "a conflict of two branches is left in it; keep the lines of both, or write it anew with `osprey baseline`"
            .to_owned();
    }
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = whole.strip_suffix(&place).unwrap_or(&whole);
    let message = if error.is_eof() { "it ends in the middle" } else { message };
    format!("{message}; write it anew with `osprey baseline`")
}

impl Line {
    fn of(entry: &Entry) -> Self {
        Self {
            path: entry.path.clone(),
            package: entry.package.clone(),
            rule: entry.rule.clone(),
            ids: entry.ids.clone(),
            level: entry.level.as_str().to_owned(),
            severity: entry.severity.map(|severity| severity.as_str().to_owned()),
            kinds: entry.kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
            exploited: entry.exploited,
            fingerprint: entry.fingerprint.clone(),
        }
    }
}

impl From<Line> for Entry {
    fn from(line: Line) -> Self {
        let mut kinds = Kinds::default();
        for kind in line.kinds.iter().filter_map(|kind| DependencyKind::from_word(kind)) {
            kinds.insert(kind);
        }
        let mut ids = line.ids;
        ids.sort();
        ids.dedup();
        Self {
            path: line.path,
            package: line.package,
            rule: line.rule,
            ids,
            level: Level::from_word(&line.level).unwrap_or(Level::Warn),
            severity: line.severity.map(|word| severity_of(&word).unwrap_or(Severity::Unknown)),
            kinds,
            exploited: line.exploited,
            fingerprint: line.fingerprint,
            version: None,
        }
    }
}

fn severity_of(word: &str) -> Option<Severity> {
    if word == Severity::Unknown.as_str() { Some(Severity::Unknown) } else { Severity::from_word(word) }
}

/// A text that fits, or an error that says what would.
fn fitting<'de, D: Deserializer<'de>>(
    deserializer: D,
    fits: impl Fn(&str) -> bool,
    what: &str,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() <= LONGEST && fits(&text) { Ok(text) } else { Err(D::Error::custom(what)) }
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_inside = |path: &str| {
        let is_plain = |part: &str| !part.is_empty() && part != "..";
        path == super::PROJECT || (!path.contains('\\') && path.split('/').all(is_plain))
    };
    fitting(deserializer, is_inside, "`path` must be relative to the root, with `/`")
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_level = |word: &str| matches!(word, "deny" | "warn" | "allow");
    fitting(deserializer, is_level, "`level` takes \"deny\", \"warn\" or \"allow\"")
}

fn fingerprint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_one = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    fitting(deserializer, is_one, "`fingerprint` must be 64 hexadecimal digits")
}

fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    if word.as_deref().is_none_or(|word| severity_of(word).is_some()) {
        return Ok(word);
    }
    Err(D::Error::custom("`severity` takes \"unknown\", \"none\", \"low\", \"medium\", \"high\", \"critical\" or null"))
}

fn kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    if words.iter().all(|word| DependencyKind::from_word(word).is_some()) {
        return Ok(words);
    }
    Err(D::Error::custom("`kinds` takes \"runtime\", \"build\", \"optional\", \"peer\" and \"dev\""))
}

fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let ids = Vec::<String>::deserialize(deserializer)?;
    if ids.len() <= MOST_IDS && ids.iter().all(|id| !id.is_empty() && id.len() <= LONGEST) {
        return Ok(ids);
    }
    Err(D::Error::custom(format_args!("`ids` takes at most {MOST_IDS} ids of advisories")))
}
