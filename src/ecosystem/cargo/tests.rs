use super::{CARGO_LOCK, CARGO_TOML};
use crate::ecosystem::Parsed;
use crate::ecosystem::syntax::probe::{Counts, Tree, check_cuts, check_fixtures, check_garbage, edges, packages, said};

fn lock(files: &[(&str, &str)]) -> Parsed {
    let mut tree = Tree::of(files);
    let parsed = tree.parse(&CARGO_LOCK, files[0].0);
    tree.check_places(&parsed);
    parsed
}

const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn the_oldest_format_has_a_root_and_checksums_apart() {
    let text = format!(
        "[root]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"libc 0.2.62 ({INDEX})\",\n]\n\n\
         [[package]]\nname = \"libc\"\nversion = \"0.2.62\"\nsource = \"{INDEX}\"\n\n\
         [[patch.unused]]\nname = \"rand\"\nversion = \"0.1.0\"\n\n\
         [metadata]\n\"checksum libc 0.2.62 ({INDEX})\" = \"34fc\"\n"
    );
    let parsed = lock(&[("Cargo.lock", &text)]);
    assert_eq!(
        packages(&parsed),
        ["app@0.1.0 workspace member [runtime] 3:12", "libc@0.2.62 registry direct [] 10:12"]
    );
    assert_eq!(parsed.graph.packages[1].integrity.as_deref(), Some("34fc"));
    assert_eq!(said(&parsed), [""; 0]);
}

#[test]
fn a_source_makes_another_package() {
    let text = concat!(
        "version = 3\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"sparse+https://any.crates.io/\"\n",
        "dependencies = [\n \"b 1.0.0\",\n \"b 1.0.0 (git+https://host.example/b?branch=main)\",\n",
        " \"b 1.0.0 (registry+https://registry.example/index)\",\n]\n\n",
        "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index/\"\n\n",
        "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"git+https://host.example/b?branch=main#0a1b2c3d\"\n\n",
        "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+https://registry.example/index\"\n",
    );
    let parsed = lock(&[("Cargo.lock", text)]);
    assert_eq!(
        packages(&parsed),
        [
            "a@1.0.0 registry unknown [] 5:12",
            "b@1.0.0 registry unknown [] 15:12",
            "b@1.0.0 registry(https://registry.example/index) unknown [] 25:12",
            "b@1.0.0 git(https://host.example/b#0a1b2c3d) unknown [] 20:12",
        ]
    );
    assert_eq!(edges(&parsed).len(), 3);
    assert_eq!(said(&parsed), [""; 0]);
}

const WORKSPACE: &str = concat!(
    "version = 4\n\n",
    "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"cc\",\n \"rand 0.8.5\",\n \"rand 0.9.0\",\n",
    " \"serde\",\n \"tempfile\",\n \"tool\",\n \"outside\",\n]\n\n",
    "[[package]]\nname = \"cc\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n",
    "[[package]]\nname = \"outside\"\nversion = \"0.2.0\"\n\n",
    "[[package]]\nname = \"rand\"\nversion = \"0.8.5\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n",
    "[[package]]\nname = \"rand\"\nversion = \"0.9.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n",
    "[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n",
    "[[package]]\nname = \"tempfile\"\nversion = \"3.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
    "dependencies = [\n \"rand 0.8.5\",\n]\n\n",
    "[[package]]\nname = \"tool\"\nversion = \"0.1.0\"\ndependencies = [\n \"serde\",\n]\n",
);

