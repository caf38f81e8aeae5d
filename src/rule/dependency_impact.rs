//! A direct dependency that brings a lot with it, and a development dependency that reaches production.
//!
//! What a dependency brings alone is found in one walk over the edges of a root: each package is marked with the one
//! direct dependency that leads to it, or as led to by several. A mark changes twice at the most, so that the walk is
//! linear in the edges, whatever their number.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::fingerprint::fingerprint;
use super::place::{LONGEST, Tree};
use super::words::counted;
use super::{Check, Found, View};
use crate::model::{
    ByPackage, Data, Dependency, DependencyKind, Finding, Fix, FixState, Kinds, Level, Missing, PackageIndex,
    Parameter, Root, Rule, Scope, Setting, Stricter, Use, Why, source,
};

/// The key of the parameter.
const MAX_TRANSITIVE: &str = "max-transitive";

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "dependency-impact",
        summary: "The dependency brings many packages that nothing else needs, or a development dependency reaches production",
        why: "Every package that comes along is code by people whom you did not choose: each can be taken over, abandoned \
              or vulnerable. What you keep for development is looked at less, and yet is shipped where another package \
              needs it too.",
        fix: "Look for a smaller package that does what you need, or write the few lines yourself. Treat a development \
              dependency that is shipped as the runtime dependency that it is.",
        clause: "CG.impact",
        data: &[Data::Local],
        scope: Scope::Direct,
        parameters: &[Parameter {
            key: MAX_TRANSITIVE,
            stricter: Stricter::Lower,
            // About what one person can look through in a day; frameworks and tool chains bring more, libraries seldom do.
            summary: "how many packages a direct dependency may bring that nothing else of the project needs",
            default: || Setting::Count(100),
        }],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find,
};

/// How many edges of one root are looked at to count everything that its large dependencies bring. Beyond it only what
/// each of them brings alone is said, which costs one walk for all.
const MAX_STEPS: usize = 20_000_000;

fn find(view: &View<'_>) -> Found {
    let most = usize::try_from(view.parameters.number(&CHECK.rule, MAX_TRANSITIVE)).unwrap_or(usize::MAX);
    let mut found = Found::default();
    for (index, root) in view.graph.roots.iter().enumerate() {
        if !is_told(view, root) {
            let direct =
                root.uses.iter().filter(|usage| usage.direct != Some(false) && is_foreign(root, usage.package));
            let missing = Missing { source: source::FILE, why: Why::NotTold };
            found.missing.extend(direct.map(|usage| (missing, Some(usage.package))));
            continue;
        }
        let edges = Edges::of(root);
        let large = large(root, &edges, most);
        let shipped = shipped(root, &edges);
        if large.is_empty() && shipped.is_empty() {
            continue;
        }
        let tree = Tree::of(view, index);
        let look = Look { view, root, tree: &tree };
        found.findings.extend(large.into_iter().map(|large| look.of_large(&large, most)));
        found.findings.extend(shipped.into_iter().map(|(usage, path)| look.of_shipped(usage, &path)));
    }
    found
}

/// Whether it is known who needs whom. A requirements file tells where a tool wrote it.
fn is_told(view: &View<'_>, root: &Root) -> bool {
    let is_between = |edge: &Dependency| is_foreign(root, edge.from);
    match root.parser {
        "requirements" | "pylock" => root.dependencies.iter().any(is_between),
        parser => view.parameters.graph_formats.contains(&parser),
    }
}

fn is_foreign(root: &Root, package: PackageIndex) -> bool {
    root.members.binary_search(&package).is_err()
}

/// The edges of a root by who needs something.
struct Edges<'r> {
    all: &'r [Dependency],
    first: ByPackage<usize>,
}

impl<'r> Edges<'r> {
    fn of(root: &'r Root) -> Self {
        let mut first = ByPackage::default();
        for (at, edge) in root.dependencies.iter().enumerate() {
            first.entry(edge.from).or_insert(at);
        }
        Self { all: &root.dependencies, first }
    }

