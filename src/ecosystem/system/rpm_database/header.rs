//! The header that rpm keeps of a package
//! (<https://rpm-software-management.github.io/rpm/manual/format_header.html>).

use std::collections::HashMap;

/// How many tags a header may have.
const MOST_TAGS: usize = 1 << 14;

/// How many texts a list may have.
const MOST_TEXTS: usize = 1 << 16;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const SOURCE: u32 = 1044;
const PROVIDES: u32 = 1047;
const REQUIRES: u32 = 1049;

/// What a header says of its package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'b> {
    pub(super) name: &'b str,
    /// `epoch:version-release`, without an epoch of zero.
    pub(super) version: String,
    /// The name and version of the source package.
    pub(super) source: Option<(&'b str, String)>,
    pub(super) provides: Vec<&'b str>,
    pub(super) requires: Vec<&'b str>,
}

impl<'b> Header<'b> {
    /// Reads a header; `None` where it is none, or has no name or version.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Self> {
        let (count, size) = (number(bytes, 0)?, number(bytes, 4)?);
        let count = usize::try_from(count).ok().filter(|&count| count <= MOST_TAGS)?;
        let start = 8_usize.checked_add(count.checked_mul(16)?)?;
        let data = bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)?;
        let mut tags = HashMap::new();
        for at in (0..count).map(|entry| 8 + entry * 16) {
            let offset = usize::try_from(number(bytes, at + 8)?).ok()?;
            tags.insert(number(bytes, at)?, (number(bytes, at + 4)?, offset, number(bytes, at + 12)?));
        }
        let text = |tag: u32| {
            let &(_, offset, _) = tags.get(&tag)?;
            text_at(data, offset).map(|(text, _)| text).filter(|text| !text.is_empty())
        };
        let texts = |tag: u32| {
            let Some(&(_, mut offset, count)) = tags.get(&tag) else { return Vec::new() };
            let count = usize::try_from(count).unwrap_or(MOST_TEXTS).min(MOST_TEXTS);
            let mut texts = Vec::new();
            while let Some((text, next)) = text_at(data, offset).filter(|_| texts.len() < count) {
                texts.push(text);
                offset = next;
            }
            texts
        };
        const INT32: u32 = 4;
        let epoch = tags.get(&EPOCH).filter(|tag| tag.0 == INT32).and_then(|tag| number(data, tag.1));
        let epoch = epoch.filter(|&epoch| epoch > 0).map(|epoch| format!("{epoch}:")).unwrap_or_default();
        let source = text(SOURCE).and_then(|file| {
            let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
            let (rest, release) = stem.rsplit_once('-')?;
            let (name, version) = rest.rsplit_once('-')?;
            Some((name, format!("{epoch}{version}-{release}")))
        });
        Some(Self {
            name: text(NAME)?,
            version: format!("{epoch}{}-{}", text(VERSION)?, text(RELEASE)?),
            source,
            provides: texts(PROVIDES),
            requires: texts(REQUIRES),
        })
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A text that ends with a zero, and where the next one begins.
fn text_at(data: &[u8], offset: usize) -> Option<(&str, usize)> {
    let rest = data.get(offset..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    Some((std::str::from_utf8(&rest[..end]).ok()?, offset + end + 1))
}
