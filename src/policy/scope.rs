//! Which findings a rule's settings and overrides are about: by kind, ecosystem, place in the tree and package.
//!
//! A rule judges what is in scope in *any* way: one use that reaches it is enough. An override of the level holds only
//! for what is there in *no other* way (all its kinds, all the members that bring it): so it never hides a runtime use
//! behind a development one. An override that asks for a level at least hides nothing, and holds for any way.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::{Override, PackagePattern, PathPattern, Policy, RuleSettings};
use crate::model::{
    DependencyGraph, Ecosystem, Finding, Kinds, Level, PackageId, PackageIndex, Root, Scope, Subject, Use,
};

/// Where and of what something must be. What names nothing means anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The ecosystems.
    pub ecosystems: Vec<Ecosystem>,
    /// The lockfile, or the manifest of the workspace member that brings a package in, or a folder above it.
    pub paths: Vec<PathPattern>,
    /// The packages.
    pub packages: Vec<PackagePattern>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.ecosystems.is_empty() && self.paths.is_empty() && self.packages.is_empty()
    }
}

/// How a finding must lie in the bounds of something.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// One way into them is enough.
    Any,
    /// There is none out of them.
    All,
}

/// What findings are held against, made ready for many of them.
pub(super) struct Scopes<'p> {
    graph: &'p DependencyGraph,
    /// Overrides that set something, and those that ask for a level at least, by rule; in the order of the policy.
    setting: ByRule<'p>,
    raising: ByRule<'p>,
    /// Every different list of paths.
    paths: Vec<&'p [PathPattern]>,
    /// By root, where in it which list of paths leads; made when first asked about.
    reach: Vec<OnceCell<Reach>>,
}

/// Overrides of one rule, and those of all rules.
#[derive(Default)]
struct ByRule<'p> {
    of_rule: HashMap<&'static str, Vec<Sorted<'p>>>,
}

/// An override and its place among all.
#[derive(Clone, Copy)]
struct Sorted<'p> {
    one: &'p Override,
    /// The place of its paths in [`Scopes::paths`].
    paths: Option<usize>,
}

/// A finding with what its scope is judged by.
#[derive(Clone, Copy)]
pub(super) struct Place<'g> {
    /// The package and how its root uses it.
    package: Option<(&'g PackageId, Option<&'g Use>)>,
    root: Option<usize>,
    /// The file that the finding is about, if it is about one.
    file: Option<&'g str>,
}

impl<'g> Place<'g> {
    pub(super) fn of(finding: &'g Finding, graph: &'g DependencyGraph) -> Self {
        match &finding.subject {
            Subject::Package { package, root } => {
                let usage = graph.roots.get(*root).and_then(|root| root.usage(*package));
                Self { package: Some((&graph.package(*package).id, usage)), root: Some(*root), file: None }
            }
            Subject::File(path) => Self { package: None, root: None, file: Some(path) },
            Subject::Project => Self { package: None, root: None, file: None },
        }
    }

    pub(super) fn usage(&self) -> Option<&'g Use> {
        self.package.and_then(|(_, usage)| usage)
    }

    fn kinds(&self) -> Kinds {
        self.usage().map_or(Kinds::default(), |usage| usage.kinds)
    }
}

impl<'p> Scopes<'p> {
    pub(super) fn of(policy: &'p Policy, graph: &'p DependencyGraph) -> Self {
        let mut paths: Vec<&[PathPattern]> = Vec::new();
        let mut numbers: HashMap<Vec<&str>, usize> = HashMap::new();
        let filters = policy.rules.values().map(|settings| &settings.filter);
        for filter in filters.chain(policy.overrides.iter().map(|one| &one.filter)) {
            let key: Vec<&str> = filter.paths.iter().map(PathPattern::as_str).collect();
            if !key.is_empty() && !numbers.contains_key(&key) {
                numbers.insert(key, paths.len());
                paths.push(&filter.paths);
            }
        }
        let number = |filter: &Filter| {
            let key: Vec<&str> = filter.paths.iter().map(PathPattern::as_str).collect();
            numbers.get(&key).copied()
        };
        let (mut setting, mut raising) = (ByRule::default(), ByRule::default());
        for one in &policy.overrides {
            let sorted = Sorted { one, paths: number(&one.filter) };
            let of: &mut ByRule<'p> = if one.at_least.is_some() { &mut raising } else { &mut setting };
            for id in policy.rules.keys().filter(|id| one.is_of(id) && !policy.is_level_of_flag(id)) {
                of.of_rule.entry(id).or_default().push(sorted);
            }
        }
        let reach = graph.roots.iter().map(|_| OnceCell::new()).collect();
        Self { graph, setting, raising, paths, reach }
    }