    /// What a package needs, a package once for each kind.
    fn from(&self, package: PackageIndex) -> impl Iterator<Item = &'r Dependency> + use<'r> {
        let all = self.first.get(&package).map_or(&[][..], |&at| &self.all[at..]);
        all.iter().take_while(move |edge| edge.from == package)
    }
}

/// A direct dependency that brings more than is allowed.
struct Large<'r> {
    usage: &'r Use,
    /// What it alone brings.
    alone: usize,
    /// What it brings, where that was counted.
    all: Option<usize>,
}

/// Which direct dependency leads to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    One(PackageIndex),
    Several,
}

fn large<'r>(root: &'r Root, edges: &Edges<'_>, most: usize) -> Vec<Large<'r>> {
    let direct = || root.uses.iter().filter(|usage| usage.direct == Some(true) && is_foreign(root, usage.package));
    let mut marks: ByPackage<Mark> = ByPackage::default();
    let mut todo: VecDeque<(PackageIndex, Mark)> =
        direct().map(|usage| (usage.package, Mark::One(usage.package))).collect();
    while let Some((package, mark)) = todo.pop_front() {
        for edge in edges.from(package).filter(|edge| is_foreign(root, edge.to)) {
            let known = marks.get(&edge.to).copied();
            let new = match known {
                None => mark,
                Some(known) if known == mark => known,
                Some(_) => Mark::Several,
            };
            if known != Some(new) {
                marks.insert(edge.to, new);
                todo.push_back((edge.to, new));
            }
        }
    }
    let mut alone: BTreeMap<PackageIndex, usize> = BTreeMap::new();
    for (&package, &mark) in &marks {
        let is_direct = root.usage(package).is_some_and(|usage| usage.direct == Some(true));
        if let (Mark::One(by), false) = (mark, is_direct) {
            *alone.entry(by).or_default() += 1;
        }
    }
    let mut steps = 0;
    let large = direct().filter_map(|usage| Some((usage, *alone.get(&usage.package)?)));
    let large = large.filter(|(_, alone)| *alone > most);
    large.map(|(usage, alone)| Large { usage, alone, all: brought(root, edges, usage.package, &mut steps) }).collect()
}

/// How many packages a package brings in all; `None` where that would take too long.
fn brought(root: &Root, edges: &Edges<'_>, package: PackageIndex, steps: &mut usize) -> Option<usize> {
    let mut seen = HashSet::from([package]);
    let mut todo = vec![package];
    while let Some(package) = todo.pop() {
        for edge in edges.from(package) {
            *steps += 1;
            if *steps > MAX_STEPS {
                return None;
            }
            if is_foreign(root, edge.to) && seen.insert(edge.to) {
                todo.push(edge.to);
            }
        }
    }
    Some(seen.len() - 1)
}

/// What projects ask for as development dependencies only and what is needed at run time all the same, with a path on
/// which it is: from what a project asks for at run time to the package.
fn shipped<'r>(root: &'r Root, edges: &Edges<'_>) -> Vec<(&'r Use, Vec<PackageIndex>)> {
    let runtime = DependencyKind::Runtime;
    let mut asked: ByPackage<Kinds> = ByPackage::default();
    for &member in &root.members {
        for edge in edges.from(member) {
            asked.entry(edge.to).or_default().insert(edge.kind);
        }
    }
    let is_shipped = |usage: &&Use| {
        let only_dev = asked.get(&usage.package).is_some_and(|kinds| kinds.only_dev());
        only_dev && is_foreign(root, usage.package) && usage.kinds.contains(runtime)
    };
    let shipped: Vec<&Use> = root.uses.iter().filter(is_shipped).collect();
    if shipped.is_empty() {
        return Vec::new();
    }
    let mut before: ByPackage<Option<PackageIndex>> = ByPackage::default();
    let starts: Vec<PackageIndex> = root
        .uses
        .iter()
        .map(|usage| usage.package)
        .filter(|at| asked.get(at).is_some_and(|kinds| kinds.contains(runtime)))
        .collect();
    before.extend(starts.iter().map(|&start| (start, None)));
    let mut todo: VecDeque<PackageIndex> = starts.into();
    while let Some(package) = todo.pop_front() {
        for edge in edges.from(package).filter(|edge| edge.kind == runtime && is_foreign(root, edge.to)) {
            before.entry(edge.to).or_insert_with(|| {
                todo.push_back(edge.to);
                Some(package)
            });
        }
    }
    shipped.into_iter().filter_map(|usage| Some((usage, path(&before, usage.package)?))).collect()
}

