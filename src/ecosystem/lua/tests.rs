use super::luarocks_lock::PARSER;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

#[test]
fn fixtures() {
    insta::assert_snapshot!("luarocks-lock-all-kinds", report("luarocks-lock/all-kinds", "luarocks.lock"));
    insta::assert_snapshot!("luarocks-lock-bare", report("luarocks-lock/bare", "luarocks.lock"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    let read = |text: &str| {
        let parsed = Tree::of(&[("luarocks.lock", text)]).parse("luarocks.lock");
        [packages(&parsed), said(&parsed)].concat().join("\n")
    };
    insta::assert_snapshot!("luarocks.lock-mistakes-1", read("x = 1\n"));
    insta::assert_snapshot!(
        "luarocks.lock-mistakes-2",
        read("return {\n dependencies = { lpeg = \"1.0.2-1\", a = 1, b = { c = \"2\" }, other = \"3")
    );
    insta::assert_snapshot!("luarocks.lock-mistakes-3", read("return {}\n"));
}

#[test]
fn hostile_input_is_survived() {
    let tree = Tree::fixture("luarocks-lock/all-kinds");
    let text = String::from_utf8(tree.bytes("luarocks.lock").to_vec()).unwrap();
    check_cuts(
        &PARSER,
        "luarocks.lock",
        &text,
        &[("lpeg@1.0.2-1", "\"1.0.2-1\""), ("penlight@1.13.1-1", "'1.13.1-1'")],
    );
    check_garbage(&PARSER, "luarocks.lock", &text);
}
