//! Plausible, healthy facts for packages, made from their names: the same names and seed give the same facts, whatever
//! else is made beside them.

use std::collections::BTreeMap;

use jiff::ToSpan;
use serde_json::{Value, json};

use super::{Check, Package, Project, Provenance, Scorecard, System, Version, World};

/// The checks of a weekly result with the least that a healthy project has.
const CHECKS: &[(&str, i32)] = &[
    ("Binary-Artifacts", 10),
    ("Branch-Protection", 8),
    ("CII-Best-Practices", 5),
    ("Code-Review", 8),
    ("Contributors", 10),
    ("Dangerous-Workflow", 10),
    ("Fuzzing", 10),
    ("License", 10),
    ("Maintained", 10),
    ("Packaging", 10),
    ("Pinned-Dependencies", 8),
    ("SAST", 7),
    ("Security-Policy", 10),
    ("Signed-Releases", 8),
    ("Token-Permissions", 9),
    ("Vulnerabilities", 9),
];

const LICENSES: &[&str] = &["MIT", "Apache-2.0", "MIT OR Apache-2.0", "BSD-3-Clause", "ISC"];

/// Numbers that follow from a seed (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    /// Numbers of a name.
    fn of(seed: u64, name: &str) -> Self {
        // FNV-1a, which is the same on every machine.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Self(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number from `from` on and below `to`.
    fn within(&mut self, from: i32, to: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let span = u64::from(from.abs_diff(to)).max(1);
        from + i32::try_from((word ^ (word >> 31)) % span).unwrap()
    }
}

impl World {
    /// A world of healthy packages: (system, name, version).
    pub(crate) fn generate<N: AsRef<str>, V: AsRef<str>>(packages: &[(System, N, V)], seed: u64) -> Self {
        let mut world = Self::default();
        world.add_healthy(packages, seed);
        world
    }

    /// Adds healthy packages with an older version, their projects and their scorecards. What is there already stays.
    pub(crate) fn add_healthy<N: AsRef<str>, V: AsRef<str>>(&mut self, packages: &[(System, N, V)], seed: u64) {
        let mut by_name: BTreeMap<(System, String), Vec<&str>> = BTreeMap::new();
        for (system, name, version) in packages {
            by_name.entry((*system, system.canonical_name(name.as_ref()))).or_default().push(version.as_ref());
        }
        for ((system, name), mut versions) in by_name {
            let repository = repository(system, &name);
            if !self.packages.contains_key(&(system, name.clone())) {
                let order = |version: &&str| natural(version);
                versions.sort_by_key(order);
                versions.dedup();
                let package = self.healthy(system, &name, &versions, seed);
                self.insert_package(package);
            }
            if !self.projects.contains_key(&repository.to_lowercase()) {
                self.insert_project(project(&repository, seed));
            }
            if !self.scorecards.contains_key(&repository.to_lowercase()) {
                let scorecard = self.good_scorecard(&repository, seed);
                self.insert_scorecard(scorecard);
            }
            self.insert_badge(&repository);
        }
    }

    /// Adds a passing badge of a project, unless it has one.
    fn insert_badge(&mut self, repository: &str) {
        let url = format!("https://{repository}");
        if self.badges.iter().any(|badge| badge["repo_url"] == *url) {
            return;
        }
        let (id, name) = (70_001 + self.badges.len(), repository.rsplit('/').next());
        self.badges.push(json!({
            "id": id, "name": name, "homepage_url": "", "repo_url": url, "badge_level": "passing",
            "tiered_percentage": 120, "updated_at": "2026-05-02T11:31:52.104Z",
        }));
    }