    /// Why a rule's settings leave a finding out, if they do.
    pub(super) fn outside(&self, settings: &RuleSettings, place: &Place<'_>) -> Option<String> {
        let kinds = place.kinds();
        if let Some(judged) = settings.kinds
            && !kinds.is_unknown()
            && !kinds.iter().any(|kind| judged.contains(kind))
        {
            let words: Vec<&str> = kinds.iter().map(crate::model::DependencyKind::as_str).collect();
            return Some(format!("only for {}, which the policy leaves out", words.join(" and ")));
        }
        let is_transitive = place.usage().is_some_and(|usage| usage.direct == Some(false));
        if is_transitive && settings.scope == Some(Scope::Direct) {
            return Some("transitive, and the policy's scope is direct".to_owned());
        }
        let filter = &settings.filter;
        if filter.is_empty() {
            return None;
        }
        if let Some((id, _)) = place.package {
            if !filter.ecosystems.is_empty() && !filter.ecosystems.contains(&id.ecosystem) {
                return Some(format!("{}, which the policy's `ecosystems` leave out", id.ecosystem));
            }
            if !filter.packages.is_empty() && !filter.packages.iter().any(|pattern| pattern.matches(id)) {
                return Some("outside the policy's `packages`".to_owned());
            }
        }
        let number = self.paths.iter().position(|paths| *paths == filter.paths.as_slice());
        let is_outside = number.is_some_and(|number| !self.is_within_paths(number, place, Way::Any));
        is_outside.then(|| "outside the policy's `paths`".to_owned())
    }

    /// The last override of a rule that sets something for a finding.
    pub(super) fn setting(&self, rule: &str, place: &Place<'_>) -> Option<&'p Override> {
        let all = self.setting.of_rule.get(rule)?;
        all.iter().rev().find(|sorted| self.holds(**sorted, place, Way::All)).map(|sorted| sorted.one)
    }

    /// The overrides of a rule that ask for a level at least, the gravest first.
    pub(super) fn raising(&self, rule: &str, place: &Place<'_>) -> Option<(&'p Override, Level)> {
        let all = self.raising.of_rule.get(rule)?;
        let holding = all.iter().filter(|sorted| self.holds(**sorted, place, Way::Any));
        let levels = holding.filter_map(|sorted| Some((sorted.one, sorted.one.at_least?)));
        levels.reduce(|gravest, other| if other.1 > gravest.1 { other } else { gravest })
    }

    fn holds(&self, Sorted { one, paths }: Sorted<'_>, place: &Place<'_>, way: Way) -> bool {
        if let Some(kinds) = one.kinds {
            let used = place.kinds();
            let within = match way {
                Way::Any => used.is_unknown() || used.iter().any(|kind| kinds.contains(kind)),
                Way::All => !used.is_unknown() && used.iter().all(|kind| kinds.contains(kind)),
            };
            if !within {
                return false;
            }
        }
        if one.scope == Some(Scope::Direct) {
            let direct = place.usage().and_then(|usage| usage.direct);
            let within = if way == Way::Any { direct != Some(false) } else { direct == Some(true) };
            if !within {
                return false;
            }
        }
        let filter = &one.filter;
        let is_of_packages = !filter.ecosystems.is_empty() || !filter.packages.is_empty();
        match place.package {
            Some((id, _)) => {
                let named = filter.ecosystems.is_empty() || filter.ecosystems.contains(&id.ecosystem);
                if !named || !(filter.packages.is_empty() || filter.packages.iter().any(|one| one.matches(id))) {
                    return false;
                }
            }
            None if is_of_packages || one.kinds.is_some() || one.scope.is_some() => return false,
            None => {}
        }
        paths.is_none_or(|number| self.is_within_paths(number, place, way))
    }

    fn is_within_paths(&self, number: usize, place: &Place<'_>, way: Way) -> bool {
        let paths = self.paths[number];
        let fits = |path: &str| paths.iter().any(|pattern| pattern.matches(path));
        match (place.root, place.package, place.file) {
            (Some(root), Some((_, usage)), _) => {
                let reach = self.reach[root].get_or_init(|| Reach::of(&self.graph.roots[root], &self.paths));
                let ways = usage.map_or(Ways::UNKNOWN, |usage| reach.ways(number, usage.package));
                match way {
                    Way::Any => ways.inside,
                    Way::All => ways.inside && !ways.outside,
                }
            }
            (_, _, Some(file)) => fits(file),
            // The project as a whole is everywhere.
            _ => way == Way::Any,
        }
    }
}

/// Whether a package is brought in from inside and from outside some paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ways {
    inside: bool,
    outside: bool,
}

