use super::{julia_manifest, julia_project};
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

/// What is read of a file that stands alone, and what is said of it.
fn read(name: &str, text: &str) -> String {
    let parsed = Tree::of(&[(name, text)]).parse(name);
    [packages(&parsed), said(&parsed)].concat().join("\n")
}

#[test]
fn fixtures() {
    insta::assert_snapshot!("julia-manifest-v1", report("julia-manifest/v1", "JuliaManifest.toml"));
    insta::assert_snapshot!("julia-manifest-v2", report("julia-manifest/v2", "Manifest.toml"));
    insta::assert_snapshot!("julia-manifest-v2.1", report("julia-manifest/v2.1", "Manifest-v1.13.toml"));
    insta::assert_snapshot!("julia-manifest-workspace", report("julia-manifest/workspace", "Manifest.toml"));
    insta::assert_snapshot!("julia-manifest-empty", report("julia-manifest/empty", "Manifest.toml"));
    insta::assert_snapshot!("julia-project-package", report("julia-project/package", "Project.toml"));
    insta::assert_snapshot!("julia-project-bare", report("julia-project/bare", "JuliaProject.toml"));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    insta::assert_snapshot!(
        "Manifest.toml-mistakes-1",
        read(
            "Manifest.toml",
            "manifest_format = \"3.0\"\n[[deps.A]]\nversion = \"1.0.0\"\n[[deps.B]]\nuuid = \"b\"\nversion = \"1.0.0\"\n"
        )
    );
    insta::assert_snapshot!(
        "Manifest.toml-mistakes-2",
        read("Manifest.toml", "C = 1\n[[A]]\nuuid = \"a\"\nversion = \"1.0.0\"\n[[B]\n")
    );
    insta::assert_snapshot!("Project.toml-mistakes-1", read("Project.toml", "[deps]\nA = 1\nB = \"b\"\n[compat\n"));
}

#[test]
fn cut_and_mangled_manifests_are_survived() {
    let tree = Tree::fixture("julia-manifest/v1");
    let text = String::from_utf8(tree.bytes("JuliaManifest.toml").to_vec()).unwrap();
    check_cuts(&julia_manifest::PARSER, "JuliaManifest.toml", &text, &[("JSON@0.21.1", "\"0.21.1\"\n\n")]);
    check_garbage(&julia_manifest::PARSER, "JuliaManifest.toml", &text);
}

#[test]
fn cut_and_mangled_projects_are_survived() {
    let tree = Tree::fixture("julia-project/package");
    let text = String::from_utf8(tree.bytes("Project.toml").to_vec()).unwrap();
    check_cuts(
        &julia_project::PARSER,
        "Project.toml",
        &text,
        &[("Example@?", "rev = \"7876af07990d54b4ab0e23690620f79a7876af07\"}\n")],
    );
    check_garbage(&julia_project::PARSER, "Project.toml", &text);
}
