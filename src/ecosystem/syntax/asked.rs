//! What a manifest asks for, as several formats share it: the graph of a manifest without a lockfile, and what a
//! lockfile learns from the manifest beside it.

use std::collections::{HashMap, HashSet};

use crate::ecosystem::{Input, Lookup, Parsed, file_name_of, folder_of};
use crate::model::{
    DependencyGraph, DependencyKind, Ecosystem, GraphBuilder, Kinds, Location, PackageId, PackageIndex, RepoPath,
    Source, SourceKind,
};

/// One dependency that a manifest asks for.
#[derive(Debug, Clone)]
pub(in crate::ecosystem) struct Asked {
    /// The name as written.
    pub(in crate::ecosystem) name: String,
    /// The requirement as written, where there is one.
    pub(in crate::ecosystem) requirement: Option<String>,
    /// The exact version that it fixes, and its place.
    pub(in crate::ecosystem) exact: Option<(String, Option<Location>)>,
    /// What it is for, where the manifest says so.
    pub(in crate::ecosystem) kind: Option<DependencyKind>,
    /// Where it is to come from.
    pub(in crate::ecosystem) source: Source,
    /// Where it is asked for.
    pub(in crate::ecosystem) place: Option<Location>,
}

/// The project that asks.
#[derive(Debug, Clone, Default)]
pub(in crate::ecosystem) struct Project {
    /// Its name, where the manifest has one.
    pub(in crate::ecosystem) name: Option<String>,
    /// Its version and the place.
    pub(in crate::ecosystem) version: Option<(String, Option<Location>)>,
}

impl Project {
    /// Adds the project to the graph; one without a name goes by its folder's, and by `.` at the root.
    pub(in crate::ecosystem) fn add(
        &self,
        path: &RepoPath,
        ecosystem: Ecosystem,
        graph: &mut GraphBuilder,
    ) -> PackageIndex {
        let folder = folder_of(path);
        let folder = if folder.is_empty() { "." } else { file_name_of(folder) };
        let (version, place) = self.version.clone().unzip();
        let name = self.name.as_deref().unwrap_or(folder);
        let id = PackageId::new(ecosystem, name, version.as_deref(), Source::of(SourceKind::Workspace));
        let index = graph.member(id, place.flatten());
        graph.mark(index, Some(false), Kinds::only(DependencyKind::Runtime));
        index
    }
}

/// The graph of a manifest that no lockfile read. One that asks for nothing gives no root.
pub(in crate::ecosystem) fn alone(
    input: &Input<'_>,
    (parser, ecosystem): (&'static str, Ecosystem),
    project: &Project,
    asked: &[Asked],
) -> DependencyGraph {
    if asked.is_empty() {
        return DependencyGraph::default();
    }
    let mut graph = GraphBuilder::new(input.path, parser);
    let own = project.add(input.path, ecosystem, &mut graph);
    for asked in asked {
        let (version, place) = asked.exact.clone().unzip();
        let index = graph
            .package(PackageId::new(ecosystem, &asked.name, version.as_deref(), asked.source.clone()), place.flatten());
        if index == own {
            continue;
        }
        if let (None, Some(requirement)) = (&version, &asked.requirement) {
            graph.requirement(index, requirement);
        }
        graph.mark(index, Some(true), asked.kind.map(Kinds::only).unwrap_or_default());
        if let Some(place) = asked.place.clone() {
            graph.declare(index, place);
        }
        let kind = asked.kind.unwrap_or(DependencyKind::Runtime);
        graph.dependency(own, index, kind, asked.requirement.as_deref());
    }
    graph.finish_as_marked()
}

/// A manifest that belongs to a lockfile. It is asked for where nobody looked yet; that there is none is no loss.
pub(in crate::ecosystem) fn companion<'i>(input: &Input<'i>, path: &RepoPath, parsed: &mut Parsed) -> Option<&'i [u8]> {
    match input.files.look_up(path) {
        Lookup::Found(bytes) => {
            parsed.companions.push(RepoPath::clone(path));
            Some(bytes)
        }
        Lookup::NotLoaded => {
            parsed.wanted.push(RepoPath::clone(path));
            None
        }
        Lookup::Unavailable(_) => None,
    }
}

