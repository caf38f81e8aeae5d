//! Tests over all parsers of Dart.

use super::{pubspec, pubspec_lock};
use crate::ecosystem::fixture::{Tree, counts, edges, said, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

/// Packages, edges between them, direct ones, and those for development only.
#[test]
fn fixtures() {
    let expected = [
        ("pubspec-lock/application", "pubspec.lock", [11, 0, 10, 2]),
        ("pubspec-lock/old", "pubspec.lock", [3, 0, 0, 0]),
        ("pubspec-lock/minimal", "pubspec.lock", [0, 0, 0, 0]),
        ("pubspec-lock/workspace", "pubspec.lock", [3, 0, 3, 2]),
        ("pubspec/application", "pubspec.yaml", [10, 0, 10, 2]),
        ("pubspec/package", "pubspec.yaml", [1, 0, 1, 0]),
    ];
    for (folder, path, numbers) in expected {
        let mut tree = Tree::fixture(folder);
        let parsed = tree.parse(path);
        tree.check(&parsed);
        assert_eq!(said(&parsed), Vec::<String>::new(), "{folder}/{path}");
        assert_eq!(counts(&parsed), numbers, "{folder}/{path}");
        assert!(parsed.graph.roots.iter().all(|root| root.drift.is_empty()), "{folder}/{path}");
    }
}

#[test]
fn an_application() {
    let mut tree = Tree::fixture("pubspec-lock/application");
    let parsed = tree.parse("pubspec.lock");
    assert_eq!(
        uses(&parsed),
        [
            "async 2.11.0 registry transitive",
            "billing 0.1.0 path direct runtime",
            "flutter 0.0.0 path direct runtime",
            "flutter_test 0.0.0 path direct dev",
            "http 1.2.2 registry direct runtime",
            "intl 0.19.0 registry direct runtime",
            "labels 0.4.0 git direct runtime",
            "lints 4.0.0 registry direct dev",
            "meta 1.15.0 registry direct",
            "private_icons 2.1.0 registry direct runtime",
            "provider 6.1.2 registry direct runtime",
            "*shop 1.0.0+7 workspace transitive runtime",
        ]
    );
    let of = |name: &str| parsed.graph.packages.iter().find(|package| package.id.name == name).unwrap();
    assert_eq!(of("private_icons").id.source.url.as_deref(), Some("https://host.example/pub"));
    let commit = "https://host.example/acme/labels.git#43f8f97be403091debab480235413b20059337bd";
    assert_eq!(of("labels").id.source.url.as_deref(), Some(commit));
    assert!(of("async").integrity.as_deref().unwrap().starts_with("sha256:947bfcf1"));
}

#[test]
fn members_of_a_workspace_name_packages() {
    let mut tree = Tree::fixture("pubspec-lock/workspace");
    let parsed = tree.parse("pubspec.lock");
    assert_eq!(
        uses(&parsed),
        [
            "*_ workspace transitive runtime",
            "*app workspace transitive runtime",
            "collection 1.19.0 registry direct runtime",
            "*core 0.2.0 workspace transitive runtime",
            "lints 5.1.0 registry direct dev",
            "test 1.25.8 registry direct dev",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "_ -> lints 5.1.0 dev",
            "_ -> lints 5.1.0 dev",
            "app -> test 1.25.8 dev",
            "core 0.2.0 -> collection 1.19.0 runtime"
        ]
    );
    assert_eq!(parsed.companions.len(), 3);
}

#[test]
fn a_manifest_alone() {
    let mut tree = Tree::fixture("pubspec/application");
    assert_eq!(
        uses(&tree.parse("pubspec.yaml")),
        [
            "billing path direct runtime",
            "flutter path direct runtime",
            "flutter_test path direct dev",
            "http (^1.2.2) registry direct runtime",
            "intl (any) registry direct runtime",
            "labels git direct runtime",
            "lints (^4.0.0) registry direct dev",
            "meta 1.15.0 registry direct",
            "private_icons (^2.0.0) registry direct runtime",
            "provider 6.1.2 registry direct runtime",
            "*shop 1.0.0+7 workspace transitive runtime",
        ]
    );
}

#[test]
fn what_the_lock_does_not_hold_has_drifted() {
    let mut tree = Tree::of(&[
        ("pubspec.lock", "packages:\n  a:\n    source: hosted\n    version: 1.0.0\n"),
        ("pubspec.yaml", "name: x\ndependencies:\n  a: any\n  b: ^1.0.0\n  c:\n    path: ../c\n"),
    ]);
    let parsed = tree.parse("pubspec.lock");
    let names: Vec<&str> = parsed.graph.roots[0].drift.iter().map(|drift| drift.name.as_str()).collect();
    assert_eq!(names, ["b"]);
}

#[test]
fn mistakes_are_said_with_their_line() {
    let mut tree = Tree::of(&[("pubspec.lock", "packages:\n  a:\n    source: hosted\n  b: 1\n")]);
    let lines: Vec<String> =
        said(&tree.parse("pubspec.lock")).iter().map(|said| said.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["Error 2", "Error 4"]);
    assert!(Tree::of(&[("pubspec.lock", "sdks:\n  dart: any\n")]).parse("pubspec.lock").has_errors());
}

const LOCK: &str = "packages:\n  a:\n    dependency: transitive\n    source: hosted\n    version: \"1.0.0\"\n  b:\n    dependency: \"direct dev\"\n    version: 2.0.0\n    source: sdk\n";

#[test]
fn cut_and_mangled_files() {
    check_cuts(&pubspec_lock::PARSER, "pubspec.lock", LOCK, &[("a@1.0.0", "\"1.0.0\""), ("b@2.0.0", "2.0.0\n")]);
    check_garbage(&pubspec_lock::PARSER, "pubspec.lock", LOCK);
    let manifest = "name: x\ndependencies:\n  a: 1.0.0\n  b: ^2.0.0\nworkspace: [a]\n";
    check_cuts(&pubspec::PARSER, "pubspec.yaml", manifest, &[("a@1.0.0", "1.0.0\n")]);
    check_garbage(&pubspec::PARSER, "pubspec.yaml", manifest);
}
