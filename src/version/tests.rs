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
