//! Dependency confusion: a name of one's own that is taken from where everybody publishes.
//!
//! No list of public registries is built in, since any of them may be mirrored. What a host serves in this very tree
//! tells them apart: one that serves nothing but packages of one's own is private, and one that serves other packages as
//! well is where a stranger can publish a name.

use std::collections::{BTreeMap, BTreeSet};

use super::{registry_host, scope};
use crate::model::{Ecosystem, PackageId, PackageIndex, SourceKind};
use crate::rule::View;

/// Packages that belong together: those that the policy declares private, or those of one scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Declared,
    Scope(String),
}

/// What the registries of a tree serve.
pub(super) struct Hosts {
    /// By ecosystem and group: the hosts that serve nothing else.
    own: BTreeMap<(Ecosystem, Group), BTreeSet<String>>,
    /// By ecosystem, group and host: whether the host serves others too.
    shared: BTreeSet<(Ecosystem, Group, Option<String>)>,
}

/// What is wrong with where a package comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Confused {
    /// Nothing is.
    No,
    /// It could be another one's: the end of a sentence that begins with the package.
    Yes(String),
    /// The file does not say from which registry it comes.
    Unknown,
}

impl Hosts {
    pub(super) fn of(view: &View<'_>) -> Self {
        let packages =
            || (0..).zip(&view.graph.packages).filter(|(_, package)| package.id.source.kind == SourceKind::Registry);
        let mut serves: BTreeMap<(Ecosystem, Option<String>), BTreeSet<Option<Group>>> = BTreeMap::new();
        let mut groups: BTreeMap<(Ecosystem, Group), BTreeSet<Option<String>>> = BTreeMap::new();
        for kind in [declared, scoped] {
            for (at, package) in packages() {
                let (ecosystem, host) = (package.id.ecosystem, registry_host(&package.id));
                let group = kind(view, at, &package.id);
                if let Some(group) = &group {
                    groups.entry((ecosystem, group.clone())).or_default().insert(host.clone());
                }
            }
        }
        for (at, package) in packages() {
            let of = serves.entry((package.id.ecosystem, registry_host(&package.id))).or_default();
            of.insert(declared(view, at, &package.id).or_else(|| scoped(view, at, &package.id)));
        }
        let mut hosts = Self { own: BTreeMap::new(), shared: BTreeSet::new() };
        for ((ecosystem, group), of) in groups {
            for host in of {
                let serves = serves.get(&(ecosystem, host.clone()));
                let is_own = serves.is_some_and(|serves| serves.iter().all(|other| other.as_ref() == Some(&group)));
                match (is_own, host) {
                    (true, Some(host)) => {
                        hosts.own.entry((ecosystem, group.clone())).or_default().insert(host);
                    }
                    (true, None) => {}
                    (false, host) => {
                        hosts.shared.insert((ecosystem, group.clone(), host));
                    }
                }
            }
        }
        hosts
    }

    /// What is wrong with where a package comes from.
    pub(super) fn judge(&self, view: &View<'_>, package: PackageIndex) -> Confused {
        let id = &view.graph.package(package).id;
        let is_declared = declared(view, package, id).is_some();
        // Cargo's default is crates.io, whatever is configured (<https://doc.rust-lang.org/cargo/reference/registries.html>).
        if is_declared && id.ecosystem == Ecosystem::CratesIo && id.source.url.is_none() {
            return Confused::Yes("is declared private, and comes from the public registry".to_owned());
        }
        let host = registry_host(id);
        let from = host.as_deref().unwrap_or("the default registry");
        for group in [declared(view, package, id), scoped(view, package, id)].into_iter().flatten() {
            let Some(own) = self.own.get(&(id.ecosystem, group.clone())) else { continue };
            if self.shared.contains(&(id.ecosystem, group.clone(), host.clone())) {
                let own = own.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let what = match &group {
                    Group::Declared => "is declared private".to_owned(),
                    Group::Scope(scope) => format!("is of {scope}"),
                };
                return Confused::Yes(format!(
                    "{what}, and comes from {from}, which serves packages of others too; elsewhere in this tree such \
                     packages come from {own}, which serves no others"
                ));
            }
        }
        if is_declared && host.is_none() { Confused::Unknown } else { Confused::No }
    }
}