impl Ways {
    /// Nobody can tell: perhaps both.
    const UNKNOWN: Self = Self { inside: true, outside: true };
}

/// From where each package of a root is brought in, for up to 64 lists of paths at once.
#[derive(Debug)]
struct Block {
    /// A bit for each list: brought in by a member within it. By place in the root's uses.
    inside: Vec<u64>,
    /// A bit for each list: brought in by a member that is not.
    outside: Vec<u64>,
}

/// From where each package of a root is brought in.
#[derive(Debug)]
struct Reach {
    /// The packages of the root, sorted.
    packages: Vec<PackageIndex>,
    /// The lists of paths that name the root's own file: everything in it is inside.
    whole: Vec<bool>,
    blocks: Vec<Block>,
}

impl Reach {
    fn of(root: &Root, lists: &[&[PathPattern]]) -> Self {
        let whole = lists.iter().map(|paths| paths.iter().any(|pattern| pattern.matches(&root.path))).collect();
        let packages: Vec<PackageIndex> = root.uses.iter().map(|usage| usage.package).collect();
        let edges = edges(root, &packages);
        let members = manifests_of_members(root, &packages, &edges);
        let blocks = lists.chunks(64).map(|lists| Block::of(root, lists, &edges, &members)).collect();
        Self { packages, whole, blocks }
    }

    fn ways(&self, list: usize, package: PackageIndex) -> Ways {
        if self.whole[list] {
            return Ways { inside: true, outside: false };
        }
        let Ok(at) = self.packages.binary_search(&package) else { return Ways::UNKNOWN };
        let (block, bit) = (&self.blocks[list / 64], 1_u64 << (list % 64));
        let ways = Ways { inside: block.inside[at] & bit != 0, outside: block.outside[at] & bit != 0 };
        // Whom nobody is known to bring in may come from anywhere.
        if ways.inside || ways.outside { ways } else { Ways::UNKNOWN }
    }
}

/// What each package of a root needs, by place in the root's uses.
fn edges(root: &Root, packages: &[PackageIndex]) -> Vec<Vec<usize>> {
    let mut edges = vec![Vec::new(); packages.len()];
    let place = |package: PackageIndex| packages.binary_search(&package).ok();
    for dependency in &root.dependencies {
        if let (Some(from), Some(to)) = (place(dependency.from), place(dependency.to)) {
            edges[from].push(to);
        }
    }
    edges
}

