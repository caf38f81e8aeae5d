//! A realistic report for tests: several ecosystems, every state that a format has to show, and hostile names.

use crate::model::*;

pub(super) static VULNERABILITY: Rule = Rule {
    id: "known-vulnerability",
    summary: "A known vulnerability affects the package",
    why: "Whoever attacks the program can look up how.",
    fix: "Update to a version that fixes it",
    clause: "C5.7 CG.vulns",
    data: &[Data::Advisories],
    scope: Scope::All,
    parameters: &[],
    greenfield: Level::Deny,
    brownfield: Level::Deny,
};

pub(super) static EXPLOITED: Rule = Rule {
    id: "known-exploited",
    summary: "A vulnerability of the package is known to be exploited",
    why: "Somebody attacks it now.",
    fix: "Update today",
    clause: "C5.7",
    data: &[Data::Advisories, Data::Exploited],
    scope: Scope::All,
    parameters: &[],
    greenfield: Level::Deny,
    brownfield: Level::Deny,
};

pub(super) static MALWARE: Rule = Rule {
    id: "malicious-package",
    summary: "The package is malware",
    why: "It attacks whoever installs it",
    fix: "Remove it and treat the machine as compromised",
    clause: "C5.2",
    data: &[Data::Advisories],
    scope: Scope::All,
    parameters: &[],
    greenfield: Level::Deny,
    brownfield: Level::Deny,
};

pub(super) static UNMAINTAINED: Rule = Rule {
    id: "unmaintained-package",
    summary: "Nobody maintains the package",
    why: "Nobody will fix what is found in it",
    fix: "Replace it",
    clause: "CG.activity",
    data: &[Data::Advisories],
    scope: Scope::All,
    parameters: &[],
    greenfield: Level::Deny,
    brownfield: Level::Warn,
};

pub(super) static ORIGIN: Rule = Rule {
    id: "untrusted-origin",
    summary: "A package comes from a place that nobody vouches for",
    why: "What stands there can change without notice",
    fix: "Take it from the registry",
    clause: "CG.authentic",
    data: &[Data::Local],
    scope: Scope::All,
    parameters: &[],
    greenfield: Level::Deny,
    brownfield: Level::Warn,
};

pub(super) static UNPINNED: Rule = Rule {
    id: "unpinned-dependency",
    summary: "Nothing fixes the versions",
    why: "Every build may take other code",
    fix: "Commit a lockfile",
    clause: "C5.9",
    data: &[Data::Local],
    scope: Scope::All,
    parameters: &[],
    greenfield: Level::Warn,
    brownfield: Level::Warn,
};

pub(super) fn at(path: &str, line: u32, column: u32, length: u32) -> Location {
    Location { path: path.into(), line, column, length }
}

fn record(id: &str, summary: &str, kind: AdvisoryKind, rating: Rating) -> JudgedRecord {
    JudgedRecord {
        id: id.to_owned(),
        aliases: Vec::new(),
        kind,
        affected: Affected::Yes,
        rating,
        fixed: Vec::new(),
        summary: summary.to_owned(),
        published: Some(1_605_657_600),
        modified: Some(1_686_700_800),
        cwes: Vec::new(),
        references: vec![format!("https://host.example/advisories/{id}")],
        os: Vec::new(),
        arch: Vec::new(),
    }
}

fn rated(source: &str, score: f64) -> Rating {
    Rating {
        severity: Severity::of_score(score),
        score: Some(score),
        vector: Some("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H".to_owned()),
        source: Some(source.to_owned()),
    }
}

