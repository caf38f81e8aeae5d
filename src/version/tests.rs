use proptest::prelude::*;

use super::*;

#[test]
fn every_ecosystem_that_is_parsed_has_an_order() {
    for ecosystem in Ecosystem::advised() {
        assert!(Scheme::of(ecosystem.osv_name()).is_some(), "{ecosystem}");
    }
    assert_eq!(compare(Ecosystem::Go, "v1.2.3", "1.2.3"), Some(Ordering::Equal));
    assert_eq!(compare(Ecosystem::Npm, "latest", "1.2.3"), None);
}

/// Every ecosystem of OSV's schema that has an order: <https://ossf.github.io/osv-schema/#defined-ecosystems>.
#[test]
fn every_ecosystem_of_the_schema_with_an_order_has_it_here() {
    for name in [
        "AlmaLinux",
        "Alpaquita",
        "Alpine",
        "Azure Linux",
        "BellSoft Hardened Containers",
        "Bioconductor",
        "Bitnami",
        "CRAN",
        "Chainguard",
        "CleanStart",
        "ConanCenter",
        "Debian",
        "Docker Hardened Images",
        "GHC",
        "GitHub Actions",
        "Go",
        "Hackage",
        "Hex",
        "Julia",
        "Kubernetes",
        "Mageia",
        "Maven",
        "MinimOS",
        "NuGet",
        "Packagist",
        "Photon OS",
        "Pub",
        "PyPI",
        "Red Hat",
        "Rocky Linux",
        "RubyGems",
        "SUSE",
        "SwiftURL",
        "Ubuntu",
        "VSCode",
        "Wolfi",
        "crates.io",
        "npm",
        "opam",
        "openEuler",
        "openSUSE",
    ] {
        let scheme = Scheme::of(name);
        assert!(scheme.is_some_and(|scheme| scheme.key("1.2.3") < scheme.key("1.10.0")), "{name}");
    }
    for name in ["Android", "FreeBSD", "GIT", "Linux", "OSS-Fuzz", "Docker", "toString", ""] {
        assert_eq!(Scheme::of(name), None, "{name}");
    }
}

#[test]
fn what_is_no_version_anywhere_has_no_key() {
    for scheme in Scheme::ALL {
        for text in ["", " ", "\t", "a b\u{7}", "${version}", "1.0\n2.0"] {
            let expected = scheme == Scheme::Pep440 && !text.trim().is_empty();
            assert_eq!(scheme.key(text).is_some(), expected, "{scheme:?} {text:?}");
        }
        let is_endless = scheme.key(&"9".repeat(300)).is_some_and(|_| scheme.is_placed(&"9".repeat(300)));
        assert!(!is_endless, "{scheme:?}");
    }
}

