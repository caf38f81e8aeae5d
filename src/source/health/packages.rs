//! What deps.dev says of names and of the use of versions: one question for each.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Answer, Client, SourceError, deps_dev};
use super::{Asked, Wanted, each, fact, unasked};
use crate::model::{Data, Ecosystem, Fact, Missing, Origin, Release, Why, source};

/// Releases by name.
pub(super) type Releases = BTreeMap<(Ecosystem, String), Result<Answer<Vec<Release>>, SourceError>>;

/// The releases of a package's name.
pub(super) fn released(releases: &Releases, of: &Asked) -> Fact<Vec<Release>> {
    let answer = releases.get(&(of.ecosystem, of.name.clone())).cloned();
    fact(source::DEPS_DEV, answer.unwrap_or_else(|| Err(unasked())))
}

/// The version that the registry gives to who asks for none; `None` where deps.dev does not know the name.
///
/// # Errors
/// Where deps.dev does not answer.
pub async fn default_version(client: &Client, ecosystem: Ecosystem, name: &str) -> Result<Option<String>, SourceError> {
    let releases = deps_dev::releases(client, ecosystem, name).await?.value.unwrap_or_default();
    let default = releases.iter().rev().find(|release| release.is_default);
    let newest = || releases.iter().rev().find(|release| !release.is_withdrawn).or(releases.last());
    Ok(default.or_else(newest).map(|release| release.version.clone()))
}

/// Every release of each distinct name.
pub(super) async fn releases<'w>(client: &Client, asked: impl Iterator<Item = &'w Asked>) -> Releases {
    let names: BTreeSet<(Ecosystem, String)> =
        asked.filter(|asked| asked.is_askable()).map(|asked| (asked.ecosystem, asked.name.clone())).collect();
    each(names, async |(ecosystem, name)| deps_dev::releases(client, *ecosystem, name).await).await
}

/// More popular packages with similar names.
pub(super) async fn similar<'w>(client: &Client, wanted: &'w Wanted) -> Vec<(&'w Asked, Fact<Vec<String>>)> {
    let asked: Vec<&Asked> = wanted.of(&[Data::Similar]).collect();
    let names = asked.iter().filter(|asked| asked.is_askable()).map(|asked| asked.name()).collect();
    let answers = each(names, async |(ecosystem, name)| deps_dev::similar(client, *ecosystem, name).await).await;
    let similar = |asked: &Asked| match answers.get(&asked.name()).cloned() {
        Some(Ok(Answer { value: Some(names), as_of })) if names.is_empty() => {
            Fact::Absent(Origin { source: source::DEPS_DEV, as_of: Some(as_of) })
        }
        answer => fact(source::DEPS_DEV, answer.unwrap_or_else(|| Err(unasked()))),
    };
    asked.into_iter().map(|asked| (asked, similar(asked))).collect()
}

/// How many packages depend on each version.
pub(super) async fn dependents<'w>(client: &Client, wanted: &'w Wanted) -> Vec<(&'w Asked, Fact<u64>)> {
    let asked: Vec<&Asked> = wanted.of(&[Data::Dependents]).collect();
    let counted = asked.iter().filter(|asked| asked.is_askable() && deps_dev::has_dependents(asked.ecosystem));
    let questions = counted.map(|asked| asked.question()).collect();
    let answers = each(questions, async |question| deps_dev::dependents(client, question).await).await;
    let not_told = Missing { source: source::DEPS_DEV, why: Why::NotTold };
    let dependents = |asked: &Asked| match answers.get(&asked.question()).cloned() {
        Some(answer) => match fact(source::DEPS_DEV, answer) {
            Fact::Known(Some(number), origin) => Fact::Known(number, origin),
            Fact::Known(None, _) | Fact::Absent(_) => Fact::Unknown(not_told),
            Fact::Unknown(missing) => Fact::Unknown(missing),
        },
        None if !deps_dev::has_dependents(asked.ecosystem) => Fact::Unknown(not_told),
        None => Fact::Unknown(unasked().missing()),
    };
    asked.into_iter().map(|asked| (asked, dependents(asked))).collect()
}