/// The path to a package, from its start; empty where it is longer than any that is listed.
fn path(before: &ByPackage<Option<PackageIndex>>, package: PackageIndex) -> Option<Vec<PackageIndex>> {
    let mut path = vec![package];
    let mut at = *before.get(&package)?;
    while let Some(package) = at {
        if path.len() >= LONGEST {
            return Some(Vec::new());
        }
        path.push(package);
        at = before.get(&package).copied().flatten();
    }
    path.reverse();
    Some(path)
}

/// What findings are made of.
struct Look<'v> {
    view: &'v View<'v>,
    root: &'v Root,
    tree: &'v Tree<'v>,
}

/// How many packages of a path are named.
const NAMED: usize = 6;

impl<'v> Look<'v> {
    fn of_large(&self, large: &Large<'v>, most: usize) -> Finding {
        let all = match large.all {
            Some(all) if all > large.alone => format!("it brings {}, ", counted(all, "package")),
            _ => "it brings ".to_owned(),
        };
        let rest = match large.all {
            Some(all) if all > large.alone => format!("{} of which nothing else here needs", large.alone),
            _ => format!("{} that nothing else here needs", counted(large.alone, "package")),
        };
        let change = |name: &str| format!("look for something smaller than {name}");
        self.finding(large.usage, "brings", &format!("{all}{rest}, more than {most}"), change)
    }

    fn of_shipped(&self, usage: &'v Use, path: &[PackageIndex]) -> Finding {
        let label = |&package: &PackageIndex| self.view.graph.package(package).id.label();
        let way = &path[..path.len().saturating_sub(1)];
        let mut names: Vec<String> = way.iter().take(NAMED).map(label).collect();
        if way.len() > NAMED {
            names.push("…".to_owned());
        }
        if path.is_empty() {
            names.push(format!("more than {LONGEST} packages"));
        }
        let what = format!(
            "it is asked for as a development dependency only, and is shipped all the same, through {}",
            names.join(" › ")
        );
        self.finding(usage, "shipped", &what, |name| format!("ask for {name} as the runtime dependency that it is"))
    }

    fn finding(&self, usage: &'v Use, key: &str, what: &str, change: impl Fn(&str) -> String) -> Finding {
        let place = self.tree.place(usage);
        let message = format!("{}: {what}. {}", place.label(), place.who());
        let change = Some(change(&place.id().name));
        let location = place.declared().first().cloned();
        let fix = Fix { state: FixState::Unknown, version: None, change, command: None, location };
        // A project has one version of a package that it names itself; of several, each brings the same in essence.
        let print = fingerprint(&CHECK.rule, place.id(), &self.root.path, key, rank(self.view, self.root, usage));
        place.finding(&CHECK.rule, message, fix, print)
    }
}

