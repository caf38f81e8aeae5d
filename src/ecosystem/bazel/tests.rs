use super::{maven_install, module_bazel, module_lock};
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

/// What is read of a file that stands alone, and what is said of it.
fn read(name: &str, text: &str) -> String {
    let parsed = Tree::of(&[(name, text)]).parse(name);
    [packages(&parsed), said(&parsed)].concat().join("\n")
}

#[test]
fn fixtures() {
    insta::assert_snapshot!("module-lock-v3", report("module-lock/v3", "MODULE.bazel.lock"));
    insta::assert_snapshot!("module-lock-v6", report("module-lock/v6", "MODULE.bazel.lock"));
    insta::assert_snapshot!("module-lock-v11", report("module-lock/v11", "MODULE.bazel.lock"));
    insta::assert_snapshot!("module-lock-v24-alone", report("module-lock/v24-alone", "MODULE.bazel.lock"));
    insta::assert_snapshot!("module-lock-bare", report("module-lock/bare", "MODULE.bazel.lock"));
    insta::assert_snapshot!("module-bazel-usual", report("module-bazel/usual", "MODULE.bazel"));
    insta::assert_snapshot!("module-bazel-bare", report("module-bazel/bare", "MODULE.bazel"));
    insta::assert_snapshot!("maven-install-v1", report("maven-install/v1", "app_maven_install.json"));
    insta::assert_snapshot!("maven-install-v2", report("maven-install/v2", "maven_install.json"));
    insta::assert_snapshot!("maven-install-bare", report("maven-install/bare", "maven_install.json"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    insta::assert_snapshot!("MODULE.bazel.lock-mistakes-1", read("MODULE.bazel.lock", "{}"));
    insta::assert_snapshot!(
        "MODULE.bazel.lock-mistakes-2",
        read(
            "MODULE.bazel.lock",
            r#"{"lockFileVersion": 11, "registryFileHashes": {"source.json": "a", "x/source.json": "b", "https://registry.example/modules//1/source.json": "c", "https://registry.example/modules/a/1/source.json": "d", "b"#
        )
    );
    insta::assert_snapshot!(
        "MODULE.bazel-mistakes-1",
        read(
            "MODULE.bazel",
            "bazel_dep(version = \"1\")\nbazel_dep(name = \"a\", version = \"1.0\")\nbazel_dep(name = \"b\", version = \"1"
        )
    );
    insta::assert_snapshot!("maven_install.json-mistakes-1", read("maven_install.json", "{}"));
    insta::assert_snapshot!(
        "maven_install.json-mistakes-2",
        read("maven_install.json", r#"{"artifacts": {"a": {"version": "1"}, "a:b": {}, "a:c": {"version": "1.0"}}}"#)
    );
    insta::assert_snapshot!(
        "maven_install.json-mistakes-3",
        read(
            "maven_install.json",
            r#"{"dependency_tree": {"dependencies": [{"coord": "a"}, {"coord": "a:b"}, {"coord": "a:b:1.0"}, {}]}}"#
        )
    );
}

#[test]
fn cut_and_mangled_locks_are_survived() {
    let tree = Tree::fixture("module-lock/v3");
    let text = String::from_utf8(tree.bytes("MODULE.bazel.lock").to_vec()).unwrap();
    check_cuts(
        &module_lock::PARSER,
        "MODULE.bazel.lock",
        &text,
        &[("bazel_skylib@1.5.0", "zVWgYudO22dvP3+C7KU6bCbyl0WFWDqPFaQvd6hZkUw=\"\n        }\n      }\n    }")],
    );
    check_garbage(&module_lock::PARSER, "MODULE.bazel.lock", &text);
}

#[test]
fn cut_and_mangled_modules_are_survived() {
    let tree = Tree::fixture("module-bazel/usual");
    let text = String::from_utf8(tree.bytes("MODULE.bazel").to_vec()).unwrap();
    check_cuts(&module_bazel::PARSER, "MODULE.bazel", &text, &[("rules_go@?", "repo_name = \"io_bazel_rules_go\")")]);
    check_garbage(&module_bazel::PARSER, "MODULE.bazel", &text);
}

#[test]
fn cut_and_mangled_maven_locks_are_survived() {
    let tree = Tree::fixture("maven-install/v2");
    let text = String::from_utf8(tree.bytes("maven_install.json").to_vec()).unwrap();
    check_cuts(
        &maven_install::PARSER,
        "maven_install.json",
        &text,
        &[("com.google.code.findbugs:jsr305@3.0.2", "\"version\": \"3.0.2\"\n    }")],
    );
    check_garbage(&maven_install::PARSER, "maven_install.json", &text);
}
