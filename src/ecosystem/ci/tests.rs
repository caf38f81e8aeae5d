//! Tests over the parsers of pipelines.

use super::{github_action, github_workflow, gitlab_ci, pre_commit};
use crate::ecosystem::Parser;
use crate::ecosystem::fixture::{Tree, said, uses};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage};

const WORKFLOW: &str = ".github/workflows/ci.yml";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

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
    uses(&parsed)
}

#[test]
fn what_a_workflow_takes() {
    assert_eq!(
        fixture("github-workflow/typical", WORKFLOW),
        [
            "actions/cache v4.2.0 registry direct dev",
            "actions/checkout v4.2.2 (11bd71901bbe5b1630ceea73d27597364c9af683) registry direct dev",
            "actions/reusable-workflows (main) registry direct dev",
            "actions/setup-node 39370e3970a6d050c480ffad4ff0ed4d3fdee5af (39370e3970a6d050c480ffad4ff0ed4d3fdee5af) \
             registry direct dev",
            "actions/upload-artifact (v4) registry direct dev",
            "dtolnay/rust-toolchain (stable) registry direct dev",
            "github/codeql-action v3.28.0 registry direct dev",
            "library/node 20.11.1-bookworm \
             (sha256:f3299f16246c71ab8b304d6745bb4059fa9283e8d025972e28436a9f9b36ed24) registry direct dev",
            "library/postgres 16 registry direct dev",
            "library/redis 7.2.4 registry direct dev",
            "registry.example/tools/lint 1.4.0 registry direct dev",
        ]
    );
    assert_eq!(
        fixture("github-workflow/least", ".github/workflows/one.yaml"),
        ["actions/checkout (v4) registry direct dev"]
    );
}

#[test]
fn what_an_action_takes() {
    assert_eq!(
        fixture("github-action/composite", "action.yml"),
        [
            "actions/cache v4.2.0 registry direct runtime",
            "actions/setup-python v5.4.0 (42375524e23c412d93fb67b49958b491fce71c38) registry direct runtime",
        ]
    );
    assert_eq!(fixture("github-action/docker", "action.yaml"), ["library/alpine 3.20.3 registry direct runtime"]);
    assert_eq!(fixture("github-action/least", "action.yml"), [""; 0]);
}

#[test]
fn places_and_hashes_of_actions() {
    let mut tree = Tree::fixture("github-workflow/typical");
    let parsed = tree.parse(WORKFLOW);
    let of = |name: &str| {
        let at = parsed.graph.packages.iter().position(|package| package.id.name == name).unwrap();
        let usage = &parsed.graph.roots[0].uses[at];
        let lines = |places: &[crate::model::Location]| {
            places.iter().map(|place| (place.line, place.column)).collect::<Vec<_>>()
        };
        (lines(&usage.locations), lines(&usage.declared), parsed.graph.packages[at].integrity.clone())
    };
    let commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
    assert_eq!(of("actions/checkout"), (vec![(28, 73)], vec![], Some(commit.to_owned())));
    assert_eq!(of("actions/upload-artifact"), (vec![], vec![(36, 37)], None));
    assert_eq!(of("github/codeql-action").0, [(39, 39), (40, 42)]);
    assert_eq!(of("library/postgres").0, [(20, 35)], "an alias stands where its anchor does");
}

#[test]
fn mistakes_are_said() {
    let step = |uses: &str| read(WORKFLOW, &format!("jobs:\n  a:\n    steps:\n    - uses: {uses}\n"));
    let refused = |text: &str| {
        format!(
            "Error 4: `{text}` names no action as `owner/repository@reference`; GitHub refuses it, and it was left out"
        )
    };
    for text in ["checkout", "actions/checkout", "actions@v1", "actions/checkout@", "a b/c@v1"] {
        assert_eq!(step(text).1, [refused(text)]);
    }
    assert_eq!(step("\"a/b\\x40v1\"").1.len(), 1);
    assert_eq!(step("*gone").1.len(), 1);
    assert_eq!(
        step("docker://${{ inputs.image }}").1,
        ["Warning 4: which image `${{ inputs.image }}` is, is decided when it runs; it was left out"]
    );
    assert_eq!(read(WORKFLOW, "name: x\n").1, ["Warning -: there are no `jobs`: not a workflow of GitHub Actions"]);
    assert_eq!(read("action.yml", "name: x\n").1, [""; 0], "another program's file");
}

