//! Release lines of packages that endoflife.date knows as products.

use std::collections::{BTreeMap, BTreeSet};

use super::super::end_of_life::{self, Products};
use super::super::{Answer, Client, SourceError};
use super::{Asked, Wanted, each};
use crate::model::{Data, Fact, Missing, Origin, Support, Why, source};

const SOURCE: &str = source::END_OF_LIFE;

/// The release line of each package: one question for the list of products, and one for each product that is used.
pub(super) async fn support<'w>(client: &Client, wanted: &'w Wanted) -> Vec<(&'w Asked, Fact<Support>)> {
    let asked: Vec<&Asked> = wanted.of(&[Data::Lifecycle]).collect();
    let is_listed = |asked: &&&Asked| end_of_life::built_in(asked.ecosystem, &asked.name).is_none();
    let list = match asked.iter().find(is_listed) {
        Some(_) => end_of_life::products(client).await,
        None => Ok(Answer { value: Some(Products::new()), as_of: client.now() }),
    };
    let of: Vec<(&Asked, Fact<String>)> = asked.into_iter().map(|asked| (asked, product_of(asked, &list))).collect();
    let names: BTreeSet<String> = of.iter().filter_map(|(_, product)| product.known().cloned()).collect();
    let products = each(names, async |name| end_of_life::product(client, name).await).await;
    of.into_iter().map(|(asked, product)| (asked, line(asked, product, &products))).collect()
}

/// The product that a package is. What is in no list is none.
fn product_of(asked: &Asked, list: &Result<Answer<Products>, SourceError>) -> Fact<String> {
    let origin = |as_of| Origin { source: SOURCE, as_of };
    if let Some(name) = end_of_life::built_in(asked.ecosystem, &asked.name) {
        return Fact::Known(name.to_owned(), origin(None));
    }
    match list {
        Ok(Answer { value: Some(products), as_of }) => {
            let product = products.get(&end_of_life::key(asked.ecosystem, &asked.name));
            let absent = Fact::Absent(origin(Some(*as_of)));
            product.map_or(absent, |name| Fact::Known(name.clone(), origin(Some(*as_of))))
        }
        Ok(Answer { value: None, .. }) => Fact::Unknown(Missing { source: SOURCE, why: Why::Failed }),
        Err(error) => Fact::Unknown(error.missing()),
    }
}

/// The line of a package in its product.
fn line(
    asked: &Asked,
    product: Fact<String>,
    products: &BTreeMap<String, Result<Answer<end_of_life::Product>, SourceError>>,
) -> Fact<Support> {
    let name = match product {
        Fact::Known(name, _) => name,
        Fact::Absent(origin) => return Fact::Absent(origin),
        Fact::Unknown(missing) => return Fact::Unknown(missing),
    };
    match products.get(&name) {
        Some(Ok(Answer { value: Some(product), as_of })) => {
            let origin = Origin { source: SOURCE, as_of: Some(*as_of) };
            // A line that the list does not have may have ended as well as not.
            let not_told = || Fact::Unknown(Missing { source: SOURCE, why: Why::NotTold });
            product.support(&asked.version).map_or_else(not_told, |support| Fact::Known(support, origin))
        }
        Some(Err(error)) => Fact::Unknown(error.missing()),
        Some(Ok(_)) | None => Fact::Unknown(Missing { source: SOURCE, why: Why::NotFound }),
    }
}
