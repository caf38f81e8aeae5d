//! Licences as SPDX writes them (<https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/>), and
//! whether a list of accepted ones allows them.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use spdx::expression::{ExprNode, Operator};
use spdx::identifiers::{EXCEPTIONS, LICENSES};
use spdx::{AdditionItem, Expression, LicenseId, LicenseItem, LicenseReq, ParseMode};

/// An expression of more bytes is none (hostile input).
const LONGEST: usize = 2_000;

/// What [`canonical`] leaves is as SPDX wants it, but for a few identifiers that nothing replaced.
const MODE: ParseMode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };

/// What SPDX no longer lists, and the expression that stands for it now. The identifiers of GNU licences without
/// `-only` or `-or-later` are read by rule.
const REPLACED: &[(&str, &str)] = &[
    ("BSD-2-Clause-FreeBSD", "BSD-2-Clause"),
    ("BSD-2-Clause-NetBSD", "BSD-2-Clause"),
    ("bzip2-1.0.5", "bzip2-1.0.6"),
    ("eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0"),
    ("GPL-2.0-with-autoconf-exception", "GPL-2.0-only WITH Autoconf-exception-2.0"),
    ("GPL-2.0-with-bison-exception", "GPL-2.0-only WITH Bison-exception-2.2"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("GPL-2.0-with-font-exception", "GPL-2.0-only WITH Font-exception-2.0"),
    ("GPL-2.0-with-GCC-exception", "GPL-2.0-only WITH GCC-exception-2.0"),
    ("GPL-3.0-with-autoconf-exception", "GPL-3.0-only WITH Autoconf-exception-3.0"),
    ("GPL-3.0-with-GCC-exception", "GPL-3.0-only WITH GCC-exception-3.1"),
    ("Nunit", "zlib-acknowledgement"),
    ("StandardML-NJ", "SMLNJ"),
    ("wxWindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"),
];

/// Words that stand where a licence would, and say that there is none or that nobody looked.
const NO_LICENSE: [&str; 2] = ["NONE", "NOASSERTION"];

/// The licences under which something can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct License {
    expression: Expression,
}

/// What is no identifier of a licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLicense {
    /// The word, or the whole text where no single word is wrong.
    pub word: String,
}

impl License {
    /// Reads an expression. Identifiers are compared without case, as SPDX says; `/` stands for `OR`, as old crates
    /// write it; identifiers that SPDX replaced stand for what replaced them.
    ///
    /// # Errors
    /// Where it is no expression of licences that SPDX lists or that have a `LicenseRef-`.
    pub fn parse(text: &str) -> Result<Self, UnknownLicense> {
        let whole = || UnknownLicense { word: text.trim().to_owned() };
        if text.len() > LONGEST {
            return Err(UnknownLicense { word: text.chars().take(40).collect() });
        }
        let expression = Expression::parse_mode(&canonical(text)?, MODE).map_err(|_| whole())?;
        Ok(Self { expression })
    }

    /// Whether SPDX lists every licence of it.
    pub fn is_listed(&self) -> bool {
        self.expression.requirements().all(|term| term.req.license.id().is_some())
    }

    /// The licences of it that none of the accepted ones allows, where they are needed: of an `OR` one side is enough,
    /// of an `AND` both are needed. Empty: it is allowed.
    pub fn refused(&self, accepted: &[AcceptedLicense]) -> Vec<String> {
        // The nodes stand behind what they join: each leaves on the stack what is refused so far.
        let mut stack: Vec<BTreeSet<String>> = Vec::new();
        for node in self.expression.iter() {
            let refused = match node {
                ExprNode::Req(term) if accepted.iter().any(|accepted| accepted.allows(&term.req)) => BTreeSet::new(),
                ExprNode::Req(term) => BTreeSet::from([term.req.to_string()]),
                ExprNode::Op(operator) => {
                    let (right, left) = (stack.pop().unwrap_or_default(), stack.pop().unwrap_or_default());
                    let is_enough = *operator == Operator::Or && (left.is_empty() || right.is_empty());
                    if is_enough { BTreeSet::new() } else { left.into_iter().chain(right).collect() }
                }
            };
            stack.push(refused);
        }
        stack.pop().unwrap_or_default().into_iter().collect()
    }
}

impl fmt::Display for License {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expression.as_ref())
    }
}

/// A licence that is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedLicense(LicenseReq);

impl AcceptedLicense {
    /// Reads one licence, with an exception where wanted (`Apache-2.0 WITH LLVM-exception`). A licence with
    /// `-or-later` or `+` accepts later versions too.
    ///
    /// # Errors
    /// Where it is none that SPDX lists and no `LicenseRef-`, or more than one.
    pub fn parse(text: &str) -> Result<Self, UnknownLicense> {
        let license = License::parse(text)?;
        let mut terms = license.expression.requirements();
        match (terms.next(), terms.next()) {
            (Some(term), None) => Ok(Self(term.req.clone())),
            _ => Err(UnknownLicense { word: text.trim().to_owned() }),
        }
    }

