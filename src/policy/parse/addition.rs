//! Writing an exception into a policy file: one block in its place, and no other byte touched.

use std::fmt::Write as _;

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use super::reader::Value;

/// An exception that is to be written. Whether it is right is for the reader of policies to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addition {
    /// `advisory`.
    pub advisories: Vec<String>,
    /// `package`.
    pub package: Option<String>,
    /// `rule`.
    pub rule: Option<String>,
    /// `path`.
    pub path: Option<String>,
    /// `reason`.
    pub reason: String,
    /// `owner`.
    pub owner: Option<String>,
    /// `expires`.
    pub expires: Option<Date>,
    /// `until-fixed`.
    pub until_fixed: bool,
}

/// By what exceptions are put in order: package, advisories, rule, path.
type Key = (String, String, String, String);

impl Addition {
    /// Its `[[exceptions]]` block, with `\n` at the end of each line.
    pub fn block(&self) -> String {
        let mut block = "[[exceptions]]\n".to_owned();
        let mut line = |key: &str, value: &str| _ = writeln!(block, "{key} = {value}");
        match &self.advisories[..] {
            [] => {}
            [one] => line("advisory", &quoted(one)),
            many => {
                let many: Vec<String> = many.iter().map(|id| quoted(id)).collect();
                line("advisory", &format!("[{}]", many.join(", ")));
            }
        }
        for (key, value) in [("package", &self.package), ("rule", &self.rule), ("path", &self.path)] {
            value.iter().for_each(|value| line(key, &quoted(value)));
        }
        line("reason", &quoted(&self.reason));
        self.owner.iter().for_each(|owner| line("owner", &quoted(owner)));
        self.expires.iter().for_each(|day| line("expires", &day.to_string()));
        if self.until_fixed {
            line("until-fixed", "true");
        }
        block
    }

    /// A policy with the block at its end, where no line of what was there before moves.
    pub fn append(&self, text: &str) -> String {
        self.put(text, text.len())
    }

    /// A policy with the block in order among its exceptions (by package, advisory, rule and path), or at the end where it
    /// has none, and the line in which the block begins. Comments right above an exception stay with it.
    pub fn insert(&self, text: &str) -> (String, usize) {
        let at = self.place(text);
        let put = self.put(text, at);
        // What was put is a blank line, where one was wanted, and the block.
        let before = put.get(at..).map_or(0, |rest| rest.len() - rest.trim_start().len());
        let line = put.get(..at + before).map_or(1, |head| head.matches('\n').count() + 1);
        (put, line)
    }

    fn put(&self, text: &str, at: usize) -> String {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
        let mut put = head.to_owned();
        if !head.is_empty() && !head.ends_with('\n') {
            put += newline;
        }
        if !head.trim_start_matches('\u{feff}').is_empty() && !ends_blank(head) {
            put += newline;
        }
        put += &self.block().replace('\n', newline);
        if !tail.is_empty() && !tail.starts_with(['\n', '\r']) {
            put += newline;
        }
        put + tail
    }

    fn key(&self) -> Key {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut advisories = self.advisories.clone();
        advisories.sort();
        (text(&self.package), advisories.join("+"), text(&self.rule), text(&self.path))
    }

    /// The byte at which the block belongs.
    fn place(&self, text: &str) -> usize {
        let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
        let bom = text.len() - plain.len();
        let (document, _) = DeTable::parse_recoverable(plain);
        let array = document.get_ref().get("exceptions").and_then(|value| value.get_ref().as_array());
        let mut after = text.len();
        let mut earlier_end = 0;
        for element in array.into_iter().flatten() {
            let Some(table) = element.get_ref().as_table() else { continue };
            let start = line_start(plain, element.span().start);
            if key_of(table) > self.key() {
                return bom + above_comments(plain, start, earlier_end);
            }
            earlier_end = line_end(plain, end_of(table).max(element.span().start));
            after = bom + earlier_end;
        }
        after
    }
}

