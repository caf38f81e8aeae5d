use jiff::civil::Date;

use super::*;
use crate::model::{Data, OnUnknown, PolicyOrigin, Scope};
use crate::policy::parse;
use crate::rule;

fn read(text: &str) -> Result<Policy, String> {
    let policy = parse("osprey.toml", text, PolicyOrigin::Flag, &rule::rules(), Date::constant(2026, 11, 22));
    policy.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// A policy with one rule of its own, which has those lines besides.
fn policy(when: &str, lines: &str) -> String {
    format!(
        "version = 1\n[[custom]]\nid = \"acme-rule\"\nlevel = \"deny\"\nwhen = {when}\nsummary = \"It is so\"\n{lines}"
    )
}

#[test]
fn a_rule_of_the_policy_is_a_rule_like_any_other() {
    let text =
        policy("'health.age_days < 90'", "why = \"W.\"\nfix = \"F.\"\nkinds = [\"runtime\"]\non-unknown = \"deny\"");
    let read = self::read(&text).unwrap();
    let settings = &read.rules["acme-rule"];
    let rule = settings.rule;
    assert_eq!((rule.summary, rule.why, rule.fix), ("It is so", "W.", "F."));
    assert_eq!((settings.level, settings.is_level_given, settings.on_unknown), (Level::Deny, true, OnUnknown::Deny));
    assert!(settings.kinds.is_some_and(|kinds| kinds.iter().count() == 1));
    assert!(read.active().contains(&rule));
    assert!(std::ptr::eq(read.custom[0], self::read(&text).unwrap().custom[0]), "equal rules are made once");
}

#[test]
fn it_is_asked_for_what_it_reads_and_only_where_it_is_shown() {
    let needs = |when: &str, lines: &str| {
        let mut policy = read(&policy(when, lines)).unwrap();
        for id in rule::rules() {
            policy.set_level(id.id, Level::Off).unwrap();
        }
        policy.needs().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(needs("'package.direct'", ""), [(Data::Local, Scope::All)]);
    let versions = |scope| vec![(Data::Local, scope), (Data::Versions, scope)];
    assert_eq!(needs("'package.direct && health.age_days < 90'", ""), versions(Scope::Direct));
    assert_eq!(needs("'package.direct && health.age_days < 90'", "scope = \"all\""), versions(Scope::All));
    let allowed = "[rules]\nacme-rule = \"allow\"";
    assert_eq!(needs("'package.direct && health.age_days < 90'", allowed), []);
    let advisories = "'advisories.exists(a, a.exploited)'";
    assert_eq!(needs(advisories, ""), [(Data::Advisories, Scope::All), (Data::Exploited, Scope::All)]);
}

#[test]
fn what_it_reads_in_the_tree_alone_can_be_unknown_too() {
    let text = policy("'package.direct'", "[rules]\nacme-rule = { on-unknown = \"deny\" }");
    let read_it = read(&text).unwrap();
    assert_eq!(read_it.rules["acme-rule"].on_unknown, OnUnknown::Deny);
    assert!(read_it.to_toml(false).contains("on-unknown = \"deny\""));
    let at = |key: &str| read_it.places[key].location().map(|at| (at.line, at.column));
    assert_eq!(at("custom.acme-rule"), Some((2, 1)), "the line of its [[custom]]");
}

#[test]
fn rules_and_exceptions_may_name_it() {
    let exception =
        "[[exceptions]]\nrule = \"acme-rule\"\npackage = \"pkg:npm/a\"\nreason = \"r\"\nexpires = 2027-01-31";
    let read_it = read(&policy("'package.direct'", &format!("[rules]\nacme-rule = \"warn\"\n{exception}"))).unwrap();
    assert_eq!(
        (read_it.rules["acme-rule"].level, read_it.exceptions[0].id().as_str()),
        (Level::Warn, "pkg:npm/a acme-rule")
    );
    // Its findings are about packages, whatever it reads.
    let advisory = exception.replace("package = \"pkg:npm/a\"", "advisory = \"CVE-1\"");
    let error = read(&policy("'advisories.exists(a, a.exploited)'", &advisory)).unwrap_err();
    assert_eq!(
        error,
        "osprey.toml:9:12: findings of acme-rule rest on no advisory: name a `package` or a `path` alone"
    );
}

/// What is wrong with a rule whose keys are those lines.
fn wrong(lines: &str) -> String {
    let text = format!("version = 1\n[[custom]]\n{lines}\n");
    format!("{lines}\n{}\n", read(&text).unwrap_err())
}

#[test]
fn every_mistake_has_its_place_and_a_way_out() {
    let rest = "level = \"deny\"\nsummary = \"It is so\"";
    let with = |line: &str| format!("id = \"acme-rule\"\n{rest}\n{line}");
    let files = [
        String::new(),
        format!("{rest}\nid = \"acme-rule\""),
        with("when = 3"),
        with("when = 'helth.age_days < 90'"),
        with("when = \"package.direct && helth.age_days < 90\""),
        with("when = \"package.name == \\\"x\\\" && helth.age_days < 90\""),
        with("when = '''\npackage.direct &&\n  helth.age_days < 90'''"),
        with("when = \"\"\"\n\npackage.direct &&\n  ü\"\"\""),
        with("when = 'package.direct'\nwhy = \"\"\nfix = \"a\\nb\"\nkind = [\"runtime\"]\nscope = \"transitive\""),
        "id = \"unsound-code\"\nlevel = \"fatal\"\nwhen = 'package.direct'\nsummary = 3".to_owned(),
        format!("id = \"Acme_Rule\"\n{rest}\nwhen = 'package.direct'"),
        format!("id = \"acme--rule\"\n{rest}\nwhen = 'package.direct'"),
        format!("{0}\n[[custom]]\n{0}", with("when = 'package.direct'")),
        with("when = 'package.direct'\n[rules]\nacme-ruel = \"deny\""),
    ];
    insta::assert_snapshot!(files.iter().map(|file| wrong(file)).collect::<Vec<_>>().join("\n"));
}

#[test]
fn lines_may_end_as_on_windows() {
    let text = policy("'''\npackage.direct &&\n  helth.age_days < 90'''", "").replace('\n', "\r\n");
    assert_eq!(
        read(&text).unwrap_err(),
        "osprey.toml:7:3: `when`: unknown variable \"helth\"; did you mean \"health.age_days\"?"
    );
}

#[test]
fn there_are_not_too_many() {
    let one =
        |at: usize| format!("[[custom]]\nid = \"a{at}\"\nlevel = \"warn\"\nwhen = 'package.direct'\nsummary = \"s\"\n");
    let many: String = (0..MOST).map(one).collect();
    assert_eq!(read(&format!("version = 1\n{many}")).unwrap().custom.len(), MOST);
    let error = read(&format!("version = 1\n{many}{}", one(MOST))).unwrap_err();
    assert_eq!(error, "osprey.toml:2:1: a policy may have 500 rules of its own, those that it inherits counted");
}

proptest::proptest! {
    #[test]
    fn no_expression_makes_it_panic(when in "[a-z=\"'\\\\\\[\\]{}.,:@<>&|0-9\n -]{0,60}") {
        let _ = read(&policy(&format!("'{when}'"), ""));
        let _ = read(&policy(&format!("\"\"\"{when}\"\"\""), ""));
    }
}
