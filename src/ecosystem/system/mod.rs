//! Packages of Linux distributions, as the databases of a root file system list them.

use super::{Input, Lookup, Parsed};
use crate::model::{Diagnostic, Distribution, Ecosystem, PackageId, RepoPath, Source, SourceKind};

pub(super) mod apk_installed;
pub(super) mod dpkg_status;
mod os_release;
pub(super) mod rpm_database;

#[cfg(test)]
mod tests;

/// What manages the packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Dpkg,
    Apk,
    Rpm,
}

impl Manager {
    /// The ecosystem of a distribution that has none of its own.
    fn other(self) -> Ecosystem {
        match self {
            Self::Dpkg => Ecosystem::OtherDeb,
            Self::Apk => Ecosystem::OtherApk,
            Self::Rpm => Ecosystem::OtherRpm,
        }
    }
}

/// A distribution and its release, of which a database lists the packages.
#[derive(Debug)]
struct System {
    ecosystem: Ecosystem,
    distribution: Distribution,
}

impl System {
    /// The identity of a package that was built from a source package (name and version).
    fn id(&self, name: &str, version: &str, built_from: Option<(String, String)>) -> PackageId {
        let distribution = Distribution { built_from, ..self.distribution.clone() };
        let id = PackageId::new(self.ecosystem, name, Some(version), Source::of(SourceKind::Unknown));
        id.in_distribution(distribution)
    }

    /// The system in whose root a database lies, from the `os-release` there. `None`: it is to be loaded first.
    fn of(input: &Input<'_>, manager: Manager, parsed: &mut Parsed) -> Option<Self> {
        let root = root_of(input.path);
        let at = |name: &str| RepoPath::from(if root.is_empty() { name.to_owned() } else { format!("{root}/{name}") });
        let places = [at("etc/os-release"), at("usr/lib/os-release")];
        parsed.wanted.extend(places.iter().filter(|path| input.files.look_up(path) == Lookup::NotLoaded).cloned());
        if !parsed.wanted.is_empty() {
            return None;
        }
        let found = places.iter().find_map(|path| match input.files.look_up(path) {
            Lookup::Found(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        });
        let lost = "so that its packages were not compared with advisories";
        let Some(text) = found else {
            let message = format!(
                "which distribution this is cannot be told, {lost}: there is no readable {} and no {}. Scan the whole root \
                 file system",
                places[0], places[1]
            );
            parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
            return Some(Self { ecosystem: manager.other(), distribution: Distribution::default() }.named("linux"));
        };
        let release = os_release::read(&text);
        let id = release.id.unwrap_or("linux");
        let version = release.version_id.map(str::to_owned);
        let (ecosystem, released) = match os_release::ecosystem(&release) {
            Some((ecosystem, released)) if ecosystem.purl_type() == manager.other().purl_type() => {
                (ecosystem, Some(released))
            }
            _ => (manager.other(), None),
        };
        let distribution = |release| Distribution { id: id.to_owned(), version, release, built_from: None };
        Some(match released {
            Some(Ok(release)) => Self { ecosystem, distribution: distribution(release) },
            Some(Err(())) => {
                let message =
                    format!("which release of {ecosystem} this is cannot be told, {lost}: os-release does not say");
                parsed.diagnostics.push(Diagnostic::error(input.path, None, message));
                Self { ecosystem: manager.other(), distribution: distribution(None) }
            }
            None => Self { ecosystem, distribution: distribution(None) },
        })
    }

    fn named(mut self, id: &str) -> Self {
        id.clone_into(&mut self.distribution.id);
        self
    }
}

/// Folders in which databases lie, seen from the root of their system.
const FOLDERS: [&str; 9] = [
    "var/lib/dpkg/status.d",
    "var/lib/dpkg",
    "usr/lib/opkg",
    "usr/lib/apk/db",
    "var/lib/apk/db",
    "lib/apk/db",
    "var/lib/rpm",
    "usr/lib/sysimage/rpm",
    "usr/share/rpm",
];

/// The root of the system that a database belongs to; `""` is the root of the scan.
fn root_of(path: &str) -> &str {
    let folder = super::folder_of(path);
    let root = FOLDERS.iter().find_map(|known| folder.strip_suffix(known));
    root.unwrap_or(folder).trim_end_matches('/')
}
