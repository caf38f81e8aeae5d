use std::io::Cursor;

use proptest::prelude::*;

use super::{java_archive, program};
use crate::ecosystem::fixture::{Tree, edges, said, uses};
use crate::ecosystem::{Parsed, Parser};

const GO: [&str; 5] = [
    "github.com/pkg/errors v0.9.1 registry runtime",
    "golang.org/x/text v0.3.5 registry runtime",
    "*host.example/app workspace",
    "host.example/lib path runtime",
    "stdlib 1.21.3 registry runtime",
];

fn parsed(parser: &'static Parser, folder: &str, path: &str) -> Parsed {
    let mut tree = Tree::fixture(&format!("{}/{folder}", parser.id));
    let bytes = tree.bytes(path).to_vec();
    tree.parse_with(parser, path, &bytes)
}

#[test]
fn go_programs_say_it_on_every_system() {
    for (folder, path) in [("go-elf", "app"), ("go-macho", "app"), ("go-pe", "app.exe")] {
        let parsed = parsed(&program::PARSER, folder, path);
        assert_eq!(uses(&parsed), GO, "{folder}");
        assert_eq!(said(&parsed), Vec::<String>::new());
        let hash = parsed.graph.packages.iter().find(|package| package.id.name == "golang.org/x/text").unwrap();
        assert_eq!(hash.integrity.as_deref(), Some("h1:i6eZZ+zk0SOf0xgBpEpPD18qWcJda6q1sxt3S0kzyUQ="));
    }
}

#[test]
fn older_programs_point_to_it() {
    let parsed = parsed(&program::PARSER, "go-1.17", "app");
    assert_eq!(uses(&parsed)[..4], GO[..4]);
    assert_eq!(uses(&parsed)[4], "stdlib 1.17.5 registry runtime");
    assert_eq!(uses(&self::parsed(&program::PARSER, "minimal", "app")), ["golang.org/x/text v0.3.5 registry runtime"]);
}

#[test]
fn rust_programs_say_who_needs_whom() {
    let parsed = parsed(&program::PARSER, "rust-elf", "app");
    assert_eq!(
        uses(&parsed),
        [
            "adler 1.0.2 registry direct runtime",
            "*app 0.1.0 workspace transitive runtime",
            "cc 1.0.83 registry direct build",
            "lib 0.2.0 git direct runtime",
            "time 0.1.43 registry direct runtime",
        ]
    );
    assert_eq!(edges(&parsed).len(), 5);
    assert_eq!(said(&parsed), Vec::<String>::new());
}

#[test]
fn a_program_without_it_is_said_to_be_one() {
    let parsed = Tree::of(&[]).parse_with(&program::PARSER, "app", b"\x7FELF\x02\x01\x01");
    assert!(said(&parsed)[0].starts_with("Error -: the program does not say"), "{:?}", said(&parsed));
}

#[test]
fn archives_say_it_at_any_depth() {
    let found = |folder, path| {
        let parsed = parsed(&java_archive::PARSER, folder, path);
        (uses(&parsed), said(&parsed))
    };
    let core = "org.apache.logging.log4j:log4j-core 2.14.1 unknown".to_owned();
    assert_eq!(found("one", "log4j-core-2.14.1.jar"), (vec![core.clone()], vec![]));
    let (uses, said) = found("nested", "app.ear");
    let names = [
        "com.example:app 1.0.0 unknown",
        "javax.servlet:jstl 1.2 unknown",
        "org.apache.commons:commons-text 1.9 unknown",
    ];
    assert_eq!(uses[..3], names);
    assert_eq!(uses[3], core);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("`app.ear/app.war/WEB-INF/lib/unknown.jar` does not say under which"), "{said:?}");
    assert_eq!(found("shaded", "tool.jar").0.len(), 2);
}

#[test]
fn what_is_no_archive_is_said() {
    let parsed = Tree::of(&[]).parse_with(&java_archive::PARSER, "a.jar", b"PK\x03\x04nothing");
    assert!(said(&parsed)[0].starts_with("Error -: `a.jar` cannot be read as an archive"), "{:?}", said(&parsed));
}

fn fixture(parser: &Parser, folder: &str, path: &str) -> Vec<u8> {
    Tree::fixture(&format!("{}/{folder}", parser.id)).bytes(path).to_vec()
}

proptest! {
    #[test]
    fn hostile_programs_are_read_or_refused(changes in proptest::collection::vec((0_usize..900, any::<u8>()), 1..8)) {
        for (folder, path) in
            [("go-elf", "app"), ("go-macho", "app"), ("go-pe", "app.exe"), ("go-1.17", "app"), ("rust-elf", "app")]
        {
            let mut bytes = fixture(&program::PARSER, folder, path);
            for &(at, byte) in &changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let parsed = Tree::of(&[]).parse_with(&program::PARSER, path, &bytes);
            prop_assert!(parsed.graph.roots.len() <= 1 && parsed.diagnostics.len() < 70);
        }
    }

    #[test]
    fn cut_programs_are_read_or_refused(cut in 0_usize..2000) {
        for (folder, path) in [("go-elf", "app"), ("go-pe", "app.exe"), ("go-1.17", "app")] {
            let bytes = fixture(&program::PARSER, folder, path);
            let _ = program::program_data(Cursor::new(&bytes[..cut.min(bytes.len())]));
        }
    }

    #[test]
    fn hostile_archives_are_read_or_refused(changes in proptest::collection::vec((0_usize..2500, any::<u8>()), 1..8)) {
        let mut bytes = fixture(&java_archive::PARSER, "nested", "app.ear");
        for &(at, byte) in &changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let parsed = Tree::of(&[]).parse_with(&java_archive::PARSER, "app.ear", &bytes);
        prop_assert!(parsed.graph.roots.len() <= 1 && parsed.diagnostics.len() < 70);
    }
}