fn group(records: Vec<JudgedRecord>, aliases: &[&str], fixed_in: Option<&str>) -> AliasGroup {
    AliasGroup {
        rating: records[0].rating.clone(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        fixed_in: fixed_in.map(str::to_owned),
        records,
        exploited: Exploited::Unknown,
        epss: None,
    }
}

/// What a test still has to say about a finding.
fn finding(rule: &'static Rule, subject: Subject, locations: Vec<Location>) -> Finding {
    Finding {
        rule,
        subject,
        locations,
        related: Vec::new(),
        message: String::new(),
        escalated: false,
        advisory: None,
        also: Vec::new(),
        chains: Vec::new(),
        chains_total: PathCount::Exactly(0),
        fix: Fix::UNKNOWN,
        fingerprint: String::new(),
    }
}

fn decided(finding: Finding, level: Level, reason: &str) -> Decision {
    let rating = finding.advisory.as_ref().map_or(Severity::Unknown, |group| group.rating.severity);
    let priority = Priority {
        threat: match finding.rule.id {
            "malicious-package" => Threat::Malware,
            "known-exploited" => Threat::Exploited,
            _ => Threat::Unseen,
        },
        severity: rating,
        is_unrated: false,
        kind: matches!(finding.subject, Subject::Package { .. }).then_some(DependencyKind::Runtime),
        direct: finding.chains.first().map(|chain| chain.len() < 3),
        has_fix: finding.fix.version.is_some(),
    };
    Decision { finding, level, reason: reason.to_owned(), priority, exception: None, change: None }
}

/// The packages of the sample by name.
struct Names<'g>(&'g DependencyGraph);

impl Names<'_> {
    fn index(&self, name: &str) -> PackageIndex {
        let at = self.0.packages.iter().position(|package| package.id.name == name).unwrap();
        u32::try_from(at).unwrap()
    }

    fn root(&self, path: &str) -> usize {
        self.0.roots.iter().position(|root| &*root.path == path).unwrap()
    }

    fn subject(&self, root: &str, name: &str) -> Subject {
        Subject::Package { package: self.index(name), root: self.root(root) }
    }

    fn chain(&self, names: &[&str]) -> Vec<PackageIndex> {
        names.iter().map(|name| self.index(name)).collect()
    }
}

/// A name that would write to a terminal, give orders to GitHub's runner, reverse the line and end a link.
pub(super) const HOSTILE: &str = "evil\u{1b}[31m\r\n::error::pwned\u{202E}](x)<script>{0}##[error]";

fn registry(ecosystem: Ecosystem, name: &str, version: &str) -> PackageId {
    PackageId::new(ecosystem, name, Some(version), Source::PUBLIC_REGISTRY)
}

fn cargo_graph() -> DependencyGraph {
    let mut builder = GraphBuilder::new(&"Cargo.lock".into(), "cargo-lock");
    let app = PackageId::new(Ecosystem::CratesIo, "app", Some("0.1.0"), Source::of(SourceKind::Workspace));
    let app = builder.member(app, Some(at("Cargo.lock", 6, 12, 5)));
    let add = |builder: &mut GraphBuilder, name, version, line| {
        builder.package(registry(Ecosystem::CratesIo, name, version), Some(at("Cargo.lock", line, 12, 6)))
    };
    let chrono = add(&mut builder, "chrono", "0.4.19", 60);
    let time = add(&mut builder, "time", "0.1.43", 120);
    let smallvec = add(&mut builder, "smallvec", "0.6.9", 99);
    let ansi = add(&mut builder, "ansi_term", "0.12.1", 33);
    let git = Source::at(SourceKind::Git, "https://host.example/fork?branch=main#0a1b2c");
    let git = PackageId::new(Ecosystem::CratesIo, "forked", Some("1.2.0"), git);
    let git = builder.package(git, Some(at("Cargo.lock", 72, 12, 5)));
    builder.integrity(time, "sha256-0a1b2c");
    builder.declare(chrono, at("Cargo.toml", 12, 10, 6));
    builder.declare(ansi, at("Cargo.toml", 13, 13, 6));
    builder.declare(git, at("Cargo.toml", 14, 10, 30));
    builder.dependency(app, chrono, DependencyKind::Runtime, Some("0.4"));
    builder.dependency(app, ansi, DependencyKind::Runtime, None);
    builder.dependency(app, git, DependencyKind::Dev, None);
    builder.dependency(chrono, time, DependencyKind::Runtime, None);
    builder.dependency(ansi, smallvec, DependencyKind::Runtime, None);
    builder.dependency(git, smallvec, DependencyKind::Runtime, None);
    builder.finish_by_reachability()
}

