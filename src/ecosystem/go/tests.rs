//! Tests over all parsers of Go.

use proptest::prelude::*;

use super::{compare, go_mod, go_sum, go_work, gopkg_lock, toolchain_version};
use crate::ecosystem::fixture::{Tree, counts, edges, said, survives, uses};
use crate::ecosystem::{PARSERS, Parser};
use crate::model::Location;

const ALL: [Parser; 4] = [go_mod::PARSER, go_sum::PARSER, go_work::PARSER, gopkg_lock::PARSER];

const HASH: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn go_mod(text: &str) -> (Vec<String>, Vec<String>) {
    let mut tree = Tree::of(&[("go.mod", text)]);
    let parsed = tree.parse("go.mod");
    tree.check(&parsed);
    (uses(&parsed), said(&parsed))
}

#[test]
fn every_parser_has_its_row_and_fixtures() {
    for parser in &ALL {
        assert!(PARSERS.iter().any(|row| row.id == parser.id), "{}", parser.id);
        assert!(!Tree::fixture(parser.id).paths.is_empty());
    }
}

/// The numbers were compared with an independent reading of the same files.
#[test]
fn fixtures() {
    let expected = [
        ("go-mod", "work/app/go.mod", [54, 0, 11, 0]),
        ("go-mod", "work/lib/go.mod", [28, 0, 4, 0]),
        ("go-mod", "work/local/greet/go.mod", [0, 0, 0, 0]),
        ("go-sum", "alone/go.sum", [2, 0, 0, 0]),
        ("go-work", "two-modules/go.work", [1, 0, 1, 0]),
        ("gopkg-lock", "dep-0.5/Gopkg.lock", [4, 0, 3, 0]),
        ("gopkg-lock", "dep-0.4/Gopkg.lock", [2, 0, 0, 0]),
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
fn direct_and_indirect_modules() {
    let text = "module host.example/a // c\ngo 1.22\nrequire host.example/b v1.0.0\nrequire (\n\thost.example/c v2.0.0+incompatible // indirect\n\
                \t\"host.example/d\" v0.0.0-20240101000000-0123456789ab // indirect; why\n)\nretract [v1.0.0, v1.1.0]\ntool host.example/b/cmd\n";
    let (uses, said) = go_mod(text);
    assert_eq!(said, Vec::<String>::new());
    assert_eq!(
        uses,
        [
            "*host.example/a workspace transitive runtime",
            "host.example/b v1.0.0 registry direct runtime",
            "host.example/c v2.0.0+incompatible registry transitive runtime",
            "host.example/d v0.0.0-20240101000000-0123456789ab registry transitive runtime",
        ]
    );
}

#[test]
fn replacements_fix_versions() {
    let text = "module host.example/a\ngo 1.22\nrequire (\n\thost.example/b v1.0.0\n\thost.example/c v1.0.0\n\thost.example/d v1.0.0\n)\n\
                replace (\n\thost.example/b => host.example/fork v1.0.1\n\thost.example/c v1.0.0 => ./c\n\thost.example/c => host.example/x v9.0.0\n\
                \thost.example/d v0.9.0 => host.example/y v9.0.0\n)\n";
    let mut tree = Tree::of(&[("go.mod", text)]);
    let parsed = tree.parse("go.mod");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed)[1..],
        [
            "host.example/c v1.0.0 path direct runtime",
            "host.example/d v1.0.0 registry direct runtime",
            "host.example/fork v1.0.1 registry direct runtime",
        ]
    );
    assert_eq!(edges(&parsed).len(), 3);
    let fork = &parsed.graph.roots[0].uses[3];
    let at = |places: &[Location]| (places[0].line, places[0].column);
    assert_eq!((at(&fork.locations), at(&fork.declared)), ((9, 38), (4, 17)));
}