fn key_of(table: &DeTable<'_>) -> Key {
    let text = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str()).unwrap_or_default().to_owned();
    let mut advisories: Vec<&str> = match table.get("advisory").map(Value::get_ref) {
        Some(DeValue::Array(array)) => array.iter().filter_map(|value| value.get_ref().as_str()).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    advisories.sort_unstable();
    (text("package"), advisories.join("+"), text("rule"), text("path"))
}

/// Where the last value of a table ends.
fn end_of(table: &DeTable<'_>) -> usize {
    table.values().map(|value| value.span().end).max().unwrap_or(0)
}

/// Where the line begins in which a byte lies.
fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|head| head.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Where the line after the one begins in which a byte lies.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|tail| tail.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}

/// Where the comments begin that stand right above a line, but not before `first`.
fn above_comments(text: &str, mut start: usize, first: usize) -> usize {
    while start > first {
        let above = line_start(text, start - 1);
        match text.get(above..start) {
            Some(line) if above >= first && line.trim_start().starts_with('#') => start = above,
            _ => break,
        }
    }
    start
}

/// Whether a text ends with a blank line.
fn ends_blank(text: &str) -> bool {
    text.ends_with("\n\n") || text.ends_with("\n\r\n")
}

/// A TOML string (<https://toml.io/en/v1.0.0#string>).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => _ = write!(quoted, "\\u{:04X}", u32::from(control)),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::PolicyOrigin;
    use crate::policy::{Policy, parse};
    use crate::rule;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn read(text: &str) -> Policy {
        let errors = |errors: Vec<crate::policy::PolicyError>| panic!("{errors:?}\n{text}");
        parse("osprey.toml", text, PolicyOrigin::Flag, &rule::rules(), TODAY).unwrap_or_else(errors)
    }

    fn of(advisory: &str, package: &str) -> Addition {
        Addition {
            advisories: Some(advisory).filter(|id| !id.is_empty()).map(str::to_owned).into_iter().collect(),
            package: Some(package).filter(|purl| !purl.is_empty()).map(str::to_owned),
            reason: "r".to_owned(),
            until_fixed: true,
            ..Addition::default()
        }
    }

    #[test]
    fn a_block_says_all_that_there_is() {
        let whole = Addition {
            advisories: vec!["CVE-1".to_owned(), "GHSA-1".to_owned()],
            package: Some("pkg:cargo/time@<0.2".to_owned()),
            rule: Some("known-vulnerability".to_owned()),
            path: Some("services/**".to_owned()),
            reason: "a \"quoted\" \\ reason\non two lines\u{7f}".to_owned(),
            owner: Some("platform-security".to_owned()),
            expires: Some(Date::constant(2027, 1, 31)),
            until_fixed: true,
        };
        insta::assert_snapshot!(whole.block(), @r#"
        [[exceptions]]
        advisory = ["CVE-1", "GHSA-1"]
        package = "pkg:cargo/time@<0.2"
        rule = "known-vulnerability"
        path = "services/**"
        reason = "a \"quoted\" \\ reason\non two lines\u007F"
        owner = "platform-security"
        expires = 2027-01-31
        until-fixed = true
        "#);
        let policy = read(&whole.append("version = 1"));
        assert_eq!(policy.exceptions[0].reason, whole.reason);
        assert_eq!(policy.exceptions[0].expires, whole.expires);
    }

    const ORDERED: &str = "version = 1 # one\n\n\
        # About b.\n[[exceptions]]\npackage = \"pkg:cargo/b\"\nreason = \"r\"\nuntil-fixed = true # soon\n\n\
        # About d,\n# at length.\n[[exceptions]]\nadvisory = \"CVE-2\"\npackage = \"pkg:cargo/d\"\nreason = '''\n# no comment\n'''\nuntil-fixed = true\n\n\
        # The rules.\n[rules]\nunsound-code = \"deny\"\n";

    #[test]
    fn a_block_stands_in_order_and_comments_stay_where_they_belong() {
        let inserted = |addition: &Addition, text: &str| {
            let (put, line) = addition.insert(text);
            assert_eq!(put.lines().nth(line - 1), Some("[[exceptions]]"), "{line} {put}");
            let others = put.replacen(&addition.block(), "", 1);
            assert_eq!(others.replace('\n', ""), text.replace('\n', ""), "nothing else is touched");
            let ids: Vec<String> = read(&put).exceptions.iter().map(crate::policy::Exception::id).collect();
            (line, ids.join(", "))
        };
        let (b, d) = ("pkg:cargo/b", "CVE-2 pkg:cargo/d");
        for (addition, line, expected) in [
            (of("", "pkg:cargo/a"), 3, format!("pkg:cargo/a, {b}, {d}")),
            (of("CVE-9", ""), 3, format!("CVE-9, {b}, {d}")),
            (of("", "pkg:cargo/c"), 9, format!("{b}, pkg:cargo/c, {d}")),
            (of("CVE-1", "pkg:cargo/d"), 9, format!("{b}, CVE-1 pkg:cargo/d, {d}")),
            (of("CVE-3", "pkg:cargo/d"), 19, format!("{b}, {d}, CVE-3 pkg:cargo/d")),
            (of("", "pkg:npm/a"), 19, format!("{b}, {d}, pkg:npm/a")),
        ] {
            assert_eq!(inserted(&addition, ORDERED), (line, expected));
        }
        assert_eq!(inserted(&of("CVE-1", ""), "version = 1").1, "CVE-1");
        assert_eq!(inserted(&of("CVE-1", ""), "version = 1\n[rules]\n").1, "CVE-1");
        let (put, _) = of("", "pkg:cargo/c").insert(ORDERED);
        insta::assert_snapshot!(put, @r##"
        version = 1 # one

        # About b.
        [[exceptions]]
        package = "pkg:cargo/b"
        reason = "r"
        until-fixed = true # soon

        [[exceptions]]
        package = "pkg:cargo/c"
        reason = "r"
        until-fixed = true

        # About d,
        # at length.
        [[exceptions]]
        advisory = "CVE-2"
        package = "pkg:cargo/d"
        reason = '''
        # no comment
        '''
        until-fixed = true

        # The rules.
        [rules]
        unsound-code = "deny"
        "##);
    }

    #[test]
    fn line_endings_and_the_mark_at_the_start_are_kept() {
        let dos = format!("\u{feff}{}", ORDERED.replace('\n', "\r\n"));
        let (put, line) = of("", "pkg:cargo/c").insert(&dos);
        assert_eq!(line, 9);
        assert!(put.starts_with('\u{feff}') && put.matches('\n').count() == put.matches("\r\n").count());
        assert_eq!(read(&put).exceptions.len(), 3);
    }

    proptest! {
        #[test]
        fn what_is_added_is_read_and_nothing_else_changes(
            packages in prop::collection::btree_set(0_u8..30, 0..6),
            new in 30_u8..60,
            reason in "[a-z].{0,30}",
            tail in prop::sample::select(vec!["", "\n", "\n\n# end", "\n[rules]\nunsound-code = \"deny\"", "\r\n"]),
        ) {
            let mut text = "version = 1\n".to_owned();
            for package in &packages {
                text += &format!("# {package}\n{}\n", of("", &format!("pkg:cargo/p{package}")).block());
            }
            text += tail;
            let addition = Addition { reason, ..of("", &format!("pkg:cargo/p{}", new - 20)) };
            prop_assume!(!packages.contains(&(new - 20)));
            let (put, _) = addition.insert(&text);
            let (before, after) = (read(&text), read(&put));
            prop_assert_eq!(after.exceptions.len(), before.exceptions.len() + 1);
            prop_assert_eq!(&after.rules, &before.rules);
            prop_assert!(after.exceptions.iter().any(|exception| exception.reason == addition.reason));
            prop_assert_eq!(read(&addition.append(&text)).exceptions.len(), before.exceptions.len() + 1);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\[\\[exceptions\\]\\]|[a-z]+ = |\"|'''|#|\r?\n|é|[a-z0-9]){0,30}") {
            let _ = of("CVE-1", "pkg:cargo/p").insert(&text);
        }
    }
}