fn other_graphs() -> Vec<DependencyGraph> {
    let mut web = GraphBuilder::new(&"web/package-lock.json".into(), "npm-lock");
    let site = PackageId::new(Ecosystem::Npm, "site", Some("1.0.0"), Source::of(SourceKind::Workspace));
    let site = web.member(site, None);
    let lodash =
        web.package(registry(Ecosystem::Npm, "lodash", "4.17.20"), Some(at("web/package-lock.json", 12, 7, 20)));
    let evil = web.package(registry(Ecosystem::Npm, HOSTILE, "1.0.0"), Some(at("web/package-lock.json", 40, 7, 18)));
    web.declare(lodash, at("web/package.json", 7, 5, 21));
    web.dependency(site, lodash, DependencyKind::Runtime, Some("^4.17.0"));
    web.dependency(site, evil, DependencyKind::Dev, None);
    let mut python = GraphBuilder::new(&"tools/requirements.txt".into(), "requirements-txt");
    let id = PackageId::new(Ecosystem::PyPi, "requests", None, Source::PUBLIC_REGISTRY);
    let requests = python.package(id, Some(at("tools/requirements.txt", 1, 9, 9)));
    python.requirement(requests, ">=2.0");
    python.mark(requests, Some(true), Kinds::only(DependencyKind::Runtime));
    let odd =
        python.package(registry(Ecosystem::PyPi, "odd", "not a version"), Some(at("tools/requirements.txt", 2, 6, 13)));
    python.mark(odd, Some(true), Kinds::default());
    let mut fixture = GraphBuilder::new(&"tests/fixtures/go.mod".into(), "go-mod");
    let net = fixture
        .package(registry(Ecosystem::Go, "golang.org/x/net", "v0.7.0"), Some(at("tests/fixtures/go.mod", 5, 2, 23)));
    fixture.mark(net, Some(true), Kinds::only(DependencyKind::Runtime));
    let mut fixture = fixture.finish_as_marked();
    fixture.roots[0].test_data = true;
    vec![web.finish_by_reachability(), python.finish_as_marked(), fixture]
}

fn denied(names: &Names) -> Vec<Decision> {
    let mut malware = finding(
        &MALWARE,
        names.subject("web/package-lock.json", HOSTILE),
        vec![at("web/package-lock.json", 40, 7, 18)],
    );
    malware.message = format!(
        "{HOSTILE} 1.0.0: MAL-2025-0001, Malicious code in evil (malware). A direct dependency of site 1.0.0 in web/package-lock.json."
    );
    malware.advisory = Some(group(
        vec![record(
            "MAL-2025-0001",
            "Malicious code in evil \u{1b}[2J](https://evil.example) <b>",
            AdvisoryKind::Malware,
            Rating::UNKNOWN,
        )],
        &[],
        None,
    ));
    malware.chains = vec![names.chain(&["site", HOSTILE])];
    malware.chains_total = PathCount::Exactly(1);
    malware.fix = Fix { state: FixState::None, change: Some(format!("remove the package {HOSTILE}")), ..Fix::UNKNOWN };

    let mut lodash = finding(
        &EXPLOITED,
        names.subject("web/package-lock.json", "lodash"),
        vec![at("web/package-lock.json", 12, 7, 20)],
    );
    let mut ghsa = record(
        "GHSA-35jh-r3h4-6jhm",
        "Command Injection in lodash",
        AdvisoryKind::Vulnerability,
        rated("GHSA-35jh-r3h4-6jhm", 7.2),
    );
    ghsa.aliases = vec!["CVE-2021-23337".to_owned()];
    ghsa.fixed = vec!["4.17.21".to_owned()];
    ghsa.cwes = vec!["CWE-77".to_owned(), "CWE-94".to_owned()];
    lodash.message = "lodash 4.17.20: GHSA-35jh-r3h4-6jhm (CVE-2021-23337), Command Injection in lodash (high, CVSS 7.2, EPSS 5.2 %), known to be exploited since 2026-03-14 (CVE-2021-23337, also by ransomware), fixed in 4.17.21. A direct dependency of site 1.0.0 in web/package-lock.json.".to_owned();
    let exploited =
        Exploited::Yes { cve: "CVE-2021-23337".to_owned(), since: "2026-03-14".to_owned(), ransomware: true };
    let epss = Some(Epss { score: 0.0517, percentile: 0.898 });
    let ghsa = group(vec![ghsa], &["CVE-2021-23337"], Some("4.17.21"));
    lodash.advisory = Some(AliasGroup { exploited, epss, ..ghsa });
    lodash.also = vec!["known-vulnerability"];
    lodash.related = vec![at("web/package.json", 7, 5, 21)];
    lodash.chains = vec![names.chain(&["site", "lodash"])];
    lodash.chains_total = PathCount::Exactly(1);
    lodash.fix = Fix {
        state: FixState::Exact,
        version: Some("4.17.21".to_owned()),
        change: Some("move lodash to 4.17.21".to_owned()),
        command: Some("npm update lodash".to_owned()),
        location: Some(at("web/package.json", 7, 5, 21)),
    };
    vec![decided(malware, Level::Deny, "brownfield denies"), decided(lodash, Level::Deny, "brownfield denies")]
}

