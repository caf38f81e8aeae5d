use super::nimble_lock::PARSER;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

#[test]
fn fixtures() {
    insta::assert_snapshot!("nimble-lock-v1", report("nimble-lock/v1", "nimble.lock"));
    insta::assert_snapshot!("nimble-lock-v2", report("nimble-lock/v2", "nimble.lock"));
    insta::assert_snapshot!("nimble-lock-bare", report("nimble-lock/bare", "nimble.lock"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    let read = |text: &str| {
        let parsed = Tree::of(&[("nimble.lock", text)]).parse("nimble.lock");
        [packages(&parsed), said(&parsed)].concat().join("\n")
    };
    insta::assert_snapshot!(
        "nimble.lock-mistakes-1",
        read(r#"{"version": 3, "packages": {"a": {"url": "https://host.example/a"}, "b": {"version": "1.0"}}}"#)
    );
    insta::assert_snapshot!(
        "nimble.lock-mistakes-2",
        read(r#"{"version": 2, "packages": {"a": {"version": "1.0", "url": "https://host.example/a"}, "b"#)
    );
}

#[test]
fn hostile_input_is_survived() {
    let tree = Tree::fixture("nimble-lock/v2");
    let text = String::from_utf8(tree.bytes("nimble.lock").to_vec()).unwrap();
    check_cuts(
        &PARSER,
        "nimble.lock",
        &text,
        &[("results@0.4.0", "\"51e08ca9524db98dc909fb39192272cc2b5451c7\" }\n    }")],
    );
    check_garbage(&PARSER, "nimble.lock", &text);
}
