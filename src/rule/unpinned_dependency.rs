//! A file that leaves open which versions are taken.
//!
//! What is open is looked for by [`KINDS`].

use std::collections::{BTreeMap, BTreeSet};

use super::fingerprint::fingerprint_of_names;
use super::place::{about, advice};
use super::words::{counted, joined};
use super::{Check, View};
use crate::model::{
    Data, DependencyKind, Ecosystem, Finding, Kinds, Level, Location, PackageId, Root, Rule, Scope, SourceKind,
    Subject, Use,
};

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unpinned-dependency",
        summary: "The file leaves open which versions are taken",
        why: "Where nothing fixes the versions, each installation takes what is newest at that moment. Nobody reviewed \
              that; a release that was taken over is in use within minutes; and what was built cannot be built again.",
        fix: "Let the package manager write a lockfile and keep it under version control, also of a library: it is for \
              those who work on it. In a requirements file name exact versions, best with hashes. Take actions by the full \
              commit, `uses: owner/name@<commit> # v1.2.3`, and images by their digest, `name:tag@sha256:<digest>`: tags \
              and branches can be moved to other code at any time.",
        clause: "C5.9",
        data: &[Data::Local],
        scope: Scope::All,
        parameters: &[],
        greenfield: Level::Warn,
        brownfield: Level::Allow,
    },
    find: |view| find(view).into(),
};

/// How many packages and places a finding names.
const NAMED: usize = 5;
const PLACES: usize = 20;

