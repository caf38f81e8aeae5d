//! What the statements of VEX documents mean for a graph: which products are here, and of which packages they speak.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::product::Product;
use super::{Document, Statement, Status};
use crate::model::{
    DependencyGraph, Diagnostic, DiagnosticSeverity, Ecosystem, PackageIndex, RepoPath, Root, SourceKind,
};
use crate::policy::exception::{Claim, Within};
use crate::policy::{Exception, PackagePattern};

/// The exceptions that statements about what is here make.
pub(in crate::policy) fn claims(
    documents: &[Document],
    graph: &DependencyGraph,
    project: Option<&str>,
) -> Vec<Exception> {
    if documents.is_empty() {
        return Vec::new();
    }
    let mut places = Places::of(graph, project);
    let statements = documents.iter().flat_map(|document| &document.statements).enumerate();
    statements.flat_map(|(number, statement)| places.claims(statement, number)).collect()
}

/// What there is to say about documents: how many of their statements are about something else.
pub fn remarks(documents: &[Document], graph: &DependencyGraph, project: Option<&str>) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    // Most runs have none, and to find the products costs.
    if documents.is_empty() {
        return remarks;
    }
    let mut places = Places::of(graph, project);
    for document in documents {
        let mut say = |severity, message: String| {
            let path = Some(RepoPath::from(document.path.as_str()));
            remarks.push(Diagnostic { path, line: None, severity, message });
        };
        let total = document.statements.len();
        let absent = |statement: &&Statement| places.claims(statement, 0).is_empty() && !is_vague(statement);
        let elsewhere = document.statements.iter().filter(absent).count();
        let vague = document.statements.iter().filter(|statement| is_vague(statement)).count();
        match elsewhere {
            0 if total > 0 => {}
            _ if elsewhere == total => {
                let what = "no statement of this VEX document is about a product that is here, so that it covers nothing; \
                            products are matched by package URL, or with --project by their repository";
                say(DiagnosticSeverity::Warning, what.to_owned());
            }
            1 => say(DiagnosticSeverity::Note, format!("1 of its {total} statements names products that are not here")),
            _ => {
                let message = format!("{elsewhere} of its {total} statements name products that are not here");
                say(DiagnosticSeverity::Note, message);
            }
        }
        if vague > 0 {
            let statements = if vague == 1 { "statement says" } else { "statements say" };
            let message = format!(
                "{vague} {statements} \"fixed\" of a package without its version, so that it is not known what is fixed"
            );
            say(DiagnosticSeverity::Warning, message);
        }
    }
    remarks
}

/// Whether a statement says that packages are fixed and of none in which version.
fn is_vague(statement: &Statement) -> bool {
    let vague = |(product, component): &(Product, Option<Product>)| {
        component.is_none() && matches!(product, Product::Package(package) if package.versions.is_empty())
    };
    statement.status == Status::Fixed && !statement.about.is_empty() && statement.about.iter().all(vague)
}

