//! What to change to clear a finding, and how sure that is.
//!
//! *Exact* is only said where it is proved: a version is known that is not affected, everything in the root that
//! requires the package allows that version, and the ecosystem has a command that does just this. All else is a
//! candidate, and its words say what is not known. What the change brings besides is not judged here: the next scan
//! does that.

use super::place::Place;
use crate::model::{
    AdvisoryKind, AliasGroup, Dependency, Ecosystem, Fix, FixState, PackageId, PackageIndex, Routes, SourceKind,
};
use crate::version;

/// The fix of an advisory group on a package.
pub(super) fn of(place: &Place<'_>, routes: &Routes<'_>, group: &AliasGroup) -> Fix {
    let location = place.declared().first().cloned();
    let name = &place.id().name;
    let Some(version) = &group.fixed_in else {
        let change = match group.kind() {
            AdvisoryKind::Malware => format!("remove the package {name}"),
            AdvisoryKind::Unmaintained => format!("replace {name}: no version of it is maintained"),
            _ => "no version is known to fix it".to_owned(),
        };
        return Fix { state: FixState::None, version: None, change: Some(change), command: None, location };
    };
    let requirements = Requirements::of(place, routes, version);
    let command = command(place, version, requirements.all_allow());
    let (state, change) = match &command {
        Some(_) => (FixState::Exact, format!("move {name} to {version}")),
        None => (FixState::Candidate, candidate(place, version, &requirements)),
    };
    Fix { state, version: Some(version.clone()), change: Some(change), command, location }
}

/// What requires a package in its root, by whether it allows the version that would fix it.
struct Requirements<'v> {
    allowing: usize,
    denying: Vec<&'v Dependency>,
    unknown: Vec<&'v Dependency>,
}

impl<'v> Requirements<'v> {
    fn of(place: &Place<'v>, routes: &Routes<'v>, version: &str) -> Self {
        let mut all = Self { allowing: 0, denying: Vec::new(), unknown: Vec::new() };
        let ecosystem = place.id().ecosystem;
        for edge in routes.edges_to(place.usage.package) {
            let allows = edge.requirement.as_deref().and_then(|text| version::satisfies(ecosystem, text, version));
            match allows {
                Some(true) => all.allowing += 1,
                Some(false) => all.denying.push(edge),
                None => all.unknown.push(edge),
            }
        }
        all
    }

    /// Whether nothing in the root requires it.
    fn is_empty(&self) -> bool {
        self.allowing == 0 && self.denying.is_empty() && self.unknown.is_empty()
    }

    /// Whether everything is known to allow it, and there is something.
    fn all_allow(&self) -> bool {
        self.allowing > 0 && self.denying.is_empty() && self.unknown.is_empty()
    }
}

/// The command that brings exactly this version, where there is one that is known to.
fn command(place: &Place<'_>, version: &str, all_allow: bool) -> Option<String> {
    let id = place.id();
    let (name, old) = (id.name.as_str(), id.version.as_deref()?);
    // This text comes from the scanned tree and is meant to be pasted into a shell.
    if id.source.kind != SourceKind::Registry || ![name, old, version].into_iter().all(is_plain) {
        return None;
    }
    match place.root.parser {
        // https://doc.rust-lang.org/cargo/commands/cargo-update.html: `name@version` must mean one package.
        "cargo-lock" if all_allow && is_only_one(place) => {
            Some(format!("cargo update -p {name}@{old} --precise {version}"))
        }
        // https://go.dev/ref/mod#minimal-version-selection: a requirement of the main module raises any module.
        // A module that is replaced or excluded has the place of its `require` noted beside that of its version, and
        // does not follow it.
        "go-mod" if place.usage.declared.is_empty() => Some(format!("go get {name}@{}", go_version(name, version)?)),
        // https://docs.astral.sh/uv/concepts/projects/sync/#upgrading-locked-package-versions
        "uv-lock" if all_allow && is_only_one_of_name(place) => {
            Some(format!("uv lock --upgrade-package {name}=={version}"))
        }
        // https://docs.npmjs.com/cli/v11/commands/npm-install: the name keeps its section of package.json. In a
        // workspace the command would add it to the root's.
        "package-lock" if all_allow && place.usage.direct == Some(true) && place.root.members.len() == 1 => {
            is_only_one_of_name(place).then(|| format!("npm install {name}@{version}"))
        }
        _ => None,
    }
}