/// A way in which a file can leave versions open.
struct Kind {
    /// What of a file is open; `None` where it is no such file, or nothing is.
    open: fn(&View<'_>, &Root) -> Option<Open>,
}

/// The ways, the first that fits a file speaks for it.
const KINDS: &[Kind] = &[Kind { open: without_lockfile }, Kind { open: references }, Kind { open: entries }];

/// The formats that name what they take by tag, branch, commit or digest.
const BY_REFERENCE: &[&str] = &["github-workflow", "github-action", "gitlab-ci", "dockerfile", "compose"];

/// The formats that leave nothing open which another format would fix: of a submodule the commit stands in git's tree, and
/// a version manager takes the newest release of a line on purpose.
const SETTLED: &[&str] = &["gitmodules", "tool-versions", "mise-toml", "sdkmanrc", "version-file", "rust-toolchain"];

/// What a file leaves open.
struct Open {
    /// The sentences about it.
    message: String,
    /// Where.
    places: Vec<Location>,
    /// The names, which tell one finding about the file from another.
    names: Vec<String>,
    /// What to change.
    change: String,
    /// Whether the file fixes nothing at all.
    is_whole: bool,
}

fn find(view: &View<'_>) -> Vec<Finding> {
    let open = |root| Some((root, KINDS.iter().find_map(|kind| (kind.open)(view, root))?));
    let open = view.graph.roots.iter().filter(|root| !SETTLED.contains(&root.parser)).filter_map(open).collect();
    grouped(open).into_iter().map(|(root, open)| finding(root, open)).collect()
}

/// One lockfile at the top of a workspace mends all of it: what lies below another open manifest of the same kind is
/// said with that one.
fn grouped(open: Vec<(&Root, Open)>) -> Vec<(&Root, Open)> {
    let tops: BTreeSet<(&str, &str)> =
        open.iter().filter(|(_, open)| open.is_whole).map(|(root, _)| (root.parser, folder(&root.path))).collect();
    let top = |root: &Root| {
        let above = std::iter::successors(Some(folder(&root.path)), |at| (!at.is_empty()).then(|| folder(at)));
        above.filter(|at| tops.contains(&(root.parser, at))).last().map(|at| (root.parser, at.to_owned()))
    };
    let mut below: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    let mut kept: Vec<(&Root, Open)> = Vec::new();
    for (root, open) in open {
        match top(root).filter(|(_, top)| open.is_whole && top != folder(&root.path)) {
            Some(top) => below.entry(top).or_default().push(root.path.to_string()),
            None => kept.push((root, open)),
        }
    }
    for (root, open) in &mut kept {
        let key = (root.parser, folder(&root.path).to_owned());
        let Some(others) = below.remove(&key).filter(|_| open.is_whole) else { continue };
        let what = if others.len() == 1 { "it is" } else { "they are" };
        open.message.push_str(&format!(" So {what} with {} below it.", counted(others.len(), "manifest")));
        open.names = others;
    }
    kept
}

fn finding(root: &Root, open: Open) -> Finding {
    let Open { message, mut places, names, change, .. } = open;
    places.truncate(PLACES);
    let fix = advice(change, places.first().cloned());
    let fingerprint = fingerprint_of_names(&CHECK.rule, &root.path, &names);
    Finding { locations: places, ..about(&CHECK.rule, Subject::File(root.path.clone()), message, fix, fingerprint) }
}

/// A manifest that no lockfile was read with. One that asks for nothing but what builds it has none, and neither has one
/// whose names another file beside it fixes (a requirements file that was made from it).
fn without_lockfile(view: &View<'_>, root: &Root) -> Option<Open> {
    if !view.parameters.manifest_formats.contains(&root.parser) {
        return None;
    }
    let asked: Vec<&Use> =
        third_party(view, root).filter(|usage| is_registry(view, usage) || floats(view, usage)).collect();
    let is_fixed = |usage: &&Use| view.graph.package(usage.package).id.version.is_some();
    let only_builds = asked.iter().all(|usage| usage.kinds == Kinds::only(DependencyKind::Build));
    if asked.is_empty() || only_builds || is_fixed_beside(view, root, &asked) || is_part_of_another(view, root) {
        return None;
    }
    let any: Vec<&Use> =
        asked.iter().copied().filter(|usage| !is_fixed(usage) && !floats(view, usage) && is_anything(usage)).collect();
    let floating: Vec<&Use> = asked.iter().copied().filter(|usage| floats(view, usage)).collect();
    let mut message = format!(
        "{} asks for {} and has no lockfile: which versions are installed, of them and of all that they need, is decided \
         anew each time.",
        root.path,
        counted(asked.len(), "package"),
    );
    for (those, what) in [(&any, "Any version will do"), (&floating, "A branch or a tag of a git repository is taken")]
    {
        if !those.is_empty() {
            message.push_str(&format!(" {what}: {}.", named(view, those)));
        }
    }
    let places = if any.is_empty() { &asked } else { &any };
    let change = format!("let the package manager write a lockfile for {}, and commit it", root.path);
    Some(Open { message, places: declared(places), names: Vec::new(), change, is_whole: true })
}

/// A file that names actions and images, and those of them that another than the file can change: only a commit or a digest
/// stays what it is.
fn references(view: &View<'_>, root: &Root) -> Option<Open> {
    if !BY_REFERENCE.contains(&root.parser) {
        return None;
    }
    let id = |usage: &Use| &view.graph.package(usage.package).id;
    let is_named = |usage: &&Use| {
        let is_either = matches!(id(usage).ecosystem, Ecosystem::GitHubActions | Ecosystem::Docker);
        is_either && is_registry(view, usage)
    };
    let all: Vec<&Use> = third_party(view, root).filter(is_named).collect();
    let is_open = |usage: &&Use| !usage.requirement.as_deref().is_some_and(is_hash);
    let open: Vec<&Use> = all.iter().copied().filter(is_open).collect();
    // A pipeline that is included is an entry like any other.
    if open.is_empty() {
        return entries(view, root);
    }
    let has = |ecosystem| all.iter().any(|usage| id(usage).ecosystem == ecosystem);
    let (what, how) = match (has(Ecosystem::GitHubActions), has(Ecosystem::Docker)) {
        (true, true) => ("action or image", "by a tag or a branch, which can be moved"),
        (true, false) => ("action", "by a tag or a branch, which can be moved to other code"),
        _ => ("image", "by a tag, which can be moved to another image"),
    };
    let first = |ecosystem| open.iter().map(|usage| id(usage)).find(|id| id.ecosystem == ecosystem);
    let (action, image) = (first(Ecosystem::GitHubActions), first(Ecosystem::Docker));
    let one = |usage: &&Use| {
        let asked = id(usage).version.as_deref().or(usage.requirement.as_deref());
        format!("{} ({})", shown(id(usage)), asked.unwrap_or("any version"))
    };
    let mut parts: Vec<String> = open.iter().take(NAMED).map(one).collect();
    if open.len() > NAMED {
        parts.push(format!("{} more", open.len() - NAMED));
    }
    let number = match (open.len(), all.len()) {
        (1, 1) => format!("the {what} that it uses"),
        (open, all) if open == all => format!("all {} that it uses", counted_words(open, what)),
        (open, all) => format!("{open} of the {} that it uses", counted_words(all, what)),
    };
    let mut message = format!("{} takes {number} {how}: {}.", root.path, joined(&parts));
    let action = action.map(|id| format!("take actions by their full commit, as in `{}@<commit> # v1.2.3`", shown(id)));
    let image = image.map(|id| format!("take images by their digest, as in `{}:<tag>@sha256:<digest>`", shown(id)));
    let mut change = action.into_iter().chain(image).collect::<Vec<_>>().join(", and ");
    change = format!("in {}, {change}", root.path);
    let mut names: Vec<String> = open.iter().map(|usage| id(usage).name.clone()).collect();
    let mut places = declared(&open);
    // A pipeline takes images, and other pipelines.
    if let Some(other) = entries(view, root) {
        message = format!("{message} {}", other.message);
        change = format!("{change}; {}", other.change);
        names.extend(other.names);
        places.extend(other.places);
    }
    Some(Open { message, places, names, change, is_whole: false })
}

/// The name as people write it: without the `library/` of the images that Docker itself keeps.
fn shown(id: &PackageId) -> &str {
    id.name.strip_prefix("library/").filter(|_| id.ecosystem == Ecosystem::Docker).unwrap_or(&id.name)
}

/// `2 actions`, `3 actions or images`.
fn counted_words(number: usize, what: &str) -> String {
    match what.split_once(" or ") {
        Some((one, other)) => format!("{number} {one}s or {other}s"),
        None => counted(number, what),
    }
}

/// Whether a requirement is a full commit or a digest, which names one content for ever.
fn is_hash(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.split_once(':') {
        Some((_, digest)) => digest.len() >= 32 && is_hex(digest),
        None => matches!(text.len(), 40 | 64) && is_hex(text),
    }
}

/// A file that fixes versions, and entries of it that do not.
fn entries(view: &View<'_>, root: &Root) -> Option<Open> {
    // What a lockfile did not resolve on the system on which it was made is no entry that somebody wrote.
    let is_written = root.parser == "requirements";
    let open = |usage: &&Use| {
        let id = &view.graph.package(usage.package).id;
        (is_written && id.source.kind == SourceKind::Registry && id.version.is_none()) || floats(view, usage)
    };
    let total = third_party(view, root).count();
    let open: Vec<&Use> = third_party(view, root).filter(open).collect();
    if open.is_empty() {
        return None;
    }
    let of = if open.len() == total { String::new() } else { format!(" of {total}") };
    let message = format!(
        "{} leaves open which version is taken of {}{of}: {}.",
        root.path,
        counted(open.len(), "package"),
        named(view, &open),
    );
    let names = open.iter().map(|usage| view.graph.package(usage.package).id.name.clone()).collect();
    let change =
        format!("name exact versions and commits in {}, or let a tool write it from what you ask for", root.path);
    Some(Open { message, places: declared(&open), names, change, is_whole: false })
}

/// The packages of a root that are not its own projects.
fn third_party<'r>(view: &'r View<'_>, root: &'r Root) -> impl Iterator<Item = &'r Use> {
    let is_own = |usage: &Use| view.graph.package(usage.package).id.source.kind == SourceKind::Workspace;
    root.uses.iter().filter(move |usage| root.members.binary_search(&usage.package).is_err() && !is_own(usage))
}