    /// Whether somebody who accepts this licence can use what is under that one. An exception only adds permissions,
    /// so that the licence itself is enough; who accepts it with an exception accepts it with that one alone.
    fn allows(&self, term: &LicenseReq) -> bool {
        let exception = |addition: &Option<AdditionItem>| addition.as_ref().map(ToString::to_string);
        let has_exception = self.0.addition.is_none() || exception(&self.0.addition) == exception(&term.addition);
        has_exception
            && match (&self.0.license, &term.license) {
                (LicenseItem::Spdx { id, or_later }, LicenseItem::Spdx { id: other, or_later: other_or_later }) => {
                    Versions::of(*id, *or_later).meet(&Versions::of(*other, *other_or_later))
                }
                (LicenseItem::Other(own), LicenseItem::Other(other)) => own == other,
                _ => false,
            }
    }
}

/// Which versions of a licence are meant.
struct Versions {
    /// The identifier without its version.
    family: Vec<&'static str>,
    version: Vec<u32>,
    or_later: bool,
}

impl Versions {
    fn of(id: LicenseId, or_later: bool) -> Self {
        // Licences of GNU say in the identifier whether later versions are meant.
        let (name, or_later) = match (id.name.strip_suffix("-or-later"), id.name.strip_suffix("-only")) {
            (Some(name), _) => (name, true),
            (_, Some(name)) => (name, false),
            _ => (id.name, or_later),
        };
        let is_version = |part: &&str| part.contains('.') && part.chars().all(|c| c == '.' || c.is_ascii_digit());
        let version = name.split('-').find(is_version).unwrap_or_default();
        Self {
            family: name.split('-').filter(|part| !is_version(part)).collect(),
            version: version.split('.').filter_map(|part| part.parse().ok()).collect(),
            or_later,
        }
    }

    /// Whether a version is in both.
    fn meet(&self, other: &Self) -> bool {
        self.family == other.family
            && match self.version.cmp(&other.version) {
                Ordering::Equal => true,
                Ordering::Less => self.or_later,
                Ordering::Greater => other.or_later,
            }
    }
}

/// Every identifier of a licence or an exception that a policy can name.
pub fn license_ids() -> impl Iterator<Item = &'static str> {
    let is_current = |name: &&str| !NO_LICENSE.contains(name) && !name.ends_with('+');
    let licenses = LICENSES.iter().filter(|license| license.flags & spdx::flags::IS_DEPRECATED == 0);
    licenses.map(|license| license.name).filter(is_current).chain(EXCEPTIONS.iter().map(|exception| exception.name))
}

/// The expression in the form that SPDX wants.
fn canonical(text: &str) -> Result<String, UnknownLicense> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '(' | ')' | '/' => 1,
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '/')).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(end);
        rest = after.trim_start();
        if !out.is_empty() {
            out.push(' ');
        }
        match word {
            "(" | ")" => out.push_str(word),
            "/" => out.push_str("OR"),
            _ if ["AND", "OR", "WITH"].iter().any(|operator| operator.eq_ignore_ascii_case(word)) => {
                out.push_str(&word.to_ascii_uppercase());
            }
            _ => out.push_str(&term(word)?),
        }
    }
    Ok(out)
}