fn time(names: &Names) -> Finding {
    let mut time = finding(&VULNERABILITY, names.subject("Cargo.lock", "time"), vec![at("Cargo.lock", 120, 12, 6)]);
    let mut rustsec = record(
        "RUSTSEC-2020-0071",
        "Potential segfault in the time crate",
        AdvisoryKind::Vulnerability,
        rated("RUSTSEC-2020-0071", 6.2),
    );
    rustsec.aliases = vec!["CVE-2020-26235".to_owned(), "GHSA-wcg3-cvx6-7396".to_owned()];
    rustsec.fixed = vec!["0.2.23".to_owned()];
    let mut ghsa = record(
        "GHSA-wcg3-cvx6-7396",
        "Segmentation fault in time",
        AdvisoryKind::Vulnerability,
        rated("GHSA-wcg3-cvx6-7396", 6.2),
    );
    ghsa.affected = Affected::No;
    ghsa.cwes = vec!["CWE-476".to_owned()];
    time.advisory = Some(group(vec![rustsec, ghsa], &["CVE-2020-26235", "GHSA-wcg3-cvx6-7396"], Some("0.2.23")));
    time.message = "time 0.1.43: RUSTSEC-2020-0071 (CVE-2020-26235), Potential segfault in the time crate (medium, CVSS 6.2), fixed in 0.2.23. Required by chrono 0.4.19 (direct) in Cargo.lock.".to_owned();
    time.related = vec![at("Cargo.toml", 12, 10, 6)];
    time.chains = vec![names.chain(&["app", "chrono", "time"])];
    time.chains_total = PathCount::Exactly(1);
    time.fix = Fix {
        state: FixState::Candidate,
        version: Some("0.2.23".to_owned()),
        change: Some("raise chrono in Cargo.toml line 12 until it takes time >= 0.2.23; whether a release of chrono does is not known here".to_owned()),
        location: Some(at("Cargo.toml", 12, 10, 6)),
        ..Fix::UNKNOWN
    };
    time
}

fn warned(names: &Names) -> Vec<Decision> {
    let mut smallvec =
        finding(&VULNERABILITY, names.subject("Cargo.lock", "smallvec"), vec![at("Cargo.lock", 99, 12, 6)]);
    let record_of = record(
        "RUSTSEC-2019-0009",
        "Double-free and use-after-free in SmallVec::grow()",
        AdvisoryKind::Vulnerability,
        Rating::UNKNOWN,
    );
    smallvec.advisory = Some(group(vec![record_of], &[], Some("0.6.10")));
    smallvec.message = "smallvec 0.6.9: RUSTSEC-2019-0009, Double-free and use-after-free in SmallVec::grow() (severity unknown: no record of it gives one), fixed in 0.6.10. Required by ansi_term 0.12.1 (direct) in Cargo.lock, and by at least 6 more paths.".to_owned();
    smallvec.fix = Fix { state: FixState::Candidate, version: Some("0.6.10".to_owned()), ..Fix::UNKNOWN };
    smallvec.related = vec![at("Cargo.toml", 13, 13, 6), at("Cargo.toml", 14, 10, 30)];
    smallvec.chains = vec![names.chain(&["app", "ansi_term", "smallvec"]), names.chain(&["app", "forked", "smallvec"])];
    smallvec.chains_total = PathCount::AtLeast(7);

    let mut ansi = finding(&UNMAINTAINED, names.subject("Cargo.lock", "ansi_term"), vec![at("Cargo.lock", 33, 12, 6)]);
    let record_of =
        record("RUSTSEC-2021-0139", "ansi_term is Unmaintained", AdvisoryKind::Unmaintained, Rating::UNKNOWN);
    ansi.advisory = Some(group(vec![record_of], &[], None));
    ansi.message = "ansi_term 0.12.1: RUSTSEC-2021-0139, ansi_term is Unmaintained (unmaintained). A direct dependency of app 0.1.0 in Cargo.lock.".to_owned();
    ansi.related = vec![at("Cargo.toml", 13, 13, 6)];
    ansi.chains = vec![names.chain(&["app", "ansi_term"])];
    ansi.chains_total = PathCount::Exactly(1);
    ansi.fix = Fix {
        state: FixState::None,
        change: Some("replace ansi_term: no version of it is maintained".to_owned()),
        ..Fix::UNKNOWN
    };

    vec![
        decided(smallvec, Level::Warn, "no score, counts as high, fix available: the policy warns"),
        decided(ansi, Level::Warn, "brownfield warns"),
    ]
}

