use super::cpanfile_snapshot::PARSER;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

#[test]
fn fixtures() {
    insta::assert_snapshot!("cpanfile-snapshot-carton", report("cpanfile-snapshot/carton", "cpanfile.snapshot"));
    insta::assert_snapshot!("cpanfile-snapshot-bare", report("cpanfile-snapshot/bare", "cpanfile.snapshot"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    let read = |text: &str| {
        let parsed = Tree::of(&[("cpanfile.snapshot", text)]).parse("cpanfile.snapshot");
        [packages(&parsed), said(&parsed)].concat().join("\n")
    };
    insta::assert_snapshot!(
        "cpanfile.snapshot-mistakes-1",
        read(
            "DISTRIBUTIONS\n    pathname: lost\n  Nothing\n    provides:\n  URI-5.10\n    provides:\n      URI 5.10\n"
        )
    );
    insta::assert_snapshot!("cpanfile.snapshot-mistakes-2", read("[a]\n  b = 1\n"));
    insta::assert_snapshot!("cpanfile.snapshot-mistakes-3", read("nothing\n"));
}

#[test]
fn hostile_input_is_survived() {
    let tree = Tree::fixture("cpanfile-snapshot/carton");
    let text = String::from_utf8(tree.bytes("cpanfile.snapshot").to_vec()).unwrap();
    check_cuts(
        &PARSER,
        "cpanfile.snapshot",
        &text,
        &[("HTTP-Date@6.05", "/HTTP-Date-6.05.tar.gz"), ("URI@5.10", "/URI-5.10.tar.gz")],
    );
    check_garbage(&PARSER, "cpanfile.snapshot", &text);
}
