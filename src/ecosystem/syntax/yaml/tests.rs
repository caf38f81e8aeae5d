use std::path::{Path, PathBuf};

use proptest::prelude::*;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::*;

fn read(text: &str) -> (Vec<Value<'_>>, Vec<Option<u32>>) {
    let mut diagnostics = Vec::new();
    let stream = parse(&"f".into(), text.as_bytes(), &mut diagnostics);
    (stream.documents, diagnostics.iter().map(|diagnostic| diagnostic.line).collect())
}

fn read_written(text: &str) -> (Stream<'_>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let stream = parse_with_aliases(&"f".into(), text.as_bytes(), &mut diagnostics);
    (stream, diagnostics)
}

fn json(text: &str) -> Value<'_> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_lockfile_tools_write_is_read() {
    let text = concat!(
        "# head\nlockfileVersion: '9.0'\n\na:\n  'b:c': {d: 'e, f', 'g': [h, \"i\\u0041\"]} # end\n  ? long\n",
        "  : x: y\n    z: ''\n  ? long2\n  : {}\n  j:\n  - k\n  - l: m\n    n: o\n  - - p\n  q: >-\n    r\n    : s\n",
        "\n  t: u\n    v\n  w:\n---\nx: 'it''s'\n...\n"
    );
    let expected = concat!(
        r#"{"lockfileVersion": "9.0", "a": {"b:c": {"d": "e, f", "g": ["h", "iA"]}, "long": {"x": "y", "z": ""}, "#,
        r#""long2": {}, "j": ["k", {"l": "m", "n": "o"}, ["p"]], "q": "r\n    : s", "t": "u v", "w": null}}"#
    );
    assert_eq!(read(text), (vec![json(expected), json(r#"{"x": "it's"}"#)], vec![]));
}

#[test]
fn values_over_several_lines_are_read() {
    let text = "a: {b: c,\n  d: e}\nf: \"g\n  h\"\ni: j\n";
    assert_eq!(read(text), (vec![json(r#"{"a": {"b": "c", "d": "e"}, "f": "g h", "i": "j"}"#)], vec![]));
}

#[test]
fn what_is_not_understood_is_said_with_its_line() {
    let lines = |text| read(text).1;
    assert_eq!(lines("a: &x\n  b: c\nd: *x\n"), [Some(3)]);
    assert_eq!(lines("a: [*x]\n"), [Some(1)]);
    assert_eq!(lines("a: b\n   c: d\n"), [Some(2)]);
    assert_eq!(lines("a\nb: c\n"), [Some(1)]);
    assert_eq!(lines("a: b: c\n"), [Some(1)]);
    assert_eq!(lines("a: {b: [c}\n"), [Some(1)]);
    assert_eq!(lines("a: 'b\nc: d\n"), [Some(1)]);
    assert_eq!(lines("a: 'b' c\n"), [Some(1)]);
    assert_eq!(lines("a:\n\tb: c\n"), [Some(2)]);
    assert_eq!(lines("a: b\nc"), [Some(2), Some(2)], "cut off");
    assert_eq!(read("a:\n  <<<<<<< HEAD\n  b: c\n").0, [json(r#"{"a": {"b": "c"}}"#)], "a conflict loses its own line");
}

/// What people write and tools do not.
const WRITTEN: &[&str] = &[
    "base: &base\n  image: node:20 # why\n  list: [a, &b c, !t d]\njob:\n  <<: *base\n  <<: [*base, *b]\n  key: !!str value\n",
    "- &one name\n- *one\n- &two\n  a: b\n- &three a: b\n  c: d\n- &four\n- # empty\n- e\n",
    "script:\n  - !reference [.setup, script]\n  - 'it''s'\n  - \"a\\\n    b\"\n",
    "on:\n  push:\n    branches: [ main,\n      'release/**' ] # both\n  pull_request:\njobs:\n  a:\n    steps:\n    - uses: x/y@v1\n      \
     with: { a: b, c: [d, e], }\n    # between\n\n    - run: |\n        echo: not a key\n       # not a comment\n      env:\n        A: >-\n          \
     b\n\n          c\n",
    "a:\n  plain text\n  over lines\nb:\n  \"quoted\n  text\"\nc:\n  [d, e,\n   f]\ng: plain # comment\nh: a#b\n",
    "t: [!<tag:host.example,2000:t> a, &x, !t, b]\nu: !<tag:host.example,2000:t> c\n",
    "a: [b c\n  d, e: f, {g: h}, {i, j: k}]\nl: {m: 'n', \"o\":p}\n",
    "%YAML 1.2\n---\na: b\n---\n# only a comment\n---\n- c\n...\n",
    "? a\n: b\n? c\n: - d\ne: ~\nf: \"\"\ng: |\n\n  text\nh: >2\n    indented\n  less\ni: end",
    "a:   \n- b\n-   c:   d\n    e: f\n- - g\n  - h\n",
    "\"quoted key\": 1\n'other': 2\nwith space: 3\nurl: http://host.example/a#b\ntime: 12:30:45\n-dash: 4\n",
    "a: b\r\nc:\r\n  - d\r\n",
    "a:\n    b: c\n    \t# a comment behind a tab\n    d: e\n",
];

#[test]
fn what_people_write_is_read_as_others_read_it() {
    for text in WRITTEN {
        assert!(compare(text, text), "another reader refuses {text}");
    }
}

#[test]
fn every_yaml_file_of_the_fixtures_is_read_as_others_read_it() {
    let mut compared = 0;
    let mut todo: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parsers")];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|end| ["yml", "yaml"].iter().any(|known| end == *known)) {
            let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap()) else { continue };
            compared += usize::from(compare(&text, &path.display().to_string()));
        }
    }
    assert!(compared > 5, "{compared}");
}

/// Whether a text is valid for another reader, and then that it is read here as there.
fn compare(text: &str, label: &str) -> bool {
    let Some(expected) = others(text) else { return false };
    let (stream, diagnostics) = read_written(text);
    let said: Vec<_> = diagnostics.iter().map(|said| (said.line, said.message.as_str())).collect();
    assert_eq!(said, [], "{label}");
    let found: Vec<String> = stream.documents.iter().map(shown).collect();
    let expected: Vec<String> = expected.iter().filter(|value| **value != Value::Null).map(shown).collect();
    assert_eq!(found, expected, "{label}");
    true
}

/// A value with white space made one and names of aliases left out: the other reader has numbers for them.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => format!("{:?}", text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entry = |(key, value): &(Cow<'_, str>, Value<'_>)| format!("{key:?}: {}", shown(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Alias(_) => "*".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The documents as a general reader has them; `None` where it refuses them, or where a key is no text.
fn others(text: &str) -> Option<Vec<Value<'static>>> {
    enum Open {
        List(Vec<Value<'static>>),
        Map(Vec<(Cow<'static, str>, Value<'static>)>, Option<String>),
    }
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let value = match event.ok()?.0 {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::List(items) => Value::Array(items),
                Open::Map(entries, _) => Value::Object(entries),
            },
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => Value::Null,
            Event::Scalar(text, ..) => Value::Text(Cow::Owned(text.into_owned())),
            Event::Alias(_) => Value::Alias(Cow::Borrowed("")),
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(entries, key)) => match key.take() {
                Some(key) => entries.push((Cow::Owned(key), value)),
                None => *key = Some(value.as_text()?.to_owned()),
            },
        }
    }
    Some(documents)
}

#[test]
fn an_alias_of_a_scalar_has_its_text_and_its_place() {
    let text = "a: &x node:20\nb: *x\nc: &y [d]\ne: *y\nf: [*x]\n";
    let (stream, said) = read_written(text);
    assert_eq!(said, []);
    let of = |key: &str| stream.text_of(stream.documents[0].get(key).unwrap());
    assert_eq!((of("a"), of("b"), of("e")), (Some("node:20"), Some("node:20"), None));
    let place = stream.lines.locate_slice(of("b").unwrap()).unwrap();
    assert_eq!((place.line, place.column), (1, 7));
    assert_eq!(stream.documents[0].get("f").unwrap().items(), [Value::Alias(Cow::Borrowed("x"))]);
}

#[test]
fn a_bomb_of_aliases_is_not_expanded() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        text += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
    }
    let (stream, said) = read_written(&text);
    assert_eq!(said, []);
    assert!(stream.documents[0].entries().iter().all(|(_, value)| value.items().len() == 2));
    let (documents, lines) = read(&text);
    assert_eq!(lines.len(), 39);
    assert!(documents[0].entries().iter().skip(1).all(|(_, value)| *value == Value::Null));
}

#[test]
fn hostile_nesting_is_refused() {
    assert_eq!(read(&format!("a: {}\n", "[".repeat(1_000_000))).1.len(), 1);
    assert_eq!(read(&"- ".repeat(100_000)).1.len(), 2);
    let stairs: String = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(read(&stairs).1.len(), 1);
    assert_eq!(read(&"x\n".repeat(100_000)).1.len(), MAX_ERRORS);
    let tags: String = (0..3000).map(|depth| format!("{}&a\n", " ".repeat(depth))).collect();
    assert!(read_written(&tags).1.len() <= 2);
    read_written(&"a: [b: [c: {d: ".repeat(10_000));
    read_written(&"- &a ".repeat(100_000));
    // One line of a million anchors takes no longer than as many lines.
    let line = format!("a: [{}x]\n", "&a x,!t y,".repeat(300_000));
    assert_eq!(read_written(&line).0.documents[0].get("a").unwrap().items().len(), 600_001);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "[ \n:\\-?{}\\[\\],'\"a&*!|>#%\\\\\té]{0,80}") {
        read(&text);
        read_written(&text);
    }
}