fn warned_without_advisory(names: &Names) -> Vec<Decision> {
    let mut forked = finding(&ORIGIN, names.subject("Cargo.lock", "forked"), vec![at("Cargo.lock", 72, 12, 5)]);
    forked.message =
        "forked 1.2.0 comes from a branch of https://host.example/fork, which can change at any time.".to_owned();
    forked.related = vec![at("Cargo.toml", 14, 10, 30)];
    forked.chains = vec![names.chain(&["app", "forked"])];
    forked.chains_total = PathCount::Exactly(1);
    forked.fix = Fix { change: Some("take forked from crates.io, or name a commit".to_owned()), ..Fix::UNKNOWN };

    let mut unpinned =
        finding(&UNPINNED, Subject::File("tools/requirements.txt".into()), vec![at("tools/requirements.txt", 1, 9, 9)]);
    unpinned.message = "tools/requirements.txt asks for ranges, and no lockfile fixes them.".to_owned();

    vec![decided(forked, Level::Warn, "the policy warns"), decided(unpinned, Level::Warn, "the policy warns")]
}

fn in_test_data(names: &Names) -> Decision {
    let mut net = finding(
        &VULNERABILITY,
        names.subject("tests/fixtures/go.mod", "golang.org/x/net"),
        vec![at("tests/fixtures/go.mod", 5, 2, 23)],
    );
    let record_of = record(
        "GO-2023-1988",
        "Improper rendering of text nodes in golang.org/x/net/html",
        AdvisoryKind::Vulnerability,
        rated("GHSA-2wrh-6pvc-2jm9", 6.1),
    );
    let group = group(vec![record_of], &["CVE-2023-3978", "GHSA-2wrh-6pvc-2jm9"], Some("v0.13.0"));
    let epss = Some(Epss { score: 0.00087, percentile: 0.2591 });
    net.advisory = Some(AliasGroup { exploited: Exploited::No, epss, ..group });
    net.message = "golang.org/x/net v0.7.0: GO-2023-1988 (CVE-2023-3978), Improper rendering of text nodes (medium, CVSS 6.1), fixed in v0.13.0. A direct dependency in tests/fixtures/go.mod.".to_owned();
    net.fix = Fix {
        state: FixState::Exact,
        version: Some("v0.13.0".to_owned()),
        change: Some("move golang.org/x/net to v0.13.0".to_owned()),
        command: Some("go get golang.org/x/net@v0.13.0".to_owned()),
        location: None,
    };
    net.chains = vec![names.chain(&["golang.org/x/net"])];
    net.chains_total = PathCount::Exactly(1);

    decided(net, Level::Warn, "test data: at most warn")
}

fn quiet(names: &Names) -> Vec<Decision> {
    let mut project = finding(&UNPINNED, Subject::Project, Vec::new());
    project.message = "The project has no lockfile policy.".to_owned();
    let mut excepted = decided(time(names), Level::Deny, "medium: the policy denies");
    excepted.exception = Some(AppliedException {
        id: "CVE-2020-26235".to_owned(),
        origin: ExceptionOrigin::Policy,
        reason: "chrono never calls localtime_r here; see SEC-123".to_owned(),
        owner: Some("platform-security".to_owned()),
        expires: Some("2026-12-01".to_owned()),
        location: at("osprey.toml", 4, 1, 14),
    });
    vec![excepted, decided(project, Level::Allow, "brownfield allows")]
}