/// Whether a text can stand in a command as it is.
fn is_plain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@/._+~:-".contains(&b);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain)
}

/// Whether no other package of the root has the same name and version (from another source).
fn is_only_one(place: &Place<'_>) -> bool {
    !neighbours(place).any(|id| id.name == place.id().name && id.version == place.id().version)
}

/// Whether no other package of the root has the same name: uv can lock one version per platform, npm one per place.
fn is_only_one_of_name(place: &Place<'_>) -> bool {
    !neighbours(place).any(|id| id.name == place.id().name)
}

/// The packages before and behind it in its root. Packages are sorted by their identity, the name first and then the
/// version, so that one of these is like it where any is.
fn neighbours<'v>(place: &Place<'v>) -> impl Iterator<Item = &'v PackageId> + use<'v> {
    let (graph, uses, package) = (place.graph, &place.root.uses, place.usage.package);
    let before = uses.partition_point(|usage| usage.package < package).checked_sub(1);
    let behind = uses.partition_point(|usage| usage.package <= package);
    let near = before.into_iter().chain([behind]);
    near.filter_map(|at| uses.get(at)).map(|usage| &graph.package(usage.package).id)
}

/// The version with its `v`, where it belongs to that module path (<https://go.dev/ref/mod#major-version-suffixes>).
/// The standard library and the toolchain are no modules that `go get` takes by that name.
fn go_version(module: &str, version: &str) -> Option<String> {
    let number = version.strip_prefix('v').unwrap_or(version);
    if !module.contains('.') {
        return None;
    }
    let major: u64 = number.split('.').next()?.parse().ok()?;
    let last = module.rsplit('/').next()?;
    let suffix = if module.starts_with("gopkg.in/") {
        last.rsplit_once(".v")?.1.parse().ok()?
    } else {
        last.strip_prefix('v').and_then(|digits| digits.parse::<u64>().ok()).filter(|&major| major > 1).unwrap_or(0)
    };
    let fits = suffix == major || (suffix == 0 && major == 1);
    fits.then(|| format!("v{number}"))
}

/// What to try, and what is not known about it.
fn candidate(place: &Place<'_>, version: &str, requirements: &Requirements<'_>) -> String {
    let id = place.id();
    let name = &id.name;
    if requirements.all_allow() {
        return format!("move {name} to {version}: everything that requires it allows that");
    }
    if id.ecosystem == Ecosystem::Go && matches!(name.as_str(), "stdlib" | "toolchain") {
        return format!("build with Go {version} or newer");
    }
    // The line that fixes the version is the only requirement that there is.
    let is_written_by_hand = matches!(place.root.parser, "requirements" | "package-json" | "pyproject" | "pipfile");
    if is_written_by_hand && requirements.is_empty() {
        return format!("change the pin of {name} to {version}");
    }
    let Some(direct) = place.direct() else {
        return format!("raise {name} to {version} or newer; what requires it is not known here");
    };
    if direct == place.usage.package {
        raise_direct(place, version, requirements)
    } else {
        raise_transitive(place, version, requirements, direct)
    }
}

