//! Releases of Linux distributions, as OSV writes them behind the `:` of an ecosystem
//! (<https://ossf.github.io/osv-schema/#defined-ecosystems>). Some say more there than which release it is.

use std::borrow::Cow;

/// Whether what a record says of an ecosystem with that suffix holds for a release of it. Where one of both is not given
/// it does: the ecosystem has no releases, or the record speaks of all of them.
pub fn is_of_release(ecosystem: &str, suffix: Option<&str>, release: Option<&str>) -> bool {
    let (Some(suffix), Some(release)) = (suffix, release) else { return true };
    match ecosystem {
        // `22.04:LTS`; what `Pro:22.04:LTS` says holds only for those who pay for it.
        "Ubuntu" => suffix.strip_suffix(":LTS").unwrap_or(suffix) == release,
        // `enterprise_linux:9::appstream`: a CPE, with the repository at its end.
        "Red Hat" => suffix.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')),
        // `Linux Enterprise Module for Basesystem 15 SP5`: a product in a release.
        "SUSE" => {
            let product = suffix.strip_suffix(release).and_then(|product| product.strip_suffix(' '));
            product.is_some_and(|product| product.starts_with("Linux Enterprise"))
        }
        _ => suffix == release,
    }
}

/// The ecosystem about which the OSV API is asked for a package of a release. Where OSV's suffixes tell more than the
/// release, it is asked about all of them, and what it proposes is judged by the records.
pub fn asked_ecosystem<'e>(ecosystem: &'e str, release: Option<&str>) -> Cow<'e, str> {
    match release {
        None => Cow::Borrowed(ecosystem),
        Some(_) if matches!(ecosystem, "Red Hat" | "SUSE") => Cow::Borrowed(ecosystem),
        Some(release) => Cow::Owned(format!("{ecosystem}:{release}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_release_counts() {
        let holds = |ecosystem, suffix, release| is_of_release(ecosystem, Some(suffix), Some(release));
        assert!(holds("Debian", "12", "12") && !holds("Debian", "11", "12"));
        assert!(holds("Ubuntu", "22.04:LTS", "22.04") && holds("Ubuntu", "23.10", "23.10"));
        assert!(!holds("Ubuntu", "Pro:22.04:LTS", "22.04") && !holds("Ubuntu", "22.04:LTS", "24.04"));
        assert!(holds("Red Hat", "enterprise_linux:9::appstream", "enterprise_linux:9"));
        assert!(holds("Red Hat", "enterprise_linux:9", "enterprise_linux:9"));
        assert!(!holds("Red Hat", "enterprise_linux:90", "enterprise_linux:9"));
        assert!(!holds("Red Hat", "openshift:4.14::el9", "enterprise_linux:9"));
        assert!(holds("SUSE", "Linux Enterprise Module for Basesystem 15 SP5", "15 SP5"));
        assert!(!holds("SUSE", "Linux Enterprise Server 15 SP5-LTSS", "15 SP5"));
        assert!(!holds("SUSE", "Linux Enterprise Server 15 SP15 SP5x", "15 SP5"));
        assert!(is_of_release("Wolfi", None, None) && is_of_release("Maven", Some("https://host.example"), None));
        assert!(is_of_release("Alpine", None, Some("v3.18")));
    }

    #[test]
    fn the_service_is_asked_about_what_it_knows() {
        assert_eq!(asked_ecosystem("Debian", Some("12")), "Debian:12");
        assert_eq!(asked_ecosystem("Red Hat", Some("enterprise_linux:9")), "Red Hat");
        assert_eq!(asked_ecosystem("npm", None), "npm");
    }
}