fn exception(id: &str, state: ExceptionState, expires: Option<&str>, line: u32) -> ExceptionStatus {
    ExceptionStatus {
        id: id.to_owned(),
        origin: ExceptionOrigin::Policy,
        state,
        findings: usize::from(matches!(state, ExceptionState::Used | ExceptionState::Expiring)),
        reason: "see SEC-123".to_owned(),
        owner: None,
        expires: expires.map(str::to_owned),
        location: Some(at("osprey.toml", line, 1, 14)),
    }
}

fn file(
    path: &str,
    parser: Option<&'static str>,
    state: FileState,
    packages: usize,
    message: Option<&str>,
) -> FileCoverage {
    FileCoverage {
        path: path.into(),
        parser,
        state,
        fixes_versions: true,
        packages,
        message: message.map(str::to_owned),
    }
}

fn source(ecosystem: Ecosystem, state: SourceState, message: Option<&str>) -> SourceCoverage {
    let known = state != SourceState::Missing;
    SourceCoverage {
        name: "osv-index",
        ecosystem: Some(ecosystem),
        state,
        as_of: known.then(|| "2026-11-21T06:00:00Z".to_owned()),
        records: if known { 1207 } else { 0 },
        rejected: u64::from(known),
        message: message.map(str::to_owned),
    }
}

fn coverage(graph: &DependencyGraph, complete: bool) -> Coverage {
    let state = |package: &Package| match (package.id.source.kind, package.id.version.as_deref()) {
        (_, None) => PackageState::Unresolved,
        (_, Some("not a version")) if !complete => PackageState::CannotJudge,
        (SourceKind::Registry, _) => PackageState::Matched,
        _ => PackageState::NotAsked,
    };
    let mut coverage = Coverage {
        files: vec![
            file("Cargo.lock", Some("cargo-lock"), FileState::Read, 6, None),
            file("node_modules", None, FileState::Skipped, 0, Some("installed packages")),
            file("tests/fixtures/go.mod", Some("go-mod"), FileState::Read, 1, None),
            file("tools/requirements.txt", Some("requirements-txt"), FileState::Read, 2, None),
            file("web/package-lock.json", Some("npm-lock"), FileState::Read, 3, None),
        ],
        sources: vec![
            source(Ecosystem::CratesIo, SourceState::Ok, None),
            source(Ecosystem::Npm, SourceState::Ok, None),
        ],
        packages: graph.packages.iter().map(state).collect(),
        bounds: Vec::new(),
        uncompared: OnUnknown::Incomplete,
    };
    if !complete {
        coverage.files.push(file(
            "web/yarn\u{1b}.lock",
            None,
            FileState::Unsupported,
            0,
            Some("no parser reads this kind of file yet"),
        ));
        coverage.sources.push(source(Ecosystem::PyPi, SourceState::Missing, Some("there is no index of it")));
        coverage.bounds.push("big: more than 10000 files in one folder, the rest was not looked at".to_owned());
    }
    coverage
}

fn empty(graph: DependencyGraph, complete: bool) -> Report {
    Report {
        version: "0.1.0",
        evaluated_on: "2026-11-22".to_owned(),
        policy: PolicySummary {
            profile: "brownfield",
            origin: PolicyOrigin::BuiltIn,
            path: None,
            sha256: None,
            tightened_by: None,
        },
        revision: None,
        base: None,
        baseline: None,
        rules: vec![&MALWARE, &EXPLOITED, &VULNERABILITY, &UNMAINTAINED, &ORIGIN, &UNPINNED],
        decisions: Vec::new(),
        exceptions: Vec::new(),
        unknowns: Vec::new(),
        coverage: coverage(&graph, complete),
        checklists: Vec::new(),
        diagnostics: Vec::new(),
        exit_code: 0,
        graph,
    }
}

fn graph() -> DependencyGraph {
    let mut parts = other_graphs();
    parts.push(cargo_graph());
    DependencyGraph::merge(parts)
}

