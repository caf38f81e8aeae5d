//! Paths from the projects of a root to a package: the shortest ones, and how many there are.
//!
//! A lockfile of ten thousand packages can hold 10¹² paths, so none is listed that is not asked for. The listing
//! is a best-first search over partial paths with the exact distance to go as its bound, so that paths come out
//! shortest first and every step but the last few is on a path that is printed. The count is a sum over the
//! acyclic part; with a cycle in it, it is a lower bound and says so.

use std::cell::{Cell, OnceCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::{Dependency, PackageIndex, PathCount, Root};

/// How many partial paths a listing may look at. Reached only where cycles make most walks repeat a package.
const MAX_PARTIAL_PATHS: usize = 200_000;

/// How many edges the questions about one root may look at, in all. A lockfile as people have it takes a hundredth;
/// one in which thousands of packages are asked about and each is reached over most of the others would take hours.
const MAX_STEPS: usize = 4_000_000;

/// Paths to one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chains {
    /// Each from a project (or, where a root names none, from a direct dependency) to the package, both included;
    /// shortest first, then by package.
    pub paths: Vec<Vec<PackageIndex>>,
    /// How many paths there are in all.
    pub total: PathCount,
}

/// The `max` shortest paths by which a root brings a package in. No path has a package twice.
pub fn chains(root: &Root, target: PackageIndex, max: usize) -> Chains {
    Routes::of(root).chains(target, max)
}

/// The edges of a root seen from what is needed: made once, asked about many packages.
#[derive(Debug)]
pub struct Routes<'r> {
    root: &'r Root,
    /// Made when the first package is asked about.
    users: OnceCell<Users>,
    /// How many edges were looked at.
    steps: Cell<usize>,
}

/// Who needs each package.
#[derive(Debug)]
struct Users {
    /// Where the edges to each package begin in `all`, up to the last that is needed.
    first: Vec<usize>,
    /// The places of edges in [`Root::dependencies`] by what is needed; those to one package in their order.
    all: Vec<usize>,
}

impl Users {
    /// By counting: edges are many, and packages have small numbers.
    fn of(root: &Root) -> Self {
        let edges = || root.dependencies.iter();
        let packages = edges().map(|edge| edge.to as usize + 1).max().unwrap_or(0);
        let mut first = vec![0; packages + 1];
        for edge in edges() {
            first[edge.to as usize + 1] += 1;
        }
        for package in 0..packages {
            first[package + 1] += first[package];
        }
        let mut next = first.clone();
        let mut all = vec![0; first[packages]];
        for (at, edge) in edges().enumerate() {
            let place = &mut next[edge.to as usize];
            all[*place] = at;
            *place += 1;
        }
        Self { first, all }
    }

    fn of_package(&self, package: PackageIndex) -> &[usize] {
        let at = package as usize;
        match (self.first.get(at), self.first.get(at + 1)) {
            (Some(&first), Some(&end)) => &self.all[first..end],
            _ => &[],
        }
    }
}

/// Packages are numbered one after the other, by nobody outside, so that their numbers need no hash that withstands
/// who chooses them.
pub(crate) type ByPackage<T> = HashMap<PackageIndex, T, BuildHasherDefault<NumberHasher>>;

/// Spreads a number over all bits (<https://doi.org/10.1145/3360551>, Fibonacci hashing).
#[derive(Debug, Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'r> Routes<'r> {
    /// The routes of a root. The first question costs one pass over its edges.
    pub fn of(root: &'r Root) -> Self {
        Self { root, users: OnceCell::new(), steps: Cell::new(0) }
    }

    /// The edges to a package, in the order of [`Root::dependencies`].
    pub fn edges_to(&self, package: PackageIndex) -> impl Iterator<Item = &'r Dependency> + use<'_, 'r> {
        let places = self.users.get_or_init(|| Users::of(self.root)).of_package(package);
        places.iter().filter_map(|&at| self.root.dependencies.get(at))
    }

    /// Who needs a package, other than itself.
    fn users(&self, package: PackageIndex) -> impl Iterator<Item = PackageIndex> + use<'_, 'r> {
        self.edges_to(package).map(|edge| edge.from).filter(move |&from| from != package)
    }

    /// [`chains`] of this root; looks only at what leads to the package. Bounded by itself; who asks about many packages
    /// asks [`Routes::is_spent`] before each.
    pub fn chains(&self, target: PackageIndex, max: usize) -> Chains {
        let graph = Reaching::towards(self, target);
        let starts = graph.starts(self, target);
        Chains { paths: graph.shortest(self, &starts, target, max), total: graph.count(&starts, target) }
    }

    /// Whether the questions so far cost as much as all of them may.
    pub fn is_spent(&self) -> bool {
        self.steps.get() > MAX_STEPS
    }

    fn spend(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }
}

