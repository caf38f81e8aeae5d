use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;
use crate::model::{AdvisoryKind, Badge, DependencyKind, Ecosystem, Evidence, Severity, SourceKind, Why, source};

/// Facts by name: known, or absent (`None`). What is not here is unknown.
#[derive(Default, Clone)]
struct Told {
    facts: BTreeMap<Fact, Option<Value<'static>>>,
    advisories: Vec<BTreeMap<Fact, Option<Value<'static>>>>,
    scores: BTreeMap<&'static str, i64>,
}

const UNKNOWN: Missing = Missing { source: source::DEPS_DEV, why: Why::Failed };

impl Facts for Told {
    fn read(&self, fact: Fact) -> Reading<'_> {
        self.facts.get(&fact).cloned().ok_or(UNKNOWN)
    }

    fn of_advisory(&self, at: usize, fact: Fact) -> Reading<'_> {
        self.advisories[at].get(&fact).cloned().ok_or(UNKNOWN)
    }

    fn entry(&self, _: Fact, name: &str) -> Reading<'_> {
        Ok(self.scores.get(name).map(|score| Value::Int(*score)))
    }
}

fn fact(name: &str) -> Fact {
    VARIABLES.iter().chain(FIELDS).find(|variable| variable.name == name).unwrap().fact
}

/// Facts of which all that the tests read is known.
fn told() -> Told {
    let text = |text: &'static str| Some(Value::text(text));
    let facts = [
        ("package.name", text("left-pad")),
        ("package.version", text("1.10.0")),
        ("package.ecosystem", text("npm")),
        ("package.direct", Some(Value::Bool(true))),
        ("package.kinds", Some(Value::texts(["runtime", "dev"]))),
        ("package.source.kind", text("registry")),
        ("package.source.url", None),
        ("health.age_days", Some(Value::Int(12))),
        ("health.releases", Some(Value::Int(7))),
        ("health.scorecard", Some(Value::Double(4.5))),
        ("health.badge", None),
        ("health.checks", Some(Value::Bool(true))),
        ("advisories", Some(Value::List(vec![Value::Advisory(0), Value::Advisory(1)]))),
    ];
    let advisory = |id: &'static str, severity: &'static str, fixed: Option<Value<'static>>| {
        BTreeMap::from([
            (fact("id"), Some(Value::text(id))),
            (fact("severity"), Some(Value::text(severity))),
            (fact("score"), Some(Value::Double(7.5))),
            (fact("fixed"), fixed),
            (fact("aliases"), Some(Value::texts(["CVE-1", "CVE-2"]))),
        ])
    };
    Told {
        facts: facts.into_iter().map(|(name, value)| (fact(name), value)).collect(),
        advisories: vec![advisory("GHSA-1", "high", Some(Value::text("2.0.0"))), advisory("GHSA-2", "low", None)],
        scores: BTreeMap::from([("Code-Review", 3)]),
    }
}

/// What a look tells of the facts.
fn glance(told: &Told) -> Glance<'_> {
    let known = |name: &str| told.facts.get(&fact(name)).and_then(Option::as_ref);
    let text = |name| match known(name) {
        Some(Value::Text(text)) => Some(&**text),
        _ => None,
    };
    let direct = matches!(known("package.direct"), Some(Value::Bool(_)))
        .then(|| known("package.direct") == Some(&Value::Bool(true)));
    let advised = match known("advisories") {
        Some(Value::List(list)) => Some(!list.is_empty()),
        _ => None,
    };
    Glance { name: text("package.name"), version: text("package.version"), direct, advised }
}

fn of(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
}

/// `true`, `false`, or why it is undecided.
fn given(text: &str) -> String {
    match of(text).evaluate(&told()) {
        Ok(truth) => truth.to_string(),
        Err(missing) => {
            missing.iter().map(|missing| format!("{} {:?}", missing.source, missing.why)).collect::<Vec<_>>().join(", ")
        }
    }
}