/// Everything at once: a run that fails and is incomplete.
pub(super) fn failing() -> Report {
    let mut report = empty(graph(), false);
    let names = Names(&report.graph);
    let mut decisions =
        [denied(&names), warned(&names), warned_without_advisory(&names), vec![in_test_data(&names)], quiet(&names)]
            .concat();
    for (at, decision) in decisions.iter_mut().enumerate() {
        decision.finding.fingerprint = format!("{at:04x}1b2c3d4e5f60").repeat(4);
    }
    report.decisions = decisions;
    report.exceptions = vec![
        exception("CVE-2020-26235", ExceptionState::Expiring, Some("2026-12-01"), 4),
        exception("pkg:npm/left-pad", ExceptionState::Unused, None, 11),
        exception("CVE-2021-23337", ExceptionState::Expired, Some("2026-11-01"), 18),
    ];
    let unknown = |rule, source, packages, message: &str| Unknown {
        rule,
        source,
        packages,
        message: message.to_owned(),
        outcome: OnUnknown::Warn,
    };
    report.unknowns = vec![
        unknown("failed-scorecard-check", "scorecard", 12, "the OpenSSF Scorecard did not answer"),
        unknown("known-exploited", "kev", 1, "CISA's catalogue of known exploited vulnerabilities is not at hand"),
        unknown("low-scorecard", "scorecard", 12, "the OpenSSF Scorecard did not answer"),
        unknown("project-scorecard", "scorecard", 0, "the OpenSSF Scorecard did not answer"),
        unknown("withdrawn-version", "deps.dev", 214, "deps.dev has no entry"),
        unknown("unverified-source", "deps.dev", 12, "deps.dev has no entry"),
    ];
    report.diagnostics = vec![
        Diagnostic::warning(&"web/package-lock.json".into(), Some(40), "the entry has no integrity"),
        Diagnostic {
            path: None,
            line: None,
            severity: DiagnosticSeverity::Note,
            message: "for the curious".to_owned(),
        },
    ];
    report.policy = PolicySummary {
        profile: "brownfield",
        origin: PolicyOrigin::Tree,
        path: Some("osprey.toml".to_owned()),
        sha256: Some("ab".repeat(32)),
        tightened_by: None,
    };
    report.revision = Some("0a1b2c3d4e5f60718293a4b5c6d7e8f901234567".to_owned());
    report.exit_code = 1;
    report
}

/// A run in which all is well.
pub(super) fn clean() -> Report {
    empty(graph(), true)
}

/// A run that found nothing to deny in what it could look at.
pub(super) fn incomplete() -> Report {
    Report { exit_code: 3, ..empty(graph(), false) }
}

/// A run that found no file.
pub(super) fn nothing() -> Report {
    let mut report = empty(DependencyGraph::default(), true);
    report.coverage = Coverage::default();
    report.exit_code = 4;
    report
}

/// A failing run in which everything that comes from elsewhere is the same text.
pub(super) fn saying(text: &str) -> Report {
    let mut report = failing();
    for package in &mut report.graph.packages {
        package.id.name = text.to_owned();
        package.id.version = Some(text.to_owned());
    }
    for decision in &mut report.decisions {
        let finding = &mut decision.finding;
        text.clone_into(&mut decision.reason);
        text.clone_into(&mut finding.message);
        finding.fix.change = Some(text.to_owned());
        finding.fix.command = Some(text.to_owned());
        for place in finding.locations.iter_mut().chain(&mut finding.related) {
            place.path = text.into();
        }
        if let Some(group) = &mut finding.advisory {
            group.aliases.push(format!("CVE-{text}"));
            group.fixed_in = Some(text.to_owned());
            for record in &mut group.records {
                for part in [&mut record.id, &mut record.summary] {
                    text.clone_into(part);
                }
                record.fixed = vec![text.to_owned(); 20];
                record.references = vec![text.to_owned(), format!("https://host.example/{text}")];
            }
        }
    }
    for file in &mut report.coverage.files {
        file.path = text.into();
        file.message = Some(text.to_owned());
    }
    for diagnostic in &mut report.diagnostics {
        text.clone_into(&mut diagnostic.message);
    }
    report
}
