//! A policy's own examples: what it should make of facts or of a finding, held against what it makes of them. They have
//! no effect on scans.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Policy, decide};
use crate::expression::{CustomRule, Fact, Facts, Reading, Value, Variable};
use crate::model::{
    AdvisoryKind, Affected, AliasGroup, DependencyGraph, Epss, Exploited, Finding, Fix, GraphBuilder, JudgedRecord,
    Kinds, Level, Location, Missing, PackageId, PathCount, Rating, RepoPath, Rule, Severity, Subject, Why,
};

/// An example of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The rule that it is about.
    pub rule: &'static Rule,
    /// What is so.
    pub case: Case,
    /// Where it stands.
    pub location: Location,
}

/// What an example says.
#[derive(Debug, Clone, PartialEq)]
pub enum Case {
    /// With these facts, a rule of the policy's own gives that.
    Facts(&'static CustomRule, Given, Answer),
    /// A finding like this has that level.
    Finding(Box<Described>, Level),
}

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It holds: the rule fires.
    Match,
    /// It does not.
    NoMatch,
    /// What is known does not decide it.
    Unknown,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Match, Self::NoMatch, Self::Unknown];

    /// The word that policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::Unknown => "unknown",
        }
    }
}

/// A fact as an example states it.
#[derive(Debug, Clone, PartialEq)]
pub enum Stated {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A number for each of some names.
    Scores(BTreeMap<String, i64>),
    /// Advisories, each with what is stated of it.
    Advisories(Vec<BTreeMap<Fact, Stated>>),
    /// There is none.
    Absent,
}

/// The facts of an example. What it does not state is unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given(pub BTreeMap<Fact, Stated>);

/// A finding as an example describes it; what it leaves out is as below.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The package; `pkg:npm/example@1.0.0`.
    pub package: PackageId,
    /// The lockfile; that of the root.
    pub path: RepoPath,
    /// Whether a project names the package itself; it does.
    pub direct: bool,
    /// What the package is for; runtime.
    pub kinds: Kinds,
    /// Whether the file lies among test data; it does not.
    pub test_data: bool,
    /// The advisory, for rules that rest on one.
    pub advisory: Option<AliasGroup>,
}

impl Described {
    /// What is described where nothing is said.
    pub(super) fn of(rule: &'static Rule, package: PackageId) -> Self {
        Self {
            path: format!("example.{}", package.ecosystem.purl_type()).into(),
            package,
            direct: true,
            kinds: Kinds::only(crate::model::DependencyKind::Runtime),
            test_data: false,
            advisory: rule.data.contains(&crate::model::Data::Advisories).then(|| advisory(rule)),
        }
    }
}

/// An advisory of the kind that a rule is about, which says nothing else.
fn advisory(rule: &Rule) -> AliasGroup {
    let kind = match rule.id {
        super::MALICIOUS_PACKAGE => AdvisoryKind::Malware,
        super::UNMAINTAINED_PACKAGE => AdvisoryKind::Unmaintained,
        "unsound-code" => AdvisoryKind::Unsound,
        "security-notice" => AdvisoryKind::Notice,
        _ => AdvisoryKind::Vulnerability,
    };
    let record = JudgedRecord {
        id: "EXAMPLE-1".to_owned(),
        aliases: Vec::new(),
        kind,
        affected: Affected::Yes,
        rating: Rating::UNKNOWN,
        fixed: Vec::new(),
        summary: String::new(),
        published: None,
        modified: None,
        cwes: Vec::new(),
        references: Vec::new(),
        os: Vec::new(),
        arch: Vec::new(),
    };
    AliasGroup {
        records: vec![record],
        aliases: Vec::new(),
        rating: Rating { severity: Severity::Unknown, ..Rating::UNKNOWN },
        fixed_in: None,
        exploited: if rule.id == super::KNOWN_EXPLOITED { exploited() } else { Exploited::Unknown },
        epss: None,
    }
}

/// That attacks are known.
pub(super) fn exploited() -> Exploited {
    Exploited::Yes { cve: "EXAMPLE-1".to_owned(), since: "2020-01-01".to_owned(), ransomware: false }
}

/// A probability of attacks.
pub(super) fn epss(score: f64) -> Epss {
    Epss { score, percentile: score }
}

/// What became of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it expects.
    pub expected: &'static str,
    /// What the policy gives.
    pub got: &'static str,
    /// Why it gives that.
    pub why: String,
}

impl Outcome {
    /// Whether it is as expected.
    pub fn is_right(&self) -> bool {
        self.expected == self.got
    }
}

