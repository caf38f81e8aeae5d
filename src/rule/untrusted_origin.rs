//! A package that does not come from a registry that is trusted for it, or is another one than its entry says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::fingerprint::{fingerprint, ranks};
use super::place::Tree;
use super::{Check, Found, Parameters, View};
use crate::model::{
    Data, Ecosystem, Fix, FixState, Level, Missing, PackageId, PackageIndex, Root, Rule, Scope, SourceKind, Use, Why,
    source,
};
use confusion::{Confused, Hosts};

mod confusion;

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "untrusted-origin",
        summary: "The package comes from git, a plain URL, a folder outside the tree or an unexpected registry, or is another \
                  one than its entry says",
        why: "What a registry published cannot be changed under its version, is scanned by many, and is what advisories \
              speak of. None of that holds for a branch, an archive on some host or a folder on one machine; and where \
              one lockfile takes the names of one scope from several hosts, another host can supply a name that was \
              meant to come from yours. An entry whose address names another package installs that one, whatever stands \
              beside it.",
        fix: "Take the package from its registry. Where that cannot be, name the registry in the policy, or write an \
              exception that says who reviewed the origin.",
        clause: "CG.authentic",
        data: &[Data::Local],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Deny,
        brownfield: Level::Warn,
    },
    find,
};

fn find(view: &View<'_>) -> Found {
    let mut found = Found::default();
    let served = Hosts::of(view);
    for (index, root) in view.graph.roots.iter().enumerate() {
        let hosts = UsualHosts::of(view, root);
        let mut hits: Vec<(&Use, Origin)> = Vec::new();
        for usage in &root.uses {
            let confused = match view.graph.package(usage.package).id.source.kind {
                SourceKind::Registry => served.judge(view, usage.package),
                _ => Confused::No,
            };
            match (judge(view, root, &hosts, usage), confused) {
                (Some(origin), _) => hits.push((usage, origin)),
                (None, Confused::Yes(message)) => hits.push((usage, Origin { key: "confusion", message })),
                (None, Confused::Unknown) => {
                    let missing = Missing { source: source::FILE, why: Why::NotTold };
                    found.missing.insert((missing, Some(usage.package)));
                }
                (None, Confused::No) => {}
            }
        }
        if hits.is_empty() {
            continue;
        }
        let (hits, brought) = without_what_they_bring(view, root, hits);
        let keys: Vec<(PackageIndex, &str)> = hits.iter().map(|(usage, origin)| (usage.package, origin.key)).collect();
        let ranks = ranks(view.graph, &keys);
        let tree = Tree::of(view, index);
        for (((usage, origin), rank), brought) in hits.iter().zip(ranks).zip(brought) {
            let place = tree.place(usage);
            let id = place.id();
            let also = match brought {
                0 => String::new(),
                1 => ", and so does one package that it brings in".to_owned(),
                number => format!(", and so do {number} packages that it brings in"),
            };
            let message = format!("{} {}{also}. {}", place.label(), origin.message, place.who());
            let fix = Fix {
                state: FixState::Unknown,
                version: None,
                change: Some(format!("take {} from a registry that is trusted for it", id.name)),
                command: None,
                location: place.declared().first().cloned(),
            };
            let print = fingerprint(&CHECK.rule, id, &root.path, origin.key, rank);
            found.findings.push(place.finding(&CHECK.rule, message, fix, print));
        }
    }
    found
}

/// What is wrong with an origin.
struct Origin {
    /// The sort, for the fingerprint.
    key: &'static str,
    /// A half-sentence that follows the package.
    message: String,
}