proptest! {
    // A total order comes with comparing bytes; what must hold is that equal text gives equal keys, that no
    // key is a beginning of another one's with a meaning of its own, and that nothing panics.
    #[test]
    fn keys_never_panic(text in ".{0,40}") {
        for scheme in Scheme::ALL {
            prop_assert_eq!(scheme.key(&text), scheme.key(&text));
            scheme.is_placed(&text);
        }
    }

    #[test]
    fn no_key_begins_another(a in text(), b in text()) {
        for scheme in Scheme::ALL {
            if let (Some(a), Some(b)) = (scheme.key(&a), scheme.key(&b)) {
                prop_assert!(a == b || !a.as_bytes().starts_with(b.as_bytes()), "{scheme:?} {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn requirements_never_panic(requirement in "[-0-9a-z.*,<>=!~^|&@ \\[\\]()+]{0,24}", version in text()) {
        for &ecosystem in Ecosystem::ALL {
            prop_assert_eq!(satisfies(ecosystem, &requirement, &version), satisfies(ecosystem, &requirement, &version));
        }
    }

    #[test]
    fn semver_agrees_with_the_crate(a in version(), b in version()) {
        let parsed = |text: &str| ::semver::Version::parse(text).unwrap();
        let expected = parsed(&a).cmp_precedence(&parsed(&b));
        prop_assert_eq!(compare(Ecosystem::CratesIo, &a, &b), Some(expected));
    }

    #[test]
    fn numbers_of_any_length_compare(a in "[0-9]{1,60}", b in "[0-9]{1,60}") {
        let strip = |text: &str| text.trim_start_matches('0').to_owned();
        let (x, y) = (strip(&a), strip(&b));
        let expected = x.len().cmp(&y.len()).then(x.cmp(&y));
        for scheme in Scheme::ALL {
            prop_assert_eq!(scheme.key(&a).cmp(&scheme.key(&b)), expected, "{:?}", scheme);
        }
    }
}

fn version() -> impl Strategy<Value = String> {
    "(0|[1-9][0-9]{0,3})\\.(0|[1-9]{1,2})\\.(0|[1-9]{1,2})(-(0|[1-9][0-9]?|[a-c][a-c0-9-]{0,2})(\\.(0|[1-9]|[a-b]{1,2})){0,2})?(\\+[a-z]{1,3})?"
}

/// Texts that look like versions, many of them alike.
fn text() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-2](([.~^_+-]|-r|rc|alpha|p|sp|a|b)?[0-2ab]?){0,5}"
}

proptest! {
    /// dpkg's own way of comparing (`verrevcmp`), character by character.
    #[test]
    fn debian_agrees_with_a_direct_comparison(a in "[0-2ab.~+]{1,8}", b in "[0-2ab.~+]{1,8}") {
        let expected = by_turns(a.as_bytes(), b.as_bytes());
        prop_assert_eq!(Scheme::Opam.key(&a).cmp(&Scheme::Opam.key(&b)), expected);
        prop_assert_eq!(Scheme::Dpkg.key(&a).cmp(&Scheme::Dpkg.key(&b)), expected);
    }

    /// Ruby's own way: segment by segment, 0 where one has no more.
    #[test]
    fn gems_agree_with_a_direct_comparison(a in gem(), b in gem()) {
        let expected = by_segments(&a, &b);
        prop_assert_eq!(Scheme::RubyGems.key(&a).cmp(&Scheme::RubyGems.key(&b)), expected, "{} {}", a, b);
    }
}

fn by_turns(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let order = |text: &[u8]| match text.first() {
        None | Some(b'0'..=b'9') => 0,
        Some(b'~') => -1,
        Some(letter @ (b'a'..=b'z' | b'A'..=b'Z')) => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    };
    let is_other = |text: &[u8]| text.first().is_some_and(|byte| !byte.is_ascii_digit());
    while !a.is_empty() || !b.is_empty() {
        while is_other(a) || is_other(b) {
            if order(a) != order(b) {
                return order(a).cmp(&order(b));
            }
            (a, b) = (&a[1..], &b[1..]);
        }
        let number = |text: &mut &[u8]| {
            let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
            let (digits, rest) = text.split_at(end);
            *text = rest;
            std::str::from_utf8(digits).unwrap().parse::<u64>().unwrap_or(0)
        };
        let (x, y) = (number(&mut a), number(&mut b));
        if x != y {
            return x.cmp(&y);
        }
    }
    Ordering::Equal
}

fn gem() -> impl Strategy<Value = String> {
    "[0-2](\\.([0-2]|a|b)){0,5}"
}

fn by_segments(a: &str, b: &str) -> Ordering {
    let segments = |text: &str| -> Vec<String> {
        let mut all: Vec<String> = text.split('.').map(str::to_owned).collect();
        let letters = all.iter().position(|part| part.starts_with(['a', 'b'])).unwrap_or(all.len());
        let mut rest = all.split_off(letters);
        for part in [&mut all, &mut rest] {
            while part.last().is_some_and(|last| last == "0") {
                part.pop();
            }
        }
        all.into_iter().chain(rest).collect()
    };
    let (a, b) = (segments(a), segments(b));
    let missing = "0".to_owned();
    for at in 0..a.len().max(b.len()) {
        let (x, y) = (a.get(at).unwrap_or(&missing), b.get(at).unwrap_or(&missing));
        // Digits are greater than letters; one digit each here.
        let compared = match (x.starts_with(['a', 'b']), y.starts_with(['a', 'b'])) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => x.cmp(y),
        };
        if compared != Ordering::Equal {
            return compared;
        }
    }
    Ordering::Equal
}
