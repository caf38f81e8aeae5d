//! Whether something earlier was stated about the build of a package that now has nothing: attestations that were
//! there and are gone can mean that somebody else published the release.

use super::super::deps_dev::{self, Version, VersionQuestion};
use super::super::{Answer, Client, SourceError};
use super::packages::{self, Releases, released};
use super::{Asked, Packages, Wanted, versions};
use crate::model::{Data, Fact, Origin, Release, source};

/// How many releases before a package's are asked about.
const EARLIER: usize = 4;

type Versions = [(VersionQuestion, Result<Answer<Version>, SourceError>)];

/// The last earlier version with an attestation, for each direct package that has none where its ecosystem knows
/// them. `releases` holds those that were asked for already.
pub(super) async fn provenance<'w>(
    client: &Client,
    wanted: &'w Wanted,
    mut releases: Releases,
    packages: &Packages,
) -> Vec<(&'w Asked, Fact<String>)> {
    let has_none = |asked: &&Asked| {
        let health = packages.get(&asked.package);
        asked.is_direct && health.is_some_and(|health| matches!(health.provenance, Fact::Absent(_)))
    };
    let asked: Vec<&Asked> = wanted.of(&[Data::EarlierProvenance]).filter(has_none).collect();
    let is_new = |asked: &&&Asked| !releases.contains_key(&(asked.ecosystem, asked.name.clone()));
    let new: Vec<&Asked> = asked.iter().filter(is_new).copied().collect();
    releases.extend(packages::releases(client, new.into_iter()).await);

    let before: Vec<(&Asked, Fact<Vec<VersionQuestion>>)> =
        asked.into_iter().map(|asked| (asked, before(asked, &releases, packages))).collect();
    let all = before.iter().filter_map(|(_, earlier)| earlier.known()).flatten().cloned();
    let told = versions(client, all).await;
    before.into_iter().map(|(asked, earlier)| (asked, last(earlier, &told))).collect()
}

/// The releases before a package's, the last first.
fn before(asked: &Asked, releases: &Releases, packages: &Packages) -> Fact<Vec<VersionQuestion>> {
    let published = match packages.get(&asked.package).map(|health| &health.published) {
        Some(Fact::Known(published, _)) => *published,
        Some(Fact::Unknown(missing)) => return Fact::Unknown(*missing),
        Some(Fact::Absent(_)) | None => return Fact::not_asked(source::DEPS_DEV),
    };
    let is_earlier = |release: &&Release| {
        let is_before = release.published.is_some_and(|earlier| earlier < published);
        is_before && !release.is_withdrawn && deps_dev::is_askable(asked.ecosystem, &asked.name, Some(&release.version))
    };
    let question = |release: &Release| VersionQuestion { version: release.version.clone(), ..asked.question() };
    match released(releases, asked) {
        Fact::Known(releases, origin) => {
            let earlier = releases.iter().rev().filter(is_earlier).take(EARLIER).map(question);
            Fact::Known(earlier.collect(), origin)
        }
        Fact::Absent(origin) => Fact::Absent(origin),
        Fact::Unknown(missing) => Fact::Unknown(missing),
    }
}

/// The last of these versions with an attestation. One of which that is not known leaves it unknown, unless a later
/// one has some.
fn last(earlier: Fact<Vec<VersionQuestion>>, told: &Versions) -> Fact<String> {
    let (earlier, origin) = match earlier {
        Fact::Known(earlier, origin) => (earlier, origin),
        Fact::Absent(origin) => return Fact::Absent(origin),
        Fact::Unknown(missing) => return Fact::Unknown(missing),
    };
    for question in earlier {
        let at = told.binary_search_by(|(asked, _)| asked.cmp(&question));
        match at.ok().and_then(|at| told.get(at)).map(|(_, answer)| answer) {
            Some(Ok(Answer { value: Some(version), as_of })) => {
                if version.provenance().is_some_and(|stated| stated.verified) {
                    return Fact::Known(question.version, Origin { as_of: Some(*as_of), ..origin });
                }
            }
            Some(Ok(_)) | None => {}
            Some(Err(error)) => return Fact::Unknown(error.missing()),
        }
    }
    Fact::Absent(origin)
}