/// What a policy makes of one of its examples.
pub fn run_example(example: &Example, policy: &Policy, today: Date) -> Outcome {
    match &example.case {
        Case::Facts(custom, given, expected) => {
            let (got, why) = match custom.condition.evaluate(given) {
                Ok(true) => (Answer::Match, "the expression is true".to_owned()),
                Ok(false) => (Answer::NoMatch, "the expression is false".to_owned()),
                Err(_) => (Answer::Unknown, undecided(custom, given)),
            };
            Outcome { expected: expected.as_str(), got: got.as_str(), why }
        }
        Case::Finding(described, expected) => {
            let (got, why) = level(example.rule, described, policy, today);
            Outcome { expected: expected.as_str(), got: got.as_str(), why }
        }
    }
}

/// What is not stated that the expression reads.
fn undecided(custom: &CustomRule, given: &Given) -> String {
    let mut names: Vec<String> = Vec::new();
    let is_field = |variable: &Variable| crate::expression::FIELDS.contains(variable);
    for read in custom.condition.reads().iter().filter(|read| !is_field(read.variable)) {
        let (name, reading) = match &read.entry {
            Some(entry) => (format!("{}[{entry:?}]", read.variable.name), given.entry(read.variable.fact, entry)),
            None => (read.variable.name.to_owned(), given.read(read.variable.fact)),
        };
        match reading {
            Ok(Some(_)) => {}
            Ok(None) => names.push(format!("{name} is absent")),
            Err(_) => names.push(format!("{name} is not given")),
        }
    }
    match names.is_empty() {
        true => "something that it asks about an advisory is not given".to_owned(),
        false => names.join(", "),
    }
}

/// The level of a finding like the one described, and why.
fn level(rule: &'static Rule, described: &Described, policy: &Policy, today: Date) -> (Level, String) {
    let mut builder = GraphBuilder::new(&described.path, "example");
    let package = builder.package(described.package.clone(), None);
    builder.mark(package, Some(described.direct), described.kinds);
    let mut graph: DependencyGraph = builder.finish_as_marked();
    for root in &mut graph.roots {
        root.test_data = described.test_data;
    }
    let finding = Finding {
        rule,
        subject: Subject::Package { package, root: 0 },
        locations: Vec::new(),
        related: Vec::new(),
        message: String::new(),
        escalated: false,
        advisory: described.advisory.clone(),
        also: Vec::new(),
        chains: Vec::new(),
        chains_total: PathCount::Exactly(0),
        fix: Fix::UNKNOWN,
        fingerprint: String::new(),
    };
    let (decisions, _) = decide(vec![finding], &graph, policy, today);
    match decisions.first() {
        None => (Level::Off, "the rule is off".to_owned()),
        Some(decision) => {
            let why = match &decision.exception {
                Some(exception) => format!("excepted: {}", exception.id),
                None => decision.reason.clone(),
            };
            (decision.effective(), why)
        }
    }
}

fn reading(stated: Option<&Stated>) -> Reading<'_> {
    Ok(Some(match stated {
        None => return Err(Missing { source: crate::model::source::TREE, why: Why::NotTold }),
        Some(Stated::Absent) => return Ok(None),
        Some(Stated::Bool(truth)) => Value::Bool(*truth),
        Some(Stated::Int(number)) => Value::Int(*number),
        Some(Stated::Double(number)) => Value::Double(*number),
        Some(Stated::Text(text)) => Value::Text(Cow::Borrowed(text)),
        Some(Stated::Texts(texts)) => Value::texts(texts.iter().map(String::as_str)),
        Some(Stated::Scores(_)) => Value::Bool(true),
        Some(Stated::Advisories(advisories)) => Value::List((0..advisories.len()).map(Value::Advisory).collect()),
    }))
}

impl Facts for Given {
    fn read(&self, fact: Fact) -> Reading<'_> {
        reading(self.0.get(&fact))
    }

    fn of_advisory(&self, at: usize, fact: Fact) -> Reading<'_> {
        match self.0.get(&Fact::Advisories) {
            Some(Stated::Advisories(advisories)) => reading(advisories.get(at).and_then(|stated| stated.get(&fact))),
            other => reading(other),
        }
    }

    fn entry(&self, fact: Fact, name: &str) -> Reading<'_> {
        match self.0.get(&fact) {
            Some(Stated::Scores(scores)) => match scores.get(name) {
                Some(score) => Ok(Some(Value::Int(*score))),
                None => reading(None),
            },
            other => reading(other),
        }
    }
}