/// A repository often holds several packages that need one another. Who takes one of them takes the rest from the same
/// commit with it: that is one origin to look at, and one finding, with how many packages more it stands for.
fn without_what_they_bring<'v>(
    view: &View<'v>,
    root: &'v Root,
    hits: Vec<(&'v Use, Origin)>,
) -> (Vec<(&'v Use, Origin)>, Vec<usize>) {
    let id = |package| &view.graph.package(package).id;
    let git: BTreeSet<PackageIndex> =
        hits.iter().filter(|(_, origin)| origin.key == "git").map(|(usage, _)| usage.package).collect();
    if git.len() < 2 {
        let alone = vec![0; hits.len()];
        return (hits, alone);
    }
    let is_within = |from, to| git.contains(&from) && git.contains(&to) && id(from).source == id(to).source;
    let mut needs: BTreeMap<PackageIndex, Vec<PackageIndex>> = BTreeMap::new();
    let mut from_outside: BTreeSet<PackageIndex> = BTreeSet::new();
    for edge in &root.dependencies {
        if is_within(edge.from, edge.to) {
            needs.entry(edge.from).or_default().push(edge.to);
        } else {
            from_outside.insert(edge.to);
        }
    }
    let is_entry = |usage: &Use| usage.direct == Some(true) || from_outside.contains(&usage.package);
    let entries = hits.iter().filter(|(usage, _)| is_entry(usage)).map(|(usage, _)| usage.package);
    let mut brought_by: BTreeMap<PackageIndex, PackageIndex> = entries.map(|package| (package, package)).collect();
    let mut todo: VecDeque<(PackageIndex, PackageIndex)> = brought_by.iter().map(|(&at, &by)| (at, by)).collect();
    while let Some((package, entry)) = todo.pop_front() {
        for &next in needs.get(&package).into_iter().flatten() {
            brought_by.entry(next).or_insert_with(|| {
                todo.push_back((next, entry));
                entry
            });
        }
    }
    let mut numbers: BTreeMap<PackageIndex, usize> = BTreeMap::new();
    for (_, &entry) in brought_by.iter().filter(|(package, entry)| package != entry) {
        *numbers.entry(entry).or_default() += 1;
    }
    // What nothing leads to stands for itself.
    let kept = |usage: &Use| brought_by.get(&usage.package).is_none_or(|&entry| entry == usage.package);
    let hits: Vec<_> = hits.into_iter().filter(|(usage, _)| kept(usage)).collect();
    let brought = hits.iter().map(|(usage, _)| numbers.get(&usage.package).copied().unwrap_or_default()).collect();
    (hits, brought)
}

fn judge(view: &View<'_>, root: &Root, hosts: &UsualHosts, usage: &Use) -> Option<Origin> {
    let id = &view.graph.package(usage.package).id;
    let url = id.source.url.as_deref();
    let at = url.unwrap_or("an address that the file does not name");
    let origin = |key, message: String| Some(Origin { key, message });
    if let Some(other) = &usage.other {
        return origin("other-package", format!("is fetched from {}, which is {}", other.address, other.label));
    }
    match id.source.kind {
        // Hooks, pipelines and submodules are repositories: there is no registry to take them from.
        SourceKind::Git if id.ecosystem == Ecosystem::Git => None,
        SourceKind::Git => origin("git", format!("comes from a git repository, {at}")),
        SourceKind::Url => origin("url", format!("comes from a plain URL, {at}")),
        SourceKind::Path => match url {
            Some(folder) if is_inside(&root.path, folder) => None,
            Some(folder) => origin("path", format!("comes from a folder outside the tree, {folder}")),
            None => origin("path", "comes from a folder that the file does not name".to_owned()),
        },
        SourceKind::Registry if is_private(view, usage.package) => None,
        SourceKind::Registry => judge_registry(view.parameters, hosts, id),
        SourceKind::Unknown => {
            url.and_then(|url| origin("unknown", format!("comes from {url}, which is no address of a registry")))
        }
        SourceKind::Workspace => None,
    }
}

fn judge_registry(parameters: &Parameters, hosts: &UsualHosts, id: &PackageId) -> Option<Origin> {
    let host = registry_host(id);
    let name = host.as_deref().unwrap_or("the default registry");
    if let Some(url) = id.source.url.as_deref().filter(|_| !parameters.registries.is_empty()) {
        let allowed = parameters.registries.iter().any(|registry| id.source.is_below(registry));
        let message = format!("comes from the registry {url}, which is not on the policy's list");
        // A registry that the policy names is expected, also beside another one.
        return (!allowed).then_some(Origin { key: "registry", message });
    }
    let usual = hosts.usual(id).filter(|usual| **usual != host)?;
    let usual = usual.as_deref().unwrap_or("the default registry");
    let scope = scope(id).map_or(String::new(), |scope| format!(" of {scope}"));
    Some(Origin { key: "mixed-hosts", message: format!("comes from {name}, other packages{scope} here from {usual}") })
}

/// Whether the policy declares the package private: that it has another origin than public ones is then the point. The
/// ledger's word does not tell, for it calls all packages of Cargo's other registries so.
fn is_private(view: &View<'_>, package: PackageIndex) -> bool {
    view.parameters.private.contains(&package)
}

/// From which host most packages of a scope come in one root; `None` is the default registry.
struct UsualHosts(BTreeMap<(Ecosystem, Option<String>), Option<String>>);

impl UsualHosts {
    fn of(view: &View<'_>, root: &Root) -> Self {
        let mut counts: BTreeMap<_, BTreeMap<Option<String>, usize>> = BTreeMap::new();
        for usage in root.uses.iter().filter(|usage| !is_private(view, usage.package)) {
            let id = &view.graph.package(usage.package).id;
            if id.source.kind == SourceKind::Registry {
                let scope = scope(id).map(str::to_owned);
                *counts.entry((id.ecosystem, scope)).or_default().entry(registry_host(id)).or_default() += 1;
            }
        }
        // Of equals the default registry is the usual one: `None` is the smallest host, and `rev` makes it the last.
        let usual = |hosts: BTreeMap<Option<String>, usize>| {
            hosts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(host, _)| host)
        };
        Self(counts.into_iter().filter_map(|(scope, hosts)| Some((scope, usual(hosts)?))).collect())
    }

    fn usual(&self, id: &PackageId) -> Option<&Option<String>> {
        self.0.get(&(id.ecosystem, scope(id).map(str::to_owned)))
    }
}

