use super::{cabal_freeze, stack_lock};
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

/// What is read of a file that stands alone, and what is said of it.
fn read(name: &str, text: &str) -> String {
    let parsed = Tree::of(&[(name, text)]).parse(name);
    [packages(&parsed), said(&parsed)].concat().join("\n")
}

#[test]
fn fixtures() {
    insta::assert_snapshot!("stack-lock-completed", report("stack-lock/completed", "stack.yaml.lock"));
    insta::assert_snapshot!("stack-lock-bare", report("stack-lock/bare", "stack.yaml.lock"));
    insta::assert_snapshot!("cabal-freeze-usual", report("cabal-freeze/usual", "cabal.project.freeze"));
    insta::assert_snapshot!(
        "cabal-freeze@other-repository",
        report("cabal-freeze/other-repository", "cabal.project.freeze")
    );
    insta::assert_snapshot!("cabal-freeze-bare", report("cabal-freeze/bare", "cabal.project.freeze"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    insta::assert_snapshot!(
        "stack.yaml.lock-mistakes-1",
        read(
            "stack.yaml.lock",
            "packages:\n- completed:\n    hackage: nothing\n- completed:\n    version: 1.0\n- completed:\n    name: x\n    version: 1.0\n- completed:\n    hackage: text-2.0.2\n"
        )
    );
    insta::assert_snapshot!(
        "cabal.project.freeze-mistakes-1",
        read(
            "cabal.project.freeze",
            "constraints: any.a ==1.0, ==2, b, any.c ==1.*, any.d == 1.2,\nother: any.e ==1\n"
        )
    );
}

#[test]
fn cut_and_mangled_stack_locks_are_survived() {
    let tree = Tree::fixture("stack-lock/completed");
    let text = String::from_utf8(tree.bytes("stack.yaml.lock").to_vec()).unwrap();
    check_cuts(&stack_lock::PARSER, "stack.yaml.lock", &text, &[("acme-missiles@0.3", "d1,613\n    pantry")]);
    check_garbage(&stack_lock::PARSER, "stack.yaml.lock", &text);
}

#[test]
fn cut_and_mangled_freezes_are_survived() {
    let tree = Tree::fixture("cabal-freeze/usual");
    let text = String::from_utf8(tree.bytes("cabal.project.freeze").to_vec()).unwrap();
    check_cuts(
        &cabal_freeze::PARSER,
        "cabal.project.freeze",
        &text,
        &[("aeson@2.1.2.1", "2.1.2.1,"), ("Cabal@3.8.1.0", "3.8.1.0,")],
    );
    check_garbage(&cabal_freeze::PARSER, "cabal.project.freeze", &text);
}