#[test]
fn only_a_toolchain_line_fixes_the_standard_library() {
    let toolchain = |lines: &str| go_mod(&format!("module m\n{lines}\n")).0.get(1).cloned();
    assert_eq!(toolchain("go 1.21.5"), None);
    assert_eq!(toolchain("go 1.21\ntoolchain default"), None);
    assert_eq!(toolchain("go 1.21\ntoolchain go1.22.3").as_deref(), Some("stdlib 1.22.3 registry direct runtime"));
    assert_eq!(toolchain_version("go1.22.3-custom"), Some("1.22.3"));
    assert_eq!(toolchain_version("local"), None);
}

#[test]
fn what_fixes_no_version_is_unresolved() {
    let (uses, said) =
        go_mod("module m\ngo 1.22\nrequire a.example v1.0.0\nrequire b.example master\nexclude a.example v1.0.0\n");
    assert_eq!(
        uses[..2],
        ["a.example (>v1.0.0) registry direct runtime", "b.example (master) registry direct runtime"]
    );
    assert_eq!(said.len(), 2);
}

#[test]
fn before_1_17_the_checksums_hold_the_indirect_modules() {
    let sum = format!(
        "a.example v1.0.0 {HASH}\nb.example v1.9.0 {HASH}\nb.example v1.10.0 {HASH}\nb.example v1.11.0/go.mod {HASH}\nm v1.0.0 {HASH}\n"
    );
    let read = |go: &str| {
        let module = format!("module m\n{go}\nrequire a.example v1.0.0\n");
        let mut tree = Tree::of(&[("x/go.mod", &module), ("x/go.sum", &sum)]);
        let parsed = tree.parse("x/go.mod");
        tree.check(&parsed);
        assert_eq!(parsed.companions.len(), 1);
        assert_eq!(parsed.graph.packages[0].integrity.as_deref(), Some(HASH));
        uses(&parsed)
    };
    let more = "b.example v1.10.0 registry transitive runtime";
    assert_eq!(read("go 1.16")[1], more);
    assert_eq!(read("")[1], more);
    assert_eq!(read("go 1.17").len(), 2);
    assert_eq!(read("go 1.21rc2").len(), 2);
}

#[test]
fn replacements_of_the_workspace_come_first() {
    let module = "module m\ngo 1.22\nrequire a.example v1.0.0\nreplace a.example => a.example v1.1.0\n";
    let work = "go 1.22\nuse (\n\t./x\n)\nreplace a.example => a.example v1.2.0\n";
    let mut tree = Tree::of(&[("go.work", work), ("x/go.mod", module), ("y/go.mod", module)]);
    let parsed = tree.parse("x/go.mod");
    tree.check(&parsed);
    assert_eq!(uses(&parsed)[0], "a.example v1.2.0 registry direct runtime");
    assert_eq!(&*parsed.graph.roots[0].uses[0].locations[0].path, "go.work");
    assert_eq!(uses(&tree.parse("y/go.mod"))[0], "a.example v1.1.0 registry direct runtime");
}

#[test]
fn a_workspace_says_what_it_lacks() {
    let mut tree =
        Tree::of(&[("go.work", "go 1.22\ntoolchain go1.22.3\nuse ./a\nuse ../b\nnonsense\n"), ("a/go.mod", "")]);
    let parsed = tree.parse("go.work");
    assert_eq!(uses(&parsed), ["stdlib 1.22.3 registry direct runtime"]);
    let lines: Vec<_> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.line).collect();
    assert_eq!(lines, [Some(4), Some(5)]);
}

#[test]
fn lines_that_cannot_be_read_are_lost_alone() {
    let (uses, said) = go_mod("module m\nrequire a.example\nrequire b.example v1.0.0\nrequire (\n\tc.example v1\n");
    assert_eq!(uses.len(), 3);
    assert_eq!(said.len(), 2, "{said:?}");
    let mut tree = Tree::of(&[("go.sum", "a.example v1.0.0\n\nb.example v1.0.0 h1:AAAA\n")]);
    let parsed = tree.parse("go.sum");
    assert_eq!((uses.len(), said.len(), parsed.graph.packages.len(), parsed.diagnostics.len()), (3, 2, 1, 1));
}

