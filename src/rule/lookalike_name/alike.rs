//! How one name can be taken for another.

/// The marks between the words of a name.
const SEPARATORS: [char; 5] = ['-', '_', '.', '/', '@'];

/// The shortest name of which somebody could mean another one by mistake, in letters and digits: of shorter ones almost
/// every change of one letter is a name of its own.
const SHORTEST: usize = 5;

/// The shortest word in which the change of one letter counts, and that of the order of two. In a series of names
/// (`faiss-cpu` and `faiss-gpu`) the words that differ are short.
const SHORTEST_WORD: (usize, usize) = (6, 5);

/// How a name is like another one, the hardest to see first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alike {
    /// Written with characters that look the same, or in another case.
    Characters,
    /// Only the marks between the words differ.
    Separators,
    /// Only the scope differs, or one has a scope that the other has in its name.
    Scope,
    /// Two neighbouring letters have changed places.
    Swap,
    /// One letter is missing, too many or another one.
    Letter,
}

impl Alike {
    /// The middle of a sentence that begins with one name and ends with the other.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Characters => "is written with characters that look like those of",
            Self::Separators => "differs only in the marks between its words from",
            Self::Scope => "differs only in its scope from",
            Self::Swap => "has two neighbouring letters swapped compared with",
            Self::Letter => "is one letter away from",
        }
    }
}

/// Letters of other alphabets that look like Latin ones, and those in lower case
/// (<https://www.unicode.org/Public/security/latest/confusables.txt>).
const LOOK_ALIKES: &[(&str, char)] = &[
    ("\u{430}\u{251}\u{3b1}\u{410}\u{391}", 'a'),
    ("\u{184}\u{412}\u{392}", 'b'),
    ("\u{441}\u{3f2}\u{421}", 'c'),
    ("\u{501}", 'd'),
    ("\u{435}\u{450}\u{451}\u{415}\u{395}", 'e'),
    ("\u{261}", 'g'),
    ("\u{4bb}\u{41d}\u{397}", 'h'),
    ("\u{456}\u{457}\u{131}\u{3b9}\u{406}\u{399}\u{4cf}", 'i'),
    ("\u{458}\u{3f3}\u{408}", 'j'),
    ("\u{3ba}\u{43a}\u{41a}\u{39a}", 'k'),
    ("\u{43c}\u{41c}\u{39c}", 'm'),
    ("\u{57c}\u{578}\u{39d}", 'n'),
    ("\u{43e}\u{3bf}\u{585}\u{41e}\u{39f}", 'o'),
    ("\u{440}\u{3c1}\u{420}\u{3a1}", 'p'),
    ("\u{51b}", 'q'),
    ("\u{433}", 'r'),
    ("\u{455}\u{405}", 's'),
    ("\u{442}\u{3c4}\u{422}\u{3a4}", 't'),
    ("\u{57d}\u{3c5}", 'u'),
    ("\u{475}\u{3bd}", 'v'),
    ("\u{51d}\u{461}", 'w'),
    ("\u{445}\u{3c7}\u{425}\u{3a7}", 'x'),
    ("\u{443}\u{3b3}\u{423}\u{3a5}", 'y'),
    ("\u{396}", 'z'),
    ("\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}", '-'),
    ("\u{ff0f}\u{2215}\u{2044}", '/'),
];

/// The Latin letter, in lower case, that a character looks like in most typefaces.
fn latin(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    // Full-width forms of ASCII stand in its order (U+FF01 to U+FF5E).
    let narrow = match u32::from(c).checked_sub(0xff01) {
        Some(at @ 0..0x5e) => char::from_u32(at + 0x21).unwrap_or(c),
        _ => c,
    };
    if narrow.is_ascii() {
        return narrow.to_ascii_lowercase();
    }
    LOOK_ALIKES.iter().find(|(looks, _)| looks.contains(narrow)).map_or(narrow, |(_, letter)| *letter)
}

/// A name without the marks between its words, in which everything that looks the same is the same. Characters that
/// cannot be seen are left out.
pub(super) fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let is_hidden = |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    for c in name.chars().filter(|c| !is_hidden(c)).map(latin).filter(|c| !SEPARATORS.contains(c)) {
        match c {
            '0' => out.push('o'),
            '1' | 'i' | '|' => out.push('l'),
            'n' if out.ends_with('r') => replace_last(&mut out, 'm'),
            'v' if out.ends_with('v') => replace_last(&mut out, 'w'),
            _ => out.push(c),
        }
    }
    out
}

fn replace_last(out: &mut String, with: char) {
    out.pop();
    out.push(with);
}

/// The scope of an npm name.
pub(super) fn scope(name: &str) -> Option<&str> {
    name.strip_prefix('@')?.split_once('/').map(|(scope, _)| scope)
}

