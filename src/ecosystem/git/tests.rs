//! Tests over submodules.

use super::gitmodules;
use crate::ecosystem::fixture::{Tree, said, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let mut tree = Tree::of(&[(".gitmodules", text)]);
    let parsed = tree.parse(".gitmodules");
    tree.check(&parsed);
    (uses(&parsed), said(&parsed))
}

#[test]
fn submodules_are_repositories() {
    let mut tree = Tree::fixture("gitmodules/typical");
    let parsed = tree.parse(".gitmodules");
    tree.check(&parsed);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        uses(&parsed),
        ["../theme git direct", "github.com/google/googletest (main) git direct", "host.example/team/data git direct"]
    );
    let declared: Vec<_> = parsed.graph.roots[0].uses.iter().map(|usage| usage.declared[0].line).collect();
    assert_eq!(declared, [12, 4, 8]);
    let mut tree = Tree::fixture("gitmodules/least");
    assert_eq!(uses(&tree.parse(".gitmodules")), ["host.example/a git direct"]);
}

#[test]
fn mistakes_are_said() {
    assert_eq!(read("[submodule \"a\"]\n\tpath = a\n").1, ["Error 1: the submodule `a` has no `url`; it was left out"]);
    assert_eq!(read("url = x\n[other]\nurl = y\n").0, [""; 0]);
}

#[test]
fn broken_files_keep_what_comes_before() {
    let text = "[submodule \"a\"]\n\turl = https://host.example/a\n[submodule \"b\"]\n\turl = git@host.example:b.git\n";
    let ends = [("host.example/a@?", "https://host.example/a\n"), ("host.example/b@?", "b.git\n")];
    check_cuts(&gitmodules::PARSER, ".gitmodules", text, &ends);
    check_garbage(&gitmodules::PARSER, ".gitmodules", text);
}
