//! Tests over the files of version managers.

use super::{mise_toml, rust_toolchain, sdkmanrc, tool_versions, version_file};
use crate::ecosystem::Parser;
use crate::ecosystem::fixture::{Tree, said, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

fn read(path: &str, text: &str) -> Vec<String> {
    let mut tree = Tree::of(&[(path, text)]);
    let parsed = tree.parse(path);
    tree.check(&parsed);
    assert_eq!(said(&parsed), [""; 0], "{path}: {text}");
    uses(&parsed)
}

fn fixture(folder: &str, path: &str) -> Vec<String> {
    let mut tree = Tree::fixture(folder);
    let parsed = tree.parse(path);
    tree.check(&parsed);
    assert_eq!(said(&parsed), [""; 0], "{folder}");
    uses(&parsed)
}

#[test]
fn files_of_many_tools() {
    assert_eq!(
        fixture("tool-versions/typical", ".tool-versions"),
        [
            "stdlib 1.22.5 registry direct",
            "elixir 1.17.2-otp-27 registry direct",
            "erlang (ref:master) registry direct",
            "node 20.15.0 registry direct",
            "python 3.11.9 registry direct",
            "python 3.12.4 registry direct",
            "temurin 21.0.3+9.0.LTS registry direct",
        ]
    );
    assert_eq!(
        fixture("mise-toml/typical", "mise.toml"),
        [
            "corretto 21 registry direct",
            "node 22 registry direct",
            "python 3.11 registry direct",
            "python 3.12 registry direct",
            "ruby 3.3.4 registry direct",
            "terraform (latest) registry direct",
        ]
    );
    assert_eq!(
        fixture("sdkmanrc/typical", ".sdkmanrc"),
        ["gradle 8.8 registry direct", "temurin 21.0.4 registry direct"]
    );
    assert_eq!(fixture("tool-versions/least", ".tool-versions"), ["node 20 registry direct"]);
    assert_eq!(fixture("mise-toml/least", ".mise.toml"), [""; 0]);
    assert_eq!(fixture("sdkmanrc/least", ".sdkmanrc"), ["java 17 registry direct"]);
}

#[test]
fn files_of_one_tool() {
    assert_eq!(fixture("version-file/node", ".nvmrc"), ["node 20.15.0 registry direct"]);
    assert_eq!(
        fixture("version-file/python", ".python-version"),
        ["python (pypy3.10-7.3.16) registry direct", "python 3.12 registry direct"]
    );
    for (path, text, expected) in [
        (".nvmrc", "lts/iron\n", "node (lts/iron) registry direct"),
        (".node-version", "18\n", "node 18 registry direct"),
        (".ruby-version", "ruby-3.3.4@shop\n", "ruby 3.3.4 registry direct"),
        (".ruby-version", "jruby-9.4.8.0\n", "ruby (jruby-9.4.8.0) registry direct"),
        (".java-version", "corretto-17.0.11.9.1\n", "corretto 17.0.11.9.1 registry direct"),
        (".java-version", "openjdk64-11.0.2\n", "openjdk 11.0.2 registry direct"),
        (".java-version", "temurin21.0.3\n", "temurin 21.0.3 registry direct"),
        (".java-version", "21\n", "java 21 registry direct"),
        (".go-version", "1.22.5", "stdlib 1.22.5 registry direct"),
        (".go-version", "1.22", "go 1.22 registry direct"),
        (".php-version", "8.3 # x\n", "php 8.3 registry direct"),
    ] {
        assert_eq!(read(path, text), [expected]);
    }
}

#[test]
fn the_toolchain_of_rust() {
    assert_eq!(fixture("rust-toolchain/toml", "rust-toolchain.toml"), ["rust 1.80.1 registry direct build"]);
    assert_eq!(fixture("rust-toolchain/plain", "rust-toolchain"), ["rust (nightly-2024-08-01) registry direct build"]);
    assert_eq!(fixture("rust-toolchain/least", "rust-toolchain.toml"), [""; 0]);
    assert_eq!(read("rust-toolchain", "[toolchain]\nchannel = 'stable'\n"), ["rust (stable) registry direct build"]);
}

#[test]
fn broken_files_keep_what_comes_before() {
    let mut tree =
        Tree::of(&[(".tool-versions", "node\npython 3.12.4\n"), (".sdkmanrc", "x\n=\nsdkman_auto_env=true\n")]);
    assert_eq!(said(&tree.parse(".tool-versions")), ["Error 1: no tool with a version; the line was left out"]);
    assert_eq!(said(&tree.parse(".sdkmanrc")).len(), 2);
    let ends = [("node@20.1.0", "20.1.0\n"), ("ruby@3.3.4", "3.3.4\n")];
    check_cuts(&tool_versions::PARSER, ".tool-versions", "node 20.1.0\nruby 3.3.4\n", &ends);
    check_cuts(&sdkmanrc::PARSER, ".sdkmanrc", "node=20.1.0\nruby=3.3.4\n", &ends);
    check_cuts(&version_file::PARSER, ".nvmrc", "20.1.0\n", &ends[..1]);
    let all: [(&Parser, &str, &str); 5] = [
        (&tool_versions::PARSER, ".tool-versions", "java temurin-21 zulu-é-1\n"),
        (&sdkmanrc::PARSER, ".sdkmanrc", "java=21-tem\n"),
        (&mise_toml::PARSER, "mise.toml", "[tools]\na = ['1', {version = '2'}]\n"),
        (&version_file::PARSER, ".java-version", "temurin-21 é\n"),
        (&rust_toolchain::PARSER, "rust-toolchain", "[toolchain]\nchannel = '1.80'\n"),
    ];
    for (parser, path, text) in all {
        check_garbage(parser, path, text);
    }
}
