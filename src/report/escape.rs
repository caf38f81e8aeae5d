//! Text from the scanned tree and from advisories is hostile. Each output has its own way to be talked into
//! something, and each way is closed here: terminals, CI logs, Markdown, SARIF's message links, URIs.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What stands for a character that is not shown, so that a name with a hidden character does not look like the
/// name without it.
const REPLACEMENT: char = '\u{FFFD}';

/// One line of text that a terminal and a CI log only show: line breaks and tabs become spaces; control
/// characters (among them ESC, which starts every terminal command), bidirectional controls and other invisible
/// characters become U+FFFD; `##` is broken up, since `##[error]` (GitHub), `##vso[…]` (Azure) and
/// `##teamcity[…]` are obeyed anywhere in a line. What is obeyed at the start of a line only is
/// the page's business (`starts_command`).
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| shown(c) == Some(c)) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = shown(c).unwrap_or(REPLACEMENT);
        if c == '#' && out.ends_with('#') {
            out.push(' ');
        }
        out.push(c);
    }
    Cow::Owned(out)
}

/// The character that is shown for one, `None` for one that is not to be seen.
fn shown(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\u{B}' | '\u{C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() || is_invisible(c) => None,
        c => Some(c),
    }
}

/// Characters that change how others are shown, or that are not seen themselves: the general category `Cf`, and
/// the fillers (<https://www.unicode.org/Public/UCD/latest/ucd/extracted/DerivedGeneralCategory.txt>).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
        | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Written JSON, whole values of it or cut between them. Characters that [`plain`] would replace are written as escapes,
/// which mean the same to whoever reads the JSON and nothing to a terminal or a CI log that it passes through.
pub(super) fn json(text: &[u8]) -> Cow<'_, [u8]> {
    if is_plain_json(text) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    // JSON has line breaks between values only.
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\n") {
            _ if is_plain_json(line) => out.extend_from_slice(line),
            Some(line) => {
                out.extend_from_slice(json_line(line).as_bytes());
                out.push(b'\n');
            }
            None => out.extend_from_slice(json_line(line).as_bytes()),
        }
    }
    Cow::Owned(out)
}

/// Whether nothing of it is escaped, as nearly always.
fn is_plain_json(text: &[u8]) -> bool {
    // Without a branch for each byte, so that the compiler can look at many at once.
    let odd = |byte: u8| u8::from(byte < b' ' && byte != b'\n') | u8::from(byte > b'~') | u8::from(byte == b'#');
    text.iter().fold(0, |any, &byte| any | odd(byte)) == 0
}

fn json_line(line: &[u8]) -> String {
    let mut out = String::with_capacity(line.len());
    let mut units = [0; 2];
    for c in String::from_utf8_lossy(line).chars() {
        if shown(c) == Some(c) && !(c == '#' && out.ends_with('#')) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// Whether a line that starts with this word would be taken for a workflow command by GitHub's runner: it skips
/// white space and obeys what follows `::`.
pub(super) fn starts_command(word: &str) -> bool {
    word.starts_with("::")
}

/// At most `max` characters; where more were there, the last one is `…`.
pub(super) fn clip(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept: String = text.chars().take(max.saturating_sub(1)).collect();
            Cow::Owned(kept + "…")
        }
    }
}

/// [`plain`] and [`clip`].
pub(super) fn plain_clipped(text: &str, max: usize) -> String {
    // What is cut away need not be looked at.
    plain(&clip(text, max)).into_owned()
}

/// Plain text inside a SARIF `message.text`: `[` and `]` would make a link, `{` and `}` a placeholder
/// (SARIF 2.1.0, 3.11.5 and 3.11.6).
pub(super) fn sarif_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '[' | ']' | '\\' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out
}

/// Text in Markdown. Every ASCII punctuation character may be escaped (CommonMark 0.31.2, 2.4), and all are that
/// can start or end something, also a bare address that GitHub would turn into a link.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | '?' | '\'' | '"' | '/' | '%') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text as a Markdown code span, where nothing but a backtick means anything.
pub(super) fn markdown_code(text: &str) -> String {
    let text = plain(text).replace('`', "'");
    // A span of nothing is no span.
    if text.trim().is_empty() { String::new() } else { format!("`{text}`") }
}

/// Percent-encodes what does not stand for itself in one part of a URI's path. `/` is encoded, `:` too (in the
/// first part of a relative reference it would end a scheme; RFC 3986, 4.2).
fn encode_segment(out: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+,=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A path of the repository as a relative URI reference.
pub(super) fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, segment) in path.split('/').filter(|segment| !segment.is_empty()).enumerate() {
        if at > 0 {
            out.push('/');
        }
        encode_segment(&mut out, segment);
    }
    out
}