/// Where things are in a graph.
struct Places<'g> {
    graph: &'g DependencyGraph,
    project: Option<String>,
    /// Packages that are no projects themselves.
    packages: HashMap<(Ecosystem, &'g str), Vec<PackageIndex>>,
    /// Projects, with their roots.
    members: HashMap<(Ecosystem, &'g str), Vec<(usize, PackageIndex)>>,
    members_by_name: HashMap<&'g str, Vec<(usize, PackageIndex)>>,
    /// Where the claims about products hold that were asked for, by what names the products: many statements are about
    /// the same.
    known: HashMap<Vec<String>, Arc<Within>>,
}

/// Projects by root; the whole root where there are none to name.
type Projects = BTreeMap<usize, BTreeSet<PackageIndex>>;

/// A component, or none, and the products within which it is meant.
type Meant<'s> = (Option<&'s Product>, Vec<&'s Product>);

impl<'g> Places<'g> {
    fn of(graph: &'g DependencyGraph, project: Option<&str>) -> Self {
        let mut packages: HashMap<_, Vec<_>> = HashMap::new();
        let mut members: HashMap<_, Vec<_>> = HashMap::new();
        let mut members_by_name: HashMap<_, Vec<_>> = HashMap::new();
        for (at, package) in (0..).zip(&graph.packages) {
            if package.id.source.kind != SourceKind::Workspace {
                packages.entry((package.id.ecosystem, package.id.name.as_str())).or_default().push(at);
            }
        }
        for (at, root) in graph.roots.iter().enumerate() {
            for &member in &root.members {
                let id = &graph.package(member).id;
                members.entry((id.ecosystem, id.name.as_str())).or_default().push((at, member));
                members_by_name.entry(id.name.as_str()).or_default().push((at, member));
            }
        }
        let project = project.map(str::to_ascii_lowercase);
        Self { graph, project, packages, members, members_by_name, known: HashMap::new() }
    }

    /// The claims of one statement. `number` is its place among all statements.
    fn claims(&mut self, statement: &Statement, number: usize) -> Vec<Exception> {
        let mut claims = Vec::new();
        // Several products of a statement can be projects of one root: together they may be all that use a component.
        let mut meant: Vec<Meant<'_>> = Vec::new();
        let mut by_component: HashMap<Option<String>, usize> = HashMap::new();
        for (product, component) in &statement.about {
            if let (Product::Package(pattern), None) = (product, component)
                && !(statement.status == Status::Fixed && pattern.versions.is_empty())
                && self.is_here(pattern)
            {
                claims.push(exception(statement, number, (product, None), None));
            }
            let at = *by_component.entry(component.as_ref().map(Product::text)).or_insert_with(|| {
                meant.push((component.as_ref(), Vec::new()));
                meant.len() - 1
            });
            meant[at].1.push(product);
        }
        for (component, products) in meant {
            let is_here = component.is_none_or(|component| match component {
                Product::Package(pattern) => self.is_here(pattern),
                Product::Repository { .. } | Product::Named { .. } | Product::Other(_) => false,
            });
            let within = self.within(&products);
            if let Some(&product) = products.first().filter(|_| is_here && !within.is_empty()) {
                claims.push(exception(statement, number, (product, component), Some(within)));
            }
        }
        claims
    }

    /// Where claims about products hold that are the scanned project; nowhere where they are not.
    fn within(&mut self, products: &[&Product]) -> Arc<Within> {
        let key: Vec<String> = products.iter().map(|product| product.text()).collect();
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let mut projects = Projects::new();
        for product in products {
            self.add_projects(product, &mut projects);
        }
        let within = projects.iter().map(|(&root, members)| (root, self.brought_by(root, members))).collect();
        Arc::clone(self.known.entry(key).or_insert(Arc::new(within)))
    }

    fn is_here(&self, pattern: &PackagePattern) -> bool {
        let named = self.packages.get(&(pattern.ecosystem, pattern.name.as_str())).into_iter().flatten();
        named.into_iter().any(|&at| pattern.matches(&self.graph.package(at).id))
    }

    /// Adds the scanned projects that a product is, by root. Of a root as a whole no project is named.
    fn add_projects(&self, product: &Product, projects: &mut Projects) {
        match product {
            Product::Package(pattern) => {
                let named = self.members.get(&(pattern.ecosystem, pattern.name.as_str())).into_iter().flatten();
                for &(root, member) in named.filter(|(_, member)| pattern.matches(&self.graph.package(*member).id)) {
                    projects.entry(root).or_default().insert(member);
                }
            }
            Product::Named { name, version } => {
                for &(root, member) in self.members_by_name.get(name.as_str()).into_iter().flatten() {
                    if version.is_none() || *version == self.graph.package(member).id.version {
                        projects.entry(root).or_default().insert(member);
                    }
                }
            }
            Product::Repository { name, .. } if self.project.as_ref() == Some(name) => {
                projects.extend((0..self.graph.roots.len()).map(|root| (root, BTreeSet::new())));
            }
            Product::Repository { .. } | Product::Other(_) => {}
        }
    }

    /// The packages of a root that only these of its projects bring in; `None`: all, since they are all its projects.
    fn brought_by(&self, root: usize, members: &BTreeSet<PackageIndex>) -> Option<HashSet<PackageIndex>> {
        let of = self.graph.roots.get(root)?;
        if members.is_empty() || of.members.iter().all(|member| members.contains(member)) {
            return None;
        }
        Some(only_through(of, members))
    }
}

/// The packages that some projects of a root reach, and the others do not.
fn only_through(root: &Root, members: &BTreeSet<PackageIndex>) -> HashSet<PackageIndex> {
    let mut edges: HashMap<PackageIndex, Vec<PackageIndex>> = HashMap::new();
    for dependency in &root.dependencies {
        edges.entry(dependency.from).or_default().push(dependency.to);
    }
    let reach = |from: Vec<PackageIndex>| {
        let mut reached: HashSet<PackageIndex> = from.iter().copied().collect();
        let mut waiting = from;
        while let Some(at) = waiting.pop() {
            for &to in edges.get(&at).into_iter().flatten() {
                if reached.insert(to) {
                    waiting.push(to);
                }
            }
        }
        reached
    };
    let others = reach(root.members.iter().copied().filter(|member| !members.contains(member)).collect());
    reach(members.iter().copied().collect()).difference(&others).copied().collect()
}

fn exception(
    statement: &Statement,
    number: usize,
    (product, component): (&Product, Option<&Product>),
    within: Option<Arc<Within>>,
) -> Exception {
    let name = statement.ids.first().map_or("", String::as_str);
    let is_ours = within.is_some();
    let (id, package) = match component {
        Some(component) => (format!("{name} {} in {}", component.text(), product.text()), Some(component)),
        None => (format!("{name} {}", product.text()), Some(product).filter(|_| !is_ours)),
    };
    let package = match package {
        Some(Product::Package(pattern)) => Some(pattern.clone()),
        _ => None,
    };
    let clears = statement.status != Status::Open;
    // Of a statement without a time it is not known whether it was superseded: one that clears is taken for the oldest,
    // one that does not for the newest.
    let unknown = if clears { i64::MIN } else { i64::MAX };
    let time = statement.time.map_or(unknown, jiff::Timestamp::as_second);
    Exception {
        advisories: statement.ids.clone(),
        package,
        rule: None,
        path: None,
        reason: statement.reason.clone(),
        owner: statement.owner.clone(),
        expires: None,
        until_fixed: false,
        limit: None,
        location: statement.location.clone(),
        vex: Some(Claim { id, clears, rank: (time, statement.version, !clears, number), within }),
    }
}
