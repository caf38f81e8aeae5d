use super::renv_lock::PARSER;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

#[test]
fn fixtures() {
    insta::assert_snapshot!("renv-lock-v1", report("renv-lock/v1", "renv.lock"));
    insta::assert_snapshot!("renv-lock-v2", report("renv-lock/v2", "renv.lock"));
    insta::assert_snapshot!("renv-lock-bare", report("renv-lock/bare", "renv.lock"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    let read = |text: &str| {
        let parsed = Tree::of(&[("renv.lock", text)]).parse("renv.lock");
        [packages(&parsed), said(&parsed)].concat().join("\n")
    };
    insta::assert_snapshot!("renv.lock-mistakes-1", read("{}"));
    insta::assert_snapshot!(
        "renv.lock-mistakes-2",
        read(
            r#"{"Packages": {"cli": {"Package": "cli"}, "": {"Version": "1"}, "glue": {"Version": 1}, "R6": {"Version": "2.5.1", "Source": "Git"}}}"#
        )
    );
    insta::assert_snapshot!(
        "renv.lock-mistakes-3",
        read(r#"{"Packages": {"R6": {"Version": "2.5.1"}, "cli": {"Version": "3."#)
    );
}

#[test]
fn hostile_input_is_survived() {
    let tree = Tree::fixture("renv-lock/v1");
    let text = String::from_utf8(tree.bytes("renv.lock").to_vec()).unwrap();
    check_cuts(&PARSER, "renv.lock", &text, &[("R6@2.5.1", "\"470851b6d5d0ac559e9d01bb352b4021\"\n    }")]);
    check_garbage(&PARSER, "renv.lock", &text);
}