#[test]
fn a_commit_beside_a_tag_fixes_nothing() {
    let text = format!("jobs:\n  a:\n    steps:\n    - uses: a/b@{COMMIT} # v1.2.3\n    - uses: A/B@v1.2.3\n");
    assert_eq!(read(WORKFLOW, &text).0, ["a/b v1.2.3 registry direct dev"]);
    let two = "jobs:\n  a:\n    steps:\n    - uses: a/b@v4\n    - uses: a/b@v3\n    - uses: a/b@v4\n";
    assert_eq!(read(WORKFLOW, two).0, ["a/b (v4, v3) registry direct dev"]);
    let alone = text.replace("    - uses: A/B@v1.2.3\n", "");
    assert_eq!(read(WORKFLOW, &alone).0, [format!("a/b v1.2.3 ({COMMIT}) registry direct dev")]);
}

#[test]
fn broken_files_keep_what_comes_before() {
    let text = "jobs:\n  a:\n    steps:\n    - uses: a/b@v1.2.3\n    - uses: c/d@v2.0.0 # x\n    - run: |\n        y\n";
    check_cuts(&github_workflow::PARSER, WORKFLOW, text, &[("a/b@v1.2.3", "v1.2.3\n"), ("c/d@v2.0.0", "v2.0.0 # x\n")]);
    let text = "runs:\n  steps:\n  - uses: a/b@v1.2.3\n  - uses: c/d@v2.0.0\n";
    check_cuts(&github_action::PARSER, "action.yml", text, &[("a/b@v1.2.3", "v1.2.3\n"), ("c/d@v2.0.0", "v2.0.0\n")]);
}

#[test]
fn nothing_makes_them_panic() {
    let workflow = "jobs: {a: {uses: a/b@v1, container: &i x:1, services: {s: *i}, steps: [uses: c/d@v1.2.3]}}\n";
    let all: [(&Parser, &str, &str); 2] = [
        (&github_workflow::PARSER, WORKFLOW, workflow),
        (&github_action::PARSER, "action.yml", "runs:\n  image: docker://x:1\n  steps:\n  - uses: a/b@v1.0.0 # v1\n"),
    ];
    for (parser, path, text) in all {
        check_garbage(parser, path, text);
    }
}

#[test]
fn what_a_gitlab_pipeline_takes() {
    let commit = "8f4b7f84864484a7bf31766abe9204da3cbe65b3";
    assert_eq!(
        fixture("gitlab-ci/typical", ".gitlab-ci.yml"),
        [
            "library/debian 12.6 registry direct dev".to_owned(),
            "library/docker 26.1.4-dind registry direct dev".to_owned(),
            "library/node 20.15.0 registry direct dev".to_owned(),
            "library/postgres 16.3 registry direct dev".to_owned(),
            "library/python 3.12.4-slim registry direct dev".to_owned(),
            "registry.example/ci/base 2024.6.1 registry direct dev".to_owned(),
            "components/opentofu/full-pipeline 2.1.0 git direct dev".to_owned(),
            "host.example/pipelines/base.yml url direct dev".to_owned(),
            "host.example/pipelines/fixed.yml (sha256-L3/GAoKaw0Arw6hDCKeKQlV1QPEgHYxGBHsH4zG1IY8=) url direct dev"
                .to_owned(),
            "host.example/team/lint (~latest) git direct dev".to_owned(),
            "platform/branch (main) git direct dev".to_owned(),
            "platform/floating git direct dev".to_owned(),
            "platform/other v1.4.0 git direct dev".to_owned(),
            format!("platform/pipelines v3.2.0 ({commit}) git direct dev"),
        ]
    );
    assert_eq!(
        fixture("gitlab-ci/least", ".gitlab-ci.yml"),
        ["library/ruby (latest) registry direct dev", "host.example/one.yml url direct dev"]
    );
    let (_, said) = read(".gitlab-ci.yml", "include: {component: a/b}\nimage: $CI_REGISTRY_IMAGE:1\n");
    assert_eq!(
        said,
        [
            "Error 1: the component `a/b` names no version after `@`; GitLab refuses it",
            "Warning 2: which image `$CI_REGISTRY_IMAGE:1` is, is decided when it runs: the variable `CI_REGISTRY_IMAGE` \
             has no value here",
        ]
    );
}

