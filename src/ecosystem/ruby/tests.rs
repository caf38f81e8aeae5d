//! Tests over all parsers of Ruby.

use super::{gemfile, gemfile_lock, gemspec};
use crate::ecosystem::fixture::{Tree, counts, edges, said, survives, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};
use crate::ecosystem::{PARSERS, Parser};
use crate::model::DriftKind;

const ALL: [Parser; 3] = [gemfile_lock::PARSER, gemfile::PARSER, gemspec::PARSER];

fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut tree = Tree::of(files);
    let parsed = tree.parse(files[0].0);
    tree.check(&parsed);
    (uses(&parsed), said(&parsed))
}

/// Packages, edges between them, direct ones, and those for development only.
#[test]
fn fixtures() {
    let expected = [
        ("gemfile-lock/application", "Gemfile.lock", [27, 24, 9, 13]),
        ("gemfile-lock/gem", "Gemfile.lock", [5, 2, 3, 1]),
        ("gemfile-lock/gems-rb", "gems.locked", [3, 0, 3, 0]),
        ("gemfile-lock/minimal", "Gemfile.lock", [1, 0, 1, 0]),
        ("gemfile/application", "Gemfile", [12, 0, 12, 1]),
        ("gemfile/gems-rb", "gems.rb", [1, 0, 1, 0]),
        ("gemspec/by-hand", "greeter.gemspec", [4, 0, 4, 1]),
        ("gemspec/generated", "rack-proxy.gemspec", [2, 0, 2, 1]),
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
fn an_application_names_groups() {
    let mut tree = Tree::fixture("gemfile-lock/application");
    let parsed = tree.parse("Gemfile.lock");
    let found = uses(&parsed);
    for line in [
        "*. workspace transitive runtime",
        "*billing 0.1.0 workspace transitive runtime",
        "bigdecimal 3.1.8 registry direct runtime",
        "csv 3.3.0 registry direct",
        "diff-lcs 1.5.1 registry transitive dev",
        "labels 0.4.0 git direct runtime",
        "nokogiri 1.16.7 registry direct runtime",
        "racc 1.8.1 registry transitive runtime",
        "puma 6.4.3 registry direct runtime",
        "rspec 3.13.0 registry direct dev",
    ] {
        assert!(found.contains(&line.to_owned()), "{line} is missing in\n{}", found.join("\n"));
    }
    let edges = edges(&parsed);
    assert!(edges.contains(&"nokogiri 1.16.7 -> mini_portile2 2.8.7 runtime".to_owned()));
    assert!(edges.contains(&". -> rspec 3.13.0 dev".to_owned()), "{edges:?}");
    let of = |name: &str| parsed.graph.packages.iter().position(|package| package.id.name == name).unwrap();
    let nokogiri = of("nokogiri");
    let places: Vec<_> =
        parsed.graph.roots[0].uses[nokogiri].locations.iter().map(|place| (place.line, place.column)).collect();
    assert_eq!(places, [(33, 15), (36, 15), (38, 15)], "one gem for three platforms");
    assert_eq!(
        parsed.graph.packages[nokogiri].integrity.as_deref(),
        Some("sha256=f819cbfdfb0a7b19c9c52c6f2ca63df0e58a6125f4f139707b586b9511d7fe95")
    );
    assert_eq!(parsed.graph.packages[of("rack")].id.source.url.as_deref(), Some("https://registry.example"));
    assert_eq!(
        parsed.graph.packages[of("labels")].id.source.url.as_deref(),
        Some("https://host.example/acme/labels.git#43f8f97be403091debab480235413b20059337bd")
    );
    let companions: Vec<&str> = parsed.companions.iter().map(AsRef::as_ref).collect();
    assert_eq!(companions, ["Gemfile", "engines/billing/billing.gemspec"]);
    assert!(parsed.graph.roots[0].drift.is_empty(), "{:?}", parsed.graph.roots[0].drift);
}

#[test]
fn a_gem_has_a_specification() {
    let mut tree = Tree::fixture("gemfile-lock/gem");
    let parsed = tree.parse("Gemfile.lock");
    assert_eq!(
        uses(&parsed),
        [
            "*. workspace transitive runtime",
            "concurrent-ruby 1.3.4 registry transitive runtime",
            "*greeter 0.2.0 workspace transitive runtime",
            "i18n 1.14.6 registry direct runtime",
            "minitest 5.25.1 registry direct dev",
            "parallel 1.26.3 registry transitive",
            "rubocop 1.66.1 registry direct",
        ]
    );
}

#[test]
fn without_a_manifest_no_group_is_known() {
    let mut tree = Tree::fixture("gemfile-lock/minimal");
    let found = uses(&tree.parse("Gemfile.lock"));
    assert_eq!(found, ["*. workspace transitive runtime", "rake 13.2.1 registry direct"]);
    let mut tree = Tree::fixture("gemfile-lock/gems-rb");
    let found = uses(&tree.parse("gems.locked"));
    assert_eq!(
        found[1..],
        ["json 2.7.2 registry direct", "odd 0.1.0 unknown direct", "thor 1.3.2 registry direct runtime"]
    );
}

#[test]
fn manifests_are_read_where_they_are_plain() {
    let mut tree = Tree::fixture("gemfile/application");
    assert_eq!(
        uses(&tree.parse("Gemfile")),
        [
            "*. workspace transitive runtime",
            "elsewhere 2.0.0 registry direct runtime",
            "minitest 5.25.1 registry direct dev",
            "octokit git direct runtime",
            "pg (~> 1.5) registry direct runtime",
            "rails 7.1.4 registry direct runtime",
            "redis (~> 5.0, >= 5.0.8) registry direct runtime",
            "sass git direct runtime",
            "secret 1.2.0 registry direct runtime",
            "simplecov registry direct",
            "tools (~> 1.0) path direct runtime",
            "versioned registry direct runtime",
            "yard registry direct",
        ]
    );
    let mut tree = Tree::fixture("gemspec/by-hand");
    assert_eq!(
        uses(&tree.parse("greeter.gemspec")),
        [
            "*greeter 0.2.0 workspace transitive runtime",
            "i18n (>= 1.8, < 2) registry direct runtime",
            "json registry direct runtime",
            "rake registry direct dev",
            "thor 1.3.2 registry direct runtime",
        ]
    );
}

#[test]
fn blocks_that_do_not_close_say_nothing_of_groups() {
    let kinds = |text: &str| read(&[("Gemfile", text)]).0.split_off(1);
    assert_eq!(
        kinds("group :test do\ngem 'a'\nend\ngem 'b'\n"),
        ["a registry direct dev", "b registry direct runtime"]
    );
    assert_eq!(kinds("group :test do\ngem 'a'\n"), ["a registry direct"]);
    assert_eq!(kinds("group :test do\n%w[x].each do |n|\ngem n\nend\ngem 'a'\nend\n"), ["a registry direct dev"]);
    assert_eq!(kinds("=begin\ngem 'no'\n=end\ngem 'a'\n__END__\ngem 'no'\n"), ["a registry direct runtime"]);
    assert_eq!(kinds("gem 'a', \"#{x}\"\ngem \"b#{x}\"\ngem \"a\\n\"\n"), ["a registry direct runtime"]);
    assert_eq!(kinds("group(*groups) do\ngem 'a'\nend\n"), ["a registry direct"]);
    assert_eq!(kinds("gem 'a', group: :test\ngem 'a', group: :production\n"), ["a registry direct runtime+dev"]);
}

#[test]
fn what_the_lock_does_not_name_has_drifted() {
    let lock = "GEM\n  remote: https://registry.example/\n  specs:\n    a (1.0)\n\nDEPENDENCIES\n  a\n";
    let drift = |manifest: &str| {
        let mut tree = Tree::of(&[("Gemfile.lock", lock), ("Gemfile", manifest)]);
        let parsed = tree.parse("Gemfile.lock");
        let drift = parsed.graph.roots[0].drift.iter();
        drift.map(|drift| (drift.name.clone(), drift.kind == DriftKind::Missing)).collect::<Vec<_>>()
    };
    assert_eq!(drift("gem 'a'\ngem 'b', '~> 1'\n"), [("b".to_owned(), true)]);
    assert_eq!(drift("gem 'a'\ngem 'b' if x\nif y\ngem 'c'\nend\n"), []);
    assert_eq!(drift("gem 'b'\neval_gemfile 'other'\n"), []);
    assert_eq!(drift("gem 'b'\nif x\n"), []);
}

#[test]
fn mistakes_are_said_with_their_line() {
    let conflict = "GEM\n  specs:\n<<<<<<< HEAD\n    a (1.0)\n=======\n    a (1.1)\n>>>>>>> b\n\nDEPENDENCIES\n  a\n";
    let (_, said) = read(&[("Gemfile.lock", conflict)]);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("Error 3: "), "{said:?}");
    let (found, said) = read(&[("Gemfile.lock", "GEM\n  specs:\n    a\n    b ()\n      c\n    d (1.0)\n   odd\n")]);
    assert_eq!(found, ["d 1.0 registry"], "without DEPENDENCIES nobody knows what is direct");
    let lines: Vec<&str> = said.iter().map(|said| said.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["Error 3", "Error 4", "Error 5", "Error 7", "Error -"]);
}

const LOCK: &str = "GEM\n  remote: https://registry.example/\n  specs:\n    rack (3.1.8)\n    rake (13.2.1)\n      rack (>= 1)\n\nDEPENDENCIES\n  rake (= 13.2.1)\n";

#[test]
fn cut_and_mangled_files() {
    check_cuts(&gemfile_lock::PARSER, "Gemfile.lock", LOCK, &[("rack@3.1.8", "(3.1.8)"), ("rake@13.2.1", "(13.2.1)")]);
    check_garbage(&gemfile_lock::PARSER, "Gemfile.lock", LOCK);
    let manifest = "source 'https://registry.example'\ngem \"rake\", \"13.2.1\", group: [:test]\ngroup :test do\n  gem 'rack', '3.1.8'\nend\n";
    check_garbage(&gemfile::PARSER, "Gemfile", manifest);
    check_cuts(&gemfile::PARSER, "Gemfile", manifest, &[("rake@13.2.1", "[:test]"), ("rack@3.1.8", "3.1.8'")]);
    let gemspec = "S.new do |s|\n  s.add_dependency \"rake\", \"13.2.1\"\n  s.version = '1'\nend\n";
    check_garbage(&gemspec::PARSER, "a.gemspec", gemspec);
    check_cuts(&gemspec::PARSER, "a.gemspec", gemspec, &[("rake@13.2.1", "13.2.1\"")]);
}

proptest::proptest! {
    #[test]
    fn nothing_that_looks_like_it_makes_a_parser_panic(
        text in "(gem |group |source |do|end|if |path |x\\.add_dependency |\"|'|a|1\\.0|,|:|=>|\\[|\\]|\\{|\\}|\\(|\\)|%w\\[|%q<|#|#\\{|\\\\|<<~A|é| |\n|GEM|  specs:|    a \\(1\\)){0,40}"
    ) {
        for parser in PARSERS.iter().filter(|parser| ALL.iter().any(|own| own.id == parser.id)) {
            survives(parser, &parser.names[0].replace('*', "x"), text.as_bytes());
        }
    }
}
