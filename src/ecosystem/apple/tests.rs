//! Tests over all parsers of Swift.

use super::package_resolved::PARSER;
use crate::ecosystem::fixture::{Tree, said, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

#[test]
fn fixtures() {
    let expected: [(&str, &[&str]); 4] = [
        ("v1", &["github.com/alamofire/alamofire 5.9.1 registry", "host.example/acme/labels git"]),
        ("v2", &["github.com/apple/swift-nio 2.66.0 registry", "tools 1.0.0 path"]),
        ("v3", &["github.com/apple/swift-log 1.6.1 registry", "mona.linkedlist 1.2.0 registry"]),
        ("minimal", &[]),
    ];
    for (case, packages) in expected {
        let mut tree = Tree::fixture(&format!("package-resolved/{case}"));
        let parsed = tree.parse("Package.resolved");
        tree.check(&parsed);
        assert_eq!(said(&parsed), Vec::<String>::new(), "{case}");
        assert_eq!(uses(&parsed), packages, "{case}");
    }
}

#[test]
fn mistakes_are_said_with_their_line() {
    let text = "{\"pins\": [\n{\"identity\": \"a\"},\n{\"location\": \"https://host.example/a\", \"state\": {}}], \"version\": 9}";
    let parsed = Tree::of(&[("Package.resolved", text)]).parse("Package.resolved");
    let lines: Vec<_> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.line).collect();
    assert_eq!(lines, [None, Some(2), Some(3)]);
    assert!(Tree::of(&[("Package.resolved", "{}")]).parse("Package.resolved").has_errors());
}

#[test]
fn cut_and_mangled_files() {
    let text = "{\"pins\": [\n{\"location\": \"https://host.example/a\", \"state\": {\"version\": \"1.0.0\"}},\n{\"location\": \"https://host.example/b\", \"state\": {\"version\": \"2.0.0\"}}],\n\"version\": 2}\n";
    let ends = [("host.example/a@1.0.0", "1.0.0\"}}"), ("host.example/b@2.0.0", "2.0.0\"}}")];
    check_cuts(&PARSER, "Package.resolved", text, &ends);
    check_garbage(&PARSER, "Package.resolved", text);
}
