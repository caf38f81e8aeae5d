//! Tests over the parsers of Conda's files.

use super::{conda_explicit, conda_lock, environment_yml, pixi_lock};
use crate::ecosystem::Parser;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

fn hostile(parser: &'static Parser, case: &str, name: &str, ends: &[(&str, &str)]) {
    let tree = Tree::fixture(&format!("{}/{case}", parser.id));
    let text = String::from_utf8(tree.bytes(name).to_vec()).unwrap();
    check_cuts(parser, name, &text, ends);
    check_garbage(parser, name, &text);
}

fn read(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let mut tree = Tree::of(&[(name, text)]);
    let parsed = tree.parse(name);
    tree.check(&parsed);
    (packages(&parsed), said(&parsed))
}

#[test]
fn environments() {
    insta::assert_snapshot!("environment_asked", report("environment-yml/asked", "environment.yml"));
    insta::assert_snapshot!("environment_export", report("environment-yml/export", "environment.yaml"));
    insta::assert_snapshot!("environment_anchors", report("environment-yml/anchors", "environment.yml"));
    insta::assert_snapshot!("environment_bare", report("environment-yml/bare", "environment.yml"));
}

#[test]
fn mistakes_in_environments() {
    let text = "dependencies:\n  - =1.2\n  - zlib=1.2.13=h0_0\n  - pip:\n    - '???'\n    - flask==2.0.1\n";
    let (packages, said) = read("environment.yml", text);
    assert_eq!(
        packages,
        [
            "flask@2.0.1 registry unknown [] 6:14 by environment.yml:6",
            "zlib@1.2.13 registry unknown [] 3:10 by environment.yml:3",
        ]
    );
    assert_eq!(
        said,
        [
            "Error 2: this is no specification like `name=1.2`; it was left out",
            "Error 5: this is no requirement like `name==1.2`; it was left out",
        ]
    );
    let ends = [("numpy@1.21.2", "numpy==1.21.2\n"), ("requests@2.25.1", "requests==2.25.1\n")];
    hostile(&environment_yml::PARSER, "asked", "environment.yml", &ends);
}

#[test]
fn locks_of_conda_lock() {
    insta::assert_snapshot!("conda_lock_v1", report("conda-lock/v1", "conda-lock.yml"));
    insta::assert_snapshot!("conda_lock_bare", report("conda-lock/bare", "dev.conda-lock.yml"));
}

#[test]
fn mistakes_in_locks_of_conda_lock() {
    let (packages, said) =
        read("conda-lock.yml", "version: 1\npackage:\n- name: zlib\n- name: xz\n  version: 5.2.6\n  manager: conda\n");
    assert_eq!(packages.len(), 1);
    assert_eq!(said, ["Error 3: a package has no name or no version; it was left out. Run `conda-lock`"]);
    let (packages, said) = read("conda-lock.yml", "version: 1\n");
    assert_eq!(packages, Vec::<String>::new());
    assert_eq!(said, ["Error 1: there is no `package`: not a lockfile of conda-lock, nothing was read"]);
    let ends = [("python@3.9.18", "category: main\n"), ("urllib3@1.26.4", "version: 1.26.4\n  manager: pip\n")];
    hostile(&conda_lock::PARSER, "v1", "conda-lock.yml", &ends[1..]);
}

#[test]
fn explicit_files() {
    insta::assert_snapshot!("conda_explicit_linux", report("conda-explicit/linux", "conda-linux-64.lock"));
    insta::assert_snapshot!("conda_explicit_bare", report("conda-explicit/bare", "conda-noarch.lock"));
    let (packages, said) = read("conda-linux-64.lock", "@EXPLICIT\nhttps://host.example/zlib\n");
    assert_eq!(packages, Vec::<String>::new());
    assert_eq!(said, ["Error 2: this is no address of an archive `name-version-build.conda`; it was left out"]);
    let ends = [("_libgcc_mutex@0.1", "#d7c89558ba9fa0495403155b64376d81")];
    hostile(&conda_explicit::PARSER, "linux", "conda-linux-64.lock", &ends);
}

#[test]
fn locks_of_pixi() {
    for version in ["v6", "v5", "v4", "bare"] {
        insta::assert_snapshot!(format!("pixi_{version}"), report(&format!("pixi-lock/{version}"), "pixi.lock"));
    }
}

#[test]
fn mistakes_in_locks_of_pixi() {
    let (packages, said) =
        read("pixi.lock", "version: 9\npackages:\n- pypi: https://host.example/a.whl\n  version: 1.0\n- name: x\n");
    assert_eq!(packages, Vec::<String>::new());
    assert_eq!(
        said,
        [
            "Error 1: the `version` of this lockfile is not known; it was read like version 6",
            "Error 3: a package has no name; it was left out. Run `pixi lock`",
            "Error 5: a package has no address; it was left out. Run `pixi lock`",
        ]
    );
    let ends = [("requests@2.25.1", "version: 2.25.1\n"), ("urllib3@1.26.4", "version: 1.26.4\n")];
    hostile(&pixi_lock::PARSER, "v6", "pixi.lock", &ends);
}
