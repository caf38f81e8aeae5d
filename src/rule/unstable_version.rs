//! A version that by its own words promises no stability: 0.x, a pre-release, a bare commit.

use super::Check;
use super::judged::{Case, Judgement, judge_all};
use crate::model::{Data, Ecosystem, Level, Missing, Rule, Scope, SourceKind, Why, source};
use crate::version::Version;

pub(super) static CHECK: Check = Check {
    rule: Rule {
        id: "unstable-version",
        summary: "The version promises no stability: 0.x, a pre-release, or a commit without a release",
        why: "Whoever publishes a version below 1.0, or a pre-release, says that it may still change in any way. An update \
              that fixes a vulnerability may then break your code, and older versions are seldom mended.",
        fix: "Prefer a release from 1.0 on where there is one. Where there is none, plan for the work that updates take.",
        clause: "CG.stability",
        data: &[Data::Local],
        scope: Scope::Direct,
        parameters: &[],
        greenfield: Level::Allow,
        brownfield: Level::Allow,
    },
    find: |view| judge_all(view, &CHECK.rule, of),
};

fn of(case: &Case<'_>) -> Judgement {
    let unknown = |why| Judgement::Unknown(Missing { source: source::FILE, why });
    let Some(version) = case.id.version.as_deref() else {
        // Of git, a folder or an archive the file fixes the content, and no version promises anything.
        let is_named = matches!(case.id.source.kind, SourceKind::Registry | SourceKind::Unknown);
        return if is_named { unknown(Why::NoVersion) } else { Judgement::Passes };
    };
    let Some(what) = what(case.id.ecosystem, version) else { return unknown(Why::Unreadable) };
    match what {
        Stability::Stable => Judgement::Passes,
        unstable => Judgement::Fires {
            what: unstable.as_str().to_owned(),
            change: format!("move {} to a release from 1.0 on, where there is one", case.id.name),
        },
    }
}

/// What a version says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stability {
    Stable,
    Zero,
    PreRelease,
    Commit,
}

impl Stability {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "the version is stable",
            Self::Zero => "a version below 1.0 may change in any way with the next one",
            Self::PreRelease => "the version is a pre-release",
            Self::Commit => "the version stands for a commit (a pseudo-version), which is no release at all",
        }
    }
}

/// By the words of the ecosystem: <https://semver.org/#spec-item-4> and item 9 for npm and Cargo, PEP 440 for Python,
/// <https://go.dev/ref/mod#versions> for Go. `None`: it is no version.
fn what(ecosystem: Ecosystem, text: &str) -> Option<Stability> {
    let version = Version::parse(ecosystem, text)?;
    Some(match ecosystem {
        Ecosystem::Go if is_pseudo_version(text) => Stability::Commit,
        _ if !version.is_stable => Stability::PreRelease,
        _ if is_zero(text) => Stability::Zero,
        _ => Stability::Stable,
    })
}

/// Whether the first number, behind the epoch of a Python version, is 0.
fn is_zero(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let release = text.split_once('!').map_or(text, |(_, release)| release);
    let first = release.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    !first.is_empty() && first.bytes().all(|digit| digit == b'0')
}

/// Whether a version ends in the time and the abbreviated hash of a commit, behind a `-` or a `.`
/// (<https://go.dev/ref/mod#pseudo-versions>).
fn is_pseudo_version(text: &str) -> bool {
    let text = text.split('+').next().unwrap_or_default();
    let Some((before, hash)) = text.rsplit_once('-') else { return false };
    let time = before.rsplit(['-', '.']).next().unwrap_or_default();
    let is_time = time.len() == 14 && time.bytes().all(|digit| digit.is_ascii_digit());
    is_time && hash.len() == 12 && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;
    use crate::rule::Parameters;
    use crate::rule::tests_support::{Tree, looked};

    #[test]
    fn each_ecosystem_has_its_words() {
        for (ecosystem, text, expected) in [
            (Ecosystem::Npm, "0.9.1", Some(Stability::Zero)),
            (Ecosystem::Npm, "1.0.0-rc.1", Some(Stability::PreRelease)),
            (Ecosystem::Npm, "1.0.0+build-7", Some(Stability::Stable)),
            (Ecosystem::Npm, "latest", None),
            (Ecosystem::CratesIo, "0.1.0", Some(Stability::Zero)),
            (Ecosystem::CratesIo, "10.0.0", Some(Stability::Stable)),
            (Ecosystem::PyPi, "0.9", Some(Stability::Zero)),
            (Ecosystem::PyPi, "1!0.9", Some(Stability::Zero)),
            (Ecosystem::PyPi, "2.0rc1", Some(Stability::PreRelease)),
            (Ecosystem::PyPi, "1.0.dev3", Some(Stability::PreRelease)),
            (Ecosystem::PyPi, "1.0.post1", Some(Stability::Stable)),
            (Ecosystem::PyPi, "2024.1", Some(Stability::Stable)),
            (Ecosystem::Go, "v0.12.0", Some(Stability::Zero)),
            (Ecosystem::Go, "v2.0.0+incompatible", Some(Stability::Stable)),
            (Ecosystem::Go, "v1.2.3-beta.1", Some(Stability::PreRelease)),
            (Ecosystem::Go, "v0.0.0-20221115062448-fe3a3abad311", Some(Stability::Commit)),
            (Ecosystem::Go, "v1.2.4-0.20221115062448-fe3a3abad311", Some(Stability::Commit)),
            (Ecosystem::Go, "v1.2.4-pre.0.20221115062448-fe3a3abad311", Some(Stability::Commit)),
        ] {
            assert_eq!(what(ecosystem, text), expected, "{ecosystem} {text}");
        }
    }

    #[test]
    fn direct_ones_are_judged_wherever_they_come_from() {
        let mut tree = Tree::new("lock", "any-lock", Ecosystem::Npm);
        let left = tree.package("left", "0.1.0");
        let right = tree.package("right", "0.2.0");
        let open = tree.package("open", "");
        let odd = tree.package("odd", "next");
        let fork = tree.from("fork", "0.3.0", Source::at(SourceKind::Git, "https://host.example/a#01"));
        let folder = tree.from("folder", "", Source::at(SourceKind::Path, "../folder"));
        for direct in [left, open, odd, fork, folder] {
            tree.needs(0, direct, None);
        }
        tree.needs(left, right, None);
        let (graph, facts) = tree.finish();
        let (found, missing) = looked(&CHECK, &graph, &facts, &Parameters::default());
        let zero = "a version below 1.0 may change in any way with the next one";
        assert_eq!(found, [format!("fork 0.3.0: {zero}"), format!("left 0.1.0: {zero}")]);
        assert_eq!(missing, ["file NoVersion", "file Unreadable"]);
    }
}