/// What to change for a dependency that others bring in.
fn raise_transitive(place: &Place<'_>, version: &str, requirements: &Requirements<'_>, direct: PackageIndex) -> String {
    let name = &place.id().name;
    let label = |edge: &Dependency| place.graph.package(edge.from).id.label();
    let direct = &place.graph.package(direct).id.name;
    let raise = format!("raise {direct} to a release that takes {name} {version} or newer");
    match (requirements.denying.first(), requirements.unknown.first()) {
        (Some(edge), _) => {
            let requirement = edge.requirement.as_deref().unwrap_or_default();
            format!("{raise} ({} requires \"{requirement}\"); whether there is one is not known here", label(edge))
        }
        (None, Some(edge)) if is_compatible(place, version) => format!(
            "update {name} to {version} if {} allows that, which is not known here; if it does not, raise {direct}",
            label(edge)
        ),
        _ => format!("{raise}; whether there is one is not known here"),
    }
}

/// Whether by their numbers the version promises to be usable instead of the one in use, so that requirements as they
/// are customary allow it. Python has no such promise, and requirements there are mostly lower bounds.
fn is_compatible(place: &Place<'_>, version: &str) -> bool {
    let id = place.id();
    let caret = |old: &str| version::satisfies(Ecosystem::CratesIo, &format!("^{old}"), version);
    match id.ecosystem {
        Ecosystem::CratesIo | Ecosystem::Npm => id.version.as_deref().and_then(caret) == Some(true),
        Ecosystem::PyPi => true,
        _ => false,
    }
}