/// The place of a package among the direct ones of its name.
fn rank(view: &View<'_>, root: &Root, usage: &Use) -> usize {
    let name = |package| &view.graph.package(package).id.name;
    // Packages are sorted by their identity, and so are uses: those of one name stand side by side.
    let at = root.uses.partition_point(|other| other.package < usage.package);
    root.uses[..at].iter().rev().take_while(|other| name(other.package) == name(usage.package)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;
    use crate::rule::Parameters;
    use crate::rule::tests_support::{TODAY, Tree as TestTree};

    fn tree() -> TestTree {
        TestTree::new("lock", "any-lock", Ecosystem::Npm)
    }

    fn look(tree: TestTree, most: u32) -> (Vec<String>, usize) {
        let (graph, facts) = tree.finish();
        let settings = [(CHECK.rule.id, [(MAX_TRANSITIVE, Setting::Count(most))].into())].into();
        let parameters = Parameters { graph_formats: vec!["any-lock"], settings, ..Parameters::default() };
        let found = find(&View { graph: &graph, facts: &facts, parameters: &parameters, today: TODAY });
        (found.findings.into_iter().map(|finding| finding.message).collect(), found.missing.len())
    }

    /// `a` brings `a1`, `a2` and the shared `s`, `b` brings `s`; `a` and `c` need `b`, which is direct.
    fn shared() -> TestTree {
        let mut tree = tree();
        let [a, b, c, a1, a2, s] = ["a", "b", "c", "a1", "a2", "s"].map(|name| tree.package(name, "1.0.0"));
        for (from, to) in [(0, a), (0, b), (0, c), (a, a1), (a1, a2), (a2, a1), (a, s), (b, s), (a, b), (c, b)] {
            tree.needs(from, to, None);
        }
        tree
    }

    #[test]
    fn what_nothing_else_needs_counts() {
        assert_eq!(
            look(shared(), 1).0,
            [
                "a 1.0.0: it brings 4 packages, 2 of which nothing else here needs, more than 1. A direct dependency of app \
              0.1.0 in lock."
            ]
        );
        assert_eq!(look(shared(), 2).0, [""; 0]);
    }

    #[test]
    fn a_chain_of_one_dependency_is_all_its_own() {
        let mut tree = tree();
        let packages: Vec<_> = (0..5).map(|at| tree.package(&format!("p{at}"), "1.0.0")).collect();
        tree.needs(0, packages[0], None);
        packages.windows(2).for_each(|two| tree.needs(two[0], two[1], None));
        assert_eq!(
            look(tree, 3).0,
            [
                "p0 1.0.0: it brings 4 packages that nothing else here needs, more than 3. A direct dependency of app 0.1.0 in \
              lock."
            ]
        );
    }

    #[test]
    fn a_development_dependency_that_is_shipped_is_found_with_its_path() {
        let mut tree = tree();
        let [run, deep, test, only] = ["run", "deep", "test", "only"].map(|name| tree.package(name, "1.0.0"));
        tree.needs(0, run, None);
        tree.needs(run, deep, None);
        tree.needs(deep, test, None);
        for dev in [test, only] {
            tree.edge(0, dev, DependencyKind::Dev, None);
        }
        assert_eq!(
            look(tree, 100).0,
            [
                "test 1.0.0: it is asked for as a development dependency only, and is shipped all the same, through run 1.0.0 › \
              deep 1.0.0. A direct dependency of app 0.1.0 in lock."
            ]
        );
    }

    #[test]
    fn what_is_asked_for_both_ways_is_no_surprise() {
        let mut tree = tree();
        let [run, test] = ["run", "test"].map(|name| tree.package(name, "1.0.0"));
        tree.needs(0, run, None);
        tree.needs(run, test, None);
        tree.edge(0, test, DependencyKind::Dev, None);
        tree.needs(0, test, None);
        assert_eq!(look(tree, 100), (vec![], 0));
    }

    #[test]
    fn a_format_without_edges_tells_nothing() {
        let mut tree = TestTree::new("go.mod", "go-mod", Ecosystem::Go);
        let [a, b] = ["a", "b"].map(|name| tree.package(name, "v1.0.0"));
        tree.needs(0, a, None);
        tree.needs(0, b, None);
        assert_eq!(look(tree, 0), (vec![], 2));
    }

    /// 500 direct dependencies that all lead to one long chain: a walk for each would take minutes.
    #[test]
    fn a_large_tree_is_walked_once() {
        let mut tree = tree();
        let chain: Vec<_> = (0..20_000).map(|at| tree.package(&format!("c{at}"), "1.0.0")).collect();
        chain.windows(2).for_each(|two| tree.needs(two[0], two[1], None));
        for at in 0..500 {
            let direct = tree.package(&format!("d{at}"), "1.0.0");
            tree.needs(0, direct, None);
            tree.needs(direct, chain[0], None);
        }
        assert_eq!(look(tree, 100), (vec![], 0));
    }
}