    fn healthy(&self, system: System, name: &str, versions: &[&str], seed: u64) -> Package {
        let mut numbers = Numbers::of(seed, name);
        let repository = repository(system, name);
        let license = LICENSES[usize::try_from(numbers.within(0, 5)).unwrap()];
        let older = if system == System::Go { "v0.0.1" } else { "0.0.1" };
        let older = (!versions.contains(&older)).then_some(older);
        let all: Vec<&str> = older.into_iter().chain(versions.iter().copied()).collect();
        // The newest one came out half a year ago at most, and each of the others half a year before the next.
        let newest = numbers.within(40, 180);
        let attested = matches!(system, System::Npm | System::PyPi | System::RubyGems);
        let versions = (0..).zip(all.iter().rev()).map(|(age, version)| {
            let days = i64::from(newest) + 180 * age;
            let time = format!("{:02}:{:02}:00Z", numbers.within(0, 24), numbers.within(0, 60));
            let direct = u32::try_from(numbers.within(500, 20_000)).unwrap();
            Version {
                version: (*version).to_owned(),
                published: Some(format!("{}T{time}", self.today - days.days())),
                provenance: attested.then(|| Provenance { repository: repository.clone(), verified: true }),
                status: (system == System::PyPi).then(|| ("active".to_owned(), String::new())),
                dependents: (system != System::Go).then_some((direct, direct * 3)),
                ..Version::default()
            }
        });
        let mut versions: Vec<Version> = versions.collect();
        versions.reverse();
        Package {
            system,
            name: name.to_owned(),
            repository: Some(repository),
            licenses: vec![license.to_owned()],
            similar: Vec::new(),
            versions,
        }
    }

    /// A result of last week in which every check is as good as a healthy project's.
    pub(crate) fn good_scorecard(&self, repository: &str, seed: u64) -> Scorecard {
        let mut numbers = Numbers::of(seed, repository);
        let check = |least: i32| Check { score: numbers.within(least, 11), reason: None };
        let mut check = check;
        let checks = CHECKS.iter().map(|(name, least)| ((*name).to_owned(), check(*least))).collect();
        Scorecard {
            repository: repository.to_owned(),
            date: (self.today - 6.days()).to_string(),
            score: None,
            checks: Some(checks),
            is_at_api: true,
            is_at_deps_dev: true,
        }
    }
}

/// The packages of a JSON report of the program which deps.dev could know: those of a registry in one of its systems.
pub(crate) fn packages_of(report: &Value) -> Vec<(System, String, String)> {
    let packages = report["packages"].as_array().into_iter().flatten();
    let triple = |package: &Value| {
        let text = |key: &str| package[key].as_str().map(ToOwned::to_owned);
        let system = System::of_ecosystem(package["ecosystem"].as_str()?)?;
        (package["source"]["kind"] == "registry").then_some(())?;
        Some((system, text("name")?, text("version")?))
    };
    packages.filter_map(triple).collect()
}

/// The repository of a package: its own path in Go, one for all packages of a scope or group, and one of its own
/// otherwise. Owners begin with a capital, so that whoever loses the case does not find them.
pub(crate) fn repository(system: System, name: &str) -> String {
    let capital = |text: &str| {
        let mut rest = text.chars();
        let first = rest.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(rest).collect::<String>()
    };
    let plain = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && !"-._".contains(c), "-");
    match system {
        System::Go => {
            let parts: Vec<&str> = name.split('/').collect();
            match parts[..] {
                ["github.com" | "gitlab.com" | "bitbucket.org", owner, repository, ..] => {
                    format!("{}/{owner}/{repository}", parts[0])
                }
                ["golang.org", "x", repository, ..] => format!("github.com/golang/{repository}"),
                _ => format!("github.com/Mirrored/{}", plain(name)),
            }
        }
        _ => match name.strip_prefix('@').unwrap_or(name).split_once(['/', ':']) {
            Some((group, _)) => format!("github.com/{}/{}", capital(&plain(group)), plain(group)),
            None => format!("github.com/{}/{}", capital(&plain(name)), plain(name)),
        },
    }
}

fn project(repository: &str, seed: u64) -> Project {
    let mut numbers = Numbers::of(seed, repository);
    Project {
        repository: repository.to_owned(),
        stars: numbers.within(800, 40_000),
        forks: numbers.within(60, 4_000),
        open_issues: numbers.within(3, 300),
        license: "MIT".to_owned(),
        description: format!("The source of {repository}"),
        homepage: String::new(),
        is_fuzzed: numbers.within(0, 4) == 0,
    }
}

/// A key by which `1.9.0` comes before `1.10.0`.
fn natural(version: &str) -> Vec<(u64, String)> {
    let parts = version.split(|c: char| !c.is_ascii_alphanumeric());
    parts.map(|part| (part.trim_start_matches('v').parse().unwrap_or_default(), part.to_owned())).collect()
}