#[test]
fn the_manifests_tell_what_for() {
    let root = concat!(
        "[workspace]\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nfuss = { package = \"serde\", version = \"1\" }\n",
        "[package]\nname = \"app\"\n[dependencies]\nfuss = { workspace = true, optional = true }\nrand = \"0.9\"\n",
        "tool = { path = \"crates/tool\" }\noutside = { path = \"../outside\" }\n[build-dependencies]\ncc = \"1\"\n",
        "[target.'cfg(unix)'.dev-dependencies]\ntempfile.version = \"3\"\nold-rand = { package = \"rand\", version = \"0.8\" }\n",
    );
    let tool = "[package]\nname = \"tool\"\n[dev-dependencies]\nfuss.workspace = true\n";
    let stray = "[package]\nname = \"tool\"\n[dependencies]\nserde = \"1\"\n";
    let parsed = lock(&[
        ("rust/Cargo.lock", WORKSPACE),
        ("rust/Cargo.toml", root),
        ("rust/crates/tool/Cargo.toml", tool),
        ("rust/a-test/tool/Cargo.toml", stray),
        ("rust/other/Cargo.lock", "version = 4\n"),
        ("rust/other/Cargo.toml", "[package]\nname = \"app\"\n"),
    ]);
    assert_eq!(said(&parsed), [""; 0]);
    assert_eq!(
        packages(&parsed),
        [
            "app@0.1.0 workspace member [runtime] 5:12",
            "cc@1.0.0 registry direct [build] 18:12 by rust/Cargo.toml:13",
            "outside@0.2.0 path(outside) direct [runtime] 23:12 by rust/Cargo.toml:11",
            "rand@0.8.5 registry direct [dev] 27:12 by rust/Cargo.toml:16",
            "rand@0.9.0 registry direct [runtime] 32:12 by rust/Cargo.toml:9",
            "serde@1.0.1 registry direct [optional dev] 37:12 by rust/Cargo.toml:8 by rust/Cargo.toml:4 \
             by rust/crates/tool/Cargo.toml:4",
            "tempfile@3.1.0 registry direct [dev] 42:12 by rust/Cargo.toml:15",
            "tool@0.1.0 workspace member [runtime] 50:12 by rust/Cargo.toml:10",
        ]
    );
    assert!(edges(&parsed).contains(&"app@0.1.0 > serde@1.0.1 optional 1".to_owned()));
    let companions: Vec<&str> = parsed.companions.iter().map(AsRef::as_ref).collect();
    assert_eq!(companions, ["rust/Cargo.toml", "rust/crates/tool/Cargo.toml"]);
}

#[test]
fn without_a_manifest_nobody_knows_what_for() {
    let parsed = lock(&[
        ("Cargo.lock", WORKSPACE),
        ("Cargo.toml", "[package]\nname = \"tool\"\n[dependencies]\nserde = \"1\"\n"),
    ]);
    let found = packages(&parsed);
    assert!(found.contains(&"cc@1.0.0 registry direct [] 18:12".to_owned()), "{found:?}");
    assert!(found.contains(&"serde@1.0.1 registry direct [] 37:12 by Cargo.toml:4".to_owned()), "{found:?}");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let text = concat!(
        "version = 5\n[[package]]\nname = \"a\"\nversion = 1\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n",
        "dependencies = [\n \"gone\",\n 3,\n]\n[[package]]\nversion = \"1.0.0\"\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\nsource = 1\n",
        "[[package]]\nname = \"d\"\nversion = \"1.0.0\"\ndependencies = \"b\"\n",
    );
    let parsed = lock(&[("Cargo.lock", text)]);
    let lines: Vec<String> = said(&parsed).iter().map(|said| said.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["Error 1", "Error 2", "Error 10", "Error 12", "Error 17", "Error 21", "Error 9"]);
    assert_eq!(packages(&parsed).len(), 2);
    assert_eq!(said(&lock(&[("Cargo.lock", "version = 4\n")])).len(), 0, "whole, and without packages");
    assert_eq!(said(&lock(&[("Cargo.lock", "\n\n")])).len(), 1);
    assert_eq!(said(&lock(&[("Cargo.lock", "package = 1\n")])).len(), 1);
}

#[test]
fn a_version_with_escapes_has_no_place() {
    let parsed = lock(&[("Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1\\u002e0.0\"\n")]);
    assert_eq!(packages(&parsed), ["a@1.0.0 workspace member [runtime]"]);
}