#[test]
fn the_table_is_whole() {
    let mut names = BTreeSet::new();
    let mut facts = BTreeSet::new();
    for variable in VARIABLES.iter().chain(FIELDS) {
        let name = variable.name;
        assert!(names.insert(name) && facts.insert(variable.fact), "{name} stands twice");
        assert!(!variable.meaning.is_empty() && !variable.meaning.ends_with('.'), "{name}: {:?}", variable.meaning);
        assert!(!variable.data.is_empty(), "{name} comes from nowhere");
        let is_list = matches!(variable.kind, Type::List(_) | Type::Advisories);
        assert_eq!(is_list, variable.most > 1, "{name}: a list has a bound");
    }
    assert_eq!(facts.len(), Fact::ProjectScore as usize + 1, "a fact without a row");
    let words = |name: &str| -> Vec<&str> {
        VARIABLES.iter().chain(FIELDS).find(|variable| variable.name == name).unwrap().kind.words().to_vec()
    };
    assert_eq!(words("package.ecosystem"), Ecosystem::ALL.iter().map(|e| e.osv_name()).collect::<Vec<_>>());
    assert_eq!(words("package.kinds"), DependencyKind::ALL.map(DependencyKind::as_str));
    assert_eq!(words("health.badge"), Badge::ALL.map(Badge::as_str));
    let evidence = [Evidence::Claimed, Evidence::Origin, Evidence::Attested];
    assert_eq!(words("health.evidence"), evidence.map(Evidence::as_str));
    use SourceKind::{Git, Path, Registry, Unknown, Url, Workspace};
    assert_eq!(words("package.source.kind"), [Registry, Git, Path, Url, Workspace, Unknown].map(SourceKind::as_str));
    use AdvisoryKind::{Malware, Notice, Unmaintained, Unsound, Vulnerability};
    assert_eq!(words("kind"), [Malware, Vulnerability, Unsound, Unmaintained, Notice].map(AdvisoryKind::as_str));
    let severities =
        [Severity::Unknown, Severity::None, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    assert_eq!(words("severity"), severities.map(Severity::as_str));
}

#[test]
fn every_function_is_written_as_its_table_says() {
    for function in FUNCTIONS {
        let usage = function.usage;
        // What gives no truth is made one.
        let whole = match function.name {
            "size" => format!("{usage} > 1"),
            "map" => format!("\"X\" in {usage}"),
            _ => usage.to_owned(),
        };
        of(&whole);
    }
}

#[test]
fn what_is_known_decides() {
    for text in [
        "package.direct",
        "package.name == 'left-pad' && package.name != \"right\"",
        "package.ecosystem in ['npm', 'PyPI']",
        "'dev' in package.kinds && !('peer' in package.kinds)",
        "health.age_days < 90 && health.age_days >= 12 && 12 <= health.age_days",
        "health.scorecard < 5 && health.scorecard < 5.0 && 4 < health.scorecard",
        "health.age_days + 3 * 2 - 1 == 17 && -health.age_days == -12 && health.age_days / 5 == 2 && health.age_days % 5 == 2",
        "health.scorecard * 2.0 == 9.0",
        "size(package.kinds) == 2 && package.name.size() == 8",
        "package.name.startsWith('left') && package.name.endsWith('pad') && package.name.contains('t-p')",
        "package.version.matches('^1[.]') && !matches(package.version, r'^2\\.')",
        "has(package.version) && !has(package.source.url) && !has(health.badge)",
        "health.checks['Code-Review'] < 5 && 'Code-Review' in health.checks && !('SAST' in health.checks)",
        "advisories.exists(a, a.severity in ['high', 'critical'] && has(a.fixed))",
        "advisories.all(a, a.score > 7) && !advisories.all(a, has(a.fixed))",
        "advisories.exists_one(a, a.severity == 'low')",
        "advisories.filter(a, has(a.fixed)).size() == 1",
        "'GHSA-2' in advisories.map(a, a.id)",
        "advisories.exists(a, a.aliases.exists(x, x == 'CVE-2'))",
        "(health.age_days > 5 ? 'a' : 'b') == 'a'",
        "package.direct == true && (package.direct ? health.releases : 0) == 7",
        "package . direct // a comment\n  && health.releases == 7",
        "health.age_days * 9223372036854775807 == 9223372036854775807",
    ] {
        assert_eq!(given(text), "true", "{text}");
    }
}

#[test]
fn what_is_not_known_decides_nothing_unless_something_else_does() {
    let unknown = "deps.dev Failed";
    for (text, is) in [
        ("health.archived", unknown),
        ("!health.archived", unknown),
        ("health.archived && package.direct", unknown),
        ("package.direct && health.archived", unknown),
        ("health.archived && !package.direct", "false"),
        ("!package.direct && health.archived", "false"),
        ("health.archived || package.direct", "true"),
        ("package.direct || health.archived", "true"),
        ("health.archived || !package.direct", unknown),
        ("health.archived == health.archived", unknown),
        ("health.dependents + 1 > 0", unknown),
        ("health.stars > health.dependents", unknown),
        ("has(health.stars)", unknown),
        ("health.archived ? package.direct : package.direct", unknown),
        ("(package.direct ? health.releases : health.stars) == 7", "true"),
        ("'x' in package.licenses", unknown),
        ("advisories.exists(a, a.exploited)", unknown),
        ("advisories.exists(a, a.exploited || a.severity == 'low')", "true"),
        ("advisories.all(a, a.exploited && a.severity != 'none')", unknown),
        ("advisories.all(a, a.exploited && a.severity == 'none')", "false"),
        ("advisories.exists_one(a, a.exploited || a.severity == 'low')", unknown),
        ("advisories.filter(a, a.exploited).size() > 0", unknown),
        ("advisories.map(a, a.epss).size() > 0", unknown),
        // What is absent is asked for with `has`.
        ("health.badge == 'gold'", "best-practices Absent"),
        ("has(health.badge) && health.badge == 'gold'", "false"),
        ("!has(health.badge) || health.badge == 'gold'", "true"),
        ("advisories.exists(a, a.fixed == '2.0.0')", "true"),
        ("advisories.exists(a, a.fixed == '3.0.0')", "advisory Absent"),
        ("health.checks['SAST'] > 3", "scorecard Absent"),
        ("package.source.url == 'x' || health.archived", "deps.dev Failed, tree Absent"),
    ] {
        assert_eq!(given(text), is, "{text}");
    }
}

#[test]
fn a_list_beyond_its_bound_says_nothing() {
    let mut told = told();
    let many = vec![Value::text("dev"); 6];
    told.facts.insert(fact("package.kinds"), Some(Value::List(many)));
    let missing = of("'dev' in package.kinds").evaluate(&told).unwrap_err();
    assert_eq!(missing, [Missing { source: source::TREE, why: Why::NotTold }]);
}

#[test]
fn what_is_read_and_needed() {
    let condition =
        of("package.direct && health.checks['SAST'] < 3 && advisories.exists(a, a.epss > 0.5) && package.direct");
    let names: Vec<&str> = condition.reads().iter().map(|read| read.variable.name).collect();
    assert_eq!(names, ["package.direct", "health.checks", "advisories", "epss"]);
    assert_eq!(condition.data(), [Data::Local, Data::Advisories, Data::Epss, Data::Versions, Data::Scorecard]);
    assert_eq!(of("package.name == 'a'").data(), [Data::Local]);
}

/// Every mistake of an expression, under its place.
fn wrong(text: &str) -> String {
    let mut out = format!("{text}\n");
    for Mistake { span, message } in Condition::parse(text).unwrap_err() {
        let before = text.get(..span.start).unwrap().chars().count();
        out.push_str(&format!("{}^ {message}\n", " ".repeat(before)));
    }
    out
}

/// Expressions that can be parsed, each with a mistake.
const WRONG: &[&str] = &[
    "helth.age_days < 90",
    "vulnerabilities.size() > 0",
    "Package.direct",
    "pack_ge.direct",
    "health.age_day < 90",
    "health.nothing",
    "health",
    "package.source == 'git'",
    "package.source.knd == 'git'",
    "package.name.length > 3",
    "health.checks.SAST < 3",
    "advisories.severity == 'high'",
    "package.name",
    "health.age_days + 1",
    "package.direct && health.age_days",
    "package.name || package.direct",
    "!package.kinds",
    "package.name == 3",
    "package.direct < true",
    "package.version < '2.0.0'",
    "advisories.exists(a, a.severity >= 'high')",
    "advisories == []",
    "package.kinds == ['dev']",
    "package.ecosystem == 'crates'",
    "'develop' in package.kinds",
    "package.source.kind in ['git', 'hg']",
    "package.name in package.ecosystem",
    "3 in package.kinds",
    "package.kinds[0] == 'dev'",
    "health.checks['Code-Reviews'] > 3",
    "health.checks[package.name] > 3",
    "size(health.checks) > 3",
    "['a', 1].size() > 1 && package.direct",
    "health.age_days / health.releases > 3",
    "health.age_days / 0 > 3",
    "health.age_days * 1.5 > 3.0",
    "package.name + 'x' == 'y'",
    "-package.name == 'y'",
    "package.direct ? 1 : 'a'",
    "len(package.kinds) > 2",
    "package.name.startWith('a')",
    "package.name.startsWith()",
    "package.name.startsWith(3)",
    "package.kinds.contains('dev')",
    "package.name.matches(package.version)",
    "package.name.matches('(')",
    "package.name.matches('(a{1000}){1000}')",
    "has(package)",
    "has(package.direct.x)",
    "has('x')",
    "package.name.exists(a, a == 'x')",
    "advisories.exists('a', true)",
    "advisories.exists(package, true)",
    "advisories.exists(a, advisories.exists(a, true))",
    "advisories.exists(a, a.aliases.exists(b, package.kinds.exists(c, c == b)))",
    "advisories.exists(a, a.scor > 7.0 || a.id.x == 'y')",
    "advisories.map(a, a).size() > 1",
    "advisories.exists(a, a.aliases.exists(x, advisories.exists_one(b, b.id == x)))",
    "advisories.exists(a, advisories.exists(b, a.id == b.id))",
    "true || 1 < 2",
];

#[test]
fn every_mistake_has_its_place_and_a_way_out() {
    insta::assert_snapshot!(WRONG.iter().map(|text| wrong(text)).collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_is_no_expression_is_said_where_it_is_none() {
    let long = format!("package.direct{}", " && package.direct".repeat(300));
    assert_eq!(Condition::parse(&long).unwrap_err()[0].message, "an expression is at most 4000 bytes long, not 5414");
    let wordy = format!("package.direct{}", "||true".repeat(250));
    assert_eq!(Condition::parse(&wordy).unwrap_err()[0].message, "an expression has at most 400 words");
    let deep = format!("{}package.direct{}", "(".repeat(30), ")".repeat(30));
    assert_eq!(Condition::parse(&deep).unwrap_err()[0].message, "brackets stand in each other 24 deep at most");
    let expressions = [
        "package.direct = true",
        "package.direct and true",
        "package.direct or true",
        "not package.direct",
        "package.direct & true",
        "package.direct &&",
        "&& package.direct",
        "package.direct && || true",
        "(package.direct",
        "package.direct)",
        "[package.direct)",
        "package.direct package.name",
        "package..direct",
        "package.",
        "package.direct ? 1",
        "package.direct : 1",
        "package.direct ? : 1",
        "package.name == \"x",
        "package.name == '''x'''",
        "package.name == 'a\\qb'",
        "package.name == b'x'",
        "package.name == null",
        "health.age_days < 90u",
        "health.age_days < 99999999999999999999",
        "health.age_days < 9x",
        "health.age_days < .5",
        "{'a': 1}['a'] == 1",
        "if package.direct",
        "package.direct, true",
        "package.direct; true",
        "package.name == 'é' && ü",
        "size(, 1)",
        "// nothing",
    ];
    insta::assert_snapshot!(expressions.map(wrong).join("\n"));
}

/// Expressions that are true or false, over facts that [`told`] knows, with what CEL and this language have in common.
fn truths() -> impl Strategy<Value = String> {
    let numbers = prop_oneof![
        Just("health.age_days".to_owned()),
        Just("health.releases".to_owned()),
        Just("size(package.kinds)".to_owned()),
        Just("advisories.filter(a, a.severity == 'high').size()".to_owned()),
        (-20_i64..20).prop_map(|number| if number < 0 { format!("({number})") } else { number.to_string() }),
    ];
    let sums = (numbers.clone(), prop_oneof![Just("+"), Just("-"), Just("*")], numbers.clone())
        .prop_map(|(one, sign, two)| format!("({one} {sign} {two})"));
    let divided = (numbers.clone(), prop_oneof![Just("/"), Just("%")], 1_i64..9)
        .prop_map(|(one, sign, two)| format!("({one} {sign} {two})"));
    let numbers = prop_oneof![3 => numbers, 1 => sums, 1 => divided];
    let order = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let compared =
        (numbers.clone(), order.clone(), numbers).prop_map(|(one, sign, two)| format!("({one} {sign} {two})"));
    let scored = (order, 0_i64..10).prop_map(|(sign, two)| format!("(health.scorecard {sign} {two}.5)"));
    let leaf = prop_oneof![
        Just("package.direct".to_owned()),
        Just("package.name.contains('pad')".to_owned()),
        Just("package.name.startsWith('pad')".to_owned()),
        Just("(package.ecosystem in ['npm', 'Go'])".to_owned()),
        Just("('peer' in package.kinds)".to_owned()),
        Just("package.kinds.all(k, k == 'dev')".to_owned()),
        Just("advisories.exists(a, a.score > 7.0 && a.severity == 'low')".to_owned()),
        Just("advisories.exists_one(a, 'CVE-1' in a.aliases)".to_owned()),
        Just("advisories.map(a, a.id).exists(i, i == 'GHSA-2')".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        compared,
        scored,
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} && {two})")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} || {two})")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} == {two})")),
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn to_cel(value: &Value<'_>, told: &Told) -> cel::Value {
    match value {
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Double(number) => (*number).into(),
        Value::Text(text) => text.clone().into_owned().into(),
        Value::List(elements) => elements.iter().map(|element| to_cel(element, told)).collect::<Vec<_>>().into(),
        Value::Advisory(at) => {
            let known = FIELDS.iter().filter_map(|field| {
                let value = told.advisories[*at].get(&field.fact)?.as_ref()?;
                Some((field.name.to_owned(), to_cel(value, told)))
            });
            known.collect::<HashMap<String, cel::Value>>().into()
        }
    }
}

/// What the kept implementation of CEL makes of an expression over the same facts.
fn by_cel(text: &str, told: &Told) -> cel::Value {
    let words = lex::words(text).unwrap();
    let program = cel::Program::compile(&lex::for_parser(text, &words)).unwrap();
    let mut groups: BTreeMap<&str, HashMap<String, cel::Value>> = BTreeMap::new();
    let mut context = cel::Context::default();
    for variable in VARIABLES {
        let Some(Some(value)) = told.facts.get(&variable.fact) else { continue };
        let value = to_cel(value, told);
        match variable.name.split('.').collect::<Vec<_>>()[..] {
            [group, field] => {
                groups.entry(group).or_default().insert(field.to_owned(), value);
            }
            [name] => context.add_variable_from_value(name, value),
            _ => {}
        }
    }
    for (group, fields) in groups {
        context.add_variable_from_value(if group == "package" { lex::PACKAGE } else { group }, fields);
    }
    program.execute(&context).unwrap()
}

proptest! {
    #[test]
    fn where_all_is_known_it_gives_what_cel_gives(text in truths()) {
        // What reads nothing is refused.
        let text = format!("{text} && package.direct");
        let told = told();
        let got = of(&text).evaluate(&told);
        prop_assert_eq!(got.map(cel::Value::Bool), Ok(by_cel(&text, &told)), "{}", text);
    }

    #[test]
    fn a_fact_that_is_taken_away_leaves_the_answer_or_none(text in truths(), taken in 0_usize..32) {
        let text = format!("{text} && package.direct");
        let condition = of(&text);
        let whole = told();
        let mut less = told();
        let facts: Vec<Fact> = less.facts.keys().copied().collect();
        if let Some(fact) = facts.get(taken) {
            less.facts.remove(fact);
        } else {
            less.advisories[taken % 2].clear();
        }
        if let Ok(truth) = condition.evaluate(&less) {
            prop_assert_eq!(condition.evaluate(&whole), Ok(truth), "{}", text);
        }
    }

    #[test]
    fn what_a_look_rules_out_does_not_hold(text in truths(), part in prop::sample::select(AT_A_LOOK), taken in 0_usize..32) {
        for text in [format!("{text} && {part}"), format!("{part} && ({text})"), format!("({part}) == ({text})"), format!("!({text} && {part})")] {
            let condition = of(&text);
            let (whole, mut less, mut unadvised) = (told(), told(), told());
            let facts: Vec<Fact> = less.facts.keys().copied().collect();
            less.facts.remove(&facts[taken % facts.len()]);
            unadvised.facts.insert(fact("advisories"), Some(Value::List(Vec::new())));
            for told in [&whole, &less, &unadvised, &Told::default()] {
                if condition.is_ruled_out(&glance(told)) {
                    prop_assert_eq!(condition.evaluate(told), Ok(false), "{}", text);
                }
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = Condition::parse(&text);
    }

    #[test]
    fn no_words_make_it_panic(words in prop::collection::vec(prop::sample::select(SOUP), 0..24), spaced in any::<bool>()) {
        let text = words.join(if spaced { " " } else { "" });
        if let Ok(condition) = Condition::parse(&text) {
            let _ = condition.evaluate(&told());
            let _ = condition.evaluate(&Told::default());
        }
    }
}

/// Parts of a condition that are decided at a look, of which each is true of the facts or false.
const AT_A_LOOK: &[&str] = &[
    "package.name == 'left-pad'",
    "'left-pads' == package.name",
    "package.version == '1.9.0'",
    "package.name in ['left', 'left-pad']",
    "package.version in ['1', '2']",
    "package.name.startsWith('left')",
    "package.name.endsWith('right')",
    "package.version.contains('10')",
    "package.direct",
    "!package.direct",
    "advisories.exists(a, a.severity == 'high')",
    "advisories.exists_one(a, a.severity == 'low')",
    "advisories.all(a, a.severity == 'low')",
    "package.name != 'left-pad'",
];

#[test]
fn a_look_rules_out_what_needs_something_else() {
    let rules_out = |text: &str, told: &Told| of(text).is_ruled_out(&glance(told));
    let (told, nothing) = (told(), Told::default());
    let mut unadvised = told.clone();
    unadvised.facts.insert(fact("advisories"), Some(Value::List(Vec::new())));
    for text in
        ["!package.direct", "package.name == 'x'", "package.name in ['x', 'y']", "package.version.endsWith('1')"]
    {
        let text = format!("health.age_days < 30 && (has(health.badge) && {text})");
        assert!(rules_out(&text, &told) && !rules_out(&text, &nothing), "{text}");
    }
    assert!(rules_out("advisories.exists(a, a.score > 9.0)", &unadvised));
    assert!(!rules_out("advisories.exists(a, a.score > 9.0)", &told));
    assert!(!rules_out("package.name == 'x' || package.direct", &told));
}

/// Parts of expressions, right and wrong ones.
const SOUP: &[&str] = &[
    "package",
    "package.direct",
    "package.name",
    "package.kinds",
    "health.age_days",
    "health.checks",
    "advisories",
    "a",
    "a.severity",
    "x.y",
    "1",
    "2.5",
    "0x1F",
    "1u",
    "'npm'",
    "\"x\"",
    "r'\\d'",
    "b'x'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "?",
    ":",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "has(",
    "size(",
    ".exists(a,",
    ".map(x,",
    ".all(a,",
    ".filter(a,",
    ".matches(",
    "true",
    "null",
    "if",
    "'",
    "\\",
    "@",
    "é",
    "`",
    "\n",
    "//",
];

#[test]
fn hostile_expressions_end_soon() {
    let before = std::time::Instant::now();
    for unit in ["(", "[", "!", "-", "a.", "1+", "1&&", "a?b:", "f(", "has(", "'", "x.exists(a,", "{", "\u{202e}"] {
        for times in [10, 100, 300, 1_000, 100_000] {
            let _ = Condition::parse(&unit.repeat(times));
            let _ = Condition::parse(&format!("{}package.direct", unit.repeat(times)));
        }
    }
    assert!(before.elapsed().as_secs() < 20);
}
