//! Tests over the parsers of Conan's and vcpkg's files.

use super::{conan_lock, conanfile, vcpkg_json};
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
fn locks_of_conan() {
    for case in ["v0.5", "packages", "v0.4", "v0.1", "bare"] {
        insta::assert_snapshot!(format!("conan_lock_{case}"), report(&format!("conan-lock/{case}"), "conan.lock"));
    }
}

#[test]
fn mistakes_in_locks_of_conan() {
    let (packages, said) = read("conan.lock", "{\"version\": \"0.5\",\n\"requires\": [\"zlib\",\n\"fmt/9.1.0\"]}");
    assert_eq!(packages, ["fmt@9.1.0 registry unknown [runtime] 3:6"]);
    assert_eq!(said, ["Error 2: this is no reference like `name/version`; it was left out"]);
    let (_, said) = read("conan.lock", "{}");
    assert_eq!(
        said,
        ["Error -: there is neither `graph_lock` nor `requires`: not a lockfile of Conan, nothing was read"]
    );
    let nodes = "{\"graph_lock\": {\"nodes\": {\n\"1\": {\"ref\": \"fmt/9.1.0\", \"requires\": [\n\"7\"]}}}}";
    let (packages, said) = read("conan.lock", nodes);
    assert_eq!(packages, ["fmt@9.1.0 registry unknown [] 2:19"]);
    assert_eq!(said, ["Error 3: a node needs another one that this file does not have; run `conan lock create`"]);
    hostile(&conan_lock::PARSER, "v0.5", "conan.lock", &[("openssl@3.0.8", "1678354652.13\",")]);
    hostile(&conan_lock::PARSER, "v0.4", "conan.lock", &[("openssl@1.1.1g", "7eb7ea3d9c1a1a4a1f3f3f4f4f1b8b0e\",")]);
}

#[test]
fn files_of_conan() {
    insta::assert_snapshot!("conanfile_sections", report("conanfile/sections", "conanfile.txt"));
    insta::assert_snapshot!("conanfile_bare", report("conanfile/bare", "conanfile.txt"));
    let (packages, said) = read("conanfile.txt", "[requires]\nzlib\nfmt/9.1.0\n");
    assert_eq!(packages, ["fmt@9.1.0 registry direct [runtime] 3:5 by conanfile.txt:3"]);
    assert_eq!(said, ["Error 2: this is no reference like `name/version`; it was left out"]);
    hostile(&conanfile::PARSER, "sections", "conanfile.txt", &[("poco@1.12.4", "poco/1.12.4")]);
}

#[test]
fn manifests_of_vcpkg() {
    for case in ["project", "features-list", "bare"] {
        insta::assert_snapshot!(format!("vcpkg_{case}"), report(&format!("vcpkg-json/{case}"), "vcpkg.json"));
    }
    let (_, said) = read("vcpkg.json", "[]");
    assert_eq!(said, ["Error 1: an object is expected here; nothing was read"]);
    let (packages, said) = read("vcpkg.json", "{\"dependencies\": [{\"host\": true}, \"zlib\"]}");
    assert_eq!(packages.len(), 2);
    assert_eq!(said, ["Error -: a dependency has no name; it was left out"]);
    hostile(&vcpkg_json::PARSER, "features-list", "vcpkg.json", &[]);
}