/// How a name that differs from another one is like it.
pub(super) fn alike(name: &str, other: &str) -> Option<Alike> {
    // Whoever has a scope chooses all names in it.
    if scope(name).is_some() && scope(name) == scope(other) {
        return None;
    }
    if letters(other) < SHORTEST {
        return None;
    }
    if folded(name) == folded(other) {
        let plain = |name: &str| name.replace(SEPARATORS, "");
        return Some(match plain(name) == plain(other) {
            true if scope(name).is_some() || scope(other).is_some() => Alike::Scope,
            true => Alike::Separators,
            false => Alike::Characters,
        });
    }
    one_edit(name, other)
}

/// How many letters and digits a name has.
fn letters(name: &str) -> usize {
    name.chars().filter(|c| !SEPARATORS.contains(c)).count()
}

/// Whether a change of one letter, or of the order of two neighbours, leads from one name to the other.
fn one_edit(name: &str, other: &str) -> Option<Alike> {
    let (name, other): (Vec<char>, Vec<char>) = (name.chars().collect(), other.chars().collect());
    let at = name.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (rest, other_rest) = (&name[at..], &other[at..]);
    // A digit at the end is that of a generation (`xmlbuilder2`).
    let is_generation = |last: char, rest: &[char]| rest.is_empty() && last.is_ascii_digit();
    let alike = match (rest, other_rest) {
        ([a, b, rest @ ..], [c, d, other @ ..]) if a == d && b == c && rest == other => Alike::Swap,
        ([_, rest @ ..], [_, other @ ..]) if rest == other => Alike::Letter,
        ([c, rest @ ..], other) if rest == other && !is_generation(*c, rest) => Alike::Letter,
        (rest, [c, other @ ..]) if rest == other && !is_generation(*c, other) => Alike::Letter,
        _ => return None,
    };
    let shortest = if alike == Alike::Swap { SHORTEST_WORD.1 } else { SHORTEST_WORD.0 };
    (word(&other, at) >= shortest).then_some(alike)
}

/// The length of the word of a name that holds a place, or ends there.
fn word(name: &[char], at: usize) -> usize {
    let is_letter = |c: &&char| !SEPARATORS.contains(c);
    let (before, after) = name.split_at(at.min(name.len()));
    before.iter().rev().take_while(is_letter).count() + after.iter().take_while(is_letter).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_the_same_is_folded_into_one() {
        for (name, other) in [
            ("cross-env", "crossenv"),
            ("python_dateutil", "python.dateutil"),
            ("@types/node", "types-node"),
            ("c0l0rama", "colorama"),
            ("jeIlyfish", "jellyfish"),
            ("pi11ow", "pillow"),
            ("modem", "modern"),
            ("vvheel", "wheel"),
            ("l\u{43e}dash", "lodash"),
            ("\u{455}\u{435}rde", "serde"),
            ("\u{ff52}eact", "react"),
            ("re\u{200b}act", "react"),
        ] {
            assert_eq!(folded(name), folded(other), "{name}");
        }
        assert_ne!(folded("lodash"), folded("lodash-es"));
    }

    #[test]
    fn each_sort_is_told_apart() {
        let of = |name, other| alike(name, other).unwrap_or_else(|| panic!("{name} {other}"));
        assert_eq!(of("jeilyfish", "jellyfish"), Alike::Characters);
        assert_eq!(of("l\u{43e}dash", "lodash"), Alike::Characters);
        assert_eq!(of("crossenv", "cross-env"), Alike::Separators);
        assert_eq!(of("types-node", "@types/node"), Alike::Scope);
        assert_eq!(of("@types-node/x", "@types/node-x"), Alike::Scope);
        assert_eq!(of("loadsh", "lodash"), Alike::Swap);
        assert_eq!(of("colourama", "colorama"), Alike::Letter);
        assert_eq!(of("request", "requests"), Alike::Letter);
        assert_eq!(of("eslint-cofnig", "eslint-config"), Alike::Swap);
        assert_eq!(of("@bable/core", "@babel/core"), Alike::Swap);
    }

    #[test]
    fn names_of_their_own_are_no_likeness() {
        for (name, other) in [
            ("gat", "got"),
            ("gott", "got"),
            ("faiss-cpu", "faiss-gpu"),
            ("mypy-boto3-ecs", "mypy-boto3-ecr"),
            ("@babel/parse", "@babel/parser"),
            ("lodash-es", "lodash"),
            ("xmlbuilder2", "xmlbuilder"),
            ("tools", "toolz"),
            ("reuqetss", "requests"),
        ] {
            assert_eq!(alike(name, other), None, "{name} {other}");
        }
    }

    /// Edit distance with swaps of neighbours, by the textbook.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                rows[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let change = usize::from(a[i - 1] != b[j - 1]);
                    let mut least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        least = least.min(rows[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        rows[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn one_edit_is_a_distance_of_one(a in "[abc]{6,8}", b in "[abc]{6,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(one_edit(&a, &b).is_some(), distance(&chars(&a), &chars(&b)) == 1);
        }

        #[test]
        fn anything_can_be_compared(a in "\\PC{0,20}", b in "[a-z@/-]{0,20}") {
            let both = (alike(&a, &b), folded(&a));
            prop_assert_eq!((alike(&a, &b), folded(&a)), both);
        }
    }
}
