//! Advisories, as OSV's API and bucket hold them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::versions::compare;

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// When it was changed, as it stands in the record.
    pub(crate) modified: String,
    pub(crate) is_withdrawn: bool,
    pub(crate) aliases: Vec<String>,
    /// The folders of the bucket that hold it: ecosystems without what follows a colon, or `[EMPTY]`.
    pub(crate) folders: BTreeSet<String>,
    /// The packages that it speaks of, as (ecosystem, name).
    packages: BTreeSet<(String, String)>,
    pub(crate) text: Arc<Vec<u8>>,
}

impl Record {
    /// A record of its text. One that is no OSV record lies in the given folder, under the given id, and no query finds it.
    pub(crate) fn new(text: Vec<u8>, id: &str, folder: Option<&str>) -> Self {
        let json: Value = serde_json::from_slice(&text).unwrap_or_default();
        let strings = |key: &str| -> Vec<String> {
            let items = json[key].as_array().into_iter().flatten();
            items.filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect()
        };
        let affected = json["affected"].as_array().into_iter().flatten();
        let packages: BTreeSet<(String, String)> = affected
            .filter_map(|affected| {
                let ecosystem = affected["package"]["ecosystem"].as_str()?;
                Some((ecosystem.to_owned(), normal(ecosystem, affected["package"]["name"].as_str()?)))
            })
            .collect();
        let mut folders: BTreeSet<String> = packages.iter().map(|(ecosystem, _)| base(ecosystem).to_owned()).collect();
        folders.extend(folder.map(ToOwned::to_owned));
        if folders.is_empty() {
            folders.insert("[EMPTY]".to_owned());
        }
        Self {
            id: json["id"].as_str().unwrap_or(id).to_owned(),
            modified: json["modified"].as_str().unwrap_or("1970-01-01T00:00:00Z").to_owned(),
            is_withdrawn: json["withdrawn"].is_string(),
            aliases: strings("aliases"),
            folders,
            packages,
            text: Arc::new(text),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.text).unwrap_or_default()
    }

    /// Whether it covers a version of a package. Where this order of versions does not know, it does: a record too many is
    /// what the real service gives too.
    fn covers(&self, ecosystem: &str, name: &str, version: &str) -> bool {
        let json = self.json();
        json["affected"].as_array().into_iter().flatten().any(|affected| {
            let (of, named) = (affected["package"]["ecosystem"].as_str(), affected["package"]["name"].as_str());
            is_asked_for(of.unwrap_or_default(), ecosystem)
                && normal(ecosystem, named.unwrap_or_default()) == name
                && is_affected(affected, ecosystem, version)
        })
    }
}

/// An ecosystem without what follows a colon.
pub(super) fn base(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or_default()
}

/// Whether a query for an ecosystem reaches records of another; `Debian` reaches those of every release.
fn is_asked_for(of: &str, asked: &str) -> bool {
    of == asked || (base(of) == asked && !asked.contains(':'))
}

/// A name as the server compares it: PEP 503 for `PyPI`, and as it stands elsewhere.
pub(super) fn normal(ecosystem: &str, name: &str) -> String {
    if base(ecosystem) != "PyPI" {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

fn is_affected(affected: &Value, ecosystem: &str, version: &str) -> bool {
    let listed = affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut is_unsure = false;
    for other in listed {
        if other == version || compare(ecosystem, other, version) == Some(Ordering::Equal) {
            return true;
        }
    }
    for range in affected["ranges"].as_array().into_iter().flatten() {
        if range["type"] == "GIT" {
            continue;
        }
        match in_range(range, ecosystem, version) {
            Some(true) => return true,
            Some(false) => {}
            None => is_unsure = true,
        }
    }
    is_unsure
}

/// Walks the events of a range in order (<https://ossf.github.io/osv-schema/#evaluation>); none where two versions cannot be
/// compared.
fn in_range(range: &Value, ecosystem: &str, version: &str) -> Option<bool> {
    // How the version stands to each event, and in which order events of one version count.
    let mut events: Vec<(&str, u8)> = Vec::new();
    for event in range["events"].as_array().into_iter().flatten() {
        for (rank, kind) in (0..).zip(["introduced", "last_affected", "fixed", "limit"]) {
            events.extend(event[kind].as_str().map(|at| (at, rank)));
        }
    }
    let order = |left: &str, right: &str| match (left, right) {
        (left, right) if left == right => Some(Ordering::Equal),
        ("0", _) | (_, "*") => Some(Ordering::Less),
        (_, "0") | ("*", _) => Some(Ordering::Greater),
        (left, right) => compare(ecosystem, left, right),
    };
    let mut is_unsure = false;
    events.sort_by(|left, right| {
        let between = order(left.0, right.0);
        is_unsure |= between.is_none();
        between.unwrap_or(Ordering::Equal).then(left.1.cmp(&right.1))
    });
    let mut inside = false;
    for (at, rank) in &events {
        let stands = if *at == "0" { Ordering::Greater } else { order(version, at)? };
        match rank {
            0 if stands.is_ge() => inside = true,
            1 if stands.is_gt() => inside = false,
            2 if stands.is_ge() => inside = false,
            _ => {}
        }
    }
    let mut limits = events.iter().filter(|(_, rank)| *rank == 3).peekable();
    let is_within = limits.peek().is_none() || limits.any(|(at, _)| order(version, at) == Some(Ordering::Less));
    (!is_unsure).then_some(inside && is_within)
}

/// All records, by id and by package.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    by_id: BTreeMap<String, Record>,
    /// By name and ecosystem.
    by_package: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Records {
    /// Adds a record, or puts it in the place of the one with its id.
    pub(crate) fn insert(&mut self, record: Record) {
        self.remove(&record.id);
        for (ecosystem, name) in &record.packages {
            self.by_package.entry((name.clone(), ecosystem.clone())).or_default().insert(record.id.clone());
        }
        self.by_id.insert(record.id.clone(), record);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Record> {
        let record = self.by_id.remove(id)?;
        for (ecosystem, name) in &record.packages {
            if let Some(ids) = self.by_package.get_mut(&(name.clone(), ecosystem.clone())) {
                ids.remove(id);
            }
        }
        Some(record)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Record> {
        self.by_id.get(id)
    }

    /// All of them, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.by_id.values()
    }

    /// Those that name a package and are not withdrawn, by id; with a version, those that cover it. No ecosystem means any.
    pub(super) fn of(&self, ecosystem: Option<&str>, name: &str, version: Option<&str>) -> Vec<&Record> {
        let wanted = normal(ecosystem.unwrap_or_default(), name);
        let from = (wanted.clone(), String::new());
        let rows = self.by_package.range(from..).take_while(|((name, _), _)| *name == wanted);
        let mut ids = BTreeSet::new();
        for ((_, of), found) in rows {
            if ecosystem.is_none_or(|asked| is_asked_for(of, asked)) {
                ids.extend(found.iter().map(|id| (id, of)));
            }
        }
        let mut found: Vec<&Record> = Vec::new();
        for (id, of) in ids {
            let record = &self.by_id[id];
            let covers = version.is_none_or(|version| record.covers(of, &wanted, version));
            if !record.is_withdrawn && covers && found.last().is_none_or(|last| last.id != record.id) {
                found.push(record);
            }
        }
        found
    }
}
