//! Tests over all parsers of PHP.

use super::{composer_json, composer_lock};
use crate::ecosystem::fixture::{Tree, counts, edges, said, survives, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

/// Packages, edges between them, direct ones, and those for development only.
#[test]
fn fixtures() {
    let expected = [
        ("composer-lock/project", "composer.lock", [13, 11, 4, 3]),
        ("composer-lock/old", "composer.lock", [3, 1, 0, 0]),
        ("composer-lock/minimal", "composer.lock", [1, 0, 0, 0]),
        ("composer-lock/private", "composer.lock", [7, 3, 0, 0]),
        ("composer-json/project", "composer.json", [7, 0, 7, 1]),
        ("composer-json/requirements", "composer.json", [1, 0, 1, 0]),
    ];
    for (folder, path, numbers) in expected {
        let mut tree = Tree::fixture(folder);
        let parsed = tree.parse(path);
        tree.check(&parsed);
        assert_eq!(said(&parsed), Vec::<String>::new(), "{folder}/{path}");
        assert_eq!(counts(&parsed), numbers, "{folder}/{path}");
    }
}

#[test]
fn a_project_and_its_packages() {
    let mut tree = Tree::fixture("composer-lock/project");
    let parsed = tree.parse("composer.lock");
    assert_eq!(
        uses(&parsed),
        [
            "*acme/shop workspace transitive runtime",
            "guzzlehttp/guzzle 7.9.2 registry direct runtime",
            "guzzlehttp/promises 2.0.3 registry transitive runtime",
            "guzzlehttp/psr7 2.7.0 registry transitive runtime",
            "monolog/monolog 3.7.0 registry direct runtime",
            "phpstan/extension-installer 1.4.3 registry direct dev",
            "phpstan/phpstan 1.12.5 registry transitive dev",
            "phpunit/php-timer 7.0.1 registry direct dev",
            "psr/http-client 1.0.3 registry transitive runtime",
            "psr/http-factory 1.1.0 registry transitive runtime",
            "psr/http-message 2.0 registry transitive runtime",
            "psr/log 3.0.2 registry transitive runtime",
            "ralouphie/getallheaders 3.0.3 registry transitive runtime",
            "symfony/deprecation-contracts v3.5.0 registry transitive runtime",
        ]
    );
    let plugins: Vec<_> = parsed.graph.packages.iter().filter(|package| package.install_script == Some(true)).collect();
    assert_eq!(plugins.len(), 1);
    assert_eq!(plugins[0].id.name, "phpstan/extension-installer");
    let contracts = parsed.graph.packages.iter().find(|package| package.id.name.contains("deprecation")).unwrap();
    assert_eq!(contracts.integrity.as_deref(), Some("024500726b0338bc6cd058d72a8ba911f248bd1f"));
    assert_eq!(contracts.id.source.url.as_deref(), Some("https://registry.example"));
    let direct: Vec<_> = edges(&parsed).into_iter().filter(|edge| edge.starts_with("acme/shop")).collect();
    assert_eq!(direct.len(), 5, "one requirement is met by a package that provides it: {direct:?}");
    assert!(parsed.graph.roots[0].drift.is_empty());
}

#[test]
fn what_no_registry_gives() {
    let mut tree = Tree::fixture("composer-lock/private");
    let parsed = tree.parse("composer.lock");
    let found: Vec<String> = parsed
        .graph
        .packages
        .iter()
        .map(|package| {
            let source = &package.id.source;
            format!("{} {} {}", package.id.name, source.kind.as_str(), source.url.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        found,
        [
            "acme/framework unknown -",
            "acme/local path ../local",
            "acme/old url https://host.example/svn/old",
            "acme/paid registry https://host.example/satis",
            "acme/plugin url https://host.example/plugin.2.1.zip",
            "acme/theme git https://host.example/acme/theme.git#7a38d8cbd20d9932ba948efaa364bb62651d5ad4",
            "psr/log registry https://registry.example",
        ]
    );
}

#[test]
fn a_manifest_alone_fixes_few_versions() {
    let mut tree = Tree::fixture("composer-json/project");
    assert_eq!(
        uses(&tree.parse("composer.json"))[1..],
        [
            "acme/theme (dev-main#0123abc) registry direct runtime",
            "doctrine/orm (3.2.*) registry direct runtime",
            "league/flysystem (3.x) registry direct runtime",
            "monolog/monolog 3.7.0 registry direct runtime",
            "phpunit/phpunit (~11.3) registry direct dev",
            "symfony/console (^6.4 || ^7.0) registry direct runtime",
            "twig/twig v3.14.0 registry direct runtime",
        ]
    );
}

#[test]
fn what_the_lock_does_not_hold_has_drifted() {
    let lock = r#"{"packages": [{"name": "a/a", "version": "1.0", "replace": {"a/b": "*"}}], "packages-dev": []}"#;
    let manifest =
        r#"{"require": {"php": "*", "A/A": "1", "a/b": "1", "a/c": "1", "a/own": "1"}, "replace": {"a/own": "1"}}"#;
    let mut tree = Tree::of(&[("composer.lock", lock), ("composer.json", manifest)]);
    let parsed = tree.parse("composer.lock");
    let names: Vec<&str> = parsed.graph.roots[0].drift.iter().map(|drift| drift.name.as_str()).collect();
    assert_eq!(names, ["a/c"]);
}

#[test]
fn mistakes_are_said_with_their_line() {
    let mut tree = Tree::of(&[("composer.lock", "{\"packages\": [\n{\"name\": \"a/a\"},\n{\"version\": \"1\"}, 7]}")]);
    let lines: Vec<String> =
        said(&tree.parse("composer.lock")).iter().map(|said| said.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["Error 2", "Error 3", "Error -"]);
    for (name, text) in [("composer.lock", "{}"), ("composer.lock", "[]"), ("composer.json", "[]")] {
        assert!(Tree::of(&[(name, text)]).parse(name).has_errors(), "{text}");
    }
    assert!(Tree::of(&[("composer.json", "{\"require\": {\"a/a\": 1}}")]).parse("composer.json").has_errors());
}

const LOCK: &str = "{\n\"packages\": [\n{\"name\": \"psr/log\", \"version\": \"3.0.2\"},\n{\"name\": \"a/b\", \"version\": \"1.0\", \"require\": {\"psr/log\": \"^3\"}}\n],\n\"packages-dev\": []\n}\n";

#[test]
fn cut_and_mangled_files() {
    check_cuts(&composer_lock::PARSER, "composer.lock", LOCK, &[("psr/log@3.0.2", "3.0.2\"}"), ("a/b@1.0", "^3\"}}")]);
    check_garbage(&composer_lock::PARSER, "composer.lock", LOCK);
    let manifest = "{\"require\": {\"psr/log\": \"3.0.2\", \"a/b\": \"^1\"}}";
    check_cuts(&composer_json::PARSER, "composer.json", manifest, &[("psr/log@3.0.2", "3.0.2\",")]);
    check_garbage(&composer_json::PARSER, "composer.json", manifest);
    for parser in [&composer_lock::PARSER, &composer_json::PARSER] {
        survives(parser, parser.names[0], b"{\"require\": [], \"packages\": {}}");
    }
}