/// A git repository at a commit, where the text is one.
pub(in crate::ecosystem) fn git(repository: &str, commit: Option<&str>) -> Source {
    let is_commit = |text: &&str| matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match commit.filter(is_commit) {
        Some(commit) => Source::at(SourceKind::Git, &format!("{repository}#{commit}")),
        None => Source::at(SourceKind::Git, repository),
    }
}

/// A piece of a file as a message shows it: cut, and without the credentials of an address.
pub(in crate::ecosystem) fn shown(text: &str) -> String {
    let text = Source::at(SourceKind::Unknown, text).url.unwrap_or_default();
    text.chars().take(120).collect()
}

/// What packages are for, told by who needs them from those on that a project names.
#[derive(Debug, Default)]
pub(in crate::ecosystem) struct Reach {
    needs: HashMap<PackageIndex, Vec<PackageIndex>>,
}

impl Reach {
    /// Adds that one package brings in another.
    pub(in crate::ecosystem) fn add(&mut self, from: PackageIndex, to: PackageIndex) {
        self.needs.entry(from).or_default().push(to);
    }

    /// Marks everything that the starts lead to with their kinds. What a start of an unknown kind leads to is unknown,
    /// unless it is known to be needed at run time. Costs one pass over the edges for each kind.
    pub(in crate::ecosystem) fn mark(
        &self,
        starts: &[(PackageIndex, Option<DependencyKind>)],
        graph: &mut GraphBuilder,
    ) {
        let mut kinds: HashMap<PackageIndex, Kinds> = HashMap::new();
        for kind in DependencyKind::ALL {
            for index in self.reached(starts, Some(kind)) {
                kinds.entry(index).or_default().insert(kind);
            }
        }
        let unknown = self.reached(starts, None);
        for (index, kinds) in kinds {
            if kinds.contains(DependencyKind::Runtime) || !unknown.contains(&index) {
                graph.mark(index, None, kinds);
            }
        }
    }

    fn reached(
        &self,
        starts: &[(PackageIndex, Option<DependencyKind>)],
        kind: Option<DependencyKind>,
    ) -> HashSet<PackageIndex> {
        let mut todo: Vec<PackageIndex> =
            starts.iter().filter(|(_, of)| *of == kind).map(|&(index, _)| index).collect();
        let mut seen: HashSet<PackageIndex> = HashSet::new();
        while let Some(index) = todo.pop() {
            if seen.insert(index) {
                todo.extend(self.needs.get(&index).into_iter().flatten());
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_the_edges_as_far_as_they_are_known() {
        let mut graph = GraphBuilder::new(&"f".into(), "f");
        let [run, dev, odd, both, below] = ["run", "dev", "odd", "both", "below"]
            .map(|name| graph.package(PackageId::new(Ecosystem::Hex, name, None, Source::PUBLIC_REGISTRY), None));
        let mut reach = Reach::default();
        for (from, to) in [(run, both), (odd, both), (dev, below), (odd, below), (below, dev)] {
            reach.add(from, to);
        }
        let starts = [(run, Some(DependencyKind::Runtime)), (dev, Some(DependencyKind::Dev)), (odd, None)];
        reach.mark(&starts, &mut graph);
        let graph = graph.finish_as_marked();
        let kinds = |name: &str| {
            let at = graph.packages.iter().position(|package| package.id.name == name).unwrap();
            graph.roots[0].uses[at].kinds.iter().map(DependencyKind::as_str).collect::<Vec<_>>().join("+")
        };
        let found: Vec<String> = ["run", "dev", "odd", "both", "below"].map(kinds).to_vec();
        assert_eq!(found, ["runtime", "", "", "runtime", ""]);
    }

    #[test]
    fn only_a_whole_commit_is_one() {
        let commit = "43f8f97be403091debab480235413b20059337bd";
        let url = |commit| git("https://u:p@host.example/a.git", commit).url.unwrap();
        assert_eq!(url(Some(commit)), format!("https://host.example/a.git#{commit}"));
        assert_eq!(url(Some("main")), "https://host.example/a.git");
        assert_eq!(shown("https://u:p@host.example/a"), "https://host.example/a");
    }
}