/// What to change for a dependency that a project names itself.
fn raise_direct(place: &Place<'_>, version: &str, requirements: &Requirements<'_>) -> String {
    let name = &place.id().name;
    let own = |edge: &&&Dependency| place.is_member(edge.from);
    let mut change = match requirements.denying.iter().find(own) {
        Some(Dependency { requirement: Some(requirement), .. }) => {
            format!("change the requirement of {name} from \"{requirement}\" to allow {version}")
        }
        _ if requirements.unknown.iter().any(|edge| own(&edge)) || requirements.allowing == 0 => {
            format!("raise {name} to {version}; whether its requirement allows that is not known here")
        }
        _ => format!("raise {name} to {version}"),
    };
    let label = |edge: &Dependency| place.graph.package(edge.from).id.label();
    if let Some(edge) = requirements.denying.iter().find(|edge| !own(edge)) {
        let requirement = edge.requirement.as_deref().unwrap_or_default();
        change += &format!(". {} requires \"{requirement}\", which does not allow it: raise that as well", label(edge));
    } else if let Some(edge) = requirements.unknown.iter().find(|edge| !own(edge)) {
        change += &format!(". Whether {} allows that is not known here", label(edge));
    }
    change
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{DependencyGraph, Facts, Source};
    use crate::rule::tests_support::{Tree, group, record, vulnerability};
    use crate::rule::{Parameters, View, find};

    fn fixes(graph: &DependencyGraph, facts: &Facts) -> Vec<Fix> {
        let parameters = Parameters { off: vec!["untrusted-origin"], ..Parameters::default() };
        let view = View { graph, facts, parameters: &parameters, today: Date::constant(2026, 11, 22) };
        find(&view).0.into_iter().map(|finding| finding.fix).collect()
    }

    /// The fix of a direct dependency `name old`, required so by the project, when `new` is known to be good.
    fn direct(parser: &'static str, ecosystem: Ecosystem, name: &str, versions: [&str; 2], asks: Option<&str>) -> Fix {
        let mut tree = Tree::new("lock", parser, ecosystem);
        let at = tree.package(name, versions[0]);
        tree.needs(0, at, asks);
        if parser != "go-mod" {
            tree.declare(at, "manifest", 7);
        }
        tree.hit(at, vulnerability("GHSA-aaaa", None, Some(versions[1])));
        let (graph, facts) = tree.finish();
        fixes(&graph, &facts).remove(0)
    }

    fn words(fix: &Fix) -> (&'static str, &str) {
        (fix.state.as_str(), fix.command.as_deref().or(fix.change.as_deref()).unwrap_or_default())
    }

    #[test]
    fn exact_where_every_requirement_allows_it_and_a_command_does_it() {
        let fix = |asks| direct("cargo-lock", Ecosystem::CratesIo, "time", ["0.2.1", "0.2.23"], asks);
        assert_eq!(words(&fix(Some("0.2"))), ("exact", "cargo update -p time@0.2.1 --precise 0.2.23"));
        assert_eq!(
            words(&fix(Some("=0.2.1"))),
            ("candidate", "change the requirement of time from \"=0.2.1\" to allow 0.2.23")
        );
        assert_eq!(
            words(&fix(None)),
            ("candidate", "raise time to 0.2.23; whether its requirement allows that is not known here")
        );
        assert_eq!(fix(None).location.map(|at| at.line), Some(7));
        let fix = direct("uv-lock", Ecosystem::PyPi, "jinja2", ["3.1.0", "3.1.4"], Some(">=3,<4"));
        assert_eq!(words(&fix), ("exact", "uv lock --upgrade-package jinja2==3.1.4"));
        let fix = direct("poetry-lock", Ecosystem::PyPi, "jinja2", ["3.1.0", "3.1.4"], Some(">=3,<4"));
        assert_eq!(words(&fix), ("candidate", "move jinja2 to 3.1.4: everything that requires it allows that"));
    }

    #[test]
    fn go_takes_a_higher_version_of_any_module_of_that_major() {
        let fix = |name, old, new| direct("go-mod", Ecosystem::Go, name, [old, new], None);
        let command = |name, old, new| fix(name, old, new).command;
        let net = command("golang.org/x/net", "v0.7.0", "0.17.0");
        assert_eq!(net.as_deref(), Some("go get golang.org/x/net@v0.17.0"));
        let jwt = command("github.com/golang-jwt/jwt/v4", "v4.4.1", "4.5.1");
        assert_eq!(jwt.as_deref(), Some("go get github.com/golang-jwt/jwt/v4@v4.5.1"));
        let yaml = command("gopkg.in/yaml.v2", "v2.2.0", "2.2.8");
        assert_eq!(yaml.as_deref(), Some("go get gopkg.in/yaml.v2@v2.2.8"));
        assert_eq!(command("github.com/golang-jwt/jwt", "v3.2.0+incompatible", "4.5.1"), None, "another module");
        assert_eq!(words(&fix("stdlib", "1.20.0", "1.20.1")), ("candidate", "build with Go 1.20.1 or newer"));
    }

    #[test]
    fn npm_installs_only_what_the_project_itself_names() {
        let fix = |asks| direct("package-lock", Ecosystem::Npm, "lodash", ["4.17.15", "4.17.21"], asks);
        assert_eq!(words(&fix(Some("^4.17.15"))), ("exact", "npm install lodash@4.17.21"));
        assert_eq!(fix(Some("4.17.15")).state, FixState::Candidate);
        // An alias is asked for under another name.
        assert_eq!(fix(Some("npm:lodash@^4.17.15")).state, FixState::Candidate);
    }

    #[test]
    fn a_module_that_is_replaced_does_not_follow_its_requirement() {
        let mut tree = Tree::new("go.mod", "go-mod", Ecosystem::Go);
        let fork = tree.package("host.example/fork", "v1.0.0");
        tree.declare(fork, "go.mod", 5);
        tree.hit(fork, vulnerability("GHSA-aaaa", None, Some("1.0.1")));
        let (graph, facts) = tree.finish();
        assert_eq!(fixes(&graph, &facts)[0].state, FixState::Candidate);
    }

    #[test]
    fn text_of_the_tree_never_becomes_part_of_a_command_unless_it_is_plain() {
        let fix = |name, version| direct("cargo-lock", Ecosystem::CratesIo, name, [version, "0.2.23"], Some("0.2"));
        for (name, version) in [("a;reboot", "0.2.1"), ("a b", "0.2.1"), ("--config", "0.2.1"), ("a", "0.2.1$(id)")] {
            let fix = fix(name, version);
            assert_eq!((fix.state, fix.command), (FixState::Candidate, None), "{name} {version}");
        }
        let fix = direct("go-mod", Ecosystem::Go, "host.example/a", ["v1.0.0", "1.0.1`id`"], None);
        assert_eq!(fix.command, None);
    }

    #[test]
    fn what_others_require_counts() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let [chrono, time] = [tree.package("chrono", "0.4.19"), tree.package("time", "0.1.43")];
        tree.needs(0, chrono, Some("0.4"));
        tree.needs(chrono, time, None);
        tree.declare(chrono, "Cargo.toml", 12);
        tree.hit(time, vulnerability("RUSTSEC-2020-0071", None, Some("0.2.23")));
        let (graph, facts) = tree.finish();
        assert_eq!(
            words(&fixes(&graph, &facts)[0]),
            (
                "candidate",
                "raise chrono to a release that takes time 0.2.23 or newer; whether there is one is not known here"
            )
        );

        let transitive = |old: &str, asks| {
            let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
            let [chrono, time] = [tree.package("chrono", "0.4.19"), tree.package("time", old)];
            tree.needs(0, chrono, Some("0.4"));
            tree.needs(chrono, time, asks);
            tree.hit(time, vulnerability("RUSTSEC-2020-0071", None, Some("0.2.23")));
            let (graph, facts) = tree.finish();
            fixes(&graph, &facts).remove(0).change.unwrap()
        };
        assert_eq!(
            transitive("0.2.1", None),
            "update time to 0.2.23 if chrono 0.4.19 allows that, which is not known here; if it does not, raise chrono"
        );
        assert_eq!(
            transitive("0.1.43", Some("0.1")),
            "raise chrono to a release that takes time 0.2.23 or newer (chrono 0.4.19 requires \"0.1\"); whether there \
             is one is not known here"
        );

        let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        let [semver, old] = [tree.package("semver", "7.0.0"), tree.package("old", "1.0.0")];
        tree.needs(0, semver, Some("^7.0.0"));
        tree.needs(0, old, Some("^1.0.0"));
        tree.needs(old, semver, Some("7.0.0"));
        tree.hit(semver, vulnerability("GHSA-aaaa", None, Some("7.5.2")));
        let (graph, facts) = tree.finish();
        assert_eq!(
            words(&fixes(&graph, &facts)[0]),
            (
                "candidate",
                "raise semver to 7.5.2. old 1.0.0 requires \"7.0.0\", which does not allow it: raise that as well"
            )
        );
    }

    #[test]
    fn a_name_and_version_from_two_sources_has_no_command() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let time = tree.package("time", "0.2.1");
        let git = tree.from("time", "0.2.1", Source::at(SourceKind::Git, "https://host.example/time#01"));
        tree.needs(0, time, Some("0.2"));
        tree.needs(0, git, None);
        tree.hit(time, vulnerability("RUSTSEC-2020-0071", None, Some("0.2.23")));
        let (graph, facts) = tree.finish();
        assert_eq!(fixes(&graph, &facts)[0].state, FixState::Candidate);
    }

    #[test]
    fn without_a_good_version_there_is_no_fix() {
        let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
        let kinds = [AdvisoryKind::Malware, AdvisoryKind::Vulnerability, AdvisoryKind::Unmaintained];
        for (name, kind) in ["evil", "open", "old"].into_iter().zip(kinds) {
            let at = tree.package(name, "");
            tree.needs(0, at, Some("1"));
            tree.hit(at, group(vec![record("X-1", &[], kind)], None, None));
        }
        let (graph, facts) = tree.finish();
        let fixes = fixes(&graph, &facts);
        assert_eq!(
            fixes.iter().map(words).collect::<Vec<_>>(),
            [
                ("none", "remove the package evil"),
                ("none", "no version is known to fix it"),
                ("none", "replace old: no version of it is maintained")
            ]
        );
    }
}