#[test]
fn what_hooks_take() {
    assert_eq!(
        fixture("pre-commit/typical", ".pre-commit-config.yaml"),
        [
            "serde (1.0) registry direct dev",
            "typos-cli 1.22.9 registry direct dev",
            "mvdan.cc/sh/v3/cmd/shfmt v3.8.0 registry direct dev",
            "@prettier/plugin-xml 3.4.1 registry direct dev",
            "prettier 3.3.2 registry direct dev",
            "typescript registry direct dev",
            "black 24.4.2 registry direct dev",
            "mypy 1.10.1 registry direct dev",
            "tomli registry direct dev",
            "types-requests (>=2.31) registry direct dev",
            "rubocop 1.64.1 registry direct dev",
            "github.com/astral-sh/ruff-pre-commit (main) git direct dev",
            "github.com/pre-commit/pre-commit-hooks v4.6.0 git direct dev",
            "github.com/psf/black-pre-commit-mirror 24.4.2 (3702ba224ecffbcec30af640c149f231d90aebdb) git direct dev",
        ]
    );
    assert_eq!(fixture("pre-commit/least", ".pre-commit-config.yaml"), ["host.example/hooks 1.0 git direct dev"]);
    let text = "repos:\n- hooks: []\n- repo: https://host.example/a\n- repo: https://host.example/b\n  rev: v1\n  hooks:\n  \
                - {id: x, additional_dependencies: [y]}\n";
    let (uses, said) = read(".pre-commit-config.yaml", text);
    assert_eq!(uses, ["host.example/b v1 git direct dev"]);
    assert_eq!(
        said,
        [
            "Error -: a repository without `repo`; pre-commit refuses it, and it was left out",
            "Error 3: `https://host.example/a` has no `rev`; pre-commit refuses it, and it was left out",
            "Warning 7: of which language `y` is a package, only the repository of its hook says: 1 of \
             `additional_dependencies` were left out. Where `language` stands beside them, they are read",
        ]
    );
}

#[test]
fn nothing_makes_the_others_panic() {
    let gitlab =
        "include: [{project: a/b, ref: v1}, {component: $X/c@1}, 'x://y']\njob: {image: 'a:$B', variables: {B: 1}}\n";
    let hooks =
        "repos:\n- repo: x://y\n  rev: v1\n  hooks:\n  - {language: rust, additional_dependencies: ['cli:a:1.2.3']}\n";
    check_garbage(&gitlab_ci::PARSER, ".gitlab-ci.yml", gitlab);
    check_garbage(&pre_commit::PARSER, ".pre-commit-config.yaml", hooks);
    let text = "repos:\n- repo: x://a\n  rev: v1.0\n- repo: x://b\n  rev: v2.0\n";
    check_cuts(&pre_commit::PARSER, ".pre-commit-config.yaml", text, &[("a@v1.0", "v1.0\n"), ("b@v2.0", "v2.0\n")]);
    let text = "image: node:20.1.0\njob:\n  services:\n  - debian:12.5\n";
    let ends = [("library/node@20.1.0", "20.1.0\n"), ("library/debian@12.5", "12.5\n")];
    check_cuts(&gitlab_ci::PARSER, ".gitlab-ci.yml", text, &ends);
}
