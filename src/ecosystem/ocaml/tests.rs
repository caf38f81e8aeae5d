use super::opam_locked::PARSER;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

#[test]
fn fixtures() {
    insta::assert_snapshot!("opam-locked-usual", report("opam-locked/usual", "weather.opam.locked"));
    insta::assert_snapshot!("opam-locked-bare", report("opam-locked/bare", "opam.locked"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    let read = |text: &str| {
        let parsed = Tree::of(&[("opam.locked", text)]).parse("opam.locked");
        [packages(&parsed), said(&parsed)].concat().join("\n")
    };
    insta::assert_snapshot!("opam.locked-mistakes-1", read("opam-version: \"2.0\"\n"));
    insta::assert_snapshot!("opam.locked-mistakes-2", read("depends: [ \"dune\" {= \"3.1\"} \"lwt\" {= \"5.7"));
    insta::assert_snapshot!(
        "opam.locked-mistakes-3",
        read(
            "depends: [ \"a\" {= \"1\" | = \"2\"} (\"b\" {= \"1\"} | \"c\") \"d\" {!= \"1\"} ]\npin-depends: [[\"b.1\" \"https://host.example/b.tgz\"] [\"a.1\""
        )
    );
}

#[test]
fn hostile_input_is_survived() {
    let tree = Tree::fixture("opam-locked/usual");
    let text = String::from_utf8(tree.bytes("weather.opam.locked").to_vec()).unwrap();
    check_cuts(
        &PARSER,
        "weather.opam.locked",
        &text,
        &[("alcotest@1.7.0", "\"1.7.0\" & with-test}"), ("lwt@5.7.0", "\"5.7.0\"}")],
    );
    check_garbage(&PARSER, "weather.opam.locked", &text);
}