fn is_registry(view: &View<'_>, usage: &Use) -> bool {
    view.graph.package(usage.package).id.source.kind == SourceKind::Registry
}

/// Whether a package comes from a git repository, and no commit is named. Hooks and pipelines, which come from nowhere else,
/// are taken by tag as other packages by version.
fn floats(view: &View<'_>, usage: &Use) -> bool {
    let id = &view.graph.package(usage.package).id;
    let is_open = id.source.url.as_ref().is_none_or(|url| !url.contains('#'));
    let has_tag = id.ecosystem == Ecosystem::Git && id.version.is_some();
    id.source.kind == SourceKind::Git && is_open && !has_tag
}

/// Whether anything at all will do.
fn is_anything(usage: &Use) -> bool {
    usage.requirement.as_deref().is_none_or(|text| matches!(text.trim(), "" | "*" | "x" | "X" | "latest" | ">=0"))
}

/// Whether the folder of a manifest is a package that a lockfile elsewhere takes from there: that lockfile fixes what it
/// needs.
fn is_part_of_another(view: &View<'_>, root: &Root) -> bool {
    let own = folder(&root.path);
    let locks = view.graph.roots.iter().filter(|other| !view.parameters.manifest_formats.contains(&other.parser));
    !own.is_empty()
        && locks.flat_map(|lock| lock.uses.iter().map(move |usage| (lock, usage))).any(|(lock, usage)| {
            let id = &view.graph.package(usage.package).id;
            let at = id.source.url.as_deref().filter(|_| id.source.kind == SourceKind::Path);
            at.is_some_and(|at| {
                let at = at.strip_prefix("file:").unwrap_or(at).trim_start_matches("./").trim_end_matches('/');
                // Some formats name it from their own folder, others from the top.
                at == own || own.strip_prefix(folder(&lock.path)).is_some_and(|rest| rest.trim_start_matches('/') == at)
            })
        })
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a lockfile's format in the same folder has an exact version of each.
fn is_fixed_beside(view: &View<'_>, root: &Root, asked: &[&Use]) -> bool {
    let beside = view.graph.roots.iter().filter(|other| {
        other.path != root.path
            && !view.parameters.manifest_formats.contains(&other.parser)
            && folder(&other.path) == folder(&root.path)
    });
    let fixed: BTreeSet<_> = beside
        .flat_map(|other| &other.uses)
        .map(|usage| &view.graph.package(usage.package).id)
        .filter(|id| id.version.is_some())
        .map(|id| (id.ecosystem, id.name.as_str()))
        .collect();
    let is_there = |usage: &&Use| {
        let id = &view.graph.package(usage.package).id;
        fixed.contains(&(id.ecosystem, id.name.as_str()))
    };
    !fixed.is_empty() && asked.iter().filter(|usage| usage.kinds != Kinds::only(DependencyKind::Build)).all(is_there)
}

/// `left (>=1), right (any version) and 3 more`.
fn named(view: &View<'_>, uses: &[&Use]) -> String {
    let one = |usage: &&Use| {
        let name = &view.graph.package(usage.package).id.name;
        match usage.requirement.as_deref().map(str::trim) {
            _ if floats(view, usage) => format!("{name} (no commit)"),
            Some(text) if !text.is_empty() => format!("{name} ({text})"),
            _ => format!("{name} (any version)"),
        }
    };
    let mut parts: Vec<String> = uses.iter().take(NAMED).map(one).collect();
    if uses.len() > NAMED {
        parts.push(format!("{} more", uses.len() - NAMED));
    }
    joined(&parts)
}

fn declared(uses: &[&Use]) -> Vec<Location> {
    let mut places: Vec<Location> =
        uses.iter().filter_map(|usage| usage.declared.first().or(usage.locations.first())).cloned().collect();
    places.sort();
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;
    use crate::rule::Parameters;
    use crate::rule::tests_support::{TODAY, Tree};

    fn look(tree: Tree) -> Vec<Finding> {
        let (graph, facts) = tree.finish();
        let parameters = Parameters { manifest_formats: vec!["package-json", "pyproject"], ..Parameters::default() };
        (CHECK.find)(&View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY }).findings
    }

    fn said(tree: Tree) -> Vec<String> {
        look(tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_manifest_without_a_lockfile_is_one_finding() {
        let mut tree = Tree::new("web/package.json", "package-json", Ecosystem::Npm);
        for (name, requirement) in [("left", "^1.0.0"), ("right", "*"), ("up", "latest")] {
            let package = tree.package(name, "");
            tree.requirement(package, requirement);
            tree.needs(0, package, Some(requirement));
        }
        let branch = tree.from("down", "", Source::at(SourceKind::Git, "https://host.example/down"));
        tree.needs(0, branch, None);
        assert_eq!(
            said(tree),
            [
                "web/package.json asks for 4 packages and has no lockfile: which versions are installed, of them and of all that \
              they need, is decided anew each time. Any version will do: right (*) and up (latest). A branch or a tag \
              of a git repository is taken: down (no commit)."
            ]
        );
    }

    #[test]
    fn exact_versions_in_a_manifest_fix_nothing_that_they_need() {
        let mut tree = Tree::new("package.json", "package-json", Ecosystem::Npm);
        let package = tree.package("left", "1.0.0");
        tree.needs(0, package, None);
        assert_eq!(look(tree).len(), 1);
        assert_eq!(look(Tree::new("package.json", "package-json", Ecosystem::Npm)), []);
    }

    #[test]
    fn what_builds_a_python_project_is_in_no_lock() {
        let mut tree = Tree::new("pyproject.toml", "pyproject", Ecosystem::PyPi);
        let package = tree.package("setuptools", "");
        tree.edge(0, package, DependencyKind::Build, None);
        assert_eq!(look(tree), []);
    }

    #[test]
    fn open_entries_of_a_requirements_file_are_listed() {
        let mut tree = Tree::new("requirements.txt", "requirements", Ecosystem::PyPi);
        tree.package("pinned", "1.0");
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            let package = tree.package(name, "");
            if name < "c" {
                tree.requirement(package, ">=2");
            }
        }
        tree.from(
            "kept",
            "",
            Source::at(SourceKind::Git, "https://host.example/kept#0123456789abcdef0123456789abcdef01234567"),
        );
        tree.from("loose", "", Source::at(SourceKind::Git, "https://host.example/loose"));
        assert_eq!(
            said(tree),
            [
                "requirements.txt leaves open which version is taken of 8 packages of 10: a (>=2), b (>=2), c (any version), d \
              (any version), e (any version) and 3 more."
            ]
        );
    }

    #[test]
    fn actions_and_images_by_tag_are_open_and_those_by_hash_are_not() {
        const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
        let mut tree = Tree::new(".github/workflows/ci.yml", "github-workflow", Ecosystem::GitHubActions);
        let fixed = tree.package("acme/fixed", "v1.2.3");
        tree.requirement(fixed, COMMIT);
        let bare = tree.package("acme/bare", COMMIT);
        tree.requirement(bare, COMMIT);
        assert_eq!(look(tree), []);
        let mut tree = Tree::new(".github/workflows/ci.yml", "github-workflow", Ecosystem::GitHubActions);
        let fixed = tree.package("acme/fixed", "v1.2.3");
        tree.requirement(fixed, COMMIT);
        tree.package("acme/tag", "v1.2.3");
        let branch = tree.package("acme/branch", "");
        tree.requirement(branch, "main");
        let found = look(tree);
        assert_eq!(
            found[0].message,
            ".github/workflows/ci.yml takes 2 of the 3 actions that it uses by a tag or a branch, which can be moved to \
             other code: acme/branch (main) and acme/tag (v1.2.3)."
        );
        assert!(format!("{:?}", found[0]).contains("acme/branch@<commit> # v1.2.3"));
        let mut tree = Tree::new("Dockerfile", "dockerfile", Ecosystem::Docker);
        tree.package("library/node", "20");
        assert_eq!(
            said(tree),
            ["Dockerfile takes the image that it uses by a tag, which can be moved to another image: node (20)."]
        );
    }

    #[test]
    fn a_pipeline_takes_images_and_pipelines() {
        let mut tree = Tree::new(".gitlab-ci.yml", "gitlab-ci", Ecosystem::Docker);
        tree.package("library/node", "20");
        tree.from("platform/base", "", Source::at(SourceKind::Git, "platform/base"));
        assert_eq!(
            said(tree),
            [".gitlab-ci.yml takes the image that it uses by a tag, which can be moved to another image: node (20). \
              .gitlab-ci.yml leaves open which version is taken of 1 package of 2: platform/base (no commit)."]
        );
    }

    #[test]
    fn a_submodule_and_a_version_manager_leave_nothing_open() {
        let mut tree = Tree::new(".gitmodules", "gitmodules", Ecosystem::Git);
        tree.from("host.example/a", "", Source::at(SourceKind::Git, "https://host.example/a"));
        assert_eq!(look(tree), []);
        let mut tree = Tree::new(".nvmrc", "version-file", Ecosystem::Toolchain);
        let node = tree.package("node", "");
        tree.requirement(node, "lts/*");
        let (graph, facts) = tree.finish();
        let parameters = Parameters { manifest_formats: vec!["version-file"], ..Parameters::default() };
        let view = View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY };
        assert_eq!((CHECK.find)(&view).findings, []);
    }

    #[test]
    fn a_hook_by_tag_is_fixed_and_one_by_branch_is_not() {
        let of = |version: &str, url: &str| {
            let mut tree = Tree::new(".pre-commit-config.yaml", "pre-commit", Ecosystem::Git);
            let hook = tree.from("host.example/hooks", version, Source::at(SourceKind::Git, url));
            if version.is_empty() {
                tree.requirement(hook, "main");
            }
            look(tree).len()
        };
        assert_eq!(of("v1.0.0", "https://host.example/hooks"), 0);
        assert_eq!(of("", "https://host.example/hooks#0123456789abcdef0123456789abcdef01234567"), 0);
        assert_eq!(of("", "https://host.example/hooks"), 1);
    }

    #[test]
    fn a_workspace_without_a_lockfile_is_one_finding() {
        let manifest = |path: &str| {
            let mut tree = Tree::new(path, "package-json", Ecosystem::Npm);
            let package = tree.package("left", "");
            tree.needs(0, package, Some("^1"));
            tree.finish()
        };
        let paths = ["package.json", "packages/a/package.json", "packages/b/package.json"];
        let graph = crate::model::DependencyGraph::merge(paths.iter().map(|path| manifest(path).0).collect());
        let parameters = Parameters { manifest_formats: vec!["package-json"], ..Parameters::default() };
        let facts = manifest("x").1;
        let found =
            (CHECK.find)(&View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY }).findings;
        assert_eq!(found.len(), 1);
        assert!(found[0].message.ends_with(" So they are with 2 manifests below it."), "{}", found[0].message);
    }

    #[test]
    fn what_a_lockfile_did_not_resolve_is_no_entry() {
        let mut tree = Tree::new("Pipfile.lock", "pipfile-lock", Ecosystem::PyPi);
        tree.package("pywin32", "");
        assert_eq!(look(tree), []);
    }
}
