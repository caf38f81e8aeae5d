//! Tests over the parsers of container files.

use super::{compose, dockerfile};
use crate::ecosystem::Parser;
use crate::ecosystem::fixture::{Tree, said, survives, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

fn read(path: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let mut tree = Tree::of(&[(path, text)]);
    let parsed = tree.parse(path);
    tree.check(&parsed);
    (uses(&parsed), said(&parsed))
}

fn fixture(folder: &str, path: &str) -> Vec<String> {
    let mut tree = Tree::fixture(folder);
    let parsed = tree.parse(path);
    tree.check(&parsed);
    assert_eq!(said(&parsed), Vec::<String>::new(), "{folder}");
    let places = parsed.graph.roots[0].uses.iter().map(|usage| {
        let lines = |places: &[crate::model::Location]| {
            places.iter().map(|place| format!(" {}:{}", place.line, place.column)).collect::<String>()
        };
        format!(" at{} by{}", lines(&usage.locations), lines(&usage.declared))
    });
    uses(&parsed).into_iter().zip(places).map(|(usage, place)| usage + &place).collect()
}

#[test]
fn the_stages_of_a_dockerfile() {
    let digest = "sha256:6c2780255bb7b881e904e303be0d7a079054160b2ce1efde446693c0850a39ad";
    assert_eq!(
        fixture("dockerfile/stages", "Dockerfile"),
        [
            "docker/dockerfile 1.7 registry direct build at 1:28 by 1:10".to_owned(),
            "library/alpine 3.20.3 registry direct runtime at 28:28 by 28:21".to_owned(),
            "library/busybox 1.36.1 registry direct build at 7:36 by 7:28".to_owned(),
            "library/debian bookworm-slim registry direct runtime at 19:13 by 19:6".to_owned(),
            format!("library/golang 1.22.5-bookworm ({digest}) registry direct build at 4:39 by"),
            "library/node 20.11 registry direct build at 14:11 by 14:6".to_owned(),
            "registry.example/team/certificates 2024.7.4 registry direct runtime at 25:48 by 25:13".to_owned(),
        ]
    );
}

#[test]
fn the_variables_of_a_dockerfile() {
    assert_eq!(
        fixture("dockerfile/variables", "web.Dockerfile"),
        [
            "library/fedora 40 registry direct runtime at 9:22 by 9:6",
            "library/python 3.12.4 registry direct build at 1:20 by 5:6",
            "library/python 3.12.4-slim registry direct build at by 6:6",
            "library/ubuntu 24.04 registry direct build at 3:17 by 7:6 8:6",
        ]
    );
    assert_eq!(
        fixture("dockerfile/least", "Containerfile"),
        ["library/alpine (latest) registry direct runtime at by 1:6"]
    );
}

#[test]
fn the_services_of_a_compose_file() {
    let digest = "sha256:0aafd2ae7e6c391f39fb6b7621632d79f54068faebc726caf469e87bd1d301c0";
    assert_eq!(
        fixture("compose/typical", "docker-compose.yml"),
        [
            format!("library/postgres 16.3 ({digest}) registry direct runtime at 8:21 by"),
            "library/rabbitmq 3.13.6 registry direct runtime at 13:32 by 13:13".to_owned(),
            "library/redis 7.2.4 registry direct runtime at 2:16 by 2:10".to_owned(),
            "registry.example/mail (latest) registry direct runtime at by 15:12".to_owned(),
        ]
    );
    assert_eq!(
        fixture("compose/least", "compose.yaml"),
        ["library/traefik (latest) registry direct runtime at by 4:12"]
    );
}

#[test]
fn what_is_decided_later_is_said() {
    let (uses, said) = read("Dockerfile", "ARG A\nFROM x:$A\nFROM y@sha256:1\nFROM z:1\n");
    assert_eq!(uses, ["library/z 1 registry direct runtime"]);
    assert_eq!(
        said,
        [
            "Warning 2: which image `x:$A` is, is decided when it is built: no `ARG` before the first `FROM` gives `A` a \
             value",
            "Error 3: `y@sha256:1` is no reference to an image; it was left out",
        ]
    );
    let (uses, said) = read("compose.yml", "services:\n  a: {image: 'x:${TAG}'}\n  b: {image: 'a b'}\n");
    assert_eq!(uses, [""; 0]);
    assert_eq!(
        said,
        [
            "Warning 2: which image `x:${TAG}` is, is decided where it runs: the variable `TAG` has no default here",
            "Error 3: `a b` is no reference to an image; it was left out",
        ]
    );
    assert_eq!(read("Dockerfile", "RUN x\n").1, ["Error -: there is no `FROM`: not a Dockerfile"]);
}

#[test]
fn one_image_by_tag_and_by_digest_may_move() {
    let digest = "sha256:0aafd2ae7e6c391f39fb6b7621632d79f54068faebc726caf469e87bd1d301c0";
    let (uses, _) = read("Dockerfile", &format!("FROM node:20@{digest}\nFROM node:20\n"));
    assert_eq!(uses, ["library/node 20 registry direct runtime+build"]);
}

#[test]
fn stages_that_name_themselves_end() {
    assert_eq!(read("Dockerfile", "FROM a AS a\nFROM a AS b\nFROM b AS a\nCOPY --from=9 x y\n").1.len(), 0);
    let many: String = (0..20_000).map(|at| format!("FROM s{} AS s{at}\n", at - i32::from(at > 0))).collect();
    assert_eq!(read("Dockerfile", &many).0.len(), 1);
}

#[test]
fn broken_files_keep_what_comes_before() {
    let text = "FROM node:20.1.0 AS a\nRUN x \\\n  y\nFROM debian:12.5\nCOPY --from=a x y\n";
    check_cuts(
        &dockerfile::PARSER,
        "Dockerfile",
        text,
        &[("library/node@20.1.0", "20.1.0 "), ("library/debian@12.5", "12.5\n")],
    );
    let text = "services:\n  a:\n    image: node:20.1.0\n  b:\n    image: debian:12.5\n";
    check_cuts(
        &compose::PARSER,
        "compose.yml",
        text,
        &[("library/node@20.1.0", "20.1.0\n"), ("library/debian@12.5", "12.5\n")],
    );
}

#[test]
fn nothing_makes_them_panic() {
    const ALL: [(&Parser, &str, &str); 2] = [
        (
            &dockerfile::PARSER,
            "Dockerfile",
            "ARG A=1\nFROM x:${A:-2}@sha256:00 AS b\nRUN <<E\nE\nCOPY --from=b \\\n x y\n",
        ),
        (&compose::PARSER, "compose.yml", "x-a: &a {image: x:$A}\nservices:\n  b: *a\n  c: {<<: *a, image: 'y@z:1'}\n"),
    ];
    for (parser, path, text) in ALL {
        check_garbage(parser, path, text);
        for text in ["$".repeat(100_000), "FROM ${A:-".repeat(50_000), "FROM a\\\n".repeat(50_000)] {
            survives(if path == "Dockerfile" { &dockerfile::PARSER } else { &compose::PARSER }, path, text.as_bytes());
        }
    }
}