#[test]
fn a_project_of_dep_has_a_version_or_a_commit() {
    let mut tree = Tree::fixture("gopkg-lock");
    assert_eq!(
        uses(&tree.parse("dep-0.5/Gopkg.lock")),
        [
            "github.com/dgrijalva/jwt-go v3.2.0 git direct",
            "github.com/gorilla/websocket v1.2.0 registry direct",
            "golang.org/x/crypto git direct",
            "gopkg.in/yaml.v2 v2.2.1 registry transitive",
        ]
    );
    let parsed = tree.parse("dep-0.4/Gopkg.lock");
    assert_eq!(uses(&parsed), ["github.com/pkg/errors v0.8.0 registry", "golang.org/x/net git"]);
    let commit = parsed.graph.packages[1].id.source.url.as_deref();
    assert_eq!(commit, Some("https://golang.org/x/net#d866cfc389cec985d6fda2859936a575a55a3ab6"));
    let mut odd = Tree::of(&[(
        "Gopkg.lock",
        "[[projects]]\n  version = \"v1.0.0\"\n[[projects]]\n  name = \"a.example/b\"\n[[projects]]\n  name = \"a.example/c\"\n  \
         version = \"v1.0.0\"\n[solve-meta]\n  input-imports = [\"a.example/c-d\", \"a.example/c.d/e\"]\n",
    )]);
    let parsed = odd.parse("Gopkg.lock");
    assert_eq!(uses(&parsed), ["a.example/c v1.0.0 registry transitive"], "another name begins like it");
    assert_eq!(
        said(&parsed),
        [
            "Error 1: a project without a name was left out",
            "Error 3: `a.example/b` has neither a version nor a revision; it was left out",
        ]
    );
    assert!(said(&Tree::of(&[("Gopkg.lock", "a = 1\n")]).parse("Gopkg.lock"))[0].contains("no Gopkg.lock"));
}

#[test]
fn versions_have_an_order() {
    let sorted = [
        "master",
        "v0.0.0-20200101000000-aaaaaaaaaaaa",
        "v0.0.0-20210101000000-aaaaaaaaaaaa",
        "v1.2.0-rc.1",
        "v1.2.0",
        "v1.10.0",
        "v2.0.0+incompatible",
    ];
    assert!(sorted.is_sorted_by(|a, b| compare(a, b).is_lt()));
}

proptest! {
    #[test]
    fn nothing_makes_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for parser in PARSERS.iter().filter(|parser| ALL.iter().any(|own| own.id == parser.id)) {
            survives(parser, parser.names[0], &bytes);
        }
    }

    #[test]
    fn nothing_that_looks_like_it_does(text in "((module|go|require|replace|exclude|use|toolchain) |[a-z.]{1,4}|v1\\.[0-9]| |=>|\"|`|//|\\(|\\)|\n){0,40}") {
        for parser in PARSERS.iter().filter(|parser| ALL.iter().any(|own| own.id == parser.id)) {
            survives(parser, parser.names[0], text.as_bytes());
        }
    }

    #[test]
    fn what_comes_before_a_cut_is_kept(cut in 0_usize..200) {
        let text = "module m\n\ngo 1.22\n\nrequire (\n\ta.example v1.0.0\n\tb.example v1.0.1 // indirect\n)\n\nrequire c.example v1.0.2\n";
        let cut = cut.min(text.len());
        let mut tree = Tree::of(&[("go.mod", &text[..cut])]);
        let parsed = tree.parse("go.mod");
        tree.check(&parsed);
        // A line that is whole is kept.
        let whole = text[..cut].rfind('\n').map_or("", |at| &text[..at]);
        let expected = whole.matches("v1.").count();
        let known = parsed.graph.packages.iter().filter(|package| package.id.version.is_some()).count();
        prop_assert!(known >= expected, "{known} of {expected}");
    }
}
