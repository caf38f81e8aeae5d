//! CSAF 2.0 and 2.1, profile VEX (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>, section 4.5).

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::product::Product;
use super::reader::{Fields, Reader, VexError};
use super::{Statement, Status};

/// How many groups of products are looked through for one product.
const MOST_GROUPS: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    category: String,
    csaf_version: String,
    publisher: Publisher,
    tracking: Tracking,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Publisher {
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tracking {
    current_release_date: Option<String>,
    version: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tree {
    branches: Vec<Branch>,
    full_product_names: Vec<FullName>,
    relationships: Vec<Relationship>,
    product_groups: Vec<ProductGroup>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Branch {
    branches: Vec<Branch>,
    product: Option<FullName>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FullName {
    product_id: String,
    name: String,
    product_identification_helper: Helper,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Helper {
    purl: Option<String>,
    /// Since 2.1.
    purls: Vec<String>,
}

#[derive(Deserialize)]
struct Relationship {
    full_product_name: FullName,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ProductGroup {
    group_id: String,
    product_ids: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    cve: Option<String>,
    ids: Vec<OtherId>,
    product_status: BTreeMap<String, Vec<String>>,
    flags: Vec<Note>,
    threats: Vec<Note>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OtherId {
    text: String,
}

/// A flag, which has a label, or a threat, which has details.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Note {
    label: Option<String>,
    category: Option<String>,
    details: Option<String>,
    product_ids: Vec<String>,
    group_ids: Vec<String>,
}

/// Products by their ids within the document.
struct Things<'e> {
    products: HashMap<&'e str, Product>,
    /// A component and the product that it is a part of.
    parts: HashMap<&'e str, (&'e str, &'e str)>,
    groups: HashMap<&'e str, Vec<&'e str>>,
}

impl<'e> Things<'e> {
    fn of(tree: &'e Tree) -> Self {
        let mut names: Vec<&FullName> = tree.full_product_names.iter().collect();
        let mut waiting: Vec<&Branch> = tree.branches.iter().collect();
        while let Some(branch) = waiting.pop() {
            names.extend(&branch.product);
            waiting.extend(&branch.branches);
        }
        let products = names.into_iter().map(|name| (name.product_id.as_str(), name.product())).collect();
        let part = |of: &'e Relationship| {
            let ends = (of.relates_to_product_reference.as_str(), of.product_reference.as_str());
            (of.full_product_name.product_id.as_str(), ends)
        };
        let mut groups: HashMap<&str, Vec<&str>> = HashMap::new();
        for group in &tree.product_groups {
            for product in &group.product_ids {
                groups.entry(product).or_default().push(&group.group_id);
            }
        }
        Self { products, parts: tree.relationships.iter().map(part).collect(), groups }
    }

    fn about(&self, id: &str) -> (Product, Option<Product>) {
        let product = |id: &str| self.products.get(id).cloned().unwrap_or_else(|| Product::of(id));
        match self.parts.get(id) {
            Some((whole, part)) => (product(whole), Some(product(part))),
            None => (product(id), None),
        }
    }
}

impl FullName {
    fn product(&self) -> Product {
        let helper = &self.product_identification_helper;
        match helper.purl.as_ref().or(helper.purls.first()) {
            Some(purl) => Product::of(purl),
            None => Product::Named { name: self.name.clone(), version: None },
        }
    }
}

/// What the flags and threats of a vulnerability say about products, by product and by group.
struct Notes<'e> {
    by_product: HashMap<&'e str, &'e str>,
    by_group: HashMap<&'e str, &'e str>,
}

impl<'e> Notes<'e> {
    fn of(notes: &'e [Note], text: impl Fn(&'e Note) -> Option<&'e str>) -> Self {
        let (mut by_product, mut by_group) = (HashMap::new(), HashMap::new());
        for note in notes {
            let Some(text) = text(note) else { continue };
            note.product_ids.iter().for_each(|id| _ = by_product.entry(id.as_str()).or_insert(text));
            note.group_ids.iter().for_each(|id| _ = by_group.entry(id.as_str()).or_insert(text));
        }
        Self { by_product, by_group }
    }

    fn about(&self, product: &str, things: &Things<'_>) -> Option<&'e str> {
        let groups = things.groups.get(product).map_or(&[][..], Vec::as_slice);
        let of_group = || groups.iter().take(MOST_GROUPS).find_map(|group| self.by_group.get(group));
        self.by_product.get(product).or_else(of_group).copied()
    }
}

/// The statements of a document.
pub(super) fn read<'t>(reader: &Reader<'t>, fields: &Fields<'t>) -> Result<Vec<Statement>, VexError> {
    let head: Head = reader.member(fields, "document")?;
    if head.category != "csaf_vex" {
        return Err(reader.error(format!("its category is {:?}; of CSAF, csaf_vex is a VEX document", head.category)));
    }
    if !["2.0", "2.1"].contains(&head.csaf_version.as_str()) {
        return Err(reader.error(format!("its `csaf_version` is {:?}; CSAF 2.0 and 2.1 are read", head.csaf_version)));
    }
    let tree: Tree = reader.member(fields, "product_tree")?;
    let things = Things::of(&tree);
    let pieces: Vec<&RawValue> = reader.member(fields, "vulnerabilities")?;
    let mut statements = Vec::new();
    for piece in pieces {
        let entry: Entry = reader.read(piece)?;
        let ids = super::ids(entry.cve.as_deref().into_iter().chain(entry.ids.iter().map(|id| id.text.as_str())));
        for said in about(&entry, &things) {
            statements.push(Statement {
                ids: ids.clone(),
                status: said.status,
                reason: super::reason(said.word, said.flag, said.impact),
                about: said.about,
                owner: head.publisher.name.clone(),
                time: super::time(head.tracking.current_release_date.as_deref()),
                version: head.tracking.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0),
                location: reader.locate(piece),
            });
        }
    }
    Ok(statements)
}

/// Products of which the same is said.
struct Said<'e> {
    status: Status,
    word: &'static str,
    flag: Option<&'e str>,
    impact: Option<&'e str>,
    about: Vec<(Product, Option<Product>)>,
}

/// The products of a vulnerability, together where the same is said of them.
fn about<'e>(entry: &'e Entry, things: &Things<'_>) -> Vec<Said<'e>> {
    let flags = Notes::of(&entry.flags, |note| note.label.as_deref());
    let is_impact = |note: &Note| note.category.as_deref() == Some("impact");
    let threats = Notes::of(&entry.threats, |note| note.details.as_deref().filter(|_| is_impact(note)));
    let mut all: BTreeMap<_, Said<'_>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for (key, ids) in &entry.product_status {
        let (status, word) = match key.as_str() {
            "known_not_affected" => (Status::NotAffected, "not affected"),
            "fixed" | "first_fixed" => (Status::Fixed, "fixed"),
            "recommended" => continue,
            _ => (Status::Open, "affected or under investigation"),
        };
        for id in ids.iter().filter(|id| seen.insert((word, id.as_str()))) {
            let (flag, impact) = (flags.about(id, things), threats.about(id, things));
            let said = all.entry((word, flag, impact));
            let said = said.or_insert_with(|| Said { status, word, flag, impact, about: Vec::new() });
            said.about.push(things.about(id));
        }
    }
    all.into_values().collect()
}