/// The manifests that may be the one of each member: every direct dependency of a member says in which manifests it is
/// asked for, and the member's own is among them every time. `None`: that cannot be told.
fn manifests_of_members<'r>(
    root: &'r Root,
    packages: &[PackageIndex],
    edges: &[Vec<usize>],
) -> Vec<(usize, Option<Vec<&'r str>>)> {
    let mut members = Vec::with_capacity(root.members.len());
    for member in &root.members {
        let Ok(at) = packages.binary_search(member) else { continue };
        let mut manifests: Option<Vec<&str>> = None;
        for &needed in &edges[at] {
            let declared = &root.uses[needed].declared;
            // Of a package that very many ask for, not all who do are kept.
            if declared.is_empty() || declared.len() >= Use::MOST_LOCATIONS {
                continue;
            }
            let is_declared = |path: &&str| declared.iter().any(|location| &*location.path == *path);
            match &mut manifests {
                Some(manifests) => manifests.retain(is_declared),
                None => {
                    let mut paths: Vec<&str> = declared.iter().map(|location| &*location.path).collect();
                    paths.sort_unstable();
                    paths.dedup();
                    manifests = Some(paths);
                }
            }
        }
        members.push((at, manifests.filter(|manifests| !manifests.is_empty())));
    }
    members
}

impl Block {
    fn of(root: &Root, lists: &[&[PathPattern]], edges: &[Vec<usize>], members: &[(usize, Option<Vec<&str>>)]) -> Self {
        let all = u64::MAX >> (64 - lists.len());
        let mut known: HashMap<&str, u64> = HashMap::new();
        let mut bits = |path| {
            *known.entry(path).or_insert_with(|| {
                let fits = |paths: &&[PathPattern]| paths.iter().any(|pattern| pattern.matches(path));
                lists.iter().enumerate().filter(|(_, paths)| fits(paths)).fold(0, |bits, (at, _)| bits | 1 << at)
            })
        };
        let mut block = Self { inside: vec![0; root.uses.len()], outside: vec![0; root.uses.len()] };
        let mut todo = Vec::new();
        for (at, manifests) in members {
            match manifests {
                Some(manifests) => manifests.iter().for_each(|path| block.add(*at, bits(path), all)),
                None => block.add_both(*at, all),
            }
            todo.push(*at);
        }
        for (at, usage) in root.uses.iter().enumerate().filter(|(_, usage)| !usage.declared.is_empty()) {
            usage.declared.iter().for_each(|location| block.add(at, bits(&*location.path), all));
            if usage.declared.len() >= Use::MOST_LOCATIONS {
                block.add_both(at, all);
            }
            todo.push(at);
        }
        block.spread(edges, todo);
        block
    }

    fn add(&mut self, at: usize, inside: u64, all: u64) {
        self.inside[at] |= inside;
        self.outside[at] |= all & !inside;
    }

    fn add_both(&mut self, at: usize, all: u64) {
        self.inside[at] |= all;
        self.outside[at] |= all;
    }