#[test]
fn a_manifest_alone_gives_requirements() {
    let text = concat!(
        "[package]\nname = \"app\"\nversion = \"0.3.0\"\n[dependencies]\nserde = \"1\"\ntime = \"= 0.1.43\"\n",
        "near = { path = \"near\" }\nfar = { path = \"../../far\" }\nby-git = { git = \"https://host.example/x\", branch = \"main\" }\n",
        "other = { version = \"2\", registry = \"corp\" }\nshared = { workspace = true }\n",
        "[target.'cfg(windows)'.build-dependencies]\ncc = \"1\"\n[dev-dependencies]\nwrong = 1\n",
    );
    let mut tree = Tree::of(&[
        ("a/Cargo.toml", text),
        ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nshared = \"3\"\n"),
        ("a/near/Cargo.toml", "[package]\nname = \"near\"\n"),
    ]);
    let parsed = tree.parse(&CARGO_TOML, "a/Cargo.toml");
    tree.check_places(&parsed);
    assert_eq!(
        packages(&parsed),
        [
            "app@0.3.0 workspace member [runtime] 3:12",
            "by-git@? git(https://host.example/x) direct [runtime] by a/Cargo.toml:9",
            "cc@? registry direct [build] asks 1 by a/Cargo.toml:13",
            "far@? path(../../far) direct [runtime] by a/Cargo.toml:8",
            "near@? workspace direct [runtime] by a/Cargo.toml:7",
            "other@? registry(corp) direct [runtime] asks 2 by a/Cargo.toml:10",
            "serde@? registry direct [runtime] asks 1 by a/Cargo.toml:5",
            "shared@? registry direct [runtime] asks 3 by a/Cargo.toml:11 by Cargo.toml:4",
            "time@0.1.43 registry direct [runtime] 6:11 by a/Cargo.toml:6",
        ]
    );
    assert_eq!(said(&parsed), ["Error 15: `wrong` is neither a version nor a table; it was not read"]);
    let mut tree = Tree::of(&[("a/Cargo.toml", "[package]\nname = \"x\"\n[dependencies]\nshared.workspace = true\n")]);
    let parsed = tree.parse(&CARGO_TOML, "a/Cargo.toml");
    assert_eq!(parsed.diagnostics[0].line, Some(4));
    let mut tree = Tree::of(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
    assert!(tree.parse(&CARGO_TOML, "Cargo.toml").graph.packages.is_empty());
}

#[test]
fn no_cut_and_no_garbage_breaks_it() {
    let ends = [
        ("app@0.1.0", "\"outside\",\n]\n"),
        ("cc@1.0.0", "crates.io-index\"\n"),
        ("tempfile@3.1.0", "\"rand 0.8.5\",\n]\n"),
    ];
    check_cuts(&CARGO_LOCK, "Cargo.lock", WORKSPACE, &ends);
    check_garbage(&CARGO_LOCK, "Cargo.lock", WORKSPACE);
    let manifest =
        "[package]\nname = \"a\"\n[dependencies]\nb = \"=1.0.0\"\n[dev-dependencies]\nc = { version = \"=2.0.0\" }\n";
    check_cuts(&CARGO_TOML, "Cargo.toml", manifest, &[("b@1.0.0", "[dev-")]);
    check_garbage(&CARGO_TOML, "Cargo.toml", manifest);
}

#[test]
fn fixtures_of_the_real_tool() {
    let lock = |case| Counts { case, packages: 115, edges: 198, direct: 16, dev: 33, companions: 4 };
    check_fixtures(&CARGO_LOCK, &["v1", "v2", "v3", "v4"].map(lock));
    let manifest = Counts { case: "workspace", packages: 9, edges: 8, direct: 7, dev: 1, companions: 0 };
    check_fixtures(&CARGO_TOML, &[manifest]);
}
