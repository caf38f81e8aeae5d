//! Which project an address means, and which of those that a package names is believed.

use crate::model::{Evidence, Repository};

/// Hosts whose projects deps.dev knows, with how many parts of the path name one; 0: all of them
/// (<https://github.com/google/deps.dev>, `util/git/hosts.go`).
const HOSTS: &[(&str, usize)] = &[("github.com", 2), ("bitbucket.org", 2), ("gitlab.com", 0)];

/// First parts of paths on those hosts that are no owners.
const NO_OWNERS: &[&str] = &["apps", "features", "marketplace", "orgs", "settings", "sponsors", "topics", "users"];

/// Parts of a path on GitLab that follow a project's own.
const BELOW: &[&str] = &["-", "blob", "issues", "merge_requests", "tree", "wikis"];

/// How many parts a project's path may have, and how long one may be.
const DEEPEST: usize = 12;
const LONGEST: usize = 100;

/// Host and path of a project, `github.com` and `owner/name`, where it is on one of the known hosts.
pub(in crate::source) fn split(project: &str) -> Option<(&str, &str)> {
    let (host, path) = project.split_once('/')?;
    HOSTS.iter().any(|(known, _)| *known == host).then_some((host, path))
}

/// The project that an address means, in the case in which it stands there: `github.com/Owner/Name` of
/// `git+https://me@github.com/Owner/Name.git#main`. On other hosts than the known ones it is the whole path.
pub(super) fn project(address: &str) -> Option<String> {
    let (host, path) = authority(address.trim())?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(DEEPEST + 1).collect();
    match HOSTS.iter().find(|(known, _)| *known == host) {
        Some((_, 0)) => {
            if let Some(end) = parts.iter().skip(2).position(|part| BELOW.contains(part)) {
                parts.truncate(end + 2);
            }
        }
        Some((_, length)) => parts.truncate(*length),
        None => {}
    }
    if let Some(last) = parts.last_mut() {
        *last = last.strip_suffix(".git").unwrap_or(last);
    }
    let is_known = HOSTS.iter().any(|(known, _)| *known == host);
    let least = if is_known { 2 } else { 1 };
    let is_no_owner = is_known && parts.first().is_some_and(|owner| NO_OWNERS.contains(owner));
    let is_name = |part: &&str| {
        part.len() <= LONGEST
            && !part.bytes().all(|byte| byte == b'.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    let is_host = host.contains('.') && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let is_whole = parts.len() >= least && parts.len() <= DEEPEST && parts.iter().all(is_name);
    (is_whole && is_host && !is_no_owner).then(|| format!("{host}/{}", parts.join("/")))
}

/// Host and path of an address: with a scheme, in the form of `scp`, or neither.
fn authority(address: &str) -> Option<(&str, &str)> {
    let address = address.strip_prefix("scm:").unwrap_or(address);
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, address),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let has_user = authority.contains('@');
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.split_once(':') {
        // `github.com:443/…`
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && scheme.is_some() => Some((host, path)),
        // `git@github.com:owner/name`, with or without a scheme
        Some((host, _)) if has_user => {
            let after = address.rfind('@').map_or(address, |at| &address[at + 1..]);
            Some((host, after.get(host.len() + 1..)?))
        }
        Some(_) => None,
        None => Some((host, path)),
    }
}

/// The project that a Go module of that path is loaded from, where the path alone says it
/// (<https://go.dev/ref/mod#vcs-find>).
pub(super) fn from_module_path(path: &str) -> Option<String> {
    let is_hosted = ["github.com/", "bitbucket.org/"].iter().any(|host| path.starts_with(host));
    is_hosted.then(|| project(path)).flatten()
}

/// What speaks for each project that a package names.
#[derive(Debug, Default)]
pub(super) struct Evidences {
    /// Of verified attestations.
    pub(super) attested: Vec<String>,
    /// Where the ecosystem loads the package from.
    pub(super) origin: Option<String>,
    /// What the metadata says is the source, the best first.
    pub(super) claimed: Vec<String>,
    /// What else in the metadata lies in a repository, the best first.
    pub(super) hinted: Vec<String>,
}

impl Evidences {
    /// The repository, by the strongest evidence that there is; `None` where the package names none.
    pub(super) fn decide(&self) -> Option<Repository> {
        let is_same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        // Of several attested ones the claimed one is meant; other files of the release were built elsewhere.
        let named = self.attested.iter().find(|project| self.claimed.iter().any(|claimed| is_same(claimed, project)));
        let attested = named.or_else(|| self.attested.iter().min());
        let (project, evidence) = match (attested, &self.origin) {
            (Some(project), _) => (project, Evidence::Attested),
            (None, Some(project)) => (project, Evidence::Origin),
            (None, None) => (self.claimed.first().or(self.hinted.first())?, Evidence::Claimed),
        };
        let is_contradicted = evidence == Evidence::Attested && named.is_none();
        let contradicted = self.claimed.first().filter(|_| is_contradicted).cloned();
        Some(Repository { project: project.clone(), evidence, contradicted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_project_are_one() {
        for address in [
            "https://github.com/Owner/name",
            "https://github.com/Owner/name/",
            "http://www.github.com/Owner/name.git",
            "git+https://me:secret@github.com:443/Owner/name.git#main",
            "git://GitHub.com/Owner/name/tree/main/packages/x#readme",
            "ssh://git@github.com/Owner/name.git",
            "ssh://git@github.com:Owner/name.git",
            "git@github.com:Owner/name.git",
            "scm:git@github.com:Owner/name.git",
            "github.com/Owner/name?tab=readme",
        ] {
            assert_eq!(project(address).as_deref(), Some("github.com/Owner/name"), "{address}");
        }
        assert_eq!(project("https://gitlab.com/g/sub/r/-/tree/main").as_deref(), Some("gitlab.com/g/sub/r"));
        assert_eq!(project("https://gitlab.com/g/r/tree/main").as_deref(), Some("gitlab.com/g/r"));
        assert_eq!(project("https://codeberg.org/o/r.git").as_deref(), Some("codeberg.org/o/r"));
    }

    #[test]
    fn what_is_no_project_is_none() {
        for address in [
            "",
            "https://github.com/",
            "https://github.com/owner",
            "https://github.com/sponsors/owner",
            "https://github.com/../..",
            "https://github.com/a%2Fb/c",
            "https://localhost/a/b",
            "file:///etc/passwd",
            "mailto:me@host.example",
            "a@",
            "@:",
            "git@github.com:",
            "://",
        ] {
            assert_eq!(project(address), None, "{address}");
        }
        let deep = format!("https://gitlab.com/{}", "a/".repeat(1000));
        assert_eq!(project(&deep), None);
    }

    #[test]
    fn a_module_path_is_its_repository() {
        assert_eq!(from_module_path("github.com/BurntSushi/toml").as_deref(), Some("github.com/BurntSushi/toml"));
        assert_eq!(from_module_path("github.com/a/b/v2/c").as_deref(), Some("github.com/a/b"));
        assert_eq!(from_module_path("golang.org/x/net"), None);
        assert_eq!(from_module_path("github.com/a"), None);
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_strongest_evidence_decides_and_a_claim_against_it_is_told() {
        let mut evidences = Evidences {
            claimed: texts(&["github.com/Popular/Thing"]),
            hinted: texts(&["github.com/site/site"]),
            ..Evidences::default()
        };
        let of = |evidences: &Evidences| evidences.decide().unwrap();
        let claimed = of(&evidences);
        assert_eq!((claimed.project.as_str(), claimed.evidence), ("github.com/Popular/Thing", Evidence::Claimed));
        evidences.origin = Some("github.com/o/r".to_owned());
        assert_eq!((of(&evidences).evidence, of(&evidences).contradicted), (Evidence::Origin, None));
        evidences.attested = texts(&["github.com/z/other", "github.com/evil/thing"]);
        let attested = of(&evidences);
        assert_eq!((attested.project.as_str(), attested.evidence), ("github.com/evil/thing", Evidence::Attested));
        assert_eq!(attested.contradicted.as_deref(), Some("github.com/Popular/Thing"));
        evidences.attested.push("github.com/popular/thing".to_owned());
        let agreed = of(&evidences);
        assert_eq!((agreed.project.as_str(), agreed.contradicted), ("github.com/popular/thing", None));
        assert_eq!(Evidences::default().decide(), None);
    }
}