/// The scope of an npm name (`@scope/name`).
fn scope(id: &PackageId) -> Option<&str> {
    id.name.split_once('/').map(|(scope, _)| scope).filter(|s| id.ecosystem == Ecosystem::Npm && s.starts_with('@'))
}

/// The host of a package's registry; `None` for the one that is used where the file names none.
fn registry_host(id: &PackageId) -> Option<String> {
    id.source.host()
}

/// Whether a folder, as a file at `path` names it, lies inside the scanned tree.
fn is_inside(path: &str, folder: &str) -> bool {
    let folder = folder.strip_prefix("file:").unwrap_or(folder);
    let drive = folder.as_bytes().get(1) == Some(&b':');
    if folder.starts_with(['/', '~', '\\']) || drive {
        return false;
    }
    let mut depth = path.matches('/').count();
    for part in folder.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return false,
            },
            _ => depth += 1,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{DependencyKind, Finding, OtherPackage, Source};
    use crate::rule::tests_support::Tree as TestTree;

    /// `(name, message)` of what fires for packages with those origins, all required by the project of `app/lock`.
    fn fires(parameters: &Parameters, ecosystem: Ecosystem, packages: &[(&str, Source)]) -> Vec<(String, String)> {
        let mut tree = TestTree::new("app/lock", "any-lock", ecosystem);
        for (name, source) in packages {
            let at = tree.from(name, "1.0.0", source.clone());
            tree.edge(0, at, DependencyKind::Runtime, None);
        }
        let (graph, facts) = tree.finish();
        let view = View { graph: &graph, facts: &facts, parameters, today: Date::constant(2026, 11, 22) };
        let found = (CHECK.find)(&view);
        let name = |finding: &Finding| finding.message.split(' ').next().unwrap().to_owned();
        found.findings.into_iter().map(|finding| (name(&finding), finding.message)).collect()
    }
    fn names(found: &[(String, String)]) -> Vec<&str> {
        found.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn git_urls_and_folders_outside_are_untrusted() {
        let found = fires(
            &Parameters::default(),
            Ecosystem::CratesIo,
            &[
                ("a-git", Source::at(SourceKind::Git, "https://host.example/a#0123456789abcdef")),
                ("b-url", Source::at(SourceKind::Url, "https://host.example/b.tar.gz")),
                ("c-inside", Source::at(SourceKind::Path, "../vendor/c")),
                ("d-outside", Source::at(SourceKind::Path, "../../d")),
                ("e-absolute", Source::at(SourceKind::Path, "/opt/e")),
                ("f-unnamed", Source::of(SourceKind::Path)),
                ("g-registry", Source::PUBLIC_REGISTRY),
                ("h-drive", Source::at(SourceKind::Path, r"C:\h")),
                ("i-odd", Source::at(SourceKind::Unknown, "ftp://host.example/i.tgz")),
                ("j-unsaid", Source::of(SourceKind::Unknown)),
            ],
        );
        assert_eq!(names(&found), ["a-git", "b-url", "d-outside", "e-absolute", "f-unnamed", "h-drive", "i-odd"]);
        assert_eq!(
            found[0].1,
            "a-git 1.0.0 comes from a git repository, https://host.example/a#0123456789abcdef. \
             A direct dependency of app 0.1.0 in app/lock."
        );
    }

    #[test]
    fn a_repository_that_is_a_package_comes_from_git() {
        let hook = [("host.example/hooks", Source::at(SourceKind::Git, "https://host.example/hooks"))];
        assert_eq!(names(&fires(&Parameters::default(), Ecosystem::Git, &hook)), [""; 0]);
        let pipeline = [("host.example/base.yml", Source::at(SourceKind::Url, "https://host.example/base.yml"))];
        assert_eq!(names(&fires(&Parameters::default(), Ecosystem::Git, &pipeline)), ["host.example/base.yml"]);
    }

    #[test]
    fn an_entry_that_fetches_another_package_is_found() {
        let mut tree = TestTree::new("lock", "lock", Ecosystem::Npm);
        let left = tree.package("left", "1.3.0");
        tree.needs(0, left, None);
        let address = "https://registry.example/evil/-/evil-1.3.0.tgz".to_owned();
        tree.other(left, OtherPackage { label: "evil 1.3.0".to_owned(), address });
        let (graph, facts) = tree.finish();
        let (parameters, today) = (Parameters::default(), Date::constant(2026, 11, 22));
        let found = (CHECK.find)(&View { graph: &graph, facts: &facts, parameters: &parameters, today }).findings;
        assert_eq!(
            found[0].message,
            "left 1.3.0 is fetched from https://registry.example/evil/-/evil-1.3.0.tgz, which is evil 1.3.0. A direct \
             dependency of app 0.1.0 in lock."
        );
    }

    #[test]
    fn packages_of_one_repository_are_one_finding() {
        let repository = || Source::at(SourceKind::Git, "https://host.example/aya#0123456789abcdef");
        let mut tree = TestTree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let [aya, obj, util] = ["aya", "aya-obj", "aya-util"].map(|name| tree.from(name, "0.1.0", repository()));
        let [stray, ring] = ["stray", "stray-ring"].map(|name| tree.from(name, "0.1.0", repository()));
        let fork =
            tree.from("fork", "0.1.0", Source::at(SourceKind::Git, "https://host.example/fork#0123456789abcdef"));
        for (from, to) in [(0, aya), (aya, obj), (obj, util), (util, aya), (obj, fork), (stray, ring), (ring, stray)] {
            tree.edge(from, to, DependencyKind::Runtime, None);
        }
        let (graph, facts) = tree.finish();
        let parameters = Parameters::default();
        let today = Date::constant(2026, 11, 22);
        let found = (CHECK.find)(&View { graph: &graph, facts: &facts, parameters: &parameters, today });
        let messages: Vec<&str> = found.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "aya 0.1.0 comes from a git repository, https://host.example/aya#0123456789abcdef, and so do 2 packages \
                 that it brings in. A direct dependency of app 0.1.0 in Cargo.lock.",
                "fork 0.1.0 comes from a git repository, https://host.example/fork#0123456789abcdef. Required by aya-obj \
                 0.1.0, through aya 0.1.0 (direct), in Cargo.lock.",
                "stray 0.1.0 comes from a git repository, https://host.example/aya#0123456789abcdef. In Cargo.lock; \
                 nothing there is known to require it.",
                "stray-ring 0.1.0 comes from a git repository, https://host.example/aya#0123456789abcdef. In Cargo.lock; \
                 nothing there is known to require it.",
            ]
        );
    }

    #[test]
    fn one_scope_comes_from_one_host() {
        let at = |url| Source::at(SourceKind::Registry, url);
        let found = fires(
            &Parameters::default(),
            Ecosystem::Npm,
            &[
                ("@acme/a", at("https://registry.example/npm")),
                ("@acme/b", at("https://REGISTRY.example/npm/")),
                ("@acme/stray", Source::PUBLIC_REGISTRY),
                ("left-pad", Source::PUBLIC_REGISTRY),
                ("stranger", at("https://host.example")),
            ],
        );
        assert_eq!(names(&found), ["@acme/stray", "stranger"]);
        assert!(found[0].1.contains("from the default registry, other packages of @acme here from registry.example"));
        assert!(found[1].1.contains("from host.example, other packages here from the default registry"));
    }

    #[test]
    fn a_list_of_registries_is_kept_to() {
        let at = |url| Source::at(SourceKind::Registry, url);
        let registries = vec!["https://registry.example/npm".to_owned(), "host.example".to_owned()];
        let parameters = Parameters { registries, ..Parameters::default() };
        let found = fires(
            &parameters,
            Ecosystem::Npm,
            &[
                ("a", at("https://registry.example/npm/")),
                ("b", at("https://registry.example/npm/b")),
                ("c-evil", at("https://registry.example/npm-evil")),
                ("d-climbs", at("https://registry.example/npm/../other")),
                ("e", at("https://host.example/anything")),
                ("f-evil", at("https://host.example.evil.example/")),
                ("g-public", Source::PUBLIC_REGISTRY),
                ("h-user", at("https://host.example@evil.example/")),
            ],
        );
        // What the policy names may stand beside anything; that most packages come from there and one from the public
        // registry is still how a name is taken over.
        assert_eq!(names(&found), ["c-evil", "d-climbs", "f-evil", "g-public", "h-user"]);
    }

    #[test]
    fn a_private_package_may_come_from_elsewhere() {
        let mut tree = TestTree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        tree.from("@acme/a", "1.0.0", Source::PUBLIC_REGISTRY);
        let private = tree.from("@acme/b", "1.0.0", Source::at(SourceKind::Registry, "https://registry.example"));
        let private = tree.id(private);
        let (graph, facts) = tree.finish();
        let today = Date::constant(2026, 11, 22);
        let found =
            |parameters: &_| (CHECK.find)(&View { graph: &graph, facts: &facts, parameters, today }).findings.len();
        let mut parameters = Parameters::default();
        assert_eq!(found(&parameters), 1);
        let at = graph.packages.iter().position(|package| package.id == private).unwrap();
        parameters.private.insert(u32::try_from(at).unwrap());
        assert_eq!(found(&parameters), 0);
    }
}