/// A licence or an exception in SPDX's own spelling.
fn term(word: &str) -> Result<String, UnknownLicense> {
    if ["LicenseRef-", "DocumentRef-", "AdditionRef-"].iter().any(|prefix| word.starts_with(prefix)) {
        return Ok(word.to_owned());
    }
    let unknown = || UnknownLicense { word: word.to_owned() };
    if NO_LICENSE.iter().any(|none| none.eq_ignore_ascii_case(word)) {
        return Err(unknown());
    }
    let (name, or_later) = word.strip_suffix('+').map_or((word, false), |name| (name, true));
    if let Some((_, replacement)) = REPLACED.iter().find(|(old, _)| old.eq_ignore_ascii_case(name)) {
        return Ok((*replacement).to_owned());
    }
    let names = LICENSES.iter().map(|license| license.name);
    let names = names.chain(EXCEPTIONS.iter().map(|exception| exception.name));
    let name = { names }.find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(unknown)?;
    let is_gnu = spdx::license_id(name).is_some_and(LicenseId::is_gnu);
    Ok(match or_later {
        true if is_gnu => format!("{}-or-later", name.trim_end_matches("-or-later").trim_end_matches("-only")),
        true => format!("{name}+"),
        false if is_gnu && !name.ends_with("-only") && !name.ends_with("-or-later") => format!("{name}-only"),
        false => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str, accepted: &[&str]) -> Vec<String> {
        let accepted: Vec<AcceptedLicense> =
            accepted.iter().map(|text| AcceptedLicense::parse(text).unwrap()).collect();
        License::parse(text).unwrap().refused(&accepted)
    }

    fn is_allowed(text: &str, accepted: &[&str]) -> bool {
        refused(text, accepted).is_empty()
    }

    #[test]
    fn of_an_or_one_is_enough_and_of_an_and_all_are_needed() {
        assert!(is_allowed("MIT OR GPL-3.0-only", &["MIT"]));
        assert!(is_allowed("MIT/Apache-2.0", &["Apache-2.0"]));
        assert!(!is_allowed("MIT AND GPL-3.0-only", &["MIT"]));
        assert!(is_allowed("(MIT OR GPL-3.0-only) AND ISC", &["MIT", "ISC"]));
        // `AND` binds more than `OR`.
        assert!(is_allowed("ISC OR MIT AND GPL-3.0-only", &["ISC"]));
        assert!(!is_allowed("ISC OR MIT AND GPL-3.0-only", &["MIT"]));
        assert_eq!(refused("MIT AND GPL-3.0-only", &["MIT"]), ["GPL-3.0-only"]);
        assert_eq!(refused("MIT OR ISC", &[]), ["ISC", "MIT"]);
        assert_eq!(refused("(MIT OR GPL-3.0-only) AND ISC", &["MIT"]), ["ISC"]);
    }

    #[test]
    fn later_versions_count_where_either_side_says_so() {
        for (license, accepted, allowed) in [
            ("GPL-2.0-or-later", "GPL-2.0-only", true),
            ("GPL-2.0-or-later", "GPL-3.0-only", true),
            ("GPL-3.0-or-later", "GPL-2.0-only", false),
            ("GPL-3.0-only", "GPL-2.0-or-later", true),
            ("GPL-2.0-only", "GPL-3.0-or-later", false),
            ("GPL-2.0-only", "GPL-2.0-or-later", true),
            ("LGPL-2.1-or-later", "GPL-2.0-or-later", false),
            ("MPL-1.1+", "MPL-2.0", true),
            ("MPL-1.1", "MPL-2.0", false),
            ("Apache-2.0", "Apache-1.1+", true),
            // The number is no version.
            ("BSD-2-Clause+", "BSD-3-Clause", false),
            ("BSD-3-Clause", "BSD-3-Clause", true),
            ("BSD-3-Clause-Clear", "BSD-3-Clause", false),
        ] {
            assert_eq!(is_allowed(license, &[accepted]), allowed, "{license} by {accepted}");
        }
    }

    #[test]
    fn an_exception_adds_permissions() {
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception", &["Apache-2.0"]));
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception", &["Apache-2.0 WITH LLVM-exception"]));
        assert!(!is_allowed("Apache-2.0", &["Apache-2.0 WITH LLVM-exception"]));
        assert!(!is_allowed("GPL-2.0-only WITH Font-exception-2.0", &["GPL-2.0-only WITH Classpath-exception-2.0"]));
    }

    #[test]
    fn what_spdx_replaced_stands_for_its_replacement() {
        for (old, new) in [
            ("GPL-2.0", "GPL-2.0-only"),
            ("GPL-2.0+", "GPL-2.0-or-later"),
            ("LGPL-2.1-only+", "LGPL-2.1-or-later"),
            ("gpl-3.0-OR-later", "GPL-3.0-or-later"),
            ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
            ("mit", "MIT"),
            ("Mit or apache-2.0 with llvm-EXCEPTION", "MIT OR Apache-2.0 WITH LLVM-exception"),
            ("(MIT)", "( MIT )"),
        ] {
            assert_eq!(License::parse(old).unwrap().to_string(), new);
        }
        for (old, new) in REPLACED {
            assert!(License::parse(old).unwrap().is_listed(), "{old}");
            assert!(AcceptedLicense::parse(new).is_ok(), "{new}");
        }
        for license in LICENSES.iter().filter(|license| license.name != "NOASSERTION") {
            assert!(License::parse(license.name).is_ok_and(|license| license.is_listed()), "{}", license.name);
        }
    }

    #[test]
    fn what_is_no_licence_is_said() {
        let wrong = |text: &str| License::parse(text).unwrap_err().word;
        assert_eq!(wrong("MIT OR Apache2"), "Apache2");
        assert_eq!(wrong("non-standard"), "non-standard");
        assert_eq!(wrong("NOASSERTION"), "NOASSERTION");
        assert_eq!(wrong("MIT OR"), "MIT OR");
        assert_eq!(wrong("MIT ISC"), "MIT ISC");
        assert_eq!(wrong("MIT WITH ISC"), "MIT WITH ISC");
        assert_eq!(wrong(" "), "");
        assert_eq!(wrong(&"(".repeat(LONGEST + 1)).len(), 40);
        assert!(!License::parse("LicenseRef-Acme").unwrap().is_listed());
        assert!(is_allowed("LicenseRef-Acme", &["LicenseRef-Acme"]));
        assert!(AcceptedLicense::parse("MIT OR ISC").is_err());
        let ids: Vec<&str> = license_ids().collect();
        assert!(["MIT", "LLVM-exception"].iter().all(|id| ids.contains(id)));
        assert!(["GPL-2.0", "GPL-2.0+", "NOASSERTION"].iter().all(|id| !ids.contains(id)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(MIT|ISC|GPL-2.0|OR|AND|WITH|LLVM-exception|\\+|\\(|\\)|/|LicenseRef-|:| |é){0,12}") {
            if let Ok(license) = License::parse(&text) {
                prop_assert!(!license.refused(&[]).is_empty());
                prop_assert_eq!(License::parse(&license.to_string()), Ok(license));
            }
        }
    }
}
