//! Tests over the parsers of Deno's files.

use super::{deno_json, deno_lock};
use crate::ecosystem::Parser;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

fn hostile(parser: &'static Parser, case: &str, name: &str, ends: &[(&str, &str)]) {
    let tree = Tree::fixture(&format!("{}/{case}", parser.id));
    let text = String::from_utf8(tree.bytes(name).to_vec()).unwrap();
    check_cuts(parser, name, &text, ends);
    check_garbage(parser, name, &text);
}

#[test]
fn locks() {
    for version in ["v5", "v4", "v3", "v2", "v1", "bare"] {
        insta::assert_snapshot!(format!("lock_{version}"), report(&format!("deno-lock/{version}"), "deno.lock"));
    }
}

#[test]
fn mistakes_in_locks() {
    let text = concat!(
        "{\"version\": \"9\",\n\"specifiers\": {\n\"npm:chalk@5\": \"5.3.0\"},\n",
        "\"npm\": {\n\"ms\": {},\n\"debug@4.3.4\": {\"dependencies\": [\n\"gone\"]}}}",
    );
    let mut tree = Tree::of(&[("deno.lock", text)]);
    let parsed = tree.parse("deno.lock");
    tree.check(&parsed);
    assert_eq!(packages(&parsed), ["debug@4.3.4 registry unknown [] 6:8"]);
    assert_eq!(
        said(&parsed),
        [
            "Error 1: this `version` is not known; it was read like version 5",
            "Error 5: the key of this package is no `name@version`; it was left out",
            "Error 3: a specifier is resolved to a package that this file does not have",
            "Error 7: a package needs another one that this file does not have",
        ]
    );
    hostile(&deno_lock::PARSER, "v4", "deno.lock", &[("ansi-styles@4.3.0", "[\"color-convert\"]\n    },")]);
}

#[test]
fn manifests() {
    insta::assert_snapshot!("manifest_imports", report("deno-json/imports", "deno.jsonc"));
    insta::assert_snapshot!("manifest_bare", report("deno-json/bare", "deno.json"));
    hostile(&deno_json::PARSER, "imports", "deno.jsonc", &[("chalk@5.3.0", "\"npm:chalk@5.3.0\",")]);
}
