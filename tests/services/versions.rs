//! A small order of versions, written for the service that prunes and by nobody else: `SemVer`-like and PEP 440. What it
//! does not understand it does not order.

use std::cmp::Ordering;

/// Compares two versions of an ecosystem; none where that cannot be said.
pub(super) fn compare(ecosystem: &str, left: &str, right: &str) -> Option<Ordering> {
    match ecosystem.split(':').next()? {
        "npm" | "crates.io" | "Go" | "Hex" => Some(Semver::parse(left)?.cmp(&Semver::parse(right)?)),
        "PyPI" => Some(Pep440::parse(left)?.cmp(&Pep440::parse(right)?)),
        _ => None,
    }
}

/// Numbers, then the identifiers of a pre-release.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Semver {
    core: [u64; 3],
    pre: Pre,
}

/// A release comes after all of its pre-releases.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    Of(Vec<Identifier>),
    Release,
}

/// A number comes before a word.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl Semver {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split('+').next()?;
        let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
        let mut core = [0; 3];
        for (at, number) in numbers.split('.').enumerate() {
            *core.get_mut(at)? = number.parse().ok()?;
        }
        let identifier =
            |text: &str| text.parse().map_or_else(|_| Identifier::Word(text.to_owned()), Identifier::Number);
        let pre = pre.map_or(Pre::Release, |pre| Pre::Of(pre.split('.').map(identifier).collect()));
        Some(Self { core, pre })
    }
}

/// The public part of a version of PEP 440. The fields stand in the order in which they are compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pep440 {
    epoch: u64,
    /// Without zeros at its end.
    release: Vec<u64>,
    /// `dev` alone comes before `a`, and a release after `rc`: 0 to 4.
    phase: (u8, u64),
    /// 0 where there is none, and one more than its number otherwise.
    post: u64,
    /// The largest number where there is none.
    dev: u64,
}

impl Pep440 {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text).split('+').next()?;
        let (epoch, rest) = text.split_once('!').unwrap_or(("0", text));
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (release, mut rest) = rest.split_at(end);
        let release = release.trim_end_matches('.');
        let mut release: Vec<u64> = release.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let (mut pre, mut post, mut dev) = (None, None, None);
        while !rest.is_empty() {
            let (word, number, after) = part(rest)?;
            match word {
                "a" | "alpha" => pre = Some((1, number)),
                "b" | "beta" => pre = Some((2, number)),
                "c" | "rc" | "pre" | "preview" => pre = Some((3, number)),
                "post" | "rev" | "r" | "" => post = Some(number),
                "dev" => dev = Some(number),
                _ => return None,
            }
            rest = after;
        }
        let unphased = if dev.is_some() && post.is_none() { (0, 0) } else { (4, 0) };
        Some(Self {
            epoch: epoch.parse().ok()?,
            release,
            phase: pre.unwrap_or(unphased),
            post: post.map_or(0, |number: u64| number.saturating_add(1)),
            dev: dev.unwrap_or(u64::MAX),
        })
    }

    /// As deps.dev writes it: three numbers at least (`3.0` is `3.0.0` there).
    pub(super) fn canonical(&self) -> String {
        let mut release = self.release.clone();
        release.resize(release.len().max(3), 0);
        let numbers: Vec<String> = release.iter().map(ToString::to_string).collect();
        let mut out = numbers.join(".");
        if self.epoch > 0 {
            out = format!("{}!{out}", self.epoch);
        }
        match self.phase {
            (1, number) => out += &format!("a{number}"),
            (2, number) => out += &format!("b{number}"),
            (3, number) => out += &format!("rc{number}"),
            _ => {}
        }
        if self.post > 0 {
            out += &format!(".post{}", self.post - 1);
        }
        if self.dev < u64::MAX {
            out += &format!(".dev{}", self.dev);
        }
        out
    }
}

/// A word, its number and the rest; the word of `1.0-2` is empty.
fn part(text: &str) -> Option<(&str, u64, &str)> {
    let separators = ['.', '-', '_'];
    let text = text.trim_start_matches(separators);
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let digits = rest.trim_start_matches(separators);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        return (!word.is_empty()).then_some((word, 0, rest));
    }
    Some((word, digits[..end].parse().ok()?, &digits[end..]))
}