    /// Hands on what is known of a package to what it needs. Bits are only ever added, so that it ends in circles too.
    fn spread(&mut self, edges: &[Vec<usize>], mut todo: Vec<usize>) {
        while let Some(at) = todo.pop() {
            let (inside, outside) = (self.inside[at], self.outside[at]);
            for &needed in &edges[at] {
                if (inside & !self.inside[needed]) | (outside & !self.outside[needed]) != 0 {
                    self.inside[needed] |= inside;
                    self.outside[needed] |= outside;
                    todo.push(needed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::{Decision, DependencyKind, Facts, PolicyOrigin};
    use crate::policy::{decide, parse};
    use crate::rule;
    use crate::rule::tests_support::{Tree, vulnerability};

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn policy(text: &str) -> Policy {
        let text = format!("version = 1\n{text}");
        parse("osprey.toml", &text, PolicyOrigin::Flag, &rule::rules(), TODAY).unwrap()
    }

    fn decided((graph, facts): &(DependencyGraph, Facts), policy: &Policy) -> Vec<Decision> {
        let parameters = rule::Parameters { off: policy.off(), ..rule::Parameters::default() };
        let view = rule::View { graph, facts, parameters: &parameters, today: TODAY };
        decide(rule::find(&view).0, graph, policy, TODAY).0
    }

    /// `name: level, reason`, by name, of what is critical and can be fixed in each package.
    fn lines(tree: &(DependencyGraph, Facts), text: &str) -> String {
        let mut lines: Vec<String> = decided(tree, &policy(text))
            .iter()
            .map(|decision| {
                let Subject::Package { package, .. } = decision.finding.subject else { panic!("{decision:?}") };
                let name = &tree.0.package(package).id.name;
                format!(
                    "{name}: {}, {}",
                    decision.level,
                    decision.reason.trim_start_matches("critical, fix available: ")
                )
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    /// A workspace: `web` in `services/web` needs `shared` and `left`, `tool` in `tools/gen` needs `shared` and, for
    /// development, `right`, and each what comes behind it. `core` in `libs/core` is needed by `web` alone.
    fn workspace() -> (DependencyGraph, Facts) {
        let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
        let (web, tool, core) =
            (tree.member("web", "1.0.0"), tree.member("tool", "1.0.0"), tree.member("core", "1.0.0"));
        let all = ["shared", "left", "right", "below-shared", "below-left", "below-right", "below-core"];
        let [shared, left, right, below_shared, below_left, below_right, below_core] =
            all.map(|name| tree.package(name, "1.0.0"));
        for (from, to, manifest) in [
            (web, shared, "services/web/package.json"),
            (web, left, "services/web/package.json"),
            (tool, shared, "tools/gen/package.json"),
            (core, below_core, "libs/core/package.json"),
        ] {
            tree.needs(from, to, None);
            tree.declare(to, manifest, 1);
        }
        tree.edge(tool, right, DependencyKind::Dev, None);
        tree.declare(right, "tools/gen/package.json", 2);
        tree.needs(web, core, None);
        for (from, to) in [(shared, below_shared), (left, below_left), (right, below_right), (below_left, left)] {
            tree.needs(from, to, None);
        }
        for package in [shared, left, right, below_shared, below_left, below_right, below_core] {
            tree.hit(package, vulnerability("CVE-1", Some(9.8), Some("2.0.0")));
        }
        tree.finish()
    }

    #[test]
    fn a_rule_judges_what_is_in_scope_in_any_way() {
        let of = |more: &str| lines(&workspace(), &format!("[rules]\nknown-vulnerability = {{ {more} }}"));
        insta::assert_snapshot!(of("paths = [\"tools/**\"]"), @r#"
        below-core: allow, outside the policy's `paths`
        below-left: allow, outside the policy's `paths`
        below-right: deny, brownfield denies
        below-shared: deny, brownfield denies
        left: allow, outside the policy's `paths`
        right: deny, brownfield denies
        shared: deny, brownfield denies
        "#);
        insta::assert_snapshot!(of("packages = [\"pkg:npm/below-*\", \"pkg:npm/left@<1\"]"), @r#"
        below-core: deny, brownfield denies
        below-left: deny, brownfield denies
        below-right: deny, brownfield denies
        below-shared: deny, brownfield denies
        left: allow, outside the policy's `packages`
        right: allow, outside the policy's `packages`
        shared: allow, outside the policy's `packages`
        "#);
        assert!(
            of("ecosystems = [\"cargo\", \"pypi\"]")
                .lines()
                .all(|line| line.ends_with("npm, which the policy's `ecosystems` leave out"))
        );
        assert!(
            of("paths = [\"package-lock.json\"], ecosystems = [\"npm\"]").lines().all(|line| line.contains("deny"))
        );
    }

    #[test]
    fn an_override_of_the_level_holds_for_what_is_there_in_no_other_way() {
        let of = |more: &str| lines(&workspace(), &format!("[[overrides]]\nrules = [\"known-vulnerability\"]\n{more}"));
        insta::assert_snapshot!(of("paths = [\"tools/**\"]\nlevel = \"warn\""), @r#"
        below-core: deny, brownfield denies
        below-left: deny, brownfield denies
        below-right: warn, critical: the policy warns, by the override of osprey.toml:2
        below-shared: deny, brownfield denies
        left: deny, brownfield denies
        right: warn, critical: the policy warns, by the override of osprey.toml:2
        shared: deny, brownfield denies
        "#);
        insta::assert_snapshot!(of("paths = [\"services/**\"]\nlevel = \"warn\""), @r#"
        below-core: deny, brownfield denies
        below-left: warn, critical: the policy warns, by the override of osprey.toml:2
        below-right: deny, brownfield denies
        below-shared: deny, brownfield denies
        left: warn, critical: the policy warns, by the override of osprey.toml:2
        right: deny, brownfield denies
        shared: deny, brownfield denies
        "#);
        insta::assert_snapshot!(of("kinds = [\"dev\"]\nlevel = \"allow\""), @r#"
        below-core: deny, brownfield denies
        below-left: deny, brownfield denies
        below-right: allow, critical: the policy allows, by the override of osprey.toml:2
        below-shared: deny, brownfield denies
        left: deny, brownfield denies
        right: allow, critical: the policy allows, by the override of osprey.toml:2
        shared: deny, brownfield denies
        "#);
        insta::assert_snapshot!(of("scope = \"direct\"\nmin-severity = \"critical\"\nlevel = \"warn\""), @r#"
        below-core: warn, critical: the policy warns, by the override of osprey.toml:2
        below-left: deny, brownfield denies
        below-right: deny, brownfield denies
        below-shared: deny, brownfield denies
        left: warn, critical: the policy warns, by the override of osprey.toml:2
        right: warn, critical: the policy warns, by the override of osprey.toml:2
        shared: warn, critical: the policy warns, by the override of osprey.toml:2
        "#);
    }

    #[test]
    fn the_last_override_wins_and_one_that_raises_holds_for_any_way() {
        let of = |text: &str| lines(&workspace(), text);
        let two = |first: &str, second: &str| {
            of(&format!(
                "[[overrides]]\npackages = [\"pkg:npm/left\"]\n{first}\n[[overrides]]\npackages = [\"pkg:npm/l*\"]\n{second}"
            ))
        };
        assert!(
            two("level = \"allow\"", "level = \"warn\"")
                .contains("left: warn, critical: the policy warns, by the override of osprey.toml:5")
        );
        assert!(
            two("level = \"warn\"", "level = \"allow\"")
                .contains("left: allow, critical: the policy allows, by the override of osprey.toml:5")
        );
        assert!(
            two("at-least = \"deny\"", "level = \"allow\"")
                .contains("left: deny, critical: the policy denies, by the override of osprey.toml:2")
        );
        let raised =
            of("[rules]\nknown-vulnerability = \"warn\"\n[[overrides]]\npaths = [\"tools/**\"]\nat-least = \"deny\"");
        let denied: Vec<&str> = raised.lines().filter(|line| line.contains(": deny,")).collect();
        assert_eq!(denied.len(), 4, "{raised}");
        let flag = |level| {
            let mut policy = policy("[[overrides]]\npackages = [\"pkg:npm/*\"]\nlevel = \"warn\"");
            policy.set_level("known-vulnerability", level).unwrap();
            decided(&workspace(), &policy).iter().all(|decision| decision.level == level)
        };
        assert!(flag(Level::Deny) && flag(Level::Allow), "a flag wins over every override");
    }

    #[test]
    fn what_nobody_can_tell_is_judged_and_not_overridden() {
        let mut tree = Tree::new("poetry.lock", "poetry-lock", Ecosystem::PyPi);
        let lone = tree.package("lone", "1.0.0");
        tree.hit(lone, vulnerability("CVE-1", Some(9.8), Some("2.0.0")));
        let tree = tree.finish();
        assert!(lines(&tree, "[rules]\nknown-vulnerability = { paths = [\"a/**\"] }").starts_with("lone: deny"));
        assert!(lines(&tree, "[[overrides]]\npaths = [\"a/**\"]\nlevel = \"warn\"").starts_with("lone: deny"));
        assert!(lines(&tree, "[[overrides]]\nkinds = [\"dev\"]\nlevel = \"warn\"").starts_with("lone: deny"));
        assert!(lines(&tree, "[[overrides]]\npaths = [\"poetry.lock\"]\nlevel = \"warn\"").starts_with("lone: warn"));
    }
}
