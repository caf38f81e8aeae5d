use proptest::prelude::*;

use super::*;
use crate::ecosystem::Parser;
use crate::ecosystem::fixture::{Tree, edges, said, uses};

/// What advisories are looked up for: ecosystem, release, name and version.
fn advised(parsed: &Parsed) -> Vec<String> {
    let line = |id: &PackageId| {
        let (name, version) = id.advised_as();
        format!("{}:{} {name} {}", id.ecosystem, id.release().unwrap_or("-"), version.unwrap_or("?"))
    };
    parsed.graph.packages.iter().map(|package| line(&package.id)).collect()
}

#[test]
fn dpkg_says_what_is_installed_and_what_it_was_built_from() {
    let mut tree = Tree::fixture("dpkg-status/debian-12");
    let parsed = tree.parse("var/lib/dpkg/status");
    tree.check(&parsed);
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(
        uses(&parsed),
        [
            "cdebconf 0.270 unknown",
            "gcc-12-base 12.2.0-14 unknown",
            "libc6 2.36-9+deb12u3 unknown",
            "libgcc-s1 12.2.0-14+b1 unknown",
            "libssl3 3.0.11-1~deb12u2 unknown",
            "tzdata 2024a-0+deb12u1 unknown",
        ]
    );
    assert_eq!(
        advised(&parsed),
        [
            "Debian:12 cdebconf 0.270",
            "Debian:12 gcc-12 12.2.0-14",
            "Debian:12 glibc 2.36-9+deb12u3",
            "Debian:12 gcc-12 12.2.0-14",
            "Debian:12 openssl 3.0.11-1~deb12u2",
            "Debian:12 tzdata 2024a-0+deb12u1",
        ]
    );
    assert_eq!(
        edges(&parsed),
        [
            "cdebconf 0.270 -> libc6 2.36-9+deb12u3 runtime",
            "libc6 2.36-9+deb12u3 -> libgcc-s1 12.2.0-14+b1 runtime",
            "libgcc-s1 12.2.0-14+b1 -> gcc-12-base 12.2.0-14 runtime",
            "libgcc-s1 12.2.0-14+b1 -> libc6 2.36-9+deb12u3 runtime",
            "libssl3 3.0.11-1~deb12u2 -> cdebconf 0.270 runtime",
            "libssl3 3.0.11-1~deb12u2 -> libc6 2.36-9+deb12u3 runtime",
        ]
    );
}

#[test]
fn images_without_dpkg_have_a_file_for_each_package() {
    let mut tree = Tree::fixture("dpkg-status/distroless");
    let parsed = tree.parse("var/lib/dpkg/status.d/base");
    tree.check(&parsed);
    assert_eq!(advised(&parsed), ["Debian:12 base-files 12.4+deb12u5", "Debian:12 tzdata 2024a-0+deb12u1"]);
    assert_eq!((parsed.companions.len(), said(&parsed).len()), (2, 0));
}

#[test]
fn a_distribution_that_osv_does_not_know_is_named_all_the_same() {
    let parsed = Tree::fixture("dpkg-status/minimal").parse("usr/lib/opkg/status");
    assert_eq!(advised(&parsed), ["other dpkg:- busybox 1.36.1-1"]);
    let purl = parsed.graph.packages[0].id.purl().to_string();
    assert_eq!(purl, "pkg:deb/openwrt/busybox@1.36.1-1?distro=openwrt-23.05.3");
}

#[test]
fn apk_says_what_somebody_asked_for() {
    let mut tree = Tree::fixture("apk-installed/alpine-3.18");
    let parsed = tree.parse("lib/apk/db/installed");
    tree.check(&parsed);
    assert_eq!(
        uses(&parsed),
        [
            "alpine-baselayout 3.4.3-r1 unknown direct",
            "alpine-baselayout-data 3.4.3-r1 unknown transitive",
            "busybox 1.36.1-r2 unknown direct",
            "libcrypto3 3.1.3-r0 unknown direct",
            "musl 1.2.4-r1 unknown transitive",
        ]
    );
    assert_eq!(advised(&parsed)[3], "Alpine:v3.18 openssl 3.1.3-r0");
    assert_eq!(
        edges(&parsed),
        [
            "alpine-baselayout 3.4.3-r1 -> alpine-baselayout-data 3.4.3-r1 runtime",
            "alpine-baselayout 3.4.3-r1 -> busybox 1.36.1-r2 runtime",
            "busybox 1.36.1-r2 -> musl 1.2.4-r1 runtime",
            "libcrypto3 3.1.3-r0 -> musl 1.2.4-r1 runtime",
        ]
    );
    let minimal = Tree::fixture("apk-installed/minimal").parse("usr/lib/apk/db/installed");
    assert_eq!(advised(&minimal)[2], "Wolfi:- openssl 3.1.4-r5");
    assert_eq!(edges(&minimal).len(), 2);
}

