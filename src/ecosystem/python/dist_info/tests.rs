use proptest::prelude::*;

use super::*;
use crate::ecosystem::fixture::{Tree, edges, said, uses};

#[test]
fn one_site_packages_is_one_root() {
    let mut tree = Tree::fixture("dist-info/pip");
    let parsed = tree.parse("site-packages/click-8.5.1.dist-info/METADATA");
    tree.check(&parsed);
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(&*parsed.graph.roots[0].path, "site-packages");
    assert_eq!(parsed.companions.len(), 11);
    assert_eq!(
        uses(&parsed),
        [
            "blinker 1.9.0 registry transitive",
            "certifi 2026.10.18 registry transitive",
            "charset-normalizer 3.5.2 registry transitive",
            "click 8.5.1 registry transitive",
            "flask 3.0.0 registry direct",
            "idna 3.20 registry transitive",
            "itsdangerous 2.2.0 registry transitive",
            "jinja2 3.1.6 registry transitive",
            "markupsafe 3.0.4 registry transitive",
            "requests 2.31.0 registry direct",
            "urllib3 2.8.0 registry transitive",
            "werkzeug 3.1.9 registry transitive",
        ]
    );
    let all = edges(&parsed);
    assert_eq!(all.len(), 11, "{all:?}");
    assert!(all.contains(&"requests 2.31.0 -> idna 3.20 runtime".to_owned()));
    assert!(all.contains(&"werkzeug 3.1.9 -> markupsafe 3.0.4 runtime".to_owned()));
}

#[test]
fn what_came_from_no_index_says_where_from() {
    let mut tree = Tree::fixture("dist-info/direct-url");
    let parsed = tree.parse("site-packages/attrs-23.2.0.dist-info/METADATA");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        ["attrs 23.2.0 path direct", "idna 3.6 url direct", "six 1.16.0 unknown", "wheel 0.42.0 git direct"]
    );
    let git = parsed.graph.packages.iter().find(|package| package.id.name == "wheel").unwrap();
    let address = "https://host.example/pypa/wheel.git#c81bf85d2b2fc5adb4c4b5ed80a9ef9c4a1ee4b5";
    assert_eq!(git.id.source.url.as_deref(), Some(address));
}

#[test]
fn eggs_beside_their_sources_are_the_project() {
    let mut tree = Tree::fixture("dist-info/egg-info");
    let parsed = tree.parse("dist-packages/termcolor-1.1.0.egg-info");
    tree.check(&parsed);
    assert_eq!(uses(&parsed), ["docopt 0.6.2 unknown", "termcolor 1.1.0 unknown"]);
    assert_eq!(uses(&tree.parse("src/app.egg-info/PKG-INFO")), ["*app 0.1.0 workspace"]);
}

#[test]
fn what_has_no_version_is_lost_alone() {
    let mut tree = Tree::of(&[
        ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\nRequires-Dist: b>0\n"),
        ("b-.dist-info/METADATA", "Name: b\n"),
        ("c.dist-info/METADATA", "\n\nnothing\n"),
        ("d.dist-info/METADATA", ""),
    ]);
    let parsed = tree.parse("a-1.dist-info/METADATA");
    assert_eq!(uses(&parsed), ["a 1 unknown"]);
    assert_eq!(
        said(&parsed),
        [
            "Error 1: there is no `Version`; the distribution was left out",
            "Error 1: there is no `Name`: not the metadata of a distribution"
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..90) {
        let mut tree = Tree::of(&[]);
        let path = "site-packages/a-1.dist-info/METADATA";
        prop_assert!(tree.parse_with(&PARSER, path, &bytes).graph.roots.len() == 1);
        let text = "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b (>=1) ; extra == 'x'\n";
        let parsed = tree.parse_with(&PARSER, path, &text.as_bytes()[..cut.min(text.len())]);
        let end = text.find("1\nRequires").unwrap();
        prop_assert!(cut <= end || uses(&parsed) == ["a 1 unknown"]);
    }
}