/// The part of a root's graph from which the target can be reached.
struct Reaching {
    /// Steps to the target, by package.
    distance: ByPackage<u32>,
    /// Who needs whom, sorted, only among packages with a distance.
    needs: ByPackage<Vec<PackageIndex>>,
}

impl Reaching {
    fn towards(routes: &Routes<'_>, target: PackageIndex) -> Self {
        let mut distance: ByPackage<u32> = std::iter::once((target, 0)).collect();
        let mut needs: ByPackage<Vec<PackageIndex>> = ByPackage::default();
        let mut todo = VecDeque::from([target]);
        while let Some(package) = todo.pop_front() {
            let next = distance[&package] + 1;
            for user in routes.users(package) {
                routes.spend(1);
                // What the target needs itself is not on a path to it, save where a cycle would repeat it.
                if user == target {
                    continue;
                }
                needs.entry(user).or_default().push(package);
                distance.entry(user).or_insert_with(|| {
                    todo.push_back(user);
                    next
                });
            }
        }
        for packages in needs.values_mut() {
            packages.sort_unstable();
            packages.dedup();
        }
        Self { distance, needs }
    }

    fn starts(&self, routes: &Routes<'_>, target: PackageIndex) -> Vec<PackageIndex> {
        let root = routes.root;
        routes.spend(root.members.len());
        let members = || root.members.iter().copied();
        let direct = || root.uses.iter().filter(|usage| usage.direct == Some(true)).map(|usage| usage.package);
        let reaching = |packages: Vec<PackageIndex>| -> Vec<PackageIndex> {
            packages.into_iter().filter(|package| self.distance.contains_key(package)).collect()
        };
        let from_members: Vec<_> = reaching(members().filter(|&member| member != target).collect());
        if !from_members.is_empty() {
            return from_members;
        }
        routes.spend(root.uses.len());
        reaching(direct().collect())
    }

    fn shortest(
        &self,
        routes: &Routes<'_>,
        starts: &[PackageIndex],
        target: PackageIndex,
        max: usize,
    ) -> Vec<Vec<PackageIndex>> {
        // A partial path is its last package and the place of the path before it. Among partial paths of
        // equal promise the longest goes first: it is nearest to being a whole one.
        let mut partial: Vec<(PackageIndex, Option<usize>)> = Vec::new();
        let mut queue = BinaryHeap::new();
        for &start in starts {
            queue.push(Reverse((self.distance[&start], Reverse(0), start, partial.len())));
            partial.push((start, None));
        }
        let mut paths = Vec::new();
        while let Some(Reverse((_, Reverse(steps), package, at))) = queue.pop() {
            if paths.len() >= max || partial.len() > MAX_PARTIAL_PATHS || routes.is_spent() {
                break;
            }
            let path = || {
                let mut path = vec![package];
                let mut before = partial[at].1;
                while let Some(place) = before {
                    path.push(partial[place].0);
                    before = partial[place].1;
                }
                path
            };
            if package == target {
                let mut path = path();
                path.reverse();
                paths.push(path);
                continue;
            }
            let seen = path();
            let needs = self.needs.get(&package).map_or(&[][..], Vec::as_slice);
            routes.spend(seen.len().saturating_mul(needs.len()));
            for &next in needs.iter().filter(|next| !seen.contains(next)) {
                let length = steps + 1 + self.distance[&next];
                queue.push(Reverse((length, Reverse(steps + 1), next, partial.len())));
                partial.push((next, Some(at)));
            }
        }
        paths.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        paths
    }

