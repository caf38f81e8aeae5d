//! XML as a tree of elements that know where they stand. Where a document breaks off, what comes before the break is
//! kept. Entities of a document's own are never expanded and no other file is ever opened: a document may not grow.
//!
//! Text borrows from the document wherever it stands there in one piece, and so knows where it stands.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesStart, Event};

use crate::ecosystem::text_of;
use crate::model::{Diagnostic, LineIndex, Location, RepoPath};

/// Elements nested deeper than this are refused. No format of a package manager comes near it.
const MAX_DEPTH: usize = 200;

/// More elements than this are not kept: each costs about a hundred bytes, and needs only four in the file.
const MAX_ELEMENTS: usize = 4_000_000;

/// Malformed attributes beyond this many are not told one by one.
const MAX_COMPLAINTS: usize = 10;

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ecosystem) struct Element<'t> {
    /// Its name without the prefix of its namespace.
    pub(in crate::ecosystem) name: &'t str,
    attributes: Vec<(&'t str, Cow<'t, str>)>,
    /// Its own text without the space around it. Borrowed where it stands in the document in one piece.
    pub(in crate::ecosystem) text: Cow<'t, str>,
    /// The elements in it, in their order.
    pub(in crate::ecosystem) children: Vec<Self>,
    /// The byte offset of its `<`.
    pub(in crate::ecosystem) at: usize,
    /// Whether the document has it to its end. What breaks off has its complete children, and no text.
    pub(in crate::ecosystem) is_whole: bool,
}

impl<'t> Element<'t> {
    /// The first element of a name in it.
    pub(in crate::ecosystem) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The elements of a name in it.
    pub(in crate::ecosystem) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> + use<'e, 't> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The elements at a path of names, in the order of the document: `dependencies`, `dependency`.
    pub(in crate::ecosystem) fn at_path<'e>(&'e self, path: &[&str]) -> Vec<&'e Self> {
        let mut found = vec![self];
        for name in path {
            found = found.iter().flat_map(|element| element.children.iter().filter(|c| c.name == *name)).collect();
        }
        found
    }

    /// The text of the first element of a name in it that has any.
    pub(in crate::ecosystem) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| &*child.text).filter(|text| !text.is_empty())
    }

    /// The value of an attribute, by its name without prefix.
    pub(in crate::ecosystem) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value)
    }

    /// The attributes, by their names without prefix.
    pub(in crate::ecosystem) fn attributes(&self) -> impl Iterator<Item = (&'t str, &str)> {
        self.attributes.iter().map(|(key, value)| (*key, &**value))
    }
}

/// A parsed document.
pub(in crate::ecosystem) struct Document<'t> {
    /// Its outermost element.
    pub(in crate::ecosystem) root: Option<Element<'t>>,
    pub(in crate::ecosystem) lines: LineIndex<'t>,
}

impl Document<'_> {
    /// Where a text or the value of an attribute stands. What was put together from pieces stands nowhere.
    pub(in crate::ecosystem) fn locate(&self, text: &str) -> Option<Location> {
        self.lines.locate_slice(text).filter(|_| !text.is_empty())
    }

    /// The line of an element.
    pub(in crate::ecosystem) fn line(&self, element: &Element<'_>) -> u32 {
        self.lines.line(element.at)
    }

    /// The place of the name of an element's tag.
    pub(in crate::ecosystem) fn place(&self, element: &Element<'_>) -> Location {
        self.lines.locate_slice(element.name).unwrap_or_else(|| self.lines.locate(element.at, 1))
    }
}

