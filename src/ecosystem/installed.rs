//! What is installed, as opposed to what is asked for: which files belong to one installation, and which folders are one.

use super::folder_of;

/// Folders that package managers fill. What they hold is read where what is installed is asked for.
const FOLDERS: [&str; 5] = ["node_modules", "site-packages", "dist-packages", "__pypackages__", "status.d"];

/// Files of which one is in every root file system of a distribution, or in every image laid out as a folder.
const MARKS: [&str; 9] = [
    "etc/os-release",
    "usr/lib/os-release",
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm",
    "usr/lib/sysimage/rpm",
    "oci-layout",
    "pyvenv.cfg",
];

/// Files that nothing is called after and that say more of what is installed: the release of a system, what somebody asked
/// for, where a distribution came from.
const BESIDE: [&str; 3] = ["etc/os-release", "usr/lib/os-release", "etc/apk/world"];

/// Whether a file of a root file system is read with what is installed there, though it has no parser of its own.
pub fn is_read_beside(path: &str) -> bool {
    let in_dist_info = ["INSTALLER", "REQUESTED", "direct_url.json"];
    BESIDE.contains(&path)
        || (folder_of(path).ends_with(".dist-info") && in_dist_info.contains(&super::file_name_of(path)))
}

/// Whether a folder is filled by a package manager, going by its name.
pub fn is_installed_folder(name: &str) -> bool {
    FOLDERS.contains(&name)
}

/// Whether a folder is an installation: it is called so, or holds what makes it one.
pub fn is_installation(name: &str, holds: impl Fn(&str) -> bool) -> bool {
    is_installed_folder(name) || MARKS.iter().any(|mark| holds(mark))
}

/// How many folders above a file of what is installed belong to its name (`var/lib/dpkg/status`); 0 for other files.
pub fn folders_in_name(path: &str) -> usize {
    let installed = super::PARSERS.iter().filter(|parser| parser.role == super::Role::Installed);
    let mut names = installed.flat_map(|parser| parser.names);
    names.find(|name| super::fits(name, path)).map_or(0, |name| name.matches('/').count())
}

/// The folder whose files make one installation together with this file: the outermost `node_modules`, the folder that
/// holds `*.dist-info`, or the file's own folder.
pub fn installation_of(path: &str) -> &str {
    const NODE: &str = "node_modules";
    if let Some(at) = path.find(NODE).filter(|_| path.split('/').any(|part| part == NODE)) {
        let starts = path.match_indices(NODE).map(|(at, _)| at);
        let is_part = |&at: &usize| {
            let end = at + NODE.len();
            (at == 0 || path.as_bytes()[at - 1] == b'/') && path.as_bytes().get(end).is_none_or(|&byte| byte == b'/')
        };
        let start = starts.into_iter().find(is_part).unwrap_or(at);
        return &path[..start + NODE.len()];
    }
    let folder = folder_of(path);
    let is_metadata = folder.ends_with(".dist-info") || folder.ends_with(".egg-info");
    if is_metadata { folder_of(folder) } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_installation_have_one_folder() {
        let all = [
            ("a/node_modules/b/node_modules/c/package.json", "a/node_modules"),
            ("node_modules/.package-lock.json", "node_modules"),
            ("my_node_modules/node_modules/b/package.json", "my_node_modules/node_modules"),
            ("venv/lib/site-packages/a-1.dist-info/METADATA", "venv/lib/site-packages"),
            ("a-1.egg-info/PKG-INFO", ""),
            ("dist-packages/a.egg-info", "dist-packages"),
            ("var/lib/dpkg/status.d/base", "var/lib/dpkg/status.d"),
        ];
        for (path, folder) in all {
            assert_eq!(installation_of(path), folder, "{path}");
        }
    }

    #[test]
    fn a_name_may_hold_folders() {
        assert_eq!(folders_in_name("/r/var/lib/dpkg/status"), 3);
        assert_eq!(folders_in_name("/r/app.jar"), 0);
        assert_eq!(folders_in_name("/r/Cargo.lock"), 0);
    }

    #[test]
    fn an_installation_is_known_by_name_or_by_what_it_holds() {
        assert!(is_installation("node_modules", |_| false));
        assert!(is_installation("rootfs", |path| path == "etc/os-release"));
        assert!(!is_installation("src", |_| false));
    }
}
