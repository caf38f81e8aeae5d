//! Tests over all parsers of Hex.

use super::{mix_exs, mix_lock};
use crate::ecosystem::fixture::{Tree, edges, said, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

#[test]
fn a_project_and_its_packages() {
    let mut tree = Tree::fixture("mix-lock/project");
    let parsed = tree.parse("mix.lock");
    tree.check(&parsed);
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "bunt 1.0.0 registry transitive dev",
            "credo 1.7.8 registry direct dev",
            "esbuild 0.8.1 registry direct",
            "labels git direct runtime",
            "mime 2.0.6 registry transitive runtime",
            "plug 1.16.1 registry direct runtime",
            "*shop 0.1.0 workspace transitive runtime",
            "ts_chatterbox 0.15.1 registry transitive",
        ]
    );
    assert!(edges(&parsed).contains(&"plug 1.16.1 -> ts_chatterbox 0.15.1 optional".to_owned()));
    assert!(parsed.graph.roots[0].drift.is_empty());
}

#[test]
fn old_entries_are_shorter() {
    let mut tree = Tree::fixture("mix-lock/old");
    let parsed = tree.parse("mix.lock");
    tree.check(&parsed);
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(uses(&parsed), ["cowboy 1.0.0 registry", "paid 2.0.0 registry"]);
    assert_eq!(parsed.graph.packages[1].id.source.url.as_deref(), Some("hexpm:acme"));
}

#[test]
fn a_manifest_alone() {
    let mut tree = Tree::fixture("mix-exs/plain");
    let parsed = tree.parse("mix.exs");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        [
            "core workspace direct runtime",
            "ex_doc (>= 0.0.0) registry direct dev",
            "jason 1.4.4 registry direct runtime",
            "*tiny 1.2.0 workspace transitive runtime",
            "ts_chatterbox (~> 0.15) registry direct optional",
        ]
    );
}

#[test]
fn mistakes_are_said_with_their_line() {
    let lock = "%{\n  \"a\": {:hex, :a},\n  \"b\": {:hex, :b, \"1.0.0\"},\n  \"c\": {:odd},\n";
    let mut tree = Tree::of(&[("mix.lock", lock)]);
    let parsed = tree.parse("mix.lock");
    assert_eq!(uses(&parsed), ["b 1.0.0 registry"]);
    let lines: Vec<_> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.line).collect();
    assert_eq!(lines, [Some(2), Some(4), Some(5)]);
    assert!(Tree::of(&[("mix.lock", "[]")]).parse("mix.lock").has_errors());
}

#[test]
fn cut_and_mangled_files() {
    let lock = "%{\n  \"a\": {:hex, :a, \"1.0.0\", \"00\", [:mix], [{:b, \"~> 2\", [hex: :b]}], \"hexpm\"},\n  \"b\": {:hex, :b, \"2.0.0\"},\n}\n";
    check_cuts(&mix_lock::PARSER, "mix.lock", lock, &[("a@1.0.0", "\"hexpm\"}"), ("b@2.0.0", "\"2.0.0\"}")]);
    check_garbage(&mix_lock::PARSER, "mix.lock", lock);
    let manifest = "def deps do\n[{:a, \"1.0.0\"}, {:b, \"~> 2\", only: :test}]\nend\n";
    check_garbage(&mix_exs::PARSER, "mix.exs", manifest);
    check_cuts(&mix_exs::PARSER, "mix.exs", manifest, &[("a@1.0.0", "\"1.0.0\"}")]);
}