/// Parses a document. Of a broken one all elements before the break are kept, and the break is reported with its line.
/// Text that is not UTF-8 is decoded into `decoded`, which belongs to the caller so that elements can borrow from it.
pub(in crate::ecosystem) fn parse<'t>(
    path: &RepoPath,
    bytes: &'t [u8],
    decoded: &'t mut String,
    diagnostics: &mut Vec<Diagnostic>,
) -> Document<'t> {
    let text = match decode(bytes) {
        Some(text) => {
            *decoded = text;
            decoded
        }
        None => text_of(path, bytes, diagnostics),
    };
    let mut builder = Builder { text, open: Vec::new(), root: None, elements: 0, faults: Vec::new() };
    let end = builder.read();
    let Builder { root, faults, .. } = builder;
    let lines = LineIndex::new(path, text);
    for at in faults.iter().take(MAX_COMPLAINTS) {
        let message = "an attribute is not `name=\"value\"`; it was left out";
        diagnostics.push(Diagnostic::error(path, Some(lines.line(*at)), message));
    }
    // A file that is cut where it stops being UTF-8 breaks off there, which is said already.
    if let (Err((at, what)), true) = (end, diagnostics.is_empty()) {
        let message = format!("not valid XML: {what}; what comes before was read");
        diagnostics.push(Diagnostic::error(path, Some(lines.line(at)), message));
    }
    Document { root, lines }
}

/// The text of a document in UTF-16 with a byte order mark, or in a single-byte encoding that it names itself; `None`
/// for all that is, or should be, UTF-8.
fn decode(bytes: &[u8]) -> Option<String> {
    let units = |from: fn([u8; 2]) -> u16| {
        let units = bytes.get(2..).unwrap_or_default().chunks_exact(2);
        let units = units.filter_map(|pair| Some(from(pair.try_into().ok()?)));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes.get(..2)? {
        [0xFF, 0xFE] => return Some(units(u16::from_le_bytes)),
        [0xFE, 0xFF] => return Some(units(u16::from_be_bytes)),
        _ => {}
    }
    let start = bytes.get(..bytes.len().min(200))?;
    let declaration = start.strip_prefix(b"<?xml")?;
    let end = declaration.iter().position(|&byte| byte == b'>')?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?.to_ascii_lowercase();
    let is_single = ["iso-8859-1\"", "iso-8859-1'", "iso-8859-15", "windows-1252", "latin1", "us-ascii"];
    // The names and versions are ASCII; whichever of these it is, they come out right.
    let is_single = is_single.iter().any(|name| declaration.contains(name)) && std::str::from_utf8(bytes).is_err();
    is_single.then(|| bytes.iter().copied().map(char::from).collect())
}

/// The tree as far as it is built.
struct Builder<'t> {
    text: &'t str,
    open: Vec<Open<'t>>,
    root: Option<Element<'t>>,
    elements: usize,
    /// Where a tag has a malformed attribute.
    faults: Vec<usize>,
}

/// An element whose end has not come yet.
struct Open<'t> {
    element: Element<'t>,
    /// Its text, piece by piece.
    text: Pieces<'t>,
}

/// Text that comes in pieces, between which comments, entities and other elements may stand.
#[derive(Default)]
struct Pieces<'t> {
    /// The only piece that is more than space.
    one: Option<&'t str>,
    /// All of them, from the second one on that is more than space.
    all: Option<String>,
}

impl<'t> Pieces<'t> {
    fn add(&mut self, piece: &'t str) {
        if let Some(all) = &mut self.all {
            all.push_str(piece);
        } else if !piece.trim().is_empty() {
            match self.one {
                Some(one) => self.all = Some(format!("{one}{piece}")),
                None => self.one = Some(piece),
            }
        }
    }

    fn add_owned(&mut self, piece: &str) {
        let all = self.all.get_or_insert_with(|| self.one.unwrap_or_default().to_owned());
        all.push_str(piece);
    }

    fn trimmed(self) -> Cow<'t, str> {
        match self.all {
            Some(all) => Cow::Owned(all.trim().to_owned()),
            None => Cow::Borrowed(self.one.unwrap_or_default().trim()),
        }
    }
}

