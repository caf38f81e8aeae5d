//! Wrong policies and baselines: each stops the run before anything is scanned, with everything that is wrong, where it
//! stands and what would be right.

use crate::support::{Tree, clean};

/// A wrong policy, by itself and beside the files that it names.
struct Wrong {
    what: &'static str,
    policy: &'static str,
    beside: &'static [(&'static str, &'static str)],
}

const fn of(what: &'static str, policy: &'static str) -> Wrong {
    Wrong { what, policy, beside: &[] }
}

const fn beside(what: &'static str, policy: &'static str, beside: &'static [(&'static str, &'static str)]) -> Wrong {
    Wrong { what, policy, beside }
}

/// Wrong whoever hands them in.
const ANYWHERE: &[Wrong] = &[
    of("an unknown key", "version = 1\nextend = \"greenfield\"\n"),
    of("a wrong type", "version = 1\nmax-age = 7\ninternal = \"@acme/*\"\n"),
    of("an unknown rule", "version = 1\n[rules]\nknown-vulnerabilty = \"deny\"\n"),
    of("an unknown level", "version = 1\n[rules]\nunsound-code = \"error\"\n"),
    of(
        "an unknown variable in an expression",
        "version = 1\n[[custom]]\nid = \"acme-young\"\nlevel = \"deny\"\nwhen = 'package.direct && health.age_day < 90'\nsummary = \"Young\"\n",
    ),
    of(
        "a wrong type in an expression",
        "version = 1\n[[custom]]\nid = \"acme-young\"\nlevel = \"deny\"\nwhen = 'package.name > 3'\nsummary = \"Young\"\n",
    ),
    of(
        "an expression that does not end",
        "version = 1\n[[custom]]\nid = \"acme-young\"\nlevel = \"deny\"\nwhen = 'package.direct && ('\nsummary = \"Young\"\n",
    ),
    of(
        "a rule of one's own with the id of a built-in one",
        "version = 1\n[[custom]]\nid = \"known-vulnerability\"\nlevel = \"off\"\nwhen = 'package.direct'\nsummary = \"Mine\"\n",
    ),
    of("broken TOML", "version = 1\n[rules\nunsound-code = \"deny\"\n"),
    of("a text without its end", "version = 1\nextends = \"greenfield\nmax-age = \"7d\"\n"),
    of("a key twice", "version = 1\nmax-age = \"7d\"\nextends = \"greenfield\"\nmax-age = \"9d\"\n"),
    beside(
        "a circle",
        "version = 1\nextends = \"more/base.toml\"\n",
        &[("more/base.toml", "version = 1\nextends = \"../osprey.toml\"\n")],
    ),
    of("a file that is not there", "version = 1\nextends = \"policies/base.toml\"\n"),
    beside(
        "a mistake in an extended file",
        "version = 1\nextends = \"base.toml\"\n",
        &[("base.toml", "version = 1\n\n[rules]\nunsound = \"deny\"\n")],
    ),
    of(
        "exceptions without what they need",
        "version = 1\nmax-exception-days = 30\n\
         [[exceptions]]\nadvisory = \"CVE-2020-26235\"\nexpires = 2026-11-30\n\
         [[exceptions]]\nadvisory = \"CVE-2020-26235\"\nreason = \"\"\nexpires = 2026-11-30\n\
         [[exceptions]]\nadvisory = \"CVE-2021-25900\"\nreason = \"not reached\"\n\
         [[exceptions]]\nadvisory = \"CVE-2019-10744\"\nreason = \"not reached\"\nexpires = 2027-11-30\n\
         [[exceptions]]\nadvisory = \"CVE-2019-10906\"\nreason = \"not reached\"\nexpires = \"30.11.2026\"\n\
         [[exceptions]]\nadvisory = \"CVE-2019-10906\"\nrule = \"known-vulnerabilities\"\nreason = \"not reached\"\nexpires = 2026-11-30\n\
         [[exceptions]]\nreason = \"all is well\"\nexpires = 2026-11-30\n\
         [[exceptions]]\nrule = \"known-vulnerability\"\nreason = \"all is well\"\nexpires = 2026-11-30\n",
    ),
    of(
        "an exception without an end",
        "version = 1\n[[exceptions]]\nadvisory = \"CVE-2021-25900\"\nreason = \"not reached\"\n",
    ),
    of(
        "an exception twice",
        "version = 1\n\
         [[exceptions]]\nadvisory = \"CVE-2020-26235\"\nreason = \"not reached\"\nexpires = 2026-11-30\n\
         [[exceptions]]\nadvisory = \"CVE-2020-26235\"\nreason = \"still not reached\"\nexpires = 2026-12-30\n",
    ),
    of(
        "overrides of nothing and with nothing",
        "version = 1\n[[overrides]]\nlevel = \"allow\"\n[[overrides]]\npaths = [\"docs/**\"]\n\
         [[overrides]]\npaths = [\"docs/**\"]\nlevel = \"warn\"\nat-least = \"warn\"\n",
    ),
    of(
        "a severity for a rule that has none",
        "version = 1\n[rules]\nlow-scorecard = { level = \"deny\", min-severity = \"high\" }\n\
         [[overrides]]\nrules = [\"stale-release\"]\nmin-severity = \"high\"\n",
    ),
    of(
        "packages that are no purls",
        "version = 1\n[rules]\nunsound-code = { packages = [\"lodash\", \"pkg:nmp/lodash\"] }\n\
         [[exceptions]]\npackage = \"pkg:npm/lodash@>=\"\nreason = \"not reached\"\nexpires = 2026-11-30\n",
    ),
    of(
        "globs that are none",
        "version = 1\nexclude = [\"{src,lib\", \"legacy/\"]\n[rules]\nunsound-code = { paths = [\"/etc/**\", \"../other\"] }\n",
    ),
    of("a version of the future", "version = 2\n[rules]\nknown-vulnerability = { levels = [\"deny\"] }\n"),
    of("no version", "extends = \"greenfield\"\n"),
    of("rules in an array", "version = 1\nrules = [\"known-vulnerability\"]\n"),
    of("one exception that is no array", "version = 1\n[exceptions]\nadvisory = \"CVE-2020-26235\"\n"),
    of("an empty file", ""),
    of("another kind of file", "{\"version\": 1, \"extends\": \"greenfield\"}\n"),
    of("a baseline that is not there", "version = 1\nbaseline = \"osprey-baseline.json\"\n"),
    beside(
        "a baseline that was cut off",
        "version = 1\nbaseline = \"osprey-baseline.json\"\n",
        &[("osprey-baseline.json", "{\n\"version\": 1,\n\"findings\": [\n")],
    ),
    beside(
        "a baseline with a conflict of two branches",
        "version = 1\nbaseline = \"osprey-baseline.json\"\n",
        &[("osprey-baseline.json", "{\n\"version\": 1,\n<<<<<<< HEAD\n\"findings\": []\n")],
    ),
    beside(
        "a baseline of the future",
        "version = 1\nbaseline = \"osprey-baseline.json\"\n",
        &[("osprey-baseline.json", "{\"version\": 2, \"findings\": [], \"packages\": []}\n")],
    ),
];

