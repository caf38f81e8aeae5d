//! The lines of a requirements file (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>).

use std::borrow::Cow;

use super::manifest::source_of_url;
use super::{normal, pep508};
use crate::ecosystem::text_of;
use crate::model::{Diagnostic, Location, RepoPath, Source, SourceKind};

/// A line after continuations are joined.
pub(super) struct Logical<'t> {
    /// Where it starts in the text.
    start: usize,
    /// What stands there, as long as in the text: backslashes and line ends became spaces.
    text: Cow<'t, str>,
    /// Where its comment begins, without `#`; the end where there is none.
    comment: usize,
}

impl Logical<'_> {
    /// What stands before the comment.
    pub(super) fn code(&self) -> &str {
        self.text.get(..self.comment.saturating_sub(1)).unwrap_or(&self.text).trim()
    }

    /// The comment without `#`.
    pub(super) fn comment(&self) -> Option<&str> {
        self.text.get(self.comment..).filter(|_| self.comment > 0 && self.comment <= self.text.len())
    }

    /// Where a part of this line stands in the text.
    pub(super) fn offset(&self, part: &str) -> usize {
        self.start + (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }
}

/// The text of a requirements file: UTF-8, or UTF-16 with a byte order mark (`pip freeze > requirements.txt` in
/// PowerShell), which pip reads as well.
pub(super) fn decode<'b>(path: &RepoPath, bytes: &'b [u8], diagnostics: &mut Vec<Diagnostic>) -> Cow<'b, str> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return Cow::Borrowed(text_of(path, bytes, diagnostics)),
    };
    let units = bytes[2..].chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
        let line = u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX);
        diagnostics.push(Diagnostic::error(path, Some(line), "the file is not UTF-16; save it as UTF-8"));
    }
    Cow::Owned(text)
}

/// The logical lines, as pip joins them: a line of comment alone is never continued and ends what was.
pub(super) fn logical_lines(text: &str) -> Vec<Logical<'_>> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut start = 0;
    for physical in text.split_inclusive('\n') {
        let line = physical.trim_end_matches(['\n', '\r']);
        let is_comment = line.trim_start().starts_with('#');
        match line.strip_suffix('\\').filter(|_| !is_comment) {
            Some(before) => {
                let (_, joined) = open.get_or_insert_with(|| (start, String::new()));
                joined.push_str(before);
                joined.extend(std::iter::repeat_n(' ', physical.len() - before.len()));
            }
            None => match open.take() {
                Some((start, mut joined)) => {
                    joined.push_str(line);
                    lines.push(logical(start, Cow::Owned(joined)));
                }
                None => lines.push(logical(start, Cow::Borrowed(line))),
            },
        }
        start += physical.len();
    }
    if let Some((start, joined)) = open {
        lines.push(logical(start, Cow::Owned(joined)));
    }
    lines
}