    /// Counts paths by walking depth first without recursion; a package that is met again while it is still open
    /// closes a cycle.
    fn count(&self, starts: &[PackageIndex], target: PackageIndex) -> PathCount {
        #[derive(Clone, Copy)]
        enum State {
            Open,
            Done(u64),
        }
        let mut states: ByPackage<State> = std::iter::once((target, State::Done(1))).collect();
        let mut exact = true;
        let mut total = 0_u64;
        for &start in starts {
            let mut stack = vec![(start, 0_usize, 0_u64)];
            while let Some((package, child, sum)) = stack.pop() {
                if child == 0 {
                    match states.get(&package) {
                        Some(State::Done(number)) => {
                            total_into(&mut stack, &mut total, *number);
                            continue;
                        }
                        Some(State::Open) => {
                            exact = false;
                            total_into(&mut stack, &mut total, 0);
                            continue;
                        }
                        None => {
                            states.insert(package, State::Open);
                        }
                    }
                }
                match self.needs.get(&package).and_then(|needs| needs.get(child)) {
                    Some(&next) => {
                        stack.push((package, child + 1, sum));
                        stack.push((next, 0, 0));
                    }
                    None => {
                        states.insert(package, State::Done(sum));
                        total_into(&mut stack, &mut total, sum);
                    }
                }
            }
        }
        if exact && total < u64::MAX { PathCount::Exactly(total) } else { PathCount::AtLeast(total) }
    }
}

/// Adds the number of a finished package to the one that waits for it, or to the total.
fn total_into(stack: &mut [(PackageIndex, usize, u64)], total: &mut u64, number: u64) {
    let waiting = stack.last_mut().map_or(total, |(_, _, sum)| sum);
    *waiting = waiting.saturating_add(number);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::model::{Dependency, DependencyKind, Use};

    fn root(members: &[u32], edges: &[(u32, u32)]) -> Root {
        let mut dependencies: Vec<Dependency> = edges
            .iter()
            .map(|&(from, to)| Dependency { from, to, kind: DependencyKind::Runtime, requirement: None })
            .collect();
        dependencies.sort();
        let uses: Vec<Use> = Vec::new();
        Root {
            path: "l".into(),
            parser: "p",
            test_data: false,
            members: members.to_vec(),
            uses,
            dependencies,
            drift: vec![],
        }
    }

    #[test]
    fn paths_come_shortest_first_and_cycles_end() {
        let root = root(&[0], &[(0, 1), (1, 2), (2, 3), (0, 3), (2, 1), (3, 1), (1, 3)]);
        let found = chains(&root, 3, 10);
        assert_eq!(found.paths, [vec![0, 3], vec![0, 1, 3], vec![0, 1, 2, 3]]);
        assert!(matches!(found.total, PathCount::AtLeast(_)));
        assert_eq!(chains(&root, 3, 1).paths, [vec![0, 3]]);
        assert_eq!(chains(&root, 9, 5), Chains { paths: vec![], total: PathCount::Exactly(0) });
    }

    #[test]
    fn a_layered_graph_with_a_trillion_paths_answers_at_once() {
        // 12 layers of 10 packages each with all edges between neighbours give 10¹² paths; a tail of chains
        // brings the graph to 10,000 packages.
        let mut edges = Vec::new();
        for layer in 0..12_u32 {
            for from in 0..10 {
                for to in 0..10 {
                    edges.push((1 + layer * 10 + from, 1 + (layer + 1) * 10 + to));
                }
            }
        }
        edges.extend((1..=10).map(|first| (0, first)));
        edges.extend((121..=130).map(|last| (last, 9_999)));
        edges.extend((131..9_998).map(|at| (at, at + 1)));
        edges.push((0, 131));
        let root = root(&[0], &edges);
        let before = Instant::now();
        let found = chains(&root, 9_999, 10);
        assert_eq!(found.paths.len(), 10);
        assert_eq!(found.total, PathCount::Exactly(10_u64.pow(13)));
        assert!(before.elapsed().as_secs_f64() < 1.0);
    }
}
