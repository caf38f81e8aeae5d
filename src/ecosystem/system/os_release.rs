//! `os-release`: which distribution and release a root file system is
//! (<https://www.freedesktop.org/software/systemd/man/latest/os-release.html>).

use crate::model::Ecosystem;

/// What it says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct OsRelease<'t> {
    pub(super) id: Option<&'t str>,
    pub(super) version_id: Option<&'t str>,
    version: Option<&'t str>,
}

/// Reads the text; of a key that stands there twice the last one holds.
pub(super) fn read(text: &str) -> OsRelease<'_> {
    let mut found = OsRelease::default();
    for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
        let value = Some(quoted.unwrap_or(value)).filter(|value| !value.is_empty() && value.len() <= 100);
        match key {
            "ID" => found.id = value,
            "VERSION_ID" => found.version_id = value,
            "VERSION" => found.version = value,
            _ => {}
        }
    }
    found
}

/// OSV's ecosystem of the distribution, and its release as OSV writes it: `None` where the ecosystem has no releases, an
/// error where it has and the file does not say which. `None` for a distribution that OSV has no name for.
pub(super) fn ecosystem(release: &OsRelease<'_>) -> Option<(Ecosystem, Result<Option<String>, ()>)> {
    let version = release.version_id.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    let major = || version.and_then(|version| version.split('.').next());
    let whole = || version.map(str::to_owned);
    let (ecosystem, released) = match release.id? {
        "debian" => (Ecosystem::Debian, major().map(str::to_owned)),
        "ubuntu" => (Ecosystem::Ubuntu, whole()),
        "alpine" => (Ecosystem::Alpine, version.and_then(alpine)),
        "alpaquita" => (Ecosystem::Alpaquita, release.version_id.map(str::to_owned)),
        "rhel" => (Ecosystem::RedHat, major().map(|major| format!("enterprise_linux:{major}"))),
        "rocky" => (Ecosystem::RockyLinux, major().map(str::to_owned)),
        "almalinux" => (Ecosystem::AlmaLinux, major().map(str::to_owned)),
        "sles" | "sled" | "sles_sap" => (Ecosystem::Suse, version.map(suse)),
        "opensuse-leap" => (Ecosystem::OpenSuse, version.map(|version| format!("Leap {version}"))),
        "opensuse-tumbleweed" => (Ecosystem::OpenSuse, Some("Tumbleweed".to_owned())),
        "openEuler" => (Ecosystem::OpenEuler, release.version.map(open_euler)),
        "mageia" => (Ecosystem::Mageia, whole()),
        "azurelinux" | "mariner" => (Ecosystem::AzureLinux, major().map(str::to_owned)),
        "wolfi" => return Some((Ecosystem::Wolfi, Ok(None))),
        "chainguard" => return Some((Ecosystem::Chainguard, Ok(None))),
        "minimos" => return Some((Ecosystem::MinimOs, Ok(None))),
        _ => return None,
    };
    Some((ecosystem, released.map(Some).ok_or(())))
}

/// `v3.18` of `3.18.4`; a state of `edge` (`3.19_alpha20230901`) is no release.
fn alpine(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("v{major}.{minor}"))
}

/// `15 SP5` of `15.5`.
fn suse(version: &str) -> String {
    match version.split_once('.') {
        Some((major, pack)) if pack != "0" => format!("{major} SP{pack}"),
        Some((major, _)) => major.to_owned(),
        None => version.to_owned(),
    }
}

/// `24.03-LTS-SP1` of `24.03 (LTS-SP1)`.
fn open_euler(version: &str) -> String {
    version.replace(" (", "-").replace(')', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(text: &str) -> Option<(Ecosystem, Result<Option<String>, ()>)> {
        ecosystem(&read(text))
    }

    #[test]
    fn releases_are_named_as_in_advisories() {
        let some = |ecosystem, release: &str| Some((ecosystem, Ok(Some(release.to_owned()))));
        assert_eq!(released("ID=debian\nVERSION_ID=\"12\"\n"), some(Ecosystem::Debian, "12"));
        assert_eq!(released("ID=ubuntu\r\nVERSION_ID=\"22.04\"\r\n"), some(Ecosystem::Ubuntu, "22.04"));
        assert_eq!(released("ID=alpine\nVERSION_ID=3.18.4"), some(Ecosystem::Alpine, "v3.18"));
        assert_eq!(released("ID='rocky'\nVERSION_ID='9.3'"), some(Ecosystem::RockyLinux, "9"));
        assert_eq!(released("ID=\"rhel\"\nVERSION_ID=\"9.4\""), some(Ecosystem::RedHat, "enterprise_linux:9"));
        assert_eq!(released("ID=sles\nVERSION_ID=15.5"), some(Ecosystem::Suse, "15 SP5"));
        assert_eq!(released("ID=opensuse-leap\nVERSION_ID=15.6"), some(Ecosystem::OpenSuse, "Leap 15.6"));
        let euler = "ID=\"openEuler\"\nVERSION=\"24.03 (LTS-SP1)\"\nVERSION_ID=\"24.03\"";
        assert_eq!(released(euler), some(Ecosystem::OpenEuler, "24.03-LTS-SP1"));
        assert_eq!(released("ID=wolfi\nVERSION_ID=20230201"), Some((Ecosystem::Wolfi, Ok(None))));
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        assert_eq!(
            released("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux trixie/sid\""),
            Some((Ecosystem::Debian, Err(())))
        );
        assert_eq!(released("ID=alpine\nVERSION_ID=3.19_alpha20230901"), Some((Ecosystem::Alpine, Err(()))));
        assert_eq!(released("ID=fedora\nVERSION_ID=41"), None);
        assert_eq!(released("ID_LIKE=debian\nVERSION_ID=12"), None);
        assert_eq!(released(""), None);
    }
}