/// The part of a text that a piece of it is, with the text's own lifetime.
fn borrowed<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let at = (piece.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    text.get(at..at + piece.len())
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

impl<'t> Builder<'t> {
    /// Reads to the end, or to what is wrong: the offset and why.
    fn read(&mut self) -> Result<(), (usize, String)> {
        let end = self.read_events();
        while let Some(mut open) = self.open.pop() {
            open.element.is_whole = false;
            self.put(open.element);
        }
        match end {
            Ok(()) if self.root.is_none() => Err((0, "there is no element".to_owned())),
            end => end,
        }
    }

    fn read_events(&mut self) -> Result<(), (usize, String)> {
        let mut reader = Reader::from_str(self.text);
        reader.config_mut().allow_dangling_amp = true;
        loop {
            let event = reader.read_event();
            let after = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let event = event.map_err(|error| {
                let at = usize::try_from(reader.error_position()).unwrap_or(after);
                (at, error.to_string())
            })?;
            match event {
                Event::Start(start) => self.start(&start, after)?,
                Event::Empty(start) => {
                    self.start(&start, after)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(text) => self.text(&text),
                Event::CData(text) => self.text(&text),
                Event::GeneralRef(name) => {
                    let resolved = name.resolve_char_ref().ok().flatten().map(String::from);
                    let resolved = resolved.or_else(|| resolve_predefined_entity(&name).map(str::to_owned));
                    let resolved = resolved.unwrap_or_else(|| format!("&{};", &*name));
                    if let Some(open) = self.open.last_mut() {
                        open.text.add_owned(&resolved);
                    }
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        match self.open.last() {
            Some(open) => Err((open.element.at, format!("`<{}>` is never closed", open.element.name))),
            None => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, after: usize) -> Result<(), (usize, String)> {
        let Some(whole) = borrowed(self.text, start) else { return Ok(()) };
        let at = (whole.as_ptr() as usize - self.text.as_ptr() as usize).saturating_sub(1);
        if self.open.is_empty() && self.root.is_some() {
            return Err((at, "there is a second outermost element".to_owned()));
        }
        self.elements += 1;
        if self.open.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            let what = format!("it has elements more than {MAX_DEPTH} deep, or more than {MAX_ELEMENTS}");
            return Err((after.min(self.text.len()), what));
        }
        let name_length = start.name().as_ref().len();
        let mut attributes = Vec::new();
        // That no name stands twice is not checked: of two the first one counts.
        for attribute in Attributes::new(whole, name_length).with_checks(false) {
            let Ok(attribute) = attribute else {
                self.faults.push(at);
                break;
            };
            let key = attribute.key.as_ref();
            let Some(key) = borrowed(self.text, key) else { continue };
            let value = borrowed(self.text, &attribute.value).unwrap_or_default();
            let value =
                if value.contains('&') { unescape(value).unwrap_or(Cow::Borrowed(value)) } else { value.into() };
            attributes.push((local(key), value));
        }
        let name = local(whole.get(..name_length).unwrap_or_default());
        let element = Element { name, attributes, text: Cow::Borrowed(""), children: Vec::new(), at, is_whole: true };
        self.open.push(Open { element, text: Pieces::default() });
        Ok(())
    }

    fn end(&mut self) {
        if let Some(mut open) = self.open.pop() {
            open.element.text = open.text.trimmed();
            self.put(open.element);
        }
    }

    fn put(&mut self, element: Element<'t>) {
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(open), Some(text)) = (self.open.last_mut(), borrowed(self.text, text)) {
            open.text.add(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(bytes: &[u8]) -> (String, Vec<String>) {
        let (mut decoded, mut diagnostics) = (String::new(), Vec::new());
        let document = parse(&"f".into(), bytes, &mut decoded, &mut diagnostics);
        let shown = document.root.as_ref().map(shown).unwrap_or_default();
        let said = diagnostics.iter().map(|d| format!("{}: {}", d.line.unwrap_or_default(), d.message)).collect();
        (shown, said)
    }

    /// `name[attribute=value]'text'(children)`, with `…` after what breaks off.
    fn shown(element: &Element<'_>) -> String {
        let attributes: Vec<_> = element.attributes().map(|(key, value)| format!("[{key}={value}]")).collect();
        let text = if element.text.is_empty() { String::new() } else { format!("'{}'", element.text) };
        let children: Vec<_> = element.children.iter().map(shown).collect();
        let children = if children.is_empty() { String::new() } else { format!("({})", children.join(" ")) };
        let cut = if element.is_whole { "" } else { "…" };
        format!("{}{}{text}{children}{cut}", element.name, attributes.concat())
    }

    #[test]
    fn elements_attributes_and_text() {
        let text = "<?xml version='1.0' encoding=\"UTF-8\"?>\n<!DOCTYPE a [<!ENTITY x \"long\">]>\n<a:p xmlns:a='u' k='&lt;1'>\n\
                    <b> 1.0<!-- c --> </b><c>x&amp;y&#65;&x; & z</c><d/><e><![CDATA[<raw>]]></e> tail</a:p>\n";
        let (shown, said) = said(text.as_bytes());
        assert_eq!(shown, "p[a=u][k=<1]'tail'(b'1.0' c'x&yA&x; & z' d e'<raw>')");
        assert_eq!(said, Vec::<String>::new());
    }

    #[test]
    fn what_stands_in_one_piece_has_a_place() {
        let text = "<a>\n  <b v=\"1.2\"> 3.4 <!-- why --></b><b>5<!-- no -->6</b></a>";
        let (mut decoded, mut diagnostics) = (String::new(), Vec::new());
        let document = parse(&"f".into(), text.as_bytes(), &mut decoded, &mut diagnostics);
        let root = document.root.as_ref().unwrap();
        let place = |text: &str| document.locate(text).map(|place| (place.line, place.column, place.length));
        assert_eq!(place(&root.children[0].text), Some((2, 15, 3)));
        assert_eq!(place(root.children[0].attribute("v").unwrap()), Some((2, 9, 3)));
        assert_eq!((&*root.children[1].text, place(&root.children[1].text)), ("56", None));
        assert_eq!((document.line(root), document.place(root).column), (1, 2));
        assert_eq!(root.at_path(&["b"]).len(), 2);
    }

    #[test]
    fn what_comes_before_a_break_is_kept() {
        let cut = said(b"<a>\n<b><c>1</c></b>\n<b><c>2</c><d>12");
        assert_eq!(cut.0, "a(b(c'1') b(c'2' d…)…)…");
        assert_eq!(cut.1, ["3: not valid XML: `<d>` is never closed; what comes before was read"]);
        let crossed = said(b"<a>\n<b>1</b>\n<c>2</b></a>");
        assert_eq!(crossed.0, "a(b'1' c…)…");
        assert_eq!(crossed.1.len(), 1);
        assert!(crossed.1[0].starts_with("3: not valid XML: ill-formed document: expected `</c>`"), "{crossed:?}");
        assert_eq!(
            said(b"<a/>\n<b/>").1,
            ["2: not valid XML: there is a second outermost element; what comes before was read"]
        );
        assert_eq!(said(b" ").1, ["1: not valid XML: there is no element; what comes before was read"]);
        assert_eq!(said(b"<a b c='1'><d/></a>").0, "a(d)");
    }

    #[test]
    fn other_encodings_are_read() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a><b>J\xFCrgen</b><c>1.0</c></a>";
        assert_eq!(said(latin), ("a(b'Jürgen' c'1.0')".to_owned(), vec![]));
        let wide: Vec<u8> = "\u{FEFF}<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(said(&wide), ("a'é'".to_owned(), vec![]));
        let (shown, said) = said(b"\xEF\xBB\xBF<a>\n<b>1</b>\n<c>\xFF</c></a>");
        assert_eq!((&*shown, said.len()), ("a(b'1')…", 1), "not UTF-8, and it does not say what else");
        assert!(said[0].starts_with("3: the file is not UTF-8"));
    }

    #[test]
    fn hostile_documents_are_bounded() {
        let (_, deep) = said("<a>".repeat(1_000_000).as_bytes());
        assert_eq!(deep.len(), 1);
        let many = format!("<a {}/>", "x='1' ".repeat(100_000));
        assert_eq!(said(many.as_bytes()).1, Vec::<String>::new());
        let faults = format!("<r>{}</r>", "<a b/>".repeat(1000));
        assert_eq!(said(faults.as_bytes()).1.len(), MAX_COMPLAINTS);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            said(&bytes);
        }

        #[test]
        fn any_cut_keeps_what_is_whole(cut in 0_usize..60) {
            let text = "<a x='1'><b>1</b><!-- é --><b>2&amp;</b><c/><b>3</b></a>";
            let cut = (0..=cut.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            let whole = text[..cut].matches("</b>").count();
            let mut decoded = String::new();
            let document = parse(&"f".into(), &text.as_bytes()[..cut], &mut decoded, &mut Vec::new());
            let found = document.root.map_or(0, |root| root.all("b").filter(|b| b.is_whole).count());
            prop_assert_eq!(found, whole);
        }
    }
}