/// Right where a caller says it, and wrong in the scanned tree.
const OF_TREE: &[Wrong] = &[
    of(
        "a tree that lets itself make exceptions",
        "version = 1\n[delegate]\nrules = [\"known-vulnerability\"]\nmax-days = 30\nmax-severity = \"low\"\n",
    ),
    of("a tree that says where services are", "version = 1\n[sources]\nosv = \"https://host.example/osv\"\n"),
    of(
        "a tree that leads out of itself",
        "version = 1\nextends = \"../other/osprey.toml\"\nbaseline = \"../b.json\"\n",
    ),
];

/// What a run says about a wrong policy.
fn said(wrong: &Wrong, arguments: &[&str]) -> String {
    let tree = Tree::of(wrong.beside).file("osprey.toml", wrong.policy).file("Cargo.lock", clean());
    let run = tree.scan(arguments).exits(2);
    assert_eq!(run.stdout, "", "{}: nothing is scanned", wrong.what);
    let policy = wrong.policy.trim_end().lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!("## {}\n{policy}{}\n", wrong.what, run.stderr)
}

#[test]
fn a_wrong_policy_says_what_a_person_needs() {
    let mut all = String::new();
    for wrong in ANYWHERE {
        let (of_tree, of_caller) = (said(wrong, &[]), said(wrong, &["--policy", "osprey.toml"]));
        all += &of_tree;
        if of_caller != of_tree {
            all += &of_caller.replacen("## ", "## with --policy: ", 1);
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_tree_may_not_say_everything() {
    insta::assert_snapshot!(OF_TREE.iter().map(|wrong| said(wrong, &[])).collect::<String>());
}

#[test]
fn a_file_that_is_no_text_or_far_too_long_is_named() {
    let tree = Tree::new().file("Cargo.lock", clean());
    let wide: Vec<u8> = "version = 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let tree = tree
        .file("wide.toml", [b"\xFF\xFE".as_slice(), &wide].concat())
        .file("latin.toml", b"version = 1\nproject = \"caf\xE9\"\n")
        .file("huge.toml", "# far too long\n".repeat(100_000))
        .file("folder/osprey.toml", "version = 1\n");
    let said = ["wide.toml", "latin.toml", "huge.toml", "folder", "none.toml"]
        .map(|path| format!("--policy {path}\n{}", tree.scan(&["--policy", path]).exits(2).stderr));
    insta::assert_snapshot!(said.join("\n"));
}
