use proptest::prelude::*;

use super::*;
use crate::model::PolicyOrigin;
use crate::policy::differences;
use crate::policy::{PolicyError, ReadFile, Reading, load};
use crate::rule;

const TODAY: Date = Date::constant(2026, 11, 22);

fn read(text: &str, origin: PolicyOrigin, below: &Policy) -> Result<Policy, Vec<PolicyError>> {
    let text = format!("version = 1\n{text}");
    let read: &ReadFile<'_> = &|_| Ok(Some(text.as_bytes().to_vec()));
    let below = (origin == PolicyOrigin::Tree).then_some(below.custom.as_slice());
    let path = if origin == PolicyOrigin::Tree { "osprey.toml" } else { "org.toml" };
    load(path, &Reading { read, origin, rules: &rule::rules(), today: TODAY, below })
}

fn caller(text: &str) -> Policy {
    read(text, PolicyOrigin::Flag, &Policy::built_in(Profile::Brownfield, &[])).unwrap()
}

fn tightened(of_caller: &str, of_tree: &str) -> Policy {
    let caller = caller(of_caller);
    let tree = read(of_tree, PolicyOrigin::Tree, &caller).unwrap_or_else(|errors| panic!("{errors:?}"));
    caller.tightened_by(&tree, TODAY)
}