fn declared(view: &View<'_>, package: PackageIndex, _: &PackageId) -> Option<Group> {
    view.parameters.private.contains(&package).then_some(Group::Declared)
}

fn scoped(_: &View<'_>, _: PackageIndex, id: &PackageId) -> Option<Group> {
    scope(id).map(|scope| Group::Scope(scope.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DependencyGraph, Source};
    use crate::rule::Parameters;
    use crate::rule::tests_support::{TODAY, Tree};

    const OURS: &str = "https://registry.example/ours";
    const ALL: &str = "https://host.example/npm";

    /// What is said of each package of a tree, by name and host, where names with `private` are declared so.
    fn look(ecosystem: Ecosystem, packages: &[(&str, Option<&str>)]) -> Vec<(String, Confused)> {
        let parts = packages.iter().enumerate().map(|(at, (name, url))| {
            let mut tree = Tree::new(&format!("{at}/lock"), "lock", ecosystem);
            let source = url.map_or(Source::PUBLIC_REGISTRY, |url| Source::at(SourceKind::Registry, url));
            tree.from(name, "1.0.0", source);
            tree.finish().0
        });
        let graph = DependencyGraph::merge(parts.collect());
        let facts = crate::model::Facts::default();
        let private = (0..).zip(&graph.packages).filter(|(_, package)| package.id.name.contains("private"));
        let parameters = Parameters { private: private.map(|(at, _)| at).collect(), ..Parameters::default() };
        let view = View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY };
        let hosts = Hosts::of(&view);
        let foreign = (0..).zip(&graph.packages).filter(|(_, package)| package.id.source.kind == SourceKind::Registry);
        foreign
            .map(|(at, package)| (package.id.name.clone(), hosts.judge(&view, at)))
            .filter(|(_, of)| *of != Confused::No)
            .collect()
    }

    fn names(found: &[(String, Confused)]) -> Vec<&str> {
        found.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_private_name_from_where_everybody_publishes_is_confused() {
        let found = look(
            Ecosystem::Npm,
            &[("private-a", Some(OURS)), ("private-b", Some(ALL)), ("left-pad", Some(ALL)), ("private-c", Some(OURS))],
        );
        assert_eq!(names(&found), ["private-b"]);
        assert_eq!(
            found[0].1,
            Confused::Yes(
                "is declared private, and comes from host.example, which serves packages of others too; elsewhere in this \
                 tree such packages come from registry.example, which serves no others"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_scope_has_its_registry_in_the_whole_tree() {
        let found = look(Ecosystem::Npm, &[("@acme/a", Some(OURS)), ("@acme/b", Some(ALL)), ("left-pad", Some(ALL))]);
        assert_eq!(names(&found), ["@acme/b"]);
    }

    #[test]
    fn one_registry_for_everything_tells_nothing() {
        for packages in [
            &[("private-a", Some(ALL)), ("left-pad", Some(ALL))][..],
            &[("@acme/a", Some(OURS)), ("@acme/b", Some(ALL)), ("left-pad", Some(ALL)), ("right-pad", Some(OURS))],
            &[("@acme/a", Some(OURS)), ("@acme/b", None)],
        ] {
            assert_eq!(look(Ecosystem::Npm, packages), [], "{packages:?}");
        }
    }

    #[test]
    fn where_no_registry_is_named_it_is_unknown_but_for_cargo() {
        assert_eq!(look(Ecosystem::Npm, &[("private-a", None)]), [("private-a".to_owned(), Confused::Unknown)]);
        let of_cargo = look(Ecosystem::CratesIo, &[("private-a", None), ("private-b", Some(OURS))]);
        assert_eq!(names(&of_cargo), ["private-a"]);
    }
}