fn logical(start: usize, text: Cow<'_, str>) -> Logical<'_> {
    // A `#` begins a comment at the start of a line and after white space.
    let hash = text.match_indices('#').map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        before.is_none_or(char::is_whitespace)
    });
    // Without a comment it begins past the end, so that `code` is everything.
    let comment = hash.map_or(text.len() + 1, |at| at + 1);
    Logical { start, text, comment }
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    /// Nothing.
    Empty,
    /// `-r`: another file.
    Include(&'l str),
    /// `-c`: another file.
    Constraints(&'l str),
    /// `--index-url`.
    Index(&'l str),
    /// `--extra-index-url`, `--find-links`: another place to look.
    OtherPlace(&'l str),
    /// An option that says nothing of packages.
    Option,
    /// An option that pip does not have.
    UnknownOption(&'l str),
    /// A package.
    Package(Wanted<'l>),
    /// A local project or an archive whose name the line does not say.
    Nameless(&'l str),
    /// No requirement at all.
    Broken,
}

/// A package that a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted<'l> {
    /// The normalised name.
    pub(super) name: String,
    /// The requirement without marker and options.
    pub(super) place: &'l str,
    /// The specifier.
    pub(super) specifier: &'l str,
    /// Where it comes from, where the line says so.
    pub(super) source: Option<Source>,
    /// The first `--hash`.
    pub(super) hash: Option<&'l str>,
}

/// Reads the code of a line.
pub(super) fn read(code: &str) -> Line<'_> {
    if code.is_empty() {
        return Line::Empty;
    }
    if !code.starts_with('-') {
        let (requirement, options) = split_options(code);
        return package(requirement, options);
    }
    let (name, value) = option(code);
    match name {
        "-r" | "--requirement" => Line::Include(value),
        "-c" | "--constraint" => Line::Constraints(value),
        "-i" | "--index-url" | "--pypi-url" => Line::Index(value),
        "--extra-index-url" | "-f" | "--find-links" => Line::OtherPlace(value),
        "-e" | "--editable" => {
            let (requirement, options) = split_options(value);
            package(requirement, options)
        }
        "--no-index" | "--pre" | "--trusted-host" | "--no-binary" | "--only-binary" | "--prefer-binary"
        | "--require-hashes" | "--use-feature" | "--all-releases" | "--only-final" => Line::Option,
        _ => Line::UnknownOption(name),
    }
}

/// The name of an option and its value: `--name=value`, `--name value`, `-n value`, `-nvalue`.
fn option(code: &str) -> (&str, &str) {
    let (name, value) = if code.starts_with("--") {
        let end = code.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(code.len());
        let value = code[end..].trim_start();
        (&code[..end], value.strip_prefix('=').unwrap_or(value))
    } else {
        let end = code.char_indices().nth(2).map_or(code.len(), |(at, _)| at);
        let value = code[end..].trim_start();
        (&code[..end], value.strip_prefix('=').unwrap_or(value))
    };
    (name, value.trim().trim_matches(['"', '\'']))
}

/// A requirement and the options after it: the first word that starts with `-` begins them.
fn split_options(code: &str) -> (&str, &str) {
    let at = code.match_indices('-').map(|(at, _)| at).find(|&at| {
        let before = code[..at].chars().next_back();
        before.is_some_and(char::is_whitespace) && code[at + 1..].starts_with(|c: char| c == '-' || c.is_alphabetic())
    });
    at.map_or((code, ""), |at| (code[..at].trim_end(), &code[at..]))
}

fn package<'l>(text: &'l str, options: &'l str) -> Line<'l> {
    let mut words = options.split(|c: char| c == '=' || c.is_whitespace()).skip_while(|&word| word != "--hash");
    let hash = words.find(|word| word.contains(':'));
    // A marker must stand behind a space where an address comes before it.
    let bare = text.split(" ;").next().unwrap_or(text).trim();
    let is_address = is_address(bare);
    let requirement = pep508::parse(text);
    let direct = requirement.as_ref().is_some_and(|requirement| requirement.url.is_some());
    if !direct && (is_address || is_path(bare)) {
        let Some(name) = name_in(bare) else { return Line::Nameless(bare) };
        let source = Some(if is_address { source_of_url(bare) } else { Source::at(SourceKind::Path, bare) });
        return Line::Package(Wanted { name: normal(name), place: bare, specifier: "", source, hash });
    }
    let Some(requirement) = requirement else { return Line::Broken };
    let end = requirement.url.unwrap_or(requirement.specifier);
    let start = requirement.name.as_ptr() as usize;
    let length = (end.as_ptr() as usize + end.len()).saturating_sub(start);
    let whole = text.trim_start();
    let place = whole.get(..length).filter(|_| !end.is_empty()).unwrap_or(requirement.name);
    let source = requirement.url.map(source_of_url);
    Line::Package(Wanted { name: normal(requirement.name), place, specifier: requirement.specifier, source, hash })
}

/// Whether a text is an address (`https://…`, `git+ssh://…`, `file:…`) or a path with a drive letter.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let drive = scheme.len() == 1 && rest.starts_with(['/', '\\']);
    !scheme.is_empty() && scheme.chars().all(plain) && (rest.starts_with("//") || scheme == "file" || drive)
}

/// Whether a word is a path: it starts with a dot, has a separator, or ends as archives do.
fn is_path(text: &str) -> bool {
    let text = text.split(';').next().unwrap_or(text).trim();
    let archive = [".whl", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".zip"].iter().any(|end| text.ends_with(end));
    let one_word = !text.contains(|c: char| c.is_whitespace() || matches!(c, '@' | '<' | '>'));
    text.starts_with('.') || (one_word && (archive || text.contains(['/', '\\'])))
}

/// The name that an address or path gives: `#egg=name`, or the file name of a wheel or source archive
/// (<https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention>).
fn name_in(text: &str) -> Option<&str> {
    if let Some((_, egg)) = text.split_once("#egg=").or_else(|| text.split_once("&egg=")) {
        let end = egg.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        return Some(&egg[..end.unwrap_or(egg.len())]).filter(|name| !name.is_empty());
    }
    let file = text.split(['#', '?']).next()?.rsplit(['/', '\\']).next()?;
    if file.ends_with(".whl") {
        return file.split('-').next().filter(|name| !name.is_empty());
    }
    let archive = [".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".zip"].iter().find_map(|end| file.strip_suffix(end))?;
    let version = archive.match_indices('-').map(|(at, _)| at);
    let at = version.filter(|&at| archive[at + 1..].starts_with(|c: char| c.is_ascii_digit())).min()?;
    Some(&archive[..at]).filter(|name| !name.is_empty())
}

/// Who needs a package, as pip-compile and uv note it in comments (`# via flask`).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// A file of the project asks for it.
    Project,
    /// A package (normalised name).
    Package(String),
}

/// Collects the comments behind one requirement.
#[derive(Debug, Default)]
pub(super) struct ViaComments {
    /// What was found.
    pub(super) found: Vec<Via>,
    listing: bool,
}

impl ViaComments {
    /// Takes a comment, without its `#`. Of a list, the items stand further in than the word `via`.
    pub(super) fn take(&mut self, comment: &str) {
        let text = comment.trim();
        if text == "via" {
            self.listing = true;
        } else if let Some(items) = text.strip_prefix("via ") {
            items.split(',').for_each(|item| self.item(item));
        } else if self.listing && comment.starts_with("  ") {
            self.item(text);
        } else {
            self.listing = false;
        }
    }

    fn item(&mut self, item: &str) {
        let item = item.trim();
        let via = if item.starts_with("-r ") || item.contains('(') {
            // `-r requirements.in`, `name (pyproject.toml)`, `name (setup.py)`
            Via::Project
        } else if item.starts_with('-') || item.is_empty() {
            // A constraint or an override needs nothing.
            return;
        } else {
            Via::Package(normal(item.split('[').next().unwrap_or(item)))
        };
        self.found.push(via);
    }
}

/// A version that a line fixes, and its place.
pub(super) type Pin = (String, Location);

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(code: &str) -> (String, String, Option<SourceKind>) {
        match read(code) {
            Line::Package(wanted) => {
                (wanted.name, wanted.specifier.to_owned(), wanted.source.map(|source| source.kind))
            }
            other => panic!("{code}: {other:?}"),
        }
    }

    #[test]
    fn lines_are_joined_as_pip_does() {
        let text = "# c \\\na==\\\r\n 1 # x\nb#c\nd \\\n  # via e\nf \\";
        let lines = logical_lines(text);
        let codes: Vec<_> = lines.iter().map(Logical::code).collect();
        assert_eq!(codes, ["", "a==    1", "b#c", "d", "f"]);
        assert_eq!(lines[1].comment(), Some(" x"));
        assert_eq!(lines[3].comment(), Some(" via e"));
        let one = &lines[1].code()[7..];
        assert_eq!(&text[lines[1].offset(one)..][..1], "1");
    }

    #[test]
    fn options_in_every_spelling() {
        for code in ["-r a.txt", "-ra.txt", "--requirement a.txt", "--requirement=a.txt", "-r 'a.txt'"] {
            assert_eq!(read(code), Line::Include("a.txt"), "{code}");
        }
        assert_eq!(read("-c ../c.txt"), Line::Constraints("../c.txt"));
        assert_eq!(read("-i https://registry.example"), Line::Index("https://registry.example"));
        assert_eq!(read("--pre"), Line::Option);
        assert_eq!(read("--nonsense x"), Line::UnknownOption("--nonsense"));
    }

    #[test]
    fn every_form_of_a_requirement() {
        let is = |code, name: &str, specifier: &str, kind| {
            assert_eq!(wanted(code), (name.to_owned(), specifier.to_owned(), kind), "{code}");
        };
        is("requests[a,b] == 2.0 ; os_name == 'x'", "requests", "== 2.0", None);
        is("zope.interface (==5.4.0)", "zope-interface", "==5.4.0", None);
        is("tornado==6.1 --global-option=\"x\" --hash=sha256:ab", "tornado", "==6.1", None);
        is("a @ git+https://host.example/a.git@main", "a", "", Some(SourceKind::Git));
        is("-e git+ssh://git@host.example/g.git#egg=g[x]&subdirectory=y", "g", "", Some(SourceKind::Git));
        is("https://host.example/Foo_Bar-1.4.tar.gz#sha256=0", "foo-bar", "", Some(SourceKind::Url));
        is("./wheels/Pillow-9.0.0-cp311-cp311-x.whl", "pillow", "", Some(SourceKind::Path));
        is("x @ file:///opt/x-1.whl", "x", "", Some(SourceKind::Path));
        assert_eq!(read("-e ."), Line::Nameless("."));
        assert_eq!(read("./libs/a"), Line::Nameless("./libs/a"));
        assert_eq!(read(r"C:\libs\a"), Line::Nameless(r"C:\libs\a"));
        assert_eq!(read("<p>text</p>"), Line::Broken);
        assert_eq!(read("Note:this"), Line::Broken);
        assert_eq!(read("two words"), Line::Broken);
        assert_eq!(read("${NAME}==1"), Line::Broken);
    }

    #[test]
    fn a_requirement_stands_without_marker_and_options() {
        let Line::Package(wanted) = read("a[x] >=1, <2 ; os_name == 'x' --hash=sha256:ab --hash=sha256:cd") else {
            panic!("no package")
        };
        assert_eq!((wanted.place, wanted.hash), ("a[x] >=1, <2", Some("sha256:ab")));
    }

    #[test]
    fn comments_say_who_needs_it() {
        let mut via = ViaComments::default();
        for comment in [" via", "   -r x.in", "   -c c.txt", "   Flask[async]", " something else", "   lost"] {
            via.take(comment);
        }
        assert_eq!(via.found, [Via::Project, Via::Package("flask".to_owned())]);
        let mut via = ViaComments::default();
        via.take(" via a, my-app (pyproject.toml)");
        assert_eq!(via.found, [Via::Package("a".to_owned()), Via::Project]);
    }

    #[test]
    fn powershell_writes_utf_16() {
        let bytes: Vec<u8> = "\u{FEFF}a==1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut diagnostics = Vec::new();
        assert_eq!(decode(&"f".into(), &bytes, &mut diagnostics), "a==1\r\n");
        assert!(diagnostics.is_empty());
        decode(&"f".into(), &[0xFE, 0xFF, 0xD8, 0x00, 0x00], &mut diagnostics);
        assert_eq!(diagnostics[0].line, Some(1));
    }
}