/// One part of a URI's path, for example an advisory's id.
pub(super) fn uri_segment(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    encode_segment(&mut out, segment);
    out
}

/// Whether an address may be made a link: `http` or `https`, and nothing but characters that a URI has
/// (RFC 3986, appendix A), without those that would end a Markdown link.
pub(super) fn is_plain_link(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= 500
        && url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&*+,;=%".contains(&b))
}

/// Whether a command may be printed for copying: one line of visible ASCII in which, outside of single quotes,
/// nothing means anything to a shell. Names in commands come from the scanned tree.
pub(super) fn is_safe_command(command: &str) -> bool {
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' '..='~' if quoted => {}
            c if c.is_ascii_alphanumeric() || " @/._+:=,^%-".contains(c) => {}
            _ => return false,
        }
    }
    !quoted && !command.is_empty()
}

/// Whether a name can be given to a command as it is.
pub(super) fn is_safe_argument(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 200
        && !word.starts_with(['-', '~', '='])
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"@/._+:-".contains(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_terminal_is_given_no_orders() {
        assert_eq!(plain("a\u{1b}[31mb\u{7}"), "a\u{FFFD}[31mb\u{FFFD}");
        assert_eq!(plain("a\r\n::error::b\tc\u{2028}d"), "a  ::error::b c d");
        assert_eq!(plain("\u{202E}evil\u{2066}\u{200B}\u{9b}"), "\u{FFFD}evil\u{FFFD}\u{FFFD}\u{FFFD}");
        assert_eq!(plain("x ##[error]y ##vso[task] ###"), "x # #[error]y # #vso[task] # # #");
        assert!(matches!(plain("größer › 日本 std::mem #1"), Cow::Borrowed(_)));
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("größe", 5), "größe");
        assert_eq!(clip("größer", 5), "größ…");
        assert_eq!(clip("ab", 0), "…");
    }

    #[test]
    fn sarif_text_makes_no_links_and_no_placeholders() {
        assert_eq!(sarif_text(r"[a](1) {0} \"), r"\[a\](1) {{0}} \\");
    }

    #[test]
    fn markdown_shows_what_was_written() {
        assert_eq!(markdown("](x) <b> *a*_ `c`"), r"\]\(x\) \<b\> \*a\*\_ \`c\`");
        assert_eq!(markdown("https://evil.example"), r"https\://evil\.example");
        assert_eq!(markdown("a\n# b"), r"a \# b");
        assert_eq!(markdown_code("a`b\n|"), "`a'b |`");
        assert_eq!(markdown_code(" "), "");
    }

    #[test]
    fn paths_become_relative_references() {
        assert_eq!(uri_path("a b/ä/c:d/@e/100%.lock"), "a%20b/%C3%A4/c%3Ad/@e/100%25.lock");
        assert_eq!(uri_path("/a//b"), "a/b");
        assert_eq!(uri_segment("GO-2022-1/../x"), "GO-2022-1%2F..%2Fx");
    }

    #[test]
    fn only_plain_addresses_become_links() {
        assert!(is_plain_link("https://host.example/a?b=c#d"));
        for url in
            ["javascript:alert(1)", "https://h.example/a)b", "https://h.example/a b", "https://h.example/\u{202E}"]
        {
            assert!(!is_plain_link(url), "{url}");
        }
    }

    #[test]
    fn commands_for_copying_hold_no_tricks() {
        for command in ["cargo update -p time@0.1.43 --precise 0.2.23", "pip install 'foo>=1.2'", "npm i @a/b@^1.0.0"] {
            assert!(is_safe_command(command), "{command}");
        }
        for command in
            ["", "npm i a; rm x", "npm i a\nb", "npm i $(x)", "npm i 'a' `b`", "npm i 'a", "npm i é", "a > b"]
        {
            assert!(!is_safe_command(command), "{command}");
        }
        assert!(is_safe_argument("@angular/core") && is_safe_argument("golang.org/x/net"));
        assert!(!is_safe_argument("--exec") && !is_safe_argument("a b") && !is_safe_argument("a;b"));
    }

    proptest! {
        #[test]
        fn nothing_unseen_passes(text in any::<String>()) {
            let out = plain(&text);
            prop_assert!(out.chars().all(|c| !c.is_control() && !is_invisible(c)));
            prop_assert!(!out.contains("##"));
        }

        #[test]
        fn every_path_becomes_a_reference(path in any::<String>()) {
            let uri = uri_path(&path);
            prop_assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~@+,=%/".contains(&b)));
            prop_assert!(!uri.starts_with('/'));
        }
    }
}