/// What is remarked, a line each.
fn said(policy: &Policy) -> String {
    let line = |remark: &Diagnostic| {
        format!("{}:{} {}", remark.path.as_deref().unwrap(), remark.line.unwrap_or(0), remark.message)
    };
    policy.remarks.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How a setting of one file stands to that of another.
fn between(from: &str, to: &str) -> Vec<String> {
    let differences = differences(&caller(from), &caller(to));
    let text = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    differences
        .into_iter()
        .map(|one| format!("{}: {} to {}: {:?}", one.key, text(one.from), text(one.to), one.direction))
        .collect()
}

#[test]
fn nothing_differs_from_itself_and_directions_turn_round() {
    let rules = [
        "",
        "unsound-code = \"deny\"",
        "unsound-code = \"off\"",
        "low-scorecard = { min-score = 7.0 }",
        "low-scorecard = { min-score = 3.0, on-unknown = \"allow\" }",
        "known-vulnerability = { min-severity = \"low\" }",
        "known-vulnerability = { min-severity = \"critical\" }",
        "known-vulnerability = \"warn\"",
        "known-vulnerability = \"deny\"",
        "known-vulnerability = { kinds = [\"runtime\"] }",
        "known-vulnerability = { unscored-as = \"low\" }",
        "known-vulnerability = { ecosystems = [\"npm\"] }",
        "known-vulnerability = { paths = [\"a/**\"] }",
        "denied-license = { allow = [\"MIT\"] }",
        "denied-license = { allow = [\"MIT\", \"ISC\"] }",
        "failed-scorecard-check = { checks = { Maintained = 5 } }",
    ];
    for one in rules {
        assert_eq!(between(&format!("[rules]\n{one}"), &format!("[rules]\n{one}")), Vec::<String>::new());
        for other in rules {
            let (there, back) = (
                differences(&caller(&format!("[rules]\n{one}")), &caller(&format!("[rules]\n{other}"))),
                differences(&caller(&format!("[rules]\n{other}")), &caller(&format!("[rules]\n{one}"))),
            );
            let turned = |direction| match direction {
                Direction::Stricter => Direction::Milder,
                Direction::Milder => Direction::Stricter,
                Direction::Incomparable => Direction::Incomparable,
            };
            let seen: Vec<_> = there.iter().map(|one| (&one.key, one.direction)).collect();
            let turned: Vec<_> = back.iter().map(|one| (&one.key, turned(one.direction))).collect();
            assert_eq!(seen, turned, "{one} / {other}");
        }
    }
}

#[test]
fn each_setting_knows_which_way_is_stricter() {
    let exception = |day: &str| format!("[[exceptions]]\nadvisory = \"CVE-1\"\nreason = \"r\"\nexpires = {day}");
    let said = [
        between(
            "",
            "max-age = \"30d\"\ninternal = [\"@a/*\"]\nexclude = [\"x\"]\ntest-data = \"deny\"\nmax-exception-days = 9",
        ),
        between("", "[registries]\nallow = [\"registry.example\"]"),
        between(
            "[rules]\nknown-vulnerability = \"deny\"",
            "[rules]\nknown-vulnerability = { level = \"warn\", kinds = [\"runtime\"] }",
        ),
        between(
            "[rules]\nlow-scorecard = { min-score = 5.5, scope = \"all\" }",
            "[rules]\nlow-scorecard = { min-score = 4, scope = \"direct\", packages = [\"pkg:npm/a\"] }",
        ),
        between("[rules]\ndenied-license = { allow = [\"MIT\"] }", "[rules]\ndenied-license = { allow = [] }"),
        between("[rules]\ndenied-license = { allow = [\"MIT\"] }", "[rules]\ndenied-license = { allow = [\"ISC\"] }"),
        between(&exception("2027-01-01"), &exception("2027-02-01")),
        between("", &exception("2027-01-01")),
        between("", "[[overrides]]\npaths = [\"a\"]\nlevel = \"allow\""),
        between("[[overrides]]\npaths = [\"a\"]\nat-least = \"deny\"", ""),
        between("", "[delegate]\nrules = [\"known-vulnerability\"]\nmax-days = 9\nmax-severity = \"low\""),
        between(
            "[[custom]]\nid = \"a-b\"\nlevel = \"deny\"\nwhen = \"package.direct\"\nsummary = \"s\"",
            "[[custom]]\nid = \"a-b\"\nlevel = \"deny\"\nwhen = \"!package.direct\"\nsummary = \"s\"",
        ),
        between("[[custom]]\nid = \"a-b\"\nlevel = \"deny\"\nwhen = \"package.direct\"\nsummary = \"s\"", ""),
    ];
    insta::assert_snapshot!(said.map(|lines| lines.join("\n")).join("\n\n"), @r#"
    exclude: [] to ["x"]: Milder
    internal: [] to ["@a/*"]: Milder
    max-age: "7d" to "30d": Milder
    max-exception-days: no bound to 9: Stricter
    test-data: "warn" to "deny": Stricter

    registries: any to ["registry.example"]: Stricter

    rules.known-vulnerability.kinds: every kind to ["runtime"]: Milder
    rules.known-vulnerability.level: "deny" to "warn": Milder

    rules.low-scorecard.min-score: 5.5 to 4.0: Milder
    rules.low-scorecard.packages: any to ["pkg:npm/a"]: Milder
    rules.low-scorecard.scope: "all" to "direct": Milder

    rules.denied-license.allow: ["MIT"] to []: Milder

    rules.denied-license.allow: ["MIT"] to ["ISC"]: Incomparable

    exceptions.CVE-1: until 2027-01-01 to until 2027-02-01: Milder

    exceptions.CVE-1: nothing to until 2027-01-01: Milder

    overrides.org.toml:2: nothing to { paths = ["a"], level = "allow" }: Milder

    overrides.org.toml:2: { paths = ["a"], at-least = "deny" } to nothing: Milder

    delegate: nothing to known-vulnerability for 9 days, up to low: Milder

    custom.a-b.when: "package.direct" to "!package.direct": Incomparable

    custom.a-b: "deny" to nothing: Milder
    "#);
}

#[test]
fn a_tree_tightens_and_what_would_loosen_is_said_once() {
    let policy = tightened(
        "extends = \"brownfield\"\ntest-data = \"warn\"\n[rules]\nunsound-code = \"warn\"\nlow-scorecard = { level = \"warn\", min-score = 5.0 }\n\
         known-vulnerability = { level = \"deny\", min-severity = \"medium\", kinds = [\"runtime\"] }",
        "test-data = \"deny\"\nmax-exception-days = 30\ninternal = [\"@a/*\", \"@b/*\"]\nexclude = [\"x\"]\nmax-age = \"1d\"\nproject = \"github.com/a/b\"\nbaseline = \"b.json\"\n\
         [sources]\nosv = \"https://host.example\"\n[registries]\nallow = [\"host.example\"]\n[delegate]\nrules = [\"unsound-code\"]\nmax-days = 9\nmax-severity = \"low\"\n\
         [rules]\nunsound-code = \"deny\"\nlow-scorecard = { level = \"off\", min-score = 7.5 }\nmalicious-package = \"allow\"\n\
         known-vulnerability = { min-severity = \"high\", kinds = [\"dev\"], on-unknown = \"deny\" }",
    );
    let of = |id: &str| &policy.rules[id];
    assert_eq!((policy.test_data, policy.max_exception_days), (Level::Deny, Some(30)));
    assert!(policy.internal.is_empty() && policy.exclude.is_empty() && policy.registries.is_empty());
    assert!(policy.sources.is_empty() && policy.delegate.is_none() && policy.project.is_none());
    assert!(policy.baseline.is_none());
    assert_eq!((of("unsound-code").level, of("low-scorecard").level), (Level::Deny, Level::Warn));
    assert_eq!(of("low-scorecard").values["min-score"], Setting::Score(7.5));
    let known = of("known-vulnerability");
    let kinds: Vec<&str> = known.kinds.unwrap().iter().map(crate::model::DependencyKind::as_str).collect();
    assert_eq!((known.min_severity, kinds), (Some(Severity::Medium), vec!["runtime", "dev"]));
    assert_eq!(of("malicious-package").level, Level::Deny);
    assert!(matches!(&policy.places["rules.unsound-code.level"], Provenance::Tightened(place) if place.line == 18));
    insta::assert_snapshot!(said(&policy), @r#"
    osprey.toml:10 `sources` of the scanned tree does not hold: only the caller says where services are
    osprey.toml:11 `registries` of the scanned tree does not hold: only the caller says where packages may come from
    osprey.toml:4 `internal` of the scanned tree does not hold: only the caller says what no service is asked about
    osprey.toml:8 `baseline` of the scanned tree does not hold: only the caller says what was known before
    osprey.toml:5 `exclude` of the scanned tree does not hold: only the caller says what is not scanned
    osprey.toml:6 `max-age` of the scanned tree does not hold: only the caller says how old advisories may be
    osprey.toml:7 `project` of the scanned tree does not hold: only the caller says what the scanned project is
    osprey.toml:13 `delegate` of the scanned tree does not hold: a tree cannot hand itself the right to make exceptions
    osprey.toml:21 `rules.known-vulnerability.kinds` of the scanned tree adds ["dev"] to the caller's ["runtime"], and takes nothing away
    osprey.toml:21 `rules.known-vulnerability.min-severity` of the scanned tree does not hold: "high" would loosen the caller's "medium"
    osprey.toml:19 `rules.low-scorecard.level` of the scanned tree does not hold: "off" would loosen the caller's "warn"
    osprey.toml:20 `rules.malicious-package.level` of the scanned tree does not hold: "allow" would loosen the caller's "deny"
    "#);
}

#[test]
fn a_stricter_profile_of_the_tree_holds_and_a_milder_one_does_not() {
    let policy = tightened("[rules]\nstale-release = \"off\"\nlow-scorecard = \"deny\"", "extends = \"greenfield\"");
    assert_eq!(policy.profile, Profile::Greenfield);
    assert_eq!(policy.rules["stale-release"].level, Level::Warn);
    assert_eq!(policy.rules["low-scorecard"].level, Level::Deny, "the caller's is stricter");
    assert_eq!(policy.rules["unmaintained-package"].level, Level::Deny);
    assert_eq!(said(&policy), "");
    let policy = tightened("extends = \"greenfield\"", "extends = \"brownfield\"");
    assert_eq!(policy.profile, Profile::Greenfield);
    assert!(said(&policy).contains("\"brownfield\" would loosen the caller's \"greenfield\""), "{}", said(&policy));
    assert_eq!(said(&tightened("extends = \"greenfield\"", "")), "", "what a tree does not say loosens nothing");
}

#[test]
fn a_level_brings_its_own_threshold_and_no_other() {
    let least = |tree: &str| {
        let policy = tightened("", &format!("[rules]\nknown-vulnerability = {tree}"));
        let known = &policy.rules["known-vulnerability"];
        (known.is_level_given, known.min_severity, said(&policy).lines().count())
    };
    assert_eq!(least("\"deny\""), (true, Some(Severity::Low), 0));
    assert_eq!(least("{ level = \"deny\", min-severity = \"critical\" }"), (true, Some(Severity::High), 1));
    assert_eq!(least("{ level = \"deny\", min-severity = \"medium\" }"), (true, Some(Severity::Medium), 0));
    assert_eq!(least("{ min-severity = \"medium\" }"), (false, Some(Severity::Medium), 0));
    assert_eq!(least("\"warn\""), (false, None, 1), "brownfield denies some of it");
}

#[test]
fn exceptions_of_a_tree_keep_to_what_is_delegated() {
    let delegate = "[delegate]\nrules = [\"known-vulnerability\"]\nmax-days = 30\nmax-severity = \"medium\"\n";
    let exception = |id: &str, more: &str| format!("[[exceptions]]\nadvisory = \"{id}\"\nreason = \"r\"\n{more}\n");
    let tree = [
        exception("CVE-1", "rule = \"known-vulnerability\"\nexpires = 2026-12-22"),
        exception("CVE-2", "rule = \"known-vulnerability\"\nexpires = 2026-12-23"),
        exception("CVE-3", "expires = 2026-12-01"),
        exception("CVE-4", "rule = \"unsound-code\"\nexpires = 2026-12-01"),
        exception("CVE-5", "rule = \"known-vulnerability\"\nuntil-fixed = true"),
        exception("CVE-6", "rule = \"known-vulnerability\"\nexpires = 2026-12-01"),
    ]
    .concat();
    let own = exception("CVE-6", "rule = \"known-vulnerability\"\nexpires = 2026-11-30");
    let policy = tightened(&format!("{delegate}{own}"), &tree);
    let taken: Vec<String> = policy.exceptions.iter().map(Exception::id).collect();
    assert_eq!(taken, ["CVE-6 known-vulnerability", "CVE-1 known-vulnerability"]);
    assert!(policy.exceptions[0].limit.is_none());
    assert_eq!(policy.exceptions[1].limit.unwrap().most, Severity::Medium);
    insta::assert_snapshot!(said(&policy), @r#"
    osprey.toml:7 the exception for CVE-2 known-vulnerability of the scanned tree does not hold: it ends after 2026-12-22, and the caller's policy delegates 30 days
    osprey.toml:12 the exception for CVE-3 of the scanned tree does not hold: it names no rule, and the caller's policy delegates exceptions for some rules alone
    osprey.toml:16 the exception for CVE-4 unsound-code of the scanned tree does not hold: the caller's policy delegates none for unsound-code
    osprey.toml:21 the exception for CVE-5 known-vulnerability of the scanned tree does not hold: it has no last day, and the caller's policy delegates 30 days
    osprey.toml:26 the exception for CVE-6 known-vulnerability of the scanned tree does not hold: the caller's policy has the same in org.toml:6
    "#);
    let none = tightened("", &exception("CVE-1", "rule = \"known-vulnerability\"\nexpires = 2026-12-22"));
    assert!(none.exceptions.is_empty() && said(&none).ends_with("the caller's policy delegates none"));
}

#[test]
fn rules_of_the_trees_own_are_added_and_replace_none() {
    let custom = |id: &str, when: &str, level: &str| {
        format!("[[custom]]\nid = \"{id}\"\nlevel = \"{level}\"\nwhen = '{when}'\nsummary = \"s\"\n")
    };
    let policy = tightened(
        &custom("acme-a", "package.direct", "deny"),
        &(custom("acme-a", "!package.direct", "warn") + &custom("own-b", "package.direct", "warn")),
    );
    assert_eq!(policy.rules["acme-a"].level, Level::Deny);
    let texts: Vec<&str> = policy.custom.iter().map(|custom| custom.condition.text()).collect();
    assert_eq!(texts, ["package.direct", "package.direct"]);
    assert_eq!(policy.rules["own-b"].level, Level::Warn);
    insta::assert_snapshot!(said(&policy), @r#"
    osprey.toml:4 the caller's policy has a rule acme-a of its own, and that one holds
    osprey.toml:4 `rules.acme-a.level` of the scanned tree does not hold: "warn" would loosen the caller's "deny"
    "#);
    let spoken = tightened(&custom("acme-a", "package.direct", "warn"), "[rules]\nacme-a = \"deny\"");
    assert_eq!((spoken.rules["acme-a"].level, said(&spoken)), (Level::Deny, String::new()));
}

#[test]
fn overrides_of_a_tree_raise_and_never_lower() {
    let one = |more: &str| format!("[[overrides]]\npackages = [\"pkg:npm/a\"]\n{more}\n");
    let policy = tightened(
        "",
        &[one("level = \"deny\""), one("level = \"allow\""), one("at-least = \"warn\""), one("min-severity = \"low\"")]
            .concat(),
    );
    let levels: Vec<_> = policy.overrides.iter().map(|one| (one.level, one.at_least)).collect();
    assert_eq!(levels, [(None, Some(Level::Deny)), (None, Some(Level::Warn))]);
    assert_eq!(said(&policy).lines().count(), 2);
}

const SETTINGS: &[&str] = &[
    "unsound-code = \"LEVEL\"",
    "low-scorecard = { level = \"LEVEL\", min-score = N }",
    "known-vulnerability = \"LEVEL\"",
    "known-vulnerability = { min-severity = \"SEVERITY\" }",
    "known-vulnerability = { level = \"LEVEL\", min-severity = \"SEVERITY\", kinds = [\"KIND\"] }",
    "known-vulnerability = { unscored-as = \"SEVERITY\", paths = [\"N/**\"] }",
    "unmaintained-package = { scope = \"all\", max-age = \"Nd\" }",
    "denied-license = { allow = [\"MIT\"] }",
    "stale-release = { kinds = [\"KIND\"], ecosystems = [\"npm\"] }",
];

prop_compose! {
    fn any_rules()(which in prop::collection::btree_set(0..SETTINGS.len(), 0..4), level in 0_usize..4, severity in 0_usize..4, number in 1_u32..9, kind in 0_usize..2, green in any::<bool>()) -> String {
        let mut ids = std::collections::BTreeSet::new();
        let mut text = format!("extends = \"{}\"\n[rules]\n", if green { "greenfield" } else { "brownfield" });
        for at in which {
            let line = SETTINGS[at]
                .replace("LEVEL", ["off", "allow", "warn", "deny"][level])
                .replace("SEVERITY", ["low", "medium", "high", "critical"][severity])
                .replace("KIND", ["runtime", "dev"][kind])
                .replace('N', &number.to_string());
            if ids.insert(line.split(' ').next().unwrap_or_default().to_owned()) {
                text += &line;
                text.push('\n');
            }
        }
        text
    }
}

proptest! {
    #[test]
    fn nothing_that_a_tree_says_makes_anything_milder(of_caller in any_rules(), of_tree in any_rules()) {
        let before = caller(&of_caller);
        let after = tightened(&of_caller, &of_tree);
        for one in differences(&before, &after) {
            prop_assert!(one.direction == Direction::Stricter, "{one:?}\n{of_caller}\n{of_tree}");
        }
        let again = after.clone().tightened_by(&read(&of_tree, PolicyOrigin::Tree, &before).unwrap(), TODAY);
        prop_assert_eq!(differences(&after, &again), Vec::new(), "once is enough");
    }
}
