//! The projects behind packages: their Scorecards and badges.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;

use super::super::deps_dev::{self, ProjectQuestion, Scored};
use super::super::{Answer, Client, SourceError, best_practices, scorecard};
use super::{Asked, Packages, Wanted, each, fact, optional, unasked};
use crate::model::{Badge, Data, Evidence, Fact, Missing, Origin, ProjectHealth, Scorecard, Why, source};

/// Projects, each with how sure its spelling is. Two spellings are one project.
#[derive(Default)]
struct Spellings(BTreeMap<String, BTreeMap<String, Option<Evidence>>>);

impl Spellings {
    /// Adds a project; without evidence it was named by the caller, who knows.
    fn add(&mut self, project: &str, evidence: Option<Evidence>) {
        let spellings = self.0.entry(project.to_ascii_lowercase()).or_default();
        let known = spellings.entry(project.to_owned()).or_insert(evidence);
        *known = if evidence.is_none() { None } else { (*known).max(evidence).filter(|_| known.is_some()) };
    }

    fn of<'w>(packages: &Packages, asked: impl Iterator<Item = &'w Asked>) -> Self {
        let mut spellings = Self::default();
        for asked in asked {
            let repository = packages.get(&asked.package).and_then(|health| health.repository.known());
            if let Some(repository) = repository {
                spellings.add(&repository.project, Some(repository.evidence));
            }
        }
        spellings
    }

    /// For each project, the spelling that is surest.
    fn surest(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(project, spellings)| {
            let sureness = |evidence: &Option<Evidence>| (evidence.is_none(), *evidence);
            let (spelling, _) = spellings.iter().rev().max_by_key(|(_, evidence)| sureness(evidence))?;
            Some((project.as_str(), spelling.as_str()))
        })
    }
}

/// Scorecards and badges of the projects behind packages, and the Scorecard of the own project, under every spelling.
pub(super) async fn projects(client: &Client, wanted: &Wanted, packages: &Packages) -> BTreeMap<String, ProjectHealth> {
    let mut scored = Spellings::of(packages, wanted.of(&[Data::Scorecard]));
    if let Some(own) = wanted.own.as_deref().filter(|_| wanted.needs(Data::OwnScorecard)) {
        scored.add(own, None);
    }
    let badged = Spellings::of(packages, wanted.of(&[Data::Badge]));
    let (scorecards, badges) = join(scorecards(client, &scored), badges(client, &badged)).await;
    let mut projects = BTreeMap::new();
    for (project, spellings) in scored.0.iter().chain(&badged.0) {
        let mut health = ProjectHealth::NOT_ASKED;
        if let Some((scorecard, stars)) = scorecards.get(project) {
            (health.scorecard, health.stars) = (scorecard.clone(), stars.clone());
        }
        if let Some(badge) = badges.get(project) {
            health.badge = badge.clone();
        }
        health.badge = match badge_of_scorecard(&health) {
            Some(badge) => badge,
            None => health.badge,
        };
        projects.extend(spellings.keys().map(|spelling| (spelling.clone(), health.clone())));
    }
    projects
}

/// The badge that the Scorecard found, where the service that gives them did not answer
/// (<https://github.com/ossf/scorecard/blob/main/docs/checks.md#cii-best-practices>).
fn badge_of_scorecard(health: &ProjectHealth) -> Option<Fact<Badge>> {
    let missing = health.badge.missing().filter(|missing| matches!(missing.why, Why::Failed | Why::Offline));
    let (Some(_), Fact::Known(scorecard, origin)) = (missing, &health.scorecard) else { return None };
    let badge = match scorecard.check("CII-Best-Practices")?.score? {
        10 => Badge::Gold,
        7 => Badge::Silver,
        5 => Badge::Passing,
        2 => Badge::InProgress,
        0 => return Some(Fact::Absent(*origin)),
        _ => return None,
    };
    Some(Fact::Known(badge, *origin))
}

/// Scorecards and stars by project: from deps.dev, and from the Scorecard API where deps.dev has none.
async fn scorecards(client: &Client, of: &Spellings) -> BTreeMap<String, (Fact<Scorecard>, Fact<u64>)> {
    let surest: Vec<(&str, &str)> = of.surest().collect();
    let known = surest.iter().filter(|(project, _)| deps_dev::split(project).is_some());
    let questions: Vec<ProjectQuestion> = known.map(|(project, _)| ProjectQuestion((*project).to_owned())).collect();
    let answers = deps_dev::batch(client, &questions).await;
    let mut copies: BTreeMap<&str, _> = questions.iter().map(|question| question.0.as_str()).zip(answers).collect();
    let is_covered = |copies: &BTreeMap<&str, Result<Answer<Scored>, SourceError>>, project: &str| {
        let copy = copies.get(project).and_then(|copy| copy.as_ref().ok()?.value.as_ref());
        copy.is_some_and(|scored| scored.scorecard.is_some())
    };
    let open = surest.iter().filter(|(project, _)| !is_covered(&copies, project));
    let open: BTreeSet<(&str, &str)> = open.copied().collect();
    let own = each(open, async |(_, spelling)| match scorecard::question(spelling) {
        Some(request) => fact(source::SCORECARD, scorecard::ask(client, spelling, &request).await),
        None => Fact::Unknown(Missing { source: source::SCORECARD, why: Why::NotFound }),
    });
    let mut own = own.await;
    let mut scorecards = BTreeMap::new();
    for (project, spelling) in surest {
        let copy = copies.remove(project).unwrap_or_else(|| Err(unasked()));
        let as_of = copy.as_ref().ok().map(|answer| answer.as_of);
        let copy = fact(source::DEPS_DEV, copy);
        let origin = Origin { source: source::DEPS_DEV, as_of };
        let stars = match &copy {
            Fact::Known(scored, _) => {
                scored.stars.map_or(Fact::Unknown(Missing { source: source::DEPS_DEV, why: Why::NotTold }), |stars| {
                    Fact::Known(stars, origin)
                })
            }
            Fact::Absent(origin) => Fact::Absent(*origin),
            Fact::Unknown(missing) => Fact::Unknown(*missing),
        };
        let scorecard = match (copy, own.remove(&(project, spelling))) {
            (Fact::Known(Scored { scorecard: Some(scorecard), .. }, origin), _) => Fact::Known(scorecard, origin),
            (_, Some(own)) => own,
            (_, None) => Fact::not_asked(source::SCORECARD),
        };
        scorecards.insert(project.to_owned(), (scorecard, stars));
    }
    scorecards
}

/// Badges by project.
async fn badges(client: &Client, of: &Spellings) -> BTreeMap<String, Fact<Badge>> {
    let asked: BTreeSet<(&str, &str)> = of.surest().collect();
    let badges = each(asked, async |(_, spelling)| best_practices::badge(client, spelling).await).await;
    let badge = |((project, _), answer)| (str::to_owned(project), optional(source::BEST_PRACTICES, answer));
    badges.into_iter().map(badge).collect()
}