#[test]
fn rpm_says_what_it_was_built_from() {
    let parsed = Tree::fixture("rpm-database/rocky-9").parse("var/lib/rpm/rpmdb.sqlite");
    assert_eq!(said(&parsed), Vec::<String>::new());
    assert_eq!(parsed.graph.packages.len(), 62);
    let all = advised(&parsed);
    assert!(all.contains(&"Rocky Linux:9 glibc 2.34-60.el9".to_owned()));
    assert!(all.contains(&"Rocky Linux:9 openssl 1:3.0.7-24.el9".to_owned()), "{all:?}");
    assert!(uses(&parsed).contains(&"openssl-libs 1:3.0.7-24.el9 unknown".to_owned()));
    assert_eq!(edges(&parsed), ["openssl-libs 1:3.0.7-24.el9 -> glibc 2.34-60.el9 runtime"]);
    let minimal = Tree::fixture("rpm-database/minimal").parse("usr/lib/sysimage/rpm/rpmdb.sqlite");
    assert_eq!(advised(&minimal), ["other rpm:- bash 5.2.26-3.fc40"]);
}

#[test]
fn without_a_release_nothing_is_guessed() {
    let status = "Package: a\nVersion: 1\n\n";
    let mut tree = Tree::of(&[("r/var/lib/dpkg/status", status)]);
    let parsed = tree.parse("r/var/lib/dpkg/status");
    assert_eq!(advised(&parsed), ["other dpkg:- a 1"]);
    assert_eq!(
        said(&parsed),
        [
            "Error -: which distribution this is cannot be told, so that its packages were not compared with advisories: \
          there is no readable r/etc/os-release and no r/usr/lib/os-release. Scan the whole root file system"
        ]
    );
    let mut tree = Tree::of(&[("var/lib/dpkg/status", status), ("etc/os-release", "ID=debian\n")]);
    let parsed = tree.parse("var/lib/dpkg/status");
    assert_eq!(advised(&parsed), ["other dpkg:- a 1"]);
    assert!(said(&parsed)[0].contains("which release of Debian this is cannot be told"));
}

#[test]
fn what_breaks_off_keeps_what_comes_before() {
    let mut tree = Tree::of(&[("etc/os-release", "ID=debian\nVERSION_ID=12\n")]);
    let text = "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1.2";
    let parsed = tree.parse_with(&dpkg_status::PARSER, "var/lib/dpkg/status", text.as_bytes());
    assert_eq!(uses(&parsed), ["a 1 unknown"]);
    assert_eq!(said(&parsed).len(), 2, "{:?}", said(&parsed));
}

fn survives(parser: &Parser, path: &str, bytes: &[u8]) -> usize {
    let mut tree = Tree::of(&[("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n")]);
    let parsed = tree.parse_with(parser, path, bytes);
    assert!(parsed.graph.roots.len() == 1 && parsed.diagnostics.len() < 70);
    parsed.graph.packages.len()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(&dpkg_status::PARSER, "var/lib/dpkg/status", &bytes);
        survives(&dpkg_status::PARSER, "var/lib/dpkg/status.d/a", &bytes);
        survives(&apk_installed::PARSER, "lib/apk/db/installed", &bytes);
        let parsed = Tree::of(&[("etc/os-release", "")]).parse_with(&rpm_database::PARSER, "var/lib/rpm/rpmdb.sqlite", &bytes);
        prop_assert_eq!(parsed.diagnostics.len(), 1);
    }

    #[test]
    fn a_damaged_database_is_read_or_refused(
        changes in proptest::collection::vec((0_usize..40_000, any::<u8>()), 1..20),
        cut in 0_usize..60_000,
    ) {
        let mut bytes = Tree::fixture("rpm-database/rocky-9").bytes("var/lib/rpm/rpmdb.sqlite").to_vec();
        bytes.truncate(cut.max(1));
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let mut tree = Tree::of(&[("etc/os-release", "ID=rocky\nVERSION_ID=9.3\n")]);
        let parsed = tree.parse_with(&rpm_database::PARSER, "var/lib/rpm/rpmdb.sqlite", &bytes);
        prop_assert!(parsed.graph.roots.len() <= 1 && parsed.diagnostics.len() < 70);
    }

    #[test]
    fn a_cut_loses_only_what_comes_after(cut in 0_usize..60) {
        let text = "P:a\nV:1\nD:b>1\n\nP:b\nV:2\np:so:x=1\n\n";
        let cut = cut.min(text.len());
        let found = survives(&apk_installed::PARSER, "lib/apk/db/installed", &text.as_bytes()[..cut]);
        let whole = [text.find("D:").unwrap(), text.find("p:").unwrap()].iter().filter(|&&end| cut >= end).count();
        prop_assert_eq!(found, whole);
    }
}
